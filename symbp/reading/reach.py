"""How far a Σ reaches: over the terms behind it that speak of its index."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from symbp.reading.grammar.syntax import BigSum, Bracket, Name, Node, Product, Sum, Tokens, walk


def reaching(node: Sum) -> list[tuple[int, Node]]:
    """Terms in which a Σ reaches over those that follow, where they speak of its index.

    Σ_t a_t − b_t is Σ_t (a_t − b_t): outside of the sum t would have no meaning.
    """
    terms = list(node.terms)
    for place, (sign, term) in enumerate(terms):
        big = _last_sum(term)
        if big is None or place == len(terms) - 1:
            continue
        letters = _bound_by(big)
        own = [n for n in range(place + 1, len(terms)) if letters & _own_letters(terms[n][1])]
        reach = max(own, default=place)
        if reach > place:
            inside = ((sign * s, t) for s, t in terms[place + 1 : reach + 1])
            body = Sum(big.body.start, terms[reach][1].end, ((1, big.body), *inside))
            wide = _with_body(term, replace(big, body=body, end=body.end))
            return [*terms[:place], (sign, wide), *terms[reach + 1 :]]
    return terms


def _bound_by(big: BigSum) -> set[str]:
    """The letters that a sum binds: those before the sign below it."""
    found: set[str] = set()
    for t in big.below:
        if t.kind == "sign" and t.text != ",":
            break
        found |= {t.text} if t.kind == "name" else set()
    return found


def _last_sum(term: Node) -> BigSum | None:
    """The Σ at the end of a term."""
    if isinstance(term, BigSum):
        return term
    if isinstance(term, Product):
        return _last_sum(term.factors[-1])
    return None


def _with_body(term: Node, big: BigSum) -> Node:
    """The term with another Σ at its end."""
    if isinstance(term, BigSum):
        return big
    assert isinstance(term, Product)
    return replace(term, factors=(*term.factors[:-1], _with_body(term.factors[-1], big)))


def _own_letters(node: Node) -> set[str]:
    """Letters in scripts, without those that sums inside bind."""
    bound = {t for n in walk(node) if isinstance(n, BigSum) for t in _bound_by(n)}
    return set(script_letters(node)) - bound


def script_letters(node: Node) -> list[str]:
    """The letters in the scripts of names and brackets, each once; T is the transpose."""
    names = (n for n in walk(node) if isinstance(n, Name | Bracket))
    return list(dict.fromkeys(t for n in names for t in own_letters(n)))


def own_letters(node: Name | Bracket) -> list[str]:
    """The letters in the scripts of one name, T left out."""
    letters = (t.text for script in (*node.sub, *node.sup) for t in script if t.kind == "name")
    return [t for t in letters if t != "T"]


def letters_of_sums(tokens: Tokens) -> set[str]:
    r"""The letters that stand below the \sum signs of a member."""
    found: set[str] = set()
    for place, t in enumerate(tokens):
        for part in t.parts:
            found |= letters_of_sums(part)
        if t.text == r"\sum":
            below = [b for a, b in pairwise(tokens[place + 1 : place + 6]) if a.text == "_"]
            inner = below[0].parts[0] if below and below[0].kind == "group" else below[:1]
            found |= {x.text for x in inner if x.kind == "name"}
    return found
