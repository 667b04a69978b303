"""Evaluators of matrix expressions with one fault each, which a comparison must notice."""

from __future__ import annotations

from typing import Any

import numpy as np

from symbp.forms.matrix_expr import (
    Add,
    Apply,
    Broadcast,
    Diag,
    Hadamard,
    MatMul,
    MatrixExpr,
    OpenSum,
    Power,
    Scale,
    Softmax,
    SquaredNorm,
    SumOver,
    Transpose,
)
from tests.matrix_values import Matrices


class Unshaped(Matrices):
    def value(self, e: MatrixExpr) -> Any:
        return getattr(self, type(e).__name__.lower())(e)


class NoTranspose(Unshaped):
    def transpose(self, e: Transpose) -> Any:
        return self.value(e.operand)


class Swapped(Unshaped):
    def matmul(self, e: MatMul) -> Any:
        return np.linalg.multi_dot([self.value(f) for f in reversed(e.factors)])


class NoScale(Matrices):
    def scale(self, e: Scale) -> Any:
        return self.value(e.operand)


class FirstFactor(Matrices):
    def hadamard(self, e: Hadamard) -> Any:
        return self.value(e.terms[0])


class FirstTerm(Matrices):
    def add(self, e: Add) -> Any:
        return self.value(e.terms[0])


class NoPrime(Matrices):
    def apply(self, e: Apply) -> Any:
        return self.numbers.apply(e.function.name, 0, self.value(e.operand))


class OtherSoftmax(Matrices):
    def softmax(self, e: Softmax) -> Any:
        top = self.numbers.apply("exp", 0, self.value(e.operand))
        return top / top.sum(axis={"row": 1, "col": 0}[e.over], keepdims=True)


class Linear(Matrices):
    def power(self, e: Power) -> Any:
        return self.value(e.operand)


class OtherSum(Unshaped):
    def sumover(self, e: SumOver) -> Any:
        axis = {"row": 1, "col": 0, "both": (0, 1)}[e.over]
        return self.value(e.operand).sum(axis=axis, keepdims=True)


class Norm(Matrices):
    def squarednorm(self, e: SquaredNorm) -> Any:
        return np.sum(self.value(e.operand), keepdims=True)


class FirstOfSum(Matrices):
    def opensum(self, e: OpenSum) -> Any:
        first = {r.symbol: self.numbers.integer(r.lower, self.point) for r in e.ranges}
        return Matrices(self.numbers, {**self.point, **first}).value(e.operand)


class NoDiagonal(Matrices):
    def diag(self, e: Diag) -> Any:
        return np.broadcast_to(self.value(e.vector).ravel(), self.shape(e))


class NoBroadcast(Matrices):
    def broadcast(self, e: Broadcast) -> Any:
        return np.diag(np.diag(np.broadcast_to(self.value(e.operand), self.shape(e))))
