r"""Labels: a letter that says which entry of a vector is meant, the y of -\log p_y.

    p = softmax(z);  C = -\log p_y                                    y, a number
    C = -\frac{1}{m} \sum_{i=1}^m \log p_{i, y_i}                     y_i, one for each sample
    C = \sum_{j \neq y} \max(0, z_j - z_y + 1)

In a System a label is a target, an integer that is given. In claims it stands for the first unit:
which one it is makes no difference there, as long as it is one all along.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from sympy import Expr, S, Symbol

from symbp.errors import ReadingError
from symbp.reading.grammar.marks import text_of
from symbp.reading.grammar.syntax import Tokens
from symbp.reading.lexicon import Lexicon
from symbp.system.equation import index_base

_LABEL = re.compile(r"(\\?[A-Za-z]+)(?:_([A-Za-z]+)|\^\(([A-Za-z]+)\))?")


def parts(label: str) -> tuple[str, str]:
    """The name of a label and the letter of its sample, or "".

    >>> parts("y_i"), parts("y^(i)"), parts("c")
    (('y', 'i'), ('y', 'i'), ('c', ''))
    """
    found = _LABEL.fullmatch(label)
    return (found[1], found[2] or found[3] or "") if found else (label, "")


def check_numbers(lexicon: Lexicon, tokens: Tokens) -> None:
    """Refuse unit 1 beside a label: which unit the label names, no claim may depend on."""
    if lexicon.fixed and not lexicon.labelled and any(t.kind == "number" for t in tokens):
        names = ", ".join(sorted(lexicon.fixed))
        raise ReadingError(
            f"nothing says whether unit {text_of(tokens)} is the one that {names} names"
        )


def index(label: str, bound: Mapping[str, Symbol], given: bool) -> Expr:
    """The index that a label is: where it is `given` y, or y[i] under a sum over i; else 1.

    Raises `ReadingError` for a label of each sample that is not given.
    """
    name, letter = parts(label)
    if not given and letter in bound:
        raise ReadingError(
            f"the label {label} is another one for each {letter}: of labels, claims about one "
            "sample are read"
        )
    if not given:
        return S.One
    return index_base(name)[bound[letter]] if letter in bound else Symbol(name, real=True)
