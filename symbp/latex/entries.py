"""Entries of families as LaTeX: letter, layer, unit, sample, each where the notation puts it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import sympy as sp
from sympy import Expr, Symbol

from symbp.errors import SymbpError
from symbp.notation import Notation, Style
from symbp.notation.letters import capital, letter_of, style_of
from symbp.system import Kind, Role, Slot, System, Variable
from symbp.system.contents import entries_in, free_symbols, has
from symbp.system.linear import linear


class Entries:
    """Writes the entries of one System's families in one notation.

    `offset` moves the letter of free layer indices: a derivation of δ^{(l)} is written for the
    layer l of the paper, whatever number the equations give it.
    """

    def __init__(self, system: System, notation: Notation, offset: int = 0) -> None:
        self.system = system
        self.notation = notation
        self.offset = offset
        self._layers = {s.symbol for v in system.variables for s in v.slots if s.kind is Kind.LAYER}
        self._depth = Symbol("L", integer=True)
        self._values = system.size_values()
        others = system.by_name.keys() - notation.styles.keys()
        self._own_letters = {style_of(n).entry for n in others} - {""}
        self.capitals = notation.capitals
        self._small = {self.style(n).entry for n in system.by_name}

    def style(self, name: str) -> Style:
        """The notation's style of a family; its plain name where the notation has none."""
        known = self.notation.styles.get(name)
        if known is None:
            return style_of(name)
        taken = {known.whole, known.batch} & self._own_letters
        return replace(known, whole=known.entry, batch=known.entry) if taken else known

    def name(self, name: str) -> str:
        """A family without its indices, as a reader names it."""
        style = self.style(name)
        return style.entry + _script("_", style.label) + _script("^", style.mark)

    def target_offset(self, name: str) -> int:
        """The offset at which the layer index of a family's own slots prints as the letter."""
        adjoint = self.system[name].adjoint_of
        if adjoint:
            return self.target_offset(adjoint[1])
        has_layer = any(s.kind is Kind.LAYER for s in self.system[name].slots)
        return self.style(name).layer if has_layer else 0

    def entry(self, name: str, index: Sequence[Expr], bound: frozenset[Symbol]) -> str:
        """One number of a family."""
        return self._write(self.system[name], index, bound)

    def whole(
        self, name: str, index: Sequence[Expr], axes: Sequence[Symbol], bound: frozenset[Symbol]
    ) -> str:
        """A vector or matrix: the indices in `axes` are not written."""
        variable = self.system[name]
        given = [None if i in axes else i for i in index]
        kinds = [s.kind for s, i in zip(variable.slots, index, strict=True) if i in axes]
        return self._write(variable, given, bound, len(kinds), Kind.SAMPLE in kinds)

    def letter_of_adjoint(self, family: str) -> str:
        """δ for ∂C/∂z; "" where ∂C/∂u is written as a fraction."""
        return self.notation.delta if family == "z" else ""

    def derivative(self, loss: str, of: str) -> str:
        r"""\frac{\partial C}{\partial u}."""
        top = self._write(self.system[loss], ())
        return rf"\frac{{\partial {top}}}{{\partial {of}}}"

    def integer(self, e: Expr, bound: frozenset[Symbol] = frozenset(), layer: int = 0) -> str:
        """An index, bound or size as the paper numbers it."""
        sizes = {a: Symbol(self._write(self.system[a.base.label.name], a.indices, bound))
                 for a in entries_in(e)}  # fmt: skip
        moved = e.xreplace(sizes)
        free = self._layers - bound
        if self.offset and free_symbols(e) & free:
            moved = moved.xreplace({s: s - self.offset for s in free})
        if self.notation.depth_shift and self._depth in free_symbols(moved):
            moved = moved.xreplace({self._depth: self._depth - self.notation.depth_shift})
        moved = sp.expand(moved) + layer
        return self._text(moved)

    def letter(self, symbol: Symbol) -> str:
        """An index symbol: the layer by the notation's letter."""
        if symbol in self._layers:
            return self.notation.layer_letter
        if symbol == self._depth:
            return self.notation.depth
        return letter_of(symbol.name) if symbol.name.isidentifier() else symbol.name

    def _text(self, e: Expr) -> str:
        if isinstance(e, Symbol):
            return self.letter(e)
        whole = not has(e, sp.Pow) and all(isinstance(c, int) for c in linear(e).values())
        above, below = (e, sp.S.One) if whole else sp.fraction(sp.together(e))
        if below != 1:  # p/2, (p + 1)/2
            text, by = self._text(sp.expand(above)), self._text(below)
            by = by if below.is_Atom else f"({by})"
            return f"({text})/{by}" if above.is_Add else f"{text}/{by}"
        if isinstance(e, sp.Add):
            terms = sorted(e.args, key=lambda t: (t.is_Number, t.could_extract_minus_sign()))
            text = self._text(terms[0])
            for t in terms[1:]:
                minus = t.could_extract_minus_sign()
                part = self._text(-t if minus else t)
                text += f" - {part}" if minus else f" + {part}"
            return text
        if isinstance(e, (sp.Max, sp.Min)):
            parts = ", ".join(sorted(self._text(a) for a in e.args))
            return rf"\{type(e).__name__.lower()}({parts})"
        if isinstance(e, sp.Mul):
            return " ".join(self._text(a) for a in e.args)
        if isinstance(e, (sp.floor, sp.ceiling)):
            side = "floor" if isinstance(e, sp.floor) else "ceil"
            return rf"\l{side} {self._text(e.args[0])} \r{side}"
        if e.is_Rational:
            return str(e) if e.is_Integer else rf"\frac{{{e.p}}}{{{e.q}}}"
        raise SymbpError(f"no way to write the index {e}")

    def _write(
        self,
        variable: Variable,
        index: Sequence[Expr | None],
        bound: frozenset[Symbol] = frozenset(),
        axes: int = 0,
        batch: bool = False,
    ) -> str:
        if variable.adjoint_of:
            return self._adjoint(variable, index, bound, axes, batch)
        style = self.style(variable.name)
        return self._marked(variable, style, self._letter(style, axes, batch), index, bound)

    def _letter(self, style: Style, axes: int, batch: bool) -> str:
        """The letter for an entry, or for an array of one axis or two."""
        if not self.capitals:
            return style.symbol(axes > 0, batch)
        large = capital(style.entry)
        return large if axes > 1 and large not in self._small else style.entry

    def _adjoint(
        self,
        variable: Variable,
        index: Sequence[Expr | None],
        bound: frozenset[Symbol],
        axes: int,
        batch: bool,
    ) -> str:
        loss, family = variable.adjoint_of or ("", "")
        n = self.notation
        if self.letter_of_adjoint(family):
            letter = n.delta_batch if batch else (n.delta_whole or n.delta) if axes else n.delta
            return self._marked(self.system[family], Style("", layer=self.style("z").layer),
                                letter, index, bound)  # fmt: skip
        return self.derivative(loss, self._write(self.system[family], index, bound, axes, batch))

    def _marked(
        self,
        variable: Variable,
        style: Style,
        letter: str,
        index: Sequence[Expr | None],
        bound: frozenset[Symbol],
    ) -> str:
        layer, sample, subs = "", "", []
        for slot, i in zip(variable.slots, index, strict=True):
            if i is None:
                continue
            if slot.kind is Kind.LAYER and variable.role is Role.SIZE:
                subs.append(self.integer(i, bound, style.layer))
            elif slot.kind is Kind.LAYER:
                named = self._end(style, slot, i)
                letter = named or letter
                text = self.integer(i, bound, style.layer)
                layer = "" if named else self.notation.layer_mark.format(text)
            elif slot.kind is Kind.SAMPLE:
                sample = self.notation.sample_mark.format(self.integer(i, bound))
            else:
                subs.append(self.integer(i, bound))
        if self._is_weight(variable) and self.notation.weights == "from-to":
            subs.reverse()
        subs += [style.subscript] if style.subscript else []
        below = ",".join(part for part in (style.label, _join(subs)) if part)
        marks = [m for m in (sample, layer) if m]
        if not self.notation.sample_first:
            marks.reverse()
        marks = [style.mark, *marks] if style.mark else marks
        plain = letter.rstrip("'")
        marked = plain + _script("_", below) + letter[len(plain) :]
        return marked + _script("^", self.notation.superscript_separator.join(marks))

    def _end(self, style: Style, slot: Slot, layer: Expr) -> str:
        """The name a family has at the input or at the last layer."""
        if style.first and layer == slot.range.lower:
            return style.first
        last = slot.range.upper
        return style.last if style.last and layer in (last, self._values.get(last)) else ""

    @staticmethod
    def _is_weight(variable: Variable) -> bool:
        return [s.kind for s in variable.slots].count(Kind.UNIT) == 2


def _script(mark: str, text: str) -> str:
    return f"{mark}{{{text}}}" if text else ""


def _join(subs: Sequence[str]) -> str:
    """Indices side by side where each is one sign, else with commas."""
    return ("" if all(len(s) == 1 for s in subs) else ",").join(subs)
