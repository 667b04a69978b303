"""The greatest of a family of numbers, max_k u[k], and where it is: [k* = k].

Both bind indices as a sum does. The derivative of the greatest by u[k] is 1 where k is its place
and 0 elsewhere; of equal numbers the first, in reading order, is the greatest, as for np.argmax.
Written out, for numbers one by one, they are `Greatest` and `IsGreatest`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sympy as sp
from sympy import Expr, Tuple
from sympy.concrete.expr_with_limits import ExprWithLimits

from symbp.system.indices import Range, stand_in, substitute


class _OverPlaces(ExprWithLimits):
    """A function of the numbers that a body takes over ranges of indices."""

    is_commutative = True
    is_real = True

    def __new__(cls, function: Any, *limits: Any) -> Any:
        """As every SymPy node: rebuilt from its arguments."""
        return Expr.__new__(cls, sp.sympify(function), *(Tuple(*t) for t in limits))

    @property
    def function(self) -> Expr:
        """What is bound."""
        return self.args[0]

    @property
    def ranges(self) -> tuple[Range, ...]:
        """The bound indices and their ranges, the outermost first."""
        return tuple(Range(*limit) for limit in reversed(self.args[1:]))

    def _free(self, body: Expr) -> set[Expr]:
        found = set(body.free_symbols)
        for k, low, high in self.args[1:]:
            found = (found - {k}) | low.free_symbols | high.free_symbols
        return found


class Maximum(_OverPlaces):
    """max over the limits of the body."""

    @classmethod
    def of(cls, body: Expr, *ranges: Range) -> Maximum:
        """The maximum over some ranges, the outermost first.

        >>> k, n = sp.symbols("k n", integer=True)
        >>> u = sp.IndexedBase("u")
        >>> Maximum.of(u[k], Range(k, sp.S(1), n))
        Maximum(u[k], (k, 1, n))
        """
        result: Maximum = cls(body, *((r.symbol, r.lower, r.upper) for r in reversed(ranges)))
        return result

    @property
    def body(self) -> Expr:
        """The number at the bound indices."""
        return self.args[0]

    @property
    def free_symbols(self) -> set[Expr]:
        """Symbols that are not bound here."""
        return self._free(self.body)

    def chosen(self, place: Sequence[Expr]) -> Chosen:
        """∂max/∂u at a place: 1 where it is that of the maximum, else 0."""
        clash = set().union(*(i.free_symbols for i in place)) & {r.symbol for r in self.ranges}
        new: dict[Expr, Expr] = {k: stand_in(k, 99) for k in clash}
        limits = [tuple(substitute(x, new) for x in limit) for limit in self.args[1:]]
        result: Chosen = Chosen(Tuple(substitute(self.body, new), *place), *limits)
        return result


class Chosen(_OverPlaces):
    """[the first place of max over the limits of the body is `place`]: 1 or 0."""

    @property
    def body(self) -> Expr:
        """The number at the bound indices."""
        return self.args[0][0]

    @property
    def place(self) -> tuple[Expr, ...]:
        """The place asked for: one index for each range, not bound here."""
        return tuple(self.args[0][1:])

    @property
    def maximum(self) -> Maximum:
        """The maximum that it is about."""
        result: Maximum = Maximum(self.body, *self.args[1:])
        return result

    @property
    def free_symbols(self) -> set[Expr]:
        """Symbols that are not bound here."""
        found = self._free(self.body)
        return found.union(*(i.free_symbols for i in self.place))

    @property
    def entry(self) -> Expr:
        """The body at the place asked for."""
        at = {r.symbol: i for r, i in zip(self.ranges, self.place, strict=True)}
        return substitute(self.body, at)


class Greatest(sp.Function):
    """max(a, b, ...): a maximum written out.

    >>> a, b = sp.symbols("a b", real=True)
    >>> sp.diff(Greatest(a, b) ** 2, b)
    2*Greatest(a, b)*IsGreatest(2, a, b)
    """

    is_real = True

    @classmethod
    def eval(cls, *numbers: Expr) -> Expr | None:
        """Decided for numbers."""
        return max(numbers) if all(n.is_Number for n in numbers) else None

    def fdiff(self, argindex: int = 1) -> Expr:
        """1 for the first of the greatest, else 0."""
        result: Expr = IsGreatest(argindex, *self.args)
        return result


class IsGreatest(sp.Function):
    """[the first greatest of the numbers behind n is the n-th of them]: 1 or 0."""

    is_real = True

    @classmethod
    def eval(cls, place: Expr, *numbers: Expr) -> Expr | None:
        """Decided for numbers."""
        if not all(n.is_Number for n in numbers):
            return None
        return sp.S.One if numbers.index(max(numbers)) + 1 == place else sp.S.Zero

    def fdiff(self, argindex: int = 1) -> Expr:
        """It does not change but by a jump."""
        return sp.S.Zero
