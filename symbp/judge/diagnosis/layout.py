r"""Candidates: transposes, the order of factors, which product it is.

    a (\delta)^T → \delta a^T     X D → X^T D     D W → W D     W \odot d → W d     f d → diag(f) d

Numbers have none of these: the rows are silent where no name is a whole vector or matrix.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import permutations, product

from symbp.judge.diagnosis.names import turned_off
from symbp.judge.diagnosis.text import Edit, Member, has_matrix_product, products, sites
from symbp.judge.diagnosis.work import ELEMENTWISE, Work
from symbp.reading.grammar.marks import marks
from symbp.reading.grammar.syntax import (
    Bracket,
    Call,
    Derivative,
    Differential,
    Name,
    Node,
    Product,
    Sum,
)
from symbp.reading.products import TIGHT

#: Products of more factors are not put in every other order.
MOST_FACTORS = 3


# -- transposes ----------------------------------------------------------------------------------


def transposes(w: Work) -> Iterator[str]:
    """A transpose put on or taken off one factor; the product transposed; several transposes."""
    if not w.has_arrays:
        return
    m = w.wrong
    places = [f for s in sites(m.tree) for f in _turnable(w, s)]
    for f in places:
        yield m.replaced(f, toggled(w, f))
    for s in sites(m.tree):
        yield from _reversed(w, s)
    for s in filter(has_matrix_product, sites(m.tree)):
        own = _turnable(w, s)[:MOST_FACTORS]
        for choice in product((False, True), repeat=len(own)):
            if sum(choice) > 1:
                chosen = [f for f, c in zip(own, choice, strict=True) if c]
                yield m.edited(*(Edit(*m.span(f), toggled(w, f)) for f in chosen))


def _turnable(w: Work, site: Node) -> list[Node]:
    """Factors of a place that may be matrices or vectors."""
    given = site.factors if isinstance(site, Product) else (site,)
    kinds = (Name, Bracket, Derivative, Differential, Call)
    return [f for f in given if isinstance(f, kinds) and not w.is_constant(f)]


def toggled(w: Work, node: Node) -> str:
    """A factor with the transpose that it did not have, or without the one it had."""
    m = w.wrong
    if isinstance(node, Name | Bracket) and any(x.is_transpose for x in marks(node.sup)):
        return _turned_back(m, node)
    return _turned(w, node)


def _turned_back(m: Member, node: Name | Bracket) -> str:
    start, end = m.span(node)
    if isinstance(node, Bracket):
        inner = _peeled(node.inner)
        if isinstance(inner, Name | Derivative | Call) and len(marks(node.sup)) == 1:
            return m.source(inner)
        name = Name(node.start, node.end, "", node.sub, node.sup)
        edits = turned_off(m, name)
    else:
        edits = turned_off(m, node)
    text = m.edited(*edits)
    return text[start : end + len(text) - len(m.text)].strip()


def _peeled(node: Node) -> Node:
    while isinstance(node, Bracket) and not (node.sub or node.sup):
        node = node.inner
    return node


def _turned(w: Work, node: Node) -> str:
    text = w.wrong.source(node)
    if text.startswith("{") and text.endswith("}") and text.count("{") == text.count("}"):
        return f"{text}^{w.transpose}"
    if isinstance(node, Name) and node.sup:
        if w.transposes_inside and text.endswith("}"):
            return f"{text[:-1]}{w.transpose}}}"
        return f"({text})^{w.transpose}"
    if isinstance(node, Name) or (
        isinstance(node, Bracket) and node.shape in "([" and not node.sup
    ):
        return f"{text}^{w.transpose}"
    return f"{w.bracketed(text)}^{w.transpose}"


def _reversed(w: Work, site: Node) -> Iterator[str]:
    r"""(A B)^T as B^T A^T; constants in front stay."""
    m = w.wrong
    own = _turnable(w, site)
    if isinstance(site, Product) and 1 < len(own) <= MOST_FACTORS:
        texts = [toggled(w, f) for f in reversed(own)]
        yield m.edited(*(Edit(*m.span(f), t) for f, t in zip(own, texts, strict=True)))
    elif isinstance(site, Sum):
        yield m.replaced(site, f"{w.bracketed(m.source(site))}^{w.transpose}")


# -- order ---------------------------------------------------------------------------------------


def orders(w: Work) -> Iterator[str]:
    """The factors of a product in another order, with one transpose changed at most."""
    if not w.has_arrays:
        return
    m = w.wrong
    given = list(filter(has_matrix_product, products(m.tree)))
    for p in given:
        own = [f for f in p.factors if not w.is_constant(f)]
        for order in _orders(len(own)):
            yield _arranged(m, own, [m.source(own[i]) for i in order])
            if len(set(p.signs)) > 1 and len(own) == len(p.factors):
                yield m.replaced(p, _with_signs(m, p, order))
    for p in given:
        own = [f for f in p.factors if not w.is_constant(f)]
        for order in _orders(len(own)):
            for turned in range(len(own)):
                texts = [toggled(w, own[i]) if i == turned else m.source(own[i]) for i in order]
                yield _arranged(m, own, texts)


def _orders(count: int) -> list[tuple[int, ...]]:
    """Other orders: all of a few factors, neighbours swapped of more."""
    same = tuple(range(count))
    if count <= MOST_FACTORS:
        return [o for o in permutations(same) if o != same]
    return [(*same[:i], i + 1, i, *same[i + 2 :]) for i in range(count - 1)]


def _with_signs(m: Member, p: Product, order: Sequence[int]) -> str:
    r"""The factors in another order, each with the sign before it: A ⊙ S B for A B ⊙ S."""
    signs = ["", *p.signs]
    signs[0], signs[order[0]] = signs[order[0]], ""
    texts = [f"{signs[i]} {m.source(p.factors[i])}".strip() for i in order]
    return " ".join(texts)


def _arranged(m: Member, own: Sequence[Node], texts: Sequence[str]) -> str:
    return m.edited(*(Edit(*m.span(f), t) for f, t in zip(own, texts, strict=True)))


# -- kinds of product ----------------------------------------------------------------------------


def kinds(w: Work) -> Iterator[str]:
    """Another sign between two factors; diag around one; a ⊙ b for diag(a) b."""
    if not w.has_arrays:
        return
    m = w.wrong
    for p in products(m.tree):
        for place, sign in enumerate(p.signs):
            start, end = m.span(p.factors[place])[1], m.span(p.factors[place + 1])[0]
            others = [""] if sign in ELEMENTWISE else []
            if sign in TIGHT or sign == "*":
                others += [w.elementwise] if w.elementwise != sign else [r"\odot"]
            for other in others:
                yield m.edited(Edit(start, end, f" {other} " if other else " "))
    for p in products(m.tree):
        for place, sign in enumerate(p.signs):
            if sign in ELEMENTWISE:
                yield from _diagonal(w, p.factors[place], p.factors[place + 1])
    for p in filter(has_matrix_product, products(m.tree)):
        for f in p.factors:
            if isinstance(f, Call) and f.function.base == "diag":
                yield from _undone(w, p, f)
            elif not w.is_constant(f):
                yield m.replaced(f, rf"\mathrm{{diag}}({_inside(m, f)})")


def signed(w: Work, m: Member) -> Iterator[str]:
    """The author's sign between factors that stand side by side: two of them, then all."""
    gaps = [
        Edit(m.span(p.factors[i])[1], m.span(p.factors[i + 1])[0], f" {w.elementwise} ")
        for p in products(m.tree) for i, sign in enumerate(p.signs) if sign == ""
    ]  # fmt: skip
    yield from (m.edited(gap) for gap in gaps)
    yield m.edited(*gaps)


def _diagonal(w: Work, a: Node, b: Node) -> Iterator[str]:
    r"""W diag(d), diag(d) W and both with W^T for W ⊙ d."""
    m = w.wrong
    start, end = m.span(a)[0], m.span(b)[1]
    for matrix, vector in ((a, b), (b, a)):
        diagonal = rf"\mathrm{{diag}}({_inside(m, vector)})"
        for text in (m.source(matrix), toggled(w, matrix)):
            yield m.edited(Edit(start, end, f"{text} {diagonal}"))
            yield m.edited(Edit(start, end, f"{diagonal} {text}"))


def _undone(w: Work, p: Product, f: Call) -> Iterator[str]:
    m = w.wrong
    place = p.factors.index(f)
    inner = w.bracketed(m.source(f.arguments[0])) if isinstance(f.arguments[0], Sum) else m.source(
        f.arguments[0])  # fmt: skip
    if place + 1 < len(p.factors):
        end = m.span(p.factors[place + 1])[0]
        yield m.edited(Edit(m.span(f)[0], end, f"{inner} {w.elementwise} "))
        yield m.edited(Edit(m.span(f)[0], end, f"{inner} "))


def _inside(m: Member, f: Node) -> str:
    """A factor without the brackets around it."""
    if isinstance(f, Bracket) and not (f.sub or f.sup):
        return m.source(f.inner)
    return m.source(f)
