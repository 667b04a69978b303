r"""The lexicon: what an author's names mean in a System, and where the indices are written.

A Word says that a letter with some fixed marks (W, or W_f with its f) is a family, and which mark
holds which index. The same family may have several words: x^{(i)} and X, a^L and \hat y.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import sympy as sp
from sympy import Expr

from symbp.functions import Row
from symbp.reading.convolution import Convolution
from symbp.reading.grammar.parser import Vocabulary
from symbp.reading.grammar.syntax import Node, Tokens
from symbp.reading.pooling import Pooled, Pooling
from symbp.system import Kind, System
from symbp.system.equation import family_of, walk

WALKED = (Kind.LAYER, Kind.TIME)
ARRAY_KINDS = (Kind.UNIT, Kind.CHANNEL, Kind.PLACE)  #: kinds of indices along axes of arrays

FixedMarks = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Place:
    """Where one index is written: above ("^") or below ("_"), in the order of the places.

    `shift` is the number on paper less the number in the System.
    """

    slot: int
    side: str
    kind: Kind
    shift: int = 0


@dataclass(frozen=True)
class Word:
    """A name of a family of the System."""

    base: str
    family: str
    places: tuple[Place, ...] = ()
    fixed: FixedMarks = ()
    """Marks that are part of the name: (("_", "f"),) for W_f."""
    at: Mapping[int, Expr] = field(default_factory=dict)
    r"""Slots that the name itself fixes: the layer of \hat y = a^L."""
    flipped: bool = False
    """Whether the whole, written without indices, is laid out transposed."""
    firm: str = ""
    """Whether a row is a matrix with one row, and its derivative too: "said", or "told" by use."""
    whole: bool = False
    """Whether the samples are an axis where no sample is marked: X for all x^{(i)}."""
    mark: str = "{}"
    """How the layer or time is written above: "{}", "({})", "[{}]"."""
    only: str = ""
    """Whether the letter is a name only with marks, "marked", or only without, "bare"."""


@dataclass(frozen=True)
class Abbreviation:
    """A name for an expression: δ^l = ∂C/∂z^l; `letters` stand for the indices in `body`."""

    base: str
    places: tuple[tuple[str, Kind, str], ...]
    """(side, kind, letter) of each index."""
    body: Node
    fixed: FixedMarks = ()
    whole: bool = False
    """Whether it holds all samples where none is marked."""


@dataclass(frozen=True)
class Operator:
    """A function that the author defines by an expression: Σ'(z^l) = diag(σ'(z^l))."""

    base: str
    primes: int
    arguments: tuple[Node, ...]
    body: Node
    marks: str = ""
    """What stands below and above its name, where anything does: f_1 is not f_2."""


@dataclass(frozen=True)
class Lexicon:
    """All that a reader knows of one author's names for one System."""

    system: System
    words: tuple[Word, ...]
    abbreviations: tuple[Abbreviation, ...] = ()
    operators: tuple[Operator, ...] = ()
    derivatives: Mapping[object, Node] = field(default_factory=dict)
    """Derivatives that are only names: (form of f, form of u) → what is meant."""
    functions: Mapping[str, Row] = field(default_factory=dict)
    """Letters of functions: σ, f, g."""
    convolutions: Mapping[str, Convolution] = field(default_factory=dict)
    """Signs and names of functions that slide a kernel over an image: *, conv."""
    poolings: Mapping[str, Pooling] = field(default_factory=dict)
    """Names of functions that pool images, or lead back from that: pool, upsample."""
    pooled: tuple[Pooled, ...] = ()
    """The equations that pool an image."""
    kernels: Mapping[str, bool] = field(default_factory=dict)
    """The families that slide in the equations, and whether they stand first there."""
    small: Mapping[str, int] = field(default_factory=dict)
    """Sizes at which claims are judged; what is not here is chosen."""
    softmaxes: frozenset[str] = frozenset()
    indices: Mapping[str, Kind] = field(default_factory=dict)
    """What a letter counts, where the author says so."""
    sizes: Mapping[str, Expr] = field(default_factory=dict)
    """Letters of sizes: m, L, T, n_l."""
    bounds: Mapping[str, Expr] = field(default_factory=dict)
    """What the bounds of the sums in a post's own equations are: N, n_ (with `PLACE` its layer)."""
    width: tuple[str, int] = ("n", 0)
    counted: bool = False
    """Whether n_l is the number of units of layer l for certain, not only in messages."""
    """The letter of the units of a layer, and what is added to the layer of the equations."""
    constants: frozenset[str] = frozenset()
    """Letters of plain numbers."""
    loss: str = ""
    """The family that δ, dW and ∇ speak of."""
    rates: frozenset[str] = frozenset({r"\eta", r"\alpha", r"\epsilon", r"\mu"})
    """Letters of learning rates."""
    implied: bool = False
    """Einstein's convention: an index that stands twice in a product is summed."""
    rows: bool = False
    """Whether samples are rows of a batch."""
    called: frozenset[str] = frozenset()
    """Letters of quantities that may have arguments: J(W, b)."""
    names: frozenset[str] = frozenset()
    """Words of several letters that are one name."""
    conditions: tuple[Tokens, ...] = ()
    """Conditions on index letters that are declared for all that follows."""
    groups: Mapping[str, Tokens] = field(default_factory=dict)
    """The layer to which the units of a letter belong, where nothing else says it."""
    fixed: frozenset[str] = frozenset()
    """Letters that stand for one unit all along: the true class."""
    labelled: bool = False
    """Whether these are numbers that are given, as in a System; in claims they are unit 1."""
    samples: str = ""
    """The letter of a sum over all samples: Σ_x."""
    kroneckers: frozenset[str] = frozenset()
    """Letters that with two indices are 1 where these are equal."""
    assumes_totals: bool = False
    """Whether the targets are said to add up to one."""
    sample_loss: str = ""
    """The loss of one sample, of which the loss is the mean or the sum."""
    first_step: Expr = sp.S.One
    """The step with which sums over all steps begin."""
    open_biases: frozenset[str] = frozenset()
    """Letters added to a matrix of which nothing says whether they are one column of it or all."""
    reading: str = ""
    """What is taken for granted here, where a text leaves it open: * as convolution."""
    case: str = ""
    """What is said of the case that this lexicon is for, where there are several."""
    entrywise: bool = False
    """Whether two vectors side by side are multiplied entry by entry, as their author does."""
    row_vectors: bool = False
    """Whether vectors are rows."""
    unsaid: tuple[tuple[str, Lexicon], ...] = ()
    """Other layouts that nothing rules out, with what is said of them: vectors as rows."""

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """What the parser must know of these names."""
        families = frozenset(w.base for w in self.words)
        return Vocabulary(
            frozenset({*self.functions, *self.convolutions, *self.poolings})
            | self.softmaxes
            | {o.base for o in self.operators},
            self.names,
            self.called,
            families,
            self.samples,
        )

    @cached_property
    def _needs(self) -> dict[str, set[str]]:
        """For every defined family all families that it depends on, and itself."""
        direct: dict[str, set[str]] = {}
        for e in getattr(self.system, "equations", ()):
            used = {str(family_of(n)) for n, _ in walk(e.rhs) if family_of(n) is not None}
            direct.setdefault(e.family, set()).update(used)
        closed = {name: {name} | used for name, used in direct.items()}
        for _ in direct:
            for used in closed.values():
                for name in list(used):
                    used |= direct.get(name, set())
        return closed

    def depends(self, f: Expr, family: str) -> bool:
        """Whether anything in f depends on a family, as far as the equations say; or is of it."""
        if not hasattr(self.system, "equations"):
            return True
        names = {str(family_of(n)) for n, _ in walk(f) if family_of(n) is not None}
        return any(family in self._needs.get(name, {name}) for name in names)

    def written(self, family: str, key: tuple[int, ...] = ()) -> str:
        """A family at some layers or times as the author writes it: W^{(2)}, h_{0}."""
        word = next((w for w in self.words if w.family == family and not w.whole), None)
        if word is None:
            name, _, start = family.partition("·")
            return f"{name}_{{{start.lstrip('layertim')}}}" if start else name
        text = word.base + "".join(f"{side}{{{mark}}}" for side, mark in word.fixed)
        for place, value in zip([p for p in word.places if p.kind in WALKED], key, strict=False):
            number = str(value + place.shift)
            text += f"^{{{word.mark.format(number)}}}" if place.side == "^" else f"_{{{number}}}"
        return text

    def named(self, base: str) -> list[Word]:
        """The words with a base, those with more fixed marks first."""
        found = [w for w in self.words if w.base == base]
        return sorted(found, key=lambda w: -len(w.fixed))

    def marks_samples(self, base: str) -> bool:
        """Whether a name with this base may have a mark of its sample."""
        return any(p.kind is Kind.SAMPLE for w in self.named(base) for p in w.places)
