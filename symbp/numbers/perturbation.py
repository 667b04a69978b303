"""Numbers with a difference: x + Δx_P, one Δ for each perturbed entry P, carried without rules.

    (x + Δx) + (y + Δy) = (x + y) + (Δx + Δy)
    (x + Δx)(y + Δy)    = xy + (Δx·y + x·Δy + Δx·Δy)
    f(x + Δx)           = f(x) + (f(x + Δx) − f(x))

Nothing here is differentiated: f is evaluated twice. With Δ = ih the loss gives the complex step
of every entry at once, with Δ = ±h the difference quotients. A difference stays at its place as
long as it can: w_jk perturbed at (j, k) = (J, K) changes Σ_k w_jk x_k at j = J only, so that
every weight of a network is perturbed by itself at the cost of a few numbers each.

Guarantees. The values are those of the unperturbed evaluation. A difference is exact up to the
rounding of the domain inside; of a function with kinks it is known which P met or crossed one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sympy import Expr, S

from symbp.functions import Row
from symbp.numbers.domains import Arrays, Axes, Buffer

Places = Mapping[int, NDArray[np.intp]]
LEAD = object()  #: the axis of perturbations
Factor = tuple[Buffer, Axes]


@dataclass(frozen=True)
class Perturbed:
    """x, and Δx[P, rest]: at index `at[i][P]` of each axis i in `at`, along all other axes."""

    value: Buffer
    delta: Buffer | None = None
    at: Places = field(default_factory=dict)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of x."""
        return tuple(self.value.shape)


class Differences(Arrays):
    """Numbers with differences over `inner`, whose buffers are NumPy arrays."""

    def __init__(self, inner: Arrays, count: int) -> None:
        self.inner = inner
        self.count = count
        self.kinked = np.zeros(count, bool)  #: the P that met or crossed a kink
        self.largest = 1  #: the most numbers that one P needed in one array
        self._zero = inner.number(S.Zero)

    # -- what only moves numbers ------------------------------------------------------------

    def array(self, values: Any) -> Perturbed:
        """Numbers without difference, or a perturbed array as it is."""
        return values if isinstance(values, Perturbed) else Perturbed(self.inner.array(values))

    def number(self, value: Expr) -> Perturbed:
        """A constant."""
        return Perturbed(self.inner.number(value))

    def arrange(self, buffer: Perturbed, axes: Axes, target: Axes) -> Perturbed:
        """As for arrays; Δ has the axes at which it does not stay in place."""
        value = self.inner.arrange(buffer.value, axes, target)
        if buffer.delta is None:
            return Perturbed(value)
        fixed = {axes[i]: places for i, places in buffer.at.items()}
        rest, rest_target = ((LEAD, *(a for a in of if a not in fixed)) for of in (axes, target))
        delta = self.inner.arrange(buffer.delta, rest, rest_target)
        return Perturbed(value, delta, {target.index(a): p for a, p in fixed.items()})

    def take(self, buffer: Perturbed, index: tuple[Any, ...]) -> Perturbed:
        """buffer[index]; a Δ in place is met by those entries that are taken from there."""
        value = self.inner.take(buffer.value, index)
        if buffer.delta is None:
            return Perturbed(value)
        index = np.broadcast_arrays(*index)
        rest = [i for axis, i in enumerate(index) if axis not in buffer.at]
        delta = buffer.delta[:, *rest] if rest else _column(buffer.delta, value.ndim)
        for axis, places in buffer.at.items():
            delta = np.where(index[axis] == _column(places, value.ndim), delta, self._zero)
        return self._made(value, delta)

    def stack(self, buffers: Sequence[Perturbed]) -> Perturbed:
        """Buffers of one shape along a new first axis."""
        value = self.inner.stack([b.value for b in buffers])
        if all(b.delta is None for b in buffers):
            return Perturbed(value)
        return self._made(value, np.stack([self.spread(b) for b in buffers], axis=1))

    def spread(self, x: Perturbed) -> Buffer:
        """Δx[P, all axes of x]: zero but at its places."""
        if x.delta is not None and not x.at:
            return np.broadcast_to(x.delta, (self.count, *x.shape))
        full = np.full((self.count, *x.shape), self._zero)
        if x.delta is not None:
            index = [x.at.get(axis, slice(None)) for axis in range(len(x.shape))]
            full[np.arange(self.count), *index] = x.delta
        return full

    # -- arithmetic -------------------------------------------------------------------------

    def add(self, a: Perturbed, b: Perturbed) -> Perturbed:
        """(x + y) + (Δx + Δy)."""
        value = self.inner.add(a.value, b.value)
        return self._sum(value, [x for x in (a, b) if x.delta is not None])

    def multiply(self, a: Perturbed, b: Perturbed) -> Perturbed:
        """xy + (Δx·y + x·Δy + Δx·Δy)."""
        value = self.inner.multiply(a.value, b.value)
        if a.delta is None and b.delta is None:
            return Perturbed(value)
        axes = tuple(i for i, n in enumerate(value.shape) if n > 1)
        narrow = value.reshape([value.shape[i] for i in axes])
        product = self._expanded(narrow, [_squeezed(a), _squeezed(b)], axes)
        return self.arrange(product, axes, tuple(range(value.ndim)))

    def contract(self, factors: Sequence[tuple[Perturbed, Axes]], out: Axes) -> Perturbed:
        """Σ Π (x + Δx) = Σ Π x + one sum for each choice of factors that give their Δ."""
        value = self.inner.contract([(f.value, axes) for f, axes in factors], out)
        return self._expanded(value, factors, out)

    def _expanded(
        self, value: Buffer, factors: Sequence[tuple[Perturbed, Axes]], out: Axes
    ) -> Perturbed:
        moving = [i for i, (f, _) in enumerate(factors) if f.delta is not None]
        choices = [set(c) for n in range(len(moving)) for c in combinations(moving, n + 1)]
        return self._sum(value, [self._term(value, factors, c, out) for c in choices])

    def _term(
        self, value: Buffer, factors: Sequence[tuple[Perturbed, Axes]], chosen: set[int], out: Axes
    ) -> Perturbed:
        """Σ Π with Δ for the chosen factors: their places fix indices of all factors."""
        fixed: dict[Any, NDArray[np.intp]] = {}
        operands: list[Factor] = []
        for i in chosen:
            f, axes = factors[i]
            for axis, places in f.at.items():
                other = fixed.setdefault(axes[axis], places)
                if other is not places:
                    same = self.inner.array((other == places).astype(np.int64))
                    operands.append((same, (LEAD,)))
        for i, (f, axes) in enumerate(factors):
            if i in chosen:
                rest = (LEAD, *(a for n, a in enumerate(axes) if n not in f.at))
                operands.append(self._pick(f.delta, rest, fixed))
            else:
                operands.append(self._pick(f.value, axes, fixed))
        target = (LEAD, *(a for a in out if a not in fixed))
        delta = self._product(operands, target)
        return self._made(value, delta, {out.index(a): p for a, p in fixed.items() if a in out})

    def _product(self, operands: list[Factor], target: Axes) -> Buffer:
        """Σ over what is not in `target` of the product."""
        if any(a not in target for _, axes in operands for a in axes):
            return self.inner.contract(operands, target)
        return reduce(self.inner.multiply, (self.inner.arrange(*o, target) for o in operands))

    def _pick(self, buffer: Buffer, axes: Axes, fixed: Mapping[Any, NDArray[np.intp]]) -> Factor:
        """The buffer at the fixed indices of each P, with the axis P first."""
        first = [a for a in axes if a in fixed]
        if not first:
            return buffer, axes
        places = [fixed[a] for a in first]
        if LEAD in axes:
            first, places = [LEAD, *first], [np.arange(self.count), *places]
        rest = tuple(a for a in axes if a not in first)
        return self.inner.arrange(buffer, axes, (*first, *rest))[tuple(places)], (LEAD, *rest)

    def _sum(self, value: Buffer, terms: Sequence[Perturbed]) -> Perturbed:
        """The value with the Δ of all terms; in place where all stay at the same places."""
        if not terms:
            return Perturbed(value)
        whole = [self._widened(t, value.shape) for t in terms]
        first = whole[0].at
        together = all(
            t.at.keys() == first.keys() and all(t.at[i] is first[i] for i in first) for t in whole
        )
        deltas = [t.delta if together else self.spread(t) for t in whole]
        return self._made(value, reduce(self.inner.add, deltas), first if together else {})

    def _widened(self, x: Perturbed, shape: tuple[int, ...]) -> Perturbed:
        """x repeated along the axes of length 1 that are longer in `shape`."""
        rest = tuple(n for axis, n in enumerate(shape) if axis not in x.at)
        delta = np.broadcast_to(np.asarray(x.delta), (self.count, *rest))
        return Perturbed(np.broadcast_to(x.value, shape), delta, x.at)

    def _made(self, value: Buffer, delta: Buffer, at: Places | None = None) -> Perturbed:
        self.largest = max(self.largest, delta.size // max(self.count, 1))
        return Perturbed(value, delta, at or {})

    # -- functions --------------------------------------------------------------------------

    def power(self, a: Perturbed, exponent: Expr) -> Perturbed:
        """f(x + Δx) − f(x) for f = xᶜ."""
        return self._map(a, lambda x: self.inner.power(x, exponent))

    def apply(
        self, row: Row, order: int, x: Perturbed, parameters: Sequence[Perturbed]
    ) -> Perturbed:
        """f(x + Δx) − f(x) for the row's f; notes which Δ meet a kink."""
        given = [p.value for p in parameters]
        if row.kinks and x.delta is not None:
            for kink in row.kinks:
                self._note_kinks(x, self.inner.number(kink))
        return self._map(x, lambda z: self.inner.apply(row, order, z, given))

    def greatest(self, x: Perturbed, axes: int) -> Perturbed:
        """As it is after less as it was before; notes which Δ meet equal numbers or pass others."""
        value = self.inner.greatest(x.value, axes)
        if x.delta is None:
            return Perturbed(value)
        delta = self.spread(x)
        after = self.inner.greatest(self.inner.add(x.value[None], delta), axes)
        change = self.inner.add(after, -value[None])
        last = tuple(range(-axes, 0))
        top = _real(x.value * value).sum(axis=last, keepdims=True)
        ties = (_real(x.value) == top) & (value == 0)
        moved = delta != (delta * value[None]).sum(axis=last, keepdims=True)
        met = (ties[None] & moved) | (change != 0)
        self.kinked |= np.asarray(met, bool).any(axis=tuple(range(1, met.ndim)))
        return self._made(value, change)

    def _map(self, x: Perturbed, f: Callable[[Buffer], Buffer]) -> Perturbed:
        value = f(x.value)
        if x.delta is None:
            return Perturbed(value)
        after = f(self.inner.add(self._here(x, x.value), x.delta))
        return self._made(value, self.inner.add(after, -self._here(x, value)), x.at)

    def _here(self, x: Perturbed, value: Buffer) -> Buffer:
        """The numbers of `value` where Δx is, with the axis P first."""
        buffer, axes = self._pick(value, tuple(range(value.ndim)), x.at)
        return buffer if LEAD in axes else buffer[None]

    def _note_kinks(self, x: Perturbed, kink: Buffer) -> None:
        here = self._here(x, x.value) - kink
        before, after = _real(here), _real(here + x.delta)
        met = (x.delta != 0) & (before * after <= 0)
        self.kinked |= np.asarray(met, bool).any(axis=tuple(range(1, met.ndim)))


def _real(x: Buffer) -> Buffer:
    return x.real if x.dtype != object else np.frompyfunc(lambda z: z.real, 1, 1)(x)


def _column(x: Buffer, axes: int) -> Buffer:
    """x[P] with further axes of length 1."""
    return x.reshape(-1, *(1,) * axes)


def _squeezed(x: Perturbed) -> tuple[Perturbed, Axes]:
    """x without its axes of length 1, and the numbers of the others."""
    keep = tuple(i for i, n in enumerate(x.shape) if n > 1)
    value = x.value.reshape([x.shape[i] for i in keep])
    if x.delta is None:
        return Perturbed(value), keep
    rest = [x.shape[i] for i in keep if i not in x.at]
    at = {place: x.at[i] for place, i in enumerate(keep) if i in x.at}
    return Perturbed(value, x.delta.reshape(-1, *rest), at), keep
