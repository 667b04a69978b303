r"""Difference quotients: (J(w + ε) − J(w − ε)) / (2ε), which a derivative is near, not equal to."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from symbp.reading.grammar.syntax import Bracket, Call, Fraction, Name, Node, Product, Sum, walk

APPROXIMATION = "a difference quotient is near a derivative, which states no equality"


def is_difference_quotient(node: Fraction, called: Collection[str]) -> bool:
    """Whether one function at two places, a step apart, is divided by that step.

    `called` are letters of quantities that may have arguments.
    """
    above = node.above.inner if isinstance(node.above, Bracket) else node.above
    if not isinstance(above, Sum) or len(above.terms) != 2:
        return False
    (plus, a), (minus, b) = above.terms
    places = [_place(x, called) for x in (a, b)]
    if plus == minus or None in places or len({base for base, _ in filter(None, places)}) != 1:
        return False
    steps = {n.base for n in walk(node.below) if isinstance(n, Name)}
    moved = {n.base for p in places if p for n in _added(p[1])}
    return bool(steps & moved)


def _place(node: Node, called: Collection[str]) -> tuple[str, Node] | None:
    """J and its arguments in J(w + ε), also where it is read as a product."""
    if isinstance(node, Call):
        return node.function.base, node
    if isinstance(node, Product) and len(node.factors) == 2 and node.signs == ("",):
        first, second = node.factors
        if isinstance(first, Name) and first.base in called and isinstance(second, Bracket):
            return first.base, second
    return None


def _added(node: Node) -> Iterator[Name]:
    """What is added to something in the arguments."""
    for n in walk(node):
        for _, term in n.terms if isinstance(n, Sum) else ():
            yield from (x for x in walk(term) if isinstance(x, Name))
