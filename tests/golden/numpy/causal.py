import numpy as np


def gradient(Q, K, V, y):
    """The cost C and its gradient by Q, K and V.

    Q: parameter, (5, 2)
    K: parameter, (5, 2)
    V: parameter, (5, 3)
    y: target, (5, 3)
    """
    d = Q.shape[1]
    T = Q.shape[0]

    # forward
    t = np.sqrt(d)
    S = (Q @ K.T) / t
    kept = np.where(np.tri(T, dtype=bool), S, -np.inf)
    e = np.exp(kept - np.max(kept, axis=1, keepdims=True))
    A = e / np.sum(e, axis=1, keepdims=True)
    O = A @ V
    C = np.sum((O - y) ** 2) / 2

    # backward
    dO = O - y
    dA = dO @ V.T
    dS = A * (dA - np.sum(A * dA, axis=1, keepdims=True))
    dQ = (dS @ K) / t
    dK = (dS.T @ Q) / t
    dV = A.T @ dO

    return C, dQ, dK, dV
