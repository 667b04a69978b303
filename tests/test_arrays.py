"""Arrays written out: right ones proved, wrong ones refuted, doubtful ones neither."""

from __future__ import annotations

import pytest

import symbp
from symbp.errors import ReadingError
from tests.claims_by_hand import MLP, status, verdict

LAYER = r"""
z = W x + b
a = \sigma(z)
C = \frac{1}{2} \|a - y\|^2
"""
DELTA = {"define": r"\delta = \partial C / \partial z"}
BATCH = r"""
z^{(i)} = w^T x^{(i)}
a^{(i)} = \sigma(z^{(i)})
C = -\frac{1}{m} \sum_{i=1}^m (y^{(i)} \log a^{(i)} + (1 - y^{(i)}) \log(1 - a^{(i)}))
"""
SAMPLES = {
    "batch": "X = x, A = a, Y = y",
    "shapes": "z 1, y 1",
    "functions": r"\sigma sigmoid",
}
GATE = r"""
z_t = W [h_{t-1}, x_t] + b
h_t = \tanh(z_t)
E_t = \frac{1}{2} \|h_t - y_t\|^2
E = \sum_{t=1}^T E_t
"""
STEPS = {"define": r"\delta_t = \partial E / \partial z_t"}


@pytest.mark.parametrize(
    "right",
    [
        r"\begin{bmatrix} \delta_1 \\ \delta_2 \\ \vdots \\ \delta_n \end{bmatrix}",
        r"\left[ \begin{matrix} \delta_1 \\ \\ ... \\ \\ \delta_n \end{matrix} \right]",
        r"[\delta_1, \delta_2, \ldots, \delta_n]^T",
        r"(\delta_1, \ldots, \delta_n)^\top",
        r"[\delta_1 \; \delta_2 \; \cdots \; \delta_n]^T",
        r"[\delta_1 \quad \delta_2 \quad \cdots \quad \delta_n]^T",
        r"[\frac{\partial C}{\partial b_1}, \ldots, \frac{\partial C}{\partial b_n}]^T",
        r"diag(\sigma'(z_1), \ldots, \sigma'(z_n)) (a - y)",
        r"\begin{pmatrix} \sigma'(z_1) & & \\ & \ddots & \\ & & \sigma'(z_n) \end{pmatrix} (a - y)",
        r"\begin{pmatrix} \sigma'(z_1) & 0 & 0 \\ 0 & \ddots & 0 \\ 0 & 0 & \sigma'(z_n)"
        r"\end{pmatrix} (a - y)",
        r"\left(\begin{array}{c} (a_1 - y_1) \sigma'(z_1) \\ \vdots \\ (a_n - y_n) \sigma'(z_n)"
        r"\end{array}\right)",
        r"\begin{bmatrix} a_1 - y_1 \\ \vdots \\ a_n - y_n \end{bmatrix} \odot \sigma'(z)",
    ],
)
def test_a_vector_with_dots(right: str) -> None:
    assert status(LAYER, rf"\frac{{\partial C}}{{\partial z}} = {right}", **DELTA) == "proved"


@pytest.mark.parametrize(
    "right",
    [
        r"\begin{bmatrix} -\delta_1 \\ -\delta_2 \\ \vdots \\ -\delta_n \end{bmatrix}",
        r"[2 \delta_1, 2 \delta_2, \ldots, 2 \delta_n]^T",
        r"[\delta_1 x_1, \ldots, \delta_n x_1]^T",
        r"diag(\sigma(z_1), \ldots, \sigma(z_n)) (a - y)",
        r"\begin{pmatrix} \sigma'(z_1) & & \\ & \ddots & \\ & & \sigma'(z_n) \end{pmatrix} a",
        r"[x_1, x_2, \ldots, x_n]^T",
    ],
)
def test_a_wrong_vector_with_dots(right: str) -> None:
    assert status(LAYER, rf"\frac{{\partial C}}{{\partial z}} = {right}", **DELTA) == "refuted"


@pytest.mark.parametrize(
    ("right", "expected"),
    [
        (r"\begin{pmatrix} \delta_1 x_1 & \cdots & \delta_1 x_m \\ \vdots & \ddots & \vdots \\"
         r"\delta_n x_1 & \cdots & \delta_n x_m \end{pmatrix}", "proved"),
        (r"\begin{pmatrix} \delta_1 x_1 & \delta_1 x_2 & \cdots & \delta_1 x_m \\"
         r"\delta_2 x_1 & \delta_2 x_2 & \cdots & \delta_2 x_m \\ \vdots & \vdots & & \vdots \\"
         r"\delta_n x_1 & \delta_n x_2 & \cdots & \delta_n x_m \end{pmatrix}", "proved"),
        (r"[\delta_1, \ldots, \delta_n]^T [x_1, \ldots, x_m]", "proved"),
        (r"\begin{bmatrix} \delta_1 \\ \vdots \\ \delta_n \end{bmatrix} x^T", "proved"),
        (r"[\delta x_1, \delta x_2, \ldots, \delta x_m]", "proved"),
        (r"\begin{pmatrix} \delta_1 x_1 & \cdots & \delta_n x_1 \\ \vdots & \ddots & \vdots \\"
         r"\delta_1 x_m & \cdots & \delta_n x_m \end{pmatrix}", "refuted"),
        (r"\begin{pmatrix} -\delta_1 x_1 & \cdots & -\delta_1 x_m \\ \vdots & \ddots & \vdots \\"
         r"-\delta_n x_1 & \cdots & -\delta_n x_m \end{pmatrix}", "refuted"),
        (r"\begin{bmatrix} x_1 \\ \vdots \\ x_m \end{bmatrix} \delta^T", "refuted"),
    ],
)  # fmt: skip
def test_a_matrix_with_dots(right: str, expected: str) -> None:
    assert status(LAYER, rf"\frac{{\partial C}}{{\partial W}} = {right}", **DELTA) == expected


@pytest.mark.parametrize(
    ("right", "reason"),
    [
        (r"[\delta_1, \delta_2, \ldots, \delta_n]^T [x_1, \ldots, x_n]", "the last index n"),
        (r"[\delta_1, \ldots, \delta_n]^T [\delta_1, \ldots, \delta_{n-1}]", "not alike"),
        (r"[\delta_1, \delta_3, \ldots, \delta_n]^T x^T", "not what the others lead to"),
        (r"[\delta_2, \delta_3, \ldots, \delta_n]^T x^T", "not the index 1"),
        (r"[\delta_1, \ldots, x_n]^T x^T", "not alike"),
        (r"[\delta_1, \ldots, \delta_7]^T x^T", "ends with 7"),
        (r"[\delta_1, \ldots, \delta_1]^T x^T", "the same"),
    ],
)
def test_what_follows_no_pattern_is_not_judged(right: str, reason: str) -> None:
    found = verdict(LAYER, rf"\frac{{\partial C}}{{\partial W}} = {right}", **DELTA)
    assert found.status.value in ("undecided", "unread")
    assert reason in found.reason


def test_an_index_that_is_the_last_one_too() -> None:
    claim = r"\frac{\partial C}{\partial b_j} [z_1, \ldots, z_j] = \delta_j z^T"
    assert status(LAYER, claim, **DELTA) == "undecided"
    assert status(LAYER, claim.replace("z_j]", "z_n]"), **DELTA) == "proved"


def test_widths_of_layers() -> None:
    """δ^l has n_l entries: said by the sums of the equations, not by the array alone."""
    said = MLP.replace(
        "z^l = W^l a^{l-1} + b^l", r"z^l_j = \sum_{k=1}^{n_{l-1}} W^l_{jk} a^{l-1}_k + b^l_j"
    )
    entries = {"define": r"\delta^l = \partial C / \partial z^l"}
    claim = r"\frac{\partial C}{\partial b^l} = [\delta^l_1, \ldots, \delta^l_{n_l}]^T"
    assert status(said, claim, **entries) == "proved"
    assert status(said, claim.replace("n_l", "n_{l-1}"), **entries) != "proved"


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        (r"\frac{\partial C}{\partial w} = \frac{1}{m} X [a^{(1)} - y^{(1)}, a^{(2)} - y^{(2)},"
         r"\ldots, a^{(m)} - y^{(m)}]^T", "proved"),
        (r"\frac{\partial C}{\partial w} = \frac{1}{m} [x^{(1)} x^{(2)} \cdots x^{(m)}] (A - Y)^T",
         "proved"),
        (r"\frac{\partial C}{\partial w} = \frac{1}{m} [x^{(1)} x^{(2)} \cdots x^{(m)}] (Y - A)^T",
         "refuted"),
        (r"\frac{\partial C}{\partial w} = \frac{1}{m} X [y^{(1)} - a^{(1)}, y^{(2)} - a^{(2)},"
         r"\ldots, y^{(m)} - a^{(m)}]^T", "refuted"),
        (r"\frac{\partial C}{\partial w} = X [a^{(1)} - y^{(1)}, \ldots, a^{(m)} - y^{(m)}]^T",
         "refuted"),
    ],
)  # fmt: skip
def test_a_batch_by_its_samples(claim: str, expected: str) -> None:
    assert status(BATCH, claim, **SAMPLES) == expected


@pytest.mark.parametrize(
    ("right", "expected"),
    [
        (r"\delta_t [h_{t-1}, x_t]^T", "proved"),
        (r"\delta_t [h_{t-1}; x_t]^T", "proved"),
        (r"\delta_t \begin{pmatrix} h_{t-1} \\ x_t \end{pmatrix}^T", "proved"),
        (r"\delta_t \begin{pmatrix} h_{t-1}^T & x_t^T \end{pmatrix}", "proved"),
        (r"\delta_t \begin{pmatrix} x_t \\ h_{t-1} \end{pmatrix}^T", "refuted"),
        (r"-\delta_t [h_{t-1}, x_t]^T", "refuted"),
        (r"\delta_t [h_t, x_t]^T", "refuted"),
        (r"[h_{t-1}, x_t] \delta_t^T", "refuted"),
        (r"\delta_t [h_{t-1}, 2 x_t]^T", "refuted"),
    ],
)
def test_vectors_one_after_the_other(right: str, expected: str) -> None:
    left = r"\frac{\partial E}{\partial W} = \sum_{t=1}^T"
    assert status(GATE, f"{left} {right}", **STEPS) == expected


def test_the_gradient_by_stacked_vectors() -> None:
    left = r"\begin{bmatrix} \frac{\partial C}{\partial h} \\ \frac{\partial C}{\partial x}"
    net = r"""
    z = W [h, x] + b
    C = \frac{1}{2} \|z - y\|^2
    """
    assert status(net, left + r"\end{bmatrix} = W^T (z - y)") == "proved"
    assert status(net, left + r"\end{bmatrix} = W^T (y - z)") == "refuted"
    swapped = left.replace("l h}", "?").replace("l x}", "l h}").replace("?", "l x}")
    assert status(net, swapped + r"\end{bmatrix} = W^T (z - y)") == "refuted"


def test_a_system_with_stacked_vectors_has_the_right_gradient() -> None:
    net = symbp.read_system(r"z = W [h, x] + b; a = \tanh(z); C = \frac{1}{2} \|a - y\|^2")
    assert symbp.verify(net, witnesses=["exact"]).ok


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        (r"\frac{\partial z}{\partial x} = \begin{pmatrix} w_{11} & w_{12} & w_{13} \\"
         r"w_{21} & w_{22} & w_{23} \end{pmatrix}", "proved"),
        (r"\frac{\partial C}{\partial x} = \begin{pmatrix} w_{11} & w_{21} \\ w_{12} & w_{22} \\"
         r"w_{13} & w_{23} \end{pmatrix} \begin{pmatrix} \delta_1 \\ \delta_2 \end{pmatrix}",
         "proved"),
        (r"\frac{\partial C}{\partial x} = \begin{pmatrix} w_{11} & w_{12} & w_{13} \\"
         r"w_{21} & w_{22} & w_{23} \end{pmatrix}^T [\delta_1, \delta_2]^T", "proved"),
        (r"\frac{\partial C}{\partial W} = \begin{bmatrix} \delta_1 x_1 & \delta_1 x_2 &"
         r"\delta_1 x_3 \\ \delta_2 x_1 & \delta_2 x_2 & \delta_2 x_3 \end{bmatrix}", "proved"),
        (r"\delta = \begin{bmatrix} \sigma'(z_1) & 0 \\ 0 & \sigma'(z_2) \end{bmatrix}"
         r"\begin{bmatrix} a_1 - y_1 \\ a_2 - y_2 \end{bmatrix}", "proved"),
        (r"\frac{\partial z}{\partial x} = \begin{pmatrix} w_{11} & w_{21} & w_{13} \\"
         r"w_{21} & w_{22} & w_{23} \end{pmatrix}", "refuted"),
        (r"\frac{\partial C}{\partial W} = \begin{bmatrix} \delta_1 x_1 & \delta_1 x_2 &"
         r"\delta_1 x_3 \\ \delta_2 x_1 & \delta_2 x_2 & \delta_2 x_2 \end{bmatrix}", "refuted"),
        (r"\frac{\partial C}{\partial x} = \begin{pmatrix} w_{11} & w_{12} & w_{13} \\"
         r"w_{21} & w_{22} & w_{23} \end{pmatrix} \begin{pmatrix} \delta_1 \\ \delta_2"
         r"\end{pmatrix}", "refuted"),
        (r"\delta = \begin{bmatrix} \sigma'(z_1) & 0 \\ 0 & \sigma'(z_1) \end{bmatrix} (a - y)",
         "refuted"),
        (r"\delta = \begin{bmatrix} \delta_1 \\ \delta_2 \\ 0 \end{bmatrix}", "refuted"),
    ],
)  # fmt: skip
def test_all_entries_written(claim: str, expected: str) -> None:
    entries = {**DELTA, "shapes": "W 2 x 3, x 3, z 2, a 2, y 2, b 2"}
    assert status(LAYER, claim, **entries) == expected


@pytest.mark.parametrize(
    "right",
    [
        r"\begin{vmatrix} \delta_1 \\ \delta_2 \end{vmatrix}",
        r"\left| \begin{matrix} \delta_1 & \delta_2 \end{matrix} \right|",
        r"\begin{bmatrix} \delta_1 & \delta_2 \\ \delta_1 \end{bmatrix}",
        r"\begin{bmatrix} \delta_1 \\ \delta_2 \end{bmatrix}_1",
        r"\delta (x, z)",
        r"\{\delta_1, \delta_2\}",
    ],
)
def test_what_is_no_array_is_not_judged(right: str) -> None:
    entries = {**DELTA, "shapes": "W 2 x 3, x 3, z 2, a 2, y 2, b 2"}
    assert status(LAYER, rf"\frac{{\partial C}}{{\partial z}} = {right}", **entries) == "unread"


def test_two_vectors_of_one_length_in_a_list() -> None:
    """[a, y] is a long vector or a matrix with two columns."""
    net = LAYER + "D = \\|a\\|^2"
    claim = r"[\delta, \delta]^T [\delta, \delta] = \delta^T \delta + \delta^T \delta"
    assert status(net, claim, **DELTA, loss="C") == "proved"


def test_cases_whose_conditions_follow_a_full_stop() -> None:
    net = "y = Relu(x)"
    entries = {"functions": "Relu relu", "shapes": "all 1"}
    claim = r"\frac{dy}{dx} = \begin{cases} 1, x > 0 \\ 0. x \leq 0 \end{cases}"
    assert status(net, claim, **entries) == "proved"
    assert status(net, claim.replace("1,", "2,"), **entries) == "refuted"


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        (r"\delta = \begin{bmatrix} \delta_1 \\ \delta_2 \\ \delta_3 \end{bmatrix}", "proved"),
        (r"\delta = \begin{bmatrix} \delta_1 \\ \delta_2 \\ \delta_2 \end{bmatrix}", "refuted"),
        (r"\delta = \begin{bmatrix} \delta_1 \\ \delta_2 \\ \delta_4 \end{bmatrix}", "unread"),
        (r"\frac{\partial C}{\partial x} = \begin{pmatrix} w_{11} & w_{21} \\ w_{12} & w_{22}"
         r"\\ w_{13} & w_{23} \end{pmatrix} \begin{pmatrix} \delta_1 \\ \delta_2 \end{pmatrix}",
         "proved"),
        (r"\frac{\partial C}{\partial x} = \begin{pmatrix} w_{11} & w_{21} \\ w_{12} & w_{22}"
         r"\\ w_{13} & w_{22} \end{pmatrix} \begin{pmatrix} \delta_1 \\ \delta_2 \end{pmatrix}",
         "refuted"),
        (r"\frac{\partial C}{\partial x} = \begin{pmatrix} w_{11} & w_{21} \\ w_{12} & w_{22}"
         r"\\ w_{13} & w_{23} \end{pmatrix} \delta", "proved"),
        (r"\frac{\partial C}{\partial x} = \begin{pmatrix} w_{11} & w_{12} \\ w_{21} & w_{22}"
         r"\end{pmatrix} \delta", "refuted"),
        (r"\frac{\partial C}{\partial x} = \begin{pmatrix} w_{11} \delta_1 + w_{21} \delta_2 \\"
         r"w_{12} \delta_1 + w_{22} \delta_2 \end{pmatrix}", "undecided"),
        (r"\frac{\partial C}{\partial x} = \begin{pmatrix} w_{11} \delta_1 - w_{21} \delta_2 \\"
         r"w_{12} \delta_1 + w_{22} \delta_2 \end{pmatrix}", "refuted"),
        (r"\delta = \begin{bmatrix} \sigma'(z_1) & 0 \\ 0 & \sigma'(z_2) \end{bmatrix}"
         r"\begin{bmatrix} a_1 - y_1 \\ a_2 - y_2 \\ a_3 - y_3 \end{bmatrix}", "refuted"),
    ],
)  # fmt: skip
def test_arrays_say_how_long_axes_are(claim: str, expected: str) -> None:
    assert status(LAYER, claim, **DELTA) == expected


@pytest.mark.parametrize(
    ("right", "expected"),
    [
        (r"\delta_1^2 a_1^1 & \delta_1^2 a_2^1 \\ \delta_2^2 a_1^1 & \delta_2^2 a_2^1 \\"
         r"\delta_3^2 a_1^1 & \delta_3^2 a_2^1", "proved"),
        (r"\delta_1^2 a_1^1 & \delta_1^2 a_2^1 \\ \delta_2^2 a_1^1 & \delta_2^2 a_2^1 \\"
         r"\delta_3^2 a_1^1 & \delta_3^2 a_2^2", "refuted"),
        (r"\delta_1^2 a_1^1 & \delta_2^2 a_1^1 \\ \delta_1^2 a_2^1 & \delta_2^2 a_2^1", "refuted"),
    ],
)  # fmt: skip
def test_arrays_of_one_layer(right: str, expected: str) -> None:
    claim = rf"\frac{{\partial C}}{{\partial W^2}} = \begin{{pmatrix}} {right} \end{{pmatrix}}"
    assert status(MLP, claim, define=r"\delta^l = \partial C / \partial z^l") == expected


JACOBIAN = r"\frac{\partial a}{\partial z} = \begin{bmatrix} "


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        (r"a_1 (1 - a_1) & -a_1 a_2 & \cdots & -a_1 a_n \\ -a_2 a_1 & a_2 (1 - a_2) & \cdots &"
         r"-a_2 a_n \\ \vdots & \vdots & \ddots & \vdots \\ -a_n a_1 & -a_n a_2 & \cdots &"
         r"a_n (1 - a_n)", "proved"),
        (r"a_1 (1 - a_1) & -a_1 a_2 & \cdots & -a_1 a_n \\ -a_1 a_2 & a_2 (1 - a_2) & \cdots &"
         r"-a_2 a_n \\ \vdots & \vdots & \ddots & \vdots \\ -a_1 a_n & -a_2 a_n & \cdots &"
         r"a_n (1 - a_n)", "proved"),
        (r"a_1 (1 - a_1) & \cdots & -a_1 a_n \\ \vdots & \ddots & \vdots \\"
         r"-a_n a_1 & \cdots & a_n (1 - a_n)", "proved"),
        (r"a_1 (1 - a_1) & \cdots & a_1 a_n \\ \vdots & \ddots & \vdots \\"
         r"a_n a_1 & \cdots & a_n (1 - a_n)", "refuted"),
        (r"a_1 & \cdots & -a_1 a_n \\ \vdots & \ddots & \vdots \\ -a_n a_1 & \cdots & a_n",
         "refuted"),
        (r"a_1 (1 - a_1) & \cdots & -a_1 z_n \\ \vdots & \ddots & \vdots \\"
         r"-z_1 a_n & \cdots & a_n (1 - a_n)", "unread"),
        (r"a_1 (1 - a_1) & -a_1 a_2 & \cdots & -a_1 a_n \\ -a_2 a_1 & a_2 (1 - a_2) & \cdots &"
         r"-a_2 a_1 \\ \vdots & \vdots & \ddots & \vdots \\ -a_n a_1 & -a_n a_2 & \cdots &"
         r"a_n (1 - a_n)", "unread"),
        (r"a_1 (1 - a_1) & -a_1 a_2 \\ -a_2 a_1 & a_2 (1 - a_2)", "proved"),
        (r"a_1 (1 - a_1) & -a_1 a_2 \\ a_2 a_1 & a_2 (1 - a_2)", "refuted"),
    ],
)  # fmt: skip
def test_a_diagonal_of_its_own(entries: str, expected: str) -> None:
    net = "a = softmax(z)\nC = -\\sum_j y_j \\log a_j"
    assert status(net, JACOBIAN + entries + r"\end{bmatrix}") == expected


WRITTEN_OUT = r"""
\begin{bmatrix} z_1 \\ z_2 \end{bmatrix} = \begin{bmatrix} w_{11} & w_{12} & w_{13} \\ w_{21} & w_{22} & w_{23} \end{bmatrix} \begin{bmatrix} x_1 \\ x_2 \\ x_3 \end{bmatrix} + [b_1, b_2]^T
a = \sigma(z)
C = \frac{1}{2} \|a - y\|^2
"""  # noqa: E501
WITH_DOTS = r"""
\left[ \begin{array}{c} z_1 \\ \vdots \\ z_n \end{array} \right] = \begin{bmatrix} w_{11} & \cdots & w_{1m} \\ \vdots & & \vdots \\ w_{n1} & \cdots & w_{nm} \end{bmatrix} x + b
a = \sigma(z)
C = \frac{1}{2} \|a - y\|^2
"""  # noqa: E501


@pytest.mark.parametrize("equations", [WRITTEN_OUT, WITH_DOTS])
@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        (r"\frac{\partial C}{\partial w_{12}} = \delta_1 x_2", "proved"),
        (r"\frac{\partial C}{\partial w} = \delta x^T", "proved"),
        (r"\frac{\partial C}{\partial b} = [(a_1 - y_1) \sigma'(z_1), (a_2 - y_2) \sigma'(z_2)]^T",
         "proved"),
        (r"\frac{\partial C}{\partial w_{12}} = \delta_2 x_1", "refuted"),
        (r"\frac{\partial C}{\partial w} = x \delta^T", "refuted"),
        (r"\frac{\partial C}{\partial b} = [(a_1 - y_1) \sigma'(z_2), (a_2 - y_2) \sigma'(z_1)]^T",
         "refuted"),
    ],
)  # fmt: skip
def test_forward_equations_written_out(equations: str, claim: str, expected: str) -> None:
    assert status(equations, claim, **DELTA) == expected


def test_sizes_of_a_network_written_out() -> None:
    right = r"\frac{\partial C}{\partial x_1} = \delta_1 w_{11} + \delta_2 w_{21}"
    assert status(WRITTEN_OUT, right, **DELTA) == "proved"
    assert status(WRITTEN_OUT, right.replace("w_{21}", "w_{12}"), **DELTA) == "refuted"
    assert status(WRITTEN_OUT, right.replace(r" + \delta_2 w_{21}", ""), **DELTA) == "refuted"


@pytest.mark.parametrize(
    "left",
    [
        r"\begin{bmatrix} z_2 \\ z_1 \end{bmatrix}",
        r"\begin{bmatrix} z_1 \\ u_2 \end{bmatrix}",
        r"\begin{bmatrix} z_1 \\ \vdots \\ z_2 \\ z_3 \end{bmatrix}",
    ],
)
def test_what_is_no_whole_quantity_defines_nothing(left: str) -> None:
    with pytest.raises(ReadingError, match="must be one name"):
        status(f"{left} = W x\nC = \\|z\\|^2", r"\frac{\partial C}{\partial x} = 2 W^T z")


def test_a_document_whose_network_is_written_out() -> None:
    text = "Let $" + WRITTEN_OUT.strip().replace("\n", "$, $") + "$. Then\n\n"
    text += "$$\n\\frac{\\partial C}{\\partial w_{12}} = (a_1 - y_1) \\sigma'(z_1) x_2\n$$\n\n"
    text += "$$\n\\frac{\\partial C}{\\partial w_{12}} = (a_1 - y_1) \\sigma'(z_1) x_1\n$$\n"
    found = [f.verdict.status.value for f in symbp.check(text).findings]
    assert found == ["proved", "refuted"]
