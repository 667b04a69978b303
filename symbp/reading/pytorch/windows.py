"""Layers of PyTorch that slide a window over places: convolutions and pooling."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import sympy as sp
from sympy import Expr, Integer, Symbol

from symbp.reading.pytorch.chain import Chain, Layer, Signal, met, pair, refuse
from symbp.system import Kind, Range


def convolution(chain: Chain, a: Signal, layer: Any) -> Signal:
    """z[i, e, p] = Σ_d Σ_u W[e, d, u] a[i, d, s(p − 1) + r(u − 1) + 1] + b[e]."""
    rank = len(layer.kernel_size)
    if len(a.axes) != rank + 1 or a.flat or a.shape[0] != layer.in_channels:
        met(a, f"in_channels={layer.in_channels} and {rank} axes of places")
    if layer.groups != 1 or layer.padding_mode != "zeros":
        refuse("is not read", "groups=1, padding_mode='zeros'")
    chain.number += 1
    padding = pair(layer.padding, rank)
    a = _padded(chain, a, padding)
    taps = [chain.size("K" if n == 0 else "R", k) for n, k in enumerate(layer.kernel_size)]
    channels = chain.size("D", layer.out_channels)
    z = _windows(chain, a, taps, layer.kernel_size, layer.stride, layer.dilation)
    (e,) = (chain.index(channels, Kind.CHANNEL),)
    inner = [chain.index(k, Kind.PLACE) for k in taps]
    d, *_ = a.axes
    W = chain.parameter("W", layer.weight, tuple(layer.weight.shape), e, d, *inner)
    covered = _covered(z.axes[1:], inner, layer.stride, layer.dilation)
    value = chain.model.sum(W[e, d, *inner] * chain.entry(a, d, *covered), d, *inner)
    if layer.bias is not None:
        value += chain.parameter("b", layer.bias, (layer.out_channels,), e)[e]
    z = replace(z, axes=(e, *z.axes[1:]), sizes=(channels, *z.sizes[1:]),
                shape=(layer.out_channels, *z.shape[1:]))  # fmt: skip
    return chain.defined("z", z, value)


def _covered(
    places: Sequence[Expr], taps: Sequence[Expr], stride: Sequence[int], dilation: Sequence[int]
) -> list[Expr]:
    """The places that a window covers: s(p − 1) + r(u − 1) + 1."""
    parts = zip(places, taps, stride, dilation, strict=True)
    return [sp.expand(s * (p - 1) + r * (u - 1) + 1) for p, u, s, r in parts]


def _windows(
    chain: Chain, a: Signal, taps: Sequence[Expr], kernel: Sequence[int],
    stride: Sequence[int], dilation: Sequence[int],
) -> Signal:  # fmt: skip
    """The positions of a window: ⌊(n − r(K − 1) − 1)/s⌋ + 1 along each axis of places."""
    sizes, shape = [a.sizes[0]], [a.shape[0]]
    names = ("MN" if len(kernel) == 2 else "N")[: len(kernel)]
    for n, name in enumerate(names):
        s, r = stride[n], dilation[n]
        room = a.sizes[n + 1] - r * (taps[n] - 1)
        count = room if s == 1 else sp.floor((room - 1) / Integer(s)) + 1
        number = (a.shape[n + 1] - r * (kernel[n] - 1) - 1) // s + 1
        if number < 1:
            met(a, f"a window of {' × '.join(map(str, kernel))} with dilation {r}: none fits")
        sizes.append(chain.model.following(chain.name(name), count))
        shape.append(number)
    places = tuple(chain.index(size, Kind.PLACE) for size in sizes[1:])
    return Signal(None, (a.axes[0], *places), tuple(sizes), tuple(shape))


def _padded(chain: Chain, a: Signal, padding: Sequence[int]) -> Signal:
    """The values with zeros around them."""
    if not any(padding):
        return a
    m, i, d = chain.model, chain.sample, a.axes[0]
    sizes = [n + 2 * zeros for n, zeros in zip(a.sizes[1:], padding, strict=True)]
    places = [chain.index(n, Kind.PLACE) for n in sizes]
    h = m.value(chain.name("p"), i, d, *places)
    inside = [Range(p, Integer(z + 1), z + n) for p, z, n in zip(places, padding, a.sizes[1:],
                                                                 strict=True)]  # fmt: skip
    m.let(h[i, d, *places], a.family[i, d, *(p - z for p, z in zip(places, padding, strict=True))],
          *inside)  # fmt: skip
    for axis, zeros in enumerate(padding):
        p, n = places[axis], a.sizes[axis + 1]
        for low, high in ((1, zeros), (n + zeros + 1, n + 2 * zeros)) if zeros else ():
            index = [*places[:axis], low if zeros == 1 else p, *places[axis + 1 :]]
            edge = [] if zeros == 1 else [Range(p, sp.sympify(low), sp.sympify(high))]
            m.let(h[i, d, *index], 0, *inside[:axis], *edge)
    shape = (a.shape[0], *(n + 2 * z for n, z in zip(a.shape[1:], padding, strict=True)))
    return Signal(h, (d, *places), (a.sizes[0], *sizes), shape)


def pooling(kind: str) -> Layer:
    """The mean or the greatest value of each window, in each channel."""

    def layer_of(chain: Chain, a: Signal, layer: Any) -> Signal:
        rank = len(a.axes) - 1
        if rank < 1 or a.flat:
            met(a, "channels and places")
        kernel, stride = pair(layer.kernel_size, rank), pair(layer.stride, rank)
        dilation = pair(getattr(layer, "dilation", 1), rank)
        if any(pair(layer.padding, rank)) or layer.ceil_mode:
            refuse("is not read", "padding=0, ceil_mode=False")
        taps = [Integer(k) for k in kernel]
        z = _windows(chain, a, taps, kernel, stride, dilation)
        inner = [chain.index(k, Kind.PLACE) for k in taps]
        covered = chain.entry(a, a.axes[0], *_covered(z.axes[1:], inner, stride, dilation))
        return chain.defined("h", z, _over(chain, kind, covered, inner))

    return layer_of


def _over(chain: Chain, kind: str, entry: Expr, places: Sequence[Symbol]) -> Expr:
    """The mean, or the maximum, of an entry over places."""
    of = chain.model.mean if kind == "mean" else chain.model.max
    return of(entry, *places)


def global_pooling(kind: str) -> Layer:
    """AdaptiveAvgPool or AdaptiveMaxPool to one place: the mean or the maximum of each channel."""

    def layer_of(chain: Chain, a: Signal, layer: Any) -> Signal:
        if any(n not in (1, None) for n in pair(layer.output_size, 1)):
            refuse("is not read", "output_size=1")
        d, *places = a.axes
        value = _over(chain, kind, chain.entry(a), places)
        return chain.defined("h", Signal(None, (d,), a.sizes[:1], a.shape[:1]), value)

    return layer_of
