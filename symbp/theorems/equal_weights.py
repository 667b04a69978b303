"""Units of a layer with equal weights get equal gradients, and stay equal; others do not."""

from __future__ import annotations

import sympy as sp
from sympy import Integer, Rational, symbols

from symbp.adjoint import gradient
from symbp.functions import TABLE
from symbp.system import Range, System
from symbp.system.model import Model
from symbp.theorems.theorem import Claim, Part, Theorem

SIGMA = TABLE["sigma"]
j, k, p = symbols("j k p", integer=True)


def _equal() -> System:
    """One hidden layer, W[j, p] = u[p], b[j] = s, V[k, j] = v[k] for every unit j."""
    m = Model()
    d, n, r = m.sizes("d", "n", "r", minimum=2)
    m.units("p", d), m.units("j", n), m.units("k", r)
    x, y, u, v = m.input("x", p), m.target("y", k), m.parameter("u", p), m.parameter("v", k)
    m.hyperparameter("eta")
    s, c = m.parameter("s"), m.parameter("c", k)
    W, b, V, z, h, o = m.values("W", "b", "V", "z", "h", "o")
    m.let(W[j, p], u[p])
    m.let(b[j], s)
    m.let(V[k, j], v[k])
    m.let(z[j], m.sum(W[j, p] * x[p], p) + b[j])
    m.let(h[j], SIGMA(z[j]))
    m.let(o[k], m.sum(V[k, j] * h[j], j) + c[k])
    return m.system(m.sum((o[k] - y[k]) ** 2, k) / 2)


SAID = {
    "gradients": {
        "en": "The gradient by each entry of $W$, $b$ and $V$, all entries free to move, "
        "is at such a point the same for every unit $j$ as for the first:",
        "zh": "$W$、$b$、$V$ 的每个元素各自独立地求导；在这样的点上，"
        "每个单元 $j$ 的梯度都与第一个单元相同：",
    },
    "step": {
        "en": "So a step of gradient descent leads to a point of the same kind, whatever the step "
        "size $\\eta$, and so does every later one:",
        "zh": "因此无论学习率 $\\eta$ 为何，一步梯度下降之后仍是这样的点，以后的每一步也是如此：",
    },
}


def _symmetric() -> Part:
    network = _equal()
    s = gradient(network)
    n, d, r = (s[name].atom for name in "ndr")
    units, inputs, outputs = (Range(i, sp.S.One, t) for i, t in ((j, n), (p, d), (k, r)))
    claims = []
    one = Integer(1)
    places = (
        ("W", (j, p), (one, p), (units, inputs)),
        ("b", (j,), (one,), (units,)),
        ("V", (k, j), (k, one), (outputs, units)),
    )
    for name, here, first, domain in places:
        slope = s[f"∂C/∂{name}"].atom
        said = SAID["gradients"] if name == "W" else None
        claims.append(Claim(slope[here], slope[first], domain, said=said))
    for name, here, first, domain in places:
        slope, value = s[f"∂C/∂{name}"].atom, s[name].atom
        said = SAID["step"] if name == "W" else None
        rate = s["eta"].atom
        claims.append(
            Claim(value[here] - rate * slope[here], value[first] - rate * slope[first], domain,
                  said=said)
        )  # fmt: skip
    text = {
        "en": "## Equal weights stay equal\n\nAll units $j$ of the hidden layer have the same "
        "incoming weights $u$, the same bias $s$ and the same outgoing weights $v$:",
        "zh": "## 相等的权重永远相等\n\n隐藏层各单元 $j$ 的输入权重都是 $u$，"
        "偏置都是 $s$，输出权重都是 $v$：",
    }
    return Part(text, network, tuple(claims), forward=True)


def _free() -> Part:
    """One hidden layer whose weights are free: the gradients are different functions of them."""
    m = Model()
    d, n, r = m.sizes("d", "n", "r", minimum=2)
    m.units("p", d), m.units("j", n), m.units("k", r)
    x, y, W, V = m.input("x", p), m.target("y", k), m.parameter("W", j, p), m.parameter("V", k, j)
    z, h, o = m.values("z", "h", "o")
    m.let(z[j], m.sum(W[j, p] * x[p], p))
    m.let(h[j], SIGMA(z[j]))
    m.let(o[k], m.sum(V[k, j] * h[j], j))
    network = m.system(m.sum((o[k] - y[k]) ** 2, k) / 2)
    slope = gradient(network)["∂C/∂W"].atom
    text = {
        "en": "## Free weights\n\nWhere the weights are free, the gradients of two units are "
        "different functions of them: random weights break the symmetry.",
        "zh": "## 权重互不相同\n\n若权重可任意取值，两个单元的梯度便是不同的函数："
        "随机初始化打破对称。",
    }
    claim = Claim(slope[1, p], slope[2, p], (Range(p, sp.S.One, d),), differ=True)
    return Part(text, network, (claim,))


def _numbers() -> Part:
    """Two hidden units h = z² with the weights 1/2 and 1/3: all in rational numbers."""
    m = Model()
    m.units("j", 2)
    W = m.value("W", j)
    x, y = m.numbers("x", "y")
    V, z, h = m.values("V", "z", "h")
    m.let(x, 1)
    m.let(y, 1)
    m.let(W[1], Rational(1, 2))
    m.let(W[2], Rational(1, 3))
    m.let(V[j], 1)
    m.let(z[j], W[j] * x)
    m.let(h[j], z[j] ** 2)
    network = m.system((m.sum(V[j] * h[j], j) - y) ** 2 / 2)
    slope = gradient(network, ("W",))["∂C/∂W"].atom
    text = {
        "en": "A counterexample in rational numbers, with $\\sigma(z) = z^2$:",
        "zh": "有理数的反例，取 $\\sigma(z) = z^2$：",
    }
    claims = (
        Claim(slope[1], Rational(-23, 36)),
        Claim(slope[2], Rational(-23, 54)),
        Claim(slope[1], slope[2], differ=True),
    )
    return Part(text, network, claims, forward=True, wrt=("W",))


def theorem() -> Theorem:
    """Equal weights: equal gradients, for ever; different weights: different gradients."""
    return Theorem(
        "equal-weights",
        {
            "en": "With equal weights the units of a layer learn the same for ever",
            "zh": "权重全部相等时，同层各单元永远学到同样的东西",
        },
        {
            "en": "Units of a layer whose incoming and outgoing weights are equal receive equal "
            "gradients, so gradient descent never tells them apart. Random weights do.",
            "zh": "若同层各单元的输入权重与输出权重都相等，它们得到的梯度也相等，"
            "梯度下降永远无法区分它们；随机权重则可以。",
        },
        (_symmetric(), _free(), _numbers()),
    )
