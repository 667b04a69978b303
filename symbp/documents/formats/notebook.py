"""Formulas and declarations in the Markdown cells of a notebook.

nbformat reads notebooks, but forgets where in the file a string stands; here every string
remembers, so that a formula's line and column are those of the .ipynb file.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from functools import cache
from json import JSONDecodeError, JSONDecoder, decoder, scanner
from typing import Any

from symbp.documents.formats import markdown
from symbp.documents.formats.formula import Part
from symbp.documents.formats.text import CHARACTERS, Place, places, plain
from symbp.documents.region import Macro, Problem
from symbp.errors import SymbpError

_ESCAPE = re.compile(
    r"\\u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|\\u[\da-fA-F]{4}|\\."
)


_NO_CELLS = 'not a notebook: no list of cells; expected {"cells": [...], ...}'
_scanner = scanner.py_make_scanner  # type: ignore[attr-defined]


class Placed(str):
    """A string of a JSON text, from the offset of its first character to that after its quote."""

    start: int
    end: int


def _placed(text: str, start: int, strict: bool = True) -> tuple[str, int]:
    value, end = decoder.scanstring(text, start, strict)  # type: ignore[attr-defined]
    placed = Placed(value)
    placed.start, placed.end = start, end
    return placed, end


class _Decoder(JSONDecoder):
    def __init__(self) -> None:
        super().__init__(strict=False)
        self.parse_string = _placed
        # The scanner written in C takes no other parse_string.
        self.scan_once = _scanner(self)


def read(text: str) -> tuple[list[Part], dict[str, Macro]]:
    """The formulas, declarations and problems of a notebook, in order; and its macros."""
    try:
        cells = _cells(_Decoder().decode(text))
    except JSONDecodeError as error:
        return [Problem(error.lineno, error.colno, f"not a notebook: {error.msg}")], {}
    except RecursionError:
        return [Problem(1, 1, "not a notebook: its JSON is nested too deep")], {}
    if cells is None:
        return [Problem(1, 1, _NO_CELLS)], {}
    place = places(text)
    found: list[Part] = []
    known: dict[str, Macro] = {}
    for number, cell in enumerate(cells, 1):
        parts, defined = _cell(cell, number, text, place)
        found += parts
        known |= defined
    return found, known


def sources(text: str) -> Iterator[tuple[list[Placed], Place]]:
    """The strings of every Markdown cell's source, and from offsets in them to their places.

    Raises `SymbpError` for what is no notebook.
    """
    try:
        found = _cells(_Decoder().decode(text))
    except (JSONDecodeError, RecursionError) as error:
        raise SymbpError(f"not a notebook: {error}") from error
    if found is None:
        raise SymbpError(_NO_CELLS)
    place = places(text)
    for cell in found:
        if isinstance(cell, dict) and cell.get("cell_type") == "markdown":
            source = cell.get("source")
            lines = [source] if isinstance(source, str) else source
            if isinstance(lines, list) and all(isinstance(line, Placed) for line in lines):
                yield lines, _places(lines, text, place)


def _cells(notebook: Any) -> list[Any] | None:
    """The cells, which before version 4 of the format stood in worksheets."""
    if not isinstance(notebook, dict):
        return None
    sheets = notebook.get("worksheets")
    if "cells" not in notebook and isinstance(sheets, list):
        found = [sheet["cells"] for sheet in sheets if isinstance(sheet, dict) and "cells" in sheet]
        return [cell for cells in found if isinstance(cells, list) for cell in cells]
    cells = notebook.get("cells")
    return cells if isinstance(cells, list) else None


def _cell(cell: Any, number: int, text: str, place: Place) -> tuple[list[Part], dict[str, Macro]]:
    kind = cell.get("cell_type") if isinstance(cell, dict) else None
    if not isinstance(kind, str):
        return [Problem(1, 1, f"cell {number} has no cell_type, such as 'markdown'")], {}
    if kind != "markdown":
        return [], {}
    source = cell.get("source")
    lines = [source] if isinstance(source, str) else source
    if not isinstance(lines, list) or not all(isinstance(line, Placed) for line in lines):
        what = f"cell {number}: its source is neither text nor a list of lines"
        return [Problem(1, 1, what)], {}
    if (size := sum(map(len, lines))) > CHARACTERS:
        what = f"cell {number}: {size} characters; at most {CHARACTERS} are read: split it"
        return [Problem(*place(lines[0].start), what)], {}
    return markdown.read(_plain("".join(lines)), _places(lines, text, place))


def _plain(source: str) -> str:
    """The source with the line ends and characters that the scan expects, as long as it was."""
    return plain(source.replace("\r\n", " \n").replace("\r", "\n"))


def _places(lines: list[Placed], text: str, place: Place) -> Place:
    """From an offset in the source of a cell to the place in the file."""
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    raw = cache(lambda index: _raw(text, lines[index]))

    def in_file(offset: int) -> tuple[int, int]:
        index = min(bisect_right(starts, offset), len(lines)) - 1
        return place(raw(index)(offset - starts[index]) if lines else 0)

    return in_file


def _raw(text: str, line: Placed) -> Callable[[int], int]:
    """From an offset in a string to that in the JSON text, where an escape is longer."""
    inside, outside = [0], [line.start]
    for match in _ESCAPE.finditer(text, line.start):
        offset = inside[-1] + match.start() - outside[-1] + 1
        if offset > len(line):
            break
        inside.append(offset)
        outside.append(match.end())

    def offset_in_text(offset: int) -> int:
        index = bisect_right(inside, offset) - 1
        return outside[index] + offset - inside[index]

    return offset_in_text
