"""The layers of PyTorch as equations: one function for each, in the table `LAYERS`.

A function takes what is known so far, the values that reach the layer, and the layer, of which it
asks what PyTorch calls by name (weight, stride, eps). It adds equations and returns what leaves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import prod
from typing import Any

import sympy as sp
from sympy import Expr, Symbol

from symbp.functions import TABLE
from symbp.reading.pytorch.chain import Chain, Layer, Signal, met, refuse
from symbp.reading.pytorch.windows import convolution, global_pooling, pooling
from symbp.system import Kind

EXP, LOG = TABLE["exp"], TABLE["log"]


# -- dense layers and functions --------------------------------------------------------------------


def linear(chain: Chain, a: Signal, layer: Any) -> Signal:
    """z[i, j] = Σ_k W[j, k] a[i, k] + b[j]; k may be several indices that were flattened."""
    if len(a.axes) > 1 and not a.flat:
        met(a, f"in_features={layer.in_features}: one axis expected (put nn.Flatten() before)")
    if prod(a.shape) != layer.in_features:
        met(a, f"in_features={layer.in_features}")
    chain.number += 1
    sizes = chain.sizes((layer.out_features,))
    (j,) = chain.axes(sizes)
    W = chain.parameter("W", layer.weight, (layer.out_features, *a.shape), j, *a.axes)
    value = chain.model.sum(W[j, *a.axes] * chain.entry(a), *a.axes)
    if layer.bias is not None:
        value += chain.parameter("b", layer.bias, (layer.out_features,), j)[j]
    return chain.defined("z", Signal(None, (j,), sizes, (layer.out_features,)), value)


def flatten(chain: Chain, a: Signal, layer: Any) -> Signal:
    """All indices of a sample count together."""
    del chain
    if layer.start_dim != 1 or layer.end_dim not in (-1, len(a.axes)):
        refuse("is not read", "start_dim=1, end_dim=-1")
    return replace(a, flat=True)


def unchanged(chain: Chain, a: Signal, layer: Any) -> Signal:
    """Identity."""
    del chain, layer
    return a


def applied(name: str, *wanted: str) -> Layer:
    """a = f(z) for a row of the table; `wanted` are the attributes that are its parameters."""

    def layer_of(chain: Chain, z: Signal, layer: Any) -> Signal:
        numbers = [sp.nsimplify(getattr(layer, w)) for w in wanted]
        return chain.defined("a", z, TABLE[name](chain.entry(z), *numbers))

    return layer_of


def gelu(chain: Chain, z: Signal, layer: Any) -> Signal:
    """GELU, by erf or by tanh."""
    name = "gelu_tanh" if layer.approximate == "tanh" else "gelu"
    return chain.defined("a", z, TABLE[name](chain.entry(z)))


def softplus(chain: Chain, z: Signal, layer: Any) -> Signal:
    """log(1 + e^{βz})/β."""
    beta = sp.nsimplify(layer.beta)
    return chain.defined("a", z, TABLE["softplus"](beta * chain.entry(z)) / beta)


def softmax(chain: Chain, z: Signal, layer: Any) -> Signal:
    """a = e^z / Σ e^z along one axis, or along all that were flattened."""
    return chain.defined("a", z, EXP(chain.entry(z)) / _normaliser(chain, z, layer.dim))


def log_softmax(chain: Chain, z: Signal, layer: Any) -> Signal:
    """a = z − log Σ e^z."""
    return chain.defined("a", z, chain.entry(z) - LOG(_normaliser(chain, z, layer.dim)))


def _normaliser(chain: Chain, z: Signal, dim: int | None) -> Expr:
    """Σ e^z along an axis, of which the first is that of the samples."""
    count = 1 if z.flat else len(z.axes)
    if dim is None or not dim % (count + 1) > 0:
        refuse(f"dim={dim} is not read", f"an axis of a sample: 1 to {count}")
    chosen = range(len(z.axes)) if z.flat else [dim % (count + 1) - 1]
    others = {n: _another(chain, z, n) for n in chosen}
    index = [others.get(n, axis) for n, axis in enumerate(z.axes)]
    return chain.model.sum(EXP(chain.entry(z, *index)), *others.values())


def _another(chain: Chain, z: Signal, axis: int) -> Symbol:
    """A second letter for an axis."""
    kind = Kind.UNIT if len(z.axes) == 1 else Kind.CHANNEL if axis == 0 else Kind.PLACE
    return chain.index(z.sizes[axis], kind)


def dropout(chain: Chain, a: Signal, layer: Any) -> Signal:
    """Nothing in eval mode; else mask · a/(1 − p), the mask given as data."""
    if not layer.training or layer.p == 0:
        return a
    mask = chain.model.input(chain.name("mask"), chain.sample, *a.axes)
    kept = mask[chain.sample, *a.axes] / (1 - sp.nsimplify(layer.p))
    return chain.defined("d", a, kept * chain.entry(a))


# -- normalisation ---------------------------------------------------------------------------------


def batch_norm(chain: Chain, z: Signal, layer: Any) -> Signal:
    """ẑ = (z − μ)/√(v + ε), a = γ ẑ + β; μ and v of the batch, or the running ones in eval mode."""
    axis, *rest = z.axes
    if (z.flat and rest) or z.shape[0] != layer.num_features:
        met(z, f"num_features={layer.num_features}")
    chain.number += 1
    if layer.training or layer.running_mean is None:
        mu, v = (f[axis] for f in _statistics(chain, z, (chain.sample, *rest), (axis,)))
    else:
        mu = chain.constant("mu", layer.running_mean, axis)[axis]
        v = chain.constant("v", layer.running_var, axis)[axis]
    return _scaled(chain, z, layer, (chain.entry(z) - mu) / sp.sqrt(v + _epsilon(chain, layer)),
                   (axis,))  # fmt: skip


def layer_norm(chain: Chain, z: Signal, layer: Any) -> Signal:
    """ẑ = (z − μ)/√(v + ε), a = γ ẑ + β, with μ and v over the units of each sample."""
    expected = (prod(z.shape),) if z.flat else z.shape
    if tuple(layer.normalized_shape) != expected:
        met(z, f"normalized_shape={tuple(layer.normalized_shape)}: all axes of a sample expected")
    chain.number += 1
    mu, v = (f[chain.sample] for f in _statistics(chain, z, z.axes, (chain.sample,)))
    value = (chain.entry(z) - mu) / sp.sqrt(v + _epsilon(chain, layer))
    return _scaled(chain, z, layer, value, z.axes)


def _statistics(
    chain: Chain, z: Signal, over: Sequence[Symbol], left: Sequence[Symbol]
) -> tuple[Any, Any]:
    """Mean and variance over some indices, for each value of the others."""
    m = chain.model
    (mu,), (v,) = m.values(chain.name("mu")), m.values(chain.name("v"))
    m.let(mu[tuple(left)], m.mean(chain.entry(z), *over))
    m.let(v[tuple(left)], m.mean((chain.entry(z) - mu[tuple(left)]) ** 2, *over))
    return mu, v


def _epsilon(chain: Chain, layer: Any) -> Expr:
    return chain.model.hyperparameter(chain.name("epsilon"), sp.nsimplify(layer.eps))


def _scaled(chain: Chain, z: Signal, layer: Any, value: Expr, axes: tuple[Symbol, ...]) -> Signal:
    """a = γ ẑ + β, of which β or both may be missing."""
    normed = chain.defined("z_hat", z, value)
    if layer.weight is None:
        return normed
    shape = [n for a, n in zip(z.axes, z.shape, strict=True) if a in axes]
    result = chain.parameter("gamma", layer.weight, shape, *axes)[axes] * chain.entry(normed)
    if layer.bias is not None:
        result += chain.parameter("beta", layer.bias, shape, *axes)[axes]
    return chain.defined("a", z, result)


LAYERS: dict[str, Layer] = {
    "Linear": linear,
    "Identity": unchanged,
    "Flatten": flatten,
    "ReLU": applied("relu"),
    "LeakyReLU": applied("leaky_relu", "negative_slope"),
    "ELU": applied("elu", "alpha"),
    "Sigmoid": applied("sigmoid"),
    "Tanh": applied("tanh"),
    "SiLU": applied("silu"),
    "GELU": gelu,
    "Softplus": softplus,
    "Softmax": softmax,
    "LogSoftmax": log_softmax,
    "Dropout": dropout,
    "Conv1d": convolution,
    "Conv2d": convolution,
    "AvgPool1d": pooling("average"),
    "AvgPool2d": pooling("average"),
    "MaxPool1d": pooling("max"),
    "MaxPool2d": pooling("max"),
    "AdaptiveAvgPool1d": global_pooling("average"),
    "AdaptiveAvgPool2d": global_pooling("average"),
    "AdaptiveMaxPool1d": global_pooling("max"),
    "AdaptiveMaxPool2d": global_pooling("max"),
    "BatchNorm1d": batch_norm,
    "BatchNorm2d": batch_norm,
    "LayerNorm": layer_norm,
}
