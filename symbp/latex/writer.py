"""Index-form expressions as LaTeX in a notation.

What is written can be read back: every product, sum and fraction has the parentheses that its
meaning needs, and factors stand in the order of the field: numbers, weights, sums, errors,
derivatives of activations, values.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import sympy as sp
from sympy import Expr, NumberSymbol, Symbol

from symbp.derivation import Partial
from symbp.forms.arithmetic import common_number
from symbp.functions import Elementwise, Row
from symbp.latex.entries import Entries
from symbp.latex.ordering import Rank, factor_rank, factors_in_order, terms_in_order
from symbp.notation import Notation
from symbp.system import Equation, Kind, Range, Role, Slot, System
from symbp.system.contents import bare_symbols, data_in, entries_in, has
from symbp.system.equation import family_of, index_of
from symbp.system.functional import Functional
from symbp.system.indices import AtLeast
from symbp.system.maximum import Chosen, Greatest, IsGreatest, Maximum

SUM, PRODUCT, ATOM = 1, 2, 3


@dataclass(frozen=True)
class Text:
    """LaTeX with its binding strength."""

    latex: str
    level: int = ATOM

    def at(self, level: int) -> str:
        """The text, in parentheses where it binds more weakly than the place needs."""
        return self.latex if self.level >= level else parenthesised(self.latex)


def parenthesised(latex: str) -> str:
    r"""(x), with \left and \right where x is tall."""
    tall = any(mark in latex for mark in (r"\frac", r"\sum", r"\left"))
    return rf"\left({latex}\right)" if tall else f"({latex})"


class Writer:
    """Writes the index form of one System's expressions in one notation."""

    def __init__(self, system: System, notation: Notation, target: str | None = None) -> None:
        plain = Entries(system, notation)
        offset = plain.target_offset(target) if target else 0
        self.entries = Entries(system, notation, offset)
        self.system = system
        self.notation = notation

    @cached_property
    def _has_sigmoid(self) -> bool:
        """Whether the network itself has a sigmoid, and not only its gradient."""
        values = (e for e in self.system.equations if not self.system[e.family].adjoint_of)
        nodes = (n for e in values for n in e.rhs.atoms(Elementwise))
        return any(n.row.name == "sigmoid" for n in nodes)

    def write(self, e: Expr) -> str:
        """An expression."""
        return self._expr(e, frozenset()).latex

    def equation(self, equation: Equation) -> str:
        """lhs = rhs."""
        return f"{self.write(equation.lhs)} = {self.write(equation.rhs)}"

    def domain(self, entry: Expr, domain: Sequence[Range]) -> str:
        r"""1 \le l \le L - 1, for layers and times, and for what runs over a part of its range.

        So is 1 \le s \le t, whose range moves with another index.
        """
        at: dict[Expr, Expr] = {}
        whole: set[Range] = set()
        for slot, index in zip(self._slots(entry), index_of(entry), strict=True):
            own = slot.range.substitute(at)
            at[slot.symbol] = index
            moves = not bare_symbols(own.lower + own.upper).isdisjoint(index_of(entry))
            if slot.kind not in (Kind.LAYER, Kind.TIME) and isinstance(index, Symbol) and not moves:
                whole.add(Range(index, own.lower, own.upper))
        return ", ".join(self._range(r) for r in domain if r not in whole)

    def ranges(self, domain: Sequence[Range]) -> str:
        r"""1 \le j \le n, for every index of a domain."""
        return ", ".join(map(self._range, domain))

    def _slots(self, entry: Expr) -> Sequence[Slot]:
        return self.system[str(family_of(entry))].slots

    def _range(self, r: Range) -> str:
        offset = self.entries.offset if r.symbol in self.entries._layers else 0
        low = self.entries.integer(r.lower, frozenset(), offset)
        high = self.entries.integer(r.upper, frozenset(), offset)
        return rf"{low} \le {self.entries.letter(r.symbol)} \le {high}"

    # -- expressions -------------------------------------------------------------------------

    def _expr(self, e: Expr, bound: frozenset[Symbol]) -> Text:
        if isinstance(e, sp.Add):
            return self._add(e, bound)
        if isinstance(e, sp.Mul):
            return self._mul(e, bound)
        if isinstance(e, sp.Pow):
            return self._pow(e, bound)
        if isinstance(e, sp.Sum):
            return self._sum(e, bound)
        if isinstance(e, Partial):
            top, below = (self._expr(a, bound) for a in e.args[:2])
            if family_of(e.args[0]) is None:
                inner = parenthesised(top.latex)
                return Text(rf"\frac{{\partial}}{{\partial {below.latex}}}{inner}", PRODUCT)
            fraction = rf"\frac{{\partial {top.latex}}}{{\partial {below.latex}}}"
            held = ", ".join(self.entries.name(str(name)) for name in e.args[2:])
            return Text(rf"\left.{fraction}\right|_{{{held}}}" if held else fraction)
        if isinstance(e, Elementwise):
            return self._function(e, bound)
        if isinstance(e, Functional):
            return Text(self.functional(e, bound))
        if isinstance(e, Maximum):
            return self._maximum(e, bound)
        if isinstance(e, (Greatest, IsGreatest)):
            numbers = e.args if isinstance(e, Greatest) else e.args[1:]
            text = rf"\max({', '.join(self._expr(a, bound).latex for a in numbers)})"
            if isinstance(e, Greatest):
                return Text(text)
            return Text(rf"[{self._expr(e.args[int(e.args[0])], bound).latex} = {text}]")
        if isinstance(e, Chosen):
            sides = (self._expr(e.entry, bound), self._expr(e.maximum, bound))
            return Text(rf"\left[{sides[0].latex} = {sides[1].latex}\right]")
        if isinstance(e, sp.KroneckerDelta):
            data_first = sorted(e.args, key=lambda i: not data_in(i))
            a, b = (self.entries.integer(i, bound) for i in data_first)
            return Text(f"[{a} = {b}]")
        if isinstance(e, AtLeast):
            minus = [t for t in sp.Add.make_args(e.args[0]) if t.could_extract_minus_sign()]
            right = sp.Add(*(-t for t in minus))
            a, b = (self.entries.integer(i, bound) for i in (e.args[0] + right, right))
            return Text(rf"[{a} \ge {b}]")
        if e.is_Rational:
            return self._rational(e)
        if isinstance(e, NumberSymbol):
            return Text(sp.latex(e))
        return self._entry(e, bound)

    def _entry(self, e: Expr, bound: frozenset[Symbol]) -> Text:
        name = family_of(e)
        variable = self.system.by_name.get(str(name))
        if variable is None or variable.role is Role.SIZE:
            text = self.entries.integer(e, bound)
            return Text(text, SUM if " " in text else ATOM)
        return Text(self.entries.entry(variable.name, index_of(e), bound))

    @staticmethod
    def _rational(e: Expr) -> Text:
        sign = "-" if e < 0 else ""
        if e.is_Integer:
            return Text(str(e), SUM if e < 0 else ATOM)
        return Text(rf"{sign}\frac{{{abs(e.p)}}}{{{e.q}}}", SUM if e < 0 else ATOM)

    def _add(self, e: sp.Add, bound: frozenset[Symbol]) -> Text:
        common, rest = common_number(e)
        if _stands_before(common, rest):
            inner = self._expr(rest, bound).at(PRODUCT)  # SymPy writes 2 (a - y) as 2 a - 2 y
            return Text(f"{self._rational(common).latex} {inner}", PRODUCT)
        return Text(" ".join(self._terms(e, bound)), SUM)

    def terms(self, e: Expr) -> list[str]:
        """The terms of a sum with the signs between them; one for anything else."""
        if isinstance(e, sp.Add) and not _stands_before(*common_number(e)):
            return self._terms(e, frozenset())
        return [self.write(e)]

    def _terms(self, e: sp.Add, bound: frozenset[Symbol]) -> list[str]:
        found: list[str] = []
        for t in terms_in_order(e.args, self.system):
            minus = t.could_extract_minus_sign()
            part = self._expr(-t if minus else t, bound).at(PRODUCT)
            found.append(("- " if minus else "+ ") + part if found else "-" * minus + part)
        return found

    def _mul(self, e: sp.Mul, bound: frozenset[Symbol]) -> Text:
        if e.could_extract_minus_sign():
            return Text("-" + self._expr(-e, bound).at(PRODUCT), SUM)
        above, below = [], []
        for f in _numbers_in_front(e):
            if f.is_Pow and f.exp.could_extract_minus_sign():
                below.append(f.base ** (-f.exp))
            elif f.is_Rational and not f.is_Integer:
                above += [sp.Integer(f.p)] if f.p != 1 else []
                below.append(sp.Integer(f.q))
            else:
                above.append(f)
        if not below:
            return Text(self._juxtaposed(above, bound), PRODUCT)
        return self._fraction(above, below, bound)

    def _fraction(self, above: list[Expr], below: list[Expr], bound: frozenset[Symbol]) -> Text:
        """a/b; sums and fractions stand beside a fraction of the rest: (1/m) Σ_i ..."""
        beside = [f for f in above if self._wide(f)]
        over = [f for f in above if f not in beside]
        if all(self._is_constant(b) for b in below):
            beside += [f for f in over if not self._is_constant(f)]
            over = [f for f in over if self._is_constant(f)]
        top = self._juxtaposed(over, bound) if over else "1"
        fraction = rf"\frac{{{top}}}{{{self._juxtaposed(below, bound)}}}"
        if not beside:
            return Text(fraction, PRODUCT)
        return Text(f"{fraction} {self._juxtaposed(beside, bound, alone=False)}", PRODUCT)

    def _is_constant(self, e: Expr) -> bool:
        names = {str(family_of(a)) for a in e.atoms(sp.Indexed, Symbol)} & set(self.system.by_name)
        return all(self.system[n].role in (Role.SIZE, Role.HYPERPARAMETER) for n in names)

    def _wide(self, e: Expr) -> bool:
        """Whether it is a sum or a fraction, or has one in it."""
        tall = has(e, (sp.Sum, Partial)) or any(map(self._is_fraction, entries_in(e)))
        return tall and (e.is_Add or isinstance(e, (sp.Sum, sp.Indexed, Partial)))

    def _is_fraction(self, entry: Expr) -> bool:
        """Whether an adjoint has no letter of its own."""
        variable = self.system.by_name.get(str(family_of(entry)))
        adjoint = variable.adjoint_of if variable else None
        return adjoint is not None and not self.entries.letter_of_adjoint(adjoint[1])

    def _juxtaposed(
        self, factors: Sequence[Expr], bound: frozenset[Symbol], alone: bool = True
    ) -> str:
        """A product; `alone` where a single factor needs no parentheses (in a fraction)."""
        ordered = factors_in_order(factors, self._factor_rank)
        parts = []
        for place, f in enumerate(ordered):
            text = self._expr(f, bound)
            last = place == len(ordered) - 1
            if len(ordered) > 1 and isinstance(f, sp.Sum) and not last:
                parts.append(parenthesised(text.latex))
            else:
                single = alone and len(ordered) == 1
                parts.append(text.latex if single else text.at(PRODUCT))
        return " ".join(parts)

    def _factor_rank(self, f: Expr) -> Rank:
        return factor_rank(f, self.system)

    def _pow(self, e: sp.Pow, bound: frozenset[Symbol]) -> Text:
        if e.exp.could_extract_minus_sign():
            return self._fraction([], [e.base ** (-e.exp)], bound)
        base = self._expr(e.base, bound)
        if isinstance(e.base, Elementwise) and takes_power(e.base.row, e.base.order, e.exp):
            return Text(base.latex.replace("tanh", f"tanh^{{{e.exp}}}", 1))
        if e.exp == sp.Rational(1, 2):
            return Text(rf"\sqrt{{{base.latex}}}")
        marked = any(c in base.latex for c in "^'(") or "frac" in base.latex
        simple = base.level == ATOM and not marked
        inner = base.latex if simple else parenthesised(base.latex)
        return Text(f"{inner}^{{{self._expr(e.exp, bound).latex}}}")

    def _sum(self, e: sp.Sum, bound: frozenset[Symbol]) -> Text:
        text = ""
        inner = bound
        for k, lo, hi in reversed(e.limits):
            low, high = self.entries.integer(lo, inner), self.entries.integer(hi, inner)
            inner = inner | {k}
            text += rf"\sum_{{{self.entries.letter(k)}={low}}}^{{{high}}} "
        return Text(text + self._expr(e.function, inner).at(PRODUCT), PRODUCT)

    def _maximum(self, e: Maximum, bound: frozenset[Symbol]) -> Text:
        r"""\max_{1 \le u, v \le 2} a_{uv}: letters of one range together."""
        groups: dict[tuple[str, str], list[str]] = {}
        inner = bound
        for r in e.ranges:
            low, high = (self.entries.integer(i, inner) for i in (r.lower, r.upper))
            groups.setdefault((low, high), []).append(self.entries.letter(r.symbol))
            inner = inner | {r.symbol}
        below = r",\, ".join(rf"{a} \le {', '.join(k)} \le {b}" for (a, b), k in groups.items())
        return Text(rf"\max_{{{below}}} {self._expr(e.body, inner).at(PRODUCT)}", PRODUCT)

    def _function(self, e: Elementwise, bound: frozenset[Symbol]) -> Text:
        x = self._expr(e.args[0], bound)
        return Text(*self.applied(e.row.name, e.row.latex, e.order, x.latex))

    def applied(self, name: str, latex: str, order: int, x: str) -> tuple[str, int]:
        """f'(x) for a row of the table, in the notation's way."""
        letter = self.notation.activation if name in OPEN_NAMES else latex
        if name == "sigmoid" and not self._has_sigmoid:
            letter = r"\operatorname{sigmoid}"  # σ is read as the network's own activation
        if name == "exp" and order == 0:
            return rf"e^{{{x}}}", ATOM
        if name in ("step", "abs", "sqrt", "square"):
            return _FENCED[name].format(x), ATOM
        call = parenthesised(x)
        if not order:
            return f"{letter}{call}", ATOM
        if self.notation.prime == "leibniz":
            power = f"^{{{order}}}" if order > 1 else ""
            return rf"\frac{{\partial{power} {letter}}}{{\partial z{power}}}{call}", ATOM
        prime = self.notation.prime
        primes = prime * order if prime == "'" else "^{" + "'" * order + "}"
        return f"{letter}{primes}{call}", ATOM

    def functional(
        self, e: Functional, bound: frozenset[Symbol], axes: Sequence[Symbol] = ()
    ) -> str:
        """C(o, y) or ∂C/∂o_j; by all of o at once where the index is in `axes`.

        With a batch it is the cost of one sample, and is marked as such: C^i is not C.
        """
        k, _, _ = e.limits[0]
        inside = [
            self.entries.whole(str(family_of(a)), index_of(a), (k,), bound) for a in e.entries
        ]
        sample = self._sample(e)
        letter = self.entries.style(e.name).entry
        if sample is not None:
            letter = self.cost_of(e, self._expr(sample, bound).latex)
        if not e.partials:
            return f"{letter}({', '.join(inside)})"
        if sample in axes:
            letter = rf"\sum_{{{self._expr(sample, bound).latex}}} {letter}"
        below = " ".join(self._below(e, p, bound, axes) for p in e.partials)
        power = f"^{{{len(e.partials)}}}" if len(e.partials) > 1 else ""
        return rf"\frac{{\partial{power} {letter}}}{{{below}}}"

    def _sample(self, e: Functional) -> Expr | None:
        """The sample index of what the function is of."""
        for a in e.entries:
            slots = self.system[str(family_of(a))].slots
            for slot, i in zip(slots, index_of(a), strict=True):
                if slot.kind is Kind.SAMPLE:
                    return i
        return None

    def cost_of(self, e: Functional, sample: str) -> str:
        """C^i: the cost of the sample with this number."""
        return f"{self.entries.style(e.name).entry}^{{{self.notation.sample_mark.format(sample)}}}"

    def _below(
        self, e: Functional, p: Expr, bound: frozenset[Symbol], axes: Sequence[Symbol]
    ) -> str:
        """∂o_p, or ∂o where p runs over a whole vector."""
        entry = e.entries[0].xreplace({e.limits[0][0]: p})
        if p not in axes:
            return rf"\partial {self._expr(entry, bound).latex}"
        return (
            rf"\partial {self.entries.whole(str(family_of(entry)), index_of(entry), axes, bound)}"
        )


def takes_power(row: Row, order: int, exponent: Expr) -> bool:
    """Whether a power is set to the name of a function: tanh²(x)."""
    return row.name == "tanh" and not order and exponent.is_Integer and bool(exponent > 0)


def _stands_before(common: Expr, rest: Expr) -> bool:
    """Whether the common number of a sum is written before it: 2 (a − y)."""
    return common not in (1, -1) and not any(t.is_number for t in rest.args)


def _numbers_in_front(e: sp.Mul) -> list[Expr]:
    """The factors of a product, with the common number of each sum taken out: w (2a − 2y)."""
    number, plain = sp.S.One, []
    for f in e.args:
        common, rest = (
            common_number(f) if f.is_Add else (f, sp.S.One) if f.is_number else (sp.S.One, f)
        )
        number *= common
        plain += [rest] if rest != 1 else []
    return [n for n in sp.Mul.make_args(_with_one_root(number)) if n != 1] + plain


def _with_one_root(number: Expr) -> Expr:
    """√2/2 as 1/√2, √2/(2 √π) as 1/√(2 π)."""
    roots = [p for p in number.atoms(sp.Pow) if abs(p.exp) == sp.Rational(1, 2)]
    above, below = sp.fraction(number**2) if roots else (sp.S.Zero, sp.S.One)
    root = sp.sqrt(above)
    if not root.is_Integer or root.is_zero:
        return number
    return sp.Mul(root, sp.Pow(below, sp.Rational(-1, 2), evaluate=False), evaluate=False)


OPEN_NAMES = ("sigmoid", "sigma", "f", "g")
_FENCED = {
    "step": r"[{0} > 0]",
    "abs": r"\left|{0}\right|",
    "sqrt": r"\sqrt{{{0}}}",
    "square": r"\left({0}\right)^{{2}}",
}
