r"""At which layers and times a claim is made: 1 \le l \le L - 1, l < L, l \neq L behind a formula.

l = L - 1 is read as a bound, since l = L - 1, \ldots, 2 often follows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import sympy as sp
from sympy import Expr, Symbol

from symbp.errors import ReadingError
from symbp.judge.points import Points
from symbp.numbers.indexing import Indexing
from symbp.reading.grammar.lexer import Token
from symbp.reading.grammar.marks import index_expression
from symbp.reading.grammar.syntax import Tokens
from symbp.reading.lexicon import Lexicon
from symbp.reading.scope import Scope
from symbp.system import Kind

#: Which sign of left − right a comparison asks for.
SIGNS = {r"\le": (-1, 0), r"\ge": (0, 1), "<": (-1,), ">": (1,), r"\neq": (-1, 1)}
#: left − right and the signs that it may have.
Bound = tuple[Expr, tuple[int, ...]]


def bounds(conditions: Sequence[Tokens], scope: Scope, lexicon: Lexicon) -> tuple[Bound, ...]:
    """The comparisons of layers and times among conditions; what is none is passed over."""
    walked = {s for s, k in scope.kinds.items() if k in (Kind.LAYER, Kind.TIME)}

    def lookup(text: str) -> Expr | None:
        letter = scope.free.get(text)
        return letter if letter is not None else lexicon.sizes.get(text)

    found: list[Bound] = []
    for tokens in conditions:
        try:
            pairs = list(_pairs(tokens))
            read = [(index_expression(a, lookup), s, index_expression(b, lookup))
                    for a, s, b in pairs]  # fmt: skip
        except ReadingError:
            continue
        for a, sign, b in read:
            if (a - b).free_symbols & walked:
                found += _bound(a, sign, b)
    return tuple(found)


def _bound(a: Expr, sign: str, b: Expr) -> list[Bound]:
    if sign != "=":
        return [(a - b, SIGNS[sign])]
    return [(a - b, (0, 1) if b.is_Integer else (-1, 0))]


def _pairs(tokens: Tokens) -> Iterator[tuple[list[Token], str, list[Token]]]:
    """a ≤ b ≤ c as a ≤ b and b ≤ c."""
    parts: list[list[Token]] = [[]]
    signs: list[str] = []
    for t in tokens:
        if t.kind == "sign" and t.text in (*SIGNS, "="):
            signs.append(t.text)
            parts.append([])
        elif t.kind != "text":
            parts[-1].append(t)
    yield from zip(parts, signs, parts[1:], strict=False)


def inside(found: Sequence[Bound], point: Mapping[Symbol, int], indexing: Indexing) -> bool:
    """Whether a point satisfies all bounds."""
    at = dict(point)
    return all(int(sp.sign(indexing.integer(e, at))) in signs for e, signs in found)


def but_last(
    walked: Sequence[tuple[Symbol, Kind]], where: Sequence[Mapping[Symbol, int]]
) -> list[Mapping[Symbol, int]]:
    """The points without those of the last layer; none where no letter counts layers."""
    for symbol, kind in walked:
        if kind is Kind.LAYER:
            last = max(p[symbol] for p in where)
            return [p for p in where if p[symbol] < last]
    return []


def empty(scope: Scope, where: Sequence[Mapping[Symbol, int]], at: Points) -> bool:
    """Whether a size that must be positive is not, at some layer or time."""
    indexing = at.at(None).primal.indexing
    sizes = [scope.settled(e) for e in dict.fromkeys(scope.positive)]
    return any(indexing.integer(e, dict(point)) < 1 for e in sizes for point in where)
