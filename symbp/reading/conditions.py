"""Conditions as numbers: 1{x > 0}, 1 where i = j, cases."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import sympy as sp
from sympy import Expr, KroneckerDelta

from symbp.errors import ReadingError
from symbp.functions import TABLE
from symbp.reading import labels
from symbp.reading.grammar.marks import index_expression, text_of
from symbp.reading.grammar.syntax import Indicator, Node, Rows, Tokens
from symbp.reading.typed import Typed

if TYPE_CHECKING:
    from symbp.reading.elaborate import Elaborator

#: Comparisons as the sign of left − right.
ORDERS = {">": 1, "<": -1, r"\ge": 1, r"\le": -1}


def indicator(reader: Elaborator, node: Indicator) -> Typed:
    """1{condition}: of vectors entry by entry."""
    found = compared(reader, node.condition)
    return found if found is not None else Typed(condition(reader, node.condition))


def condition(reader: Elaborator, tokens: Tokens) -> Expr:
    """1 where a condition holds, else 0: i = j, i ≠ j, x > 0."""
    texts = [t.text for t in tokens]
    for sign in (r"\neq", "="):
        if sign in texts:
            at = texts.index(sign)
            sides = _without_words(tokens[:at]), _without_words(tokens[at + 1 :])
            for side in sides:
                labels.check_numbers(reader.lexicon, side)
            a, b = (index_expression(side, reader.names.any_index) for side in sides)
            same = KroneckerDelta(a, b)
            return same if sign == "=" else 1 - same
    found = compared(reader, tokens)
    if found is not None and not found.is_scalar:
        raise ReadingError("a condition on vectors")
    if found is not None:
        return found.expr
    raise ReadingError(f"the condition {text_of(tokens)!r} is not read")


def compared(reader: Elaborator, tokens: Tokens) -> Typed | None:
    """1 where x > y, entry by entry; None where this is no comparison of values."""
    texts = [t.text for t in tokens]
    for sign, order in ORDERS.items():
        if sign in texts:
            at = texts.index(sign)
            sides = _without_words(tokens[:at]), _without_words(tokens[at + 1 :])
            a, b = (reader.read(reader.parse(side)) for side in sides)
            x = reader.plus(a, replace(b, expr=-b.expr))
            return replace(x, expr=TABLE["step"](order * x.expr), chain=None, constant=False)
    return None


def _without_words(tokens: Tokens) -> Tokens:
    return tuple(t for t in tokens if t.kind != "text")


def cases(reader: Elaborator, node: Rows) -> Typed:
    """Cases on indices or signs as a sum of indicators."""
    values: list[Typed] = []
    conditions: list[Expr] = []
    for row in node.cells:
        cell, rest = row[0], row[1:]
        if isinstance(cell, Rows) and cell.kind == "case":
            cell, stated_inside = cell.cells[0]
            rest = (stated_inside, *rest)
        if not isinstance(cell, Node):
            raise ReadingError("an empty case", node.start)
        values.append(reader.read(cell))
        tokens = [t for part in rest for t in (part if isinstance(part, tuple) else ())]
        stated = [t for t in tokens if t.kind != "text" or any(c in t.text for c in "=<>")]
        conditions.append(condition(reader, tuple(stated)) if stated else 1 - sp.Add(*conditions))
    if not all(v.is_scalar for v in values):
        raise ReadingError("cases of vectors", node.start)
    return Typed(sp.Add(*(v.expr * c for v, c in zip(values, conditions, strict=True))))
