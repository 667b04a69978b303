r"""The syntax of a formula: what stands beside what, before any name has a meaning.

node          as written
------------  ------------------------------------------------
Number        2, 0.5
Name          W^{(l)T}_{ij}, \hat y, σ', with its scripts as tokens
Bracket       (x)^T, [x]_j, and {x}, which only groups
Sum           a + b − c, signs apart
Product       factors with the signs between them; "" is juxtaposition
Fraction      \frac{a}{b}
Call          f(x, y), \log x, with powers and primes of f
Keyword       axis=0, an argument of a call
BigSum        \sum_{k=1}^{n} body, \prod
Derivative    \partial f / \partial u, \nabla_u f; f is None in the operator form
Differential  du, \nabla u, \nabla f(u)
Norm          \|x\|_2^2 and |x|
Rows          matrices and cases, cell by cell
Root          \sqrt{x}
Indicator     1\{i = j\}, [i = j]
Dots          …
Run           factors or terms that dots leave out, at each index from the first to the last
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from typing import Any

from symbp.reading.grammar.lexer import Token

Tokens = tuple[Token, ...]


@dataclass(frozen=True)
class Node:
    """A part of a formula, at the characters start ... end of its text."""

    start: int
    end: int


@dataclass(frozen=True)
class Number(Node):
    """A number as written."""

    text: str


@dataclass(frozen=True)
class Name(Node):
    """A letter or word with its scripts; each script keeps its tokens."""

    base: str
    sub: tuple[Tokens, ...] = ()
    sup: tuple[Tokens, ...] = ()
    primes: int = 0


@dataclass(frozen=True)
class Bracket(Node):
    """Something in brackets, with scripts."""

    inner: Node
    shape: str = "("
    sub: tuple[Tokens, ...] = ()
    sup: tuple[Tokens, ...] = ()
    primes: int = 0


@dataclass(frozen=True)
class Sum(Node):
    """± term ± term ...: pairs of a sign and a term."""

    terms: tuple[tuple[int, Node], ...]


@dataclass(frozen=True)
class Product(Node):
    """Factors; `signs` has the sign before each factor but the first."""

    factors: tuple[Node, ...]
    signs: tuple[str, ...]


@dataclass(frozen=True)
class Fraction(Node):
    """above / below."""

    above: Node
    below: Node


@dataclass(frozen=True)
class Call(Node):
    """function(arguments); the function's own scripts stay with it."""

    function: Name
    arguments: tuple[Node, ...]


@dataclass(frozen=True)
class Keyword(Node):
    """An argument by name: axis=0."""

    name: str
    value: str


@dataclass(frozen=True)
class BigSum(Node):
    """Σ body; `below` and `above` are the tokens of its limits."""

    below: Tokens
    above: Tokens
    body: Node
    product: bool = False


@dataclass(frozen=True)
class Derivative(Node):
    """∂of/∂by; `of` is None for the operator ∂/∂by standing alone."""

    of: Node | None
    by: Node
    sup: tuple[Tokens, ...] = ()


@dataclass(frozen=True)
class Differential(Node):
    """du as a name for ∂C/∂u, and ∇u where ∇ stands before a quantity; ∇f(u)."""

    by: Node
    nabla: bool = False


@dataclass(frozen=True)
class Norm(Node):
    """‖inner‖ or |inner|."""

    inner: Node
    double: bool
    sub: tuple[Tokens, ...] = ()
    sup: tuple[Tokens, ...] = ()


@dataclass(frozen=True)
class Rows(Node):
    """Entries in rows.

    `kind` is matrix, array, determinant, cases; list for [a, b] and tuple for (a, b).
    """

    kind: str
    cells: tuple[tuple[Node | Tokens, ...], ...]
    sub: tuple[Tokens, ...] = ()
    sup: tuple[Tokens, ...] = ()


@dataclass(frozen=True)
class Root(Node):
    """√inner."""

    inner: Node


@dataclass(frozen=True)
class Indicator(Node):
    """1{condition}: 1 where it holds, else 0."""

    condition: Tokens


@dataclass(frozen=True)
class Dots(Node):
    """…: something left out."""


@dataclass(frozen=True)
class Run(Node):
    """body at the index `first`, ..., `last`, in this order; the index goes by `step`."""

    first: Tokens
    last: Tokens
    body: Node
    step: int = 1
    elementwise: bool = False
    ends: tuple[Tokens, ...] = ()
    """Of a chain of entries the first row and the last column."""
    doubtful: bool = False
    """Whether more may be left out than is read."""


def children(node: Node) -> Iterator[Node]:
    """The nodes directly inside."""
    for name in _parts_of(type(node)):
        yield from _nodes(getattr(node, name))


#: What `_parts_of` found.
_PARTS: dict[type, tuple[str, ...]] = {}


def _parts_of(kind: type[Node]) -> tuple[str, ...]:
    """The fields that may hold nodes: all but the places."""
    found = _PARTS.get(kind)
    if found is None:
        found = tuple(f.name for f in fields(kind) if f.name not in ("start", "end"))
        _PARTS[kind] = found
    return found


def _nodes(value: object) -> Iterator[Node]:
    if isinstance(value, Node):
        yield value
    elif isinstance(value, tuple):
        for v in value:
            yield from _nodes(v)


def form(node: object) -> object:
    """The node without its place and without the places of its tokens: what is written."""
    if isinstance(node, Token):
        return form(node.parts) if node.kind == "group" else (node.text, form(node.parts))
    if isinstance(node, Node):
        own = (form(getattr(node, name)) for name in _parts_of(type(node)))
        return (type(node).__name__, *own)
    if isinstance(node, tuple):
        return tuple(form(x) for x in node)
    return node


def replaced(node: Node, old: object, new: Node) -> Node:
    """The node with every part of the form `old` replaced by `new`."""
    if form(node) == old:
        return new
    names = [f.name for f in fields(node) if f.name not in ("start", "end")]
    changed = {name: _replaced(getattr(node, name), old, new) for name in names}
    return replace(node, **changed)


def _replaced(value: Any, old: object, new: Node) -> Any:
    if isinstance(value, Node):
        return replaced(value, old, new)
    if isinstance(value, tuple):
        return tuple(_replaced(v, old, new) for v in value)
    return value


def mapped(node: Node, change: Callable[[Tokens], Tokens]) -> Node:
    """The node with each of its scripts changed, and of its parts, in the order of the fields."""
    changed: dict[str, Any] = {}
    for f in fields(node):
        value = getattr(node, f.name)
        if f.name in ("sub", "sup"):
            changed[f.name] = tuple(change(script) for script in value)
        elif f.name not in ("start", "end"):
            changed[f.name] = _mapped(value, change)
    return replace(node, **changed)


def _mapped(value: Any, change: Callable[[Tokens], Tokens]) -> Any:
    if isinstance(value, Node):
        return mapped(value, change)
    if isinstance(value, tuple):
        return tuple(_mapped(v, change) for v in value)
    return value


def walk(node: Node) -> Iterator[Node]:
    """Every node inside and the node itself, outermost first."""
    yield node
    for child in children(node):
        yield from walk(child)
