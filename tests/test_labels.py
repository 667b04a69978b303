r"""Labels: which entry of a vector is meant, the y of -\log p_y and the y_i of p_{i, y_i}."""

import numpy as np
import pytest

from symbp import read_system
from symbp.adjoint import gradient
from symbp.errors import ReadingError
from symbp.judge.equality import equal
from symbp.networks import lookup
from symbp.numbers.codegen import compile_numpy
from symbp.numbers.gathers import from_zero
from symbp.numbers.sampling import sample
from symbp.system import Role
from symbp.verify import verify
from tests.claims_by_hand import status

SOFTMAX = r"z = W x + b; p = softmax(z); "
ONE_SAMPLE = {
    "a letter": SOFTMAX + r"C = -\log p_y",
    "a hat": r"z = W x + b; \hat y = softmax(z); C = -\log \hat y_{c}",
    "by entries": r"z = W x + b; p_i = \frac{e^{z_i}}{\sum_k e^{z_k}}; C = -\log p_c",
    "log-sum-exp": r"z = W x + b; C = -z_y + \log \sum_j e^{z_j}",
}
SAMPLES = {
    "superscripts": (
        r"z^{(i)} = W x^{(i)} + b; p^{(i)} = softmax(z^{(i)});"
        r"C = -\frac{1}{m} \sum_{i=1}^m \log p^{(i)}_{y^{(i)}}"
    ),
    "subscripts": (
        r"z_i = W x_i + b; p_i = softmax(z_i); C = -\frac{1}{m} \sum_{i=1}^m \log p_{i, y_i}"
    ),
}
MARGINS = {
    "one": r"z = W x + b; C = \sum_{j \neq y} \max(0, z_j - z_y + 1)",
    "samples": (
        r"z_{ij} = \sum_k W_{jk} x_{ik} + b_j;"
        r"C = \sum_{i=1}^m \sum_{j \neq y_i} \max(0, z_{ij} - z_{i, y_i} + 1)"
    ),
}


def read(text):
    given = {"indices": "i sample"} if "i=1" in text and "(i)" not in text else {}
    return read_system(text, **given)


def target(system):
    (found,) = system.with_role(Role.TARGET)
    return found


@pytest.mark.parametrize("text", [*ONE_SAMPLE.values(), *SAMPLES.values(), *MARGINS.values()])
def test_a_label_is_a_target_and_the_gradient_is_proved(text):
    system = read(text)
    assert [v.name for v in system.with_role(Role.TARGET)] in (["y"], ["c"])
    report = verify(system)
    assert report.ok, str(report)
    assert {row.family for row in report.rows} == {"W", "b"}


@pytest.mark.parametrize("text", ONE_SAMPLE.values())
def test_the_derivative_by_the_logits_is_p_minus_one_at_the_label(text):
    system = read(text).with_sizes(n_z=3, n_x=2)
    rng = np.random.default_rng(0)
    W, b, x = rng.normal(size=(3, 2)), rng.normal(size=3), rng.normal(size=2)
    z = W @ x + b
    p = np.exp(z) / np.exp(z).sum()
    for y in (1, 2, 3):
        label = target(system).name
        cost, dW, db = compile_numpy(system, ["W", "b"])(**{"W": W, "b": b, "x": x, label: y - 1})
        wanted = p - (np.arange(3) == y - 1)
        assert float(cost) == pytest.approx(-np.log(p[y - 1]))
        np.testing.assert_allclose(db, wanted)
        np.testing.assert_allclose(dW, np.outer(wanted, x))


def test_softmax_regression_on_labels_is_that_on_one_hot_targets():
    build = lookup("softmax-regression")
    one_hot, labelled = (build(labels=on, m=5, d=2, K=3) for on in (False, True))
    values = sample(labelled, seed=7)
    wanted = compile_numpy(one_hot)(**{**values, "y": np.eye(3)[values["y"] - 1]})
    found = compile_numpy(labelled)(**from_zero(labelled, values))
    for a, b in zip(found, wanted, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-12)


def test_code_of_ones_own_is_given_labels_from_zero():
    system = read(ONE_SAMPLE["log-sum-exp"])

    def gradient_by_hand(v, shift=0):
        z = v["W"] @ v["x"] + v["b"]
        d = np.exp(z) / np.exp(z).sum()
        d[(v["y"] + shift) % len(d)] -= 1
        return {"W": np.outer(d, v["x"]), "b": d}

    assert verify(system, candidate=gradient_by_hand).ok
    assert not verify(system, candidate=lambda v: gradient_by_hand(v, 1)).ok


def test_a_wrong_gradient_of_a_label_is_not_proved():
    system = read(ONE_SAMPLE["log-sum-exp"])
    (right,) = (e for e in gradient(system).equations if e.family == "∂C/∂z")
    known = gradient(system)
    assert equal(known, right.lhs, right.rhs, right.domain)
    assert not equal(known, right.lhs, right.rhs + 1, right.domain)


BY_LOGIT = r"\frac{\partial C}{\partial z_j} = "


@pytest.mark.parametrize(
    ("right", "found"),
    [
        (r"p_j - \mathbb{1}(j = y)", "proved"),
        (r"p_j - \mathbb{1}_{\{j = y\}}", "proved"),
        (r"p_j - [j = y]", "proved"),
        (r"p_j - 1", "refuted"),
        (r"p_j + [j = y]", "refuted"),
        (r"p_j - [j = 1]", "unread"),
    ],
)
def test_claims_about_a_label_that_nothing_declares(right, found):
    equations = ONE_SAMPLE["a letter"].replace("; ", "\n")
    assert status(equations, BY_LOGIT + right) == found


def test_one_unit_by_number_is_not_taken_for_the_one_of_the_label():
    equations = ONE_SAMPLE["a letter"].replace("; ", "\n")
    assert status(equations, r"\frac{\partial C}{\partial z_1} = p_1 - 1") == "unread"
    assert status(equations, r"\frac{\partial C}{\partial z_y} = p_y - 1") == "proved"


def test_a_mark_of_what_is_given_is_no_label():
    with pytest.raises(ReadingError, match="index of one unit"):
        read_system(r"z = \sum_w u_w x_w; C = (z - u_o)^2")
