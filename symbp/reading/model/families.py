r"""Which families a set of equations speaks of, and where their indices are written.

A letter in a script is an index where it stands on both sides of its equation, is bound by a sum,
or counts layers or times by its kind; what is no index is part of the name: the f of W_f.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field

from symbp.reading.grammar.marks import Mark, marks, split_run
from symbp.reading.grammar.syntax import BigSum, Bracket, Indicator, Name, Node, walk
from symbp.system import Kind

LAYERS = {"l", r"\ell"}
TIMES = {"t", r"\tau"}
STARS = {"*", r"\ast", r"\star"}  #: marks of targets and of what is best: y^*
#: Names of sizes and of the indices of layers, times and samples in the System.
RESERVED = {"L", "T", "m", "n", "l", "t", "i"}


@dataclass
class Family:
    """A name with its fixed marks; `above` and `below` hold the kinds of its indices."""

    base: str
    fixed: tuple[tuple[str, str], ...] = ()
    above: list[Kind] = field(default_factory=list)
    below: list[Kind] = field(default_factory=list)
    brackets: str = ""
    samples: bool = False
    """Whether its values differ from sample to sample though no mark says so."""
    bare: bool | None = None
    """Whether it is the one of two families of that letter which is written without marks."""
    guessed: set[str] = field(default_factory=set)
    """Sides where numbers alone have stood so far, so that what they count is a guess: h_0."""

    @property
    def key(self) -> str:
        """The name in the System: W_f."""
        more = "^·" if self.bare is False else ""
        key = self.base + "".join(f"{side}{text}" for side, text in self.fixed) + more
        return key + "·" if key in RESERVED else key

    @property
    def kinds(self) -> list[Kind]:
        """Layer and time before units."""
        return [*self.above, *self.below]


@dataclass(frozen=True)
class Use:
    """A name in an equation, with the letters that are indices there."""

    node: Name
    letters: frozenset[str]

    @property
    def base(self) -> str:
        """The letter with its primes."""
        return self.node.base + "'" * self.node.primes


def uses(
    left: Node,
    right: Node,
    indices: Mapping[str, Kind],
    labels: Set[str] = frozenset(),
    repeated: Collection[str] = (),
) -> list[Use]:
    """All names of an equation; labels are no indices, nor are letters of the left side alone.

    Except of an entry of what is `repeated`, defined by other equations as well: h_{0j} = 0.
    """
    there = {x for n in walk(right) for x in _index_letters(n)}
    letters = set(indices) | LAYERS | TIMES
    for n in walk(left):
        if isinstance(n, Name):
            own = {t.text for m in _marks(n) for t in m.tokens if t.kind == "name"}
            letters |= own - labels if n.base in repeated and not there else (own & there) - labels
    for n in walk(right):
        if isinstance(n, BigSum):
            letters |= {t.text for t in n.below if t.kind == "name"}
    known = frozenset(letters)
    return [Use(n, known) for side in (left, right) for n in walk(side) if isinstance(n, Name)]


def labels(equations: Sequence[tuple[Name, Node]], indices: Iterable[str]) -> set[str]:
    r"""Letters that stand in scripts as parts of names, as the f of a^f and W_f.

    Those that are quantities themselves, those of which one letter has several in one place, and
    those that one equation leaves open, where no name ever has another: the B of \mu_B.
    """
    known = {*indices, *LAYERS, *TIMES}
    defined: dict[tuple[str, str, int], set[str]] = {}
    at: dict[tuple[str, str], set[str]] = {}
    stray: set[str] = set()
    for left, right in equations:
        for side, place, letter in _letters(left):
            defined.setdefault((left.base, side, place), set()).add(letter)
        names = [n for n in (left, *walk(right)) if isinstance(n, Name)]
        for n in names:
            for side, _, letter in _letters(n):
                at.setdefault((n.base, side), set()).add(letter)
        bound = {t.text for n in walk(right) if isinstance(n, BigSum) for t in n.below}
        own = {t.text for m in _marks(left) for t in m.tokens}
        stray |= {x for n in names[1:] for _, _, x in _letters(n)} - bound - own
    several = set().union(*(letters for letters in defined.values() if len(letters) > 1))
    mixed = set().union(*(letters for letters in at.values() if len(letters) > 1))
    return ({left.base for left, _ in equations} | several | (stray - mixed)) - known


def _letters(n: Name) -> Iterator[tuple[str, int, str]]:
    """(side, place, letter) of the scripts that are one letter."""
    for side, scripts in (("^", n.sup), ("_", n.sub)):
        for place, m in enumerate(marks(scripts)):
            if len(m.tokens) == 1 and m.tokens[0].kind == "name" and not m.is_transpose:
                yield side, place, m.text


def squares(lefts: Sequence[Name]) -> set[tuple[str, str]]:
    r"""(letter, power) of names that are defined with a power: \sigma_B^2 = ..."""
    return {
        (n.base, m.text)
        for n in lefts
        for m in marks(n.sup)
        if m.text.isdigit() and not m.bracket and m.text not in ("0", "1")
    }


def _index_letters(n: Node) -> Iterator[str]:
    """What a node has where indices stand: in scripts, below a sum, in a condition, as a name."""
    if isinstance(n, Name):
        yield n.base
    if isinstance(n, Name | Bracket):
        yield from (t.text for m in _marks(n) for t in m.tokens)
    elif isinstance(n, BigSum):
        yield from (t.text for t in n.below)
    elif isinstance(n, Indicator):
        yield from (t.text for t in n.condition)


def _marks(n: Name | Bracket) -> list[Mark]:
    return [*marks(n.sub), *marks(n.sup)]


class Families:
    """The families of all equations by name."""

    def __init__(
        self,
        indices: Mapping[str, Kind],
        depths: Iterable[str],
        twofold: Set[str],
        named: Set[tuple[str, str]] = frozenset(),
        axes: Mapping[str, int] | None = None,
        squared: Set[tuple[str, str]] = frozenset(),
    ) -> None:
        self.indices = indices
        self.depths = set(depths)
        """Letters that stand for the last layer or the last step."""
        self.twofold = twofold
        """Letters of two families, one with marks and one without."""
        self.named = named
        """(letter, subscript) that together are one name."""
        self.axes = axes or {}
        """How many axes the letters have whose sizes are declared as numbers: w 2 x 2."""
        self.squared = squared
        """(letter, power) that together are one name: the variance \\sigma^2."""
        self.found: dict[str, Family] = {}

    def add(self, all_uses: Sequence[Use]) -> None:
        """Sort the marks of all uses into indices and fixed parts."""
        letters_at = {
            (use.base, side)
            for use in all_uses
            for side, scripts in (("^", use.node.sup), ("_", use.node.sub))
            for m in marks(scripts)
            if (use.base, m.text) not in self.named and self._is_letter_index(m, use.letters, side)
        } | {(base, "_") for base in self._entry_by_entry(all_uses)}
        bracketed = {
            m.bracket
            for u in all_uses
            for m in marks(u.node.sup)
            if m.bracket and self._is_letter_index(m, u.letters)
        }
        for use in all_uses:
            self._one(use, letters_at, bracketed)

    def _entry_by_entry(self, all_uses: Sequence[Use]) -> Iterator[str]:
        """Letters of which entries are written, w_{11}: a number for every declared axis."""
        for base, count in self.axes.items():
            own = [marks(u.node.sub) for u in all_uses if u.base == base and u.node.sub]
            if own and all(_digits(below) == count for below in own):
                yield base

    def _is_letter_index(self, m: Mark, letters: frozenset[str], side: str = "^") -> bool:
        """Whether a mark is made of indices: l + 1, ij, L; the T of h_T, not that of W^T."""
        if m.is_transpose and side == "^":
            return False
        if m.text in letters:
            return True
        for part in split_run(m):
            names = [t.text for t in part.tokens if t.kind in ("name", "word")]
            if not names or not all(n in letters or self._is_depth(part) for n in names):
                return False
            if any(t.text == "^" for t in part.tokens):
                return False
        return True

    def _is_depth(self, m: Mark) -> bool:
        text = m.text
        for sign in ("-", "+"):
            text = text.split(sign)[0]
        return text in self.depths

    def _one(self, use: Use, letters_at: Set[tuple[str, str]], bracketed: Set[str]) -> None:
        """Sort the marks of one use."""
        base = use.base
        fixed: list[tuple[str, str]] = []
        kinds: dict[str, list[Kind]] = {"^": [], "_": []}
        numbers: set[str] = set()
        bracket = ""
        for side, scripts in (("^", use.node.sup), ("_", use.node.sub)):
            for m in marks(scripts):
                if side == "^" and m.is_transpose:
                    continue
                number = m.text.isdigit()
                indexed = (base, side) in letters_at or (side == "^" and m.bracket in bracketed)
                if side == "_" and (base, m.text) in self.named:
                    fixed.append((side, m.text))
                elif self._is_letter_index(m, use.letters, side):
                    parts = split_run(m) if side == "_" else [m]
                    kinds[side] += [self._kind(p, side) for p in parts]
                    bracket = m.bracket or bracket
                elif number and indexed:
                    count = len(m.text) if side == "_" and not m.bracket else 1
                    kinds[side] += [self._number_kind(base, side, m)] * count
                    numbers.add(side)
                elif number and side == "^" and not m.bracket and (base, m.text) in self.squared:
                    fixed.append((side, m.text))
                elif side == "_" or m.bracket or (_is_name(m) and not number) or m.text in STARS:
                    fixed.append((side, m.text))  # what is neither index nor power
        is_bare = not use.node.sub and not use.node.sup
        family = Family(base, tuple(fixed), bare=is_bare if base in self.twofold else None)
        family = self.found.setdefault(family.key, family)
        for side, own in (("^", family.above), ("_", family.below)):
            told = side in family.guessed and side not in numbers
            if len(kinds[side]) > len(own) or (told and len(kinds[side]) == len(own)):
                own[:] = kinds[side]
                (family.guessed.add if side in numbers else family.guessed.discard)(side)
        family.brackets = family.brackets or bracket

    def _kind(self, m: Mark, side: str) -> Kind:
        """What an index counts: by its letter, else by where it stands."""
        if m.text in self.indices:
            return self.indices[m.text]  # a label y_i is a unit
        for t in m.tokens:
            if t.text in self.indices:
                return self.indices[t.text]
        for t in m.tokens:
            if t.text in LAYERS:
                return Kind.LAYER
            if t.text in TIMES:
                return Kind.TIME
        steps = m.text.startswith("T")
        if side == "_":
            return Kind.TIME if self._is_depth(m) and steps else Kind.UNIT
        if not self._is_depth(m):
            return Kind.SAMPLE
        return Kind.TIME if steps or m.text.startswith(r"\tau") else Kind.LAYER

    def _number_kind(self, base: str, side: str, m: Mark) -> Kind:
        """What a number counts: as letters do in this place of the name, or in such brackets."""
        for f in self.found.values():
            own = f.above if side == "^" else f.below
            if f.base == base and own:
                return own[0]
        for f in self.found.values():
            if side == "^" and f.above and f.brackets == m.bracket:
                return f.above[0]
        return Kind.LAYER if side == "^" else Kind.UNIT


def _digits(found: Sequence[Mark]) -> int:
    """How many one-digit indices some marks hold; 0 where any is none."""
    return sum(len(m.text) for m in found) if all(m.text.isdigit() for m in found) else 0


def _is_name(m: Mark) -> bool:
    return all(t.kind in ("name", "word", "number") for t in m.tokens)
