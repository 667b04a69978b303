"""The matrix form against the index form: both sides at random numbers, by brute force."""

from __future__ import annotations

import random

import pytest
import sympy as sp
from sympy import Integer, Sum, Symbol

from symbp.adjoint import gradient
from symbp.errors import SizeError
from symbp.forms import matrix_expr
from symbp.forms.layout import COLUMN, ROW, Layout
from symbp.forms.matrix import MatrixEquation, NoMatrixForm, matrix_form, matrix_forms
from symbp.forms.matrix_build import transpose
from symbp.forms.matrix_expr import (
    Add,
    Broadcast,
    Entry,
    MatMul,
    MatrixExpr,
    OpenSum,
    Scalar,
    Scale,
    nodes,
)
from symbp.networks import mlp
from symbp.system import Equation, Role, System
from symbp.system.equation import index_base
from symbp.system.inline import inline
from tests.matrix_faults import (
    FirstFactor,
    FirstOfSum,
    FirstTerm,
    Linear,
    NoBroadcast,
    NoDiagonal,
    NoPrime,
    Norm,
    NoScale,
    NoTranspose,
    OtherSoftmax,
    OtherSum,
    Swapped,
)
from tests.matrix_systems import SYSTEMS, attention, gradient_of
from tests.matrix_values import differences
from tests.small_systems import TANH, C, bases, family, l, over, size, slot

MIXED = Layout("column", "rows", "to-from")
LAYOUTS = {"column": COLUMN, "row": ROW, "mixed": MIXED}


def forms_of(network: System, layout: Layout = COLUMN) -> list[MatrixEquation]:
    return [form for _, form in matrix_forms(network, layout) if isinstance(form, MatrixEquation)]


#: The equations that have no matrix form, and a word of the reason; all others must have one.
REFUSED = {
    "convolution": dict.fromkeys(("y", "C", "∂C/∂x", "∂C/∂w"), "no index that is summed over"),
    "causal sum": dict.fromkeys(("o", "C", "∂C/∂x", "∂C/∂w"), "no index that is summed over"),
    "class by data": {
        "C": "no index that is summed over",
        "∂C/∂a": "a condition names every index",
    },
    "diagonal": dict.fromkeys(("C", "∂C/∂w"), "no index that is summed over"),
    "label": {"∂C/∂z": "only a part of"},
    "margins": {"C": "no index that is summed over", "∂C/∂z": "a condition names every index"},
    "maximum": {"C": "no index that is summed over", "∂C/∂v": "not alone in a slot"},
    "products": {"∂C/∂a": "only a part of"},
}
REFUSED |= {name: REFUSED["convolution"] for name in SYSTEMS if name.startswith("convolution,")}


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize("name", SYSTEMS)
def test_both_forms_have_the_same_values(name, layout):
    network = gradient_of(name)
    for equation, form in matrix_forms(network, layout):
        if isinstance(form, NoMatrixForm):
            assert REFUSED[name][equation.family] in str(form)
        else:
            errors = differences(form, network)
            assert errors, equation
            assert max(errors) < 1e-9, equation


@pytest.mark.parametrize("name", REFUSED)
def test_every_refusal_is_real(name):
    refused = {
        e.family for e, form in matrix_forms(gradient_of(name)) if isinstance(form, NoMatrixForm)
    }
    assert refused == REFUSED[name].keys()


FAULTS = {
    NoTranspose: ("one sample", ["∂C/∂a"]),
    Swapped: ("batch", ["z", "∂C/∂a", "∂C/∂w"]),
    NoScale: ("batch", ["C", "∂C/∂a"]),
    FirstFactor: ("one sample", ["∂C/∂z"]),
    FirstTerm: ("one sample", ["z", "C", "∂C/∂a"]),
    NoPrime: ("one sample", ["∂C/∂z"]),
    OtherSoftmax: ("attention", ["A"]),
    Linear: ("layer norm", ["v", "h", "∂C/∂v"]),
    OtherSum: ("batch", ["∂C/∂b"]),
    Norm: ("batch", ["C"]),
    FirstOfSum: ("recurrence in time", ["C", "∂C/∂w"]),
    NoDiagonal: ("products", ["m"]),
    NoBroadcast: ("batch", ["z"]),
}


def squared(system: System) -> System:
    """The system with all sizes equal, so that a fault cannot show in a shape."""
    return system.with_sizes(**{
        name: (3,) * len(size) if isinstance(size, tuple) else 2 if name in "LT" else 3
        for name, size in system.sizes.items()
    })  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_caught(fault):
    name, families = FAULTS[fault]
    network = squared(gradient_of(name))
    caught = set()
    for form in forms_of(network):
        assert max(differences(form, network)) < 1e-9
        if max(differences(form, network, fault)) > 1e-3:
            caught.add(form.equation.family)
    assert set(families) <= caught


def test_the_faults_cover_every_node():
    used = {type(n) for name in SYSTEMS for f in forms_of(gradient_of(name)) for n in nodes(f.rhs)}
    faulty = {method for fault in FAULTS for method in vars(fault)}
    assert {kind.__name__.lower() for kind in used - {Scalar, Entry}} <= faulty
    kinds = {kind for name, kind in vars(matrix_expr).items() if not name.startswith("_")}
    kinds = {k for k in kinds if isinstance(k, type) and issubclass(k, MatrixExpr)}
    assert used == kinds - {MatrixExpr}


# -- products at random --------------------------------------------------------------------------

FAMILIES = {
    "a": "jk",
    "b": "kp",
    "c": "jp",
    "d": "jq",
    "e": "pq",
    "f": "kq",
    **dict(zip("ghxy", "jkpq", strict=True)),
}
LENGTHS = {"j": 2, "k": 3, "p": 2, "q": 3}


def random_system(chance: random.Random) -> System:
    """One equation: a random product of vectors and matrices, some indices summed over."""
    slots = {
        name: slot(Symbol(name, integer=True), Symbol(name.upper(), integer=True))
        for name in LENGTHS
    }
    factors = []
    for name in chance.choices(list(FAMILIES), k=chance.randint(1, 5)):
        entry = index_base(name)[tuple(slots[x].symbol for x in FAMILIES[name])]
        factors.append(chance.choice([entry, entry, entry**2, TANH(entry), entry + 1]))
    body = sp.Mul(*factors)
    present = sorted(x for x in LENGTHS if slots[x].symbol in body.free_symbols)
    free = chance.sample(present, min(len(present), chance.randint(0, 2)))
    for x in present:
        if x not in free:
            body = Sum(body, (slots[x].symbol, 1, Symbol(x.upper(), integer=True)))
    result = family("r", *(slots[x] for x in free))
    return System(
        (
            *(size(x.upper()) for x in LENGTHS),
            *(
                family(n, *(slots[x] for x in axes), role=Role.PARAMETER)
                for n, axes in FAMILIES.items()
            ),
            result,
            C,
        ),
        (
            Equation("r", result.own_index, body, over(*result.slots)),
            Equation("C", (), Integer(0)),
        ),
        "C",
        {name.upper(): length for name, length in LENGTHS.items()},
    )


def test_random_products():
    chance = random.Random(7)
    seen = 0
    for _ in range(100):
        system = random_system(chance)
        for layout in LAYOUTS.values():
            try:
                form = matrix_form(system.equations[0], system, layout)
            except NoMatrixForm:
                continue
            seen += 1
            assert max(differences(form, system)) < 1e-9, form
    assert seen > 250


# -- what the forms look like ---------------------------------------------------------------------

DELTAS = {
    "z[l]": "w[l]·a[l - 1] + b[l]",
    "a[l]": "sigma(z[l])",
    "C": "1/2 ‖a[L] - y‖²",
    "∂C/∂z[l]": "(w[l + 1]ᵀ·∂C/∂z[l + 1]) ⊙ sigma'(z[l])",
    "∂C/∂z[L]": "(a[L] - y) ⊙ sigma'(z[L])",
    "∂C/∂b[l]": "∂C/∂z[l]",
    "∂C/∂w[l]": "∂C/∂z[l]·a[l - 1]ᵀ",
}
ROWS = {
    "z[l]": "a[l - 1]·w[l] + b[l]",
    "∂C/∂z[l]": "(∂C/∂z[l + 1]·w[l + 1]ᵀ) ⊙ sigma'(z[l])",
    "∂C/∂z[L]": "(a[L] - y) ⊙ sigma'(z[L])",
    "∂C/∂b[l]": "∂C/∂z[l]",
    "∂C/∂w[l]": "a[l - 1]ᵀ·∂C/∂z[l]",
}
BATCH = {
    "C": "1/(2*m) ‖a[L] - y‖²",
    "∂C/∂z[L]": "1/m (a[L] - y) ⊙ sigma'(z[L])",
    "∂C/∂b[l]": "∂C/∂z[l]·1",
}
PYTORCH = {
    "z[l]": "a[l - 1]·w[l]ᵀ + b[l]ᵀ",
    "∂C/∂z[l]": "(∂C/∂z[l + 1]·w[l + 1]) ⊙ sigma'(z[l])",
    "∂C/∂b[l]": "∂C/∂z[l]ᵀ·1",
    "∂C/∂w[l]": "∂C/∂z[l]ᵀ·a[l - 1]",
}


@pytest.mark.parametrize(
    ("batch", "layout", "expected"),
    [
        (False, COLUMN, DELTAS),
        (False, ROW, ROWS),
        (True, COLUMN, DELTAS | BATCH),
        (True, ROW, ROWS | BATCH | {"∂C/∂b[l]": "1ᵀ·∂C/∂z[l]"}),
        (True, MIXED, PYTORCH),
    ],
    ids=["column", "row", "batch", "batch row", "batch as in PyTorch"],
)
def test_the_four_equations_of_backpropagation(batch, layout, expected):
    network = inline(gradient(mlp(batch=batch)), "∂C/∂a")
    found = dict(str(form).split("   for ")[0].split(" = ") for form in forms_of(network, layout))
    assert {lhs: found[lhs] for lhs in expected} == expected


EXPECTED = {
    "softmax": {
        "a": "softmax(z)",
        "C": "yᵀ·a^(2)",
        "∂C/∂z": "∂C/∂a ⊙ softmax(z) - (1ᵀ·exp(z))^(-2) (∂C/∂aᵀ·exp(z)) exp(z)",
    },
    "recurrence in time": {
        "h[0]": "0",
        "h[t]": "tanh(w·h[t - 1] + x[t])",
        "C": "Σ_t ‖h[t] - y[t]‖²",
        "∂C/∂h[t]": "wᵀ·(∂C/∂h[t + 1] ⊙ tanh'(w·h[t] + x[t + 1])) + 2 h[t] - 2 y[t]",
        "∂C/∂w": "Σ_t (∂C/∂h[t] ⊙ tanh'(w·h[t - 1] + x[t]))·h[t - 1]ᵀ",
    },
    "attention": {
        "S": "1/sqrt(D) Qᵀ·K",
        "A": "softmax(S)",
        "O": "V·Aᵀ",
        "∂C/∂A": "∂C/∂Oᵀ·V",
        "∂C/∂Q": "1/sqrt(D) K·∂C/∂Sᵀ",
    },
    "attention with heads": {"A[h]": "softmax(S[h])", "∂C/∂V[h]": "∂C/∂O[h]·A[h]"},
    "batch-norm": {
        "z": "W·x",
    },
    "embedding": {
        "X[t]": "E[w[t]] + P[t]",
        "∂C/∂E[v]": "Σ_t KroneckerDelta(v, w[t]) ∂C/∂X[t]",
    },
    "channels": {
        "y[p]": "Σ_u w[u]·x[p + u - 1] + b",
        "∂C/∂x[p]": "Σ_u w[u]ᵀ·∂C/∂y[p - u + 1]",
        "∂C/∂w[u]": "Σ_p ∂C/∂y[p]·x[p + u - 1]ᵀ",
    },
    "second derivative": {
        "D": "Σ_l 1ᵀ·(v[l] ⊙ ∂C/∂w[l])·1",
        "∂D/∂z[l]": "∂D/∂a[l] ⊙ tanh'(z[l]) + ∂C/∂a[l] ⊙ ∂D/∂∂C/∂z[l] ⊙ tanh''(z[l])",
        "∂D/∂w[l]": "∂D/∂z[l]·a[l - 1]ᵀ + ∂C/∂z[l]·∂D/∂∂C/∂a[l - 1]ᵀ",
    },
    "layers": {"C": "-1/m 1ᵀ·(y ⊙ log(a[L]))·1 + lambda/(2*m) Σ_l ‖w[l]‖²"},
    "binary": {"C": "-(yᵀ·log(a[L]) + (1 - y)ᵀ·log(1 - a[L]))"},
}


@pytest.mark.parametrize("name", EXPECTED)
def test_known_forms(name):
    found = dict(str(f).split("   for ")[0].split(" = ") for f in forms_of(gradient_of(name)))
    assert {lhs: found.get(lhs) for lhs in EXPECTED[name]} == EXPECTED[name]


def test_a_sequence_is_laid_out_as_samples_are_where_time_is_an_axis():
    assert str(forms_of(attention(), Layout(samples="rows"))[0]) == "S = 1/sqrt(D) Q·Kᵀ"
    assert str(forms_of(attention(heads=True))[0]).startswith("S[h] = 1/sqrt(D) Q[h]ᵀ·K[h]")


def test_shapes_are_sizes():
    network = gradient(mlp(batch=True))
    n, m, L = bases("n")[0], Symbol("m", integer=True), Symbol("L", integer=True)
    shapes = {f.equation.family: f.rhs.shape for f in forms_of(network)}
    assert shapes["∂C/∂w"] == (n[l], n[l - 1])
    assert shapes["∂C/∂b"] == (n[l], 1)
    assert shapes["∂C/∂a"] == (n[L], m)
    assert shapes["C"] == (1, 1)


def test_marks_are_the_domain_and_axes_are_not():
    form = forms_of(gradient(mlp()))[1]
    assert str(form) == "z[l] = w[l]·a[l - 1] + b[l]   for 1 ≤ l ≤ L"
    assert [r.symbol for r in form.domain] == [l]


def test_parts_that_do_not_fit_make_no_node():
    z, w = (form.lhs for form in forms_of(gradient(mlp()))[1:2] for _ in range(2))
    with pytest.raises(SizeError, match=r"Entry of j × 1 · Entry of j × 1: the inner axes differ"):
        MatMul((z, w))
    with pytest.raises(SizeError, match=r"Entry of j × 1 met Transpose of 1 × j"):
        Add((z, transpose(z)))
    with pytest.raises(SizeError, match="does not broadcast"):
        Broadcast(z, None, z.row)
    with pytest.raises(SizeError, match="a coefficient of"):
        Scale(z, z)


def test_a_transpose_of_a_transpose_is_the_node_itself():
    for name in ("one sample", "batch", "attention", "products"):
        for form in forms_of(gradient_of(name)):
            assert transpose(transpose(form.lhs)) == form.lhs
            back = transpose(transpose(form.rhs))
            assert (back.row, back.col) == (form.rhs.row, form.rhs.col)


def test_a_partial_range_has_no_matrix_form():
    network = gradient_of("products")
    with pytest.raises(NoMatrixForm, match="2 ≤ k ≤ M is only a part of"):
        matrix_form(network.defining("∂C/∂a")[1], network)


def test_a_product_that_is_no_chain_opens_a_sum():
    """Σ_pq b_kp c_jp d_jq e_pq f_kq: four indices, each joined to each other but j to k."""
    b, c, d, e, f = bases("bcdef")
    axes = {
        name: slot(Symbol(name, integer=True), Symbol(name.upper(), integer=True))
        for name in "jkpq"
    }
    j, k, p, q = (axes[name].symbol for name in "jkpq")
    body = b[k, p] * c[j, p] * d[j, q] * e[p, q] * f[k, q]
    system = System(
        (
            *(size(x.upper()) for x in "jkpq"),
            *(
                family(name, *(axes[x] for x in pair), role=Role.PARAMETER)
                for name, pair in FAMILIES.items()
                if len(pair) == 2
            ),
            family("r", axes["j"], axes["k"]),
            C,
        ),
        (
            Equation(
                "r",
                (j, k),
                Sum(body, (p, 1, axes["p"].range.upper), (q, 1, axes["q"].range.upper)),
                over(axes["j"], axes["k"]),
            ),
            Equation("C", (), Integer(0)),
        ),
        "C",
        {"J": 2, "K": 3, "P": 2, "Q": 3},
    )
    form = matrix_form(system.equations[0], system)
    assert any(isinstance(node, OpenSum) for node in nodes(form.rhs))
    assert max(differences(form, system)) < 1e-9
    print(form)
