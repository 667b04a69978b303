r"""Formulas as trees: precedence, scripts in every order, derivatives in every spelling."""

from __future__ import annotations

import pytest

from symbp.errors import ReadingError
from symbp.reading.grammar.lexer import tokens
from symbp.reading.grammar.parser import Vocabulary, parse, unclosed
from symbp.reading.grammar.syntax import walk
from tests.syntax_sketch import sketch

WORDS = Vocabulary(
    functions=frozenset({r"\sigma", "f", "g"}),
    words=frozenset({"net", "out"}),
    called=frozenset({"J", "C", "h"}),
)


def tree(latex: str, vocabulary: Vocabulary = WORDS) -> str:
    return sketch(parse(tokens(latex), vocabulary))


@pytest.mark.parametrize(
    "latex, expected",
    [
        # scripts in both orders and in every bracket
        ("W_{ij}^{(l)}", "W_ij^(l)"),
        ("W^{(l)}_{ij}", "W_ij^(l)"),
        ("a^{[l](i)}", "a^[l](i)"),
        ("a^{<t>}", "a^<t>"),
        (r"a^{\langle t \rangle}", "a^<t>"),
        ("W_l", "W_l"),
        ("{{w}^{[l]}}", "w^[l]"),
        ("{w_{ij}}^l", "w_ij^l"),
        (r"\hat{y^{(i)}}", r"\hat{y}^(i)"),
        ("h_{t-1}", "h_t-1"),
        ("net_j", "net_j"),
        ("out_{o1}", "out_o1"),
        (r"\text{net}_j", "net_j"),
        # transposes in every spelling
        ("x^T", "x^T"),
        (r"x^{\top}", r"x^\top"),
        (r"x^\mathrm{T}", "x^T"),
        (r"x^{\mathsf T}", "x^T"),
        (r"W^{[l]T}", "W^[l]T"),
        (r"{W^{(2)}}^\top", r"W^(2)^\top"),
        ("(W^{l+1})^T", "(W^l+1)^T"),
        (r"\left(W\right)^{\rm T}", "(W)^T"),
        # primes: a derivative or a part of the name
        (r"\sigma'(z)", r"\sigma'(z)"),
        (r"\sigma^{'}(z)", r"\sigma'(z)"),
        (r"\sigma^{\prime}(z)", r"\sigma'(z)"),
        (r"{\sigma}'(z)", r"\sigma'(z)"),
        (r"g^{[1]'}(z)", "g'^[1](z)"),
        (r"f^{\prime l-1}(z)", "f'^l-1(z)"),
        ("f''(z)", "f''(z)"),
        ("y'", "y'"),
        ("y'_j", "y_j'"),
        (r"\frac{\partial f}{\partial z}(z_k)", "f'(z_k)"),
        (r"\frac{\partial \tanh}{\partial z}(z_k)", "tanh'(z_k)"),
    ],
)
def test_names(latex, expected):
    assert tree(latex) == expected


@pytest.mark.parametrize(
    "latex, expected",
    [
        (r"\frac{\partial C}{\partial w^l_{jk}}", "∂C/∂w_jk^l"),
        (r"\dfrac{\partial{C}}{\partial{w}}", "∂C/∂w"),
        (r"\frac{dL}{da}", "∂L/∂a"),
        (r"\frac{\mathrm{d}L}{\mathrm{d}a}", "∂L/∂a"),
        (r"\frac{{\rm d}L}{{\rm d}a}", "∂L/∂a"),
        (r"\frac{\delta L}{\delta w}", "∂L/∂w"),
        (r"\part C / \part w", "∂C/∂w"),
        (r"\partial C / \partial w", "∂C/∂w"),
        (r"{\partial C}/{\partial w}", "∂C/∂w"),
        ("dL/da", "∂L/∂a"),
        (r"\frac \partial {\partial x} y", "∂y/∂x"),
        (r"\frac{\partial}{\partial x} f(x)", "∂f(x)/∂x"),
        (r"\frac{\partial}{\partial x} (y - z)^2", "∂(+y -z)^2/∂x"),
        (r"\frac{\partial}{\partial x} y \cdot z", r"∂{y \cdot z}/∂x"),
        (r"a \frac{\partial}{\partial x} y", "{a ∂y/∂x}"),
        (r"\nabla_w L", "∂L/∂w"),
        (r"\nabla_{W^l} J(W, b)", "∂J(W, b)/∂W^l"),
        (r"\triangledown_a C \odot x", r"{∂C/∂a \odot x}"),
        (r"\nabla W^l", "dW^l"),
        # names such as dW
        ("dW^{[l]}", "dW^[l]"),
        ("{dz}^{[l]}", "dz^[l]"),
        (r"\mathbf{dq}", "dq"),
        (r"\mathrm{d}W", "dW"),
        # ... which are none
        ("d_{out}", "d_out"),
        (r"\frac{\delta_i}{\delta_j}", r"\delta_i ÷ \delta_j"),
        # products of derivatives, and what else stands beside one
        (r"\frac{\partial L}{\partial a} \frac{\partial a}{\partial z}", "{∂L/∂a ∂a/∂z}"),
        (r"\frac{\partial L}{\partial a} * x", "{∂L/∂a * x}"),
        (r"\partial C / \partial w + 1", "(+∂C/∂w +1)"),
        (r"\frac{\partial f}{m \cdot \partial u}", "{1 ÷ m ∂f/∂u}"),
    ],
)
def test_derivatives(latex, expected):
    assert tree(latex) == expected


@pytest.mark.parametrize(
    "latex, expected",
    [
        ("W a + b", "(+{W a} +b)"),
        ("-a", "(-a)"),
        ("-a b", "(-{a b})"),
        ("--a", "a"),
        ("a - -b", "(+a +b)"),
        (r"a \cdot -b", r"{a \cdot (-b)}"),
        ("a(1-a)", "{a (+1 -a)}"),
        ("2 a", "{2 a}"),
        ("0.5 a", "{0.5 a}"),
        (r"a \odot b \circ c * d \cdot e \times f", r"{a \odot b \circ c * d \cdot e \times f}"),
        ("a .* b", "{a .* b}"),
        ("a . b", "{a . b}"),
        ("a @ b", "{a @ b}"),
        ("a / b", "a ÷ b"),
        ("1/2 a", "{1 ÷ 2 a}"),
        (r"1/m \sum_i x_i", "{1 ÷ m Σ[i] x_i}"),
        (r"\frac{1}{2m} x", "{1 ÷ {2 m} x}"),
        ("x^2", "x^2"),
        ("(x)^2", "(x)^2"),
        ("[x]_j", "[x]_j"),
        (r"\{a + b\} c", "{(+a +b) c}"),
        ("(a", "(a)"),
        # functions
        ("f(x) g(x)", "{f(x) g(x)}"),
        (r"\sigma(z)(1 - \sigma(z))", r"{\sigma(z) (+1 -\sigma(z))}"),
        (r"\log a_j", "log(a_j)"),
        (r"\tanh^2(z)", "tanh^2(z)"),
        ("e^{-z}", "exp((-z))"),
        (r"\exp(-z)", "exp((-z))"),
        (r"\operatorname{diag}(x)", "diag(x)"),
        ("diag(f'(z))", "diag(f'(z))"),
        (r"\max(0, z)", "max(0, z)"),
        ("softmax(z)_j", "(softmax(z))_j"),
        (r"\sigma(z)^2", r"(\sigma(z))^2"),
        ("J(W, b; x, y)", "J(W, b, x, y)"),
        (r"h_\theta(x^{(i)})", r"h_\theta(x^(i))"),
        ("np.sum(x, axis=1)", "sum(x, axis=1)"),
        # sums
        (r"\sum_j a_j + b", "(+Σ[j] a_j +b)"),
        (r"\sum_{i=1}^m \sum_j x_j", "Σ[i=1..m] Σ[j] x_j"),
        (r"\sum\limits_{k} x_k", "Σ[k] x_k"),
        (r"\sum_{j \neq i} a_j", r"Σ[j\neqi] a_j"),
        (r"\sum a", "Σ[] a"),
        (r"\prod_i a_i", "Π[i] a_i"),
        ("∑_i x_i", "Σ[i] x_i"),
        # norms, roots, indicators
        (r"\|a - y\|^2", "‖(+a -y)‖^2"),
        (r"\lVert a \rVert_2^2", "‖a‖_2^2"),
        ("||a||^2", "‖a‖^2"),
        ("|a - b|", "|(+a -b)|"),
        (r"\sqrt{a + b}", "√(+a +b)"),
        (r"\mathbb{1}\{y = k\}", "1[y=k]"),
        (r"\mathbb{1}_{i=j}", "1[i=j]"),
        ("1(z > 0)", "1[z>0]"),
        ("[i = j]", "1[i=j]"),
        # matrices and cases
        (r"\begin{bmatrix} a & b \\ c & d \end{bmatrix}^T", "matrix[a b; c d]^T"),
        (r"\begin{cases} 1 & x > 0 \\ 0 & x \le 0 \end{cases}", r"cases[1 if x>0; 0 if x\le0]"),
        ("(a, b)", "tuple[a b]"),
        (r"a_1 + \cdots + a_n", "(+a_1 +… +a_n)"),
    ],
)
def test_expressions(latex, expected):
    assert tree(latex) == expected


def test_a_letter_is_a_function_only_where_it_is_known_as_one():
    assert tree("T(x)") == "{T (x)}"
    assert tree("T(x)", Vocabulary(functions=frozenset({"T"}))) == "T(x)"
    assert tree("C(a - y)") == "{C (+a -y)}", "C is called with names only"
    assert tree("dx", Vocabulary(families=frozenset({"d"}))) == "{d x}"
    assert tree("net", Vocabulary()) == "{n e t}"


def test_every_node_has_its_place_in_the_text():
    latex = r"(W^{l+1})^T \delta^{l+1} \odot \sigma'(z^l)"
    for node in walk(parse(tokens(latex), WORDS)):
        assert 0 <= node.start <= node.end <= len(latex)
    product = parse(tokens(latex), WORDS)
    texts = [latex[f.start : f.end] for f in product.factors]  # type: ignore[attr-defined]
    assert texts == ["(W^{l+1})^T", r"\delta^{l+1}", r"\sigma'(z^l)"]


@pytest.mark.parametrize(
    "latex, message, place",
    [
        ("", "an expression is missing", 0),
        ("a +", "something is missing at the end", 3),
        (r"a \odot", "something is missing at the end", 7),
        ("a^", "something is missing at the end", 2),
        ("* a", r"'\*' does not fit here", 0),
        ("a)", r"'\)' does not fit here", 1),
        ("a!", "'!' does not fit here", 1),
        (r"a \pm b", "does not fit here", 2),
        (r"\int x dx", "does not fit here", 0),
        ("()", r"nothing between \( and \)", 0),
        ("[a", r"\[ is never closed", 0),
        (r"\partial C", r"\\partial without a denominator", 0),
        (r"\frac{\partial^2 C}{\partial w^2}", "second derivatives", 6),
        (r"\|a", "missing at the end", 3),
        (r"a \sqrt[3]{x}", "roots other than square ones", 2),
    ],
)
def test_what_does_not_fit_is_said_with_its_place(latex, message, place):
    with pytest.raises(ReadingError, match=message) as caught:
        parse(tokens(latex), WORDS)
    assert caught.value.place == place


def test_a_bracket_that_is_never_closed_is_known():
    assert unclosed(tokens("(a - b"))
    assert not unclosed(tokens("(a - b)"))
