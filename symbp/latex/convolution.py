r"""Convolutions as papers write them: z_e = \sum_d x_d * W_{ed} + b_e.

Arrays of places are written without their places; \odot is the product entry by entry.
"""

from __future__ import annotations

from collections.abc import Sequence

from sympy import Expr, Symbol

from symbp.forms.convolution import ConvolutionForm, Convolved
from symbp.latex.ordering import Rank
from symbp.latex.writer import ATOM, PRODUCT, Text, Writer, parenthesised
from symbp.notation import Notation
from symbp.system import System
from symbp.system.equation import family_of, index_of


class ImageWriter(Writer):
    """Writes equations of arrays of places."""

    def __init__(
        self, system: System, notation: Notation, target: str, places: Sequence[Symbol]
    ) -> None:
        super().__init__(system, notation, target)
        self.places = tuple(places)

    def form(self, form: ConvolutionForm) -> str:
        """lhs = rhs."""
        return f"{self.write(form.lhs)} = {self.write(form.rhs)}"

    def _expr(self, e: Expr, bound: frozenset[Symbol]) -> Text:
        if not isinstance(e, Convolved):
            return super()._expr(e, bound)
        image, kernel = (self._expr(a, bound) for a in e.args[:2])
        if e.full:
            turned = rf"\operatorname{{rot180}}{parenthesised(kernel.latex)}"
            return Text(rf"{image.at(ATOM)} *_{{\mathrm{{full}}}} {turned}", PRODUCT)
        return Text(f"{image.at(ATOM)} * {kernel.at(ATOM)}", PRODUCT)

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
        return f"{super()._juxtaposed(numbers, bound, False)} {product}" if numbers else product

    def _factor_rank(self, f: Expr) -> Rank:
        return (4, str(f)) if isinstance(f, Convolved) else super()._factor_rank(f)
