"""A chain of fields in which every number has a root: GF(p_i^(2^levels)) in place of GF(p_i).

Every element of GF(q) is a square in GF(q²), so roots of roots of ... of numbers exist as far as
there are `levels`: √(v + ε) of every unit and layer at once, where in a prime field half of them
do not. Which of the two roots is taken is random, and the same wherever the same number is met.

exp(x) = g^(x_0 + c_1 x_1 + c_2 x_2 + ...) with x_j the coordinates of x over GF(p_i) and c_j
random: a homomorphism, and the one of `Field` for the numbers of GF(p_i).

Guarantees. Expressions that are equal by the laws of fields, of exp and of r² = u for either r
always get equal elements. Those that differ for the roots taken get equal ones with a probability
below (degree)/p_K, the degree that of the product over all choices of roots.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import Any

import numpy as np
from flint import fq_default_ctx
from flint.utils.flint_exceptions import DomainError

from symbp.numbers.field import ChainTooShortError, Field, Residues, square_root

Element = Any  #: of a finite field: flint.fq_default
WIDTH = 1024  #: bits, more than the longest prime has


class TowerTooLowError(Exception):
    """Roots are nested more deeply than the field has levels: evaluate again with more of them."""


@cache
def _context(prime: int, levels: int) -> Any:
    """GF(p^(2^levels))."""
    return fq_default_ctx(prime, 2**levels)


class Extension(Field):
    """The field with true signs and steps, and roots r with r² = u of every number u.

    >>> import sympy as sp
    >>> field = Extension(1)
    >>> u = field.random((8,), "u")
    >>> r = field.power(u, sp.Rational(1, 2))
    >>> bool((field.multiply(r, r).top == u.top).all())
    True
    """

    def __init__(self, length: int = 3, seed: int = 0, levels: int = 1) -> None:
        super().__init__(length, seed)
        self.contexts = [_context(p, levels) for p in self.primes]
        self._roots: list[dict[int, Element]] = [{} for _ in self.primes]

    @property
    def radicands(self) -> int:
        """Of how many numbers the root was taken."""
        return len(self._roots[-1])

    def array(self, values: Any) -> Residues:
        """Integers, fractions or SymPy rationals as elements."""
        if isinstance(values, Residues):
            return values
        plain = super().array(values)
        return self._reduce(plain.data, plain.depth)

    def random(self, shape: tuple[int, ...], name: str) -> Residues:
        """Random numbers of the prime fields."""
        plain = super().random(shape, name)
        return self._reduce(plain.data, plain.depth)

    def where(self, mask: np.ndarray, a: Residues) -> Residues:
        """a where the mask holds, 0 elsewhere."""
        return self._reduce(np.where(mask, a.data, 0), a.depth)

    def _reduce(self, data: np.ndarray, depth: int) -> Residues:
        """Integers among the elements as elements."""
        lift = [partial(_element, context=c) for c in self.contexts[depth:]]
        return Residues(_by_rows(np.broadcast_to(data, (len(lift), *data.shape[1:])), lift), depth)

    def _raised(self, a: Residues, n: int) -> Residues:
        if n < 0 and not np.all(a.data != 0):
            raise ZeroDivisionError("a denominator is zero in the field")
        return Residues(_by_rows(a.data, [lambda x: x**n] * len(a.data)), a.depth)

    def _true_root(self, a: Residues) -> Residues:
        rows = range(a.depth, len(self.primes))
        return Residues(_by_rows(a.data, [partial(self._root_of, n) for n in rows]), a.depth)

    def _root_of(self, row: int, u: Element) -> Element:
        """A root; of a number of the prime field that has one there, the one that is a square."""
        seen, p = _number(u), self.primes[row]
        if seen not in self._roots[row]:
            small = square_root(seen, p) if seen < p else 0
            found = self.contexts[row](small)
            if found * found != u:
                found = self._either(u, seen)
            self._roots[row][seen] = found
        return self._roots[row][seen]

    def _either(self, u: Element, seen: int) -> Element:
        try:
            root = u.sqrt()
        except DomainError:
            raise TowerTooLowError from None
        least, other = sorted((root, -root), key=_number)
        return (least, other)[self._hash("root", seen, 2)]

    def _exp(self, x: Residues) -> Residues:
        depth = x.depth + 1
        if depth >= len(self.primes):
            raise ChainTooShortError
        rows = range(depth, len(self.primes))
        return Residues(_by_rows(x.data[:-1], [partial(self._exp_of, n) for n in rows]), depth)

    def _exp_of(self, row: int, x: Element) -> Element:
        """g^(x_0 + c_1 x_1 + ...), with x modulo the prime before."""
        order = self.primes[row - 1]
        first, *others = (int(c) for c in x.to_list())
        exponent = first + sum(self._hash("exp", j, order) * c for j, c in enumerate(others))
        return self.contexts[row](pow(self.generators[row], exponent % order, self.primes[row]))

    def _sign(self, x: Residues) -> Residues:
        self.used_branches = True
        signs = np.asarray(np.frompyfunc(self._sign_of, 1, 1)(x.top), dtype=object)
        return self._reduce(np.stack([signs] * len(self.primes)), 0)

    def _sign_of(self, x: Element) -> int:
        if x == 0:
            return 0
        seen, other = _number(x), _number(-x)
        sign = 2 * self._hash("sign", min(seen, other), 2) - 1
        return sign if seen < other else -sign

    def _seen(self, x: Residues) -> np.ndarray:
        return np.asarray(np.frompyfunc(_number, 1, 1)(x.top), dtype=object)


def _by_rows(data: np.ndarray, functions: Sequence[Callable[[Any], Any]]) -> np.ndarray:
    """Each function for the numbers modulo one prime."""
    result = np.empty(data.shape, dtype=object)
    for n, (row, f) in enumerate(zip(data, functions, strict=True)):
        result[n] = np.frompyfunc(f, 1, 1)(row)
    return result


def _element(x: Any, context: Any) -> Element:
    return context(int(x)) if isinstance(x, int | np.integer) else x


def _number(x: Element) -> int:
    """Its coordinates side by side: the number itself where it is one of the prime field."""
    return sum(int(c) << WIDTH * place for place, c in enumerate(x.to_list()))
