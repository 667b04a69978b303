"""Values of the index form by brute force, and of the matrix form by NumPy: two witnesses."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any

import numpy as np
import sympy as sp
from sympy import Expr, Integer, Symbol

from symbp.forms.matrix import MatrixEquation
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
from symbp.functions import Elementwise
from symbp.system import Role, System
from symbp.system.equation import family_of, index_of
from symbp.system.functional import Functional
from symbp.system.maximum import Chosen

Point = Mapping[Symbol, int]


class Numbers:
    """A random number for every entry of every family, and the value of any expression.

    The families are not computed from one another, so an equation's two forms must agree
    whatever they are.
    """

    def __init__(self, system: System) -> None:
        self.system = system
        self.sizes = system.size_values()
        self.random = np.random.default_rng(1)
        self.known: dict[Any, complex] = {}

    def of(self, *key: Any) -> complex:
        if key not in self.known:
            self.known[key] = complex(*self.random.uniform(0.5, 1.5, 2))
        return self.known[key]

    def integer(self, e: Expr, point: Point) -> int:
        at = e.xreplace({symbol: Integer(value) for symbol, value in point.items()})
        while at.free_symbols:
            inner = at.xreplace(self.sizes)
            if inner == at:
                gathered = at.atoms(sp.Indexed) or at.free_symbols
                inner = at.xreplace({x: Integer(1) for x in gathered})  # data: any valid index
            at = inner
        return int(at)

    def value(self, e: Expr, point: Point) -> complex:
        if family_of(e) is not None and e not in point and not self.is_size(e):
            return self.of(family_of(e), *(self.integer(x, point) for x in index_of(e)))
        if isinstance(e, sp.Add):
            return sum(self.value(a, point) for a in e.args)
        if isinstance(e, sp.Mul):
            return complex(np.prod([self.value(a, point) for a in e.args]))
        if isinstance(e, sp.Pow):
            return self.value(e.base, point) ** self.value(e.exp, point)
        if isinstance(e, sp.Sum):
            *inner, (symbol, low, high) = e.limits
            body = sp.Sum(e.function, *inner) if inner else e.function
            span = range(self.integer(low, point), self.integer(high, point) + 1)
            return sum((self.value(body, {**point, symbol: place}) for place in span), 0j)
        if isinstance(e, Chosen):
            return complex(self.is_chosen(e, point))
        if isinstance(e, Functional):
            marks = tuple(sorted((str(x), v) for x, v in point.items() if x in e.free_symbols))
            places = tuple(self.integer(x, point) for x in e.partials)
            return self.of(e.name, marks[len(places) :], places)
        if isinstance(e, Elementwise):
            return self.apply(e.row.name, e.order, self.value(e.args[0], point))
        if isinstance(e, sp.exp):
            return self.apply("exp", 0, self.value(e.args[0], point))
        if isinstance(e, sp.KroneckerDelta):
            return float(self.integer(e.args[0], point) == self.integer(e.args[1], point))
        return complex(self.integer(e, point)) if e.free_symbols else complex(e)

    def is_chosen(self, e: Chosen, point: Point) -> bool:
        """Whether the place asked for has the greatest real part."""
        numbers: dict[tuple[int, ...], float] = {}
        for place in product(*(
            range(self.integer(r.lower, point), self.integer(r.upper, point) + 1) for r in e.ranges
        )):  # fmt: skip
            bound = {r.symbol: i for r, i in zip(e.ranges, place, strict=True)}
            numbers[place] = self.value(e.body, {**point, **bound}).real
        asked = tuple(self.integer(i, point) for i in e.place)
        return max(numbers, key=lambda place: numbers[place]) == asked

    def is_size(self, e: Expr) -> bool:
        return self.system[str(family_of(e))].role is Role.SIZE

    @staticmethod
    def apply(name: str, order: int, x: Any) -> Any:
        """Any function will do, as long as every row and every derivative is another."""
        return np.cos((1 + order) * x / 5 + sum(name.encode()) % 7)

    def places(self, axis: Axis | None) -> list[int]:
        if axis is None:
            return [0]
        return list(
            range(self.integer(axis.range.lower, {}), self.integer(axis.range.upper, {}) + 1)
        )


class Matrices:
    """The value of a matrix expression as a NumPy array of two axes."""

    def __init__(self, numbers: Numbers, point: Point) -> None:
        self.numbers = numbers
        self.point = point

    def shape(self, e: MatrixExpr) -> tuple[int, int]:
        return tuple(len(self.places(a)) for a in (e.row, e.col))  # type: ignore[return-value]

    def places(self, axis: Axis | None) -> list[int]:
        if axis is None:
            return [0]
        low, high = (
            self.numbers.integer(b, self.point) for b in (axis.range.lower, axis.range.upper)
        )
        return list(range(low, high + 1))

    def table(self, e: Expr, row: Axis | None, col: Axis | None) -> Any:
        """An index expression at every row and column."""
        result = np.zeros((len(self.places(row)), len(self.places(col))), complex)
        for (a, r), (b, s) in product(enumerate(self.places(row)), enumerate(self.places(col))):
            axes = [(x, at) for x, at in ((row, r), (col, s)) if x is not None]
            result[a, b] = self.numbers.value(e, {**self.point, **{x.symbol: at for x, at in axes}})
        return result

    def value(self, e: MatrixExpr) -> Any:
        result = getattr(self, type(e).__name__.lower())(e)
        assert result.shape == self.shape(e)
        return result

    def scalar(self, e: Scalar) -> Any:
        return self.table(e.value, None, None)

    def entry(self, e: Entry) -> Any:
        return self.table(e.entry, e.row, e.col)

    def transpose(self, e: Transpose) -> Any:
        return self.value(e.operand).T

    def matmul(self, e: MatMul) -> Any:
        return np.linalg.multi_dot([self.value(f) for f in e.factors])

    def hadamard(self, e: Hadamard) -> Any:
        return np.prod([self.value(f) for f in e.terms], axis=0)

    def add(self, e: Add) -> Any:
        return np.sum([self.value(f) for f in e.terms], axis=0)

    def scale(self, e: Scale) -> Any:
        return self.value(e.coefficient)[0, 0] * self.value(e.operand)

    def apply(self, e: Apply) -> Any:
        return self.numbers.apply(e.function.name, e.order, self.value(e.operand))

    def softmax(self, e: Softmax) -> Any:
        top = self.numbers.apply("exp", 0, self.value(e.operand))
        return top / top.sum(axis={"row": 0, "col": 1}[e.over], keepdims=True)

    def power(self, e: Power) -> Any:
        return self.value(e.operand) ** complex(self.numbers.value(e.exponent, self.point))

    def diag(self, e: Diag) -> Any:
        return np.diag(self.value(e.vector).ravel())

    def broadcast(self, e: Broadcast) -> Any:
        return np.broadcast_to(self.value(e.operand), self.shape(e))

    def sumover(self, e: SumOver) -> Any:
        axis = {"row": 0, "col": 1, "both": (0, 1)}[e.over]
        return self.value(e.operand).sum(axis=axis, keepdims=True)

    def squarednorm(self, e: SquaredNorm) -> Any:
        return np.sum(self.value(e.operand) ** 2, keepdims=True)

    def opensum(self, e: OpenSum) -> Any:
        if not e.ranges:
            return self.value(e.operand)
        (first, *rest) = e.ranges
        low, high = (self.numbers.integer(b, self.point) for b in (first.lower, first.upper))
        total = np.zeros(self.shape(e), complex)
        for place in range(low, high + 1):
            inner = type(self)(self.numbers, {**self.point, first.symbol: place})
            total = total + inner.value(OpenSum(e.operand, tuple(rest)))
        return total


def points(numbers: Numbers, form: MatrixEquation) -> list[Point]:
    """All values of the marks."""
    found: list[Point] = [{}]
    for r in form.domain:
        found = [
            {**point, r.symbol: place}
            for point in found
            for place in range(numbers.integer(r.lower, point), numbers.integer(r.upper, point) + 1)
        ]
    return found


def differences(
    form: MatrixEquation, system: System, matrices: type[Matrices] = Matrices
) -> list[float]:
    """|index form − matrix form| at every value of the marks; infinite where shapes differ."""
    numbers = Numbers(system)
    result = []
    for point in points(numbers, form):
        right = matrices(numbers, point)
        expected = right.table(form.equation.rhs, form.lhs.row, form.lhs.col)
        try:
            found = right.value(form.rhs)
        except (ValueError, AssertionError):
            result.append(float("inf"))
            continue
        result.append(
            float(abs(found - expected).max()) if found.shape == expected.shape else np.inf
        )
    return result
