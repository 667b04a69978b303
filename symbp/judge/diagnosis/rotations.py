r"""Candidates: kernels turned by 180° that should not be, or the other way.

\delta * W → \delta * rot180(W)     \delta * rot180(a) → a * \delta
"""

from __future__ import annotations

from collections.abc import Iterator

from symbp.judge.diagnosis.text import Edit, products
from symbp.judge.diagnosis.work import Work
from symbp.reading.grammar.syntax import Bracket, Call, Node, Product, walk

#: What turns by 180°.
TURNS = {"rot180", "rot"}


def rotations(w: Work) -> Iterator[str]:
    """One factor of a convolution turned or turned back, in both orders."""
    for p in products(w.wrong.tree):
        for place, sign in enumerate(p.signs):
            if sign in w.lexicon.convolutions:
                yield from _beside(w, p, place)


def _beside(w: Work, p: Product, place: int) -> Iterator[str]:
    """The two factors at a sign."""
    a, b = p.factors[place : place + 2]
    first, second = (w.wrong.source(f) for f in (a, b))
    ways = [(_toggled(w, a), second), (first, _toggled(w, b))]
    ways.append((ways[0][0], ways[1][1]))
    pairs = [*ways, (second, first), *((y, x) for x, y in ways)]
    for x, y in pairs:
        yield w.wrong.edited(Edit(*w.wrong.span(a), x), Edit(*w.wrong.span(b), y))


def _toggled(w: Work, node: Node) -> str:
    if isinstance(node, Call) and node.function.base in TURNS:
        return w.wrong.source(node.arguments[0])
    bare = node.inner if isinstance(node, Bracket) and not (node.sub or node.sup) else node
    return f"{_word(w)}({w.wrong.source(bare)})"


def _word(w: Work) -> str:
    """What the author calls the turning."""
    for m in w.members:
        for n in walk(m.tree):
            if isinstance(n, Call) and n.function.base in TURNS:
                return m.source(n.function)
    return r"\mathrm{rot180}"
