import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def gradient(x, W_1, b_1, W_2, b_2, W_3, b_3, y):
    """The cost C and its gradient by W_1, b_1, W_2, b_2, W_3 and b_3.

    x: input, (D, N, N)
    W_1: parameter, (E, D, K, K)
    b_1: parameter, (E,)
    W_2: parameter, (F, E, K, K)
    b_2: parameter, (F,)
    W_3: parameter, (J, F, Q_2, Q_2)
    b_3: parameter, (J,)
    y: target, (J,)
    """
    K = W_1.shape[2]
    N = x.shape[1]
    N_1 = N + 1 - K
    E = W_1.shape[0]
    Q_1 = N_1 // 2
    N_2 = Q_1 + 1 - K
    F = W_2.shape[0]
    J = W_3.shape[0]
    Q_2 = W_3.shape[2]
    D = x.shape[0]
    n = np.arange(N_2)
    o = np.arange(N_2)
    p = np.arange(N_1)
    q = np.arange(N_1)

    # forward
    t = sliding_window_view(x, (N_1, N_1), axis=(1, 2)).reshape(-1, N_1 * N_1)
    z_1 = b_1[:, None, None] + (W_1.reshape(E, -1) @ t).reshape(E, N_1, N_1)
    a_1 = np.tanh(z_1)
    h_1 = (a_1[:, 1::2, 1::2] + a_1[:, 1::2, ::2] + a_1[:, ::2, 1::2] + a_1[:, ::2, ::2]) / 4
    t_2 = sliding_window_view(h_1, (N_2, N_2), axis=(1, 2)).reshape(-1, N_2 * N_2)
    z_2 = b_2[:, None, None] + (W_2.reshape(F, -1) @ t_2).reshape(F, N_2, N_2)
    a_2 = np.tanh(z_2)
    h_2 = (a_2[:, 1::2, 1::2] + a_2[:, 1::2, ::2] + a_2[:, ::2, 1::2] + a_2[:, ::2, ::2]) / 4
    z_3 = W_3.reshape(J, -1) @ h_2.reshape(-1) + b_3
    r = z_3 - np.max(z_3)
    e = np.exp(r)
    s = np.sum(e)
    C = -((r - np.log(s)) @ y)
    a_3 = e / s

    # backward
    dz_3 = np.sum(y) * a_3 - y
    dh_2 = (W_3.reshape(J, -1).T @ dz_3).reshape(F, Q_2, Q_2)
    dz_2 = dh_2[:, n // 2][:, :, o // 2] * (1 - a_2 * a_2) / 4
    t_3 = np.pad(dz_2, ((0, 0), (K - 1, Q_1 - N_2), (K - 1, Q_1 - N_2)))
    t_4 = sliding_window_view(t_3, (Q_1, Q_1), axis=(1, 2))[:, ::-1, ::-1]
    t_5 = W_2.transpose(1, 0, 2, 3).reshape(E, -1)
    dh_1 = (t_5 @ t_4.reshape(-1, Q_1 * Q_1)).reshape(E, Q_1, Q_1)
    dz_1 = dh_1[:, p // 2][:, :, q // 2] * (1 - a_1 * a_1) / 4
    dW_1 = (dz_1.reshape(E, -1) @ t.T).reshape(E, D, K, K)
    db_1 = np.sum(dz_1, axis=(1, 2))
    dW_2 = (dz_2.reshape(F, -1) @ t_2.T).reshape(F, E, K, K)
    db_2 = np.sum(dz_2, axis=(1, 2))
    dW_3 = dz_3[:, None, None, None] * h_2
    db_3 = dz_3

    return C, dW_1, db_1, dW_2, db_2, dW_3, db_3
