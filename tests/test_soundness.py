"""Wrong gradients that hide behind kinks, roots and dead units are red at every seed."""

from dataclasses import replace

import numpy as np
import pytest
import sympy as sp
from sympy import Sum, Symbol

from symbp.adjoint import gradient
from symbp.demo import without_primes
from symbp.networks import mlp
from symbp.numbers.evaluator import Evaluation
from symbp.numbers.sampling import with_small_sizes
from symbp.system import Equation, Role, System
from symbp.verify import verify
from tests.small_systems import bases, family, size, slot

SEEDS = range(12)
j, N = Symbol("j", integer=True), Symbol("N", integer=True)


@pytest.mark.parametrize("activation", ["relu", "leaky_relu", "elu", "abs"])
@pytest.mark.parametrize("sizes", [(2, 1, 1), (2, 3, 2)])
def test_a_forgotten_derivative_is_refuted_on_either_side_of_the_kink(activation, sizes):
    system = mlp(sizes, [activation, "tanh"])
    wrong = without_primes(gradient(system))
    for seed in SEEDS:
        assert verify(system, seed=seed, witnesses=["exact"]).ok
        assert not verify(system, seed=seed, candidate=wrong, witnesses=["exact"]).ok


def norm() -> System:
    """C = sqrt(d), d = Σ x²."""
    (x,) = bases("x")
    d = Symbol("d", real=True)
    return System(
        (
            size("N"),
            family("x", slot(j, N), role=Role.PARAMETER),
            family("d"),
            family("C", role=Role.LOSS),
        ),
        (
            Equation("d", (), Sum(x[j] ** 2, (j, 1, N))),
            Equation("C", (), sp.sqrt(d)),
        ),
        "C",
        {"N": 3},
    )


def test_the_gradient_of_a_norm_is_proved_however_it_is_written():
    system = norm()
    full = gradient(system)
    x, d, c = full["x"], full["d"].atom, full["C"].atom
    domain = full.defining("∂C/∂x")[0].domain

    def written(rhs):
        others = [e for e in full.equations if e.family != "∂C/∂x"]
        return replace(full, equations=(*others, Equation("∂C/∂x", (j,), rhs, domain)))

    for seed in SEEDS:
        assert verify(system, seed=seed, witnesses=["exact"]).ok
        for right in (x[j] / c, x[j] * c / d, x[j] / sp.sqrt(d)):
            found = verify(system, seed=seed, candidate=written(right), witnesses=["exact"])
            assert found.ok, right
        for wrong in (-x[j] / c, x[j] * c, 2 * x[j] / c):
            assert not verify(system, seed=seed, candidate=written(wrong), witnesses=["exact"]).ok


def test_random_values_leave_no_block_dead():
    """Where every derivative of a block is zero, any multiple of it would pass."""
    system = mlp(activation="relu", batch=True)
    for seed in SEEDS:
        report = verify(system, seed=seed, candidate=tripled(system), witnesses=["complex step"])
        assert not report.ok, seed


def tripled(system):
    """Code whose first weights' derivatives are 3 times the right ones."""

    def code(values):
        return {name: scaled(name, block) for name, block in right(system, values).items()}

    return code


def scaled(name, blocks):
    first, *rest = blocks
    return [3 * np.asarray(first), *rest] if name == "w" else blocks


def right(system, values):
    found = Evaluation(gradient(with_small_sizes(system)), values)
    return {n: list(found[f"∂C/∂{n}"].values()) for n in ("w", "b")}
