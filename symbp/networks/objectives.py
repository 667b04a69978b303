"""Losses on the logits of a linear layer, the mean over m samples.

    z = W x + b      p = softmax(z), or for two classes p = σ(z)

What networks end in; `losses.py` has those that `mlp` takes by name. Sizes: m samples, d features,
K classes.
"""

from __future__ import annotations

from typing import Any

from sympy import Symbol, symbols

from symbp.functions import TABLE
from symbp.networks.entry import Entry
from symbp.system import System
from symbp.system.domains import BITS, DISTRIBUTION, ONE_HOT
from symbp.system.model import Model

EXP, LOG, SIGMOID = TABLE["exp"], TABLE["log"], TABLE["sigmoid"]
i, q, j, k = symbols("i q j k", integer=True)


def probabilities() -> tuple[Model, Symbol, Any]:
    """The model with p_ij = e^z_ij / Σ_k e^z_ik, z = W x + b; it, m and p."""
    model = Model()
    m, d, K = model.sizes("m", "d", "K")
    model.samples("i", m)
    model.units("q", d)
    model.units("j k", K)
    x = model.input("x", i, q)
    W, b = model.parameter("W", j, q), model.parameter("b", j)
    z, p = model.values("z", "p")
    model.let(z[i, j], model.sum(W[j, q] * x[i, q], q) + b[j])
    model.let(p[i, j], EXP(z[i, j]) / model.sum(EXP(z[i, k]), k))
    return model, m, p


def cross_entropy() -> System:
    """−1/m Σ_i log p_i at the class c_i of the sample, which is data."""
    model, m, p = probabilities()
    c = model.target("c", i)
    return model.system(-model.sum(LOG(p[i, c[i]]), i) / m)


def label_smoothing() -> System:
    """Cross-entropy with s = (1 − ε) y + ε/K in place of the targets y."""
    model, m, p = probabilities()
    y, epsilon = model.target("y", i, j, within=ONE_HOT), model.hyperparameter("epsilon", 0.1)
    (s,) = model.values("s")
    model.let(s[i, j], (1 - epsilon) * y[i, j] + epsilon / Symbol("K", integer=True))
    return model.system(-model.sum(s[i, j] * LOG(p[i, j]), i, j) / m)


def focal(gamma: int = 2) -> System:
    """−1/m Σ_i (y (1 − p)^γ log p + (1 − y) p^γ log(1 − p)), p = σ(z): easy samples count less."""
    model = Model()
    m, d = model.sizes("m", "d")
    model.samples("i", m)
    model.units("q", d)
    x, y = model.input("x", i, q), model.target("y", i, within=BITS)
    w, b = model.parameter("w", q), model.parameter("b")
    z, p = model.values("z", "p")
    model.let(z[i], model.sum(w[q] * x[i, q], q) + b)
    model.let(p[i], SIGMOID(z[i]))
    one, other = (1 - p[i]) ** gamma * LOG(p[i]), p[i] ** gamma * LOG(1 - p[i])
    return model.system(-model.sum(y[i] * one + (1 - y[i]) * other, i) / m)


def kl_divergence() -> System:
    """1/m Σ_ij y (log y − log p), where y is a distribution that is given."""
    model, m, p = probabilities()
    y = model.target("y", i, j, within=DISTRIBUTION)
    return model.system(model.sum(y[i, j] * (LOG(y[i, j]) - LOG(p[i, j])), i, j) / m)


def entropy() -> System:
    """−1/m Σ_ij p log p: a bonus for policies that stay undecided."""
    model, m, p = probabilities()
    return model.system(-model.sum(p[i, j] * LOG(p[i, j]), i, j) / m)


SIZES = {"m": 4, "d": 2, "K": 3}

ENTRIES = (
    Entry(
        "cross-entropy",
        "losses",
        {"en": "cross-entropy with classes as numbers", "zh": "以类别编号为标签的交叉熵"},
        cross_entropy,
        sizes=SIZES,
        source="Bishop (2006), equation 4.108",
    ),
    Entry(
        "label-smoothing",
        "losses",
        {"en": "cross-entropy with label smoothing", "zh": "标签平滑的交叉熵"},
        label_smoothing,
        sizes=SIZES,
        source="Szegedy et al. (2016), section 7",
    ),
    Entry(
        "focal",
        "losses",
        {"en": "focal loss", "zh": "焦点损失（focal loss）"},
        focal,
        sizes={"m": 4, "d": 2},
        source="Lin et al. (2017), equation 4",
    ),
    Entry(
        "kl-divergence",
        "losses",
        {"en": "KL divergence of a softmax", "zh": "softmax 的 KL 散度"},
        kl_divergence,
        sizes=SIZES,
        source="Kullback & Leibler (1951)",
    ),
    Entry(
        "entropy",
        "losses",
        {"en": "entropy of a softmax", "zh": "softmax 的熵"},
        entropy,
        sizes=SIZES,
        source="Shannon (1948); Williams & Peng (1991)",
    ),
)
