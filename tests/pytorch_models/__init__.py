"""Models of PyTorch to read: as PyTorch makes them, and as they were recorded.

    recorded     what modules hold, their weights, costs and gradients, from `recorded.json`
    installed    the modules themselves, where PyTorch is installed

Where it is, the recording is compared with it. To make it anew:
python -m tests.pytorch_models.recording
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np

SAMPLES = 5
SOURCES = ("recorded", "installed") if find_spec("torch") else ("recorded",)


@dataclass(frozen=True)
class Model:
    """A Sequential of these layers, read with a loss and the shape of a sample."""

    layers: Callable[[Any], list[Any]]
    """The layers, from torch.nn."""
    shape: tuple[int, ...] | None = (4,)
    train: bool = True
    loss: Callable[[Any], Any] = lambda nn: "squared-error"
    targets: str = "any"


@dataclass(frozen=True)
class Made:
    """A model to read, its data, and what PyTorch has found for them."""

    model: Any
    loss: Any
    x: Any
    y: Any
    cost: float
    gradient: list[Any]
    masks: dict[str, Any] = field(default_factory=dict)


DENSE = {
    "one layer": lambda nn: [nn.Linear(4, 3)],
    "tanh": lambda nn: [nn.Linear(4, 3), nn.Tanh(), nn.Linear(3, 2)],
    "without biases": lambda nn: [nn.Linear(4, 3, bias=False), nn.Sigmoid(), nn.Linear(3, 2)],
    "nested": lambda nn: [nn.Sequential(nn.Linear(4, 3), nn.SiLU()), nn.Identity(),
                          nn.Linear(3, 2)],
    "relu": lambda nn: [nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 2)],
    "leaky": lambda nn: [nn.Linear(4, 5), nn.LeakyReLU(0.2), nn.Linear(5, 3), nn.ELU(0.7)],
    "gelu": lambda nn: [nn.Linear(4, 3), nn.GELU(), nn.Linear(3, 3), nn.GELU(approximate="tanh")],
    "softplus": lambda nn: [nn.Linear(4, 3), nn.Softplus(beta=2), nn.Linear(3, 2)],
    "softmax": lambda nn: [nn.Linear(4, 3), nn.Softmax(dim=-1), nn.Linear(3, 2),
                           nn.LogSoftmax(dim=1)],
    "batch norm": lambda nn: [nn.Linear(4, 3), nn.BatchNorm1d(3), nn.ReLU(), nn.Linear(3, 2)],
    "layer norm": lambda nn: [nn.Linear(4, 3), nn.LayerNorm(3), nn.Tanh(), nn.Linear(3, 2)],
    "plain norms": lambda nn: [
        nn.BatchNorm1d(4, affine=False), nn.Linear(4, 3),
        nn.LayerNorm(3, elementwise_affine=False), nn.Linear(3, 2),
    ],
}  # fmt: skip
IMAGES: dict[str, tuple[Callable[[Any], list[Any]], tuple[int, ...]]] = {
    "conv": (lambda nn: [nn.Conv2d(2, 3, 2), nn.Tanh(), nn.Flatten(), nn.Linear(36, 2)],
             (2, 4, 5)),
    "conv, all of it": (
        lambda nn: [
            nn.Conv2d(2, 3, (3, 2), stride=(2, 1), padding=(1, 2), dilation=(1, 2)), nn.ReLU(),
            nn.Flatten(), nn.Linear(42, 2),
        ],
        (2, 4, 5),
    ),
    "sequence": (
        lambda nn: [
            nn.Conv1d(2, 3, 3, stride=2, padding=1), nn.Sigmoid(), nn.AvgPool1d(2), nn.Flatten(),
            nn.Linear(6, 2),
        ],
        (2, 7),
    ),
    "lenet": (
        lambda nn: [
            nn.Conv2d(1, 2, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(2, 3, 2, padding=1),
            nn.BatchNorm2d(3), nn.Tanh(), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(12, 3),
        ],
        (1, 8, 8),
    ),
    "pooling with a stride": (
        lambda nn: [nn.Conv2d(1, 2, 2), nn.MaxPool2d(3, stride=2), nn.AdaptiveAvgPool2d(1),
                    nn.Flatten(), nn.Linear(2, 2)],
        (1, 8, 8),
    ),
    "pooling of what is padded": (
        lambda nn: [nn.Conv2d(1, 2, 2), nn.MaxPool2d(3, stride=2, padding=(0, 1)), nn.Tanh(),
                    nn.AvgPool2d((3, 2), stride=1, padding=(1, 0)), nn.Flatten(),
                    nn.Linear(8, 2)],
        (1, 6, 7),
    ),
    "ceil mode": (
        lambda nn: [nn.Conv2d(1, 2, 2),
                    nn.MaxPool2d((2, 3), stride=(2, 4), padding=(1, 0), ceil_mode=True),
                    nn.AvgPool2d((3, 2), stride=1, ceil_mode=True), nn.Flatten(),
                    nn.Linear(2, 2)],
        (1, 5, 8),
    ),
    "padding by a word": (
        lambda nn: [nn.Conv2d(1, 2, (2, 3), padding="same"), nn.SiLU(),
                    nn.Conv2d(2, 1, 2, padding="valid"), nn.Flatten(), nn.Linear(12, 2)],
        (1, 4, 5),
    ),
    "pooling of a sequence": (
        lambda nn: [nn.Conv1d(1, 2, 2), nn.MaxPool1d(2), nn.AdaptiveAvgPool1d(1), nn.Flatten(),
                    nn.Linear(2, 2)],
        (1, 7),
    ),
    "the greatest of a sequence": (
        lambda nn: [nn.Conv1d(1, 2, 2), nn.AdaptiveMaxPool1d(1), nn.Flatten(), nn.Linear(2, 2)],
        (1, 5),
    ),
    "batch norm of images": (
        lambda nn: [nn.Conv2d(1, 2, 2), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(8, 2)],
        (1, 3, 3),
    ),
    "the greatest of each channel": (
        lambda nn: [nn.Conv2d(1, 3, 2), nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(3, 2)],
        (1, 5, 4),
    ),
    "softmax of what was flattened": (
        lambda nn: [nn.Conv1d(1, 2, 2), nn.Flatten(), nn.LayerNorm(6), nn.Softmax(dim=1),
                    nn.Linear(6, 2)],
        (1, 4),
    ),
}  # fmt: skip


def _models() -> Iterator[tuple[str, Model]]:
    shapes = {name: (layers, (4,)) for name, layers in DENSE.items()} | IMAGES
    for name, (layers, shape) in shapes.items():
        yield name, Model(layers, shape)
    for name in ("batch norm", "plain norms", "batch norm of images"):  # what differs in eval mode
        layers, shape = shapes[name]
        yield f"{name}, eval", Model(layers, shape, train=False)


def _dropout(nn: Any) -> list[Any]:
    return [nn.Linear(4, 3), nn.Dropout(0.25), nn.Tanh(), nn.Linear(3, 2)]


MODELS = dict(_models())
LOSSES = {
    "MSELoss": Model(DENSE["tanh"], loss=lambda nn: nn.MSELoss()),
    "CrossEntropyLoss": Model(
        DENSE["tanh"], loss=lambda nn: nn.CrossEntropyLoss(), targets="probabilities"
    ),
    "dropout": Model(_dropout),
    "dropout, eval": Model(_dropout, train=False),
}
REFUSED: dict[str, Model] = {
    "layer 1, LSTM: is not read (known: AdaptiveAvgPool1d, ":
        Model(lambda nn: [nn.Linear(4, 3), nn.LSTM(3, 2)], None),
    "layer 1, Linear: 3 met in_features=4":
        Model(lambda nn: [nn.Linear(4, 3), nn.Linear(4, 2)], None),
    "the shape of a sample is not known: say input_shape=(channels, height, width)":
        Model(lambda nn: [nn.Conv2d(1, 2, 3)], None),
    "layer 0, Conv2d: 1 × 4 × 4 met a window of 9 × 9 with dilation 1: none fits":
        Model(lambda nn: [nn.Conv2d(1, 2, 9)], (1, 4, 4)),
    "layer 0, Conv2d: 1 × 4 × 4 met in_channels=3 and 2 axes of places":
        Model(lambda nn: [nn.Conv2d(3, 2, 2)], (1, 4, 4)),
    "layer 0, Conv2d: is not read (groups=1, padding_mode='zeros')":
        Model(lambda nn: [nn.Conv2d(2, 2, 2, groups=2)], (2, 4, 4)),
    "layer 1, Linear: 2 × 3 × 3 met in_features=9: one axis expected (put nn.Flatten() before)":
        Model(lambda nn: [nn.Conv2d(1, 2, 2), nn.Linear(9, 2)], (1, 4, 4)),
    "the output has 3 axes, 2 × 3 × 3: a loss takes one; end with a Linear layer":
        Model(lambda nn: [nn.Conv2d(1, 2, 2)], (1, 4, 4)),
    "layer 0, AvgPool2d: is not read (count_include_pad=True, divisor_override=None)":
        Model(lambda nn: [nn.AvgPool2d(2, divisor_override=3)], (1, 4, 4)),
    "layer 0, AvgPool1d: is not read (count_include_pad=True, divisor_override=None)":
        Model(lambda nn: [nn.AvgPool1d(2, padding=1, count_include_pad=False)], (1, 4)),
    "layer 0, AvgPool1d: is not read (ceil_mode=False, or windows that fit)":
        Model(lambda nn: [nn.AvgPool1d(2, ceil_mode=True)], (1, 5)),
    "layer 0, MaxPool1d: is not read (dilation=1 where there is padding or ceil_mode=True)":
        Model(lambda nn: [nn.MaxPool1d(3, padding=1, dilation=2)], (1, 9)),
    "layer 1, BatchNorm1d: 3 met num_features=4":
        Model(lambda nn: [nn.Linear(4, 3), nn.BatchNorm1d(4)], None),
    "unknown loss 'L1Loss'":
        Model(lambda nn: [nn.Linear(2, 1)], None, loss=lambda nn: nn.L1Loss()),
    "MSELoss: reduction='sum' is not read (reduction='mean')":
        Model(lambda nn: [nn.Linear(2, 1)], None, loss=lambda nn: nn.MSELoss(reduction="sum")),
    "CrossEntropyLoss: label_smoothing=0.1 is not read (label_smoothing=0.0)":
        Model(lambda nn: [nn.Linear(2, 3)], None,
              loss=lambda nn: nn.CrossEntropyLoss(label_smoothing=0.1)),
    "CrossEntropyLoss: a weight for each class is not read (weight=None)":
        Model(lambda nn: [nn.Linear(2, 3)], None,
              loss=lambda nn: nn.CrossEntropyLoss(nn.BatchNorm1d(3).running_var)),
}  # fmt: skip
ALL = {**MODELS, **LOSSES, **REFUSED}


# -- numbers that do not depend on PyTorch ---------------------------------------------------------


def weights(shapes: Sequence[Sequence[int]]) -> list[Any]:
    """Values for all weights of a model."""
    rng = np.random.default_rng(3)
    return [0.7 * rng.standard_normal(shape) for shape in shapes]


def inputs(shape: Sequence[int]) -> Any:
    """Samples of a shape."""
    return np.random.default_rng(4).standard_normal((SAMPLES, *shape))


def targets(kind: str, outputs: int) -> Any:
    """Targets for the outputs of all samples."""
    y = np.random.default_rng(5).standard_normal((SAMPLES, outputs))
    return np.exp(y) / np.exp(y).sum(axis=1, keepdims=True) if kind == "probabilities" else y


def mask(units: int) -> Any:
    """What Dropout keeps, for all samples."""
    return (np.random.default_rng(6).random((SAMPLES, units)) > 0.25).astype(float)


def made(name: str, source: str) -> Made:
    """A model of the tables from a source."""
    module = {"recorded": "stand_ins", "installed": "recording"}[source]
    result: Made = import_module(f"{__name__}.{module}").made(name)
    return result
