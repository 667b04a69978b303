"""Syntax trees as one line of text, to compare them with what is expected."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from symbp.reading.grammar.lexer import Token
from symbp.reading.grammar.syntax import (
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
)


def script(tokens: Sequence[Token]) -> str:
    """The text of a script, groups opened."""
    return "".join(script(t.parts[0]) if t.kind == "group" else t.text for t in tokens)


def marked(text: str, node: Name | Bracket | Norm) -> str:
    """A name or bracket with its scripts and primes."""
    text += "".join(f"_{script(s)}" for s in node.sub) + "'" * getattr(node, "primes", 0)
    return text + "".join(f"^{script(s)}" for s in node.sup)


def product(node: Product) -> str:
    """a·b with the signs between; a space is juxtaposition."""
    text = sketch(node.factors[0])
    for sign, f in zip(node.signs, node.factors[1:], strict=True):
        text += f" {sign} {sketch(f)}" if sign else f" {sketch(f)}"
    return f"{{{text}}}"


def rows(node: Rows) -> str:
    """cases[a if c; b if d]."""
    cells = [
        " if ".join(sketch(c) if isinstance(c, Node) else script(c) for c in row)
        if node.kind in ("cases", "case")
        else " ".join(sketch(c) if isinstance(c, Node) else script(c) for c in row)
        for row in node.cells
    ]
    return f"{node.kind}[{'; '.join(cells)}]" + "".join(f"^{script(s)}" for s in node.sup)


def derivative(node: Derivative) -> str:
    """∂f/∂u."""
    return f"∂{sketch(node.of) if node.of else ''}/∂{sketch(node.by)}"


def sum_over(node: BigSum) -> str:
    """Σ[k=1..n] body."""
    sign, above = "Π" if node.product else "Σ", script(node.above)
    return f"{sign}[{script(node.below)}{'..' + above if above else ''}] {sketch(node.body)}"


def terms(node: Sum) -> str:
    """(+a -b)."""
    return "(" + " ".join(("+" if s > 0 else "-") + sketch(t) for s, t in node.terms) + ")"


def bracket(node: Bracket) -> str:
    """(x)^T, [x]_j."""
    inner = sketch(node.inner)
    plain = isinstance(node.inner, Sum) and node.shape != "["
    whole = f"[{inner}]" if node.shape == "[" else inner if plain else f"({inner})"
    return marked(whole, node)


def sketch(node: Node) -> str:
    """A tree as text."""
    return SKETCHES[type(node)](node)


SKETCHES: dict[type[Node], Callable[..., str]] = {
    Number: lambda n: n.text,
    Name: lambda n: marked(n.base, n),
    Bracket: bracket,
    Sum: terms,
    Product: product,
    Fraction: lambda n: f"{sketch(n.above)} ÷ {sketch(n.below)}",
    Call: lambda n: f"{sketch(n.function)}({', '.join(map(sketch, n.arguments))})",
    Keyword: lambda n: f"{n.name}={n.value}",
    BigSum: sum_over,
    Derivative: derivative,
    Differential: lambda n: f"d{sketch(n.by)}",
    Norm: lambda n: marked(f"{'‖' if n.double else '|'}{sketch(n.inner)}{'‖' if n.double else '|'}",
                           n),
    Rows: rows,
    Root: lambda n: f"√{sketch(n.inner)}",
    Indicator: lambda n: f"1[{script(n.condition)}]",
    Dots: lambda n: "…",
}  # fmt: skip
