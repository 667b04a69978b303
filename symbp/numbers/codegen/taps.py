"""A sum over few places around another index, as pooling has it, written out.

Σ_{u=1,2} x[2 p + u − 2]  =  x[2 p − 1] + x[2 p]          strided slices, no windows
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import sympy as sp
from sympy import Expr, Indexed, Integer

from symbp.system import Range
from symbp.system.indices import substitute

FEW = 3  #: places along one index
MOST = 2  #: such indices


def few_places(body: Expr, ranges: Sequence[Range]) -> list[Range]:
    """The ranges that are to be written out: their index stands once, beside another one.

    >>> x, p, u = sp.IndexedBase("x"), *sp.symbols("p u", integer=True)
    >>> few_places(x[2 * p + u], [Range(u, sp.S(1), sp.S(2))])
    [Range(symbol=u, lower=1, upper=2)]
    """
    found = []
    for r in ranges:
        uses = [a for a in body.atoms(Indexed) if r.symbol in a.free_symbols]
        beside = [i for a in uses for i in a.indices if r.symbol in i.free_symbols]
        length = sp.expand(r.upper - r.lower + 1)
        small = length.is_Integer and length <= FEW and r.lower.is_Integer
        if small and len(uses) == len(beside) == 1 and len(beside[0].free_symbols) > 1:
            found.append(r)
    return found if len(found) <= MOST else []


def written_out(body: Expr, ranges: Sequence[Range], taps: Sequence[Range]) -> Expr:
    """The sum of the body over all ranges, a term for each value of the taps."""
    rest = [(r.symbol, r.lower, r.upper) for r in reversed(ranges) if r not in taps]
    terms = []
    for values in product(*(range(int(r.lower), int(r.upper) + 1) for r in taps)):
        at = {r.symbol: Integer(v) for r, v in zip(taps, values, strict=True)}
        term = substitute(body, at)
        terms.append(sp.Sum(term, *rest) if rest else term)
    return sp.Add(*terms)
