"""Where the blocks of a text are: between <!-- symbp fill: ... --> and <!-- symbp end -->.

In TeX the comments are `% symbp fill: ...` and `% symbp end`. In Markdown they are found where
a renderer sees comments, never in code. What is wrong with a block is a `Problem` at its place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from markdown_it import MarkdownIt
from markdown_it.token import Token

from symbp.documents import declaration
from symbp.documents.fill.body import Entries
from symbp.documents.formats.text import Place, Text, places, plain
from symbp.documents.region import Declaration, Problem

Kind = Literal["markdown", "tex"]

_WORD = r"(fill\b|end\b(?!\s*:))"
_MARK = re.compile(rf"<!--\s*symbp(?=[\s:])\s*:?\s*{_WORD}")
_CONTAINER = re.compile(r"[\s>]*(?:(?:[-+*]|\d{1,9}[.)])[ \t>]+)*")
_RAW = ("<pre", "<script", "<style", "<textarea")


@dataclass(frozen=True)
class Block:
    """A block: what it asks for, and the characters start ... end that are replaced."""

    line: int
    column: int
    entries: Entries
    start: int
    end: int
    margin: str = ""
    """What every line of it begins with, in a quotation or a list."""


@dataclass(frozen=True)
class Mark:
    """A comment that opens or ends a block, at the characters start ... end."""

    start: int
    end: int
    word: str
    """Fill or end."""
    margin: str = ""
    fault: str = ""
    """What is wrong with its place."""


def blocks(text: str, kind: Kind, place: Place | None = None) -> list[Block | Problem]:
    r"""The blocks of a text in the order in which they stand.

    >>> [found] = blocks("<!-- symbp fill: network: mlp -->\nold\n<!-- symbp end -->\n", "markdown")
    >>> found.entries, found.start, found.end
    ({'network': ('mlp',)}, 34, 38)
    """
    shown = plain(text.replace("\r\n", " \n").replace("\r", "\n"))  # as long as it was
    whole = Text(shown, place or places(shown))
    found = _markdown_marks(whole) if kind == "markdown" else _tex_marks(whole)
    return list(_paired(whole, found, _markdown_entries if kind == "markdown" else _tex_entries))


Read = Callable[[Text, Mark], list[Declaration | Problem]]


def _paired(text: Text, marks: Iterator[Mark], read: Read) -> Iterator[Block | Problem]:
    opening: Mark | None = None
    for mark in marks:
        if mark.word == "fill" and opening is not None:
            line, _ = text.place(opening.start)
            yield _problem(text, mark, f"a block inside the block of line {line}, which no "
                           "symbp end closes before")  # fmt: skip
        elif mark.word == "fill":
            opening = mark
        elif opening is None:
            yield _problem(text, mark, "symbp end, where no block is open (symbp fill: opens one)")
        else:
            yield from _block(text, opening, mark, read)
            opening = None
    if opening is not None:
        what = "this block is never closed: no symbp end follows"
        yield _problem(text, opening, opening.fault or what)


def _block(text: Text, opening: Mark, closing: Mark, read: Read) -> Iterator[Block | Problem]:
    found = read(text, opening)
    problems = [part for part in found if isinstance(part, Problem)]
    start = text.text.find("\n", opening.end) + 1
    end = text.text.rfind("\n", 0, closing.start) + 1
    problems += [_problem(text, mark, mark.fault) for mark in (opening, closing) if mark.fault]
    if not found:
        why = "expected symbp fill: key: value; key: value, with a colon after fill"
        problems.append(_problem(text, opening, why))
    yield from problems
    if not problems and isinstance(found[0], Declaration):
        place = text.place(opening.start)
        yield Block(*place, found[0].entries, start, end, opening.margin)


def _problem(text: Text, mark: Mark, message: str) -> Problem:
    return Problem(*text.place(mark.start), message)


# -- Markdown --------------------------------------------------------------------------------------


def _markdown_marks(text: Text) -> Iterator[Mark]:
    if not _MARK.search(text.text):
        return
    done = 0
    for token in MarkdownIt("commonmark").enable("table").parse(text.text):
        if not _may_hold_marks(token):
            continue
        start, end = text.lines(token.map or [0, 0])
        for match in _MARK.finditer(text.text, max(start, done), end):
            mark = _markdown_mark(text, match)
            done = max(done, mark.end)
            yield mark


def _may_hold_marks(token: Token) -> bool:
    if token.type == "html_block":
        return not token.content.lstrip().lower().startswith(_RAW)
    inside = token.children or () if token.type == "inline" else ()
    return any(child.type == "html_inline" and _MARK.match(child.content) for child in inside)


def _markdown_mark(text: Text, match: re.Match[str]) -> Mark:
    before = text.text[text.text.rfind("\n", 0, match.start()) + 1 : match.start()]
    closing = text.text.find("-->", match.end())
    fault = ""
    if closing < 0:
        fault = "this comment is never closed: no --> follows"
    elif not _CONTAINER.fullmatch(before):
        fault = "the comments of a block stand on lines of their own"
    end = closing + 3 if closing >= 0 else len(text.text)
    return Mark(match.start(), end, match[1], re.sub(r"[^\s>]", " ", before), fault)


def _markdown_entries(text: Text, mark: Mark) -> list[Declaration | Problem]:
    return declaration.comment(text, mark.start, mark.start + len("<!--"), mark.end - len("-->"))


# -- TeX -------------------------------------------------------------------------------------------


def _tex_marks(text: Text) -> Iterator[Mark]:
    for start, inside, end in declaration.tex_spans(text.text):
        if word := re.compile(_WORD).match(text.text, inside):
            yield Mark(start, end, word[1])


def _tex_entries(text: Text, mark: Mark) -> list[Declaration | Problem]:
    written = text.text[mark.start : mark.end]
    return list(declaration.tex_comments(written, lambda offset: text.place(mark.start + offset)))
