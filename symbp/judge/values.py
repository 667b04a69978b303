"""Values of claims at one point: a System's families in some domain, and derivatives among them.

df/du is found by forward mode: all entries of u's block are moved at once, each by an ε of its own,
and what depends on them is evaluated again in dual numbers. The rule of the adjoint has no part in
it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from sympy import Expr, Symbol

from symbp.errors import DefinitionError
from symbp.numbers.domains import Axes, Buffer, Domain
from symbp.numbers.evaluator import Block, Evaluation
from symbp.numbers.expressions import Expressions
from symbp.numbers.forward import DIRECTIONS, Held, Moved
from symbp.numbers.indexing import GROUND, Scope, Span, Tensor
from symbp.reading.typed import Total
from symbp.system import System
from symbp.system.equation import family_of, index_of
from symbp.system.indices import substitute

#: The most entries that are moved on their own.
FEW = 32


class Values:
    """A point of a System in a domain."""

    def __init__(self, system: System, given: Mapping[str, Any], domain: Domain) -> None:
        self.system = system
        self.domain = domain
        self.primal = _Point(system, given, domain, self)
        self._moved: dict[tuple[type[Moved], Block, int, tuple[int, ...]], Moved] = {}

    def tensor(self, e: Expr, scope: Scope) -> Tensor:
        """An expression, with the axes of the scope that it depends on."""
        return self.primal.at(e, scope)

    def integer(self, e: Expr, point: Mapping[Symbol, int]) -> int:
        """A size or an index as a number."""
        return self.primal.indexing.integer(e, point)

    # -- derivatives -------------------------------------------------------------------------

    def total(self, e: Total, scope: Scope) -> Tensor:
        """df/du with the axes of f and of u."""
        f, u, direct = e.args
        outer = self.primal.indexing.outer(self.system[str(family_of(u))])
        walked = {s for i in outer for s in index_of(u)[i].free_symbols}
        own = sorted((s for s in u.free_symbols if s in scope.spans), key=str)
        for s in own:
            if s in walked or s in f.free_symbols:
                return self._at_each(e, s, scope)
        block, places = self._places(u, scope)
        inner = _without(scope, own)
        if direct:
            f, inner = self._definition(f, inner)
        return self._entries(Held if direct else Moved, f, block, places, inner)

    def _at_each(self, e: Total, axis: Symbol, scope: Scope) -> Tensor:
        """One value of an axis that f and u share after the other."""
        lo, hi = scope.spans[axis]
        rest = _without(scope, [axis])
        parts = [
            self.total(e, replace(rest, point={**scope.point, axis: v})) for v in range(lo, hi + 1)
        ]
        common = tuple(dict.fromkeys(a for t in parts for a in t.axes))
        buffers = [self._wide(t, common, rest.spans) for t in parts]
        return Tensor(self.domain.stack(buffers), (axis, *common))

    def _wide(self, t: Tensor, axes: Axes, spans: Mapping[Symbol, Span]) -> Buffer:
        """A tensor with all of some axes."""
        buffer = self.domain.arrange(t.buffer, t.axes, axes)
        for a in axes:
            if a not in t.axes:
                lo, hi = spans[a]
                ones = self.domain.array(np.ones(hi - lo + 1, int))
                buffer = self.domain.multiply(buffer, self.domain.arrange(ones, (a,), axes))
        return buffer

    def _places(self, u: Expr, scope: Scope) -> tuple[Block, Tensor]:
        """The block that entries u stand in, and their places in it, counted row by row."""
        indexing, name = self.primal.indexing, str(family_of(u))
        variable = self.system[name]
        outer = indexing.outer(variable)
        index = [indexing.integers(i, scope) for i in index_of(u)]
        key = tuple(int(index[i].buffer) for i in outer)
        inner = [t for i, t in enumerate(index) if i not in outer]
        axes = tuple(dict.fromkeys(a for t in inner for a in t.axes))
        found: Any = np.zeros((1,) * len(axes), int)
        for t, (lo, hi) in zip(inner, indexing.spans(variable, key), strict=True):
            place = GROUND.arrange(t.buffer, t.axes, axes) - lo
            if scope.masked:  # what lies outside is multiplied by 0
                place = np.clip(place, 0, hi - lo)
            elif np.any(place < 0) or np.any(place > hi - lo):
                raise DefinitionError(f"{u} does not exist at all of its indices")
            found = found * (hi - lo + 1) + place
        return (name, key), Tensor(np.asarray(found), axes)

    def _entries(
        self, way: type[Moved], f: Expr, block: Block, places: Tensor, scope: Scope
    ) -> Tensor:
        """df/du for the entries at some places of a block."""
        few = np.unique(places.buffer)
        if few.max(initial=0) >= DIRECTIONS and len(few) <= FEW:  # of a very wide layer
            moved = self._turn(way, block, 0, tuple(int(n) for n in few))
            return self._taken(
                moved.at(f, scope), places, np.asarray(np.searchsorted(few, places.buffer))
            )
        turns, within = np.divmod(places.buffer, DIRECTIONS)
        needed, chosen = np.unique(turns, return_inverse=True)
        found = [self._turn(way, block, int(n)).at(f, scope) for n in needed]
        if all(t.buffer.tangent is None for t in found):
            return Tensor(self.domain.array(np.zeros(places.buffer.shape, int)), places.axes)
        axes = (*places.axes, *found[0].axes)
        if len(found) == 1:
            return self._taken(found[0], places, within)
        tangents = self.domain.stack([self._turn(way, block, 0).tangent(t.buffer) for t in found])
        return Tensor(self.domain.take(tangents, (chosen.reshape(turns.shape), within)), axes)

    def _taken(self, found: Tensor, places: Tensor, within: np.ndarray) -> Tensor:
        """The tangents of some entries, of those that were moved at once."""
        if found.buffer.tangent is None:
            return Tensor(self.domain.array(np.zeros(places.buffer.shape, int)), places.axes)
        axes = (*places.axes, *found.axes)
        return Tensor(self.domain.take(found.buffer.tangent, (within,)), axes)

    def _turn(
        self, way: type[Moved], block: Block, turn: int, chosen: tuple[int, ...] = ()
    ) -> Moved:
        """The point with some of a block's entries moved."""
        at = (way, block, turn, chosen)
        if at not in self._moved:
            few = (chosen,) if chosen else ()
            self._moved[at] = way(self.primal, block, turn, *few)
        return self._moved[at]

    def _definition(self, f: Expr, scope: Scope) -> tuple[Expr, Scope]:
        """What defines f and where, with axes named as those of f; an expression f is itself."""
        name = str(family_of(f))
        if name not in self.system.by_name or not self.system.defining(name):
            return f, scope
        for equation in self.system.defining(name):
            point: dict[Symbol, int] = {}
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
                inner = replace(_without(scope, point), point={**scope.point, **point})
                return substitute(equation.rhs, axes), inner
        raise DefinitionError(f"no equation defines {f}")


def _without(scope: Scope, axes: Iterable[Symbol]) -> Scope:
    """The scope without some axes."""
    gone = set(axes)
    return replace(scope, spans={s: v for s, v in scope.spans.items() if s not in gone})


class _Point(Evaluation):
    """An evaluation whose expressions may hold derivatives."""

    def __init__(
        self, system: System, given: Mapping[str, Any], domain: Domain, values: Values
    ) -> None:
        super().__init__(system, given, domain)
        self._expressions = _WithTotals(self._expressions, values)


class _WithTotals(Expressions):
    """Expressions that may hold derivatives."""

    def __init__(self, plain: Expressions, values: Values) -> None:
        super().__init__(plain.system, plain.domain, plain.indexing, plain.store)
        self._values = values
        self._known: dict[Any, dict[Expr, Tensor]] = {}
        """Claims of one document have most of their parts in common."""

    def value(self, e: Expr, scope: Scope) -> Tensor:
        """As for any expression; df/du by forward mode."""
        known = self._known.setdefault(scope.key, {})
        found = known.get(e)
        if found is None:
            found = (
                self._values.total(e, scope) if isinstance(e, Total) else super().value(e, scope)
            )
            known[e] = found
        return found
