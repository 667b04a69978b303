"""Which random points decide whether two sides are equal.

    formal     signs, steps and roots are any functions: what agrees holds for the true ones
    true       random signs and steps; r² = u with either root, in a tower of fields
    positive   roots that are squares, so that √u √v = √(uv); points where all roots are such

The first point is formal. What differs there is looked at with true branches, and, where there
are roots, with positive ones: it holds if all of `BRANCHES` points of one kind agree.

Guarantees. What agrees formally holds with the probability that `numbers/field.py` states. What
is true only for some signs of steps and roots is found to hold with a probability of at most
(1 − 1/k)^64, where it fails for one in k combinations of them. A point that does not count (a
denominator is 0, a number has no root, or no positive one) is never taken for agreement: another
takes its place, and where there are too few, nothing is found to hold. A true law of positive
roots may so be missed, never a false one be found.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from symbp.errors import DefinitionError
from symbp.numbers.extension import Extension, TowerTooLowError
from symbp.numbers.field import ChainTooShortError, Field

#: Primes in the chain: as many nested exponentials as this less one can be followed.
CHAIN_LENGTHS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 40)
#: Roots within roots.
LEVELS = (1, 2, 3)
#: Points that must agree where formal ones do not.
BRANCHES = 64
#: Points that are tried for them.
MOST = 512
#: So many that none of them counts are enough to give up.
VAIN = 16
#: More roots than these are not positive together at one point in eight.
MOST_ROOTS = 6

T = TypeVar("T")
S = TypeVar("S")


class Branches(StrEnum):
    """What signs, steps and roots are at a point."""

    FORMAL = "formal"
    TRUE = "true"
    POSITIVE = "positive"


@dataclass(frozen=True)
class Draw:
    """One random point: `field` is the domain to evaluate in."""

    seed: int
    branches: Branches
    length: int
    levels: int = 0
    """Of the tower of fields; 0 where no roots are met."""

    def field(self) -> Field:
        """The numbers of this point."""
        if self.levels:
            return Extension(self.length, self.seed, self.levels)
        return Field(self.length, self.seed, formal=self.branches is Branches.FORMAL)


#: Which of the statements asked for agree at a point, and the field in which they were evaluated.
Look = Callable[[Draw, frozenset[T]], tuple[frozenset[T], Field]]


class Draws:
    """The points for one System; how long its chains and towers must be is found once."""

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed
        self._length = 0
        self._level = 0

    def enough(self, evaluate: Callable[[], S]) -> S:
        """What is evaluated, with a chain and a tower that suffice for it."""
        while True:
            try:
                return evaluate()
            except ChainTooShortError:
                self._length += 1
                if self._length == len(CHAIN_LENGTHS):
                    raise DefinitionError("too many nested exponentials") from None
            except TowerTooLowError:
                if self._level + 1 == len(LEVELS):
                    raise
                self._level += 1

    def formal(self) -> Draw:
        """The first point."""
        return Draw(self.seed, Branches.FORMAL, CHAIN_LENGTHS[self._length])

    def hold(self, look: Callable[[Draw], tuple[bool, Field]]) -> bool:
        """Whether one statement holds."""

        def looked(draw: Draw, asked: frozenset[int]) -> tuple[frozenset[int], Field]:
            agrees, field = look(draw)
            return asked if agrees else frozenset(), field

        return bool(self.holding(frozenset({0}), looked))

    def holding(self, statements: frozenset[T], look: Look[T]) -> frozenset[T]:
        """Those that hold."""
        found, field = self.enough(lambda: look(self.formal(), statements))
        if field.used_branches and found != statements:
            levels = field.used_roots
            more, true = self._at_many(Branches.TRUE, levels, statements - found, look)
            found |= more
            if isinstance(true, Extension) and true.radicands <= MOST_ROOTS:
                found |= self._at_many(Branches.POSITIVE, False, statements - found, look)[0]
        return found

    def _at_many(
        self, branches: Branches, roots: bool, asked: frozenset[T], look: Look[T]
    ) -> tuple[frozenset[T], Field | None]:
        """Those that agree at all points of one kind that count, and the field of the last."""
        agreed, field = 0, None
        for turn in range(MOST):
            if not asked or agreed == BRANCHES or (turn >= VAIN and not agreed):
                break
            try:
                found, field = self._looked(turn, branches, roots, asked, look)
            except (ZeroDivisionError, TowerTooLowError):
                continue
            if not field.bad_root:
                asked, agreed = asked & found, agreed + 1
        return asked if agreed == BRANCHES else frozenset(), field

    def _looked(
        self, turn: int, branches: Branches, roots: bool, asked: frozenset[T], look: Look[T]
    ) -> tuple[frozenset[T], Field]:
        def draw() -> Draw:
            levels = LEVELS[self._level] if roots else 0
            return Draw(self.seed + turn, branches, CHAIN_LENGTHS[self._length], levels)

        if branches is Branches.TRUE:
            return self.enough(lambda: look(draw(), asked))
        try:
            return look(draw(), asked)
        except ChainTooShortError:  # the root of an exponent is not positive
            raise ZeroDivisionError from None
