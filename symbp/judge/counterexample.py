"""A rational point at which the two sides of a claim are certainly different."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from random import Random
from typing import TYPE_CHECKING, Any

import numpy as np
from sympy import Expr, Symbol

from symbp.errors import SymbpError
from symbp.functions import Elementwise, Row
from symbp.judge.compare import Sides, scopes
from symbp.judge.values import Values
from symbp.judge.verdict import Counterexample
from symbp.numbers.balls import Balls, decimal, differ, stand_in_text
from symbp.numbers.data import drawn
from symbp.numbers.indexing import GROUND, Indexing
from symbp.numbers.sampling import given_families
from symbp.reading.lexicon import Lexicon
from symbp.system import Role, System

if TYPE_CHECKING:
    from symbp.judge.claims import Judge

Shown = tuple[tuple[str, str], ...]
#: What is tried in turn: how many points, of positive numbers alone, and times what. A log or root
#: needs positive numbers, log(1 − a) small ones, √(a − ε) large ones.
ATTEMPTS = (
    (6, False, Fraction(1)),
    (4, True, Fraction(1)),
    (4, True, Fraction(1, 16)),
    (4, False, Fraction(1, 16)),
    (4, True, Fraction(4)),
)
#: The denominator where no two values may be equal: the largest of some is only one of them.
FINE = 2**20


def counterexample(
    judge: Judge, sides: Sides, where: Sequence[Mapping[Symbol, int]]
) -> Counterexample | None:
    """The first point at which balls enclose the sides apart; None where none was found."""
    kinks = any(p.kind == "max" for p in judge.lexicon.poolings.values())
    for seed, positive, scale in _attempts():
        given = rational_point(judge.system, seed, FINE if kinks else 8, positive, scale)
        values = Values(judge.system, given, Balls())
        try:
            found = _difference(sides, values, where)
        except (SymbpError, ZeroDivisionError):
            continue
        if found is not None:
            at, left, right = found
            shown = _shown(judge.lexicon, judge.system, sides, given)
            return Counterexample(shown, *apart(left, right), at)
    return None


def _attempts() -> Iterator[tuple[int, bool, Fraction]]:
    for count, positive, scale in ATTEMPTS:
        yield from ((seed, positive, scale) for seed in range(count))


def rational_point(
    system: System, seed: int, below: int = 8, positive: bool = False, scale: Fraction = Fraction(1)
) -> dict[str, Any]:
    """Fractions of a denominator for everything that is given; small ones where that does."""
    indexing = Indexing(system, {})
    result: dict[str, Any] = {}
    for v in given_families(system):
        rng = Random(f"{seed}|{v.name}")
        blocks: list[Any] = []
        for key in indexing.keys(v):
            shape = indexing.shape(v, key)
            count = int(np.prod(shape, dtype=int))
            numbers = [Fraction(rng.choice(_NUMERATORS), 8) for _ in range(count)]
            if below != 8:
                numbers = [x + Fraction(rng.randrange(1, below // 8), below) for x in numbers]
            if v.role is Role.TARGET or v.role is Role.HYPERPARAMETER:
                numbers = [abs(x) / 3 for x in numbers]
            else:
                numbers = [(abs(x) if positive else x) * scale for x in numbers]
            if v.within is not None:
                seeded = np.random.default_rng([seed, len(blocks)])
                numbers = [
                    Fraction(x).limit_denominator(8) for x in drawn(v.within, seeded, shape).flat
                ]
            array = np.empty(count, dtype=object)
            array[:] = numbers
            blocks.append(array.reshape(shape))
        result[v.name] = blocks if indexing.outer(v) else blocks[0]
    return result


def apart(left: Any, right: Any) -> tuple[str, str]:
    """Two values in decimals, with digits enough to see that they differ."""
    shown = decimal(left), decimal(right)
    for digits in (12, 24, 48):
        if not _same_number(*shown):
            break
        shown = decimal(left, digits), decimal(right, digits)
    return shown


def _same_number(left: str, right: str) -> bool:
    """Whether two decimals are one number: -0.5 and -0.500000."""
    try:
        return Decimal(left) == Decimal(right)
    except InvalidOperation:  # a ball, which shows its radius
        return left == right


_NUMERATORS = [n for n in range(-11, 12) if n]


def _difference(
    sides: Sides, values: Values, where: Sequence[Mapping[Symbol, int]]
) -> tuple[str, Any, Any] | None:
    for at in scopes(sides, values, where):
        a, b = (values.tensor(e, at) for e in (sides.left, sides.right))
        axes = tuple(dict.fromkeys((*a.axes, *b.axes)))
        both = [GROUND.arrange(np.asarray(t.buffer, dtype=object), t.axes, axes) for t in (a, b)]
        left, right = (np.asarray(z, dtype=object) for z in np.broadcast_arrays(*both))
        for place in np.ndindex(left.shape):
            x: Any = left[place]
            y: Any = right[place]
            if differ(x, y):
                letters = {
                    **{s.name: v for s, v in at.point.items()},
                    **{s.name: at.spans[s][0] + i for s, i in zip(axes, place, strict=True)},
                }
                named = [
                    f"{n.lstrip('#')} = {v}" for n, v in letters.items() if n.lstrip("#").isalpha()
                ]
                return ", ".join(named), x, y
    return None


def _shown(lexicon: Lexicon, system: System, sides: Sides, given: Mapping[str, Any]) -> Shown:
    """The values of what the claim depends on, and the functions taken for unspecified ones."""
    indexing = Indexing(system, {})
    both = sides.left + sides.right
    shown = []
    for v in given_families(system):
        if not lexicon.depends(both, v.name):
            continue
        blocks = given[v.name] if indexing.outer(v) else [given[v.name]]
        for key, block in zip(indexing.keys(v), blocks, strict=True):
            shown.append((lexicon.written(v.name, key), _text(block)))
    for row in _unspecified(system, both):
        shown.append((f"{row.latex}(x)", stand_in_text(row)))
    return tuple(shown)


def _unspecified(system: System, e: Expr) -> list[Row]:
    """The unspecified functions of the System and the claim, by name."""
    nodes = set(e.atoms(Elementwise)).union(*(q.rhs.atoms(Elementwise) for q in system.equations))
    rows = {n.row.name: n.row for n in nodes if not n.row.specified and "any" not in n.row.name}
    return [rows[name] for name in sorted(rows)]


def _text(block: Any) -> str:
    if not np.shape(block):
        return str(block[()] if isinstance(block, np.ndarray) else block)
    return "[" + ", ".join(_text(x) for x in block) + "]"
