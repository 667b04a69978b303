r"""Formulas that were once judged wrongly, each among right and wrong neighbours."""

from __future__ import annotations

import pytest

from symbp import check
from symbp.judge.verdict import Status
from tests.claims_by_hand import MLP, status, verdict

# -- ∇f(u): the gradient of f by its argument ------------------------------------------------------

LEAST_SQUARES = r"""
g = \frac{1}{2} \|A u - c\|^2
"""


@pytest.mark.parametrize(
    "latex, expected",
    [
        (r"\nabla g(u) = A^T (A u - c)", "proved"),
        (r"\nabla g = A^T (A u - c)", "unread"),
        (r"\nabla_u g(u) = A^T (A u - c)", "proved"),
        (r"\nabla g(u) = A^T (c - A u)", "refuted"),
        (r"\nabla g(u) = 2 A^T (A u - c)", "refuted"),
        (r"\nabla g(u) = A (A u - c)", "refuted"),
        (r"\nabla g(c) = c - A u", "proved"),
        (r"\nabla g(A) = (A u - c) u^T", "proved"),
        (r"\nabla g(A) = A^T (A u - c)", "refuted"),
        (r"\nabla g(u, A) = A^T (A u - c)", "unread"),
        (r"\nabla h(u) = A^T (A u - c)", "unread"),
    ],
)
def test_a_gradient_by_the_argument(latex, expected):
    given = {"shapes": "A m x n, u n, c m"}
    assert status(LEAST_SQUARES, latex, **given) == expected


def test_a_gradient_of_the_loss_alone_needs_one_parameter():
    network = r"""
    z = W x + b
    C = \frac{1}{2} \|z - y\|^2
    """
    found = verdict(network, r"\nabla C = (z - y) x^T")
    assert found.status is Status.UNREAD
    assert found.reason == r"the gradient of the loss by what? write \nabla_u"


# -- softmax below a loss of which nothing is known ------------------------------------------------

SOFTMAX = r"""
q = softmax(s)
C = any(q)
"""
UP = r"\frac{\partial C}{\partial q}"


@pytest.mark.parametrize(
    "right, expected",
    [
        (rf"q \odot ({UP} - (q^T {UP}) \mathbf{{1}})", "proved"),
        (rf"q \odot ({UP} + (q^T {UP}) \mathbf{{1}})", "refuted"),
        (rf"q \odot ({UP} - (q^T q) \mathbf{{1}})", "refuted"),
        # q · g may be Σ or entry by entry, and a number beside a vector is not written so
        (rf"q \odot ({UP} - (q \cdot {UP}) \mathbf{{1}})", "undecided"),
        (rf"q \odot ({UP} - q \cdot {UP})", "undecided"),
        (rf"q \odot ({UP} - q^T {UP})", "undecided"),
        (rf"q \odot ({UP} + q^T {UP})", "refuted"),
        (rf"q \odot ({UP} - 2 q^T {UP})", "refuted"),
    ],
)
def test_a_number_at_every_entry_of_a_vector(right, expected):
    assert status(SOFTMAX, rf"\frac{{\partial C}}{{\partial s}} = {right}") == expected


# -- targets with an index of samples --------------------------------------------------------------

SAMPLES = r"""
q_{ik} = e^{s_{ik}} / \sum_j e^{s_{ij}}
C = -\frac{1}{n} \sum_i \sum_k t_{ik} \log q_{ik}
"""
SAMPLES_LAST = r"""
q_{ki} = e^{s_{ki}} / \sum_j e^{s_{ji}}
C = -\frac{1}{n} \sum_i \sum_k t_{ki} \log q_{ki}
"""


@pytest.mark.parametrize(
    "network, right, expected",
    [
        (SAMPLES, r"\frac{1}{n} (q_{ik} - t_{ik})", "proved"),
        (SAMPLES, r"\frac{1}{n} (t_{ik} - q_{ik})", "refuted"),
        (SAMPLES, r"q_{ik} - t_{ik}", "refuted"),
        (SAMPLES, r"\frac{1}{n} (q_{ik} \sum_j t_{ij} - t_{ik})", "proved"),
        (SAMPLES, r"\frac{1}{n} (q_{ik} \sum_j t_{jk} - t_{ik})", "refuted"),
        (SAMPLES_LAST, r"\frac{1}{n} (q_{ki} - t_{ki})", "proved"),
        (SAMPLES_LAST, r"\frac{1}{n} (q_{ki} \sum_j t_{kj} - t_{ki})", "refuted"),
    ],
)
def test_targets_of_samples_add_up_over_their_classes(network, right, expected):
    left = "s_{ik}" if network is SAMPLES else "s_{ki}"
    latex = rf"\frac{{\partial C}}{{\partial {left}}} = {right}"
    found = verdict(network, latex)
    assert found.status.value == expected
    if expected == "proved" and r"\sum" not in right:
        assert "add up to one" in found.conventions[0]


# -- steps uphill ----------------------------------------------------------------------------------

LIKELIHOOD = r"""
q_i = \sigma(w^T x_i)
\ell = \sum_i (t_i \log q_i + (1 - t_i) \log(1 - q_i))
"""
OF_SAMPLES = {"functions": r"\sigma sigmoid", "indices": "i sample"}


@pytest.mark.parametrize(
    "right, of_the_likelihood, of_minus_it",
    [
        (r"w + \alpha \nabla_w \ell", "undecided", "refuted"),
        (r"w + \alpha \sum_i (t_i - q_i) x_i", "undecided", "proved"),
        (r"w + \alpha \sum_i (q_i - t_i) x_i", "proved", "refuted"),
        (r"w + \alpha \sum_i (t_i - q_i)", "refuted", "refuted"),
        (r"w + 2 \alpha \sum_i (t_i - q_i) x_i", "refuted", "undecided"),
    ],
)
def test_a_step_uphill_may_be_right_for_a_likelihood(right, of_the_likelihood, of_minus_it):
    assert status(LIKELIHOOD, f"w := {right}", **OF_SAMPLES) == of_the_likelihood
    minus = LIKELIHOOD.replace(r"\ell = ", r"\ell = -")
    assert status(minus, f"w := {right}", **OF_SAMPLES) == of_minus_it


# -- Jacobians and their transposes ----------------------------------------------------------------

TURNING = r"""
z_t = W h_{t-1} + U x_t
h_t = \tanh(z_t)
C = \sum_t any(h_t)
"""


@pytest.mark.parametrize(
    "latex, expected",
    [
        (r"\frac{\partial h_t}{\partial h_{t-1}} = diag(1 - h_t^2) W", "proved"),
        (r"\frac{\partial h_t}{\partial h_{t-1}} = W^T diag(1 - h_t^2)", "undecided"),
        (r"\frac{\partial h_t}{\partial h_{t-1}} = W diag(1 - h_t^2)", "refuted"),
        (r"\frac{\partial h_t}{\partial h_{t-1}} = diag(1 - h_t^2) W^T", "refuted"),
        (r"\frac{\partial z_t}{\partial x_t} = U", "proved"),
        (r"\frac{\partial z_t}{\partial x_t} = U^T", "undecided"),
        (r"\frac{\partial z_t}{\partial x_t} = 2 U^T", "refuted"),
    ],
)
def test_the_derivative_of_a_vector_by_a_vector_in_the_other_layout(latex, expected):
    found = verdict(TURNING, latex)
    assert found.status.value == expected
    if expected == "undecided":
        assert found.reason.startswith("it holds in denominator layout")


def test_a_gradient_shaped_like_its_weight_goes_with_jacobians_in_either_layout():
    jacobian = r"\frac{\partial z^{l+1}}{\partial a^l}"
    assert status(MLP, rf"{jacobian} = W^{{l+1}}") == "proved"
    assert status(MLP, rf"{jacobian} = (W^{{l+1}})^T") == "undecided"


# -- declarations that were not read ---------------------------------------------------------------

TWO = r"""
<!-- symbp
case: one
equations:
    z = w^T x
    C = \frac{1}{2} (z - y)^2
-->
<!-- symbp
case: two
equations:
    z = w^T x +
    C = (z - y)^2
-->

$$\frac{\partial C}{\partial w} = 2 (z - y) x$$

$$\frac{\partial C}{\partial w} = (z - y) x$$
"""
ANEW = r"""
<!-- symbp
equations:
    z = w^T x
    C = \frac{1}{2} (z - y)^2
-->

$$\frac{\partial C}{\partial w} = (y - z) x$$

<!-- symbp
equations:
    z = w^T x
    C = -\frac{1}{2} (z - y)^2
lettres: z
-->

$$\frac{\partial C}{\partial w} = (y - z) x$$
"""


def test_nothing_is_refuted_where_a_case_was_not_read():
    found = [f.verdict.status.value for f in check(TWO).findings]
    assert found == ["unread", "undecided", "proved"]


def test_a_declaration_that_is_not_read_ends_the_one_before():
    found = [f.verdict.status.value for f in check(ANEW).findings]
    assert found[0] == "refuted"
    assert "refuted" not in found[1:]


# -- numbers that are sizes only by chance ---------------------------------------------------------

MEAN = r"""
Z = W X
C = \frac{1}{n} \sum_{i=1}^n \sum_k (Z_{ki} - Y_{ki})^2
"""
OF_CLASSES = r"""
p = W x
C = \frac{1}{K} \sum_{k=1}^K (p_k - y_k)^2
"""


@pytest.mark.parametrize("factor", ["1", "2", r"\frac{1}{2}", r"\frac{2}{3}", r"\frac{2}{4}"])
def test_a_factor_that_is_right_at_one_size_only(factor):
    given = {"shapes": "X p x n, Z q x n, Y q x n"}
    left = r"\frac{\partial C}{\partial Z}"
    assert status(MEAN, rf"{left} = {factor} (Z - Y)", **given) == "refuted"
    assert status(MEAN, rf"{left} = \frac{{2}}{{n}} (Z - Y)", **given) == "proved"
    left = r"\frac{\partial C}{\partial p}"
    assert status(OF_CLASSES, rf"{left} = {factor} (p - y)") == "refuted"
    assert status(OF_CLASSES, rf"{left} = \frac{{2}}{{K}} (p - y)") == "proved"


def test_a_repair_holds_at_all_sizes():
    given = {"shapes": "X p x n, Z q x n, Y q x n"}
    found = verdict(MEAN, r"\frac{\partial C}{\partial Z} = 2 (Z - Y)", **given)
    assert found.repair in ("", r"\frac{2}{n} (Z - Y)")


# -- functions in words ----------------------------------------------------------------------------

ROWS = r"""
Z = X W + b
C = any(Z)
"""
IN_ROWS = {"layout": "rows", "shapes": "X m x n, W n x k, b row k"}


@pytest.mark.parametrize(
    "right, expected",
    [
        (r"\text{np.sum}(dZ, \text{axis}=0)", "proved"),
        (r"\text{np.sum}(dZ, \text{axis}=0, \text{keepdims}=\text{True})", "proved"),
        (r"\frac{1}{m} \text{np.sum}(dZ, \text{axis}=0)", "refuted"),
        (r"\text{sum}(dZ)", "unread"),
        (r"\text{row-sum}(dZ)", "unread"),
        (r"2 \left(\text{row-sum}(dZ) + 1\right)", "unread"),
        (r"1 \cdot \text{colsum}(dZ)", "unread"),
    ],
)
def test_words_before_brackets_are_not_left_out(right, expected):
    assert status(ROWS, f"db = {right}", **IN_ROWS) == expected


# -- definitions that differ in a mark -------------------------------------------------------------

GATES = r"""
a^r_t = W_r x_t + U_r h_{t-1}
a^h_t = W_h x_t + U_h h_{t-1}
r_t = \tanh(a^r_t)
h_t = r_t \odot \tanh(a^h_t)
C = \sum_t any(h_t)
"""
ERRORS = r"""\delta^h_t = \partial C / \partial h_t
\delta^h_{a,t} = \partial C / \partial a^h_t
\delta^r_{a,t} = \partial C / \partial a^r_t"""


@pytest.mark.parametrize(
    "latex, expected",
    [
        (r"\delta^h_{a,t} = \delta^h_t \odot r_t \odot (1 - \tanh^2(a^h_t))", "proved"),
        (r"\delta^r_{a,t} = \delta^h_t \odot \tanh(a^h_t) \odot (1 - r_t^2)", "proved"),
        (r"\frac{\partial C}{\partial W_h} = \sum_t \delta^h_{a,t} x_t^T", "proved"),
        (r"\frac{\partial C}{\partial W_h} = \sum_t \delta^r_{a,t} x_t^T", "refuted"),
        (r"\frac{\partial C}{\partial W_h} = \sum_t \delta^h_t x_t^T", "refuted"),
        (r"\frac{\partial C}{\partial U_r} = \sum_t \delta^r_{a,t} h_t^T", "refuted"),
        (r"\delta^h_{a,t} = \delta^h_t \odot r_t", "refuted"),
        (r"\delta^h_{b,t} = \delta^h_t \odot r_t", "unread"),
    ],
)
def test_the_definition_with_most_marks_is_meant(latex, expected):
    assert status(GATES, latex, define=ERRORS) == expected
