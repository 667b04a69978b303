"""The rules of a derivation: each takes an expression to an equal one.

    chain          ∂C/∂u[J]            → Σ_I ∂C/∂v[I] · ∂v[I]/∂u[J] over the v that use u
    definition     ∂v[I]/∂u[J]         → ∂(right side of v[I])/∂u[J]
    differentiate  ∂(expression)/∂u[J] → sums, products and functions differentiated, ∂u[I]/∂u[J] = [I = J]
    collapse       Σ_i [i = j] f(i)    → f(j)
    insert         ∂C/∂a               → what was derived for it before
    primes         σ'(z)               → its formula, σ(z)(1 − σ(z))
    name values    σ(z[l, j])          → a[l, j], a definition read from right to left
    normalise      e^z_j               → a_j Σ_k e^z_k, where a_j = e^z_j / Σ_k e^z_k
    cancel         fractions reduced, constants out of sums
    side           uses a condition on the data: Σ_j y_j = 1

A rule is a pure function of (`Context`, expression); `RULES` is the table of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import sympy as sp
from sympy import Expr, S

from symbp.adjoint import contributions
from symbp.adjoint.partials import expand_primes, occurrences
from symbp.adjoint.solve import sum_out
from symbp.errors import DefinitionError
from symbp.functions import Elementwise
from symbp.system import Equation, Facts, Kind, Range, Role, System, Variable
from symbp.system.equation import family_of, index_of
from symbp.system.indices import is_binder, rename_bound, substitute


class Partial(sp.Expr):  # type: ignore[misc]
    """∂f/∂u, not carried out: f an entry or an expression, u an entry."""

    is_commutative = True

    def __new__(cls, f: Expr, u: Expr) -> Partial:
        """A node with the arguments f and u."""
        node: Partial = sp.Expr.__new__(cls, f, u)
        return node


@dataclass(frozen=True)
class Context:
    """What the rules may look up: the gradient system, the index domain, what came before."""

    system: System
    domain: tuple[Range, ...]
    known: tuple[Equation, ...] = ()

    @property
    def facts(self) -> Facts:
        """Bounds of the free indices, at the system's sizes where it has any."""
        return self.system.facts.at_sizes(self.system.size_values()).given(self.domain)

    def adjoint(self, name: str) -> tuple[str, str] | None:
        """(loss, family) where `name` is ∂loss/∂family."""
        variable = self.system.by_name.get(name)
        return variable.adjoint_of if variable else None

    def case(self, equations: Iterator[Equation], entry: Expr) -> Equation | None:
        """The equation whose domain is known to hold an entry."""
        return next((e for e in equations if covers(e, entry, self.facts)), None)


def covers(equation: Equation, entry: Expr, facts: Facts) -> bool:
    """Whether an equation is known to define an entry."""
    if equation.family != family_of(entry):
        return False
    ranges = {r.symbol: r for r in equation.domain}
    mapping: dict[Expr, Expr] = {}
    for own, given in zip(equation.index, index_of(entry), strict=True):
        if own not in ranges:
            if not facts.equal(own, given):
                return False
            continue
        r = ranges[own].substitute(mapping)
        mapping[own] = given
        if not (facts.le(r.lower, given) and facts.le(given, r.upper)):
            return False
    return True


def rewrite(e: Expr, context: Context, change: Callable[[Expr, Context], Expr | None]) -> Expr:
    """e with `change` applied at the outermost nodes that it takes, inside their sums."""
    new = change(e, context)
    if new is not None:
        return new
    if not e.args or isinstance(e, sp.Indexed):
        return e
    if is_binder(e):
        ranges = tuple(Range(k, lo, hi) for k, lo, hi in reversed(e.limits))
        inner = Context(context.system, (*context.domain, *ranges), context.known)
        return e.func(rewrite(e.function, inner, change), *e.limits)
    return e.func(*(rewrite(a, context, change) for a in e.args))


def tidy(e: Expr, context: Context) -> Expr:
    """Bound indices renamed away from the free ones."""
    return rename_bound(e, {r.symbol.name for r in context.domain})


def chain(context: Context, e: Expr) -> Expr:
    """∂C/∂u[J] = Σ over the equations that use u of ∂C/∂v[I] · ∂v[I]/∂u[J]."""

    def change(node: Expr, inner: Context) -> Expr | None:
        target = inner.adjoint(str(family_of(node)))
        return _chain_terms(node, target, inner) if target else None

    return tidy(rewrite(e, context, change), context)


def _chain_terms(node: Expr, target: tuple[str, str], context: Context) -> Expr:
    loss, family = target
    system = context.system
    names = [v.adjoint_of[1] for v in system.variables if v.adjoint_of and v.adjoint_of[0] == loss]
    variable = system[family]
    entry = variable[index_of(node)]
    at = dict(zip(variable.own_index, index_of(node), strict=True))
    terms: dict[Expr, None] = {}
    for c in contributions(system, [*names, loss])[family]:
        if not _applies(c.box, variable, at, context.facts):
            continue
        index, ranges = _use(system[c.upstream], c.index, c.rest, at)
        used = system[c.upstream][index]
        upstream = S.One if c.upstream == loss else system[_adjoint(system, c.upstream)][index]
        terms[tidy(sum_out(upstream * Partial(used, entry), ranges), context)] = None
    return sp.Add(*terms)


def _adjoint(system: System, family: str) -> str:
    return next(v.name for v in system.variables if v.adjoint_of and v.adjoint_of[1] == family)


def _applies(box: object, variable: Variable, at: dict[Expr, Expr], facts: Facts) -> bool:
    """Whether a contribution is known to reach the entry (a cell is all or nothing)."""
    for slot, interval in zip(variable.slots, box, strict=True):  # type: ignore[call-overload]
        given = at[slot.symbol]
        if interval is not None and not (
            facts.le(interval[0], given) and facts.le(given, interval[1])
        ):
            return False
    return True


def _use(
    used: Variable, index: tuple[Expr, ...], rest: tuple[Range, ...], at: dict[Expr, Expr]
) -> tuple[tuple[Expr, ...], tuple[Range, ...]]:
    """The index of the user of u: its layer or time as solved, its other indices summed over."""
    result: list[Expr] = []
    ranges = {r.symbol: r.substitute(at) for r in rest}
    summed: list[Range] = []
    mapping: dict[Expr, Expr] = {}
    for slot, solved in zip(used.slots, index, strict=True):
        if slot.kind in (Kind.LAYER, Kind.TIME):
            value = substitute(solved, at)
            summed += [ranges[s] for s in value.free_symbols if s in ranges]
        else:
            value = sp.Dummy(slot.symbol.name, integer=True)
            r = slot.range.substitute(mapping)
            summed.append(Range(value, r.lower, r.upper))
        mapping[slot.symbol] = value
        result.append(value)
    return tuple(result), tuple(summed)


def definition(context: Context, e: Expr) -> Expr:
    """∂v[I]/∂u[J] with the right side that defines v[I]."""

    def change(node: Expr, inner: Context) -> Expr | None:
        if not isinstance(node, Partial) or family_of(node.args[0]) is None:
            return None
        written = unfold(node.args[0], inner)
        if written is None:
            raise DefinitionError(f"no one equation defines {node.args[0]} here")
        return Partial(written, node.args[1])

    return tidy(rewrite(e, context, change), context)


def unfold(entry: Expr, context: Context) -> Expr | None:
    """The right side that defines an entry, or None where no single case is known to."""
    equation = context.case(iter(context.system.defining(str(family_of(entry)))), entry)
    if equation is None:
        return None
    taken = {r.symbol.name for r in context.domain} | {s.name for s in entry.free_symbols}
    return rename_bound(equation.at_index(index_of(entry)), taken)


def differentiate(context: Context, e: Expr) -> Expr:
    """∂f/∂u[J] = Σ over the occurrences of u in f of factor · [index = J]."""

    def change(node: Expr, inner: Context) -> Expr | None:
        if not isinstance(node, Partial):
            return None
        f, u = node.args
        terms = [
            sum_out(o.factor * sp.Mul(*_same(index_of(o.entry), index_of(u), inner)), o.opened)
            for o in occurrences(f, lambda entry: family_of(entry) == family_of(u))
        ]
        return sp.Add(*(tidy(t, inner) for t in terms))

    return tidy(rewrite(e, context, change), context)


def _same(a: tuple[Expr, ...], b: tuple[Expr, ...], context: Context) -> list[Expr]:
    """[a = b], index by index; an index that is known to differ gives 0."""
    result = []
    for p, q in zip(a, b, strict=True):
        difference = sp.expand(p - q)
        if difference.is_Integer:
            result.append(S.One if difference == 0 else S.Zero)
        elif context.facts.le(p, q) and context.facts.le(q, p):
            result.append(S.One)
        elif context.facts.le(p + 1, q) or context.facts.le(q + 1, p):
            result.append(S.Zero)
        else:
            result.append(sp.KroneckerDelta(p, q))
    return result


def collapse(context: Context, e: Expr) -> Expr:
    """Σ_i [i = j] f(i) = f(j), from the inside out."""
    if not e.args or isinstance(e, sp.Indexed):
        return e
    if isinstance(e, sp.Sum):
        return _collapse_sum(context, e)
    return e.func(*(collapse(context, a) for a in e.args))


def _collapse_sum(context: Context, e: sp.Sum) -> Expr:
    ranges = tuple(Range(k, lo, hi) for k, lo, hi in reversed(e.limits))
    body = collapse(context, e.function)
    if any(f.is_Add and f.has(sp.KroneckerDelta) for f in sp.Mul.make_args(body)):
        body = sp.expand_mul(body, deep=False)
    if isinstance(body, sp.Add):
        return sp.Add(*(collapse(context, sum_out(t, ranges)) for t in body.args))
    for r in ranges:
        for delta in body.atoms(sp.KroneckerDelta):
            if r.symbol in delta.args and delta in sp.Mul.make_args(body):
                other = delta.args[1] if delta.args[0] == r.symbol else delta.args[0]
                rest = substitute(body / delta, {r.symbol: other})
                left = tuple(q.substitute({r.symbol: other}) for q in ranges if q is not r)
                return collapse(context, sum_out(rest, left))
    return sum_out(body, ranges)


def insert(context: Context, e: Expr) -> Expr:
    """Adjoints that were derived before, replaced by what was found."""

    def change(node: Expr, inner: Context) -> Expr | None:
        if inner.adjoint(str(family_of(node))) is None:
            return None
        found = inner.case(iter(inner.known), node)
        if found is None:
            return None
        taken = {r.symbol.name for r in inner.domain}
        return rename_bound(found.at_index(index_of(node)), taken)

    return tidy(rewrite(e, context, change), context)


def primes(context: Context, e: Expr) -> Expr:
    """f'(z) by the table's formula."""
    del context
    return expand_primes(e)


def name_values(context: Context, e: Expr) -> Expr:
    """f(z[I]) written as the family that is defined to be it."""

    def change(node: Expr, inner: Context) -> Expr | None:
        if not isinstance(node, Elementwise) or node.order:
            return None
        for equation in inner.system.equations:
            index = _match(equation.rhs, node, equation)
            if index is not None:
                entry = inner.system[equation.family][index]
                if covers(equation, entry, inner.facts):
                    return entry
        return None

    return rewrite(e, context, change)


def _match(pattern: Expr, node: Expr, equation: Equation) -> tuple[Expr, ...] | None:
    """The index at which `pattern` (the equation's right side) is `node`, for f(u[...])."""
    if pattern.func != node.func or family_of(pattern.args[0]) != family_of(node.args[0]):
        return None
    if not isinstance(pattern.args[0], sp.Indexed) or pattern.args[1:] != node.args[1:]:
        return None
    found = dict(zip(index_of(pattern.args[0]), index_of(node.args[0]), strict=True))
    free = {r.symbol for r in equation.domain}
    if any(a not in free and a != b for a, b in found.items()):
        return None
    return tuple(found.get(i, i) for i in equation.index)


def normalise(context: Context, e: Expr) -> Expr:
    """e^z_j = a_j Σ_k e^z_k for every a_j = e^z_j / Σ_k e^z_k, and the sums cancelled."""
    for equation in context.system.equations:
        parts = _normalised(equation)
        if parts is not None:
            e = _use_normalised(context, e, equation, *parts)
    return e


def _normalised(equation: Equation) -> tuple[Expr, Expr] | None:
    """(numerator, total) of f(u[j]) / Σ_k f(u[k])."""
    factors = sp.Mul.make_args(equation.rhs)
    totals = [f.base for f in factors if f.is_Pow and f.exp == -1 and isinstance(f.base, sp.Sum)]
    tops = [f for f in factors if isinstance(f, Elementwise)]
    return (tops[0], totals[0]) if len(factors) == 2 and totals and tops else None


def _use_normalised(
    context: Context, e: Expr, equation: Equation, top: Expr, total: Expr
) -> Expr:
    place = sp.Symbol("total", positive=True)

    def change(node: Expr, inner: Context) -> Expr | None:
        del inner
        if isinstance(node, sp.Sum) and node.func(*node.args).dummy_eq(total):
            return place
        if node.func == top.func:
            index = _match(top, node, equation)
            return context.system[equation.family][index] * place if index is not None else None
        return None

    marked = rewrite(e, context, change)
    if marked == e:
        return e
    return cancel(context, marked).xreplace({place: total})


def cancel(context: Context, e: Expr) -> Expr:
    """Constants out of sums, fractions in lowest terms."""
    del context
    return _cancel(e)


def _cancel(e: Expr) -> Expr:
    if isinstance(e, sp.Indexed) or not e.args:
        return e
    if isinstance(e, sp.Sum):
        ranges = tuple(Range(k, lo, hi) for k, lo, hi in reversed(e.limits))
        body = _cancel(e.function)
        return sp.Add(*(sum_out(t, ranges) for t in sp.Add.make_args(body)))
    inner = e.func(*(_cancel(a) for a in e.args))
    if not isinstance(inner, (sp.Add, sp.Mul)):
        return inner
    atoms = {
        a: sp.Dummy()
        for a in inner.atoms(sp.Indexed, sp.Sum, Elementwise, Partial)
        if not any(a != b and b.has(a) for b in inner.atoms(sp.Sum, Elementwise))
    }
    sums = {a: d for a, d in atoms.items()}
    back = {d: a for a, d in sums.items()}
    plain = _replace_top(inner, sums)
    reduced = sp.cancel(plain)
    candidates = (plain, reduced, sp.factor(reduced))
    best = min((_usual_signs(c) for c in candidates), key=sp.count_ops)
    return _replace_top(best, back)


def _usual_signs(e: Expr) -> Expr:
    """1 − a rather than a − 1 in a product, and its sign moved to another difference."""
    if not isinstance(e, sp.Mul):
        return e
    flips = [f for f in e.args if _flipped(f) != f]
    if not flips:
        return e
    rest = [_flipped(f) for f in e.args]
    if len(flips) % 2:
        place = next((i for i, f in enumerate(rest) if f.is_Add and f not in flips), None)
        if place is None:
            return sp.Mul(-1, *rest)
        rest[place] = sp.Add(*(-t for t in rest[place].args))
    return sp.Mul(*rest)


def _flipped(f: Expr) -> Expr:
    """The negative of a − 1 or of 1/(a − 1); anything else as it is."""
    base, exponent = (f.base, f.exp) if f.is_Pow else (f, S.One)
    if base.is_Add and exponent in (1, -1) and any(t.is_number and t < 0 for t in base.args):
        return sp.Pow(sp.Add(*(-t for t in base.args)), exponent)
    return f


def _replace_top(e: Expr, mapping: dict[Expr, Expr]) -> Expr:
    """Outermost matches replaced, without looking inside them."""
    if e in mapping:
        return mapping[e]
    if not e.args:
        return e
    return e.func(*(_replace_top(a, mapping) for a in e.args))


def unit_total(context: Context, e: Expr) -> Expr:
    """Σ_j y_j = 1 for targets y: one-hot or a distribution over the classes."""
    targets = {v.name for v in context.system.with_role(Role.TARGET)}

    def change(node: Expr, inner: Context) -> Expr | None:
        del inner
        if isinstance(node, sp.Sum) and family_of(node.function) in targets and len(node.limits) == 1:
            k, lo, hi = node.limits[0]
            slot = context.system[str(family_of(node.function))].slots[0].range
            if node.function.indices[0] == k and (lo, hi) == (slot.lower, slot.upper):
                return S.One
        return None

    return rewrite(e, context, change)


Rule = Callable[[Context, Expr], Expr]

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

