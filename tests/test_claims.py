r"""Verdicts on formulas as posts write them, about networks whose equations stand here."""

from __future__ import annotations

import pytest

from symbp.judge.verdict import Status
from tests.claims_by_hand import MLP, judges, status, verdict, verdicts

DELTA = r"\delta^l = \frac{\partial C}{\partial z^l}"
SIGMOID = r"\sigma sigmoid"


def about_the_mlp(latex: str) -> str:
    return status(MLP, latex, define=DELTA, functions=SIGMOID)


@pytest.mark.parametrize(
    "latex",
    [
        # the same formula in many hands
        r"\delta^L = (a^L - y) \odot \sigma'(z^L)",
        r"\delta^L = \sigma'(z^L) \circ (a^L - y)",
        r"\delta^L = (a^L - y) * \sigma'(z^L)",
        r"\delta^L = (a^L - y) .* \sigma'(z^L)",
        r"\delta^{L} = -(y - a^{L}) \bullet \sigma^{'}(z^{L})",
        r"\boldsymbol{\delta}^L = (\mathbf{a}^L - \mathbf{y}) \odot \sigma^{\prime}(\mathbf{z}^L)",
        r"\delta^L = \left( a^L - y \right) \odot a^L \odot \left( 1 - a^L \right)",
        r"\delta^L = \operatorname{diag}(\sigma'(z^L)) (a^L - y)",
        r"\delta^L = diag(a^L - y) \sigma'(z^L)",
        r"\delta^L = \nabla_{a^L} C \odot \sigma'(z^L)",
        r"\delta^L = \frac{\partial C}{\partial a^L} \odot \sigma'(z^L)",
        r"\delta_j^L = (a_j^L - y_j) \sigma'(z_j^L)",
        r"\delta^L_j = \frac{\partial C}{\partial a^L_j} \frac{\partial a^L_j}{\partial z^L_j}",
        r"\delta_j^L = \frac{(a_j^L - y_j) e^{-z_j^L}}{(1 + e^{-z_j^L})^2}",
        r"\delta_j^L = \sum_k (a_k^L - y_k) \sigma'(z_k^L) [j = k]",
        r"\frac{\partial C}{\partial z^L} = (a^L - y) \odot \sigma'(z^L)",
        r"\frac{dC}{dz^L} = (a^L - y) \odot \sigma'(z^L)",
        r"{\partial C}/{\partial z^L} = (a^L - y) \odot \sigma'(z^L)",
        r"dz^L = (a^L - y) \odot \sigma'(z^L)",
        r"\delta^L = \underbrace{(a^L - y)}_{\text{error}} \odot \sigma'(z^L)",
        r"\delta^L = (a^L - y) \odot \sigma'(z^L). \tag{BP1}",
        r"\delta^L=(a^L-y)\odot\sigma'(z^L)，",
        # the chain rule in either order
        r"\delta^L = \frac{\partial C}{\partial a^L} \frac{\partial a^L}{\partial z^L}",
        r"\delta^L = \frac{\partial a^L}{\partial z^L} \frac{\partial C}{\partial a^L}",
        r"\delta^l = \frac{\partial C}{\partial z^{l+1}} \frac{\partial z^{l+1}}{\partial z^l}",
        r"\delta_j^l = \sum_k \frac{\partial C}{\partial z_k^{l+1}}"
        r" \frac{\partial z_k^{l+1}}{\partial z_j^l}",
        # hidden layers
        r"\delta^l = (W^{l+1})^T \delta^{l+1} \odot \sigma'(z^l)",
        r"\delta^l = \sigma'(z^l) \odot (W^{l+1})^T \delta^{l+1}",
        r"\delta^{l-1} = (W^l)^T \delta^l \odot \sigma'(z^{l-1})",
        r"\delta^l = ((W^{l+1})^{\top} \delta^{l+1}) \cdot \sigma'(z^l)",
        r"\delta^l = ((\delta^{l+1})^T W^{l+1})^T \odot \sigma'(z^l)",
        r"\delta_k^{l-1} = \sum_j w_{jk}^l \delta_j^l \sigma'(z_k^{l-1})",
        r"\delta_j^l = \sigma'(z_j^l) \sum_{k=1}^{n_{l+1}} w_{kj}^{l+1} \delta_k^{l+1}",
        r"\delta_j^l = \sum_k (W^{l+1})^T_{jk} \delta_k^{l+1} \sigma'(z_j^l)",
        r"\delta_j^l = [(W^{l+1})^T \delta^{l+1}]_j \sigma'(z_j^l)",
        # weights and biases
        r"\frac{\partial C}{\partial W^l} = \delta^l (a^{l-1})^T",
        r"\frac{\partial C}{\partial W^l} = \delta^l \cdot (a^{l-1})^\mathrm{T}",
        r"\frac{\partial C}{\partial W^l} = \delta^l \otimes a^{l-1}",
        r"\frac{\partial C}{\partial W^l} = (a^{l-1} (\delta^l)^T)^T",
        r"\frac{\partial C}{\partial w_{jk}^l} = a_k^{l-1} \delta_j^l",
        r"\nabla_{W^l} C = \delta^l (a^{l-1})^T",
        r"\nabla W^l = \delta^l (a^{l-1})^T",
        r"dW^l = dz^l (a^{l-1})^T",
        r"\frac{\partial C}{\partial b^l} = \delta^l",
        r"db^l = \delta^l",
        r"W^l := W^l - \eta \delta^l (a^{l-1})^T",
        r"W^l \leftarrow W^l - \eta \frac{\partial C}{\partial W^l}",
        r"b^l = b^l - \alpha \delta^l",
        # Jacobians and single entries
        r"\frac{\partial z^{l+1}}{\partial a^l} = W^{l+1}",
        r"\frac{\partial z^{l+1}}{\partial z^l} = W^{l+1} \operatorname{diag}(\sigma'(z^l))",
        r"\frac{\partial z_j^{l+1}}{\partial a_k^l} = w_{jk}^{l+1}",
        r"\frac{\partial a_j^l}{\partial z_j^l} = a_j^l (1 - a_j^l)",
        r"\frac{\partial}{\partial z_j^L} \frac{1}{2} \sum_k (a_k^L - y_k)^2 = \delta_j^L",
        r"\sigma'(z^l) = \sigma(z^l) \odot (1 - \sigma(z^l))",
    ],
)
def test_right_in_every_hand(latex):
    assert about_the_mlp(latex) == "proved"


@pytest.mark.parametrize(
    "latex",
    [
        r"\delta^L = (y - a^L) \odot \sigma'(z^L)",
        r"\delta^L = (a^L - y) \odot \sigma(z^L)",
        r"\delta^L = a^L - y",
        r"\delta^L = 2 (a^L - y) \odot \sigma'(z^L)",
        r"\delta^L = (a^L - y) \odot \sigma'(a^L)",
        r"\delta_j^L = (a_k^L - y_k) \sigma'(z_k^L)",
        r"\delta^l = W^{l+1} \delta^{l+1} \odot \sigma'(z^l)",
        r"\delta^l = (W^l)^T \delta^{l+1} \odot \sigma'(z^l)",
        r"\delta^l = (W^{l+1})^T \delta^{l+1} \odot \sigma'(z^{l+1})",
        r"\delta^l = (W^{l+1})^T (\delta^{l+1} \odot \sigma'(z^l))",
        r"\delta^l = (W^{l+1})^T \odot \delta^{l+1} \odot \sigma'(z^l)",
        r"\delta_j^l = \sum_k w_{jk}^{l+1} \delta_k^{l+1} \sigma'(z_j^l)",
        r"\delta_j^l = w_{kj}^{l+1} \delta_k^{l+1} \sigma'(z_j^l)",
        r"\frac{\partial C}{\partial W^l} = a^{l-1} (\delta^l)^T",
        r"\frac{\partial C}{\partial W^l} = \delta^l (a^l)^T",
        r"\frac{\partial C}{\partial W^l} = (\delta^l)^T a^{l-1}",
        r"\frac{\partial C}{\partial w_{jk}^l} = a_j^{l-1} \delta_k^l",
        r"\frac{\partial C}{\partial b^l} = \delta^l \odot a^l",
        r"W^l := W^l + \eta \delta^l (a^{l-1})^T",
        r"W^l := W^l - \eta a^{l-1} (\delta^l)^T",
        r"\frac{\partial z_j^{l+1}}{\partial a_k^l} = w_{kj}^{l+1}",
        r"\sigma'(z^l) = \sigma(z^l) \odot (\sigma(z^l) - 1)",
    ],
)
def test_wrong_in_every_hand(latex):
    assert about_the_mlp(latex) == "refuted"


@pytest.mark.parametrize(
    "latex, reason",
    [
        (r"\delta^L = (a_j^L - y_j) \sigma'(z_j^L)", "one side is a vector, the other its entry"),
        (r"\delta^L = (a^L - y) \sigma'(z^L)", "two columns side by side have no matrix product"),
        (
            r"w_{jk}^{L+1} = \frac{\partial C}{\partial w_{jk}^{L+1}}",
            "at no layer or time does all",
        ),
    ],
)
def test_what_is_open_is_undecided_and_says_why(latex, reason):
    found = verdict(MLP, latex, define=DELTA, functions=SIGMOID)
    assert found.status is Status.UNDECIDED
    assert reason in found.reason


@pytest.mark.parametrize(
    "latex, reason",
    [
        (r"\frac{\partial C}{\partial q} = \delta^l", "no equation defines q"),
        (r"\frac{\partial C}{\partial W} = \delta^l", "W is written without its layer"),
        (r"\delta^L = \gamma (a^L - y)", r"no equation defines \gamma"),
        (r"\delta^l = W \ldots", "leaves something out"),
        (r"\delta^L = (a^L - y) \odot", "something is missing at the end"),
        (r"\frac{\partial x}{\partial W^l} = 0", "does not depend on"),
        (r"\delta^L = 1/2m \|a^L\|^2", "may be 1/(2m) or (1/2)m"),
    ],
)
def test_what_is_not_understood_is_unread_and_names_the_fact(latex, reason):
    found = verdict(MLP, latex, define=DELTA, functions=SIGMOID)
    assert found.status is Status.UNREAD
    assert reason in found.reason


def test_each_member_of_a_chain_is_judged_on_its_own():
    """A wrong member in the middle with a right one at the end."""
    latex = (
        r"\begin{aligned} \delta^l &= \frac{\partial C}{\partial z^l} \\"
        r" &= (W^{l+1})^T \delta^{l+1} \odot \sigma(z^l) \\"
        r" &= (W^{l+1})^T \delta^{l+1} \odot \sigma'(z^l) \end{aligned}"
    )
    found = verdicts([judges(MLP, define=DELTA, functions=SIGMOID)], latex)
    assert [v.status.value for v in found] == ["proved", "refuted", "proved"]


# -- cases, conditions, samples -------------------------------------------------------------------

SOFTMAX = r"""
z = W x + b
a_j = \frac{e^{z_j}}{\sum_k e^{z_k}}
C = -\sum_j y_j \log a_j
"""


@pytest.mark.parametrize(
    "latex, expected",
    [
        (r"\frac{\partial a_j}{\partial z_k} = a_j ([j = k] - a_k)", "proved"),
        (r"\frac{\partial a_j}{\partial z_k} = a_j ([j = k] + a_k)", "refuted"),
        (r"\frac{\partial a}{\partial z} = \operatorname{diag}(a) - a a^T", "proved"),
        (r"\frac{\partial a}{\partial z} = \operatorname{diag}(a) + a a^T", "refuted"),
        (r"\frac{\partial a_j}{\partial z_j} = a_j (1 - a_j)", "proved"),
        (r"\frac{\partial a_j}{\partial z_k} = -a_j a_k, \quad j \neq k", "proved"),
        (r"\frac{\partial a_j}{\partial z_k} = a_j a_k, \quad j \neq k", "refuted"),
        (r"\frac{\partial a_j}{\partial z_k} = a_j (1 - a_k), \quad j = k", "proved"),
        (r"\frac{\partial a_j}{\partial z_k} = -a_j a_k", "undecided"),
        (r"\frac{\partial a_j}{\partial z_k} = a_j (1 - a_j)", "undecided"),
        (
            r"\frac{\partial a_j}{\partial z_k} = \begin{cases} a_j (1 - a_j) & j = k \\"
            r" -a_j a_k & j \neq k \end{cases}",
            "proved",
        ),
        (
            r"\frac{\partial a_j}{\partial z_k} = \begin{cases} a_j (1 - a_j) & \text{if } j = k \\"
            r" a_j a_k & \text{otherwise} \end{cases}",
            "refuted",
        ),
        (r"\frac{\partial C}{\partial a} = -\frac{y}{a}", "proved"),
        (r"\frac{\partial C}{\partial a_j} = \frac{y_j}{a_j}", "refuted"),
        (r"\frac{\partial C}{\partial z_j} = a_j \sum_k y_k - y_j", "proved"),
        (r"\frac{\partial C}{\partial z_i} = -y_i (1 - a_i) + \sum_{j \neq i} y_j a_i", "proved"),
        (r"\frac{\partial C}{\partial z_i} = -y_i (1 - a_i) - \sum_{j \neq i} y_j a_i", "refuted"),
        (
            r"\frac{\partial C}{\partial z_i} = -\sum_j \frac{y_j}{a_j}"
            r" \frac{\partial a_j}{\partial z_i}",
            "proved",
        ),
    ],
)
def test_softmax(latex, expected):
    assert status(SOFTMAX, latex) == expected


BATCH = r"""
z^{(i)} = W x^{(i)} + b
C = \frac{1}{2m} \sum_{i=1}^m \|z^{(i)} - y^{(i)}\|^2
"""


@pytest.mark.parametrize(
    "latex, expected",
    [
        (r"\frac{\partial C}{\partial W} = \frac{1}{m} (Z - Y) X^T", "proved"),
        (r"\frac{\partial C}{\partial W} = 1/m (Z - Y) X^T", "proved"),
        (r"\frac{\partial C}{\partial W} = (Z - Y) X^T", "refuted"),
        (r"\frac{\partial C}{\partial W} = \frac{1}{m} X (Z - Y)^T", "refuted"),
        (
            r"\frac{\partial C}{\partial W} = \frac{1}{m} \sum_i (z^{(i)} - y^{(i)}) (x^{(i)})^T",
            "proved",
        ),
        (
            r"\frac{\partial C}{\partial W} = \frac{1}{m} (z^{(i)} - y^{(i)}) (x^{(i)})^T",
            "refuted",
        ),
        (r"\frac{\partial C}{\partial b} = \frac{1}{m} np.sum(Z - Y, axis=1)", "proved"),
        (r"\frac{\partial C}{\partial b} = \frac{1}{m} np.sum(Z - Y, axis=0)", "refuted"),
        (r"\frac{\partial C}{\partial b} = \frac{1}{m} (Z - Y) \mathbf{1}", "proved"),
        (r"dZ = \frac{1}{m} (Z - Y)", "proved"),
        (r"dZ = Z - Y", "refuted"),
        (r"dW = dZ X^T", "proved"),
        (r"\frac{\partial C}{\partial z^{(i)}} = \frac{1}{m} (z^{(i)} - y^{(i)})", "proved"),
    ],
)
def test_samples(latex, expected):
    given = {"batch": "Z = z, X = x, Y = y", "layout": "columns"}
    assert status(BATCH, latex, **given) == expected


DECAY = "z = W x\nC = \\frac{1}{2} \\|z - y\\|^2 + \\frac{\\lambda}{2} \\|W\\|_F^2"


@pytest.mark.parametrize(
    "latex, expected",
    [
        (r"W := W - \eta \frac{\partial C}{\partial W}", "proved"),
        (r"W \leftarrow W - \epsilon \nabla_W C", "proved"),
        (r"W = W - \frac{\partial C}{\partial W}", "proved"),
        (r"W := W - 0.1 \frac{\partial C}{\partial W}", "proved"),
        (r"W := W - \lambda \frac{\partial C}{\partial W}", "proved"),
        (r"W := W - \eta ((z - y) x^T + \lambda W)", "proved"),
        (r"W := (1 - \eta \lambda) W - \eta (z - y) x^T", "proved"),
        (r"W := (1 + \eta \lambda) W - \eta (z - y) x^T", "refuted"),
        (r"W := W - \eta (z - y) x^T", "refuted"),
        (r"W := W + \eta \frac{\partial C}{\partial W}", "refuted"),
        (r"W := W - \gamma \frac{\partial C}{\partial W}", "unread"),
        (r"W := W - 2 \eta ((z - y) x^T + \lambda W)", "undecided"),
        (r"W := W - \frac{\eta}{2} ((z - y) x^T + \lambda W)", "undecided"),
        (r"W := W - \eta ((z - y) x^T + 2 \lambda W)", "refuted"),
        (r"W := W + 2 \eta ((z - y) x^T + \lambda W)", "refuted"),
    ],
)
def test_updates(latex, expected):
    assert status(DECAY, latex, constants=r"\lambda") == expected


@pytest.mark.parametrize(
    "condition, expected",
    [
        (r"\qquad l < L", "proved"),
        (r"\qquad 1 \le l \le L - 1", "proved"),
        (r"\quad \text{for } l = L - 1, \ldots, 2", "proved"),
        (r"\qquad l \neq L", "proved"),
        ("", "undecided"),
        (r"\qquad l \le L", "undecided"),
    ],
)
def test_a_claim_is_about_the_layers_that_stand_behind_it(condition, expected):
    network = MLP.replace(r"a^l = \sigma(z^l)", "a^l = \\sigma(z^l)\na^L = z^L")
    latex = r"\frac{\partial C}{\partial z^l} = \frac{\partial C}{\partial a^l} \odot \sigma'(z^l)"
    assert status(network, f"{latex} {condition}") == expected
