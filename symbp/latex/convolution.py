r"""Convolutions as papers write them: z_e = \sum_d x_d * W_{ed} + b_e.

Arrays of places are written without their places; \odot is the product entry by entry.
"""

from __future__ import annotations

from collections.abc import Sequence

import sympy as sp
from sympy import Expr, Symbol

from symbp.forms.convolution import ArrayNode, ConvolutionForm, Convolved, Moved, Ones, moved
from symbp.latex.ordering import Rank
from symbp.latex.writer import ATOM, PRODUCT, Text, Writer, parenthesised
from symbp.notation import Notation
from symbp.system import Kind, Range, System
from symbp.system.equation import family_of, index_of


class ImageWriter(Writer):
    """Writes equations of arrays of places."""

    def __init__(
        self, system: System, notation: Notation, target: str, places: Sequence[Symbol]
    ) -> None:
        super().__init__(system, notation, target)
        self.places = tuple(places)
        self.entries.capitals = False  # an image keeps its letter

    def form(self, form: ConvolutionForm) -> str:
        """lhs = rhs."""
        return f"{self.write(form.lhs)} = {self.write(form.rhs)}"

    def _expr(self, e: Expr, bound: frozenset[Symbol]) -> Text:
        if isinstance(e, Convolved):
            return self._convolved(e, bound)
        if isinstance(e, Moved):
            return self._moved(e, bound)
        if isinstance(e, Ones):
            return Text(rf"\mathbf{{1}}_{{{self._sizes(e.args[0], bound, all_axes=True)}}}")
        return super()._expr(e, bound)

    def _convolved(self, e: Convolved, bound: frozenset[Symbol]) -> Text:
        image, kernel = (self._expr(a, bound) for a in e.args[:2])
        below = [r"\mathrm{full}"] if e.full else []
        below += [self._sizes(e.strides, bound)] if set(e.strides) != {1} else []
        sign = "*" + (f"_{{{', '.join(below)}}}" if below else "")
        return Text(f"{image.at(ATOM)} {sign} {kernel.at(ATOM)}", PRODUCT)

    def _moved(self, e: Moved, bound: frozenset[Symbol]) -> Text:
        inner = self._expr(e.args[0], bound).latex
        if e.name == "part":
            first, last = ([self.entries.integer(i, bound) for i in n] for n in e.numbers)
            ends = r",\, ".join(f"{a}:{b}" for a, b in zip(first, last, strict=True))
            return Text(f"{parenthesised(inner)}_{{{ends}}}")
        if e.name == "greatest":
            greatest = rf"\max {inner}"
            for sizes in e.numbers:
                spread = moved(moved(e.args[0], "maxpool", sizes), "upsample", sizes)
                greatest = self._moved(spread, bound).latex
            return Text(rf"\left[{inner} = {greatest}\right]")
        below = "".join(f"_{{{self._sizes(n, bound, e.name in WINDOWS)}}}" for n in e.numbers)
        return Text(rf"\operatorname{{{e.name}}}{below}{parenthesised(inner)}")

    def _sizes(self, n: Sequence[Expr], bound: frozenset[Symbol], all_axes: bool = False) -> str:
        """2, where it is so along every axis, or 2 × 3."""
        shown = n if all_axes or len(set(n)) > 1 else n[:1]
        return r" \times ".join(self.entries.integer(k, bound) for k in shown)

    def _entry(self, e: Expr, bound: frozenset[Symbol]) -> Text:
        if not self._is_array(e):
            return super()._entry(e, bound)
        name = str(family_of(e))
        return Text(self.entries.whole(name, index_of(e), self.places, bound))

    def _is_array(self, e: Expr) -> bool:
        return not e.free_symbols.isdisjoint(self.places)

    def _juxtaposed(
        self, factors: Sequence[Expr], bound: frozenset[Symbol], alone: bool = True
    ) -> str:
        """Numbers in front, then arrays with the sign of products entry by entry between them."""
        arrays = sorted((f for f in factors if self._is_array(f)), key=self._factor_rank)
        if len(arrays) < 2:
            return super()._juxtaposed(factors, bound, alone)
        numbers = [f for f in factors if f not in arrays]
        texts = [self._expr(f, bound) for f in arrays]
        tight = [t.latex if t.level == ATOM else parenthesised(t.latex) for t in texts]
        product = f" {self.notation.hadamard} ".join(tight)
        front = super()._juxtaposed(numbers, bound, False) if numbers else ""
        if any(isinstance(f, sp.Sum) for f in numbers):
            front = parenthesised(front)
        return f"{front} {product}".lstrip()

    def _factor_rank(self, f: Expr) -> Rank:
        return (4, str(f)) if isinstance(f, ArrayNode) else super()._factor_rank(f)


def without_places(entry: Expr, domain: Sequence[Range], system: System) -> list[Range]:
    """The ranges of a domain but those of places, which arrays do not show."""
    slots = zip(system[str(family_of(entry))].slots, index_of(entry), strict=True)
    places = {i for s, i in slots if s.kind is Kind.PLACE}
    return [r for r in domain if r.symbol not in places]


#: Operations of windows: their size is written along every axis.
WINDOWS = ("upsample", "avgpool", "maxpool")
