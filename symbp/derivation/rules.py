"""The rules that carry the derivative from the cost to an entry.

    chain          ∂C/∂u[J]            → Σ_I ∂C/∂v[I] · ∂v[I]/∂u[J] over the v that use u
    definition     ∂v[I]/∂u[J]         → ∂(right side of v[I])/∂u[J]
    differentiate  ∂(expression)/∂u[J] → term by term, with ∂u[I]/∂u[J] = [I = J]
    collapse       Σ_i [i = j] f(i)    → f(j)
    insert         ∂C/∂a               → what was derived for it before
    look up        [k = c] f(k)        → [k = c] f(c), where data c are looked up

A rule is a pure function of (`Context`, expression) to an equal expression.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations

import sympy as sp
from sympy import Expr, S
from sympy.core.symbol import Str

from symbp.adjoint import Contribution
from symbp.adjoint.partials import occurrences
from symbp.adjoint.solve import bound_of, conditions, is_single, narrow, sum_out, unknown_bounds
from symbp.derivation.context import Context, Partial, rewritten, tidy
from symbp.derivation.order import STEPS
from symbp.errors import DefinitionError
from symbp.system import Equation, Facts, Kind, Range, System, Variable
from symbp.system.contents import free_symbols, has, is_datum, names_in, rebuilt
from symbp.system.equation import RECURRENT, family_of, index_of
from symbp.system.indices import (
    AtLeast,
    affine_coefficient,
    ranges_of,
    rename_bound,
    stand_in,
    substitute,
)
from symbp.system.linear import difference
from symbp.system.regions import Box


def chain(context: Context, e: Expr) -> Expr:
    """∂C/∂u[J] = Σ over the equations that use u of ∂C/∂v[I] · ∂v[I]/∂u[J]."""

    def change(node: Expr, inner: Context) -> Expr | None:
        target = inner.adjoint(str(family_of(node)))
        return _chain_terms(node, target, inner) if target else None

    return rewritten(e, context, change, _adjoint_in(context))


def _chain_terms(node: Expr, target: tuple[str, str], context: Context) -> Expr:
    loss, family = target
    system = context.system
    variable = system[family]
    at = dict(zip(variable.own_index, index_of(node), strict=True))
    applied: dict[str, list[Contribution]] = {}
    for c in context.contributions(loss, family):
        if _applies(c.box, variable, at, context.facts):
            applied.setdefault(c.upstream, []).append(c)
    terms = []
    for name, found in applied.items():
        for index, ranges in _users(system[name], found, at):
            upstream = S.One if name == loss else system[_adjoint(system, name)][index]
            held = [Str(other) for other in applied if name == loss and other != loss]
            local = Partial(system[name][index], variable[index_of(node)], *held)
            terms.append(sum_out(upstream * local, ranges))
    return sp.Add(*terms)


def _partial_in(e: Expr) -> bool:
    return has(e, Partial)


def _adjoint_in(context: Context) -> Callable[[Expr], bool]:
    adjoints = {v.name for v in context.system.variables if v.adjoint_of}
    return lambda e: not names_in(e).isdisjoint(adjoints)


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


#: The depth of dummies for the indices of a user: none of a sum that is open.
UNOPENED = -1

User = tuple[tuple[Expr, ...], tuple[Range, ...]]


def _users(used: Variable, found: list[Contribution], at: dict[Expr, Expr]) -> list[User]:
    """The entries that use u, each counted once: (index, the ranges it runs over).

    Layer and time are as solved where all uses agree or are known to differ; otherwise they
    are summed over like the other indices, which leaves nothing out and nothing twice.
    """
    solved = [tuple(substitute(i, at) for i in c.index) for c in found]
    steps = [tuple(i for s, i in zip(used.slots, index, strict=True) if s.kind in STEPS)
             for index in solved]  # fmt: skip
    if all(_differ(a, b) for a, b in combinations(dict.fromkeys(steps), 2)):
        users = {
            step: _user(used, index, tuple(r.substitute(at) for r in c.rest), STEPS, c.equation)
            for step, index, c in zip(steps, solved, found, strict=True)
        }
        return list(users.values())
    alone = found[0].equation if len({c.equation for c in found}) == 1 else None
    return [_user(used, solved[0], (), (), alone)]


def _differ(a: tuple[Expr, ...], b: tuple[Expr, ...]) -> bool:
    """Whether two indices are known to be different."""
    return any(difference(p, q).is_Integer and p != q for p, q in zip(a, b, strict=True))


def _user(
    used: Variable, index: tuple[Expr, ...], rest: tuple[Range, ...], kept: tuple[Kind, ...],
    equation: Equation | None,
) -> User:  # fmt: skip
    """The index of a user of u: kinds that are kept as solved, the others summed over.

    Where one equation alone has u, it is summed over what that equation defines.
    """
    own = {r.symbol: r for r in equation.domain} if equation else {}
    cases = equation.index if equation else used.own_index
    result: list[Expr] = []
    ranges = {r.symbol: r for r in rest}
    summed: list[Range] = []
    mapping: dict[Expr, Expr] = {}
    for slot, value, case in zip(used.slots, index, cases, strict=True):
        if slot.kind in kept:
            summed += [ranges[s] for s in free_symbols(value) if s in ranges]
        elif own and case not in own:
            value = case
        else:
            value = stand_in(slot.symbol, UNOPENED)
            r = own.get(case, slot.range).substitute(mapping)
            summed.append(Range(value, r.lower, r.upper))
        mapping[case] = value
        mapping[slot.symbol] = value
        result.append(value)
    return tuple(result), tuple(summed)


def definition(context: Context, e: Expr) -> Expr:
    """∂v[I]/∂u[J] with the right side that defines v[I]."""

    def change(node: Expr, inner: Context) -> Expr | None:
        if not isinstance(node, Partial):
            return None
        if family_of(node.args[0]) is None or _same_step(node.args[0], node.args[1], inner):
            return None
        written = unfold(node.args[0], inner)
        if written is None:
            raise DefinitionError(f"no one equation defines {node.args[0]} here")
        return Partial(written, node.args[1])

    return rewritten(e, context, change, _partial_in)


def _same_step(f: Expr, u: Expr, context: Context) -> bool:
    """Whether both are of one family at one layer, time or place: ∂f/∂u is 1 or 0."""
    if family_of(f) != family_of(u):
        return False
    slots = context.system[str(family_of(f))].slots
    indices = zip(slots, index_of(f), index_of(u), strict=True)
    steps = [(a, b) for slot, a, b in indices if slot.kind in RECURRENT]
    return all(context.facts.equal(a, b) for a, b in steps)


def unfold(entry: Expr, context: Context) -> Expr | None:
    """The right side that defines an entry, or None where no single case is known to."""
    equation = context.case(iter(context.system.defining(str(family_of(entry)))), entry)
    if equation is None:
        return None
    taken = context.taken | {s.name for s in free_symbols(entry)}
    return rename_bound(equation.at_index(index_of(entry)), taken)


def differentiate(context: Context, e: Expr) -> Expr:
    """∂f/∂u[J] = Σ over the occurrences of u in f of factor · [index = J]."""

    def change(node: Expr, inner: Context) -> Expr | None:
        if not isinstance(node, Partial):
            return None
        f, u = node.args[:2]
        terms = [
            sum_out(o.factor * sp.Mul(*_same(index_of(o.entry), index_of(u), inner)), o.opened)
            for o in occurrences(f, {str(family_of(u))})
        ]
        return sp.Add(*terms)

    return rewritten(e, context, change, _partial_in)


def _same(a: tuple[Expr, ...], b: tuple[Expr, ...], context: Context) -> list[Expr]:
    """[a = b], index by index; an index that is known to differ gives 0."""
    result = []
    for p, q in zip(a, b, strict=True):
        distance = difference(p, q)
        if distance.is_Integer:
            result.append(S.One if distance == 0 else S.Zero)
        elif context.facts.le(p, q) and context.facts.le(q, p):
            result.append(S.One)
        elif context.facts.le(p + 1, q) or context.facts.le(q + 1, p):
            result.append(S.Zero)
        else:
            result.append(sp.KroneckerDelta(p, q))
    return result


def collapse(context: Context, e: Expr) -> Expr:
    """Σ_i [i = j] f(i) = f(j), with [j in range] where that is not known."""
    new = _collapse(context, e)
    return e if new is e else tidy(new, context)


def _collapse(context: Context, e: Expr) -> Expr:
    if not has(e, (sp.Sum, AtLeast)):
        return e
    if isinstance(e, sp.Sum):
        return _collapse_sum(context, e)
    if isinstance(e, AtLeast):
        return S.One if context.facts.le(S.Zero, e.args[0]) else e
    return rebuilt(e, [_collapse(context, a) for a in e.args])


def _collapse_sum(context: Context, e: sp.Sum) -> Expr:
    """The outer sums first: what they fix decides the ranges of the inner ones."""
    ranges = ranges_of(e)
    within = context.within(ranges)
    for body in (e.function, _collapse(within, e.function)):
        if any(f.is_Add and has(f, sp.KroneckerDelta) for f in sp.Mul.make_args(body)):
            body = sp.expand_mul(body, deep=False)
        if isinstance(body, sp.Add):
            return sp.Add(*(_collapse(context, sum_out(t, ranges)) for t in body.args))
        for place in reversed(range(len(ranges))):
            reduced = _reduced(context, body, ranges, place)
            if reduced is not None:
                return _collapse(context, reduced)
            turned = _turned(context, body, ranges, place)
            if turned is not None:
                return _collapse(context, turned)
    return sum_out(body, ranges)


def _reduced(context: Context, body: Expr, ranges: tuple[Range, ...], place: int) -> Expr | None:
    """The sum without the index at `place`, or with a narrower range for it; None if neither."""
    r, others = ranges[place], (*ranges[:place], *ranges[place + 1 :])
    if is_single(r, context.facts.given(others)):
        at = {r.symbol: r.lower}
        return sum_out(substitute(body, at), tuple(q.substitute(at) for q in others))
    for f in sp.Mul.make_args(body):
        value = _fixed(f, r.symbol)
        if value is not None:
            at = {r.symbol: value}
            left = tuple(q.substitute(at) for q in others)
            inside = _inside(context.within(left), r, value)
            return sum_out(substitute(_without(body, f), at) * inside, left)
        bound = bound_of(f, r.symbol)
        if bound is not None:
            low, high = narrow(r.lower, r.upper, bound, context.facts.given(others))
            narrowed = (*ranges[:place], Range(r.symbol, low, high), *ranges[place + 1 :])
            return sum_out(_without(body, f), narrowed)
    return None


def _turned(context: Context, body: Expr, ranges: tuple[Range, ...], place: int) -> Expr | None:
    """Σ_r g(r) Σ_p [r = v(p)] h(p) = Σ_p g(v(p)) h(p); the bounds of p may have spoken of r."""
    r, others = ranges[place], (*ranges[:place], *ranges[place + 1 :])
    for inner in (f for f in sp.Mul.make_args(body) if isinstance(f, sp.Sum)):
        deltas = [f for f in sp.Mul.make_args(inner.function) if _fixed(f, r.symbol) is not None]
        if len(inner.limits) > 1 or not deltas:
            continue
        value, p = _fixed(deltas[0], r.symbol), Range(*inner.limits[0])
        assert value is not None
        at: dict[Expr, Expr] = {r.symbol: value}
        low, high = substitute(p.lower, at), substitute(p.upper, at)
        needed = (*conditions(p.symbol - low), *conditions(high - p.symbol))
        within = context.facts.given((*context.domain, *others))
        run = _solved(p.symbol, needed, within)
        if run is None:
            continue
        left = (*(q.substitute(at) for q in others), run)
        inside = _inside(context.within(left), r, value)
        rest = _without(body, inner) * _without(inner.function, deltas[0])
        return sum_out(substitute(rest, at) * inside, left)
    return None


def _solved(symbol: sp.Symbol, needed: Sequence[Expr], facts: Facts) -> Range | None:
    """The range of an index for which conditions e ≥ 0 hold; None where they do not give one."""
    low, high = -sp.oo, sp.oo
    for e in needed:
        if facts.le(S.Zero, e):
            continue
        bound = bound_of(AtLeast(e), symbol)
        if bound is None:
            return None
        low, high = narrow(low, high, bound, facts)
    return None if low == -sp.oo or high == sp.oo else Range(symbol, low, high)


def _fixed(f: Expr, symbol: sp.Symbol) -> Expr | None:
    """The value that a factor [a = b] leaves an index, or None."""
    if not isinstance(f, sp.KroneckerDelta):
        return None
    c = affine_coefficient(between := f.args[0] - f.args[1], symbol)
    return sp.expand(symbol - between / c) if c in (S.One, S.NegativeOne) else None


def _inside(context: Context, r: Range, value: Expr) -> Expr:
    """[lower ≤ value ≤ upper], without what is known."""
    needed = unknown_bounds(r, value, context.facts)
    return sp.Mul(*(AtLeast(sp.expand(e)) for e in needed if not context.facts.le(S.Zero, e)))


def _without(product: Expr, factor: Expr) -> Expr:
    return sp.Mul(*(f for f in sp.Mul.make_args(product) if f != factor))


def insert(context: Context, e: Expr) -> Expr:
    """Adjoints that were derived before, replaced by what was found."""

    def change(node: Expr, inner: Context) -> Expr | None:
        if inner.adjoint(str(family_of(node))) is None:
            return None
        found = inner.case(iter(inner.known), node)
        if found is None:
            return None
        return rename_bound(found.at_index(index_of(node)), inner.taken)

    return rewritten(e, context, change, _adjoint_in(context))


def look_up(context: Context, e: Expr) -> Expr:
    """[k = c] f(k) = [k = c] f(c), and Σ_k [k = c] f(k) = f(c), where c is data."""
    if not any(_looked_up(d) for d in e.atoms(sp.KroneckerDelta)):
        return e
    new = _in_products(_collapse(context, e))
    return e if new == e else tidy(new, context)


def _looked_up(f: Expr) -> tuple[Expr, Expr] | None:
    """(k, c) of a factor [k = c] with data c, or None."""
    if not isinstance(f, sp.KroneckerDelta):
        return None
    pairs = [f.args, f.args[::-1]]
    return next((p for p in pairs if p[0].is_Symbol and _is_data(p[1])), None)


def _is_data(e: Expr) -> bool:
    return isinstance(e, sp.Indexed) or is_datum(e)


def _in_products(e: Expr) -> Expr:
    if isinstance(e, sp.Indexed) or not has(e, sp.KroneckerDelta):
        return e
    if e.is_Mul and any(f.is_Add and has(f, sp.KroneckerDelta) for f in e.args):
        e = sp.expand_mul(e, deep=False)
    e = rebuilt(e, [_in_products(a) for a in e.args])
    found = [pair for f in sp.Mul.make_args(e) if (pair := _looked_up(f)) is not None]
    return sp.Mul(*(_at_data(f, dict(found)) for f in sp.Mul.make_args(e))) if found else e


def _at_data(f: Expr, data: dict[Expr, Expr]) -> Expr:
    """A factor at k = c; conditions stay as they are."""
    return f if has(f, (sp.KroneckerDelta, AtLeast)) else substitute(f, data)
