import jax.numpy as jnp
from jax import lax
from jax.nn import log_softmax


def convolved(x, w, b, stride=1, padding=0, dilation=1):
    """A cross-correlation with bias; x is [channels, places...]."""
    rank = w.ndim - 2
    z = lax.conv_general_dilated(
        x[None], w, (stride,) * rank, [(padding, padding)] * rank, rhs_dilation=(dilation,) * rank
    )[0]
    return z + b.reshape(-1, *(1,) * rank)


def means(x):
    """Over windows of 2 x 2."""
    return lax.reduce_window(x, 0.0, lax.add, (1, 2, 2), (1, 2, 2), "VALID") / 4


def squared(o, y):
    return ((o - y) ** 2).sum() / 2


def convolutions(**options):
    def cost(v):
        a = jnp.tanh(convolved(v["x"], v["W_1"], v["b_1"], **options))
        return squared(convolved(a, v["W_2"], v["b_2"], **options), v["y"])

    return cost


def features(v):
    return jnp.tanh(convolved(v["x"], v["W_1"], v["b_1"]))


def transposed(v):
    """JAX slides the kernel over a with zeros between its entries: so it is turned first."""
    a = jnp.tanh(convolved(v["x"], v["W_1"], v["b_1"], stride=2))
    z = lax.conv_transpose(
        a[None], v["W_2"][..., ::-1], (2,), "VALID", dimension_numbers=("NCH", "OIH", "NCH")
    )[0]
    return squared(z + v["b_2"][:, None], v["y"])


def average_pooling(v):
    return squared(means(features(v)), v["y"])


def global_average_pooling(v):
    return squared(v["W_2"] @ features(v).mean(axis=(1, 2)) + v["b_2"], v["y"])


def maxima(x):
    """Over windows of 2 x 2."""
    return lax.reduce_window(x, -jnp.inf, lax.max, (1, 2, 2), (1, 2, 2), "VALID")


def max_pooling(v):
    return squared(maxima(features(v)), v["y"])


def global_max_pooling(v):
    return squared(v["W_2"] @ features(v).max(axis=(1, 2)) + v["b_2"], v["y"])


def lenet(v, pooled=means):
    h = v["x"]
    for n in "12":
        h = pooled(jnp.tanh(convolved(h, v[f"W_{n}"], v[f"b_{n}"])))
    z = jnp.einsum("jfit,fit->j", v["W_3"], h) + v["b_3"]
    return -(v["y"] * log_softmax(z)).sum()


COSTS = {
    "conv1d": convolutions(),
    "conv2d": convolutions(),
    "padded-conv2d": convolutions(padding=1),
    "strided-conv1d": convolutions(stride=2),
    "dilated-conv1d": convolutions(dilation=2),
    "transposed-conv1d": transposed,
    "average-pooling": average_pooling,
    "global-average-pooling": global_average_pooling,
    "max-pooling": max_pooling,
    "global-max-pooling": global_max_pooling,
    "lenet": lenet,
}
