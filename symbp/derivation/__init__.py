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
from symbp.derivation.rules import chain, collapse, definition, differentiate, insert
from symbp.derivation.simplify import cancel, name_values, normalise, primes, unit_total
from symbp.errors import DefinitionError
from symbp.system import Equation, Range, Role, System
from symbp.system.contents import free_symbols, names_in
from symbp.system.equation import family_of, index_of, walk
from symbp.system.indices import substitute

__all__ = ["Derivation", "Partial", "Step", "derive", "is_inserted", "simplified"]

Rule = Callable[[Context, Expr], Expr]

#: The rules in the order of use; one that changes nothing is not a step.
RULES: dict[str, Rule] = {
    "chain": chain,
    "definition": definition,
    "differentiate": differentiate,
    "collapse": collapse,
    "insert": insert,
    "primes": primes,
    "name values": name_values,
    "normalise": normalise,
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

    Adjoints of values that follow from one equation (activations) are inserted where they are
    used, so that ∂C/∂z (δ) remains. The order is that of a lecture: the last layer, the layers
    before it, then the parameters.
    """
    full = gradient(system, wrt)
    found: list[Derivation] = []
    known: list[Equation] = []
    uses: Uses = {}
    for equation in full.equations:
        if full[equation.family].role is Role.ADJOINT:
            cases = [c for c in _cases(equation, known, full) if not _is_empty(c, full)]
            new = [_derive_one(full, case, tuple(known), uses) for case in cases]
            found += new
            if is_inserted(full, equation.family):
                pairs = zip(cases, new, strict=True)
                known += [replace(case, rhs=d.unconditional) for case, d in pairs]
    return sorted(found, key=lambda d: _place(full, d))


def simplified(derivations: Sequence[Derivation]) -> System:
    """The gradient as a System whose equations are the results of the derivations.

    Adjoints that were inserted everywhere are gone; conditions on the data are not used.
    """
    system = derivations[0].system
    gone = {v.name for v in system.variables if v.adjoint_of and is_inserted(system, v.name)}
    results = [
        Equation(str(family_of(d.target)), index_of(d.target), d.unconditional, d.domain)
        for d in derivations
        if family_of(d.target) not in gone
    ]
    forward = [e for e in system.equations if system[e.family].role is not Role.ADJOINT]
    variables = tuple(v for v in system.variables if v.name not in gone)
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


def is_inserted(system: System, name: str) -> bool:
    """Whether an adjoint is used up where it is needed: ∂C/∂a for a = f(z), not ∂C/∂z."""
    loss_and_family = system[name].adjoint_of
    if loss_and_family is None or system[loss_and_family[1]].role is not Role.INTERMEDIATE:
        return False
    equations = system.defining(loss_and_family[1])
    return not any(
        v.role is Role.PARAMETER and _uses(e, v.name) for e in equations for v in system.variables
    )


def _uses(equation: Equation, family: str) -> bool:
    return family in names_in(equation.rhs)


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


def _place(system: System, d: Derivation) -> tuple[int, int, int]:
    """Parameters last; before them the cases that are fixed at a layer, the last layer first."""
    family = system[str(family_of(d.target))].adjoint_of
    if family is not None and system[family[1]].role is Role.PARAMETER:
        return 1, 0, 0
    symbols = {r.symbol for r in d.domain}
    fixed = [i for i in index_of(d.target) if i not in symbols]
    layer = int(fixed[0]) if fixed and fixed[0].is_Integer else 0
    return 0, 0 if fixed else 1, -layer
