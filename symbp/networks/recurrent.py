"""Recurrent networks: one set of weights for every time step.

    h[t] = tanh(W x[t] + U h[t−1] + b)        Elman (1990)
    c[t] = f[t] c[t−1] + i[t] g[t],  h[t] = o[t] tanh(c[t])    LSTM, Hochreiter & Schmidhuber (1997)

Sizes: d inputs, n hidden units, T steps.
"""

from __future__ import annotations

from sympy import Expr

from symbp.functions import TABLE
from symbp.networks.entry import Entry
from symbp.system import System
from symbp.system.model import Model

SIGMOID, TANH = TABLE["sigmoid"], TABLE["tanh"]


def elman() -> System:
    """h_t = tanh(W x_t + U h_{t−1} + b), half the squared error at every step.

    >>> print(elman())
    h[0, j] = 0   for 1 ≤ j ≤ n
    h[t, j] = tanh(b[j] + Sum(U[j, k]*h[t - 1, k], (k, 1, n)) + Sum(W[j, p]*x[t, p], (p, 1, d)))   for 1 ≤ t ≤ T, 1 ≤ j ≤ n
    C = Sum((h[t, j] - y[t, j])**2, (j, 1, n), (t, 1, T))/2
    """  # noqa: E501
    m = Model()
    d, n, T = m.sizes("d", "n", "T")
    j, k = m.units("j k", n)
    (p,) = m.units("p", d)
    (t,) = m.times("t", T)
    x, y = m.input("x", t, p), m.target("y", t, j)
    W, U, b = m.parameter("W", j, p), m.parameter("U", j, k), m.parameter("b", j)
    (h,) = m.values("h")
    m.let(h[0, j], 0)
    m.let(h[t, j], TANH(m.sum(W[j, p] * x[t, p], p) + m.sum(U[j, k] * h[t - 1, k], k) + b[j]))
    return m.system(m.sum((h[t, j] - y[t, j]) ** 2, t, j) / 2)


def lstm() -> System:
    """Long short-term memory: gates i, f, o and the candidate g, each of x_t and h_{t−1}."""
    m = Model()
    d, n, T = m.sizes("d", "n", "T")
    j, k = m.units("j k", n)
    (p,) = m.units("p", d)
    (t,) = m.times("t", T)
    x, y = m.input("x", t, p), m.target("y", t, j)
    h, c, i, f, g, o = m.values("h", "c", "i", "f", "g", "o")

    def affine(gate: str) -> Expr:
        W = m.parameter(f"W_{gate}", j, p)
        U, b = m.parameter(f"U_{gate}", j, k), m.parameter(f"b_{gate}", j)
        return m.sum(W[j, p] * x[t, p], p) + m.sum(U[j, k] * h[t - 1, k], k) + b[j]

    m.let(h[0, j], 0)
    m.let(c[0, j], 0)
    m.let(i[t, j], SIGMOID(affine("i")))
    m.let(f[t, j], SIGMOID(affine("f")))
    m.let(g[t, j], TANH(affine("g")))
    m.let(o[t, j], SIGMOID(affine("o")))
    m.let(c[t, j], f[t, j] * c[t - 1, j] + i[t, j] * g[t, j])
    m.let(h[t, j], o[t, j] * TANH(c[t, j]))
    return m.system(m.sum((h[t, j] - y[t, j]) ** 2, t, j) / 2)


ENTRIES = (
    Entry(
        "elman",
        "recurrent",
        {"en": "an Elman network, an output at every step", "zh": "Elman 循环网络（逐步输出）"},
        elman,
        sizes={"d": 2, "n": 3, "T": 4},
        source="Elman (1990), Finding Structure in Time",
    ),
    Entry(
        "lstm",
        "recurrent",
        {"en": "an LSTM network", "zh": "LSTM 网络"},
        lstm,
        sizes={"d": 2, "n": 3, "T": 4},
        source="Hochreiter & Schmidhuber (1997); forget gate of Gers et al. (2000)",
    ),
)
