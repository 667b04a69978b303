"""The gradient through batch normalisation is orthogonal to 1 and, for ε = 0, to z_hat."""

from __future__ import annotations

import sympy as sp
from sympy import Expr, symbols

from symbp.adjoint import gradient
from symbp.system import System
from symbp.system.functional import Functional
from symbp.system.model import Model
from symbp.theorems.theorem import Claim, Part, Theorem

(i,) = symbols("i,", integer=True)
SAID = {
    "mean": {
        "en": "The normalised activations have mean 0, and variance almost 1:",
        "zh": "归一化后的值均值为 0，方差略小于 1：",
    },
    "sum": {
        "en": "The gradient is orthogonal to the vector of ones, for every ε:",
        "zh": "对任意 ε，梯度与全一向量正交：",
    },
    "product": {
        "en": "To the normalised activations it is not quite orthogonal:",
        "zh": "它与归一化后的值则并不完全正交：",
    },
    "rest": {
        "en": "The last factor is what the variance lacks to 1, and so the product is ε times a "
        "factor:",
        "zh": "最后一个因子是方差与 1 之差，因此内积含因子 ε：",
    },
}


def _network(with_epsilon: bool) -> System:
    """One unit, m samples: z_hat = (z − mu) / √(v + ε), and any cost C(z_hat, y)."""
    m = Model()
    (count,) = m.sizes("m", minimum=2)
    m.places("i", count)
    z, y = m.parameter("z", i), m.target("y", i)
    mu, v = m.numbers("mu", "v")
    (z_hat,) = m.values("z_hat")
    m.let(mu, m.mean(z[i], i))
    m.let(v, m.mean((z[i] - mu) ** 2, i))
    epsilon = m.hyperparameter("epsilon") if with_epsilon else 0
    m.let(z_hat[i], (z[i] - mu) / sp.sqrt(v + epsilon))
    return m.system(Functional.of("C", (z_hat[i], y[i]), (i, sp.S.One, count)))


def _over_samples(body: Expr, system: System) -> Expr:
    return sp.Sum(body, (i, 1, system["m"].atom))


def _with_epsilon() -> Part:
    network = _network(with_epsilon=True)
    s = gradient(network)
    slope, above, z_hat = s["∂C/∂z"].atom, s["∂C/∂z_hat"].atom, s["z_hat"].atom
    v, epsilon = s["v"].atom, s["epsilon"].atom
    left, through = (_over_samples(u[i] * z_hat[i], s) for u in (slope, above))
    right = epsilon / sp.sqrt(v + epsilon) ** 3 * through
    rest = 1 - _over_samples(z_hat[i] ** 2, s) / s["m"].atom
    text = {
        "en": "## For every ε\n\nOne unit and the $m$ samples of a batch; units do not mix. "
        "The cost is any function of all $\\hat{z}$. What follows scale and shift, "
        "and all later layers, are part of it.",
        "zh": "## 对任意 ε\n\n只看一个单元与一批中的 $m$ 个样本，各单元互不影响。"
        "代价是全部 $\\hat{z}$ 的任意函数，缩放、平移及后面各层都包含在其中。",
    }
    claims = (
        Claim(_over_samples(z_hat[i], s), sp.S.Zero, said=SAID["mean"]),
        Claim(_over_samples(z_hat[i] ** 2, s), s["m"].atom * v / (v + epsilon)),
        Claim(_over_samples(slope[i], s), sp.S.Zero, said=SAID["sum"]),
        Claim(left, through / sp.sqrt(v + epsilon) * rest, said=SAID["product"]),
        Claim(rest, epsilon / (v + epsilon), said=SAID["rest"]),
        Claim(left, right),
        Claim(left, sp.S.Zero, differ=True),
    )
    return Part(text, network, claims, forward=True, derived=("v", "mu", "z"))


def _without_epsilon() -> Part:
    network = _network(with_epsilon=False)
    s = gradient(network)
    slope, z_hat, z = s["∂C/∂z"].atom, s["z_hat"].atom, s["z"].atom
    text = {
        "en": "## For ε = 0\n\nThe gradient is orthogonal to the normalised activations, and so "
        "to the pre-activations themselves: a step along $z$ only scales them, "
        "which normalisation undoes.",
        "zh": "## 当 ε = 0 时\n\n梯度与归一化后的值正交，从而也与 $z$ 本身正交："
        "沿 $z$ 的方向移动只是缩放，而缩放会被归一化抵消。",
    }
    claims = (
        Claim(_over_samples(slope[i], s), sp.S.Zero),
        Claim(_over_samples(slope[i] * z_hat[i], s), sp.S.Zero),
        Claim(_over_samples(slope[i] * z[i], s), sp.S.Zero),
    )
    return Part(text, network, claims)


def theorem() -> Theorem:
    """Σ ∂C/∂z = 0, Σ z_hat ∂C/∂z = ε/(v + ε)^{3/2} Σ z_hat ∂C/∂z_hat."""
    return Theorem(
        "batch-normalisation",
        {
            "en": "The gradient through batch normalisation is orthogonal to the normalised "
            "activations",
            "zh": "批归一化的梯度与归一化后的值正交",
        },
        {
            "en": "The gradients of the samples of a batch add up to zero, exactly. Their product "
            "with the normalised activations is ε times a factor, and zero for ε = 0.",
            "zh": "一批样本的梯度之和恰为零；它与归一化后的值的内积含因子 ε，当 ε = 0 时恰为零。",
        },
        (_with_epsilon(), _without_epsilon()),
    )
