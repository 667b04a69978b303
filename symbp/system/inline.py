"""Inlining: a family replaced by its definition wherever it is used.

    ∂C/∂a[l, j] = Σ_k w[l+1, k, j] δ[l+1, k]     1 ≤ l ≤ L−1
    ∂C/∂a[L, j] = a[L, j] − y[j]
    δ[l, j]     = ∂C/∂a[l, j] σ'(z[l, j])        1 ≤ l ≤ L

becomes, without ∂C/∂a,

    δ[l, j]     = σ'(z[l, j]) Σ_k w[l+1, k, j] δ[l+1, k]     1 ≤ l ≤ L−1
    δ[L, j]     = σ'(z[L, j]) (a[L, j] − y[j])

Where the definition has cases, the equations that use it are cut into cases, and the sums in
them into partial sums, so that each use falls into one case.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import sympy as sp
from sympy import Expr, S, Symbol

from symbp.errors import DefinitionError, at
from symbp.system import Equation, Facts, Range, System
from symbp.system.equation import family_of, index_of, walk
from symbp.system.indices import affine_coefficient, is_binder, rename_bound, substitute
from symbp.system.maximum import Chosen
from symbp.system.regions import Box, Interval, box_of, cells, domain_of


def inline(system: System, name: str) -> System:
    """The system without the family `name`: its definition stands where it was used.

    Raises `DefinitionError` where the family is given, is the loss, is defined by itself, or is
    used where it cannot be told which of its cases holds.
    """
    cases = system.defining(name)
    if not cases or name == system.loss:
        what = "the loss" if name == system.loss else str(system[name].role)
        raise DefinitionError(f"{name} is {what}: there is no definition to put in its place")
    if any(_uses(e.rhs, name) for e in cases):
        raise DefinitionError(f"{name} is defined by itself and cannot be replaced")
    inliner = _Inliner(system, name, cases)
    equations = [new for e in system.equations if e.family != name for new in inliner.rewrite(e)]
    variables = tuple(v for v in system.variables if v.name != name)
    return replace(system, variables=variables, equations=tuple(equations))


def _uses(e: Expr, name: str) -> bool:
    return any(family_of(node) == name for node, _ in walk(e))


class _Inliner:
    def __init__(self, system: System, name: str, cases: Sequence[Equation]) -> None:
        self.system = system
        self.name = name
        self.cases = cases
        self.boxes = [box_of(system[name], e, system.facts) for e in cases]

    def rewrite(self, equation: Equation) -> Iterator[Equation]:
        """The equation with the family replaced, in as many cases as it takes."""
        if not _uses(equation.rhs, self.name):
            yield equation
            return
        variable = self.system[equation.family]
        own = box_of(variable, equation, self.system.facts)
        index, _ = domain_of(variable, own)
        used = [index_of(node) for node, _ in walk(equation.at_index(index))
                if family_of(node) == self.name]  # fmt: skip
        boxes = [b for g in used for case in self.boxes for b in self._pulled_back(index, g, case)]
        for cell in cells(variable, [own, *boxes], self.system.facts):
            if 0 in cell.members:
                yield self._on(equation, *domain_of(variable, cell.box))

    def _on(
        self, equation: Equation, index: tuple[Expr, ...], domain: tuple[Range, ...]
    ) -> Equation:
        """The equation on one cell, where every use falls into one case."""
        with at(f"equation for {equation.lhs}"):
            rhs = self._replaced(equation.at_index(index), self.system.facts.given(domain))
        taken = {r.symbol.name for r in domain} | self.system.by_name.keys()
        return Equation(equation.family, index, rename_bound(rhs, taken), domain)

    def _pulled_back(
        self, index: tuple[Expr, ...], g: tuple[Expr, ...], case: Box
    ) -> Iterator[Box]:
        """What `g` in `case` says of each index of the left side that it depends on."""
        for place, symbol in enumerate(index):
            for entry, interval in zip(g, case, strict=True):
                moved = _moved(entry, interval, symbol)
                if moved is not None:
                    yield tuple(moved if p == place else None for p in range(len(index)))

    def _replaced(self, e: Expr, facts: Facts) -> Expr:
        if family_of(e) == self.name:
            return self._definition(e, facts)
        if not e.args or not _uses(e, self.name):
            return e
        if is_binder(e):
            return self._under_binder(e, facts)
        return e.func(*(self._replaced(a, facts) for a in e.args))

    def _definition(self, entry: Expr, facts: Facts) -> Expr:
        g = index_of(entry)
        for case, box in zip(self.cases, self.boxes, strict=True):
            if all(
                interval is None or (facts.le(interval[0], x) and facts.le(x, interval[1]))
                for x, interval in zip(g, box, strict=True)
            ):
                return case.at_index(g)
        raise DefinitionError(f"no case of {self.name} is known to hold for {entry}")

    def _under_binder(self, e: Expr, facts: Facts) -> Expr:
        """Σ_k cut into partial sums, on each of which the uses inside fall into one case."""
        if isinstance(e, Chosen):
            inside = facts.given(e.ranges)
            return e.func(e.function.func(*(self._replaced(a, inside) for a in e.function.args)),
                          *e.limits)  # fmt: skip
        *inner, (k, lower, upper) = e.limits
        body = e.func(e.function, *inner) if inner else e.function
        pieces = self._pieces(Range(k, lower, upper), body, facts)
        if len(pieces) > 1 and not isinstance(e, sp.Sum):
            raise DefinitionError(f"{e} binds {k} over several cases of {self.name}")
        terms = []
        for r in pieces:
            if r.lower == r.upper:
                terms.append(self._replaced(substitute(body, {k: r.lower}), facts))
                continue
            new = self._replaced(body, facts.given([r]))
            limit = (k, r.lower, r.upper)
            joined = isinstance(new, sp.Sum) and k not in {x for x, *_ in new.limits}
            terms.append(e.func(*new.args, limit) if joined else e.func(new, limit))
        return sp.Add(*terms)

    def _pieces(self, r: Range, body: Expr, facts: Facts) -> list[Range]:
        """The range cut wherever a case of the family begins or ends."""
        used = {index_of(node) for node, _ in walk(body) if family_of(node) == self.name}
        ends = (pair for g in used for case in self.boxes for pair in zip(g, case, strict=True))
        moved = (_moved(entry, interval, r.symbol) for entry, interval in ends)
        starts = {s for i in moved if i is not None for s in (i[0], i[1] + 1)}
        inside = [s for s in starts if not facts.le(s, r.lower) and not facts.le(r.upper + 1, s)]
        for s in inside:
            if not facts.le(r.lower, s) or not facts.le(s, r.upper + 1):
                raise DefinitionError(f"cannot tell whether {s} lies in {r}")
        ordered = sorted(inside, key=lambda s: sum(facts.le(t, s) for t in inside))
        first = [r.lower, *ordered]
        last = [*(s - 1 for s in ordered), r.upper]
        return [Range(r.symbol, a, b) for a, b in zip(first, last, strict=True)]


def _moved(entry: Expr, interval: Interval | None, symbol: Expr) -> Interval | None:
    """The values of `symbol` for which `entry` (± symbol + c) lies in the interval."""
    if interval is None or not isinstance(symbol, Symbol):
        return None
    c = affine_coefficient(entry, symbol)
    if c not in (S.One, S.NegativeOne):
        return None
    low, high = interval
    rest = sp.expand(entry - c * symbol)
    return (low - rest, high - rest) if c == 1 else (rest - high, rest - low)
