r"""A formula parted into chains of equalities: rows, commas, words, tags, conditions."""

from __future__ import annotations

import pytest

from symbp.reading.grammar.lexer import tokens
from symbp.reading.grammar.statements import statements


def chains(latex: str) -> list[str]:
    """x = y | i = j for a chain under a condition; … = y where the left side stands before."""
    found = []
    for s in statements(tokens(latex)):
        members = [latex[m[0].start : m[-1].end].strip() for m in s.members]
        first = ["…"] if s.continues else [members.pop(0)]
        text = " ".join([*first, *(x for pair in zip(s.relations, members, strict=False)
                                   for x in pair)])  # fmt: skip
        ends = [latex[c[0].start : c[-1].end].strip() for c in s.condition]
        found.append(" | ".join([text, *ends]))
    return found


@pytest.mark.parametrize(
    "latex, expected",
    [
        ("x = y", ["x = y"]),
        ("x = y = z", ["x = y = z"]),
        ("= y", ["… = y"]),
        ("x", ["x"]),
        ("", []),
        ("x =", ["x"]),
        # rows of aligned environments
        (r"\begin{aligned} x &= y \\ &= z \end{aligned}", ["x = y = z"]),
        (r"\begin{align} x &= y \\ z &= w \end{align}", ["x = y", "z = w"]),
        (r"\begin{eqnarray} x &=& y \\ &=& z \end{eqnarray}", ["x = y = z"]),
        (r"\begin{split} x =& y \\ =& z \end{split}", ["x = y = z"]),
        (r"\begin{aligned} x &= y \\[0.5em] &= z \end{aligned}", ["x = y = z"]),
        (r"\begin{gather} x = y \\ z = w \end{gather}", ["x = y", "z = w"]),
        (r"\begin{aligned} x &= y \\ &\quad + z \end{aligned}", [r"x = y \\ &\quad + z"]),
        (r"\begin{aligned} x &= y \\ & - z \\ &= w \end{aligned}", [r"x = y \\ & - z = w"]),
        (r"\begin{aligned} x &= y + \\ & z \end{aligned}", [r"x = y + \\ & z"]),
        (r"\begin{aligned} x &= y \\ - z &= w \end{aligned}", ["x = y", "- z = w"]),
        (r"\begin{aligned} &= y \\ &= z \end{aligned}", ["… = y = z"]),
        # several equations in one formula
        (r"x = y, \quad z = w", ["x = y", "z = w"]),
        (r"x = y \quad z = w", ["x = y", "z = w"]),
        ("x = y; z = w", ["x = y", "z = w"]),
        ("x = y，z = w", ["x = y", "z = w"]),
        (r"x = y \text{ and } z = w", ["x = y", "z = w"]),
        (r"x = y \Rightarrow z = w", ["x = y", "z = w"]),
        (r"\because x = y \therefore z = w", ["x = y", "z = w"]),
        ("令 x = y，则 z = w", ["x = y", "z = w"]),
        ("x = y 其中 z = w", ["x = y", "z = w"]),
        # a space inside a product or before an operator parts nothing
        (r"x = y \quad + z", ["x = y \\quad + z"]),
        (r"x = y \; z", ["x = y \\; z"]),
        # commas and signs of equality inside brackets part nothing
        ("J(W, b) = y", ["J(W, b) = y"]),
        (r"x_{i, j} = y", ["x_{i, j} = y"]),
        (r"\sum_{i=1}^n x_i = y", [r"\sum_{i=1}^n x_i = y"]),
        ("x = [i = j] y", ["x = [i = j] y"]),
        (r"x = \mathbb{1}\{y = k\} z", [r"x = \mathbb{1}\{y = k\} z"]),
        # relations
        ("x := y", ["x := y"]),
        (r"x \triangleq y", ["x := y"]),
        (r"x \equiv y", [r"x \equiv y"]),
        (r"x \overset{def}{=} y", ["x = y"]),
        (r"w \leftarrow w - g", [r"w \leftarrow w - g"]),
        (r"x \approx y", [r"x \approx y"]),
        (r"x = y \in \mathbb{R}^n", ["x = y"]),
        # what stands at the end
        ("x = y.", ["x = y"]),
        ("x = y,", ["x = y"]),
        ("x = y；", ["x = y"]),
        ("x = y。", ["x = y"]),
        (r"x = y \tag{1}", ["x = y"]),
        (r"x = y \quad (BP1)", ["x = y"]),
        (r"x = y \qquad (30)", ["x = y"]),
        # conditions
        (r"x = y \quad i \neq j", [r"x = y | i \neq j"]),
        (r"x = y, \quad i = j", ["x = y | i = j"]),
        (r"x = y \quad \text{if } i = j", ["x = y | i = j"]),
        (r"x = y \qquad 1 \le l \le L - 1", [r"x = y | 1 \le l \le L - 1"]),
        (r"x = y, l < L", ["x = y | l < L"]),
        (r"x = y, z = w, i = j", ["x = y", "z = w | i = j"]),
    ],
)
def test_a_formula_is_parted(latex, expected):
    assert chains(latex) == expected


def test_rows_of_cases_are_not_parted():
    latex = r"x = \begin{cases} y & i = j \\ z & i \neq j \end{cases}"
    assert chains(latex) == [latex]


@pytest.mark.parametrize("words", [r"\text{for all } l = 2, \ldots, L", "l = L-1, L-2, ..., 2"])
def test_the_layers_of_a_formula_are_a_condition(words):
    assert chains(rf"x = y, {words}")[0].startswith("x = y | l = ")
