"""Backpropagation written by hand in plain NumPy: the independent witness for dense networks.

    z^l = w^l a^{l-1} + b^l          a^0 = x, columns are samples, 1 ≤ l ≤ L
    a^l = f^l(z^l)
    C   = (1/m) Σ_samples ℓ(a^L, y) + l1 Σ|w| + l2 Σw²

    δ^L     = ∂C/∂a^L · ∂a^L/∂z^L
    δ^l     = ((w^{l+1})ᵀ δ^{l+1}) ⊙ f'(z^l)
    ∂C/∂w^l = δ^l (a^{l-1})ᵀ + l1 sign(w^l) + 2 l2 w^l
    ∂C/∂b^l = Σ_samples δ^l

Shapes: x (n_0, m), y (n_L, m), w^l (n_l, n_{l-1}), b^l (n_l,), δ^l (n_l, m).
Source: Rumelhart, Hinton & Williams (1986), Nature 323; notation of Nielsen (2015), chapter 2.

Guarantees. Nothing here comes from the symbolic side of symbp, so no mistake is shared with it.
Values and derivatives are stable for large |z| (no overflow, no 1 − σ that cancels). At a kink
the derivative is the value from the left (abs: 0). Values branch on the real part alone, so
that complex steps and object arrays (mpmath) pass through `reference_cost`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[Any]
Parameters = Mapping[str, float]


@dataclass(frozen=True)
class Activation:
    """An elementwise a = f(z), its f'(z), and where f is not differentiable."""

    value: Callable[[Array, Parameters], Array]
    derivative: Callable[[Array, Parameters], Array]
    kinks: tuple[float, ...] = ()  # the z where f' jumps


@dataclass(frozen=True)
class Loss:
    """ℓ(a, y) entry by entry, summed over outputs, and ∂(Σℓ)/∂a of the same shape."""

    value: Callable[[Array, Array, Parameters], Array]
    gradient: Callable[[Array, Array, Parameters], Array]


@dataclass(frozen=True)
class ReferenceGradient:
    """C and its gradient; lists run over the layers 1 … L."""

    cost: float
    weights: list[Array]  # ∂C/∂w^l, shape (n_l, n_{l-1})
    biases: list[Array | None]  # ∂C/∂b^l, shape (n_l,); None for a layer without bias
    deltas: list[Array]  # δ^l = ∂C/∂z^l, shape (n_l, m)
    inputs: Array  # ∂C/∂x, shape (n_0, m)


def where_positive(z: Array, above: Any, below: Any) -> Array:
    """`above` where z > 0, else `below`."""
    return np.where(z.real > 0, above, below)


def magnitude(z: Array) -> Array:
    """|z|, as a function that keeps an imaginary part: −z or z."""
    return where_positive(z, z, -z)


def sigmoid(z: Array) -> Array:
    """σ(z) = 1/(1 + e^{−z}); e^{−|z|} never overflows."""
    e = np.exp(-magnitude(z))
    return where_positive(z, 1 / (1 + e), e / (1 + e))


def sigmoid_prime(z: Array) -> Array:
    """σ' = σ(z) σ(−z), which does not cancel at large z as σ(1 − σ) does."""
    return sigmoid(z) * sigmoid(-z)


def softplus(z: Array) -> Array:
    """log(1 + e^z) = max(z, 0) + log(1 + e^{−|z|})."""
    return where_positive(z, z, 0 * z) + np.log1p(np.exp(-magnitude(z)))


def softmax(z: Array) -> Array:
    """e^{z_j} / Σ_k e^{z_k} in each column."""
    e = np.exp(z - z.real.max(axis=0))
    return e / e.sum(axis=0)


def log_softmax(z: Array) -> Array:
    """z_j − log Σ_k e^{z_k} in each column."""
    top = z.real.max(axis=0)
    return z - top - np.log(np.exp(z - top).sum(axis=0))


def normal_cdf(z: Array) -> Array:
    """Φ(z) = ½ erfc(−z/√2); real z only. An object that is not a float brings its own erfc."""
    erfc = np.frompyfunc(lambda t: t.erfc() if hasattr(t, "erfc") else math.erfc(t), 1, 1)
    return 0.5 * erfc(-z / math.sqrt(2)).astype(z.dtype)


def gelu_prime(z: Array, _: Parameters) -> Array:
    """d/dz zΦ(z) = Φ(z) + zφ(z) with φ(z) = e^{−z²/2}/√(2π)."""
    return normal_cdf(z) + z * np.exp(-z * z / 2) / math.sqrt(2 * math.pi)


def gelu_inner(z: Array) -> Array:
    """2u with u = √(2/π)(z + 0.044715 z³): ½(1 + tanh u) = σ(2u)."""
    return math.sqrt(8 / math.pi) * (z + 0.044715 * z**3)


def gelu_tanh_prime(z: Array, _: Parameters) -> Array:
    """d/dz z σ(2u) = σ(2u) + z σ'(2u) 2u'."""
    slope = math.sqrt(8 / math.pi) * (1 + 0.134145 * z * z)
    return sigmoid(gelu_inner(z)) + z * sigmoid_prime(gelu_inner(z)) * slope


def elu(z: Array, p: Parameters) -> Array:
    """The identity for z > 0, else α(e^z − 1)."""
    return where_positive(z, z, p.get("alpha", 1.0) * np.expm1(where_positive(z, 0 * z, z)))


def elu_prime(z: Array, p: Parameters) -> Array:
    """1 for z > 0, else α e^z."""
    return where_positive(z, 1.0, p.get("alpha", 1.0) * np.exp(where_positive(z, 0 * z, z)))


ACTIVATIONS: dict[str, Activation] = {
    "identity": Activation(lambda z, p: z, lambda z, p: np.ones_like(z)),
    "sigmoid": Activation(lambda z, p: sigmoid(z), lambda z, p: sigmoid_prime(z)),
    "tanh": Activation(lambda z, p: np.tanh(z), lambda z, p: 4 * sigmoid_prime(2 * z)),
    "relu": Activation(
        lambda z, p: where_positive(z, z, 0 * z),
        lambda z, p: where_positive(z, 1.0, 0.0),
        kinks=(0.0,),
    ),
    "leaky_relu": Activation(
        lambda z, p: where_positive(z, z, p.get("alpha", 0.01) * z),
        lambda z, p: where_positive(z, 1.0, p.get("alpha", 0.01)),
        kinks=(0.0,),
    ),
    "elu": Activation(elu, elu_prime, kinks=(0.0,)),  # smooth at 0 only for α = 1
    "softplus": Activation(lambda z, p: softplus(z), lambda z, p: sigmoid(z)),
    "silu": Activation(lambda z, p: z * sigmoid(z), lambda z, p: sigmoid(z) + z * sigmoid_prime(z)),
    "gelu": Activation(lambda z, p: z * normal_cdf(z), gelu_prime),
    "gelu_tanh": Activation(lambda z, p: z * sigmoid(gelu_inner(z)), gelu_tanh_prime),
    "exp": Activation(lambda z, p: np.exp(z), lambda z, p: np.exp(z)),
    "log": Activation(lambda z, p: np.log(z), lambda z, p: 1 / z),
    "sqrt": Activation(lambda z, p: np.sqrt(z), lambda z, p: 0.5 / np.sqrt(z)),
    "square": Activation(lambda z, p: z * z, lambda z, p: 2 * z),
    "abs": Activation(
        lambda z, p: magnitude(z),
        lambda z, p: where_positive(z, 1.0, where_positive(-z, -1.0, 0.0)),
        kinks=(0.0,),
    ),
}


def where_needed(weight: Array, a: Array) -> Array:
    """The probability a, but 1 where its weight is 0, so that 0·log 0 is 0."""
    return np.where(weight == 0, 1 + 0 * a, a)


def binary_cross_entropy(a: Array, y: Array, _: Parameters) -> Array:
    """−y log a − (1 − y) log(1 − a) for probabilities a."""
    return -y * np.log(where_needed(y, a)) - (1 - y) * np.log(where_needed(1 - y, 1 - a))


def binary_cross_entropy_prime(a: Array, y: Array, _: Parameters) -> Array:
    """−y/a + (1 − y)/(1 − a)."""
    return -y / where_needed(y, a) + (1 - y) / where_needed(1 - y, 1 - a)


def huber(a: Array, y: Array, p: Parameters) -> Array:
    """½r² for |r| ≤ δ, else δ(|r| − ½δ), with r = a − y. Huber (1964)."""
    r, delta = a - y, p.get("delta", 1.0)
    far = delta * (magnitude(r) - delta / 2)
    return where_positive(magnitude(r) - delta, far, r * r / 2)


LOSSES: dict[str, Loss] = {
    "half-squared-error": Loss(lambda a, y, p: (a - y) ** 2 / 2, lambda a, y, p: a - y),
    "squared-error": Loss(lambda a, y, p: (a - y) ** 2, lambda a, y, p: 2 * (a - y)),
    "mean-squared-error": Loss(
        lambda a, y, p: (a - y) ** 2 / len(a), lambda a, y, p: 2 * (a - y) / len(a)
    ),
    "binary-cross-entropy": Loss(binary_cross_entropy, binary_cross_entropy_prime),
    "binary-cross-entropy-with-logits": Loss(
        lambda a, y, p: softplus(a) - y * a, lambda a, y, p: sigmoid(a) - y
    ),
    "cross-entropy": Loss(
        lambda a, y, p: -y * np.log(where_needed(y, a)),
        lambda a, y, p: -y / where_needed(y, a),
    ),
    "cross-entropy-with-logits": Loss(
        lambda a, y, p: -y * log_softmax(a),
        lambda a, y, p: softmax(a) * y.sum(axis=0) - y,
    ),
    "hinge": Loss(
        lambda a, y, p: where_positive(1 - y * a, 1 - y * a, 0 * a),
        lambda a, y, p: where_positive(1 - y * a, -y, 0.0),
    ),
    "huber": Loss(huber, lambda a, y, p: np.clip(a - y, -p.get("delta", 1.0), p.get("delta", 1.0))),
}


@dataclass(frozen=True)
class Network:
    """What a cost is made of, with every shape checked."""

    weights: list[Array]
    biases: list[Array | None]
    x: Array
    y: Array
    activations: list[str]
    loss: Loss
    divisor: int
    l1: float
    l2: float
    parameters: Parameters


def forward(net: Network) -> tuple[list[Array], list[Array]]:
    """([z^1 … z^L], [a^0 … a^L])."""
    zs: list[Array] = []
    activations = [net.x]
    for w, b, name in zip(net.weights, net.biases, net.activations, strict=True):
        z = w @ activations[-1]
        if b is not None:
            z = z + b[:, None]
        zs.append(z)
        activations.append(activate(name, z, net.parameters))
    return zs, activations


def activate(name: str, z: Array, parameters: Parameters) -> Array:
    """The activation a = f(z)."""
    return softmax(z) if name == "softmax" else ACTIVATIONS[name].value(z, parameters)


def pull_back(name: str, z: Array, upstream: Array, parameters: Parameters) -> Array:
    """∂C/∂z from ∂C/∂a: f'(z) ⊙ ∂C/∂a; softmax: a_j (∂C/∂a_j − Σ_k a_k ∂C/∂a_k)."""
    if name == "softmax":
        a = softmax(z)
        return a * (upstream - (a * upstream).sum(axis=0))
    return ACTIVATIONS[name].derivative(z, parameters) * upstream


def cost_of(net: Network, output: Array) -> Any:
    """C = (1/m) Σ ℓ + l1 Σ|w| + l2 Σw²."""
    cost = net.loss.value(output, net.y, net.parameters).sum() / net.divisor
    if net.l1 or net.l2:
        cost += sum(net.l1 * magnitude(w).sum() + net.l2 * (w * w).sum() for w in net.weights)
    return cost


def reference_cost(
    weights: Sequence[ArrayLike],
    biases: Sequence[ArrayLike | None],
    x: ArrayLike,
    y: ArrayLike,
    **options: Any,
) -> Any:
    """C(w, b, x, y) in the number type of the arrays; options as for `reference_gradient`.

    >>> float(reference_cost([[[2.0]]], [[1.0]], [3.0], [5.0],
    ...                      activations=["identity"], loss="half-squared-error"))
    2.0
    """
    net = network(weights, biases, x, y, **options)
    return cost_of(net, forward(net)[1][-1])


def reference_gradient(
    weights: Sequence[ArrayLike],
    biases: Sequence[ArrayLike | None],
    x: ArrayLike,
    y: ArrayLike,
    *,
    activations: Sequence[str],
    loss: str,
    mean: bool = True,
    l1: float = 0.0,
    l2: float = 0.0,
    parameters: Parameters | None = None,
) -> ReferenceGradient:
    """C and ∂C/∂w^l, ∂C/∂b^l, δ^l, ∂C/∂x by one forward and one backward pass.

    Shapes: as at the top of the file; x and y of one sample may be vectors. `mean` divides the
    data cost by m; the penalties l1 Σ|w| + l2 Σw² take their factors as given, biases none.
    `parameters`: alpha (leaky_relu 0.01, elu 1), delta (huber 1).
    Raises ValueError for an unknown name or for shapes that do not fit.
    Source: Nielsen (2015), chapter 2, equations BP1 to BP4.

    >>> gradient = reference_gradient([[[2.0]]], [[1.0]], [3.0], [5.0],
    ...                               activations=["identity"], loss="half-squared-error")
    >>> gradient.weights[0], gradient.biases[0]
    (array([[6.]]), array([2.]))
    """
    net = network(weights, biases, x, y, activations, loss, mean, l1, l2, parameters)
    zs, a = forward(net)
    upstream = net.loss.gradient(a[-1], net.y, net.parameters) / net.divisor
    deltas: list[Array] = []
    for w, z, name in reversed(list(zip(net.weights, zs, net.activations, strict=True))):
        delta = pull_back(name, z, upstream, net.parameters)
        deltas.insert(0, delta)
        upstream = w.T @ delta
    sign = ACTIVATIONS["abs"].derivative
    return ReferenceGradient(
        cost=cost_of(net, a[-1]),
        weights=[
            delta @ before.T + l1 * sign(w, {}) + 2 * l2 * w
            for delta, before, w in zip(deltas, a[:-1], net.weights, strict=True)
        ],
        biases=[
            None if b is None else delta.sum(axis=1)
            for delta, b in zip(deltas, net.biases, strict=True)
        ],
        deltas=deltas,
        inputs=upstream,
    )


def network(
    weights: Sequence[ArrayLike],
    biases: Sequence[ArrayLike | None],
    x: ArrayLike,
    y: ArrayLike,
    activations: Sequence[str],
    loss: str,
    mean: bool = True,
    l1: float = 0.0,
    l2: float = 0.0,
    parameters: Parameters | None = None,
) -> Network:
    """The network with names looked up and shapes checked."""
    unknown = set(parameters or {}) - {"alpha", "delta"}
    if unknown:
        raise ValueError(f"unknown parameters {sorted(unknown)} (known: alpha, delta)")
    columns, targets = samples("x", x), samples("y", y)
    net = Network(
        weights=[numbers(w) for w in weights],
        biases=[None if b is None else numbers(b) for b in biases],
        x=columns,
        y=targets,
        activations=[lookup("activation", a, [*ACTIVATIONS, "softmax"]) for a in activations],
        loss=LOSSES[lookup("loss", loss, list(LOSSES))],
        divisor=columns.shape[1] if mean else 1,
        l1=l1,
        l2=l2,
        parameters=parameters or {},
    )
    check_shapes(net)
    return net


def numbers(values: ArrayLike) -> Array:
    """An array that keeps its number type; integers and booleans become floats."""
    array = np.asanyarray(values)
    return array.astype(np.float64) if array.dtype.kind in "iub" else array


def samples(what: str, values: ArrayLike) -> Array:
    """Columns of samples, shape (n, m); a vector is one sample."""
    array = numbers(values)
    if array.ndim not in (1, 2):
        raise ValueError(f"{what} has shape {array.shape}: expected (n, m), or (n,) for one sample")
    return array[:, None] if array.ndim == 1 else array


def lookup(kind: str, name: str, known: list[str]) -> str:
    """The known name; hyphens and underscores are one."""
    for candidate in (name, name.replace("-", "_"), name.replace("_", "-")):
        if candidate in known:
            return candidate
    raise ValueError(f"unknown {kind} {name!r} (known: {', '.join(known)})")


def check_shapes(net: Network) -> None:
    """Raise ValueError at the first layer that does not fit."""
    depth = len(net.weights)
    if not depth == len(net.biases) == len(net.activations) or depth == 0:
        raise ValueError(
            f"{depth} weights, {len(net.biases)} biases and {len(net.activations)} activations:"
            " expected one of each for every layer (None: no bias), and at least one layer"
        )
    width = net.x.shape[0]
    for l, (w, b) in enumerate(zip(net.weights, net.biases, strict=True), start=1):
        if w.ndim != 2 or w.shape[1] != width:
            raise ValueError(f"w^{l} has shape {w.shape}: expected (n_{l}, {width})")
        width = w.shape[0]
        if b is not None and b.shape != (width,):
            raise ValueError(f"b^{l} has shape {b.shape}: expected ({width},)")
    if net.y.shape != (width, net.x.shape[1]):
        raise ValueError(f"y has shape {net.y.shape}: expected ({width}, {net.x.shape[1]})")
