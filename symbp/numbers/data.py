"""Values of data that say what they are: drawn from their domain, and checked to be in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from symbp.errors import ValueRangeError
from symbp.system import System
from symbp.system.domains import Domain

#: The mean of counts that are drawn, and the widest range that values are drawn from.
MEAN, WIDEST = 2.0, 2.0


def drawn(domain: Domain, rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
    """Random values of a domain.

    >>> from symbp.system.domains import SIGNS
    >>> sorted({float(v) for v in drawn(SIGNS, np.random.default_rng(0), (20,))})
    [-1.0, 1.0]
    """
    if domain.soft:
        found = rng.uniform(0.2, 1.0, shape)
        return found / found.sum(axis=-1, keepdims=True)
    if domain.total is not None:
        return np.eye(shape[-1])[rng.integers(shape[-1], size=shape[:-1])] * domain.total
    if domain.values:
        return rng.choice(np.asarray(domain.values, float), shape)
    if domain.whole:
        return domain.low + rng.poisson(MEAN, shape).astype(float)
    low = max(domain.low, min(domain.high, 0.0) - WIDEST)
    return low + (min(domain.high, low + WIDEST) - low) * rng.uniform(0.1, 0.9, shape)


def outside(domain: Domain, values: Any) -> Any:
    """Where values are none of the domain's."""
    given = np.asarray(values)
    if domain.values:
        return ~np.isin(given, domain.values)
    wrong = (given < domain.low) | (given > domain.high)
    return wrong | (given != np.floor(given)) if domain.whole else wrong


def check_data(system: System, values: Mapping[str, Any]) -> None:
    """Raise `ValueRangeError` for data that are outside of their domain: one line, the first."""
    for v in system.variables:
        if v.within is None or v.name not in values or isinstance(values[v.name], list):
            continue
        given = np.asarray(values[v.name])
        wrong = np.argwhere(outside(v.within, given))
        if len(wrong):
            place = tuple(int(i) for i in wrong[0])
            at = f"[{', '.join(str(i + 1) for i in place)}]" if place else ""
            raise ValueRangeError(f"{v.name}{at} = {given[place]:.6g}, needed: one of {v.within}")
