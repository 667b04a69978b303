"""The order of terms and factors, that of the field.

h − y + Σ_k U_kj δ_k          a value before sums, what is taken off beside it
Σ_k W_jk x_k + b_j            weights last
2 w δ a (1 − a) x f(z)        numbers, weights, errors, values, inputs, functions
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import sympy as sp
from sympy import Expr

from symbp.derivation import Partial
from symbp.functions import Elementwise
from symbp.system import Role, System
from symbp.system.contents import entries_in, free_symbols, has, symbols_in, text
from symbp.system.equation import family_of
from symbp.system.functional import Functional
from symbp.system.indices import AtLeast
from symbp.system.maximum import Chosen, IsGreatest

#: Ranks of factors: 1 − a, f'(x), f(x).
COMPLEMENT, PRIME, CALL = 7.5, 8.5, 9.5
RANKS = {
    Role.SIZE: 1,
    Role.HYPERPARAMETER: 1,
    Role.PARAMETER: 3,
    Role.ADJOINT: 5,
    Role.LOSS: 5,
    Role.INTERMEDIATE: 8,
    Role.INPUT: 9,
    Role.TARGET: 2,
}
INDICATORS = (sp.KroneckerDelta, AtLeast, Chosen, IsGreatest)
VALUES = (Role.INTERMEDIATE, Role.INPUT, Role.TARGET)


def terms_in_order(terms: Sequence[Expr], system: System) -> list[Expr]:
    """The terms of a sum, as they are written."""

    def rank(t: Expr) -> tuple[int, int, int, str]:
        return _term_rank(t, system)

    alone = [t for t in terms if _is_value(t, system)]
    rest = [t for t in terms if t not in alone]
    begins = not all(t.could_extract_minus_sign() for t in alone)
    if begins and all(has(t, (sp.Sum, Elementwise)) for t in rest):
        return sorted(alone, key=rank) + sorted(rest, key=rank)
    return sorted(terms, key=rank)


def _is_value(t: Expr, system: System) -> bool:
    """Whether a term is one value, taken off or not, and no weight."""
    name = family_of(-t if t.could_extract_minus_sign() else t)
    return name in system.by_name and system[str(name)].role in VALUES


def _term_rank(t: Expr, system: System) -> tuple[int, int, int, str]:
    minus = int(t.could_extract_minus_sign())
    names = {str(family_of(a)) for a in {*entries_in(t), *symbols_in(t)}}
    roles = [system[n].role for n in names if n in system.by_name]
    if Role.HYPERPARAMETER in roles:
        return 2, 0, 0, text(t)
    order = 0 if not free_symbols(t) else 3 if roles == [Role.PARAMETER] else 1
    return minus, order, int(sp.count_ops(t)) if order == 1 and not minus else 0, text(t)


Rank = tuple[float, str]


def factors_in_order(factors: Sequence[Expr], rank: Callable[[Expr], Rank]) -> list[Expr]:
    """The factors of a product, as they are written; a value before the 1 − a that has it."""
    ordered = sorted(factors, key=rank)
    for f in [f for f in ordered if f.is_Add and any(not free_symbols(a) for a in f.args)]:
        for value in [v for v in ordered if v in f.args or -v in f.args]:
            ordered.remove(value)
            ordered.insert(ordered.index(f), value)
    return ordered


def factor_rank(f: Expr, system: System) -> Rank:
    """Where a factor stands."""
    base = f.base if f.is_Pow else f
    if not free_symbols(base):
        return 0, text(f)
    if isinstance(base, Elementwise):
        if base.row.name == "exp":
            return 6, text(f)
        return (PRIME if base.order or base.row.name in ("step", "sign") else CALL), text(f)
    if isinstance(base, sp.Sum):
        return 4, text(f)
    if isinstance(base, INDICATORS):
        return 10, text(f)
    if isinstance(base, (Partial, Functional)):
        return (5, text(f)) if isinstance(base, Functional) else (6, text(f))
    variable = system.by_name.get(str(family_of(base)))
    if variable is None:
        return _sum_rank(base, system), text(f)
    return RANKS[variable.role], text(f)


def _sum_rank(e: Expr, system: System) -> float:
    """(1 − y) stands with the targets, (1 − a) beside a, any other sum with the errors."""
    names = {str(family_of(a)) for a in entries_in(e)} & set(system.by_name)
    if names and all(system[n].role is Role.TARGET for n in names):
        return 2
    if not any(not free_symbols(a) for a in e.args):
        return 5
    return CALL if has(e, Elementwise) else COMPLEMENT
