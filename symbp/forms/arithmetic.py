"""Sums and products of many shared parts, without flattening what is large again and again.

SymPy flattens, sorts and combines on every `Mul` and `Add`; for a gradient of many entries that
is most of the time. The results here are the same expressions, except that a factor or a term
that is long itself stays one part: Mul(x, Mul(...)), as with `evaluate=False`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cmp_to_key

import sympy as sp
from sympy import Expr, S

LONG = 24  #: parts from which on a factor or a term is not opened any more

_classes: dict[tuple[type, type], int] = {}


def _compare(a: Expr, b: Expr) -> int:
    """SymPy's own order of arguments, by class first; how two classes compare is remembered."""
    one, other = type(a), type(b)
    if one is other or one.__name__ == other.__name__:
        return int(a.compare(b))
    if (one, other) not in _classes:
        _classes[one, other] = int(a.compare(b))
    return _classes[one, other]


_order = cmp_to_key(_compare)


def product(factors: Sequence[Expr]) -> Expr:
    """∏ factors."""
    if any(f is S.Zero for f in factors):
        return S.Zero
    if len(factors) < 2:
        return factors[0] if factors else S.One
    parts: list[Expr] = []
    for f in factors:
        if f.is_Mul and len(f.args) < LONG:
            parts.extend(f.args)
        elif f is not S.One:
            parts.append(f)
    long = any(f.is_Mul for f in parts)
    if not long and not _distinct(parts):
        return sp.Mul(*parts)
    if long:
        short = sp.Mul(*(f for f in parts if not f.is_Mul))
        opened = short.args if short.is_Mul else [short] if short is not S.One else []
        parts = [*opened, *(f for f in parts if f.is_Mul)]
        return parts[0] if len(parts) == 1 else sp.Mul._from_args(parts, True)
    parts.sort(key=_order)
    return parts[0] if len(parts) == 1 else sp.Mul._from_args(parts, True)


def _distinct(parts: Sequence[Expr]) -> bool:
    """Whether no two parts combine: no numbers, no base twice."""
    bases = set()
    for f in parts:
        base = f.as_base_exp()[0] if f.is_Pow or f.func is sp.exp else f
        if base.is_Number or base.is_NumberSymbol or base is S.ImaginaryUnit:
            return False
        bases.add(base)
    return len(bases) == len(parts)


def total(terms: Sequence[Expr]) -> Expr:
    """Σ terms."""
    short = [t for t in terms if not (t.is_Add and len(t.args) >= LONG)]
    if len(short) == len(terms):
        return sp.Add(*terms)
    rest = sp.Add(*short)
    opened = rest.args if rest.is_Add else [rest] if rest is not S.Zero else []
    parts = [*opened, *(t for t in terms if t.is_Add and len(t.args) >= LONG)]
    return parts[0] if len(parts) == 1 else sp.Add._from_args(parts, True)


def common_number(e: sp.Add) -> tuple[Expr, Expr]:
    """(c, rest) with e = c·rest: the number that all terms share, none made larger by taking it.

    >>> x, y = sp.symbols("x y")
    >>> common_number(x / 2 - y / 2), common_number(x / 2 + y)
    ((1/2, x - y), (1, x/2 + y))
    """
    number, rest = e.primitive()
    denominators = {sp.Rational(t.as_coeff_Mul()[0]).q for t in e.args}
    return (number, rest) if denominators == {number.q} else (S.One, e)
