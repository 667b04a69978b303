import jax.numpy as jnp
from jax.nn import log_softmax, logsumexp, sigmoid, softmax, softplus


def rbm(v):
    def energy(x):
        return -x @ v["b"] - softplus(x @ v["W"].T + v["c"]).sum(axis=1)

    return (energy(v["v"]) - energy(v["u"])).mean()


def vae(v):
    def affine(mark, x):
        return x @ v[f"W_{mark}"].T + v[f"b_{mark}"]

    h = jnp.tanh(affine("h", v["x"]))
    mu, deviation = affine("mu", h), jnp.exp(affine("s", h) / 2)
    o = sigmoid(affine("o", jnp.tanh(affine("g", mu + deviation * v["epsilon"]))))
    fit = v["x"] * jnp.log(o) + (1 - v["x"]) * jnp.log(1 - o)
    divergence = (mu**2 + deviation**2 - 2 * jnp.log(deviation) - 1) / 2
    return (divergence.sum() - fit.sum()) / len(h)


def policy_gradient(v):
    chosen = log_softmax(v["x"] @ v["W"].T + v["b"], axis=1)[jnp.arange(len(v["a"])), v["a"] - 1]
    return -(v["A"] * chosen).mean()


def crf(v):
    e, y = v["x"] @ v["W"].T + v["b"], v["y"] - 1
    alpha = e[0]
    for scores in e[1:]:
        alpha = scores + logsumexp(alpha[:, None] + v["A"], axis=0)
    path = e[jnp.arange(len(y)), y].sum() + v["A"][y[:-1], y[1:]].sum()
    return logsumexp(alpha) - path


def mixture_of_experts(v):
    gate = softmax(v["x"] @ v["V"].T + v["c"], axis=1)
    experts = jnp.einsum("kjp,ip->ikj", v["W"], v["x"]) + v["b"]
    return ((jnp.einsum("ik,ikj->ij", gate, experts) - v["y"]) ** 2).sum() / (2 * len(gate))


COSTS = {
    "rbm": rbm,
    "vae": vae,
    "policy-gradient": policy_gradient,
    "crf": crf,
    "mixture-of-experts": mixture_of_experts,
}
