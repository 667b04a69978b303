"""What begins a factor: numbers, names, braces, brackets, norms, sums, roots and rows.

`BEGINNINGS` has one function for each sign and for each kind of token. It gets the token, already
taken, and reads on from there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from symbp.errors import ReadingError
from symbp.reading.grammar.lexer import Token
from symbp.reading.grammar.lists import lines, parted
from symbp.reading.grammar.quotients import (
    by_commas,
    differential,
    frac,
    is_d,
    is_differential,
    is_name,
    nabla,
    over,
    partial,
    unwrapped,
)
from symbp.reading.grammar.signs import CLOSING, COMPARISONS, SCRIPTS
from symbp.reading.grammar.syntax import (
    BigSum,
    Bracket,
    Call,
    Dots,
    Indicator,
    Name,
    Node,
    Norm,
    Number,
    Root,
    Rows,
    Sum,
    Tokens,
)

if TYPE_CHECKING:
    from symbp.reading.grammar.parser import Parser


#: Letters of indicators where a comparison follows.
INDICATORS = {r"\mathbf{1}", "I", r"\chi"}


# -- numbers and names -------------------------------------------------------------------------


def _number(parser: Parser, t: Token) -> Node:
    """A number; 1{i = j} and 1(z > 0) are 1 where the condition holds, else 0."""
    if t.text == "1" and (parser.text() == r"\{" or _compares(parser)):
        return _indicator(parser, t)
    return parser.scripted_any(Number(t.start, t.end, t.text))


def _compares(parser: Parser) -> bool:
    """Whether a comparison follows, in brackets or in a lower script: (z > 0), _{i = j}."""
    opening, script = parser.peek(), parser.peek(1)
    if opening is None or script is None:
        return False
    if opening.text == "_":
        return any(a.text in COMPARISONS for a in _bare(script))
    if opening.text not in ("(", "[", r"\{"):
        return False
    depth = 0
    for a in parser.tokens[parser.place :]:
        depth += (a.text == opening.text) - (a.text == CLOSING[opening.text])
        if depth == 0:
            return False
        if depth == 1 and a.text in COMPARISONS:
            return True
    return False


def _indicator(parser: Parser, t: Token) -> Node:
    r"""\mathbb{1}(z > 0), \mathbb{1}_{z > 0}."""
    opened = parser.take()
    condition = _bare(parser.take()) if opened.text == "_" else tuple(parser.until(opened))
    braces = [x.text for x in (*condition[:1], *condition[-1:])] == [r"\{", r"\}"]
    return Indicator(t.start, parser.end, condition[1:-1] if braces else condition)


def _word(parser: Parser, t: Token) -> Node:
    """A word; np. before a function says nothing."""
    if t.text == "np" and parser.text() == ".":
        parser.take()
        return replace(parser.factor(), start=t.start)
    return _name(parser, t)


def _name(parser: Parser, t: Token) -> Node:
    """A name with its scripts and arguments; also du, e^x and an indicator."""
    families = parser.vocabulary.families
    following = parser.peek()
    if is_d(parser, t) and following is not None and is_name(following):
        return differential(parser, t)
    if t.text == "e" and parser.text() == "^" and "e" not in families:
        parser.take()
        power = parser.inside(_bare(parser.take()), t)
        return Call(t.start, parser.end, Name(t.start, t.end, "exp"), (power,))
    if t.text == r"\mathbb{1}" and parser.text() in ("(", "[", r"\{", "_"):
        return _indicator(parser, t)
    if t.text in INDICATORS and t.text not in families and _compares(parser):
        return _indicator(parser, t)
    return parser.call(parser.scripted(Name(t.start, t.end, t.text)))


def _bare(t: Token) -> Tokens:
    """What is in the braces, or the token itself."""
    return t.parts[0] if t.kind == "group" else (t,)


# -- groups ------------------------------------------------------------------------------------


def _group(parser: Parser, t: Token) -> Node:
    r"""What is in braces; {\partial f} / {\partial u} and {dz}^l are read through them."""
    inner = t.parts[0]
    if not inner:
        raise ReadingError("empty braces where an expression is needed", t.start)
    if inner[0].text == r"\partial" and parser.text() == "/" and parser.peek(1) is not None:
        of = parser.parse(parser.joined(inner[1:])) if inner[1:] else None
        parser.take()
        return over(parser, t, of)
    if is_differential(parser, inner):  # {dz}^{[l]}: the scripts belong to z
        parser.put_back(parser.joined(inner[1:]))
        return differential(parser, t)
    inner = tuple(parser.joined(inner))
    if len(inner) == 1 and inner[0].kind in ("name", "word", "group"):
        parser.put_back(inner)
        return replace(parser.factor(), start=t.start)
    inner = _without_braces_of_base(inner)
    if _looks_like_name(inner):
        node = parser.parse(inner)
        if isinstance(node, Name):  # {w_{ij}}^l: one name with all its scripts
            return parser.call(parser.scripted(replace(node, start=t.start, end=t.end)))
    return parser.scripted(Bracket(t.start, t.end, parser.inside(inner, t), "{"))


def _without_braces_of_base(inner: Tokens) -> Tokens:
    """{w}_{ij} as w_{ij}."""
    base = unwrapped(inner[:1])
    return (*base, *inner[1:]) if len(base) == 1 and _has_script(inner) else inner


def _looks_like_name(inner: Tokens) -> bool:
    """Whether the tokens are a name with scripts."""
    return (
        inner[0].kind in ("name", "word")
        and _has_script(inner)
        and all(x.kind in ("name", "word", "group") or x.text in SCRIPTS for x in inner)
    )


def _has_script(tokens: Sequence[Token]) -> bool:
    return len(tokens) > 1 and tokens[1].text in SCRIPTS


# -- brackets, norms, sums, roots and rows -----------------------------------------------------


def _bracket(parser: Parser, t: Token) -> Node:
    """(x), [x] or {x}; [i = j] is an indicator and (x, y) a row."""
    inner = parser.until(t)
    end = parser.end
    if not inner:
        raise ReadingError(f"nothing between {t.text} and {CLOSING[t.text]}", t.start)
    if t.text == "[" and any(x.text in COMPARISONS for x in inner):
        return Indicator(t.start, end, tuple(inner))
    kind = {"[": "list", "(": "tuple"}.get(t.text, "set")
    found = lines(inner) if kind == "list" else [by_commas(inner)]
    if len(found) > 1 or len(found[0]) > 1:
        cells = tuple(tuple(parser.parse(p) for p in line if p) for line in found)
        kind = kind if len(found) == 1 else "matrix"
        return _scripted_rows(parser, Rows(t.start, end, kind, cells))
    return parser.scripted(Bracket(t.start, end, parser.parse(inner), t.text))


def _norm(parser: Parser, t: Token) -> Node:
    """‖x‖ or |x|."""
    inner: list[Token] = []
    while parser.peek() is not None and parser.text() != t.text:
        inner.append(parser.take())
    closing = parser.take()
    return parser.scripted(Norm(t.start, closing.end, parser.parse(inner), t.text == r"\|"))


def _big(parser: Parser, t: Token) -> Node:
    """Σ or Π with its limits, over the product that follows."""
    limits: dict[str, Tokens] = {}
    while parser.text() in ("^", "_"):
        mark = parser.take().text
        limits[mark] = parser.script()
    minus = parser.text() == "-"
    if minus:
        parser.take()
    body = parser.product()
    if minus:
        body = Sum(body.start, body.end, ((-1, body),))
    below, above = limits.get("_", ()), limits.get("^", ())
    return BigSum(t.start, body.end, below, above, body, t.text == r"\prod")


def _sqrt(parser: Parser, t: Token) -> Node:
    if len(t.parts) > 1:
        raise ReadingError("roots other than square ones are not read yet", t.start)
    return parser.scripted_any(Root(t.start, t.end, parser.inside(t.parts[0], t)))


def _dots(parser: Parser, t: Token) -> Node:
    return Dots(t.start, t.end)


def _rows(parser: Parser, t: Token) -> Node:
    """A matrix or cases; all but the first entry of a row of cases are conditions."""
    kind, widths = t.text.split(":")
    cells = iter(t.parts)
    rows: list[tuple[Node | Tokens, ...]] = []
    for width in filter(None, widths.split(",")):
        row = list(islice(cells, int(width)))
        values = row[:1] if kind == "cases" else row
        read = [_cell(parser, cell, kind) if cell else cell for cell in values]
        rows.append((*read, *row[len(values) :]))
    return _scripted_rows(parser, Rows(t.start, t.end, kind, tuple(rows)))


def _cell(parser: Parser, cell: Tokens, kind: str) -> Node:
    """An entry; in cases written without &, the condition follows a comma or a full stop."""
    parts = by_commas(cell)
    if len(parts) == 1 and any(x.text in COMPARISONS for x in cell):
        parts = parted(cell, lambda t: t.text == ".")
    if kind == "cases" and len(parts) > 1:
        value = parser.parse(parts[0])
        return Rows(value.start, cell[-1].end, "case", ((value, tuple(parts[1])),))
    return parser.parse(cell)


def _scripted_rows(parser: Parser, rows: Rows) -> Rows:
    """Rows with their scripts."""
    scripts: dict[str, list[Tokens]] = {"^": [], "_": []}
    while parser.text() in scripts:
        mark = parser.take().text
        scripts[mark].append(parser.script())
    return replace(rows, sub=tuple(scripts["_"]), sup=tuple(scripts["^"]))


#: How a factor is read, by the sign that begins it or by the kind of token.
BEGINNINGS: dict[str, Callable[[Parser, Token], Node]] = {
    "number": _number,
    "name": _name,
    "word": _word,
    "group": _group,
    "frac": frac,
    "sqrt": _sqrt,
    "rows": _rows,
    "(": _bracket,
    "[": _bracket,
    r"\{": _bracket,
    "|": _norm,
    r"\|": _norm,
    r"\sum": _big,
    r"\prod": _big,
    r"\partial": partial,
    r"\nabla": nabla,
    r"\ldots": _dots,
}
