r"""How a name that no notation speaks of is written: one rule for every family and index.

    W_i      whole W_{i}, entry W_{i,jk}     what follows _ is a label before the indices
    gamma    \gamma                          Greek names
    x_hat    \hat x                          hat, tilde, bar, dot, vec, prime, star
    logits   \mathrm{logits}                 other words upright
    h1       h_{1}                           a number at the end is a label

Two letters of a label are two letters, W_{xh}; longer ones are a word, E_{\mathrm{pos}}.
"""

from __future__ import annotations

import re
from functools import cache

from symbp.notation.convention import Style

_LOWER = (
    "alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi "
    "pi rho varrho sigma tau upsilon phi varphi chi psi omega ell"
)
_UPPER = "Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega"
GREEK = frozenset(f"{_LOWER} {_UPPER}".split())
ACCENTS = frozenset("hat tilde bar dot vec check breve".split())
_PLAIN = {"α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ζ": "zeta",
          "η": "eta", "θ": "theta", "κ": "kappa", "λ": "lambda", "μ": "mu", "ν": "nu", "ξ": "xi",
          "π": "pi", "ρ": "rho", "σ": "sigma", "τ": "tau", "φ": "phi", "χ": "chi", "ψ": "psi",
          "ω": "omega", "Γ": "Gamma", "Δ": "Delta", "Θ": "Theta", "Λ": "Lambda", "Ξ": "Xi",
          "Π": "Pi", "Σ": "Sigma", "Φ": "Phi", "Ψ": "Psi", "Ω": "Omega"}  # fmt: skip
_MARKS = {"star": "*", "plus": "+", "minus": "-"}
#: A small letter, with accents before it and primes behind.
_SMALL = re.compile(rf"((?:\\(?:{'|'.join(sorted(ACCENTS))}) )*)([a-z])('*)")
_NUMBERED = re.compile(r"([A-Za-z]+)(\d+)")
#: The letter, then its labels and marks: \hat{x}, _i, ^1.
_PARTS = re.compile(r"^[^_^]+|[_^](?:\{[^{}]*\}|[^_^]*)")


def capital(letter: str) -> str:
    r"""The letter of a matrix: the capital of a small Latin letter, any other as it is.

    >>> capital("o"), capital(r"\hat z"), capital(r"\mu")
    ('O', '\\hat Z', '\\mu')
    """
    found = _SMALL.fullmatch(letter)
    return found[1] + found[2].upper() + found[3] if found else letter


@cache
def letter_of(name: str) -> str:
    r"""An index or a plain letter: t, \tau, s_{1}.

    >>> letter_of("tau"), letter_of("k"), letter_of("j_1")
    ('\\tau', 'k', 'j_{1}')
    """
    style = style_of(name)
    label = f"_{{{style.label}}}" if style.label else ""
    return style.entry + label


@cache
def style_of(name: str) -> Style:
    r"""The letter of a family with its accents, and the label before its indices.

    >>> style_of("W_i").entry, style_of("W_i").label
    ('W', 'i')
    >>> style_of("gamma_hat").entry, style_of("E_pos").label
    ('\\hat \\gamma', '\\mathrm{pos}')
    """
    plain = name.rstrip("'*")
    head, *rest = _PARTS.findall(plain) or [plain]
    numbered = _NUMBERED.fullmatch(head)
    labels, marks = [], ["*" * name.count("*")] if name.endswith("*") else []
    if numbered:
        head, number = numbered.groups()
        labels.append(number)
    letter = _word(head) + "'" * (len(name) - len(name.rstrip("'")))
    for sign, part in ((r[0], r[1:].strip("{}")) for r in rest):
        if sign == "^" or part in _MARKS:
            marks.append(_MARKS.get(part, part))
        elif part in ACCENTS:
            single = len(letter) == 1 or letter[1:] in GREEK
            letter = rf"\{part} {letter}" if single else rf"\{part}{{{letter}}}"
        elif part == "prime":
            letter += "'"
        elif part:
            labels.append(_label(part))
    return Style(letter, label=",".join(labels), mark="".join(marks))


def _word(text: str) -> str:
    text = _PLAIN.get(text, text)
    if text in GREEK:
        return "\\" + text
    if len(text) == 1 or not text.isalpha():
        return text
    return rf"\mathrm{{{text}}}" if text.isascii() else rf"\text{{{text}}}"


def _label(text: str) -> str:
    """Two letters stand side by side: the xh of W_{xh} are two families, the mu of W_mu one."""
    side_by_side = len(text) == 2 and text not in GREEK
    return text if text.isdigit() or side_by_side else _word(text)
