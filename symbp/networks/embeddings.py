"""Embeddings of words: rows of a matrix that data look up.

    u[w] · v[c]     the score of the word w beside the centre c, u a row of U, v a row of V

Sizes: N words, d dimensions, m places in a text, S words around each of them.
"""

from __future__ import annotations

from typing import Any

from sympy import Symbol, symbols

from symbp.functions import TABLE
from symbp.networks.entry import Entry
from symbp.system import System
from symbp.system.model import Model

EXP, LOG, SIGMOID = TABLE["exp"], TABLE["log"], TABLE["sigmoid"]
i, s, p, v, w = symbols("i s p v w", integer=True)


def vocabulary() -> tuple[Model, Symbol, Any, Any]:
    """A model of m places in a text, with the embeddings U and V of N words: it, m, U and V."""
    model = Model()
    m, N, d = model.sizes("m", "N", "d")
    model.samples("i", m)
    model.units("v w", N)
    model.units("p", d)
    return model, m, model.parameter("U", v, p), model.parameter("V", v, p)


def around(model: Model, name: str, letter: str, size: str) -> Any:
    """Data: `size` words for each place."""
    (S,) = model.sizes(size)
    return model.input(name, i, *model.places(letter, S))


def skip_gram() -> System:
    """The words o_is around the centre c_i: −1/m Σ_i Σ_s log softmax(U v_{c_i}) at o_is."""
    model, m, U, V = vocabulary()
    c, o = model.input("c", i), around(model, "o", "s", "S")
    (z,) = model.values("z")
    model.let(z[i, v], model.sum(U[v, p] * V[c[i], p], p))
    return model.system(
        model.sum(LOG(model.sum(EXP(z[i, w]), w)) - z[i, o[i, s]], i, s) / m,
    )


def cbow() -> System:
    """The centre c_i by the mean h_i of the words o_is around it: −1/m Σ_i log softmax(U h_i)."""
    model, m, U, V = vocabulary()
    c, o = model.input("c", i), around(model, "o", "s", "S")
    h, z = model.values("h", "z")
    model.let(h[i, p], model.sum(V[o[i, s], p], s) / Symbol("S", integer=True))
    model.let(z[i, v], model.sum(U[v, p] * h[i, p], p))
    return model.system(model.sum(LOG(model.sum(EXP(z[i, w]), w)) - z[i, c[i]], i) / m)


def negative_sampling() -> System:
    """A pair (c_i, o_i) that was seen against K words n_ik drawn at random.

    −1/m Σ_i (log σ(u_{o_i}·v_{c_i}) + Σ_k log σ(−u_{n_ik}·v_{c_i}))
    """
    model, m, U, V = vocabulary()
    c, o, n = model.input("c", i), model.input("o", i), around(model, "n", "k", "K")
    k = Symbol("k", integer=True)
    r, q = model.values("r", "q")
    model.let(r[i], model.sum(U[o[i], p] * V[c[i], p], p))
    model.let(q[i, k], model.sum(U[n[i, k], p] * V[c[i], p], p))
    seen, drawn = model.sum(LOG(SIGMOID(r[i])), i), model.sum(LOG(SIGMOID(-q[i, k])), i, k)
    return model.system(-(seen + drawn) / m)


def glove() -> System:
    """Σ_vw f_vw (u_v·v_w + b_v + c_w − log X_vw)², X the counts and f = f(X) the weights."""
    model = Model()
    N, d = model.sizes("N", "d")
    model.units("v w", N)
    model.units("p", d)
    X, f = model.input("X", v, w), model.input("f", v, w)
    U, V = model.parameter("U", v, p), model.parameter("V", v, p)
    b, c = model.parameter("b", v), model.parameter("c", v)
    (e,) = model.values("e")
    model.let(e[v, w], model.sum(U[v, p] * V[w, p], p) + b[v] + c[w] - LOG(X[v, w]))
    return model.system(model.sum(f[v, w] * e[v, w] ** 2, v, w))


ENTRIES = (
    Entry(
        "skip-gram",
        "representation",
        {"en": "word2vec, skip-gram with softmax", "zh": "word2vec：skip-gram（softmax）"},
        skip_gram,
        sizes={"m": 4, "N": 5, "d": 3, "S": 2},
        source="Mikolov et al. (2013a), equation 1; (2013b), equation 2",
    ),
    Entry(
        "cbow",
        "representation",
        {"en": "word2vec, continuous bag of words", "zh": "word2vec：CBOW"},
        cbow,
        sizes={"m": 4, "N": 5, "d": 3, "S": 2},
        source="Mikolov et al. (2013a), section 3.1; Rong (2014), equations 14 to 21",
    ),
    Entry(
        "negative-sampling",
        "representation",
        {"en": "word2vec, negative sampling", "zh": "word2vec：负采样"},
        negative_sampling,
        sizes={"m": 4, "N": 5, "d": 3, "K": 2},
        source="Mikolov et al. (2013b), equation 4",
    ),
    Entry(
        "glove",
        "representation",
        {"en": "GloVe", "zh": "GloVe 词向量"},
        glove,
        sizes={"N": 4, "d": 3},
        source="Pennington, Socher & Manning (2014), equation 8",
    ),
)
