"""Roots: fields in which all of them exist, and the points that decide what they are equal to."""

from dataclasses import replace

import numpy as np
import pytest
import sympy as sp
from sympy import Rational, exp, sqrt

from symbp import networks
from symbp.adjoint import gradient
from symbp.judge.equality import equal
from symbp.numbers import draws
from symbp.numbers.extension import Extension, TowerTooLowError
from symbp.numbers.field import Field
from symbp.system.model import Model
from symbp.verify import verify

HALF = Rational(1, 2)


def family():
    """C = Σ x² of N = 8 parameters."""
    m = Model()
    (N,) = m.sizes("N")
    (j,) = m.units("j", N)
    x = m.parameter("x", j)
    return m.system(m.sum(x[j] ** 2, j)).with_sizes(N=8), [x[i] for i in range(1, 9)]


SYSTEM, (A, B, C, D, E, F, G, H) = family()
SQUARE = sp.expand((A + 1) ** 2)  # SymPy does not see that it is one

#: What holds by r² = u alone, whichever root is taken.
TRUE = [
    ((A + B) / sqrt(A + B) + (C + D) / sqrt(C + D), sqrt(A + B) + sqrt(C + D)),
    (sum(x / sqrt(x + 1) + 1 / sqrt(x + 1) for x in (A, B, C, D, E, F, G, H)),
     sum(sqrt(x + 1) for x in (A, B, C, D, E, F, G, H))),
    (1 / (sqrt(A) + sqrt(B)), (sqrt(A) - sqrt(B)) / (A - B)),
    ((A + sqrt(B + sqrt(C))) / sqrt(A + sqrt(B + sqrt(C))) * sqrt(D) ** 3,
     sqrt(A + sqrt(B + sqrt(C))) * D * sqrt(D)),
    (exp(A / sqrt(A + B) + B / sqrt(A + B)), exp(sqrt(A + B))),
]  # fmt: skip
#: What holds besides for the roots of positive numbers.
POSITIVE = [
    (sqrt(A * B), sqrt(A) * sqrt(B)),
    (1 / sqrt(A + B) / sqrt(C + D), 1 / sqrt(sp.expand((A + B) * (C + D)))),
    (sqrt(2 * A), sqrt(2) * sqrt(A)),
]
#: What holds for one of the two roots, at some of the points.
ONE_SIGN = [
    (sqrt(SQUARE), A + 1),
    (sqrt(SQUARE), -A - 1),
    (sqrt(sp.expand(SQUARE * B)), (A + 1) * sqrt(B)),
    (sqrt(sp.expand(SQUARE * (B + C))), (A + 1) * sqrt(B + C)),
    (sqrt(sp.expand(SQUARE * B)) * sqrt(C), (A + 1) * sqrt(B) * sqrt(C)),
    (sqrt(A * B) * sqrt(A * C), A * sqrt(B * C)),
    (exp(sqrt(SQUARE)), exp(A + 1)),
]


@pytest.mark.parametrize(("left", "right"), [*TRUE, *POSITIVE])
def test_what_holds_for_roots_is_proved_however_many_there_are(left, right):
    assert equal(SYSTEM, left, right)
    assert not equal(SYSTEM, left, right + Rational(1, 10**6))
    assert not equal(SYSTEM, left, -right)


@pytest.mark.parametrize(("left", "right"), ONE_SIGN)
def test_what_holds_for_one_sign_alone_is_never_proved(left, right):
    assert [seed for seed in range(24) if equal(SYSTEM, left, right, seed=seed)] == []


def test_a_single_point_would_prove_it(monkeypatch):
    """The planted fault: without many points half of the seeds are wrong."""
    monkeypatch.setattr(draws, "BRANCHES", 1)
    wrong = [seed for seed in range(24) if equal(SYSTEM, *ONE_SIGN[2], seed=seed)]
    assert len(wrong) > 4


def test_roots_deeper_than_the_tower_are_no_error():
    e = A
    for x in (B, C, D, E, F, G, H):
        last, e = e, x + sqrt(e)
    assert not equal(SYSTEM, H / sqrt(e) + sqrt(last) / sqrt(e), -sqrt(e))


# -- the field ------------------------------------------------------------------------------------

FIELD = Extension(3, levels=2)
X, Y = FIELD.random((16,), "x"), FIELD.random((16,), "y")


def same(a, b):
    return bool((a.top == b.top).all())


def root(x, field=FIELD):
    return field.power(x, HALF)


def test_every_number_has_a_root_and_every_root_has_one():
    r = root(X)
    assert same(FIELD.multiply(r, r), X)
    deeper = root(FIELD.add(r, Y))
    assert same(FIELD.multiply(deeper, deeper), FIELD.add(r, Y))
    assert same(root(X), r)
    with pytest.raises(TowerTooLowError):
        root(FIELD.add(deeper, Y))


def test_either_root_is_taken():
    signs = set()
    for seed in range(8):
        field = Extension(1, seed)
        x = field.add(field.random((1,), "x"), field.array(1))
        square = field.multiply(x, x)
        signs.add(same(root(square, field), x))
    assert signs == {True, False}


def test_roots_of_small_numbers_multiply():
    two, three, six = (FIELD.number(sp.sqrt(n)) for n in (2, 3, 6))
    assert same(FIELD.multiply(two, three), six)
    assert same(root(FIELD.array(6)), six)


def test_exp_is_a_homomorphism_of_roots_too():
    r, s = root(X), root(Y)

    def e(x):
        return FIELD.elementary("exp", x)

    assert same(e(FIELD.add(r, s)), FIELD.multiply(e(r), e(s)))
    assert not same(e(r), e(s))
    assert same(e(X), FIELD.add(FIELD.array(0), FIELD._reduce(plain_exp(), 1)))


def plain_exp():
    """exp of the same numbers in the prime fields."""
    field = Field(3)
    return field.elementary("exp", field.random((16,), "x")).data


def test_signs_oracles_and_powers():
    r, minus = root(X), FIELD.multiply(root(X), FIELD.array(-1))
    sign = FIELD.elementary("sign", r)
    assert same(FIELD.elementary("sign", minus), FIELD.multiply(sign, FIELD.array(-1)))
    assert same(FIELD.multiply(sign, sign), FIELD.array(np.ones(16, int)))
    assert not same(FIELD.elementary("log", r), FIELD.elementary("log", minus))
    inverse = FIELD.power(r, sp.Integer(-1))
    assert same(FIELD.multiply(inverse, r), FIELD.array(np.ones(16, int)))
    with pytest.raises(ZeroDivisionError, match="a denominator is zero"):
        FIELD.power(FIELD.array([1, 0]), sp.Integer(-1))
    weights = FIELD.greatest(FIELD.stack([r, minus]), 1)
    assert same(FIELD.contract([(weights, ("a", "b"))], ("a",)), FIELD.array([1, 1]))


# -- gradients ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["batch-norm", "weight-norm"])
def test_faults_in_gradients_with_many_roots_are_refuted(name):
    system = networks.lookup(name).small()
    full = gradient(system)
    for wrong in [e for e in full.equations if e.family.startswith("∂")][::2]:
        for rhs in (-wrong.rhs, wrong.rhs * (1 + Rational(1, 10**6))):
            changed = tuple(replace(e, rhs=rhs) if e is wrong else e for e in full.equations)
            candidate = replace(full, equations=changed)
            report = verify(system, candidate=candidate, witnesses=["exact"])
            assert "refuted" in {f.verdict for row in report.rows for f in row.findings}, wrong


def test_a_gradient_that_holds_for_positive_roots_alone_is_not_refuted():
    """∂/∂x √x √(x + 1) ... with the roots multiplied: no proof, and no refutation, is found."""
    m = Model()
    (N,) = m.sizes("N")
    (j,) = m.units("j", N)
    x = m.parameter("x", j)
    (q,) = m.values("q")
    m.let(q[j], sqrt(x[j] ** 2 + 1) * sqrt(x[j] ** 2 + 2))
    system = m.system(m.sum(q[j], j)).with_sizes(N=9)
    full = gradient(system)
    together = sqrt(sp.expand((x[j] ** 2 + 1) * (x[j] ** 2 + 2)))
    (of_x,) = full.defining("∂C/∂x") if "∂C/∂x" in full.by_name else full.defining("∂L/∂x")
    rhs = (2 * x[j] ** 3 + 3 * x[j]) / together
    changed = tuple(replace(e, rhs=rhs) if e is of_x else e for e in full.equations)
    report = verify(system, candidate=replace(full, equations=changed))
    assert {f.verdict for row in report.rows for f in row.findings} == {"unresolved", "agree"}
    assert report.ok
