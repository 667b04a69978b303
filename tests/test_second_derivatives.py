"""f'' and f''' of the table in numbers, for large arguments too, against 60 digits."""

import numpy as np
import pytest

from symbp.functions import TABLE, node_class
from symbp.numbers.codegen import compile_numpy
from symbp.numbers.domains import Complex, Floats, multiprecision
from symbp.numbers.printer import numpy_function
from symbp.system.model import Model

DIGITS = multiprecision(60)
NAMES = [n for n, row in TABLE.items() if row.specified and not row.closed and n != "identity"]
POINTS = np.array([-800, -100, -40, -20, -6, -3, -1, -0.1, 0.1, 0.3, 3, 6, 20, 40, 100, 700, 800])


def exact(name, order):
    row = TABLE[name]
    given = [DIGITS.number(value) for _, value in row.parameters]
    return [float(DIGITS.apply(row, order, DIGITS.array(x), given)[()]) for x in POINTS]


def system_of(name, order):
    """C = Σ f⁽ᵒʳᵈᵉʳ⁾(x), so that the gradient is the next derivative."""
    m = Model()
    (n,) = m.sizes("n")
    (j,) = m.units("j", n)
    x = m.parameter("x", j)
    node = node_class(TABLE[name], order)(x[j], *(v for _, v in TABLE[name].parameters))
    return m.system(m.sum(node, j)).with_sizes(n=len(POINTS))


@pytest.mark.parametrize("order", [2, 3])
@pytest.mark.parametrize("name", NAMES)
def test_in_the_domains(name, order):
    row = TABLE[name]
    for domain in (Floats(), Complex()):
        given = [domain.number(value) for _, value in row.parameters]
        with np.errstate(all="raise", over="ignore", under="ignore"):
            found = np.real(domain.apply(row, order, domain.array(POINTS), given))
        np.testing.assert_allclose(
            np.broadcast_to(found, POINTS.shape),
            exact(name, order),
            rtol=1e-11,
            atol=1e-13 if order == 2 else 1e-12,  # 1 − tanh² cancels; x u'³ is a thousand there
        )


@pytest.mark.parametrize("inplace", [False, True], ids=["plain", "in place"])
@pytest.mark.parametrize("name", NAMES)
def test_in_generated_code(name, inplace):
    with np.errstate(all="raise", under="ignore"):
        _, found = compile_numpy(system_of(name, 1), inplace=inplace)(POINTS)
    np.testing.assert_allclose(
        np.broadcast_to(found, POINTS.shape), exact(name, 2), rtol=1e-11, atol=1e-13
    )


@pytest.mark.parametrize("name", NAMES)
def test_in_an_expression(name):
    system = system_of(name, 2)
    body = system.defining("C")[0].rhs.function
    domain = system["x"].slots[0].range
    with np.errstate(all="raise", over="ignore", under="ignore"):
        code = numpy_function(system, body, [domain])
        found = code(*(POINTS for _ in code.families))
    np.testing.assert_allclose(
        np.broadcast_to(found, POINTS.shape), exact(name, 2), rtol=1e-11, atol=1e-13
    )
