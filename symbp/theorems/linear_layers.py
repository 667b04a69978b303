"""Without activations a deep network is one linear map: a_L = (W_L ... W_1) x + c."""

from __future__ import annotations

import sympy as sp
from sympy import Integer, symbols

from symbp.adjoint import gradient
from symbp.system import Range, System
from symbp.system.model import Model
from symbp.theorems.theorem import Claim, Part, Theorem

j, k, p, l = symbols("j k p l", integer=True)
DEPTHS = (2, 3, 4)


def _step() -> Part:
    """a_{l−1} = M x + c, so a_l = W a_{l−1} + b = (W M) x + (W c + b)."""
    m = Model()
    d, n, r = m.sizes("d", "n", "r")
    m.units("p", d), m.units("k", n), m.units("j", r)
    x, y = m.input("x", p), m.target("y", j)
    M, c = m.parameter("M", k, p), m.parameter("c", k)
    W, b = m.parameter("W", j, k), m.parameter("b", j)
    u, a = m.values("u", "a")
    m.let(u[k], m.sum(M[k, p] * x[p], p) + c[k])
    m.let(a[j], m.sum(W[j, k] * u[k], k) + b[j])
    network = m.system(m.sum((a[j] - y[j]) ** 2, j) / 2)
    product = m.sum(m.sum(W[j, k] * M[k, p], k) * x[p], p)
    right = product + m.sum(W[j, k] * c[k], k) + b[j]
    text = {
        "en": "## The step from one layer to the next\n\nLet the layer below be linear in the "
        "input, $u = M x + c$. Then the layer above, $a = W u + b$, is linear in it too, with "
        "$M' = W M$ and $c' = W c + b$:",
        "zh": "## 由一层到下一层\n\n设下面一层是输入的线性映射 $u = M x + c$，"
        "则上面一层 $a = W u + b$ 也是，且 $M' = W M$，$c' = W c + b$：",
    }
    claim = Claim(gradient(network)["a"][j], right, (Range(j, sp.S.One, r),))
    return Part(text, network, (claim,), forward=True)


def _network(depth: int) -> System:
    """a_l = W_l a_{l−1} + b_l, and beside it M_l = W_l M_{l−1}, c_l = W_l c_{l−1} + b_l."""
    m = Model()
    (n,) = m.sizes("n", minimum=2)
    m.layers("l", depth), m.units("j k p", n)
    x, y = m.input("x", p), m.target("y", j)
    W, b = m.parameter("W", l, j, k), m.parameter("b", l, j)
    M, c, a = m.values("M", "c", "a")
    m.let(a[0, j], x[j])
    m.let(a[l, j], m.sum(W[l, j, k] * a[l - 1, k], k) + b[l, j])
    m.let(M[0, j, p], sp.KroneckerDelta(j, p))
    m.let(M[l, j, p], m.sum(W[l, j, k] * M[l - 1, k, p], k))
    m.let(c[0, j], 0)
    m.let(c[l, j], m.sum(W[l, j, k] * c[l - 1, k], k) + b[l, j])
    return m.system(m.sum((a[Integer(depth), j] - y[j]) ** 2, j) / 2)


def _deep(depth: int) -> Part:
    network = _network(depth)
    s = gradient(network)
    a, M, x, c = (s[name].atom for name in ("a", "M", "x", "c"))
    n = s["n"].atom
    layers, units = Range(l, sp.S.One, Integer(depth)), Range(j, sp.S.One, n)
    right = sp.Sum(M[l, j, p] * x[p], (p, 1, n)) + c[l, j]
    text = {
        "en": f"## {depth} layers\n\nAll of $n$ units. The step, taken {depth} times from "
        "$M^{(0)} = I$ and $c^{(0)} = 0$, gives every layer:",
        "zh": f"## {depth} 层\n\n各层均有 $n$ 个单元。从 $M^{{(0)}} = I$、$c^{{(0)}} = 0$ 出发，"
        f"用上述步骤 {depth} 次，得到每一层：",
    }
    return Part(text, network, (Claim(a[l, j], right, (layers, units)),), depth == DEPTHS[0])


def theorem() -> Theorem:
    """Induction: the step, and the whole at several depths."""
    return Theorem(
        "linear-layers",
        {
            "en": "Without activations a deep network is one linear map",
            "zh": "没有激活函数，多层网络等价于一个线性映射",
        },
        {
            "en": "Depth adds nothing without a nonlinear function between the layers: "
            "$a^{(L)} = (W^{(L)} \\cdots W^{(1)}) x + c$, by induction over the layers.",
            "zh": "层与层之间若没有非线性函数，增加层数毫无作用："
            "$a^{(L)} = (W^{(L)} \\cdots W^{(1)}) x + c$，对层数归纳即得。",
        },
        (_step(), *(_deep(depth) for depth in DEPTHS)),
    )
