"""What the generated NumPy of networks of the catalogue must be besides right: stable and fast."""

import re
from typing import Any

import numpy as np
import pytest

from symbp.adjoint import gradient
from symbp.networks import lookup
from symbp.numbers.codegen import compile_numpy, numpy_source
from symbp.numbers.evaluator import Evaluation
from symbp.numbers.gathers import from_zero, index_ranges
from symbp.numbers.sampling import sample
from symbp.system import Role
from tests.test_codegen import error, expected, run

RNG = np.random.default_rng(5)


def test_the_logarithm_of_a_sigmoid_does_not_overflow():
    values = {
        "U": 1000 * RNG.normal(size=(5, 3)),
        "V": RNG.normal(size=(5, 3)),
        "c": np.array([0, 1, 2, 3]),
        "o": np.array([4, 3, 2, 1]),
        "n": np.array([[0, 1], [2, 3], [4, 0], [1, 1]]),
    }
    cost, *_ = compile_numpy(lookup("negative-sampling").small())(**values)
    score = np.sum(values["U"][values["o"]] * values["V"][values["c"]], axis=1)
    drawn = np.einsum("ikp,ip->ik", values["U"][values["n"]], values["V"][values["c"]])
    expected = np.maximum(-score, 0).sum() + np.maximum(drawn, 0).sum()
    np.testing.assert_allclose(cost, expected / 4)
    assert "np.log(" not in numpy_source(lookup("negative-sampling")())


@pytest.mark.parametrize("name", ["skip-gram", "cbow", "negative-sampling", "matrix-factorisation"])
def test_what_data_look_up_gets_its_gradient_back_by_adding_where_they_say(name):
    system = lookup(name).small()
    assert "scatter((N, " in numpy_source(lookup(name)())
    assert "np.add.at(d" in numpy_source(system, inplace=True)
    values = sample(system, seed=2)
    for data in index_ranges(system):
        values[data][...] = 1  # all places are one place
    given = {"lambda": 0.1} | values
    plain, inplace = (compile_numpy(system, inplace=style) for style in (False, True))
    evaluation = Evaluation(gradient(system), given)
    wanted = [evaluation[f"∂C/∂{v.name}"] for v in system.with_role(Role.PARAMETER)]
    given = from_zero(system, given)
    for code in (plain, inplace):
        _, *found = code(**{k: given[k] for k in code.families if k in values})
        for a, b in zip(found, wanted, strict=True):
            np.testing.assert_allclose(a, b, atol=1e-12)


def test_softmax_regression_on_labels_is_that_on_one_hot_targets():
    one_hot, labelled = (
        lookup("softmax-regression")(labels=on, m=5, d=2, K=3) for on in (False, True)
    )
    values = sample(labelled, seed=7)
    wanted = compile_numpy(one_hot)(**{**values, "y": np.eye(3)[values["y"] - 1]})
    found = compile_numpy(labelled)(**from_zero(labelled, values))
    for a, b in zip(found, wanted, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-12)


def test_the_forward_algorithm_does_not_overflow():
    rng = np.random.default_rng(0)
    code = compile_numpy(lookup("crf")(d=2, K=3, T=500))
    given = {"x": 100 * rng.normal(size=(500, 2)), "y": rng.integers(0, 3, 500)}
    learnt = {"W": rng.normal(size=(3, 2)), "b": np.zeros(3), "A": rng.normal(size=(3, 3))}
    cost, *slopes = code(**given, **learnt)
    assert 0 < cost < np.inf
    assert all(np.all(np.isfinite(s)) for s in slopes)


def test_lenet_is_matrix_products_of_windows_and_strided_slices(golden):
    source = numpy_source(lookup("lenet")())
    assert not re.search(r"einsum|np\.clip", source)
    assert source.count("np.pad(") == 1
    golden("numpy/lenet.py", source)


@pytest.mark.parametrize(
    ("pattern", "repair"),
    [
        (r"\[:, ::-1, ::-1\]", ""),
        (r"\(K - 1, Q_1 - N_2\), \(K - 1, Q_1 - N_2\)", "(0, 2 * (K - 1)), (K - 1, K - 1)"),
        (r"1::2, ::2", "::2, ::2"),
        (r"\.transpose\(1, 0, 2, 3\)\.reshape\(E, -1\)", ".reshape(E, -1)"),
    ],
    ids=["kernel not flipped", "zeros on one side", "a place twice", "channels not swapped"],
)
def test_a_fault_in_a_convolution_is_caught(pattern, repair):
    system = lookup("lenet")(N=10, K=3, D=1, E=3, F=3, J=2)
    values = sample(system)
    source, count = re.subn(pattern, repair, numpy_source(system))
    assert count
    namespace: dict[str, Any] = {}
    exec(source, namespace)
    given = [values[f] for f in compile_numpy(system).families]
    assert error(run(compile_numpy(system), values), expected(system, values)) < 1e-12
    assert not error(namespace["gradient"](*given), expected(system, values)) < 1e-6
