import jax.numpy as jnp
from jax import vmap
from jax.nn import gelu, log_softmax, relu, softmax

from tests.networks_in_jax.normalisation import standardised


def error(output, v):
    return ((output - v["y"]) ** 2).sum() / 2


def attend(Q, K, V, mask=0.0):
    return softmax(Q @ K.T / jnp.sqrt(K.shape[-1]) + mask) @ V


def attention(v):
    return error(attend(v["Q"], v["K"], v["V"]), v)


def masked_attention(v):
    return error(attend(v["Q"], v["K"], v["V"], v["M"]), v)


def causal_attention(v):
    T = len(v["Q"])
    S = v["Q"] @ v["K"].T / jnp.sqrt(v["K"].shape[1])
    A = softmax(S, axis=1, where=jnp.tri(T, dtype=bool))
    return error(A @ v["V"], v)


def self_attention(v):
    return error(attend(*(v["X"] @ v[f"W_{name}"] for name in "QKV")), v)


def heads(X, v):
    Q, K, V = (X @ v[f"W_{name}"] for name in "QKV")
    return (vmap(attend)(Q, K, V) @ v["W_O"]).sum(0)


def multi_head_attention(v):
    return error(heads(v["X"], v), v)


def norm(X, v, mark):
    return standardised(X, v["epsilon"], 1) * v[f"gamma_{mark}"] + v[f"beta_{mark}"]


def feed_forward(X, v, activation):
    return activation(X @ v["W_1"] + v["b_1"]) @ v["W_2"] + v["b_2"]


def transformer(v):
    R = v["X"] + heads(norm(v["X"], v, 1), v)
    return error(R + feed_forward(norm(R, v, 2), v, lambda z: gelu(z, approximate=False)), v)


def transformer_post_norm(v):
    R = norm(v["X"] + heads(v["X"], v), v, 1)
    return error(norm(R + feed_forward(R, v, relu), v, 2), v)


def embedding(v):
    X = v["E"][v["w"] - 1] + v["P"]
    logits = v["U"] @ X.mean(0) + v["b"]
    return -(v["y"] * log_softmax(logits)).sum()


def language_model(v):
    X = v["E"][v["w"] - 1] + v["P"]
    Q, K, V = (norm(X, v, 1) @ v[f"W_{name}"] for name in "QKV")
    looked_at = vmap(lambda q, k, x: attend(q, k, x, v["M"]))(Q, K, V)
    R = X + (looked_at @ v["W_O"]).sum(0)
    Y = R + feed_forward(norm(R, v, 2), v, lambda z: gelu(z, approximate=False))
    guesses = log_softmax(Y @ v["E"].T)
    return -guesses[jnp.arange(len(X)), v["y"] - 1].mean()


COSTS = {
    "attention": attention,
    "masked-attention": masked_attention,
    "causal-attention": causal_attention,
    "self-attention": self_attention,
    "multi-head-attention": multi_head_attention,
    "embedding": embedding,
    "embedding-sinusoidal": embedding,
    "language-model": language_model,
    "transformer": transformer,
    "transformer-post-norm": transformer_post_norm,
}
