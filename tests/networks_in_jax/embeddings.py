import jax.numpy as jnp
from jax.nn import log_sigmoid, log_softmax


def skip_gram(v):
    logp = log_softmax(v["V"][v["c"] - 1] @ v["U"].T, axis=1)
    return -jnp.take_along_axis(logp, v["o"] - 1, axis=1).sum() / len(v["c"])


def cbow(v):
    h = v["V"][v["o"] - 1].mean(axis=1)
    logp = log_softmax(h @ v["U"].T, axis=1)
    return -jnp.take_along_axis(logp, v["c"][:, None] - 1, axis=1).mean()


def negative_sampling(v):
    centre, seen, drawn = v["V"][v["c"] - 1], v["U"][v["o"] - 1], v["U"][v["n"] - 1]
    pairs = log_sigmoid((centre * seen).sum(axis=1))
    others = log_sigmoid(-jnp.einsum("ip,ikp->ik", centre, drawn)).sum(axis=1)
    return -(pairs + others).mean()


def glove(v):
    e = v["U"] @ v["V"].T + v["b"][:, None] + v["c"] - jnp.log(v["X"])
    return (v["f"] * e**2).sum()


COSTS = {
    "skip-gram": skip_gram,
    "cbow": cbow,
    "negative-sampling": negative_sampling,
    "glove": glove,
}
