r"""Scripts as marks: what stands above and below a letter, item by item.

W^{[l]T}_{ij}     above: [l], T    below: i j
a^{(i, l)}        above: (i), (l)
h_{t-1}           below: t − 1
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import sympy as sp
from sympy import Expr

from symbp.errors import ReadingError
from symbp.reading.grammar.lexer import Token
from symbp.reading.grammar.syntax import Name, Tokens

TRANSPOSES = {"T", r"\top", "t'"}
PAIRS = {"(": ")", "[": "]", "<": ">", r"\{": r"\}"}


@dataclass(frozen=True)
class Mark:
    """One item of a script: its tokens without the brackets around them."""

    tokens: Tokens
    bracket: str = ""

    @property
    def text(self) -> str:
        """The item as text: l-1, hh, next."""
        return text_of(self.tokens)

    @property
    def written(self) -> str:
        """The item with its brackets: (l)."""
        return self.bracket + self.text + PAIRS.get(self.bracket, "")

    @property
    def is_transpose(self) -> bool:
        """Whether it can be the sign of a transpose."""
        return not self.bracket and len(self.tokens) == 1 and self.tokens[0].text in TRANSPOSES


def text_of(tokens: Sequence[Token]) -> str:
    """Tokens as plain text, groups opened: n_l, l+1."""
    return "".join(text_of(t.parts[0]) if t.kind == "group" else t.text for t in tokens)


def marks(scripts: Sequence[Tokens]) -> list[Mark]:
    """The items of all scripts on one side of a letter."""
    return [m for script in scripts for m in _items(script)]


def text_of_name(node: Name) -> str:
    """A name for a message: W_{ij}^l."""
    text = node.base + "'" * node.primes
    for sign, scripts in (("_", node.sub), ("^", node.sup)):
        inner = ",".join(m.text for m in marks(scripts))
        text += f"{sign}{{{inner}}}" if len(inner) > 1 else sign + inner if inner else ""
    return text


def scripts_of(node: Name) -> str:
    """What stands below and above a name: _{ij}^l."""
    return text_of_name(replace(node, base="", primes=0))


def _items(script: Tokens) -> Iterator[Mark]:
    tokens = list(script)
    while len(tokens) == 1 and tokens[0].kind == "group":
        tokens = list(tokens[0].parts[0])
    run: list[Token] = []
    place = 0
    while place < len(tokens):
        t = tokens[place]
        if t.text in PAIRS and run and run[-1].text not in ("+", "-", "=", ",", "_", "^"):
            yield Mark(tuple(run))  # n(i): the layer and the sample
            run = []
        if t.text in PAIRS and not run:
            end = _closing(tokens, place)
            for part in _commas(tokens[place + 1 : end]):
                yield Mark(tuple(part), t.text)
            place = end + 1
            continue
        if t.text in (",", ";"):
            if run:
                yield Mark(tuple(run))
            run = []
        elif t.kind != "text" or t.text:
            run.append(t)
        place += 1
    if run:
        yield Mark(tuple(run))


def _closing(tokens: Sequence[Token], place: int) -> int:
    """Where the bracket at a place closes."""
    opening = tokens[place].text
    depth = 0
    for i in range(place, len(tokens)):
        depth += (tokens[i].text == opening) - (tokens[i].text == PAIRS[opening])
        if depth == 0:
            return i
    return len(tokens)


def _commas(tokens: Sequence[Token]) -> list[list[Token]]:
    parts: list[list[Token]] = [[]]
    for t in tokens:
        if t.text in (",", ";"):
            parts.append([])
        else:
            parts[-1].append(t)
    return [p for p in parts if p]


def split_run(mark: Mark) -> list[Mark]:
    """The single signs of a run: jk as j and k, 11 as 1 and 1; [mark] where it is no run."""
    if mark.bracket or any(t.text in ("+", "-", "=", "_", "^") for t in mark.tokens):
        return [mark]
    parts: list[Mark] = []
    for t in mark.tokens:
        if t.kind == "number" and t.text.isdigit():
            parts += [
                Mark((Token("number", d, t.start + i, t.start + i + 1),))
                for i, d in enumerate(t.text)
            ]
        elif t.kind == "word":
            return [mark]
        else:
            parts.append(Mark((t,)))
    return parts


def index_expression(tokens: Sequence[Token], lookup: Callable[[str], Expr | None]) -> Expr:
    """l + 1, L − 1, T − i + 1 as an expression; names by `lookup`.

    Raises `ReadingError` where a name is unknown or the text is no index.
    """
    total, sign = sp.S.Zero, 1
    run: list[Token] = []
    for t in [*tokens, None]:
        if t is not None and t.text not in ("+", "-"):
            run.append(t)
            continue
        if run:
            total += sign * _term(run, lookup)
        elif t is not None and t.text == "+":
            raise ReadingError(f"{text_of(tokens)!r} is no index", t.start)
        sign = -1 if t is not None and t.text == "-" else 1
        run = []
    return total


def _term(run: Sequence[Token], lookup: Callable[[str], Expr | None]) -> Expr:
    if len(run) == 1 and run[0].kind == "number" and run[0].text.isdigit():
        return sp.Integer(int(run[0].text))
    if len(run) == 1 and run[0].kind == "group":
        return index_expression(run[0].parts[0], lookup)
    if run[0].text == "(" and run[-1].text == ")":
        return index_expression(run[1:-1], lookup)
    if len(run) > 1 and run[0].kind == "number" and run[0].text.isdigit():
        return int(run[0].text) * _term(run[1:], lookup)  # 2i
    text = text_of(run)
    found = lookup(text)
    if found is None:
        raise ReadingError(f"the index {text} is unknown", run[0].start)
    return found
