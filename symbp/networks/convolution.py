"""Convolutional networks: one kernel for all places of a sequence or an image.

    z[e, p] = Σ_du W[e, d, u] x[d, p + u − 1] + b[e]                   LeCun et al. (1989)
    z[e, p] = Σ_du W[e, d, u] x[d, s(p − 1) + r(u − 1) + 1] + b[e]     stride s, dilation r
    z[e, q] = Σ_dp W[e, d, q − s(p − 1)] x[d, p] + b[e]                transposed

A "convolution" is what the field calls so: a cross-correlation, the kernel is not turned. Images
have N (or M × N) places and D channels, kernels K (or K × K) places; padding puts zeros around.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sympy as sp
from sympy import Expr, Symbol

from symbp.errors import unknown
from symbp.functions import TABLE, lookup
from symbp.networks.entry import Entry
from symbp.system import Range, System
from symbp.system.model import Model

EXP, LOG = TABLE["exp"], TABLE["log"]
POOLINGS = ("average", "max")
POOLED = {"M": "P", "N": "Q"}  #: the name of a size after pooling


@dataclass(frozen=True)
class Image:
    """A family of values u[channel, place] or u[channel, place, place]."""

    family: Any
    channel: Symbol
    places: tuple[Symbol, ...]
    extent: dict[str, Expr]
    """The number of places in each direction, by name; one for both where it is square."""

    def at(self, *index: Expr) -> Expr:
        """The entry at some places, in the same channel."""
        entry: Expr = self.family[self.channel, *index]
        return entry

    @property
    def entry(self) -> Expr:
        """The entry at its own indices."""
        return self.at(*self.places)

    @property
    def sizes(self) -> list[Expr]:
        """The number of places in each direction."""
        return list(self.extent.values()) * (len(self.places) // len(self.extent))


@dataclass(frozen=True)
class Window:
    """K places, and how they go over an image."""

    K: Expr
    taps: tuple[Symbol, ...]
    stride: int = 1
    padding: int = 0
    dilation: int = 1

    def count(self, n: Expr) -> Expr:
        """Its positions along n places: ⌊(n + 2·padding − dilation (K − 1) − 1)/stride⌋ + 1."""
        room = n + 2 * self.padding - self.dilation * (self.K - 1)
        return room if self.stride == 1 else sp.floor((room - 1) / sp.Integer(self.stride)) + 1

    def covers(self, places: tuple[Symbol, ...]) -> list[Expr]:
        """The places that its taps cover at each of its positions."""
        return [
            sp.expand(self.stride * (p - 1) + self.dilation * (u - 1) + 1)
            for p, u in zip(places, self.taps, strict=True)
        ]


def conv1d(
    stride: int = 1, padding: int = 0, dilation: int = 1, activation: str = "sigma"
) -> System:
    """Two convolutions over a sequence of N places: D → E → F channels, half squared error.

    >>> print(conv1d())
    z_1[e, p] = b_1[e] + Sum(W_1[e, d, u]*x[d, p + u - 1], (u, 1, K), (d, 1, D))   for 1 ≤ e ≤ E, 1 ≤ p ≤ N_1
    a_1[e, p] = sigma(z_1[e, p])   for 1 ≤ e ≤ E, 1 ≤ p ≤ N_1
    z_2[f, r] = b_2[f] + Sum(W_2[f, e, u]*a_1[e, r + u - 1], (u, 1, K), (e, 1, E))   for 1 ≤ f ≤ F, 1 ≤ r ≤ N_2
    C = Sum((-y[f, r] + z_2[f, r])**2, (r, 1, N_2), (f, 1, F))/2
    """  # noqa: E501
    return _two_convolutions("N", stride, padding, dilation, activation)


def conv2d(
    stride: int = 1, padding: int = 0, dilation: int = 1, activation: str = "sigma"
) -> System:
    """Two convolutions over images of M × N places: D → E → F channels, half squared error."""
    return _two_convolutions("MN", stride, padding, dilation, activation)


def _two_convolutions(
    axes: str, stride: int, padding: int, dilation: int, activation: str
) -> System:
    m = Model()
    x, K, taps = _begin(m, axes, "EF")
    window = Window(K, taps, stride, padding, dilation)
    a = _activated(m, _convolved(m, x, window, "e", "pq", 1), activation, 1)
    return _squared_error(m, _convolved(m, a, window, "f", "rs", 2))


def transposed_conv1d(stride: int = 2, activation: str = "sigma") -> System:
    """A convolution, and a transposed one that leads back to all places of the input."""
    m = Model()
    x, K, taps = _begin(m, "N", "EF")
    a = _activated(m, _convolved(m, x, Window(K, taps, stride), "e", "p", 1), activation, 1)
    (f,), (r,) = m.channels("f", Symbol("F", integer=True)), m.places("r", *x.sizes)
    W, b = m.parameter("W_2", f, a.channel, *taps), m.parameter("b_2", f)
    (z,) = m.values("z_2")
    (p,), (n,), s = a.places, a.sizes, sp.Integer(stride)
    first, last = sp.ceiling((r - K) / s) + 1, sp.floor((r - 1) / s) + 1
    stamped = W[f, a.channel, r - s * (p - 1)] * a.entry
    run = (p, sp.Max(1, first), sp.Min(n, last))
    m.let(z[f, r], m.sum(sp.Sum(stamped, run), a.channel) + b[f])
    return _squared_error(m, Image(z, f, (r,), x.extent))


def pooling(kind: str = "average", size: int = 2, activation: str = "sigma") -> System:
    """A convolution, and the mean or maximum of each window of its output; half squared error."""
    m = Model()
    x, K, taps = _begin(m, "MN", "E")
    a = _activated(m, _convolved(m, x, Window(K, taps), "e", "pq", 1), activation, 1)
    return _squared_error(m, _pooled(m, a, _pool(m, size), "rs", 1, kind))


def global_pooling(kind: str = "average", activation: str = "sigma") -> System:
    """A convolution, the mean or maximum of each of its channels, a dense layer; squared error."""
    m = Model()
    x, K, taps = _begin(m, "MN", "EJ")
    a = _activated(m, _convolved(m, x, Window(K, taps), "e", "pq", 1), activation, 1)
    (h,), (z,), (j,) = m.values("h_1"), m.values("z_2"), m.units("j", Symbol("J", integer=True))
    m.let(h[a.channel], _pool_of(m, kind, a.entry, a.places, sp.Mul(*a.sizes)))
    W, b, y = m.parameter("W_2", j, a.channel), m.parameter("b_2", j), m.target("y", j)
    m.let(z[j], m.sum(W[j, a.channel] * h[a.channel], a.channel) + b[j])
    return m.system(m.sum((z[j] - y[j]) ** 2, j) / 2)


def lenet(activation: str = "tanh", pooling: str = "average") -> System:
    """LeNet: convolution, pooling, convolution, pooling, a dense layer, softmax, cross-entropy.

    Square images of D channels and N × N places, kernels of K × K places, E and F feature maps,
    J classes. Pooling takes the mean, or with "max" the greatest, of 2 × 2 places.
    """
    m = Model()
    x, K, taps = _begin(m, "N", "EFJ", dimensions=2)
    pool = _pool(m, 2)
    a = _activated(m, _convolved(m, x, Window(K, taps), "e", "pq", 1), activation, 1)
    h = _pooled(m, a, pool, "rs", 1, pooling)
    a = _activated(m, _convolved(m, h, Window(K, taps), "f", "no", 2), activation, 2)
    h = _pooled(m, a, pool, "it", 2, pooling)
    j, k = m.units("j k", Symbol("J", integer=True))
    W, b, y = m.parameter("W_3", j, h.channel, *h.places), m.parameter("b_3", j), m.target("y", j)
    z, o = m.values("z_3", "a_3")
    m.let(z[j], m.sum(W[j, h.channel, *h.places] * h.entry, h.channel, *h.places) + b[j])
    m.let(o[j], EXP(z[j]) / m.sum(EXP(z[k]), k))
    return m.system(-m.sum(y[j] * LOG(o[j]), j))


# -- layers ----------------------------------------------------------------------------------------


def _begin(
    m: Model, axes: str, widths: str, dimensions: int = 0
) -> tuple[Image, Expr, tuple[Symbol, ...]]:
    """The sizes; the input, the size of the kernels, and the indices of their places."""
    K, D, *_ = m.sizes("K", "D", *widths)
    extent = dict(zip(axes, m.sizes(*axes), strict=True))
    rank = dimensions or len(axes)
    (d,) = m.channels("d", D)
    sizes = list(extent.values()) * (rank // len(axes))
    places = _places(m, "gh", sizes)
    x = Image(m.input("x", d, *places), d, places, extent)
    return x, K, _places(m, "uv", [K] * rank)


def _places(m: Model, letters: str, sizes: list[Expr]) -> tuple[Symbol, ...]:
    return tuple(m.places(i, n)[0] for i, n in zip(letters, sizes, strict=False))


def _convolved(m: Model, a: Image, window: Window, into: str, letters: str, n: int) -> Image:
    """z = W * a + b in channels of the letter `into`; the weights are those of layer n."""
    (channel,) = m.channels(into, Symbol(into.upper(), integer=True))
    extent = {
        name: m.following(f"{name[0]}_{n}", window.count(size)) for name, size in a.extent.items()
    }
    (z,) = m.values(f"z_{n}")
    places = _places(m, letters, list(extent.values()) * (len(a.places) // len(extent)))
    a = _padded(m, a, window.padding, n) if window.padding else a
    W = m.parameter(f"W_{n}", channel, a.channel, *window.taps)
    b = m.parameter(f"b_{n}", channel)
    products = W[channel, a.channel, *window.taps] * a.at(*window.covers(places))
    m.let(z[channel, *places], m.sum(products, a.channel, *window.taps) + b[channel])
    return Image(z, channel, places, extent)


def _padded(m: Model, a: Image, zeros: int, n: int) -> Image:
    """h, an image with zeros on all of its sides."""
    sizes = [size + 2 * zeros for size in a.sizes]
    places = _places(m, ("ij", "mn")[n - 1], sizes)
    h = Image(m.value(f"h_{n - 1}", a.channel, *places), a.channel, places, a.extent)
    pairs = list(zip(places, a.sizes, strict=True))
    inside = [Range(p, sp.Integer(zeros + 1), zeros + size) for p, size in pairs]
    m.let(h.entry, a.at(*(p - zeros for p in places)), *inside)
    for axis, (p, size) in enumerate(pairs):
        for low, high in ((sp.S.One, sp.Integer(zeros)), (zeros + size + 1, 2 * zeros + size)):
            if low == high:
                m.let(h.at(*places[:axis], low, *places[axis + 1 :]), 0, *inside[:axis])
            else:
                m.let(h.entry, 0, *inside[:axis], Range(p, low, high))
    return h


def _activated(m: Model, z: Image, activation: str, n: int) -> Image:
    (a,) = m.values(f"a_{n}")
    result = Image(a, z.channel, z.places, z.extent)
    m.let(result.entry, lookup(activation)(z.entry))
    return result


def _pool(m: Model, size: int) -> Window:
    """A window of pooling: at each of its positions it covers places of its own."""
    return Window(sp.Integer(size), m.places("alpha beta", size), size)


def _pooled(m: Model, a: Image, window: Window, letters: str, n: int, kind: str) -> Image:
    """The mean or maximum of each window; the windows cover the image."""
    extent = {
        name: m.following(f"{POOLED[name[0]]}_{n}", size / window.K)
        for name, size in a.extent.items()
    }
    places = _places(m, letters, list(extent.values()) * (len(a.places) // len(extent)))
    (family,) = m.values(f"h_{n}")
    h = Image(family, a.channel, places, extent)
    covered, count = a.at(*window.covers(places)), window.K ** len(places)
    m.let(h.entry, _pool_of(m, kind, covered, window.taps, count))
    return h


def _pool_of(m: Model, kind: str, e: Expr, over: tuple[Symbol, ...], count: Expr) -> Expr:
    """The mean of `count` numbers, or their maximum."""
    if kind not in POOLINGS:
        raise unknown("pooling", kind, list(POOLINGS))
    return m.max(e, *over) if kind == "max" else m.sum(e, *over) / count


def _squared_error(m: Model, o: Image) -> System:
    y = m.target("y", o.channel, *o.places)
    return m.system(m.sum((o.entry - y[o.channel, *o.places]) ** 2, o.channel, *o.places) / 2)


LECUN = "LeCun et al. (1989), Backpropagation Applied to Handwritten Zip Code Recognition"
ENTRIES = (
    Entry(
        "conv1d",
        "convolution",
        {"en": "convolutions over a sequence", "zh": "一维卷积网络"},
        conv1d,
        sizes={"N": 7, "K": 3, "D": 1, "E": 2, "F": 4},
        source=LECUN,
    ),
    Entry(
        "conv2d",
        "convolution",
        {"en": "convolutions over images", "zh": "二维卷积网络"},
        conv2d,
        sizes={"M": 5, "N": 6, "K": 2, "D": 1, "E": 3, "F": 2},
        source=LECUN,
    ),
    Entry(
        "padded-conv2d",
        "convolution",
        {"en": "convolutions over padded images", "zh": "带零填充的二维卷积网络"},
        conv2d,
        options={"padding": 1},
        sizes={"M": 3, "N": 4, "K": 3, "D": 1, "E": 2, "F": 2},
        source=LECUN,
    ),
    Entry(
        "strided-conv1d",
        "convolution",
        {"en": "convolutions with a stride", "zh": "带步幅的一维卷积网络"},
        conv1d,
        options={"stride": 2},
        sizes={"N": 12, "K": 3, "D": 1, "E": 2, "F": 4},
        source="Dumoulin & Visin (2016), A guide to convolution arithmetic, section 2",
    ),
    Entry(
        "dilated-conv1d",
        "convolution",
        {"en": "convolutions with a dilation", "zh": "空洞卷积网络"},
        conv1d,
        options={"dilation": 2},
        sizes={"N": 11, "K": 3, "D": 1, "E": 2, "F": 4},
        source="Yu & Koltun (2016), Multi-Scale Context Aggregation by Dilated Convolutions",
    ),
    Entry(
        "transposed-conv1d",
        "convolution",
        {"en": "a convolution and a transposed convolution", "zh": "转置卷积网络"},
        transposed_conv1d,
        sizes={"N": 9, "K": 3, "D": 1, "E": 2, "F": 5},
        source="Dumoulin & Visin (2016), A guide to convolution arithmetic, section 4",
    ),
    Entry(
        "average-pooling",
        "convolution",
        {"en": "a convolution and average pooling", "zh": "卷积与平均池化"},
        pooling,
        sizes={"M": 5, "N": 7, "K": 2, "D": 1, "E": 3},
        source="LeCun et al. (1998), Gradient-Based Learning Applied to Document Recognition",
    ),
    Entry(
        "max-pooling",
        "convolution",
        {"en": "a convolution and max pooling", "zh": "卷积与最大池化"},
        pooling,
        options={"kind": "max"},
        sizes={"M": 5, "N": 7, "K": 2, "D": 1, "E": 3},
        source="Ranzato, Boureau & LeCun (2007), Sparse Feature Learning for Deep Belief Networks",
    ),
    Entry(
        "global-average-pooling",
        "convolution",
        {"en": "a convolution and global average pooling", "zh": "卷积与全局平均池化"},
        global_pooling,
        sizes={"M": 5, "N": 4, "K": 2, "D": 1, "E": 3, "J": 6},
        source="Lin, Chen & Yan (2014), Network In Network",
    ),
    Entry(
        "global-max-pooling",
        "convolution",
        {"en": "a convolution and global max pooling", "zh": "卷积与全局最大池化"},
        global_pooling,
        options={"kind": "max"},
        sizes={"M": 5, "N": 4, "K": 2, "D": 1, "E": 3, "J": 6},
        source="Oquab et al. (2015), Is Object Localization for Free?",
    ),
    Entry(
        "lenet",
        "convolution",
        {"en": "LeNet, a small convolutional network", "zh": "LeNet 卷积网络"},
        lenet,
        sizes={"N": 11, "K": 2, "D": 1, "E": 2, "F": 3, "J": 4},
        source="LeCun, Bottou, Bengio & Haffner (1998)",
    ),
)
