"""Whether left − right becomes 0 by the laws, with sizes and layers that are letters.

What is latest in the order of evaluation is replaced first: a derivative ∂f/∂u by what u is used
for, an entry by its equation. Where a layer decides which equation holds, both cases are looked
at: l = L and l ≤ L − 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

import sympy as sp
from sympy import Expr, Symbol

from symbp.adjoint import Contribution
from symbp.errors import SymbpError
from symbp.functions import TABLE, X
from symbp.judge.scope.algebra import Algebra, Change
from symbp.judge.scope.atoms import Atom, Poly, keys_in
from symbp.judge.scope.linear import (
    Known,
    Lin,
    Uncovered,
    letter,
    letters,
    minus,
    plus,
    substitute,
)
from symbp.judge.scope.poly import Purse, Spent, add, number, scaled
from symbp.judge.scope.reader import Names, Network, Reader, Split, inside
from symbp.system import Kind, Range

#: How often something is replaced, and how often a proof is cut into cases.
STEPS, CASES = 24, 4
#: A kind of atom, a family, the walked indices of it; for a derivative those of f too.
Group = tuple[Any, ...]


@dataclass(frozen=True)
class Goal:
    """left = right where something is known of the letters."""

    left: Expr
    right: Expr
    names: Mapping[Symbol, Lin] = field(default_factory=dict)
    """Letters that have a value."""


def holds(
    goal: Goal, network: Network, known: Known, totals: Mapping[str, tuple[int, Lin, Lin]],
    purse: Purse | None = None, cases: int = CASES,
) -> bool:  # fmt: skip
    """Whether a goal is proved by the laws, in as many cases as it takes."""
    if known.empty():
        return True
    purse = purse or Purse()
    split: Split | None = None
    for written_out in (False, True) if _exponentials(goal, network) else (False,):
        try:
            if _Proof(goal, network, known, totals, purse, written_out).found():
                return True
        except Split as open_case:
            split = split or open_case
        except (Spent, RecursionError):
            return False
        except (Uncovered, SymbpError):
            continue
    if split is None or not cases:
        return False
    for e in (split.e, plus(Lin(-1), split.e, -1)):
        try:
            case = known.assume(e)
        except Uncovered:
            return False
        if not holds(goal, network, case, totals, purse, cases - 1):
            return False
    return True


def _exponentials(goal: Goal, network: Network) -> bool:
    """Whether e^x is written out somewhere, so that σ and tanh may have to be too."""
    sides = (goal.left, goal.right, *(e.rhs for e in network.system.equations))
    return any(e.has(sp.exp, TABLE["exp"](X).func) for e in sides)


class _Derivatives(Algebra):
    """Polynomials in which ∂f/∂u is 0 or Π [i = j] where the equations say so at once."""

    network: Network

    def derivative(self, f: Atom, u: Atom, known: Known | None = None) -> Poly:
        """∂f/∂u as an atom, unless it is known at once."""
        known = known or self.known
        network = self.network
        reached = u[1] in network.needs.get(f[1], ())
        if f[1] == u[1]:
            outer = network.walked[f[1]]
            if not reached or all(f[2][i] == u[2][i] for i in outer):
                return self.same(f, u)
        elif not reached:
            return {}
        if self._later(f, u, known):
            return {}
        one, other = (network.index_of_kind(x[1], x[2], Kind.SAMPLE) for x in (f, u))
        if f[1] in network.samplewise and None not in (one, other) and one != other:
            slots = network.system[u[1]].slots
            moved = tuple(one if s.kind is Kind.SAMPLE else i
                          for s, i in zip(slots, u[2], strict=True))  # fmt: skip
            same = self.equal(minus(one, other))
            return self.times(same, self.derivative(f, (*u[:2], moved), known))
        return self.atom(("derivative", f, u))

    def same(self, f: Atom, u: Atom) -> Poly:
        """Π [i = j]: whether two entries of one family are the same entry."""
        pairs = zip(f[2], u[2], strict=True)
        return reduce(self.times, (self.equal(minus(a, b)) for a, b in pairs), number(1))

    def _later(self, f: Atom, u: Atom, known: Known) -> bool:
        """Whether u is at a later layer or time than anything that f depends on."""
        network = self.network
        for kind in (Kind.LAYER, Kind.TIME):
            a, b = (network.index_of_kind(x[1], x[2], kind) for x in (f, u))
            runs = None not in (a, b) and network.never_ahead(f[1], kind)
            if runs and known.le(plus(a, Lin(1)), b):
                return True
        return False


class _Proof:
    """left − right on its way to 0."""

    def __init__(
        self, goal: Goal, network: Network, known: Known,
        totals: Mapping[str, tuple[int, Lin, Lin]], purse: Purse, written_out: bool,
    ) -> None:  # fmt: skip
        self.network = network
        self.algebra = _Derivatives(known, totals, purse)
        self.algebra.network = network
        self.reader = Reader(network, self.algebra, written_out)
        pinned = {s[1:]: value for s, value in known.pinned().items()}
        free = {s for e in (goal.left, goal.right) for s in e.free_symbols}
        self.names: Names = {
            **{s: pinned[s.name] for s in free if getattr(s, "name", None) in pinned},
            **goal.names,
        }
        self.goal = goal
        self._inside: dict[Atom, frozenset[Group]] = {}
        """What groups of atoms stand in an atom."""

    def found(self) -> bool:
        """Whether left − right is 0 after some replacements."""
        left, right = (self.reader.poly(e, self.names) for e in (self.goal.left, self.goal.right))
        start = add(left, scaled(right, -number(1)[((), ())]))
        frozen = self._frontier(start)
        open_case: Split | None = None
        ways = [(start, frozen), (start, set())] if frozen else [(start, set())]
        whole = self._made_of(start)
        if whole is not None:
            ways.insert(0, (whole, self._frontier(whole)))
        for p, kept in ways:
            stuck = set(kept)
            for _ in range(STEPS):
                if self.algebra.is_zero(p):
                    return True
                group = self._latest(p, stuck)
                if group is None:
                    break
                try:
                    p = self._replaced(p, group)
                except Split as split:
                    open_case = open_case or split
                    stuck.add(group)
                except Uncovered:
                    stuck.add(group)
        if open_case is not None:
            raise open_case
        return False

    def _made_of(self, p: Poly) -> Poly | None:
        """The claim with ∂E/∂u by E = Σ_t E_t, where it speaks of ∂E_t/∂u too; None otherwise."""
        system = self.network.system
        losses = {g[3] for g in self._groups(p) if g[0] == "derivative" and all(
            s.kind in (Kind.SAMPLE, Kind.TIME) for s in system[g[3]].slots)}  # fmt: skip
        above = {f for f in losses if losses & self.network.needs.get(f, set())}
        if not above:
            return None

        def change(atom: Atom, known: Known) -> Poly | None:
            if atom[0] != "derivative" or atom[1][1] not in above:
                return None
            definition = self.reader.definition(atom[1], known)
            if definition is None:
                return None
            return self.reader.through(definition[0].rhs, definition[1], lambda o, names: (
                self.algebra.derivative(self.reader.entry(o.entry, names), atom[2])))  # fmt: skip

        try:
            return self._changed(p, change)
        except (Split, Uncovered):
            return None

    # -- what is replaced first ----------------------------------------------------------------

    def _groups(self, p: Poly) -> Iterator[Group]:
        for _, factors in p:
            for atom, _ in factors:
                yield from self._groups_of(atom)

    def _groups_of(self, atom: Atom) -> Iterator[Group]:
        if atom[0] in ("entry", "derivative"):
            yield self._group(atom)
        for key in keys_in(atom):
            yield from self._groups(dict(key))

    def _group(self, atom: Atom) -> Group:
        """Atoms that differ by their units only are replaced together."""
        if atom[0] == "derivative":
            return ("derivative", *self._walk(atom[2]), *self._walk(atom[1]))
        return ("entry", *self._walk(atom))

    def _walk(self, entry: Atom) -> tuple[str, tuple[Lin, ...]]:
        walked = self.network.walked[entry[1]]
        return entry[1], tuple(_masked(entry[2][i]) for i in walked)

    def _frontier(self, p: Poly) -> set[Group]:
        """All derivatives of a quantity but the earliest one: the claim is about their relation."""
        found: dict[Any, set[Group]] = {}
        for g in self._groups(p):
            if g[0] == "derivative":
                found.setdefault(g[3:], set()).add(g)
        return {g for gs in found.values() if len(gs) > 1
                for g in gs - {min(gs, key=self._position)}}  # fmt: skip

    def _position(self, g: Group) -> tuple[Any, ...]:
        """Where in the order of evaluation a group stands, as far as letters show it."""
        group, place = self.network.place.get(g[1], (-1, 0))
        return (group, sum(_guess(i) for i in g[2]), place, repr(g))

    def _latest(self, p: Poly, stuck: set[Group]) -> Group | None:
        groups = set(self._groups(p)) - stuck
        derivatives = [g for g in groups if g[0] == "derivative"]
        if derivatives:
            return min(derivatives, key=self._position)
        values = [g for g in groups if g[0] == "entry" and g[1] in self.network.place]
        return max(values, key=self._position, default=None)

    # -- replacing -----------------------------------------------------------------------------

    def _replaced(self, p: Poly, group: Group) -> Poly:
        def change(atom: Atom, known: Known) -> Poly | None:
            if self._group(atom) != group:
                return None
            if atom[0] == "derivative":
                return self._by_uses(atom[1], atom[2], known)
            definition = self.reader.definition(atom, known)
            if definition is None:
                raise Uncovered
            return self.reader.poly(definition[0].rhs, definition[1])

        def concerns(atom: Atom) -> bool:
            if atom not in self._inside:
                self._inside[atom] = frozenset(self._groups_of(atom))
            return group in self._inside[atom]

        return self._changed(p, change, concerns)

    def _changed(
        self, p: Poly, change: Change, concerns: Callable[[Atom], bool] = lambda a: True
    ) -> Poly:
        """p with atoms replaced, each with what is known of the letters around it."""

        def knowing(atom: Atom, known: Known) -> Poly | None:
            before = self.algebra.known
            self.algebra.known = known
            try:
                return change(atom, known)
            finally:
                self.algebra.known = before

        return self.algebra.rebuilt(p, {}, knowing, None, concerns)

    def _by_uses(self, f: Atom, u: Atom, known: Known) -> Poly:
        """∂f/∂u = [f is u] + Σ over the uses of u."""
        if u[1] not in self.network.uses:
            raise Uncovered
        found = [self.algebra.same(f, u)] if f[1] == u[1] else []
        for c in self.network.uses[u[1]]:
            names = {s.symbol: i for s, i in zip(
                self.network.system[u[1]].slots, u[2], strict=True)}  # fmt: skip
            guard = self._in_box(c, u, names, known)
            if guard:
                found.append(self.algebra.times(guard, self._use(c, f, names, c.rest)))
        return add(*found)

    def _in_box(self, c: Contribution, u: Atom, names: Names, known: Known) -> Poly:
        """Whether a use holds for an entry: 1, 0, or [j = c] for a letter of a sum."""
        guard = number(1)
        for interval, i in zip(c.box, u[2], strict=True):
            if interval is None:
                continue
            low, high = (self.reader.lin(x, names) for x in interval)
            if low == high and letters(i) != letters(_masked(i)):
                guard = self.algebra.times(guard, self.algebra.equal(minus(i, low)))
            elif not inside(i, low, high, known):
                return {}
        return guard

    def _use(self, c: Contribution, f: Atom, names: Names, rest: Sequence[Range]) -> Poly:
        if rest:
            return self.reader.over(rest[0], names, lambda here: self._use(c, f, here, rest[1:]))
        index = tuple(self.reader.lin(i, names) for i in c.index)
        above = self.algebra.derivative(f, ("entry", c.upstream, index), self.algebra.known)
        return self.algebra.times(above, self.reader.poly(c.factor, names)) if above else {}


def _masked(i: Lin) -> Lin:
    """An index with the letters of sums unnamed."""
    bound = {part: letter("*") for part, _ in i.parts
             if isinstance(part, str) and part.startswith(("?", "~"))}  # fmt: skip
    return substitute(i, bound)


def _guess(i: Lin) -> int:
    """A number for an index: letters in the middle, sizes at the end."""
    total = i.const
    for part, c in i.parts:
        total += c * (20 if isinstance(part, tuple) or part[0] not in ":*" else 10)
    return total
