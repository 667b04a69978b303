"""Formulas before their network is known: how they are parsed, and which names they speak of."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace

from symbp.errors import ReadingError
from symbp.reading.grammar.marks import marks
from symbp.reading.grammar.parser import FUNCTION_WORDS, Vocabulary, parse
from symbp.reading.grammar.syntax import Call, Derivative, Differential, Name, Node, Tokens, walk

#: Letters and words of costs.
LOSS_LETTERS = {"J", "C", "L", "E", "Loss", "loss", r"\ell", "cost", "Cost", "CE", "MSE"}
#: Names with an argument list are calls.
FIRST_LOOK = Vocabulary(
    functions=frozenset({r"\sigma", r"\phi", r"\psi", "f", "g"}),
    called=frozenset({"J", "C", "L", "E", "h", "H", r"\ell", "loss", "Loss"}),
)
Marked = tuple[str, bool]
"""A letter, and whether it has an index above."""
#: ∂net, ∇_w Loss; and net_j = ..., where a line begins.
_IN_DERIVATIVES = re.compile(
    r"\\(?:partial|nabla(?:\s*_\s*(?:\{(?:[^{}]|\{[^{}]*\})*\}|\w))?)\s*\{?\s*([A-Za-z]{2,})"
)
_ON_THE_LEFT = re.compile(r"(?:\A|\\\\|&)\s*\{?\s*([A-Za-z]{3,})\s*\}?\s*(?:[_^(]|=)")


def vocabulary(formulas: Sequence[str]) -> Vocabulary:
    r"""With the words that are one name: \partial Loss, net_j = ...

    >>> sorted(vocabulary([r"net_j = x", r"\frac{\partial Loss}{\partial w x}"]).words)
    ['Loss', 'net']
    """
    found = Counter(w for f in formulas for w in _IN_DERIVATIVES.findall(f))
    words = {w for w in found if len(w) > 2 or w in LOSS_LETTERS}
    words |= {w for f in formulas for w in _ON_THE_LEFT.findall(f)}
    words -= FUNCTION_WORDS
    called = FIRST_LOOK.called | (words & LOSS_LETTERS)
    return replace(FIRST_LOOK, words=frozenset(words), called=called)


def is_marked(n: Name) -> bool:
    """Whether a name has an index above; a transpose and a power are none."""
    found = [m for m in marks(n.sup) if not m.is_transpose]
    return any(m.bracket or not (m.text.isdigit() and int(m.text) == 2) for m in found)


def marked_names(node: Node) -> Iterator[Marked]:
    """The names of an expression."""
    for n in walk(node):
        if isinstance(n, Name):
            yield n.base + "'" * n.primes, is_marked(n)


def named_in(members: Sequence[Tokens], known: Vocabulary = FIRST_LOOK) -> list[Marked]:
    """The names of a statement, as far as it can be read; and the cost that δ and dW speak of."""
    found: dict[Marked, None] = {}
    for member in members:
        with suppress(ReadingError):
            node = parse(member, known)
            found |= dict.fromkeys(marked_names(node))
            if any(isinstance(n, Differential) for n in walk(node)):
                found |= dict.fromkeys((c, False) for c in ("J", "L", "C", "E"))
    return list(found)


def numbered_in(members: Sequence[Tokens], known: Vocabulary = FIRST_LOOK) -> set[str]:
    """The letters that stand with a number above: z of z^{[2]}."""
    found: set[str] = set()
    for member in members:
        with suppress(ReadingError):
            found |= {
                n.base
                for n in walk(parse(member, known))
                if isinstance(n, Name)
                and any(m.text.isdigit() and (m.bracket or m.text != "2") for m in marks(n.sup))
            }
    return found


def heads(node: Node) -> Iterator[str]:
    """The letters that derivatives are of and by: z and w in ∂z/∂w."""
    for n in walk(node):
        if isinstance(n, Derivative):
            for side in (n.of, n.by):
                name = side.function if isinstance(side, Call) else side
                if isinstance(name, Name):
                    yield name.base
        elif isinstance(n, Differential) and isinstance(n.by, Name):
            yield n.by.base
