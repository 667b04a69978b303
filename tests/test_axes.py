"""Which indices are rows and columns, and the matrix forms that papers print because of it."""

import pytest
import sympy as sp

from symbp import networks
from symbp.derivation import derive
from symbp.forms.axes import axis_slots
from symbp.forms.layout import DENSE, Layout
from symbp.forms.matrix import MatrixEquation, matrix_form, matrix_forms
from symbp.forms.softmax import EXP, softmax_in

ROWS = Layout(samples="rows")


def axes(name):
    """{family: the letters of its axes} of a network's values."""
    system = networks.lookup(name)()
    found = axis_slots(system, DENSE)
    return {
        v.name: "".join(s.symbol.name for i, s in enumerate(v.slots) if (v.name, i) in found)
        for v in system.variables
    }


@pytest.mark.parametrize(
    ("name", "family", "expected"),
    [
        ("lstm", "h", "j"),  # a recurrence runs along the time of h
        ("lstm", "x", "p"),  # and x_t stands beside h_t
        ("attention", "S", "ts"),
        ("self-attention", "X", "tp"),
        ("multi-head-attention", "S", "ts"),  # of each head h
        ("multi-head-attention", "W_Q", "pi"),
        ("group-norm", "z", "ij"),
        ("embedding", "E", "p"),  # E[w[t]]: rows are looked up
        ("language-model", "X", "tp"),
        ("mlp", "z", "j"),
    ],
)
def test_axes_are_the_indices_that_nothing_runs_along(name, family, expected):
    assert axes(name)[family] == expected


PAPERS = {
    "attention": {
        "S": "1/sqrt(d_k) Q·Kᵀ",
        "A": "softmax(S)",
        "O": "A·V",
        "∂C/∂V": "Aᵀ·∂C/∂O",
        "∂C/∂A": "∂C/∂O·Vᵀ",
        "∂C/∂S": "A ⊙ (∂C/∂A - (A ⊙ ∂C/∂A)·1)",
        "∂C/∂Q": "1/sqrt(d_k) ∂C/∂S·K",
        "∂C/∂K": "1/sqrt(d_k) ∂C/∂Sᵀ·Q",
    },
    "masked-attention": {"S": "1/sqrt(d_k) Q·Kᵀ + M"},
    "multi-head-attention": {
        "Q[h]": "X·W_Q[h]",
        "Y": "Σ_h O[h]·W_O[h]",
        "∂C/∂W_O[h]": "O[h]ᵀ·∂C/∂Y",
        "∂C/∂S[h]": "A[h] ⊙ (∂C/∂A[h] - (A[h] ⊙ ∂C/∂A[h])·1)",
    },
    "transformer": {
        "∂C/∂W_2": "gelu(Z)ᵀ·∂C/∂F",
        "∂C/∂U": "Σ_h (∂C/∂K[h]·W_K[h]ᵀ + ∂C/∂Q[h]·W_Q[h]ᵀ + ∂C/∂V[h]·W_V[h]ᵀ)",
    },
    "batch-norm": {
        "mu": "1/m zᵀ·1",
        "∂C/∂z_hat": "∂C/∂a·diag(gamma)",
        "∂C/∂gamma": "(z_hat ⊙ ∂C/∂a)ᵀ·1",
        "∂C/∂beta": "∂C/∂aᵀ·1",
    },
    "dropout": {"a": "1/(1 - p) h ⊙ r", "∂C/∂W": "∂C/∂zᵀ·x"},
}


@pytest.mark.parametrize("name", PAPERS)
def test_the_forms_are_those_of_papers(name):
    system = networks.lookup(name)()
    forms = [f for _, f in matrix_forms(system, ROWS) if isinstance(f, MatrixEquation)]
    forms += [matrix_form(d.equation, d.system, ROWS) for d in derive(system)]
    found = dict(str(f).split("   for ")[0].split(" = ") for f in forms)
    assert {left: found.get(left) for left in PAPERS[name]} == PAPERS[name]


def test_only_a_softmax_is_one():
    s, u, n = sp.symbols("s u n", integer=True)
    z, t = sp.IndexedBase("z"), sp.Symbol("t", integer=True)
    total = sp.Sum(EXP(z[t, u]), (u, 1, n))
    found = softmax_in(2 * EXP(z[t, s]) / total)
    assert found is not None
    assert (found.argument, found.rest) == (z[t, s], 2)
    assert softmax_in(EXP(z[s, t]) / total) is None
    assert softmax_in(EXP(2 * z[t, s]) / total) is None
    assert softmax_in(EXP(z[t, s]) * total) is None
    assert softmax_in(EXP(z[t, s]) / sp.Sum(EXP(z[t, u]) + 1, (u, 1, n))) is None
