"""The product that makes gradients vanish or explode with depth, and its bound."""

from __future__ import annotations

import numpy as np
import sympy as sp
from sympy import Expr, Rational, symbols

from symbp.adjoint import gradient
from symbp.functions import TABLE, derivative_of
from symbp.networks import mlp
from symbp.numbers.evaluator import Evaluation
from symbp.system import Range, System
from symbp.theorems.theorem import Claim, Part, Theorem

l, j, k, q = symbols("l j k q", integer=True)
EXP = TABLE["exp"]
DEPTHS, WIDTH = (10, 20, 30, 40, 50), 10
#: Activation and g, where weights have the variance g²/n.
COLUMNS = (("sigmoid", 1.0), ("tanh", 0.5), ("tanh", 1.0), ("identity", 2.0))


def _units(s: System, letter: sp.Symbol, layer: Expr) -> Range:
    return Range(letter, sp.S.One, s["n"][layer])


def _layers(s: System, less: int) -> Range:
    return Range(l, sp.S.One, s["L"].atom - less)


def _total(body: Expr, *ranges: Range) -> Expr:
    return sp.Sum(body, *((r.symbol, r.lower, r.upper) for r in reversed(ranges)))


def _slope(z: Expr, name: str) -> Expr:
    return derivative_of(TABLE[name](z))


def _product() -> Part:
    """δ_l = W_{l+1}ᵀ δ_{l+1} ⊙ σ'(z_l), then δ_{l+1} by δ_{l+2}."""
    network = mlp()
    s = gradient(network)
    delta, w, z = s["∂C/∂z"].atom, s["w"].atom, s["z"].atom
    one = w[l + 1, k, j] * delta[l + 1, k] * _slope(z[l, j], "sigma")
    inner = _total(w[l + 2, q, k] * delta[l + 2, q], _units(s, q, l + 2))
    two = w[l + 1, k, j] * _slope(z[l + 1, k], "sigma") * inner * _slope(z[l, j], "sigma")
    above, here = _units(s, k, l + 1), _units(s, j, l)
    text = {
        "en": "## One factor for each layer\n\nWith $\\delta = \\partial C / \\partial z$, "
        "the error of a layer is that of the next times weights times $\\sigma'$. "
        "With that of the next inserted, there are two such factors, and so on up to the last:",
        "zh": "## 每层一个因子\n\n记 $\\delta = \\partial C / \\partial z$，"
        "一层的误差等于上一层的误差乘以权重，再乘以 $\\sigma'$。"
        "继续代入便有两个这样的因子，如此直到最后一层：",
    }
    claims = (
        Claim(delta[l, j], _total(one, above), (_layers(s, 1), here)),
        Claim(delta[l, j], _total(two, above), (_layers(s, 2), here)),
    )
    return Part(text, network, claims)


def _norms() -> Part:
    """‖W‖² ‖δ‖² − ‖Wᵀ δ‖² is a sum of squares: Lagrange's identity."""
    network = mlp()
    s = gradient(network)
    delta, w = s["∂C/∂z"].atom, s["w"].atom
    here, above, other = _units(s, j, l), _units(s, k, l + 1), _units(s, q, l + 1)
    weights = _total(w[l + 1, k, j] ** 2, here, above)
    errors = _total(delta[l + 1, k] ** 2, above)
    product = _total(_total(w[l + 1, k, j] * delta[l + 1, k], above) ** 2, here)
    minor = w[l + 1, k, j] * delta[l + 1, q] - w[l + 1, q, j] * delta[l + 1, k]
    text = {
        "en": "## The weights\n\nThe right side is a sum of squares, so "
        "$\\lVert W^T \\delta \\rVert \\le \\lVert W \\rVert_F \\lVert \\delta \\rVert$:",
        "zh": "## 权重\n\n右边是平方和，因此 "
        "$\\lVert W^T \\delta \\rVert \\le \\lVert W \\rVert_F \\lVert \\delta \\rVert$：",
    }
    right = _total(minor**2, here, above, other) / 2
    return Part(text, network, (Claim(weights * errors - product, right, (_layers(s, 1),)),))


def _sigmoid() -> Part:
    """0 < σ' ≤ 1/4, with equality at z = 0."""
    network = mlp(None, "sigmoid")
    s = gradient(network)
    z, a = s["z"][l, j], s["a"][l, j]
    slope, domain = _slope(z, "sigmoid"), (_layers(s, 0), _units(s, j, l))
    text = {
        "en": "## Sigmoid\n\n$\\sigma'$ is a square, and so is $\\frac{1}{4} - \\sigma'$: "
        "$0 < \\sigma' \\le \\frac{1}{4}$, with equality where $e^z = 1$, at $z = 0$. "
        "So $\\lVert \\delta^{(l)} \\rVert \\le \\left(\\frac{1}{4}\\right)^{L - l} "
        "\\lVert W^{(l + 1)} \\rVert_F \\cdots \\lVert W^{(L)} \\rVert_F "
        "\\lVert \\delta^{(L)} \\rVert$.",
        "zh": "## sigmoid\n\n$\\sigma'$ 是平方，$\\frac{1}{4} - \\sigma'$ 也是平方："
        "$0 < \\sigma' \\le \\frac{1}{4}$，在 $z = 0$（此时 $\\sigma = \\frac{1}{2}$）处取等号。"
        "因此 $\\lVert \\delta^{(l)} \\rVert \\le \\left(\\frac{1}{4}\\right)^{L - l} "
        "\\lVert W^{(l + 1)} \\rVert_F \\cdots \\lVert W^{(L)} \\rVert_F "
        "\\lVert \\delta^{(L)} \\rVert$。",
    }
    claims = (
        Claim(slope, 1 / (EXP(z / 2) + EXP(-z / 2)) ** 2, domain),
        Claim(Rational(1, 4) - slope, (a - Rational(1, 2)) ** 2, domain),
        Claim(a - Rational(1, 2), (EXP(z) - 1) / (2 * (EXP(z) + 1)), domain),
    )
    return Part(text, network, claims)


def _tanh() -> Part:
    """0 < tanh' ≤ 1, with equality at z = 0."""
    network = mlp(None, "tanh")
    s = gradient(network)
    z, a = s["z"][l, j], s["a"][l, j]
    slope, domain = _slope(z, "tanh"), (_layers(s, 0), _units(s, j, l))
    text = {
        "en": "## tanh\n\nBoth are squares again: $0 < \\tanh' \\le 1$, with equality at $z = 0$. "
        "The bound is the product of the norms of the weights alone.",
        "zh": "## tanh\n\n两者同样都是平方：$0 < \\tanh' \\le 1$，在 $z = 0$ 处取等号。"
        "上界只剩各层权重范数之积。",
    }
    claims = (
        Claim(slope, (2 / (EXP(z) + EXP(-z))) ** 2, domain),
        Claim(1 - slope, a**2, domain),
        Claim(a, (EXP(z) - EXP(-z)) / (EXP(z) + EXP(-z)), domain),
    )
    return Part(text, network, claims)


def _ratio(activation: str, g: float, depth: int) -> float:
    """‖δ_1‖ / ‖δ_L‖ with random weights."""
    random = np.random.default_rng(0)
    shape = (WIDTH, WIDTH)
    values = {
        "w": [g * random.standard_normal(shape) / np.sqrt(WIDTH) for _ in range(depth)],
        "b": [np.zeros(WIDTH)] * depth,
        "x": random.standard_normal(WIDTH),
        "y": random.standard_normal(WIDTH),
    }
    network = mlp((WIDTH,) * (depth + 1), activation)
    found = Evaluation(gradient(network), values)["∂C/∂z"]
    return float(np.linalg.norm(found[1]) / np.linalg.norm(found[depth]))


def _table(language: str) -> str:
    """How small or large δ_1 is beside δ_L, for several depths."""
    text = {
        "en": "## In numbers\n\n$\\lVert \\delta^{(1)} \\rVert / \\lVert \\delta^{(L)} \\rVert$ "
        f"of networks with {WIDTH} units in each layer, biases 0, and random normal weights of "
        "variance $g^2 / n$, one draw for each:",
        "zh": f"## 数值\n\n每层 {WIDTH} 个单元，偏置为 0，权重取方差为 $g^2 / n$ 的正态随机数，"
        "各抽取一次，$\\lVert \\delta^{(1)} \\rVert / \\lVert \\delta^{(L)} \\rVert$ 如下：",
    }[language]
    head = ["$L$", *(f"{name}, $g = {g:g}$" for name, g in COLUMNS)]
    rows = [[str(d), *(_power(_ratio(name, g, d)) for name, g in COLUMNS)] for d in DEPTHS]
    lines = [head, ["---"] * len(head), *rows]
    return text + "\n\n" + "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _power(x: float) -> str:
    """6e-07 as a number times a power of ten."""
    digit, exponent = f"{x:.0e}".split("e")
    return rf"${digit} \cdot 10^{{{int(exponent)}}}$"


def theorem() -> Theorem:
    """The product, its bound, sup σ' = 1/4 and sup tanh' = 1, and numbers."""
    return Theorem(
        "depth",
        {
            "en": "The product that makes gradients vanish or explode with depth",
            "zh": "使梯度随层数消失或爆炸的乘积",
        },
        {
            "en": "From layer to layer the error is multiplied by weights and by $\\sigma'$. "
            "With sigmoid each layer costs a factor of at most "
            "$\\frac{1}{4} \\lVert W \\rVert_F$, with tanh of at most $\\lVert W \\rVert_F$.",
            "zh": "误差每传回一层，就要乘以权重与 $\\sigma'$。用 sigmoid 时，每层的因子至多为 "
            "$\\frac{1}{4} \\lVert W \\rVert_F$；用 tanh 时至多为 $\\lVert W \\rVert_F$。",
        },
        (_product(), _norms(), _sigmoid(), _tanh()),
        notation="bold",
        table=_table,
    )
