"""Sums of terms that are not of one shape: what stands beside ones, samples and derivatives."""

from __future__ import annotations

from dataclasses import replace

from sympy import Expr

from symbp.reading.products import turned
from symbp.reading.scope import Scope
from symbp.reading.typed import ShapeError, Typed
from symbp.system import Kind


def beside_ones(scope: Scope, ones: Typed, other: Typed, total: Expr) -> Typed:
    """v + c 1: as long as the vector beside it."""
    lies = other.row if ones.ones == "column" else other.col
    if not other.is_vector or (lies is None and not other.loose):
        raise ShapeError(f"{other.shape(scope.size_text)} met the vector 1 of ones")
    return replace(other if lies else turned(other), expr=total, chain=None, loose=False)


def added_cubes(a: Typed, b: Typed) -> Typed:
    """Derivatives of one quantity by another, in one order of their axes."""
    assert a.chain
    assert b.chain
    old = (*b.chain.of_axes, *b.chain.by_axes)
    new = (*a.chain.of_axes, *a.chain.by_axes)
    moved = b.renamed({o.symbol: n.symbol for o, n in zip(old, new, strict=True)})
    if moved.chain != a.chain:
        raise ShapeError("derivatives by different things cannot be added")
    return replace(a, expr=a.expr + moved.expr)


def along_samples(scope: Scope, matrix: Typed, vector: Typed) -> Typed | None:
    """A vector beside every sample of a batch: W X + b."""
    if len(matrix.axes) != 2 or not vector.is_vector:
        return None
    for mine, own in ((matrix.row, vector.row), (matrix.col, vector.col)):
        other = matrix.col if mine is matrix.row else matrix.row
        assert other is not None
        is_sample = scope.kinds.get(other.symbol) is Kind.SAMPLE
        repeated = is_sample or (scope.defining and not vector.loose)
        if own and mine and repeated and scope.same(own.upper, mine.upper):
            moved = vector.renamed({own.symbol: mine.symbol})
            return Typed(matrix.expr + moved.expr, matrix.row, matrix.col)
    return None
