r"""Pooling of images over windows that do not overlap, and what leads back from it.

    mean 2 x 2   (pool x)_{ij} = ¼ Σ_{u,v} x_{2(i-1)+u, 2(j-1)+v}
    max 2 x 2    the largest of the same four
    adjoint f    (f* d)_{pq} = Σ_{ij} d_{ij} ∂(f x)_{ij}/∂x_{pq}, which posts call upsample

What an adjoint of a maximum gives depends on x, which is known where d is a derivative by what an
equation defines as f(x).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import sympy as sp
from sympy import Expr, Integer, S, Symbol

from symbp.errors import ReadingError
from symbp.functions import TABLE
from symbp.reading.scope import Scope
from symbp.reading.typed import ShapeError, Total, Typed, summed
from symbp.system import Range
from symbp.system.equation import family_of, index_of
from symbp.system.indices import substitute

#: Windows of a maximum are written out: they have no more entries.
MOST_ENTRIES = 16


@dataclass(frozen=True)
class Pooling:
    """The mean, or the largest, of each window; or what leads back from a pooling."""

    kind: str
    """mean, max or adjoint."""
    sizes: tuple[int, ...] = ()
    of: str = ""
    """The name of the pooling that this is the adjoint of."""


def pooling_of(meaning: str) -> Pooling | None:
    """The meaning that a declaration names: mean 2 x 2, max 3, adjoint pool.

    >>> pooling_of("max 2 x 3")
    Pooling(kind='max', sizes=(2, 3), of='')
    """
    kind, *more = meaning.split()
    if kind not in ("mean", "max", "adjoint"):
        return None
    if kind == "adjoint" and len(more) == 1:
        return Pooling(kind, of=more[0])
    text = "".join(more)
    if kind == "adjoint" or not re.fullmatch(r"[1-9]\d?(x[1-9]\d?)?", text):
        raise ReadingError(f"functions: {meaning!r} (say: mean 2 x 2, max 2 x 2, adjoint pool)")
    sizes = tuple(map(int, text.split("x")))
    if kind == "max" and sp.prod(sizes) > MOST_ENTRIES:
        raise ReadingError(f"functions: {meaning!r}: a window of more than {MOST_ENTRIES} entries")
    return Pooling(kind, sizes)


@dataclass(frozen=True)
class Pooled:
    """An equation u = pool(x): entry u and x, with the axes of both."""

    family: str
    name: str
    left: Typed
    argument: Typed


def pooled(scope: Scope, how: Pooling, x: Typed) -> Typed:
    """pool(x)."""
    sizes = how.sizes
    if len(sizes) != len(x.axes):
        raise ShapeError(f"{how.kind} over {' x '.join(map(str, sizes))} of {x.shape()}")
    places: list[Range] = []
    first: dict[Expr, Expr] = {}
    for r, k in zip(x.axes, sizes, strict=True):
        i = scope.fresh()
        if r.symbol in scope.kinds:
            scope.kinds[i] = scope.kinds[r.symbol]
        places.append(Range(i, S.One, scope.unifier.windows(r.upper, Integer(k), k)))
        first[r.symbol] = k * (i - 1)
    rest = list(places)
    row = rest.pop(0) if x.row is not None else None
    col = rest.pop(0) if x.col is not None else None
    expr = _largest(x, sizes, first) if how.kind == "max" else _mean(scope, x, sizes, first)
    return Typed(expr, row, col)


def _mean(scope: Scope, x: Typed, sizes: Sequence[int], first: Mapping[Expr, Expr]) -> Expr:
    windows = [Range(scope.fresh(), S.One, Integer(k)) for k in sizes]
    at = {s: e + w.symbol for (s, e), w in zip(first.items(), windows, strict=True)}
    return summed(substitute(x.expr, at), *windows) / sp.prod(sizes)


def _largest(x: Typed, sizes: Sequence[int], first: Mapping[Expr, Expr]) -> Expr:
    """max by pairs: max(a, b) = (a + b + |a - b|)/2."""
    entries = [
        substitute(x.expr, {s: e + n for (s, e), n in zip(first.items(), place, strict=True)})
        for place in product(*(range(1, k + 1) for k in sizes))
    ]
    while len(entries) > 1:
        pairs = [entries[n : n + 2] for n in range(0, len(entries), 2)]
        entries = [_larger(*pair) if len(pair) == 2 else pair[0] for pair in pairs]
    return entries[0]


def _larger(a: Expr, b: Expr) -> Expr:
    return (a + b + TABLE["abs"](a - b)) / 2


def spread_mean(scope: Scope, sizes: Sequence[int], d: Typed) -> Typed:
    """The adjoint of a mean: each entry, divided, at all places of its window."""
    if len(sizes) != len(d.axes):
        raise ShapeError(f"the adjoint of a mean of windows over {d.shape(scope.size_text)}")
    at: dict[Expr, Expr] = {}
    wide: dict[Expr, Range] = {}
    for r, k in zip(d.axes, sizes, strict=True):
        p = scope.fresh()
        at[r.symbol] = sp.ceiling(p / Integer(k))
        wide[r.symbol] = Range(p, S.One, sp.expand(k * r.upper, power_exp=False))
    row, col = (wide[r.symbol] if r is not None else None for r in (d.row, d.col))
    return Typed(substitute(d.expr, at) / sp.prod(sizes), row, col)


def spread_max(scope: Scope, d: Typed, known: Sequence[Pooled]) -> Typed:
    """The adjoint of a maximum: through the equation of what d is a derivative by."""
    entries = {t.args[1] for t in d.expr.atoms(Total)}
    found = [(p, u) for p in known for u in entries if family_of(u) == p.family]
    if len(found) != 1:
        raise ReadingError("the largest of which image, the adjoint of a maximum does not say")
    own, u = found[0]
    given = dict(zip(index_of(own.left.expr), index_of(u), strict=True))
    for r in own.left.axes:
        given[r.symbol] = scope.fresh()
    given |= {r.symbol: scope.fresh() for r in own.argument.axes}
    moved = {k: v for k, v in given.items() if isinstance(k, Symbol)}
    left, argument = (_placed(x, moved) for x in (own.left, own.argument))
    if len(left.axes) != len(d.axes) or not all(
        scope.same(a.upper, b.upper) for a, b in zip(left.axes, d.axes, strict=True)
    ):
        raise ShapeError(f"{scope.met(d, left)} under the adjoint of a maximum")
    v = d.renamed({b.symbol: a.symbol for a, b in zip(left.axes, d.axes, strict=True)})
    expr = summed(v.expr * Total(left.expr, argument.expr, 1), *left.axes)
    return Typed(expr, argument.row, argument.col)


def _placed(x: Typed, given: Mapping[Symbol, Expr]) -> Typed:
    """An entry of an equation at other indices."""

    def moved(r: Range | None) -> Range | None:
        return r and Range(given[r.symbol], r.lower, substitute(r.upper, given))

    return Typed(substitute(x.expr, given), moved(x.row), moved(x.col))
