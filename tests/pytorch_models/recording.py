"""The models of the tables as PyTorch makes them, and the recording of what they hold.

Run, where PyTorch is installed: python -m tests.pytorch_models.recording
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import torch
from torch import nn

from tests.pytorch_models import ALL, REFUSED, Made, Model, inputs, mask, targets, weights
from tests.pytorch_models.stand_ins import FILE

SIMPLE = (bool, int, float, str, type(None))
DIGITS = 14  #: of costs and gradients


def built(asked: Model) -> Any:
    """The Sequential with its weights, after one batch in train mode."""
    model = nn.Sequential(*asked.layers(nn)).double()
    values = weights([tuple(p.shape) for p in model.parameters()])
    with torch.no_grad():
        for p, value in zip(model.parameters(), values, strict=True):
            p.copy_(torch.from_numpy(np.asarray(value)))
    return model.train()


def made(name: str) -> Made:
    """A model of PyTorch, its cost and its gradient."""
    asked = ALL[name]
    model, loss = built(asked), asked.loss(nn)
    if name in REFUSED:
        return Made(model, loss, None, None, 0.0, [])
    assert asked.shape is not None
    x, masks = torch.from_numpy(inputs(asked.shape)), _masks(model, asked.train)
    with torch.no_grad():
        _forward(model, x + 1, masks)  # running means that are not 0 and 1
    model.train(asked.train)
    outputs = _forward(model, x, masks)
    y = torch.from_numpy(targets(asked.targets, outputs.shape[1]))
    cost = ((outputs - y) ** 2).sum() / len(x) if isinstance(loss, str) else loss(outputs, y)
    cost.backward()
    gradient = [p.grad.numpy() for p in model.parameters()]
    return Made(model, loss, x, y, cost.item(), gradient, masks)


def _forward(model: Any, x: Any, masks: dict[str, Any]) -> Any:
    """The outputs; Dropout in train mode takes the masks, one after the other."""
    left = iter(masks.values())
    for layer in model:
        drops = isinstance(layer, nn.Dropout) and layer.training and masks
        x = x * torch.from_numpy(next(left)) / (1 - layer.p) if drops else layer(x)
    return x


def _masks(model: Any, train: bool) -> dict[str, Any]:
    """A mask for each Dropout, by the name that it has as an input."""
    layers = list(model)
    return {
        f"mask_{sum(isinstance(b, nn.Linear) for b in layers[:n])}": mask(
            layers[n - 1].out_features
        )
        for n, layer in enumerate(layers)
        if isinstance(layer, nn.Dropout) and train
    }


# -- what is written down --------------------------------------------------------------------------


def described(module: Any) -> dict[str, Any]:
    """The class of a module, and all that it holds under public names."""
    held = {n: v for n, v in vars(module).items() if not n.startswith("_") and _is_simple(v)}
    buffers = dict(module.named_buffers(recurse=False))
    return {
        "class": type(module).__name__,
        "module": type(module).__module__,
        "attributes": held,
        "weights": {n: None if p is None else list(p.shape)
                    for n, p in module._parameters.items()},
        "buffers": {n: buffers[n].tolist() if n in buffers else None for n in module._buffers},
        "children": [described(child) for child in module.children()],
    }  # fmt: skip


def _is_simple(value: Any) -> bool:
    if isinstance(value, tuple):
        return all(map(_is_simple, value))
    return isinstance(value, SIMPLE)


def record_of(name: str) -> dict[str, Any]:
    """What the recording says of a model."""
    found = made(name)
    loss = found.loss if isinstance(found.loss, str) else described(found.loss)
    record: dict[str, Any] = {"model": described(found.model), "loss": loss}
    if name in REFUSED:
        return record
    return {
        **record,
        "outputs": found.y.shape[1],
        "masks": {n: m.shape[1] for n, m in found.masks.items()},
        "cost": float(f"{found.cost:.{DIGITS}g}"),
        "gradient": [
            np.vectorize(lambda v: float(f"{v:.{DIGITS}g}"))(g).tolist() for g in found.gradient
        ],
    }


def main() -> None:
    """Write the recording, one model a line."""
    lines = ",\n".join(
        f"{json.dumps(name, ensure_ascii=False)}: {json.dumps(record_of(name), ensure_ascii=False)}"
        for name in ALL
    )
    version = json.dumps(torch.__version__)
    FILE.write_text(f'{{"torch": {version},\n"models": {{\n{lines}\n}}}}\n', encoding="utf-8")


if __name__ == "__main__":
    main()
