r"""Candidates: factors and terms that are missing, too many, or others.

    (a^L) → (a^L - y)     (w)^T \odot \sigma' → (w)^T \delta \odot \sigma'     (a - y) x → a - y

Only what brings all sizes and letters that are missing is put in.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest

from symbp.judge.diagnosis.names import WHOLE, Key, Use, places
from symbp.judge.diagnosis.signs import without_factor
from symbp.judge.diagnosis.text import Edit, Member, products, sites, sums
from symbp.judge.diagnosis.work import Work
from symbp.reading.grammar.syntax import (
    Bracket,
    Call,
    Fraction,
    Name,
    Node,
    Number,
    Product,
    Sum,
    walk,
)
from symbp.reading.lexicon import Abbreviation, Word
from symbp.system import Kind

# -- factors -------------------------------------------------------------------------------------


def entrywise(w: Work, site: Node, factor: str) -> str:
    """A place with one more factor, number by number or by the author's sign; 1 gives way to it."""
    m = w.wrong
    if isinstance(site, Number) and site.text == "1":
        return m.replaced(site, factor)
    shapes = [w.read(text) for text in (m.source(site), factor)]
    numbers = w.has_entries or any(s is not None and not s.sizes for s in shapes)
    return m.replaced(
        site, w.times(w.as_factor(m, site), factor, None if numbers else w.elementwise)
    )


def among(w: Work, site: Node, factor: str) -> Iterator[str]:
    """A place with one more matrix or vector: behind it, before it, between its factors."""
    m = w.wrong
    whole = w.as_factor(m, site)
    yield m.replaced(site, w.times(whole, factor))
    yield m.replaced(site, w.times(factor, whole))
    if isinstance(site, Product):
        for a, b, sign in zip(site.factors, site.factors[1:], site.signs, strict=False):
            place, behind = m.span(b)[0], m.span(a)[1]
            yield m.edited(Edit(place, place, w.times(factor, "")))
            if sign:
                yield m.edited(Edit(behind, behind, f" {factor}"))


def missing(w: Work) -> Iterator[str]:
    """A factor more: names of the claim and of the network, also transposed."""
    places = [s for s in sites(w.wrong.tree) if not w.is_constant(s) or isinstance(s, Number)]
    for site in places:
        yield from (entrywise(w, site, factor) for factor in w.fitting)
    if w.has_arrays:
        matrices = [s for s in places if not isinstance(s, Number)]
        ways = [_ways(w, site, factor) for site in matrices for factor in w.fitting]
        yield from (text for each in zip_longest(*ways) for text in each if text)


def _ways(w: Work, site: Node, factor: str) -> Iterator[str]:
    """All ways of one factor at one place; those at its two ends come first."""
    turned = f"({factor})^{w.transpose}" if "^" in factor else f"{factor}^{w.transpose}"
    for pair in zip(among(w, site, factor), among(w, site, turned), strict=True):
        yield from reversed(pair)


def extra(w: Work) -> Iterator[str]:
    """One factor less."""
    m = w.wrong
    for p in products(m.tree):
        for place in reversed(range(len(p.factors))):
            if not w.is_constant(p.factors[place]):
                yield without_factor(m, p, place)
    for n in walk(m.tree):
        if isinstance(n, Fraction) and not w.is_constant(n.below):
            yield m.replaced(n, m.source(n.above))


# -- terms ---------------------------------------------------------------------------------------


def missing_terms(w: Work) -> Iterator[str]:
    """a → (a - y), f → (1 - f), and one term more behind all of it."""
    m = w.wrong
    for n in _operands(m):
        yield m.replaced(n, f"(1 - {m.source(n)})")
    for text in ["1", *_alike(w, w.left.text)]:
        yield f"{m.text} - {text}"
        yield f"{m.text} + {text}"
    for n in _operands(m):
        text = m.source(n)
        inner = m.source(n.inner) if isinstance(n, Bracket) and n.shape in "([" else text
        for other in _alike(w, text):
            if other != inner.strip():
                yield m.replaced(n, f"({inner} - {other})")
                yield m.replaced(n, f"({inner} + {other})")


def _alike(w: Work, text: str) -> list[str]:
    """The names of the pool with the sizes and letters of a text."""
    known = w.read(text)
    return [] if known is None else [name for name in w.pool if w.read(name) == known]


def _operands(m: Member) -> Iterator[Node]:
    """What stands as a factor or term: brackets, names, calls."""
    for s in sites(m.tree):
        for f in s.factors if isinstance(s, Product) else (s,):
            if isinstance(f, Name | Call | Bracket) and not isinstance(f, Number):
                yield f


def extra_terms(w: Work) -> Iterator[str]:
    """One term less; only the first two, three ...; x for (1 - x)."""
    m = w.wrong
    for s in sums(m.tree):
        count = len(s.terms)
        if count == 2 and isinstance(s.terms[0][1], Number):
            yield m.replaced(s, m.source(s.terms[1][1]))
            continue
        for place in reversed(range(count if count > 1 else 0)):
            yield _without_term(m, s, place)
        for kept in range(2, count - 1):
            start, end = m.span(s.terms[kept - 1][1])[1], m.span(s.terms[-1][1])[1]
            yield m.without(start, end)


def _without_term(m: Member, s: Sum, place: int) -> str:
    if place:
        start, end = m.span(s.terms[place - 1][1])[1], m.span(s.terms[place][1])[1]
        return m.without(start, end)
    sign = m.term_sign(s, 1)
    start = min(s.start, m.span(s.terms[0][1])[0])
    assert sign is not None
    return m.without(start, sign.end if sign.text == "+" else sign.start)


# -- operands ------------------------------------------------------------------------------------


def operands(w: Work) -> Iterator[str]:
    """Another quantity in place of one name, with the same marks; then any name of the claim."""
    for others in (alike, lambda w, u: _alike(w, u.at(u.indices))):
        found = [[w.wrong.replaced(u.node, _like(w, u, text)) for text in others(w, u)]
                 for u in w.used]  # fmt: skip
        yield from (text for each in zip_longest(*found) for text in each if text)


def alike(w: Work, u: Use) -> list[str]:
    """Other quantities with the marks of a name."""
    found = []
    for word in w.words:
        key = tuple(p for p in places(word) if p in u.key)
        texts = dict(zip(u.key, u.indices, strict=True))
        if word == u.word or not _known(word, key):
            continue
        indices = u.indices if key == u.key else [texts[p] for p in key]
        written = w.hand.written(word, key, indices)
        found += [written] if written else []
    return list(dict.fromkeys(found))


def _known(word: Word | Abbreviation, key: Key) -> bool:
    """Whether a word can do with these indices: all of its own, but for entries and samples."""
    left_out = [kind for p in places(word) if p not in key for kind in [p[1]]]
    return all(kind in (*WHOLE, Kind.SAMPLE) for kind in left_out)


def _like(w: Work, u: Use, text: str) -> str:
    """A name with the transpose of the one that it replaces."""
    if w.wrong.source(u.node) == u.at(u.indices):
        return text
    return f"({text})^{w.transpose}" if "^" in text else f"{text}^{w.transpose}"
