"""NumPy source: right for every system, readable, stable, and the comparison catches faults."""

import re
import subprocess
import sys
from functools import cache
from inspect import signature
from typing import Any

import numpy as np
import pytest
from sympy import Integer

from symbp.adjoint import adjoint_name, gradient
from symbp.errors import SizeError, UnknownNameError
from symbp.forms.layout import ROW
from symbp.networks import mlp
from symbp.numbers.codegen import compile_numpy, lambdify, numpy_source
from symbp.numbers.evaluator import Evaluation
from symbp.numbers.gathers import from_zero
from symbp.numbers.reference import reference_cost, reference_gradient
from symbp.numbers.sampling import sample
from symbp.system import Kind, Role
from symbp.system.functional import Functional
from symbp.system.indices import substitute
from symbp.system.instantiate import with_functions
from tests.matrix_systems import SYSTEMS
from tests.small_systems import EXAMPLES

RNG = np.random.default_rng(3)
STYLES = {"plain": False, "in place": True}
ACTIVATIONS = (
    "identity sigmoid tanh relu leaky_relu elu softplus silu gelu gelu_tanh square".split()
)
LOSSES = {
    "half-squared-error": "half-squared-error",
    "squared-error": "squared-error",
    "mean-squared-error": "mean-squared-error",
    "binary-cross-entropy-logits": "binary-cross-entropy-with-logits",
    "cross-entropy-logits": "cross-entropy-with-logits",
    "hinge": "hinge",
    "huber": "huber",
}
NETWORKS = {
    "softmax": lambda: mlp((3, 4, 2), ["sigmoid", "softmax"], "cross-entropy", batch=5),
    "one softmax": lambda: mlp((3, 2), ["softmax"], "cross-entropy"),
    "softmax, other loss": lambda: mlp((3, 4, 2), ["tanh", "softmax"], "squared-error", batch=2),
    "binary": lambda: mlp((3, 4, 2), "sigmoid", "binary-cross-entropy", batch=5),
    "one sample": lambda: mlp((3, 4, 2), "sigmoid", "binary-cross-entropy"),
    "l2": lambda: mlp((3, 4, 2), "tanh", batch=5, l2="lambda/2m"),
    "l1 and l2": lambda: mlp((3, 4, 2), "tanh", batch=5, l1="lambda", l2="lambda/2"),
    "sum": lambda: mlp((3, 4, 2), "tanh", batch=5, reduction="sum"),
    "no bias": lambda: mlp((3, 4, 2), "tanh", bias=False),
    "a bias at first": lambda: mlp((2, 3, 3, 2), "tanh", batch=2, bias=[True, True, False]),
    "mixed": lambda: mlp((3, 5, 4, 2), ["relu", "tanh", "sigmoid"], "huber", batch=4),
    "one layer": lambda: mlp((3, 1), "sigmoid"),
    "deep": lambda: mlp((2,) * 12, "tanh", batch=3),
}


def names_of(system):
    """The parameters on which the loss depends."""
    full = gradient(system)
    names = [v.name for v in system.with_role(Role.PARAMETER)]
    return [n for n in names if adjoint_name(system.loss, n) in full.by_name]


def run(code, values, **options):
    """What the code returns at some values, in which data count from 1."""
    values = from_zero(code.given.system, values) if code.given else values
    return code(*(values[f] for f in code.families), **options)


def expected(system, values):
    """The loss and its gradients by the evaluator."""
    evaluation = Evaluation(gradient(system), values)
    found = [evaluation[adjoint_name(system.loss, n)] for n in names_of(system)]
    return [evaluation[system.loss], *found]


def flat(value):
    blocks = value.values() if isinstance(value, dict) else value
    if isinstance(value, (dict, list, tuple)):
        return np.concatenate([np.ravel(block) for block in blocks])
    return np.ravel(value)


def error(found, wanted):
    """The largest difference, relative to numbers above 1; infinite where shapes differ."""
    worst = 0.0
    for a, b in zip(map(flat, found), map(flat, wanted), strict=True):
        if a.shape != b.shape or not np.all(np.isfinite(a)):
            return np.inf
        worst = max(worst, float(np.max(np.abs(a - b) / (1 + np.abs(b)), initial=0.0)))
    return worst


@cache
def small(name):
    """One of the small systems, with tanh for functions not specified, and values for it."""
    system = with_functions(SYSTEMS[name](), {"sigma": "tanh", "f": "tanh"})
    fixed = EXAMPLES[name]().data if name in EXAMPLES else None
    return system, sample(system, 0, fixed)


def is_specified(system):
    """Whether the loss is."""
    return not any(e.rhs.has(Functional) for e in system.equations)


SMALL = [name for name in SYSTEMS if is_specified(SYSTEMS[name]())]


# -- right ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("inplace", STYLES.values(), ids=STYLES)
@pytest.mark.parametrize("name", SMALL)
def test_every_small_system_has_the_evaluators_gradient(name, inplace):
    system, values = small(name)
    code = compile_numpy(system, inplace=inplace)
    assert error(run(code, values), expected(system, values)) < 1e-12


@pytest.mark.parametrize("inplace", STYLES.values(), ids=STYLES)
@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_has_the_evaluators_gradient(name, inplace):
    system = NETWORKS[name]()
    values = sample(system)
    code = compile_numpy(system, inplace=inplace)
    assert error(run(code, values), expected(system, values)) < 1e-12


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_activations_and_losses_agree_with_backpropagation_by_hand(activation, loss):
    hidden = [activation, "identity"] if "logits" in loss else [activation] * 2
    system = mlp((3, 4, 2), hidden, loss, batch=5)
    values = sample(system)
    alpha = {v.name: float(v.value or 0) for v in system.with_role(Role.HYPERPARAMETER)}
    by_hand = reference_gradient(
        values["w"], values["b"], values["x"], values["y"],
        activations=hidden, loss=LOSSES[loss], parameters=alpha,
    )  # fmt: skip
    code = compile_numpy(system)
    found = run(code, values)
    assert error(found, [by_hand.cost, by_hand.weights, by_hand.biases]) < 1e-12


def test_the_gradient_is_that_of_complex_steps():
    activations, loss = ["tanh", "softmax"], "cross-entropy"
    system = mlp((2, 3, 2), activations, loss, batch=3)
    values = sample(system)
    _, dw, db = run(compile_numpy(system), values)
    for family, found in (("w", dw), ("b", db)):
        for layer, block in enumerate(values[family]):
            for place in np.ndindex(block.shape):
                moved = {f: [np.array(v, complex) for v in values[f]] for f in "wb"}
                moved[family][layer][place] += 1e-20j
                cost = reference_cost(
                    moved["w"], moved["b"], values["x"], values["y"],
                    activations=activations, loss=loss,
                )  # fmt: skip
                assert abs(cost.imag / 1e-20 - found[layer][place]) < 1e-12


def layers_written_out(evaluation, equation):
    """The equation's right side and domain at every value of its layers."""
    variable = evaluation.system[equation.family]
    kinds = {i: s.kind for s, i in zip(variable.slots, equation.index, strict=True)}
    points: list[dict[Any, int]] = [{}]
    for r in equation.domain:
        if kinds[r.symbol] is Kind.LAYER:
            low, high = (evaluation.indexing.integer(b, {}) for b in (r.lower, r.upper))
            points = [{**p, r.symbol: Integer(v)} for p in points for v in range(low, high + 1)]
    for at in points:
        rest = [r.substitute(at) for r in equation.domain if r.symbol not in at]
        yield substitute(equation.rhs, at), rest


def as_given(evaluation, name, values):
    """A family's values as the code takes them: a list over layers of a known number."""
    variable = evaluation.system[name]
    if name in values or not evaluation.indexing.outer(variable):
        return values[name] if name in values else evaluation[name]
    found = evaluation[name]
    blocks = [
        found.get(key[0], np.zeros(evaluation.shape(name, key)))
        for key in evaluation.indexing.keys(variable)
    ]
    return blocks if variable.slots[0].kind is Kind.LAYER else np.stack(blocks)


@pytest.mark.parametrize("name", SMALL)
def test_every_formula_of_every_system_can_be_lambdified(name):
    system, values = small(name)
    evaluation = Evaluation(gradient(system), values)
    own = from_zero(evaluation.system, values)
    for equation in evaluation.system.equations:
        for rhs, domain in layers_written_out(evaluation, equation):
            code = lambdify(evaluation.system, rhs, domain)
            found = code(*(as_given(evaluation, f, own) for f in code.families))
            wanted = evaluation.evaluate(rhs, domain)
            order = [wanted.axes.index(r.symbol) for r in domain if r.symbol in wanted.axes]
            missing = tuple(i for i, r in enumerate(domain) if r.symbol not in wanted.axes)
            full = np.expand_dims(wanted.buffer.transpose(order), missing)
            assert error([found], [np.broadcast_to(full, np.shape(found))]) < 1e-12, equation


def test_a_family_by_which_nobody_asked_is_left_out_and_an_input_can_be_asked_for():
    system = mlp((3, 4, 2), "tanh", batch=5)
    values = sample(system)
    _, dx = run(compile_numpy(system, ["x"]), values)
    _, db = run(compile_numpy(system, ["b"]), values)
    by_hand = reference_gradient(
        values["w"], values["b"], values["x"], values["y"],
        activations=["tanh"] * 2, loss="half-squared-error",
    )  # fmt: skip
    assert error([dx, db], [by_hand.inputs, by_hand.biases]) < 1e-12


def test_the_cost_alone_is_the_cost():
    system = mlp((3, 4, 2), "tanh", "cross-entropy-logits", batch=5)
    values = sample(system)
    assert run(compile_numpy(system, function="cost"), values) == pytest.approx(
        float(Evaluation(system, values)["C"]), rel=1e-14
    )


def transposed(values):
    return {k: [v.T for v in b] if isinstance(b, list) else b.T for k, b in values.items()}


@pytest.mark.parametrize("inplace", STYLES.values(), ids=STYLES)
def test_samples_may_be_rows(inplace):
    system = mlp((3, 4, 2), ["relu", "softmax"], "cross-entropy", batch=5)
    values = sample(system)
    rows = {k: np.ascontiguousarray(v) if k in "xy" else list(map(np.ascontiguousarray, v))
            for k, v in transposed(values).items()}  # fmt: skip
    cost, dw, db = run(compile_numpy(system, layout=ROW, inplace=inplace), rows)
    assert error([cost, [w.T for w in dw], db], expected(system, values)) < 1e-12


def test_the_depth_may_be_a_symbol():
    system = mlp(None, ["tanh", "softmax"], "cross-entropy", batch=True, l2="lambda/2m")
    source = numpy_source(system)
    assert "for l in range(1, L):" in source
    for sizes in ((3, 4, 2), (2, 3, 5, 4)):
        bound = system.with_sizes(L=len(sizes) - 1, n=sizes, m=3)
        values = sample(bound)
        assert error(run(compile_numpy(system), values), expected(bound, values)) < 1e-12


def test_sizes_are_read_from_the_arrays():
    code = compile_numpy(mlp((3, 4, 2), "sigmoid", "mean-squared-error", batch=7))
    other = mlp((5, 2, 6), "sigmoid", "mean-squared-error", batch=3)
    values = sample(other)
    assert error(run(code, values), expected(other, values)) < 1e-12


# -- in place ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["softmax", "binary", "mixed", "l1 and l2", "one sample"])
def test_buffers_are_used_again_and_what_is_given_is_left_alone(name):
    system = NETWORKS[name]()
    code = compile_numpy(system)
    first, second = sample(system, 1), sample(system, 2)
    shapes = [[np.full_like(v, np.nan) for v in first[f]] for f in names_of(system)]
    assert code.workspace is not None
    arrays = inspect_arguments(code.workspace, first)
    work = code.workspace(*arrays)
    for values in (first, second, first):
        before = {k: flat(v).copy() for k, v in values.items()}
        _, *found = run(code, values, out=shapes, work=work)
        assert all(a is b for a, b in zip(found, shapes, strict=True))
        assert error(found, expected(system, values)[1:]) < 1e-12
        assert all(np.array_equal(flat(values[k]), before[k]) for k in values)


def inspect_arguments(function, values):
    return [values[name] for name in signature(function).parameters]


# -- stable --------------------------------------------------------------------------------------


@pytest.mark.parametrize("inplace", STYLES.values(), ids=STYLES)
@pytest.mark.parametrize("name", ["softmax", "one softmax", "binary", "one sample", "logits"])
def test_logits_of_a_thousand_do_no_harm(name, inplace):
    system = {**SYSTEMS, **NETWORKS}[name]()
    values = sample(system)
    values["w"] = [RNG.choice([-500.0, 500.0], w.shape) for w in values["w"]]
    values["b"] = [RNG.choice([-1000.0, 1000.0], b.shape) for b in values["b"]]
    cost, dw, db = run(compile_numpy(system, inplace=inplace), values)
    assert all(np.all(np.isfinite(flat(x))) for x in ([cost], dw, db))


def test_the_cost_of_saturated_outputs_is_that_of_their_logits():
    system = mlp((1, 2), ["softmax"], "cross-entropy")
    w, b = [np.array([[1000.0], [-1000.0]])], [np.zeros(2)]
    cost, _, (db,) = compile_numpy(system)(np.ones(1), np.array([0.0, 1.0]), w, b)
    assert cost == 2000.0
    assert db.tolist() == [1.0, -1.0]


# -- readable ------------------------------------------------------------------------------------

GOLDEN = {
    "sigmoid.py": lambda: numpy_source(mlp((2, 2, 1), "sigmoid")),
    "sigmoid_inplace.py": lambda: numpy_source(mlp((2, 2, 1), "sigmoid"), inplace=True),
    "softmax.py": lambda: numpy_source(
        mlp((3, 4, 2), ["tanh", "softmax"], "cross-entropy", batch=True, l2="lambda/2m")
    ),
    "binary_rows.py": lambda: numpy_source(
        mlp((3, 4, 1), ["relu", "sigmoid"], "binary-cross-entropy", batch=True), layout=ROW
    ),
    "any_depth.py": lambda: numpy_source(mlp(None, "tanh")),
    "cost.py": lambda: numpy_source(mlp((2, 3, 1), "gelu", "huber"), function="cost"),
    "recurrent.py": lambda: numpy_source(SYSTEMS["recurrence in time"]()),
    "convolution.py": lambda: numpy_source(SYSTEMS["convolution"]()),
    "attention.py": lambda: numpy_source(SYSTEMS["attention with heads"]()),
    "layer_norm.py": lambda: numpy_source(SYSTEMS["layer norm"]()),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_the_source_is_as_it_was(name, golden):
    golden(f"numpy/{name}", GOLDEN[name]())


@cache
def sources():
    """Every source that these tests make, in both styles."""
    systems = {**{n: f() for n, f in NETWORKS.items()}, **{n: small(n)[0] for n in SMALL}}
    found = {f"{n}, {style}": numpy_source(s, inplace=inplace)
             for n, s in systems.items() for style, inplace in STYLES.items()}  # fmt: skip
    return {**found, **{n: make() for n, make in GOLDEN.items()}}


def test_the_source_is_formatted_and_has_no_unused_name(tmp_path):
    for i, source in enumerate(sources().values()):
        (tmp_path / f"source_{i}.py").write_text(source, encoding="utf-8")
    config = ["--isolated", "--line-length=100", "--no-cache"]
    rules = "--select=E,F,W,I,B,UP,RET,SIM,C4"
    for command in (["check", rules, "--ignore=E741"], ["format", "--check"]):
        result = subprocess.run(
            [sys.executable, "-m", "ruff", *command, *config, str(tmp_path)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert result.returncode == 0, result.stdout


# -- faults --------------------------------------------------------------------------------------

FAULTS = [
    ("sign", r"\(a2 - y\)", "(a2 + y)"),
    ("missing transpose", r"w2\.T @", "w2 @"),
    ("lost 1/m", r" / m$", ""),
    ("missing derivative", r" \* \(1 - a1\)", ""),
    ("argument of the derivative", r"a1 \* \(1 - a1\)", "z1 * (1 - z1)"),
    ("wrong layer", r"dz2 @ a1\.T", "dz2 @ a2.T"),
    ("missing sum", r"db1 = np\.sum\(dz1, axis=1\)", "db1 = dz1[:, 0]"),
    ("wrong axis", r"np\.sum\(dz1, axis=1\)", "np.sum(dz1, axis=0)"),
    ("factor", r"2 \* m", "m"),
    ("elementwise for matrix product", r"dz1 @ x\.T", "(dz1 * x) @ np.ones_like(x).T"),
]


@pytest.mark.parametrize(("pattern", "repair"), [f[1:] for f in FAULTS], ids=[f[0] for f in FAULTS])
def test_a_planted_fault_is_caught(pattern, repair):
    system = mlp((4, 4, 4), "sigmoid", batch=4)
    values = sample(system)
    source = numpy_source(system)
    broken, count = re.subn(pattern, lambda _: repair, source, flags=re.MULTILINE)
    assert count
    namespace: dict[str, Any] = {}
    exec(broken, namespace)
    found = namespace["gradient"](values["x"], values["y"], values["w"], values["b"])
    assert error(found, expected(system, values)) > 1e-6


# -- refused -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "kind", "message"),
    [
        (lambda: numpy_source(mlp((2, 1))), UnknownNameError, "a[1, j]: sigma is unspec"),
        (lambda: numpy_source(mlp((2, 1), "tanh", "generic")), UnknownNameError, "loss C is un"),
        (lambda: numpy_source(mlp((2, 1), "tanh"), function="grad"), UnknownNameError, "'grad'"),
        (lambda: numpy_source(mlp(None, "tanh"), inplace=True), SizeError, "number of layers"),
    ],
)  # fmt: skip
def test_what_cannot_be_written_is_refused(make, kind, message):
    with pytest.raises(kind, match=re.escape(message)):
        make()
