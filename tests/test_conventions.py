r"""The words of a notation: the same entry of the same network in every author's letters."""

from __future__ import annotations

import pytest

from symbp import networks
from symbp.judge.claims import Judge
from symbp.notation import NOTATIONS
from symbp.reading.conventions import lexicon_of
from symbp.reading.grammar.lexer import tokens


def judge(notation: str, **options: object) -> Judge:
    return Judge(lexicon_of(networks.mlp(**options), NOTATIONS[notation]))  # type: ignore[arg-type]


def meaning(judge: Judge, latex: str) -> str:
    """The entry in the numbers of the System: layers from 0, weights (layer, to, from)."""
    scope, (found,) = judge.typed([judge.parse(tokens(latex))])
    return f"{found.shape(scope.size_text)}: {found.expr}".replace("#", "")


#: notation → an entry of w, the whole of it, the error of a layer, the output, the input.
WORDS = {
    "bold": (r"w_{jk}^{(l)}", r"\textbf{W}^{(l)}", r"\delta_j^{(l)}", r"a_j^{(L)}", r"a_j^{(0)}"),
    "edge": ("w_{kj}^{(l)}", "W^{(l)}", r"\partial L/\partial z_j^{(l)}", r"\hat y_j", "x_j"),
    "ng": (r"\Theta_{jk}^{(l)}", r"\Theta^{(l)}", r"\delta_j^{(l+1)}", "a_j^{(L)}", "a_j^{(1)}"),
    "pinard": ("w_{jk}^l", "W^l", r"\delta_j^l", "a_j^L", "a_j^1"),
    "chain": ("w_{kj}^n", "w^n", r"\frac{\partial C}{\partial z_j^{n+1}}", "o_j", "a_j^1"),
    "standard": ("w_{jk}^{(l)}", "W^{(l)}",
                 r"\frac{\partial \mathcal{L}}{\partial z_j^{(l)}}", "a_j^{(L)}", "a_j^{(0)}"),
}  # fmt: skip
#: The layer in the System, of what is written in the table.
LAYER = {"bold": "l", "edge": "l", "ng": "l", "pinard": "l - 1", "chain": "n", "standard": "l"}
SHAPE = {
    "bold": "n_l × n_{l-1}",
    "edge": "n_{l-1} × n_l",
    "ng": "s_{l+1} × s_l",
    "pinard": "n_l × n_{l-1}",
    "chain": "d_n × d_{n+1}",
    "standard": "n_l × n_{l-1}",
}


@pytest.mark.parametrize("notation", NOTATIONS)
def test_every_notation_speaks_of_the_same_network(notation):
    entry, whole, error, output, first = WORDS[notation]
    found, layer = judge(notation), LAYER[notation]
    assert meaning(found, entry) == f"a number: w[{layer}, j, k]"
    assert meaning(found, whole) == f"{SHAPE[notation]}: w[{layer}, 1, 2]"
    assert meaning(found, error) == f"a number: Total(C, z[{layer}, j], 0)"
    assert meaning(found, output) == "a number: a[L, j]"
    assert meaning(found, first) in ("a number: a[0, j]", "a number: x[j]")


def test_every_notation_is_in_the_table():
    assert set(WORDS) == set(NOTATIONS)


@pytest.mark.parametrize(
    "notation, activations, letter, name",
    [
        ("bold", "tanh", r"\sigma", "tanh"),
        ("bold", ["relu", "sigmoid"], r"\sigma", "sigmoid"),
        ("bold", ["sigma", "identity"], r"\sigma", "sigma"),
        ("ng", ["tanh", "sigmoid"], "g", "sigmoid"),
        ("chain", "sigmoid", "f", "sigmoid"),
        ("edge", ["relu", "softmax"], "f", "relu"),
    ],
)
def test_the_letter_of_the_activation(notation, activations, letter, name):
    assert judge(notation, activation=activations).lexicon.functions[letter].name == name


def test_sizes_rates_and_parameters_have_their_letters():
    found = judge("pinard", activation="leaky_relu", batch=True)
    assert meaning(found, "m") == "a number: m"
    assert meaning(found, r"\frac{1}{n_L}") == "a number: 1/n[L]"
    assert meaning(found, r"\alpha") == "a number: alpha", "the slope and not the rate"
    assert meaning(found, r"\eta") == r"a number: \eta"


def test_samples_are_marked_or_all():
    found = judge("pinard", batch=True)
    assert meaning(found, "a_j^{i,l}") == "a number: a[l - 1, j, i]"
    assert meaning(found, "A^l").startswith("n_l × m: a[l - 1")
    assert meaning(found, r"\Delta^l").startswith("n_l × m: Total(C, z[l - 1")


@pytest.mark.parametrize("notation", ["edge", "chain"])
def test_weights_from_to_are_laid_out_so(notation):
    found = judge(notation)
    whole = WORDS[notation][1]
    rows, columns = meaning(found, whole).split(":")[0].split(" × ")
    turned = meaning(found, f"({whole})^T").split(":")[0].split(" × ")
    assert [columns, rows] == turned
