import numpy as np


@np.errstate(over="ignore")  # 1 / inf is 0
def gradient(x, y, w, b):
    """The cost C and its gradient by w and b.

    x: input, (2,)
    y: target, (1,)
    w: parameter, [(2, 2), (1, 2)]
    b: parameter, [(2,), (1,)]
    """
    w1, w2 = w
    b1, b2 = b

    # forward
    z1 = w1 @ x + b1
    a1 = 1 / (1 + np.exp(-z1))
    z2 = w2 @ a1 + b2
    a2 = 1 / (1 + np.exp(-z2))
    C = np.sum((a2 - y) ** 2) / 2

    # backward
    dz2 = (a2 - y) * a2 * (1 - a2)
    dw2 = np.outer(dz2, a1)
    db2 = dz2
    dz1 = (w2.T @ dz2) * a1 * (1 - a1)
    dw1 = np.outer(dz1, x)
    db1 = dz1

    return C, [dw1, dw2], [db1, db2]
