"""Convolutional networks: one kernel for all places of an image.

    z[e, p, q] = Σ_duv W[e, d, u, v] x[d, p + u − 1, q + v − 1] + b[e]     LeCun et al. (1989)

A "convolution" is what the field calls so: a cross-correlation, the kernel is not turned.
"""

from __future__ import annotations

from sympy import Expr

from symbp.functions import TABLE, lookup
from symbp.networks.entry import Entry
from symbp.system import System
from symbp.system.model import Model

EXP, LOG = TABLE["exp"], TABLE["log"]


def lenet(activation: str = "tanh") -> System:
    """LeNet: convolution, pooling, convolution, pooling, a dense layer, softmax, cross-entropy.

    Square images of D channels and N × N places, kernels of K × K places, E and F feature maps,
    J classes. Pooling takes the mean of 2 × 2 places.
    """
    m = Model()
    N, K, D, E, F, J = m.sizes("N", "K", "D", "E", "F", "J")
    N_1 = m.following("N_1", N - K + 1)
    M_1 = m.following("M_1", N_1 / 2)
    N_2 = m.following("N_2", M_1 - K + 1)
    M_2 = m.following("M_2", N_2 / 2)
    (d,), (e,), (f,) = (m.channels(*pair) for pair in (("d", D), ("e", E), ("f", F)))
    g, h = m.places("g h", N)
    u, v = m.places("u v", K)
    p, q = m.places("p q", N_1)
    r, s = m.places("r s", M_1)
    n, o = m.places("n o", N_2)
    i, t = m.places("i t", M_2)
    alpha, beta = m.places("alpha beta", 2)
    j, k = m.units("j k", J)
    x, y = m.input("x", d, g, h), m.target("y", j)
    W_1, b_1 = m.parameter("W_1", e, d, u, v), m.parameter("b_1", e)
    W_2, b_2 = m.parameter("W_2", f, e, u, v), m.parameter("b_2", f)
    W_3, b_3 = m.parameter("W_3", j, f, i, t), m.parameter("b_3", j)
    z_1, a_1, h_1, z_2, a_2, h_2, z_3, a_3 = m.values(
        "z_1", "a_1", "h_1", "z_2", "a_2", "h_2", "z_3", "a_3"
    )
    act = lookup(activation)

    def mean(image: Expr) -> Expr:
        return m.sum(image, alpha, beta) / 4

    m.let(z_1[e, p, q],
          m.sum(W_1[e, d, u, v] * x[d, p + u - 1, q + v - 1], d, u, v) + b_1[e])  # fmt: skip
    m.let(a_1[e, p, q], act(z_1[e, p, q]))
    m.let(h_1[e, r, s], mean(a_1[e, 2 * r - 2 + alpha, 2 * s - 2 + beta]))
    m.let(z_2[f, n, o],
          m.sum(W_2[f, e, u, v] * h_1[e, n + u - 1, o + v - 1], e, u, v) + b_2[f])  # fmt: skip
    m.let(a_2[f, n, o], act(z_2[f, n, o]))
    m.let(h_2[f, i, t], mean(a_2[f, 2 * i - 2 + alpha, 2 * t - 2 + beta]))
    m.let(z_3[j], m.sum(W_3[j, f, i, t] * h_2[f, i, t], f, i, t) + b_3[j])
    m.let(a_3[j], EXP(z_3[j]) / m.sum(EXP(z_3[k]), k))
    return m.system(-m.sum(y[j] * LOG(a_3[j]), j))


ENTRIES = (
    Entry(
        "lenet",
        "convolution",
        {"en": "LeNet, a small convolutional network", "zh": "LeNet 卷积网络"},
        lenet,
        sizes={"N": 11, "K": 2, "D": 1, "E": 3, "F": 4, "J": 5},
        source="LeCun, Bottou, Bengio & Haffner (1998)",
    ),
)
