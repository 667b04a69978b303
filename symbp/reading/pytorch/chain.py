"""Chain: what is known of a PyTorch model while its layers are read one after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any, NoReturn

import numpy as np
from sympy import Expr, Symbol

from symbp.errors import SizeError, UnknownNameError
from symbp.system import Kind
from symbp.system.model import Model

LETTERS = "jkpqrsuvabcdefgh"
MARKED = "jkqrsucefg"  #: those of which j_1 is no family: a_1, b_1, d_1, h_1, p_1, v_1 are


def refuse(what: str, hint: str) -> NoReturn:
    """One line: what is not read, and what is."""
    raise UnknownNameError(f"{what} ({hint})")


@dataclass(frozen=True)
class Signal:
    """The values that leave a layer: family[i, *axes] of sample i."""

    family: Any
    axes: tuple[Symbol, ...]
    sizes: tuple[Expr, ...]
    shape: tuple[int, ...]
    """The sizes as numbers."""
    flat: bool = False
    """Whether all axes are one for PyTorch."""

    @property
    def text(self) -> str:
        """The shape for a message."""
        return " × ".join(map(str, self.shape))


class Chain:
    """The equations so far, the values of the weights, the numbers of the sizes."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.model = Model()
        self.shape = shape
        self.values: dict[str, Any] = {}
        self.numbers: dict[str, int] = {}
        self.number = 0
        """How many layers with weights there were."""
        self._letters = iter([*LETTERS, *(f"{a}_{n}" for n, a in product(range(1, 99), MARKED))])
        self._names: set[str] = set()
        (samples,) = self.model.sizes("m")
        (self.sample,) = self.model.samples("i", samples)

    def input(self) -> Signal:
        """x[i, ...]: one axis, or channels and places."""
        sizes = self.sizes(self.shape)
        axes = self.axes(sizes)
        family = self.model.input("x", self.sample, *axes)
        return Signal(family, axes, sizes, self.shape)

    def sizes(self, shape: Sequence[int]) -> tuple[Expr, ...]:
        """Sizes of the values of this layer: n_1 units, or D_1 channels of M_1 × N_1 places."""
        letters = "n" if len(shape) == 1 else ("DN", "DMN")[len(shape) - 2]
        return tuple(self.size(a, s) for a, s in zip(letters, shape, strict=True))

    def size(self, letter: str, number: int) -> Symbol:
        """A size by a name that is free; what is derived need not hold for smaller ones."""
        (symbol,) = self.model.sizes(self.name(letter), minimum=number)
        self.numbers[symbol.name] = number
        return symbol

    def axes(self, sizes: Sequence[Expr]) -> tuple[Symbol, ...]:
        """New index letters over some sizes: units, or channels and places."""
        kinds = [Kind.UNIT] if len(sizes) == 1 else [Kind.CHANNEL, Kind.PLACE, Kind.PLACE]
        pairs = zip(sizes, kinds, strict=False)
        return tuple(self.index(size, kind) for size, kind in pairs)

    def index(self, size: Expr, kind: Kind) -> Symbol:
        """A new index letter."""
        (symbol,) = self.model.indices(next(self._letters), size, kind)
        return symbol

    def name(self, letter: str) -> str:
        """z_1; z_1_2 for the second one of that layer."""
        names = (f"{letter}_{self.number}{more}" for more in ("", *(f"_{k}" for k in range(2, 99))))
        name = next(n for n in names if n not in self._names)
        self._names.add(name)
        return name

    def parameter(self, letter: str, tensor: Any, shape: Sequence[int], *axes: Symbol) -> Any:
        """A family of weights with the values that the layer has."""
        name = self.name(letter)
        self.values[name] = array(tensor).reshape(shape)
        return self.model.parameter(name, *axes)

    def constant(self, letter: str, tensor: Any, axis: Symbol) -> Any:
        """A family of numbers that are not learnt: running means."""
        name = self.name(letter)
        self.values[name] = array(tensor)
        return self.model.input(name, axis)

    def defined(self, letter: str, signal: Signal, value: Expr) -> Signal:
        """A family of the axes of a signal, by its equation."""
        (family,) = self.model.values(self.name(letter))
        self.model.let(family[self.sample, *signal.axes], value)
        return replace(signal, family=family)

    def entry(self, signal: Signal, *index: Expr) -> Expr:
        """An entry of a signal, at its own indices where none are given."""
        entry: Expr = signal.family[self.sample, *(index or signal.axes)]
        return entry


Layer = Callable[[Chain, Signal, Any], Signal]


def array(tensor: Any) -> Any:
    """A tensor as an array of float64."""
    return np.asarray(tensor.detach().cpu(), dtype=float)


def pair(given: Any, rank: int) -> tuple[int, ...]:
    """2 as (2, 2)."""
    if isinstance(given, str):
        refuse(f"padding={given!r} is not read", "give numbers")
    return tuple(given) if isinstance(given, (tuple, list)) else (int(given),) * rank


def met(signal: Signal, expected: str) -> NoReturn:
    """Raise `SizeError`: the shape that reaches a layer, and the one that was expected."""
    raise SizeError(f"{signal.text} met {expected}")
