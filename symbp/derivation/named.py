"""Reading a definition from right to left.

tanh(Σ_k W[j, k] x[t, k] + b[j])   →  h[t, j]
(v + ε)^(−3/2)                     →  r^(−3), where r = (v + ε)^(1/2)
δ (x − μ) (v + ε)^(−1/2)           →  δ x̂, where x̂ = (x − μ) (v + ε)^(−1/2)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import sympy as sp
from sympy import Expr, Indexed, S, Symbol

from symbp.derivation.context import Context, covers, rewrite
from symbp.functions import Elementwise
from symbp.system import Equation, Role
from symbp.system.contents import entries_in, entry_of, free_symbols, has, names_in, text
from symbp.system.equation import family_of, index_of
from symbp.system.indices import affine_coefficient, nameless, substitute

Index = tuple[Expr, ...]
#: What may be written by the name of a family.
NAMED = (Elementwise, sp.Pow, sp.Sum)


def match(equation: Equation, e: Expr) -> Index | None:
    """The index at which the right side of the equation is e.

    >>> t, z = sp.Symbol("t", integer=True), sp.IndexedBase("z")
    >>> match(Equation("a", (t,), sp.tanh(z[t - 1])), sp.tanh(z[t]))
    (t + 1,)
    """
    wanted = nameless(e)
    for index, found in _indices(equation, equation.rhs, e):
        if nameless(substitute(equation.rhs, found)) == wanted:
            return index
    return None


def _indices(
    equation: Equation, pattern: Expr, e: Expr
) -> Iterator[tuple[Index, dict[Expr, Expr]]]:
    """The indices that would make an entry of the pattern one of e, for all its free symbols."""
    free = {s for s in equation.index if isinstance(s, Symbol)}
    if not {a.base for a in entries_in(pattern)} <= {a.base for a in entries_in(e)}:
        return
    own = sorted(entries_in(pattern), key=lambda a: (-len(free_symbols(a) & free), text(a)))
    others = sorted(entries_in(e), key=text)
    for found in _solutions(own, others, free, {}):
        yield tuple(substitute(i, found) for i in equation.index), found


def _solutions(
    own: Sequence[Indexed], others: Sequence[Indexed], free: set[Symbol], found: dict[Expr, Expr]
) -> Iterator[dict[Expr, Expr]]:
    if free <= found.keys():
        yield found
        return
    if not own:
        return
    entry, *rest = own
    for other in others if (free_symbols(entry) & free) - found.keys() else ():
        if other.base == entry.base:
            yield from _solutions(rest, others, free, {**_solved(entry, other, free), **found})
    yield from _solutions(rest, others, free, found)


def _solved(own: Indexed, other: Indexed, free: set[Symbol]) -> Mapping[Expr, Expr]:
    """What own[g] = other[h] says of the free indices."""
    found: dict[Expr, Expr] = {}
    for g, h in zip(index_of(own), index_of(other), strict=True):
        for s in g.free_symbols & free:
            if affine_coefficient(g, s) == 1:
                found[s] = sp.expand(h - g + s)
    return found


def name_values(context: Context, e: Expr) -> Expr:
    """f(z[I]) written as the family that is defined to be it, a sum as its multiple or so."""
    definitions = _definitions(context)

    def change(node: Expr, inner: Context) -> Expr | None:
        for equation in definitions if isinstance(node, NAMED) else ():
            seen = _compared(equation, node)
            index = match(replace(equation, rhs=seen.pattern), seen.node) if seen else None
            if seen and index is not None and _is_defined(equation, index, inner):
                return seen.factor * _entry(equation, index) ** seen.power
        return None

    return rewrite(e, context, change, lambda part: has(part, NAMED))


def name_quotients(context: Context, e: Expr) -> Expr:
    """x − μ written as x̂ √(v + ε), where x̂ = (x − μ)/√(v + ε): shorter if the root cancels."""
    names = names_in(e)
    definitions = [
        (q, *parts)
        for q in _values(context)
        if (parts := _difference(q)) is not None and names_in(parts[0]) <= names
    ]

    def change(node: Expr, inner: Context) -> Expr | None:
        for equation, difference, rest in definitions if node.is_Add else ():
            for sign in (1, -1):
                index = match(replace(equation, rhs=difference), sign * node)
                if index is not None and _is_defined(equation, index, inner):
                    at = dict(zip(equation.index, index, strict=True))
                    return sign * _entry(equation, index) / substitute(rest, at)
        return None

    return rewrite(e, context, change, lambda part: has(part, sp.Add)) if definitions else e


def _difference(equation: Equation) -> tuple[Expr, Expr] | None:
    """(x − μ, the rest) of a value that is x − μ over something."""
    sums = [f for f in sp.Mul.make_args(equation.rhs) if f.is_Add]
    divides = equation.rhs.is_Mul and any(f.is_Pow and f.exp < 0 for f in equation.rhs.args)
    return (sums[0], equation.rhs / sums[0]) if divides and len(sums) == 1 else None


@dataclass(frozen=True)
class _Compared:
    """Where node is pattern at some index, the whole is factor · entry ** power."""

    pattern: Expr
    node: Expr
    factor: Expr = S.One
    power: Expr = S.One


def _compared(equation: Equation, node: Expr) -> _Compared | None:
    rhs = equation.rhs
    if isinstance(rhs, sp.Mul) and isinstance(node, sp.Sum):  # a mean: Σ x = m μ
        factor, total = rhs.as_independent(sp.Sum)
        constant = not factor.free_symbols & {*equation.index} and not factor.atoms(Indexed)
        return _Compared(total, node, 1 / factor) if total.func == sp.Sum and constant else None
    if isinstance(rhs, sp.Pow) and isinstance(node, sp.Pow):
        power = node.exp / rhs.exp
        return _Compared(rhs.base, node.base, power=power) if power.is_Integer else None
    same = node.func == rhs.func and not (isinstance(rhs, Elementwise) and rhs.order)
    return _Compared(rhs, node) if same and not node.is_Pow else None


def _definitions(context: Context) -> list[Equation]:
    """The equations of values by functions, powers and sums."""
    return [
        e
        for e in _values(context)
        if isinstance(e.rhs, (*NAMED, sp.Mul))
        if not (isinstance(e.rhs, sp.Pow) and family_of(e.rhs.base) is not None)
    ]


def _values(context: Context) -> list[Equation]:
    system = context.system
    return [e for e in system.equations if system[e.family].role is Role.INTERMEDIATE]


def _is_defined(equation: Equation, index: Index, context: Context) -> bool:
    return covers(equation, _entry(equation, index), context.facts)


def _entry(equation: Equation, index: Index) -> Expr:
    return entry_of(equation.lhs.base, *index) if index else equation.lhs
