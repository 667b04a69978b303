"""NumPy source of recurrences: parts named, loops emptied, equations stacked; all of it right."""

import re
from typing import Any

import numpy as np
import pytest
import sympy as sp

from symbp import networks
from symbp.functions import lookup
from symbp.numbers.codegen import compile_numpy, numpy_source
from symbp.numbers.codegen.alike import classes
from symbp.numbers.codegen.hoist import hoisted
from symbp.numbers.codegen.parts import with_parts
from symbp.numbers.codegen.stack import joined, stacked
from symbp.numbers.evaluator import Evaluation
from symbp.numbers.sampling import sample
from symbp.system.model import Model
from tests.test_codegen import STYLES, error, expected, run

SIGMOID, TANH = lookup("sigmoid"), lookup("tanh")


def gates(functions, shared=True, early=True):
    """u_t = f(W x_t + U h_{t−1}) for each f, h_t = ½ Σ u_t; else each u_t reads the one before."""
    m = Model()
    n, T = m.sizes("n", "T")
    j, k = m.units("j k", n)
    (t,) = m.times("t", T)
    x, y = m.input("x", t, j), m.target("y", t, j)
    (h,) = m.values("h")
    us = m.values(*(f"u_{i}" for i in range(len(functions))))
    U = m.parameter("U", j, k)
    before = h[t - 1, k]
    for i, (u, f) in enumerate(zip(us, functions, strict=True)):
        W = m.parameter(f"W_{i}", j, k)
        V = U if shared and i == 0 else m.parameter(f"V_{i}", j, k)
        read = before if early or i == 0 else us[i - 1][t, k]
        m.let(u[t, j], f(m.sum(W[j, k] * x[t, k], k) + m.sum(V[j, k] * read, k)))
    m.let(h[0, j], sp.Rational(1, 2))
    m.let(h[t, j], sp.Add(*(u[t, j] for u in us)) / 2)
    return m.system(m.sum((h[t, j] - y[t, j]) ** 2, t, j), n=3, T=4)


SYSTEMS: dict[str, Any] = {
    **{
        n: lambda n=n: networks.lookup(n).small() for n in ("elman", "lstm", "lstm-peephole", "gru")
    },
    "three gates": lambda: gates([SIGMOID, TANH, SIGMOID]),
    "own matrices": lambda: gates([SIGMOID] * 3, shared=False),
    "gates that read each other": lambda: gates([SIGMOID] * 3, early=False),
    "seven gates": lambda: gates([TANH] * 7, shared=False),
}


@pytest.mark.parametrize("inplace", STYLES.values(), ids=STYLES)
@pytest.mark.parametrize("name", SYSTEMS)
def test_the_gradient_is_the_evaluators(name, inplace):
    system = SYSTEMS[name]()
    values = sample(system)
    code = compile_numpy(system, inplace=inplace)
    assert error(run(code, values), expected(system, values)) < 1e-12


@pytest.mark.parametrize("name", SYSTEMS)
def test_each_step_leaves_the_values_as_they_are(name):
    system = SYSTEMS[name]()
    values = sample(system)
    named, _ = with_parts(system)
    for made in (named, hoisted(system), stacked(hoisted(named), ())):
        before, after = Evaluation(system, values), Evaluation(made, values)
        assert after[system.loss] == pytest.approx(before[system.loss], rel=1e-14)


def test_gates_are_one_matrix_product(golden):
    source = numpy_source(networks.lookup("lstm")())
    loops = re.findall(r"for t in .*\n((?:        .*\n)+)", source)
    assert [body.count("@") for body in loops] == [1, 1]
    assert source.count("np.tanh(c[") == 1
    golden("numpy/lstm.py", source)


def test_gates_that_read_each_other_are_no_stack():
    made = stacked(hoisted(SYSTEMS["gates that read each other"]()), ())
    assert all("gate" not in map(str, v.own_index) for v in made.variables)


def test_nothing_moves_out_of_a_loop_that_changes_in_it():
    source = numpy_source(networks.lookup("lstm")(), inplace=True)
    before, body = source.split("for t in range(1, T + 1):", 1)
    assert ".dot(h[t - 1]" in body
    assert "h[t" not in before


def test_formulas_are_alike_whatever_the_order_of_their_terms():
    a, b, c, d, x = (sp.IndexedBase(name) for name in "abcdx")
    one, other = a[1] * x[1] + b[2], d[1] * x[1] + c[2]
    (found,) = classes([("", one), ("", other), ("", a[2] * x[1] + b[2])])
    assert found.columns == (("a", "d"), ("b", "c"))
    assert list(classes([("", a[1] * a[2]), ("", b[1] * c[2])])) == []
    assert list(map(set, joined(["ab", "cd", "db", "ef"]))) == [set("abcd"), set("ef")]


FAULTS = [
    ("another gate", r"ifo\[t - 1, 1\]", "ifo[t - 1, 0]"),
    ("one step off", r"U\.reshape\(-1, n\)\.T @ da\[t\]|(t_\d)\.T @ da\[t\]", r"\1.T @ da[t - 1]"),
    ("a lost derivative", r"c\[:T\] \* ifo\[:, 1\] \* \(1 - ifo\[:, 1\]\)", "c[:T] * ifo[:, 1]"),
    ("a gate left out", r"da\[t - 1, :3\] =", "da[t - 1, :2] = (dc[t] * k_a[t - 1])[:2] #"),
]


@pytest.mark.parametrize(("pattern", "repair"), [f[1:] for f in FAULTS], ids=[f[0] for f in FAULTS])
def test_a_planted_fault_is_caught(pattern, repair):
    system = networks.lookup("lstm").small()
    values = sample(system)
    broken, count = re.subn(pattern, repair, numpy_source(system))
    assert count
    namespace: dict[str, Any] = {}
    exec(broken, namespace)
    given = [values[f] for f in compile_numpy(system).families]
    with np.errstate(all="ignore"):
        assert not error(namespace["gradient"](*given), expected(system, values)) < 1e-6
