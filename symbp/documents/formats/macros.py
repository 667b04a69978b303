r"""Macros that a document defines, and a formula with their meanings inserted.

The forms: \newcommand, \renewcommand, \providecommand, \def, \DeclareMathOperator, \let, and the
macros of a MathJax or KaTeX configuration. A macro holds in the whole document, also before its
definition; of several definitions the last counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from symbp.documents.region import Macro
from symbp.errors import ReadingError

#: What an expansion may grow to: characters, and macros inside macros.
LENGTH = 100_000
DEPTH = 50

_COMMAND = re.compile(r"\\(?:[A-Za-z]+|[^A-Za-z])", re.S)
_DEFINITION = re.compile(
    r"\\(?P<command>(?:re|provide)?newcommand|providecommand|DeclareMathOperator|[gex]?def|let)"
    r"(?![A-Za-z])(?P<star>\*?)\s*"
)
_NAME = re.compile(r"\{\s*(\\(?:[A-Za-z]+|[^A-Za-z\s]))\s*\}|(\\(?:[A-Za-z]+|[^A-Za-z\s]))")
_COUNT = re.compile(r"\s*\[\s*(\d)\s*\]")
_DEFAULT = re.compile(r"\s*\[([^\[\]]*)\]")
_PARAMETERS = re.compile(r"\s*((?:#[1-9]\s*)*)")
_LET = re.compile(r"\s*+=?\s*+(\\[A-Za-z]+|[^\s\\])")
_ARGUMENT = re.compile(r"\s*(\{|#[1-9]|\\(?:[A-Za-z]+|[^A-Za-z])|[^\s}\\])")
_EDGE = re.compile(r"\\[\s\S]|[{}]")
_STRING = r"""(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')"""
_CONFIGURATION = re.compile(r"""\b[Mm]acros["']?\s*:\s*\{""")
_SETTING = re.compile(
    rf"""\s*+(?:,\s*+)?(?P<name>{_STRING}|\w+)\s*:\s*(?:\[\s*(?P<body>{_STRING})\s*(?:,\s*(?P<count>\d)\s*)?"""
    rf"""[^\]]*\]|(?P<only>{_STRING}))"""
)


def collect(text: str) -> dict[str, Macro]:
    r"""The macros that a text defines, by name.

    >>> collect(r"\newcommand{\d}[2]{\frac{\partial #1}{\partial #2}}")[r"\d"].arguments
    2
    """
    return {macro.name: macro for _, _, macro in definitions(text)} | _configured(text)


def without_definitions(latex: str) -> str:
    r"""A formula without the definitions in it.

    >>> without_definitions(r"\def\R{\mathbb{R}} x \in \R")
    ' x \\in \\R'
    """
    pieces, done = [], 0
    for start, end, _ in definitions(latex):
        pieces.append(latex[done:start])
        done = end
    return "".join([*pieces, latex[done:]])


def definitions(text: str) -> Iterator[tuple[int, int, Macro]]:
    """Every definition of a text with its start and end."""
    if not _DEFINITION.search(text):
        return
    closing, end = _groups(text), 0
    for match in _DEFINITION.finditer(text):
        if match.start() >= end and (found := _definition(text, match, closing)):
            end = found[0]
            yield match.start(), end, found[1]


def _groups(text: str) -> dict[int, int]:
    """From every opening brace to the one that closes it."""
    open_: list[int] = []
    closing = {}
    for match in _EDGE.finditer(text):
        if match.group() == "{":
            open_.append(match.start())
        elif match.group() == "}" and open_:
            closing[open_.pop()] = match.start()
    return closing


def _definition(
    text: str, match: re.Match[str], closing: Mapping[int, int]
) -> tuple[int, Macro] | None:
    name = _NAME.match(text, match.end())
    if name is None:
        return None
    command, position, default, count = match["command"], name.end(), None, 0
    called = name[1] or name[2]
    if command == "let":
        meant = _LET.match(text, position)
        return (meant.end(), Macro(called, 0, meant[1])) if meant else None
    if command.endswith("def"):
        if parameters := _PARAMETERS.match(text, position):
            count, position = parameters[1].count("#"), parameters.end()
    elif number := _COUNT.match(text, position):
        count, position = int(number[1]), number.end()
        if optional := _DEFAULT.match(text, position):
            default, position = optional[1], optional.end()
    while text[position : position + 1].isspace():
        position += 1
    if position not in closing:
        return None
    body = text[position + 1 : closing[position]].strip()
    if command == "DeclareMathOperator":
        body = rf"\operatorname{match['star']}{{{body}}}"
    return closing[position] + 1, Macro(called, count, body, default)


def _configured(text: str) -> dict[str, Macro]:
    r"""Macros: {RR: "\\mathbb{R}", vec: ["\\mathbf{#1}", 1]}"""
    found = {}
    for start in _CONFIGURATION.finditer(text):
        position = start.end()
        while setting := _SETTING.match(text, position):
            position = setting.end()
            name = "\\" + _unquoted(setting["name"]).lstrip("\\")
            body = _unquoted(setting["body"] or setting["only"])
            used = [int(number) for number in re.findall(r"#([1-9])", body)]
            count = int(setting["count"] or max(used, default=0))
            found[name] = Macro(name, count, body)
    return found


def _unquoted(string: str) -> str:
    return re.sub(r"\\(.)", r"\1", string[1:-1], flags=re.S) if string[0] in "\"'" else string


def expand(latex: str, macros: Mapping[str, Macro]) -> str:
    r"""`latex` with the meaning of every macro in its place, and without definitions.

    Raises `ReadingError` where a macro is defined by itself, lacks an argument, or grows too large.

    >>> print(expand(r"\d{C}w", collect(r"\newcommand{\d}[2]{\partial #1 / \partial #2}")))
    \partial C / \partial w
    """
    latex = without_definitions(latex)
    return _Expansion(macros, {}).expand(latex) if macros else latex


@dataclass(frozen=True)
class _Expansion:
    macros: Mapping[str, Macro]
    bodies: dict[str, str]
    """The bodies that were needed so far, with the macros in them expanded."""

    def expand(self, latex: str, active: tuple[str, ...] = (), depth: int = 0) -> str:
        """`latex` expanded, inside the bodies of the macros that are `active`."""
        if depth > DEPTH:
            raise ReadingError(f"macros are nested more than {DEPTH} deep")
        pieces: list[str] = []
        position = size = 0
        while match := _COMMAND.search(latex, position):
            start, end = match.span()
            piece = match.group()
            if macro := self.macros.get(piece):
                arguments, end = self._arguments(macro, latex, end, active, depth)
                piece = _substitute(self._body(macro, active, depth), arguments, macro.name)
                piece = _fitted(latex[max(0, start - 4) : start], piece, latex[end : end + 1])
            pieces += [latex[position:start], piece]
            position = end
            size += len(piece)
            _bounded(size, macro.name if macro else "")
        return "".join([*pieces, latex[position:]])

    def _body(self, macro: Macro, active: tuple[str, ...], depth: int) -> str:
        """The body with the macros in it expanded; its own arguments are still #1, #2, ..."""
        if macro.name in active:
            path = " → ".join([*active[active.index(macro.name) :], macro.name])
            by = f" ({path})" if path.count("→") > 1 else ""
            raise ReadingError(f"the macro {macro.name} is defined by itself{by}")
        if macro.name not in self.bodies:
            body = self.expand(macro.body, (*active, macro.name), depth + 1)
            self.bodies[macro.name] = body
        return self.bodies[macro.name]

    def _arguments(
        self, macro: Macro, latex: str, position: int, active: tuple[str, ...], depth: int
    ) -> tuple[list[str], int]:
        found: list[str] = []
        if macro.default is not None:
            optional = _DEFAULT.match(latex, position)
            found.append(optional[1] if optional else macro.default)
            position = optional.end() if optional else position
        while len(found) < macro.arguments:
            argument, position = _argument(latex, position)
            if not argument:
                needs = "one argument" if macro.arguments == 1 else f"{macro.arguments} arguments"
                raise ReadingError(f"the macro {macro.name} takes {needs}: found {len(found)}")
            found.append(argument)
        inner = [a[1:-1] if a[0] == "{" and a[-1] == "}" and len(a) > 1 else a for a in found]
        return [self.expand(argument, active, depth + 1) for argument in inner], position


def _argument(latex: str, position: int) -> tuple[str, int]:
    r"""The group, the command, the #1 or the character at `position`, and where it ends."""
    match = _ARGUMENT.match(latex, position)
    if match is None:
        return "", position
    end = match.end()
    if match[1] == "{":
        depth = 1
        while depth and (edge := _EDGE.search(latex, end)):
            depth += {"{": 1, "}": -1}.get(edge.group(), 0)
            end = edge.end()
        if depth:
            return "", position
    return latex[match.start(1) : end], end


def _substitute(body: str, arguments: list[str], name: str) -> str:
    uses = [int(number) for number in re.findall(r"#([1-9])", body)]
    known = {number: arguments[number - 1] for number in uses if number <= len(arguments)}
    _bounded(len(body) + sum(len(known.get(number, "")) for number in uses), name)

    def argument(match: re.Match[str]) -> str:
        meant = known.get(int(match[2]), match.group())
        return match[1] + " " + meant if match[1] and meant[:1].isalpha() else match[1] + meant

    return re.sub(r"(\\[A-Za-z]+|)#([1-9])", argument, body)


def _fitted(before: str, piece: str, after: str) -> str:
    """`piece` between its neighbours: one group as a sub- or superscript, no longer command."""
    if before.rstrip()[-1:] in ("^", "_") and len(piece) != 1:
        return f"{{{piece}}}"
    runs_on = after.isalpha() and re.search(r"\\[A-Za-z]+\Z", piece[-40:])
    return f"{piece} " if runs_on else piece


def _bounded(size: int, name: str) -> None:
    if size > LENGTH:
        raise ReadingError(f"the macro {name} grows to more than {LENGTH} characters")
