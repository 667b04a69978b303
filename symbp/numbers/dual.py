"""Dual numbers x + ẋε over any domain: forward mode, a witness that knows no adjoint.

    (x + ẋε)(y + ẏε) = xy + (ẋy + xẏ)ε      f(x + ẋε) = f(x) + f'(x) ẋ ε

f' is found by pushing the dual number through f's `value` (sums, products, exp, ...), not by
the table's `derivative`, so a wrong row is caught. One pass gives the derivative of every
output in one direction of all parameters at once. Source: Clifford (1873).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
import sympy as sp
from sympy import Expr, S

from symbp.functions import Row
from symbp.numbers.domains import Arrays, Axes, Domain


@dataclass(frozen=True)
class DualArray:
    """x and ẋ; a tangent of None is zero everywhere."""

    value: Any
    tangent: Any = None

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the array of numbers."""
        return tuple(self.value.shape)


class Dual(Arrays):
    """Dual numbers over `inner`."""

    def __init__(self, inner: Domain) -> None:
        self.inner = inner

    def array(self, values: Any) -> DualArray:
        """Numbers without tangent, or a dual array as it is."""
        return values if isinstance(values, DualArray) else DualArray(self.inner.array(values))

    def number(self, value: Expr) -> DualArray:
        """A constant."""
        return DualArray(self.inner.number(value))

    def arrange(self, buffer: DualArray, axes: Axes, target: Axes) -> DualArray:
        """Both parts arranged."""
        return self._both(buffer, lambda b: self.inner.arrange(b, axes, target))

    def take(self, buffer: DualArray, index: tuple[Any, ...]) -> DualArray:
        """Both parts taken."""
        return self._both(buffer, lambda b: self.inner.take(b, index))

    def where(self, mask: np.ndarray, a: DualArray) -> DualArray:
        """Both parts masked."""
        return self._both(a, lambda b: self.inner.where(mask, b))

    def stack(self, buffers: Sequence[DualArray]) -> DualArray:
        """Both parts stacked."""
        values = self.inner.stack([b.value for b in buffers])
        if all(b.tangent is None for b in buffers):
            return DualArray(values)
        return DualArray(values, self.inner.stack([self._tangent(b) for b in buffers]))

    def add(self, a: DualArray, b: DualArray) -> DualArray:
        """(x + y) + (ẋ + ẏ)ε; a tangent that is repeated along an axis is so for each entry."""
        value, tangent = self.inner.add(a.value, b.value), self._sum([a.tangent, b.tangent])
        if tangent is not None and tuple(tangent.shape) != tuple(value.shape):
            tangent = self.inner.add(tangent, self.inner.multiply(value, self.inner.number(S.Zero)))
        return DualArray(value, tangent)

    def multiply(self, a: DualArray, b: DualArray) -> DualArray:
        """xy + (ẋy + xẏ)ε."""
        terms = [
            None if a.tangent is None else self.inner.multiply(a.tangent, b.value),
            None if b.tangent is None else self.inner.multiply(a.value, b.tangent),
        ]
        return DualArray(self.inner.multiply(a.value, b.value), self._sum(terms))

    def power(self, a: DualArray, exponent: Expr) -> DualArray:
        """xᶜ + c xᶜ⁻¹ ẋ ε."""
        value = self.inner.power(a.value, exponent)
        slope = self.inner.multiply(
            self.inner.number(exponent), self.inner.power(a.value, exponent - 1)
        )
        return self._push(a, value, slope)

    def contract(self, factors: Sequence[tuple[DualArray, Axes]], out: Axes) -> DualArray:
        """The product rule: one contraction for each factor with a tangent."""
        plain = [(f.value, axes) for f, axes in factors]
        terms = [
            self.inner.contract([*plain[:i], (f.tangent, axes), *plain[i + 1 :]], out)
            for i, (f, axes) in enumerate(factors)
            if f.tangent is not None
        ]
        return DualArray(self.inner.contract(plain, out), self._sum(terms))

    def elementary(self, name: str, x: DualArray) -> DualArray:
        """exp' = exp, log' = 1/x, erf' = 2/√π exp(−x²), step' = sign' = 0."""
        inner: Any = self.inner
        value = inner.elementary(name, x.value)
        if name in ("step", "sign"):
            return DualArray(value)
        if name == "exp":
            return self._push(x, value, value)
        if name == "log":
            return self._push(x, value, inner.power(x.value, S.NegativeOne))
        square = inner.multiply(inner.number(S.NegativeOne), inner.multiply(x.value, x.value))
        bell = inner.elementary("exp", square)
        return self._push(x, value, inner.multiply(inner.number(2 / sp.sqrt(sp.pi)), bell))

    def apply(
        self, row: Row, order: int, x: DualArray, parameters: Sequence[DualArray]
    ) -> DualArray:
        """By the row's value; an unspecified f by its next oracle f'."""
        if row.specified:
            return super().apply(row, order, x, parameters)
        value = self.inner.apply(row, order, x.value, ())
        return self._push(x, value, self.inner.apply(row, order + 1, x.value, ()))

    def _push(self, x: DualArray, value: Any, slope: Any) -> DualArray:
        if x.tangent is None:
            return DualArray(value)
        return DualArray(value, self.inner.multiply(slope, x.tangent))

    def _both(self, a: DualArray, f: Any) -> DualArray:
        return DualArray(f(a.value), None if a.tangent is None else f(a.tangent))

    def _tangent(self, a: DualArray) -> Any:
        zero = self.inner.number(S.Zero)
        return a.tangent if a.tangent is not None else self.inner.multiply(a.value, zero)

    def _sum(self, terms: Sequence[Any | None]) -> Any | None:
        given = [t for t in terms if t is not None]
        return reduce(self.inner.add, given) if given else None
