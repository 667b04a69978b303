"""Which indices make the rows and columns of a system's vectors and matrices, and which are marks.

    h[t] = tanh(U h[t − 1] + W x[t])      a recurrence runs along t: a mark of h, and of x with it
    y[p] = Σ_u w[u] x[p + u − 1]          a convolution runs along p and u: marks
    S[t, s] = Σ_i Q[t, i] K[s, i]         nothing runs along t and s: S = Q Kᵀ
    S[h, t, s] = Σ_i Q[h, t, i] K[h, s, i]  one index too many: the head is a mark, S_h = Q_h K_hᵀ

Slots that one index of an equation fills belong together: they are axes together or marks
together, in the network and in its gradient.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import count

from sympy import Expr, Indexed, Symbol

from symbp.system import Equation, Kind, System, Variable
from symbp.system.equation import family_of
from symbp.system.indices import Range, is_binder, ranges_of

#: What becomes a mark where a family has more than two axes, the first that helps.
GIVES_WAY = (Kind.CHANNEL, Kind.SAMPLE, Kind.TIME, Kind.PLACE)
Place = tuple[str, int]  #: a family and one of its slots
Member = Place | int
Scope = Mapping[Symbol, int]


def axis_slots(system: System, kinds: frozenset[Kind]) -> frozenset[Place]:
    """The slots that are axes where their index stands alone: of these kinds, and not run along.

    >>> from symbp.networks.recurrent import lstm
    >>> sorted(axis_slots(lstm(), frozenset(Kind)))[:3]
    [('U_f', 0), ('U_f', 1), ('U_g', 0)]
    """
    return _axis_slots(system.variables, system.equations, kinds)


@lru_cache(maxsize=64)
def _axis_slots(
    variables: tuple[Variable, ...], equations: tuple[Equation, ...], kinds: frozenset[Kind]
) -> frozenset[Place]:
    groups = _Groups({v.name: v for v in variables})
    for equation in equations:
        groups.equation(equation)
    run_along = {groups.of(member) for member in groups.run_along}
    kind_of = {(v.name, i): s.kind for v in variables for i, s in enumerate(v.slots)}
    axes = {p for p, kind in kind_of.items() if kind in kinds and groups.of(p) not in run_along}
    for kind in GIVES_WAY:
        wide = [v for v in variables if sum((v.name, i) in axes for i in range(len(v.slots))) > 2]
        gone = {
            groups.of((v.name, i)) for v in wide for i, s in enumerate(v.slots) if s.kind is kind
        }
        axes = {p for p in axes if groups.of(p) not in gone}
    return frozenset(axes)


class _Groups:
    """Slots and indices that belong together; an index is a number, a new one for each binding."""

    def __init__(self, by_name: Mapping[str, Variable]) -> None:
        self.by_name = by_name
        self.parents: dict[Member, Member] = {}
        self.run_along: list[Member] = []
        self.fresh = count()
        for v in by_name.values():
            if v.adjoint_of is not None:
                for place in range(len(v.slots)):
                    self.join((v.name, place), (v.adjoint_of[1], place))

    def of(self, member: Member) -> Member:
        """The representative of a group."""
        while member in self.parents:
            member = self.parents[member]
        return member

    def join(self, a: Member, b: Member) -> None:
        """One group of two."""
        a, b = self.of(a), self.of(b)
        if a != b:
            self.parents[a] = b

    def equation(self, equation: Equation) -> None:
        """What an equation says of the slots of its entries."""
        scope = self._within({}, equation.domain)
        self._read(equation.lhs, scope)
        self._read(equation.rhs, scope)

    def _read(self, e: Expr, scope: Scope) -> None:
        if isinstance(e, Indexed):
            known = any(self._looks_up(i) for i in e.indices) and _is_number(e)
            for place, index in enumerate(e.indices):
                if not (known and self._looks_up(index)):
                    self._index((str(family_of(e)), place), index, scope)
        elif is_binder(e):
            ranges = ranges_of(e)
            self._read(e.function, self._within(scope, ranges))
        else:
            for a in e.args:
                if a.args:
                    self._read(a, scope)

    def _within(self, scope: Scope, ranges: Iterable[Range]) -> Scope:
        """The scope with more indices; s ≤ t makes a triangle, and that is no matrix."""
        inner = dict(scope)
        for r in ranges:
            other = [inner[s] for s in plain_symbols(r.lower, r.upper) if s in inner]
            inner[r.symbol] = next(self.fresh)
            self.run_along += [inner[r.symbol], *other] if other else []
        return inner

    def _index(self, slot: Place, index: Expr, scope: Scope) -> None:
        if isinstance(index, Symbol):
            if index in scope:
                self.join(slot, scope[index])
            return
        walked = [scope[s] for s in plain_symbols(index) if s in scope]
        if walked or self._looks_up(index):
            self.run_along += [slot, *walked]

    def _looks_up(self, index: Expr) -> bool:
        return any(str(family_of(a)) in self.by_name for a in index.atoms(Indexed))


def _is_number(e: Indexed) -> bool:
    """Whether an entry is one number at the index of its data: z[i, c[i]], not V[c[i], p]."""
    inside = {s for i in e.indices if not isinstance(i, Symbol) for s in i.free_symbols}
    return all(i in inside for i in e.indices if isinstance(i, Symbol))


def plain_symbols(*indices: Expr) -> Iterator[Symbol]:
    """The symbols in an index that stand in no entry of it: t in n[l] + t."""
    for e in indices:
        if isinstance(e, Symbol):
            yield e
        elif not isinstance(e, Indexed):
            yield from plain_symbols(*e.args)
