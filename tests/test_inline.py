"""Inlining keeps every value, and gives the equations of the papers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import sympy as sp
from sympy import Integer, Sum, Symbol

from symbp.adjoint import gradient
from symbp.errors import DefinitionError
from symbp.forms.component import Components
from symbp.networks import mlp
from symbp.system import Equation, Kind, Role, System
from symbp.system.inline import inline
from tests.exact_values import exact
from tests.small_systems import (
    EXAMPLES,
    TANH,
    C,
    bases,
    convolution,
    family,
    j,
    k,
    l,
    over,
    size,
    slot,
)

LAST = Symbol("L", integer=True)


def equations(system: System, name: str) -> list[str]:
    return [str(e) for e in system.defining(name)]


def test_delta_of_the_hidden_and_of_the_last_layer():
    deltas = inline(gradient(mlp()), "∂C/∂a")
    assert equations(deltas, "∂C/∂z") == [
        "∂C/∂z[l, j] = sigma'(z[l, j])*Sum(w[l + 1, k, j]*∂C/∂z[l + 1, k], (k, 1, n[l + 1]))"
        "   for 1 ≤ l ≤ L - 1, 1 ≤ j ≤ n[l]",
        "∂C/∂z[L, j] = (a[L, j] - y[j])*sigma'(z[L, j])   for 1 ≤ j ≤ n[L]",
    ]
    assert "∂C/∂a" not in deltas.by_name
    assert not any("∂C/∂a" in str(e) for e in deltas.equations)


def test_the_first_layer_reads_the_input_itself():
    direct = inline(mlp(), "a")
    assert equations(direct, "z") == [
        "z[1, j] = b[1, j] + Sum(w[1, j, k]*x[k], (k, 1, n[0]))   for 1 ≤ j ≤ n[1]",
        "z[l, j] = b[l, j] + Sum(sigma(z[l - 1, k])*w[l, j, k], (k, 1, n[l - 1]))"
        "   for 2 ≤ l ≤ L, 1 ≤ j ≤ n[l]",
    ]


def test_bound_indices_get_new_letters():
    system = inline(gradient(mlp(batch=True)), "z")
    for equation in system.equations:
        bound = [x.name for node in equation.rhs.atoms(Sum) for x, *_ in node.limits]
        free = {r.symbol.name for r in equation.domain}
        assert not free & set(bound), equation
        assert not any(isinstance(x, sp.Dummy) for x in equation.rhs.atoms(Symbol)), equation


# -- every value is kept -----------------------------------------------------------------------


def layered_sum(upper: sp.Expr = LAST, entry: Any = lambda u: u[l, j]) -> System:
    """C = Σ_l Σ_j u²[l, j] over a family of three cases: u[0], u[1] ... u[L−1], u[L]."""
    u, x, w = bases("uxw")
    n = Symbol("N", integer=True)
    layers = slot(l, LAST, Kind.LAYER, lower=0)
    return System(
        (
            size("L", minimum=2),
            size("N"),
            family("x", slot(j, n), role=Role.INPUT),
            family("w", layers, slot(j, n), role=Role.PARAMETER),
            family("u", layers, slot(j, n)),
            C,
        ),
        (
            Equation("u", (Integer(0), j), x[j] + w[0, j], over(slot(j, n))),
            Equation("u", (l, j), TANH(w[l, j]), over(slot(l, LAST - 1, Kind.LAYER), slot(j, n))),
            Equation("u", (LAST, j), Sum(w[LAST, k] * x[k], (k, 1, n)) * x[j], over(slot(j, n))),
            Equation("C", (), Sum(entry(u) ** 2, (j, 1, n), (l, 0, upper))),
        ),
        "C",
        {"L": 4, "N": 2},
    )


SYSTEMS: dict[str, tuple[System, tuple[str, ...]]] = {
    "one sample": (gradient(mlp((2, 3, 2, 2), "tanh")), ("a", "z", "∂C/∂a", "∂C/∂z")),
    "batch": (
        gradient(mlp((2, 3, 2), ["tanh", "softmax"], "cross-entropy", batch=3)),
        ("a", "z", "∂C/∂a"),
    ),
    "three groups": (
        gradient(mlp((2, 2, 2, 2), ["tanh", "sigmoid", "softplus"])),
        ("a", "z", "∂C/∂a", "∂C/∂z"),
    ),
    "convolution": (gradient(convolution(2).system), ("y", "∂C/∂y")),
    "convolution, stride 2, dilation 3": (gradient(convolution(2, 3).system), ("y", "∂C/∂y")),
    "batch statistic": (gradient(EXAMPLES["batch statistic"]().system), ("c", "d", "h", "∂C/∂h")),
    "softmax": (gradient(EXAMPLES["softmax"]().system), ("a", "∂C/∂a")),
    "sum over cases": (layered_sum(), ("u",)),
    "sum over some cases": (layered_sum(LAST - 1, lambda u: u[l + 1, j]), ("u",)),
    "sum running back": (layered_sum(LAST, lambda u: u[LAST - l, j]), ("u",)),
}
CASES = [(name, chosen) for name, (_, all_names) in SYSTEMS.items() for chosen in all_names]


def different(before: System, after: System) -> list[Any]:
    """The entries of the families of both systems that have not the same exact value."""
    old, new = Components(before, "all"), Components(after, "all")
    families = [v.name for v in after.variables if not v.role.given]
    return [key for key, e in new.all_of(families).items() if exact(e) != exact(old[key])]


@pytest.mark.parametrize(("name", "family"), CASES, ids=[" - ".join(case) for case in CASES])
def test_every_value_is_kept(name, family):
    before, _ = SYSTEMS[name]
    after = inline(before, family)
    assert family not in after.by_name
    assert different(before, after) == []


@pytest.mark.parametrize("name", ["one sample", "batch", "three groups"])
def test_one_family_after_another(name):
    before, _ = SYSTEMS[name]
    after = before
    for chosen in ("∂C/∂a", "a"):
        after = inline(after, chosen)
        assert different(before, after) == []


def test_a_planted_fault_is_caught():
    before, _ = SYSTEMS["sum over cases"]
    after = inline(before, "u")
    (cost,) = after.defining("C")
    assert len(cost.rhs.args) == 3  # u[0], u[1] ... u[L − 1], u[L]
    for term in cost.rhs.args:
        assert different(before, replace(after, equations=(replace(cost, rhs=cost.rhs - term),)))


def test_sums_are_cut_where_the_cases_meet():
    (cost,) = inline(layered_sum(), "u").defining("C")
    limits = {
        str(x.limits) for x in cost.rhs.atoms(Sum) if Symbol("l", integer=True) in x.variables
    }
    assert limits == {"((j, 1, N), (l, 1, L - 1))"}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("C", "C is the loss"),
        ("w", "w is parameter"),
        ("q", "no family 'q'"),
    ],
)
def test_what_cannot_be_replaced(name, message):
    with pytest.raises(DefinitionError, match=message):
        inline(gradient(mlp()), name)


def test_a_recurrence_cannot_be_replaced():
    with pytest.raises(DefinitionError, match="h is defined by itself"):
        inline(EXAMPLES["residual"]().system, "h")
    with pytest.raises(DefinitionError, match="∂C/∂z is defined by itself"):
        inline(inline(gradient(mlp()), "∂C/∂a"), "∂C/∂z")


def test_a_cut_that_may_lie_outside_is_refused():
    """Whether there is a hidden layer before the last one: not known of L ≥ 1."""
    network = mlp(None, ["tanh", "softmax"], "cross-entropy")
    variables = tuple(replace(v, minimum=1) if v.name == "L" else v for v in network.variables)
    system = gradient(replace(network, variables=variables))
    with pytest.raises(DefinitionError, match=r"cannot tell which of .* comes first in slot l"):
        inline(system, "∂C/∂z")


def test_a_use_whose_case_is_not_known_is_named():
    u, c = bases("uc")
    cost = Equation("C", (), Sum(u[c[l], j] ** 2, (j, 1, Symbol("N", integer=True)), (l, 1, LAST)))
    data = family("c", slot(l, LAST, Kind.LAYER), role=Role.INPUT)
    system = layered_sum()
    system = replace(
        system, variables=(*system.variables, data), equations=(*system.equations[:-1], cost)
    )
    with pytest.raises(DefinitionError, match=r"equation for C: no case of u is known to hold"):
        inline(system, "u")
