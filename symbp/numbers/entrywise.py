"""The derivative of a System's loss by every entry of its parameters, without any rule.

    complex_steps      Im C(θ + ihe) / h                   Squire & Trapp (1998)
    central_steps      lim (C(θ + he) − C(θ − he)) / 2h    Richardson (1911), Ridders (1982)
    precise_steps      the same in mpmath's numbers, for chosen entries

Guarantees. An estimate is value ± error. Complex step: exact up to the rounding of the forward
pass, which is not part of `error`; the functions branch on the real part. Central: truncation and
rounding are measured on the ladder of steps. At a kink the value is the mean of the one-sided
derivatives ± half their distance; kinks are known from the table of functions, not guessed from
the numbers, and are looked for along each entry's own line within the smallest step.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symbp.errors import SizeError
from symbp.numbers.domains import Arrays, Complex, Floats, multiprecision
from symbp.numbers.evaluator import Evaluation
from symbp.numbers.indexing import Indexing, Key
from symbp.numbers.perturbation import Differences, Perturbed
from symbp.system import System

Values = Mapping[str, Any]
Blocks = dict[Key, NDArray[Any]]
Chosen = Mapping[str, Mapping[Key, NDArray[np.bool_]]]


@dataclass(frozen=True)
class Slopes:
    """∂C/∂θ of one block as value ± error; nan ± inf where it was not asked for."""

    value: NDArray[np.float64]
    error: NDArray[np.float64]
    kink: NDArray[np.bool_]


Found = dict[str, dict[Key, Slopes]]
STEP = 1e-40  #: the imaginary step: its square is below the rounding of anything
RATIO = 4.0
LADDER = tuple(RATIO**-k for k in range(3, 9))  #: of central steps, in sizes of the parameter
DIGITS = 60
FLOOR = 1e-10  #: of its value: a central difference in floats is not believed any further
EPS = float(np.finfo(np.float64).eps)
CHUNK = 256  #: entries perturbed at first, to see what one needs
BUDGET = 2**20  #: numbers in one array of differences from then on


def blocks_of(system: System, name: str, given: Any) -> Blocks:
    """A family's values by key, whether given as an array, a sequence or a mapping."""
    variable = system[name]
    indexing = Indexing(system, {})
    if not indexing.outer(variable):
        return {(): np.asarray(given)}
    if isinstance(given, Mapping):
        return {k if isinstance(k, tuple) else (k,): np.asarray(v) for k, v in given.items()}
    keys = indexing.keys(variable)
    if len(given) != len(keys):
        raise SizeError(f"{len(given)} arrays met {len(keys)} ({variable.signature})")
    return {k: np.asarray(v) for k, v in zip(keys, given, strict=True)}


def complex_steps(
    system: System,
    values: Values,
    names: Iterable[str],
    only: Chosen | None = None,
    domain: Arrays | None = None,
) -> Found:
    """Im C(θ + ihe)/h for every entry, or those of `only`; `domain` is complex.

    >>> from symbp.networks import mlp
    >>> network = mlp((1, 1), "exp", "half-squared-error")
    >>> given = {"x": [2.0], "y": [0.0], "w": [[[0.0]]], "b": [[0.0]]}
    >>> complex_steps(network, given, ["w"])["w"][(1,)].value
    array([[2.]])
    """
    inner = domain or Complex()
    result: Found = {}
    for name, key, block in _each(system, values, names):
        chosen = _chosen(only, name, key, block)
        steps = np.full(int(chosen.sum()), 1j * STEP)
        change, kink = _changes(system, values, (name, key), inner, steps, chosen)
        slope = change.imag / STEP
        estimate = Slopes(slope, 8 * EPS * np.abs(slope), kink)
        result.setdefault(name, {})[key] = _placed(estimate, chosen)
    return result


def central_steps(
    system: System, values: Values, names: Iterable[str], only: Chosen | None = None
) -> Found:
    """Central differences extrapolated to h = 0, for every entry or those of `only`."""
    result: Found = {}
    for name, key, block in _each(system, values, names):
        chosen = _chosen(only, name, key, block)
        scale = _scale(block)[chosen]
        h = np.array(LADDER)[:, None] * scale
        right, left, kinks = _sides(system, values, (name, key), Floats(), h, chosen)
        estimate = _extrapolated(right, left, kinks, h)
        result.setdefault(name, {})[key] = _placed(estimate, chosen)
    return result


def precise_steps(
    system: System, values: Values, names: Iterable[str], only: Chosen | None = None
) -> Found:
    """Central differences with numbers of 60 digits and steps of 1e-20 parameter sizes."""
    result: Found = {}
    domain = multiprecision(DIGITS)
    for name, key, block in _each(system, values, names):
        chosen = _chosen(only, name, key, block)
        h = domain.array(_scale(block)[chosen] * 1e-20)[None]
        right, left, (kink,) = _sides(system, values, (name, key), domain, h, chosen)
        mean, apart = (np.asarray(x, float)[0] for x in ((right + left) / 2, (right - left) / 2))
        error = np.where(kink, np.abs(apart), 8 * EPS * np.abs(mean)) + 1e-35
        result.setdefault(name, {})[key] = _placed(Slopes(mean, error, kink), chosen)
    return result


def _each(system: System, values: Values, names: Iterable[str]) -> list[tuple[str, Key, Any]]:
    return [
        (name, key, np.asarray(block, np.float64))
        for name in names
        for key, block in blocks_of(system, name, values[name]).items()
    ]


def _chosen(only: Chosen | None, name: str, key: Key, block: NDArray[Any]) -> NDArray[np.bool_]:
    if only is None:
        return np.ones(block.shape, bool)
    return only.get(name, {}).get(key, np.zeros(block.shape, bool))


def _placed(estimate: Slopes, chosen: NDArray[np.bool_]) -> Slopes:
    """The estimate of the chosen entries among the others, which stay unknown."""
    value, error = np.full(chosen.shape, np.nan), np.full(chosen.shape, np.inf)
    kink = np.zeros(chosen.shape, bool)
    value[chosen], error[chosen], kink[chosen] = estimate.value, estimate.error, estimate.kink
    return Slopes(value, error, kink)


def _scale(block: NDArray[np.float64]) -> NDArray[np.float64]:
    """max(|θ_i|, root mean square of θ), a power of 2; 1 for a block of zeros."""
    typical = np.sqrt(np.mean(block**2)) if block.any() else 1.0
    return np.exp2(np.round(np.log2(np.maximum(np.abs(block), typical))))


def _sides(
    system: System, values: Values, block: tuple[str, Key], inner: Arrays, h: NDArray[Any],
    chosen: NDArray[np.bool_],
) -> tuple[NDArray[Any], NDArray[Any], NDArray[np.bool_]]:  # fmt: skip
    """(C(θ + he) − C(θ))/h, (C(θ) − C(θ − he))/h, and whether a kink lies between.

    h has a row for every step, a column for every chosen entry.
    """
    steps = np.concatenate([h, -h])
    change, kink = _changes(system, values, block, inner, steps, chosen)
    slopes, (above, below) = change / steps, np.split(kink, 2)
    right, left = np.split(slopes, 2)
    return right, left, above | below


def _changes(
    system: System, values: Values, block: tuple[str, Key], inner: Arrays, steps: NDArray[Any],
    chosen: NDArray[np.bool_],
) -> tuple[NDArray[Any], NDArray[np.bool_]]:  # fmt: skip
    """C(θ + step·e) − C(θ) for each chosen entry e, and whether a kink was met; in chunks.

    The last axis of `steps` runs over the chosen entries.
    """
    name, key = block
    blocks, indexing = blocks_of(system, name, values[name]), Indexing(system, values)
    base = inner.array(blocks[key])
    entry = np.nonzero(chosen) if chosen.ndim else ()
    turn = np.broadcast_to(np.arange(steps.shape[-1]), steps.shape).reshape(-1)
    places = {axis: place[turn] for axis, place in enumerate(entry)}
    flat, changes, kinks = steps.reshape(-1), [steps[:0].reshape(-1)], [np.zeros(0, bool)]
    done, width = 0, CHUNK
    while done < len(flat):
        part = slice(done, done + width)
        domain = Differences(inner, len(flat[part]))
        moved = Perturbed(base, flat[part], {axis: p[part] for axis, p in places.items()})
        given = {**values, name: moved if key == () else {**blocks, key: moved}}
        with np.errstate(all="ignore"):  # a step may leave the domain: not a number, not used
            moved_loss = Evaluation(system, given, domain, indexing)[system.loss]
            changes.append(domain.spread(moved_loss))
        kinks.append(domain.kinked)
        done, width = done + width, max(1, BUDGET // domain.largest)
    return np.concatenate(changes).reshape(steps.shape), np.concatenate(kinks).reshape(steps.shape)


def _extrapolated(
    right: NDArray[Any], left: NDArray[Any], kinks: NDArray[np.bool_], h: NDArray[Any]
) -> Slopes:
    """Richardson's table over the steps that meet no kink; where all do, the one-sided slopes.

    Of all entries of the table that one is taken that its neighbours in three directions confirm
    best.
    """
    with np.errstate(invalid="ignore"):
        column = np.where(kinks, np.nan, (right + left) / 2)
        noise = 2 * np.abs(np.diff(column[-3:], axis=0)).max(axis=0) * h[-1] / h
        value, error = np.full(column.shape[1:], np.nan), np.full(column.shape[1:], np.inf)
        for order in range(1, 4):
            coarse, fine = column[:-1], column[1:]
            column = fine + (fine - coarse) / (RATIO ** (2 * order) - 1)
            beside = np.abs(np.diff(column, axis=0))
            doubts = [
                np.abs(column - fine),
                np.abs(column - coarse),
                np.append(beside, beside[-1:], 0),
            ]
            doubt = np.max(doubts, axis=0) + noise[order:]
            doubt = np.where(np.isfinite(doubt), doubt, np.inf)
            best = doubt.argmin(axis=0)[None]
            found, least = (np.take_along_axis(a, best, axis=0)[0] for a in (column, doubt))
            value, error = np.where(least < error, found, value), np.minimum(least, error)
        error = error + FLOOR * np.abs(value)
    kink = kinks[-1]
    mean, apart = (right[-1] + left[-1]) / 2, np.abs(right[-1] - left[-1]) / 2
    drift = np.maximum(np.abs(right[-1] - right[-2]), np.abs(left[-1] - left[-2]))
    return Slopes(np.where(kink, mean, value), np.where(kink, apart + drift, error), kink)
