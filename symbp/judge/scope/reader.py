"""Expressions of a System as polynomials whose sizes are letters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cached_property, lru_cache, reduce
from typing import Any

import sympy as sp
from sympy import Expr, Indexed, Symbol

from symbp.adjoint import Contribution, contributions
from symbp.adjoint.partials import Occurrence, expand_primes, occurrences
from symbp.errors import SymbpError
from symbp.functions import Elementwise, X, in_rows
from symbp.judge.scope.algebra import Algebra
from symbp.judge.scope.atoms import Atom, Bound, Poly, key_of, new_letter
from symbp.judge.scope.linear import (
    Known,
    Lin,
    Uncovered,
    letter,
    letter_of_size,
    letters,
    minus,
    plus,
)
from symbp.judge.scope.poly import add, number
from symbp.numbers.indexing import walked_slots
from symbp.reading.typed import Total
from symbp.system import Equation, Kind, Range, Role, System
from symbp.system.equation import family_of, index_of, walk
from symbp.system.functional import Functional

Names = Mapping[Symbol, Lin]

#: Functions whose values are sums of products of x, step and sign.
PIECEWISE = ("square", "relu", "leaky_relu", "abs", "huber")
#: The longest sum over numbers that is written out.
LONGEST = 12


class Network:
    """What is known of a System's families whatever its sizes; `values` are sizes with numbers."""

    def __init__(self, system: System, values: Mapping[str, int]) -> None:
        self.system = system
        self.values = dict(values)
        self.walked = walked_slots(system.variables, system.equations)
        self.place = {n: (g, i) for g, group in enumerate(system.order)
                      for i, n in enumerate(group)}  # fmt: skip
        self._never_ahead: dict[tuple[str, Kind], bool] = {}

    @cached_property
    def uses(self) -> Mapping[str, Sequence[Contribution]]:
        """What every family is used for; nothing is known of it where the rule refuses."""
        try:
            return _uses(self.system.variables, self.system.equations, self.system.loss)
        except SymbpError:
            return {}

    @cached_property
    def needs(self) -> dict[str, set[str]]:
        """For every family those that it depends on, itself left out unless it recurs."""
        direct: dict[str, set[str]] = {}
        for e in self.system.equations:
            used = {str(family_of(n)) for n, _ in walk(e.rhs)
                    if family_of(n) in self.system.by_name}  # fmt: skip
            direct.setdefault(e.family, set()).update(used)
        closed = {name: set(used) for name, used in direct.items()}
        for _ in direct:
            for used in closed.values():
                for name in list(used):
                    used |= direct.get(name, set())
        return closed

    @cached_property
    def least(self) -> dict[str, int]:
        """The least value of each size."""
        return {v.name: v.minimum for v in self.system.with_role(Role.SIZE)}

    def never_ahead(self, name: str, kind: Kind) -> bool:
        """Whether a family at a layer, or time, depends on nothing at a later one."""
        if (name, kind) not in self._never_ahead:
            below = {name} | self.needs.get(name, set())
            equations = (e for n in below for e in self.system.defining(n))
            self._never_ahead[name, kind] = all(self._looks_back(e, kind) for e in equations)
        return self._never_ahead[name, kind]

    def _looks_back(self, e: Equation, kind: Kind) -> bool:
        """Whether an equation uses nothing at a later layer, or time, than what it defines."""
        here = self.index_of_kind(e.family, e.index, kind)
        for node, _ in walk(e.rhs):
            name = family_of(node)
            if name not in self.system.by_name:
                continue
            if any(s.kind is kind for s in self.system[str(name)].slots):
                there = self.index_of_kind(str(name), index_of(node), kind)
                if here is None or there is None:
                    return False
                step = sp.expand(here - there)
                if not step.is_Integer or step < 0:
                    return False
        return True

    @cached_property
    def samplewise(self) -> set[str]:
        """Families whose entries of a sample depend on that sample alone."""
        return {name for name in self.needs if self._samplewise(name)}

    def _samplewise(self, name: str) -> bool:
        """Whether all that a family depends on is of its own sample, or the same for all."""
        below = {name} | self.needs[name]
        sampled = {n for n in below if any(s.kind is Kind.SAMPLE for s in self.system[n].slots)}
        for e in (e for n in below for e in self.system.defining(n)):
            used = [(str(family_of(n)), index_of(n)) for n, _ in walk(e.rhs)
                    if family_of(n) in sampled]  # fmt: skip
            here = self.index_of_kind(e.family, e.index, Kind.SAMPLE)
            if any(here is None or self.index_of_kind(n, i, Kind.SAMPLE) != here for n, i in used):
                return False
        return name in sampled

    def index_of_kind(self, name: str, index: Sequence[Any], kind: Kind) -> Any:
        """The one index of an entry that counts layers, times or samples."""
        slots = self.system[name].slots
        found = [i for s, i in zip(slots, index, strict=True) if s.kind is kind]
        return found[0] if len(found) == 1 else None


@lru_cache(maxsize=32)
def _uses(
    variables: tuple[object, ...], equations: tuple[Equation, ...], loss: str
) -> Mapping[str, Sequence[Contribution]]:
    system = System(variables, equations, loss)  # type: ignore[arg-type]
    return contributions(system, [v.name for v in system.variables if v.role is not Role.SIZE])


class Reader:
    """Reads expressions; `written_out`: σ, tanh, ... by their values in e^x."""

    def __init__(self, network: Network, algebra: Algebra, written_out: bool = False) -> None:
        self.network = network
        self.system = network.system
        self.algebra = algebra
        self.written_out = written_out

    # -- indices -----------------------------------------------------------------------------

    def lin(self, e: Expr, names: Names) -> Lin:
        """An index, a bound or a size."""
        if e.is_Integer:
            return Lin(int(e))
        if e in names:
            return names[e]
        if isinstance(e, Symbol):
            variable = self.system.by_name.get(e.name)
            if variable is None or variable.role is not Role.SIZE:
                return letter(":" + _written(e))
            value = self.network.values.get(e.name)
            return letter(e.name) if value is None else Lin(value)
        if isinstance(e, Indexed) and len(e.indices) == 1:
            name = str(family_of(e))
            if self.system[name].role is Role.SIZE:
                return letter_of_size(name, self.lin(e.indices[0], names))
        if isinstance(e, sp.Add):
            return reduce(plus, (self.lin(a, names) for a in e.args))
        if isinstance(e, sp.Mul) and len(e.args) == 2 and e.args[0].is_Integer:
            return plus(Lin(), self.lin(e.args[1], names), int(e.args[0]))
        raise Uncovered

    def entry(self, e: Expr, names: Names) -> Atom:
        """An entry of a family."""
        return ("entry", str(family_of(e)), tuple(self.lin(i, names) for i in index_of(e)))

    def bound(self, r: Range, names: dict[Symbol, Lin]) -> Bound:
        """A range with a new letter, which is put among the names."""
        low, high = self.lin(r.lower, names), self.lin(r.upper, names)
        name = new_letter()
        names[r.symbol] = letter(name)
        return name, low, high

    # -- expressions -------------------------------------------------------------------------

    def poly(self, e: Expr, names: Names) -> Poly:
        """An expression; raises `Uncovered` for what is no sum, product, power or function."""
        algebra = self.algebra
        if e.is_Rational:
            return number(_fraction(e))
        if isinstance(e, sp.Add):
            return add(*(self.poly(a, names) for a in e.args))
        if isinstance(e, sp.Mul):
            return reduce(algebra.times, (self.poly(a, names) for a in e.args))
        if isinstance(e, sp.Pow) and e.exp.is_Rational:
            return algebra.power(self.poly(e.base, names), _fraction(e.exp))
        if isinstance(e, sp.Sum):
            return self._sum(e, names)
        if isinstance(e, Elementwise):
            return self._elementwise(e, names)
        if isinstance(e, (sp.exp, sp.log)):
            return self._named(type(e).__name__, self.poly(e.args[0], names))
        if isinstance(e, sp.KroneckerDelta):
            return algebra.equal(minus(self.lin(e.args[0], names), self.lin(e.args[1], names)))
        if isinstance(e, Total):
            return self._total(e, names)
        if isinstance(e, Functional):
            return self._functional(e, names)
        return self._leaf(e, names)

    def _leaf(self, e: Expr, names: Names) -> Poly:
        if e == sp.pi:
            return self.algebra.atom(("constant", "π"))
        variable = self.system.by_name.get(str(family_of(e)))
        if variable is None or e in names:
            raise Uncovered
        if variable.role is Role.SIZE:
            return self.algebra.counted(self.lin(e, names))
        return self.algebra.atom(self.entry(e, names))

    def _sum(self, e: sp.Sum, names: Names) -> Poly:
        """Σ over letters; over numbers it is written out."""
        *inner, (k, low, high) = e.limits
        body = sp.Sum(e.function, *inner) if inner else e.function
        return self.over(Range(k, low, high), names, lambda here: self.poly(body, here))

    def over(self, r: Range, names: Names, body: object) -> Poly:
        """Σ of a body that takes the names."""
        assert callable(body)
        low, high = self.lin(r.lower, names), self.lin(r.upper, names)
        if not low.parts and not high.parts:
            if high.const - low.const >= LONGEST:
                raise Uncovered
            numbers = range(low.const, high.const + 1)
            return add(*(body({**names, r.symbol: Lin(n)}) for n in numbers))
        name = new_letter()
        outer = self.algebra.known
        self.algebra.known = outer.given(name, low, high)
        try:
            inner = body({**names, r.symbol: letter(name)})
        finally:
            self.algebra.known = outer
        return self.algebra.over(inner, [(name, low, high)])

    def _elementwise(self, e: Elementwise, names: Names) -> Poly:
        row = e.row
        if e.order and row.specified:
            return self.poly(expand_primes(e), names)
        plain = row.name in PIECEWISE or (self.written_out and row.name not in ("exp", "log"))
        if plain and not e.order and row.value is not None:
            given = dict(zip((p for p, _ in row.parameters), e.args[1:], strict=True))
            return self.poly(in_rows(row.value.xreplace({X: e.args[0], **given})), names)
        x, *parameters = (self.poly(a, names) for a in e.args)
        return self._named(row.name, x, e.order, parameters)

    def _named(self, name: str, x: Poly, order: int = 0, parameters: Sequence[Poly] = ()) -> Poly:
        if name == "exp":
            return self.algebra.exponential(x)
        if name == "sqrt":
            return self.algebra.power(x, _fraction(sp.Rational(1, 2)))
        return self.algebra.applied(name, order, x, parameters)

    def _functional(self, e: Functional, names: Names) -> Poly:
        """An unspecified function of whole families: nothing is known but what it reads."""
        (k, low, high) = e.limits[0]
        limits = (self.lin(low, names), self.lin(high, names))
        here = {**names, k: letter("~whole")}
        parts = tuple(key_of(self.poly(x, here)) for x in e.entries)
        partials = tuple(sorted((self.lin(p, names) for p in e.partials), key=repr))
        return self.algebra.atom(("whole", e.name, "~whole", *limits, *parts, partials))

    # -- derivatives -------------------------------------------------------------------------

    def _total(self, e: Total, names: Names) -> Poly:
        """df/du as the sum over the places in f of their factors times d(entry)/du."""
        f, u, direct = e.args
        by = self.entry(u, names)
        if direct:
            return self._direct(f, u, by, names)
        if family_of(f) in self.system.by_name:
            return self.algebra.derivative(self.entry(f, names), by, self.algebra.known)
        return self.through(f, names, lambda o, here: self.algebra.derivative(
            self.entry(o.entry, here), by, self.algebra.known))  # fmt: skip

    def _direct(self, f: Expr, u: Expr, by: Atom, names: Names) -> Poly:
        """Only where u stands in what defines f."""
        if family_of(f) in self.system.by_name:
            definition = self.definition(self.entry(f, names), self.algebra.known)
            if definition is None:
                raise Uncovered
            equation, names = definition
            f = equation.rhs

        def at(o: Occurrence, here: Names) -> Poly:
            if family_of(o.entry) != by[1]:
                return {}
            equal = (self.algebra.equal(minus(a, b))
                     for a, b in zip(self.entry(o.entry, here)[2], by[2], strict=True))  # fmt: skip
            return reduce(self.algebra.times, equal, number(1))

        del u
        return self.through(f, names, at)

    def through(self, f: Expr, names: Names, at: object) -> Poly:
        """Σ over the entries in f of ∂f/∂entry times what `at` says of the entry."""
        assert callable(at)

        def inside(o: Occurrence, rest: Sequence[Range], here: Names) -> Poly:
            if not rest:
                found: Poly = at(o, here)
                return self.algebra.times(found, self.poly(o.factor, here)) if found else {}
            return self.over(rest[0], here, lambda names: inside(o, rest[1:], names))

        if f.has(Total):
            raise Uncovered
        return add(*(inside(o, o.opened, names) for o in self._places(f)))

    def _places(self, f: Expr) -> Iterator[Occurrence]:
        entries = {v.name for v in self.system.variables if v.role is not Role.SIZE}
        try:
            yield from occurrences(f, entries)
        except SymbpError as error:
            raise Uncovered from error

    # -- definitions -------------------------------------------------------------------------

    def definition(self, entry: Atom, known: Known) -> tuple[Equation, Names] | None:
        """The equation that defines an entry, with its letters; None for what is given.

        Raises `Split` where it depends on a layer or a size which equation that is.
        """
        for equation in self.system.defining(entry[1]):
            names = self._matched(equation, entry, known)
            if names is not None:
                return equation, names
        return None

    def _matched(self, equation: Equation, entry: Atom, known: Known) -> Names | None:
        names: dict[Symbol, Lin] = {}
        ranges = {r.symbol: r for r in equation.domain}
        for slot, own, given in zip(
            self.system[entry[1]].slots, equation.index, entry[2], strict=True
        ):
            if own not in ranges:
                low = high = self.lin(own, names)
            else:
                low, high = (self.lin(x, names) for x in (ranges[own].lower, ranges[own].upper))
                names[own] = given
            whole = self._slot(slot.range, entry)
            if (low, high) != whole and not inside(given, low, high, known):
                return None
        return names

    def _slot(self, r: Range, entry: Atom) -> tuple[Lin, Lin]:
        """The range of a slot at the other indices of an entry."""
        slots = self.system[entry[1]].slots
        names = {s.symbol: i for s, i in zip(slots, entry[2], strict=True)}
        return self.lin(r.lower, names), self.lin(r.upper, names)


class Split(Exception):
    """Whether e ≥ 0 decides: both cases have to be looked at."""

    def __init__(self, e: Lin) -> None:
        super().__init__(str(e))
        self.e = e


def inside(value: Lin, low: Lin, high: Lin, known: Known) -> bool:
    """Whether low ≤ value ≤ high. Raises `Split` where that is open, `Uncovered` inside a sum."""
    for e in (minus(value, low), minus(high, value)):
        if known.nonnegative(e):
            continue
        if known.nonnegative(plus(Lin(-1), e, -1)):
            return False
        if any(s.startswith(("?", "~")) for s in letters(e)):
            raise Uncovered
        raise Split(e)
    return True


def _fraction(e: Expr) -> Fraction:
    return Fraction(int(e.p), int(e.q))


def _written(s: Symbol) -> str:
    return f"{s.name}{s.dummy_index}" if isinstance(s, sp.Dummy) else str(s.name)
