"""The exact witness: ⟨∂C/∂θ, v⟩ = Ċ in a prime field, with v random and Ċ by dual numbers.

    Ċ = d/dε C(θ + εv)     forward mode, one pass for one direction v

Guarantees. The rule's own kind of gradient is always proved. A wrong one is proved with
probability below 2^-100, over the random point and direction (a polynomial identity modulo
p > 2^127; exp and unspecified functions as in `numbers.field`): signs, steps and roots are first
taken as any functions, which covers both sides of every kink at once. A gradient that needs
s² = s of a step or r² = u of a root is tried at 64 points with random signs instead: a difference
that shows for one in k combinations of signs is then missed with probability (1 − 1/k)^64. A
refuted gradient differs for some signs of the arguments of its kinks; that an argument can have
these signs together is not shown, and laws of log and erf are not known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from symbp.errors import ValueRangeError
from symbp.numbers.dual import Dual, DualArray
from symbp.numbers.evaluator import Evaluation
from symbp.numbers.field import ChainTooShortError, Field, Residues
from symbp.numbers.gathers import index_ranges
from symbp.numbers.indexing import Indexing, Key
from symbp.numbers.sampling import residues
from symbp.system import System
from symbp.verify.case import gradient_blocks

CHAINS = (3, 6, 12, 24, 48)  #: numbers of primes: one more than the nesting of exponentials
DRAWS = 64  #: points tried where one does not decide
Block = tuple[str, Key]
Directions = dict[Block, Residues]


def proved(
    system: System, gradient: System, names: Iterable[str], seed: int, data: Mapping[str, Any]
) -> dict[Block, bool | None]:
    """For every block of some families whether `gradient` is the gradient of `system`.

    One direction through all blocks at once; only if that fails, one for each block. First with
    formal signs and roots; blocks that then differ are tried with true ones, and are None where
    no point was found at which those exist. `data` gives the families that are used as an index.
    """
    fixed = {name: data[name] for name in index_ranges(system) if name in data}

    def at(length: int, draw: int, formal: bool) -> tuple[dict[Block, bool], Field]:
        field = Field(length, seed + draw, formal)
        return _Point(system, gradient, list(names), field, fixed).verdicts(), field

    for length in CHAINS:
        for draw in range(DRAWS):
            try:
                found, field = at(length, draw, formal=True)
                return dict(found) if not field.used_branches else _refined(found, length, at)
            except ZeroDivisionError:
                continue  # a denominator vanished at this point: take another
            except ChainTooShortError:
                break
    raise ValueRangeError("exact: exponentials are nested too deeply, or a denominator is zero")


def _refined(
    found: dict[Block, bool], length: int, at: Callable[..., tuple[dict[Block, bool], Field]]
) -> dict[Block, bool | None]:
    """Blocks that differ for formal signs and roots, decided by true ones at many points."""
    doubtful = {block for block, ok in found.items() if not ok}
    verdicts: dict[Block, bool | None] = {b: None if b in doubtful else True for b in found}
    for draw in range(DRAWS if doubtful else 0):
        try:
            true, field = at(length, draw, formal=False)
        except ZeroDivisionError:
            continue
        if not field.bad_root:
            for block in doubtful:
                verdicts[block] = true[block] and verdicts[block] is not False
        if all(verdicts[block] is False for block in doubtful):
            break
    return verdicts


class _Point:
    """A random point of the field, and a random direction for every block."""

    def __init__(
        self, system: System, gradient: System, names: list[str], field: Field,
        fixed: Mapping[str, Any],
    ) -> None:  # fmt: skip
        self.system, self.gradient, self.names, self.field = system, gradient, names, field
        self.values = residues(gradient, field, fixed)
        self.indexing = Indexing(system, fixed)
        self.directions: Directions = {
            (name, key): field.random(shape, f"direction {name}{key}")
            for name in names
            for key in self.indexing.keys(system[name])
            for shape in [self.indexing.shape(system[name], key)]
        }

    def verdicts(self) -> dict[tuple[str, Key], bool]:
        """All blocks together, or one by one."""
        found: Any = gradient_blocks(self.gradient, self.values, self.names, self.field)
        products = {
            (name, key): int(np.sum(found[name][key].top * v.top))
            for (name, key), v in self.directions.items()
        }
        p = self.field.primes[-1]
        if (sum(products.values()) - self.slope(self.directions)) % p == 0:
            return dict.fromkeys(self.directions, True)
        return {
            block: (products[block] - self.slope({block: v})) % p == 0
            for block, v in self.directions.items()
        }

    def slope(self, directions: Directions) -> int:
        """Ċ along the directions given, zero along all others."""
        moved: dict[str, Any] = {n: self._moved(n, v, directions) for n, v in self.values.items()}
        loss = Evaluation(self.system, moved, Dual(self.field))[self.system.loss]
        return int(loss.tangent.top) if loss.tangent is not None else 0

    def _moved(self, name: str, given: Any, directions: Directions) -> Any:
        if isinstance(given, Residues):
            return DualArray(given, directions.get((name, ())))
        if not isinstance(given, list):
            return given  # data used as an index
        keys = self.indexing.keys(self.system[name])
        return [DualArray(v, directions.get((name, k))) for k, v in zip(keys, given, strict=True)]
