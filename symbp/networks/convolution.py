"""Convolutional networks: one kernel for all places of a sequence or an image.

    z[e, p] = Σ_du W[e, d, u] x[d, p + u − 1] + b[e]                   LeCun et al. (1989)
    z[e, p] = Σ_du W[e, d, u] x[d, s(p − 1) + r(u − 1) + 1] + b[e]     stride s, dilation r
    z[e, q] = Σ_dp W[e, d, q − s(p − 1)] x[d, p] + b[e]                transposed

A "convolution" is what the field calls so: a cross-correlation, the kernel is not turned. Images
have N (or M × N) places and D channels, kernels K (or K × K) places; padding puts zeros around.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sympy as sp
from sympy import Expr, Symbol

from symbp.functions import TABLE, lookup
from symbp.networks.entry import Entry
from symbp.networks.windows import Image, Window, convolved, padded, pooled, under, widened
from symbp.system import System
from symbp.system.model import Model

EXP, LOG = TABLE["exp"], TABLE["log"]
POOLED = {"M": "P", "N": "Q"}  #: the name of a size after pooling
WHOLE = {pooled: whole for whole, pooled in POOLED.items()}


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
    x, kernel = _begin(m, axes, "EF", stride=stride, dilation=dilation)
    a = _activated(m, _convolved(m, x, kernel, "e", "pq", 1, padding), activation, 1)
    return _squared_error(m, _convolved(m, a, kernel, "f", "rs", 2, padding))


def transposed_conv1d(stride: int = 2, activation: str = "sigma") -> System:
    """A convolution, and a transposed one that leads back to all places of the input."""
    m = Model()
    x, (window,) = _begin(m, "N", "EF", stride=stride)
    a = _activated(m, _convolved(m, x, (window,), "e", "p", 1), activation, 1)
    (f,), (r,) = m.channels("f", Symbol("F", integer=True)), m.places("r", *x.sizes)
    W, b = m.parameter("W_2", f, a.channel, window.tap), m.parameter("b_2", f)
    (z,) = m.values("z_2")
    (p,), (n,), s = a.places, a.sizes, sp.Integer(stride)
    first, last = sp.ceiling((r - window.K) / s) + 1, sp.floor((r - 1) / s) + 1
    stamped = W[f, a.channel, r - s * (p - 1)] * a.entry
    run = (p, sp.Max(1, first), sp.Min(n, last))
    m.let(z[f, r], m.sum(sp.Sum(stamped, run), a.channel) + b[f])
    return _squared_error(m, Image(z, (f,), (r,), x.sizes))


def pooling(kind: str = "average", size: int = 2, activation: str = "sigma") -> System:
    """A convolution, and the mean or maximum of each window of its output; half squared error."""
    m = Model()
    x, kernel = _begin(m, "MN", "E")
    a = _activated(m, _convolved(m, x, kernel, "e", "pq", 1), activation, 1)
    return _squared_error(m, _pooled(m, a, _pool(m, size), "rs", 1, kind))


def global_pooling(kind: str = "average", activation: str = "sigma") -> System:
    """A convolution, the mean or maximum of each of its channels, a dense layer; squared error."""
    m = Model()
    x, kernel = _begin(m, "MN", "EJ")
    a = _activated(m, _convolved(m, x, kernel, "e", "pq", 1), activation, 1)
    (h,), (z,), (j,) = m.values("h_1"), m.values("z_2"), m.units("j", Symbol("J", integer=True))
    m.let(h[a.channel], pooled(m, kind, a.entry, *a.places))
    W, b, y = m.parameter("W_2", j, a.channel), m.parameter("b_2", j), m.target("y", j)
    m.let(z[j], m.sum(W[j, a.channel] * h[a.channel], a.channel) + b[j])
    return m.system(m.sum((z[j] - y[j]) ** 2, j) / 2)


def lenet(activation: str = "tanh", pooling: str = "average") -> System:
    """LeNet: convolution, pooling, convolution, pooling, a dense layer, softmax, cross-entropy.

    Square images of D channels and N × N places, kernels of K × K places, E and F feature maps,
    J classes. Pooling takes the mean, or with "max" the greatest, of 2 × 2 places.
    """
    m = Model()
    x, kernel = _begin(m, "N", "EFJ", dimensions=2)
    pool = _pool(m, 2)
    a = _activated(m, _convolved(m, x, kernel, "e", "pq", 1), activation, 1)
    h = _pooled(m, a, pool, "rs", 1, pooling)
    a = _activated(m, _convolved(m, h, kernel, "f", "no", 2), activation, 2)
    h = _pooled(m, a, pool, "it", 2, pooling)
    j, k = m.units("j k", Symbol("J", integer=True))
    W, b, y = m.parameter("W_3", j, h.channel, *h.places), m.parameter("b_3", j), m.target("y", j)
    z, o = m.values("z_3", "a_3")
    m.let(z[j], m.sum(W[j, h.channel, *h.places] * h.entry, h.channel, *h.places) + b[j])
    m.let(o[j], EXP(z[j]) / m.sum(EXP(z[k]), k))
    return m.system(-m.sum(y[j] * LOG(o[j]), j))


# -- layers ----------------------------------------------------------------------------------------


def _begin(
    m: Model, axes: str, widths: str, dimensions: int = 0, stride: int = 1, dilation: int = 1
) -> tuple[Image, tuple[Window, ...]]:
    """The sizes; the input, and the windows of the kernels."""
    K, D, *_ = m.sizes("K", "D", *widths)
    own = m.sizes(*axes)
    rank = dimensions or len(axes)
    (d,) = m.channels("d", D)
    sizes = (*own,) * (rank // len(axes))
    places = _places(m, "gh", sizes)
    x = Image(m.input("x", d, *places), (d,), places, sizes)
    return x, tuple(Window(K, u, stride, dilation) for u in _places(m, "uv", [K] * rank))


def _places(m: Model, letters: str, sizes: Sequence[Expr]) -> tuple[Symbol, ...]:
    return tuple(m.places(i, n)[0] for i, n in zip(letters, sizes, strict=False))


def _following(
    m: Model, before: Sequence[Expr], after: Sequence[Expr], names: Mapping[str, str], n: int
) -> tuple[Expr, ...]:
    """The sizes of layer n by name: M_1, N_1; one name for equal ones."""
    made: dict[Expr, Expr] = {}
    for size, value in zip(before, after, strict=True):
        if size not in made:
            letter = str(size)[0]
            made[size] = m.following(f"{names.get(letter, letter)}_{n}", value)
    return tuple(made[size] for size in before)


def _convolved(
    m: Model, a: Image, kernel: Sequence[Window], into: str, letters: str, n: int, zeros: int = 0
) -> Image:
    """z = W * a + b in channels of the letter `into`; the weights are those of layer n."""
    (channel,) = m.channels(into, Symbol(into.upper(), integer=True))
    around = [(zeros, zeros)] * len(a.places)
    wide = widened(a.sizes, around)
    counts = [w.count(size) for w, size in zip(kernel, wide, strict=True)]
    sizes = _following(m, a.sizes, counts, WHOLE, n)
    (z,) = m.values(f"z_{n}")
    places = _places(m, letters, sizes)
    if zeros:
        a = padded(m, a, f"h_{n - 1}", _places(m, ("ij", "mn")[n - 1], wide), around)
    W = m.parameter(f"W_{n}", channel, a.channel, *(w.tap for w in kernel))
    b = m.parameter(f"b_{n}", channel)
    m.let(z[channel, *places], convolved(m, W, channel, a, kernel, places) + b[channel])
    return Image(z, (channel,), places, sizes)


def _activated(m: Model, z: Image, activation: str, n: int) -> Image:
    (a,) = m.values(f"a_{n}")
    result = Image(a, z.others, z.places, z.sizes)
    m.let(result.entry, lookup(activation)(z.entry))
    return result


def _pool(m: Model, size: int) -> tuple[Window, ...]:
    """Windows of pooling: at each of its positions one covers places of its own."""
    return tuple(Window(sp.Integer(size), u, size) for u in m.places("alpha beta", size))


def _pooled(m: Model, a: Image, pool: Sequence[Window], letters: str, n: int, kind: str) -> Image:
    """The mean or maximum of each window; the windows cover the image."""
    counts = [size / w.K for w, size in zip(pool, a.sizes, strict=True)]
    sizes = _following(m, a.sizes, counts, POOLED, n)
    places = _places(m, letters, sizes)
    (family,) = m.values(f"h_{n}")
    h = Image(family, a.others, places, sizes)
    m.let(h.entry, pooled(m, kind, under(a, pool, places), *(w.tap for w in pool)))
    return h


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
