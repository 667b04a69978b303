import numpy as np


def workspace(y, w):
    """The buffers of the function below; make them once and pass them on."""
    w1, _ = w
    n1 = w1.shape[0]
    n2 = y.shape[0]
    return [
        np.empty(n1),  # a1
        np.empty(n2),  # a2
        np.empty(n2),  # r
        np.empty(n2),  # t
        np.empty(n1),  # t_2
    ]


@np.errstate(over="ignore")  # 1 / inf is 0
def gradient(x, y, w, b, out=None, work=None):
    """The cost C and its gradient by w and b.

    x: input, (2,)
    y: target, (1,)
    w: parameter, [(2, 2), (1, 2)]
    b: parameter, [(2,), (1,)]

    out: where to write dw, db, shaped as the parameters
    work: the buffers, from workspace()
    """
    w1, w2 = w
    b1, b2 = b
    if out is None:
        out = [np.empty_like(v) for v in w], [np.empty_like(v) for v in b]
    dw, db = out
    dw1, dw2 = dw
    db1, db2 = db
    if work is None:
        work = workspace(y, w)
    a1, a2, r, t, t_2 = work
    dz2 = db2  # one array: they are equal
    dz1 = db1  # one array: they are equal

    # a1 = 1 / (1 + np.exp(-(w1 @ x + b1)))
    w1.dot(x, out=a1)
    a1 += b1
    np.negative(a1, out=a1)
    np.exp(a1, out=a1)
    a1 += 1
    np.reciprocal(a1, out=a1)
    # a2 = 1 / (1 + np.exp(-(w2 @ a1 + b2)))
    w2.dot(a1, out=a2)
    a2 += b2
    np.negative(a2, out=a2)
    np.exp(a2, out=a2)
    a2 += 1
    np.reciprocal(a2, out=a2)
    np.subtract(a2, y, out=r)
    C = np.vdot(r, r) / 2
    # dz2 = r * a2 * (1 - a2)
    np.multiply(r, a2, out=dz2)
    np.subtract(1, a2, out=t)
    dz2 *= t
    dz2[:, None].dot(a1[None, :], out=dw2)
    # dz1 = (w2.T @ dz2) * a1 * (1 - a1)
    dz2.dot(w2, out=dz1)
    dz1 *= a1
    np.subtract(1, a1, out=t_2)
    dz1 *= t_2
    dz1[:, None].dot(x[None, :], out=dw1)

    return C, dw, db
