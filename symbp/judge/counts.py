r"""Sizes that are numbers in formulas: the m of 1/m.

\frac{2}{m} \sum_i (z_i - y_i) x_i is \sum_i (z_i - y_i) x_i where m = 2: what holds at some sizes
is tried at others, wherever a size is a value in the network or in the claim.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import sympy as sp
from sympy import Expr

from symbp.judge.verdict import Status
from symbp.reading.typed import Total
from symbp.system import Role
from symbp.system.equation import family_of

if TYPE_CHECKING:
    from symbp.judge.claims import Judge
    from symbp.judge.outcome import Outcome


def counts_in(judge: Judge, found: Outcome) -> bool:
    """Whether a size that is still a symbol is a value in what was proved, or in the network."""
    if found.status is not Status.PROVED or found.sides is None or judge.more:
        return False
    sizes = {v.name for v in judge.system.with_role(Role.SIZE)}
    every = (found.sides.left, found.sides.right, *(e.rhs for e in judge.system.equations))
    return any(name in sizes for e in every for name in _values(e))


def _values(e: Expr) -> Iterator[str]:
    """The families whose values an expression has, and the bounds of sums that only count."""
    if isinstance(e, sp.Sum):
        for symbol, *bounds in e.limits:
            if symbol not in e.function.free_symbols:
                yield from (name for b in bounds for name in _values(b))
        yield from _values(e.function)
        return
    family = family_of(e)
    if family is not None:
        yield str(family)
    elif not isinstance(e, Total | sp.KroneckerDelta):
        for a in e.args:
            yield from _values(a)
