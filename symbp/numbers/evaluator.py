"""One evaluator walks a System in any number domain.

Walked indices (see `indexing`) are taken one by one; all others are axes of arrays. Σ of a
product is a contraction of arrays; an index map such as s·p + u gathers; a bound that depends
on other axes becomes a mask.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import reduce
from itertools import product
from typing import Any

import numpy as np
import sympy as sp
from sympy import Expr, Symbol

from symbp.errors import DefinitionError, SizeError, at
from symbp.functions import TABLE, Elementwise
from symbp.numbers.domains import Axes, Buffer, Domain, Floats
from symbp.numbers.indexing import (
    GROUND,
    Indexing,
    Key,
    Scope,
    Span,
    Tensor,
    entries,
    is_constant,
)
from symbp.system import Equation, Range, Role, System, Variable
from symbp.system.equation import family_of, index_of
from symbp.system.functional import Functional

__all__ = ["Evaluation", "Tensor"]


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
        self.indexing = Indexing(system, values)
        self._store: dict[str, dict[Key, Buffer]] = {}
        for variable in system.variables:
            if variable.role.given and variable.role is not Role.SIZE:
                self._store[variable.name] = self._given(variable, values)

    def __getitem__(self, name: str) -> Any:
        """A family's values: an array, or a dict from the walked indices to arrays."""
        variable = self.system[name]
        keys = self.indexing.keys(variable)
        self._complete([(name, key) for key in keys if self._equation_at(variable, key)])
        found = {k: self._store[name][k] for k in keys if k in self._store.get(name, {})}
        if not self.indexing.outer(variable):
            return found[()]
        return {k[0] if len(k) == 1 else k: v for k, v in found.items()}

    def evaluate(self, e: Expr, domain: Sequence[Range] = ()) -> Tensor:
        """An expression over ranges, each of which becomes an axis."""
        spans: dict[Symbol, Span] = {}
        for r in domain:
            spans[r.symbol] = self.indexing.span(r, Scope({}))[0]
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
        keys = self.indexing.keys(variable)
        with at(variable.name):
            blocks = self._blocks(variable, given, keys)
            return {
                key: self._shaped(variable, key, block)
                for key, block in zip(keys, blocks, strict=True)
            }

    def _blocks(self, variable: Variable, given: Any, keys: list[Key]) -> list[Any]:
        if not self.indexing.outer(variable):
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
        where = f" at {', '.join(map(str, key))}" if key else ""
        try:
            buffer = self.domain.array(block)
        except (TypeError, ValueError) as error:
            raise SizeError(f"not an array of numbers{where} ({variable.signature})") from error
        expected = self.shape(variable.name, key)
        found = np.shape(block) if not hasattr(block, "shape") else tuple(block.shape)
        if found != expected:
            raise SizeError(f"shape {found}{where} met {expected} ({variable.signature})")
        return buffer

    def shape(self, name: str, key: Key = ()) -> tuple[int, ...]:
        """The lengths of a family's axes at some values of its walked indices."""
        return self.indexing.shape(self.system[name], key)

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
            with at(equation.lhs):
                value = self._eval(equation.rhs, scope)
            self._store[name][key] = self._full(equation, scope, value, key)
            stack.pop()

    def _needed(self, e: Expr, scope: Scope) -> list[tuple[str, Key]]:
        """The entries of e that have not been computed yet."""
        found: dict[tuple[str, Key], None] = {}
        for name, node, ranges in entries(e):
            if not self._is_entry(name):
                continue
            inner = scope
            for r in ranges:
                inner = inner.within(r.symbol, self.indexing.span(r, inner)[0], True)
            for key in self._entry_keys(name, node, inner):
                if key not in self._store.setdefault(name, {}):
                    found[(name, key)] = None
        return list(found)

    def _is_entry(self, name: str | None) -> bool:
        """Whether the name is that of a family of numbers, not of a size or an index."""
        return name in self.system.by_name and self.system[str(name)].role is not Role.SIZE

    def _entry_keys(self, name: str, node: Expr, scope: Scope) -> list[Key]:
        variable = self.system[name]
        outer = self.indexing.outer(variable)
        index = [self.indexing.integers(index_of(node)[i], scope) for i in outer]
        columns = [np.unique(t.buffer) for t in index]
        known = set(self.indexing.keys(variable)) if scope.masked and outer else None
        keys = [tuple(int(v) for v in k) for k in product(*columns)]
        return [k for k in keys if known is None or k in known]

    def _equation_at(self, variable: Variable, key: Key) -> Equation | None:
        outer = self.indexing.outer(variable)
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
                lower, upper = ranges[index].lower, ranges[index].upper
                low, high = self.indexing.integer(lower, point), self.indexing.integer(upper, point)
                if not low <= value <= high:
                    return False
                point[index] = value
            elif self.indexing.integer(index, point) != value:
                return False
        return True

    def _scope(self, equation: Equation, key: Key) -> Scope:
        variable = self.system[equation.family]
        point = {
            equation.index[i]: v
            for i, v in zip(self.indexing.outer(variable), key, strict=True)
            if isinstance(equation.index[i], Symbol)
        }
        spans: dict[Symbol, Span] = {}
        for r in equation.domain:
            if r.symbol not in point:
                spans[r.symbol] = self.indexing.span(r, Scope(point, spans))[0]
        return Scope(point, spans)

    def _full(self, equation: Equation, scope: Scope, value: Tensor, key: Key) -> Buffer:
        """The value with all of the left side's axes, at their full lengths."""
        variable = self.system[equation.family]
        outer = self.indexing.outer(variable)
        axes = tuple(i for p, i in enumerate(equation.index) if p not in outer)
        fixed = [a for a in axes if a not in scope.spans]
        if fixed:
            raise SizeError(f"{equation.lhs}: a part of an array cannot be defined on its own")
        shape = self.shape(variable.name, key)
        return _broadcast(self.domain, value, axes, shape)

    # -- expressions -----------------------------------------------------------------------

    def _eval(self, e: Expr, scope: Scope) -> Tensor:
        if is_constant(e):
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
        if isinstance(e, (Elementwise, sp.exp, sp.log)):
            return self._apply(e, scope)
        if isinstance(e, (sp.KroneckerDelta, sp.Piecewise)):
            return self._indicator(e, scope)
        if self._is_entry(family_of(e)):
            return self._entry(e, scope)
        if any(self._is_entry(name) for name, *_ in entries(e)):
            raise DefinitionError(f"{e}: numbers exist for sums, products, powers and functions")
        counted = self.indexing.integers(e, scope)
        return Tensor(self.domain.array(counted.buffer), counted.axes)

    def _times(self, e: sp.Mul, scope: Scope) -> Tensor:
        """A product; where an indicator is zero, the other factors need not have a meaning."""
        guards = [a for a in e.args if isinstance(a, (sp.KroneckerDelta, sp.Piecewise))]
        for guard in guards:
            condition = self.indexing.condition(guard, scope)
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
        bounds = (b for limit in e.limits[:-1] for b in limit[1:])
        if self._walks(e.function, k) or any(k in b.free_symbols for b in bounds):
            return self._loop(e, scope)
        masks = []
        inner = scope
        for k, lo, hi in reversed(e.limits):
            span, mask = self.indexing.span(Range(k, lo, hi), inner)
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
        for name, node, _ in entries(body):
            if name in self.system.by_name:
                index, outer = index_of(node), self.indexing.outer(self.system[name])
                if any(symbol in index[i].free_symbols for i in outer):
                    return True
        return False

    def _loop(self, e: sp.Sum, scope: Scope) -> Tensor:
        """The outermost index of a sum, value by value."""
        *inner, (k, lo, hi) = e.limits
        body = sp.Sum(e.function, *inner) if inner else e.function
        (first, last), mask = self.indexing.span(Range(k, lo, hi), scope)
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

    def _apply(self, e: Expr, scope: Scope) -> Tensor:
        row, order = (e.row, e.order) if isinstance(e, Elementwise) else (TABLE[str(e.func)], 0)
        x = self._eval(e.args[0], scope)
        parameters = [self._eval(p, scope).buffer for p in e.args[1:]]
        return Tensor(self.domain.apply(row, order, x.buffer, parameters), x.axes)

    def _indicator(self, e: Expr, scope: Scope) -> Tensor:
        condition = self.indexing.condition(e, scope)
        return Tensor(self.domain.array(condition.buffer.astype(int)), condition.axes)

    def _entry(self, e: Expr, scope: Scope) -> Tensor:
        """A family's entry: its array as it stands where the index is plain, else a gather."""
        name = str(family_of(e))
        variable = self.system[name]
        outer = self.indexing.outer(variable)
        indices = [self.indexing.integers(i, scope) for i in index_of(e)]
        if any(indices[i].axes for i in outer):
            return self._gather_blocks(variable, indices, scope)
        key = tuple(int(indices[i].buffer) for i in outer)
        buffer = self._store[name][key]
        inner = [(e.indices[i], indices[i]) for i in range(len(indices)) if i not in outer]
        return self._gather(buffer, inner, self.indexing.spans(variable, key), scope)

    def _gather(
        self, buffer: Buffer, indices: list[tuple[Expr, Tensor]], spans: list[Span], scope: Scope
    ) -> Tensor:
        plain = [s for s, _ in indices]
        whole = [scope.spans.get(s) == span for s, span in zip(plain, spans, strict=True)]
        if all(whole) and len(set(plain)) == len(plain):
            return Tensor(buffer, tuple(plain))
        axes = tuple(dict.fromkeys(a for _, t in indices for a in t.axes))
        positions = []
        for (_, t), (lo, hi) in zip(indices, spans, strict=True):
            position = GROUND.arrange(t.buffer, t.axes, axes) - lo
            if scope.masked:
                position = np.clip(position, 0, hi - lo)
            elif position.size and (position.min() < 0 or position.max() > hi - lo):
                raise SizeError(f"an index leaves its range {lo} to {hi}")
            positions.append(position)
        return Tensor(self.domain.take(buffer, tuple(positions)), axes)

    def _gather_blocks(self, variable: Variable, indices: list[Tensor], scope: Scope) -> Tensor:
        """An entry whose walked index is an axis here: one block for each value, stacked."""
        outer = self.indexing.outer(variable)
        axes = tuple(dict.fromkeys(a for i in outer for a in indices[i].axes))
        if len(axes) != 1:
            raise SizeError(f"{variable.name}: two indices at once cannot be walked as axes")
        (axis,) = axes
        lo, hi = scope.spans[axis]
        known = set(self.indexing.keys(variable))
        blocks: list[Tensor] = []
        for place in range(hi - lo + 1):
            key = tuple(
                int(np.broadcast_to(indices[i].buffer, (hi - lo + 1,))[place])
                if indices[i].axes
                else int(indices[i].buffer)
                for i in outer
            )
            key = key if key in known or not scope.masked else min(known)
            rest = [
                (t.axes[0] if len(t.axes) == 1 else sp.Dummy(), t)
                for i, t in enumerate(indices)
                if i not in outer
            ]
            blocks.append(
                self._gather(
                    self._store[variable.name][key], rest, self.indexing.spans(variable, key), scope
                )
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
