r"""LaTeX as tokens: pylatexenc reads macros, groups and environments; what only looks is dropped.

    \mathbf{W}^{(l)}_{ij}   →   W ^ {( l )} _ {i j}

Fonts, colours, spaces, labels and the sizes of brackets say nothing of the meaning and go;
synonyms become one (\dfrac and \frac, \ast and *, ⊙ and \odot). Every token keeps its place in
the text, so that a repair can be written into it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pylatexenc.latexwalker import (
    LatexCharsNode,
    LatexCommentNode,
    LatexEnvironmentNode,
    LatexGroupNode,
    LatexMacroNode,
    LatexMathNode,
    LatexWalker,
    LatexWalkerParseError,
)
from pylatexenc.macrospec import EnvironmentSpec, LatexContextDb, MacroSpec

from symbp.errors import ReadingError

MOST_CHARACTERS = 20_000
MOST_NESTING = 60


@dataclass(frozen=True)
class Token:
    """One sign: `kind` is name, number, word, sign, group, frac, sqrt, rows, text or row-end."""

    kind: str
    text: str
    start: int
    end: int
    parts: tuple[tuple[Token, ...], ...] = ()
    """The tokens of a group, of a fraction's two parts, of the cells of rows."""

    def __str__(self) -> str:
        return self.text


FONTS = """mathbf boldsymbol bm pmb mathrm mathsf mathtt mathcal mathbb mathit mathfrak bold textbf
textit textrm vec matr vecr underline mathop mathbin mathrel mathord ensuremath emph bf""".split()
ACCENTS = "hat tilde bar overline widehat widetilde check dot ddot".split()
TEXTS = "text mbox hbox textnormal".split()
FRACTIONS = "frac dfrac tfrac cfrac".split()
#: Macros that say nothing of the meaning, with the number of arguments that go with them.
SILENT = {
    **dict.fromkeys(
        r"""displaystyle textstyle scriptstyle limits nolimits quad qquad left right big Big bigg Bigg
        bigl bigr Bigl Bigr biggl biggr Biggl Biggr bigm Bigm middle nonumber notag rm bf it sf tt cal
        mathstrut strut hfill hline allowbreak nobreak relax noindent centering space enspace
        thinspace""".split(), 0),
    **dict.fromkeys(", ; : ! > * /".split(), 0),
    " ": 0, "\n": 0, "@": 0, "-": 0,
    **dict.fromkeys("label tag hspace vspace color phantom hphantom vphantom ref eqref".split(), 1),
    "textcolor": 1,
    "colorbox": 1,
}  # fmt: skip
SPACES = {"quad", "qquad"}
WRAPPERS = {"underbrace", "overbrace", "boxed", "fbox", "cancel", "overset", "underset", "stackrel"}
SYNONYMS = {
    r"\ast": "*", r"\bigodot": r"\odot", r"\bigotimes": r"\otimes", r"\bigcirc": r"\circ",
    r"\part": r"\partial", r"\triangledown": r"\nabla", r"\bigtriangledown": r"\nabla",
    r"\prime": "'", r"\ln": r"\log", r"\dots": r"\ldots", r"\cdots": r"\ldots",
    r"\dotsb": r"\ldots", r"\dotsc": r"\ldots", r"\vdots": r"\ldots", r"\ddots": r"\ldots",
    r"\ell": r"\ell", r"\lVert": r"\|", r"\rVert": r"\|", r"\Vert": r"\|", r"\lvert": "|",
    r"\rvert": "|", r"\vert": "|", r"\mid": "|", r"\lbrace": r"\{", r"\rbrace": r"\}",
    r"\lbrack": "[", r"\rbrack": "]", r"\langle": "<", r"\rangle": ">", r"\lt": "<", r"\gt": ">",
    r"\top": r"\top", r"\intercal": r"\top", r"\leq": r"\le", r"\geq": r"\ge", r"\ne": r"\neq",
    r"\coloneqq": ":=", r"\triangleq": ":=", r"\doteq": ":=", r"\gets": r"\leftarrow",
    r"\varepsilon": r"\epsilon", r"\varphi": r"\phi", r"\implies": r"\Rightarrow",
    r"\Longrightarrow": r"\Rightarrow", r"\iff": r"\Rightarrow", r"\Leftrightarrow": r"\Rightarrow",
    r"\colon": ":", r"\_": "_", r"\lfloor": "[", r"\rfloor": "]", r"\&": "&", r"\#": "#", r"\%": "%",
    "·": r"\cdot", "×": r"\times", "⊙": r"\odot", "∘": r"\circ", "∂": r"\partial", "∇": r"\nabla",
    "−": "-", "–": "-", "∗": "*", "⋅": r"\cdot", "•": r"\bullet", "≤": r"\le", "≥": r"\ge",
    "≠": r"\neq", "∑": r"\sum", "Σ": r"\Sigma", "⊗": r"\otimes", "←": r"\leftarrow",
    "≈": r"\approx", "≡": r"\equiv", "′": "'", "’": "'", "⊤": r"\top", "ᵀ": r"\top", "‖": r"\|",
    "（": "(", "）": ")", "，": ",", "；": ";", "：": ":", "＝": "=", "。": ".", "、": ",", "＋": "+",
    "［": "[", "］": "]", "…": r"\ldots", "λ": r"\lambda", "σ": r"\sigma", "δ": r"\delta",
    "η": r"\eta", "α": r"\alpha", "β": r"\beta", "θ": r"\theta", "Θ": r"\Theta", "Δ": r"\Delta",
    "μ": r"\mu", "φ": r"\phi", "γ": r"\gamma", "ε": r"\epsilon", "ϵ": r"\epsilon", "ω": r"\omega",
    "τ": r"\tau", "π": r"\pi", "ρ": r"\rho", "ψ": r"\psi", "Φ": r"\Phi", "Γ": r"\Gamma",
}  # fmt: skip
FUNCTION_MACROS = """exp log tanh sin cos cosh sinh max min sup arg det dim tr sgn sqrt softmax
sigmoid relu ReLU diag""".split()
ENVIRONMENTS = """aligned align align* split gathered gather gather* equation equation* eqnarray
eqnarray* multline multline* alignat alignat* flalign flalign* cases matrix bmatrix pmatrix vmatrix
Bmatrix smallmatrix array displaymath math dcases rcases""".split()
STACKS = {"cases", "dcases", "matrix", "bmatrix", "pmatrix", "vmatrix", "Bmatrix", "smallmatrix",
          "array"}  # fmt: skip


def _context() -> LatexContextDb:
    db = LatexContextDb()
    one = [MacroSpec(name, args_parser="{") for name in (*FONTS, *ACCENTS, *TEXTS)]
    one += [MacroSpec(n, args_parser="{") for n in ("operatorname", "underbrace", "overbrace",
            "boxed", "fbox", "cancel", "mathclap", "substack")]  # fmt: skip
    two = [MacroSpec(name, args_parser="{{") for name in (*FRACTIONS, "overset", "underset",
           "stackrel", "binom")]  # fmt: skip
    silent = [MacroSpec(name, args_parser="{" * n) for name, n in SILENT.items() if n]
    db.add_context_category(
        "math",
        macros=[*one, *two, *silent, MacroSpec("sqrt", args_parser="[{")],
        environments=[
            EnvironmentSpec(name, args_parser="{" if name in ("array", "alignat", "alignat*")
                            else "")
            for name in ENVIRONMENTS
        ],
    )  # fmt: skip
    db.set_unknown_macro_spec(MacroSpec(""))
    db.set_unknown_environment_spec(EnvironmentSpec(""))
    return db


CONTEXT = _context()
#: The delimiter that is not shown, and the space below a row.
INVISIBLE = re.compile(r"\\(?:left|right)\s*\.|(?<=\\\\)\s*\[\s*-?[\d.]+\s*[a-z]{2}\s*\]")


def tokens(latex: str) -> tuple[Token, ...]:
    r"""The tokens of a formula. Raises `ReadingError` where the LaTeX is malformed.

    >>> [t.text for t in tokens(r"\mathbf{W}^{l} \, \delta")]
    ['W', '^', '{l}', '\\delta']
    """
    if len(latex) > MOST_CHARACTERS:
        raise ReadingError(f"a formula of {len(latex)} characters (at most {MOST_CHARACTERS})")
    _check_nesting(latex)
    plain = INVISIBLE.sub(lambda m: " " * len(m.group()), latex)
    walker = LatexWalker(plain, latex_context=CONTEXT, tolerant_parsing=False)
    state = walker.make_parsing_state(in_math_mode=True)
    try:
        nodes, _, _ = walker.get_latex_nodes(pos=0, parsing_state=state)
    except LatexWalkerParseError as error:
        what = str(error.msg).split("\n")[0].rstrip(".")
        raise ReadingError(f"malformed LaTeX: {what}", error.pos or 0) from error
    return tuple(_merged(_Reader(latex).all(nodes)))


def _check_nesting(latex: str) -> None:
    depth = 0
    for match in re.finditer(r"\\.|[{}]|\\begin|\\end", latex, re.DOTALL):
        depth += {"{": 1, "}": -1}.get(match.group(), 0)
        if depth > MOST_NESTING:
            raise ReadingError(f"braces nested more than {MOST_NESTING} deep", match.start())
        if depth < 0:
            raise ReadingError("a closing brace } without an opening one", match.start())
    if depth > 0:
        raise ReadingError(f"{depth} opening brace{'s' * (depth > 1)} {{ never closed", len(latex))


class _Reader:
    """Turns pylatexenc's nodes into tokens."""

    def __init__(self, latex: str) -> None:
        self.latex = latex

    def all(self, nodes: Sequence[Any] | None) -> Iterator[Token]:
        """The tokens of nodes that stand side by side."""
        for node in nodes or ():
            if node is not None:
                yield from self._node(node)

    def _node(self, node: Any) -> Iterator[Token]:
        start, end = node.pos, node.pos + node.len
        if isinstance(node, LatexCharsNode):
            yield from self._characters(node.chars, start)
        elif isinstance(node, LatexGroupNode):
            yield from self._group(node, start, end)
        elif isinstance(node, LatexMacroNode):
            yield from self._macro(node, start, end)
        elif isinstance(node, LatexEnvironmentNode):
            yield from self._environment(node, start, end)
        elif isinstance(node, LatexMathNode):
            yield from self.all(node.nodelist)
        elif not isinstance(node, LatexCommentNode):
            yield from self._characters(self.latex[start:end], start)

    def _characters(self, chars: str, start: int) -> Iterator[Token]:
        place = 0
        while place < len(chars):
            c, at = chars[place], start + place
            number = re.match(r"\d+(?:\.\d+)?", chars[place:])
            space = re.match(r"\s+|~", chars[place:])
            words = re.match("[㐀-鿿가-힣ぁ-ヿ]+", chars[place:])
            dots = re.match(r"\.{2,}|·{3,}", chars[place:])
            alone = not (place and chars[place - 1].isalpha())
            joint = re.match(r"(for|if|and|where|otherwise)(?![A-Za-z])", chars[place:])
            words = words or (joint if alone else None)
            operator = re.match(r":=|=>|!=|==|\.\*|\|\|", chars[place:])
            found = number or space or words or dots or operator
            length = found.end() if found else 1
            if number:
                yield Token("number", number.group(), at, at + length)
            elif words:
                yield Token("text", words.group(), at, at + length)
            elif dots:
                yield Token("sign", r"\ldots", at, at + length)
            elif operator:
                sign = {"=>": r"\Rightarrow", "!=": r"\neq", "==": "=", "||": r"\|"}.get(
                    operator.group()
                )
                yield Token("sign", sign or operator.group(), at, at + length)
            elif not space:
                text = SYNONYMS.get(c, c)
                kind = "name" if _is_letter(text) else "sign"
                yield Token(kind, text, at, at + length)
            place += length

    def _group(self, node: Any, start: int, end: int) -> Iterator[Token]:
        inner = tuple(_merged(self.all(node.nodelist)))
        if node.delimiters[0] == "{":
            yield Token("group", "{" + " ".join(t.text for t in inner) + "}", start, end, (inner,))
        else:
            yield Token("sign", node.delimiters[0], start, start + 1)
            yield from inner
            yield Token("sign", node.delimiters[1], end - 1, end)

    def _arguments(self, node: Any) -> list[tuple[Token, ...]]:
        given = node.nodeargd.argnlist if node.nodeargd else []
        return [tuple(_merged(self._argument(a))) for a in given or () if a is not None]

    def _argument(self, node: Any) -> Iterator[Token]:
        if isinstance(node, LatexGroupNode) and node.delimiters[0] == "{":
            return self.all(node.nodelist)
        return self._node(node)

    def _macro(self, node: Any, start: int, end: int) -> Iterator[Token]:
        name = node.macroname
        special = _MACROS.get(name)
        if special is not None:
            yield from special(self, node, start, end)
        elif name in SILENT:
            if name in SPACES:
                yield Token("text", "", start, end)
        elif name in WRAPPERS:
            arguments = self._arguments(node)
            inner = arguments[-1] if name in ("overset", "underset", "stackrel") else arguments[0]
            is_relation = len(inner) == 1 and inner[0].text in RELATIONS
            yield from inner if is_relation else [Token("group", "{}", start, end, (inner,))]
        elif name == "not":
            yield Token("sign", r"\not", start, end)
        else:
            text = SYNONYMS.get("\\" + name, "\\" + name)
            if text.lstrip("\\") in FUNCTION_MACROS:
                yield Token("name", text.lstrip("\\"), start, end)
            else:
                yield Token("name" if _is_letter(text) else "sign", text, start, end)

    def _font(self, node: Any, start: int, end: int) -> Iterator[Token]:
        (inner,) = self._arguments(node) or [()]
        if len(inner) == 1 and inner[0].text == "1":
            ones = r"\mathbb{1}" if node.macroname == "mathbb" else r"\mathbf{1}"
            yield Token("name", ones, start, end)
        elif len(inner) > 1 and all(t.kind == "name" and len(t.text) == 1 for t in inner):
            word = "".join(t.text for t in inner)
            is_word = node.macroname in WORD_FONTS
            yield (Token("word", word, start, end) if is_word
                   else Token("group", f"{{{word}}}", start, end, (inner,)))  # fmt: skip
        elif len(inner) == 1:
            yield Token(inner[0].kind, inner[0].text, start, end, inner[0].parts)
        elif sum((t.text == "(") - (t.text == ")") for t in inner):
            yield from inner  # a bracket opens inside the font and closes outside
        else:
            yield Token("group", "{}", start, end, (inner,))

    def _text(self, node: Any, start: int, end: int) -> Iterator[Token]:
        (inner,) = self._arguments(node) or [()]
        raw = self.latex[start:end].split("{", 1)[-1].rsplit("}", 1)[0]
        names = all(t.kind == "name" and len(t.text) == 1 for t in inner)
        if inner and names and re.fullmatch(r"\s*[A-Za-z]\w*\s*", raw):
            word = "".join(t.text for t in inner)
            joins = word.lower() in JOINING
            kind = "text" if joins else "word" if len(word) > 1 else "name"
            yield Token(kind, word, start, end)
        elif inner and any(t.text in RELATIONS for t in inner):
            yield from inner  # \text{=g(z)=}: a formula in disguise
        elif inner and all(t.kind in ("number", "sign") for t in inner):
            yield from inner
        else:
            yield Token("text", raw.strip(), start, end)

    def _accent(self, node: Any, start: int, end: int) -> Iterator[Token]:
        (inner,) = self._arguments(node) or [()]
        bare = _peeled(inner)
        short = {"widehat": "hat", "widetilde": "tilde", "overline": "bar"}
        accent = short.get(node.macroname, node.macroname)
        if len(bare) == 1:
            yield Token("name", f"\\{accent}{{{bare[0].text}}}", start, end)
        elif bare:  # \hat{y^{(i)}}: the accent belongs to the letter
            first, *rest = bare
            marked = Token("name", f"\\{accent}{{{first.text}}}", start, first.end)
            yield Token("group", "{}", start, end, ((marked, *rest),))

    def _fraction(self, node: Any, start: int, end: int) -> Iterator[Token]:
        parts = tuple(self._arguments(node))
        if len(parts) != 2:
            raise ReadingError(r"\frac needs a numerator and a denominator", start)
        yield Token("frac", r"\frac", start, end, parts)

    def _root(self, node: Any, start: int, end: int) -> Iterator[Token]:
        yield Token("sqrt", r"\sqrt", start, end, (self._arguments(node)[-1],))

    def _operator(self, node: Any, start: int, end: int) -> Iterator[Token]:
        inner = self._arguments(node)
        word = "".join(t.text for part in inner for t in part)
        yield Token("word" if len(word) > 1 else "name", word, start, end)

    def _row_end(self, node: Any, start: int, end: int) -> Iterator[Token]:
        yield Token("row-end", r"\\", start, start + 2)

    def _environment(self, node: Any, start: int, end: int) -> Iterator[Token]:
        inner = tuple(_merged(self.all(node.nodelist)))
        if node.environmentname not in STACKS:
            yield Token("row-end", r"\\", start, start)
            yield from inner
            yield Token("row-end", r"\\", end, end)
            return
        cells = tuple(tuple(cell) for row in _split(inner, "row-end") for cell in _cells(row))
        widths = tuple(len(list(_cells(row))) for row in _split(inner, "row-end"))
        if len(cells) > 400:
            raise ReadingError(f"a matrix of {len(cells)} entries (at most 400)", start)
        text = "cases" if "cases" in node.environmentname else "matrix"
        if text == "matrix" and node.environmentname == "array":
            text = "array"
        yield Token("rows", f"{text}:{','.join(map(str, widths))}", start, end, cells)


def _split(row: Sequence[Token], kind: str) -> list[list[Token]]:
    rows: list[list[Token]] = [[]]
    for t in row:
        if t.kind == kind:
            rows.append([])
        else:
            rows[-1].append(t)
    return [r for r in rows if r]


def _cells(row: Sequence[Token]) -> Iterator[list[Token]]:
    cell: list[Token] = []
    for t in row:
        if t.text == "&" and t.kind == "sign":
            yield cell
            cell = []
        else:
            cell.append(t)
    yield cell


def _peeled(inner: Sequence[Token]) -> Sequence[Token]:
    """The tokens inside braces that only group."""
    while len(inner) == 1 and inner[0].kind == "group":
        inner = inner[0].parts[0]
    return inner


def _is_letter(text: str) -> bool:
    if len(text) == 1:
        return text.isalpha() and text.isascii()
    return text in GREEK


def _merged(found: Iterator[Token]) -> Iterator[Token]:
    r"""Tokens with empty groups and the delimiters of \left. \right. gone."""
    for t in found:
        if t.kind == "group" and not t.parts[0]:
            continue
        yield t


GREEK = {"\\" + n for n in """alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi
pi rho sigma tau upsilon phi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega
ell vartheta varrho varsigma hbar""".split()}  # fmt: skip
RELATIONS = {"=", ":=", r"\equiv", r"\approx", r"\leftarrow", r"\simeq", r"\sim", r"\propto",
             r"\Rightarrow", r"\to", r"\rightarrow"}  # fmt: skip
#: Words that join formulas and are no names.
JOINING = {"and", "or", "where", "if", "for", "with", "so", "then", "otherwise", "else", "when",
           "thus", "hence", "all", "let", "is", "s.t.", "subject", "to"}  # fmt: skip
WORD_FONTS = {"mathrm", "mathsf", "mathtt", "mathop", "textrm", "textbf", "textit", "mathit",
              "mathcal"}  # fmt: skip
Maker = Callable[[_Reader, Any, int, int], Iterator[Token]]
_MACROS: dict[str, Maker] = {
    **dict.fromkeys(FONTS, _Reader._font),
    **dict.fromkeys(TEXTS, _Reader._text),
    **dict.fromkeys(ACCENTS, _Reader._accent),
    **dict.fromkeys(FRACTIONS, _Reader._fraction),
    "sqrt": _Reader._root,
    "operatorname": _Reader._operator,
    "\\": _Reader._row_end,
    "newline": _Reader._row_end,
    "cr": _Reader._row_end,
}
