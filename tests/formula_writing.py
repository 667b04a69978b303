"""Formula trees as LaTeX in a notation of symbp, and the gradients of a network as trees."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from symbp.notation import Notation
from tests.formula_trees import (
    ONE,
    ONES,
    SAMPLES,
    Quantity,
    Tree,
    had,
    minus,
    mul,
    name,
    over,
    sites,
    total,
    turn,
)

GRADIENTS = {"dz": "z", "da": "a", "dw": "w", "db": "b"}
#: How tightly a part binds: sums, products, single things.
LEVELS = {"add": 0, "mul": 1, "had": 1, "sum": 1}


@dataclass(frozen=True)
class Spelling:
    """Signs that mean the same."""

    elementwise: str = r"\odot"
    times: str = ""
    """Between numbers."""
    transpose: str = "T"
    operator: str = r"\frac{\partial %s}{\partial %s}"
    tight: bool = False
    """Whether A B ⊙ C stands for (A B) ⊙ C."""


class Hand:
    """Writes trees in a notation; the layer letter is that of the family on the left."""

    def __init__(self, notation: Notation, activation: str, batch: bool, left: Tree,
                 spelling: Spelling | None = None) -> None:  # fmt: skip
        self.n = notation
        self.batch = batch
        self.activation = r"\tanh" if activation == "tanh" else notation.activation
        self.spelling = spelling or Spelling(notation.hadamard, transpose=notation.transpose)
        self.offset = self._style(left.value.family).layer

    def _style(self, family: str):
        return self.n.styles[GRADIENTS.get(family, family)]

    def claim(self, left: Tree, right: Tree) -> str:
        """left = right."""
        return f"{self.write(left)} = {self.write(right)}"

    def write(self, tree: Tree, level: int = 0) -> str:
        """LaTeX, in parentheses where it binds more weakly than its place needs."""
        text = getattr(self, f"_{tree.op}")(tree)
        weak = LEVELS.get(tree.op, 2) < level
        if tree.op == "number" and (tree.value < 0 or tree.value.denominator > 1):
            weak = level == 2 or tree.value < 0
        return rf"\left({text}\right)" if weak else text

    def _number(self, tree: Tree) -> str:
        x = tree.value
        if x.denominator == 1:
            return str(x)
        return rf"{'-' * (x < 0)}\frac{{{abs(x.numerator)}}}{{{x.denominator}}}"

    def _samples(self, tree: Tree) -> str:
        return "m"

    def _ones(self, tree: Tree) -> str:
        return r"\mathbf{1}"

    def _turn(self, tree: Tree) -> str:
        inner = self.write(tree.parts[0])
        return rf"\left({inner}\right)^{{{self.spelling.transpose}}}"

    def _add(self, tree: Tree) -> str:
        text = ""
        for sign, part in zip(tree.value, tree.parts, strict=True):
            own = self.write(part, 1)
            text += f" {'+' if sign > 0 else '-'} {own}" if text else "-" * (sign < 0) + own
        return text

    def _mul(self, tree: Tree) -> str:
        texts = []
        for place, part in enumerate(tree.parts):
            last = place == len(tree.parts) - 1
            level = 1 if part.op == "sum" and last else 2
            texts.append(self.write(part, level))
        sign = self.spelling.times
        plain = all(not _is_array(p) for p in tree.parts)
        return (f" {sign} " if sign and plain else " ").join(texts)

    def _had(self, tree: Tree) -> str:
        loose = [self.spelling.tight and p.op == "mul" and p.parts[-1].op != "sum"
                 for p in tree.parts]  # fmt: skip
        texts = [self.write(p, 1 if t else 2) for p, t in zip(tree.parts, loose, strict=True)]
        return f" {self.spelling.elementwise} ".join(texts)

    def _over(self, tree: Tree) -> str:
        return rf"\frac{{{self.write(tree.parts[0])}}}{{{self.write(tree.parts[1])}}}"

    def _f(self, tree: Tree) -> str:
        return rf"{self.activation}\left({self.write(tree.parts[0])}\right)"

    def _df(self, tree: Tree) -> str:
        inner = rf"\left({self.write(tree.parts[0])}\right)"
        if self.n.prime == "leibniz":
            return rf"\frac{{\partial {self.activation}}}{{\partial z}}{inner}"
        return f"{self.activation}{self.n.prime}{inner}"

    def _sum(self, tree: Tree) -> str:
        return rf"\sum_{{{tree.value}}} {self.write(tree.parts[0], 1)}"

    def _name(self, tree: Tree) -> str:
        q = tree.value
        if q.family not in GRADIENTS:
            return self._marked(q, self._letter(q))
        if q.family == "dz" and self.n.delta and not q.spelt:
            whole = self.n.delta_whole or self.n.delta
            letter = self.n.delta if q.units else self.n.delta_batch if self.batch else whole
            return self._marked(q, letter)
        inner = self._name(Tree("name", (), Quantity(GRADIENTS[q.family], q.base, q.shift, q.units,
                                                     q.sample)))  # fmt: skip
        return self.spelling.operator % (self.n.styles["C"].entry, inner)

    def _letter(self, q: Quantity) -> str:
        whole = not q.units
        return self._style(q.family).symbol(whole, whole and self.batch and q.family in "zaxy")

    def _marked(self, q: Quantity, letter: str) -> str:
        style = self._style(q.family)
        units = q.units[::-1] if self.n.weights == "from-to" else q.units
        below = "".join(units) + style.subscript
        layer = "" if q.family == "y" else self.n.layer_mark.format(self._layer(q, style.layer))
        if q.family == "a" and q.base == "L" and q.shift == 0 and style.last:
            letter, layer = style.last, ""
        sample = self.n.sample_mark.format(q.sample) if q.sample else ""
        above = [m for m in (sample, layer) if m]
        if not self.n.sample_first:
            above.reverse()
        plain = letter.rstrip("'")
        marks = self.n.superscript_separator.join(above)
        return (plain + (f"_{{{below}}}" if below else "") + letter[len(plain) :]
                + (f"^{{{marks}}}" if marks else ""))  # fmt: skip

    def _layer(self, q: Quantity, own: int) -> str:
        last = q.base == "L"
        number = q.shift + own - (self.n.depth_shift if last else self.offset)
        letter = self.n.depth if last else self.n.layer_letter
        return letter if number == 0 else f"{letter} {'+' if number > 0 else '-'} {abs(number)}"


def _is_array(tree: Tree) -> bool:
    """Whether a part stands for a vector or matrix."""
    whole = [t for _, t in sites(tree) if t.op == "name" and not t.value.units]
    return bool(whole) or tree.op == "ones"


# -- the formulas ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Formula:
    """left = right, which is right."""

    title: str
    left: Tree
    right: Tree


def formulas(loss: str, batch: bool, flipped: bool) -> list[Formula]:
    """The gradients of a fully connected network, as vectors and matrices and entry by entry."""
    return [*whole_formulas(loss, batch, flipped), *entry_formulas(loss, batch)]


def whole_formulas(loss: str, batch: bool, flipped: bool) -> list[Formula]:
    error = minus(name("a", "L"), name("y", "L"))
    error = mul(over(ONE, SAMPLES), error) if batch else error
    last = error if loss == "binary-cross-entropy" else had(error, slope(name("z", "L")))
    w = name("w", "l", 1)
    back = mul(w if flipped else turn(w), name("dz", "l", 1))
    pair = [name("dz"), turn(name("a", "l", -1))]
    outer = mul(turn(pair[1]), turn(pair[0])) if flipped else mul(*pair)
    if flipped:
        outer = mul(name("a", "l", -1), turn(name("dz")))
    bias = mul(name("dz"), ONES) if batch else name("dz")
    return [
        Formula("last", name("dz", "L"), last),
        Formula("hidden", name("dz"), had(back, slope(name("z")))),
        Formula("weights", name("dw"), outer),
        Formula("biases", name("db"), bias),
        Formula("activations", name("da"), back),
    ]


def slope(z: Tree) -> Tree:
    return Tree("df", (z,))


def entry_formulas(loss: str, batch: bool) -> list[Formula]:
    i = "i" if batch else ""
    at: Callable[..., Tree] = lambda f, u, b="l", s=0: name(f, b, s, u, i)  # noqa: E731
    over_samples: Callable[[Tree], Tree] = lambda x: total("i", x) if batch else x  # noqa: E731
    error = minus(at("a", "j", "L"), at("y", "j", "L"))
    error = mul(over(ONE, SAMPLES), error) if batch else error
    last = error if loss == "binary-cross-entropy" else mul(error, slope(at("z", "j", "L")))
    back = total("k", mul(name("w", "l", 1, "kj"), at("dz", "k", "l", 1)))
    weights = over_samples(mul(at("dz", "j"), at("a", "k", "l", -1)))
    return [
        Formula("last entry", at("dz", "j", "L"), last),
        Formula("hidden entry", at("dz", "j"), mul(back, slope(at("z", "j")))),
        Formula("weights entry", name("dw", "l", 0, "jk"), weights),
        Formula("biases entry", name("db", "l", 0, "j"), over_samples(at("dz", "j"))),
        Formula("activations entry", at("da", "j"), back),
    ]
