import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def gradient(w, x):
    """The cost C and its gradient by w and x.

    w: parameter, (3,)
    x: parameter, (6,)
    """
    U = w.shape[0]
    P = x.shape[0] + 1 - U

    # forward
    t = sliding_window_view(x, P, axis=0)
    y = t.T @ w
    C = np.sum(y**2 * y)

    # backward
    dy = 3 * y**2
    dw = t @ dy
    dx = sliding_window_view(np.pad(dy, (U - 1, U - 1)), P + U - 1, axis=0)[::-1].T @ w

    return C, dw, dx
