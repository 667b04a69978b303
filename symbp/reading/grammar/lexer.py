r"""LaTeX as tokens: pylatexenc reads macros, groups and environments; what only looks is dropped.

    \mathbf{W}^{(l)}_{ij}   →   W ^ {( l )} _ {i j}

Fonts, colours, spaces, labels and the sizes of brackets say nothing of the meaning and go;
synonyms become one (\dfrac and \frac, \ast and *, ⊙ and \odot). Every token keeps its place in
the text, so that a repair can be written into it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
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
from symbp.reading.grammar.signs import (
    ACCENTS,
    ENVIRONMENTS,
    FONTS,
    FRACTIONS,
    FUNCTION_MACROS,
    GREEK,
    JOINING,
    RELATIONS,
    SILENT,
    SILENT_WITH_ARGUMENT,
    SPACES,
    STACKED,
    STACKS,
    SYNONYMS,
    TEXTS,
    WITH_COLUMNS,
    WORD_FONTS,
    WRAPPERS,
)

MOST_CHARACTERS = 20_000
MOST_NESTING = 60
MOST_ENTRIES = 400


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


def _context() -> LatexContextDb:
    """How many arguments each macro and environment has."""
    one = [*FONTS, *ACCENTS, *TEXTS, *WRAPPERS, *SILENT_WITH_ARGUMENT]
    one += ["operatorname", "mathclap", "substack"]
    two = [*FRACTIONS, *STACKED, "binom"]
    macros = [MacroSpec(name, args_parser="{") for name in one]
    macros += [MacroSpec(name, args_parser="{{") for name in two]
    macros += [MacroSpec("sqrt", args_parser="[{")]
    environments = [
        EnvironmentSpec(name, args_parser="{" if name in WITH_COLUMNS else "")
        for name in (*ENVIRONMENTS, *STACKS)
    ]
    db = LatexContextDb()
    db.add_context_category("math", macros=macros, environments=environments)
    db.set_unknown_macro_spec(MacroSpec(""))
    db.set_unknown_environment_spec(EnvironmentSpec(""))
    return db


CONTEXT = _context()
#: The delimiter that is not shown, and the space below a row.
INVISIBLE = re.compile(r"\\(?:left|right)\s*\.|(?<=\\\\)\s*\[\s*-?[\d.]+\s*[a-z]{2}\s*\]")
#: Functions whose names end in a number.
NUMBERED_WORDS = {"rot180"}
#: Characters that belong together, by what they are.
RUN = re.compile(
    r"""(?P<number>\d+(?:\.\d+)?)
    | (?P<space>\s+|~)
    | (?P<text>[㐀-鿿가-힣ぁ-ヿ]+)
    | (?P<joint>(?:for|if|and|or|where|otherwise)(?![A-Za-z]))
    | (?P<dots>\.{2,}|·{3,})
    | (?P<operator>:=|=>|!=|==|\.\*|\|\|)""",
    re.VERBOSE,
)


@lru_cache(maxsize=4096)
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
    return _Reader(latex).all(nodes)


def _check_nesting(latex: str) -> None:
    """Braces must match and must not be too deep for the recursion."""
    depth = 0
    for match in re.finditer(r"\\.|[{}]|\\begin|\\end", latex, re.DOTALL):
        depth += {"{": 1, "}": -1}.get(match.group(), 0)
        if depth > MOST_NESTING:
            raise ReadingError(f"braces nested more than {MOST_NESTING} deep", match.start())
        if depth < 0:
            raise ReadingError("a closing brace } without an opening one", match.start())
    if depth > 0:
        raise ReadingError(f"{depth} opening brace{'s' * (depth > 1)} {{ never closed", len(latex))


def _made(node: Any, kind: str, text: str, *parts: tuple[Token, ...]) -> Token:
    """A token that stands where the node stands."""
    return Token(kind, text, node.pos, node.pos + node.len, parts)


class _Reader:
    """Turns pylatexenc's nodes into tokens."""

    def __init__(self, latex: str) -> None:
        self.latex = latex

    def all(self, nodes: Iterable[Any] | None) -> tuple[Token, ...]:
        """The tokens of nodes that stand side by side."""
        return _filled(t for node in nodes or () if node is not None for t in self._node(node))

    def _node(self, node: Any) -> Iterable[Token]:
        if isinstance(node, LatexCharsNode):
            return self._characters(node.chars, node.pos)
        elif isinstance(node, LatexGroupNode):
            return self._group(node)
        elif isinstance(node, LatexMacroNode):
            return self._macro(node)
        elif isinstance(node, LatexEnvironmentNode):
            return self._environment(node)
        elif isinstance(node, LatexMathNode):
            return self.all(node.nodelist)
        elif isinstance(node, LatexCommentNode):
            return ()
        return self._characters(self.latex[node.pos : node.pos + node.len], node.pos)

    def _characters(self, chars: str, start: int) -> Iterator[Token]:
        """Numbers, letters, signs and words that are not LaTeX."""
        place = 0
        while place < len(chars):
            run = RUN.match(chars, place)
            if (
                run
                and run.lastgroup == "joint"
                and (chars[place - 1 : place].isalpha() or self._is_script(start, chars))
            ):
                run = None  # the end of a word, letters side by side, the indices of v_{if}
            text = run.group() if run else chars[place]
            at, place = start + place, place + len(text)
            what = run.lastgroup if run else "letter"
            if what in ("number", "text", "joint"):
                yield Token("number" if what == "number" else "text", text, at, start + place)
            elif what != "space":
                text = r"\ldots" if what == "dots" else SYNONYMS.get(text, text)
                yield Token(_kind(text), text, at, start + place)

    def _is_script(self, start: int, chars: str) -> bool:
        """Whether characters are all that stands in the braces of a script."""
        before, behind = self.latex[max(0, start - 2) : start], self.latex[start + len(chars) :]
        return before in ("_{", "^{") and behind.startswith("}")

    def _group(self, node: Any) -> Iterator[Token]:
        inner = self.all(node.nodelist)
        opening, closing = node.delimiters
        if opening == "{":
            yield _made(node, "group", "{" + " ".join(t.text for t in inner) + "}", inner)
        else:
            end = node.pos + node.len
            yield Token("sign", opening, node.pos, node.pos + 1)
            yield from inner
            yield Token("sign", closing, end - 1, end)

    def _arguments(self, node: Any) -> list[tuple[Token, ...]]:
        """The tokens of each argument of a macro."""
        given = node.nodeargd.argnlist if node.nodeargd else []
        return [self._argument(a) for a in given or () if a is not None]

    def _argument(self, node: Any) -> tuple[Token, ...]:
        if isinstance(node, LatexGroupNode) and node.delimiters[0] == "{":
            return self.all(node.nodelist)
        return _filled(self._node(node))

    def _macro(self, node: Any) -> Iterable[Token]:
        name = node.macroname
        if name in _MACROS:
            return _MACROS[name](self, node)
        elif name in SILENT or name in SILENT_WITH_ARGUMENT:
            return ()
        text = SYNONYMS.get("\\" + name, "\\" + name)
        if text.lstrip("\\") in FUNCTION_MACROS:
            return [_made(node, "name", text.lstrip("\\"))]
        return [_made(node, _kind(text), text)]

    def _space(self, node: Any) -> Iterator[Token]:
        yield _made(node, "text", "")

    def _wrapper(self, node: Any) -> Iterable[Token]:
        arguments = self._arguments(node)
        inner = arguments[-1] if node.macroname in STACKED else arguments[0]
        is_relation = len(inner) == 1 and inner[0].text in RELATIONS
        text = LABELLED.get(node.macroname, "{}")
        return inner if is_relation else [_made(node, "group", text, inner)]

    def _font(self, node: Any) -> Iterable[Token]:
        (inner,) = self._arguments(node) or [()]
        font = node.macroname
        if len(inner) == 1 and inner[0].text == "1":
            return [_made(node, "name", r"\mathbb{1}" if font == "mathbb" else r"\mathbf{1}")]
        elif len(inner) == 1:
            return [_made(node, inner[0].kind, inner[0].text, *inner[0].parts)]
        elif inner and _are_letters(inner):
            word = "".join(t.text for t in inner)
            if font in WORD_FONTS:
                return [_made(node, "word", word)]
            return [_made(node, "group", f"{{{word}}}", inner)]
        elif sum((t.text == "(") - (t.text == ")") for t in inner):
            return inner  # a bracket opens inside the font and closes outside
        elif font in WORD_FONTS and len(inner) > 3 and inner[-2].text == "_":
            letters, script = inner[:-2], inner[-2:]
            if _are_letters(letters):  # \mathrm{net_j}
                word = "".join(t.text for t in letters)
                return [Token("word", word, letters[0].start, letters[-1].end), *script]
        return [_made(node, "group", "{}", inner)]

    def _text(self, node: Any) -> Iterable[Token]:
        (inner,) = self._arguments(node) or [()]
        raw = self.latex[node.pos : node.pos + node.len].split("{", 1)[-1].rsplit("}", 1)[0]
        if inner and _are_letters(inner) and re.fullmatch(r"\s*[A-Za-z]\w*\s*", raw):
            word = "".join(t.text for t in inner)
            joins = word.lower() in JOINING
            return [_made(node, "text" if joins else "word" if len(word) > 1 else "name", word)]
        elif any(t.text in RELATIONS for t in inner):
            return inner  # \text{=g(z)=}: a formula in disguise
        elif inner and all(t.kind in ("number", "sign") for t in inner):
            return inner
        elif raw.strip() in NUMBERED_WORDS:
            return [_made(node, "word", raw.strip())]
        called = self.latex[node.pos + node.len :].startswith(("(", r"\left("))
        if called and re.fullmatch(r"[A-Za-z][\w.-]*", raw):  # a function: np.sum(x), row-sum(x)
            *modules, function = raw.split(".")
            before = [("word", m) for m in modules], [("sign", ".")] * len(modules)
            named = [_made(node, *x) for pair in zip(*before, strict=True) for x in pair]
            return [*named, _made(node, "word", function)]
        return [_made(node, "text", raw.strip())]

    def _accent(self, node: Any) -> Iterator[Token]:
        (inner,) = self._arguments(node) or [()]
        while len(inner) == 1 and inner[0].kind == "group":
            inner = inner[0].parts[0]
        accent = ACCENTS[node.macroname]
        if len(inner) == 1:
            yield _made(node, "name", f"\\{accent}{{{inner[0].text}}}")
        elif inner:  # \hat{y^{(i)}}: the accent belongs to the letter
            first, *rest = inner
            marked = Token("name", f"\\{accent}{{{first.text}}}", node.pos, first.end)
            yield _made(node, "group", "{}", (marked, *rest))

    def _fraction(self, node: Any) -> Iterator[Token]:
        parts = self._arguments(node)
        if len(parts) != 2:
            raise ReadingError(r"\frac needs a numerator and a denominator", node.pos)
        yield _made(node, "frac", r"\frac", *parts)

    def _root(self, node: Any) -> Iterator[Token]:
        *index, inner = self._arguments(node)
        order = tuple(t for part in index for t in part if t.text not in ("[", "]"))
        parts = (inner, order) if [t.text for t in order] not in ([], ["2"]) else (inner,)
        yield _made(node, "sqrt", r"\sqrt", *parts)

    def _operator(self, node: Any) -> Iterator[Token]:
        word = "".join(t.text for part in self._arguments(node) for t in part)
        yield _made(node, "word" if len(word) > 1 else "name", word)

    def _row_end(self, node: Any) -> Iterator[Token]:
        yield Token("row-end", r"\\", node.pos, node.pos + 2)

    def _environment(self, node: Any) -> Iterable[Token]:
        inner = self.all(node.nodelist)
        start, end = node.pos, node.pos + node.len
        name = node.environmentname
        if name not in STACKS:
            before, after = (Token("row-end", r"\\", at, at) for at in (start, end))
            return [before, *inner, after]
        rows = [list(_cells(row)) for row in _rows(inner)]
        cells = [tuple(cell) for row in rows for cell in row]
        if len(cells) > MOST_ENTRIES:
            raise ReadingError(f"a matrix of {len(cells)} entries (at most {MOST_ENTRIES})", start)
        kind = "cases" if "cases" in name else STACK_KINDS.get(name, "matrix")
        widths = ",".join(str(len(row)) for row in rows)
        return [_made(node, "rows", f"{kind}:{widths}", *cells)]


STACK_KINDS = {"array": "array", "vmatrix": "determinant"}
#: Braces that may have a label, by the mark that it follows.
LABELLED = {"underbrace": "{_}", "overbrace": "{^}"}


def _filled(found: Iterable[Token]) -> tuple[Token, ...]:
    """Tokens without the groups that hold nothing, and without the labels of braces."""
    kept: list[Token] = []
    for t in found:
        labels = len(kept) > 1 and kept[-2].text in LABELLED.values()
        if labels and kept[-2].text[1] == kept[-1].text:
            kept.pop()
        elif t.kind != "group" or t.parts[0]:
            kept.append(t)
    return tuple(kept)


def _rows(inner: Sequence[Token]) -> list[list[Token]]:
    """The rows of an environment; empty ones are none."""
    rows: list[list[Token]] = [[]]
    for t in inner:
        if t.kind == "row-end":
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


def _are_letters(inner: Sequence[Token]) -> bool:
    return all(t.kind == "name" and len(t.text) == 1 for t in inner)


def _kind(text: str) -> str:
    """Whether a single sign is a letter, that is a name."""
    is_letter = (len(text) == 1 and text.isalpha() and text.isascii()) or text in GREEK
    return "name" if is_letter else "sign"


_MACROS: dict[str, Callable[[_Reader, Any], Iterable[Token]]] = {
    **dict.fromkeys(FONTS, _Reader._font),
    **dict.fromkeys(TEXTS, _Reader._text),
    **dict.fromkeys(ACCENTS, _Reader._accent),
    **dict.fromkeys(FRACTIONS, _Reader._fraction),
    **dict.fromkeys(SPACES, _Reader._space),
    **dict.fromkeys([*WRAPPERS, *STACKED], _Reader._wrapper),
    "sqrt": _Reader._root,
    "operatorname": _Reader._operator,
    "\\": _Reader._row_end,
    "newline": _Reader._row_end,
    "cr": _Reader._row_end,
}
