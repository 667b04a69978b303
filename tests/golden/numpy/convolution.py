import numpy as np


def gradient(w, x):
    """The cost C and its gradient by w and x.

    w: parameter, (3,)
    x: parameter, (6,)
    """
    U = w.shape[0]
    P = x.shape[0] + 1 - U
    p = np.arange(P)
    u = np.arange(U)
    q = np.arange(P + U - 1)

    # forward
    y = x[p[:, None] + u] @ w
    C = np.sum(y**3)

    # backward
    dy = 3 * y**2
    dw = x[p + u[:, None]] @ dy
    t = dy[np.clip(q[:, None] - u, 0, P - 1)] * w
    t_2 = (u >= np.maximum(0, q + 1 - P)[:, None]) * t
    dx = np.sum(t_2 * (u <= np.minimum(U - 1, q)[:, None]), axis=1)

    return C, dw, dx
