"""The matrix form: an index equation seen as one equation of vectors and matrices.

    δ[l, j] = Σ_k w[l+1, k, j] δ[l+1, k] σ'(z[l, j])      δ^l = ((W^{l+1})ᵀ δ^{l+1}) ⊙ σ'(z^l)
    ∂C/∂w[l, j, k] = (1/m) Σ_i δ[l, j, i] a[l−1, k, i]    ∂C/∂W^l = (1/m) Δ^l (A^{l−1})ᵀ

A view: it adds no mathematics. An index is an axis where every entry that it stands in has it
alone in a slot that is one (`axis_slots`) and over the whole of that slot. Other indices are
marks if they are free and open sums if they are summed over.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import sympy as sp
from sympy import Expr, Indexed, Symbol

from symbp.forms.axes import axis_slots
from symbp.forms.contract import Irreducible, NoMatrixForm, contract
from symbp.forms.layout import COLUMN, Layout
from symbp.forms.matrix_build import ONE, add, open_sum, orient
from symbp.forms.matrix_expr import (
    Apply,
    Axis,
    Broadcast,
    Diag,
    Entry,
    MatrixExpr,
    Power,
    Scalar,
    Softmax,
    same,
)
from symbp.forms.matrix_text import text
from symbp.forms.softmax import softmax_in
from symbp.functions import TABLE, Elementwise
from symbp.system import Equation, Kind, Range, Role, System, Variable
from symbp.system.equation import family_of
from symbp.system.functional import Functional
from symbp.system.indices import AtLeast, substitute

__all__ = ["MatrixEquation", "NoMatrixForm", "matrix_form", "matrix_forms"]

Scope = Mapping[Symbol, "Axis | None"]  # bound indices; None: a mark


@dataclass(frozen=True)
class MatrixEquation:
    """lhs = rhs for all marks in `domain` (the layer, the time); both sides have one shape."""

    lhs: MatrixExpr
    rhs: MatrixExpr
    equation: Equation
    domain: tuple[Range, ...]

    def __str__(self) -> str:
        domain = ", ".join(str(r) for r in self.domain)
        return f"{text(self.lhs)} = {text(self.rhs)}" + (f"   for {domain}" if domain else "")


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
        self.axis_slots = axis_slots(system, layout.axes)
        self._uses: dict[Expr, dict[Symbol, Kind | None]] = {}
        self._opened: set[Symbol] = set()  # bound indices that could be axes but are summed openly

    def equation_form(self) -> MatrixEquation:
        """Both sides in the layout of the left one."""
        ranges = {r.symbol: r for r in self.equation.domain}
        uses = self.uses(self.equation.lhs)
        marked = {s for s, kind in self.uses(self.equation.rhs).items() if kind is None}
        could_be = {s for s in ranges if uses.get(s) is not None}
        if could_be and could_be <= marked:
            raise NoMatrixForm(f"{self.equation.lhs}: a condition names every index of it")
        scope: dict[Symbol, Axis | None] = {}
        for symbol, r in ranges.items():
            kind = uses.get(symbol)
            scope[symbol] = Axis(r, kind) if kind is not None and symbol not in marked else None
        self.lhs = self.build(self.equation.lhs, scope)
        rhs = orient(self.build(self.equation.rhs, scope), self.lhs.row, self.lhs.col)
        if isinstance(rhs, Scalar) and rhs.value.has(sp.Sum):
            raise NoMatrixForm("no index that is summed over is an axis of a vector or a matrix")
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

    # -- one expression --------------------------------------------------------------------

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
        if isinstance(e, Functional):
            return self._functional(e, scope)
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
        weight = len(axes) == 2 and variable is not None and self._is_weight(variable)
        return self._leaf(e, axes, weight)

    def _functional(self, e: Functional, scope: Scope) -> MatrixExpr:
        """C(o, y), ∇C or ∇²C of an unspecified function: a leaf, as an entry is."""
        found = (scope.get(s) for s in self.uses(e))
        axes = [a for a in found if a is not None]
        for partial in e.partials:
            if partial not in scope:
                self._no_axis(partial, scope, e)
        return self._leaf(e, axes, weight=False)

    def _leaf(self, e: Expr, axes: list[Axis], weight: bool) -> MatrixExpr:
        if not axes:
            return Scalar(e)
        if len(axes) > 2:
            names = [a.symbol for a in axes]
            raise Irreducible(f"{e} has more than two axes; leave a kind out of Layout.axes", names)
        if len(axes) == 1:
            return Entry(e, *self.place(axes))
        return Entry(e, *self.layout.ordered(axes[0], axes[1], weight))

    def _is_weight(self, variable: Variable) -> bool:
        """Whether it is a parameter, the adjoint of one, or has the indices of one."""
        if variable.adjoint_of is not None:
            return self._is_weight(self.system[variable.adjoint_of[1]])
        parameters = self.system.with_role(Role.PARAMETER)
        return any(variable is p or variable.slots == p.slots for p in parameters)

    def _check_whole(self, variable: Variable, e: Indexed, place: int, axis: Axis) -> None:
        slot = variable.slots[place]
        before = dict(zip(variable.own_index[:place], e.indices[:place], strict=True))
        whole = _moved(slot.range, tuple(before.items()))
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

    def _softmax(self, argument: Expr, axis: Axis, scope: Scope) -> MatrixExpr:
        operand = self.build(argument, scope)
        return Softmax(operand, "row" if same(operand.row, axis) else "col")

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

    # -- products under sums ---------------------------------------------------------------

    def _product(self, e: Expr, scope: Scope) -> MatrixExpr:
        """A product, with the sums among its factors opened up."""
        try:
            inner = dict(scope)
            summed: list[Axis] = []
            factors: list[MatrixExpr] = []
            self._flatten(e, inner, summed, factors)
            if not summed and all(isinstance(f, Scalar) for f in factors):
                return Scalar(e)
            return contract(factors, summed, self.place)
        except Irreducible as reason:
            return self._with_open_sum(e, scope, reason)

    def _with_open_sum(self, e: Expr, scope: Scope, reason: Irreducible) -> MatrixExpr:
        """The product with one of the indices that are in the way summed openly instead."""
        bound = {k for s in e.atoms(sp.Sum) for k, *_ in s.limits}
        for k in reason.axes:
            if k in bound and k not in self._opened:
                self._opened.add(k)
                try:
                    return self._product(e, scope)
                except Irreducible:
                    self._opened.discard(k)
        raise reason

    def _flatten(
        self, e: Expr, scope: dict[Symbol, Axis | None], summed: list[Axis], out: list[MatrixExpr]
    ) -> None:
        """The factors of e, and the axes that are summed over; `scope` grows by these."""
        if isinstance(e, sp.Mul):
            found = softmax_in(e)
            axis = scope.get(found.range.symbol) if found is not None else None
            if found is not None and axis is not None and axis.range == found.range:
                out.append(self._softmax(found.argument, axis, scope))
                e = found.rest
            for f in sp.Mul.make_args(e):
                self._flatten(f, scope, summed, out)
            return
        if not isinstance(e, sp.Sum):
            out.append(self.build(e, scope))
            return
        body, ranges = self._unbound(e, scope)
        axes, open_ranges = self._told_apart(body, ranges)
        if open_ranges:
            out.append(self._open_sum(e, body, axes, open_ranges, scope))
        elif isinstance(body, sp.Add) and self._splits(body, axes):
            out.append(self._sum(e, [self._sum_of(t, axes, scope) for t in body.args]))
        else:
            scope.update({a.symbol: a for a in axes})
            summed.extend(axes)
            self._flatten(body, scope, summed, out)

    def _unbound(self, e: Expr, scope: Scope) -> tuple[Expr, list[Range]]:
        """The body and the ranges, outermost first, of sums directly inside each other."""
        ranges: list[Range] = []
        body = e
        while isinstance(body, sp.Sum):
            clash = {k: sp.Dummy(k.name, integer=True) for k, *_ in body.limits if k in scope}
            limits = [(clash.get(k, k), *(substitute(b, clash) for b in bounds))
                      for k, *bounds in body.limits]  # fmt: skip
            ranges.extend(Range(*limit) for limit in reversed(limits))
            body = substitute(body.function, clash)
        return body, ranges

    def _told_apart(self, body: Expr, ranges: Sequence[Range]) -> tuple[list[Axis], list[Range]]:
        """The ranges that are axes, and those that stay open sums."""
        uses = self.uses(body)
        axes: list[Axis] = []
        open_ranges: list[Range] = []
        for r in ranges:
            kind = uses.get(r.symbol)
            if kind is None or r.symbol in self._opened:
                open_ranges.append(r)
            else:
                axes.append(Axis(r, kind))
        return axes, open_ranges

    def _open_sum(
        self, e: Expr, body: Expr, axes: list[Axis], ranges: list[Range], scope: Scope
    ) -> MatrixExpr:
        inner = self._sum_of(body, axes, {**scope, **{r.symbol: None for r in ranges}})
        for r in ranges:
            for bound in (r.lower, r.upper):
                self._no_axis(bound, {**scope, **{a.symbol: a for a in axes}}, e)
        return Scalar(e) if isinstance(inner, Scalar) else open_sum(inner, ranges)

    def _sum_of(self, body: Expr, axes: list[Axis], scope: Scope) -> MatrixExpr:
        inner = {**scope, **{a.symbol: a for a in axes}}
        summed = list(axes)
        factors: list[MatrixExpr] = []
        self._flatten(body, inner, summed, factors)
        return contract(factors, summed, self.place)

    def _splits(self, body: Expr, axes: list[Axis]) -> bool:
        """Whether Σ (u v + x y) reads better as uᵀv + xᵀy: every term is such a product."""
        symbols = {a.symbol for a in axes}
        return all(
            sum(symbols <= self.uses(f).keys() for f in sp.Mul.make_args(t)) > 1 for t in body.args
        )

    def uses(self, e: Expr) -> Mapping[Symbol, Kind | None]:
        """What each index in e is used as: the kind of an axis, or None for a mark."""
        found = self._uses.get(e)
        if found is None:
            found = self._uses[e] = {}
            for symbol, kind in self._index_uses(e):
                found[symbol] = None if kind is None else found.get(symbol, kind)
        return found

    def _index_uses(self, e: Expr) -> Iterator[tuple[Symbol, Kind | None]]:
        if isinstance(e, Indexed):
            variable = self.system.by_name.get(str(family_of(e)))
            for place, index in enumerate(e.indices):
                whole = variable is not None and (variable.name, place) in self.axis_slots
                kind = variable.slots[place].kind if variable is not None and whole else None
                yield from self._as_index(index, kind)
        elif isinstance(e, Functional):
            bound = e.limits[0][0]
            inside = {s: kind for entry in e.entries for s, kind in self.uses(entry).items()}
            for partial in e.partials:
                yield from self._as_index(partial, inside.get(bound))
            yield from ((s, kind) for s, kind in inside.items() if s != bound)
        elif isinstance(e, (sp.KroneckerDelta, AtLeast)):
            plain = isinstance(e, sp.KroneckerDelta) and all(isinstance(a, Symbol) for a in e.args)
            yield from ((s, None) for s in e.free_symbols if not plain)  # [v = w_t], [s ≤ t]
        else:
            for a in e.args:
                yield from self.uses(a).items()

    def _as_index(self, index: Expr, kind: Kind | None) -> Iterator[tuple[Symbol, Kind | None]]:
        if isinstance(index, Symbol):
            yield index, kind
        else:
            yield from ((s, None) for s in index.free_symbols)


@lru_cache(maxsize=4096)
def _moved(r: Range, mapping: tuple[tuple[Expr, Expr], ...]) -> Range:
    """A slot's range at the indices before it; remembered, for it is asked for all the time."""
    return r.substitute(dict(mapping))
