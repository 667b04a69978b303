"""The sizes at which a claim is judged: those that its arrays have, and small ones else.

    δ = (δ_1, δ_2)ᵀ        says that δ has two entries: it is judged there

Guarantees. A size that nothing says is tried with two values; only what is the same with both is a
verdict.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product

from sympy import Expr, Indexed

from symbp.errors import ReadingError
from symbp.judge.compare import Sides
from symbp.numbers.sampling import with_small_sizes
from symbp.reading.lengths import written_indices
from symbp.reading.typed import Total
from symbp.system import Kind, Role, System

UNSIZED = "it holds with some numbers of entries only, and nothing says how many there are"


#: A size by its name and its layer; None for all layers, and for what has none.
Key = tuple[str, int | None]


def sized(
    system: System, sides: Sides, numbers: Mapping[Expr, Expr], likely: Mapping[Expr, Expr]
) -> Iterator[System]:
    """The System with the sizes that arrays say.

    A size of which entries are written is as large as these say: `likely` where an array goes
    through all of them, else as large and larger.
    """
    said = _by_key(numbers)
    if said is None or any(k[0] not in system.by_name for k in said):
        raise ReadingError("arrays that are written out say unlike sizes")
    probable = _by_key(likely) or {}
    least = {k: n for k, n in _written(system, sides).items() if k not in said}
    steps = [(0,) if probable.get(k) == n else (0, 1) for k, n in least.items()]
    for more in product(*steps):
        others = {k: n + m for (k, n), m in zip(least.items(), more, strict=True)}
        yield _with(system, {**others, **said})


def _by_key(sizes: Mapping[Expr, Expr]) -> dict[Key, int] | None:
    """Sizes with their numbers; None where one has two."""
    found: dict[Key, int] = {}
    for size, n in sizes.items():
        if found.setdefault(_key(size), int(n)) != n:
            return None
    alone = {name: n for (name, layer), n in found.items() if layer is None}
    return found if all(alone.get(name, n) == n for (name, _), n in found.items()) else None


def _key(size: Expr) -> Key:
    if not isinstance(size, Indexed):
        return str(size), None
    (index,) = size.indices
    return str(size.base.label), int(index) if index.is_Integer else None


def _written(system: System, sides: Sides) -> dict[Key, int]:
    """For every size without a number the largest index that is written."""
    found: dict[Key, int] = {}
    for e in sorted(sides.left.atoms(Indexed) | sides.right.atoms(Indexed), key=str):
        for (_, _, size), index in written_indices(system, e):
            key = _key(size)
            if key[0] not in system.sizes:
                found[key] = max(found.get(key, 1), index)
    return found


def _with(system: System, said: Mapping[Key, int]) -> System:
    """The System with some sizes, of one layer or of all; the others are small."""
    single = {name: n for (name, _), n in said.items() if not system[name].slots}
    result = with_small_sizes(system.with_sizes(**single))
    tables: dict[str, list[int]] = {}
    for (name, layer), n in sorted(said.items(), key=lambda item: item[0][1] is not None):
        own = result.sizes[name]
        if isinstance(own, tuple):
            table = tables.setdefault(name, list(own))
            first = int(system[name].slots[0].range.lower)
            places = range(len(table)) if layer is None else [layer - first]
            for place in places:
                if not 0 <= place < len(table):
                    raise ReadingError(f"there is no layer {layer}")
                table[place] = n
    return result.with_sizes(**{name: tuple(table) for name, table in tables.items()})


def scope_text(system: System, sides: Sides) -> str:
    """At which sizes it was proved."""
    sizes = []
    names = used(system, sides)
    for v in system.with_role(Role.SIZE):
        if v.name in names:
            value = system.sizes[v.name]
            text = str(value) if isinstance(value, int) else str(tuple(value))
            sizes.append(f"{v.name} = {text}")
    return "at sizes " + ", ".join(sizes) if sizes else "as an identity"


def used(system: System, sides: Sides) -> set[str]:
    """The names of the sizes that matter to a claim."""
    names = {str(s).split("[")[0] for r in sides.axes for s in (r.upper,)}
    if sides.left.has(Total) or sides.right.has(Total):
        names |= {v.name for v in system.with_role(Role.SIZE)}
    if sides.walked:
        names |= {"L"} if any(k is Kind.LAYER for _, k in sides.walked) else {"T"}
    return {n for n in names if n in system.by_name and _matters(system, n)}


def _matters(system: System, name: str) -> bool:
    """Whether any family of the System has this size."""
    return any(
        name in {str(x).split("[")[0] for x in (s.range.upper, *s.range.upper.free_symbols)}
        for v in system.variables
        if v.role is not Role.SIZE
        for s in v.slots
    )
