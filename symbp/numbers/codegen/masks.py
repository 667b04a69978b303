"""Masks: what counts of a square of which only a triangle, or a band, is meant.

    Σ_{s ≤ t} x[s]                     np.sum(x * (s <= t[:, None]), axis=1)
    a[t, s] = x[t] x[s], s ≤ t         np.tril(np.outer(x, x))
    Σ_{s ≤ t} a[t, s] v[s]             a @ v: a is 0 where it is not meant
    Σ_{s ≤ t} e^{a[t, s]}              np.sum(np.exp(np.where(inside, a, -np.inf)), axis=1)
    Σ_{s ≤ t} 1 / a[t, s]              1 / np.where(inside, a, 1)

What a function or a division gets outside is replaced before, so that nothing is undefined there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import reduce

import sympy as sp
from sympy import Expr, Indexed, S, Symbol

from symbp.functions import Elementwise, X
from symbp.numbers.codegen.entries import has_windows
from symbp.numbers.codegen.moving import projected
from symbp.numbers.codegen.nodes import ONE, ZERO, Node, elementwise, leaf
from symbp.numbers.codegen.scope import Scope
from symbp.numbers.codegen.stable import is_exp
from symbp.numbers.codegen.storage import Storage
from symbp.system import Facts, Range
from symbp.system.equation import family_of, index_of
from symbp.system.indices import AtLeast, affine_coefficient, ranges_of, substitute

NOTHING = leaf("-np.inf")
#: Functions that are finite, and silent, at any number.
TAME = ("tanh", "erf", "sin", "cos", "relu", "leaky_relu", "step", "sign", "abs", "identity")


@dataclass(frozen=True)
class Mask:
    """index ≥ bound or index ≤ bound along an axis: all of `conditions` are at least 0."""

    op: str
    index: Expr
    bound: Expr
    conditions: tuple[Expr, ...]


def masks(r: Range, hull: Range, facts: Facts) -> Iterator[Mask]:
    """r.lower ≤ k and k ≤ r.upper, where the hull is wider than the range."""
    if r.lower != hull.lower:
        ends = r.lower.args if isinstance(r.lower, sp.Max) else (r.lower,)
        needed = (r.symbol - a for a in ends if not facts.le(a, hull.lower))
        yield Mask(">=", r.symbol - hull.lower, r.lower - hull.lower, tuple(needed))
    if r.upper != hull.upper:
        ends = r.upper.args if isinstance(r.upper, sp.Min) else (r.upper,)
        needed = (a - r.symbol for a in ends if not facts.le(hull.upper, a))
        yield Mask("<=", r.symbol - hull.lower, r.upper - hull.lower, tuple(needed))


def mask_of(m: Mask, scope: Scope, storage: Storage) -> Node:
    """A mask as an array of truth values."""
    sides = [storage.integer(side, scope) for side in (m.index, m.bound)]
    return elementwise(m.op, sides, tuple(scope.axes))


def padded(
    body: Expr, found: list[Mask], scope: Scope, storage: Storage
) -> tuple[Scope, list[Mask]]:
    """Masks that say that an entry stays in its array make way for zeros around the array."""
    entries = [f for f in sp.Mul.make_args(body) if isinstance(f, Indexed)] if found else []
    for e in entries:
        ranges = storage.ranges(str(family_of(e)), index_of(e))
        pairs = list(zip(index_of(e), ranges, strict=True))
        inside = {sp.expand(g - r.lower) for g, r in pairs}
        inside |= {sp.expand(r.upper - g) for g, r in pairs}
        rest = [m for m in found if not {sp.expand(c) for c in m.conditions} <= inside]
        if len(rest) < len(found) and has_windows(storage, e, scope):
            scope, found = replace(scope, padded=scope.padded | {e}), rest
    return scope, found


# -- conditions as nodes -----------------------------------------------------------------------


def holds(found: Sequence[Expr], scope: Scope, storage: Storage) -> Node:
    """All of some numbers are at least 0."""
    nodes = [_holds(c, scope, storage) for c in found]
    return reduce(lambda a, b: elementwise("&", [a, b], tuple(scope.axes)), nodes)


def _holds(c: Expr, scope: Scope, storage: Storage) -> Node:
    """c ≥ 0: np.tri for two axes, else what is subtracted ≤ the rest."""
    band = _band(c, scope)
    if band is not None:
        row, column, k = band
        sizes = [storage.length_text(a) for a in (row, column)]
        shift = storage.integer(k, Scope(loops=scope.loops)).text
        parts = [sizes[0], *sizes[1:] * (sizes[0] != sizes[1])]
        parts += [f"k={shift}"] * (shift != "0") + ["dtype=bool"]
        return Node("call", tuple(map(leaf, parts)), (row, column), "np.tri")
    moved = sp.expand(substitute(c, {s: s + r.lower for s, r in scope.axes.items()}))
    less = sp.Add(*(-t for t in sp.Add.make_args(moved) if t.could_extract_minus_sign()))
    at = {s: s - r.lower for s, r in scope.axes.items()}
    sides = [storage.integer(substitute(e, at), scope) for e in (less, moved + less)]
    return elementwise("<=", sides, tuple(scope.axes))


def _band(c: Expr, scope: Scope) -> tuple[Symbol, Symbol, Expr] | None:
    """(row, column, k) where c ≥ 0 says column ≤ row + k of indices that begin at 0."""
    axes = [s for s in scope.axes if s in c.free_symbols]
    if len(axes) != 2:
        return None
    rows = {affine_coefficient(c, s): s for s in axes}
    if rows.keys() != {S.One, S.NegativeOne}:
        return None
    row, column = rows[S.One], rows[S.NegativeOne]
    k = sp.expand(c - row + column + scope.axes[row].lower - scope.axes[column].lower)
    return (row, column, k) if not k.free_symbols & scope.axes.keys() else None


def where(mask: Node, node: Node, other: Node, scope: Scope) -> Node:
    """The node where the mask is true."""
    return elementwise("call", [mask, node, other], tuple(scope.axes), "np.where")


def zeroed(node: Node, found: Sequence[Expr], scope: Scope, storage: Storage) -> Node:
    """The node, and 0 where a condition fails: np.tril and np.triu where they do it."""
    rest = []
    for c in found:
        band = _band(c, scope)
        if band is None or {*node.axes[-2:]} != {*band[:2]}:
            rest.append(c)
            continue
        row, _, k = band
        lower = node.axes[-2] == row
        shift = storage.integer(sp.expand(k if lower else -k), Scope(loops=scope.loops)).text
        parts = (node, *[leaf(shift)] * (shift != "0"))
        node = Node("call", parts, node.axes, "np.tril" if lower else "np.triu")
    return where(holds(rest, scope, storage), node, ZERO, scope) if rest else node


# -- outside of what is meant ------------------------------------------------------------------


def open_conditions(
    found: Sequence[Expr], keep: Collection[Symbol], scope: Scope, storage: Storage
) -> tuple[Expr, ...]:
    """The conditions that are left for a value with some axes."""
    if not found or not keep:
        return ()
    facts = storage.facts.given(scope.loops.values())
    return projected(found, scope.axes, keep, facts)


def guarded(node: Node, other: Node, scope: Scope, storage: Storage) -> Node:
    """The node, and another value at places that do not count."""
    found = open_conditions(scope.inside, node.axes, scope, storage)
    return where(holds(found, scope, storage), node, other, scope) if found else node


def less(node: Node, top: Node, scope: Scope, storage: Storage) -> Node:
    """An exponent less the greatest, and −∞ at places that do not count."""
    axes = {*node.axes, *top.axes}
    found = open_conditions(scope.inside, axes, scope, storage)
    kept = where(holds(found, scope, storage), node, NOTHING, scope) if found else node
    return elementwise("-", [kept, top])


def tamed(e: Expr, node: Node, scope: Scope, storage: Storage) -> Node:
    """The argument of a function, with a harmless value at places that do not count."""
    name = e.row.name if isinstance(e, Elementwise) else ""
    return node if name in TAME else guarded(node, ONE, scope, storage)


def vanishes(e: Expr, c: Expr, scope: Scope, storage: Storage) -> bool:
    """Whether the code of e is 0 wherever c is below 0; what that needs is remembered."""
    found = _zero_by(e, c, scope, storage)
    storage.relied |= found or set()
    return found is not None


def _zero_by(e: Expr, c: Expr, scope: Scope, storage: Storage) -> frozenset[str] | None:
    """The families that must be 0 where c is below 0, for e to be 0 there; None: it may not be."""

    def ask(a: Expr, inner: Scope = scope) -> frozenset[str] | None:
        return _zero_by(a, c, inner, storage)

    facts = storage.facts.given((*scope.loops.values(), *scope.axes.values()))
    if isinstance(e, Indexed):
        return _entry_by(e, c, facts, storage)
    if isinstance(e, sp.Mul):
        ways = [way for way in map(ask, e.args) if way is not None]
        return min(ways, key=lambda way: len(way - storage.relied), default=None)
    if isinstance(e, sp.Add):
        parts = [ask(a) for a in e.args]
        whole = frozenset[str]().union(*(p for p in parts if p is not None))
        return None if None in parts else whole
    if isinstance(e, sp.Pow):
        return ask(e.base) if e.exp.is_Rational and e.exp > 0 else None
    if isinstance(e, sp.Sum):
        return ask(e.function, scope.within(*ranges_of(e)))
    if isinstance(e, AtLeast):
        return frozenset() if facts.le(e.args[0], c) else None
    if is_exp(e):
        left = open_conditions(scope.inside, e.free_symbols & scope.axes.keys(), scope, storage)
        return frozenset() if any(facts.le(d, c) for d in left) else None
    if isinstance(e, Elementwise) and not e.order and len(e.args) == 1 and e.row.value is not None:
        return ask(e.args[0]) if e.row.value.subs(X, 0) == 0 else None
    return None


def _entry_by(e: Indexed, c: Expr, facts: Facts, storage: Storage) -> frozenset[str] | None:
    """An entry of a family that moves, which stays in its array, is 0 where it is not meant."""
    family = str(family_of(e))
    found = storage.conditions(e)
    pairs = zip(index_of(e), storage.ranges(family, index_of(e)), strict=True)
    if not any(facts.le(d, c) for d in found) or not all(
        facts.le(r.lower, g) and facts.le(g, r.upper) for g, r in pairs
    ):
        return None
    free = family in storage.still or storage.system[family].role.given
    return frozenset() if free else frozenset({family})
