r"""Arrays with dots: the entry that stands for all, found from those that are written.

    δ_1, δ_2, …, δ_n                      δ_ı for 1 ≤ ı ≤ n
    w_{11} … w_{1n}; ⋮; w_{m1} … w_{mn}   w_{ıȷ} for 1 ≤ ı ≤ m, 1 ≤ ȷ ≤ n

Two entries that differ only in index places, 1 in the first and anything in the other, give the
entry with a letter there. Every entry that is written must be the one that the letter gives at its
place; else there is no pattern.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from symbp.errors import ReadingError
from symbp.reading.grammar.lexer import Token
from symbp.reading.grammar.marks import text_of
from symbp.reading.grammar.syntax import Dots, Node, Number, Rows, Tokens, form

#: The letters of rows and of columns, which no author has.
ROW, COLUMN = "ı", "ȷ"
Cells = tuple[Node | None, ...]


class NoPattern(ReadingError):
    """The entries that are written do not go on in one way."""


@dataclass(frozen=True)
class Grid:
    """The entries that are written.

    `below` and `beside`: after how many rows and columns dots stand; None where there are none.
    """

    cells: tuple[Cells, ...]
    below: int | None = None
    beside: int | None = None


@dataclass(frozen=True)
class Series:
    """An entry with a letter for 1, 2, ..., and the tokens of its last index."""

    entry: Node
    last: Tokens


def grid(node: Rows) -> Grid:
    """The entries of an array, its dots apart. Raises `ReadingError` where rows are not alike."""
    rows = [tuple(c if isinstance(c, Node) else None for c in row) for row in node.cells]
    around = _around_dots(rows)
    if around is not None:
        return around
    gaps = [n for n, row in enumerate(rows) if _is_gap(row)]
    kept = [row for n, row in enumerate(rows) if n not in gaps]
    if not kept or len(gaps) > 1:
        raise ReadingError("dots in more than one place of an array", node.start)
    width = min(map(len, kept))
    if any(cell is not None for row in kept for cell in row[width:]):
        raise ReadingError("the rows of an array have unlike numbers of entries", node.start)
    full = [row[:width] for row in rows if len(row) >= width]
    sides = [c for c in range(width) if _is_gap([row[c] for row in full])]
    if len(sides) > 1 or len(sides) == width:
        raise ReadingError("dots in more than one place of an array", node.start)
    cells = tuple(tuple(c for n, c in enumerate(row[:width]) if n not in sides) for row in kept)
    below, beside = gaps[0] if gaps else None, sides[0] if sides else None
    if below in (0, len(kept)) or beside in (0, len(cells[0])):
        raise ReadingError("dots at the end of an array", node.start)
    if any(isinstance(c, Dots) for row in cells for c in row):
        raise ReadingError("dots beside entries of an array", node.start)
    return Grid(cells, below, beside)


def _around_dots(rows: Sequence[Cells]) -> Grid | None:
    """A diagonal matrix with dots on its diagonal and zeros beside them."""
    size = len(rows)
    if size < 3 or any(len(row) != size for row in rows):
        return None
    dots = [j for j, row in enumerate(rows) if isinstance(row[j], Dots)]
    if len(dots) != 1 or dots[0] in (0, size - 1) or not is_diagonal(Grid(tuple(rows))):
        return None
    gap = dots[0]
    kept = [row[:gap] + row[gap + 1 :] for j, row in enumerate(rows) if j != gap]
    return Grid(tuple(kept), gap, gap)


def _is_gap(cells: Sequence[Node | None]) -> bool:
    """Whether there are dots and nothing else."""
    written = [c for c in cells if c is not None]
    return bool(written) and all(isinstance(c, Dots) for c in written)


def is_square(found: Grid) -> bool:
    """Whether as many rows as columns are written, with dots in both."""
    return len(found.cells) == len(found.cells[0]) and found.below == found.beside is not None


def diagonal(found: Grid) -> Cells:
    """The entries on the diagonal."""
    return tuple(row[n] for n, row in enumerate(found.cells))


def is_diagonal(found: Grid) -> bool:
    """Whether all other entries are 0 or left out."""
    others = [c for j, row in enumerate(found.cells) for k, c in enumerate(row) if j != k]
    return all(c is None or (isinstance(c, Number) and float(c.text) == 0) for c in others)


def beside_diagonal(found: Grid, last: Tokens) -> tuple[Node, bool]:
    """The entry of row ı and column ȷ that are not the same; whether it must be that of ȷ and ı."""
    assert found.below is not None
    size = len(found.cells)
    numbers = [(Token("number", str(n + 1), 0, 0),) for n in range(found.below)]
    if size != len(numbers) + 1:
        raise NoPattern("more than the last row is written behind dots", last[0].start)
    places = [form(x) for x in (*numbers, last)]
    cells = [(j, k, c) for j, row in enumerate(found.cells) for k, c in enumerate(row) if j != k]
    entry, turned = None, False
    for j, k, cell in cells:
        if cell is None:
            raise NoPattern("an entry of an array is left out", last[0].start)
        own = _lettered(cell, {places[j]: ROW, places[k]: COLUMN})
        entry = own if entry is None else entry
        if form(own) != form(entry):
            own, turned = _lettered(cell, {places[k]: ROW, places[j]: COLUMN}), True
        if form(own) != form(entry):
            raise NoPattern("an entry of an array is not what the others lead to", cell.start)
    assert isinstance(entry, Node)
    return entry, turned


def _lettered(value: Any, letters: Mapping[object, str]) -> Any:
    """A node with letters in the places of some indices."""
    if isinstance(value, Node):
        names = [f.name for f in fields(value) if f.name not in ("start", "end")]
        return replace(value, **{n: _lettered(getattr(value, n), letters) for n in names})
    if not isinstance(value, tuple):
        return value
    if not _are_tokens(value):
        return tuple(_lettered(v, letters) for v in value)
    found: list[Token] = []
    for item in _items(value, True):
        letter = letters.get(form(item))
        found += item if letter is None else [Token("name", letter, item[0].start, item[-1].end)]
    return tuple(found)


def series(cells: Cells, gap: int, letter: str) -> Series:
    """The entry that stands for all entries of one row or column, dots after `gap` of them."""
    first, *others = cells
    found = [_merged(first, other, letter) for other in others]
    entry, last = found[-1]
    if last is None:
        raise NoPattern("the first entry of an array and its last are the same", _start(first))
    end = text_of(last)
    places = [str(n + 2) for n in range(gap - 1)]
    places += [f"{end}-{n}" for n in range(len(cells) - gap - 1, 0, -1)] + [end]
    for cell, place, (own, at) in zip(others, places, found, strict=True):
        if at is None or text_of(at) != place or form(own) != form(entry):
            raise NoPattern("an entry of an array is not what the others lead to", _start(cell))
    return Series(entry, last)


def table(found: Grid) -> tuple[Series, Series]:
    """The entry of row ı and column ȷ, with the last row; the same entry with the last column."""
    assert found.below is not None
    assert found.beside is not None
    rows = [series(row, found.beside, COLUMN) for row in found.cells]
    if len({form(row.last) for row in rows}) > 1:
        raise NoPattern("the rows of an array end with unlike columns", _start(found.cells[0][0]))
    whole = series(tuple(row.entry for row in rows), found.below, ROW)
    return whole, Series(whole.entry, rows[0].last)


def _start(cell: Node | None) -> int:
    return cell.start if cell is not None else 0


# -- two entries -------------------------------------------------------------------------------


@dataclass
class _Difference:
    """What stands in the second entry where the letter is put."""

    letter: str
    tokens: Tokens | None = None


def _merged(first: Node | None, other: Node | None, letter: str) -> tuple[Node, Tokens | None]:
    """The entry with a letter where they differ, and what the other has there."""
    if first is None or other is None:
        raise NoPattern("an entry of an array is left out", _start(first or other))
    difference = _Difference(letter)
    entry = _value(first, other, difference)
    assert isinstance(entry, Node)
    return entry, difference.tokens


def _value(a: Any, b: Any, found: _Difference) -> Any:
    """Two parts of nodes as one."""
    if form(a) == form(b):
        return a
    if isinstance(a, Node) and type(a) is type(b):
        names = [f.name for f in fields(a) if f.name not in ("start", "end")]
        parts = {n: _value(getattr(a, n), getattr(b, n), found) for n in names}
        return replace(a, **parts)
    if isinstance(a, tuple) and isinstance(b, tuple):
        if _are_tokens(a) and _are_tokens(b):
            return _script(a, b, found)
        if len(a) == len(b):
            return tuple(_value(x, y, found) for x, y in zip(a, b, strict=True))
    raise NoPattern("the entries of an array are not alike", _place(a))


def _are_tokens(x: tuple[object, ...]) -> bool:
    return bool(x) and all(isinstance(t, Token) for t in x)


def _place(x: object) -> int:
    return x.start if isinstance(x, Node) else 0


def _script(a: Tokens, b: Tokens, found: _Difference) -> Tokens:
    """Two scripts as one, item by item."""
    for split in (False, True):
        xs, ys = (list(_items(t, split)) for t in (a, b))
        if len(xs) == len(ys):
            break
    else:
        raise NoPattern("the indices of the entries of an array are not alike", a[0].start)
    merged: list[Token] = []
    for x, y in zip(xs, ys, strict=True):
        if form(x) == form(y):
            merged += x
            continue
        if split is False and _has_digits(x, y):
            return _script_of_digits(a, b, found)
        merged.append(_letter(x, y, found))
    return tuple(merged)


def _has_digits(x: Tokens, y: Tokens) -> bool:
    """Whether an item is a run of digits of which only some differ: 11 and 12."""
    return text_of(x) != "1" and all(len(t) == 1 and t[0].kind == "number" for t in (x, y))


def _script_of_digits(a: Tokens, b: Tokens, found: _Difference) -> Tokens:
    xs, ys = (list(_items(t, True)) for t in (a, b))
    if len(xs) != len(ys):
        raise NoPattern("the indices of the entries of an array are not alike", a[0].start)
    merged: list[Token] = []
    for x, y in zip(xs, ys, strict=True):
        merged += x if form(x) == form(y) else (_letter(x, y, found),)
    return tuple(merged)


def _letter(x: Tokens, y: Tokens, found: _Difference) -> Token:
    """The letter in the place of 1, everywhere for the same index."""
    if text_of(x) != "1":
        raise NoPattern("the first entry of an array has not the index 1", x[0].start)
    if found.tokens is not None and form(found.tokens) != form(y):
        raise NoPattern("an entry of an array has unlike indices", y[0].start)
    found.tokens = y
    return Token("name", found.letter, x[0].start, x[-1].end)


def _items(tokens: Tokens, split: bool) -> Iterator[Tokens]:
    """Single signs with their own scripts: n_l; digits one by one where `split`."""
    while len(tokens) == 1 and tokens[0].kind == "group":
        tokens = tokens[0].parts[0]
    place = 0
    while place < len(tokens):
        end = place + 1
        while end + 1 < len(tokens) and tokens[end].text in ("_", "^"):
            end += 2
        t = tokens[place]
        if split and end == place + 1 and t.kind == "number" and t.text.isdigit():
            for i, digit in enumerate(t.text):
                yield (Token("number", digit, t.start + i, t.start + i + 1),)
        else:
            yield tokens[place:end]
        place = end
