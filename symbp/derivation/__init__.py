"""A derivation: a record of named steps that can be replayed.

Each step holds the expression before, the rule, the expression after, and the condition under
which they are equal. Text, LaTeX and drawings are views of the record; replaying it applies
every rule again and compares.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from sympy import Expr

from symbp.adjoint import gradient
from symbp.derivation.context import Context, Partial, Uses
from symbp.derivation.named import name_values
from symbp.derivation.order import adjoints_in, from_the_loss_back, place, used_up
from symbp.derivation.rules import (
    chain,
    collapse,
    definition,
    differentiate,
    insert,
    look_up,
)
from symbp.derivation.simplify import cancel, normalise, primes, quotients, unit_total
from symbp.errors import DefinitionError
from symbp.system import Equation, Range, Role, System
from symbp.system.contents import free_symbols
from symbp.system.equation import family_of, index_of, walk
from symbp.system.indices import substitute

__all__ = ["Derivation", "Partial", "Step", "derive", "kept", "simplified"]

Rule = Callable[[Context, Expr], Expr]

#: The rules in the order of use; one that changes nothing is not a step.
RULES: dict[str, Rule] = {
    "chain": chain,
    "definition": definition,
    "differentiate": differentiate,
    "collapse": collapse,
    "insert": insert,
    "look up": look_up,
    "primes": primes,
    "name values": name_values,
    "normalise": normalise,
    "name quotients": quotients,
    "cancel": cancel,
    "unit total": unit_total,
}
#: The conditions under which a rule holds; all others hold always.
CONDITIONS = {"unit total": "the targets add up to one"}


@dataclass(frozen=True)
class Step:
    """before = after, by `rule`, under `condition` (None: always)."""

    rule: str
    before: Expr
    after: Expr
    condition: str | None = None


@dataclass(frozen=True)
class Derivation:
    """Why target = result for all indices of `domain`."""

    system: System
    target: Expr
    domain: tuple[Range, ...]
    steps: tuple[Step, ...]
    known: tuple[Equation, ...] = ()

    @property
    def result(self) -> Expr:
        """The last expression."""
        return self.steps[-1].after if self.steps else self.target

    @property
    def unconditional(self) -> Expr:
        """The last expression that holds without a condition."""
        found = [s.before for s in self.steps if s.condition is not None]
        return found[0] if found else self.result

    @property
    def equation(self) -> Equation:
        """target = result, without a condition on the data."""
        name = str(family_of(self.target))
        return Equation(name, index_of(self.target), self.unconditional, self.domain)

    def replay(self) -> None:
        """Apply every rule again; `DefinitionError` where a step does not come out."""
        context = Context(self.system, self.domain, self.known)
        before = self.target
        for step in self.steps:
            if step.before != before:
                raise DefinitionError(f"{step.rule}: begins with another expression")
            if RULES[step.rule](context, before) != step.after:
                raise DefinitionError(f"{step.rule}: {before} does not become {step.after}")
            before = step.after


def derive(system: System, wrt: Sequence[str] | None = None) -> list[Derivation]:
    """One derivation for each adjoint and case, from the loss back to `wrt`.

    Adjoints of activations that are used once are inserted there, so that ∂C/∂z (δ) remains.
    The order is that of a lecture: from the loss back, in a recurrence the last layer or time
    before the general one, then the parameters.
    """
    full = gradient(system, wrt)
    found: list[Derivation] = []
    known: list[Equation] = []
    uses: Uses = {}
    order, inserted = from_the_loss_back(full), used_up(full)
    for equation in (e for name in order for e in full.defining(name)):
        cases = [c for c in _cases(equation, known, full) if not _is_empty(c, full)]
        new = [_derive_one(full, case, tuple(known), uses) for case in cases]
        found += new
        if equation.family in inserted:
            known += [_known(case, d) for case, d in zip(cases, new, strict=True)]
        if any(_lost(d) for d in new):
            more = used_up(full, _as_found(full, found)) - inserted
            known += [_known(d.equation, d) for d in found if family_of(d.target) in more]
            inserted |= more
    return sorted(found, key=lambda d: place(full, order, d.equation))


def _known(case: Equation, d: Derivation) -> Equation:
    return replace(case, rhs=d.unconditional)


def _lost(d: Derivation) -> bool:
    """Whether an adjoint of the chain rule is in the result no more: Σ_i (z_i − μ) is 0."""
    named = [set(adjoints_in(d.system, e)) for e in (d.steps[0].after, d.result)] if d.steps else []
    inserted = {k.family for k in d.known}
    return bool(named) and bool(named[0] - named[1] - inserted)


def _as_found(system: System, found: Sequence[Derivation]) -> list[Equation]:
    """The equations with what was found in place of what the rule gave."""
    families = {str(family_of(d.target)) for d in found}
    rest = [e for e in system.equations if e.family not in families]
    return [*rest, *(d.equation for d in found)]


def kept(derivations: Sequence[Derivation]) -> frozenset[str]:
    """The adjoints that a reader keeps: those not inserted, and what their results refer to."""
    system = derivations[0].system
    names = {str(family_of(d.target)) for d in derivations}
    inserted = {k.family for d in derivations for k in d.known}
    found: set[str] = set()
    new = names - used_up(system) - inserted
    while new:
        found |= new
        results = (d.equation for d in derivations if family_of(d.target) in new)
        new = {n for e in results for n in adjoints_in(system, e.rhs)} - found
    return frozenset(found)


def simplified(derivations: Sequence[Derivation]) -> System:
    """The gradient as a System whose equations are the results of the derivations.

    Adjoints that were inserted everywhere are gone; conditions on the data are not used.
    """
    system = derivations[0].system
    named = kept(derivations)
    results = [d.equation for d in derivations if family_of(d.target) in named]
    forward = [e for e in system.equations if system[e.family].role is not Role.ADJOINT]
    variables = tuple(v for v in system.variables if not v.adjoint_of or v.name in named)
    return replace(system, variables=variables, equations=(*forward, *results))


def _derive_one(
    system: System, case: Equation, known: tuple[Equation, ...], uses: Uses
) -> Derivation:
    context = Context(system, case.domain, known, uses=uses)
    target = case.lhs
    steps: list[Step] = []
    e = target
    for rule in RULES:
        after = RULES[rule](context, e)
        if after != e:
            steps.append(Step(rule, e, after, CONDITIONS.get(rule)))
            e = after
    return Derivation(system, target, case.domain, tuple(steps), known)


def _is_empty(case: Equation, system: System) -> bool:
    """Whether the system's sizes leave the case no index."""
    facts = system.facts.at_sizes(system.size_values())
    return any(facts.le(r.upper + 1, r.lower) for r in case.domain)


def _cases(equation: Equation, known: Sequence[Equation], system: System) -> list[Equation]:
    """The equation on each part of its domain on which one known equation applies."""
    cases = [equation]
    for entry in {n: None for n, _ in walk(equation.rhs)}:
        own = [k for k in known if k.family == family_of(entry)]
        split = [
            part
            for case in cases
            for k in own
            if (part := _narrowed(case, entry, k, system)) is not None
        ]
        cases = list(dict.fromkeys(split)) or cases
    return cases


def _narrowed(case: Equation, entry: Expr, known: Equation, system: System) -> Equation | None:
    """The case where `known` defines the entry; None where that is known to be nowhere.

    Only indices that stand free in both are compared: under a sum the whole range is used.
    """
    facts = system.facts.given(case.domain)
    ranges = {r.symbol: r for r in known.domain}
    domain = {r.symbol: r for r in case.domain}
    sizes = {v.atom for v in system.variables}
    at: dict[Expr, Expr] = {}
    for own, given in zip(known.index, index_of(entry), strict=True):
        wanted = ranges[own].substitute(at) if own in ranges else Range(own, own, own)
        at[own] = given
        if given not in domain and not free_symbols(given) <= sizes:
            continue
        low, high = (domain[given].lower, domain[given].upper) if given in domain else (given,) * 2
        low = low if facts.le(wanted.lower, low) else wanted.lower
        high = high if facts.le(high, wanted.upper) else wanted.upper
        if facts.le(high + 1, low):
            return None
        if given in domain:
            domain[given] = Range(given, low, high)
    points = {r.symbol: r.lower for r in domain.values() if r.lower == r.upper}
    return Equation(
        case.family,
        tuple(substitute(i, points) for i in case.index),
        substitute(case.rhs, points),
        tuple(r.substitute(points) for r in domain.values() if r.symbol not in points),
    )
