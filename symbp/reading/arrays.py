r"""Arrays written out entry by entry, as matrices and vectors in index form.

    (a_1, a_2)ᵀ                a_1 [j = 1] + a_2 [j = 2]                 1 ≤ j ≤ 2
    [h; x]                     Σ_k h_k [j = k] + Σ_k x_k [j = k + n_h]   1 ≤ j ≤ n_h + n_x
    δ_1, δ_2, …, δ_n           δ_j                                       1 ≤ j ≤ n
    x^{(1)}, …, x^{(m)}        column i is x^{(i)}

An array that cannot be put together is not read; nothing is said of the formula then.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import sympy as sp
from sympy import Expr, KroneckerDelta, S, Symbol

from symbp.errors import ReadingError
from symbp.reading import conditions
from symbp.reading.grammar.marks import marks, text_of
from symbp.reading.grammar.syntax import Node, Rows, Tokens
from symbp.reading.lengths import enumerated
from symbp.reading.patterns import (
    COLUMN,
    ROW,
    Cells,
    Grid,
    NoPattern,
    Series,
    beside_diagonal,
    diagonal,
    grid,
    is_diagonal,
    is_square,
    series,
    table,
)
from symbp.reading.products import turned
from symbp.reading.sizes import Exact
from symbp.reading.sums import compare_end
from symbp.reading.typed import ShapeError, Typed, summed
from symbp.system import Kind, Range

if TYPE_CHECKING:
    from symbp.reading.elaborate import Elaborator

DEPTHS = {Symbol("L", integer=True), Symbol("T", integer=True)}
#: What brackets with commas are: a row of entries, or of either layout.
LISTS = {"list", "tuple"}


def rows(reader: Elaborator, node: Rows) -> Typed:
    """Cases, or an array with a transpose behind it."""
    if node.kind == "cases":
        return conditions.cases(reader, node)
    if node.kind in ("determinant", "set"):
        raise ReadingError(f"{node.kind}s are not read", node.start)
    if not _says_size(node.sub):
        raise ReadingError("an index behind an array is not read", node.end)
    above = marks(node.sup)
    found = array(reader, node)
    if node.kind == "tuple" and found.is_vector and not above:
        found = replace(found, loose=True)
    return reader.raised(found, above)


def _says_size(sub: Sequence[Tokens]) -> bool:
    """Whether what stands below an array is its size: m × n."""
    return all(any(t.text in (r"\times", "*") for t in s) for s in sub)


def array(reader: Elaborator, node: Rows) -> Typed:
    """The array that the entries make."""
    found = grid(node)
    if found.below is None and found.beside is None:
        return _joined(reader, node, found)
    if is_square(found) and is_diagonal(found) and found.below is not None:
        return diagonal_matrix(reader, _line(reader, diagonal(found), found.below, ROW))
    if found.below is not None and found.beside is not None:
        return _table(reader, found)
    if found.below is not None:
        columns = [tuple(c) for c in zip(*found.cells, strict=True)]
        return _put_together(reader, [[_line(reader, c, found.below, ROW) for c in columns]])
    assert found.beside is not None
    return _put_together(
        reader, [[_line(reader, row, found.beside, COLUMN)] for row in found.cells]
    )


def diagonal_matrix(reader: Elaborator, v: Typed) -> Typed:
    """The matrix with a vector on its diagonal."""
    if not v.is_vector:
        raise ShapeError(f"diag of {v.shape(reader.scope.size_text)}")
    (axis,) = v.axes
    other = reader.copied(axis.symbol)
    column = Range(other, axis.lower, axis.upper)
    return Typed(v.expr * KroneckerDelta(axis.symbol, other), axis, column)


# -- dots --------------------------------------------------------------------------------------


def _line(reader: Elaborator, cells: Cells, gap: int, letter: str) -> Typed:
    """A column, or a row, of which some entries are written: δ_1, δ_2, …, δ_n."""
    found = series(cells, gap, letter)
    symbol = reader.scope.fresh()
    with reader.scope.summing([(letter, symbol)]):
        entry = reader.read(found.entry)
    axis = _axis(reader, found, symbol)
    if letter == ROW:
        entry = turned(entry) if entry.loose and entry.row is not None else entry
        if entry.row is None and not entry.cube:
            return Typed(entry.expr, axis, entry.col)
    else:
        entry = turned(entry) if entry.loose and entry.col is not None else entry
        if entry.col is None and not entry.cube:
            return Typed(entry.expr, entry.row, axis)
    raise ReadingError("entries of an array that are no numbers", found.entry.start)


def _table(reader: Elaborator, found: Grid) -> Typed:
    """A matrix of which some entries are written; its diagonal may be another than the rest."""
    try:
        down, across = table(found)
    except NoPattern:
        if not is_square(found):
            raise
        return _with_diagonal(reader, found)
    pairs = [(letter, reader.scope.fresh()) for letter in (ROW, COLUMN)]
    with reader.scope.summing(pairs):
        entry = reader.read(down.entry)
    row, col = (_axis(reader, s, p[1]) for s, p in zip((down, across), pairs, strict=True))
    if not entry.is_scalar:
        raise ReadingError("entries of an array that are no numbers", down.entry.start)
    return Typed(entry.expr, row, col)


def _with_diagonal(reader: Elaborator, found: Grid) -> Typed:
    """A matrix whose diagonal has entries of its own: −a_j a_k beside a_j (1 − a_j)."""
    assert found.below is not None
    own = series(diagonal(found), found.below, ROW)
    entry, turned_too = beside_diagonal(found, own.last)
    pairs = [(letter, reader.scope.fresh()) for letter in (ROW, COLUMN)]
    with reader.scope.summing(pairs):
        on, off = reader.read(own.entry), reader.read(entry)
    (j, k) = (symbol for _, symbol in pairs)
    row, col = (_axis(reader, own, symbol) for symbol in (j, k))
    swapped = off.expr.xreplace({j: k, k: j})
    if not (on.is_scalar and off.is_scalar) or (turned_too and sp.expand(off.expr - swapped) != 0):
        raise NoPattern("the entries beside the diagonal are not alike", own.entry.start)
    if not reader.scope.unifier.equal(row.upper, col.upper):
        raise NoPattern("an array with as many rows as columns", own.entry.start)
    same = KroneckerDelta(j, k)
    return Typed(same * on.expr + (1 - same) * off.expr, row, col)


def _axis(reader: Elaborator, found: Series, symbol: sp.Symbol) -> Range:
    """The axis that the letter runs along, as long as the last index says."""
    known = reader.scope.ranges.pop(symbol, None)
    if known is None or reader.scope.kinds.get(symbol) in (Kind.LAYER, Kind.TIME):
        raise ReadingError("nothing says how long an array with dots is", found.entry.start)
    if known.lower != 1:
        raise ReadingError("an array whose first entry has not the index 1", found.entry.start)
    _check_end(reader, found.last, known.upper)
    return known


def _check_end(reader: Elaborator, last: Tokens, upper: Expr) -> None:
    """The last index is the length of the axis: a number, or a letter that nothing else is."""
    scope, text, write = reader.scope, text_of(last), reader.scope.size_text
    if text.isdigit():
        if not scope.unifier.equal(upper, sp.Integer(text)):
            raise ReadingError(f"an array ends with {text}: is that {write(upper)}?", last[0].start)
        return
    if last[0].kind not in ("name", "word") or (len(last) > 1 and last[1].text not in "_^"):
        raise ReadingError(f"an array ends with the index {text}", last[0].start)
    before = list(scope.bounds)
    compare_end(reader, last, f"the array that ends with {text}", upper)
    scope.ends.add(text)
    name, size = scope.bounds[-1]
    own = reader.lexicon.sizes.get(text) if len(last) == 1 else None
    if own in DEPTHS and not _walks(reader, own, text):
        own = None
    others = [s for n, s in before if n == name]
    others += [own] if own is not None and isinstance(scope.unifier, Exact) else []
    unlike = [s for s in others if not scope.unifier.equal(*map(scope.settled, (s, size)))]
    if unlike:
        scope.doubt = f"the last index {text} stands for {write(size)} and for {write(unlike[0])}"


def _walks(reader: Elaborator, depth: Expr, text: str) -> bool:
    """Whether a letter is that of the last layer or step; K and N may be any number."""
    slots = [s for v in reader.lexicon.system.variables for s in v.slots]
    return text in ("L", "T") and any(depth in s.range.upper.free_symbols for s in slots)


# -- entries and blocks ------------------------------------------------------------------------


def _joined(reader: Elaborator, node: Rows, found: Grid) -> Typed:
    """The array of entries, vectors and matrices side by side and below each other."""
    parts: list[list[Typed]] = []
    for row in found.cells:
        if any(cell is None for cell in row):
            raise ReadingError("an entry of an array is left out", node.start)
        parts.append([reader.read(cell) for cell in row if isinstance(cell, Node)])
    if any(p.cube or p.ones for row in parts for p in row):
        raise ReadingError("entries of an array that are no numbers", node.start)
    long = node.kind in LISTS and any(p.axes for p in parts[0])
    if all(p.is_scalar for row in parts for p in row):
        reader.scope.likely.update(enumerated(reader.lexicon.system, parts))
    if not long:
        return _put_together(reader, parts)
    (line,) = parts
    return _long_vector(reader, node, [turned(p) if p.loose and p.col else p for p in line])


def _long_vector(reader: Elaborator, node: Rows, parts: Sequence[Typed]) -> Typed:
    """[h, x]: one vector after the other; of one length they may be the columns of a matrix."""
    scope = reader.scope
    if any(p.col is not None for p in parts):
        return _put_together(reader, [parts])
    key = node.start, -1
    sizes = [p.row.upper for p in parts if p.row is not None]
    known = isinstance(scope.unifier, Exact) and len(sizes) == len(parts)
    if known and all(scope.unifier.equal(sizes[0], s) for s in sizes):
        scope.open[key] = 2
    if scope.choices.get(key, 0) % 2:
        return _put_together(reader, [parts])
    return _put_together(reader, [[p] for p in parts])


def _put_together(reader: Elaborator, parts: Sequence[Sequence[Typed]]) -> Typed:
    """Blocks as one array: those of one row are of one height, those of one column of one width."""
    if len(parts) == len(parts[0]) == 1:
        return replace(parts[0][0], chain=None)
    heights = [_one_size(reader, [p.row for p in row]) for row in parts]
    widths = [_one_size(reader, [p.col for p in col]) for col in zip(*parts, strict=True)]
    entries = [p for line in parts for p in line]
    row = _total(reader, heights, [p.row for p in entries])
    col = _total(reader, widths, [p.col for p in entries])
    terms: list[Expr] = []
    above: Expr = S.Zero
    for line, height in zip(parts, heights, strict=True):
        before: Expr = S.Zero
        for part, width in zip(line, widths, strict=True):
            e = _placed(reader, part.expr, part.row, row, above)
            terms.append(_placed(reader, e, part.col, col, before))
            before += width
        above += height
    return Typed(sp.Add(*terms), row, col)


def _one_size(reader: Elaborator, axes: Sequence[Range | None]) -> Expr:
    """The one length of axes beside each other; 1 where there is no axis."""
    sizes = [a.upper if a is not None else S.One for a in axes]
    same = reader.scope.unifier.equal
    for size in sizes[1:]:
        if size != sizes[0] and (S.One in (size, sizes[0]) or not same(size, sizes[0])):
            write = reader.scope.size_text
            raise ReadingError(f"parts of an array of {write(sizes[0])} and of {write(size)}")
    return sizes[0]


def _total(
    reader: Elaborator, sizes: Sequence[Expr], axes: Sequence[Range | None]
) -> Range | None:  # fmt: skip
    """The axis of blocks one after the other; None where all are numbers beside each other."""
    own = [a.symbol for a in axes if a is not None]
    if len(sizes) == 1 and not own:
        return None
    symbol = reader.copied(own[0]) if own else reader.scope.fresh()
    total = sp.Add(*sizes)
    if total.is_Integer and isinstance(reader.scope.unifier, Exact):
        reader.scope.written.add(total)
    return Range(symbol, S.One, total)


def _placed(
    reader: Elaborator, e: Expr, own: Range | None, whole: Range | None, before: Expr
) -> Expr:
    """The part of a long axis that a block covers, `before` entries after its beginning."""
    if whole is None:
        return e
    if own is None:
        return e * KroneckerDelta(whole.symbol, before + 1)
    return summed(e * KroneckerDelta(whole.symbol, own.symbol + before), own)
