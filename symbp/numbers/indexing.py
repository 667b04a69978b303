"""Index expressions as integers: sizes, spans, shapes, and which indices are walked.

Indices that other ranges depend on (the layer, in n[l]) or that a recurrence runs along are
walked one by one; all others are axes of arrays. A family's key is the values of its walked
indices; its block at a key is an array over the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache, reduce
from typing import Any

import numpy as np
import sympy as sp
from sympy import Expr, Indexed, Symbol

from symbp.errors import SizeError
from symbp.numbers.domains import Axes, Buffer, Floats
from symbp.system import Equation, Kind, Range, Role, System, Variable
from symbp.system.checks import order_families
from symbp.system.contents import is_datum
from symbp.system.equation import family_of, index_of, walk

Key = tuple[int, ...]
Span = tuple[int, int]
Entry = tuple[str, Expr, tuple[Range, ...]]
GROUND = Floats()  #: arranges arrays of integers and booleans


@dataclass(frozen=True)
class Tensor:
    """A buffer whose axes are index symbols."""

    buffer: Buffer
    axes: Axes = ()


def at(t: Tensor, axis: Symbol, place: int) -> Tensor:
    """Integers or truth values at one place of an axis."""
    found = np.take(t.buffer, place, axis=t.axes.index(axis))
    return Tensor(found, tuple(a for a in t.axes if a != axis))


@dataclass(frozen=True)
class Scope:
    """Where an expression is evaluated: indices fixed to numbers, and indices that are axes."""

    point: Mapping[Symbol, int]
    spans: Mapping[Symbol, Span] = field(default_factory=dict)
    masked: bool = False

    @cached_property
    def key(self) -> Any:
        """What tells the scope from others, hashable."""
        return frozenset(self.point.items()), frozenset(self.spans.items()), self.masked

    def within(self, symbol: Symbol, span: Span, masked: bool) -> Scope:
        """The scope inside one more sum."""
        point = {s: v for s, v in self.point.items() if s != symbol}
        return Scope(point, {**self.spans, symbol: span}, self.masked or masked)


class Indexing:
    """The integers of a System at its sizes; `data` holds the families used as an index.

    Raises `SizeError` for a size without a value, or data that are not integers.
    """

    def __init__(self, system: System, data: Mapping[str, Any]) -> None:
        self.system = system
        self._data = data
        self._known: dict[Any, tuple[Expr, int]] = {}
        self._keys: dict[str, list[Key]] = {}
        self._spans: dict[tuple[str, Key], list[Span]] = {}

    # -- walked indices ---------------------------------------------------------------------

    @cached_property
    def _walked(self) -> dict[str, tuple[int, ...]]:
        return walked_slots(self.system.variables, self.system.equations)

    def outer(self, variable: Variable) -> tuple[int, ...]:
        """The slots that are walked."""
        return self._walked[variable.name]

    def keys(self, variable: Variable) -> list[Key]:
        """All values of the walked indices, in the order of their ranges."""
        if variable.name not in self._keys:
            keys: list[dict[Symbol, int]] = [{}]
            for i in self.outer(variable):
                r = variable.slots[i].range
                keys = [
                    {**k, r.symbol: v}
                    for k in keys
                    for v in range(self.integer(r.lower, k), self.integer(r.upper, k) + 1)
                ]
            self._keys[variable.name] = [tuple(k.values()) for k in keys]
        return self._keys[variable.name]

    def spans(self, variable: Variable, key: Key) -> list[Span]:
        """The ranges of the axes of the block at a key."""
        place = variable.name, key
        if place not in self._spans:
            outer = self.outer(variable)
            point = {variable.slots[i].symbol: v for i, v in zip(outer, key, strict=True)}
            self._spans[place] = [
                (self.integer(s.range.lower, point), self.integer(s.range.upper, point))
                for i, s in enumerate(variable.slots)
                if i not in outer
            ]
        return self._spans[place]

    def shape(self, variable: Variable, key: Key = ()) -> tuple[int, ...]:
        """The lengths of the axes of the block at a key."""
        return tuple(hi - lo + 1 for lo, hi in self.spans(variable, key))

    # -- integers ---------------------------------------------------------------------------

    def integer(self, e: Expr, point: Mapping[Symbol, int]) -> int:
        """An index expression at a point."""
        if e.is_Integer:
            return int(e)
        place = (id(e), *point.items())
        if place not in self._known:  # keeps e, so that no other object gets its id
            self._known[place] = (e, int(self.integers(e, Scope(point)).buffer))
        return self._known[place][1]

    def integers(self, e: Expr, scope: Scope) -> Tensor:
        """An index expression as an array of integers."""
        if e.is_Integer:
            return Tensor(np.asarray(int(e)))
        if e in scope.point:
            return Tensor(np.asarray(scope.point[e]))
        if e in scope.spans:
            lo, hi = scope.spans[e]
            return Tensor(np.arange(lo, hi + 1), (e,))
        if isinstance(e, Symbol):
            known = self._integer_data if is_datum(e) else self._size
            return Tensor(np.asarray(known(e.name)))
        if isinstance(e, Indexed):
            return self._looked_up(e, scope)
        if isinstance(e, (sp.floor, sp.ceiling)):
            above, below = sp.fraction(sp.together(e.args[0]))
            t, d = self.integers(above, scope), int(below)
            rounded = t.buffer // d if isinstance(e, sp.floor) else -(-t.buffer // d)
            return Tensor(rounded, t.axes)
        if isinstance(e, sp.Mul) and sum(isinstance(a, sp.Pow) for a in e.args) > 1:
            e = _joined(e)
        tensors = [self.integers(a, scope) for a in e.args]
        axes = tuple(dict.fromkeys(a for t in tensors for a in t.axes))
        arrays = [GROUND.arrange(t.buffer, t.axes, axes) for t in tensors]
        return Tensor(_OPERATIONS[e.func](arrays), axes)

    def span(self, r: Range, scope: Scope) -> tuple[Span, Tensor | None]:
        """The least range of numbers that holds a range, and a mask where it is not all of it."""
        low, high = self.integers(r.lower, scope), self.integers(r.upper, scope)
        if not low.axes and not high.axes:
            return (int(low.buffer), int(high.buffer)), None
        counted = bool(low.buffer.size and high.buffer.size)  # else along an axis without values
        span = (int(low.buffer.min()), int(high.buffer.max())) if counted else (0, -1)
        axes = tuple(dict.fromkeys((*low.axes, *high.axes, r.symbol)))
        k = GROUND.arrange(np.arange(span[0], span[1] + 1), (r.symbol,), axes)
        inside = (GROUND.arrange(low.buffer, low.axes, axes) <= k) & (
            k <= GROUND.arrange(high.buffer, high.axes, axes)
        )
        return span, Tensor(inside, axes)

    def condition(self, e: Expr, scope: Scope) -> Tensor:
        """[a = b] or [a ≥ 0] of index expressions, as booleans."""
        a, *rest = (self.integers(i, scope) for i in e.args)
        if not rest:
            return Tensor(np.asarray(a.buffer >= 0), a.axes)
        (b,) = rest
        axes = tuple(dict.fromkeys((*a.axes, *b.axes)))
        x, y = (GROUND.arrange(t.buffer, t.axes, axes) for t in (a, b))
        return Tensor(np.asarray(x == y), axes)

    def _looked_up(self, e: Indexed, scope: Scope) -> Tensor:
        name = str(family_of(e))
        index = [self.integers(i, scope) for i in e.indices]
        if self.system[name].role is Role.SIZE:
            table = np.asarray(self._size(name))
            first = int(self.system[name].slots[0].range.lower)
            return Tensor(table[index[0].buffer - first], index[0].axes)
        axes = tuple(dict.fromkeys(a for t in index for a in t.axes))
        firsts = [lo for lo, _ in self.spans(self.system[name], ())]
        places = [
            GROUND.arrange(t.buffer, t.axes, axes) - lo for t, lo in zip(index, firsts, strict=True)
        ]
        return Tensor(self._integer_data(name)[tuple(places)], axes)

    def _integer_data(self, name: str) -> Any:
        given = np.asarray(self._data[name])
        if not np.issubdtype(given.dtype, np.integer):
            raise SizeError(f"{name} is used as an index: its values must be integers")
        return given

    def _size(self, name: str) -> Any:
        if name not in self.system.sizes:
            raise SizeError(f"no value for the size {name}; give one with with_sizes({name}=...)")
        return self.system.sizes[name]


@lru_cache(maxsize=64)
def walked_slots(
    variables: tuple[Variable, ...], equations: tuple[Equation, ...]
) -> dict[str, tuple[int, ...]]:
    """For every family the slots that are walked one by one."""
    by_name = {v.name: v for v in variables}
    recurrent = {
        n: _recurrent_kinds(by_name, group, equations)
        for group in order_families(by_name, equations)
        for n in group
    }
    result = {}
    for v in variables:
        ends = (b for slot in v.slots for b in (slot.range.lower, slot.range.upper))
        bounds = {s for b in ends for s in b.free_symbols}
        kinds = recurrent.get(v.name, set()) | {Kind.LAYER}
        result[v.name] = tuple(
            i for i, slot in enumerate(v.slots) if slot.symbol in bounds or slot.kind in kinds
        )
    return result


def _recurrent_kinds(
    variables: Mapping[str, Variable], group: Sequence[str], equations: Iterable[Equation]
) -> set[Kind]:
    """The kinds of index that move along the dependences inside a group."""
    kinds = set()
    for e in (e for e in equations if e.family in group):
        here = _by_kind(variables[e.family], e.index)
        for node, _ in walk(e.rhs):
            name = family_of(node)
            if name in group:
                there = _by_kind(variables[str(name)], index_of(node))
                kinds |= {k for k in here if k in there and sp.expand(here[k] - there[k]) != 0}
    return kinds & {Kind.LAYER, Kind.TIME, Kind.PLACE}


def _by_kind(variable: Variable, index: Iterable[Expr]) -> dict[Kind, Expr]:
    return {s.kind: i for s, i in zip(variable.slots, index, strict=True)}


@lru_cache(maxsize=4096)
def entries(e: Expr) -> tuple[Entry, ...]:
    """The names in e: what may be an entry of a family, with the sums open around it."""
    found = ((family_of(node), node, ranges) for node, ranges in walk(e))
    return tuple((name, node, ranges) for name, node, ranges in found if name is not None)


@lru_cache(maxsize=256)
def _joined(e: Expr) -> Expr:
    """2^L 2^(-l) as 2^(L - l), which is an integer."""
    return sp.powsimp(e)


def _power(base: Any, exponent: Any) -> Any:
    """base^exponent in integers. Raises `SizeError` where it is none."""
    if np.any(exponent < 0):
        raise SizeError("a power of a size is no integer")
    return np.power(base, exponent)


_OPERATIONS: dict[Any, Any] = {
    sp.Add: lambda xs: reduce(np.add, xs),
    sp.Mul: lambda xs: reduce(np.multiply, xs),
    sp.Pow: lambda xs: _power(*xs),
    sp.Max: lambda xs: reduce(np.maximum, xs),
    sp.Min: lambda xs: reduce(np.minimum, xs),
}
