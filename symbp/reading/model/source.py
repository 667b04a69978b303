"""The equations of a declaration as parsed, with what must be known of their letters for that."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from sympy import Symbol

from symbp.errors import ReadingError, at
from symbp.functions import TABLE, Row, unspecified
from symbp.reading.convolution import Convolution, convolution_of
from symbp.reading.declared import Declared, function_row
from symbp.reading.grammar.lexer import Token, tokens
from symbp.reading.grammar.marks import Mark, marks, scripts_of, text_of
from symbp.reading.grammar.parser import Vocabulary, parse
from symbp.reading.grammar.signs import PRODUCT_SIGNS
from symbp.reading.grammar.statements import statements
from symbp.reading.grammar.syntax import (
    BigSum,
    Call,
    Derivative,
    Differential,
    Name,
    Node,
    form,
    walk,
)
from symbp.reading.lexicon import Operator
from symbp.reading.model.applied import applied_and_bare, marked_functions
from symbp.reading.model.families import LAYERS, TIMES, squares
from symbp.reading.model.letters import divisors, named_beside, rooted
from symbp.reading.model.misread import check_signs
from symbp.reading.model.wholes import Shapes, unbracketed, with_wholes
from symbp.reading.pooling import Pooling, pooling_of
from symbp.system import Kind

FUNCTION_LETTERS = frozenset({r"\sigma", r"\phi", "f", "g"})
COUNTS = {"m", "n", "N", "M", "K", "T", "B"}  #: letters of numbers of things, below a fraction
LOSSES = {"J", "C", "L", "E", "Loss", "loss", "cost", "CE", "MSE", r"\ell", "F"}
DEPTH, STEPS = Symbol("L", integer=True), Symbol("T", integer=True)


@dataclass(frozen=True)
class Written:
    """One equation as parsed, with its text."""

    left: Name
    right: Node
    text: str


class Source:
    """Equations and definitions as trees, and the vocabulary that they are parsed with."""

    def __init__(self, given: Declared) -> None:
        self.given = given
        self.indices = {
            **dict.fromkeys(LAYERS, Kind.LAYER),
            **dict.fromkeys(TIMES, Kind.TIME),
            **given.indices,
            **dict.fromkeys(given.fixed, Kind.UNIT),
        }
        if given.samples:
            self.indices[given.samples] = Kind.SAMPLE
        self.convolutions = self._convolutions()
        self.poolings = self._poolings()
        self.functions = self._functions()
        self.vocabulary = self._vocabulary()
        self.operators: list[Operator] = []
        self.derivatives: dict[object, Node] = {}
        shapes: Shapes = {}
        self.equations, self.defines = self._parsed(shapes)
        self.given = replace(given, shapes={**shapes, **given.shapes})
        self.depths = self._depths()

    @cached_property
    def nodes(self) -> list[Node]:
        """All nodes of the equations."""
        return [n for e in self.equations for n in (e.left, *walk(e.right))]

    def _functions(self) -> dict[str, Row]:
        rows: dict[str, Row] = {}
        for letter, meaning in self.given.functions.items():
            known = {*self.convolutions, *self.poolings}
            if meaning not in ("softmax", "kronecker", "chain") and letter not in known:
                rows[letter] = function_row(letter, meaning)
        return rows

    def _convolutions(self) -> dict[str, Convolution]:
        """The signs and names that slide a kernel over an image."""
        found = {k: convolution_of(meaning) for k, meaning in self.given.functions.items()}
        return {k: how for k, how in found.items() if how is not None}

    def _poolings(self) -> dict[str, Pooling]:
        """The names that pool images, and those that lead back. Raises `ReadingError`."""
        found = {k: pooling_of(meaning) for k, meaning in self.given.functions.items()}
        known = {k: how for k, how in found.items() if how is not None}
        for name, how in known.items():
            if how.of and not (how.of in known and known[how.of].sizes):
                raise ReadingError(
                    f"functions: {name} is the adjoint of {how.of}, which is not declared "
                    f"(say: {how.of} mean 2 x 2, {name} adjoint {how.of})"
                )
        return known

    def _lefts(self) -> dict[str, bool]:
        """The letters that equations define: whether with an argument."""
        found: dict[str, bool] = {}
        for line in (*self.given.equations, *self.given.define):
            first = _opened(tokens(line))
            place = 1
            while place + 1 < len(first) and first[place].text in ("_", "^", "'"):
                place += 1 if first[place].text == "'" else 2
            if first and first[0].text == "d" and len(first) > 1 and first[1].kind != "sign":
                continue  # dz = ..., a name for a derivative
            if first:
                called = place < len(first) and first[place].text == "("
                found[first[0].text] = found.get(first[0].text, False) or called
        return found

    def _on_the_right(self) -> set[str]:
        """The signs that stand on the right of any equation."""
        found: set[str] = set()
        for line in self.given.equations:
            row = [t.text for t in tokens(line)]
            found |= set(_flat(tokens(line)[row.index("=") + 1 :])) if "=" in row else set()
        return found

    def _vocabulary(self) -> Vocabulary:
        lefts = self._lefts()
        softmaxes = {k for k, v in self.given.functions.items() if v == "softmax"}
        letters = {k for k in FUNCTION_LETTERS if k not in lefts} | set(self.given.functions)
        letters -= {*self.given.batch, self.given.loss}
        letters |= {k.partition("_")[0] for k in self.given.functions}
        used, bare = applied_and_bare((*self.given.equations, *self.given.define))
        functions = {x for x in letters if x in used or x not in bare} | softmaxes
        functions |= set(self.given.functions) - PRODUCT_SIGNS
        functions -= {k for k, v in self.given.functions.items() if v == "kronecker"}
        called = {self.given.loss, *(k for k, v in lefts.items() if v)} - {""}
        called |= {k for k in lefts if k.isalpha() and k.isupper()} | (lefts.keys() & LOSSES)
        defined = {r[0].text for line in self.given.equations if (r := _opened(tokens(line)))}
        called |= defined - self._on_the_right()
        functions -= {k for k, v in lefts.items() if v and k not in self.given.functions}
        return Vocabulary(
            frozenset(functions),
            frozenset(self._words()),
            frozenset(called - functions),
            frozenset(lefts),
            self.given.samples,
            differentials="d" not in lefts,
        )

    def _words(self) -> set[str]:
        """Names of several letters."""
        found = {n for n in self.given.names if "_" not in n}
        given = self.given
        for name in (given.loss, *given.batch, *given.batch.values(), *given.functions):
            found |= {name} if name.isalnum() and len(name) > 1 else set()
        return found

    def _parsed(self, shapes: Shapes) -> tuple[list[Written], list[Written]]:
        """The equations and the definitions; `shapes` takes those of arrays written out."""
        equations: list[Written] = []
        defines: list[Written] = []
        for kind, lines in (("equation", self.given.equations), ("define", self.given.define)):
            for line in lines:
                with at(f"{kind} {line}"):
                    check_signs(tokens(line), self.vocabulary.words)
                    for one in self._lines(line, shapes):
                        derived = any(
                            isinstance(n, Derivative | Differential) for n in walk(one.right)
                        )
                        (defines if derived or kind == "define" else equations).append(one)
        return equations, defines

    def _lines(self, line: str, shapes: Shapes) -> list[Written]:
        found = []
        for s in statements(tokens(line)):
            if len(s.members) < 2:
                raise ReadingError("an equation needs a left and a right side")
            parsed = (parse(m, self.vocabulary) for m in s.members[:2])
            left, right = (unbracketed(with_wholes(n, shapes)) for n in parsed)
            if isinstance(left, Differential):
                self.derivatives["d", form(left.by)] = right
                continue
            if isinstance(left, Derivative) and left.of is not None:
                self.derivatives[form(left.of), form(left.by)] = right
                continue
            if isinstance(left, Call):
                own = {e.split("=")[0].strip()[:1] for e in self.given.equations}
                bare = not (left.function.sub or left.function.sup or left.function.primes)
                if line in self.given.define and left.function.base in own and bare:
                    raise ReadingError(
                        f"{left.function.base} has an equation: it needs no definition", left.start
                    )
                if all(isinstance(a, Name | Derivative) for a in left.arguments) and (
                    left.function.primes or any(line == d for d in self.given.define)
                ):
                    self.operators.append(
                        Operator(
                            left.function.base,
                            left.function.primes,
                            left.arguments,
                            right,
                            scripts_of(left.function),
                        )
                    )
                    if left.function.primes:
                        continue
                left = left.function
            if not isinstance(left, Name):
                raise ReadingError("the left side of an equation must be one name", left.start)
            inner = list(walk(right))
            named = form(left) in {form(n) for n in inner if isinstance(n, Name)}
            renames = line in self.given.define  # \sigma for \sigma(z)
            if named and (not renames or any(isinstance(n, Derivative) for n in inner)):
                raise ReadingError(
                    f"{left.base} stands on both sides: an update rule defines nothing, "
                    "leave it out",
                    left.start,
                )
            found.append(Written(left, right, line))
        return found

    def _depths(self) -> dict[str, Symbol]:
        """Letters of the last layer and the last step."""
        found: dict[str, Symbol] = dict.fromkeys(("L", "N", "n_l", "nl", "H", "K"), DEPTH)
        found |= dict.fromkeys(("T", *self._last_steps()), STEPS)
        for e in self.equations:
            for n in walk(e.right):
                if isinstance(n, BigSum) and n.below and n.above:
                    letter, above = n.below[0].text, text_of(n.above)
                    kind = self.indices.get(letter)
                    if kind in (Kind.LAYER, Kind.TIME) and not above.isdigit():
                        found[above] = DEPTH if kind is Kind.LAYER else STEPS
                    elif above in ("N", "H", "K") and not self._is_above(above):
                        found.pop(above, None)  # Σ_{k=1}^K over units
        for name, other in self.given.depths.items():
            found[other] = STEPS if name == "T" else DEPTH
        for name in self.given.sizes:
            found.setdefault(name, STEPS if name in (r"\tau", "T") else DEPTH)
        for letter in named_beside(self.nodes):
            found.pop(letter, None)
        lefts = {e.left.base for e in self.equations} - {"L", *self.given.depths.values()}
        found = {letter: depth for letter, depth in found.items() if letter not in lefts}
        for letter in found:
            self.indices.pop(letter, None)
        return {k: v for k, v in found.items() if k not in self.given.indices}

    def _last_steps(self) -> Iterator[str]:
        r"""The \tau of h^{(\tau)}, where no equation runs over it: the last step."""
        used = {t.text for n in self.nodes if isinstance(n, Name)
                for m in (*marks(n.sub), *marks(n.sup)) for t in m.tokens}  # fmt: skip
        lefts = {t.text for e in self.equations if isinstance(e.left, Name)
                 for m in (*marks(e.left.sub), *marks(e.left.sup)) for t in m.tokens}  # fmt: skip
        summed = {t.text for n in self.nodes if isinstance(n, BigSum) for t in n.below}
        if r"\tau" in used - lefts - summed and "t" in lefts:
            yield r"\tau"

    @cached_property
    def rooted(self) -> set[str]:
        r"""Letters of numbers: the d of \sqrt{d}."""
        return rooted(self.nodes)

    def named_marks(self) -> set[tuple[str, str]]:
        """Letters with a subscript that is part of the name: names: a_n."""
        pairs = (n.split("_", 1) for n in self.given.names if "_" in n)
        return {(base.strip(), sub.strip("{} ")) for base, sub in pairs}

    def squares(self) -> set[tuple[str, str]]:
        r"""Names that are defined with a power and never stand without: \sigma^2."""
        found = squares([e.left for e in self.equations])
        for base, power in found:
            for e in self.equations:
                for n in walk(e.right):
                    if isinstance(n, Name) and n.base == base and not _has(n, power):
                        raise ReadingError(
                            f"{base}^{power} has an equation, {base} has none: say what {base} is"
                        )
        return found

    def twofold(self) -> set[str]:
        """Letters that are defined both without marks and with an index: L = Σ_t L^{(t)}."""
        lefts = [e.left for e in self.equations if isinstance(e.left, Name)]
        bare = {n.base for n in lefts if not n.sub and not n.sup}
        return {n.base for n in lefts if n.base in bare and (n.sub or n.sup)}

    def is_other(self, n: Name, functions: set[str]) -> bool:
        """Functions, constants, e, the vector 1 and sizes are no families."""
        if n.base in functions and n.base not in self.vocabulary.families:
            return True
        if n.base == r"\pi" and n.base not in self.vocabulary.families:
            return True
        if (n.base == "e" and n.sup) or n.base == r"\mathbf{1}":
            return True
        return n.base in self.size_letters or n.base in self.given.constants

    @cached_property
    def size_letters(self) -> set[str]:
        """Letters of numbers of things: the bounds of sums, and L."""
        lefts = {e.left.base for e in self.equations}
        sums = [n for n in self.nodes if isinstance(n, BigSum) and n.above]
        bounds = {text_of(n.above) for n in sums if len(n.above) == 1}
        below = divisors(self.nodes) & COUNTS
        bounds |= {b for b in below if not self._is_marked(b)}
        bounds |= {
            s
            for shape in self.given.shapes.values()
            for s in shape
            if s in COUNTS | self.rooted and not self._is_marked(s)
        }
        depths = {d for d in self.depths if self._is_above(d)}
        return {b for b in bounds | depths if not b.isdigit() and b not in lefts}

    def _is_marked(self, letter: str) -> bool:
        """Whether a letter stands anywhere with indices, so that it is no number of things."""
        names = [n for n in self.nodes if isinstance(n, Name)]
        return any(n.base == letter and (n.sub or n.sup) for n in names)

    def _is_above(self, letter: str) -> bool:
        """Whether a letter stands above a name anywhere: a^K."""
        above = (m for n in self.nodes if isinstance(n, Name) for m in marks(n.sup))
        return any(text_of(m.tokens).startswith(letter) for m in above)

    def over_samples(self, n: BigSum, letter: str) -> bool:
        if self.given.indices.get(letter) is Kind.SAMPLE:
            return True
        return (
            any(
                m.bracket and any(t.text == letter for t in m.tokens)
                for x in walk(n.body)
                if isinstance(x, Name)
                for m in marks(x.sup)
            )
            and letter not in self.indices
        )

    def all_functions(self) -> dict[str, Row]:
        rows = dict(self.functions)
        for letter in self.vocabulary.functions:
            if letter not in rows and letter not in self.given.functions:
                rows[letter] = (
                    TABLE["sigma"]
                    if letter == r"\sigma"
                    else TABLE[letter]
                    if letter in ("f", "g")
                    else unspecified(letter.lstrip("\\"), letter)
                )
        return {**rows, **dict(marked_functions(self.nodes, rows))}

    def first_layer(self) -> int:
        """Layers are numbered from 1 where equations lead from layer l to l + 1."""
        ahead = any(
            t.text == "+"
            for e in self.equations
            if isinstance(e.left, Name)
            for m in marks(e.left.sup)
            if self._is_layer(m)
            for t in m.tokens
        )
        return 1 if ahead else 0

    def _is_layer(self, m: Mark) -> bool:
        return any(self.indices.get(t.text) is Kind.LAYER for t in m.tokens)


def _opened(row: Sequence[Token]) -> list[Token]:
    """The tokens without the braces that stand around the first one: {h_θ}(x)."""
    opened = list(row)
    while opened and opened[0].kind == "group" and opened[0].parts[0]:
        opened = [*opened[0].parts[0], *opened[1:]]
    return opened


def _has(n: Name, power: str) -> bool:
    return any(m.text == power and not m.bracket for m in marks(n.sup))


def _flat(row: Sequence[Token]) -> Iterator[str]:
    for t in row:
        yield t.text
        for part in t.parts:
            yield from _flat(part)
