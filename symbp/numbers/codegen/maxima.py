"""Maxima over indices as array expressions, and the places where they are.

max_k u[k] is np.max(u, axis=1), and [k is the place of it] is argmax(u, 1) == k.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import sympy as sp
from sympy import Expr, S, Symbol

from symbp.errors import SizeError
from symbp.numbers.codegen.nodes import Node, arranged, elementwise, reduced
from symbp.numbers.codegen.scope import Scope
from symbp.system.indices import substitute
from symbp.system.maximum import Chosen, Maximum

if TYPE_CHECKING:
    from symbp.numbers.codegen.formula import Formula


def maximum(formula: Formula, e: Maximum, scope: Scope) -> Node:
    """The greatest along the axes of its indices."""
    body, axes = _compared(formula, e, scope)
    return reduced("max", body, axes)


def chosen(formula: Formula, e: Chosen, scope: Scope) -> Node:
    """Whether a place is the first of the greatest: places are counted in reading order."""
    body, axes = _compared(formula, e.maximum, scope)
    free = tuple(a for a in body.axes if a not in axes)
    place = Node("argmax", (arranged(body, (*free, *axes)),), free, str(len(axes)))
    count: Expr = S.Zero
    for r, i in zip(e.ranges, e.place, strict=True):
        count = count * formula.storage.length(r) + (i - r.lower)
    asked = formula.storage.integer(sp.expand(count), scope)
    return elementwise("==", [place, asked], tuple(scope.axes))


def _compared(formula: Formula, e: Maximum, scope: Scope) -> tuple[Node, Sequence[Symbol]]:
    """The numbers that are compared, and the axes along which they are."""
    storage = formula.storage
    at: dict[Expr, Expr] = {}
    for r in e.ranges:
        if (r.lower.free_symbols | r.upper.free_symbols) & {*scope.axes, *at}:
            raise SizeError(f"the range {r} of a maximum depends on another axis")
        others = {*scope.axes, *scope.loops, *at.values(), *e.body.free_symbols} - {r.symbol}
        axis = storage.axis(r, others)
        at[r.symbol] = axis
        scope = scope.within(replace(r, symbol=axis))
    body = formula.node(substitute(e.body, at), scope)
    axes = [a for a in scope.axes if a in at.values()]
    if set(axes) - set(body.axes):
        raise SizeError(f"{e}: what is compared does not depend on every index of the maximum")
    return body, axes
