r"""What a script is: a power, a part of a name, an index; and vectors that are rows."""

from __future__ import annotations

import pytest

from symbp.errors import ReadingError
from tests.claims_by_hand import judges, status, verdict

# -- a variance, and a mark that names it ----------------------------------------------------------

NORMALISED = r"""
\nu_B = \frac{1}{m} \sum_{i=1}^m u_i
\tau_B^2 = \frac{1}{m} \sum_{i=1}^m (u_i - \nu_B)^2
\hat{u}_i = \frac{u_i - \nu_B}{\sqrt{\tau_B^2 + \epsilon}}
v_i = g \hat{u}_i + c
C = any(v)
"""
SAMPLES = {"indices": "i sample"}
HAT = r"\frac{\partial C}{\partial \hat{u}_i}"
INVERSE = r"\frac{1}{\sqrt{\tau_B^2 + \epsilon}}"
SQUARE = r"\frac{\partial C}{\partial \tau_B^2}"
CENTRE = r"\frac{\partial C}{\partial \nu_B}"


@pytest.mark.parametrize(
    "latex, expected",
    [
        (rf"{HAT} = \frac{{\partial C}}{{\partial v_i}} g", "proved"),
        (r"\frac{\partial C}{\partial g} = \sum_i \frac{\partial C}{\partial v_i}"
         r" \hat{u}_i", "proved"),
        (rf"{SQUARE} = -\frac{{1}}{{2}} \sum_i {HAT} (u_i - \nu_B)"
         r" (\tau_B^2 + \epsilon)^{-3/2}", "proved"),
        (rf"{SQUARE} = \frac{{1}}{{2}} \sum_i {HAT} (u_i - \nu_B)"
         r" (\tau_B^2 + \epsilon)^{-3/2}", "refuted"),
        (rf"{SQUARE} = -\frac{{1}}{{2}} \sum_i {HAT} (u_i - \nu_B)"
         r" (\tau_B^2 + \epsilon)^{-1/2}", "refuted"),
        (rf"{CENTRE} = -\sum_i {HAT} {INVERSE}", "proved"),
        (rf"{CENTRE} = \sum_i {HAT} {INVERSE}", "refuted"),
        (rf"\frac{{\partial C}}{{\partial u_i}} = {HAT} {INVERSE} + {SQUARE}"
         rf" \frac{{2 (u_i - \nu_B)}}{{m}} + {CENTRE} \frac{{1}}{{m}}", "proved"),
        (rf"\frac{{\partial C}}{{\partial u_i}} = {HAT} {INVERSE} + {SQUARE}"
         rf" \frac{{2 (u_i - \nu_B)}}{{m}}", "refuted"),
        (rf"\frac{{\partial C}}{{\partial u_i}} = {HAT} {INVERSE}", "refuted"),
        (rf"\frac{{\partial C}}{{\partial u_i}} = {HAT} {INVERSE} + {SQUARE}"
         rf" \frac{{u_i - \nu_B}}{{m}} + {CENTRE} \frac{{1}}{{m}}", "refuted"),
    ],
)  # fmt: skip
def test_normalisation_over_a_batch(latex, expected):
    assert status(NORMALISED, latex, **SAMPLES) == expected


def test_a_square_that_is_defined_says_nothing_of_its_root():
    with pytest.raises(ReadingError, match="has an equation, "):
        judges(NORMALISED.replace(r"any(v)", r"any(v) + \tau_B"), **SAMPLES)


def test_a_star_is_part_of_a_name():
    network = r"""
    z = W x
    C = \frac{1}{2} \|z - z^*\|^2
    """
    assert status(network, r"\frac{\partial C}{\partial W} = (z - z^*) x^T") == "proved"
    assert status(network, r"\frac{\partial C}{\partial z^*} = z^* - z") == "proved"
    assert status(network, r"\frac{\partial C}{\partial W} = (z^* - z) x^T") == "refuted"


ATTENTION = r"""
Q = X W_Q
K = X W_K
V = X W_V
S = Q K^T
P = softmax(S)
O = P V
C = any(O)
"""


@pytest.mark.parametrize(
    "latex, expected",
    [
        (r"dV = P^T dO", "proved"),
        (r"dP = dO V^T", "proved"),
        (r"dQ = dS K", "proved"),
        (r"dK = dS^T Q", "proved"),
        (r"dW_K = X^T dK", "proved"),
        (r"dS = P \odot (dP - (dP \odot P) \mathbf{1} \mathbf{1}^T)", "unread"),
        (r"dV = P dO", "refuted"),
        (r"dK = dS Q", "refuted"),
        (r"dQ = dS^T K", "refuted"),
        (r"dW_K = X^T dQ", "refuted"),
        (r"dS = P \odot dP", "refuted"),
    ],
)
def test_letters_that_are_quantities_are_parts_of_names(latex, expected):
    given = {"layout": "rows", "shapes": "X n x d, W_Q d x k, W_K d x k, W_V d x v"}
    assert status(ATTENTION, latex, **given) == expected


# -- rows ------------------------------------------------------------------------------------------

ONE_UNIT = r"""
z_1 = W_1 x + b_1
a_1 = \tanh(z_1)
z_2 = W_2 a_1 + b_2
C = \frac{1}{2} (z_2 - y)^2
"""
DELTAS = r"""\delta_1 = \partial C / \partial z_1
\delta_2 = \partial C / \partial z_2"""


@pytest.mark.parametrize("shapes", ["y 1", r"\mathbf{W}_2 1 x h, y 1", "W_2 1 x h, b_2 1, a_1 h"])
@pytest.mark.parametrize(
    "latex, expected",
    [
        (r"\delta_2 = z_2 - y", "proved"),
        (r"\frac{\partial C}{\partial W_2} = \delta_2 a_1^T", "proved"),
        (r"\delta_1 = W_2^T \delta_2 \odot (1 - a_1^2)", "proved"),
        (r"\frac{\partial C}{\partial W_1} = \delta_1 x^T", "proved"),
        (r"\frac{\partial C}{\partial W_2} = -\delta_2 a_1^T", "refuted"),
        (r"\frac{\partial C}{\partial W_2} = \delta_2 x^T", "refuted"),
        (r"\delta_1 = W_2^T \delta_2", "refuted"),
        (r"\frac{\partial C}{\partial W_1} = x \delta_1^T", "refuted"),
    ],
)
def test_a_layer_of_one_unit(shapes, latex, expected):
    assert status(ONE_UNIT, latex, define=DELTAS, shapes=shapes) == expected


def test_a_missing_transpose_at_a_matrix_of_one_row():
    for latex, repair in (
        (r"\frac{\partial C}{\partial W_2} = \delta_2 a_1", r"\delta_2 a_1^T"),
        (r"\delta_1 = W_2 \delta_2 \odot (1 - a_1^2)", r"W_2^T \delta_2 \odot (1 - a_1^2)"),
    ):
        said = verdict(ONE_UNIT, latex, define=DELTAS, shapes="W_2 1 x h, y 1")
        assert (said.status.value, said.repair) == ("refuted", repair)
        assert status(ONE_UNIT, latex, define=DELTAS, shapes="y 1") == "undecided"


BATCH = r"""
Z_1 = X W_1 + b_1
A_1 = relu(Z_1)
Z_2 = A_1 W_2 + b_2
C = any(Z_2)
"""


@pytest.mark.parametrize(
    "latex, expected",
    [
        (r"dW_2 = A_1^T dZ_2", "proved"),
        (r"dA_1 = dZ_2 W_2^T", "proved"),
        (r"dZ_1 = dA_1 \odot relu'(Z_1)", "proved"),
        (r"dW_1 = X^T dZ_1", "proved"),
        (r"db_1 = \mathbf{1}^T dZ_1", "proved"),
        (r"dW_1 = dZ_1^T X", "refuted"),
        (r"dA_1 = dZ_2 W_2", "refuted"),
        (r"dZ_1 = dA_1", "refuted"),
        (r"db_1 = dZ_1", "refuted"),
        (r"db_1 = \frac{1}{m} \mathbf{1}^T dZ_1", "refuted"),
    ],
)
def test_a_row_beside_every_row_of_a_matrix(latex, expected):
    shapes = "X m x n, W_1 n x h, W_2 h x k, b_1 row h, b_2 row k"
    assert status(BATCH, latex, layout="rows", shapes=shapes) == expected


def test_the_shape_of_a_quantity_at_each_step():
    network = r"""
    h_t = \tanh(x_t W + h_{t-1} U)
    p_t = softmax(h_t V)
    C = -\sum_t \sum_k y_{t,k} \log p_{t,k}
    """
    shapes = "x_t row d, h_t row h, p_t row v, y_t row v"
    left = r"\frac{\partial C}{\partial V}"
    assert status(network, rf"{left} = \sum_t h_t^T (p_t - y_t)", shapes=shapes) == "proved"
    assert status(network, rf"{left} = \sum_t h_t^T (y_t - p_t)", shapes=shapes) == "refuted"
    assert status(network, rf"{left} = \sum_t (p_t - y_t)^T h_t", shapes=shapes) == "refuted"
