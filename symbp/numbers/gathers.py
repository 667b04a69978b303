"""Data by which other families are looked up: the c of E[c[t], j], and whether its values fit."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from sympy import Expr

from symbp.errors import SizeError
from symbp.numbers.indexing import Indexing
from symbp.system import Equation, Range, System, Variable
from symbp.system.equation import family_of, index_of
from symbp.system.gathers import looked_up

#: A family of data, the entry that is looked up by it, and the range of that slot.
Lookup = tuple[str, Expr, Range]


def index_ranges(system: System) -> Mapping[str, Range]:
    """The families of data that other families are looked up by, and the range of the slot.

    Raises `SizeError` where data enter an index other than alone.
    """
    for _, data, index, _ in _lookups(system.variables, system.equations):
        if data != index:
            raise SizeError(f"{data} is used in the index {index}: give its values")
    found = _lookups(system.variables, system.equations)
    return {str(family_of(data)): r for _, data, _, r in found}


def from_zero(system: System, values: Mapping[str, Any]) -> dict[str, Any]:
    """Values for generated code: data that are used as an index count from 0 there, as NumPy does.

    In a System they count as the index does, mostly from 1.
    """
    ranges, indexing = index_ranges(system), Indexing(system, {})
    firsts = {n: indexing.integer(ranges[n].lower, {}) for n in ranges if n in values}
    return {n: np.asarray(v) - firsts[n] if n in firsts else v for n, v in values.items()}


@lru_cache(maxsize=64)
def _lookups(
    variables: tuple[Variable, ...], equations: tuple[Equation, ...]
) -> tuple[tuple[Expr, Expr, Expr, Range], ...]:
    """(entry, data in its index, that index, range of the slot)."""
    found = looked_up(variables, equations)
    return tuple((g.entry, g.data, index_of(g.entry)[g.place], r) for g, r in found)


def _letters(system: System, entry: Expr) -> set[Expr]:
    """The index letters of the slots of what an entry is of."""
    return set(system[str(family_of(entry))].own_index)


def check_lookups(system: System, values: Mapping[str, Any], indexing: Indexing) -> None:
    """Raise `SizeError` for data that lead out of what is looked up by them.

    One line: which entry of the data, its value, where it is used, what is allowed there.
    """
    for entry, data, index, r in _lookups(system.variables, system.equations):
        name = str(family_of(data))
        moves = (r.lower.free_symbols | r.upper.free_symbols) & _letters(system, entry)
        if data != index or name not in values or moves:
            continue
        found = np.asarray(values[name])
        low, high = indexing.integer(r.lower, {}), indexing.integer(r.upper, {})
        wrong = np.argwhere((found < low) | (found > high))
        if len(wrong):
            place = tuple(int(i) for i in wrong[0])
            firsts = [indexing.integer(s.range.lower, {}) for s in system[name].slots]
            at = ", ".join(str(i + first) for i, first in zip(place, firsts, strict=True))
            raise SizeError(
                f"{name}{f'[{at}]' if at else ''} = {found[place]} is used as an index of {entry}: "
                f"expected {low} ≤ {r.symbol} ≤ {high}"
            )
