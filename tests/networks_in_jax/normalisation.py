import jax.numpy as jnp


def standardised(z, epsilon, axis):
    centred = z - z.mean(axis, keepdims=True)
    return centred / jnp.sqrt(z.var(axis, keepdims=True) + epsilon)


def error(output, v):
    return ((output - v["y"]) ** 2).sum() / 2 / len(v["y"])


def batch_norm(v):
    z = v["x"] @ v["W"].T
    return error(standardised(z, v["epsilon"], 0) * v["gamma"] + v["beta"], v)


def layer_norm(v):
    z = v["x"] @ v["W"].T
    return error(standardised(z, v["epsilon"], 1) * v["gamma"] + v["beta"], v)


def rms_norm(v):
    z = v["x"] @ v["W"].T
    size = jnp.sqrt((z**2).mean(1, keepdims=True) + v["epsilon"])
    return error(z / size * v["gamma"], v)


def group_norm(v):
    z = jnp.einsum("ik,gjk->igj", v["x"], v["W"])
    return error(standardised(z, v["epsilon"], 2) * v["gamma"] + v["beta"], v)


def weight_norm(v):
    W = v["V"] * (v["g"] / jnp.linalg.norm(v["V"], axis=1))[:, None]
    return error(jnp.tanh(v["x"] @ W.T + v["b"]), v)


def dropout(v):
    h = jnp.maximum(v["x"] @ v["W"].T + v["b"], 0)
    kept = jnp.where(v["r"] != 0, v["r"] * h / (1 - v["p"]), 0)
    return error(kept @ v["U"].T + v["e"], v)


COSTS = {
    "batch-norm": batch_norm,
    "layer-norm": layer_norm,
    "rms-norm": rms_norm,
    "group-norm": group_norm,
    "weight-norm": weight_norm,
    "dropout": dropout,
}
