r"""A System from equations as they are written: z^l = W^l a^{l-1} + b^l, a^l = \sigma(z^l), ...

First the families and their indices are told apart, then their ranks, then the sizes that the
equations make equal; with these the same elaborator that reads claims reads the equations.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import sympy as sp
from sympy import Expr, Symbol

from symbp.errors import DefinitionError, ReadingError, at
from symbp.functions import TABLE, Row, unspecified
from symbp.reading.declared import Declared, function_row
from symbp.reading.elaborate import Elaborator
from symbp.reading.families import LAYERS, TIMES, Families, Family, uses
from symbp.reading.lexer import Token, tokens
from symbp.reading.lexicon import Abbreviation, Lexicon, Operator, Place, Word
from symbp.reading.marks import Mark, marks, text_of
from symbp.reading.parser import FUNCTION_WORDS, Vocabulary, parse
from symbp.reading.products import aligned, turned
from symbp.reading.ranges import Ranges
from symbp.reading.ranks import Ranks
from symbp.reading.scope import Scope, size_text
from symbp.reading.sizes import Exact, Learner, axis_size
from symbp.reading.statements import statements
from symbp.reading.syntax import (
    BigSum,
    Call,
    Derivative,
    Differential,
    Fraction,
    Name,
    Node,
    Product,
    Tokens,
    children,
    form,
    walk,
)
from symbp.reading.typed import ShapeError, Typed
from symbp.system import Equation, Kind, Range, Role, Slot, System, Variable
from symbp.system.equation import index_base
from symbp.system.indices import substitute

FUNCTION_LETTERS = frozenset({r"\sigma", r"\phi", "f", "g"})
COUNTS = {"m", "n", "N", "M", "K", "T", "B"}  #: letters of numbers of things, below a fraction
TARGETS = {"y", "Y", "t", r"\hat{y}", "r", "d"}
INPUTS = {"x", "X", "u"}
LOSSES = {"J", "C", "L", "E", "Loss", "loss", "cost", "CE", "MSE", r"\ell", "F"}
UNIT_SYMBOLS = [Symbol(c, integer=True) for c in "jkpqrs"]
LAYER, TIME, SAMPLE = (Symbol(c, integer=True) for c in "lti")
DEPTH, STEPS, SAMPLES = (Symbol(c, integer=True) for c in "LTm")


@dataclass(frozen=True)
class Written:
    """One equation as parsed, with its text."""

    left: Node
    right: Node
    text: str


def read_system(text: str, **options: object) -> System:
    r"""The System that equations in LaTeX describe; they are parted by semicolons or lines.

    >>> net = read_system(r"a^0 = x; z^l = W^l a^{l-1} + b^l; a^l = \sigma(z^l); "
    ...                   r"C = \frac{1}{2} \|a^L - y\|^2")
    >>> net.loss
    'C'
    """
    lines = tuple(p.strip() for p in text.replace("\n", ";").split(";") if p.strip())
    return read_model(Declared(equations=lines, **options)).system  # type: ignore[arg-type]


def read_models(given: Declared, evidence: Mapping[str, int] | None = None) -> list[Lexicon]:
    """As `read_model`; two where nothing says whether z^l = w^l a^{l-1} is about numbers or arrays."""
    first = _Model(given, evidence or {})
    lexicons = [first.lexicon()]
    if first.open_ranks:
        numbers = replace(given, shapes={**given.shapes, "all": ("1",)})
        lexicons.append(_Model(numbers, {}).lexicon())
    return lexicons


def read_model(given: Declared, evidence: Mapping[str, int] | None = None) -> Lexicon:
    """The System of the equations and the lexicon of its names.

    Raises `DefinitionError` where the equations define no system, `ReadingError` where one of them
    cannot be read; both name the equation. `evidence` says how many unit indices some names have
    elsewhere in the text (`counted_units`).
    """
    return _Model(given, evidence or {}).lexicon()


class _Model:
    def __init__(self, given: Declared, evidence: Mapping[str, int]) -> None:
        self.given = given
        self.evidence = evidence
        self.indices = {
            **dict.fromkeys(LAYERS, Kind.LAYER),
            **dict.fromkeys(TIMES, Kind.TIME),
            **given.indices,
            **dict.fromkeys(given.fixed, Kind.UNIT),
        }
        if given.samples:
            self.indices[given.samples] = Kind.SAMPLE
        self.functions = self._functions()
        self.vocabulary = self._vocabulary()
        self.operators: list[Operator] = []
        self.derivatives: dict[object, Node] = {}
        self.equations, self.defines = self._parsed()
        self.depths = self._depths()
        self.namer: Namer | None = None
        self.open_ranks = False
        self.row_vectors = False
        self.families = self._families()
        self.ranks = self._ranks()

    # -- parsing ---------------------------------------------------------------------------

    def _functions(self) -> dict[str, Row]:
        rows: dict[str, Row] = {}
        for letter, meaning in self.given.functions.items():
            if meaning not in ("softmax", "kronecker", "chain"):
                rows[letter] = function_row(letter, meaning)
        return rows

    def _lefts(self) -> dict[str, bool]:
        """The letters that equations define: whether with an argument."""
        found: dict[str, bool] = {}
        for line in (*self.given.equations, *self.given.define):
            first = list(tokens(line))
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
        letters -= {b for b in self.given.batch} | {self.given.loss}
        used = set()
        bare = set()
        for line in (*self.given.equations, *self.given.define):
            row = tokens(line)
            for place, t in enumerate(row):
                follows = next((x.text for x in row[place + 1 :]
                                if x.text not in ("'", "^", "_") and x.kind != "group"), "")
                (used if follows == "(" else bare).add(t.text)
        functions = {x for x in letters if x in used or x not in bare} | softmaxes
        functions |= set(self.given.functions)
        functions -= {k for k, v in self.given.functions.items() if v == "kronecker"}
        called = {self.given.loss, *(k for k, v in lefts.items() if v)} - {""}
        called |= {k for k in lefts if k.isalpha() and k.isupper()} | (lefts.keys() & LOSSES)
        defined = {t[0].text for line in self.given.equations if (t := tokens(line))}
        called |= {k for k in defined if k not in self._on_the_right()}
        functions -= {k for k, v in lefts.items() if v and k not in self.given.functions}
        return Vocabulary(
            frozenset(functions), frozenset(self._words()), frozenset(called - functions),
            frozenset(lefts), self.given.samples, differentials="d" not in lefts,
        )  # fmt: skip

    def _words(self) -> set[str]:
        """Names of several letters."""
        found = {n for n in self.given.names if "_" not in n}
        for name in (self.given.loss, *self.given.batch, *self.given.batch.values()):
            found |= {name} if name.isalnum() and len(name) > 1 else set()
        return found

    def _parsed(self) -> tuple[list[Written], list[Written]]:
        equations: list[Written] = []
        defines: list[Written] = []
        for kind, lines in (("equation", self.given.equations), ("define", self.given.define)):
            for line in lines:
                with at(f"{kind} {line}"):
                    for one in self._lines(line):
                        derived = any(
                            isinstance(n, Derivative | Differential) for n in walk(one.right)
                        )
                        (defines if derived or kind == "define" else equations).append(one)
        return equations, defines

    def _lines(self, line: str) -> list[Written]:
        found = []
        for s in statements(tokens(line)):
            if len(s.members) < 2:
                raise ReadingError("an equation needs a left and a right side")
            left, right = (parse(m, self.vocabulary) for m in s.members[:2])
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
                if all(isinstance(a, Name) for a in left.arguments) and (
                    left.function.primes or any(line == d for d in self.given.define)
                ):
                    self.operators.append(Operator(
                        left.function.base, left.function.primes, left.arguments, right))  # fmt: skip
                    if left.function.primes:
                        continue
                left = left.function
            if not isinstance(left, Name):
                raise ReadingError("the left side of an equation must be one name", left.start)
            found.append(Written(left, right, line))
        return found

    def _depths(self) -> dict[str, Symbol]:
        """Letters of the last layer and the last step."""
        found: dict[str, Symbol] = dict.fromkeys(("L", "N", "n_l", "nl", "H", "K"), DEPTH)
        found["T"] = STEPS
        for e in self.equations:
            for n in walk(e.right):
                if isinstance(n, BigSum) and n.below and n.above:
                    letter, above = n.below[0].text, text_of(n.above)
                    kind = self.indices.get(letter)
                    if kind in (Kind.LAYER, Kind.TIME) and not above.isdigit():
                        found[above] = DEPTH if kind is Kind.LAYER else STEPS
        for name, other in self.given.depths.items():
            found[other] = STEPS if name == "T" else DEPTH
        for name in self.given.sizes:
            found.setdefault(name, STEPS if name in (r"\tau", "T") else DEPTH)
        for letter in found:
            self.indices.pop(letter, None)
        return {k: v for k, v in found.items() if k not in self.given.indices}

    # -- families and ranks ------------------------------------------------------------------

    def _families(self) -> dict[str, Family]:
        families = Families(self.indices, self.depths, self._twofold(), self._named_marks())
        all_uses = [u for e in self.equations for u in uses(e.left, e.right, self.indices)]
        known = {n for n in self.vocabulary.functions} | FUNCTION_WORDS
        partner = self.given.batch
        kept = [u for u in all_uses if not self._is_other(u.node, known)]
        families.add([replace(u, node=replace(u.node, base=partner.get(u.node.base, u.node.base)))
                      for u in kept])  # fmt: skip
        self._spread_samples(families.found)
        return families.found

    def _named_marks(self) -> set[tuple[str, str]]:
        """Letters with a subscript that is part of the name: names: a_n."""
        pairs = (n.split("_", 1) for n in self.given.names if "_" in n)
        return {(base.strip(), sub.strip("{} ")) for base, sub in pairs}

    def _twofold(self) -> set[str]:
        """Letters that are defined both without marks and with an index: L = Σ_t L^{(t)}."""
        lefts = [e.left for e in self.equations if isinstance(e.left, Name)]
        bare = {n.base for n in lefts if not n.sub and not n.sup}
        return {n.base for n in lefts if n.base in bare and (n.sub or n.sup)}

    def _is_other(self, n: Name, functions: set[str]) -> bool:
        """Functions, constants, e and sizes are no families."""
        if n.base in functions and n.base not in self.vocabulary.families:
            return True
        if (n.base == "e" and n.sup) or n.base == r"\pi":
            return True
        return n.base in self.size_letters or n.base in self.given.constants

    @property
    def size_letters(self) -> set[str]:
        """Letters of numbers of things: the bounds of sums, and L."""
        lefts = {text for e in self.equations for text in [e.left.base]}  # type: ignore[attr-defined]
        bounds = {
            text_of(n.above)
            for e in self.equations for n in walk(e.right)
            if isinstance(n, BigSum) and n.above and len(n.above) == 1
        }  # fmt: skip
        below = {
            f.base
            for e in self.equations for n in walk(e.right) if isinstance(n, Fraction)
            for f in ([n.below] if isinstance(n.below, Name) else
                      [x for x in getattr(n.below, "factors", ()) if isinstance(x, Name)])
            if not f.sub and not f.sup and f.base in COUNTS
        }
        bounds |= {b for b in below if not self._is_marked(b)}
        bounds |= {s for shape in self.given.shapes.values() for s in shape
                   if s in COUNTS and not self._is_marked(s)}
        depths = {d for d in self.depths if any(
            text_of(m.tokens).startswith(d) for e in self.equations for n in walk(e.right)
            if isinstance(n, Name) for m in marks(n.sup))}  # fmt: skip
        return {b for b in bounds | depths if not b.isdigit() and b not in lefts}

    def _is_marked(self, letter: str) -> bool:
        """Whether a letter stands anywhere with indices, so that it is no number of things."""
        return any(
            isinstance(n, Name) and n.base == letter and (n.sub or n.sup)
            for e in self.equations for side in (e.left, e.right) for n in walk(side)
        )  # fmt: skip

    def _spread_samples(self, found: dict[str, Family]) -> None:
        """What depends on something of a sample belongs to that sample."""
        for f in found.values():
            f.samples = Kind.SAMPLE in f.kinds
        for x in self.given.batch.values():
            if x in found:
                found[x].samples = True
        if self.given.samples:
            for f in found.values():
                f.samples = f.samples or f.base in INPUTS | TARGETS
            for e in self.equations:  # activations differ from sample to sample
                applied = isinstance(e.right, Call) and e.right.function.base not in found
                key = self._key(e.left, found)
                if applied and key is not None:
                    found[key].samples = True
        for _ in range(len(self.equations) + 1):
            for e in self.equations:
                left = self._key(e.left, found)
                if left is not None and self._has_sample(e.right, found):
                    found[left].samples = True

    def _has_sample(self, node: Node, found: dict[str, Family]) -> bool:
        if isinstance(node, BigSum):
            letters = [t.text for t in node.below if t.kind == "name"]
            over = [x for x in letters if x in self.given.indices and
                    self.given.indices[x] is Kind.SAMPLE]  # fmt: skip
            marked = any(
                any(t.text in letters for t in m.tokens) and m.bracket
                for n in walk(node.body) if isinstance(n, Name) for m in marks(n.sup)
                if (k := self._key(n, found)) and Kind.SAMPLE in found[k].kinds
            )  # fmt: skip
            sets = any(x == self.given.samples or (x in found and found[x].samples) for x in letters)
            if over or marked or sets:
                return False
        if isinstance(node, Name):
            key = self._key(node, found)
            return key is not None and found[key].samples
        return any(self._has_sample(c, found) for c in children(node))

    def _key(self, n: Node, found: Mapping[str, Family]) -> str | None:
        if not isinstance(n, Name):
            return None
        base = self.given.batch.get(n.base, n.base) + "'" * n.primes
        is_bare = not n.sub and not n.sup
        own = [f for f in found.values() if f.base == base and f.bare in (None, is_bare)]
        for f in sorted(own, key=lambda f: -len(f.fixed)):
            texts = {("_", m.text) for m in marks(n.sub)} | {("^", m.text) for m in marks(n.sup)}
            if all(mark in texts for mark in f.fixed):
                return f.key
        return None

    def _ranks(self) -> dict[str, int]:
        known: dict[str, int] = {}
        inner = {self._key(n, self.families) for e in self.equations
                 for n in _outside_sums(e.right) if isinstance(n, Name)}  # fmt: skip
        for key, f in self.families.items():
            units = sum(k in (Kind.UNIT, Kind.CHANNEL, Kind.PLACE) for k in f.kinds)
            if units:
                known[key] = units
            shape = self._shape(key)
            if shape is not None:
                known[key] = 0 if shape == ("1",) else len([s for s in shape if s != "row"])
            elif self.given.all_scalar or f.base == self.given.loss or (f.base in LOSSES and key not in inner):
                known[key] = units
        for key, f in self.families.items():
            name = f.base + "^" if f.above else f.base
            if name in self.evidence and known.get(key) is None:
                known[key] = self.evidence[name]
        softmaxes = {k for k, v in self.given.functions.items() if v == "softmax"}
        functions = frozenset(self.vocabulary.functions) | FUNCTION_WORDS
        pairs = [(e.left, e.right) for e in self.equations]

        def settled() -> dict[str, int]:
            ranks = Ranks(
                known, self._written_units, functions, frozenset(softmaxes | {"softmax"})
            )
            return ranks.settle(pairs)

        for item in (*self.given.rows, *self.given.columns):
            name = item.partition("=")[0].strip()
            known |= {k: 2 for k, f in self.families.items() if f.base == name}
        found = settled()
        self.row_vectors = self._rows_first(found)
        weights = self._layered_weights()
        if weights and not any(found.values()) and not self.given.all_scalar:
            self.open_ranks = True
            known |= dict.fromkeys(weights, 2)
            found = settled()
        return found

    def _rows_first(self, ranks: Mapping[str, int]) -> bool:
        """Whether vectors are rows: x W, a vector before a matrix."""
        if any(shape[0] == "row" for shape in self.given.shapes.values()):
            return True
        for e in self.equations:
            for n in walk(e.right):
                if not isinstance(n, Product):
                    continue
                for a, b in zip(n.factors, n.factors[1:], strict=False):
                    if isinstance(a, Name) and isinstance(b, Name):
                        plain = not any(m.is_transpose for m in marks(a.sup))
                        x, y = (self._key(c, self.families) for c in (a, b))
                        both = x is not None and y is not None and a.base not in self.given.batch
                        if both and plain and ranks[str(x)] == 1 and ranks[str(y)] == 2 \
                                and not self._written_units(a)[1] \
                                and not self._written_units(b)[1]:  # fmt: skip
                            return True
        return False

    def _layered_weights(self) -> list[str]:
        """The w of w^l a^{l-1}: what stands before another quantity of a layer in a product."""
        found = []
        for e in self.equations:
            for n in walk(e.right):
                if not isinstance(n, Product):
                    continue
                for a, b in zip(n.factors, n.factors[1:], strict=False):
                    keys = [self._key(x, self.families) if isinstance(x, Name) else None
                            for x in (a, b)]  # fmt: skip
                    if all(k and Kind.LAYER in self.families[k].kinds for k in keys):
                        found.append(str(keys[0]))
        return found

    def _shape(self, key: str) -> tuple[str, ...] | None:
        shapes = self.given.shapes
        plain = {k.replace("{", "").replace("}", ""): v for k, v in shapes.items()}
        base = self.families[key].base if key in self.families else key
        return shapes.get(key) or plain.get(key) or shapes.get(base) or plain.get(
            base.replace("{", "").replace("}", ""))  # fmt: skip

    def _written_units(self, n: Name) -> tuple[str, int] | None:
        """(family, how many of its unit indices are written) of a name; X counts one less."""
        key = self._key(n, self.families)
        if key is None:
            return None
        sample = any(m.bracket == "(" for m in marks(n.sup))
        if n.base in self.given.batch and not sample:
            return key, -1
        f = self.families[key]
        units = sum(k is Kind.UNIT for k in f.below)
        others = len(f.below) - units + sum(s == "_" for s, _ in f.fixed)
        written = sum(len(_unit_marks(m, units)) for m in marks(n.sub)) - others
        return key, max(0, min(written, units))

    # -- variables ---------------------------------------------------------------------------

    def variables(self, ranges: Ranges | None, settle: Learner) -> tuple[Variable, ...]:
        """The families with their slots: layer, time, units, sample."""
        result = []
        for key, f in self.families.items():
            slots: list[Slot] = []
            layered = Kind.LAYER in f.kinds
            for kind, symbol, last in ((Kind.LAYER, LAYER, DEPTH), (Kind.TIME, TIME, STEPS)):
                if kind in f.kinds:
                    lower, upper = ranges.of(key, kind) if ranges else (sp.S.Zero, last)
                    slots.append(Slot(Range(symbol, lower, upper), kind))
            units = self._unit_kinds(f, self.ranks.get(key, 0))
            for number, kind in enumerate(units):
                size = settle.settled(axis_size(key, number, LAYER if layered else None))
                slots.append(Slot(Range(UNIT_SYMBOLS[number], sp.S.One, size), kind))
            if f.samples:
                slots.append(Slot(Range(SAMPLE, sp.S.One, SAMPLES), Kind.SAMPLE))
            result.append(Variable(key, tuple(slots), self._role(key)))
        return tuple(result)

    @staticmethod
    def _unit_kinds(f: Family, rank: int) -> list[Kind]:
        own = [k for k in f.kinds if k in (Kind.UNIT, Kind.CHANNEL, Kind.PLACE)]
        return [*own, *[Kind.UNIT] * (rank - len(own))][: max(rank, len(own))]

    def _role(self, key: str) -> Role:
        defined = {self._key(e.left, self.families) for e in self.equations}
        if key in defined:
            return Role.INTERMEDIATE
        base = self.families[key].base
        if base in TARGETS:
            return Role.TARGET
        return Role.INPUT if base in INPUTS or self.families[key].samples else Role.PARAMETER

    # -- the lexicon -------------------------------------------------------------------------

    def lexicon(self) -> Lexicon:
        """Learn which sizes are equal, then build the System and its words."""
        learner = Learner()
        draft = self._draft(self.variables(None, learner), learner)
        learned = [self._elaborated(draft, e, learner) for e in self.equations]
        self._declared_sizes(learner)
        ranges = Ranges(learned, draft.system, self._first_layer())
        return self._final(learner, ranges)

    def _first_layer(self) -> int:
        """Layers are numbered from 1 where equations lead from layer l to l + 1."""
        ahead = any(
            t.text == "+" for e in self.equations if isinstance(e.left, Name)
            for m in marks(e.left.sup) if self._is_layer(m) for t in m.tokens
        )  # fmt: skip
        return 1 if ahead else 0

    def _is_layer(self, m: Mark) -> bool:
        return any(self.indices.get(t.text) is Kind.LAYER for t in m.tokens)

    def _draft(self, variables: Sequence[Variable], learner: Learner) -> Lexicon:
        frame = Frame(tuple(variables))
        return Lexicon(
            frame,  # type: ignore[arg-type]
            tuple(self._words_of(frame)),
            functions=self._all_functions(),
            softmaxes=frozenset(k for k, v in self.given.functions.items() if v == "softmax"),
            indices=self.indices,
            sizes=self._sizes(),
            constants=frozenset(self.given.constants),
            conditions=tuple(tokens(w) for w in self.given.where),
            samples=self.given.samples,
            fixed=self.given.fixed,
            kroneckers=frozenset(
                k for k, v in self.given.functions.items() if v == "kronecker"
            ),
            continues=self.given.continues,
            implied=self.given.summation == "implied",
            rows=self.given.layout == "rows",
            called=self.vocabulary.called,
            names=self.vocabulary.words,
            case=self.given.case,
            first_step=sp.S.One,
        )

    def _sizes(self) -> dict[str, Expr]:
        sizes: dict[str, Expr] = {k: v for k, v in self.depths.items()}
        letters = self.size_letters
        for e in self.equations:
            for n in walk(e.right):
                if isinstance(n, BigSum) and n.below and n.above:
                    text = text_of(n.above)
                    letter = n.below[0].text
                    if text in letters and self._over_samples(n, letter):
                        sizes[text] = SAMPLES
        shaped = {s for shape in self.given.shapes.values() for s in shape}
        for text in letters - set(sizes):
            sizes[text] = Symbol(f"{text}·", integer=True) if text in shaped else SAMPLES
        return {k: self.namer.named(self.learned(v)) if self.namer else v
                for k, v in sizes.items()}

    def learned(self, size: Expr) -> Expr:
        """A size by its class."""
        return self.namer.learner.settled(size) if self.namer else size

    def _over_samples(self, n: BigSum, letter: str) -> bool:
        if self.given.indices.get(letter) is Kind.SAMPLE:
            return True
        return any(
            m.bracket and any(t.text == letter for t in m.tokens)
            for x in walk(n.body) if isinstance(x, Name) for m in marks(x.sup)
        ) and letter not in self.indices  # fmt: skip

    def _all_functions(self) -> dict[str, Row]:
        rows = dict(self.functions)
        for letter in self.vocabulary.functions:
            if letter not in rows and letter not in self.given.functions:
                rows[letter] = (
                    TABLE["sigma"] if letter == r"\sigma"
                    else TABLE[letter] if letter in ("f", "g")
                    else unspecified(letter.lstrip("\\"), letter)
                )  # fmt: skip
        return rows

    def _words_of(self, frame: Frame) -> list[Word]:
        words = []
        for key, f in self.families.items():
            variable = frame[key]
            numbers = {s.kind: i for i, s in enumerate(variable.slots)}
            units = [i for i, s in enumerate(variable.slots)
                     if s.kind in (Kind.UNIT, Kind.CHANNEL, Kind.PLACE)]  # fmt: skip
            places: list[Place] = []
            rest = list(units)
            for side, kinds in (("^", f.above), ("_", f.below)):
                for kind in kinds:
                    slot = rest.pop(0) if kind in (Kind.UNIT, Kind.CHANNEL, Kind.PLACE) else (
                        numbers[kind])  # fmt: skip
                    places.append(Place(slot, side, kind))
            places += [Place(i, "_", variable.slots[i].kind) for i in rest]
            if f.samples and Kind.SAMPLE not in f.kinds:
                places.insert(0, Place(numbers[Kind.SAMPLE], "^", Kind.SAMPLE))
            shape = self._shape(key) or ()
            flipped = shape[:1] == ("row",) if shape else len(units) == 1 and self.row_vectors
            only = {None: "", True: "bare", False: "marked"}[f.bare]
            words.append(Word(f.base, key, tuple(places), f.fixed, flipped=flipped, only=only))
        words += self._entries_in_small(words)
        words.sort(key=lambda w: not w.places)  # L^{(t)} before L
        words = [*self._partial_words(words), *words]
        for whole, one in self.given.batch.items():
            for w in [w for w in words if w.base == one]:
                kept = tuple(p for p in w.places if p.kind is not Kind.SAMPLE)
                word = replace(w, base=whole, places=kept, whole=True)
                words.insert(0, word) if whole == one else words.append(word)
        return words

    def _partial_words(self, words: Sequence[Word]) -> list[Word]:
        """W_j as row j or column j of W; u_j for row j of U."""
        found = []
        for number, items in enumerate((self.given.rows, self.given.columns)):
            for item in items:
                matrix, _, vector = (x.strip() for x in item.partition("="))
                for w in [w for w in words if w.base == matrix]:
                    units = [p for p in w.places if p.kind is Kind.UNIT]
                    others = [p for p in w.places if p.kind is not Kind.UNIT]
                    if len(units) == 2:
                        places = (*others, units[number])
                        found.append(replace(w, base=vector or matrix, places=places))
        return found

    def _entries_in_small(self, words: Sequence[Word]) -> list[Word]:
        """w_{ij} for the entries of W, where w is nothing else."""
        known = {w.base for w in words} | set(self.given.constants) | self.size_letters
        known |= set(self.vocabulary.functions) | set(self.indices)
        found = []
        for w in words:
            small = w.base.lower()
            units = sum(p.kind is Kind.UNIT for p in w.places)
            if small != w.base and small not in known and units == 2:
                found.append(replace(w, base=small))
        return found

    def _elaborated(self, lexicon: Lexicon, e: Written, unifier: object) -> Equation:
        """One equation in index form."""
        with at(f"equation {e.text}"):
            scope = Scope(unifier)  # type: ignore[arg-type]
            reader = Elaborator(lexicon, scope)
            left = reader.read(e.left)
            samples = [x for x in left.expr.free_symbols if scope.kinds.get(x) is Kind.SAMPLE]
            if samples and not any(a.symbol in samples for a in left.axes):
                scope.sample = samples[0]
            right = self._fitted(scope, left, reader.read(e.right))
            return equation_of(lexicon, scope, left, right)

    @staticmethod
    def _fitted(scope: Scope, left: Typed, right: Typed) -> Typed:
        if right.is_scalar and not left.is_scalar and right.constant:
            return right
        found = aligned(scope, left, right)
        if found is None and right.is_vector and left.is_vector:
            found = aligned(scope, left, turned(right))
        if found is None:
            raise ShapeError(
                f"the left is {left.shape(size_text)}, the right {right.shape(size_text)}"
            )
        return found

    def _declared_sizes(self, learner: Learner) -> None:
        """Sizes that are written with one letter are equal; a number is itself."""
        for key in self.families:
            shape = [s for s in self._shape(key) or () if s not in ("row", "1")]
            layered = Kind.LAYER in self.families[key].kinds
            for number, text in enumerate(shape):
                if layered or number >= self.ranks.get(key, 0):
                    continue
                size = sp.Integer(int(text)) if text.isdigit() else Symbol(f"{text}·", integer=True)
                learner.equal(axis_size(key, number, None), size)

    def _final(self, learner: Learner, ranges: Ranges) -> Lexicon:
        namer = self.namer = Namer(learner)
        namer.numbered_by(self.variables(ranges, learner))
        namer.fixed_sizes = list(self.given.sizes.values())
        variables = tuple(
            replace(v, slots=tuple(
                Slot(Range(s.range.symbol, s.range.lower, namer.named(s.range.upper))
                     if s.kind in (Kind.UNIT, Kind.CHANNEL, Kind.PLACE) else s.range, s.kind)
                for s in v.slots))
            for v in self.variables(ranges, learner)
        )  # fmt: skip
        lexicon = self._draft(variables, learner)
        equations = [self._elaborated(lexicon, e, Exact()) for e in self.equations]
        equations, variables = ranges.completed(equations, variables)
        constants = tuple(Variable(c, role=Role.HYPERPARAMETER) for c in sorted(
            {*self.given.constants, *lexicon.rates, "\\lambda"}) if c not in self.families)  # fmt: skip
        sizes = namer.variables(ranges)
        loss, variables, equations = self._loss(variables, equations)
        variables = tuple(replace(v, role=Role.LOSS) if v.name == loss else v for v in variables)
        system = System(
            (*sizes, *variables, *constants), tuple(equations), loss, self._bound(sizes)
        )
        return replace(
            lexicon, system=system, loss=loss, sample_loss=_sample_loss(system, loss),
            constants=frozenset(v.name for v in constants) | lexicon.constants,
            abbreviations=tuple(self._abbreviations()), operators=tuple(self.operators),
            derivatives=self.derivatives,
        )  # fmt: skip

    def _bound(self, sizes: Sequence[Variable]) -> dict[str, int]:
        names = {v.name for v in sizes}
        bound = {}
        for name, number in self.given.sizes.items():
            symbol = self.depths.get(name, Symbol(name, integer=True)).name
            if symbol in names:
                bound[symbol] = number
        return bound

    def _loss(
        self, variables: tuple[Variable, ...], equations: list[Equation]
    ) -> tuple[str, tuple[Variable, ...], list[Equation]]:
        defined = [e.family for e in equations]
        wanted = self.given.loss
        if wanted and wanted not in {v.name for v in variables}:
            keys = [f.key for f in self.families.values() if f.base == wanted]
            wanted = next((k for k in keys if k in defined), wanted)
        candidates = [wanted] if wanted else []
        used = {str(a.base.label.name if isinstance(a, sp.Indexed) else a.name)
                for e in equations for a in e.rhs.atoms(sp.Indexed, Symbol)}  # fmt: skip
        by_name = {v.name: v for v in variables}
        candidates += [n for n in defined if not by_name[n].slots and n not in used]
        candidates += [n for n in defined if [s.kind for s in by_name[n].slots] == [Kind.SAMPLE]
                       and n not in used]  # fmt: skip
        candidates += [n for n in defined if not by_name[n].slots]
        candidates += [n for n in reversed(defined) if n not in used]
        candidates += list(reversed(defined))
        for name in candidates:
            if name in by_name and not by_name[name].slots:
                return name, variables, equations
            if name in by_name:
                total = Variable(f"{name}·total")
                v = by_name[name]
                limits = [(s.symbol, s.range.lower, s.range.upper) for s in reversed(v.slots)]
                rhs = sp.Sum(v[v.own_index], *limits)
                return total.name, (*variables, total), [*equations, Equation(total.name, (), rhs)]
        if wanted:
            raise DefinitionError(f"the loss {wanted} is not defined as one number")
        raise DefinitionError("no equation defines a loss: one number that nothing else needs")

    def _abbreviations(self) -> list[Abbreviation]:
        found = [self._abbreviation(d) for d in self.defines]
        for whole, one in self.given.batch.items():
            more = [replace(a, base=whole, whole=True) for a in found if a and a.base == one]
            found = [*more, *found] if whole == one else [*found, *more]
        return [a for a in found if a is not None and not (
            isinstance(a.body, Name) and a.body.base == a.base and not a.places
            and not a.fixed)]  # fmt: skip

    def _abbreviation(self, d: Written) -> Abbreviation | None:
        assert isinstance(d.left, Name)
        places: list[tuple[str, Kind, str]] = []
        fixed: list[tuple[str, str]] = []
        inside = {t.text for n in walk(d.right) if isinstance(n, Name)
                  for m in (*marks(n.sub), *marks(n.sup)) for t in m.tokens}  # fmt: skip
        for side, scripts in (("^", d.left.sup), ("_", d.left.sub)):
            for mark in marks(scripts):
                parts = [t for t in mark.tokens if t.kind in ("name", "word")]
                letters = [t.text for t in parts]
                fixed_there = {text for f in self.families.values() for s, text in f.fixed if s == side}
                known = mark.text not in fixed_there and all(
                    x in inside and x not in self.depths for x in letters
                )
                if len(mark.tokens) != len(parts) or not known:
                    fixed.append((side, mark.text))
                    continue
                for letter in letters:
                    kind = self.indices.get(letter)
                    default = Kind.SAMPLE if side == "^" and mark.bracket else Kind.UNIT
                    places.append((side, kind or default, letter))
        base = d.left.base + "'" * d.left.primes
        return Abbreviation(base, tuple(places), d.right, tuple(fixed))


@dataclass(frozen=True)
class Frame:
    """Families without equations: what the elaborator needs of a System."""

    variables: tuple[Variable, ...]

    @property
    def by_name(self) -> dict[str, Variable]:
        """The families by name."""
        return {v.name: v for v in self.variables}

    def __getitem__(self, name: str) -> Variable:
        return self.by_name[name]


class Namer:
    """Names for the classes of sizes: n[l], n_2[l], n_x."""

    def __init__(self, learner: Learner) -> None:
        self.learner = learner
        self.offsets: dict[str, Expr] = {}
        self.names: dict[str, str] = {}
        self.layered: set[str] = set()
        self.fixed_sizes: list[int] = []

    def named(self, size: Expr) -> Expr:
        """A size by its final name."""
        if isinstance(size, sp.Indexed):
            old = size.base.label.name
            index = sp.expand(size.indices[0] - self.offsets.get(old, sp.S.Zero))
            return index_base(self._name(old, True))[index]
        if isinstance(size, Symbol) and "·" in size.name:
            return Symbol(self._name(size.name, False), integer=True)
        return size

    def numbered_by(self, variables: Sequence[Variable]) -> None:
        """n[l] is the number of units of the vectors of layer l, whatever matrix was met first."""
        for v in sorted(variables, key=lambda v: (_units(v), v.role is Role.PARAMETER)):
            for slot in v.slots:
                size = slot.range.upper
                if isinstance(size, sp.Indexed) and v.slots[0].kind is Kind.LAYER:
                    offset = sp.expand(size.indices[0] - v.slots[0].symbol)
                    self.offsets.setdefault(size.base.label.name, offset)

    def _name(self, old: str, layered: bool) -> str:
        if old not in self.names:
            plain = old.split("·")[0].lstrip("\\")
            name = "n" if layered and "n" not in self.names.values() else f"n_{plain}"
            if old.endswith("·") and not layered:
                name = plain
            while name in self.names.values() or name in ("L", "T", "m"):
                name += "'"
            self.names[old] = name
            if layered:
                self.layered.add(name)
        return self.names[old]

    def variables(self, ranges: Ranges) -> list[Variable]:
        """The sizes as families of the System."""
        found = []
        for name in self.names.values():
            if name in self.layered:
                slot = Slot(Range(LAYER, *ranges.layers), Kind.LAYER)
                found.append(Variable(name, (slot,), Role.SIZE))
            else:
                found.append(Variable(name, role=Role.SIZE))
        least = min([int(ranges.base) + 3, *self.fixed_sizes])
        found.append(Variable("L", role=Role.SIZE, minimum=least))
        found.append(Variable("T", role=Role.SIZE, minimum=3))
        found.append(Variable("m", role=Role.SIZE, minimum=2))
        return found


def equation_of(lexicon: Lexicon, scope: Scope, left: Typed, right: Typed) -> Equation:
    """left = right with the indices of the left side named as the family's own slots."""
    entry = left.expr
    name = str(entry.base.label.name) if isinstance(entry, sp.Indexed) else entry.name
    variable = lexicon.system[name]
    index: list[Expr] = []
    domain: list[Range] = []
    mapping: dict[Expr, Expr] = {}
    for slot, given in zip(variable.slots, getattr(entry, "indices", ()), strict=True):
        free = [s for s in given.free_symbols if s.name.startswith("#")]
        if not free:
            index.append(given)
            continue
        mapping[free[0]] = sp.expand(slot.symbol - (given - free[0]))
        index.append(slot.symbol)
        domain.append(slot.range)
    rhs = substitute(right.expr, mapping)
    bound = {
        s: Symbol(s.name.replace("#", "") + "'", integer=True)
        for s in rhs.atoms(Symbol) if s.name.startswith("#")
    }  # fmt: skip
    stray = {s.name for s in rhs.free_symbols if s.name.startswith("#")}
    if stray:
        letters = ", ".join(sorted(x.lstrip("#") for x in stray))
        raise ReadingError(f"the index {letters} stands on the right only")
    placed = [r.substitute(dict(zip(variable.own_index, index, strict=True))) for r in domain]
    return Equation(name, tuple(index), rhs.xreplace(bound), tuple(placed))


def _units(v: Variable) -> int:
    return sum(s.kind in (Kind.UNIT, Kind.CHANNEL, Kind.PLACE) for s in v.slots)


def _sample_loss(system: System, loss: str) -> str:
    """The loss of one sample, where the loss is made of such."""
    for e in system.defining(loss):
        for a in sorted(e.rhs.atoms(sp.Indexed), key=str):
            name = str(a.base.label.name)
            if name in system.by_name and [s.kind for s in system[name].slots] == [Kind.SAMPLE] \
                    and system.defining(name):  # fmt: skip
                return name
    return ""


def _flat(row: Sequence[Token]) -> Iterator[str]:
    for t in row:
        yield t.text
        for part in t.parts:
            yield from _flat(part)


def _outside_sums(node: Node) -> Iterator[Node]:
    """The nodes that stand in no sum over an index."""
    if isinstance(node, BigSum):
        return
    yield node
    for child in children(node):
        yield from _outside_sums(child)


def counted_units(formulas: Sequence[Tokens]) -> dict[str, int]:
    """Names that are written with two index letters and never with one: w_{jk} is of a matrix.

    What has a mark above as well is counted apart: w^l_{jk} by the key "w^".
    """
    found: dict[str, set[int]] = {}
    for formula in formulas:
        _count(formula, found)
    return {name: 2 for name, counts in found.items() if counts == {2}}


def _count(formula: Tokens, found: dict[str, set[int]]) -> None:
    for place, t in enumerate(formula):
        for part in t.parts:
            _count(part, found)
        scripts = formula[place + 1 : place + 5] if t.kind == "name" else ()
        above = scripts[:1] and (scripts[0].text == "^" or [x.text for x in scripts[2:3]] == ["^"])
        name = t.text + "^" if above else t.text
        for mark, script in zip(scripts, scripts[1:], strict=False):
            if mark.text == "_":
                inside = script.parts[0] if script.kind == "group" else (script,)
                inner = [x.text for x in inside if x.text != ","]
                if all(len(x) == 1 and x.islower() for x in inner):
                    found.setdefault(name, set()).add(len(inner))


def _unit_marks(m: object, units: int) -> list[object]:
    parts = [t for t in m.tokens if t.kind in ("name", "number")]  # type: ignore[attr-defined]
    return parts if units > 1 and len(parts) > 1 else [m]
