"""Which claims of a theorem hold at all sizes, and not only at those where they were judged.

Guarantees. What `at_all_sizes` yields is proved by the laws of `symbp.judge.scope`, with letters
for the sizes. An adjoint whose equation is left out is a free variable: what holds for any value
holds for its own. A claim in which a derivative is still to be taken is left out, and so is one of
which no proof is found: nothing is said of their other sizes.
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import replace

from symbp.derivation.context import Partial
from symbp.judge.compare import Sides
from symbp.judge.equality import Prover
from symbp.judge.scope import Scopes
from symbp.system import Role, System
from symbp.theorems.theorem import Claim, Part


def at_all_sizes(part: Part) -> Iterator[Claim]:
    """The claims left = right of a part that are proved with letters for the sizes."""
    judged = Prover(part.system).system
    ways = [Scopes(s, judged) for s in _systems(part.system)]
    for claim in part.all_claims():
        if claim.differ or claim.left.has(Partial) or claim.right.has(Partial):
            continue
        sides = Sides(claim.left, claim.right, tuple(claim.domain))
        if any(way.everywhere(sides, claim.condition is not None) for way in ways):
            yield claim


def _systems(system: System) -> Iterator[System]:
    """The System, and with the first of its adjoints free: of all but the last, the last two ..."""
    yield system
    adjoints = list(dict.fromkeys(e.family for e in system.equations if e.family.startswith("∂")))
    for count in range(len(adjoints), 0, -1):
        yield _freed(system, set(adjoints[:count]))


def _freed(system: System, names: Set[str]) -> System:
    """The System without the equations of some families."""
    equations = tuple(e for e in system.equations if e.family not in names)
    variables = tuple(
        replace(v, role=Role.INPUT) if v.name in names else v for v in system.variables
    )
    return replace(system, equations=equations, variables=variables)
