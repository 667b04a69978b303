"""Polynomials as dicts from terms to coefficients, and what a proof may spend on them."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from symbp.judge.scope.atoms import UNIT, Atom, Factors, Poly, free_letters, weight
from symbp.judge.scope.linear import Lin, letters, minus, plus


class Spent(Exception):
    """A proof that would take too long."""


@dataclass
class Purse:
    """How many factors may still be multiplied; the same claim always has as many."""

    left: int = 5_000

    def pay(self, factors: Factors) -> None:
        """For one product."""
        self.left -= 3 + sum(weight(a) for a in factors)
        if self.left < 0:
            raise Spent


def add(*polys: Poly) -> Poly:
    """The sum of polynomials."""
    total: Poly = {}
    for p in polys:
        for term, c in p.items():
            total[term] = total.get(term, Fraction(0)) + c
    return {term: c for term, c in total.items() if c}


def scaled(p: Poly, c: Fraction) -> Poly:
    """c · p."""
    return {term: c * x for term, x in p.items()} if c else {}


def number(c: Any) -> Poly:
    """A rational number."""
    return {UNIT: Fraction(c)} if c else {}


def denominator(p: Poly) -> tuple[Atom, Any] | None:
    """A base with a negative power whose letters are all free, and its least power."""
    found: dict[Atom, Any] = {}
    for bounds, factors in p:
        bound = {b for b, *_ in bounds}
        for a, e in factors:
            if a[0] == "base" and e < 0 and not free_letters(a) & bound:
                found[a] = min(found.get(a, 0), e)
    if not found:
        return None
    atom = min(found, key=repr)
    return atom, found[atom]


def or_else(found: Poly | None, otherwise: Poly) -> Poly:
    """What was found, if anything."""
    return otherwise if found is None else found


def solved(e: Lin, name: str) -> Lin | None:
    """The value of a letter for which e = 0; None where it stands in a size or has a factor."""
    c = dict(e.parts).get(name)
    if c not in (1, -1):
        return None
    rest = minus(e, Lin(0, ((name, c),)))
    value = plus(Lin(), rest, -c)
    return None if name in letters(value) else value


def whole(e: Any) -> Any:
    """A rational number, as an int where it is one."""
    return int(e) if e == int(e) else Fraction(e)


def is_step(atom: Atom) -> bool:
    """Whether an atom is 0 or 1."""
    return atom[0] == "apply" and atom[1] == "step"


def without(factors: Factors, atom: Atom, e: Any) -> Factors:
    """The factors with another power of one of them."""
    rest = {a: n for a, n in factors.items() if a != atom}
    return {**rest, atom: e} if e else rest


def common_factors(p: Poly) -> Factors:
    """The powers of atoms without summed letters that all terms have; negative ones of any."""
    powers: dict[Atom, list[Any]] = {}
    for bounds, factors in p:
        bound = {b for b, *_ in bounds}
        for a, e in factors:
            if not free_letters(a) & bound:
                powers.setdefault(a, []).append(e)
    common = {a: min(es) if len(es) == len(p) else min(0, *es) for a, es in powers.items()}
    return {a: e for a, e in common.items() if e}
