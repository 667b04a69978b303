"""A PyTorch model as a System: the layers of an nn.Sequential, and its weights as values.

    Linear           z = W a + b, W as PyTorch has it: out × in
    Conv1d, Conv2d   Σ W[e, d, u] a[d, s(p − 1) + r(u − 1) + 1], zeros around for padding
    BatchNorm        in train mode by the batch; in eval mode by its running mean and variance
    Dropout          in eval mode nothing; in train mode times a mask of 0 and 1, over 1 − p

Nothing of PyTorch is imported: a layer is known by its class and what it holds. The rule knows
nothing of layers either: what is read are equations, for m samples at once, sizes as symbols.

Guarantees. Forward values are those of the model in float64 but for max pooling where entries
are equal and for what PyTorch itself rounds; derivatives at kinks are those of the table.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from symbp.errors import SizeError, at
from symbp.networks.losses import lookup
from symbp.reading.pytorch.chain import Chain, Signal, refuse
from symbp.reading.pytorch.layers import LAYERS
from symbp.system import System
from symbp.system.functional import Functional

#: What PyTorch's losses are, as means over the samples.
LOSSES = {
    "MSELoss": "mean-squared-error",
    "CrossEntropyLoss": "cross-entropy-logits",
}


@dataclass(frozen=True)
class TorchModel:
    """The equations of a model for m samples, and the values of its weights."""

    system: System
    values: Mapping[str, Any]

    def at(self, x: Any, y: Any, **masks: Any) -> tuple[System, dict[str, Any]]:
        """The system at the number of samples of some data, and all values."""
        given = {"x": _numbers(x), "y": _numbers(y), **{k: _numbers(v) for k, v in masks.items()}}
        return self.system.with_sizes(m=len(given["x"])), {**self.values, **given}


def from_torch(
    model: Any, loss: Any = "half-squared-error", input_shape: Sequence[int] | None = None
) -> TorchModel:
    """The System of an nn.Sequential, whose cost is the mean of a loss over m samples.

    `loss` is a row of the table of losses, nn.MSELoss() or nn.CrossEntropyLoss(); `input_shape`
    is that of one sample, which a Linear layer in front says by itself. Raises `SymbpError` for
    a layer that is not known, and shapes that do not fit, with the place of the layer.

    read = from_torch(nn.Sequential(nn.Linear(4, 3), nn.Tanh(), nn.Linear(3, 2)))
    system, values = read.at(x, y)
    verify(system, values=values)
    """
    layers = list(_flat(model, ""))
    chain = Chain(_first_shape(layers, input_shape))
    signal = chain.input()
    for place, layer in layers:
        name = type(layer).__name__
        with at(f"layer {place}, {name}"):
            if name not in LAYERS or not type(layer).__module__.startswith("torch.nn."):
                refuse("is not read", f"known: {', '.join(sorted(LAYERS))}")
            signal = LAYERS[name](chain, signal, layer)
    return TorchModel(_with_loss(chain, signal, loss), chain.values)


def _flat(model: Any, place: str) -> Iterator[tuple[str, Any]]:
    """The layers of a Sequential, and of those inside it, with their places: 0, 2.1."""
    if type(model).__name__ != "Sequential":
        yield place or "0", model
        return
    for number, layer in enumerate(model):
        yield from _flat(layer, f"{place}.{number}" if place else str(number))


def _first_shape(layers: Sequence[tuple[str, Any]], given: Sequence[int] | None) -> tuple[int, ...]:
    if given is not None:
        return tuple(given)
    for _, layer in layers:
        if type(layer).__name__ == "Linear":
            return (layer.in_features,)
        if list(getattr(layer, "parameters", list)()):
            break
    raise SizeError("the shape of a sample is not known: say input_shape=(channels, height, width)")


def _with_loss(chain: Chain, signal: Signal, loss: Any) -> System:
    """C = (1/m) Σ_i of the loss of the outputs and targets of sample i."""
    name = loss if isinstance(loss, str) else LOSSES.get(type(loss).__name__, type(loss).__name__)
    row = lookup(name)
    if not isinstance(loss, str):
        with at(type(loss).__name__):
            _check_options(loss)
    if len(signal.axes) != 1:
        raise SizeError(
            f"the output has {len(signal.axes)} axes, {signal.text}: a loss takes one; end with a "
            "Linear layer"
        )
    m, i = chain.model, chain.sample
    y = m.target("y", i, *signal.axes)
    cost = row.build(lambda k: signal.family[i, k], lambda k: y[i, k], signal.sizes[0])
    if cost.has(Functional):
        raise SizeError(f"loss {name!r} has no numbers: choose another one")
    for symbol in row.parameters:
        m.hyperparameter(symbol.name, 1)  # PyTorch's δ of Huber's loss
    return m.system(m.mean(cost, i)).with_sizes(**chain.numbers)


def _check_options(loss: Any) -> None:
    """Refuse what would make another function of a loss."""
    if getattr(loss, "weight", None) is not None:
        refuse("a weight for each class is not read", "weight=None")
    for name, usual in (("reduction", "mean"), ("label_smoothing", 0.0)):
        if (found := getattr(loss, name, usual)) != usual:
            refuse(f"{name}={found!r} is not read", f"{name}={usual!r}")


def _numbers(given: Any) -> Any:
    tensor = given.detach().cpu() if hasattr(given, "detach") else given
    return np.asarray(tensor, dtype=float)
