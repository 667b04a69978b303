"""Whether the text between two delimiters is a formula, and the Region that it makes."""

from __future__ import annotations

import re
from collections.abc import Callable

from symbp.documents.formats import macros
from symbp.documents.formats.text import CODE, COMMENT, Text
from symbp.documents.region import Declaration, Plain, Problem, Region

#: What is read of one formula at most: characters, and groups inside groups.
LENGTH = 20_000
DEPTH = 100

_WORDS_IN = r"\\(?:text\w*|mbox|hbox|mathrm|mathit|operatorname\*?|tag\*?|label|color|textcolor)"
#: A group of words; groups inside it, as in \text{$a^{(l)}$}, to a depth of two.
_TEXT = re.compile(_WORDS_IN + r"\s*\{(?>[^{}]+|\{(?>[^{}]+|\{[^{}]*+\})*+\})*+\}")
_COMMAND = re.compile(r"\\[A-Za-z]+")
_WORD = re.compile(r"(?<![A-Za-z\d_^{])[A-Za-z]{2,}(?![A-Za-z\d_^}({\[])")
_MARK = re.compile(r"[\\^_=+<>{}|&]")
_HAN = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_STOP = re.compile("[。！？；，、：]")
_QUOTE = re.compile(r"(?<=\n)[ \t]*(?:>[ \t]?)+")
_LEAD = re.compile(r"[\s\x01]*")
_QUOTED_LEAD = re.compile(r"[ \t]*(?:\n[ \t]*(?:>[ \t]?)*[ \t]*)*")
_QUOTED_LINE = re.compile(r"[ \t]*(?:(?:[-*+]|\d+[.)])[ \t]+)*>")
_GROUP = re.compile(r"\{[^{}]*\}")
_OPEN_TEXT = re.compile(_WORDS_IN + r"\s*\{[^{}]*\Z")

Part = Region | Plain | Declaration | Problem
Clean = Callable[[str], str]


def prose(latex: str) -> bool:
    r"""Whether words outweigh the signs of a formula.

    >>> prose(r"w^l 的梯度为"), prose("5 and then "), prose(r"softmax(z) = a")
    (False, True, False)
    """
    bare = _COMMAND.sub(" ", _TEXT.sub(" ", latex))
    marks, words, han = len(_MARK.findall(latex)), len(_WORD.findall(bare)), len(_HAN.findall(bare))
    most = marks if _STOP.search(bare) else 6 * marks
    if han >= 4 and han > most:
        return True
    few = 1 if bare.lstrip()[:1].isdigit() else 2  # 5 and, as between two prices
    return (words >= few and marks == 0) or (words >= 4 and words > marks)


def obstacle(text: Text, start: int, end: int) -> str:
    """What no formula goes across, if it is between two offsets; "" where nothing is."""
    return text.wall(start, end) or ("code" if CODE in text.text[start:end] else "")


def swallowed(text: Text, start: int, end: int) -> str:
    """What lies between two delimiters that no formula holds; "" where nothing does."""
    content = text.text[start:end]
    if found := obstacle(text, start, end):
        return found
    if text.blank_line(start, end) and not _stands_alone(text, start, end):
        return "a blank line"
    if len(content) <= LENGTH and "$" in _TEXT.sub("", content).replace(r"\$", ""):
        return "a single $"
    return prose_in(content)


def prose_in(content: str) -> str:
    """The word for it if a paragraph of `content` is prose; of a text too long, nothing is said."""
    paragraphs = re.split(r"\n[ \t>]*\n", content) if len(content) <= LENGTH else []
    return "prose" if any(map(prose, paragraphs)) else ""


def _stands_alone(text: Text, start: int, end: int) -> bool:
    """Whether the opening delimiter begins its line and the closing one ends its own."""
    before, _ = text.line(start)
    _, after = text.line(end)
    opened = re.fullmatch(r"[ \t>]*(?:(?:[-*+]|\d+[.)])[ \t]+)?[$\\\[]+", before)
    return bool(opened and re.match(r"[$\\\]]+[ \t]*(?:[.,;，。]|\(.*\)|\{.*\})?[ \t]*\Z", after))


def nested_dollar(content: str) -> bool:
    r"""Whether `content` ends inside a \text{...}, so that the next $ opens a formula in it."""
    while (outer := _GROUP.sub("", content)) != content:
        content = outer
    return _OPEN_TEXT.search(content) is not None


def region(text: Text, start: int, end: int, *, display: bool, clean: Clean) -> list[Part]:
    """The formula between two offsets, if there is one; a Problem where it is too large."""
    content = text.text[start:end]
    quoted = _QUOTED_LINE.match(text.line_start(start))
    lead = (_QUOTED_LEAD if quoted else _LEAD).match(content)
    place = text.place(start + (lead.end() if lead else 0))
    if len(content) <= LENGTH:
        content = clean(_without_comments(_QUOTE.sub("", content) if quoted else content))
    return checked(content, place, display)


def checked(latex: str, place: tuple[int, int], display: bool) -> list[Part]:
    """The formula at a place: none if it only defines macros, a Problem if it is too large."""
    if len(latex) > LENGTH:
        size = f"a formula of {len(latex)} characters: at most {LENGTH} are read; split it"
        return [Problem(*place, size)]
    if (depth := nesting(latex)) > DEPTH:
        return [Problem(*place, f"a formula nested {depth} levels deep: at most {DEPTH} are read")]
    empty = not macros.without_definitions(latex).strip()
    return [] if empty else [Region(latex.strip(), *place, display)]


def _without_comments(content: str) -> str:
    if COMMENT not in content:
        return content
    lines = content.split("\n")
    kept = (line for line in lines if COMMENT not in line or line.strip(COMMENT + " \t"))
    return "\n".join(line.replace(COMMENT, "") for line in kept)


def nesting(latex: str) -> int:
    """How many brackets of any kind are open at the deepest place.

    >>> nesting("a_{b_{c}} [0, 1)")
    2
    """
    deepest = depth = 0
    for bracket in re.findall(r"[{}()\[\]]", latex):
        depth = depth + 1 if bracket in "{([" else max(depth - 1, 0)
        deepest = max(deepest, depth)
    return deepest
