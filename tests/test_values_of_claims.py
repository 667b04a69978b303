"""The parts of the judge: derivatives at a point, where a claim exists, what holds at a point."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from sympy import Integer, Symbol

from symbp.errors import ReadingError
from symbp.judge.claims import Judge
from symbp.judge.compare import Mismatch, Sides, alive, idle, laid_over, points, vanishing
from symbp.judge.counterexample import rational_point
from symbp.judge.points import Points
from symbp.judge.updates import gradient_claim
from symbp.judge.values import Values
from symbp.judge.within import bounds, but_last, inside
from symbp.numbers.domains import Floats
from symbp.numbers.indexing import Scope as At
from symbp.reading.grammar.lexer import tokens
from symbp.reading.grammar.marks import Mark, marks
from symbp.reading.grammar.statements import statements
from symbp.reading.grammar.syntax import Name, form
from symbp.reading.typed import Total
from symbp.system import Kind, Role
from symbp.system.equation import index_base
from tests.claims_by_hand import MLP, RECURRENT, judges, only
from tests.syntax_sketch import sketch

l, j, k = (Symbol(f"#{x}", integer=True) for x in "ljk")
SIGMOID = {"functions": r"\sigma sigmoid"}


def judge(text: str, **entries: str) -> Judge:
    (found,) = judges(text, **entries)
    return found


def sides(each: Judge, latex: str) -> tuple[Any, Sides]:
    """Both sides of a claim, and the scope in which they were read."""
    scope, (a, b) = each.typed([each.parse(m) for m in only(latex).members])
    found = laid_over(scope, a, b)
    assert not isinstance(found, Mismatch), found.reason
    return scope, found


# -- derivatives ----------------------------------------------------------------------------------


def floats(each: Judge) -> tuple[Values, dict[str, Any]]:
    """A point in floats, and what was given there."""
    given = rational_point(each.system, 0)
    numbers = {
        name: [np.array(b, dtype=float) for b in value]
        if isinstance(value, list)
        else np.array(value, dtype=float)
        for name, value in given.items()
    }
    return Values(each.system, numbers, Floats()), numbers


def test_a_derivative_is_the_difference_quotient():
    each = judge(MLP, **SIGMOID)
    w, cost = index_base("W"), Symbol("C", real=True)
    values, given = floats(each)
    at = At({}, {j: (1, 4), k: (1, 3)})
    found = np.asarray(values.tensor(Total(cost, w[1, j, k]), at).buffer)
    step = 1e-6
    for place in ((0, 0), (2, 1), (3, 2)):
        ends = []
        for sign in (1, -1):
            moved = {
                n: [np.array(b) for b in v] if isinstance(v, list) else v for n, v in given.items()
            }
            moved["W"][0][place] += sign * step
            ends.append(float(Values(each.system, moved, Floats()).tensor(cost, At({}, {})).buffer))
        assert found[place] == pytest.approx((ends[0] - ends[1]) / (2 * step), abs=1e-8)


def test_a_direct_derivative_counts_one_equation_only():
    """∂z²/∂W¹ is something, directly it is nothing; ∂z¹/∂W¹ is the same both ways."""
    each = judge(MLP, **SIGMOID)
    values, _ = floats(each)
    z, w = index_base("z"), index_base("W")
    at = At({}, {j: (1, 4), k: (1, 3)})
    through = values.tensor(Total(z[2, 1], w[1, j, k]), at).buffer
    direct = values.tensor(Total(z[2, 1], w[1, j, k], Integer(1)), at).buffer
    assert np.any(through != 0)
    assert not np.any(direct)
    own = [values.tensor(Total(z[1, 2], w[1, j, k], Integer(n)), at).buffer for n in (0, 1)]
    assert np.allclose(*own)


def test_the_exact_point_agrees_with_itself_only():
    each = judge(MLP, **SIGMOID)
    right = r"\frac{\partial C}{\partial a^L} = a^L - y"
    where: list[dict[Symbol, int]] = [{}]
    for latex, expected in ((right, True), (right.replace("- y", "+ y"), False)):
        _, found = sides(each, latex)
        assert each._holds(each.points, found, where) is expected


def test_small_fractions_are_exact_and_targets_of_one_are_not_negative():
    each = judge(MLP, **SIGMOID)
    found = rational_point(each.system, 0)
    assert all(isinstance(x, Fraction) for x in np.ravel(found["x"]))
    assert all(x > 0 for x in np.ravel(found["y"]))
    assert (
        repr(found) == repr(rational_point(each.system, 0)) != repr(rational_point(each.system, 1))
    )


def test_targets_may_add_up_to_one():
    each = judge(MLP, **SIGMOID)
    (target,) = each.system.with_role(Role.TARGET)
    y = index_base(target.name)
    n = Integer(each.system.size_values()[index_base("n")[each.system.sizes["L"]]])
    for unit_totals in (False, True):
        values = Points(each.system, unit_totals=unit_totals).at(None)
        total = sum((y[i] for i in range(1, int(n) + 1)), start=Integer(-1))
        residues = values.tensor(total, At({}, {})).buffer.top
        assert (not np.any(residues)) is unit_totals


# -- where a claim exists -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "latex, layers",
    [
        (r"\frac{\partial C}{\partial z^l} = z^l", [1, 2, 3]),
        (r"\frac{\partial C}{\partial a^l} = a^l", [0, 1, 2, 3]),
        (r"\frac{\partial C}{\partial z^l} = (W^{l+1})^T z^{l+1}", [1, 2]),
        (r"\frac{\partial C}{\partial z^{l-1}} = (W^l)^T z^l", [2, 3]),
        (r"\frac{\partial C}{\partial z^l} = \|W^{l+2}\|^2 z^l", [1]),
    ],
)
def test_a_claim_is_tried_where_all_that_it_names_exists(latex, layers):
    each = judge(MLP, **SIGMOID)
    _, found = sides(each, latex)
    indexing = each.points.at(None).primal.indexing
    assert [at[l] for at in points(found, each.system, indexing)] == layers


def conditions(text: str) -> Sequence[Any]:
    (found,) = (s for s in statements(tokens(f"x = y, {text}")) if s.relations)
    return found.condition


@pytest.mark.parametrize(
    "text, layers",
    [
        ("l < L", [1, 2]),
        (r"l \le L - 1", [1, 2]),
        (r"2 \le l \le L", [2, 3]),
        (r"l \neq L", [1, 2]),
        ("l > 1", [2, 3]),
        (r"L \ge l", [1, 2, 3]),
        ("l = L - 1", [1, 2]),
        ("l = 2", [2, 3]),
        (r"j \neq k", [1, 2, 3]),
        ("l < q", [1, 2, 3]),
    ],
)
def test_the_layers_that_a_condition_leaves(text, layers):
    each = judge(MLP, **SIGMOID)
    scope, _ = sides(each, r"\frac{\partial C}{\partial z^l} = z^l")
    found = bounds(conditions(text), scope, each.lexicon)
    indexing = each.points.at(None).primal.indexing
    assert [n for n in (1, 2, 3) if inside(found, {l: n}, indexing)] == layers


def test_the_points_without_the_last_layer():
    where = [{l: 1}, {l: 2}, {l: 3}]
    assert but_last([(l, Kind.LAYER)], where) == where[:2]
    assert but_last([(l, Kind.TIME)], where) == []


def test_a_derivative_that_vanishes_is_found():
    """No equation says what z is, so that the cost depends on the last layer only."""
    each = judge("a^l = \\sigma(z^l)\nC = \\frac{1}{2} \\|a^L - y\\|^2", **SIGMOID)
    _, found = sides(each, r"\frac{\partial C}{\partial z^l} = 2 \frac{\partial C}{\partial z^l}")

    def seen(look, *layers):
        return each.points.found(lambda at: look(found, at, [{l: n} for n in layers]))

    assert seen(vanishing, 1) is not None
    assert seen(vanishing, 3) is None
    assert seen(alive, 1, 2, 3) == [{l: 3}]
    assert seen(idle, 1, 2) is not None
    assert seen(idle, 1, 3) is None


# -- laying sides over each other -----------------------------------------------------------------


@pytest.mark.parametrize(
    "latex, reason",
    [
        (r"\frac{\partial C}{\partial W^l} = W^{l+1}", "the left is n_l × n_{l-1}"),
        (r"\frac{\partial C}{\partial z^l} = C", "the left is n_l × 1, the right a number"),
        (r"\frac{\partial C}{\partial W^l} = z^l", "the right n_l × 1"),
    ],
)
def test_shapes_that_differ(latex, reason):
    each = judge(MLP, **SIGMOID)
    scope, (a, b) = each.typed([each.parse(m) for m in only(latex).members])
    found = laid_over(scope, a, b)
    assert isinstance(found, Mismatch)
    assert reason in found.reason


def test_a_transposed_shape_is_told():
    each = judge(MLP, **SIGMOID)
    latex = r"\frac{\partial C}{\partial W^l} = (W^l)^T"
    scope, (a, b) = each.typed([each.parse(m) for m in only(latex).members])
    found = laid_over(scope, a, b)
    assert isinstance(found, Mismatch)
    assert found.transposed


def test_a_row_and_a_column_are_noted():
    each = judge(MLP, **SIGMOID)
    _, found = sides(each, r"(z^l)^T = z^l")
    assert found.notes == ("the one side is a row, the other a column",)
    _, found = sides(each, r"\frac{\partial C}{\partial z^l} = (z^l)^T")
    assert found.notes == (), "a derivative may be laid out as either"


# -- updates and marks ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "latex, expected",
    [
        (r"W = W - \eta G", r"{\eta ∂C/∂W} | (+{\eta G})"),
        (r"W = W + \alpha G", r"{\alpha ∂C/∂W} | (-{\alpha G})"),
        ("W = W - G", "∂C/∂W | (+G)"),
        (r"W = -\eta G + W", r"{\eta ∂C/∂W} | (+{\eta G})"),
        (r"W = W - \eta G - \eta H", r"{\eta ∂C/∂W} | (+{\eta G} +{\eta H})"),
        ("W = W - 0.1 G", "{0.1 ∂C/∂W} | (+{0.1 G})"),
        (r"W = W - \frac{1}{2} G", "{1 ÷ 2 ∂C/∂W} | (+{1 ÷ 2 G})"),
        ("W = (1 - \\eta) W - \\eta G", r"{\eta ∂C/∂W} | (+W -{(+1 -\eta) W} +{\eta G})"),
        ("W = W - G - H", "∂C/∂W | (+G +H)"),
        ("W = V - G", ""),
        ("W = 2 W", ""),
        ("W = W", ""),
        ("W + V = W - G", ""),
    ],
)
def test_an_update_is_a_claim_about_a_gradient(latex, expected):
    each = judge("z = W x\nC = \\|z\\|^2")
    left, right = (each.parse(m) for m in only(latex).members)
    found = gradient_claim(left, right, each.lexicon)
    assert (" | ".join(sketch(x) for x in found) if found else "") == expected


@pytest.mark.parametrize(
    "latex, above",
    [
        ("a^{(l)}", ["(l"]),
        ("a^{[l](i)}", ["[l", "(i"]),
        ("a^{(i,l)}", ["(i", "(l"]),
        ("a^{l-1}", ["l-1"]),
        ("a^{i,l}", ["i", "l"]),
        ("W^{[l]T}", ["[l", "T transposed"]),
        (r"W^{l \top}", [r"l\top"]),
        ("a^{(l)}^{(i)}", ["(l", "(i"]),
        ("a^{{l}}", ["l"]),
        ("a^{<t>}", ["<t"]),
    ],
)
def test_the_marks_above_a_letter(latex, above):
    each = judge(RECURRENT, functions=r"\phi tanh")
    node = each.parse(tokens(latex))
    assert isinstance(node, Name)

    def shown(m: Mark) -> str:
        return m.bracket + m.text + " transposed" * m.is_transpose

    assert [shown(m) for m in marks(node.sup)] == above


def test_two_ways_of_bracing_have_one_form():
    each = judge(MLP, **SIGMOID)
    one, other = (each.parse(tokens(x)) for x in ("W^{l}_{jk}", "W_{jk}^{l}"))
    assert form(one) == form(other)
    assert form(one) != form(each.parse(tokens("W^{l}_{kj}")))


def test_a_member_that_cannot_be_read_raises_with_its_place():
    each = judge(MLP, **SIGMOID)
    with pytest.raises(ReadingError) as caught:
        each.typed([each.parse(tokens(r"a^l + q"))])
    assert caught.value.place == 6
