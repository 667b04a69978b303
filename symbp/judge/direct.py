"""Claims with derivatives that count the direct use of a quantity only."""

from __future__ import annotations

from dataclasses import replace

from symbp.judge.compare import Sides
from symbp.reading.typed import Total
from symbp.system import Role, System
from symbp.system.equation import family_of


def by_parameters(sides: Sides, system: System) -> Sides | None:
    r"""The claim with derivatives by parameters on its right taken directly.

    \frac{\partial E_t}{\partial h_t} \frac{\partial h_t}{\partial h_k}
    \frac{\partial h_k}{\partial U} is summed over k only if the last one is.
    """
    changed = {}
    for total in sides.right.atoms(Total):
        f, u, _ = total.args
        if system[str(family_of(u))].role is Role.PARAMETER and not f.is_Symbol:
            changed[total] = Total(f, u, 1)
    return replace(sides, right=sides.right.xreplace(changed)) if changed else None


def direct(sides: Sides) -> list[Sides]:
    """The claim with derivatives on its right taken directly: those of expressions, then all."""
    found: list[Sides] = []
    for of_expressions in (True, False):
        changed = {}
        for total in sides.right.atoms(Total):
            f, u, _ = total.args
            if not f.is_Symbol and not (of_expressions and family_of(f) is not None):
                changed[total] = Total(f, u, 1)
        right = sides.right.xreplace(changed)
        if right not in (sides.right, *(s.right for s in found)):
            found.append(replace(sides, right=right))
    return found
