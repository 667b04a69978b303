"""Networks whose declared layers are too wide to try every entry: 784, 30, 10.

Guarantees. Such a network is judged with small numbers for its wide layers, equal ones for equal
ones. What that proves is proved for the declared sizes only where the scope is every width; else
it is undecided. What differs there is refuted only if the sides differ at some of the first
entries of the declared network as well (residues modulo a prime above 2^127); the counterexample
that is shown is at the small sizes, and says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING

import numpy as np
from sympy import Symbol

from symbp.judge.compare import Sides, points, scopes
from symbp.judge.values import Values
from symbp.judge.verdict import Status
from symbp.numbers.indexing import GROUND, Indexing
from symbp.numbers.sampling import given_families, with_small_sizes
from symbp.reading.lexicon import Lexicon
from symbp.system import System

if TYPE_CHECKING:
    from symbp.judge.claims import Judge
    from symbp.judge.outcome import Outcome

#: The widest layer that is judged as it is.
WIDEST = 24
#: How many units of a declared layer are looked at.
LOOK = 2
#: The most numbers that a declared network may be given.
MOST = 500_000


def narrow(system: System) -> System:
    """The System with 2, 3, 4, ... for its sizes where one of them is too wide to be tried."""
    given = [n for size in system.sizes.values() for n in _numbers(size)]
    if max(given, default=0) <= WIDEST:
        return system
    small = {n: place for place, n in enumerate(sorted({n for n in given if n > 1}), 2)}
    return system.with_sizes(**{
        name: tuple(small.get(n, n) for n in size) if isinstance(size, tuple)
        else small[size] if size > WIDEST else size
        for name, size in system.sizes.items()
    })  # fmt: skip


def at_small_sizes(lexicon: Lexicon, more: int = 0) -> tuple[System, bool]:
    """The System at the sizes at which claims are judged, and whether it was made narrower."""
    system = narrow(lexicon.system)
    small = {n: size for n, size in lexicon.small.items() if n not in system.sizes}
    return with_small_sizes(system.with_sizes(**small), more), system is not lexicon.system


def at_declared(judge: Judge, found: Outcome) -> Outcome:
    """What was found at small sizes, as far as it is certain at the declared ones."""
    sides, undecided = found.sides, replace(found, status=Status.UNDECIDED, counterexample=None)
    if sides is None or found.status not in (Status.PROVED, Status.REFUTED):
        return found
    small = judge.scopes.sizes(sides)
    if found.status is Status.PROVED:
        only = judge.scope_text(found).startswith("at sizes")
        reason = f"it holds at sizes {small}; for the declared ones no proof was found"
        return replace(undecided, reason=reason) if only else found
    system = judge.declared.system
    indexing = Indexing(system, {})
    given = ((v, key) for v in given_families(system) for key in indexing.keys(v))
    if sum(prod(indexing.shape(v, key)) for v, key in given) > MOST:
        reason = f"the sides differ at sizes {small}; the declared ones are too wide to be tried"
        return replace(undecided, reason=reason)
    where = points(sides, system, judge.declared.at(None).primal.indexing)
    if not judge.declared.found(lambda values: differ_at_first(sides, values, where)):
        reason = f"the sides differ at sizes {small}; at the declared ones no difference was found"
        return replace(undecided, reason=reason)
    return replace(found, reason=f"{found.reason}; shown at sizes {small}")


def _numbers(size: int | tuple[int, ...]) -> tuple[int, ...]:
    return size if isinstance(size, tuple) else (size,)


def differ_at_first(sides: Sides, values: Values, where: Sequence[Mapping[Symbol, int]]) -> bool:
    """Whether two sides differ at some of the first units of their axes."""
    for at in scopes(sides, values, where):
        few = {s: (low, min(high, low + LOOK - 1)) for s, (low, high) in at.spans.items()}
        a, b = (values.tensor(e, replace(at, spans=few)) for e in (sides.left, sides.right))
        axes = tuple(dict.fromkeys((*a.axes, *b.axes)))
        x, y = (GROUND.arrange(t.buffer.top, t.axes, axes) for t in (a, b))
        if not bool(np.all(x == y)):
            return True
    return False
