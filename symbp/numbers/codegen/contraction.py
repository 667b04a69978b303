"""Σ of a product of arrays: matrix products where there are any, else sums and einsum.

    Σ_k A_jk B_ki    A @ B            Σ_j u_j v_j      u @ v
    Σ_k A_kj u_k     A.T @ u          Σ_ji A_ji B_ji   np.sum(A * B)
    u_j v_k          np.outer(u, v)   Σ_k A_hjk B_hki  A @ B, a product for every h
    Σ_jk A_ijk B_jkm                  A.reshape(I, -1) @ B.reshape(-1, M)

Indices are summed over one after another, that with the fewest neighbours first; factors that
fit into another one are multiplied into it before. Products of more than two factors that this
does not reach, and of every vector of one array with that of another, are einsum's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce
from typing import Protocol

from sympy import Symbol

from symbp.numbers.codegen.nodes import Axes, Node, arranged, elementwise, reduced, union

LETTERS = "ijklmnopqrstuvwxyzabcdefgh"


class Lengths(Protocol):
    """What is known of the lengths of axes."""

    def length_text(self, axis: Symbol) -> str:
        """The length of an axis as code."""

    def merged(self, axes: Axes) -> Symbol:
        """One axis in place of several."""


def contract(
    factors: Sequence[Node], summed: Sequence[Symbol], order: Axes, lengths: Lengths
) -> Node:
    """Σ over `summed` of the product of the factors; free axes as in `order` if that is free."""
    rest = list(factors)
    left = [k for k in summed if any(k in f.axes for f in rest)]
    while left:
        k = min(left, key=lambda k: len(_neighbours(rest, k)))
        group = [f for f in rest if k in f.axes]
        others = [f for f in rest if k not in f.axes]
        new, done = _without(k, group, others, left, order, lengths)
        rest = [*others, new]
        left = [s for s in left if s not in done]
    return product(rest, order)


def _neighbours(factors: Iterable[Node], k: Symbol) -> set[Symbol]:
    return {a for f in factors if k in f.axes for a in f.axes} - {k}


def _without(
    k: Symbol,
    group: list[Node],
    others: list[Node],
    left: list[Symbol],
    order: Axes,
    lengths: Lengths,
) -> tuple[Node, list[Symbol]]:
    """The product of the factors that have k, summed over k and what else ends in them."""
    outside = {a for f in others for a in f.axes}
    here = {a for f in group for a in f.axes}
    done = [s for s in left if s in here and s not in outside]
    merged = _merged(group, order)
    if len(merged) == 1:
        return reduced("sum", merged[0], done), done
    free = [a for a in union(merged, order) if a not in done]
    if len(merged) == 2:
        a, b = (_summed_alone(f, g, done) for f, g in (merged, merged[::-1]))
        return _pair((a, b), [s for s in done if s in a.axes], free, order, lengths), done
    return _einsum(merged, free), done


def _merged(group: list[Node], order: Axes) -> list[Node]:
    """Factors multiplied into others that have all of their axes, while more than two are left."""
    factors = list(group)
    while len(factors) > 2:
        pairs = [
            (f, g) for f in factors for g in factors if f is not g and set(f.axes) <= set(g.axes)
        ]
        if not pairs:
            break
        small, host = min(pairs, key=lambda pair: (len(pair[1].axes), len(pair[0].axes)))
        place = factors.index(host)
        factors[place] = product([host, small], order)
        factors = [f for f in factors if f is not small]
    return factors


def _summed_alone(f: Node, other: Node, done: Sequence[Symbol]) -> Node:
    """f summed over what only f has."""
    own = [s for s in done if s in f.axes and s not in other.axes]
    return reduced("sum", f, own) if own else f


def _pair(
    factors: tuple[Node, Node],
    inner: list[Symbol],
    free: list[Symbol],
    order: Axes,
    lengths: Lengths,
) -> Node:
    a, b = factors
    if not free:
        if len(inner) == 1:
            return Node("@", (a, b))
        return reduced("sum", product([a, b], order), inner)
    shared = set(a.axes) & set(b.axes) - set(inner)
    rest = [[x for x in f.axes if x not in inner and x not in shared] for f in (a, b)]
    if len(inner) == 1 and max(map(len, rest)) <= 1 and (not shared or all(rest)):
        ends = [r[0] if r else None for r in rest]
        return _matmul((a, b), ends, inner[0], [x for x in free if x in shared], order)
    inside = set(a.axes) <= set(b.axes) or set(b.axes) <= set(a.axes)
    if inside and (max(len(a.axes), len(b.axes)) <= 2 or set(a.axes) == set(b.axes)):
        return reduced("sum", product([a, b], order), inner)
    if shared and not all(rest):
        return _einsum([a, b], free)
    return _reshaped(factors, inner, rest, [x for x in free if x in shared], order, lengths)


def _reshaped(
    factors: tuple[Node, Node],
    inner: list[Symbol],
    rest: list[list[Symbol]],
    shared: list[Symbol],
    order: Axes,
    lengths: Lengths,
) -> Node:
    """A matrix product of arrays in which several axes count as one."""
    longest = max(factors, key=lambda f: len(f.axes))
    summed = tuple(x for x in longest.axes if x in inner)
    batch = tuple(shared)

    def flat(f: Node, own: Sequence[Symbol]) -> Node:
        groups = [own] * bool(own) + [summed]
        if f.axes[-1] in own:
            groups.reverse()  # as it is stored, or nearly so
        return merge(arranged(f, (*batch, *(x for g in groups for x in g))), batch, groups, lengths)

    flats = (flat(factors[0], rest[0]), flat(factors[1], rest[1]))
    k = one(summed, lengths)
    ends = [one(tuple(r), lengths) if r else None for r in rest]
    place = {s: i for i, s in enumerate(order)}
    if rest[0] and rest[1] and place.get(rest[1][0], 99) < place.get(rest[0][0], 99):
        flats, ends, rest = flats[::-1], ends[::-1], rest[::-1]
    first = tuple(e for e in ends if e is not None)
    result = _matmul(flats, ends, k, list(batch), (*batch, *first))
    parts = [
        tuple(r)
        for e in result.axes[len(batch) :]
        for r, f in zip(rest, ends, strict=True)
        if f == e
    ]
    if all(len(p) == 1 for p in parts):
        return result
    sizes = [lengths.length_text(x) for x in (*batch, *(x for p in parts for x in p))]
    axes = (*batch, *(x for p in parts for x in p))
    return Node("reshape", (result,), axes, ", ".join(sizes))


def one(axes: Axes, lengths: Lengths) -> Symbol:
    """The axis that several are together."""
    return axes[0] if len(axes) == 1 else lengths.merged(axes)


def merge(f: Node, batch: Axes, groups: Sequence[Sequence[Symbol]], lengths: Lengths) -> Node:
    """f with each group of axes as one."""
    if all(len(g) == 1 for g in groups):
        return f
    sizes = [lengths.length_text(x) for x in batch]
    longest = max(groups, key=len)
    for g in groups:
        sizes.append("-1" if g is longest else lengths.length_text(one(tuple(g), lengths)))
    axes = (*batch, *(one(tuple(g), lengths) for g in groups))
    return Node("reshape", (f,), axes, ", ".join(sizes))


def _matmul(
    factors: tuple[Node, Node],
    ends: Sequence[Symbol | None],
    k: Symbol,
    shared: list[Symbol],
    order: Axes,
) -> Node:
    """a @ b with the first free axis in front; a vector stands on the right of its matrix."""
    (a, b), (p, q) = factors, ends
    place = {s: i for i, s in enumerate(order)}
    if p is None or (q is not None and place.get(q, 99) < place.get(p, 99)):
        a, b, p, q = b, a, q, p
    left = arranged(a, (*shared, *_some(p), k))
    right = arranged(b, (*shared, k, *_some(q)))
    return Node("@", (left, right), (*shared, *_some(p), *_some(q)))


def _some(symbol: Symbol | None) -> Axes:
    return () if symbol is None else (symbol,)


def _einsum(factors: Sequence[Node], free: Sequence[Symbol]) -> Node:
    symbols = dict.fromkeys(a for f in factors for a in f.axes)
    letter: dict[Symbol, str] = {}
    for a in symbols:
        own = a.name if len(a.name) == 1 and a.name.isascii() else LETTERS[0]
        letter[a] = next(c for c in (own, *LETTERS) if c not in letter.values())
    inputs = ",".join("".join(letter[a] for a in f.axes) for f in factors)
    output = "".join(letter[a] for a in free)
    return Node("einsum", tuple(factors), tuple(free), f"{inputs}->{output}")


# -- products --------------------------------------------------------------------------------------

RANKS = {"@": 0, "outer": 0, "einsum": 0, "leaf": 1, "view": 1, "take": 1, "+": 2, "-": 2}


def rank(a: Node) -> int:
    """The place of a factor or a term: products, names, sums, functions."""
    return RANKS.get(a.op, 3)


def product(factors: Sequence[Node], order: Axes) -> Node:
    """The product entry by entry; factors of one shape meet first."""
    groups: dict[frozenset[Symbol], list[Node]] = {}
    for f in sorted(factors, key=rank):
        groups.setdefault(frozenset(f.axes), []).extend(_factors(f))
    alike = [_chain(g, order) for g in groups.values()]
    if len(alike) == 2 and _is_outer(*alike):
        first, second = sorted(
            alike, key=lambda f: order.index(f.axes[0]) if f.axes[0] in order else 99
        )
        return Node("outer", (first, second), (*first.axes, *second.axes))
    return _chain(alike, order)


def _chain(factors: Sequence[Node], order: Axes) -> Node:
    return reduce(lambda a, b: elementwise("*", [a, b], order), factors)


def scaled(factor: Node, body: Node, order: Axes) -> Node:
    """factor · body, with the factor in front of a product's first factor."""
    if body.op == "*" and all(b.op != "view" for b in body.args):
        return elementwise("*", [scaled(factor, body.args[0], order), body.args[1]], order)
    return elementwise("*", [factor, body], order)


def _factors(a: Node) -> list[Node]:
    """The factors of a product of arrays of one shape."""
    if a.op == "*" and all(b.axes == a.axes for b in a.args):
        return [g for b in a.args for g in _factors(b)]
    return [a]


def _is_outer(a: Node, b: Node) -> bool:
    return len(a.axes) == 1 and len(b.axes) == 1 and a.axes != b.axes
