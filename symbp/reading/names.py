"""Names with their marks as entries of families: W^{(l)}_{ij}, a^{l-1}, X, m, π."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

import sympy as sp
from sympy import Expr, Symbol

from symbp.errors import ReadingError
from symbp.reading import labels
from symbp.reading.abbreviations import expanded
from symbp.reading.grammar.marks import Mark, index_expression, marks, split_run, text_of_name
from symbp.reading.grammar.syntax import Name
from symbp.reading.lexicon import ARRAY_KINDS, Lexicon, Place, Word
from symbp.reading.ordered import raised_name
from symbp.reading.products import turned
from symbp.reading.scope import Scope
from symbp.reading.typed import ShapeError, Typed
from symbp.system import Kind, Range, Role, Variable
from symbp.system.equation import index_base

if TYPE_CHECKING:
    from symbp.reading.elaborate import Elaborator


#: The sample that names without a mark of it speak of.
UNMARKED = "(sample)"


@dataclass
class Match:
    """The marks of a name told apart: indices by slot; transposes and powers."""

    indices: dict[int, Expr] = field(default_factory=dict)
    rest: list[Mark] = field(default_factory=list)
    sliced: bool = False
    """Whether a colon stands for a whole row or column: W_{j:}."""


class Names:
    """Looks names up for an elaborator."""

    def __init__(self, lexicon: Lexicon, scope: Scope, elaborator: Elaborator) -> None:
        self.lexicon = lexicon
        self.scope = scope
        self.elaborator = elaborator

    # -- a name ----------------------------------------------------------------------------

    def name(self, node: Name) -> Typed:
        """The meaning of a name. Raises `ReadingError` that says which fact is missing."""
        base = node.base + "'" * node.primes
        if base in self.lexicon.kroneckers and len(marks(node.sub)) and not node.sup:
            return self._kronecker(node)
        own = [s for s in self.lexicon.abbreviations if s.base == base]
        shorts = sorted(own, key=lambda s: -len(s.fixed))
        bare = not node.sub and not node.sup
        for short in shorts:
            if bare and not short.places and not short.fixed:
                found = expanded(self.elaborator, short, node)
                if found is not None:
                    return found
        problem: ReadingError | None = None
        ways = [partial(self._word, word) for word in self.lexicon.named(base)]
        ways += [partial(expanded, self.elaborator, short) for short in shorts]
        for way in ways:
            try:
                found = way(node)
            except ReadingError as error:
                problem = problem or error
                continue
            if found is not None:
                return found
        if problem is not None:
            raise problem
        return self._other(node, base)

    def _kronecker(self, node: Name) -> Typed:
        """δ_{ij}: 1 where i = j, else 0."""
        parts = [p for m in marks(node.sub) for p in split_run(m)]
        if len(parts) != 2:
            raise ReadingError(f"{text_of_name(node)} needs two indices", node.start)
        a, b = (index_expression(p.tokens, lambda t: self.lookup(t, Kind.UNIT)) for p in parts)
        for x, y in ((a, b), (b, a)):
            if x not in self.scope.ranges and y in self.scope.ranges and isinstance(x, Symbol):
                r = self.scope.ranges[y]
                self.scope.ranges[x] = Range(x, r.lower, r.upper)
        return Typed(sp.KroneckerDelta(a, b))

    def _other(self, node: Name, base: str) -> Typed:
        """Sizes, constants, π, the vector 1."""
        if base == r"\mathbf{1}":
            if any(t.kind == "sign" for script in node.sub for t in script):
                raise ReadingError(f"the condition of {text_of_name(node)} is not read", node.start)
            return self.elaborator.raised(Typed(sp.S.One, ones="column"), marks(node.sup))
        below = "_" + ",".join(m.text for m in marks(node.sub)) if node.sub else ""
        size = self.lexicon.sizes.get(base + below)
        if size is not None:
            value = size
        elif base in self.lexicon.constants:
            value = Symbol(base + below, real=True)
        elif base == r"\pi" and not node.sub:
            value = sp.pi
        else:
            alone = self.scope.defining and not (node.sub or node.sup)
            hint = f" (constants: {base} says that it is a given number)" if alone else ""
            raise ReadingError(f"no equation defines {text_of_name(node)}{hint}", node.start)
        return self.elaborator.raised(Typed(value, constant=True), marks(node.sup))

    # -- words -----------------------------------------------------------------------------

    def _word(self, word: Word, node: Name) -> Typed | None:
        if word.only and (word.only == "marked") != bool(node.sub or node.sup):
            return None
        match = self._matched(word, node)
        if match is None:
            return None
        self._turn_entry(word, match)
        entry = self._entry(word, match, text_of_name(node))
        return raised_name(self.elaborator, node, entry, match.rest)

    def of_sample(self, node: Name, sample: Symbol) -> Typed | None:
        """J(W; x^{(i)}) as J^{(i)}, where J alone is the cost of all samples."""
        for word in self.lexicon.named(node.base):
            places = [p for p in word.places if p.kind is Kind.SAMPLE]
            if word.only == "marked" and len(places) == len(word.places) == 1:
                match = Match({places[0].slot: sample})
                return self._entry(word, match, node.base)
        return None

    @staticmethod
    def _turn_entry(word: Word, match: Match) -> None:
        """The entry of a transpose: W^T_{bc} is W_{cb}."""
        turns = [m for m in match.rest if m.is_transpose]
        units = [p.slot for p in word.places if p.kind is Kind.UNIT]
        if len(turns) % 2 and len(units) == 2 and all(u in match.indices for u in units):
            a, b = units
            match.indices[a], match.indices[b] = match.indices[b], match.indices[a]
            match.rest = [m for m in match.rest if not m.is_transpose]

    def _matched(self, word: Word, node: Name) -> Match | None:
        """The marks by the word's places; None where its fixed marks are not there."""
        sides = {"_": marks(node.sub), "^": marks(node.sup)}
        for side, text in word.fixed:
            place = next((i for i, m in enumerate(sides[side]) if m.text == text), None)
            if place is None:
                return self._fixed_in_run(word, sides, node)
            del sides[side][place]
        return self.placed(word.places, sides, node)

    def _fixed_in_run(self, word: Word, sides: dict[str, list[Mark]], node: Name) -> Match | None:
        r"""The fixed mark at the end of a run of indices: the 0 of \Theta_{j0}."""
        for side, text in word.fixed:
            parts = [p for m in sides[side] for p in split_run(m)]
            if len(parts) < 2 or parts[-1].text != text:
                return None
            sides[side] = parts[:-1]
        return self.placed(word.places, sides, node)

    def placed(self, places: Sequence[Place], sides: dict[str, list[Mark]], node: Name) -> Match:
        """The marks on both sides put in places. Raises `ReadingError` if they are too many."""
        match = Match()
        for side in ("^", "_"):
            wanted = [p for p in places if p.side == side]
            found = _parted_turn(sides[side], len(wanted)) if side == "^" else sides[side]
            turns = [m for m in found if side == "^" and m.is_transpose]
            given = self._split([m for m in found if m not in turns], wanted)
            if side == "^" and len(given) > len(wanted):
                match.rest += given[len(wanted) :]
                given = given[: len(wanted)]
            if len(given) > len(wanted):
                raise ReadingError(
                    f"{text_of_name(node)} has more indices than {node.base} is known with",
                    node.start,
                )
            for mark, place in self._paired(given, wanted):
                index = self._index(mark, place)
                if index is not None:
                    match.indices[place.slot] = index
                match.sliced = match.sliced or index is None
            match.rest += turns
        return match

    @staticmethod
    def _split(given: list[Mark], wanted: Sequence[Place]) -> list[Mark]:
        """Runs such as jk told apart where more indices are wanted than there are marks."""
        if len(given) >= len(wanted):
            return given
        result: list[Mark] = []
        spare = len(wanted) - len(given)
        for m in given:
            parts = split_run(m)
            fits = 1 < len(parts) <= spare + 1
            spare -= len(parts) - 1 if fits else 0
            result += parts if fits else [m]
        return result

    def _paired(self, given: Sequence[Mark], wanted: Sequence[Place]) -> list[tuple[Mark, Place]]:
        """Marks with places, in order; an index of one kind is not put in a place of another."""
        if len(given) == len(wanted):
            return list(zip(given, wanted, strict=True))
        if len(given) < len(wanted) and not any(self._kind(m) is Kind.SAMPLE for m in given):
            others = [p for p in wanted if p.kind is not Kind.SAMPLE]
            wanted = others if len(others) >= len(given) else wanted
        pairs: list[tuple[Mark, Place]] = []
        places = list(wanted)
        for m in given:
            kind = self._kind(m)
            place = next((p for p in places if kind is None or p.kind is kind), places[0])
            places = places[places.index(place) + 1 :]
            pairs.append((m, place))
            if not places:
                break
        return pairs

    def _kind(self, mark: Mark) -> Kind | None:
        """What a mark counts, where its letters say so."""
        if mark.text in self.lexicon.fixed:
            return Kind.UNIT  # a label y_i
        for t in mark.tokens:
            symbol = self.scope.bound.get(t.text) or self.scope.free.get(t.text)
            if symbol is not None and symbol in self.scope.kinds:
                return self.scope.kinds[symbol]
            if t.text in self.lexicon.indices:
                return self.lexicon.indices[t.text]
        return None

    def _index(self, mark: Mark, place: Place) -> Expr | None:
        """An index as the System counts it; None for a colon, which stands for all."""
        texts = [t.text for t in mark.tokens]
        if texts == [":"]:
            return None
        tokens = mark.tokens[texts.index("=") + 1 :] if "=" in texts else mark.tokens
        if place.kind is Kind.UNIT:
            labels.check_numbers(self.lexicon, tokens)
        return index_expression(tokens, lambda text: self.lookup(text, place.kind)) - place.shift

    def lookup(self, text: str, kind: Kind) -> Expr | None:
        """An index letter, or the letter of a depth or of a number of steps."""
        bound = self.scope.bound.get(text)
        if bound is None and text in self.lexicon.fixed and kind is Kind.UNIT:
            return labels.index(text, self.scope.bound, self.lexicon.labelled)
        if bound is None and kind is Kind.SAMPLE and text == self.lexicon.samples:
            return self._sample()
        taken = bound is not None and self.scope.kinds.get(bound) is Kind.SAMPLE
        if bound is not None and not (taken and kind is Kind.UNIT):
            self.scope.kinds.setdefault(bound, kind)
            return bound
        size = self.lexicon.sizes.get(text)
        if size is not None and kind in (Kind.LAYER, Kind.TIME):
            return size
        if text.isalpha() and len(text) > 1 and text not in self.scope.free:
            return None
        known = self.lexicon.indices.get(text)
        if known is not None and known is not kind and kind in (Kind.LAYER, Kind.TIME):
            raise ReadingError(f"the index {text} counts a {known}, where a {kind} is needed")
        if not (text.isalpha() or text.startswith("\\")):
            return None
        if taken:  # Σ_i over samples beside a unit i: the letter has two meanings
            self._note(f"{text} counts samples in the sum and units elsewhere")
            return self.scope.free.setdefault(text, Symbol(f"#{text}", integer=True))
        return self.scope.letter(text, kind)

    def any_index(self, text: str) -> Expr | None:
        """An index letter, whatever it counts: for conditions such as i = j."""
        known = self.scope.bound.get(text) or self.scope.free.get(text)
        return known or self.lookup(text, Kind.UNIT)

    def units(self, mark: Mark, count: int) -> list[Expr]:
        """The unit indices in a mark behind brackets: [x]_{jk}."""
        parts = split_run(mark) if count > 1 else [mark]
        return [index_expression(m.tokens, lambda t: self.lookup(t, Kind.UNIT)) for m in parts]

    # -- entries ---------------------------------------------------------------------------

    def _entry(self, word: Word, match: Match, text: str) -> Typed:
        """The entry of a word's family; a slot that nothing is written for is an axis."""
        variable = self.lexicon.system[word.family]
        index: list[Expr] = []
        mapping: dict[Expr, Expr] = {}
        axes: list[tuple[Kind, Range]] = []
        group = self.of_group(variable, match.indices) if self.lexicon.groups else None
        for number, slot in enumerate(variable.slots):
            r = slot.range.substitute(mapping)
            given = word.at.get(number, match.indices.get(number))
            if given is None and slot.kind is Kind.LAYER:
                given = group
            if given is None:
                given = self.absent(slot.kind, text, r, word.whole)
                if slot.kind in ARRAY_KINDS or (slot.kind is Kind.SAMPLE and word.whole):
                    axis = Range(given, r.lower, r.upper)
                    axes.append((slot.kind, axis))
                    self.scope.kinds[given] = slot.kind
            elif slot.kind in (*ARRAY_KINDS, Kind.SAMPLE) and isinstance(given, Symbol):
                self.scope.use(given, r, text)
                self.scope.kinds.setdefault(given, slot.kind)
            elif slot.kind is Kind.LAYER:
                self.remember_layer(given)
            mapping[slot.symbol] = given
            index.append(given)
        base = index_base(variable.name)
        expr = base[tuple(index)] if index else variable.atom
        constant = variable.role in (Role.HYPERPARAMETER, Role.SIZE) and not index
        found = self._laid_out(word, expr, axes, constant)
        units = sum(slot.kind in ARRAY_KINDS for slot in variable.slots)
        part = found.is_vector and (units > 1 or units == 0)  # of a matrix, or all samples
        if part and self.scope.loosely and not match.sliced:
            what = "parts of a matrix" if units else "all samples"
            self.scope.take(f"{what} as rows or as columns")
        return replace(found, loose=part and (match.sliced or self.scope.loosely))

    def of_group(self, variable: Variable, indices: Mapping[int, Expr]) -> Expr | None:
        """The layer that the letter of a unit says: of δ_k, where k counts the units of l + 1."""
        letters = {s: t for t, s in (*self.scope.free.items(), *self.scope.bound.items())}
        layers = [s.symbol for s in variable.slots if s.kind is Kind.LAYER]
        for number, slot in enumerate(variable.slots):
            index, size = indices.get(number), slot.range.upper
            tokens = self.lexicon.groups.get(letters.get(index, "")) if index is not None else None
            if layers and tokens is not None and isinstance(size, sp.Indexed):
                shift = sp.expand(size.indices[0] - layers[0])
                return index_expression(tokens, lambda t: self.lookup(t, Kind.LAYER)) - shift
        return None

    def absent(self, kind: Kind, text: str, r: Range, whole: bool = False) -> Expr:
        """The index of a slot that nothing is written for; `whole` if all samples are meant."""
        if kind in ARRAY_KINDS or (kind is Kind.SAMPLE and whole):
            return self.scope.fresh()
        if kind is Kind.SAMPLE:
            sample = self._sample()
            self.scope.use(sample, r, text)
            return sample
        if kind is Kind.LAYER and self.scope.layer is not None:
            self._note(f"{text} is written without its layer")
            return self.scope.layer
        raise ReadingError(f"{text} is written without its {kind}")

    def _sample(self) -> Symbol:
        """The sample that names without a mark of it speak of."""
        if self.scope.sample is None:
            self.scope.sample = self.scope.letter(UNMARKED, Kind.SAMPLE)
        return self.scope.sample

    def unmarked_samples(self) -> tuple[Range, ...]:
        """All samples, where names without a mark have been read and nothing says of which one."""
        symbol = self.scope.free.get(UNMARKED)
        if symbol is None or self.scope.sample is not symbol:
            return ()
        self.scope.sample = None
        del self.scope.free[UNMARKED]
        return (self.scope.ranges.pop(symbol),)

    def _note(self, text: str) -> None:
        if text not in self.scope.notes:
            self.scope.notes.append(text)

    def remember_layer(self, given: Expr) -> None:
        """The first layer that is written holds for names without one."""
        if self.scope.layer is None:
            self.scope.layer = given

    def _laid_out(
        self, word: Word, expr: Expr, axes: Sequence[tuple[Kind, Range]], constant: bool
    ) -> Typed:
        """The axes as rows and columns: units, then samples, unless samples are rows."""
        units = [r for kind, r in axes if kind is not Kind.SAMPLE]
        samples = [r for kind, r in axes if kind is Kind.SAMPLE]
        if len(axes) > 2:
            raise ShapeError(f"{word.base} has {len(axes)} axes")
        if len(units) == 2:
            found = Typed(expr, units[0], units[1])
        elif units and samples:
            found = Typed(expr, units[0], samples[0])
            if self.lexicon.rows:
                found = Typed(expr, samples[0], units[0])
        elif units:
            found = Typed(expr, units[0])
        elif samples:
            found = Typed(expr, None, samples[0])
            if self.lexicon.rows:
                found = turned(found)
        else:
            found = Typed(expr, constant=constant)
        found = turned(found) if word.flipped and found.axes else found
        return replace(found, firm=word.firm)


def _parted_turn(given: list[Mark], wanted: int) -> list[Mark]:
    """The marks with the T of W^{lT} apart from the index before it."""
    last = given[-1] if given else None
    if last is None or last.bracket or len(last.tokens) < 2 or len(given) > wanted:
        return given
    index, turn = Mark(last.tokens[:-1]), Mark(last.tokens[-1:])
    parts = turn.is_transpose and index.tokens[-1].text not in ("+", "-", "=", "_", "^")
    if not parts or any(m.is_transpose for m in given):
        return given
    return [*given[:-1], index, turn]
