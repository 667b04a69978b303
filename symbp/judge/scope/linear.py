"""Index expressions with sizes that are letters, l + 1, n_{l−1}, and what follows from ranges.

A letter is written ":j" and a size "n", so that neither is taken for the other. `Known` answers
"not known" rather than guess: a True is a proof for all sizes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

#: A letter ":j", a size "m", or an indexed size ("n", index).
Part = Any
T = TypeVar("T")


class Uncovered(Exception):
    """Something about which this module proves nothing; no error of the formula."""


class Lin(NamedTuple):
    """const + Σ coefficient · part."""

    const: int = 0
    parts: tuple[tuple[Part, int], ...] = ()


ONE = Lin(1)


def letter(name: str) -> Lin:
    """A letter or a size as an index."""
    return Lin(0, ((name, 1),))


def in_order(items: Collection[T]) -> tuple[T, ...]:
    """Sorted by their text, which takes a while to write: for one alone it is not needed."""
    return tuple(items) if len(items) < 2 else tuple(sorted(items, key=repr))


def plus(a: Lin, b: Lin, times: int = 1) -> Lin:
    """a + times · b."""
    if not b.parts:
        return Lin(a.const + times * b.const, a.parts)
    total = dict(a.parts)
    for part, c in b.parts:
        total[part] = total.get(part, 0) + times * c
    kept = [(part, c) for part, c in total.items() if c]
    return Lin(a.const + times * b.const, in_order(kept))


def minus(a: Lin, b: Lin) -> Lin:
    """a − b."""
    return plus(a, b, -1)


def substitute(a: Lin, mapping: Mapping[str, Lin]) -> Lin:
    """a with letters replaced, those in the index of a size too."""
    if not a.parts:
        return a
    if len(a.parts) == 1 and a.parts[0][1] == 1 and isinstance(a.parts[0][0], str):
        found = mapping.get(a.parts[0][0])
        return a if found is None else Lin(a.const + found.const, found.parts)
    if not letters(a) & mapping.keys():
        return a
    total = Lin(a.const)
    for part, c in a.parts:
        if isinstance(part, tuple):
            total = plus(total, letter_of_size(part[0], substitute(part[1], mapping)), c)
        else:
            total = plus(total, mapping.get(part, letter(part)), c)
    return total


def letter_of_size(name: str, index: Lin) -> Lin:
    """n[index]."""
    return Lin(0, (((name, index), 1),))


@lru_cache(maxsize=1 << 14)
def letters(a: Lin) -> frozenset[str]:
    """The letters in a, not its sizes."""
    found: set[str] = set()
    for part, _ in a.parts:
        if isinstance(part, tuple):
            found |= letters(part[1])
        elif part.startswith((":", "~", "?")):
            found.add(part)
    return frozenset(found)


@dataclass(frozen=True)
class Known:
    """Ranges of letters and sizes; a later letter may be bounded by earlier ones."""

    least: Mapping[str, int] = field(default_factory=dict)
    """The least value of each size."""
    bounds: Mapping[str, tuple[tuple[Lin, ...], tuple[Lin, ...]]] = field(default_factory=dict)
    """Lower and upper bounds of letters and single sizes."""

    def given(self, name: str, low: Lin, high: Lin) -> Known:
        """With low ≤ name ≤ high, beside what is known of it."""
        lows, highs = self.bounds.get(name, ((), ()))
        rest = {k: v for k, v in self.bounds.items() if k != name}
        return replace(self, bounds={**rest, name: ((*lows, low), (*highs, high))})

    def assume(self, e: Lin) -> Known:
        """With e ≥ 0, as a bound of its last letter, or of a single size if it has none."""
        named = [p for p, c in e.parts if isinstance(p, str) and abs(c) == 1]
        order = list(self.bounds)
        named.sort(key=lambda p: (p.startswith(":"), order.index(p) if p in order else -1))
        if not named:
            raise Uncovered
        name = named[-1]
        c = dict(e.parts)[name]
        rest = minus(e, Lin(0, ((name, c),)))
        lows, highs = self.bounds.get(name, ((), ()))
        new = ((*lows, plus(Lin(), rest, -1)), highs) if c > 0 else (lows, (*highs, rest))
        return replace(self, bounds={**self.bounds, name: new})

    def nonnegative(self, e: Lin, depth: int = 8) -> bool:
        """Whether e ≥ 0 follows."""
        if not e.parts:
            return e.const >= 0
        return depth > 0 and any(self.nonnegative(weaker, depth - 1) for weaker in self._weaker(e))

    def _weaker(self, e: Lin) -> Iterator[Lin]:
        """What e is at least: e with one part replaced by a bound."""
        for part, c in reversed(e.parts):
            without = minus(e, Lin(0, ((part, c),)))
            name = part[0] if isinstance(part, tuple) else part
            lows, highs = self.bounds.get(part, ((), ())) if isinstance(part, str) else ((), ())
            for bound in lows if c > 0 else highs:
                yield plus(without, bound, c)
            if c > 0 and name in self.least:
                yield plus(without, Lin(self.least[name]), c)

    def le(self, a: Lin, b: Lin) -> bool:
        """Whether a ≤ b follows."""
        return self.nonnegative(minus(b, a))

    def pinned(self) -> dict[str, Lin]:
        """Letters with one value: l where L ≤ l ≤ L."""
        return {
            name: low
            for name, (lows, highs) in self.bounds.items()
            for low in lows
            if name.startswith(":") and low in highs
        }

    def empty(self) -> bool:
        """Whether no numbers satisfy all bounds, as far as that follows."""
        return any(
            self.le(plus(high, ONE), low)
            for lows, highs in self.bounds.values()
            for low in lows
            for high in highs
        )
