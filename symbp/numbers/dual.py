"""Dual numbers x + ẋε over any domain: forward mode, a witness that knows no adjoint.

    (x + ẋε)(y + ẏε) = xy + (ẋy + xẏ)ε      f(x + ẋε) = f(x) + f'(x) ẋ ε

f' is found by pushing the dual number through f's `value` (sums, products, exp, ...), not by
the table's `derivative`, so a wrong row is caught. One pass gives the derivative of every
output in one direction of all parameters at once, or in many directions: x + Σ_d ẋ_d ε_d with
ε_d ε_e = 0. Source: Clifford (1873).
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

DIRECTION = object()  #: the axis of directions, which stands first


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
    """Dual numbers over `inner`; with `directions` tangents have that many rows, one for each."""

    def __init__(self, inner: Domain, directions: int | None = None) -> None:
        self.inner = inner
        self.directions = directions
        self._lead: Axes = () if directions is None else (DIRECTION,)

    def array(self, values: Any) -> DualArray:
        """Numbers without tangent, or a dual array as it is."""
        return values if isinstance(values, DualArray) else DualArray(self.inner.array(values))

    def number(self, value: Expr) -> DualArray:
        """A constant."""
        return DualArray(self.inner.number(value))

    def arrange(self, buffer: DualArray, axes: Axes, target: Axes) -> DualArray:
        """Both parts arranged."""
        if axes == target:
            return buffer
        value, tangent = self.inner.arrange(buffer.value, axes, target), buffer.tangent
        if tangent is not None:
            tangent = self.inner.arrange(tangent, (*self._lead, *axes), (*self._lead, *target))
        return DualArray(value, tangent)

    def take(self, buffer: DualArray, index: tuple[Any, ...]) -> DualArray:
        """Both parts taken."""
        value, tangent = self.inner.take(buffer.value, index), buffer.tangent
        if tangent is not None:
            tangent = self.inner.take(tangent, (*(slice(None) for _ in self._lead), *index))
        return DualArray(value, tangent)

    def where(self, mask: np.ndarray, a: DualArray) -> DualArray:
        """Both parts masked."""
        tangent = None if a.tangent is None else self.inner.where(mask, a.tangent)
        return DualArray(self.inner.where(mask, a.value), tangent)

    def stack(self, buffers: Sequence[DualArray]) -> DualArray:
        """Both parts stacked."""
        values = self.inner.stack([b.value for b in buffers])
        if all(b.tangent is None for b in buffers):
            return DualArray(values)
        tangent = self.inner.stack([self.tangent(b) for b in buffers])
        axes = tuple(range(len(values.shape)))
        first = (axes[0], *self._lead, *axes[1:])
        return DualArray(values, self.inner.arrange(tangent, first, (*self._lead, *axes)))

    def add(self, a: DualArray, b: DualArray) -> DualArray:
        """(x + y) + (ẋ + ẏ)ε; a tangent that is repeated along an axis is so for each entry."""
        value = self.inner.add(a.value, b.value)
        tangent = self._sum([a.tangent, b.tangent])
        if tangent is not None and self._shape(tangent) != tuple(value.shape):
            zeros = self.inner.multiply(value, self.inner.number(S.Zero))
            tangent = self._combined(self.inner.add, tangent, zeros)
        return DualArray(value, tangent)

    def multiply(self, a: DualArray, b: DualArray) -> DualArray:
        """xy + (ẋy + xẏ)ε."""
        terms = [
            None if a.tangent is None else self._scaled(a.tangent, b.value),
            None if b.tangent is None else self._scaled(b.tangent, a.value),
        ]
        return DualArray(self.inner.multiply(a.value, b.value), self._sum(terms))

    def power(self, a: DualArray, exponent: Expr) -> DualArray:
        """xᶜ + c xᶜ⁻¹ ẋ ε."""
        value = self.inner.power(a.value, exponent)
        if a.tangent is None:
            return DualArray(value)
        slope = self.inner.multiply(
            self.inner.number(exponent), self.inner.power(a.value, exponent - 1)
        )
        return self._push(a, value, slope)

    def contract(self, factors: Sequence[tuple[DualArray, Axes]], out: Axes) -> DualArray:
        """The product rule: one contraction for each factor with a tangent."""
        plain = [(f.value, axes) for f, axes in factors]
        lead = self._lead
        terms = [
            self.inner.contract(
                [*plain[:i], *plain[i + 1 :], (f.tangent, (*lead, *axes))], (*lead, *out)
            )
            for i, (f, axes) in enumerate(factors)
            if f.tangent is not None
        ]
        return DualArray(self.inner.contract(plain, out), self._sum(terms))

    def greatest(self, x: DualArray, axes: int) -> DualArray:
        """By the values; it does not change but by a jump."""
        return DualArray(self.inner.greatest(x.value, axes))

    def elementary(self, name: str, x: DualArray) -> DualArray:
        """exp' = exp, log' = 1/x, erf' = 2/√π exp(−x²), step' = sign' = 0."""
        inner: Any = self.inner
        value = inner.elementary(name, x.value)
        if name in ("step", "sign") or x.tangent is None:
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
        if x.tangent is None:
            return DualArray(value)
        return self._push(x, value, self.inner.apply(row, order + 1, x.value, ()))

    def tangent(self, a: DualArray) -> Any:
        """ẋ, also where it is zero."""
        if a.tangent is not None:
            return a.tangent
        zeros = self.inner.multiply(a.value, self.inner.number(S.Zero))
        if self.directions is None:
            return zeros
        return self.inner.stack([zeros] * self.directions)

    def _push(self, x: DualArray, value: Any, slope: Any) -> DualArray:
        return DualArray(value, self._scaled(x.tangent, slope))

    def _scaled(self, tangent: Any, value: Any) -> Any:
        """ẋ y."""
        return self._combined(self.inner.multiply, tangent, value)

    def _combined(self, combine: Any, tangent: Any, value: Any) -> Any:
        """A tangent and a value: the value is the same in all directions."""
        if not self._lead:
            return combine(tangent, value)
        own, rank = len(value.shape), len(self._shape(tangent))
        if own:  # a single number meets any array
            value = self.inner.take(value, (None,) * (1 + max(0, rank - own)))
        return combine(self._widened(tangent, own), value)

    def _widened(self, tangent: Any, rank: int) -> Any:
        """A tangent with axes of length 1 in front of its own, behind that of the directions."""
        missing = rank - len(self._shape(tangent))
        if missing <= 0 or not self._lead:
            return tangent
        return self.inner.take(tangent, (slice(None), *(None,) * missing))

    def _shape(self, tangent: Any) -> tuple[int, ...]:
        return tuple(tangent.shape)[len(self._lead) :]

    def _sum(self, terms: Sequence[Any | None]) -> Any | None:
        given = [t for t in terms if t is not None]
        if len(given) < 2:
            return given[0] if given else None
        rank = max(len(self._shape(t)) for t in given)
        return reduce(self.inner.add, (self._widened(t, rank) for t in given))
