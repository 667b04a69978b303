"""Parts of arrays, and windows that stand side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sympy as sp
from sympy import Expr

from symbp.forms.contract import NoMatrixForm
from symbp.forms.convolution.arrays import moved
from symbp.system import Range
from symbp.system.contents import free_symbols
from symbp.system.equation import index_of
from symbp.system.facts import Facts
from symbp.system.indices import substitute
from symbp.system.maximum import Chosen


@dataclass(frozen=True)
class Fitting:
    """Arrays cut to some of their places, or with zeros around them."""

    facts: Facts

    def to(
        self, array: Expr, lengths: Sequence[Expr], first: Sequence[Expr], last: Sequence[Expr]
    ) -> Expr:
        """The places first to last of an array, zeros where it has none, by the shortest name."""
        if self._same(first, [1] * len(first)) and self._same(last, lengths):
            return array
        more = [sp.expand(1 - f) for f in first]
        fewer = [-n for n in more]
        for name, count in (("pad", more), ("crop", fewer)):
            ends = [n + a for n, a in zip(lengths, more, strict=True)]
            known = all(self.facts.le(sp.S.Zero, c) for c in count)
            if known and self._same(last, ends):
                return moved(array, name, count)
        return moved(array, "part", [sp.expand(f) for f in first], [sp.expand(x) for x in last])

    def _same(self, a: Sequence[Expr], b: Sequence[Expr]) -> bool:
        pairs = [(sp.sympify(x), sp.sympify(y)) for x, y in zip(a, b, strict=True)]
        return all(self.facts.le(x, y) and self.facts.le(y, x) for x, y in pairs)


def of_windows(
    at: Sequence[Expr], places: Sequence[Range], taps: Sequence[Range]
) -> list[Expr] | None:
    """k of windows a[k(p − 1) + u], 1 ≤ u ≤ k, for each axis in turn; None for others."""
    if len(taps) != len(places):
        return None
    for i, p, u in zip(at, places, taps, strict=True):
        if u.lower != 1 or sp.expand(i - u.upper * (p.symbol - 1) - u.symbol) != 0:
            return None
    return [u.upper for u in taps]


def upsampled(at: Sequence[Expr], places: Sequence[Range]) -> list[Expr] | None:
    """k of places ⌈p/k⌉ for each axis in turn; None for others."""
    sizes = [(r.symbol / i.args[0]) if isinstance(i, sp.ceiling) else sp.S.Zero
             for i, r in zip(at, places, strict=True)]  # fmt: skip
    return sizes if all(k.is_Integer and k > 0 for k in sizes) else None


def only_window(r: Range, places: Sequence[Range], facts: Facts) -> tuple[Range, Expr, Expr] | None:
    """The range of p where a sum over r has one term, ⌈p/k⌉, the term, and r; else it has none.

    So a sum goes over the windows that hold a place where the last places are in no window.
    """
    for place in places:
        p = place.symbol
        for window in (a for a in sp.Max.make_args(r.lower) if isinstance(a, sp.ceiling)):
            k = p / window.args[0]
            ends = [a for a in sp.Min.make_args(r.upper) if not facts.le(window, a)]
            known = k.is_Integer and all(facts.le(a, window) for a in sp.Max.make_args(r.lower))
            if not (known and facts.le(r.upper, window)) or len(ends) > 1:
                continue
            last = sp.expand(k * ends[0]) if ends else place.upper
            if p not in free_symbols(last):
                return Range(p, sp.S.One, last), window, r.symbol
    return None


def chosen(
    e: Chosen, array: Expr, at: Sequence[Expr], places: Sequence[Range], facts: Facts
) -> list[list[Expr]]:
    """k where e is [a[p] is the greatest of its window ⌈p/k⌉]; nothing where of the whole of a."""
    sizes = [r.upper for r in e.ranges]
    if len(sizes) != len(places) or any(r.lower != 1 for r in e.ranges):
        raise NoMatrixForm(f"{e}: not over the places of the left side")
    before = [k * (sp.ceiling(r.symbol / k) - 1) for r, k in zip(places, sizes, strict=True)]
    here = _same(at, [r.symbol for r in places])
    if here and _is_chosen(e, array, before, places):
        return [sizes]
    whole = all(facts.le(r.upper, k) for r, k in zip(places, sizes, strict=True))
    if here and whole and _is_chosen(e, array, [sp.S.Zero] * len(sizes), places):
        return []
    raise NoMatrixForm(f"{e}: neither of windows side by side nor of the whole array")


def _is_chosen(e: Chosen, array: Expr, before: Sequence[Expr], places: Sequence[Range]) -> bool:
    """Whether the numbers are a[before + u], and the place asked for is p − before."""
    taps = [w + r.symbol for w, r in zip(before, e.ranges, strict=True)]
    numbers = substitute(array, {r.symbol: t for r, t in zip(places, taps, strict=True)})
    left = [r.symbol - w for r, w in zip(places, before, strict=True)]
    return _same(index_of(e.body), index_of(numbers)) and _same(e.place, left)


def _same(a: Sequence[Expr], b: Sequence[Expr]) -> bool:
    return all(sp.expand(x - y) == 0 for x, y in zip(a, b, strict=True))
