"""One evaluator walks a System in any number domain.

Walked indices (see `indexing`) are taken one by one; all others are axes of arrays (see
`expressions`). Several equations that define parts of one array are put together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from itertools import product
from typing import Any

import numpy as np
import sympy as sp
from sympy import Expr, Symbol

from symbp.errors import SizeError, at
from symbp.numbers.domains import Axes, Buffer, Domain, Floats
from symbp.numbers.expressions import Expressions
from symbp.numbers.gathers import check_lookups
from symbp.numbers.indexing import (
    Indexing,
    Key,
    Scope,
    Span,
    Tensor,
    entries,
)
from symbp.system import Equation, Range, Role, System, Variable
from symbp.system.equation import index_of

__all__ = ["Block", "Evaluation", "Tensor"]

#: A family and the key of one of its blocks.
Block = tuple[str, Key]


class Evaluation:
    """The values of a System's families at given inputs, computed when asked for.

    `values` gives every input, target and parameter: an array, or for a family with a layer
    index a sequence of arrays, one per layer. `indexing` may come from another evaluation of
    the same system with the same data in its indices. Raises `SizeError` where a value is missing
    or its shape is not the declared one.
    """

    def __init__(
        self,
        system: System,
        values: Mapping[str, Any],
        domain: Domain | None = None,
        indexing: Indexing | None = None,
    ) -> None:
        self.system = system
        self.domain: Domain = domain or Floats()
        self.indexing = indexing or Indexing(system, values)
        self._store: dict[str, dict[Key, Buffer]] = {}
        for variable in system.variables:
            if variable.role.given and variable.role is not Role.SIZE:
                self._store[variable.name] = self._given(variable, values)
        check_lookups(system, values, self.indexing)
        self._given_names = frozenset(self._store)
        self._expressions = Expressions(system, self.domain, self.indexing, self._store)
        self._planned: dict[Block, list[tuple[Equation, Scope]]] = {}
        self._uses: dict[Block, tuple[Block, ...]] = {}
        self._reach: dict[Block, frozenset[Block]] = {}

    def __getitem__(self, name: str) -> Any:
        """A family's values: an array, or a dict from the walked indices to arrays."""
        variable = self.system[name]
        keys = self.indexing.keys(variable)
        self._complete([(name, key) for key in keys if self._cases(variable, key)])
        found = {k: self._store[name][k] for k in keys if k in self._store.get(name, {})}
        if not self.indexing.outer(variable):
            return found[()]
        return {k[0] if len(k) == 1 else k: v for k, v in found.items()}

    def evaluate(self, e: Expr, domain: Sequence[Range] = ()) -> Tensor:
        """An expression over ranges, each of which becomes an axis."""
        spans: dict[Symbol, Span] = {}
        for r in domain:
            spans[r.symbol] = self.indexing.span(r, Scope({}))[0]
        return self.at(e, Scope({}, spans))

    def at(self, e: Expr, scope: Scope) -> Tensor:
        """An expression where some indices are numbers and others axes."""
        self._complete(self._named((e, scope)))
        return self._expressions.value(e, scope)

    def block(self, block: Block) -> Buffer:
        """The values of a family at a key."""
        self._complete([block])
        return self._store[block[0]][block[1]]

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

    def _complete(self, wanted: Sequence[Block]) -> None:
        """Compute what is wanted after what it needs, without recursion."""
        stack = list(reversed(wanted))
        waiting: set[Block] = set()
        while stack:
            block = name, key = stack[-1]
            if not self._has(block):
                missing = [] if block in waiting else self._missing(block)
                if missing:
                    waiting.add(block)
                    stack += missing
                    continue
                self._store[name][key] = self._computed(block)
            stack.pop()

    def _has(self, block: Block) -> bool:
        return block[1] in self._store.setdefault(block[0], {})

    def _missing(self, block: Block) -> list[Block]:
        """What has to be computed before a block."""
        return [b for b in self.uses(block) if not self._has(b)]

    def _computed(self, block: Block) -> Buffer:
        """A block by the equations that define it."""
        parts = [self._part(e, scope, block[1]) for e, scope in self.plan(block)]
        return reduce(self.domain.add, parts)

    def uses(self, block: Block) -> tuple[Block, ...]:
        """The blocks that stand in the equations of a block."""
        if block not in self._uses:
            cases = () if block[0] in self._given_names else self.plan(block)
            self._uses[block] = tuple(self._named(*((e.rhs, s) for e, s in cases)))
        return self._uses[block]

    def reach(self, block: Block) -> frozenset[Block]:
        """All blocks that a block depends on."""
        if block not in self._reach:
            found, stack = set(self.uses(block)), list(self.uses(block))
            while stack:
                new = set(self.uses(stack.pop())) - found
                found |= new
                stack += new
            self._reach[block] = frozenset(found)
        return self._reach[block]

    def plan(self, block: Block) -> list[tuple[Equation, Scope]]:
        """The equations of a block, and where each is evaluated."""
        if block not in self._planned:
            name, key = block
            cases = [(e, self._scope(e, key)) for e in self._cases(self.system[name], key)]
            if not cases:
                raise SizeError(f"{name} has no value at {', '.join(map(str, key))}")
            self._planned[block] = cases
        return self._planned[block]

    def _named(self, *cases: tuple[Expr, Scope]) -> list[Block]:
        """The blocks that expressions need."""
        found: dict[Block, None] = {}
        for e, scope in cases:
            for name, node, ranges in entries(e):
                if not self._expressions.is_entry(name):
                    continue
                inner = scope
                for r in ranges:
                    inner = inner.within(r.symbol, self.indexing.span(r, inner)[0], True)
                found.update(((name, key), None) for key in self._entry_keys(name, node, inner))
        return list(found)

    def _entry_keys(self, name: str, node: Expr, scope: Scope) -> list[Key]:
        variable = self.system[name]
        outer = self.indexing.outer(variable)
        if not outer:
            return [()]
        index = [self.indexing.integers(index_of(node)[i], scope) for i in outer]
        columns = [np.unique(t.buffer).tolist() if t.axes else [int(t.buffer)] for t in index]
        known = set(self.indexing.keys(variable)) if scope.masked else None
        return [k for k in product(*columns) if known is None or k in known]

    def _cases(self, variable: Variable, key: Key) -> list[Equation]:
        """The equations that define something of the block at a key."""
        outer = self.indexing.outer(variable)
        return [e for e in self.system.defining(variable.name) if self._holds_at(e, outer, key)]

    def _holds_at(self, equation: Equation, outer: tuple[int, ...], key: Key) -> bool:
        ranges = {r.symbol: r for r in equation.domain}
        point: dict[Symbol, int] = {}
        for i, value in zip(outer, key, strict=True):
            index = equation.index[i]
            if index in ranges:
                lower, upper = ranges[index].lower, ranges[index].upper
                low, high = self.indexing.integer(lower, point), self.indexing.integer(upper, point)
                if not low <= value <= high or point.get(index, value) != value:
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
        masked = False
        for r in equation.domain:
            if r.symbol not in point:
                spans[r.symbol], mask = self.indexing.span(r, Scope(point, spans))
                masked = masked or mask is not None
        return Scope(point, spans, masked)

    def _part(self, equation: Equation, scope: Scope, key: Key) -> Buffer:
        """What one equation says of a block: its values on its domain, 0 elsewhere."""
        if any(high < low for low, high in scope.spans.values()):
            return self.domain.array(np.zeros(self.shape(equation.family, key), int))
        with at(equation.lhs):
            value = self._expressions.value(equation.rhs, scope)
            value = self._only(value, equation, scope) if scope.masked else value
        variable = self.system[equation.family]
        outer = self.indexing.outer(variable)
        index = [i for place, i in enumerate(equation.index) if place not in outer]
        own = [scope.spans[i] if i in scope.spans else self._single(i, scope) for i in index]
        spans = self.indexing.spans(variable, key)
        value, index = self._diagonal(value, index, scope)
        axes = tuple(i if i in scope.spans or i.is_Dummy else sp.Dummy() for i in index)
        buffer = _broadcast(self.domain, value, axes, [hi - lo + 1 for lo, hi in own])
        return buffer if own == spans else self._placed(buffer, own, spans)

    def _diagonal(
        self, value: Tensor, index: list[Expr], scope: Scope
    ) -> tuple[Tensor, list[Expr]]:
        """The value of w[r, r] in a square, 0 beside it, with an axis for each index."""
        for place, i in enumerate(index):
            if i in scope.spans and i in index[:place]:
                index = [*index[:place], sp.Dummy(), *index[place + 1 :]]
                low, high = scope.spans[i]
                same = self.domain.array(np.eye(high - low + 1, dtype=int))
                value = self._expressions.product([value, Tensor(same, (i, index[place]))], ())
        return value, index

    def _only(self, value: Tensor, equation: Equation, scope: Scope) -> Tensor:
        """A value where the equation speaks of it, 0 elsewhere: on a triangle of axes."""
        factors = [value]
        inner = Scope(scope.point)
        for r in equation.domain:
            if r.symbol in scope.spans:
                span, mask = self.indexing.span(r, inner)
                inner = inner.within(r.symbol, span, False)
                if mask is not None:
                    counts = self.domain.array(mask.buffer.astype(int))
                    factors.append(Tensor(counts, mask.axes))
        return self._expressions.product(factors, ())

    def _single(self, index: Expr, scope: Scope) -> Span:
        value = int(self.indexing.integers(index, scope).buffer)
        return value, value

    def _placed(self, buffer: Buffer, own: list[Span], spans: list[Span]) -> Buffer:
        """A part of an array inside the whole, with 0 around it."""
        wanted = np.ix_(*(np.arange(lo, hi + 1) for lo, hi in spans))
        shape = tuple(hi - lo + 1 for lo, hi in spans)
        if any(hi < lo for lo, hi in own):
            return self.domain.array(np.zeros(shape, int))
        places = tuple(np.clip(w, lo, hi) - lo for w, (lo, hi) in zip(wanted, own, strict=True))
        inside = [(lo <= w) & (w <= hi) for w, (lo, hi) in zip(wanted, own, strict=True)]
        mask = reduce(np.logical_and, inside).astype(int)
        return self.domain.multiply(self.domain.take(buffer, places), self.domain.array(mask))


def _broadcast(domain: Domain, value: Tensor, axes: Axes, shape: Sequence[int]) -> Buffer:
    """A tensor's buffer with all of `axes` at the lengths of `shape`."""
    missing = [i for i, a in enumerate(axes) if a not in value.axes]
    buffer = domain.arrange(value.buffer, value.axes, axes)
    for i in missing:
        ones = domain.array(np.ones(shape[i], int))
        buffer = domain.multiply(buffer, domain.arrange(ones, (axes[i],), axes))
    return buffer
