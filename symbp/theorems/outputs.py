"""∂C/∂z = a − y: softmax with cross-entropy, and sigmoid with binary cross-entropy."""

from __future__ import annotations

import sympy as sp
from sympy import Symbol, symbols

from symbp.adjoint import gradient
from symbp.functions import TABLE
from symbp.system import Range
from symbp.system.model import Model
from symbp.theorems.theorem import Claim, Part, Theorem

EXP, LOG, SIGMOID = (TABLE[name] for name in ("exp", "log", "sigmoid"))
j, k = symbols("j k", integer=True)
INSERTED = {
    "en": "With the derivative by the activations inserted:",
    "zh": "代入对激活值的导数：",
}
ADD_UP = "the targets add up to one"


def _outputs() -> tuple[Model, Symbol]:
    m = Model()
    (n,) = m.sizes("n", minimum=2)
    m.units("j k", n)
    return m, n


def _softmax() -> Part:
    """a = softmax(z), C = −Σ y log a"""
    m, n = _outputs()
    z, y = m.parameter("z", j), m.target("y", j)
    (a,) = m.values("a")
    m.let(a[j], EXP(z[j]) / m.sum(EXP(z[k]), k))
    network = m.system(-m.sum(y[j] * LOG(a[j]), j))
    full, units = gradient(network), (Range(j, sp.S.One, n),)
    slope, a, y = full["∂C/∂z"].atom, full["a"].atom, full["y"].atom
    text = {
        "en": "## Softmax and cross-entropy\n\n"
        "The logits $z$ are taken as given; what stands before them does not matter.",
        "zh": "## softmax 与交叉熵\n\n这里直接从 $z$ 出发，它由前面的层如何得到并不重要。",
    }
    claims = (
        Claim(slope[j], a[j] * sp.Sum(y[k], (k, 1, n)) - y[j], units, said=INSERTED),
        Claim(slope[j], a[j] - y[j], units, ADD_UP),
    )
    return Part(text, network, claims, forward=True, derived=("a", "z"))


def _sigmoid() -> Part:
    """a = sigmoid(z), C = −Σ (y log a + (1 − y) log(1 − a))"""
    m, n = _outputs()
    z, y = m.parameter("z", j), m.target("y", j)
    (a,) = m.values("a")
    m.let(a[j], SIGMOID(z[j]))
    network = m.system(-m.sum(y[j] * LOG(a[j]) + (1 - y[j]) * LOG(1 - a[j]), j))
    full, units = gradient(network), (Range(j, sp.S.One, n),)
    slope, a, y = full["∂C/∂z"].atom, full["a"].atom, full["y"].atom
    text = {
        "en": "## Sigmoid and binary cross-entropy\n\nNo condition on the targets is needed.",
        "zh": "## sigmoid 与二元交叉熵\n\n此处对目标值没有任何要求。",
    }
    claims = (Claim(slope[j], a[j] - y[j], units, said=INSERTED),)
    return Part(text, network, claims, forward=True, derived=("a", "z"))


def theorem() -> Theorem:
    """Both give a − y."""
    return Theorem(
        "outputs",
        {
            "en": "Softmax with cross-entropy and sigmoid with binary cross-entropy give a − y",
            "zh": "softmax 配交叉熵、sigmoid 配二元交叉熵，误差都是 a − y",
        },
        {
            "en": "The gradient by the logits is $a - y$: output less target. For softmax the "
            "targets must add up to one (one-hot, or a distribution).",
            "zh": "代价对 $z$ 的梯度是 $a - y$，即输出减目标。"
            "对 softmax 要求各目标值之和为一（one-hot 或概率分布）。",
        },
        (_softmax(), _sigmoid()),
    )
