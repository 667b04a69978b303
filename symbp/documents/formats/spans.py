r"""Delimiters that Markdown and TeX share: $, $$, \( \), \[ \] and environments.

A scan looks for the next opening delimiter, tries to read a formula there, and goes on after it
or, where what follows is no formula, right behind the delimiter.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

from symbp.documents.formats.formula import (
    Clean,
    Part,
    nested_dollar,
    obstacle,
    prose_in,
    region,
    swallowed,
)
from symbp.documents.formats.text import DELIMITERS, ENVIRONMENT, Text
from symbp.documents.region import Problem

_DOUBLE = re.compile(r"(?<!\\)(?:\\\\)*(\$\$)")
_DOLLARS = re.compile(r"(?<!\\)(?:\\\\)*(\$+)")
_CLOSING = {
    r"\(": re.compile(r"(?<!\\)(?:\\\\)*(\\\))"),
    r"\[": re.compile(r"(?<!\\)(?:\\\\)*(\\\])"),
    r"\\(": re.compile(r"(\\\\\))"),
    r"\\[": re.compile(r"(\\\\\])"),
}
_OPENING = {opening: re.compile(re.escape(opening)) for opening in _CLOSING}
_MONEY = re.compile(r"\d[\d.,]*(?:\s.*)?", re.S)
_BETWEEN = re.compile("\\s.*[A-Za-z]{2}.*\\s|.*[\u4e00-\u9fff].*", re.S)
_LETTER = re.compile("[A-Za-z]'*")
_MARK = re.compile(r"[\\^_=]")


@dataclass(frozen=True)
class Step:
    """Where the scan goes on, and what it found."""

    position: int
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True)
class Rule:
    """What opens a formula, or something that holds none, and how to read on from there."""

    name: str
    opening: str
    read: Callable[[Text, re.Match[str], Clean], Step]


@cache
def _openings(rules: tuple[Rule, ...]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?P<{rule.name}>{rule.opening})" for rule in rules))


def scan(text: Text, rules: tuple[Rule, ...], clean: Clean, position: int = 0) -> Iterator[Part]:
    """Everything that the rules find, in order; where several open, the first of them reads."""
    openings = _openings(rules)
    read = {rule.name: rule.read for rule in rules}
    while match := openings.search(text.text, position):
        if (position := text.after_code(match.start())) > match.start():
            continue
        step = read[str(match.lastgroup)](text, match, clean)
        yield from step.parts
        position = max(step.position, match.start() + 1)


def skip(text: Text, match: re.Match[str], clean: Clean) -> Step:
    """An escaped character opens nothing."""
    return Step(match.end())


def display_dollars(text: Text, match: re.Match[str], clean: Clean) -> Step:
    """$$...$$, also in running prose."""
    start = match.end()
    if text.text.startswith("$$", start):  # doubled by mistake, or nothing between them
        return Step(start)
    closing = text.next(_DOUBLE, start)
    if closing is None:
        return _unclosed(text, match, "no other $$ follows")
    end, stop = closing.span(1)
    reason = swallowed(text, start, end)
    if not reason:
        return Step(stop, tuple(region(text, start, end, display=True, clean=clean)))
    following = text.next(_DOUBLE, stop) if reason == "prose" else None
    if reason == "prose" and not _formula(text, stop, following.start(1) if following else -1):
        return Step(stop)  # a pair with words between
    return _unclosed(text, match, f"{reason} comes before the next $$")


def _unclosed(text: Text, match: re.Match[str], reason: str) -> Step:
    before, after = text.line(match.start())
    if before.endswith("$$") and not after[2:].strip():  # what is left of a doubled closing one
        return Step(match.end())
    return Step(match.end(), (problem(text, match, reason),))


def dollars(text: Text, match: re.Match[str], clean: Clean) -> Step:
    """$...$, unless it is money or prose between two dollars."""
    start = match.end()
    limit = text.paragraph_end(start)
    end = _closing_dollar(text, start, limit)
    if end < 0:
        return Step(start)
    reason = swallowed(text, start, end) or _money(text.text, start, end)
    if reason not in ("", "prose"):
        return Step(start)
    doubtful = reason or _words(text.text[start:end])
    if doubtful and _formula(text, end + 1, _closing_dollar(text, end + 1, limit)):
        return Step(start)
    found = [] if reason else region(text, start, end, display=False, clean=clean)
    return Step(end + 1, tuple(found))


def _words(content: str) -> bool:
    """Whether `content` could as well be the words between two formulas."""
    return not _MARK.search(content) and bool(_BETWEEN.fullmatch(content))


def _formula(text: Text, start: int, end: int) -> bool:
    """Whether what looks like the text between two formulas is one, so that the pairs shift."""
    content = text.text[start : max(start, end)]
    like = re.search(r"\w", content) if _MARK.search(content) else _LETTER.fullmatch(content)
    return bool(like) and not swallowed(text, start, end)


def _closing_dollar(text: Text, start: int, limit: int) -> int:
    closing = text.next(_DOLLARS, start)
    for _ in range(8):  # formulas in the words of one formula
        if closing is None or closing.start(1) >= limit:
            return -1
        if not nested_dollar(text.text[max(start, closing.start(1) - 200) : closing.start(1)]):
            break
        closing = text.next(_DOLLARS, closing.end())
    if closing is None:
        return -1
    if len(closing[1]) == 2:  # $a$$b$ are two; in $a $$b$$ the first is none
        following = text.next(_DOLLARS, closing.end())
        if following and following.start(1) < limit and len(following[1]) == 2:
            return -1
    return closing.start(1)


def _money(text: str, start: int, end: int) -> str:
    """Why two dollars are no pair: the second opens something, as in $5 and $6; "" if they are."""
    content, after = text[start:end], text[end + 1 : end + 2]
    if not content.strip():
        return "nothing"
    if content[0].isspace() or re.search(r"[\\^=]", content):
        return ""
    opens = content[-1].isspace() and after.isascii() and (after.isalnum() or after == "\\")
    return "money" if opens or (_MONEY.fullmatch(content) and after.isdigit()) else ""


def brackets(text: Text, match: re.Match[str], clean: Clean) -> Step:
    r"""\(...\) and \[...\]; in Markdown two backslashes do too, and one may only escape."""
    end, stop, reason = bracketed(text, match)
    if reason or not _formula_like(text.text[match.end() : end]):
        return Step(match.end())
    display = match.group()[-1] == "["
    return Step(stop, tuple(region(text, match.end(), end, display=display, clean=clean)))


def bracketed(text: Text, match: re.Match[str]) -> tuple[int, int, str]:
    """Both ends of the bracket that closes `match`, or why there is none."""
    opening, start = match.group(), match.end()
    closing = text.next(_CLOSING[opening], start)
    again = text.next(_OPENING[opening], start)
    if closing is None:
        return start, start, f"no {_closed(opening)} follows"
    if again and again.start() < closing.start():
        return start, start, f"another {opening} comes before the next {_closed(opening)}"
    if reason := swallowed(text, start, closing.start(1)):
        return start, start, f"{reason} comes before the next {_closed(opening)}"
    return closing.start(1), closing.end(), ""


def _closed(opening: str) -> str:
    return opening[:-1] + {"(": ")", "[": "]"}[opening[-1]]


def _formula_like(content: str) -> bool:
    return bool(_MARK.search(content) or _LETTER.fullmatch(content.strip()))


def environment(text: Text, match: re.Match[str], clean: Clean) -> Step:
    r"""\begin{align}...\end{align} outside dollars; of an equation only what is inside."""
    start, inside = match.span()
    name = match.group().removeprefix(r"\begin").strip()
    if start not in text.environments:
        return Step(inside, (problem(text, match, rf"no \end{name} follows"),))
    end, stop = text.environments[start]
    if reason := obstacle(text, start, end) or prose_in(text.text[inside:end]):
        return Step(inside, (problem(text, match, rf"{reason} comes before its \end{name}"),))
    first, last = (inside, end) if name.strip("{}*") in DELIMITERS else (start, stop)
    return Step(stop, tuple(region(text, first, last, display=True, clean=clean)))


def problem(text: Text, opening: re.Match[str], reason: str) -> Problem:
    """An opening delimiter that nothing closes."""
    return Problem(
        *text.place(opening.start()), f"this {opening.group()} is never closed: {reason}"
    )


SHARED = (
    Rule("environment", r"\\begin" + ENVIRONMENT.replace("(", "(?:"), environment),
    Rule("escape", r"\\[\s\S]", skip),
    Rule("display", r"\$\$", display_dollars),
    Rule("inline", r"\$", dollars),
)
