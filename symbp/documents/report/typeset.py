r"""LaTeX as MathML, which browsers typeset: math-core translates it, and this file distrusts that.

A formula comes from somebody's document, so what is put into a page is MathML and nothing else:
the translation is parsed, and each element and attribute must be in a table. What cannot be
translated, or is not in the tables, is shown as LaTeX.
"""

from __future__ import annotations

import re
from html import escape
from xml.etree import ElementTree

from symbp.documents.report.entry import VISIBLE

try:
    import math_core
except ImportError:  # an extra
    math_core = None  # type: ignore[assignment]

ELEMENTS = set(
    """math mi mo mn mrow msub msup msubsup mfrac mtable mtr mtd mspace mtext mover munder
    munderover msqrt mroot mpadded mphantom mstyle menclose merror ms mmultiscripts""".split()
)
ATTRIBUTES = set(
    """display displaystyle scriptlevel stretchy symmetric fence separator largeop movablelimits
    accent accentunder form lspace rspace width height depth voffset minsize maxsize mathvariant
    mathcolor linethickness columnalign columnspan rowspan style class""".split()
)
#: What a value may be made of: no bracket, so no url(...).
VALUE = re.compile(r"[\w\s.,:;#%+-]*")
#: Signs by their names in HTML, which XML does not know; a browser makes text of them.
NAMED = re.compile(r"&(?!(?:amp|lt|gt|quot|apos);)\w+;")

#: Control characters are shown, line ends are only line ends.
SIGNS = {sign: shown for sign, shown in VISIBLE.items() if chr(sign) not in "\t\r\n"}

#: More is not translated: the translator is native code, which ends the process where it overflows.
MOST_CHARACTERS, MOST_NESTING = 2_000, 40

#: Names that people use and LaTeX does not know.
MACROS = {"part": r"\partial", "R": r"\mathbb{R}"}
#: What marks or numbers an equation says nothing in a report.
NUMBERING = re.compile(
    r"\\(?:tag\*?|label)\s*\{[^{}]*\}|\\(?:nonumber|notag)\b|(?<!\\)%[^\n]*|&(?:nb)?space;"
)
#: A group without a group inside, or an environment without one, its name already gone.
INSIDE = re.compile(r"(?<!\\)\{[^{}]*\}|\\begin\b(?:(?!\\begin\b).)*?\\end\b", re.S)


def typeset(latex: str) -> str:
    r"""MathML, or the LaTeX in <code>; safe to put into a page.

    >>> typeset(r"\frac{a}{b}")
    '<math display="block"><mfrac><mi>a</mi><mi>b</mi></mfrac></math>'
    >>> typeset(r"\unheardof{<b>}")
    '<code>\\unheardof{&lt;b&gt;}</code>'
    """
    latex = latex.translate(SIGNS)
    mathml = _translated(prepared(latex)) if small(latex) else None
    return mathml if mathml is not None and harmless(mathml) else f"<code>{escape(latex)}</code>"


def can_typeset() -> bool:
    """Whether the translator is installed."""
    return math_core is not None


def prepared(latex: str) -> str:
    r"""Without numbering, and aligned where rows or columns have no environment around them.

    >>> prepared(r"a &= b \tag{1}")
    '\\begin{aligned}a &= b\\end{aligned}'
    """
    latex = NUMBERING.sub(" ", latex).strip()
    outside = latex
    while (inner := INSIDE.sub("", outside)) != outside:
        outside = inner
    rows = re.search(r"(?<!\\)&|\\\\", outside)
    return rf"\begin{{aligned}}{latex}\end{{aligned}}" if rows else latex


def small(latex: str) -> bool:
    """Whether the formula is short and flat enough to be translated."""
    depth = deepest = 0
    for match in re.finditer(r"\\(?:begin|left)\b|\\(?:end|right)\b|\\.|[{}]", latex, re.S):
        sign = match.group()
        depth += (sign in ("{", r"\begin", r"\left")) - (sign in ("}", r"\end", r"\right"))
        deepest = max(deepest, depth)
    return len(latex) <= MOST_CHARACTERS and deepest <= MOST_NESTING


def harmless(mathml: str) -> bool:
    """Whether it is well-formed and made of nothing but MathML of the tables.

    >>> harmless("<math><mi>x</mi></math>"), harmless("<math><script>x</script></math>")
    (True, False)
    >>> harmless('<math><mi onclick="x">x</mi></math>'), harmless("<mi>x</mi><b>")
    (False, False)
    """
    if "<!" in mathml or "<?" in mathml:
        return False
    try:
        root = ElementTree.fromstring(NAMED.sub(" ", mathml))
    except ElementTree.ParseError:
        return False
    return root.tag == "math" and all(
        element.tag in ELEMENTS
        and all(k in ATTRIBUTES and VALUE.fullmatch(v) for k, v in element.attrib.items())
        for element in root.iter()
    )


def _translated(latex: str) -> str | None:
    if math_core is None:
        return None
    try:
        return _converter().convert_with_local_state(latex, displaystyle=True)
    except math_core.LatexError:
        return None


def _converter() -> math_core.LatexToMathML:
    return math_core.LatexToMathML(macros=MACROS, fancy_error=False)
