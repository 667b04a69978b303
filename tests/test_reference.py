"""The hand-written backpropagation, against complex steps, differences and values by hand."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symbp.numbers.differences import central, compare, complex_step, high_precision
from symbp.numbers.reference import (
    ACTIVATIONS,
    LOSSES,
    reference_cost,
    reference_gradient,
    softmax,
)

#: losses of probabilities, with the activation that makes them
PROBABILITIES = {"binary-cross-entropy": "sigmoid", "cross-entropy": "softmax"}
POSITIVE = {"log", "sqrt"}  #: functions of positive numbers
KINKED = {name for name, row in ACTIVATIONS.items() if row.kinks}
#: witnessed by central differences: a kink, or no complex numbers (erfc)
REAL_ONLY = KINKED | {"gelu", "hinge", "huber"}


def example(hidden, loss, *, seed=0, sizes=(2, 2, 2), samples=2):
    """Arguments of reference_gradient: z of both signs, or positive where the name needs it."""
    rng = np.random.default_rng(seed)
    weights = [rng.normal(size=(n, k)) for k, n in pairwise(sizes)]
    biases = [rng.normal(size=n) / 2 for n in sizes[1:]]
    x = rng.normal(size=(sizes[0], samples))
    if hidden in POSITIVE:
        weights = [0.2 + np.abs(w) for w in weights]
        biases = [2 + np.abs(b) for b in biases]
        x = np.abs(x)
    y = rng.uniform(0.1, 0.9, size=(sizes[-1], samples))
    if loss == "hinge":
        y = np.where(y > 0.5, 1.0, -1.0)
    output = PROBABILITIES.get(loss, hidden)
    activations = [hidden] * (len(weights) - 1) + [output]
    return (weights, biases, x, y), {"activations": activations, "loss": loss}


def named(weights, biases, x=None):
    """Arrays by name: w1, b1, ..., x."""
    arrays = {f"w{l}": w for l, w in enumerate(weights, 1)}
    arrays |= {f"b{l}": b for l, b in enumerate(biases, 1) if b is not None}
    return arrays if x is None else {**arrays, "x": x}


def cost_function(arguments, options):
    """(f, θ) for the witnesses: the cost as a function of all weights, biases and x."""
    weights, biases, x, y = arguments
    layers = range(1, len(weights) + 1)

    def f(p):
        return reference_cost(
            [p[f"w{l}"] for l in layers], [p.get(f"b{l}") for l in layers], p["x"], y, **options
        )

    return f, named(weights, biases, x)


def gradients(arguments, options):
    result = reference_gradient(*arguments, **options)
    return named(result.weights, result.biases, result.inputs)


def assert_right(arguments, options, method, names=None):
    """Every entry agrees with `method`, or, where that leaves it open, with high precision."""
    f, parameters = cost_function(arguments, options)
    gradient = gradients(arguments, options)
    for name, estimate in method(f, parameters, names).items():
        comparison = compare(gradient[name], estimate)
        if comparison.count("unresolved") and not comparison.count("mismatch"):
            comparison = compare(gradient[name], high_precision(f, parameters, [name])[name])
        assert comparison.agrees, f"{name}: {comparison}"


def without_zeros(activation, loss):
    """The first example in which no unit is dead, so that no entry is 0 and stays unresolved."""
    for seed in range(100):
        arguments, options = example(activation, loss, seed=seed, sizes=(1, 2, 2))
        if all(g.all() for g in gradients(arguments, options).values()):
            return arguments, options
    raise AssertionError("every example has dead units")


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("activation", [*ACTIVATIONS, "softmax"])
def test_every_activation_with_every_loss(activation, loss):
    method = central if {activation, loss} & REAL_ONLY else complex_step
    arguments, options = without_zeros(activation, loss)
    assert_right(arguments, options, method, ["w1"])


@pytest.mark.parametrize("mean", [True, False])
@pytest.mark.parametrize("options", [{}, {"l1": 0.3}, {"l2": 0.2}, {"l1": 0.1, "l2": 0.4}])
def test_mean_sum_and_penalties(mean, options):
    arguments, chosen = example("tanh", "half-squared-error", samples=3)
    assert_right(arguments, {**chosen, **options, "mean": mean}, complex_step)


@pytest.mark.parametrize(
    ("activation", "loss", "parameters"),
    [
        ("leaky_relu", "huber", {"alpha": 0.3, "delta": 0.4}),
        ("elu", "huber", {"alpha": 0.7, "delta": 2.0}),
    ],
)
def test_alpha_and_delta(activation, loss, parameters):
    arguments, options = example(activation, loss)
    assert_right(arguments, {**options, "parameters": parameters}, central)
    changed = reference_cost(*arguments, **options, parameters=parameters)
    assert changed != reference_cost(*arguments, **options)


def test_the_value_of_mean_sum_and_penalties():
    arguments = ([[[2.0]]], [[0.5]], [[1.0, 3.0]], [[0.5, 4.5]])
    options = {"activations": ["identity"], "loss": "half-squared-error"}
    assert reference_cost(*arguments, **options) == (2.0 + 2.0) / 2
    assert reference_cost(*arguments, **options, mean=False) == 2.0 + 2.0
    assert reference_cost(*arguments, **options, l1=0.25, l2=0.5) == 2.0 + 0.25 * 2 + 0.5 * 4


def test_layers_without_bias():
    (weights, biases, x, y), options = example("sigmoid", "squared-error", sizes=(2, 3, 2))
    arguments = (weights, [None, biases[1]], x, y)
    assert reference_gradient(*arguments, **options).biases[0] is None
    assert_right(arguments, options, complex_step)


@settings(max_examples=6)
@given(
    sizes=st.lists(st.integers(1, 3), min_size=2, max_size=4),
    samples=st.integers(1, 3),
    seed=st.integers(0, 10**6),
    names=st.lists(st.sampled_from(["sigmoid", "tanh", "softplus", "silu", "softmax"]), min_size=3),
    loss=st.sampled_from(["mean-squared-error", "cross-entropy-with-logits"]),
)
def test_any_smooth_network(sizes, samples, seed, names, loss):
    arguments, options = example("tanh", loss, seed=seed, sizes=sizes, samples=samples)
    options["activations"] = names[: len(sizes) - 1]
    f, parameters = cost_function(arguments, options)
    estimates, gradient = complex_step(f, parameters), gradients(arguments, options)
    for name, estimate in estimates.items():
        assert not compare(gradient[name], estimate).count("mismatch")


def test_deltas_are_the_bias_gradients_before_the_sum_over_samples():
    arguments, options = example("tanh", "half-squared-error", samples=3)
    result = reference_gradient(*arguments, **options)
    for delta, bias in zip(result.deltas, result.biases, strict=True):
        assert delta.shape == (2, 3)
        assert bias is not None
        assert np.array_equal(delta.sum(axis=1), bias)


def test_a_vector_is_one_sample():
    (weights, biases, x, y), options = example("tanh", "huber", samples=1)
    columns = reference_gradient(weights, biases, x, y, **options)
    vectors = reference_gradient(weights, biases, x[:, 0], y[:, 0], **options)
    assert columns.cost == vectors.cost
    assert np.array_equal(columns.weights[0], vectors.weights[0])


def test_integers_are_numbers_too():
    result = reference_gradient(
        [[[2]]], [[1]], [3], [5], activations=["relu"], loss="half-squared-error"
    )
    assert (result.cost, result.weights[0].item()) == (2.0, 6.0)


# Values, which no difference quotient can check: each formula once more, with `math` alone.

VALUES = {
    "identity": lambda t: t,
    "sigmoid": lambda t: 1 / (1 + math.exp(-t)),
    "tanh": math.tanh,
    "relu": lambda t: max(t, 0.0),
    "leaky_relu": lambda t: max(t, 0.01 * t),
    "elu": lambda t: t if t > 0 else math.exp(t) - 1,
    "softplus": lambda t: math.log(1 + math.exp(t)),
    "silu": lambda t: t / (1 + math.exp(-t)),
    "gelu": lambda t: t / 2 * (1 + math.erf(t / math.sqrt(2))),
    "gelu_tanh": lambda t: t / 2 * (1 + math.tanh(math.sqrt(2 / math.pi) * (t + 0.044715 * t**3))),
    "exp": math.exp,
    "log": math.log,
    "sqrt": math.sqrt,
    "square": lambda t: t**2,
    "abs": abs,
}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_the_value_of_every_activation(name):
    points = [0.3, 1.0, 2.5] if name in POSITIVE else [-2.5, -1.0, -0.3, 0.0, 0.3, 1.0, 2.5]
    values = ACTIVATIONS[name].value(np.array(points), {})
    assert values == pytest.approx([VALUES[name](t) for t in points], rel=1e-12, abs=1e-15)


@pytest.mark.parametrize(
    ("loss", "a", "y", "expected"),
    [
        ("half-squared-error", [3.0, 1.0], [1.0, 2.0], 2.5),
        ("squared-error", [3.0, 1.0], [1.0, 2.0], 5.0),
        ("mean-squared-error", [3.0, 1.0], [1.0, 2.0], 2.5),
        ("binary-cross-entropy", [0.25, 0.5], [1.0, 0.0], math.log(8)),
        ("binary-cross-entropy-with-logits", [0.0, 0.0], [1.0, 0.3], 2 * math.log(2)),
        ("cross-entropy", [0.25, 0.75], [1.0, 0.0], math.log(4)),
        ("cross-entropy-with-logits", [0.0, 0.0], [1.0, 2.0], 3 * math.log(2)),
        ("hinge", [0.25, 3.0], [1.0, 1.0], 0.75),
        ("huber", [0.5, 3.0], [0.0, 0.0], 0.125 + 2.5),
    ],
)
def test_the_value_of_every_loss(loss, a, y, expected):
    cost = reference_cost([np.eye(2)], [None], a, y, activations=["identity"], loss=loss)
    assert cost == pytest.approx(expected, rel=1e-14)


def test_the_tables_of_values_are_complete():
    assert set(VALUES) == set(ACTIVATIONS)


@pytest.mark.parametrize("activation", sorted(set(ACTIVATIONS) - POSITIVE - {"exp", "square"}))
def test_large_arguments_do_not_overflow(activation):
    z = np.array([-800.0, -40.0, 40.0, 800.0])
    row = ACTIVATIONS[activation]
    assert np.isfinite([row.value(z, {}), row.derivative(z, {})]).all()


def test_saturated_units_do_not_cancel():
    z = np.array([40.0])
    sigmoid, tanh, gelu = (ACTIVATIONS[name] for name in ("sigmoid", "tanh", "gelu"))
    almost_zero = [
        (sigmoid.derivative(z, {}), math.exp(-40)),
        (tanh.derivative(z, {}), 4 * math.exp(-80)),
        (gelu.value(-z / 4, {}), -10 * 7.61985302416e-24),  # Abramowitz & Stegun, table 26.2
    ]
    for found, expected in almost_zero:
        assert found == pytest.approx(expected, rel=1e-11, abs=0)


def test_large_logits_stay_finite():
    z = np.array([[1000.0], [-1000.0]])
    assert softmax(z).ravel().tolist() == [1.0, 0.0]
    for loss in ("cross-entropy-with-logits", "binary-cross-entropy-with-logits"):
        assert np.isfinite(LOSSES[loss].value(z, 1 - softmax(z), {})).all()
        assert np.isfinite(LOSSES[loss].gradient(z, 1 - softmax(z), {})).all()


def test_certain_probabilities_that_are_right_cost_nothing():
    a, y = np.array([[1.0], [0.0]]), np.array([[1.0], [0.0]])
    for loss in PROBABILITIES:
        assert not LOSSES[loss].value(a, y, {}).any()
        assert np.isfinite(LOSSES[loss].gradient(a, y, {})).all()


def test_derivatives_at_kinks_are_those_from_the_left_or_zero():
    zero = np.array([0.0])
    at_zero = {name: ACTIVATIONS[name].derivative(zero, {}).item() for name in KINKED}
    assert at_zero == {"relu": 0.0, "leaky_relu": 0.01, "elu": 1.0, "abs": 0.0}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"activations": ["tanh", "sigmoidd"]}, "unknown activation 'sigmoidd' .*known: identity"),
        ({"loss": "mse"}, "unknown loss 'mse' .*mean-squared-error"),
        ({"parameters": {"beta": 1.0}}, r"unknown parameters \['beta'\]"),
        ({"activations": ["tanh"]}, "2 weights, 2 biases and 1 activations"),
        ({"x": np.ones((3, 2))}, r"w\^1 has shape \(2, 2\): expected \(n_1, 3\)"),
        ({"x": np.ones((2, 2, 1))}, r"x has shape \(2, 2, 1\)"),
        ({"y": np.ones(2)}, r"y has shape \(2, 1\): expected \(2, 2\)"),
        ({"biases": [np.ones((2, 1)), None]}, r"b\^1 has shape \(2, 1\): expected \(2,\)"),
    ],
)
def test_mistakes_are_named(change, message):
    (weights, biases, x, y), options = example("tanh", "huber")
    given_ = {"weights": weights, "biases": biases, "x": x, "y": y, **options}
    with pytest.raises(ValueError, match=message):
        reference_gradient(**{**given_, **change})


def test_hyphens_and_underscores_are_one():
    (arguments, options) = example("leaky_relu", "half-squared-error")
    other = {"activations": ["leaky-relu"] * 2, "loss": "half_squared_error"}
    assert reference_cost(*arguments, **options) == reference_cost(*arguments, **other)
