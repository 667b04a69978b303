"""Layers of PyTorch that slide a window over places: convolutions and pooling."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sympy import Expr, Integer

from symbp.networks.windows import (
    Around,
    Image,
    Window,
    continued,
    convolved,
    padded,
    pooled,
    under,
    widened,
)
from symbp.reading.pytorch.chain import Chain, Layer, Signal, met, pair, refuse
from symbp.system import Kind


@dataclass(frozen=True)
class Numbers:
    """What PyTorch calls kernel_size, stride, dilation and padding, along one axis."""

    kernel: int
    stride: int
    dilation: int
    padding: int

    def beyond(self, n: int) -> int:
        """How far the last window reaches beyond n places and the padding, in ceil_mode."""
        reach, room = self.dilation * (self.kernel - 1) + 1, n + 2 * self.padding
        steps = -((reach - room) // self.stride)  # ⌈(room − reach)/stride⌉
        if steps * self.stride >= n + self.padding:  # it has to begin before the end
            steps -= 1
        return max(0, steps * self.stride + reach - room)


def convolution(chain: Chain, a: Signal, layer: Any) -> Signal:
    """z[i, e, p] = Σ_d Σ_u W[e, d, u] a[i, d, s(p − 1) + r(u − 1) + 1] + b[e]."""
    rank = len(layer.kernel_size)
    if len(a.axes) != rank + 1 or a.flat or a.shape[0] != layer.in_channels:
        met(a, f"in_channels={layer.in_channels} and {rank} axes of places")
    if layer.groups != 1 or layer.padding_mode != "zeros":
        refuse("is not read", "groups=1, padding_mode='zeros'")
    chain.number += 1
    a = _with_zeros(chain, a, _around(layer, rank))
    taps = [chain.size("K" if n == 0 else "R", k) for n, k in enumerate(layer.kernel_size)]
    channels = chain.size("D", layer.out_channels)
    windows = _windows(chain, taps, layer.stride, layer.dilation)
    z = _positions(chain, a, windows, layer.kernel_size)
    e = chain.index(channels, Kind.CHANNEL)
    inner = (a.axes[0], *(w.tap for w in windows))
    W = chain.parameter("W", layer.weight, tuple(layer.weight.shape), e, *inner)
    value = convolved(chain.model, W, e, _image(chain, a), windows, z.axes[1:])
    if layer.bias is not None:
        value += chain.parameter("b", layer.bias, (layer.out_channels,), e)[e]
    sizes, shape = (channels, *z.sizes[1:]), (layer.out_channels, *z.shape[1:])
    return chain.defined("z", Signal(None, (e, *z.axes[1:]), sizes, shape), value)


def pooling(kind: str) -> Layer:
    """The mean or the greatest value of each window, in each channel."""

    def layer_of(chain: Chain, a: Signal, layer: Any) -> Signal:
        rank = len(a.axes) - 1
        if rank < 1 or a.flat:
            met(a, "channels and places")
        axes = list(_numbers(layer, rank))
        around = [
            (n.padding, n.padding + (n.beyond(places) if layer.ceil_mode else 0))
            for n, places in zip(axes, a.shape[1:], strict=True)
        ]
        a = _continued(chain, a, axes, around) if kind == "max" else _mean(chain, a, layer, around)
        taps = [Integer(n.kernel) for n in axes]
        windows = _windows(chain, taps, [n.stride for n in axes], [n.dilation for n in axes])
        z = _positions(chain, a, windows, [n.kernel for n in axes])
        entry = under(_image(chain, a), windows, z.axes[1:])
        return chain.defined("h", z, pooled(chain.model, kind, entry, *(w.tap for w in windows)))

    return layer_of


def global_pooling(kind: str) -> Layer:
    """AdaptiveAvgPool or AdaptiveMaxPool to one place: the mean or the maximum of each channel."""

    def layer_of(chain: Chain, a: Signal, layer: Any) -> Signal:
        if any(n not in (1, None) for n in pair(layer.output_size, 1)):
            refuse("is not read", "output_size=1")
        d, *places = a.axes
        value = pooled(chain.model, kind, chain.entry(a), *places)
        return chain.defined("h", Signal(None, (d,), a.sizes[:1], a.shape[:1]), value)

    return layer_of


# -- windows ---------------------------------------------------------------------------------------


def _image(chain: Chain, a: Signal) -> Image:
    return Image(a.family, (chain.sample, a.axes[0]), a.axes[1:], a.sizes[1:])


def _windows(
    chain: Chain, taps: Sequence[Expr], stride: Sequence[int], dilation: Sequence[int]
) -> list[Window]:
    """A window for each axis."""
    return [
        Window(k, chain.index(k, Kind.PLACE), s, r)
        for k, s, r in zip(taps, stride, dilation, strict=True)
    ]


def _positions(chain: Chain, a: Signal, windows: Sequence[Window], kernel: Sequence[int]) -> Signal:
    """The channels of a signal, and the positions of the windows over its places."""
    sizes, shape = [a.sizes[0]], [a.shape[0]]
    for w, k, n, number, name in zip(windows, kernel, a.sizes[1:], a.shape[1:],
                                     "MN"[-len(windows):], strict=True):  # fmt: skip
        count = (number - w.dilation * (k - 1) - 1) // w.stride + 1
        if count < 1:
            text = " × ".join(map(str, kernel))
            met(a, f"a window of {text} with dilation {w.dilation}: none fits")
        sizes.append(chain.model.following(chain.name(name), w.count(n), count))
        shape.append(count)
    places = tuple(chain.index(size, Kind.PLACE) for size in sizes[1:])
    return Signal(None, (a.axes[0], *places), tuple(sizes), tuple(shape))


def _numbers(layer: Any, rank: int) -> Iterator[Numbers]:
    """The numbers of a layer of pooling, axis by axis."""
    given = (layer.kernel_size, layer.stride, getattr(layer, "dilation", 1), layer.padding)
    for numbers in zip(*(pair(g, rank) for g in given), strict=True):
        yield Numbers(*numbers)


# -- what stands around ----------------------------------------------------------------------------


def _around(layer: Any, rank: int) -> list[Around]:
    """The zeros that a convolution puts around; for "same" the odd one stands at the end."""
    if layer.padding == "valid":
        return [(0, 0)] * rank
    if layer.padding == "same":
        room = [r * (k - 1) for r, k in zip(layer.dilation, layer.kernel_size, strict=True)]
        return [(n // 2, n - n // 2) for n in room]
    return [(n, n) for n in pair(layer.padding, rank)]


def _with_zeros(chain: Chain, a: Signal, around: Sequence[Around]) -> Signal:
    if not any(map(any, around)):
        return a
    places = tuple(chain.index(n, Kind.PLACE) for n in widened(a.sizes[1:], around))
    return _signal(a, padded(chain.model, _image(chain, a), chain.name("p"), places, around),
                   around)  # fmt: skip


def _mean(chain: Chain, a: Signal, layer: Any, around: Sequence[Around]) -> Signal:
    """Zeros that count as places; a window that reaches beyond them would be a smaller one."""
    whole = layer.count_include_pad or not any(map(any, around))
    if not whole or getattr(layer, "divisor_override", None) is not None:
        refuse("is not read", "count_include_pad=True, divisor_override=None")
    if any(low != high for low, high in around):
        refuse("is not read", "ceil_mode=False, or windows that fit")
    return _with_zeros(chain, a, around)


def _continued(
    chain: Chain, a: Signal, axes: Sequence[Numbers], around: Sequence[Around]
) -> Signal:
    """The first and last places repeated: PyTorch's −∞ is never the greatest, nor are they more."""
    for axis, (numbers, side) in enumerate(zip(axes, around, strict=True)):
        if not any(side):
            continue
        if numbers.dilation != 1:
            refuse("is not read", "dilation=1 where there is padding or ceil_mode=True")
        image = _image(chain, a)
        (size,) = widened([image.sizes[axis]], [side])
        place = chain.index(size, Kind.PLACE)
        sides = [side if n == axis else (0, 0) for n in range(len(around))]
        wide = continued(chain.model, image, chain.name("p"), axis, place, side)
        a = _signal(a, wide, sides)
    return a


def _signal(a: Signal, image: Image, around: Sequence[Around]) -> Signal:
    """The signal with an image in its place."""
    shape = (a.shape[0], *(n + sum(side) for n, side in zip(a.shape[1:], around, strict=True)))
    return Signal(image.family, (a.axes[0], *image.places), (a.sizes[0], *image.sizes), shape)
