"""What a verification looks at: which equations, at which point, and whose gradient."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from symbp.adjoint import adjoint_name, gradient
from symbp.errors import DefinitionError, SizeError, ValueRangeError, at, unknown
from symbp.networks.mlp import Settings, settings_of
from symbp.numbers.entrywise import Blocks, blocks_of
from symbp.numbers.evaluator import Evaluation
from symbp.numbers.gathers import from_zero, index_ranges
from symbp.numbers.indexing import Indexing
from symbp.numbers.sampling import (
    check_domain,
    given_families,
    sample,
    with_small_sizes,
)
from symbp.system import Role, System
from symbp.system.functional import Functional
from symbp.system.instantiate import unspecified_functions, with_functions

Values = Mapping[str, Any]
Code = Callable[[Values], Mapping[str, Any]]

#: What stands for an unspecified function.
STAND_INS = {"sigma": "sigmoid", "f": "tanh", "g": "softplus"}


@dataclass(frozen=True)
class Case:
    """The point at which a gradient is looked at."""

    symbolic: System
    """The forward equations as they were given, with numbers for all sizes."""
    rule: System
    """The rule's own gradient of them."""
    system: System
    """The forward equations with known functions in place of unspecified ones."""
    names: tuple[str, ...]
    """The families that the loss is differentiated by."""
    values: Values
    chosen: Mapping[str, str]
    """The function that stands for each unspecified one."""
    settings: Settings | None
    """What the network function was asked for, where it is known."""
    notes: tuple[str, ...]

    def in_numbers(self, gradient: System) -> System:
        """A gradient at the sizes and with the functions of this case."""
        return with_functions(replace(gradient, sizes=self.symbolic.sizes), self.chosen)


def prepare(system: System, wrt: Iterable[str] | None, seed: int, values: Values | None) -> Case:
    """Numbers for the sizes, functions and values that are still open; notes say which."""
    asked = list(wrt) if wrt is not None else [v.name for v in system.with_role(Role.PARAMETER)]
    _check_movable(system, asked)
    sized = with_small_sizes(system)
    rule = gradient(sized, asked)
    names = tuple(n for n in asked if adjoint_name(system.loss, n) in rule.by_name)
    chosen = {name: STAND_INS.get(name, "sigmoid") for name in unspecified_functions(sized)}
    known = with_functions(sized, chosen)
    found = _defaults(known) | (sample(known, seed) if values is None else _checked(known, values))
    notes = list(_notes(system, sized, chosen, [n for n in asked if n not in names]))
    if values is None:
        notes.append(f"random values, seed {seed}")
    settings = settings_of(system)
    if settings is not None and chosen:
        groups = tuple((a, b, chosen.get(str(n), n)) for a, b, n in settings.activations)
        settings = replace(settings, activations=groups)
    return Case(sized, rule, known, names, found, chosen, settings, tuple(notes))


def _check_movable(system: System, names: Iterable[str]) -> None:
    for name in names:
        role = system[name].role
        if not role.given or role is Role.SIZE:
            raise DefinitionError(f"{name} is {role}: only what is given can be moved")
        if name in index_ranges(system):
            raise DefinitionError(f"{name} is used as an index: it cannot be moved by a little")


def _notes(
    system: System, sized: System, chosen: Mapping[str, str], odd: list[str]
) -> Iterator[str]:
    new = {n: s for n, s in sized.sizes.items() if n not in system.sizes}
    if odd:
        yield f"{system.loss} does not depend on {', '.join(odd)}"
    if new:
        yield "sizes chosen: " + ", ".join(f"{n} = {s}" for n, s in new.items())
    if chosen:
        stands = ", ".join(f"{f} for {name}" for name, f in chosen.items())
        yield f"floats with {stands}; exact with any function"
    if any(e.rhs.has(Functional) for e in system.equations):
        yield "an unspecified loss C(o, y) stands for ½(Σ y o)² + Σ o³/3"


def _defaults(system: System) -> dict[str, Any]:
    return {v.name: float(v.value) for v in given_families(system) if v.value is not None}


def _checked(system: System, values: Values) -> dict[str, Any]:
    """The values as arrays. Raises for what is not given, missing, misshapen or not finite."""
    given = [v.name for v in given_families(system)]
    for name in values:
        if name not in given:
            raise unknown("family", name, given)
    Evaluation(system, values)  # refuses what is missing or misshapen
    arrays: dict[str, Any] = {}
    for name, value in values.items():
        blocks = blocks_of(system, name, value)
        for key, block in blocks.items():
            if not np.all(np.isfinite(block)):
                where = f" at {', '.join(map(str, key))}" if key else ""
                raise ValueRangeError(f"{name}{where}: a value is not a finite number")
        arrays[name] = blocks.get((), [blocks[key] for key in sorted(blocks)])
    check_domain(system, arrays)
    return arrays


# -- the candidate --------------------------------------------------------------------------------


def gradient_blocks(
    gradient: System, values: Values, names: Iterable[str], domain: Any = None
) -> dict[str, Blocks]:
    """∂C/∂θ of a gradient System at a point, by family and key."""
    for name in names:
        if adjoint_name(gradient.loss, name) not in gradient.by_name:
            raise DefinitionError(f"the candidate defines no {adjoint_name(gradient.loss, name)}")
    evaluation = Evaluation(gradient, values, domain)
    return {name: _by_key(evaluation[adjoint_name(gradient.loss, name)]) for name in names}


def _by_key(found: Any) -> Blocks:
    if not isinstance(found, Mapping):
        return {(): found}
    return {k if isinstance(k, tuple) else (k,): v for k, v in found.items()}


def code_blocks(case: Case, code: Code) -> dict[str, Blocks]:
    """What code says of ∂C/∂θ: {family: array, or one array for each layer}, checked.

    It is given data that are an index counted from 0, as arrays do.
    """
    found = code(from_zero(case.system, case.values))
    for name in found:
        if name not in case.names:
            raise unknown("family in the candidate's gradient", name, list(case.names))
    indexing = Indexing(case.system, case.values)
    result: dict[str, Blocks] = {}
    for name in case.names:
        with at(f"the candidate's ∂{case.system.loss}/∂{name}"):
            if name not in found:
                raise SizeError("missing")
            result[name] = _shaped(indexing, case.system, name, found[name])
    return result


def _shaped(indexing: Indexing, system: System, name: str, given: Any) -> Blocks:
    variable = system[name]
    keys = indexing.keys(variable)
    if not indexing.outer(variable):
        blocks: Blocks = {(): given}
    elif isinstance(given, Mapping):
        blocks = dict(_by_key(given))
    else:
        blocks = dict(zip(keys, given, strict=False)) if len(given) == len(keys) else {}
    if sorted(blocks) != sorted(keys):
        raise SizeError(f"{len(given)} arrays met {len(keys)} ({variable.signature})")
    for key in keys:
        block = np.asarray(blocks[key])
        expected = indexing.shape(variable, key)
        where = f" at {', '.join(map(str, key))}" if key else ""
        if block.dtype.kind not in "biuf":
            raise SizeError(f"dtype {block.dtype}{where}: real numbers expected")
        if block.shape != expected:
            raise SizeError(f"shape {block.shape}{where} met {expected} ({variable.signature})")
        blocks[key] = block
    return blocks
