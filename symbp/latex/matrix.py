"""Matrix expressions as LaTeX in a notation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sympy import Rational, Symbol

from symbp.forms.matrix import MatrixEquation
from symbp.forms.matrix_build import transpose
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
)
from symbp.latex.matrix_ordering import factors_in_order, terms_in_order
from symbp.latex.writer import ATOM, PRODUCT, SUM, Text, Writer, parenthesised, takes_power
from symbp.system import Kind
from symbp.system.equation import family_of, index_of
from symbp.system.functional import Functional


class MatrixWriter:
    """Writes matrix expressions with the letters of an index-form writer."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self.notation = writer.notation

    def equation(self, equation: MatrixEquation) -> str:
        """lhs = rhs."""
        return f"{self.write(equation.lhs)} = {self.write(equation.rhs)}"

    def write(self, e: MatrixExpr) -> str:
        """A matrix expression."""
        return self._node(e, frozenset()).latex

    def _node(self, e: MatrixExpr, bound: frozenset[Symbol]) -> Text:
        return _WRITERS[type(e)](self, e, bound)

    def _scalar(self, e: Scalar, bound: frozenset[Symbol]) -> Text:
        return self.writer._expr(e.value, bound)

    def _entry(self, e: Entry, bound: frozenset[Symbol]) -> Text:
        axes = [a.symbol for a in (e.row, e.col) if a is not None]
        if isinstance(e.entry, Functional):
            if not e.entry.partials and axes:
                return self._costs(e, bound)
            return Text(self.writer.functional(e.entry, bound, axes))
        name = str(family_of(e.entry))
        return Text(self.writer.entries.whole(name, index_of(e.entry), axes, bound))

    def _costs(self, e: Entry, bound: frozenset[Symbol]) -> Text:
        """[C^1, ..., C^m]: an unspecified cost of every sample."""
        (axis,) = (a for a in (e.row, e.col) if a is not None)
        ends = (self.writer._expr(i, bound).latex for i in (axis.range.lower, axis.range.upper))
        first, last = (self.writer.cost_of(e.entry, i) for i in ends)
        return Text(rf"\left[{first}, \dots, {last}\right]")

    def _transpose(self, e: Transpose, bound: frozenset[Symbol]) -> Text:
        inner = self._node(e.operand, bound)
        return Text(f"{_base(inner)}^{{{self.notation.transpose}}}")

    def _matmul(self, e: MatMul, bound: frozenset[Symbol]) -> Text:
        parts = [self._node(f, bound) for f in e.factors]
        return Text(" ".join(p.at(ATOM) for p in parts), PRODUCT)

    def _hadamard(self, e: Hadamard, bound: frozenset[Symbol]) -> Text:
        text = ""
        for f in factors_in_order(e.terms, self.writer.system):
            divisor = f.operand if text and isinstance(f, Power) and f.exponent == -1 else None
            part = self._node(f if divisor is None else divisor, bound)
            inner = parenthesised(part.latex) if isinstance(f, Scale) else part.at(PRODUCT)
            sign = r"\oslash" if divisor is not None else self.notation.hadamard
            text += f" {sign} {inner}" if text else inner
        return Text(text, _HADAMARD)

    def terms(self, e: MatrixExpr) -> list[str]:
        """The terms of a sum with the signs between them; one for anything else."""
        return self._terms(e, frozenset()) if isinstance(e, Add) else [self.write(e)]

    def _add(self, e: Add, bound: frozenset[Symbol]) -> Text:
        return Text(" ".join(self._terms(e, bound)), SUM)

    def _terms(self, e: Add, bound: frozenset[Symbol]) -> list[str]:
        found: list[str] = []
        for t in terms_in_order(e.terms, self.writer.system):
            less = _subtracted(t)
            part = self._node(less or t, bound).at(_HADAMARD)
            part = f"-{part}" if less else part
            minus = part.startswith("-") and bool(found)
            found.append(f"- {part[1:]}" if minus else f"+ {part}" if found else part)
        return found

    def _scale(self, e: Scale, bound: frozenset[Symbol]) -> Text:
        factor = e.coefficient.value if isinstance(e.coefficient, Scalar) else None
        inner = self._node(e.operand, bound)
        if factor == -1:
            return Text(f"-{inner.at(PRODUCT)}", PRODUCT)
        if isinstance(e.coefficient, Power) and e.coefficient.exponent == -1:
            below = self._node(e.coefficient.operand, bound)
            return Text(rf"\frac{{{inner.latex}}}{{{below.latex}}}", PRODUCT)
        text = self._node(e.coefficient, bound)
        beside = text.latex if text.latex.startswith("-") else text.at(PRODUCT)
        return Text(f"{beside} {inner.at(PRODUCT)}", PRODUCT)

    def _apply(self, e: Apply, bound: frozenset[Symbol]) -> Text:
        x = self._node(e.operand, bound)
        return Text(*self.writer.applied(e.function.name, e.function.latex, e.order, x.latex))

    def _softmax(self, e: Softmax, bound: frozenset[Symbol]) -> Text:
        """softmax(Z): of a vector, of each sample, or of each row."""
        of_samples = any(a is not None and a.kind is Kind.SAMPLE for a in (e.row, e.col))
        plain = e.over == "col" or e.col is None or of_samples
        inner = self._node(e.operand if plain else transpose(e.operand), bound).latex
        text = rf"\operatorname{{softmax}}{parenthesised(inner)}"
        return Text(text if plain else f"{text}^{{{self.notation.transpose}}}")

    def _power(self, e: Power, bound: frozenset[Symbol]) -> Text:
        inner = self._node(e.operand, bound)
        if e.exponent == Rational(1, 2):
            return Text(rf"\sqrt{{{inner.latex}}}")
        if e.exponent == -1:
            return Text(rf"\frac{{1}}{{{inner.latex}}}", PRODUCT)
        mark = self.writer.write(e.exponent)
        if isinstance(e.operand, Apply):
            f = e.operand
            if takes_power(f.function, f.order, e.exponent):
                return Text(inner.latex.replace("tanh", f"tanh^{{{mark}}}", 1))
        circled = mark if e.operand.row is None and e.operand.col is None else rf"\circ {mark}"
        plain = inner.level == ATOM and not any(c in inner.latex for c in "^'(")
        base = inner.latex if plain and "frac" not in inner.latex else parenthesised(inner.latex)
        return Text(f"{base}^{{{circled}}}")

    def _diag(self, e: Diag, bound: frozenset[Symbol]) -> Text:
        inner, power = e.vector, ""
        if isinstance(inner, Broadcast) and isinstance(inner.operand, Scalar):
            return Text("I") if inner.operand.value == 1 else self._node(inner.operand, bound)
        if isinstance(inner, Power):  # diag(v^∘p) = diag(v)^p
            power = f"^{{{self.writer.write(inner.exponent)}}}"
            inner = inner.operand
        call = parenthesised(self._node(inner, bound).latex)
        return Text(rf"\operatorname{{diag}}{call}{power}")

    def _broadcast(self, e: Broadcast, bound: frozenset[Symbol]) -> Text:
        """b 1ᵀ; a number beside an array is written alone (1 − a)."""
        inner = self._node(e.operand, bound)
        if e.operand.row is None and e.operand.col is None:
            return inner
        if e.operand.row is not None:
            return Text(rf"{inner.at(ATOM)} \mathbf{{1}}^{{{self.notation.transpose}}}", PRODUCT)
        return Text(rf"\mathbf{{1}} {inner.at(ATOM)}", PRODUCT)

    def _sum_over(self, e: SumOver, bound: frozenset[Symbol]) -> Text:
        inner = self._node(e.operand, bound).at(ATOM)
        left = rf"\mathbf{{1}}^{{{self.notation.transpose}}} " if e.over != "col" else ""
        right = r" \mathbf{1}" if e.over != "row" else ""
        return Text(left + inner + right, PRODUCT)

    def _norm(self, e: SquaredNorm, bound: frozenset[Symbol]) -> Text:
        a: tuple[Axis | None, Axis | None] = (e.operand.row, e.operand.col)
        mark = "F" if all(a) else "2"
        inner = self._node(e.operand, bound).latex
        return Text(rf"\lVert {inner} \rVert_{{{mark}}}^{{2}}")

    def _open_sum(self, e: OpenSum, bound: frozenset[Symbol]) -> Text:
        text, inner = "", bound
        for r in e.ranges:
            low = self.writer.entries.integer(r.lower, inner)
            high = self.writer.entries.integer(r.upper, inner)
            inner = inner | {r.symbol}
            text += rf"\sum_{{{self.writer.entries.letter(r.symbol)}={low}}}^{{{high}}} "
        return Text(text + self._node(e.operand, inner).at(PRODUCT), PRODUCT)


def _subtracted(t: MatrixExpr) -> Scalar | None:
    """The number that a term takes off every entry: μ of −μ."""
    number = t.operand if isinstance(t, Broadcast) else t
    if not isinstance(number, Scalar) or number.value.is_Add:
        return None
    return Scalar(-number.value) if number.value.could_extract_minus_sign() else None


def _base(text: Text) -> str:
    """What may take a superscript: a letter, or anything in parentheses."""
    plain = text.level == ATOM and not any(c in text.latex for c in "^'")
    return text.latex if plain and "frac" not in text.latex else parenthesised(text.latex)


_HADAMARD = PRODUCT  #: ⊙ binds as a product of matrices does: A B ⊙ C is (A B) ⊙ C
_WRITERS: dict[type[MatrixExpr], Callable[[MatrixWriter, Any, frozenset[Symbol]], Text]] = {
    Scalar: MatrixWriter._scalar,
    Entry: MatrixWriter._entry,
    Transpose: MatrixWriter._transpose,
    MatMul: MatrixWriter._matmul,
    Hadamard: MatrixWriter._hadamard,
    Add: MatrixWriter._add,
    Scale: MatrixWriter._scale,
    Apply: MatrixWriter._apply,
    Softmax: MatrixWriter._softmax,
    Power: MatrixWriter._power,
    Diag: MatrixWriter._diag,
    Broadcast: MatrixWriter._broadcast,
    SumOver: MatrixWriter._sum_over,
    SquaredNorm: MatrixWriter._norm,
    OpenSum: MatrixWriter._open_sum,
}
