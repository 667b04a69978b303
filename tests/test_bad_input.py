"""One clear line for every mistake in a network: where, what met what, what to try."""

import numpy as np
import pytest
import sympy as sp

import symbp
from symbp import Model, networks
from symbp.errors import DefinitionError, SizeError, SymbpError
from symbp.functions import lookup
from symbp.numbers.codegen import compile_numpy

TANH = lookup("tanh")


class Dense:
    """z = W x: what the rows of the tables begin with."""

    def __init__(self) -> None:
        self.m = m = Model()
        self.n, self.d = m.sizes("n d")
        self.j, self.k = m.units("j k", self.n)
        (self.p,) = m.units("p", self.d)
        self.W, self.x = m.parameter("W", self.j, self.p), m.input("x", self.p)
        self.y = m.target("y", self.j)
        (self.z,) = m.values("z")

    def define(self):
        self.m.let(self.z[self.j], self.m.sum(self.W[self.j, self.p] * self.x[self.p], self.p))

    def system(self, **sizes):
        return self.m.system(self.m.sum((self.z[self.j] - self.y[self.j]) ** 2, self.j), **sizes)


def defined_twice():
    net = Dense()
    net.define()
    net.m.let(net.z[net.j], net.y[net.j])
    net.system()


def one_entry_defined_twice():
    net = Dense()
    net.define()
    net.m.let(net.z[1], 0)
    net.system()


def undefined():
    Dense().system()


def misspelt():
    net = Dense()
    net.define()
    net.m.system(sp.IndexedBase(sp.Symbol("zz", real=True))[1])


def index_left_free():
    net = Dense()
    net.m.let(net.z[net.j], net.W[net.j, net.p] * net.x[net.p])


def index_left_free_in_the_cost():
    net = Dense()
    net.define()
    net.m.system((net.z[net.j] - net.y[net.j]) ** 2)


def another_range():
    net = Dense()
    net.m.let(net.z[net.j], net.m.sum(net.W[net.j, net.p] * net.x[net.k], net.p, net.k))
    net.system()


def too_few_indices():
    net = Dense()
    net.m.let(net.z[net.j], net.m.sum(net.W[net.p] * net.x[net.p], net.p))
    net.system()


def unknown_index():
    net = Dense()
    net.m.let(net.z[sp.Symbol("q", integer=True)], 0)


def value_as_an_index():
    net = Dense()
    net.m.let(net.z[net.j], net.W[net.j, net.m.parameter("c")])
    net.system()


def sum_over_an_index_of_the_left():
    net = Dense()
    net.m.let(net.z[net.j], net.m.sum(net.y[net.j], net.j))
    net.system()


def equation_for_a_parameter():
    net = Dense()
    net.m.let(net.W[net.j, net.p], 0)


def cost_with_a_name_that_is_taken():
    net = Dense()
    net.define()
    net.m.system(net.m.sum(net.z[net.j], net.j), name="W")


class Recurrent:
    """h_t of h_{t−1} and x_t."""

    def __init__(self) -> None:
        self.m = m = Model()
        (self.T,) = m.sizes("T")
        (self.t,) = m.times("t", self.T)
        self.x, self.w = m.input("x", self.t), m.parameter("w")
        (self.h,) = m.values("h")

    def system(self, step, *starts):
        self.m.let(self.h[self.t], TANH(step))
        for place in starts:
            self.m.let(self.h[place], 0)
        self.m.system(self.h[self.T])


def both_ways():
    net = Recurrent()
    net.system(net.h[net.t - 1] + net.w * net.h[net.t + 1], 0, net.T + 1)


def of_itself():
    net = Recurrent()
    net.system(net.w * net.h[net.t])


def without_a_start():
    net = Recurrent()
    net.system(net.w * net.h[net.t - 1])


def without_an_end():
    net = Recurrent()
    net.system(net.w * net.h[net.t + 1])


def forgotten_size():
    Model().units("j", sp.Symbol("n", integer=True))


def size_in_quotes():
    Model().units("j", "n")


def index_twice():
    m = Model()
    (n,) = m.sizes("n")
    m.units("j", n)
    m.times("j", n)


def letter_of_a_size():
    m = Model()
    (n,) = m.sizes("n")
    m.units("n", n)


def letter_of_an_index():
    m = Model()
    (n,) = m.sizes("n")
    (i,) = m.units("i", n)
    m.parameter("i", i)


def not_unpacked():
    net = Dense()
    net.m.values("a, b")[net.j]


DEFINITIONS = {
    defined_twice: "z is defined twice: by z[j] for 1 ≤ j ≤ n and z[j] for 1 ≤ j ≤ n",
    one_entry_defined_twice: "z is defined twice for j = 1: by z[j] for 1 ≤ j ≤ n and z[1]",
    undefined: "equation for C: z is neither declared nor defined by an equation "
    "(declared: C, W, d, n, x, y)",
    misspelt: "equation for C: zz is neither declared nor defined by an equation: did you mean z? "
    "(declared: C, W, d, n, x, y, z)",
    index_left_free: "equation for z[j]: the index p is free: it stands neither on the left nor "
    "under a sum (m.sum(..., p))",
    index_left_free_in_the_cost: "equation for C: the index j is free: it stands neither on the "
    "left nor under a sum (m.sum(..., j))",
    another_range: "equation for z[j]: index k of x[k], 1 ≤ k ≤ n, is not known to stay in "
    "1 ≤ p ≤ d",
    too_few_indices: "equation for z[j]: W[p] met the declaration W[j, p], 1 ≤ j ≤ n, 1 ≤ p ≤ d",
    unknown_index: "equation for z[q]: q is no index of this model (indices: j, k, p)",
    value_as_an_index: "equation for z[j]: index c of W[j, c] is not known to stay in 1 ≤ p ≤ d: "
    "c is parameter, and only inputs and targets are used as an index",
    sum_over_an_index_of_the_left: "equation for z[j]: index j is summed over and free on the left",
    equation_for_a_parameter: "equation for W[j, p]: W is declared as parameter",
    cost_with_a_name_that_is_taken: "equation for W: W is the name of something else: name the "
    "cost, system(..., name='J')",
    both_ways: "h needs itself, and no index runs one way through all of it: "
    "h[t] needs h[t + 1], h[t] needs h[t - 1]",
    of_itself: "h needs itself, and no index runs one way through all of it: h[t] needs h[t]",
    without_a_start: "equation for h[t]: index t - 1 of h[t - 1], 1 ≤ t ≤ T, is not known to stay "
    "in 1 ≤ t ≤ T: no equation says what h is at t = 0",
    without_an_end: "equation for h[t]: index t + 1 of h[t + 1], 1 ≤ t ≤ T, is not known to stay "
    "in 1 ≤ t ≤ T: no equation says what h is at t = T + 1",
    forgotten_size: "index j: n is no size of this model: (n,) = m.sizes('n')",
    size_in_quotes: "index j: 'n' is no end of a range: give what sizes() makes, n",
    index_twice: "index j: declared twice: it has the range 1 ≤ j ≤ n",
    letter_of_a_size: "index n: n is size already: choose another letter",
    letter_of_an_index: "i is an index, 1 ≤ i ≤ n, and a value: choose another letter",
    not_unpacked: "[j] met 2 at once: unpack them, (a, b,) = ...",
}


@pytest.mark.parametrize("mistake", DEFINITIONS, ids=lambda f: f.__name__)
def test_equations_that_define_no_network(mistake):
    with pytest.raises(DefinitionError) as error:
        mistake()
    assert str(error.value) == DEFINITIONS[mistake]


# -- sizes ---------------------------------------------------------------------------------------


def attention(**sizes):
    """Heads that share the width of a sequence."""
    m = Model()
    d, heads = m.sizes("d H")
    width = m.following("d_k", d / heads)
    (h,), (p,) = m.channels("h", heads), m.units("p", width)
    w, x = m.parameter("w", h, p), m.input("x", h, p)
    return m.system(m.sum(w[h, p] * x[h, p], h, p), **sizes)


def convolution(**sizes):
    m = Model()
    n, k, padding = m.sizes("N K p")
    places = m.following("P", n + 2 * padding - k + 1)
    (i,), (u,), (q,) = m.places("i", places), m.places("u", k), m.places("q", n + 2 * padding)
    w, x = m.parameter("w", u), m.input("x", q)
    return m.system(m.sum(m.sum(w[u] * x[i + u - 1], u) ** 2, i), **sizes)


SIZES = [
    (attention, {"d": 6, "H": 4}, "d_k = d/H is 3/2 at H = 4, d = 6: not an integer "
     "(w[h, p] has d_k, w[h, p] has H)"),
    (convolution, {"N": 3, "K": 9, "p": 1},
     "P = N + 2*p - K + 1 is -3 at K = 9, N = 3, p = 1: less than 1 (w[u] has K)"),
    (networks.lookup("conv1d"), {"N": 3, "K": 9},
     "N_1 = N - K + 1 is -5 at K = 9, N = 3: less than 1 "
     "(z_1[e, p] has N_1, W_1[e, d, u] has K, x[d, g] has N)"),
    (networks.lookup("transformer"), {"d": 6, "H": 4}, "d_k = d/H is 3/2 at H = 4, d = 6: not an "
     "integer (W_Q[h, p, i] has d_k, W_Q[h, p, i] has H, X[t, p] has d)"),
    (convolution, {"N": 0}, "N: 0 is not an integer of at least 1"),
    (convolution, {"n": 3}, "n is not a size of this network (sizes: N, K, p, P)"),
]  # fmt: skip


@pytest.mark.parametrize(("make", "sizes", "message"), SIZES)
def test_sizes_that_do_not_fit(make, sizes, message):
    with pytest.raises(SizeError) as error:
        make(**sizes)
    assert str(error.value) == message


# -- functions and values of a model --------------------------------------------------------------


def test_functions_of_sympy_are_those_of_the_table():
    net = Dense()
    a = net.m.sum(net.W[net.j, net.p] * net.x[net.p], net.p)
    net.m.let(net.z[net.j], sp.tanh(a) + sp.Abs(a) * sp.erf(a) + sp.exp(-a) / sp.sqrt(1 + a**2))
    assert symbp.verify(net.system(), witnesses=["exact", "complex step"]).ok


def test_names_may_stand_in_one_text():
    m = Model()
    assert m.sizes("n", "d") == Model().sizes("n d") == Model().sizes("n, d")
    assert [str(s) for s in m.numbers("a b")] == ["a", "b"]


def test_messages_are_one_line_and_errors_of_symbp():
    for mistake in DEFINITIONS:
        with pytest.raises(SymbpError) as error:
            mistake()
        assert "\n" not in str(error.value)


def test_arrays_of_numpy_are_no_sizes():
    assert convolution(N=np.int64(5), K=2, p=1).sizes["P"] == 6


# -- values --------------------------------------------------------------------------------------


def embedding():
    """A row for each token, looked up by data."""
    m = Model()
    rows, n, steps = m.sizes("V n T")
    (v,), (j,), (t,) = m.units("v", rows), m.units("j", n), m.places("t", steps)
    E, c = m.parameter("E", v, j), m.input("c", t)
    return m.system(m.sum(E[c[t], j] ** 2, t, j))


def linear():
    net = Dense()
    net.define()
    return net.system()


ONES = {"x": np.ones(3), "y": np.ones(2), "W": np.ones((2, 3))}
ROWS = {"E": np.ones((3, 2)), "c": np.array([1, 3])}
VALUES = [
    (linear, {**ONES, "W": np.ones((2, 4))}, {"n": 2, "d": 3},
     "W: shape (2, 4) met (2, 3) (W[j, p], 1 ≤ j ≤ n, 1 ≤ p ≤ d)",
     "x: shape (3,) met W: shape (2, 4): d is 3 by x[p] and 4 by W[j, p]"),
    (linear, {**ONES, "y": np.ones((2, 1))}, {"n": 2, "d": 3},
     "y: shape (2, 1) met (2,) (y[j], 1 ≤ j ≤ n)",
     "y: shape (2, 1) met y[j], 1 ≤ j ≤ n"),
    (embedding, {**ROWS, "c": np.array([1, 4])}, {"V": 3, "n": 2, "T": 2},
     "c[2] = 4 is used as an index of E[c[t], j]: expected 1 ≤ v ≤ 3",
     "c: 4 is used as an index: expected 0 to 2"),
    (embedding, {**ROWS, "c": np.array([1, -1])}, {"V": 3, "n": 2, "T": 2},
     "c[2] = -1 is used as an index of E[c[t], j]: expected 1 ≤ v ≤ 3",
     "c: -1 is used as an index: expected 0 to 2"),
]  # fmt: skip


@pytest.mark.parametrize(("make", "values", "sizes", "verified", "compiled"), VALUES)
def test_values_that_do_not_fit(make, values, sizes, verified, compiled):
    with pytest.raises(SizeError) as error:
        symbp.verify(make().with_sizes(**sizes), values=values)
    assert str(error.value) == verified
    code = compile_numpy(make())
    for call in (lambda: code(*(values[k] for k in code.families)), lambda: code(**values)):
        with pytest.raises(SizeError) as error:
            call()
        assert str(error.value) == compiled


def test_a_size_that_follows_must_be_that_of_its_array():
    m = Model()
    n, k = m.sizes("N K")
    places = m.following("P", n - k + 1)
    (i,), (u,), (q,) = m.places("i", places), m.places("u", k), m.places("q", n)
    w, x, y = m.parameter("w", u), m.input("x", q), m.target("y", i)
    code = compile_numpy(m.system(m.sum((m.sum(w[u] * x[i + u - 1], u) - y[i]) ** 2, i)))
    with pytest.raises(SizeError) as error:
        code(w=np.ones(2), x=np.ones(5), y=np.ones(5))
    assert str(error.value) == "y: shape (5,): P = N - K + 1 = 4, and 5 by y[i]"


def test_values_that_fit_are_looked_at_once():
    code = compile_numpy(linear())
    first, again = code(**ONES), code(*(ONES[k] for k in code.families))
    assert first[0] == again[0]
    with pytest.raises(SizeError):
        code(**{**ONES, "x": np.ones(4)})
