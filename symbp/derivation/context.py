"""What a rule of a derivation works with: the node ∂f/∂u, the context, the way into sums."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import sympy as sp
from sympy import Expr

from symbp.system import Equation, Facts, Range, System
from symbp.system.equation import family_of, index_of
from symbp.system.indices import is_binder, rename_bound


class Partial(sp.Expr):
    """∂f/∂u, not carried out: f an entry or an expression, u an entry."""

    is_commutative = True

    def __new__(cls, f: Expr, u: Expr) -> Partial:
        """A node with the arguments f and u."""
        node: Partial = sp.Expr.__new__(cls, f, u)
        return node


@dataclass(frozen=True)
class Context:
    """What the rules may look up: the gradient system, the index domain, what came before."""

    system: System
    domain: tuple[Range, ...]
    known: tuple[Equation, ...] = ()

    @property
    def facts(self) -> Facts:
        """Bounds of the free indices, at the system's sizes where it has any."""
        return self.system.facts.at_sizes(self.system.size_values()).given(self.domain)

    def adjoint(self, name: str) -> tuple[str, str] | None:
        """(loss, family) where `name` is ∂loss/∂family."""
        variable = self.system.by_name.get(name)
        return variable.adjoint_of if variable else None

    def case(self, equations: Iterator[Equation], entry: Expr) -> Equation | None:
        """The equation whose domain is known to hold an entry."""
        return next((e for e in equations if covers(e, entry, self.facts)), None)


def covers(equation: Equation, entry: Expr, facts: Facts) -> bool:
    """Whether an equation is known to define an entry."""
    if equation.family != family_of(entry):
        return False
    ranges = {r.symbol: r for r in equation.domain}
    mapping: dict[Expr, Expr] = {}
    for own, given in zip(equation.index, index_of(entry), strict=True):
        if own not in ranges:
            if not facts.equal(own, given):
                return False
            continue
        r = ranges[own].substitute(mapping)
        mapping[own] = given
        if not (facts.le(r.lower, given) and facts.le(given, r.upper)):
            return False
    return True


def rewrite(e: Expr, context: Context, change: Callable[[Expr, Context], Expr | None]) -> Expr:
    """e with `change` applied at the outermost nodes that it takes, inside their sums."""
    new = change(e, context)
    if new is not None:
        return new
    if not e.args or isinstance(e, sp.Indexed):
        return e
    if is_binder(e):
        ranges = tuple(Range(k, lo, hi) for k, lo, hi in reversed(e.limits))
        inner = replace(context, domain=(*context.domain, *ranges))
        return e.func(rewrite(e.function, inner, change), *e.limits)
    return e.func(*(rewrite(a, context, change) for a in e.args))


def tidy(e: Expr, context: Context) -> Expr:
    """Bound indices renamed away from the free ones."""
    return rename_bound(e, {r.symbol.name for r in context.domain})
