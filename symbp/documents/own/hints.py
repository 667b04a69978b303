r"""The shortest declaration that may be missing: <!-- symbp network: mlp; notation: ng -->.

It is named where all letters of a formula are those of one notation, and never taken for granted.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from symbp.documents.own.first_look import Marked
from symbp.notation import NOTATIONS, Notation
from symbp.reading.grammar.lexer import tokens

_BOLD = re.compile(r"\\(?:mathbf|textbf|boldsymbol|bm)(?![a-z])")
#: Letters that say nothing of a notation: functions, numbers of things, rates.
_OPEN = {r"\sigma", "f", "g", "m", "n", "L", "T", r"\lambda", r"\alpha", r"\eta"}


def declaration(latex: str, names: Collection[Marked]) -> str:
    r"""The declaration by which the letters of a formula would be known; "" where none would do.

    >>> declaration(r"\Theta^{(l)}", [(r"\Theta", True), (r"\delta", True), ("a", True)])
    '<!-- symbp network: mlp; notation: ng -->'
    """
    letters = {base.rstrip("'") for base, _ in names} - _OPEN
    layered = {base.rstrip("'") for base, marked in names if marked} - _OPEN
    bold = bool(_BOLD.search(latex))
    for notation in sorted(NOTATIONS.values(), key=lambda n: n.name == "chain"):
        if (notation.name == "bold") is bold and len(layered) > 1:
            known = _letters(notation)
            if letters <= known and layered & known:
                return f"<!-- symbp network: mlp; notation: {notation.name} -->"
    return ""


def _letters(notation: Notation) -> set[str]:
    """The letters of a notation, without fonts and scripts."""
    written = [
        text
        for key, s in notation.styles.items()
        if key != "n"
        for text in (s.entry, s.whole, s.batch, s.first, s.last)
    ]
    error = [notation.delta, notation.delta and notation.delta_batch]
    found = {t[0].text for text in (*written, *error) if (t := tokens(text))}
    return found | {notation.activation, notation.depth, notation.layer_letter}
