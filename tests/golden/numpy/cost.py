import math

import numpy as np


def erf(x):
    """The error function, entry by entry."""
    return np.vectorize(math.erf, otypes=[float])(x)


def cost(x, y, w, b, delta=1):
    """The cost C.

    x: input, (2,)
    y: target, (1,)
    w: parameter, [(3, 2), (1, 3)]
    b: parameter, [(3,), (1,)]
    """
    w1, w2 = w
    b1, b2 = b
    z1 = w1 @ x + b1
    a1 = 0.5 * z1 * (1 + erf(z1 / np.sqrt(2)))
    z2 = w2 @ a1 + b2
    a2 = 0.5 * z2 * (1 + erf(z2 / np.sqrt(2)))
    r = a2 - y
    u = np.abs(r)
    t = delta * (u - delta / 2)
    return np.sum(np.where(u > delta, t, r * r / 2))
