"""The exact witness: ⟨∂C/∂θ, v⟩ = Ċ in a prime field, with v random and Ċ by dual numbers.

    Ċ = d/dε C(θ + εv)     forward mode, one pass for one direction v

Guarantees. The rule's own kind of gradient is always proved. A wrong one is proved with
probability below 2^-100, over the random point and direction (a polynomial identity modulo
p > 2^127; exp and unspecified functions as in `numbers.field`): signs, steps and roots are first
taken as any functions, which covers both sides of every kink at once. A gradient that needs
s² = s of a step or r² = u of a root is tried at 64 points with random signs instead: a difference
that shows for one in k combinations of signs is then missed with probability (1 − 1/k)^64 (see
`numbers.draws`). A refuted gradient differs for some signs of the arguments of its kinks; that an
argument can have these signs together is not shown, and laws of log and erf are not known. Where
there are roots, one is refuted only at real numbers, where balls hold both sides apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from symbp.errors import DefinitionError, ValueRangeError
from symbp.numbers.balls import Balls, differ
from symbp.numbers.domains import Arrays, Buffer
from symbp.numbers.draws import Draw, Draws
from symbp.numbers.dual import Dual, DualArray
from symbp.numbers.evaluator import Evaluation
from symbp.numbers.field import Field
from symbp.numbers.gathers import index_ranges
from symbp.numbers.indexing import Indexing, Key
from symbp.numbers.sampling import residues
from symbp.system import System
from symbp.verify.case import Case, gradient_blocks

Block = tuple[str, Key]
Blocks = frozenset[Block]
Directions = Mapping[Block, Buffer]


def proved(
    system: System, gradient: System, names: Iterable[str], seed: int, data: Mapping[str, Any]
) -> dict[Block, bool | None]:
    """For every block of some families whether `gradient` is the gradient of `system`.

    One direction through all blocks at once; only if that fails, one for each block. None where
    there are roots and no proof was found: `apart` may tell. `data` gives the families that are
    used as an index.
    """
    fixed = {name: data[name] for name in index_ranges(system) if name in data}
    shapes = _shapes(system, names, fixed)
    used_roots = False

    def look(draw: Draw, asked: Blocks) -> tuple[Blocks, Field]:
        nonlocal used_roots
        field = draw.field()
        values = residues(gradient, field, fixed)
        directions = {b: field.random(shapes[b], f"direction {b[0]}{b[1]}") for b in asked}
        found = _agreeing(system, gradient, values, directions, field)
        used_roots = used_roots or field.used_roots
        return found, field

    try:
        held = Draws(seed).holding(frozenset(shapes), look)
    except (DefinitionError, ZeroDivisionError) as error:
        raise ValueRangeError(
            "exact: exponentials or roots are nested too deeply, or a denominator is zero"
        ) from error
    return {b: True if b in held else None if used_roots else False for b in shapes}


def apart(case: Case, gradient: System, blocks: Iterable[Block]) -> Blocks:
    """The blocks of which balls hold ⟨∂C/∂θ, v⟩ and Ċ apart at the real numbers of the case."""
    balls, draw = Balls(), np.random.default_rng(0)
    shapes = _shapes(case.system, case.names, case.values)
    directions = {b: balls.array(draw.integers(1, 64, shapes[b])) for b in blocks}
    products = _products(case.in_numbers(gradient), case.values, directions, balls)
    slopes = {b: _slope(case.system, case.values, {b: v}, balls) for b, v in directions.items()}
    return frozenset(b for b in slopes if differ(products[b][()], slopes[b][()]))


def _shapes(
    system: System, names: Iterable[str], data: Mapping[str, Any]
) -> dict[Block, tuple[int, ...]]:
    indexing = Indexing(system, data)
    return {
        (name, key): indexing.shape(variable, key)
        for name in names
        for variable in [system[name]]
        for key in indexing.keys(variable)
    }


def _agreeing(
    system: System, gradient: System, values: Mapping[str, Any], directions: Directions,
    field: Field,
) -> Blocks:  # fmt: skip
    """The blocks whose ⟨∂C/∂θ, v⟩ is Ċ: all of them together, or one by one."""
    products = _products(gradient, values, directions, field)

    def same(some: Directions) -> bool:
        total = field.contract([(field.stack([products[b] for b in some]), ("b",))], ())
        return bool(np.all(total.top == _slope(system, values, some, field).top))

    if same(directions):
        return frozenset(directions)
    return frozenset(b for b, v in directions.items() if same({b: v}))


def _products(
    gradient: System, values: Mapping[str, Any], directions: Directions, domain: Arrays
) -> dict[Block, Buffer]:
    """⟨∂C/∂θ, v⟩ for every block."""
    names = dict.fromkeys(name for name, _ in directions)
    found: Any = gradient_blocks(gradient, values, names, domain)
    result = {}
    for (name, key), v in directions.items():
        axes = tuple(range(len(v.shape)))
        result[name, key] = domain.contract([(found[name][key], axes), (v, axes)], ())
    return result


def _slope(
    system: System, values: Mapping[str, Any], directions: Directions, domain: Arrays
) -> Buffer:
    """Ċ along the directions given, zero along all others."""
    indexing = Indexing(system, values)
    used_as_index = index_ranges(system)
    moved: dict[str, Any] = {}
    for name, given in values.items():
        if name in used_as_index or name not in system.by_name:
            moved[name] = given
        elif indexing.outer(system[name]):
            keys = indexing.keys(system[name])
            moved[name] = [
                DualArray(domain.array(v), directions.get((name, k)))
                for k, v in zip(keys, given, strict=True)
            ]
        else:
            moved[name] = DualArray(domain.array(given), directions.get((name, ())))
    dual = Dual(domain)
    loss = Evaluation(system, moved, dual)[system.loss]
    return dual.tangent(loss)
