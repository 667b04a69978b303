"""The prime field: laws that must hold exactly, and differences that must be seen."""

import numpy as np
import pytest
import sympy as sp

from symbp.errors import ValueRangeError
from symbp.functions import TABLE
from symbp.numbers.field import ChainTooShortError, Field, Residues, chain

FIELD = Field(5)
X, Y = FIELD.random((4,), "x"), FIELD.random((4,), "y")


def same(a, b):
    return bool((a.top == b.top).all())


def number(value):
    return FIELD.number(sp.sympify(value))


def exp(x):
    return FIELD.elementary("exp", x)


def test_the_chain_is_one_of_primes_with_generators_of_the_order_before():
    primes, generators = chain(5)
    for p, q, g in zip(primes, primes[1:], generators[1:], strict=False):
        assert sp.isprime(q)
        assert q % 8 == 7
        assert (q - 1) % p == 0
        assert pow(g, p, q) == 1 != g
    assert primes[0] > 2**127


def test_fractions_are_exact():
    third = FIELD.array(sp.Rational(1, 3))
    assert same(FIELD.multiply(third, FIELD.array(3)), FIELD.array(1))
    assert same(FIELD.add(X, FIELD.multiply(X, FIELD.array(-1))), FIELD.array([0, 0, 0, 0]))


def test_powers_are_repeated_products():
    cube = FIELD.power(X, sp.Integer(3))
    assert same(cube, FIELD.multiply(X, FIELD.multiply(X, X)))
    assert same(FIELD.multiply(X, FIELD.power(X, sp.Integer(-1))), FIELD.array([1, 1, 1, 1]))
    with pytest.raises(ZeroDivisionError, match="a denominator is zero"):
        FIELD.power(FIELD.array([1, 0]), sp.Integer(-1))


def test_a_root_squared_is_the_number_or_its_negative():
    root = FIELD.power(X, sp.Rational(1, 2))
    square, p = FIELD.multiply(root, root).top, FIELD.primes[-1]
    assert all(s in (x, p - x) for s, x in zip(square, X.top, strict=True))
    assert same(FIELD.power(X, sp.Rational(3, 2)), FIELD.power(root, sp.Integer(3)))
    assert same(number(sp.sqrt(2) ** 2 * 3), FIELD.array(6))
    with pytest.raises(ValueRangeError, match="no root of order 3"):
        FIELD.power(X, sp.Rational(1, 3))


def test_constants_obey_their_laws():
    assert same(FIELD.multiply(number(sp.sqrt(sp.pi)), number(sp.sqrt(sp.pi))), number(sp.pi))
    assert same(number(sp.sqrt(2 / sp.pi)), FIELD.power(number(2 / sp.pi), sp.Rational(1, 2)))
    with pytest.raises(ValueRangeError, match="no meaning in a prime field"):
        number(sp.EulerGamma)


def test_exp_is_a_homomorphism():
    assert same(exp(FIELD.add(X, Y)), FIELD.multiply(exp(X), exp(Y)))
    assert same(exp(FIELD.array(0)), FIELD.array(1))
    assert not same(exp(X), exp(Y))
    assert not same(exp(FIELD.multiply(X, Y)), FIELD.multiply(exp(X), exp(Y)))


def test_every_nesting_of_exp_uses_up_a_prime():
    nested = X
    for depth in range(1, 5):
        nested = exp(nested)
        assert nested.depth == depth
    with pytest.raises(ChainTooShortError):
        exp(nested)


def test_tanh_is_a_scaled_sigmoid():
    double = FIELD.multiply(FIELD.array(2), X)
    sigmoid = FIELD.apply(TABLE["sigmoid"], 0, double, ())
    expected = FIELD.add(FIELD.multiply(FIELD.array(2), sigmoid), FIELD.array(-1))
    assert same(FIELD.apply(TABLE["tanh"], 0, X, ()), expected)


def test_an_unspecified_function_is_an_oracle_of_its_exact_argument():
    f = TABLE["f"]
    assert same(FIELD.apply(f, 0, X, ()), FIELD.apply(f, 0, X, ()))
    assert not same(FIELD.apply(f, 0, X, ()), FIELD.apply(f, 1, X, ()))
    assert not same(FIELD.apply(f, 0, X, ()), FIELD.apply(TABLE["g"], 0, X, ()))
    near = FIELD.add(X, FIELD.array(1))
    assert not same(FIELD.apply(f, 0, X, ()), FIELD.apply(f, 0, near, ()))


def test_sign_is_odd_and_step_follows_it():
    many = FIELD.random((64,), "many")
    negative = FIELD.multiply(many, FIELD.array(-1))
    sign, step = (FIELD.elementary(name, many) for name in ("sign", "step"))
    assert same(FIELD.multiply(sign, FIELD.array(-1)), FIELD.elementary("sign", negative))
    one = FIELD.array(np.ones(64, int))
    assert same(FIELD.add(step, FIELD.elementary("step", negative)), one)
    assert set(step.top) == {0, 1}
    assert same(FIELD.elementary("sign", FIELD.array(0)), FIELD.array(0))


def test_random_numbers_are_fixed_by_seed_and_name():
    assert same(FIELD.random((3,), "w"), Field(5).random((3,), "w"))
    assert not same(FIELD.random((3,), "w"), FIELD.random((3,), "v"))
    assert not same(FIELD.random((3,), "w"), Field(5, seed=1).random((3,), "w"))


@pytest.mark.parametrize(
    ("axes", "out"),
    [((("j", "k"), ("k",)), ("j",)), ((("j", "k"), ("k", "j")), ()), ((("j",), ("k",)), ("k", "j")),
     ((("j", "k"), ("k", "i"), ("i",)), ("j",)), ((("j", "k"), ("j",), ("j", "k")), ("j",))],
)  # fmt: skip
def test_a_contraction_is_the_sum_of_products(axes, out):
    lengths = {"i": 2, "j": 3, "k": 4}
    factors = [
        (FIELD.random(tuple(lengths[a] for a in ax), f"{i}"), ax) for i, ax in enumerate(axes)
    ]
    found = FIELD.contract(factors, out)
    letters = ",".join("".join(ax) for ax in axes) + "->" + "".join(out)
    for prime, p in enumerate(FIELD.primes):
        plain = [np.asarray(b.data[prime], object) for b, _ in factors]
        expected = np.einsum(letters, *plain, optimize=False)
        assert (np.asarray(found.data[prime]) == expected % p).all()


def test_a_single_factor_is_summed():
    total = FIELD.contract([(X, ("j",))], ())
    assert total.top == sum(X.top) % FIELD.primes[-1]


def test_take_stack_and_arrange_keep_the_axis_of_primes():
    both = FIELD.stack([X, Y])
    assert both.shape == (2, 4)
    assert same(
        FIELD.take(both, (np.array([1, 1]), np.array([0, 3]))), FIELD.take(Y, (np.array([0, 3]),))
    )
    assert FIELD.arrange(both, ("a", "b"), ("b", "c", "a")).shape == (4, 1, 2)


# -- planted faults: laws that a broken field must fail -------------------------------------------


class NoHomomorphism(Field):
    """exp(x) = g^(x + 1)."""

    def _exp(self, x: Residues) -> Residues:
        return super()._exp(self.add(x, self.array(1)))


class ForgetfulOracle(Field):
    """An oracle that looks at the last 3 bits of its argument only."""

    def _hash(self, name: str, value: int, modulus: int) -> int:
        return super()._hash(name, value % 8, modulus)


def test_a_broken_exponential_is_seen():
    broken = NoHomomorphism(5)
    x, y = broken.random((4,), "x"), broken.random((4,), "y")
    left = broken.elementary("exp", broken.add(x, y))
    right = broken.multiply(broken.elementary("exp", x), broken.elementary("exp", y))
    assert not same(left, right)


def test_a_forgetful_oracle_is_seen():
    broken = ForgetfulOracle(3)
    near = broken.add(X := broken.random((4,), "x"), broken.array(8))
    assert same(broken.apply(TABLE["f"], 0, X, ()), broken.apply(TABLE["f"], 0, near, ()))
