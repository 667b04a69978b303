"""The words of a lexicon: how each family is written, and the names that are defined by others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from symbp.reading.grammar.marks import marks, split_run
from symbp.reading.grammar.syntax import Name, walk
from symbp.reading.lexicon import Abbreviation, Place, Word
from symbp.reading.model.quantities import Quantities
from symbp.reading.model.source import Source, Written
from symbp.system import Kind, Variable


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


class Words:
    """Makes the words of the families of some equations."""

    def __init__(self, source: Source, quantities: Quantities) -> None:
        self.source = source
        self.quantities = quantities

    def words(self, frame: Frame) -> list[Word]:
        words = []
        for key, f in self.quantities.families.items():
            variable = frame[key]
            numbers = {s.kind: i for i, s in enumerate(variable.slots)}
            units = [
                i
                for i, s in enumerate(variable.slots)
                if s.kind in (Kind.UNIT, Kind.CHANNEL, Kind.PLACE)
            ]
            places: list[Place] = []
            rest = list(units)
            for side, kinds in (("^", f.above), ("_", f.below)):
                for kind in kinds:
                    slot = (
                        rest.pop(0)
                        if kind in (Kind.UNIT, Kind.CHANNEL, Kind.PLACE)
                        else (numbers[kind])
                    )
                    places.append(Place(slot, side, kind))
            places += [Place(i, "_", variable.slots[i].kind) for i in rest]
            if f.samples and Kind.SAMPLE not in f.kinds:
                places.insert(0, Place(numbers[Kind.SAMPLE], "^", Kind.SAMPLE))
            flipped, firm = self.quantities.is_row(key), self.quantities.firm(key)
            only = {None: "", True: "bare", False: "marked"}[f.bare]
            mark = {"(": "({})", "[": "[{}]"}.get(f.brackets, "{}")
            word = Word(f.base, key, tuple(places), f.fixed, flipped=flipped, firm=firm)
            words.append(replace(word, mark=mark, only=only))
        words += self._entries_in_small(words)
        words.sort(key=lambda w: not w.places)  # L^{(t)} before L
        words = [*self._partial_words(words), *words]
        for whole, one in self.source.given.batch.items():
            for w in [w for w in words if w.base == one]:
                kept = tuple(p for p in w.places if p.kind is not Kind.SAMPLE)
                word = replace(w, base=whole, places=kept, whole=True)
                words.insert(0, word) if whole == one else words.append(word)
        return words

    def _partial_words(self, words: Sequence[Word]) -> list[Word]:
        """W_j as row j or column j of W; u_j for row j of U."""
        found = []
        for number, items in enumerate((self.source.given.rows, self.source.given.columns)):
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
        known = (
            {w.base for w in words} | set(self.source.given.constants) | self.source.size_letters
        )
        known |= set(self.source.vocabulary.functions) | set(self.source.indices)
        found = []
        for w in words:
            small = w.base.lower()
            units = sum(p.kind is Kind.UNIT for p in w.places)
            if small != w.base and small not in known and units == 2:
                found.append(replace(w, base=small))
        return found

    def abbreviations(self) -> list[Abbreviation]:
        found = [self._abbreviation(d) for d in self.source.defines]
        for whole, one in self.source.given.batch.items():
            more = [replace(a, base=whole, whole=True) for a in found if a and a.base == one]
            found = [*more, *found] if whole == one else [*found, *more]
        return [a for a in found if a is not None and not _is_itself(a)]

    def _abbreviation(self, d: Written) -> Abbreviation | None:
        assert isinstance(d.left, Name)
        places: list[tuple[str, Kind, str]] = []
        fixed: list[tuple[str, str]] = []
        inside = {
            t.text
            for n in walk(d.right)
            if isinstance(n, Name)
            for m in (*marks(n.sub), *marks(n.sup))
            for t in m.tokens
        }
        for side, scripts in (("^", d.left.sup), ("_", d.left.sub)):
            for mark in marks(scripts):
                parts = [t for t in mark.tokens if t.kind in ("name", "word")]
                letters = [t.text for t in parts]
                fixed_there = {
                    text
                    for f in self.quantities.families.values()
                    for s, text in f.fixed
                    if s == side
                }
                known = mark.text not in fixed_there and all(
                    x in inside and x not in self.source.depths for x in letters
                )
                if len(mark.tokens) != len(parts) or not known:
                    fixed.append((side, mark.text))
                    continue
                for letter in letters:
                    kind = self.source.indices.get(letter)
                    default = Kind.SAMPLE if side == "^" and mark.bracket else Kind.UNIT
                    places.append((side, kind or default, letter))
        base = d.left.base + "'" * d.left.primes
        return Abbreviation(base, tuple(places), d.right, tuple(fixed))


def _is_itself(a: Abbreviation) -> bool:
    """Whether a name without marks stands for itself: a = a; not so a = a^L."""
    body = a.body
    same = isinstance(body, Name) and body.base == a.base and not body.sub and not body.sup
    return same and not a.places and not a.fixed


def written_letters(quantities: Quantities) -> dict[str, tuple[str, ...]]:
    """The letters that a family's units are first written with: i and j of z_{ij}."""
    found: dict[str, tuple[str, ...]] = {}
    for n in quantities.source.nodes:
        key = quantities.key(n, quantities.families) if isinstance(n, Name) else None
        if key is None or not isinstance(n, Name) or key in found:
            continue
        f = quantities.families[key]
        kinds = [*f.above, *f.below]
        parts = [m for scripts in (n.sup, n.sub) for m in marks(scripts) if not m.is_transpose]
        texts = [t.text for m in parts if m.text not in {x for _, x in f.fixed}
                 for p in split_run(m) for t in p.tokens]  # fmt: skip
        if len(texts) == len(kinds) and quantities.ranks[key] == kinds.count(Kind.UNIT):
            own = [x for x, kind in zip(texts, kinds, strict=True) if kind is Kind.UNIT]
            if len({*own}) == len(own) and all(len(x) == 1 and x.isalpha() for x in own):
                found[key] = tuple(own)
    return found
