"""The finite-difference witnesses: right where they speak, silent where they cannot tell."""

import math
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symbp.numbers.differences import (
    Estimate,
    RefusedError,
    central,
    compare,
    complex_step,
    high_precision,
)

METHODS = [complex_step, central, high_precision]


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def network_cost(p, x, y):
    """Mean over samples of half the squared error of a sigmoid network, layer by layer."""
    a = x
    for l in range(1, len(p) + 1):
        a = sigmoid(p[f"w{l}"] @ a)
    return ((a - y) ** 2).sum() / (2 * x.shape[1])


def backprop(p, x, y, fault=""):
    """∂C/∂w of `network_cost`, with a fault planted if asked for."""
    depth, m = len(p), x.shape[1]
    a = [x]
    for l in range(1, depth + 1):
        a.append(sigmoid(p[f"w{l}"] @ a[-1]))
    upstream = (a[-1] - y) / (1 if fault == "lost 1/m" else m)
    gradient = {}
    for l in range(depth, 0, -1):
        lost = fault == "missing activation derivative" and l == 1
        delta = upstream if lost else upstream * a[l] * (1 - a[l])
        gradient[f"w{l}"] = delta @ a[l if fault == "wrong layer" and l == 1 else l - 1].T
        upstream = (p[f"w{l}"] if fault == "transposed weight" else p[f"w{l}"].T) @ delta
    if fault == "sign":
        gradient["w1"] = -gradient["w1"]
    if fault == "factor 2":
        gradient["w1"] = 2 * gradient["w1"]
    if fault == "one entry off by 1e-6":
        gradient["w1"][1, 0] *= 1 + 1e-6
    return gradient


FAULTS = [
    "sign",
    "factor 2",
    "lost 1/m",
    "missing activation derivative",
    "transposed weight",
    "wrong layer",
    "one entry off by 1e-6",
]


def sigmoid_network(depth, width, *, scale=1.0, samples=3):
    """(f, θ, x, y) of a square sigmoid network."""
    rng = np.random.default_rng(depth)
    p = {f"w{l}": scale * rng.normal(size=(width, width)) for l in range(1, depth + 1)}
    x, y = rng.normal(size=(width, samples)), rng.uniform(size=(width, samples))
    return (lambda p: network_cost(p, x, y)), p, x, y


def verdicts(gradient, estimates):
    return {name: compare(gradient[name], estimate) for name, estimate in estimates.items()}


@pytest.mark.parametrize("method", METHODS)
def test_the_right_gradient_agrees_and_every_planted_fault_is_a_mismatch(method):
    f, p, x, y = sigmoid_network(2, 2)
    estimates = method(f, p)
    assert all(c.agrees for c in verdicts(backprop(p, x, y), estimates).values())
    for fault in FAULTS:
        wrong = verdicts(backprop(p, x, y, fault), estimates)
        assert wrong["w1"].count("mismatch"), fault
        assert not wrong["w1"].agrees, fault


@pytest.mark.parametrize("method", METHODS)
def test_one_wrong_entry_is_named(method):
    f, p, x, y = sigmoid_network(2, 2)
    wrong = backprop(p, x, y, "one entry off by 1e-6")
    comparison = compare(wrong["w1"], method(f, p, ["w1"])["w1"])
    assert (comparison.kinds == "mismatch").tolist() == [[False, False], [True, False]]
    assert comparison.relative[1, 0] == pytest.approx(1e-6, rel=1e-3)
    assert "3 agree, 1 mismatch\n  mismatch at (1, 0): gradient" in str(comparison)


# Gradients that vanish.


@pytest.fixture(scope="module")
def deep():
    """Eight layers of width 3, whose first-layer gradient is below 1e-10."""
    f, p, x, y = sigmoid_network(8, 3, scale=0.1)
    gradient = backprop(p, x, y)
    assert 0 < np.abs(gradient["w1"]).max() < 1e-10
    return f, p, gradient


@pytest.mark.parametrize("method", [complex_step, high_precision])
def test_vanishing_gradients_are_told_from_zero(deep, method):
    f, p, gradient = deep
    estimate = method(f, p, ["w1"])["w1"]
    assert compare(gradient["w1"], estimate).agrees
    assert compare(0 * gradient["w1"], estimate).count("mismatch") == 9
    assert compare(gradient["w1"] * (1 + 1e-6), estimate).count("mismatch") == 9


def test_float64_differences_leave_vanishing_gradients_open(deep):
    f, p, gradient = deep
    estimates = central(f, p, ["w1", "w8"])
    assert compare(gradient["w1"], estimates["w1"]).count("unresolved") == 9
    assert compare(0 * gradient["w1"], estimates["w1"]).count("agree") == 0
    assert compare(gradient["w8"], estimates["w8"]).agrees


def test_usual_checks_pass_a_first_layer_of_zeros(deep):
    _, p, gradient = deep
    right = np.concatenate([gradient[name].ravel() for name in p])
    wrong = np.concatenate([gradient[name].ravel() * (name != "w1") for name in p])
    assert np.allclose(wrong, right)
    norm = np.linalg.norm
    assert norm(wrong - right) / (norm(wrong) + norm(right)) < 1e-7


@pytest.mark.parametrize("method", [complex_step, high_precision])
def test_a_derivative_that_is_zero_agrees_with_zero_only(method):
    estimate = method(lambda p: p["v"][0] ** 2, {"v": [1.0, 2.0]}, ["v"])["v"]
    assert estimate.value.tolist() == [2.0, 0.0]
    assert compare([2.0, 0.0], estimate).agrees
    assert compare([2.0, 1e-30], estimate).kinds.tolist() == ["agree", "mismatch"]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("rounded", [0.0, 1e-17, -3e-17])
def test_a_sum_that_cancels_is_no_mismatch(method, rounded):
    x, y = np.array([0.3, 0.7, 0.1, 0.9]), np.array([0.1, 0.9, 0.7, 0.3])

    def f(p):
        return 1 + (np.exp(p["w"] * x) - np.exp(p["w"] * y)).sum() / 3 + p["w"] ** 2

    estimate = method(f, {"w": 0.0})["w"]
    assert abs(estimate.value) <= estimate.error + 1e-150
    assert not compare(np.array(rounded), estimate).count("mismatch")


# Bounds.


CURVES: dict[str, tuple[Any, Any]] = {
    "exp": (np.exp, np.exp),
    "sin": (np.sin, np.cos),
    "cube": (lambda t: t**3, lambda t: 3 * t**2),
    "logistic": (sigmoid, lambda t: sigmoid(t) * sigmoid(-t)),
    "reciprocal": (lambda t: 1 / (t * t + 0.1), lambda t: -2 * t / (t * t + 0.1) ** 2),
}


@settings(max_examples=30)
@given(
    curve=st.sampled_from(sorted(CURVES)),
    t=st.floats(-4, 4),
    slope=st.floats(1e-6, 1e3),
    offset=st.floats(-1e6, 1e6),
)
def test_central_keeps_its_bound(curve, t, slope, offset):
    f, prime = CURVES[curve]
    estimate = central(lambda p: slope * f(p["t"]) + offset, {"t": t})["t"]
    expected = slope * prime(t)
    assert abs(estimate.value - expected) <= estimate.error + 1e-14 * abs(expected) + 1e-150
    assert not estimate.kink


@settings(max_examples=30)
@given(curve=st.sampled_from(sorted(CURVES)), t=st.floats(-4, 4), slope=st.floats(1e-30, 1e3))
def test_complex_steps_are_exact_to_rounding(curve, t, slope):
    f, prime = CURVES[curve]
    comparison = compare(slope * prime(t), complex_step(lambda p: slope * f(p["t"]), {"t": t})["t"])
    assert comparison.agrees or (comparison.kinds == "unresolved" and abs(prime(t)) < 1e-6)


def test_functions_that_round_coarsely_get_wide_bounds():
    coarse = central(lambda p: np.float32(3) * np.exp(p["t"].astype(np.float32)), {"t": 0.3})["t"]
    assert abs(coarse.value - 3 * math.exp(0.3)) <= coarse.error
    assert 1e-8 < coarse.error < 1e-2
    cancelling = central(lambda p: (1e8 + p["t"] ** 2) - 1e8, {"t": 0.3})["t"]
    assert abs(cancelling.value - 0.6) <= cancelling.error < 1e-4


@pytest.mark.parametrize("size", [1e-8, 1.0, 1e8])
def test_steps_follow_the_size_of_the_parameter(size):
    w = size * np.array([1.0, 0.5, 0.0])
    estimate = central(lambda p: np.exp(p["w"] / size).sum(), {"w": w})["w"]
    assert compare(np.exp(w / size) / size, estimate).agrees


# Kinks.


KINKS: dict[str, tuple[Any, float, float]] = {
    "relu": (lambda t: np.where(t.real > 0, t, 0 * t), 0.0, 1.0),
    "abs": (lambda t: np.where(t.real > 0, t, -t), -1.0, 1.0),
    "leaky": (lambda t: np.where(t.real > 0, t, t / 100), 0.01, 1.0),
    "hinge": (lambda t: np.where(t.real < 0, -t, 0 * t) + t * t, -1.0, 0.0),
}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kink", KINKS)
def test_a_kink_at_exactly_zero_is_recognised(method, kink):
    f, left, right = KINKS[kink]
    estimate = method(lambda p: f(p["t"]).sum(), {"t": [0.0, 2.0]}, ["t"])["t"]
    assert estimate.kink.tolist() == [True, False]
    for derivative in (left, right, (left + right) / 2):
        assert compare([derivative, estimate.value[1]], estimate).kinds[0] == "kink"
    if method is not complex_step:
        assert estimate.value[0] == pytest.approx((left + right) / 2)
        assert estimate.error[0] == pytest.approx((right - left) / 2)


@pytest.mark.parametrize("distance", [10.0**-k for k in range(1, 7)])
@pytest.mark.parametrize("side", [-1, 1])
def test_beside_a_kink_the_derivative_is_that_of_its_side(distance, side):
    t = 1 + side * distance
    estimate = central(lambda p: np.maximum(p["t"] - 1, 0) + np.sin(p["t"]), {"t": t})["t"]
    right = np.cos(t) + (side > 0)
    assert compare(right, estimate, rtol=1e-6).agrees
    assert compare(right - side, estimate).count("mismatch")


@settings(max_examples=40)
@given(exponent=st.floats(-16, 0), side=st.sampled_from([-1, 1]), jump=st.floats(1e-3, 10))
def test_at_no_distance_from_a_kink_is_the_right_derivative_a_mismatch(exponent, side, jump):
    t = side * 10.0**exponent
    estimate = central(lambda p: jump * np.maximum(p["t"], 0) + np.exp(p["t"]), {"t": t})["t"]
    assert not compare(np.exp(t) + jump * (t > 0), estimate).count("mismatch")


@pytest.mark.parametrize("width", [10.0**-k for k in range(12)])
def test_a_sharp_smooth_bend_is_no_false_alarm(width):
    estimate = central(lambda p: width * np.logaddexp(0, p["t"] / width), {"t": 0.0})["t"]
    assert not compare(0.5, estimate).count("mismatch")
    assert estimate.kink == (width < 6e-8)  # the smallest step


def test_smooth_curvature_is_no_kink():
    estimate = central(lambda p: np.cosh(20 * p["t"]).sum(), {"t": np.linspace(-1, 1, 9)})["t"]
    assert not estimate.kink.any()


# What cannot be differentiated.


def in_float_array(p):
    total = np.zeros(2)
    total[0] = p["w"][0]
    return total.sum()


NOT_COMPLEX = {
    "np.abs": lambda p: np.abs(p["w"]).sum(),
    "abs of an entry": lambda p: abs(p["w"][0]),
    "np.maximum": lambda p: np.maximum(p["w"], 0).sum(),
    "max": lambda p: p["w"].max(),
    "comparison": lambda p: np.where(p["w"] > 0, p["w"], 0).sum(),
    "comparison of an entry": lambda p: p["w"][0] if p["w"][0] > 0 else 0.0,
    "comparison after np.where": lambda p: np.clip(np.where([True, False], p["w"], 1), 0, 9).sum(),
    "np.conj": lambda p: (p["w"] * np.conj(p["w"])).sum(),
    "np.linalg.norm": lambda p: np.linalg.norm(p["w"]),
    "np.vdot": lambda p: np.vdot(p["w"], p["w"]),
    "real part": lambda p: (p["w"].real ** 2).sum(),
    "one real factor": lambda p: (p["w"].real * p["w"]).sum(),
    "one real term": lambda p: (p["w"] ** 2).sum() + (np.asarray(p["w"]).real ** 3).sum(),
    "float": lambda p: float(p["w"][0]) ** 2,
    "astype": lambda p: (p["w"].astype(float) ** 2).sum(),
    "math": lambda p: math.exp(p["w"][0]),
    "float array": in_float_array,
    "Python's complex": lambda p: max(p["w"].tolist()),
}


@pytest.mark.parametrize("f", NOT_COMPLEX.values(), ids=NOT_COMPLEX)
def test_complex_steps_refuse_what_is_not_analytic(f):
    p = {"w": [0.7, -0.4]}
    assert not central(f, p)["w"].kink.any()
    with pytest.raises(RefusedError, match="complex"):
        complex_step(f, p)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("np.maximum", "np.maximum compares complex numbers"),
        ("np.linalg.norm", "np.norm .* drops an imaginary part"),
        ("one real factor", "w moves f by .*, a real step by .*: f is not analytic"),
        ("real part", "returned float, expected complex"),
        ("float array", "f fails with complex numbers"),
        ("astype", "f fails with complex numbers .*discards the imaginary part"),
    ],
)
def test_complex_steps_say_why_they_refuse(name, message):
    with pytest.raises(RefusedError, match=message):
        complex_step(NOT_COMPLEX[name], {"w": [0.7, -0.4]})


def test_complex_steps_pass_usual_code():
    def f(p):
        z = p["w"] @ np.ones((2, 3)) + p["b"][:, None]
        z -= z.real.max()
        e = np.concatenate([np.exp(z[0]), np.exp(z[1])])
        return np.einsum("i,i->", e / e.sum(), np.arange(6)) + np.mean(p["w"][0, 1] ** 3)

    p = {"w": np.array([[0.1, 0.2], [0.3, -0.4]]), "b": np.array([0.5, 0.6])}
    for name, estimate in central(f, p).items():
        assert compare(complex_step(f, p)[name].value, estimate).agrees


@pytest.mark.parametrize(
    ("f", "message"),
    [
        (lambda p: (p["w"].astype(float) ** 2).sum(), "rounds to float"),
        (lambda p: math.exp(p["w"][0]), "rounds to float"),
        (in_float_array, "rounds to float"),
        (lambda p: np.logaddexp(p["w"], 0).sum(), "logaddexp"),
        (lambda p: 1.5, "returned float, expected mpf"),
    ],
)
def test_high_precision_refuses_what_loses_digits(f, message):
    with pytest.raises(RefusedError, match=message):
        high_precision(f, {"w": [0.7, -0.4]})


def test_high_precision_takes_mpmath_and_numpy_functions():
    def f(p):
        return mpmath.gamma(p["w"][0]) * np.tanh(p["w"][1]) + p["w"][1].erf()

    estimate = high_precision(f, {"w": [2.5, 0.5]})["w"]
    gamma, tanh = math.gamma(2.5), math.tanh(0.5)
    slope = 2 / math.sqrt(math.pi) * math.exp(-0.25)
    digamma = float(mpmath.digamma(2.5))
    assert compare([gamma * digamma * tanh, gamma * (1 - tanh**2) + slope], estimate).agrees
    assert mpmath.mp.dps == 15


@pytest.mark.parametrize("digits", [30, 50, 120])
def test_more_digits_narrow_the_bound(digits):
    estimate = high_precision(lambda p: np.exp(p["w"] * 1e-30), {"w": 1.0}, digits=digits)["w"]
    assert estimate.method == f"high precision ({digits} digits)"
    assert compare(1e-30, estimate).agrees


@pytest.mark.parametrize("method", METHODS)
def test_a_function_is_given_copies(method):
    def f(p):
        p["w"] *= 2
        return (p["w"] ** 2).sum()

    w = np.array([1.0, 2.0])
    assert compare([8.0, 16.0], method(f, {"w": w})["w"]).agrees
    assert w.tolist() == [1.0, 2.0]


@pytest.mark.parametrize("method", METHODS)
def test_only_the_arrays_asked_for(method):
    parameters = {"a": [1, 2], "b": [[3.0, 4.0]]}
    estimates = method(lambda p: (p["a"] * p["b"]).sum(), parameters, ["b"])
    assert list(estimates) == ["b"]
    assert compare([[1.0, 2.0]], estimates["b"]).agrees


@pytest.mark.parametrize("method", [complex_step, central])
def test_random_functions_are_refused(method):
    rng = np.random.default_rng(0)
    with pytest.raises(RefusedError, match="random"):
        method(lambda p: (p["w"] * rng.normal(size=2)).sum(), {"w": [1.0, 2.0]})


@pytest.mark.parametrize(
    ("f", "parameters", "names", "message"),
    [
        (lambda p: p["w"], {"w": [1.0, 2.0]}, None, r"returned shape \(2,\): expected one number"),
        (lambda p: None, {"w": [1.0]}, None, "returned NoneType, expected float"),
        (lambda p: 1j * p["w"][0], {"w": [1.0]}, None, "returned complex, expected float"),
        (lambda p: np.log(p["w"][0]), {"w": [-1.0]}, None, "f is nan"),
        (lambda p: 1 / p["w"][0], {"w": [0.0]}, None, "f is inf"),
        (lambda p: p["w"][0], {"w": [1.0]}, ["v"], r"\['v'\]: expected .* names among \['w'\]"),
        (lambda p: p["w"][0], {"w": [1j]}, None, r"\['w'\]: expected real arrays"),
        (lambda p: 0.0, {}, None, "expected real arrays"),
    ],
)
def test_mistakes_are_named(f, parameters, names, message):
    with pytest.raises(ValueError, match=message):
        central(f, parameters, names)


def test_what_is_not_finite_is_unresolved():
    estimate = central(lambda p: np.sqrt(p["w"]).sum(), {"w": [0.0]})["w"]
    assert np.isnan(estimate.value[0])
    assert estimate.error[0] == np.inf
    for derivative in (0.0, np.inf, np.nan):
        assert compare([derivative], estimate).count("unresolved")


@pytest.mark.parametrize("derivative", [np.inf, -np.inf, np.nan])
def test_a_gradient_that_is_not_finite_is_a_mismatch(derivative):
    assert compare([derivative], exactly(1.0)).count("mismatch")
    assert compare([derivative], central(lambda p: abs(p["t"][0]), {"t": [0]})["t"]).count(
        "mismatch"
    )


@pytest.mark.parametrize("log", [lambda t: np.log(t).sum(), lambda t: math.log(t[0] * t[1])])
def test_steps_out_of_the_domain_are_left_out(log):
    estimate = central(lambda p: log(p["w"]), {"w": [1e-3, 1.0]})["w"]
    assert compare([1000.0, 1.0], estimate).agrees


# Comparison.


def exactly(*values):
    shape = (len(values),)
    return Estimate(np.array(values), np.full(shape, 1e-20), np.zeros(shape, bool), "given")


def test_rounding_follows_the_number_type_of_the_gradient():
    third = exactly(1 / 3)
    assert compare(np.array([1 / 3], np.float32), third).agrees
    assert compare(np.array([1 / 3], np.float32), third, rounding=1e-12).count("mismatch")
    assert compare(np.array([1 / 3 * (1 + 1e-4)], np.float32), third).count("mismatch")
    assert compare([2], exactly(2.0)).agrees


def test_no_entries_do_not_agree():
    nothing = compare(np.zeros(0), exactly())
    assert not nothing.agrees
    assert str(nothing) == "given: no entries"


@pytest.mark.parametrize("gradient", [[[1.0]], [1.0, 2.0], [1j], ["1"]])
def test_only_real_gradients_of_the_same_shape_are_compared(gradient):
    with pytest.raises(ValueError, match="expected real numbers of one shape"):
        compare(gradient, exactly(1.0))


@given(
    value=st.floats(1e-100, 1e100),
    relative_error=st.floats(1e-15, 1.0),
    factor=st.floats(-2, 2),
)
def test_agreement_means_close(value, relative_error, factor):
    estimate = Estimate(
        np.array([value]), np.array([value * relative_error]), np.array([False]), "given"
    )
    comparison = compare([value * factor], estimate)
    if comparison.agrees:
        assert relative_error <= 1e-7 * (1 + 1e-12)
        assert abs(factor - 1) <= 1.01e-7
    if abs(factor - 1) > relative_error + 1e-9:
        assert comparison.count("mismatch")
