"""The least and the greatest value of a bound over the axes that it depends on."""

from __future__ import annotations

from collections.abc import Mapping

import sympy as sp
from sympy import Expr, Symbol

from symbp.errors import SizeError
from symbp.system import Facts, Range
from symbp.system.indices import affine_coefficient, substitute


def least(e: Expr, axes: Mapping[Symbol, Range], facts: Facts) -> Expr:
    """A number that e is never below; max and min are decided where the facts allow it.

    >>> q, n = sp.symbols("q n", integer=True)
    >>> at = {q: Range(q, sp.S(1), n)}
    >>> least(sp.Max(1, q - 3), at, Facts({n: (sp.S(1), None)}))
    1
    """
    return _extreme(e, axes, facts, lowest=True)


def greatest(e: Expr, axes: Mapping[Symbol, Range], facts: Facts) -> Expr:
    """A number that e is never above."""
    return _extreme(e, axes, facts, lowest=False)


def _extreme(e: Expr, axes: Mapping[Symbol, Range], facts: Facts, lowest: bool) -> Expr:
    if not e.free_symbols & axes.keys():
        return e
    if isinstance(e, (sp.Max, sp.Min)):
        ends = [_extreme(a, axes, facts, lowest) for a in e.args]
        return _decided(e.func, ends, facts)
    if isinstance(e, (sp.floor, sp.ceiling)):
        return e.func(_extreme(e.args[0], axes, facts, lowest))
    for s in reversed(list(axes)):
        c = affine_coefficient(e, s)
        if c is None or not c.is_number:
            raise SizeError(f"the bound {e} is not affine in {s}")
        if c != 0:
            end = axes[s].lower if (c > 0) == lowest else axes[s].upper
            e = sp.expand(substitute(e, {s: end}))
    return e


def _decided(func: type[Expr], ends: list[Expr], facts: Facts) -> Expr:
    """max or min of the ends without those that another one is known to beat."""
    kept: list[Expr] = []
    for e in ends:
        def beaten(a: Expr, b: Expr) -> bool:
            return facts.le(a, b) if func is sp.Max else facts.le(b, a)

        if any(beaten(e, k) for k in kept):
            continue
        kept = [k for k in kept if not beaten(k, e)] + [e]
    return func(*kept)
