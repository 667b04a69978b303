r"""What a network is given, as a post says it: sizes that follow, values that data have.

N_1 = N - K + 1                 y^{(i)} \in \{-1, 1\}
"""

from __future__ import annotations

from collections.abc import Iterator

from symbp.latex.writer import Writer
from symbp.notation import Notation
from symbp.system import Role, System, Variable

Said = tuple[str, str]  #: a phrase and the formula behind it


def given(system: System, notation: Notation) -> Iterator[Said]:
    """The formulas that stand before the equations, each with its phrase."""
    writer = Writer(system, notation)
    sizes = [(v.atom, v.value) for v in system.with_role(Role.SIZE) if v.value is not None]
    if sizes:
        entries = writer.entries
        relations = (f"{entries.integer(a)} = {entries.integer(b)}" for a, b in sizes)
        yield "following sizes", r", \quad ".join(relations)
    data = [_range(v, writer) for v in system.variables if v.within is not None]
    if data:
        yield "values of data", r", \qquad ".join(data)


def _range(v: Variable, writer: Writer) -> str:
    r"""y_j^{(i)} \in \{0, 1\}, and that the classes of a sample add up to one."""
    assert v.within is not None
    entry = writer.write(v[v.own_index])
    text = rf"{entry} \in {v.within.latex}"
    if v.within.total is None:
        return text
    r = v.slots[-1].range
    limits = rf"{{{writer.entries.integer(r.symbol)}={writer.entries.integer(r.lower)}}}"
    upper = writer.entries.integer(r.upper)
    return rf"{text}, \quad \sum_{limits}^{{{upper}}} {entry} = {v.within.total}"
