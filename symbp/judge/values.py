"""Values of claims at one point: a System's families in some domain, and derivatives among them.

df/du is found by forward mode: u is nudged by ε at one entry, all that depends on it is evaluated
again in dual numbers. The rule of the adjoint has no part in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import sympy as sp
from sympy import Expr, Symbol

from symbp.errors import DefinitionError
from symbp.numbers.domains import Buffer, Domain
from symbp.numbers.dual import Dual, DualArray
from symbp.numbers.evaluator import Evaluation
from symbp.numbers.expressions import Expressions
from symbp.numbers.indexing import Key, Scope, Tensor
from symbp.reading.typed import Total
from symbp.system import System
from symbp.system.equation import family_of, index_of
from symbp.system.indices import substitute


class Values:
    """A point of a System in a domain."""

    def __init__(self, system: System, given: Mapping[str, Any], domain: Domain) -> None:
        self.system = system
        self.given = given
        self.domain = domain
        self.dual = Dual(domain)
        self.primal = Evaluation(system, given, domain)
        self.primal._expressions = _WithTotals(self.primal._expressions, self)
        self._nudged: dict[tuple[str, Key, tuple[int, ...]], Evaluation] = {}

    def tensor(self, e: Expr, scope: Scope) -> Tensor:
        """An expression, with the axes of the scope that it depends on."""
        return self.primal.at(e, scope)

    def integer(self, e: Expr, point: Mapping[Symbol, int]) -> int:
        """A size or an index as a number."""
        return self.primal.indexing.integer(e, dict(point))

    # -- derivatives -------------------------------------------------------------------------

    def total(self, e: Total, scope: Scope) -> Tensor:
        """df/du with the axes of f and of u."""
        f, u, direct = e.args
        axes = [s for s in sorted(u.free_symbols, key=str) if s in scope.spans]
        return self._stacked(f, u, bool(direct), axes, scope)

    def _stacked(
        self, f: Expr, u: Expr, direct: bool, axes: Sequence[Symbol], scope: Scope
    ) -> Tensor:
        """One value of the first axis of u after the other."""
        if not axes:
            return self._one(f, u, direct, scope)
        first, *rest = axes
        lo, hi = scope.spans[first]
        spans = {s: v for s, v in scope.spans.items() if s != first}
        parts = [
            self._stacked(f, u, direct, rest, replace(
                scope, point={**scope.point, first: v}, spans=spans))
            for v in range(lo, hi + 1)
        ]  # fmt: skip
        common = tuple(dict.fromkeys(a for t in parts for a in t.axes))
        buffers = [self._wide(t, common, spans) for t in parts]
        return Tensor(self.domain.stack(buffers), (first, *common))

    def _wide(self, t: Tensor, axes: tuple[Any, ...], spans: Mapping[Symbol, Any]) -> Buffer:
        """A tensor with all of some axes."""
        buffer = self.domain.arrange(t.buffer, t.axes, axes)
        for a in axes:
            if a not in t.axes:
                lo, hi = spans[a]
                ones = self.domain.array(np.ones(hi - lo + 1, int))
                buffer = self.domain.multiply(buffer, self.domain.arrange(ones, (a,), axes))
        return buffer

    def _one(self, f: Expr, u: Expr, direct: bool, scope: Scope) -> Tensor:
        """df/du for one entry u."""
        name = str(family_of(u))
        index = tuple(self.integer(i, scope.point) for i in index_of(u))
        if direct:
            return self._directly(f, name, index, scope)
        found = self._evaluation(name, index).at(f, scope)
        return self._tangent(found)

    def _tangent(self, t: Tensor) -> Tensor:
        tangent = t.buffer.tangent
        if tangent is None:
            zero = self.domain.number(sp.S.Zero)
            return Tensor(zero)
        return Tensor(tangent, t.axes)

    def _place(self, name: str, index: tuple[int, ...]) -> tuple[Key, tuple[int, ...]]:
        """The key of the block an entry stands in, and its place there."""
        variable = self.system[name]
        outer = self.primal.indexing.outer(variable)
        key = tuple(index[i] for i in outer)
        spans = self.primal.indexing.spans(variable, key)
        inner = [index[i] for i in range(len(index)) if i not in outer]
        place = tuple(i - lo for i, (lo, _) in zip(inner, spans, strict=True))
        if any(not lo <= i <= hi for i, (lo, hi) in zip(inner, spans, strict=True)):
            raise DefinitionError(f"{name}{list(index)} does not exist")
        return key, place

    def _epsilon(self, name: str, key: Key, place: tuple[int, ...]) -> DualArray:
        shape = self.primal.indexing.shape(self.system[name], key)
        unit = np.zeros(shape, dtype=object)
        unit[place] = 1
        zero = self.domain.array(np.zeros(shape, dtype=int))
        return DualArray(zero, self.domain.array(unit.astype(int)))

    def _evaluation(self, name: str, index: tuple[int, ...]) -> Evaluation:
        """The System in dual numbers with one entry nudged."""
        key, place = self._place(name, index)
        at = (name, key, place)
        if at not in self._nudged:
            nudge = (name, key, self._epsilon(name, key, place))
            self._nudged[at] = Evaluation(
                self.system, self.given, self.dual, self.primal.indexing, nudge
            )
        return self._nudged[at]

    def _directly(self, f: Expr, name: str, index: tuple[int, ...], scope: Scope) -> Tensor:
        """∂f/∂u through the equation that defines f alone, all other quantities held fixed."""
        rhs, point = self._definition(f, scope)
        inner = replace(scope, point={**scope.point, **point})
        key, place = self._place(name, index)
        self.primal.at(rhs, inner)
        store = _Frozen(self.primal, name, key, self._epsilon(name, key, place))
        frozen = Expressions(self.system, self.dual, self.primal.indexing, store)
        return self._tangent(frozen.value(rhs, inner))

    def _definition(self, f: Expr, scope: Scope) -> tuple[Expr, dict[Symbol, int]]:
        """What defines f, with axes named as those of f; an expression f is itself."""
        name = str(family_of(f))
        if name not in self.system.by_name:
            return f, {}
        for equation in self.system.defining(name):
            point: dict[Symbol, Any] = {}
            axes: dict[Expr, Expr] = {}
            fits = True
            ranges = {r.symbol: r for r in equation.domain}
            for own, given in zip(equation.index, index_of(f), strict=True):
                if own not in ranges:
                    fits = fits and self.integer(own, {}) == self.integer(given, scope.point)
                elif given in scope.spans:
                    axes[own] = given
                else:
                    value = self.integer(given, scope.point)
                    r = ranges[own]
                    low, high = (self.integer(b, point) for b in (r.lower, r.upper))
                    fits = fits and low <= value <= high
                    point[own] = value
            if fits:
                return substitute(equation.rhs, axes), point
        raise DefinitionError(f"no equation defines {f}")


class _Frozen(Mapping[str, Any]):
    """The blocks of an evaluation as constants, one of them nudged."""

    def __init__(self, primal: Evaluation, name: str, key: Key, epsilon: DualArray) -> None:
        self._blocks = primal._store
        self._at = (name, key)
        self._epsilon = epsilon

    def __getitem__(self, name: str) -> dict[Key, DualArray]:
        return {
            key: DualArray(block, self._epsilon.tangent if (name, key) == self._at else None)
            for key, block in self._blocks[name].items()
        }

    def __iter__(self) -> Any:
        return iter(self._blocks)

    def __len__(self) -> int:
        return len(self._blocks)


class _WithTotals(Expressions):
    """Expressions that may hold derivatives."""

    def __init__(self, plain: Expressions, values: Values) -> None:
        super().__init__(plain.system, plain.domain, plain.indexing, plain.store)
        self._values = values

    def value(self, e: Expr, scope: Scope) -> Tensor:
        """As for any expression; df/du by forward mode."""
        if isinstance(e, Total):
            return self._values.total(e, scope)
        return super().value(e, scope)
