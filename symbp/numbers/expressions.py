"""An expression of a System as an array in a number domain.

Σ of a product is a contraction of arrays; an index map such as s·p + u gathers; a bound that
depends on other axes becomes a mask.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import reduce

import numpy as np
import sympy as sp
from sympy import Expr, Symbol

from symbp.errors import DefinitionError, SizeError
from symbp.functions import TABLE, Elementwise
from symbp.numbers.domains import Axes, Buffer, Domain
from symbp.numbers.indexing import (
    GROUND,
    Indexing,
    Key,
    Scope,
    Span,
    Tensor,
    at,
    entries,
)
from symbp.numbers.maximum import chosen, greatest, of_several
from symbp.numbers.ordered import ordered
from symbp.system import Range, Role, System, Variable
from symbp.system.equation import family_of, index_of
from symbp.system.functional import Functional
from symbp.system.indices import AtLeast
from symbp.system.maximum import Chosen, Greatest, IsGreatest, Maximum
from symbp.system.ordered import Ordered

GUARDS = (sp.KroneckerDelta, AtLeast)
Store = Mapping[str, Mapping[Key, Buffer]]


class Expressions:
    """Evaluates expressions whose entries are in `store`."""

    def __init__(self, system: System, domain: Domain, indexing: Indexing, store: Store) -> None:
        self.system = system
        self.domain = domain
        self.indexing = indexing
        self.store = store

    def is_entry(self, name: str | None) -> bool:
        """Whether the name is that of a family of numbers, not of a size or an index."""
        return name in self.system.by_name and self.system[str(name)].role is not Role.SIZE

    def value(self, e: Expr, scope: Scope) -> Tensor:
        """The expression as an array over the axes of the scope that it depends on."""
        if e.is_Number or e.is_NumberSymbol:
            return Tensor(self.domain.number(e))
        if isinstance(e, sp.Add):
            return reduce(self.plus, (self.value(a, scope) for a in e.args))
        if isinstance(e, sp.Mul):
            return self._times(e, scope)
        if isinstance(e, sp.Pow):
            base = self.value(e.base, scope)
            return Tensor(self.domain.power(base.buffer, e.exp), base.axes)
        if isinstance(e, sp.Sum):
            return self._sum(e, scope)
        if isinstance(e, Ordered):
            return ordered(self, e, scope)
        if isinstance(e, Maximum):
            return greatest(self, e, scope)
        if isinstance(e, Chosen):
            return chosen(self, e, scope)
        if isinstance(e, (Greatest, IsGreatest)):
            return of_several(self, e, scope)
        if isinstance(e, Functional):
            return self.value(e.stand_in(), scope)
        if isinstance(e, (Elementwise, sp.exp, sp.log)):
            return self._apply(e, scope)
        if isinstance(e, GUARDS):
            return self._indicator(e, scope)
        if self.is_entry(family_of(e)):
            return self._entry(e, scope)
        if any(self.is_entry(name) for name, *_ in entries(e)):
            raise DefinitionError(f"{e}: numbers exist for sums, products, powers and functions")
        counted = self.indexing.integers(e, scope)
        return Tensor(self.domain.array(counted.buffer), counted.axes)

    def _times(self, e: sp.Mul, scope: Scope) -> Tensor:
        """A product; where an indicator is zero, the other factors need not have a meaning."""
        guards = [a for a in e.args if isinstance(a, GUARDS)]
        for guard in guards:
            condition = self.indexing.condition(guard, scope)
            if not condition.axes and not condition.buffer:
                return Tensor(self.domain.array(0))
        inner = replace(scope, masked=True) if guards else scope
        return self.product([self.value(a, inner) for a in e.args], ())

    def plus(self, a: Tensor, b: Tensor) -> Tensor:
        """a + b."""
        axes = tuple(dict.fromkeys((*a.axes, *b.axes)))
        x = self.domain.arrange(a.buffer, a.axes, axes)
        y = self.domain.arrange(b.buffer, b.axes, axes)
        return Tensor(self.domain.add(x, y), axes)

    def product(self, factors: Sequence[Tensor], summed: Axes) -> Tensor:
        """Σ over the summed axes of the product of the factors."""
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
        along = _moved(masks, e, scope)
        if along is not None:
            return self.walked(e, scope, along)
        if any(inner.spans[k][1] < inner.spans[k][0] for k in summed):
            return Tensor(self.domain.array(0))
        body = sp.Mul.make_args(e.function)
        inner = replace(inner, masked=True) if any(isinstance(f, GUARDS) for f in body) else inner
        factors = [self.value(f, inner) for f in body]
        factors += [Tensor(self.domain.array(m.buffer.astype(int)), m.axes) for m in masks]
        present = {a for t in factors for a in t.axes}
        for k in summed:
            lo, hi = inner.spans[k]
            if k not in present:
                factors.append(Tensor(self.domain.array(np.ones(max(0, hi - lo + 1), int)), (k,)))
        return self.product(factors, summed)

    def walked(self, e: Expr, scope: Scope, axis: Symbol) -> Tensor:
        """An expression value by value along an axis."""
        low, high = scope.spans[axis]
        spans = {s: span for s, span in scope.spans.items() if s != axis}
        found = [
            self.value(e, replace(scope, point={**scope.point, axis: value}, spans=spans))
            for value in range(low, high + 1)
        ]
        axes = tuple(dict.fromkeys(a for t in found for a in t.axes))
        lengths = [spans[a][1] - spans[a][0] + 1 for a in axes]
        whole = Tensor(self.domain.array(np.ones(lengths, int)), axes)
        rows = [self.product([whole, t], ()).buffer for t in found]
        return Tensor(self.domain.stack(rows), (axis, *axes))

    def _walks(self, body: Expr, symbol: Symbol) -> bool:
        """Whether an entry of the body is walked along the index, or a product is as long."""
        if any(symbol in product.free_symbols for product in body.atoms(Ordered)):
            return True
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
            at_value = replace(
                scope, point={**scope.point, k: value}, masked=scope.masked or mask is not None
            )
            term = self.value(body, at_value)
            if mask is not None:
                here = at(mask, k, value - first)
                counts = Tensor(self.domain.array(here.buffer.astype(int)), here.axes)
                term = self.product([term, counts], ())
            total = self.plus(total, term)
        return total

    def _apply(self, e: Expr, scope: Scope) -> Tensor:
        row, order = (e.row, e.order) if isinstance(e, Elementwise) else (TABLE[str(e.func)], 0)
        x = self.value(e.args[0], scope)
        parameters = [self.value(p, scope).buffer for p in e.args[1:]]
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
            return self._gather_blocks(variable, e.indices, indices, scope)
        key = tuple(int(indices[i].buffer) for i in outer)
        inner = [(e.indices[i], indices[i]) for i in range(len(indices)) if i not in outer]
        if scope.masked and key not in self.store[name]:
            return self._anything([t for _, t in inner])
        buffer = self.store[name][key]
        return self._gather(buffer, inner, self.indexing.spans(variable, key), scope)

    def _gather(
        self, buffer: Buffer, indices: list[tuple[Expr, Tensor]], spans: list[Span], scope: Scope
    ) -> Tensor:
        plain = [s for s, _ in indices]
        whole = [scope.spans.get(s) == span for s, span in zip(plain, spans, strict=True)]
        if all(whole) and len(set(plain)) == len(plain):
            return Tensor(buffer, tuple(plain))
        axes = tuple(dict.fromkeys(a for _, t in indices for a in t.axes))
        if scope.masked and any(hi < lo for lo, hi in spans):
            return self._anything([t for _, t in indices])
        if not axes and not scope.masked:
            return self._single(buffer, [int(t.buffer) for _, t in indices], spans)
        positions = []
        for (_, t), (lo, hi) in zip(indices, spans, strict=True):
            position = GROUND.arrange(t.buffer, t.axes, axes) - lo
            if scope.masked:
                position = np.clip(position, 0, hi - lo)
            elif position.size and (position.min() < 0 or position.max() > hi - lo):
                raise SizeError(f"an index leaves its range {lo} to {hi}")
            positions.append(position)
        return Tensor(self.domain.take(buffer, tuple(positions)), axes)

    def _anything(self, indices: Sequence[Tensor]) -> Tensor:
        """What stands at places that do not count, and are in no array."""
        lengths = {a: n for t in indices for a, n in zip(t.axes, t.buffer.shape, strict=True)}
        return Tensor(self.domain.array(np.ones(list(lengths.values()), int)), tuple(lengths))

    def _single(self, buffer: Buffer, index: list[int], spans: list[Span]) -> Tensor:
        """One entry of an array."""
        for i, (lo, hi) in zip(index, spans, strict=True):
            if not lo <= i <= hi:
                raise SizeError(f"an index leaves its range {lo} to {hi}")
        place = tuple(i - lo for i, (lo, _) in zip(index, spans, strict=True))
        return Tensor(self.domain.take(buffer, place))

    def _gather_blocks(
        self, variable: Variable, index: Axes, indices: list[Tensor], scope: Scope
    ) -> Tensor:
        """An entry whose walked index is an axis here: one block for each value, stacked."""
        outer = self.indexing.outer(variable)
        axes = tuple(dict.fromkeys(a for i in outer for a in indices[i].axes))
        if len(axes) != 1:
            raise SizeError(f"{variable.name}: two indices at once cannot be walked as axes")
        (axis,) = axes
        lo, hi = scope.spans[axis]
        held = self.store[variable.name]
        blocks: list[Tensor] = []
        for place in range(hi - lo + 1):
            key = tuple(
                int(np.broadcast_to(indices[i].buffer, (hi - lo + 1,))[place])
                if indices[i].axes
                else int(indices[i].buffer)
                for i in outer
            )
            rest = [(index[i], t) for i, t in enumerate(indices) if i not in outer]
            rest = [(sp.Dummy(), at(t, axis, place)) if axis in t.axes else (i, t) for i, t in rest]
            if scope.masked and key not in held:
                blocks.append(self._anything([t for _, t in rest]))
                continue
            buffer, spans = held[key], self.indexing.spans(variable, key)
            blocks.append(self._gather(buffer, rest, spans, scope))
        return Tensor(self.domain.stack([b.buffer for b in blocks]), (axis, *blocks[0].axes))


def _moved(masks: Sequence[Tensor], e: sp.Sum, scope: Scope) -> Symbol | None:
    """An axis with which the range of a sum moves, where a term need not be defined outside."""
    partial = any(
        isinstance(n, (sp.exp, sp.log, Elementwise))
        or (n.is_Pow and not (n.exp.is_Integer and n.exp > 0))
        for n in sp.preorder_traversal(e.function)
    )
    axes = (a for m in masks for a in m.axes if a in scope.spans) if partial else ()
    return next(iter(axes), None)
