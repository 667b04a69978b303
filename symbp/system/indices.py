"""Index algebra: ranges of integers, affine maps between them, and what follows from bounds.

Every index of a system runs over a `Range` whose bounds are affine in sizes and in indices
that stand before it. `Facts` decides a ≤ b from such ranges; it answers "not known" rather
than guess, so a True is a proof.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

import sympy as sp
from sympy import Expr, Indexed, S, Symbol, Tuple
from sympy.concrete.expr_with_limits import ExprWithLimits

from symbp.system.contents import free_symbols, has, rebuilt


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


class Facts:
    """What is known of integers: ranges of indices, least values of sizes.

    >>> L, l = sp.symbols("L l", integer=True)
    >>> facts = Facts({L: (sp.S(1), None), l: (sp.S(1), L - 1)})
    >>> facts.le(l + 1, L), facts.le(l, L - 2)
    (True, False)
    """

    def __init__(
        self,
        bounds: Mapping[Expr, tuple[Expr | None, Expr | None]],
        values: Mapping[Expr, Expr] | None = None,
        defined: Mapping[Expr, Expr] | None = None,
    ) -> None:
        self._bounds = dict(bounds)
        self._values = dict(values or {})
        self._defined = dict(defined or {})
        """Sizes that follow from others: P = N - K + 1."""
        self._all = tuple(tuple(d.items()) for d in (self._bounds, self._values, self._defined))
        self._hash = hash(self._all)

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Facts) and self._all == other._all)

    def __hash__(self) -> int:
        return self._hash

    def given(self, ranges: Iterable[Range]) -> Facts:
        """These facts and the ranges."""
        more = {r.symbol: (r.lower, r.upper) for r in ranges}
        return Facts({**self._bounds, **more}, self._values, self._defined)

    def le(self, a: Expr, b: Expr) -> bool:
        """Whether a ≤ b follows. False: it does not follow (not: it is wrong)."""
        if a == b or self._bounds.get(b, (None,))[0] == a or self._bounds.get(a, (None,))[-1] == b:
            return True  # what is asked most often: an index and its own range
        return _follows(self, b - a)

    def at_sizes(self, values: Mapping[Expr, Expr]) -> Facts:
        """These facts where some sizes have values: what follows holds at those sizes only."""
        return Facts(self._bounds, values, self._defined)

    def _known(self, e: Expr) -> Expr:
        """e expanded, with sizes that have a value replaced by it: first L, then n[L]."""
        if self._values:
            e = e.xreplace({a: v for a, v in self._values.items() if isinstance(a, Symbol)})
            e = e.xreplace(self._values)
        return sp.expand(e)

    def equal(self, a: Expr, b: Expr) -> bool:
        """Whether a = b follows."""
        return bool(sp.expand(a - b) == 0)

    def nonnegative(self, e: Expr) -> bool:
        """Whether e ≥ 0 follows."""
        return self._nonnegative(self._known(e), 12, set())

    def _nonnegative(self, e: Expr, depth: int, tried: set[Expr]) -> bool:
        if e.is_Number:
            return bool(e >= 0)
        if depth == 0 or e in tried:
            return False
        tried.add(e)
        for choice in self._lower_bounds(e):
            if self._nonnegative(self._known(choice), depth - 1, tried):
                return True
        return False

    def _lower_bounds(self, e: Expr) -> Iterator[Expr]:
        """Expressions that e is at least, each with one atom replaced by a bound of it."""
        for atom in sorted(affine_atoms(e), key=self._rank):
            c = e.coeff(atom)
            if not c.is_number:  # l in l + l*n: what a bound of it says depends on n
                continue
            rest = e - c * atom
            if isinstance(atom, (sp.floor, sp.ceiling)):
                yield _rounded_off(atom, c, rest)
                continue
            for bound in self._bounds_of(atom, from_below=bool(c > 0)):
                yield rest + c * bound

    def _rank(self, atom: Expr) -> tuple[int, str]:
        """Indices that came last are eliminated first: their bounds speak of the earlier ones."""
        order = list(self._bounds)
        return (-order.index(atom) if atom in self._bounds else 1, str(atom))

    def _bounds_of(self, atom: Expr, from_below: bool) -> Iterator[Expr]:
        if isinstance(atom, sp.Max if from_below else sp.Min):
            yield from atom.args
            return
        key = atom.base if isinstance(atom, Indexed) and atom not in self._bounds else atom
        bound = self._bounds.get(key, (None, None))[0 if from_below else 1]
        if bound is not None:
            yield bound
        if atom in self._defined:
            yield self._defined[atom]


@lru_cache(maxsize=1 << 14)
def _follows(facts: Facts, e: Expr) -> bool:
    """Whether e ≥ 0 follows: the same few questions are asked of every network."""
    return facts.nonnegative(e)


def affine_atoms(e: Expr) -> list[Expr]:
    """The symbols, sizes n_l, minima, maxima and roundings that e is an affine combination of."""
    terms = sp.Add.make_args(e)
    atoms = {t.as_coeff_Mul()[1] for t in terms} - {S.One}
    kinds = (Symbol, Indexed, sp.Max, sp.Min, sp.floor, sp.ceiling)
    return [a for a in atoms if isinstance(a, kinds)]


def _rounded_off(atom: Expr, c: Expr, rest: Expr) -> Expr:
    """What c·⌊x⌋ + rest or c·⌈x⌉ + rest is at least, for x = integer/d.

    x − (d−1)/d ≤ ⌊x⌋ ≤ x ≤ ⌈x⌉ ≤ x + (d−1)/d. Beside integers it is enough for ≥ 0 that what is
    rounded has the right sign: ⌊x⌋ + k ≥ 0 where x + k ≥ 0, ⌈x⌉ + k ≥ 0 where x + k > −1.
    """
    x = atom.args[0]
    slack = 1 - 1 / sp.fraction(sp.together(x))[1]
    up = isinstance(atom, sp.ceiling) == bool(c > 0)  # rounded away from what would break it
    if rest.is_integer and abs(c) == 1:
        return rest + c * x + (slack if up else 0)
    return rest + c * x - (0 if up else abs(c) * slack)


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
    expanded = sp.expand(e)
    c = expanded.coeff(symbol)
    if symbol in free_symbols(c) or symbol in free_symbols(expanded - c * symbol):
        return None
    return c


def rename_bound(e: Expr, taken: set[str]) -> Expr:
    """e with the bound indices of its sums renamed where they are dummies or taken outside.

    >>> i, j, n = sp.symbols("i j n", integer=True)
    >>> x = sp.IndexedBase("x")
    >>> rename_bound(sp.Sum(x[j], (j, 1, n)), {"j"})
    Sum(x[k], (k, 1, n))
    """
    return _renamed(e, frozenset(taken))


@lru_cache(maxsize=1 << 12)
def _renamed(e: Expr, taken: frozenset[str]) -> Expr:
    if not e.args or not has(e, ExprWithLimits):
        return e
    if not is_binder(e):
        return rebuilt(e, [_renamed(a, taken) for a in e.args])
    free = {s.name for s in free_symbols(e) if not isinstance(s, sp.Dummy)}
    used = taken | free
    new: dict[Expr, Expr] = {}
    for k, *_ in reversed(e.limits):
        new[k] = fresh_symbol(k, used)
        used = used | {new[k].name}
    limits = [Tuple(new[k], *(substitute(b, new) for b in bounds)) for k, *bounds in e.limits]
    return rebuilt(e, (_renamed(substitute(e.function, new), used), *limits))
