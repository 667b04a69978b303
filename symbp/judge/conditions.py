r"""A claim under the conditions that stand with it: i = j, i \neq j, 1 \le l < L."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import sympy as sp
from sympy import Expr, Symbol

from symbp.errors import ReadingError
from symbp.judge.compare import Sides, masked, restricted
from symbp.judge.within import bounds
from symbp.reading.grammar.marks import text_of
from symbp.reading.grammar.syntax import Tokens
from symbp.reading.lexicon import Lexicon
from symbp.reading.scope import Scope


def conditioned(
    sides: Sides, conditions: Sequence[Tokens], scope: Scope, lexicon: Lexicon
) -> Sides:  # fmt: skip
    """The claim under the conditions that stand with it: i = j, i ≠ j, j ≠ the fixed unit.

    Raises `ReadingError` where one of them is the opposite of another.
    """
    met: dict[frozenset[object], str] = {}
    for tokens in conditions:
        for sign in ("=", r"\neq"):
            parts = text_of([t for t in tokens if t.kind != "text"]).split(sign)
            letters = [_unit(x, scope, lexicon) for x in parts]
            used = sides.left.free_symbols | sides.right.free_symbols
            if len(letters) != 2 or None in letters:
                continue
            if met.setdefault(frozenset(letters), sign) != sign:
                raise ReadingError(f"{text_of(tokens)} and its opposite exclude each other")
            if not all(x in used or x == 1 for x in letters):
                continue
            a, b = letters if letters[1] == 1 else reversed(letters)
            if isinstance(a, Symbol) and b is not None:
                sides = restricted(sides, {a: b}) if sign == "=" else masked(sides, a, b)
    return replace(sides, within=bounds(conditions, scope, lexicon))


def _unit(text: str, scope: Scope, lexicon: Lexicon) -> Expr | None:
    """The index that a letter of a condition is; 1 for the fixed unit."""
    return sp.Integer(1) if text in lexicon.fixed else scope.free.get(text)
