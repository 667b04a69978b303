"""The rules that bring a result to the form that papers print.

    primes         σ'(z)       → its formula, σ(z)(1 − σ(z))
    normalise      e^z_j       → a_j Σ_k e^z_k, where a_j = e^z_j / Σ_k e^z_k
    name quotients (x − μ)/√(v + ε) → x̂, where x̂ is defined so
    cancel         fractions in lowest terms, constants out of sums
    unit total     Σ_j y_j     → 1, a condition on the targets

A rule is a pure function of (`Context`, expression) to an equal expression.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import sympy as sp
from sympy import Expr, S

from symbp.adjoint.partials import expand_primes
from symbp.adjoint.solve import sum_out
from symbp.derivation.context import Context, Partial, covers, rewrite
from symbp.derivation.fractions import shortest
from symbp.derivation.named import match, name_quotients
from symbp.functions import TABLE, Elementwise
from symbp.system import Equation, Kind, Role, System, Variable
from symbp.system.contents import has, rebuilt, text
from symbp.system.equation import family_of, index_of
from symbp.system.functional import Functional
from symbp.system.indices import ranges_of, substitute
from symbp.system.maximum import Chosen, Maximum

SIGMOID, EXP = TABLE["sigmoid"], TABLE["exp"]
#: What no fraction is reduced inside of.
OPAQUE = (
    sp.Indexed, sp.Sum, Elementwise, Partial, Functional, Maximum, Chosen, sp.KroneckerDelta
)  # fmt: skip


def primes(context: Context, e: Expr) -> Expr:
    """f'(z) by the table's formula; the 1/(1 + e^−z) that it brings is σ(z)."""
    del context
    new = expand_primes(e)
    brought = new.atoms(sp.Pow) - e.atoms(sp.Pow)
    return _replace_top(new, {p: SIGMOID(x) for p in brought if (x := _of_logistic(p)) is not None})


def _of_logistic(e: sp.Pow) -> Expr | None:
    """x where e is 1/(1 + e^−x)."""
    rest = e.base - 1 if e.exp == -1 and e.base.is_Add else None
    of_exp = isinstance(rest, Elementwise) and rest.row is EXP and not rest.order
    return -rest.args[0] if rest is not None and of_exp else None


def _values(system: System) -> list[Equation]:
    """The equations of values: an adjoint names nothing, least of all in its own equation."""
    return [e for e in system.equations if system[e.family].role is not Role.ADJOINT]


def normalise(context: Context, e: Expr) -> Expr:
    """e^z_j = a_j Σ_k e^z_k for every a_j = e^z_j / Σ_k e^z_k, and the sums cancelled."""
    for equation in _values(context.system):
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


def _use_normalised(context: Context, e: Expr, equation: Equation, top: Expr, total: Expr) -> Expr:
    own = tuple(i for i in equation.index if i in total.free_symbols)
    places: dict[tuple[Expr, ...], sp.Symbol] = {}

    def place(index: tuple[Expr, ...]) -> sp.Symbol:
        return places.setdefault(index, sp.Symbol(f"total{len(places)}", positive=True))

    def change(node: Expr, inner: Context) -> Expr | None:
        if isinstance(node, sp.Sum):
            index = match(replace(equation, index=own, rhs=total), node)
            return place(index) if index is not None else None
        index = match(replace(equation, rhs=top), node) if node.func == top.func else None
        if index is None:
            return None
        at = dict(zip(equation.index, index, strict=True))
        entry = context.system[equation.family][index]
        return (
            entry * place(tuple(at[i] for i in own))
            if covers(equation, entry, inner.facts)
            else None
        )

    marked = rewrite(e, context, change, lambda part: has(part, top.func))
    if marked == e:
        return e
    back = {s: substitute(total, dict(zip(own, i, strict=True))) for i, s in places.items()}
    return cancel(context, marked).xreplace(back)


def cancel(context: Context, e: Expr) -> Expr:
    """Constants out of sums, fractions in lowest terms."""
    del context
    return _cancel(e)


def quotients(context: Context, e: Expr) -> Expr:
    """(x − μ)/√(v + ε) by its name x̂, where that makes e shorter."""
    named = name_quotients(context, e)
    if named == e:
        return e
    before, after = _cancel(e), _cancel(named)
    return after if sp.count_ops(after) < sp.count_ops(before) else e


def _cancel(e: Expr) -> Expr:
    if isinstance(e, sp.Indexed) or not e.args:
        return e
    if isinstance(e, sp.Sum):
        ranges = ranges_of(e)
        body = _cancel(e.function)
        return sp.Add(*(sum_out(t, ranges) for t in sp.Add.make_args(body)))
    inner = rebuilt(e, [_cancel(a) for a in e.args])
    if not isinstance(inner, (sp.Add, sp.Mul)) or _is_reduced(inner):
        return inner
    names = {a: sp.Symbol(f"t{i:03}") for i, a in enumerate(sorted(_outermost(inner), key=text))}
    best = _reduced(_replace_top(inner, names))
    return _replace_top(best, {name: a for a, name in names.items()})


def _is_reduced(e: Expr) -> bool:
    """Whether e is a product of entries, or a sum of such that share no entry."""
    terms = [sp.Mul.make_args(t) for t in sp.Add.make_args(e)]
    bases = [f.base if f.is_Pow else f for t in terms for f in t if not f.is_Rational]
    if not all(isinstance(b, (sp.Symbol, *OPAQUE)) for b in bases):
        return False
    return len(terms) == 1 or (len(set(bases)) == len(bases) and not has(e, sp.Pow))


@lru_cache(maxsize=1 << 12)
def _reduced(e: Expr) -> Expr:
    """A rational expression of symbols in the shortest of its usual forms."""
    return shortest(e, _usual_signs)


def _outermost(e: Expr) -> set[Expr]:
    """Entries, sums and functions that stand in no other of them."""
    if isinstance(e, OPAQUE):
        return {e}
    return set().union(*(_outermost(a) for a in e.args))


def _usual_signs(e: Expr) -> Expr:
    """1 − a rather than a − 1 in a product; a sign that is left over turns another difference."""
    if not isinstance(e, sp.Mul):
        return e
    number, factors = e.as_coeff_mul()
    flipped, sign = [], -1 if number < 0 else 1
    turned = False
    for f in factors:
        new, own = _flipped(f)
        flipped.append(new)
        sign *= own
        turned = turned or new != f
    others = [i for i, f in enumerate(flipped) if f.is_Add and _turns(f)]
    mixed = [i for i in others if any(t.could_extract_minus_sign() for t in flipped[i].args)]
    if sign < 0 and others and (turned or mixed):
        place = (mixed or others)[0]
        flipped[place] = sp.Add(*(-t for t in flipped[place].args))
        sign = 1
    return sp.Mul(sign * abs(number), *flipped)


def _turns(e: Expr) -> bool:
    """Whether −e may be written for e: e is no 1 − a, or most of it is taken off."""
    minus = sum(t.could_extract_minus_sign() for t in e.args)
    return not any(t.is_number for t in e.args) or 2 * minus > len(e.args)


def _flipped(f: Expr) -> tuple[Expr, int]:
    """(1 − a)ⁿ and (−1)ⁿ for (a − 1)ⁿ; anything else as it is, and 1."""
    base, exponent = (f.base, f.exp) if f.is_Pow else (f, S.One)
    if base.is_Add and exponent.is_Integer and any(t.is_number and t < 0 for t in base.args):
        new = sp.Add(*(-t for t in base.args))
        return sp.Pow(new, exponent), -1 if exponent % 2 else 1
    return f, 1


def _replace_top(e: Expr, mapping: dict[Expr, Expr]) -> Expr:
    """Outermost matches replaced, without looking inside them."""
    if e in mapping:
        return mapping[e]
    if not e.args:
        return e
    return rebuilt(e, [_replace_top(a, mapping) for a in e.args])


def unit_total(context: Context, e: Expr) -> Expr:
    """Σ_j y_j = 1 for targets y: one-hot or a distribution over the classes, for every sample."""
    targets = {v.name: v for v in context.system.with_role(Role.TARGET)}

    def change(node: Expr, inner: Context) -> Expr | None:
        del inner
        if not isinstance(node, sp.Sum) or len(node.limits) != 1:
            return None
        target = targets.get(str(family_of(node.function)))
        return S.One if target is not None and _counts_all_units(node, target) else None

    return rewrite(e, context, change, lambda part: has(part, sp.Sum))


def _counts_all_units(total: sp.Sum, target: Variable) -> bool:
    """Whether a sum runs over the one index of a target that counts units, and over all of them."""
    units = [place for place, slot in enumerate(target.slots) if slot.kind is Kind.UNIT]
    if len(units) != 1:
        return False
    k, low, high = total.limits[0]
    index, own = index_of(total.function), target.slots[units[0]].range
    uses = [place for place, i in enumerate(index) if k in i.free_symbols]
    return uses == units and index[units[0]] == k and (low, high) == (own.lower, own.upper)
