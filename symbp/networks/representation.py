"""Learning what is alike: distances between maps of inputs, and products of factors.

    max(0, ‖W (x_a − x_p)‖² − ‖W (x_a − x_n)‖² + α)        triplet, Schroff et al. (2015)
    p[u] · q[v] + b[u] + c[v] + μ                          matrix factorisation, Koren et al. (2009)

Sizes: m samples, d features, n dimensions of the map or the factors.
"""

from __future__ import annotations

from typing import Any

from sympy import Symbol, symbols

from symbp.functions import TABLE
from symbp.networks.entry import Entry
from symbp.system import System
from symbp.system.domains import BITS
from symbp.system.model import Model

RELU, SQRT = TABLE["relu"], TABLE["sqrt"]
i, k, j = symbols("i k j", integer=True)


def samples() -> tuple[Model, Symbol]:
    """A model of m samples with d features and n dimensions: it and m."""
    model = Model()
    m, d, n = model.sizes("m", "d", "n")
    model.samples("i", m)
    model.units("k", d)
    model.units("j", n)
    return model, m


def mapped(model: Model, W: Any, mark: str) -> Any:
    """z = W x of an input of its own."""
    x = model.input(f"x_{mark}", i, k)
    (z,) = model.values(f"z_{mark}")
    model.let(z[i, j], model.sum(W[j, k] * x[i, k], k))
    return z


def triplet() -> System:
    """The anchor z_a is to be nearer to the positive z_p than to the negative z_n, by α."""
    model, m = samples()
    W, alpha = model.parameter("W", j, k), model.hyperparameter("alpha", 1)
    a, b, c = (mapped(model, W, mark) for mark in "apn")
    near, far = model.values("D_p", "D_n")
    model.let(near[i], model.sum((a[i, j] - b[i, j]) ** 2, j))
    model.let(far[i], model.sum((a[i, j] - c[i, j]) ** 2, j))
    return model.system(model.sum(RELU(near[i] - far[i] + alpha), i) / m)


def contrastive() -> System:
    """½ (1 − y) D² + ½ y max(0, α − D)² of pairs at the distance D: y = 1 where they differ."""
    model, m = samples()
    y = model.target("y", i, within=BITS)
    W, alpha = model.parameter("W", j, k), model.hyperparameter("alpha", 2)
    a, b = mapped(model, W, "a"), mapped(model, W, "b")
    (D,) = model.values("D")
    model.let(D[i], SQRT(model.sum((a[i, j] - b[i, j]) ** 2, j)))
    cost = (1 - y[i]) * D[i] ** 2 / 2 + y[i] * RELU(alpha - D[i]) ** 2 / 2
    return model.system(model.sum(cost, i) / m)


def matrix_factorisation() -> System:
    """A rating r_i of the item v_i by the user u_i is p_u·q_v + b_u + c_v + μ, with ½ λ of all².

    M users, N items.
    """
    model = Model()
    m, M, N, n = model.sizes("m", "M", "N", "n")
    i, k, l, j = (*model.samples("i", m), *model.units("k", M), *model.units("l", N),
                  *model.units("j", n))  # fmt: skip
    u, v, r = model.input("u", i), model.input("v", i), model.target("r", i)
    P, Q = model.parameter("P", k, j), model.parameter("Q", l, j)
    b, c, mu = model.parameter("b", k), model.parameter("c", l), model.parameter("mu")
    rate = model.hyperparameter("lambda", 0.1)
    (e,) = model.values("e")
    model.let(e[i], model.sum(P[u[i], j] * Q[v[i], j], j) + b[u[i]] + c[v[i]] + mu - r[i])
    penalty = model.sum(P[k, j] ** 2, k, j) + model.sum(Q[l, j] ** 2, l, j)
    penalty += model.sum(b[k] ** 2, k) + model.sum(c[l] ** 2, l)
    return model.system(model.sum(e[i] ** 2, i) / 2 + rate / 2 * penalty)


def factorisation_machine() -> System:
    """z = b + w·x + ½ Σ_j ((Σ_k V_kj x_k)² − Σ_k V_kj² x_k²): all pairs, in d n steps."""
    model, m = samples()
    x, y = model.input("x", i, k), model.target("y", i)
    b, w, V = model.parameter("b"), model.parameter("w", k), model.parameter("V", k, j)
    s, z = model.values("s", "z")
    model.let(s[i, j], model.sum(V[k, j] * x[i, k], k))
    pairs = model.sum(s[i, j] ** 2, j) - model.sum(V[k, j] ** 2 * x[i, k] ** 2, j, k)
    model.let(z[i], b + model.sum(w[k] * x[i, k], k) + pairs / 2)
    return model.system(model.sum((z[i] - y[i]) ** 2, i) / (2 * m))


SIZES = {"m": 5, "d": 3, "n": 2}

ENTRIES = (
    Entry(
        "triplet",
        "representation",
        {"en": "a linear map with triplet loss", "zh": "三元组损失（线性映射）"},
        triplet,
        sizes=SIZES,
        source="Schroff, Kalenichenko & Philbin (2015), equation 3",
    ),
    Entry(
        "contrastive",
        "representation",
        {"en": "a linear map with contrastive loss", "zh": "对比损失（线性映射）"},
        contrastive,
        sizes=SIZES,
        source="Hadsell, Chopra & LeCun (2006), equation 4",
    ),
    Entry(
        "matrix-factorisation",
        "representation",
        {"en": "matrix factorisation with biases", "zh": "带偏置的矩阵分解"},
        matrix_factorisation,
        sizes={"m": 6, "M": 4, "N": 3, "n": 2},
        source="Koren, Bell & Volinsky (2009), equation 5",
    ),
    Entry(
        "factorisation-machine",
        "representation",
        {"en": "a factorisation machine", "zh": "因子分解机"},
        factorisation_machine,
        sizes=SIZES,
        source="Rendle (2010), lemma 3.1",
    ),
)
