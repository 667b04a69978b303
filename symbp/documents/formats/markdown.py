r"""Formulas and declarations in Markdown, as renderers of many kinds take it.

markdown-it-py says where code, tables and headings are. The formulas are looked for in the text
itself: a formula may hold what Markdown reads as a list or as emphasis, authors write `$$` in
running prose, and the tokens of inline text do not say where in the file they stand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

from symbp.documents import declaration, plain
from symbp.documents.formats import macros
from symbp.documents.formats.formula import LENGTH, Clean, Part, checked, obstacle, region
from symbp.documents.formats.links import address_end, latex_in
from symbp.documents.formats.spans import SHARED, Rule, Step, brackets, scan
from symbp.documents.formats.text import Place, Text, blank, places
from symbp.documents.formats.unescape import unescape
from symbp.documents.region import Macro, Region

#: Fences that hold a formula.
MATH_FENCES = {"math", "{math}", "katex"}
#: Fences that may hold formulas in plain text.
UNNAMED = {"", "text", "txt", "plain", "plaintext"}
#: An indented block that begins so is a formula: renderers differ on indentation.
_DISPLAY = re.compile(r"\s*(?:\$\$|\\begin\{|\\{1,2}\[)")
_FRONT = re.compile(r"\A(---|\+\+\+)[ \t]*\n(.*?)^\1[ \t]*$", re.S | re.M)
_FIELDS = re.compile(r"\s*(?:#|\[|\Z|[\w\"'-]+[ \t]*[:=])")
#: What is between the lines of a fence, without options as ":label: name".
_FENCE = re.compile(
    r"[^\n]*\n(?:[ \t>]*:\w+:[^\n]*\n)*(.*?)(?:(?:\n|(?<=\n))[ \t>]*(?:`{3,}|~{3,})[ \t]*)?\Z", re.S
)
_COMMENT_END = re.compile("-->")
_BACKTICKS = re.compile("`+")
_GITLAB_END = re.compile(r"`\$")
_TARGET = re.compile(r"\]\((?:[^()\s]|\([^()\s]*\))*")
#: An address with the image whose link it is, or with its own image, right after it.
_TWIN = re.compile(r"""(https?://\S*?)(?:\)\]\(|"[^<>]*><img[^<>]*src=")\Z""")
#: What an image is made of besides its address: a tag, or its text in brackets.
_MARKUP = re.compile(r"<\w+[^<>]*|!?\[[^\[\]]*")
_SHORTCODE = r"\{\{[<%]\s*(?:katex|math|mathjax|latex|texd?)\b[^<>{}%]*[>%]\}\}"
_WALLS = {"heading_open": "a heading", "tr_open": "a table row"}


class _Kept(list[Token]):
    """Of the tokens of a text only those that are asked for: the others would fill the memory."""

    def append(self, token: Token) -> None:
        if token.type in _WALLS or token.type in ("fence", "code_block"):
            super().append(token)


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark").enable("table")
    parser.block.ruler.disable(["reference", "lheading", "hr"])
    return parser


def read(text: str, place: Place | None = None) -> tuple[list[Part], dict[str, Macro]]:
    r"""The formulas, declarations and problems of a Markdown text, in order; and its macros.

    >>> [part.latex for part in read("If $a = b$, then\n\n$$\nb = a\n$$\n")[0]]
    ['a = b', 'b = a']
    """
    front = _front_matter(text)
    shown = blank(text, [front.span()], " ") if front else text
    tokens = _Kept()
    _parser().block.parse(shown, _parser(), {}, tokens)
    whole = Text(shown, place or places(text))
    found = [*_fences(whole, tokens), *_plain_blocks(whole, tokens)]
    if front:
        found += declaration.front_matter(front[2], front.start(2), whole.place)
    masked = blank(shown, _spans(whole, tokens, "fence"))
    code = _spans(whole, tokens, "code_block")
    prose = Text(masked, whole.place, _walls(whole, tokens), code)
    found += scan(prose, RULES, unescape)
    found += plain.lines(prose, _lines_taken(whole, tokens, found))
    return sorted(found, key=lambda part: (part.line, part.column)), macros.collect(masked)


def _front_matter(text: str) -> re.Match[str] | None:
    match = _FRONT.match(text)
    return match if match and _FIELDS.match(match[2]) else None


def _spans(text: Text, tokens: list[Token], kind: str) -> Iterator[tuple[int, int]]:
    """Where the code of one kind stands, but for indented blocks that begin like a formula."""
    for token in tokens:
        if token.type == kind and not (kind == "code_block" and _DISPLAY.match(token.content)):
            yield text.lines(token.map or [0, 0])


def _fences(text: Text, tokens: list[Token]) -> Iterator[Part]:
    for token in tokens:
        if token.type == "fence" and token.info.split(" ")[0].strip() in MATH_FENCES:
            start, end = text.lines(token.map or [0, 0])
            inside = _FENCE.match(text.text, start, end)
            if inside:
                first, last = inside.span(1)  # with the line end before, after which > may stand
                yield from region(text, first - 1, last, display=True, clean=unescape)


def _plain_blocks(text: Text, tokens: list[Token]) -> Iterator[Part]:
    """The formulas in plain text of blocks that name no language."""
    for token in tokens:
        indented = token.type == "code_block" and not _DISPLAY.match(token.content)
        if indented or (token.type == "fence" and token.info.strip() in UNNAMED):
            yield from plain.block(text, *text.lines(token.map or [0, 0]))


def _lines_taken(text: Text, tokens: list[Token], found: list[Part]) -> set[int]:
    """The lines of formulas, code, headings and tables."""
    spans = [token.map or [0, 0] for token in tokens if token.type != "heading_open"]
    taken = {number + 1 for first, last in spans for number in range(first, last)}
    for part in found:
        if isinstance(part, Region):
            taken |= set(range(part.line, part.line + part.latex.count("\n") + 1))
    return taken


def _walls(text: Text, tokens: list[Token]) -> Iterator[tuple[int, str]]:
    for token in tokens:
        if token.type in _WALLS:
            start, end = text.lines(token.map or [0, 0])
            yield start, _WALLS[token.type]
            yield end + 1, f"the end of {_WALLS[token.type]}"


def comment(text: Text, match: re.Match[str], clean: Clean) -> Step:
    """<!-- ... -->: a declaration, or nothing."""
    closing = text.next(_COMMENT_END, match.end())
    if closing is None:
        return Step(match.end())
    found = declaration.comment(text, match.start(), match.end(), closing.start())
    return Step(closing.end(), tuple(found))


def code_span(text: Text, match: re.Match[str], clean: Clean) -> Step:
    """`...` holds no LaTeX, if as many backticks close it in the same paragraph."""
    limit = text.paragraph_end(match.end())
    closing = re.compile(f"(?<!`){match.group()}(?!`)").search(text.text, match.end(), limit)
    if closing is None:
        return Step(match.end())
    inside = text.text[match.end() : closing.start()]
    return Step(closing.end(), tuple(plain.line(inside, *text.place(match.end()))))


def gitlab(text: Text, match: re.Match[str], clean: Clean) -> Step:
    """$`...`$"""
    return _short(text, match, _GITLAB_END, clean)


def role(text: Text, match: re.Match[str], clean: Clean) -> Step:
    """:math:`...` and {math}`...`"""
    return _short(text, match, _BACKTICKS, clean)


def _short(text: Text, match: re.Match[str], end: re.Pattern[str], clean: Clean) -> Step:
    """What runs to `end` in the same paragraph; without it only the first character is passed."""
    closing = text.next(end, match.end())
    if closing is None or closing.start() > text.paragraph_end(match.end()):
        return Step(match.start() + 1)
    return _between(text, match, closing, False, clean)


def _between(
    text: Text, opening: re.Match[str], closing: re.Match[str], display: bool, clean: Clean
) -> Step:
    start, end = opening.end(), closing.start()
    if obstacle(text, start, end):
        return Step(start)
    return Step(closing.end(), tuple(region(text, start, end, display=display, clean=clean)))


def element(text: Text, match: re.Match[str], clean: Clean) -> Step:
    """<pre>, <code>, <script>, <style>: no formula, unless the script is one."""
    name = re.split(r"\W", match.group()[1:])[0].lower()
    closing = text.next(re.compile(f"</{name}", re.I), match.end())
    if closing is None:
        return Step(match.end())
    if "math/tex" in match.group():
        return _between(text, match, closing, "display" in match.group(), clean)
    return Step(closing.end())


def shortcode(text: Text, match: re.Match[str], clean: Clean) -> Step:
    """{{< katex >}}...{{< /katex >}}"""
    name = re.findall(r"\w+", match.group())[0]
    closing = text.next(re.compile(rf"\{{\{{[<%]\s*/\s*{name}\s*[>%]\}}\}}"), match.end())
    if closing is None:
        return Step(match.end())
    display = "display" in match.group() or "\n" in text.text[match.end() : closing.start()]
    return _between(text, match, closing, display, clean)


def target(text: Text, match: re.Match[str], clean: Clean) -> Step:
    """](...): what a link points to holds no formula, unless it is an image of one."""
    if text.text.startswith("http", match.end()):
        return _address(text, match.end(), clean)
    found = _TARGET.match(text.text, match.start())
    return Step(found.end() if found else match.end())


def address(text: Text, match: re.Match[str], clean: Clean) -> Step:
    """An address holds no formula, unless it is that of an image of one."""
    return _address(text, match.start(), clean)


def _address(text: Text, start: int, clean: Clean) -> Step:
    end = address_end(text.text, start, start + 3 * LENGTH)  # %5C is three characters
    found = latex_in(text.text[start:end])
    if found is None:
        return Step(end)
    latex, offset = found
    before, after = text.line(start)[0], text.line(end)[1]
    if (twin := _TWIN.search(before)) and (latex_in(twin[1]) or ("",))[0] == latex:
        return Step(end)
    alone = not re.search(r"[^\W\d_]", _MARKUP.sub("", before) + re.sub(r"^[^)>]*", "", after))
    return Step(end, tuple(checked(clean(latex), text.place(start + offset), alone)))


RULES = (
    Rule("comment", "<!--", comment),
    Rule("gitlab", r"\$`(?!`)", gitlab),
    Rule("role", r"(?::math:|\{math\})`(?!`)", role),
    Rule("code", "`+", code_span),
    Rule("element", r"<(?:pre|code|script|style)\b[^<>]*>", element),
    Rule("shortcode", _SHORTCODE, shortcode),
    Rule("target", r"\]\(", target),
    Rule("address", "https?://", address),
    Rule("brackets", r"\\{1,2}[(\[]", brackets),
    *SHARED,
)
