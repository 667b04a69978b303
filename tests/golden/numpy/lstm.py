import numpy as np


@np.errstate(over="ignore")  # 1 / inf is 0
def gradient(x, W_i, U_i, b_i, W_f, U_f, b_f, W_g, U_g, b_g, W_o, U_o, b_o, y):
    """The cost C and its gradient by W_i, U_i, b_i, W_f, U_f, b_f, W_g, U_g, b_g, W_o, U_o and
        b_o.

    x: input, (T, d)
    W_i: parameter, (n, d)
    U_i: parameter, (n, n)
    b_i: parameter, (n,)
    W_f: parameter, (n, d)
    U_f: parameter, (n, n)
    b_f: parameter, (n,)
    W_g: parameter, (n, d)
    U_g: parameter, (n, n)
    b_g: parameter, (n,)
    W_o: parameter, (n, d)
    U_o: parameter, (n, n)
    b_o: parameter, (n,)
    y: target, (T, n)
    """
    T = x.shape[0]
    n = W_i.shape[0]

    # forward
    s_a = np.empty((T, 4, n))
    s_a[:, 0] = x @ W_g.T + b_g
    s_a[:, 1] = x @ W_i.T + b_i
    s_a[:, 2] = x @ W_f.T + b_f
    s_a[:, 3] = x @ W_o.T + b_o
    U = np.empty((4, n, n))
    U[0] = U_g
    U[1] = U_i
    U[2] = U_f
    U[3] = U_o
    h = np.empty((T + 1, n))
    tanh_c = np.empty((T, n))
    c = np.empty((T + 1, n))
    ifo = np.empty((T, 3, n))
    a = np.empty((T, 4, n))
    g = np.empty((T, n))
    h[0] = 0
    c[0] = 0
    t_2 = U.reshape(-1, n)
    for t in range(1, T + 1):
        a[t - 1] = s_a[t - 1] + (t_2 @ h[t - 1]).reshape(4, n)
        ifo[t - 1] = 1 / (1 + np.exp(-a[t - 1, 1:]))
        g[t - 1] = np.tanh(a[t - 1, 0])
        c[t] = c[t - 1] * ifo[t - 1, 1] + g[t - 1] * ifo[t - 1, 0]
        tanh_c[t - 1] = np.tanh(c[t])
        h[t] = tanh_c[t - 1] * ifo[t - 1, 2]
    C = np.sum((h[1:] - y) ** 2) / 2

    # backward
    k_c = ifo[: T - 1, 2] * (1 - tanh_c[: T - 1] * tanh_c[: T - 1])
    s_h = h[1:T] - y[: T - 1]
    k_a = np.empty((T, 3, n))
    k_a[:, 0] = ifo[:, 0] * (1 - g * g)
    k_a[:, 1] = g * ifo[:, 0] * (1 - ifo[:, 0])
    k_a[:, 2] = c[:T] * ifo[:, 1] * (1 - ifo[:, 1])
    k_a_o = tanh_c * ifo[:, 2] * (1 - ifo[:, 2])
    da = np.empty((T, 4, n))
    dc = np.empty((T + 1, n))
    dh = np.empty((T + 1, n))
    dh[T] = h[T] - y[T - 1]
    dc[T] = dh[T] * ifo[T - 1, 2] * (1 - tanh_c[T - 1] * tanh_c[T - 1])
    da[T - 1, :3] = dc[T] * k_a[T - 1]
    da[T - 1, 3] = k_a_o[T - 1] * dh[T]
    t_3 = t_2
    for t in reversed(range(1, T)):
        dh[t] = t_3.T @ da[t].reshape(-1) + s_h[t - 1]
        dc[t] = k_c[t - 1] * dh[t] + dc[t + 1] * ifo[t, 1]
        da[t - 1, :3] = dc[t] * k_a[t - 1]
        da[t - 1, 3] = k_a_o[t - 1] * dh[t]
    dW_i = da[:, 1].T @ x
    dU_i = da[:, 1].T @ h[:T]
    db_i = np.sum(da[:, 1], axis=0)
    dW_f = da[:, 2].T @ x
    dU_f = da[:, 2].T @ h[:T]
    db_f = np.sum(da[:, 2], axis=0)
    dW_g = da[:, 0].T @ x
    dU_g = da[:, 0].T @ h[:T]
    db_g = np.sum(da[:, 0], axis=0)
    dW_o = da[:, 3].T @ x
    dU_o = da[:, 3].T @ h[:T]
    db_o = np.sum(da[:, 3], axis=0)

    return C, dW_i, dU_i, db_i, dW_f, dU_f, db_f, dW_g, dU_g, db_g, dW_o, dU_o, db_o
