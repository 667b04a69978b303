"""How long axes are of which single entries are written: 3 where δ_1, δ_2, δ_3 are an array."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sympy import Expr, Indexed, Integer, Symbol

from symbp.reading.typed import Typed
from symbp.system import Kind, System
from symbp.system.equation import family_of

#: A family with the number of one of its slots, and the size of that slot.
Axis = tuple[str, int, Expr]


def written_indices(system: System, e: Indexed) -> Iterator[tuple[Axis, int]]:
    """The numbers in the places of indices whose size is still a symbol."""
    variable = system.by_name.get(str(family_of(e)))
    mapping: dict[Expr, Expr] = {}
    slots = variable.slots if variable is not None else ()
    for place, (slot, index) in enumerate(zip(slots, e.indices, strict=False)):
        size = slot.range.substitute(mapping).upper
        is_unit = slot.kind not in (Kind.LAYER, Kind.TIME) and isinstance(size, (Symbol, Indexed))
        if index.is_Integer and is_unit:
            yield (str(family_of(e)), place, size), int(index)
        mapping[slot.symbol] = index


def enumerated(system: System, lines: Sequence[Sequence[Typed]]) -> Iterator[tuple[Expr, Expr]]:
    """The sizes of axes of which row j has the index j and no other, for all rows or columns."""
    for rows in (lines, list(zip(*lines, strict=True))):
        found = [_indices(system, row) for row in rows] if len(rows) > 1 else [{}]
        for axis in sorted(set.intersection(*map(set, found)), key=str):
            if all(own[axis] == {n} for n, own in enumerate(found, start=1)):
                yield axis[2], Integer(len(rows))


def _indices(system: System, row: Sequence[Typed]) -> dict[Axis, set[int]]:
    found: dict[Axis, set[int]] = {}
    for e in (e for part in row for e in part.expr.atoms(Indexed)):
        for axis, index in written_indices(system, e):
            found.setdefault(axis, set()).add(index)
    return found
