r"""Names as their author writes them: which mark holds which index, and others with such marks.

    a^{l-1}_k    a with the layer l-1 above and the unit k below
    z            with the marks of a^{l-1}_k: z^{l-1}_k

What is a mistake in here is no wrong verdict: a candidate is believed only when it is proved.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from symbp.judge.diagnosis.text import Edit, Member
from symbp.reading.grammar.marks import Mark, marks, split_run
from symbp.reading.grammar.syntax import Call, Name, Node, children
from symbp.reading.lexicon import Abbreviation, Lexicon, Word
from symbp.system import Kind

#: Kinds whose index may be left out: W for the whole matrix.
WHOLE = (Kind.UNIT, Kind.CHANNEL, Kind.PLACE)
SHIFTED = re.compile(r"(\\?[A-Za-z]+)\s*(?:([+-])\s*(\d+))?")
FONT = re.compile(r"\\(?:mathbf|boldsymbol|bm|vec|mathrm|mathit|mathsf)\s*\{(.*)\}")
Place = tuple[str, Kind]
Key = tuple[Place, ...]


@dataclass(frozen=True)
class Item:
    """One index of a name, at the characters start ... end of the member."""

    side: str
    kind: Kind
    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Use:
    """A name where it stands."""

    member: Member
    node: Name
    word: Word | Abbreviation
    items: tuple[Item, ...]

    @property
    def start(self) -> int:
        """Where its letter begins; scripts may stand outside of braces around the letter."""
        return self.member.span(self.node)[0]

    @property
    def key(self) -> Key:
        """The sides and kinds of its indices."""
        return tuple((i.side, i.kind) for i in self.items)

    @property
    def indices(self) -> tuple[str, ...]:
        """Its indices as written."""
        return tuple(i.text for i in self.items)

    @property
    def letter(self) -> str:
        """Its letter with fonts, accents and primes, without scripts."""
        text = self.member.source(self.node)
        return text[: scripts_at(text)].rstrip()

    @property
    def base(self) -> str:
        """Its letter as the lexicon has it."""
        return self.node.base + "'" * self.node.primes

    def at(self, indices: Sequence[str]) -> str:
        """The name with other indices, without a transpose."""
        start, _ = self.member.span(self.node)
        text = self.member.edited(*self._edits(indices))
        length = len(text) - len(self.member.text) + len(self.member.source(self.node))
        return text[start : start + length].strip()

    def _edits(self, indices: Sequence[str]) -> list[Edit]:
        edits = [remarked(self.member, i, new) for i, new in zip(self.items, indices, strict=True)]
        return [*edits, *turned_off(self.member, self.node)]


def scripts_at(text: str, start: int = 1) -> int:
    """Where the first script begins, outside of braces."""
    depth = text.count("{", 0, start) - text.count("}", 0, start)
    for place in range(start, len(text)):
        depth += (text[place] == "{") - (text[place] == "}")
        if text[place] in "^_" and depth == 0:
            return place
    return len(text)


def remarked(member: Member, item: Item, text: str) -> Edit:
    """An index replaced: a^l → a^{l+1}, and a^{l+1} → a^l where its author writes no a^{l}."""
    before, after = member.text[: item.start].rstrip(), member.text[item.end :].lstrip()
    is_short = re.fullmatch(r"\\[A-Za-z]+|.", text) is not None
    if before[-1:] in ("^", "_") and not is_short:
        text = f"{{{text}}}"
    alone = before.endswith(("^{", "_{")) and after.startswith("}")
    if alone and is_short and not re.search(r"[\^_]\{.\}", member.text):
        return Edit(len(before) - 1, len(member.text) - len(after) + 1, text)
    return Edit(item.start, item.end, text)


def turned_off(member: Member, node: Name) -> list[Edit]:
    """What takes the transpose off a name: of W^T all of the script, of W^{[l]T} the T in it."""
    edits = []
    for script in node.sup:
        for m in marks([script]):
            if not m.is_transpose:
                continue
            t = m.tokens[0]
            start, end = (t.start, t.end)
            if len(marks([script])) == 1:
                start = member.text.rfind("^", 0, start)
                end = _script_end(member.text, start, end)
            edits.append(Edit(start, end))
    return edits


def _script_end(text: str, start: int, end: int) -> int:
    """Behind the braces that the script opened at `start` has."""
    for _ in range(text.count("{", start, end) - text.count("}", start, end)):
        end = text.find("}", end) + 1
    return end


# -- reading the marks ---------------------------------------------------------------------------


def uses(member: Member, lexicon: Lexicon, node: Node | None = None) -> Iterator[Use]:
    """The names of a member in the order in which they stand."""
    node = node if node is not None else member.tree
    if isinstance(node, Name):
        found = _use(member, node, lexicon)
        if found is not None:
            yield found
    inner = [node.function] if isinstance(node, Call) and node.function.base in lexicon.called \
        else list(children(node))  # fmt: skip
    for child in inner:
        yield from uses(member, lexicon, child)


def _use(member: Member, node: Name, lexicon: Lexicon) -> Use | None:
    base = node.base + "'" * node.primes
    short = [a for a in lexicon.abbreviations if a.base == base]
    known: list[Word | Abbreviation] = [*lexicon.named(base), *short]
    for word in known:
        items = _items(member, node, word)
        if items is not None:
            return Use(member, node, word, items)
    return None


def places(word: Word | Abbreviation, entry: int = 0) -> list[Place]:
    """Sides and kinds of a word's indices, below before above; an abbreviation's entry has more."""
    if isinstance(word, Word):
        found = [(p.side, p.kind) for p in word.places]
    else:
        found = [(side, kind) for side, kind, _ in word.places] + [("_", Kind.UNIT)] * entry
    return [p for side in ("_", "^") for p in found if p[0] == side]


def _items(member: Member, node: Name, word: Word | Abbreviation) -> tuple[Item, ...] | None:
    found: list[Item] = []
    for side, scripts in (("_", node.sub), ("^", node.sup)):
        given = [m for m in marks(scripts) if not m.is_transpose]
        for fixed_side, text in word.fixed:
            at = next((m for m in given if fixed_side == side and m.text == text), None)
            if fixed_side == side and at is None:
                return None
            given = [m for m in given if m is not at]
        wanted = [kind for s, kind in places(word) if s == side]
        if isinstance(word, Abbreviation) and side == "_":
            wanted += [Kind.UNIT] * (len(given) - len(wanted))
        given = given[: len(wanted)]
        paired = _paired(given, wanted)
        if paired is None:
            return None
        found += [_item(member, side, kind, m) for m, kind in paired]
    return tuple(found)


def _paired(given: list[Mark], wanted: list[Kind]) -> list[tuple[Mark, Kind]] | None:
    """Marks with kinds; whole arrays and samples without a mark are left out."""
    if len(given) < len(wanted):
        runs = [part for m in given for part in split_run(m)]
        given = runs if len(runs) == len(wanted) else given
    for left_out in ((), WHOLE, (Kind.SAMPLE,), (*WHOLE, Kind.SAMPLE)):
        kinds = [k for k in wanted if k not in left_out]
        if len(given) == len(kinds):
            return list(zip(given, kinds, strict=True))
    return None


def _item(member: Member, side: str, kind: Kind, mark: Mark) -> Item:
    tokens = list(mark.tokens)
    texts = [t.text for t in tokens]
    if "=" in texts[:-1]:
        tokens = tokens[texts.index("=") + 1 :]
    start, end = tokens[0].start, tokens[-1].end
    text = member.text[start:end].rstrip()
    return Item(side, kind, start, start + len(text), text)


# -- writing names -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Hand:
    """How an author writes names: an example of each pattern of marks."""

    uses: tuple[Use, ...]

    def written(self, word: Word | Abbreviation, key: Key, indices: Sequence[str]) -> str | None:
        """A name with indices; None where no pattern is known that has room for them."""
        own = next((u for u in self.uses if u.word == word and u.key == key), None)
        if own is not None:
            return own.at(indices)
        letter = self.letter(word)
        if not key:
            return letter
        like = next((u for u in self.uses if u.key == key and not u.word.fixed), None)
        sides = {side for side, _ in key}
        if any(side in sides for side, _ in word.fixed):
            return None
        if like is None:
            return letter + self._scripts(key, indices)
        text = like.at(indices)
        return letter + text[scripts_at(text) :]

    def letter(self, word: Word | Abbreviation) -> str:
        """The letter of a word with its fixed marks, in the author's font."""
        known = next((u for u in self.uses if u.base == word.base), None)
        if known is not None:
            letter = known.letter
        else:
            fonts = [m.group() for u in self.uses if (m := FONT.match(u.letter))]
            is_bold = len(fonts) * 2 > len(self.uses)
            letter = fonts[0][: fonts[0].index("{")] + f"{{{word.base}}}" if is_bold else word.base
        return letter + "".join(f"{s}{_braced(text)}" for s, text in word.fixed)

    def _scripts(self, key: Key, indices: Sequence[str]) -> str:
        text = ""
        for side in ("_", "^"):
            own = [(k, i) for (s, k), i in zip(key, indices, strict=True) if s == side]
            if own:
                simple = all(re.fullmatch(r"[A-Za-z0-9]", i) for _, i in own)
                marked = [self._bracketed(k, i) for k, i in own]
                text += side + _braced(("" if simple else ",").join(marked))
        return text

    def _bracketed(self, kind: Kind, index: str) -> str:
        """An index in the brackets that the author puts around its kind."""
        for u in self.uses:
            for i in u.items:
                if i.kind is kind:
                    before = u.member.text[: i.start].rstrip()[-1:]
                    after = u.member.text[i.end :].lstrip()[:1]
                    closing = {"(": ")", "[": "]", "<": ">"}.get(before)
                    return before + index + after if closing == after else index
        return index


def _braced(text: str) -> str:
    return text if re.fullmatch(r"\\[A-Za-z]+|.", text) else f"{{{text}}}"


def shifted(index: str, by: int) -> str | None:
    """An index moved: l → l+1, l-1 → l, 3 → 2; None for what is no such index.

    >>> shifted("l-1", 1), shifted("3", -1), shifted("t", 1)
    ('l', '2', 't+1')
    """
    if re.fullmatch(r"-?\d+", index.strip()):
        return str(int(index) + by)
    match = SHIFTED.fullmatch(index.strip())
    if match is None:
        return None
    letter, sign, number = match.groups()
    total = by + (int(number or 0) if sign != "-" else -int(number))
    return letter + (f"{total:+d}" if total else "")
