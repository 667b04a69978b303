"""Names for the sizes of a System that was read: n[l], n_x, m."""

from __future__ import annotations

from collections.abc import Sequence

import sympy as sp
from sympy import Expr, Symbol

from symbp.reading.ranges import Ranges
from symbp.reading.sizes import Learner
from symbp.system import Kind, Range, Role, Slot, Variable
from symbp.system.equation import index_base

LAYER = Symbol("l", integer=True)
#: Sizes of every System, and the letters of its indices: a size that an author calls k is k'.
TAKEN = {"L", "T", "m", *"ltijkpqrs"}


class Namer:
    """Names for the classes of sizes: n[l], n_2[l], n_x."""

    def __init__(self, learner: Learner) -> None:
        self.learner = learner
        self.offsets: dict[str, Expr] = {}
        self.names: dict[str, str] = {}
        self.layered: set[str] = set()
        self.fixed_sizes: list[int] = []

    def named(self, size: Expr) -> Expr:
        """A size by its final name."""
        if isinstance(size, sp.Indexed):
            old = size.base.label.name
            index = sp.expand(size.indices[0] - self.offsets.get(old, sp.S.Zero))
            return index_base(self._name(old, True))[index]
        if isinstance(size, Symbol) and "·" in size.name:
            return Symbol(self._name(size.name, False), integer=True)
        if isinstance(size, (sp.Add, sp.Mul, sp.Pow)):
            return size.func(*(self.named(a) for a in size.args))
        return size

    def numbered_by(self, variables: Sequence[Variable]) -> None:
        """n[l] is the number of units of the vectors of layer l, whatever matrix was met first."""
        for v in sorted(variables, key=lambda v: (_units(v), v.role is Role.PARAMETER)):
            for slot in v.slots:
                size = slot.range.upper
                if isinstance(size, sp.Indexed) and v.slots[0].kind is Kind.LAYER:
                    offset = sp.expand(size.indices[0] - v.slots[0].symbol)
                    self.offsets.setdefault(size.base.label.name, offset)

    def _name(self, old: str, layered: bool) -> str:
        if old not in self.names:
            plain = old.split("·")[0].lstrip("\\")
            name = "n" if layered and "n" not in self.names.values() else f"n_{plain}"
            if old.endswith("·") and not layered:
                name = plain
            while name in self.names.values() or name in TAKEN:
                name += "'"
            self.names[old] = name
            if layered:
                self.layered.add(name)
        return self.names[old]

    def variables(self, ranges: Ranges) -> list[Variable]:
        """The sizes as families of the System."""
        found = []
        for name in self.names.values():
            if name in self.layered:
                slot = Slot(Range(LAYER, *ranges.layers), Kind.LAYER)
                found.append(Variable(name, (slot,), Role.SIZE))
            else:
                found.append(Variable(name, role=Role.SIZE))
        least = min([int(ranges.base) + 3, *self.fixed_sizes])
        found.append(Variable("L", role=Role.SIZE, minimum=least))
        found.append(Variable("T", role=Role.SIZE, minimum=3))
        found.append(Variable("m", role=Role.SIZE, minimum=2))
        return found


def _units(v: Variable) -> int:
    return sum(s.kind in (Kind.UNIT, Kind.CHANNEL, Kind.PLACE) for s in v.slots)
