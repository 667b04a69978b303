"""A system's equations as a list of lines: target = array expression.

A line defines a whole array or, in a loop, a part of one. What the lines have in common is
found by `sharing.py`; how they are written is up to `plain.py` and `inplace.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import sympy as sp
from sympy import Expr, Integer, Symbol

from symbp.errors import at
from symbp.forms.layout import Layout
from symbp.numbers.codegen.formula import Formula
from symbp.numbers.codegen.masks import vanishes, zeroed
from symbp.numbers.codegen.moving import conditions, square
from symbp.numbers.codegen.naming import Definitions
from symbp.numbers.codegen.nodes import Node, arranged, leaf, numeric, replaced, walk
from symbp.numbers.codegen.schedule import (
    Allocate,
    Assign,
    Loop,
    Place,
    Schedule,
    Step,
    all_keys,
    depth_known,
    listed_slots,
    unrolled_slots,
)
from symbp.numbers.codegen.scope import Scope
from symbp.numbers.codegen.storage import Storage
from symbp.system import Equation, Range, Role, System
from symbp.system.indices import substitute


@dataclass(frozen=True)
class Line:
    """target = node; `whole` where the target is a new name and not a part of an array."""

    target: Node
    node: Node
    whole: bool = True
    family: str = ""
    added: bool = False
    """target += node: a part of a square whose rest another line fills."""
    bare: Node | None = None
    """The node with anything where it is not meant: what is written if nobody needs the zeros."""


@dataclass(frozen=True)
class New:
    """An array of a shape, or a list of a length, to be filled."""

    name: str
    shape: tuple[Node, ...]
    is_list: bool = False
    zeros: bool = False


@dataclass(frozen=True)
class For:
    """for variable in range(...): the lines."""

    header: str
    body: tuple[Line, ...]


Item = Line | New | For


class Program:
    """The lines that compute some families of a system, and the names that they use."""

    def __init__(
        self,
        system: System,
        outputs: Sequence[str],
        layout: Layout | None,
        parts: Collection[str] = (),
        looked_up: Mapping[str, Range] | None = None,
    ) -> None:
        self.system = depth_known(system)
        unrolled = unrolled_slots(self.system)
        listed = listed_slots(self.system, unrolled)
        self.storage = Storage(self.system, layout, unrolled, listed, looked_up)
        self.outputs = {name: self._places(name) for name in outputs}
        self.given = {
            v.name: self._places(v.name)
            for v in self.system.variables
            if v.role.given and v.role not in (Role.SIZE, Role.HYPERPARAMETER)
        }
        self.parameters = {
            v.name: self.storage.names(("all of", v.name), v.name)
            if unrolled[v.name]
            else self.storage.name(v.name)
            for v in self.system.variables
            if v.role.given and v.role is not Role.SIZE
        }
        for places in (*self.given.values(), *self.outputs.values()):
            for place in places:
                self.storage.name(*place)
        items = self._lowered(Schedule(self.system, self.storage).steps(self._order()))
        self.items = _merged(items, parts)

    def _places(self, name: str) -> list[Place]:
        return [(name, key) for key in all_keys(self.system, self.storage.unrolled[name], name)]

    def _order(self) -> list[Place]:
        """The outputs, the loss first and then from the last layer back."""
        places = [p for places in self.outputs.values() for p in places]
        rank = {p: i for i, p in enumerate(places)}
        return sorted(
            places, key=lambda p: (bool(p[1]) or self._is_adjoint(p), _back(p[1]), rank[p])
        )

    def _is_adjoint(self, place: Place) -> bool:
        return self.system[place[0]].role is Role.ADJOINT

    # -- from steps to lines -------------------------------------------------------------------

    def _lowered(self, steps: Sequence[Step]) -> list[Item]:
        plain = (e for e in self.system.equations if self.system[e.family].role is not Role.ADJOINT)
        blocks = [e for s in steps for e in _equations(s)]
        definitions = Definitions((*blocks, *plain), self.storage.facts)
        formula = Formula(self.storage, definitions.named)
        result: list[Item] = []
        for step in steps:
            if isinstance(step, Allocate):
                result.append(self._new(step.place))
            elif isinstance(step, Assign):
                whole = not any(isinstance(i, New) and i.name == self._root(step) for i in result)
                result.append(self._line(step, formula, whole))
            else:
                result.append(self._loop(step, formula))
        result = [self._without_zeros(i) for i in result]
        added = {_array(x.target) for i in result for x in _lines(i) if x.added}
        return _fused(
            [
                replace(i, zeros=True) if isinstance(i, New) and i.name in added else i
                for i in result
            ]
        )

    def _without_zeros(self, item: Item) -> Item:
        """A line that leaves anything where its family is not meant, if nobody needs zeros."""
        if not isinstance(item, Line) or item.bare is None:
            return item
        needed = item.family in self.storage.relied or item.family in self.outputs
        return item if needed else replace(item, node=item.bare)

    def _root(self, step: Assign) -> str:
        return self.storage.name(*step.place)

    def _loop(self, step: Loop, formula: Formula) -> For:
        scope = Scope().looping(step.range)
        variable = self.storage.integer(step.range.symbol, scope).text
        body = tuple(self._line(a, formula, False) for a in step.body)
        ends = step.range.lower, sp.expand(step.range.upper + 1)
        first, last = (self.storage.integer(b, Scope()).text for b in ends)
        values = f"range({last})" if first == "0" else f"range({first}, {last})"
        return For(f"for {variable} in {f'reversed({values})' if step.down else values}:", body)

    def _line(self, step: Assign, formula: Formula, whole: bool) -> Line:
        equation, found, meant = self._with_own_axes(step.equation, step.loop)
        scope = Scope().within(*self._in_order(equation)).only(found, *meant)
        if step.loop is not None:
            scope = scope.looping(step.loop)
        target = self.storage.entry(equation.lhs, scope)
        with at(f"code for {step.equation.lhs}"):
            node = numeric(formula.node(equation.rhs, scope))
        left = [c for c in found if not vanishes(equation.rhs, c, scope, self.storage)]
        if found and not left and whole:
            self.storage.still.add(equation.family)
        bare, node = node, zeroed(node, left, scope, self.storage)
        if whole:
            bare, node = (self._full(n, equation, scope) for n in (bare, node))
            bare, node = (arranged(n, target.axes) for n in (bare, node))
            return Line(target, node, True, equation.family, bare=bare if left else None)
        node = arranged(node, target.axes, short=True)
        return Line(target, node, False, equation.family, added=bool(found))

    def _with_own_axes(
        self, e: Equation, loop: Range | None
    ) -> tuple[Equation, list[Expr], list[Range]]:
        """The equation with one symbol for each length of axis, over a whole box.

        Also what is at least 0 at the places of the box that it speaks of, and their ranges.
        """
        at: dict[Expr, Expr] = {}
        domain: dict[Symbol, Range] = {}
        found: list[Expr] = []
        meant: list[Range] = []
        for r in e.domain:
            box = square(r.substitute(at), domain, self.storage.facts)
            axis = self.storage.axis(box, {*at.values(), *([loop.symbol] if loop else [])})
            own = replace(r.substitute(at), symbol=axis)
            at[r.symbol] = axis
            domain[axis] = replace(box, symbol=axis)
            found += conditions(own, domain[axis])
            meant += [own] * (own != domain[axis])
        index = tuple(substitute(i, at) for i in e.index)
        moved = Equation(e.family, index, substitute(e.rhs, at), tuple(domain.values()))
        return moved, found, meant

    def _in_order(self, e: Equation) -> list[Range]:
        """The domain in the order of the array's dimensions."""
        slots = self.storage.dimensions(e.family)
        rank = {e.index[i]: place for place, i in enumerate(slots)}
        return sorted(e.domain, key=lambda r: rank[r.symbol])

    def _full(self, node: Node, e: Equation, scope: Scope) -> Node:
        """The node at its full shape where it does not have all axes."""
        missing = [s for s in scope.axes if s not in node.axes]
        if not missing:
            return node
        lengths = [
            self.storage.integer(self.storage.length(r), Scope()) for r in scope.axes.values()
        ]
        shape = leaf(f"({', '.join(n.text for n in lengths)}{',' * (len(lengths) == 1)})")
        axes = tuple(scope.axes)
        if not node.axes:
            return Node("call", (shape, node), axes, "np.full")
        return Node("call", (arranged(node, axes, short=True), shape), axes, "np.broadcast_to")

    def _new(self, place: Place) -> New:
        family, key = place
        v = self.system[family]
        at_key = dict(zip(self.storage.unrolled[family], map(Integer, key), strict=True))
        ranges = self.storage.ranges(family, [at_key.get(i, s) for i, s in enumerate(v.own_index)])
        listed = self.storage.listed[family]
        chosen = listed or self.storage.dimensions(family)
        shape = tuple(self.storage.integer(self.storage.length(ranges[i]), Scope()) for i in chosen)
        zeros = not listed and self.storage.moves(family)
        return New(self.storage.name(*place), shape, bool(listed), zeros)


def _lines(item: Item) -> Sequence[Line]:
    return item.body if isinstance(item, For) else [item] if isinstance(item, Line) else []


def _fused(items: Sequence[Item]) -> list[Item]:
    """Loops over one range that follow each other as one loop, where none reads another's."""
    result: list[Item] = []
    for item in items:
        place = next(
            (i for i in reversed(range(len(result))) if not isinstance(result[i], New)), None
        )
        last = result[place] if place is not None else None
        if isinstance(item, For) and isinstance(last, For) and item.header == last.header:
            written = {_array(line.target) for line in last.body}
            read = {n.detail.split("[")[0] for line in item.body for n in walk(line.node)}
            if not written & read and place is not None:
                del result[place]
                item = For(item.header, (*last.body, *item.body))
        result.append(item)
    return result


def _merged(items: Sequence[Item], parts: Collection[str]) -> list[Item]:
    """The program with each part that is read once computed in the line that reads it."""
    result = list(items)
    lines = [
        x for i in items for x in (i.body if isinstance(i, For) else [i]) if isinstance(x, Line)
    ]
    for family in parts:
        own = [x for x in lines if x.family == family]
        uses = [x for x in lines if any(_reads(n, own) for n in walk(x.node))]
        if len(own) == len(uses) == 1 and _count(uses[0].node, own[0].target.text) == 1:
            new = replace(uses[0], node=replaced(uses[0].node, {own[0].target.text: own[0].node}))
            result = [y for x in result if (y := _with(x, own[0], uses[0], new)) is not None]
            lines = [new if x is uses[0] else x for x in lines if x is not own[0]]
    return result


def _array(node: Node) -> str:
    return node.text.split("[")[0]


def _reads(node: Node, own: Sequence[Line]) -> bool:
    return node.op == "leaf" and any(_array(node) == _array(x.target) for x in own)


def _count(node: Node, text: str) -> int:
    return sum(n.op == "leaf" and n.text == text for n in walk(node))


def _with(item: Item, own: Line, use: Line, new: Line) -> Item | None:
    """An item without a line that went into another one."""
    if item is own or (isinstance(item, New) and item.name == _array(own.target)):
        return None
    if item is use:
        return new
    if isinstance(item, For):
        body = tuple(new if x is use else x for x in item.body if x is not own)
        return replace(item, body=body)
    return item


def _back(key: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(-k for k in key)


def _equations(step: Step) -> Iterator[Equation]:
    if isinstance(step, Assign):
        yield (
            step.equation
            if step.loop is None
            else replace(step.equation, domain=(step.loop, *step.equation.domain))
        )
    elif isinstance(step, Loop):
        for a in step.body:
            yield from _equations(a)
