"""Windows that slide over places: what they cover, how many fit, what stands around the places.

    s(p − 1) + r(u − 1) + 1        the place under tap u at position p, stride s, dilation r
    ⌊(n − r(K − 1) − 1)/s⌋ + 1     the positions of K taps over n places

Each axis has numbers of its own. A value has other indices before its places: a channel, and a
sample before it where there is one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sympy as sp
from sympy import Expr, Integer, Symbol

from symbp.errors import unknown
from symbp.system import Range
from symbp.system.model import Model

POOLINGS = ("average", "max")
Around = tuple[int, int]  #: how many places stand before the first and after the last


@dataclass(frozen=True)
class Image:
    """A family of values u[*others, *places], the last of the others the channel."""

    family: Any
    others: tuple[Symbol, ...]
    places: tuple[Symbol, ...]
    sizes: tuple[Expr, ...]
    """The number of places along each axis."""

    @property
    def channel(self) -> Symbol:
        """The index of channels."""
        return self.others[-1]

    @property
    def entry(self) -> Expr:
        """The entry at its own indices."""
        return self.at(*self.places)

    def at(self, *places: Expr) -> Expr:
        """The entry at some places, in the same channel."""
        entry: Expr = self.family[(*self.others, *places)]
        return entry


@dataclass(frozen=True)
class Window:
    """K taps along one axis, counted by an index, and how they go over its places.

    >>> K, u, N = sp.symbols("K u N")
    >>> Window(K, u, stride=2).count(N)
    floor(-K/2 + N/2) + 1
    """

    K: Expr
    tap: Symbol
    stride: int = 1
    dilation: int = 1

    def count(self, n: Expr) -> Expr:
        """Its positions over n places; what is left at the end is not covered."""
        room = n - self.dilation * (self.K - 1)
        return room if self.stride == 1 else sp.floor((room - 1) / Integer(self.stride)) + 1

    def covers(self, position: Expr) -> Expr:
        """The place under the tap."""
        return sp.expand(self.stride * (position - 1) + self.dilation * (self.tap - 1) + 1)


def under(a: Image, windows: Sequence[Window], positions: Sequence[Expr]) -> Expr:
    """The entry under the taps of a window for each axis."""
    return a.at(*(w.covers(p) for w, p in zip(windows, positions, strict=True)))


def convolved(
    m: Model, W: Any, into: Symbol, a: Image, windows: Sequence[Window], positions: Sequence[Expr]
) -> Expr:
    """Σ_d Σ_u W[e, d, u] a[d, s(p − 1) + r(u − 1) + 1]."""
    over = (a.channel, *(w.tap for w in windows))
    return m.sum(W[(into, *over)] * under(a, windows, positions), *over)


def pooled(m: Model, kind: str, e: Expr, *over: Symbol) -> Expr:
    """The mean or the greatest of a value over some places."""
    if kind not in POOLINGS:
        raise unknown("pooling", kind, list(POOLINGS))
    return m.max(e, *over) if kind == "max" else m.mean(e, *over)


# -- what stands around ----------------------------------------------------------------------------


def widened(sizes: Sequence[Expr], around: Sequence[Around]) -> tuple[Expr, ...]:
    """The sizes with what stands around."""
    return tuple(n + before + after for n, (before, after) in zip(sizes, around, strict=True))


def padded(
    m: Model, a: Image, name: str, places: tuple[Symbol, ...], around: Sequence[Around]
) -> Image:
    """The image with zeros around it; `places` run over the `widened` sizes."""
    h = Image(m.value(name, *a.others, *places), a.others, places, widened(a.sizes, around))
    axes = list(zip(places, a.sizes, around, strict=True))
    inside = [Range(p, Integer(low + 1), low + n) for p, n, (low, _) in axes]
    m.let(h.entry, a.at(*(p - low for p, _, (low, _) in axes)), *inside)
    for axis, (p, n, side) in enumerate(axes):
        for _, first, more in _sides(p, n, side):
            m.let(h.at(*places[:axis], first, *places[axis + 1 :]), 0, *inside[:axis], *more)
    return h


def continued(m: Model, a: Image, name: str, axis: int, place: Symbol, around: Around) -> Image:
    """The image with its first and last places repeated along one axis.

    The greatest value of a window without gaps stays what it was, so long as the window covers a
    place of the image.
    """
    others, n, low = [*a.places], a.sizes[axis], around[0]

    def with_place(p: Expr) -> list[Expr]:
        return [*others[:axis], p, *others[axis + 1 :]]

    places = tuple(with_place(place))
    sizes = (*a.sizes[:axis], n + sum(around), *a.sizes[axis + 1 :])
    h = Image(m.value(name, *a.others, *places), a.others, places, sizes)
    m.let(h.entry, a.at(*with_place(place - low)), Range(place, Integer(low + 1), low + n))
    for nearest, first, more in _sides(place, n, around):
        m.let(h.at(*with_place(first)), a.at(*with_place(nearest)), *more)
    return h


def _sides(p: Symbol, n: Expr, around: Around) -> Iterator[tuple[Expr, Expr, list[Range]]]:
    """For each side of n places: the place next to it, and an index that runs over the side."""
    before, after = around
    sides = ((sp.S.One, sp.S.One, Integer(before)), (n, n + before + 1, n + before + after))
    for count, (nearest, low, high) in zip(around, sides, strict=True):
        if count == 1:
            yield nearest, low, []
        elif count:
            yield nearest, p, [Range(p, low, high)]
