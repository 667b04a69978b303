"""Finding: a verdict with its place in a file."""

from __future__ import annotations

from dataclasses import dataclass

from symbp.judge.verdict import Verdict


@dataclass(frozen=True)
class Finding:
    """One claim of a document; `line` and `column` count from 1, at its first character."""

    file: str
    line: int
    column: int
    verdict: Verdict
