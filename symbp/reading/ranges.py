"""Over which layers and times equations and families run.

The lowest layer is the least number that stands in a layer's place (0 where none does); an
equation with the letter l holds from the layer above it to the last. What a recurrence needs
before its first step and no equation gives is an input.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import sympy as sp
from sympy import Expr, Indexed, Symbol

from symbp.errors import DefinitionError
from symbp.system import Equation, Kind, Range, Role, Variable
from symbp.system.equation import walk

DEPTH, STEPS = Symbol("L", integer=True), Symbol("T", integer=True)
LAST = {Kind.LAYER: DEPTH, Kind.TIME: STEPS}
Span = tuple[Expr, Expr]


class Ranges:
    """The ranges that a set of equations needs."""

    def __init__(self, equations: Sequence[Equation], frame: Any, first: int = 0) -> None:
        self.first = first
        self.equations = list(equations)
        self.frame = frame
        self.base = self._base()
        self._spans: dict[tuple[str, Kind], Span] = {}
        for kind in (Kind.LAYER, Kind.TIME):
            self._collect(kind)

    def _slot(self, name: str, kind: Kind) -> int | None:
        if name not in self.frame.by_name:
            return None
        slots = self.frame[name].slots
        return next((i for i, s in enumerate(slots) if s.kind is kind), None)

    def _base(self) -> int:
        """The number of the lowest layer."""
        numbers = [
            int(index)
            for e in self.equations
            for entry in [e.lhs, *(n for n, _ in walk(e.rhs))]
            if isinstance(entry, Indexed)
            and (place := self._slot(str(entry.base.label.name), Kind.LAYER)) is not None
            and (index := entry.indices[place]).is_Integer
        ]
        return min(numbers, default=self.first)

    def own(self, e: Equation, kind: Kind) -> Span | None:
        """The layers or times at which an equation holds."""
        place = self._slot(e.family, kind)
        if place is None:
            return None
        index = e.index[place]
        if not isinstance(index, Symbol) or index == LAST[kind]:
            return index, index
        first = sp.Integer(self.base + 1 if kind is Kind.LAYER else 1)
        last: Expr = LAST[kind]
        for other in self.equations:
            if other.family == e.family and other.index[place] == last:
                return first, last - 1
        return first, last

    def _uses(self, e: Equation, kind: Kind) -> Iterator[tuple[str, Span]]:
        """Each family on the right side of an equation, with the layers or times used there."""
        own = self.own(e, kind)
        place = self._slot(e.family, kind)
        letter = e.index[place] if place is not None else None
        for node, ranges in walk(e.rhs):
            if not isinstance(node, Indexed):
                continue
            name = str(node.base.label.name)
            at = self._slot(name, kind)
            if at is None:
                continue
            index = node.indices[at]
            bound = {r.symbol: r for r in ranges}
            inner = next((s for s in index.free_symbols if s in bound), None)
            if inner is not None:
                r = bound[inner]
                yield name, (index.xreplace({inner: r.lower}), index.xreplace({inner: r.upper}))
            elif own is not None and letter is not None and letter in index.free_symbols:
                yield name, (index.xreplace({letter: own[0]}), index.xreplace({letter: own[1]}))
            else:
                yield name, (index, index)

    def _collect(self, kind: Kind) -> None:
        for e in self.equations:
            own = self.own(e, kind)
            if own is not None:
                self._widen(e.family, kind, own)
            for name, span in self._uses(e, kind):
                self._widen(name, kind, span)

    def _widen(self, name: str, kind: Kind, span: Span) -> None:
        old = self._spans.get((name, kind))
        last = LAST[kind]
        if old is None:
            self._spans[name, kind] = span
            return
        low = min(old[0], span[0], key=lambda e: _rank(e, last))
        high = max(old[1], span[1], key=lambda e: _rank(e, last))
        self._spans[name, kind] = (low, high)

    def of(self, name: str, kind: Kind) -> Span:
        """The range of a family's layers or times."""
        default = (sp.Integer(self.base if kind is Kind.LAYER else 1), LAST[kind])
        return self._spans.get((name, kind), default)

    @property
    def layers(self) -> Span:
        """All layers that any family has; the first is a number, for sizes are counted from it."""
        spans = [s for (_, kind), s in self._spans.items() if kind is Kind.LAYER]
        low = min((s[0] for s in spans), key=lambda e: _rank(e, DEPTH), default=sp.S.Zero)
        high = max((s[1] for s in spans), key=lambda e: _rank(e, DEPTH), default=DEPTH)
        low = low if low.is_Integer else sp.Integer(self.base)
        return low, max(high, DEPTH, key=lambda e: _rank(e, DEPTH))

    def completed(
        self, equations: Sequence[Equation], variables: Sequence[Variable]
    ) -> tuple[list[Equation], tuple[Variable, ...]]:
        """Equations on their own ranges, and inputs for what a recurrence begins with."""
        result = [self._placed(e) for e in equations]
        added: list[Variable] = []
        for v in variables:
            if v.role is not Role.INTERMEDIATE:
                continue
            own = {k: self._own_span(v, k, result) for k in (Kind.LAYER, Kind.TIME)}
            for kind in (Kind.LAYER, Kind.TIME):
                if self._slot(v.name, kind) is None:
                    continue
                layers = own[Kind.LAYER] if kind is Kind.TIME else None
                rest = {Kind.LAYER: layers} if layers is not None else {}
                for gap in self._gaps(v, kind, result):
                    start, equation = _starting(v, kind, gap, rest)
                    added.append(start)
                    result.append(equation)
        return result, (*variables, *added)

    def _own_span(self, v: Variable, kind: Kind, equations: Sequence[Equation]) -> Span | None:
        """From the first to the last layer or time that equations define."""
        last = LAST[kind]
        spans = [s for e in equations if e.family == v.name and (s := self.own(e, kind))]
        if not spans:
            return None
        first = min((a for a, _ in spans), key=lambda e: _rank(e, last))
        return first, max((b for _, b in spans), key=lambda e: _rank(e, last))

    def _placed(self, e: Equation) -> Equation:
        """An equation on its own range."""
        domain = []
        for r in e.domain:
            place = next((i for i, s in enumerate(e.index) if s == r.symbol), None)
            slots = self.frame[e.family].slots
            kind = slots[place].kind if place is not None else None
            own = self.own(e, kind) if kind is not None and kind in LAST else None
            domain.append(Range(r.symbol, *own) if own is not None else r)
        return replace(e, domain=tuple(domain))

    def _gaps(self, v: Variable, kind: Kind, equations: Sequence[Equation]) -> list[Span]:
        """The layer or time before the first or after the last that equations define."""
        low, high = self.of(v.name, kind)
        own = self._own_span(v, kind, equations)
        if own is None:
            return []
        gaps = []
        if low == sp.expand(own[0] - 1):
            gaps.append((low, low))
        if high == sp.expand(own[1] + 1):
            gaps.append((high, high))
        return gaps


def _starting(
    v: Variable, kind: Kind, gap: Span, rest: Mapping[Kind, Span]
) -> tuple[Variable, Equation]:
    """An input for a gap, and the equation that puts it there; `rest` narrows other indices."""
    place = next(i for i, s in enumerate(v.slots) if s.kind is kind)
    own = v.slots[place].symbol
    single = gap[0] == gap[1]
    slots = []
    for i, s in enumerate(v.slots):
        r = s.range.substitute({own: gap[0]} if single else {})
        if i == place:
            r = Range(own, *gap)
        elif s.kind in rest:
            r = Range(r.symbol, *rest[s.kind])
        slots.append(replace(s, range=r))
    kept = [s for i, s in enumerate(slots) if not (single and i == place)]
    start = Variable(f"{v.name}·{kind}{gap[0]}", tuple(kept), Role.INPUT)
    symbols = [s.symbol for s in kept]
    index = [gap[0] if single and i == place else s.symbol for i, s in enumerate(v.slots)]
    rhs = start[tuple(symbols)] if symbols else start.atom
    return start, Equation(v.name, tuple(index), rhs, tuple(s.range for s in kept))


def _rank(e: Expr, last: Symbol) -> tuple[int, int]:
    """Numbers before L + c."""
    e = sp.expand(e)
    number = e - last if last in e.free_symbols else e
    if not number.is_Integer:
        raise DefinitionError(f"{e} is neither a number nor counted from {last}: no end of a range")
    return (1 if last in e.free_symbols else 0), int(number)
