"""Monte Carlo arithmetic: every result is off by its rounding, at random.

    x ∘ y  becomes  (x ∘ y)(1 + uξ),  ξ uniform in (−1, 1),  u = 2^−53

The spread of a few such runs measures how much rounding a computation amplifies: where σ(1 − σ)
cancels, where a sum of large terms vanishes. Source: Parker (1997), Monte Carlo Arithmetic.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sympy import Expr

from symbp.functions import Row
from symbp.numbers.domains import Arrays, Axes, Buffer

UNIT = float(np.finfo(np.float64).eps) / 2


class Rounded(Arrays):
    """The float or complex domain `inner` with every result rounded at random."""

    def __init__(self, inner: Arrays, seed: int) -> None:
        self.inner = inner
        self.dtype = inner.dtype
        self._rng = np.random.default_rng(seed)

    def _round(self, x: Any) -> Buffer:
        if np.iscomplexobj(x):
            return self._round(x.real) + 1j * self._round(x.imag)
        return x * (1 + UNIT * self._rng.uniform(-1, 1, np.shape(x)))

    def add(self, a: Buffer, b: Buffer) -> Buffer:
        """a + b."""
        return self._round(self.inner.add(a, b))

    def multiply(self, a: Buffer, b: Buffer) -> Buffer:
        """a · b."""
        return self._round(self.inner.multiply(a, b))

    def power(self, a: Buffer, exponent: Expr) -> Buffer:
        """aᶜ."""
        return self._round(self.inner.power(a, exponent))

    def contract(self, factors: Sequence[tuple[Buffer, Axes]], out: Axes) -> Buffer:
        """Each factor is rounded, so that sums feel it term by term."""
        return self.inner.contract([(self._round(f), axes) for f, axes in factors], out)

    def apply(self, row: Row, order: int, x: Buffer, parameters: Sequence[Buffer]) -> Buffer:
        """f⁽ᵒʳᵈᵉʳ⁾(x); its formula is made of rounded steps where it has several."""
        if order > 0:
            return super().apply(row, order, x, parameters)
        return self._round(self.inner.apply(row, order, x, parameters))

    def greatest(self, x: Buffer, axes: int) -> Buffer:
        """As inside: 1 and 0 are not rounded."""
        return self.inner.greatest(x, axes)

    def elementary(self, name: str, x: Buffer) -> Buffer:
        """A function given by the domain inside."""
        return self._round(self.inner.elementary(name, x))
