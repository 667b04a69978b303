"""Attention: every position of a sequence looks at others, by softmax over its scores with them.

    S = Q Kᵀ / √d_k,  A = softmax of each row of S,  O = A V        Vaswani et al. (2017)

Positions are rows: Q[t, i], K[s, i], V[s, j]. Sizes: T positions (N keys), d entries of each
position, d_k and d_v of a key and of a value, d/H each where there are H heads.
"""

from __future__ import annotations

from typing import Any

import sympy as sp
from sympy import Expr, Symbol

from symbp.errors import unknown
from symbp.functions import TABLE, lookup
from symbp.networks.entry import Entry
from symbp.networks.normalisation import EPSILON
from symbp.system import System
from symbp.system.model import Model

EXP, LOG = TABLE["exp"], TABLE["log"]


def attention(mask: bool = False) -> System:
    """Scaled dot-product attention, in Q, K and V themselves.

    A mask M is added to the scores: 0, or −∞ where position t must not look at s.

    >>> for equation in attention().equations[:3]:
    ...     print(equation)
    S[t, s] = Sum(K[s, i]*Q[t, i], (i, 1, d_k))/sqrt(d_k)   for 1 ≤ t ≤ T, 1 ≤ s ≤ N
    A[t, s] = exp(S[t, s])/Sum(exp(S[t, u]), (u, 1, N))   for 1 ≤ t ≤ T, 1 ≤ s ≤ N
    O[t, j] = Sum(A[t, s]*V[s, j], (s, 1, N))   for 1 ≤ t ≤ T, 1 ≤ j ≤ d_v
    """
    m = Model()
    T, N, d_k, d_v = m.sizes("T", "N", "d_k", "d_v")
    (t,), (s, u) = m.places("t", T), m.places("s u", N)
    (i,), (j,) = m.units("i", d_k), m.units("j", d_v)
    Q, K, V = m.parameter("Q", t, i), m.parameter("K", s, i), m.parameter("V", s, j)
    S, A, O = m.values("S", "A", "O")
    M = m.input("M", t, s)[t, s] if mask else 0
    m.let(S[t, s], m.sum(Q[t, i] * K[s, i], i) / sp.sqrt(d_k) + M)
    m.let(A[t, s], EXP(S[t, s]) / m.sum(EXP(S[t, u]), u))
    m.let(O[t, j], m.sum(A[t, s] * V[s, j], s))
    return half_squared_error(m, O, t, j)


def causal_attention() -> System:
    """Attention that looks back only: position t sees s ≤ t, and S and A are triangles.

    >>> print(causal_attention().equations[1])
    A[t, s] = exp(S[t, s])/Sum(exp(S[t, u]), (u, 1, t))   for 1 ≤ t ≤ T, 1 ≤ s ≤ t
    """
    m = Model()
    T, d_k, d_v = m.sizes("T", "d_k", "d_v")
    t, r = m.places("t r", T)
    s, u = m.places("s u", t)
    (i,), (j,) = m.units("i", d_k), m.units("j", d_v)
    Q, K, V = m.parameter("Q", t, i), m.parameter("K", r, i), m.parameter("V", r, j)
    S, A, O = m.values("S", "A", "O")
    m.let(S[t, s], m.sum(Q[t, i] * K[s, i], i) / sp.sqrt(d_k))
    m.let(A[t, s], EXP(S[t, s]) / m.sum(EXP(S[t, u]), u))
    m.let(O[t, j], m.sum(A[t, s] * V[s, j], s))
    return half_squared_error(m, O, t, j)


def self_attention() -> System:
    """Q = X W_Q, K = X W_K, V = X W_V: queries, keys and values of the same positions."""
    m = Model()
    T, d, d_k, d_v = m.sizes("T", "d", "d_k", "d_v")
    t, s, u = m.places("t s u", T)
    (p,), (i,), (j,) = m.units("p", d), m.units("i", d_k), m.units("j", d_v)
    X = m.input("X", t, p)
    Q, K, V, S, A, O = m.values("Q", "K", "V", "S", "A", "O")
    for name, made, k in (("Q", Q, i), ("K", K, i), ("V", V, j)):
        W = m.parameter(f"W_{name}", p, k)
        m.let(made[t, k], m.sum(X[t, p] * W[p, k], p))
    m.let(S[t, s], m.sum(Q[t, i] * K[s, i], i) / sp.sqrt(d_k))
    m.let(A[t, s], EXP(S[t, s]) / m.sum(EXP(S[t, u]), u))
    m.let(O[t, j], m.sum(A[t, s] * V[s, j], s))
    return half_squared_error(m, O, t, j)


class Sequence(Model):
    """A model of T positions with d entries each, and the layers of a transformer on it."""

    def __init__(self) -> None:
        super().__init__()
        self.T, self.d = self.sizes("T", "d")
        self.t, self.s, self.u = self.places("t s u", self.T)
        self.p, self.q = self.units("p q", self.d)

    def heads(self, X: Any, Y: Any, mask: bool = False) -> None:
        """Y = Σ_h softmax(Q_h K_hᵀ / √d_k) V_h W_O, each head h with its own Q, K, V of X."""
        (H,) = self.sizes("H")
        d_k, d_v = (self.following(name, self.d / H) for name in ("d_k", "d_v"))
        t, s, u, p, q = self.t, self.s, self.u, self.p, self.q
        (h,), (i,), (j,) = self.channels("h", H), self.units("i", d_k), self.units("j", d_v)
        Q, K, V, S, A, O = self.values("Q", "K", "V", "S", "A", "O")
        for name, made, k in (("Q", Q, i), ("K", K, i), ("V", V, j)):
            W = self.parameter(f"W_{name}", h, p, k)
            self.let(made[h, t, k], self.sum(X[t, p] * W[h, p, k], p))
        M = self.input("M", t, s)[t, s] if mask else 0
        self.let(S[h, t, s], self.sum(Q[h, t, i] * K[h, s, i], i) / sp.sqrt(d_k) + M)
        self.let(A[h, t, s], EXP(S[h, t, s]) / self.sum(EXP(S[h, t, u]), u))
        self.let(O[h, t, j], self.sum(A[h, t, s] * V[h, s, j], s))
        W = self.parameter("W_O", h, j, p)
        self.let(Y[t, q], self.sum(O[h, t, j] * W[h, j, q], h, j))

    def norm(self, X: Any, Y: Any, mark: str, epsilon: Expr) -> None:
        """Y = gamma (X − mu) / √(v + ε) + beta: layer normalisation of every position."""
        t, p = self.t, self.p
        mu, v, X_hat = self.values(f"mu_{mark}", f"v_{mark}", f"X_hat_{mark}")
        gamma, beta = self.parameter(f"gamma_{mark}", p), self.parameter(f"beta_{mark}", p)
        self.let(mu[t], self.mean(X[t, p], p))
        self.let(v[t], self.mean((X[t, p] - mu[t]) ** 2, p))
        self.let(X_hat[t, p], (X[t, p] - mu[t]) / sp.sqrt(v[t] + epsilon))
        self.let(Y[t, p], gamma[p] * X_hat[t, p] + beta[p])

    def feed_forward(self, X: Any, Y: Any, activation: str) -> None:
        """Y = f(X W_1 + b_1) W_2 + b_2."""
        t, p, q = self.t, self.p, self.q
        (n,) = self.sizes("n")
        (k,) = self.units("k", n)
        (Z,) = self.values("Z")
        W_1, b_1 = self.parameter("W_1", p, k), self.parameter("b_1", k)
        W_2, b_2 = self.parameter("W_2", k, p), self.parameter("b_2", p)
        self.let(Z[t, k], self.sum(X[t, p] * W_1[p, k], p) + b_1[k])
        self.let(Y[t, q], self.sum(lookup(activation)(Z[t, k]) * W_2[k, q], k) + b_2[q])

    def positions(self, kind: str) -> Any:
        """P[t, p], added to what stands at position t."""
        if kind not in ("learned", "sinusoidal"):
            raise unknown("positions", kind, ["learned", "sinusoidal"])
        make = self.parameter if kind == "learned" else self.input
        return make("P", self.t, self.p)

    def block(self, X: Any, norm: str, activation: str, mask: bool) -> Any:
        """Attention, then the feed-forward part, each with a shortcut and a normalisation."""
        t, p = self.t, self.p
        epsilon = self.hyperparameter("epsilon", EPSILON)
        U, B, R, G, F, Y = self.values("U", "B", "R", "G", "F", "Y")
        if norm == "pre":
            self.norm(X, U, "1", epsilon)
            self.heads(U, B, mask)
            self.let(R[t, p], X[t, p] + B[t, p])
            self.norm(R, G, "2", epsilon)
            self.feed_forward(G, F, activation)
            self.let(Y[t, p], R[t, p] + F[t, p])
        elif norm == "post":
            self.heads(X, B, mask)
            self.let(U[t, p], X[t, p] + B[t, p])
            self.norm(U, R, "1", epsilon)
            self.feed_forward(R, F, activation)
            self.let(G[t, p], R[t, p] + F[t, p])
            self.norm(G, Y, "2", epsilon)
        else:
            raise unknown("norm", norm, ["pre", "post"])
        return Y


def multi_head_attention(mask: bool = False) -> System:
    """Y = Σ_h softmax(Q_h K_hᵀ / √d_k) V_h W_O: H heads, each of its own part of the weights."""
    m = Sequence()
    (Y,) = m.values("Y")
    m.heads(m.input("X", m.t, m.p), Y, mask)
    return half_squared_error(m, Y, m.t, m.p)


def transformer(norm: str = "pre", activation: str = "gelu", mask: bool = False) -> System:
    """A transformer block: attention and a feed-forward part, each with a shortcut.

    pre:  R = X + heads(norm(X)),  Y = R + f(norm(R) W_1 + b_1) W_2 + b_2
    post: R = norm(X + heads(X)),  Y = norm(R + f(R W_1 + b_1) W_2 + b_2)
    """
    m = Sequence()
    Y = m.block(m.input("X", m.t, m.p), norm, activation, mask)
    return half_squared_error(m, Y, m.t, m.p)


def embedding(positions: str = "learned") -> System:
    """X[t] = E[w[t]] + P[t]: a vector for each word w[t] of a text, and one for its position.

    Their mean goes into softmax regression, which names the class of the text. Positions are
    "learned", or given as data: "sinusoidal", sin(t / 10000^(p/d)) and the cosine in turn.
    """
    m = Sequence()
    N, c = m.sizes("N", "c")
    t, p = m.t, m.p
    (v,), (j, k) = m.units("v", N), m.units("j k", c)
    (h, z), (X,) = m.values("h", "z"), m.values("X")
    w, y = m.input("w", t), m.target("y", j)
    E, P = m.parameter("E", v, p), m.positions(positions)
    U, b = m.parameter("U", j, p), m.parameter("b", j)
    m.let(X[t, p], E[w[t], p] + P[t, p])
    m.let(h[p], m.mean(X[t, p], t))
    m.let(z[j], m.sum(U[j, p] * h[p], p) + b[j])
    return m.system(m.sum(y[j] * (LOG(m.sum(EXP(z[k]), k)) - z[j]), j))


def language_model(positions: str = "learned", activation: str = "gelu") -> System:
    """A transformer that guesses the next word y[t] of each position from the words w[1 ... t].

    A mask M of −∞ above the diagonal keeps later words unseen. The embedding E of the words is
    used a second time, for the scores z = Y Eᵀ.
    """
    m = Sequence()
    (N,) = m.sizes("N")
    t, p = m.t, m.p
    v, c = m.units("v c", N)
    X, z = m.values("X", "z")
    w, y = m.input("w", t), m.target("y", t)
    E, P = m.parameter("E", v, p), m.positions(positions)
    m.let(X[t, p], E[w[t], p] + P[t, p])
    Y = m.block(X, "pre", activation, mask=True)
    m.let(z[t, v], m.sum(Y[t, p] * E[v, p], p))
    return m.system(m.mean(LOG(m.sum(EXP(z[t, c]), c)) - z[t, y[t]], t))


def half_squared_error(m: Model, output: Any, t: Symbol, j: Symbol) -> System:
    """C = ½ Σ (output − y)², y the targets."""
    y = m.target("y", t, j)
    return m.system(m.sum((output[t, j] - y[t, j]) ** 2, t, j) / 2)


VASWANI = "Vaswani et al. (2017), Attention Is All You Need"
ENTRIES = (
    Entry(
        "attention",
        "attention",
        {"en": "scaled dot-product attention", "zh": "缩放点积注意力"},
        attention,
        sizes={"T": 2, "N": 3, "d_k": 4, "d_v": 5},
        source=f"{VASWANI}, equation 1",
    ),
    Entry(
        "masked-attention",
        "attention",
        {"en": "scaled dot-product attention with a mask", "zh": "带掩码的缩放点积注意力"},
        attention,
        sizes={"T": 2, "N": 3, "d_k": 4, "d_v": 5},
        options={"mask": True},
        source=f"{VASWANI}, section 3.2.3",
    ),
    Entry(
        "causal-attention",
        "attention",
        {"en": "scaled dot-product attention to the past", "zh": "因果缩放点积注意力"},
        causal_attention,
        sizes={"T": 4, "d_k": 3, "d_v": 5},
        source=f"{VASWANI}, section 3.2.3",
    ),
    Entry(
        "self-attention",
        "attention",
        {"en": "self-attention with projections", "zh": "自注意力（含投影矩阵）"},
        self_attention,
        sizes={"T": 4, "d": 2, "d_k": 3, "d_v": 5},
        source=f"{VASWANI}, section 3.2",
    ),
    Entry(
        "multi-head-attention",
        "attention",
        {"en": "multi-head attention", "zh": "多头注意力"},
        multi_head_attention,
        sizes={"T": 4, "d": 6, "H": 2},
        source=f"{VASWANI}, section 3.2.2",
    ),
    Entry(
        "transformer",
        "attention",
        {"en": "a transformer block, normalisation first", "zh": "Transformer 块（先归一化）"},
        transformer,
        sizes={"T": 3, "d": 4, "H": 2, "n": 7},
        source=f"{VASWANI}; Xiong et al. (2020); GELU of Hendrycks & Gimpel (2016)",
    ),
    Entry(
        "transformer-post-norm",
        "attention",
        {"en": "a transformer block, normalisation last", "zh": "Transformer 块（后归一化）"},
        transformer,
        sizes={"T": 3, "d": 4, "H": 2, "n": 7},
        options={"norm": "post", "activation": "relu"},
        source=f"{VASWANI}, sections 3.1 to 3.3",
    ),
    Entry(
        "embedding",
        "attention",
        {"en": "word embeddings and learned positions", "zh": "词嵌入与可学习的位置编码"},
        embedding,
        sizes={"T": 5, "d": 3, "N": 4, "c": 2},
        source="Gehring et al. (2017), Convolutional Sequence to Sequence Learning, section 3.1",
    ),
    Entry(
        "embedding-sinusoidal",
        "attention",
        {"en": "word embeddings and sinusoidal positions", "zh": "词嵌入与正弦位置编码"},
        embedding,
        sizes={"T": 5, "d": 3, "N": 4, "c": 2},
        options={"positions": "sinusoidal"},
        source=f"{VASWANI}, section 3.5",
    ),
    Entry(
        "language-model",
        "attention",
        {"en": "a transformer language model", "zh": "Transformer 语言模型"},
        language_model,
        sizes={"T": 3, "d": 4, "H": 2, "n": 7, "N": 8},
        source="Radford et al. (2018), Improving Language Understanding by Generative Pre-Training",
    ),
)
