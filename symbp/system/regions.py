"""Regions of a family's range: what several equations or contributions cover, cell by cell.

A box gives an interval for each slot, or None where it covers the slot's whole range. The
cells of several boxes are the coarsest grid on which each box is all or nothing: δ^L and δ^l
as two cases of one family are the two cells of {l = L} and {1 ≤ l ≤ L − 1}.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cmp_to_key
from itertools import product

from sympy import Expr

from symbp.errors import DefinitionError
from symbp.system.contents import bare_symbols, free_symbols
from symbp.system.equation import Equation, Variable
from symbp.system.facts import Facts
from symbp.system.indices import Range, substitute

Interval = tuple[Expr, Expr]
Box = tuple[Interval | None, ...]


@dataclass(frozen=True)
class Cell:
    """A box, and which of the boxes given cover it."""

    box: Box
    members: tuple[int, ...]


def cells(variable: Variable, boxes: Sequence[Box], facts: Facts) -> list[Cell]:
    """The grid of cells that the boxes cut the family's range into."""
    moving = _moves(variable, boxes)
    if moving:
        facts = facts.given(s.range for s in variable.slots)
    axes = [_cuts(variable, boxes, s, facts) for s in range(len(variable.slots))]
    result = []
    for corner in product(*axes):
        box = tuple(corner)
        if moving and _is_empty(variable, box, facts):
            continue
        members = tuple(i for i, b in enumerate(boxes) if _covers(b, box, facts))
        result.append(Cell(box, members))
    return result


def _moves(variable: Variable, boxes: Sequence[Box]) -> bool:
    """Whether a slot's range, or that of a box, moves with another slot: s ≤ t."""
    own = set(variable.own_index)
    whole = ((s.range.lower, s.range.upper) for s in variable.slots)
    ends = (b for i in (*whole, *(i for box in boxes for i in box if i is not None)) for b in i)
    return any(not own.isdisjoint(bare_symbols(b)) for b in ends)


def _is_empty(variable: Variable, box: Box, facts: Facts) -> bool:
    """Whether nothing is in a box: 2 ≤ s ≤ t where t = 1."""
    at: dict[Expr, Expr] = {}
    ranges: list[Range] = []
    for slot, interval in zip(variable.slots, box, strict=True):
        low, high = interval or (slot.range.lower, slot.range.upper)
        r = Range(slot.symbol, low, high).substitute(at)
        if facts.given(ranges).le(r.upper + 1, r.lower):
            return True
        if low == high:
            at[slot.symbol] = low
        ranges.append(r)
    return False


def _cuts(variable: Variable, boxes: Sequence[Box], s: int, facts: Facts) -> list[Interval | None]:
    """Slot s cut wherever a box begins or ends."""
    intervals = [i for b in boxes if (i := b[s]) is not None]
    if not intervals:
        return [None]
    whole = variable.slots[s].range
    starts = {whole.lower, *(a for a, _ in intervals), *(b + 1 for _, b in intervals)}

    def compare(a: Expr, b: Expr) -> int:
        if a == b:
            return 0
        if facts.le(a, b):
            return -1
        if facts.le(b, a):
            return 1
        raise DefinitionError(
            f"{variable.name}: cannot tell which of {a} and {b} comes first in slot "
            f"{whole.symbol}; state the least values of the sizes"
        )

    inside = [s for s in starts if s == whole.lower or not facts.le(s, whole.lower)]
    ordered = sorted(
        (s for s in inside if not facts.le(whole.upper + 1, s)), key=cmp_to_key(compare)
    )
    ends = [*(s - 1 for s in ordered[1:]), whole.upper]
    return list(zip(ordered, ends, strict=True))


def _covers(outer: Box, inner: Box, facts: Facts) -> bool:
    for a, b in zip(outer, inner, strict=True):
        if a is not None and b is not None and not (facts.le(a[0], b[0]) and facts.le(b[1], a[1])):
            return False
    return True


def box_of(variable: Variable, equation: Equation, facts: Facts) -> Box:
    """The region of the family that an equation defines."""
    own = {r.symbol: r for r in equation.domain}
    box: list[Interval | None] = []
    mapping: dict[Expr, Expr] = {}
    names: dict[Expr, Expr] = {}
    for slot, index in zip(variable.slots, equation.index, strict=True):
        whole = slot.range.substitute(mapping)
        mapping[slot.symbol] = slot.symbol if index in own else index
        found = own.get(index)
        low, high = (found.lower, found.upper) if found else (index, index)
        low, high = substitute(low, names), substitute(high, names)
        if found:
            names[index] = slot.symbol
        same = facts.equal(low, whole.lower) and facts.equal(high, whole.upper)
        box.append(None if same and found else (low, high))
    return tuple(box)


def domain_of(variable: Variable, box: Box) -> tuple[tuple[Expr, ...], tuple[Range, ...]]:
    """The index and the domain of an equation for the family on a box.

    A slot that the box narrows to one value c becomes the index c itself.
    """
    index: list[Expr] = []
    domain: list[Range] = []
    mapping: dict[Expr, Expr] = {}
    for slot, interval in zip(variable.slots, box, strict=True):
        whole = slot.range.substitute(mapping)
        low, high = (substitute(e, mapping) for e in interval or (whole.lower, whole.upper))
        if interval is not None and low == high:
            mapping[slot.symbol] = low
            index.append(low)
        else:
            index.append(slot.symbol)
            domain.append(Range(slot.symbol, low, high))
    return tuple(index), tuple(domain)


def hull(a: Box, b: Box, facts: Facts) -> Box:
    """The least box that is known to cover both."""
    result: list[Interval | None] = []
    for p, q in zip(a, b, strict=True):
        if p is None or q is None:
            result.append(None)
            continue
        low = p[0] if facts.le(p[0], q[0]) else q[0] if facts.le(q[0], p[0]) else None
        high = p[1] if facts.le(q[1], p[1]) else q[1] if facts.le(p[1], q[1]) else None
        result.append(None if low is None or high is None else (low, high))
    return tuple(result)


def intersection(a: Box, b: Box, facts: Facts) -> Box | None:
    """What both boxes cover; None where that is known to be empty.

    An end that cannot be compared is taken from `a`: the caller's own box.
    """
    result: list[Interval | None] = []
    for p, q in zip(a, b, strict=True):
        if p is None or q is None:
            result.append(p or q)
            continue
        low = q[0] if facts.le(p[0], q[0]) else p[0]
        high = q[1] if facts.le(q[1], p[1]) else p[1]
        if facts.le(high + 1, low):
            return None
        result.append((low, high))
    return tuple(result)


def whole_as_none(variable: Variable, intervals: Sequence[Interval | None], facts: Facts) -> Box:
    """The box of some intervals; a slot that one covers, or where none is known, is whole.

    So is a slot whose range moves with other slots: s ≤ t leaves a triangle, and no box.
    """
    box: list[Interval | None] = []
    own = {s.symbol for s in variable.slots}
    for slot, interval in zip(variable.slots, intervals, strict=True):
        whole = slot.range
        ends = (*(interval or ()), whole.lower, whole.upper)
        known = interval is not None and not any(own & free_symbols(e) for e in ends)
        covers = interval is None or (
            facts.le(interval[0], whole.lower) and facts.le(whole.upper, interval[1])
        )
        box.append(interval if known and not covers else None)
    return tuple(box)
