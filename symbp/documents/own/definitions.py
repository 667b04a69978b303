"""The definitions among a document's formulas: z^l = W^l a^{l-1} + b^l, δ^l = ∂J/∂z^l."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields

from symbp.documents.own.first_look import FIRST_LOOK, LOSS_LETTERS, heads, is_marked, vocabulary
from symbp.errors import ReadingError
from symbp.reading.grammar.lexer import tokens
from symbp.reading.grammar.marks import Mark, marks
from symbp.reading.grammar.parser import FUNCTION_WORDS, Vocabulary, parse
from symbp.reading.grammar.statements import EQUALITIES, INDEX_LETTERS, Statement, statements
from symbp.reading.grammar.syntax import (
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
from symbp.reading.model.source import FUNCTION_LETTERS
from symbp.reading.model.wholes import unbracketed, with_wholes
from symbp.reading.recognise import recognised

#: Letters of error terms: what is said of them is a claim, unless it is the definition itself.
ERRORS = (r"\delta", r"\Delta", r"\nabla")
#: The order of z = w x, which a = σ(z) = σ(w x) implies.
IMPLIED = 99
#: Letters of weights, which have no equations.
GIVEN = {"W", "w", "b", r"\theta", r"\Theta", r"\omega"}
#: Letters of inputs and targets, which have one only where derivatives are of or by them.
OPEN = {"y", "t", "x"}


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
    order: int = 0
    """Which member of its chain the right side is, from 0 on."""

    @property
    def marked(self) -> bool:
        """Whether the name has an index above: a^l."""
        return is_marked(self.left)

    @property
    def marks(self) -> list[Mark]:
        """What stands above and below the name."""
        return [*marks(self.left.sub), *marks(self.left.sup)]

    @property
    def above(self) -> tuple[str, ...]:
        """The marks above the name."""
        return tuple(m.text for m in marks(self.left.sup))

    @property
    def numbers(self) -> tuple[str, ...]:
        """The marks that are plain numbers: z^{(2)} is another quantity than z^{(1)}."""
        return tuple(m.text for m in self.marks if m.text.isdigit())

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
    vocabulary: Vocabulary = FIRST_LOOK
    """How formulas are parsed for a first look."""
    heads: set[str] = field(default_factory=set)
    """Letters that derivatives are of and by."""
    unread: list[tuple[int, str, str]] = field(default_factory=list)
    """(place, letter, text): a right side that cannot be read."""
    numbers: dict[str, str] = field(default_factory=dict)
    """Letters that are set to a number somewhere: x = 1."""
    named: bool = False
    """Whether derivatives are named dW, dz."""
    parts: set[str] = field(default_factory=set)
    """Letters of costs of single steps of which derivatives are taken: E in ∂E_3/∂w."""
    differentiated: dict[str, None] = field(default_factory=dict)
    """Letters of which derivatives are taken and that stand without marks: C in ∂C/∂w."""


def search(formulas: Sequence[str]) -> Found:
    """The definitions among formulas; those that cannot be read are passed over."""
    found = Found(latex=tuple(formulas), vocabulary=vocabulary(formulas))
    for place, latex in enumerate(formulas):
        try:
            all_statements = statements(tokens(latex))
        except ReadingError:
            continue
        for s in all_statements:
            _look_at(found, place, s, latex)
    said = {d.left.base for d in found.definitions if d.order != IMPLIED}
    found.definitions = [
        d
        for d in found.definitions
        if (d.order != IMPLIED or d.left.base not in said)
        and (d.left.base not in OPEN or d.left.base in found.heads or isinstance(d.right, Name))
    ]
    return found


def _look_at(found: Found, place: int, s: Statement, latex: str) -> None:
    nodes = [_parsed(member, found.vocabulary) for member in s.members]
    _note(found, [n for n in nodes if n is not None])
    if s.continues or nodes[0] is None:
        return
    sides = zip(s.members[1:], s.relations, nodes[1:], strict=True)
    rights = [(m, n) for m, relation, n in sides if n is not None and relation in EQUALITIES]
    if len(nodes) > 1 and nodes[1] is None and s.relations[0] in EQUALITIES:
        name = nodes[0].function if isinstance(nodes[0], Call) else nodes[0]
        if isinstance(name, Name) and name.base not in ERRORS:
            found.unread.append((place, name.base, latex.strip()))
    if not rights or nodes[1] is None:
        return
    if _defines_a_function(found, place, nodes[0], nodes[1]):
        return
    for order, (member, right) in enumerate(rights):
        text = f"{_source(latex, s.members[0])} = {_source(latex, member)}"
        one = _definition(found, place, nodes[0], right, text, order)
        if one is None:
            break
        found.definitions.append(one)
        if one.derived:
            break
        if order and isinstance(nodes[1], Name) and not isinstance(right, Name):
            middle = f"{_source(latex, s.members[1])} = {_source(latex, member)}"
            also = _definition(found, place, nodes[1], right, middle, order)
            found.definitions += [also] if also is not None else []
            break
        for name, meant in differing(nodes[1], right):
            implied = f"{latex[name.start : name.end]} = {latex[meant.start : meant.end]}"
            more = _definition(found, place, name, meant, implied, IMPLIED)
            found.definitions += [more] if more is not None else []


def _parsed(member: Tokens, known: Vocabulary) -> Node | None:
    try:
        return parse(member, known)
    except ReadingError:
        return None


def _note(found: Found, nodes: Sequence[Node]) -> None:
    """What the derivatives and sums of a statement say of its letters."""
    for node in nodes:
        found.heads |= set(heads(node))
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
        found.parts |= {
            n.of.base
            for n in walk(node)
            if isinstance(n, Derivative)
            and isinstance(n.of, Name)
            and n.of.base in LOSS_LETTERS
            and (n.of.sub or n.of.sup)
        }


def _defines_a_function(found: Found, place: int, left: Node, right: Node) -> bool:
    """σ(z) = 1/(1 + e^{-z})"""
    if (
        isinstance(left, Call)
        and left.function.base in FUNCTION_LETTERS
        and not (left.function.primes or left.function.sup)
    ):
        row = recognised(left, right)
        if row is not None and row != "identity":
            found.functions.append((place, left.function.base, row))
        return True
    return False


def _definition(
    found: Found, place: int, left: Node, right: Node, text: str, order: int
) -> Definition | None:
    """left = right as a definition, if it can be one."""
    if isinstance(unbracketed(right), Rows):
        return None  # x = (x_1, x_2)ᵀ says what its entries are called
    left, right = (unbracketed(with_wholes(n, {})) for n in (left, right))
    name = left.function if isinstance(left, Call) else left
    is_number = isinstance(right, Number) or (
        isinstance(right, Sum) and all(isinstance(n, Number) for _, n in right.terms)
    )
    if isinstance(name, Name) and is_number and not (name.sub or name.sup):
        found.numbers[name.base] = text
    if not isinstance(name, Name) or is_number:
        return None
    if any(isinstance(n, Dots) for n in walk(right)) or (
        not name.sub and not name.sup and name.base in INDEX_LETTERS and isinstance(right, Name)
    ):
        return None  # what is left out; i = j
    if name.primes and name.base in FIRST_LOOK.functions:
        return None  # σ'(z) = ... says what a derivative is
    if name.base in FUNCTION_WORDS:
        return None  # log(e^x) = x
    if name.base in GIVEN | OPEN and isinstance(right, Name) and right.base not in "xX":
        return None
    if name.base in GIVEN and not isinstance(right, Name):
        return None
    if name.base in OPEN and any(isinstance(n, Name) and n.base == name.base for n in walk(right)):
        return None  # x_{t+1} = x_t − ...: an update
    try:
        tokens(text)
    except ReadingError:
        return None  # a part of what is malformed
    derived = _is_derivative(right)
    if not derived and (
        name.base in ERRORS or _has_derivative(right) or _speaks_of_itself(name, right)
    ):
        return None
    if isinstance(left, Call) and (letter := _sample_of(left)):
        return _for_every_sample(found, place, text, letter, order)
    return Definition(place, form(name), name, right, text, derived, order)


def _sample_of(left: Call) -> str:
    """The i of h(x^{(i)}) = ..., if all arguments are of that sample."""
    letters = {
        m.text if m.bracket == "(" and m.text.isalpha() else ""
        for a in left.arguments
        for m in (marks(a.sup) if isinstance(a, Name) else ()) or [Mark(())]
    }
    return letters.pop() if len(letters) == 1 else ""


def _for_every_sample(
    found: Found, place: int, text: str, letter: str, order: int
) -> Definition | None:
    """h(x) = ... for h(x^{(i)}) = ..., which says the same."""
    mark = rf"\^\s*\{{?\s*(?:\\left)?\(\s*{re.escape(letter)}\s*(?:\\right)?\)\s*\}}?"
    (whole, *_) = statements(tokens(re.sub(mark, "", text)))
    left, right = (_parsed(m, found.vocabulary) for m in whole.members[:2])
    if left is None or right is None:
        return None
    plain = re.sub(mark, "", text)
    return _definition(found, place, left, right, plain, order)


def differing(first: object, second: object) -> list[tuple[Name, Node]]:
    r"""Where two sides differ, if that is names and what they stand for: \sigma(z), \sigma(w x)."""
    found = list(_differences(first, second))
    names = [(a, b) for a, b in found if isinstance(a, Name) and not isinstance(b, Name)]
    return [(a, b) for a, b in names if isinstance(b, Node)] if len(names) == len(found) else []


def _differences(first: object, second: object) -> Iterator[tuple[object, object]]:
    if type(first) is type(second):
        if isinstance(first, Node) and form(first) == form(second):
            return
        if isinstance(first, tuple) and len(first) == len(second):  # type: ignore[arg-type]
            for a, b in zip(first, second, strict=True):  # type: ignore[call-overload]
                yield from _differences(a, b)
            return
        if isinstance(first, Node) and not isinstance(first, Name):
            for f in fields(first):
                if f.name not in ("start", "end"):
                    yield from _differences(getattr(first, f.name), getattr(second, f.name))
            return
    if first != second:
        yield first, second


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
