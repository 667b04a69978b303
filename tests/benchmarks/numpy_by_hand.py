"""Backpropagation as an expert writes it in NumPy: every array made beforehand, all in place."""

from __future__ import annotations

import numpy as np


class ByHand:
    """C and its gradient for a sigmoid network with half the squared error.

    Vectors for one sample (m = None), else columns are samples and the cost is their mean.
    """

    def __init__(self, sizes, m=None):
        self.m = m
        shapes = [(n,) if m is None else (n, m) for n in sizes[1:]]
        self.a, self.d, self.t = ([np.empty(s) for s in shapes] for _ in range(3))

    def __call__(self, x, y, w, b, dw, db):
        a, d, t, m, last = self.a, self.d, self.t, self.m, len(w) - 1
        before = x
        for l in range(last + 1):
            z = np.dot(w[l], before, out=a[l])
            z += b[l] if m is None else b[l][:, None]
            np.negative(z, out=z)
            np.exp(z, out=z)
            z += 1.0
            before = np.divide(1.0, z, out=z)
        np.subtract(a[last], y, out=d[last])
        cost = 0.5 * np.vdot(d[last], d[last])
        if m is not None:
            cost /= m
            d[last] /= m
        for l in range(last, -1, -1):
            if l < last:
                np.dot(w[l + 1].T, d[l + 1], out=d[l])
            d[l] *= a[l]
            np.subtract(1.0, a[l], out=t[l])
            d[l] *= t[l]
            before = a[l - 1] if l else x
            if m is None:
                np.dot(d[l][:, None], before[None, :], out=dw[l])
                db[l][...] = d[l]
            else:
                np.dot(d[l], before.T, out=dw[l])
                np.sum(d[l], axis=1, out=db[l])
        return cost, dw, db


class ProductsAlone:
    """The matrix products of forward and backward pass and nothing else: no code can be faster."""

    def __init__(self, sizes, m=None):
        shapes = [(n,) if m is None else (n, m) for n in sizes]
        self.a, self.d = ([np.random.default_rng(0).normal(size=s) for s in shapes] for _ in "ad")
        self.m = m

    def __call__(self, w, dw):
        a, d = self.a, self.d
        for l in range(len(w)):
            np.dot(w[l], a[l], out=a[l + 1])
        for l in reversed(range(len(w))):
            if self.m is None:
                np.dot(d[l + 1][:, None], a[l][None, :], out=dw[l])
            else:
                np.dot(d[l + 1], a[l].T, out=dw[l])
            if l:
                np.dot(w[l].T, d[l + 1], out=d[l])
