"""What is open while a formula is read: its index letters, and which sizes must be equal."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Protocol

import sympy as sp
from sympy import Expr, Indexed, Symbol

from symbp.errors import ReadingError
from symbp.reading.typed import ShapeError, Typed
from symbp.system import Kind, Range

ROW_AND_COLUMN = "the one side is a row, the other a column"
ONE_ROW = "the left is a row and the right a column; as vectors they are equal"
BESIDE = (
    " side by side have no matrix product; entry by entry it holds "
    "(`products: elementwise` in a declaration says that this is meant)"
)


class Unifier(Protocol):
    """Decides whether two sizes are equal."""

    def equal(self, a: Expr, b: Expr) -> bool:
        """Whether they are, or have been made, equal."""

    def windows(
        self, image: Expr, window: Expr, stride: int = 1, padding: Expr = sp.S.Zero
    ) -> Expr:
        """How many places a window has on an image."""


@dataclass
class Scope:
    """The indices of one statement. Letters keep their meaning through all its members."""

    unifier: Unifier
    layer: Symbol | None = None
    bound: dict[str, Symbol] = field(default_factory=dict)
    """Letters of the sums that are open."""
    free: dict[str, Symbol] = field(default_factory=dict)
    kinds: dict[Symbol, Kind] = field(default_factory=dict)
    ranges: dict[Symbol, Range] = field(default_factory=dict)
    """Ranges of unit indices, found where they are used."""
    conditions: dict[Expr, Expr] = field(default_factory=dict)
    """Layers at which the shapes fit, l = L, and sizes that arrays written out have, n = 3."""
    written: set[Expr] = field(default_factory=set)
    """How many entries arrays have that are written out."""
    likely: dict[Expr, Expr] = field(default_factory=dict)
    """Sizes of which such arrays have all indices from 1 on."""
    width: tuple[str, int] = ("n", 0)
    """The writer's letter of the units of a layer, and by how much the layers' numbers differ."""
    notes: list[str] = field(default_factory=list)
    bounds: list[tuple[str, Expr]] = field(default_factory=list)
    """What stands above the sums, and the size over which they run."""
    ends: set[str] = field(default_factory=set)
    """Letters of the last entries of arrays with dots."""
    doubt: str = ""
    """Why what is read may not be what is meant."""
    spreads: bool = False
    """Whether a number beside a vector may be meant at every entry, which is then a doubt."""
    unsure: str = ""
    """Why what is read, where it does not hold, may not be what is meant."""
    entrywise: bool = False
    """Whether vectors side by side are meant entry by entry."""
    beside: str = ""
    """"columns" or "matrices", where two of them stand side by side with no sign between."""
    loosely: bool = False
    """Whether signs of products, and transposes of vectors, may have been left out: w x."""
    loosened: bool = False
    """Whether there was anything that may be meant otherwise than as it is written."""
    taken: list[str] = field(default_factory=list)
    """What was taken otherwise, in words."""
    sample: Symbol | None = None
    """The sample that names without a sample index speak of."""
    zeros: bool = False
    """Whether a derivative may be 0 because nothing depends on it: a term of a right side."""
    settled_shapes: bool = False
    """Whether no more layers may be fixed to make shapes fit: between the sides of an equation."""
    count: int = 0
    defining: bool = False
    """Whether it is an equation of the network, which is read in one way."""
    kernels: list[tuple[str, bool]] = field(default_factory=list)
    """Of an equation: the families that slide over others, and whether they stand first."""
    pools: list[Typed] = field(default_factory=list)
    """Of an equation: the images that are pooled."""
    positive: list[Expr] = field(default_factory=list)
    """Sizes that must be positive, else what is read has no meaning."""
    choices: dict[tuple[int, int], int] = field(default_factory=dict)
    """Which reading is taken where several fit."""
    open: dict[tuple[int, int], int] = field(default_factory=dict)
    """Where several readings fit, and how many."""
    meanings: dict[tuple[int, int], str] = field(default_factory=dict)
    """What is taken there, in words."""
    products: dict[tuple[int, int], tuple[int, int, int]] = field(default_factory=dict)
    """Where these begin, where the left side of the sign ends, and where the right one begins."""

    def letter(self, text: str, kind: Kind) -> Symbol:
        """The index called `text`."""
        symbol = self.bound.get(text) or self.free.get(text)
        if symbol is None:
            symbol = self.free[text] = Symbol(f"#{text}", integer=True)
        self.kinds.setdefault(symbol, kind)
        return symbol

    def fresh(self, hint: str = "") -> Symbol:
        """An index that no letter names."""
        self.count += 1
        return Symbol(f"#{hint}{self.count}", integer=True)

    def take(self, words: str) -> None:
        """Remember what is taken otherwise than it is written."""
        self.loosened = True
        if words not in self.taken:
            self.taken.append(words)

    @contextmanager
    def summing(self, letters: list[tuple[str, Symbol]]) -> Iterator[None]:
        """Inside a sum that binds letters."""
        before, layer = dict(self.bound), self.layer
        self.bound.update(letters)
        try:
            yield
        finally:
            self.bound = before
            if any(self.layer == symbol for _, symbol in letters):
                self.layer = layer

    def use(self, symbol: Symbol, r: Range, name: str) -> None:
        """An index letter runs over the range of a slot; everywhere the same one."""
        known = self.ranges.get(symbol)
        if known is None:
            self.ranges[symbol] = Range(symbol, r.lower, r.upper)
        elif not self.same(known.upper, r.upper):
            letter = symbol.name.lstrip("#")
            raise ShapeError(
                f"the index {letter} of {name} counts {self.size_text(r.upper)} there "
                f"and {self.size_text(known.upper)} elsewhere"
            )

    def same(self, a: Expr, b: Expr) -> bool:
        """Whether two sizes are equal; the sizes of two layers are where the layer is the last."""
        a, b = (self.settled(x) for x in (a, b))
        if self.unifier.equal(a, b) or self._counted(a, b) or self._counted(b, a):
            return True
        return not self.settled_shapes and self._condition(a, b)

    @property
    def numbers(self) -> dict[Expr, Expr]:
        """The sizes that arrays written out have."""
        return {size: n for size, n in self.conditions.items() if n.is_Integer}

    def _counted(self, size: Expr, number: Expr) -> bool:
        """Let a size be the number of entries that are written. Raises `ReadingError`."""
        if number not in self.written or size.is_Integer:
            return False
        if not isinstance(size, (Symbol, Indexed)):
            raise ReadingError(f"{number} entries are written of {self.size_text(size)}")
        self.conditions[size] = number
        return True

    def size_text(self, e: Expr) -> str:
        """A size for a message: n_l, n_{l-1}, m."""
        if isinstance(e, Indexed):
            name, (letter, offset) = str(e.base.label.name), self.width
            inner = str(e.indices[0] + (offset if name == "n" else 0))
            inner = re.sub(r"#([^\W\d]+)\d*", r"\1", inner).replace("#", "").replace(" ", "")
            shown = letter if name == "n" else name
            return f"{shown}_{inner if len(inner) == 1 else f'{{{inner}}}'}"
        return _sum_text(e) if e.is_Add else str(e).replace("#", "")

    def met(self, a: Typed, b: Typed, word: str = " met ") -> str:
        """The shapes of two for a message: 3 × 1 met 2 × 1."""
        return word.join(x.shape(self.size_text) for x in (a, b))

    @property
    def unclear(self) -> str:
        """Why what is read may not be what is meant; "" for no reason."""
        if self.beside:
            return f"two {self.beside}{BESIDE}"
        both = sorted(self.ends & {*self.free})
        return f"{both[0]} is an index and the number of entries" if both else self.doubt

    def settled(self, e: Expr) -> Expr:
        """An expression with the layers that are known by now."""
        return e.xreplace(self.conditions) if self.conditions else e

    def _condition(self, a: Expr, b: Expr) -> bool:
        """Fix a layer where that makes the sizes of two layers one."""
        if not (isinstance(a, Indexed) and isinstance(b, Indexed) and a.base == b.base):
            return False
        difference = sp.expand(a.indices[0] - b.indices[0])
        free = [s for s in difference.free_symbols if self.kinds.get(s) is Kind.LAYER]
        if len(free) != 1 or free[0].name.lstrip("#") in self.bound:
            return False
        (solution,) = sp.solve(difference, free[0])
        if solution.free_symbols & set(self.kinds) or solution.is_Integer:
            return False
        self.conditions[free[0]] = solution
        return True


@lru_cache(maxsize=256)
def _sum_text(e: Expr) -> str:
    """A sum of sizes for a message, as short as it gets: n_z + (L - l)*(n_w - 1)."""
    forms = [e, *(t + sp.factor(e - t) for t in sp.Add.make_args(e) if isinstance(t, Symbol))]
    return min((str(f).replace("#", "") for f in forms), key=lambda text: (len(text), text))
