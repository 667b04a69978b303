"""What stands around the lines of a program: imports, signature, docstring, sizes, results."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Collection, Iterator, Sequence

import sympy as sp
from sympy import Expr, Integer

from symbp.numbers.codegen.helpers import SOURCES
from symbp.numbers.codegen.program import Program
from symbp.numbers.codegen.schedule import Place
from symbp.numbers.codegen.scope import Scope
from symbp.system import Role

IGNORE = '@np.errstate(over="ignore")  # 1 / inf is 0'
OVERFLOWING = ("np.exp(-", "(1 + np.exp(")  #: may be inf where the value is 0 all the same
WINDOWS = "sliding_window_view("
ROLES = {Role.INPUT: "input", Role.TARGET: "target", Role.PARAMETER: "parameter"}
NAME = re.compile(r"[^\W\d]\w*")
WIDTH = 96


class Header:
    """The surroundings of a program's lines."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.storage = program.storage
        self.given = [p for places in program.given.values() for p in places]

    # -- inside the function ---------------------------------------------------------------------

    def opening(self, used: Collection[str]) -> list[str]:
        """Unpacked arrays, then sizes, then index vectors: those that are used."""
        counts = [
            f"{name} = np.arange({self._text(self.storage.lengths[s])})"
            for s, name in self.storage.counts.items()
            if name in used
        ]
        sizes = self.sizes({*used, *names_in(counts)})
        return [*self.unpacked({*used, *names_in(sizes)}), *sizes, *counts]

    def unpacked(self, used: Collection[str]) -> Iterator[str]:
        """w1, w2 = w"""
        for family, places in self.program.given.items():
            if self.storage.unrolled[family]:
                names = [self.storage.name(*p) for p in places]
                if any(n in used for n in names):
                    shown = [n if n in used else "_" for n in names]
                    yield from unpacking(shown, self.program.parameters[family])

    def sizes(self, used: Collection[str]) -> list[str]:
        """m = x.shape[1]: each size after those that its definition uses."""
        found: dict[str, str] = {}

        def define(size: Expr, name: str) -> None:
            if name not in found:
                text = self.storage.definition(size, self.given)
                for other, its_name in list(self.storage.sizes.items()):
                    if its_name in names_in([text]):
                        define(other, its_name)
                found[name] = f"{name} = {text}"

        for size, name in list(self.storage.sizes.items()):
            if name in used:
                define(size, name)
        return list(found.values())

    def results(self) -> list[str]:
        """What the function returns: the loss, then each gradient as its parameter is given."""
        return [self._gathered(places) for places in self.program.outputs.values()]

    def _gathered(self, places: Sequence[Place]) -> str:
        names = [self.storage.name(*p) for p in places]
        return f"[{', '.join(names)}]" if self.storage.unrolled[places[0][0]] else names[0]

    def _text(self, e: Expr) -> str:
        return self.storage.integer(e, Scope()).text

    # -- around it -------------------------------------------------------------------------------

    def module(self, functions: Sequence[Sequence[str]]) -> str:
        """The whole source: imports, helpers, functions."""
        text = "\n".join(line.split("#")[0] for lines in functions for line in lines)
        head = ["import numpy as np"]
        head += ["from numpy.lib.stride_tricks import sliding_window_view"] * (WINDOWS in text)
        needed = [code.splitlines() for call, code in SOURCES.items() if call in text]
        blocks = [*needed, *map(list, functions)]
        lines = [*head, *(line for block in blocks for line in ("", "", *block))]
        return "\n".join(line.rstrip() for line in lines) + "\n"

    def function(
        self, name: str, parameters: Sequence[str], doc: Sequence[str], body: Sequence[str]
    ) -> list[str]:
        """One function; a blank line stays blank."""
        line = f"def {name}({', '.join(parameters)}):"
        long = [f"def {name}(", *(f"    {p}," for p in parameters), "):"]
        inside = textwrap.indent("\n".join([*doc, *body]), "    ").splitlines()
        ignored = [IGNORE] * any(o in line for line in body for o in OVERFLOWING)
        return [*ignored, *([line] if len(line) <= WIDTH + 4 else long), *inside]

    def parameters(self) -> list[str]:
        """The parameters of the function; hyperparameters have their defaults."""
        values = {v.name: v.value for v in self.program.system.with_role(Role.HYPERPARAMETER)}
        names = self.program.parameters
        plain = [
            names[n] for n in (*self.program.given, *(n for n, v in values.items() if v is None))
        ]
        return plain + [f"{names[n]}={_number(v)}" for n, v in values.items() if v is not None]

    def docstring(self, more: Sequence[str] = ()) -> list[str]:
        """What is returned, and the shape of every array."""
        first, *others = self.program.outputs
        of = [self.program.system[n].adjoint_of for n in others]
        wrt = [self.program.parameters.get(a[1], a[1]) for a in of if a is not None]
        by = f" and its gradient by {_listed(wrt)}" if wrt else ""
        cost = first == self.program.system.loss
        what = f"The cost {self.storage.name(first)}" if cost else "The value of a formula"
        lines = [f'"""{what}{by}.', ""]
        for family, places in self.program.given.items():
            role = ROLES.get(self.program.system[family].role, "data")
            shapes = [self._shape(p) for p in places]
            text = f"[{', '.join(shapes)}]" if self.storage.unrolled[family] else shapes[0]
            text += self._meant(family) + self._counted(family)
            lines.append(f"{self.program.parameters[family]}: {role}, {text}")
        wrapped = [part for line in (*lines, *more) for part in _wrapped(line)]
        return [*wrapped, '"""']

    def _meant(self, family: str) -> str:
        """What counts of an array whose range moves with an index: where 1 <= s <= t."""
        pairs = zip(self.program.system[family].slots, self.storage.squares[family], strict=True)
        moving = [str(s.range).replace("≤", "<=") for s, r in pairs if s.range != r]
        return f" where {', '.join(moving)}" if moving else ""

    def _counted(self, family: str) -> str:
        """What the integers of data that are an index run over: from 0, as in NumPy."""
        r = self.storage.looked_up.get(family)
        if r is None:
            return ""
        last = sp.expand(r.upper - r.lower).xreplace(self.program.system.size_values())
        return f", integers from 0 to {re.sub(r'[][]', '', str(last))}"

    def _shape(self, place: Place) -> str:
        """The shape of a given array; sizes by number where they have one."""
        family, key = place
        v = self.program.system[family]
        if self.storage.listed[family]:
            return "a list of arrays"
        at = dict(zip(self.storage.unrolled[family], map(Integer, key), strict=True))
        ranges = self.storage.ranges(family, [at.get(i, s) for i, s in enumerate(v.own_index)])
        values = self.program.system.size_values()
        dimensions = self.storage.dimensions(family)
        lengths = [sp.expand(self.storage.length(ranges[i]).xreplace(values)) for i in dimensions]
        texts = [re.sub(r"[\[\]]", "", str(n)) for n in lengths]
        return f"({', '.join(texts)}{',' * (len(texts) == 1)})" if texts else "a number"


def names_in(texts: Sequence[str]) -> set[str]:
    """The names that stand in some lines."""
    return {name for text in texts for name in NAME.findall(text)}


def unpacking(names: Sequence[str], value: str) -> Iterator[str]:
    """a, b = value, in several parts where there are many."""
    start = 0
    while start < len(names):
        stop = len(names)
        while len(_unpacked(names, value, start, stop)) > WIDTH:
            stop -= 1
        yield _unpacked(names, value, start, stop)
        start = stop


def _unpacked(names: Sequence[str], value: str, start: int, stop: int) -> str:
    part = names[start:stop]
    if (start, stop) != (0, len(names)):
        value += f"[{start or ''}:{stop if stop < len(names) else ''}]"
    return f"({part[0]},) = {value}" if len(part) == 1 else f"{', '.join(part)} = {value}"


def returning(results: Sequence[str]) -> Iterator[str]:
    """return a, b, with each result on its own line where they are long."""
    line = f"return {', '.join(results)}"
    if len(line) <= WIDTH:
        yield line
        return
    yield "return ("
    for result in results:
        if len(result) < WIDTH - 4 or not result.startswith("["):
            yield f"    {result},"
        else:
            yield from ("    [", *(f"        {x}," for x in result[1:-1].split(", ")), "    ],")
    yield ")"


def _wrapped(line: str) -> list[str]:
    return textwrap.wrap(line, WIDTH - 4, subsequent_indent="    ") or [""]


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _number(value: Expr) -> str:
    return str(value) if value.is_Integer else str(float(value))
