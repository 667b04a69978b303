"""The fully connected network (multilayer perceptron), any widths, any depth, any batch.

    z[l, j] = Σ_k w[l, j, k] a[l−1, k] + b[l, j]     1 ≤ l ≤ L, 1 ≤ j ≤ n[l]
    a[l, j] = σ(z[l, j])        a[0, j] = x[j]
    C       = loss(a[L], y)

With a batch every z, a, x, y has a last index i for the sample, and C is the mean (or the sum)
of the samples' costs, plus penalties on the weights. Source: Rumelhart, Hinton & Williams (1986).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import sympy as sp
from sympy import Expr, Integer, Rational, S, Symbol

from symbp.errors import SizeError, UnknownNameError, unknown
from symbp.functions import DELTA, TABLE, lookup
from symbp.networks import losses
from symbp.system import Equation, Kind, Range, Role, Slot, System, Variable
from symbp.system.equation import index_base

l, j, k, i = (Symbol(name, integer=True) for name in "ljki")
DEPTH, BATCH = Symbol("L", integer=True), Symbol("m", integer=True)
LAMBDA = Symbol("lambda", real=True)
N = index_base("n")
EXP, ABS = TABLE["exp"], TABLE["abs"]
Group = tuple[Expr, Expr, "str | bool"]

#: The constant in front of Σ w² (l2) or Σ |w| (l1), as authors write it.
PENALTIES = {
    "lambda": LAMBDA,
    "lambda/2": LAMBDA / 2,
    "lambda/m": LAMBDA / BATCH,
    "lambda/2m": LAMBDA / (2 * BATCH),
}


def mlp(
    sizes: Sequence[int] | None = None,
    activation: str | Sequence[str] = "sigma",
    loss: str = "half-squared-error",
    *,
    batch: int | bool = False,
    reduction: str = "mean",
    bias: bool | Sequence[bool] = True,
    l1: str | None = None,
    l2: str | None = None,
) -> System:
    """A fully connected network of layer sizes n_0, n_1, ..., n_L; symbols where none are given.

    `activation` is one name for all layers or one for each layer 1 ... L ("softmax" on the
    last); "sigma", "f" and "g" are unspecified. `batch` adds a sample index: True for a symbol
    m, or a number. `reduction` is "mean" or "sum" over the samples. `bias` says for all layers
    or for each whether it has one. `l1`, `l2` add a penalty with the constant "lambda",
    "lambda/2", "lambda/m" or "lambda/2m".

    Raises `SizeError` for sizes that are not positive integers or do not match the lists,
    `UnknownNameError` for names no table has.

    >>> print(mlp())
    a[0, j] = x[j]   for 1 ≤ j ≤ n[0]
    z[l, j] = b[l, j] + Sum(a[l - 1, k]*w[l, j, k], (k, 1, n[l - 1]))   for 1 ≤ l ≤ L, 1 ≤ j ≤ n[l]
    a[l, j] = sigma(z[l, j])   for 1 ≤ l ≤ L, 1 ≤ j ≤ n[l]
    C = Sum((a[L, j] - y[j])**2, (j, 1, n[L]))/2
    """
    activations, biases = _as_list(activation), _as_list(bias)
    depth = _depth(sizes, activations, biases)
    network = _Network(
        depth,
        tuple(_groups("activation", activations, depth, sizes)),
        tuple(_groups("bias", biases, depth, sizes)),
        bool(batch),
    )
    _check_activations(network.activations)
    if not isinstance(batch, bool) and batch < 1:
        raise SizeError(f"batch {batch}: a batch has at least one sample")
    if reduction not in ("mean", "sum"):
        raise UnknownNameError(f"unknown reduction {reduction!r} (known: mean, sum)")
    scale = 1 / BATCH if batch and reduction == "mean" else S.One
    penalties = _penalty(l1, batch) * _over_weights(ABS(_w(l, j, k)), depth)
    penalties += _penalty(l2, batch) * _over_weights(_w(l, j, k) ** 2, depth)
    row = losses.lookup(loss)
    equations = (*network.layers(), Equation("C", (), network.cost(row, scale) + penalties))
    settings = Settings(network.activations, network.biases, loss, reduction == "mean",
                        _penalty(l1, batch), _penalty(l2, batch), equations)  # fmt: skip
    bound: dict[str, int | tuple[int, ...]] = {}
    if sizes is not None:
        bound = {"n": tuple(sizes)} | ({"L": len(sizes) - 1} if depth == DEPTH else {})
    if batch and batch is not True:
        bound["m"] = batch
    return System(network.variables(row, penalties), equations, "C", bound, settings)


@dataclass(frozen=True)
class Settings:
    """What `mlp` was asked for: groups of layers (first, last, setting), loss and penalties."""

    activations: tuple[Group, ...]
    biases: tuple[Group, ...]
    loss: str
    mean: bool
    l1: Expr
    l2: Expr
    equations: tuple[Equation, ...]

    def by_layer(self, groups: Sequence[Group], depth: int) -> list[str]:
        """The setting of each layer 1 ... depth."""
        at = {DEPTH: Integer(depth)}
        spans = [(int(a.xreplace(at)), int(b.xreplace(at)), str(name)) for a, b, name in groups]
        return [next(s for a, b, s in spans if a <= l <= b) for l in range(1, depth + 1)]


def settings_of(system: System) -> Settings | None:
    """The settings of a system whose forward equations are those that `mlp` made, else None."""
    found = system.origin
    if not isinstance(found, Settings):
        return None
    same = system.equations[: len(found.equations)] == found.equations
    return found if same and system.loss == found.equations[-1].family else None


def _as_list(setting: str | bool | Sequence[str] | Sequence[bool]) -> list[str | bool]:
    return [setting] if isinstance(setting, (str, bool)) else list(setting)


def _depth(sizes: Sequence[int] | None, *settings: list[str | bool]) -> Expr:
    """The number of layers: the symbol L, unless layers are told apart one by one."""
    if sizes is not None and len(sizes) < 2:
        raise SizeError(f"sizes {list(sizes)}: a network has an input and at least one layer")
    if sizes is not None and len(sizes) == 2 and any("softmax" in s for s in settings):
        return S.One  # the only layer is the last
    counts = {len(s) for s in settings if len(s) > 1}
    known = {len(sizes) - 1} if sizes is not None else {c for c in counts if c > 2}
    if any(len(set(s[:-1])) > 1 for s in settings) or (known - {2} and sizes is None):
        return Integer(max(counts | known))
    return DEPTH


def _groups(
    what: str, setting: list[str | bool], depth: Expr, sizes: Sequence[int] | None
) -> list[Group]:
    """Neighbouring layers of one setting: (first, last, setting).

    Two settings without sizes are those of the hidden layers and of the last.
    """
    layers = len(sizes) - 1 if sizes is not None else len(setting)
    if len(setting) not in (1, layers) or (depth.is_Integer and len(setting) not in (1, depth)):
        count = layers if sizes is not None else depth
        raise SizeError(
            f"{len(setting)} settings of {what} met {count} layers; "
            "give one for all or one for each"
        )
    if len(set(setting)) == 1:
        return [(S.One, depth, setting[0])]
    if depth == DEPTH:
        return [(S.One, depth - 1, setting[0]), (depth, depth, setting[-1])]
    groups: list[Group] = []
    for layer, value in enumerate(setting, start=1):
        if groups and groups[-1][2] == value:
            groups[-1] = (groups[-1][0], Integer(layer), value)
        else:
            groups.append((Integer(layer), Integer(layer), value))
    return groups


def _check_activations(groups: Sequence[Group]) -> None:
    for _, _, name in groups[:-1]:
        if name == "softmax":
            raise UnknownNameError("activation softmax is for the last layer only")
    first, last, name = groups[-1]
    if name == "softmax" and first != last:
        raise UnknownNameError("activation softmax is for the last layer only: name the others")
    for _, _, name in groups:
        if name != "softmax":
            lookup(str(name))


def _penalty(name: str | None, batch: int | bool) -> Expr:
    if name is None:
        return S.Zero
    if name not in PENALTIES:
        raise unknown("penalty", name, list(PENALTIES))
    if PENALTIES[name].has(BATCH) and not batch:
        raise SizeError(f"the penalty {name} has a batch size m in it: give a batch")
    return PENALTIES[name]


def _w(*index: Expr) -> Expr:
    return index_base("w")[index]


def _over_weights(body: Expr, depth: Expr) -> Expr:
    return sp.Sum(body, (k, 1, N[l - 1]), (j, 1, N[l]), (l, 1, depth))


@dataclass(frozen=True)
class _Network:
    """The settings of a network, and its equations."""

    depth: Expr
    activations: tuple[Group, ...]
    biases: tuple[Group, ...]
    batch: bool

    def entry(self, family: str, *index: Expr) -> Expr:
        """family[index], with the sample index i where there is a batch."""
        return index_base(family)[(*index, i) if self.batch else index]

    def layers(self) -> list[Equation]:
        """The input layer, then z and a by groups of layers."""
        z, a = (partial(self.entry, name) for name in "za")
        result = [self.define("a", S.Zero, S.Zero, self.entry("x", j))]
        for first, last, has_bias in self.biases:
            layer = first if first == last else l
            weighted = sp.Sum(_w(layer, j, k) * a(layer - 1, k), (k, 1, N[layer - 1]))
            shift = index_base("b")[layer, j] if has_bias else S.Zero
            result.append(self.define("z", first, last, weighted + shift))
        for first, last, name in self.activations:
            layer = first if first == last else l
            if name == "softmax":
                total = sp.Sum(EXP(z(layer, k)), (k, 1, N[layer]))
                result.append(self.define("a", first, last, EXP(z(layer, j)) / total))
            else:
                result.append(self.define("a", first, last, lookup(str(name))(z(layer, j))))
        return result

    def define(self, family: str, first: Expr, last: Expr, rhs: Expr) -> Equation:
        """family[l, j] = rhs for the layers first ... last."""
        layer = first if first == last else l
        domain = [] if first == last else [Range(l, first, last)]
        domain.append(Range(j, S.One, N[layer]))
        domain += [Range(i, S.One, BATCH)] if self.batch else []
        index = (layer, j, i) if self.batch else (layer, j)
        return Equation(family, index, rhs, tuple(domain))

    def cost(self, row: losses.Loss, scale: Expr) -> Expr:
        """The samples' costs, added and scaled."""
        one = row.build(
            lambda unit: self.entry("a", self.depth, unit),
            lambda unit: self.entry("y", unit),
            N[self.depth],
        )
        number, body = one.as_coeff_Mul()
        return scale * number * sp.Sum(body, (i, 1, BATCH)) if self.batch else one

    def variables(self, row: losses.Loss, penalties: Expr) -> tuple[Variable, ...]:
        """Sizes, data, parameters, values, loss."""
        depth = self.depth
        sample = (Slot(Range(i, S.One, BATCH), Kind.SAMPLE),) if self.batch else ()
        biased = [(first, last) for first, last, has in self.biases if has]
        if len(biased) > 1:
            raise SizeError("layers with a bias must follow one another")
        parted = any(len(groups) > 1 for groups in (self.activations, self.biases))
        least = 2 if parted else 1
        result = [Variable("L", role=Role.SIZE, minimum=least)] if depth == DEPTH else []
        result += [Variable("n", (_layers(S.Zero, depth),), Role.SIZE)]
        result += [Variable("m", role=Role.SIZE)] if self.batch else []
        result += [
            Variable("x", (_units(j, N[0]), *sample), Role.INPUT),
            Variable("y", (_units(j, N[depth]), *sample), Role.TARGET, within=row.targets),
            Variable(
                "w", (_layers(S.One, depth), _units(j, N[l]), _units(k, N[l - 1])), Role.PARAMETER
            ),
        ]
        result += [
            Variable("b", (_layers(first, last), _units(j, N[l])), Role.PARAMETER)
            for first, last in biased
        ]
        result += self._hyperparameters(row, penalties)
        return (
            *result,
            Variable("z", (_layers(S.One, depth), _units(j, N[l]), *sample)),
            Variable("a", (_layers(S.Zero, depth), _units(j, N[l]), *sample)),
            Variable("C", role=Role.LOSS),
        )

    def _hyperparameters(self, row: losses.Loss, penalties: Expr) -> list[Variable]:
        """λ and the parameters of activations and loss, with their defaults."""
        defaults = {LAMBDA: Rational(1, 100)} if penalties.has(LAMBDA) else {}
        for _, _, name in self.activations:
            if name != "softmax":
                defaults |= dict(lookup(str(name)).parameters)
        defaults |= {DELTA: S.One} if DELTA in row.parameters else {}
        return [
            Variable(symbol.name, role=Role.HYPERPARAMETER, value=value)
            for symbol, value in defaults.items()
        ]


def _layers(first: Expr, last: Expr) -> Slot:
    return Slot(Range(l, first, last), Kind.LAYER)


def _units(symbol: Symbol, count: Expr) -> Slot:
    return Slot(Range(symbol, S.One, count), Kind.UNIT)
