"""Names for arguments and values of functions, given before the gradient is taken.

    i_t = σ(W x_t + U h_{t−1})     z_i_t = W x_t + U h_{t−1},    i_t = σ(z_i_t)
    h_t = o_t tanh(c_t)            tanh_c_t = tanh(c_t),         h_t = o_t tanh_c_t

The adjoint of an argument is then computed once, where ∂C/∂W, ∂C/∂U and the recurrence would
each have multiplied by σ', and the value is kept for the backward pass.
"""

from __future__ import annotations

from dataclasses import replace

import sympy as sp
from sympy import Expr

from symbp.functions import Elementwise, F
from symbp.numbers.codegen.stable import is_exp, log_shift
from symbp.system import Equation, Slot, System, Variable
from symbp.system.contents import names_in
from symbp.system.equation import family_of


def with_parts(system: System) -> tuple[System, tuple[str, ...]]:
    """The system with names for the parts of its equations, and these names.

    >>> from symbp.networks import lookup
    >>> named, parts = with_parts(lookup("lstm")())
    >>> parts
    ('tanh_c',)
    >>> print(named.defining("h")[1])
    h[t, j] = o[t, j]*tanh_c[t, j]   for 1 ≤ t ≤ T, 1 ≤ j ≤ n
    """
    parts = _Parts(system)
    equations = [new for e in system.equations for new in parts.split(e)]
    if not parts.found:
        return system, ()
    variables = (*system.variables, *parts.found)
    names = tuple(v.name for v in parts.found)
    return replace(system, variables=variables, equations=tuple(equations)), names


class _Parts:
    def __init__(self, system: System) -> None:
        self.system = system
        self.taken = names_of(system)
        self.found: list[Variable] = []

    def split(self, e: Equation) -> list[Equation]:
        """The equation after those of its parts."""
        if e.family == self.system.loss:
            return [e]
        before: list[Equation] = []
        rhs = self._named(e.rhs, e, before)
        return [*before, replace(e, rhs=rhs)]

    def _named(self, node: Expr, e: Equation, before: list[Equation]) -> Expr:
        """The node with its parts replaced; their equations go to `before`."""
        if not node.args or isinstance(node, (sp.Indexed, sp.Sum)) or node.is_Piecewise:
            return node
        if log_shift(node) is not None:
            return node  # a logarithm of exponentials is stable in one piece only
        args = [self._named(a, e, before) for a in node.args]
        if not isinstance(node, Elementwise) or node.order or is_exp(node):
            return node.func(*args) if args != list(node.args) else node
        if args[0].has(sp.Sum):
            args[0] = self._part(f"z_{e.family}", args[0], e, before)
        value = node.func(*args)
        if node is e.rhs or not _keeps(node):
            return value
        return self._part(f"{node.row.name}_{family_of(args[0]) or e.family}", value, e, before)

    def _part(self, wish: str, value: Expr, e: Equation, before: list[Equation]) -> Expr:
        """A new family that is the value, over the domain of the equation."""
        name = next(
            n for n in (wish, *(f"{wish}_{i}" for i in range(2, 1000))) if n not in self.taken
        )
        self.taken.add(name)
        kinds = {i: s.kind for s, i in zip(self.system[e.family].slots, e.index, strict=True)}
        variable = Variable(name, tuple(Slot(r, kinds[r.symbol]) for r in e.domain))
        self.found.append(variable)
        index = tuple(r.symbol for r in e.domain)
        before.append(Equation(name, index, value, e.domain))
        return variable[index]


def _keeps(node: Elementwise) -> bool:
    """Whether the derivative is computed from the value."""
    return node.row.derivative is not None and F in node.row.derivative.free_symbols


def names_of(system: System) -> set[str]:
    """The names of the families and the indices."""
    slots = {s.symbol.name for v in system.variables for s in v.slots}
    domains = {r.symbol.name for e in system.equations for r in e.domain}
    return slots.union(system.by_name, domains, *(names_in(e.rhs) for e in system.equations))
