"""In which order the code computes: layers written out, recurrences as loops.

Every family at every value of its unrolled slots is a block. Blocks that need each other run in
one loop along their time, place, or layers of unknown number; where a case begins or ends the
loop is cut. A block comes after what it needs, and a gradient as soon as it can.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cmp_to_key
from itertools import pairwise, product

import sympy as sp
from sympy import Expr, Integer, S, Symbol

from symbp.errors import DefinitionError, SizeError
from symbp.numbers.codegen.moving import listing, outermost
from symbp.numbers.codegen.storage import Key, Storage
from symbp.system import Equation, Kind, Range, System
from symbp.system.checks import components
from symbp.system.equation import family_of, index_of, walk
from symbp.system.indices import is_binder, substitute

Place = tuple[str, Key]  # a family at its unrolled slots


@dataclass(frozen=True)
class Assign:
    """place[index] = rhs, for all indices of the domain at once."""

    place: Place
    equation: Equation
    loop: Range | None = None


@dataclass(frozen=True)
class Allocate:
    """An array, or a list of them, that is filled part by part."""

    place: Place


@dataclass(frozen=True)
class Loop:
    """The body for every value of an index, from the last on if `down`."""

    range: Range
    down: bool
    body: tuple[Assign, ...]


Step = Assign | Allocate | Loop


def depths(system: System) -> dict[Expr, Expr]:
    """The sizes that count layers and have numbers: L = 2."""
    counts = {
        s
        for v in system.variables
        for slot in v.slots
        if slot.kind is Kind.LAYER
        for s in (slot.range.lower.free_symbols | slot.range.upper.free_symbols)
    }
    return {a: b for a, b in system.size_values().items() if a in counts}


def depth_known(system: System) -> System:
    """The system with the sizes that count layers replaced by their numbers."""
    known = depths(system)
    if not known:
        return system
    variables = tuple(
        replace(v, slots=tuple(replace(s, range=s.range.substitute(known)) for s in v.slots))
        for v in system.variables
        if v.atom not in known
    )
    equations = tuple(
        Equation(
            e.family,
            tuple(substitute(i, known) for i in e.index),
            substitute(e.rhs, known),
            tuple(r.substitute(known) for r in e.domain),
        )
        for e in system.equations
    )
    sizes = {n: s for n, s in system.sizes.items() if system[n].atom not in known}
    return replace(system, variables=variables, equations=equations, sizes=sizes)


def unrolled_slots(system: System) -> dict[str, tuple[int, ...]]:
    """For every family its slots that count layers of a known number."""
    return {
        v.name: tuple(
            i
            for i, s in enumerate(v.slots)
            if s.kind is Kind.LAYER and s.range.lower.is_Integer and s.range.upper.is_Integer
        )
        for v in system.variables
    }


def listed_slots(
    system: System, unrolled: Mapping[str, Sequence[int]]
) -> dict[str, tuple[int, ...]]:
    """For every family the slots on which the lengths of others depend: l where they are n[l]."""
    result = {}
    for v in system.variables:
        bounds = listing(v)
        result[v.name] = tuple(
            i for i, s in enumerate(v.slots) if s.symbol in bounds and i not in unrolled[v.name]
        )
    return result


class Schedule:
    """The steps to some outputs."""

    def __init__(self, system: System, storage: Storage) -> None:
        self.system = system
        self.storage = storage
        self.facts = system.facts
        self.blocks: dict[Place, list[Equation]] = {}

    def steps(self, outputs: Sequence[Place]) -> list[Step]:
        """What to do, in order; the outputs as early as they can be."""
        self._collect(outputs)
        names = {f"{i}": place for i, place in enumerate(self.blocks)}
        number = {place: i for i, place in names.items()}
        edges = [(number[p], number[q]) for p in self.blocks for q in self._needs(p)]
        roots = [number[p] for p in outputs if p in number]
        order = components([*roots, *(n for n in names if n not in roots)], edges)
        cyclic = {a for a, b in edges if a == b}
        result: list[Step] = []
        for group in order:
            places = [names[n] for n in group]
            if len(group) > 1 or group[0] in cyclic:
                result += self._looped(places)
            else:
                result += self._plain(places[0])
        return result

    # -- blocks ----------------------------------------------------------------------------------

    def _collect(self, outputs: Sequence[Place]) -> None:
        """The equations of the outputs and of all that they need."""
        stack = [p for p in outputs if not self.system[p[0]].role.given]
        while stack:
            place = stack.pop()
            if place in self.blocks:
                continue
            self.blocks[place] = list(self._cases(place))
            if not self.blocks[place]:
                raise DefinitionError(f"{self.storage.name(*place)} has no equation")
            stack += [p for p in self._needs(place) if p not in self.blocks]

    def _cases(self, place: Place) -> Iterator[Equation]:
        """The equations of a family at some layers, with the layers put in."""
        family, key = place
        slots = self.storage.unrolled[family]
        for e in self.system.defining(family):
            ranges = {r.symbol: r for r in e.domain}
            at: dict[Expr, Expr] = {}
            for i, value in zip(slots, key, strict=True):
                index = e.index[i]
                low, high = (
                    (ranges[index].lower, ranges[index].upper)
                    if index in ranges
                    else (index, index)
                )
                if not int(low) <= value <= int(high):
                    break
                at[index] = Integer(value)
            else:
                yield self._at(e, {s: v for s, v in at.items() if isinstance(s, Symbol)})

    def _at(self, e: Equation, at: Mapping[Expr, Expr]) -> Equation:
        return Equation(
            e.family,
            tuple(substitute(i, at) for i in e.index),
            self._unrolled(substitute(e.rhs, at)),
            tuple(r.substitute(at) for r in e.domain if r.symbol not in at),
        )

    def _unrolled(self, e: Expr) -> Expr:
        """e with the sums over layers written out."""
        if not e.args or not e.has(sp.Sum):
            return e
        if not is_binder(e):
            return e.func(*(self._unrolled(a) for a in e.args))
        body, limits = e.function, list(e.limits)
        layers = {k for k, *_ in limits} & self._layer_symbols(body)
        if not layers:
            return e.func(self._unrolled(body), *limits)
        place = max(i for i, (k, *_) in enumerate(limits) if k in layers)
        k, low, high = limits[place]
        inner, outer = limits[:place], limits[place + 1 :]
        terms = []
        for value in range(int(low), int(high) + 1):
            at = {k: Integer(value)}
            new = [(s, substitute(a, at), substitute(b, at)) for s, a, b in inner]
            term = substitute(body, at)
            terms.append(self._unrolled(sp.Sum(term, *new, *outer) if new or outer else term))
        return sp.Add(*terms)

    def _layer_symbols(self, body: Expr) -> set[Expr]:
        found: set[Expr] = set()
        for node, _ in walk(body):
            name = family_of(node)
            if name in self.storage.unrolled:
                index = index_of(node)
                found |= {
                    s for i in self.storage.unrolled[str(name)] for s in index[i].free_symbols
                }
        return found

    def _needs(self, place: Place) -> list[Place]:
        """The blocks that a block's equations read, in the order of the text."""
        found: dict[Place, None] = {}
        for e in self.blocks[place]:
            for node, _ in walk(e.rhs):
                name = family_of(node)
                if name in self.system.by_name and not self.system[str(name)].role.given:
                    found[(str(name), self.storage.key(str(name), index_of(node)))] = None
        return list(found)

    # -- without a loop --------------------------------------------------------------------------

    def _plain(self, place: Place) -> list[Step]:
        """One assignment, or one for each part; a list of arrays is filled in a loop."""
        equations = self.blocks[place]
        listed = self.storage.listed[place[0]]
        if not listed:
            if len(equations) == 1 and self._is_whole(equations[0]):
                return [Assign(place, equations[0])]
            return [Allocate(place), *(Assign(place, e) for e in equations)]
        return [Allocate(place), *self._along([place], listed[0], down=False)]

    def _is_whole(self, e: Equation) -> bool:
        """Whether the equation defines all of the family."""
        ranges = {r.symbol: r for r in e.domain}
        v = self.system[e.family]
        at = dict(zip(v.own_index, e.index, strict=True))
        for i, whole in enumerate(s.range.substitute(at) for s in v.slots):
            if i in self.storage.unrolled[e.family]:
                continue
            own = ranges.get(e.index[i])
            if own is None or own.lower != whole.lower or sp.expand(own.upper - whole.upper) != 0:
                return False
        return True

    # -- loops -----------------------------------------------------------------------------------

    def _looped(self, places: list[Place]) -> list[Step]:
        """Blocks that need each other, along the index that moves between them."""
        found = {
            kind: {s for p in places for e in self.blocks[p] for s in self._shifts(e, places, kind)}
            for kind in (Kind.LAYER, Kind.TIME, Kind.PLACE)
        }
        kinds = [kind for kind, shifts in found.items() if None not in shifts and shifts - {S.Zero}]
        alone = [kind for kind in kinds if len({sp.sign(s) for s in found[kind]}) == 1]
        if len(kinds) > 1 and alone:
            kinds = alone[:1]  # every step is one along it: the others are axes
        if len(kinds) != 1:
            names = ", ".join(self.storage.name(*p) for p in places)
            raise SizeError(f"no code for a recurrence along several indices at once ({names})")
        (kind,) = kinds
        slot = next(i for i, s in enumerate(self.system[places[0][0]].slots) if s.kind is kind)
        down = any(s is not None and s > 0 for s in found[kind])
        return [*map(Allocate, places), *self._along(places, slot, down)]

    def _shifts(self, e: Equation, places: Sequence[Place], kind: Kind) -> Iterator[Expr | None]:
        """How far along an index the equation reads what the loop computes; None: all along it."""
        own = self._slot(e.family, kind)
        names = {family for family, _ in places}
        for node, _ in walk(e.rhs):
            family = str(family_of(node))
            if family in names and (family, self.storage.key(family, index_of(node))) in places:
                other = self._slot(family, kind)
                if own is not None and other is not None:
                    shift = sp.expand(index_of(node)[other] - e.index[own])
                    free = {s for s in shift.free_symbols if s.is_Symbol}
                    named = all(s.name in self.system.by_name for s in free)
                    yield shift if shift.is_number else S.One if named else None

    def _slot(self, family: str, kind: Kind) -> int | None:
        skipped = self.storage.unrolled[family]
        slots = self.system[family].slots
        return next((i for i, s in enumerate(slots) if s.kind is kind and i not in skipped), None)

    def _along(self, places: list[Place], slot: int, down: bool) -> list[Step]:
        """The cases of some blocks, cut along a slot: points on their own, ranges as loops."""
        kind = self.system[places[0][0]].slots[slot].kind
        symbol = self.system[places[0][0]].slots[slot].symbol
        cases = [self._case(p, e, kind, symbol) for p in places for e in self.blocks[p]]
        cuts = self._cuts([r for _, _, r in cases])
        result: list[Step] = []
        for low, high in cuts[::-1] if down else cuts:
            here = [
                (p, e)
                for p, e, r in cases
                if self.facts.le(r.lower, low) and self.facts.le(high, r.upper)
            ]
            if low == high:
                chosen = [(p, self._at(e, {symbol: low})) for p, e in here]
                result += [Assign(p, e) for p, e in self._sorted(chosen)]
            elif here:
                r = Range(symbol, low, high)
                body = tuple(Assign(p, e, r) for p, e in self._sorted(here))
                result.append(Loop(r, down, body))
        return result

    def _case(
        self, place: Place, e: Equation, kind: Kind, symbol: Symbol
    ) -> tuple[Place, Equation, Range]:
        """An equation with the loop's index for its own, out of the domain, and the range."""
        slot = self._slot(place[0], kind)
        assert slot is not None
        own = e.index[slot]
        if own not in {r.symbol for r in e.domain}:
            return place, e, Range(symbol, own, own)
        found, *rest = outermost(e.domain, own, self.facts)
        at = {own: symbol}
        moved = Equation(e.family, tuple(substitute(i, at) for i in e.index), substitute(e.rhs, at),
                         tuple(r.substitute(at) for r in rest))  # fmt: skip
        return place, moved, Range(symbol, found.lower, found.upper)

    def _cuts(self, ranges: Sequence[Range]) -> list[tuple[Expr, Expr]]:
        """The ranges cut wherever one of them begins or ends."""

        def compare(a: Expr, b: Expr) -> int:
            if self.facts.equal(a, b):
                return 0
            if self.facts.le(a, b):
                return -1
            if self.facts.le(b, a):
                return 1
            raise SizeError(f"cannot tell which of {a} and {b} comes first: state the least sizes")

        ends = {sp.expand(r.upper + 1) for r in ranges}
        marks = sorted({*(r.lower for r in ranges), *ends}, key=cmp_to_key(compare))
        return [(a, sp.expand(b - 1)) for a, b in pairwise(marks)]

    def _sorted(self, here: list[tuple[Place, Equation]]) -> list[tuple[Place, Equation]]:
        """Cases of one value of the loop's index, each after what it needs at this value."""
        names = [str(i) for i in range(len(here))]
        edges = []
        for i, (_, e) in enumerate(here):
            for node, _ in walk(e.rhs):
                for j, (_, other) in enumerate(here):
                    if family_of(node) == other.family and self._meets(index_of(node), other):
                        edges.append((str(i), str(j)))
        groups = components(names, edges)
        return [here[int(i)] for group in groups for i in group]

    def _meets(self, index: tuple[Expr, ...], other: Equation) -> bool:
        """Whether an entry may be one that the equation defines."""
        free = {r.symbol for r in other.domain}
        return all(a == b or b in free for a, b in zip(index, other.index, strict=True))


def all_keys(system: System, unrolled: Sequence[int], family: str) -> list[Key]:
    """All values of a family's unrolled slots."""
    slots = [system[family].slots[i].range for i in unrolled]
    return list(product(*(range(int(r.lower), int(r.upper) + 1) for r in slots)))
