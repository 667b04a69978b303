"""Whether two index expressions of a System are equal: exact, at stated sizes.

Guarantees. Expressions that are equal by the laws of fields and of exp and by a System's own
equations are always found equal. Expressions that differ at the sizes tried are found equal with
a probability below 2^-100 (residues modulo a prime above 2^127 at random points), with one
exception: where equality needs s² = s of a step or r² = u of a root, it is tried at 64 points
with random signs, and a difference that shows for one in k combinations of signs is missed with
probability (1 − 1/k)^64 (`numbers/draws.py`). Laws of log, of erf and of signs beyond
sign(−x) = −sign(x) are not known, and √u √v = √(uv) only where roots are few: what is equal only
by them is found unequal. What holds at the sizes tried is not claimed for others.

Entries are looked up one by one and sums are walked term by term, so nothing is shared with
the rules of a derivation. ∂v/∂u is found by a dual number through the equation that defines v,
with every other family held fixed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sympy import Expr, S

from symbp.errors import DefinitionError
from symbp.judge.pointwise import Pointwise
from symbp.numbers.draws import Draw, Draws
from symbp.numbers.evaluator import Evaluation
from symbp.numbers.field import Field, Residues
from symbp.numbers.sampling import residues, with_small_sizes
from symbp.system import Kind, Range, Role, System, Variable


def equal(
    system: System,
    left: Expr,
    right: Expr,
    domain: Sequence[Range] = (),
    condition: str | None = None,
    seed: int = 0,
) -> bool:
    """Whether left = right at every index of the domain; `system` holds all families used.

    `condition` is that of a derivation's step: None, or "the targets add up to one".
    """
    return Prover(system, condition, seed).equal(left, right, domain)


class Prover:
    """One random point of a System, at which any number of equations are tried."""

    def __init__(self, system: System, condition: str | None = None, seed: int = 0) -> None:
        self.system = with_small_sizes(system)
        self.condition = condition
        self._draws = Draws(seed)
        self._points: dict[Draw, Pointwise] = {}

    def equal(self, left: Expr, right: Expr, domain: Sequence[Range] = ()) -> bool:
        """Whether left = right at every index of the domain."""

        def look(draw: Draw) -> tuple[bool, Field]:
            at = self._at(draw)
            agrees = not at.field.bad_root and self._equal(at, left, right, domain)
            return agrees, at.field

        return self._draws.hold(look)

    def _equal(self, at: Pointwise, left: Expr, right: Expr, domain: Sequence[Range]) -> bool:
        count = 0
        for point in at.points(domain):
            count += 1
            if at.value(left, point).value.top != at.value(right, point).value.top:
                return False
        if not count:
            raise DefinitionError(f"no index lies in the domain of {left}: nothing was compared")
        return True

    def _at(self, draw: Draw) -> Pointwise:
        """The point of a draw."""
        if draw not in self._points:
            field = draw.field()
            given = residues(self.system, field)
            if self.condition is not None:
                given |= {v.name: adding_up_to_one(given[v.name], v, field)
                          for v in self.system.with_role(Role.TARGET)}  # fmt: skip
            evaluation = Evaluation(self.system, given, field)
            self._points[draw] = Pointwise(self.system, evaluation, field)
        return self._points[draw]


def adding_up_to_one(y: Any, variable: Variable, field: Field, slot: int | None = None) -> Any:
    """The targets with the last unit set so that all units of a sample or time add up to one.

    Of two indices that count units, `slot` is the one that adds up.
    """
    places = [i for i, s in enumerate(variable.slots) if s.kind is Kind.UNIT]
    if len(places) != 1 and slot is None:
        raise DefinitionError("a target must have one index that counts its units")
    if isinstance(y, list):
        return [_completed(block, 0, field) for block in y]
    return _completed(y, places[0] if slot is None else slot, field)


def _completed(y: Residues, axis: int, field: Field) -> Residues:
    axes = tuple(range(len(y.shape)))
    places = list(range(y.shape[axis] - 1))
    others = field.take(y, (*(slice(None) for _ in axes[:axis]), places))
    total = field.contract([(others, axes)], (*axes[:axis], *axes[axis + 1 :]))
    rest = field.add(field.number(S.One), field.multiply(field.number(S.NegativeOne), total))
    data = np.moveaxis(y.data, axis + 1, 1).copy()
    data[:, -1] = rest.data
    return Residues(np.moveaxis(data, 1, axis + 1), y.depth)
