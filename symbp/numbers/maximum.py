"""The greatest of a family, and where it is, as arrays: Σ_k w[k] u[k] with w = 1 at its place."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import sympy as sp
from sympy import Symbol

from symbp.errors import SizeError
from symbp.numbers.indexing import GROUND, Scope, Tensor
from symbp.system.maximum import Chosen, Greatest, IsGreatest, Maximum

if TYPE_CHECKING:
    from symbp.numbers.expressions import Expressions


def greatest(reader: Expressions, e: Maximum, scope: Scope) -> Tensor:
    """max over the ranges of e."""
    axis = _moving(reader, e, scope)
    if axis is not None:
        return reader.walked(e, scope, axis)
    body, weights = _weighed(reader, e, scope)
    return reader.product([body, weights], tuple(r.symbol for r in e.ranges))


def chosen(reader: Expressions, e: Chosen, scope: Scope) -> Tensor:
    """[the place of the maximum is the one asked for]."""
    axis = _moving(reader, e.maximum, scope)
    if axis is not None:
        return reader.walked(e, scope, axis)
    _, weights = _weighed(reader, e.maximum, scope)
    symbols = [r.symbol for r in e.ranges]
    places = [reader.indexing.integers(i, scope) for i in e.place]
    free = [a for a in weights.axes if a not in symbols]
    axes = tuple(dict.fromkeys((*free, *(a for t in places for a in t.axes))))
    shape = tuple(weights.buffer.shape)
    index = [
        GROUND.arrange(np.arange(n), (a,), axes) for a, n in zip(free, shape, strict=False)
    ]  # fmt: skip
    for r, t, n in zip(e.ranges, places, shape[len(free) :], strict=True):
        low = reader.indexing.span(r, scope)[0][0]
        place = GROUND.arrange(t.buffer, t.axes, axes) - low
        if not scope.masked and place.size and (place.min() < 0 or place.max() >= n):
            raise SizeError(f"an index leaves its range {r}")
        index.append(np.clip(place, 0, n - 1))
    return Tensor(reader.domain.take(weights.buffer, tuple(index)), axes)


def _moving(reader: Expressions, e: Maximum, scope: Scope) -> Symbol | None:
    """An axis with which the range of a maximum moves: t where s ≤ t."""
    inner = scope
    for r in e.ranges:
        span, mask = reader.indexing.span(r, inner)
        inner = inner.within(r.symbol, span, False)
        for a in mask.axes if mask is not None else ():
            if a in scope.spans and a != r.symbol:
                return a
    return None


def of_several(reader: Expressions, e: Greatest | IsGreatest, scope: Scope) -> Tensor:
    """max(a, b, ...), or whether one of the numbers is it."""
    numbers = e.args if isinstance(e, Greatest) else e.args[1:]
    values = [reader.value(a, scope) for a in numbers]
    axes = tuple(dict.fromkeys(a for t in values for a in t.axes))
    domain, several = reader.domain, sp.Dummy()
    lengths = {a: n for t in values for a, n in zip(t.axes, t.buffer.shape, strict=True)}
    ones = Tensor(domain.array(np.ones([lengths[a] for a in axes], int)), axes)
    full = [reader.product([ones, t], ()) for t in values]
    stacked = domain.stack([domain.arrange(t.buffer, t.axes, axes) for t in full])
    body = Tensor(domain.arrange(stacked, (several, *axes), (*axes, several)), (*axes, several))
    weights = Tensor(domain.greatest(body.buffer, 1), body.axes)
    if isinstance(e, Greatest):
        return reader.product([body, weights], (several,))
    place = (*(slice(None) for _ in axes), int(e.args[0]) - 1)
    return Tensor(domain.take(weights.buffer, place), axes)


def _weighed(reader: Expressions, e: Maximum, scope: Scope) -> tuple[Tensor, Tensor]:
    """The numbers that are compared, and 1 at the place of the greatest; its axes stand last."""
    inner = scope
    for r in e.ranges:
        span, mask = reader.indexing.span(r, inner)
        if mask is not None:
            raise SizeError(f"the range {r} of a maximum depends on another one of its indices")
        if span[1] < span[0]:
            raise SizeError(f"the range {r} of a maximum is empty")
        inner = inner.within(r.symbol, span, False)
    symbols = tuple(r.symbol for r in e.ranges)
    value = reader.value(e.body, replace(inner, masked=scope.masked))
    free = tuple(a for a in value.axes if a not in symbols)
    axes = (*free, *symbols)
    factors = [value]
    for s in symbols:
        low, high = inner.spans[s]
        factors.append(Tensor(reader.domain.array(np.ones(high - low + 1, int)), (s,)))
    full = reader.product(factors, ()) if set(symbols) - set(value.axes) else value
    buffer = reader.domain.arrange(full.buffer, full.axes, axes)
    return Tensor(buffer, axes), Tensor(reader.domain.greatest(buffer, len(symbols)), axes)
