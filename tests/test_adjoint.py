"""The rule against three witnesses that do not know it, on systems that it has never heard of.

duals        ⟨∂C/∂θ, v⟩ = Ċ in a prime field: exact
complex step every entry of θ moved by itself: floats
SymPy        diff of the loss written out in full, at rational points: 40 digits of 50
"""

from dataclasses import replace
from functools import cache
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy as sp

from symbp.adjoint import adjoint_name, gradient
from symbp.adjoint.hessian import direction_name, hessian_vector
from symbp.errors import DefinitionError
from symbp.functions import TABLE
from symbp.networks import mlp
from symbp.numbers.domains import Objects, multiprecision
from symbp.numbers.entrywise import blocks_of, complex_steps
from symbp.numbers.evaluator import Evaluation
from symbp.numbers.sampling import sample
from symbp.system import Range, Role, Variable
from symbp.system.instantiate import unspecified_functions, with_functions
from symbp.system.model import Model
from symbp.verify import verify
from symbp.verify.exact import proved
from tests.gradient_faults import ALWAYS, adjoints, altered, first_term_only, swapped, without_prime
from tests.small_systems import EXAMPLES

KNOWN = {"f": "tanh"}
NAMES = list(EXAMPLES)
#: Sizes at which SymPy's expressions stay short.
SMALL: dict[str, dict[str, Any]] = {
    "residual": {"T": 2},
    "layers": {"n": (1, 2, 2)},
    "recurrence in time": {"T": 2},
}
#: Hessians whose sums SymPy writes out and differentiates twice in a moment.
SHORT = ["convolution, stride 2", "softmax", "causal sum", "gather", "diagonal", "nested sums"]


@cache
def example(name):
    return EXAMPLES[name]()


@cache
def derived(name, order=1):
    """The forward system and the gradient of its loss, or of H = v·∂C/∂θ."""
    system = example(name).system
    if order == 1:
        return system, gradient(system)
    second = hessian_vector(system)
    return forward_of(second), second


def forward_of(gradient_system):
    """A gradient System without the adjoints of its own loss."""
    own = adjoint_name(gradient_system.loss, "")
    equations = tuple(e for e in gradient_system.equations if not e.family.startswith(own))
    variables = tuple(v for v in gradient_system.variables if not v.name.startswith(own))
    return replace(gradient_system, variables=variables, equations=equations)


def parameters(name):
    return [v.name for v in example(name).system.with_role(Role.PARAMETER)]


def is_exact(name, system, candidate):
    return all(proved(system, candidate, parameters(name), 0, example(name).data).values())


def numbers(system):
    return with_functions(system, {n: KNOWN[n] for n in unspecified_functions(system)})


def complex_step_error(name, system, candidate):
    """The largest relative error against the complex step, over all entries."""
    forward, backward = numbers(system), numbers(candidate)
    values = sample(forward, fixed=example(name).data)
    steps = complex_steps(forward, values, parameters(name))
    evaluation = Evaluation(backward, values)
    worst = 0.0
    for family in parameters(name):
        found = blocks_of(system, family, evaluation[adjoint_name(system.loss, family)])
        for key, block in found.items():
            expected = steps[family][key].value
            scale = np.maximum(np.abs(expected), 1e-3 * np.abs(expected).max() + 1e-12)
            worst = max(worst, float((np.abs(block - expected) / scale).max()))
    return worst


# -- SymPy: the loss written out ------------------------------------------------------------------

DIGITS = 50
SCALARS = Objects(
    sp.sympify, {"exp": sp.exp, "log": sp.log, "erf": sp.erf, "sign": sp.sign, "step": sp.Heaviside}
)


def at_small_sizes(name, system):
    return system.with_sizes(**SMALL.get(name, {}))


@cache
def written_out(name):
    """Entries of every given family as symbols, rationals for them, and the loss in them."""
    forward = numbers(at_small_sizes(name, example(name).system))
    rng = np.random.default_rng(1)
    point: dict[sp.Expr, sp.Expr] = {}
    values = dict(example(name).data)
    for family, given in sample(forward, fixed=values).items():
        if family not in values:
            blocks = blocks_of(forward, family, given)
            made = [symbols(family, b, point, rng) for b in blocks.values()]
            values[family] = made if isinstance(given, list) else made[0]
    return values, point, Evaluation(forward, values, SCALARS)["C"][()]


def symbols(family, block, point, rng):
    """A symbol for every entry of a block; `point` remembers a rational for each."""

    def one(_):
        symbol = sp.Symbol(f"{family}_{len(point)}", real=True)
        point[symbol] = sp.Rational(int(rng.integers(2, 9)), 7)
        return symbol

    return np.frompyfunc(one, 1, 1)(np.zeros(block.shape, object))


MAXIMA = {
    "Greatest": lambda *numbers: max(numbers),
    "IsGreatest": lambda place, *numbers: int(numbers.index(max(numbers)) + 1 == place),
}


def at_point(point, expressions):
    """The numbers of some expressions at a point, in mpmath."""
    symbols = list(point)
    with mpmath.workdps(DIGITS):
        function = sp.lambdify(symbols, expressions, [MAXIMA, "mpmath"], cse=True)
        return function(*(mpmath.mpf(int(v.p)) / int(v.q) for v in point.values()))


def in_digits(value, point):
    """Rationals for the symbols of an array, or of a list of arrays; integers as they are."""
    if isinstance(value, list):
        return [in_digits(v, point) for v in value]
    if value.dtype != object:
        return value
    return np.frompyfunc(lambda s: point.get(s, s), 1, 1)(value)


def written_out_error(name, candidate, family, slopes):
    """The largest difference of a family's adjoint from expressions for it, at the point."""
    values, point, _ = written_out(name)
    given = {n: in_digits(v, point) for n, v in values.items()} | directions(name)
    candidate = at_small_sizes(name, candidate)
    evaluation = Evaluation(numbers(candidate), given, multiprecision(DIGITS))
    adjoint = evaluation[adjoint_name(candidate.loss, family)]
    found = blocks_of(candidate, family, adjoint).values()
    pairs = zip((x for b in found for x in b.flat), at_point(point, slopes), strict=True)
    return max(float(abs(a - b)) for a, b in pairs)


def entries(name, family):
    """The symbols of a family, in order."""
    given = written_out(name)[0][family]
    return [s for b in (given if isinstance(given, list) else [given]) for s in np.ravel(b)]


def directions(name):
    """A rational for every entry of every direction v_u."""
    found = {}
    for family in parameters(name):
        given = written_out(name)[0][family]
        made = [
            np.frompyfunc(lambda s: sp.Rational(int(str(s).split("_")[1]) + 1, 5), 1, 1)(b)
            for b in (given if isinstance(given, list) else [given])
        ]
        found[direction_name(family)] = made if isinstance(given, list) else made[0]
    return found


def sympy_error(name, candidate, family):
    """The largest |∂C/∂u − diff(C, u)| over the entries of a family."""
    loss = written_out(name)[2]
    return written_out_error(
        name, candidate, family, [sp.diff(loss, x) for x in entries(name, family)]
    )


# -- right gradients are confirmed ----------------------------------------------------------------


@pytest.mark.parametrize("order", [1, 2], ids=["gradient", "hessian"])
@pytest.mark.parametrize("name", NAMES)
def test_the_rule_agrees_with_duals_exactly(name, order):
    assert is_exact(name, *derived(name, order))


@pytest.mark.parametrize("order", [1, 2], ids=["gradient", "hessian"])
@pytest.mark.parametrize("name", NAMES)
def test_the_rule_agrees_with_the_complex_step_in_every_entry(name, order):
    assert complex_step_error(name, *derived(name, order)) < 1e-11


@pytest.mark.parametrize("name", NAMES)
def test_the_rule_agrees_with_sympy_on_the_loss_written_out(name):
    for family in parameters(name):
        assert sympy_error(name, derived(name)[1], family) < 1e-40


@pytest.mark.parametrize("name", SHORT)
def test_the_hessian_agrees_with_sympy_on_the_loss_written_out(name):
    """∂H/∂u = Σ v ∂²C/∂u∂u' with the second derivatives taken by SymPy."""
    second, loss = derived(name, 2)[1], written_out(name)[2]
    slope = sp.S.Zero
    for family in parameters(name):
        direction = np.ravel(directions(name)[direction_name(family)])
        terms = zip(entries(name, family), direction, strict=True)
        slope += sum(v * sp.diff(loss, x) for x, v in terms)
    for family in parameters(name):
        expected = [sp.diff(slope, x) for x in entries(name, family)]
        assert written_out_error(name, second, family, expected) < 1e-40


# -- wrong gradients are not ----------------------------------------------------------------------


@pytest.mark.parametrize("fault", ALWAYS)
@pytest.mark.parametrize("name", NAMES)
def test_a_fault_in_any_equation_is_seen_by_all_witnesses(name, fault):
    system, right = derived(name)
    for family in adjoints(right):
        wrong = altered(right, family, ALWAYS[fault])
        assert not is_exact(name, system, wrong), family
        assert complex_step_error(name, system, wrong) > 1e-9, family


@pytest.mark.parametrize(
    ("name", "family", "change"),
    [
        ("recurrence in time", "∂C/∂h", first_term_only),
        ("residual", "∂C/∂h", first_term_only),
        ("softmax", "∂C/∂z", first_term_only),
        ("layers", "∂C/∂w", first_term_only),
        ("convolution", "∂C/∂w", first_term_only),
        ("batch statistic", "∂C/∂x", first_term_only),
        ("causal sum", "∂C/∂x", first_term_only),
        ("recurrence in time", "∂C/∂w", without_prime),
        ("layers", "∂C/∂z", without_prime),
        ("generic", "∂C/∂z", without_prime),
        ("recurrence in time", "∂C/∂h", lambda e: swapped(e, "w")),
        ("residual", "∂C/∂h", lambda e: swapped(e, "w")),
        ("diagonal", "∂C/∂w", lambda e: e + sp.KroneckerDelta(*sp.symbols("j k", integer=True))),
        ("gather", "∂C/∂e", lambda e: e.replace(sp.KroneckerDelta, lambda a, b: sp.S.One)),
        ("layers", "∂C/∂b", lambda e: e * sp.Symbol("m", integer=True)),
    ],
)
def test_the_usual_mistakes_are_seen(name, family, change):
    system, right = derived(name)
    wrong = altered(right, family, change)
    assert wrong.equations != right.equations
    assert not is_exact(name, system, wrong)
    assert complex_step_error(name, system, wrong) > 1e-7


def test_a_wrong_time_index_is_seen():
    h, t = sp.IndexedBase(sp.Symbol("h", real=True)), sp.Symbol("t", integer=True)
    name = "recurrence in time"
    system, right = derived(name)

    def later(e):
        return e.replace(lambda n: isinstance(n, sp.Indexed) and n.base == h,
                         lambda n: n.subs(t, t + 1) if n.indices[0] == t - 1 else n)  # fmt: skip

    wrong = altered(right, "∂C/∂w", later)
    assert wrong.equations != right.equations
    assert not is_exact(name, system, wrong)
    assert sympy_error(name, wrong, "w") > 1e-3


@pytest.mark.parametrize("name", ["convolution", "softmax", "diagonal"])
def test_sympy_sees_a_fault_too(name):
    right = derived(name)[1]
    family = parameters(name)[0]
    wrong = altered(right, f"∂C/∂{family}", ALWAYS["factor 1 + 1e-6"])
    assert sympy_error(name, wrong, family) > 1e-9


@pytest.mark.parametrize("name", ["recurrence in time", "softmax", "convolution, stride 2"])
def test_a_fault_in_the_second_adjoint_is_seen(name):
    system, right = derived(name, 2)
    own = adjoint_name(right.loss, "")
    for family in (n for n in adjoints(right) if n.startswith(own)):
        assert not is_exact(name, system, altered(right, family, ALWAYS["sign"])), family


# -- what the rule says of itself -----------------------------------------------------------------


def test_the_gradient_is_a_system_again():
    network = mlp()
    assert gradient(network).loss == network.loss
    assert gradient(network).equations[: len(network.equations)] == network.equations


def test_delta_of_the_last_layer_and_of_the_others_are_two_cases_of_one_family():
    cases = gradient(mlp()).defining("∂C/∂a")
    assert [str(c.index[0]) for c in cases] == ["l", "L"]


def test_a_gradient_by_some_families_holds_only_what_they_need():
    backward = gradient(mlp((2, 3, 2)), ["b"])
    assert "∂C/∂w" not in backward.by_name
    assert "∂C/∂x" not in gradient(mlp()).by_name
    assert "∂C/∂x" in gradient(mlp(), ["x"]).by_name


def test_a_loss_that_does_not_depend_on_anything_is_refused():
    recurrent = example("recurrence in time").system
    unused = Variable("u", role=Role.PARAMETER)
    with pytest.raises(DefinitionError, match="C does not depend on u"):
        gradient(recurrent.extended([unused], []), ["u"])
    with pytest.raises(DefinitionError, match="no family 'v'"):
        gradient(mlp(), ["v"])


def test_a_loss_linear_in_its_parameters_has_no_second_derivative():
    line = mlp((2, 1), "identity", "generic")
    assert "∂H/∂w" in hessian_vector(line).by_name
    squares = mlp((2, 1), "identity", "half-squared-error")
    assert "∂H/∂w" in hessian_vector(squares).by_name


def test_an_adjoint_on_a_triangle_has_its_range():
    """o_t = Σ_{s ≤ t} a_ts x_s with a_ts = tanh(x_t x_s): a is defined for s ≤ t only."""
    m = Model()
    (n,) = m.sizes("n")
    t, s = m.places("t s", n)
    x, (a, o) = m.parameter("x", t), m.values("a", "o")
    m.let(a[t, s], TABLE["tanh"](x[t] * x[s]), Range(s, sp.S.One, t))
    m.let(o[t], sp.Sum(a[t, s] * x[s], (s, 1, t)))
    system = m.system(m.sum(o[t] ** 3, t))
    (slope,) = gradient(system).defining("∂C/∂a")
    assert [str(r) for r in slope.domain] == ["1 ≤ t ≤ n", "1 ≤ s ≤ t"]
    assert verify(system).ok
