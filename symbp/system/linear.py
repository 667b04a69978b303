"""Index expressions as linear forms: {term: coefficient}, the constant under the term 1.

A term is a symbol, a size n[l], a minimum, maximum or rounding, or a product that is not linear
(l·n). Coefficients are rational. Two expressions are equal as polynomials where their forms are.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache

import sympy as sp
from sympy import Expr, Indexed, S, Symbol

Linear = Mapping[Expr, int | Fraction]

#: The terms that have bounds of their own.
ATOMS = (Symbol, Indexed, sp.Max, sp.Min, sp.floor, sp.ceiling)


@lru_cache(maxsize=1 << 15)
def linear(e: Expr) -> Linear:
    """The form of an expression.

    >>> j, n = sp.symbols("j n", integer=True)
    >>> linear(2 * (j - n) + 3) == {j: 2, n: -2, S.One: 3}
    True
    """
    if e.is_Rational:
        return {S.One: _number(e)} if e != 0 else {}
    if e.is_Add:
        return combined(*((1, linear(t)) for t in e.args))
    if isinstance(e, (Symbol, Indexed)):
        return {e: 1}
    c, rest = e.as_coeff_Mul()
    if c.is_Rational and c != 1:
        return combined((_number(c), linear(rest)))
    expanded = sp.expand(e)
    return {e: 1} if expanded == e else linear(expanded)


def combined(*parts: tuple[int | Fraction, Linear]) -> Linear:
    """Σ factor · form."""
    (first, form), *others = parts
    result = dict(form) if first == 1 else {term: first * c for term, c in form.items()}
    for factor, form in others:
        for term, c in form.items():
            result[term] = result.get(term, 0) + factor * c
    return {term: c.numerator if c.denominator == 1 else c for term, c in result.items() if c}


def expression(form: Linear) -> Expr:
    """The expression of a form.

    >>> j, n = sp.symbols("j n", integer=True)
    >>> expression(linear(2 * (j - n)))
    2*j - 2*n
    """
    return sp.Add(*(sp.Rational(c) * term for term, c in form.items()))


def difference(a: Expr, b: Expr) -> Expr:
    """a − b, multiplied out."""
    return expression(combined((1, linear(a)), (-1, linear(b))))


def _number(e: Expr) -> int | Fraction:
    return int(e.p) if e.q == 1 else Fraction(int(e.p), int(e.q))
