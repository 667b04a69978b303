"""The order of terms and factors of matrix expressions: that of the index form.

h − y + Uᵀ δ                      a value before products, where one stands alone
W x + U h + b                     parameters as they are declared
δ ⊙ (a − y) ⊙ a ⊙ (1 − a)         errors, values, a value before the 1 − a that has it
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sympy import Expr, Indexed, S, Symbol

from symbp.forms.matrix_build import is_negative, is_penalty, rank
from symbp.forms.matrix_expr import (
    Add,
    Apply,
    Broadcast,
    Entry,
    MatrixExpr,
    Power,
    Scalar,
    Scale,
    Transpose,
    nodes,
)
from symbp.latex.ordering import (
    CALL,
    COMPLEMENT,
    DIFFERENCE,
    PRIME,
    RANKS,
    VALUES,
    at_other_step,
    declared,
)
from symbp.system import Role, System
from symbp.system.equation import family_of


def terms_in_order(terms: Sequence[MatrixExpr], system: System) -> list[MatrixExpr]:
    """The terms of a sum, as they are written."""

    def place(t: MatrixExpr) -> tuple[int, ...]:
        learnt = declared(_entries(t), system)
        length = 0 if learnt[0] else sum(1 for _ in nodes(t))
        kind = -1 if _is_number(t) else rank(t)
        return is_penalty(t), is_negative(t), kind, *learnt, length

    alone = [t for t in terms if _role(_taken_off(t) or t, system) in VALUES]
    if all(_taken_off(t) for t in alone):
        return sorted(terms, key=place)
    return sorted(alone, key=place) + sorted((t for t in terms if t not in alone), key=place)


def _entries(t: MatrixExpr) -> Iterator[Expr]:
    """The entries of families in a node."""
    for n in nodes(t):
        if isinstance(n, Entry):
            yield n.entry
        elif isinstance(n, Scalar):
            yield from n.value.atoms(Indexed, Symbol)


def factors_in_order(factors: Sequence[MatrixExpr], system: System) -> list[MatrixExpr]:
    """The factors of an elementwise product, as they are written."""
    ordered = sorted(factors, key=lambda f: _rank(f, system))
    for f in [f for f in ordered if isinstance(f, Add) and _has_number(f)]:
        own = [_taken_off(t) or t for t in f.terms]
        for value in [v for v in ordered if v in own]:
            ordered.remove(value)
            ordered.insert(ordered.index(f), value)
    return ordered


def _rank(f: MatrixExpr, system: System) -> tuple[float, int, int]:
    """Where a factor stands: as `ordering.factor_rank`, but what is a product or error first."""
    plain = f.operand if isinstance(f, (Transpose, Power)) else f
    variable = system.by_name.get(str(family_of(plain.entry))) if isinstance(plain, Entry) else None
    if isinstance(f, Power) and f.exponent.could_extract_minus_sign():
        return CALL + 1, 0, 0
    if isinstance(plain, Entry) and variable is not None:
        own = 0 if variable.role is Role.ADJOINT else RANKS[variable.role]
        return own, int(at_other_step(plain.entry)), system.variables.index(variable)
    return _kind_rank(plain, system), 0, 0


def _kind_rank(f: MatrixExpr, system: System) -> float:
    """The rank of what is no entry."""
    if isinstance(f, Apply):
        return PRIME if f.order or f.function.name in ("step", "sign") else CALL
    if isinstance(f, Broadcast):
        return CALL + 2
    if not isinstance(f, Add):
        return 0
    others = [_role(_taken_off(t) or t, system) for t in f.terms if not _is_number(t)]
    if others == [Role.TARGET]:
        return RANKS[Role.TARGET]
    if not _has_number(f):
        return 0 if any(_role(n, system) is Role.ADJOINT for n in nodes(f)) else DIFFERENCE
    return COMPLEMENT if all(others) else PRIME


def _has_number(f: Add) -> bool:
    return any(_is_number(t) for t in f.terms)


def _is_number(t: MatrixExpr) -> bool:
    inner = t.operand if isinstance(t, Broadcast) else t
    return isinstance(inner, Scalar) and bool(inner.value.is_number)


def _role(f: MatrixExpr, system: System) -> Role | None:
    """What a family or its transpose is to the network; None for anything else."""
    inner = f.operand if isinstance(f, Transpose) else f
    if not isinstance(inner, Entry):
        return None
    variable = system.by_name.get(str(family_of(inner.entry)))
    return variable.role if variable else None


def _taken_off(t: MatrixExpr) -> MatrixExpr | None:
    """a of the term −a."""
    minus = isinstance(t, Scale) and t.coefficient == Scalar(S.NegativeOne)
    return t.operand if isinstance(t, Scale) and minus else None
