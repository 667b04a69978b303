r"""Long equations on several lines: left &= a + b \\ &\quad + c."""

from __future__ import annotations

import re
from collections.abc import Sequence

#: Signs that fit on a line of a page or a screen.
WIDEST = 110

_FRACTION = re.compile(r"\\frac\{((?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*)\}"
                       r"\{((?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*)\}")  # fmt: skip
_LIMITS = re.compile(r"\\sum_\{[^{}]*\}\^\{(?:[^{}]|\{[^{}]*\})*\}")
_SILENT = re.compile(r"\\(left|right|math[a-z]+|text|operatorname)(?![a-z])")


def width(latex: str) -> int:
    r"""About how many signs stand side by side.

    >>> width(r"\frac{\partial C}{\partial w_{12}} = \sum_{k=1}^{n} \delta_{k}")
    9
    """
    text = _LIMITS.sub("SS", latex)
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
    if len(terms) == 1 or width(one) <= WIDEST:
        return one
    lines = [f"{left} &= {terms[0]}"]
    for t in terms[1:]:
        longer = f"{lines[-1]} {t}"
        if width(longer) > WIDEST:
            lines.append(rf"&\quad {t}")
        else:
            lines[-1] = longer
    body = " \\\\\n".join(lines)
    return f"\\begin{{aligned}}\n{body}{where}\n\\end{{aligned}}"
