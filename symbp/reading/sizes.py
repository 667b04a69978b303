"""Which sizes are equal: a union-find over the axes of families, layer by layer.

The columns of W^l and the rows of a^{l-1} are one size: columns(W)[l] = rows(a)[l − 1]. Each class
of layered axes becomes one family n[l], each class of others one size.

A window that slides over an image makes the one size an expression of others:

    image = stride (result − 1) + window − 2 padding

Where that leads from layer to layer, all windows are of one size r, and with the last size p

    n[l] = p + (L − l)(r − 1)        of convolutions that are not padded
    n[l] = 2^(L − l) p               of pooling over 2 × 2
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import sympy as sp
from sympy import Expr, Indexed, IndexedBase, Symbol

from symbp.errors import DefinitionError
from symbp.system.equation import index_base
from symbp.system.indices import substitute

DEPTH = Symbol("L", integer=True)
_AT = Symbol("#at", integer=True)  #: the layer in `Learner._forms`


class Exact:
    """Sizes are equal where they are the same expression, at `values` of depths that are fixed."""

    def __init__(self, values: Mapping[Expr, Expr] | None = None) -> None:
        self.values = dict(values or {})

    def equal(self, a: Expr, b: Expr) -> bool:
        """Whether a and b are one expression."""
        if self.values:
            a, b = a.xreplace(self.values), b.xreplace(self.values)
        return bool(a == b or sp.expand(a - b) == 0)

    def windows(
        self, image: Expr, window: Expr, stride: int = 1, padding: Expr = sp.S.Zero
    ) -> Expr:
        """How many places a window has on an image."""
        return sp.expand((image + 2 * padding - window) / stride + 1, power_exp=False)


class Learner:
    """Makes sizes equal where an equation needs it."""

    def __init__(self, images: bool = False) -> None:
        self.images = images
        """Whether the network is about images, which may be as many at all layers."""
        self._parent: dict[str, tuple[str, Expr]] = {}
        """name → (parent, offset): name[l] = parent[l + offset]."""
        self._values: dict[str, Expr] = {}
        """A size without layers that is one of a layered class, or a number."""
        self._forms: dict[str, Expr] = {}
        """name → name[#at] as an expression of other sizes."""
        self._relations: list[tuple[Expr, Expr]] = []

    def windows(
        self, image: Expr, window: Expr, stride: int = 1, padding: Expr = sp.S.Zero
    ) -> Expr:
        """How many places a window has on an image: a size of its own, which `solve` relates."""
        places = Symbol(f"·{len(self._relations)}", integer=True)
        self._relations.append((image, stride * (places - 1) + window - 2 * padding))
        return places

    def relate(self, size: Expr, other: Expr) -> None:
        """Let `solve` make a size what an expression of others says."""
        self._relations.append((size, other))

    def solve(self) -> None:
        """Make the sizes of images expressions of those of windows and of results.

        Raises `DefinitionError` where they contradict each other or are not determined.
        """
        for image, other in sorted(self._relations, key=self._layers):
            self._relate(self.settled(image), self.settled(other))
        self._relations.clear()

    def _layers(self, relation: tuple[Expr, Expr]) -> int:
        """At how many layers a relation's sizes are: those of one layer are solved first."""
        sizes = [self.settled(e) for e in relation]
        return len({n.indices[0] for e in sizes for n in e.atoms(Indexed)})

    def _relate(self, image: Expr, other: Expr) -> None:
        zero = sp.expand(image - other)
        if zero == 0:
            return
        layered = zero.atoms(Indexed)
        if not layered:
            self._isolate(zero, image, [s for s in zero.atoms(Symbol) if "·" in s.name])
            return
        offsets = _by_class(layered)
        moving = [name for name, found in offsets.items() if len(found) == 2]
        if not moving:
            self._isolate(zero, image, layered)
            return
        for name in offsets:
            if name != moving[0]:  # a window, of one size at all layers
                self._forms[name] = Symbol(name, integer=True)
        self._recurrence(moving[0], offsets[moving[0]], self.settled(zero))

    def _isolate(self, zero: Expr, image: Expr, atoms: Iterable[Expr]) -> None:
        """Solve for the image, else for another size."""
        for atom in sorted(atoms, key=lambda a: (a != image, str(a))):
            found = sp.expand(atom - zero / zero.coeff(atom))
            if abs(zero.coeff(atom)) == 1 or found.is_Integer:
                if isinstance(atom, Indexed):
                    self._forms[atom.base.label.name] = _moved(found, _AT - atom.indices[0])
                else:
                    self._values[atom.name] = found
                return
        raise DefinitionError(
            f"the sizes of an image and of its window do not fit: {zero} is not 0"
        )

    def _recurrence(self, name: str, places: Sequence[Expr], zero: Expr) -> None:
        """n[l − 1] = c n[l] + d, solved from the last layer on."""
        low, high = sorted(places, key=_shift)
        before, after = (index_base(name)[i] for i in (low, high))
        factor = -zero.coeff(after) / zero.coeff(before)
        more = sp.expand(-zero / zero.coeff(before) + before - factor * after)
        above, last = DEPTH - _AT, Symbol(name, integer=True)
        if sp.expand(high - low) != 1 or not factor.is_Integer or more.atoms(Indexed):
            raise DefinitionError(f"the sizes of layers do not follow from each other: {zero} = 0")
        steps = above if factor == 1 else (factor**above - 1) / (factor - 1)
        self._forms[name] = factor**above * last + more * steps

    def equal(self, a: Expr, b: Expr) -> bool:
        """Make a = b; False where that cannot be."""
        a, b = self.settled(a), self.settled(b)
        if a == b:
            return True
        layered = [isinstance(x, Indexed) for x in (a, b)]
        if all(layered):
            return self._join(a, b)
        pairs = ((a, b, layered[1]), (b, a, layered[0]))
        for x, y, y_layered in sorted(pairs, key=lambda pair: not str(pair[0]).startswith("·")):
            if isinstance(x, Symbol) and "·" in x.name:
                self._values[x.name] = y
                return True
            if not y_layered and y.is_number and x.is_number:
                return False
        return False

    def _join(self, a: Indexed, b: Indexed) -> bool:
        name, other = a.base.label.name, b.base.label.name
        offset = sp.expand(b.indices[0] - a.indices[0])
        if name == other and offset != 0:  # h^l = h^{l-1} + ...: of one size at all layers
            self._forms[name] = Symbol(name, integer=True)
            return True
        if name == other:
            return True
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
            if name in self._forms:
                form = substitute(self._forms[name], {_AT: index})
                return self.settled(sp.expand(form, power_exp=False))
            found: Expr = index_base(name)[index]
            return found
        if isinstance(e, Symbol) and e.name in self._values:
            return self.settled(self._values[e.name])
        if isinstance(e, (sp.Add, sp.Mul, sp.Pow)):
            return e.func(*(self.settled(a) for a in e.args))
        return e


def _by_class(sizes: Iterable[Indexed]) -> dict[str, list[Expr]]:
    """The layers at which each family of sizes stands, the nearest first."""
    found: dict[str, list[Expr]] = {}
    for size in sorted(sizes, key=str):
        found.setdefault(size.base.label.name, []).append(size.indices[0])
    return found


def _moved(e: Expr, layers: Expr) -> Expr:
    """Sizes some layers further on."""
    return e.xreplace({n: n.base[sp.expand(n.indices[0] + layers)] for n in e.atoms(Indexed)})


def _shift(index: Expr) -> Expr:
    """The number in l + 1."""
    return index.as_coeff_Add()[0]


def axis_size(family: str, number: int, layer: Symbol | None) -> Expr:
    """The size of an axis before it is known to be equal to others."""
    name = f"{family}·{number}"
    if layer is not None:
        base: IndexedBase = index_base(name)
        return base[layer]
    return Symbol(name, integer=True)
