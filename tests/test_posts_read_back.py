"""Whatever symbp itself writes in a notation is read in that notation, and proved."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from symbp import networks
from symbp.documents.fill.body import body
from symbp.latex.post import write_post
from symbp.notation import NOTATIONS
from tests.claims_by_hand import shown

#: Activations of the hidden layers and of the last, and the loss.
NETWORKS = [
    ("sigma", "half-squared-error"),
    ("tanh", "half-squared-error"),
    ("sigmoid", "binary-cross-entropy"),
    ("softplus", "mean-squared-error"),
    ("relu, sigmoid", "binary-cross-entropy"),
    ("tanh, softmax", "cross-entropy"),
    ("elu, identity", "hinge"),
    ("silu, identity", "squared-error"),
]


def post(notation: str, activation: str, loss: str, batch: bool, language: str, form: str) -> str:
    """The post of a network, below the declaration that names it."""
    names = activation.split(", ")
    system = networks.mlp(activation=names if len(names) > 1 else names[0], loss=loss, batch=batch)
    declared = [f"notation: {notation}", f"activation: {activation}", f"loss: {loss}"]
    declared += ["batch: m"] if batch else []
    written = write_post(system, NOTATIONS[notation], language, form).text
    return f"<!-- symbp network: mlp; {'; '.join(declared)} -->\n\n{written}"


def statuses(text: str) -> Counter[str]:
    """How often each verdict is given; what is not proved is shown with its reason."""
    found = shown(text)
    for f in found:
        if f.verdict.status != "proved":
            print(f.line, f.verdict.status, f.verdict.latex, f.verdict.reason)
    return Counter(f.verdict.status.value for f in found)


@pytest.mark.parametrize("batch", [False, True])
@pytest.mark.parametrize("notation", NOTATIONS)
def test_every_step_of_a_derivation_is_proved(notation, batch):
    text = post(notation, "sigmoid", "half-squared-error", batch, "en", "full")
    found = statuses(text)
    assert found["proved"] == sum(found.values()) >= 45


@pytest.mark.parametrize("batch", [False, True])
@pytest.mark.parametrize("activation, loss", NETWORKS)
def test_the_gradients_of_every_network_are_proved(activation, loss, batch):
    """Notations and languages in turn."""
    row = NETWORKS.index((activation, loss)) + 3 * batch
    notation, language = list(NOTATIONS)[row % len(NOTATIONS)], ("en", "zh")[row % 2]
    found = statuses(post(notation, activation, loss, batch, language, "short"))
    assert found["proved"] == sum(found.values()) >= 9


@pytest.mark.parametrize("notation", NOTATIONS)
def test_each_layer_of_a_network_of_given_sizes_is_proved(notation):
    text = post(notation, "sigmoid", "half-squared-error", False, "zh", "full")
    sized = text.replace("network: mlp", "network: mlp; sizes: 2, 3, 2")
    assert set(statuses(sized)) == {"proved"}


@pytest.mark.parametrize("name", ["lstm", "batch-norm", "conv1d", "logistic"])
def test_networks_that_are_not_read_by_name_are_refused_there(name):
    """Their letters and indices are not those of a notation of layers: right lines were refuted."""
    system = networks.lookup(name)()
    written = write_post(system, NOTATIONS["standard"], "en", "short").text
    found = shown(f"<!-- symbp network: {name}; notation: standard -->\n\n{written}")
    assert found[0].verdict.reason.startswith(f"declaration: formulas of {name} are not read by")
    assert "refuted" not in {f.verdict.status.value for f in found}
    assert body({"network": [name], "form": ["short"]}) == written.strip()
    block = shown(f"<!-- symbp fill: network: {name}; form: short -->\n\n{written}")
    assert [f.verdict.latex for f in block] == [f.verdict.latex for f in found[1:]]


#: A fault, with what it is put in place of, in a notation.
FAULTS = [
    ("bold", r"\\frac\{1\}\{m\} ", ""),
    ("chain", r"= \\frac\{1\}\{m\} \(", r"= -\\frac{1}{m} ("),
    ("pinard", r"\\sigma\^\{'\}\(", r"\\sigma("),
    ("edge", r"\\frac\{\\partial f\}\{\\partial z\}\(", "f("),
    ("ng", r"(\\sum_\{k=1\}\^\{s_\{l \+ 1\}\}) \\Theta_\{kj\}", r"\1 \\Theta_{jk}"),
    ("edge", r" \\leftarrow (\S+) - \\eta", r" \\leftarrow \1 + \\eta"),
    ("pinard", r"\(A\^\{l - 1\}\)\^\{T\}", r"A^{l - 1}"),
    ("chain", r"\\sum_\{i=1\}\^\{m\} ", ""),
]


@pytest.mark.parametrize("notation, right, wrong", FAULTS)
def test_a_fault_in_a_post_is_found(notation, right, wrong):
    text = post(notation, "sigmoid", "half-squared-error", True, "en", "short")
    body = text.rindex("##", 0, text.rindex("##"))
    changed, count = re.subn(right, wrong, text[body:])
    found = statuses(text[:body] + changed)
    assert 1 <= found["refuted"] <= count
    assert found["refuted"] + found["proved"] == sum(found.values())
