"""Equations and terms of one form: what must be renamed to make one of them the other.

σ(s_i + U_i h),  σ(s_f + U_f h)      s_i ↦ s_f, U_i ↦ U_f
U_iᵀ δ_i + U_fᵀ δ_f + h − y          terms: U_i ↦ U_f, δ_i ↦ δ_f
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import sympy as sp
from sympy import Expr, Indexed

from symbp.system.equation import family_of, index_of
from symbp.system.indices import is_binder, substitute

Renaming = Mapping[str, str]


def renamings(a: Expr, b: Expr, known: Renaming) -> Iterator[Renaming]:
    """The renamings of families that make a formula b, each name of b for one of a.

    >>> u, v, h = (sp.IndexedBase(name) for name in "uvh")
    >>> print(next(renamings(u[1] * h[2] + 1, v[1] * h[2] + 1, {})))
    {'h': 'h', 'u': 'v'}
    """
    if isinstance(a, Indexed) and isinstance(b, Indexed):
        x, y = str(family_of(a)), str(family_of(b))
        free = x not in known and y not in known.values()
        if index_of(a) == index_of(b) and (free or known.get(x) == y):
            yield {**known, x: y}
    elif is_binder(a) and is_binder(b) and len(a.limits) == len(b.limits):
        at = {k: j for (k, *_), (j, *_) in zip(b.limits, a.limits, strict=True)}
        other = [tuple(substitute(e, at) for e in limit) for limit in b.limits]
        if a.func == b.func and [tuple(limit) for limit in a.limits] == other:
            yield from renamings(a.function, substitute(b.function, at), known)
    elif not a.args or not b.args:
        if a == b:
            yield known
    elif a.func == b.func and len(a.args) == len(b.args):
        in_any_order = isinstance(a, (sp.Add, sp.Mul))
        yield from _all(list(a.args), list(b.args), known, in_any_order)


def _all(a: list[Expr], b: list[Expr], known: Renaming, in_any_order: bool) -> Iterator[Renaming]:
    if not a:
        yield known
        return
    for i, other in enumerate(b if in_any_order else b[:1]):
        for found in renamings(a[0], other, known):
            yield from _all(a[1:], b[:i] + b[i + 1 :], found, in_any_order)


@dataclass(frozen=True)
class Alike:
    """Formulas that differ in some families only, which stand below each other in columns."""

    columns: tuple[tuple[str, ...], ...]
    formulas: tuple[Expr, ...]
    left: tuple[str, ...] = ()
    """The families that are defined to be the formulas, where they are right sides."""

    def only(self, rows: Sequence[int]) -> Alike:
        """Some of the formulas."""
        left = tuple(self.left[i] for i in rows) if self.left else ()
        columns = tuple(tuple(c[i] for i in rows) for c in self.columns)
        return Alike(columns, tuple(self.formulas[i] for i in rows), left)


def classes(formulas: Sequence[tuple[str, Expr]]) -> Iterator[Alike]:
    """Sets of two or more formulas that are alike; the name of each is that of its left side."""
    rest = list(formulas)
    while rest:
        (name, first), *rest = rest
        buckets: dict[frozenset[str], list[tuple[int, Renaming]]] = {}
        for place, (other, formula) in enumerate(rest):
            found = next(renamings(first, formula, {name: other} if name else {}), None)
            if found is not None:
                changed = frozenset(x for x, y in found.items() if x != y)
                buckets.setdefault(changed, []).append((place, found))
        for changed, rows in sorted(buckets.items(), key=lambda b: -len(b[1])):
            columns = tuple((x, *(f[x] for _, f in rows)) for x in sorted(changed))
            if changed and all(len(set(c)) == len(c) for c in columns):
                chosen = [(name, first), *(rest[place] for place, _ in rows)]
                left = tuple(n for n, _ in chosen if n)
                yield Alike(columns, tuple(f for _, f in chosen), left)
                taken = {place for place, _ in rows}
                rest = [r for i, r in enumerate(rest) if i not in taken]
                break
