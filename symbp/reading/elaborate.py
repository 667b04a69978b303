"""From syntax to index form: every name looked up, every product decided by shapes.

One elaborator reads forward equations and claims alike, so that a formula of a post means in a
claim what it means in the post's own definitions. It raises `ReadingError` with the place of the
name that is unknown, and `ShapeError` where parts do not fit together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import reduce
from typing import Any

import sympy as sp
from sympy import Symbol

from symbp.errors import ReadingError
from symbp.functions import TABLE
from symbp.reading import arrays, calls, conditions, convolution, derivatives, dots, ordered, sums
from symbp.reading.convolution import Convolution
from symbp.reading.differences import APPROXIMATION, is_difference_quotient
from symbp.reading.grammar.lexer import Token
from symbp.reading.grammar.marks import Mark, marks, text_of
from symbp.reading.grammar.parser import parse
from symbp.reading.grammar.syntax import (
    BigSum,
    Bracket,
    Call,
    Derivative,
    Differential,
    Dots,
    Fraction,
    Indicator,
    Name,
    Node,
    Norm,
    Number,
    Product,
    Root,
    Rows,
    Run,
    Sum,
)
from symbp.reading.lexicon import Lexicon
from symbp.reading.names import Names
from symbp.reading.products import (
    TIGHT,
    UNSIGNED,
    aligned,
    as_they_lie,
    fitting,
    multiply,
    readings,
    scale,
    turned,
)
from symbp.reading.reach import reaching, script_letters
from symbp.reading.scope import Scope
from symbp.reading.terms import added_cubes, along_samples, beside_ones
from symbp.reading.typed import ShapeError, Typed, summed
from symbp.system import Kind, Role
from symbp.system.equation import family_of
from symbp.system.indices import substitute

SPREAD = "a number stands beside a vector; added to each entry it holds"


class Elaborator:
    """Reads syntax in a lexicon; `scope` holds the indices of one statement."""

    def __init__(self, lexicon: Lexicon, scope: Scope) -> None:
        self.lexicon = lexicon
        self.scope = scope
        self.names = Names(lexicon, scope, self)

    def read(self, node: Node) -> Typed:
        """The meaning of a node."""
        reader = _READERS.get(type(node))
        if reader is None:
            what = "… leaves something out" if isinstance(node, Dots) else "this is not read yet"
            raise ReadingError(what, node.start)
        try:
            found = reader(self, node)
        except ReadingError as error:
            if not error.place:
                error.place = node.start
            raise
        if found.expr.has(sp.zoo, sp.nan):
            raise ReadingError("a division by 0", node.start)
        return found

    # -- sums and products --------------------------------------------------------------------

    def number(self, node: Number) -> Typed:
        """A number as written, exactly."""
        return Typed(sp.Rational(node.text), constant=True)

    def sum(self, node: Sum) -> Typed:
        """Terms of one shape; a plain number stands beside a vector at every entry."""
        if any(isinstance(t, Dots) for _, t in node.terms):
            return self.read(dots.sum_of(node, self.lexicon.sizes))
        parts: list[Typed] = []
        for sign, term in reaching(node):
            part = self.read(term)
            parts.append(replace(part, expr=sign * part.expr) if sign < 0 else part)
        return reduce(self.plus, parts)

    def plus(self, a: Typed, b: Typed) -> Typed:
        """a + b of one shape."""
        if a.cube or b.cube:
            if a.cube and b.cube:
                return added_cubes(a, b)
            raise ShapeError(f"{self.scope.met(a, b)} in a sum")
        if bool(a.ones) != bool(b.ones):
            return beside_ones(self.scope, *((a, b) if a.ones else (b, a)), a.expr + b.expr)
        if a.is_scalar and b.is_scalar:
            return Typed(a.expr + b.expr, constant=a.constant and b.constant, ones=a.ones)
        if a.is_scalar and (a.constant or self._broadcasts(a, b)):
            return replace(b, expr=a.expr + b.expr, chain=None)
        if b.is_scalar and (b.constant or self._broadcasts(b, a)):
            return replace(a, expr=a.expr + b.expr, chain=None)
        other = fitting(self.scope, a, b)
        if other is None and a.is_vector and a.loose:
            other = aligned(self.scope, turned(a), b)
            a = turned(a) if other is not None else a
        if other is not None:
            chain = a.chain if a.chain == other.chain else None
            return Typed(a.expr + other.expr, a.row, a.col, chain, a.loose and other.loose)
        wide = (
            along_samples(self.scope, a, b) or along_samples(self.scope, b, a) or self._spread(a, b)
        )
        if wide is None:
            met = self.scope.met(a, b)
            raise ShapeError(f"{met} in a sum: the shapes differ")
        return wide

    def _broadcasts(self, number: Typed, other: Typed) -> bool:
        """Whether a number may stand beside an array: a bias beside all samples of a batch."""
        axes = {self.scope.kinds.get(r.symbol) for r in other.axes}
        names = {family_of(n) for n in number.expr.atoms(sp.Indexed, Symbol)}
        by_name = self.lexicon.system.by_name
        known = {str(n) for n in names if str(n) in by_name}
        roles = {by_name[n].role for n in known}
        if self.lexicon.convolutions and roles == {Role.PARAMETER}:
            return True  # the bias of an image
        return axes == {Kind.SAMPLE} or roles <= {Role.HYPERPARAMETER, Role.SIZE}

    def _spread(self, a: Typed, b: Typed) -> Typed | None:
        """A number beside a vector at each of its entries: what NumPy does, and nobody says so."""
        number, other = (a, b) if a.is_scalar else (b, a)
        if not (self.scope.spreads and number.is_scalar and other.axes):
            return None
        self.scope.doubt = SPREAD
        return replace(other, expr=a.expr + b.expr, chain=None)

    def product(self, node: Product) -> Typed:
        """Factors from the left; products without a sign bind before ⊙ where both ways fit."""
        if any(isinstance(f, Dots) for f in node.factors):
            return self.read(dots.product(node, self.lexicon.sizes))
        if self.lexicon.implied:
            implied = self._implied(node)
            if implied is not None:
                return implied
        for sign, f in zip(node.signs, node.factors[1:], strict=True):
            if sign == "" and isinstance(f, Rows) and f.kind == "tuple" and not f.sup:
                raise ReadingError("a list behind a factor may be its arguments", f.start)
        factors = [self.read(f) for f in node.factors]
        tight = {s in TIGHT for s in node.signs}
        ways: list[Callable[[], Typed]] = [lambda: self._from_left(node, factors)]
        if len(tight) == 2:
            ways.insert(0, lambda: self._tight_first(node, factors))
        ways.append(lambda: self._from_right(node, factors))
        problem: ShapeError | None = None
        for way in ways:
            try:
                return way()
            except ShapeError as error:
                problem = problem or error
        assert problem is not None
        raise problem

    def _from_left(self, node: Product, factors: Sequence[Typed]) -> Typed:
        """((a b) c) d, where one product may have several readings."""
        result = factors[0]
        for place, (sign, f) in enumerate(zip(node.signs, factors[1:], strict=True)):
            result = self._times(node, place, sign, result, f)
        return result

    def _from_right(self, node: Product, factors: Sequence[Typed]) -> Typed:
        """a (b (c d))."""
        result = factors[-1]
        for sign, f in zip(reversed(node.signs), reversed(factors[:-1]), strict=True):
            result = multiply(self.scope, sign, f, result)
        return result

    def _tight_first(self, node: Product, factors: Sequence[Typed]) -> Typed:
        """(a b) ⊙ (c d)."""
        groups: list[tuple[str, Typed]] = [("", factors[0])]
        for place, (sign, f) in enumerate(zip(node.signs, factors[1:], strict=True)):
            if sign in TIGHT:
                before, last = groups[-1]
                groups[-1] = (before, self._times(node, place, sign, last, f))
            else:
                groups.append((sign, f))
        result = groups[0][1]
        for sign, f in groups[1:]:
            result = multiply(self.scope, sign, result, f)
        return result

    def _times(self, node: Product, place: int, sign: str, a: Typed, b: Typed) -> Typed:
        """One product; where several readings fit, the one that the scope chooses."""
        how = self.lexicon.convolutions.get(sign)
        start = node.factors[place + 1].start
        key = start, place
        if how is not None and convolution.fits(a, b):
            return self.convolved(how, a, b, key)
        found = readings(self.scope, sign, a, b)
        if len(found) > 1:
            self.scope.open[key] = len(found)
            self.scope.products[key] = (node.factors[0].start, node.factors[place].end, start)
        chosen = found[self.scope.choices.get(key, 0) % len(found)]
        if self.scope.loosely and sign in UNSIGNED and as_they_lie(a, b):
            self.scope.take("an inner product" if chosen.is_scalar else "a product entry by entry")
        return chosen

    def convolved(self, how: Convolution, a: Typed, b: Typed, key: tuple[int, int]) -> Typed:
        """a * b with one factor slid over the other; in a claim the reading that is chosen."""
        given = [v.name for v in self.lexicon.system.variables if v.role is Role.PARAMETER]
        return convolution.chosen(self.scope, how, a, b, key, given, self.lexicon.kernels)

    def _implied(self, node: Product) -> Typed | None:
        """Einstein's convention: a letter that several factors have and nothing else is summed."""
        parts = [script_letters(f) for f in node.factors]
        known = {*self.scope.bound, *self.scope.free, *self.lexicon.fixed}
        twice = [
            t
            for t in dict.fromkeys(t for letters in parts for t in letters)
            if sum(t in letters for letters in parts) > 1 and t not in known
        ]
        if not twice:
            return None
        with self.scope.summing([(t, self.scope.fresh(t)) for t in twice]):
            symbols = [self.scope.bound[t] for t in twice]
            inner = self.read(node)
            ranges = [self.scope.ranges[s] for s in symbols if s in self.scope.ranges]
        return replace(inner, expr=summed(inner.expr, *ranges), chain=None)

    def fraction(self, node: Fraction) -> Typed:
        """a/b: by a number, or entry by entry."""
        if is_difference_quotient(node, self.lexicon.called):
            raise ReadingError(APPROXIMATION, node.start)
        above, below = self.read(node.above), self.read(node.below)
        inverse = replace(below, expr=1 / below.expr, chain=None)
        if below.is_scalar:
            found = scale(self.scope, inverse, above)
            assert found is not None
            return replace(found, constant=above.constant and below.constant)
        if above.is_scalar:
            return replace(inverse, expr=above.expr * inverse.expr)
        return multiply(self.scope, r"\odot", above, inverse)

    # -- names, brackets, powers --------------------------------------------------------------

    def name(self, node: Name) -> Typed:
        """A name with its marks."""
        return self.names.name(node)

    def bracket(self, node: Bracket) -> Typed:
        """(x), with a transpose, a power or an index behind it; (x_t)^{(3)} is x_t^{(3)}."""
        marked = [script for script in node.sup if any(m.bracket for m in marks([script]))]
        if isinstance(node.inner, Name) and marked and not node.inner.sup:
            name = replace(node.inner, sup=tuple(marked))
            sup = tuple(script for script in node.sup if script not in marked)
            return self.bracket(replace(node, inner=name, sup=sup))
        inner = self.read(node.inner)
        if node.primes:
            inner = derivatives.primed(self, inner, node)
        below, above = marks(node.sub), marks(node.sup)
        if below:
            turns = [m for m in above if m.is_transpose]
            above = [m for m in above if not m.is_transpose]
            turned = len(turns) % 2 and len(inner.axes) == 2  # entry jk of the transpose
            inner = self.entry(inner.flipped if turned else inner, below)
        return self.raised(inner, above)

    def entry(self, whole: Typed, below: Sequence[Mark]) -> Typed:
        """[x]_j: the entry of a vector or matrix."""
        indices = [i for m in below for i in self.names.units(m, len(whole.axes))]
        axes = whole.axes
        if len(indices) != len(axes):
            raise ShapeError(f"{len(indices)} indices at {whole.shape(self.scope.size_text)}")
        mapping = {}
        for axis, index in zip(axes, indices, strict=True):
            if isinstance(index, Symbol):
                self.scope.use(index, axis, "the brackets")
            mapping[axis.symbol] = index
        return Typed(substitute(whole.expr, mapping))

    def raised(self, x: Typed, above: Sequence[Mark]) -> Typed:
        """xᵀ and x to a power."""
        for mark in above:
            if mark.is_transpose:
                x = x.flipped
            elif mark.text in ("*", r"\ast"):
                raise ReadingError("the mark * is unknown")
            else:
                x = self.power(x, mark)
        return x

    def power(self, x: Typed, mark: Mark) -> Typed:
        """x^n: of a square matrix a product with itself, else entry by entry."""
        if mark.bracket and _rational(mark.text) is not None:
            raise ReadingError(f"the mark {mark.written} is no power")
        steps = ordered.counted(self, mark.tokens) if not mark.bracket else None
        if steps is not None and not (steps.is_Integer and len(x.axes) < 2):
            return ordered.power(self, x, steps)
        exponent = self._exponent(mark)
        if len(x.axes) == 2:
            if not (exponent.is_Integer and 1 <= exponent <= 6):
                raise ReadingError(f"the power {exponent} of a matrix")
            result = x
            for _ in range(int(exponent) - 1):
                result = multiply(self.scope, "", result, self._copy(x))
            return result
        return replace(x, expr=x.expr**exponent, chain=None)

    def _exponent(self, mark: Mark) -> sp.Rational:
        tokens = mark.tokens[1:] if mark.text.startswith(r"\circ") else mark.tokens
        text = text_of(tokens)
        found = _rational(text)
        if found is not None:
            return found
        read = self.read(self.parse(tokens))
        if not read.is_scalar or not read.expr.is_Rational:
            raise ReadingError(f"the power {text} is not a number")
        return read.expr

    def _copy(self, x: Typed) -> Typed:
        """The same with fresh axes."""
        return x.renamed({a.symbol: self.copied(a.symbol) for a in x.axes})

    def copied(self, symbol: Symbol) -> Symbol:
        """A fresh index of the same kind."""
        new = self.scope.fresh()
        if symbol in self.scope.kinds:
            self.scope.kinds[new] = self.scope.kinds[symbol]
        return new

    def parse(self, tokens: Sequence[Token]) -> Node:
        """Tokens of a script as a tree."""
        return parse(tokens, self.lexicon.vocabulary)

    def root(self, node: Root) -> Typed:
        """√x, entry by entry."""
        inner = self.read(node.inner)
        root = sp.sqrt(inner.expr).replace(sp.Abs, TABLE["abs"])  # SymPy's √(x²) is Abs(x)
        return replace(inner, expr=root, chain=None)


def _rational(text: str) -> sp.Rational | None:
    try:
        return sp.Rational(text)
    except (TypeError, ValueError):
        return None


Reader = Callable[[Elaborator, Any], Typed]
_READERS: dict[type[Node], Reader] = {
    Number: Elaborator.number,
    Sum: Elaborator.sum,
    Product: Elaborator.product,
    Fraction: Elaborator.fraction,
    Name: Elaborator.name,
    Bracket: Elaborator.bracket,
    Call: calls.call,
    Norm: calls.norm,
    Root: Elaborator.root,
    Rows: arrays.rows,
    BigSum: sums.big_sum,
    Run: sums.run,
    Derivative: derivatives.derivative,
    Differential: derivatives.differential,
    Indicator: conditions.indicator,
}
