"""Normalisation: values moved to mean 0 and scaled to variance 1; and dropout.

    z_hat = (z − mu) / √(v + epsilon),  a = gamma z_hat + beta

Batch normalisation takes mean and variance over the samples, for each unit; layer normalisation
over the units of each sample; group normalisation over each group of them. In front stands a
linear layer z = W x, so that the gradient goes on to weights; behind, half the squared error.
Sizes: d inputs, n units, m samples, G groups of n units.
"""

from __future__ import annotations

from typing import Any

import sympy as sp
from sympy import Rational, Symbol

from symbp.functions import TABLE
from symbp.networks.entry import Entry
from symbp.system import System
from symbp.system.domains import BITS
from symbp.system.model import Model

EPSILON = Rational(1, 100000)


def linear_layer() -> tuple[Model, Symbol, Symbol]:
    """z[i, j] = Σ_k W[j, k] x[i, k] of a batch, and its indices i, j."""
    m = Model()
    d, n, samples = m.sizes("d", "n", "m")
    (i,), (j,), (k,) = m.samples("i", samples), m.units("j", n), m.units("k", d)
    x, W = m.input("x", i, k), m.parameter("W", j, k)
    (z,) = m.values("z")
    m.let(z[i, j], m.sum(W[j, k] * x[i, k], k))
    return m, i, j


def half_squared_error(m: Model, output: Any, *indices: Symbol) -> System:
    """C = ½ Σ (output − y)² / m, y the targets; the first index is the sample."""
    i, *units = indices
    y = m.target("y", *indices)
    return m.system(m.mean(m.sum((output[indices] - y[indices]) ** 2, *units), i) / 2)


def batch_norm() -> System:
    """z_hat[i, j] = (z[i, j] − mu[j]) / √(v[j] + ε): mean and variance over the samples i.

    >>> for equation in batch_norm().equations[1:5]:
    ...     print(equation)
    mu[j] = Sum(z[i, j], (i, 1, m))/m   for 1 ≤ j ≤ n
    v[j] = Sum((-mu[j] + z[i, j])**2, (i, 1, m))/m   for 1 ≤ j ≤ n
    z_hat[i, j] = (-mu[j] + z[i, j])/sqrt(epsilon + v[j])   for 1 ≤ i ≤ m, 1 ≤ j ≤ n
    a[i, j] = beta[j] + gamma[j]*z_hat[i, j]   for 1 ≤ i ≤ m, 1 ≤ j ≤ n
    """
    m, i, j = linear_layer()
    z, mu, v, z_hat, a = m.values("z", "mu", "v", "z_hat", "a")
    gamma, beta = m.parameter("gamma", j), m.parameter("beta", j)
    m.let(mu[j], m.mean(z[i, j], i))
    m.let(v[j], m.mean((z[i, j] - mu[j]) ** 2, i))
    m.let(z_hat[i, j], (z[i, j] - mu[j]) / sp.sqrt(v[j] + m.hyperparameter("epsilon", EPSILON)))
    m.let(a[i, j], gamma[j] * z_hat[i, j] + beta[j])
    return half_squared_error(m, a, i, j)


def layer_norm() -> System:
    """z_hat[i, j] = (z[i, j] − mu[i]) / √(v[i] + ε): mean and variance over the units j."""
    m, i, j = linear_layer()
    z, mu, v, z_hat, a = m.values("z", "mu", "v", "z_hat", "a")
    gamma, beta = m.parameter("gamma", j), m.parameter("beta", j)
    m.let(mu[i], m.mean(z[i, j], j))
    m.let(v[i], m.mean((z[i, j] - mu[i]) ** 2, j))
    m.let(z_hat[i, j], (z[i, j] - mu[i]) / sp.sqrt(v[i] + m.hyperparameter("epsilon", EPSILON)))
    m.let(a[i, j], gamma[j] * z_hat[i, j] + beta[j])
    return half_squared_error(m, a, i, j)


def rms_norm() -> System:
    """a[i, j] = gamma[j] z[i, j] / √(q[i] + ε), q the mean square of the units of a sample."""
    m, i, j = linear_layer()
    z, q, a = m.values("z", "q", "a")
    gamma = m.parameter("gamma", j)
    m.let(q[i], m.mean(z[i, j] ** 2, j))
    m.let(a[i, j], gamma[j] * z[i, j] / sp.sqrt(q[i] + m.hyperparameter("epsilon", EPSILON)))
    return half_squared_error(m, a, i, j)


def group_norm() -> System:
    """As layer normalisation, for each group g of n units by itself."""
    m = Model()
    d, n, G, samples = m.sizes("d", "n", "G", "m")
    (i,), (g,) = m.samples("i", samples), m.channels("g", G)
    (j,), (k,) = m.units("j", n), m.units("k", d)
    x, W = m.input("x", i, k), m.parameter("W", g, j, k)
    z, mu, v, z_hat, a = m.values("z", "mu", "v", "z_hat", "a")
    gamma, beta = m.parameter("gamma", g, j), m.parameter("beta", g, j)
    epsilon = m.hyperparameter("epsilon", EPSILON)
    m.let(z[i, g, j], m.sum(W[g, j, k] * x[i, k], k))
    m.let(mu[i, g], m.mean(z[i, g, j], j))
    m.let(v[i, g], m.mean((z[i, g, j] - mu[i, g]) ** 2, j))
    m.let(
        z_hat[i, g, j],
        (z[i, g, j] - mu[i, g]) / sp.sqrt(v[i, g] + epsilon),
    )
    m.let(a[i, g, j], gamma[g, j] * z_hat[i, g, j] + beta[g, j])
    return half_squared_error(m, a, i, g, j)


def weight_norm() -> System:
    """W[j, k] = g[j] V[j, k] / ‖V_j‖: the length of each row of weights is learnt by itself."""
    m = Model()
    d, n, samples = m.sizes("d", "n", "m")
    (i,), (j,), (k,) = m.samples("i", samples), m.units("j", n), m.units("k", d)
    x = m.input("x", i, k)
    V, g, b = m.parameter("V", j, k), m.parameter("g", j), m.parameter("b", j)
    r, W, z, a = m.values("r", "W", "z", "a")
    m.let(r[j], sp.sqrt(m.sum(V[j, k] ** 2, k)))
    m.let(W[j, k], g[j] * V[j, k] / r[j])
    m.let(z[i, j], m.sum(W[j, k] * x[i, k], k) + b[j])
    m.let(a[i, j], TABLE["tanh"](z[i, j]))
    return half_squared_error(m, a, i, j)


def dropout() -> System:
    """a[i, j] = r[i, j] h[i, j] / (1 − p): a given mask r of zeros and ones, p its usual share."""
    m = Model()
    d, n, c, samples = m.sizes("d", "n", "c", "m")
    (i,), (j,) = m.samples("i", samples), m.units("j", n)
    (k,), (s,) = m.units("k", d), m.units("s", c)
    x, r = m.input("x", i, k), m.input("r", i, j, within=BITS)
    p = m.hyperparameter("p", Rational(1, 2))
    W, b = m.parameter("W", j, k), m.parameter("b", j)
    U, e = m.parameter("U", s, j), m.parameter("e", s)
    z, h, a, o = m.values("z", "h", "a", "o")
    m.let(z[i, j], m.sum(W[j, k] * x[i, k], k) + b[j])
    m.let(h[i, j], TABLE["relu"](z[i, j]))
    m.let(a[i, j], r[i, j] * h[i, j] / (1 - p))
    m.let(o[i, s], m.sum(U[s, j] * a[i, j], j) + e[s])
    return half_squared_error(m, o, i, s)


ENTRIES = (
    Entry(
        "batch-norm",
        "normalisation",
        {"en": "a layer with batch normalisation", "zh": "批归一化"},
        batch_norm,
        sizes={"d": 3, "n": 2, "m": 4},
        source="Ioffe & Szegedy (2015), Batch Normalization, algorithm 1",
    ),
    Entry(
        "layer-norm",
        "normalisation",
        {"en": "a layer with layer normalisation", "zh": "层归一化"},
        layer_norm,
        sizes={"d": 2, "n": 3, "m": 4},
        source="Ba, Kiros & Hinton (2016), Layer Normalization",
    ),
    Entry(
        "rms-norm",
        "normalisation",
        {"en": "a layer with RMS normalisation", "zh": "均方根归一化（RMSNorm）"},
        rms_norm,
        sizes={"d": 2, "n": 3, "m": 4},
        source="Zhang & Sennrich (2019), Root Mean Square Layer Normalization",
    ),
    Entry(
        "group-norm",
        "normalisation",
        {"en": "a layer with group normalisation", "zh": "组归一化"},
        group_norm,
        sizes={"d": 2, "n": 3, "G": 4, "m": 5},
        source="Wu & He (2018), Group Normalization",
    ),
    Entry(
        "weight-norm",
        "normalisation",
        {"en": "a layer with weight normalisation", "zh": "权重归一化"},
        weight_norm,
        sizes={"d": 3, "n": 2, "m": 4},
        source="Salimans & Kingma (2016), Weight Normalization",
    ),
    Entry(
        "dropout",
        "normalisation",
        {
            "en": "a network with dropout, the mask given",
            "zh": "随机失活网络（掩码给定）",
        },
        dropout,
        sizes={"d": 2, "n": 3, "c": 5, "m": 4},
        source="Srivastava et al. (2014), Dropout; scaled as in inverted dropout",
    ),
)
