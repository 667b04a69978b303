"""What the generated NumPy of networks of the catalogue must be besides right: stable."""

import numpy as np

from symbp.networks import lookup
from symbp.numbers.codegen import compile_numpy, numpy_source

RNG = np.random.default_rng(5)


def test_the_logarithm_of_a_sigmoid_does_not_overflow():
    values = {
        "U": 1000 * RNG.normal(size=(5, 3)),
        "V": RNG.normal(size=(5, 3)),
        "c": np.array([1, 2, 3, 4]),
        "o": np.array([5, 4, 3, 2]),
        "n": np.array([[1, 2], [3, 4], [5, 1], [2, 2]]),
    }
    cost, *_ = compile_numpy(lookup("negative-sampling").small())(**values)
    score = np.sum(values["U"][values["o"] - 1] * values["V"][values["c"] - 1], axis=1)
    drawn = np.einsum("ikp,ip->ik", values["U"][values["n"] - 1], values["V"][values["c"] - 1])
    expected = np.maximum(-score, 0).sum() + np.maximum(drawn, 0).sum()
    np.testing.assert_allclose(cost, expected / 4)
    assert "np.log(" not in numpy_source(lookup("negative-sampling")())
