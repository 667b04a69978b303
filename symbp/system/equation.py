"""Variable and Equation: a family of numbers, and what defines it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, cached_property

from sympy import Expr, Indexed, IndexedBase, Symbol
from sympy.concrete.expr_with_limits import ExprWithLimits

from symbp.errors import DefinitionError
from symbp.system.contents import entry_of
from symbp.system.domains import Domain
from symbp.system.indices import Range, substitute


class Role(StrEnum):
    """What a family is to the network."""

    SIZE = "size"
    INPUT = "input"
    TARGET = "target"
    PARAMETER = "parameter"
    HYPERPARAMETER = "hyperparameter"
    INTERMEDIATE = "intermediate"
    LOSS = "loss"
    ADJOINT = "adjoint"

    @property
    def given(self) -> bool:
        """Whether values come from outside: such a family has no equation."""
        return self not in (Role.INTERMEDIATE, Role.LOSS, Role.ADJOINT)


class Kind(StrEnum):
    """What an index counts. A recurrence runs along a layer, a time or a place."""

    LAYER = "layer"
    UNIT = "unit"
    SAMPLE = "sample"
    TIME = "time"
    CHANNEL = "channel"
    PLACE = "place"


#: The kinds of index along which a recurrence may run.
RECURRENT = (Kind.LAYER, Kind.TIME, Kind.PLACE)


@dataclass(frozen=True)
class Slot:
    """One index of a family: its range, and what it counts."""

    range: Range
    kind: Kind

    @property
    def symbol(self) -> Symbol:
        """The index as the family's own slots write it."""
        return self.range.symbol


@dataclass(frozen=True)
class Variable:
    """A family of numbers u[i, j, ...], one for each index in range.

    `minimum` is the least value of a size; `value` the default of a hyperparameter, or what a
    size is where it follows from other sizes;
    `adjoint_of` the (loss, family) whose derivative this is; `within` what values data have.
    """

    name: str
    slots: tuple[Slot, ...] = ()
    role: Role = Role.INTERMEDIATE
    minimum: int = 1
    value: Expr | None = None
    adjoint_of: tuple[str, str] | None = None
    within: Domain | None = None

    @cached_property
    def atom(self) -> Expr:
        """The SymPy object that expressions name the family by."""
        return index_base(self.name) if self.slots else scalar(self.name, self.role)

    def __getitem__(self, index: Expr | int | tuple[Expr | int, ...]) -> Expr:
        """u[index] as an expression; u[()] for a family without slots."""
        given = index if isinstance(index, tuple) else (index,)
        if len(given) != len(self.slots):
            raise DefinitionError(
                f"{self.name} has {len(self.slots)} indices ({self.signature}), not {len(given)}"
            )
        return entry_of(self.atom, *given) if self.slots else self.atom

    @property
    def own_index(self) -> tuple[Symbol, ...]:
        """The index symbols of the slots themselves."""
        return tuple(slot.symbol for slot in self.slots)

    @property
    def signature(self) -> str:
        """The family with its ranges: w[l, j, k], 1 ≤ l ≤ L, ..."""
        if not self.slots:
            return self.name
        names = ", ".join(s.symbol.name for s in self.slots)
        return f"{self.name}[{names}], " + ", ".join(str(s.range) for s in self.slots)


@cache
def index_base(name: str) -> IndexedBase:
    """The SymPy base of a family: real numbers, told apart by name alone."""
    return IndexedBase(Symbol(name, real=True))


def scalar(name: str, role: Role) -> Symbol:
    """The symbol of a family without indices: an integer for a size, else a real number."""
    return Symbol(name, integer=True) if role is Role.SIZE else Symbol(name, real=True)


@dataclass(frozen=True)
class Equation:
    """family[index] = rhs for all of `domain`.

    Each entry of `index` is a symbol of the domain or free of such symbols (a[L, j], a[0, j]).
    """

    family: str
    index: tuple[Expr, ...]
    rhs: Expr
    domain: tuple[Range, ...] = ()

    @cached_property
    def lhs(self) -> Expr:
        """The left side as an expression."""
        if not self.index:
            return Symbol(self.family, real=True)
        return entry_of(index_base(self.family), *self.index)

    def __str__(self) -> str:
        domain = ", ".join(str(r) for r in self.domain)
        return f"{self.lhs} = {self.rhs}" + (f"   for {domain}" if domain else "")

    def at_index(self, index: tuple[Expr, ...]) -> Expr:
        """The right side at `index`, which must be in the domain."""
        mapping = {i: g for i, g in zip(self.index, index, strict=True) if i in self._symbols}
        return substitute(self.rhs, mapping)

    @cached_property
    def _symbols(self) -> frozenset[Symbol]:
        return frozenset(r.symbol for r in self.domain)


def walk(e: Expr, open_ranges: tuple[Range, ...] = ()) -> Iterator[tuple[Expr, tuple[Range, ...]]]:
    """Every node of e with the sums open around it, outermost first."""
    yield e, open_ranges
    if isinstance(e, ExprWithLimits):
        for k, lo, hi in reversed(e.limits):
            yield from walk(lo, open_ranges)
            yield from walk(hi, open_ranges)
            open_ranges += (Range(k, lo, hi),)
        yield from walk(e.function, open_ranges)
        return
    for a in e.args:
        if not isinstance(a, IndexedBase):
            yield from walk(a, open_ranges)


def family_of(e: Expr) -> str | None:
    """The name of the family that e is an entry of: 'w' for w[l, j, k], 'C' for C."""
    if isinstance(e, Indexed):
        return str(e.base.label.name)
    return e.name if isinstance(e, Symbol) else None


def index_of(e: Expr) -> tuple[Expr, ...]:
    """The index of an entry: (l, j, k) for w[l, j, k], () for C."""
    return tuple(e.indices) if isinstance(e, Indexed) else ()
