"""Index algebra: ranges of integers, and affine maps between them.

Every index of a system runs over a `Range` whose bounds are affine in sizes and in indices
that stand before it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache

import sympy as sp
from sympy import Expr, S, Symbol, Tuple
from sympy.concrete.expr_with_limits import ExprWithLimits

from symbp.system.contents import free_symbols, has, rebuilt
from symbp.system.linear import linear


@dataclass(frozen=True)
class Range:
    """The integers lower ≤ symbol ≤ upper."""

    symbol: Symbol
    lower: Expr
    upper: Expr

    def substitute(self, mapping: Mapping[Expr, Expr]) -> Range:
        """The range with its bounds (not its symbol) mapped."""
        return Range(self.symbol, substitute(self.lower, mapping), substitute(self.upper, mapping))

    def __str__(self) -> str:
        return f"{self.lower} ≤ {self.symbol} ≤ {self.upper}"


def substitute(e: Expr, mapping: Mapping[Expr, Expr]) -> Expr:
    """e with free symbols mapped at once; bound indices of sums are left alone.

    >>> i, j, n = sp.symbols("i j n", integer=True)
    >>> x = sp.IndexedBase("x")
    >>> substitute(x[j], {j: i + 1}), substitute(sp.Sum(x[j], (j, 1, n)), {j: i + 1})
    (x[i + 1], Sum(x[j], (j, 1, n)))
    """
    if not mapping:
        return e
    if e in mapping:
        return mapping[e]
    if not e.args or free_symbols(e).isdisjoint(mapping):
        return e
    if is_binder(e):
        return _substitute_under_binder(e, mapping)
    return rebuilt(e, [substitute(a, mapping) for a in e.args])


@lru_cache(maxsize=1 << 10)
def stand_in(symbol: Symbol, depth: int = 0) -> Symbol:
    """A dummy for an index, the same one at each call, so that what has it can be remembered."""
    return sp.Dummy(symbol.name, integer=True)


def is_binder(e: Expr) -> bool:
    """Whether e binds indices: its arguments are a body and limits (k, lower, upper)."""
    return isinstance(e, ExprWithLimits)


def ranges_of(e: Expr) -> tuple[Range, ...]:
    """The ranges that a sum or another binder opens, outermost first."""
    return tuple(Range(k, lo, hi) for k, lo, hi in reversed(e.limits))


def _substitute_under_binder(e: Expr, mapping: Mapping[Expr, Expr]) -> Expr:
    limits = e.limits
    bound = {k for k, *_ in limits}
    inner = {a: b for a, b in mapping.items() if a not in bound}
    captured = bound & set().union(*(free_symbols(b) for b in inner.values()))
    renamed = {k: sp.Dummy(k.name, integer=True) for k in captured}
    body = substitute(e.function, {**inner, **renamed})
    new = [
        Tuple(renamed.get(k, k), *(substitute(b, {**inner, **renamed}) for b in bounds))
        for k, *bounds in limits
    ]
    return rebuilt(e, (body, *new))


#: Letters that stand for indices of one kind; a clash is resolved by the next in the row.
LETTERS = ("jkipqrs", "likh", "mi", "tsτ", "uvab", "cde")


def fresh_symbol(symbol: Symbol, taken: Collection[str]) -> Symbol:
    """An index of the same kind as `symbol` whose name is not taken.

    >>> j = sp.Symbol("j", integer=True)
    >>> fresh_symbol(j, {"i", "j"})
    k
    """
    if symbol.name not in taken:
        return Symbol(symbol.name, integer=True)
    row = next((r for r in LETTERS if symbol.name in r), symbol.name)
    start = row.index(symbol.name) if symbol.name in row else 0
    for letter in row[start:] + row[:start]:
        if letter not in taken:
            return Symbol(letter, integer=True)
    count = next(i for i in range(1, 1000) if f"{symbol.name}_{i}" not in taken)
    return Symbol(f"{symbol.name}_{count}", integer=True)


class AtLeast(sp.Function):
    """[e ≥ 0] of an index expression: 1 or 0."""

    nargs = 1
    is_real = True

    @classmethod
    def eval(cls, e: Expr) -> Expr | None:
        """Decided where e is a number."""
        return (S.One if e >= 0 else S.Zero) if e.is_number else None


def affine_coefficient(e: Expr, symbol: Symbol) -> Expr | None:
    """c where e = c·symbol + (free of symbol), or None where e is not affine in it."""
    if symbol not in free_symbols(e):
        return S.Zero
    form = linear(e)
    if not any(symbol in free_symbols(term) for term in form if term != symbol):
        return sp.Rational(form.get(symbol, 0))
    expanded = sp.expand(e)
    c = expanded.coeff(symbol)
    if symbol in free_symbols(c) or symbol in free_symbols(expanded - c * symbol):
        return None
    return c


@lru_cache(maxsize=1 << 12)
def nameless(e: Expr, depth: int = 0) -> Expr:
    """e with bound indices that have no names: the same for sums that differ in names only.

    >>> i, j, n = sp.symbols("i j n", integer=True)
    >>> x = sp.IndexedBase("x")
    >>> nameless(sp.Sum(x[j], (j, 1, n))) == nameless(sp.Sum(x[i], (i, 1, n)))
    True
    """
    if not has(e, ExprWithLimits):
        return e
    if not is_binder(e):
        return rebuilt(e, [nameless(a, depth) for a in e.args])
    new = {k: stand_in(Symbol("·"), depth + i) for i, (k, *_) in enumerate(e.limits)}
    limits = [Tuple(new[k], *(substitute(b, new) for b in bounds)) for k, *bounds in e.limits]
    return rebuilt(e, (nameless(substitute(e.function, new), depth + len(new)), *limits))


#: Names that a model gives to the indices over a range: ((lower, upper), ("j", "k")).
Letters = tuple[tuple[tuple[Expr, Expr], tuple[str, ...]], ...]


def rename_bound(e: Expr, taken: set[str], letters: Letters = ()) -> Expr:
    """e with the bound indices of its sums renamed where they are dummies or taken outside.

    `letters` are tried first, those of the same range.

    >>> i, j, n = sp.symbols("i j n", integer=True)
    >>> x = sp.IndexedBase("x")
    >>> rename_bound(sp.Sum(x[j], (j, 1, n)), {"j"})
    Sum(x[k], (k, 1, n))
    >>> rename_bound(sp.Sum(x[j], (j, 1, n)), {"j"}, (((sp.S(1), n), ("j", "i")),))
    Sum(x[i], (i, 1, n))
    """
    return _renamed(e, frozenset(taken), letters)


def _renamed(e: Expr, taken: frozenset[str], letters: Letters) -> Expr:
    if not e.args or not has(e, ExprWithLimits):
        return e
    if not is_binder(e):
        return rebuilt(e, [_renamed(a, taken, letters) for a in e.args])
    free = {s.name for s in free_symbols(e) if type(s) is Symbol}
    used = taken | free
    new: dict[Expr, Expr] = {}
    for k, *bounds in reversed(e.limits):
        usual = next((names for r, names in letters if r == tuple(bounds)), ())
        known = next((a for a in usual if a not in used), None) if k.name in used else None
        letter = Symbol(known, integer=True) if known else fresh_symbol(k, used)
        used = used | {letter.name}
        if letter != k:
            new[k] = letter
    limits = [
        Tuple(new.get(k, k), *(substitute(b, new) for b in bounds)) if new else Tuple(k, *bounds)
        for k, *bounds in e.limits
    ]
    return rebuilt(e, (_renamed(substitute(e.function, new), used, letters), *limits))
