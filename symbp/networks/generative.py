"""Models of distributions: free energies, variational bounds, policies, chains, mixtures.

    F(v) = −b·v − Σ_j log(1 + e^{c_j + W_j·v})                     restricted Boltzmann machine
    z = μ + e^{s/2} ε                                              the reparameterisation of a VAE
    α[t, k] = e[t, k] + log Σ_j e^{α[t−1, j] + A[j, k]}            the forward algorithm of a CRF

What is drawn at random (noise, actions, samples of a chain) is data.
"""

from __future__ import annotations

from typing import Any

from sympy import Expr

from symbp.functions import TABLE
from symbp.networks.entry import Entry
from symbp.system import System
from symbp.system.model import Model

EXP, LOG, SOFTPLUS, TANH = (TABLE[name] for name in ("exp", "log", "softplus", "tanh"))


def rbm() -> System:
    """The free energy of the data v less that of samples u of the model, means over m of each."""
    model = Model()
    m, d, n = model.sizes("m", "d", "n")
    (i,), (p,), (j,) = model.samples("i", m), model.units("p", d), model.units("j", n)
    v, u = model.input("v", i, p), model.input("u", i, p)
    W, b, c = model.parameter("W", j, p), model.parameter("b", p), model.parameter("c", j)
    F, G, z, r = model.values("F", "G", "z", "r")

    def energy(values: Any, net: Any) -> Expr:
        model.let(net[i, j], model.sum(W[j, p] * values[i, p], p) + c[j])
        return -model.sum(b[p] * values[i, p], p) - model.sum(SOFTPLUS(net[i, j]), j)

    model.let(F[i], energy(v, z))
    model.let(G[i], energy(u, r))
    return model.system(model.sum(F[i] - G[i], i) / m)


def vae() -> System:
    """A variational autoencoder: z = μ + e^{s/2} ε, s = log σ²; cross-entropy of x, KL to N(0, 1).

    −ELBO = 1/m Σ_i (Σ_p (log(1 + e^o) − x o) + ½ Σ_k (μ² + e^s − s − 1))
    """
    model = Model()
    m, d, n, r = model.sizes("m", "d", "n", "r")
    (i,), (p,) = model.samples("i", m), model.units("p", d)
    (j,), (k,) = model.units("j", n), model.units("k", r)
    x, noise = model.input("x", i, p), model.input("epsilon", i, k)
    a_h, h, mu, s, z, a_g, g, o = model.values("a_h", "h", "mu", "s", "z", "a_g", "g", "o")

    def affine(mark: str, left: Any, right: Any, values: Any) -> Expr:
        W, b = model.parameter(f"W_{mark}", left, right), model.parameter(f"b_{mark}", left)
        return model.sum(W[left, right] * values[i, right], right) + b[left]

    model.let(a_h[i, j], affine("h", j, p, x))
    model.let(h[i, j], TANH(a_h[i, j]))
    model.let(mu[i, k], affine("mu", k, j, h))
    model.let(s[i, k], affine("s", k, j, h))
    model.let(z[i, k], mu[i, k] + EXP(s[i, k] / 2) * noise[i, k])
    model.let(a_g[i, j], affine("g", j, k, z))
    model.let(g[i, j], TANH(a_g[i, j]))
    model.let(o[i, p], affine("o", p, j, g))
    fit = model.sum(SOFTPLUS(o[i, p]) - x[i, p] * o[i, p], i, p)
    divergence = model.sum(mu[i, k] ** 2 + EXP(s[i, k]) - s[i, k] - 1, i, k)
    return model.system((fit + divergence / 2) / m)


def policy_gradient() -> System:
    """−1/m Σ_i A_i log π(a_i | x_i), π = softmax(W x + b): actions a and advantages A are data."""
    model = Model()
    m, d, K = model.sizes("m", "d", "K")
    (i,), (p,), (k, q) = model.samples("i", m), model.units("p", d), model.units("k q", K)
    x, a, A = model.input("x", i, p), model.input("a", i), model.input("A", i)
    W, b = model.parameter("W", k, p), model.parameter("b", k)
    z, pi = model.values("z", "pi")
    model.let(z[i, k], model.sum(W[k, p] * x[i, p], p) + b[k])
    model.let(pi[i, k], EXP(z[i, k]) / model.sum(EXP(z[i, q]), q))
    return model.system(-model.sum(A[i] * LOG(pi[i, a[i]]), i) / m)


def crf() -> System:
    """A linear chain: log Z by the forward algorithm, less the score of the path y that is given.

    e_t = W x_t + b are the scores of K labels, A_jk that of the step from label j to label k.
    """
    m = Model()
    d, K = m.sizes("d", "K")
    (T,) = m.sizes("T", minimum=2)
    (t,), (p,), (j, k) = m.times("t", T), m.units("p", d), m.units("j k", K)
    (s,) = m.times("s", T, 2)
    x, y = m.input("x", t, p), m.target("y", t)
    W, b, A = m.parameter("W", k, p), m.parameter("b", k), m.parameter("A", j, k)
    e, alpha = m.values("e", "alpha")
    m.let(e[t, k], m.sum(W[k, p] * x[t, p], p) + b[k])
    m.let(alpha[1, k], e[1, k])
    m.let(alpha[s, k], e[s, k] + LOG(m.sum(EXP(alpha[s - 1, j] + A[j, k]), j)))
    path = m.sum(e[t, y[t]], t) + m.sum(A[y[s - 1], y[s]], s)
    return m.system(LOG(m.sum(EXP(alpha[T, k]), k)) - path)


def mixture_of_experts() -> System:
    """Σ_k g_k f_k: a softmax gate g = softmax(V x + c) weighs K experts f_k = W_k x + b_k."""
    model = Model()
    m, d, n, K = model.sizes("m", "d", "n", "K")
    (i,), (p,), (j,) = model.samples("i", m), model.units("p", d), model.units("j", n)
    k, q = model.units("k q", K)
    x, y = model.input("x", i, p), model.target("y", i, j)
    V, c = model.parameter("V", k, p), model.parameter("c", k)
    W, b = model.parameter("W", k, j, p), model.parameter("b", k, j)
    z, g, f, o = model.values("z", "g", "f", "o")
    model.let(z[i, k], model.sum(V[k, p] * x[i, p], p) + c[k])
    model.let(g[i, k], EXP(z[i, k]) / model.sum(EXP(z[i, q]), q))
    model.let(f[i, k, j], model.sum(W[k, j, p] * x[i, p], p) + b[k, j])
    model.let(o[i, j], model.sum(g[i, k] * f[i, k, j], k))
    return model.system(model.sum((o[i, j] - y[i, j]) ** 2, i, j) / (2 * m))


ENTRIES = (
    Entry(
        "rbm",
        "generative",
        {"en": "the free energy of a Boltzmann machine", "zh": "受限玻尔兹曼机的自由能"},
        rbm,
        sizes={"m": 4, "d": 3, "n": 2},
        source="Hinton (2012), A practical guide, equation 25; Tieleman (2008)",
    ),
    Entry(
        "vae",
        "generative",
        {"en": "a variational autoencoder", "zh": "变分自编码器"},
        vae,
        sizes={"m": 5, "d": 4, "n": 3, "r": 2},
        source="Kingma & Welling (2014), equation 10 and appendix C",
    ),
    Entry(
        "policy-gradient",
        "generative",
        {"en": "policy gradient with a softmax policy", "zh": "softmax 策略的策略梯度"},
        policy_gradient,
        sizes={"m": 5, "d": 2, "K": 3},
        source="Williams (1992), REINFORCE",
    ),
    Entry(
        "crf",
        "generative",
        {"en": "a linear-chain conditional random field", "zh": "线性链条件随机场"},
        crf,
        sizes={"d": 2, "K": 3, "T": 4},
        source="Lafferty, McCallum & Pereira (2001)",
    ),
    Entry(
        "mixture-of-experts",
        "generative",
        {"en": "a mixture of experts", "zh": "混合专家模型"},
        mixture_of_experts,
        sizes={"m": 5, "d": 4, "n": 2, "K": 3},
        source="Jacobs, Jordan, Nowlan & Hinton (1991), equation 1",
    ),
)
