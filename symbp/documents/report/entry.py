"""What is said of one finding, in the order in which every report says it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from symbp.documents.finding import Finding
from symbp.judge.verdict import Counterexample, Status, Verdict

#: A piece of a line: ("latex", a formula), or ("", words).
Piece = tuple[str, str]
Line = tuple[Piece, ...]

#: A document is data: what would move a terminal's cursor or turn the text around is shown instead.
VISIBLE: dict[int, int | str] = {
    **{c: 0x2400 + c for c in range(0x20)},
    0x7F: 0x2421,
    **dict.fromkeys([*range(0x80, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A)], "\ufffd"),
}


@dataclass(frozen=True)
class Unreadable:
    """A file of which nothing could be checked; line 0 is the whole file."""

    file: str
    message: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        place = f":{self.line}:{self.column}" if self.line else ""
        return one_line(f"{self.file}{place}: {self.message}")


def place(finding: Finding) -> str:
    """file:line:column."""
    return f"{one_line(finding.file)}:{finding.line}:{finding.column}"


def one_line(text: str) -> str:
    r"""The text on one line, with control characters made visible.

    >>> one_line("a\n   b\x1b[31m")
    'a b␛[31m'
    """
    return " ".join(text.split()).translate(VISIBLE)


def cut(text: str, limit: int | None) -> str:
    """At most `limit` characters, the last of them … if there were more.

    >>> cut("abcdef", 4), cut("abc", 4), cut("abcdef", None)
    ('abc…', 'abc', 'abcdef')
    """
    return text if limit is None or len(text) <= limit else f"{text[: limit - 1].rstrip()}…"


def details(verdict: Verdict) -> Iterator[Line]:
    """What follows the formula: why, where, what would be right."""
    for sentence in (verdict.reason, verdict.scope):
        if sentence:
            yield (("", one_line(sentence)),)
    if verdict.counterexample is not None:
        yield from _at(verdict.counterexample)
    if verdict.repair:
        notes = f"      ({'; '.join(notes)})" if (notes := about_repair(verdict)) else ""
        yield ("", "right: "), ("latex", one_line(verdict.repair)), ("", notes)
    elif verdict.conventions:
        yield (("", holds(verdict)),)
    for number, reading in enumerate(verdict.readings, 1):
        yield ("", f"reading {number}: "), ("latex", one_line(reading))


def about_repair(verdict: Verdict) -> list[str]:
    """Which mistake it mends, and where there was none."""
    mistake = [one_line(verdict.mistake)] if verdict.mistake else []
    return mistake + ([holds(verdict)] if verdict.conventions else [])


def holds(verdict: Verdict) -> str:
    """The conventions under which the claim is right.

    >>> holds(Verdict(Status.REFUTED, "a = b", conventions=("holds in numerator layout",)))
    'holds in numerator layout'
    """
    return one_line("; ".join(verdict.conventions))


def _at(example: Counterexample) -> Iterator[Line]:
    pieces: list[Piece] = []
    for name, value in example.values:
        before = ", " if pieces else "at "
        pieces += [("", before), ("latex", one_line(name)), ("", f" = {one_line(value)}")]
    if pieces:
        yield tuple(pieces)
    where = f"   ({one_line(example.where)})" if example.where else ""
    yield (("", f"left {one_line(example.left)}, right {one_line(example.right)}{where}"),)


def plain(line: Line) -> str:
    """A line without the difference between formulas and words."""
    return "".join(text for _, text in line)


def counts(findings: Sequence[Finding]) -> dict[Status, int]:
    """How many findings have each verdict, in the order of the verdicts."""
    found = Counter(f.verdict.status for f in findings)
    return {status: found[status] for status in Status}


def summary(findings: Sequence[Finding], errors: Sequence[Unreadable]) -> str:
    """The last line of a report.

    >>> summary([], [Unreadable("post.md", "not UTF-8 text")])
    'nothing was checked: no claim was found; 1 file not read'
    """
    if findings:
        text = ", ".join(f"{number} {status}" for status, number in counts(findings).items())
    else:
        text = "nothing was checked: no claim was found"
    return f"{text}; {len(errors)} file{'s' * (len(errors) != 1)} not read" if errors else text
