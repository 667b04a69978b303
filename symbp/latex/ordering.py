"""The order of terms and factors, that of the field.

h − y + Σ_k U_kj δ_k          a value before sums, what is taken off beside it
Σ_k W_jk x_k + b_j            weights last
f_t c_{t−1} + i_t g_t         what comes from another step first, then as declared
W_jk b_k                      matrices before vectors
2 w δ a (1 − a) x f(z)        numbers, weights, errors, values, inputs, functions
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import sympy as sp
from sympy import Expr

from symbp.derivation import Partial
from symbp.functions import Elementwise
from symbp.system import Role, System
from symbp.system.contents import entries_in, free_symbols, has, symbols_in, text
from symbp.system.equation import family_of, index_of
from symbp.system.functional import Functional
from symbp.system.indices import AtLeast
from symbp.system.maximum import Chosen, IsGreatest

#: Ranks of factors: a − y, 1 − a, f'(x), f(x).
DIFFERENCE, COMPLEMENT, PRIME, CALL = 5.5, 7.5, 8.5, 9.5
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
CONSTANT = {Role.SIZE, Role.HYPERPARAMETER}
VALUES = (Role.INTERMEDIATE, Role.INPUT, Role.TARGET)


def terms_in_order(terms: Sequence[Expr], system: System) -> list[Expr]:
    """The terms of a sum, as they are written."""

    def rank(t: Expr) -> tuple[int, ...]:
        return (*_term_rank(t, system), texts.index(text(t)))

    texts = sorted(map(text, terms))

    alone = [t for t in terms if _is_value(t, system)]
    rest = [t for t in terms if t not in alone]
    begins = not all(t.could_extract_minus_sign() for t in alone)
    if begins and all(has(t, (sp.Sum, Elementwise)) or _of_errors(t, system) for t in rest):
        return sorted(alone, key=rank) + sorted(rest, key=rank)
    ordered = sorted(terms, key=rank)
    first = next((t for t in ordered if not t.could_extract_minus_sign()), ordered[0])
    return [first, *(t for t in ordered if t is not first)]  # α − D


def _of_errors(t: Expr, system: System) -> bool:
    """Whether an adjoint is in a term."""
    names = {str(family_of(a)) for a in _entries(t)} & system.by_name.keys()
    return any(system[n].role is Role.ADJOINT for n in names)


def _entries(e: Expr) -> set[Expr]:
    return {*entries_in(e), *symbols_in(e)}


def _is_value(t: Expr, system: System) -> bool:
    """Whether a term is one value, taken off or not, and no weight."""
    return _role(-t if t.could_extract_minus_sign() else t, system) in VALUES


def _role(e: Expr, system: System) -> Role | None:
    variable = system.by_name.get(str(family_of(e)))
    return variable.role if variable else None


def _term_rank(t: Expr, system: System) -> tuple[int, ...]:
    minus = int(t.could_extract_minus_sign())
    entries = _entries(t)
    names = {str(family_of(a)) for a in entries}
    roles = [system[n].role for n in names if n in system.by_name]
    if any(_role(f, system) is Role.HYPERPARAMETER for f in sp.Mul.make_args(t)):
        return 2, 0, 0, 0, 0
    order = 0 if not free_symbols(t) else 3 if roles == [Role.PARAMETER] else 1
    if order != 1 or minus:
        return minus, order, 0, 0, 0
    learnt = declared(entries, system)
    return (0, 1, *learnt, 0 if learnt[0] else int(sp.count_ops(t)))


def declared(entries: Iterable[Expr], system: System) -> tuple[int, int]:
    """(1, where the first parameter of a term is declared), else (0, 0) for one of another step."""
    found = [(v, e) for e in entries if (v := system.by_name.get(str(family_of(e)))) is not None]
    learnt = [system.variables.index(v) for v, _ in found if v.role is Role.PARAMETER]
    return (1, min(learnt)) if learnt else (0, int(not any(at_other_step(e) for _, e in found)))


def at_other_step(entry: Expr) -> bool:
    """Whether an index is t − 1 or the like."""
    return any(i.is_Add for i in index_of(entry))


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
    variable = system.by_name.get(str(family_of(base)))
    if variable is not None:
        learnt = variable.role is Role.PARAMETER
        flat = len(variable.slots) < 2 if learnt else at_other_step(base)
        return RANKS[variable.role], f"{flat:d}{system.variables.index(variable):04}{f}"
    return _kind_rank(base, system), text(f)


def _kind_rank(base: Expr, system: System) -> float:
    """The rank of what is no entry."""
    if not free_symbols(base):
        return 0
    if isinstance(base, Elementwise):
        return PRIME if base.order or base.row.name in ("step", "sign") else CALL
    if isinstance(base, sp.Sum):
        return 4
    if isinstance(base, INDICATORS):
        return 10
    if isinstance(base, (Partial, Functional)):
        return 5 if isinstance(base, Functional) else 6
    return _sum_rank(base, system)


def _sum_rank(e: Expr, system: System) -> float:
    """(1 − y) stands with the targets, 1 − a² where σ' would, a sum without number as an error."""
    names = {str(family_of(a)) for a in _entries(e)} & set(system.by_name)
    roles = {system[n].role for n in names}
    if roles and (roles == {Role.TARGET} or roles <= CONSTANT):
        return max(RANKS[role] for role in roles)
    if not any(not free_symbols(a) for a in e.args):
        return 5 if _of_errors(e, system) else DIFFERENCE
    if has(e, Elementwise):
        return CALL
    plain = all(not free_symbols(a) or family_of(a) or family_of(-a) for a in e.args)
    return COMPLEMENT if plain else PRIME
