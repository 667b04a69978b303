"""The component form: sizes made concrete, one scalar expression for one entry.

    ∂C/∂w[2, 1, 1] = a[1, 1] (a[2, 1] − y[1]) σ'(z[2, 1])

An entry is made when it is asked for, from the entries that its equation needs, each of them
made once and shared. Sums are written out, conditions decided. Which families are unfolded and
which stay named entries is the caller's choice: "adjoints" (the default), "all", "none", or
names. An entry that is asked for is always unfolded once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache

import sympy as sp
from sympy import Expr, Indexed, Integer, S, Symbol

from symbp.errors import DefinitionError, SizeError
from symbp.forms.arithmetic import product, total
from symbp.forms.index import Point, condition, integer, points
from symbp.system import Equation, Role, System
from symbp.system.equation import family_of, index_of
from symbp.system.functional import Functional
from symbp.system.indices import AtLeast, substitute
from symbp.system.maximum import Chosen, Greatest, IsGreatest, Maximum

Key = tuple[str, tuple[int, ...]]  # a family and an index: ("w", (2, 1, 1))
Build = Callable[[Point], Expr]
Expand = str | Iterable[str]

_PENDING = sp.Dummy("pending")  # stands for an entry that has to be made first


def component(
    system: System, family: str, index: Sequence[int] = (), expand: Expand = "adjoints"
) -> Expr:
    """family[index] as one scalar expression.

    Raises `SizeError` where a size that is needed has no number, or the index is out of range.
    """
    return Components(system, expand)[family, tuple(index)]


def components(
    system: System, families: Iterable[str] | None = None, expand: Expand = "adjoints"
) -> dict[Key, Expr]:
    """Every entry of some families (default: the adjoints of the parameters).

    Raises `DefinitionError` where a family is not there, and as `component` does.
    """
    return Components(system, expand).all_of(families)


#: An expression with more parts than this is no longer read.
MOST_PARTS = 300


def legible(system: System, families: Iterable[str]) -> dict[Key, Expr]:
    """Every entry of some families: in full, or where that is long by the adjoints it needs."""
    names = tuple(families)
    found = components(system, names)
    if any(parts > MOST_PARTS for parts in lengths(found.values())):
        return components(system, names, expand="none")
    return found


def lengths(expressions: Iterable[Expr]) -> list[int]:
    """The number of parts of each expression as it would be written, shared ones counted again.

    >>> lengths([sp.Symbol("x") ** 2])
    [3]
    """
    known: dict[Expr, int] = {}

    def length(e: Expr) -> int:
        if e not in known:
            known[e] = 1 + sum(length(a) for a in e.args)
        return known[e]

    return [length(e) for e in expressions]


class Components:
    """The scalar expressions of a system's entries: each is made once, and only when needed.

    `name(family, index)` is what stands for an entry that is not unfolded; default: w[2, 1, 1].
    Memory is never given back while the object lives; no depth of network is too deep, since
    what is missing is kept on a stack of our own.
    """

    def __init__(
        self, system: System, expand: Expand = "adjoints", name: Callable[..., Expr] | None = None
    ) -> None:
        self.system = system
        self._name = name or self._indexed
        self.expanded = _expanded(system, expand)
        self._sizes = system.size_values()
        self._done: dict[Key, Expr] = {}
        self._named: dict[Key, Expr] = {}
        self._missing: list[Key] = []
        self._cases: dict[str, list[_Case]] = {}

    def __getitem__(self, key: Key) -> Expr:
        """The expression of family[index]."""
        family, index = key
        if self.system[family].role.given:
            return self._entry(family, index)
        if key not in self._done:
            self._complete(key)
        return self._done[key]

    def all_of(self, families: Iterable[str] | None = None) -> dict[Key, Expr]:
        """Every entry of some families (default: the adjoints of the parameters)."""
        names = parameter_adjoints(self.system) if families is None else families
        return {(name, index): e for name in names for index, e in self._family(name)}

    def _family(self, name: str) -> Iterator[tuple[tuple[int, ...], Expr]]:
        """Every entry of a family that its equations define."""
        for case in self.cases(name):
            for index, point in case.places():
                made = self._done.get((name, index))
                if made is None:
                    self._missing = []
                    made = case.make(point)
                    if self._missing:
                        made = self[name, index]
                    self._done[name, index] = made
                yield index, made

    def cases(self, family: str) -> list[_Case]:
        """The equations of a family, made ready."""
        if family not in self._cases:
            equations = self.system.defining(family)
            self._cases[family] = [_Case(e, self._sizes, self._build) for e in equations]
        return self._cases[family]

    def _complete(self, key: Key) -> None:
        """Make an entry after what it needs, without recursion."""
        stack = [key]
        while stack:
            family, index = stack[-1]
            if stack[-1] in self._done:
                stack.pop()
                continue
            self._missing = []
            case = self._case_at(family, index)
            made = case.make(case.point(index))
            if self._missing:
                stack.extend(self._missing)
            else:
                self._done[stack.pop()] = made

    def _case_at(self, family: str, index: tuple[int, ...]) -> _Case:
        if len(index) != len(self.system[family].slots):
            raise SizeError(f"index {index} met {self.system[family].signature}")
        for case in self.cases(family):
            if case.holds(index):
                return case
        place = ", ".join(map(str, index))
        raise SizeError(f"{family} has no entry [{place}] ({self.system[family].signature})")

    def _lookup(self, family: str, index: tuple[int, ...]) -> Expr:
        """What an entry is written as inside another one."""
        key = (family, index)
        if family not in self.expanded:
            return self._named.get(key) or self._entry(family, index)
        made = self._done.get(key)
        if made is None:
            self._missing.append(key)
            return _PENDING
        return made

    def _entry(self, family: str, index: tuple[int, ...]) -> Expr:
        """The entry by its own name."""
        key = (family, index)
        if key not in self._named:
            self._named[key] = self._name(family, index)
        return self._named[key]

    def _indexed(self, family: str, index: tuple[int, ...]) -> Expr:
        if len(index) != len(self.system[family].slots):
            raise SizeError(f"index {index} met {self.system[family].signature}")
        return _named(self.system[family].atom, index) if index else self.system[family].atom

    # -- an equation's right side as a function of the point ----------------------------------

    def _build(self, e: Expr) -> Build:
        if e.is_Number or e.is_NumberSymbol:
            return lambda point: e
        if isinstance(e, Functional):
            return self._functional(e)
        if isinstance(e, Maximum):
            return self._maximum(e)
        if isinstance(e, Chosen):
            return self._chosen(e)
        family = family_of(e)
        if family in self.system.by_name and self.system[str(family)].role is not Role.SIZE:
            return self._reference(str(family), e)
        if isinstance(e, (Symbol, Indexed)):
            return self._number(e)
        if isinstance(e, sp.Sum):
            return self._sum(e)
        if isinstance(e, (sp.KroneckerDelta, AtLeast)):
            holds = condition(e, self._sizes)
            return lambda point: S.One if holds(point) else S.Zero
        if isinstance(e, sp.Mul):
            return self._product(e)
        parts = [self._build(a) for a in e.args]
        if isinstance(e, sp.Add):
            return lambda point: total([part(point) for part in parts])
        rebuild = e.func
        return lambda point: rebuild(*[part(point) for part in parts])

    def _reference(self, family: str, e: Expr) -> Build:
        at = [integer(i, self._sizes) for i in index_of(e)]
        lookup = self._lookup
        return lambda point: lookup(family, tuple([i(point) for i in at]))

    def _number(self, e: Expr) -> Build:
        """A size or an index as a number; a size that is not bound stays a symbol."""
        if isinstance(e, Symbol) and self.system.by_name.get(e.name) and e not in self._sizes:
            return lambda point: e
        value = integer(e, self._sizes)
        return lambda point: Integer(value(point))

    def _product(self, e: Expr) -> Build:
        """A product; where a condition fails, the other factors need not have a meaning."""
        guards = [condition(a, self._sizes) for a in e.args if _is_guard(a)]
        parts = [self._build(a) for a in e.args if not _is_guard(a)]

        def build(point: Point) -> Expr:
            for holds in guards:
                if not holds(point):
                    return S.Zero
            return product([part(point) for part in parts])

        return build

    def _sum(self, e: Expr) -> Build:
        *inner, (k, low, high) = e.limits
        body = self._build(e.func(e.function, *inner) if inner else e.function)
        first, last = integer(low, self._sizes), integer(high, self._sizes)

        def build(point: Point) -> Expr:
            places = range(first(point), last(point) + 1)
            return total([body({**point, k: place}) for place in places])

        return build

    def _all(self, e: Maximum) -> Callable[[Point], dict[tuple[int, ...], Expr]]:
        """The numbers of which the maximum is taken, by their places, in reading order."""
        body = self._build(e.body)
        bounds = [
            (r.symbol, integer(r.lower, self._sizes), integer(r.upper, self._sizes))
            for r in e.ranges
        ]

        def build(point: Point) -> dict[tuple[int, ...], Expr]:
            inside = [(s, _at(low, point), _at(high, point)) for s, low, high in bounds]
            return {tuple(p[s] for s, *_ in bounds): body({**point, **p}) for p in points(inside)}

        return build

    def _maximum(self, e: Maximum) -> Build:
        numbers = self._all(e)
        return lambda point: Greatest(*numbers(point).values())

    def _chosen(self, e: Chosen) -> Build:
        numbers = self._all(e.maximum)
        place = [integer(i, self._sizes) for i in e.place]

        def build(point: Point) -> Expr:
            found, here = numbers(point), tuple(i(point) for i in place)
            if here not in found:
                raise SizeError(f"{here} is no place of {e.maximum}")
            return IsGreatest(list(found).index(here) + 1, *found.values())

        return build

    def _functional(self, e: Functional) -> Build:
        """An unspecified function stays as it is, at numbers."""

        def build(point: Point) -> Expr:
            at = {symbol: Integer(place) for symbol, place in point.items()}
            return substitute(e, at).xreplace(self._sizes).xreplace(self._sizes)  # L, then n[L]

        return build


class _Case:
    """One equation of a family, ready to be used at any index."""

    def __init__(
        self, equation: Equation, sizes: dict[Expr, Expr], build: Callable[[Expr], Build]
    ) -> None:
        bound = {r.symbol for r in equation.domain}
        self._fixed = [
            (p, integer(i, sizes)) for p, i in enumerate(equation.index) if i not in bound
        ]
        self._free = [(p, i) for p, i in enumerate(equation.index) if i in bound]
        self._bounds = [
            (r.symbol, integer(r.lower, sizes), integer(r.upper, sizes)) for r in equation.domain
        ]
        self._equation = equation
        self._build = build
        self._make: Build | None = None

    def holds(self, index: tuple[int, ...]) -> bool:
        """Whether the index is in the equation's domain."""
        if any(at({}) != index[place] for place, at in self._fixed):
            return False
        point = self.point(index)
        return all(low(point) <= point[s] <= high(point) for s, low, high in self._bounds)

    def point(self, index: tuple[int, ...]) -> Point:
        """The index by symbols."""
        return {symbol: index[place] for place, symbol in self._free}

    def make(self, point: Point) -> Expr:
        """The right side at a point."""
        if self._make is None:
            self._make = self._build(self._equation.rhs)
        return self._make(point)

    def places(self) -> Iterator[tuple[tuple[int, ...], Point]]:
        """Every index in the domain, the last one fastest, also as a point."""
        index = [0] * len(self._equation.index)
        for place, at in self._fixed:
            index[place] = at({})
        for point in points(self._bounds):
            for place, symbol in self._free:
                index[place] = point[symbol]
            yield tuple(index), point


@lru_cache(maxsize=1 << 15)
def _named(base: sp.IndexedBase, index: tuple[int, ...]) -> Expr:
    """w[2, 1, 1]; remembered, for SymPy takes its time to make one."""
    return base[tuple(Integer(i) for i in index)]


def _at(bound: Callable[[Point], int], point: Point) -> Callable[[Point], int]:
    """A bound inside a point: of what is bound with it, and what was before."""
    return lambda inner: bound({**point, **inner})


def _is_guard(e: Expr) -> bool:
    return isinstance(e, (sp.KroneckerDelta, AtLeast))


def parameter_adjoints(system: System) -> list[str]:
    """The families ∂C/∂u of the parameters u."""
    names = [
        v.name
        for v in system.with_role(Role.ADJOINT)
        if v.adjoint_of and system[v.adjoint_of[1]].role is Role.PARAMETER
    ]
    if not names:
        raise DefinitionError("the system has no derivatives by its parameters: take its gradient")
    return names


def _expanded(system: System, expand: Expand) -> frozenset[str]:
    """The families to unfold."""
    chosen = {
        "adjoints": [v.name for v in system.with_role(Role.ADJOINT)],
        "all": [v.name for v in system.variables if not v.role.given],
        "none": [],
    }
    names = chosen[expand] if isinstance(expand, str) else list(expand)
    for name in names:
        system[name]  # refuses an unknown name
    return frozenset(names)
