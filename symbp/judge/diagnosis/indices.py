r"""Candidates: marks of names.

    W^l → W^{l+1}     h_t → h_{t-1}     w_{jk} → w_{kj}     x^{(k)} → x^{(i)}     a^L → a_j^L

Layers and times come from the claim, with their neighbours; letters come from the claim.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import combinations, product

from symbp.judge.diagnosis.names import WHOLE, Item, Use, remarked
from symbp.judge.diagnosis.text import Member
from symbp.judge.diagnosis.work import Work
from symbp.reading.lexicon import Abbreviation, Word
from symbp.system import Kind


def layers(w: Work) -> Iterator[str]:
    """Another layer at one name, or everywhere instead of one."""
    yield from moved(w, w.wrong, w.used, Kind.LAYER)


def times(w: Work) -> Iterator[str]:
    """Another time at one name, or everywhere instead of one."""
    yield from moved(w, w.wrong, w.used, Kind.TIME)
    for u in w.used:
        yield from (w.wrong.replaced(u.node, text) for text in renumbered(w, u))


def renumbered(w: Work, u: Use) -> list[str]:
    """Names that differ by a number that is part of them: s_{-1} for s_0."""
    numbers = [x for x in w.words if x.base == u.base and _is_numbered(x) and x != u.word]
    if not _is_numbered(u.word) or u.items:
        return []
    return [text for x in numbers if (text := w.hand.written(x, (), ()))]


def _is_numbered(word: Word | Abbreviation) -> bool:
    return bool(word.fixed) and all(re.fullmatch(r"-?\d+", text) for _, text in word.fixed)


def moved(w: Work, m: Member, used: Sequence[Use], kind: Kind) -> Iterator[str]:
    """One index of a kind replaced by others of the claim; then all that are written alike."""
    items = [i for u in used for i in u.items if i.kind is kind]
    others = w.indices(kind)
    for new in others:
        for i in items:
            if i.text != new:
                yield m.edited(remarked(m, i, new))
    for old in dict.fromkeys(i.text for i in items):
        alike = [i for i in items if i.text == old]
        for new in others if len(alike) > 1 else ():
            if new != old:
                yield m.edited(*(remarked(m, i, new) for i in alike))


def swapped(w: Work) -> Iterator[str]:
    """Two indices of one name, of two names, or two letters everywhere, change places."""
    m = w.wrong
    for u in w.used:
        own = [i for i in u.items if i.kind in WHOLE]
        for a, b in combinations(own, 2):
            yield from _exchanged(m, [(a, b)])
    for u, v in combinations(w.used, 2):
        for a, b in product(u.items, v.items):
            if a.kind is b.kind and a.kind not in (Kind.LAYER, Kind.TIME):
                yield from _exchanged(m, [(a, b)])
    yield from _letters_swapped(w)


def _exchanged(m: Member, pairs: Sequence[tuple[Item, Item]]) -> Iterator[str]:
    if all(a.text != b.text for a, b in pairs):
        yield m.edited(*(e for a, b in pairs for e in (remarked(m, a, b.text),
                                                       remarked(m, b, a.text))))  # fmt: skip


def _letters_swapped(w: Work) -> Iterator[str]:
    m = w.wrong
    items = [i for u in w.used for i in u.items if i.kind in WHOLE]
    for a, b in combinations(dict.fromkeys(i.text for i in items), 2):
        other = {a: b, b: a}
        yield m.edited(*(remarked(m, i, other[i.text]) for i in items if i.text in other))


def others(w: Work) -> Iterator[str]:
    """Another index letter at one name or everywhere; a mark that is missing or one too many."""
    m = w.wrong
    items = [i for u in w.used for i in u.items if i.kind not in (Kind.LAYER, Kind.TIME)]
    letters = list(dict.fromkeys(t for u in w.hand.uses for i in u.items
                                 if i.kind not in (Kind.LAYER, Kind.TIME)
                                 for t in [i.text]))  # fmt: skip
    for i in items:
        yield from (m.edited(remarked(m, i, x)) for x in letters if x != i.text)
    for old in dict.fromkeys(i.text for i in items):
        for new in letters:
            if new != old:
                yield m.edited(*(remarked(m, i, new) for i in items if i.text == old))
    yield from remarked_names(w)


def remarked_names(w: Work) -> Iterator[str]:
    """One name with all its marks chosen anew."""
    for u in w.used:
        key = tuple(p for p in u.key if p[1] not in WHOLE)
        if key != u.key:  # the whole vector instead of an entry
            text = w.hand.written(u.word, key, [i.text for i in u.items if i.kind not in WHOLE])
            yield from [w.wrong.replaced(u.node, text)] if text else []
    for u in w.used:
        key = w.keys(u.word)
        for indices in product(*(w.indices(kind) for _, kind in key)):
            text = w.hand.written(u.word, key, indices)
            if text and indices != u.indices:
                yield w.wrong.replaced(u.node, text)


def is_letter(text: str) -> bool:
    """Whether an index is one letter."""
    return re.fullmatch(r"\\?[A-Za-z]+", text) is not None
