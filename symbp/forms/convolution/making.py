"""Arrays that slide over one another made into a convolution, of the size of the left side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sympy as sp
from sympy import Expr, Tuple
from sympy.core.symbol import Str

from symbp.forms.contract import NoMatrixForm
from symbp.forms.convolution.arrays import FULL, VALID, Arrays, Convolved, Ones, moved
from symbp.forms.convolution.slides import Axis, Slide, slide
from symbp.forms.convolution.windows import Fitting
from symbp.system import Range
from symbp.system.contents import free_symbols
from symbp.system.facts import Facts
from symbp.system.indices import affine_coefficient


@dataclass(frozen=True)
class Slid:
    """A factor under a sum."""

    array: Expr
    """As it stands at the places of the left side."""
    at: Sequence[Expr]
    """The places at which it is under the sum."""
    lengths: Sequence[Expr]
    is_kernel: bool = False


@dataclass(frozen=True)
class Making:
    """What is known of the left side."""

    ranges: tuple[Range, ...]
    facts: Facts
    arrays: Arrays

    @property
    def fitting(self) -> Fitting:
        """How arrays are cut and filled up."""
        return Fitting(self.facts)

    @property
    def lengths(self) -> list[Expr]:
        """The lengths of the left side."""
        return [r.upper for r in self.ranges]

    def convolved(
        self, slid: Sequence[Slid], deltas: Sequence[Expr], ranges: Sequence[Range]
    ) -> tuple[Expr, set[Expr], set[Expr]]:
        """Two factors as image * kernel, and the bound indices and conditions gone with it."""
        first, second = sorted(slid, key=lambda s: s.is_kernel)  # images, then kernels
        for image, kernel, full in (
            (first, second, False), (second, first, False), (first, second, True),
        ):  # fmt: skip
            slides = self._slides(image, kernel, deltas, ranges, full)
            if slides is not None:
                used: set[Expr] = {s for each in slides for s in each.relation.bound}
                met: set[Expr] = {d for each in slides for d in each.relation.deltas}
                return self._built(image.array, kernel.array, slides), used, met
        arrays = f"{first.array} and {second.array}"
        raise NoMatrixForm(f"{arrays}: neither slides over the other one as a whole")

    def _slides(
        self, image: Slid, kernel: Slid, deltas: Sequence[Expr], ranges: Sequence[Range],
        full: bool,
    ) -> list[Slide] | None:  # fmt: skip
        """How they slide along each axis; None where one of them is no convolution."""
        bound = {r.symbol: r for r in ranges}
        parts = zip(self.ranges, image.at, kernel.at, image.lengths, kernel.lengths, strict=True)
        found: list[Slide] = []
        for r, i, k, n, m in parts:
            s = slide(Axis(r, i, k, (n, m)), bound, deltas, self.facts, full)
            if s is None or (found and s.turned != found[0].turned):
                return None
            found.append(s)
        used = [symbol for s in found for symbol in s.relation.bound]
        return found if len(set(used)) == len(used) else None

    def _built(self, a: Expr, k: Expr, slides: Sequence[Slide]) -> Expr:
        """The convolution, cut or filled up to the places of the left side."""
        strides, *dilations = zip(*(s.strides for s in slides), strict=True)
        a, k = (
            moved(x, "dilate", by) if set(by) != {1} else x
            for x, by in zip((a, k), dilations, strict=True)
        )
        if slides[0].turned and not isinstance(k, Ones):
            k = moved(k, "rot180")
        first = [s.first for s in slides]
        one = [sp.S.One] * len(slides)
        if slides[0].full:
            made = Convolved(a, k, Str(FULL), Tuple(*strides))
            last = [f + n - 1 for f, n in zip(first, self.lengths, strict=True)]
            return self.fitting.to(made, self.arrays.lengths(made), first, last)
        a = self._around(a, k, strides, first)
        made = Convolved(a, k, Str(VALID), Tuple(*strides))
        return self.fitting.to(made, self.arrays.lengths(made), one, self.lengths)

    def _around(self, a: Expr, k: Expr, strides: Sequence[int], first: Sequence[Expr]) -> Expr:
        """The image with as many places more, or fewer, as the kernel slides over."""
        n, m = self.arrays.lengths(a), self.arrays.lengths(k)
        last = [
            sp.expand(f + s * (p - 1) + size - 1)
            for f, s, p, size in zip(first, strides, self.lengths, m, strict=True)
        ]
        if all(f == 1 and self.facts.le(b, c) for f, b, c in zip(first, last, n, strict=True)):
            return a
        even = [c + 1 - f for f, c in zip(first, n, strict=True)]  # as much on every side
        if all(self.facts.le(b, c) for b, c in zip(last, even, strict=True)):
            return self.fitting.to(a, n, first, even)
        return self.fitting.to(a, n, first, last)


def ones(image: Slid, places: Sequence[Range], taps: Sequence[Range], facts: Facts) -> Slid:
    """The kernel of ones behind a sum over windows, or over the windows that a place is in."""
    found: list[tuple[Expr, Expr]] = []
    for i, place in zip(image.at, places, strict=True):
        own = [r for r in taps if r.symbol in free_symbols(i)]
        one = _one(i, place, own[0], facts) if len(own) == 1 else None
        if one is None:
            raise NoMatrixForm(f"{image.array}: it is not summed over windows")
        found.append(one)
    at, sizes = zip(*found, strict=True)
    marks = [r.symbol for r in places]
    return Slid(Ones(Tuple(*sizes), Tuple(*marks)), at, sizes, True)


def _one(i: Expr, place: Range, tap: Range, facts: Facts) -> tuple[Expr, Expr] | None:
    """Along one axis the place u in the window, and its length."""
    p, v = place.symbol, tap.symbol
    if p in free_symbols(i):
        whole = tap.lower == 1 and not free_symbols(tap.upper) & {p}
        return (v, tap.upper) if whole else None
    for low in sp.Max.make_args(tap.lower):
        found = _window_size(low, p)
        if i != v or found is None:
            continue
        s, k = found
        u = sp.expand(p - s * (v - 1))
        inside = facts.given([tap])
        if inside.le(sp.S.One, u) and inside.le(u, k):
            return u, k
    return None


def _window_size(low: Expr, p: Expr) -> tuple[Expr, Expr] | None:
    """The stride s and the size k of windows of which ⌈(p − k)/s⌉ + 1 is the first that has p."""
    rounded = [x for x in sp.Add.make_args(low) if isinstance(x, sp.ceiling)]
    inner = sp.expand(low - rounded[0] + rounded[0].args[0]) if rounded else low
    slope = affine_coefficient(inner, p)
    if slope is None or slope == 0 or not (1 / slope).is_Integer or slope < 0:
        return None
    s = 1 / slope
    return s, sp.expand(p - s * (inner - 1))
