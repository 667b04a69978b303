"""Choosing functions: σ stands for tanh, f for softplus, ..."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import sympy as sp
from sympy import Expr

from symbp.functions import Elementwise, Row, lookup
from symbp.system import Role, System, Variable
from symbp.system.contents import has


def unspecified_functions(system: System) -> list[str]:
    """The names of the unspecified functions (σ, f, g) that the equations use."""
    nodes = (n for e in system.equations for n in e.rhs.atoms(Elementwise))
    return sorted({n.row.name for n in nodes if not n.row.specified})


def with_functions(system: System, chosen: Mapping[str, str]) -> System:
    """The system with the functions named by `chosen` in place of its own, derivatives too.

    A function with a parameter brings it along, as a hyperparameter with its default value.
    Raises `UnknownNameError` for a name no table has.

    >>> from symbp.networks import mlp
    >>> print(with_functions(mlp(), {"sigma": "tanh"}).defining("a")[1])
    a[l, j] = tanh(z[l, j])   for 1 ≤ l ≤ L, 1 ≤ j ≤ n[l]
    """
    if not chosen:
        return system
    own = set(unspecified_functions(system))
    rows = {old if old in own else lookup(old).name: lookup(new) for old, new in chosen.items()}
    equations = tuple(replace(e, rhs=_mapped(e.rhs, rows)) for e in system.equations)
    used = {n.row.name for e in equations for n in e.rhs.atoms(Elementwise)}
    parameters = {p: v for r in rows.values() if r.name in used for p, v in r.parameters}
    added = tuple(
        Variable(symbol.name, role=Role.HYPERPARAMETER, value=value)
        for symbol, value in parameters.items()
        if symbol.name not in system.by_name
    )
    return replace(system, variables=(*system.variables, *added), equations=equations)


def _mapped(e: Expr, rows: Mapping[str, Row]) -> Expr:
    if not e.args or not has(e, Elementwise):
        return e
    args = [_mapped(a, rows) for a in e.args]
    if not isinstance(e, Elementwise) or e.row.name not in rows:
        return e.func(*args)
    x = sp.Dummy("x", real=True)
    derivative: Expr = sp.diff(rows[e.row.name](x), x, e.order)
    return derivative.xreplace({x: args[0]})
