"""Python names for families, sizes and intermediate values: ASCII, readable, each given once."""

from __future__ import annotations

import builtins
import keyword
import re
import unicodedata

RESERVED = {*keyword.kwlist, *dir(builtins), "np", "erf", "out", "work", "workspace"}


class Names:
    """The names given so far."""

    def __init__(self, taken: set[str]) -> None:
        self._taken = RESERVED | taken
        self._known: dict[object, str] = {}

    def __call__(self, what: object, wish: str) -> str:
        """The name of `what`: as wished, or nearly so where that is taken."""
        if what not in self._known:
            name = identifier(wish)
            while name in self._taken:
                name += "_"
            self._taken.add(name)
            self._known[what] = name
        return self._known[what]

    def fresh(self, wish: str) -> str:
        """A name for something new: t1, t2, ..."""
        name, count = identifier(wish), 1
        while name in self._taken:
            count += 1
            name = f"{identifier(wish)}_{count}"
        self._taken.add(name)
        return name


def identifier(text: str) -> str:
    """A Python name for a family's name.

    >>> identifier("γ"), identifier("∂C/∂w"), identifier("x'")
    ('gamma', 'dw', 'x_')
    """
    plain = re.sub(r"^∂[^/]*/∂", "d", text)
    spelled = "".join(
        unicodedata.name(c).split()[-1].lower() if "GREEK SMALL" in unicodedata.name(c, "") else c
        for c in plain
    )
    return re.sub(r"\W", "_", unicodedata.normalize("NFKD", spelled)) or "v"
