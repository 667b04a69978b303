"""Sizes as numbers: which may be given, and those that follow from others.

    P = ⌊(N + 2p − K)/s⌋ + 1      a size with a `value`: never given, computed from what is

Such a relation is checked whenever the sizes in it have numbers: a kernel larger than its padded
image leaves P < 1, a width that the heads do not divide is no integer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import count
from numbers import Integral

import sympy as sp
from sympy import Expr, Integer, Symbol

from symbp.errors import DefinitionError, SizeError
from symbp.system.equation import Role, Variable
from symbp.system.facts import Facts

Sizes = Mapping[str, int | tuple[int, ...]]
MOST = 100  #: steps by which `fitting` makes a size larger


def completed(variables: Sequence[Variable], sizes: Sizes) -> dict[str, int | tuple[int, ...]]:
    """The sizes with those that follow from them.

    Raises `SizeError` where one that follows is no integer or too small, or was given otherwise,
    `DefinitionError` where a relation names what is no size.
    """
    result = dict(sizes)
    before = {v.name for v in variables if v.role is Role.SIZE and v.value is None}
    for v in _following(variables):
        assert v.value is not None
        unknown = {s.name for s in v.value.free_symbols} - before
        if unknown:
            names = ", ".join(sorted(unknown))
            raise DefinitionError(f"{relation(v)}: {names} is not declared as a size before it")
        before.add(v.name)
        known = {Symbol(n, integer=True): Integer(s) for n, s in result.items()
                 if n != v.name and isinstance(s, Integral)}  # fmt: skip
        found = v.value.xreplace(known)
        if found.free_symbols:
            if v.name in sizes:
                raise SizeError(f"{relation(v)} follows: give {_names(v.value)}")
            continue
        if not found.is_Integer or found < v.minimum:
            what = "not an integer" if not found.is_Integer else f"less than {v.minimum}"
            at = ", ".join(f"{n} = {known[Symbol(n, integer=True)]}" for n in _names_of(v.value))
            shapes = _shapes(variables, [v.name, *_names_of(v.value)])
            raise SizeError(f"{relation(v)} is {found} at {at}: {what}{shapes}")
        if sizes.get(v.name, int(found)) != int(found):
            raise SizeError(f"{v.name} = {sizes[v.name]} met {relation(v)} = {found}")
        result[v.name] = int(found)
    return result


def _shapes(variables: Sequence[Variable], names: Sequence[str]) -> str:
    """What has so many entries: (z[p] has P, w[u] has K)."""
    found = []
    for name in names:
        sized = (
            v for v in variables for s in v.slots if s.range.upper == Symbol(name, integer=True)
        )
        first = next(sized, None)
        if first is not None:
            found.append(f"{first[first.own_index]} has {name}")
    return f" ({', '.join(found)})" if found else ""


def fitting(
    variables: Sequence[Variable], sizes: Sizes, chosen: Mapping[str, int]
) -> dict[str, int]:
    """The chosen sizes, some of them larger, so that what follows fits, and all differ.

    >>> N, K = (Symbol(name, integer=True) for name in "NK")
    >>> given = (("K", None), ("N", None), ("P", N - K + 1))
    >>> sized = [Variable(name, role=Role.SIZE, value=value) for name, value in given]
    >>> fitting(sized, {"K": 5}, {"N": 2})
    {'N': 6}
    """
    result = dict(chosen)
    written: dict[Expr, Expr] = {}
    for v in _following(variables):
        assert v.value is not None
        value = written[Symbol(v.name, integer=True)] = v.value.xreplace(written)
        free = [s for s in sorted(value.free_symbols, key=str) if s.name in result]
        steps = (s for _ in range(MOST) for s in _growing(value, free))
        while not _fits(v, value, {**sizes, **result}):
            step = next(steps, None)
            if step is None:
                return result  # no numbers are near: whoever uses them hears why
            others = {n for name, n in {**sizes, **result}.items() if name != step.name}
            result[step.name] = next(n for n in count(result[step.name] + 1) if n not in others)
    return result


def _growing(value: Expr, free: Sequence[Symbol]) -> list[Symbol]:
    """The first size whose growth makes the value larger."""
    smooth = value.replace(sp.floor, lambda x: x).replace(sp.ceiling, lambda x: x)
    return [s for s in free if sp.diff(smooth, s).could_extract_minus_sign() is False][:1]


def _fits(variable: Variable, value: Expr, sizes: Sizes) -> bool:
    """Whether a size that follows is an integer of at least its minimum, as far as is known."""
    known = {s: Integer(sizes[s.name]) for s in value.free_symbols
             if isinstance(sizes.get(s.name), Integral)}  # fmt: skip
    found = value.xreplace(known)
    return bool(found.free_symbols) or bool(found.is_Integer and found >= variable.minimum)


def size_facts(sizes: Iterable[Variable]) -> Facts:
    """The least values of sizes, and what they follow from."""
    known = list(sizes)
    bounds = {v.atom: (Integer(v.minimum), v.value) for v in known}
    return Facts(bounds, defined={v.atom: v.value for v in known if v.value is not None})


def relation(variable: Variable) -> str:
    """P = N − K + 1, as text."""
    value = str(variable.value)
    if isinstance(variable.value, sp.Add):
        first, *others = sorted(variable.value.args, key=_last)
        signed = (f" - {-t}" if _last(t)[1] else f" + {t}" for t in others)
        value = f"{first}{''.join(signed)}"
    return f"{variable.name} = {value}"


def _last(term: Expr) -> tuple[bool, bool]:
    """Numbers and what is taken away stand last: N - K + 1."""
    return bool(term.is_number), bool(term.could_extract_minus_sign())


def without_following(variables: Sequence[Variable], sizes: Sizes) -> Sizes:
    """The sizes that may be given: without those that follow from others."""
    gone = {v.name for v in _following(variables)}
    return {n: s for n, s in sizes.items() if n not in gone}


def _following(variables: Sequence[Variable]) -> Iterator[Variable]:
    return (v for v in variables if v.role is Role.SIZE and v.value is not None)


def _names_of(value: Expr) -> list[str]:
    return sorted(s.name for s in value.free_symbols)


def _names(value: Expr) -> str:
    return " and ".join(_names_of(value))
