r"""Traps: equations that are missing, letters with two meanings, shapes and kinks that hide faults.

No wrong formula is proved and no right one refuted, whatever the equations leave out.
"""

from __future__ import annotations

from itertools import permutations

import pytest

from symbp.judge.claims import Judge
from symbp.judge.verdict import Status
from symbp.reading.model import read_models
from tests.claims_by_hand import MLP, RECURRENT, declaration, outcome, status, verdict

TANH = {"functions": r"\phi tanh"}
SIGMOID = {"functions": r"\sigma sigmoid"}

# -- equations that are missing -------------------------------------------------------------------

#: No equation says what z is.
WITHOUT_Z = r"""
a^l = \sigma(z^l)
C = \frac{1}{2} \|a^L - y\|^2
"""
#: The cost does not reach the network.
CUT_OFF = r"""
z^l = W^l a^{l-1} + b^l
a^l = \sigma(z^l)
C = \frac{1}{2} \|q - y\|^2
"""
#: As before, but W stands in the cost as well.
REGULARISED = r"""
a^l = \sigma(z^l)
C = \frac{1}{2} \|a^L - y\|^2 + \frac{\lambda}{2} \sum_l \|W^l\|_F^2
"""


@pytest.mark.parametrize("network", [WITHOUT_Z, CUT_OFF])
@pytest.mark.parametrize(
    "latex",
    [
        r"\frac{\partial C}{\partial W^l} = \frac{\partial C}{\partial z^l} (a^{l-1})^T",
        r"\frac{\partial C}{\partial W^l} = 2 \frac{\partial C}{\partial z^l} (a^{l-1})^T",
        r"\frac{\partial C}{\partial z^1} = \frac{\partial C}{\partial a^1} \odot \sigma(z^1)",
        r"\frac{\partial C}{\partial z^1} = \frac{\partial C}{\partial a^1} \odot \sigma'(z^1)",
        r"\frac{\partial C}{\partial z^1} = 2 \frac{\partial C}{\partial z^1}",
        r"\frac{\partial C}{\partial z^l} = \frac{\partial C}{\partial a^l} \odot \sigma(z^l),"
        r" \quad l < L",
        r"\frac{\partial C}{\partial a^1} = 0",
    ],
)
def test_an_incomplete_network_proves_and_refutes_nothing(network, latex):
    assert status(network, latex, **SIGMOID) in ("undecided", "unread")


@pytest.mark.parametrize(
    "latex, reason",
    [
        (r"\frac{\partial C}{\partial W^l} = 0", "no equation defines W"),
        (r"\frac{\partial C}{\partial a^1} = 0", "C does not depend on a[1"),
    ],
)
def test_the_missing_fact_is_named(latex, reason):
    assert reason in verdict(WITHOUT_Z, latex, **SIGMOID).reason


def test_what_the_equations_do_settle_is_judged():
    right = r"\frac{\partial C}{\partial z^L} = (a^L - y) \odot \sigma'(z^L)"
    assert status(WITHOUT_Z, right, **SIGMOID) == "proved"
    assert status(WITHOUT_Z, right.replace("'", ""), **SIGMOID) == "refuted"
    general = r"\frac{\partial C}{\partial z^l} = \frac{\partial C}{\partial a^l} \odot \sigma(z^l)"
    assert status(WITHOUT_Z, general, **SIGMOID) == "refuted", "it is wrong at the last layer"


@pytest.mark.parametrize("transpose", ["^T", ""])
def test_a_known_matrix_of_an_incomplete_network_refutes_nothing(transpose):
    latex = (
        rf"\frac{{\partial C}}{{\partial a^l}} = (W^{{l+1}}){transpose}"
        r" \frac{\partial C}{\partial z^{l+1}}"
    )
    found = verdict(REGULARISED, latex, constants=r"\lambda", **SIGMOID)
    assert found.status is not Status.PROVED
    assert found.counterexample is None


# -- letters --------------------------------------------------------------------------------------


def test_t_may_be_the_last_step_and_a_transpose():
    right = r"\frac{\partial E}{\partial h_T} = V^T (o_T - y_T)"
    assert status(RECURRENT, right, **TANH) == "proved"
    assert status(RECURRENT, right.replace("V^T", "V"), **TANH) == "refuted"


def test_a_letter_of_a_sum_may_be_a_unit_elsewhere():
    network = r"""
    z_j = \sum_i w_{ji} x_i
    C = \frac{1}{2} \sum_i (z_i - y_i)^2
    """
    assert status(network, r"\frac{\partial C}{\partial w_{ji}} = (z_j - y_j) x_i") == "proved"
    assert status(network, r"\frac{\partial C}{\partial w_{ij}} = (z_i - y_i) x_j") == "proved"
    assert status(network, r"\frac{\partial C}{\partial w_{ij}} = (z_j - y_j) x_i") == "refuted"


def test_the_layer_and_the_loss_may_be_one_capital():
    network = MLP.replace("C =", "L =")
    right = r"\frac{\partial L}{\partial a^L} = a^L - y"
    assert status(network, right, **SIGMOID) == "proved"
    assert status(network, right.replace("a^L - y", "y - a^L"), **SIGMOID) == "refuted"


def test_delta_may_be_the_error_and_kronecker_s():
    network = {"define": r"\delta^l = \frac{\partial C}{\partial z^l}", **SIGMOID}
    right = r"\delta_j^L = \sum_k (a_k^L - y_k) \sigma'(z_k^L) \delta_{jk}"
    assert status(MLP, right, **network) == "unread", "nothing says that this δ is another one"
    declared = {"functions": r"\sigma sigmoid, d kronecker"}
    other = right.replace(r"\delta_j^L =", r"\frac{\partial C}{\partial z_j^L} =")
    assert status(MLP, other.replace(r"\delta_{jk}", "d_{jk}"), **declared) == "proved"


# -- numbers, vectors, square matrices ------------------------------------------------------------

OPEN = "z^l = w^l a^{l-1} + b^l\na^l = \\sigma(z^l)\nC = \\text{any}(a^L)"


@pytest.mark.parametrize(
    "latex, expected",
    [
        # right for numbers, wrong for vectors
        (r"\frac{\partial C}{\partial w^l} = \frac{\partial C}{\partial z^l} a^{l-1}", "undecided"),
        (
            r"\frac{\partial C}{\partial a^l} ="
            r" w^{l+1} \frac{\partial C}{\partial z^{l+1}}",
            "undecided",
        ),
        # right for both
        (r"\frac{\partial C}{\partial b^l} = \frac{\partial C}{\partial z^l}", "proved"),
        (
            r"\frac{\partial C}{\partial w^l} ="
            r" \frac{\partial C}{\partial z^l} (a^{l-1})^T",
            "proved",
        ),
        # wrong for both
        (r"\frac{\partial C}{\partial b^l} = 2 \frac{\partial C}{\partial z^l}", "refuted"),
        (r"\frac{\partial C}{\partial w^l} = \frac{\partial C}{\partial z^l} a^l", "refuted"),
    ],
)  # fmt: skip
def test_where_nothing_says_what_is_a_vector_both_readings_count(latex, expected):
    found = verdict(OPEN, latex)
    assert found.status.value == expected
    if expected == "undecided":
        assert "as vectors and matrices: refuted; as numbers: proved" in found.reason


BACK = r"(\frac{\partial E}{\partial h_{t+1}} \odot (1 - h_{t+1}^2))"


@pytest.mark.parametrize(
    "latex, expected",
    [
        (rf"\frac{{\partial E}}{{\partial h_t}} = V^T (o_t - y_t) + U^T {BACK}", "proved"),
        (rf"\frac{{\partial E}}{{\partial h_t}} = V^T (o_t - y_t) + U {BACK}", "refuted"),
        (r"\frac{\partial h_{t+1}}{\partial h_t} = \operatorname{diag}(1 - h_{t+1}^2) U", "proved"),
        (
            r"\frac{\partial h_{t+1}}{\partial h_t} ="
            r" U \operatorname{diag}(1 - h_{t+1}^2)",
            "refuted",
        ),
        (
            r"\frac{\partial h_{t+1}}{\partial h_t} ="
            r" U^T \operatorname{diag}(1 - h_{t+1}^2)",
            "undecided",  # right in denominator layout
        ),
        (
            r"\frac{\partial E}{\partial U} = \sum_t (\frac{\partial E}{\partial h_t} \odot"
            r" (1 - h_t^2)) h_{t-1}^T",
            "proved",
        ),
        (
            r"\frac{\partial E}{\partial U} = \sum_t h_{t-1} (\frac{\partial E}{\partial h_t} \odot"
            r" (1 - h_t^2))^T",
            "refuted",
        ),
    ],
)  # fmt: skip
def test_a_transpose_of_a_square_matrix_is_told_by_values(latex, expected):
    assert status(RECURRENT, latex, **TANH) == expected


# -- derivatives through time ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "latex, expected",
    [
        (
            r"\frac{\partial E}{\partial h_t} = \frac{\partial E_t}{\partial h_t} +"
            r" \frac{\partial E}{\partial h_{t+1}} \frac{\partial h_{t+1}}{\partial h_t}",
            "proved",
        ),
        (
            r"\frac{\partial E}{\partial h_t} ="
            r" \sum_{k=t}^T \frac{\partial E_k}{\partial h_t}",
            "proved",
        ),
        (
            r"\frac{\partial E}{\partial h_t} = \sum_{k=t}^T \frac{\partial E}{\partial h_k}"
            r" \frac{\partial h_k}{\partial h_t}",
            "refuted",  # every later path is counted again for each step on it
        ),
        (
            r"\frac{\partial E}{\partial h_t} = \sum_{k=t}^T \frac{\partial E_k}{\partial h_k}"
            r" \frac{\partial h_k}{\partial h_t}",
            "proved",
        ),
        (
            r"\frac{\partial E}{\partial U} = \sum_{t=1}^T \sum_{k=1}^t"
            r" \frac{\partial E}{\partial h_t} \frac{\partial h_t}{\partial h_k}"
            r" \frac{\partial h_k}{\partial U}",
            "refuted",
        ),
        (
            r"\frac{\partial E_t}{\partial h_k} = 2 \frac{\partial E_t}{\partial h_t}"
            r" \frac{\partial h_t}{\partial h_k}",
            "refuted",  # although at some steps both sides are zero
        ),
    ],
)  # fmt: skip
def test_paths_through_time_are_counted_once(latex, expected):
    assert status(RECURRENT, latex, **TANH) == expected


def test_a_factor_that_counts_its_direct_use_only_is_said():
    latex = (
        r"\frac{\partial E}{\partial U} = \sum_{t=1}^T \sum_{k=1}^t"
        r" \frac{\partial E_t}{\partial h_t} \frac{\partial h_t}{\partial h_k}"
        r" \frac{\partial h_k}{\partial U}"
    )
    found = verdict(RECURRENT, latex, **TANH)
    assert found.status is Status.PROVED
    assert any("direct use" in c for c in found.conventions), "with totals it is wrong"


# -- softmax, kinks, roots ------------------------------------------------------------------------

SOFTMAX = r"""
z = W x + b
a_j = \frac{e^{z_j}}{\sum_k e^{z_k}}
C = -\sum_j y_j \log a_j
"""


def test_targets_that_add_up_to_one_are_a_convention_that_is_said():
    found = verdict(SOFTMAX, r"\frac{\partial C}{\partial z} = a - y")
    assert found.status is Status.PROVED
    assert any("add up to one" in c for c in found.conventions)
    exact = verdict(SOFTMAX, r"\frac{\partial C}{\partial z_j} = a_j \sum_k y_k - y_j")
    assert (exact.status, exact.conventions) == (Status.PROVED, ())
    for wrong in ("y - a", "2 (a - y)", r"a \odot (a - y)", "a + y"):
        assert status(SOFTMAX, rf"\frac{{\partial C}}{{\partial z}} = {wrong}") == "refuted"


@pytest.mark.parametrize("relu", [r"\max(0, z^l)", r"\operatorname{ReLU}(z^l)"])
@pytest.mark.parametrize(
    "factor, expected",
    [
        (r"\odot [z^l > 0]", "proved"),
        (r"\odot 1(z^l > 0)", "proved"),
        (r"\odot [a^l > 0]", "proved"),
        ("", "refuted"),
        (r"\odot [z^l < 0]", "refuted"),
        (r"\odot a^l", "refuted"),
    ],
)
def test_a_forgotten_derivative_of_relu_is_refuted(relu, factor, expected):
    network = MLP.replace(r"\sigma(z^l)", relu)
    latex = rf"\frac{{\partial C}}{{\partial z^l}} = \frac{{\partial C}}{{\partial a^l}} {factor}"
    assert status(network, latex) == expected


NORM = "z = W x\nC = \\|z - y\\|"


@pytest.mark.parametrize(
    "right, expected",
    [
        (r"\frac{z - y}{\|z - y\|}", "proved"),
        (r"\frac{z - y}{C}", "proved"),
        (r"\frac{1}{C} (z - y)", "proved"),
        (r"\frac{y - z}{C}", "refuted"),
        (r"\frac{z - y}{\|z - y\|^2}", "refuted"),
        (r"2 (z - y)", "refuted"),
    ],
)
def test_roots(right, expected):
    assert status(NORM, rf"\frac{{\partial C}}{{\partial z}} = {right}") == expected


# -- nothing of one claim is left for the next ----------------------------------------------------

CLAIMS = [
    r"\frac{\partial C}{\partial z_j} = \sqrt{(z_j - y_j)^4}",
    r"\frac{\partial C}{\partial z} = z - y",
    r"\frac{\partial C}{\partial z} = y - z",
    r"\frac{\partial C}{\partial W} = [x_1 > 0] (z - y) x^T",
    r"\frac{\partial C}{\partial x} = W^T (z - y)",
    r"\frac{\partial C}{\partial x_k} = \sum_j e^{w_{jk}} (z_j - y_j)",
    r"\frac{\partial C}{\partial W} = 2 (z - y) x^T",
]


def test_a_verdict_does_not_depend_on_the_claims_before_it():
    (lexicon,) = read_models(declaration("z = W x\nC = \\frac{1}{2} \\|z - y\\|^2"))

    def found(judge: Judge, latex: str) -> str:
        try:
            return outcome(judge, latex).status.value
        except ValueError as error:
            return str(error)

    alone = {latex: found(Judge(lexicon), latex) for latex in CLAIMS}
    assert list(alone.values())[1:3] == ["proved", "refuted"]
    for order in list(permutations(CLAIMS, 3))[::5]:
        together = Judge(lexicon)
        assert [found(together, latex) for latex in order] == [alone[latex] for latex in order]


def test_a_loss_of_which_nothing_is_known_is_no_polynomial():
    """What would hold for a plain quadratic and a cubic cost is not proved for every cost."""
    network, shapes = "C = any(z, y)\nu = C^2", "z n, y n"
    for latex in (
        r"\frac{\partial C}{\partial z} = (z^T y) y + z \odot z",
        r"\frac{\partial C}{\partial z} = (z^T y) y",
        r"\frac{\partial C}{\partial z} = z \odot z",
    ):
        assert status(network, latex, shapes=shapes) == "refuted"


MANY_TO_ONE = "h_t = \\tanh(W h_{t-1} + U x_t)\nC = \\frac{1}{2} \\|h_T - y\\|^2"


@pytest.mark.parametrize(
    "latex, expected",
    [
        (r"\frac{\partial C}{\partial h_T} = h_T - y", "proved"),
        (r"\frac{\partial C}{\partial h_T} = y - h_T", "refuted"),
        (r"\frac{\partial C}{\partial h_{T-1}} = W^T ((h_T - y) \odot (1 - h_T^2))", "proved"),
        (r"\frac{\partial C}{\partial h_{T-1}} = W ((h_T - y) \odot (1 - h_T^2))", "refuted"),
        (
            r"\frac{\partial C}{\partial W} = \sum_{t=1}^T "
            r"(\frac{\partial C}{\partial h_t} \odot (1 - h_t^2)) h_{t-1}^T",
            "proved",
        ),
        (r"\frac{\partial C}{\partial W} = ((h_T - y) \odot (1 - h_T^2)) h_{T-1}^T", "refuted"),
    ],
)
def test_the_last_step_below_a_letter(latex, expected):
    assert status(MANY_TO_ONE, latex) == expected


@pytest.mark.parametrize(
    "latex, expected",
    [
        (r"\frac{\partial C}{\partial h_T} = g(h_T, y) + q(7)", "proved"),
        (r"\frac{\partial C}{\partial h_T} = g(y, h_T) + 3 h_T - 2 y", "proved"),
        (r"\frac{\partial C}{\partial h_T} = g(y, h_T) + q(7)", "refuted"),
        (r"\frac{\partial C}{\partial h_{T-1}} = \Psi(h_T, h_{T-1}) (h_T - y)", "unread"),
        (r"\frac{\partial C}{\partial h_4} = h_4 - y", "proved"),
        (r"\frac{\partial C}{\partial h_4} = g(y, h_4) + y", "refuted"),
    ],
)
def test_arguments_of_definitions(latex, expected):
    """g(y, h) has y for u and h for v; a body that does not show an argument is for it alone."""
    define = "g(u, v) = u - 2 v\nq(j) = y\n" + r"\Psi(h_{t+1}, h_t) = W^T diag(1 - h_{t+1}^2)"
    assert status(MANY_TO_ONE, latex, define=define, size="t = 1..4") == expected
