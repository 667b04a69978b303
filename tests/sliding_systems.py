"""Systems in which one array slides over another one: by strides, dilations, pads and windows.

Each with sizes at which strides and windows divide what they go over, and such at which not.
"""

from collections.abc import Callable
from functools import partial

import sympy as sp
from sympy import Expr, Integer

from symbp.networks import convolution
from symbp.system import Range, System
from symbp.system.model import Model

Network = Callable[[], System]


def positions(n: Expr, k: Expr, stride: int, dilation: int = 1) -> Expr:
    room = n - dilation * (k - 1)
    return room if stride == 1 else sp.floor((room - 1) / Integer(stride)) + 1


def two_axes(
    stride: tuple[int, int], dilation: tuple[int, int], turned_back: bool = False
) -> System:
    """z[e, p, q] = Σ W[e, u, v] a[s p + r u + ..., ...] with numbers for each axis, a = V x.

    `turned_back`: along the second axis the kernel runs the other way.
    """
    m = Model()
    M, N, K, L, E = m.sizes("M", "N", "K", "H", "E")
    (g,), (h,), (u,), (v,) = (m.places(i, n) for i, n in zip("ghuv", (M, N, K, L), strict=True))
    (p,) = m.places("p", m.following("P", positions(M, K, stride[0], dilation[0])))
    (q,) = m.places("q", m.following("Q", positions(N, L, stride[1], dilation[1])))
    (e,) = m.channels("e", E)
    x, V, W = m.input("x", g, h), m.parameter("V"), m.parameter("W", e, u, v)
    y, (a, z) = m.target("y", e, p, q), m.values("a", "z")
    m.let(a[g, h], V * x[g, h])
    at = [s * (i - 1) + r * (t - 1) + 1
          for s, r, i, t in zip(stride, dilation, (p, q), (u, v), strict=True)]  # fmt: skip
    second = L + 1 - v if turned_back else v
    m.let(z[e, p, q], m.sum(W[e, u, second] * a[at[0], at[1]], u, v))
    return m.system(m.sum((z[e, p, q] - y[e, p, q]) ** 2, e, p, q) / 2)


def one_axis(z_of: Callable[..., Expr], count: Callable[[Expr, Expr], Expr]) -> System:
    """z[q] = Σ_u W[u] a[...], as `z_of` writes it, at `count` places; a = V x."""
    m = Model()
    N, K = m.sizes("N", "K")
    (p,), (u,) = m.places("p", N), m.places("u", K)
    (q,) = m.places("q", m.following("P", count(N, K)))
    x, V, W, y = m.input("x", p), m.parameter("V"), m.parameter("W", u), m.target("y", q)
    a, z = m.values("a", "z")
    m.let(a[p], V * x[p])
    m.let(z[q], z_of(m, W, a, q, u, N, K))
    return m.system(m.sum((z[q] - y[q]) ** 2, q) / 2)


def turned() -> System:
    """z[q] = Σ_u W[u] a[q − u + K]: a convolution in the strict sense."""
    return one_axis(
        lambda m, W, a, q, u, N, K: m.sum(W[u] * a[q - u + K], u), lambda N, K: N - K + 1
    )


def padded_by_bounds() -> System:
    """z[q] = Σ_u W[u] a[q + u − 2] over the u at which a has the place: one zero on each side."""

    def z_of(m, W, a, q, u, N, K):
        return sp.Sum(W[u] * a[q + u - 2], (u, sp.Max(1, 3 - q), sp.Min(K, N + 2 - q)))

    return one_axis(z_of, lambda N, K: N + 3 - K)


def nearly(z_of: Callable[..., Expr]) -> System:
    """A system of one axis that is no convolution as a whole."""
    return one_axis(z_of, lambda N, K: N - 2 * K)


def padded(before: int, after: int, edge: int = 0) -> System:
    """A convolution of h, which is a with zeros, or another number, before and after it."""
    m = Model()
    N, K = m.sizes("N", "K")
    n = N + before + after
    (p,), (u,), (i,), (q,) = (m.places(a, b) for a, b in
                              zip("puiq", (N, K, n, n - K + 1), strict=True))  # fmt: skip
    x, V, W, y = m.input("x", p), m.parameter("V"), m.parameter("W", u), m.target("y", q)
    a, h, z = m.values("a", "h", "z")
    m.let(a[p], V * x[p])
    m.let(h[i], a[i - before], Range(i, Integer(before + 1), N + before))
    if before:
        m.let(h[i], edge, Range(i, Integer(1), Integer(before)))
    if after:
        m.let(h[i], edge, Range(i, N + before + 1, n))
    m.let(z[q], m.sum(W[u] * h[q + u - 1], u))
    return m.system(m.sum((z[q] - y[q]) ** 2, q) / 2)


def windows(kind: str, k: tuple[int, ...], stride: tuple[int, ...]) -> System:
    """h[r] = the mean or the maximum over 1 ≤ u ≤ k of a[s(r − 1) + u], a = V x, for each axis."""
    m = Model()
    sizes = m.sizes("M", "N")[: len(k)]
    counts = [m.following(name, positions(n, Integer(size), s))
              for name, n, size, s in zip("PQ", sizes, k, stride, strict=False)]  # fmt: skip
    places, at, taps = ([m.places(letter, n)[0] for letter, n in zip(row, ends, strict=False)]
                        for row, ends in (("pq", sizes), ("rs", counts), ("uv", k)))  # fmt: skip
    x, V, y, (a, h) = (
        m.input("x", *places),
        m.parameter("V"),
        m.target("y", *at),
        m.values("a", "h"),
    )
    m.let(a[*places], V * x[*places])
    covered = [s * (r - 1) + u for s, r, u in zip(stride, at, taps, strict=True)]
    m.let(h[*at], (m.max if kind == "max" else m.mean)(a[*covered], *taps))
    return m.system(m.sum((h[*at] - y[*at]) ** 2, *at) / 2)


def bounded(
    entry: Callable[..., Expr], low: Callable[..., Expr], high: Callable[..., Expr]
) -> Network:
    """z[q] = Σ_u `entry` from `low` to `high`."""

    def z_of(m, W, a, q, u, N, K):
        return sp.Sum(entry(W, a, q, u), (u, low(q, K), high(q, N, K)))

    return partial(nearly, z_of)


#: What a convolution is not.
BESIDE: dict[str, Network] = {
    "a part of the kernel": bounded(
        lambda W, a, q, u: W[u] * a[q + u - 1], lambda q, K: Integer(2), lambda q, N, K: K
    ),
    "every other entry of the kernel": bounded(
        lambda W, a, q, u: W[2 * u - 1] * a[q + 2 * u - 2],
        lambda q, K: Integer(1),
        lambda q, N, K: sp.floor((K + 1) / Integer(2)),
    ),
    "more than one window": bounded(
        lambda W, a, q, u: a[u], lambda q, K: sp.ceiling(q / Integer(2)), lambda q, N, K: q
    ),
    "windows up to a place": bounded(
        lambda W, a, q, u: a[u],
        lambda q, K: sp.ceiling(q / Integer(2)),
        lambda q, N, K: sp.Min(N - q, sp.ceiling(q / Integer(2))),
    ),
    "a window and one more": bounded(
        lambda W, a, q, u: a[u], lambda q, K: sp.Max(1, q - K + 1), lambda q, N, K: q + 1
    ),
    "turned along one axis": partial(two_axes, (1, 1), (1, 1), True),
    "weights that move": partial(
        nearly, lambda m, W, a, q, u, N, K: m.sum(u * W[u] * a[q + u - 1], u)
    ),
    "a kernel that is its own image": partial(
        nearly, lambda m, W, a, q, u, N, K: m.sum(W[u] * W[K + 1 - u] * a[q + u - 1], u)
    ),
    "a condition on the place in the kernel": bounded(
        lambda W, a, q, u: W[u] * a[q + u - 1] * sp.KroneckerDelta(u, 2),
        lambda q, K: Integer(1),
        lambda q, N, K: K,
    ),
    "a condition on both places": bounded(
        lambda W, a, q, u: W[u] * a[q + u - 1] * sp.KroneckerDelta(u, q),
        lambda q, K: Integer(1),
        lambda q, N, K: K,
    ),
    "the place itself": partial(
        nearly, lambda m, W, a, q, u, N, K: m.sum(q * W[u] * a[q + u - 1], u)
    ),
    "a square": partial(nearly, lambda m, W, a, q, u, N, K: m.sum(W[u] * a[q + u - 1] ** 2, u)),
}

#: By what slides: a network, and sizes.
SLIDING: dict[str, tuple[Network, list[dict[str, int]]]] = {
    "stride 2": (
        partial(convolution.conv1d, stride=2),
        [{"N": n, "K": 3, "D": 1, "E": 2, "F": 1} for n in (9, 10, 11, 12)],
    ),
    "stride 3, kernel of 2": (
        partial(convolution.conv1d, stride=3),
        [{"N": n, "K": 2, "D": 1, "E": 2, "F": 1} for n in (8, 10, 15)],
    ),
    "dilation 3": (
        partial(convolution.conv1d, dilation=3),
        [{"N": n, "K": 2, "D": 2, "E": 1, "F": 1} for n in (7, 9)],
    ),
    "stride and dilation": (
        partial(convolution.conv1d, stride=2, dilation=3),
        [{"N": n, "K": 2, "D": 1, "E": 2, "F": 1} for n in (12, 13, 14)],
    ),
    "stride and dilation with a common divisor": (
        partial(convolution.conv1d, stride=2, dilation=2),
        [{"N": n, "K": 2, "D": 1, "E": 2, "F": 1} for n in (9, 10, 11)],
    ),
    "stride and padding": (
        partial(convolution.conv1d, stride=2, padding=1),
        [{"N": n, "K": 3, "D": 1, "E": 2, "F": 1} for n in (4, 5, 7)],
    ),
    "transposed with stride 3": (
        partial(convolution.transposed_conv1d, stride=3),
        [{"N": n, "K": 2, "D": 1, "E": 2, "F": 1} for n in (5, 6, 7)],
    ),
    "a stride for each axis": (
        partial(two_axes, (2, 1), (1, 1)),
        [{"M": n, "N": 3, "K": 2, "H": 2, "E": 2} for n in (4, 5)],
    ),
    "all of it for each axis": (
        partial(two_axes, (2, 1), (3, 2)),
        [{"M": n, "N": 4, "K": 2, "H": 2, "E": 1} for n in (4, 5, 6)],
    ),
    "turned": (turned, [{"N": 5, "K": 3}, {"N": 2, "K": 2}]),
    "padded by bounds": (padded_by_bounds, [{"N": 5, "K": 3}, {"N": 2, "K": 3}]),
    "padded alike": (partial(padded, 2, 2), [{"N": 3, "K": 2}]),
    "padded in front": (partial(padded, 2, 0), [{"N": 3, "K": 3}]),
    "mean of windows side by side": (
        partial(windows, "mean", (2,), (2,)),
        [{"M": 6, "N": 1}, {"M": 7, "N": 1}],
    ),
    "maximum of windows side by side": (
        partial(windows, "max", (2,), (2,)),
        [{"M": 6, "N": 1}, {"M": 7, "N": 1}],
    ),
    "mean of windows that overlap": (
        partial(windows, "mean", (3,), (2,)),
        [{"M": n, "N": 1} for n in (3, 7, 8)],
    ),
    "mean of windows with gaps": (
        partial(windows, "mean", (2,), (3,)),
        [{"M": n, "N": 1} for n in (5, 7)],
    ),
    "mean of windows of both kinds": (
        partial(windows, "mean", (2, 3), (2, 2)),
        [{"M": 4, "N": 5}, {"M": 5, "N": 6}],
    ),
    "maximum over two axes": (
        partial(windows, "max", (2, 3), (2, 3)),
        [{"M": 4, "N": 6}, {"M": 5, "N": 7}],
    ),
    "padded unlike": (partial(padded, 1, 3), [{"N": 4, "K": 2}]),
}
