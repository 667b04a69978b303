import jax.numpy as jnp
from jax.nn import log_softmax, sigmoid


def affine(v, x, h, mark=""):
    return v[f"W{mark}"] @ x + v[f"U{mark}"] @ h + v[f"b{mark}"]


def half_squares(v, states):
    return ((jnp.stack(states) - v["y"]) ** 2).sum() / 2


def states(v, xs, mark=""):
    h, found = jnp.zeros(v[f"b{mark}"].shape), []
    for x in xs:
        h = jnp.tanh(affine(v, x, h, mark))
        found.append(h)
    return found


def many_to_many(v):
    return -sum(
        y @ log_softmax(v["V"] @ h + v["c"]) for h, y in zip(states(v, v["x"]), v["y"], strict=True)
    )


def many_to_one(v):
    return -v["y"] @ log_softmax(v["V"] @ states(v, v["x"])[-1] + v["c"])


def bidirectional(v):
    there = jnp.stack(states(v, v["x"], "_f"))
    back = jnp.stack(states(v, v["x"][::-1], "_b")[::-1])
    logits = there @ v["V_f"].T + back @ v["V_b"].T + v["c"]
    return -(v["y"] * log_softmax(logits, axis=1)).sum()


def lstm(v):
    h = c = jnp.zeros(v["b_i"].shape)
    found = []
    p_i, p_f, p_o = (v.get(f"p_{gate}", 0.0) for gate in "ifo")
    for x in v["x"]:
        i, f, g, o = (affine(v, x, h, f"_{gate}") for gate in "ifgo")
        c = sigmoid(f + p_f * c) * c + sigmoid(i + p_i * c) * jnp.tanh(g)
        h = sigmoid(o + p_o * c) * jnp.tanh(c)
        found.append(h)
    return half_squares(v, found)


def gru(v):
    h, found = jnp.zeros(v["b_z"].shape), []
    for x in v["x"]:
        z, r = sigmoid(affine(v, x, h, "_z")), sigmoid(affine(v, x, h, "_r"))
        h = z * h + (1 - z) * jnp.tanh(affine(v, x, r * h, "_g"))
        found.append(h)
    return half_squares(v, found)


COSTS = {
    "elman": lambda v: half_squares(v, states(v, v["x"])),
    "many-to-many": many_to_many,
    "many-to-one": many_to_one,
    "bidirectional": bidirectional,
    "lstm": lstm,
    "lstm-peephole": lstm,
    "gru": gru,
}
