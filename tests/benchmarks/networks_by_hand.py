"""Three networks as an experienced author writes them in NumPy: forward, then backward.

The LSTM has its gates stacked in one array, the convolutions are one matrix product of patches,
the attention heads one stack of matrix products.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from symbp.numbers.codegen.helpers import ERF

LIBRARY = {"np": np}
exec(ERF, LIBRARY)
erf = LIBRARY["erf"]  # the one that generated code has: what it costs is measured for itself


def lstm(x, y, W, U, b):
    """C, dW, dU, db; W (4n, d), U (4n, n), b (4n,) hold the gates i, f, o and the candidate g."""
    T, n = y.shape
    a = x @ W.T
    a += b
    h, c, tanh_c = np.zeros((T + 1, n)), np.zeros((T + 1, n)), np.empty((T, n))
    for t in range(T):
        gates = a[t]
        gates += U @ h[t]
        s, g = gates[: 3 * n], gates[3 * n :]
        np.negative(s, out=s)
        np.exp(s, out=s)
        s += 1
        np.divide(1, s, out=s)
        np.tanh(g, out=g)
        np.multiply(s[n : 2 * n], c[t], out=c[t + 1])
        c[t + 1] += s[:n] * g
        np.tanh(c[t + 1], out=tanh_c[t])
        np.multiply(s[2 * n :], tanh_c[t], out=h[t + 1])
    i, f, o, g = np.split(a, 4, axis=1)
    r = h[1:] - y
    C = np.vdot(r, r) / 2

    slope = a * (1 - a)
    slope[:, 3 * n :] = 1 - g * g
    through_c = o * (1 - tanh_c * tanh_c)
    dz = np.empty_like(a)
    dh, dc = np.zeros(n), np.zeros(n)
    for t in reversed(range(T)):
        dh += r[t]
        dc += dh * through_c[t]
        d = dz[t]
        np.multiply(dc, g[t], out=d[:n])
        np.multiply(dc, c[t], out=d[n : 2 * n])
        np.multiply(dh, tanh_c[t], out=d[2 * n : 3 * n])
        np.multiply(dc, i[t], out=d[3 * n :])
        d *= slope[t]
        dc *= f[t]
        dh = d @ U
    return C, dz.T @ x, dz.T @ h[:T], np.sum(dz, axis=0)


# -- LeNet -----------------------------------------------------------------------------------------


def patches(x, k):
    """(channels · k · k, places): each column is what the kernel sees at one place."""
    c, height, width = x.shape
    windows = sliding_window_view(x, (k, k), axis=(1, 2)).transpose(0, 3, 4, 1, 2)
    return windows.reshape(c * k * k, (height - k + 1) * (width - k + 1))


def unpatched(d, shape, k):
    """The adjoint of `patches`: every column added back to the place it was taken from."""
    c, height, width = shape
    rows, columns = height - k + 1, width - k + 1
    d = d.reshape(c, k, k, rows, columns)
    x = np.zeros(shape)
    for u in range(k):
        for v in range(k):
            x[:, u : u + rows, v : v + columns] += d[:, u, v]
    return x


def average(a):
    """The mean of each 2 × 2 block."""
    return (a[:, ::2, ::2] + a[:, 1::2, ::2] + a[:, ::2, 1::2] + a[:, 1::2, 1::2]) / 4


def spread(d):
    """The adjoint of `average`."""
    return np.repeat(np.repeat(d / 4, 2, axis=1), 2, axis=2)


def lenet(x, y, W1, b1, W2, b2, W3, b3):
    """C and the gradients; two convolutions, each with tanh and mean pooling, one layer."""
    k = W1.shape[-1]
    k1, k2, w3 = (w.reshape(len(w), -1) for w in (W1, W2, W3))
    side1 = x.shape[1] - k + 1
    side2 = side1 // 2 - k + 1
    x1 = patches(x, k)
    a1 = np.tanh(k1 @ x1 + b1[:, None]).reshape(-1, side1, side1)
    h1 = average(a1)
    x2 = patches(h1, k)
    a2 = np.tanh(k2 @ x2 + b2[:, None]).reshape(-1, side2, side2)
    h2 = average(a2).ravel()
    z3 = w3 @ h2 + b3
    z3 -= np.max(z3)
    e = np.exp(z3)
    total = np.sum(e)
    C = np.log(total) * np.sum(y) - y @ z3

    dz3 = np.sum(y) * e / total - y
    dh2 = (dz3 @ w3).reshape(-1, side2 // 2, side2 // 2)
    dz2 = (spread(dh2) * (1 - a2 * a2)).reshape(len(W2), -1)
    dh1 = unpatched(k2.T @ dz2, h1.shape, k)
    dz1 = (spread(dh1) * (1 - a1 * a1)).reshape(len(W1), -1)
    return (
        C,
        (dz1 @ x1.T).reshape(W1.shape), np.sum(dz1, axis=1),
        (dz2 @ x2.T).reshape(W2.shape), np.sum(dz2, axis=1),
        np.outer(dz3, h2).reshape(W3.shape), dz3,
    )  # fmt: skip


# -- a transformer block ---------------------------------------------------------------------------


def normalised(x, gamma, beta, epsilon):
    """Layer normalisation: the result, x̂ and 1/σ."""
    centred = x - np.mean(x, axis=1, keepdims=True)
    inverse = 1 / np.sqrt(np.mean(centred * centred, axis=1, keepdims=True) + epsilon)
    centred *= inverse
    return gamma * centred + beta, centred, inverse


def normalised_back(dy, hat, inverse, gamma):
    """∂C/∂x, ∂C/∂γ and ∂C/∂β."""
    dhat = dy * gamma
    dx = dhat - np.mean(dhat, axis=1, keepdims=True)
    dx -= hat * np.mean(dhat * hat, axis=1, keepdims=True)
    dx *= inverse
    return dx, np.sum(dy * hat, axis=0), np.sum(dy, axis=0)


def relu(z):
    """relu(z), in place of z, and its slope."""
    np.maximum(z, 0, out=z)
    return z, z > 0


def gelu(z):
    """z Φ(z), and its slope Φ(z) + z φ(z)."""
    cdf = erf(z / np.sqrt(2))
    cdf += 1
    cdf *= 0.5
    slope = np.exp(-0.5 * z * z)
    slope *= z
    slope *= 1 / np.sqrt(2 * np.pi)
    slope += cdf
    cdf *= z
    return cdf, slope


def transformer(
    X, y, gamma1, beta1, Wq, Wk, Wv, Wo, gamma2, beta2, W1, b1, W2, b2, heads, epsilon, activation
):
    """C and the gradients of a pre-norm block; Wq, Wk, Wv, Wo are (d, d)."""
    T, d = X.shape
    scale = 1 / np.sqrt(d // heads)

    def split(z):
        return z.reshape(T, heads, -1).transpose(1, 0, 2)

    def joined(z):
        return z.transpose(1, 0, 2).reshape(T, d)

    n1, hat1, inverse1 = normalised(X, gamma1, beta1, epsilon)
    q, k, v = split(n1 @ Wq), split(n1 @ Wk), split(n1 @ Wv)
    a = q @ k.transpose(0, 2, 1)
    a *= scale
    a -= np.max(a, axis=2, keepdims=True)
    np.exp(a, out=a)
    a /= np.sum(a, axis=2, keepdims=True)
    o = joined(a @ v)
    r = X + o @ Wo
    n2, hat2, inverse2 = normalised(r, gamma2, beta2, epsilon)
    f = n2 @ W1
    f += b1
    f, slope = activation(f)
    dout = f @ W2
    dout += b2
    dout += r
    dout -= y
    C = np.vdot(dout, dout) / 2

    df = dout @ W2.T
    df *= slope
    dr, dgamma2, dbeta2 = normalised_back(df @ W1.T, hat2, inverse2, gamma2)
    dr += dout
    do = split(dr @ Wo.T)
    da = do @ v.transpose(0, 2, 1)
    ds = da - np.sum(da * a, axis=2, keepdims=True)
    ds *= a
    ds *= scale
    dq, dk, dv = (
        joined(ds @ k),
        joined(ds.transpose(0, 2, 1) @ q),
        joined(a.transpose(0, 2, 1) @ do),
    )
    dn1 = dq @ Wq.T
    dn1 += dk @ Wk.T
    dn1 += dv @ Wv.T
    _, dgamma1, dbeta1 = normalised_back(dn1, hat1, inverse1, gamma1)
    return (
        C, dgamma1, dbeta1, n1.T @ dq, n1.T @ dk, n1.T @ dv, o.T @ dr,
        dgamma2, dbeta2, n2.T @ df, np.sum(df, axis=0), f.T @ dout, np.sum(dout, axis=0),
    )  # fmt: skip
