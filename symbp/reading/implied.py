r"""Implied sums written out: in Einstein's convention a letter that the left side lacks is summed.

    y_i \frac{1}{p_i} q_{ik}                     Σ_i before the factors that have it
    a_i + y_i                                    Σ_i in each term
    \frac{e^{u_k}}{e^{u_m}}                      Σ_m before e^{u_m}, the innermost function
    \sigma(w_{ij} x_j)                           Σ_j inside, before the product

A letter that stands once has no such convention: `wide` puts its sum before the whole term.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from symbp.reading.grammar.lexer import Token
from symbp.reading.grammar.syntax import (
    BigSum,
    Bracket,
    Call,
    Derivative,
    Fraction,
    Name,
    Node,
    Product,
    Sum,
    children,
    walk,
)
from symbp.reading.reach import own_letters


def with_sums(node: Node, letters: Iterable[str], wide: bool = False) -> Node:
    """A member with Σ over each of the letters written out."""
    for letter in letters:
        node = _summed(node, letter, wide)
    return node


def _summed(node: Node, letter: str, wide: bool) -> Node:
    """Σ over a letter at its place in an expression; unchanged where it does not stand."""
    if not has(node, letter):
        return node
    if isinstance(node, Sum):
        return replace(node, terms=tuple((s, _summed(t, letter, wide)) for s, t in node.terms))
    inside = None if wide else _deeper(node, letter)
    return inside if inside is not None else before(node, letter)


def _deeper(node: Node, letter: str) -> Node | None:
    """The node with the sum further inside; None where it belongs before the node."""
    if isinstance(node, Product):
        factors = [_summed(f, letter, False) for f in node.factors]
        alone = sum(has(f, letter) for f in node.factors) == 1
        return replace(node, factors=tuple(factors)) if alone else None
    if isinstance(node, Fraction) and has(node.above, letter) != has(node.below, letter):
        above, below = (_summed(n, letter, False) for n in (node.above, node.below))
        return replace(node, above=above, below=below)
    if isinstance(node, Bracket) and not _own(node, letter):
        return replace(node, inner=_summed(node.inner, letter, False))
    if isinstance(node, Derivative) and node.of is not None and not has(node.by, letter):
        return replace(node, of=_summed(node.of, letter, False))
    if isinstance(node, BigSum):
        return replace(node, body=_summed(node.body, letter, False))
    if isinstance(node, Call) and any(_settles(a, letter) for a in node.arguments):
        arguments = tuple(_summed(a, letter, False) for a in node.arguments)
        return replace(node, arguments=arguments)
    return None


def _settles(argument: Node, letter: str) -> bool:
    """Whether a sum has its place inside of an argument: at a product, or at another function."""
    for n in walk(argument):
        if isinstance(n, Product) and sum(has(f, letter) for f in n.factors) > 1:
            return True
        if isinstance(n, Call) and any(has(a, letter) for a in n.arguments):
            return True
    return False


def before(node: Node, letter: str) -> BigSum:
    """Σ before a node."""
    below = (Token("name", letter, node.start, node.start),)
    return BigSum(node.start, node.end, below, (), node)


def has(node: Node, letter: str) -> bool:
    """Whether a letter stands in scripts of the node, and no sum inside binds it."""
    if isinstance(node, BigSum) and any(t.text == letter for t in node.below):
        return False
    if _own(node, letter):
        return True
    return any(has(child, letter) for child in children(node))


def _own(node: Node, letter: str) -> bool:
    """Whether a letter stands in the node's own scripts."""
    return isinstance(node, Name | Bracket) and letter in own_letters(node)
