r"""What names and expressions mean in a network: which entry, over which indices, which shape."""

from __future__ import annotations

import re

import pytest

from symbp.errors import ReadingError
from symbp.judge.claims import Judge
from symbp.reading.grammar.lexer import tokens
from symbp.reading.typed import ShapeError
from tests.claims_by_hand import MLP, judges

WORDS = {"define": r"\delta^l = \frac{\partial C}{\partial z^l}", "constants": r"\lambda"}


@pytest.fixture(scope="module")
def network() -> Judge:
    (found,) = judges(MLP, functions=r"\sigma sigmoid", **WORDS)
    return found


def meaning(network: Judge, latex: str) -> str:
    """Shape and index form; bound indices and axes as numbers."""
    scope, (found,) = network.typed([network.parse(tokens(latex))])
    e = re.sub(r"([jk])\d+", r"\1", str(found.expr).replace("#", ""))
    return f"{found.shape(scope.size_text)}: {e}"


@pytest.mark.parametrize(
    "latex, expected",
    [
        # whole vectors and matrices
        ("W^l", "n_l × n_{l-1}: W[l, 1, 2]"),
        ("W^{l+1}", "n_{l+1} × n_l: W[l + 1, 1, 2]"),
        ("(W^l)^T", "n_{l-1} × n_l: W[l, 1, 2]"),
        (r"{W^l}^\top", "n_{l-1} × n_l: W[l, 1, 2]"),
        ("((W^l)^T)^T", "n_l × n_{l-1}: W[l, 1, 2]"),
        ("a^0", "n_0 × 1: a[0, 1]"),
        ("a^L", "n_L × 1: a[L, 1]"),
        ("a^{L-1}", "n_{L-1} × 1: a[L - 1, 1]"),
        ("z^2", "n_2 × 1: z[2, 1]"),
        ("x", "n_0 × 1: x[1]"),
        ("y", "n_L × 1: y[1]"),
        # entries, in both orders of the scripts
        ("w^l_{jk}", "a number: W[l, j, k]"),
        ("W_{jk}^l", "a number: W[l, j, k]"),
        ("w_{j,k}^{l}", "a number: W[l, j, k]"),
        ("(W^l)_{jk}", "a number: W[l, j, k]"),
        ("(W^l)^T_{jk}", "a number: W[l, k, j]"),
        ("[(W^l)^T]_{jk}", "a number: W[l, k, j]"),
        ("w^l_{1 2}", "a number: W[l, 1, 2]"),
        ("a_k^{l-1}", "a number: a[l - 1, k]"),
        ("y_3", "a number: y[3]"),
        (r"\delta_j^{l+1}", "a number: Total(C, z[l + 1, j], 0)"),
        ("[W^l a^{l-1}]_j", "a number: Sum(W[l, j, 2]*a[l - 1, 2], (2, 1, n[l - 1]))"),
        # numbers
        ("C", "a number: C"),
        (r"\lambda", r"a number: \lambda"),
        (r"\pi", "a number: pi"),
        ("0.5", "a number: 1/2"),
        # powers
        ("x^2", "n_0 × 1: x[1]**2"),
        ("(a^l)^2", "n_l × 1: a[l, 1]**2"),
        ("a^l_j^2", "a number: a[l, j]**2"),
        # products, sums, norms
        ("W^l a^{l-1}", "n_l × 1: Sum(W[l, 1, 2]*a[l - 1, 2], (2, 1, n[l - 1]))"),
        ("(a^l)^T a^l", "a number: Sum(a[l, 1]**2, (1, 1, n[l]))"),
        ("a^l (z^l)^T", "n_l × n_l: a[l, 1]*z[l, 2]"),
        (r"a^l \odot z^l", "n_l × 1: a[l, 1]*z[l, 1]"),
        ("1 - a^l", "n_l × 1: 1 - a[l, 1]"),
        (r"\frac{a^l}{z^l}", "n_l × 1: a[l, 1]/z[l, 1]"),
        (r"a^l \oslash z^l", "n_l × 1: a[l, 1]/z[l, 1]"),
        (r"\sum_k w_{jk}^l a_k^{l-1}", "a number: Sum(W[l, j, k]*a[l - 1, k], (k, 1, n[l - 1]))"),
        (r"\sum_{j=1}^{n_l} a_j^l", "a number: Sum(a[l, j], (j, 1, n[l]))"),
        (r"\sum_{j=1}^2 a_j^l", "a number: Sum(a[l, j], (j, 1, 2))"),
        (r"\|a^L - y\|^2", "a number: Sum((a[L, 1] - y[1])**2, (1, 1, n[L]))"),
        (r"\|a^l\|_1", "a number: Sum(abs(a[l, 1]), (1, 1, n[l]))"),
        (r"\|W^l\|_F^2", "a number: Sum(W[l, 1, 2]**2, (2, 1, n[l - 1]), (1, 1, n[l]))"),
        (r"\mathbf{1}^T a^l", "a number: Sum(a[l, 1], (1, 1, n[l]))"),
        (r"np.sum(W^l, axis=1)", "n_l × 1: Sum(W[l, 1, 2], (2, 1, n[l - 1]))"),
        (r"np.sum(W^l, axis=0)", "1 × n_{l-1}: Sum(W[l, 1, 2], (1, 1, n[l]))"),
        ("diag(a^l)", "n_l × n_l: KroneckerDelta(1, 2)*a[l, 1]"),
        ("tr(a^l (z^l)^T)", "a number: Sum(a[l, 1]*z[l, 1], (1, 1, n[l]))"),
        # functions
        (r"\sigma(z^l)", "n_l × 1: sigmoid(z[l, 1])"),
        (r"\sigma'(z^l_j)", "a number: sigmoid'(z[l, j])"),
        (r"\log a_j^l", "a number: log(a[l, j])"),
        (r"\max(0, z^l)", "n_l × 1: relu(z[l, 1])"),
        ("softmax(z^l)", "n_l × 1: exp(z[l, 1])/Sum(exp(z[l, 2]), (2, 1, n[l]))"),
        (r"e^{-z^l}", "n_l × 1: exp(-z[l, 1])"),
        # conditions
        ("[j = k]", "a number: KroneckerDelta(j, k)"),
        ("[z_j^l > 0]", "a number: step(z[l, j])"),
        (r"\mathbb{1}\{z^l > 0\}", "n_l × 1: step(z[l, 1])"),
        # derivatives: of a number laid out like u, else of × by
        (r"\frac{\partial C}{\partial W^l}", "n_l × n_{l-1}: Total(C, W[l, 1, 2], 0)"),
        (r"\frac{\partial C}{\partial w_{jk}^l}", "a number: Total(C, W[l, j, k], 0)"),
        (r"\nabla_{W^l} C", "n_l × n_{l-1}: Total(C, W[l, 1, 2], 0)"),
        ("dW^l", "n_l × n_{l-1}: Total(C, W[l, 1, 2], 0)"),
        (r"\nabla W^l", "n_l × n_{l-1}: Total(C, W[l, 1, 2], 0)"),
        (r"\frac{\partial z^l}{\partial a^{l-1}}", "n_l × n_{l-1}: Total(z[l, 1], a[l - 1, 2], 0)"),
    ],
)
def test_what_an_expression_means(network, latex, expected):
    assert meaning(network, latex) == expected


@pytest.mark.parametrize(
    "latex, message",
    [
        ("q", "no equation defines q"),
        (r"\gamma^l", r"no equation defines \\gamma\^l"),
        ("W", "W is written without its layer"),
        ("a_{jk}^l", "the index jk is unknown"),
        ("a^l_j_k", "has more indices than a is known with"),
        (r"\sum_k b_j^l", "nothing in the sum has the index k"),
        (r"\sum a_j^l", "a sum without an index"),
        (r"\|a^l\|_3", "the norm 3 is unknown"),
        ("a^l + …", "leaves something out"),
        (r"\begin{vmatrix} a_1^l \\ a_2^l \end{vmatrix}", "determinants are not read"),
        (r"\frac{\partial C}{\partial (W^l a^{l-1})}", "by what is no quantity of the network"),
        (r"\frac{\partial x}{\partial W^l}", "does not depend on"),
        ("unknown(z^l)", "no equation defines"),
    ],
)
def test_what_is_missing_is_named(network, latex, message):
    with pytest.raises(ReadingError, match=message):
        meaning(network, latex)


@pytest.mark.parametrize(
    "latex, message",
    [
        ("W^l a^l", r"n_l × n_\{l-1\} met n_l × 1 in a product: the shapes do not fit"),
        (r"a^l \odot a^{l-1}", r"n_l × 1 met n_\{l-1\} × 1 in a product"),
        ("a^l + W^l", r"n_l × 1 met n_l × n_\{l-1\} in a sum: the shapes differ"),
        ("a^l + C", "n_l × 1 met a number in a sum"),
        ("diag(W^l)", r"diag of n_l × n_\{l-1\}"),
        ("tr(W^l)", r"the trace of n_l × n_\{l-1\}"),
        ("[W^l]_j", r"1 indices at n_l × n_\{l-1\}"),
        ("w_{jk}^l w_{kj}^l", "the index k of .* counts"),
    ],
)
def test_shapes_that_do_not_fit_are_shown(network, latex, message):
    with pytest.raises(ShapeError, match=message):
        meaning(network, latex)


def test_the_letters_of_one_claim_are_the_same_on_both_sides(network):
    _, (a, b) = network.typed([network.parse(tokens(x)) for x in ("a_j^l", "z_j^l")])
    assert a.expr.indices == b.expr.indices


def test_a_bound_letter_is_another_one_outside_of_its_sum(network):
    _, (a,) = network.typed([network.parse(tokens(r"z_k^l \sum_k a_k^l"))])
    assert len({s for s in a.expr.free_symbols if s.name.startswith("#k")}) == 1
