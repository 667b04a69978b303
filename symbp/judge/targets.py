r"""Which index of a target counts the classes, over which one-hot targets add up to one.

p_k = e^{z_k} / \sum_j e^{z_j}                 y_k: its one index
p_{ik} = e^{z_{ik}} / \sum_j e^{z_{ij}}        y_{ik}: k, which the sum below has not
"""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp

from symbp.system import Kind, Role, System, Variable


def class_slots(system: System) -> dict[str, int]:
    """For every target the slot that counts its classes; empty where one has none."""
    summed = set(_normalised(system))
    found = {}
    for target in system.with_role(Role.TARGET):
        units = _units(target)
        if len(units) == 2 and len(summed) == 1 and len(target.slots) == 2:
            found[target.name] = next(iter(summed))
        elif len(units) == 1:
            found[target.name] = units[0]
        else:
            return {}
    return found


def _units(variable: Variable) -> list[int]:
    return [n for n, s in enumerate(variable.slots) if s.kind is Kind.UNIT]


def _normalised(system: System) -> Iterator[int]:
    """The slots of families with two indices whose entries are divided by a sum over that slot."""
    for equation in system.equations:
        if len(equation.index) != 2 or len(_units(system[equation.family])) != 2:
            continue
        for power in equation.rhs.atoms(sp.Pow):
            if power.exp == -1 and isinstance(power.base, sp.Sum):
                left = [n for n, s in enumerate(equation.index) if not power.base.has(s)]
                yield from left if len(left) == 1 else ()
