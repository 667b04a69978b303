"""The Markdown cells of a notebook, and new text for one of them.

Only the strings of that one cell's source are written anew; of the rest of the file, outputs,
metadata and layout of the JSON text, no byte changes.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from symbp.documents.formats.notebook import Placed, sources
from symbp.documents.formats.text import Place


@dataclass(frozen=True)
class Cell:
    """The source of a Markdown cell."""

    lines: tuple[Placed, ...]
    place: Place
    """From an offset in its text to the place in the file."""

    @property
    def text(self) -> str:
        """The text of the cell."""
        return "".join(self.lines)

    @property
    def start(self) -> int:
        """Where the first string begins in the JSON text, with its quote."""
        return self.lines[0].start - 1

    @property
    def end(self) -> int:
        """Where the last string ends in the JSON text, with its quote."""
        return self.lines[-1].end


def cells(text: str) -> list[Cell]:
    """The Markdown cells that hold any text. Raises `SymbpError` if it is no notebook."""
    return [Cell(tuple(lines), place) for lines, place in sources(text) if lines]


def joined(text: str, cell: Cell, new: str) -> str:
    """The strings of a cell with a new text, as JSON; those that stay keep their characters."""
    is_list = _is_list(text, cell)
    written = re.findall(r"[^\n]*\n|[^\n]+", new) if is_list else [new]
    known = {str(line): text[line.start - 1 : line.end] for line in cell.lines}
    ascii_only = text.isascii() and "\\u" in text
    strings = [known.get(s) or json.dumps(s, ensure_ascii=ascii_only) for s in written]
    return f",{_gap(text, cell)}".join(strings)


def _is_list(text: str, cell: Cell) -> bool:
    return len(cell.lines) > 1 or text[: cell.start].rstrip().endswith("[")


def _gap(text: str, cell: Cell) -> str:
    """What stands between two strings of the list, behind the comma."""
    if len(cell.lines) > 1:
        between = text[cell.lines[0].end : cell.lines[1].start - 1]
        return between.replace(",", "", 1)
    before = text[: cell.start]
    return before[len(before.rstrip()) :]
