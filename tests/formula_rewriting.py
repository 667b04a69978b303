"""Formula trees rewritten into equal ones, and into wrong ones by one fault."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from functools import partial

from tests.formula_trees import (
    ONE,
    ONES,
    TWO,
    Tree,
    add,
    had,
    letters,
    minus,
    mul,
    number,
    over,
    put,
    sites,
    total,
    turn,
)

Rule = Callable[[Tree, Tree], Iterator[Tree]]


def is_array(t: Tree) -> bool:
    """Whether a part is a vector or matrix; index forms have numbers only."""
    if t.op == "name":
        return not t.value.units
    if t.op in ("number", "samples", "sum"):
        return False
    return t.op == "ones" or any(is_array(p) for p in t.parts)


def renamed(t: Tree, old: str, new: str) -> Tree:
    """A tree with one index letter for another."""
    if t.op == "name":
        q = t.value
        units = tuple(new if u == old else u for u in q.units)
        return replace(
            t, value=replace(q, units=units, sample=new if q.sample == old else q.sample)
        )
    return replace(t, parts=tuple(renamed(p, old, new) for p in t.parts),
                   value=new if t.op == "sum" and t.value == old else t.value)  # fmt: skip


# -- equal -----------------------------------------------------------------------------------------


def commuted(t: Tree, whole: Tree) -> Iterator[Tree]:
    """Terms, and factors of products in which the order does not matter, turned round."""
    free = t.op in ("add", "had") or (t.op == "mul" and sum(map(is_array, t.parts)) < 2)
    if free and len(t.parts) > 1:
        signs = t.value[::-1] if t.op == "add" else t.value
        yield replace(t, parts=t.parts[::-1], value=signs)


def expanded(t: Tree, whole: Tree) -> Iterator[Tree]:
    """A product over a sum."""
    for i, p in enumerate(t.parts if t.op in ("mul", "had") else ()):
        if p.op == "add" and not _lone_number(t, p):
            terms = [replace(t, parts=(*t.parts[:i], x, *t.parts[i + 1 :])) for x in p.parts]
            yield add(*terms, signs=p.value)


def _lone_number(t: Tree, p: Tree) -> bool:
    """1 − a in a product of matrices: 1 stands for a whole matrix of ones."""
    return any(not is_array(x) for x in p.parts) and is_array(p) and t.op == "mul"


def turned_twice(t: Tree, whole: Tree) -> Iterator[Tree]:
    """(Xᵀ)ᵀ."""
    if is_array(t) and t.op not in ("ones", "f", "df"):
        yield turn(turn(t))


def turned_product(t: Tree, whole: Tree) -> Iterator[Tree]:
    """(BᵀAᵀ)ᵀ for AB, (Aᵀ ⊙ Bᵀ)ᵀ for A ⊙ B."""
    if t.op in ("mul", "had") and all(is_array(p) and p.op != "ones" for p in t.parts):
        parts = tuple(turn(p) for p in t.parts)
        yield turn(replace(t, parts=parts[::-1] if t.op == "mul" else parts))


def slope_written_out(activation: str, t: Tree, whole: Tree) -> Iterator[Tree]:
    """σ(z)(1 − σ(z)), a(1 − a); 1 − tanh² z, 1 − a²."""
    if t.op != "df":
        return
    z = t.parts[0]
    values = [Tree("f", t.parts)]
    if z.op == "name" and z.value.family == "z":
        values.append(replace(z, value=replace(z.value, family="a")))
    times = had if is_array(z) else mul
    for f in values:
        if activation == "tanh":
            yield minus(ONE, times(f, f))
        else:
            yield times(f, minus(ONE, f))


def error_spelt_out(t: Tree, whole: Tree) -> Iterator[Tree]:
    """∂C/∂z for δ."""
    if t.op == "name" and t.value.family == "dz":
        yield replace(t, value=replace(t.value, spelt=not t.value.spelt))


def index_renamed(t: Tree, whole: Tree) -> Iterator[Tree]:
    """Another letter for a bound index."""
    if t.op == "sum":
        new = next(x for x in "pqrs" if x not in letters(whole))
        yield renamed(t, t.value, new)


def sum_split(t: Tree, whole: Tree) -> Iterator[Tree]:
    """Σ (x + y) as Σ x + Σ y; Σ x as two halves."""
    if t.op == "sum":
        (inner,) = t.parts
        halves = add(over(inner, TWO), over(inner, TWO))
        split = inner if inner.op == "add" else halves
        yield add(*(total(t.value, x) for x in split.parts), signs=split.value)


def difference_turned(t: Tree, whole: Tree) -> Iterator[Tree]:
    """−(y − a) for a − y."""
    if t.op == "add" and t.value == (1, -1):
        yield add(minus(*t.parts[::-1]), signs=(-1,))


def doubled(t: Tree, whole: Tree) -> Iterator[Tree]:
    """(2 x)/2, 2 (x/2) and x/2 + x/2."""
    if t.op in ("ones", "samples", "number") or (t.op == "name" and not is_array(t)):
        return
    yield mul(TWO, mul(number(Fraction(1, 2)), t))
    yield over(mul(TWO, t), TWO)
    yield add(over(t, TWO), over(t, TWO))


def equal_rules(activation: str) -> dict[str, Rule]:
    """The rules that change nothing, by name."""
    return {
        "commuted": commuted,
        "expanded": expanded,
        "transposed twice": turned_twice,
        "transpose of a product": turned_product,
        "slope written out": partial(slope_written_out, activation),
        "error spelt out": error_spelt_out,
        "index renamed": index_renamed,
        "sum split": sum_split,
        "difference turned": difference_turned,
        "doubled": doubled,
    }


def rewritings(tree: Tree, rule: Rule) -> list[Tree]:
    """What a rule makes of a tree, at each of its places."""
    return [put(tree, path, new) for path, t in sites(tree) for new in rule(t, tree)]


# -- one fault ----------------------------------------------------------------------------------


def sign(t: Tree, whole: Tree) -> Iterator[Tree]:
    if t.op == "add":
        for i in range(len(t.parts)):
            yield replace(t, value=tuple(-s if i == n else s for n, s in enumerate(t.value)))
    if t is whole:
        yield add(t, signs=(-1,))


def factor(t: Tree, whole: Tree) -> Iterator[Tree]:
    if t.op in ("name", "df", "sum") or t is whole:
        yield mul(TWO, t)


def transpose_lost(t: Tree, whole: Tree) -> Iterator[Tree]:
    if t.op == "turn":
        yield t.parts[0]


def transpose_added(t: Tree, whole: Tree) -> Iterator[Tree]:
    if t.op == "name" and is_array(t):
        yield turn(t)


def slope_lost(t: Tree, whole: Tree) -> Iterator[Tree]:
    if t.op in ("mul", "had") and any(p.op == "df" for p in t.parts):
        rest = tuple(p for p in t.parts if p.op != "df")
        yield rest[0] if len(rest) == 1 else replace(t, parts=rest)


def function_for_slope(t: Tree, whole: Tree) -> Iterator[Tree]:
    if t.op == "df":
        yield replace(t, op="f")


def argument(t: Tree, whole: Tree) -> Iterator[Tree]:
    if t.op in ("f", "df") and t.parts[0].op == "name" and t.parts[0].value.family == "z":
        z = t.parts[0]
        yield replace(t, parts=(replace(z, value=replace(z.value, family="a")),))


def layer(t: Tree, whole: Tree) -> Iterator[Tree]:
    if t.op == "name" and t.value.family != "y":
        for step in (-1, 1):
            yield replace(t, value=replace(t.value, shift=t.value.shift + step))


def indices_swapped(t: Tree, whole: Tree) -> Iterator[Tree]:
    if t.op == "name" and len(t.value.units) == 2:
        yield replace(t, value=replace(t.value, units=t.value.units[::-1]))
    if t.op == "mul" and len(t.parts) == 2:
        a, b = t.parts
        if a.op == b.op == "name" and len(a.value.units) == len(b.value.units) == 1:
            units = a.value.units, b.value.units
            x, y = (replace(p, value=replace(p.value, units=u)) for p, u in
                    zip(t.parts, units[::-1], strict=True))  # fmt: skip
            yield replace(t, parts=(x, y))


def term_lost(t: Tree, whole: Tree) -> Iterator[Tree]:
    if t.op == "add" and len(t.parts) == 2:
        yield from (add(p, signs=(s,)) for p, s in zip(t.parts, t.value, strict=True))


def product(t: Tree, whole: Tree) -> Iterator[Tree]:
    """⊙ for a product of matrices."""
    if t.op == "mul" and sum(map(is_array, t.parts)) > 1 and ONES not in t.parts:
        yield had(*t.parts)


def mean_lost(t: Tree, whole: Tree) -> Iterator[Tree]:
    if t.op == "mul" and t.parts[0].op == "over" and t.parts[0].parts[1].op == "samples":
        yield mul(*t.parts[1:])


def sum_lost(t: Tree, whole: Tree) -> Iterator[Tree]:
    if t.op == "sum":
        yield t.parts[0]


def other_quantity(t: Tree, whole: Tree) -> Iterator[Tree]:
    """z for a, ∂C/∂a for ∂C/∂z."""
    other = {"z": "a", "a": "z", "dz": "da"}
    if t.op == "name" and t.value.family in other:
        yield replace(t, value=replace(t.value, family=other[t.value.family]))


FAULTS: dict[str, Rule] = {
    "sign": sign,
    "factor": factor,
    "transpose lost": transpose_lost,
    "transpose added": transpose_added,
    "slope lost": slope_lost,
    "function for its slope": function_for_slope,
    "argument": argument,
    "layer": layer,
    "indices swapped": indices_swapped,
    "term lost": term_lost,
    "⊙ for a matrix product": product,
    "mean lost": mean_lost,
    "sum lost": sum_lost,
    "another quantity": other_quantity,
}
