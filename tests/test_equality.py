"""The exact judge: equal is equal, a difference of any size is seen, nothing is vacuous."""

import pytest
import sympy as sp

from symbp.adjoint import gradient
from symbp.derivation.context import Partial
from symbp.errors import DefinitionError
from symbp.functions import TABLE, X
from symbp.judge.equality import Prover, equal
from symbp.networks import mlp
from symbp.system import Range

l, j, k = (sp.Symbol(name, integer=True) for name in "ljk")
SIGMOID = TABLE["sigmoid"]


@pytest.fixture(scope="module")
def system():
    return gradient(mlp((2, 3, 2), "sigmoid"))


def units(system, layer):
    return [Range(j, sp.S.One, sp.Integer(system.sizes["n"][layer]))]


def test_the_logistic_identity_holds(system):
    z = system["z"][1, j]
    assert equal(system, SIGMOID(z), 1 / (1 + sp.exp(-z)), units(system, 1))
    assert equal(system, SIGMOID(-z), 1 - SIGMOID(z), units(system, 1))
    assert equal(system, sp.exp(2 * z), sp.exp(z) ** 2, units(system, 1))


def test_tanh_is_a_scaled_sigmoid(system):
    z = system["z"][1, j]
    assert equal(system, TABLE["tanh"](z), 2 * SIGMOID(2 * z) - 1, units(system, 1))


@pytest.mark.parametrize(
    "wrong",
    [
        lambda a: -a,
        lambda a: a + sp.Rational(1, 10**30),
        lambda a: a * (1 + sp.Rational(1, 10**30)),
        lambda a: a**2 / (a + 1),
        lambda a: 1 - a,
    ],
)
def test_a_difference_of_any_size_is_seen(system, wrong):
    a = system["a"][1, j]
    assert equal(system, a, a, units(system, 1))
    assert not equal(system, a, wrong(a), units(system, 1))


def test_one_wrong_entry_is_enough(system):
    a = system["a"][1, j]
    assert not equal(system, a, a + sp.KroneckerDelta(j, 3), units(system, 1))


def test_a_local_derivative_holds_everything_else_fixed(system):
    z, w, a = system["z"][2, j], system["w"][2, j, k], system["a"][1, k]
    domain = [*units(system, 2), Range(k, sp.S.One, sp.Integer(3))]
    assert equal(system, Partial(z, w), a, domain)
    assert equal(system, Partial(z, a), w, domain)
    assert not equal(system, Partial(z, w), w, domain)
    assert equal(system, Partial(system["a"][2, j], w), sp.S.Zero, domain)


def test_an_empty_domain_proves_nothing(system):
    a = system["a"][1, j]
    with pytest.raises(DefinitionError, match="nothing was compared"):
        equal(system, a, a, [Range(j, sp.S(2), sp.S(1))])


def test_a_condition_is_used_only_where_it_is_given():
    system = mlp((2, 3), ["softmax"], "cross-entropy")
    total = sp.Sum(system["y"][k], (k, 1, 3))
    assert not Prover(system).equal(total, sp.S.One)
    assert Prover(system, "the targets add up to one").equal(total, sp.S.One)


def test_exponentials_may_nest():
    z = mlp((1, 1))["z"][1, 1]
    e = z
    for _ in range(6):
        e = SIGMOID(e)
    assert equal(mlp((1, 1)), e, e.xreplace({z: z + 0}))
    assert not equal(mlp((1, 1)), e, SIGMOID(e))


def test_every_row_of_the_table_agrees_with_its_value(system):
    z = system["z"][1, j]
    for row in TABLE.values():
        if row.value is not None:
            numbers = {symbol: sp.Rational(2, 7) for symbol, _ in row.parameters}
            value = row.value.xreplace({X: z, **numbers})
            assert equal(system, row(z, *numbers.values()), value, units(system, 1)), row.name


def test_a_kink_is_seen_from_both_sides(system):
    z = system["z"][1, j]
    for seed in range(6):
        assert not equal(system, TABLE["step"](z), sp.S.One, units(system, 1), seed=seed)
        assert not equal(system, TABLE["relu"](z), z, units(system, 1), seed=seed)
    assert equal(system, TABLE["step"](z) ** 2, TABLE["step"](z), units(system, 1))
    assert equal(system, TABLE["relu"](z) - TABLE["relu"](-z), z, units(system, 1))


def test_a_root_is_a_root():
    system = mlp((2, 2, 1), "tanh")
    z = system["z"][1, j] ** 2 + 2
    assert equal(system, sp.sqrt(z) ** 2, z, units(system, 1))
    for seed in range(6):
        assert equal(system, sp.sqrt(z) * sp.sqrt(z), z, units(system, 1), seed=seed)
        assert equal(system, z / sp.sqrt(z), sp.sqrt(z), units(system, 1), seed=seed)
        assert not equal(system, -sp.sqrt(z), sp.sqrt(z), units(system, 1), seed=seed)
