"""Dual numbers: forward mode by the product rule and the functions' values alone."""

import numpy as np
import pytest
import sympy as sp

from symbp.functions import TABLE
from symbp.numbers.domains import Floats, Objects
from symbp.numbers.dual import Dual, DualArray
from symbp.numbers.evaluator import Evaluation
from symbp.numbers.field import Field
from symbp.system import Equation, Role, System
from tests.small_systems import C, family, size, slot

t = sp.Symbol("t", real=True)
EXACT = Objects(sp.sympify, {"exp": sp.exp, "log": sp.log, "erf": sp.erf, "sign": sp.sign,
                             "step": sp.Heaviside})  # fmt: skip


def dual_of(e, domain):
    """d/dt of an expression of SymPy in t at 3/7, pushed through a dual domain."""
    at = DualArray(domain.inner.array(sp.Rational(3, 7)), domain.inner.array(1))

    def push(node):
        if node == t:
            return at
        if node.is_number:
            return domain.number(node)
        if node.is_Pow:
            return domain.power(push(node.base), node.exp)
        if node.is_Add or node.is_Mul:
            first, *rest = map(push, node.args)
            for other in rest:
                first = (domain.add if node.is_Add else domain.multiply)(first, other)
            return first
        return domain.elementary(type(node).__name__, push(node.args[0]))

    return push(e)


@pytest.mark.parametrize(
    "e",
    [t**5 - 3 * t, 1 / (1 + t), (1 + t) ** sp.Rational(-3, 2), sp.exp(-(t**2)), sp.log(1 + t**2),
     t * sp.exp(t) / (1 + sp.exp(t)), sp.erf(2 * t), sp.sqrt(2) * t * (1 - t) ** 4],
)  # fmt: skip
def test_the_tangent_is_the_derivative(e):
    found = dual_of(e, Dual(EXACT))
    assert sp.simplify(found.tangent[()] - sp.diff(e, t).subs(t, sp.Rational(3, 7))) == 0
    assert sp.simplify(found.value[()] - e.subs(t, sp.Rational(3, 7))) == 0


def test_step_and_sign_have_no_tangent():
    for name in ("step", "sign"):
        x = DualArray(np.array([-1.0, 2.0]), np.ones(2))
        assert Dual(Floats()).elementary(name, x).tangent is None


def test_an_unspecified_function_pushes_by_its_next_prime():
    field = Field(3)
    x, v = field.random((2,), "x"), field.random((2,), "v")
    tangent = Dual(field).apply(TABLE["f"], 0, DualArray(x, v), ()).tangent
    expected = field.multiply(field.apply(TABLE["f"], 1, x, ()), v)
    assert (tangent.top == expected.top).all()


def test_numbers_without_tangent_stay_without():
    dual = Dual(Floats())
    a, b = DualArray(np.ones(2)), DualArray(np.ones(2))
    assert dual.multiply(a, b).tangent is None
    assert dual.contract([(a, ("j",)), (b, ("j",))], ()).tangent is None
    assert dual.stack([a, b]).tangent is None


def test_one_tangent_in_a_stack_makes_the_others_zero():
    dual = Dual(Floats())
    both = dual.stack([DualArray(np.ones(2)), DualArray(np.ones(2), np.full(2, 3.0))])
    np.testing.assert_array_equal(both.tangent, [[0, 0], [3, 3]])


def test_take_and_arrange_move_both_parts():
    dual = Dual(Floats())
    x = DualArray(np.arange(6.0).reshape(2, 3), np.arange(6.0).reshape(2, 3) * 2)
    taken = dual.take(x, (np.array([1, 0]), np.array([2, 2])))
    assert (taken.tangent == 2 * taken.value).all()
    moved = dual.arrange(x, ("j", "k"), ("k", "j"))
    assert moved.shape == moved.tangent.shape == (3, 2)


def test_a_tangent_that_is_repeated_along_an_axis_counts_for_every_entry():
    dual = Dual(Floats())
    scalar = dual.arrange(DualArray(np.array(2.0), np.array(1.0)), (), ("j",))
    total = dual.add(scalar, DualArray(np.arange(3.0)))
    assert total.tangent.shape == (3,)
    assert dual.contract([(total, ("j",))], ()).tangent == 3


class WrongProduct(Dual):
    """(xy)˙ = ẋẏ."""

    def multiply(self, a, b):
        both = a.tangent is not None and b.tangent is not None
        tangent = self.inner.multiply(a.tangent, b.tangent) if both else None
        return DualArray(self.inner.multiply(a.value, b.value), tangent)


def test_a_wrong_product_rule_is_seen():
    e = t * sp.exp(t)
    wrong, right = dual_of(e, WrongProduct(EXACT)), sp.diff(e, t).subs(t, sp.Rational(3, 7))
    assert sp.simplify(wrong.tangent[()] - right) != 0


def test_a_system_is_evaluated_with_its_tangent():
    j, n = sp.Symbol("j", integer=True), sp.Symbol("N", integer=True)
    x = family("x", slot(j, n), role=Role.PARAMETER)
    loss = Equation("C", (), sp.Sum(x[j] ** 3, (j, 1, n)))
    system = System((size("N"), C, x), (loss,), "C", {"N": 3})
    given = {"x": DualArray(np.array([1.0, 2.0, 3.0]), np.array([1.0, 0.0, -1.0]))}
    assert float(Evaluation(system, given, Dual(Floats()))["C"].tangent) == 3 - 27
