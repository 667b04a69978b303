"""Names with their marks as entries of families: W^{(l)}_{ij}, a^{l-1}, X, δ^l, m, e."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import sympy as sp
from sympy import Expr, Symbol

from symbp.errors import ReadingError
from symbp.reading.lexicon import Abbreviation, Lexicon, Place, Word
from symbp.reading.marks import Mark, index_expression, marks, split_run
from symbp.reading.products import turned
from symbp.reading.scope import Scope
from symbp.reading.syntax import Name
from symbp.reading.typed import ShapeError, Typed
from symbp.system import Kind, Range, Role, Variable
from symbp.system.equation import index_base
from symbp.system.indices import substitute

if TYPE_CHECKING:
    from symbp.reading.elaborate import Elaborator

SAMPLES = Symbol("m", integer=True)
ARRAY_KINDS = (Kind.UNIT, Kind.CHANNEL, Kind.PLACE)


@dataclass
class Match:
    """The marks of a name told apart: indices by slot, transposes and powers."""

    indices: dict[int, Expr] = field(default_factory=dict)
    rest: list[Mark] = field(default_factory=list)
    missing: list[Place] = field(default_factory=list)


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
        problem: ReadingError | None = None
        if not node.sub and not node.sup:
            for short in self.lexicon.abbreviations:
                if short.base == base and not short.places and not short.fixed:
                    found = self._abbreviation(short, node)
                    if found is not None:
                        return found
        for word in self.lexicon.named(base):
            try:
                found = self._word(word, node)
            except ReadingError as error:
                problem = problem or error
                continue
            if found is not None:
                return found
        for short in self.lexicon.abbreviations:
            if short.base == base:
                try:
                    found = self._abbreviation(short, node)
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
            raise ReadingError(f"{self._text(node)} needs two indices", node.start)
        a, b = (index_expression(p.tokens, lambda t: self.lookup(t, Kind.UNIT)) for p in parts)
        for x, y in ((a, b), (b, a)):
            if x not in self.scope.ranges and y in self.scope.ranges and isinstance(x, Symbol):
                r = self.scope.ranges[y]
                self.scope.ranges[x] = Range(x, r.lower, r.upper)
        return Typed(sp.KroneckerDelta(a, b))

    def _other(self, node: Name, base: str) -> Typed:
        """Sizes, constants, e, π, I."""
        if base == r"\mathbf{1}":
            return self.elaborator.raised(Typed(sp.S.One, ones="column"), marks(node.sup))
        whole = self._text(node)
        below = "_" + ",".join(m.text for m in marks(node.sub)) if node.sub else ""
        size = self.lexicon.sizes.get(base + below)
        if size is not None:
            return self.elaborator.raised(Typed(size, constant=True), marks(node.sup))
        if base in self.lexicon.constants:
            return self.elaborator.raised(
                Typed(Symbol(base + below, real=True), constant=True), marks(node.sup)
            )
        if base == r"\pi" and not node.sub:
            return self.elaborator.raised(Typed(sp.pi, constant=True), marks(node.sup))
        raise ReadingError(f"no equation defines {whole}", node.start)

    @staticmethod
    def _text(node: Name) -> str:
        text = node.base + "'" * node.primes
        for sign, scripts in (("_", node.sub), ("^", node.sup)):
            inner = ",".join(m.text for m in marks(scripts))
            text += f"{sign}{{{inner}}}" if len(inner) > 1 else sign + inner if inner else ""
        return text

    # -- words -----------------------------------------------------------------------------

    def _word(self, word: Word, node: Name) -> Typed | None:
        if word.only and (word.only == "marked") != bool(node.sub or node.sup):
            return None
        match = self._matched(word, node)
        if match is None:
            return None
        variable = self.lexicon.system[word.family]
        self._turn_entry(word, match)
        entry = self._entry(word, variable, match, self._text(node))
        return self.elaborator.raised(entry, match.rest)

    def of_sample(self, node: Name, sample: Symbol) -> Typed | None:
        """J(W; x^{(i)}) as J^{(i)}, where J alone is the cost of all samples."""
        for word in self.lexicon.named(node.base):
            places = [p for p in word.places if p.kind is Kind.SAMPLE]
            if word.only == "marked" and len(places) == len(word.places) == 1:
                match = Match({places[0].slot: sample})
                return self._entry(word, self.lexicon.system[word.family], match, node.base)
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
        return self._placed(word.places, sides, node)

    def _fixed_in_run(self, word: Word, sides: dict[str, list[Mark]], node: Name) -> Match | None:
        r"""The fixed mark at the end of a run of indices: the 0 of \Theta_{j0}."""
        for side, text in word.fixed:
            parts = [p for m in sides[side] for p in split_run(m)]
            if len(parts) < 2 or parts[-1].text != text:
                return None
            sides[side] = parts[:-1]
        return self._placed(word.places, sides, node)

    def _placed(
        self, places: Sequence[Place], sides: dict[str, list[Mark]], node: Name
    ) -> Match | None:
        match = Match()
        for side in ("^", "_"):
            wanted = [p for p in places if p.side == side]
            given = [m for m in sides[side] if not (side == "^" and m.is_transpose)]
            turns = [m for m in sides[side] if side == "^" and m.is_transpose]
            if side == "^" and turns and wanted and not given and self._is_last_time(wanted):
                given, turns = turns, []
            given = self._split(given, wanted)
            if side == "^" and len(given) > len(wanted):
                match.rest += given[len(wanted) :]
                given = given[: len(wanted)]
            if len(given) > len(wanted):
                raise ReadingError(
                    f"{self._text(node)} has more indices than {node.base} is known with",
                    node.start,
                )
            pairs = self._paired(given, wanted)
            for mark, place in pairs:
                index = self._index(mark, place)
                if index is not None:
                    match.indices[place.slot] = index
            match.missing += [p for p in wanted if p.slot not in match.indices
                              and p not in [q for _, q in pairs]]  # fmt: skip
            match.rest += turns
        return match

    @staticmethod
    def _is_last_time(wanted: Sequence[Place]) -> bool:
        return False

    @staticmethod
    def _split(given: list[Mark], wanted: Sequence[Place]) -> list[Mark]:
        """Runs such as jk told apart where more indices are wanted than there are marks."""
        if len(given) >= len(wanted):
            return given
        result: list[Mark] = []
        spare = len(wanted) - len(given)
        for m in given:
            parts = split_run(m)
            if 1 < len(parts) <= spare + 1:
                spare -= len(parts) - 1
                result += parts
            else:
                result.append(m)
        return result

    def _paired(
        self, given: Sequence[Mark], wanted: Sequence[Place]
    ) -> list[tuple[Mark, Place]]:
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
            place = next((p for p in places if kind is None or p.kind is kind), None)
            if place is None:
                place = places[0]
            places = places[places.index(place) + 1 :]
            pairs.append((m, place))
            if not places:
                break
        return pairs

    def _kind(self, mark: Mark) -> Kind | None:
        """What a mark counts, where its letters say so."""
        for t in mark.tokens:
            symbol = self.scope.bound.get(t.text) or self.scope.free.get(t.text)
            if symbol is not None and symbol in self.scope.kinds:
                return self.scope.kinds[symbol]
            if t.text in self.lexicon.indices:
                return self.lexicon.indices[t.text]
        return None

    def _index(self, mark: Mark, place: Place) -> Expr | None:
        """An index as the System counts it; None for a colon, which stands for all."""
        tokens = list(mark.tokens)
        texts = [t.text for t in tokens]
        if texts == [":"]:
            return None
        if "=" in texts:
            tokens = tokens[texts.index("=") + 1 :]
        return index_expression(tokens, lambda text: self.lookup(text, place.kind)) - place.shift

    def lookup(self, text: str, kind: Kind) -> Expr | None:
        """An index letter, or the letter of a depth or of a number of steps."""
        bound = self.scope.bound.get(text)
        if bound is None and text in self.lexicon.fixed and kind is Kind.UNIT:
            return sp.S.One
        if bound is None and kind is Kind.SAMPLE and text == self.lexicon.samples:
            if self.scope.sample is None:
                self.scope.sample = self.scope.letter("(sample)", Kind.SAMPLE)
            return self.scope.sample
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
            note = f"{text} counts samples in the sum and units elsewhere"
            self.scope.notes += [note] if note not in self.scope.notes else []
            return self.scope.free.setdefault(text, Symbol(f"#{text}", integer=True))
        return self.scope.letter(text, kind)

    def any_index(self, text: str) -> Expr | None:
        """An index letter, whatever it counts: for conditions such as i = j."""
        return self.scope.bound.get(text) or self.scope.free.get(text) or self.lookup(
            text, Kind.UNIT
        )

    def units(self, mark: Mark, count: int) -> list[Expr]:
        """The unit indices in a mark behind brackets: [x]_{jk}."""
        parts = split_run(mark) if count > 1 else [mark]
        return [index_expression(m.tokens, lambda t: self.lookup(t, Kind.UNIT)) for m in parts]

    # -- entries ---------------------------------------------------------------------------

    def _entry(self, word: Word, variable: Variable, match: Match, text: str) -> Typed:
        index: list[Expr] = []
        mapping: dict[Expr, Expr] = {}
        axes: list[tuple[Kind, Range]] = []
        for number, slot in enumerate(variable.slots):
            r = slot.range.substitute(mapping)
            given = word.at.get(number, match.indices.get(number))
            if given is None:
                given = self._absent(word, slot.kind, text, r)
                if slot.kind in ARRAY_KINDS or (slot.kind is Kind.SAMPLE and word.whole):
                    axis = Range(given, r.lower, r.upper)  # type: ignore[arg-type]
                    axes.append((slot.kind, axis))
                    self.scope.kinds[given] = slot.kind  # type: ignore[index]
            elif slot.kind in (*ARRAY_KINDS, Kind.SAMPLE) and isinstance(given, Symbol):
                self.scope.use(given, r, text)
                self.scope.kinds.setdefault(given, slot.kind)
            elif slot.kind is Kind.LAYER:
                self._remember_layer(given)
            mapping[slot.symbol] = given
            index.append(given)
        base = index_base(variable.name)
        expr = base[tuple(index)] if index else variable.atom
        constant = variable.role in (Role.HYPERPARAMETER, Role.SIZE) and not index
        return self._laid_out(word, expr, axes, constant)

    def _absent(self, word: Word, kind: Kind, text: str, r: Range) -> Expr:
        """The index of a slot that nothing is written for."""
        if kind in ARRAY_KINDS or (kind is Kind.SAMPLE and word.whole):
            return self.scope.fresh()
        if kind is Kind.SAMPLE:
            if self.scope.sample is None:
                self.scope.sample = self.scope.letter("(sample)", Kind.SAMPLE)
            self.scope.use(self.scope.sample, r, text)
            return self.scope.sample
        if kind is Kind.LAYER and self.scope.layer is not None:
            note = f"{text} is written without its layer"
            if note not in self.scope.notes:
                self.scope.notes.append(note)
            return self.scope.layer
        raise ReadingError(f"{text} is written without its {kind}")

    def _remember_layer(self, given: Expr) -> None:
        if self.scope.layer is None:
            self.scope.layer = given

    def _laid_out(
        self, word: Word, expr: Expr, axes: Sequence[tuple[Kind, Range]], constant: bool
    ) -> Typed:
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
        return turned(found) if word.flipped and found.axes else found

    # -- abbreviations -----------------------------------------------------------------------

    def _abbreviation(self, short: Abbreviation, node: Name) -> Typed | None:
        """The body of a definition at the indices of its use."""
        sides = {"_": marks(node.sub), "^": marks(node.sup)}
        for side, text in short.fixed:
            at = next((i for i, m in enumerate(sides[side]) if m.text == text), None)
            if at is None:
                return None
            del sides[side][at]
        places = [Place(i, side, kind) for i, (side, kind, _) in enumerate(short.places)
                  if not (short.whole and kind is Kind.SAMPLE)]  # fmt: skip
        units = [p for p in places if p.kind in ARRAY_KINDS]
        extra = self._extra_units(short, sides, units)
        match = self._placed(places, sides, node)
        if match is None:
            return None
        letters: list[tuple[str, Symbol]] = []
        values: dict[Symbol, Expr] = {}
        axes: list[Symbol] = []
        samples: list[Symbol] = []
        for number, (_, kind, letter) in enumerate(short.places):
            symbol = self.scope.fresh(letter)
            self.scope.kinds[symbol] = kind
            letters.append((letter, symbol))
            if number in match.indices:
                values[symbol] = match.indices[number]
            elif kind in ARRAY_KINDS:
                axes.append(symbol)
            elif kind is Kind.SAMPLE and short.whole:
                samples.append(symbol)
            else:
                values[symbol] = self._absent(Word(short.base, ""), kind, self._text(node),
                                              Range(symbol, sp.S(1), SAMPLES))  # fmt: skip
            if kind is Kind.LAYER and symbol in values:
                self._remember_layer(values[symbol])
        body = self._body(short, letters, values)
        if extra:
            turns = [m for m in match.rest if m.is_transpose]
            if len(turns) % 2 and len(body.axes) == 2:  # W^T_{bg} is W_{gb}
                body = body.flipped
            match.rest = [m for m in match.rest if not m.is_transpose]
            body = self.elaborator.entry(body, extra)
        if any(s not in self.scope.ranges for s in axes):
            raise ReadingError(f"{self._text(node)} is written without an index that it needs")
        ranges = [self.scope.ranges[s] for s in axes]
        if ranges:
            body = replace(body, row=ranges[0], col=ranges[1] if len(ranges) > 1 else None)
        if samples:
            body = self._with_samples(body, samples[0])
        return self.elaborator.raised(body, match.rest)

    def _with_samples(self, body: Typed, symbol: Symbol) -> Typed:
        """A quantity of one sample as that of all: the samples are one more axis."""
        axis = self.scope.ranges.pop(symbol, Range(symbol, sp.S.One, SAMPLES))
        if len(body.axes) > 1 or body.cube:
            raise ShapeError("the samples of a matrix are three axes")
        (own,) = body.axes or (None,)
        row, col = (axis, own) if self.lexicon.rows else (own, axis)
        return replace(body, row=row, col=col, chain=None, loose=False)

    def _extra_units(
        self, short: Abbreviation, sides: dict[str, list[Mark]], units: Sequence[Place]
    ) -> list[Mark]:
        """The indices of δ_j^l where δ^l was defined as a whole."""
        below = [m for m in sides["_"]]
        wanted = len([p for p in short.places if p[0] == "_"])
        if units or len(below) <= wanted:
            return []
        sides["_"] = below[:wanted]
        return below[wanted:]

    def _body(
        self, short: Abbreviation, letters: list[tuple[str, Symbol]], values: dict[Symbol, Expr]
    ) -> Typed:
        layer, free = self.scope.layer, dict(self.scope.free)
        with self.scope.summing(letters):
            body = self.elaborator.read(short.body)
        self.scope.layer, self.scope.free = layer, {**free, **self.scope.free}
        moved = substitute(body.expr, values)

        def at(r: Range | None) -> Range | None:
            return r and Range(r.symbol, substitute(r.lower, values), substitute(r.upper, values))

        for symbol, value in values.items():
            known = self.scope.ranges.pop(symbol, None)
            if known is not None and isinstance(value, Symbol):
                self.scope.use(value, Range(value, known.lower, substitute(known.upper, values)),
                               short.base)  # fmt: skip
        for symbol in [s for s in self.scope.ranges if s in {x for _, x in letters}]:
            r = self.scope.ranges[symbol]
            self.scope.ranges[symbol] = at(r) or r
        return Typed(moved, at(body.row), at(body.col), cube=body.cube, constant=body.constant)

    # -- the rest --------------------------------------------------------------------------

    def loss_for(self, by: Typed) -> Typed:
        """The loss that dW and ∇W speak of; for what belongs to one sample, that sample's own."""
        samples = [s for s in by.expr.free_symbols if self.scope.kinds.get(s) is Kind.SAMPLE]
        own = self.lexicon.sample_loss
        if samples and own:
            return Typed(self.lexicon.system[own][samples[0]])
        if not self.lexicon.loss:
            raise ReadingError("no loss is known")
        return Typed(self.lexicon.system[self.lexicon.loss].atom)
