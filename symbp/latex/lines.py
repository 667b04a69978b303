r"""Long equations on several lines: left &= a + b \\ &\quad + c.

A term that is too long is broken in its longest bracket: u \Bigl(a + b \\ &\quad + c\Bigr).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

#: Signs that fit on a line of a page or a screen, about 750 pixels.
WIDEST = 84

_FRACTION = re.compile(r"\\frac\{((?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*)\}"
                       r"\{((?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*)\}")  # fmt: skip
_LIMITS = re.compile(r"\\sum_\{[^{}]*\}\^\{(?:[^{}]|\{[^{}]*\})*\}")
_SILENT = re.compile(r"\\(left|right|math[a-z]+|text|operatorname|[bB]ig[lr])(?![a-z])")
#: With space on both sides, or as wide as two letters.
_WIDE = re.compile(r"\\(?:odot|oslash|le|in|leftarrow|qquad)(?![a-z])| [-+=] ")
_WORDS = re.compile(r"\\(log|tanh|max|min|exp)(?![a-z])")


def width(latex: str) -> int:
    r"""About how many signs stand side by side.

    >>> width(r"\frac{\partial C}{\partial w_{12}} = \sum_{k=1}^{n} \delta_{k}")
    11
    """
    text = _WIDE.sub("xx", _WORDS.sub(r"\1", _LIMITS.sub("SSS", latex)))
    while match := _FRACTION.search(text):
        wider = max(match[1], match[2], key=width)
        text = text[: match.start()] + "x" * width(wider) + text[match.end() :]
    signs = re.sub(r"\\[a-zA-Z]+|\\.", "x", _SILENT.sub("", text))
    return len(re.sub(r"[{}_^ ]", "", signs))


def equation_of_terms(left: str, terms: Sequence[str], where: str = "") -> str:
    """left = the sum of terms, which hold their signs; `where` stands at the end.

    >>> equation_of_terms("a", ["b", "- c"])
    'a = b - c'
    """
    one = f"{left} = {' '.join(terms)}{where}"
    lines = [one] if width(one) <= WIDEST else lines_of(left, terms)
    if len(lines) == 1:
        return one
    body = " \\\\\n".join(lines)
    return f"\\begin{{aligned}}\n{body}{where}\n\\end{{aligned}}"


def lines_of(left: str, terms: Sequence[str]) -> list[str]:
    """left &= terms, and lines that go on with further terms."""
    room = WIDEST - width(left)
    parts = [p for t in terms for p in (broken(t) if width(t) > room else [t])]
    lines = [f"{left} &= {parts[0]}"]
    for t in parts[1:]:
        longer = f"{lines[-1]} {t}"
        if width(longer) > WIDEST:
            lines.append(rf"&\quad {t}")
        else:
            lines[-1] = longer
    return lines


def broken(term: str) -> list[str]:
    r"""A product with a sum in brackets, as pieces that may stand on lines of their own.

    >>> broken("x (a + b - c) y")
    ['x (a', '+ b', '- c) y']
    """
    found = max(_brackets(term), key=lambda b: b[1] - b[0], default=None)
    if found is None:
        return [term]
    start, end = found
    inner, tall = term[start + 1 : end], term[:start].endswith(r"\left")
    front = term[:start].removesuffix(r"\left") + (r"\Bigl(" if tall else "(")
    inner = inner.removesuffix(r"\right")
    cuts = [place for place, sign, depth in _signs(inner) if sign in "+-" and not depth]
    pieces = [inner[a:b] for a, b in zip([0, *cuts], [*cuts, len(inner)], strict=True)]
    pieces = [p.strip() for p in pieces]
    pieces[0] = front + pieces[0]
    pieces[-1] += (r"\Bigr)" if tall else ")") + term[end + 1 :]
    return pieces


def _brackets(text: str) -> Iterator[tuple[int, int]]:
    """(start, end) of the round brackets that stand in nothing else, and hold a sum."""
    start = 0
    for place, sign, depth in _signs(text):
        if sign == "(" and depth == 0:
            start = place
        if (
            sign == ")"
            and depth == 0
            and any(s in "+-" and not d for _, s, d in _signs(text[start + 1 : place]))
        ):
            yield start, place


def _signs(text: str) -> Iterator[tuple[int, str, int]]:
    """Brackets and the signs between terms: where they stand, and in how many brackets."""
    depth = 0
    for match in re.finditer(r"(?<= )[-+](?= )|[(){}\[\]]", text):
        depth -= match[0] in ")}]"
        yield match.start(), match[0], depth
        depth += match[0] in "({["
