"""Names that stand for expressions: δ^l, where δ^l = ∂C/∂z^l is defined."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import sympy as sp
from sympy import Expr, Symbol

from symbp.errors import ReadingError
from symbp.reading.grammar.marks import Mark, marks, text_of_name
from symbp.reading.grammar.syntax import Derivative, Name, walk
from symbp.reading.lexicon import ARRAY_KINDS, Abbreviation, Place
from symbp.reading.products import turned
from symbp.reading.typed import ShapeError, Typed
from symbp.system import Kind, Range
from symbp.system.indices import substitute

if TYPE_CHECKING:
    from symbp.reading.elaborate import Elaborator

SAMPLES = Symbol("m", integer=True)
Sides = dict[str, list[Mark]]


@dataclass
class _Letters:
    """The letters of a definition where it is used: fresh symbols, and what they are there."""

    symbols: list[tuple[str, Symbol]] = field(default_factory=list)
    values: dict[Symbol, Expr] = field(default_factory=dict)
    axes: list[Symbol] = field(default_factory=list)
    samples: list[Symbol] = field(default_factory=list)


def expanded(reader: Elaborator, short: Abbreviation, node: Name) -> Typed | None:
    """The body of a definition at the indices of its use; None where a fixed mark is missing."""
    sides = _without_fixed(short, node)
    if sides is None:
        return None
    places = [
        Place(i, side, kind)
        for i, (side, kind, _) in enumerate(short.places)
        if not (short.whole and kind is Kind.SAMPLE)
    ]
    extra = _extra_units(short, places, sides)
    counted = [reader.lexicon.indices.get(m.text) for m in extra]
    if Kind.TIME in counted or Kind.LAYER in counted:
        name = text_of_name(node)
        raise ReadingError(f"{name} has more indices than {short.base} is defined with", node.start)
    match = reader.names.placed(places, sides, node)
    letters = _letters(reader, short, node, match.indices)
    body = _body(reader, short, letters)
    if extra:
        turns = [m for m in match.rest if m.is_transpose]
        if len(turns) % 2 and len(body.axes) == 2:  # W^T_{bg} is W_{gb}
            body = body.flipped
        match.rest = [m for m in match.rest if not m.is_transpose]
        body = reader.entry(body, extra)
    return reader.raised(_laid_out(reader, body, letters, node), match.rest)


def _without_fixed(short: Abbreviation, node: Name) -> Sides | None:
    """The marks of a use but those that are part of the name."""
    sides = {"_": marks(node.sub), "^": marks(node.sup)}
    for side, text in short.fixed:
        at = next((i for i, m in enumerate(sides[side]) if m.text == text), None)
        if at is None:
            return None
        del sides[side][at]
    return sides


def _extra_units(short: Abbreviation, places: Sequence[Place], sides: Sides) -> list[Mark]:
    """The indices of δ_j^l where δ^l was defined as a whole: taken from the marks below."""
    wanted = sum(side == "_" for side, _, _ in short.places)
    if any(p.kind in ARRAY_KINDS for p in places):
        return []
    below = sides["_"]
    sides["_"] = below[:wanted]
    return below[wanted:]


def _letters(
    reader: Elaborator, short: Abbreviation, node: Name, indices: dict[int, Expr]
) -> _Letters:
    """Each index of a definition as a symbol, with its value where the use has one."""
    found = _Letters()
    for number, (_, kind, letter) in enumerate(short.places):
        symbol = reader.scope.fresh(letter)
        reader.scope.kinds[symbol] = kind
        found.symbols.append((letter, symbol))
        if number in indices:
            found.values[symbol] = indices[number]
        elif kind is Kind.LAYER and (layer := _of_group(reader, short, indices)) is not None:
            found.values[symbol] = layer
        elif kind in ARRAY_KINDS:
            found.axes.append(symbol)
        elif kind is Kind.SAMPLE and short.whole:
            found.samples.append(symbol)
        else:
            r = Range(symbol, sp.S.One, SAMPLES)
            found.values[symbol] = reader.names.absent(kind, text_of_name(node), r)
        if kind is Kind.LAYER and symbol in found.values:
            reader.names.remember_layer(found.values[symbol])
    return found


def _of_group(
    reader: Elaborator, short: Abbreviation, indices: Mapping[int, Expr]
) -> Expr | None:  # fmt: skip
    """The layer that the unit of δ_k says, δ being the derivative by something with that unit."""
    if not reader.lexicon.groups:
        return None
    letters = {letter: indices[n] for n, (_, _, letter) in enumerate(short.places) if n in indices}
    by = next((n.by for n in walk(short.body) if isinstance(n, Derivative)), None)
    for word in reader.lexicon.named(by.base) if isinstance(by, Name) else ():
        below = [p.slot for p in word.places if p.side == "_" and p.kind is Kind.UNIT]
        units = [m.text for m in marks(by.sub)] if isinstance(by, Name) else []
        own = {s: letters[t] for s, t in zip(below, units, strict=False) if t in letters}
        return reader.names.of_group(reader.lexicon.system[word.family], own)
    return None


def _body(reader: Elaborator, short: Abbreviation, letters: _Letters) -> Typed:
    """The expression with the values of its letters; the ranges of letters without one stay."""
    scope, values = reader.scope, letters.values
    layer, free = scope.layer, dict(scope.free)
    with scope.summing(letters.symbols):
        body = reader.read(short.body)
    scope.layer, scope.free = layer, {**free, **scope.free}

    def at(r: Range | None) -> Range | None:
        return r and Range(r.symbol, substitute(r.lower, values), substitute(r.upper, values))

    for symbol, value in values.items():
        known = scope.ranges.pop(symbol, None)
        if known is not None and isinstance(value, Symbol):
            r = Range(value, known.lower, substitute(known.upper, values))
            scope.use(value, r, short.base)
    for _, symbol in letters.symbols:
        own = at(scope.ranges.get(symbol))
        if own is not None:
            scope.ranges[symbol] = own
    expr = substitute(body.expr, values)
    return Typed(expr, at(body.row), at(body.col), cube=body.cube, constant=body.constant)


def _laid_out(reader: Elaborator, body: Typed, letters: _Letters, node: Name) -> Typed:
    """The indices that the use leaves out as axes."""
    ranges = reader.scope.ranges
    if any(s not in ranges for s in letters.axes):
        raise ReadingError(f"{text_of_name(node)} is written without an index that it needs")
    axes = [ranges[s] for s in letters.axes]
    if axes:
        body = replace(body, row=axes[0], col=axes[1] if len(axes) > 1 else None)
        body = turned(body) if reader.lexicon.row_vectors and len(axes) == 1 else body
    return _with_samples(reader, body, letters.samples[0]) if letters.samples else body


def _with_samples(reader: Elaborator, body: Typed, symbol: Symbol) -> Typed:
    """A quantity of one sample as that of all: the samples are one more axis."""
    axis = reader.scope.ranges.pop(symbol, Range(symbol, sp.S.One, SAMPLES))
    if len(body.axes) > 1 or body.cube:
        raise ShapeError("the samples of a matrix are three axes")
    (own,) = body.axes or (None,)
    row, col = (axis, own) if reader.lexicon.rows else (own, axis)
    return replace(body, row=row, col=col, chain=None, loose=False)
