"""Every row of the table of functions, each fact of it against another witness.

value       by duals in a prime field        derivative, and the second by `prime_formula`
value       by mpmath's numerical derivative derivative
value       in 60 digits                     NumPy texts, also for large |x|
"""

from dataclasses import replace

import mpmath
import numpy as np
import pytest
import sympy as sp
from sympy.core.function import ArgumentIndexError

from symbp.adjoint.partials import expand_primes, occurrences, prime_formula
from symbp.errors import DefinitionError, UnknownNameError
from symbp.functions import IDENTITY, TABLE, Elementwise, F, X, derivative_of, lookup
from symbp.numbers.domains import Complex, Floats, multiprecision, numpy_function
from symbp.numbers.dual import Dual, DualArray
from symbp.numbers.field import Field

KNOWN = [name for name, row in TABLE.items() if row.specified]
UNKNOWN = [name for name, row in TABLE.items() if not row.specified]
POSITIVE = {"log", "sqrt"}  #: functions of positive numbers
DIGITS = multiprecision(60)
EPS = float(np.finfo(np.float64).eps)


def points(name):
    """Arguments on both sides of every kink, small and large, none of them a kink."""
    x = [1e-8, 0.3, 0.7, 1.9, 5.0, 17.0, 36.0, 300.0, 1000.0]
    if name == "exp":
        x = x[:8]
    return np.array(x if name in POSITIVE else [*(-v for v in reversed(x)), *x])


def parameters(name, domain):
    return [domain.number(value) for _, value in TABLE[name].parameters]


def of_row(name, order, x, domain):
    return domain.apply(TABLE[name], order, domain.array(x), parameters(name, domain))


# -- derivative and value -------------------------------------------------------------------------


def derivative_is_exact(name, order=1):
    """Whether f⁽ᵒʳᵈᵉʳ⁾ is the dual part of f⁽ᵒʳᵈᵉʳ⁻¹⁾ at random residues."""
    field = Field(6)
    x, one = field.random((8,), name), field.array(np.ones(8, int))
    dual = Dual(field)
    given = [dual.number(value) for _, value in TABLE[name].parameters]
    tangent = dual.apply(TABLE[name], order - 1, DualArray(x, one), given).tangent
    found = field.apply(TABLE[name], order, x, parameters(name, field))
    zero = field.array(0)
    tangent = tangent if tangent is not None else field.multiply(x, zero)
    return bool((field.add(found, field.multiply(x, zero)).top == tangent.top).all())


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("name", KNOWN)
def test_the_derivative_is_that_of_the_value(name, order):
    assert derivative_is_exact(name, order)


@pytest.mark.parametrize("name", KNOWN)
def test_mpmath_finds_the_same_derivative_numerically(name):
    with mpmath.workdps(60):
        for x in points(name):
            if abs(x) > 40:
                continue
            slope = mpmath.diff(lambda t: of_row(name, 0, t, DIGITS)[()], mpmath.mpf(x), h=1e-20)
            assert abs(slope - of_row(name, 1, x, DIGITS)[()]) <= 1e-15 * (1 + abs(slope))


@pytest.mark.parametrize("name", KNOWN)
def test_the_complex_step_finds_the_same_derivative(name):
    x = points(name)
    slope = of_row(name, 0, x + 1e-40j, Complex()).imag / 1e-40
    expected = of_row(name, 1, x, Floats())
    np.testing.assert_allclose(slope, np.broadcast_to(expected, x.shape), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("name", [n for n in KNOWN if TABLE[n].value is not None])
def test_a_wrong_derivative_is_caught(name, monkeypatch):
    row, right = TABLE[name], sp.sympify(TABLE[name].derivative)
    for wrong in (-right, right + F * sp.Rational(1, 10**9), right + 1):
        monkeypatch.setitem(TABLE, name, replace(row, derivative=wrong))
        assert not derivative_is_exact(name)


@pytest.mark.parametrize("name", [n for n in KNOWN if TABLE[n].value is not None])
def test_a_wrong_value_is_caught(name, monkeypatch):
    row = TABLE[name]
    monkeypatch.setitem(TABLE, name, replace(row, value=row.value * (1 + X / 10**9)))
    assert not derivative_is_exact(name)


# -- NumPy texts ----------------------------------------------------------------------------------


def text_error(name, order):
    """The largest error of a row's NumPy text, relative to 1 + |x| + |f|."""
    row, x = TABLE[name], points(name)
    symbols = tuple(p.name for p, _ in row.parameters)
    values = [float(v) for _, v in row.parameters]
    with np.errstate(all="raise", over="ignore", under="ignore"):  # 1 / inf is 0
        f = numpy_function(row.numpy, symbols)(x, values)
        if order:
            text = row.numpy_derivative.replace("{f}", "x[1]").replace("{x}", "x[0]")
            f = numpy_function(text, symbols)((x, f), values)
    expected = np.array([float(of_row(name, order, v, DIGITS)[()]) for v in x])
    return float((np.abs(f - expected) / (1 + np.abs(x) + np.abs(expected))).max())


@pytest.mark.parametrize("name", [n for n in KNOWN if TABLE[n].numpy])
def test_the_numpy_text_is_the_value_also_for_large_arguments(name):
    assert text_error(name, 0) < 32 * EPS


@pytest.mark.parametrize("name", [n for n in KNOWN if TABLE[n].numpy_derivative])
def test_the_numpy_text_of_the_derivative_is_the_derivative(name):
    assert text_error(name, 1) < 32 * EPS


@pytest.mark.parametrize("name", [n for n in KNOWN if TABLE[n].numpy])
def test_floats_use_the_text_without_a_warning(name):
    x = points(name)
    expected = [float(of_row(name, 0, v, DIGITS)[()]) for v in x]
    np.testing.assert_allclose(of_row(name, 0, x, Floats()), expected, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("name", KNOWN)
def test_a_wrong_numpy_text_is_caught(name, monkeypatch):
    row = TABLE[name]
    if row.numpy:
        monkeypatch.setitem(TABLE, name, replace(row, numpy=f"({row.numpy}) * (1 + 1e-9)"))
        assert text_error(name, 0) > 32 * EPS
        monkeypatch.setitem(TABLE, name, row)
    if row.numpy_derivative:
        wrong = f"({row.numpy_derivative}) * (1 + 1e-9)"
        monkeypatch.setitem(TABLE, name, replace(row, numpy_derivative=wrong))
        assert text_error(name, 1) > 32 * EPS


def test_a_known_function_has_texts_for_value_and_derivative():
    for name in KNOWN:
        row = TABLE[name]
        assert row.numpy, name
        constant = sp.sympify(row.derivative).is_number
        assert row.numpy_derivative or constant or name == "erf", name


# -- kinks and parameters -------------------------------------------------------------------------


@pytest.mark.parametrize("name", [n for n in KNOWN if TABLE[n].kinks])
def test_at_a_kink_the_derivative_is_the_one_from_the_left(name):
    kink = float(TABLE[name].kinks[0])
    at = of_row(name, 1, np.array([kink, kink - 1e-9]), Floats())
    left = np.broadcast_to(at, (2,))
    expected = 0.0 if name == "abs" else left[1]
    assert left[0] == pytest.approx(expected, abs=1e-8)


@pytest.mark.parametrize("name", KNOWN)
def test_the_slopes_beside_a_point_agree_unless_it_is_a_kink(name):
    for centre in [0.0, 1.0] if name not in POSITIVE else [1.0]:
        x = np.array([centre - 1e-9, centre + 1e-9])
        below, above = np.broadcast_to(of_row(name, 1, x, Floats()), (2,))
        jumps = abs(above - below) > 1e-6
        steps = abs(np.subtract(*of_row(name, 0, x, Floats()))) > 1e-6
        assert not (jumps or steps) or sp.Float(centre) in [sp.Float(k) for k in TABLE[name].kinks]


def test_parameters_that_are_left_out_take_their_own_symbols():
    alpha = sp.Symbol("alpha", real=True)
    assert TABLE["elu"](X) == TABLE["elu"](X, alpha)
    assert TABLE["elu"](X, sp.Integer(2)) != TABLE["elu"](X)


def test_a_parameter_cannot_be_differentiated():
    alpha = sp.Symbol("alpha", real=True)
    with pytest.raises(DefinitionError, match="no derivative by the parameter of a function"):
        list(occurrences(TABLE["elu"](X, alpha), {"alpha"}))
    with pytest.raises(ArgumentIndexError):
        TABLE["elu"](X, alpha).fdiff(2)


# -- nodes and names ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", UNKNOWN)
def test_an_unspecified_function_keeps_its_primes(name):
    node = TABLE[name](X)
    assert str(derivative_of(derivative_of(node))) == f"{name}''(x)"
    with pytest.raises(DefinitionError, match=f"{name} is unspecified"):
        prime_formula(name, 1)
    with pytest.raises(UnknownNameError, match=f"{name} is unspecified: choose a function"):
        Floats().apply(TABLE[name], 0, np.zeros(2), ())


@pytest.mark.parametrize("name", [n for n in KNOWN if n != "identity"])
def test_sympy_differentiates_a_node_as_the_table_does(name):
    node = TABLE[name](X)
    expected = expand_primes(derivative_of(node))
    assert sp.simplify(expand_primes(sp.diff(node, X)) - expected) == 0


def test_closed_functions_are_written_out_at_once():
    assert derivative_of(TABLE["exp"](X)) == TABLE["exp"](X)
    assert derivative_of(TABLE["square"](X)) == 2 * X
    assert derivative_of(TABLE["step"](X)) == 0
    assert isinstance(derivative_of(TABLE["sigmoid"](X)), Elementwise)


def test_the_identity_leaves_no_node():
    assert IDENTITY(X) == X


def test_names_are_found_with_hyphens_and_typing_errors_are_helped():
    assert lookup("leaky-relu") is TABLE["leaky_relu"]
    with pytest.raises(UnknownNameError, match="did you mean 'sigmoid'"):
        lookup("sigmiod")


def test_a_function_outside_the_table_is_refused():
    with pytest.raises(UnknownNameError, match="unknown function 'sin'"):
        derivative_of(sp.sin(X))


def test_every_row_is_tested():
    assert {*KNOWN, *UNKNOWN} == set(TABLE)
    assert all(row.latex for row in TABLE.values())
    assert all(row.source for row in TABLE.values())
