"""Models of PyTorch as equations: values and gradients are those of PyTorch itself.

Without PyTorch, what was recorded of it stands in; where it is installed, the same tests run on its
own modules as well, and the recording is compared with it (`tests/pytorch_models`).
"""

from importlib import import_module

import numpy as np
import pytest

import symbp
from symbp.errors import SymbpError
from symbp.numbers.codegen import compile_numpy
from symbp.numbers.evaluator import Evaluation
from symbp.reading.pytorch import TorchModel
from symbp.reading.pytorch.layers import LAYERS
from symbp.system import Role
from tests.pytorch_models import ALL, LOSSES, MODELS, REFUSED, SOURCES, made
from tests.pytorch_models.stand_ins import recorded

pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")


def read(name, found):
    return symbp.from_torch(found.model, found.loss, ALL[name].shape)


def assert_the_same(model, found):
    """Cost and gradient by the evaluator and by compiled code against PyTorch's."""
    system, values = model.at(found.x, found.y, **found.masks)
    names = [v.name for v in system.with_role(Role.PARAMETER)]
    assert float(Evaluation(system, values)["C"]) == pytest.approx(found.cost, rel=1e-10)
    code = compile_numpy(system)
    cost, *blocks = code(*(values[f] for f in code.families))
    assert float(cost) == pytest.approx(found.cost, rel=1e-10)
    assert len(blocks) == len(found.gradient)
    for name, ours, theirs in zip(names, blocks, found.gradient, strict=True):
        np.testing.assert_allclose(
            np.ravel(ours), np.ravel(theirs), rtol=1e-8, atol=1e-10, err_msg=name
        )


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("name", [*MODELS, *LOSSES])
def test_cost_and_gradient_are_those_of_pytorch(name, source):
    found = made(name, source)
    assert_the_same(read(name, found), found)


@pytest.mark.parametrize("name", ["tanh", "batch norm", "sequence", "ceil mode"])
def test_the_gradient_is_proved(name):
    found = made(name, "recorded")
    system, values = read(name, found).at(found.x[:3], found.y[:3])
    assert symbp.verify(system, values=values).ok


@pytest.mark.parametrize("source", SOURCES)
def test_what_is_read_has_letters_for_its_sizes(source):
    system = read("tanh", made("tanh", source)).system
    assert [str(e) for e in system.equations[:2]] == [
        "z_1[i, k] = b_1[k] + Sum(W_1[k, j]*x[i, j], (j, 1, n_0))   for 1 ≤ i ≤ m, 1 ≤ k ≤ n_1",
        "a_1[i, k] = tanh(z_1[i, k])   for 1 ≤ i ≤ m, 1 ≤ k ≤ n_1",
    ]
    assert system.sizes == {"n_0": 4, "n_1": 3, "n_2": 2}
    assert r"\tanh" in symbp.Network(system).post("standard")


@pytest.mark.parametrize("source", SOURCES)
def test_a_planted_fault_is_seen(source):
    found = made("tanh", source)
    model = read("tanh", found)
    wrong = {**model.values, "W_2": model.values["W_2"] * (1 + 1e-6)}
    with pytest.raises(AssertionError):
        assert_the_same(TorchModel(model.system, wrong), found)


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("message", REFUSED)
def test_what_is_not_read_is_said_with_the_layer(message, source):
    found = made(message, source)
    with pytest.raises(SymbpError) as error:
        read(message, found)
    assert str(error.value).startswith(message)


@pytest.mark.parametrize("module", ["mine.layers", "torchvision.ops", "torch.nnx"])
def test_a_class_that_is_only_called_like_one_of_pytorch_is_not_read(module):
    found = made("one layer", "recorded")
    type(next(iter(found.model))).__module__ = module
    with pytest.raises(SymbpError, match="layer 0, Linear: is not read"):
        read("one layer", found)


# -- the recording ---------------------------------------------------------------------------------


def classes(record):
    yield record["class"]
    for child in record["children"]:
        yield from classes(child)


def test_every_layer_that_is_read_was_recorded():
    found = {c for name in (*MODELS, *LOSSES) for c in classes(recorded()["models"][name]["model"])}
    assert set(LAYERS) - found == set()


def test_every_model_was_recorded():
    assert list(recorded()["models"]) == list(ALL)


def differences(kept, now, where=""):
    """Where a recording is not what PyTorch says now; it may hold more by now."""
    if isinstance(kept, dict):
        for name, value in kept.items():
            if name not in now:
                yield f"{where}.{name} is missing"
            else:
                yield from differences(value, now[name], f"{where}.{name}")
    elif isinstance(kept, list) and isinstance(now, (list, tuple)) and len(kept) == len(now):
        for n, (a, b) in enumerate(zip(kept, now, strict=True)):
            yield from differences(a, b, f"{where}[{n}]")
    elif isinstance(kept, float) and isinstance(now, float):
        if kept != pytest.approx(now, rel=1e-10, abs=1e-12):
            yield f"{where}: {kept} was recorded, found {now}"
    elif kept != now:
        yield f"{where}: {kept} was recorded, found {now}"


def test_a_wrong_recording_is_seen():
    kept = recorded()["models"]["leaky"]
    assert list(differences(kept, kept)) == []
    layer = {"attributes": {"negative_slope": 0.3}, "weights": {"weight": [5]}, "buffers": {"v": 1}}
    wrong = {**kept, "cost": kept["cost"] * (1 + 1e-9), "model": {**kept["model"], "children": [
        {**child, **layer} for child in kept["model"]["children"]]}}  # fmt: skip
    found = "\n".join(differences(wrong, kept))
    assert ".cost: " in found
    assert ".children[0].attributes.negative_slope is missing" in found
    assert ".children[1].attributes.negative_slope: 0.3 was recorded, found 0.2" in found
    assert ".children[2].weights.weight: [5] was recorded, found [3, 5]" in found


if "installed" in SOURCES:

    @pytest.mark.parametrize("name", ALL)
    def test_the_recording_is_what_pytorch_says_now(name):
        recording = import_module("tests.pytorch_models.recording")
        assert list(differences(recorded()["models"][name], recording.record_of(name))) == []
