"""NumPy code of a System: source that a person would have written, compiled or to be pasted."""

from __future__ import annotations

from collections.abc import Sequence

from symbp.adjoint import adjoint_name, gradient
from symbp.forms.layout import Layout
from symbp.numbers.codegen.plain import plain_source
from symbp.numbers.codegen.program import Program
from symbp.numbers.codegen.simplify import simplified
from symbp.system import Role, System


def numpy_source(
    system: System, wrt: Sequence[str] | None = None, function: str = "gradient", layout: Layout | None = None
) -> str:
    """The source."""
    names = list(wrt) if wrt is not None else [v.name for v in system.with_role(Role.PARAMETER)]
    full = gradient(system, names)
    outputs = [system.loss, *(adjoint_name(system.loss, n) for n in names if adjoint_name(system.loss, n) in full.by_name)]
    return plain_source(Program(simplified(full, outputs), outputs, layout), function)


def compile_numpy(system: System, wrt: Sequence[str] | None = None) -> object:
    """The compiled source."""
    namespace: dict[str, object] = {}
    exec(numpy_source(system, wrt), namespace)
    return namespace["gradient"]


def numpy_source2(
    system: System, wrt: Sequence[str] | None = None, function: str = "gradient", layout: Layout | None = None
) -> str:
    """The source."""
    from symbp.numbers.codegen.inplace import inplace_source
    names = list(wrt) if wrt is not None else [v.name for v in system.with_role(Role.PARAMETER)]
    full = gradient(system, names)
    outputs = [system.loss, *(adjoint_name(system.loss, n) for n in names if adjoint_name(system.loss, n) in full.by_name)]
    return inplace_source(Program(simplified(full, outputs), outputs, layout), function)
