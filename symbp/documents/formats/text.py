"""Text: what is scanned for formulas, with places in the file and searches that stay linear."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property

#: Stand in for what is not to be read, so that the offsets of all else stay as they are.
CODE = "\0"
COMMENT = "\1"

#: The math environments that stand outside dollars, and those that are no more than dollars.
ENVIRONMENTS = (
    "equation displaymath math align gather multline eqnarray alignat flalign split aligned "
    "gathered alignedat cases array matrix pmatrix bmatrix Bmatrix vmatrix Vmatrix smallmatrix"
).split()
DELIMITERS = {"equation", "displaymath", "math"}
ENVIRONMENT = r"\s?\{(" + "|".join(ENVIRONMENTS) + r")(\*?)\}"

_EDGE = re.compile(r"(?<!\\)(?:\\\\)*(\\(?:begin|end))" + ENVIRONMENT)
_BLANK = re.compile(r"\n(?=[ \t>]*(?:\n|\Z))")

#: More characters of Markdown or TeX in one piece are refused, so that memory stays bounded.
CHARACTERS = 4_000_000
#: How far from a delimiter its line is looked at.
REACH = 2_000

Place = Callable[[int], tuple[int, int]]


def plain(text: str) -> str:
    r"""`text` without the characters that stand for others here, or that no file can hold.

    >>> plain("a\0b")
    'a�b'
    """
    return re.sub("[\0\1\ud800-\udfff]", "\ufffd", text)


def line_starts(text: str) -> list[int]:
    """The offset of the first character of every line."""
    return [0, *(match.end() for match in re.finditer("\n", text))]


def places(text: str) -> Place:
    r"""The map from an offset to its line and column, from 1.

    >>> places("ab\ncd")(4)
    (2, 2)
    """
    starts = line_starts(text)

    def place(offset: int) -> tuple[int, int]:
        line = bisect_right(starts, offset)
        return line, offset - starts[line - 1] + 1

    return place


def blank(text: str, spans: Iterable[tuple[int, int]], filler: str = CODE) -> str:
    r"""`text` with `filler` for every character of the spans but its line ends.

    >>> blank("a `b\nc` d", [(2, 7)], "?")
    'a ??\n?? d'
    """
    pieces, done = [], 0
    for start, end in sorted(spans):
        start = max(start, done)
        pieces += [text[done:start], re.sub(r"[^\n]", filler, text[start:end])]
        done = max(end, done)
    return "".join([*pieces, text[done:]])


class Text:
    """The text to scan; the walls that no formula crosses; spans of code, in which none begins."""

    def __init__(
        self,
        text: str,
        place: Place,
        walls: Iterable[tuple[int, str]] = (),
        code: Iterable[tuple[int, int]] = (),
    ) -> None:
        self.text = text
        self.place = place
        self._walls = sorted(walls)
        self._code = sorted(code)
        self._starts = line_starts(text)
        self._found: dict[re.Pattern[str], tuple[int, re.Match[str] | None]] = {}

    def next(self, pattern: re.Pattern[str], start: int) -> re.Match[str] | None:
        """The first match from `start` on; asked in rising order, all answers cost one pass."""
        if pattern in self._found:
            asked, match = self._found[pattern]
            if asked <= start and (match is None or start <= match.start()):
                return match
        match = pattern.search(self.text, start)
        self._found[pattern] = start, match
        return match

    def after_code(self, offset: int) -> int:
        """The end of the code around `offset`; `offset` where no code is."""
        index = bisect_right(self._code, (offset, len(self.text) + 1)) - 1
        return max(offset, self._code[index][1]) if index >= 0 else offset

    def wall(self, start: int, end: int) -> str:
        """The name of the first wall between two offsets; "" where none is."""
        index = bisect_right(self._walls, (start, "\uffff"))
        if index < len(self._walls) and self._walls[index][0] < end:
            return self._walls[index][1]
        return ""

    def blank_line(self, start: int, end: int) -> bool:
        """Whether a blank line lies between two offsets."""
        match = self.next(_BLANK, start)
        return match is not None and match.start() < end

    def paragraph_end(self, start: int) -> int:
        """Where the paragraph, heading or table row around `start` ends."""
        match = self.next(_BLANK, start)
        end = match.start() if match else len(self.text)
        index = bisect_right(self._walls, (start, "\uffff"))
        return min(end, self._walls[index][0]) if index < len(self._walls) else end

    def lines(self, span: Sequence[int]) -> tuple[int, int]:
        """The offsets of the lines from span[0] on, before span[1]; both count from 0."""
        ends = [*self._starts[span[0] : span[1] + 1], len(self.text) + 1]
        return ends[0], ends[span[1] - span[0]] - 1

    def line(self, offset: int) -> tuple[str, str]:
        """The line around `offset`: at most `REACH` characters before it, and from it on."""
        start = max(self._starts[bisect_right(self._starts, offset) - 1], offset - REACH)
        end = self.text.find("\n", offset, offset + REACH)
        return self.text[start:offset], self.text[offset : end if end >= 0 else offset + REACH]

    def line_start(self, offset: int) -> str:
        """How the line around `offset` begins."""
        start = self._starts[bisect_right(self._starts, offset) - 1]
        return self.text[start : min(offset, start + 40)]

    @cached_property
    def environments(self) -> dict[int, tuple[int, int]]:
        r"""From the offset of a \begin to both ends of its \end."""
        open_: dict[str, list[tuple[int, int]]] = {}
        pairs: dict[int, tuple[int, int]] = {}
        latest = 0  # an \end closes over every \begin after its own
        for count, match in enumerate(_EDGE.finditer(self.text)):
            edge, *name = match.groups()
            start = match.start(1)
            stack = open_.setdefault("".join(name), [])
            if edge == r"\begin":
                stack.append((count, start))
            elif stack:
                latest, opening = stack.pop()
                pairs[opening] = start, match.end()
                for other in open_.values():
                    while other and other[-1][0] > latest:
                        other.pop()
        return pairs
