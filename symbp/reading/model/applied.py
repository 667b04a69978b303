r"""Which letters are functions: those that stand before an opening bracket.

\sigma(z), g^{[l]}(z)      the functions σ and g
\sigma_h(z), f_1(z)        functions of their own, which are called so
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from symbp.functions import TABLE, Row, unspecified
from symbp.reading.grammar.lexer import Token, tokens
from symbp.reading.grammar.marks import marks
from symbp.reading.grammar.scripts import UNITS
from symbp.reading.grammar.syntax import Call, Name, Node
from symbp.reading.model.families import LAYERS, TIMES


def applied_and_bare(lines: Iterable[str]) -> tuple[set[str], set[str]]:
    """The signs that stand before an opening bracket anywhere, and those that stand elsewhere."""
    used: set[str] = set()
    bare: set[str] = set()
    for row in (part for line in lines for part in parts(tokens(line))):
        for place, t in enumerate(row):
            (used if _behind(row[place + 1 :]) == "(" else bare).add(t.text)
    return used, bare


def parts(row: Sequence[Token]) -> Iterator[Sequence[Token]]:
    """The tokens, and those of every group, fraction and root in them."""
    yield row
    for t in row:
        for part in t.parts:
            yield from parts(part)


def _behind(row: Sequence[Token]) -> str:
    r"""What follows a letter behind its primes, its layer and what is part of its name.

    So is the ( of g^l(z), \sigma_h(z), f_{1}(z); not that of \sigma^2 (x), \sigma_i (x).
    """
    place = 0
    while place < len(row) and row[place].text in ("'", "^", "_"):
        sign = row[place].text
        script = row[place + 1].text if sign != "'" and place + 1 < len(row) else ""
        if script.isdigit() if sign == "^" else script in UNITS:
            return script
        place += 1 if sign == "'" else 2
    return row[place].text if place < len(row) else ""


def _own_name(function: Name) -> str:
    r"""The name of a function with what stands below it, where that is no index: \sigma_g."""
    below = [m.text for m in marks(function.sub)]
    if len(below) != 1 or below[0] in UNITS | LAYERS | TIMES:
        return function.base
    return f"{function.base}_{below[0]}"


def marked_functions(nodes: Iterable[Node], rows: Mapping[str, Row]) -> Iterator[tuple[str, Row]]:
    """Functions that are told apart by what stands below them, with a row for each."""
    for n in nodes:
        if not isinstance(n, Call) or n.function.base not in rows:
            continue
        name, row = _own_name(n.function), rows[n.function.base]
        if name == n.function.base or name in rows:
            continue
        letter, _, below = name.partition("_")
        told = row.specified and row.name in TABLE
        yield name, row if told else unspecified(name.lstrip("\\"), f"{letter}_{{{below}}}")
