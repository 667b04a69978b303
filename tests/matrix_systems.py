"""Systems for the matrix form: every way in which vectors and matrices can meet."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial

import sympy as sp
from sympy import Sum, Symbol

from symbp import networks
from symbp.adjoint import gradient
from symbp.functions import TABLE
from symbp.networks import mlp
from symbp.system import Equation, Kind, Role, System, Variable
from tests.small_systems import EXAMPLES, C, bases, family, i, j, k, over, p, size, slot, u

EXP = TABLE["exp"]
c, d, s, h = (Symbol(name, integer=True) for name in "cdsh")


def attention(heads: bool = False) -> System:
    """S = QKᵀ/√D, A = softmax of each row, O = AV; with heads, for each head."""
    (q, key, v, score, a, o, y) = bases("QKVSAOy")
    n, width = Symbol("N", integer=True), Symbol("D", integer=True)
    head = (slot(h, Symbol("H", integer=True), Kind.CHANNEL),) if heads else ()
    at = (h,) if heads else ()
    row, col, unit = slot(i, n, Kind.SAMPLE), slot(s, n, Kind.SAMPLE), slot(d, width)
    scaled = Sum(q[*at, i, d] * key[*at, s, d], (d, 1, width)) / sp.sqrt(width)
    total = Sum(EXP(score[*at, i, p]), (p, 1, n))
    cost = Sum((o[*at, i, d] - y[*at, i, d]) ** 2, (d, 1, width), (i, 1, n))
    whole = Sum(cost, (h, 1, Symbol("H", integer=True))) if heads else cost
    return System(
        (
            *(size(name) for name in ("N", "D", *("H" * heads))),
            *(family(name, *head, row, unit, role=Role.PARAMETER) for name in "QKV"),
            family("y", *head, row, unit, role=Role.TARGET),
            family("S", *head, row, col),
            family("A", *head, row, col),
            family("O", *head, row, unit),
            C,
        ),
        (
            Equation("S", (*at, i, s), scaled, over(*head, row, col)),
            Equation("A", (*at, i, s), EXP(score[*at, i, s]) / total, over(*head, row, col)),
            Equation(
                "O",
                (*at, i, d),
                Sum(a[*at, i, s] * v[*at, s, d], (s, 1, n)),
                over(*head, row, unit),
            ),
            Equation("C", (), whole),
        ),
        "C",
        {"N": 3, "D": 2} | ({"H": 2} if heads else {}),
    )


def two_dimensional_channels() -> System:
    """y[c, p] = Σ_{d,u} w[c, d, u] x[d, p+u−1] + b[c]: channels are axes, places are not."""
    w, x, b, y = bases("wxby")
    places, taps, outs, ins = (Symbol(name, integer=True) for name in ("P", "U", "F", "G"))
    out, channel = slot(c, outs, Kind.CHANNEL), slot(d, ins, Kind.CHANNEL)
    place, tap = slot(p, places, Kind.PLACE), slot(u, taps, Kind.PLACE)
    longer = slot(p, places + taps - 1, Kind.PLACE)
    body = Sum(w[c, d, u] * x[d, p + u - 1], (d, 1, ins), (u, 1, taps)) + b[c]
    return System(
        (
            *(size(name) for name in "PUFG"),
            family("w", out, channel, tap, role=Role.PARAMETER),
            family("b", out, role=Role.PARAMETER),
            family("x", channel, longer, role=Role.PARAMETER),
            family("y", out, place),
            C,
        ),
        (
            Equation("y", (c, p), body, over(out, place)),
            Equation("C", (), Sum(y[c, p] ** 2, (c, 1, outs), (p, 1, places))),
        ),
        "C",
        {"P": 3, "U": 2, "F": 2, "G": 3},
    )


def layer_norm() -> System:
    """h = γ ⊙ (x − mean)/√(var + 1) + β for each sample, mean and var of its own units."""
    x, mean, var, out, gamma, beta = (bases(n)[0] for n in ("x", "μ", "v", "h", "γ", "β"))
    n, m = Symbol("N", integer=True), Symbol("m", integer=True)
    unit, sample = slot(j, n), slot(i, m, Kind.SAMPLE)
    normal = (x[j, i] - mean[i]) / sp.sqrt(var[i] + 1)
    return System(
        (
            size("N"),
            size("m"),
            family("x", unit, sample, role=Role.PARAMETER),
            *(family(name, unit, role=Role.PARAMETER) for name in "γβ"),
            *(family(name, sample) for name in "μv"),
            family("h", unit, sample),
            C,
        ),
        (
            Equation("μ", (i,), Sum(x[j, i], (j, 1, n)) / n, over(sample)),
            Equation("v", (i,), Sum((x[j, i] - mean[i]) ** 2, (j, 1, n)) / n, over(sample)),
            Equation("h", (j, i), gamma[j] * normal + beta[j], over(unit, sample)),
            Equation("C", (), Sum(out[j, i] ** 3, (j, 1, n), (i, 1, m))),
        ),
        "C",
        {"N": 3, "m": 2},
    )


def products() -> System:
    """Every way in which factors can meet: diagonals, weights between matrices, total sums."""
    a, b, x, y, m = bases("abxym")
    n, o = Symbol("N", integer=True), Symbol("M", integer=True)
    J, K, P = slot(j, n), slot(k, o), slot(p, n)
    return System(
        (
            size("N"),
            size("M"),
            family("a", J, K, role=Role.PARAMETER),
            family("b", K, P, role=Role.PARAMETER),
            family("x", K, role=Role.PARAMETER),
            family("y", J, role=Role.PARAMETER),
            family("m", J, P),
            C,
        ),
        (
            Equation(
                "m",
                (j, p),
                Sum(a[j, k] * x[k] * b[k, p], (k, 1, o)) * y[p]
                + y[j] * sp.KroneckerDelta(j, p)
                + y[j] * y[p]
                + Sum(a[j, k], (k, 1, o)) * Sum(b[k, p], (k, 1, o))
                + a[j, k].subs(k, 1) * y[p]
                + y[p]
                + 1,
                over(J, P),
            ),
            Equation(
                "C",
                (),
                Sum(a[j, k] * b[k, j], (j, 1, n), (k, 1, o))
                + Sum(y[j] * m[j, p] * y[p], (j, 1, n), (p, 1, n))
                + Sum(a[j, k] * x[k], (j, 1, n), (k, 1, o))
                + Sum(a[j, k] ** 2 + a[j, k], (j, 1, n), (k, 1, o)) * Sum(x[k] ** 2, (k, 1, o))
                + Sum(y[j] ** 3 * sp.exp(y[j]) * m[j, k], (j, 1, n), (k, 1, n)) ** 2,
            ),
        ),
        "C",
        {"N": 3, "M": 2},
    )


def hessian_vector() -> System:
    """D = Σ v ⊙ ∂C/∂w of a small network; its gradient holds the Hessian of C times v."""
    first = gradient(mlp((2, 3, 2), "tanh"))
    l_, j_, k_ = first["w"].own_index
    n, depth = bases("n")[0], Symbol("L", integer=True)
    body = first["∂C/∂w"][l_, j_, k_] * bases("v")[0][l_, j_, k_]
    directional = Sum(body, (k_, 1, n[l_ - 1]), (j_, 1, n[l_]), (l_, 1, depth))
    return first.extended(
        [
            Variable("v", first["w"].slots, Role.INPUT),
            Variable("D", role=Role.LOSS),
        ],
        [Equation("D", (), directional)],
        loss="D",
    )


def example_system(name: str) -> System:
    return EXAMPLES[name]().system


def catalogued(name: str) -> System:
    return networks.lookup(name).small()


CATALOGUED = ("batch-norm", "group-norm", "weight-norm", "embedding", "multi-head-attention")
SYSTEMS: dict[str, Callable[[], System]] = {
    **{name: partial(example_system, name) for name in EXAMPLES},
    "one sample": lambda: mlp((2, 3, 2)),
    "batch": lambda: mlp((2, 3, 2), batch=2),
    "three activations": lambda: mlp((1, 2, 3, 2), ["tanh", "relu", "softmax"], batch=3),
    "logits": lambda: mlp((2, 3, 2), "tanh", "cross-entropy-logits", batch=3, l1="lambda"),
    "binary": lambda: mlp((2, 3, 2), "sigmoid", "binary-cross-entropy"),
    "hinge": lambda: mlp((2, 3, 2), "leaky_relu", "hinge", batch=2, reduction="sum"),
    "generic batch": lambda: mlp((2, 3, 2), "f", "generic", batch=2),
    "attention": attention,
    "attention with heads": lambda: attention(heads=True),
    "channels": two_dimensional_channels,
    "layer norm": layer_norm,
    **{name: partial(catalogued, name) for name in CATALOGUED},
    "products": products,
    "second derivative": hessian_vector,
}


@cache
def gradient_of(name: str) -> System:
    """The gradient of one of the systems, made once."""
    return gradient(SYSTEMS[name]())
