r"""Declarations: what an author tells symbp of the formulas that follow.

    <!-- symbp                          % symbp                       ---
    network: mlp                        % network: mlp                title: My post
    equations:                          % equations:                  symbp:
        z^l = W^l a^{l-1} + b^l         %     z^l = W^l a^{l-1}         network: mlp
        a^l = \sigma(z^l)               %     a^l = \sigma(z^l)         loss: cross-entropy
    -->                                                               ---
    <!-- symbp loss: hinge; batch: m -->
    <!-- symbp: skip -->                           (the next formula is not judged)
    <!-- symbp fill: network: mlp; lang: zh -->    what a block to be filled (see `fill`) names

in Markdown, in TeX and in front matter. A key whose line ends at the colon takes the indented
lines that follow, one value each, with a dash before it or without. Values stay text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from symbp.documents.formats.text import Place, Text, blank
from symbp.documents.region import Declaration, Problem
from symbp.errors import UnknownNameError, unknown

KEYS = (
    "network notation activation loss size sizes batch reduction bias equations define indices "
    "shapes functions layout constants names case skip summation where assume samples rows "
    "columns continues products l1 l2"
).split()
#: What a block to be filled may say: its network, which is declared thereby, and what to write.
FILL_KEYS = (
    "network sizes activation loss notation batch reduction bias l1 l2 lang form wrt part headings"
).split()

#: A line and the offset at which it begins in the file.
Line = tuple[int, str]

_KEY = re.compile(r"([A-Za-z][\w-]*)[ \t]*:[ \t]*(.*)", re.S)
_WORD = re.compile(r"[A-Za-z][\w-]*")
_OPENING = re.compile(r"\s*symbp(?=[\s:]|\Z)[ \t]*:?[ \t]*")
_NEXT = re.compile(r"(?<!\\);(?=\s*(?:[A-Za-z][\w-]*\s*:|skip\b))")
#: Comments of another kind: the ends of blocks that are filled with generated derivations.
_OTHER = re.compile(r"(?:fill|end)\b(?!\s*:)")
_FILL = re.compile(r"fill[ \t]*:[ \t]*")
_QUOTE = re.compile(r"[ \t]*(?:>[ \t]?)*")
_TEX = re.compile(r"^[ \t]*%+", re.M)
_TEX_BLOCK = re.compile(r"^[ \t]*%+[ \t]*symbp(?=[\s:]|\Z)[^\n]*", re.M)
_VERBATIM = re.compile(
    r"\\(begin|end)\s*\{(verbatim\*?|lstlisting|minted|comment|Verbatim|alltt)\}"
)
_TEX_COMMENT = re.compile(r"\n[ \t]*%+(?![ \t]*symbp(?:[\s:]|\Z))[^\n]*")
_FRONT = re.compile(r"^symbp[ \t]*[:=][ \t]*([^\n]*)((?:\n(?:[ \t]+[^\n]*)?)*)", re.M)
_FRONT_TEXT = re.compile(r"^symbp[ \t]*=[ \t]*(\"\"\"|''')(.*?)\1", re.M | re.S)


def comment(text: Text, start: int, inside: int, end: int) -> list[Declaration | Problem]:
    """The declaration in a comment that opens at `start` and holds `inside` to `end`."""
    opening = _OPENING.match(text.text, inside, end)
    if not opening or _OTHER.match(text.text, opening.end(), end):
        return []
    first, keys = _block(text.text, opening.end(), end)
    lines = [
        (offset + len(quote), line[len(quote) :])
        for offset, line in _lines(text.text[first:end], first)
        for quote in [_quote(line) if offset != first else ""]
    ]
    return parse(lines, start, text.place, keys)


def _block(text: str, first: int, end: int) -> tuple[int, Sequence[str]]:
    """Where the entries begin, and which there may be: those of a declaration or of a block."""
    fill = _FILL.match(text, first, end)
    return (fill.end(), FILL_KEYS) if fill else (first, KEYS)


def _quote(line: str) -> str:
    match = _QUOTE.match(line) if line.lstrip().startswith(">") else None
    return match.group() if match else ""


def front_matter(header: str, offset: int, place: Place) -> list[Declaration | Problem]:
    """The declaration under the key symbp of a YAML or TOML header."""
    if match := _FRONT_TEXT.search(header):
        lines = list(_lines(match[2], offset + match.start(2)))
        return parse(lines, offset + match.start(), place)
    match = _FRONT.search(header)
    if match is None:
        return []
    first = match[1].strip()
    lines = (
        [] if first in ("|", ">", "|-", ">-") else [(offset + match.start(1), first.strip("\"'"))]
    )
    lines += _lines(match[2], offset + match.start(2))
    return parse(lines, offset + match.start(), place)


def tex_comments(text: str, place: Place) -> Iterator[Declaration | Problem]:
    """The declarations in the comments of a TeX file."""
    for start, inside, end in tex_spans(text):
        if _OTHER.match(text, inside, end):
            continue
        first, keys = _block(text, inside, end)
        body = _TEX.sub(lambda found: " " * len(found.group()), text[first:end])
        yield from parse(list(_lines(body, first)), start, place, keys)


def tex_spans(text: str) -> Iterator[tuple[int, int, int]]:
    """Where each comment % symbp ... begins, where what it says begins, and where that ends.

    It says one line, or, where nothing follows `symbp` (or `symbp fill:`), the lines after it.
    """
    for match in _TEX_BLOCK.finditer(blank(text, _verbatim(text))):
        mark = re.compile(r"[ \t]*%+").match(text, match.start())
        opening = _OPENING.match(text, mark.end() if mark else match.start(), match.end())
        if not opening:
            continue
        first, _ = _block(text, opening.end(), match.end())
        end = match.end()
        while not text[first : match.end()].strip() and (
            following := _TEX_COMMENT.match(text, end)
        ):
            end = following.end()
        yield match.start(), opening.end(), end


def _verbatim(text: str) -> Iterator[tuple[int, int]]:
    """The parts of a TeX text that are shown as they are."""
    opening: re.Match[str] | None = None
    for edge in _VERBATIM.finditer(text):
        if opening is None:
            opening = edge if edge[1] == "begin" else None
        elif edge[1] == "end" and edge[2] == opening[2]:
            yield opening.end(), edge.start()
            opening = None


def _lines(text: str, offset: int) -> Iterator[Line]:
    for line in text.split("\n"):
        yield offset, line
        offset += len(line) + 1


def parse(
    lines: Sequence[Line], start: int, place: Place, keys: Sequence[str] = KEYS
) -> list[Declaration | Problem]:
    r"""The declaration that `lines` hold, and a problem for each line that is not understood.

    >>> [found] = parse([(0, "define:"), (8, r"  h = \sigma(z)")], 0, lambda offset: (1, offset))
    >>> found.entries
    {'define': ('h = \\sigma(z)',)}
    """
    entries: dict[str, list[str]] = {}
    problems: list[Problem] = []
    key, margin = "", -1
    for offset, line in _split(lines):
        text, indent = line.strip(), len(line.expandtabs()) - len(line.expandtabs().lstrip())
        if not text:
            continue
        if indent > margin >= 0:
            if key:  # else the key above is unknown, and so is what stands under it
                entries[key].append(text.removeprefix("- "))
            continue
        margin = indent
        try:
            key, value = _entry(text, keys)
        except UnknownNameError as error:
            key = ""
            problems.append(Problem(*place(offset + len(line) - len(line.lstrip())), str(error)))
            continue
        entries.setdefault(key, []).extend([value] if value else [])
    if not entries and not problems:
        problems.append(Problem(*place(start), f"an empty declaration: {_EXPECTED}"))
    given = {k: tuple(v) for k, v in entries.items()}
    found = [Declaration(*place(start), given, keys is FILL_KEYS)] if entries else []
    return [*found, *problems]


_EXPECTED = 'expected lines "key: value", or a key and indented lines under it'


def _entry(text: str, keys: Sequence[str]) -> tuple[str, str]:
    match = _KEY.fullmatch(text)
    key, value = (match[1], match[2].strip()) if match else (text, "")
    if match is None and not _WORD.fullmatch(text):
        raise UnknownNameError(f"{text[:60]!r} is no declaration: {_EXPECTED}")
    if key not in keys:
        raise unknown("key", key, sorted(keys))
    return key, value


def _split(lines: Sequence[Line]) -> Iterator[Line]:
    """The lines, with "a: b; c: d" of the opening line as two, and its own margin removed."""
    if not lines:
        return
    offset, first = lines[0]
    if not first.strip():
        yield from lines[1:]
        return
    for start, piece in _pieces(first):
        yield offset + start + len(piece) - len(piece.lstrip()), piece.lstrip()
    rest = lines[1:]
    if first.rstrip().endswith(":"):
        yield from ((offset, " " + line) for offset, line in rest)
        return
    margins = [len(line) - len(line.lstrip()) for _, line in rest if line.strip()]
    margin = min(margins, default=0)
    yield from ((offset + margin, line[margin:]) for offset, line in rest)


def _pieces(line: str) -> Iterator[Line]:
    start = 0
    for match in _NEXT.finditer(line):
        yield start, line[start : match.start()]
        start = match.end()
    yield start, line[start:]
