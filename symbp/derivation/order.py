"""Which adjoints a derivation keeps, and in what order it speaks of them.

∂C/∂a[l, j]   used once, by ∂C/∂z[l, j] only            inserted there
∂C/∂h[t, j]   used by the adjoints of four gates        kept: the recursion through time
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import sympy as sp
from sympy import Expr

from symbp.derivation.context import covers
from symbp.system import Equation, Kind, Range, Role, System
from symbp.system.checks import components
from symbp.system.equation import RECURRENT, family_of, index_of, walk

#: Indices whose first or last value is a case of its own, and that a chain rule names.
STEPS = (Kind.LAYER, Kind.TIME)
#: An entry of an adjoint in the equation of another, with the sums open around it.
Use = tuple[Equation, Expr, tuple[Range, ...]]


def from_the_loss_back(system: System) -> list[str]:
    """The adjoints, each after those that it needs; in a recurrence, at one step."""
    declared = {v.name: place for place, v in enumerate(system.variables)}
    defined = {e.family: place for place, e in enumerate(system.equations)}

    def rank(name: str) -> tuple[int, int]:
        of = (system[name].adjoint_of or ("", ""))[1]
        return -defined.get(of, -1), declared[name]

    names: list[str] = []
    for group in system.order:
        own = sorted((n for n in group if system[n].role is Role.ADJOINT), key=rank)
        edges = [
            (e.family, used)
            for e in (system.equations if len(own) > 1 else ())
            for node, _ in walk(e.rhs)
            if e.family in own and (used := str(family_of(node))) in own
            if used != e.family and _same_step(system, e, node)
        ]
        names += [n for part in components(own, edges) for n in part]
    return names


def _same_step(system: System, equation: Equation, entry: Expr) -> bool:
    """Whether an entry in an equation is of the same layer, time and place as its left side."""
    steps = [_steps(system, e) for e in (equation.lhs, entry)]
    pairs = zip(*steps, strict=False)
    return not any((d := sp.expand(a - b)).is_Integer and d != 0 for a, b in pairs)


def _steps(system: System, entry: Expr) -> list[Expr]:
    slots = system[str(family_of(entry))].slots
    return [i for s, i in zip(slots, index_of(entry), strict=True) if s.kind in RECURRENT]


def used_up(system: System, equations: Sequence[Equation] = ()) -> set[str]:
    """The adjoints that are inserted where they are needed, by these equations or the system's.

    They are of values without parameters in their equations (activations, not
    pre-activations), used by one other adjoint, and there only once, unless they are written in
    values alone: ∂C/∂a = −y/a may be inserted twice. One that is read at another place than it
    is written (∂C/∂h at ⌈p/2⌉, after pooling) keeps its name.
    """
    learnt = {v.name for v in system.with_role(Role.PARAMETER)}
    uses: dict[str, list[Use]] = defaultdict(list)
    with_parameters = set()
    equations = equations or system.equations
    for e in equations:
        for node, ranges in walk(e.rhs):
            name = family_of(node)
            if name in learnt:
                with_parameters.add(e.family)
            elif name in system.by_name and system[name].role is Role.ADJOINT:
                uses[name].append((e, node, ranges))
    return {
        name
        for name, own in uses.items()
        if (of := (system[name].adjoint_of or ("", ""))[1]) not in with_parameters
        and system[of].role is Role.INTERMEDIATE
        and {e.family for e, *_ in own} != {name}
        and len({e.family for e, *_ in own}) == 1
        and all(_once_or_in_values(system, use, own, equations) for use in own)
        and all(_at_its_place(system, node) for _, node, _ in own)
    }


def _at_its_place(system: System, entry: Expr) -> bool:
    """Whether the places of an entry are plain indices."""
    slots = system[str(family_of(entry))].slots
    return all(
        index.is_Symbol or slot.kind is not Kind.PLACE
        for slot, index in zip(slots, index_of(entry), strict=True)
    )


def _once_or_in_values(
    system: System, use: Use, uses: Sequence[Use], equations: Sequence[Equation]
) -> bool:
    equation, entry, ranges = use
    if sum(1 for e, *_ in uses if e is equation) == 1:
        return True
    facts = system.facts.given((*equation.domain, *ranges))
    own = [e for e in equations if e.family == family_of(entry)]
    return any(covers(e, entry, facts) and not adjoints_in(system, e.rhs) for e in own)


def adjoints_in(system: System, e: Expr) -> list[str]:
    """The adjoints that an expression names."""
    found = (family_of(node) for node, _ in walk(e))
    return [n for n in found if n in system.by_name and system[n].role is Role.ADJOINT]


Place = tuple[int, int, int, int, int]
FAR = 10**9  #: a layer or time that is no number comes before those that are


def place(system: System, order: Sequence[str], result: Equation) -> Place:
    """Where a result stands: from the loss back, where a recurrence starts, parameters last."""
    name = result.family
    if system[(system[name].adjoint_of or ("", ""))[1]].role is Role.PARAMETER:
        return 1, 0, 0, 0, order.index(name)
    number, group = next((i, g) for i, g in enumerate(system.order) if name in g)
    goes_on = any(n in group for n in _at_other_steps(system, result))
    slots = zip(system[name].slots, result.index, strict=True)
    steps = [i for s, i in slots if s.kind in STEPS]
    starts = any(not i.free_symbols & {r.symbol for r in result.domain} for i in steps)
    last = max((int(i) for i in steps if i.is_Integer), default=FAR)
    return 0, number, 1 if goes_on else 0 if starts else 2, -last, order.index(name)


def _at_other_steps(system: System, result: Equation) -> list[str]:
    nodes = (n for n, _ in walk(result.rhs) if family_of(n) in system.by_name)
    return [str(family_of(n)) for n in nodes if not _same_step(system, result, n)]
