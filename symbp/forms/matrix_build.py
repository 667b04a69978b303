"""Making matrix expressions: each function returns the plainest node that stands for its act.

    (aᵀ)ᵀ = a    (ab)ᵀ = bᵀaᵀ    a(bc) = abc    c(d·a) = (cd)·a    Σ x² = ‖x‖²

Nothing here changes a value; a rule that would is not a rule of this file.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import singledispatch

import sympy as sp
from sympy import Expr, S

from symbp.forms.matrix_expr import (
    Add,
    Apply,
    Axis,
    Broadcast,
    Diag,
    Entry,
    Hadamard,
    MatMul,
    MatrixExpr,
    OpenSum,
    Power,
    Scalar,
    Scale,
    Softmax,
    SquaredNorm,
    SumOver,
    Transpose,
    nodes,
    same,
)
from symbp.system.indices import Range

ONE = Scalar(S.One)


def transpose(a: MatrixExpr) -> MatrixExpr:
    """aᵀ, written with as few transposes as either way of writing it needs."""
    if a.row is None and a.col is None:
        return a
    if isinstance(a, Transpose):
        return a.operand
    inside = _transposed_inside(a)
    if isinstance(a, (MatMul, SumOver, Broadcast, Diag, Scale, OpenSum)):
        return inside
    return inside if _transposes(inside) <= _transposes(a) else Transpose(a)


@singledispatch
def _transposed_inside(a: MatrixExpr) -> MatrixExpr:
    return Transpose(a)


@_transposed_inside.register
def _(a: MatMul) -> MatrixExpr:
    return MatMul(tuple(transpose(f) for f in reversed(a.factors)))


@_transposed_inside.register
def _(a: Hadamard) -> MatrixExpr:
    return Hadamard(tuple(transpose(f) for f in a.terms))


@_transposed_inside.register
def _(a: Add) -> MatrixExpr:
    return Add(tuple(transpose(t) for t in a.terms))


@_transposed_inside.register
def _(a: Scale) -> MatrixExpr:
    return Scale(a.coefficient, transpose(a.operand))


@_transposed_inside.register
def _(a: Apply) -> MatrixExpr:
    return Apply(transpose(a.operand), a.function, a.order, a.parameters)


@_transposed_inside.register
def _(a: Softmax) -> MatrixExpr:
    return Softmax(transpose(a.operand), "col" if a.over == "row" else "row")


@_transposed_inside.register
def _(a: Power) -> MatrixExpr:
    return Power(transpose(a.operand), a.exponent)


@_transposed_inside.register
def _(a: Diag) -> MatrixExpr:
    return Diag(a.vector, a.col, a.row)


@_transposed_inside.register
def _(a: Broadcast) -> MatrixExpr:
    return Broadcast(transpose(a.operand), a.col, a.row)


@_transposed_inside.register
def _(a: SumOver) -> MatrixExpr:
    over = {"row": "col", "col": "row"}.get(a.over, "both")
    return SumOver(transpose(a.operand), over)  # type: ignore[arg-type]


@_transposed_inside.register
def _(a: OpenSum) -> MatrixExpr:
    return OpenSum(transpose(a.operand), a.ranges)


def _transposes(a: MatrixExpr) -> int:
    return sum(isinstance(node, Transpose) for node in nodes(a))


def orient(a: MatrixExpr, row: Axis | None, col: Axis | None) -> MatrixExpr:
    """a with these axes: transposed where it has them the other way, repeated along the rest."""
    if not (_fits(a.row, row) and _fits(a.col, col)):
        a = transpose(a)
    if same(a.row, row) and same(a.col, col):
        return a
    if isinstance(a, Scale) and isinstance(a.coefficient, Scalar):
        return Scale(a.coefficient, orient(a.operand, row, col))
    return Broadcast(a, row, col)


def _fits(own: Axis | None, wanted: Axis | None) -> bool:
    return own is None or same(own, wanted)


def matmul(*factors: MatrixExpr) -> MatrixExpr:
    """The product, flattened; coefficients come to the front."""
    flat: list[MatrixExpr] = []
    coefficients: list[MatrixExpr] = []
    for f in factors:
        while isinstance(f, Scale):
            coefficients.append(f.coefficient)
            f = f.operand
        flat.extend(f.factors if isinstance(f, MatMul) else [f])
    return scale(coefficients, MatMul(tuple(flat)) if len(flat) > 1 else flat[0])


def diagonal(vector: MatrixExpr, row: Axis | None, col: Axis | None) -> MatrixExpr:
    """diag(v); a number in it comes to the front."""
    if isinstance(vector, Scale):
        return Scale(vector.coefficient, diagonal(vector.operand, row, col))
    return Diag(vector, row, col)


def hadamard(factors: Sequence[MatrixExpr]) -> MatrixExpr:
    """⊙ of nodes of one shape, contractions first and functions last."""
    flat: list[MatrixExpr] = []
    coefficients: list[MatrixExpr] = []
    for f in factors:
        while isinstance(f, Scale):
            coefficients.append(f.coefficient)
            f = f.operand
        flat.extend(f.terms if isinstance(f, Hadamard) else [f])
    flat.sort(key=rank)
    return scale(coefficients, Hadamard(tuple(flat)) if len(flat) > 1 else flat[0])


def add(terms: Iterable[MatrixExpr]) -> MatrixExpr:
    """Σ of nodes of one shape: what is subtracted last; products first, short ones before long."""
    flat = sorted(
        _merged(list(terms)), key=lambda t: (is_penalty(t), is_negative(t), rank(t), _length(t))
    )
    return Add(tuple(flat)) if len(flat) > 1 else flat[0]


def _merged(terms: list[MatrixExpr]) -> list[MatrixExpr]:
    """Σ_h a_h + Σ_h b_h as Σ_h (a_h + b_h), for vectors and matrices."""
    sums: dict[tuple[Range, ...], list[MatrixExpr]] = {}
    for t in terms:
        if isinstance(t, OpenSum) and (t.row or t.col):
            sums.setdefault(t.ranges, []).append(t.operand)
    alone = [t for t in terms if not (isinstance(t, OpenSum) and t.ranges in sums)]
    return alone + [OpenSum(add(parts), ranges) for ranges, parts in sums.items()]


def scale(coefficients: Iterable[MatrixExpr], a: MatrixExpr) -> MatrixExpr:
    """The product of 1 × 1 nodes and a; the plain ones become one SymPy coefficient in front."""
    number: Expr = S.One
    parts: list[MatrixExpr] = []
    for part in (*coefficients, a):
        while isinstance(part, Scale):
            if isinstance(part.coefficient, Scalar):
                number = sp.Mul(number, part.coefficient.value)
            else:
                parts.append(part.coefficient)
            part = part.operand
        if isinstance(part, Scalar):
            number = sp.Mul(number, part.value)
        else:
            parts.append(part)
    if not parts:
        return Scalar(number)
    result = parts.pop()
    for part in reversed(parts):
        result = Scale(part, result)
    return result if number is S.One else Scale(Scalar(number), result)


def sum_over(a: MatrixExpr, row: bool, col: bool) -> MatrixExpr:
    """The sum of a over its row index, its column index, or both; Σ x² is ‖x‖²."""
    if isinstance(a, Scale):
        return scale([a.coefficient], sum_over(a.operand, row, col))
    whole = (row or a.row is None) and (col or a.col is None)
    if whole and isinstance(a, Power) and a.exponent == 2:
        return SquaredNorm(_upright(a.operand))
    if row and col:
        return SumOver(_upright(a), "both")
    return SumOver(a, "row" if row else "col")


def _upright(a: MatrixExpr) -> MatrixExpr:
    return a.operand if isinstance(a, Transpose) else a


def open_sum(a: MatrixExpr, ranges: Sequence[Range]) -> MatrixExpr:
    """Σ a over indices that are no axis; a number comes out in front."""
    if isinstance(a, Scale) and isinstance(a.coefficient, Scalar) and a.coefficient.value.is_number:
        return scale([a.coefficient], open_sum(a.operand, ranges))
    if isinstance(a, OpenSum):
        return OpenSum(a.operand, (*ranges, *a.ranges))
    return OpenSum(a, tuple(ranges))


def column(a: MatrixExpr) -> MatrixExpr:
    """A vector as a column."""
    return a if a.col is None else transpose(a)


def row(a: MatrixExpr) -> MatrixExpr:
    """A vector as a row."""
    return a if a.row is None else transpose(a)


_RANKS: dict[type[MatrixExpr], int] = {
    Entry: 1,
    Transpose: 1,
    Add: 2,
    Apply: 3,
    Softmax: 3,
    Power: 4,
    Broadcast: 5,
}


def rank(a: MatrixExpr) -> int:
    """The place of a factor or a term: products, families, sums, functions, what is repeated."""
    if isinstance(a, Scale):
        return rank(a.operand)
    return _RANKS.get(type(a), 0)


def is_penalty(a: MatrixExpr) -> bool:
    """Whether a is Σ_l of 1 × 1 nodes: it stands after what is summed over."""
    if isinstance(a, Scale):
        return is_penalty(a.operand)
    return isinstance(a, OpenSum) and a.row is None and a.col is None


def _length(a: MatrixExpr) -> int:
    return sum(1 for _ in nodes(a))


def is_negative(a: MatrixExpr) -> bool:
    """Whether a is taken off."""
    if isinstance(a, Scale):
        return isinstance(a.coefficient, Scalar) and is_negative(a.coefficient)
    if isinstance(a, Broadcast):
        return is_negative(a.operand)
    if not isinstance(a, Scalar) or a.value.is_Add:
        return False
    return bool(a.value.could_extract_minus_sign())
