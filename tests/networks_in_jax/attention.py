import jax.numpy as jnp
from jax.nn import softmax


def error(output, v):
    return ((output - v["y"]) ** 2).sum() / 2


def attend(Q, K, V):
    return softmax(Q @ K.T / jnp.sqrt(K.shape[-1])) @ V


def attention(v):
    return error(attend(v["Q"], v["K"], v["V"]), v)


COSTS = {"attention": attention}
