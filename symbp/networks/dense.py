"""Fully connected layers: the plain network (`mlp` has its equations), and what is built of it.

h[l] = h[l−1] + V[l] relu(W[l] h[l−1] + b[l])                  residual, He et al. (2016)
h[l] = T[l] H[l] + (1 − T[l]) h[l−1]                           highway, Srivastava et al. (2015)
r = σ(Wᵀ σ(W x + b) + c)                                       autoencoder with tied weights
"""

from __future__ import annotations

from sympy import Expr

from symbp.functions import TABLE
from symbp.networks.entry import Entry
from symbp.networks.mlp import mlp
from symbp.system import System
from symbp.system.model import Model

RELU, SIGMOID, TANH = TABLE["relu"], TABLE["sigmoid"], TABLE["tanh"]


def residual() -> System:
    """z_l = W_l h_{l−1} + b_l, h_l = h_{l−1} + V_l relu(z_l): d values pass by n hidden units."""
    m = Model()
    d, n, L = m.sizes("d", "n", "L")
    p, j, l = *m.units("p", d), *m.units("j", n), *m.layers("l", L)
    x, y = m.input("x", p), m.target("y", p)
    W, b, V = m.parameter("W", l, j, p), m.parameter("b", l, j), m.parameter("V", l, p, j)
    z, h = m.values("z", "h")
    m.let(h[0, p], x[p])
    m.let(z[l, j], m.sum(W[l, j, p] * h[l - 1, p], p) + b[l, j])
    m.let(h[l, p], h[l - 1, p] + m.sum(V[l, p, j] * RELU(z[l, j]), j))
    return m.system(m.sum((h[L, p] - y[p]) ** 2, p) / 2)


def highway() -> System:
    """H_l = tanh(z_l), T_l = σ(u_l), h_l = T_l H_l + (1 − T_l) h_{l−1}."""
    m = Model()
    n, L = m.sizes("n", "L")
    (j, k), (l,) = m.units("j k", n), m.layers("l", L)
    x, y = m.input("x", j), m.target("y", j)
    z, u, H, T, h = m.values("z", "u", "H", "T", "h")

    def affine(gate: str) -> Expr:
        W, b = m.parameter(f"W_{gate}", l, j, k), m.parameter(f"b_{gate}", l, j)
        return m.sum(W[l, j, k] * h[l - 1, k], k) + b[l, j]

    m.let(h[0, j], x[j])
    m.let(z[l, j], affine("H"))
    m.let(H[l, j], TANH(z[l, j]))
    m.let(u[l, j], affine("T"))
    m.let(T[l, j], SIGMOID(u[l, j]))
    m.let(h[l, j], T[l, j] * H[l, j] + (1 - T[l, j]) * h[l - 1, j])
    return m.system(m.sum((h[L, j] - y[j]) ** 2, j) / 2)


def autoencoder() -> System:
    """h = σ(W x + b), r = σ(Wᵀ h + c), and the mean of ½ ‖r − x‖² over m samples."""
    model = Model()
    m, d, n = model.sizes("m", "d", "n")
    (i,), (p,), (j,) = model.samples("i", m), model.units("p", d), model.units("j", n)
    x = model.input("x", i, p)
    W, b, c = model.parameter("W", j, p), model.parameter("b", j), model.parameter("c", p)
    z, h, u, r = model.values("z", "h", "u", "r")
    model.let(z[i, j], model.sum(W[j, p] * x[i, p], p) + b[j])
    model.let(h[i, j], SIGMOID(z[i, j]))
    model.let(u[i, p], model.sum(W[j, p] * h[i, j], j) + c[p])
    model.let(r[i, p], SIGMOID(u[i, p]))
    return model.system(model.sum((r[i, p] - x[i, p]) ** 2, i, p) / (2 * m))


ENTRIES = (
    Entry(
        "mlp",
        "dense",
        {"en": "a fully connected network", "zh": "全连接网络"},
        mlp,
        sizes={"L": 2, "n": (3, 4, 2)},
        notation="pinard",
        source="Rumelhart, Hinton & Williams (1986)",
    ),
    Entry(
        "residual",
        "dense",
        {"en": "a residual network", "zh": "残差网络"},
        residual,
        sizes={"d": 3, "n": 4, "L": 2},
        source="He et al. (2016), Deep residual learning, equation 1",
    ),
    Entry(
        "highway",
        "dense",
        {"en": "a highway network", "zh": "Highway 网络"},
        highway,
        sizes={"n": 3, "L": 2},
        source="Srivastava, Greff & Schmidhuber (2015), equation 3",
    ),
    Entry(
        "autoencoder",
        "dense",
        {"en": "an autoencoder with tied weights", "zh": "权重共享的自编码器"},
        autoencoder,
        sizes={"m": 4, "d": 3, "n": 2},
        source="Vincent et al. (2010), section 2.2",
    ),
)
