"""Outcome: what was found of one pair of sides, before it is shown as a verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from symbp.judge.compare import Sides
from symbp.judge.verdict import TURNED, Counterexample, Status
from symbp.reading.scope import BESIDE


@dataclass(frozen=True)
class Outcome:
    """What was found of one pair of sides."""

    status: Status
    reason: str = ""
    conventions: tuple[str, ...] = ()
    counterexample: Counterexample | None = None
    sides: Sides | None = None
    sizes: str = ""
    """At which sizes it was proved, where arrays written out say them."""
    totals: bool = False
    """Whether it was proved where the targets add up to one."""
    products: tuple[tuple[int, int, int], ...] = ()
    """Undecided: where products with two readings begin, where their sign stands and ends."""

    @property
    def without_meaning(self) -> bool:
        """Whether the shapes of the two sides differ."""
        return self.status is Status.REFUTED and self.counterexample is None

    @property
    def holds(self) -> bool:
        """Whether the two sides are equal, though what stands there may not be what is meant."""
        return self.status is Status.PROVED or self.reason.endswith((BESIDE, TURNED))


def open_between(what: str, said: Sequence[str], outcomes: Sequence[Outcome]) -> str:
    """Why a claim that holds in one reading only is undecided, with the readings by name."""
    text = f"{what} has two readings: only one of them holds"
    named = {
        name: str(o.status)
        for name, o in zip(said, outcomes, strict=True)
        if name and not o.without_meaning
    }
    listed = "; ".join(f"{name}: {status}" for name, status in named.items())
    return f"{text} ({listed})" if listed else text
