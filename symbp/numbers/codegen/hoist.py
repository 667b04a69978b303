"""What a recurrence does not change, computed for all steps at once before its loop.

    z_t = W x_t + b + U h_{t−1}          s_t = W x_t + b          z_t = s_t + U h_{t−1}
    δ_t = (Uᵀ δ_{t+1} + h_t − y_t)(1 − h_t²)
                                         s_t = h_t − y_t, k_t = 1 − h_t²
                                         δ_t = k_t (Uᵀ δ_{t+1} + s_t)

Only whole terms and whole factors move, so that exponentials stay where they can be shifted.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import sympy as sp
from sympy import Expr

from symbp.numbers.codegen.parts import names_of
from symbp.numbers.codegen.stable import is_exp
from symbp.system import Equation, Kind, Range, Slot, System, Variable
from symbp.system.equation import family_of, walk

LOOPED = (Kind.TIME, Kind.PLACE)


def hoisted(system: System) -> System:
    """The system with terms and factors that stay the same in a recurrence as families.

    >>> from symbp.networks import lookup
    >>> system = hoisted(lookup("elman")())
    >>> print(system.defining("a")[0])
    a[t, j] = s_a[t, j] + Sum(U[j, k]*h[t - 1, k], (k, 1, n))   for 1 ≤ t ≤ T, 1 ≤ j ≤ n
    >>> print(system.defining("s_a")[0])
    s_a[t, j] = b[j] + Sum(W[j, p]*x[t, p], (p, 1, d))   for 1 ≤ t ≤ T, 1 ≤ j ≤ n
    """
    for group in recurrences(system):
        system = _Hoist(system, group).system()
    return system


def recurrences(system: System) -> list[list[str]]:
    """The families of each recurrence in time or place."""
    return [
        group
        for group in system.order
        if all(loop_slot(system[name]) is not None for name in group) and _recurs(system, group)
    ]


def loop_slot(v: Variable) -> int | None:
    """The slot along which a recurrence of the family runs."""
    return next((i for i, s in enumerate(v.slots) if s.kind in LOOPED), None)


def _recurs(system: System, group: Collection[str]) -> bool:
    """Whether the families need each other."""
    return len(group) > 1 or any(
        family_of(n) in group
        for name in group
        for e in system.defining(name)
        for n, _ in walk(e.rhs)
    )


class _Hoist:
    """One recurrence, with what has been moved out of it so far."""

    def __init__(self, given: System, group: Collection[str]) -> None:
        self.given = given
        self.group = group
        self.taken = names_of(given)
        self.variables: list[Variable] = []
        self.equations: list[Equation] = []

    def system(self) -> System:
        """The system with these families."""
        equations = [
            self._changed(e) if e.family in self.group else e for e in self.given.equations
        ]
        return replace(
            self.given,
            variables=(*self.given.variables, *self.variables),
            equations=(*equations, *self.equations),
        )

    def _changed(self, e: Equation) -> Equation:
        slot = loop_slot(self.given[e.family])
        walks = slot is not None and e.index[slot] in {r.symbol for r in e.domain}
        if not walks or any(is_exp(n) for n, _ in walk(e.rhs)):
            return e
        return replace(e, rhs=self._sum(e.rhs, e))

    def _sum(self, node: Expr, e: Equation) -> Expr:
        """The terms that stay the same as one entry, the others without such factors."""
        if isinstance(node, sp.Add):
            still = [a for a in node.args if not self._moves(a)]
            moving = [self._sum(a, e) for a in node.args if self._moves(a)]
            return sp.Add(*moving, self._entry("s", sp.Add(*still), e)) if moving else node
        if isinstance(node, sp.Mul):
            still = [a for a in node.args if not self._moves(a)]
            moving = [self._sum(a, e) for a in node.args if self._moves(a)]
            sign, rest = sp.Mul(*still).as_coeff_Mul()
            return sp.Mul(sign, *moving, self._entry("k", rest, e)) if moving else node
        if len(node.args) == 1 and isinstance(node, sp.Function) and self._moves(node):
            return node.func(self._sum(node.args[0], e))
        return node

    def _moves(self, node: Expr) -> bool:
        return any(family_of(n) in self.group for n, _ in walk(node))

    def _entry(self, letter: str, value: Expr, e: Equation) -> Expr:
        """The value as an entry of a new family, where it takes more than to look it up."""
        if isinstance(value, sp.Indexed) or not value.args:
            return value
        used = _with_bounds([r for r in e.domain if r.symbol in value.free_symbols], e.domain)
        kinds = {i: s.kind for s, i in zip(self.given[e.family].slots, e.index, strict=True)}
        role = self.given[e.family].role
        name = self._name(letter, self.given[e.family])
        slots = tuple(Slot(r, kinds[r.symbol]) for r in used)
        self.variables.append(Variable(name, slots, role))
        index = tuple(r.symbol for r in used)
        self.equations.append(Equation(name, index, value, tuple(used)))
        return self.variables[-1][index]

    def _name(self, letter: str, of: Variable) -> str:
        base = of.adjoint_of[1] if of.adjoint_of else of.name
        wish = f"{letter}_{base.removeprefix('z_')}"
        name = next(
            n for n in (wish, *(f"{wish}{i}" for i in range(2, 1000))) if n not in self.taken
        )
        self.taken.add(name)
        return name


def _with_bounds(used: Sequence[Range], domain: Sequence[Range]) -> list[Range]:
    """The ranges, and those of the indices with which they move."""
    needed = {s for r in used for b in (r.lower, r.upper) for s in b.free_symbols}
    more = [r for r in domain if r in used or r.symbol in needed]
    return more if len(more) == len(used) else _with_bounds(more, domain)
