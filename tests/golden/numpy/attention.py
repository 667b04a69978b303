import numpy as np


def gradient(Q, K, V, y):
    """The cost C and its gradient by Q, K and V.

    Q: parameter, (2, 3, 2)
    K: parameter, (2, 3, 2)
    V: parameter, (2, 3, 2)
    y: target, (2, 3, 2)
    """
    D = Q.shape[2]

    # forward
    t = np.sqrt(D)
    S = (Q @ K.transpose(0, 2, 1)) / t
    e = np.exp(S - np.max(S, axis=2, keepdims=True))
    A = e / np.sum(e, axis=2, keepdims=True)
    O = A @ V
    C = np.sum((O - y) ** 2)

    # backward
    dO = 2 * (O - y)
    dA = dO @ V.transpose(0, 2, 1)
    dS = A * (dA - np.sum(A * dA, axis=2, keepdims=True))
    dQ = (dS @ K) / t
    dK = (dS.transpose(0, 2, 1) @ Q) / t
    dV = A.transpose(0, 2, 1) @ dO

    return C, dQ, dK, dV
