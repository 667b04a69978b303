r"""Candidates: sums over an index, and left sides.

    w_{kj} \delta_k → \sum_k w_{kj} \delta_k     \partial J / \partial v → \partial J / \partial U

A sum is written as another member of the claim writes it, if one does.
"""

from __future__ import annotations

from collections.abc import Iterator

from symbp.judge.diagnosis.factors import alike
from symbp.judge.diagnosis.indices import is_letter, moved
from symbp.judge.diagnosis.signs import counted
from symbp.judge.diagnosis.text import Edit, glued, sites
from symbp.judge.diagnosis.work import Work
from symbp.reading.grammar.syntax import BigSum, Node, Sum, walk
from symbp.system import Kind


def missing(w: Work) -> Iterator[str]:
    """A sum over a letter that stands on the right only, before all, one term or one factor."""
    m = w.wrong
    for head in heads(w):
        for site in sites(m.tree):
            yield summed(w, site, head)


def summed(w: Work, site: Node, head: str) -> str:
    """A sum before a place."""
    m = w.wrong
    if isinstance(site, Sum):
        return m.replaced(site, f"{head} {w.bracketed(m.source(site))}")
    start, _ = m.span(site)
    return glued(m.text[:start], f"{head} ", m.text[start:])


def heads(w: Work) -> list[str]:
    r"""Σ with its limits: as another member has it, \sum_k, \sum_{t=1}^{T}."""
    found = [
        x.text[x.span(n)[0] : x.span(n.body)[0]].strip()
        for x in (w.left, *w.others) for n in walk(x.tree) if isinstance(n, BigSum)
    ]  # fmt: skip
    left, right = w.free_indices
    kinds = {i.text: i.kind for u in w.used for i in u.items if is_letter(i.text)}
    for letter in sorted(right - left):
        kind = kinds.get(letter)
        for size in counted(w) if kind in (Kind.SAMPLE, Kind.TIME) else ():
            found.append(rf"\sum_{{{letter}=1}}^{{{size}}}" if len(size) > 1
                         else rf"\sum_{{{letter}=1}}^{size}")  # fmt: skip
        found.append(rf"\sum_{letter}")
    return list(dict.fromkeys(found))


def extra(w: Work) -> Iterator[str]:
    """One sum less."""
    m = w.wrong
    for n in walk(m.tree):
        if isinstance(n, BigSum):
            yield m.without(m.span(n)[0], m.span(n.body)[0])


def left_sides(w: Work) -> Iterator[str]:
    """The left side with another quantity, other indices, another layer or time."""
    m = w.left
    for u in w.left_used:
        yield from (m.replaced(u.node, text) for text in alike(w, u))
    for kind in (Kind.LAYER, Kind.TIME):
        yield from moved(w, m, w.left_used, kind)
    for u in w.left_used:
        for i in u.items:
            for letter in w.indices(i.kind):
                if letter not in u.indices:
                    yield m.edited(Edit(i.start, i.end, letter))
    for u in w.left_used:
        for word in w.words:
            key = w.keys(word)
            if word != u.word and not w.has_entries:
                written = [w.hand.written(word, key, [x] * len(key))
                           for x in (w.indices(key[0][1]) if key else [""])]  # fmt: skip
                yield from (m.replaced(u.node, t) for t in written if t)
