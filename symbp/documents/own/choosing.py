"""Which of a document's definitions a formula depends on: at each place the last one before it.

Of several definitions of one quantity those before a place come first, the last one of them
first, then those behind it. One that turns out not to be understood is `refused`, and the next
takes its place.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence

from symbp.documents.own.definitions import IMPLIED, Definition
from symbp.documents.own.first_look import LOSS_LETTERS, Marked, marked_names
from symbp.reading.grammar.syntax import Name, Node, walk


class Choice:
    """The definitions that a formula depends on, and those that stand in for refused ones."""

    def __init__(
        self,
        definitions: Sequence[Definition],
        place: int,
        names: Collection[Marked],
        numbered: Collection[str] = (),
    ) -> None:
        definitions = _without_implied(definitions, {base for base, _ in names})
        definitions = _of_numbers(definitions, numbered)
        defined = {d.left.base for d in definitions if not d.derived}
        groups: dict[object, list[Definition]] = {}
        for d in definitions:
            groups.setdefault((d.left.base, d.kind, d.derived, d.numbers), []).append(d)
        self._groups = [_ranked(group, place, defined, names) for group in groups.values()]
        self.place = place
        self.refused: list[Definition] = []
        self.preferred: Definition | None = None
        """What counts in place of the others of its group, wherever it stands."""

    def doubt(self, chosen: Sequence[Definition]) -> str:
        """A nearer definition than one of the chosen ones, which was not understood."""
        for group in self._groups:
            for d in group:
                if any(d is c for c in chosen):
                    break
                if any(d is r for r in self.refused):
                    return d.text
        return ""

    def rivals(self, chosen: Sequence[Definition]) -> Iterator[Definition]:
        """The other definitions of what is chosen: one of them may be meant."""
        for group in self._groups:
            if any(d is c for c in chosen for d in group):
                same = {compact(d.text) for d in group for c in chosen if d is c}
                for d in group:
                    if compact(d.text) not in same and not d.derived:
                        same.add(compact(d.text))
                        yield d

    def latest(self) -> list[Definition]:
        """The first definition of every quantity that is not refused."""
        found = []
        for group in self._groups:
            left = [d for d in group if all(d is not r for r in self.refused)]
            found += [d for d in left if d is self.preferred] or left[:1]
        return found

    def needed(self, names: Collection[Marked]) -> tuple[list[Definition], set[str]]:
        """What a formula with these names needs; and the names of it and of its definitions."""
        latest = self.latest()
        kept = _needed(latest, names)
        said = spoken(kept, names)
        if not any(d.left.base in LOSS_LETTERS for d in kept):
            kept = _downstream(latest, kept, said)
        return _general(sorted(kept, key=lambda d: (d.place, d.order))), said


def _without_implied(definitions: Sequence[Definition], asked: set[str]) -> list[Definition]:
    """a = σ(w x) in place of a = σ(z), if only a = σ(z) = σ(w x) says what z is and none asks."""
    unasked = {d.left.base for d in definitions if d.order == IMPLIED} - asked
    kept = [d for d in definitions if d.left.base not in unasked]
    later = {(d.place, d.left.base) for d in kept if 0 < d.order < IMPLIED}
    return [
        d
        for d in kept
        if (d.place, d.left.base) not in later
        or not any(isinstance(n, Name) and n.base in unasked for n in walk(d.right))
    ]


def _of_numbers(
    definitions: Sequence[Definition], numbered: Collection[str]
) -> Sequence[Definition]:
    """z^{[2]} = ... in place of z^{[l]} = ..., where the claim speaks of layers by number."""
    single = {d.left.base for d in definitions if d.kind == "number" and not d.derived}
    if not single & set(numbered):
        return definitions
    whole = {(d.left.base, d.above) for d in definitions if d.kind == "number" and not d.left.sub}
    return [
        d
        for d in definitions
        if d.derived
        or d.left.base not in single
        or (d.kind == "number" and (not d.left.sub or (d.left.base, d.above) not in whole))
        or d.kind in ("last", "all")
    ]


def spoken(definitions: Sequence[Definition], names: Collection[Marked]) -> set[str]:
    """The letters of names, and of the derivatives that the definitions speak of."""
    return {base for base, _ in names} | {
        n.base for d in definitions if d.derived for n in walk(d.right) if isinstance(n, Name)
    }


def _ranked(
    group: Sequence[Definition], place: int, defined: set[str], names: Collection[Marked]
) -> list[Definition]:
    """The last before a place first, then those after it; first such as name other quantities.

    Before all, those of the same kind of network: a of a single neuron is not a^l of layers.
    """
    asked = set(names)

    def clashes(d: Definition) -> bool:
        return any(
            (base, not marked) in asked and (base, marked) not in asked
            for base, marked in marked_names(d.right)
        )

    def links(d: Definition) -> bool:
        found = {n.base for n in walk(d.right) if isinstance(n, Name)}
        return d.derived or bool((found & defined) - {d.left.base})

    def key(d: Definition) -> tuple[bool, bool, bool, bool, int, int]:
        before = d.place <= place
        shifted = d.derived and any(t.kind == "number" for m in d.marks for t in m.tokens)
        near = -d.place if before else d.place
        return (clashes(d), not links(d), shifted, not before, near, d.order)

    return _distinct(sorted(group, key=key))


def compact(text: str) -> str:
    """A text without spaces and braces, to see what is written twice."""
    return re.sub(r"[\s{}]|\\[,;!]", "", text)


def _distinct(group: Sequence[Definition]) -> list[Definition]:
    """The same text twice is one definition."""
    found: dict[tuple[str, bool], Definition] = {}
    for d in group:
        found.setdefault((d.text, d.derived), d)
    return list(found.values())


def _needed(definitions: Sequence[Definition], names: Collection[Marked]) -> list[Definition]:
    """What the claim speaks of, and what that needs: a^l has other equations than a."""
    known = {(d.left.base, d.marked) for d in definitions}
    wanted = set(names)
    kept: list[Definition] = []
    changed = True
    while changed:
        changed = False
        for d in definitions:
            other = (d.left.base, not d.marked)
            asked = (d.left.base, d.marked) in wanted or (other in wanted and other not in known)
            if d not in kept and asked:
                kept.append(d)
                wanted |= set(marked_names(d.right))
                changed = True
    return kept


def _downstream(
    definitions: Sequence[Definition], kept: list[Definition], spoken: set[str]
) -> list[Definition]:
    """With what depends on the quantities of the claim, where the cost itself is left open."""
    asked = {d.left.base for d in kept if not d.derived} | spoken
    changed = True
    while changed:
        changed = False
        for d in definitions:
            names = {n.base for n in walk(d.right) if isinstance(n, Name)}
            if d not in kept and not d.derived and names & asked - LOSS_LETTERS:
                more = _needed(definitions, list(marked_names(d.right)))
                kept += [x for x in (d, *more) if x not in kept]
                asked |= {x.left.base for x in kept if not x.derived}
                changed = True
    return kept


def _general(definitions: Sequence[Definition]) -> list[Definition]:
    """Without a^{(2)} = ... and a^L = ... where a^l = ... says it for all layers."""
    general = _letters(definitions, derived=False)
    errors = _letters(definitions, derived=True)
    kept: list[Definition] = []
    for d in definitions:
        whole = general.get(d.left.base)
        if whole is not None and not d.derived:
            same = _without_marks(d.right) == _without_marks(whole.right)
            if (d.kind == "number" and not isinstance(d.right, Name)) or (
                d.kind in ("last", "sample") and same
            ):
                continue
        if d.kind == "sample" and whole is not None:
            continue
        if d.derived and errors.get(d.left.base, d) is not d:
            continue
        if d.derived and any(k.derived and k.left.base == d.left.base for k in kept):
            continue
        kept.append(d)
    return kept


def _letters(definitions: Sequence[Definition], *, derived: bool) -> Mapping[str, Definition]:
    return {d.left.base: d for d in definitions if d.kind == "letter" and d.derived is derived}


def _without_marks(node: Node) -> list[tuple[str, object]]:
    """The names and kinds of nodes in order: σ(z^l) and σ(z^L) have the same."""
    return [(type(n).__name__, n.base if isinstance(n, Name) else "") for n in walk(node)]
