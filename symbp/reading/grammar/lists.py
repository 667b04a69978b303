r"""Lists in brackets: entries between commas, rows between semicolons, [a_1 a_2 \ldots a_n]."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from symbp.reading.grammar.lexer import Token
from symbp.reading.grammar.signs import CLOSING, PRODUCT_SIGNS


def parted(tokens: Sequence[Token], ends: Callable[[Token], bool]) -> list[list[Token]]:
    """Parts between some tokens outside of brackets."""
    parts: list[list[Token]] = [[]]
    depth = 0
    for t in tokens:
        depth += (t.text in CLOSING) - (t.text in CLOSING.values())
        if depth == 0 and ends(t):
            parts.append([])
        else:
            parts[-1].append(t)
    return parts


def lines(inner: Sequence[Token]) -> list[list[list[Token]]]:
    """The entries in square brackets: between commas or wide spaces, rows between semicolons.

    Entries side by side before dots are as long as the last: [a_1 a_2 … a_n].
    """

    def between(t: Token) -> bool:
        return t.text == "," or (t.kind == "text" and not t.text)

    rows = parted(inner, lambda t: t.text == ";")
    found = [[p for p in parted(line, between) if p] for line in rows]
    if len(found) == len(found[0]) == 1:
        found = [_side_by_side(inner)]
    return [line for line in found if line]


def _side_by_side(inner: Sequence[Token]) -> list[list[Token]]:
    """a_1 a_2 … a_n as its entries, each with as many tokens as the last."""
    places = [n for n, t in enumerate(inner) if t.text == r"\ldots"]
    whole = list(inner)
    if len(places) != 1 or not 0 < places[0] < len(inner) - 1:
        return [whole]
    dots, last = places[0], whole[places[0] + 1 :]
    operators = {"+", "-", *PRODUCT_SIGNS}
    if dots % len(last) or {whole[dots - 1].text, last[0].text} & operators:
        return [whole]
    starts = range(0, dots, len(last))
    return [*(whole[n : n + len(last)] for n in starts), [whole[dots]], last]
