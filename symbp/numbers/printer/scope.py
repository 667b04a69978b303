"""What is open around a node: which indices are axes, and how an array lies among them."""

from __future__ import annotations

from dataclasses import dataclass
from string import ascii_letters

from sympy import Basic, Expr, Symbol

from symbp.adjoint.solve import extent
from symbp.system import Kind, Range, Variable

Axes = tuple[Symbol, ...]
Operand = tuple[str, Axes]  #: the text of an array, and the index of each of its axes


@dataclass(frozen=True)
class Scope:
    """The open indices of a node; in NumPy's way arrays are aligned at the last axis.

    >>> from sympy import Integer
    >>> i, j, k = (Symbol(n, integer=True) for n in "ijk")
    >>> scope = Scope(tuple(Range(s, Integer(1), Integer(4)) for s in (i, j, k)))
    >>> scope.lifted("x", (j,)), scope.lifted("x", (i, k)), scope.lifted("x", (k,))
    ('x[:, None]', 'x[:, None, :]', 'x')
    >>> scope.trailing(j + 1), scope.stays(j - 1, Range(j, Integer(0), Integer(9)))
    ((j, k), True)
    """

    axes: tuple[Range, ...] = ()
    loops: tuple[Range, ...] = ()
    """Indices that are variables of Python loops."""
    guarded: bool = False
    """Whether a factor of 0 or 1 excuses entries that do not exist: any other may stand there."""
    conditional: bool = False
    """Whether this is not even computed where a condition fails."""

    @property
    def symbols(self) -> Axes:
        """The axes in their order."""
        return tuple(r.symbol for r in self.axes)

    @property
    def opened(self) -> tuple[Range, ...]:
        """All open indices."""
        return (*self.axes, *self.loops)

    def axes_in(self, e: Basic) -> Axes:
        """The axes on which e depends."""
        return tuple(s for s in self.symbols if s in e.free_symbols)

    def depends(self, e: Basic) -> bool:
        """Whether e is an array here."""
        return bool(self.axes_in(e))

    def trailing(self, e: Basic) -> Axes:
        """The axes of e's text: all from the first on which e depends."""
        return self.symbols[self.symbols.index(self.axes_in(e)[0]) :] if self.depends(e) else ()

    def lifted(self, text: str, symbols: Axes) -> str:
        """An array over some axes, with new ones of length 1 between and after them."""
        if not symbols:
            return text
        places = [":" if s in symbols else "None" for s in self.symbols]
        places = places[self.symbols.index(symbols[0]) :]
        return f"{text}[{', '.join(places)}]" if "None" in places else text

    def stays(self, index: Expr, r: Range) -> bool | None:
        """Whether an index stays in a range; None where that is not known."""
        used = tuple(o for o in self.opened if o.symbol in index.free_symbols)
        if any(self.depends(b) for o in used for b in (o.lower, o.upper)):
            return None  # the axis is longer than the range
        interval = extent(index, used)
        if interval is None:
            return None
        room = [interval[0] - r.lower, r.upper - interval[1]]
        if any(x.is_number and x < 0 for x in room):
            return False
        return True if all(x.is_number for x in room) else None

    def letters(self) -> dict[Symbol, str]:
        """A letter of einsum for each axis: its own where that is one letter."""
        result: dict[Symbol, str] = {}
        for s in self.symbols:
            free = [c for c in ascii_letters if c not in result.values()]
            result[s] = s.name if s.name in free else free[0]
        return result


def listed(variable: Variable) -> tuple[int, ...]:
    """The slots that count the arrays of a list: layers, and those that lengths depend on."""
    ends = (b for s in variable.slots for b in (s.range.lower, s.range.upper))
    bounds = {s for b in ends for s in b.free_symbols}
    return tuple(
        i for i, s in enumerate(variable.slots) if s.kind is Kind.LAYER or s.symbol in bounds
    )
