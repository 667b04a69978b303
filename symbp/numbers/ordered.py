"""Ordered products as arrays: factor by factor, from the left."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import sympy as sp
from sympy import Expr, Symbol

from symbp.numbers.indexing import Scope, Tensor
from symbp.system.indices import substitute
from symbp.system.ordered import Ordered

if TYPE_CHECKING:
    from symbp.numbers.expressions import Expressions


def ordered(reader: Expressions, e: Ordered, scope: Scope) -> Tensor:
    """∏ of the factors at every value of the index, in their order."""
    k, indexing = e.run.symbol, reader.indexing
    low, high = (indexing.integer(b, scope.point) for b in (e.run.lower, e.run.upper))
    values = range(low, high + 1)[:: e.step]
    points = [replace(scope, point={**scope.point, k: v}) for v in values]
    if not e.ends:
        factors = [reader.value(e.body, p) for p in points]
        return reader.product([Tensor(reader.domain.number(sp.S.One)), *factors], ())
    if not points:
        return reader.value(sp.KroneckerDelta(*e.ends), scope)
    row, col = e.axes
    left, right = e.ends
    result: Tensor | None = None
    spans = dict(scope.spans)
    for n, p in enumerate(points):
        here: Expr = right
        if n + 1 < len(points):
            here = _middle(k, n)
            spans[here] = tuple(indexing.integer(b, p.point) for b in (col.lower, col.upper))
        body = substitute(e.body, {row.symbol: left, col.symbol: here})
        factor = reader.value(body, replace(p, spans=dict(spans)))
        if result is None:
            result = factor
        else:
            result = _joined(reader, result, factor, left, spans)
        left = here
    assert result is not None
    return result


def _joined(
    reader: Expressions, a: Tensor, b: Tensor, axis: Symbol, spans: dict[Symbol, tuple[int, int]]
) -> Tensor:
    """Σ over the axis between two factors."""
    low, high = spans[axis]
    factors = [a, b]
    if axis not in (*a.axes, *b.axes):
        ones = np.ones(high - low + 1, int)
        factors.append(Tensor(reader.domain.array(ones), (axis,)))
    return reader.product(factors, (axis,))


@lru_cache(maxsize=1 << 12)
def _middle(k: Symbol, n: int) -> Symbol:
    """The axis between two factors, the same one at each call."""
    return Symbol(f"{k.name}·{n}", integer=True)
