r"""Products over an index and powers: \prod_{j=k+1}^{t} M_j, W^{T-i}."""

from __future__ import annotations

import pytest
import sympy as sp

from symbp.system import Range
from symbp.system.indices import substitute
from symbp.system.ordered import Ordered
from tests.claims_by_hand import MLP, RECURRENT, problem, quick_status, verdict

#: h_t is linear in h_{t-1}: its derivatives are powers.
LINEAR = r"""
h_t = U x_t + W h_{t-1}
o_t = V h_t
E_t = \frac{1}{2} \|o_t - y_t\|^2
E = \sum_{t=1}^T E_t
"""
#: The same with numbers.
SCALAR = r"""
h_t = \tanh(w h_{t-1} + u x_t)
E = \frac{1}{2} (h_T - y)^2
"""
LETTERS = "i j k time"

RIGHT = [
    r"\frac{\partial h_t}{\partial h_k} = \prod_{j=k+1}^{t} \frac{\partial h_j}{\partial h_{j-1}}",
    r"\frac{\partial h_t}{\partial h_k} = "
    r"\prod_{t \ge j > k} \frac{\partial h_j}{\partial h_{j-1}}",
    r"\frac{\partial h_t}{\partial h_k} = "
    r"\prod_{k \le i < t} \frac{\partial h_{i+1}}{\partial h_i}",
    r"""\frac{\partial E_t}{\partial h_k} = \frac{\partial E_t}{\partial h_t}
        \prod_{j=k+1}^{t} \frac{\partial h_j}{\partial h_{j-1}}""",
    r"""\frac{\partial E_t}{\partial b} = \sum_{k=1}^{t} \frac{\partial E_t}{\partial h_t} \left(
        \prod_{j=k+1}^{t} \frac{\partial h_j}{\partial h_{j-1}} \right)
        \frac{\partial h_k}{\partial b}""",
    r"""\frac{\partial E_t}{\partial b} = \sum_{k=1}^{t} \frac{\partial E_t}{\partial h_t}
        \prod_{j=k+1}^{t} \frac{\partial h_j}{\partial h_{j-1}} \frac{\partial h_k}{\partial b}""",
]
WRONG = [
    r"\frac{\partial h_t}{\partial h_k} = \prod_{j=k}^{t} \frac{\partial h_j}{\partial h_{j-1}}",
    r"\frac{\partial h_t}{\partial h_k} = "
    r"\prod_{j=k+1}^{t-1} \frac{\partial h_j}{\partial h_{j-1}}",
    r"\frac{\partial h_t}{\partial h_k} = -\prod_{j=k+1}^{t} \frac{\partial h_j}{\partial h_{j-1}}",
    r"\frac{\partial h_t}{\partial h_k} = \prod_{t > j > k} \frac{\partial h_j}{\partial h_{j-1}}",
    r"\frac{\partial h_t}{\partial h_k} = "
    r"\prod_{j=k+1}^{t} 2 \frac{\partial h_j}{\partial h_{j-1}}",
    r"""\frac{\partial E_t}{\partial b} = \sum_{k=1}^{t-1} \frac{\partial E_t}{\partial h_t} \left(
        \prod_{j=k+1}^{t} \frac{\partial h_j}{\partial h_{j-1}} \right)
        \frac{\partial h_k}{\partial b}""",
]


@pytest.mark.parametrize("formula", RIGHT)
def test_right_over_steps(formula):
    assert quick_status(RECURRENT, formula, indices=LETTERS) == "proved"


@pytest.mark.parametrize("formula", WRONG)
def test_wrong_over_steps(formula):
    assert quick_status(RECURRENT, formula, indices=LETTERS) == "refuted"


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        (r"\prod_{k=l+1}^{L} diag(\sigma'(z^{k-1})) (W^k)^T "
         r"\frac{\partial C}{\partial z^L}", "proved"),
        (r"\frac{\partial C}{\partial z^L} \prod_{k=l+1}^{L} \frac{\partial z^k}{\partial z^{k-1}}",
         "proved"),
        (r"\frac{\partial C}{\partial z^L} \prod_{k=l+2}^{L} \frac{\partial z^k}{\partial z^{k-1}}",
         "refuted"),
        (r"\left[ \prod_{k=l+1}^{L} (W^k)^T diag(\sigma'(z^{k-1})) \right]"
         r"\frac{\partial C}{\partial z^L}", "refuted"),
        (r"\prod_{k=l+1}^{L} diag(\sigma'(z^k)) (W^k)^T "
         r"\frac{\partial C}{\partial z^L}", "refuted"),
        (r"\prod_{k=l+1}^{L} (W^k)^T \frac{\partial C}{\partial z^L}", "refuted"),
    ],
)  # fmt: skip
def test_over_layers_shapes_say_in_which_order(formula, expected):
    claim = rf"\frac{{\partial C}}{{\partial z^l}} = {formula}"
    assert quick_status(MLP, claim, indices="k layer") == expected


@pytest.mark.parametrize(
    "factor",
    [
        r"U^T diag(\phi'(W x_j + U h_{j-1} + b))",
        r"diag(\phi'(W x_j + U h_{j-1} + b)) U",
        r"( diag(\phi'(W x_j + U h_{j-1} + b)) U )",
    ],
)
def test_square_matrices_in_an_order_that_nothing_says(factor):
    claim = rf"\frac{{\partial h_t}}{{\partial h_k}} = \prod_{{j=k+1}}^{{t}} {factor}"
    found = verdict(RECURRENT, claim, indices=LETTERS)
    assert found.status.value == "undecided"
    assert "two readings" in found.reason or "layout" in found.reason


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        (r"\prod_{j=k+1}^{t} w (1 - h_j^2)", "proved"),
        (r"w^{t-k} \prod_{j=k+1}^{t} (1 - h_j^2)", "proved"),
        (r"w^{t-k} \prod_{j=k}^{t-1} (1 - h_{j+1}^2)", "proved"),
        (r"w^{t-k-1} \prod_{j=k+1}^{t} (1 - h_j^2)", "refuted"),
        (r"w \prod_{j=k+1}^{t} (1 - h_j^2)", "refuted"),
        (r"\prod_{j=k+1}^{t} w (1 + h_j^2)", "refuted"),
        (r"\prod_{j=k+1}^{t} w (1 - h_{j-1}^2)", "refuted"),
        (r"\prod_{j=k+1}^{t+1} w (1 - h_j^2)", "refuted"),
        (r"\prod_{j=k+1}^{T} w (1 - h_j^2)", "undecided"),
    ],
)
def test_products_of_numbers(formula, expected):
    claim = rf"\frac{{\partial h_t}}{{\partial h_k}} = {formula}"
    assert quick_status(SCALAR, claim, indices=LETTERS, shapes="all 1") == expected


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        (r"\frac{\partial h_t}{\partial h_k} = W^{t-k}", "proved"),
        (r"\frac{\partial h_t}{\partial h_0} = W^t", "proved"),
        (r"\frac{\partial h_T}{\partial h_t} = W^{T-t}", "proved"),
        (r"\frac{\partial h_t}{\partial h_k} = \prod_{j=k+1}^{t} W", "proved"),
        (r"\frac{\partial h_t}{\partial h_k} = (W^T)^{t-k}", "undecided"),  # in the other layout
        (r"\frac{\partial h_t}{\partial h_k} = -(W^T)^{t-k}", "refuted"),
        (r"\frac{\partial h_t}{\partial h_k} = W^{t-k+1}", "refuted"),
        (r"\frac{\partial h_t}{\partial h_k} = (t - k) W", "unread"),
        (r"\frac{\partial h_t}{\partial h_0} = W^{(t)}", "unread"),
        (r"\frac{\partial h_t}{\partial h_0} = W^{t-1}", "undecided"),
        (r"\frac{\partial E}{\partial h_t} = \sum_{i=t}^T (W^T)^{i-t} V^T"
         r"\frac{\partial E}{\partial o_i}", "proved"),
        (r"\frac{\partial E}{\partial h_t} = \sum_{i=t}^T (W^T)^{T-i} V^T"
         r"\frac{\partial E}{\partial o_{T+t-i}}", "proved"),
        (r"\frac{\partial E}{\partial h_t} = \sum_{i=t}^T W^{i-t} V^T"
         r"\frac{\partial E}{\partial o_i}", "refuted"),
        (r"\frac{\partial E}{\partial h_t} = \sum_{i=t+1}^T (W^T)^{i-t} V^T"
         r"\frac{\partial E}{\partial o_i}", "refuted"),
        (r"\frac{\partial E}{\partial h_t} = \sum_{i=t}^T (W^T)^{T-i} V^T"
         r"\frac{\partial E}{\partial o_i}", "refuted"),
        (r"\frac{\partial E}{\partial W} = \sum_{t=1}^{T} \sum_{k=t}^{T} (W^T)^{k-t} V^T"
         r"\frac{\partial E}{\partial o_k} h_{t-1}^T", "proved"),
        (r"\frac{\partial E}{\partial W} = \sum_{t=1}^{T} \sum_{k=t}^{T} (W^T)^{k-t} V^T"
         r"\frac{\partial E}{\partial o_k} h_t^T", "refuted"),
    ],
)  # fmt: skip
def test_powers(formula, expected):
    assert quick_status(LINEAR, formula, indices=LETTERS) == expected


def test_a_layer_is_no_power():
    claim = r"\frac{\partial C}{\partial x} = W^l z"
    text = problem("z = W x\nC = \\|z\\|^2", claim, indices="l layer")
    assert "W has no layers" in text


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        (r"\frac{\partial C}{\partial x_j} = \frac{C}{x_j}", "proved"),
        (r"\frac{\partial C}{\partial x_j} = C", "refuted"),
        (r"\frac{\partial C}{\partial x_j} = \frac{1}{x_j} \prod_k x_k", "proved"),
        (r"\frac{\partial C}{\partial x_j} = \frac{1}{x_j} \sum_k x_k", "refuted"),
    ],
)
def test_a_product_in_the_equations(formula, expected):
    assert quick_status(r"C = \prod_j x_j", formula) == expected


def test_the_entry_of_a_product_keeps_its_letters_apart():
    k, t, i, j, r, c, n = sp.symbols("k t i j r c n", integer=True)
    w = sp.IndexedBase("w")
    axes = (Range(r, sp.S.One, n), Range(c, sp.S.One, n))
    e = Ordered.of(w[k, r, c], Range(k, sp.S.One, t), -1, 0, axes, (i, j))
    assert substitute(e, {i: j, j: i}).ends == (j, i)
    assert substitute(e, {t: k}).run.upper == k  # not the k that is bound
    assert e.step == -1
    assert e.func(*e.args) == e
