"""Plain algebra: what is read, what is proved and refuted, and what has no one meaning."""

from fractions import Fraction

import pytest
import sympy as sp

from symbp import check
from symbp.judge.algebra import algebra_verdict
from symbp.judge.verdict import Status
from symbp.reading.algebra import NotPlainError, plain_algebra
from symbp.reading.grammar.lexer import tokens

RIGHT = [
    r"\frac{d}{dx} x^3 = 3 x^2",
    r"\frac{d}{dx} x^{23} = 23 x^{22}",
    r"\frac{d^2}{dx^2} x^3 = 6 x",
    r"\frac{d x^2}{dx} = 2 x",
    r"\frac{d}{dx} \frac{1}{x} = -x^{-2}",
    r"\frac{d}{dx} \sqrt[3]{x} = \frac{1}{3} x^{-2/3}",
    r"\frac{d}{dx} x^n = n x^{n-1}",
    r"\frac{d}{dx} a^x = a^x \ln a",
    r"\frac{d}{dx} \log_2 x = \frac{1}{x \ln 2}",
    r"\frac{d}{dx} \log x = \frac{1}{x}",
    r"\frac{d}{dx} \sin x = \cos x",
    r"\frac{d}{dx} \sin^2 x = \sin 2x",
    r"\frac{d}{dx} \sin(2x) = 4 \cos^2 x - 2",
    r"\frac{d}{dx} \arctan x = \frac{1}{1 + x^2}",
    r"\frac{d}{dx} \arcsin(x) = \frac{1}{\sqrt{1 - x^2}}",
    r"\frac{d}{dx} \tanh x = \operatorname{sech}^2(x)",
    r"\frac{d}{dx} |x| = x/|x|",
    r"\frac{\mathrm{d}}{\mathrm{d}x} e^{-x^2/2} = -x e^{-x^2/2}",
    r"\frac{d}{dx} \ln(1 + e^x) = \frac{1}{1 + e^{-x}}",
    r"\frac{\partial}{\partial x} \frac{x}{y} = \frac{1}{y}",
    r"\frac{d}{dx} 0.1 x^3 = 0.3 x^2",
    r"\frac{\partial}{\partial \gamma}(\gamma y + \beta) = y",
    r"\frac{d}{dx} x(1 - x) = 1 - 2x",
    r"\frac{d}{dx} \begin{bmatrix} x \\ x^2 \end{bmatrix} = \begin{bmatrix} 1 \\ 2x \end{bmatrix}",
]
WRONG = [
    r"\frac{d}{dx} (x + 0.00000000000000000001 x) = 1",
    r"\frac{d}{dx} x^3 = 3 x",
    r"\frac{d}{dx} x^{23} = 6 x",
    r"\frac{d}{dx} \cos x = \sin x",
    r"\frac{d}{dx} \tanh x = 1 + \tanh^2 x",
    r"\frac{d}{dx} e^{-x} = e^{-x}",
    r"\frac{d}{dx} \sqrt{x} = \frac{1}{\sqrt{x}}",
    r"\frac{d}{dx} \log_2 x = \frac{1}{x}",
    r"\frac{d}{dx} x^n = n x^n",
    r"\frac{\partial}{\partial x} \frac{x}{y} = -\frac{x}{y^2}",
    r"\frac{d}{dx} \begin{bmatrix} x \\ x^2 \end{bmatrix} = \begin{bmatrix} 1 \\ x \end{bmatrix}",
]
#: What has more than one meaning, or none, without a network.
OPEN = {
    r"x^\top x": "transpose",
    r"\sigma'(x)": "means nothing",
    r"x_i y": "mark _",
    r"1/2x": "above or below",
    r"f(x) x": "may be a function",
    r"a(x) + a": "may be a function",
    r"a(x + 1)": "may be a function",
    r"A x": "may be a matrix",
    r"\frac{dy}{dx}": "does not show",
    r"\frac{d}{dx}(x^2 + 1) y": "further factors",
    r"\frac{\partial^2}{\partial x \partial y} x y": "order is not clear",
    r"\sin x y": "argument",
    r"\frac{d}{dx} x": "what is differentiated",
    r"\sum_i x": "means nothing",
    r"\operatorname{foo}(x)": "means nothing",
    r"e x": "Euler",
    r"(x + 1": "never closed",
    r"x + ": "nothing",
    r"x \cdot": "nothing beside",
}


@pytest.mark.parametrize("latex", RIGHT)
def test_right_ones_are_proved(latex):
    (finding,) = check(f"${latex}$").findings
    assert finding.verdict.status is Status.PROVED, finding.verdict
    assert finding.verdict.scope == "as an identity of real numbers"


@pytest.mark.parametrize("latex", WRONG)
def test_wrong_ones_are_refuted_at_a_point_that_can_be_plugged_in(latex):
    (finding,) = check(f"${latex}$").findings
    found = finding.verdict.counterexample
    assert finding.verdict.status is Status.REFUTED
    assert found is not None
    assert Fraction(found.left) != Fraction(found.right)
    (repaired,) = check(f"${latex.split('=')[0]} = {finding.verdict.repair}$").findings
    assert repaired.verdict.status is Status.PROVED


@pytest.mark.parametrize(("latex", "reason"), OPEN.items())
def test_what_is_open_is_not_read(latex, reason):
    with pytest.raises(NotPlainError, match=reason):
        plain_algebra([tokens(latex)])


def test_letters_keep_their_names():
    (found,) = plain_algebra([tokens(r"s n \gamma i \theta")])
    assert {str(s) for s in found.free_symbols} == {"s", "n", "gamma", "i", "theta"}


def test_the_logarithm_to_the_base_ten_is_another_reading():
    (finding,) = check(r"$\frac{d}{dx} \log x = \frac{1}{x \ln 10}$").findings
    assert finding.verdict.status is Status.UNDECIDED
    assert "base 10" in finding.verdict.reason


@pytest.mark.parametrize(
    "text",
    [
        r"Let $y = x^2$. Then $\frac{\partial}{\partial x} (x y) = y$.",
        r"$\frac{\partial}{\partial \mathbf{x}} (\mathbf{a} \mathbf{x} + x) = \mathbf{a}$",
    ],
)
def test_letters_that_may_be_more_than_free_numbers_are_left_alone(text):
    assert not [f for f in check(text).findings if f.verdict.status is Status.PROVED]


def test_sides_of_other_shapes_are_undecided():
    column = sp.Matrix([1, 2])
    assert algebra_verdict(column, column.T, "").status is Status.UNDECIDED


def test_what_is_beyond_the_laws_is_undecided():
    x = sp.Symbol("x", real=True)
    same = sp.atan(x) + sp.atan(1 / x) - sp.sign(x) * sp.pi / 2
    assert algebra_verdict(same, sp.Integer(0), "").status is Status.UNDECIDED
