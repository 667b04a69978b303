"""The gradient of one entry as a sum over paths from it to the loss.

    ∂C/∂w = Σ over paths w → v₁ → ... → C of the product of the local derivatives along the path

which is the chain rule for a graph (Bauer 1974). Sizes must be numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product

import sympy as sp
from sympy import Expr, Integer, S, Symbol

from symbp.adjoint import adjoint_name
from symbp.derivation.context import Context, Partial
from symbp.derivation.named import name_values
from symbp.derivation.rules import chain, collapse, definition, differentiate
from symbp.derivation.simplify import cancel, normalise, primes
from symbp.errors import SizeError
from symbp.system import Equation, Range, Slot, System
from symbp.system.equation import family_of, index_of
from symbp.system.indices import substitute

#: Beyond this many paths a reader is not helped.
MOST_PATHS = 64


@dataclass(frozen=True)
class Edge:
    """user depends on used; `slope` is ∂user/∂used written out, `plain` with σ' not expanded."""

    user: Expr
    used: Expr
    plain: Expr
    slope: Expr
    partial: Partial
    """∂user/∂used as a node."""


Path = tuple[Edge, ...]


def paths(system: System, entry: Expr) -> list[Path]:
    """All ways from an entry to the loss, each from the entry on.

    `system` holds the adjoints and has its sizes bound. Raises `SizeError` where there are more
    than `MOST_PATHS`.
    """
    system = _numbered(system)
    context = Context(system, (), sized=True)
    found: list[Path] = []
    open_paths: list[tuple[Path, Expr]] = [((), entry)]
    while open_paths:
        path, last = open_paths.pop()
        if family_of(last) == system.loss:
            found.append(path)
            continue
        edges = list(edges_from(context, last))
        open_paths += [((*path, e), e.user) for e in reversed(edges)]
        if len(open_paths) + len(found) > MOST_PATHS:
            raise SizeError(
                f"more than {MOST_PATHS} paths lead from {entry} to {system.loss}: "
                "leave out the entry, or choose smaller layers"
            )
    return found


def edges_from(context: Context, used: Expr) -> Iterator[Edge]:
    """The entries that depend directly on one, with the local derivatives."""
    system = context.system
    adjoint = system[adjoint_name(system.loss, str(family_of(used)))]
    for partial in _written_out(chain(context, adjoint[index_of(used)]), system):
        plain = collapse(context, differentiate(context, definition(context, partial)))
        if plain != 0:
            slope = plain
            for rule in (primes, name_values, normalise, cancel):
                slope = rule(context, slope)
            yield Edge(partial.args[0], partial.args[1], plain, slope, partial)


def _numbered(system: System) -> System:
    """The system with the depth and the batch size put in as numbers everywhere."""
    numbers = {a: v for a, v in system.size_values().items() if isinstance(a, Symbol)}

    def moved(r: Range) -> Range:
        return r.substitute(numbers)

    variables = tuple(
        replace(v, slots=tuple(Slot(moved(s.range), s.kind) for s in v.slots))
        for v in system.variables
    )
    equations = tuple(
        Equation(
            e.family,
            tuple(substitute(i, numbers) for i in e.index),
            substitute(e.rhs, numbers),
            tuple(moved(r) for r in e.domain),
        )
        for e in system.equations
    )
    return replace(system, variables=variables, equations=equations)


def _written_out(e: Expr, system: System) -> Iterator[Partial]:
    """The local derivatives of Σ ∂C/∂v · ∂v/∂u with every sum written out."""
    values = system.size_values()
    for term in sp.Add.make_args(e):
        ranges = [limit for s in term.atoms(sp.Sum) for limit in s.limits]
        spans = [range(int(_at(lo, values)), int(_at(hi, values)) + 1) for _, lo, hi in ranges]
        (partial,) = term.atoms(Partial)
        for point in product(*spans):
            at = {k: Integer(p) for (k, _, _), p in zip(ranges, point, strict=True)}
            yield Partial(*(substitute(a, at) for a in partial.args))


def _at(bound: Expr, values: dict[Expr, Expr]) -> Expr:
    return bound.xreplace(values).xreplace(values)


def product_of(path: Path) -> Expr:
    """The product of the local derivatives along a path."""
    return sp.Mul(S.One, *(edge.slope for edge in path))
