"""Plain gradient descent: forward pass, C, ∂C/∂θ, θ ← θ − η ∂C/∂θ, until a criterion is met."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from symbp.adjoint import adjoint_name, gradient
from symbp.errors import SizeError, ValueRangeError, at
from symbp.numbers.entrywise import Blocks, blocks_of
from symbp.numbers.evaluator import Evaluation
from symbp.numbers.indexing import Indexing, Key
from symbp.system import Role, System

Values = Mapping[str, Any]
Code = Callable[[Values], Mapping[str, Any]]
Reason = Literal["steps", "cost", "change"]


@dataclass(frozen=True)
class Descent:
    """The way of a gradient descent."""

    costs: tuple[float, ...]
    """C before the first step and after each: the loss curve."""
    values: Mapping[str, Any]
    """Inputs, targets and the final parameters; a family with layers as a list of arrays."""
    reason: Reason
    """Which criterion ended it."""

    @property
    def steps(self) -> int:
        """How many updates were made."""
        return len(self.costs) - 1


def descend(
    system: System,
    values: Values,
    *,
    rate: float,
    steps: int = 1000,
    cost_below: float | None = None,
    change_below: float | None = None,
    code: Code | None = None,
) -> Descent:
    """Gradient descent on the parameters of a system, with learning rate η = `rate`.

    Ends after `steps` updates, once C < `cost_below`, or once an update changes C by less than
    `change_below`. `code` maps values to {family: array, or one array for each layer} in place
    of the rule's gradient. The values given are not changed.

    Raises `ValueRangeError` for a rate or a number of steps that is not positive, and where C is
    no longer finite; `SizeError` where a gradient is missing or has another shape.

    >>> from symbp.networks import mlp
    >>> line = mlp((1, 1), "identity", "half-squared-error")
    >>> start = {"x": [1.0], "y": [3.0], "w": [[[1.0]]], "b": [[0.0]]}
    >>> descend(line, start, rate=0.25, steps=3).costs
    (2.0, 0.5, 0.125, 0.03125)
    """
    if not rate > 0 or steps < 1:
        raise ValueRangeError(f"rate {rate}, steps {steps}: both must be positive")
    walk = _Walk(system, code)
    state = dict(values)
    point = walk.at(state)
    costs = [walk.cost(point, 0)]
    reason: Reason | None = None
    while reason is None:
        state = walk.updated(state, walk.slopes(point, state), rate)
        point = walk.at(state)
        costs.append(walk.cost(point, len(costs)))
        if cost_below is not None and costs[-1] < cost_below:
            reason = "cost"
        elif change_below is not None and abs(costs[-1] - costs[-2]) < change_below:
            reason = "change"
        elif len(costs) > steps:
            reason = "steps"
    return Descent(tuple(costs), state, reason)


class _Walk:
    """A system with its gradient, or with code in place of that."""

    def __init__(self, system: System, code: Code | None) -> None:
        names = [v.name for v in system.with_role(Role.PARAMETER)]
        self.backward = gradient(system, names)
        self.adjoints = {
            n: adjoint_name(system.loss, n)
            for n in names
            if adjoint_name(system.loss, n) in self.backward.by_name
        }
        self.code = code
        self.indexing: Indexing | None = None

    def at(self, state: Values) -> Evaluation:
        """What is computed at a point, when it is asked for."""
        evaluation = Evaluation(self.backward, state, indexing=self.indexing)
        self.indexing = evaluation.indexing
        return evaluation

    def cost(self, point: Evaluation, step: int) -> float:
        """C, which must be a number."""
        with np.errstate(all="ignore"):
            cost = float(point[self.backward.loss])
        if not np.isfinite(cost):
            raise ValueRangeError(
                f"{self.backward.loss} = {cost} after {step} steps: try a smaller rate"
            )
        return cost

    def slopes(self, point: Evaluation, state: Values) -> Mapping[str, Any]:
        """∂C/∂θ by family."""
        if self.code is not None:
            return self.code(state)
        return {name: point[adjoint] for name, adjoint in self.adjoints.items()}

    def updated(self, state: Values, slopes: Mapping[str, Any], rate: float) -> dict[str, Any]:
        """θ − η ∂C/∂θ for every parameter that C depends on."""
        result = dict(state)
        for name in self.adjoints:
            with at(f"∂{self.backward.loss}/∂{name}"):
                if name not in slopes:
                    raise SizeError("missing")
                old = blocks_of(self.backward, name, state[name])
                new = blocks_of(self.backward, name, slopes[name])
                moved = {
                    key: block - rate * _matching(new, key, block) for key, block in old.items()
                }
            result[name] = moved[()] if () in moved else list(moved.values())
        return result


def _matching(slopes: Blocks, key: Key, block: Any) -> Any:
    if key not in slopes or slopes[key].shape != block.shape:
        found = f"shape {slopes[key].shape}" if key in slopes else "nothing"
        where = f" at {', '.join(map(str, key))}" if key else ""
        raise SizeError(f"{found}{where} met shape {block.shape}")
    return slopes[key]
