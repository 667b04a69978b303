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

    def __call__(self, what: object, *wishes: str) -> str:
        """The name of `what`: the first wish that is free, or nearly so."""
        if what not in self._known:
            names = [identifier(w) for w in wishes]
            name = next((n for n in names if n not in self._taken), names[0])
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
    spelled = "".join(_spelled(c) for c in re.sub(r"∂\w+/∂", "d", text))
    return re.sub(r"\W", "_", unicodedata.normalize("NFKD", spelled)) or "v"


def _spelled(c: str) -> str:
    name = unicodedata.name(c, "")
    return name.split()[-1].lower() if name.startswith("GREEK SMALL LETTER") else c
