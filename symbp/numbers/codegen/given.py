"""Whether arrays fit together before code runs on them: one line instead of NumPy's.

    x: shape (3,) met W: shape (2, 4): d is 3 by x[p] and 4 by W[j, p]

Sizes are what the arrays say, whatever numbers they were bound to.
NumPy would say less, or nothing where a wrong shape happens to spread, or an index 0 to lead to
the last row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import sympy as sp
from sympy import Expr, Integer, S

from symbp.errors import SizeError
from symbp.numbers.codegen.moving import listing, squares
from symbp.numbers.gathers import index_ranges
from symbp.system import Role, System, Variable
from symbp.system.sizes import relation


@dataclass(frozen=True)
class Dimensions:
    """The lengths of a family's axes: numbers, or sizes with what is added to them."""

    variable: Variable
    lengths: tuple[tuple[Expr | None, int], ...]

    def met(self, shape: Sequence[int]) -> str:
        """For a message: W: shape (2, 4)."""
        return f"{self.variable.name}: shape {tuple(shape)}"


class Given:
    """What the arrays given to some code must be."""

    def __init__(self, system: System, families: Sequence[str]) -> None:
        self.system = system
        self.families = families
        self._accepted: set[tuple[Any, ...]] = set()
        """Shapes that were found to fit: the same ones come again and again."""

    @cached_property
    def plan(self) -> list[Dimensions]:
        """The families of which each axis has a length that is one size, or a number."""
        plan = []
        for v in (self.system[name] for name in self.families):
            if v.slots and not listing(v):
                whole = squares(v, (), self.system.facts)
                counts = [sp.expand(r.upper - r.lower + 1) for r in whole]
                plan.append(Dimensions(v, tuple(_split(c) for c in counts)))
        return plan

    @cached_property
    def looked_up(self) -> Mapping[str, tuple[Any, Any]]:
        """The ranges of data that are used as an index, counted from 0."""
        found = index_ranges(self.system).items()
        return {n: (S.Zero, r.upper - r.lower) for n, r in found if n in self.families}

    def __call__(self, values: Sequence[Any], named: Mapping[str, Any]) -> None:
        """Raise `SizeError` for a shape that does not fit, or data out of range as an index.

        `values` are those of the first families, `named` those of others.
        """
        shapes = (*[_shape(v) for v in (*values, *named.values())], *named)
        if self.looked_up or shapes not in self._accepted:
            arrays = {**dict(zip(self.families, values, strict=False)), **named}
            sizes = self._sizes(arrays)
            self._check_data(arrays, sizes)
            if None not in shapes:
                self._accepted.add(shapes)

    def _sizes(self, arrays: Mapping[str, Any]) -> dict[Expr, Expr]:
        """The sizes that the shapes of arrays say. Raises `SizeError` where they do not fit."""
        known: dict[Expr, tuple[int, Dimensions, tuple[int, ...]]] = {}
        for dims in self.plan:
            given = arrays.get(dims.variable.name)
            if given is None:
                continue
            shape = np.shape(given)
            if len(shape) != len(dims.lengths):
                raise SizeError(f"{dims.met(shape)} met {dims.variable.signature}")
            for length, (size, more) in zip(shape, dims.lengths, strict=True):
                if size is None:
                    if more >= 0 and length != more:
                        raise SizeError(
                            f"{dims.met(shape)} met {dims.variable.signature}: {more} expected, "
                            f"not {length}"
                        )
                    continue
                one, first, other = known.setdefault(size, (length - more, dims, shape))
                if one != length - more:
                    a, b = (d.variable[d.variable.own_index] for d in (dims, first))
                    raise SizeError(
                        f"{dims.met(shape)} met {first.met(other)}: {size} is {length - more} by "
                        f"{a} and {one} by {b}"
                    )
        sizes: dict[Expr, Expr] = {size: Integer(n) for size, (n, *_) in known.items()}
        for v in self.system.with_role(Role.SIZE):
            found = v.value.xreplace(sizes) if v.value is not None else None
            if found is not None and found.is_number and found != sizes.get(v.atom, found):
                one, dims, shape = known[v.atom]
                given = dims.variable[dims.variable.own_index]
                raise SizeError(f"{dims.met(shape)}: {relation(v)} = {found}, and {one} by {given}")
        return sizes

    def _check_data(self, arrays: Mapping[str, Any], sizes: Mapping[Expr, Expr]) -> None:
        for name, (low, high) in self.looked_up.items():
            data = np.asarray(arrays.get(name, ()))
            ends = low.xreplace(sizes), high.xreplace(sizes)
            if data.size and all(e.is_Integer for e in ends):
                least, most = int(data.min()), int(data.max())
                if least < ends[0] or most > ends[1]:
                    wrong = least if least < ends[0] else most
                    raise SizeError(
                        f"{name}: {wrong} is used as an index: expected {ends[0]} to {ends[1]}"
                    )


def _shape(given: Any) -> Any:
    """The shape of an array, those of a list of arrays; None of plain numbers in lists."""
    shape = getattr(given, "shape", None)
    if shape is None and isinstance(given, (list, tuple)):
        shapes = tuple([getattr(a, "shape", None) for a in given])
        return None if None in shapes else shapes
    return () if isinstance(given, (int, float)) else shape


def _split(count: Expr) -> tuple[Expr | None, int]:
    """(n, 1) of n + 1, (None, 3) of 3, (None, −1) of what is not so simple."""
    more, size = count.as_coeff_Add()
    if count.is_Integer:
        return None, int(count)
    if more.is_Integer and (size.is_Symbol or size.is_Indexed):
        return size, int(more)
    return None, -1
