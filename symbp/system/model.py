"""A network as a person writes it down: sizes, indices, what is given, and equations.

    m = Model()
    n, T = m.sizes("n", "T")
    j, k = m.units("j k", n)
    t = m.times("t", T)
    w, x = m.parameter("w", j, k), m.input("x", t, j)
    (h,) = m.values("h")
    m.let(h[0, j], 0)
    m.let(h[t, j], tanh(m.sum(w[j, k] * h[t - 1, k], k) + x[t, j]))
    system = m.system(m.sum(h[T, j] ** 2, j) / 2)

An index letter always runs over the range it was made with, so no equation repeats it. What
`let` defines gets its slots from its equations: h above runs over 0 ≤ t ≤ T, 1 ≤ j ≤ n.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import sympy as sp
from sympy import Expr, Symbol

from symbp.errors import DefinitionError, at
from symbp.functions import lookup
from symbp.system import System
from symbp.system.domains import Domain
from symbp.system.equation import (
    Equation,
    Kind,
    Role,
    Slot,
    Variable,
    family_of,
    index_base,
    index_of,
    scalar,
    walk,
)
from symbp.system.indices import Range, substitute
from symbp.system.maximum import Maximum
from symbp.system.sizes import size_facts

#: SymPy's functions that the table of functions has under a name of its own.
_PLAIN = {sp.tanh: "tanh", sp.erf: "erf", sp.Abs: "abs", sp.sign: "sign", sp.Heaviside: "step"}


class Several(tuple[Any, ...]):
    """What `sizes`, `units`, `values`, ... return, to be unpacked."""

    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, (int, slice)):
            return super().__getitem__(place)
        names = ", ".join(map(str, self))
        raise DefinitionError(f"[{place}] met {len(self)} at once: unpack them, ({names},) = ...")


class Model:
    """Gathers declarations and equations, and makes the `System` that they define."""

    def __init__(self) -> None:
        self._declared: dict[str, Variable] = {}
        self._indices: dict[Symbol, Slot] = {}
        self._equations: list[Equation] = []

    # -- declarations ----------------------------------------------------------------------

    def sizes(self, *names: str, minimum: int = 1) -> tuple[Symbol, ...]:
        """Sizes that may stay symbols: positive integers of at least `minimum`."""
        for name in _words(*names):
            self._declare(Variable(name, role=Role.SIZE, minimum=minimum))
        return Several(scalar(name, Role.SIZE) for name in _words(*names))

    def following(self, name: str, value: Expr, minimum: int = 1) -> Symbol:
        """A size that follows from others: P = N − K + 1, at least `minimum`.

        >>> m = Model()
        >>> N, K = m.sizes("N", "K")
        >>> P = m.following("P", N - K + 1)
        """
        self._declare(Variable(name, role=Role.SIZE, minimum=minimum, value=value))
        return scalar(name, Role.SIZE)

    def widths(self, name: str, index: Symbol, minimum: int = 1) -> Any:
        """A family of sizes: one for each layer, n[l]."""
        return self._family(name, Role.SIZE, (index,), minimum=minimum)

    def indices(
        self, letters: str, upper: Expr | int, kind: Kind = Kind.UNIT, first: Expr | int = 1
    ) -> tuple[Symbol, ...]:
        """Index letters that run from `first` to `upper` and count things of one kind."""
        made = Several(Symbol(letter, integer=True) for letter in _words(letters))
        for symbol in made:
            with at(f"index {symbol}"):
                if symbol in self._indices:
                    raise DefinitionError(f"declared twice: it has the range {self._range(symbol)}")
                if symbol.name in self._declared:
                    role = self._declared[symbol.name].role
                    raise DefinitionError(f"{symbol} is {role} already: choose another letter")
                r = Range(symbol, self._bound(first), self._bound(upper))
            self._indices[symbol] = Slot(r, kind)
        return made

    def units(self, letters: str, upper: Expr | int) -> tuple[Symbol, ...]:
        """Indices of units: entries of a vector, rows and columns of a matrix."""
        return self.indices(letters, upper, Kind.UNIT)

    def times(self, letters: str, upper: Expr | int, first: Expr | int = 1) -> tuple[Symbol, ...]:
        """Indices of time steps."""
        return self.indices(letters, upper, Kind.TIME, first)

    def layers(self, letters: str, upper: Expr | int, first: Expr | int = 1) -> tuple[Symbol, ...]:
        """Indices of layers."""
        return self.indices(letters, upper, Kind.LAYER, first)

    def samples(self, letters: str, upper: Expr | int) -> tuple[Symbol, ...]:
        """Indices of samples."""
        return self.indices(letters, upper, Kind.SAMPLE)

    def channels(self, letters: str, upper: Expr | int) -> tuple[Symbol, ...]:
        """Indices of channels, groups and heads."""
        return self.indices(letters, upper, Kind.CHANNEL)

    def places(self, letters: str, upper: Expr | int, first: Expr | int = 1) -> tuple[Symbol, ...]:
        """Indices of places: pixels, positions in a kernel or in a sequence."""
        return self.indices(letters, upper, Kind.PLACE, first)

    def parameter(self, name: str, *indices: Symbol) -> Any:
        """A family that is learnt."""
        return self._family(name, Role.PARAMETER, indices)

    def input(self, name: str, *indices: Symbol, within: Domain | None = None) -> Any:
        """A family of data: values, or integers where others are looked up by it."""
        return self._family(name, Role.INPUT, indices, within=within)

    def target(self, name: str, *indices: Symbol, within: Domain | None = None) -> Any:
        """A family of targets; `within` says what values they have: SIGNS, COUNTS, ONE_HOT."""
        return self._family(name, Role.TARGET, indices, within=within)

    def hyperparameter(self, name: str, value: Expr | float | None = None) -> Symbol:
        """A constant such as λ or ε, perhaps with a usual value."""
        given = None if value is None else sp.nsimplify(value)
        self._declare(Variable(name, role=Role.HYPERPARAMETER, value=given))
        return scalar(name, Role.HYPERPARAMETER)

    def value(self, name: str, *indices: Symbol) -> Any:
        """A family that equations define, with its slots said rather than found."""
        return self._family(name, Role.INTERMEDIATE, indices)

    def values(self, *names: str) -> tuple[Any, ...]:
        """Families that equations define, each with at least one index."""
        return Several(index_base(name) for name in _words(*names))

    def numbers(self, *names: str) -> tuple[Symbol, ...]:
        """Single values that equations define."""
        return Several(scalar(name, Role.INTERMEDIATE) for name in _words(*names))

    # -- equations -------------------------------------------------------------------------

    def sum(self, body: Expr | int, *indices: Symbol) -> Expr:
        """Σ body over the whole range of each index, the first index outermost."""
        ranges = [self._range(k) for k in reversed(indices)]
        return sp.Sum(body, *((r.symbol, r.lower, r.upper) for r in ranges))

    def mean(self, body: Expr | int, *indices: Symbol) -> Expr:
        """The mean of body over the whole range of each index."""
        ranges = [self._range(k) for k in indices]
        return self.sum(body, *indices) / sp.Mul(*(r.upper - r.lower + 1 for r in ranges))

    def max(self, body: Expr, *indices: Symbol) -> Expr:
        """The greatest value of the body over the whole range of each index."""
        return Maximum.of(body, *(self._range(k) for k in indices))

    def let(self, entry: Expr, value: Expr | float, *domain: Range) -> None:
        """entry = value, for every value of the index letters in the entry.

        `domain` narrows the range of some of these letters. Functions are those of
        `symbp.functions.lookup`, or SymPy's own tanh, exp, log, sqrt, erf, Abs, sign.
        """
        narrowed = {r.symbol: r for r in domain}
        free = [s for i in index_of(entry) for s in self._letters(i)]
        with at(f"equation for {entry}"):
            for i in index_of(entry):
                if i.is_Symbol and i.name not in self._declared:
                    self._range(i)
            ranges = [narrowed.get(s) or self._range(s) for s in dict.fromkeys(free)]
            rhs = self._right(value, set(free))
        name = str(family_of(entry))
        role = self._declared[name].role if name in self._declared else Role.INTERMEDIATE
        if role is not Role.INTERMEDIATE:
            raise DefinitionError(f"equation for {entry}: {name} is declared as {role}")
        self._equations.append(Equation(name, index_of(entry), rhs, tuple(ranges)))

    def system(self, cost: Expr, name: str = "C", **sizes: int | tuple[int, ...]) -> System:
        """The system whose loss is `cost`; `sizes` binds sizes to numbers."""
        with at(f"equation for {name}"):
            rhs = self._right(cost, set())
            if name in {*self._declared, *(e.family for e in self._equations)}:
                raise DefinitionError(
                    f"{name} is the name of something else: name the cost, system(..., name='J')"
                )
        defined = dict.fromkeys(e.family for e in self._equations if e.family not in self._declared)
        variables = (
            *self._declared.values(),
            *(self._inferred(family) for family in defined),
            Variable(name, role=Role.LOSS),
        )
        equations = (*self._equations, Equation(name, (), rhs))
        return System(variables, equations, name, sizes)

    # -- behind them -----------------------------------------------------------------------

    def _declare(self, variable: Variable) -> None:
        if variable.name in self._declared:
            raise DefinitionError(f"{variable.name} is declared twice")
        self._check_letter(variable.name)
        self._declared[variable.name] = variable

    def _check_letter(self, name: str) -> None:
        """Refuse a family that is called as an index is."""
        letter = Symbol(name, integer=True)
        if letter in self._indices:
            r = self._indices[letter].range
            raise DefinitionError(f"{name} is an index, {r}, and a value: choose another letter")

    def _family(
        self,
        name: str,
        role: Role,
        indices: tuple[Symbol, ...],
        minimum: int = 1,
        within: Domain | None = None,
    ) -> Any:
        with at(name):
            slots = tuple(Slot(self._range(s), self._indices[s].kind) for s in indices)
        variable = Variable(name, slots, role, minimum, within=within)
        self._declare(variable)
        return variable.atom

    def _range(self, symbol: Symbol) -> Range:
        if symbol not in self._indices:
            known = ", ".join(str(s) for s in self._indices)
            raise DefinitionError(f"{symbol} is no index of this model (indices: {known})")
        return self._indices[symbol].range

    def _bound(self, bound: Expr | int) -> Expr:
        """An end of a range, made of numbers, sizes and indices that this model has."""
        if isinstance(bound, (str, tuple)):
            raise DefinitionError(f"{bound!r} is no end of a range: give what sizes() makes, n")
        sizes = {v.atom for v in self._declared.values() if v.role is Role.SIZE}
        for node, _ in walk(sp.sympify(bound)):
            atom = node.base if isinstance(node, sp.Indexed) else node
            if family_of(node) and atom not in sizes and node not in self._indices:
                raise DefinitionError(
                    f"{node} is no size of this model: ({node},) = m.sizes({str(node)!r})"
                )
        return sp.sympify(bound)

    def _right(self, value: Expr | float, left: set[Symbol]) -> Expr:
        """A right side: its functions those of the table, its indices bound."""
        rhs = sp.sympify(value)
        for node in rhs.atoms(sp.Function):
            if type(node) in _PLAIN:
                rhs = rhs.replace(type(node), lookup(_PLAIN[type(node)]))
        self._check_free(rhs, left)
        return rhs

    def _letters(self, index: Expr) -> Iterator[Symbol]:
        yield from sorted((s for s in index.free_symbols if s in self._indices), key=str)

    def _check_free(self, rhs: Expr, left: set[Symbol]) -> None:
        """Refuse an index letter that neither the left side nor a sum binds."""
        for node, ranges in walk(rhs):
            bound = left | {r.symbol for r in ranges}
            if node in self._indices and node not in bound:
                raise DefinitionError(
                    f"the index {node} is free: it stands neither on the left nor under a sum "
                    f"(m.sum(..., {node}))"
                )

    def _inferred(self, family: str) -> Variable:
        """The family with the slots that its equations fill together."""
        self._check_letter(family)
        own = [e for e in self._equations if e.family == family]
        general = max(own, key=lambda e: len(e.domain))
        with at(f"equation for {general.lhs}"):
            slots = [self._slot(general, own, place) for place in range(len(general.index))]
        return Variable(family, tuple(slots))

    def _slot(self, general: Equation, own: Sequence[Equation], place: int) -> Slot:
        """One slot: the range of the general equation, widened to what the others define."""
        letter = general.index[place]
        if letter not in self._indices:
            raise DefinitionError(
                f"{letter} is no index letter: say with value({general.family!r}, ...) what "
                f"{general.family} runs over"
            )
        kind = self._indices[letter].kind
        found = next(r for r in general.domain if r.symbol == letter)
        low, high = found.lower, found.upper
        for e in own:
            at_e = dict(zip(general.index, e.index, strict=True))
            a, b = _span(e, place)
            if self._le(a, substitute(low, at_e)):
                low = low if a == substitute(low, at_e) else a
            if self._le(substitute(high, at_e), b):
                high = high if b == substitute(high, at_e) else b
        return Slot(Range(letter, low, high), kind)

    def _le(self, a: Expr, b: Expr) -> bool:
        sizes = (v for v in self._declared.values() if v.role is Role.SIZE)
        return size_facts(sizes).le(a, b)


def _words(*texts: str) -> list[str]:
    """The names in some texts: "n", "d" or "n d" or "n, d"."""
    return [word for text in texts for word in text.replace(",", " ").split()]


def _span(e: Equation, place: int) -> tuple[Expr, Expr]:
    """The least and the greatest index that an equation defines in one slot."""
    index = e.index[place]
    own = next((r for r in e.domain if r.symbol == index), None)
    return (own.lower, own.upper) if own else (index, index)
