"""Functions of images as they are called: conv(x, w), pool(x), upsample(d), rot180(x), flip(x)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from symbp.errors import ReadingError
from symbp.reading.convolution import Convolution, fits, rotated
from symbp.reading.grammar.marks import marks
from symbp.reading.grammar.syntax import Call, Node
from symbp.reading.pooling import Pooling, pooled, spread_max, spread_mean
from symbp.reading.typed import ShapeError, Typed

if TYPE_CHECKING:
    from symbp.reading.elaborate import Elaborator


def declared(reader: Elaborator, node: Call, arguments: Sequence[Node]) -> Typed | None:
    """What a declaration calls a convolution or a pooling; None for other names."""
    name = node.function.base
    how = reader.lexicon.convolutions.get(name)
    if how is not None:
        return _convolved(reader, how, node, arguments)
    pool = reader.lexicon.poolings.get(name)
    return None if pool is None else _pooled(reader, pool, _one(reader, node, arguments))


def _one(reader: Elaborator, node: Call, arguments: Sequence[Node]) -> Typed:
    if len(arguments) != 1:
        name, count = node.function.base, len(arguments)
        raise ReadingError(f"{name} of {count} arguments: one is needed", node.start)
    return reader.read(arguments[0])


def _convolved(
    reader: Elaborator, how: Convolution, node: Call, arguments: Sequence[Node]
) -> Typed:
    """conv(x, w) where it is declared as what slides a kernel over an image."""
    if len(arguments) != 2:
        name, count = node.function.base, len(arguments)
        raise ReadingError(f"{name} of {count} arguments: two are needed", node.start)
    a, b = (reader.read(x) for x in arguments)
    if not fits(a, b):
        raise ShapeError(f"{reader.scope.met(a, b)} in {node.function.base}")
    return reader.convolved(how, a, b, (node.start, 0))


def _pooled(reader: Elaborator, how: Pooling, x: Typed) -> Typed:
    """pool(x), and upsample(d) that leads back from it."""
    if how.kind != "adjoint":
        reader.scope.pools.append(x)
        return pooled(reader.scope, how, x)
    of = reader.lexicon.poolings[how.of]
    if of.kind == "mean":
        return spread_mean(reader.scope, of.sizes, x)
    return spread_max(reader.scope, x, [p for p in reader.lexicon.pooled if p.name == how.of])


def _rotated(reader: Elaborator, node: Call, arguments: Sequence[Node]) -> Typed:
    """rot180(x), rot_{180}(x): every axis runs the other way."""
    angle = "".join(m.text for m in marks(node.function.sub))
    if node.function.base == "rot" and angle not in ("180", r"180^\circ"):
        raise ReadingError(f"a rotation by {angle or 'how much?'}: only 180 is read", node.start)
    return rotated(_one(reader, node, arguments))


def _flipped(reader: Elaborator, node: Call, arguments: Sequence[Node]) -> Typed:
    """flip(x) of a vector; a matrix may be flipped along one axis or both."""
    x = _one(reader, node, arguments)
    if len(x.axes) > 1:
        raise ReadingError("flip of a matrix: along which axis? (rot180 is along both)", node.start)
    return rotated(x)


#: Functions that need no declaration.
KNOWN: dict[str, Callable[[Elaborator, Call, Sequence[Node]], Typed]] = {
    "rot180": _rotated,
    "rot": _rotated,
    "flip": _flipped,
}
