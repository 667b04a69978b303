"""Matrix expressions as plain text, for messages and for reading at a prompt.

    ∂C/∂a[l] = w[l + 1]ᵀ·∂C/∂z[l + 1]      ∂C/∂z[l] = ∂C/∂a[l] ⊙ sigma'(z[l])

What is repeated along an axis stands as it is (b for b1ᵀ); reductions are products with 1.
"""

from __future__ import annotations

from functools import singledispatch

from sympy import Expr, Indexed

from symbp.forms.matrix_build import transpose
from symbp.forms.matrix_expr import (
    Add,
    Apply,
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
    symbol_of,
)

SUM, SCALED, PRODUCT, ATOM = range(4)  # how tightly a text holds together


def text(e: MatrixExpr) -> str:
    """The expression as one line."""
    return _write(e)[0]


def _inside(e: MatrixExpr, least: int) -> str:
    """The text of e, in parentheses unless it holds at least so tightly."""
    written, level = _write(e)
    return written if level >= least else f"({written})"


@singledispatch
def _write(e: MatrixExpr) -> tuple[str, int]:
    raise NotImplementedError(type(e))


@_write.register
def _(e: Scalar) -> tuple[str, int]:
    return str(e.value), SUM if e.value.is_Add else PRODUCT if e.value.is_Mul else ATOM


@_write.register
def _(e: Entry) -> tuple[str, int]:
    entry: Expr = e.entry
    if not isinstance(entry, Indexed):
        return str(entry), ATOM
    marks = [str(i) for i in entry.indices if i not in (symbol_of(e.row), symbol_of(e.col))]
    return str(entry.base) + (f"[{', '.join(marks)}]" if marks else ""), ATOM


@_write.register
def _(e: Transpose) -> tuple[str, int]:
    return f"{_inside(e.operand, ATOM)}ᵀ", ATOM


@_write.register
def _(e: MatMul) -> tuple[str, int]:
    return "·".join(_inside(f, ATOM) for f in e.factors), PRODUCT


@_write.register
def _(e: Hadamard) -> tuple[str, int]:
    return " ⊙ ".join(_inside(f, ATOM) for f in e.terms), PRODUCT


@_write.register
def _(e: Add) -> tuple[str, int]:
    first, *others = (_inside(t, SCALED) for t in e.terms)
    signed = (f" - {t[1:]}" if t.startswith("-") else f" + {t}" for t in others)
    return first + "".join(signed), SUM


@_write.register
def _(e: Scale) -> tuple[str, int]:
    operand = _inside(e.operand, SCALED)
    coefficient = _inside(e.coefficient, PRODUCT if isinstance(e.coefficient, Scalar) else ATOM)
    if coefficient in ("-1", "1"):
        return coefficient.replace("1", "") + operand, SCALED
    return f"{coefficient} {operand}", SCALED


@_write.register
def _(e: Apply) -> tuple[str, int]:
    arguments = ", ".join([text(e.operand), *(str(p) for p in e.parameters)])
    return e.function.name + "'" * e.order + f"({arguments})", ATOM


@_write.register
def _(e: Softmax) -> tuple[str, int]:
    if e.over == "col" or e.col is None:
        return f"softmax({text(e.operand)})", ATOM
    return f"softmax({text(transpose(e.operand))})ᵀ", ATOM


@_write.register
def _(e: Power) -> tuple[str, int]:
    return f"{_inside(e.operand, ATOM)}^({e.exponent})", ATOM


@_write.register
def _(e: Diag) -> tuple[str, int]:
    return f"diag({text(e.vector)})", ATOM


@_write.register
def _(e: Broadcast) -> tuple[str, int]:
    return _write(e.operand)


@_write.register
def _(e: SumOver) -> tuple[str, int]:
    inside = _inside(e.operand, ATOM)
    ones = {"row": f"1ᵀ·{inside}", "col": f"{inside}·1", "both": f"1ᵀ·{inside}·1"}
    return ones[e.over], PRODUCT


@_write.register
def _(e: SquaredNorm) -> tuple[str, int]:
    return f"‖{text(e.operand)}‖²", ATOM


@_write.register
def _(e: OpenSum) -> tuple[str, int]:
    sums = "".join(f"Σ_{r.symbol} " for r in e.ranges)
    return sums + _inside(e.operand, SCALED), SCALED
