"""Sums of products with sizes that are letters: +, ·, powers, Σ, functions, [a = b].

Every function here returns a polynomial that is equal to what it is given at all sizes at which
both have a meaning. `Algebra.product` holds the laws of one term:

    Σ_k [k = j] g(k) = g(j)                 where j is known to lie in the range of k
    [j = k] g(k)     = [j = k] g(j)
    Σ_{k=1}^n g      = n g                  where g has no k
    D^a · D^b        = D^(a+b), D itself written out
    g_k Σ (Σ_k g_k)^-1 = 1                  under a sum over k that has no other use
    m / (c m + r)    = (1 − r / (c m + r)) / c
    step² = step,  e^(s + t) = e^s e^t
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import reduce
from math import floor
from typing import Any

from symbp.judge.scope.atoms import (
    UNIT,
    Atom,
    Bound,
    Factors,
    Key,
    Letters,
    Poly,
    canonical,
    free_letters,
    key_of,
    opened,
    relabelled,
    shape,
)
from symbp.judge.scope.linear import (
    Known,
    Lin,
    Uncovered,
    letter,
    letters,
    minus,
    plus,
    substitute,
)
from symbp.judge.scope.poly import (
    Purse,
    Spent,
    add,
    common_factors,
    denominator,
    is_step,
    number,
    or_else,
    scaled,
    solved,
    whole,
    without,
)

#: An atom and what is known of its letters → what is put in its place, or None.
Change = Callable[[Atom, Known], Poly | None]
MOST_TERMS = 300


@dataclass
class Algebra:
    """Polynomials where something is known of their free letters."""

    known: Known
    totals: Mapping[str, tuple[int, Lin, Lin]] = field(default_factory=dict)
    """Families that add up to one over the range of a slot: the targets."""
    purse: Purse = field(default_factory=Purse)

    # -- sums and products -------------------------------------------------------------------

    def times(self, p: Poly, q: Poly) -> Poly:
        """p · q."""
        if p == {UNIT: Fraction(1)}:
            return q
        found = []
        for s, c in p.items():
            for t, d in q.items():
                (bs, fs), (bt, ft) = opened(s), opened(t)
                for a, e in ft.items():
                    fs[a] = fs.get(a, 0) + e
                found.append(self.product(c * d, [*bs, *bt], fs))
        return add(*found)

    def over(self, p: Poly, bounds: Sequence[Bound]) -> Poly:
        """Σ over letters that are free in p."""
        if not bounds:
            return p
        found = []
        for term, c in p.items():
            inner, factors = opened(term)
            found.append(self.product(c, [*bounds, *inner], factors))
        return add(*found)

    def atom(self, a: Atom, e: Any = 1) -> Poly:
        """A power of an atom."""
        return self.product(Fraction(1), [], {a: e})

    def counted(self, a: Lin) -> Poly:
        """An index expression as a number."""
        parts: list[Poly] = [{((), ((("size", part), 1),)): Fraction(c)} for part, c in a.parts]
        return add(number(a.const), *parts)

    def product(self, c: Fraction, bounds: list[Bound], factors: Factors) -> Poly:
        """One term by the laws above."""
        self.purse.pay(factors)
        factors = {a: whole(1 if is_step(a) and e > 1 else e) for a, e in factors.items() if e}
        for law in (self._equal, self._written_out, self._unused, self._cancelled, self._divided):
            found = law(c, bounds, factors)
            if found is not None:
                return found
        return {canonical(bounds, factors): c}

    def _equal(self, c: Fraction, bounds: list[Bound], factors: Factors) -> Poly | None:
        """[j = k] solved for a letter that is summed, or used for one that is free."""
        inside = {b: (lo, hi) for b, lo, hi in bounds}
        for atom in [a for a in factors if a[0] == "equal"]:
            e: Lin = atom[1]
            if factors[atom] < 0:
                raise Uncovered
            rest = {a: n for a, n in factors.items() if a != atom}
            for name in sorted(letters(e) & inside.keys()):
                value = solved(e, name)
                others = [b for b in bounds if b[0] != name]
                if value is not None and self._within(value, *inside[name], others):
                    return self._assembled(c, others, rest, {name: value})
            if letters(e) & inside.keys():
                continue
            for name in sorted(letters(e), reverse=True):
                value = solved(e, name)
                if value is None:
                    continue
                used = any(name in free_letters(a) for a in rest) or any(
                    name in letters(x) for _, *ends in bounds for x in ends
                )
                if used:
                    moved = self._assembled(c, bounds, rest, {name: value})
                    return self.times({((), ((atom, 1),)): Fraction(1)}, moved)
                break
        for atom in factors:
            if atom[0] == "equal" and factors[atom] != 1:
                return self.product(c, bounds, {**factors, atom: 1})
        return None

    def _within(self, value: Lin, lo: Lin, hi: Lin, others: Sequence[Bound]) -> bool:
        known = self.known
        for b, low, high in others:
            known = known.given(b, low, high)
        return known.le(lo, value) and known.le(value, hi)

    def _assembled(
        self, c: Fraction, bounds: Sequence[Bound], factors: Factors, mapping: Letters
    ) -> Poly:
        """A term with letters replaced, which may make parts of it equal."""
        parts = (self.power(self.moved(a, mapping), e) for a, e in factors.items())
        inner = reduce(self.times, parts, number(c))
        moved = [(b, substitute(lo, mapping), substitute(hi, mapping)) for b, lo, hi in bounds]
        return self.over(inner, moved)

    def _written_out(self, c: Fraction, bounds: list[Bound], factors: Factors) -> Poly | None:
        """A base with a power of at least 1 as its polynomial."""
        for atom, e in factors.items():
            if atom[0] == "base" and e >= 1:
                left = without(factors, atom, e - floor(e))
                inner = self.product(c, [], left)
                for _ in range(floor(e)):
                    inner = self.times(inner, dict(atom[1]))
                if len(inner) > MOST_TERMS:
                    raise Spent
                return self.over(inner, bounds)
        return None

    def _unused(self, c: Fraction, bounds: list[Bound], factors: Factors) -> Poly | None:
        """Σ_k of what has no k, and Σ_j y_j where it is known to be 1."""
        for b in bounds:
            name, lo, hi = b
            others = [x for x in bounds if x != b]
            if any(name in letters(x) for _, *ends in others for x in ends):
                continue
            used = [a for a in factors if name in free_letters(a)]
            if not used:
                length = plus(minus(hi, lo), Lin(1))
                if self._within(Lin(0), Lin(0), length, others):
                    inner = self.times(self.product(c, [], factors), self.counted(length))
                    return self.over(inner, others)
            elif len(used) == 1 and factors[used[0]] == 1 and self._is_total(used[0], b):
                return self.product(c, others, without(factors, used[0], 0))
        return None

    def _is_total(self, atom: Atom, b: Bound) -> bool:
        """Whether a sum over the letter of an entry is that of all targets."""
        known = self.totals.get(atom[1]) if atom[0] == "entry" else None
        if known is None:
            return False
        slot, lo, hi = known
        places = [i for i, x in enumerate(atom[2]) if b[0] in letters(x)]
        return places == [slot] and atom[2][slot] == letter(b[0]) and b[1:] == (lo, hi)

    def _cancelled(self, c: Fraction, bounds: list[Bound], factors: Factors) -> Poly | None:
        """Σ_k g_k r / (Σ_k g_k) = r."""
        for atom, e in factors.items():
            if atom[0] != "base" or e > -1 or len(atom[1]) != 1:
                continue
            (((sums, inside), scale),) = atom[1]
            if len(sums) != 1:
                continue
            for b in bounds:
                if (b[1], b[2]) != (sums[0][1], sums[0][2]):
                    continue
                if any(b[0] in letters(x) for _, *ends in bounds for x in ends):
                    continue
                wanted = {relabelled(a, {sums[0][0]: letter(b[0])}): n for a, n in inside}
                found = {a: n for a, n in factors.items() if b[0] in free_letters(a)}
                own = {a: n for a, n in wanted.items() if b[0] in free_letters(a)}
                rest = {a: n for a, n in wanted.items() if a not in own}
                if found == own and not rest:
                    left = without({a: n for a, n in factors.items() if a not in own}, atom, e + 1)
                    return self.product(c / scale, [x for x in bounds if x != b], left)
        return None

    def _divided(self, c: Fraction, bounds: list[Bound], factors: Factors) -> Poly | None:
        """m / (c m + r) = (1 − r / (c m + r)) / c for the greatest m of a base without sums."""
        for atom, e in factors.items():
            if atom[0] != "base" or e > -1 or len(atom[1]) < 2:
                continue
            terms = dict(atom[1])
            if any(t[0] or any(n < 0 or n != int(n) for _, n in t[1]) for t in terms):
                continue
            top = max(terms, key=lambda t: (sum(n for _, n in t[1]), shape(t), repr(t)))
            if all(factors.get(a, 0) >= n for a, n in top[1]):
                scale = terms.pop(top)
                left = dict(factors)
                for a, n in top[1]:
                    left[a] -= n
                whole_part = self.product(c / scale, [], without(left, atom, e + 1))
                kept = self.product(-c / scale, [], left)
                return self.over(add(whole_part, self.times(kept, terms)), bounds)
        return None

    # -- powers and functions ----------------------------------------------------------------

    def power(self, p: Poly, e: Any) -> Poly:
        """p^e for a rational number e."""
        e = whole(Fraction(e))
        if e == 1 or e == 0:
            return p if e else number(1)
        if not p:
            if e < 0:
                raise Uncovered
            return {}
        if len(p) == 1:
            ((term, c),) = p.items()
            bounds, factors = term
            plain = e == int(e) or (c == 1 and len(factors) == 1 and factors[0][1] == 1)
            if not bounds and plain:
                return self.product(c**e if e == int(e) else c, [], {a: n * e for a, n in factors})
        if e == int(e) and e > 0:
            if e > 8:
                raise Uncovered
            return reduce(self.times, [p] * int(e))
        return self._of_base(p, e)

    def _of_base(self, p: Poly, e: Any) -> Poly:
        """A negative power or a root of several terms, or of a sum."""
        if e != int(e):
            return self.atom(("base", key_of(p)), e)
        below = denominator(p)
        if below is not None:  # 1/(1 − a/(1 + a)) = (1 + a)/1
            atom, least = below
            return self.times(
                self.power(self._cleared(p, atom, least), e), self.atom(atom, least * e)
            )
        common = common_factors(p)
        rest = self.times(p, {((), tuple((a, -n) for a, n in common.items())): Fraction(1)})
        first = min(rest, key=lambda t: (shape(t), rest[t]))
        scale = rest[first]
        inner = scaled(rest, 1 / scale)
        power = {a: n * e for a, n in common.items()}
        power[("base", key_of(inner))] = e
        return self.product(scale ** int(e), [], power)

    def applied(self, name: str, order: int, x: Poly, parameters: Sequence[Poly] = ()) -> Poly:
        """f(x), f'(x)."""
        return self.atom(("apply", name, order, key_of(x), tuple(key_of(p) for p in parameters)))

    def exponential(self, p: Poly) -> Poly:
        """e^p as the product over its terms."""
        return self.product(Fraction(1), [], {("exp", t): whole(c) for t, c in p.items()})

    def equal(self, e: Lin) -> Poly:
        """[e = 0]."""
        if not e.parts:
            return number(int(e.const == 0))
        if self.known.le(Lin(1), e) or self.known.le(e, Lin(-1)):
            return {}
        turned = plus(Lin(), e, -1)
        return self.atom(("equal", min(e, turned, key=repr)))

    def derivative(self, f: Atom, u: Atom, known: Known | None = None) -> Poly:
        """∂f/∂u of entries: an atom here."""
        del known
        return self.atom(("derivative", f, u))

    # -- replacing ---------------------------------------------------------------------------

    def moved(self, atom: Atom, mapping: Letters) -> Poly:
        """An atom with letters replaced by index expressions."""
        if not free_letters(atom) & mapping.keys():
            return {((), ((atom, 1),)): Fraction(1)}
        return self.changed(atom, mapping, lambda a, k: None, self.known)

    def rebuilt(
        self, p: Poly, mapping: Letters, change: Change, known: Known | None = None,
        concerns: Callable[[Atom], bool] = lambda a: True,
    ) -> Poly:  # fmt: skip
        """p with letters replaced, and then atoms by `change`, also inside of others.

        Where no letter is replaced, atoms that it does not concern stay as they are.
        """
        known = known or self.known
        found = []
        for term, c in p.items():
            if not mapping and not any(concerns(a) for a, _ in term[1]):
                found.append({term: c})
                continue
            bounds, factors = opened(term)
            moved = [(b, substitute(lo, mapping), substitute(hi, mapping)) for b, lo, hi in bounds]
            inside = reduce(lambda k, b: k.given(*b), moved, known)
            kept = {a: e for a, e in factors.items() if not mapping and not concerns(a)}
            parts = [
                self.power(self.changed(a, mapping, change, inside, concerns), e)
                for a, e in factors.items() if a not in kept
            ]  # fmt: skip
            start = self.product(c, [], kept) if kept else number(c)
            found.append(self.over(reduce(self.times, parts, start), moved))
            if len(found[-1]) > MOST_TERMS:
                raise Spent
        return add(*found)

    def changed(
        self, atom: Atom, mapping: Letters, change: Change, known: Known,
        concerns: Callable[[Atom], bool] = lambda a: True,
    ) -> Poly:  # fmt: skip
        """An atom with letters replaced, and then it or what is inside it by `change`."""
        kind = atom[0]

        def inner(key: Key) -> Poly:
            return self.rebuilt(dict(key), mapping, change, known, concerns)

        if kind == "apply":
            return self.applied(atom[1], atom[2], inner(atom[3]), [inner(p) for p in atom[4]])
        if kind == "exp":
            return self.exponential(inner(((atom[1], Fraction(1)),)))
        if kind == "base":
            return inner(atom[1])
        if kind == "equal":
            return self.equal(substitute(atom[1], mapping))
        if kind == "size":
            return self.counted(substitute(Lin(0, ((atom[1], 1),)), mapping))
        if kind == "derivative":
            f, u = (relabelled(a, mapping) for a in atom[1:])
            new = self.derivative(f, u, known)
            if new != {((), ((("derivative", f, u), 1),)): Fraction(1)}:
                return new
            return or_else(change(("derivative", f, u), known), new)
        if kind == "whole":
            limits = [substitute(i, mapping) for i in atom[3:5]]
            entries = [key_of(inner(k)) for k in atom[5:7]]
            partials = tuple(sorted((substitute(i, mapping) for i in atom[7]), key=repr))
            return self.atom((*atom[:3], *limits, *entries, partials))
        moved = relabelled(atom, mapping)
        return or_else(change(moved, known), {((), ((moved, 1),)): Fraction(1)})

    # -- zero --------------------------------------------------------------------------------

    def is_zero(self, p: Poly) -> bool:
        """Whether p is 0, if need be times denominators that no sum of its terms reaches into."""
        for _ in range(8):
            found = denominator(p)
            if found is None:
                break
            p = self._cleared(p, *found)
        return not p

    def _cleared(self, p: Poly, atom: Atom, least: Any) -> Poly:
        """p · atom^-least for an atom without letters that p sums over."""
        found = []
        for term, c in p.items():
            bounds, factors = opened(term)
            found.append(self.product(c, bounds, {**factors, atom: factors.get(atom, 0) - least}))
        return add(*found)
