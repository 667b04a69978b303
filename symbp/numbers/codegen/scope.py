"""The indices in sight where a formula stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from sympy import Expr, Symbol

from symbp.numbers.codegen.nodes import Node
from symbp.numbers.codegen.stable import Shift
from symbp.system import Range


@dataclass(frozen=True)
class Scope:
    """The indices in sight: axes of arrays, and variables of Python loops."""

    axes: Mapping[Symbol, Range] = field(default_factory=dict)
    loops: Mapping[Symbol, Range] = field(default_factory=dict)
    shifts: tuple[tuple[Shift, Node], ...] = ()
    """Exponentials that are shifted, and by what."""
    inside: tuple[Expr, ...] = ()
    """What is at least 0 at the places that count, of squares that hold a range that moves."""
    meant: Mapping[Symbol, Range] = field(default_factory=dict)
    """Those of the axes whose range moves, as it is."""
    padded: frozenset[Expr] = frozenset()
    """Entries that are 0 where their index leaves its range."""

    def within(self, *ranges: Range) -> Scope:
        """The scope inside sums over array axes."""
        return replace(self, axes={**self.axes, **{r.symbol: r for r in ranges}})

    def only(self, conditions: Iterable[Expr], *meant: Range) -> Scope:
        """The scope where only those places count at which conditions hold."""
        ranges = {**self.meant, **{r.symbol: r for r in meant}}
        return replace(self, inside=(*self.inside, *conditions), meant=ranges)

    def ranges(self) -> tuple[Range, ...]:
        """All that is known of the indices."""
        axes = {**self.axes, **{s: r for s, r in self.meant.items() if s in self.axes}}
        return (*self.loops.values(), *axes.values())

    def looping(self, r: Range) -> Scope:
        """The scope inside a loop."""
        return replace(self, loops={**self.loops, r.symbol: r})
