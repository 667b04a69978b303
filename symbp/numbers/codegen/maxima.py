"""Maxima over indices as array expressions, and the places where they are.

max_k u[k] is np.max(u, axis=1), and [k is the place of it] is argmax(u, 1) == k.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import sympy as sp
from sympy import Expr, S, Symbol

from symbp.errors import SizeError
from symbp.numbers.codegen.masks import NOTHING, holds, open_conditions, where
from symbp.numbers.codegen.moving import conditions, square
from symbp.numbers.codegen.nodes import ZERO, Node, arranged, elementwise, reduced
from symbp.numbers.codegen.scope import Scope
from symbp.system import Range
from symbp.system.indices import substitute
from symbp.system.maximum import Chosen, Maximum

if TYPE_CHECKING:
    from symbp.numbers.codegen.formula import Formula


def maximum(formula: Formula, e: Maximum, scope: Scope) -> Node:
    """The greatest along the axes of its indices."""
    return greatest_along(formula, e.body, e.ranges, scope)


def greatest_along(formula: Formula, e: Expr, ranges: Sequence[Range], scope: Scope) -> Node:
    """max over the ranges of e; 0 at places that do not count, where there may be nothing."""
    c = _compared(formula, e, ranges, scope)
    top = reduced("max", c.body, list(c.ranges))
    if not all(
        formula.storage.facts.given(c.scope.loops.values()).le(S.One, formula.storage.length(r))
        for r in c.ranges.values()
    ):
        top = replace(top, detail=", ".join([*[top.detail] * bool(top.detail), "initial=-np.inf"]))
    found = open_conditions(c.scope.inside, top.axes, c.scope, formula.storage)
    if not found:
        return top
    return where(holds(found, scope, formula.storage), top, ZERO, scope)


def chosen(formula: Formula, e: Chosen, scope: Scope) -> Node:
    """Whether a place is the first of the greatest: places are counted in reading order."""
    c = _compared(formula, e.maximum.body, e.ranges, scope)
    free = tuple(a for a in c.body.axes if a not in c.ranges)
    body = arranged(c.body, (*free, *c.ranges))
    place = Node("argmax", (body,), free, str(len(c.ranges)))
    count: Expr = S.Zero
    for r, i in zip(c.ranges.values(), e.place, strict=True):
        count = count * formula.storage.length(r) + (i - r.lower)
    asked = formula.storage.integer(sp.expand(count), scope)
    return elementwise("==", [place, asked], tuple(scope.axes))


@dataclass(frozen=True)
class _Compared:
    """The numbers that are compared, −∞ outside; the axes along which they are, their scope."""

    body: Node
    ranges: Mapping[Symbol, Range]
    scope: Scope


def _compared(formula: Formula, e: Expr, ranges: Sequence[Range], scope: Scope) -> _Compared:
    storage = formula.storage
    at: dict[Expr, Expr] = {}
    own: dict[Symbol, Range] = {}
    along: set[Expr] = set()
    for r in ranges:
        r = r.substitute(at)
        whole = square(r, scope.axes, storage.facts)
        others = {*scope.axes, *scope.loops, *at.values(), *e.free_symbols} - {r.symbol}
        axis = storage.axis(whole, others)
        at[r.symbol] = axis
        own[axis] = replace(whole, symbol=axis)
        scope = scope.within(own[axis])
        found = conditions(replace(r, symbol=axis), own[axis])
        along = along.union({axis}, *(c.free_symbols & scope.axes.keys() for c in found))
        scope = scope.only(found)
    body = formula.node(substitute(e, at), scope)
    found = open_conditions(scope.inside, {*along, *body.axes}, scope, storage)
    if found:
        body = where(holds(found, scope, storage), body, NOTHING, scope)
    if set(own) - set(body.axes):
        raise SizeError(f"{e}: what is compared does not depend on every index of the maximum")
    return _Compared(body, own, scope)
