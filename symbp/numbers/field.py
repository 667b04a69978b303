"""Exact arithmetic in a chain of prime fields, where exp is a homomorphism.

A number is known by its residues modulo p_1, ..., p_K with p_{i+1} = c_i p_i + 1. exp(x) is
g^x mod p_{i+1} with g of order p_i and the exponent taken mod p_i, so exp(x + y) = exp(x) exp(y)
and exp(0) = 1 hold exactly; exp(x) has no residue modulo p_1, and each nesting of exp uses up
one more (`depth`). Functions of which no law is needed (log, erf, unspecified σ) are
random oracles: equal arguments, equal values. sign is an oracle with sign(−x) = −sign(x), and
step(x) = (1 + sign(x))/2. The greatest of several numbers is a mean of them with oracles for
weights, keyed by all of these numbers, that sum to 1.

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
from math import prod
from random import Random
from typing import Any

import numpy as np
import sympy as sp
from sympy import Expr

from symbp.errors import ValueRangeError
from symbp.functions import Row
from symbp.numbers.domains import Arrays, Axes

LARGEST_SIZE = 2**20  #: no random residue is as small as this
PERIOD = 8 * 3 * 5 * 7  #: whether 2, 3, 5 and 7 are squares depends on a prime modulo this
FIRST_PRIME = int(sp.nextprime(2**127))  #: below every prime used


@dataclass(frozen=True)
class Residues:
    """Residues [K − depth, ...] of an array of numbers, modulo the primes from `depth` on.

    Those modulo the primes before have no meaning and are not kept.
    """

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

    Every prime is 7 mod 8, so that 2 is a square and exactly one of u, −u is; 3, 5 and 7 are
    squares too, so that √3 of a formula is the root of a size that is 3.
    """
    good = _good_residues()
    p = int(FIRST_PRIME)
    while p % PERIOD not in good:
        p = int(sp.nextprime(p))
    primes, generators = [p], [1]
    while len(primes) < length:
        c = 2
        while (c * p + 1) % PERIOD not in good or not sp.isprime(c * p + 1):
            c += 2
        q = c * p + 1
        g = next(g for b in range(2, 100) if (g := pow(b, c, q)) != 1)
        primes.append(q)
        generators.append(g)
        p = q
    return tuple(primes), tuple(generators)


def _good_residues() -> frozenset[int]:
    """What primes are modulo `PERIOD` for which −1 is no square, and 2, 3, 5 and 7 are."""
    return frozenset(
        r for r in range(7, PERIOD, 8)
        if all(sp.gcd(q, r) == 1 and sp.jacobi_symbol(q, r) == 1 for q in (3, 5, 7))
    )  # fmt: skip


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
        self.used_roots = False
        """Whether the root of an array has been asked for."""
        self.bad_root = False
        """Whether a root r was taken of a number u that has none, so that r² = −u."""
        self._laws = {"exp": self._exp, "sign": self._sign, "step": self._step}
        self._known: dict[tuple[Any, ...], int] = {}
        """What was computed of single residues: the same numbers are asked for again and again."""
        self._numbers: dict[Expr, Residues] = {}
        self._moduli: dict[tuple[int, int], np.ndarray] = {}

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
        given = np.asarray(values)
        if given.dtype.kind in "bi":
            return self._reduce(given.astype(int).astype(object)[None], 0)
        given = np.asarray(values, dtype=object)
        rows = [np.frompyfunc(lambda v, p=p: _residue(v, p), 1, 1)(given) for p in self.primes]
        return Residues(np.array(rows, dtype=object).reshape(len(rows), *given.shape), 0)

    def number(self, value: Expr) -> Residues:
        """A constant: rationals exactly; roots and π as elements with their own laws."""
        if value not in self._numbers:
            self._numbers[value] = self._number(value)
        return self._numbers[value]

    def _number(self, value: Expr) -> Residues:
        if value.is_Rational:
            return self.array(value)
        if value == sp.pi:
            root = self.random((), "sqrt(pi)")
            return self.multiply(root, root)
        if isinstance(value, sp.Pow):
            base = self.number(value.base)
            root = base if value.exp.is_Integer else self._true_root(base)
            return self._raised(root, int(value.exp.p))
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
        depth = max(b.depth for b in buffers)
        return Residues(np.stack([b.data[depth - b.depth :] for b in buffers], axis=1), depth)

    def add(self, a: Residues, b: Residues) -> Residues:
        """a + b mod each prime."""
        return self._reduce(*_level(a, b, np.add))

    def multiply(self, a: Residues, b: Residues) -> Residues:
        """a · b mod each prime."""
        return self._reduce(*_level(a, b, np.multiply))

    def power(self, a: Residues, exponent: Expr) -> Residues:
        """aⁿ; a^(n/2) by a root r of ±a, the same wherever it is taken (see `bad_root`)."""
        if exponent.is_Integer:
            return self._raised(a, int(exponent))
        if exponent.q == 2:
            return self._raised(self._root(a), int(exponent.p))
        raise ValueRangeError(f"no root of order {exponent.q} in a prime field")

    def where(self, mask: np.ndarray, a: Residues) -> Residues:
        """a where the mask holds, 0 elsewhere."""
        return Residues(np.where(mask, a.data, 0), a.depth)

    def contract(self, factors: Sequence[tuple[Any, Axes]], out: Axes) -> Residues:
        """Sums of products, pairwise from the left; an axis is summed as soon as it can be."""
        product, axes = factors[0]
        rest = factors[1:]
        for place, (buffer, more) in enumerate(rest):
            later = set(out).union(*(ax for _, ax in rest[place + 1 :]))
            product, axes = self._pair((product, axes), (buffer, more), later)
        drop = tuple(i for i, a in enumerate(axes, 1) if a not in out)
        kept = tuple(a for a in axes if a in out)
        if drop:
            total = np.asarray(product.data.sum(axis=drop), dtype=object)
            product = self._reduce(total, product.depth)
        return self.arrange(product, kept, out)

    def _pair(
        self, a: tuple[Residues, Axes], b: tuple[Residues, Axes], later: set[Any]
    ) -> tuple[Residues, Axes]:
        """a · b, summed over the axes of both that nothing later needs: a matrix product."""
        (x, ax), (y, ay) = a, b
        summed = tuple(s for s in ax if s in ay and s not in later)
        shared = tuple(s for s in ax if s in ay and s in later)
        left = tuple(s for s in ax if s not in ay)
        right = tuple(s for s in ay if s not in ax)
        axes = (*shared, *left, *right)
        if not summed:
            x, y = self.arrange(x, ax, axes), self.arrange(y, ay, axes)
            return self.multiply(x, y), axes
        p, q = (self.arrange(x, ax, (*shared, *left, *summed)),
                self.arrange(y, ay, (*shared, *summed, *right)))  # fmt: skip
        n, m = len(shared), len(summed)
        kept, rows, count, columns = (
            p.shape[:n], p.shape[n : n + len(left)], p.shape[n + len(left) :], q.shape[n + m :]
        )  # fmt: skip
        u, v = _common(p, q)
        product = np.matmul(
            u.reshape(-1, *kept, prod(rows), prod(count)),
            v.reshape(-1, *kept, prod(count), prod(columns)),
        )
        data = product.reshape(len(u), *kept, *rows, *columns)
        return self._reduce(data, max(x.depth, y.depth)), axes

    def elementary(self, name: str, x: Residues) -> Residues:
        """exp, sign and step by their laws, others as oracles."""
        law = self._laws.get(name)
        return law(x) if law else self._oracle(name, x)

    def greatest(self, x: Residues, axes: int) -> Residues:
        """Weights of the different numbers of a row that sum to 1, at the first place of each.

        Which numbers there are, in any order, decides the weights: any if `formal`, else 1 and 0.
        """
        self.used_branches = True
        rows = self._seen(x).reshape(-1, prod(x.shape[len(x.shape) - axes :]))
        found = [self._weights(row) for row in rows.tolist()]
        data = np.array(found, dtype=object).reshape(*rows.shape, len(self.primes))
        return self._reduce(np.moveaxis(data, -1, 0).reshape(-1, *x.shape), 0)

    def _weights(self, row: list[int]) -> list[list[int]]:
        """For every number of a row its weight modulo each prime; a number seen before has 0."""
        values = sorted(set(row))
        name = "greatest of " + " ".join(map(str, values))
        zero = [0] * len(self.primes)
        if self.formal:
            most = [[self._hash(name, v, p) for p in self.primes] for v in values[1:]]
            total = (sum(column) for column in zip(zero, *most, strict=True))
            first = [(1 - t) % p for t, p in zip(total, self.primes, strict=True)]
            weights = dict(zip(values, [first, *most], strict=True))
        else:
            taken = values[self._hash(name, 0, len(values))]
            weights = {v: [int(v == taken)] * len(self.primes) for v in values}
        return [weights.pop(v, zero) for v in row]

    def apply(self, row: Row, order: int, x: Residues, parameters: Sequence[Residues]) -> Residues:
        """By the table; an unspecified function and its derivatives are oracles."""
        if not row.specified:
            return self._oracle(f"{row.name}{order}", x)
        return super().apply(row, order, x, parameters)

    def _reduce(self, data: np.ndarray, depth: int) -> Residues:
        place = (depth, data.ndim)
        if place not in self._moduli:
            moduli = np.array(self.primes[depth:], dtype=object)
            self._moduli[place] = moduli.reshape(-1, *(1,) * (data.ndim - 1))
        return Residues(np.asarray(data % self._moduli[place], dtype=object), depth)

    def _entrywise(self, name: Any, data: np.ndarray, primes: Sequence[int], f: Any) -> np.ndarray:
        """f(x, p) of every residue, one row for each prime; known ones are looked up."""
        known = self._known
        found = np.empty(data.size, dtype=object)
        rows = data.reshape(len(data), -1).tolist()
        entries = ((name, x, p) for row, p in zip(rows, primes, strict=True) for x in row)
        for i, place in enumerate(entries):
            value = known.get(place)
            if value is None:
                value = known[place] = f(*place[1:])
            found[i] = value
        return found.reshape(data.shape)

    def _raised(self, a: Residues, n: int) -> Residues:
        """aⁿ. Raises `ZeroDivisionError` where an inverse does not exist."""
        if n == 1:
            return a
        if n == 2:
            return self.multiply(a, a)
        try:
            primes = self.primes[a.depth :]
            return Residues(self._entrywise(n, a.data, primes, lambda x, p: pow(x, n, p)), a.depth)
        except ValueError as error:
            raise ZeroDivisionError("a denominator is zero in the field") from error

    def _exp(self, x: Residues) -> Residues:
        depth = x.depth + 1
        if depth >= len(self.primes):
            raise ChainTooShortError
        base = dict(zip(self.primes, self.generators, strict=True))
        data = self._entrywise(
            "exp", x.data[:-1], self.primes[depth:], lambda e, p: pow(base[p], e, p)
        )
        return Residues(data, depth)

    def _root(self, a: Residues) -> Residues:
        if self._is_small(a):
            return self._true_root(a)
        self.used_branches = self.used_roots = True
        return self._oracle("root", a) if self.formal else self._true_root(a)

    def _true_root(self, a: Residues) -> Residues:
        """The root that is a square itself; modulo primes where there is none it has no meaning."""
        primes = self.primes[a.depth :]
        data = self._entrywise("true root", a.data, primes, square_root)
        square = self.multiply(Residues(data, a.depth), Residues(data, a.depth)).data
        bad = [n for n, row in enumerate(square == a.data) if not np.all(row)]
        self.bad_root = self.bad_root or bad[-1:] == [len(data) - 1]
        first = min(bad[-1] + 1, len(data) - 1) if bad else 0
        return Residues(data[first:], a.depth + first)

    def _sign(self, x: Residues) -> Residues:
        self.used_branches = True
        top = self.primes[-1]

        def sign(v: int, p: int) -> int:
            size = self._hash("sign", min(v, top - v), p if self.formal else 2)
            value = size if self.formal else 2 * size - 1
            return (-value if v > top - v else value) % p if v else 0

        return Residues(self._entrywise("sign", self._tops(x), self.primes, sign), 0)

    def _step(self, x: Residues) -> Residues:
        half = self.multiply(self.add(self._sign(x), self.array(1)), self.array(sp.Rational(1, 2)))
        return self.where(x.top != 0, half)

    def _oracle(self, name: str, x: Residues) -> Residues:
        data = self._entrywise(
            ("oracle", name), self._tops(x), self.primes, lambda v, p: self._hash(name, v, p)
        )
        return self._reduce(data, 0)

    def _tops(self, x: Residues) -> np.ndarray:
        """What an oracle sees, once for every prime."""
        return np.stack([self._seen(x)] * len(self.primes))

    def _is_small(self, a: Residues) -> bool:
        """Whether an array is one small number, as sizes are: its root is that of the number."""
        seen = self._seen(a).reshape(-1)
        return bool(seen.size) and seen[0] <= LARGEST_SIZE and bool((seen == seen[0]).all())

    def _seen(self, x: Residues) -> np.ndarray:
        """Integers that tell numbers apart."""
        return x.top

    def _hash(self, name: str, value: int, modulus: int) -> int:
        text = f"{self.seed}|{name}|{value:x}|{modulus:x}".encode()
        return int.from_bytes(blake2b(text, digest_size=40).digest(), "big") % modulus


def _common(a: Residues, b: Residues) -> tuple[np.ndarray, np.ndarray]:
    """The residues modulo the primes that both have."""
    if a.depth == b.depth:
        return a.data, b.data
    rows = min(len(a.data), len(b.data))
    return a.data[-rows:], b.data[-rows:]


def _level(a: Residues, b: Residues, combine: Any) -> tuple[np.ndarray, int]:
    """a and b combined; a single number meets an array."""
    x, y = _common(a, b)
    if x.ndim != y.ndim:
        x, y = (
            d if d.ndim > 1 else d.reshape(-1, *(1,) * (max(x.ndim, y.ndim) - 1)) for d in (x, y)
        )
    return combine(x, y), max(a.depth, b.depth)


class ChainTooShortError(Exception):
    """More nested exponentials than the chain has primes: evaluate again with a longer one."""


def square_root(x: int, p: int) -> int:
    """The root of x or, where it has none, of −x, that is a square itself."""
    return pow(x, (p + 1) // 4, p)


def _residue(value: Any, p: int) -> int:
    rational = sp.Rational(value) if not isinstance(value, (int, np.integer)) else None
    if rational is None:
        return int(value) % p
    return int(rational.p) * pow(int(rational.q), -1, p) % p
