r"""LaTeX in the address of an image: codecogs, zhihu, GitHub's renderer.

codecogs keeps a + as it is, forms read it as a space:

    https://latex.codecogs.com/gif.latex?\frac{a}{b}&space;&plus;1
    https://www.zhihu.com/equation?tex=%5Cfrac%7Ba%7D%7Bb%7D+%2B+1
    https://render.githubusercontent.com/render/math?math=a%20%2B%201
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote, unquote_plus


@dataclass(frozen=True)
class Host:
    """Where the LaTeX begins in an address, and how it is encoded."""

    start: re.Pattern[str]
    plus_is_space: bool
    more_fields: bool
    """Whether other fields may follow after &; codecogs has none, and an & may be LaTeX's."""


HOSTS = (
    Host(
        re.compile(r"codecogs\.com/[^?\s]*(?:\?latex=|\.(?:latex|image|download)\?)"), False, False
    ),
    Host(re.compile(r"/equation\?tex="), True, True),
    Host(re.compile(r"render/math\?(?:\w+=[^&\s]*&)*math="), True, True),
    Host(re.compile(r"chart\?cht=tx&chl="), True, True),
    Host(re.compile(r"i\.upmath\.me/\w+/"), False, False),
)
_CLOSED = {'"': re.compile('[\n"]'), "'": re.compile("[\n']"), "<": re.compile("[\n>]")}
_EDGE = re.compile(r"[()\s]|[^\x21-\x7e]")
_SETTINGS = re.compile(
    r"(?:\s|\\(?:inline|dpi\s?\{\d+\}|(?:bg|fn)_\w+|bg\s?\{\w+\}"
    r"|tiny|small|large|Large|LARGE|huge)(?![A-Za-z]))*"
)
_ENTITIES = {"&space;": " ", "&plus;": "+", "&hash;": "#", "&amp;": "&"}


def address_end(text: str, start: int, limit: int) -> int:
    """Where the address at `start` ends: at the quote or bracket that closes it, or at a space.

    >>> address_end("![](https://a.b/?f(x)) and", 4, 26)
    21
    """
    before = text[start - 1 : start]
    if before and before in "\"'<":
        found = _CLOSED[before].search(text, start, limit)
        return found.start() if found else min(limit, len(text))
    depth = 0
    for match in _EDGE.finditer(text, start, limit):
        depth += {"(": 1, ")": -1}.get(match.group(), 0)
        if depth < 0 or match.group() not in "()":
            return match.start()
    return min(limit, len(text))


def latex_in(address: str) -> tuple[str, int] | None:
    r"""The LaTeX in an address and where it begins, or None.

    >>> latex_in("https://www.zhihu.com/equation?tex=a%5E2+%2B+b&alt=x")
    ('a^2 + b', 35)
    """
    for host in HOSTS:
        if start := host.start.search(address):
            raw = address[start.end() :]
            if host.more_fields:
                raw = re.split(r"&(?=[a-z]+=)", raw)[0]
            latex = unquote_plus(raw) if host.plus_is_space else unquote(raw)
            return _decoded(latex), start.end()
    return None


def _decoded(latex: str) -> str:
    for entity, meant in _ENTITIES.items():
        latex = latex.replace(entity, meant)
    latex = re.sub(r"\\(begin|end)\s+\{", r"\\\1{", latex)
    settings = _SETTINGS.match(latex)
    return latex[settings.end() if settings else 0 :].strip()
