r"""LaTeX as one line of Unicode, for a terminal: pylatexenc's tables, scripts and fractions.

    \frac{\partial J}{\partial W^l} = \delta^l (a^{l-1})^T   →   ∂J/∂Wˡ = δˡ (aˡ⁻¹)ᵀ

It is a view only: nothing is judged from it, and what it cannot show stays LaTeX.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from pylatexenc.latex2text import (
    LatexNodes2Text,
    MacroTextSpec,
    SpecialsTextSpec,
    get_default_latex_context_db,
)
from pylatexenc.latexwalker import LatexWalker
from pylatexenc.latexwalker import get_default_latex_context_db as walker_db
from pylatexenc.macrospec import MacroSpec, MacroStandardArgsParser, SpecialsSpec

MOST_CHARACTERS = 2_000
RAISED = dict(
    zip(
        "0123456789+-−=()abcdefghijklmnoprstuvwxyzABDEGHIJKLMNOPRTUVW⊤",
        "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁⱽᵂᵀ",
        strict=True,
    )
)
LOWERED = dict(
    zip("0123456789+-−=()aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", strict=True)
)
FONTS = """mathbf boldsymbol bm pmb mathrm mathsf mathtt mathcal mathbb mathit mathfrak bold textbf
textit textrm vec operatorname mathop ensuremath underline displaystyle""".split()
#: Signs that stand between two things, with a space on either side.
BETWEEN = "=≈≠≡≤≥<>∝∈→←⇒⟹⇔+⊙∘×·⋅∗*"
#: A sum or product with its scripts, which are no part of what follows.
SUM = re.compile(
    rf"([∑∏](?:[{''.join(sorted({*RAISED.values(), *LOWERED.values()}))}]"
    r"|[\^_](?:\([^()]*\)|[^\s(]))*)[ \t\n]*"
)
#: A space that the author wrote for the eye; the other spaces of LaTeX say nothing.
SPACE = "\N{NO-BREAK SPACE}"


def as_unicode(latex: str) -> str:
    r"""A formula on one line; the LaTeX itself where it cannot be shown.

    >>> as_unicode(r"\frac{\partial J}{\partial W^l} = \delta^l (a^{l-1})^T")
    '∂J/∂Wˡ = δˡ (aˡ⁻¹)ᵀ'
    >>> as_unicode(r"\delta^l = ((W^{l+1})^T \delta^{l+1}) \odot \sigma'(z^{[l]})")
    "δˡ = ((Wˡ⁺¹)ᵀ δˡ⁺¹) ⊙ σ'(z^[l])"
    """
    if len(latex) > MOST_CHARACTERS:
        return latex
    try:
        nodes, *_ = LatexWalker(latex, latex_context=WALKER).get_latex_nodes()
        text = TEXT.nodelist_to_text(nodes)
    except Exception:  # pylatexenc trips in many ways over what is no LaTeX; no report stops for it
        return latex
    return spaced(text).replace(SPACE, " ").strip() or latex


def spaced(text: str) -> str:
    """One space on either side of what stands between two things, none inside brackets.

    >>> spaced("( a+b )⊙ c=-d - e")
    '(a + b) ⊙ c = -d - e'
    """
    text = re.sub(rf"\s*([{re.escape(BETWEEN)}])\s*", r" \1 ", text.replace(SPACE, f" {SPACE} "))
    text = re.sub(rf"(?<=[^\s({{\[,{re.escape(BETWEEN)}])\s*([-−])\s*(?=\S)", r" \1 ", text)
    text = re.sub(rf"((?:^|[{re.escape(BETWEEN)}({{\[,])\s*[-−])\s+", r"\1", text)
    text = re.sub(r"(?<=[(\[{∂∇√‖])[ \t\n]+|[ \t\n]+(?=[)\]},.;'‖])", "", text)
    text = SUM.sub(r"\1 ", text)
    return re.sub(r"[ \t\n]+", " ", re.sub(rf" *({SPACE}) *", r"\1", text)).strip(" ")


def fraction(above: str, below: str) -> str:
    """a/b, in brackets where they are needed.

    >>> fraction("1", "1 + e"), fraction("∂C", "∂w")
    ('1/(1 + e)', '∂C/∂w')
    """
    return f"{_closed(above)}/{_closed(below)}"


def script(text: str, mark: str, signs: dict[str, str]) -> str:
    """A script as raised or lowered letters where Unicode has all of them.

    >>> script("l-1", "^", RAISED), script("l,q", "^", RAISED), script("[l]", "^", RAISED)
    ('ˡ⁻¹', '^(l,q)', '^[l]')
    """
    text = re.sub(r"\s+", "", text)
    if text.strip("'′") == "":
        return text
    if all(c in signs for c in text):
        return "".join(signs[c] for c in text)
    bracketed = len(text) == 1 or re.fullmatch(r"\([^()]*\)|\[[^\[\]]*\]|⟨[^⟨⟩]*⟩", text)
    return f"{mark}{text}" if bracketed else f"{mark}({text})"


def _closed(text: str) -> str:
    """In brackets unless nothing in it could be taken apart from the rest."""
    text = spaced(text)
    outside = text
    while (inner := re.sub(r"\([^()]*\)|\[[^\[\]]*\]", "", outside)) != outside:
        outside = inner
    return f"({text})" if re.search(rf"[-−/,{re.escape(BETWEEN)}]", outside) else text


def _arguments(node: Any, writer: Any) -> list[str]:
    given = node.nodeargd.argnlist if node.nodeargd else ()
    return [writer.nodelist_to_text([n]) for n in given if n is not None]


def _fraction(node: Any, l2tobj: Any) -> str:
    parts = _arguments(node, l2tobj)
    return f" {fraction(*parts)} " if len(parts) == 2 else "/".join(parts)


def _script(mark: str, signs: dict[str, str]) -> Callable[..., str]:
    return lambda node, l2tobj: script(_inner(node, l2tobj), mark, signs)


def _root(node: Any, l2tobj: Any) -> str:
    inner = (_arguments(node, l2tobj) or [""])[-1]
    return f"√{inner}" if len(inner) == 1 else f"√({spaced(inner)})"


def _inner(node: Any, l2tobj: Any) -> str:
    return "".join(_arguments(node, l2tobj))


def _text(node: Any, l2tobj: Any) -> str:
    return _inner(node, l2tobj).replace(" ", SPACE)


FRACTIONS = ("frac", "dfrac", "tfrac", "cfrac")
#: What pylatexenc has no sign for, or another than people expect.
SIGNS = {
    "triangledown": "∇",
    "bigodot": "⊙",
    "part": "∂",
    "cdot": "·",
    "ast": "*",
    "top": "⊤",
    "prime": "'",
    "mid": "|",
    "lVert": "‖",
    "rVert": "‖",
    "lvert": "|",
    "rvert": "|",
    "|": "‖",
    "quad": SPACE * 2,
    "qquad": SPACE * 4,
    **dict.fromkeys(
        "left right big Big bigg Bigg limits nonumber displaystyle ! , ; :".split(), ""
    ),
}

WALKER = walker_db()
WALKER.add_context_category(
    "symbp",
    prepend=True,
    macros=[
        *(MacroSpec(name, "{{") for name in FRACTIONS),
        *(MacroSpec(name, "{") for name in (*FONTS[:-1], "text", "mbox", "tag", "label", "color")),
        *(MacroSpec(name, "") for name in SIGNS),
    ],
    specials=[SpecialsSpec(mark, MacroStandardArgsParser("{")) for mark in "^_"],
)
TABLE = get_default_latex_context_db()
TABLE.add_context_category(
    "symbp",
    prepend=True,
    macros=[
        *(MacroTextSpec(name, _fraction) for name in FRACTIONS),
        *(MacroTextSpec(name, _inner) for name in FONTS[:-1]),
        *(MacroTextSpec(name, _text) for name in ("text", "mbox")),
        *(MacroTextSpec(name, discard=True) for name in ("tag", "label", "color")),
        *(MacroTextSpec(name, sign) for name, sign in SIGNS.items()),
        MacroTextSpec("sqrt", _root),
    ],
    specials=[
        SpecialsTextSpec("^", _script("^", RAISED)),
        SpecialsTextSpec("_", _script("_", LOWERED)),
        SpecialsTextSpec("&", " "),
    ],
)
TEXT = LatexNodes2Text(latex_context=TABLE, math_mode="text", keep_comments=False)
