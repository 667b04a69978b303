r"""Where a claim ends in its file, and where its right side begins, if that can be told exactly.

A repair replaces the right side only where the file holds the claim letter by letter at its place
and the claim has one `=` outside all brackets. In a notebook letters are escaped, so it has none.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from symbp.documents.finding import Finding

#: The text of a file; None if there is none to be had.
Source = Callable[[str], str | None]


@dataclass(frozen=True)
class Span:
    """From a character to just behind another; lines and columns count from 1."""

    line: int
    column: int
    end_line: int
    end_column: int


def source(file: str) -> str | None:
    """The text of a file with plain line ends, or None."""
    try:
        return Path(file).read_text(encoding="utf-8-sig")
    except (OSError, ValueError):
        return None


def claim_span(finding: Finding, text: str | None) -> Span | None:
    r"""The claim in its file; None if it does not stand there letter by letter.

    >>> from symbp.judge.verdict import Status, Verdict
    >>> claim = Finding("a.md", 2, 3, Verdict(Status.REFUTED, "a = b"))
    >>> claim_span(claim, "x\n$$a = b$$")
    Span(line=2, column=3, end_line=2, end_column=8)
    """
    latex = finding.verdict.latex
    start = None if text is None else _offset(text, finding.line, finding.column)
    if start is None or not latex or not str(text).startswith(latex, start):
        return None
    return _span(str(text), start, start + len(latex))


def right_side(finding: Finding, text: str | None) -> Span | None:
    r"""The right side of the claim in its file, without the spaces around it.

    >>> from symbp.judge.verdict import Status, Verdict
    >>> claim = Finding("a.md", 1, 3, Verdict(Status.REFUTED, "a = b", repair="c"))
    >>> right_side(claim, "$$a = b$$")
    Span(line=1, column=7, end_line=1, end_column=8)
    """
    latex = finding.verdict.latex
    signs = _equals(latex)
    notebook = finding.file.lower().endswith(".ipynb")
    if notebook or len(signs) != 1 or claim_span(finding, text) is None:
        return None
    side = latex[signs[0] + 1 :]
    bare = side.strip()
    if not bare or re.search(r"\\\\|(?<!\\)[&%]|\\(?:tag|label)\b|[.,;:，。；]$", bare):
        return None
    start = _offset(str(text), finding.line, finding.column) or 0
    start += signs[0] + 1 + len(side) - len(side.lstrip())
    return _span(str(text), start, start + len(bare))


def _equals(latex: str) -> list[int]:
    """The places of the `=` outside all braces and environments."""
    found, depth = [], 0
    for match in re.finditer(r"\\begin\b|\\end\b|\\.|[{}=]", latex, re.S):
        sign = match.group()
        if sign in ("{", "\\begin"):
            depth += 1
        elif sign in ("}", "\\end"):
            depth -= 1
        elif sign == "=" and depth == 0:
            found.append(match.start())
    return found


def _offset(text: str, line: int, column: int) -> int | None:
    lines = text.split("\n")
    if line > len(lines) or column > len(lines[line - 1]) + 1:
        return None
    return sum(len(before) + 1 for before in lines[: line - 1]) + column - 1


def _span(text: str, start: int, end: int) -> Span:
    places = (
        place
        for offset in (start, end)
        for place in (text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset))
    )
    return Span(*places)
