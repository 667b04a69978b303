r"""Sizes that are told by bounds and by indices that are sums.

\sum_{i=1}^n x_i           n is the number of entries of x
\sum_u w_u x_{i+u-1}       x has as many entries as i + u - 1 counts: places + kernel - 1

What is learned so is what an author need not say in words (shapes: x n).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import sympy as sp
from sympy import Expr, Indexed, Symbol

from symbp.reading.sizes import Learner
from symbp.system import Equation, Range, Variable
from symbp.system.equation import walk
from symbp.system.indices import affine_coefficient


def learn_bounds(
    learner: Learner, sizes: Mapping[str, Expr], bounds: Iterable[tuple[str, Expr]]
) -> None:
    """Let what stands above a sum be the size that it runs over, where that is one size."""
    for text, size in bounds:
        letter, found = sizes.get(text), learner.settled(size)
        if isinstance(letter, Symbol) and letter.name.endswith("·") and not found.atoms(Indexed):
            learner.equal(letter, found)


def learn_reaches(
    learner: Learner, variables: Mapping[str, Variable], equations: Sequence[Equation]
) -> None:
    """Let an axis be as long as the greatest index that any equation uses it with."""
    for e in equations:
        for node, ranges in walk(e.rhs):
            variable = (
                variables.get(str(node.base.label.name)) if isinstance(node, Indexed) else None
            )
            for slot, index in zip(variable.slots if variable else (), node.args[1:], strict=False):
                own = learner.settled(slot.range.upper)
                if not isinstance(own, Symbol) or "·" not in own.name or index.is_Symbol:
                    continue
                reach = _greatest(learner, index, (*e.domain, *ranges))
                if reach is not None and own not in reach.free_symbols:
                    learner.relate(own, reach)


def _greatest(learner: Learner, index: Expr, ranges: Sequence[Range]) -> Expr | None:
    """The greatest value of a sum of indices over their ranges; None where it has other parts."""
    known = {r.symbol: r for r in ranges}
    ends: dict[Expr, Expr] = {}
    for symbol in index.free_symbols & known.keys():
        factor = affine_coefficient(index, symbol)
        if factor is None or not factor.is_Integer:
            return None
        r = known[symbol]
        ends[symbol] = learner.settled(r.upper if factor > 0 else r.lower)
    if not ends or len(ends) < len(index.free_symbols):
        return None  # a number says of no axis how long it is
    return sp.expand(index.xreplace(ends))


def agreed(bounds: Sequence[tuple[str, Expr]]) -> dict[str, Expr]:
    """The bounds that are one size wherever they stand."""
    sizes: dict[str, set[Expr]] = {}
    for bound, size in bounds:
        sizes.setdefault(bound, set()).add(size)
    return {bound: found.pop() for bound, found in sizes.items() if len(found) == 1}
