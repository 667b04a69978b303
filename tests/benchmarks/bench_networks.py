"""Generated NumPy gradients of networks against NumPy by hand, and against PyTorch.

Each computes the cost and the gradient by every parameter, for one sample, in float64 on one
thread; they are compared first. The numbers are CPU times as multiples of that of the code by hand.
Without PyTorch its column says "not installed".

    network                              by hand   plain  in place  PyTorch
    LSTM, T = 64, d = n = 64            1.48 ms    1.16    1.07     5.39
    LSTM, T = 64, d = n = 128           2.85 ms    1.14    1.13     4.26
    LeNet, 28 x 28, 6 and 16 maps       0.29 ms    1.20    1.06     1.85
    transformer, relu, T = 64, d = 128  3.02 ms    1.24    1.00     1.58
    transformer, gelu, T = 64, d = 128  3.29 ms    1.18    1.07     1.54

NumPy 2.4, PyTorch 2.13, AVX-512, 2026. What plain code takes more is new pages for its arrays:
with MALLOC_TRIM_THRESHOLD_ and MALLOC_MMAP_THRESHOLD_ at 100000000 both transformers take 0.99.
Run: OPENBLAS_NUM_THREADS=1 python -m tests.benchmarks.bench_networks
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from inspect import signature
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np

from symbp import networks
from symbp.numbers.codegen import compile_numpy
from symbp.numbers.sampling import sample
from symbp.system import Role, System
from tests.benchmarks import networks_by_hand as by_hand
from tests.benchmarks.clock import Race

Gradients = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """A network at some sizes; `hand` runs the code by hand, `named` says what it returned."""

    title: str
    network: str
    system: System
    hand: Callable[[Gradients], Callable[[], Any]]
    named: Callable[[Any], Gradients]


def values_of(system: System) -> Gradients:
    """Random arrays, small enough for deep sums."""
    hyper = system.with_role(Role.HYPERPARAMETER)
    return {v.name: float(v.value) for v in hyper if v.value is not None} | sample(system)


# -- the generated code ----------------------------------------------------------------------------


def generated(system: System, values: Gradients, inplace: bool) -> Callable[[], Gradients]:
    """A run of the generated code; in place with its buffers made beforehand."""
    code = compile_numpy(system, inplace=inplace)
    given = [values[f] for f in code.families]
    options: dict[str, Any] = {}
    if inplace:
        assert code.workspace is not None
        options["work"] = code.workspace(*(values[p] for p in signature(code.workspace).parameters))
        options["out"] = [np.empty_like(values[p]) for p in parameters_of(system)]
    return lambda: code.function(*given, **options)


def parameters_of(system: System) -> list[str]:
    return [v.name for v in system.with_role(Role.PARAMETER)]


# -- the networks ----------------------------------------------------------------------------------


def lstm(n: int) -> Case:
    def hand(values: Gradients) -> Callable[[], Any]:
        stacked = [np.concatenate([values[f"{p}_{gate}"] for gate in "ifog"]) for p in "WUb"]
        return lambda: by_hand.lstm(values["x"], values["y"], *stacked)

    def named(found: Any) -> Gradients:
        return {"C": found[0]} | {
            f"{p}_{gate}": part
            for p, d in zip("WUb", found[1:], strict=True)
            for gate, part in zip("ifog", np.split(d, 4), strict=True)
        }

    system = networks.lookup("lstm")(d=n, n=n, T=64)
    return Case(f"LSTM, T = 64, d = n = {n}", "lstm", system, hand, named)


def lenet() -> Case:
    names = "W_1 b_1 W_2 b_2 W_3 b_3".split()

    def hand(values: Gradients) -> Callable[[], Any]:
        given = [values[name] for name in ("x", "y", *names)]
        return lambda: by_hand.lenet(*given)

    system = networks.lookup("lenet")(N=28, K=5, D=1, E=6, F=16, J=10)
    return Case("LeNet, 28 x 28, 6 and 16 maps", "lenet", system, hand, named_in_order(names))


def transformer(activation: str) -> Case:
    names = "gamma_1 beta_1 W_Q W_K W_V W_O gamma_2 beta_2 W_1 b_1 W_2 b_2".split()
    d, heads = 128, 4
    f = getattr(by_hand, activation)

    def hand(values: Gradients) -> Callable[[], Any]:
        joined = {n: np.ascontiguousarray(values[n].transpose(1, 0, 2)).reshape(d, d)
                  for n in ("W_Q", "W_K", "W_V")}  # fmt: skip
        known = {**values, **joined, "W_O": values["W_O"].reshape(d, d)}
        given = [known[name] for name in ("X", "y", *names)]
        return lambda: by_hand.transformer(*given, heads, values["epsilon"], f)

    def named(found: Any) -> Gradients:
        own = dict(zip(["C", *names], found, strict=True))
        heads_apart = {n: own[n].reshape(d, heads, -1).transpose(1, 0, 2)
                       for n in ("W_Q", "W_K", "W_V")}  # fmt: skip
        return {**own, **heads_apart, "W_O": own["W_O"].reshape(heads, -1, d)}

    system = networks.lookup("transformer")(activation=activation, T=64, d=d, H=heads, n=4 * d)
    title = f"transformer, {activation}, T = 64, d = 128"
    return Case(title, f"transformer_{activation}", system, hand, named)


def named_in_order(names: list[str]) -> Callable[[Any], Gradients]:
    return lambda found: dict(zip(["C", *names], found, strict=True))


CASES = (
    lambda: lstm(64),
    lambda: lstm(128),
    lenet,
    lambda: transformer("relu"),
    lambda: transformer("gelu"),
)


def race(case: Case) -> Race:
    """The candidates on the same arrays, once their gradients agree."""
    values = values_of(case.system)
    hand = case.hand(values)
    candidates: dict[str, Callable[[], Any]] = {
        "by hand": hand,
        "plain": generated(case.system, values, inplace=False),
        "in place": generated(case.system, values, inplace=True),
    }
    wanted = case.named(hand())
    names = ["C", *parameters_of(case.system)]
    for style in ("plain", "in place"):
        compare(dict(zip(names, candidates[style](), strict=True)), wanted)
    if find_spec("torch"):
        module = import_module("tests.benchmarks.networks_in_torch")
        candidates["PyTorch"] = getattr(module, case.network)(values)
        compare(candidates["PyTorch"](), wanted)
    return Race(candidates, rounds=31, clock=process_time)


def compare(found: Gradients, wanted: Gradients) -> None:
    assert found.keys() == wanted.keys()
    for name, value in found.items():
        np.testing.assert_allclose(value, wanted[name], rtol=1e-9, atol=1e-9, err_msg=name)


def main() -> None:
    print("\nnetwork                              by hand   plain  in place  PyTorch")
    for make in CASES:
        case = make()
        r = race(case)
        ours = [f"{r.ratio(style, 'by hand'):8.2f}" for style in ("plain", "in place")]
        torch = (
            f"{r.ratio('PyTorch', 'by hand'):9.2f}" if "PyTorch" in r.times else "  not installed"
        )
        print(
            f"{case.title:34} {r.time('by hand') * 1e3:5.2f} ms{''.join(ours)}{torch}", flush=True
        )


def test_networks() -> None:
    subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.bench_networks"],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        check=True,
    )


if __name__ == "__main__":
    main()
