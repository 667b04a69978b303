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
    dh = np.empty((T + 1, N))
    dh[T] = 2 * (h[T] - y[T - 1])
    for t in reversed(range(1, T)):
        dh[t] = w.T @ (dh[t + 1] * (1 - h[t + 1] * h[t + 1])) + 2 * h[t] - 2 * y[t - 1]
    dw = (dh[1:] * (1 - h[1:] * h[1:])).T @ h[:T]

    return C, dw
