"""The quantities that equations speak of: their indices, their axes, their samples."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

from symbp.reading.grammar.marks import Mark, marks
from symbp.reading.grammar.parser import FUNCTION_WORDS
from symbp.reading.grammar.syntax import (
    BigSum,
    Call,
    Name,
    Node,
    Norm,
    Product,
    children,
    walk,
)
from symbp.reading.model.families import Families, Family, labels, uses
from symbp.reading.model.letters import entrywise
from symbp.reading.model.ranks import ELEMENTWISE, Ranks
from symbp.reading.model.source import LOSSES, Source
from symbp.system import Kind

TARGETS = {"y", "Y", "t", r"\hat{y}", "r", "d"}
NUMBERS = {r"\lambda", r"\eta", r"\alpha", r"\epsilon", r"\varepsilon"}
INPUTS = {"x", "X", "u"}
SLIDING = {"*", r"\star", r"\circledast"}  #: signs that may slide a kernel over an image
ARRAY_KINDS = (Kind.UNIT, Kind.CHANNEL, Kind.PLACE)


@dataclass(frozen=True)
class Sliding:
    """A sign between two whole arrays of an equation, which may slide the one over the other."""

    sign: str
    equation: str
    first: str
    second: str
    rank: int
    declared: bool
    """Whether both shapes are declared, and unlike."""


class Quantities:
    """The families of the equations and their ranks.

    `evidence` says how many unit indices some names have elsewhere in the text.
    """

    def __init__(self, source: Source, evidence: Mapping[str, int]) -> None:
        self.source = source
        self.evidence = evidence
        self.open_ranks = False
        """Whether nothing says if z^l = w^l a^{l-1} is about numbers or arrays."""
        self.row_vectors = False
        self.rows: set[str] = set()
        """Families of which the equations say that they are rows."""
        self.families = self._families()
        self.ranks = self._ranks()

    def _families(self) -> dict[str, Family]:
        families = Families(
            self.source.indices,
            self.source.depths,
            self.source.twofold(),
            self.source.named_marks(),
            {
                name: len(shape)
                for name, shape in self.source.given.shapes.items()
                if all(size.isdigit() for size in shape) and shape != ("1",)
            },
            self.source.squares(),
        )
        implied = self.source.given.summation == "implied"
        pairs = [] if implied else [(e.left, e.right) for e in self.source.equations]
        plain = labels(pairs, self.source.indices)
        lefts = [e.left.base for e in self.source.equations]
        repeated = {base for base in lefts if lefts.count(base) > 1}
        all_uses = [
            u
            for e in self.source.equations
            for u in uses(e.left, e.right, self.source.indices, plain, repeated)
        ]
        known = {*self.source.vocabulary.functions, *FUNCTION_WORDS} - {*self.source.given.names}
        partner = self.source.given.batch
        kept = [u for u in all_uses if not self.source.is_other(u.node, known)]
        families.add(
            [
                replace(u, node=replace(u.node, base=partner.get(u.node.base, u.node.base)))
                for u in kept
            ]
        )
        self._spread_samples(families.found)
        return families.found

    def _spread_samples(self, found: dict[str, Family]) -> None:
        """What depends on something of a sample belongs to that sample."""
        for f in found.values():
            f.samples = Kind.SAMPLE in f.kinds
        for x in self.source.given.batch.values():
            if x in found:
                found[x].samples = True
        if self.source.given.samples:
            for f in found.values():
                f.samples = f.samples or f.base in INPUTS | TARGETS
            for e in self.source.equations:  # activations differ from sample to sample
                applied = isinstance(e.right, Call) and e.right.function.base not in found
                key = self.key(e.left, found)
                if applied and key is not None:
                    found[key].samples = True
        for _ in range(len(self.source.equations) + 1):
            for e in self.source.equations:
                left = self.key(e.left, found)
                if left is None:
                    continue
                if self._has_sample(e.right, found):
                    found[left].samples = True
                elif found[left].samples:
                    self._spread_back(e.right, found)

    def _spread_back(self, right: Node, found: dict[str, Family]) -> None:
        """What a quantity of one sample is made of: of a^{(i)} = σ(z), z = w x, z and x are too."""
        defined = {self.key(e.left, found) for e in self.source.equations}
        for n in walk(right):
            key = self.key(n, found) if isinstance(n, Name) else None
            if key is not None and (key in defined or found[key].base in INPUTS):
                found[key].samples = True

    def _has_sample(self, node: Node, found: dict[str, Family]) -> bool:
        if isinstance(node, BigSum):
            letters = [t.text for t in node.below if t.kind == "name"]
            over = [
                x
                for x in letters
                if x in self.source.given.indices and self.source.given.indices[x] is Kind.SAMPLE
            ]
            marked = any(
                any(t.text in letters for t in m.tokens) and m.bracket
                for n in walk(node.body)
                if isinstance(n, Name)
                for m in marks(n.sup)
                if (k := self.key(n, found)) and Kind.SAMPLE in found[k].kinds
            )
            sets = any(
                x == self.source.given.samples or (x in found and found[x].samples) for x in letters
            )
            if over or marked or sets:
                return False
        if isinstance(node, Norm) and node.double and self._is_of_all(node.inner):
            return False  # ‖A − Y‖ of all samples at once is one number
        if isinstance(node, Name):
            key = self.key(node, found)
            return key is not None and found[key].samples
        if isinstance(node, Call) and node.function.base == "any":  # any(y), where y_i is of one
            keys = [
                self.key(a, found)
                for a in node.arguments
                if isinstance(a, Name) and not (a.sup or a.sub)
            ]
            if all(k is not None and Kind.SAMPLE in found[k].kinds for k in keys) and keys:
                return False
        return any(self._has_sample(c, found) for c in children(node))

    def _is_of_all(self, node: Node) -> bool:
        """Whether a node has quantities of all samples at once, and none of one sample."""
        names = [n for n in walk(node) if isinstance(n, Name)]
        marked = any(m.bracket == "(" for n in names for m in marks(n.sup))
        return not marked and any(n.base in self.source.given.batch for n in names)

    def key(self, n: Node, found: Mapping[str, Family]) -> str | None:
        if not isinstance(n, Name):
            return None
        base = self.source.given.batch.get(n.base, n.base) + "'" * n.primes
        is_bare = not n.sub and not n.sup
        own = [f for f in found.values() if f.base == base and f.bare in (None, is_bare)]
        if not any(f.fixed for f in own):
            return own[0].key if own else None
        texts = {("_", m.text) for m in marks(n.sub)} | {("^", m.text) for m in marks(n.sup)}
        for f in sorted(own, key=lambda f: -len(f.fixed)):
            if all(mark in texts for mark in f.fixed):
                return f.key
        return None

    def family(self, n: Node) -> Family | None:
        """The family of a name; None for what is no quantity."""
        return self.families.get(self.key(n, self.families) or "")

    def _ranks(self) -> dict[str, int]:
        known: dict[str, int] = {}
        inner = {
            self.key(n, self.families)
            for e in self.source.equations
            for n in _outside_sums(e.right)
            if isinstance(n, Name)
        }
        counted: set[str] = set()
        for key, f in self.families.items():
            units = sum(k in (Kind.UNIT, Kind.CHANNEL, Kind.PLACE) for k in f.kinds)
            shape = self.shape_of(key)
            if units:
                known[key] = units
                counted |= {key} if shape is None and not self.source.given.all_scalar else set()
            if shape is not None:
                known[key] = len(axes_of(shape))
            elif (
                self.source.given.all_scalar
                or f.base == self.source.given.loss
                or f.base in (NUMBERS - entrywise(self.source.nodes)) | self.source.rooted
                or (f.base in LOSSES and key not in inner)
            ):
                known[key] = units
        likely = {
            key: self.evidence[name]
            for key, f in self.families.items()
            if not f.fixed and (name := f.base + "^" if f.above else f.base) in self.evidence
        }
        softmaxes = {k for k, v in self.source.given.functions.items() if v == "softmax"}
        functions = frozenset(self.source.vocabulary.functions) | FUNCTION_WORDS
        pairs = [(e.left, e.right) for e in self.source.equations]

        rows = frozenset(k for k in known if self.shape_of(k) and self.is_row(k) and known[k] == 1)

        def settled() -> dict[str, int]:
            names = frozenset(softmaxes | {"softmax"})
            signs = self.source.convolutions
            ranks = Ranks(known, self.written_units, functions, names, signs, rows, counted)
            found = ranks.settle(pairs, likely)
            self.rows = ranks.rows
            return found

        for item in (*self.source.given.rows, *self.source.given.columns):
            name = item.partition("=")[0].strip()
            known |= {k: 2 for k, f in self.families.items() if f.base == name}
        found = settled()
        self.row_vectors = self._rows_first(found)
        weights = self._layered_weights()
        if weights and not any(found.values()) and not self.source.given.all_scalar:
            self.open_ranks = True
            known |= dict.fromkeys(weights, 2)
            found = settled()
        return found

    def _neighbours(self) -> Iterator[tuple[Name, str, Name, str]]:
        """Names side by side in a product of the equations, with their families."""
        for e in self.source.equations:
            for n in walk(e.right):
                pairs = pairwise(n.factors) if isinstance(n, Product) else ()
                signs = n.signs if isinstance(n, Product) else ()
                for (a, b), sign in zip(pairs, signs, strict=True):
                    keys = [self.key(x, self.families) for x in (a, b)]
                    if sign in ELEMENTWISE:
                        continue
                    if isinstance(a, Name) and isinstance(b, Name) and all(keys):
                        yield a, str(keys[0]), b, str(keys[1])

    def _rows_first(self, ranks: Mapping[str, int]) -> bool:
        """Whether vectors are rows: x W, a vector before a matrix."""
        if any(shape[0] == "row" for shape in self.source.given.shapes.values()):
            return True
        for a, x, b, y in self._neighbours():
            plain = not any(m.is_transpose for m in marks(a.sup))
            whole = all((units := self.written_units(n)) and units[1] == 0 for n in (a, b))
            if plain and whole and (ranks[x], ranks[y]) == (1, 2):
                return True
        return False

    def turn_vectors(self) -> bool:
        """Let vectors be rows; False where anything says what they are, or there are none."""
        vectors = [key for key, rank in self.ranks.items() if rank == 1]
        said = self.row_vectors or any(self.shape_of(key) for key in vectors)
        self.row_vectors = True
        return bool(vectors) and not said

    @property
    def open_signs(self) -> set[str]:
        """Signs between arrays of unlike shapes: convolutions, of which kind is not said."""
        return {x.sign for x in self.sliding() if x.declared}

    def sliding(self) -> Iterator[Sliding]:
        """Signs that may slide one whole array over another; those of one shape do not."""
        for e in self.source.equations:
            for p in (n for n in walk(e.right) if isinstance(n, Product)):
                for (a, b), sign in zip(pairwise(p.factors), p.signs, strict=True):
                    keys = [k for x in (a, b) if (k := self.key(x, self.families)) is not None]
                    if len(keys) < 2 or sign in self.source.convolutions or sign not in SLIDING:
                        continue
                    ranks = [
                        self.ranks[k] - self._units(n) for k, n in zip(keys, (a, b), strict=True)
                    ]
                    first, second = (_sizes(self.shape_of(k)) for k in keys)
                    if ranks[0] == ranks[1] > 0 and not set(first) & set(second):
                        yield Sliding(
                            sign, e.text, keys[0], keys[1], ranks[0], bool(first and second)
                        )

    def _units(self, n: Node) -> int:
        found = self.written_units(n) if isinstance(n, Name) else None
        return found[1] if found else 0

    def _layered_weights(self) -> list[str]:
        """The w of w^l a^{l-1}: what stands before another quantity of a layer in a product."""
        return [
            x
            for _, x, _, y in self._neighbours()
            if all(Kind.LAYER in self.families[k].kinds for k in (x, y))
        ]

    def shape_of(self, key: str) -> tuple[str, ...] | None:
        shapes = self.source.given.shapes
        plain = {_plain(k): v for k, v in shapes.items()}
        f = self.families.get(key)
        base = f.base if f is not None else key
        ways = (shapes.get(key), plain.get(_plain(key)), shapes.get(base), plain.get(_plain(base)))
        each = self._shape_of_each(f) if f is not None else None
        return next((w for w in ways if w), each)

    def is_row(self, key: str) -> bool:
        """Whether a vector is a row: declared so, or as 1 x n, or by the equations."""
        shape = self.shape_of(key)
        if shape:
            return shape[0] == "row" or (shape[0] == "1" and len(axes_of(shape)) == 1)
        return key in self.rows or (self.ranks.get(key) == 1 and self.row_vectors)

    def firm(self, key: str) -> str:
        """Whether a row is a matrix with one row: declared as 1 x n, or as in z = W a."""
        shape = self.shape_of(key)
        if shape:
            return "said" if shape[0] == "1" and len(axes_of(shape)) == 1 else ""
        return "told" if key in self.rows else ""

    def _shape_of_each(self, f: Family) -> tuple[str, ...] | None:
        """As `shape_of` of all a_k, where that of one is declared: a_k p x q; "" for a size k."""
        count = sum(k in ARRAY_KINDS for k in f.below)
        for name, shape in self.source.given.shapes.items():
            base, _, index = name.partition("_")
            every = re.findall(r"\\?[A-Za-z]+", index) if "\\" in index else list(index)
            letters = [x for x in every if self.source.indices.get(x, Kind.UNIT) in ARRAY_KINDS]
            if base == f.base and count == sum(x.isalpha() or x[0] == "\\" for x in letters) > 0:
                return ("",) * count + shape
        return None

    def written_units(self, n: Name) -> tuple[str, int] | None:
        """(family, how many of its unit indices are written) of a name; X counts one less."""
        key = self.key(n, self.families)
        if key is None:
            return None
        sample = any(m.bracket == "(" for m in marks(n.sup))
        if n.base in self.source.given.batch and not sample:
            return key, -1
        f = self.families[key]
        units = sum(k is Kind.UNIT for k in f.below)
        others = len(f.below) - units + sum(s == "_" for s, _ in f.fixed)
        written = sum(_count_marks(m, units) for m in marks(n.sub)) - others
        return key, max(0, min(written, units))


def _sizes(shape: tuple[str, ...] | None) -> tuple[str, ...]:
    """The sizes of a declared shape without their layers."""
    return tuple(s.split("_")[0] for s in shape or () if s not in ("row", ""))


def axes_of(shape: tuple[str, ...]) -> tuple[str, ...]:
    """The sizes of a declared shape: 1 x h is a row, a 1 beside numbers is a size."""
    sizes = tuple(s for s in shape if s != "row")
    letters = len(sizes) == 1 or not all(s.isdigit() for s in sizes)
    return tuple(s for s in sizes if not (s == "1" and letters))


def _plain(name: str) -> str:
    r"""A name without brackets and bold: \mathbf{W}^{[2]} is W^2."""
    for sign in (r"\mathbf", r"\boldsymbol", r"\bm", r"\vec", *"{}[]()"):
        name = name.replace(sign, "")
    return name


def _outside_sums(node: Node) -> Iterator[Node]:
    """The nodes that stand in no sum over an index."""
    if isinstance(node, BigSum):
        return
    yield node
    for child in children(node):
        yield from _outside_sums(child)


def _count_marks(m: Mark, units: int) -> int:
    """How many indices a mark holds: jk is two where two are wanted."""
    parts = [t for t in m.tokens if t.kind in ("name", "number")]
    return len(parts) if units > 1 and len(parts) > 1 else 1
