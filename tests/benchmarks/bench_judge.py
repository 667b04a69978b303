"""Judging: an equality of 3-4-2 in full, against SymPy and against one dual pass for each entry.

Times of a post include the start of the interpreter.

Run: python -m tests.benchmarks.bench_judge
"""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import count, product
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np
import sympy as sp

from symbp.adjoint import adjoint_name, gradient
from symbp.forms import component
from symbp.functions import Elementwise
from symbp.judge.compare import Sides, agree
from symbp.judge.points import Points
from symbp.judge.values import Values
from symbp.networks import mlp
from symbp.numbers.dual import Dual, DualArray
from symbp.numbers.evaluator import Evaluation
from symbp.numbers.field import Field
from symbp.numbers.indexing import Scope
from symbp.numbers.sampling import residues
from symbp.reading.typed import Total
from tests.benchmarks.clock import Race

LIMIT = 20.0  #: seconds that SymPy gets
HEAD = r"""<!-- symbp
equations:
  a^1 = x
  z^l = W^l a^{l-1} + b^l
  a^l = \sigma(z^l)
  J = \frac{1}{2} \|a^L - y\|^2
define:
  \delta^l = \partial J / \partial z^l
-->
"""
RIGHT = [
    r"\delta^l = (W^{l+1})^T\delta^{l+1}\odot\sigma'(z^l)",
    r"\frac{\partial J}{\partial W^l} = \delta^l (a^{l-1})^T",
    r"\frac{\partial z^{l+1}}{\partial z^l} = W^{l+1} diag(\sigma'(z^l))",
    r"\frac{\partial z^{l+1}_k}{\partial z^l_j} = w^{l+1}_{kj} \sigma'(z^l_j)",
    r"\delta^L = (a^L-y)\odot\sigma'(z^L)",
]
WRONG = [
    r"\delta^l = (W^{l+1})^T\delta^{l+1}\odot\sigma(z^l)",
    r"\frac{\partial J}{\partial W^l} = a^{l-1} (\delta^l)^T",
    r"\delta^l = W^{l+1}\delta^{l+1}\odot\sigma'(z^l)",
    r"\delta^L = (y-a^L)\odot\sigma'(z^L)",
    r"\frac{\partial J}{\partial b^l} = \delta^{l+1}",
]


def small(sizes=(1, 1, 1)):
    """∂C/∂w[1, 1, 1] written out in full by the rule, and by SymPy's own derivative."""
    system = mlp(sizes, "sigmoid")
    by_rule = component(gradient(system), adjoint_name("C", "w"), (1, 1, 1), "all")
    by_sympy = sp.diff(component(system, "C", (), "all"), system["w"][1, 1, 1])
    return system, by_rule, by_sympy


def simplified(sizes):
    """The same by sympy.simplify, the functions written out."""
    _, a, b = small(sizes)
    symbols = {e: sp.Symbol(f"s{n}") for n, e in enumerate(sorted(a.atoms(sp.Indexed), key=str))}
    difference = (a - b).xreplace(symbols)
    written = difference.replace(lambda e: isinstance(e, Elementwise), _elementary)
    assert sp.simplify(written) == 0


def _elementary(e):
    x = e.args[0]
    value = 1 / (1 + sp.exp(-x))
    return value if e.order == 0 else value * (1 - value)


def time_of_sympy(sizes):
    """Seconds that sympy.simplify takes; None where it takes more than the limit."""
    process = get_context("fork").Process(target=simplified, args=(sizes,))
    start = perf_counter()
    process.start()
    process.join(LIMIT)
    taken = perf_counter() - start
    if process.is_alive():
        process.terminate()
        return None
    assert process.exitcode == 0
    return taken


def test_one_equality():
    for sizes in ((1, 1), (1, 1, 1), (3, 4, 2)):
        system, by_rule, by_sympy = small(sizes)
        claim, seeds = Sides(by_rule, by_sympy, ()), count()

        def fresh(system=system, seeds=seeds):
            points = Points(system, next(seeds))
            points.at(None).primal["C"]
            return points

        times = []
        for _ in range(20):
            points = fresh()
            start = perf_counter()
            assert points.decide(lambda values, c=claim: agree(c, values, [{}]))
            times.append(perf_counter() - start)
        judge, sympy = min(times), time_of_sympy(sizes)
        text = "-".join(map(str, sizes))
        took = f"more than {LIMIT:.0f} s" if sympy is None else f"{sympy:.2f} s"
        ratio = (LIMIT if sympy is None else sympy) / judge
        print(
            f"\n∂C/∂w¹₁₁ of {text} in full: {judge * 1e3:.1f} ms, sympy.simplify {took}: "
            f"{ratio:.0f} times as long{' or more' if sympy is None else ''}",
            end="",
        )


def test_all_directions_at_once():
    system = mlp((3, 4, 5, 2), "sigmoid")
    field = Field(4)
    inputs = residues(system, field)
    _, j, k = system["w"].own_index
    spans = {j: (1, 4), k: (1, 3)}

    def at_once():
        values = Values(system, inputs, field)
        return values.tensor(Total(system["C"].atom, system["w"][1, j, k]), Scope({}, spans))

    def one_by_one():
        found = []
        for row, column in product(range(4), range(3)):
            unit = np.zeros((4, 3), int)
            unit[row, column] = 1
            w = [DualArray(inputs["w"][0], field.array(unit)), *inputs["w"][1:]]
            found.append(Evaluation(system, {**inputs, "w": w}, Dual(field))["C"].tangent)
        return found

    assert [int(x) for x in at_once().buffer.top.ravel()] == [int(t.top) for t in one_by_one()]
    race = Race({"at once": at_once, "one by one": one_by_one})
    print(
        f"\n∂C/∂w¹ of 3-4-5-2, all 12 entries: {race.time('at once') * 1e3:.1f} ms at once; ",
        end="",
    )
    print(f"one by one {race.ratio('one by one', 'at once'):.1f} times as long", end="")


def seconds(formulas):
    """The time of `symbp check` of a post with these formulas, each of which it must judge."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "post.md"
        path.write_text(HEAD + "\n".join(f"$${f}$$" for f in formulas), encoding="utf-8")
        command = [Path(sys.executable).with_name("symbp"), "check", str(path), "--format", "json"]
        start = perf_counter()
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        taken = perf_counter() - start
    verdicts = [found["verdict"] for found in json.loads(done.stdout)]
    assert verdicts == ["refuted" if f in WRONG else "proved" for f in formulas]
    return taken


def test_a_post():
    posts = {"no formula": [], "50 right": RIGHT * 10, "45 right, 5 wrong": RIGHT * 9 + WRONG}
    for name, formulas in posts.items():
        taken = min(seconds(formulas) for _ in range(3))
        print(f"\nsymbp check, {name}: {taken:.2f} s", end="")
    print()


if __name__ == "__main__":
    test_one_equality()
    test_all_directions_at_once()
    test_a_post()
