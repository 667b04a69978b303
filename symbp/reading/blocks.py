"""Factors or terms that are one block again and again, with indices that go by one step.

z^l (W^{l+1})^T, z^{L-1} (W^L)^T        a block of two, from l to L − 1
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import sympy as sp
from sympy import Expr, Symbol

from symbp.errors import ReadingError
from symbp.reading.grammar.lexer import Token
from symbp.reading.grammar.marks import index_expression, text_of
from symbp.reading.grammar.syntax import Node, Tokens, form, mapped

MOST_FACTORS = 4
UNCLEAR = "the terms beside … are not one expression whose index goes by one step"


# -- terms as a form and index values ----------------------------------------------------------


@dataclass(frozen=True)
class Term:
    """A node as its form without indices, and its indices in order."""

    node: Node
    shape: object
    values: tuple[Expr, ...]


def term(node: Node) -> Term:
    """A node taken apart."""
    values: list[Expr] = []

    def emptied(tokens: Tokens) -> Tokens:
        values.append(_value(tokens))
        return ()

    return Term(node, form(with_indices(node, emptied)), tuple(values))


def with_indices(node: Node, change: Callable[[Tokens], Tokens]) -> Node:
    """The node with each index in its scripts changed, in their order."""

    def script(tokens: Tokens) -> Tokens:
        if len(tokens) == 1 and tokens[0].kind == "group":
            return script(tokens[0].parts[0])
        result: list[Token] = []
        for part in _parts(tokens):
            result += part if _is_sign(part) else change(part)
        return tuple(result)

    return mapped(node, script)


def _is_sign(part: Tokens) -> bool:
    return len(part) == 1 and part[0].kind == "sign" and part[0].text not in (r"\top", "+", "-")


def _parts(tokens: Tokens) -> list[Tokens]:
    """Brackets and commas by themselves, and the indices between; jk is two."""
    runs: list[list[Token]] = [[]]
    for t in tokens:
        if _is_sign((t,)):
            runs += [[t], []]
        else:
            runs[-1].append(t)
    return [part for run in runs if run for part in _apart(run)]


def _apart(run: Sequence[Token]) -> list[Tokens]:
    """A sum such as l + 1 is one index, letters and digits side by side are several."""
    if any(t.text in ("+", "-") for t in run):
        return [tuple(run)]
    found: list[Tokens] = []
    for t in run:
        if t.kind == "number" and t.text.isdigit() and len(run) > 1:
            found += [
                (Token("number", d, t.start + i, t.start + i + 1),) for i, d in enumerate(t.text)
            ]
        else:
            found.append((t,))
    return found


def _value(tokens: Tokens) -> Expr:
    """An index as an expression of its letters; what is none is itself."""
    try:
        return sp.expand(index_expression(tokens, lambda text: Symbol(text)))
    except ReadingError:
        return Symbol("?" + text_of(tokens))


# -- patterns ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Pattern:
    """Blocks of `length` factors: the first `before` places, the last `after` are explained.

    Places count from the first explained factor; a factor behind the dots has `gap` (a multiple of
    `length` that is not known) added to its place, and `rise` to its index.
    """

    length: int
    step: int
    """1 or −1; 0 where either is possible."""
    before: tuple[Term, ...]
    after: tuple[Term, ...]
    phase: int
    """The place in its block of the first factor behind the dots."""
    slopes: tuple[tuple[int, ...], ...]
    """For each place in a block how each of its indices goes with that of the block."""
    rise: Expr
    """The index of a block behind the dots less that of the block in which the dots begin."""


def found(before: Sequence[Term], after: Sequence[Term]) -> Pattern:
    """The pattern that explains most terms, of these the one with the shortest block."""
    best: list[Pattern] = []
    for length in range(1, MOST_FACTORS + 1):
        for count in range(len(before) + len(after), 1, -1):
            if best and count <= len(best[0].before) + len(best[0].after):
                break
            here = [
                p
                for n in range(max(1, count - len(after)), min(len(before), count - 1) + 1)
                for p in _patterns(length, before[-n:], after[: count - n])
            ]
            if here:
                best = here
                break
    if not best:
        raise ReadingError(UNCLEAR)
    if len({(p.before, p.after, p.phase, p.rise) for p in best}) > 1:
        raise ReadingError("the terms beside … fit more than one pattern")
    return best[0] if len(best) == 1 else replace(best[0], step=0)


def _patterns(length: int, before: Sequence[Term], after: Sequence[Term]) -> list[Pattern]:
    return [
        p
        for phase in range(length)
        for step in (1, -1)
        if (p := _pattern(length, tuple(before), tuple(after), phase, step)) is not None
    ]


def _pattern(
    length: int, before: tuple[Term, ...], after: tuple[Term, ...], phase: int, step: int
) -> Pattern | None:
    """The pattern that all these terms fit, if they do."""
    slopes: list[tuple[int, ...]] = []
    rise: Expr | None = None
    places = [[(t, n // length, False) for n, t in enumerate(before) if n % length == i]
              for i in range(length)]  # fmt: skip
    for n, t in enumerate(after):
        places[(phase + n) % length].append((t, (phase + n) // length, True))
    if any(len(group) < 2 or len({t.shape for t, _, _ in group}) > 1 for group in places):
        return None
    for group in places:
        rise = rise if rise is not None else _rise(group, step)
    if rise is None or rise == 0:
        return None
    for group in places:
        own = [_slope([(t.values[h], turn, far) for t, turn, far in group], step, rise)
               for h in range(len(group[0][0].values))]  # fmt: skip
        if None in own:
            return None
        slopes.append(tuple(c for c in own if c is not None))
    if not any(c for own in slopes for c in own):
        return None
    return Pattern(length, step, before, after, phase, tuple(slopes), rise)


def _rise(group: Sequence[tuple[Term, int, bool]], step: int) -> Expr | None:
    """By how much the first index that changes rises over the dots; it goes with the block."""
    near = next(((t, turn) for t, turn, far in group if not far), None)
    away = next(((t, turn) for t, turn, far in group if far), None)
    if near is None or away is None:
        return None
    for a, b in zip(near[0].values, away[0].values, strict=True):
        if a != b:
            return sp.expand(b - a - step * (away[1] - near[1]))
    return None


def _slope(values: Sequence[tuple[Expr, int, bool]], step: int, rise: Expr) -> int | None:
    """0, 1 or −1: how an index goes with that of its block; None where it goes otherwise."""
    first, turn, far = values[0]
    for slope in (0, 1, -1):
        if all(
            sp.expand(v - first - slope * (step * (n - turn) + rise * (f - far))) == 0
            for v, n, f in values[1:]
        ):
            return slope
    return None


def found_terms(before: Sequence[Term], after: Sequence[Term]) -> Pattern:
    """As `found`, of terms of a sum: a block is one term."""
    for n in range(len(before), 0, -1):
        for m in range(len(after), 0, -1):
            here = _patterns(1, before[-n:], after[:m])
            if here:
                return here[0] if len(here) == 1 else replace(here[0], step=0)
    raise ReadingError(UNCLEAR)


def refuse_strays(p: Pattern, before: Sequence[Term], after: Sequence[Term]) -> None:
    """A term beside the pattern that has the next form but not the next index breaks it."""
    shapes = {n: t.shape for n, t in enumerate(p.before)}
    shapes |= {p.phase + n: t.shape for n, t in enumerate(p.after)}
    by_place = {n % p.length: s for n, s in shapes.items()}
    outside = before[: len(before) - len(p.before)][-1:], after[len(p.after) :][:1]
    places = p.length - 1, (p.phase + len(p.after)) % p.length
    for terms, place in zip(outside, places, strict=True):
        if any(t.shape == by_place[place] for t in terms):
            raise ReadingError(UNCLEAR)


def instances(p: Pattern, i: int) -> list[tuple[Term, Expr]]:
    """The terms at one place of the block, with the index of their block less that of the first."""
    near = [(t, sp.Integer(p.step * (n // p.length)))
            for n, t in enumerate(p.before) if n % p.length == i]  # fmt: skip
    far = [(t, p.step * ((p.phase + n) // p.length) + p.rise)
           for n, t in enumerate(p.after) if (p.phase + n) % p.length == i]  # fmt: skip
    return near + far


def first_index(p: Pattern) -> Expr:
    """The index of the first block: that of its first place which goes with it."""
    for i, slopes in enumerate(p.slopes):
        for h, slope in enumerate(slopes):
            if slope == 1:
                t, offset = instances(p, i)[0]
                return sp.expand(t.values[h] - offset)
    raise ReadingError(UNCLEAR)
