"""Attention: every position of a sequence looks at others, by softmax over its scores with them.

    S = Q Kᵀ / √d_k,  A = softmax of each row of S,  O = A V        Vaswani et al. (2017)

Positions are rows: Q[t, i], K[s, i], V[s, j]. Sizes: T positions (N keys), d inputs, d_k and d_v
entries of a key and a value, H heads.
"""

from __future__ import annotations

import sympy as sp

from symbp.functions import TABLE
from symbp.networks.entry import Entry
from symbp.system import System
from symbp.system.model import Model

EXP = TABLE["exp"]


def attention() -> System:
    """Scaled dot-product attention, in Q, K and V themselves.

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
    m.let(S[t, s], m.sum(Q[t, i] * K[s, i], i) / sp.sqrt(d_k))
    m.let(A[t, s], EXP(S[t, s]) / m.sum(EXP(S[t, u]), u))
    m.let(O[t, j], m.sum(A[t, s] * V[s, j], s))
    y = m.target("y", t, j)
    return m.system(m.sum((O[t, j] - y[t, j]) ** 2, t, j) / 2)


ENTRIES = (
    Entry(
        "attention",
        "attention",
        {"en": "scaled dot-product attention", "zh": "缩放点积注意力"},
        attention,
        sizes={"T": 2, "N": 3, "d_k": 4, "d_v": 5},
        source="Vaswani et al. (2017), Attention Is All You Need, equation 1",
    ),
)
