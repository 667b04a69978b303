import numpy as np


@np.errstate(over="ignore")  # 1 / inf is 0
def gradient(x, y, w, b):
    """The cost C and its gradient by w and b.

    x: input, (m, 3)
    y: target, (m, 1)
    w: parameter, [(3, 4), (4, 1)]
    b: parameter, [(4,), (1,)]
    """
    w1, w2 = w
    b1, b2 = b
    m = x.shape[0]

    # forward
    z1 = x @ w1 + b1
    a1 = np.maximum(z1, 0)
    z2 = a1 @ w2 + b2
    C = np.sum(np.logaddexp(0, z2) - y * z2) / m
    a2 = 1 / (1 + np.exp(-z2))

    # backward
    dz2 = (a2 - y) / m
    dw2 = a1.T @ dz2
    db2 = np.sum(dz2, axis=0)
    dz1 = (dz2 @ w2.T) * (z1 > 0)
    dw1 = x.T @ dz1
    db1 = np.sum(dz1, axis=0)

    return C, [dw1, dw2], [db1, db2]
