"""Modules without PyTorch: a class of the right name that holds what was recorded.

Whatever was not recorded is missing: to ask for it is an error, as in PyTorch.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from tests.pytorch_models import ALL, Made, inputs, mask, targets, weights

FILE = Path(__file__).with_name("recorded.json")


class Tensor:
    """Numbers that have to be detached and moved before they are an array."""

    def __init__(self, values: Any, ready: tuple[str, ...] = ()) -> None:
        self._values, self._ready = np.asarray(values), ready
        self.shape = self._values.shape

    def detach(self) -> Tensor:
        return Tensor(self._values, (*self._ready, "detach"))

    def cpu(self) -> Tensor:
        return Tensor(self._values, (*self._ready, "cpu"))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        if {*self._ready} != {"detach", "cpu"}:
            raise RuntimeError("a tensor that requires grad, or on another device, is no array")
        return np.array(self._values, dtype=dtype)


class Module:
    """What a module holds, by name; its children where it is a Sequential."""

    def __init__(self, record: Mapping[str, Any], values: Iterator[Any]) -> None:
        vars(self).update({name: _frozen(v) for name, v in record["attributes"].items()})
        own = {n: None if s is None else Tensor(next(values)) for n, s in record["weights"].items()}
        buffers = {n: None if v is None else Tensor(v) for n, v in record["buffers"].items()}
        vars(self).update({**own, **buffers})
        self._own = [w for w in own.values() if w is not None]
        self._children = [module(child, values) for child in record["children"]]

    def __iter__(self) -> Iterator[Module]:
        return iter(self._children)

    def parameters(self) -> Iterator[Tensor]:
        """All weights, those of the children too."""
        yield from self._own
        for child in self._children:
            yield from child.parameters()


def module(record: Mapping[str, Any], values: Iterator[Any]) -> Module:
    """The stand-in of a recorded module, of a class with its name and place."""
    made: Module = type(record["class"], (Module,), {"__module__": record["module"]})(
        record, values
    )
    return made


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


def shapes(record: Mapping[str, Any]) -> Iterator[tuple[int, ...]]:
    """The shapes of all weights, in PyTorch's order."""
    yield from (tuple(s) for s in record["weights"].values() if s is not None)
    for child in record["children"]:
        yield from shapes(child)


@cache
def recorded() -> dict[str, Any]:
    """The recording."""
    found: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return found


def made(name: str) -> Made:
    """A model as it was recorded."""
    record, asked = recorded()["models"][name], ALL[name]
    model = module(record["model"], iter(weights(list(shapes(record["model"])))))
    loss = record["loss"]
    if not isinstance(loss, str):
        loss = module(loss, iter(weights(list(shapes(loss)))))
    if "cost" not in record:
        return Made(model, loss, None, None, 0.0, [])
    assert asked.shape is not None
    x, y = inputs(asked.shape), targets(asked.targets, record["outputs"])
    masks = {name: mask(units) for name, units in record["masks"].items()}
    gradient = [np.asarray(g) for g in record["gradient"]]
    return Made(model, loss, x, y, record["cost"], gradient, masks)
