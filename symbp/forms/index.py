"""Index expressions as functions of a point: l + 1, n[l − 1], Max(1, q − P + 1), [p = q]."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import reduce
from typing import Any

import sympy as sp
from sympy import Expr, Indexed, Symbol

from symbp.errors import SizeError
from symbp.system import Role, System, Variable
from symbp.system.contents import is_datum
from symbp.system.equation import walk

Point = Mapping[Symbol, int]
Value = Callable[[Point], int]
Sizes = Mapping[Expr, Expr]


def integer(e: Expr, sizes: Sizes) -> Value:
    """An index expression as a function; sizes are numbers already.

    >>> l, n = sp.Symbol("l", integer=True), sp.IndexedBase("n")
    >>> integer(n[l - 1] + l, {n[1]: sp.Integer(5)})({l: 2})
    7
    """
    if e in sizes:
        return _constant(int(sizes[e]))
    if e.is_Integer:
        return _constant(int(e))
    if isinstance(e, Symbol):
        return _symbol(e)
    if isinstance(e, Indexed):
        return _size(e, sizes)
    if e.is_Add and len(e.args) == 2 and e.args[0].is_Integer:
        shift, rest = int(e.args[0]), integer(e.args[1], sizes)  # the usual l − 1
        return lambda point: rest(point) + shift
    exact = _exact(e, sizes)
    return lambda point: int(exact(point))


def _constant(number: int) -> Value:
    return lambda point: number


def _symbol(symbol: Symbol) -> Value:
    def value(point: Point) -> int:
        if symbol not in point:
            raise SizeError(f"no value for the size {symbol}")
        return point[symbol]

    return value


def _size(e: Indexed, sizes: Sizes) -> Value:
    """n[l − 1]; anything else in an index is data, which a symbolic form does not have."""
    at = [integer(i, sizes) for i in e.indices]
    known = {
        tuple(int(i) for i in size.indices): int(value)
        for size, value in sizes.items()
        if isinstance(size, Indexed) and size.base == e.base
    }

    def value(point: Point) -> int:
        place = tuple([i(point) for i in at])
        if place not in known:
            raise SizeError(f"no value for {e.base}[{', '.join(map(str, place))}]")
        return known[place]

    return value


def _exact(e: Expr, sizes: Sizes) -> Callable[[Point], Any]:
    """An integer or rational expression."""
    if e.is_Rational and not e.is_Integer:
        return lambda point: e
    operation = _OPERATIONS.get(e.func)
    if operation is None:
        return integer(e, sizes)
    parts = [_exact(a, sizes) for a in e.args]
    return lambda point: operation([part(point) for part in parts])


def condition(e: Expr, sizes: Sizes) -> Callable[[Point], bool]:
    """[a = b] or [a ≥ 0]."""
    a, *rest = (_exact(i, sizes) for i in e.args)
    if not rest:
        return lambda point: bool(a(point) >= 0)
    (b,) = rest
    return lambda point: bool(a(point) == b(point))


def points(bounds: Sequence[tuple[Symbol, Value, Value]]) -> Iterator[dict[Symbol, int]]:
    """Every point of nested ranges, the last one fastest."""
    if not bounds:
        yield {}
        return
    *outer, (symbol, low, high) = bounds
    for point in points(outer):
        for place in range(low(point), high(point) + 1):
            yield {**point, symbol: place}


def count(variable: Variable, system: System) -> int:
    """The number of entries of a family at the sizes of a system."""
    sizes = system.size_values()
    ranges = [s.range for s in variable.slots]
    bounds = [(r.symbol, integer(r.lower, sizes), integer(r.upper, sizes)) for r in ranges]
    *outer, (_, low, high) = bounds or [(Symbol("_"), _constant(1), _constant(1))]
    return sum(max(0, high(point) - low(point) + 1) for point in points(outer))


def looks_up_data(system: System) -> bool:
    """Whether a family is indexed by data (a gather), of which a symbolic form knows nothing."""
    sizes = {v.atom for v in system.with_role(Role.SIZE)}
    return any(
        is_datum(part) or (isinstance(part, Indexed) and part.base not in sizes)
        for equation in system.equations
        for node, _ in walk(equation.rhs)
        if isinstance(node, Indexed)
        for index in node.indices
        for part, _ in walk(index)
    )


_OPERATIONS: dict[Any, Callable[[list[Any]], Any]] = {
    sp.Add: sum,
    sp.Mul: lambda xs: reduce(operator.mul, xs),
    sp.Max: max,
    sp.Min: min,
    sp.floor: lambda xs: int(sp.floor(xs[0])),
    sp.ceiling: lambda xs: int(sp.ceiling(xs[0])),
}
