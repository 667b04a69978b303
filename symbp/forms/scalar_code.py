"""All gradient components as one Python function on plain floats.

Every entry that the result needs is computed once and has its own name in the code (z_2_1,
dC_dz_2_1): the common subexpressions are those that the equations already name.
"""

from __future__ import annotations

import inspect
import keyword
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import sympy as sp
from sympy import Expr, Symbol
from sympy.printing.pycode import PythonCodePrinter

from symbp.errors import UnknownNameError
from symbp.forms.component import Components, Key
from symbp.forms.scalar_functions import scalar_code
from symbp.functions import Elementwise, F, X
from symbp.system import System
from symbp.system.functional import Functional


@dataclass(frozen=True)
class ScalarCode:
    """A function of floats: `function(*arguments)` is the tuple of `results`."""

    arguments: tuple[Key, ...]
    """The given entries it reads, in order of declaration."""
    results: tuple[Key, ...]
    function: Callable[..., tuple[float, ...]]
    source: str

    def __call__(self, *values: float) -> tuple[float, ...]:
        """The results at the values of the arguments."""
        return self.function(*values)


def lambdify_components(system: System, families: Iterable[str] | None = None) -> ScalarCode:
    """Every entry of some families (default: ∂C/∂ of every parameter) as scalar code.

    Raises `SizeError` where a size has no number, `UnknownNameError` for an unspecified
    function.
    """
    names = _Names(system)
    entries = Components(system, "none", names.symbol)
    wanted = list(entries.all_of(families))
    writer = _Writer(names, _definitions(entries, names, wanted))
    results = [writer.values[key] for key in wanted]
    arguments = names.given()
    function = sp.lambdify(
        [names.symbol(*key) for key in arguments],
        tuple(results),
        modules="math",
        printer=_Printer({"fully_qualified_modules": False, "inline": True}),
        cse=lambda expressions: (writer.steps, expressions),
    )
    return ScalarCode(arguments, tuple(wanted), function, inspect.getsource(function))


class _Names:
    """The name of every entry in the code: z_2_1 for z[2, 1]."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.symbols: dict[Key, Symbol] = {}
        self.keys: dict[Symbol, Key] = {}

    def symbol(self, family: str, index: tuple[int, ...]) -> Symbol:
        """The name of one entry."""
        key = (family, index)
        if key not in self.symbols:
            plain = re.sub(r"\W", "_", family.replace("∂", "d"))
            name = "_".join([plain, *(str(i).replace("-", "m") for i in index)])
            symbol = self.symbols[key] = self.fresh(name)
            self.keys[symbol] = key
        return self.symbols[key]

    def fresh(self, name: str) -> Symbol:
        """A symbol called `name`, or nearly so where that is taken."""
        symbol = Symbol(name + "_" * keyword.iskeyword(name), real=True)
        while symbol in self.keys:
            symbol = Symbol(symbol.name + "_", real=True)
        return symbol

    def given(self) -> tuple[Key, ...]:
        """The entries that have no equation, in order of declaration and index."""
        order = {v.name: place for place, v in enumerate(self.system.variables)}
        found = [k for k in self.symbols if self.system[k[0]].role.given]
        return tuple(sorted(found, key=lambda key: (order[key[0]], key[1])))


def _definitions(entries: Components, names: _Names, wanted: Iterable[Key]) -> dict[Key, Expr]:
    """What the wanted entries need, and they themselves, each after what it needs."""
    done: dict[Key, Expr] = {}
    stack = list(reversed(list(wanted)))
    while stack:
        key = stack[-1]
        if key in done:
            stack.pop()
            continue
        e = entries[key]
        used = (names.keys[s] for s in _symbols(e) if s in names.keys)
        missing = [k for k in used if not entries.system[k[0]].role.given and k not in done]
        if missing:
            stack.extend(reversed(missing))
        else:
            done[stack.pop()] = e
    return done


def _symbols(e: Expr) -> list[Symbol]:
    """The symbols of e in the order in which they stand."""
    return list(dict.fromkeys(node for node in sp.preorder_traversal(e) if node.is_Symbol))


class _Writer:
    """The steps of the code, (name, expression), and what each entry is in it."""

    def __init__(self, names: _Names, definitions: Mapping[Key, Expr]) -> None:
        self._names = names
        self.steps: list[tuple[Symbol, Expr]] = []
        self.values: dict[Key, Expr] = {}
        self._at: dict[Symbol, Expr] = {}  # the name of an entry that only repeats another one
        self._known: dict[Expr, Expr] = {}  # the name of what has been computed
        self._count = Counter(n for e in definitions.values() for n in sp.preorder_traversal(e))
        for key, e in definitions.items():
            self.values[key] = self._define(names.symbols.get(key), e)

    def _define(self, name: Symbol | None, e: Expr) -> Expr:
        if name is None or not self._count[name]:
            return self._code(e)
        value = self._known[e] if e in self._known else self._computed(e)
        if value.is_Symbol or value.is_Number:
            self._at[name] = value
            return value
        self.steps.append((name, value))
        self._known[e] = name
        return name

    def _code(self, e: Expr) -> Expr:
        """e in names; what stands at several places becomes a step of its own."""
        if e.is_Symbol:
            return self._at.get(e, e)
        if e in self._known:
            return self._known[e]
        value = self._computed(e)
        if self._count[e] > 1 and (e.is_Add or e.is_Pow or e.is_Function):
            value = self._known[e] = self._step(value)
        return value

    def _computed(self, e: Expr) -> Expr:
        if isinstance(e, Functional):
            raise UnknownNameError(f"the loss {e.name} is unspecified: choose one to get numbers")
        if isinstance(e, Elementwise):
            return self._applied(e)
        return e.func(*map(self._code, e.args)) if e.args else self._at.get(e, e)

    def _applied(self, e: Elementwise) -> Expr:
        """f(x) or f'(x) by its scalar code."""
        x, *parameters = map(self._code, e.args)
        shared, code = scalar_code(e.row.name, e.order)
        at = {X: x if x.is_Symbol or x.is_Number else self._step(x)}
        at |= zip((p for p, _ in e.row.parameters), parameters, strict=True)
        if any(part.has(F) for part in (code, *(value for _, value in shared))):
            f = e.row(*e.args)
            if f not in self._known:
                self._known[f] = self._step(self._computed(f))
            at[F] = self._known[f]
        for name, value in shared:
            at[name] = self._step(value.xreplace(at))
        return code.xreplace(at)

    def _step(self, value: Expr) -> Symbol:
        name = self._names.fresh(f"t{len(self.steps)}")
        self.steps.append((name, value))
        return name


class _Printer(PythonCodePrinter):
    """Floats for integers and products for squares: Python does not have to convert."""

    def _print_Integer(self, expr: Expr) -> str:
        return f"{int(expr)}.0"

    _print_Zero = _print_One = _print_NegativeOne = _print_Integer

    def _print_Rational(self, expr: Expr) -> str:
        return f"({expr.p}/{expr.q})"

    _print_Half = _print_Rational

    def _print_Pow(self, expr: Expr, rational: bool = False) -> str:
        base = self._print(expr.base)
        if expr.exp == 2 and expr.base.is_Symbol:
            return f"({base}*{base})"
        if expr.exp == -2 and expr.base.is_Symbol:
            return f"(1.0/({base}*{base}))"
        if expr.exp == -1:
            return f"(1.0/({base}))"
        return str(super()._print_Pow(expr, rational=rational))
