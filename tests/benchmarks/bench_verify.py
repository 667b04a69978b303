"""Verifying every weight of 784-30-10 against a plain loop of central differences.

Run: python -m tests.benchmarks.bench_verify
"""

from __future__ import annotations

from time import perf_counter

import numpy as np

from symbp.networks import mlp
from symbp.numbers.codegen import compile_numpy
from symbp.verify import verify
from tests.benchmarks.bench_numpy import arrays

SIZES = (784, 30, 10)
H = 1e-5


def plain_loop():
    """(C(w + h) − C(w − h)) / 2h for every weight, one after another."""
    x, y, w, b = arrays(SIZES, None)
    cost = compile_numpy(mlp(SIZES, "sigmoid"), function="cost", inplace=False).function
    slopes = []
    for block in (*w, *b):
        found = np.empty_like(block)
        for place in np.ndindex(block.shape):
            old = block[place]
            block[place] = old + H
            above = cost(x, y, w, b)
            block[place] = old - H
            found[place] = (above - cost(x, y, w, b)) / (2 * H)
            block[place] = old
        slopes.append(found)
    return slopes


def every_weight():
    report = verify(mlp(SIZES, "sigmoid"))
    assert report.ok
    return report


def test_verify():
    times = {plain_loop: [], every_weight: []}
    for _ in range(3):
        for function, found in times.items():
            start = perf_counter()
            function()
            found.append(perf_counter() - start)
    loop, ours = (sorted(found)[1] for found in times.values())
    print(f"\n784-30-10, 23,860 weights: verify {ours:.2f} s (all witnesses),", end=" ")
    print(f"a loop of central differences {loop:.2f} s, ratio {ours / loop:.2f}")


if __name__ == "__main__":
    test_verify()
