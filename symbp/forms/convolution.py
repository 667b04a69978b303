"""The form that papers print of convolutions: arrays of places, one for each channel.

    z[e, p] = Σ_du W[e, d, u] x[d, p + u − 1]                  z_e = Σ_d x_d * W_ed
    ∂C/∂W[e, d, u] = Σ_p x[d, p + u − 1] ∂C/∂z[e, p]           ∂C/∂W_ed = x_d * ∂C/∂z_e
    ∂C/∂x[d, q] = Σ_eu W[e, d, u] ∂C/∂z[e, q − u + 1]          Σ_e ∂C/∂z_e *full rot180(W_ed)

x * K is the field's "convolution", a cross-correlation: K, as it stands, slides over x as it is
("valid"), or over x with zeros around it, one less than K is long on every side ("full"). Another
product of two arrays is taken entry by entry. Strides, dilations and parts of an array have no
such form here.

A view: it adds no mathematics. `ConvolutionForm.written_out` is the index form of what was seen,
from the definition of * alone, to be compared with the equation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sympy as sp
from sympy import Expr, Indexed, Symbol
from sympy.core.symbol import Str

from symbp.forms.contract import NoMatrixForm
from symbp.system import Equation, Kind, Range, Role, System
from symbp.system.contents import free_symbols, has, names_in
from symbp.system.equation import family_of, index_of
from symbp.system.facts import Facts
from symbp.system.indices import is_binder, substitute

VALID, FULL = "valid", "full"


class Convolved(sp.Expr):
    """image * kernel at a place: both stand as their entries at that place.

    "valid": Σ_u image[p + u − 1] kernel[u]
    "full":  the same of the image with zeros around it and the kernel turned by 180°
    """

    is_commutative = True
    is_real = True

    def __new__(cls, image: Expr, kernel: Expr, how: Str) -> Convolved:
        """A node with the arguments image, kernel and "valid" or "full"."""
        node: Convolved = sp.Expr.__new__(cls, image, kernel, how)
        return node

    @property
    def full(self) -> bool:
        """Whether zeros stand around the image, and the kernel is turned."""
        return str(self.args[2].name) == FULL


@dataclass(frozen=True)
class ConvolutionForm:
    """lhs = rhs as arrays over `places`; their other indices are marks."""

    lhs: Expr
    rhs: Expr
    places: tuple[Symbol, ...]
    system: System

    def has(self, full: bool) -> bool:
        """Whether a "full" convolution stands in it, or a "valid" one."""
        return any(node.full is full for node in self.rhs.atoms(Convolved))

    def written_out(self) -> Expr:
        """The right side in index form, each * by its definition."""
        return self._written(self.rhs)

    def _written(self, e: Expr) -> Expr:
        if not has(e, Convolved):
            return e
        if not isinstance(e, Convolved):
            return e.func(*(self._written(a) for a in e.args))
        image, kernel = e.args[:2]
        sizes = zip(_uppers(image, self.system), _uppers(kernel, self.system), strict=True)
        of_image: dict[Expr, Expr] = {}
        of_kernel: dict[Expr, Expr] = {}
        limits = []
        for p, (n, k) in zip(self.places, sizes, strict=True):
            u = sp.Dummy("u", integer=True)
            zeros = k - 1 if e.full else 0  # in front of the image
            of_image[p] = p + u - 1 - zeros
            of_kernel[p] = k + 1 - u if e.full else u
            low, high = (sp.Max(1, zeros + 2 - p), sp.Min(k, n + zeros + 1 - p))
            limits.append((u, low, high) if e.full else (u, 1, k))
        return sp.Sum(substitute(image, of_image) * substitute(kernel, of_kernel), *limits)


def convolution_form(equation: Equation, system: System) -> ConvolutionForm:
    """The equation as one of arrays of places. Raises `NoMatrixForm` where there is none."""
    variable = system[equation.family]
    ranges = {r.symbol: r for r in equation.domain}
    places: list[Symbol] = []
    for slot, index in zip(variable.slots, equation.index, strict=True):
        if slot.kind is not Kind.PLACE:
            continue
        r = ranges.get(index)
        if r is None or (r.lower, r.upper) != (slot.range.lower, slot.range.upper):
            raise NoMatrixForm(f"{equation.lhs} is only a part of {variable.name}")
        places.append(index)
    if not places:
        raise NoMatrixForm(f"{equation.lhs} has no place")
    rhs = _View(tuple(ranges[p] for p in places), system, equation.domain).seen(equation.rhs)
    return ConvolutionForm(equation.lhs, rhs, tuple(places), system)


def convolves(system: System) -> bool:
    """Whether some equation is a convolution."""
    for equation in system.equations:
        try:
            if has(convolution_form(equation, system).rhs, Convolved):
                return True
        except NoMatrixForm:
            continue
    return False


def has_places(equation: Equation, system: System) -> bool:
    """Whether a family with places stands in an equation."""
    names = {equation.family, *names_in(equation.rhs)} & system.by_name.keys()
    return any(s.kind is Kind.PLACE for name in names for s in system[name].slots)


def _uppers(entry: Expr, system: System) -> list[Expr]:
    """The lengths of a family along its places, at an entry."""
    variable = system[str(family_of(entry))]
    at = dict(zip(variable.own_index, index_of(entry), strict=True))
    return [s.range.substitute(at).upper for s in variable.slots if s.kind is Kind.PLACE]


class _View:
    """The reading of one right side."""

    def __init__(self, places: tuple[Range, ...], system: System, domain: Sequence[Range]) -> None:
        self.ranges = places
        self.symbols = frozenset(r.symbol for r in places)
        self.system = system
        self.facts: Facts = system.facts.given(domain)

    def seen(self, e: Expr) -> Expr:
        """e with its convolutions as such, and all else entry by entry."""
        if not free_symbols(e) & self.symbols:
            return e
        if isinstance(e, Indexed):
            return self._whole(e)
        if isinstance(e, sp.Sum):
            return self._sum(e)
        if is_binder(e) or isinstance(e, Symbol) or not e.args:
            raise NoMatrixForm(f"{e}: a place stands in it, not alone in a slot")
        return e.func(*(self.seen(a) for a in e.args))

    def _whole(self, e: Indexed) -> Expr:
        """An entry at the place itself, all of the family's places in their order."""
        variable = self.system.by_name.get(str(family_of(e)))
        if variable is None:
            raise NoMatrixForm(f"{e} is no entry")
        pairs = [(s, i) for s, i in zip(variable.slots, e.indices, strict=True)
                 if s.kind is Kind.PLACE or free_symbols(i) & self.symbols]  # fmt: skip
        if [i for _, i in pairs] != [r.symbol for r in self.ranges]:
            raise NoMatrixForm(f"{e}: its places are not those of the left side")
        for (slot, _), r in zip(pairs, self.ranges, strict=True):
            if slot.range.lower != 1 or not self.facts.equal(slot.range.upper, r.upper):
                raise NoMatrixForm(f"{e} has other places than 1 to {r.upper}")
        return e

    def _sum(self, e: sp.Sum) -> Expr:
        ranges: list[Range] = []
        body: Expr = e
        while isinstance(body, sp.Sum):
            ranges += [Range(*limit) for limit in reversed(body.limits)]
            body = body.function
        slid = [f for f in sp.Mul.make_args(body) if self._is_slid(f)]
        if len(slid) != 2:
            return self._over_channels(body, ranges)
        others = sp.Mul(*(f for f in sp.Mul.make_args(body) if f not in slid))
        found, left = self._convolved(slid, ranges)
        if any(r.symbol in free_symbols(others) for r in ranges if r not in left):
            raise NoMatrixForm(f"{others} depends on the place in the kernel")
        return self._summed(found * self.seen(others), left)

    def _over_channels(self, body: Expr, ranges: Sequence[Range]) -> Expr:
        """Σ over indices that are no places."""
        return self._summed(self.seen(body), ranges)

    def _summed(self, body: Expr, ranges: Sequence[Range]) -> Expr:
        if any((free_symbols(r.lower) | free_symbols(r.upper)) & self.symbols for r in ranges):
            raise NoMatrixForm("the range of a sum depends on the place")
        limits = [(r.symbol, r.lower, r.upper) for r in reversed(ranges)]
        return sp.Sum(body, *limits) if limits else body

    def _is_slid(self, f: Expr) -> bool:
        """Whether a factor is an entry with as many places as the left side has."""
        if not isinstance(f, Indexed):
            return False
        return len(self._at(f)) == len(self.ranges)

    def _at(self, f: Expr) -> list[Expr]:
        """What stands in the slots of places."""
        slots = self.system[str(family_of(f))].slots
        return [i for s, i in zip(slots, index_of(f), strict=True) if s.kind is Kind.PLACE]

    def _convolved(
        self, slid: Sequence[Expr], ranges: Sequence[Range]
    ) -> tuple[Expr, Sequence[Range]]:
        """The two factors as image * kernel, and the ranges that are left."""
        by_symbol = {r.symbol: r for r in ranges}
        first, second = sorted(slid, key=self._is_parameter)  # images, then kernels
        for image, kernel, how in (
            (first, second, VALID), (second, first, VALID), (first, second, FULL),
        ):  # fmt: skip
            used = self._used(image, kernel, how, by_symbol)
            if used is not None:
                node = Convolved(self._at_place(image), self._at_place(kernel), Str(how))
                return node, [r for r in ranges if r.symbol not in used]
        raise NoMatrixForm(f"{first} and {second}: neither slides over the other one as a whole")

    def _is_parameter(self, f: Expr) -> bool:
        return self.system[str(family_of(f))].role is Role.PARAMETER

    def _used(
        self, image: Expr, kernel: Expr, how: str, bound: dict[Symbol, Range]
    ) -> set[Symbol] | None:
        """The bound indices of a convolution; None where it is none."""
        lengths = zip(_uppers(image, self.system), _uppers(kernel, self.system), strict=True)
        rule = self._valid if how == VALID else self._full
        used: set[Symbol] = set()
        for r, i, k, (n, m) in zip(
            self.ranges, self._at(image), self._at(kernel), lengths, strict=True
        ):
            symbol = rule(r, i, k, n, m, bound)
            if symbol is None:
                return None
            used.add(symbol)
        return used if len(used) == len(self.ranges) else None

    def _valid(
        self, r: Range, i: Expr, k: Expr, n: Expr, m: Expr, bound: dict[Symbol, Range]
    ) -> Symbol | None:
        """image[p + u − 1] kernel[u] for all u of the kernel, of which n − m + 1 places exist."""
        b = bound.get(k)
        same = self.facts.equal
        if b is None or not (b.lower == 1 and same(b.upper, m) and same(i, r.symbol + k - 1)):
            return None
        return k if self._as_long(r.upper, n - m + 1) else None

    def _full(
        self, r: Range, i: Expr, k: Expr, n: Expr, m: Expr, bound: dict[Symbol, Range]
    ) -> Symbol | None:
        """image[s] kernel[p + 1 − s] for all s at which both exist, for p from 1 to n + m − 1."""
        if not self.facts.equal(i + k, r.symbol + 1) or not self._as_long(r.upper, n + m - 1):
            return None
        s, own, other = (i, n, m) if i in bound else (k, m, n)
        b = bound.get(s)
        low, high = sp.Max(1, r.symbol + 1 - other), sp.Min(own, r.symbol)
        return s if b is not None and (b.lower, b.upper) == (low, high) else None

    def _as_long(self, a: Expr, b: Expr) -> bool:
        return self.facts.le(a, b) and self.facts.le(b, a)

    def _at_place(self, f: Expr) -> Expr:
        """A factor with the places of the left side in its slots."""
        places = iter(r.symbol for r in self.ranges)
        variable = self.system[str(family_of(f))]
        index = [
            next(places) if s.kind is Kind.PLACE else i
            for s, i in zip(variable.slots, index_of(f), strict=True)
        ]
        return variable[tuple(index)]
