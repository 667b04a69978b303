"""What is said of a network, a derivation and a step: keys of `PHRASES`."""

from __future__ import annotations

import sympy as sp
from sympy import Expr

from symbp.derivation import Derivation, Step
from symbp.functions import Elementwise
from symbp.latex.phrases import say
from symbp.networks.entry import Entry
from symbp.system import Kind, Role, System
from symbp.system.equation import family_of, index_of

UNITS = {Kind.UNIT, Kind.LAYER}


def kind(system: System, language: str) -> str:
    """What the network is, in words."""
    if isinstance(system.origin, Entry):
        return system.origin.title[language]
    connected = system.origin is not None  # made by `networks.mlp`
    return say("fully connected" if connected else "any network", language)


def adjoint_of(system: System, d: Derivation) -> str:
    """The family whose adjoint a derivation is of."""
    adjoint = system[str(family_of(d.target))].adjoint_of
    return adjoint[1] if adjoint else ""


def section(system: System, d: Derivation) -> str:
    """The heading under which a derivation stands."""
    if system[adjoint_of(system, d)].role is Role.PARAMETER:
        names = {v.name for v in system.with_role(Role.PARAMETER)}
        return "parameters" if names <= {"w", "b"} else "any parameters"
    free = {r.symbol for r in d.domain}
    slots = system[str(family_of(d.target))].slots
    layers = [i for s, i in zip(slots, index_of(d.target), strict=True) if s.kind is Kind.LAYER]
    if not layers or not _in_layers(system):
        return "values"
    last = next(s.range.upper for s in slots if s.kind is Kind.LAYER)
    fixed = not layers[0].free_symbols & free
    return "last layer" if fixed and layers[0] == last else "hidden layers"


def _in_layers(system: System) -> bool:
    """Whether all values have a layer, and a layer is last or hidden."""
    values = system.with_role(Role.INTERMEDIATE)
    return all(any(s.kind is Kind.LAYER for s in v.slots) for v in values)


def matrix_words(system: System, target: Expr) -> str:
    """What a matrix form is called: of units, or of samples, times and places too."""
    kinds = {slot.kind for slot in system[str(family_of(target))].slots}
    return "matrix form" if Kind.UNIT in kinds and kinds <= UNITS else "matrices"


def phrase(step: Step) -> str:
    """What is said of a step: its rule, or a narrower case of it."""
    if step.rule == "differentiate" and not step.after.has(sp.KroneckerDelta):
        return "derivative"
    functions = [len(e.atoms(Elementwise)) for e in (step.before, step.after)]
    if step.rule == "name values" and functions[0] == functions[1]:
        return "name sums"
    return step.rule
