"""Recurrent networks: one set of weights for every time step.

    a[t] = W x[t] + U h[t−1] + b,  h[t] = tanh(a[t])           Elman (1990)
    c[t] = f[t] c[t−1] + i[t] g[t],  h[t] = o[t] tanh(c[t])    LSTM, Hochreiter & Schmidhuber (1997)
    h[t] = z[t] h[t−1] + (1 − z[t]) g[t]                       GRU, Cho et al. (2014)

Sizes: d inputs, n hidden units, K classes, T steps. a_i, a_f, ... are the pre-activations of the
gates i, f, ...
"""

from __future__ import annotations

from typing import Any

from sympy import Expr, Symbol, symbols

from symbp.functions import TABLE
from symbp.networks.entry import Entry
from symbp.system import System
from symbp.system.model import Model

EXP, LOG, SIGMOID, TANH = (TABLE[name] for name in ("exp", "log", "sigmoid", "tanh"))
t, p, j, k, q, r = symbols("t p j k q r", integer=True)


def sequence(least: int = 1) -> tuple[Model, Any, Symbol]:
    """A model with a sequence x_1 ... x_T of vectors, T ≥ least: the model, x and T."""
    m = Model()
    d, n = m.sizes("d", "n")
    (T,) = m.sizes("T", minimum=least)
    m.times("t", T)
    m.units("p", d)
    m.units("j k", n)
    return m, m.input("x", t, p), T


def affine(m: Model, x: Any, h: Any, mark: str = "") -> Expr:
    """W x_t + U h + b with weights of their own; h is a function of the unit."""
    W, U = m.parameter(f"W{mark}", j, p), m.parameter(f"U{mark}", j, k)
    b = m.parameter(f"b{mark}", j)
    return m.sum(W[j, p] * x[t, p], p) + m.sum(U[j, k] * h(k), k) + b[j]


def half_squares(m: Model, h: Any) -> System:
    """½ Σ_t ‖h_t − y_t‖²"""
    y = m.target("y", t, j)
    return m.system(m.sum((h[t, j] - y[t, j]) ** 2, t, j) / 2)


def elman() -> System:
    """h_t = tanh(W x_t + U h_{t−1} + b), half the squared error at every step.

    >>> print(elman())
    h[0, j] = 0   for 1 ≤ j ≤ n
    a[t, j] = b[j] + Sum(U[j, k]*h[t - 1, k], (k, 1, n)) + Sum(W[j, p]*x[t, p], (p, 1, d))   for 1 ≤ t ≤ T, 1 ≤ j ≤ n
    h[t, j] = tanh(a[t, j])   for 1 ≤ t ≤ T, 1 ≤ j ≤ n
    C = Sum((h[t, j] - y[t, j])**2, (j, 1, n), (t, 1, T))/2
    """  # noqa: E501
    m, h, _ = elman_states()
    return half_squares(m, h)


def elman_states() -> tuple[Model, Any, Symbol]:
    """The model with h_t = tanh(a_t) for every t, h, and T."""
    m, x, T = sequence()
    a, h = m.values("a", "h")
    m.let(h[0, j], 0)
    m.let(a[t, j], affine(m, x, lambda k: h[t - 1, k]))
    m.let(h[t, j], TANH(a[t, j]))
    return m, h, T


def cross_entropy(m: Model, logits: Expr, *index: Symbol) -> System:
    """−Σ y log softmax(z) over the classes q, for every value of the index; z are the logits."""
    c, y = m.parameter("c", q), m.target("y", *index, q)
    z, o = m.values("z", "o")
    m.let(z[*index, q], logits + c[q])
    m.let(o[*index, q], EXP(z[*index, q]) / m.sum(EXP(z[*index, r]), r))
    return m.system(-m.sum(y[*index, q] * LOG(o[*index, q]), *index, q))


def classes(m: Model) -> None:
    """K classes, with the index letters q and r."""
    (K,) = m.sizes("K")
    m.units("q r", K)


def many_to_many() -> System:
    """An Elman network that says a class at every step: o_t = softmax(V h_t + c)."""
    m, h, _ = elman_states()
    classes(m)
    V = m.parameter("V", q, j)
    return cross_entropy(m, m.sum(V[q, j] * h[t, j], j), t)


def many_to_one() -> System:
    """An Elman network that says one class after the last step: o = softmax(V h_T + c)."""
    m, h, T = elman_states()
    classes(m)
    V = m.parameter("V", q, j)
    return cross_entropy(m, m.sum(V[q, j] * h[T, j], j))


def bidirectional() -> System:
    """One recurrence forwards in time (f), one backwards (b), and a class at every step."""
    m, x, T = sequence(least=2)
    a_f, h_f, a_b, h_b = m.values("a_f", "h_f", "a_b", "h_b")
    m.let(h_f[0, j], 0)
    m.let(a_f[t, j], affine(m, x, lambda k: h_f[t - 1, k], "_f"))
    m.let(h_f[t, j], TANH(a_f[t, j]))
    m.let(h_b[T + 1, j], 0)
    m.let(a_b[t, j], affine(m, x, lambda k: h_b[t + 1, k], "_b"))
    m.let(h_b[t, j], TANH(a_b[t, j]))
    classes(m)
    V_f, V_b = m.parameter("V_f", q, j), m.parameter("V_b", q, j)
    return cross_entropy(m, m.sum(V_f[q, j] * h_f[t, j], j) + m.sum(V_b[q, j] * h_b[t, j], j), t)


def lstm(peepholes: bool = False) -> System:
    """Long short-term memory: gates i, f, o and the candidate g, each of x_t and h_{t−1}.

    With peepholes the gates also see the cell, unit by unit: i and f its last value, o the new one.
    """
    m, x, _ = sequence(least=2 if peepholes else 1)
    h, c, i, f, g, o = m.values("h", "c", "i", "f", "g", "o")
    a = {gate: m.values(f"a_{gate}")[0] for gate in "ifgo"}
    m.let(h[0, j], 0)
    m.let(c[0, j], 0)
    for gate, seen in {"i": c[t - 1, j], "f": c[t - 1, j], "g": None, "o": c[t, j]}.items():
        net = affine(m, x, lambda k: h[t - 1, k], f"_{gate}")
        if peepholes and seen is not None:
            net += m.parameter(f"p_{gate}", j)[j] * seen
        m.let(a[gate][t, j], net)
    m.let(i[t, j], SIGMOID(a["i"][t, j]))
    m.let(f[t, j], SIGMOID(a["f"][t, j]))
    m.let(g[t, j], TANH(a["g"][t, j]))
    m.let(o[t, j], SIGMOID(a["o"][t, j]))
    m.let(c[t, j], f[t, j] * c[t - 1, j] + i[t, j] * g[t, j])
    m.let(h[t, j], o[t, j] * TANH(c[t, j]))
    return half_squares(m, h)


def gru() -> System:
    """Gated recurrent unit: update z, reset r, and the candidate g of x_t and r_t ⊙ h_{t−1}."""
    m, x, _ = sequence()
    h, z, s, g = m.values("h", "z", "r", "g")
    a_z, a_r, a_g = m.values("a_z", "a_r", "a_g")
    m.let(h[0, j], 0)
    m.let(a_z[t, j], affine(m, x, lambda k: h[t - 1, k], "_z"))
    m.let(z[t, j], SIGMOID(a_z[t, j]))
    m.let(a_r[t, j], affine(m, x, lambda k: h[t - 1, k], "_r"))
    m.let(s[t, j], SIGMOID(a_r[t, j]))
    m.let(a_g[t, j], affine(m, x, lambda k: s[t, k] * h[t - 1, k], "_g"))
    m.let(g[t, j], TANH(a_g[t, j]))
    m.let(h[t, j], z[t, j] * h[t - 1, j] + (1 - z[t, j]) * g[t, j])
    return half_squares(m, h)


SIZES = {"d": 2, "n": 3, "T": 4}

ENTRIES = (
    Entry(
        "elman",
        "recurrent",
        {"en": "an Elman network, an output at every step", "zh": "Elman 循环网络（逐步输出）"},
        elman,
        sizes=SIZES,
        source="Elman (1990), Finding Structure in Time",
    ),
    Entry(
        "many-to-many",
        "recurrent",
        {"en": "an Elman network, a class at every step", "zh": "Elman 循环网络（逐步分类）"},
        many_to_many,
        sizes={**SIZES, "K": 5},
        source="Goodfellow, Bengio & Courville (2016), equations 10.8 to 10.11",
    ),
    Entry(
        "many-to-one",
        "recurrent",
        {"en": "an Elman network, one class at the end", "zh": "Elman 循环网络（末步分类）"},
        many_to_one,
        sizes={**SIZES, "K": 5},
        source="Goodfellow, Bengio & Courville (2016), figure 10.5",
    ),
    Entry(
        "bidirectional",
        "recurrent",
        {"en": "a bidirectional recurrent network", "zh": "双向循环网络"},
        bidirectional,
        sizes={**SIZES, "K": 5},
        source="Schuster & Paliwal (1997)",
    ),
    Entry(
        "lstm",
        "recurrent",
        {"en": "an LSTM network", "zh": "LSTM 网络"},
        lstm,
        sizes=SIZES,
        source="Hochreiter & Schmidhuber (1997); forget gate of Gers et al. (2000)",
    ),
    Entry(
        "lstm-peephole",
        "recurrent",
        {"en": "an LSTM network with peepholes", "zh": "带窥视孔连接的 LSTM 网络"},
        lstm,
        sizes=SIZES,
        options={"peepholes": True},
        source="Gers & Schmidhuber (2000); Graves (2013), equations 7 to 11",
    ),
    Entry(
        "gru",
        "recurrent",
        {"en": "a GRU network", "zh": "GRU 网络"},
        gru,
        sizes=SIZES,
        source="Cho et al. (2014), equations 5 to 8",
    ),
)
