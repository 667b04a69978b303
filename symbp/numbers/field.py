"""Exact arithmetic in a chain of prime fields, where exp is a homomorphism.

A number is known by its residues modulo p_1, ..., p_K with p_{i+1} = c_i p_i + 1. exp(x) is
g^x mod p_{i+1} with g of order p_i and the exponent taken mod p_i, so exp(x + y) = exp(x) exp(y)
and exp(0) = 1 hold exactly; the residue of exp(x) modulo p_1 has no meaning, and each nesting of
exp uses up one more (`depth`). Functions of which no law is needed (log, erf, unspecified σ) are
random oracles: equal arguments, equal values. sign is an oracle with sign(−x) = −sign(x), and
step(x) = (1 + sign(x))/2.

Guarantees. Two expressions that are equal by the laws of fields, exp and the oracles always get
equal residues. Two that differ get equal residues modulo p_K with a probability below
(degree)/p_K, p_K > 2^127, over the random choice of the inputs (Schwartz 1980, Zippel 1979).

Source: Gonnet, "Determining equivalence of expressions in random polynomial time" (1984).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, reduce
from hashlib import blake2b
from random import Random
from typing import Any

import numpy as np
import sympy as sp
from sympy import Expr

from symbp.errors import ValueRangeError
from symbp.functions import Row
from symbp.numbers.domains import Arrays, Axes

FIRST_PRIME = int(sp.nextprime(2**127))  #: below every prime used


@dataclass(frozen=True)
class Residues:
    """Residues [K, ...] of an array of numbers; only those from `depth` on have a meaning."""

    data: np.ndarray
    depth: int

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the array of numbers, without the axis of primes."""
        return tuple(self.data.shape[1:])

    @property
    def top(self) -> np.ndarray:
        """The residues modulo the last prime: what comparisons go by."""
        return np.asarray(self.data[-1], dtype=object)


@cache
def chain(length: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """(p_1, ..., p_K) and generators g_i of the subgroup of order p_{i-1} modulo p_i.

    Every prime is 7 mod 8, so that 2 is a square and exactly one of u, −u is.
    """
    p = int(FIRST_PRIME)
    while p % 8 != 7:
        p = int(sp.nextprime(p))
    primes, generators = [p], [1]
    while len(primes) < length:
        c = 2
        while (c * p + 1) % 8 != 7 or not sp.isprime(c * p + 1):
            c += 2
        q = c * p + 1
        g = next(g for b in range(2, 100) if (g := pow(b, c, q)) != 1)
        primes.append(q)
        generators.append(g)
        p = q
    return tuple(primes), tuple(generators)


class Field(Arrays):
    """The chain of `length` primes as a domain; `seed` fixes the oracles.

    `formal`: sign, step and square roots are any odd function, (1 + sign)/2 and any function. What
    is equal for all of them is equal for the true ones, whichever side of a kink a point is on.
    """

    def __init__(self, length: int = 3, seed: int = 0, formal: bool = False) -> None:
        self.primes, self.generators = chain(length)
        self.seed = seed
        self.formal = formal
        self.used_branches = False
        """Whether a sign, a step or the root of an array has been asked for."""
        self.bad_root = False
        """Whether a root r was taken of a number u that has none, so that r² = −u."""
        self._laws = {"exp": self._exp, "sign": self._sign, "step": self._step}

    def random(self, shape: tuple[int, ...], name: str) -> Residues:
        """Random numbers, fixed by the seed and the name."""
        count = int(np.prod(shape, dtype=int))
        draw = Random(f"{self.seed}|{name}").getrandbits
        entries = np.array([draw(FIRST_PRIME.bit_length() - 1) for _ in range(count)], dtype=object)
        data = np.stack([entries.reshape(shape)] * len(self.primes))
        return Residues(data, 0)

    def array(self, values: Any) -> Residues:
        """Integers, fractions or SymPy rationals as residues."""
        if isinstance(values, Residues):
            return values
        given = np.asarray(values, dtype=object)
        rows = [np.frompyfunc(lambda v, p=p: _residue(v, p), 1, 1)(given) for p in self.primes]
        return Residues(np.array(rows, dtype=object).reshape(len(rows), *given.shape), 0)

    def number(self, value: Expr) -> Residues:
        """A constant: rationals exactly; roots and π as elements with their own laws."""
        if value.is_Rational:
            return self.array(value)
        if value == sp.pi:
            root = self.random((), "sqrt(pi)")
            return self._reduce(root.data * root.data, 0)
        if isinstance(value, sp.Pow):
            base = self.number(value.base)
            root = base if value.exp.is_Integer else self._true_root(base)
            return self._entrywise(root, lambda r, p: pow(r, int(value.exp.p), p))
        if isinstance(value, (sp.Mul, sp.Add)):
            combine = self.add if isinstance(value, sp.Add) else self.multiply
            return reduce(combine, (self.number(a) for a in value.args))
        raise ValueRangeError(f"{value} has no meaning in a prime field")

    def arrange(self, buffer: Residues, axes: Axes, target: Axes) -> Residues:
        """As for arrays, behind the axis of primes."""
        lead = object()
        return Residues(super().arrange(buffer.data, (lead, *axes), (lead, *target)), buffer.depth)

    def take(self, buffer: Residues, index: tuple[Any, ...]) -> Residues:
        """As for arrays, behind the axis of primes."""
        return Residues(np.asarray(buffer.data[:, *index], dtype=object), buffer.depth)

    def stack(self, buffers: Sequence[Residues]) -> Residues:
        """As for arrays, behind the axis of primes."""
        data = np.stack([b.data for b in buffers], axis=1)
        return Residues(data, max(b.depth for b in buffers))

    def add(self, a: Residues, b: Residues) -> Residues:
        """a + b mod each prime."""
        return self._reduce(*_level(a, b, np.add))

    def multiply(self, a: Residues, b: Residues) -> Residues:
        """a · b mod each prime."""
        return self._reduce(*_level(a, b, np.multiply))

    def power(self, a: Residues, exponent: Expr) -> Residues:
        """aⁿ; a^(n/2) by a root r of ±a, the same wherever it is taken (see `bad_root`)."""
        if exponent.is_Integer:
            return self._entrywise(a, lambda x, p: pow(x, int(exponent), p))
        if exponent.q == 2:
            root = self._root(a)
            return self._entrywise(root, lambda r, p: pow(r, int(exponent.p), p))
        raise ValueRangeError(f"no root of order {exponent.q} in a prime field")

    def where(self, mask: np.ndarray, a: Residues) -> Residues:
        """a where the mask holds, 0 elsewhere."""
        return Residues(np.where(mask, a.data, 0), a.depth)

    def contract(self, factors: Sequence[tuple[Any, Axes]], out: Axes) -> Residues:
        """Sums of products, one prime at a time; pairs as matrix products."""
        depth = max(b.depth for b, _ in factors)
        rows = []
        for i, p in enumerate(self.primes):
            buffers = [(np.asarray(b.data[i], dtype=object), axes) for b, axes in factors]
            rows.append(_contract_mod(self, buffers, out, p))
        return Residues(np.array(rows, dtype=object).reshape(len(rows), *rows[0].shape), depth)

    def elementary(self, name: str, x: Residues) -> Residues:
        """exp, sign and step by their laws, others as oracles."""
        law = self._laws.get(name)
        return law(x) if law else self._oracle(name, x)

    def apply(self, row: Row, order: int, x: Residues, parameters: Sequence[Residues]) -> Residues:
        """By the table; an unspecified function and its derivatives are oracles."""
        if not row.specified:
            return self._oracle(f"{row.name}{order}", x)
        return super().apply(row, order, x, parameters)

    def _reduce(self, data: np.ndarray, depth: int) -> Residues:
        moduli = np.array(self.primes, dtype=object).reshape(-1, *(1,) * (data.ndim - 1))
        return Residues(np.asarray(data % moduli, dtype=object), depth)

    def _entrywise(self, a: Residues, f: Any) -> Residues:
        """f(x, p) of every residue; ZeroDivisionError where an inverse does not exist."""
        out = np.empty_like(a.data)
        for i, p in enumerate(self.primes):
            try:
                out[i] = np.frompyfunc(lambda x, p=p: f(x, p), 1, 1)(a.data[i])
            except ValueError as error:
                if i >= a.depth:
                    raise ZeroDivisionError("a denominator is zero in the field") from error
                out[i] = 0
        return Residues(out, a.depth)

    def _exp(self, x: Residues) -> Residues:
        if x.depth + 1 >= len(self.primes):
            raise ChainTooShortError
        out = np.empty_like(x.data)
        out[0] = 0
        for i in range(1, len(self.primes)):
            g, p = self.generators[i], self.primes[i]
            out[i] = np.frompyfunc(lambda e, g=g, p=p: pow(g, e, p), 1, 1)(x.data[i - 1])
        return Residues(out, x.depth + 1)

    def _root(self, a: Residues) -> Residues:
        self.used_branches = True
        return self._oracle("root", a) if self.formal else self._true_root(a)

    def _true_root(self, a: Residues) -> Residues:
        root = self._entrywise(a, lambda x, p: pow(x, (p + 1) // 4, p))
        square = self.multiply(root, root).data[a.depth :]
        self.bad_root = self.bad_root or not np.array_equal(square, a.data[a.depth :])
        return root

    def _sign(self, x: Residues) -> Residues:
        self.used_branches = True
        top = self.primes[-1]

        def sign(v: int, p: int) -> int:
            size = self._hash("sign", min(v, top - v), p if self.formal else 2)
            value = size if self.formal else 2 * size - 1
            return (-value if v > top - v else value) if v else 0

        rows = [np.frompyfunc(lambda v, p=p: sign(v, p), 1, 1)(x.top) for p in self.primes]
        return self._reduce(np.array(rows, dtype=object).reshape(x.data.shape), 0)

    def _step(self, x: Residues) -> Residues:
        half = self.multiply(self.add(self._sign(x), self.array(1)), self.array(sp.Rational(1, 2)))
        return self.where(x.top != 0, half)

    def _oracle(self, name: str, x: Residues) -> Residues:
        rows = [
            np.frompyfunc(lambda v, p=p: self._hash(name, v, p), 1, 1)(x.top) for p in self.primes
        ]
        return Residues(np.array(rows, dtype=object).reshape(x.data.shape), 0)

    def _hash(self, name: str, value: int, modulus: int) -> int:
        text = f"{self.seed}|{name}|{value}|{modulus}".encode()
        return int.from_bytes(blake2b(text, digest_size=40).digest(), "big") % modulus


def _level(a: Residues, b: Residues, combine: Any) -> tuple[np.ndarray, int]:
    """a and b combined; a single number meets an array."""
    x, y = a.data, b.data
    if x.ndim != y.ndim:
        x, y = (
            d if d.ndim > 1 else d.reshape(-1, *(1,) * (max(x.ndim, y.ndim) - 1)) for d in (x, y)
        )
    return combine(x, y), max(a.depth, b.depth)


class ChainTooShortError(Exception):
    """More nested exponentials than the chain has primes: evaluate again with a longer one."""


def _residue(value: Any, p: int) -> int:
    rational = sp.Rational(value) if not isinstance(value, (int, np.integer)) else None
    if rational is None:
        return int(value) % p
    return int(rational.p) * pow(int(rational.q), -1, p) % p


def _contract_mod(
    arrays: Arrays, factors: list[tuple[np.ndarray, Axes]], out: Axes, p: int
) -> np.ndarray:
    """Pairwise from the left; an axis is summed as soon as nothing later needs it."""
    product, axes = factors[0]
    rest = factors[1:]
    for place, (buffer, more) in enumerate(rest):
        later = set(out).union(*(ax for _, ax in rest[place + 1 :]))
        summed = [a for a in axes if a in more and a not in later]
        product, axes = _pair(arrays, (product, axes), (buffer, more), summed, later)
        product = np.asarray(product % p, dtype=object)
    drop = tuple(i for i, a in enumerate(axes) if a not in out)
    total = np.asarray(product.sum(axis=drop) % p, dtype=object)
    kept = tuple(a for a in axes if a in out)
    return np.asarray(Arrays.arrange(arrays, np.asarray(total, dtype=object), kept, out))


def _pair(
    arrays: Arrays, a: tuple[np.ndarray, Axes], b: tuple[np.ndarray, Axes],
    summed: list[Any], later: set[Any],
) -> tuple[np.ndarray, Axes]:  # fmt: skip
    """a · b summed over `summed`: np.tensordot where no other axis is shared."""
    (x, ax), (y, ay) = a, b
    shared = [s for s in ax if s in ay and s not in summed]
    if summed and not shared:
        product = np.tensordot(x, y, ([ax.index(s) for s in summed], [ay.index(s) for s in summed]))
        axes = tuple(s for s in ax if s not in summed) + tuple(s for s in ay if s not in summed)
        return np.asarray(product, dtype=object), axes
    axes = tuple(dict.fromkeys((*ax, *ay)))
    product = np.asarray(
        Arrays.arrange(arrays, x, ax, axes) * Arrays.arrange(arrays, y, ay, axes), dtype=object
    )
    drop = tuple(i for i, s in enumerate(axes) if s in summed and s not in later)
    kept = tuple(s for s in axes if s not in summed or s in later)
    return np.asarray(product.sum(axis=drop), dtype=object), kept
