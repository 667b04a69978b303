"""Rational expressions in the shortest of their usual forms: as given, multiplied out, in factors.

    (a·b·t + c·t)/t → a·b + c        x/m − y/m → (x − y)/m        a·b·c + a·d → a (b·c + d)

Whatever is no sum, product or whole power is a variable of the polynomials; FLINT multiplies,
divides and factors them. So are √u and u^(3/2), two of them: else u would come into numerators.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache

import sympy as sp
from flint import fmpz_mpoly, fmpz_mpoly_ctx
from sympy import Expr, S

from symbp.system.contents import text

Fraction = tuple[fmpz_mpoly, fmpz_mpoly]  # numerator and denominator


def shortest(e: Expr, written: Callable[[Expr], Expr]) -> Expr:
    """The first of the shortest forms, each as `written` writes it.

    >>> a, b, m = sp.symbols("a b m")
    >>> shortest(a / m - b / m, lambda e: e)
    (a - b)/m
    """
    polynomials = _Polynomials(e)
    factors = polynomials.in_factors()
    forms = [e, polynomials.multiplied_out(), factors, *polynomials.mixed()]
    if _divisors(e) > _divisors(factors):  # what is divided by cancels
        forms = [*forms[1:], *_term_by_term(e, written)]
    shown = [written(form) for form in forms]
    return min((*shown, *map(_common_factors, shown)), key=_operations)


def _common_factors(e: Expr) -> Expr:
    """a/m + b/m as (a + b)/m: what is a factor of every term stands before the sum."""
    if not e.is_Add:
        return e
    terms = [set(sp.Mul.make_args(t)) for t in e.args]
    common = sp.Mul(*(f for f in sp.Mul.make_args(e.args[0]) if all(f in t for t in terms)))
    return common * sp.Add(*(t / common for t in e.args))


def _divisors(e: Expr) -> int:
    """By how many different expressions e divides."""
    return len({p.base for p in e.atoms(sp.Pow) if p.exp.is_Rational and p.exp < 0})


def _term_by_term(e: Expr, written: Callable[[Expr], Expr]) -> Iterator[Expr]:
    """(u/a + v/b) a b as u b + v a."""
    factors = sp.Mul.make_args(e)
    for f in factors:
        if f.is_Add and _divisors(f):
            others = sp.Mul(*(g for g in factors if g is not f))
            yield sp.Add(*(written(_Polynomials(t * others).in_factors()) for t in f.args))


@lru_cache(maxsize=1 << 12)
def _operations(e: Expr) -> int:
    return int(sp.count_ops(e))


class _Polynomials:
    """An expression as a quotient of polynomials with integer coefficients."""

    def __init__(self, e: Expr) -> None:
        self.variables = sorted(_variables(e), key=text)
        names = [f"x{i}" for i in range(len(self.variables))]
        self.ring = fmpz_mpoly_ctx.get(names, "lex")
        self.known: Mapping[Expr, fmpz_mpoly] = dict(
            zip(self.variables, self.ring.gens(), strict=True)
        )
        self.top, self.bottom = self.value(e)

    def value(self, e: Expr) -> Fraction:
        """e in lowest terms."""
        one = self.ring.constant(1)
        if e.is_Rational:
            return self.ring.constant(int(e.p)), self.ring.constant(int(e.q))
        if e.is_Add or e.is_Mul:
            parts = [self.value(a) for a in e.args]
            top, bottom = parts[0]
            for p, q in parts[1:]:
                product = top * p if e.is_Mul else top * q + p * bottom
                top, bottom = _lowest(product, bottom * q)
            return top, bottom
        base, exponent = _power(e)
        p, q = (self.known[base], one) if base in self.known else self.value(base)
        return (p**exponent, q**exponent) if exponent >= 0 else _lowest(q**-exponent, p**-exponent)

    def multiplied_out(self) -> Expr:
        """Numerator and denominator as sums of products."""
        return self._expression(self.top) / self._expression(self.bottom)

    def in_factors(self) -> Expr:
        """Numerator and denominator as products."""
        if not self.top:
            return S.Zero
        factors: list[Expr] = []
        for polynomial, sign in ((self.top, 1), (self.bottom, -1)):
            content, found = polynomial.factor()
            factors.append(S(int(content)) ** sign)
            factors += [self._expression(f) ** (sign * int(power)) for f, power in found]
        return sp.Mul(*factors)

    def mixed(self) -> Iterator[Expr]:
        """(a·t + b)/t as a + b/t."""
        if not self.bottom.is_constant():
            whole, rest = divmod(self.top, self.bottom)
            if whole and rest:
                yield self._expression(whole) + self._expression(rest) / self._expression(
                    self.bottom
                )

    def _expression(self, polynomial: fmpz_mpoly) -> Expr:
        terms = []
        for powers, c in polynomial.to_dict().items():
            pairs = zip(self.variables, powers, strict=True)
            terms.append(sp.Mul(S(int(c)), *(v ** int(power) for v, power in pairs if power)))
        return sp.Add(*terms)


def _lowest(top: fmpz_mpoly, bottom: fmpz_mpoly) -> Fraction:
    """The quotient in lowest terms, the denominator's first coefficient positive."""
    common = top.gcd(bottom)
    if bottom.leading_coefficient() < 0:
        common = -common
    return top // common, bottom // common


def _power(e: Expr) -> tuple[Expr, int]:
    """(b, n) where e = bⁿ, n as great as e shows it: √u and u^(3/2) are powers of no b here."""
    if e.is_Pow and e.exp.is_Integer:
        return e.base, int(e.exp)
    if e.is_Pow and e.exp.could_extract_minus_sign():
        return sp.Pow(e.base, -e.exp), -1
    return e, 1


def _variables(e: Expr) -> set[Expr]:
    if e.is_Rational:
        return set()
    if e.is_Add or e.is_Mul:
        return set().union(*(_variables(a) for a in e.args))
    base, _ = _power(e)
    return {base} if base == e or base.is_Pow else _variables(base)
