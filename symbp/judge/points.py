"""Exact points of a System, and how equality is decided at them.

Guarantees: those of `numbers/field.py` and `judge/equality.py`: what is equal by the laws of
fields and of exp is found equal; what differs at the sizes tried is found equal with a
probability below 2^-100. Signs and roots are formal first; only where that fails 64 points with
true ones decide.
"""

from __future__ import annotations

from collections.abc import Callable

from symbp.errors import DefinitionError
from symbp.judge.equality import BRANCHES, CHAIN_LENGTHS, adding_up_to_one
from symbp.judge.values import Values
from symbp.numbers.field import ChainTooShortError, Field
from symbp.numbers.sampling import residues
from symbp.system import Role, System

Agrees = Callable[[Values], bool]


class Points:
    """Random exact points of one System at its sizes, kept for all claims about it."""

    def __init__(self, system: System, seed: int = 0, unit_totals: bool = False) -> None:
        self.system = system
        self.seed = seed
        self.unit_totals = unit_totals
        """Whether the targets add up to one, as one-hot ones do."""
        self._length = 0
        self._points: dict[tuple[int, int | None], Values] = {}

    def decide(self, agrees: Agrees) -> bool:
        """Whether two sides agree at every point tried."""
        while True:
            try:
                return self._decided(agrees)
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
        if place not in self._points:
            seed = self.seed if draw is None else self.seed + draw
            field = Field(CHAIN_LENGTHS[self._length], seed, formal=draw is None)
            given = residues(self.system, field)
            if self.unit_totals:
                for v in self.system.with_role(Role.TARGET):
                    given[v.name] = adding_up_to_one(given[v.name], v, field)
            self._points[place] = Values(self.system, given, field)
        return self._points[place]
