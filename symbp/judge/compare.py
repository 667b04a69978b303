"""Two sides of a claim, laid over each other and evaluated at every layer, time, unit and sample.

A claim is tried at all layers and times at which everything that it names exists. Its letters for
units and samples run over their whole ranges.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any

import numpy as np
import sympy as sp
from sympy import Expr, Indexed, Symbol

from symbp.errors import ReadingError, SizeError
from symbp.judge.values import Values
from symbp.judge.within import Bound, inside
from symbp.numbers.indexing import GROUND, Indexing
from symbp.numbers.indexing import Scope as At
from symbp.reading.products import aligned, turned
from symbp.reading.scope import ONE_ROW, ROW_AND_COLUMN, Scope
from symbp.reading.typed import Total, Typed
from symbp.system import Kind, Range, System
from symbp.system.equation import family_of, index_of, walk
from symbp.system.ordered import Ordered

WALKED = (Kind.LAYER, Kind.TIME)
#: An index, its least and greatest value, and the sums around it.
Need = tuple[Expr, Expr, Expr, tuple[Range, ...]]


@dataclass(frozen=True)
class Sides:
    """left = right over ranges: axes of both, and the letters that are units or samples."""

    left: Expr
    right: Expr
    axes: tuple[Range, ...]
    walked: tuple[tuple[Symbol, Kind], ...] = ()
    """Letters of layers and times that are free."""
    notes: tuple[str, ...] = ()
    entrywise: bool = False
    """Whether one side is a vector or matrix and the other its entry."""
    within: tuple[Bound, ...] = ()
    """Between which layers and times it is claimed."""
    summed: frozenset[str] = frozenset()
    """Letters over which other members of the chain have a sum."""


@dataclass(frozen=True)
class Mismatch:
    """Sides whose shapes differ: no equation between numbers."""

    reason: str
    transposed: bool = False


def laid_over(scope: Scope, left: Typed, right: Typed) -> Sides | Mismatch:
    """Both sides with common axes, or how their shapes differ."""
    notes = list(scope.notes)
    scope.settled_shapes = True
    entrywise = False
    pair: tuple[Expr, Expr] | None = None
    axes: tuple[Range, ...] = ()
    if left.cube or right.cube:
        pair, axes = _cubes(scope, left, right)
    elif left.is_scalar and right.is_scalar:
        pair = left.expr, right.expr
    else:
        found = aligned(scope, left, right)
        if found is None and left.is_vector and right.is_vector and left.firm != "said":
            found = aligned(scope, turned(left), right)
            if found is not None:
                scope.doubt = ONE_ROW if left.firm else scope.doubt
                said = () if left.loose or right.loose else (ROW_AND_COLUMN,)
                notes, left = [*notes, *said], turned(left)
        if found is None:
            left, right = _with_all_samples(scope, left, right)
            found = aligned(scope, left, right)
        if found is None and right.is_scalar and _zero(right.expr):
            found = right
        if found is not None:
            pair, axes = (left.expr, found.expr), left.axes
        else:
            pair, axes = _entry_of(scope, left, right)
            entrywise = pair is not None
    if pair is None:
        square = len(left.axes) == len(right.axes) == 2
        flipped = square and aligned(scope, left, right.flipped) is not None
        write = scope.size_text
        return Mismatch(
            f"the left is {left.shape(write)}, the right {right.shape(write)}", bool(flipped)
        )
    settled = [scope.settled(e) for e in pair]
    letters = tuple(
        Range(s, r.lower, scope.settled(r.upper))
        for s, r in scope.ranges.items()
        if any(s in e.free_symbols for e in settled)
    )
    own = tuple(Range(a.symbol, a.lower, scope.settled(a.upper)) for a in axes)
    known = {a.symbol for a in own}
    ranges = (*own, *(r for r in letters if r.symbol not in known))
    used = set().union(*(e.free_symbols for e in (*settled, *(r.upper for r in ranges))))
    walked = tuple(
        (s, scope.kinds[s]) for s in sorted(used, key=str) if scope.kinds.get(s) in WALKED
    )
    known |= {r.symbol for r in ranges} | {s for s, _ in walked}
    for s in sorted(used, key=str):
        if s.name.startswith("#") and s not in known:
            raise ReadingError(f"nothing says what the index {s.name.lstrip('#')} counts")
    return Sides(settled[0], settled[1], ranges, walked, tuple(notes), entrywise)


def _with_all_samples(scope: Scope, left: Typed, right: Typed) -> tuple[Typed, Typed]:
    """Where one side holds all samples and the other speaks of one unmarked, that of all too."""
    sample = scope.sample
    for whole, one in ((left, right), (right, left)):
        axes = [a for a in whole.axes if scope.kinds.get(a.symbol) is Kind.SAMPLE]
        if sample is None or len(axes) != 1 or sample not in one.expr.free_symbols:
            continue
        if len(one.axes) >= len(whole.axes):
            continue
        at_col = whole.col is axes[0]
        own = one.axes[0] if one.axes else None
        moved = Typed(
            one.expr.xreplace({sample: axes[0].symbol}),
            own if at_col else axes[0],
            axes[0] if at_col else own,
        )
        return (left, moved) if whole is left else (moved, right)
    return left, right


def _zero(e: Expr) -> bool:
    return bool(e == 0)


def _cubes(
    scope: Scope, left: Typed, right: Typed
) -> tuple[tuple[Expr, Expr] | None, tuple[Range, ...]]:
    if not (left.chain and right.chain and left.cube and right.cube):
        return None, ()
    a = (*left.chain.of_axes, *left.chain.by_axes)
    b = (*right.chain.of_axes, *right.chain.by_axes)
    if len(a) != len(b) or not all(scope.same(x.upper, y.upper) for x, y in zip(a, b, strict=True)):
        return None, ()
    moved = right.renamed({y.symbol: x.symbol for x, y in zip(a, b, strict=True)})
    return (left.expr, moved.expr), a


def _entry_of(
    scope: Scope, left: Typed, right: Typed
) -> tuple[tuple[Expr, Expr] | None, tuple[Range, ...]]:
    """A vector on one side and an entry with a free letter of that size on the other."""
    for whole, entry in ((left, right), (right, left)):
        if not (whole.axes and entry.is_scalar):
            continue
        letters = [
            s
            for s in sorted(entry.expr.free_symbols, key=str)
            if s in scope.ranges
            and s not in whole.expr.free_symbols
            and scope.kinds.get(s) is not Kind.SAMPLE
        ]
        if len(letters) != len(whole.axes):
            continue
        if all(
            scope.same(scope.ranges[s].upper, a.upper)
            for s, a in zip(letters, whole.axes, strict=True)
        ):
            moved = whole.renamed({a.symbol: s for s, a in zip(letters, whole.axes, strict=True)})
            ordered = (moved.expr, entry.expr) if whole is left else (entry.expr, moved.expr)
            return ordered, ()
    return None, ()


# -- points ------------------------------------------------------------------------------------


def points(sides: Sides, system: System, indexing: Indexing) -> list[dict[Symbol, int]]:
    """The layers and times at which everything in the claim exists."""
    needs = [*_needs(sides, system)]
    if not sides.walked:
        return [{}] if _exists(needs, indexing, {}) else []
    spans = []
    for symbol, kind in sides.walked:
        low, high = _extent(system, indexing, kind)
        spans.append([(symbol, v) for v in range(low - 1, high + 2)])
    found = []
    for choice in product(*spans):
        point = dict(choice)
        if inside(sides.within, point, indexing) and _exists(needs, indexing, point):
            found.append(point)
    return found


def _extent(system: System, indexing: Indexing, kind: Kind) -> tuple[int, int]:
    ranges = [s.range for v in system.variables for s in v.slots if s.kind is kind]
    own = [r for r in ranges if not r.lower.free_symbols]
    ends = [(indexing.integer(r.lower, {}), indexing.integer(r.upper, {})) for r in own]
    if not ends:
        raise ReadingError(f"a {kind} is written, and the network has none")
    return min(a for a, _ in ends), max(b for _, b in ends)


def _exists(needs: Sequence[Need], indexing: Indexing, point: Mapping[Symbol, int]) -> bool:
    try:
        return all(
            indexing.integer(low, p) <= indexing.integer(e, p) <= indexing.integer(high, p)
            for e, low, high, ranges in needs
            for p in (_reached(ranges, indexing, point) if ranges else (point,))
        )
    except (SizeError, KeyError):
        return False


def _needs(sides: Sides, system: System) -> Iterator[Need]:
    """What must lie between what at a point, for everything in the claim to exist."""
    seen = set()
    for e in (sides.left, sides.right, *(r.upper for r in sides.axes)):
        for node, ranges in walk(e):
            for index, low, high in (*_in_range(node, system), *_forward(node)):
                need = index, low, high, _around((index, low, high), ranges)
                if need not in seen:
                    seen.add(need)
                    yield need


def _in_range(node: Expr, system: System) -> Iterator[tuple[Expr, Expr, Expr]]:
    """The layer and the time of an entry, with the first and the last of its family."""
    name = family_of(node)
    if name in system.by_name and index_of(node):
        for slot, index in zip(system[str(name)].slots, index_of(node), strict=True):
            if slot.kind in WALKED:
                yield index, slot.range.lower, slot.range.upper


def _forward(node: Expr) -> Iterator[tuple[Expr, Expr, Expr]]:
    """The bounds of a sum or product over layers or times: it may be empty, not less."""
    if isinstance(node, sp.Sum | Ordered):
        _, low, high = node.limits[-1]
        over_units = isinstance(node, sp.Sum) and (low.has(Indexed) or high.has(Indexed))
        if not over_units:
            least = node.least if isinstance(node, Ordered) else 0
            yield high, low + least - 1, high


def _around(parts: Sequence[Expr], ranges: Sequence[Range]) -> tuple[Range, ...]:
    """The sums whose letters the parts have, or the bounds of such sums."""
    letters = set().union(*(e.free_symbols for e in parts))
    found: list[Range] = []
    for r in reversed(ranges):
        if r.symbol in letters:
            found.insert(0, r)
            letters |= r.lower.free_symbols | r.upper.free_symbols
    return tuple(found)


def _reached(
    ranges: Sequence[Range], indexing: Indexing, point: Mapping[Symbol, int]
) -> list[dict[Symbol, int]]:
    """The point with every value that the letters of sums have there."""
    found = [dict(point)]
    for r in ranges:
        found = [
            {**p, r.symbol: v}
            for p in found
            for v in range(indexing.integer(r.lower, p), indexing.integer(r.upper, p) + 1)
        ]
    return found


def scopes(sides: Sides, values: Values, where: Sequence[Mapping[Symbol, int]]) -> Iterator[At]:
    """For every point the scope in which both sides are evaluated."""
    for point in where:
        spans = {
            r.symbol: (values.integer(r.lower, point), values.integer(r.upper, point))
            for r in sides.axes
        }
        yield At(dict(point), spans)


@dataclass
class Difference:
    """Where two arrays of residues or balls differ first."""

    point: dict[str, int] = field(default_factory=dict)
    left: Any = None
    right: Any = None


def agree(sides: Sides, values: Values, where: Sequence[Mapping[Symbol, int]]) -> bool:
    """Whether both sides have equal residues everywhere."""
    for at in scopes(sides, values, where):
        a, b = (values.tensor(e, at) for e in (sides.left, sides.right))
        axes = tuple(dict.fromkeys((*a.axes, *b.axes)))
        x, y = (GROUND.arrange(t.buffer.top, t.axes, axes) for t in (a, b))
        if not bool(np.all(x == y)):
            return False
    return True


def vanishing(
    sides: Sides,
    values: Values,
    where: Sequence[Mapping[Symbol, int]],
    known: Collection[Total] = (),
) -> Total | None:
    """A derivative of the claim, none of the `known`, that is zero at some layer or time."""
    totals = sorted((sides.left.atoms(Total) | sides.right.atoms(Total)) - {*known}, key=str)
    for at in scopes(sides, values, where):
        for total in totals:
            letters = {s for s in total.atoms(Symbol) if s.name.startswith("#")}
            if not letters <= {*at.point, *at.spans}:
                continue
            if not np.any(values.tensor(total, at).buffer.top):
                return total
    return None


def idle(
    sides: Sides,
    values: Values,
    where: Sequence[Mapping[Symbol, int]],
    known: Collection[Total] = (),
) -> Total | None:
    """A derivative that is zero throughout, if at every layer and time the claim has such a one."""
    found = [vanishing(sides, values, [point], known) for point in where]
    return found[0] if None not in found else None


def alive(
    sides: Sides,
    values: Values,
    where: Sequence[Mapping[Symbol, int]],
    known: Collection[Total] = (),
) -> list[Mapping[Symbol, int]]:
    """The layers and times at which no derivative of the claim is zero throughout."""
    return [point for point in where if vanishing(sides, values, [point], known) is None]


def independent(total: Total) -> str:
    """What is said of a derivative that is zero."""
    f, u, _ = (str(a).replace("#", "") for a in total.args)
    return f"by the equations given {f} does not depend on {u} at every layer and time"


def restricted(sides: Sides, mapping: Mapping[Expr, Expr]) -> Sides:
    """The claim where some letters have given values."""
    return replace(
        sides,
        left=sides.left.xreplace(mapping),
        right=sides.right.xreplace(mapping),
        axes=tuple(r for r in sides.axes if r.symbol not in mapping),
    )


def speaks_of_both(sides: Sides, a: Symbol, b: Expr) -> bool:
    """Whether a claim tells the cases a = b and a ≠ b apart itself."""
    deltas = sides.left.atoms(sp.KroneckerDelta) | sides.right.atoms(sp.KroneckerDelta)
    return any(set(d.args) == {a, b} for d in deltas)


def masked(sides: Sides, a: Symbol, b: Expr) -> Sides:
    """The claim where two letters differ."""
    apart = 1 - sp.KroneckerDelta(a, b)
    return replace(sides, left=apart * sides.left, right=apart * sides.right)
