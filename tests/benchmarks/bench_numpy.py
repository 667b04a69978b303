"""Generated NumPy gradients against NumPy by hand, and against the matrix products alone.

One thread for the matrix products: with more, other work on the machine decides the times.
Run: OPENBLAS_NUM_THREADS=1 python -m tests.benchmarks.bench_numpy
"""

from __future__ import annotations

import os
import subprocess
import sys
from inspect import signature
from pathlib import Path

import numpy as np

from symbp.networks import mlp
from symbp.numbers.codegen import compile_numpy
from tests.benchmarks.clock import Race
from tests.benchmarks.numpy_by_hand import ByHand, ProductsAlone

SIZES = ((3, 4, 2), (64, 64, 64), (784, 30, 10), (784, 256, 128, 10))
BATCHES = (None, 32, 1024)


def arrays(sizes, m):
    """x, y, w, b at random."""
    rng = np.random.default_rng(0)
    shape = () if m is None else (m,)
    x, y = rng.normal(size=(sizes[0], *shape)), rng.uniform(size=(sizes[-1], *shape))
    pairs = zip(sizes[1:], sizes, strict=False)
    return (
        x,
        y,
        [rng.normal(size=s) / s[1] ** 0.5 for s in pairs],
        [rng.normal(size=n) for n in sizes[1:]],
    )


def race(sizes, m):
    """The candidates on the same arrays, each with its own buffers."""
    given = x, y, w, b = arrays(sizes, m)
    system = mlp(sizes, "sigmoid", batch=False if m is None else m)
    fast, plain = compile_numpy(system), compile_numpy(system, inplace=False)
    names = dict(zip("xywb", given, strict=True))
    work = fast.workspace(*(names[n] for n in signature(fast.workspace).parameters))
    outs = [([np.empty_like(v) for v in w], [np.empty_like(v) for v in b]) for _ in range(3)]
    hand, floor = ByHand(sizes, m), ProductsAlone(sizes, m)
    function = fast.function
    ours, theirs = function(*given, out=outs[0], work=work), hand(*given, *outs[1])
    pairs = zip((ours[0], *ours[1], *ours[2]), (theirs[0], *theirs[1], *theirs[2]), strict=True)
    assert all(np.allclose(p, q) for p, q in pairs)
    return Race(
        {
            "generated": lambda: function(*given, out=outs[0], work=work),
            "by hand": lambda: hand(x, y, w, b, *outs[1]),
            "products": lambda: floor(w, outs[2][0]),
            "plain": lambda: plain.function(*given),
        },
        rounds=31,
    )


def main():
    print("\nnetwork          batch  generated    by hand  ratio   products  ratio  plain/by hand")
    for sizes in SIZES:
        for m in BATCHES:
            r = race(sizes, m)
            times = [f"{r.time(n) * 1e6:8.1f} µs" for n in ("generated", "by hand", "products")]
            ratios = [r.ratio("generated", "by hand"), r.ratio("generated", "products")]
            ratios.append(r.ratio("plain", "by hand"))
            name = "-".join(map(str, sizes))
            print(f"{name:16} {m or 1:5}{times[0]}{times[1]}  {ratios[0]:.2f}{times[2]}", end="")
            print(f"  {ratios[1]:5.2f}  {ratios[2]:.2f}", flush=True)


def test_numpy():
    subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.bench_numpy"],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        check=True,
    )


if __name__ == "__main__":
    main()
