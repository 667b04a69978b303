"""How two arrays slide over one another along one axis: what relates their places i and k.

Let the place of the left side be p. A bound index leads i and k through all places of both that

    A i + B k = C p + c

allows. Two cases are convolutions of image (i) and kernel (k):

    i = C p + r k + c               image *_C dilate_r(kernel), the kernel slides over the image
    A i + B k = p + c, A, B > 0     dilate_A(image) *_full rot180(dilate_B(kernel))

At p = 1 and k = 1 the first is at the place C + r + c of the image; what stands at p = 1 is the
place c − A − B + 2 of the second.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import gcd

import sympy as sp
from sympy import Expr, Symbol

from symbp.system import Range
from symbp.system.contents import free_symbols
from symbp.system.facts import Facts
from symbp.system.indices import affine_coefficient, ranges_of


@dataclass(frozen=True)
class Axis:
    """One axis: the left side's range, both places, both lengths."""

    range: Range
    image: Expr
    kernel: Expr
    lengths: tuple[Expr, Expr]
    """Of the image and of the kernel."""


@dataclass(frozen=True)
class Relation:
    """A i + B k = C p + c, with C > 0, and the bound indices that lead through it."""

    A: int
    B: int
    C: int
    c: Expr
    bound: frozenset[Symbol]
    deltas: frozenset[Expr] = frozenset()
    """The conditions [a = b] that it came from."""


@dataclass(frozen=True)
class Slide:
    """What one axis of a convolution is."""

    full: bool
    strides: tuple[int, int, int]
    """By which the kernel moves on, and by which image and kernel are dilated."""
    turned: bool
    """Whether the kernel is turned: it is in a full convolution."""
    first: Expr
    """Of the image as it is slid over, or of the full result, the place that comes first."""
    relation: Relation


def slide(axis: Axis, bound: Mapping[Symbol, Range], deltas: Sequence[Expr], facts: Facts,
          full: bool) -> Slide | None:  # fmt: skip
    """The convolution along an axis, full or not; None where there is none."""
    found = related(axis, bound, deltas, facts)
    if found is None:
        return None
    return _full(found) if full else _gathered(axis, found, facts)


def _gathered(axis: Axis, f: Relation, facts: Facts) -> Slide | None:
    """i = C p + r k + c; with a turned kernel where i = C p − r k + c is always a place."""
    if f.A != 1:
        return None
    if f.B < 0:
        return Slide(False, (f.C, 1, -f.B), False, sp.expand(f.c + f.C - f.B), f)
    n, m = axis.lengths
    first = sp.expand(f.c + f.C - f.B * m)
    last = sp.expand(f.C * axis.range.upper + f.c - f.B)
    inside = facts.le(sp.S.One, first) and facts.le(last, n)
    return Slide(False, (f.C, 1, f.B), True, first, f) if inside else None


def _full(f: Relation) -> Slide | None:
    """A i + B k = p + c."""
    if f.C != 1 or f.A < 1 or f.B < 1:
        return None
    return Slide(True, (1, f.A, f.B), True, sp.expand(f.c - f.A - f.B + 2), f)


def related(axis: Axis, bound: Mapping[Symbol, Range], deltas: Sequence[Expr],
            facts: Facts) -> Relation | None:  # fmt: skip
    """The relation of the places of both; None where they are not all that it allows."""
    used = (free_symbols(axis.image) | free_symbols(axis.kernel)) & bound.keys()
    if len(used) == 1:
        (v,) = used
        return _eliminated(axis, v) if _is_whole(axis, bound[v], facts) else None
    i, k = axis.image, axis.kernel
    whole = all(
        s in bound and bound[s].lower == 1 and facts.equal(bound[s].upper, n)
        for s, n in zip((i, k), axis.lengths, strict=True)
    )
    found = [d for d in deltas if {i, k, axis.range.symbol} <= free_symbols(d)]
    return _conditional(axis, found[0]) if whole and len(found) == 1 else None


def _eliminated(axis: Axis, v: Symbol) -> Relation | None:
    """i = a p + b v + c and k = a' p + b' v + c' without v."""
    maps = [_affine(e, (axis.range.symbol, v)) for e in (axis.image, axis.kernel)]
    if None in maps:
        return None
    ((a, b), c), ((a2, b2), c2) = (m for m in maps if m is not None)
    if 1 not in (abs(b), abs(b2)):
        return None  # v would not pass through all that are related
    return _relation((b2, -b, b2 * a - b * a2), b2 * c - b * c2, frozenset({v}))


def _conditional(axis: Axis, delta: Expr) -> Relation | None:
    """[f(p, i, k) = 0]."""
    left, right = delta.args
    form = _affine(left - right, (axis.range.symbol, axis.image, axis.kernel))
    if form is None:
        return None
    (p, i, k), c = form
    symbols = frozenset({axis.image, axis.kernel})
    return _relation((i, k, -p), -c, symbols, frozenset({delta}))


def _affine(e: Expr, symbols: Sequence[Symbol]) -> tuple[tuple[int, ...], Expr] | None:
    """Whole coefficients of the symbols, and the rest; None where e is not of this kind."""
    found = [c for c in (affine_coefficient(e, s) for s in symbols) if c is not None]
    if len(found) < len(symbols) or not all(c.is_Integer for c in found):
        return None
    rest = sp.expand(e - sp.Add(*(c * s for c, s in zip(found, symbols, strict=True))))
    return tuple(map(int, found)), rest


def _relation(
    numbers: tuple[int, int, int], c: Expr, bound: frozenset[Symbol],
    deltas: frozenset[Expr] = frozenset(),
) -> Relation | None:  # fmt: skip
    """The relation with C > 0; None where one of the places does not take part."""
    if 0 in numbers:
        return None
    g = gcd(*numbers) * (1 if numbers[2] > 0 else -1)
    A, B, C = (n // g for n in numbers)
    return Relation(A, B, C, sp.expand(c / g), bound, deltas)


def _is_whole(axis: Axis, r: Range, facts: Facts) -> bool:
    """Whether the bound index passes through all at which both places exist.

    A System is checked to pass through no others.
    """
    low, high = _limits(axis, r.symbol)
    if not low:
        return False
    lower = all(any(facts.le(a, b) for b in low) for a in sp.Max.make_args(r.lower))
    return lower and all(any(facts.le(b, a) for b in high) for a in sp.Min.make_args(r.upper))


def _limits(axis: Axis, v: Symbol) -> tuple[list[Expr], list[Expr]]:
    """What bounds v where i and k run from 1 to their lengths."""
    low, high = [], []
    for e, n in zip((axis.image, axis.kernel), axis.lengths, strict=True):
        b = affine_coefficient(e, v)
        if b is None or not b.is_Integer:
            return [], []
        if b == 0:
            continue
        rest = e - b * v
        ends = [(1 - rest) / b, (n - rest) / b]
        least, most = ends if b > 0 else ends[::-1]
        low.append(sp.ceiling(sp.expand(least)))
        high.append(sp.floor(sp.expand(most)))
    return low, high


def flattened(e: Expr) -> tuple[list[Range], list[Expr]]:
    """Sums as their ranges, the outermost first, and the factors under them.

    A sum that is a factor is opened where it is one over conditions [a = b].
    """
    if isinstance(e, sp.Sum):
        ranges, factors = flattened(e.function)
        return [*ranges_of(e), *ranges], factors
    if not isinstance(e, sp.Mul):
        return [], [e]
    parts = [flattened(f) if _is_conditional(f) else ([], [f]) for f in e.args]
    return [r for ranges, _ in parts for r in ranges], [f for _, more in parts for f in more]


def _is_conditional(e: Expr) -> bool:
    return isinstance(e, sp.Sum) and e.function.has(sp.KroneckerDelta)
