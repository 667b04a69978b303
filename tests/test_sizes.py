"""Sizes that follow from others, and what is known of them."""

import pytest
import sympy as sp

from symbp import networks
from symbp.adjoint import gradient
from symbp.errors import DefinitionError, SizeError
from symbp.numbers.sampling import with_small_sizes
from symbp.system import Facts, Role, System, Variable
from symbp.system.model import Model

N, K, P, p = sp.symbols("N K P p", integer=True)


def convolved(**sizes):
    m = Model()
    n, k = m.sizes("N", "K")
    out = m.following("P", n - k + 1)
    (place,), (tap,), (pixel,) = m.places("p", out), m.places("u", k), m.places("q", n)
    x, w = m.input("x", pixel), m.parameter("w", tap)
    (z,) = m.values("z")
    m.let(z[place], m.sum(w[tap] * x[place + tap - 1], tap))
    return m.system(m.sum(z[place] ** 2, place), **sizes)


def test_a_size_follows_from_others():
    assert convolved(N=5, K=2).sizes == {"N": 5, "K": 2, "P": 4}
    assert convolved(N=5, K=2).with_sizes(N=7).sizes == {"N": 7, "K": 2, "P": 6}
    assert convolved(N=5).sizes == {"N": 5}


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        (
            {"N": 3, "K": 5},
            "P = N - K + 1 is -1 at K = 5, N = 3: less than 1 (z[p] has P, w[u] has K, x[q] has N)",
        ),
        ({"N": 5, "K": 2, "P": 3}, "P = 3 met P = N - K + 1 = 4"),
        ({"P": 3}, "P = N - K + 1 follows: give K and N"),
    ],
)
def test_sizes_that_do_not_fit_are_refused(sizes, message):
    with pytest.raises(SizeError) as error:
        convolved(**sizes)
    assert str(error.value) == message


def test_a_size_that_is_no_integer_is_refused():
    with pytest.raises(SizeError, match="Q_1 = N_1/2 is 11/2 at N_1 = 11: not an integer"):
        networks.lookup("lenet")(N=12, K=2)


def test_a_size_follows_from_declared_sizes_only():
    cost = Variable("C", role=Role.LOSS)
    with pytest.raises(DefinitionError, match="P = N - K \\+ 1: K, N is not declared"):
        System((Variable("P", role=Role.SIZE, value=N - K + 1), cost), (), "C")


def test_small_sizes_fit():
    assert with_small_sizes(networks.lookup("lenet")()).sizes["Q_2"] == 1
    assert with_small_sizes(convolved(K=9)).sizes == {"K": 9, "N": 10, "P": 2}


@pytest.mark.parametrize(
    ("a", "b", "follows"),
    [
        (P, N, True),  # P = N - K + 1 and K ≥ 1
        (N - K + 1, P, True),
        (N, P, False),
        (sp.S.One, sp.ceiling(p / 2), True),
        (sp.S(2), sp.ceiling(p / 2), False),
        (sp.ceiling(p / 2), sp.floor((p + 1) / 2), True),
        (sp.floor((p + 1) / 2), sp.ceiling(p / 2), True),
        (sp.ceiling((p + 1) / 2), sp.floor((p + 1) / 2), False),
        (sp.ceiling(p / 3), sp.floor((p + 2) / 3), True),
        (sp.ceiling(p / 3), sp.floor((p + 1) / 3), False),
        (2 * sp.floor(p / 2), p, True),
        (p, 2 * sp.floor(p / 2), False),
        (p, 2 * sp.floor(p / 2) + 1, True),
        (sp.S.One, sp.Min(K, N), True),  # whichever it is
        (sp.S(2), sp.Min(K, N), False),
        (sp.Min(K, N), N, True),
        (sp.Max(K, P), N + K, True),
        (sp.Max(K, P), N, False),  # K may be greater
        (sp.S(2), sp.Min(K, N) + p, True),
        (sp.Max(1, p - 2), sp.Min(p, p + K), True),
    ],
)
def test_what_follows_of_integers(a, b, follows):
    sizes = {N: (sp.S.One, None), K: (sp.S.One, None), P: (sp.S.One, None), p: (sp.S.One, None)}
    facts = Facts(sizes, defined={P: N - K + 1})
    assert facts.le(a, b) is follows


H = sp.Symbol("H", integer=True)


@pytest.mark.parametrize(
    ("a", "b", "follows"),
    [
        (sp.ceiling(p / 2), H, True),  # p ≤ N = 2H
        (sp.floor((p + 1) / 2), H, True),
        (2 * sp.ceiling(p / 2), N, True),
        (sp.ceiling((p + 1) / 2), H, False),
        (2 * sp.ceiling(p / 2) + 1, N, False),
    ],
)
def test_what_follows_of_a_half(a, b, follows):
    bounds = {N: (sp.S.One, None), H: (sp.S.One, N / 2), p: (sp.S.One, N)}
    assert Facts(bounds, defined={H: N / 2}).le(a, b) is follows


def test_what_is_pooled_leads_back_to_one_place():
    found = gradient(networks.lookup("average-pooling")())
    (equation,) = found.defining("∂C/∂a_1")
    assert str(equation.rhs) == "∂C/∂h_1[e, ceiling(p/2), ceiling(q/2)]/4"
