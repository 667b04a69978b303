import jax.numpy as jnp
from jax.nn import relu, sigmoid


def mlp(v):
    a = v["x"]
    for w, b in zip(v["w"], v["b"], strict=True):
        a = jnp.tanh(w @ a + b)
    return ((a - v["y"]) ** 2).sum() / 2


def residual(v):
    h = v["x"]
    for W, b, V in zip(v["W"], v["b"], v["V"], strict=True):
        h = h + V @ relu(W @ h + b)
    return ((h - v["y"]) ** 2).sum() / 2


def highway(v):
    h = v["x"]
    for W_H, b_H, W_T, b_T in zip(v["W_H"], v["b_H"], v["W_T"], v["b_T"], strict=True):
        gate = sigmoid(W_T @ h + b_T)
        h = gate * jnp.tanh(W_H @ h + b_H) + (1 - gate) * h
    return ((h - v["y"]) ** 2).sum() / 2


def autoencoder(v):
    h = sigmoid(v["x"] @ v["W"].T + v["b"])
    return ((sigmoid(h @ v["W"] + v["c"]) - v["x"]) ** 2).sum() / (2 * len(h))


COSTS = {"mlp": mlp, "residual": residual, "highway": highway, "autoencoder": autoencoder}
