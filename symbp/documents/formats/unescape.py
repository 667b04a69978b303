r"""From a formula as Markdown holds it to the LaTeX that is meant: `\_`, `\\\\`, `&amp;`, `%`.

Markdown takes a backslash before punctuation away, so authors whose formulas pass through it
double backslashes and escape underscores. Only what makes no sense in LaTeX is changed.
"""

from __future__ import annotations

import re
from html import unescape as entities

_ENTITY = re.compile(r"&(?:amp|lt|gt|quot|apos|nbsp|#\d{1,6}|#x[\da-fA-F]{1,5});")
_COMMENT = re.compile(r"(?<!\\)%[^\n]*(?=\n)")
_WORDS = re.compile(r"\\(?:text\w*|mbox|mathrm|mathit|operatorname)\s*\{[^{}]*\}")
_ESCAPE = re.compile(r"\\{4}|\\\\[{}]?|\\[A-Za-z]+|\\[^A-Za-z]")
#: Escapes that mean nothing in a formula, so the backslash is Markdown's.
_BARE = set("*[]()'<=+-")


def unescape(latex: str) -> str:
    r"""The LaTeX that the author of a Markdown formula means.

    >>> print(unescape(r"\Theta\_{ij}^{\[l\]} &lt; n\_in \\\\ w\_1"))
    \Theta_{ij}^{[l]} < n\_in \\ w_1
    """
    latex = _ENTITY.sub(lambda match: entities(match.group()).replace("\xa0", " "), latex)
    latex = _COMMENT.sub("", latex)
    if "\\" not in latex:
        return latex
    braces = latex.count(r"\\{") == latex.count(r"\\}")
    words = [match.span() for match in _WORDS.finditer(latex)] if r"\_" in latex else []

    def meant(match: re.Match[str]) -> str:
        token = match.group()
        if token == r"\_":
            named = any(start < match.start() < end for start, end in words)
            return token if named or _in_name(latex, match.start()) else "_"
        if len(token) == 3 and token[-1] in "{}" and braces:
            return token[1:]
        if len(token) == 4 and token == "\\" * 4:
            return r"\\"
        return token[1] if len(token) == 2 and token[1] in _BARE else token

    return _ESCAPE.sub(meant, latex)


def _in_name(latex: str, offset: int) -> bool:
    r"""Whether the \_ at `offset` joins two parts of a name of several letters, as in n\_in."""
    after = latex[offset + 2 : offset + 4].strip()
    if after.startswith("{") or re.search(r"\\[A-Za-z]+\s*\Z", latex[max(0, offset - 40) : offset]):
        return False
    before = latex[max(0, offset - 2) : offset]
    return any(len(part) == 2 and part.isalpha() for part in (before, after))
