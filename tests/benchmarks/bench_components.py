"""All component gradients of 784-30-10 against reverse mode written by hand on SymPy objects.

Run: python -m tests.benchmarks.bench_components
"""

from __future__ import annotations

from itertools import product
from time import perf_counter

import sympy as sp

from symbp.adjoint import gradient
from symbp.forms import components
from symbp.functions import lookup, node_class
from symbp.networks import mlp

SIZES = (784, 30, 10)


def symbols(name, *ranges):
    """A symbol for every index: w_1_2_3."""
    return {i: sp.Symbol("_".join([name, *map(str, i)]), real=True) for i in product(*ranges)}


def by_hand(sizes=SIZES):
    """δ^L = (a − y) σ'(z), δ^l = (Σ w δ) σ'(z), ∂C/∂w = δ a, ∂C/∂b = δ, entry by entry."""
    prime, depth = node_class(lookup("sigmoid"), 1), len(sizes) - 1
    units = [range(1, n + 1) for n in sizes]
    a = [symbols(f"a_{l}", units[l]) for l in range(depth + 1)]
    w = [symbols(f"w_{l}", units[l], units[l - 1]) for l in range(1, depth + 1)]
    y, result, delta = symbols("y", units[depth]), {}, {}
    for l in range(depth, 0, -1):
        if l == depth:
            up = {j: a[l][j,] - y[j,] for j in units[l]}
        else:
            up = {j: sp.Add(*(w[l][k, j] * delta[k] for k in delta)) for j in units[l]}
        z = symbols(f"z_{l}", units[l])
        delta = {j: up[j] * prime(z[j,]) for j in units[l]}
        for j in delta:
            result["∂C/∂b", (l, j)] = delta[j]
            for k in units[l - 1]:
                result["∂C/∂w", (l, j, k)] = delta[j] * a[l - 1][k,]
    return result


def by_rule():
    """The same from the adjoint system."""
    return components(gradient(mlp(SIZES, "sigmoid")))


def test_components():
    times = {by_hand: [], by_rule: []}
    counts = {}
    for _ in range(5):
        for function, found in times.items():
            start = perf_counter()
            counts[function] = len(function())
            found.append(perf_counter() - start)
    assert set(counts.values()) == {23860}
    rule, hand = (sorted(times[f])[2] for f in (by_rule, by_hand))
    print(f"\n23,860 components of 784-30-10: {rule:.2f} s, by hand {hand:.2f} s,", end=" ")
    print(f"ratio {rule / hand:.2f}")


if __name__ == "__main__":
    test_components()
