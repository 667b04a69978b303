"""Deriving each network of the catalogue, in a process that has derived others but never this one.

Each round renames every family, so that nothing remembered of the network is of use. "check" is
what a System checks when it is made, "gradient" the rule, "derive" the record of all steps with
the gradient in it, "again" the same of the same network once more, "post" the whole Markdown post
with the derivation in it, all in ms of CPU.

Run: python -m tests.benchmarks.bench_catalogue [NAME ...]
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from itertools import count
from statistics import median
from time import process_time

from sympy import Expr

from symbp.adjoint import gradient
from symbp.derivation import derive
from symbp.errors import SymbpError
from symbp.latex.post import write_post
from symbp.networks import CATALOG, lookup
from symbp.notation import NOTATIONS
from symbp.system import Equation, Range, Slot, System, Variable
from symbp.system.contents import rebuilt

PARTS = ("check", "gradient", "derive", "again", "post")
ROUNDS = 5
FRESH = count(1)


def renamed(system: System) -> System:
    """The same network with another name for every family; made without checking it."""
    names = {v.name: f"{v.name}x{next(FRESH)}" for v in system.variables}
    variables = [replace(v, name=names[v.name]) for v in system.variables]
    pairs = zip(system.variables, variables, strict=True)
    new: dict[Expr, Expr] = {a.atom: b.atom for a, b in pairs}

    def in_new_names(e: Expr) -> Expr:
        """e, its entries made as a model makes them."""
        return new[e] if e in new else rebuilt(e, [in_new_names(a) for a in e.args])

    def moved(r: Range) -> Range:
        return Range(r.symbol, in_new_names(r.lower), in_new_names(r.upper))

    def variable_moved(v: Variable) -> Variable:
        slots = tuple(Slot(moved(s.range), s.kind) for s in v.slots)
        return replace(v, slots=slots, value=v.value and in_new_names(v.value))

    equations = tuple(
        Equation(
            names[e.family],
            tuple(in_new_names(i) for i in e.index),
            in_new_names(e.rhs),
            tuple(moved(r) for r in e.domain),
        )
        for e in system.equations
    )
    return System(
        tuple(variable_moved(v) for v in variables),
        equations,
        names[system.loss],
        {names[n]: s for n, s in system.sizes.items()},
        system.origin,
    )


def parts(name: str) -> dict[str, float]:
    """The seconds that each part takes with a network never seen before."""
    system, notation = CATALOG[name](), NOTATIONS[CATALOG[name].notation]
    work = {
        "gradient": gradient,
        "derive": derive,
        "again": derive,
        "post": lambda network: write_post(network, notation),
    }
    start = process_time()
    system = renamed(system)
    times = {"check": process_time() - start}
    for part, function in work.items():
        start = process_time()
        function(system)
        times[part] = process_time() - start
        system = system if part == "derive" else renamed(system)
    return times


def table(names: list[str]) -> Mapping[str, Mapping[str, list[float]]]:
    """name -> part -> its time in each round; a round takes every network once."""
    found: dict[str, dict[str, list[float]]] = {}
    for name in names:
        try:
            parts(name)  # warms up
            found[name] = {part: [] for part in PARTS}
        except SymbpError as error:
            print(f"{name}: {error}")
    for _ in range(ROUNDS):
        for name in found:
            for part, time in parts(name).items():
                found[name][part].append(time)
    return found


def clock() -> float:
    """A fixed piece of work: how fast the machine is just now, and how steady."""
    start = process_time()
    sum(i * i for i in range(300_000))
    return process_time() - start


def report(names: list[str]) -> None:
    """Print the table."""
    noise = [clock() for _ in range(20)]
    found = table(names)
    noise += [clock() for _ in range(20)]
    print(
        f"\nmedian of {ROUNDS} rounds (slowest in brackets); a fixed loop took "
        f"{median(noise) * 1e3:.0f} ms, at best {min(noise) * 1e3:.0f}, at worst "
        f"{max(noise) * 1e3:.0f}"
    )
    print(f"{'network':28}" + "".join(f"{p + ', ms':>18}" for p in PARTS))
    for name, by_part in found.items():
        cells = (f"{median(t) * 1e3:.0f} ({max(t) * 1e3:.0f})" for t in by_part.values())
        print(f"{name:28}" + "".join(f"{cell:>18}" for cell in cells))


def test_catalogue():
    report(list(CATALOG))


if __name__ == "__main__":
    report([lookup(name).name for name in sys.argv[1:]] or list(CATALOG))
