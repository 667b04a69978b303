"""A quick look at a candidate: whether its sides can be compared, and agree at one point.

Almost all that the table suggests is wrong; what it takes to see that decides how long a
diagnosis takes. What passes here is not proved: the judge proves it, or does not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import sympy as sp
from sympy import Expr, Symbol

from symbp.errors import ReadingError, SymbpError
from symbp.judge.compare import Mismatch, Sides, laid_over
from symbp.judge.conditions import conditioned
from symbp.judge.diagnosis.text import Member, member
from symbp.judge.diagnosis.work import Meaning
from symbp.judge.updates import gradient_claim
from symbp.judge.values import Values
from symbp.numbers.indexing import Scope as At
from symbp.reading.elaborate import Elaborator
from symbp.reading.grammar.syntax import Node, Tokens
from symbp.reading.scope import Scope
from symbp.reading.typed import ShapeError, Total, Typed
from symbp.system import Kind, Range
from symbp.system.ordered import Ordered

if TYPE_CHECKING:
    from symbp.judge.claims import Judge


#: Layers and times at which derivatives are looked at.
MOST_POINTS = 4
#: Readings of the products of a candidate.
MOST_READINGS = 8
Choices = dict[tuple[int, int], int]


class Probe:
    """Looks at candidates for the two sides of one claim."""

    def __init__(self, judge: Judge, conditions: Sequence[Tokens] = ()) -> None:
        self.judge = judge
        self.conditions = (*judge.lexicon.conditions, *conditions)
        self._lefts: dict[Node, tuple[Scope, Typed]] = {}
        self._meanings: dict[str, Meaning | None] = {}

    def member(self, text: str) -> Member | None:
        """A member from its text; None where it cannot be parsed."""
        try:
            return member(text, self.judge.parse)
        except SymbpError:
            return None

    def meaning(self, text: str) -> Meaning | None:
        """The shape of what a text means on its own; None where it means nothing."""
        if text not in self._meanings:
            try:
                scope, (found,) = self.judge.typed([member(text, self.judge.parse).tree])
            except SymbpError:
                self._meanings[text] = None
            else:
                self._meanings[text] = _meaning(scope, found)
        return self._meanings[text]

    def sides(self, left: Node, right: Node) -> tuple[Scope, Sides]:
        """Both sides laid over each other. Raises `ReadingError` where that cannot be."""
        left, right = gradient_claim(left, right, self.judge.lexicon) or (left, right)
        if left not in self._lefts:
            scope, (a,) = self.judge.typed([left])
            self._lefts[left] = scope, a
        start, a = self._lefts[left]
        waiting: list[Choices] = [{}]
        problem: ShapeError | None = None
        for choices in waiting:  # the first readings of its products with which it has a meaning
            scope = _copied(start)
            scope.zeros = True
            scope.choices |= choices
            try:
                return self._read(scope, a, right)
            except ShapeError as error:
                problem = problem or error
            later = [k for k in sorted(scope.open) if not choices or k > max(choices)]
            waiting += [{**choices, k: n} for k in later for n in range(1, scope.open[k])]
            del waiting[MOST_READINGS:]
        assert problem is not None
        raise problem

    def _read(self, scope: Scope, a: Typed, right: Node) -> tuple[Scope, Sides]:
        """The left side and what is read of the right one."""
        b = Elaborator(self.judge.lexicon, scope).read(right)
        found = laid_over(scope, a, b)
        if isinstance(found, Mismatch):
            raise ShapeError(found.reason)
        if found.entrywise or set(found.notes) - set(scope.notes):
            raise ReadingError("the sides are laid out differently")
        return scope, conditioned(found, self.conditions, scope, self.judge.lexicon)

    def agrees(self, sides: Sides) -> bool:
        """Whether both sides agree at the first and last layer and time, or for one-hot targets.

        At the first alone products over layers or times may be empty.
        """
        judge = self.judge
        all_points = judge._where(sides)
        where = [*all_points[:1], *all_points[1:][-1:]]
        if not where:
            return False
        totals = judge._unit_totals()
        tried = [judge.points] if totals is None else [judge.points, totals]
        if not any(judge._holds(at, sides, where) for at in tried):
            return False
        few = all_points[:MOST_POINTS]
        return not judge.points.found(lambda values: _vanishes(sides, values, few))


def _vanishes(sides: Sides, values: Values, where: Sequence[Mapping[Symbol, int]]) -> bool:
    """Whether a derivative on the right is zero at all points, so that it says nothing."""
    return any(
        not any(_is_there(total, (*sides.axes, *ranges), values, point) for point in where)
        for total, ranges in _totals(sides.right)
    )


def _is_there(
    total: Total, ranges: Sequence[Range], values: Values, point: Mapping[Symbol, int]
) -> bool:
    spans = {
        r.symbol: (values.integer(r.lower, point), values.integer(r.upper, point)) for r in ranges
    }
    if any(high < low for low, high in spans.values()):
        return False
    at = At(dict(point), spans, masked=True)  # a kernel may stand beyond the edge of its image
    return bool(np.any(values.tensor(total, at).buffer.top))


def _totals(e: Expr, ranges: tuple[Range, ...] = ()) -> Iterator[tuple[Total, tuple[Range, ...]]]:
    """Derivatives, each with the ranges of the sums around it."""
    if isinstance(e, Total):
        yield e, ranges
    elif isinstance(e, sp.Sum):
        yield from _totals(e.function, (*ranges, *(Range(*limit) for limit in e.limits)))
    elif not isinstance(e, Ordered):  # which may be empty
        for part in e.args:
            yield from _totals(part, ranges)


def _meaning(scope: Scope, found: Typed) -> Meaning:
    axes = {a.symbol for a in found.axes}
    letters = {
        s.name for s in found.expr.free_symbols - axes
        if scope.kinds.get(s) not in (None, Kind.LAYER, Kind.TIME)
    }  # fmt: skip
    return Meaning(frozenset(str(a.upper) for a in found.axes), frozenset(letters))


def _copied(s: Scope) -> Scope:
    """A scope that can be read on in without changing the first."""
    return replace(
        s, bound=dict(s.bound), free=dict(s.free), kinds=dict(s.kinds), ranges=dict(s.ranges),
        conditions=dict(s.conditions), notes=list(s.notes), choices=dict(s.choices),
        open=dict(s.open), kernels=list(s.kernels), positive=list(s.positive),
    )  # fmt: skip
