"""One evaluator for all systems and number domains, against NumPy written by hand."""

import mpmath
import numpy as np
import pytest
import sympy as sp
from sympy import Integer, Sum

from symbp.adjoint import gradient
from symbp.errors import DefinitionError, SizeError, SymbpError, UnknownNameError
from symbp.functions import TABLE
from symbp.networks import mlp
from symbp.numbers.domains import Objects, multiprecision
from symbp.numbers.evaluator import Evaluation
from symbp.numbers.sampling import sample
from symbp.system import Equation, Kind, Range, Role, System
from symbp.system.indices import AtLeast
from tests.small_systems import (
    C,
    M,
    N,
    T,
    bases,
    convolution,
    family,
    gather,
    j,
    k,
    l,
    over,
    recurrent,
    size,
    slot,
    t,
)

RNG = np.random.default_rng(0)


def loss_of(body, *given, sizes, intermediates=(), equations=()):
    """A system whose loss is an expression."""
    names = [size(n, minimum=2) for n in sizes]
    return System(
        (*names, C, *given, *intermediates), (*equations, Equation("C", (), body)), "C", sizes
    )


def data(name, *slots):
    return family(name, *slots, role=Role.INPUT)


def evaluated(system, **values):
    return float(Evaluation(system, values)["C"])


# -- networks -------------------------------------------------------------------------------------


def test_a_batch_of_a_network_is_the_forward_pass_of_numpy():
    network = mlp((3, 4, 2), ["tanh", "softmax"], "cross-entropy", batch=5, l2="lambda/2m")
    values = sample(network)
    evaluation = Evaluation(network, values)
    (w1, w2), (b1, b2) = values["w"], values["b"]
    a1 = np.tanh(w1 @ values["x"] + b1[:, None])
    e = np.exp(w2 @ a1 + b2[:, None])
    a2 = e / e.sum(axis=0)
    data_cost = -(values["y"] * np.log(a2)).sum() / 5
    penalty = 0.01 / 10 * ((w1**2).sum() + (w2**2).sum())
    np.testing.assert_allclose(evaluation["a"][2], a2, rtol=1e-14)
    assert float(evaluation["C"]) == pytest.approx(data_cost + penalty, rel=1e-14)


def test_a_recurrence_is_walked():
    system = recurrent().system
    values = sample(system)
    h = np.zeros(2)
    for step in range(3):
        h = np.tanh(values["w"] @ h + values["x"][step])
        np.testing.assert_allclose(Evaluation(system, values)["h"][step + 1], h, rtol=1e-14)


def test_strides_and_dilations_gather():
    system = convolution(stride=2, dilation=3).system
    values = sample(system)
    w, x = values["w"], values["x"]
    y = [sum(w[u] * x[2 * q + 3 * u] for u in range(3)) for q in range(4)]
    np.testing.assert_allclose(Evaluation(system, values)["y"], y, rtol=1e-14)


def test_data_looks_up_rows():
    values = {"e": np.arange(6.0).reshape(3, 2), "c": np.array([3, 1, 1, 2])}
    expected = (values["e"][[2, 0, 0, 1]] ** 3).sum()
    assert evaluated(gather().system, **values) == expected


def test_layers_may_be_given_as_a_sequence_or_by_number():
    network = mlp((2, 3, 1), "sigmoid")
    values = sample(network)
    by_number = {**values, "w": dict(enumerate(values["w"], start=1))}
    assert evaluated(network, **values) == evaluated(network, **by_number)


def test_a_default_is_used_and_can_be_replaced():
    network = mlp((2, 1), "leaky_relu", l2="lambda")
    values = sample(network)
    assert evaluated(network, **values) == evaluated(network, **values, **{"lambda": 0.01})
    assert evaluated(network, **values) != evaluated(network, **values, **{"lambda": 0.5})


def test_only_what_is_asked_for_is_computed():
    backward = gradient(mlp((2, 2), "sigmoid"))
    evaluation = Evaluation(backward, sample(backward))
    evaluation["C"]
    assert not any(name.startswith("∂") for name, found in evaluation._store.items() if found)


# -- expressions ----------------------------------------------------------------------------------

x, y = bases("xy")
X = data("x", slot(j, N))
PAIRS = data("x", slot(j, N), slot(k, N + 1))
GRID = np.arange(6.0).reshape(2, 3) + 1
ROW = np.array([1.0, 2.0, 3.0])


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (Sum(x[j, k], (k, 1, j), (j, 1, N)), 1 + 4 + 5),
        (Sum(x[j, k], (j, 1, N), (k, 2, N + 1)), 2 + 3 + 5 + 6),
        (Sum(x[j, k], (k, j, N + 1), (j, 1, N)), 1 + 2 + 3 + 5 + 6),
        (Sum(x[j, j + 1], (j, 1, N)), 2 + 6),
        (Sum(x[j, N + 2 - k] * k, (k, 1, N + 1), (j, 1, N)), 3 + 4 + 3 + 6 + 10 + 12),
        (Sum(x[j, k] * sp.KroneckerDelta(k, 2), (k, 1, N + 1), (j, 1, N)), 2 + 5),
        (Sum(x[j, k] * AtLeast(k - j - 1), (k, 1, N + 1), (j, 1, N)), 2 + 3 + 6),
        (Sum(x[j, k], (k, 2, 1), (j, 1, N)) + 7, 7),
        (Sum(N * M, (j, 1, N)), 12),
        (Sum(sp.Max(j, 2), (j, 1, M)), 2 + 2 + 3),
        (Sum(x[j, sp.floor((j + 3) / 2)], (j, 1, N)), 2 + 5),
        (Sum(j, (j, 1, N)) * x[1, 1] / M, 1),
        (sp.sqrt(2) * x[1, 2] ** 2 / sp.sqrt(2), 4),
        (sp.exp(x[1, 1]) * sp.log(x[1, 1]), 0),
    ],
)
def test_sums_bounds_indicators_and_sizes(body, expected):
    system = loss_of(body, PAIRS, sizes={"N": 2, "M": 3})
    assert evaluated(system, x=GRID) == pytest.approx(expected, rel=1e-14)


def test_an_index_that_repeats_in_a_sum_is_its_own():
    body = Sum(x[j] * Sum(x[j], (j, 1, N)), (j, 1, N))
    assert evaluated(loss_of(body, X, sizes={"N": 3}), x=ROW) == 36


def test_several_equations_define_parts_of_one_array():
    place = slot(t, T, Kind.PLACE)
    parts = (
        Equation("y", (Integer(1),), x[1]),
        Equation("y", (t,), x[t] - x[t - 1], (Range(t, Integer(2), T - 1),)),
        Equation("y", (T,), 10 * x[T]),
    )
    system = loss_of(
        Sum(y[t] * t, (t, 1, T)), data("x", place), sizes={"T": 4},
        intermediates=(family("y", place),), equations=parts,
    )  # fmt: skip
    evaluation = Evaluation(system.with_sizes(T=4), {"x": np.array([1.0, 3.0, 6.0, 10.0])})
    np.testing.assert_array_equal(evaluation["y"], [1, 2, 3, 100])
    assert float(evaluation["C"]) == 1 + 4 + 9 + 400
    assert float(Evaluation(system.with_sizes(T=2), {"x": [1.0, 3.0]})["C"]) == 61


def test_a_part_of_two_axes_is_put_in_its_place():
    first, second = slot(j, N), slot(k, N + 1)
    parts = (
        Equation("y", (j, Integer(1)), x[j, 1], over(first)),
        Equation("y", (j, k), j * k, (first.range, Range(k, Integer(2), N + 1))),
    )
    system = loss_of(
        Sum(y[j, k], (k, 1, N + 1), (j, 1, N)), PAIRS, sizes={"N": 2},
        intermediates=(family("y", first, second),), equations=parts,
    )  # fmt: skip
    np.testing.assert_array_equal(Evaluation(system, {"x": GRID})["y"], [[1, 2, 3], [4, 4, 6]])


def test_a_layer_can_be_an_axis_of_an_expression():
    network = mlp((2, 2, 2), "identity", "squared-error")
    values = sample(network)
    evaluation = Evaluation(network, values)
    layer = Range(l, Integer(1), Integer(2))
    unit = Range(j, Integer(1), Integer(2))
    found = evaluation.evaluate(network["b"][l, 3 - j], [layer, unit])
    order = [found.axes.index(l), found.axes.index(j)]
    np.testing.assert_array_equal(found.buffer.transpose(order), np.array(values["b"])[:, ::-1])


# -- domains --------------------------------------------------------------------------------------


def test_sympy_numbers_give_the_exact_value():
    system = loss_of(Sum(TABLE["square"](x[j]) / N, (j, 1, N)), X, sizes={"N": 3})
    exact = Objects(sp.sympify, {})
    given = [sp.Rational(1, 2), sp.Symbol("a"), sp.Integer(2)]
    found = Evaluation(system, {"x": given}, exact)["C"][()]
    assert sp.expand(found - (sp.Rational(17, 4) + sp.Symbol("a") ** 2) / 3) == 0


def test_mpmath_numbers_keep_their_digits():
    system = loss_of(Sum(TABLE["sigmoid"](x[j]), (j, 1, N)), X, sizes={"N": 2})
    found = Evaluation(system, {"x": [sp.Rational(1, 3), 0]}, multiprecision(50))["C"][()]
    with mpmath.workdps(50):
        assert abs(found - 0.5 - 1 / (1 + mpmath.exp(-mpmath.mpf(1) / 3))) < mpmath.mpf(10) ** -48


# -- what is refused ------------------------------------------------------------------------------


NETWORK = mlp((2, 3), "sigmoid")
GIVEN = sample(NETWORK)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x": None}, r"no value for x\[j\], 1 ≤ j ≤ n\[0\]"),
        ({"x": [1.0]}, r"x: shape \(1,\) met \(2,\) \(x\[j\], 1 ≤ j ≤ n\[0\]\)"),
        ({"w": [np.ones((2, 3))]}, r"w: shape \(2, 3\) at 1 met \(3, 2\)"),
        ({"w": [np.ones((3, 2))] * 2}, r"w: 2 arrays met 1 \(w\[l, j, k\]"),
        ({"w": {2: np.ones((3, 2))}}, "w: no value for index 1"),
        ({"x": ["a", "b"]}, "x: not an array of numbers"),
        ({"x": [[1.0], [2.0, 3.0]]}, "x: not an array of numbers"),
    ],
)
def test_values_that_do_not_fit_are_refused_in_one_line(change, message):
    values = {n: v for n, v in {**GIVEN, **change}.items() if v is not None}
    with pytest.raises(SizeError, match=f"^{message}"):
        Evaluation(NETWORK, values)


def test_a_missing_size_is_named():
    system = loss_of(Sum(x[j], (j, 1, N)), X, sizes={"N": 3})
    without = System(system.variables, system.equations, "C")
    with pytest.raises(SizeError, match="no value for the size N; give one with with_sizes"):
        Evaluation(without, {"x": ROW})


def test_data_for_an_index_must_be_integers_in_range():
    system = gather().system
    rows = np.ones((3, 2))
    with pytest.raises(SizeError, match="c is used as an index: its values must be integers"):
        evaluated(system, e=rows, c=np.ones(4))
    with pytest.raises(SizeError, match=r"c\[4\] = 4 is used as an index of e\["):
        evaluated(system, e=rows, c=np.array([1, 2, 3, 4]))


def test_an_unspecified_function_has_no_floats():
    network = mlp((2, 2), "f")
    with pytest.raises(UnknownNameError, match=r"a\[l, j\]: f is unspecified: choose a function"):
        evaluated(network, **sample(mlp((2, 2), "tanh")))


def test_an_expression_that_is_not_known_is_named():
    system = loss_of(sp.sin(x[1]), X, sizes={"N": 3})
    with pytest.raises(DefinitionError, match=r"C: sin\(x\[1\]\): numbers exist for sums"):
        evaluated(system, x=ROW)


def test_a_value_that_nothing_defines_is_named():
    backward = gradient(recurrent().system)
    evaluation = Evaluation(backward, sample(backward))
    with pytest.raises(SymbpError, match="∂C/∂h has no value at 0"):
        evaluation.evaluate(backward["∂C/∂h"][0, 1])


# -- planted faults: the comparison with NumPy sees them ------------------------------------------


@pytest.mark.parametrize(
    "wrong", [lambda w: w.reshape(w.shape[::-1]).T, lambda w: -w, lambda w: w * (1 + 1e-9)]
)
def test_a_changed_weight_changes_the_loss(wrong):
    values = sample(NETWORK)
    changed = {**values, "w": [wrong(w) for w in values["w"]]}
    assert abs(evaluated(NETWORK, **values) / evaluated(NETWORK, **changed) - 1) > 1e-13
