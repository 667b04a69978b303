"""Random values for what a System is given, inside the domains of its functions and its loss.

    parameters   normal, of variance 1/(length of their last axis)
    inputs       normal
    targets      of their domain where they declare one, else uniform in (0, 1)
    data used as an index: integers of the slot they are used in

Where these leave the domain of a logarithm or a root, positive values of several sizes are tried.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import count
from typing import Any

import numpy as np
from sympy import Expr

from symbp.errors import ValueRangeError
from symbp.functions import Row
from symbp.networks.losses import lookup
from symbp.networks.mlp import settings_of
from symbp.numbers.data import check_data, drawn
from symbp.numbers.domains import Buffer, Floats
from symbp.numbers.evaluator import Evaluation
from symbp.numbers.field import Field
from symbp.numbers.gathers import index_ranges
from symbp.numbers.indexing import Indexing
from symbp.system import Role, System, Variable
from symbp.system.sizes import fitting

#: What is tried in turn: (positive values only, factor of the parameters).
ATTEMPTS = ((False, 1.0), *((True, s) for s in (1.0, 0.5, 0.2, 0.05, 2.0, 5.0, 0.01, -1.0)))
TRIES = 8  #: draws for each attempt

Make = Callable[[tuple[int, ...], str], Any]


def given_families(system: System) -> list[Variable]:
    """The families whose values come from outside."""
    return [v for v in system.variables if v.role.given and v.role is not Role.SIZE]


def with_small_sizes(system: System, more: int = 0) -> System:
    """The system with small numbers, and `more`, for its sizes that are still symbols.

    Sizes without layers are all different, so that no 1/T is a 1/m, and those of neighbours.
    """
    missing = [
        v for v in system.with_role(Role.SIZE) if v.name not in system.sizes and v.value is None
    ]
    if not missing:
        return system
    single = [v for v in missing if not v.slots]
    taken = {size for size in system.sizes.values() if isinstance(size, int)}
    small: dict[str, int] = {}
    for i, v in enumerate(single):
        least = max(v.minimum, (3, 2, 4, 5)[i % 4]) + more
        small[v.name] = size = next(n for n in count(least) if n not in taken)
        taken.add(size)
    small = fitting(system.variables, system.sizes, small)
    result = system.with_sizes(**small)
    indexing = Indexing(result, {})
    rows: dict[str, int | tuple[int, ...]] = {}
    for v in missing:
        if v.slots:
            r = v.slots[0].range
            length = indexing.integer(r.upper, {}) - indexing.integer(r.lower, {}) + 1
            rows[v.name] = tuple(max(v.minimum, (3, 4, 2, 5)[i % 4]) + more for i in range(length))
    return result.with_sizes(**rows)


def sample(system: System, seed: int = 0, fixed: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Float values for every given family without a default; `fixed` are kept as they are.

    Raises `ValueRangeError` where no values inside the domain of the functions were found.

    >>> from symbp.networks import mlp
    >>> network = mlp((3, 2), "sigmoid", "binary-cross-entropy")
    >>> {name: np.shape(value) for name, value in sample(network).items()}
    {'x': (3,), 'y': (2,), 'w': (1, 2, 3), 'b': (1, 2)}
    """
    for values in _draws(system, seed, dict(fixed or {})):
        try:
            check_domain(system, values)
        except ValueRangeError as error:
            found = error
        else:
            return values
    raise ValueRangeError(f"{found}; no random values avoid that, so give values")


def _draws(system: System, seed: int, fixed: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for positive, scale in ATTEMPTS:
        for turn in range(TRIES):
            rng = np.random.default_rng([seed, turn])
            values = dict(fixed)
            for v in given_families(system):
                if v.name not in values and v.value is None:
                    make = _maker(v, rng, positive, scale)
                    values[v.name] = _value(system, v, make)
            yield values


def _maker(
    variable: Variable,
    rng: np.random.Generator,
    positive: bool,
    scale: float,
) -> Make:
    def data(shape: tuple[int, ...], _: str) -> Any:
        assert variable.within is not None
        return drawn(variable.within, rng, shape)

    def parameters(shape: tuple[int, ...], _: str) -> Any:
        draw = rng.uniform(0.2, 1.0, shape) if positive else rng.normal(size=shape)
        return draw * scale / np.sqrt(shape[-1] if shape else 1)

    def targets(shape: tuple[int, ...], _: str) -> Any:
        return rng.uniform(0.1, 0.9, shape)

    def inputs(shape: tuple[int, ...], _: str) -> Any:
        return rng.uniform(0.2, 1.0, shape) if positive else rng.normal(size=shape)

    if variable.within is not None:
        return data
    return {Role.PARAMETER: parameters, Role.TARGET: targets}.get(variable.role, inputs)


def residues(system: System, field: Field, fixed: Mapping[str, Any] | None = None) -> Any:
    """Random residues for every given family, defaults included; `fixed` are kept."""
    values = dict(fixed or {})
    for v in given_families(system):
        if v.name not in values:
            values[v.name] = _value(system, v, field.random)
    return values


def _value(system: System, variable: Variable, make: Make) -> Any:
    """One array, or one for every key, in the order of the keys."""
    indexing = Indexing(system, {})
    slot = index_ranges(system).get(variable.name)
    if slot is not None:
        low, high = indexing.integer(slot.lower, {}), indexing.integer(slot.upper, {})
        first = 0 if variable.slots else 1  # a single label is not that of the first place
        places = np.arange(first, first + int(np.prod(indexing.shape(variable), dtype=int)))
        return (low + places * 7 % (high - low + 1)).reshape(indexing.shape(variable))
    blocks = [
        make(indexing.shape(variable, key), f"{variable.name}{key}")
        for key in indexing.keys(variable)
    ]
    return blocks if indexing.outer(variable) else blocks[0]


# -- domains ----------------------------------------------------------------------------------


def check_domain(system: System, values: Mapping[str, Any]) -> None:
    """Raise `ValueRangeError` where an output leaves its loss's domain, or a function its own.

    One line: which loss or equation, which output, its value, what is allowed.
    """
    check_data(system, values)
    evaluation = Evaluation(system, values, Checked())
    settings = settings_of(system)
    with np.errstate(all="ignore"):
        if settings is not None:
            _check_outputs(settings.loss, evaluation)
        loss = float(evaluation[system.loss])
    if not np.isfinite(loss):
        raise ValueRangeError(f"{system.loss} = {loss}: the values are too large for floats")


def _check_outputs(name: str, evaluation: Evaluation) -> None:
    allowed = lookup(name).outputs
    layers = evaluation["a"]
    last = max(layers)
    for place, output in np.ndenumerate(layers[last]):
        inside = {"always": True, "o > 0": output > 0, "0 < o < 1": 0 < output < 1}[allowed]
        if not (inside and np.isfinite(output)):
            index = ", ".join(str(i) for i in (last, *(p + 1 for p in place)))
            need = "a finite number" if allowed == "always" else allowed
            raise ValueRangeError(f"{name}: the output a[{index}] = {output:.6g}, needed: {need}")


class Checked(Floats):
    """float64 that refuses log and roots of what is not positive, and division by zero."""

    def apply(self, row: Row, order: int, x: Buffer, parameters: Any) -> Buffer:
        """As `Floats`."""
        if row.name in ("log", "sqrt"):
            _require(x, x > 0, row.name, "a positive number")
        return super().apply(row, order, x, parameters)

    def power(self, a: Buffer, exponent: Expr) -> Buffer:
        """As `Floats`."""
        if not exponent.is_Integer:
            _require(a, a > 0, "a root", "a positive number")
        elif exponent < 0:
            _require(a, a != 0, "a division", "a number that is not zero")
        return super().power(a, exponent)


def _require(x: Buffer, inside: Any, what: str, need: str) -> None:
    if not np.all(inside):
        value = np.asarray(x)[~np.asarray(inside)].flat[0]
        raise ValueRangeError(f"{what} met {value:.6g}, needed: {need}")
