"""Matrix expressions: one equation seen as vectors and matrices.

    node            stands for                                  rows × columns
    --------------  ------------------------------------------  --------------------------
    Scalar(value)   a SymPy expression without axes             1 × 1
    Entry(entry)    all u[..., j, ..., k, ...] of one family    row × col
    Transpose(a)    aᵀ                                          a.col × a.row
    MatMul(...)     a · b · c, in this order                    first.row × last.col
    Hadamard(...)   a ⊙ b ⊙ c                                   as each factor
    Add(...)        a + b + c                                   as each term
    Scale(c, a)     c · a, c of size 1 × 1                      as a
    Apply(a, f)     f⁽ᵒʳᵈᵉʳ⁾(a; parameters), entry by entry     as a
    Softmax(a, o)   e^a / Σ e^a over "row" or "col": of each    as a
                    column, or of each row
    Power(a, p)     a ** p, entry by entry                      as a
    Diag(v)         the vector v on a diagonal, else 0          row × col, of equal size
    Broadcast(a)    a repeated along the axes that it lacks     row × col
    SumOver(a, o)   "row": 1ᵀa, "col": a·1, "both": 1ᵀa·1       a without the axis summed
    SquaredNorm(a)  ‖a‖², the sum of the squared entries        1 × 1
    OpenSum(a, t)   Σ_t a, over indices that are no axis        as a

A node knows its two axes. An axis is an index together with its whole range; None is an axis
of size 1. Axes are told apart by their index symbol: W has row k and column j in w[l+1, k, j].
Indices that are no axis (the layer l+1, the time t) stay inside `Entry.entry`, `Scalar.value`
and the bounds of `OpenSum`. A node whose parts do not fit cannot be made (`SizeError`).
`Entry.entry` is an Indexed, or a Functional: the costs C(o, y) of all samples, ∇C, ∇²C.
1 − a is Add(Broadcast(Scalar(1)), Scale(Scalar(−1), a)); the identity is
Diag(Broadcast(Scalar(1))); a division is a Power of −1.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from sympy import Expr, S, Symbol

from symbp.errors import SizeError
from symbp.functions import Row
from symbp.system.equation import Kind
from symbp.system.indices import Range


@dataclass(frozen=True, slots=True)
class Axis:
    """An index that runs over all rows or all columns, and what it counts."""

    range: Range
    kind: Kind

    @property
    def symbol(self) -> Symbol:
        """The index."""
        return self.range.symbol

    @property
    def size(self) -> Expr:
        """The number of rows or columns: n[l], n[l - 1], m."""
        return self.range.upper - self.range.lower + 1


class MatrixExpr:
    """A node; `row` and `col` are its axes, None for a size of 1."""

    __slots__ = ()

    @property
    def row(self) -> Axis | None:
        """The axis down the rows."""
        return None

    @property
    def col(self) -> Axis | None:
        """The axis along the columns."""
        return None

    @property
    def children(self) -> tuple[MatrixExpr, ...]:
        """The nodes directly inside."""
        return ()

    @property
    def shape(self) -> tuple[Expr, Expr]:
        """(rows, columns) as SymPy sizes."""
        return size(self.row), size(self.col)


def size(axis: Axis | None) -> Expr:
    """The size of an axis; 1 for None."""
    return axis.size if axis is not None else S.One


def symbol_of(axis: Axis | None) -> Symbol | None:
    """The index of an axis; None for None."""
    return axis.range.symbol if axis is not None else None


def same(a: Axis | None, b: Axis | None) -> bool:
    """Whether two axes are the same index."""
    return a is b or symbol_of(a) == symbol_of(b)


@dataclass(frozen=True, slots=True)
class Scalar(MatrixExpr):
    """A number, a size, or entries that have no axis."""

    value: Expr


@dataclass(frozen=True, slots=True)
class Entry(MatrixExpr):
    """A family, or the part of it that the fixed indices of `entry` choose.

    W is Entry(w[l, j, k], row=j, col=k) for all j and k; row or col may be None.
    """

    entry: Expr
    row: Axis | None = None
    col: Axis | None = None


@dataclass(frozen=True, slots=True)
class _Unary(MatrixExpr):
    operand: MatrixExpr

    @property
    def row(self) -> Axis | None:
        return self.operand.row

    @property
    def col(self) -> Axis | None:
        return self.operand.col

    @property
    def children(self) -> tuple[MatrixExpr, ...]:
        return (self.operand,)


@dataclass(frozen=True, slots=True)
class Transpose(_Unary):
    """aᵀ."""

    @property
    def row(self) -> Axis | None:
        return self.operand.col

    @property
    def col(self) -> Axis | None:
        return self.operand.row


@dataclass(frozen=True, slots=True)
class MatMul(MatrixExpr):
    """The product a·b·c: the column axis of each factor is the row axis of the next."""

    factors: tuple[MatrixExpr, ...]

    def __post_init__(self) -> None:
        for a, b in zip(self.factors, self.factors[1:], strict=False):
            if not same(a.col, b.row):
                raise SizeError(f"{_shape_text(a)} · {_shape_text(b)}: the inner axes differ")

    @property
    def row(self) -> Axis | None:
        return self.factors[0].row

    @property
    def col(self) -> Axis | None:
        return self.factors[-1].col

    @property
    def children(self) -> tuple[MatrixExpr, ...]:
        return self.factors


@dataclass(frozen=True, slots=True)
class _Alike(MatrixExpr):
    """Nodes of one shape."""

    terms: tuple[MatrixExpr, ...]

    def __post_init__(self) -> None:
        first = self.terms[0]
        for a in self.terms[1:]:
            if not (same(first.row, a.row) and same(first.col, a.col)):
                raise SizeError(f"{_shape_text(first)} met {_shape_text(a)}")

    @property
    def row(self) -> Axis | None:
        return self.terms[0].row

    @property
    def col(self) -> Axis | None:
        return self.terms[0].col

    @property
    def children(self) -> tuple[MatrixExpr, ...]:
        return self.terms


@dataclass(frozen=True, slots=True)
class Hadamard(_Alike):
    """a ⊙ b ⊙ c."""


@dataclass(frozen=True, slots=True)
class Add(_Alike):
    """a + b + c."""


@dataclass(frozen=True, slots=True)
class Scale(MatrixExpr):
    """coefficient · operand; a plain number or symbol is a coefficient `Scalar`."""

    coefficient: MatrixExpr
    operand: MatrixExpr

    def __post_init__(self) -> None:
        if self.coefficient.row or self.coefficient.col:
            raise SizeError(f"a coefficient of {_shape_text(self.coefficient)}")

    @property
    def row(self) -> Axis | None:
        return self.operand.row

    @property
    def col(self) -> Axis | None:
        return self.operand.col

    @property
    def children(self) -> tuple[MatrixExpr, ...]:
        return (self.coefficient, self.operand)


@dataclass(frozen=True, slots=True)
class Apply(_Unary):
    """f⁽ᵒʳᵈᵉʳ⁾(operand; parameters), entry by entry; f is a row of the table of functions."""

    function: Row
    order: int = 0
    parameters: tuple[Expr, ...] = ()


@dataclass(frozen=True, slots=True)
class Softmax(_Unary):
    """e^a / Σ e^a, the sum over the row index (columns add up to 1) or over the column index."""

    over: Literal["row", "col"]


@dataclass(frozen=True, slots=True)
class Power(_Unary):
    """operand ** exponent, entry by entry."""

    exponent: Expr


@dataclass(frozen=True, slots=True)
class Diag(MatrixExpr):
    """The square matrix with a vector on its diagonal; the vector may be a row or a column."""

    vector: MatrixExpr
    row: Axis | None
    col: Axis | None

    @property
    def children(self) -> tuple[MatrixExpr, ...]:
        return (self.vector,)


@dataclass(frozen=True, slots=True)
class Broadcast(MatrixExpr):
    """The operand repeated along `row`, `col` or both, where it has size 1."""

    operand: MatrixExpr
    row: Axis | None
    col: Axis | None

    def __post_init__(self) -> None:
        a = self.operand
        rows = a.row is None or same(a.row, self.row)
        cols = a.col is None or same(a.col, self.col)
        if not (rows and cols):
            raise SizeError(f"{_shape_text(a)} does not broadcast to {_shape_text(self)}")

    @property
    def children(self) -> tuple[MatrixExpr, ...]:
        return (self.operand,)


@dataclass(frozen=True, slots=True)
class SumOver(MatrixExpr):
    """The sum over the row index (1ᵀa), the column index (a·1), or both (1ᵀa·1)."""

    operand: MatrixExpr
    over: Literal["row", "col", "both"]

    @property
    def row(self) -> Axis | None:
        return self.operand.row if self.over == "col" else None

    @property
    def col(self) -> Axis | None:
        return self.operand.col if self.over == "row" else None

    @property
    def children(self) -> tuple[MatrixExpr, ...]:
        return (self.operand,)


@dataclass(frozen=True, slots=True)
class SquaredNorm(MatrixExpr):
    """‖a‖²: of a vector, or the Frobenius norm of a matrix."""

    operand: MatrixExpr

    @property
    def children(self) -> tuple[MatrixExpr, ...]:
        return (self.operand,)


@dataclass(frozen=True, slots=True)
class OpenSum(_Unary):
    """Σ operand over indices that are no axis, outermost first."""

    ranges: tuple[Range, ...]


def nodes(e: MatrixExpr) -> Iterator[MatrixExpr]:
    """Every node of e, outermost first."""
    yield e
    for child in e.children:
        yield from nodes(child)


def _shape_text(a: MatrixExpr) -> str:
    rows, cols = (a.symbol.name if a else "1" for a in (a.row, a.col))
    return f"{type(a).__name__} of {rows} × {cols}"
