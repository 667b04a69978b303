"""Systems with a family whose range moves with an index: a triangle, a band, a prefix."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy as sp

from symbp.functions import lookup
from symbp.system import Range, System
from symbp.system.model import Model

EXP, LOG, TANH, SIGMOID = (lookup(f) for f in ("exp", "log", "tanh", "sigmoid"))


class Positions(Model):
    """A model of T positions t, and of letters that run over a part of them."""

    def __init__(self, first: Any = 1, last: Any = None) -> None:
        super().__init__()
        (self.T,) = self.sizes("T")
        self.t, self.r = self.places("t r", self.T)
        last = self.t if last is None else last(self.t, self.T)
        first = first(self.t) if callable(first) else first
        self.s, self.u = self.places("s u", last, first)

    def squared(self, o: Any, *more: Any, **sizes: int) -> System:
        """½ Σ (o − y)²."""
        t = self.t
        y = self.target("y", t, *more)
        cost = self.sum((o[(t, *more)] - y[(t, *more)]) ** 2, t, *more) / 2
        return self.system(cost).with_sizes(**sizes)


def softmax(m: Positions) -> System:
    """O_t = Σ_s A_ts V_s, A the softmax of Q Kᵀ over the range of s."""
    t, s, u, r = m.t, m.s, m.u, m.r
    d, e = m.sizes("d", "e")
    (i,), (j,) = m.units("i", d), m.units("j", e)
    Q, K, V = m.parameter("Q", r, i), m.parameter("K", r, i), m.parameter("V", r, j)
    S, A, O = m.values("S", "A", "O")
    m.let(S[t, s], m.sum(Q[t, i] * K[s, i], i) / sp.sqrt(d))
    m.let(A[t, s], EXP(S[t, s]) / m.sum(EXP(S[t, u]), u))
    m.let(O[t, j], m.sum(A[t, s] * V[s, j], s))
    return m.squared(O, j, T=5, d=2, e=3)


def causal() -> System:
    """Causal attention: s ≤ t."""
    return softmax(Positions())


def strict() -> System:
    """Attention to what came before: s < t, nothing for t = 1."""
    return softmax(Positions(last=lambda t, T: t - 1))


def upper() -> System:
    """Attention to what comes: s ≥ t."""
    return softmax(Positions(lambda t: t, lambda t, T: T))


def band() -> System:
    """Attention to what is near: |t − s| ≤ w, w = 1."""
    return softmax(Positions(lambda t: sp.Max(1, t - 1), lambda t, T: sp.Min(T, t + 1)))


def wide_band() -> System:
    """|t − s| ≤ w, w a size."""
    m = Positions()
    (w,) = m.sizes("w")
    t, T = m.t, m.T
    m.s, m.u = m.places("p q", sp.Min(T, t + w), sp.Max(1, t - w))
    return softmax(m).with_sizes(w=2)


def product() -> System:
    """A triangle elsewhere in a product: o_t = Σ_{s ≤ t} a_ts b_s c_t, Σ_{u ≤ s} a_su in b_s."""
    m = Positions()
    t, s, r = m.t, m.s, m.r
    (v,) = m.places("v", r)
    x, w, (a, b, o) = m.parameter("x", r), m.parameter("w", r, t), m.values("a", "b", "o")
    m.let(a[t, s], TANH(x[s] * x[t] * w[t, s]))
    m.let(b[r], m.sum(a[r, v] * w[v, r], v) * x[r])
    m.let(o[t], m.sum(x[t] * a[t, s] * b[s] * w[s, t], s))
    return m.squared(o, T=4)


def chain() -> System:
    """Two triangles multiplied: o_tq = Σ_{q ≤ s ≤ t} a_ts b_sq."""
    m = Positions()
    t, s, r = m.t, m.s, m.r
    (v,) = m.places("v", r)
    x, w, (a, b, o) = m.parameter("x", r), m.parameter("w", r), m.values("a", "b", "o")
    (q,) = m.places("q", t)
    k = sp.Symbol("k", integer=True)
    m.let(a[t, s], TANH(x[t] + w[s]))
    m.let(b[r, v], x[r] * w[v] ** 2)
    m.let(o[t, q], sp.Sum(a[t, k] * b[k, q], (k, q, t)))
    y = m.target("y", t)
    return m.system(m.sum((m.sum(o[t, q], q) - y[t]) ** 2, t), T=4)


def three() -> System:
    """Two moving axes: b_tsu for u ≤ s ≤ t."""
    m = Positions()
    t, s, r = m.t, m.s, m.r
    (v,) = m.places("v", s)
    x, w, (b, o) = m.parameter("x", r), m.parameter("w", r), m.values("b", "o")
    m.let(b[t, s, v], TANH(x[t] + w[s] * x[v]))
    m.let(o[t], m.sum(b[t, s, v] * w[v] * x[s], s, v))
    return m.squared(o, T=4)


def cumulative() -> System:
    """Sums to t: p_ts = Σ_{u ≤ s} x_u w_t, o_t = Σ_{s ≤ t} p_ts."""
    m = Positions()
    t, s, r = m.t, m.s, m.r
    (v,) = m.places("v", s)
    x, w, (p, o) = m.parameter("x", r), m.parameter("w", r), m.values("p", "o")
    m.let(p[t, s], m.sum(x[v] * w[t], v))
    m.let(o[t], m.sum(p[t, s] ** 2, s))
    return m.squared(o, T=4)


def greatest() -> System:
    """o_t = max_{s ≤ t} a_ts + max_{s ≤ t} x_s."""
    m = Positions()
    t, s, r = m.t, m.s, m.r
    x, w, (a, o) = m.parameter("x", r), m.parameter("w", r), m.values("a", "o")
    m.let(a[t, s], x[t] * w[s])
    m.let(o[t], m.max(a[t, s], s) + m.max(x[s], s) * w[t])
    return m.squared(o, T=5)


def recurrent() -> System:
    """h_t = Σ_{s ≤ t} a_ts x_s with a_ts = tanh(h_{t−1} k_s): a triangle in a recurrence."""
    m = Model()
    T, d = m.sizes("T", "d")
    (t,), (j, i) = m.times("t", T), m.units("j i", d)
    (s,), (r,) = m.places("s", t), m.places("r", T)
    x, k, y = m.parameter("x", r, j), m.parameter("k", r, j), m.target("y", t, j)
    h, a = m.values("h", "a")
    m.let(h[0, j], 0)
    m.let(a[t, s], TANH(m.sum(h[t - 1, i] * k[s, i], i) + k[t, 1]))
    m.let(h[t, j], m.sum(a[t, s] * x[s, j], s))
    return m.system(m.sum((h[t, j] - y[t, j]) ** 2, t, j), T=4, d=2)


def recurrent_softmax() -> System:
    """The same with a softmax over s ≤ t."""
    m = Model()
    T, d = m.sizes("T", "d")
    (t,), (j, i) = m.times("t", T), m.units("j i", d)
    (s, u), (r,) = m.places("s u", t), m.places("r", T)
    x, k, y = m.parameter("x", r, j), m.parameter("k", r, j), m.target("y", t, j)
    h, e, a = m.values("h", "e", "a")
    m.let(h[0, j], sp.Rational(1, 2))
    m.let(e[t, s], m.sum(h[t - 1, i] * k[s, i], i))
    m.let(a[t, s], EXP(e[t, s]) / m.sum(EXP(e[t, u]), u))
    m.let(h[t, j], m.sum(a[t, s] * x[s, j], s))
    return m.system(m.sum((h[t, j] - y[t, j]) ** 2, t, j), T=4, d=2)


def shifted() -> System:
    """a_t1 = x_t, a_ts = tanh(a_{t−1, s−1} w_s): a recurrence of the triangle itself."""
    m = Model()
    (T,) = m.sizes("T")
    (t,), (r,) = m.times("t", T), m.places("r", T)
    (s,) = m.places("s", t)
    x, w, y, a = m.parameter("x", r), m.parameter("w", r), m.target("y", t), m.value("a", t, s)
    m.let(a[t, 1], x[t])
    m.let(a[t, s], TANH(a[t - 1, s - 1] * w[s]), Range(t, sp.S(2), T), Range(s, sp.S(2), t))
    return m.system(m.sum((m.sum(a[t, s], s) - y[t]) ** 2, t), T=4)


def window() -> System:
    """o_t = Σ_k tanh(w_k x_{t−k}) for 0 ≤ k ≤ min(2, t − 1), the terms a family."""
    m = Model()
    (T,) = m.sizes("T")
    t, r = m.places("t r", T)
    (k,), (c,) = m.places("k", sp.Min(2, t - 1), 0), m.places("c", 2, 0)
    x, w, (a, o) = m.parameter("x", r), m.parameter("w", c), m.values("a", "o")
    m.let(a[t, k], TANH(w[k] * x[t - k]))
    m.let(o[t], m.sum(a[t, k] * w[k], k))
    y = m.target("y", t)
    return m.system(m.sum((o[t] - y[t]) ** 2, t), T=5)


def b_of(n: sp.Expr) -> sp.Expr:
    """What has no value, or a huge one, for n = −1."""
    return sp.sqrt(n + 1) + LOG(n + 1) + 1 / (n + 1) + EXP(-800 * n)


def dangerous() -> System:
    """log, 1/a, √ and exp of values that are as good as nothing outside the triangle."""
    m = Positions()
    t, s, r = m.t, m.s, m.r
    x, w, (a, b, o) = m.parameter("x", r), m.parameter("w", r), m.values("a", "b", "o")
    m.let(a[t, s], 1 + EXP(x[t] * w[s]))
    m.let(b[t, s], LOG(a[t, s]) / a[t, s] + sp.sqrt(a[t, s]) + a[t, s] ** -2 + b_of(t - s))
    m.let(o[t], m.sum(b[t, s] * w[s] + EXP(900 * (s - t)), s))
    return m.squared(o, T=4)


def log_sum() -> System:
    """log Σ_{s ≤ t} exp a_ts: the largest of the triangle's row is what must be taken out."""
    m = Positions()
    t, s, r = m.t, m.s, m.r
    x, w, (a, o) = m.parameter("x", r), m.parameter("w", r), m.values("a", "o")
    m.let(a[t, s], x[t] * w[s])
    m.let(o[t], LOG(m.sum(EXP(a[t, s]), s)) + LOG(m.sum(EXP(x[s]), s)))
    return m.squared(o, T=4)


def given() -> System:
    """z = L x with a lower triangular L: the range of a parameter moves."""
    m = Positions()
    t, s, r = m.t, m.s, m.r
    L, x, (z,) = m.parameter("L", t, s), m.input("x", r), m.values("z")
    m.let(z[t], m.sum(L[t, s] * x[s], s) + L[t, t] ** 2 + LOG(1 + L[t, 1] ** 2))
    return m.squared(z, T=4)


def diagonal() -> System:
    """a_ts for s < t, and a_tt by an equation of its own."""
    m = Model()
    (T,) = m.sizes("T")
    t, r = m.places("t r", T)
    (s,) = m.places("s", t)
    x, w, y, a = m.parameter("x", r), m.parameter("w", r), m.target("y", t), m.value("a", t, s)
    m.let(a[t, 1], x[t] ** 2)
    m.let(a[t, s], TANH(x[t] + w[s]), Range(t, sp.S(2), T), Range(s, sp.S(2), t))
    return m.system(m.sum((m.sum(a[t, s] * w[s], s) - y[t]) ** 2, t), T=4)


def layered() -> System:
    """Two layers, each a causal mean of tanh: a_lts for s ≤ t."""
    m = Model()
    T, L = m.sizes("T", "L")
    (t, r), (l,) = m.places("t r", T), m.layers("l", L)
    (s,) = m.places("s", t)
    x, w, y = m.parameter("x", r), m.parameter("w", l, r), m.target("y", t)
    h, a = m.values("h", "a")
    m.let(h[0, t], x[t])
    m.let(a[l, t, s], TANH(h[l - 1, t] * h[l - 1, s] + w[l, s]))
    m.let(h[l, t], m.sum(a[l, t, s] * h[l - 1, s], s))
    return m.system(m.sum((h[L, t] - y[t]) ** 2, t), T=4, L=2)


def halves() -> System:
    """a_ts for s ≤ t/2: a bound that is rounded, nothing for t = 1."""
    m = Positions(last=lambda t, T: sp.floor(t / 2))
    t, s, r = m.t, m.s, m.r
    x, w, (a, o) = m.parameter("x", r), m.parameter("w", r), m.values("a", "o")
    m.let(a[t, s], TANH(x[t] + w[s]))
    m.let(o[t], m.sum(a[t, s] * x[s], s) + x[t])
    return m.squared(o, T=5)


def heads() -> System:
    """Causal attention with heads: a_hts."""
    m = Positions()
    t, s, u, r = m.t, m.s, m.u, m.r
    d, H = m.sizes("d", "H")
    (i, j), (h,) = m.units("i j", d), m.channels("h", H)
    X = m.input("X", r, j)
    Q, K, A, O = m.values("Q", "K", "A", "O")
    W, U = m.parameter("W", h, j, i), m.parameter("U", h, j, i)
    m.let(Q[h, t, i], m.sum(X[t, j] * W[h, j, i], j))
    m.let(K[h, t, i], m.sum(X[t, j] * U[h, j, i], j))
    (E,) = m.values("E")
    m.let(E[h, t, s], m.sum(Q[h, t, i] * K[h, s, i], i))
    m.let(A[h, t, s], EXP(E[h, t, s]) / m.sum(EXP(E[h, t, u]), u))
    m.let(O[t, j], m.sum(A[h, t, s] * X[s, j], h, s))
    return m.squared(O, j, T=4, d=2, H=3)


SYSTEMS: dict[str, Callable[[], System]] = {
    "s ≤ t": causal,
    "s < t": strict,
    "s ≥ t": upper,
    "|t - s| ≤ 1": band,
    "|t - s| ≤ w": wide_band,
    "elsewhere in a product": product,
    "two triangles": chain,
    "u ≤ s ≤ t": three,
    "sums to s and to t": cumulative,
    "a maximum": greatest,
    "in a recurrence": recurrent,
    "a softmax in a recurrence": recurrent_softmax,
    "its own recurrence": shifted,
    "a window": window,
    "domains of functions": dangerous,
    "a logarithm of exponentials": log_sum,
    "a given triangle": given,
    "two cases": diagonal,
    "layers": layered,
    "s ≤ t/2": halves,
    "heads": heads,
}
