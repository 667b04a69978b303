"""The error function of generated code, against balls of 120 bits that enclose it."""

import ast
from typing import Any

import flint
import numpy as np
import pytest

from symbp.numbers.codegen.helpers import ERF

SOURCE = "import numpy as np\n" + ERF
EDGES = (1.0, np.nextafter(1.0, 2.0), 6.0, np.nextafter(6.0, 7.0), 5.9, 27.0, 1e300)


def compiled(source=SOURCE):
    namespace: dict[str, Any] = {}
    exec(source, namespace)
    return namespace["erf"]


def points():
    """Both sides, dense around the edges of the ranges, tiny numbers, tails."""
    rng = np.random.default_rng(0)
    x = np.concatenate(
        [
            rng.uniform(0, 6.5, 2000),
            rng.normal(size=2000),
            np.linspace(0.95, 1.05, 501),
            10.0 ** rng.uniform(-300, -1, 500),
            EDGES,
        ]
    )
    return np.concatenate([x, -x])


def units(function, x):
    """The largest error, in units in the last place of erf(x)."""
    flint.ctx.prec = 120
    exact = [flint.arb(float(v)).erf() for v in x]
    error = [float(flint.arb(float(y)) - e) for y, e in zip(function(x), exact, strict=True)]
    return float((np.abs(error) / np.spacing(np.abs([float(e) for e in exact]))).max())


def test_the_error_is_below_two_units_in_the_last_place():
    with np.errstate(all="raise", under="ignore"):
        assert units(compiled(), points()) < 2


@pytest.mark.parametrize("number", ["0.1128379", "0.3761263", "0.2604160", "0.2121931", "0.375"])
def test_a_wrong_digit_is_caught(number):
    function = compiled(SOURCE.replace(number, f"{number[:-1]}{int(number[-1]) - 1}"))
    assert units(function, points()) > 100


def test_the_polynomials_are_as_near_as_is_said():
    flint.ctx.prec = 120
    erf = ast.parse(ERF).body[0]
    p, q = (ast.literal_eval(node.value) for node in ast.walk(erf)
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Tuple))  # fmt: skip

    def value(coefficients, x):
        return flint.arb_poly([flint.arb(c) for c in reversed(coefficients)])(x)

    near = [flint.arb(k) / 200 for k in range(1, 201)]
    far = [1 + flint.arb(k) / 40 for k in range(201)]
    below = [value(p, x * x) * x / x.erf() - 1 for x in near]
    beyond = [(1 - (-x * x).exp() * value(q, 1 / (1 + 3 * x / 8))) / x.erf() - 1 for x in far]
    for errors in (below, beyond):
        assert max(abs(float(e)) for e in errors) < 6e-17  # the numbers' own rounding with it


def test_it_is_odd_and_ends_at_one():
    erf, x = compiled(), points()
    assert np.array_equal(erf(-x), -erf(x))
    assert np.all(np.abs(erf(x)) <= 1)
    found = erf(np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 6.0, 5e-324]))
    assert np.isnan(found[0])
    assert found[1:].tolist() == [1, -1, 0, 0, 1, 5e-324]
    assert np.signbit(found[3:5]).tolist() == [False, True]


def test_it_rises():
    x = np.linspace(-6.2, 6.2, 20001)
    assert np.all(np.diff(compiled()(x)) >= -np.finfo(float).eps)


def test_any_shape_and_any_real_numbers():
    erf = compiled()
    x = np.linspace(-3, 3, 24).reshape(2, 3, 4)
    assert np.array_equal(erf(x.transpose(2, 0, 1)), erf(x).transpose(2, 0, 1))
    assert np.array_equal(erf(x[:, ::2, ::-1]), erf(x)[:, ::2, ::-1])
    assert erf(np.zeros((0, 3))).shape == (0, 3)
    for number in (2, 2.0, np.float64(2), np.array(2.0)):
        assert erf(number) == erf(np.array([2.0]))[0]
    assert np.array_equal(erf(np.arange(4)), erf(np.arange(4.0)))


def test_single_precision_stays_single():
    x = points()
    x = x[(np.abs(x) > 1e-30) & (np.abs(x) < 1e30)].astype(np.float32)
    found, exact = compiled()(x), compiled()(x.astype(float))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, exact, rtol=5e-7)


def test_complex_numbers_are_refused():
    with pytest.raises(TypeError):
        compiled()(np.array([2 + 1j]))
