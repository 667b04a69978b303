r"""The tokens of a formula: what only looks is dropped, synonyms are one, each has its place."""

import pytest

from symbp.errors import ReadingError
from symbp.reading.grammar.lexer import MOST_CHARACTERS, MOST_NESTING, tokens


def flat(latex: str) -> str:
    """The texts of the tokens, groups in braces."""
    return " ".join(
        "{" + " ".join(x.text for x in t.parts[0]) + "}" if t.kind == "group" else t.text
        for t in tokens(latex)
    )


@pytest.mark.parametrize(
    "latex, same",
    [
        # fonts, sizes and colours say nothing
        (r"\mathbf{W}^{(l)}_{ij}", r"W^{(l)}_{ij}"),
        (r"\boldsymbol{\delta}", r"\delta"),
        (r"\bm{x} \pmb{y} \vec{z}", "x y z"),
        (r"\left( a \right)", "(a)"),
        (r"\big( a \Big) \bigg[ b \biggr]", "(a) [b]"),
        (r"\displaystyle a \quad", r"a \quad"),
        (r"\color{red} a", "a"),
        (r"a\,b\;c\!d~e\ f", "a b c d e f"),
        (r"a \tag{BP1} \label{eq:1}", "a"),
        (r"\phantom{x} y", "y"),
        ("a % the rest is a comment", "a"),
        # synonyms
        (r"\ast \cdot ⊙ · × ∘ •", r"* \cdot \odot \cdot \times \circ \bullet"),
        ("σ(z) δ ∂ ∇ Σ η", r"\sigma(z) \delta \partial \nabla \Sigma \eta"),
        (r"\part L \triangledown_w", r"\partial L \nabla_w"),
        (r"x^\intercal y^⊤", r"x^\top y^\top"),
        (r"\lVert x \rVert \lvert y \rvert", r"\|x\| |y|"),
        (r"\ln a", r"\log a"),
        (r"\leq \geq \ne", r"\le \ge \neq"),
        (r"\varepsilon \varphi", r"\epsilon \phi"),
        (r"\triangleq \coloneqq \doteq", ":= := :="),
        (r"\implies \iff \Longrightarrow", r"\Rightarrow \Rightarrow \Rightarrow"),
        (r"\langle t \rangle", "<t>"),
        (r"f^{\prime} f^\prime f^′", "f^{'} f^' f^'"),
        (r"f\'^{(\ell)}", r"f'^{(\ell)}"),
        (r"a \dots b \cdots c ... d", r"a \ldots b \ldots c \ldots d"),
        # Chinese punctuation
        ("a，b；c：d（e）＝f。", "a,b;c:d(e)=f."),
        ("W、b", "W,b"),
        # relations in disguise
        (r"a \overset{def}{=} b", "a = b"),
        (r"a \stackrel{?}{=} b", "a = b"),
        (r"a \text{=} b", "a = b"),
        # labels of braces are no indices
        (r"\underbrace{(a - y)}_{\text{error}} x", "{(a - y)} x"),
        (r"\overbrace{a}^{k}_j", "{a}_j"),
        (r"\underbrace{a}_{k}^T", "{a}^T"),
    ],
)
def test_two_ways_of_writing_have_the_same_tokens(latex, same):
    assert flat(latex) == flat(same)


@pytest.mark.parametrize(
    "latex, kinds",
    [
        ("W 2.5 x", "name number name"),
        (r"\text{softmax} \mathrm{net} \operatorname{diag}", "word word word"),
        (r"\text{if} \text{ where } \text{其中}", "text text text"),
        ("其中 z 为", "text name text"),
        (r"a \quad b", "name text name"),
        (r"\frac{a}{b} \dfrac12 \cfrac{a}{b}", "frac frac frac"),
        (r"\sqrt{x} \sqrt[2]{x}", "sqrt sqrt"),
        (r"\begin{bmatrix} a & b \\ c & d \end{bmatrix}", "rows"),
        (r"\hat{y} \hat y \widehat{y}", "name name name"),
        (r"\mathbb{1} \mathbf{1}", "name name"),
        (r"a \\ b", "name row-end name"),
        (r"a := b => c .* d", "name sign name sign name sign name"),
    ],
)
def test_the_kinds_of_tokens(latex, kinds):
    assert " ".join(t.kind for t in tokens(latex)) == kinds


@pytest.mark.parametrize("accent", [r"\hat{y}", r"\hat y", r"\widehat{y}", r"\hat{{y}}"])
def test_an_accent_is_part_of_the_name(accent):
    assert flat(accent) == r"\hat{y}"


def test_the_scripts_under_an_accent_belong_to_the_letter():
    assert flat(r"\hat{y^{(i)}}") == r"{\hat{y} ^ {( i )}}"


def test_every_token_keeps_its_place():
    latex = r"\frac{\partial C}{\partial \mathbf{W}^{l}} = \delta^l \left( a^{l-1} \right)^T"
    found = tokens(latex)
    assert [t.start for t in found] == sorted(t.start for t in found)
    equals = next(t for t in found if t.text == "=")
    assert latex[equals.start : equals.end] == "="
    delta = next(t for t in found if t.text == r"\delta")
    assert latex[delta.start : delta.end].strip() == r"\delta"
    w = found[0].parts[1][1]
    assert latex[w.start : w.end] == r"\mathbf{W}"


@pytest.mark.parametrize("width", [1, 2, 3])
def test_the_cells_of_a_matrix_are_kept_row_by_row(width):
    row = " & ".join("abc"[:width])
    (rows,) = tokens(rf"\begin{{pmatrix}} {row} \\ {row} \end{{pmatrix}}")
    assert rows.text == f"matrix:{width},{width}"
    assert ["".join(x.text for x in cell) for cell in rows.parts] == 2 * list("abc"[:width])


@pytest.mark.parametrize(
    "latex, message, place",
    [
        ("a {b", "1 opening brace { never closed", 4),
        ("{{a", "2 opening braces { never closed", 3),
        ("a }b", "a closing brace } without an opening one", 2),
        (r"\frac{a}", "malformed LaTeX", 0),
        (r"\begin{aligned} a", "malformed LaTeX: .*aligned", None),
        (r"a \end{aligned}", "malformed LaTeX: .*aligned", None),
        ("a $ b", "malformed LaTeX", None),
        ("{" * (MOST_NESTING + 1) + "}" * (MOST_NESTING + 1), "nested more than", MOST_NESTING),
        ("a" * (MOST_CHARACTERS + 1), f"a formula of {MOST_CHARACTERS + 1} characters", 0),
        (r"\begin{matrix}" + "a &" * 401 + r"a \end{matrix}", "a matrix of 402 entries", 0),
    ],
)
def test_what_is_malformed_is_said_with_its_place(latex, message, place):
    with pytest.raises(ReadingError, match=message) as caught:
        tokens(latex)
    assert place is None or caught.value.place == place


def test_nothing_has_no_tokens():
    assert tokens("") == tokens("  ") == tokens("{}") == tokens("% no formula") == ()
