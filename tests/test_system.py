"""A System is checked when it is made; every message is one line that says what met what."""

import numpy as np
import pytest
import sympy as sp
from sympy import Integer, Sum

from symbp.adjoint import gradient
from symbp.errors import DefinitionError, SizeError, SymbpError
from symbp.networks import mlp
from symbp.system import Equation, Kind, Range, Role, System, Variable
from symbp.system.instantiate import unspecified_functions, with_functions
from tests.small_systems import (
    EXAMPLES,
    C,
    N,
    T,
    bases,
    family,
    j,
    k,
    over,
    size,
    slot,
    t,
)

w, x, y, h = bases("wxyh")
UNIT, OTHER, TIME = slot(j, N), slot(k, N), slot(t, T, Kind.TIME)
STATE = slot(t, T, Kind.TIME, 0)


def system(*equations, given=(), values=(), sizes=("N", "T"), loss="C", bound=None):
    """Families x, w (given) and C, with further families and equations."""
    variables = (
        *(size(n) for n in sizes),
        C,
        family("x", UNIT, role=Role.INPUT),
        family("w", UNIT, OTHER, role=Role.PARAMETER),
        *given,
        *values,
    )
    return System(variables, equations, loss, bound or {})


def cost(e):
    return Equation("C", (), e)


GOOD = cost(Sum(x[j], (j, 1, N)))


def test_a_good_system_is_accepted():
    made = system(GOOD)
    assert made["x"].signature == "x[j], 1 ≤ j ≤ N"
    assert str(made) == "C = Sum(x[j], (j, 1, N))"


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_and_its_gradient_are_systems(name):
    made = EXAMPLES[name]().system
    assert gradient(made).order


# -- names ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("equations", "message"),
    [
        ([cost(Sum(y[j], (j, 1, N)))],
         r"equation for C: y is neither declared nor defined by an equation \(declared: C, N, T"),
        ([cost(x[j])], "equation for C: index j is neither declared nor bound by a sum"),
        ([cost(Sum(x[j, 1], (j, 1, N)))],
         r"equation for C: x\[j, 1\] met the declaration x\[j\], 1 ≤ j ≤ N"),
        ([cost(Sum(sp.Symbol("x", real=True), (j, 1, N)))],
         r"equation for C: x met the declaration x\[j\]"),
        ([GOOD, Equation("y", (j,), x[j], over(UNIT))], r"equation for y\[j\]: y is not declared"),
        ([GOOD, Equation("x", (j,), j + N, over(UNIT))], "x is input and has an equation too"),
    ],
)  # fmt: skip
def test_names_must_be_declared_and_used_as_declared(equations, message):
    with pytest.raises(DefinitionError, match=f"^{message}"):
        system(*equations)


def test_a_name_can_be_declared_once_only():
    with pytest.raises(DefinitionError, match=r"^x is declared twice"):
        system(GOOD, given=[family("x", UNIT, role=Role.INPUT)])


def test_an_index_cannot_be_bound_twice():
    equation = Equation("y", (j,), Sum(x[j], (j, 1, N)), over(UNIT))
    with pytest.raises(DefinitionError, match="index j is summed over and free on the left"):
        system(GOOD, equation, values=[family("y", UNIT)])


def test_a_family_is_found_by_name_or_named_as_unknown():
    with pytest.raises(DefinitionError, match=r"no family 'v' \(there are: N, T, C, x, w\)"):
        system(GOOD)["v"]
    with pytest.raises(DefinitionError, match=r"x has 1 indices \(x\[j\], 1 ≤ j ≤ N\), not 2"):
        system(GOOD)["x"][1, 2]


# -- ranges ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            Sum(x[j + 1], (j, 1, N)),
            r"index j \+ 1 of x\[j \+ 1\], 1 ≤ j ≤ N, is not known to stay in 1 ≤ j ≤ N",
        ),
        (Sum(x[j - 1], (j, 1, N)), r"index j - 1 of x\[j - 1\], 1 ≤ j ≤ N, is not known to stay"),
        (Sum(x[2 * j], (j, 1, N)), r"index 2\*j of x\[2\*j\], 1 ≤ j ≤ N, is not known to stay"),
        (x[0], r"index 0 of x\[0\] is not known to stay"),
        (x[2], r"index 2 of x\[2\] is not known to stay"),
        (Sum(w[j, T], (j, 1, N)), r"index T of w\[j, T\] is not known to stay in 1 ≤ k ≤ N"),
    ],
)
def test_an_index_must_stay_in_its_range(body, message):
    with pytest.raises(DefinitionError, match=f"^equation for C: {message}"):
        system(cost(body))


@pytest.mark.parametrize(
    "body",
    [
        Sum(x[j + 1], (j, 1, N - 1)),
        Sum(x[N + 1 - j], (j, 1, N)),
        Sum(w[j, k], (k, 1, j), (j, 1, N)),
        x[1] + x[N],
    ],
)
def test_indices_that_stay_in_range_are_accepted(body):
    assert system(cost(body)).equations


def test_least_values_of_sizes_count():
    big = Variable("N", role=Role.SIZE, minimum=3)
    made = System((big, C, family("x", UNIT, role=Role.INPUT)), (cost(x[3]),), "C")
    assert made.facts.le(Integer(3), N)


# -- one definition for each place ----------------------------------------------------------------


def place(*cases):
    return system(GOOD, *(Equation("y", *case) for case in cases), values=[family("y", TIME)])


def test_a_gap_between_cases_is_seen():
    whole = Range(t, Integer(1), T)
    assert place(((t,), Integer(1) * t, (whole,)))
    with pytest.raises(DefinitionError, match=r"^no equation defines y for t = T$"):
        place(((t,), Integer(1) * t, (Range(t, Integer(1), T - 1),)))
    with pytest.raises(DefinitionError, match=r"^no equation defines y for 2 ≤ t ≤ T - 1$"):
        system(
            GOOD,
            Equation("y", (Integer(1),), x[1]),
            Equation("y", (T,), x[1]),
            values=[family("y", TIME)],
            sizes=("N",),
            given=[size("T", minimum=2)],
        )
    with pytest.raises(DefinitionError, match=r"^no equation defines y$"):
        system(GOOD, values=[family("y", TIME)])


def test_a_place_that_is_defined_twice_is_seen():
    whole = ((t,), Integer(1) * t, (Range(t, Integer(1), T),))
    with pytest.raises(DefinitionError, match=r"^y is defined twice: by y"):
        place(whole, whole)
    with pytest.raises(DefinitionError, match=r"^y is defined twice for t = T: by y"):
        place(whole, ((T,), x[1], ()))


def test_the_left_side_must_stay_in_range_too():
    with pytest.raises(DefinitionError, match=r"^equation for y\[0\]: index 0 of y\[0\]"):
        place(((Integer(0),), x[1], ()))


# -- recurrences ----------------------------------------------------------------------------------


def recurrence(step, first=0):
    start = Equation("h", (Integer(first), j), Integer(0) * j, over(UNIT))
    domain = (Range(t, Integer(1), T) if first == 0 else Range(t, Integer(0), T - 1), UNIT.range)
    return system(
        GOOD, start, Equation("h", (t, j), step, domain), values=[family("h", STATE, UNIT)]
    )


def test_a_recurrence_may_run_either_way():
    assert recurrence(h[t - 1, j] + x[j])
    last = Equation("h", (T, j), Integer(0) * j, over(UNIT))
    back = Equation("h", (t, j), h[t + 1, j], (Range(t, Integer(0), T - 1), UNIT.range))
    assert system(GOOD, last, back, values=[family("h", STATE, UNIT)])


@pytest.mark.parametrize(
    "step",
    [h[t, j] + 1, h[t - 1, j] * h[t, j], Sum(h[t, k], (k, 1, N)), h[T, j], h[T - t, j]],
)
def test_a_recurrence_that_stands_still_or_jumps_is_refused(step):
    with pytest.raises(DefinitionError, match=r"^h needs itself, and no index runs one way"):
        recurrence(step)


def test_a_recurrence_both_ways_is_refused():
    up = Equation("h", (t, j), h[t - 1, j], (Range(t, Integer(1), T - 1), UNIT.range))
    middle = Equation("h", (Integer(0), j), h[1, j], over(UNIT))
    last = Equation("h", (T, j), x[j], over(UNIT))
    with pytest.raises(
        DefinitionError, match=r"h\[0, j\] needs h\[1, j\], h\[t, j\] needs h\[t - 1"
    ):
        system(GOOD, middle, up, last, values=[family("h", STATE, UNIT)])


def test_two_families_that_need_each_other_are_refused():
    one = Equation("y", (j,), h[j], over(UNIT))
    other = Equation("h", (j,), y[j], over(UNIT))
    with pytest.raises(DefinitionError, match=r"^(y and h|h and y) need each other"):
        system(GOOD, one, other, values=[family("y", UNIT), family("h", UNIT)])


def test_families_come_after_what_they_need():
    network = mlp()
    flat = [name for group in network.order for name in group]
    assert flat.index("C") > flat.index("a")
    assert sorted(next(g for g in network.order if "a" in g)) == ["a", "z"]


# -- the loss -------------------------------------------------------------------------------------


def test_the_loss_is_one_number():
    values = [family("y", UNIT)]
    equation = Equation("y", (j,), x[j], over(UNIT))
    for loss in ("y", "nothing"):
        with pytest.raises(DefinitionError, match=f"the loss '{loss}' must be a declared family"):
            system(GOOD, equation, values=values, loss=loss)


# -- sizes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bound", "message"),
    [
        ({"N": 0}, "N: 0 is not an integer of at least 1"),
        ({"N": -2}, "N: -2 is not an integer of at least 1"),
        ({"N": 2.0}, r"N: 2\.0 is not an integer of at least 1"),
        ({"N": True}, "N: True is not an integer of at least 1"),
        ({"N": "3"}, "N: '3' is not an integer of at least 1"),
        ({"N": (2, 3)}, r"N: \(2, 3\) met N: one number"),
        ({"x": 3}, r"x is not a size of this network \(sizes: N, T\)"),
        ({"Q": 3}, "Q is not a size of this network"),
    ],
)
def test_sizes_are_positive_integers_of_declared_sizes(bound, message):
    with pytest.raises(SizeError, match=f"^{message}"):
        system(GOOD, bound=bound)


@pytest.mark.parametrize(
    ("bound", "message"),
    [
        ({"n": 3}, r"n: 3 met n\[l\], 0 ≤ l ≤ L: a tuple of numbers"),
        ({"L": 2, "n": (3, 2)}, r"n: 2 sizes met 0 ≤ l ≤ L \(3 of them\)"),
        ({"n": (3, 0)}, "n: 0 is not an integer"),
    ],
)
def test_a_family_of_sizes_has_one_for_each_index(bound, message):
    with pytest.raises(SizeError, match=f"^{message}"):
        mlp().with_sizes(**bound)


def test_numpy_integers_are_sizes():
    assert system(GOOD, bound={"N": np.int64(3)}).size_values() == {N: Integer(3)}


def test_sizes_change_no_equation():
    assert mlp().with_sizes(L=1, n=(2, 3)).equations == mlp().equations


def test_every_message_is_one_line():
    for wrong in ([cost(x[j])], [cost(x[0])], []):
        with pytest.raises(SymbpError) as error:
            system(*wrong)
        assert "\n" not in str(error.value)


# -- functions ------------------------------------------------------------------------------------


def test_unspecified_functions_can_be_chosen():
    assert unspecified_functions(mlp()) == ["sigma"]
    chosen = with_functions(gradient(mlp()), {"sigma": "tanh"})
    assert unspecified_functions(chosen) == []
    assert chosen.equations == gradient(mlp(activation="tanh")).equations
    assert with_functions(mlp(), {}) == mlp()


@pytest.mark.parametrize("name", ["exp", "identity", "square", "leaky-relu", "elu"])
def test_chosen_functions_bring_their_derivatives_and_parameters(name):
    chosen = with_functions(gradient(mlp((2, 2))), {"sigma": name})
    direct = gradient(mlp((2, 2), name))
    assert chosen.equations == direct.equations
    assert {v.name for v in chosen.variables} == {v.name for v in direct.variables}


def test_a_function_that_no_table_has_is_named():
    with pytest.raises(SymbpError, match="unknown function 'tan'"):
        with_functions(mlp(), {"sigma": "tan"})


def test_an_unused_name_is_harmless():
    assert with_functions(mlp(), {"g": "tanh"}) == mlp()
