"""An index p + u with an axis for p and one for u: windows into an array.

    x[p + u]                 sliding_window_view(x, P, axis=0)                    axes u, p
    x[2 p + u]               sliding_window_view(x, 2 * P - 1, axis=0)[:, ::2]
    d[p − u], 0 outside      sliding_window_view(np.pad(d, ...), P, axis=0)[::-1]

The window runs along p and is moved by u: one picture for every place of a kernel. With the
letters the other way round it is the same values under other axes; the earlier letter is the
window's, so that all equations of a network write the same windows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import sympy as sp
from sympy import Expr, S, Symbol

from symbp.numbers.codegen.nodes import Axes, Node, leaf
from symbp.system import Facts, Range
from symbp.system.indices import affine_coefficient, substitute

Code = Callable[[Expr], str]  # an index expression as code


@dataclass(frozen=True)
class Window:
    """One dimension: a window of `size` in steps along `place`, moved along `shift`."""

    place: Symbol
    shift: Symbol
    size: Expr
    step: int
    moves: str
    """The slice of the positions that `shift` takes."""
    pad: tuple[Expr, Expr]
    """How many zeros before and after."""


def window(
    g: Expr, r: Range, axes: Mapping[Symbol, Range], facts: Facts, code: Code, padded: bool
) -> Window | None:
    """The index g of a dimension with the range r as a window; None where it is none.

    `padded` allows it to leave the range.
    """
    symbols = sorted((s for s in g.free_symbols if s in axes), key=str)
    if len(symbols) != 2:
        return None
    found = [affine_coefficient(g, s) for s in symbols]
    steps = [int(c) for c in found if c is not None and c.is_Integer]
    if len(steps) != 2:
        return None
    if steps[0] < 0:
        symbols, steps = symbols[::-1], steps[::-1]
    (place, shift), (a, b) = symbols, steps
    if a < 0 or any(free in axes for s in symbols for free in _free(axes[s])):
        return None
    first = substitute(g, {place: axes[place].lower}) - r.lower
    ends = [
        sp.expand(substitute(first, {shift: e})) for e in (axes[shift].lower, axes[shift].upper)
    ]
    low, high = ends if b > 0 else ends[::-1]
    size = sp.expand(a * (axes[place].upper - axes[place].lower) + 1)
    length = sp.expand(r.upper - r.lower + 1)
    before, after = sp.expand(-low), sp.expand(high + size - length)
    pad = [S.Zero if facts.le(n, S.Zero) else n for n in (before, after)]
    if any(n != 0 and (not padded or not facts.le(S.Zero, n)) for n in pad):
        return None
    low, high = low + pad[0], high + pad[0]
    count = length + pad[0] + pad[1] - size + 1
    whole = facts.le(high + 1, count) and facts.le(count, high + 1)
    moves = _moves(low, "" if whole else code(sp.expand(high + 1)), b, code)
    return Window(place, shift, size, a, moves, (pad[0], pad[1]))


def _free(r: Range) -> set[Expr]:
    return {*r.lower.free_symbols, *r.upper.free_symbols}


def _moves(low: Expr, stop: str, step: int, code: Code) -> str:
    """low:stop:step, backwards for a negative step."""
    low = sp.expand(low)
    first = "" if low == 0 else code(low)
    if step > 0:
        return sliced(first, stop, str(step) if step > 1 else "")
    return f"::{step}" if not first and not stop else ""


def windowed(base: Node, parts: Sequence[str | Window], axes: Axes, code: Code) -> Node:
    """The array with a slice or windows in each dimension; `axes` are those of the slices."""
    moved = {i: p for i, p in enumerate(parts) if isinstance(p, Window)}
    cut = [":" if i in moved else str(p) for i, p in enumerate(parts)]
    kept = [i for i, p in enumerate(cut) if ":" in p]
    base = Node("view", (base,), (), f"[{', '.join(cut)}]") if set(cut) != {":"} else base
    if any(w.pad != (0, 0) for w in moved.values()):
        pads = [moved[i].pad if i in moved else (S.Zero, S.Zero) for i in kept]
        texts = [f"({code(a)}, {code(b)})" for a, b in pads]
        text = f"({', '.join(texts)})" if len(texts) > 1 else texts[0]
        base = Node("call", (base, leaf(text)), (), "np.pad")
    places = [kept.index(i) for i in moved]
    sizes = [code(w.size) for w in moved.values()]
    size, axis = (f"({', '.join(x)})" if len(x) > 1 else x[0] for x in (sizes, [*map(str, places)]))
    slices = [moved[i].moves if i in moved else ":" for i in kept]
    slices += [f"::{w.step}" if w.step > 1 else ":" for w in moved.values()]
    while slices and slices[-1] == ":":
        slices.pop()
    plain = iter(axes)
    own = [moved[i].shift if i in moved else next(plain) for i in kept]
    detail = f"{size}, axis={axis})" + (f"[{', '.join(slices)}]" if slices else "")
    return Node("windows", (base,), (*own, *(w.place for w in moved.values())), detail)


def sliced(first: str, last: str, step: str = "") -> str:
    """first:last:step, with spaces around the colons where a part is an operation.

    >>> sliced("1", "T"), sliced("", "T - 1"), sliced("", "", "2")
    ('1:T', ': T - 1', '::2')
    """
    parts = [first, last] + [step] * bool(step)
    if not any(" " in p for p in parts):
        return ":".join(parts)
    return " : ".join(parts).strip()
