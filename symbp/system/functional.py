"""An unspecified function of a whole family: C(o, y), and its partial derivatives ∂C/∂o_j.

It binds an index as a sum does: C(o, y) stands over the entries o_j, y_j, 1 ≤ j ≤ n. Of the
function nothing is known but which entries it reads; so its derivatives are further such nodes.
"""

from __future__ import annotations

from typing import Any

import sympy as sp
from sympy import Expr, Symbol, Tuple
from sympy.concrete.expr_with_limits import ExprWithLimits
from sympy.core.symbol import Str

from symbp.errors import DefinitionError

#: The constants of the polynomial that stands in for an unspecified loss.
ALPHA, BETA = sp.Rational(17, 23), sp.Rational(29, 41)


class Functional(ExprWithLimits):
    """name(o, y) differentiated by o at each index of `partials`."""

    is_commutative = True

    @classmethod
    def of(
        cls, name: str, entries: tuple[Expr, Expr], limit: tuple[Symbol, Expr, Expr]
    ) -> Functional:
        """The function itself."""
        result: Functional = cls(Tuple(Str(name), Tuple(*entries), Tuple()), limit)
        return result

    def __new__(cls, function: Any, *limits: Any) -> Functional:
        """As every SymPy node: rebuilt from its arguments."""
        node: Functional = Expr.__new__(cls, sp.sympify(function), *(Tuple(*t) for t in limits))
        return node

    @property
    def name(self) -> str:
        """The function's name."""
        return str(self.args[0][0].name)

    @property
    def entries(self) -> tuple[Expr, Expr]:
        """o_j and y_j, in the bound index j."""
        return tuple(self.args[0][1])

    @property
    def partials(self) -> tuple[Expr, ...]:
        """The indices by which it is differentiated."""
        return tuple(self.args[0][2])

    @property
    def function(self) -> Expr:
        """The body: what is bound."""
        return self.args[0]

    @property
    def free_symbols(self) -> set[Expr]:
        """Symbols that are not bound here."""
        (k, lo, hi) = self.limits[0]
        inner: set[Expr] = set().union(*(e.free_symbols for e in (*self.entries, *self.partials)))
        return (inner - {k}) | lo.free_symbols | hi.free_symbols

    def differentiated(self, index: Expr) -> Functional:
        """∂/∂o at an index."""
        body = Tuple(self.args[0][0], self.args[0][1], Tuple(*self.partials, index))
        result: Functional = self.func(body, *self.limits)
        return result

    def stand_in(self) -> Expr:
        """A polynomial that shows mistakes: α(Σ_j y_j o_j)²/2 + β Σ_j o_j³/3, differentiated.

        Numbers need some function; this one mixes all outputs and is not symmetric in them. Its
        constants are such as stand in nobody's formula, so that none is right for it alone.
        """
        k, lo, hi = self.limits[0]
        o, y = self.entries
        total = sp.Sum(o * y, (k, lo, hi))
        at = [(o.xreplace({k: p}), y.xreplace({k: p})) for p in self.partials]
        if not at:
            return ALPHA * total**2 / 2 + BETA * sp.Sum(o**3, (k, lo, hi)) / 3
        if len(at) == 1:
            return ALPHA * total * at[0][1] + BETA * at[0][0] ** 2
        if len(at) == 2:
            same = sp.KroneckerDelta(*self.partials)
            return ALPHA * at[0][1] * at[1][1] + 2 * BETA * at[0][0] * same
        raise DefinitionError(f"{self.name} is unspecified: no third derivatives in numbers")
