"""What follows from bounds of integers: `Facts` decides a ≤ b.

It answers "not known" rather than guess, so a True is a proof.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cached_property, lru_cache
from math import lcm

import sympy as sp
from sympy import Expr, Indexed, S, Symbol

from symbp.system.contents import free_symbols, text
from symbp.system.indices import Range
from symbp.system.linear import ATOMS, Linear, combined, linear


class Facts:
    """What is known of integers: ranges of indices, least values of sizes.

    >>> L, l = sp.symbols("L l", integer=True)
    >>> facts = Facts({L: (sp.S(1), None), l: (sp.S(1), L - 1)})
    >>> facts.le(l + 1, L), facts.le(l, L - 2)
    (True, False)
    """

    def __init__(
        self,
        bounds: Mapping[Expr, tuple[Expr | None, Expr | None]],
        values: Mapping[Expr, Expr] | None = None,
        defined: Mapping[Expr, Expr] | None = None,
    ) -> None:
        self._bounds = dict(bounds)
        self._values = dict(values or {})
        self._defined = dict(defined or {})
        """Sizes that follow from others: P = N - K + 1."""
        self._place = {atom: -i for i, atom in enumerate(self._bounds)}

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Facts) and self._all == other._all)

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _all(self) -> tuple[tuple[tuple[Expr, object], ...], ...]:
        return tuple(tuple(d.items()) for d in (self._bounds, self._values, self._defined))

    @cached_property
    def _wholes(self) -> list[tuple[Expr, Symbol]]:
        """N = 2P where P = N/2."""
        parts = ((p, *v.as_coeff_Mul()) for p, v in self._defined.items())
        return [(p / c, n) for p, c, n in parts if 0 < c < 1 and isinstance(n, Symbol)]

    @cached_property
    def _hash(self) -> int:
        return hash(self._all)

    def given(self, ranges: Iterable[Range]) -> Facts:
        """These facts and the ranges."""
        return _given(self, tuple(ranges))

    def bounded(self, bounds: Mapping[Expr, tuple[Expr, Expr]]) -> Facts:
        """These facts and bounds of all entries of some families, by their bases."""
        return Facts({**self._bounds, **bounds}, self._values, self._defined)

    def at_sizes(self, values: Mapping[Expr, Expr]) -> Facts:
        """These facts where some sizes have values: what follows holds at those sizes only."""
        return Facts(self._bounds, values, self._defined)

    def le(self, a: Expr, b: Expr) -> bool:
        """Whether a ≤ b follows. False: it does not follow (not: it is wrong)."""
        if a == b or self._bounds.get(b, (None,))[0] == a or self._bounds.get(a, (None,))[-1] == b:
            return True  # what is asked most often: an index and its own range
        return a is S.NegativeInfinity or b is S.Infinity or _follows(self, a, b)

    def equal(self, a: Expr, b: Expr) -> bool:
        """Whether a = b follows."""
        return linear(a) == linear(b)

    def known(self, e: Expr) -> Linear:
        """The form of e, with sizes that have a value replaced by it: first L, then n[L]."""
        if self._values:
            e = e.xreplace({a: v for a, v in self._values.items() if isinstance(a, Symbol)})
            e = e.xreplace(self._values)
        return linear(e)

    def nonnegative(self, e: Linear, depth: int, tried: set[frozenset[object]]) -> bool:
        """Whether e ≥ 0 follows, with at most `depth` atoms replaced by bounds of them."""
        if not e.keys() - {S.One}:
            return e.get(S.One, 0) >= 0
        key = frozenset(e.items())
        if depth == 0 or key in tried:
            return False
        tried.add(key)
        return any(self.nonnegative(low, depth - 1, tried) for low in self._lower_bounds(e))

    def _lower_bounds(self, e: Linear) -> Iterator[Linear]:
        """Forms that e is at least, each with one atom replaced by a bound of it."""
        atoms = sorted((term for term in e if isinstance(term, ATOMS)), key=self._rank)
        chosen = atoms[:1] if self._goes_first(atoms) else sorted(atoms, key=_is_plain)
        for atom in chosen:
            rest = dict(e)
            c = rest.pop(atom)
            if isinstance(atom, (sp.floor, sp.ceiling)):
                yield _rounded_off(self.known(atom.args[0]), isinstance(atom, sp.ceiling), c, rest)
                continue
            for bound in self._bounds_of(atom, from_below=c > 0):
                yield combined((1, rest), (c, self.known(bound)))

    def _goes_first(self, atoms: Sequence[Expr]) -> bool:
        """Whether the first atom can as well be replaced now: nothing else can bring it in.

        Beside ⌊x⌋ or ⌈x⌉ it cannot: what stands beside them must be integers when they go.
        """
        return (
            bool(atoms)
            and atoms[0] in self._last
            and not any(isinstance(a, (sp.floor, sp.ceiling)) for a in atoms)
            and not any(atoms[0] in free_symbols(other) for other in atoms[1:])
        )

    @cached_property
    def _last(self) -> frozenset[Expr]:
        """The indices of which no bound of an earlier one speaks."""
        found, spoken_of = set(), set[Expr]()
        for atom, bounds in self._bounds.items():
            for bound in bounds:
                spoken_of |= free_symbols(bound) if bound is not None else set()
            if atom not in spoken_of and None not in bounds:
                found.add(atom)
        return frozenset(found)

    def _rank(self, atom: Expr) -> tuple[int, str]:
        """Indices that came last are eliminated first: their bounds speak of the earlier ones."""
        place = self._place.get(atom)
        return (1, text(atom)) if place is None else (place, "")

    def _bounds_of(self, atom: Expr, from_below: bool) -> Iterator[Expr]:
        if isinstance(atom, sp.Max if from_below else sp.Min):
            yield from atom.args
            return
        key = atom.base if isinstance(atom, Indexed) and atom not in self._bounds else atom
        bound = self._bounds.get(key, (None, None))[0 if from_below else 1]
        if bound is not None:
            yield bound
        if atom in self._defined and self._defined[atom] != bound:
            yield self._defined[atom]
        yield from (whole for whole, of in self._wholes if of == atom)


def _is_plain(atom: Expr) -> bool:
    """Whether it is no minimum, maximum or rounding: the bounds of those are few and near."""
    return not isinstance(atom, (sp.Max, sp.Min, sp.floor, sp.ceiling))


@lru_cache(maxsize=1 << 10)
def _given(facts: Facts, ranges: tuple[Range, ...]) -> Facts:
    more = {r.symbol: (r.lower, r.upper) for r in ranges}
    return Facts({**facts._bounds, **more}, facts._values, facts._defined) if more else facts


@lru_cache(maxsize=1 << 14)
def _follows(facts: Facts, a: Expr, b: Expr) -> bool:
    """Whether a ≤ b follows: the same few questions are asked of every network."""
    form = combined((1, facts.known(b)), (-1, facts.known(a)))
    return all(facts.nonnegative(f, 12, set()) for f in _cases(facts, form))


def _cases(facts: Facts, e: Linear) -> Iterator[Linear]:
    """Forms that are at least 0 all of them where e is: −max(a, b) is −a or −b."""
    for atom, c in e.items():
        if isinstance(atom, sp.Max) if c < 0 else isinstance(atom, sp.Min):
            rest = {term: other for term, other in e.items() if term != atom}
            for a in atom.args:
                yield from _cases(facts, combined((1, rest), (c, facts.known(a))))
            return
    yield e


def _rounded_off(x: Linear, up: bool, c: int | Fraction, rest: Linear) -> Linear:
    """What c·⌊x⌋ + rest or, `up`, c·⌈x⌉ + rest is at least, for x = integer/d.

    x − (d−1)/d ≤ ⌊x⌋ ≤ x ≤ ⌈x⌉ ≤ x + (d−1)/d. Beside multiples of c it is enough for ≥ 0 that what
    is rounded has the right sign: ⌊x⌋ + k ≥ 0 where x + k ≥ 0, ⌈x⌉ + k ≥ 0 where x + k > −1.
    """
    slack = 1 - Fraction(1, lcm(*(Fraction(part).denominator for part in x.values())))
    away = up == (c > 0)  # rounded away from what would break it
    beside_multiples = _is_integer({term: Fraction(other) / c for term, other in rest.items()})
    loss = abs(Fraction(c)) * slack
    more, less = (loss, Fraction(0)) if away else (Fraction(0), -loss)
    return combined((1, rest), (c, x), (more if beside_multiples else less, {S.One: 1}))


def _is_integer(form: Linear) -> bool:
    return all(Fraction(c).denominator == 1 and term.is_integer for term, c in form.items())
