"""Maxima over indices as NumPy text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sympy as sp
from sympy import Expr, S

from symbp.system.maximum import Chosen, Maximum

if TYPE_CHECKING:
    from symbp.numbers.printer import ArrayPrinter


def maximum(printer: ArrayPrinter, e: Maximum) -> str:
    """numpy.max(u, axis=-1)."""
    text, left = _compared(printer, e)
    count = len(e.ranges)
    axis = f", axis={tuple(range(-count, 0)) if count > 1 else -1}" if left else ""
    return printer._scope.lifted(f"numpy.max({text}{axis})", left)


def chosen(printer: ArrayPrinter, e: Chosen) -> str:
    """Whether numpy.argmax(u, axis=-1) is a place, counted in reading order."""
    text, left = _compared(printer, e.maximum)
    if len(e.ranges) > 1:
        shape = f"(*numpy.shape({text})[:-{len(e.ranges)}], -1)"
        text = f"numpy.reshape({text}, {shape})"
    place = printer._scope.lifted(f"numpy.argmax({text}, axis=-1)", left)
    count: Expr = S.Zero
    for r, i in zip(e.ranges, e.place, strict=True):
        count = count * (r.upper - r.lower + 1) + (i - r.lower)
    return f"(1 * ({place} == {printer._print(sp.expand(count))}))"


def _compared(printer: ArrayPrinter, e: Maximum) -> tuple[str, tuple[sp.Symbol, ...]]:
    """The numbers that are compared along their last axes, and the axes before these."""
    e = printer._renamed(e)
    ranges = [printer._sized(r) for r in e.ranges]
    with printer._inside(axes=ranges):
        text = f"{printer._print(e.body)} + {printer._zeros(ranges)}"
        symbols = printer._scope.trailing(e.body)
    bound = {r.symbol for r in ranges}
    return text, tuple(s for s in symbols if s not in bound)
