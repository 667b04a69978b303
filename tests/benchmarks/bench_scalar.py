"""The gradient of 3-4-2 as one function of plain floats, against NumPy for the same network.

Run: python -m tests.benchmarks.bench_scalar
"""

from __future__ import annotations

from inspect import signature

import numpy as np

from symbp.adjoint import gradient
from symbp.forms import lambdify_components
from symbp.networks import mlp
from symbp.numbers.codegen import compile_numpy
from tests.benchmarks.bench_numpy import arrays
from tests.benchmarks.clock import Race

SIZES = (3, 4, 2)


def test_scalar():
    system = mlp(SIZES, "sigmoid")
    given = x, y, w, b = arrays(SIZES, None)
    scalar, code = lambdify_components(gradient(system)), compile_numpy(system)
    entries = dict(zip("xywb", (x[None], y[None], w, b), strict=True))
    values = []
    for family, index in scalar.arguments:
        layer, *place = index if family in "wb" else (1, *index)
        values.append(float(entries[family][layer - 1][tuple(i - 1 for i in place)]))
    work = code.workspace(*(dict(zip("xywb", given, strict=True))[n]
                            for n in signature(code.workspace).parameters))  # fmt: skip
    out = [np.empty_like(v) for v in w], [np.empty_like(v) for v in b]
    race = Race(
        {
            "scalar": lambda: scalar.function(*values),
            "numpy": lambda: code.function(*given, out=out, work=work),
        }
    )
    print(
        f"\n3-4-2, all weights, one sample: scalar code {race.time('scalar') * 1e6:.1f} µs,", end=""
    )
    print(f" NumPy in place {race.time('numpy') * 1e6:.1f} µs")


if __name__ == "__main__":
    test_scalar()
