"""Typed: an expression in index form together with how it is laid out as a vector or a matrix.

    δ (a)ᵀ  is  δ[j]·a[k]  with rows j and columns k

Derivatives also remember of what and by what they are taken, so that a product of them is read as
the chain rule whatever the layout: ∂J/∂z · ∂z/∂W is summed over z.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import sympy as sp
from sympy import Expr, Symbol

from symbp.errors import ReadingError
from symbp.system import Range
from symbp.system.indices import substitute


class ShapeError(ReadingError):
    """Parts whose shapes do not fit together: the formula has no meaning as written."""


class Total(sp.Expr):
    """df/du: the derivative of f by an entry u, through everything that u reaches.

    With a third argument 1 only where u stands in the equation that defines f itself.
    """

    is_commutative = True

    def __new__(cls, f: Expr, u: Expr, direct: Expr = sp.S.Zero) -> Total:
        """A node with the arguments f, u, direct."""
        node: Total = sp.Expr.__new__(cls, sp.sympify(f), u, sp.sympify(direct))
        return node


@dataclass(frozen=True)
class Chain:
    """Of what and by what a derivative is taken, each with its axes."""

    of: Expr
    of_axes: tuple[Range, ...]
    by: Expr
    by_axes: tuple[Range, ...]


@dataclass(frozen=True)
class Typed:
    """An expression with rows and columns; None where it has one row or one column."""

    expr: Expr
    row: Range | None = None
    col: Range | None = None
    chain: Chain | None = None
    loose: bool = False
    """Whether a vector may be taken as a row or as a column: a derivative's layout is not said."""
    cube: bool = False
    """Whether there are more than two axes: only the chain rule makes sense of it."""
    ones: str = ""
    """Whether it is the vector 1 of ones, "column" or "row", as long as its place needs."""
    firm: str = ""
    """Whether a row is a matrix with one row: "said", or "told" by how it is used."""
    constant: bool = False
    """Whether it is a plain number, which may stand beside a vector: 1 − a."""

    @property
    def axes(self) -> tuple[Range, ...]:
        """Rows, then columns."""
        return tuple(a for a in (self.row, self.col) if a is not None)

    @property
    def is_scalar(self) -> bool:
        """Whether it is one number."""
        return not self.axes and not self.cube

    @property
    def is_vector(self) -> bool:
        """Whether it has one axis."""
        return len(self.axes) == 1 and not self.cube

    @property
    def is_jacobian(self) -> bool:
        """Whether it is the derivative of a vector by a vector."""
        return bool(self.chain and len(self.chain.of_axes) == len(self.chain.by_axes) == 1)

    @property
    def flipped(self) -> Typed:
        """The transpose."""
        if self.cube:
            raise ShapeError("a derivative with more than two indices cannot be transposed")
        if self.ones:
            return replace(self, ones={"column": "row", "row": "column"}[self.ones])
        return replace(self, row=self.col, col=self.row, chain=None, loose=False)

    def renamed(self, mapping: Mapping[Symbol, Symbol]) -> Typed:
        """The same with axes called otherwise."""
        if not mapping:
            return self

        def moved(r: Range | None) -> Range | None:
            if r is None or r.symbol not in mapping:
                return r
            return Range(mapping[r.symbol], r.lower, r.upper)

        chain = self.chain and Chain(
            substitute(self.chain.of, mapping),
            tuple(a for r in self.chain.of_axes if (a := moved(r))),
            substitute(self.chain.by, mapping),
            tuple(a for r in self.chain.by_axes if (a := moved(r))),
        )
        expr = substitute(self.expr, mapping)
        return replace(self, expr=expr, row=moved(self.row), col=moved(self.col), chain=chain)

    def shape(self, write: Callable[[Expr], str] = str) -> str:
        """Its shape in words: 3 × n_l, a column of n_l, a number."""
        if self.cube:
            return "a derivative with more than two indices"
        if self.is_scalar:
            return "a number"
        sizes = [write(a.upper) for a in self.axes]
        if all("·" in size for size in sizes):  # not known yet
            return "a matrix" if len(sizes) == 2 else "a column" if self.row else "a row"
        rows, columns = (write(r.upper) if r is not None else "1" for r in (self.row, self.col))
        return f"{rows} × {columns}"


def summed(e: Expr, *ranges: Range) -> Expr:
    """Σ over ranges; the last one is innermost."""
    for r in reversed(ranges):
        e = sp.Sum(e, (r.symbol, r.lower, r.upper))
    return e
