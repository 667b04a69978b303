r"""Arrays of all entries of one quantity, as that quantity: (x_1, x_2)ᵀ is x, of two entries.

Forward equations that are written out speak of vectors and matrices in this way:

    \begin{bmatrix} z_1 \\ z_2 \end{bmatrix} = \begin{bmatrix} w_{11} & w_{12} & w_{13} \\
        w_{21} & w_{22} & w_{23} \end{bmatrix} [x_1, x_2, x_3]^T      z = w x, z 2, w 2 x 3, x 3
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

from symbp.errors import ReadingError
from symbp.reading.grammar.marks import marks, split_run, text_of
from symbp.reading.grammar.syntax import Bracket, Name, Node, Rows, form
from symbp.reading.patterns import Grid, grid

#: The shapes of quantities by name, as they are declared.
Shapes = dict[str, tuple[str, ...]]


def with_wholes(value: Any, shapes: Shapes) -> Any:
    """A node with such arrays as names; their shapes are added to `shapes`."""
    if isinstance(value, tuple):
        return tuple(with_wholes(v, shapes) for v in value)
    if not isinstance(value, Node):
        return value
    if isinstance(value, Rows):
        found = whole(value)
        if found is not None:
            name, shape = found
            if not name.sub and not [m for m in marks(name.sup) if not m.is_transpose]:
                shapes[name.base] = shape
            return name
    names = [f.name for f in fields(value) if f.name not in ("start", "end")]
    return replace(value, **{n: with_wholes(getattr(value, n), shapes) for n in names})


def unbracketed(node: Node) -> Node:
    """What stands in brackets that nothing follows."""
    while isinstance(node, Bracket) and not (node.sub or node.sup or node.primes):
        node = node.inner
    return node


def whole(node: Rows) -> tuple[Name, tuple[str, ...]] | None:
    """The quantity of which an array has all entries, and its shape."""
    turns = marks(node.sup)
    if node.kind == "cases" or node.sub or not all(m.is_transpose for m in turns):
        return None
    try:
        found = grid(node)
    except ReadingError:
        return None
    height, width = len(found.cells), len(found.cells[0])
    if width == 1 and height > 1:
        return _named(node, found, [0])
    if height == 1 and width > 1 and len(turns) % 2:
        turned = Grid(tuple((c,) for c in found.cells[0]), found.beside, None)
        return _named(replace(node, sup=()), turned, [0])
    return _named(node, found, [0, 1]) if height > 1 and width > 1 else None


def _named(node: Rows, found: Grid, axes: Sequence[int]) -> tuple[Name, tuple[str, ...]] | None:
    """The name whose entries stand in order, along one axis or two."""
    first = found.cells[0][0]
    last = found.cells[-1][-1]
    if not (isinstance(first, Name) and isinstance(last, Name)):
        return None
    ends = _indices(last, len(axes))
    lengths = [len(found.cells), len(found.cells[0])]
    gaps = [found.below, found.beside]
    if ends is None:
        return None
    places = [
        [str(n + 1) for n in range(lengths[a] if gaps[a] is None else lengths[a] - 1)]
        + ([] if gaps[a] is None else [ends[a]])
        for a in axes
    ]
    if any(gaps[a] not in (None, lengths[a] - 1) for a in axes):
        return None
    own = form(replace(first, sub=()))
    for j, row in enumerate(found.cells):
        for k, cell in enumerate(row):
            wanted = [p[n] for p, n in zip(places, (j, k), strict=False)]
            if not isinstance(cell, Name) or form(replace(cell, sub=())) != own:
                return None
            if _indices(cell, len(axes)) != wanted:
                return None
    name = replace(first, sub=(), sup=(*first.sup, *node.sup), start=node.start, end=node.end)
    return name, tuple(p[-1] for p in places)


def _indices(name: Name, count: int) -> list[str] | None:
    """The indices below a name, if there are so many and nothing else."""
    below = marks(name.sub)
    if count > 1 and len(below) == 1:
        below = split_run(below[0])
    return [text_of(m.tokens) for m in below] if len(below) == count else None
