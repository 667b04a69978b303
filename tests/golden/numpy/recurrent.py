import numpy as np


def gradient(w, x, y):
    """The cost C and its gradient by w.

    w: parameter, (2, 2)
    x: input, (3, 2)
    y: target, (3, 2)
    """
    T = x.shape[0]
    N = w.shape[0]

    # forward
    h = np.empty((T + 1, N))
    h[0] = 0
    for t in range(1, T + 1):
        h[t] = np.tanh(w @ h[t - 1] + x[t - 1])
    C = np.sum((h[1:] - y) ** 2)

    # backward
    s_h = 2 * (h[1:T] - y[: T - 1])
    k_h = 1 - h[1:T] * h[1:T]
    dz_h = np.empty((T, N))
    dz_h[T - 1] = (1 - h[T] * h[T]) * (2 * (h[T] - y[T - 1]))
    for t in reversed(range(1, T)):
        dz_h[t - 1] = k_h[t - 1] * (w.T @ dz_h[t] + s_h[t - 1])
    dw = dz_h.T @ h[:T]

    return C, dw
