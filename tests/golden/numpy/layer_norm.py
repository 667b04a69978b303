import numpy as np


def gradient(x, gamma, beta):
    """The cost C and its gradient by x, gamma and beta.

    x: parameter, (3, 2)
    gamma: parameter, (3,)
    beta: parameter, (3,)
    """
    N = x.shape[0]

    # forward
    mu = np.sum(x, axis=0) / N
    r = x - mu
    v = np.sum(r**2, axis=0) / N
    t = np.sqrt(v + 1)
    h = beta[:, None] + gamma[:, None] * r / t
    C = np.sum(h**2 * h)

    # backward
    dh = 3 * h**2
    dv = -np.sum(dh * gamma[:, None] * r, axis=0) / (v + 1) ** 1.5 / 2
    t_2 = 2 / N * dv
    r_2 = -(dh.T @ gamma) / t - t_2 * np.sum(r, axis=0)
    dx = r_2 / N + gamma[:, None] * dh / t + t_2 * r
    dgamma = np.sum(dh * r / t, axis=1)
    dbeta = np.sum(dh, axis=1)

    return C, dx, dgamma, dbeta
