r"""What values data have: labels ±1, zeros and ones, counts, one-hot rows.

    m.target("y", i, within=SIGNS)          y_i \in \{-1, 1\}
    y_i \in \{0, 1, 2, \ldots\}              the same in LaTeX: `domain_of`

The gradient is proved for all values; what computes with numbers draws them from here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Domain:
    """Numbers that a family of data has: `values`, or all between two ends."""

    latex: str
    values: tuple[int, ...] = ()
    """All of them, where they are few."""
    low: float = float("-inf")
    high: float = float("inf")
    whole: bool = False
    """Whether they are integers."""
    total: int | None = None
    """What the entries along the last index add up to: those of classes, one of which is meant."""
    soft: bool = False
    """Whether each of these is more than zero, as under a logarithm."""

    def __str__(self) -> str:
        return self.latex.replace(r"\ldots", "...").replace("\\", "")


def among(*values: int) -> Domain:
    r"""A few integers: {−1, 1}.

    >>> among(-1, 1).latex
    '\\{-1, 1\\}'
    """
    return Domain(rf"\{{{', '.join(map(str, values))}\}}", values, whole=True)


SIGNS = among(-1, 1)
BITS = among(0, 1)
COUNTS = Domain(r"\{0, 1, 2, \ldots\}", low=0, whole=True)
POSITIVE = Domain(r"(0, \infty)", low=0)
UNIT_INTERVAL = Domain("(0, 1)", low=0, high=1)
ONE_HOT = Domain("[0, 1]", low=0, high=1, total=1)
DISTRIBUTION = Domain("(0, 1)", low=0, high=1, total=1, soft=True)

#: How authors write the domains that are no list of integers, without spaces.
_WRITTEN = {
    r"\{\pm1\}": SIGNS,
    r"\mathbb{N}": COUNTS,
    r"\mathbb{N}_0": COUNTS,
    r"\{0,1,2,\ldots\}": COUNTS,
    r"\{0,1,2,\dots\}": COUNTS,
    r"\{0,1,\ldots\}": COUNTS,
    r"(0,\infty)": POSITIVE,
    r"\mathbb{R}_+": POSITIVE,
    r"\mathbb{R}^+": POSITIVE,
    r"\mathbb{R}_{>0}": POSITIVE,
    "(0,1)": UNIT_INTERVAL,
    "[0,1]": UNIT_INTERVAL,
}
_LIST = re.compile(r"\\\{([+-]?\d+(?:,[+-]?\d+)*)\\\}")


def domain_of(latex: str) -> Domain | None:
    r"""The domain that an author writes; None where it is none that is known.

    >>> domain_of(r"\{-1, +1\}") == SIGNS
    True
    """
    text = re.sub(r"\s+|\\[,;!]|\\left|\\right", "", latex)
    found = _LIST.fullmatch(text)
    if found:
        return among(*sorted({int(n) for n in found[1].split(",")}))
    return _WRITTEN.get(text)
