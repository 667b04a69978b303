"""What a row of the table may look at: the wrong member, the claim around it, its author's hand."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import product as combinations

from symbp.judge.diagnosis.names import WHOLE, Hand, Key, Use, places, shifted, uses
from symbp.judge.diagnosis.text import ENTRYWISE, Member, flat
from symbp.reading.grammar.marks import TRANSPOSES, marks
from symbp.reading.grammar.syntax import (
    BigSum,
    Bracket,
    Derivative,
    Fraction,
    Name,
    Node,
    Number,
    Product,
    Sum,
    walk,
)
from symbp.reading.lexicon import Abbreviation, Lexicon, Word
from symbp.system import Kind, Role

ELEMENTWISE = {*ENTRYWISE, "*"}
#: Names that are tried as factors and operands at most.
MOST_NAMES = 60


@dataclass(frozen=True)
class Meaning:
    """The sizes of a vector or matrix, and the index letters of an entry."""

    sizes: frozenset[str]
    letters: frozenset[str]

    @property
    def all(self) -> frozenset[str]:
        """Both together: what another factor may bring or lack."""
        return self.sizes | self.letters


Read = Callable[[str], Meaning | None]
"""A text → what it means on its own; None where it means nothing."""


@dataclass(frozen=True)
class Work:
    """A refuted claim left = wrong; `others` are the other members of its chain."""

    lexicon: Lexicon
    left: Member
    wrong: Member
    read: Read
    others: tuple[Member, ...] = ()

    @property
    def members(self) -> tuple[Member, ...]:
        """The wrong member, the left side, the others."""
        return (self.wrong, self.left, *self.others)

    # -- names ---------------------------------------------------------------------------------

    @cached_property
    def used(self) -> tuple[Use, ...]:
        """The names of the wrong member."""
        return tuple(uses(self.wrong, self.lexicon))

    @cached_property
    def left_used(self) -> tuple[Use, ...]:
        """The names of the left side."""
        return tuple(uses(self.left, self.lexicon))

    @cached_property
    def hand(self) -> Hand:
        """How the author writes names."""
        found = [u for m in self.others for u in uses(m, self.lexicon)]
        return Hand((*self.used, *self.left_used, *found))

    def indices(self, kind: Kind, near: bool = True) -> list[str]:
        """The indices of a kind in the claim; of layers and times their neighbours too."""
        found = [i.text for u in self.hand.uses for i in u.items if i.kind is kind]
        if near and kind in (Kind.LAYER, Kind.TIME):
            bare = [text for text in found if not re.search(r"[+-]", text.lstrip("-"))] or found
            moved = [shifted(text, by) for text in dict.fromkeys(bare) for by in (1, -1)]
            found += [text for text in moved if text]
        return list(dict.fromkeys(found))

    def entry(self, word: Word | Abbreviation) -> int:
        """How many indices below an entry of an abbreviation has more than the whole."""
        if isinstance(word, Word):
            return 0
        by = word.body.by if isinstance(word.body, Derivative) else None
        if not isinstance(by, Name):
            return 1
        found = [w for w in self.lexicon.named(by.base) if not by.sub]
        return sum(p.kind in WHOLE for w in found[:1] for p in w.places)

    @cached_property
    def has_entries(self) -> bool:
        """Whether the claim is about numbers: δ_j, w_{jk}, or a network without vectors."""
        entries = any(i.kind in WHOLE for u in self.left_used for i in u.items)
        return entries or not self.has_arrays

    @cached_property
    def has_arrays(self) -> bool:
        """Whether a name of the claim is a whole vector or matrix."""
        return any(map(self._is_whole, (*self.used, *self.left_used)))

    def _is_whole(self, u: Use) -> bool:
        wanted = sum(kind in WHOLE for _, kind in places(u.word, self.entry(u.word)))
        is_batch = isinstance(u.word, Word) and u.word.whole
        return is_batch or sum(i.kind in WHOLE for i in u.items) < wanted

    @cached_property
    def words(self) -> list[Word | Abbreviation]:
        """Names of quantities, those that the claim uses first."""
        here: list[Word | Abbreviation] = [u.word for u in self.hand.uses]
        known: list[Word | Abbreviation] = [*self.lexicon.words, *self.lexicon.abbreviations]
        found: list[Word | Abbreviation] = []
        for w in [*here, *known]:
            if w not in found and self._is_quantity(w):
                found.append(w)
        return found

    def _is_quantity(self, word: Word | Abbreviation) -> bool:
        if isinstance(word, Abbreviation):
            return True
        roles = (Role.SIZE, Role.HYPERPARAMETER, Role.LOSS)
        return self.lexicon.system[word.family].role not in roles

    def keys(self, word: Word | Abbreviation) -> Key:
        """The indices that a name needs in this claim: all, or those that are no entries."""
        own = places(word, self.entry(word))
        kinds = {i.kind for u in self.hand.uses for i in u.items}
        if Kind.SAMPLE not in kinds:
            own = [p for p in own if p[1] is not Kind.SAMPLE]
        return tuple(p for p in own if self.has_entries or p[1] not in WHOLE)

    @cached_property
    def pool(self) -> list[str]:
        """Names that may be missing: those of the other members, then all with such marks."""
        found = [u.at(u.indices) for u in self.hand.uses if self._is_quantity(u.word)]
        found += [text for word in self.words for text in self.written(word)]
        return list(dict.fromkeys(found))[:MOST_NAMES]

    def written(self, word: Word | Abbreviation, near: bool = True) -> Iterator[str]:
        """A name with all indices that the claim has to offer."""
        key = self.keys(word)
        for indices in combinations(*(self.indices(kind, near) for _, kind in key)):
            entries = [i for i, (_, kind) in zip(indices, key, strict=True) if kind in WHOLE]
            if len(set(entries)) == len(entries):
                text = self.hand.written(word, key, indices)
                yield from [text] if text else []

    @cached_property
    def shapes(self) -> tuple[frozenset[str], frozenset[str]]:
        """Sizes and letters of the left side, and of the wrong member or else of its names."""
        left, right = self.read(self.left.text), self.read(self.wrong.text)
        none: frozenset[str] = frozenset()
        return left.all if left else none, right.all if right else self._of_names

    @cached_property
    def _of_names(self) -> frozenset[str]:
        found = [known for u in self.used if (known := self.read(u.at(u.indices)))]
        return frozenset[str]().union(*(known.all for known in found))

    @cached_property
    def fitting(self) -> list[str]:
        """The names of the pool that bring all sizes and letters that the wrong member lacks."""
        left, right = self.shapes
        known = left | right | self._of_names
        found = [(text, m.all) for text in self.pool if (m := self.read(text)) is not None]
        return [text for text, own in found if left - right <= own <= known]

    # -- the author's signs ----------------------------------------------------------------------

    @cached_property
    def transpose(self) -> str:
        """The author's sign of a transpose."""
        for m in self.members:
            for n in walk(m.tree):
                if isinstance(n, Name | Bracket):
                    for mark in marks(n.sup):
                        if mark.is_transpose:
                            t = mark.tokens[0]
                            return m.text[t.start : t.end].strip()
        bodies = [a.body for a in self.lexicon.abbreviations]
        found = [t for b in bodies for t in script_signs(b) if t in TRANSPOSES]
        return found[0] if found else "T"

    @cached_property
    def transposes_inside(self) -> bool:
        """Whether a transpose stands with the other marks: W^{[l]T}."""
        names = [n for m in self.members for n in walk(m.tree) if isinstance(n, Name)]
        scripts = [marks([s]) for n in names for s in n.sup]
        return any(len(s) > 1 and any(m.is_transpose for m in s) for s in scripts)

    @cached_property
    def elementwise(self) -> str:
        """The author's sign of an elementwise product."""
        for m in self.members:
            for t in flat(m.tokens):
                if t.text in ELEMENTWISE and t.kind == "sign":
                    return m.text[t.start : t.end].strip()
        return r"\odot"

    @cached_property
    def juxtaposed(self) -> str:
        """What stands between factors: nothing, or the sign that the author never leaves out."""
        found = [s for m in self.members for n in walk(m.tree) if isinstance(n, Product)
                 for s in n.signs if s not in ELEMENTWISE - {"*"}]  # fmt: skip
        return found[0] if len(set(found)) == 1 and len(found) > 1 else ""

    def times(self, a: str, b: str, sign: str | None = None) -> str:
        """Two factors side by side, or with a sign between."""
        sign = self.juxtaposed if sign is None else sign
        return f"{a} {sign} {b}" if sign else f"{a} {b}"

    def bracketed(self, text: str) -> str:
        r"""In round brackets; \left( for what is high, where the author writes so."""
        is_high = any(s in text for s in (r"\frac", r"\sum", r"\dfrac"))
        if is_high and any(r"\left(" in m.text for m in self.members):
            return rf"\left({text}\right)"
        return f"({text})"

    def as_factor(self, member: Member, node: Node) -> str:
        """A node as a factor: sums in brackets."""
        text = member.source(node)
        return self.bracketed(text) if isinstance(node, Sum) else text

    def is_constant(self, node: Node) -> bool:
        """Whether a node is made of numbers, sizes and constants only."""
        if isinstance(node, Number):
            return True
        names = [n for n in walk(node) if isinstance(n, Name)]
        kinds = (Name, Number, Bracket, Product, Sum, Fraction)
        return all(isinstance(n, kinds) for n in walk(node)) and all(map(self._is_fixed, names))

    def _is_fixed(self, node: Name) -> bool:
        if node.base in self.lexicon.sizes or node.base in self.lexicon.constants:
            return not self.lexicon.named(node.base)
        words = self.lexicon.named(node.base)
        roles = {self.lexicon.system[w.family].role for w in words}
        return bool(roles) and roles <= {Role.SIZE, Role.HYPERPARAMETER}

    @cached_property
    def free_indices(self) -> tuple[set[str], set[str]]:
        """Letters of the left side and of the wrong member that no sum there binds."""
        return _free(self.left, self.left_used), _free(self.wrong, self.used)


def script_signs(node: Node) -> Iterator[str]:
    """The signs in the scripts of a tree."""
    for n in walk(node):
        if isinstance(n, Name | Bracket):
            yield from (t.text for s in (*n.sub, *n.sup) for t in s)


def bound(big: BigSum) -> list[str]:
    """The letters that a sum binds."""
    found = []
    for t in big.below:
        if t.kind == "sign" and t.text != ",":
            break
        found += [t.text] if t.kind == "name" else []
    return found


def _free(member: Member, found: tuple[Use, ...]) -> set[str]:
    inside = {t for n in walk(member.tree) if isinstance(n, BigSum) for t in bound(n)}
    letters = {x for u in found for i in u.items if i.kind is not Kind.LAYER
               for x in re.findall(r"\\?[A-Za-z]+", i.text)}  # fmt: skip
    return letters - inside
