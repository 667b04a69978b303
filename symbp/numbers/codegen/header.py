"""What stands around the lines of a program: imports, signature, docstring, sizes, results."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

import sympy as sp
from sympy import Expr, Integer

from symbp.numbers.codegen.program import Item, Program
from symbp.numbers.codegen.schedule import Place
from symbp.numbers.codegen.sharing import NAME, lines_of, used_names
from symbp.system import Role

ERF = '''
def erf(x):
    """The error function, entry by entry."""
    return np.vectorize(math.erf, otypes=[float])(x)
'''
OVERFLOWING = ("np.exp(-", "np.cosh(")  #: may be inf where the value is 0 all the same
ROLES = {Role.INPUT: "input", Role.TARGET: "target", Role.PARAMETER: "parameter"}


class Header:
    """The surroundings of a program's lines."""

    def __init__(self, program: Program, items: Sequence[Item]) -> None:
        self.program = program
        self.storage = program.storage
        self.items = items
        self.used = used_names(items)
        self.text = "\n".join(line.node.text for line in lines_of(items))

    # -- inside the function -----------------------------------------------------------------------

    def opening(self) -> list[str]:
        """Unpacked arrays, then sizes, then index vectors."""
        counts = [f"{name} = np.arange({length})" for (_, length), name in self.storage.counts.items()
                  if name in self.used]  # fmt: skip
        sizes = self._sizes(counts)
        used = {*self.used, *NAME.findall("\n".join(sizes))}
        return [*self._unpacked(used), *sizes, *counts]

    def _unpacked(self, used: set[str]) -> Iterator[str]:
        for family, places in self.program.given.items():
            if self.storage.unrolled[family]:
                names = [self.storage.name(*p) for p in places]
                shown = [n if n in used else "_" for n in names]
                if any(n != "_" for n in shown):
                    listed = ", ".join(shown) + "," * (len(shown) == 1)
                    yield f"{listed} = {self.program.parameters[family]}"

    def _sizes(self, after: Sequence[str]) -> list[str]:
        """m = x.shape[1]: the sizes that are used, each after those that its definition uses."""
        given = [p for places in self.program.given.values() for p in places]
        wanted = {*self.used, *NAME.findall("\n".join(after))}
        found: dict[str, str] = {}
        while missing := [e for e, n in self.storage.sizes.items() if n in wanted and n not in found]:
            for e in missing:
                name = self.storage.sizes[e]
                found = {name: self.storage.definition(e, given), **found}
                wanted |= set(NAME.findall(found[name]))
        return [f"{name} = {text}" for name, text in found.items()]

    def results(self) -> str:
        """What the function returns: the loss, then each gradient as its parameter is given."""
        return ", ".join(self._gathered(places) for places in self.program.outputs.values())

    def _gathered(self, places: Sequence[Place]) -> str:
        names = [self.storage.name(*p) for p in places]
        return f"[{', '.join(names)}]" if self.storage.unrolled[places[0][0]] else names[0]

    # -- around it -----------------------------------------------------------------------------------

    def module(self, name: str, body: Sequence[str]) -> str:
        """The whole source."""
        erf = "erf(" in self.text
        lines = ["import math", ""] if erf else []
        lines += ["import numpy as np", ""]
        lines += ERF.splitlines() + [""] if erf else []
        lines.append("")
        if any(o in self.text for o in OVERFLOWING):
            lines.append('@np.errstate(over="ignore")  # 1 / inf is 0')
        lines += self._signature(name)
        lines += textwrap.indent("\n".join([*self._docstring(), *body]), "    ").splitlines()
        return "\n".join(line.rstrip() for line in lines) + "\n"

    def parameters(self) -> list[str]:
        """The parameters of the function; hyperparameters have their defaults."""
        values = {v.name: v.value for v in self.program.system.with_role(Role.HYPERPARAMETER)}
        plain = [self.program.parameters[n] for n in self.program.given]
        plain += [self.program.parameters[n] for n, v in values.items() if v is None]
        return plain + [
            f"{self.program.parameters[n]}={_number(v)}" for n, v in values.items() if v is not None
        ]

    def _signature(self, name: str, more: Sequence[str] = ()) -> list[str]:
        parameters = [*self.parameters(), *more]
        line = f"def {name}({', '.join(parameters)}):"
        if len(line) <= 100:
            return [line]
        return [f"def {name}(", *(f"    {p}," for p in parameters), "):"]

    def _docstring(self) -> list[str]:
        system = self.program.system
        first, *others = self.program.outputs
        of = [system[n].adjoint_of for n in others]
        wrt = [self.program.parameters.get(a[1], a[1]) for a in of if a is not None]
        what = f"{self.storage.name(first)} and its gradient by {_listed(wrt)}." if wrt else f"{self.storage.name(first)}."
        lines = [f'"""{what}', ""]
        for family, places in self.program.given.items():
            role = ROLES.get(system[family].role, str(system[family].role))
            shapes = [self._shape(p) for p in places]
            text = f"[{', '.join(shapes)}]" if self.storage.unrolled[family] else shapes[0]
            lines += textwrap.wrap(f"{self.program.parameters[family]}: {role}, {text}", 92,
                                   subsequent_indent="    ")  # fmt: skip
        return [*lines, '"""']

    def _shape(self, place: Place) -> str:
        """The shape of a given array; sizes by number where they have one."""
        family, key = place
        v = self.program.system[family]
        at = dict(zip(self.storage.unrolled[family], map(Integer, key), strict=True))
        ranges = self.storage.ranges(family, [at.get(i, s) for i, s in enumerate(v.own_index)])
        values = self.program.system.size_values()
        if self.storage.listed[family]:
            return "a list of arrays"
        lengths = [sp.expand(self.storage.length(ranges[i]).xreplace(values)) for i in self.storage.dimensions(family)]
        texts = [str(n).replace("[", "").replace("]", "") for n in lengths]
        return f"({', '.join(texts)}{',' * (len(texts) == 1)})" if texts else "a number"


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _number(value: Expr) -> str:
    return str(value) if value.is_Integer else str(float(value))

