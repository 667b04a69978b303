"""Linear models: one score of a sample, or one for each class, and a convex cost.

    z[i] = Σ_p w[p] x[i, p] + b        C = 1/m Σ_i loss(z[i], y[i])

Sizes: m samples, d features, K classes. Features, scores and targets have the sample first, as the
rows of a data matrix.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sympy import Expr, IndexedBase, KroneckerDelta, Symbol

from symbp.functions import TABLE
from symbp.networks.entry import Entry
from symbp.system import System
from symbp.system.domains import BITS, COUNTS, ONE_HOT, SIGNS, Domain
from symbp.system.model import Model

ABS, EXP, LOG = TABLE["abs"], TABLE["exp"], TABLE["log"]
RELU, SOFTPLUS = TABLE["relu"], TABLE["softplus"]
SIZES = {"m": 5, "d": 3}

Loss = Callable[[Expr, Expr], Expr]


def linear_model(
    loss: Loss, l1: bool = False, l2: bool = False, within: Domain | None = None
) -> System:
    """z_i = w·x_i + b, and the mean of loss(z_i, y_i); λ Σ |w| or ½ λ Σ w² where asked for.

    >>> print(linear_model(lambda z, y: (z - y) ** 2 / 2))
    z[i] = b + Sum(w[p]*x[i, p], (p, 1, d))   for 1 ≤ i ≤ m
    C = Sum((-y[i] + z[i])**2/2, (i, 1, m))/m
    """
    model = Model()
    m, d = model.sizes("m", "d")
    (i,), (p,) = model.samples("i", m), model.units("p", d)
    x, y = model.input("x", i, p), model.target("y", i, within=within)
    w, b = model.parameter("w", p), model.parameter("b")
    (z,) = model.values("z")
    model.let(z[i], model.sum(w[p] * x[i, p], p) + b)
    cost = model.sum(loss(z[i], y[i]), i) / m
    if l1 or l2:
        rate = model.hyperparameter("lambda", 0.1)
        cost += rate * model.sum(ABS(w[p]), p) if l1 else rate / 2 * model.sum(w[p] ** 2, p)
    return model.system(cost)


def half_square(z: Expr, y: Expr) -> Expr:
    """½ (z − y)²"""
    return (z - y) ** 2 / 2


def linear() -> System:
    """Least squares: C = 1/2m Σ_i (w·x_i + b − y_i)²."""
    return linear_model(half_square)


def ridge() -> System:
    """Least squares with ½ λ ‖w‖²."""
    return linear_model(half_square, l2=True)


def lasso() -> System:
    """Least squares with λ ‖w‖₁."""
    return linear_model(half_square, l1=True)


def logistic() -> System:
    """Cross-entropy of σ(z) with y, by the logit z: log(1 + e^z) − y z."""
    return linear_model(lambda z, y: SOFTPLUS(z) - y * z, within=BITS)


def perceptron() -> System:
    """max(0, −y z) for labels y = ±1: only samples on the wrong side cost."""
    return linear_model(lambda z, y: RELU(-y * z), within=SIGNS)


def svm() -> System:
    """max(0, 1 − y z) for labels y = ±1, with ½ λ ‖w‖²."""
    return linear_model(lambda z, y: RELU(1 - y * z), l2=True, within=SIGNS)


def poisson() -> System:
    """−log of a Poisson distribution with rate e^z, without log y!: e^z − y z."""
    return linear_model(lambda z, y: EXP(z) - y * z, within=COUNTS)


def class_scores(labels: bool) -> tuple[Model, Any, Any]:
    """z_ij = Σ_p W_jp x_ip + b_j of K classes: the model, z, and targets y_i or y_ij."""
    model = Model()
    m, d, K = model.sizes("m", "d", "K")
    (i,), (p,) = model.samples("i", m), model.units("p", d)
    j, _ = model.units("j k", K)
    x = model.input("x", i, p)
    y = model.target("y", i) if labels else model.target("y", i, j, within=ONE_HOT)
    W, b = model.parameter("W", j, p), model.parameter("b", j)
    (z,) = model.values("z")
    model.let(z[i, j], model.sum(W[j, p] * x[i, p], p) + b[j])
    return model, z, y


def softmax_regression(labels: bool = False) -> System:
    """Z = X Wᵀ + b, and the cross-entropy −1/m Σ_i Σ_j y_ij log softmax(z_i)_j.

    With `labels` a target is the number of the class: −1/m Σ_i log softmax(z_i)_{y_i}.
    """
    model, z, y = class_scores(labels)
    m, i, j, k = (Symbol(name, integer=True) for name in "mijk")
    (a,) = model.values("a")
    model.let(a[i, j], EXP(z[i, j]) / model.sum(EXP(z[i, k]), k))
    if labels:
        return model.system(-model.sum(LOG(a[i, y[i]]), i) / m)
    return model.system(-model.sum(y[i, j] * LOG(a[i, j]), i, j) / m)


def multiclass_svm() -> System:
    """Z = X Wᵀ + b, and 1/m Σ_i Σ_{j ≠ y_i} max(0, 1 + z_ij − z_{i,y_i}), with ½ λ ‖W‖²."""
    model, z, y = class_scores(labels=True)
    m, i, j, p = (Symbol(name, integer=True) for name in "mijp")
    rate, W = model.hyperparameter("lambda", 0.1), IndexedBase(Symbol("W", real=True))
    other = 1 - KroneckerDelta(j, y[i])
    hinge = model.sum(other * RELU(1 + z[i, j] - z[i, y[i]]), i, j) / m
    return model.system(hinge + rate / 2 * model.sum(W[j, p] ** 2, j, p))


ENTRIES = (
    Entry(
        "linear",
        "linear",
        {"en": "linear regression", "zh": "线性回归"},
        linear,
        sizes=SIZES,
        source="Legendre (1805); Gauss (1809)",
    ),
    Entry(
        "ridge",
        "linear",
        {"en": "ridge regression", "zh": "岭回归"},
        ridge,
        sizes=SIZES,
        source="Hoerl & Kennard (1970)",
    ),
    Entry(
        "lasso",
        "linear",
        {"en": "lasso regression", "zh": "Lasso 回归"},
        lasso,
        sizes=SIZES,
        source="Tibshirani (1996)",
    ),
    Entry(
        "logistic",
        "linear",
        {"en": "logistic regression", "zh": "逻辑回归"},
        logistic,
        sizes=SIZES,
        source="Cox (1958)",
    ),
    Entry(
        "softmax-regression",
        "linear",
        {"en": "softmax regression", "zh": "softmax 回归"},
        softmax_regression,
        sizes={"m": 5, "d": 2, "K": 3},
        source="Bishop (2006), section 4.3.4",
    ),
    Entry(
        "perceptron",
        "linear",
        {"en": "a perceptron", "zh": "感知机"},
        perceptron,
        sizes=SIZES,
        source="Rosenblatt (1958); the criterion of Bishop (2006), equation 4.54",
    ),
    Entry(
        "svm",
        "linear",
        {"en": "a linear support vector machine", "zh": "线性支持向量机"},
        svm,
        sizes=SIZES,
        source="Cortes & Vapnik (1995)",
    ),
    Entry(
        "multiclass-svm",
        "linear",
        {"en": "a support vector machine of several classes", "zh": "多类支持向量机"},
        multiclass_svm,
        sizes={"m": 5, "d": 2, "K": 3},
        source="Weston & Watkins (1999)",
    ),
    Entry(
        "poisson",
        "linear",
        {"en": "Poisson regression", "zh": "泊松回归"},
        poisson,
        sizes=SIZES,
        source="Nelder & Wedderburn (1972)",
    ),
)
