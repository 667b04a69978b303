r"""What single letters are, where their places tell: numbers under roots, parts of names."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from itertools import pairwise

from symbp.errors import ReadingError
from symbp.reading.grammar.marks import marks
from symbp.reading.grammar.syntax import (
    Bracket,
    Call,
    Fraction,
    Name,
    Node,
    Product,
    Root,
    Rows,
    Tokens,
    walk,
)
from symbp.reading.model.families import Family


def rooted(nodes: Sequence[Node]) -> set[str]:
    r"""Letters that stand under a root alone and nowhere else: the d of \sqrt{d}, a number."""
    under = Counter(
        n.inner.base for n in nodes if isinstance(n, Root) and isinstance(n.inner, Name)
    )
    used = Counter(n.base for n in nodes if isinstance(n, Name))
    return {letter for letter, count in under.items() if count == used[letter]}


def divisors(nodes: Sequence[Node]) -> set[str]:
    """Letters without marks below fractions, alone or as factors: the m of 1/m and 1/(2m)."""
    below = [n.below for n in nodes if isinstance(n, Fraction)]
    parts = [x for b in below for x in (b, *getattr(b, "factors", ()))]
    return {x.base for x in parts if isinstance(x, Name) and not x.sub and not x.sup}


def entrywise(nodes: Sequence[Node]) -> set[str]:
    r"""Letters beside \odot: vectors, the \epsilon of \sigma \odot \epsilon too."""
    products = [n for n in nodes if isinstance(n, Product) and {*n.signs} & {r"\odot", r"\circ"}]
    return {f.base for p in products for f in p.factors if isinstance(f, Name)}


def named_beside(nodes: Sequence[Node]) -> set[str]:
    """Capitals that are parts of names, as others are in their place: the K of W_Q and W_K.

    Not T and L: W^T and h_T stand beside W^L and h_L.
    """
    at: dict[tuple[str, str], set[str]] = {}
    for n in (n for n in nodes if isinstance(n, Name)):
        for side, scripts in (("^", n.sup), ("_", n.sub)):
            found = [m.text for m in marks(scripts)]
            if len(found) == 1 and len(found[0]) == 1 and found[0].isupper():
                at.setdefault((n.base, side), set()).add(found[0])
    return set().union(*(names for names in at.values() if len(names) > 1)) - {"T", "L"}


def counted_units(formulas: Sequence[Tokens]) -> dict[str, int]:
    """Names that are written with two index letters and never with one: w_{jk} is of a matrix.

    What has a mark above as well is counted apart: w^l_{jk} by the key "w^".
    """
    found: dict[str, set[int]] = {}
    for formula in formulas:
        _count(formula, found)
    return {name: 2 for name, counts in found.items() if counts == {2}}


def _count(formula: Tokens, found: dict[str, set[int]]) -> None:
    for place, t in enumerate(formula):
        for part in t.parts:
            _count(part, found)
        scripts = formula[place + 1 : place + 5] if t.kind == "name" else ()
        above = scripts[:1] and (scripts[0].text == "^" or [x.text for x in scripts[2:3]] == ["^"])
        name = t.text + "^" if above else t.text
        for mark, script in pairwise(scripts):
            if mark.text == "_":
                inside = script.parts[0] if script.kind == "group" else (script,)
                inner = [x.text for x in inside if x.text != ","]
                if all(len(x) == 1 and x.islower() for x in inner):
                    found.setdefault(name, set()).add(len(inner))


def check_names(families: Iterable[Family], named: Collection[tuple[str, str]]) -> None:
    """Refuse u_o beside u_w where w is an index and nothing says what o is."""
    found = list(families)
    for f in found:
        letters = [text for side, text in f.fixed if side == "_" and (f.base, text) not in named]
        if len(letters) == 1 and len(letters[0]) == 1 and letters[0].islower():
            for other in found:
                if other.base == f.base and len(other.below) == 1 and not other.fixed:
                    (o,) = letters
                    raise ReadingError(
                        f"{f.base}_{o} stands beside {f.base} with an index: is {o} the index of "
                        f"one unit (indices: {o} fixed) or a part of the name "
                        f"(names: {f.base}_{o})?"
                    )


_LINES = "aligned|align|gathered|gather|equation|split|eqnarray"
_AROUND = re.compile(rf"\\(?:begin|end)\{{(?:{_LINES})\*?\}}")
_MARKS = re.compile(r"\\(?:begin|end)\{|\\\\|\\.|[{};\n]", re.S)


def equation_lines(text: str) -> list[str]:
    r"""The equations in a text: parted by lines, semicolons, \\, but not in braces or arrays.

    >>> equation_lines(r"\begin{aligned} z &= W x \\ C &= z^2 \end{aligned}")
    ['z &= W x', 'C &= z^2']
    """
    text = _AROUND.sub("\n", text)
    lines, depth, start = [], 0, 0
    for mark in _MARKS.finditer(text):
        sign = mark[0]
        if sign == "{" or sign.startswith(r"\begin"):
            depth += 1 if sign == "{" else 2  # with the brace that opens its name
        elif sign == "}" or sign.startswith(r"\end"):
            depth -= 1 if sign == "}" else 0
        elif sign in (";", "\n", "\\\\") and depth <= 0:
            lines.append(text[start : mark.start()])
            start = mark.end()
    return [line.strip() for line in (*lines, text[start:]) if line.strip()]


# -- how a letter is written ---------------------------------------------------------------------


def is_capital(letter: str) -> bool:
    r"""W, \Theta."""
    return letter.lstrip("\\")[:1].isupper()


def is_weight(node: Node) -> bool:
    """Whether it is called as weights are, in small letters."""
    return isinstance(node, Name) and node.base in ("w", "u", "v")


def capital(node: Node) -> bool:
    """A name with a capital letter."""
    return isinstance(node, Name) and is_capital(node.base)


def with_capital(node: Node) -> bool:
    """Whether there is one anywhere in it."""
    return any(capital(n) for n in walk(node))


def small(node: Node) -> bool:
    """What may be a vector."""
    return isinstance(node, Name | Bracket | Call | Rows) and not capital(node)


def turned(node: Node) -> bool:
    """x^T."""
    return isinstance(node, Name | Bracket) and any(m.is_transpose for m in marks(node.sup))
