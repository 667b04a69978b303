"""The indices in sight where a formula stands."""

from __future__ import annotations

from collections.abc import Mapping
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
    padded: frozenset[Expr] = frozenset()
    """Entries that are 0 where their index leaves its range."""

    def within(self, *ranges: Range) -> Scope:
        """The scope inside sums over array axes."""
        return replace(self, axes={**self.axes, **{r.symbol: r for r in ranges}})

    def looping(self, r: Range) -> Scope:
        """The scope inside a loop."""
        return replace(self, loops={**self.loops, r.symbol: r})
