"""Forward mode at a point that has been evaluated: df/du for all entries u of a block at once.

Every entry u_d of a block moves by an ε_d of its own, u_d + ε_d, and what depends on the block is
evaluated again in dual numbers; all else is taken from the point as it is.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from symbp.numbers.domains import Buffer
from symbp.numbers.dual import Dual, DualArray
from symbp.numbers.evaluator import Block, Evaluation
from symbp.numbers.expressions import Expressions
from symbp.numbers.indexing import Scope
from symbp.system import Equation

#: The most entries that are moved at once.
DIRECTIONS = 256


class Moved(Evaluation):
    """A point where entries of one block move, and all that depends on them.

    `turn` counts the entries by `DIRECTIONS`; `chosen` are some entries that move instead.
    """

    def __init__(
        self, point: Evaluation, moving: Block, turn: int = 0, chosen: Sequence[int] = ()
    ) -> None:
        self.system, self.indexing = point.system, point.indexing
        self._point, self._moving = point, moving
        shape = self.indexing.shape(self.system[moving[0]], moving[1])
        size, first = int(np.prod(shape, dtype=int)), turn * DIRECTIONS
        count = len(chosen) or min(size, DIRECTIONS)
        here = np.asarray(chosen or range(first, min(first + count, size)), dtype=int)
        unit = np.zeros((count, size), int)
        unit[np.arange(len(here)), here] = 1
        self._unit = point.domain.array(unit.reshape(count, *shape))
        self._dual = Dual(point.domain, count)
        self.domain = self._dual
        self._store = {}
        self._expressions = Expressions(self.system, self.domain, self.indexing, self._store)

    def plan(self, block: Block) -> list[tuple[Equation, Scope]]:
        """As at the point."""
        return self._point.plan(block)

    def uses(self, block: Block) -> tuple[Block, ...]:
        """As at the point, for what moves: all else is known there."""
        return self._point.uses(block) if self.moves(block) else ()

    def moves(self, block: Block) -> bool:
        """Whether a block depends on the one whose entries move."""
        return block == self._moving or self._moving in self._point.reach(block)

    def tangent(self, a: DualArray) -> Buffer:
        """The derivatives by the entries, along the first axis; zeros where nothing moves."""
        return self._dual.tangent(a)

    def _computed(self, block: Block) -> DualArray:
        if block == self._moving:
            return DualArray(self._point.block(block), self._unit)
        if self.moves(block):
            return super()._computed(block)
        return DualArray(self._point.block(block))


class Held(Moved):
    """A point where entries of one block move and all other blocks keep their values."""

    def moves(self, block: Block) -> bool:
        """Only the block itself does."""
        return block == self._moving
