"""An ordered product over an index: entry (i, j) of M[hi] ⋯ M[lo + 1] M[lo], or of numbers.

It binds an index as a sum does, and the row and column of its factors besides. The empty product
is the identity; of numbers it is 1.
"""

from __future__ import annotations

from typing import Any

import sympy as sp
from sympy import Expr, Tuple
from sympy.concrete.expr_with_limits import ExprWithLimits

from symbp.system.indices import Range


class Ordered(ExprWithLimits):
    """∏ of `body` over the last limit; the limits before it are rows and columns of a factor.

    `step` is 1 where the index rises from factor to factor, −1 where it falls; `least` is the
    number of factors that there are at least.
    """

    is_commutative = True

    @classmethod
    def of(
        cls, body: Expr, run: Range, step: int = 1, least: int = 0,
        axes: tuple[Range, ...] = (), ends: tuple[Expr, ...] = (),
    ) -> Ordered:  # fmt: skip
        """The product over `run`; with axes (row, column), its entry at `ends`.

        >>> k, t = sp.symbols("k t", integer=True)
        >>> w = sp.IndexedBase("w")
        >>> found = Ordered.of(w[k], Range(k, sp.S(1), t)).free_symbols
        >>> t in found, k in found
        (True, False)
        """
        function = Tuple(body, sp.Integer(step), sp.Integer(least), Tuple(*ends))
        limits = [(r.symbol, r.lower, r.upper) for r in (*axes, run)]
        result: Ordered = cls(function, *limits)
        return result

    def __new__(cls, function: Any, *limits: Any) -> Ordered:
        """As every SymPy node: rebuilt from its arguments."""
        node: Ordered = Expr.__new__(cls, sp.sympify(function), *(Tuple(*t) for t in limits))
        return node

    @property
    def function(self) -> Expr:
        """What is bound: the factor, the step, the least number, and the ends."""
        return self.args[0]

    @property
    def body(self) -> Expr:
        """One factor."""
        return self.args[0][0]

    @property
    def step(self) -> int:
        """1 or −1: how the index goes from factor to factor."""
        return int(self.args[0][1])

    @property
    def least(self) -> int:
        """The number of factors that there are at least."""
        return int(self.args[0][2])

    @property
    def ends(self) -> tuple[Expr, ...]:
        """The row and the column of the whole; () for numbers."""
        return tuple(self.args[0][3])

    @property
    def run(self) -> Range:
        """The index and its range."""
        return Range(*self.args[-1])

    @property
    def axes(self) -> tuple[Range, ...]:
        """The row and the column of a factor."""
        return tuple(Range(*limit) for limit in self.args[1:-1])

    @property
    def free_symbols(self) -> set[Expr]:
        """Symbols that are not bound here."""
        row_col = {r.symbol for r in self.axes}
        found = self.body.free_symbols - row_col
        for r in self.axes:
            found |= r.lower.free_symbols | r.upper.free_symbols
        found -= {self.run.symbol}
        for e in (*self.ends, self.run.lower, self.run.upper):
            found |= e.free_symbols
        return set(found)
