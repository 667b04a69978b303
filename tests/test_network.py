"""The views of a network, as a person calls them in a notebook."""

import numpy as np
import pytest
import sympy as sp

import symbp
from symbp.errors import UnknownNameError
from tests.latex_engines import Formula, check_latex

NET = symbp.mlp((2, 3, 1), "sigmoid")


def test_a_network_shows_itself_as_formulas():
    shown = NET._repr_latex_()
    assert shown.startswith("$$\n\\begin{aligned}")
    formulas = [Formula("network", shown.strip("$\n"), True)]
    for notation in symbp.NOTATIONS:
        formulas.append(Formula(notation, NET.gradient().latex(notation), True))
    assert check_latex(formulas) == []


def test_a_gradient_is_a_network_again():
    twice = NET.gradient()
    assert {e.family for e in twice.system.equations} >= {"∂C/∂w", "∂C/∂b", "z", "C"}
    assert (
        r"\frac{\partial J}{\partial w_{jk}^{l}} &= \delta_{j}^{l} a_{k}^{l - 1}" in twice.latex()
    )


def test_one_component_is_a_sympy_expression():
    found = NET.component("w^3_{11}")
    assert isinstance(found, sp.Expr)
    assert str(found) == "(a[2, 1] - y[1])*sigmoid'(z[2, 1])*a[1, 1]"
    with pytest.raises(UnknownNameError):
        NET.component("w^1_{11}")


def test_the_post_and_the_weight_are_markdown():
    assert NET.post("ng", "zh").startswith("# 全连接网络的反向传播推导\n")
    assert "## One parameter: $w_{11}^{2}$" in NET.weight("w^2_{11}")


def test_the_code_computes_the_gradient():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=2), rng.normal(size=1)
    w = [rng.normal(size=(3, 2)), rng.normal(size=(1, 3))]
    b = [rng.normal(size=3), rng.normal(size=1)]
    cost, dw, _ = NET.compile()(x, y, w, b)
    moved = [w[0].copy(), w[1]]
    moved[0][1, 0] += 1e-6
    again, _, _ = NET.compile()(x, y, moved, b)
    assert (again - cost) / 1e-6 == pytest.approx(dw[0][1, 0], rel=1e-4)
    assert "import numpy as np" in NET.numpy()


def test_verify_is_green_and_red():
    assert NET.verify(witnesses=["exact"]).ok
    wrong = symbp.mlp((2, 3, 1), "tanh").gradient().system
    assert not NET.verify(candidate=wrong, witnesses=["exact"]).ok
