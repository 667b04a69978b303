"""Python names for families, sizes and intermediate values: ASCII, readable, each given once."""

from __future__ import annotations

import builtins
import keyword
import re
import unicodedata

from symbp.numbers.codegen import helpers

RESERVED = {*keyword.kwlist, *dir(builtins), *helpers.NAMES, "np", "out", "work", "workspace"}


class Names:
    """The names given so far."""

    def __init__(self, taken: set[str]) -> None:
        self._taken = RESERVED | taken
        self._known: dict[object, str] = {}
        self.waiting: dict[str, tuple[str, ...]] = {}

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

    def fresh(self, *wishes: str) -> str:
        """A name for something new: the first wish that is free, or the last with a number."""
        name = next((w for w in wishes if w not in self._taken), wishes[-1])
        count = 1
        while name in self._taken:
            count += 1
            name = f"{wishes[-1]}_{count}"
        self._taken.add(name)
        return name

    def later(self, letter: str, target: str) -> str:
        """A stand-in for the name of a part of `target`, until all parts are known."""
        layer = re.fullmatch(r"[A-Za-z]+(\d+)", target)
        stand_in = f"__part_{len(self.waiting)}"
        self.waiting[stand_in] = (letter + layer.group(1), letter) if layer else (letter,)
        return stand_in


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
