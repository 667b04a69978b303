"""The matrix form: an index equation seen as one equation of vectors and matrices.

    δ[l, j] = Σ_k w[l+1, k, j] δ[l+1, k] σ'(z[l, j])      δ^l = ((W^{l+1})ᵀ δ^{l+1}) ⊙ σ'(z^l)
    ∂C/∂w[l, j, k] = (1/m) Σ_i δ[l, j, i] a[l−1, k, i]    ∂C/∂W^l = (1/m) Δ^l (A^{l−1})ᵀ

A view: it adds no mathematics. An index is an axis where every entry that it stands in has it
alone in a slot of a dense kind (`Layout.axes`) and over the whole of that slot. Other indices
are marks if they are free and open sums if they are summed over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sympy as sp
from sympy import Expr, Indexed, Symbol

from symbp.forms.contract import Irreducible, NoMatrixForm, contract
from symbp.forms.layout import COLUMN, Layout
from symbp.forms.matrix_build import ONE, add, matmul, open_sum, orient, sum_over
from symbp.forms.matrix_expr import (
    Apply,
    Axis,
    Broadcast,
    Diag,
    Entry,
    MatrixExpr,
    Power,
    Scalar,
)
from symbp.functions import TABLE, Elementwise
from symbp.system import Equation, Kind, Range, Role, System, Variable
from symbp.system.equation import family_of, index_of
from symbp.system.indices import is_binder, substitute

__all__ = ["MatrixEquation", "NoMatrixForm", "matrix_form", "matrix_forms"]

Scope = Mapping[Symbol, "Axis | None"]  # bound indices; None: a mark


@dataclass(frozen=True)
class MatrixEquation:
    """lhs = rhs for all marks in `domain` (the layer, the time); both sides have one shape."""

    lhs: MatrixExpr
    rhs: MatrixExpr
    equation: Equation
    domain: tuple[Range, ...]


def matrix_form(equation: Equation, system: System, layout: Layout = COLUMN) -> MatrixEquation:
    """The equation as one of vectors and matrices. Raises `NoMatrixForm` where there is none."""
    return _View(equation, system, layout).equation_form()


def matrix_forms(
    system: System, layout: Layout = COLUMN
) -> list[tuple[Equation, MatrixEquation | NoMatrixForm]]:
    """Every equation with its matrix form, or with the reason why it has none."""
    result: list[tuple[Equation, MatrixEquation | NoMatrixForm]] = []
    for equation in system.equations:
        try:
            result.append((equation, matrix_form(equation, system, layout)))
        except NoMatrixForm as reason:
            result.append((equation, reason))
    return result


class _View:
    """The reading of one equation."""

    def __init__(self, equation: Equation, system: System, layout: Layout) -> None:
        self.equation = equation
        self.system = system
        self.layout = layout
        self.lhs: MatrixExpr = ONE
        self._uses: dict[Expr, dict[Symbol, Kind | None]] = {}

    def equation_form(self) -> MatrixEquation:
        """Both sides in the layout of the left one."""
        ranges = {r.symbol: r for r in self.equation.domain}
        uses = self.uses(self.equation.lhs)
        marked = {s for s, kind in self.uses(self.equation.rhs).items() if kind is None}
        scope: dict[Symbol, Axis | None] = {}
        for symbol, r in ranges.items():
            kind = uses.get(symbol)
            scope[symbol] = Axis(r, kind) if kind is not None and symbol not in marked else None
        self.lhs = self.build(self.equation.lhs, scope)
        rhs = orient(self.build(self.equation.rhs, scope), self.lhs.row, self.lhs.col)
        domain = tuple(r for r in self.equation.domain if scope[r.symbol] is None)
        return MatrixEquation(self.lhs, rhs, self.equation, domain)

    def place(self, axes: Sequence[Axis]) -> tuple[Axis | None, Axis | None]:
        """(row, column) of a result with one or two axes: as on the left, or as is natural."""
        if len(axes) == 1:
            return (axes[0], None) if self.layout.upright(axes[0]) else (None, axes[0])
        r, c = self.lhs.row, self.lhs.col
        if r and c and {r.symbol, c.symbol} == {a.symbol for a in axes}:
            return r, c
        return self.layout.ordered(axes[0], axes[1])

    # ── one expression ──────────────────────────────────────────────────────────────────

    def build(self, e: Expr, scope: Scope) -> MatrixExpr:
        """The node of e, with axes among those of `scope`."""
        if isinstance(e, Indexed):
            return self._entry(e, scope)
        if isinstance(e, sp.Add):
            return self._sum(e, [self.build(t, scope) for t in e.args])
        if isinstance(e, (sp.Mul, sp.Sum)):
            return self._product(e, scope)
        if isinstance(e, (Elementwise, sp.exp, sp.log)):
            return self._apply(e, scope)
        if isinstance(e, sp.Pow):
            base = self.build(e.base, scope)
            self._no_axis(e.exp, scope, e)
            return Scalar(e) if isinstance(base, Scalar) else Power(base, e.exp)
        if isinstance(e, sp.KroneckerDelta):
            return self._delta(e, scope)
        self._no_axis(e, scope, e)
        return Scalar(e)

    def _entry(self, e: Indexed, scope: Scope) -> MatrixExpr:
        variable = self.system.by_name.get(str(family_of(e)))
        axes: list[Axis] = []
        for place, index in enumerate(e.indices):
            axis = scope.get(index)
            if axis is None:
                self._no_axis(index, scope, e)
            elif axis in axes:
                raise NoMatrixForm(f"{e}: a diagonal has no matrix form")
            else:
                axes.append(axis)
                if variable is not None:
                    self._check_whole(variable, e, place, axis)
        if not axes:
            return Scalar(e)
        if len(axes) > 2:
            names = [a.symbol for a in axes]
            raise Irreducible(f"{e} has more than two axes", names)
        if len(axes) == 1:
            return Entry(e, *self.place(axes))
        weight = variable is not None and self._is_weight(variable)
        return Entry(e, *self.layout.ordered(axes[0], axes[1], weight))

    def _is_weight(self, variable: Variable) -> bool:
        if variable.adjoint_of is not None:
            return self._is_weight(self.system[variable.adjoint_of[1]])
        return variable.role is Role.PARAMETER

    def _check_whole(self, variable: Variable, e: Indexed, place: int, axis: Axis) -> None:
        slot = variable.slots[place]
        before = dict(zip(variable.own_index[:place], e.indices[:place], strict=True))
        whole = slot.range.substitute(before)
        for own, all_of_it in ((axis.range.lower, whole.lower), (axis.range.upper, whole.upper)):
            if own != all_of_it and sp.expand(own - all_of_it) != 0:
                raise NoMatrixForm(f"{axis.range} is only a part of {e}: {whole}")

    def _sum(self, e: Expr, terms: list[MatrixExpr]) -> MatrixExpr:
        if all(isinstance(t, Scalar) for t in terms):
            return Scalar(e)
        axes: dict[Symbol, Axis] = {}
        for t in terms:
            axes |= {a.symbol: a for a in (t.row, t.col) if a is not None}
        if len(axes) > 2:
            raise Irreducible(f"{e} has more than two axes", list(axes))
        full = [t for t in terms if t.row is not None and t.col is not None]
        place = self.place(list(axes.values())) if axes else (None, None)
        if full and {place[0], place[1]} != {self.lhs.row, self.lhs.col}:
            place = full[0].row, full[0].col
        return add(orient(t, *place) for t in terms)

    def _apply(self, e: Expr, scope: Scope) -> MatrixExpr:
        operand = self.build(e.args[0], scope)
        for parameter in e.args[1:]:
            self._no_axis(parameter, scope, e)
        if isinstance(operand, Scalar):
            return Scalar(e)
        if isinstance(e, Elementwise):
            return Apply(operand, e.row, e.order, tuple(e.args[1:]))
        return Apply(operand, TABLE["exp" if isinstance(e, sp.exp) else "log"])

    def _delta(self, e: Expr, scope: Scope) -> MatrixExpr:
        a, b = (scope.get(i) for i in e.args)
        if a is None or b is None:
            self._no_axis(e, scope, e)
            return Scalar(e)
        return Diag(Broadcast(ONE, a, None), *self.place([a, b]))

    def _no_axis(self, e: Expr, scope: Scope, where: Expr) -> None:
        """Refuse an axis index where only marks may stand."""
        if not e.args and not isinstance(e, Symbol):
            return
        axes = [s for s in e.free_symbols if scope.get(s) is not None]
        if axes:
            raise NoMatrixForm(f"{where}: the index {axes[0]} stands in {e}, not alone in a slot")

    # ── products under sums ─────────────────────────────────────────────────────────────

    def _product(self, e: Expr, scope: Scope) -> MatrixExpr:
        inner = dict(scope)
        summed: list[Axis] = []
        factors: list[MatrixExpr] = []
        for f in self._factors(e, inner, summed):
            factors.append(f)
        if not summed and all(isinstance(f, Scalar) for f in factors):
            return Scalar(e)
        return contract(factors, summed, self.place)
