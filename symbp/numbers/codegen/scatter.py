"""Sums in which data say where a term goes: Σ_i [v = c_i] d_ij adds the row d_i to the row c_i.

    total = np.zeros((N, d))
    np.add.at(total, c - 1, d)

That is what an embedding gets back from the places that look it up. To compare every place with
every row instead would take N times as long.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import sympy as sp
from sympy import Expr, Indexed, Symbol

from symbp.numbers.codegen.nodes import ONE, Node, arranged
from symbp.numbers.codegen.scope import Scope
from symbp.numbers.codegen.storage import Storage
from symbp.system import Range, Role
from symbp.system.contents import data_in, free_symbols
from symbp.system.equation import family_of
from symbp.system.indices import ranges_of


@dataclass(frozen=True)
class Target:
    """The axis that data name the places on, and the array of these places, from 0."""

    axis: Symbol
    places: Node


def split(
    body: Expr, summed: Collection[Symbol], scope: Scope, storage: Storage
) -> tuple[list[Target], Expr]:
    """The factors [v = c] that say where a term goes, and the rest of the product.

    v is an axis that nothing else in the product has; c is known to be on it, and has an index
    that is summed over.
    """
    factors = list(sp.Mul.make_args(body))
    targets: list[Target] = []
    for f in tuple(factors):
        pair = _looked_up(f, scope, storage)
        if pair is None or not free_symbols(pair[1]) & set(summed):
            continue
        axis, data = pair
        others = [g for g in factors if g is not f]
        r = scope.axes[axis]
        facts = storage.facts.given((*scope.loops.values(), *scope.axes.values()))
        inside = facts.le(r.lower, data) and facts.le(data, r.upper)
        if inside and not any(axis in free_symbols(g) for g in others):
            targets.append(Target(axis, storage.integer(data - r.lower, scope)))
            factors = others
    return targets, sp.Mul(*factors)


def _looked_up(f: Expr, scope: Scope, storage: Storage) -> tuple[Symbol, Expr] | None:
    """(v, c) of a factor [v = c] with an axis v and data c."""
    if not isinstance(f, sp.KroneckerDelta):
        return None
    for axis, data in (f.args, f.args[::-1]):
        if not isinstance(data, Indexed) or axis not in scope.axes:
            continue
        if storage.system[str(family_of(data))].role is not Role.SIZE:
            return axis, data
    return None


def scattered(
    targets: Sequence[Target],
    values: Node | None,
    summed: Collection[Symbol],
    scope: Scope,
    storage: Storage,
) -> Node:
    """Zeros, to which the values are added at the places; other axes of these keep their index."""
    along = tuple(dict.fromkeys(a for t in targets for a in t.places.axes))
    places = {t.axis: t.places for t in targets}
    for a in along:
        if a not in summed:
            places[a] = storage.integer(a - scope.axes[a].lower, scope)
    order = list(scope.axes)
    first = sorted(places, key=order.index)
    rest = [a for a in (values.axes if values else ()) if a not in along]
    index = [arranged(places[a], along, short=True) for a in first]
    added = ONE if values is None else arranged(values, (*along, *rest), short=True)
    axes = (*first, *rest)
    lengths = ", ".join(storage.length_text(a) for a in axes)
    return Node("scatter", (*index, added), axes, f"({lengths})" if len(axes) > 1 else lengths)


def opened(body: Expr, ranges: list[Range]) -> tuple[Expr, list[Range]]:
    """A sum of sums as one; Σ_i f(i) Σ_s [v = c_is] g(s) too, so that [v = c_is] is a factor."""
    if isinstance(body, sp.Sum):
        return opened(body.function, [*ranges, *ranges_of(body)])
    for f in sp.Mul.make_args(body):
        if isinstance(f, sp.Sum) and any(map(_is_condition, sp.Mul.make_args(f.function))):
            inner = list(ranges_of(f))
            others = sp.Mul(*(g for g in sp.Mul.make_args(body) if g is not f))
            outside = free_symbols(others) | {r.symbol for r in ranges}
            if outside.isdisjoint(r.symbol for r in inner):
                return opened(others * f.function, [*ranges, *inner])
    return body, ranges


def _is_condition(f: Expr) -> bool:
    return isinstance(f, sp.KroneckerDelta) and any(map(data_in, f.args))
