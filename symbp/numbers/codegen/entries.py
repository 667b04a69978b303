"""An entry of a family as code: its array, a slice, windows, or a gather.

w[j, k]          w                     x[2 p + 1]    x[2::2]
h[t − 1, j]      h[:T] or h[t - 1]     x[p + u]      sliding_window_view(x, P, axis=0)
e[c[i], k]       e[c - 1]              a[⌈p/2⌉, q]   a[p // 2]
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import sympy as sp
from sympy import Expr, S, Symbol

from symbp.numbers.codegen.bounds import distributed
from symbp.numbers.codegen.nodes import Node, arranged, call, leaf, union
from symbp.numbers.codegen.scope import Scope
from symbp.numbers.codegen.windows import Window, sliced, window, windowed
from symbp.system import Facts, Range
from symbp.system.contents import data_in
from symbp.system.equation import family_of, index_of
from symbp.system.indices import affine_coefficient, substitute


class Arrays(Protocol):
    """What is asked of the storage."""

    facts: Facts
    listed: Mapping[str, Sequence[int]]

    def name(self, family: str, key: tuple[int, ...] = ()) -> str:
        """The array of a family at some layers."""

    def key(self, family: str, index: Sequence[Expr]) -> tuple[int, ...]:
        """The values of the unrolled slots."""

    def ranges(self, family: str, index: Sequence[Expr]) -> list[Range]:
        """The ranges of all slots at the indices before them."""

    def dimensions(self, family: str) -> list[int]:
        """The slots that are dimensions."""

    def integer(self, e: Expr, scope: Scope) -> Node:
        """An index expression."""

    def length(self, r: Range) -> Expr:
        """The number of values of an index."""

    def is_data(self, a: Expr) -> bool:
        """Whether what stands in an index is a value and not a size."""


class Entry:
    """An entry under the indices of a scope."""

    def __init__(self, arrays: Arrays, e: Expr, scope: Scope) -> None:
        self.arrays = arrays
        self.scope = scope
        self.family = family = str(family_of(e))
        self.index = index_of(e)
        self.ranges = arrays.ranges(family, self.index)
        self.dims = [(self.index[i], self.ranges[i]) for i in arrays.dimensions(family)]
        self.padded = e in scope.padded
        self.known = arrays.facts.given((*scope.loops.values(), *scope.axes.values()))

    def node(self) -> Node:
        """The simplest that it can be read by."""
        base = leaf(self.arrays.name(self.family, self.arrays.key(self.family, self.index)))
        for i in self.arrays.listed[self.family]:
            place = self.arrays.integer(self.index[i] - self.ranges[i].lower, self.scope)
            base = leaf(f"{base.text}[{place.text}]")
        used = [s for g, _ in self.dims for s in self._axes(g)]
        parts = [self._part(g, r) for g, r in self.dims]
        if len(set(used)) == len(used) and all(p is not None for p in parts):
            return leaf(base.text + _subscript([str(p) for p in parts]), tuple(used))
        return self.windows(base, self.padded) or self._gather(base, parts)

    def _axes(self, g: Expr) -> list[Symbol]:
        return [s for s in g.free_symbols if s in self.scope.axes]

    def windows(self, base: Node, padded: bool) -> Node | None:
        """Windows into an array, where every index is plain or the sum of two axes."""
        parts: list[str | Window] = []
        for g, r in self.dims:
            part = self._part(g, r)
            found = part or window(g, r, self.scope.axes, self.known, self._code, padded)
            if found is None:
                return None
            parts.append(found)
        if not any(isinstance(p, Window) for p in parts):
            return None
        pairs = zip(self.dims, parts, strict=True)
        plain = [s for (g, _), p in pairs if isinstance(p, str) for s in self._axes(g)]
        node = windowed(base, parts, tuple(plain), self._code)
        return node if len(set(node.axes)) == len(node.axes) else None

    def _code(self, e: Expr) -> str:
        return self.arrays.integer(e, Scope(loops=self.scope.loops)).text

    def _part(self, g: Expr, r: Range) -> str | None:
        """The subscript of one dimension: a number, or a slice; None where it is neither."""
        symbols = self._axes(g)
        if not symbols:
            if any(self.arrays.is_data(a) for a in data_in(g)):
                return None
            return self.arrays.integer(sp.expand(g - r.lower), self.scope).text
        if len(symbols) > 1:
            return None
        (s,) = symbols
        c = affine_coefficient(g, s)
        own = self.scope.axes[s]
        if c is None or not c.is_Integer or c < 1:
            return None
        start = distributed(substitute(g, {s: own.lower}) - r.lower)
        stop = distributed(substitute(g, {s: own.upper}) - r.lower + 1)
        length = self.arrays.length(r)
        if not (self.known.le(S.Zero, start) and self.known.le(stop, length)):
            return None
        first = "" if start == 0 else self.arrays.integer(start, self.scope).text
        whole = self.known.le(length, stop + c - 1)  # the last step may end before the array
        last = "" if whole else self.arrays.integer(stop, self.scope).text
        return sliced(first, last, "" if c == 1 else str(c))

    def _gather(self, base: Node, parts: Sequence[str | None]) -> Node:
        """base[index arrays]: one after another, or for all dimensions together."""
        pairs = list(zip(self.dims, parts, strict=True))
        looked_up = [self._place(g, r) for (g, r), p in pairs if p is None]
        slices = [s for (g, _), p in pairs if p is not None and ":" in p for s in self._axes(g)]
        own = [*slices, *(a for n in looked_up for a in n.axes)]
        simple = len(looked_up) == 1 and len(slices) + 1 == len(parts)
        if len(set(own)) == len(own) and (simple or all(len(n.axes) == 1 for n in looked_up)):
            return self._one_by_one(base, parts)
        places = [self._place(g, r) for g, r in self.dims]
        order = union(places, tuple(self.scope.axes))
        index = tuple(arranged(p, order, short=True) for p in places)
        return Node("take", (base, *index), order, ", ".join(f"{{{i}}}" for i in range(len(index))))

    def _one_by_one(self, base: Node, parts: Sequence[str | None]) -> Node:
        """base[rows][:, columns]: each dimension has axes of its own."""
        plain = [p or ":" for p in parts]
        base = leaf(base.text + _subscript(plain))
        kept = [(d, p) for d, p, text in zip(self.dims, parts, plain, strict=True) if ":" in text]
        places = [self._place(*d) if p is None else None for d, p in kept]
        axes = tuple(
            a
            for (d, _), place in zip(kept, places, strict=True)
            for a in (self._axes(d[0]) if place is None else place.axes)
        )
        at = 0
        for place in places:
            if place is not None:
                base = Node("take", (base, place), axes, ":, " * at + "{0}")
            at += 1 if place is None else len(place.axes)
        return base

    def _place(self, g: Expr, r: Range) -> Node:
        """The position along one dimension, kept inside it where it is not known to be."""
        place = self.arrays.integer(g - r.lower, self.scope)
        inside = self.known.le(r.lower, g) and self.known.le(g, r.upper)
        data = any(self.arrays.is_data(a) for a in data_in(g))
        if inside or data or not place.axes:
            return place
        last = self.arrays.integer(self.arrays.length(r) - 1, Scope())
        return call("np.clip", place, leaf("0"), last)


def has_windows(arrays: Arrays, e: Expr, scope: Scope) -> bool:
    """Whether an entry can be read by windows, with zeros where it leaves the array."""
    entry = Entry(arrays, e, scope)
    return not arrays.listed[entry.family] and entry.windows(leaf("_"), padded=True) is not None


def _subscript(parts: Sequence[str]) -> str:
    """[a, :, b], without what stands at the end for whole dimensions."""
    texts = list(parts)
    while texts and texts[-1] == ":":
        texts.pop()
    return f"[{', '.join(texts)}]" if texts else ""
