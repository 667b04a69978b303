"""Where values live in the code: the arrays of a family, their dimensions, sizes and indices.

Slots that count layers of a known number are unrolled into names: w[2, j, k] is the array w2.
Slots on which the lengths of others depend make lists of arrays: w[l − 1]. All others are
dimensions, in the order of the slots or of a layout; one whose range moves with another index is
stored whole (`moving.py`). In code indices begin at 0, so the index in every slot is written
minus its first value.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import reduce

import sympy as sp
from sympy import Expr, Indexed, S, Symbol

from symbp.errors import SizeError
from symbp.forms.layout import Layout
from symbp.forms.matrix_expr import Axis
from symbp.numbers.codegen.bounds import distributed
from symbp.numbers.codegen.entries import Entry
from symbp.numbers.codegen.moving import conditions, squares
from symbp.numbers.codegen.names import Names
from symbp.numbers.codegen.nodes import (
    LEVELS,
    Axes,
    Node,
    call,
    elementwise,
    leaf,
    negative,
    walk,
)
from symbp.numbers.codegen.scope import Scope
from symbp.numbers.gathers import index_ranges
from symbp.system import Facts, Range, Role, System, Variable
from symbp.system.contents import data_in
from symbp.system.equation import family_of, index_of
from symbp.system.indices import affine_coefficient, substitute

Key = tuple[int, ...]


class Storage:
    """The names and shapes of everything that the code speaks of."""

    def __init__(
        self,
        system: System,
        layout: Layout | None,
        unrolled: Mapping[str, Sequence[int]],
        listed: Mapping[str, Sequence[int]],
        looked_up: Mapping[str, Range] | None = None,
    ) -> None:
        self.system = system
        self.layout = layout
        self.unrolled = unrolled
        self.listed = listed
        self.looked_up = index_ranges(system) if looked_up is None else looked_up
        """The ranges of data that are used as an index."""
        self.facts = bounded(system)  # for all sizes: the code reads them from its arrays
        self.squares = {
            v.name: squares(v, (*unrolled[v.name], *listed[v.name]), self.facts)
            for v in system.variables
        }
        self.still: set[str] = set()  # families that are 0 where they are not meant by themselves
        self.relied: set[str] = set()  # those of which a formula needs that they are 0 there
        self.names = Names(set())
        self.sizes: dict[Expr, str] = {}  # the sizes that the code uses, and their names
        self.lengths: dict[Symbol, Expr] = {}  # the axes of arrays: one symbol for each length
        self.joined: dict[Symbol, Axes] = {}  # axes that are several in one
        self.counts: dict[Symbol, str] = {}  # index vectors: the names of 0, 1, ... along an axis
        self.integers: set[str] = set()  # the names of arrays of indices

    # -- families --------------------------------------------------------------------------------

    def name(self, family: str, key: Key = ()) -> str:
        """The array of a family at some layers: w2."""
        joined = "_".join(str(k).replace("-", "m") for k in key)
        wishes = [family]
        of = self.system[family].adjoint_of
        if of is not None:
            wishes.append(f"d{of[0]}_d{of[1]}")
        return self.names((family, key), *(w + joined for w in wishes))

    def dimensions(self, family: str) -> list[int]:
        """The slots that are dimensions, in the order of the array's."""
        v = self.system[family]
        apart = {*self.unrolled[family], *self.listed[family]}
        rest = [i for i in range(len(v.slots)) if i not in apart]
        kinds = {v.slots[i].kind for i in rest}
        if self.layout is None or len(rest) != 2 or not kinds <= self.layout.axes:
            return rest
        a, b = (Axis(v.slots[i].range, v.slots[i].kind) for i in rest)
        return rest if self.layout.ordered(a, b, self._is_weight(v))[0] is a else rest[::-1]

    def _is_weight(self, v: Variable) -> bool:
        if v.adjoint_of is not None:
            return self._is_weight(self.system[v.adjoint_of[1]])
        return v.role is Role.PARAMETER

    def key(self, family: str, index: Sequence[Expr]) -> Key:
        """The values of the unrolled slots."""
        return tuple(int(index[i]) for i in self.unrolled[family])

    def ranges(self, family: str, index: Sequence[Expr]) -> list[Range]:
        """The ranges of all slots of the array at the layers of an index."""
        at = dict(zip(self.system[family].own_index, index, strict=True))
        return [r.substitute(at) for r in self.squares[family]]

    def moves(self, family: str) -> bool:
        """Whether the range of a slot moves with another index, so that a part counts only."""
        return any(
            s.range != r
            for s, r in zip(self.system[family].slots, self.squares[family], strict=True)
        )

    def conditions(self, e: Expr) -> tuple[Expr, ...]:
        """What is at least 0 where an entry of a family is one that counts."""
        v, index = self.system[str(family_of(e))], index_of(e)
        at = dict(zip(v.own_index, index, strict=True))
        pairs = zip(v.slots, self.squares[v.name], strict=True)
        found = (c for s, r in pairs for c in conditions(s.range, r))
        return tuple(distributed(substitute(c, at)) for c in found)

    # -- sizes -----------------------------------------------------------------------------------

    def size(self, e: Expr) -> Node:
        """A size of the network, by name."""
        if e.is_Integer:
            return leaf(str(e))
        if e not in self.sizes:
            marks = "_".join(str(i) for i in index_of(e))
            self.sizes[e] = self.names(("size", e), f"{family_of(e)}{marks}")
        return leaf(self.sizes[e])

    def length(self, r: Range) -> Expr:
        """The number of values of an index."""
        return sp.expand(r.upper - r.lower + 1)

    def definition(self, size: Expr, given: Sequence[tuple[str, Key]]) -> str:
        """How the code finds a size: from the shape of a given array, else by its number."""
        for text, e in self._measured(given):
            c = affine_coefficient(e, size)
            if c is not None and c > 0 and not self._unknown(e - c * size, size):
                terms = sp.Add.make_args(sp.expand(c * size - e))
                rest = [self.integer(t, Scope()) for t in terms if t != 0]
                found = self._added([leaf(text), *rest], ())
                return (found if c == 1 else elementwise("//", [found, leaf(str(c))])).text
        follows = self.system.by_name[str(family_of(size))].value
        if follows is not None:
            return self.integer(follows, Scope()).text
        values = self.system.size_values()
        if size not in values:
            raise SizeError(f"{size} can be read from no array: give it a number with with_sizes")
        return str(values[size])

    def _unknown(self, e: Expr, size: Expr) -> bool:
        return size in e.atoms(Symbol, Indexed)

    def _measured(self, given: Sequence[tuple[str, Key]]) -> Iterator[tuple[str, Expr]]:
        """(code, size expression) for every dimension of every given array, plain sizes first."""
        found: list[tuple[str, Expr]] = []
        for family, key in given:
            v = self.system[family]
            at = dict(zip(self.unrolled[family], map(sp.Integer, key), strict=True))
            ranges = self.ranges(family, [at.get(i, s) for i, s in enumerate(v.own_index)])
            for i in self.listed[family]:
                found.append((f"len({self.name(family, key)})", self.length(ranges[i])))
            if not self.listed[family]:
                for place, i in enumerate(self.dimensions(family)):
                    text = f"{self.name(family, key)}.shape[{place}]"
                    found.append((text, self.length(ranges[i])))
        yield from sorted(found, key=lambda f: f[1].is_Add)

    # -- indices ---------------------------------------------------------------------------------

    def integer(self, e: Expr, scope: Scope) -> Node:
        """An index expression; an axis is a vector of its values, data are an array.

        Arrays of data count from 0, as NumPy does: c in the code is c minus the first index.
        """
        data = {a: sp.Dummy(integer=True) for a in data_in(e) if self.is_data(a)}
        shift = {s: s + r.lower for s, r in scope.axes.items() if r.lower != 0}
        moved = substitute(e.xreplace({a: d + self.first(a) for a, d in data.items()}), shift)
        known = {d: self.entry(a, scope) for a, d in data.items()}
        arrays = (n for a in known.values() for n in walk(a) if n.op == "leaf" and n.axes)
        self.integers |= {n.detail for n in arrays}
        return self._integer(rounded_down(distributed(moved)), scope, known)

    def _integer(self, e: Expr, scope: Scope, known: Mapping[Expr, Node]) -> Node:
        if e in known:
            return known[e]
        if e in scope.axes:
            return leaf(self._count(e), (e,))
        if e in scope.loops:
            return leaf(self.names(("loop", e), e.name))
        if isinstance(e, Symbol) and e.name not in self.system.by_name:
            return leaf(self.names(("loop", e), e.name))  # of a length that changes in the loop
        if not e.args or isinstance(e, Indexed):
            return self.size(e)
        order = tuple(scope.axes)
        if isinstance(e, sp.floor):
            above, below = sp.fraction(sp.together(e.args[0]))
            top = self._integer(sp.expand(above), scope, known)
            return elementwise("//", [top, leaf(str(below))])
        if any(a.is_Rational and not a.is_Integer for t in e.args for a in (t, *t.args)):
            above, below = sp.fraction(sp.together(e))  # an integer all the same
            return self._integer(sp.floor(above / below, evaluate=False), scope, known)
        if e.could_extract_minus_sign() and e.is_Mul:
            return negative(self._integer(-e, scope, known))
        parts = [self._integer(a, scope, known) for a in e.args]
        if isinstance(e, sp.Add):
            return self._added(parts, order)
        if isinstance(e, sp.Mul):
            return reduce(lambda a, b: elementwise("*", [a, b], order), parts)
        if isinstance(e, (sp.Max, sp.Min)):
            plain = "max" if isinstance(e, sp.Max) else "min"
            parts.sort(key=lambda p: (len(p.axes), p.text))
            return reduce(
                lambda a, b: call(f"np.{plain}imum" if b.axes else plain, a, b, order=order), parts
            )
        raise SizeError(f"{e} is no index")

    @staticmethod
    def _added(parts: Sequence[Node], order: Axes) -> Node:
        """What is subtracted last, numbers after names."""

        def minus(p: Node) -> bool:
            return p.level == LEVELS["negative"]

        first, *rest = sorted(parts, key=lambda p: (minus(p), p.number is not None, -len(p.axes)))
        for p in rest:
            op, other = ("-", negative(p)) if minus(p) else ("+", p)
            first = elementwise(op, [first, other], order)
        return first

    def _count(self, axis: Symbol) -> str:
        """The name of 0, 1, ... along an axis."""
        if self.changes(axis):
            text = f"np.arange({self.length_text(axis)})"
            self.integers.add(text)
            return text
        if axis not in self.counts:
            self.counts[axis] = self.names.fresh(axis.name)
            self.integers.add(self.counts[axis])
        return self.counts[axis]

    def axis(self, r: Range, taken: Collection[Symbol] = ()) -> Symbol:
        """The symbol of an axis along a range: its own, or another one for another length."""
        length = self.length(r)
        for name in (r.symbol.name, *(f"{r.symbol.name}_{i}" for i in range(2, 1000))):
            symbol = Symbol(name, integer=True)
            if symbol not in taken and self.lengths.setdefault(symbol, length) == length:
                return symbol
        raise SizeError(f"too many lengths for the index {r.symbol}")

    def changes(self, axis: Symbol) -> bool:
        """Whether the length of an axis is another one at each step of a loop: t in h[:t]."""
        free = (s for a in self.joined.get(axis, (axis,)) for s in self.lengths[a].free_symbols)
        return any(s.is_Symbol and s.name not in self.system.by_name for s in free)

    def is_fixed(self) -> bool:
        """Whether each array and each part of one has a length that stays, as buffers need it."""
        return not any(self.listed.values()) and not any(map(self.changes, self.lengths))

    def length_text(self, axis: Symbol) -> str:
        """The length of an axis as code."""
        several = self.joined.get(axis, (axis,))
        lengths = [self.integer(self.lengths[a], Scope()) for a in several]
        return reduce(lambda a, b: elementwise("*", [a, b]), lengths).text

    def merged(self, axes: Axes) -> Symbol:
        """One axis in place of several."""
        symbol = Symbol("*".join(a.name for a in axes), integer=True)
        self.joined[symbol] = axes
        return symbol

    # -- entries ---------------------------------------------------------------------------------

    def entry(self, e: Expr, scope: Scope) -> Node:
        """An entry of a family: its array, a slice of it, windows into it, or a gather from it."""
        return Entry(self, e, scope).node()

    def first(self, a: Expr) -> Expr:
        """The first index of what data look up; 0 of what is no index."""
        r = self.looked_up.get(str(family_of(a)))
        return S.Zero if r is None else r.lower

    def is_data(self, a: Expr) -> bool:
        """Whether what stands in an index is a value and not a size."""
        return self.system[str(family_of(a))].role is not Role.SIZE


def rounded_down(e: Expr) -> Expr:
    """e with ceilings as floors, and whole numbers beside a floor inside it.

    >>> n = sp.Symbol("n", integer=True)
    >>> rounded_down(sp.ceiling((n + 1) / 2) - 1)
    floor(n/2)
    """
    at = {}
    for c in e.atoms(sp.ceiling):
        above, below = sp.fraction(sp.together(c.args[0]))
        at[c] = sp.floor((above + below - 1) / below)
    e = sp.expand(e.xreplace(at))
    whole = sp.Add(*(t for t in sp.Add.make_args(e) if t.is_Integer))
    floors = [t for t in sp.Add.make_args(e) if isinstance(t, sp.floor)]
    if len(floors) != 1 or whole == 0:
        return e
    return e - whole - floors[0] + sp.floor(sp.together(floors[0].args[0] + whole), evaluate=False)


def bounded(system: System) -> Facts:
    """The facts of a system, and that a kernel is no larger than its image: P = N − K + 1 ≥ 1."""
    bounds = {}
    for v in system.with_role(Role.SIZE):
        for s in v.value.free_symbols if v.value is not None and not v.slots else ():
            if affine_coefficient(v.value, s) == -1:
                bounds[s] = Range(s, S.One, sp.expand(v.value + s - v.minimum))
    return system.facts.given(bounds.values())
