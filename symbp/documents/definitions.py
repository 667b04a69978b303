"""The definitions among a document's formulas: z^l = W^l a^{l-1} + b^l, δ^l = ∂J/∂z^l."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from symbp.errors import ReadingError
from symbp.reading.lexer import tokens
from symbp.reading.marks import marks
from symbp.reading.model.source import FUNCTION_LETTERS
from symbp.reading.parser import Vocabulary, parse
from symbp.reading.recognise import recognised
from symbp.reading.statements import EQUALITIES, INDEX_LETTERS, Statement, statements
from symbp.reading.syntax import (
    BigSum,
    Bracket,
    Call,
    Derivative,
    Differential,
    Dots,
    Name,
    Node,
    Number,
    Rows,
    Sum,
    Tokens,
    form,
    walk,
)

#: Letters of error terms: what is said of them is a claim, unless it is the definition itself.
ERRORS = (r"\delta", r"\Delta", r"\nabla")
#: Parsing for a first look: names with an argument list are calls.
FIRST_LOOK = Vocabulary(
    functions=frozenset({r"\sigma", r"\phi", r"\psi", "f", "g"}),
    called=frozenset({"J", "C", "L", "E", "h", "H", r"\ell", "loss", "Loss"}),
)


Marked = tuple[str, bool]
"""A letter, and whether it has an index above."""
#: Letters of what is given: weights, inputs and targets have no equations.
GIVEN = {"W", "w", "b", r"\theta", r"\Theta", r"\omega", "y", "t", "x"}


def is_marked(n: Name) -> bool:
    """Whether a name has an index above; a transpose and a power are none."""
    found = [m for m in marks(n.sup) if not m.is_transpose]
    return any(m.bracket or not (m.text.isdigit() and int(m.text) == 2) for m in found)


def marked_names(node: Node) -> Iterator[Marked]:
    """The names of an expression."""
    for n in walk(node):
        if isinstance(n, Name):
            yield n.base + "'" * n.primes, is_marked(n)


def named_in(members: Sequence[Tokens]) -> list[Marked]:
    """The names of a statement, as far as it can be read; and the cost that δ and dW speak of."""
    found: dict[Marked, None] = {}
    for member in members:
        with suppress(ReadingError):
            node = parse(member, FIRST_LOOK)
            found |= dict.fromkeys(marked_names(node))
            if any(isinstance(n, Differential) for n in walk(node)):
                found |= dict.fromkeys((c, False) for c in ("J", "L", "C", "E"))
    return list(found)


@dataclass(frozen=True)
class Definition:
    """name = right, at a place of the document (the number of its formula)."""

    place: int
    key: object
    """The name with its marks: what a later definition of the same replaces."""
    left: Name
    right: Node
    text: str
    derived: bool
    """Whether the right side is a derivative: δ = ∂C/∂z."""

    @property
    def marked(self) -> bool:
        """Whether the name has an index above: a^l."""
        return is_marked(self.left)

    @property
    def kind(self) -> str:
        """Of which layers or times it speaks: letter, last, number, sample, all."""
        texts = [t for m in (*marks(self.left.sup), *marks(self.left.sub)) for t in m.tokens]
        above = marks(self.left.sup)
        if len(above) > 1:
            return "sample"
        letters = [t.text for m in above for t in m.tokens if t.kind == "name"]
        if above and above[0].bracket and letters and letters[0] not in ("L", "N", "T"):
            return "letter"
        if any(t.text in ("l", r"\ell", "t", r"\tau") for t in texts):
            return "letter"
        if any(t.text in ("L", "N", "T") for m in above for t in m.tokens):
            return "last"
        return "number" if above and above[0].text.isdigit() else "all"


@dataclass
class Found:
    """All definitions of a document, and what its claims speak of."""

    definitions: list[Definition] = field(default_factory=list)
    functions: list[tuple[int, str, str]] = field(default_factory=list)
    """(place, letter, row of the table): σ(z) = 1/(1 + e^{-z}) stands there."""
    latex: Sequence[str] = ()
    """The formulas."""
    samples: str = ""
    """The letter of sums over all samples: Σ_x."""
    wanted: set[str] = field(default_factory=set)
    """Letters in derivatives."""
    named: bool = False
    """Whether derivatives are named dW, dz."""
    differentiated: dict[str, None] = field(default_factory=dict)
    """Letters of which derivatives are taken and that stand without marks: C in ∂C/∂w."""


def search(formulas: Sequence[str]) -> Found:
    """The definitions among formulas; those that cannot be read are passed over."""
    found = Found(latex=tuple(formulas))
    for place, latex in enumerate(formulas):
        try:
            all_statements = statements(tokens(latex))
        except ReadingError:
            continue
        for s in all_statements:
            _look_at(found, place, s, latex)
    return found


def _look_at(found: Found, place: int, s: Statement, latex: str) -> None:
    nodes: list[Node | None] = []
    for member in s.members:
        try:
            nodes.append(parse(member, FIRST_LOOK))
        except ReadingError:
            nodes.append(None)
    for node in nodes:
        if node is not None:
            found.wanted |= set(_differentiated(node))
            found.samples = found.samples or next(
                (
                    n.below[0].text
                    for n in walk(node)
                    if isinstance(n, BigSum) and [t.text for t in n.below] == ["x"]
                ),
                "",
            )
            found.named = found.named or any(isinstance(n, Differential) for n in walk(node))
            found.differentiated |= dict.fromkeys(_costs(node))
    if len(nodes) < 2 or s.continues or s.relations[0] not in EQUALITIES:
        return
    left, right = nodes[:2]
    if left is None or right is None:
        return
    text = f"{_source(latex, s.members[0])} = {_source(latex, s.members[1])}"
    if (
        isinstance(left, Call)
        and left.function.base in FUNCTION_LETTERS
        and not (left.function.primes or left.function.sup)
    ):
        row = recognised(left, right)
        if row is not None and row != "identity":
            found.functions.append((place, left.function.base, row))
        return
    name = left.function if isinstance(left, Call) else left
    if not isinstance(name, Name) or isinstance(right, Number):
        return
    if any(isinstance(n, Rows | Dots) for n in walk(right)) or (
        not name.sub and not name.sup and name.base in INDEX_LETTERS and isinstance(right, Name)
    ):
        return  # a matrix written out; i = j
    if name.primes and name.base in FIRST_LOOK.functions:
        return  # σ'(z) = ... says what a derivative is
    if name.base in GIVEN and not (isinstance(right, Name) and right.base in "xX"):
        return
    try:
        tokens(text)
    except ReadingError:
        return  # a part of what is malformed
    derived = _is_derivative(right)
    if not derived and (
        name.base in ERRORS or _has_derivative(right) or _speaks_of_itself(name, right)
    ):
        return
    found.definitions.append(Definition(place, form(name), name, right, text, derived))


def _differentiated(node: Node) -> Iterator[str]:
    """The letters that derivatives are of and by."""
    for n in walk(node):
        if isinstance(n, Derivative | Differential):
            for inner in walk(n):
                if isinstance(inner, Name):
                    yield inner.base


def _costs(node: Node) -> Iterator[str]:
    """The letters of which derivatives are taken and that stand without marks."""
    for n in walk(node):
        if isinstance(n, Derivative) and n.of is not None:
            of = n.of.function if isinstance(n.of, Call) else n.of
            if isinstance(of, Name) and not of.sub and not of.sup and not of.primes:
                yield of.base


def _has_derivative(node: Node) -> bool:
    return any(
        isinstance(n, Derivative | Differential)
        or (isinstance(n, Name) and n.primes > 0)
        or (isinstance(n, Name) and n.base in ERRORS)
        for n in walk(node)
    )


def _is_derivative(node: Node) -> bool:
    """∂f/∂u alone, or its negative."""
    if isinstance(node, Sum) and len(node.terms) == 1:
        node = node.terms[0][1]
    while isinstance(node, Bracket):
        node = node.inner
    return (
        isinstance(node, Derivative)
        and isinstance(node.of, Name | Call)
        and isinstance(node.by, Name)
    )


def _speaks_of_itself(name: Name, right: Node) -> bool:
    """w = w − η ...: an update, not a definition."""
    return any(isinstance(n, Name) and form(n) == form(name) for n in walk(right))


def _source(latex: str, member: Sequence[object]) -> str:
    first, last = member[0], member[-1]
    return latex[first.start : last.end]  # type: ignore[attr-defined]
