"""What a rule of a derivation works with: the node ∂f/∂u, the context, the way into sums."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import sympy as sp
from sympy import Expr
from sympy.core.symbol import Str

from symbp.adjoint import Contribution, contributions
from symbp.system import Equation, Facts, Range, System
from symbp.system.contents import entries_in, has, rebuilt, symbols_in
from symbp.system.equation import family_of, index_of
from symbp.system.indices import is_binder, ranges_of, rename_bound, substitute


class Partial(sp.Expr):
    """∂f/∂u, not carried out: f an entry or an expression, u an entry.

    Families in `held` are named in print as held fixed: (∂C/∂w)_z beside a Σ over z.
    """

    is_commutative = True

    def __new__(cls, f: Expr, u: Expr, *held: Str) -> Partial:
        """A node with the arguments f, u and the names of families."""
        node: Partial = sp.Expr.__new__(cls, f, u, *held)
        return node


Uses = dict[str, dict[str, list[Contribution]]]


@dataclass(frozen=True)
class Context:
    """What the rules may look up: the gradient system, the index domain, what came before."""

    system: System
    domain: tuple[Range, ...]
    known: tuple[Equation, ...] = ()
    sized: bool = False
    """Whether the system's sizes may be used: else what holds, holds for all sizes."""
    uses: Uses = field(default_factory=dict, repr=False)
    """What every use of a family adds to its adjoint, by loss; found once, shared by all."""
    _inner: dict[tuple[Range, ...], Context] = field(
        init=False, default_factory=dict, compare=False, repr=False
    )

    def within(self, ranges: tuple[Range, ...]) -> Context:
        """What the rules may look up under sums over further indices."""
        if ranges not in self._inner:
            self._inner[ranges] = replace(self, domain=(*self.domain, *ranges))
        return self._inner[ranges]

    def contributions(self, loss: str, family: str) -> Sequence[Contribution]:
        """What every use of a family adds to ∂loss/∂family."""
        if loss not in self.uses:
            pairs = (v.adjoint_of for v in self.system.variables if v.adjoint_of)
            names = [of for found, of in pairs if found == loss]
            self.uses[loss] = contributions(self.system, [*names, loss])
        return self.uses[loss][family]

    @cached_property
    def facts(self) -> Facts:
        """Bounds of the free indices."""
        facts = self.system.facts
        sized = facts.at_sizes(self.system.size_values()) if self.sized else facts
        return sized.given(self.domain)

    @cached_property
    def taken(self) -> set[str]:
        """The names that no bound index may have."""
        return {r.symbol.name for r in self.domain} | self.system.by_name.keys()

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


def rewrite(
    e: Expr,
    context: Context,
    change: Callable[[Expr, Context], Expr | None],
    within: Callable[[Expr], bool],
) -> Expr:
    """e with `change` applied at the outermost nodes that it takes, inside their sums.

    `within` says of an expression whether such a node may stand in it.
    """
    if not within(e):
        return e
    new = change(e, context)
    if new is not None:
        return new
    if not e.args or isinstance(e, sp.Indexed):
        return e
    if is_binder(e):
        inner = context.within(ranges_of(e))
        return rebuilt(e, (rewrite(e.function, inner, change, within), *e.limits))
    return rebuilt(e, [rewrite(a, context, change, within) for a in e.args])


def rewritten(
    e: Expr,
    context: Context,
    change: Callable[[Expr, Context], Expr | None],
    within: Callable[[Expr], bool],
) -> Expr:
    """`rewrite`, with what came in made tidy."""
    new = rewrite(e, context, change, within)
    return e if new is e else tidy(new, context)


def tidy(e: Expr, context: Context) -> Expr:
    """Bound indices named as the families' own slots name them, and apart from the free ones."""
    return rename_bound(_own_names(e, context), context.taken, context.system.letters)


def _own_names(e: Expr, context: Context) -> Expr:
    if not has(e, sp.Sum):
        return e
    if not isinstance(e, sp.Sum):
        return rebuilt(e, [_own_names(a, context) for a in e.args])
    taken = {r.symbol for r in context.domain} | symbols_in(e.function)
    body = _own_names(e.function, context)
    limits: list[sp.Tuple] = []
    for k, lo, hi in e.limits:
        own = _own_name(k, body, context.system)
        new = k if own is None else own if own not in taken else _renewed(k, own, (lo, hi), context)
        if new != k:  # sums inside may end at k
            limits = [sp.Tuple(a, *(substitute(b, {k: new}) for b in ends)) for a, *ends in limits]
            body = substitute(body, {k: new})
        limits.append(sp.Tuple(new, lo, hi))
    return rebuilt(e, (body, *limits))


def _renewed(
    k: sp.Symbol, own: sp.Symbol, limits: tuple[Expr, Expr], context: Context
) -> sp.Symbol:
    """k, or a dummy to be named, where the model has a letter for the range and k is none."""
    usual = next((names for r, names in context.system.letters if r == limits), ())
    better = k.name not in usual and not context.taken.issuperset(usual)
    return sp.Dummy(own.name, integer=True) if better else k


def _name_of(entry: Expr) -> str:
    return f"{family_of(entry)}["


def _own_name(k: sp.Symbol, body: Expr, system: System) -> sp.Symbol | None:
    """The slot symbol of the first family that has k for a plain index."""
    found = [
        entry
        for entry in entries_in(body)
        if k in index_of(entry) and family_of(entry) in system.by_name
    ]
    if not found:
        return None
    first = min(found, key=_name_of)
    same = [entry for entry in found if _name_of(entry) == _name_of(first)]
    entry = first if len(same) == 1 else min(same, key=str)
    own: sp.Symbol = system[str(family_of(entry))].slots[index_of(entry).index(k)].symbol
    return own
