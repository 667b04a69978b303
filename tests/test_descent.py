"""Gradient descent: the loss curve, the end, and what a wrong gradient does to it."""

import numpy as np
import pytest

from symbp.errors import SizeError, ValueRangeError
from symbp.networks import mlp
from symbp.numbers.descent import descend
from symbp.numbers.evaluator import Evaluation
from symbp.numbers.reference import reference_gradient
from symbp.numbers.sampling import sample

LINE = mlp((1, 1), "identity", "half-squared-error")
START = {"x": [1.0], "y": [3.0], "w": [[[1.0]]], "b": [[0.0]]}
XOR = mlp((2, 4, 1), ["tanh", "sigmoid"], "binary-cross-entropy", batch=4)
TRUTH = {"x": np.array([[0, 0, 1, 1], [0, 1, 0, 1.0]]), "y": np.array([[0, 1, 1, 0.0]])}


def xor_start():
    return {**sample(XOR, seed=1), **TRUTH}


def by_reference(values):
    found = reference_gradient(
        values["w"], values["b"], values["x"], values["y"],
        activations=["tanh", "sigmoid"], loss="binary-cross-entropy",
    )  # fmt: skip
    return {"w": found.weights, "b": found.biases}


def test_a_step_is_the_slope_times_the_rate():
    """C = ½(w + b − 3)²: every step takes half of the residual away."""
    found = descend(LINE, START, rate=0.25, steps=3)
    assert found.costs == (2.0, 0.5, 0.125, 0.03125)
    assert found.steps == 3
    assert found.reason == "steps"
    assert float(found.values["w"][0][0, 0]) == 1 + 0.5 + 0.25 + 0.125
    assert START["w"] == [[[1.0]]]


def test_the_exclusive_or_is_learnt():
    found = descend(XOR, xor_start(), rate=1.0, steps=400, cost_below=0.1)
    assert found.reason == "cost"
    assert found.costs[-1] < 0.1 <= found.costs[-2]
    output = Evaluation(XOR, found.values)["a"][2]
    np.testing.assert_array_equal(output > 0.5, TRUTH["y"] > 0.5)


def test_the_rule_and_the_reference_take_the_same_way():
    rule = descend(XOR, xor_start(), rate=0.5, steps=10)
    reference = descend(XOR, xor_start(), rate=0.5, steps=10, code=by_reference)
    np.testing.assert_allclose(rule.costs, reference.costs, rtol=1e-12)


def test_a_wrong_gradient_takes_another_way():
    def wrong(values):
        found = by_reference(values)
        return {**found, "w": [w * (1 + 1e-6) for w in found["w"]]}

    right = descend(XOR, xor_start(), rate=0.5, steps=10).costs
    other = descend(XOR, xor_start(), rate=0.5, steps=10, code=wrong).costs
    assert abs(right[-1] - other[-1]) > 1e-9 * right[-1]


def test_the_end_may_be_a_small_change():
    found = descend(LINE, START, rate=0.25, change_below=1e-3)
    assert found.reason == "change"
    assert abs(found.costs[-1] - found.costs[-2]) < 1e-3 <= abs(found.costs[-2] - found.costs[-3])


def test_a_rate_that_is_too_large_is_named():
    with pytest.raises(ValueRangeError, match=r"C = .* after \d+ steps: try a smaller rate"):
        descend(LINE, START, rate=1e100)


@pytest.mark.parametrize("wrong", [{"rate": 0}, {"rate": -1}, {"rate": 0.1, "steps": 0}])
def test_rate_and_steps_are_positive(wrong):
    with pytest.raises(ValueRangeError, match="both must be positive"):
        descend(LINE, START, **wrong)


@pytest.mark.parametrize(
    ("found", "message"),
    [
        ({"w": [np.ones((1, 1))]}, "∂C/∂b: missing"),
        ({"w": [np.ones((1, 1))], "b": [np.ones(2)]}, r"∂C/∂b: shape \(2,\) at 1 met shape \(1,\)"),
        ({"w": {2: np.ones((1, 1))}, "b": [np.ones(1)]}, r"∂C/∂w: nothing at 1 met shape \(1, 1\)"),
        ({"w": [np.ones((1, 1))] * 2, "b": [np.ones(1)]}, r"∂C/∂w: 2 arrays met 1 \(w\[l, j, k\]"),
    ],
)
def test_code_that_does_not_fit_is_refused(found, message):
    with pytest.raises(SizeError, match=f"^{message}"):
        descend(LINE, START, rate=0.1, code=lambda values: found)
