r"""Quotients and signs of derivatives as written, which begin a factor of a product.

    \partial f / \partial u, \frac{\partial f}{\partial u}, \frac{df}{du}, du, \nabla_u f, \nabla u

Each function gets the token that begins the factor, already taken, and reads on from there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from symbp.errors import ReadingError
from symbp.reading.grammar.lexer import Token
from symbp.reading.grammar.lists import parted
from symbp.reading.grammar.signs import PRODUCT_SIGNS, STOPS
from symbp.reading.grammar.syntax import (
    Bracket,
    Call,
    Derivative,
    Differential,
    Fraction,
    Name,
    Node,
    Number,
    Product,
    Tokens,
)

if TYPE_CHECKING:
    from symbp.reading.grammar.parser import Parser


def is_d(parser: Parser, t: Token) -> bool:
    """Whether d is the sign of a differential."""
    v = parser.vocabulary
    return t.text == "d" and "d" not in v.families and v.differentials


def is_name(t: Token) -> bool:
    """Whether a token is what may follow d: a name other than d."""
    while t.kind == "group" and t.parts[0]:
        t = t.parts[0][0]
    return t.kind in ("name", "word") and t.text != "d"


def is_differential(parser: Parser, inner: Tokens) -> bool:
    """Whether the tokens are du."""
    return (
        len(inner) > 1
        and is_d(parser, inner[0])
        and is_name(inner[1])
        and all(x.text not in STOPS for x in inner)
    )


def differential(parser: Parser, t: Token) -> Node:
    """du, or df / du."""
    by = _atom(parser)
    d, u = parser.peek(1), parser.peek(2)
    if parser.text() == "/" and d and d.text == "d" and u and is_name(u):
        parser.take()
        return over(parser, t, by)
    return Differential(t.start, by.end, by)


def partial(parser: Parser, t: Token) -> Node:
    r"""\partial f / \partial u."""
    of = _atom(parser)
    if parser.text() != "/":
        raise ReadingError(r"\partial without a denominator", t.start)
    parser.take()
    return over(parser, t, of)


def over(parser: Parser, t: Token, of: Node | None) -> Node:
    r"""The derivative of `of` by what follows: \partial u or {\partial u}."""
    d = parser.take()
    if d.kind == "group" and d.parts[0] and d.parts[0][0].text in (r"\partial", "d"):
        return Derivative(t.start, d.end, of, parser.parse(d.parts[0][1:]))
    if d.text not in (r"\partial", "d"):
        raise ReadingError(r"\partial in the denominator is missing", d.start)
    by = _atom(parser)
    return Derivative(t.start, by.end, of, by)


def _atom(parser: Parser) -> Node:
    """A factor that is not followed by a call's arguments: the u of ∂u."""
    t = parser.take()
    while t.kind == "group" and len(t.parts[0]) == 1:
        t = t.parts[0][0]
    if t.kind == "group" and t.parts[0]:
        node = parser.parse(t.parts[0])
        if isinstance(node, Name):
            return parser.scripted(replace(node, start=t.start, end=t.end))
        return parser.scripted(Bracket(t.start, t.end, node, "{"))
    if t.text == "(":
        return parser.begun(t)
    if t.kind not in ("name", "word"):
        raise ReadingError(f"{t.text!r} where the name of a quantity is needed", t.start)
    name = parser.scripted(Name(t.start, t.end, t.text))
    called = parser.text() == "(" and t.text in parser.vocabulary.called and parser.only_names()
    return parser.call(name) if called else name


def by_commas(tokens: Sequence[Token]) -> list[list[Token]]:
    """Parts between commas and semicolons outside of brackets."""
    return parted(tokens, lambda t: t.text in (",", ";"))


def nabla(parser: Parser, t: Token) -> Node:
    r"""\nabla_u f, \nabla u for the gradient by u, and \nabla f(u) for that of f by u."""
    if parser.text() != "_":
        u = _atom(parser)
        if isinstance(u, Name) and parser.text() == "(" and parser.only_names():
            inner = parser.until(parser.take())
            arguments = tuple(parser.parse(part) for part in by_commas(inner) if part)
            u = Call(u.start, parser.end, u, arguments)
        return Differential(t.start, u.end, u, nabla=True)
    parser.take()
    by = parser.parse(parser.script())
    f = parser.peek()
    named = f and (f.kind in ("name", "word", "group") or f.text in parser.vocabulary.called)
    of = parser.factor() if named else parser.product()
    return Derivative(t.start, of.end, of, by)


def frac(parser: Parser, t: Token) -> Node:
    r"""A fraction, or a derivative; \frac{\partial f}{m \cdot \partial u} is 1/m times one."""
    above, below = (parser.joined(p) for p in t.parts)
    at = next((i for i, x in enumerate(below) if x.text == r"\partial"), 0)
    if at and above and above[0].text == r"\partial":
        signed = below[at - 1].text in PRODUCT_SIGNS
        number = parser.parse(below[: at - signed])
        one = Fraction(t.start, t.end, Number(t.start, t.start, "1"), number)
        f, u = parser.parse(above[1:]), parser.parse(below[at + 1 :])
        return Product(t.start, t.end, (one, Derivative(t.start, t.end, f, u)), ("",))
    found = _derivative_parts(above, below)
    if found is None:
        return Fraction(t.start, t.end, parser.inside(above, t), parser.inside(below, t))
    of = parser.parse(found[0]) if found[0] else None
    if isinstance(of, Name) and parser.is_function(of) and parser.text() == "(":
        return parser.call(replace(of, primes=of.primes + 1))  # ∂f/∂z (z_k) is f'(z_k)
    return Derivative(t.start, t.end, of, parser.parse(found[1]))


def _derivative_parts(
    above: Sequence[Token], below: Sequence[Token]
) -> tuple[Sequence[Token], Sequence[Token]] | None:
    r"""(f, u) where a fraction is \partial f / \partial u, d f / d u or δ f / δ u."""
    above, below = _opened(above), _opened(below)
    if not above or len(below) < 2:
        return None
    sign = below[0].text
    if above[0].text != sign or sign not in (r"\partial", "d", r"\delta"):
        return None
    if above[1:] and above[1].text == "^":
        raise ReadingError("second derivatives are not read yet", above[0].start)
    if sign == r"\delta" and above[1:] and above[1].text == "_":
        return None  # a fraction of two error terms
    return unwrapped(above[1:]), unwrapped(below[1:])


def _opened(tokens: Sequence[Token]) -> Sequence[Token]:
    """Without braces around all of it, or around the sign of a derivative in front: {dL}(a, y)."""
    tokens = unwrapped(tokens)
    while tokens and tokens[0].kind == "group":
        inner = tokens[0].parts[0]
        if not inner or (inner[0].text not in (r"\partial", "d") and inner[0].kind != "group"):
            break
        tokens = [*inner, *tokens[1:]]
    return tokens


def unwrapped(tokens: Sequence[Token]) -> Sequence[Token]:
    """Without braces around all of it."""
    while len(tokens) == 1 and tokens[0].kind == "group":
        tokens = tokens[0].parts[0]
    return tokens
