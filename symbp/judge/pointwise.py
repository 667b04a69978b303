"""Values of expressions at concrete indices, entry by entry: what `equality` compares.

Entries are looked up one by one and sums are walked term by term; ∂v/∂u is a dual number pushed
through the equation that defines v, with every other family held fixed. What was computed is
kept: the steps of a derivation have most of their parts in common.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from typing import Any

import sympy as sp
from sympy import Expr, Symbol

from symbp.derivation.context import Partial
from symbp.errors import DefinitionError
from symbp.functions import Elementwise
from symbp.numbers.domains import Buffer
from symbp.numbers.dual import Dual, DualArray
from symbp.numbers.evaluator import Evaluation
from symbp.numbers.field import Field
from symbp.system import Equation, Range, Role, System
from symbp.system.contents import free_symbols, has
from symbp.system.equation import RECURRENT, family_of, index_of
from symbp.system.functional import Functional
from symbp.system.indices import AtLeast
from symbp.system.maximum import Chosen, IsGreatest, Maximum

Point = Mapping[Symbol, int]

#: [a = b], [a ≥ 0], and ∂f/∂u, which is 0 where f does not depend on u
CONDITIONS = (sp.KroneckerDelta, AtLeast, Partial)


def conditions(e: Expr) -> list[Expr]:
    """The factors of a product that are 0 at many points."""
    return [a for a in sp.Mul.make_args(e) if isinstance(a, CONDITIONS)]


class Pointwise:
    """Values of expressions at concrete indices, as dual numbers over the field."""

    def __init__(self, system: System, evaluation: Evaluation, field: Field) -> None:
        self.system = system
        self.evaluation = evaluation
        self.field = field
        self.dual = Dual(field)
        self._families: dict[str, Any] = {}
        self._numbers: dict[Expr, int] = {}
        self._numbered: dict[int, tuple[Expr, int, tuple[Symbol, ...]]] = {}
        """By id: an expression (kept, or its id would be another's), its number, its symbols."""
        self._plans: dict[Expr, list[tuple[Range, list[Expr]]]] = {}
        self._keys: dict[tuple[Any, ...], tuple[str, tuple[int, ...]]] = {}
        self._defined: dict[tuple[Any, ...], tuple[Expr, Point]] = {}
        self._used: dict[tuple[Any, ...], frozenset[tuple[Any, ...]]] = {}
        self._integers: dict[tuple[Any, ...], int] = {}
        self._known: dict[tuple[Any, ...], DualArray] = {}
        """What was computed: the steps of a derivation have most of their parts in common."""

    def points(self, domain: Sequence[Range]) -> Iterator[dict[Symbol, int]]:
        """Every index of a domain."""
        if not domain:
            yield {}
            return
        *outer, last = domain
        for point in self.points(outer):
            for value in range(
                self.integer(last.lower, point), self.integer(last.upper, point) + 1
            ):
                yield {**point, last.symbol: value}

    def integer(self, e: Expr, point: Point) -> int:
        """An index expression as a number."""
        if e.is_Integer:
            return int(e)
        place = self._place(e, point)
        if place not in self._integers:
            self._integers[place] = self.evaluation.indexing.integer(e, {**point})
        return self._integers[place]

    def value(self, e: Expr, point: Point, moving: tuple[Any, ...] = ()) -> DualArray:
        """An expression at a point; the entry `moving` (name, index) has the tangent 1."""
        place = self._place(e, point)
        if moving:
            moving = moving if moving in self._entries(e, point) else ()
        if (place, moving) not in self._known:
            self._known[place, moving] = self._value(e, point, moving)
        return self._known[place, moving]

    def _place(self, e: Expr, point: Point) -> tuple[int | None, ...]:
        """What decides the value of an expression: its number, and its own part of the point."""
        _, number, symbols = self._numbered.get(id(e)) or self._number(e)
        return (number, *map(point.get, symbols))

    def _number(self, e: Expr) -> tuple[Expr, int, tuple[Symbol, ...]]:
        """One number for equal expressions: comparing them each time would take long."""
        symbols = tuple(s for s in free_symbols(e) if s.is_Symbol and s.is_integer)
        found = e, self._numbers.setdefault(e, len(self._numbers)), symbols
        self._numbered[id(e)] = found
        return found

    def _symbols(self, e: Expr) -> tuple[Symbol, ...]:
        return (self._numbered.get(id(e)) or self._number(e))[2]

    def _entries(self, e: Expr, point: Point) -> frozenset[tuple[Any, ...]]:
        """The entries (name, index) that the value of an expression depends on directly."""
        place = self._place(e, point)
        if place not in self._used:
            self._used[place] = frozenset(self._found(e, point))
        return self._used[place]

    def _found(self, e: Expr, point: Point) -> Iterator[tuple[Any, ...]]:
        if isinstance(e, Functional):
            e = e.stand_in()
        name = str(family_of(e))
        if name in self.system.by_name:
            yield self._key(e, point)
        elif isinstance(e, (sp.Sum, Maximum)):
            for inner in self._terms(e, point):
                yield from self._entries(e.function, inner)
        elif isinstance(e, Chosen):
            yield from self._entries(e.maximum, point)
        elif not isinstance(e, CONDITIONS):
            for part in e.args:
                yield from self._entries(part, point)

    def _value(self, e: Expr, point: Point, moving: tuple[Any, ...]) -> DualArray:
        if not free_symbols(e) and not has(e, (Partial, Elementwise)):
            return self.dual.number(e)
        if isinstance(e, sp.Add):
            return reduce(self.dual.add, (self.value(a, point, moving) for a in e.args))
        if isinstance(e, sp.Mul):
            if not all(self._may_count(c, point) for c in conditions(e)):
                return self.dual.number(sp.S.Zero)
            return reduce(self.dual.multiply, (self.value(a, point, moving) for a in e.args))
        if isinstance(e, sp.Pow):
            return self.dual.power(self.value(e.base, point, moving), e.exp)
        if isinstance(e, sp.Sum):
            return self._sum(e, point, moving)
        if isinstance(e, Partial):
            return self._partial(e, point)
        if isinstance(e, Elementwise):
            x, *parameters = (self.value(a, point, moving) for a in e.args)
            return self.dual.apply(e.row, e.order, x, parameters)
        if isinstance(e, (sp.exp, sp.log)):
            name = type(e).__name__
            return self.dual.elementary(name, self.value(e.args[0], point, moving))
        if isinstance(e, Functional):
            return self.value(e.stand_in(), point, moving)
        if isinstance(e, (Maximum, Chosen)):
            return self._greatest(e, point, moving)
        if isinstance(e, IsGreatest):
            which, *numbers = e.args
            each = self._weights([self.value(a, point, moving) for a in numbers])
            return each[int(which) - 1]
        if isinstance(e, CONDITIONS):
            return self.dual.number(sp.Integer(int(self._may_count(e, point))))
        return self._entry(e, point, moving)

    def _may_count(self, e: Expr, point: Point) -> bool:
        """[a = b] or [a ≥ 0]; of ∂f/∂u whether it can be other than zero."""
        if isinstance(e, Partial):
            f, inner, moving = self._moved(e, point)
            return moving in self._entries(f, inner)
        if isinstance(e, sp.KroneckerDelta):
            a, b = e.args
            return self.integer(a, point) == self.integer(b, point)
        return self.integer(e.args[0], point) >= 0

    def _sum(self, e: sp.Sum, point: Point, moving: tuple[Any, ...]) -> DualArray:
        total = self.dual.number(sp.S.Zero)
        for inner in self._terms(e, point):
            total = self.dual.add(total, self.value(e.function, inner, moving))
        return total

    def _terms(self, e: sp.Sum | Maximum, point: Point) -> Iterator[Point]:
        """The points of a sum at which its body may count."""
        if e not in self._plans:
            self._plans[e] = list(self._plan(e))
        return self._inside(self._plans[e], point)

    def _plan(self, e: sp.Sum | Maximum) -> Iterator[tuple[Range, list[Expr]]]:
        """Each range of a sum, the outermost first, and the conditions that it is the last of."""
        needed = conditions(e.function)
        for place, (k, low, high) in reversed(list(enumerate(e.limits))):
            later = {inner[0] for inner in e.limits[:place]}
            decided = [c for c in needed if not later.intersection(self._symbols(c))]
            needed = [c for c in needed if c not in decided]
            yield Range(k, low, high), decided

    def _greatest(self, e: Maximum | Chosen, point: Point, moving: tuple[Any, ...]) -> DualArray:
        """The maximum as a weighted sum of what it is taken of; or one of the weights."""
        places = list(self._inside([(r, []) for r in e.ranges], point))
        numbers = [self.value(e.body, place, moving) for place in places]
        each = self._weights(numbers)
        if isinstance(e, Maximum):
            return reduce(self.dual.add, map(self.dual.multiply, each, numbers))
        found = [[place[r.symbol] for r in e.ranges] for place in places]
        return each[found.index([self.integer(i, point) for i in e.place])]

    def _weights(self, numbers: Sequence[DualArray]) -> list[DualArray]:
        """For each number whether it is the greatest."""
        weights = self.dual.greatest(self.dual.stack(numbers), 1)
        return [self.dual.take(weights, (i,)) for i in range(len(numbers))]

    def _inside(self, plan: Sequence[tuple[Range, list[Expr]]], point: Point) -> Iterator[Point]:
        if not plan:
            yield point
            return
        (r, decided), *rest = plan
        for v in range(self.integer(r.lower, point), self.integer(r.upper, point) + 1):
            inner = {**point, r.symbol: v}
            if all(self._may_count(c, inner) for c in decided):
                yield from self._inside(rest, inner)

    def _partial(self, e: Partial, point: Point) -> DualArray:
        """∂f/∂u by a dual number."""
        tangent = self.value(*self._moved(e, point)).tangent
        return DualArray(tangent if tangent is not None else self.field.number(sp.S.Zero))

    def _moved(self, e: Partial, point: Point) -> tuple[Expr, Point, tuple[Any, ...]]:
        """Of ∂f/∂u: f, its point and u; an entry f of another family is what defines it."""
        f, u = e.args[:2]
        moving = self._key(u, point)
        if family_of(f) is not None and not self._same_step(f, u, point):
            f, point = self._definition(*self._key(f, point))
        return f, point, moving

    def _key(self, entry: Expr, point: Point) -> tuple[str, tuple[int, ...]]:
        """The name and the index of an entry."""
        place = self._place(entry, point)
        if place not in self._keys:
            index = tuple(self.integer(i, point) for i in index_of(entry))
            self._keys[place] = str(family_of(entry)), index
        return self._keys[place]

    def _same_step(self, f: Expr, u: Expr, point: Point) -> bool:
        """Whether both are of one family at one layer, time or place: then ∂f/∂u is 1 or 0."""
        if family_of(f) != family_of(u):
            return False
        slots = self.system[str(family_of(f))].slots
        indices = zip(slots, index_of(f), index_of(u), strict=True)
        return all(
            self.integer(a, point) == self.integer(b, point)
            for slot, a, b in indices
            if slot.kind in RECURRENT
        )

    def _definition(self, name: str, index: tuple[int, ...]) -> tuple[Expr, Point]:
        if (name, index) not in self._defined:
            self._defined[name, index] = self._found_definition(name, index)
        return self._defined[name, index]

    def _found_definition(self, name: str, index: tuple[int, ...]) -> tuple[Expr, Point]:
        for equation in self.system.defining(name):
            point = self._holds(equation, index)
            if point is not None:
                return equation.rhs, point
        raise DefinitionError(f"no equation defines {name}{list(index)}")

    def _holds(self, equation: Equation, index: tuple[int, ...]) -> Point | None:
        ranges = {r.symbol: r for r in equation.domain}
        point: dict[Symbol, int] = {}
        for own, given in zip(equation.index, index, strict=True):
            if own in ranges:
                low, high = ranges[own].lower, ranges[own].upper
                if not self.integer(low, point) <= given <= self.integer(high, point):
                    return None
                point[own] = given
            elif self.integer(own, point) != given:
                return None
        return point

    def _entry(self, e: Expr, point: Point, moving: tuple[Any, ...]) -> DualArray:
        name = str(family_of(e))
        if name not in self.system.by_name or self.system[name].role is Role.SIZE:
            return self.dual.number(sp.Integer(self.integer(e, point)))
        key = self._key(e, point)
        value = self._looked_up(*key)
        is_moving = moving == key
        return DualArray(value, self.field.number(sp.S.One) if is_moving else None)

    def _looked_up(self, name: str, index: tuple[int, ...]) -> Buffer:
        if name not in self._families:
            self._families[name] = self.evaluation[name]
        family = self._families[name]
        variable = self.system[name]
        outer = self.evaluation.indexing.outer(variable)
        key = tuple(index[i] for i in outer)
        block = family[key[0] if len(key) == 1 else key] if outer else family
        point = {variable.slots[i].symbol: index[i] for i in outer}
        places = tuple(
            index[i] - self.integer(s.range.lower, point)
            for i, s in enumerate(variable.slots)
            if i not in outer
        )
        return self.field.take(block, places)
