r"""A System that was read, as a person writes one: no spare sizes, plain names, letters for sums.

L·, i·        L, i          where no size or index has that name
h·time0       h_0           what a recurrence begins with; a·layer0 is x
\mu, n_b_h    mu, n_h       the letters of the catalogue
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

import sympy as sp
from sympy import Expr, Indexed, Symbol

from symbp.errors import ReadingError
from symbp.notation.letters import GREEK
from symbp.reading.lexicon import Lexicon
from symbp.system import Equation, Kind, Range, Role, Slot, System
from symbp.system.equation import family_of, walk

#: Letters that sums run over, in the order in which they are taken, by what they count.
SUM_LETTERS = {Kind.TIME: "tsu", Kind.LAYER: "l", Kind.SAMPLE: "i"}
ANY_LETTER = "kipqrsuvbcdfgh"
#: Sizes that notations know by their names.
DEPTHS = ("L", "T")
_ROLES = (Role.INPUT, Role.TARGET, Role.INTERMEDIATE, Role.PARAMETER)


def tidy(
    lexicon: Lexicon,
    constants: Collection[str],
    letters: Collection[str],
    written: Mapping[str, tuple[str, ...]],
) -> System:
    """The System of a lexicon; `constants` are no parameters, `letters` the author's for sizes.

    `written` are the letters that units of families are written with. Raises `ReadingError` for
    a letter of a size that counts nothing.
    """
    system = _with_written(_trimmed(lexicon.system, constants), written)
    _check_counted(system, lexicon)
    names = _family_names(system) | _size_names(system, lexicon, letters)
    return _lettered(_renamed(system, _apart(system, names)))


def _trimmed(system: System, constants: Collection[str]) -> System:
    """Without the sizes and constants that nothing needs; constants are no parameters."""
    learnt = (Role.PARAMETER, Role.HYPERPARAMETER)
    variables = [
        replace(v, role=Role.INPUT if v.slots else Role.HYPERPARAMETER)
        if v.name in constants and v.role in learnt
        else v
        for v in system.variables
    ]
    used = {str(family_of(n)) for x in _expressions(system) for n, _ in walk(x) if family_of(n)}
    spare = (Role.SIZE, Role.HYPERPARAMETER)
    kept = tuple(v for v in variables if v.role not in spare or v.name in used)
    sizes = {k: n for k, n in system.sizes.items() if k in {v.name for v in kept}}
    return replace(system, variables=kept, sizes=sizes)


def _expressions(system: System) -> Iterator[Expr]:
    """All that equations and ranges are made of."""
    yield from _bounds(system)
    for e in system.equations:
        yield from (e.lhs, e.rhs)


def _bounds(system: System) -> Iterator[Expr]:
    ranges = [s.range for v in system.variables for s in v.slots]
    for r in (*ranges, *(r for e in system.equations for r in e.domain)):
        yield from (r.lower, r.upper)


def _check_counted(system: System, lexicon: Lexicon) -> None:
    """Refuse a number of things, as in 1/n, of which nothing says what they are."""
    limits = [x for e in system.equations for s in e.rhs.atoms(sp.Sum) for x in s.limits]
    bounds = [*_bounds(system), *(b for x in limits for b in x[1:])]
    counted = {str(family_of(n)) for b in bounds for n, _ in walk(b)}
    for v in system.with_role(Role.SIZE):
        if v.name not in counted:
            letter = next((k for k, s in lexicon.sizes.items() if s == v.atom), v.name)
            raise ReadingError(
                f"{letter} counts nothing: write the sum up to it, as in \\sum_{{i=1}}^{letter}, "
                f"or say what has {letter} entries (shapes: x {letter})"
            )


def _with_written(system: System, written: Mapping[str, tuple[str, ...]]) -> System:
    """With the author's letters for the units of each family, and beginnings before the rest."""
    changes: dict[str, dict[Expr, Expr]] = {}
    for v in system.variables:
        units = [s.symbol for s in v.slots if s.kind is Kind.UNIT]
        own = [Symbol(x, integer=True) for x in written.get(v.name, ())]
        others = {s.symbol for s in v.slots} - {*units}
        if len(own) == len(units) and not {*own} & others:
            changes[v.name] = dict(zip(units, own, strict=True))
    variables = tuple(
        replace(v, slots=tuple(replace(s, range=_moved(s.range, changes.get(v.name, {})))
                               for s in v.slots))
        for v in system.variables
    )  # fmt: skip
    equations = [
        Equation(
            e.family,
            tuple(i.xreplace(changes.get(e.family, {})) for i in e.index),
            e.rhs.xreplace(changes.get(e.family, {})),
            tuple(_moved(r, changes.get(e.family, {})) for r in e.domain),
        )
        for e in system.equations
    ]
    equations.sort(key=lambda e: not _begins(e))
    return replace(system, variables=variables, equations=tuple(equations))


def _begins(e: Equation) -> bool:
    """Whether an equation says with what given values a family begins: h[0, j] = h·time0[j]."""
    return str(family_of(e.rhs)).startswith((f"{e.family}·time", f"{e.family}·layer"))


def _moved(r: Range, letters: Mapping[Expr, Expr]) -> Range:
    symbol = letters.get(r.symbol, r.symbol)
    return Range(symbol, r.lower.xreplace(letters), r.upper.xreplace(letters))


# -- names -----------------------------------------------------------------------------------


def _family_names(system: System) -> dict[str, str]:
    """Wished names of families."""
    layered = any(v.name.startswith(("x", "X")) for v in system.variables)
    wishes = {}
    for v in system.variables:
        name, dot, start = v.name.partition("·")
        if start == "total":
            name = "C"
        elif start.startswith(Kind.LAYER.value):
            name = "x" if not layered else f"{name}_{start.removeprefix(Kind.LAYER.value)}"
        elif start.startswith(Kind.TIME.value):
            end = start.removeprefix(Kind.TIME.value).replace(" ", "")
            name = f"{name}_{end}" if len(end) == 1 else f"{name}_{{{end}}}"
        elif dot and name.endswith("^"):
            name = r"\ell" if v.name == "L^·" else f"{name}*"
        plain = name.lstrip("\\")
        wishes[v.name] = plain if plain in GREEK else name
    return wishes


def _size_names(system: System, lexicon: Lexicon, letters: Collection[str]) -> dict[str, str]:
    """Wished names of sizes: the author's letter, else n_x for the number of entries of x."""
    said = {v.name: n for v in system.variables if (n := v.name.rstrip("'")) in letters}
    said |= {
        s.name: text.replace("{", "").replace("}", "")
        for text, s in lexicon.sizes.items()
        if isinstance(s, Symbol) and s.name not in DEPTHS
    }
    wishes = {}
    for v in system.with_role(Role.SIZE):
        if not v.slots and v.name not in DEPTHS:
            wishes[v.name] = said.get(v.name) or _owner(system, v.atom) or v.name
    return wishes


def _owner(system: System, size: Expr) -> str:
    """n_x for the number of entries of x: of an input, else a target, else another vector."""
    found = []
    for place, v in enumerate(system.variables):
        axes = [s.range.upper for s in v.slots if s.kind is Kind.UNIT]
        if size in axes and v.role in _ROLES and "·" not in v.name.rstrip("·"):
            found.append((len(axes), _ROLES.index(v.role), place, axes.index(size), v.name))
    if not found:
        return ""
    axes_count, _, _, axis, name = min(found)
    number = re.search(r"[_^](\d+)$", name)
    plain = number[1] if number and axes_count == 1 else re.sub(r"\\[A-Za-z]+(?=\{)|\W|_", "", name)
    return f"{'d' if axis else 'n'}_{plain}"


def _apart(system: System, wishes: Mapping[str, str]) -> dict[str, str]:
    """The wished names, those of two that want one with marks to tell them apart."""
    taken = {v.name for v in system.variables if v.name not in wishes}
    names: dict[str, str] = {}
    plain = sorted(wishes.items(), key=lambda w: "·" in w[0])  # names as they are written first
    for old, wish in plain:
        name = wish
        while name in taken or (name in DEPTHS and system[old].role is not Role.SIZE
                                and name in system.by_name):  # fmt: skip
            name = {"C": "J", "L": "C", "J": "E"}.get(name, f"{name}'")
        taken.add(name)
        names[old] = name
    return names


def _renamed(system: System, names: Mapping[str, str]) -> System:
    """The system with other names for families and sizes."""
    changed = {old: new for old, new in names.items() if old != new}
    mapping: dict[Expr, Expr] = {Symbol(o, real=True): Symbol(n, real=True)
                                 for o, n in changed.items()}  # fmt: skip
    mapping |= {Symbol(o, integer=True): Symbol(n, integer=True)
                for o, n in changed.items() if system[o].role is Role.SIZE}  # fmt: skip
    letters = _own_letters(system, set(names.values()) | set(system.by_name) - set(names))
    mapping |= letters

    variables = tuple(
        replace(
            v,
            name=names.get(v.name, v.name),
            slots=tuple(Slot(_moved(s.range, mapping), s.kind) for s in v.slots),
        )
        for v in system.variables
    )
    equations = tuple(
        Equation(
            names.get(e.family, e.family),
            tuple(i.xreplace(mapping) for i in e.index),
            e.rhs.xreplace(mapping),
            tuple(_moved(r, mapping) for r in e.domain),
        )
        for e in system.equations
    )
    sizes = {names.get(k, k): n for k, n in system.sizes.items()}
    return System(variables, equations, names.get(system.loss, system.loss), sizes)


def _own_letters(system: System, taken: Collection[str]) -> dict[Expr, Expr]:
    """Other letters for the indices of slots that are called as a family or a size is."""
    own = {s.symbol for v in system.variables for s in v.slots}
    own |= {r.symbol for e in system.equations for r in e.domain}
    free = iter(x for x in "jkpqrsuvabcdefghil" if x not in {*taken, *(s.name for s in own)})
    clashing = sorted((s for s in own if s.name in taken), key=str)
    return {s: Symbol(next(free), integer=True) for s in clashing}


# -- letters of sums -------------------------------------------------------------------------


def _lettered(system: System) -> System:
    """With letters for the indices that sums run over: the author's own where they are free."""
    names = frozenset(system.by_name)
    equations = tuple(
        replace(e, rhs=_with_letters(e.rhs, system, names | {r.symbol.name for r in e.domain}))
        for e in system.equations
    )
    return replace(system, equations=equations)


def _with_letters(e: Expr, system: System, taken: frozenset[str]) -> Expr:
    if not isinstance(e, sp.Sum):
        args = [_with_letters(a, system, taken) if a.has(sp.Sum) else a for a in e.args]
        return e.func(*args) if args else e
    mapping: dict[Expr, Expr] = {}
    for k, _, _ in reversed(e.limits):
        letter = _letter(k, e.function, system, taken)
        taken |= {letter}
        mapping[k] = Symbol(letter, integer=True)
    limits = [tuple(x.xreplace(mapping) for x in limit) for limit in e.limits]
    body = _with_letters(e.function.xreplace(mapping), system, taken)
    return sp.Sum(body, *limits)


def _letter(k: Symbol, body: Expr, system: System, taken: Collection[str]) -> str:
    """The author's letter, the letter of what it counts, or the next one that is free."""
    written = re.match(r"[A-Za-z]+", k.name)
    kinds = _kinds(k, body, system)
    wanted = [written[0] if written else "", *(SUM_LETTERS.get(x, "") for x in kinds), ANY_LETTER]
    found = (x for x in (wanted[0], *"".join(wanted[1:])) if x and x not in taken)
    return next(found, k.name)


def _kinds(k: Symbol, body: Expr, system: System) -> Iterable[Kind]:
    """What an index counts where it stands."""
    for node, _ in walk(body):
        if isinstance(node, Indexed) and k in node.free_symbols:
            slots = system[str(family_of(node))].slots
            yield from (s.kind for s, i in zip(slots, node.indices, strict=True)
                        if k in i.free_symbols)  # fmt: skip
