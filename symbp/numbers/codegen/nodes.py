"""Array expressions: what stands between an index formula and the NumPy text of it.

A node knows its axes: the index symbols that its array's dimensions stand for, in order.

    op                  text                                axes
    ------------------  ----------------------------------  ---------------------------------
    "leaf"              w2, h[t - 1], 0.5                   as stored
    + - * / ** > ...    a + b, (a2 - y) ** 2, z1 > 0        as both operands (see `elementwise`)
    "-" of one operand  -a                                  as the operand
    "call"              np.exp(a), np.where(a, b, c)        as the operands
    "view"              a.T, b[:, None]                     the operand's, moved or made longer
    "reshape"           K.reshape(c, -1)                    the operand's, several as one
    "windows"           sliding_window_view(x, P, axis=0)   shifts and plain axes, then places
    "@"                 w2.T @ d2                           what is not summed over
    "outer"             np.outer(d2, a1)                    (first, second)
    "sum", "max"        np.sum(a, axis=1)                   the operand's without those reduced
    "einsum"            np.einsum("ij,jk->ik", a, b)        the output's
    "argmax"            argmax(a, 2)                        the operand's without the last ones
    "take"              x[p[:, None] + u]                   those of the index, then what is left
    "scatter"           scatter((N, d), c - 1, a)           the axes that are looked up, the rest
    "total"             sum(f(l) for l in range(1, L + 1))  the body's

Two nodes of one text are one value: names are unique, and dimensions are told by position.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from sympy import Symbol

Axes = tuple[Symbol, ...]


@dataclass(frozen=True)
class Node:
    """One operation; `detail` is the text of a leaf, a view, a function, or an einsum."""

    op: str
    args: tuple[Node, ...] = ()
    axes: Axes = ()
    detail: str = ""

    @cached_property
    def text(self) -> str:
        """The NumPy code."""
        return _TEXT.get(self.op, _infix)(self)

    @property
    def level(self) -> int:
        """How tightly the text holds together."""
        if self.op == "leaf":
            return LEVELS["negative"] if self.detail.startswith("-") else ATOM
        return LEVELS["negative"] if self.negative else LEVELS.get(self.op, ATOM)

    @property
    def negative(self) -> bool:
        """Whether the node is −a."""
        return self.op == "-" and len(self.args) == 1

    @property
    def number(self) -> float | None:
        """The value of a numeric leaf."""
        try:
            return float(self.detail) if self.op == "leaf" else None
        except ValueError:
            return None


LEVELS = {">": 0, ">=": 0, "<": 0, "<=": 0, "==": 0, "&": 1, "+": 2, "-": 2,
          "*": 3, "/": 3, "//": 3, "@": 3, "negative": 4, "**": 5}  # fmt: skip
ATOM = 6
COMPARISONS = {"&", ">", ">=", "<", "<=", "=="}


def leaf(text: str, axes: Axes = ()) -> Node:
    """A name or a number."""
    return Node("leaf", (), axes, text)


VIEWS = ("leaf", "view", "reshape", "windows")  #: what computes nothing
ONE, ZERO = leaf("1"), leaf("0")


def walk(node: Node) -> Iterator[Node]:
    """Every node, outermost first."""
    yield node
    for a in node.args:
        yield from walk(a)


def operations(node: Node) -> int:
    """The number of operations."""
    return sum(n.op not in VIEWS for n in walk(node))


# -- making nodes --------------------------------------------------------------------------------


def union(nodes: Sequence[Node], order: Sequence[Symbol] = ()) -> Axes:
    """The axes of an elementwise result: those of the widest operand, the rest as in `order`."""
    present = {a for n in nodes for a in n.axes}
    wide = [n.axes for n in nodes if len(n.axes) == len(present)]
    ordered = [axes for axes in wide if [a for a in order if a in present] == list(axes)]
    if wide:
        return (ordered or wide)[0]
    found = (*(a for a in order if a in present), *(a for n in nodes for a in n.axes))
    return tuple(dict.fromkeys(found))


def elementwise(op: str, nodes: Sequence[Node], order: Axes = (), detail: str = "") -> Node:
    """op of nodes that broadcast against each other."""
    axes = union(nodes, order)
    return Node(op, tuple(arranged(n, axes, short=True) for n in nodes), axes, detail)


def call(function: str, *nodes: Node, order: Axes = ()) -> Node:
    """function(a, b, ...), entry by entry."""
    return elementwise("call", nodes, order, function)


def negative(a: Node) -> Node:
    """−a; −(−a) is a."""
    if a.negative:
        return a.args[0]
    if a.number is not None:
        return leaf(a.detail[1:] if a.detail.startswith("-") else f"-{a.detail}")
    return Node("-", (_countable(a),), a.axes)


def _countable(a: Node) -> Node:
    """a, such that −a can be written: −(x > 0) / y would be −(x > 0) first."""
    if a.op in ("*", "/"):
        return Node(a.op, (_countable(a.args[0]), *a.args[1:]), a.axes, a.detail)
    return numeric(a)


def numeric(a: Node) -> Node:
    """a as numbers where it is a condition: NumPy does not subtract truth values."""
    return elementwise("*", [leaf("1.0"), a]) if a.op in COMPARISONS else a


def arranged(a: Node, axes: Axes, short: bool = False) -> Node:
    """a with its dimensions in the order of `axes`, and of length 1 where it has none.

    `short` leaves out leading dimensions of length 1, which NumPy's broadcasting adds.
    """
    if not a.axes or a.axes == axes:
        return a
    own = tuple(x for x in axes if x in a.axes)
    moved = a if own == a.axes else _transposed(a, own)
    missing = [x not in a.axes for x in axes]
    if short:
        missing = missing[missing.index(False) :]
    if not any(missing):
        return moved
    longer = axes[len(axes) - len(missing) :]
    subscript = ", ".join("None" if m else ":" for m in missing)
    return Node("view", (moved,), longer, f"[{subscript}]")


def _transposed(a: Node, axes: Axes) -> Node:
    if a.op == "view" and a.detail == ".T" and a.args[0].axes == axes:
        return a.args[0]
    if axes == a.axes[::-1]:
        return Node("view", (a,), axes, ".T")
    order = ", ".join(str(a.axes.index(x)) for x in axes)
    return Node("view", (a,), axes, f".transpose({order})")


def reduced(op: str, a: Node, over: Sequence[Symbol]) -> Node:
    """Σ or the maximum over some axes."""
    places = [i for i, x in enumerate(a.axes) if x in over]
    axes = tuple(x for x in a.axes if x not in over)
    where = f"axis={places[0] if len(places) == 1 else tuple(places)}" if axes else ""
    return Node(op, (a,), axes, where)


def renamed(a: Node, mapping: Mapping[Symbol, Symbol]) -> Node:
    """a with other symbols for its axes."""
    axes = tuple(mapping.get(x, x) for x in a.axes)
    return Node(a.op, tuple(renamed(b, mapping) for b in a.args), axes, a.detail)


def replaced(a: Node, mapping: Mapping[str, Node]) -> Node:
    """a with the nodes of some texts replaced."""
    if a.text in mapping:
        new = mapping[a.text]
        if not a.axes:
            return new  # what windows and gathers take from
        return renamed(new, dict(zip(new.axes, a.axes, strict=True)))
    if not a.args:
        return a
    return Node(a.op, tuple(replaced(b, mapping) for b in a.args), a.axes, a.detail)


# -- text ----------------------------------------------------------------------------------------


def _inside(a: Node, least: int) -> str:
    return a.text if a.level >= least else f"({a.text})"


def _infix(a: Node) -> str:
    if a.negative:
        tight = a.args[0].op in ("@", "//")
        return f"-{_inside(a.args[0], LEVELS['*'] + tight)}"
    left, right = a.args
    if a.op == "**":
        simple = all(_is_simple(b) for b in a.args)
        space = "" if simple else " "
        return f"{_inside(left, ATOM)}{space}**{space}{_inside(right, LEVELS['negative'])}"
    own = LEVELS[a.op]
    sides = (_side(left, own, a.op), _side(right, own + 1, a.op))
    return f" {a.op} ".join(sides)


def _is_simple(a: Node) -> bool:
    """A name, an attribute or a number."""
    return a.op == "leaf" and "[" not in a.detail and "(" not in a.detail


def _side(a: Node, least: int, op: str) -> str:
    """An operand; a matrix product inside another product gets its parentheses all the same."""
    product = a.negative and a.args[0].level == LEVELS["*"]  # -2 * b on the right of / or @
    first = least == LEVELS[op]
    if (a.op == "@" and op in "*/") or (product and op in ("/", "//", "@") and not first):
        return f"({a.text})"
    return _inside(a, least)


def _call(a: Node) -> str:
    return f"{a.detail}({', '.join(b.text for b in a.args)})"


def _view(a: Node) -> str:
    """A view; a sum with its axis put back is one that keeps it."""
    (b,) = a.args
    if b.op in ("sum", "max") and a.detail.startswith("[") and b.detail.startswith("axis="):
        places = [i for i, part in enumerate(a.detail[1:-1].split(", ")) if part == "None"]
        if b.detail == f"axis={places[0]}" and len(places) == 1:
            return f"{b.text[:-1]}, keepdims=True)"
    return _inside(b, ATOM) + a.detail


def _reduction(a: Node) -> str:
    return f"np.{a.op}({', '.join([a.args[0].text, a.detail][: 1 + bool(a.detail)])})"


def _einsum(a: Node) -> str:
    return f'np.einsum("{a.detail}", {", ".join(b.text for b in a.args)})'


def _take(a: Node) -> str:
    base, *index = a.args
    return f"{_inside(base, ATOM)}[{a.detail.format(*(i.text for i in index))}]"


def _scatter(a: Node) -> str:
    *index, values = a.args
    places = index[0].text if len(index) == 1 else f"({', '.join(i.text for i in index)})"
    return f"scatter({a.detail}, {places}, {values.text})"


_TEXT = {
    "leaf": lambda a: a.detail,
    "view": _view,
    "call": _call,
    "outer": lambda a: f"np.outer({a.args[0].text}, {a.args[1].text})",
    "sum": _reduction,
    "max": _reduction,
    "argmax": lambda a: f"argmax({a.args[0].text}, {a.detail})",
    "einsum": _einsum,
    "take": _take,
    "windows": lambda a: f"sliding_window_view({a.args[0].text}, {a.detail}",
    "scatter": _scatter,
    "reshape": lambda a: f"{_inside(a.args[0], ATOM)}.reshape({a.detail})",
    "total": lambda a: f"sum({a.args[0].text} for {a.detail})",
}
