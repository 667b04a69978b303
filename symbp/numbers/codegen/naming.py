"""Writing f(z[1, j]) as the family that is defined to be it: a[1, j]."""

from __future__ import annotations

from collections.abc import Iterable

import sympy as sp
from sympy import Expr, Indexed

from symbp.derivation.context import covers
from symbp.derivation.named import match
from symbp.functions import Elementwise
from symbp.numbers.codegen.scope import Scope
from symbp.system import Equation, Facts
from symbp.system.equation import family_of
from symbp.system.indices import is_binder, ranges_of


class Definitions:
    """The equations u[I] = f(...) of a system."""

    def __init__(self, equations: Iterable[Equation], facts: Facts) -> None:
        self.equations = [
            e for e in equations if isinstance(e.rhs, Elementwise) and not e.rhs.order
        ]
        self.facts = facts

    def named(self, e: Expr, scope: Scope) -> Expr:
        """The entry that is defined to be f(...); e itself where there is none."""
        facts = self.facts.given(scope.ranges())
        for equation in self.equations:
            at = match(equation, e) if equation.rhs.func == e.func else None
            if at is not None:
                entry = equation.lhs if not equation.index else equation.lhs.base[at]
                if covers(equation, entry, facts):
                    return entry
        return e


def named_everywhere(e: Expr, definitions: Definitions, scope: Scope) -> Expr:
    """e with every f(...) that has a name written by it."""
    if isinstance(e, Indexed) or not e.args:
        return e
    if isinstance(e, Elementwise) and not e.order:
        entry = definitions.named(e, scope)
        if family_of(entry) is not None:
            return entry
    if is_binder(e) and isinstance(e, sp.Sum):
        inner = scope.within(*ranges_of(e))
        return e.func(named_everywhere(e.function, definitions, inner), *e.limits)
    return e.func(*(named_everywhere(a, definitions, scope) for a in e.args))
