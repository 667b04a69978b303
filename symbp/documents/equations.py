"""A document's own forward equations, found among its formulas.

What defines a quantity that the post differentiates, or that such a definition needs, is an
equation of its network: z^l = W^l a^{l-1} + b^l. At each place of the post the last definition
before it counts, or the first one after it. δ^l = ∂J/∂z^l is a definition of a name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from symbp.errors import ReadingError, SymbpError
from symbp.reading.declared import Declared
from symbp.reading.lexer import tokens
from symbp.reading.lexicon import Lexicon
from symbp.reading.marks import marks
from symbp.reading.model import FUNCTION_LETTERS, read_models
from symbp.reading.parser import Vocabulary, parse
from symbp.reading.recognise import recognised
from symbp.reading.statements import EQUALITIES, Statement, statements
from symbp.reading.syntax import (
    Bracket,
    Call,
    Derivative,
    Differential,
    Name,
    Node,
    Number,
    Sum,
    form,
    walk,
)

MOST_ATTEMPTS = 12
#: Letters of error terms: what is said of them is a claim, unless it is the definition itself.
ERRORS = (r"\delta", r"\Delta", r"\nabla")
#: Parsing for a first look: names with an argument list are calls.
FIRST_LOOK = Vocabulary(
    functions=frozenset({r"\sigma", r"\phi", r"\psi", "f", "g"}),
    called=frozenset({"J", "C", "L", "E", "h", "H", r"\ell", "loss", "Loss"}),
)


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


@dataclass
class Found:
    """All definitions of a document, and what its claims speak of."""

    definitions: list[Definition] = field(default_factory=list)
    functions: dict[str, str] = field(default_factory=dict)
    wanted: set[str] = field(default_factory=set)
    """Letters in derivatives."""


def search(formulas: Sequence[str]) -> Found:
    """The definitions among formulas; those that cannot be read are passed over."""
    found = Found()
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
    if len(nodes) < 2 or s.continues or s.relations[0] not in EQUALITIES:
        return
    left, right = nodes[:2]
    if left is None or right is None:
        return
    text = f"{_source(latex, s.members[0])} = {_source(latex, s.members[1])}"
    if isinstance(left, Call) and left.function.base in FUNCTION_LETTERS and not (
        left.function.primes or left.function.sup
    ):
        name = recognised(left, right)
        if name is not None:
            found.functions.setdefault(left.function.base, name)
        return
    name = left.function if isinstance(left, Call) else left
    if not isinstance(name, Name) or any(isinstance(n, Number) for n in [right]):
        return
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


def _has_derivative(node: Node) -> bool:
    return any(
        isinstance(n, Derivative | Differential) or (isinstance(n, Name) and n.primes > 0)
        or (isinstance(n, Name) and n.base in ERRORS)
        for n in walk(node)
    )  # fmt: skip


def _is_derivative(node: Node) -> bool:
    """∂f/∂u alone, or its negative."""
    if isinstance(node, Sum) and len(node.terms) == 1:
        node = node.terms[0][1]
    while isinstance(node, Bracket):
        node = node.inner
    return isinstance(node, Derivative) and isinstance(node.of, Name | Call) and isinstance(
        node.by, Name
    )


def _speaks_of_itself(name: Name, right: Node) -> bool:
    """w = w − η ...: an update, not a definition."""
    return any(isinstance(n, Name) and form(n) == form(name) for n in walk(right))


def _source(latex: str, member: Sequence[object]) -> str:
    first, last = member[0], member[-1]
    return latex[first.start : last.end]  # type: ignore[attr-defined]


# -- the network at one place ----------------------------------------------------------------------


class Networks:
    """The lexicons that a document's own equations give, place by place."""

    def __init__(self, formulas: Sequence[str], evidence: Mapping[str, int]) -> None:
        self.found = search(formulas)
        self.evidence = evidence
        self._known: dict[tuple[str, ...], tuple[list[Lexicon], str]] = {}

    def at(self, place: int) -> tuple[list[Lexicon], str]:
        """(lexicons, why there is none) for the formula of that number."""
        chosen = self._chosen(place)
        if not chosen:
            return [], "no equations of a network were found"
        key = tuple(d.text for d in chosen)
        if key not in self._known:
            self._known[key] = self._read(chosen)
        return self._known[key]

    def _chosen(self, place: int) -> list[Definition]:
        """For every name the definition that counts here, as far as the claims need it."""
        latest: dict[object, Definition] = {}
        for d in self.found.definitions:
            known = latest.get(d.key)
            if known is None or (d.place <= place and not (known.derived and not d.derived)):
                latest[d.key] = d
        kept = self._needed(list(latest.values()))
        return self._general(sorted(kept, key=lambda d: d.place))

    def _needed(self, definitions: Sequence[Definition]) -> list[Definition]:
        wanted = set(self.found.wanted)
        kept: list[Definition] = []
        changed = True
        while changed:
            changed = False
            for d in definitions:
                if d in kept or d.left.base not in wanted:
                    if not (d.derived and d not in kept):
                        continue
                kept.append(d)
                wanted |= {n.base for n in walk(d.right) if isinstance(n, Name)}
                changed = True
        return kept

    @staticmethod
    def _general(definitions: Sequence[Definition]) -> list[Definition]:
        """Without a_2^{(2)} = ... where a^l = ... says it for all, and without a second δ^l."""
        letters = {
            d.left.base for d in definitions
            if any(t.kind == "name" for m in (*marks(d.left.sup),) for t in m.tokens)
        }  # fmt: skip
        kept: list[Definition] = []
        for d in definitions:
            above = [m for m in marks(d.left.sup)]
            numbers = bool(above) and all(m.text.isdigit() for m in above)
            plain = isinstance(d.right, Name)
            if d.left.base in letters and numbers and not plain:
                continue
            if d.derived and any(k.derived and k.left.base == d.left.base for k in kept):
                continue
            kept.append(d)
        return kept

    def _read(self, chosen: Sequence[Definition]) -> tuple[list[Lexicon], str]:
        """The network of the definitions; what cannot be read among them is left out."""
        equations = [d for d in chosen if not d.derived]
        defines = [d for d in chosen if d.derived]
        reason = ""
        for _ in range(MOST_ATTEMPTS):
            if not equations:
                break
            given = Declared(
                equations=tuple(d.text for d in equations),
                define=tuple(d.text for d in defines),
                functions=self.found.functions,
            )
            try:
                return read_models(given, self.evidence), ""
            except SymbpError as error:
                reason = str(error)
                equations, defines, changed = _without_culprit(equations, defines, reason)
                if not changed:
                    break
        return [], f"its equations are not understood as a network: {reason}"


def _without_culprit(
    equations: Sequence[Definition], defines: Sequence[Definition], reason: str
) -> tuple[list[Definition], list[Definition], bool]:
    """Both lists without what the message names."""
    for d in (*equations, *defines):
        if f"{d.text}:" in reason:
            return [e for e in equations if e is not d], [e for e in defines if e is not d], True
    for d in reversed(equations):
        if reason.startswith((f"{d.left.base} is", f"equation for {d.left.base}[")):
            return [e for e in equations if e is not d], list(defines), True
    return list(equations), list(defines), False


__all__ = ["Definition", "Found", "Networks", "replace", "search"]
