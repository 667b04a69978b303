r"""A member as text and as a tree: pieces of its text are replaced, dropped and put in.

    (a^L - y) \odot \sigma(z^L)   with σ → σ' at its place   (a^L - y) \odot \sigma'(z^L)

What is not touched stays as its author wrote it: spaces, \left and \right, fonts, signs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from symbp.errors import ReadingError
from symbp.reading.grammar.lexer import Token, tokens
from symbp.reading.grammar.statements import statements
from symbp.reading.grammar.syntax import (
    BigSum,
    Bracket,
    Call,
    Derivative,
    Fraction,
    Name,
    Node,
    Number,
    Product,
    Sum,
    Tokens,
    walk,
)

Parse = Callable[[Tokens], Node]
OPENED = re.compile(r"\\(?:left|[bB]igg?l?)\s*$")
#: Signs that are never those of a matrix product.
ENTRYWISE = {r"\odot", r"\circ", r"\bullet", ".*"}
BRACES = re.compile(r"\\.|[{}]", re.DOTALL)
ENDS_IN_WORD = re.compile(r"\\[A-Za-z]+$")


@dataclass(frozen=True)
class Edit:
    """`text` in place of the characters start ... end."""

    start: int
    end: int
    text: str = ""


@dataclass(frozen=True)
class Member:
    """One side of a claim."""

    text: str
    tokens: Tokens
    tree: Node

    def span(self, node: Node) -> tuple[int, int]:
        r"""Where a node stands, with the \left before it and with whole pairs of braces."""
        start, end = _balanced(self.text, node.start, node.end)
        opened = OPENED.search(self.text[:start])
        end = start + len(self.text[start:end].rstrip())
        return (opened.start() if opened else start), end

    def source(self, node: Node) -> str:
        """The text of a node."""
        start, end = self.span(node)
        return self.text[start:end]

    def edited(self, *edits: Edit) -> str:
        """The text with all edits made; they do not overlap."""
        pieces, place = [], 0
        for e in sorted(edits, key=lambda e: (e.start, e.end)):
            pieces += [self.text[place : e.start], e.text]
            place = e.end
        return glued(*pieces, self.text[place:])

    def replaced(self, node: Node, text: str) -> str:
        """The text with another in place of a node."""
        return self.edited(Edit(*self.span(node), text))

    def without(self, start: int, end: int) -> str:
        """The text without some characters, and without the space that they leave double."""
        before, after = self.text[:start], self.text[end:]
        if not before or before[-1:].isspace():
            after = after.lstrip()
        return glued(before, after).strip()

    def sign(self, start: int, end: int) -> Token | None:
        """The last + or − between two places."""
        found = [t for t in flat(self.tokens) if t.text in ("+", "-") and start <= t.start < end]
        return found[-1] if found else None

    def term_sign(self, node: Sum, place: int) -> Token | None:
        """The sign before a term; None before a first one that has none."""
        term = node.terms[place][1]
        if place:
            return self.sign(node.terms[place - 1][1].end, term.start)
        before = [t for t in flat(self.tokens) if t.end <= term.start]
        last = max(before, key=lambda t: t.end, default=None)
        return last if last is not None and last.text in ("+", "-") else None


def member(text: str, parse: Parse) -> Member:
    """A member from its text. Raises `ReadingError` where it is not one member."""
    found = statements(tokens(text))
    if len(found) != 1 or len(found[0].members) != 1 or found[0].relations or found[0].condition:
        raise ReadingError("not one expression")
    (only,) = found[0].members
    return Member(text, only, parse(only))


def _balanced(text: str, start: int, end: int) -> tuple[int, int]:
    """The least extent around start ... end in which braces come in pairs."""
    low = depth = 0
    for match in BRACES.finditer(text, start, end):
        depth += {"{": 1, "}": -1}.get(match.group(), 0)
        low = min(low, depth)
    for _ in range(-low):
        start = _enclosing(text, start)
    for _ in range(depth - low):
        end = _closing(text, end)
    return start, end


def _enclosing(text: str, start: int) -> int:
    """Where the group that is open at `start` begins."""
    open_at = []
    for match in BRACES.finditer(text, 0, start):
        if match.group() == "{":
            open_at.append(match.start())
        elif match.group() == "}" and open_at:
            open_at.pop()
    return open_at[-1] if open_at else start


def _closing(text: str, end: int) -> int:
    """Behind the brace that closes the group that is open at `end`."""
    depth = 1
    for match in BRACES.finditer(text, end):
        depth += {"{": 1, "}": -1}.get(match.group(), 0)
        if depth == 0:
            return match.end()
    return end


def glued(*pieces: str) -> str:
    r"""Pieces one after the other, with a space where \odot and a would become \odota.

    >>> glued(r"x \odot", "a")
    'x \\odot a'
    """
    text = ""
    for piece in pieces:
        if ENDS_IN_WORD.search(text) and piece[:1].isalpha():
            text += " "
        text += piece
    return text


def flat(given: Sequence[Token]) -> Iterator[Token]:
    """All tokens, those of groups and fractions after their own."""
    for t in given:
        yield t
        for part in t.parts:
            yield from flat(part)


# -- places --------------------------------------------------------------------------------------


def sites(node: Node, alone: bool = True) -> Iterator[Node]:
    """Where a factor may be put: all of it, terms, bodies of Σ, insides of brackets, fractions."""
    if alone and not (isinstance(node, Sum) and len(node.terms) == 1):
        yield node
    if isinstance(node, Sum):
        for _, term in node.terms:
            yield from sites(term)
    elif isinstance(node, Product):
        for f in node.factors:
            yield from sites(f, alone=False)
    elif isinstance(node, BigSum):
        yield from sites(node.body)
    elif isinstance(node, Bracket) and isinstance(node.inner, Sum | Product | BigSum):
        yield from sites(node.inner)
    elif isinstance(node, Fraction):
        yield from sites(node.above)
        yield from sites(node.below)
    elif isinstance(node, Call) and node.function.base == "diag":
        yield from (s for a in node.arguments for s in sites(a))


def factors(node: Node) -> tuple[Node, ...]:
    """The factors of a product; anything else is its own only one."""
    return node.factors if isinstance(node, Product) else (node,)


def has_matrix_product(node: Node) -> bool:
    """Whether two factors stand together in a way that may be a matrix product."""
    return isinstance(node, Product) and any(s not in ENTRYWISE for s in node.signs)


def products(node: Node) -> Iterator[Product]:
    """All products, outermost first."""
    for n in walk(node):
        if isinstance(n, Product):
            yield n


def sums(node: Node) -> Iterator[Sum]:
    """All sums of terms, outermost first."""
    for n in walk(node):
        if isinstance(n, Sum):
            yield n


def tidier(m: Member, before: str) -> Iterator[str]:
    """The text without a factor 1, and without round brackets that hold one thing or are all.

    Brackets that stood there before are their author's.
    """
    for n in walk(m.tree):
        if isinstance(n, Bracket) and _is_idle(n, n is m.tree):
            if n is m.tree or m.source(n) not in before:
                yield m.replaced(n, m.source(n.inner))
        elif isinstance(n, Product):
            one, other = n.factors[:2]
            if isinstance(one, Number) and one.text == "1":
                yield m.without(m.span(one)[0], m.span(other)[0])


def _is_idle(n: Bracket, alone: bool) -> bool:
    """Whether brackets may hold nothing together."""
    if n.shape != "(" or n.sub or n.sup or n.primes:
        return False
    return alone or isinstance(n.inner, Name | Bracket | Call | Derivative)
