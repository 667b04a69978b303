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
    rounded = [t for t in sp.Add.make_args(e) if t.atoms(sp.Max, sp.Min, sp.floor, sp.ceiling)]
    if rounded and rounded != [e]:
        plain = _extreme(sp.expand(e - sp.Add(*rounded)), axes, facts, lowest)
        return sp.Add(plain, *(_extreme(t, axes, facts, lowest) for t in rounded))
    if rounded:
        c, atom = e.as_coeff_Mul()
        return c * _extreme(atom, axes, facts, lowest if c > 0 else not lowest)
    for s in reversed(list(axes)):
        c = affine_coefficient(e, s)
        if c is None or not c.is_number:
            raise SizeError(f"the bound {e} is not affine in {s}")
        if c != 0:
            end = axes[s].lower if (c > 0) == lowest else axes[s].upper
            e = sp.expand(substitute(e, {s: end}))
    return e


def distributed(e: Expr) -> Expr:
    """e expanded, with what is added to a maximum or a minimum put inside it.

    >>> q = sp.Symbol("q", integer=True)
    >>> distributed(sp.Max(1, q - 2) - 1)
    Max(0, q - 3)
    """
    e = sp.expand(e)
    found = [t for t in sp.Add.make_args(e) if isinstance(t, (sp.Max, sp.Min))]
    if len(found) != 1:
        return e
    (top,) = found
    return top.func(*(distributed(a + e - top) for a in top.args))


def _decided(func: type[Expr], ends: list[Expr], facts: Facts) -> Expr:
    """max or min of the ends without those that another one is known to beat."""
    kept: list[Expr] = []
    for e in ends:
        if any(_beaten(func, e, k, facts) for k in kept):
            continue
        kept = [k for k in kept if not _beaten(func, k, e, facts)] + [e]
    return func(*kept)


def _beaten(func: type[Expr], a: Expr, b: Expr, facts: Facts) -> bool:
    return at_most(a, b, facts) if func is sp.Max else at_most(b, a, facts)


def at_most(a: Expr, b: Expr, facts: Facts) -> bool:
    """Whether a ≤ b follows, for integers: ⌈x⌉ ≤ b where x ≤ b, and a ≤ ⌊x⌋ where a ≤ x.

    >>> n = sp.Symbol("n", integer=True)
    >>> at_most(sp.ceiling(sp.S.Half - n / 2), sp.S(0), Facts({n: (sp.S(1), None)}))
    True
    """
    e = sp.expand(a - b)
    for t in sp.Add.make_args(e):
        c, atom = t.as_coeff_Mul()
        if (c, type(atom)) in ((1, sp.ceiling), (-1, sp.floor)) and (e - t).is_integer is not False:
            return facts.le(e - t + c * atom.args[0], sp.S.Zero)
    return facts.le(e, sp.S.Zero)
