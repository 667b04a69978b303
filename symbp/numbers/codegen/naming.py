"""Writing f(z[1, j]) as the family that is defined to be it: a[1, j]."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import sympy as sp
from sympy import Expr, Indexed, Symbol

from symbp.derivation.context import covers
from symbp.functions import Elementwise
from symbp.numbers.codegen.storage import Scope
from symbp.system import Equation, Facts, Range
from symbp.system.equation import family_of, index_of
from symbp.system.indices import affine_coefficient, is_binder, substitute


class Definitions:
    """The equations u[I] = f(...) of a system."""

    def __init__(self, equations: Iterable[Equation], facts: Facts) -> None:
        self.equations = [
            e for e in equations if isinstance(e.rhs, Elementwise) and not e.rhs.order
        ]
        self.facts = facts

    def named(self, e: Expr, scope: Scope) -> Expr:
        """The entry that is defined to be f(...); e itself where there is none."""
        facts = self.facts.given((*scope.loops.values(), *scope.axes.values()))
        for equation in self.equations:
            at = match(equation, e) if equation.rhs.func == e.func else None
            if at is not None:
                entry = equation.lhs if not equation.index else equation.lhs.base[at]
                if covers(equation, entry, facts):
                    return entry
        return e


def match(equation: Equation, e: Expr) -> tuple[Expr, ...] | None:
    """The index at which the right side of the equation is e.

    >>> t, z = sp.Symbol("t", integer=True), sp.IndexedBase("z")
    >>> match(Equation("a", (t,), sp.tanh(z[t - 1])), sp.tanh(z[t]))
    (t + 1,)
    """
    free = {s for s in equation.index if isinstance(s, Symbol)}
    found: dict[Expr, Expr] = {}
    for own in sorted(
        equation.rhs.atoms(Indexed), key=lambda a: (-len(a.free_symbols & free), str(a))
    ):
        for other in e.atoms(Indexed):
            if own.base == other.base and not free <= found.keys():
                found = {**_solved(own, other, free), **found}
    index = tuple(substitute(i, found) for i in equation.index)
    same = substitute(equation.rhs, found).as_dummy() == e.as_dummy()
    return index if same and free <= found.keys() else None


def _solved(own: Indexed, other: Indexed, free: set[Symbol]) -> Mapping[Expr, Expr]:
    """What own[g] = other[h] says of the free indices."""
    found: dict[Expr, Expr] = {}
    for g, h in zip(index_of(own), index_of(other), strict=True):
        for s in g.free_symbols & free:
            if affine_coefficient(g, s) == 1:
                found[s] = sp.expand(h - g + s)
    return found


def named_everywhere(e: Expr, definitions: Definitions, scope: Scope) -> Expr:
    """e with every f(...) that has a name written by it."""
    if isinstance(e, Indexed) or not e.args:
        return e
    if isinstance(e, Elementwise) and not e.order:
        entry = definitions.named(e, scope)
        if family_of(entry) is not None:
            return entry
    if is_binder(e) and isinstance(e, sp.Sum):
        inner = scope.within(*(Range(*limit) for limit in reversed(e.limits)))
        return e.func(named_everywhere(e.function, definitions, inner), *e.limits)
    return e.func(*(named_everywhere(a, definitions, scope) for a in e.args))
