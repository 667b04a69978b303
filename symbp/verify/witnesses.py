"""The table of witnesses: who else can tell ∂C/∂θ at a point, and shares no code with the rule.

    complex step    the forward pass with θ + ih, every entry by itself
    central         the forward pass with θ ± h, in 60 digits where floats do not agree
    reference       backprop written by hand in NumPy, for networks that `mlp` made
    torch           PyTorch's autograd of the forward pass, where PyTorch is installed
    rule            the rule's own gradient: a witness for code from elsewhere only

The exact witness is in `exact`: it speaks of whole blocks, not of entries.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from sympy import Expr

from symbp.errors import SymbpError
from symbp.functions import ERF, Elementwise
from symbp.numbers import reference
from symbp.numbers.autograd import torch_gradient
from symbp.numbers.entrywise import (
    Blocks,
    Chosen,
    Found,
    Slopes,
    blocks_of,
    central_steps,
    complex_steps,
    precise_steps,
)
from symbp.system import Role
from symbp.verify.case import Case, gradient_blocks
from symbp.verify.entries import merged

Again = Callable[[Case, Chosen], Found]


@dataclass(frozen=True)
class Witness:
    """`slopes` gives ∂C/∂θ; `fits` says why it cannot, or "" where it can."""

    name: str
    slopes: Callable[[Case], Found]
    fits: Callable[[Case], str]
    usual: Callable[[Case], bool]
    """Whether it is heard when nobody is asked for."""
    again: Again | None = None
    """A sharper look at chosen entries, before they are called wrong or unresolved."""


def has_kinks(case: Case) -> bool:
    """Whether a function has a kink, or none but a real argument (erf)."""
    rows = {n.row for e in case.system.equations for n in e.rhs.atoms(Elementwise)}
    return any(r.kinks or r is ERF or _uses_erf(r.value) for r in rows)


def _uses_erf(value: Expr | None) -> bool:
    return value is not None and any(n.row is ERF for n in value.atoms(Elementwise))


def exact_slopes(blocks: Mapping[str, Blocks]) -> Found:
    """Slopes without an error of their own, from somebody's gradient."""
    return {
        name: {
            key: Slopes(
                np.asarray(b, np.float64), np.zeros(np.shape(b)), np.zeros(np.shape(b), bool)
            )
            for key, b in by_key.items()
        }
        for name, by_key in blocks.items()
    }


# -- complex step and central -------------------------------------------------------------------


def by_complex_step(case: Case) -> Found:
    """Complex step; an entry whose own line starts on a kink has one-sided slopes instead."""
    found = complex_steps(case.system, case.values, case.names)
    kinked = _where(found, lambda s: s.kink)
    if not kinked:
        return found
    sides = central_steps(case.system, case.values, kinked, kinked)
    for name, masks in kinked.items():
        for key, mask in masks.items():
            found[name][key] = merged(found[name][key], sides[name][key], mask)
    return found


def by_central_steps(case: Case) -> Found:
    """Central differences in floats."""
    return central_steps(case.system, case.values, case.names)


def by_precise_steps(case: Case, chosen: Chosen) -> Found:
    """Central differences in 60 digits, for chosen entries."""
    return precise_steps(case.system, case.values, chosen, chosen)


def _where(found: Found, condition: Callable[[Slopes], Any]) -> Chosen:
    """The entries for which a condition holds, without families that have none."""
    masks = {n: {k: condition(s) for k, s in by_key.items()} for n, by_key in found.items()}
    return {n: m for n, m in masks.items() if any(mask.any() for mask in m.values())}


# -- gradients from elsewhere ---------------------------------------------------------------------


def by_rule(case: Case) -> Found:
    """The rule's gradient in floats."""
    return exact_slopes(gradient_blocks(case.in_numbers(case.rule), case.values, case.names))


def by_torch(case: Case) -> Found:
    """PyTorch's autograd in float64."""
    return exact_slopes(torch_gradient(case.system, case.values, case.names))


def _torch_fits(case: Case) -> str:
    try:
        import torch  # noqa: F401
    except (ImportError, OSError) as error:
        return f"torch: {error}; pip install 'symbp[torch]'"
    return ""


# -- the reference ------------------------------------------------------------------------------


def by_reference(case: Case) -> Found:
    """`reference_gradient` with the settings of the network."""
    settings = case.settings
    if settings is None:
        raise SymbpError(_reference_fits(case))
    system, values = case.system, case.values
    depth = max(k for (k,) in blocks_of(system, "w", values["w"]))
    biases = blocks_of(system, "b", values["b"]) if "b" in system.by_name else {}
    given = {v.name: float(values[v.name]) for v in system.with_role(Role.HYPERPARAMETER)}
    constants = system.size_values() | {system[n].atom: v for n, v in given.items()}
    result = reference.reference_gradient(
        [blocks_of(system, "w", values["w"])[l,] for l in range(1, depth + 1)],
        [biases.get((l,)) for l in range(1, depth + 1)],
        values["x"],
        values["y"],
        activations=settings.by_layer(settings.activations, depth),
        loss=_reference_loss(settings.loss),
        mean=settings.mean,
        l1=float(settings.l1.xreplace(constants)),
        l2=float(settings.l2.xreplace(constants)),
        parameters={n: v for n, v in given.items() if n in ("alpha", "delta")},
    )
    shape = np.shape(values["x"])
    found: dict[str, Blocks] = {
        "w": {(l,): w for l, w in enumerate(result.weights, 1)},
        "b": {(l,): b for l, b in enumerate(result.biases, 1) if b is not None},
        "x": {(): result.inputs.reshape(shape)},
    }
    return exact_slopes({name: found[name] for name in case.names if name in found})


def _reference_loss(name: str) -> str:
    return name.replace("-logits", "-with-logits")


def _reference_fits(case: Case) -> str:
    settings = case.settings
    if settings is None:
        return "reference: only for networks that mlp() made"
    known = {*reference.ACTIVATIONS, "softmax"}
    names = [str(name) for _, _, name in settings.activations]
    odd = [n for n in names if n not in known]
    if odd or _reference_loss(settings.loss) not in reference.LOSSES:
        return f"reference: it has no {', '.join([*odd, settings.loss])}"
    return ""


def _always(_: Case) -> str:
    return ""


WITNESSES = {
    w.name: w
    for w in (
        Witness("complex step", by_complex_step, _always, lambda case: True),
        Witness("central", by_central_steps, _always, has_kinks, by_precise_steps),
        Witness("reference", by_reference, _reference_fits, lambda case: True),
        Witness("torch", by_torch, _torch_fits, lambda case: True),
        Witness("rule", by_rule, _always, lambda case: False),
    )
}
