"""The report of a verification: one row for each block of a gradient, one finding per witness."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from symbp.errors import unknown

Verdict = Literal["proved", "refuted", "agree", "mismatch", "kink", "unresolved"]
RED: tuple[Verdict, ...] = ("refuted", "mismatch")
GREEN: tuple[Verdict, ...] = ("proved", "agree", "kink")


@dataclass(frozen=True)
class Finding:
    """What one witness says of one block.

    proved, refuted     exact: the adjoint of the whole block, in a prime field
    agree               every entry, up to the rounding of floats
    mismatch            `count` entries differ by more than that
    kink                `count` entries lie on a kink, between the one-sided derivatives; the rest
                        agree
    unresolved          of `count` entries the witness cannot tell; never counted as agreement
    """

    witness: str
    verdict: Verdict
    error: float = 0.0
    """The largest |g − e| relative to |g| and |e|, and to the rounding where terms cancel."""
    index: tuple[int, ...] = ()
    """Where that is, as the equations count."""
    candidate: float = 0.0
    expected: float = 0.0
    count: int = 0

    @property
    def cell(self) -> str:
        """The finding in a table."""
        if self.witness == "exact":
            return self.verdict
        number = f"{self.count} " if self.verdict != "agree" else ""
        return f"{number}{self.verdict} {self.error:.0e}"


@dataclass(frozen=True)
class Row:
    """The gradient by one block of a family: w[2], the weights of layer 2."""

    family: str
    key: tuple[int, ...]
    entries: int
    findings: tuple[Finding, ...]

    @property
    def name(self) -> str:
        """The block as the equations write it, its other indices left open."""
        return f"{self.family}[{', '.join(map(str, self.key))}]" if self.key else self.family

    @property
    def ok(self) -> bool:
        """Whether no witness objects and at least one has confirmed every entry."""
        verdicts = {f.verdict for f in self.findings}
        return not verdicts & set(RED) and bool(verdicts & set(GREEN))

    def by(self, witness: str) -> Finding:
        """What a witness says. Raises `UnknownNameError` where it was not heard."""
        found = {f.witness: f for f in self.findings}
        if witness not in found:
            raise unknown("witness", witness, list(found))
        return found[witness]


@dataclass(frozen=True)
class Report:
    """A gradient against its witnesses."""

    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()
    """Under which sizes, functions and values."""

    @property
    def ok(self) -> bool:
        """Whether there are rows and all of them are confirmed."""
        return bool(self.rows) and all(row.ok for row in self.rows)

    @property
    def witnesses(self) -> list[str]:
        """Who was heard, in order."""
        return list(dict.fromkeys(f.witness for row in self.rows for f in row.findings))

    def __str__(self) -> str:
        head = ["", "entries", *self.witnesses]
        table = [[row.name, f"{row.entries}", *self._cells(row)] for row in self.rows]
        lines = _aligned([head, *table])
        lines += [_sentence(row, f) for row in self.rows for f in row.findings if _told(f)]
        return "\n".join([*lines, *self.notes, "verified" if self.ok else "NOT VERIFIED"])

    def _cells(self, row: Row) -> list[str]:
        found = {f.witness: f.cell for f in row.findings}
        return [found.get(w, "-") for w in self.witnesses]


def _told(finding: Finding) -> bool:
    return finding.verdict in ("mismatch", "kink", "unresolved")


def _sentence(row: Row, finding: Finding) -> str:
    place = f"{row.family}[{', '.join(map(str, finding.index))}]" if finding.index else row.family
    return (
        f"{finding.verdict} at {place}: candidate {finding.candidate:.10g}, "
        f"{finding.witness} {finding.expected:.10g}"
    )


def _aligned(table: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[c]) for row in table) for c in range(len(table[0]))]
    return [
        "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in table
    ]
