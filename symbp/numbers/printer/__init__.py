"""Any formula of a System as one NumPy expression: SymPy's printer that knows families and sums.

    numpy_function(system, formula, domain)   the formula as a function of arrays
    ArrayPrinter(system, domain)              the printer, for sympy.lambdify(..., printer=...)

Every open index is an axis: those of the domain in their order, then those of the sums around. All
arrays meet by broadcasting, so what SymPy prints entry by entry stays as it is.

    b[j] under the axes j, k      b[:, None]                        w[j, k]      w
    Σ_k w[j, k] x[k]              numpy.einsum('jk,k->j', w, x)     j itself     numpy.arange(1, 4)
    x[2*p + u]                    x[2*numpy.arange(...)[:, None] + numpy.arange(...)]
    Σ over s ≤ t, [i = j]         factors that are 1 or 0
    w[l, j, k], l a layer         w[l - 1], w a list of arrays; Σ over l is a loop

The text is right for every formula, and plain. Code to read, or for speed, is `codegen`'s work.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, TypeVar

import sympy as sp
from sympy import Basic, Expr, Indexed, Symbol
from sympy.printing.precedence import PRECEDENCE

from symbp.errors import DefinitionError, SizeError
from symbp.numbers.codegen import NumpyCode
from symbp.numbers.codegen.names import Names
from symbp.numbers.printer.functions import FunctionPrinter
from symbp.numbers.printer.maxima import chosen, maximum
from symbp.numbers.printer.scope import Axes, Operand, Scope, listed
from symbp.system import Range, Role, System, Variable
from symbp.system.equation import family_of, index_of
from symbp.system.indices import AtLeast, ranges_of, substitute
from symbp.system.maximum import Chosen, Maximum

__all__ = ["ArrayPrinter", "numpy_function"]

GUARDS = (sp.KroneckerDelta, AtLeast)


def numpy_function(system: System, formula: Expr, domain: Sequence[Range] = ()) -> NumpyCode:
    """A formula as a function of its families, sizes without a number, and other symbols.

    The indices of the domain become axes. Those that count the arrays of a list, or on which the
    length of another depends, come first: the value is then a list of arrays. Errors are those of
    `ArrayPrinter`; data that are used as an index are not checked.

    >>> from symbp.networks import mlp
    >>> network = mlp((2, 3, 1), "tanh")
    >>> (z,) = network.defining("z")
    >>> print(numpy_function(network, z.rhs, z.domain).source)
    def _lambdifygenerated(w, b, a):
        return [b[l - 1] + numpy.einsum('k,jk->j', a[l - 1], w[l - 1]) for l in range(1, 3)]
    """
    printer = ArrayPrinter(system, domain)
    arguments = printer.arguments(formula)
    text = printer.doprint(formula)  # given a formula, a family's name would hide that of a module
    function = sp.lambdify(list(arguments.values()), text, "numpy", printer=printer)
    return NumpyCode(inspect.getsource(function), tuple(arguments), function)


Binder = TypeVar("Binder", sp.Sum, Maximum)


class ArrayPrinter(FunctionPrinter):
    """Prints formulas of a system, or any other expression, over the indices of a domain.

    Raises `DefinitionError` for a node that has no NumPy text, `UnknownNameError` for an
    unspecified function, `SizeError` for an index that leaves its range.

    >>> x, y = sp.symbols("x y")
    >>> print(sp.lambdify([x, y], sp.cos(x) * y, "numpy", printer=ArrayPrinter())(0.0, 2.0))
    2.0
    """

    def __init__(self, system: System | None = None, domain: Sequence[Range] = ()) -> None:
        super().__init__()
        self._families = system.by_name if system else {}
        self._sizes = system.sizes if system else {}
        self._values = system.size_values() if system else {}
        self._domain = [self._sized(r) for r in domain]
        self._names = Names({"numpy", "reduce"})
        self._scope = Scope()
        self._used: dict[Any, str] = {}

    def arguments(self, formula: Expr) -> dict[str, Symbol]:
        """What the text of a formula needs, by name: the arguments for lambdify."""
        self.doprint(formula)
        families = [n for n in self._families if n in self._used]
        others = sorted((s for s in self._used if isinstance(s, Basic)), key=str)
        return {str(what): Symbol(self._used[what]) for what in (*families, *others)}

    def doprint(self, expr: Any, assign_to: Any = None) -> str:
        """The text of a formula over the domain."""
        self._used = {}
        e = sp.sympify(expr)
        if not isinstance(e, Basic):
            return str(super().doprint(expr, assign_to))
        text = self._over(self._with_sizes(e), self._domain)
        return ast.unparse(ast.parse(text, mode="eval"))  # without the parentheses of no use

    def _over(self, e: Expr, domain: Sequence[Range]) -> str:
        """Lists over the layers of the domain, then an array over its other indices."""
        walked = [self._walks(r.symbol, e, domain[i + 1 :]) for i, r in enumerate(domain)]
        if walked and walked[0]:
            with self._inside(loops=domain[:1]):
                return f"[{self._over(e, domain[1:])} {self._for(domain[0])}]"
        if any(walked):
            late = domain[walked.index(True)].symbol
            raise DefinitionError(f"{late} counts the arrays of a list: it must be the first index")
        with self._inside(axes=domain):
            text = self._print(e)
        whole = all(r.symbol in e.free_symbols for r in domain)
        return text if whole else f"{self._zeros(domain)} + ({text})"

    # -- what is open, and names ------------------------------------------------------------------

    @contextmanager
    def _inside(
        self, axes: Sequence[Range] = (), loops: Sequence[Range] = (), **marks: bool
    ) -> Iterator[None]:
        before = self._scope
        axes, loops = (*before.axes, *axes), (*before.loops, *loops)
        held = {name: True for name, mark in marks.items() if mark}
        self._scope = replace(before, axes=axes, loops=loops, **held)
        try:
            yield
        finally:
            self._scope = before

    def _walks(self, symbol: Symbol, e: Expr, others: Sequence[Range] = ()) -> bool:
        """Whether an index counts the arrays of a list, or other ranges depend on it."""
        if any(symbol in b.free_symbols for r in others for b in (r.lower, r.upper)):
            return True
        for node in sp.preorder_traversal(e):
            variable = self._variable(node)
            if variable is not None and variable.role is not Role.SIZE:
                index = index_of(node)
                if any(symbol in index[i].free_symbols for i in listed(variable)):
                    return True
        return False

    def _variable(self, node: Expr) -> Variable | None:
        found = self._families.get(str(family_of(node)))
        return found if found and (isinstance(node, Indexed) or node == found.atom) else None

    def _name(self, what: Any, wish: str) -> str:
        self._used[what] = self._names(what, wish)
        return self._used[what]

    def _print_Symbol(self, expr: Symbol) -> str:
        scope = self._scope
        if expr in scope.symbols:
            grid = "numpy.arange({}, {})".format(*self._ends(scope.axes[scope.symbols.index(expr)]))
            return scope.lifted(grid, (expr,))
        if any(r.symbol == expr for r in scope.loops):
            return self._names(expr, expr.name)
        variable = self._variable(expr)
        return self._name(variable.name if variable else expr, expr.name)

    def _print_Dummy(self, expr: Symbol) -> str:
        """An index, or what lambdify puts in place of a name that Python does not allow."""
        opened = any(r.symbol == expr for r in self._scope.opened)
        return self._print_Symbol(expr) if opened else f"_{expr.name}"

    def _print_MatrixSymbol(self, expr: sp.MatrixSymbol) -> str:
        return self._name(expr, expr.name)

    # -- ranges -----------------------------------------------------------------------------------

    def _with_sizes(self, e: Expr) -> Expr:
        """e with the sizes that have numbers: first L, then n[L]."""
        return substitute(substitute(e, self._values), self._values)

    def _sized(self, r: Range) -> Range:
        return Range(r.symbol, self._with_sizes(r.lower), self._with_sizes(r.upper))

    def _ends(self, r: Range) -> tuple[str, str]:
        """lower and upper + 1; where these are arrays, the least and the greatest."""
        lower, stop = self._print(r.lower), self._print(r.upper + 1)
        return (
            f"numpy.min({lower})" if self._scope.depends(r.lower) else lower,
            f"numpy.max({stop})" if self._scope.depends(r.upper) else stop,
        )

    def _for(self, r: Range) -> str:
        lower, stop = self._ends(r)
        return f"for {self._names(r.symbol, r.symbol.name)} in range({lower}, {stop})"

    def _count(self, r: Range) -> str:
        length = r.upper - r.lower + 1
        if length.is_Integer:
            return str(max(0, int(length)))
        return "len(range({}, {}))".format(*self._ends(r))

    def _zeros(self, axes: Sequence[Range]) -> str:
        return f"numpy.zeros(({', '.join(self._count(r) for r in axes)},))"

    def _zero(self, e: Expr) -> str:
        """0, as an array where e is one."""
        count = len(self._scope.trailing(e))
        return self._zeros(self._scope.axes[-count:]) if count else "0"

    # -- entries ----------------------------------------------------------------------------------

    def _print_Indexed(self, expr: Indexed) -> str:
        if self._is_size(expr):
            return self._size(expr)
        text, symbols = self._entry(expr)
        ordered = tuple(s for s in self._scope.symbols if s in symbols)
        if symbols != ordered:
            text = self._einsum([(text, symbols)], ordered)
        return self._scope.lifted(text, ordered)

    def _is_size(self, e: Expr) -> bool:
        variable = self._variable(e)
        return variable is not None and variable.role is Role.SIZE

    def _size(self, e: Indexed) -> str:
        """n[l], from a tuple of numbers or from an argument."""
        variable, (index,) = self._families[str(family_of(e))], index_of(e)
        known = self._sizes.get(variable.name)
        text = self._name(variable.name, variable.name) if known is None else str(known)
        if self._scope.depends(index):
            text = f"numpy.asarray({text})"
        return f"{text}[{self._print(index - variable.slots[0].range.lower)}]"

    def _entry(self, e: Indexed) -> Operand:
        """An entry without new axes."""
        variable = self._variable(e)
        if variable is None:
            known = ", ".join(self._families) or "none"
            raise DefinitionError(f"{e}: no family {family_of(e)!r} (there are: {known})")
        at = dict(zip(variable.own_index, index_of(e), strict=True))
        ranges = [self._sized(s.range.substitute(at)) for s in variable.slots]
        places = list(zip(index_of(e), ranges, strict=True))
        text, apart = self._name(variable.name, variable.name), listed(variable)
        for i in apart:
            text += f"[{self._position(e, *places[i])}]"
        return self._block(e, text, [p for i, p in enumerate(places) if i not in apart])

    def _block(self, e: Indexed, text: str, places: list[tuple[Expr, Range]]) -> Operand:
        """text[...] by slices and numbers where these do, else all by arrays of integers."""
        slices = [self._slice(*p) for p in places]
        pairs = list(zip(slices, places, strict=True))
        if any(s is None and self._scope.depends(g) for s, (g, _) in pairs):
            positions = ", ".join(self._position(e, *p) for p in places)
            return f"{text}[{positions}]", self._scope.trailing(sp.Tuple(*(g for g, _ in places)))
        symbols = tuple(a for s, (g, _) in pairs if s for a in self._scope.axes_in(g))
        parts = [s or self._position(e, *p) for s, p in pairs]
        while parts and parts[-1] == ":":
            parts.pop()
        return f"{text}[{', '.join(parts)}]" if parts else text, symbols

    def _slice(self, index: Expr, r: Range) -> str | None:
        """k + c for an axis k as a slice, or None where it is none that stays in the array."""
        axes = self._scope.axes_in(index)
        if len(axes) != 1 or not self._scope.stays(index, r):
            return None
        own = self._scope.axes[self._scope.symbols.index(axes[0])]
        shift = index - own.symbol - r.lower
        if self._scope.depends(shift):
            return None
        start, stop = own.lower + shift, own.upper + shift + 1
        if start == 0 and stop == r.upper - r.lower + 1:
            return ":"
        return f"{self._print(start)}:{self._print(stop)}"

    def _position(self, e: Indexed, index: Expr, r: Range) -> str:
        """index − lower, kept inside the array where a factor 0 excuses it."""
        text, stays = self._print(index - r.lower), self._scope.stays(index, r)
        if stays is not True and self._scope.guarded:
            return f"numpy.clip({text}, 0, {self._print(r.upper - r.lower)})"
        if stays is False and not self._scope.conditional:
            raise SizeError(f"{e}: the index {index} leaves its range {r.lower} to {r.upper}")
        return text

    # -- sums -------------------------------------------------------------------------------------

    def _print_Sum(self, expr: sp.Sum) -> str:
        expr = self._renamed(expr)
        ranges = list(ranges_of(expr))
        bound = {r.symbol for r in ranges}
        factors = sp.Mul.make_args(expr.function)
        single = [f for f in self._single_guards(factors) if f.free_symbols.isdisjoint(bound)]
        if single:
            rest = sp.Mul(*(f for f in factors if f not in single))
            return self._only_if(single, sp.Sum(rest, *expr.limits))
        if not any(self._walks(r.symbol, expr.function) for r in ranges):
            return self._contraction(ranges, expr.function)
        inner = sp.Sum(expr.function, *expr.limits[:-1]) if len(ranges) > 1 else expr.function
        if self._walks(ranges[0].symbol, expr.function):
            return self._loop(ranges[0], inner)
        return self._contraction(ranges[:1], inner)

    def _renamed(self, e: Binder) -> Binder:
        """The sum or maximum with other symbols for bound indices that are open outside."""
        opened = {r.symbol for r in self._scope.opened}
        new = {k: sp.Dummy(k.name, integer=True) for k, *_ in e.limits if k in opened}
        limits: list[tuple[Expr, ...]] = []
        outer: dict[Expr, Expr] = {}
        for k, *bounds in reversed(e.limits):
            limits.append((new.get(k, k), *(substitute(b, outer) for b in bounds)))
            outer |= {k: new[k]} if k in new else {}
        return e.func(substitute(e.function, new), *reversed(limits)) if new else e

    def _loop(self, r: Range, body: Expr) -> str:
        """Σ over the arrays of a list."""
        body, each = sp.Mul(*self._inside_range(r), body), self._for(r)
        with self._inside(loops=[r]):
            return f"builtins.sum(({self._print(body)} {each}), {self._zero(body)})"

    def _inside_range(self, r: Range) -> list[Expr]:
        """Factors that are 0 outside a range whose bounds are arrays."""
        below, above = AtLeast(r.symbol - r.lower), AtLeast(r.upper - r.symbol)
        depends = self._scope.depends
        return [below] * depends(r.lower) + [above] * depends(r.upper)

    def _contraction(self, ranges: Sequence[Range], body: Expr) -> str:
        """Σ over axes of a product; what does not depend on them stands in front."""
        with self._inside(axes=ranges):
            guards = [g for r in ranges for g in self._inside_range(r)]
        factors, bound = [*sp.Mul.make_args(body), *guards], {r.symbol for r in ranges}
        inside = [f for f in factors if not f.free_symbols.isdisjoint(bound)]
        front = sp.Mul(*(f for f in factors if f.free_symbols.isdisjoint(bound)))
        alone = [r for r in ranges if all(r.symbol not in f.free_symbols for f in inside)]
        with self._inside(guarded=any(isinstance(f, GUARDS) for f in factors)):
            texts = [] if front == 1 else [self.parenthesize(front, PRECEDENCE["Mul"])]
            texts += [self._count(r) for r in alone]
            if inside:
                texts.append(self._summed(ranges, inside))
        return f"({' * '.join(texts)})"

    def _summed(self, ranges: Sequence[Range], factors: Sequence[Expr]) -> str:
        """Σ over axes of factors that depend on them."""
        with self._inside(axes=ranges):
            operands = [self._operand(f) for f in factors]
            here = {s for _, symbols in operands for s in symbols}
            present = tuple(s for s in self._scope.symbols if s in here)
            left = tuple(s for s in present if s in self._scope.symbols[: -len(ranges)])
            (text, symbols), *more = operands
            if more or symbols != present:
                text = self._einsum(operands, left)
            else:
                last = tuple(range(len(left) - len(present), 0))
                axis = f", axis={last if len(last) > 1 else -1}" if left else ""
                text = f"numpy.sum({text}{axis})"
        return self._scope.lifted(text, left)

    def _operand(self, factor: Expr) -> Operand:
        """A factor under a sum: an entry as it is, anything else over the trailing axes."""
        if isinstance(factor, Indexed) and not self._is_size(factor):
            return self._entry(factor)
        return self._print(factor), self._scope.trailing(factor)

    def _einsum(self, operands: Sequence[Operand], out: Axes) -> str:
        letters = self._scope.letters()
        inputs = ",".join("".join(letters[s] for s in symbols) for _, symbols in operands)
        pattern = f"{inputs}->{''.join(letters[s] for s in out)}"
        return f"numpy.einsum({pattern!r}, {', '.join(text for text, _ in operands)})"

    def _print_Maximum(self, expr: Maximum) -> str:
        return maximum(self, expr)

    def _print_Chosen(self, expr: Chosen) -> str:
        return chosen(self, expr)

    # -- indicators -------------------------------------------------------------------------------

    def _print_Mul(self, expr: sp.Mul) -> str:
        guards = [a for a in expr.args if isinstance(a, GUARDS)]
        single = self._single_guards(guards)
        if single:
            return self._only_if(single, sp.Mul(*(a for a in expr.args if a not in single)))
        with self._inside(guarded=bool(guards)):
            return str(super()._print_Mul(expr))

    def _single_guards(self, factors: Sequence[Expr]) -> list[Expr]:
        """Indicators that are one number here: what they exclude is not even looked up."""
        return [f for f in factors if isinstance(f, GUARDS) and not self._scope.depends(f)]

    def _only_if(self, guards: Sequence[Expr], e: Expr) -> str:
        condition = " and ".join(self._condition(g) for g in guards)
        with self._inside(conditional=True):
            return f"({self._print(e)} if {condition} else {self._zero(e)})"

    def _condition(self, guard: Expr) -> str:
        first, *rest = (self._print(a) for a in guard.args[:2])
        return f"{first} == {rest[0]}" if rest else f"{first} >= 0"

    def _print_KroneckerDelta(self, expr: Expr) -> str:
        return f"(1 * ({self._condition(expr)}))"

    _print_AtLeast = _print_KroneckerDelta
