"""Equations of one form in a recurrence as one equation between stacked arrays.

    z_i = s_i + U_i h                    z_g = s_g + U_g h     g = 1, 2: one product of U with h
    z_f = s_f + U_f h
    ∂C/∂h = U_iᵀ δ_i + U_fᵀ δ_f          ∂C/∂h = Σ_g U_gᵀ δ_g

Families that stand for each other (z_i, z_f) make a stack; those that stand together (z_i, s_i,
U_i) have the same place in their stacks. The places are ordered such that what is alike lies
together: of four gates the three with σ first.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import permutations, takewhile

import sympy as sp
from sympy import Expr, Indexed, Integer, Symbol

from symbp.numbers.codegen.alike import Alike, classes
from symbp.numbers.codegen.hoist import loop_slot, recurrences
from symbp.numbers.codegen.parts import names_of
from symbp.system import Equation, Kind, Range, Role, Slot, System, Variable
from symbp.system.equation import family_of, index_of, walk

MOST = 6  #: places of which every order is tried
GATE, SUMMED = Symbol("gate", integer=True), Symbol("gate_", integer=True)


def stacked(system: System, keep: Collection[str]) -> System:
    """The system with stacks in its recurrences; the families of `keep` stay as they are."""
    found = [a for group in recurrences(system) for a in _Search(system, group, keep).found()]
    return _Stacks(system, found).system() if found else system


# -- what is alike ---------------------------------------------------------------------------------


class _Search:
    """What is alike in one recurrence and may be stacked."""

    def __init__(self, system: System, group: Sequence[str], keep: Collection[str]) -> None:
        self.given = system
        self.group = set(group)
        self.keep = set(keep)
        self.later = {name: self._reached(name) for name in group}

    def found(self) -> list[Alike]:
        """Equations, each after those that define what it reads; then terms of equations."""
        result: list[Alike] = []
        rest = [n for n in self.given.by_name if n in self.group]
        while new := [a for a in self._equations(rest) if self._is_ready(a, result)]:
            result += new
            rest = [n for n in rest if not any(n in a.left for a in new)]
        return result + list(self._terms())

    def _equations(self, names: Sequence[str]) -> Iterator[Alike]:
        forms: dict[object, list[tuple[str, Expr]]] = {}
        for name in names:
            own = self.given.defining(name)
            if len(own) == 1:
                forms.setdefault((own[0].index, own[0].domain), []).append((name, own[0].rhs))
        for same in forms.values():
            yield from self._allowed(classes(same))

    def _terms(self) -> Iterator[Alike]:
        for e in self.given.equations:
            if e.family in self.group:
                for node in sums_in(e.rhs):
                    terms = [("", t) for t in node.args if t.has(sp.Sum)]
                    yield from self._allowed(classes(terms))

    def _is_ready(self, a: Alike, before: Sequence[Alike]) -> bool:
        """Whether what the formulas read of this recurrence is in stacks."""
        stacks = [set(b.left) for b in before] + [set(a.left)]
        return all(
            self.group.isdisjoint(c) or any(set(c) <= stack for stack in stacks) for c in a.columns
        )

    def _allowed(self, found: Iterable[Alike]) -> Iterator[Alike]:
        """Those formulas whose families have one shape and do not need each other in one step."""
        for a in found:
            rows: list[int] = []
            for i in range(len(a.formulas)):
                if all(self._may_meet(c[i], c[j]) for c in a.columns for j in rows):
                    rows.append(i)
            if len(rows) > 1:
                yield a.only(rows)

    def _may_meet(self, a: str, b: str) -> bool:
        v, w = self.given[a], self.given[b]
        one_shape = v.slots == w.slots and v.role is w.role and not {a, b} & self.keep
        return one_shape and b not in self.later.get(a, ()) and a not in self.later.get(b, ())

    def _reached(self, name: str) -> set[str]:
        """The families that a family needs in the same step of the recurrence."""
        found: set[str] = set()
        stack = [name]
        while stack:
            for e in self.given.defining(stack.pop()):
                new = {n for n in self._needs(e) if n not in found}
                found |= new
                stack += new
        return found

    def _needs(self, e: Equation) -> Iterator[str]:
        own = e.index[self._slot(e.family)]
        for node, _ in walk(e.rhs):
            name = str(family_of(node))
            if name in self.group and index_of(node)[self._slot(name)] == own:
                yield name

    def _slot(self, name: str) -> int:
        slot = loop_slot(self.given[name])
        assert slot is not None
        return slot


def sums_in(e: Expr) -> Iterator[sp.Add]:
    """The sums of terms in e, outside of Σ."""
    if isinstance(e, sp.Add):
        yield e
    if isinstance(e, (sp.Add, sp.Mul, sp.Function)):
        for a in e.args:
            yield from sums_in(a)


# -- stacks ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Stack:
    """A family of families: `gate` is the new index, at `slot`."""

    variable: Variable
    slot: int

    def index(self, index: Sequence[Expr], place: Expr) -> tuple[Expr, ...]:
        """The index in the stack of what has an index in the family at a place."""
        return (*index[: self.slot], place, *index[self.slot :])

    def entry(self, e: Expr, place: Expr) -> Expr:
        """What an entry of the family at a place is in the stack."""
        return self.variable[self.index(index_of(e), place)]


class _Stacks:
    """The stacks of what is alike, and the system that has them."""

    def __init__(self, given: System, found: Sequence[Alike]) -> None:
        self.given = given
        self.taken = names_of(given)
        self.place = places(found)
        self.kept, kinds = self._kept([a for a in found if self._is_range(a.columns[0])])
        self.stacks: dict[str, Stack] = {}
        for members in kinds:
            self.stacks |= dict.fromkeys(members, self._stack(members))

    def _kept(self, found: Sequence[Alike]) -> tuple[list[Alike], list[tuple[str, ...]]]:
        """What is alike and has its families in stacks without gaps, and these."""
        kinds = joined(c for a in found for c in a.columns)
        good = {c for c in kinds if self._is_range(c)}
        kept = [a for a in found if all(any(set(c) <= set(k) for k in good) for c in a.columns)]
        return (kept, kinds) if len(kept) == len(found) else self._kept(kept)

    def _is_range(self, names: Sequence[str]) -> bool:
        found = sorted(self.place[n] for n in names)
        return found == list(range(found[0], found[0] + len(found)))

    def _stack(self, members: Sequence[str]) -> Stack:
        members = sorted(members, key=self.place.__getitem__)
        first = self.given[members[0]]
        slot = 1 if loop_slot(first) == 0 else 0
        low, high = (Integer(self.place[members[i]]) for i in (0, -1))
        gate = Slot(Range(GATE, low, high), Kind.CHANNEL)
        slots = (*first.slots[:slot], gate, *first.slots[slot:])
        role = Role.INTERMEDIATE if first.role.given else first.role
        return Stack(Variable(self._name(members), slots, role), slot)

    def _name(self, members: Sequence[str]) -> str:
        common = _beginning(members).rstrip("_")
        wish = common if common and not common.endswith("/∂") else "".join(members)
        names = (wish, *(f"{wish}_{i}" for i in range(2, 1000)))
        name = next(n for n in names if n not in self.taken)
        self.taken.add(name)
        return name

    # -- the system ------------------------------------------------------------------------------

    def system(self) -> System:
        """The given system with its families in stacks; what is given itself is copied."""
        first = {a.left[0]: a for a in self.kept if a.left}
        rest = {n for a in self.kept for n in a.left[1:]}
        equations = [
            self._merged(e, first[e.family]) if e.family in first else self._single(e)
            for e in sorted(self.given.equations, key=lambda e: self.place.get(e.family, 0))
            if e.family not in rest
        ]
        in_order = sorted(self.stacks, key=self.place.__getitem__)
        copied = [n for n in in_order if self.given[n].role.given]
        variables = [
            v for v in self.given.variables if v.name not in self.stacks or v.name in copied
        ]
        stacks = {s.variable.name: s.variable for s in self.stacks.values()}
        return replace(
            self.given,
            variables=(*variables, *stacks.values()),
            equations=(*map(self._copy, copied), *equations),
        )

    def _copy(self, name: str) -> Equation:
        v = self.given[name]
        e = Equation(name, v.own_index, v[v.own_index], tuple(s.range for s in v.slots))
        return self._placed(e, e.rhs, Integer(self.place[name]))

    def _single(self, e: Equation) -> Equation:
        rhs = self._entries(self._terms(e.rhs))
        if e.family not in self.stacks:
            return replace(e, rhs=rhs)
        return self._placed(e, rhs, Integer(self.place[e.family]))

    def _merged(self, e: Equation, a: Alike) -> Equation:
        low, *_, high = sorted(self.place[n] for n in a.left)
        new = self._placed(e, self._entries(self._at(e.rhs, a, GATE)), GATE)
        return replace(new, domain=(*e.domain, Range(GATE, Integer(low), Integer(high))))

    def _placed(self, e: Equation, rhs: Expr, place: Expr) -> Equation:
        stack = self.stacks[e.family]
        return replace(e, family=stack.variable.name, index=stack.index(e.index, place), rhs=rhs)

    def _terms(self, e: Expr) -> Expr:
        """e with terms that are alike as a sum over their places."""
        if isinstance(e, sp.Add):
            terms = set(e.args)
            new = []
            for a in self.kept:
                if not a.left and terms.issuperset(a.formulas):
                    terms -= set(a.formulas)
                    new.append(self._total(a))
            return sp.Add(*new, *map(self._terms, terms))
        if isinstance(e, (sp.Mul, sp.Function)):
            return e.func(*map(self._terms, e.args))
        return e

    def _total(self, a: Alike) -> Expr:
        found = sorted(self.place[n] for n in a.columns[0])
        limit = (SUMMED, Integer(found[0]), Integer(found[-1]))
        body = self._at(a.formulas[0], a, SUMMED)
        if isinstance(body, sp.Sum):
            return sp.Sum(body.function, *body.limits, limit)
        return sp.Sum(body, limit)

    def _at(self, e: Expr, a: Alike, gate: Symbol) -> Expr:
        """The first formula of what is alike, for any place."""
        first = {c[0] for c in a.columns}
        nodes = [n for n in e.atoms(Indexed) if family_of(n) in first]
        return e.xreplace({n: self.stacks[str(family_of(n))].entry(n, gate) for n in nodes})

    def _entries(self, e: Expr) -> Expr:
        """e with the entries of families that are in stacks now."""
        at = {
            n: self.stacks[name].entry(n, Integer(self.place[name]))
            for n in e.atoms(Indexed)
            if (name := str(family_of(n))) in self.stacks and not self.given[name].role.given
        }
        return e.xreplace(at)


def _beginning(names: Sequence[str]) -> str:
    """What all names begin with."""
    same = takewhile(lambda letters: len(set(letters)) == 1, zip(*names, strict=False))
    return "".join(letters[0] for letters in same)


# -- the order of places ---------------------------------------------------------------------------


def places(found: Sequence[Alike]) -> dict[str, int]:
    """The place of every family in its stack, from 1 on."""
    rows = joined(row for a in found for row in zip(*a.columns, strict=True))
    row_of = {n: i for i, row in enumerate(rows) for n in row}
    sets = [[row_of[n] for n in a.columns[0]] for a in found]
    result: dict[str, int] = {}
    for part in joined(tuple(map(str, s)) for s in sets):
        own = [int(i) for i in part]
        order = _order(own, [s for s in sets if s[0] in own])
        result |= {n: order.index(i) + 1 for i in own for n in rows[i]}
    return result


def _order(rows: Sequence[int], sets: Sequence[Sequence[int]]) -> Sequence[int]:
    """The order in which most of the sets lie together."""

    def together(order: Sequence[int]) -> int:
        spans = [[order.index(i) for i in s] for s in sets]
        return sum(len(s) for s in spans if max(s) - min(s) == len(s) - 1)

    return rows if len(rows) > MOST else max(permutations(rows), key=together)


def joined(groups: Iterable[Sequence[str]]) -> list[tuple[str, ...]]:
    """The groups, those that share a member as one.

    >>> joined(["ab", "cd", "be"])
    [('c', 'd'), ('a', 'b', 'e')]
    """
    result: list[tuple[str, ...]] = []
    for group in groups:
        meeting = [g for g in result if set(g) & set(group)]
        rest = [g for g in result if g not in meeting]
        members = dict.fromkeys(n for g in (*meeting, tuple(group)) for n in g)
        result = [*rest, tuple(members)]
    return result
