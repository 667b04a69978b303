"""NumPy code of a System: source that a person would have written, to be pasted or compiled.

    numpy_source(system)                 one line for each equation, new arrays
    numpy_source(system, inplace=True)   buffers that are made once, gradients written to `out`
    compile_numpy(system)                the latter as a function
    lambdify(system, formula, domain)    any formula of the system as a function of its families

The gradient is that of the adjoint rule. It is made shorter by laws that hold for all values
(`simplify.py`) and is stable for large logits (`stable.py`). Layers of a known number are
written out, recurrences in time are loops, contractions are matrix products where they can be
and einsum where not; an index that is an expression becomes a slice or a gather.

Guarantees. Source is text that was tested against the evaluator; it is not proved. A value
that overflows to infinity on the way (e^{−z} in σ) ends as the right limit.
"""

from __future__ import annotations

import linecache
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sympy as sp
from sympy import Expr

from symbp.adjoint import adjoint_name, gradient
from symbp.errors import unknown
from symbp.forms.layout import Layout
from symbp.numbers.codegen.given import Given
from symbp.numbers.codegen.hoist import hoisted
from symbp.numbers.codegen.inplace import inplace_source
from symbp.numbers.codegen.parts import with_parts
from symbp.numbers.codegen.plain import plain_source
from symbp.numbers.codegen.program import Program
from symbp.numbers.codegen.schedule import depth_known, depths
from symbp.numbers.codegen.simplify import simplified
from symbp.numbers.codegen.stack import stacked
from symbp.numbers.gathers import index_ranges
from symbp.system import Equation, Kind, Range, Role, Slot, System, Variable
from symbp.system.equation import family_of, index_of, walk
from symbp.system.indices import substitute

__all__ = ["NumpyCode", "compile_numpy", "lambdify", "numpy_source"]

FUNCTIONS = ("gradient", "cost")


@dataclass(frozen=True)
class NumpyCode:
    """Compiled source: `code(x, y, w, b)` returns what the source's function returns."""

    source: str
    families: tuple[str, ...]
    """What the parameters stand for, in their order; hyperparameters with a default follow."""
    function: Callable[..., Any]
    workspace: Callable[..., list[Any]] | None = None
    """Makes the buffers for `work`, where the function has that parameter."""
    given: Given | None = None
    """What the arrays must be; None where their axes are in an order of their own."""

    def __call__(self, *values: Any, **options: Any) -> Any:
        """The function at some arrays. Raises `SizeError` for arrays that do not fit together."""
        if self.given is not None:
            self.given(values, self._named(options) if options else {})
        return self.function(*values, **options)

    def _named(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Those of the options that are families, which the function may call otherwise."""
        names = zip(self.families, self.parameters, strict=False)
        return {family: options[name] for family, name in names if name in options}

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of the function's parameters."""
        return self.function.__code__.co_varnames


def numpy_source(
    system: System,
    wrt: Sequence[str] | None = None,
    function: str = "gradient",
    *,
    layout: Layout | None = None,
    inplace: bool = False,
) -> str:
    """A module with the function gradient(x, y, w, b) → C, dw, db, or cost(x, y, w, b) → C.

    The parameters are the given families in order of declaration, hyperparameters by keyword.
    A family with layers is a list of arrays. Dimensions are the family's slots in their order,
    or as `layout` says. `wrt` are the families of the gradient (default: the parameters).

    With `inplace` the function also takes `out` (where to write the gradients) and `work` (its
    buffers, made once by workspace()); all arrays must then be float64 and in C order.

    Raises `UnknownNameError` for an unspecified function, `SizeError` for a size that neither
    has a number nor can be read from an array.
    """
    write = inplace_source if inplace else plain_source
    return write(_program(system, wrt, function, layout), function)


def _program(
    system: System, wrt: Sequence[str] | None, function: str, layout: Layout | None
) -> Program:
    """The lines of the gradient or of the cost."""
    if function not in FUNCTIONS:
        raise unknown("function", function, list(FUNCTIONS))
    outputs: list[str] = [system.loss]
    parts: tuple[str, ...] = ()
    if function == "gradient":
        names = wrt if wrt is not None else [v.name for v in system.with_role(Role.PARAMETER)]
        loss, (named, parts) = system.loss, with_parts(system)
        system = gradient(named, names)
        outputs += [a for n in names if (a := adjoint_name(loss, n)) in system.by_name]
    system = stacked(hoisted(simplified(system, outputs)), outputs)
    return Program(system, outputs, layout, parts)


def compile_numpy(
    system: System,
    wrt: Sequence[str] | None = None,
    function: str = "gradient",
    *,
    layout: Layout | None = None,
    inplace: bool | None = None,
) -> NumpyCode:
    """The source of `numpy_source` as a function; in place where no length changes on the way.

    >>> from symbp.networks import mlp
    >>> code = compile_numpy(mlp((2, 1), "identity"))
    >>> import numpy as np
    >>> x, y, w, b = np.array([1.0, 2.0]), np.array([3.0]), [np.ones((1, 2))], [np.ones(1)]
    >>> cost, (dw,), (db,) = code(x, y, w, b)
    >>> print(cost, dw, db)
    0.5 [[1. 2.]] [1.]
    """
    program = _program(system, wrt, function, layout)
    if inplace is None:
        inplace = program.storage.is_fixed()
    write = inplace_source if inplace else plain_source
    code = _compiled(program, write(program, function), function)
    return code if layout else replace(code, given=Given(system, code.families))


def lambdify(
    system: System, formula: Expr, domain: Sequence[Range] = (), *, layout: Layout | None = None
) -> NumpyCode:
    """An index formula of a system as a function of the arrays of the families in it.

    Data that are used as an index count from 0 here as well.

    >>> from symbp.networks import mlp
    >>> network = mlp((2, 1), "tanh")
    >>> j = sp.Symbol("j", integer=True)
    >>> code = lambdify(network, network["y"][j] ** 2, [Range(j, sp.S(1), network["n"][1])])
    >>> import numpy as np
    >>> print(code(y=np.array([3.0])))
    [9.]
    """
    known = depths(system)
    formula = substitute(formula, known)
    domain = [r.substitute(known) for r in domain]
    system = depth_known(system)
    used = {family_of(node) for node, _ in walk(formula)}
    sizes = system.with_role(Role.SIZE)
    given = [
        replace(v, role=Role.INPUT, adjoint_of=None)
        for v in system.variables
        if v.name in used and v.role not in (Role.SIZE, Role.HYPERPARAMETER)
    ]
    hyper = [v for v in system.with_role(Role.HYPERPARAMETER) if v.name in used]
    slots = tuple(Slot(r, _kind(system, formula, r)) for r in domain)
    value, loss = "value" + "_" * ("value" in used), "loss" + "_" * ("loss" in used)
    index = tuple(r.symbol for r in domain)
    alone = System(
        (*sizes, *given, *hyper, Variable(value, slots), Variable(loss, role=Role.LOSS)),
        (Equation(value, index, formula, tuple(domain)), Equation(loss, (), sp.S.Zero)),
        loss,
        system.sizes,
    )
    program = Program(alone, [value], layout, looked_up=index_ranges(system))
    return _compiled(program, plain_source(program, "formula"), "formula")


def _kind(system: System, formula: Expr, r: Range) -> Kind:
    """What an index of the domain counts: as the first slot that it stands in."""
    for node, _ in walk(formula):
        variable = system.by_name.get(str(family_of(node)))
        if variable is not None:
            for slot, i in zip(variable.slots, index_of(node), strict=True):
                if r.symbol in i.free_symbols:
                    return slot.kind
    return Kind.UNIT


def _compiled(program: Program, source: str, name: str) -> NumpyCode:
    """The source run; tracebacks show its lines."""
    file = f"<numpy code {abs(hash(source)):x}>"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    namespace: dict[str, Any] = {}
    exec(compile(source, file, "exec"), namespace)
    hyper = (v.name for v in program.system.with_role(Role.HYPERPARAMETER) if v.value is None)
    families = (*program.given, *hyper)
    return NumpyCode(source, families, namespace[name], namespace.get("workspace"))
