"""Seeing arrays of places and convolutions of them in an equation in index form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import sympy as sp
from sympy import Expr, Indexed, Symbol, Tuple

from symbp.forms.contract import NoMatrixForm
from symbp.forms.convolution.arrays import (
    FULL,
    OPERATIONS,
    VALID,
    ArrayNode,
    Arrays,
    Convolved,
    Moved,
    Ones,
    moved,
    uppers,
)
from symbp.forms.convolution.making import Making, Slid, ones
from symbp.forms.convolution.slides import flattened
from symbp.forms.convolution.windows import Fitting, chosen, of_windows, only_window, upsampled
from symbp.system import Equation, Kind, Range, Role, System
from symbp.system.contents import free_symbols, has, names_in
from symbp.system.equation import family_of, index_of
from symbp.system.facts import Facts
from symbp.system.indices import is_binder, substitute
from symbp.system.maximum import Chosen, Maximum


@dataclass(frozen=True)
class ConvolutionForm:
    """lhs = rhs as arrays over `places`; their other indices are marks."""

    lhs: Expr
    rhs: Expr
    places: tuple[Symbol, ...]
    system: System
    domain: tuple[Range, ...]
    """Where it holds: all its places count from 1."""

    def signs(self) -> list[str]:
        """What needs a word: "valid", "stride", "full", and the names of operations."""
        found: set[str] = set()
        for node in (*sp.preorder_traversal(self.lhs), *sp.preorder_traversal(self.rhs)):
            if isinstance(node, Convolved):
                found |= {VALID} | ({FULL} if node.full else set())
                found |= {"stride"} if set(node.strides) != {sp.S.One} else set()
            elif isinstance(node, Ones):
                found.add("ones")
            elif isinstance(node, Moved):
                found.add(node.name)
                pooled = node.name == "greatest" and node.numbers
                found |= {"maxpool", "upsample"} if pooled else set()
        return [name for name in (VALID, "stride", FULL, *OPERATIONS, "ones") if name in found]

    def written_out(self) -> Expr:
        """The right side in index form, each sign by its definition."""
        return Arrays(self.system, self.places).at(self.rhs, self.places)

    def left_written_out(self) -> Expr:
        """The left side in index form."""
        return Arrays(self.system, self.places).at(self.lhs, self.places)


def convolution_form(equation: Equation, system: System) -> ConvolutionForm:
    """The equation as one of arrays of places. Raises `NoMatrixForm` where there is none."""
    if equation.rhs.is_number:
        raise NoMatrixForm(f"{equation.lhs} is a number")
    places = _places(equation, system)
    domain, shift = [], dict[Expr, Expr]()
    for r in equation.domain:
        if r.symbol in places and r.lower != 1:
            shift[r.symbol] = r.symbol + r.lower - 1
            r = Range(r.symbol, sp.S.One, sp.expand(r.upper - r.lower + 1))
        domain.append(r)
    own = {r.symbol: r for r in domain}
    view = _View(tuple(own[p] for p in places), system, tuple(domain))
    rhs = view.seen(substitute(equation.rhs, shift))
    lhs = view.part(equation.lhs, [1 + shift.get(p, p) - p for p in places])
    if lhs != equation.lhs and _is_padded(equation, system):
        return _padded(equation, view, rhs, places)
    return ConvolutionForm(lhs, rhs, places, system, tuple(domain))


def _places(equation: Equation, system: System) -> tuple[Symbol, ...]:
    """The indices of the left side that count places."""
    slots = zip(system[equation.family].slots, equation.index, strict=True)
    found = [i for s, i in slots if s.kind is Kind.PLACE]
    if not found:
        raise NoMatrixForm(f"{equation.lhs} has no place")
    if not {r.symbol for r in equation.domain} >= set(found):
        raise NoMatrixForm(f"{equation.lhs} is an edge of {equation.family}")
    if any((free_symbols(r.lower) | free_symbols(r.upper)) & set(found) for r in equation.domain):
        raise NoMatrixForm(f"the places of {equation.lhs} are no rectangle")
    return tuple(found)


def _is_padded(equation: Equation, system: System) -> bool:
    """Whether a family is zero outside of what an equation defines: pad(x)."""
    others = [e for e in system.defining(equation.family) if e.lhs != equation.lhs
              or e.domain != equation.domain]  # fmt: skip
    given = system[equation.family].adjoint_of is None  # of an adjoint only a part may be needed
    return given and bool(others) and all(e.rhs == 0 for e in others)


def _padded(
    equation: Equation, view: _View, rhs: Expr, places: tuple[Symbol, ...]
) -> ConvolutionForm:
    """The whole family: what is defined with zeros around it."""
    own = {r.symbol: r for r in equation.domain}
    n = uppers(equation.lhs, view.system)
    whole = {p: Range(p, sp.S.One, size) for p, size in zip(places, n, strict=True)}
    first = [2 - own[p].lower for p in places]
    last = [a + size - 1 for a, size in zip(first, n, strict=True)]
    around = view.fitting.to(rhs, view.lengths, first, last)
    domain = tuple(whole.get(r.symbol, r) for r in equation.domain)
    return ConvolutionForm(equation.lhs, around, places, view.system, domain)


def convolves(system: System) -> bool:
    """Whether some equation is a convolution, or pools."""
    for equation in system.equations:
        try:
            if has(convolution_form(equation, system).rhs, ArrayNode):
                return True
        except NoMatrixForm:
            continue
    return False


def has_places(equation: Equation, system: System) -> bool:
    """Whether a family with places stands in an equation."""
    names = {equation.family, *names_in(equation.rhs)} & system.by_name.keys()
    return any(s.kind is Kind.PLACE for name in names for s in system[name].slots)


@dataclass(frozen=True)
class _View:
    """The reading of one right side, at the places of the left one."""

    ranges: tuple[Range, ...]
    system: System
    domain: tuple[Range, ...]

    @cached_property
    def symbols(self) -> frozenset[Symbol]:
        """The places."""
        return frozenset(r.symbol for r in self.ranges)

    @cached_property
    def facts(self) -> Facts:
        """What is known of indices."""
        return self.system.facts.given(self.domain)

    @cached_property
    def fitting(self) -> Fitting:
        """How arrays are cut and filled up."""
        return Fitting(self.facts)

    @property
    def lengths(self) -> list[Expr]:
        """The lengths of the left side."""
        return [r.upper for r in self.ranges]

    @cached_property
    def arrays(self) -> Arrays:
        """The lengths and definitions of arrays."""
        return Arrays(self.system, tuple(r.symbol for r in self.ranges))

    @cached_property
    def _making(self) -> Making:
        """How arrays that slide become convolutions."""
        return Making(self.ranges, self.facts, self.arrays)

    def seen(self, e: Expr) -> Expr:
        """e with its convolutions as such, and all else entry by entry."""
        if not free_symbols(e) & self.symbols:
            return e
        if isinstance(e, Indexed):
            return self._entry(e)
        if isinstance(e, sp.Sum):
            return self._sum(e)
        if isinstance(e, Maximum):
            return self._window(e, e.body, e.ranges, "maxpool")
        if isinstance(e, Chosen):
            array, at = self._at_place(e.entry), self._at(e.entry)
            sizes = chosen(e, array, at, self.ranges, self.facts)
            return moved(self.part(e.entry, [sp.S.One] * len(at)), "greatest", *sizes)
        if is_binder(e) or isinstance(e, Symbol) or not e.args:
            raise NoMatrixForm(f"{e}: a place stands in it, not alone in a slot")
        return e.func(*(self.seen(a) for a in e.args))

    def part(self, entry: Expr, first: Sequence[Expr]) -> Expr:
        """The entries from some places on, as many as the left side has."""
        last = [a + n - 1 for a, n in zip(first, self.lengths, strict=True)]
        at_place = self._at_place(entry)
        return self.fitting.to(at_place, uppers(entry, self.system), first, last)

    def _entry(self, e: Indexed) -> Expr:
        """An entry whose places go along with those of the left side, or stay k times the same."""
        if str(family_of(e)) not in self.system.by_name:
            raise NoMatrixForm(f"{e} is no entry")
        at = self._at(e)
        if len(at) != len(self.ranges):
            raise NoMatrixForm(f"{e}: its places are not those of the left side")
        sizes = upsampled(at, self.ranges)
        if sizes is not None:
            spread = moved(self._at_place(e), "upsample", sizes)
            one = [sp.S.One] * len(sizes)
            return self.fitting.to(spread, self.arrays.lengths(spread), one, self.lengths)
        first = [sp.expand(i - r.symbol + 1) for i, r in zip(at, self.ranges, strict=True)]
        if any(free_symbols(a) & self.symbols for a in first):
            raise NoMatrixForm(f"{e}: its places are not those of the left side")
        return self.part(e, first)

    def _sum(self, e: sp.Sum) -> Expr:
        ranges, factors = flattened(e)
        bound = {r.symbol for r in ranges}
        if len(bound) < len(ranges):
            raise NoMatrixForm(f"{e} has two indices of one name")
        near = [r for r in ranges if self.symbols & (free_symbols(r.lower) | free_symbols(r.upper))]
        windows = [w for r in near if (w := only_window(r, self.ranges, self.facts))]
        if near and len(windows) == len(near):
            return self._in_windows(sp.Mul(*factors), ranges, windows)
        moving = [f for f in factors if bound & free_symbols(Tuple(*self._at(f)))]
        if not moving:
            return self._summed(self.seen(sp.Mul(*factors)), ranges)
        deltas = [f for f in factors if isinstance(f, sp.KroneckerDelta)]
        found, used, met = self._moving(e, moving, deltas, ranges)
        others = [f for f in factors if f not in moving and f not in met]
        if any(used & free_symbols(f) for f in (found, *others)):
            raise NoMatrixForm(f"{e}: what is no place depends on the place in the kernel")
        left = [r for r in ranges if r.symbol not in used]
        return self._summed(found * self.seen(sp.Mul(*others)), left)

    def _in_windows(
        self, body: Expr, ranges: Sequence[Range], windows: Sequence[tuple[Range, Expr, Expr]]
    ) -> Expr:
        """Σ_r body where r can only be the window ⌈p/k⌉: zeros behind the last whole window."""
        terms = {r: window for _, window, r in windows}
        inside = {r.symbol: r for r, _, _ in windows}
        places = tuple(inside.get(r.symbol, r) for r in self.ranges)
        domain = tuple(inside.get(r.symbol, r) for r in self.domain)
        left = [r for r in ranges if r.symbol not in terms]
        e = sp.Sum(body, *((r.symbol, r.lower, r.upper) for r in reversed(left))) if left else body
        made = _View(places, self.system, domain).seen(substitute(e, terms))
        one = [sp.S.One] * len(places)
        return self.fitting.to(made, [r.upper for r in places], one, self.lengths)

    def _moving(
        self, e: sp.Sum, moving: Sequence[Expr], deltas: Sequence[Expr], ranges: Sequence[Range]
    ) -> tuple[Expr, set[Expr], set[Expr]]:
        """A convolution or a sum over windows; the bound indices and conditions gone with it."""
        if not all(self._is_slid(f) for f in moving) or len(moving) > 2:
            raise NoMatrixForm(f"{e}: its places are not those of the left side")
        first, *others = (self._slid(f) for f in moving)
        if not others:
            taps = [r for r in ranges if r.symbol in free_symbols(Tuple(*first.at))]
            if of_windows(first.at, self.ranges, taps):
                mean = self._window(e, moving[0], taps, "avgpool")
                return sp.Mul(*(r.upper for r in taps)) * mean, {r.symbol for r in taps}, set()
            others = [ones(first, self.ranges, taps, self.facts)]
        return self._making.convolved((first, *others), deltas, ranges)

    def _summed(self, body: Expr, ranges: Sequence[Range]) -> Expr:
        """Σ over indices that are no places; a part of a sum is taken of it as a whole."""
        if not ranges:
            return body
        if any((free_symbols(r.lower) | free_symbols(r.upper)) & self.symbols for r in ranges):
            raise NoMatrixForm("the range of a sum depends on the place")
        if isinstance(body, Moved) and body.name in ("part", "crop"):
            return moved(self._summed(body.args[0], ranges), body.name, *body.numbers)
        return sp.Sum(body, *((r.symbol, r.lower, r.upper) for r in reversed(ranges)))

    def _window(self, e: Expr, entry: Expr, ranges: Sequence[Range], name: str) -> Expr:
        """The mean or the maximum of each window of an array."""
        if not self._is_slid(entry):
            raise NoMatrixForm(f"{e}: not over places of an entry")
        sizes = of_windows(self._at(entry), self.ranges, ranges)
        if sizes is None:
            raise NoMatrixForm(f"{e}: its windows do not stand side by side")
        made = moved(self._at_place(entry), name, sizes)
        if free_symbols(made) & {r.symbol for r in ranges}:
            raise NoMatrixForm(f"{e}: what is no place depends on the place in the window")
        one = [sp.S.One] * len(sizes)
        return self.fitting.to(made, self.arrays.lengths(made), one, self.lengths)

    def _is_slid(self, f: Expr) -> bool:
        """Whether a factor is an entry with as many places as the left side has."""
        return isinstance(f, Indexed) and len(self._at(f)) == len(self.ranges)

    def _at(self, f: Expr) -> list[Expr]:
        """What stands in the slots of places."""
        variable = self.system.by_name.get(str(family_of(f)))
        if variable is None:
            return []
        pairs = zip(variable.slots, index_of(f), strict=True)
        return [i for s, i in pairs if s.kind is Kind.PLACE]

    def _slid(self, f: Expr) -> Slid:
        """A factor as an array that slides."""
        role = self.system[str(family_of(f))].role
        lengths = uppers(f, self.system)
        return Slid(self._at_place(f), self._at(f), lengths, role is Role.PARAMETER)

    def _at_place(self, f: Expr) -> Expr:
        """A factor with the places of the left side in its slots."""
        if family_of(f) is None:
            raise NoMatrixForm(f"{f} is no entry of an array")
        places = iter(r.symbol for r in self.ranges)
        variable = self.system[str(family_of(f))]
        pairs = list(zip(variable.slots, index_of(f), strict=True))
        if any(free_symbols(i) & self.symbols for s, i in pairs if s.kind is not Kind.PLACE):
            raise NoMatrixForm(f"{f}: a place of the left side is no place there")
        index = [next(places) if s.kind is Kind.PLACE else i for s, i in pairs]
        return variable[tuple(index)]
