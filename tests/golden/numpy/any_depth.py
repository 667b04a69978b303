import numpy as np


def gradient(x, y, w, b):
    """The cost C and its gradient by w and b.

    x: input, (n0,)
    y: target, (nL,)
    w: parameter, a list of arrays
    b: parameter, a list of arrays
    """
    L = len(w)

    # forward
    a = [None] * (L + 1)
    z = [None] * L
    a[0] = x
    for l in range(1, L + 1):
        z[l - 1] = w[l - 1] @ a[l - 1] + b[l - 1]
        a[l] = np.tanh(z[l - 1])
    C = np.sum((a[L] - y) ** 2) / 2

    # backward
    dz = [None] * L
    dz[L - 1] = (a[L] - y) * (1 - a[L] * a[L])
    for l in reversed(range(1, L)):
        dz[l - 1] = (w[l].T @ dz[l]) * (1 - a[l] * a[l])
    dw = [None] * L
    db = [None] * L
    for l in range(1, L + 1):
        dw[l - 1] = np.outer(dz[l - 1], a[l - 1])
        db[l - 1] = dz[l - 1]

    return C, dw, db
