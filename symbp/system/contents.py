"""What stands in an expression, remembered for every part of it.

SymPy walks the whole expression at each question; a network asks the same of the same parts,
so every answer here is put together from those of the arguments.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sympy import Basic, Expr, Indexed, IndexedBase, Integer, Sum, Symbol, Tuple, sympify
from sympy.concrete.expr_with_limits import ExprWithLimits


@lru_cache(maxsize=1 << 15)
def free_symbols(e: Expr) -> frozenset[Expr]:
    """The free symbols of an expression, and its entries, as SymPy has them.

    >>> from sympy import symbols
    >>> k, n, x = *symbols("k n", integer=True), IndexedBase("x")
    >>> free_symbols(Sum(k * n, (k, 1, n)))
    frozenset({n})
    """
    if isinstance(e, Sum):
        return _free_in_sum(e)
    if isinstance(e, Indexed):
        inner = (free_symbols(i) for i in e.indices)
        return frozenset({e, *e.base.free_symbols}).union(*inner)
    if not e.args or isinstance(e, (ExprWithLimits, IndexedBase)):
        return frozenset(e.free_symbols)
    return frozenset().union(*(free_symbols(a) for a in e.args))


@lru_cache(maxsize=1 << 12)
def bare_symbols(e: Expr) -> frozenset[Symbol]:
    """The symbols that stand in no index: t and L of t + L + n[l].

    >>> from sympy import symbols
    >>> l, t, n = *symbols("l t", integer=True), IndexedBase("n")
    >>> bare_symbols(t + n[l])
    frozenset({t})
    """
    if isinstance(e, Symbol):
        return frozenset({e})
    if isinstance(e, Indexed):
        return frozenset()
    return frozenset().union(*(bare_symbols(a) for a in e.args))


def _free_in_sum(e: Sum) -> frozenset[Expr]:
    found = free_symbols(e.function)
    for k, lo, hi in e.limits:
        found = (found - {k}) | free_symbols(lo) | free_symbols(hi)
    return found


@lru_cache(maxsize=1 << 15)
def has(e: Basic, kind: Any) -> bool:
    """Whether a node of a class, or of one of a tuple of classes, stands in e.

    >>> from sympy import Add, symbols
    >>> has(2 * symbols("x"), Add)
    False
    """
    return isinstance(e, kind) or any(has(a, kind) for a in e.args)


@lru_cache(maxsize=1 << 15)
def names_in(e: Basic) -> frozenset[str]:
    """The names of families, sizes and indices in an expression."""
    if isinstance(e, Symbol):
        return frozenset({e.name})
    if isinstance(e, ExprWithLimits):
        parts = [e.function, *(bound for limit in e.limits for bound in limit[1:])]
        return frozenset().union(*(names_in(part) for part in parts))
    own = {str(e.base.label.name)} if isinstance(e, Indexed) else set()
    return frozenset(own).union(*(names_in(a) for a in e.args if not isinstance(a, IndexedBase)))


@lru_cache(maxsize=1 << 15)
def symbols_in(e: Basic) -> frozenset[Symbol]:
    """The symbols in an expression, free and bound."""
    own = {e} if isinstance(e, Symbol) else set()
    return frozenset(own).union(*(symbols_in(a) for a in e.args))


@lru_cache(maxsize=1 << 15)
def entries_in(e: Basic) -> frozenset[Indexed]:
    """The entries u[...] in an expression, those in indices too."""
    own = {e} if isinstance(e, Indexed) else set()
    return frozenset(own).union(*(entries_in(a) for a in e.args))


@lru_cache(maxsize=1 << 13)
def text(e: Basic) -> str:
    """str(e), remembered: what expressions are put in order by."""
    return str(e)


def is_datum(e: Basic) -> bool:
    """Whether e is a single number, as opposed to an index or a size: a label y in z[y].

    >>> from sympy import symbols
    >>> is_datum(symbols("y", real=True)), is_datum(symbols("j", integer=True))
    (True, False)
    """
    return isinstance(e, Symbol) and not e.is_integer


@lru_cache(maxsize=1 << 12)
def data_in(e: Basic) -> tuple[Expr, ...]:
    """What stands in an index besides indices and single sizes: c[i], a label y; n[l] too."""
    return tuple(sorted((*entries_in(e), *_labels_in(e)), key=text))


@lru_cache(maxsize=1 << 12)
def _labels_in(e: Basic) -> frozenset[Symbol]:
    own = {e} if is_datum(e) else set()
    return frozenset(own).union(*(_labels_in(a) for a in e.args if not isinstance(a, IndexedBase)))


@lru_cache(maxsize=1 << 15)
def entry_of(base: IndexedBase, *index: Expr) -> Expr:
    """base[index], remembered.

    All entries of a family share what SymPy knows of one; it would deduce that for each anew.
    """
    entry: Expr = Expr.__new__(Indexed, base, *(sympify(i) for i in index))
    entry._assumptions = _known_of_entries(base)
    return entry


@lru_cache(maxsize=1 << 12)
def _known_of_entries(base: IndexedBase) -> Any:
    return base[Integer(0)]._assumptions


def rebuilt(e: Expr, args: Sequence[Basic]) -> Expr:
    """The node e with these arguments; e itself where they are its own."""
    if all(a is b for a, b in zip(args, e.args, strict=True)):
        return e
    result: Expr = entry_of(*args) if isinstance(e, Indexed) else node(e.func, *args)
    return result


@lru_cache(maxsize=1 << 15)
def node(kind: type[Basic], *args: Basic) -> Basic:
    """kind(args): what SymPy makes of it, remembered."""
    return _sum(*args) if kind is Sum else kind(*args)


def _sum(body: Expr, *limits: Tuple) -> Expr:
    """Sum(body, *limits), without its search for cases that no system has (Piecewise, Eq)."""
    if isinstance(body, Sum):
        return _sum(body.function, *body.limits, *limits)
    made: Expr = Expr.__new__(Sum, body, *limits)
    made.is_commutative = True
    return made
