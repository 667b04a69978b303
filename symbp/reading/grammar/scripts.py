r"""What stands behind an atom and belongs to it: scripts, primes, and their ways of typing.

    W^{(l)T}_{ij}, σ'      as LaTeX has them
    W.T                    a transpose, as programs have it
    g[1](z), a[l-1]        the layer in brackets right behind the letter
    w{ij}, w_i j           an index without its _ or its braces

Only what stands right behind the atom, without a space, is read so.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from symbp.reading.grammar.lexer import Token
from symbp.reading.grammar.signs import SCRIPTS
from symbp.reading.grammar.syntax import Bracket, Name, Norm, Tokens

if TYPE_CHECKING:
    from symbp.reading.grammar.parser import Parser

Scripted = TypeVar("Scripted", Name, Bracket, Norm)

#: What stands in brackets behind a letter and is its layer, not a factor: 2, l, L - 1.
LAYER = re.compile(r"\d+|(?:l|L|\\ell)(?:[-+]\d+)?")
#: Letters that are indices where they stand without braces.
UNITS = {"i", "j", "k"}


def scripted(parser: Parser, node: Scripted) -> Scripted:
    """The node with the scripts and primes that follow."""
    sub, sup, primes = list(node.sub), list(node.sup), 0
    end = node.end
    while True:
        loose = _loose(parser, node, sub)
        if loose is not None:
            side, script = loose
            (sub if side == "_" else sup).append(script)
        elif parser.text() in SCRIPTS:
            mark = parser.take().text
            dashes, rest = (1, ()) if mark == "'" else (0, parser.script())
            if mark == "^":
                dashes, rest = _primes(rest)
            primes += dashes
            if rest:
                (sub if mark == "_" else sup).append(rest)
        else:
            break
        end = parser.end
    changed = replace(node, sub=tuple(sub), sup=tuple(sup), end=end)
    if isinstance(changed, Norm):
        return changed
    return replace(changed, primes=changed.primes + primes)


def _loose(parser: Parser, node: Scripted, sub: Sequence[Tokens]) -> tuple[str, Tokens] | None:
    """A script that is typed without its sign, taken: the side on which it belongs, and it."""
    t, after = parser.peek(), parser.peek(1)
    if t is None:
        return None
    close = t.start == parser.end
    if close and t.text == "." and after and after.text == "T" and after.start == t.end:
        parser.take()
        return "^", (parser.take(),)
    if not isinstance(node, Name):
        return None
    if close and t.text == "[" and (length := _layer(parser)):
        return "^", tuple(parser.take() for _ in range(length))
    if close and t.kind == "group" and not sub and _are_units(parser, t.parts[0]):
        return "_", parser.take().parts[0]
    last = sub[-1] if sub else ()
    continues = len(last) == 1 and last[0].end == parser.end and _are_units(parser, last)
    if continues and _are_units(parser, (t,)) and t.kind == "name":
        return "_", (parser.take(),)
    return None


def _layer(parser: Parser) -> int:
    """How many tokens the brackets take that follow, if a layer stands in them."""
    texts = [parser.text(n) for n in range(5)]
    if "]" not in texts:
        return 0
    close = texts.index("]")
    return close + 1 if LAYER.fullmatch("".join(texts[1:close])) else 0


def _are_units(parser: Parser, tokens: Sequence[Token]) -> bool:
    """Whether tokens are indices of units and can be no factors: i j, 1 2."""
    known = parser.vocabulary.families | parser.vocabulary.functions
    letters = [t.text for t in tokens if t.kind == "name"]
    numbers = [t for t in tokens if t.kind == "number" and t.text.isdigit()]
    whole = len(letters) + len(numbers) == len(tokens)
    return whole and bool(letters) and set(letters) <= UNITS - known


def _primes(script: Tokens) -> tuple[int, Tokens]:
    """How many primes an upper script holds, and the rest of it: '', L', 'L."""
    if all(t.text == "'" for t in script):
        return len(script), ()
    if script[-1].text == "'":
        return 1, script[:-1]
    if script[0].text == "'":
        return 1, script[1:]
    return 0, script
