import numpy as np


def gradient(x, y, w, b, lambda_=0.01):
    """The cost C and its gradient by w and b.

    x: input, (3, m)
    y: target, (2, m)
    w: parameter, [(4, 3), (2, 4)]
    b: parameter, [(4,), (2,)]
    """
    w1, w2 = w
    b1, b2 = b
    m = x.shape[1]

    # forward
    z1 = w1 @ x + b1[:, None]
    a1 = np.tanh(z1)
    z2 = w2 @ a1 + b2[:, None]
    r = z2 - np.max(z2, axis=0)
    e = np.exp(r)
    s = np.sum(e, axis=0)
    t = lambda_ * (np.sum(w1**2) + np.sum(w2**2)) / (2 * m)
    C = t - np.sum(y * (r - np.log(s))) / m
    a2 = e / s

    # backward
    dz2 = (a2 * np.sum(y, axis=0) - y) / m
    dw2 = dz2 @ a1.T + lambda_ / m * w2
    db2 = np.sum(dz2, axis=1)
    dz1 = (w2.T @ dz2) * (1 - a1 * a1)
    dw1 = dz1 @ x.T + lambda_ / m * w1
    db1 = np.sum(dz1, axis=1)

    return C, [dw1, dw2], [db1, db2]
