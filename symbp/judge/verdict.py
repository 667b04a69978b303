"""Verdict: what was found of one claim, with the evidence for it.

proved     exact, never by a tolerance; `scope` says for which sizes
refuted    with a counterexample that anyone can plug in, or sides whose shapes differ
undecided  two readings are open, or neither proof nor counterexample was found; says what was tried
unread     not understood; `reason` names the missing fact
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

#: Reasons of outcomes.
TURNED = (
    "it holds in denominator layout, the derivative of a vector by a vector transposed, and "
    "nothing says which layout is meant"
)
TOO_MANY = "it has more readings than are tried"
EMPTY = "a kernel is larger than its image"


class Status(StrEnum):
    """The four verdicts."""

    PROVED = "proved"
    REFUTED = "refuted"
    UNDECIDED = "undecided"
    UNREAD = "unread"


@dataclass(frozen=True)
class Counterexample:
    """A point at which the two sides have different values, certified by ball arithmetic."""

    values: tuple[tuple[str, str], ...]
    """(LaTeX of an entry, its value), as the author writes the entry."""
    left: str
    right: str
    where: str = ""
    """Which entry of a vector or matrix, and at which layer: "l = 1, j = 2"."""


@dataclass(frozen=True)
class Verdict:
    """What was found of the claim `latex`: left = right, as its author wrote it."""

    status: Status
    latex: str
    scope: str = ""
    """Proved: "for every width and depth", "for every width, at depth 3", "at sizes ..."."""
    reason: str = ""
    """One line: how the sides differ, which fact is missing, what was tried."""
    repair: str = ""
    """A right side in the author's notation that is proved; "" where none was found."""
    mistake: str = ""
    """The name of the row of the diagnosis table whose repair was proved."""
    conventions: tuple[str, ...] = ()
    """Conventions under which the claim holds, where they are not the declared ones."""
    counterexample: Counterexample | None = None
    readings: tuple[str, ...] = ()
    """Undecided: the readings that are open, as LaTeX."""
