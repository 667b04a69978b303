"""Small sizes at which networks of images are judged: an image has many entries at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import cycle

import sympy as sp
from sympy import Expr, Symbol

from symbp.system import Kind, Role, Variable

LARGEST = 12
ARRAYS = (Kind.UNIT, Kind.CHANNEL, Kind.PLACE)


def small_sizes(
    variables: Sequence[Variable], kernels: Collection[str], fixed: Mapping[str, int]
) -> dict[str, int]:
    """Sizes of kernels, 2 and 3 in turn, and the least of images with which all are positive."""
    single = {v.name: v for v in variables if v.role is Role.SIZE and not v.slots}
    uppers = [s.range.upper for v in variables for s in v.slots if s.kind in ARRAYS]
    slid = [s for v in variables if v.name in kernels for s in v.slots if s.kind in ARRAYS]
    own = [s.range.upper for s in slid]
    windows = [str(u) for u in dict.fromkeys(own) if str(u) in single]
    used = {str(s) for u in uppers for s in u.free_symbols} & single.keys()
    images = [n for n in single if n in used and n not in windows and n != "L"]
    depth = fixed.get("L", single["L"].minimum)
    sizes = {"L": depth} | dict(zip(windows, cycle((2, 3)), strict=False))
    for least in range(2 if windows else 1, LARGEST):
        found = sizes | {n: least + (i + 1) % 2 for i, n in enumerate(images)}
        if all(_least(u, found, depth) >= 1 for u in uppers):
            return {n: size for n, size in found.items() if n not in fixed}
    return {}


def _least(upper: Expr, sizes: Mapping[str, int], depth: int) -> int:
    """The least value of a size over all layers."""
    known = upper.xreplace({Symbol(n, integer=True): sp.Integer(v) for n, v in sizes.items()})
    layer = Symbol("l", integer=True)
    values = [sp.sympify(known.xreplace({layer: sp.Integer(at)})) for at in range(depth + 1)]
    return min((int(v) for v in values if v.is_Integer), default=1)
