import jax.numpy as jnp
from jax.nn import log_softmax, sigmoid


def scores(v):
    return v["x"] @ v["w"] + v["b"]


def linear(v):
    return jnp.mean((scores(v) - v["y"]) ** 2) / 2


def logistic(v):
    a, y = sigmoid(scores(v)), v["y"]
    return -jnp.mean(y * jnp.log(a) + (1 - y) * jnp.log(1 - a))


def softmax_regression(v):
    a = log_softmax(v["x"] @ v["W"].T + v["b"], axis=1)
    return -jnp.sum(v["y"] * a) / len(v["x"])


def multiclass_svm(v):
    z = v["x"] @ v["W"].T + v["b"]
    own = jnp.take_along_axis(z, v["y"][:, None] - 1, axis=1)
    others = jnp.arange(z.shape[1]) != v["y"][:, None] - 1
    hinge = jnp.where(others, jnp.maximum(0, 1 + z - own), 0).sum(axis=1)
    return hinge.mean() + v["lambda"] / 2 * jnp.sum(v["W"] ** 2)


COSTS = {
    "linear": linear,
    "ridge": lambda v: linear(v) + v["lambda"] / 2 * (v["w"] @ v["w"]),
    "lasso": lambda v: linear(v) + v["lambda"] * jnp.abs(v["w"]).sum(),
    "logistic": logistic,
    "softmax-regression": softmax_regression,
    "multiclass-svm": multiclass_svm,
    "perceptron": lambda v: jnp.maximum(0, -v["y"] * scores(v)).mean(),
    "svm": lambda v: (
        jnp.maximum(0, 1 - v["y"] * scores(v)).mean() + v["lambda"] / 2 * (v["w"] @ v["w"])
    ),
    "poisson": lambda v: jnp.mean(jnp.exp(scores(v)) - v["y"] * scores(v)),
}
