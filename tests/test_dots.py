"""Dots between factors and terms: the pattern that is left out, and what has none."""

from __future__ import annotations

import pytest

from symbp.errors import ReadingError
from symbp.reading.dots import product, sum_of
from symbp.reading.grammar.lexer import tokens
from symbp.reading.grammar.parser import Vocabulary, parse
from symbp.reading.grammar.syntax import Product, Run, Sum
from tests.claims_by_hand import MLP, RECURRENT, problem, quick_status

ERRORS = {
    "define": r"\delta^l = \partial C / \partial z^l" + "\n" + r"D^l = diag(\sigma'(z^l))",
}
#: dz^l/dz^{l-1}, where l = a.
Z = r"\frac{{\partial z^{{{}}}}}{{\partial z^{{{}}}}}".format
H = r"\frac{{\partial h_{{{}}}}}{{\partial h_{{{}}}}}".format
CZ = r"\frac{\partial C}{\partial z^L}"
A = r"\nabla_{a^L} C"
TANH = RECURRENT.replace(r"\phi", r"\tanh")
SAMPLES = r"""
z^{(i)} = w^T x^{(i)} + b
J^{(i)} = \frac{1}{2} (z^{(i)} - y^{(i)})^2
J = \frac{1}{m} \sum_{i=1}^m J^{(i)}
"""


@pytest.mark.parametrize(
    ("right", "expected"),
    [
        (rf"{CZ} {Z('L', 'L-1')} {Z('L-1', 'L-2')} \ldots {Z('l+1', 'l')}", "proved"),
        (rf"{CZ} {Z('L', 'L-1')} \cdots {Z('l+1', 'l')}", "proved"),
        (rf"{CZ} {Z('L', 'L-1')} ... {Z('l+2', 'l+1')} {Z('l+1', 'l')}", "proved"),
        (rf"{CZ} \cdot {Z('L', 'L-1')} \cdot \ldots \cdot {Z('l+1', 'l')}", "proved"),
        (rf"{CZ} {Z('L', 'L-1')} \cdots {Z('l+2', 'l+1')}", "refuted"),
        (rf"-{CZ} {Z('L', 'L-1')} \cdots {Z('l+1', 'l')}", "refuted"),
        (rf"2 {CZ} {Z('L', 'L-1')} {Z('L-1', 'L-2')} \cdots {Z('l+1', 'l')}", "refuted"),
        (rf"{CZ} {Z('L', 'L-1')} {Z('L-2', 'L-3')} \cdots {Z('l+1', 'l')}", "unread"),
        (rf"{CZ} {Z('L', 'L-1')} \cdots {Z('l+1', 'l-1')}", "unread"),
        (rf"{CZ} {Z('L', 'L-1')} \cdots", "unread"),
        (rf"D^l (W^{{l+1}})^T \ldots D^{{L-1}} (W^L)^T D^L {A}", "proved"),
        (rf"D^l (W^{{l+1}})^T \ldots D^{{L-1}} (W^L)^T {CZ}", "proved"),
        (rf"D^l (W^{{l+1}})^T D^{{l+1}} \ldots D^{{L-1}} (W^L)^T D^L {A}", "proved"),
        (rf"D^l (W^{{l+1}})^T D^{{l+1}} \ldots (W^L)^T D^L {A}", "proved"),
        (rf"D^l (W^{{l+1}})^T \ldots (W^L)^T D^L {A}", "proved"),
        (rf"D^l W^{{l+1}} \ldots D^{{L-1}} W^L D^L {A}", "refuted"),
        (rf"D^l (W^{{l+1}})^T \ldots D^{{L-1}} (W^L)^T {A}", "refuted"),
        (rf"-D^l (W^{{l+1}})^T \ldots D^{{L-1}} (W^L)^T D^L {A}", "refuted"),
        (rf"D^l (W^{{l+1}})^T \ldots D^{{L-1}} (W^L)^T D^L D^L {A}", "refuted"),
        (rf"D^l (W^{{l+1}})^T \ldots (W^L)^T D^{{L-1}} {A}", "undecided"),
        (rf"D^{{l+1}} (W^{{l+1}})^T \ldots (W^L)^T D^L {A}", "undecided"),
    ],
)
def test_factors_over_layers(right, expected):
    assert quick_status(MLP, rf"\delta^l = {right}", **ERRORS) == expected


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("k", rf"{H('t', 't-1')} {H('t-1', 't-2')} \cdots {H('k+1', 'k')}", "proved"),
        ("k", rf"{H('t', 't-1')} \cdots {H('k+1', 'k')}", "proved"),
        ("1", rf"{H('t', 't-1')} \cdots {H('2', '1')}", "proved"),
        ("1", rf"{H('2', '1')} {H('3', '2')} \cdots {H('t', 't-1')}", "proved"),
        ("k", r"diag(1 - h_t^2) U diag(1 - h_{t-1}^2) U \cdots diag(1 - h_{k+1}^2) U", "proved"),
        ("k", rf"{H('t', 't-1')} {H('t-1', 't-2')} \cdots {H('k', 'k-1')}", "refuted"),
        ("1", rf"{H('t', 't-1')} \cdots {H('3', '2')}", "refuted"),
        ("k", r"diag(1 - h_t^2) U diag(1 - h_{t-1}^2) U \cdots diag(1 - h_k^2) U", "refuted"),
        ("k", r"U diag(1 - h_t^2) U diag(1 - h_{t-1}^2) \cdots U diag(1 - h_{k+1}^2)", "refuted"),
        ("k", r"diag(1 - h_t^2) U \cdots diag(1 - h_{k+1}^2) U", "unread"),
    ],
)
def test_factors_over_steps(left, right, expected):
    claim = rf"\frac{{\partial h_t}}{{\partial h_{left}}} = {right}"
    assert quick_status(TANH, claim, indices="k time") == expected


@pytest.mark.parametrize(
    ("right", "expected"),
    [
        (r"\frac{1}{m} (g_1 + g_2 + \cdots + g_m)", "proved"),
        (r"\frac{1}{m} (g_1 + ··· + g_m)", "proved"),
        (r"\frac{1}{m} (g_1 + g_2 + g_3 + \ldots + g_{m-1} + g_m)", "proved"),
        (r"g_1 + \cdots + g_m", "refuted"),
        (r"-\frac{1}{m} (g_1 + g_2 + \cdots + g_m)", "refuted"),
        (r"\frac{1}{m} (g_2 + g_3 + \cdots + g_m)", "refuted"),
        (r"\frac{1}{m} (g_1 + g_3 + \cdots + g_m)", "unread"),
        (r"\frac{1}{m} (g_1 - g_2 + \cdots + g_m)", "unread"),
    ],
)
@pytest.mark.parametrize(
    "term",
    [
        r"\nabla_w J^{(*)}",
        r"x^{(*)} (z^{(*)} - y^{(*)})",
        r"(w^T x^{(*)} + b - y^{(*)}) x^{(*)}",
    ],
)
def test_terms_over_samples(term, right, expected):
    for index in ("1", "2", "3", "m"):
        right = right.replace(f"g_{index}", term.replace("*", index))
    right = right.replace("g_{m-1}", term.replace("*", "m-1"))
    assert quick_status(SAMPLES, rf"\frac{{\partial J}}{{\partial w}} = {right}") == expected


@pytest.mark.parametrize(
    ("right", "expected"),
    [
        (r"\frac{\partial E_1}{\partial b} + \frac{\partial E_2}{\partial b} + \cdots +"
         r"\frac{\partial E_T}{\partial b}", "proved"),
        (r"\frac{\partial E_1}{\partial b} + \cdots + \frac{\partial E_{T-1}}{\partial b}",
         "refuted"),
        (r"\frac{\partial E_1}{\partial b} + \frac{\partial E_1}{\partial b} + \cdots +"
         r"\frac{\partial E_T}{\partial b}", "unread"),
    ],
)  # fmt: skip
def test_terms_over_steps(right, expected):
    assert quick_status(RECURRENT, rf"\frac{{\partial E}}{{\partial b}} = {right}") == expected


def test_names_without_a_layer_do_not_take_that_of_the_dots():
    entries = {"define": ERRORS["define"] + "\n" + "a = a^L"}
    claim = r"\delta^l = D^l (W^{l+1})^T \ldots D^{L-1} (W^L)^T D^L \nabla_a C"
    assert quick_status(MLP, claim, **entries) == "proved"
    assert quick_status(MLP, claim.replace("= D", "= -D"), **entries) == "refuted"


def test_why_dots_are_not_read():
    claim = r"\frac{\partial C}{\partial z^l} = W^l (W^{l+2})^T \cdots W^L"
    assert "are not one expression whose index goes by one step" in problem(MLP, claim)
    claim = r"\frac{\partial h_t}{\partial h_k} = diag(h_t) U \cdots diag(h_k) U"
    assert "which way the index goes" in problem(TANH, claim, indices="k time")


def tree(latex):
    return parse(tokens(latex), Vocabulary(families=frozenset("ABCx")))


def spelled(latex, sizes=("L", "T", "n")):
    """Where a run begins and ends, by which step, and what stands beside it."""
    node = tree(latex)
    assert isinstance(node, Product)
    found = product(node, sizes)
    parts = found.factors if isinstance(found, Product) else (found,)
    (run,) = (f for f in parts if isinstance(f, Run))
    first, last = ("".join(t.text for t in x) for x in (run.first, run.last))
    return first, last, run.step, len(parts) - 1


@pytest.mark.parametrize(
    ("latex", "expected"),
    [
        (r"A_1 A_2 \cdots A_n", ("1", "n", 1, 0)),
        (r"A_1 \cdots A_n", ("1", "n", 1, 0)),
        (r"A_n \cdots A_1", ("n", "1", -1, 0)),
        (r"A_n A_{n-1} \cdots A_2 A_1", ("n", "1", -1, 0)),
        (r"C A_1 A_2 \cdots A_{n-1} A_n B", ("1", "n", 1, 2)),
        (r"A_1 B_1 A_2 B_2 \cdots A_n B_n", ("1", "n", 1, 0)),
        (r"A_1 B_2 \cdots A_n B_{n+1} A_{n+1}", ("1", "n", 1, 1)),
        (r"A_1 B_2 A_2 \cdots B_n A_n", ("1", "n-1", 1, 1)),
        (r"A_1 B_n A_2 B_{n-1} \cdots A_n B_1", ("1", "n", 1, 0)),
        (r"A_{i} A_{i-1} \cdots A_{j}", ("i", "j", -1, 0)),
    ],
)
def test_the_pattern(latex, expected):
    assert spelled(latex) == expected


@pytest.mark.parametrize(
    "latex",
    [
        r"A_1 A_3 \cdots A_n",
        r"A_1 A_2 A_4 \cdots A_n",
        r"A_1 A_2 \cdots A_n A_{n+2}",
        r"A_1 A_2 \cdots B_n",
        r"A_1 B_1 A_2 B_3 \cdots A_n B_n",
        r"A_1 \cdots A_1",
        r"A \cdots A",
        r"A_i \cdots A_j",
        r"\cdots A_1",
        r"A_1 \odot B_1 A_2 \odot B_2 \cdots A_n \odot B_n",
        r"A_1 A_2 \cdots A_j \cdots A_n",
    ],
)
def test_no_pattern(latex):
    with pytest.raises(ReadingError):
        spelled(latex)


def test_a_sum_keeps_its_other_terms():
    node = tree(r"B + x_1 + x_2 + \cdots + x_n - C")
    assert isinstance(node, Sum)
    found = sum_of(node, ["n"])
    assert isinstance(found, Sum)
    assert [s for s, _ in found.terms] == [1, 1, -1]


CHAIN = (
    r"\frac{\partial a^L_m}{\partial a^{L-1}_n} \frac{\partial a^{L-1}_n}{\partial a^{L-2}_p}"
    r"\ldots \frac{\partial a^{l+1}_q}{\partial a^l_j}"
)
SHORT = (
    r"\frac{\partial a^L_m}{\partial a^{L-1}_n} \ldots \frac{\partial a^{l+1}_q}{\partial a^l_j}"
)
CA = r"\frac{\partial C}{\partial a^L_m}"


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("a^l_j", rf"\sum_{{mnp\ldots q}} {CA} {CHAIN}", "proved"),
        ("a^l_j", rf"\sum_{{m, n, \ldots, q}} {CA} {SHORT}", "proved"),
        ("b^l_j", rf"\sum_{{mnp\ldots q}} {CA} {CHAIN} \frac{{\partial a^l_j}}{{\partial b^l_j}}",
         "proved"),
        ("a^l_j", rf"-\sum_{{mnp\ldots q}} {CA} {CHAIN}", "refuted"),
        ("a^l_j", rf"2 \sum_{{mnp\ldots q}} {CA} {CHAIN}", "refuted"),
        ("b^l_j", rf"\sum_{{mnp\ldots q}} {CA} {CHAIN}", "refuted"),
        ("a^l_j", rf"\sum_{{mnp\ldots q}} {CHAIN}", "refuted"),
        ("a^l_j", r"\sum_{mn\ldots q} \frac{\partial C}{\partial z^L_m}"
         r"W^L_{mn} \ldots W^{l+1}_{qj}", "refuted"),
        ("a^l_j", rf"\sum_{{mnp\ldots r}} {CA} {CHAIN}", "unread"),
        ("a^l_j", rf"\sum_{{mnp\ldots q}} {CA} {CHAIN}".replace("{L-1}_n}{", "{L-1}_m}{"),
         "unread"),
        ("a^l_j", rf"\sum_{{mnp\ldots q}} {CA} a^L_n", "unread"),
    ],
)  # fmt: skip
def test_indices_that_are_left_out(left, right, expected):
    claim = rf"\frac{{\partial C}}{{\partial {left}}} = {right}"
    assert quick_status(MLP, claim) == expected


def test_all_indices_left_out_but_the_ends():
    claim = rf"\frac{{\partial a^L_m}}{{\partial a^l_j}} = \sum_{{np\ldots q}} {CHAIN}"
    assert quick_status(MLP, claim) == "proved"
    assert quick_status(MLP, claim.replace(" = ", " = 2 ")) == "refuted"
