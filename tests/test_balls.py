"""Balls hold the true values, are narrow, and never part what is equal."""

from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy as sp
from flint import arb, ctx, fmpq

from symbp.adjoint import gradient
from symbp.errors import SizeError, ValueRangeError
from symbp.functions import TABLE, unspecified
from symbp.networks import mlp
from symbp.numbers.balls import Balls, UndecidedSign, decimal, differ, stand_in_text
from symbp.numbers.domains import multiprecision
from symbp.numbers.dual import Dual, DualArray
from symbp.numbers.evaluator import Evaluation
from symbp.numbers.sampling import sample
from symbp.system.instantiate import with_functions
from tests.latex_engines import Formula, check_latex
from tests.small_systems import EXAMPLES

BALLS = Balls()
DIGITS = 50
KNOWN = [name for name, row in TABLE.items() if row.specified]
UNKNOWN = [name for name, row in TABLE.items() if not row.specified]
POINTS = [Fraction(*p) for p in ((1, 3), (7, 5), (22, 7), (9, 1), (-2, 7), (-5, 3), (-30, 1))]
POSITIVE = {"log", "sqrt"}
NARROW = fmpq(1, 10**30)


def points(name):
    return [p for p in POINTS if p > 0 or name not in POSITIVE]


def of_row(domain, name, order, x):
    given = [domain.number(value) for _, value in TABLE[name].parameters]
    return domain.apply(TABLE[name], order, domain.array(x), given)


def exactly(value):
    """A number of mpmath as the fraction that it is."""
    sign, man, exponent, _ = mpmath.mpf(value)._mpf_
    return fmpq((-1) ** sign * int(man)) * fmpq(2) ** exponent


def holds(ball, value):
    """Whether the ball holds a number of mpmath, and is narrow."""
    lowest, highest = (exactly(value) + e * exactly(10 ** mpmath.mpf(-45)) for e in (-1, 1))
    middle, radius = ball.mid().fmpq(), ball.rad().fmpq()
    inside = middle - radius <= highest and lowest <= middle + radius
    return inside and radius <= NARROW * max(abs(middle), fmpq(1))


def by_mpmath(name, order, x):
    """f or f' in 50 digits: f' by a difference of f with steps so small that it has as many."""
    domain = multiprecision(4 * DIGITS)
    lifted = domain.array(sp.Rational(x.numerator, x.denominator))[()]
    if order == 0:
        return of_row(domain, name, 0, lifted)[()]
    h = lifted.context.mpf(10) ** -DIGITS
    above, below = (of_row(domain, name, 0, lifted + step)[()] for step in (h, -h))
    return (above - below) / (2 * h)


# -- functions ------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [0, 1])
@pytest.mark.parametrize("name", KNOWN)
def test_every_function_and_its_derivative_is_enclosed(name, order):
    for x in points(name):
        with mpmath.workdps(4 * DIGITS):
            assert holds(of_row(BALLS, name, order, x)[()], by_mpmath(name, order, x)), x


@pytest.mark.parametrize("name", KNOWN)
def test_duals_of_balls_enclose_the_derivative(name):
    domain = Dual(BALLS)
    given = [domain.number(value) for _, value in TABLE[name].parameters]
    for x in points(name):
        at = DualArray(BALLS.array(x), BALLS.array(1))
        tangent = domain.apply(TABLE[name], 0, at, given).tangent
        found = tangent[()] if tangent is not None else arb(0)
        with mpmath.workdps(4 * DIGITS):
            assert holds(found, by_mpmath(name, 1, x)), x


def test_a_value_off_by_little_is_not_held():
    third = Fraction(1, 3)
    with mpmath.workdps(4 * DIGITS):
        value = by_mpmath("tanh", 1, third)
        assert holds(of_row(BALLS, "tanh", 1, third)[()], value)
        assert not holds(of_row(BALLS, "tanh", 1, third)[()], value * (1 + mpmath.mpf(10) ** -37))
        assert not holds(of_row(BALLS, "tanh", 0, third)[()], value)
        assert not holds(of_row(Balls(40), "tanh", 1, third)[()], value)  # a ball too wide


@pytest.mark.parametrize("name", ["step", "sign", "relu", "leaky_relu", "elu", "abs"])
def test_nothing_is_said_at_a_kink(name):
    for x in (arb(0), arb(0, 1e-30)):
        with pytest.raises(UndecidedSign, match="at a kink, or too near to tell"):
            of_row(BALLS, name, 0, x)


def test_where_nothing_is_known_nothing_differs():
    zero = BALLS.array(0)
    unknown = BALLS.power(zero, sp.Integer(-1))[()]
    assert not unknown.is_finite()
    assert not differ(unknown, arb(1))
    assert not differ(BALLS.elementary("log", zero)[()], unknown)
    assert not differ(BALLS.power(BALLS.array(-1), sp.Rational(1, 2))[()], arb(1))
    assert not differ(BALLS.array(float("inf"))[()], arb(1))


# -- unspecified functions ------------------------------------------------------------------------


@pytest.mark.parametrize("name", UNKNOWN)
def test_stand_ins_have_their_own_derivatives(name):
    h = Fraction(1, 10**12)
    for order in range(6):
        for x in POINTS:
            above, below = (of_row(BALLS, name, order, x + step)[()] for step in (h, -h))
            with ctx.workprec(128):
                slope = (above - below) / (2 * arb(fmpq(1, 10**12)))
                error = abs(slope - of_row(BALLS, name, order + 1, x)[()])
            assert error < 1e-20
            assert not error < 1e-30  # the difference is not exact, so it would show a mistake


def test_stand_ins_differ_by_name_and_are_not_special():
    x = arb(1) / 3
    values = [of_row(BALLS, name, n, v)[()] for name in UNKNOWN for n in range(5) for v in (x, -x)]
    values += [-v for v in values] + [arb(0), arb(1)]
    for i, a in enumerate(values):
        assert all(differ(a, b) for b in values[:i])


@pytest.mark.parametrize("name", [*UNKNOWN, "phi"])
def test_the_text_of_a_stand_in_is_the_function_taken(name):
    row = TABLE.get(name) or unspecified(name, r"\varphi")
    right = stand_in_text(row)
    assert check_latex([Formula(name, right)]) == []
    for latex, plain in ((r"\sin x", "sin(x)"), (r"\cos 2x", "cos(2*x)"), (r"\frac", "")):
        right = right.replace(latex, plain)
    e = sp.sympify(right.replace("}{", ")/(").replace("{", "(").replace("}", ")"))
    (x,) = e.free_symbols
    found = BALLS.apply(row, 0, BALLS.array(sp.Rational(5, 7)), ())[()]
    with mpmath.workdps(DIGITS):
        assert holds(found, e.evalf(DIGITS, subs={x: sp.Rational(5, 7)})._to_mpmath(170))


# -- numbers --------------------------------------------------------------------------------------


HALF, THIRD = sp.Rational(1, 2), sp.Rational(1, 3)
CONSTANTS = [THIRD, sp.pi, sp.sqrt(2), sp.E, 3 * sp.sqrt(2) * sp.pi**2 / sp.E, sp.exp(HALF) - 1,
             sp.log(3), 2**-THIRD, 2 / sp.sqrt(sp.pi)]  # fmt: skip


@pytest.mark.parametrize("e", CONSTANTS, ids=str)
def test_constants_are_enclosed(e):
    with mpmath.workdps(DIGITS + 10):
        assert holds(BALLS.number(e)[()], e.evalf(DIGITS + 10)._to_mpmath(200))
        assert not holds(BALLS.number(e + sp.Rational(1, 10**30))[()], e.evalf(60)._to_mpmath(200))


def test_numbers_are_taken_exactly():
    tenth, short = 0.1, np.float32(0.1)
    given = [1, np.int64(3), Fraction(1, 3), fmpq(1, 3), THIRD, tenth, short]
    exact: list[Any] = [1, 3, *[fmpq(1, 3)] * 3]
    exact += [fmpq(*float(x).as_integer_ratio()) for x in (tenth, short)]
    for value, wanted in zip(given, map(fmpq, exact), strict=True):
        ball = BALLS.array(value)[()]
        assert abs(ball.mid().fmpq() - wanted) <= ball.rad().fmpq()
        assert ball.rad() < 1e-38
    assert differ(BALLS.array(0.1)[()], BALLS.array(Fraction(1, 10))[()])


@pytest.mark.parametrize("e", [sp.I, sp.oo, sp.nan, sp.zeta(3)])
def test_what_is_no_constant_is_refused(e):
    with pytest.raises(ValueRangeError, match="is no constant made of"):
        BALLS.number(e)


@pytest.mark.parametrize("c", [2, -3, sp.Rational(1, 2), sp.Rational(-3, 2), sp.Rational(2, 3)])
def test_powers(c):
    found = BALLS.power(BALLS.array([Fraction(7, 3), 4]), sp.sympify(c))
    with mpmath.workdps(DIGITS):
        exponent = mpmath.mpf(sp.sympify(c).p) / sp.sympify(c).q
        assert holds(found[0], (mpmath.mpf(7) / 3) ** exponent)
        assert holds(found[1], mpmath.mpf(4) ** exponent)


def test_a_precision_is_kept_and_does_not_stay():
    before = ctx.prec
    for bits in (64, 300):
        balls = Balls(bits)
        third = balls.array(Fraction(1, 3))
        for ball in (third, balls.multiply(third, third), balls.elementary("exp", third),
                     balls.contract([(third.reshape(1), (sp.pi,))], ()),
                     balls.add(third, third), balls.power(third, sp.Integer(3)),
                     of_row(balls, "tanh", 1, third), of_row(balls, "f", 1, third)):  # fmt: skip
            assert bits - 10 < ball[()].rel_accuracy_bits() < bits + 10
    assert ctx.prec == before


# -- differ and decimal ---------------------------------------------------------------------------


EQUAL = {
    "sigmoid'": ("sigmoid(x)*(1 - sigmoid(x))", "exp(-x)/(1 + exp(-x))**2"),
    "tanh": ("tanh(x)", "2*sigmoid(2*x) - 1"),
    "softplus": ("softplus(x) - softplus(-x)", "x"),
    "square": ("sqrt(square(x) + 1)**2 - 1", "x**2"),
    "log": ("log(exp(x))", "x"),
}


def value_of(text, x):
    """A formula of the table's functions at a number, in balls."""
    rows = {name: TABLE[name] for name in KNOWN}
    network = mlp((1, 1), "identity")
    entry = network["x"][1]
    values = {"x": [x], "y": [0], "w": [[[0]]], "b": [[0]]}
    e = sp.sympify(text, {**rows, "x": entry})
    return Evaluation(network, values, BALLS).evaluate(e).buffer[()]


@pytest.mark.parametrize("name", EQUAL)
def test_what_is_equal_does_not_differ(name):
    for x in POINTS:
        left, right = (value_of(text, x) for text in EQUAL[name])
        assert not differ(left, right)
        assert left.rad() < 1e-20
        assert differ(left, value_of(f"{EQUAL[name][1]} + 1/10**20", x))


def test_what_is_different_differs():
    x = Fraction(1, 3)
    right = value_of("sigmoid(x)*(1 - sigmoid(x))", x)
    for wrong in ("sigmoid(x)*(1 + sigmoid(x))", "-sigmoid(x)*(1 - sigmoid(x))",
                  "sigmoid(x)*(1 - sigmoid(x)) * (1 + 1/10**6)", "sigmoid(x)"):  # fmt: skip
        assert differ(value_of(wrong, x), right)


@pytest.mark.parametrize("seed", range(40))
def test_all_numbers_of_a_ball_are_rounded_to_its_decimal(seed):
    rng = np.random.default_rng(seed)
    with ctx.workprec(200):
        middle = arb(fmpq(int(rng.integers(-(10**9), 10**9)), int(rng.integers(1, 10**9))))
        middle *= arb(10) ** int(rng.integers(-40, 40))
        ball = middle + arb(0, float(abs(middle.mid())) * 10.0 ** -int(rng.integers(1, 40)))
    digits = int(rng.integers(1, 12))
    text = decimal(ball, digits)
    ends = [ball.mid().fmpq() + e * ball.rad().fmpq() for e in (-1, 1)]
    if "+/-" in text:
        assert all(arb(text).contains(end) for end in ends)
        return
    mantissa, _, exponent = text.partition("e")
    places = len(mantissa.partition(".")[2]) - int(exponent or 0)
    shown = fmpq(*Fraction(text).as_integer_ratio())
    assert all(abs(end - shown) <= fmpq(1, 2) / fmpq(10) ** places for end in ends)
    assert len(mantissa.strip("-").replace(".", "").lstrip("0")) <= digits


def test_decimals():
    tiny = arb(0, 1e-20)
    assert decimal(arb(0), 3) == "0"
    assert decimal(arb(100), 5) == "100"
    assert decimal(arb(123456), 5) == "1.2346e+5"
    assert decimal(-arb(1) / 3, 4) == "-0.3333"
    assert decimal(arb(1) / 4 + tiny, 5) == "0.25000"
    assert decimal(arb("0.99999") + tiny, 3) == "1.00"
    assert decimal(arb(100001) / 2**10 + tiny, 2) == "98"
    assert decimal(arb("1e-9") / 3, 3) == "3.33e-10"
    assert "+/-" in decimal(arb(10**30).exp(), 4)
    assert decimal(arb(0) ** -1, 4) == "nan"


# -- systems --------------------------------------------------------------------------------------


def rational(values):
    """Floats rounded to a few digits, as fractions."""
    if isinstance(values, (list, dict)):
        items = values.items() if isinstance(values, dict) else enumerate(values)
        lifted = {k: rational(v) for k, v in items}
        return lifted if isinstance(values, dict) else list(lifted.values())
    given = np.asarray(values)
    if np.issubdtype(given.dtype, np.integer):
        return given
    return np.vectorize(lambda v: Fraction(round(1000 * v), 1000), otypes=[object])(given)


def as_mpmath(values):
    """Fractions as SymPy's, which the domain of mpmath takes."""
    if isinstance(values, (list, dict)):
        items = values.items() if isinstance(values, dict) else enumerate(values)
        lifted = {k: as_mpmath(v) for k, v in items}
        return lifted if isinstance(values, dict) else list(lifted.values())
    if values.dtype != object:
        return values
    return np.vectorize(lambda v: sp.Rational(v.numerator, v.denominator), otypes=[object])(values)


def flat(value):
    blocks = value.values() if isinstance(value, dict) else [value]
    return [x for b in blocks for x in np.ravel(np.asarray(b, dtype=object))]


NETWORKS = {
    "sigmoid": lambda: mlp((2, 3, 2), "sigmoid"),
    "softmax": lambda: mlp((2, 3, 2), ["tanh", "softmax"], "cross-entropy", batch=2, l2="lambda"),
    "relu, huber": lambda: mlp((2, 3, 2), ["relu", "identity"], "huber"),
    "gelu": lambda: mlp((2, 2, 1), "gelu", "binary-cross-entropy-logits", l1="lambda"),
    "elu": lambda: mlp((2, 3, 2), "elu"),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_and_its_gradient_are_enclosed(name):
    system = gradient(NETWORKS[name]())
    values = rational(sample(system, 1))
    balls = Evaluation(system, values, BALLS)
    true = Evaluation(system, as_mpmath(values), multiprecision(DIGITS))
    floats = Evaluation(system, {k: as_floats(v) for k, v in values.items()})
    for equation in system.equations:
        for ball, wanted, near in zip(
            *(flat(e[equation.family]) for e in (balls, true, floats)), strict=True
        ):
            with mpmath.workdps(2 * DIGITS):
                assert holds(ball, wanted), equation
            assert abs(float(ball.mid()) - near) < 1e-12 * (1 + abs(near))


def as_floats(values):
    if isinstance(values, list):
        return [as_floats(v) for v in values]
    return np.asarray(values, float)


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_small_system_is_enclosed(name):
    example = EXAMPLES[name]()
    system = gradient(example.system)
    values = rational(sample(with_functions(system, {"f": "tanh"}), 0, example.data))
    found = Evaluation(system, values, BALLS)
    names = [e.family for e in system.equations]
    if name == "generic":
        assert all(ball.is_finite() for n in names for ball in flat(found[n]))
        return
    wanted = Evaluation(system, as_mpmath(values), multiprecision(DIGITS))
    with mpmath.workdps(2 * DIGITS):
        for n in names:
            for ball, value in zip(flat(found[n]), flat(wanted[n]), strict=True):
                assert holds(ball, value), n


def test_a_network_in_dual_balls_has_the_gradient_of_the_rule():
    system = gradient(mlp((2, 2, 1), "sigma"))
    values = rational(sample(mlp((2, 2, 1), "tanh"), 2))
    whole = Evaluation(system, values, BALLS)["∂C/∂b"]
    tangents = [BALLS.array([0, 1]), BALLS.array([0])]
    moved = [DualArray(BALLS.array(b), t) for b, t in zip(values["b"], tangents, strict=True)]
    cost = Evaluation(system, {**values, "b": moved}, Dual(BALLS))["C"]
    assert not differ(cost.tangent[()], whole[1][1])
    assert differ(cost.tangent[()], whole[1][0])


def test_text_is_no_number():
    network = mlp((1, 1), "identity")
    with pytest.raises(SizeError, match="x: not an array of numbers"):
        Evaluation(network, {"x": ["1/2"], "y": [0], "w": [[[0]]], "b": [[0]]}, BALLS)["C"]


@pytest.mark.parametrize("n", [0, 1, 2, 3, 5, 8])
def test_a_power_of_a_ball_around_zero_holds_the_powers_of_its_points(n):
    (power,) = flat(BALLS.power(BALLS.array(arb(0, 0.5)), sp.Integer(n)))
    assert power.is_finite()
    assert all(power.contains(arb(fmpq(p, 10)) ** n) for p in (-4, -1, 3, 5))
