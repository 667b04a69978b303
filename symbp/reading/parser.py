r"""Tokens as a tree: sums, products and calls by precedence, names with their scripts.

    sum      ± product ± product ...
    product  factor [sign] factor ...        the signs stay: what · or * means is decided by shapes
    factor   atom with scripts and primes; f x and f(x) for what is known as a function

Which words are one name and which names are functions is the `Vocabulary`; everything else about
meaning is left to the elaboration.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from symbp.errors import ReadingError
from symbp.reading.lexer import Token
from symbp.reading.signs import CLOSING, COMPARISONS, FUNCTION_MACROS, PRODUCT_SIGNS, RELATIONS
from symbp.reading.syntax import (
    BigSum,
    Bracket,
    Call,
    Derivative,
    Differential,
    Dots,
    Fraction,
    Indicator,
    Keyword,
    Name,
    Node,
    Norm,
    Number,
    Product,
    Root,
    Rows,
    Sum,
    Tokens,
)

#: Functions that are written as words, in posts and in NumPy.
FUNCTION_WORDS = {
    *FUNCTION_MACROS,
    *"""sigmoid softmax tanh relu ReLU Relu exp log ln diag sign sgn rot180 upsample flip conv prod
    softplus sum mean np max min any transpose vec tr Tr trace leaky_relu elu gelu silu swish sqrt
    concat erf abs LeakyReLU ELU GELU SiLU""".split(),
}
STOPS = {")", "]", r"\}", "+", "-", ",", ";", ">", *RELATIONS}


@dataclass(frozen=True)
class Vocabulary:
    """What must be known of names before a formula can be parsed."""

    functions: frozenset[str] = frozenset({r"\sigma", r"\phi", r"\psi"})
    """Letters that are functions where an argument follows."""
    words: frozenset[str] = frozenset()
    """Names of several letters that are written without any mark: net, out."""
    called: frozenset[str] = frozenset()
    """Quantities that may be written with the names they depend on: J(W, b), h_θ(x)."""
    families: frozenset[str] = frozenset()
    """Bases of known families."""
    samples: str = ""
    """The letter of a sample: y(x) is the y of sample x."""
    differentials: bool = True
    """Whether du is a name for ∂C/∂u."""


def parse(tokens: Sequence[Token], vocabulary: Vocabulary) -> Node:
    """The tree of one expression. Raises `ReadingError` with the place of what does not fit."""
    if not tokens:
        raise ReadingError("an expression is missing")
    parser = _Parser(joined(tokens, vocabulary), vocabulary)
    node = parser.sum()
    if parser.place < len(parser.tokens):
        t = parser.tokens[parser.place]
        raise ReadingError(f"{t.text!r} does not fit here", t.start)
    return node


def joined(tokens: Sequence[Token], vocabulary: Vocabulary) -> list[Token]:
    """Letters that together are a known word become one token: n e t → net."""
    words = vocabulary.words | FUNCTION_WORDS
    longest = max((len(w) for w in words), default=0)
    result: list[Token] = []
    place = 0
    while place < len(tokens):
        run = ""
        found = 0
        for length in range(1, longest + 1):
            if place + length > len(tokens):
                break
            t = tokens[place + length - 1]
            if not (t.kind in ("name", "number") and t.text.isalnum()) or (
                length > 1 and t.start != tokens[place + length - 2].end
            ):
                break
            run += t.text
            if len(run) > 1 and run in words:
                found = length
        if found > 1:
            text = "".join(t.text for t in tokens[place : place + found])
            end = tokens[place + found - 1].end
            result.append(Token("word", text, tokens[place].start, end))
        else:
            result.append(tokens[place])
        place += max(found, 1)
    return result


class _Parser:
    """Recursive descent over a list of tokens."""

    def __init__(self, tokens: Sequence[Token], vocabulary: Vocabulary) -> None:
        self.tokens = list(tokens)
        self.vocabulary = vocabulary
        self.place = 0

    # -- tokens ----------------------------------------------------------------------------

    def peek(self, ahead: int = 0) -> Token | None:
        """The next token, not taken."""
        place = self.place + ahead
        return self.tokens[place] if place < len(self.tokens) else None

    def text(self, ahead: int = 0) -> str:
        """The text of the next token; "" at the end."""
        t = self.peek(ahead)
        return t.text if t is not None else ""

    def take(self) -> Token:
        """The next token."""
        t = self.peek()
        if t is None:
            end = self.tokens[-1].end if self.tokens else 0
            raise ReadingError("something is missing at the end", end)
        self.place += 1
        return t

    def inside(self, tokens: Sequence[Token], where: Token) -> Node:
        """The tree of the tokens of a group."""
        if not tokens:
            raise ReadingError("empty braces where an expression is needed", where.start)
        return parse(tokens, self.vocabulary)

    # -- sums and products -------------------------------------------------------------------

    def sum(self) -> Node:
        """± product ± product ..."""
        terms: list[tuple[int, Node]] = []
        start = self.peek()
        sign = self._plus_minus()
        terms.append((sign, self.product()))
        while self.text() in ("+", "-") or (
            self.text() == r"\ldots" and self.text(1) in ("+", "-", "")
        ):
            if self.text() == r"\ldots":
                t = self.take()
                terms.append((1, Dots(t.start, t.end)))
                continue
            sign = self._plus_minus()
            if self.text() == r"\ldots":
                continue
            terms.append((sign, self.product()))
        if len(terms) == 1 and terms[0][0] == 1:
            return terms[0][1]
        first = start.start if start else 0
        return Sum(first, terms[-1][1].end, tuple(terms))

    def _plus_minus(self) -> int:
        sign = 1
        while self.text() in ("+", "-"):
            sign *= -1 if self.take().text == "-" else 1
        return sign

    def product(self) -> Node:
        """Factors side by side or with signs between."""
        factors = [self.factor()]
        signs: list[str] = []
        while True:
            t = self.peek()
            if t is None or t.text in STOPS or t.kind == "text":
                break
            if t.text == r"\ldots" and self.text(1) in ("+", "-", ""):
                break
            sign = ""
            if t.text in PRODUCT_SIGNS:
                if t.text == "." and self.peek(1) is None:
                    break
                sign = self.take().text
                if self.text() == "-":  # a · −b
                    minus = self.take()
                    inner = self.factor()
                    factors.append(Sum(minus.start, inner.end, ((-1, inner),)))
                    signs.append(sign)
                    continue
            factors.append(self.factor())
            signs.append(sign)
        if len(factors) == 1:
            return factors[0]
        return self._divided(factors, signs)

    def _divided(self, factors: list[Node], signs: list[str]) -> Node:
        """a / b as fractions of the two factors beside the sign."""
        while "/" in signs:
            at = signs.index("/")
            above, below = factors[at], factors[at + 1]
            while at + 1 < len(signs) and signs[at + 1] == "" and isinstance(above, Number):
                break
            factors[at : at + 2] = [Fraction(above.start, below.end, above, below)]
            del signs[at]
        if len(factors) == 1:
            return factors[0]
        operator = factors[0]
        if isinstance(operator, Derivative) and operator.of is None:
            rest = self._product_of(factors[1:], signs[1:])
            return replace(operator, of=rest, end=rest.end)
        for place, f in enumerate(factors[1:], start=1):
            if isinstance(f, Derivative) and f.of is None and place + 1 < len(factors):
                rest = self._product_of(factors[place + 1 :], signs[place + 1 :])
                whole = replace(f, of=rest, end=rest.end)
                return self._product_of([*factors[:place], whole], signs[:place])
        return self._product_of(factors, signs)

    @staticmethod
    def _product_of(factors: list[Node], signs: list[str]) -> Node:
        if len(factors) == 1:
            return factors[0]
        return Product(factors[0].start, factors[-1].end, tuple(factors), tuple(signs))

    # -- factors ---------------------------------------------------------------------------

    def factor(self) -> Node:
        """One factor with its scripts."""
        t = self.take()
        maker = _MAKERS.get(t.text if t.kind == "sign" else t.kind)
        if maker is None:
            raise ReadingError(f"{t.text!r} does not fit here", t.start)
        return maker(self, t)

    def _number(self, t: Token) -> Node:
        number = Number(t.start, t.end, t.text)
        if self.text() == r"\{" and t.text == "1":
            return self._indicator(t)
        if t.text == "1" and self.text() == "(" and self._has_condition():
            return self._indicator(t)
        if self.text() not in ("^", "_", "'"):
            return number
        return self._scripted(Bracket(t.start, t.end, number, "{"))

    def _has_condition(self) -> bool:
        """Whether the brackets that follow hold a comparison."""
        depth = 0
        for t in self.tokens[self.place :]:
            depth += {"(": 1, ")": -1}.get(t.text, 0)
            if depth == 0:
                return False
            if t.text in (">", "<", r"\le", r"\ge", "=", r"\neq"):
                return True
        return False

    def _indicator(self, t: Token) -> Node:
        opened = self.take()
        inner = self._until(opened)
        return Indicator(t.start, self.tokens[self.place - 1].end, tuple(inner))

    def _group(self, t: Token) -> Node:
        inner = t.parts[0]
        head = inner[0] if inner else None
        if head is None:
            raise ReadingError("empty braces where an expression is needed", t.start)
        if head.text == r"\partial" and self.text() == "/" and self.peek(1) is not None:
            return self._slash(t, joined(inner[1:], self.vocabulary))
        if len(inner) > 1 and self._is_differential(inner):
            # {dz}^{[l]}: the scripts belong to z
            names = joined(inner[1:], self.vocabulary)
            self.tokens[self.place : self.place] = list(names)
            return self._differential(t)
        inner = tuple(joined(inner, self.vocabulary))
        if len(inner) == 1 and inner[0].kind in ("name", "word", "group"):
            self.tokens[self.place : self.place] = [inner[0]]
            return replace(self.factor(), start=t.start)
        if inner[0].kind == "group" and len(_unwrapped(inner[0].parts[0])) == 1 and len(inner) > 1 \
                and inner[1].text in ("_", "^"):  # fmt: skip
            inner = (_unwrapped(inner[0].parts[0])[0], *inner[1:])
        if all(x.kind in ("name", "word") or x.text in ("_", "^") or x.kind == "group"
               for x in inner) and inner[0].kind in ("name", "word") and len(inner) > 1 \
                and inner[1].text in ("_", "^"):  # fmt: skip
            # {w_{ij}}^l: one name with all its scripts
            node = parse(inner, self.vocabulary)
            if isinstance(node, Name):
                name = self._scripted(replace(node, start=t.start, end=t.end))
                return self._call(name) if isinstance(name, Name) else name
        node = self.inside(inner, t)
        return self._scripted(Bracket(t.start, t.end, node, "{"))

    def _word(self, t: Token) -> Node:
        if t.text == "np" and self.text() == ".":
            self.take()
            return self.factor()
        return self._name(t)

    def _name(self, t: Token) -> Node:
        v = self.vocabulary
        if t.text == "d" and "d" not in v.families and v.differentials:
            following = self.peek()
            if following is not None and self._is_name(following):
                return self._differential(t)
        if t.text == "e" and self.text() == "^" and "e" not in v.families:
            self.take()
            power = self.take()
            inner = power.parts[0] if power.kind == "group" else (power,)
            return Call(t.start, power.end, Name(t.start, t.end, "exp"), (self.inside(inner, t),))
        if t.text == r"\mathbb{1}" and self.text() in ("(", "[", r"\{", "_"):
            if self.text() == "_":
                self.take()
                g = self.take()
                inner = g.parts[0] if g.kind == "group" else (g,)
                return Indicator(t.start, g.end, tuple(inner))
            return self._indicator(t)
        name = self._scripted(Name(t.start, t.end, t.text))
        assert isinstance(name, Name)
        return self._call(name)

    def _is_name(self, t: Token) -> bool:
        if t.kind == "group" and t.parts[0]:
            return self._is_name(t.parts[0][0])
        return t.kind in ("name", "word") and t.text != "d"

    def _is_differential(self, inner: Sequence[Token]) -> bool:
        v = self.vocabulary
        return (
            inner[0].text == "d" and "d" not in v.families and v.differentials
            and self._is_name(inner[1]) and all(x.text not in STOPS for x in inner)
        )  # fmt: skip

    def _differential(self, t: Token) -> Node:
        by = self._atom()
        if self.text() == "/" and self._latin_d(1):
            self.take()
            return self._slash_rest(t, by)
        return Differential(t.start, by.end, by)

    def _latin_d(self, ahead: int) -> bool:
        a, b = self.peek(ahead), self.peek(ahead + 1)
        return a is not None and b is not None and a.text == "d" and self._is_name(b)

    def _atom(self) -> Node:
        """A factor that is not followed by a call's arguments: the u of ∂u."""
        t = self.take()
        while t.kind == "group" and len(t.parts[0]) == 1:
            t = t.parts[0][0]
        if t.kind == "group" and t.parts[0]:
            node = parse(t.parts[0], self.vocabulary)
            if isinstance(node, Name):
                return self._scripted(replace(node, start=t.start, end=t.end))
            return self._scripted(Bracket(t.start, t.end, node, "{"))
        if t.text == "(":
            return self._bracket(t)
        if t.kind not in ("name", "word"):
            raise ReadingError(f"{t.text!r} where the name of a quantity is needed", t.start)
        name = self._scripted(Name(t.start, t.end, t.text))
        called = t.text in self.vocabulary.called and self._only_names()
        if self.text() == "(" and called and isinstance(name, Name):
            return self._call(name)
        return name

    def _call(self, name: Name) -> Node:
        """f(x), f x: for functions; J(W, b): for quantities written with their arguments."""
        v = self.vocabulary
        is_function = name.base in v.functions or (
            name.base in FUNCTION_WORDS and name.base not in v.families
        )
        opens = self.text() in ("(", r"\{") or (self.text() == "[" and is_function)
        named = name.base in v.called and self._only_names()
        named = named or (bool(v.samples) and self.text() == "(" and self.text(1) == v.samples
                          and self.text(2) == ")")  # fmt: skip
        if opens and (is_function or named or self._is_list()):
            opened = self.take()
            inner = self._until(opened)
            end = self.tokens[self.place - 1].end
            arguments = tuple(self._argument(part) for part in _by_commas(inner) if part)
            call = Call(name.start, end, name, arguments)
            if self.text() in ("^", "_", "'") and is_function:
                return self._scripted(Bracket(call.start, call.end, call, "{"))
            return self._late_scripts(call)
        t = self.peek()
        takes_bare = name.base in FUNCTION_WORDS and is_function
        if takes_bare and t is not None and t.text not in (*STOPS, *PRODUCT_SIGNS):
            argument = self.factor()
            return Call(name.start, argument.end, name, (argument,))
        return name

    def _late_scripts(self, call: Call) -> Node:
        """h_θ(x)^{(i)}: scripts after the arguments belong to the name."""
        if self.text() not in ("^", "_"):
            return call
        name = self._scripted(call.function)
        assert isinstance(name, Name)
        return replace(call, function=name, end=name.end)

    def _argument(self, part: Sequence[Token]) -> Node:
        """An argument; `axis=0` is a name and a value."""
        if (len(part) > 2 and part[1].text == "=") or "=" in [t.text for t in part]:
            at = [t.text for t in part].index("=")
            name, value = ("".join(t.text for t in p) for p in (part[:at], part[at + 1 :]))
            return Keyword(part[0].start, part[-1].end, name, value)
        return parse([t for t in part if t.kind != "text" or t.text], self.vocabulary)

    def _only_names(self) -> bool:
        """Whether the brackets that follow hold names alone, as what a quantity depends on."""
        depth = 0
        for t in self.tokens[self.place :]:
            depth += {"(": 1, ")": -1}.get(t.text, 0)
            if depth == 0:
                return True
            if t.text in PRODUCT_SIGNS or t.text in ("+", "-", "=") or t.kind in ("number", "frac"):
                return False
        return False

    def _is_list(self) -> bool:
        """Whether the brackets that follow hold several things between commas."""
        depth = 0
        for t in self.tokens[self.place :]:
            depth += {"(": 1, ")": -1}.get(t.text, 0)
            if depth == 0:
                return False
            if depth == 1 and t.text in (",", ";"):
                return True
        return False

    def _until(self, opened: Token) -> list[Token]:
        """The tokens up to the bracket that closes `opened`, which is taken too."""
        depth, inner = 1, []
        # half-open intervals and (a] are mistakes of typing: any closing sign of the pair ends it
        close = CLOSING[opened.text]
        while True:
            t = self.peek()
            if t is None and opened.text == "(":
                return inner  # closed where the expression ends; `unclosed` says so
            if t is None:
                raise ReadingError(f"{opened.text} is never closed by {close}", opened.start)
            self.place += 1
            depth += (t.text == opened.text) - (t.text == close)
            if depth == 0:
                return inner
            inner.append(t)

    # -- scripts ---------------------------------------------------------------------------

    def _scripted(self, node: Name | Bracket | Norm) -> Name | Bracket | Norm:
        sub, sup = list(node.sub), list(node.sup)
        primes = getattr(node, "primes", 0)
        end = node.end
        while self.text() in ("^", "_", "'"):
            mark = self.take()
            if mark.text == "'":
                primes += 1
                end = mark.end
                continue
            t = self.take()
            inner = _script(t, self)
            end = self.tokens[self.place - 1].end
            if mark.text == "^" and inner and all(x.text == "'" for x in inner):
                primes += len(inner)
            elif mark.text == "^" and len(inner) > 1 and inner[-1].text == "'":
                primes += 1
                sup.append(tuple(inner[:-1]))
            elif mark.text == "^" and len(inner) > 1 and inner[0].text == "'":
                primes += 1
                sup.append(tuple(inner[1:]))
            else:
                (sup if mark.text == "^" else sub).append(tuple(inner))
        given = {"sub": tuple(sub), "sup": tuple(sup), "end": end}
        if not isinstance(node, Norm):
            given["primes"] = primes
        return replace(node, **given)

    # -- signs that begin a factor -------------------------------------------------------------

    def _bracket(self, t: Token) -> Node:
        inner = self._until(t)
        end = self.tokens[self.place - 1].end
        if not inner:
            raise ReadingError(f"nothing between {t.text} and {CLOSING[t.text]}", t.start)
        if t.text == "[" and any(x.text in COMPARISONS for x in inner):
            return Indicator(t.start, end, tuple(inner))  # [i = j]
        parts = _by_commas(inner)
        if len(parts) > 1:
            cells = tuple(parse(p, self.vocabulary) for p in parts if p)
            return self._rows_scripted(Rows(t.start, end, "matrix", (cells,)))
        node = parse(inner, self.vocabulary)
        return self._scripted(Bracket(t.start, end, node, t.text))

    def _rows_scripted(self, rows: Rows) -> Rows:
        sup = []
        while self.text() in ("^", "_"):
            mark, script = self.take(), self.take()
            if mark.text == "^":
                sup.append(tuple(_script(script, self)))
        return replace(rows, sup=tuple(sup))

    def _norm(self, t: Token) -> Node:
        inner: list[Token] = []
        while self.peek() is not None and self.text() != t.text:
            inner.append(self.take())
        closing = self.take()
        norm = Norm(t.start, closing.end, parse(inner, self.vocabulary), t.text == r"\|")
        return self._scripted(norm)

    def _big(self, t: Token) -> Node:
        below: Tokens = ()
        above: Tokens = ()
        while self.text() in ("^", "_"):
            mark = self.take()
            script = tuple(_script(self.take(), self))
            if mark.text == "_":
                below = script
            else:
                above = script
        minus = self.text() == "-" and bool(self.take())
        body = self.product()
        if minus:
            body = Sum(body.start, body.end, ((-1, body),))
        return BigSum(t.start, body.end, below, above, body, t.text == r"\prod")

    def _partial(self, t: Token) -> Node:
        of = self._atom()
        if self.text() == "/":
            self.take()
            return self._slash_rest(t, of)
        raise ReadingError(r"\partial without a denominator", t.start)

    def _slash(self, t: Token, inner: Sequence[Token]) -> Node:
        of = parse(inner, self.vocabulary) if inner else None
        self.take()
        return self._slash_rest(t, of)

    def _slash_rest(self, t: Token, of: Node | None) -> Node:
        d = self.take()
        if d.kind == "group" and d.parts[0] and d.parts[0][0].text in (r"\partial", "d"):
            by = parse(d.parts[0][1:], self.vocabulary)
            return Derivative(t.start, d.end, of, by)
        if d.text not in (r"\partial", "d"):
            raise ReadingError(r"\partial in the denominator is missing", d.start)
        by = self._atom()
        return Derivative(t.start, by.end, of, by)

    def _nabla(self, t: Token) -> Node:
        by: Node | None = None
        if self.text() == "_":
            self.take()
            script = _script(self.take(), self)
            by = parse(script, self.vocabulary)
        if by is None:
            inner = self._atom()
            return Differential(t.start, inner.end, inner)
        of = self._gradient_of()
        return Derivative(t.start, of.end, of, by)

    def _gradient_of(self) -> Node:
        t = self.peek()
        if t is not None and t.text in self.vocabulary.called:
            return self.factor()
        if t is not None and (t.kind in ("name", "word", "group") or t.text == "("):
            return self.product() if t.text in ("(", "[") else self.factor()
        return self.product()

    def _frac(self, t: Token) -> Node:
        above, below = (joined(p, self.vocabulary) for p in t.parts)
        places = [i for i, x in enumerate(below) if x.text == r"\partial"]
        if above[:1] and above[0].text == r"\partial" and places and places[0] > 0:
            at = places[0]  # \frac{\partial f}{T \cdot \partial u}
            signed = below[at - 1].text in PRODUCT_SIGNS
            factor = parse(below[: at - signed], self.vocabulary)
            of, by = (parse(p, self.vocabulary) for p in (above[1:], below[at + 1 :]))
            one = Fraction(t.start, t.end, Number(t.start, t.start, "1"), factor)
            return Product(t.start, t.end, (one, Derivative(t.start, t.end, of, by)), ("",))
        found = _derivative_parts(above, below)
        if found is not None:
            of, by = found
            node = parse(of, self.vocabulary) if of else None
            functions = self.vocabulary.functions | FUNCTION_WORDS
            if isinstance(node, Name) and node.base in functions and self.text() == "(":
                return self._call(replace(node, primes=node.primes + 1))  # ∂f/∂z (z_k) is f'(z_k)
            return Derivative(t.start, t.end, node, parse(by, self.vocabulary))
        return Fraction(t.start, t.end, self.inside(above, t), self.inside(below, t))

    def _sqrt(self, t: Token) -> Node:
        return self._scripted_any(Root(t.start, t.end, self.inside(t.parts[0], t)))

    def _scripted_any(self, node: Node) -> Node:
        if self.text() in ("^", "_", "'"):
            return self._scripted(Bracket(node.start, node.end, node, "{"))
        return node

    def _rows(self, t: Token) -> Node:
        kind, widths = t.text.split(":")
        cells, place, rows = list(t.parts), 0, []
        for width in map(int, widths.split(",") if widths else ()):
            row: list[Node | Tokens] = []
            for cell in cells[place : place + width]:
                is_condition = kind == "cases" and len(row) > 0
                row.append(tuple(cell) if is_condition or not cell
                           else self._cell(cell, kind))  # fmt: skip
            rows.append(tuple(row))
            place += width
        return self._rows_scripted(Rows(t.start, t.end, kind, tuple(rows)))

    def _cell(self, cell: Sequence[Token], kind: str) -> Node | Tokens:
        """An entry; in cases written without &, the condition follows a comma."""
        parts = _by_commas(cell)
        if kind == "cases" and len(parts) > 1:
            value = parse(parts[0], self.vocabulary)
            return Rows(value.start, cell[-1].end, "case", ((value, tuple(parts[1])),))
        return parse(parts[0] if kind == "cases" else cell, self.vocabulary)


def _dots(parser: _Parser, t: Token) -> Node:
    return Dots(t.start, t.end)


_MAKERS: dict[str, Callable[[_Parser, Token], Node]] = {
    "number": _Parser._number,
    "name": _Parser._name,
    "word": _Parser._word,
    "group": _Parser._group,
    "frac": _Parser._frac,
    "sqrt": _Parser._sqrt,
    "rows": _Parser._rows,
    "(": _Parser._bracket,
    "[": _Parser._bracket,
    r"\{": _Parser._bracket,
    "|": _Parser._norm,
    r"\|": _Parser._norm,
    r"\sum": _Parser._big,
    r"\prod": _Parser._big,
    r"\partial": _Parser._partial,
    r"\nabla": _Parser._nabla,
    r"\ldots": _dots,
}


def unclosed(tokens: Sequence[Token]) -> bool:
    """Whether an opening round bracket is never closed."""
    depth = 0
    for t in tokens:
        depth += (t.text == "(") - (t.text == ")")
    return depth > 0


def _derivative_parts(
    above: Sequence[Token], below: Sequence[Token]
) -> tuple[Sequence[Token], Sequence[Token]] | None:
    r"""(f, u) where a fraction is \partial f / \partial u, d f / d u or δ f / δ u."""
    above, below = _opened(above), _opened(below)
    if not above or not below:
        return None
    for sign in (r"\partial", "d", r"\delta"):
        if above[0].text == sign and below[0].text == sign and len(below) > 1:
            if above[1:] and above[1].text == "^":
                raise ReadingError("second derivatives are not read yet", above[0].start)
            if sign == r"\delta" and above[1:2] and above[1].text in ("_", "^"):
                return None  # a fraction of two error terms
            return _unwrapped(above[1:]), _unwrapped(below[1:])
    return None


def _opened(tokens: Sequence[Token]) -> Sequence[Token]:
    """Without braces around all of it, or around the sign of the derivative in front: {dL}(a, y)."""
    tokens = _unwrapped(tokens)
    while tokens and tokens[0].kind == "group":
        inner = tokens[0].parts[0]
        if not inner or (inner[0].text not in (r"\partial", "d") and inner[0].kind != "group"):
            break
        tokens = [*inner, *tokens[1:]]
    return tokens


def _unwrapped(tokens: Sequence[Token]) -> Sequence[Token]:
    while len(tokens) == 1 and tokens[0].kind == "group":
        tokens = tokens[0].parts[0]
    return tokens


def _script(t: Token, parser: _Parser) -> list[Token]:
    """The tokens of a script; ^<t> is one."""
    if t.kind == "group":
        return list(t.parts[0])
    if t.text == "<":
        return [*parser._until(t)]
    return [t]


def _by_commas(tokens: Sequence[Token]) -> list[list[Token]]:
    """Parts between commas and semicolons outside of brackets."""
    parts: list[list[Token]] = [[]]
    depth = 0
    for t in tokens:
        depth += (t.text in CLOSING) - (t.text in CLOSING.values())
        if t.text in (",", ";") and depth == 0:
            parts.append([])
        else:
            parts[-1].append(t)
    return parts
