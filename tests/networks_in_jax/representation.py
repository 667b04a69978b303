import jax.numpy as jnp


def distance(v, a, b):
    return jnp.square((v[f"x_{a}"] - v[f"x_{b}"]) @ v["W"].T).sum(axis=1)


def triplet(v):
    return jnp.maximum(0, distance(v, "a", "p") - distance(v, "a", "n") + v["alpha"]).mean()


def contrastive(v):
    square, y = distance(v, "a", "b"), v["y"]
    apart = jnp.maximum(0, v["alpha"] - jnp.sqrt(square))
    return ((1 - y) * square + y * apart**2).mean() / 2


def matrix_factorisation(v):
    u, w = v["u"] - 1, v["v"] - 1
    e = (v["P"][u] * v["Q"][w]).sum(axis=1) + v["b"][u] + v["c"][w] + v["mu"] - v["r"]
    penalty = sum((v[name] ** 2).sum() for name in ("P", "Q", "b", "c"))
    return (e @ e + v["lambda"] * penalty) / 2


def factorisation_machine(v):
    pairs = jnp.triu(v["V"] @ v["V"].T, 1)
    z = v["b"] + v["x"] @ v["w"] + jnp.einsum("ip,iq,pq->i", v["x"], v["x"], pairs)
    return ((z - v["y"]) ** 2).mean() / 2


COSTS = {
    "triplet": triplet,
    "contrastive": contrastive,
    "matrix-factorisation": matrix_factorisation,
    "factorisation-machine": factorisation_machine,
}
