"""Exact points of a System, and how equality is decided at them.

Guarantees: those of `numbers/field.py` and `judge/equality.py`: what is equal by the laws of
fields and of exp is found equal; what differs at the sizes tried is found equal with a
probability below 2^-100. Signs and roots are formal first; only where that fails 64 points with
true ones decide.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from symbp.errors import DefinitionError, SymbpError
from symbp.judge.equality import BRANCHES, CHAIN_LENGTHS, adding_up_to_one
from symbp.judge.targets import class_slots
from symbp.judge.values import Values
from symbp.numbers.field import ChainTooShortError, Field
from symbp.numbers.sampling import residues
from symbp.system import Role, System

Agrees = Callable[[Values], bool]
T = TypeVar("T")


class Points:
    """Random exact points of one System at its sizes, kept for all claims about it."""

    def __init__(self, system: System, seed: int = 0, unit_totals: bool = False) -> None:
        self.system = system
        self.seed = seed
        self.unit_totals = unit_totals
        """Whether the targets add up to one, as one-hot ones do."""
        self._length = 0
        self._points: dict[tuple[int, int | None], tuple[Values, tuple[bool, bool]]] = {}
        """The values with the marks that the System alone leaves in their domain."""

    def decide(self, agrees: Agrees) -> bool:
        """Whether two sides agree at every point tried."""
        return self._enough(lambda: self._decided(agrees))

    def found(self, look: Callable[[Values], T]) -> T:
        """What is seen at the point with formal signs and roots."""
        return self._enough(lambda: look(self.at(None)))

    def _enough(self, evaluate: Callable[[], T]) -> T:
        """What is evaluated, with a chain of primes that is long enough for it."""
        while True:
            try:
                return evaluate()
            except ChainTooShortError:
                self._length += 1
                if self._length == len(CHAIN_LENGTHS):
                    raise DefinitionError("too many nested exponentials") from None

    def _decided(self, agrees: Agrees) -> bool:
        formal = self.at(None)
        assert isinstance(formal.domain, Field)
        if agrees(formal):
            return True
        if not formal.domain.used_branches:
            return False
        found = 0
        for draw in range(BRANCHES):
            values = self.at(draw)
            assert isinstance(values.domain, Field)
            try:
                same = agrees(values)
            except ZeroDivisionError:
                continue
            if not values.domain.bad_root:
                if not same:
                    return False
                found += 1
        if not found:
            raise DefinitionError("no point with square roots was found")
        return True

    def at(self, draw: int | None) -> Values:
        """The point of a draw; of None, the one with formal signs and roots."""
        place = (self._length, draw)
        known = self._points.get(place)
        if known is None or _marks(known[0]) != known[1]:  # a claim had roots or signs of its own
            values = self._made(draw)
            known = self._points[place] = values, _marks(values)
        return known[0]

    def _made(self, draw: int | None) -> Values:
        """A point at which all families have been evaluated, as far as they have values."""
        seed = self.seed if draw is None else self.seed + draw
        field = Field(CHAIN_LENGTHS[self._length], seed, formal=draw is None)
        given = residues(self.system, field)
        if self.unit_totals:
            slots = class_slots(self.system)
            for v in self.system.with_role(Role.TARGET):
                given[v.name] = adding_up_to_one(given[v.name], v, field, slots.get(v.name))
        values = Values(self.system, given, field)
        for name in dict.fromkeys(e.family for e in self.system.equations):
            with suppress(SymbpError, ZeroDivisionError, ChainTooShortError):
                values.primal[name]
        return values


def _marks(values: Values) -> tuple[bool, bool]:
    """Whether roots or signs were met, and whether a root was none."""
    assert isinstance(values.domain, Field)
    return values.domain.used_branches, values.domain.bad_root
