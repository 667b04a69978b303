"""Arrays of places, and what is done with them: each operation by one line of definition.

    dilate_s(a)[s(v − 1) + 1] = a[v], else 0        s − 1 zeros between entries
    pad_P(a)[v + P] = a[v], else 0                  P zeros on every side
    a_{α:β}[v − α + 1] = a[v], else 0               places α to β, zeros where a has none
    crop_P(a)[i] = a[i + P]                         P places fewer on every side
    rot180(a)[i] = a[n + 1 − i]
    upsample_k(a)[i] = a[⌈i/k⌉]                     every entry k times
    avgpool_k(a)[i] = (1/k) Σ_u a[k(i − 1) + u]     windows side by side; maxpool_k likewise
    greatest_k(a)[i] = [a[i] is the maximum of its window, the first one]; without k: of a
    (a *_s K)[i] = Σ_u a[s(i − 1) + u] K[u]         a cross-correlation, with stride s
    a *_full K = pad_{m−1}(a) * K                   m the length of K

Numbers are given for each axis. An array stands as its entry at the places of the left side, in
expressions that are taken entry by entry.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import sympy as sp
from sympy import Expr, Symbol, Tuple
from sympy.core.symbol import Str

from symbp.forms.contract import NoMatrixForm
from symbp.system import Kind, System
from symbp.system.contents import free_symbols, has
from symbp.system.equation import family_of, index_of
from symbp.system.indices import substitute
from symbp.system.maximum import Chosen, Maximum

VALID, FULL = "valid", "full"


class ArrayNode(sp.Expr):
    """An array of places that is made of others."""

    is_commutative = True
    is_real = True


class Convolved(ArrayNode):
    """image *_s kernel: "valid", or with zeros around the image, "full"."""

    def __new__(cls, image: Expr, kernel: Expr, how: Str, strides: Tuple) -> Convolved:
        """A node of image, kernel, "valid" or "full", and a stride for each axis."""
        node: Convolved = sp.Expr.__new__(cls, image, kernel, how, strides)
        return node

    @property
    def full(self) -> bool:
        """Whether zeros stand around the image."""
        return str(self.args[2].name) == FULL

    @property
    def strides(self) -> tuple[Expr, ...]:
        """By how much the kernel moves on, for each axis."""
        return tuple(self.args[3])


class Moved(ArrayNode):
    """operation_{numbers}(array): a row of `OPERATIONS`."""

    def __new__(cls, array: Expr, name: Str, *numbers: Tuple) -> Moved:
        """A node of an array, the name of a row, and its numbers, each for every axis."""
        node: Moved = sp.Expr.__new__(cls, array, name, *numbers)
        return node

    @property
    def name(self) -> str:
        """The name of the operation."""
        return str(self.args[1].name)

    @property
    def numbers(self) -> tuple[tuple[Expr, ...], ...]:
        """Its numbers, each for every axis."""
        return tuple(tuple(a) for a in self.args[2:])


class Ones(ArrayNode):
    """An array of ones: 1_k."""

    def __new__(cls, sizes: Tuple, places: Tuple) -> Ones:
        """A node of its sizes, and of the places that it stands at."""
        node: Ones = sp.Expr.__new__(cls, sizes, places)
        return node


@dataclass(frozen=True)
class Operation:
    """What an operation does along one axis of length n with its numbers."""

    length: Callable[..., Expr]
    """The length of the result: (n, *numbers)."""
    take: Callable[..., Expr] | None = None
    """(i, n, *numbers): the place that its entry i is taken from."""
    put: Callable[..., Expr] | None = None
    """(v, *numbers): the place that entry v is put to; all others are zero."""
    window: bool = False
    """Whether its entry i is made of the places k(i − 1) + 1 to k i."""


OPERATIONS: dict[str, Operation] = {
    "rot180": Operation(lambda n: n, take=lambda i, n: n + 1 - i),
    "dilate": Operation(lambda n, s: s * (n - 1) + 1, put=lambda v, s: s * (v - 1) + 1),
    "pad": Operation(lambda n, P: n + 2 * P, put=lambda v, P: v + P),
    "crop": Operation(lambda n, P: n - 2 * P, take=lambda i, n, P: i + P),
    "part": Operation(lambda n, a, b: b - a + 1, put=lambda v, a, b: v - a + 1),
    "avgpool": Operation(lambda n, k: sp.floor(n / k), window=True),
    "maxpool": Operation(lambda n, k: sp.floor(n / k), window=True),
    "upsample": Operation(lambda n, k: n * k, take=lambda i, n, k: sp.ceiling(i / k)),
    "greatest": Operation(lambda n, *k: n, window=True),
}


def moved(array: Expr, name: str, *numbers: Sequence[Expr | int]) -> Moved:
    """A node of an operation, with its numbers for each axis."""
    return Moved(array, Str(name), *(Tuple(*n) for n in numbers))


@dataclass(frozen=True)
class Arrays:
    """Arrays over `places`, which stand in the slots of places of their families."""

    system: System
    places: tuple[Symbol, ...]

    def lengths(self, e: Expr) -> tuple[Expr, ...]:
        """The length of an array along each axis; () of what is no array."""
        if isinstance(e, Moved):
            rule = OPERATIONS[e.name].length
            return tuple(rule(n, *k) for n, *k in self._axes(e))
        if isinstance(e, Ones):
            return tuple(e.args[0])
        if isinstance(e, Convolved):
            add = -1 if e.full else 1
            pairs = zip(self.lengths(e.args[0]), self.lengths(e.args[1]), e.strides, strict=True)
            return tuple(sp.floor((n - add * m + add - 1) / s) + 1 for n, m, s in pairs)
        if str(family_of(e)) in self.system.by_name:
            return uppers(e, self.system) if free_symbols(e) & set(self.places) else ()
        return next((n for n in map(self.lengths, e.args) if n), ())

    def at(self, e: Expr, index: Sequence[Expr]) -> Expr:
        """The entry of an array in index form, each operation by its definition."""
        if not has(e, ArrayNode):
            return substitute(e, dict(zip(self.places, index, strict=True)))
        if isinstance(e, Ones):
            return sp.S.One
        if isinstance(e, Convolved):
            return self._convolved(e, index)
        if isinstance(e, Moved):
            return self._moved(e, index)
        return e.func(*(self.at(a, index) for a in e.args))

    def _axes(self, e: Moved) -> Sequence[tuple[Expr, ...]]:
        """Length and numbers along each axis."""
        return list(zip(self.lengths(e.args[0]), *e.numbers, strict=True))

    def _convolved(self, e: Convolved, index: Sequence[Expr]) -> Expr:
        image, kernel = e.args[:2]
        m = self.lengths(kernel)
        if e.full:
            image = moved(image, "pad", [k - 1 for k in m])
        taps = _dummies(len(m))
        covered = [s * (i - 1) + u for i, u, s in zip(index, taps, e.strides, strict=True)]
        return sp.Sum(self.at(image, covered) * self.at(kernel, taps), *_limits(taps, m))

    def _moved(self, e: Moved, index: Sequence[Expr]) -> Expr:
        operation, array, axes = OPERATIONS[e.name], e.args[0], self._axes(e)
        if operation.window:
            return self._window(e, index)
        if operation.take is not None:
            taken = [operation.take(i, *a) for i, a in zip(index, axes, strict=True)]
            return self.at(array, taken)
        assert operation.put is not None
        own = _dummies(len(axes))
        found = (sp.KroneckerDelta(i, operation.put(v, *k)) for i, v, (_, *k) in
                 zip(index, own, axes, strict=True))  # fmt: skip
        return sp.Sum(self.at(array, own) * sp.Mul(*found), *_limits(own, [n for n, *_ in axes]))

    def _window(self, e: Moved, index: Sequence[Expr]) -> Expr:
        """The mean or the maximum of a window, or whether an entry is the greatest of its own."""
        sizes = e.numbers[0] if e.numbers else self.lengths(e.args[0])
        taps = _dummies(len(sizes))
        limits = _limits(taps, sizes)
        if e.name == "greatest":  # of the window in which the place is, or of the whole array
            number = [sp.ceiling(i / k) if e.numbers else sp.S.One
                      for i, k in zip(index, sizes, strict=True)]  # fmt: skip
        else:
            number = list(index)
        first = [k * (i - 1) for i, k in zip(number, sizes, strict=True)]
        body = self.at(e.args[0], [a + u for a, u in zip(first, taps, strict=True)])
        if e.name == "avgpool":
            return sp.Sum(body, *limits) / sp.Mul(*sizes)
        if e.name == "maxpool":
            return Maximum(body, *limits)
        return Chosen(Tuple(body, *(i - a for i, a in zip(index, first, strict=True))), *limits)


def uppers(entry: Expr, system: System) -> tuple[Expr, ...]:
    """The lengths of a family along its places, at an entry. Raises `NoMatrixForm`."""
    variable = system[str(family_of(entry))]
    at: Mapping[Expr, Expr] = dict(zip(variable.own_index, index_of(entry), strict=True))
    ranges = [s.range.substitute(at) for s in variable.slots if s.kind is Kind.PLACE]
    if any(r.lower != 1 for r in ranges):
        raise NoMatrixForm(f"the places of {variable.name} do not count from 1")
    return tuple(r.upper for r in ranges)


def _dummies(count: int) -> list[Symbol]:
    return [sp.Dummy("u", integer=True) for _ in range(count)]


def _limits(symbols: Sequence[Symbol], uppers: Sequence[Expr]) -> list[tuple[Symbol, int, Expr]]:
    """From 1 on, the first axis outermost."""
    return [(u, 1, n) for u, n in zip(symbols, uppers, strict=True)][::-1]
