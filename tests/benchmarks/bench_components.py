"""All component gradients of 784-30-10 against reverse mode written by hand on SymPy objects.

Run: python -m tests.benchmarks.bench_components
"""

from __future__ import annotations

from time import perf_counter

import sympy as sp

from symbp.adjoint import gradient
from symbp.forms import components
from symbp.functions import lookup
from symbp.functions import derivative_of
from symbp.networks import mlp
from symbp.system.equation import index_base

SIZES = (784, 30, 10)


def by_hand(sizes=SIZES):
    """δ^L = (a − y) σ'(z), δ^l = (Σ w δ) σ'(z), ∂C/∂w = δ a, ∂C/∂b = δ, entry by entry."""
    w, a, z, y = map(index_base, "wazy")
    sigmoid, depth = lookup("sigmoid"), len(sizes) - 1
    result = {}
    delta = {}
    for l in range(depth, 0, -1):
        slope = {j: derivative_of(sigmoid(z[l, j])) for j in range(1, sizes[l] + 1)}
        if l == depth:
            delta = {j: (a[l, j] - y[j]) * slope[j] for j in slope}
        else:
            above = range(1, sizes[l + 1] + 1)
            delta = {
                j: sp.Add(*(w[l + 1, k, j] * delta[k] for k in above)) * slope[j] for j in slope
            }
        before = {k: a[l - 1, k] for k in range(1, sizes[l - 1] + 1)}
        for j in delta:
            result["∂C/∂b", (l, j)] = delta[j]
            for k in before:
                result["∂C/∂w", (l, j, k)] = delta[j] * before[k]
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
