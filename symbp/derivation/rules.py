"""The rules that carry the derivative from the cost to an entry.

    chain          ∂C/∂u[J]            → Σ_I ∂C/∂v[I] · ∂v[I]/∂u[J] over the v that use u
    definition     ∂v[I]/∂u[J]         → ∂(right side of v[I])/∂u[J]
    differentiate  ∂(expression)/∂u[J] → term by term, with ∂u[I]/∂u[J] = [I = J]
    collapse       Σ_i [i = j] f(i)    → f(j)
    insert         ∂C/∂a               → what was derived for it before

A rule is a pure function of (`Context`, expression) to an equal expression.
"""

from __future__ import annotations

import sympy as sp
from sympy import Expr, S

from symbp.adjoint.partials import occurrences
from symbp.adjoint.solve import sum_out
from symbp.derivation.context import Context, Partial, rewrite, tidy
from symbp.errors import DefinitionError
from symbp.system import Facts, Kind, Range, System, Variable
from symbp.system.equation import family_of, index_of
from symbp.system.indices import rename_bound, substitute
from symbp.system.regions import Box


def chain(context: Context, e: Expr) -> Expr:
    """∂C/∂u[J] = Σ over the equations that use u of ∂C/∂v[I] · ∂v[I]/∂u[J]."""

    def change(node: Expr, inner: Context) -> Expr | None:
        target = inner.adjoint(str(family_of(node)))
        return _chain_terms(node, target, inner) if target else None

    return tidy(rewrite(e, context, change), context)


def _chain_terms(node: Expr, target: tuple[str, str], context: Context) -> Expr:
    loss, family = target
    system = context.system
    variable = system[family]
    entry = variable[index_of(node)]
    at = dict(zip(variable.own_index, index_of(node), strict=True))
    terms: dict[Expr, None] = {}
    for c in context.contributions(loss, family):
        if not _applies(c.box, variable, at, context.facts):
            continue
        index, ranges = _use(system[c.upstream], c.index, c.rest, at)
        used = system[c.upstream][index]
        upstream = S.One if c.upstream == loss else system[_adjoint(system, c.upstream)][index]
        terms[tidy(sum_out(upstream * Partial(used, entry), ranges), context)] = None
    return sp.Add(*terms)


def _adjoint(system: System, family: str) -> str:
    return next(v.name for v in system.variables if v.adjoint_of and v.adjoint_of[1] == family)


def _applies(box: Box, variable: Variable, at: dict[Expr, Expr], facts: Facts) -> bool:
    """Whether a contribution is known to reach the entry (a cell is all or nothing)."""
    for slot, interval in zip(variable.slots, box, strict=True):
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
        if not isinstance(node, Partial):
            return None
        if family_of(node.args[0]) in (None, family_of(node.args[1])):
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
    return tidy(_collapse(context, e), context)


def _collapse(context: Context, e: Expr) -> Expr:
    if not e.args or isinstance(e, sp.Indexed):
        return e
    if isinstance(e, sp.Sum):
        return _collapse_sum(context, e)
    return e.func(*(_collapse(context, a) for a in e.args))


def _collapse_sum(context: Context, e: sp.Sum) -> Expr:
    ranges = tuple(Range(k, lo, hi) for k, lo, hi in reversed(e.limits))
    body = _collapse(context, e.function)
    if any(f.is_Add and f.has(sp.KroneckerDelta) for f in sp.Mul.make_args(body)):
        body = sp.expand_mul(body, deep=False)
    if isinstance(body, sp.Add):
        return sp.Add(*(_collapse(context, sum_out(t, ranges)) for t in body.args))
    for r in ranges:
        for delta in body.atoms(sp.KroneckerDelta):
            if r.symbol in delta.args and delta in sp.Mul.make_args(body):
                other = delta.args[1] if delta.args[0] == r.symbol else delta.args[0]
                rest = substitute(body / delta, {r.symbol: other})
                left = tuple(q.substitute({r.symbol: other}) for q in ranges if q is not r)
                return _collapse(context, sum_out(rest, left))
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
