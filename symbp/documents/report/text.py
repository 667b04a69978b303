r"""The report as text: plain, to be searched, or for a terminal, in colour and Unicode.

post.md:57:1  refuted   \frac{\partial J}{\partial W^l} = a^{l-1} (\delta^l)^T
              the sides differ: at n_l=3, n_{l-1}=2 the left is 3×2, the right 2×3
              right: \delta^l (a^{l-1})^T      (transposed)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.text import Text

from symbp.documents.finding import Finding
from symbp.documents.report.entry import (
    Line,
    Unreadable,
    counts,
    cut,
    details,
    one_line,
    place,
    plain,
    summary,
)
from symbp.documents.report.unicode import as_unicode
from symbp.judge.verdict import Status

#: Characters of a formula, unless all of it is asked for.
LIMIT = 160
COLOURS = {
    Status.PROVED: "green",
    Status.REFUTED: "bold red",
    Status.UNDECIDED: "yellow",
    Status.UNREAD: "magenta",
}
STATUS_WIDTH = max(map(len, Status)) + 1


def write_text(
    findings: Sequence[Finding],
    errors: Sequence[Unreadable] = (),
    *,
    quiet: bool = False,
    full: bool = False,
) -> str:
    """Every finding as lines of text, and the summary; `quiet` leaves out what is proved."""
    blocks = [entry(f, w, full=full) for f, w in placed(shown(findings, quiet=quiet))]
    return "".join(f"{line}\n" for line in [*blocks, summary(findings, errors)])


def entry(finding: Finding, width: int = 0, *, full: bool = True) -> str:
    """One finding as text, its place padded to `width` characters."""
    verdict = finding.verdict
    where = place(finding).ljust(width)
    formula = cut(one_line(verdict.latex), None if full else LIMIT)
    below = list(map(plain, details(verdict)))
    first = formula or (below.pop(0) if below else "")
    head = f"{where}  {verdict.status:{STATUS_WIDTH}}{first}".rstrip()
    return "\n".join([head, *(f"{'':{len(where) + 2}}{line}" for line in below)])


def show_text(
    console: Console,
    findings: Sequence[Finding],
    errors: Sequence[Unreadable] = (),
    *,
    quiet: bool = False,
    full: bool = False,
) -> None:
    """The same for a person at a terminal."""
    for finding, width in placed(shown(findings, quiet=quiet)):
        for block in _blocks(finding, width, None if full else console.width):
            console.print(block)
    console.print(_summary(findings, errors))


def shown(findings: Sequence[Finding], *, quiet: bool) -> list[Finding]:
    """The findings that are reported."""
    return [f for f in findings if not quiet or f.verdict.status is not Status.PROVED]


def placed(findings: Sequence[Finding]) -> Iterator[tuple[Finding, int]]:
    """Each finding with the width of the longest place in its file."""
    for _, found in groupby(findings, key=lambda f: f.file):
        of_file = list(found)
        width = max(len(place(f)) for f in of_file)
        yield from ((f, width) for f in of_file)


def _blocks(finding: Finding, width: int, line: int | None) -> Iterator[RenderableType]:
    verdict = finding.verdict
    head = Text(overflow="fold").append(place(finding).ljust(width), style="cyan")
    head.append(f"  {verdict.status:{STATUS_WIDTH}}", style=COLOURS[verdict.status])
    left = None if line is None else max(line - len(head), 30)
    below = [_coloured(pieces) for pieces in details(verdict)]
    if verdict.latex:
        head.append(cut(one_line(as_unicode(verdict.latex)), left), style="bold")
    elif below:
        head.append_text(below.pop(0))
    yield head
    indent = width + 2 if line is None else min(width + 2, line // 3)
    yield from (Padding(text, (0, 0, 0, indent)) for text in below)
    if verdict.repair:
        copied = Text(one_line(verdict.repair), style="dim", overflow="fold")
        yield Padding(copied, (0, 0, 0, indent + len("right: ")))


def _coloured(pieces: Line) -> Text:
    text = Text()
    for kind, words in pieces:
        text.append(one_line(as_unicode(words)) if kind else words, style="bold" if kind else "")
    return text


def _summary(findings: Sequence[Finding], errors: Sequence[Unreadable]) -> Text:
    text = Text(summary(findings, errors))
    for status, number in counts(findings).items():
        if number:
            text.highlight_regex(rf"\b{number} {status}\b", COLOURS[status])
    return text
