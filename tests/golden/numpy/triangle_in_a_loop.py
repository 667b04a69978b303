import numpy as np


def gradient(x, k, y):
    """The cost C and its gradient by x and k.

    x: parameter, (4, 2)
    k: parameter, (4, 2)
    y: target, (4, 2)
    """
    T = x.shape[0]
    d = x.shape[1]

    # forward
    h = np.empty((T + 1, d))
    a = np.zeros((T, T))
    e = np.zeros((T, T))
    h[0] = 1 / 2
    for t in range(1, T + 1):
        e[t - 1, :t] = k[:t] @ h[t - 1]
        e_2 = np.exp(e[t - 1, :t] - np.max(e[t - 1, :t]))
        a[t - 1, :t] = e_2 / np.sum(e_2)
        h[t] = x[:t].T @ a[t - 1, :t]
    C = np.sum((h[1:] - y) ** 2)

    # backward
    s_h = 2 * (h[1:T] - y[: T - 1])
    dh = np.empty((T + 1, d))
    de = np.zeros((T, T))
    da = np.zeros((T, T))
    dh[T] = 2 * (h[T] - y[T - 1])
    da[T - 1] = x @ dh[T]
    de[T - 1] = a[T - 1] * (da[T - 1] - a[T - 1] @ da[T - 1])
    for t in reversed(range(1, T)):
        dh[t] = k[: t + 1].T @ de[t, : t + 1] + s_h[t - 1]
        da[t - 1, :t] = x[:t] @ dh[t]
        de[t - 1, :t] = a[t - 1, :t] * (da[t - 1, :t] - a[t - 1, :t] @ da[t - 1, :t])
    dx = a.T @ dh[1:]
    dk = de.T @ h[:T]

    return C, dx, dk
