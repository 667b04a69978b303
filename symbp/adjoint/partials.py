"""The partial derivatives of one right side: the table of functions carried through + × ^ Σ.

    ∂(u + v) = ∂u + ∂v    ∂(u·v) = v·∂u + u·∂v    ∂uᶜ = c·uᶜ⁻¹·∂u    ∂f(u) = f'(u)·∂u    ∂Σ = Σ∂
    ∂ max_k u[k] = Σ_k [k is the place of the maximum] ∂u[k]

An occurrence is one place where an entry u[g] stands, with the factor that the way down to it
has collected and the sums that are open around it. An expression is the sum over its
occurrences of factor · du[g], which is all that the adjoint needs of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import dataclass

import sympy as sp
from sympy import Expr, S

from symbp.errors import DefinitionError
from symbp.functions import TABLE, Elementwise, F, X, derivative_of, in_rows
from symbp.system.contents import has, names_in, rebuilt
from symbp.system.equation import family_of
from symbp.system.functional import Functional
from symbp.system.indices import Range, is_binder, stand_in, substitute
from symbp.system.maximum import Chosen, Maximum


@dataclass(frozen=True)
class Occurrence:
    """∂rhs/∂entry at one place: `factor`, under the sums `opened` (dummy indices)."""

    entry: Expr
    factor: Expr
    opened: tuple[Range, ...]


def occurrences(e: Expr, wanted: Set[str]) -> Iterator[Occurrence]:
    """The places of e where an entry of a wanted family stands.

    >>> x, y = sp.symbols("x y")
    >>> [o.factor for o in occurrences(x * y**2, {"y"})]
    [2*x*y]
    """
    yield from _descend(e, wanted, (), ())


def _descend(
    e: Expr,
    wanted: Set[str],
    factors: tuple[Expr, ...],
    opened: tuple[Range, ...],
) -> Iterator[Occurrence]:
    if family_of(e) in wanted:
        yield Occurrence(e, sp.Mul(*factors), opened)
    elif names_in(e).isdisjoint(wanted):
        return
    elif isinstance(e, sp.Add):
        for term in e.args:
            yield from _descend(term, wanted, factors, opened)
    elif isinstance(e, sp.Mul):
        for i, factor in enumerate(e.args):
            others = e.args[:i] + e.args[i + 1 :]
            yield from _descend(factor, wanted, factors + others, opened)
    elif isinstance(e, sp.Pow) and names_in(e.exp).isdisjoint(wanted):
        yield from _descend(e.base, wanted, (*factors, e.exp, e.base ** (e.exp - 1)), opened)
    elif isinstance(e, Functional):
        (k, lo, hi) = e.limits[0]
        at = stand_in(k, len(opened) + 1)
        entry = substitute(e.entries[0], {k: at})
        if not all(names_in(p).isdisjoint(wanted) for p in (e.entries[1], *e.partials)):
            raise DefinitionError(f"{e.name} is differentiated by its outputs only")
        yield from _descend(
            entry, wanted, (*factors, e.differentiated(at)), (*opened, Range(at, lo, hi))
        )
    elif isinstance(e, Chosen):
        return  # it does not change but by a jump
    elif is_binder(e):
        dummies = {k: stand_in(k, len(opened) + 1) for k, *_ in e.limits}
        ranges = tuple(
            Range(dummies[k], substitute(lo, dummies), substitute(hi, dummies))
            for k, lo, hi in reversed(e.limits)
        )
        if isinstance(e, Maximum):
            factors = (*factors, e.chosen([r.symbol for r in ranges]))
        body = substitute(e.function, dummies)
        yield from _descend(body, wanted, factors, opened + ranges)
    elif isinstance(e, (Elementwise, sp.exp, sp.log)):
        if not all(names_in(p).isdisjoint(wanted) for p in e.args[1:]):
            raise DefinitionError(f"{e}: no derivative by the parameter of a function")
        yield from _descend(e.args[0], wanted, (*factors, derivative_of(e)), opened)
    else:
        raise DefinitionError(f"{e}: the rule knows sums, products, powers and functions only")


def expand_primes(e: Expr) -> Expr:
    """e with every f'(x), f''(x) of a specified function written out by its row.

    >>> expand_primes(derivative_of(TABLE["sigmoid"](X)))
    (1 - sigmoid(x))*sigmoid(x)
    """
    if isinstance(e, Elementwise) and e.order > 0 and e.row.specified:
        x, f = expand_primes(e.args[0]), e.row(*e.args)
        return in_rows(prime_formula(e.row.name, e.order).xreplace({X: x, F: f}))
    if not has(e, Elementwise):
        return e
    return rebuilt(e, [expand_primes(a) for a in e.args])


def prime_formula(name: str, order: int) -> Expr:
    """f⁽ᵒʳᵈᵉʳ⁾ in x and f, from the row's f' by the rule: d/dx p(x, f) = ∂p/∂x + ∂p/∂f · f'.

    >>> prime_formula("tanh", 2)
    -2*f*(1 - f**2)
    """
    row = TABLE[name]
    if row.derivative is None:
        raise DefinitionError(f"{name} is unspecified: its derivative has no formula")
    if order == 1:
        return row.derivative
    before = prime_formula(name, order - 1)
    by_x = (o.factor for o in occurrences(before, {X.name}))
    by_f = (o.factor for o in occurrences(before, {F.name}))
    total: Expr = sp.Add(*by_x) + sp.Add(*by_f, S.Zero) * row.derivative
    return total
