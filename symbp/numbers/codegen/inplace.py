"""The program without new arrays: every value is written to a buffer that is there already.

    z1 = w1 @ x + b1[:, None]         w1.dot(x, out=a1)
    a1 = 1 / (1 + np.exp(-z1))        a1 += b1[:, None]
                                      np.negative(a1, out=a1)
                                      np.exp(a1, out=a1)
                                      a1 += 1
                                      np.reciprocal(a1, out=a1)

A value that is used once is computed in the buffer of what uses it; a part that stands twice
has a buffer of its own; what is left over goes to scratch buffers, one for each shape.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from symbp.errors import SizeError
from symbp.numbers.codegen.header import Header
from symbp.numbers.codegen.nodes import COMPARISONS, Axes, Node, leaf, replaced, walk
from symbp.numbers.codegen.program import For, Item, Line, New, Program
from symbp.numbers.codegen.sharing import (
    NAME,
    christened,
    lines_of,
    reused,
    shared,
    used_names,
    without_aliases,
)
from symbp.numbers.codegen.storage import Scope

INFIX = {"+": "np.add", "-": "np.subtract", "*": "np.multiply", "/": "np.divide", "**": "np.power"}
UFUNCS = {f"np.{name}" for name in (
    "exp log tanh sqrt sign abs maximum minimum expm1 logaddexp cosh clip".split())}  # fmt: skip
REDUCTIONS = {"sum": "np.add.reduce", "max": "np.maximum.reduce"}


def inplace_source(program: Program, name: str) -> str:
    """A module with the function and with one that makes its buffers."""
    outputs = {program.storage.name(*p): p for places in program.outputs.values() for p in places}
    names = program.storage.names
    items = reused(without_aliases(program.items, outputs))
    items = christened(shared(_used_once_inside(items, outputs), names, _worth_a_buffer), names)
    return _Writer(program, items, outputs).module(name)


def _worth_a_buffer(part: Node, lines: Sequence[Line]) -> bool:
    return bool(part.axes) and part.op not in COMPARISONS


def _used_once_inside(items: Sequence[Item], keep: Sequence[str] | dict[str, object]) -> list[Item]:
    """The program with what is used once computed where it is used."""
    count = used_names(items)
    result = list(items)
    for item in items:
        if not isinstance(item, Line) or not item.whole:
            continue
        name = item.target.text
        if name in keep or count[name] != 1 or not item.target.axes:
            continue
        places = [i for i, x in enumerate(result) if isinstance(x, Line) and x.whole and _has(x, name)]
        if len(places) == 1:
            user = result[places[0]]
            (own,) = [i for i, x in enumerate(result) if isinstance(x, Line) and x.target.text == name]
            assert isinstance(user, Line)
            current = result[own]
            assert isinstance(current, Line)
            node = replaced(user.node, {name: current.node})
            result[places[0]] = Line(user.target, node, True, user.family)
            del result[own]
    return result


def _has(line: Line, name: str) -> bool:
    return any(n.op == "leaf" and n.detail == name for n in walk(line.node))


@dataclass
class _Buffers:
    """The buffers by name, and which scratch buffers are free for a shape."""

    shapes: dict[str, str] = field(default_factory=dict)
    free: dict[str, list[str]] = field(default_factory=dict)


class _Writer:
    """Turns lines into statements that write to buffers."""

    def __init__(self, program: Program, items: Sequence[Item], outputs: dict[str, object]) -> None:
        self.program = program
        self.storage = program.storage
        self.items = items
        self.outputs = outputs
        self.shapes: dict[str, str] = {}  # of the buffers, by name
        self.free: dict[str, list[str]] = {}  # scratch buffers that hold nothing, by shape
        self.taken: list[tuple[str, str]] = []  # scratch buffers of the line being written
        self.code: list[str] = []
        self.same: dict[str, str] = {}  # a value that lives in the buffer of an output

    def module(self, name: str) -> str:
        """The source."""
        self._unify()
        for item in self.items:
            self._item(item)
        raise NotImplementedError
