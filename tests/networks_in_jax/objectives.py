import jax.numpy as jnp
from jax.nn import log_sigmoid, log_softmax, sigmoid
from jax.scipy.special import kl_div


def logits(v):
    return v["x"] @ v["W"].T + v["b"]


def cross_entropy(v):
    return -jnp.take_along_axis(log_softmax(logits(v)), v["c"][:, None] - 1, axis=1).mean()


def label_smoothing(v):
    smooth = v["y"] + v["epsilon"] * (1 / len(v["b"]) - v["y"])
    return -(smooth * log_softmax(logits(v))).sum() / len(smooth)


def focal(v):
    z, y = v["x"] @ v["w"] + v["b"], v["y"]
    p = sigmoid(z)
    return -(y * (1 - p) ** 2 * log_sigmoid(z) + (1 - y) * p**2 * log_sigmoid(-z)).mean()


def kl_divergence(v):
    p = jnp.exp(log_softmax(logits(v)))
    return (kl_div(v["y"], p) + v["y"] - p).sum() / len(p)


def entropy(v):
    logp = log_softmax(logits(v))
    return -(jnp.exp(logp) * logp).sum() / len(logp)


COSTS = {
    "cross-entropy": cross_entropy,
    "label-smoothing": label_smoothing,
    "focal": focal,
    "kl-divergence": kl_divergence,
    "entropy": entropy,
}
