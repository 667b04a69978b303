r"""Signs of matrix formulas that are explained where they first stand.

\odot    multiplies entry by entry        \mathbf{1}    a vector of ones
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator

from symbp.notation import Notation

#: What stands in a formula, as a pattern, and the phrase that explains it.
SIGNS = (
    (r"\\oslash", "elementwise quotient"),
    (r"\^\{\\circ ", "elementwise power"),
    (r"\\mathbf\{1\}(?!_)", "vector of ones"),
    (r"\\operatorname\{diag\}", "diagonal"),
    (r"> 0\]", "indicator"),
)


def new_signs(latex: str, notation: Notation, said: Container[str]) -> Iterator[str]:
    """The phrases for signs of a formula of which nothing is said yet."""
    product = rf" {re.escape(notation.hadamard)} "
    for sign, phrase in ((product, "elementwise product"), *SIGNS):
        if phrase not in said and re.search(sign, latex):
            yield phrase
