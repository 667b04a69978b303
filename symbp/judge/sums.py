r"""Index letters that stand on one side only: for all of their values, or summed.

Guarantees.
    Where sums are implied (`summation: implied`), a letter that the left side lacks is summed at
    its place (`reading/implied.py`), and a claim is proved so. A letter that stands once may be
    summed before its whole term as well: where only that holds, the claim is undecided.
    Elsewhere a letter of steps that one side lacks means "for every step". A claim that holds at
    one step, or with a sum over all of them, is undecided; if none of this holds it is refuted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from sympy import Integer, Symbol

from symbp.judge.compare import Sides
from symbp.judge.verdict import Status
from symbp.reading.grammar.syntax import Node, Tokens
from symbp.reading.implied import with_sums
from symbp.reading.typed import ShapeError, summed
from symbp.system import Kind, Range

if TYPE_CHECKING:
    from symbp.judge.claims import Judge
    from symbp.judge.outcome import Outcome


# -- implied sums ------------------------------------------------------------------------------


def with_implied_sums(
    judge: Judge, left: Node, right: Node, conditions: Sequence[Tokens], found: Outcome
) -> Outcome:
    """The outcome with Σ over the letters that the left side lacks; `found` is that without."""
    letters = _lacking(judge, left, right)
    if not letters:
        return found
    shown = ", ".join(letters)
    outcomes = [found]
    for wide in (False, True):
        member = with_sums(right, letters, wide)
        with suppress(ShapeError):
            outcome = judge.over_readings(left, member, conditions)
            outcomes.append(outcome)
            if outcome.status is Status.PROVED and not wide:
                said = f"holds with a sum over {shown}, as sums are implied"
                return replace(outcome, conventions=(*outcome.conventions, said))
            if outcome.status is Status.PROVED:
                reason = f"it holds only with the sum over {shown} before the whole of its term"
                return replace(outcome, status=Status.UNDECIDED, reason=reason)
    return next((o for o in outcomes if o.status is Status.UNDECIDED), found)


def _lacking(judge: Judge, left: Node, right: Node) -> list[str]:
    """The letters of units that stand free on the right and not on the left."""
    scope, _ = judge.typed([left])
    kept = set(scope.free)
    with suppress(ShapeError):
        judge.typed([right], scope)
    return [t for t, s in scope.free.items() if t not in kept and scope.kinds.get(s) is Kind.UNIT]


# -- steps -------------------------------------------------------------------------------------


def over_steps(judge: Judge, sides: Sides, where: Sequence[Mapping[Symbol, int]]) -> str:
    """Why a claim about one step is open; "" where it is wrong however it is read."""
    for symbol in one_sided(sides):
        letter = symbol.name.lstrip("#")
        head = f"the index {letter} stands on one side only"
        for value in sorted({p[symbol] for p in where}):
            if judge.holds(sides, [p for p in where if p[symbol] == value]):
                return f"{head}: it holds at {letter} = {value} only"
        whole = _total(sides, symbol, where)
        if whole is None:
            return head
        if letter not in sides.summed and judge.holds(*whole):
            return f"{head}: it holds with a sum over {letter}, and none stands there"
    return ""


def one_sided(sides: Sides) -> Iterator[Symbol]:
    """The letters of steps that one side lacks."""
    left, right = sides.left.free_symbols, sides.right.free_symbols
    for symbol, kind in sides.walked:
        if kind is Kind.TIME and (symbol in left) != (symbol in right):
            yield symbol


def _total(
    sides: Sides, symbol: Symbol, where: Sequence[Mapping[Symbol, int]]
) -> tuple[Sides, list[dict[Symbol, int]]] | None:
    """The claim with a sum over all steps; None where not all of them exist everywhere."""
    rest: dict[tuple[tuple[Symbol, int], ...], set[int]] = {}
    for p in where:
        others = tuple((s, v) for s, v in p.items() if s != symbol)
        rest.setdefault(others, set()).add(p[symbol])
    steps = set.union(*rest.values())
    if any(found != steps for found in rest.values()):
        return None
    r = Range(symbol, Integer(min(steps)), Integer(max(steps)))
    left, right = (
        summed(e, r) if symbol in e.free_symbols else e for e in (sides.left, sides.right)
    )
    walked = tuple(pair for pair in sides.walked if pair[0] != symbol)
    return replace(sides, left=left, right=right, walked=walked), [dict(p) for p in rest]
