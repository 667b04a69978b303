"""Mistakes in a gradient: what every check of one must see."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import sympy as sp
from sympy import Expr

from symbp.functions import Elementwise
from symbp.system import Role, System
from symbp.system.equation import family_of

Change = Callable[[Expr], Expr]


def altered(system: System, family: str, change: Change) -> System:
    """The system with the right sides of one family changed."""
    equations = tuple(
        replace(e, rhs=change(e.rhs)) if e.family == family else e for e in system.equations
    )
    return replace(system, equations=equations)


def adjoints(system: System) -> list[str]:
    """The families of derivatives that the equations define."""
    names = (v.name for v in system.with_role(Role.ADJOINT))
    return [n for n in names if any(e.rhs != 0 for e in system.defining(n))]


def without_prime(e: Expr) -> Expr:
    """σ'(z) left out."""
    return e.replace(lambda n: isinstance(n, Elementwise) and n.order == 1, lambda n: sp.S.One)


def first_term_only(e: Expr) -> Expr:
    """A sum of terms cut to its first, a Σ to its first value."""
    if isinstance(e, sp.Add):
        return e.args[0]
    found = sorted(e.atoms(sp.Sum), key=str)
    if not found:
        return e
    total = found[0]
    k, low, _ = total.limits[-1]
    return e.xreplace({total: sp.Sum(total.function, *total.limits[:-1], (k, low, low))})


def swapped(e: Expr, family: str) -> Expr:
    """u[j, k] written u[k, j], its last two indices."""

    def swap(node: Expr) -> Expr:
        *first, a, b = node.indices
        return node.base[(*first, b, a)]

    return e.replace(lambda n: isinstance(n, sp.Indexed) and family_of(n) == family, swap)


#: Changes that fit any right side that is not zero.
ALWAYS: dict[str, Change] = {
    "sign": lambda e: -e,
    "factor 2": lambda e: 2 * e,
    "factor 1 + 1e-6": lambda e: e * (1 + sp.Rational(1, 10**6)),
}
