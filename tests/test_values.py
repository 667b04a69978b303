"""df/du by forward mode, for all pairs of small systems, against SymPy's derivative of the formula.

Other witnesses: the adjoint system, differences with many digits, one entry moved at a time.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest
import sympy as sp

from symbp.adjoint import adjoint_name, gradient
from symbp.errors import DefinitionError
from symbp.forms import component
from symbp.judge import values as judge_values
from symbp.judge.values import Values
from symbp.networks import mlp
from symbp.numbers import forward
from symbp.numbers.domains import Floats, multiprecision
from symbp.numbers.dual import Dual, DualArray
from symbp.numbers.evaluator import Evaluation
from symbp.numbers.field import Field
from symbp.numbers.forward import Held, Moved
from symbp.numbers.indexing import GROUND, Scope
from symbp.numbers.sampling import residues, sample
from symbp.reading.typed import Total
from symbp.system import Role
from tests.derivatives import (
    DOMAINS,
    HERE,
    SYSTEMS,
    close,
    derivative,
    disagreements,
    entries,
    families,
    given,
    some,
)
from tests.small_systems import EXAMPLES


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("name", SYSTEMS)
def test_all_pairs(name, domain):
    if (name, domain) == ("unspecified", "floats"):
        with pytest.raises(Exception, match="unspecified"):
            next(disagreements(name, DOMAINS[domain]))
        return
    assert list(disagreements(name, DOMAINS[domain])) == []


# -- other witnesses ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_loss_by_all_families_is_what_the_adjoint_system_says(name):
    example = EXAMPLES[name]()
    adjoint = gradient(example.system, [v.name for v in families(example.system) if moves(v)])
    field = Field(8, seed=3)
    inputs = residues(adjoint, field, example.data)
    values, other = Values(example.system, inputs, field), Evaluation(adjoint, inputs, field)
    count = 0
    for u in families(example.system):
        if adjoint_name(adjoint.loss, u.name) in adjoint.by_name:
            for j in entries(example.system, u):
                expected = other.at(adjoint[adjoint_name(adjoint.loss, u.name)][j], HERE).buffer
                found = derivative(values, adjoint.loss, (), u.name, j)
                assert int(found.top) == int(expected.top), (u.name, j)
                count += 1
    assert count


def moves(v):
    """Whether a derivative by a family has a meaning: not by data used as an index."""
    return v.role in (Role.PARAMETER, Role.INTERMEDIATE)


def test_rows_that_are_looked_up_by_data():
    example = EXAMPLES["gather"]()
    values = Values(example.system, sample(example.system, 0, example.data), Floats())
    e = values.primal["e"]
    count = {1: 1, 2: 1, 3: 2}  # how often a row stands in the data
    for row, j in entries(example.system, example.system["e"]):
        found = derivative(values, "C", (), "e", (row, j))
        assert float(found) == pytest.approx(3 * count[row] * e[row - 1, j - 1] ** 2)


def test_differences_with_many_digits():
    system = mlp((2, 3, 2), ["tanh", "softmax"], "cross-entropy", batch=2)
    inputs, precise = sample(system, 0), multiprecision(60)
    values = Values(system, inputs, precise)
    h = precise.array(sp.Rational(1, 10**20))
    for layer, j, k in entries(system, system["w"]):
        costs = []
        for sign in (1, -1):
            w = [precise.array(block) for block in inputs["w"]]
            w[layer - 1][j - 1, k - 1] += sign * h
            costs.append(Evaluation(system, {**inputs, "w": w}, precise)["C"])
        slope = (costs[0] - costs[1]) / (2 * h)
        found = derivative(values, "C", (), "w", (layer, j, k))
        assert abs(np.asarray(found - slope)[()]) < 1e-30


# -- how entries are asked for --------------------------------------------------------------------


def indexed(v, key, outer, letter, symbols):
    """A family's entry at a key with an axis for each other slot; the axes are added to symbols."""
    keys, index = iter(key), []
    for n in range(len(v.slots)):
        if n in outer:
            index.append(sp.Integer(next(keys)))
        else:
            symbols.append(sp.Symbol(f"{letter}{len(symbols)}", integer=True))
            index.append(symbols[-1])
    return v[tuple(index)]


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("name", ["layers", "recurrence in time", "causal sum", "batch statistic"])
def test_axes_hold_what_the_entries_do_one_by_one(name, domain):
    example, domain = SYSTEMS[name], DOMAINS[domain]()
    system = example.system
    values = Values(system, given(example, domain), domain)
    indexing = values.primal.indexing
    for f, u in product([v for v in families(system) if not v.role.given], families(system)):
        for a, b in product(some(indexing.keys(f)), some(indexing.keys(u))):
            rows: list[Any] = []
            columns: list[Any] = []
            left = indexed(f, a, indexing.outer(f), "p", rows)
            right = indexed(u, b, indexing.outer(u), "q", columns)
            spans = dict(zip([*rows, *columns], [*indexing.spans(f, a), *indexing.spans(u, b)],
                             strict=True))  # fmt: skip
            whole = values.tensor(Total(left, right), Scope({}, spans))
            for place in some(product(*(range(lo, hi + 1) for lo, hi in spans.values()))):
                point = dict(zip(spans, place, strict=True))
                single = values.tensor(Total(left, right), Scope(point)).buffer
                at = tuple(point[s] - spans[s][0] for s in whole.axes)
                assert close(domain.take(whole.buffer, at), single, domain)


def test_a_letter_that_both_sides_share():
    example, field = SYSTEMS["sigmoid, biases and a batch"], Field(8)
    values = Values(example.system, given(example, field), field)
    i, j = (sp.Symbol(n, integer=True) for n in "ij")
    a, z = example.system["a"], example.system["z"]
    together = values.tensor(Total(a[2, i, j], z[2, i, j]), Scope({}, {i: (1, 2), j: (1, 2)}))
    top = GROUND.arrange(together.buffer.top, together.axes, (i, j))
    for s, k in product((1, 2), (1, 2)):
        assert top[s - 1, k - 1] == int(derivative(values, "a", (2, s, k), "z", (2, s, k)).top)
    assert len({int(x) for x in top.ravel()}) == 4


def test_a_sum_of_derivatives():
    """Σ_k ∂C/∂a_k a_k, as a claim writes it."""
    example, field = SYSTEMS["unspecified"], Field(4)
    system = example.system
    values = Values(system, given(example, field), field)
    k = sp.Symbol("k", integer=True)
    total = sp.Sum(Total(system["C"].atom, system["a"][1, k]) * system["a"][1, k], (k, 1, 3))
    found = values.tensor(total, HERE).buffer
    a = values.primal["a"][1]
    expected = field.number(sp.S.Zero)
    for n in (1, 2, 3):
        slope = derivative(values, "C", (), "a", (1, n))
        expected = field.add(expected, field.multiply(slope, field.take(a, (n - 1,))))
    assert int(found.top) == int(expected.top) != 0


def test_the_same_text_at_another_layer_is_another_number():
    example, field = SYSTEMS["sigmoid, biases and a batch"], Field(8)
    system = example.system
    values = Values(system, given(example, field), field)
    l = sp.Symbol("l", integer=True)
    e = Total(system["C"].atom, system["b"][l, 1])
    first, second, again = (
        int(values.tensor(e, Scope({l: n})).buffer.top) for n in (1, 2, 1)
    )  # fmt: skip
    assert first == again != second


def test_an_entry_that_does_not_exist():
    example = SYSTEMS["softmax"]
    values = Values(example.system, sample(example.system), Floats())
    with pytest.raises(DefinitionError, match=r"z\[4\] does not exist"):
        derivative(values, "C", (), "z", (4,))


@pytest.mark.parametrize("domain", DOMAINS)
def test_blocks_with_more_entries_than_are_moved_at_once(monkeypatch, domain):
    for module in (forward, judge_values):
        monkeypatch.setattr(module, "DIRECTIONS", 2)
    name = "recurrence in time"
    assert list(disagreements(name, DOMAINS[domain])) == []
    test_axes_hold_what_the_entries_do_one_by_one(name, domain)


# -- through one equation alone -------------------------------------------------------------------


@pytest.mark.parametrize("name", SYSTEMS)
def test_direct_derivatives_are_those_of_the_equation_that_defines_f(name):
    assert list(wrong_direct(name)) == []


def wrong_direct(name):
    example, field = SYSTEMS[name], Field(4, seed=2)
    system = example.system
    values = Values(system, given(example, field), field)
    for f in (v for v in families(system) if not v.role.given):
        for i in some(entries(system, f)):
            rhs = component(system, f.name, i, "none")
            for u in families(system):
                for j in entries(system, u):
                    expected = values.tensor(sp.diff(rhs, u[j]), HERE).buffer
                    found = derivative(values, f.name, i, u.name, j, direct=1)
                    if not close(found, expected, field):
                        yield str(f[i]), str(u[j])


# -- only what depends on u is evaluated again ----------------------------------------------------


def test_what_does_not_depend_is_taken_from_the_point():
    example, field = SYSTEMS["unspecified"], Field(4)
    point = Evaluation(example.system, given(example, field), field)
    moved = Moved(point, ("z", (2,)))
    assert moved["C"].tangent is not None
    again = {name: {k for k in blocks if moved.moves((name, k))}
             for name, blocks in moved._store.items()}  # fmt: skip
    assert {name: found for name, found in again.items() if found} == {
        "z": {(2,)}, "a": {(2,)}, "C": {()},
    }  # fmt: skip
    assert moved["a"][1].tangent is None
    assert moved["a"][1].value is point.block(("a", (1,)))


def test_in_many_directions_each_row_is_what_one_direction_gives():
    example, field = SYSTEMS["layers"], Field(8)
    inputs = given(example, field)
    rows = Moved(Evaluation(example.system, inputs, field), ("w", (2,)))["C"].tangent.top
    for n, (j, k) in enumerate(np.ndindex(2, 3)):
        unit = np.zeros((2, 3), int)
        unit[j, k] = 1
        w = [inputs["w"][0], DualArray(inputs["w"][1], field.array(unit))]
        slope = Evaluation(example.system, {**inputs, "w": w}, Dual(field))["C"].tangent
        assert rows[n] == int(slope.top)


# -- planted faults -------------------------------------------------------------------------------


class Shortsighted(Moved):
    """Only what uses the moving block itself is evaluated again."""

    def moves(self, block):
        return block == self._moving or self._moving in self._point.uses(block)


class Reversed(Moved):
    """The last entry is moved in place of the first."""

    def __init__(self, point, moving, turn=0):
        super().__init__(point, moving, turn)
        order = np.arange(self._unit.shape[0])[::-1]
        self._unit = point.domain.take(self._unit, (order,))


class Doubled(Moved):
    """u counts as 1 + 10⁻⁶ in place of 1."""

    def __init__(self, point, moving, turn=0):
        super().__init__(point, moving, turn)
        part = point.domain.number(1 + sp.Rational(1, 10**6))
        self._unit = point.domain.multiply(self._unit, part)


class OneFactor(Dual):
    """A product of which only the last factor that moves counts."""

    def contract(self, factors, out):
        moving = [n for n, (f, _) in enumerate(factors) if f.tangent is not None]
        held = [(DualArray(f.value, f.tangent if n in moving[-1:] else None), axes)
                for n, (f, axes) in enumerate(factors)]  # fmt: skip
        return super().contract(held, out)


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("fault", [Shortsighted, Reversed, Doubled])
def test_a_wrong_way_of_moving_is_seen(monkeypatch, fault, domain):
    monkeypatch.setattr(judge_values, "Moved", fault)
    assert next(disagreements("recurrence in time", DOMAINS[domain]), None) is not None


def test_a_product_rule_without_a_term_is_seen(monkeypatch):
    monkeypatch.setattr(forward, "Dual", OneFactor)
    assert next(disagreements("causal sum", DOMAINS["field"]), None) is not None


def test_entries_counted_column_by_column_are_seen():
    class Turned(Values):
        def _places(self, u, scope):
            block, places = super()._places(u, scope)
            shape = self.primal.indexing.shape(self.system[block[0]], block[1])
            order = np.arange(int(np.prod(shape))).reshape(shape[::-1]).T.ravel()
            return block, replace(places, buffer=order[places.buffer])

    assert next(disagreements("residual", DOMAINS["field"], Turned), None) is not None


def test_a_direct_derivative_that_goes_through_everything_is_seen(monkeypatch):
    monkeypatch.setattr(judge_values, "Held", Moved)
    assert next(wrong_direct("recurrence in time"), None) is not None
    monkeypatch.setattr(judge_values, "Held", Held)
    monkeypatch.setattr(judge_values, "Moved", Held)
    assert next(disagreements("recurrence in time", DOMAINS["field"]), None) is not None
