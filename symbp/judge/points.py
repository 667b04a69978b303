"""Exact points of a System, and how equality is decided at them.

Guarantees: those of `numbers/field.py` and `numbers/draws.py`: what is equal by the laws of
fields and of exp is found equal; what differs at the sizes tried is found equal with a
probability below 2^-100. Signs and roots are formal first; only where that fails 64 points with
true ones decide.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from symbp.errors import SymbpError
from symbp.judge.equality import adding_up_to_one
from symbp.judge.targets import class_slots
from symbp.judge.values import Values
from symbp.numbers.draws import Branches, Draw, Draws
from symbp.numbers.extension import TowerTooLowError
from symbp.numbers.field import ChainTooShortError, Field
from symbp.numbers.sampling import residues
from symbp.system import Role, System

Agrees = Callable[[Values], bool]
T = TypeVar("T")


class Points:
    """Random exact points of one System at its sizes, kept for all claims about it."""

    def __init__(self, system: System, seed: int = 0, unit_totals: bool = False) -> None:
        self.system = system
        self.unit_totals = unit_totals
        """Whether the targets add up to one, as one-hot ones do."""
        self._draws = Draws(seed)
        self._points: dict[Draw, tuple[Values, Marks]] = {}
        """The values with the marks that the System alone leaves in their domain."""

    def decide(self, agrees: Agrees) -> bool:
        """Whether two sides agree at every point tried."""

        def look(draw: Draw) -> tuple[bool, Field]:
            values = self.at(draw)
            field = _field(values)
            return not field.bad_root and agrees(values), field

        return self._draws.hold(look)

    def found(self, look: Callable[[Values], T]) -> T:
        """What is seen at the point with formal signs and roots."""
        return self._draws.enough(lambda: look(self.at()))

    def at(self, draw: Draw | None = None) -> Values:
        """The point of a draw; by default the one with formal signs and roots."""
        draw = draw or self._draws.formal()
        known = self._points.get(draw)
        changed = known is not None and _marks(known[0]) != known[1]
        if known is None or (changed and draw.branches is not Branches.TRUE):
            values = self._made(draw.field())  # again where a claim had roots of its own
            known = self._points[draw] = values, _marks(values)
        return known[0]

    def _made(self, field: Field) -> Values:
        """A point at which all families have been evaluated, as far as they have values."""
        given = residues(self.system, field)
        if self.unit_totals:
            slots = class_slots(self.system)
            for v in self.system.with_role(Role.TARGET):
                given[v.name] = adding_up_to_one(given[v.name], v, field, slots.get(v.name))
        values = Values(self.system, given, field)
        for name in dict.fromkeys(e.family for e in self.system.equations):
            with suppress(SymbpError, ZeroDivisionError, ChainTooShortError, TowerTooLowError):
                values.primal[name]
        return values


Marks = tuple[bool, bool, bool]


def _field(values: Values) -> Field:
    assert isinstance(values.domain, Field)
    return values.domain


def _marks(values: Values) -> Marks:
    """Whether branches or roots were met, and whether a root was none."""
    field = _field(values)
    return field.used_branches, field.used_roots, field.bad_root
