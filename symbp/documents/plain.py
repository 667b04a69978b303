r"""Gradient formulas that are written as plain text: in code spans, blocks, lines.

    dl/dW_i = x_{i-1}.T @ dl/dz_i
    dW2 = np.dot(dZ2, A1.T) / m
    δ^l = (W^(l+1))^T δ^(l+1) ⊙ σ'(z^l)

Only an equation whose left side is a derivative or an error term is looked at, never program code:
a block in which anything else than formulas and their comments is typed says nothing here. What
is found becomes a finding only if every name in it is known and it can be read in one way.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from symbp.documents.formats.text import CODE, Text
from symbp.documents.region import Plain

LENGTH = 400
_D = r"(?:d|∂|\\partial )"
_NAME = r"[A-Za-zα-ωΑ-Ω][\w{}^'()\[\]+-]*"
_LEFT = (
    rf"(?:{_D}\s?{_NAME}\s?/\s?{_D}\s?{_NAME}"
    r"|d(?:[A-Z]|[a-z](?![a-z])|[α-ω])[\w{}^'()\[\],+-]*"
    r"|(?:δ|delta|Delta|∇|grad_)[\w{}^'()\[\],+-]*)"
)
_EQUATION = re.compile(rf"{_LEFT}\s*=(?![=<>])\s*[^=<>]*[^\W\d_][^<>]*\Z")
#: What may stand before a formula on its line: a bullet, a number.
_BULLET = re.compile(r"[ \t>]*(?:(?:[-*+]|\(?\d+[.)])[ \t]+)?")
_COMMENT = re.compile(r"\s(?:#|//).*")
_END = re.compile(r"[\s.,;。，；]+\Z")
_PROGRAM = re.compile(
    r"^\s*(?:def|import|from|class|return|while|print|else|try|with|if|elif|for)\b.*|[;{]\s*$"
    r"|\w\([^()]*=|\w\.\w+\(|[-+*/]=|\blambda\b|==",
    re.M,
)
_NUMPY = re.compile(r"\b(?:np|numpy)\.|\w\(.*\baxis\s*=\s*-?\d.*\)|\bkeepdims\s*=\s*\w+")
_OPEN = re.compile(r"<(pre|code|script|style)\b|<!--", re.I)


def line(text: str, number: int, column: int) -> Iterator[Plain]:
    """The formula that a line is, without what stands before it and without its comment.

    >>> [part.text for part in line("3. dW_i = x_i dz_i # for each i", 1, 1)]
    ['dW_i = x_i dz_i']
    """
    if len(text) > LENGTH or CODE in text:
        return
    lead = _BULLET.match(text)
    start = lead.end() if lead else 0
    formula = _END.sub("", _COMMENT.sub("", text[start:]))
    if _EQUATION.match(formula):
        yield Plain(formula, number, column + start)


def block(text: Text, start: int, end: int) -> Iterator[Plain]:
    """The formulas of a block of code without a language; none of program code."""
    inside = text.text[start:end]
    if _PROGRAM.search(_NUMPY.sub("", inside)):
        return
    for match in re.finditer(r"[^\n]+", inside):
        yield from line(match.group(), *text.place(start + match.start()))


def lines(text: Text, taken: set[int]) -> Iterator[Plain]:
    """The lines of running text that are one formula and nothing else."""
    closing = ""
    for match in re.finditer(r"[^\n]+", text.text):
        content = match.group()
        if closing:
            closing = "" if closing in content.lower() else closing
        elif (opened := _OPEN.search(content)) is not None:
            closing = "-->" if opened[1] is None else f"</{opened[1].lower()}"
            closing = "" if closing in content[opened.end() :].lower() else closing
        elif "=" in content and not re.search(r"[$`<|\\]|\]\(", content):
            number, column = text.place(match.start())
            if number not in taken:
                yield from line(content, number, column)


# -- as LaTeX ------------------------------------------------------------------------------------

_GREEK = {
    name: "\\" + name
    for name in "alpha beta gamma delta epsilon eta theta lambda mu sigma phi psi omega".split()
}
_GREEK |= {name.title(): "\\" + name.title() for name in "gamma delta theta sigma phi".split()}
_ABOVE = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ᵀˡⁱʲᵏᴸ", "0123456789+-()TlijkL", strict=True))
_BELOW = dict(zip("₀₁₂₃₄₅₆₇₈₉₊₋₍₎ᵢⱼₖₗₜₙₘ", "0123456789+-()ijkltnm", strict=True))
_WORD = re.compile(
    r"(?<![\\A-Za-z_])(d?)([A-Za-z]+?)(_?prime)?(\d*)((?:_[A-Za-z0-9]+)?)(?![A-Za-z\d])"
)
#: A script that may end before the sign or after it: W^l+1.
_OPEN_SCRIPT = re.compile(r"[_^]\w+[+-]\d")


def as_latex(text: str, layers: bool) -> str:
    r"""Plain text as LaTeX; `layers` makes W2 the W of layer 2, otherwise W_2. "" if it is open.

    >>> as_latex("dW2 = np.dot(dZ2, A1.T) / m", True)
    'dW^{[2]} = np.dot(dZ^{[2]}, A^{[1]}.T) / m'
    """
    text = re.sub(f"[{''.join(_ABOVE)}]+", lambda m: _script("^", m.group(), _ABOVE), text)
    text = re.sub(f"[{''.join(_BELOW)}]+", lambda m: _script("_", m.group(), _BELOW), text)
    if _OPEN_SCRIPT.search(text):
        return ""
    text = re.sub(r"([_^])\(([^()]*)\)", r"\1{(\2)}", text)
    text = re.sub(r"([_^])(\[[^\[\]]*\])", r"\1{\2}", text)
    text = re.sub(r"\*\*\s*(\d+)", r"^{\1}", text)
    text = re.sub(r"(?:\btf\.)?\breduce_(?=sum|mean)", "", text)
    text = re.sub(r"\bsum(?=_)|[Σ∑](?=_)", r"\\sum", text)
    return _WORD.sub(lambda m: _word(m, layers), text)


def _script(sign: str, run: str, table: dict[str, str]) -> str:
    inner = "".join(table[c] for c in run)
    return f"{sign}{{{inner}}}"


def _word(match: re.Match[str], layers: bool) -> str:
    """A name of a program: dW2, delta_l, sigmoid_prime, h_next."""
    d, base, prime, number, script = match.groups()
    if d + base in _GREEK:
        d, base = "", d + base
    if base in _GREEK:
        base = _GREEK[base] + ("" if number or script or prime else " ")
    text = d + base + ("'" if prime else "")
    if number:
        text += f"^{{[{number}]}}" if layers else f"_{{{number}}}"
    return text + (f"_{{{script[1:]}}}" if script else "")
