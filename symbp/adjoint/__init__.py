"""The rule: backpropagation is the adjoint of a system of equations.

For every occurrence u[g(I, K)] in lhs[I] = rhs, with K the sums open around it,

    ∂C/∂u[J]  +=  Σ_{I,K : g(I,K)=J}  ∂C/∂lhs[I] · ∂rhs/∂u[g(I,K)]

g(I, K) = J is solved for as many of I, K as it fixes; what it does not fix stays under the sum;
ranges that the solution leaves behind become bounds of the sum or the domain of the equation.
The result is again a System, whose equations define the adjoints.

Source: reverse accumulation, Linnainmaa (1970); Griewank & Walther, "Evaluating Derivatives"
(2008), chapter 3.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

import sympy as sp
from sympy import Expr, S

from symbp.adjoint.partials import occurrences
from symbp.adjoint.solve import Contribution, contribution, extent
from symbp.errors import DefinitionError
from symbp.system import Equation, Range, Role, System, Variable
from symbp.system.contents import names_in
from symbp.system.equation import family_of
from symbp.system.indices import rename_bound, stand_in, substitute
from symbp.system.regions import Box, cells, domain_of, hull, intersection, whole_as_none

__all__ = ["Contribution", "adjoint_name", "contributions", "gradient"]

Found = Mapping[str, Sequence[Contribution]]


def adjoint_name(loss: str, family: str) -> str:
    """The name of the family of derivatives ∂loss/∂family."""
    return f"∂{loss}/∂{family}"


def gradient(system: System, wrt: Iterable[str] | None = None) -> System:
    """∂C/∂u for every family u in `wrt` (default: the parameters), as a System.

    The result holds the equations of `system` and one family ∂C/∂v for each v on a way from
    `wrt` to the loss C. Raises `DefinitionError` where nothing in `wrt` reaches the loss.
    """
    names = list(wrt) if wrt is not None else [v.name for v in system.with_role(Role.PARAMETER)]
    for name in names:
        system[name]  # refuses an unknown name
    return system.extended(
        *_adjoints(system.variables, system.equations, system.loss, tuple(names))
    )


@lru_cache(maxsize=64)
def _adjoints(
    variables: tuple[Variable, ...],
    equations: tuple[Equation, ...],
    loss: str,
    names: tuple[str, ...],
) -> tuple[list[Variable], list[Equation]]:
    """The families of derivatives and their equations, the same at all sizes."""
    system = System(variables, equations, loss)
    active = _active(system, names)
    reached = [n for n in names if n in active]
    if not reached:
        raise DefinitionError(f"{system.loss} does not depend on {', '.join(names) or 'anything'}")
    adjoints = {n: _adjoint_variable(system, n) for n in active if n != system.loss}
    found = contributions(system, active)
    regions = _demanded(system, adjoints, found, reached)
    order = [n for n in reversed(active) if n in regions]
    cases = [e for n in order for e in _cases(system, adjoints, adjoints[n], found[n], regions[n])]
    return [adjoints[n] for n in order], cases


def contributions(system: System, active: Sequence[str]) -> dict[str, list[Contribution]]:
    """What every occurrence of an active family adds to that family's adjoint."""
    found: dict[str, list[Contribution]] = {name: [] for name in active}
    for equation in system.equations:
        if equation.family not in found:
            continue
        dummies = {r.symbol: stand_in(r.symbol) for r in equation.domain}
        index = tuple(substitute(i, dummies) for i in equation.index)
        domain = tuple(
            Range(dummies[r.symbol], substitute(r.lower, dummies), substitute(r.upper, dummies))
            for r in equation.domain
        )
        rhs = substitute(equation.rhs, dummies)
        for occurrence in occurrences(rhs, found.keys()):
            name = str(family_of(occurrence.entry))
            found[name].append(
                contribution(system[name], equation, index, domain, occurrence, system.facts)
            )
    return found


def _adjoint_variable(system: System, name: str) -> Variable:
    return Variable(
        adjoint_name(system.loss, name),
        system[name].slots,
        Role.ADJOINT,
        adjoint_of=(system.loss, name),
    )


def _active(system: System, wrt: Sequence[str]) -> list[str]:
    """Families on a way from `wrt` to the loss, in order of evaluation."""
    uses = {
        name: frozenset().union(*(names_in(e.rhs) for e in system.defining(name)))
        for group in system.order
        for name in group
    }
    below, above = set(wrt), {system.loss}
    for _ in uses:  # one sweep finds a chain; a recurrence may need several
        below |= {n for n, used in uses.items() if used & below}
        above = above.union(*(uses[n] for n in above & uses.keys()))
    given = [v.name for v in system.variables if v.role.given]
    evaluated = [n for group in system.order for n in group]
    return [n for n in (*given, *evaluated) if n in below and n in above]


def _demanded(
    system: System, adjoints: Mapping[str, Variable], found: Found, wrt: Sequence[str]
) -> dict[str, Box]:
    """The region of each adjoint that `wrt` needs: boxes that grow until nothing is missing."""
    regions: dict[str, Box] = {name: (None,) * len(adjoints[name].slots) for name in wrt}
    work = list(wrt)
    while work:
        name = work.pop()
        for c in found[name]:
            target = adjoints.get(c.upstream)
            used = intersection(c.box, regions[name], system.facts)
            if target is None or used is None:
                continue
            box = _image(system, adjoints[name], target, c, used)
            old = regions.get(c.upstream)
            new = box if old is None else hull(old, box, system.facts)
            if new != old:
                regions[c.upstream] = new
                work.append(c.upstream)
    return regions


def _image(system: System, adjoint: Variable, target: Variable, c: Contribution, used: Box) -> Box:
    """Where ∂C/∂upstream is read when a contribution is used on a box."""
    index, domain = domain_of(adjoint, used)
    at = dict(zip(adjoint.own_index, index, strict=True))
    rest = tuple(r.substitute(at) for r in c.rest)
    intervals = tuple(extent(substitute(i, at), (*domain, *rest)) for i in c.index)
    return whole_as_none(target, intervals, system.facts)


def _cases(
    system: System,
    adjoints: Mapping[str, Variable],
    adjoint: Variable,
    found: Sequence[Contribution],
    region: Box,
) -> list[Equation]:
    """The adjoint's equations: one for each cell on which the same contributions meet."""
    result = []
    boxes = [*(c.box for c in found), region]
    for cell in cells(adjoint, boxes, system.facts):
        if len(found) not in cell.members:
            continue
        index, domain = domain_of(adjoint, cell.box)
        at = dict(zip(adjoint.own_index, index, strict=True))
        terms = [_term(adjoints, found[i], at) for i in cell.members if i < len(found)]
        taken = {r.symbol.name for r in domain} | system.by_name.keys()
        rhs = sp.Add(*(rename_bound(t, taken) for t in terms))
        result.append(Equation(adjoint.name, index, rhs, domain))
    return result


def _term(adjoints: Mapping[str, Variable], c: Contribution, at: Mapping[Expr, Expr]) -> Expr:
    upstream = adjoints[c.upstream][c.index] if c.upstream in adjoints else S.One
    return _counted(substitute(c.value(upstream), at))


def _counted(e: Expr) -> Expr:
    """e without sums over nothing: Σ_{s ≤ t} where t = 0."""
    if isinstance(e, sp.Sum) and any(
        b.is_Integer and a.is_Integer and b < a for _, a, b in e.limits
    ):
        return S.Zero
    return e.func(*map(_counted, e.args)) if isinstance(e, (sp.Add, sp.Mul)) else e
