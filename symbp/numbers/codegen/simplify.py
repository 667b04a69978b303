"""What makes a gradient system shorter to compute, by laws that hold for all values.

An adjoint is put in the place where it is used, primes are written out, values named,
quotients cancelled, and a formula replaced where that makes it shorter:

    ∂C/∂a = −y/a,  δ_j = Σ_k ∂C/∂a_k ∂a_k/∂z_j  for a softmax      δ = a Σ y − y
    ∂C/∂a = (1 − y)/(1 − a) − y/a,  δ = ∂C/∂a σ'(z)                δ = a − y

Logarithms of probabilities in the loss are taken from the logits (`stable.py`).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import sympy as sp
from sympy import Expr, Indexed

from symbp.adjoint.partials import prime_formula
from symbp.derivation.context import Context, rewrite
from symbp.derivation.rules import look_up, unfold
from symbp.derivation.simplify import cancel, normalise, primes
from symbp.errors import DefinitionError
from symbp.functions import Elementwise, F
from symbp.numbers.codegen.naming import Definitions, named_everywhere
from symbp.numbers.codegen.scope import Scope
from symbp.numbers.codegen.stable import log_of, log_of_complement, log_of_sigmoid
from symbp.system import Equation, Role, System
from symbp.system.contents import has, names_in
from symbp.system.equation import family_of, index_of, walk
from symbp.system.indices import affine_coefficient
from symbp.system.inline import inline

CONSTANT = (Role.SIZE, Role.HYPERPARAMETER)
SUM, FUNCTION, STORE = 8, 4, 8  #: what a sum, a function and an array weigh, in additions


def simplified(system: System, keep: Collection[str]) -> System:
    """The system with shorter formulas for its adjoints; the families of `keep` stay."""
    system = _with_logs_of_logits(system)
    best = _shortened(system)
    for name in [n for group in system.order for n in group]:
        if system[name].role is not Role.ADJOINT or name in keep:
            continue
        if _has_one_user(best, name) or _is_constant(best, name):
            try:
                shorter = _shortened(inline(best, name))
            except DefinitionError:
                continue  # it is needed as it is
            if _total(shorter) <= _total(best):
                best = shorter
    return best


def _has_one_user(system: System, name: str) -> bool:
    """Whether one family's equations use another's, and no sum is computed again for it."""
    uses = [(e, n) for e in system.equations for n, _ in walk(e.rhs) if family_of(n) == name]
    users = {e.family for e, _ in uses}
    sums = any(has(e.rhs, sp.Sum) for e in system.defining(name))
    again = sums and any(not _is_shifted(i) for _, n in uses for i in index_of(n))
    return len(users) == 1 and name not in users and not again


def _is_shifted(i: Expr) -> bool:
    """Whether an index is another one plus a constant: each entry is then used at one place."""
    return all(affine_coefficient(i, s) == 1 for s in i.free_symbols if s.is_Symbol)


def _is_constant(system: System, name: str) -> bool:
    """Whether a family is the same number everywhere, such as 1/m."""
    equations = system.defining(name)
    names = {n for e in equations for n in names_in(e.rhs)}
    known = all(n in system.by_name and system[n].role in CONSTANT for n in names)
    return known and len({e.rhs for e in equations}) == 1


def _total(system: System) -> tuple[int, int]:
    """Divisions that might be by zero come first, then operations."""
    adjoints = [e.rhs for e in system.equations if _is_adjoint(system, e)]
    return sum(_divides(e, system) for e in adjoints), sum(STORE + weight(e) for e in adjoints)


def _divides(e: Expr, system: System) -> bool:
    return any(_is_division(p, system) for p in e.atoms(sp.Pow))


def _is_adjoint(system: System, e: Equation) -> bool:
    return system[e.family].role is Role.ADJOINT


def weight(e: Expr) -> int:
    """About how many operations e takes for one entry."""
    if isinstance(e, Indexed) or not e.args:
        return 0
    if isinstance(e, sp.Sum):
        return SUM + 2 * weight(e.function)
    if isinstance(e, Elementwise):
        return weight(e.args[0]) + (_prime_weight(e) if e.order else FUNCTION)
    inner = sum(weight(a) for a in e.args)
    return inner + (len(e.args) - 1 if isinstance(e, (sp.Add, sp.Mul)) else 1)


def _prime_weight(e: Elementwise) -> int:
    if not e.row.specified:
        return 1
    if e.row.numpy_derivative and e.order == 1:
        return min(FUNCTION, weight(e.row.derivative))
    formula = prime_formula(e.row.name, e.order)
    return weight(formula) + (FUNCTION if formula.has(F) else 0)


def _shortened(system: System) -> System:
    definitions = Definitions(
        (e for e in system.equations if not _is_adjoint(system, e)),
        system.facts.at_sizes(system.size_values()),
    )
    equations = [
        replace(e, rhs=_shortest(e, system, definitions)) if _is_adjoint(system, e) else e
        for e in system.equations
    ]
    return replace(system, equations=tuple(equations))


def _shortest(equation: Equation, system: System, definitions: Definitions) -> Expr:
    scope = Scope().within(*equation.domain)
    plain = named_everywhere(equation.rhs, definitions, scope)
    found = [plain]
    if _divides(plain, system):
        context = Context(system, equation.domain)
        written = named_everywhere(
            primes(context, look_up(context, equation.rhs)), definitions, scope
        )
        found.append(cancel(context, normalise(context, written)))
    found += [sp.factor_terms(e) for e in found]
    return min(found, key=lambda e: (_divides(e, system), weight(e)))


def _is_division(p: Expr, system: System) -> bool:
    """Whether p is a division by values that may cancel (1/m and 1/√v do not)."""
    names = {family_of(a) for a in p.base.free_symbols}
    values = any(n in system.by_name and system[str(n)].role is not Role.SIZE for n in names)
    return values and p.exp.is_Integer and bool(p.exp < 0)


def _with_logs_of_logits(system: System) -> System:
    """The loss and the adjoints with log a written in the logits that a comes from."""

    def change(node: Expr, inner: Context) -> Expr | None:
        if not (isinstance(node, Elementwise) and node.row.name == "log" and not node.order):
            return None
        x = node.args[0]
        if family_of(x) is not None:
            value = unfold(x, inner)
            return log_of(value) if value is not None else None
        if (direct := log_of_sigmoid(x)) is not None:
            return direct
        entry = sp.expand(1 - x)
        value = unfold(entry, inner) if isinstance(entry, Indexed) else None
        return log_of_complement(value) if value is not None else None

    equations = []
    for e in system.equations:
        if e.family == system.loss or _is_adjoint(system, e):
            rhs = rewrite(e.rhs, Context(system, e.domain), change, _function_in)
            e = replace(e, rhs=min((rhs, _expanded(rhs)), key=weight)) if rhs != e.rhs else e
        equations.append(e)
    return replace(system, equations=tuple(equations))


def _function_in(e: Expr) -> bool:
    return has(e, Elementwise)


def _expanded(e: Expr) -> Expr:
    """e with the products under its sums multiplied out, and −Σ f as Σ (−f)."""
    if isinstance(e, sp.Sum):
        return e.func(sp.expand(_expanded(e.function)), *e.limits)
    if not isinstance(e, (sp.Add, sp.Mul)):
        return e
    factors = [_expanded(a) for a in e.args]
    place = next((i for i, a in enumerate(factors) if isinstance(a, sp.Sum)), None)
    if isinstance(e, sp.Mul) and place is not None and factors[0].is_number and factors[0] < 0:
        total = factors[place]
        factors[place] = total.func(sp.expand(-total.function), *total.limits)
        factors[0] = -factors[0]
    return e.func(*factors)
