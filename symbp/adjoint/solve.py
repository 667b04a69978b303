"""Solving g(I, K) = J: which I, K reach the entry u[J], and what they add to its adjoint."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import sympy as sp
from sympy import Expr, S, Symbol

from symbp.adjoint.partials import Occurrence
from symbp.system import Equation, Facts, Range, Slot, Variable
from symbp.system.contents import data_in, free_symbols, node
from symbp.system.equation import index_of
from symbp.system.indices import AtLeast, affine_coefficient, substitute
from symbp.system.linear import difference, expression, linear
from symbp.system.regions import Box, Interval


@dataclass(frozen=True)
class Contribution:
    """Σ_rest ∂C/∂upstream[index] · factor, added to ∂C/∂family on `box`.

    Written in the family's own index symbols; the indices of `rest` are dummies.
    """

    family: str
    equation: Equation
    """The equation whose right side holds the occurrence."""
    upstream: str
    index: tuple[Expr, ...]
    factor: Expr
    rest: tuple[Range, ...]
    box: Box

    def value(self, upstream: Expr) -> Expr:
        """The contribution, with `upstream` for ∂C/∂upstream[index]."""
        return sum_out(upstream * self.factor, self.rest)


@lru_cache(maxsize=1 << 12)
def contribution(
    variable: Variable,
    equation: Equation,
    index: tuple[Expr, ...],
    domain: tuple[Range, ...],
    occurrence: Occurrence,
    facts: Facts,
) -> Contribution:
    """The term that one occurrence adds; `index` and `domain` are the equation's, with dummies."""
    task = _Solve(variable, [*domain, *occurrence.opened], facts)
    task.solve(index_of(occurrence.entry))
    task.bound()
    factor = substitute(occurrence.factor, task.solution) * sp.Mul(*task.guards)
    upstream_index = tuple(substitute(i, task.solution) for i in index)
    return Contribution(
        family=variable.name,
        equation=equation,
        upstream=equation.family,
        index=upstream_index,
        factor=factor,
        rest=tuple(task.rest),
        box=task.box(),
    )


class _Solve:
    """The state of one solution: what is solved, what is left, what bounds it."""

    def __init__(self, variable: Variable, unknown: list[Range], facts: Facts) -> None:
        self.slots: tuple[Slot, ...] = variable.slots
        self.unknown = unknown
        self.facts = facts
        self.solution: dict[Expr, Expr] = {}
        self.guards: list[Expr] = []
        self.narrowed: dict[Symbol, Interval] = {}
        self.rest: list[Range] = []

    def solve(self, entry_index: tuple[Expr, ...]) -> None:
        """g = J, slot by slot: solved for an index, a condition on J, or a guard [g = J]."""
        own = {s.symbol for s in self.slots}
        for slot, index in zip(self.slots, entry_index, strict=True):
            g = substitute(index, self.solution)
            found = self._solvable(g)
            if found is not None:
                symbol, c = found
                value = sp.expand((slot.symbol - (g - c * symbol)) / c)
                self.solution = {
                    a: substitute(b, {symbol: value}) for a, b in self.solution.items()
                }
                self.solution[symbol] = value
            elif self._is_constant(g) and not free_symbols(g) & own:
                self.narrowed[slot.symbol] = (g, g)
            else:
                self.guards.append(sp.KroneckerDelta(g, slot.symbol))
        self.guards = [
            substitute(g, self.solution) for g in self.guards
        ]  # of later slots: [c_i = j]

    def bound(self) -> None:
        """Ranges of solved indices, and those that came to speak of later ones, become bounds."""
        moved = [r.substitute(self.solution) for r in self.unknown]
        free = {r.symbol for r in self.unknown if r.symbol not in self.solution}
        loose = []
        for r in moved:
            value = self.solution.get(r.symbol, r.symbol)
            early = value == r.symbol and not (free_symbols(r.lower) | free_symbols(r.upper)) & free
            if value == r.symbol:
                unbounded = Range(r.symbol, -sp.oo, sp.oo)
                self.rest.append(r if early else unbounded)
                free = free - {r.symbol} if early else free
            if not early:
                loose.append((value, r))
        for value, r in loose:
            for e in unknown_bounds(r, value, self._known()):
                self._require(e)
        for r in list(self.rest):
            self._settle(r)

    def _settle(self, r: Range) -> None:
        """An index of the rest that can have one value only: ⌈p/2⌉ ≤ r ≤ ⌊(p + 1)/2⌋."""
        if is_single(r, self._known()):
            at: dict[Expr, Expr] = {r.symbol: r.lower}
            self.rest = [q.substitute(at) for q in self.rest if q.symbol != r.symbol]
            self.guards = [substitute(g, at) for g in self.guards]
            self.solution = {a: substitute(b, at) for a, b in self.solution.items()} | at

    def box(self) -> Box:
        """Where J must be for the contribution to exist."""
        return tuple(self.narrowed.get(s.symbol) for s in self.slots)

    def _solvable(self, g: Expr) -> tuple[Symbol, Expr] | None:
        for r in self.unknown:
            c = affine_coefficient(g, r.symbol)
            if r.symbol not in self.solution and c in (S.One, S.NegativeOne):
                return r.symbol, c
        return None

    def _is_constant(self, g: Expr) -> bool:
        return not free_symbols(g) & {r.symbol for r in self.unknown} and not _is_data(g)

    def _known(self) -> Facts:
        bounded = [r for r in self.rest if r.upper != sp.oo and r.lower != -sp.oo]
        return self.facts.given(self._own_range(s) for s in self.slots).given(bounded)

    def _own_range(self, slot: Slot) -> Range:
        """The range of J in one slot as narrowed so far, at the points fixed before it."""
        if slot.symbol in self.narrowed:
            return Range(slot.symbol, *self.narrowed[slot.symbol])
        return slot.range.substitute({j: a for j, (a, b) in self.narrowed.items() if a == b})

    def _require(self, e: Expr) -> None:
        """Make e ≥ 0 hold by narrowing the last index of the rest, or else of J, in e."""
        facts = self._known()
        e = sp.expand(substitute(e, {j: a for j, (a, b) in self.narrowed.items() if a == b}))
        if facts.le(S.Zero, e):
            return
        for place in reversed(range(len(self.rest))):
            r = self.rest[place]
            bound = _bound(e, r.symbol)
            if bound is not None:
                low, high = narrow(r.lower, r.upper, bound, facts)
                self.rest[place] = Range(r.symbol, low, high)
                return
        for slot in reversed(self.slots):
            bound = _bound(e, slot.symbol)
            if bound is not None and not free_symbols(bound[1]) & {r.symbol for r in self.unknown}:
                old = self._own_range(slot)
                self.narrowed[slot.symbol] = narrow(old.lower, old.upper, bound, facts)
                return
        self.guards.append(AtLeast(e))


def is_single(r: Range, facts: Facts) -> bool:
    """Whether a range is known to hold one value, for another reason than its looks.

    >>> p, r = sp.symbols("p r", integer=True)
    >>> is_single(Range(r, sp.ceiling(p / 2), sp.floor((p + 1) / 2)), Facts({}))
    True
    """
    rounded = r.lower.has(sp.ceiling) and r.upper.has(sp.floor)
    return rounded and facts.le(r.lower, r.upper) and facts.le(r.upper, r.lower)


def conditions(e: Expr) -> list[Expr]:
    """e ≥ 0 as conditions without minima and maxima: Min(a, b) ≥ j means a ≥ j and b ≥ j.

    >>> j, n, q = sp.symbols("j n q", integer=True)
    >>> conditions(sp.Min(n, sp.floor(q / 2)) - j)
    [-j + n, -j + q/2]
    """
    form = linear(e)
    for atom, c in form.items():
        rest = expression({term: other for term, other in form.items() if term != atom})
        if isinstance(atom, sp.Min if c > 0 else sp.Max):
            return [part for a in atom.args for part in conditions(rest + c * a)]
        if isinstance(atom, sp.floor if c > 0 else sp.ceiling) and abs(c) == 1 and rest.is_integer:
            return conditions(rest + c * atom.args[0])
    return [expression(form)]


def unknown_bounds(r: Range, value: Expr, facts: Facts) -> list[Expr]:
    """What is not known of lower ≤ value ≤ upper, as conditions e ≥ 0."""
    below = [] if facts.le(r.lower, value) else conditions(value - r.lower)
    above = [] if facts.le(value, r.upper) else conditions(r.upper - value)
    return [*below, *above]


def bound_of(guard: Expr, symbol: Symbol) -> tuple[str, Expr] | None:
    """What a factor [e ≥ 0] says of a symbol; None where it is none, or says nothing affine."""
    return _bound(sp.expand(guard.args[0]), symbol) if isinstance(guard, AtLeast) else None


def _bound(e: Expr, symbol: Symbol) -> tuple[str, Expr] | None:
    """What e ≥ 0 says of a symbol: ("lower", b) or ("upper", b); None if nothing affine."""
    c = affine_coefficient(e, symbol)
    if c is None or c == 0 or not c.is_number:
        return None
    rest = difference(e, c * symbol)
    if abs(c) == 1:
        return ("lower", -rest) if c > 0 else ("upper", rest)
    return ("lower", sp.ceiling(-rest / c)) if c > 0 else ("upper", sp.floor(rest / -c))


def narrow(low: Expr, high: Expr, bound: tuple[str, Expr], facts: Facts) -> Interval:
    """The interval as a further bound leaves it."""
    side, b = bound
    if low == -sp.oo or high == sp.oo:
        return (
            (b if low == -sp.oo else sp.Max(low, b), high)
            if side == "lower"
            else (low, b if high == sp.oo else sp.Min(high, b))
        )
    if side == "lower":
        new = b if facts.le(low, b) else low if facts.le(b, low) else _extreme(sp.Max, low, b)
        return new, high
    return low, b if facts.le(b, high) else high if facts.le(high, b) else _extreme(sp.Min, high, b)


def _extreme(kind: type[sp.Max | sp.Min], a: Expr, b: Expr) -> Expr:
    """The greater or the lesser of two between which nothing is known."""
    nested = isinstance(a, kind) or isinstance(b, kind)
    return kind(a, b) if nested else kind(a, b, evaluate=False)  # SymPy would search long


def _is_data(g: Expr) -> bool:
    """Whether an index is itself looked up in a family of data (a gather), or is a label."""
    return any(not a.is_integer for a in data_in(g))


def sum_out(e: Expr, rest: tuple[Range, ...]) -> Expr:
    """Σ_rest e, with each factor pulled out of the sums that do not reach it."""
    for r in reversed(rest):
        factors = sp.Mul.make_args(e)
        inside = [f for f in factors if r.symbol in free_symbols(f)]
        outside = [f for f in factors if r.symbol not in free_symbols(f)]
        plain = r.lower == 1 and isinstance(r.upper, (sp.Symbol, sp.Indexed))
        if not inside and plain:
            e = sp.Mul(*outside) * r.upper  # Σ 1 = n, as n is a size and not below 0
        else:
            limit = sp.Tuple(r.symbol, r.lower, r.upper)
            e = sp.Mul(*outside, node(sp.Sum, sp.Mul(*inside), limit))
    return e


def extent(e: Expr, ranges: tuple[Range, ...]) -> Interval | None:
    """The least and greatest value of an affine index over ranges; None where it is not affine."""
    low = high = e
    for r in reversed(ranges):
        a, b = affine_coefficient(low, r.symbol), affine_coefficient(high, r.symbol)
        if a is None or b is None or not (a.is_number and b.is_number):
            return None
        low = substitute(low, {r.symbol: r.lower if a >= 0 else r.upper})
        high = substitute(high, {r.symbol: r.upper if b >= 0 else r.lower})
    return sp.expand(low), sp.expand(high)
