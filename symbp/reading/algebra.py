r"""Plain algebra: formulas in numbers and letters alone, read by latex2sympy2.

    \frac{d}{dx} \sqrt[3]{x} = \frac{1}{3} x^{-2/3}        no network has to say what x is

latex2sympy2 knows roots, logarithms to a base, the functions of calculus, binomials and numeric
matrices. What it cannot know it misreads without a word: W^T loses its T, σ' its prime, S becomes
s, \gamma Euler's constant, 1/2x is 1/(2x). So it is given only what has one meaning: letters
without marks, each under another name of its own, functions with their argument in brackets,
derivatives of what is written out behind them.

Here all letters are numbers that do not depend on each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib import import_module
from typing import Any

import sympy as sp

from symbp.errors import ReadingError
from symbp.reading.grammar.lexer import Token
from symbp.reading.grammar.signs import CLOSING, GREEK, SCRIPTS
from symbp.reading.grammar.syntax import Tokens

#: What the letters are called while latex2sympy2 reads them: such as mean nothing else.
STAND_INS = "xyzuvwabckmpqrhj"
#: Letters that are read as functions where brackets follow.
FUNCTION_LETTERS = {*"fghFGH", r"\sigma", r"\phi", r"\psi", r"\Phi", r"\Psi", r"\Gamma"}
#: Functions: how latex2sympy2 is told of them; {} is the argument.
FUNCTIONS = {
    **{f: rf"\{f}({{}})" for f in "exp sin cos tan sinh cosh tanh arcsin arccos arctan".split()},
    "log": r"\ln({})",
    "cot": r"\frac{{1}}{{\tan({})}}",
    "sec": r"\frac{{1}}{{\cos({})}}",
    "csc": r"\frac{{1}}{{\sin({})}}",
    "coth": r"\frac{{1}}{{\tanh({})}}",
    "sech": r"\frac{{1}}{{\cosh({})}}",
    "csch": r"\frac{{1}}{{\sinh({})}}",
    "arcsinh": r"\arsinh({})",
    "arctanh": r"\artanh({})",
    "arsinh": r"\arsinh({})",
    "artanh": r"\artanh({})",
}
PRODUCTS = {"*", r"\cdot", r"\times"}
BRACKETS = {"(": ")", "[": "]", r"\{": r"\}"}


class NotPlainError(ReadingError):
    """What stands there is no plain algebra, or has more than one meaning."""


def plain_algebra(members: Sequence[Tokens]) -> tuple[Any, ...]:
    r"""The members of A = B = ... as SymPy objects over real symbols; matrices as such.

    Raises `NotPlainError` where a sign has no meaning, or more than one, without a network.

    >>> from symbp.reading.grammar.lexer import tokens
    >>> plain_algebra([tokens(r"\frac{d}{d\gamma} \gamma^2"), tokens(r"2 \gamma")])
    (Derivative(gamma**2, gamma), 2*gamma)
    """
    letters = _Letters(members)
    return tuple(letters.read(m) for m in members)


class _Letters:
    """The letters of a formula and their names while it is read."""

    def __init__(self, members: Sequence[Tokens]) -> None:
        written = dict.fromkeys(t.text for m in members for t in _all(m) if t.kind == "name")
        names = [t for t in written if _is_letter(t) and t not in ("d", "e")]
        if len(names) > len(STAND_INS):
            raise NotPlainError(f"{len(names)} letters (at most {len(STAND_INS)})")
        matrices = [t for t in names if t.isalpha() and t.isupper()]
        if matrices:
            raise NotPlainError(f"a capital {matrices[0]} may be a matrix, and no equation says so")
        self.name = dict(zip(names, STAND_INS, strict=False))
        self.alone = {
            t.text for m in members for t, after in _pairs(m) if after is None or after.text != "("
        }
        """Letters that stand somewhere without a bracket behind them."""

    def read(self, member: Tokens) -> Any:
        """One member."""
        if not member:
            raise NotPlainError("nothing stands on one side")
        text, used = _Writer(self, member).all()
        try:
            found = _latex2sympy()(text)
        except Exception as error:  # the library raises bare exceptions
            raise NotPlainError(f"no plain algebra: {text}") from error
        own = {sp.Symbol(self.name[u]): sp.Symbol(u.lstrip("\\"), real=True) for u in used}
        found = found.xreplace({s: own.get(sp.Symbol(s.name), s) for s in found.free_symbols})
        if {s.name for s in found.free_symbols} != {s.name for s in own.values()}:
            raise NotPlainError(f"latex2sympy2 reads {found}, which has other letters")
        return found


@cache
def _latex2sympy() -> Any:
    """The reader, loaded where it is first needed: it takes as long as SymPy itself."""
    return import_module("latex2sympy2_extended").latex2sympy


class _Writer:
    """Writes tokens so that latex2sympy2 can take them one way only."""

    def __init__(self, letters: _Letters, member: Tokens) -> None:
        self.letters = letters
        self.member = member
        self.used: set[str] = set()

    def all(self) -> tuple[str, set[str]]:
        return self._sum(self.member), self.used

    def _sum(self, tokens: Tokens) -> str:
        """Terms joined by + and −."""
        written = ""
        term: list[Any] = []
        for place, t in enumerate(_bracketed(tokens)):
            if isinstance(t, Token) and t.text in "+-" and t.kind == "sign":
                if term:
                    written += self._product(term)
                elif place and not written.endswith(("+", "-")):
                    raise NotPlainError(f"{t.text} has nothing before it")
                written, term = written + t.text, []
            else:
                term.append(t)
        return written + self._product(term)

    def _product(self, term: list[Any]) -> str:
        """Factors side by side or with a sign between them; a derivative takes all that follow."""
        factors: list[str] = []
        place, joined = 0, True
        while place < len(term):
            variables = _derivative(term[place])
            if variables is not None:
                return self._times(
                    [*factors, self._derived(variables, term[place], term[place + 1 :])]
                )
            if _is_text(term[place], "/") and factors:
                factors.append(self._divided(term, place + 1))
                return self._times(factors)
            if _is_sign(term[place]):
                if joined:
                    break
                place, joined = place + 1, True
                continue
            factor, place = self._factor(term, place)
            factors.append(factor)
            joined = False
        if joined:
            raise NotPlainError("a sign has nothing beside it")
        return self._times(factors)

    @staticmethod
    def _times(factors: list[str]) -> str:
        return r" \cdot ".join(factors)

    def _derived(self, variables: list[str], operator: Token, rest: list[Any]) -> str:
        """d/dx of what stands above the bar, or of the factors behind it."""
        above = _above(operator)
        if above and rest:
            raise NotPlainError("a derivative with further factors behind it")
        if len(rest) > 1 and isinstance(rest[0], tuple) and not _is_script(rest[1]):
            raise NotPlainError("a derivative of a bracket, with further factors behind it")
        inner = self._sum(above) if above else self._product(rest)
        named = {t.text for t in _all(_flat(above or rest))}
        if not named.issuperset(variables):
            raise NotPlainError("what is differentiated does not show what it is differentiated by")
        if _is_bare(above or rest):
            raise NotPlainError("no equation says what is differentiated")
        for v in variables:
            self.used.add(v)
            inner = rf"\frac{{d}}{{d{self._letter(v)}}}\left({inner}\right)"
        return inner

    def _factor(self, term: list[Any], place: int) -> tuple[str, int]:
        """One factor with its power; where the next one begins."""
        item = term[place]
        place += 1
        if isinstance(item, Token) and _function_name(item) in FUNCTIONS:
            return self._function(item, term, place)
        base = self._atom(item, term[place] if place < len(term) else None)
        power, place = self._power(term, place)
        return rf"\left({base}\right){power}" if power and base != "e" else base + power, place

    def _divided(self, term: list[Any], place: int) -> str:
        """1/b behind a, where nothing follows: a/b c has two meanings."""
        if place == len(term):
            raise NotPlainError("/ has nothing behind it")
        below, after = self._factor(term, place)
        if after < len(term):
            raise NotPlainError("a factor behind a/b: it may be above or below the bar")
        return rf"\frac{{1}}{{{below}}}"

    def _function(self, item: Token, term: list[Any], place: int) -> tuple[str, int]:
        base, place = self._base(item, term, place)
        power, place = self._power(term, place)
        if place == len(term):
            raise NotPlainError(f"{item.text} has no argument")
        argument, alone = term[place], place + 1 == len(term)
        place += 1
        bracket = isinstance(argument, tuple)
        if not bracket and not (alone or _is_sign(term[place])):
            argument, place = self._open(item, term, place - 1)
        inner = self._sum(argument[1:-1]) if bracket else self._sum(_flat([argument]))
        if base:
            return rf"\left(\log_{{{base}}}({inner})\right){power}", place
        called = FUNCTIONS[_function_name(item)].format(inner)
        return rf"\left({called}\right){power}", place

    def _open(self, item: Token, term: list[Any], place: int) -> tuple[Any, int]:
        """sin 2x, log x^2: a number and a letter, or a power, and nothing behind them."""
        rest = term[place:]
        kinds = [t.kind if isinstance(t, Token) else "" for t in rest]
        raised = len(rest) == 3 and _is_text(rest[1], "^")
        if kinds == ["number", "name"] or raised:
            return Token("group", "{}", 0, 0, (tuple(_flat(rest)),)), len(term)
        raise NotPlainError(f"where the argument of {item.text} ends is open: write brackets")

    def _base(self, item: Token, term: list[Any], place: int) -> tuple[str, int]:
        """The base of a logarithm."""
        if item.text != "log" or place + 1 >= len(term) or not _is_text(term[place], "_"):
            return "", place
        return self._sum(_inner(term[place + 1])), place + 2

    def _power(self, term: list[Any], place: int) -> tuple[str, int]:
        """^n behind a factor. Primes, subscripts and transposes have no meaning here."""
        if place == len(term) or not _is_script(term[place]):
            return "", place
        if not _is_text(term[place], "^") or place + 1 == len(term):
            raise NotPlainError(f"a mark {term[place].text} means nothing in plain algebra")
        inner = _inner(term[place + 1])
        if any(t.text in ("T", r"\top", "*", "'") for t in inner):
            raise NotPlainError("a transpose or a star is no power")
        if place + 2 < len(term) and _is_script(term[place + 2]):
            raise NotPlainError("two marks on one factor")
        return f"^{{{self._sum(inner)}}}", place + 2

    def _atom(self, item: Any, following: Any) -> str:
        if isinstance(item, tuple):
            opening = item[0].text
            inner = self._sum(item[1:-1])
            return rf"\left|{inner}\right|" if opening == "|" else rf"\left({inner}\right)"
        if item.kind == "number":  # exactly: 0.1 is 1/10, no float
            number = sp.Rational(item.text)
            return rf"\frac{{{number.p}}}{{{number.q}}}" if number.q > 1 else str(number.p)
        if item.kind == "name" and item.text == "e":
            if not _is_text(following, "^"):
                raise NotPlainError("e is a letter or Euler's number")
            return "e"
        if item.kind == "name" and _is_letter(item.text):
            self._check_no_call(item, following)
            self.used.add(item.text)
            return self._letter(item.text)
        if item.text == r"\pi":
            return r"\pi"
        if item.kind == "group":
            return rf"\left({self._sum(item.parts[0])}\right)"
        if item.kind == "frac":
            above, below = (self._sum(p) for p in item.parts)
            return rf"\frac{{{above}}}{{{below}}}"
        if item.kind == "sqrt":
            index = f"[{self._sum(item.parts[1])}]" if len(item.parts) > 1 else ""
            return rf"\sqrt{index}{{{self._sum(item.parts[0])}}}"
        if item.kind == "rows" and item.text.startswith("matrix"):
            return self._matrix(item)
        raise NotPlainError(f"{item.text} means nothing in plain algebra")

    def _matrix(self, item: Token) -> str:
        widths = [int(n) for n in item.text.split(":")[1].split(",")]
        if len(set(widths)) != 1:
            raise NotPlainError("a matrix with rows of several lengths")
        cells = [self._sum(p) for p in item.parts]
        rows = [" & ".join(cells[k : k + widths[0]]) for k in range(0, len(cells), widths[0])]
        return r"\begin{bmatrix}" + r" \\ ".join(rows) + r"\end{bmatrix}"

    def _letter(self, text: str) -> str:
        if text not in self.letters.name:
            raise NotPlainError(f"{text} means nothing in plain algebra")
        return self.letters.name[text]

    def _check_no_call(self, item: Token, following: Any) -> None:
        """a(x + 1) is a product where a stands elsewhere without brackets: then it is a number."""
        if not isinstance(following, tuple):
            return
        known = item.text in self.letters.alone and len(following) > 3
        if item.text in FUNCTION_LETTERS or not known:
            raise NotPlainError(f"{item.text} may be a function, and no equation says which")


def _bracketed(tokens: Tokens) -> list[Any]:
    """Tokens, with each bracket and what is in it as one tuple."""
    found: list[list[Any]] = [[]]
    closing: list[str] = []
    for t in tokens:
        if closing and t.kind == "sign" and t.text == closing[-1]:
            inner = [*found.pop(), t]
            closing.pop()
            found[-1].append(tuple(_flat(inner)))
        elif t.kind == "sign" and (t.text in BRACKETS or t.text == "|"):
            closing.append(BRACKETS.get(t.text, "|"))
            found.append([t])
        elif t.kind == "sign" and t.text in CLOSING.values() and t.text != ">":
            raise NotPlainError(f"a bracket {t.text} that was never opened")
        else:
            found[-1].append(t)
    if closing:
        raise NotPlainError("a bracket that is never closed")
    return found[0]


def _flat(items: Sequence[Any]) -> Tokens:
    """Tokens again."""
    return tuple(t for i in items for t in (i if isinstance(i, tuple) else (i,)))


def _all(tokens: Sequence[Token]) -> list[Token]:
    """Tokens and what is inside them."""
    return [x for t in tokens for x in (t, *(y for p in t.parts for y in _all(p)))]


def _pairs(tokens: Tokens) -> list[tuple[Token, Token | None]]:
    """Tokens, and those inside them, each with the next one, except variables of derivatives."""
    inner = [
        pair
        for t in tokens
        for part in (t.parts if t.kind != "frac" or not _order(t.parts[0])[0] else ())
        for pair in _pairs(part)
    ]
    return [*zip(tokens, [*tokens[1:], None], strict=True), *inner]


def _inner(item: Any) -> Tokens:
    """What is in braces, or the one token."""
    if isinstance(item, tuple):
        return item
    return item.parts[0] if item.kind == "group" else (item,)


def _derivative(item: Any) -> list[str] | None:
    """The variables of d/dx, d²/dx² or of dy/dx; None where a fraction is none."""
    if not isinstance(item, Token) or item.kind != "frac":
        return None
    (top, order), below = _order(item.parts[0]), item.parts[1]
    if not top or len(below) not in (2, 4) or below[0].text != item.parts[0][0].text:
        return None
    letter, own = below[1].text, _order((below[0], *below[2:]))[1]
    if own != order or not _is_letter(letter):
        raise NotPlainError("a derivative of which the order is not clear")
    return [letter] * order


def _order(tokens: Tokens) -> tuple[bool, int]:
    """Whether d or ∂ stands first, and the number above it."""
    if not tokens or tokens[0].text not in ("d", r"\partial"):
        return False, 0
    if len(tokens) > 2 and tokens[1].text == "^":
        (power, *more) = _inner(tokens[2])
        if more or power.kind != "number":
            raise NotPlainError("a derivative of which the order is not clear")
        return True, int(power.text)
    return True, 1


def _above(operator: Token) -> Tokens:
    """What stands behind d above the bar."""
    above = operator.parts[0][1:]
    return above[2:] if above and above[0].text == "^" else above


def _is_bare(tokens: Sequence[Any]) -> bool:
    """Whether one letter alone is differentiated: of what it depends on nothing is said."""
    inner = [t for t in _flat(tokens) if t.text not in "()"]
    while len(inner) == 1 and inner[0].kind == "group":
        inner = list(inner[0].parts[0])
    return len(inner) == 1 and inner[0].kind == "name"


def _function_name(item: Token) -> str:
    return item.text.lstrip("\\")


def _is_letter(text: str) -> bool:
    return len(text) == 1 or (text in GREEK and text != r"\pi")


def _is_sign(item: Any) -> bool:
    return isinstance(item, Token) and item.text in PRODUCTS


def _is_script(item: Any) -> bool:
    return isinstance(item, Token) and item.text in SCRIPTS


def _is_text(item: Any, text: str) -> bool:
    return isinstance(item, Token) and item.text == text
