"""Deriving the gradient of a network and its matrix form: for any width and depth at once.

Run: python -m tests.benchmarks.bench_derivation
"""

from __future__ import annotations

import symbp.adjoint
import symbp.system
from symbp.adjoint import gradient
from symbp.derivation import derive
from symbp.forms import matrix_forms
from symbp.networks import mlp
from tests.benchmarks.clock import Race

NETWORKS = {
    "any width, any depth": (),
    "2-2-1": ((2, 2, 1), "sigmoid"),
    "784-30-10": ((784, 30, 10), "sigmoid"),
    "784-256-128-10": ((784, 256, 128, 10), "sigmoid"),
}


def forgetting() -> None:
    """Forget the checked systems and the gradients that were asked for before."""
    symbp.system._check.cache_clear()
    symbp.adjoint._adjoints.cache_clear()


def anew(arguments):
    forgetting()
    return matrix_forms(gradient(mlp(*arguments)))


def test_derivation():
    print("\nnetwork, gradient and matrix forms      again    anew    with every step")
    for name, arguments in NETWORKS.items():
        race = Race(
            {
                "again": lambda: matrix_forms(gradient(mlp(*arguments))),  # noqa: B023
                "anew": lambda: anew(arguments),  # noqa: B023
                "steps": lambda: derive(mlp(*arguments)),  # noqa: B023
            }
        )
        again, first, steps = (f"{race.time(n) * 1e3:5.1f} ms" for n in race.times)
        print(f"{name:36} {again} {first} {steps}")


if __name__ == "__main__":
    test_derivation()
