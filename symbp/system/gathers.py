"""Data that other families are looked up by: the row E[c[t], j], the score z[y]."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from sympy import Expr, Indexed

from symbp.system.contents import data_in
from symbp.system.equation import Equation, Role, Variable, family_of, index_of, walk
from symbp.system.facts import Facts
from symbp.system.indices import Range


class Gather(NamedTuple):
    """An index of a family in which data stand."""

    entry: Expr
    place: int
    data: Expr
    """c[i], or a single label y."""


@lru_cache(maxsize=1 << 12)
def gathers(e: Expr) -> tuple[Gather, ...]:
    """Every index of e in which an entry of another family stands; sizes too."""
    entries = {node: None for node, _ in walk(e) if isinstance(node, Indexed)}
    return tuple(
        Gather(node, place, data)
        for node in entries
        for place, index in enumerate(index_of(node))
        for data in data_in(index)
    )


def looked_up(
    variables: Sequence[Variable], equations: Iterable[Equation]
) -> Iterator[tuple[Gather, Range]]:
    """The gathers of some equations by data that are given, and the range of the slot of each."""
    by_name = {v.name: v for v in variables}
    data = {v.name for v in variables if v.role.given and v.role is not Role.SIZE}
    for found in (g for e in equations for g in gathers(e.rhs)):
        name = str(family_of(found.entry))
        if name in by_name and family_of(found.data) in data:
            yield found, by_name[name].slots[found.place].range


def with_data(facts: Facts, variables: Sequence[Variable], equations: Iterable[Equation]) -> Facts:
    """The facts, and that data which stand in an index are in the range of its slot.

    A range that depends on other indices of the entry says nothing.
    """
    sizes = {s for v in variables if v.role is Role.SIZE for s in v.atom.free_symbols}
    bounds: dict[Expr, tuple[Expr, Expr]] = {}
    for found, r in looked_up(variables, equations):
        alone = found.entry.indices[found.place] == found.data
        if alone and (r.lower.free_symbols | r.upper.free_symbols) <= sizes:
            base = found.data.base if isinstance(found.data, Indexed) else found.data
            bounds.setdefault(base, (r.lower, r.upper))
    return facts.bounded(bounds) if bounds else facts
