"""Number domains: what a System is evaluated in.

A domain keeps arrays in buffers of its own and knows how to add, multiply, invert, sum and
contract them and how to apply a row of the function table. The evaluator knows no number.

    Floats    float64 arrays; functions by the table's stable NumPy text
    Complex   complex128 arrays for the complex step; kinked functions branch on the real part
    Objects   object arrays of mpmath, SymPy or any other numbers, functions by elementary means
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import cache, reduce
from typing import Any, Protocol

import mpmath
import numpy as np
import sympy as sp
from sympy import Expr

from symbp.adjoint.partials import prime_formula
from symbp.errors import UnknownNameError
from symbp.forms.scalar_functions import stable_prime
from symbp.functions import TABLE, Elementwise, F, Row, X
from symbp.system.maximum import IsGreatest

Buffer = Any
WORTH_BLAS = 2**17  #: products; below, its threads cost more than they save
LARGE = 700.0  #: exp(700) is finite, and so are its usual multiples
Axes = tuple[Any, ...]


class Domain(Protocol):
    """The operations an evaluation needs. `arrange` makes buffers broadcast against each other."""

    def array(self, values: Any) -> Buffer:
        """A buffer of given numbers."""

    def number(self, value: Expr) -> Buffer:
        """A buffer without axes: a rational, √2, π."""

    def arrange(self, buffer: Buffer, axes: Axes, target: Axes) -> Buffer:
        """The buffer with its axes in the order of `target`, length 1 where it has none."""

    def take(self, buffer: Buffer, index: tuple[Any, ...]) -> Buffer:
        """buffer[index], NumPy's rules."""

    def stack(self, buffers: Sequence[Buffer]) -> Buffer:
        """Buffers of one shape along a new first axis."""

    def add(self, a: Buffer, b: Buffer) -> Buffer:
        """a + b of arranged buffers."""

    def multiply(self, a: Buffer, b: Buffer) -> Buffer:
        """a · b of arranged buffers."""

    def power(self, a: Buffer, exponent: Expr) -> Buffer:
        """a to a rational exponent."""

    def apply(self, row: Row, order: int, x: Buffer, parameters: Sequence[Buffer]) -> Buffer:
        """f⁽ᵒʳᵈᵉʳ⁾(x)."""

    def contract(self, factors: Sequence[tuple[Buffer, Axes]], out: Axes) -> Buffer:
        """Σ over the axes not in `out` of the product of the factors."""

    def where(self, mask: np.ndarray, a: Buffer) -> Buffer:
        """a where the mask holds, 0 elsewhere."""

    def greatest(self, x: Buffer, axes: int) -> Buffer:
        """1 at the first greatest number along the last axes, in reading order, 0 elsewhere."""


class Arrays:
    """NumPy arrays of one dtype: the ground of the domains here."""

    dtype: Any = np.float64

    def array(self, values: Any) -> Buffer:
        """The numbers as an array of this domain."""
        return np.asarray(values, dtype=self.dtype)

    def number(self, value: Expr) -> Buffer:
        """A constant as a float."""
        return np.asarray(float(value), dtype=self.dtype)

    def arrange(self, buffer: Buffer, axes: Axes, target: Axes) -> Buffer:
        """Transposed and with new axes of length 1."""
        if axes == target:
            return buffer
        moved = buffer.transpose([axes.index(a) for a in target if a in axes])
        shape = iter(moved.shape)
        return moved.reshape([next(shape) if a in axes else 1 for a in target])

    def take(self, buffer: Buffer, index: tuple[Any, ...]) -> Buffer:
        """Fancy indexing."""
        return buffer[index]

    def stack(self, buffers: Sequence[Buffer]) -> Buffer:
        """np.stack."""
        return np.stack(buffers)

    def add(self, a: Buffer, b: Buffer) -> Buffer:
        """a + b."""
        return a + b

    def multiply(self, a: Buffer, b: Buffer) -> Buffer:
        """a · b."""
        return a * b

    def power(self, a: Buffer, exponent: Expr) -> Buffer:
        """a**exponent; the usual exponents exactly."""
        if exponent == -1:
            return 1 / a
        if exponent.is_Integer:
            return a ** int(exponent)
        if exponent == sp.Rational(1, 2):
            return np.sqrt(a)
        return a ** float(exponent)

    def where(self, mask: np.ndarray, a: Buffer) -> Buffer:
        """Zero where the mask fails, even where `a` is not finite there."""
        return np.where(mask, a, self.array(0))

    def contract(self, factors: Sequence[tuple[Buffer, Axes]], out: Axes) -> Buffer:
        """np.einsum; large ones pairwise, by BLAS where the pair allows it."""
        lengths = {a: n for b, ax in factors for a, n in zip(ax, b.shape, strict=True)}
        large = len(factors) > 1 and math.prod(lengths.values()) > WORTH_BLAS
        numbered = {a: i for i, a in enumerate(dict.fromkeys(a for _, ax in factors for a in ax))}
        operands: list[Any] = []
        for buffer, axes in factors:
            operands += [buffer, [numbered[a] for a in axes]]
        return np.einsum(*operands, [numbered[a] for a in out], optimize=large)

    def greatest(self, x: Buffer, axes: int) -> Buffer:
        """By the real parts."""
        return self.array(one_hot(x, axes, lambda row: int(np.argmax(np.real(row)))))

    def elementary(self, name: str, x: Buffer) -> Buffer:
        """exp, log, step, sign or erf of an array."""
        raise NotImplementedError

    def apply(self, row: Row, order: int, x: Buffer, parameters: Sequence[Buffer]) -> Buffer:
        """f by its `value`, f' and on by the table's formula for the derivative."""
        if not row.specified:
            raise UnknownNameError(
                f"{row.name} is unspecified: choose a function for it to get numbers"
            )
        if order > 0:
            return self.formula(prime_formula(row.name, order), row, x, parameters)
        if row.value is None:
            return self.elementary(row.name, x)
        return self.formula(row.value, row, x, parameters)

    def formula(self, e: Expr, row: Row, x: Buffer, parameters: Sequence[Buffer]) -> Buffer:
        """An expression in X, in F = f(x) and in the parameters of a row."""
        given = dict(zip((p for p, _ in row.parameters), parameters, strict=True))
        at: dict[Expr, Buffer] = {X: x, **given}
        if e.has(F):
            at[F] = self.apply(row, 0, x, parameters)
        return self._formula(e, at)

    def _formula(self, e: Expr, at: dict[Expr, Buffer]) -> Buffer:
        if e in at:
            return at[e]
        if not e.free_symbols:
            return self.number(e)
        if isinstance(e, sp.Pow):
            return self.power(self._formula(e.base, at), e.exp)
        args = [self._formula(a, at) for a in e.args]
        if isinstance(e, (sp.Add, sp.Mul)):
            return reduce(self.add if isinstance(e, sp.Add) else self.multiply, args)
        name = e.row.name if isinstance(e, Elementwise) else type(e).__name__
        return self.elementary(name, args[0])


class Floats(Arrays):
    """float64, with the functions' stable NumPy texts."""

    def elementary(self, name: str, x: Buffer) -> Buffer:
        """By NumPy; an exponential in a formula is bounded, so that 0 times it stays 0."""
        given = np.minimum(x, LARGE) if name == "exp" else x
        return self.array(numpy_function(TABLE[name].numpy)(given, ()))

    def apply(self, row: Row, order: int, x: Buffer, parameters: Sequence[Buffer]) -> Buffer:
        """By the table's NumPy texts where it has them."""
        names = tuple(p.name for p, _ in row.parameters)
        with np.errstate(over="ignore"):
            if order == 0 and row.numpy:
                return self.array(numpy_function(row.numpy, names)(x, parameters))
            if order == 1 and row.numpy_derivative:
                f = self.apply(row, 0, x, parameters) if "{f}" in row.numpy_derivative else x
                return self.array(numpy_function(row.numpy_derivative, names)(x, parameters, f))
            return super().apply(row, order, x, parameters)


class Complex(Arrays):
    """complex128 for the complex step: analytic functions, kinks decided on the real part.

    erf is continued to first order in the imaginary part, which is exact for a step of 1e-20.
    """

    dtype = np.complex128

    def elementary(self, name: str, x: Buffer) -> Buffer:
        """By NumPy; step and sign of the real part."""
        if name == "step":
            return np.where(x.real > 0, 1.0, 0.0)
        if name == "sign":
            return np.sign(x.real)
        if name == "erf":
            return erf(x.real) + 2j / math.sqrt(math.pi) * np.exp(-(x.real**2)) * x.imag
        if name == "exp":
            return np.exp(np.minimum(x.real, LARGE) + 1j * x.imag)
        if name in COMPLEX:
            return COMPLEX[name](x)
        with np.errstate(over="ignore", invalid="ignore"):
            return getattr(np, name)(x)

    def apply(self, row: Row, order: int, x: Buffer, parameters: Sequence[Buffer]) -> Buffer:
        """By the row's value, written so that nothing overflows or cancels for large |x|."""
        with np.errstate(over="ignore"):
            if order == 0 and row.name in COMPLEX:
                return COMPLEX[row.name](x, *parameters)
            if order > 1:
                return self.formula(stable_prime(row.name, order), row, x, parameters)
            return super().apply(row, order, x, parameters)


def _positive(x: Any, above: Any, below: Any) -> Any:
    return np.where(x.real > 0, above, below)


def _logistic(x: Any) -> Any:
    e = np.exp(_positive(x, -x, x))
    return _positive(x, 1, e) / (1 + e)


#: Values of functions whose definitions overflow or cancel for large |x|.
COMPLEX: dict[str, Callable[..., Any]] = {
    "exp": np.exp,
    "sigmoid": _logistic,
    "tanh": np.tanh,
    "softplus": lambda x: _positive(x, x, 0) + np.log1p(np.exp(_positive(x, -x, x))),
    "silu": lambda x: x * _logistic(x),
    "elu": lambda x, alpha: _positive(x, x, alpha * np.expm1(_positive(x, 0, x))),
    "gelu_tanh": lambda x: x * _logistic(math.sqrt(8 / math.pi) * (x + 0.044715 * x**3)),
}


class Objects(Arrays):
    """Object arrays: any numbers that know + × and powers, with elementary functions given.

    `lift` makes a number of the domain from a SymPy constant or from a Python number.
    """

    dtype = object

    def __init__(
        self, lift: Callable[[Any], Any], functions: Mapping[str, Callable[[Any], Any]]
    ) -> None:
        self._lift = np.frompyfunc(lift, 1, 1)
        self._functions = {name: np.frompyfunc(f, 1, 1) for name, f in functions.items()}

    def array(self, values: Any) -> Buffer:
        """Every entry lifted."""
        return np.asarray(self._lift(np.asarray(values, dtype=object)), dtype=object)

    def number(self, value: Expr) -> Buffer:
        """A constant lifted."""
        return self.array(value)

    def take(self, buffer: Buffer, index: tuple[Any, ...]) -> Buffer:
        """Fancy indexing; a single number stays an array."""
        return np.asarray(buffer[index], dtype=object)

    def add(self, a: Buffer, b: Buffer) -> Buffer:
        """a + b."""
        return np.asarray(a + b, dtype=object)

    def multiply(self, a: Buffer, b: Buffer) -> Buffer:
        """a · b."""
        return np.asarray(a * b, dtype=object)

    def power(self, a: Buffer, exponent: Expr) -> Buffer:
        """Entry by entry."""
        lifted = int(exponent) if exponent.is_Integer else self.array(exponent)[()]
        return np.asarray(np.frompyfunc(lambda x: x**lifted, 1, 1)(a), dtype=object)

    def contract(self, factors: Sequence[tuple[Buffer, Axes]], out: Axes) -> Buffer:
        """Products, then sums: object arrays have no BLAS."""
        axes = tuple(dict.fromkeys((*out, *(a for _, ax in factors for a in ax))))
        product = reduce(np.multiply, (self.arrange(b, a, axes) for b, a in factors))
        return np.asarray(product.sum(axis=tuple(range(len(out), len(axes)))), dtype=object)

    def greatest(self, x: Buffer, axes: int) -> Buffer:
        """Of SymPy expressions as such."""
        if not any(isinstance(entry, Expr) and entry.free_symbols for entry in x.flat):
            return super().greatest(x, axes)
        rows = x.reshape(math.prod(x.shape[: x.ndim - axes]), -1)
        found = [[IsGreatest(n + 1, *row) for n in range(len(row))] for row in rows]
        return np.array(found, dtype=object).reshape(x.shape)

    def elementary(self, name: str, x: Buffer) -> Buffer:
        """The function given for the name."""
        return np.asarray(self._functions[name](x), dtype=object)


def multiprecision(digits: int) -> Objects:
    """The domain of mpmath numbers with some decimal digits."""
    context = mpmath.MPContext()
    context.dps = digits

    def lift(value: Any) -> Any:
        if isinstance(value, Expr):
            value = value.evalf(digits + 5)._to_mpmath(context.prec + 10)
        return context.mpf(value)

    names = {"exp": context.exp, "log": context.log, "erf": context.erf, "sign": context.sign}
    return Objects(lift, {**names, "step": lambda x: context.mpf(1 if x > 0 else 0)})


def one_hot(x: Any, axes: int, choose: Callable[[Any], int]) -> np.ndarray:
    """1 at the place that `choose` takes in each row of the last axes, 0 elsewhere.

    >>> one_hot(np.array([[3, 5, 5], [2, 1, 0]]), 1, np.argmax)
    array([[0, 1, 0],
           [1, 0, 0]])
    """
    rows = x.reshape(math.prod(x.shape[: x.ndim - axes]), -1)
    result = np.zeros(rows.shape, int)
    for place, row in enumerate(rows):
        result[place, choose(row)] = 1
    return result.reshape(x.shape)


def erf(x: Any) -> Any:
    """erf of an array of floats, by the C library."""
    return np.vectorize(math.erf, otypes=[np.float64])(x)


@cache
def numpy_function(text: str, parameters: tuple[str, ...] = ()) -> Callable[..., Any]:
    """A table row's NumPy text as a function of x, the parameters and f(x)."""
    names = {p: f"p[{i}]" for i, p in enumerate(parameters)}
    source = text.format(x="x", f="f", **names)
    function: Callable[..., Any] = eval(f"lambda x, p, f=None: {source}", {"np": np, "erf": erf})
    return function
