"""One evaluator walks a System in any number domain.

Indices that other ranges depend on (the layer, in n[l]) or that a recurrence runs along are
walked one by one; all others are axes of arrays. Σ of a product is a contraction of arrays;
an index map such as s·p + u gathers; a bound that depends on other axes becomes a mask.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, reduce
from itertools import product
from typing import Any

import numpy as np
import sympy as sp
from sympy import Expr, Indexed, Symbol

from symbp.errors import SizeError, at
from symbp.functions import Elementwise
from symbp.numbers.domains import Axes, Buffer, Domain, Floats
from symbp.system import Equation, Kind, Range, Role, System, Variable
from symbp.system.equation import family_of, index_of, walk
from symbp.system.functional import Functional

Key = tuple[int, ...]
Span = tuple[int, int]


@dataclass(frozen=True)
class Tensor:
    """A buffer whose axes are index symbols."""

    buffer: Buffer
    axes: Axes = ()


@dataclass(frozen=True)
class Scope:
    """Where an expression is evaluated: indices fixed to numbers, and indices that are axes."""

    point: Mapping[Symbol, int]
    spans: Mapping[Symbol, Span] = field(default_factory=dict)
    masked: bool = False

    def within(self, symbol: Symbol, span: Span, masked: bool) -> Scope:
        """The scope inside one more sum."""
        point = {s: v for s, v in self.point.items() if s != symbol}
        return Scope(point, {**self.spans, symbol: span}, self.masked or masked)


class Evaluation:
    """The values of a System's families at given inputs, computed when asked for.

    `values` gives every input, target and parameter: an array, or for a family with a layer
    index a sequence of arrays, one per layer. Raises `SizeError` where a value is missing or
    its shape is not the declared one.
    """

    def __init__(
        self, system: System, values: Mapping[str, Any], domain: Domain | None = None
    ) -> None:
        self.system = system
        self.domain: Domain = domain or Floats()
        self._sizes = system.sizes
        self._values = values
        self._store: dict[str, dict[Key, Buffer]] = {}
        for variable in system.variables:
            if variable.role.given and variable.role is not Role.SIZE:
                self._store[variable.name] = self._given(variable, values)

    def __getitem__(self, name: str) -> Any:
        """A family's values: an array, or a dict from the walked indices to arrays."""
        variable = self.system[name]
        keys = list(self._keys(variable))
        self._complete([(name, key) for key in keys if self._equation_at(variable, key)])
        found = {k: self._store[name][k] for k in keys if k in self._store.get(name, {})}
        if not self._outer(variable):
            return found[()]
        return {k[0] if len(k) == 1 else k: v for k, v in found.items()}

    def evaluate(self, e: Expr, domain: Sequence[Range] = ()) -> Tensor:
        """An expression over ranges, each of which becomes an axis."""
        spans: dict[Symbol, Span] = {}
        for r in domain:
            spans[r.symbol] = (self._integer(r.lower, {}), self._integer(r.upper, {}))
        scope = Scope({}, spans)
        self._complete(self._needed(e, scope))
        return self._eval(e, scope)

    # -- given values ---------------------------------------------------------------------

    def _given(self, variable: Variable, values: Mapping[str, Any]) -> dict[Key, Buffer]:
        if variable.name not in values:
            if variable.value is None:
                raise SizeError(f"no value for {variable.signature}")
            return {(): self.domain.number(sp.sympify(variable.value))}
        given = values[variable.name]
        keys = list(self._keys(variable))
        with at(variable.name):
            blocks = self._blocks(variable, given, keys)
            return {
                key: self._shaped(variable, key, block)
                for key, block in zip(keys, blocks, strict=True)
            }

    def _blocks(self, variable: Variable, given: Any, keys: list[Key]) -> list[Any]:
        if not self._outer(variable):
            return [given]
        if isinstance(given, Mapping):
            lookup = {k if isinstance(k, tuple) else (k,): v for k, v in given.items()}
            missing = [k for k in keys if k not in lookup]
            if missing:
                raise SizeError(f"no value for index {', '.join(map(str, missing[0]))}")
            return [lookup[k] for k in keys]
        if len(given) != len(keys):
            raise SizeError(f"{len(given)} arrays met {len(keys)} ({variable.signature})")
        return list(given)

    def _shaped(self, variable: Variable, key: Key, block: Any) -> Buffer:
        buffer = self.domain.array(block)
        expected = self.shape(variable.name, key)
        found = np.shape(block) if not hasattr(block, "shape") else tuple(block.shape)
        if found != expected:
            where = f" at {', '.join(map(str, key))}" if key else ""
            raise SizeError(f"shape {found}{where} met {expected} ({variable.signature})")
        return buffer

    def shape(self, name: str, key: Key = ()) -> tuple[int, ...]:
        """The lengths of a family's axes at some values of its walked indices."""
        spans = self._spans(self.system[name], key)
        return tuple(hi - lo + 1 for lo, hi in spans)

    # -- which indices are walked -------------------------------------------------------------

    @cached_property
    def _walked(self) -> dict[str, tuple[bool, ...]]:
        recurrent = {n: self._recurrent_kinds(g) for g in self.system.order for n in g}
        result = {}
        for v in self.system.variables:
            bounds = {s for slot in v.slots for b in (slot.range.lower, slot.range.upper)
                      for s in b.free_symbols}
            kinds = recurrent.get(v.name, set())
            result[v.name] = tuple(
                slot.symbol in bounds or slot.kind in kinds or slot.kind is Kind.LAYER
                for slot in v.slots
            )
        return result

    def _recurrent_kinds(self, group: Sequence[str]) -> set[Kind]:
        """The kinds of index that move along the dependences inside a group."""
        kinds = set()
        for e in (e for n in group for e in self.system.defining(n)):
            for node, _ in walk(e.rhs):
                name = family_of(node)
                if name in group:
                    here = self._by_kind(self.system[e.family], e.index)
                    there = self._by_kind(self.system[str(name)], index_of(node))
                    kinds |= {k for k in here if k in there and sp.expand(here[k] - there[k]) != 0
                              and k in (Kind.LAYER, Kind.TIME, Kind.PLACE)}
        return kinds

    @staticmethod
    def _by_kind(variable: Variable, index: Iterable[Expr]) -> dict[Kind, Expr]:
        return {s.kind: i for s, i in zip(variable.slots, index, strict=True)}

    def _outer(self, variable: Variable) -> tuple[int, ...]:
        return tuple(i for i, w in enumerate(self._walked[variable.name]) if w)

    def _keys(self, variable: Variable) -> Iterable[Key]:
        """All values of the walked indices, in the order of their ranges."""
        keys: list[dict[Symbol, int]] = [{}]
        for i in self._outer(variable):
            r = variable.slots[i].range
            keys = [
                {**k, r.symbol: v}
                for k in keys
                for v in range(self._integer(r.lower, k), self._integer(r.upper, k) + 1)
            ]
        return [tuple(k.values()) for k in keys]

    def _spans(self, variable: Variable, key: Key) -> list[Span]:
        outer = self._outer(variable)
        point = {variable.slots[i].symbol: v for i, v in zip(outer, key, strict=True)}
        return [
            (self._integer(s.range.lower, point), self._integer(s.range.upper, point))
            for i, s in enumerate(variable.slots)
            if i not in outer
        ]

    # -- integers --------------------------------------------------------------------------

    def _integer(self, e: Expr, point: Mapping[Symbol, int]) -> int:
        return int(self._integers(e, Scope(point)).buffer)

    def _integers(self, e: Expr, scope: Scope) -> Tensor:
        """An index expression as an array of integers."""
        if e.is_Integer:
            return Tensor(np.asarray(int(e)))
        if e in scope.point:
            return Tensor(np.asarray(scope.point[e]))
        if e in scope.spans:
            lo, hi = scope.spans[e]
            return Tensor(np.arange(lo, hi + 1), (e,))
        if isinstance(e, Symbol):
            return Tensor(np.asarray(self._size(e.name)))
        if isinstance(e, Indexed):
            return self._looked_up(e, scope)
        if isinstance(e, (sp.floor, sp.ceiling)):
            above, below = sp.fraction(sp.together(e.args[0]))
            t, d = self._integers(above, scope), int(below)
            rounded = t.buffer // d if isinstance(e, sp.floor) else -(-t.buffer // d)
            return Tensor(rounded, t.axes)
        args = [self._integers(a, scope) for a in e.args]
        axes = tuple(dict.fromkeys(a for t in args for a in t.axes))
        ground = Floats()
        arrays = [ground.arrange(t.buffer, t.axes, axes) for t in args]
        return Tensor(_INTEGER_OPERATIONS[e.func](arrays), axes)

    def _looked_up(self, e: Indexed, scope: Scope) -> Tensor:
        name = str(family_of(e))
        index = [self._integers(i, scope) for i in e.indices]
        if self.system[name].role is Role.SIZE:
            table = np.asarray(self._size(name))
            first = int(self.system[name].slots[0].range.lower)
            return Tensor(table[index[0].buffer - first], index[0].axes)
        axes = tuple(dict.fromkeys(a for t in index for a in t.axes))
        ground = Floats()
        firsts = [lo for lo, _ in self._spans(self.system[name], ())]
        places = [
            ground.arrange(t.buffer, t.axes, axes) - lo for t, lo in zip(index, firsts, strict=True)
        ]
        return Tensor(self._raw(name)[tuple(places)], axes)

    def _raw(self, name: str) -> Any:
        """A family of data that is used as an index, as integers."""
        given = np.asarray(self._values[name])
        if not np.issubdtype(given.dtype, np.integer):
            raise SizeError(f"{name} is used as an index: its values must be integers")
        return given

    def _size(self, name: str) -> Any:
        if name not in self._sizes:
            raise SizeError(f"no value for the size {name}; give one with with_sizes({name}=...)")
        return self._sizes[name]

    # -- the order of evaluation -------------------------------------------------------------

    def _complete(self, wanted: list[tuple[str, Key]]) -> None:
        """Compute what is wanted after what it needs, without recursion."""
        stack = list(reversed(wanted))
        waiting: set[tuple[str, Key]] = set()
        while stack:
            name, key = stack[-1]
            if key in self._store.setdefault(name, {}):
                stack.pop()
                continue
            equation = self._equation_at(self.system[name], key)
            if equation is None:
                raise SizeError(f"{name} has no value at {', '.join(map(str, key))}")
            scope = self._scope(equation, key)
            missing = [] if (name, key) in waiting else self._needed(equation.rhs, scope)
            if missing:
                waiting.add((name, key))
                stack += missing
                continue
            with at(f"{equation.lhs}"):
                value = self._eval(equation.rhs, scope)
            self._store[name][key] = self._full(equation, scope, value, key)
            stack.pop()

    def _needed(self, e: Expr, scope: Scope) -> list[tuple[str, Key]]:
        """The entries of e that have not been computed yet."""
        found: dict[tuple[str, Key], None] = {}
        for node, ranges in walk(e):
            name = family_of(node)
            if name not in self.system.by_name or self.system[str(name)].role is Role.SIZE:
                continue
            inner = scope
            for r in ranges:
                inner = inner.within(r.symbol, self._span(r, inner)[0], True)
            for key in self._entry_keys(str(name), node, inner):
                if key not in self._store.setdefault(str(name), {}):
                    found[(str(name), key)] = None
        return list(found)

    def _entry_keys(self, name: str, node: Expr, scope: Scope) -> list[Key]:
        variable = self.system[name]
        outer = self._outer(variable)
        columns = [np.unique(self._integers(index_of(node)[i], scope).buffer) for i in outer]
        known = set(self._keys(variable)) if scope.masked and outer else None
        keys = [tuple(int(v) for v in k) for k in product(*columns)]
        return [k for k in keys if known is None or k in known]

    def _equation_at(self, variable: Variable, key: Key) -> Equation | None:
        outer = self._outer(variable)
        for equation in self.system.defining(variable.name):
            if self._holds_at(equation, outer, key):
                return equation
        return None

    def _holds_at(self, equation: Equation, outer: tuple[int, ...], key: Key) -> bool:
        ranges = {r.symbol: r for r in equation.domain}
        point: dict[Symbol, int] = {}
        for i, value in zip(outer, key, strict=True):
            index = equation.index[i]
            if index in ranges:
                r = ranges[index]
                if not self._integer(r.lower, point) <= value <= self._integer(r.upper, point):
                    return False
                point[index] = value
            elif self._integer(index, point) != value:
                return False
        return True

    def _scope(self, equation: Equation, key: Key) -> Scope:
        variable = self.system[equation.family]
        point = {
            equation.index[i]: v
            for i, v in zip(self._outer(variable), key, strict=True)
            if isinstance(equation.index[i], Symbol)
        }
        spans: dict[Symbol, Span] = {}
        for r in equation.domain:
            if r.symbol not in point:
                spans[r.symbol] = self._span(r, Scope(point, spans))[0]
        return Scope(point, spans)

    def _full(self, equation: Equation, scope: Scope, value: Tensor, key: Key) -> Buffer:
        """The value with all of the left side's axes, at their full lengths."""
        variable = self.system[equation.family]
        outer = self._outer(variable)
        axes = tuple(i for p, i in enumerate(equation.index) if p not in outer)
        fixed = [a for a in axes if a not in scope.spans]
        if fixed:
            raise SizeError(f"{equation.lhs}: a part of an array cannot be defined on its own")
        shape = self.shape(variable.name, key)
        return _broadcast(self.domain, value, axes, shape)

    # -- expressions -----------------------------------------------------------------------

    def _eval(self, e: Expr, scope: Scope) -> Tensor:
        if not e.free_symbols:
            return Tensor(self.domain.number(e))
        if isinstance(e, sp.Add):
            return reduce(self._plus, (self._eval(a, scope) for a in e.args))
        if isinstance(e, sp.Mul):
            return self._times(e, scope)
        if isinstance(e, sp.Pow):
            base = self._eval(e.base, scope)
            return Tensor(self.domain.power(base.buffer, e.exp), base.axes)
        if isinstance(e, sp.Sum):
            return self._sum(e, scope)
        if isinstance(e, Functional):
            return self._eval(e.stand_in(), scope)
        if isinstance(e, Elementwise):
            return self._apply(e, scope)
        if isinstance(e, (sp.KroneckerDelta, sp.Piecewise)):
            return self._indicator(e, scope)
        name = family_of(e)
        if name in self.system.by_name and self.system[str(name)].role is not Role.SIZE:
            return self._entry(e, scope)
        counted = self._integers(e, scope)
        return Tensor(self.domain.array(counted.buffer), counted.axes)

    def _times(self, e: sp.Mul, scope: Scope) -> Tensor:
        """A product; where an indicator is zero, the other factors need not have a meaning."""
        guards = [a for a in e.args if isinstance(a, (sp.KroneckerDelta, sp.Piecewise))]
        for guard in guards:
            condition = self._condition(guard, scope)
            if not condition.axes and not condition.buffer:
                return Tensor(self.domain.array(0))
        inner = replace(scope, masked=True) if guards else scope
        return self._product([self._eval(a, inner) for a in e.args], ())

    def _plus(self, a: Tensor, b: Tensor) -> Tensor:
        axes = tuple(dict.fromkeys((*a.axes, *b.axes)))
        x = self.domain.arrange(a.buffer, a.axes, axes)
        y = self.domain.arrange(b.buffer, b.axes, axes)
        return Tensor(self.domain.add(x, y), axes)

    def _product(self, factors: Sequence[Tensor], summed: Axes) -> Tensor:
        axes = tuple(dict.fromkeys(a for t in factors for a in t.axes))
        out = tuple(a for a in axes if a not in summed)
        if not summed:
            arranged = [self.domain.arrange(t.buffer, t.axes, axes) for t in factors]
            return Tensor(reduce(self.domain.multiply, arranged), axes)
        return Tensor(self.domain.contract([(t.buffer, t.axes) for t in factors], out), out)

    def _sum(self, e: sp.Sum, scope: Scope) -> Tensor:
        k, lo, hi = e.limits[-1]
        if self._walks(e.function, k) or any(k in b.free_symbols for t in e.limits[:-1] for b in t[1:]):
            return self._loop(e, scope)
        masks = []
        inner = scope
        for k, lo, hi in reversed(e.limits):
            span, mask = self._span(Range(k, lo, hi), inner)
            inner = inner.within(k, span, mask is not None)
            masks += [mask] if mask is not None else []
        summed = tuple(k for k, *_ in e.limits)
        factors = [self._eval(f, inner) for f in sp.Mul.make_args(e.function)]
        factors += [Tensor(self.domain.array(m.buffer.astype(int)), m.axes) for m in masks]
        present = {a for t in factors for a in t.axes}
        for k in summed:
            lo, hi = inner.spans[k]
            if k not in present:
                factors.append(Tensor(self.domain.array(np.ones(max(0, hi - lo + 1), int)), (k,)))
        return self._product(factors, summed)

    def _walks(self, body: Expr, symbol: Symbol) -> bool:
        """Whether an entry of the body is walked along the index."""
        for node, _ in walk(body):
            name = family_of(node)
            if name in self.system.by_name and symbol in node.free_symbols:
                index = index_of(node)
                if any(symbol in index[i].free_symbols for i in self._outer(self.system[str(name)])):
                    return True
        return False

    def _loop(self, e: sp.Sum, scope: Scope) -> Tensor:
        """The outermost index of a sum, value by value."""
        *inner, (k, lo, hi) = e.limits
        body = sp.Sum(e.function, *inner) if inner else e.function
        (first, last), mask = self._span(Range(k, lo, hi), scope)
        total = Tensor(self.domain.array(0))
        for value in range(first, last + 1):
            at_value = replace(scope, point={**scope.point, k: value}, masked=mask is not None)
            term = self._eval(body, at_value)
            if mask is not None:
                place = mask.axes.index(k)
                here = np.take(mask.buffer, value - first, axis=place).astype(int)
                axes = tuple(a for a in mask.axes if a != k)
                term = self._product([term, Tensor(self.domain.array(here), axes)], ())
            total = self._plus(total, term)
        return total

    def _span(self, r: Range, scope: Scope) -> tuple[Span, Tensor | None]:
        """The least range of numbers that holds a range, and a mask where it is not all of it."""
        low, high = self._integers(r.lower, scope), self._integers(r.upper, scope)
        if not low.axes and not high.axes:
            return (int(low.buffer), int(high.buffer)), None
        span = (int(low.buffer.min()), int(high.buffer.max()))
        axes = tuple(dict.fromkeys((*low.axes, *high.axes, r.symbol)))
        ground = Floats()
        k = ground.arrange(np.arange(span[0], span[1] + 1), (r.symbol,), axes)
        inside = (ground.arrange(low.buffer, low.axes, axes) <= k) & (
            k <= ground.arrange(high.buffer, high.axes, axes)
        )
        return span, Tensor(inside, axes)

    def _apply(self, e: Elementwise, scope: Scope) -> Tensor:
        x = self._eval(e.args[0], scope)
        parameters = [self._eval(p, scope).buffer for p in e.args[1:]]
        return Tensor(self.domain.apply(e.row, e.order, x.buffer, parameters), x.axes)

    def _indicator(self, e: Expr, scope: Scope) -> Tensor:
        condition = self._condition(e, scope)
        return Tensor(self.domain.array(condition.buffer.astype(int)), condition.axes)

    def _condition(self, e: Expr, scope: Scope) -> Tensor:
        """[a = b] or [a ≥ b] of index expressions, as booleans."""
        delta = isinstance(e, sp.KroneckerDelta)
        a, b = (self._integers(i, scope) for i in (e.args if delta else e.args[0][1].args))
        axes = tuple(dict.fromkeys((*a.axes, *b.axes)))
        ground = Floats()
        x, y = ground.arrange(a.buffer, a.axes, axes), ground.arrange(b.buffer, b.axes, axes)
        return Tensor(np.asarray(x == y if delta else x >= y), axes)

    def _entry(self, e: Expr, scope: Scope) -> Tensor:
        """A family's entry: its array as it stands where the index is plain, else a gather."""
        name = str(family_of(e))
        variable = self.system[name]
        outer = self._outer(variable)
        indices = [self._integers(i, scope) for i in index_of(e)]
        if any(indices[i].axes for i in outer):
            return self._gather_blocks(variable, indices, scope)
        key = tuple(int(indices[i].buffer) for i in outer)
        buffer = self._store[name][key]
        inner = [(e.indices[i], indices[i]) for i in range(len(indices)) if i not in outer]
        return self._gather(buffer, inner, self._spans(variable, key), scope)

    def _gather(
        self, buffer: Buffer, indices: list[tuple[Expr, Tensor]], spans: list[Span], scope: Scope
    ) -> Tensor:
        plain = [s for s, _ in indices]
        whole = [scope.spans.get(s) == span for s, span in zip(plain, spans, strict=True)]
        if all(whole) and len(set(plain)) == len(plain):
            return Tensor(buffer, tuple(plain))
        axes = tuple(dict.fromkeys(a for _, t in indices for a in t.axes))
        ground = Floats()
        positions = []
        for (_, t), (lo, hi) in zip(indices, spans, strict=True):
            position = ground.arrange(t.buffer, t.axes, axes) - lo
            if scope.masked:
                position = np.clip(position, 0, hi - lo)
            elif position.size and (position.min() < 0 or position.max() > hi - lo):
                raise SizeError(f"an index leaves its range {lo} to {hi}")
            positions.append(position)
        return Tensor(self.domain.take(buffer, tuple(positions)), axes)

    def _gather_blocks(self, variable: Variable, indices: list[Tensor], scope: Scope) -> Tensor:
        """An entry whose walked index is an axis here: one block for each value, stacked."""
        outer = self._outer(variable)
        axes = tuple(dict.fromkeys(a for i in outer for a in indices[i].axes))
        if len(axes) != 1:
            raise SizeError(f"{variable.name}: two indices at once cannot be walked as axes")
        (axis,) = axes
        lo, hi = scope.spans[axis]
        known = set(self._keys(variable))
        blocks: list[Tensor] = []
        for place in range(hi - lo + 1):
            key = tuple(
                int(np.broadcast_to(indices[i].buffer, (hi - lo + 1,))[place])
                if indices[i].axes else int(indices[i].buffer)
                for i in outer
            )
            key = key if key in known or not scope.masked else min(known)
            rest = [
                (t.axes[0] if len(t.axes) == 1 else sp.Dummy(), t)
                for i, t in enumerate(indices) if i not in outer
            ]
            blocks.append(
                self._gather(self._store[variable.name][key], rest, self._spans(variable, key), scope)
            )
        return Tensor(self.domain.stack([b.buffer for b in blocks]), (axis, *blocks[0].axes))


def _broadcast(domain: Domain, value: Tensor, axes: Axes, shape: tuple[int, ...]) -> Buffer:
    """A tensor's buffer with all of `axes` at the lengths of `shape`."""
    missing = [i for i, a in enumerate(axes) if a not in value.axes]
    buffer = domain.arrange(value.buffer, value.axes, axes)
    for i in missing:
        ones = domain.array(np.ones(shape[i], int))
        buffer = domain.multiply(buffer, domain.arrange(ones, (axes[i],), axes))
    return buffer


_INTEGER_OPERATIONS: dict[Any, Any] = {
    sp.Add: lambda xs: reduce(np.add, xs),
    sp.Mul: lambda xs: reduce(np.multiply, xs),
    sp.Max: lambda xs: reduce(np.maximum, xs),
    sp.Min: lambda xs: reduce(np.minimum, xs),
}
