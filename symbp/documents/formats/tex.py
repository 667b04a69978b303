r"""Formulas and declarations in TeX.

Comments and verbatim text are blanked out, everything else is scanned: one broken place does not
lose the rest, and every formula keeps its place in the file. Nothing is read before
\begin{document} if there is one.
"""

from __future__ import annotations

import re

from symbp.documents import declaration
from symbp.documents.formats import macros
from symbp.documents.formats.formula import LENGTH, Clean, Part, region
from symbp.documents.formats.spans import SHARED, Rule, Step, bracketed, problem, scan
from symbp.documents.formats.text import COMMENT, Place, Text, blank, places
from symbp.documents.region import Macro

_BEGIN = re.compile(r"\\begin\s*\{document\}")
_END = re.compile(r"\\end\s*\{document\}")
_TOKEN = re.compile(
    r"(?P<comment>%[^\n]*)"
    r"|\\begin\s*\{(?P<verbatim>verbatim\*?|lstlisting|minted|comment|Verbatim|alltt)\}"
    r"|\\(?:verb|lstinline)\*?(?P<mark>[^\sA-Za-z*{])"
    r"|\\[\s\S]"
)
_WALL = re.compile(
    r"\\(?P<command>part|chapter|(?:sub)*section|(?:sub)?paragraph|item|caption|footnote"
    r"|begin\s*\{(?:document|itemize|enumerate|figure|table|proof|theorem|lemma)\})(?![A-Za-z])"
)


def read(text: str, place: Place | None = None) -> tuple[list[Part], dict[str, Macro]]:
    r"""The formulas, declarations and problems of a TeX text, in order; and its macros.

    >>> [part.latex for part in read(r"Then $a = b$ % or $b = a$")[0]]
    ['a = b']
    """
    place = place or places(text)
    shown = without_comments(text)
    known = macros.collect(shown.replace(COMMENT, ""))
    shown = blank(shown, ((start, end) for start, end, _ in macros.definitions(shown)), COMMENT)
    begin, end = _BEGIN.search(shown), _END.search(shown)
    stop = end.start() if end else len(shown)
    walls = [(found.start(), rf"\{found['command']}") for found in _WALL.finditer(shown)]
    found: list[Part] = [*declaration.tex_comments(text, place)]
    found += scan(Text(shown[:stop], place, walls), RULES, str, begin.end() if begin else 0)
    return sorted(found, key=lambda part: (part.line, part.column)), known


def without_comments(text: str) -> str:
    r"""The text with comments and verbatim parts blanked out.

    >>> without_comments(r"a\% \verb|$| % b").replace("\1", "?")
    'a\\% ???????? ???'
    """
    spans, position = [], 0
    endless: set[str] = set()
    while match := _TOKEN.search(text, position):
        position = match.end()
        if match["comment"]:
            spans.append(match.span())
        elif name := match["verbatim"]:
            end = -1 if name in endless else text.find(rf"\end{{{name}}}", position)
            if end < 0:
                endless.add(name)
            position = end if end >= 0 else position
            spans.append((match.end(), position))
        elif mark := match["mark"]:
            end = text.find(mark, position, position + LENGTH)
            if end >= 0 and "\n" not in text[position:end]:
                position = end + 1
                spans.append((match.start(), position))
    return blank(text, spans, COMMENT)


def brackets(text: Text, match: re.Match[str], clean: Clean) -> Step:
    r"""\(...\) and \[...\]"""
    end, stop, reason = bracketed(text, match)
    if reason:
        return Step(match.end(), (problem(text, match, reason),))
    display = match.group() == r"\["
    return Step(stop, tuple(region(text, match.end(), end, display=display, clean=clean)))


RULES = (Rule("brackets", r"\\[(\[]", brackets), *SHARED)
