"""The maximum over an index: its value, its derivative, ties, and what is proved of it."""

from dataclasses import replace

import numpy as np
import pytest
import sympy as sp

from symbp import networks
from symbp.adjoint import gradient
from symbp.errors import SizeError, UnknownNameError
from symbp.judge.equality import equal
from symbp.numbers.balls import Balls, UndecidedSign
from symbp.numbers.codegen import compile_numpy
from symbp.numbers.domains import Complex, Floats
from symbp.numbers.evaluator import Evaluation
from symbp.numbers.field import Field
from symbp.system import Range
from symbp.system.maximum import Chosen, Maximum
from symbp.system.model import Model
from symbp.verify import verify

j, k, n = sp.symbols("j k n", integer=True)
u, w = sp.IndexedBase(sp.Symbol("u", real=True)), sp.IndexedBase(sp.Symbol("w", real=True))
OVER = Range(k, sp.S.One, n)
GREATEST = Maximum.of(u[k], OVER)


def at(place):
    return GREATEST.chosen([sp.sympify(place)])


def system(**sizes):
    """C = max_k u_k + Σ_k w_k."""
    m = Model()
    (size,) = m.sizes("n", minimum=2)
    m.units("j k", size)
    numbers, others = m.parameter("u", k), m.parameter("w", k)
    return m.system(m.max(numbers[k], k) + m.sum(others[k], k), **sizes)


def slopes(values, domain=None):
    given = {"u": np.array(values), "w": np.zeros(len(values))}
    return Evaluation(gradient(system(n=len(values))), given, domain)["∂C/∂u"]


@pytest.mark.parametrize("domain", [None, Complex()])
def test_the_slope_is_one_at_the_first_greatest_and_zero_elsewhere(domain):
    assert slopes([1.0, 3.0, 2.0], domain).tolist() == [0, 1, 0]
    assert slopes([3.0, 1.0, 3.0], domain).tolist() == [1, 0, 0]


def test_code_takes_the_first_greatest_too():
    code = compile_numpy(system(n=3))
    assert code(u=np.array([2.0, 5.0, 5.0]), w=np.zeros(3))[1].tolist() == [0, 1, 0]


def test_balls_take_a_maximum_only_where_one_is_clear():
    assert [float(x) for x in slopes([sp.S(1), sp.S(3), sp.S(2)], Balls())] == [0, 1, 0]
    with pytest.raises(UndecidedSign, match="a maximum of numbers of which two are equal"):
        slopes([sp.S(3), sp.S(3)], Balls())


@pytest.mark.parametrize("formal", [True, False])
def test_the_weights_of_a_prime_field_sum_to_one_and_do_not_ask_for_the_order(formal):
    field = Field(formal=formal)
    numbers = field.array(np.array([[5, 7, 9, 7], [9, 7, 5, 5]]))
    weights = field.greatest(numbers, 1).top
    assert (weights.sum(axis=1) % field.primes[-1]).tolist() == [1, 1]
    assert weights[0, 3] == 0, "a number that stood before"
    assert weights[0, :3].tolist() == weights[1, [2, 1, 0]].tolist()


TRUE = {
    "one place is chosen": (sp.Sum(at(j), (j, 1, n)), sp.S.One),
    "the maximum is what is chosen": (sp.Sum(at(j) * u[j], (j, 1, n)), GREATEST),
    "chosen or not": (at(j) ** 2, at(j)),
    "one choice only": (at(1) * at(2), sp.S.Zero),
    "the square of the maximum": (sp.Sum(at(j) * u[j] ** 2, (j, 1, n)), GREATEST**2),
    "another letter": (GREATEST, Maximum.of(u[j], Range(j, sp.S.One, n))),
    "counted down": (GREATEST, Maximum.of(u[n + 1 - k], OVER)),
}
FALSE = {
    "the first is the greatest": (GREATEST, u[1]),
    "all are chosen": (at(j), sp.S.One),
    "the same is chosen": (at(1), at(2)),
    "the place of another maximum": (at(j), Maximum.of(w[k], OVER).chosen([j])),
    "the least": (GREATEST, -Maximum.of(-u[k], OVER)),
    "the mean": (GREATEST, sp.Sum(u[k], (k, 1, n)) / n),
    "a part": (GREATEST, Maximum.of(u[k], Range(k, sp.S(2), n))),
    "twice": (sp.Sum(at(j), (j, 1, n)), sp.S(2)),
    "the maximum of sums": (Maximum.of(u[k] + w[k], OVER), GREATEST + Maximum.of(w[k], OVER)),
}


@pytest.mark.parametrize("name", TRUE)
def test_what_holds_is_proved(name):
    left, right = TRUE[name]
    assert equal(system(), left, right, [Range(j, sp.S.One, n)])


@pytest.mark.parametrize("name", FALSE)
def test_what_does_not_hold_is_not(name):
    left, right = FALSE[name]
    assert not equal(system(), left, right, [Range(j, sp.S.One, n)])


def wrong_gradients():
    forward = networks.lookup("max-pooling").small()
    first = gradient(forward)

    def with_chosen(change):
        equations = tuple(
            replace(e, rhs=e.rhs.replace(lambda node: isinstance(node, Chosen), change))
            for e in first.equations
        )
        return replace(first, equations=equations)

    other = {
        "every place": lambda node: sp.S.One,
        "no place": lambda node: sp.S.Zero,
        "the mean": lambda node: sp.Rational(1, 4),
        "transposed": lambda node: node.maximum.chosen(node.place[::-1]),
        "all but the greatest": lambda node: 1 - node,
    }
    return {name: (forward, with_chosen(change)) for name, change in other.items()}


@pytest.mark.parametrize(
    "name", ["every place", "no place", "the mean", "transposed", "all but the greatest"]
)
def test_a_wrong_gradient_of_max_pooling_is_refuted(name):
    forward, wrong = wrong_gradients()[name]
    report = verify(forward, candidate=wrong, witnesses=["exact", "complex step"])
    assert not report.ok
    assert {f.verdict for row in report.rows for f in row.findings} <= {"refuted", "mismatch"}


def test_a_tie_is_a_kink_for_differences():
    values = {"u": np.array([2.0, 2.0, 1.0]), "w": np.zeros(3)}
    report = verify(system(n=3), values=values, wrt=["u"], witnesses=["central"])
    assert [f.verdict for row in report.rows for f in row.findings] == ["kink"]


def test_bound_indices_do_not_meet_those_of_the_place():
    found = GREATEST.chosen([k + 1])
    assert found.free_symbols >= {k, n}
    assert found.entry == u[k + 1]


def test_a_range_may_move_with_an_axis():
    values = {"u": np.array([2.0, 1.0, 3.0]), "w": np.ones(3)}
    prefix = Maximum.of(u[k], Range(k, sp.S.One, j))
    at = [Range(j, sp.S.One, n)]
    found = Evaluation(system(n=3), values, Floats())
    assert found.evaluate(prefix, at).buffer.tolist() == [2.0, 2.0, 3.0]
    assert found.evaluate(prefix.chosen([sp.S.One]), at).buffer.tolist() == [1.0, 1.0, 0.0]
    with pytest.raises(SizeError, match="the range 1 ≤ k ≤ j - 1 of a maximum is empty"):
        found.evaluate(Maximum.of(u[k], Range(k, sp.S.One, j - 1)), at)


def test_an_unknown_pooling_is_refused():
    with pytest.raises(UnknownNameError, match=r"unknown pooling 'mean' \(known: average, max\)"):
        networks.lookup("max-pooling")(kind="mean")
