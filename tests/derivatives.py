"""Derivatives df/du of small systems in all domains, and SymPy's derivative of the whole formula.

The witness adds a number `shake` to u in the equations that define it, writes f out in full as one
formula of what is given, and has SymPy differentiate it by `shake` at 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from itertools import product
from typing import Any

import numpy as np
import sympy as sp

from symbp.forms.component import Components
from symbp.judge.counterexample import rational_point
from symbp.judge.values import Values
from symbp.networks import mlp
from symbp.numbers.balls import Balls, differ
from symbp.numbers.domains import Floats
from symbp.numbers.evaluator import Evaluation
from symbp.numbers.field import Field
from symbp.numbers.indexing import Indexing, Scope
from symbp.numbers.sampling import residues, sample
from symbp.reading.typed import Total
from symbp.system import Role, Variable
from tests.small_systems import EXAMPLES, Example

HERE = Scope({})
SYSTEMS = {
    **{n: e for n, make in EXAMPLES.items() if not (e := make()).data and n != "generic"},
    "sigmoid, biases and a batch": Example(mlp((2, 3, 2), "sigmoid", batch=2)),
    "unspecified": Example(mlp((2, 3, 2), "f")),
    "kinks": Example(mlp((2, 3, 2), "relu")),
}
DOMAINS: dict[str, Callable[[], Any]] = {
    "field": lambda: Field(4, seed=2),
    "balls": Balls,
    "floats": Floats,
}


def given(example, domain):
    if isinstance(domain, Field):
        return residues(example.system, domain, example.data)
    if isinstance(domain, Balls):
        return {**rational_point(example.system, 1), **example.data}
    return sample(example.system, 0, example.data)


def families(system):
    return [v for v in system.variables if v.role is not Role.SIZE]


def entries(system, v):
    """All indices of a family."""
    indexing = Indexing(system, {})
    outer = indexing.outer(v)
    for key in indexing.keys(v):
        spans, keys = iter(indexing.spans(v, key)), iter(key)
        ranges = [
            [next(keys)] if i in outer else range((s := next(spans))[0], s[1] + 1)
            for i in range(len(v.slots))
        ]
        yield from product(*ranges)


def some(found, count=3):
    """The first, the last and some between."""
    found = list(found)
    steps = range(count)
    return [found[i] for i in sorted({n * (len(found) - 1) // (count - 1) for n in steps})]


# -- the witness ----------------------------------------------------------------------------------


@cache
def shaken(name, u):
    """The system where u is moved, and by what; what is given may move as it is."""
    system = SYSTEMS[name].system
    v = system[u]
    if v.role.given:
        return system, v
    shake = Variable("shake", v.slots, Role.PARAMETER)
    equations = tuple(
        replace(e, rhs=e.rhs + shake[e.index]) if e.family == u else e for e in system.equations
    )
    variables = (*system.variables, shake)
    return replace(system, variables=variables, equations=equations), shake


@cache
def written_out(name, u):
    return Components(shaken(name, u)[0], "all")


@cache
def witness(name, f, i, u, j):
    """∂f[i]/∂u[j] as a formula of what is given."""
    formula = written_out(name, u)[f, i]
    entry = shaken(name, u)[1][j]
    if f == u and entry.is_Symbol and SYSTEMS[name].system[u].role.given:
        return sp.Integer(int(i == j))
    return sp.diff(formula, entry)


def still(name, u, inputs):
    """What is given, and no shake."""
    system, shake = shaken(name, u)
    if shake.name in inputs:
        return inputs
    indexing = Indexing(system, {})
    blocks = [np.zeros(indexing.shape(shake, key), int) for key in indexing.keys(shake)]
    return {**inputs, shake.name: blocks if indexing.outer(shake) else blocks[0]}


# -- what is compared -----------------------------------------------------------------------------


def close(a, b, domain):
    """Whether two numbers of a domain are one, as well as the domain can tell."""
    if isinstance(domain, Field):
        return int(a.top) == int(b.top)
    a, b = (np.asarray(x, dtype=object)[()] for x in (a, b))
    if isinstance(domain, Balls):
        return not differ(a, b) and float(a.rad()) < 1e-20
    return bool(np.isclose(float(a), float(b), rtol=1e-9, atol=1e-12))


def derivative(values, f, i, u, j, direct=0):
    """∂f[i]/∂u[j] as the judge finds it."""
    system = values.system
    return values.tensor(Total(system[f][i], system[u][j], direct), HERE).buffer


def disagreements(name, make, values_of=Values) -> Iterator[tuple[str, str]]:
    """The pairs f[i], u[j] of a system on which the judge and SymPy differ."""
    example, domain = SYSTEMS[name], make()
    system, inputs = example.system, given(example, domain)
    values = values_of(system, inputs, domain)
    outputs = [v for v in families(system) if not v.role.given]
    for u in families(system):
        moved = Evaluation(shaken(name, u.name)[0], still(name, u.name, inputs), domain)
        for f in outputs:
            for i, j in product(some(entries(system, f)), some(entries(system, u), 5)):
                found = derivative(values, f.name, i, u.name, j)
                expected = moved.at(witness(name, f.name, i, u.name, j), HERE).buffer
                if not close(found, expected, domain):
                    yield str(f[i]), str(u[j])
