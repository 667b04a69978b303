"""Seeing a softmax in a product: e^{z_s} / Σ_u e^{z_u}, whatever z is."""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp
from sympy import Expr, Symbol

from symbp.functions import TABLE, Elementwise
from symbp.system.contents import free_symbols
from symbp.system.indices import Range, substitute

EXP = TABLE["exp"]


@dataclass(frozen=True)
class SoftmaxFactor:
    """A product that is softmax(argument) over the index of `range`, times `rest`."""

    argument: Expr
    range: Range
    rest: Expr


def softmax_in(e: Expr) -> SoftmaxFactor | None:
    """The first softmax among the factors of a product.

    >>> s, u, n = sp.symbols("s u n", integer=True)
    >>> z, v = sp.IndexedBase("z"), sp.IndexedBase("v")
    >>> softmax_in(v[s] * EXP(z[s]) / sp.Sum(EXP(z[u]), (u, 1, n)))
    SoftmaxFactor(argument=z[s], range=Range(symbol=s, lower=1, upper=n), rest=v[s])
    """
    factors = sp.Mul.make_args(e)
    totals = [f for f in factors if f.is_Pow and f.exp == -1 and isinstance(f.base, sp.Sum)]
    tops = [f for f in factors if _is_exp(f)] if totals else []
    for total in totals:
        for top in tops:
            found = _index(top, total.base)
            if found is not None:
                rest = sp.Mul(*(f for f in factors if f not in (top, total)))
                return SoftmaxFactor(top.args[0], found, rest)
    return None


def _is_exp(e: Expr) -> bool:
    return isinstance(e, sp.exp) or (isinstance(e, Elementwise) and e.row is EXP and not e.order)


def _index(top: Expr, total: sp.Sum) -> Range | None:
    """s, with the range of u, where Σ_u total is over e^{z_u} and top is e^{z_s}."""
    body, (u, lower, upper) = total.function, total.limits[0]
    if len(total.limits) > 1 or body.func != top.func:
        return None
    for s in sorted(free_symbols(top) - free_symbols(body), key=str):
        if isinstance(s, Symbol) and substitute(top, {s: u}) == body:
            return Range(s, lower, upper)
    return None
