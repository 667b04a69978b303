"""The same three networks in PyTorch: each function sets one up and returns a run of it.

A run computes the cost and all gradients, on one thread in float64.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F

torch.set_num_threads(1)
GATES = "ifgo"  # the order of torch.nn.LSTM


def leaves(values, *names):
    return [torch.tensor(values[n], requires_grad=True) for n in names]


def constants(values, *names):
    return [torch.tensor(values[n]) for n in names]


def run_of(cost, names, parameters):
    """cost() and the gradients by name."""

    def run():
        value = cost()
        slopes = torch.autograd.grad(value, parameters)
        return {"C": value.item()} | dict(zip(names, slopes, strict=True))

    return run


def lstm(values):
    x, y = constants(values, "x", "y")
    layer = torch.nn.LSTM(x.shape[1], y.shape[1], dtype=torch.float64)
    with torch.no_grad():
        for own, letter in (("weight_ih_l0", "W"), ("weight_hh_l0", "U"), ("bias_ih_l0", "b")):
            parts = [torch.tensor(values[f"{letter}_{gate}"]) for gate in GATES]
            getattr(layer, own).copy_(torch.cat(parts))
        layer.bias_hh_l0.zero_()
    parameters = [layer.weight_ih_l0, layer.weight_hh_l0, layer.bias_ih_l0]
    run = run_of(lambda: ((layer(x)[0] - y) ** 2).sum() / 2, "WUb", parameters)

    def named():
        found = run()
        pieces = {letter: torch.chunk(found[letter], 4) for letter in "WUb"}
        return {"C": found["C"]} | {
            f"{letter}_{gate}": d
            for letter, parts in pieces.items()
            for gate, d in zip(GATES, parts, strict=True)
        }

    return named


def lenet(values):
    names = "W_1 b_1 W_2 b_2 W_3 b_3".split()
    x, y = constants(values, "x", "y")
    W1, b1, W2, b2, W3, b3 = p = leaves(values, *names)

    def cost():
        a = F.avg_pool2d(torch.tanh(F.conv2d(x[None], W1, b1)), 2)
        a = F.avg_pool2d(torch.tanh(F.conv2d(a, W2, b2)), 2)
        a = F.linear(a.reshape(1, -1), W3.reshape(len(W3), -1), b3)
        return -(F.log_softmax(a[0], dim=0) * y).sum()

    return run_of(cost, names, p)


def transformer(values, activation):
    names = "gamma_1 beta_1 W_Q W_K W_V W_O gamma_2 beta_2 W_1 b_1 W_2 b_2".split()
    X, y = constants(values, "X", "y")
    g1, e1, Q, K, V, O, g2, e2, W1, b1, W2, b2 = p = leaves(values, *names)
    T, d = X.shape

    def split(z, W):
        return (z @ W.transpose(0, 1).reshape(d, d)).reshape(T, len(W), -1).transpose(0, 1)

    def cost():
        z = F.layer_norm(X, (d,), g1, e1, values["epsilon"])
        o = F.scaled_dot_product_attention(split(z, Q), split(z, K), split(z, V))
        r = X + o.transpose(0, 1).reshape(T, d) @ O.reshape(d, d)
        z = F.layer_norm(r, (d,), g2, e2, values["epsilon"])
        return ((r + activation(z @ W1 + b1) @ W2 + b2 - y) ** 2).sum() / 2

    return run_of(cost, names, p)


def transformer_relu(values):
    return transformer(values, F.relu)


def transformer_gelu(values):
    return transformer(values, F.gelu)
