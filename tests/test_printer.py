"""NumPy text of formulas: right for every system, and for whatever else SymPy knows."""

import math
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
import sympy as sp
from sympy import Integer, Sum, Symbol

from symbp.adjoint import gradient
from symbp.derivation.context import Partial
from symbp.errors import DefinitionError, SizeError, UnknownNameError
from symbp.functions import ALPHA, TABLE, Elementwise, lookup, node_class
from symbp.networks import mlp
from symbp.numbers.domains import multiprecision
from symbp.numbers.evaluator import Evaluation
from symbp.numbers.printer import ArrayPrinter, numpy_function
from symbp.numbers.printer.scope import Scope
from symbp.numbers.sampling import sample
from symbp.system import Equation, Kind, Range, Role, System
from symbp.system.functional import Functional
from symbp.system.indices import AtLeast, substitute
from symbp.system.instantiate import with_functions
from tests.small_systems import EXAMPLES, C, M, N, family, size, slot

i, j, k, l, s, t = (Symbol(name, integer=True) for name in "ijklst")
TANH = lookup("tanh")


# -- the evaluator's values -----------------------------------------------------------------------


def expected(evaluation, formula, domain):
    """The formula over the domain by the evaluator: layers as a list, other indices as axes."""
    if domain and domain[0].symbol == l:
        low, high = (evaluation.indexing.integer(b, {}) for b in (domain[0].lower, domain[0].upper))
        return [
            expected(evaluation, substitute(formula, at), [r.substitute(at) for r in domain[1:]])
            for at in ({l: Integer(v)} for v in range(low, high + 1))
        ]
    found = evaluation.evaluate(formula, domain)
    order = [found.axes.index(r.symbol) for r in domain if r.symbol in found.axes]
    missing = tuple(i for i, r in enumerate(domain) if r.symbol not in found.axes)
    ends = [[evaluation.indexing.integer(b, {}) for b in (r.lower, r.upper)] for r in domain]
    whole = np.expand_dims(found.buffer.transpose(order), missing)
    return np.broadcast_to(whole, [high - low + 1 for low, high in ends])


def as_given(evaluation, name, values):
    """A family's values as a function takes them: a list over layers, else an array."""
    variable = evaluation.system[name]
    if variable.role is Role.SIZE:
        return evaluation.system.sizes[name]
    if name in values:
        return values[name]
    if variable.role is Role.HYPERPARAMETER:
        return float(variable.value)
    if not evaluation.indexing.outer(variable):
        return evaluation[name]
    blocks = [
        evaluation[name].get(key[0], np.zeros(evaluation.shape(name, key)))
        for key in evaluation.indexing.keys(variable)
    ]
    return blocks if variable.slots[0].kind is Kind.LAYER else np.stack(blocks)


def value(evaluation, formula, domain, values, **others):
    """The printed function at the evaluator's values."""
    code = numpy_function(evaluation.system, formula, domain)
    given = [others[f] if f in others else as_given(evaluation, f, values) for f in code.families]
    return code(*given)


def same(found, wanted):
    """Whether two arrays, or lists of arrays, agree to 1e-12."""
    if isinstance(wanted, list):
        return len(found) == len(wanted) and all(map(same, found, wanted))
    return np.shape(found) == np.shape(wanted) and bool(
        np.all(np.abs(found - wanted) <= 1e-12 * (1 + np.abs(wanted)))
    )


def agrees(evaluation, formula, domain, values, wanted=None):
    return same(
        value(evaluation, formula, domain, values),
        expected(evaluation, formula if wanted is None else wanted, domain),
    )


def of_example(name, **functions):
    """The gradient of a small system, its evaluation, and its values."""
    example = EXAMPLES[name]()
    system = with_functions(example.system, {"sigma": "tanh", "f": "tanh"} | functions)
    values = sample(system, 0, example.data)
    return Evaluation(gradient(system), values), values


def printable(equation):
    return not equation.rhs.has(Functional)


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_equation_of_every_system_and_of_its_gradient(name):
    evaluation, values = of_example(name)
    equations = [e for e in evaluation.system.equations if printable(e)]
    assert len(equations) >= 2
    for e in equations:
        assert agrees(evaluation, e.rhs, e.domain, values), e


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_planted_fault_is_seen(name):
    evaluation, values = of_example(name)
    for e in filter(printable, evaluation.system.equations):
        if not e.rhs:
            continue
        assert not agrees(evaluation, e.rhs * (1 + sp.Rational(1, 10**6)), e.domain, values, e.rhs)
        assert not agrees(evaluation, -e.rhs, e.domain, values, e.rhs)


NETWORKS = {
    "softmax": lambda: mlp((3, 4, 2), ["sigmoid", "softmax"], "cross-entropy", batch=5),
    "l1 and l2": lambda: mlp((3, 4, 2), "tanh", batch=5, l1="lambda", l2="lambda/2"),
    "mixed": lambda: mlp((3, 5, 4, 2), ["relu", "leaky_relu", "elu"], "huber", batch=4),
    "binary": lambda: mlp((3, 4, 2), "gelu", "binary-cross-entropy-logits", batch=5),
    "deep": lambda: mlp((2, 3, 3, 2), "softplus", "mean-squared-error"),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_networks(name):
    system = gradient(NETWORKS[name]())
    values = sample(system)
    evaluation = Evaluation(system, values)
    for e in system.equations:
        assert agrees(evaluation, e.rhs, e.domain, values), e


def test_sizes_may_stay_symbols():
    system = gradient(mlp(None, ["tanh", "softmax"], "cross-entropy", batch=True, l2="lambda/2m"))
    bound = system.with_sizes(L=2, n=(3, 4, 2), m=3)
    values = sample(bound)
    evaluation = Evaluation(bound, values)
    for e in system.equations:
        code = numpy_function(system, e.rhs, e.domain)
        found = code(*(as_given(evaluation, f, values) for f in code.families))
        assert same(found, expected(evaluation, e.rhs, e.domain)), e
    (z,) = system.defining("z")
    assert numpy_function(system, z.rhs, z.domain).families == ("L", "w", "b", "a")


# -- formulas of every form -----------------------------------------------------------------------


def playground():
    """Families of one and two indices, of numbers that index, and of layers."""
    system = System(
        (
            size("N"),
            size("M"),
            C,
            family("w", slot(j, N), slot(k, N), role=Role.PARAMETER),
            family("u", slot(i, M), slot(j, N), role=Role.PARAMETER),
            family("x", slot(j, N), role=Role.PARAMETER),
            family("y", slot(i, M), role=Role.PARAMETER),
            family("c", slot(i, M), role=Role.INPUT),
            family("h", slot(l, Integer(3), Kind.LAYER), slot(j, N), role=Role.PARAMETER),
            family("q", role=Role.PARAMETER),
        ),
        (Equation("C", (), Sum(family("x", slot(j, N))[j], (j, 1, N))),),
        "C",
        {"N": 3, "M": 2},
    )
    values = sample(system, 5, {"c": np.array([3, 1])})
    return system, Evaluation(system, values), values


SYSTEM, PLAY, VALUES = playground()
w, u, x, y, c, h = (SYSTEM[n] for n in "wuxych")
q = SYSTEM["q"].atom
DOMAIN = [Range(j, sp.S(1), N), Range(i, sp.S(1), M)]
FORMS = {
    "transposed": Sum(w[k, j] + w[j, k], (k, 1, N)),
    "no index": q**2,
    "one index": x[j],
    "other index": y[i] ** 2,
    "the index itself": j * x[j] + i,
    "diagonal": w[j, j] * q,
    "a column": w[j, 2] + w[1, j] - x[N],
    "reversed": x[N + 1 - j] * y[i],
    "product": Sum(w[j, k] * x[k], (k, 1, N)),
    "three factors": Sum(w[j, k] * x[k] * u[i, k], (k, 1, N)),
    "function in a sum": Sum(TANH(w[j, k] * y[i]) * x[k], (k, 1, N)),
    "sum in a function": TANH(Sum(w[j, k] * u[i, k], (k, 1, N))),
    "two sums": Sum(w[j, k] * w[k, s], (k, 1, N), (s, 1, N)),
    "sum in a sum": Sum(x[k] * Sum(w[k, s] * y[i] * w[s, j], (s, 1, N)), (k, 1, N)),
    "the same letter twice": Sum(x[k] * Sum(w[k, j] * Sum(y[k], (k, 1, M)), (k, 1, N)), (k, 1, N)),
    "a letter of the domain": x[j] * Sum(x[j] * y[i], (j, 1, N)),
    "nothing in a sum": Sum(q, (k, 1, N)) + Sum(x[j], (k, 2, N)),
    "one of two in a sum": Sum(x[k] * y[i], (k, 1, N), (s, 1, M)),
    "the index in a sum": Sum(k * x[k], (k, 1, N)) + Sum(k, (k, 2, N)),
    "part of a range": Sum(x[k + 1] * w[j, k], (k, 1, N - 1)),
    "an empty range": Sum(x[k], (k, 1, N - 3)) + x[j],
    "lower triangle": Sum(w[j, k] * x[k], (k, 1, j)),
    "upper triangle": Sum(w[j, k] * x[k], (k, j, N)),
    "difference of indices": Sum(x[j - k + 1] * x[k], (k, 1, j)),
    "bounds of bounds": Sum(w[k, s] * x[k], (s, 1, k), (k, 1, j)),
    "a lookup": x[c[i]] * w[j, c[i]],
    "a scatter": Sum(sp.KroneckerDelta(j, c[k]) * u[k, j], (k, 1, M)),
    "Kronecker": sp.KroneckerDelta(i, j) * x[j] - sp.KroneckerDelta(i, j),
    "an indicator": AtLeast(j - i) * x[j - i + 1] + AtLeast(i - j) * 2,
    "an excused index": AtLeast(N - j - 1) * x[j + 1] * y[i],
    "negative indicators": -AtLeast(j - 2) - sp.KroneckerDelta(j, 2) - TABLE["step"](x[j]),
    "steps added": TABLE["step"](x[j]) + TABLE["step"](y[i]) + TABLE["step"](q),
    "a layer": h[2, j] * h[3, N] + y[i],
    "all layers": Sum(h[l, j] * y[i], (l, 1, 3)),
    "layers and units": Sum(h[l, k] * w[j, k] * l, (k, 1, N), (l, 1, 3)),
    "units, then layers": Sum(h[l, k] * w[j, k], (l, 2, 3), (k, 1, N)),
    "layers up to an index": Sum(h[l, j] * y[i], (l, 1, j)),
    "no layer": Sum(h[l, k] * x[k], (k, 1, N), (l, 3, 2)) * y[i] + x[j] * Sum(h[l, j], (l, 2, 1)),
    "halves": x[(sp.floor(j / 2)) + 1] * sp.ceiling(sp.Rational(1, 2) * i) * y[i],
    "powers": (x[j] ** 2 + 1) ** sp.Rational(-3, 2) * sp.sqrt(y[i] ** 2 + 2) / (1 + q**2),
    "numbers": sp.pi * x[j] + sp.E - sp.Rational(2, 7) * y[i] + sp.exp(x[j]) * sp.log(2),
    "quotient of sums": x[j] / Sum(x[k] ** 2, (k, 1, N)) / Sum(y[k] ** 2, (k, 1, M)),
    "sum of sums in a sum": Sum(x[k] * (y[i] + Sum(w[k, s], (s, 1, N))), (k, 1, N)),
}


@pytest.mark.parametrize("name", FORMS)
def test_every_form_of_formula(name):
    assert agrees(PLAY, FORMS[name], DOMAIN, VALUES)
    assert agrees(PLAY, FORMS[name], DOMAIN[::-1], VALUES)
    assert not agrees(PLAY, FORMS[name] + x[j] / 10**9, DOMAIN, VALUES, FORMS[name])


FAULTS = {
    "the bounds of a sum": (ArrayPrinter, "_inside_range", lambda self, r: [], "lower triangle"),
    "an indicator": (ArrayPrinter, "_condition", lambda self, guard: "True", "an indicator"),
    "new axes": (Scope, "lifted", lambda self, text, symbols: text, "function in a sum"),
    "an index shifted": (ArrayPrinter, "_slice", lambda self, index, r: ":", "reversed"),
    "an excuse too many": (ArrayPrinter, "_position", lambda self, e, g, r: "0", "a lookup"),
    "a letter twice": (ArrayPrinter, "_renamed", lambda self, e: e, "a letter of the domain"),
    "what is not summed": (ArrayPrinter, "_count", lambda self, r: "1", "nothing in a sum"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_of_the_printer_is_caught(fault, monkeypatch):
    owner, name, wrong, form = FAULTS[fault]
    monkeypatch.setattr(owner, name, wrong)
    with suppress(ValueError, IndexError):  # NumPy refuses what does not fit
        assert not agrees(PLAY, FORMS[form], DOMAIN, VALUES)


def test_one_layer_or_another_as_an_argument():
    formula = sp.KroneckerDelta(l, 1) * h[l + 1, j] + Sum(w[j, k] * h[l, k], (k, 1, N))
    for layer in (1, 3):
        at = substitute(formula, {l: Integer(layer)})
        found = value(PLAY, formula, DOMAIN, VALUES, l=layer)
        assert same(found, expected(PLAY, at, DOMAIN))


def test_an_excused_layer_is_not_looked_up():
    formula = Sum(sp.KroneckerDelta(l, 2) * h[l + 1, j] * x[k], (k, 1, N), (l, 1, 3)) + y[i]
    wanted = (VALUES["h"][2] * VALUES["x"].sum())[:, None] + VALUES["y"]
    assert same(value(PLAY, formula, DOMAIN, VALUES), wanted)
    assert not same(value(PLAY, substitute(formula, {x[k]: x[1]}), DOMAIN, VALUES), wanted)


def random_formula(rng, depth, opened, names):
    """A formula in the indices that are open, each with the size that it runs to."""
    pick = rng.integers(0, 9 if depth else 3)
    index = {n: [a for a, b in opened.items() if b == n] for n in (N, M)}

    def some(n):
        return index[n][rng.integers(len(index[n]))]

    def part():
        return random_formula(rng, depth - 1, opened, names)

    if pick == 0:
        return w[some(N), some(N)] if rng.integers(2) else x[N + 1 - some(N)]
    if pick == 1:
        return u[some(M), some(N)] + y[some(M)]
    if pick == 2:
        return h[rng.integers(1, 4), some(N)] * q
    if pick == 3:
        return part() + part()
    if pick == 4:
        return part() * part() / 2
    if pick == 5:
        return TANH(part())
    if pick == 6:
        return part() * (AtLeast(some(N) - some(M)) + sp.KroneckerDelta(some(N), some(N)))
    new, n = names[depth], (N, M)[rng.integers(2)]
    upper = n if pick == 7 else some(n)
    body = random_formula(rng, depth - 1, {**opened, new: n}, names)
    return Sum(body * part(), (new, 1, upper))


@pytest.mark.parametrize("seed", range(150))
def test_random_formulas(seed):
    rng = np.random.default_rng(seed)
    names = [Symbol(n, integer=True) for n in "jkstp"]  # j again: hides the index of the domain
    formula = random_formula(rng, 4, {j: N, i: M}, names)
    assert agrees(PLAY, formula, DOMAIN, VALUES), formula


# -- functions of the table -----------------------------------------------------------------------


@pytest.mark.parametrize("order", [0, 1, 2, 3])
@pytest.mark.parametrize("name", [n for n, row in TABLE.items() if row.specified])
def test_every_row_and_its_derivatives(name, order):
    row = TABLE[name]
    e = node_class(row, order)(x[j] - y[i], *(p for p, _ in row.parameters))
    values = {**VALUES, "x": np.array([0.7, 4.0, 9.0]), "y": np.array([0.2, -1.5])}
    if name not in ("log", "sqrt"):
        values["y"] = np.array([2.0, 5.0])
    numbers = {p.name: float(v) for p, v in row.parameters}
    code = numpy_function(SYSTEM, e, DOMAIN)
    found = code(*(numbers[f] if f in numbers else values[f] for f in code.families))
    z = values["x"][:, None] - values["y"]
    domain = multiprecision(40)
    wanted = domain.apply(
        row, order, domain.array(z), [domain.number(v) for _, v in row.parameters]
    )
    assert same(found + np.zeros((3, 2)), (wanted + np.zeros((3, 2))).astype(float))


def test_parameters_of_a_row_are_formulas():
    row, z = TABLE["leaky_relu"], np.array([-1.0, 2.0, -3.0])
    for order, wanted in ((0, [-0.2, 2.0, -0.6]), (1, [0.2, 1.0, 0.2]), (2, [0.0] * 3)):
        code = numpy_function(SYSTEM, node_class(row, order)(x[j], q**2 + ALPHA / 10), DOMAIN[:1])
        given = {"x": z, "q": 0.4, "alpha": 0.4}
        assert same(code(*(given[f] for f in code.families)) + 0 * z, np.array(wanted))


# -- any expression of SymPy ----------------------------------------------------------------------


def test_plain_expressions_of_sympy():
    a, b = sp.symbols("a b")
    at = [np.linspace(0.2, 3, 6), np.linspace(-1, 1, 6)]
    for e, f in (
        (sp.sin(a) * b, lambda a, b: np.sin(a) * b),
        (sp.Piecewise((a, a > 1), (b, True)), lambda a, b: np.where(a > 1, a, b)),
        (sp.Max(a, b, 1), lambda a, b: np.maximum(np.maximum(a, b), 1)),
        (sp.Abs(b) + sp.sign(b), lambda a, b: np.abs(b) + np.sign(b)),
        (sp.erf(a), lambda a, b: np.vectorize(math.erf)(a)),
        (sp.gamma(a) * 2, lambda a, b: 2 * np.vectorize(math.gamma)(a)),
        (sp.floor(a) + sp.ceiling(b), lambda a, b: np.floor(a) + np.ceil(b)),
        (sp.atan2(a, b) / 3, lambda a, b: np.arctan2(a, b) / 3),
    ):  # fmt: skip
        for printer in (ArrayPrinter(), ArrayPrinter(SYSTEM)):
            function = sp.lambdify([a, b], e, "numpy", printer=printer)
            assert same(function(*at), f(*at)), e
        mixed = numpy_function(SYSTEM, e.xreplace({a: x[j] + 4, b: y[i]}), DOMAIN)
        given = {"x": VALUES["x"], "y": VALUES["y"]}
        X, Y = np.broadcast_arrays(given["x"][:, None] + 4, given["y"])
        assert same(mixed(*(given[n] for n in mixed.families)), f(X, Y)), e


def test_lambdify_takes_the_printer():
    e = Sum(w[j, k] * x[k], (k, 1, N)) - y[i]
    printer = ArrayPrinter(SYSTEM, DOMAIN)
    function = sp.lambdify([v.atom for v in (w, x, y)], e, "numpy", printer=printer)
    found = function(*(VALUES[n] for n in "wxy"))
    assert same(found, VALUES["w"].dot(VALUES["x"])[:, None] - VALUES["y"])


def test_symbols_that_are_no_families_are_arguments():
    eta = Symbol("eta'")
    code = numpy_function(SYSTEM, x[j] - eta * y[2], DOMAIN[:1])
    assert code.families == ("x", "y", "eta'")
    assert same(code(VALUES["x"], VALUES["y"], 0.5), VALUES["x"] - 0.5 * VALUES["y"][1])


def test_names_that_python_or_numpy_have():
    names = ["sum", "numpy", "erf", "lambda", "l", "e", "range", "x'"]
    system = System(
        (C, *(family(n, slot(j, Integer(3)), role=Role.PARAMETER) for n in names)),
        (Equation("C", (), Integer(0)),),
        "C",
    )
    formula = sp.Add(*(TABLE["gelu"](system[n][j] * Sum(system[n][l], (l, 1, 3))) for n in names))
    values = sample(system)
    wanted = Evaluation(system, values).evaluate(formula + sp.E, [Range(j, sp.S(1), sp.S(3))])
    code = numpy_function(system, formula + sp.E, [Range(j, sp.S(1), sp.S(3))])
    assert same(code(*(values[n] for n in code.families)), wanted.buffer)


# -- readable -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        (Sum(w[j, k] * x[k], (k, 1, N)), "numpy.einsum('k,jk->j', x, w)"),
        (x[j] ** 2 + 1, "x ** 2 + 1"),
        (Sum(x[k], (k, 1, N)) * x[j], "x * numpy.sum(x)"),
        (Sum(x[k + 1] * w[j, k], (k, 1, N - 1)), "numpy.einsum('k,jk->j', x[1:3], w[:, 0:2])"),
        (TABLE["sigmoid"](h[2, j] + q), "1 / (1 + numpy.exp(-(q + h[1])))"),
        (Integer(0), "numpy.zeros((3,)) + 0"),
    ],
    ids=str,
)
def test_plain_formulas_read_as_one_would_write_them(formula, text):
    assert ArrayPrinter(SYSTEM, DOMAIN[:1]).doprint(formula) == text


def test_the_source_is_kept():
    code = numpy_function(SYSTEM, x[j] * q, DOMAIN[:1])
    assert code.source == "def _lambdifygenerated(x, q):\n    return q * x\n"
    assert "lambdify" in str(code.function.__doc__)


# -- what has no text -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("e", "error", "message"),
    [
        (sp.Integral(q, q), DefinitionError, r"Integral\(q, q\): NumPy has no text for Integral"),
        (x[j] * sp.Function("r")(q), DefinitionError, r"r\(q\): NumPy has no text for r"),
        (sp.zoo + q, DefinitionError, "zoo: NumPy has no text for ComplexInfinity"),
        (sp.zeta(q) * x[j], DefinitionError, r"zeta\(q\): NumPy has no text for zeta"),
        (Partial(x[j], q), DefinitionError, "NumPy has no text for Partial"),
        (Functional.of("C", (x[k], x[k]), (k, sp.S(1), N)), DefinitionError,
         "C is unspecified: choose a loss"),
        (TABLE["f"](x[j]), UnknownNameError, r"f\(x\[j\]\): f is unspecified: choose a function"),
        (sp.IndexedBase("v")[j], DefinitionError, r"v\[j\]: no family 'v' \(there are: N, M, C, w"),
        (x[j + 1], SizeError, r"x\[j \+ 1\]: the index j \+ 1 leaves its range 1 to 3"),
        (Sum(x[j - k], (k, 1, 2)), SizeError, "the index j - k leaves its range 1 to 3"),
        (x[0] + q, SizeError, "the index 0 leaves its range 1 to 3"),
    ],
    ids=str,
)  # fmt: skip
def test_what_has_no_text_is_named(e, error, message):
    with pytest.raises(error, match=message):
        numpy_function(SYSTEM, e, DOMAIN)


def test_an_unspecified_loss_and_activation_are_refused():
    example = EXAMPLES["generic"]()
    refused = 0
    for e in gradient(example.system).equations:
        if e.rhs.has(Functional, Elementwise):
            refused += 1
            with pytest.raises((DefinitionError, UnknownNameError), match="is unspecified: choose"):
                numpy_function(example.system, e.rhs, e.domain)
    assert refused == 4


def test_layers_come_first():
    layers = Range(l, sp.S(1), sp.S(3))
    found = value(PLAY, h[l, j] * y[i], [layers, *DOMAIN], VALUES)
    assert same(found, expected(PLAY, h[l, j] * y[i], [layers, *DOMAIN]))
    with pytest.raises(
        DefinitionError, match="l counts the arrays of a list: it must be the first"
    ):
        numpy_function(SYSTEM, h[l, j], [DOMAIN[0], layers])


def test_indices_that_others_depend_on_make_lists():
    triangle: list[Any] = [Range(j, sp.S(1), N), Range(k, sp.S(1), j)]
    found = value(PLAY, w[j, k], triangle, VALUES)
    assert same(found, [VALUES["w"][n, : n + 1] for n in range(3)])


def test_an_index_that_leaves_a_range_by_data_is_numpys_error():
    code = numpy_function(SYSTEM, x[c[i]], DOMAIN[1:])
    with pytest.raises(IndexError):
        code(VALUES["x"], np.array([1, 7]))
