r"""Tokens as a tree: sums, products and calls by precedence, names with their scripts.

    sum      ± product ± product ...
    product  factor [sign] factor ...        the signs stay: what · or * means is decided by shapes
    factor   atom with scripts and primes; f x and f(x) for what is known as a function

Which words are one name and which names are functions is the `Vocabulary`; everything else about
meaning is left to the elaboration.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches

from symbp.errors import ReadingError
from symbp.reading.grammar.factors import BEGINNINGS
from symbp.reading.grammar.lexer import Token
from symbp.reading.grammar.marks import TRANSPOSES
from symbp.reading.grammar.quotients import by_commas
from symbp.reading.grammar.scripts import Scripted, scripted
from symbp.reading.grammar.signs import (
    CLOSING,
    FUNCTION_MACROS,
    GREEK,
    PRODUCT_SIGNS,
    SCRIPTS,
    STOPS,
)
from symbp.reading.grammar.syntax import (
    Bracket,
    Call,
    Derivative,
    Dots,
    Fraction,
    Keyword,
    Name,
    Node,
    Number,
    Product,
    Sum,
    Tokens,
)

#: Functions that are written as words, in posts and in NumPy.
FUNCTION_WORDS = {
    *FUNCTION_MACROS,
    *"""sigmoid softmax tanh relu ReLU Relu exp log ln diag sign sgn rot180 rot upsample flip conv
    prod softplus sum mean np dot matmul multiply outer max min any transpose vec tr Tr trace
    leaky_relu elu gelu silu swish sqrt concat erf abs LeakyReLU ELU GELU SiLU""".split(),
}


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
    parser = Parser(joined(tokens, vocabulary), vocabulary)
    node = parser.sum()
    t = parser.peek()
    if t is not None:
        raise ReadingError(f"'{t.text}' does not fit here{_meant(t.text)}", t.start)
    return node


def _meant(text: str) -> str:
    r"""The macro that one nobody knows may stand for: \tanh for \tahn."""
    known = {f"\\{x}" for x in FUNCTION_MACROS} | GREEK
    near = get_close_matches(text, known, n=1, cutoff=0.75)
    return f": did you mean {near[0]}?" if near and text[0] == "\\" else ""


def joined(tokens: Sequence[Token], vocabulary: Vocabulary) -> list[Token]:
    """Letters that together are a known word become one token: n e t → net."""
    words = vocabulary.words | FUNCTION_WORDS
    longest = max(map(len, words))
    result: list[Token] = []
    place = 0
    while place < len(tokens):
        length = _word_length(tokens[place : place + longest], words)
        letters = tokens[place : place + length]
        place += length
        if length == 1:
            result.append(letters[0])
        else:
            word = "".join(t.text for t in letters)
            result.append(Token("word", word, letters[0].start, letters[-1].end))
    return result


def _word_length(tokens: Sequence[Token], words: Collection[str]) -> int:
    """How many of the tokens, from the first on, are the longest known word; 1 for none."""
    run, end, longest = "", tokens[0].start, 1
    for length, t in enumerate(tokens, start=1):
        if t.kind not in ("name", "number") or not t.text.isalnum() or t.start != end:
            break
        run, end = run + t.text, t.end
        if run in words:
            longest = length
    return longest


def unclosed(tokens: Sequence[Token]) -> bool:
    """Whether an opening round bracket is never closed."""
    return sum((t.text == "(") - (t.text == ")") for t in tokens) > 0


class Parser:
    """Recursive descent over a list of tokens; `factors` has what begins a factor."""

    def __init__(self, tokens: Sequence[Token], vocabulary: Vocabulary) -> None:
        self.tokens = list(tokens)
        self.vocabulary = vocabulary
        self.place = 0

    # -- tokens --------------------------------------------------------------------------------

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
            raise ReadingError("something is missing at the end", self.end)
        self.place += 1
        return t

    def put_back(self, tokens: Sequence[Token]) -> None:
        """Let these tokens come next."""
        self.tokens[self.place : self.place] = tokens

    @property
    def end(self) -> int:
        """Where the token that was taken last ends."""
        return self.tokens[self.place - 1].end if self.place else 0

    def ahead(self) -> Iterator[tuple[int, Token]]:
        """The tokens of the round brackets that follow, with their depth; 0 where they close."""
        depth = 0
        for t in self.tokens[self.place :]:
            depth += (t.text == "(") - (t.text == ")")
            yield depth, t
            if depth == 0:
                return

    def until(self, opened: Token) -> list[Token]:
        """The tokens up to the bracket that closes `opened`, which is taken too."""
        depth, close = 1, CLOSING[opened.text]
        inner: list[Token] = []
        while (t := self.peek()) is not None:
            self.place += 1
            depth += (t.text == opened.text) - (t.text == close)
            if depth == 0:
                return inner
            inner.append(t)
        if opened.text != "(":
            raise ReadingError(f"{opened.text} is never closed by {close}", opened.start)
        return inner  # closed where the expression ends; `unclosed` says so

    # -- parts of their own --------------------------------------------------------------------

    def parse(self, tokens: Sequence[Token]) -> Node:
        """The tree of other tokens, with the same vocabulary."""
        return parse(tokens, self.vocabulary)

    def inside(self, tokens: Sequence[Token], where: Token) -> Node:
        """The tree of the tokens of a group."""
        if not tokens:
            raise ReadingError("empty braces where an expression is needed", where.start)
        return self.parse(tokens)

    def joined(self, tokens: Sequence[Token]) -> list[Token]:
        """Other tokens with their letters joined to words."""
        return joined(tokens, self.vocabulary)

    # -- sums and products ---------------------------------------------------------------------

    def sum(self) -> Node:
        """± product ± product ..."""
        first = self.place
        terms: list[tuple[int, Node]] = [(self._plus_minus(), self.product())]
        while self.text() in ("+", "-") or self._ends_with_dots():
            if self._ends_with_dots():
                t = self.take()
                terms.append((1, Dots(t.start, t.end)))
                continue
            sign = self._plus_minus()
            if self.text() != r"\ldots":
                terms.append((sign, self.product()))
        if len(terms) == 1 and terms[0][0] == 1:
            return terms[0][1]
        return Sum(self.tokens[first].start, terms[-1][1].end, tuple(terms))

    def _ends_with_dots(self) -> bool:
        """Whether dots follow that stand for terms, not for factors."""
        return self.text() == r"\ldots" and self.text(1) in ("+", "-", "")

    def _plus_minus(self) -> int:
        sign = 1
        while self.text() in ("+", "-"):
            sign *= -1 if self.take().text == "-" else 1
        return sign

    def product(self) -> Node:
        """Factors side by side or with signs between."""
        factors = [self.factor()]
        signs: list[str] = []
        while not self._ends_product():
            sign = self.take().text if self.text() in PRODUCT_SIGNS else ""
            factors.append(self._negative() if sign and self.text() == "-" else self.factor())
            signs.append(sign)
        return _applied(*_divided(factors, signs))

    def _ends_product(self) -> bool:
        t = self.peek()
        if t is None or t.text in STOPS or t.kind == "text":
            return True
        return self._ends_with_dots() or (t.text == "." and self.peek(1) is None)

    def _negative(self) -> Node:
        """The −b of a · −b."""
        minus = self.take()
        inner = self.factor()
        return Sum(minus.start, inner.end, ((-1, inner),))

    def factor(self) -> Node:
        """One factor with its scripts."""
        return self.begun(self.take())

    def begun(self, t: Token) -> Node:
        """The factor that a token begins which is already taken."""
        read = BEGINNINGS.get(t.text if t.kind == "sign" else t.kind)
        if read is None:
            raise ReadingError(f"'{t.text}' does not fit here{_meant(t.text)}", t.start)
        return read(self, t)

    # -- calls ---------------------------------------------------------------------------------

    def is_function(self, name: Name) -> bool:
        """Whether a name is a function's, where an argument follows: a letter or a word."""
        v = self.vocabulary
        is_word = name.base in FUNCTION_WORDS and name.base not in v.families | v.words
        return name.base in v.functions or is_word

    def call(self, name: Name) -> Node:
        """f(x), f x: for functions; J(W, b): for quantities written with their arguments."""
        is_function = self.is_function(name)
        if self._opens_arguments(name, is_function):
            inner = self.until(self.take())
            arguments = tuple(self._argument(part) for part in by_commas(inner) if part)
            call = Call(name.start, self.end, name, arguments)
            return self.scripted_any(call) if is_function else self._late_scripts(call)
        t = self.peek()
        takes_bare = name.base in FUNCTION_WORDS and is_function
        if takes_bare and t is not None and t.text not in (*STOPS, *PRODUCT_SIGNS):
            argument = self.factor()
            return Call(name.start, argument.end, name, (argument,))
        return name

    def _opens_arguments(self, name: Name, is_function: bool) -> bool:
        """Whether what follows are arguments in brackets, not a factor."""
        if self.text() not in ("(", r"\{") and not (self.text() == "[" and is_function):
            return False
        v = self.vocabulary
        of_sample = v.samples and [self.text(i) for i in range(3)] == ["(", v.samples, ")"]
        named = name.base in v.called and self.only_names()
        return is_function or named or bool(of_sample) or self._is_list()

    def only_names(self) -> bool:
        """Whether the brackets that follow hold names alone, and are no factor as in D (W)^T."""
        follows = list(self.ahead())
        for depth, t in follows:
            is_sign = t.text in PRODUCT_SIGNS or t.text in ("+", "-", "=")
            if depth and (is_sign or t.kind in ("number", "frac")):
                return False
        after = [self.text(len(follows) + i).strip("{}") for i in range(2)]
        closed = bool(follows) and follows[-1][0] == 0
        return closed and not (after[0] == "^" and after[1] in TRANSPOSES)

    def _is_list(self) -> bool:
        """Whether the brackets that follow hold several things between commas."""
        return any(depth == 1 and t.text in (",", ";") for depth, t in self.ahead())

    def _argument(self, part: Sequence[Token]) -> Node:
        """An argument; `axis=0` is a name and a value."""
        texts = [t.text for t in part]
        if "=" in texts:
            at = texts.index("=")
            name, value = "".join(texts[:at]), "".join(texts[at + 1 :])
            return Keyword(part[0].start, part[-1].end, name, value)
        return self.parse([t for t in part if t.kind != "text" or t.text])

    def _late_scripts(self, call: Call) -> Node:
        """h_θ(x)^{(i)}: scripts after the arguments belong to the name."""
        if self.text() not in ("^", "_"):
            return call
        name = self.scripted(call.function)
        return replace(call, function=name, end=name.end)

    # -- scripts -------------------------------------------------------------------------------

    def scripted(self, node: Scripted) -> Scripted:
        """The node with the scripts and primes that follow."""
        return scripted(self, node)

    def scripted_any(self, node: Node) -> Node:
        """The node, in braces where scripts follow."""
        if self.text() in SCRIPTS:
            return self.scripted(Bracket(node.start, node.end, node, "{"))
        return node

    def script(self) -> Tokens:
        """The tokens of a script; ^<t> is one."""
        t = self.take()
        if t.kind == "group":
            return t.parts[0]
        if t.text != "<":
            return (t,)
        inner = self.until(t)
        return (t, *inner, Token("sign", ">", self.end - 1, self.end))


def _divided(factors: list[Node], signs: list[str]) -> tuple[list[Node], list[str]]:
    """a / b as a fraction of the two factors beside the sign."""
    while "/" in signs:
        at = signs.index("/")
        above, below = factors[at : at + 2]
        _refuse_open_end(above, below, factors[at + 2 :], signs[at + 1 :])
        whole = Fraction(above.start, below.end, above, below)
        factors = [*factors[:at], whole, *factors[at + 2 :]]
        signs = [*signs[:at], *signs[at + 1 :]]
    return factors, signs


def _refuse_open_end(
    above: Node, below: Node, rest: Sequence[Node], signs: Sequence[str]
) -> None:  # fmt: skip
    """1/2m, in which nothing says how far the slash reaches. Raises `ReadingError`."""
    if not (rest and isinstance(below, Number) and isinstance(rest[0], Name)):
        return
    if isinstance(above, Number) and signs[0] == "" and rest[0].start == below.end:
        a, b, c = above.text, below.text, rest[0].base
        raise ReadingError(f"{a}/{b}{c} may be {a}/({b}{c}) or ({a}/{b}){c}", above.start)


def _applied(factors: list[Node], signs: list[str]) -> Node:
    """The product, the first ∂/∂u in it applied to all factors that follow."""
    for place, f in enumerate(factors[:-1]):
        if isinstance(f, Derivative) and f.of is None:
            rest = _product(factors[place + 1 :], signs[place + 1 :])
            whole = replace(f, of=rest, end=rest.end)
            return _product([*factors[:place], whole], signs[:place])
    return _product(factors, signs)


def _product(factors: list[Node], signs: list[str]) -> Node:
    if len(factors) == 1:
        return factors[0]
    return Product(factors[0].start, factors[-1].end, tuple(factors), tuple(signs))
