"""Second derivatives: the adjoint of the adjoint.

    H = Σ_u Σ_I v_u[I] ∂C/∂u[I]        ∂H/∂u = (∂²C/∂u²) v

The gradient of a System is a System, so H is one more loss, and its gradient the product of the
Hessian with the direction v. Source: Pearlmutter (1994), Fast exact multiplication by the Hessian.
"""

from __future__ import annotations

from collections.abc import Iterable

import sympy as sp
from sympy import Expr

from symbp.adjoint import adjoint_name, gradient
from symbp.system import Equation, Role, System, Variable


def direction_name(family: str) -> str:
    """The name of the family of a direction's entries: v_w for w."""
    return f"v_{family}"


def hessian_vector(system: System, wrt: Iterable[str] | None = None) -> System:
    """The product of the Hessian with a direction, ∂H/∂u for each u in `wrt`, as a System.

    `wrt` defaults to the parameters. The directions v_u are inputs of the new System, H is its
    loss. Raises `DefinitionError` as `gradient` does, and where H does not depend on `wrt`:
    the Hessian is then zero.

    >>> from symbp.networks import mlp
    >>> second = hessian_vector(mlp((2, 1), "tanh"))
    >>> second["∂H/∂w"].signature
    '∂H/∂w[l, j, k], 1 ≤ l ≤ L, 1 ≤ j ≤ n[l], 1 ≤ k ≤ n[l - 1]'
    """
    names = list(wrt) if wrt is not None else [v.name for v in system.with_role(Role.PARAMETER)]
    first = gradient(system, names)
    reached = [first[n] for n in names if adjoint_name(system.loss, n) in first.by_name]
    loss = Variable(_loss_name(first), role=Role.LOSS)
    directions = [Variable(direction_name(u.name), u.slots, Role.INPUT) for u in reached]
    terms = [
        _sum_over(u, v[u.own_index] * first[adjoint_name(system.loss, u.name)][u.own_index])
        for u, v in zip(reached, directions, strict=True)
    ]
    total = Equation(loss.name, (), sp.Add(*terms))
    return gradient(first.extended([*directions, loss], [total], loss.name), names)


def _loss_name(system: System) -> str:
    """H, or H' and so on where the system has an H already."""
    name = "H"
    while name in system.by_name:
        name += "'"
    return name


def _sum_over(u: Variable, body: Expr) -> Expr:
    limits = [(s.symbol, s.range.lower, s.range.upper) for s in reversed(u.slots)]
    return sp.Sum(body, *limits) if limits else body
