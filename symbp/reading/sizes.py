"""Which sizes are equal: a union-find over the axes of families, layer by layer.

The columns of W^l and the rows of a^{l-1} are one size: columns(W)[l] = rows(a)[l − 1]. Each class
of layered axes becomes one family n[l], each class of others one size.
"""

from __future__ import annotations

from collections.abc import Mapping

import sympy as sp
from sympy import Expr, Indexed, IndexedBase, Symbol

from symbp.system.equation import index_base


class Exact:
    """Sizes are equal where they are the same expression, at `values` of depths that are fixed."""

    def __init__(self, values: Mapping[Expr, Expr] | None = None) -> None:
        self.values = dict(values or {})

    def equal(self, a: Expr, b: Expr) -> bool:
        """Whether a and b are one expression."""
        if self.values:
            a, b = a.xreplace(self.values), b.xreplace(self.values)
        return bool(a == b or sp.expand(a - b) == 0)


class Learner:
    """Makes sizes equal where an equation needs it."""

    def __init__(self) -> None:
        self._parent: dict[str, tuple[str, Expr]] = {}
        """name → (parent, offset): name[l] = parent[l + offset]."""
        self._values: dict[str, Expr] = {}
        """A size without layers that is one of a layered class, or a number."""

    def equal(self, a: Expr, b: Expr) -> bool:
        """Make a = b; False where that cannot be."""
        a, b = self.settled(a), self.settled(b)
        if a == b:
            return True
        layered = [isinstance(x, Indexed) for x in (a, b)]
        if all(layered):
            return self._join(a, b)
        for x, y, y_layered in ((a, b, layered[1]), (b, a, layered[0])):
            if isinstance(x, Symbol) and "·" in x.name:
                self._values[x.name] = y
                return True
            if not y_layered and y.is_number and x.is_number:
                return False
        return False

    def _join(self, a: Indexed, b: Indexed) -> bool:
        name, other = a.base.label.name, b.base.label.name
        offset = sp.expand(b.indices[0] - a.indices[0])
        if name == other:
            return bool(offset == 0)
        if not offset.is_Integer:
            return False
        self._parent[name] = (other, offset)
        return True

    def settled(self, e: Expr) -> Expr:
        """A size by the name of its class."""
        if isinstance(e, Indexed):
            name, index = e.base.label.name, e.indices[0]
            while name in self._parent:
                name, offset = self._parent[name]
                index = sp.expand(index + offset)
            found: Expr = index_base(name)[index]
            return found
        if isinstance(e, Symbol) and e.name in self._values:
            return self.settled(self._values[e.name])
        if isinstance(e, (sp.Add, sp.Mul)):
            return e.func(*(self.settled(a) for a in e.args))
        return e


def axis_size(family: str, number: int, layer: Symbol | None) -> Expr:
    """The size of an axis before it is known to be equal to others."""
    name = f"{family}·{number}"
    if layer is not None:
        base: IndexedBase = index_base(name)
        return base[layer]
    return Symbol(name, integer=True)
