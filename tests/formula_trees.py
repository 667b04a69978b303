"""Gradient formulas as small trees, which are written in any notation and evaluated with NumPy.

Nothing here is part of symbp: whether two trees are equal is found on a network of random numbers,
whose gradients are computed by hand in `gradients`.

    op       parts    value
    -------  -------  -------------------------------------------------------------
    number            a Fraction
    name              a `Quantity`: W^{l+1}, w_{kj}^{l+1}, or δ^l where the family is dz
    turn     x        the transpose
    add      x, ...   the signs, each 1 or -1
    mul      x, ...   a product: of matrices; of numbers
    had      x, ...   entry by entry
    over     x, y     a fraction
    f, df    x        the activation, its derivative
    sum      x        the index letter
    ones              the vector of ones, one for each sample
    samples           m
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np

Array = Any
Path = tuple[int, ...]


class Misfit(Exception):
    """Shapes do not fit, or an index leaves its range."""


@dataclass(frozen=True)
class Quantity:
    """A family at a layer: `base` is l or L, to which `shift` is added; indices of an entry."""

    family: str
    base: str = "l"
    shift: int = 0
    units: tuple[str, ...] = ()
    sample: str = ""
    spelt: bool = False
    """Whether δ is written as ∂C/∂z."""


@dataclass(frozen=True)
class Tree:
    """A formula."""

    op: str
    parts: tuple[Tree, ...] = ()
    value: Any = None


def number(x: int | Fraction) -> Tree:
    return Tree("number", (), Fraction(x))


def name(family: str, base: str = "l", shift: int = 0, units: str = "", sample: str = "") -> Tree:
    return Tree("name", (), Quantity(family, base, shift, tuple(units), sample))


def turn(x: Tree) -> Tree:
    return Tree("turn", (x,))


def add(*terms: Tree, signs: tuple[int, ...] = ()) -> Tree:
    return Tree("add", terms, signs or (1,) * len(terms))


def minus(a: Tree, b: Tree) -> Tree:
    return add(a, b, signs=(1, -1))


def mul(*factors: Tree) -> Tree:
    return factors[0] if len(factors) == 1 else Tree("mul", factors)


def had(*factors: Tree) -> Tree:
    return factors[0] if len(factors) == 1 else Tree("had", factors)


def over(a: Tree, b: Tree) -> Tree:
    return Tree("over", (a, b))


def total(letter: str, x: Tree) -> Tree:
    return Tree("sum", (x,), letter)


SAMPLES, ONES, ONE, TWO = Tree("samples"), Tree("ones"), number(1), number(2)


def sites(tree: Tree, path: Path = ()) -> Iterator[tuple[Path, Tree]]:
    """Every part with the way to it."""
    yield path, tree
    for i, part in enumerate(tree.parts):
        yield from sites(part, (*path, i))


def put(tree: Tree, path: Path, new: Tree) -> Tree:
    """The tree with another part at the end of a way."""
    if not path:
        return new
    parts = list(tree.parts)
    parts[path[0]] = put(parts[path[0]], path[1:], new)
    return replace(tree, parts=tuple(parts))


def letters(tree: Tree) -> set[str]:
    """All index letters."""
    found = {t.value for _, t in sites(tree) if t.op == "sum"}
    for _, t in sites(tree):
        if t.op == "name":
            found |= {*t.value.units, *([t.value.sample] if t.value.sample else [])}
    return found


# -- a network of numbers ------------------------------------------------------------------------

SIZES, BATCH = (3, 4, 2, 5, 6), 7
DEPTH = len(SIZES) - 1


@dataclass(frozen=True)
class Network:
    """Values of all families: family → layer → matrix, with a column for each sample."""

    activation: str
    loss: str
    batch: bool
    flipped: bool
    """Whether W as a whole is laid out from-to."""
    values: Mapping[str, Mapping[int, Array]]

    def f(self, x: Array) -> Array:
        """The activation."""
        return np.tanh(x) if self.activation == "tanh" else 1 / (1 + np.exp(-x))

    def df(self, x: Array) -> Array:
        """Its derivative."""
        return 1 - np.tanh(x) ** 2 if self.activation == "tanh" else self.f(x) * (1 - self.f(x))


def network(activation: str, loss: str, batch: bool, flipped: bool) -> Network:
    """Random numbers and their gradients."""
    rng = np.random.default_rng(5)
    m = BATCH if batch else 1
    v: dict[str, dict[int, Array]] = {k: {} for k in ("a", "z", "w", "b", "y", "da", "dz")}
    net = Network(activation, loss, batch, flipped, v)
    v["a"][0] = rng.normal(size=(SIZES[0], m))
    v["y"][DEPTH] = rng.uniform(0.1, 0.9, (SIZES[-1], m))
    for layer in range(1, DEPTH + 1):
        v["w"][layer] = rng.normal(size=(SIZES[layer], SIZES[layer - 1])) / 2
        v["b"][layer] = rng.normal(size=(SIZES[layer], 1)) / 2
        v["z"][layer] = v["w"][layer] @ v["a"][layer - 1] + v["b"][layer]
        v["a"][layer] = net.f(v["z"][layer])
    v |= gradients(net, m)
    return net


def gradients(net: Network, m: int) -> dict[str, dict[int, Array]]:
    """∂C/∂a, ∂C/∂z, ∂C/∂w and ∂C/∂b by backpropagation."""
    v, a, y = net.values, net.values["a"][DEPTH], net.values["y"][DEPTH]
    d: dict[str, dict[int, Array]] = {k: {} for k in ("da", "dz", "dw", "db")}
    error = a - y if net.loss == "half-squared-error" else (a - y) / (a * (1 - a))
    d["da"][DEPTH] = error / m
    for layer in range(DEPTH, 0, -1):
        d["dz"][layer] = d["da"][layer] * net.df(v["z"][layer])
        d["dw"][layer] = d["dz"][layer] @ v["a"][layer - 1].T
        d["db"][layer] = d["dz"][layer].sum(1, keepdims=True)
        d["da"][layer - 1] = v["w"][layer].T @ d["dz"][layer]
    return d


# -- values --------------------------------------------------------------------------------------


def evaluate(net: Network, tree: Tree, layer: int, at: Mapping[str, int], lying: set[Path],
             path: Path = ()) -> Array:  # fmt: skip
    """The value at a layer, with index letters `at`; vectors ∂C/∂u in `lying` are rows."""
    if tree.op == "name":
        return _value(net, tree.value, layer, at, path in lying)
    if tree.op in ("number", "samples"):
        return np.float64(tree.value if tree.op == "number" else BATCH)
    if tree.op == "ones":
        return np.ones((BATCH, 1))
    if tree.op == "sum":
        return _total(net, tree, layer, at, lying, path)
    parts = [evaluate(net, p, layer, at, lying, (*path, i)) for i, p in enumerate(tree.parts)]
    if tree.op == "add":
        return _add(parts, tree.value)
    if tree.op in ("mul", "had"):
        value = parts[0]
        for x in parts[1:]:
            value = (_mul if tree.op == "mul" else _had)(value, x)
        return value
    if tree.op == "over":
        return _had(parts[0], 1 / parts[1])
    functions: dict[str, Callable[[Array], Array]] = {
        "turn": np.transpose,
        "f": net.f,
        "df": net.df,
    }
    return functions[tree.op](parts[0])


def _value(net: Network, q: Quantity, layer: int, at: Mapping[str, int], lies: bool) -> Array:
    place = (layer if q.base == "l" else DEPTH) + q.shift
    if q.family == "y":
        place = DEPTH
    array = net.values[q.family].get(place)
    if array is None:
        raise LookupError(f"no layer {place}")
    if q.units:
        index = [at[u] for u in q.units]
        if len(index) == 1 and array.shape[1] > 1:
            index.append(at[q.sample])
        index += [0] * (2 - len(index))
        if any(i >= n for i, n in zip(index, array.shape, strict=True)):
            raise Misfit("an index leaves its range")
        return array[tuple(index)]
    whole = array.T if q.family in ("w", "dw") and net.flipped else array
    return whole.T if lies else whole


def _total(net: Network, tree: Tree, layer: int, at: Mapping[str, int], lying: set[Path],
           path: Path) -> Array:  # fmt: skip
    count = _range(net, tree.parts[0], tree.value, layer)
    values = [
        evaluate(net, tree.parts[0], layer, {**at, tree.value: i}, lying, (*path, 0))
        for i in range(count)
    ]
    return np.sum(values, axis=0)


def _range(net: Network, tree: Tree, letter: str, layer: int) -> int:
    """How far a letter counts: as far as all that has it. Raises `Misfit` where these differ."""
    found = set()
    for _, t in sites(tree):
        if t.op != "name":
            continue
        q = t.value
        place = DEPTH if q.family == "y" else (layer if q.base == "l" else DEPTH) + q.shift
        sizes = [SIZES[place], SIZES[place - 1]] if 0 <= place <= DEPTH else []
        if not sizes:
            raise LookupError(f"no layer {place}")
        found |= {n for u, n in zip(q.units, sizes, strict=False) if u == letter}
        found |= {BATCH} if q.sample == letter else set()
    if len(found) > 1:
        raise Misfit(f"{letter} counts {found}")
    return found.pop() if found else 1


def _add(parts: list[Array], signs: tuple[int, ...]) -> Array:
    shapes = {np.shape(p) for p in parts if np.shape(p)}
    if len(shapes) > 1:
        raise Misfit(f"a sum of {shapes}")
    return sum(s * p for s, p in zip(signs, parts, strict=True))


def _mul(a: Array, b: Array) -> Array:
    """A number times x, a matrix product; where that does not fit, entry by entry, as posts do."""
    if not np.shape(a) or not np.shape(b):
        return a * b
    if a.shape[1] == b.shape[0]:
        value = a @ b
        return value[0, 0] if value.shape == (1, 1) else value
    return _had(a, b)


def _had(a: Array, b: Array) -> Array:
    if np.shape(a) and np.shape(b) and a.shape != b.shape:
        raise Misfit(f"{a.shape} met {b.shape}")
    return a * b


# -- equal or not --------------------------------------------------------------------------------


def equal(net: Network, left: Tree, right: Tree) -> bool | None:
    """Whether left = right at every layer and entry, under any layout of ∂C/∂z as a vector.

    None where the two are equal nowhere since at no layer all of it exists.
    """
    free = sorted(_free(left) | _free(right))
    loose = [] if net.batch else [
        p for p, t in sites(right)
        if t.op == "name" and not t.value.units and t.value.family in ("dz", "da", "db")
    ]  # fmt: skip
    found = None
    for choice in product((False, True), repeat=len(loose)):
        lying = {p for p, c in zip(loose, choice, strict=True) if c}
        one = _equal(net, left, right, free, lying)
        if one:
            return True
        found = one if one is not None else found
    return found


def _free(tree: Tree) -> set[str]:
    if tree.op == "sum":
        return _free(tree.parts[0]) - {tree.value}
    own = {*tree.value.units, tree.value.sample} - {""} if tree.op == "name" else set()
    return own.union(*(_free(p) for p in tree.parts))


def _equal(net: Network, left: Tree, right: Tree, free: list[str], lying: set[Path]) -> bool | None:
    compared = False
    for layer in range(DEPTH + 1):
        try:
            ranges = [range(_range(net, Tree("pair", (left, right)), x, layer)) for x in free]
            for values in product(*ranges):
                at = dict(zip(free, values, strict=True))
                x = evaluate(net, left, layer, at, set())
                y = evaluate(net, right, layer, at, lying)
                compared = True
                if not _same(x, y):
                    return False
        except LookupError:
            continue
        except Misfit:
            return False
    return True if compared else None


def _same(x: Array, y: Array) -> bool:
    """Equal up to rounding; a vector is the same as a row and as a column."""
    if np.shape(y) and 1 in np.shape(y) and np.shape(x) == np.shape(y)[::-1]:
        y = y.T
    if np.shape(x) != np.shape(y):
        return False
    apart = float(np.max(np.abs(x - y)))
    assert apart < 1e-13 or apart > 1e-9, "too near to tell"
    return apart < 1e-13
