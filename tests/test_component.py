"""The component form against SymPy's own `diff` of the loss, written out in full."""

from __future__ import annotations

import inspect
import random
import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy as sp
from sympy import Expr, Indexed, Integer

from symbp.adjoint import gradient
from symbp.adjoint.partials import prime_formula
from symbp.errors import DefinitionError, SizeError, UnknownNameError
from symbp.forms import arithmetic
from symbp.forms.component import Components, component, components
from symbp.forms.scalar_code import lambdify_components
from symbp.forms.scalar_functions import scalar_code
from symbp.functions import ALPHA, DELTA, ROWS, TABLE, Elementwise, F, X
from symbp.networks import mlp
from symbp.numbers.evaluator import Evaluation
from symbp.system import Role, System
from symbp.system.functional import Functional
from tests.exact_values import exact
from tests.small_systems import EXAMPLES, recurrent

LOOKED_UP = ("generic", "gather", "class by data", "label", "margins")
WRITTEN_OUT = [name for name in EXAMPLES if name not in LOOKED_UP]


def wrong_entries(system: System) -> list[Any]:
    """The entries of the gradient that differ from SymPy's derivative of the loss."""
    everything = Components(system, "all")
    loss = everything["C", ()]
    found = []
    for parameter in system.with_role(Role.PARAMETER):
        name = f"∂C/∂{parameter.name}"
        for (_, index), e in everything.all_of([name]).items():
            entry = parameter[tuple(Integer(i) for i in index)]
            derivative = sp.diff(loss, entry)
            if exact(e) != exact(derivative):
                found.append((name, index))
    return found


@pytest.mark.parametrize("activation", ["sigma", "sigmoid", "relu", "leaky_relu", "exp", "square"])
@pytest.mark.parametrize("sizes", [(2, 2, 1), (2, 3, 2)], ids=str)
def test_every_component_is_sympys_derivative(sizes, activation):
    assert wrong_entries(gradient(mlp(sizes, activation))) == []


@pytest.mark.parametrize("loss", ["squared-error", "cross-entropy", "huber", "hinge"])
def test_every_loss(loss):
    assert wrong_entries(gradient(mlp((2, 2, 2), ["tanh", "softmax"], loss, batch=2))) == []


@pytest.mark.parametrize("name", WRITTEN_OUT)
def test_systems_of_every_kind(name):
    assert wrong_entries(gradient(EXAMPLES[name]().system)) == []


def changed(system: System, family: str, change: Any) -> System:
    equations = tuple(
        replace(e, rhs=change(e.rhs)) if e.family == family else e for e in system.equations
    )
    return replace(system, equations=equations)


@pytest.mark.parametrize(
    ("family", "change"),
    [
        ("∂C/∂a", lambda rhs: -rhs),
        ("∂C/∂z", lambda rhs: rhs * 2),
        ("∂C/∂w", lambda rhs: rhs + 1),
        ("∂C/∂b", lambda rhs: rhs**2),
        (
            "∂C/∂z",
            lambda rhs: rhs.xreplace({n: n.func(2 * n.args[0]) for n in rhs.atoms(Elementwise)}),
        ),
    ],
    ids=["sign", "factor", "term", "power", "argument"],
)
def test_a_planted_fault_is_caught(family, change):
    system = gradient(mlp((2, 3, 2)))
    assert wrong_entries(system) == []
    assert wrong_entries(changed(system, family, change))


# -- what is unfolded -----------------------------------------------------------------------


def test_the_default_unfolds_adjoints_and_keeps_forward_names():
    system = gradient(mlp((1, 1, 1)))
    w, a, z, y = (system[name] for name in "wazy")
    sigma = TABLE["sigma"]

    def prime(x: Expr) -> Expr:
        return sp.diff(sigma(X), X).xreplace({X: x})

    delta = (a[2, 1] - y[1]) * prime(z[2, 1])
    assert component(system, "∂C/∂w", (2, 1, 1)) == delta * a[1, 1]
    expected = delta * w[2, 1, 1] * prime(z[1, 1]) * a[0, 1]
    assert component(system, "∂C/∂w", (1, 1, 1)) == expected
    assert component(system, "z", (2, 1)) == w[2, 1, 1] * a[1, 1] + system["b"][2, 1]


def test_none_all_and_chosen_families():
    system = gradient(mlp((1, 1, 1)))
    w, b, x, a = (system[name] for name in "wbxa")
    one = component(system, "∂C/∂w", (1, 1, 1), "none")
    assert one == a[0, 1] * system["∂C/∂z"][1, 1]
    assert component(system, "∂C/∂w", (1, 1, 1), ["a"]) == x[1] * system["∂C/∂z"][1, 1]
    sigma = TABLE["sigma"]
    hidden = sigma(w[1, 1, 1] * x[1] + b[1, 1])
    assert component(system, "z", (2, 1), "all") == w[2, 1, 1] * hidden + b[2, 1]
    assert component(system, "w", (1, 1, 1)) == w[1, 1, 1]


def test_forward_names_stand_for_their_definitions():
    system = gradient(mlp((2, 3, 2), "sigmoid"))
    forward = Components(system, "all")
    known = {
        system[name][tuple(Integer(i) for i in index)]: exact(e)
        for name in "az"
        for (_, index), e in forward.all_of([name]).items()
    }
    for key, e in components(system).items():
        assert exact(e, known) == exact(forward[key])


def test_all_components_are_those_made_one_by_one_and_share_their_parts():
    system = gradient(mlp((2, 3, 2), "sigmoid"))
    every = components(system)
    assert len(every) == 2 * 3 + 3 * 2 + 3 + 2
    for (family, index), e in every.items():
        assert component(system, family, index) == e
    some = Components(system)
    assert some["∂C/∂b", (1, 2)] is some["∂C/∂z", (1, 2)]
    assert some["∂C/∂z", (1, 2)] is some["∂C/∂z", (1, 2)]


def test_results_are_what_sympy_itself_would_build():
    def rebuilt(e: Expr) -> Expr:
        return e if isinstance(e, Indexed) or not e.args else e.func(*map(rebuilt, e.args))

    for name in ("layers", "recurrence in time", "convolution, stride 2"):
        for e in components(gradient(EXAMPLES[name]().system)).values():
            assert rebuilt(e) == e


def test_an_unspecified_loss_stays_a_function():
    e = component(gradient(mlp((2, 2, 2), "f", "generic")), "∂C/∂a", (2, 1))
    assert isinstance(e, Functional)
    assert e.partials == (1,)
    assert e.limits[0][2] == 2


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda s: component(s, "∂C/∂w", (1, 4, 1)), SizeError, "∂C/∂w has no entry [1, 4, 1]"),
        (lambda s: component(s, "∂C/∂w", (1, 1)), SizeError, "index (1, 1) met ∂C/∂w[l, j, k]"),
        (lambda s: component(s, "u", (1,)), DefinitionError, "no family 'u'"),
        (lambda s: component(s, "C", (), ["u"]), DefinitionError, "no family 'u'"),
        (lambda s: components(mlp((1, 1))), DefinitionError, "take its gradient"),
    ],
)
def test_errors_say_what_met_what(call, error, message):
    with pytest.raises(error, match=r".*") as caught:
        call(gradient(mlp((2, 3, 2))))
    assert message in str(caught.value)


def test_a_size_without_a_number_is_named():
    with pytest.raises(SizeError, match="no value for the size L"):
        component(gradient(mlp()), "∂C/∂w", (1, 1, 1))


def test_an_index_that_is_data_has_no_component():
    with pytest.raises(SizeError, match=r"c\[1\]"):
        component(gradient(EXAMPLES["gather"]().system), "C")


# -- depth and length -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("system", "family", "index"),
    [
        (mlp(None, "sigmoid").with_sizes(L=400, n=(1,) * 401), "∂C/∂w", (1, 1, 1)),
        (recurrent().system.with_sizes(N=1, T=400), "∂C/∂w", (1, 1)),
    ],
    ids=["layers", "time"],
)
def test_depth_needs_no_recursion(system, family, index):
    adjoint = gradient(system)
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack()) + 200)
    try:
        e = component(adjoint, family, index)
    finally:
        sys.setrecursionlimit(limit)
    assert e.is_Mul or e.is_Add


def test_long_parts_stay_whole_and_mean_the_same(monkeypatch):
    system = gradient(mlp((2, 3, 2), "sigmoid", batch=2))
    usual = components(system, expand="all")
    monkeypatch.setattr(arithmetic, "LONG", 3)
    held = components(system, expand="all")
    assert held != usual
    for key, e in held.items():
        assert exact(e) == exact(usual[key])


PARTS = [
    *sp.symbols("x y z", real=True),
    sp.S(2),
    sp.S(-1),
    sp.Rational(1, 3),
    sp.S(0),
    sp.S(1),
    sp.sqrt(2),
    sp.Symbol("x", real=True) ** 2,
    1 / sp.Symbol("y", real=True),
    sp.Symbol("x", real=True) + 1,
    2 * sp.Symbol("z", real=True),
    sp.Symbol("x", real=True) * sp.Symbol("y", real=True),
    sp.exp(sp.Symbol("x", real=True)),
    TABLE["sigmoid"](sp.Symbol("x", real=True)),
]


def test_sums_and_products_are_sympys():
    chance = random.Random(1)
    for _ in range(500):
        parts = chance.choices(PARTS, k=chance.randint(0, 5))
        assert arithmetic.product(parts) == sp.Mul(*parts)
        assert arithmetic.total(parts) == sp.Add(*parts)


# -- scalar code --------------------------------------------------------------------------------


def values_of(system: System, seed: int = 1) -> dict[str, Any]:
    """Random numbers for everything that is given, as arrays."""
    random_numbers = np.random.default_rng(seed)
    sizes = dict(system.sizes)
    n, m = sizes["n"], sizes.get("m")
    assert isinstance(n, tuple)
    batch = () if m is None else (m,)
    layers = list(zip(n[1:], n, strict=False))
    return {
        "x": random_numbers.uniform(-1, 1, (n[0], *batch)),
        "y": random_numbers.uniform(0.1, 1, (n[-1], *batch)),
        "w": [random_numbers.uniform(-1, 1, pair) for pair in layers],
        "b": [random_numbers.uniform(0.1, 1, pair[:1]) for pair in layers],
    }


def at(values: Mapping[str, Any], system: System, family: str, index: tuple[int, ...]) -> float:
    if family not in values:
        return float(sp.S(system[family].value))
    value = values[family]
    for place in index:
        value = value[place - 1]
    return float(value)


SMOOTH = [
    row.name
    for row in ROWS
    if row.specified and row.name not in ("step", "sign", "erf", "log", "sqrt")
]


@pytest.mark.parametrize("activation", SMOOTH)
def test_scalar_code_has_the_evaluators_values(activation):
    system = gradient(mlp((3, 4, 2), activation, batch=2, l2="lambda/2"))
    code, values = lambdify_components(system), values_of(system)
    found = code(*(at(values, system, *key) for key in code.arguments))
    assert len(found) == len(code.results) == 26
    evaluation = Evaluation(system, values)
    for (family, index), number in zip(code.results, found, strict=True):
        array = evaluation[family][index[0]]
        assert number == pytest.approx(array[tuple(i - 1 for i in index[1:])], rel=1e-12, abs=1e-14)


@pytest.mark.parametrize("loss", ["cross-entropy", "binary-cross-entropy", "huber", "hinge"])
def test_scalar_code_of_losses(loss):
    last = "softmax" if loss == "cross-entropy" else "sigmoid"
    system = gradient(mlp((2, 3, 2), ["tanh", last], loss))
    code, values = lambdify_components(system, ["C", "∂C/∂b"]), values_of(system)
    found = code(*(at(values, system, *key) for key in code.arguments))
    evaluation = Evaluation(system, values)
    assert found[0] == pytest.approx(float(evaluation["C"]))
    assert found[-1] == pytest.approx(evaluation["∂C/∂b"][2][1])


def test_scalar_code_computes_every_named_entry_once():
    code = lambdify_components(gradient(mlp((3, 4, 2), "sigmoid")))
    assert code.source.count("exp(") == 2 * 6  # two branches each, of which one runs
    assert "dC_dz_2_1 = a_2_1*dC_da_2_1*(1.0 - a_2_1)" in code.source


def test_names_that_python_reserves():
    code = lambdify_components(gradient(mlp((1, 1), "tanh", l2="lambda")))
    assert ("lambda", ()) in code.arguments
    assert "lambda_" in code.source


@pytest.mark.parametrize(("activation", "loss"), [("sigma", "squared-error"), ("tanh", "generic")])
def test_scalar_code_needs_known_functions(activation, loss):
    with pytest.raises(UnknownNameError, match="is unspecified"):
        lambdify_components(gradient(mlp((1, 1), activation, loss)))


def high_precision(e: Expr, x: Any) -> Any:
    """A formula in X, F and the parameters, with 60 digits."""
    with mpmath.workdps(60):
        return sp.lambdify([X, F, ALPHA, DELTA], plain(e), "mpmath")(x, 0, 0.5, 1.0)


def plain(e: Expr) -> Expr:
    """A table formula by elementary functions; step and sign by their definitions."""
    for node in e.atoms(Elementwise):
        if node.row.name == "step":
            new = sp.Heaviside(node.args[0], 0)
        elif node.row.name == "sign":
            new = sp.sign(node.args[0])
        else:
            new = {"erf": sp.erf, "exp": sp.exp, "log": sp.log}[node.row.name](node.args[0])
        e = e.xreplace({node: new})
    return plain(e) if e.atoms(Elementwise) else e


def whole(name: str, order: int) -> Expr:
    """The scalar code of a function as one expression."""
    parts, code = scalar_code(name, order)
    for symbol, part in reversed(parts):
        code = code.xreplace({symbol: part})
    return code


@pytest.mark.parametrize("name", [row.name for row in ROWS if row.value is not None])
@pytest.mark.parametrize("order", [0, 1, 2])
def test_scalar_functions_are_accurate_and_do_not_overflow(name, order):
    row = TABLE[name]
    if row.derivative == 0 and order > 0:
        return
    positive = name in ("log", "sqrt")
    places = (
        [0.3, 2.0, 17.0] if positive else [-1000.0, -40.0, -2.0, -0.5, 1e-9, 0.3, 2.0, 30.0, 1000.0]
    )
    f, value = (sp.lambdify([X, F, ALPHA, DELTA], whole(name, n), "math") for n in (order, 0))
    formula = row.value if order == 0 else prime_formula(name, order)
    for x in places:
        if name in ("exp", "square") and abs(x) > 700:
            continue
        found = f(x, value(x, 0, 0.5, 1.0), 0.5, 1.0)
        assert formula is not None
        expected = high_precision(formula.xreplace({F: row.value}), mpmath.mpf(x))
        assert found == pytest.approx(float(expected), rel=1e-9, abs=1e-12), x
