"""Exponentials that cannot overflow, by laws that hold always.

    e^{z_j} / Σ_k e^{z_k} = e^{z_j − M} / Σ_k e^{z_k − M}        M = max_k z_k
    log Σ_k e^{z_k}       = M + log Σ_k e^{z_k − M}
    log σ(z) = z − log(1 + e^z) = −log(1 + e^{−z})        log(1 − σ(z)) = −log(1 + e^z)
    log a_j  = z_j − log Σ_k e^{z_k}   where a_j = e^{z_j} / Σ_k e^{z_k}

The first two shift every expression that is homogeneous in the exponentials: of degree 0, or
inside a logarithm of any degree.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import sympy as sp
from sympy import Expr, Symbol

from symbp.functions import TABLE, Elementwise
from symbp.system import Range
from symbp.system.indices import is_binder, substitute

SIGMOID, SOFTPLUS, LOG = TABLE["sigmoid"], TABLE["softplus"], TABLE["log"]


@dataclass(frozen=True)
class Shift:
    """The exponentials e^exponent, where the exponent's index of `range` may be any."""

    exponent: Expr
    range: Range

    def matches(self, e: Expr, others: Iterable[Symbol]) -> bool:
        """Whether e is the exponent at some value of its index."""
        k = self.range.symbol
        candidates = {*others, *e.free_symbols, k}
        return any(substitute(self.exponent, {k: s}) == e for s in candidates)

    def same(self, other: Shift) -> bool:
        """Whether both are the same exponentials."""
        return self.matches(other.exponent, ())


def is_exp(e: Expr) -> bool:
    """Whether e is an exponential."""
    return isinstance(e, sp.exp) or (
        isinstance(e, Elementwise) and e.row is TABLE["exp"] and not e.order
    )


def quotient_shift(e: Expr) -> Shift | None:
    """The exponentials of a quotient in which their largest cancels."""
    for f in sp.Mul.make_args(e):
        if f.is_Pow and f.exp.is_Integer and f.exp < 0:
            shift = _summed(f.base)
            if shift is not None and _degree(e, shift) == 0:
                return shift
    return None


def log_shift(e: Expr) -> tuple[Shift, sp.Rational] | None:
    """The exponentials inside a logarithm, and their degree there."""
    if not (isinstance(e, sp.log) or (isinstance(e, Elementwise) and e.row is LOG and not e.order)):
        return None
    shift = _summed(e.args[0])
    degree = _degree(e.args[0], shift) if shift is not None else None
    return (shift, sp.Rational(degree)) if shift is not None and degree else None


def _summed(e: Expr) -> Shift | None:
    """Σ_k e^{z_k} as the exponentials under it."""
    if isinstance(e, sp.Sum) and len(e.limits) == 1 and is_exp(e.function):
        return Shift(e.function.args[0], Range(*e.limits[0]))
    return None


def _degree(e: Expr, shift: Shift) -> int | None:
    """The power with which a common factor of the exponentials comes out of e."""
    if is_exp(e) and shift.matches(e.args[0], ()):
        return 1
    if isinstance(e, sp.Mul):
        parts = [_degree(a, shift) for a in e.args]
        return None if None in parts else sum(p for p in parts if p is not None)
    if isinstance(e, sp.Add):
        degrees = {_degree(a, shift) for a in e.args}
        return degrees.pop() if len(degrees) == 1 else None
    if isinstance(e, sp.Pow) and e.exp.is_Integer:
        inner = _degree(e.base, shift)
        return None if inner is None else int(e.exp) * inner
    if is_binder(e):
        return _degree(e.function, shift)
    inside = [n for n in sp.preorder_traversal(e) if n is not e]
    return None if any(is_exp(n) and shift.matches(n.args[0], ()) for n in inside) else 0


def log_of(value: Expr) -> Expr | None:
    """log of σ(z) or of e^{z_j} / Σ_k e^{z_k}, from z."""
    if isinstance(value, Elementwise) and value.row is SIGMOID and not value.order:
        return value.args[0] - SOFTPLUS(value.args[0])
    factors = sp.Mul.make_args(value)
    totals = [f for f in factors if f.is_Pow and f.exp == -1 and _summed(f.base)]
    tops = [f for f in factors if is_exp(f)]
    if len(factors) == 2 and totals and tops:
        return tops[0].args[0] - LOG(totals[0].base)
    return None


def log_of_complement(value: Expr) -> Expr | None:
    """log(1 − σ(z)), from z."""
    if isinstance(value, Elementwise) and value.row is SIGMOID and not value.order:
        return -SOFTPLUS(value.args[0])
    return None


def log_of_sigmoid(value: Expr) -> Expr | None:
    """log σ(z), where σ(z) stands as it is: −log(1 + e^{−z}), exact for large z too."""
    if isinstance(value, Elementwise) and value.row is SIGMOID and not value.order:
        return -SOFTPLUS(-value.args[0])
    return None
