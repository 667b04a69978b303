"""Ranges that move with an index: s ≤ t as a whole square, and the conditions that are left.

    1 ≤ s ≤ t, 1 ≤ t ≤ T             the square 1 ≤ s ≤ T, and t − s ≥ 0
    max(1, t − w) ≤ s ≤ t            the same, and t − s ≥ 0, s − t + w ≥ 0

A family over such a range is stored as the whole square, 0 where a condition fails.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import sympy as sp
from sympy import Expr, S, Symbol

from symbp.errors import SizeError
from symbp.numbers.codegen.bounds import distributed, greatest, least
from symbp.system import Facts, Range, Variable
from symbp.system.indices import affine_coefficient

Axes = Mapping[Symbol, Range]


def square(r: Range, axes: Axes, facts: Facts) -> Range:
    """All that the range may hold where its bounds move with the axes.

    >>> s, t, T = sp.symbols("s t T", integer=True)
    >>> print(square(Range(s, sp.S(1), t), {t: Range(t, sp.S(1), T)}, Facts({})))
    1 ≤ s ≤ T
    """
    return Range(r.symbol, least(r.lower, axes, facts), greatest(r.upper, axes, facts))


def squares(v: Variable, apart: Collection[int], facts: Facts) -> tuple[Range, ...]:
    """The ranges of a family's slots as those of one array; slots that are `apart` stay symbols."""
    axes: dict[Symbol, Range] = {}
    result = []
    for i, slot in enumerate(v.slots):
        r = slot.range
        if (r.lower.free_symbols | r.upper.free_symbols) & axes.keys():
            r = square(r, axes, facts)
        if i not in apart:
            axes[r.symbol] = r
        result.append(r)
    return tuple(result)


def listing(v: Variable) -> set[Symbol]:
    """The indices on which the lengths of a family's other slots depend: l where they are n[l]."""
    ends = (b for s in v.slots for b in (s.range.lower, s.range.upper))
    return {s for b in ends for a in b.atoms(sp.Indexed) for s in a.free_symbols}


def conditions(r: Range, whole: Range) -> tuple[Expr, ...]:
    """What is at least 0 where the index is in its range, and not always in the wider one."""
    found: list[Expr] = []
    if r.lower != whole.lower:
        ends = r.lower.args if isinstance(r.lower, sp.Max) else (r.lower,)
        found += [r.symbol - a for a in ends if a != whole.lower]
    if r.upper != whole.upper:
        ends = r.upper.args if isinstance(r.upper, sp.Min) else (r.upper,)
        found += [a - r.symbol for a in ends if a != whole.upper]
    return tuple(distributed(c) for c in found)


def projected(
    found: Sequence[Expr], axes: Axes, keep: Collection[Symbol], facts: Facts
) -> tuple[Expr, ...]:
    """When the conditions hold somewhere along the axes that are not kept, in those that are.

    Known conditions are left out. Where an axis cannot be removed from them, it stays.

    >>> s, t, T = sp.symbols("s t T", integer=True)
    >>> axes = {t: Range(t, sp.S(1), T), s: Range(s, sp.S(1), T)}
    >>> projected([t - s - 1], axes, [s], Facts({}))
    (T - s - 1,)
    """
    left = list(dict.fromkeys(found))
    for s in axes:
        if s not in keep and any(s in c.free_symbols for c in left):
            new = _without(s, left, axes[s])
            if new is None:
                break
            left = new
    known = facts.given(axes.values())
    kept: list[Expr] = []
    for c in left:
        if not c.free_symbols & axes.keys() or known.le(S.Zero, c):
            continue
        if not any(known.le(d, c) for d in kept):
            kept = [d for d in kept if not known.le(c, d)] + [c]
    return tuple(kept)


def _without(s: Symbol, found: Sequence[Expr], r: Range) -> list[Expr] | None:
    """The conditions for which some s fulfils all; None where its bounds are no integers."""
    rest = [c for c in found if s not in c.free_symbols]
    own = [*(c for c in found if s in c.free_symbols), s - r.lower, r.upper - s]
    below: list[tuple[int, Expr]] = []
    above: list[tuple[int, Expr]] = []
    for c in own:
        factor = affine_coefficient(c, s)
        if factor is None or not factor.is_Integer:
            return None
        (below if factor > 0 else above).append((abs(int(factor)), c))
    pairs = [(a, b) for a in below for b in above]
    if any(min(a[0], b[0]) != 1 for a, b in pairs):
        return None
    return rest + [sp.expand(a[1] * b[0] + b[1] * a[0]) for a, b in pairs]


def outermost(domain: Sequence[Range], symbol: Symbol, facts: Facts) -> tuple[Range, ...]:
    """The same places with one index first: 1 ≤ t ≤ T, s ≤ t are 1 ≤ s ≤ T, t ≥ s.

    >>> s, t, T = sp.symbols("s t T", integer=True)
    >>> domain = Range(t, sp.S(1), T), Range(s, sp.S(1), t)
    >>> print(*outermost(domain, s, Facts({T: (sp.S(1), None)})), sep=", ")
    1 ≤ s ≤ T, s ≤ t ≤ T
    """
    own = next(r for r in domain if r.symbol == symbol)
    before = {r.symbol: r for r in domain[: domain.index(own)]}
    moving = [s for s in before if s in own.lower.free_symbols | own.upper.free_symbols]
    if not moving:
        return (own, *(r for r in domain if r is not own))
    axes: dict[Symbol, Range] = {}
    for r in before.values():
        axes[r.symbol] = square(r, axes, facts)
    first = square(own, axes, facts)
    found = conditions(own, first)
    if len(moving) > 1 or any(s in r.lower.free_symbols for s in moving for r in before.values()):
        raise SizeError(f"no loop along {symbol}: {own} moves with several indices")
    (s,) = moving
    known = facts.given((first, *axes.values()))
    turned = _narrowed(before[s], found, known)
    return first, *(turned if r.symbol == s else r for r in domain if r is not own)


def _narrowed(r: Range, found: Sequence[Expr], facts: Facts) -> Range:
    """The range where the conditions hold too."""
    for c in found:
        factor = affine_coefficient(c, r.symbol)
        if factor is None or abs(factor) != 1:
            raise SizeError(f"no loop along an index whose range moves with {factor}·{r.symbol}")
        end = sp.expand(r.symbol - c / factor)
        if factor > 0 and not facts.le(end, r.lower):
            r = replace(r, lower=end if facts.le(r.lower, end) else sp.Max(r.lower, end))
        elif factor < 0 and not facts.le(r.upper, end):
            r = replace(r, upper=end if facts.le(end, r.upper) else sp.Min(r.upper, end))
    return r
