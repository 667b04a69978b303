"""Functions of one number, entry by entry: the rows of the table, and what SymPy knows."""

from __future__ import annotations

import ast
import re
from typing import Any

import sympy as sp
from sympy import Basic, Expr
from sympy.printing.numpy import NumPyPrinter
from sympy.printing.precedence import PRECEDENCE

from symbp.errors import DefinitionError, UnknownNameError
from symbp.forms.scalar_functions import stable_prime
from symbp.functions import Elementwise, F, X, in_rows, node_class
from symbp.system.functional import Functional


class FunctionPrinter(NumPyPrinter):
    """SymPy's printer with the table of functions; what it cannot print is an error.

    Whatever is printed here, and in what builds on it, may stand anywhere without parentheses.
    """

    def __init__(self) -> None:
        super().__init__({"fully_qualified_modules": False})

    def _print(self, expr: Any, **kwargs: Any) -> str:
        if isinstance(expr, Elementwise):  # SymPy would look for a method of the row's name
            return self._row(expr)
        try:
            return str(super()._print(expr, **kwargs))
        except (NotImplementedError, KeyError) as error:  # KeyError: what SymPy does for zoo
            name = type(expr).__name__
            raise DefinitionError(f"{expr}: NumPy has no text for {name}") from error

    def emptyPrinter(self, expr: Any) -> str:
        """Nothing but code: never the node's own text."""
        return str(self._print_not_supported(expr) if isinstance(expr, Basic) else expr)

    def _print_Functional(self, expr: Functional) -> str:
        raise DefinitionError(f"{expr.name} is unspecified: choose a loss to get numbers")

    def _row(self, e: Elementwise) -> str:
        """f(x) and f'(x) by the texts of the table, further derivatives by their formula."""
        row, order = e.row, e.order
        if not row.specified:
            raise UnknownNameError(
                f"{e}: {row.name} is unspecified: choose a function for it to get numbers"
            )
        f = node_class(row, 0)(*e.args)
        given = {X: e.args[0], **dict(zip((p for p, _ in row.parameters), e.args[1:], strict=True))}
        text = (row.numpy, row.numpy_derivative)[order] if order < 2 else ""
        if not text:
            formula = stable_prime(row.name, order).xreplace({**given, F: f})
            return f"({self._print(in_rows(formula))})"
        parts = {p.name: self._closed(a) for p, a in given.items()}
        parts["f"] = self._print(f) if "{f}" in text else ""
        text = self._in_full(text).format(**parts)
        is_mask = isinstance(ast.parse(text, mode="eval").body, ast.Compare)
        return f"(1.0 * ({text}))" if is_mask else f"({text})"

    def _in_full(self, text: str) -> str:
        """A text of the table with NumPy's name, and erf from the module math."""
        text = re.sub(r"\bnp\.", "numpy.", text)
        return re.sub(r"\berf\b", lambda _: self._module_format("math.erf"), text)

    def _closed(self, e: Expr) -> str:
        """e in parentheses unless it is a name or a call."""
        return str(self.parenthesize(e, PRECEDENCE["Func"], strict=True))

    def _module_format(self, fqn: str, register: bool = True) -> str:
        """numpy.f in full, so that no family hides it; f of the module math entry by entry."""
        if fqn.startswith("numpy."):
            return fqn
        name = super()._module_format(fqn, register)
        return f"numpy.vectorize({name}, otypes=[float])" if fqn.startswith("math.") else name

    def _print_floor(self, expr: Expr) -> str:
        above, below = sp.fraction(sp.together(expr.args[0]))
        if below.is_Integer and below != 1:  # integers stay integers
            return f"({self._closed(above)} // {below})"
        return str(super()._print_floor(expr))

    def _print_ceiling(self, expr: Expr) -> str:
        above, below = sp.fraction(sp.together(expr.args[0]))
        if below.is_Integer and below != 1:
            return f"(-(-{self._closed(above)} // {below}))"
        return str(super()._print_ceiling(expr))
