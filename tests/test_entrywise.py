"""Every entry moved by itself: the numbers with differences, and the derivatives made of them."""

import numpy as np
import pytest
import sympy as sp

from symbp.errors import ValueRangeError
from symbp.functions import TABLE
from symbp.networks import mlp
from symbp.numbers.domains import Complex, Floats
from symbp.numbers.entrywise import (
    Chosen,
    blocks_of,
    central_steps,
    complex_steps,
    precise_steps,
)
from symbp.numbers.evaluator import Evaluation
from symbp.numbers.gathers import index_ranges
from symbp.numbers.perturbation import Differences, Perturbed
from symbp.numbers.rounding import Rounded
from symbp.numbers.sampling import check_domain, sample, with_small_sizes
from symbp.system import Equation, Role, System, Variable
from symbp.system.instantiate import with_functions
from tests.small_systems import EXAMPLES

RNG = np.random.default_rng(3)
METHODS = {"complex": complex_steps, "central": central_steps, "precise": precise_steps}


def smooth(name):
    return with_functions(EXAMPLES[name]().system, {"f": "tanh"})


def parameters(system):
    return [v.name for v in system.with_role(Role.PARAMETER)]


def moved(system, values, family, key, place, step):
    """C(θ + step·e) evaluated from the start, without differences."""
    blocks = {k: b.copy() for k, b in blocks_of(system, family, values[family]).items()}
    blocks[key][place] += step
    given = {**values, family: blocks.get((), blocks)}
    return float(Evaluation(system, given)[system.loss])


# -- numbers with differences ---


def dense(domain, x):
    """x[P] = x + Δx_P as plain arrays."""
    return x.value[None] + domain.spread(x)


@pytest.fixture
def pair():
    """(j, k) numbers moved at two places each, and (k,) numbers moved everywhere."""
    domain = Differences(Floats(), 2)
    at = {0: np.array([0, 2]), 1: np.array([3, 1])}
    x = Perturbed(RNG.normal(size=(3, 4)), np.array([0.5, -0.25]), at)
    y = Perturbed(RNG.normal(size=4), RNG.normal(size=(2, 4)))
    return domain, x, y


@pytest.mark.parametrize("out", [("j",), ("j", "k"), ("k", "j"), (), ("k",)])
def test_a_contraction_is_that_of_the_moved_numbers(pair, out):
    domain, x, y = pair
    found = domain.contract([(x, ("j", "k")), (y, ("k",)), (x, ("j", "k"))], out)
    expected = np.einsum(
        f"Pjk,Pk,Pjk->P{''.join(out)}", dense(domain, x), dense(domain, y), dense(domain, x)
    )
    np.testing.assert_allclose(dense(domain, found), expected, rtol=1e-13)


def test_a_difference_at_one_place_stays_there(pair):
    domain, x, _ = pair
    plain = Perturbed(RNG.normal(size=4))
    total = domain.contract([(x, ("j", "k")), (plain, ("k",))], ("j",))
    assert total.delta.shape == (2,)
    assert list(total.at) == [0]


def test_two_places_that_meet_in_a_product_are_compared():
    domain = Differences(Floats(), 2)
    row = Perturbed(np.ones(3), np.array([1.0, 1.0]), {0: np.array([0, 1])})
    column = Perturbed(np.ones(3), np.array([1.0, 1.0]), {0: np.array([0, 2])})
    product = domain.contract([(row, ("j",)), (column, ("j",))], ())
    np.testing.assert_array_equal(dense(domain, product), [2 * 2 + 1 + 1, 2 + 2 + 1])


def test_sums_products_and_functions_are_those_of_the_moved_numbers(pair):
    domain, x, y = pair
    wide = domain.arrange(y, ("k",), ("j", "k"))
    cases = {
        "add": (domain.add(x, wide), lambda a, b: a + b),
        "multiply": (domain.multiply(x, wide), lambda a, b: a * b),
        "power": (domain.power(x, sp.Integer(3)), lambda a, b: a**3),
        "tanh": (domain.apply(TABLE["tanh"], 0, x, ()), lambda a, b: np.tanh(a)),
        "square": (domain.multiply(x, x), lambda a, b: a * a),
    }
    a, b = dense(domain, x), np.broadcast_to(dense(domain, y)[:, None, :], (2, 3, 4))
    for name, (found, f) in cases.items():
        np.testing.assert_allclose(dense(domain, found), f(a, b), rtol=1e-12, err_msg=name)


def test_taking_stacking_and_arranging_move_the_differences_along(pair):
    domain, x, y = pair
    rows, columns = np.array([[0, 2], [1, 0]]), np.array([[3, 1], [3, 3]])
    found = domain.take(x, (rows, columns))
    np.testing.assert_allclose(dense(domain, found), dense(domain, x)[:, rows, columns])
    both = domain.stack([y, Perturbed(np.zeros(4))])
    assert dense(domain, both).shape == (2, 2, 4)
    turned = domain.arrange(x, ("j", "k"), ("k", "i", "j"))
    np.testing.assert_allclose(dense(domain, turned)[:, :, 0], dense(domain, x).swapaxes(1, 2))


def test_a_kink_that_is_met_or_crossed_is_noted():
    domain = Differences(Floats(), 3)
    x = Perturbed(np.array([0.0, 1.0, -1.0]), np.array([0.1, 0.1, 2.0]), {0: np.arange(3)})
    domain.apply(TABLE["relu"], 0, x, ())
    np.testing.assert_array_equal(domain.kinked, [True, False, True])


# -- derivatives ---


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", EXAMPLES)
def test_every_entry_has_the_derivative_of_the_plain_evaluation(name, method):
    """Against differences of C evaluated from the start, at a few entries of each family."""
    system = smooth(name)
    values = sample(system, fixed=EXAMPLES[name]().data)
    found = METHODS[method](system, values, parameters(system))
    for family in parameters(system):
        for key, slopes in found[family].items():
            assert slopes.value.shape == blocks_of(system, family, values[family])[key].shape
            place = tuple(RNG.integers(n) for n in slopes.value.shape)
            h = 1e-5
            up, down = (moved(system, values, family, key, place, s) for s in (h, -h))
            assert slopes.value[place] == pytest.approx((up - down) / (2 * h), rel=1e-6, abs=1e-8)


@pytest.mark.parametrize("name", ["recurrence in time", "layers", "softmax"])
def test_the_error_of_central_differences_is_not_too_small(name):
    system = smooth(name)
    for seed in range(3):
        values = sample(system, seed)
        exact = precise_steps(system, values, parameters(system))
        found = central_steps(system, values, parameters(system))
        for family in parameters(system):
            for key, slopes in found[family].items():
                assert (np.abs(slopes.value - exact[family][key].value) <= 2 * slopes.error).all()
                assert (slopes.error <= 1e-6 * np.abs(slopes.value) + 1e-9).all()


def test_chosen_entries_alone_are_computed():
    system = smooth("diagonal")
    values = sample(system)
    chosen: Chosen = {"w": {(): np.eye(3, dtype=bool)}}
    whole = complex_steps(system, values, ["w"])["w"][()]
    for method in METHODS.values():
        part = method(system, values, ["w"], chosen)["w"][()]
        np.testing.assert_allclose(np.diag(part.value), np.diag(whole.value), rtol=1e-9)
        assert np.isnan(part.value[0, 1])
        assert np.isinf(part.error[0, 1])


def test_many_entries_are_taken_in_chunks(monkeypatch):
    system = mlp((20, 30, 3), "tanh", batch=2)
    values = sample(system)
    whole = complex_steps(system, values, ["w"])["w"]
    monkeypatch.setattr("symbp.numbers.entrywise.CHUNK", 7)
    monkeypatch.setattr("symbp.numbers.entrywise.BUDGET", 500)
    for key, slopes in complex_steps(system, values, ["w"])["w"].items():
        np.testing.assert_allclose(slopes.value, whole[key].value, rtol=1e-13)


@pytest.mark.parametrize("method", ["central", "precise"])
def test_at_a_kink_the_slopes_of_both_sides_are_given(method):
    system = mlp((1, 2), "relu", "squared-error", bias=False)
    values = {"x": [1.0], "y": [-1.0, 1.0], "w": [[[0.0], [2.0]]]}
    slopes = METHODS[method](system, values, ["w"])["w"][1,]
    assert slopes.kink.ravel().tolist() == [True, False]
    assert slopes.value[0, 0] == pytest.approx(1, abs=1e-4)  # between 0 and 2
    assert slopes.error[0, 0] == pytest.approx(1, abs=1e-3)
    assert slopes.value[1, 0] == pytest.approx(2)


def test_a_step_over_a_kink_is_not_used():
    system = mlp((1, 1), "relu", "squared-error", bias=False)
    values = {"x": [1.0], "y": [0.0], "w": [[[1e-4]]]}
    slopes = central_steps(system, values, ["w"])["w"][1,]
    assert not slopes.kink.any()
    assert slopes.value[0, 0] == pytest.approx(2e-4)
    assert slopes.error[0, 0] < 1e-7


def test_a_vanishing_derivative_keeps_its_digits():
    system = mlp([3] * 9, "sigmoid")
    values = sample(system)
    exact = precise_steps(system, values, ["w"])["w"][1,]
    slopes = complex_steps(system, values, ["w"])["w"][1,]
    assert np.abs(slopes.value).max() < 1e-6
    np.testing.assert_allclose(slopes.value, exact.value, rtol=1e-12)


# -- rounding ---


def test_random_rounding_moves_results_by_their_rounding():
    system = smooth("layers")
    values = sample(system)
    plain = float(Evaluation(system, values)["C"])
    spread = [
        abs(float(Evaluation(system, values, Rounded(Floats(), s))["C"]) - plain) for s in range(5)
    ]
    assert 0 < max(spread) < 1e-13 * abs(plain)


def test_random_rounding_shows_where_digits_cancel():
    x = np.array([30.0])
    runs = [Rounded(Floats(), s).apply(TABLE["sigmoid"], 1, x, ()) for s in range(20)]
    assert max(abs(r - np.exp(-30))[0] for r in runs) > 1e-17
    assert max(abs(r - np.exp(-30))[0] for r in runs) < 1e-15


def test_random_rounding_leaves_the_imaginary_part_to_its_own_size():
    z = Rounded(Complex(), 0).multiply(np.array([1 + 1e-40j]), np.array([1 + 0j]))
    assert abs(z.imag[0] / 1e-40 - 1) < 1e-15


# -- random values ---


@pytest.mark.parametrize(
    ("activation", "loss"),
    [("identity", "binary-cross-entropy"), ("tanh", "cross-entropy"), ("log", "cross-entropy"),
     ("exp", "binary-cross-entropy"), ("sqrt", "squared-error"), ("softmax", "cross-entropy")],
)  # fmt: skip
def test_random_values_are_inside_the_domain_of_the_loss(activation, loss):
    network = mlp((3, 4), [activation], loss, batch=2)
    check_domain(network, sample(network))


def test_values_that_no_draw_can_give_are_asked_for():
    with pytest.raises(ValueRangeError, match="no random values avoid that, so give values"):
        sample(mlp((2, 2), "sign", "binary-cross-entropy"))


def test_targets_of_the_hinge_are_signs():
    assert set(sample(mlp((2, 9), "identity", "hinge"))["y"]) == {-1.0, 1.0}


def test_sizes_that_are_symbols_become_small_numbers_unlike_their_neighbours():
    sizes = with_small_sizes(mlp(batch=True)).sizes
    assert sizes == {"L": 3, "m": 2, "n": (3, 4, 2, 5)}
    assert with_small_sizes(mlp((2, 1))).sizes == mlp((2, 1)).sizes


def test_no_two_sizes_without_layers_are_the_same():
    names = ["T", "m", "n", "p", "q", "r"]
    variables = [Variable(n, role=Role.SIZE, minimum=3 if n == "T" else 1) for n in names]
    variables += [Variable("w", role=Role.PARAMETER), Variable("C", role=Role.LOSS)]
    equations = (Equation("C", (), sp.Symbol("w", real=True) ** 2),)
    for fixed in ({}, {"T": 3}, {"m": 4, "r": 2}):
        sizes = with_small_sizes(System(tuple(variables), equations, "C", fixed)).sizes
        assert len(set(sizes.values())) == len(names)
        assert fixed.items() <= sizes.items()


def test_data_for_an_index_is_found_and_in_range():
    system = EXAMPLES["gather"]().system
    assert list(index_ranges(system)) == ["c"]
    drawn = sample(system)["c"]
    assert drawn.min() >= 1
    assert drawn.max() <= 3
    assert drawn.dtype.kind == "i"
