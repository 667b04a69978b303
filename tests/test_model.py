r"""Systems from equations as they are written: which letters are families, of which indices."""

from __future__ import annotations

import numpy as np
import pytest

from symbp.errors import DefinitionError, ReadingError
from symbp.numbers.evaluator import Evaluation
from symbp.reading.model import read_model, read_models, read_system
from symbp.system import Role
from tests.claims_by_hand import MLP, RECURRENT, declaration


def families(equations: str, **entries: str) -> dict[str, str]:
    """Family → its role and indices with their kinds."""
    system = read_model(declaration(equations, **entries)).system
    others = (Role.SIZE, Role.HYPERPARAMETER)
    return {
        v.name: " ".join([v.role.value, *(f"{s.kind.value} {s.range}" for s in v.slots)])
        for v in system.variables
        if v.role not in others
    }


def test_a_fully_connected_network():
    assert families(MLP) == {
        "a": "intermediate layer 0 ≤ l ≤ L unit 1 ≤ j ≤ n[l]",
        "x": "input unit 1 ≤ j ≤ n[0]",
        "z": "intermediate layer 1 ≤ l ≤ L unit 1 ≤ j ≤ n[l]",
        "W": "parameter layer 1 ≤ l ≤ L unit 1 ≤ j ≤ n[l] unit 1 ≤ k ≤ n[l - 1]",
        "b": "parameter layer 1 ≤ l ≤ L unit 1 ≤ j ≤ n[l]",
        "C": "loss",
        "y": "target unit 1 ≤ j ≤ n[L]",
    }


LAYER = [
    r"z^l = W^l a^{l-1} + b^l",
    r"z^{(l)} = W^{(l)} a^{(l-1)} + b^{(l)}",
    r"z^{[l]} = W^{[l]} a^{[l-1]} + b^{[l]}",
    r"\mathbf{z}^{l} = \mathbf{W}^{l} \mathbf{a}^{l-1} + \mathbf{b}^{l}",
    r"z^{l+1} = W^{l+1} a^{l} + b^{l+1}",
    r"z_j^l = \sum_k w_{jk}^l a_k^{l-1} + b_j^l",
    r"z_j^l = \sum_{k=1}^{n_{l-1}} w^l_{jk} a^{l-1}_k + b^l_j",
    r"z^l = W^l \cdot a^{l-1} + b^l",
    r"z^l = (W^l)^T a^{l-1} + b^l",
]


@pytest.mark.parametrize("equation", LAYER)
def test_one_layer_in_many_spellings(equation):
    found = families(f"{equation}\na^l = \\sigma(z^l)\nC = \\|a^L - y\\|^2")
    weights = {k: v for k, v in found.items() if k in "wW"}
    (weight,) = weights.values()
    assert weight.startswith("parameter layer")
    assert weight.count("unit") == 2
    assert found["b"].startswith("parameter layer")
    assert found["b"].count("unit") == 1
    assert found["z"].startswith("intermediate layer")
    assert found["z"].count("unit") == 1
    assert found["C"] == "loss"


def test_a_recurrent_network_begins_with_an_input():
    found = families(RECURRENT)
    assert found["h"].startswith("intermediate time 0 ≤ t ≤ T unit")
    assert found["h·time0"].startswith("input unit")
    assert found["U"].startswith("parameter unit 1 ≤ j ≤ n_b unit 1 ≤ k ≤ n_b"), "U is square"
    assert found["E^·"] == "intermediate time 1 ≤ t ≤ T", "E_t and E are two quantities"


def test_letters_with_fixed_marks_are_families_of_their_own():
    found = families(
        r"""
        f_t = \sigma(W_f h_{t-1} + U_f x_t)
        i_t = \sigma(W_i h_{t-1} + U_i x_t)
        h_t = f_t \odot h_{t-1} + i_t
        E = \|h_T\|^2
        """
    )
    assert {"W_f", "W_i", "U_f", "U_i", "f", "i·", "h", "x"} <= set(found)


def test_numbers_where_nothing_is_a_vector():
    found = families("z = w x + b\na = \\sigma(z)\nC = \\frac{1}{2}(a - y)^2")
    assert all(" " not in v for v in found.values())


def test_what_equations_leave_open_has_two_readings():
    text = "z^l = w^l a^{l-1} + b^l\na^l = \\sigma(z^l)\nC = \\text{any}(a^L)"
    arrays, numbers = read_models(declaration(text))
    assert [s.kind.value for s in arrays.system["w"].slots] == ["layer", "unit", "unit"]
    assert [s.kind.value for s in numbers.system["w"].slots] == ["layer"]
    (only,) = read_models(declaration(text, shapes="all 1"))
    assert [s.kind.value for s in only.system["w"].slots] == ["layer"]
    (only,) = read_models(declaration(text.replace("\\text{any}(a^L)", "\\|a^L\\|^2")))
    assert len(only.system["w"].slots) == 3


def test_numbers_are_read_where_vectors_do_not_fit():
    text = "z^l = w^l a^{l-1} + b^l\na^l = \\sigma(z^l)\nC = (a^L - y)^2"
    (only,) = read_models(declaration(text))
    assert [s.kind.value for s in only.system["w"].slots] == ["layer"]


@pytest.mark.parametrize(
    "activation",
    [
        r"\max(0, z)",
        r"\operatorname{ReLU}(z)",
        r"\tanh(z)",
        r"\tanh z",
        r"\frac{1}{1 + e^{-z}}",
        r"\log(1 + e^z)",
        r"\operatorname{softmax}(z)",
        r"\frac{z}{\|z\|}",
        r"z \odot [z > 0]",
    ],
)
def test_activations_written_out(activation):
    found = families(f"z = W x\na = {activation}\nC = \\|a - y\\|^2")
    assert found["z"].count("unit") == found["a"].count("unit") == 1


def test_the_loss_is_the_number_that_nothing_else_needs():
    text = "z = W x\nC = \\|z - y\\|^2\nR = \\frac{\\lambda}{2} \\|W\\|_F^2\nJ = C + R"
    assert read_model(declaration(text, constants=r"\lambda")).loss == "J"
    assert read_model(declaration(text, constants=r"\lambda", loss="C")).loss == "C"


def test_samples_are_told_by_their_marks():
    found = families(
        r"""
        z^{(i)} = W x^{(i)} + b
        J = \frac{1}{2m} \sum_{i=1}^m \|z^{(i)} - y^{(i)}\|^2
        """
    )
    assert found["z"].startswith("intermediate unit")
    assert "sample 1 ≤ i ≤ m" in found["z"]
    assert "sample" not in found["W"] + found["b"] + found["J"]


def test_the_system_has_the_values_of_its_equations():
    """The network read from LaTeX, evaluated, against NumPy."""
    system = read_system(MLP, functions={r"\sigma": "sigmoid"}).with_sizes(L=3, n=(2, 3, 2, 1))
    rng = np.random.default_rng(1)
    w, b = (
        [rng.normal(size=s) for s in shapes] for shapes in (((3, 2), (2, 3), (1, 2)), (3, 2, 1))
    )
    x, y = rng.normal(size=2), rng.normal(size=1)
    rates = dict.fromkeys((v.name for v in system.with_role(Role.HYPERPARAMETER)), 0.1)
    values = Evaluation(system, {"W": w, "b": b, "x": x, "y": y, **rates})

    out = x
    for weights, bias in zip(w, b, strict=True):
        out = 1 / (1 + np.exp(-(weights @ out + bias)))
    assert float(values["C"]) == pytest.approx(float(((out - y) ** 2).sum() / 2), rel=1e-12)


def test_the_system_has_what_its_equations_need_and_letters_for_its_sums():
    system = read_system(
        r"z_j = \sum_i w_{ji} x_i; C = \sum_j (z_j - y_j)^2 + \lambda \sum_j z_j^2"
    )
    assert {v.name: v.role for v in system.variables} | {"z": None, "y": None} == {
        "n_x": Role.SIZE, "n_y": Role.SIZE, "w": Role.PARAMETER, "x": Role.INPUT,
        "C": Role.LOSS, "lambda": Role.HYPERPARAMETER, "z": None, "y": None,
    }  # fmt: skip
    assert str(system.equations[0].rhs) == "Sum(w[j, i]*x[i], (i, 1, n_x))"


def test_a_definition_may_leave_out_the_argument():
    given = declaration(
        "z = w x\nC = z^2",
        functions=r"\sigma sigmoid",
        shapes="all 1",
        define=r"\sigma = \sigma(z)",
    )
    assert [a.base for a in read_model(given).abbreviations] == [r"\sigma"]


@pytest.mark.parametrize(
    "equations, error, message",
    [
        ("a = b\nb = a", DefinitionError, "a and b need each other"),
        ("z = W x\nW = z", ReadingError, "W = z: the left is a matrix, the right a column"),
        (r"a = \frac{b}{", ReadingError, "never closed"),
        ("f(x) =", ReadingError, "needs a left and a right side"),
        ("z = W x +", ReadingError, "equation z = W x \\+: something is missing at the end"),
        ("2 = z", ReadingError, "must be one name"),
        (r"W := W - \eta \frac{\partial C}{\partial W}", ReadingError, "stands on both sides"),
        ("w_i = w_i - 2", ReadingError, "w stands on both sides: an update rule defines nothing"),
    ],
)
def test_what_is_no_system_names_its_equation(equations, error, message):
    with pytest.raises(error, match=message):
        read_model(declaration(equations))


@pytest.mark.parametrize("text", [MLP, RECURRENT])
def test_reading_twice_gives_the_same(text):
    assert str(read_model(declaration(text)).system) == str(read_model(declaration(text)).system)
