"""A network that a person writes in LaTeX is that of the catalogue, or of a line of NumPy."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

import symbp
from symbp import networks
from symbp.numbers.evaluator import Evaluation
from symbp.numbers.field import Field, Residues
from symbp.numbers.sampling import residues, sample, with_small_sizes
from symbp.system import Role
from symbp.verify.case import gradient_blocks

TANH_ERROR = r"C = \frac{1}{2} \sum_{t=1}^T \|h_t - y_t\|^2"
GATES = "; ".join(
    rf"{g}_t = {f}(W_{g} x_t + U_{g} h_{{t-1}} + b_{g})"
    for g, f in zip("ifog", (r"\sigma", r"\sigma", r"\sigma", r"\tanh"), strict=True)
)
RESET = r"g_t = \tanh(W_g x_t + U_g (r_t \odot h_{t-1}) + b_g)"
SIGMOID = r"\sigma sigmoid"


@dataclass(frozen=True)
class Written:
    """Equations as a person writes them, and the network of the catalogue that they are."""

    text: str
    name: str
    words: dict[str, str] = field(default_factory=dict)
    called: dict[str, str] = field(default_factory=dict)
    """What the families of the catalogue are called here, where it is something else."""
    turned: str = ""
    """Families that have their axes the other way round here: the sample last."""


WRITTEN = {
    "elman": Written(rf"h_0 = 0; h_t = \tanh(W x_t + U h_{{t-1}} + b); {TANH_ERROR}", "elman"),
    "elman, by its entries": Written(
        r"""
        h_{t,j} = \tanh\Big(\sum_{k=1}^d W_{jk} x_{t,k} + \sum_{k=1}^n U_{jk} h_{t-1,k} + b_j\Big)
        h_{0,j} = 0
        C = \frac12 \sum_{t=1}^T \sum_{j=1}^n (h_{t,j} - y_{t,j})^2
        """,
        "elman",
    ),
    "elman, after Ng": Written(
        r"""
        z^{\langle t \rangle} = W_{ax} x^{\langle t \rangle} + W_{aa} a^{\langle t-1 \rangle} + b_a
        a^{\langle t \rangle} = \tanh(z^{\langle t \rangle})
        a^{\langle 0 \rangle} = 0
        J = \frac{1}{2} \sum_{t=1}^{T} \| a^{\langle t \rangle} - y^{\langle t \rangle} \|^2
        """,
        "elman",
        called={"W": "W_ax", "U": "W_aa", "b": "b_a"},
    ),
    "many to one": Written(
        r"h_0 = 0; h_t = \tanh(W x_t + U h_{t-1} + b); z = V h_T + c;"
        r"p = \mathrm{softmax}(z); L = -\sum_k y_k \log p_k",
        "many-to-one",
    ),
    "lstm": Written(
        rf"{GATES}; c_t = f_t \odot c_{{t-1}} + i_t \odot g_t; h_t = o_t \odot \tanh(c_t);"
        rf"h_0 = 0; c_0 = 0; {TANH_ERROR}",
        "lstm",
        {"functions": SIGMOID},
    ),
    "gru": Written(
        r"z_t = \sigma(W_z x_t + U_z h_{t-1} + b_z); r_t = \sigma(W_r x_t + U_r h_{t-1} + b_r);"
        rf"{RESET}; h_t = (1 - z_t) \odot g_t + z_t \odot h_{{t-1}}; h_0 = 0; {TANH_ERROR}",
        "gru",
        {"functions": SIGMOID},
    ),
    "softmax regression": Written(
        r"z^{(i)} = W x^{(i)} + b; p^{(i)} = \mathrm{softmax}(z^{(i)});"
        r"J = -\frac{1}{m} \sum_{i=1}^m \sum_k y_k^{(i)} \log p_k^{(i)}",
        "softmax-regression",
        turned="x y",
    ),
    "softmax regression, by its classes": Written(
        r"p_k^{(i)} = \frac{e^{w_k^T x^{(i)} + b_k}}{\sum_j e^{w_j^T x^{(i)} + b_j}};"
        r"J = -\frac{1}{N} \sum_{i=1}^N \sum_k y_k^{(i)} \log p_k^{(i)}",
        "softmax-regression",
        called={"W": "w"},
        turned="x y",
    ),
    "ridge": Written(
        r"J = \frac{1}{2m} \sum_{i=1}^m (w^T x^{(i)} + b - y^{(i)})^2 + \frac{\lambda}{2} \|w\|^2",
        "ridge",
        turned="x",
    ),
}


def moved(values, turned):
    return Residues(np.moveaxis(values.data, 1, -1), values.depth) if turned else values


def gradients(row: Written) -> list[Any]:
    """∂C/∂θ of both systems at the same random point of a prime field, by family."""
    known = with_small_sizes(networks.lookup(row.name).small())
    known = known.with_sizes(T=3) if "T" in known.sizes else known
    read = symbp.read_system(row.text, **row.words)
    prime = Field(12, 1, True)
    values = residues(known, prime)
    name = {v.name: row.called.get(v.name, v.name) for v in known.variables}
    given = {name[k]: moved(v, k in row.turned.split()) for k, v in values.items()}
    bound = {
        str(s.range.upper): int(n)
        for k, v in given.items()
        for s, n in zip(read[k].slots, v.shape, strict=True)
    }
    assert set(given) == {
        v.name for v in read.variables if v.role.given and v.role is not Role.SIZE
    }
    read = read.with_sizes(**bound)
    learnt = [v.name for v in known.with_role(Role.PARAMETER)]
    first: Any = gradient_blocks(symbp.gradient(known), values, learnt, prime)
    other: Any = gradient_blocks(symbp.gradient(read), given, [name[k] for k in learnt], prime)
    return [(first[k][()].top, other[name[k]][()].top) for k in learnt]


@pytest.mark.parametrize("row", WRITTEN.values(), ids=WRITTEN)
def test_what_is_read_has_the_gradients_of_the_catalogue(row):
    for expected, found in gradients(row):
        assert np.array_equal(expected, found)


def test_another_network_is_seen():
    wrong = WRITTEN["lstm"].text.replace(r"\odot g_t", r"\odot i_t \odot g_t")
    pairs = gradients(Written(wrong, "lstm", {"functions": SIGMOID}))
    assert not all(np.array_equal(a, b) for a, b in pairs)


# -- networks against a line of NumPy ------------------------------------------------------------


def softmax(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def attention(X, Y, W_Q, W_K, W_V, d):
    scores = (X @ W_Q) @ (X @ W_K).T / np.sqrt(d)
    return np.sum((softmax(scores) @ X @ W_V - Y) ** 2)


def queries(x, y, W_q, W_k, W_v):
    scores = (x @ W_q.T) @ (x @ W_k.T).T
    return np.sum((softmax(scores) @ x @ W_v.T - y) ** 2)


def batch_norm(x, t, gamma, beta, epsilon):
    normed = (x - x.mean()) / np.sqrt(x.var() + epsilon)
    return np.sum((gamma * normed + beta - t) ** 2)


def layer_norm(x, t, gamma, beta, epsilon):
    return batch_norm(x, t, gamma, beta, epsilon)


def convolution(x, y, w, b):
    places = np.lib.stride_tricks.sliding_window_view(x, w.shape)
    return np.sum((np.tanh(np.einsum("ijuv,uv->ij", places, w) + b) - y) ** 2)


def skip_gram(u, v, o, c):
    return -np.log(softmax(u @ v[c - 1])[o - 1])


def negative_sampling(u_o, v_c, u):
    s = lambda z: 1 / (1 + np.exp(-z))  # noqa: E731
    return -np.log(s(u_o @ v_c)) - np.sum(np.log(s(-u @ v_c)))


def autoencoder(x, W, b, c):
    return np.sum((W.T @ np.tanh(W @ x + b) + c - x) ** 2)


def linear(x, w, y):
    return np.sum((x @ w - y) ** 2) / len(y)


PLAIN = {
    "attention": (
        attention,
        r"Q = X W_Q; K = X W_K; V = X W_V; A = \mathrm{softmax}(Q K^T / \sqrt{d}); O = A V;"
        r"C = \|O - Y\|^2",
        {"layout": "rows"},
    ),
    "attention with a named width": (
        attention,
        r"Q = X W_Q; K = X W_K; V = X W_V; S = \frac{Q K^T}{\sqrt{d}};"
        r"C = \|\mathrm{softmax}(S) V - Y\|^2",
        {"layout": "rows", "shapes": "X n x m, W_Q m x d, W_K m x d"},
    ),
    "attention, query by query": (
        queries,
        r"q_i = W_q x_i; k_i = W_k x_i; v_i = W_v x_i;"
        r"a_{ij} = \frac{\exp(q_i^T k_j)}{\sum_s \exp(q_i^T k_s)};"
        r"o_i = \sum_j a_{ij} v_j; C = \sum_i \|o_i - y_i\|^2",
        {},
    ),
    "batch normalisation": (
        batch_norm,
        r"\mu = \frac{1}{m} \sum_{i=1}^m x_i; \sigma^2 = \frac{1}{m} \sum_{i=1}^m (x_i - \mu)^2;"
        r"\hat{x}_i = \frac{x_i - \mu}{\sqrt{\sigma^2 + \epsilon}}; y_i = \gamma \hat{x}_i + \beta;"
        r"C = \sum_i (y_i - t_i)^2",
        {},
    ),
    "layer normalisation": (
        layer_norm,
        r"\mu = \frac{1}{n} \sum_{j=1}^n x_j; v = \frac{1}{n} \sum_{j=1}^n (x_j - \mu)^2;"
        r"y_j = \gamma_j \frac{x_j - \mu}{\sqrt{v + \epsilon}} + \beta_j; C = \sum_j (y_j - t_j)^2",
        {},
    ),
    "convolution": (
        convolution,
        r"z_{ij} = \sum_{u=1}^k \sum_{v=1}^k w_{uv} x_{i+u-1,j+v-1} + b; a_{ij} = \tanh(z_{ij});"
        r"C = \sum_i \sum_j (a_{ij} - y_{ij})^2",
        {},
    ),
    "skip-gram": (
        skip_gram,
        r"L = -\log \frac{\exp(u_o^T v_c)}{\sum_{w=1}^V \exp(u_w^T v_c)}",
        {"indices": "o c fixed"},
    ),
    "negative sampling": (
        negative_sampling,
        r"L = -\log \sigma(u_o^T v_c) - \sum_{k=1}^K \log \sigma(-u_k^T v_c)",
        {"names": "u_o, v_c", "functions": SIGMOID},
    ),
    "an autoencoder with tied weights": (
        autoencoder,
        r"h = \tanh(W x + b); r = W^T h + c; C = \|r - x\|^2",
        {},
    ),
    "linear regression": (
        linear,
        r"\hat{y} = x w; L = \frac{1}{n} \|\hat{y} - y\|^2",
        {"shapes": "x n x d, w d"},
    ),
}


@pytest.mark.parametrize("by_hand, text, words", PLAIN.values(), ids=PLAIN)
def test_what_is_read_has_the_value_of_numpy_and_a_gradient_that_is_verified(by_hand, text, words):
    read = with_small_sizes(symbp.read_system(text, **words))
    values = sample(read, seed=2)
    extra = {"d": read.sizes.get("d")} if "d" in read.sizes and by_hand is attention else {}
    expected = by_hand(**values, **extra)
    assert float(Evaluation(read, values)[read.loss]) == pytest.approx(expected, rel=1e-12)
    assert symbp.verify(read, witnesses=["exact", "complex step"]).ok


HABITS = {
    "an environment": (
        r"""
        \begin{aligned}
        h_t &= \tanh(W x_t + U h_{t-1}), \\
        L &= \frac{1}{2}\sum_{t=1}^{T} \|h_t - y_t\|^2.
        \end{aligned}
        """,
        "L = Sum((h[t, k] - y[t, k])**2, (k, 1, n_y), (t, 1, T))/2",
    ),
    "spaces that are signs": (
        r"z = W\;x \\ C = \|z - y\|^2",
        "C = Sum((-y[k] + z[k])**2, (k, 1, n_y))",
    ),
    "layers of one width": (
        r"h^l = h^{l-1} + \tanh(W^l h^{l-1}); h^0 = x; C = \|h^L - y\|^2",
        "C = Sum((h[L, k] - y[k])**2, (k, 1, n_x))",
    ),
    "a vector times that of a sample": (
        r"C = \frac{1}{2} \|w\|^2 + \lambda \sum_{i=1}^m \max(0, 1 - y_i (w^T x_i + b))",
        "C = lambda*Sum(relu(-(b + Sum(w[k]*x[i, k], (k, 1, n_w)))*y[i] + 1), (i, 1, m))"
        " + Sum(w[k]**2, (k, 1, n_w))/2",
    ),
    "noise entry by entry": (
        r"\mu = W x; s = V x; z = \mu + \exp(s) \odot \epsilon; C = \|U z - x\|^2",
        "C = Sum((-x[k] + Sum(U[k, i]*z[i], (i, 1, n_epsilon)))**2, (k, 1, n_x))",
    ),
    "both directions": (
        r"\overrightarrow{h}_t = \tanh(W x_t + U \overrightarrow{h}_{t-1});"
        r"\overleftarrow{h}_t = \tanh(V x_t + R \overleftarrow{h}_{t+1});"
        r"C = \sum_{t=1}^T \|\overrightarrow{h}_t + \overleftarrow{h}_t - y_t\|^2",
        r"C = Sum((\overleftarrow{h}[t, k] + \overrightarrow{h}[t, k] - y[t, k])**2,"
        " (k, 1, n_y), (t, 1, T))",
    ),
}


BATCHES = {
    "capitals for all samples": (
        "Z = W X + b",
        {"batch": "X = x, Z = z, Y = y", "shapes": "b k, x n, z k, y k"},
    ),
    "matrices": ("Z = W X + b", {"shapes": "X n x m, b k, Z k x m"}),
}


@pytest.mark.parametrize("text, words", BATCHES.values(), ids=BATCHES)
def test_the_cost_of_a_batch_is_that_of_all_samples_once(text, words):
    read = symbp.read_system(text + r"; C = \frac{1}{2m} \|Z - Y\|^2", **words)
    read = with_small_sizes(read)
    values = sample(read, seed=1)
    W, b = values["W"], values["b"]
    x, y = (values[k] if k in values else values[k.upper()] for k in "xy")
    expected = np.sum((W @ x + b[:, None] - y) ** 2) / 2 / x.shape[1]
    assert float(Evaluation(read, values)[read.loss]) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("text, cost", HABITS.values(), ids=HABITS)
def test_habits_of_writing(text, cost):
    read = symbp.read_system(text)
    assert str(read.defining(read.loss)[0]) == cost
    assert symbp.verify(read, witnesses=["exact", "complex step"]).ok
