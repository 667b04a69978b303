"""NumPy code of families whose range moves with an index: squares of which a part counts."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import sympy as sp

from symbp import verify
from symbp.adjoint import gradient
from symbp.adjoint.hessian import direction_name, hessian_vector
from symbp.errors import SizeError
from symbp.numbers.codegen import compile_numpy, lambdify, numpy_source
from symbp.numbers.codegen.moving import outermost, projected
from symbp.numbers.codegen.nodes import elementwise, leaf
from symbp.numbers.codegen.plain import plain_source
from symbp.numbers.codegen.program import Program
from symbp.numbers.codegen.simplify import simplified
from symbp.numbers.evaluator import Evaluation
from symbp.numbers.sampling import sample
from symbp.system import Facts, Range, Role
from symbp.system.model import Model
from tests.moving_systems import SYSTEMS
from tests.test_codegen import STYLES, names_of

GROWING = "a softmax in a recurrence"  # whose loop makes arrays of t numbers


def whole(system, name, blocks):
    """The square of a family, from its rows; 0 where it is not meant."""
    if not isinstance(blocks, Mapping) and not isinstance(blocks, list):
        return np.asarray(blocks)
    v = system[name]
    if isinstance(blocks, list):
        blocks = dict(enumerate(blocks, 1))
    blocks = {k if isinstance(k, tuple) else (k,): row for k, row in blocks.items()}
    if not any(s.range.upper.free_symbols & set(v.own_index) for s in v.slots):
        return np.stack([blocks[key] for key in sorted(blocks)])
    longest = max(row.shape[-1] for row in blocks.values())
    lengths = [max(k[i] for k in blocks) for i in range(len(next(iter(blocks))))]
    found = np.zeros((*lengths, longest))
    for key, row in blocks.items():
        found[(*(i - 1 for i in key), slice(row.shape[-1]))] = row
    return found


@cache
def example(name):
    """A system, its values as arrays, the cost and its gradients by the evaluator."""
    system = SYSTEMS[name]()
    values = sample(system)
    found = Evaluation(gradient(system), values)
    layers = {"w"} if name == "layers" else set()
    given = {n: v if n in layers else whole(system, n, v) for n, v in values.items()}
    wanted = [found[system.loss]]
    for n in names_of(system):
        blocks = found[f"∂C/∂{n}"]
        wanted.append([blocks[k] for k in sorted(blocks)] if n in layers
                      else whole(system, n, blocks))  # fmt: skip
    return system, given, wanted


def error(found, wanted):
    """The largest difference, relative to numbers above 1."""
    worst = 0.0
    for a, b in zip(found, wanted, strict=True):
        a, b = (np.concatenate([np.ravel(x) for x in y]) if isinstance(y, list) else np.ravel(y)
                for y in (a, b))  # fmt: skip
        if a.shape != b.shape or not np.all(np.isfinite(a)):
            return np.inf
        worst = max(worst, float(np.max(np.abs(a - b) / (1 + np.abs(b)), initial=0.0)))
    return worst


def run(code, given):
    return code(*(given[f] for f in code.families))


# -- right ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("inplace", STYLES.values(), ids=STYLES)
@pytest.mark.parametrize("name", SYSTEMS)
def test_the_gradient_is_the_evaluators(name, inplace):
    system, given, wanted = example(name)
    if inplace and name == GROWING:
        with pytest.raises(SizeError, match="no buffers for lengths that change in a loop"):
            compile_numpy(system, inplace=True)
        return
    code = compile_numpy(system, inplace=inplace)
    assert error(run(code, given), wanted) < 1e-12
    assert error(run(code, given), wanted) < 1e-12  # buffers that hold what was there before


@pytest.mark.parametrize("name", SYSTEMS)
def test_the_gradient_is_proved_and_that_of_complex_steps(name):
    assert verify(SYSTEMS[name]()).ok


@pytest.mark.parametrize("name", SYSTEMS)
def test_the_gradient_is_the_slope_of_the_cost_that_the_code_computes(name):
    system, given, _ = example(name)
    names = names_of(system)
    _, *slopes = run(compile_numpy(system), given)
    cost = compile_numpy(system, function="cost")
    rng = np.random.default_rng(5)
    along = {n: [rng.normal(size=np.shape(b)) for b in v] if isinstance(v, list)
             else rng.normal(size=np.shape(v)) for n, v in given.items()}  # fmt: skip

    def at(step):
        moved = {n: [a + step * d for a, d in zip(given[n], along[n], strict=True)]
                 if isinstance(given[n], list) else given[n] + step * along[n]
                 for n in names}  # fmt: skip
        return float(run(cost, {**given, **moved}))

    wanted = sum(np.vdot(a, b) for n, g in zip(names, slopes, strict=True)
                 for a, b in (zip(g, along[n], strict=True) if isinstance(g, list)
                              else [(g, along[n])]))  # fmt: skip
    h = 1e-4
    slope = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h)
    assert slope == pytest.approx(wanted, rel=1e-6, abs=1e-8)


SECOND = ["s ≤ t", "s < t", "|t - s| ≤ w", "u ≤ s ≤ t", "in a recurrence", "a given triangle"]


@pytest.mark.parametrize("name", SECOND)
def test_the_second_derivative_along_a_direction_is_the_evaluators(name):
    system, given, _ = example(name)
    second = hessian_vector(system)
    names = [
        n for v in system.with_role(Role.PARAMETER) if (n := f"∂H/∂{v.name}") in second.by_name
    ]
    values = sample(system)
    along = {direction_name(n): values[n] for n in values if direction_name(n) in second.by_name}
    found = Evaluation(second, {**values, **along})
    wanted = [whole(second, n, found[n]) for n in names]
    program = Program(simplified(second, names), names, None)
    namespace: dict[str, Any] = {}
    exec(plain_source(program, "product"), namespace)
    arrays = {**given, **{n: whole(second, n, v) for n, v in along.items()}}
    products = namespace["product"](*(arrays[f] for f in program.given))
    assert error(products if len(names) > 1 else [products], wanted) < 1e-11


def test_every_formula_can_be_lambdified():
    system, given, _ = example("s ≤ t")
    found = Evaluation(gradient(system), given)
    for e in found.system.equations:
        code = lambdify(found.system, e.rhs, e.domain)
        arrays = {n: whole(found.system, n, found[n]) for n in code.families}
        wanted = whole(found.system, e.family, found[e.family])
        assert error([run(code, arrays)], [wanted]) < 1e-12, e


# -- JAX -----------------------------------------------------------------------------------------


def attention(inside):
    def cost(v):
        T = len(v["Q"])
        kept = inside(*jnp.indices((T, T)))
        rows = kept.any(axis=1)
        S = jnp.where(kept, v["Q"] @ v["K"].T / jnp.sqrt(v["Q"].shape[1]), -jnp.inf)
        A = jax.nn.softmax(jnp.where(rows[:, None], S, 0.0), axis=1)
        return ((jnp.where(rows[:, None], A, 0.0) @ v["V"] - v["y"]) ** 2).sum() / 2

    return cost


def recurrent_softmax(v):
    h, total = jnp.full(v["x"].shape[1], 0.5), 0.0
    for t, y in enumerate(v["y"], 1):
        h = jax.nn.softmax(v["k"][:t] @ h) @ v["x"][:t]
        total += ((h - y) ** 2).sum()
    return total


def prefix_maxima(v):
    a = v["x"][:, None] * v["w"]
    o = jnp.array([a[t, : t + 1].max() + v["x"][: t + 1].max() * v["w"][t] for t in range(5)])
    return ((o - v["y"]) ** 2).sum() / 2


def cube(v):
    t, s, u = jnp.indices((4, 4, 4))
    x, w = v["x"], v["w"]
    b = jnp.tanh(x[t] + w[s] * x[u]) * (s <= t) * (u <= s)
    return (((b * w[u] * x[s]).sum((1, 2)) - v["y"]) ** 2).sum() / 2


IN_JAX = {
    "s ≤ t": attention(lambda t, s: s <= t),
    "s < t": attention(lambda t, s: s < t),
    "s ≥ t": attention(lambda t, s: s >= t),
    "|t - s| ≤ w": attention(lambda t, s: abs(t - s) <= 2),
    "u ≤ s ≤ t": cube,
    "a maximum": prefix_maxima,
    GROWING: recurrent_softmax,
}


@pytest.mark.parametrize("name", IN_JAX)
def test_the_code_is_what_jax_says_of_the_network_written_by_hand(name):
    system, given, _ = example(name)
    names = names_of(system)
    with jax.enable_x64(True):
        theta = {n: jnp.asarray(given[n]) for n in names}
        rest = {n: jnp.asarray(v) for n, v in given.items() if n not in names}
        value, slopes = jax.jit(jax.value_and_grad(lambda p: IN_JAX[name]({**rest, **p})))(theta)
    wanted = [np.asarray(x) for x in (value, *(slopes[n] for n in names))]
    assert error(run(compile_numpy(system), given), wanted) < 1e-12


# -- what is not meant ---------------------------------------------------------------------------


@pytest.mark.parametrize("inplace", STYLES.values(), ids=STYLES)
@pytest.mark.parametrize("garbage", [np.nan, np.inf, 7.0])
def test_a_given_array_may_hold_anything_where_it_is_not_meant(garbage, inplace):
    system, given, wanted = example("a given triangle")
    outside = np.triu(np.full((4, 4), garbage), 1)
    filled = np.where(np.tri(4, dtype=bool), given["L"], outside)
    code = compile_numpy(system, inplace=inplace)
    assert error(run(code, {**given, "L": filled}), wanted) < 1e-12


@pytest.mark.parametrize("inplace", STYLES.values(), ids=STYLES)
@pytest.mark.parametrize("name", ["s ≤ t", "s < t", "s ≥ t", "|t - s| ≤ 1"])
def test_scores_of_a_thousand_where_nobody_looks_do_no_harm(name, inplace):
    """The largest score of a row stands outside of its range: what is left must not underflow."""
    system, given, _ = example(name)
    near = (np.arange(5) - 2.0)[:, None] * [1.0, 0.0]
    given = {**given, "Q": 40 * near, "K": 40 * near}
    with jax.enable_x64(True):
        theta = {n: jnp.asarray(given[n]) for n in "QKV"}
        value, slopes = jax.value_and_grad(
            lambda p: IN_JAX.get(name, attention(lambda t, s: abs(t - s) <= 1))(
                {**p, "y": given["y"]}
            )
        )(theta)
    found = run(compile_numpy(system, inplace=inplace), given)
    assert error(found, [np.asarray(x) for x in (value, *(slopes[n] for n in "QKV"))]) < 1e-9


def test_a_shape_that_does_not_fit_is_told():
    system, given, _ = example("a given triangle")
    with pytest.raises(SizeError, match=r"y: shape \(4,\) met L: shape \(3, 3\): T is 4 by y\[t\]"):
        run(compile_numpy(system), {**given, "L": np.eye(3), "x": np.ones(3)})


# -- faults --------------------------------------------------------------------------------------

FAULTS = [
    ("the diagonal lost", "s ≤ t", r"np\.tri\(T, ", "np.tri(T, k=-1, "),
    ("one beside the diagonal", "s ≤ t", r"np\.tri\(T, ", "np.tri(T, k=1, "),
    ("the other triangle", "s ≤ t", r"np\.tri\(T, dtype=bool\)", "np.tri(T, dtype=bool).T"),
    ("no mask", "s ≤ t", r"np\.where\(np\.tri\(T, dtype=bool\), S, -np\.inf\)", "S"),
    ("0 for −∞", "s ≤ t", r"S, -np\.inf", "S, 0"),
    ("half of a band", "|t - s| ≤ w", r"inside\.T & inside", "inside"),
    ("a triangle not cut", "two triangles", r"np\.tril\((np\.outer.*)\)", r"\1"),
    ("a gradient not cut", "a given triangle", r"np\.tril\((\(z.*), -1\)", r"(\1)"),
    ("a given array not cut", "a given triangle", r"np\.tril\(L\)", "L"),
    ("a step too few", "in a recurrence", r"x\[:t\]\.T @ a\[t - 1, :t\]",
     "x[: t - 1].T @ a[t - 1, : t - 1]"),
    ("rows for columns", "a maximum", r"axis=1", "axis=0"),
    ("the diagonal alone", "its own recurrence", r"np\.zeros", "np.ones"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "pattern", "repair"), [f[1:] for f in FAULTS],
                         ids=[f[0] for f in FAULTS])  # fmt: skip
def test_a_planted_fault_is_caught(name, pattern, repair):
    system, given, wanted = example(name)
    broken, count = re.subn(pattern, repair, numpy_source(system))
    assert count
    namespace: dict[str, Any] = {}
    exec(broken, namespace)
    arrays = [given[f] for f in compile_numpy(system).families]
    if name == "a given triangle":
        arrays[0] = arrays[0] + np.triu(np.ones((4, 4)), 1)
    with np.errstate(all="ignore"):
        assert not error(namespace["gradient"](*arrays), wanted) < 1e-6


# -- readable ------------------------------------------------------------------------------------

GOLDEN = {"causal.py": "s ≤ t", "band.py": "|t - s| ≤ w", "triangle_in_a_loop.py": GROWING}


@pytest.mark.parametrize("name", GOLDEN)
def test_the_source_is_as_it_was(name, golden):
    golden(f"numpy/{name}", numpy_source(SYSTEMS[GOLDEN[name]]()))


# -- ranges --------------------------------------------------------------------------------------

s, t, T = sp.symbols("s t T", integer=True)
ONE, TWO = sp.S.One, sp.S(2)
SQUARE = {t: Range(t, ONE, T), s: Range(s, ONE, T)}


def test_conditions_that_always_hold_somewhere_are_left_out():
    facts = Facts({T: (ONE, None)})
    assert projected([t - s], SQUARE, [s], facts) == ()  # s ≤ t for t = T
    assert projected([t - s], SQUARE, [t], facts) == ()  # s ≤ t for s = 1
    assert projected([t - s - 1], SQUARE, [t], facts) == (t - 2,)
    assert projected([t - s, t - s - 1], SQUARE, [t, s], facts) == (t - s - 1,)
    rounded = (2 * s - t, T - 3 * s)  # what is left of s is no condition on integers
    assert projected(rounded, SQUARE, [t], facts) == rounded


def test_a_loop_along_an_index_that_moves_turns_the_ranges():
    facts = Facts({T: (ONE, None)})
    band = [Range(t, ONE, T), Range(s, sp.Max(1, t - 1), sp.Min(T, t + 1))]
    first, rest = outermost(band, s, facts)
    assert str(first) == "1 ≤ s ≤ T"
    at = {(a, b) for a in range(1, 6) for b in range(max(1, a - 1), min(5, a + 1) + 1)}
    ends = [sp.lambdify((s, T), e) for e in (rest.lower, rest.upper)]
    turned = {(a, b) for b in range(1, 6) for a in range(ends[0](b, 5), ends[1](b, 5) + 1)}
    assert turned == at
    with pytest.raises(SizeError, match="no loop along an index whose range moves with"):
        outermost([Range(t, ONE, T), Range(s, ONE, 2 * t)], s, facts)


def test_a_length_that_changes_makes_plain_code():
    system = SYSTEMS[GROWING]()
    assert compile_numpy(system).workspace is None
    assert compile_numpy(SYSTEMS["s ≤ t"]()).workspace is not None


def test_code_of_a_recurrence_along_the_columns_of_a_triangle():
    """a_t1 = x_t, a_ts = tanh(a_{t, s−1} w_s): the loop runs along s, over t ≥ s."""
    m = Model()
    (T,) = m.sizes("T", minimum=2)
    t, r = m.places("t r", T)
    (s,) = m.times("s", t)
    x, w, y, a = m.parameter("x", r), m.parameter("w", r), m.target("y", t), m.value("a", t, s)
    m.let(a[t, 1], x[t])
    m.let(a[t, s], sp.tanh(a[t, s - 1] * w[s] + x[s]), Range(t, TWO, T), Range(s, TWO, t))
    system = m.system(m.sum((m.sum(a[t, s], s) - y[t]) ** 2, t), T=4)
    assert verify(system).ok
    values = sample(system)
    found = Evaluation(gradient(system), values)
    wanted = [found["C"], *(found[f"∂C/∂{n}"] for n in names_of(system))]
    for inplace in (False, True):
        assert error(run(compile_numpy(system, inplace=inplace), values), wanted) < 1e-12


def test_conditions_that_hold_together_stand_in_parentheses():
    """In Python & binds tighter than <=."""
    a, b = leaf("a"), leaf("b + 1")
    both = elementwise("&", [elementwise("<=", [a, b], ()), elementwise(">", [b, a], ())], ())
    assert both.text == "(a <= b + 1) & (b + 1 > a)"
