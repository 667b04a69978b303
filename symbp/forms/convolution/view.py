"""Seeing arrays of places and convolutions of them in an equation in index form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import sympy as sp
from sympy import Expr, Indexed, Symbol, Tuple
from sympy.core.symbol import Str

from symbp.forms.contract import NoMatrixForm
from symbp.forms.convolution.arrays import (
    FULL,
    OPERATIONS,
    VALID,
    ArrayNode,
    Arrays,
    Convolved,
    Moved,
    moved,
    uppers,
)
from symbp.forms.convolution.slides import Slide, axes, flattened, slide
from symbp.forms.convolution.windows import Fitting, chosen, of_windows, upsampled
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
            elif isinstance(node, Moved):
                found.add(node.name)
                pooled = node.name == "greatest" and node.numbers
                found |= {"maxpool", "upsample"} if pooled else set()
        return [name for name in (VALID, "stride", FULL, *OPERATIONS) if name in found]

    def written_out(self) -> Expr:
        """The right side in index form, each sign by its definition."""
        return Arrays(self.system, self.places).at(self.rhs, self.places)

    def left_written_out(self) -> Expr:
        """The left side in index form."""
        return Arrays(self.system, self.places).at(self.lhs, self.places)


def convolution_form(equation: Equation, system: System) -> ConvolutionForm:
    """The equation as one of arrays of places. Raises `NoMatrixForm` where there is none."""
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
            return moved(array, "greatest", *chosen(e, array, at, self.ranges, self.facts))
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
        moving = [f for f in factors if bound & free_symbols(Tuple(*self._at(f)))]
        if not moving:
            return self._summed(self.seen(sp.Mul(*factors)), ranges)
        deltas = [f for f in factors if isinstance(f, sp.KroneckerDelta)]
        found, used = self._moving(e, moving, deltas, ranges)
        others = sp.Mul(*(f for f in factors if f not in moving and not used & free_symbols(f)))
        rest = (found, *(f for f in factors if f not in (*moving, *deltas)))
        if any(used & free_symbols(f) for f in rest):
            raise NoMatrixForm(f"{e}: what is no place depends on the place in the kernel")
        left = [r for r in ranges if r.symbol not in used]
        return self._summed(found * self.seen(others), left)

    def _moving(
        self, e: sp.Sum, moving: Sequence[Expr], deltas: Sequence[Expr], ranges: Sequence[Range]
    ) -> tuple[Expr, set[Expr]]:
        """A convolution, or the sum over windows, and the bound indices that it takes."""
        if not all(self._is_slid(f) for f in moving) or len(moving) > 2:
            raise NoMatrixForm(f"{e}: its places are not those of the left side")
        if len(moving) == 2:
            found, slides = self._convolved(moving, deltas, ranges)
            return found, {s for each in slides for s in each.relation.bound}
        taps = [r for r in ranges if r.symbol in free_symbols(Tuple(*self._at(moving[0])))]
        mean = self._window(e, moving[0], taps, "avgpool")
        return sp.Mul(*(r.upper for r in taps)) * mean, {r.symbol for r in taps}

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

    def _convolved(
        self, slid: Sequence[Expr], deltas: Sequence[Expr], ranges: Sequence[Range]
    ) -> tuple[Expr, Sequence[Slide]]:
        """The two factors as image * kernel, and how they slide."""
        first, second = sorted(slid, key=self._is_parameter)  # images, then kernels
        for image, kernel, full in (
            (first, second, False), (second, first, False), (first, second, True),
        ):  # fmt: skip
            slides = self._slides(image, kernel, deltas, ranges, full)
            if slides is not None:
                return self._built(image, kernel, slides), slides
        raise NoMatrixForm(f"{first} and {second}: neither slides over the other one as a whole")

    def _is_parameter(self, f: Expr) -> bool:
        return self.system[str(family_of(f))].role is Role.PARAMETER

    def _slides(
        self, image: Expr, kernel: Expr, deltas: Sequence[Expr], ranges: Sequence[Range],
        full: bool,
    ) -> list[Slide] | None:  # fmt: skip
        """How they slide along each axis; None where one of them is no convolution."""
        bound: Mapping[Symbol, Range] = {r.symbol: r for r in ranges}
        lengths = uppers(image, self.system), uppers(kernel, self.system)
        found: list[Slide] = []
        for axis in axes(self.ranges, self._at(image), self._at(kernel), lengths):
            s = slide(axis, bound, deltas, self.facts, full)
            if s is None or (found and s.turned != found[0].turned):
                return None
            found.append(s)
        used = [symbol for s in found for symbol in s.relation.bound]
        return found if len(set(used)) == len(used) else None

    def _built(self, image: Expr, kernel: Expr, slides: Sequence[Slide]) -> Expr:
        """The convolution, cut or filled up to the places of the left side."""
        a, k = self._at_place(image), self._at_place(kernel)
        strides, *dilations = zip(*(s.strides for s in slides), strict=True)
        a, k = (
            moved(x, "dilate", by) if set(by) != {1} else x
            for x, by in zip((a, k), dilations, strict=True)
        )
        if slides[0].turned:
            k = moved(k, "rot180")
        first = [s.first for s in slides]
        one = [sp.S.One] * len(slides)
        if slides[0].full:
            made = Convolved(a, k, Str(FULL), Tuple(*strides))
            last = [f + n - 1 for f, n in zip(first, self.lengths, strict=True)]
            return self.fitting.to(made, self.arrays.lengths(made), first, last)
        a = self._around(a, k, strides, first)
        made = Convolved(a, k, Str(VALID), Tuple(*strides))
        return self.fitting.to(made, self.arrays.lengths(made), one, self.lengths)

    def _around(self, a: Expr, k: Expr, strides: Sequence[int], first: Sequence[Expr]) -> Expr:
        """The image with as many places more, or fewer, as the kernel slides over."""
        n, m = self.arrays.lengths(a), self.arrays.lengths(k)
        last = [
            sp.expand(f + s * (p - 1) + size - 1)
            for f, s, p, size in zip(first, strides, self.lengths, m, strict=True)
        ]
        if all(f == 1 and self.facts.le(b, c) for f, b, c in zip(first, last, n, strict=True)):
            return a
        even = [c + 1 - f for f, c in zip(first, n, strict=True)]  # as much on every side
        if all(self.facts.le(b, c) for b, c in zip(last, even, strict=True)):
            return self.fitting.to(a, n, first, even)
        return self.fitting.to(a, n, first, last)

    def _at_place(self, f: Expr) -> Expr:
        """A factor with the places of the left side in its slots."""
        places = iter(r.symbol for r in self.ranges)
        variable = self.system[str(family_of(f))]
        pairs = list(zip(variable.slots, index_of(f), strict=True))
        if any(free_symbols(i) & self.symbols for s, i in pairs if s.kind is not Kind.PLACE):
            raise NoMatrixForm(f"{f}: a place of the left side is no place there")
        index = [next(places) if s.kind is Kind.PLACE else i for s, i in pairs]
        return variable[tuple(index)]
