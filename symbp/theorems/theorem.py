"""A theorem about gradients: what it says, and the equations that prove it.

A part is a text and what stands under it: the derivation of an adjoint, and claims left = right
or left ≠ right between index expressions of a System. An inequality is stated as an identity
whose right side is a sum of squares.

Guarantees. `unproved` judges every claim by `symbp.judge.equality.Prover`, at small sizes: a
wrong equation passes with a probability below 2^-100. A claim left ≠ right that passes is
certain: a point was found at which the sides differ. What is concluded in words from several
claims (an induction, a bound from an identity) is not judged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from sympy import Expr

from symbp.adjoint import adjoint_name, gradient
from symbp.derivation import Derivation, derive
from symbp.judge.equality import Prover
from symbp.system import Range, System
from symbp.system.equation import family_of


@dataclass(frozen=True)
class Claim:
    """left = right at every index of the domain; with `differ`, left ≠ right at some."""

    left: Expr
    right: Expr
    domain: tuple[Range, ...] = ()
    condition: str | None = None
    """None, or "the targets add up to one"."""
    differ: bool = False
    said: Mapping[str, str] | None = None
    """What stands before the formula, by language."""


@dataclass(frozen=True)
class Part:
    """A step of a theorem: a text by language, and what is shown and proved under it."""

    text: Mapping[str, str]
    network: System
    """The forward equations; claims may speak of its adjoints as well."""
    claims: tuple[Claim, ...] = ()
    forward: bool = False
    """Whether the equations of the network stand first."""
    derived: tuple[str, ...] = ()
    """Families u whose ∂C/∂u is derived step by step."""
    wrt: tuple[str, ...] | None = None
    """What the adjoints are of: None for the parameters."""

    @cached_property
    def system(self) -> System:
        """The network with its adjoints."""
        return gradient(self.network, self.wrt)

    @cached_property
    def derivations(self) -> list[Derivation]:
        """Those of `derived`."""
        names = {adjoint_name(self.network.loss, name) for name in self.derived}
        found = [d for d in derive(self.network, self.wrt) if str(family_of(d.target)) in names]
        if len({family_of(d.target) for d in found}) != len(names):
            raise ValueError(f"no derivation of one of {', '.join(self.derived)}")
        return found

    def all_claims(self) -> Iterator[Claim]:
        """The claims, each step of the derivations, and what they end in."""
        for d in self.derivations if self.derived else ():
            condition = None
            for step in d.steps:
                condition = condition or step.condition
                yield Claim(d.target, step.after, tuple(d.domain), condition)
        yield from self.claims


@dataclass(frozen=True)
class Theorem:
    """A statement and its parts; title and statement by language."""

    name: str
    title: Mapping[str, str]
    statement: Mapping[str, str]
    parts: tuple[Part, ...]
    notation: str = "standard"
    table: Callable[[str], str] | None = None
    """A table of numbers that ends the page, made for a language."""


def unproved(part: Part, seed: int = 0) -> list[Claim]:
    """The claims of a part that do not hold: none, for a theorem."""
    provers: dict[str | None, Prover] = {}
    failed = []
    for claim in part.all_claims():
        if claim.condition not in provers:
            provers[claim.condition] = Prover(part.system, claim.condition, seed)
        prover = provers[claim.condition]
        if prover.equal(claim.left, claim.right, claim.domain) == claim.differ:
            failed.append(claim)
    return failed
