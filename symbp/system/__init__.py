"""A network as a system of recurrence equations in index notation.

    z[l, j] = Σ_k w[l, j, k] a[l−1, k] + b[l, j]     1 ≤ l ≤ L, 1 ≤ j ≤ n[l]

A System is checked when it is made: every name is declared or defined once, every index stays
in range, every recurrence goes one way. Sizes may stay symbols; `sizes` binds some of them to
numbers, which changes what is evaluated or printed, never the equations.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from numbers import Integral
from typing import Any

from sympy import Expr, Integer, Sum

from symbp.errors import DefinitionError, SizeError
from symbp.system.checks import check, order_families
from symbp.system.equation import Equation, Kind, Role, Slot, Variable, index_base
from symbp.system.facts import Facts
from symbp.system.gathers import with_data
from symbp.system.indices import Letters, Range
from symbp.system.sizes import Sizes, completed, size_facts, without_following

__all__ = ["Equation", "Facts", "Kind", "Range", "Role", "Slot", "System", "Variable"]


@dataclass(frozen=True)
class System:
    """Families, the equations that define them, and which of them is the loss.

    Raises `DefinitionError` where the equations do not define every family exactly once, an
    index may leave its range, or a recurrence runs both ways; `SizeError` for sizes that are
    not positive integers.
    """

    variables: tuple[Variable, ...]
    equations: tuple[Equation, ...]
    loss: str
    sizes: Sizes = field(default_factory=dict)
    origin: Any = field(default=None, compare=False, repr=False)
    """The settings of the network function that made it, for witnesses that know that network."""

    def __post_init__(self) -> None:
        names = [v.name for v in self.variables]
        twice = {n for n in names if names.count(n) > 1}
        if twice:
            raise DefinitionError(f"{', '.join(sorted(twice))} is declared twice")
        self._check_sizes()
        object.__setattr__(self, "sizes", completed(self.variables, self.sizes))
        _check(self.variables, self.equations, self.loss)

    @cached_property
    def by_name(self) -> dict[str, Variable]:
        """The families by name."""
        return {v.name: v for v in self.variables}

    def __getitem__(self, name: str) -> Variable:
        if name not in self.by_name:
            raise DefinitionError(f"no family {name!r} (there are: {', '.join(self.by_name)})")
        return self.by_name[name]

    @cached_property
    def facts(self) -> Facts:
        """The least values of the sizes, what they follow from, the ranges of data in indices."""
        return _all_facts(self.variables, self.equations)

    def defining(self, name: str) -> tuple[Equation, ...]:
        """The equations (cases) of one family."""
        return tuple(e for e in self.equations if e.family == name)

    def with_role(self, *roles: Role) -> tuple[Variable, ...]:
        """The families of some roles, in order of declaration."""
        return tuple(v for v in self.variables if v.role in roles)

    @cached_property
    def order(self) -> list[list[str]]:
        """Families in an order of evaluation; those of one recurrence together."""
        return order_families(self.by_name, self.equations)

    @cached_property
    def letters(self) -> Letters:
        """The names that the network's equations give to the indices over a range."""
        found: dict[tuple[Expr, Expr], dict[str, None]] = {}
        for e in self.equations:
            if self[e.family].role is not Role.ADJOINT:
                sums = sorted({limit for s in e.rhs.atoms(Sum) for limit in s.limits}, key=str)
                for k, lo, hi in (*((r.symbol, r.lower, r.upper) for r in e.domain), *sums):
                    found.setdefault((lo, hi), {})[k.name] = None
        return tuple((limits, tuple(names)) for limits, names in found.items())

    def extended(
        self, variables: Sequence[Variable], equations: Sequence[Equation], loss: str | None = None
    ) -> System:
        """This system with further families, their equations, and perhaps another loss."""
        return replace(
            self,
            variables=(*self.variables, *variables),
            equations=(*self.equations, *equations),
            loss=loss or self.loss,
        )

    def with_sizes(self, **sizes: int | tuple[int, ...]) -> System:
        """This system with sizes bound to numbers: `with_sizes(L=2, n=(3, 4, 2))`."""
        kept = without_following(self.variables, self.sizes)
        return replace(self, sizes={**kept, **sizes})

    def size_values(self) -> dict[Expr, Expr]:
        """The bound sizes as a substitution: {L: 2, n[0]: 3, ...}."""
        return dict(self._size_values)

    @cached_property
    def _size_values(self) -> dict[Expr, Expr]:
        values: dict[Expr, Expr] = {}
        for name, size in self.sizes.items():
            if isinstance(size, tuple):
                first = int(self[name].slots[0].range.lower)
                base = index_base(name)
                values |= {base[i]: Integer(s) for i, s in enumerate(size, first)}
            else:
                values[self[name].atom] = Integer(size)
        return values

    def _check_sizes(self) -> None:
        for name, size in self.sizes.items():
            if name not in self.by_name or self[name].role is not Role.SIZE:
                known = [v.name for v in self.variables if v.role is Role.SIZE]
                raise SizeError(f"{name} is not a size of this network (sizes: {', '.join(known)})")
            least = self[name].minimum
            for s in size if isinstance(size, tuple) else (size,):
                if isinstance(s, bool) or not isinstance(s, Integral) or s < least:
                    raise SizeError(f"{name}: {s!r} is not an integer of at least {least}")
            self._check_count(self[name], size)

    def _check_count(self, variable: Variable, size: int | tuple[int, ...]) -> None:
        """One number for a single size, one for each index of a family of sizes."""
        if isinstance(size, tuple) != bool(variable.slots):
            expected = "a tuple of numbers" if variable.slots else "one number"
            raise SizeError(f"{variable.name}: {size!r} met {variable.signature}: {expected}")
        if isinstance(size, tuple):
            r = variable.slots[0].range
            plain = {n: s for n, s in self.sizes.items() if not isinstance(s, tuple)}
            known = {self[n].atom: Integer(s) for n, s in plain.items()}
            count = (r.upper - r.lower + 1).xreplace(known)
            if count.is_Integer and count != len(size):
                raise SizeError(f"{variable.name}: {len(size)} sizes met {r} ({count} of them)")

    def __str__(self) -> str:
        return "\n".join(str(e) for e in self.equations)


def _facts(variables: Sequence[Variable]) -> Facts:
    return size_facts([v for v in variables if v.role is Role.SIZE])


@lru_cache(maxsize=256)
def _all_facts(variables: tuple[Variable, ...], equations: tuple[Equation, ...]) -> Facts:
    return with_data(_facts(variables), variables, equations)


@lru_cache(maxsize=256)
def _check(variables: tuple[Variable, ...], equations: tuple[Equation, ...], loss: str) -> None:
    """`check`, once for all systems that differ in their sizes only."""
    check({v.name: v for v in variables}, equations, loss, _facts(variables))
