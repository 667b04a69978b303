"""The table of losses: what a sample with outputs o_j and targets y_j costs.

A row is an index expression; its gradient comes from the rule like any other. Losses "on
logits" read the last layer's output as logits: the last activation is then the identity.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import sympy as sp
from sympy import Expr, Rational, Symbol

from symbp.errors import unknown
from symbp.functions import DELTA, TABLE
from symbp.system.domains import SIGNS, Domain
from symbp.system.functional import Functional

Entry = Callable[[Symbol], Expr]
EXP, LOG, SOFTPLUS = TABLE["exp"], TABLE["log"], TABLE["softplus"]
RELU, HUBER = TABLE["relu"], TABLE["huber"]
J, K, P = (Symbol(name, integer=True) for name in "jkp")


@dataclass(frozen=True)
class Loss:
    """One loss: `build(o, y, n)` is the cost of one sample with outputs o_1 ... o_n."""

    name: str
    build: Callable[[Entry, Entry, Expr], Expr]
    outputs: str = "always"
    """The outputs for which it is defined: "always", "0 < o < 1" or "o > 0"."""
    parameters: tuple[Symbol, ...] = ()
    targets: Domain | None = None
    """What values the targets have, where it is not for every target."""
    source: str = "definition"


def _sum(body: Expr, n: Expr, index: Symbol = J) -> Expr:
    return sp.Sum(body, (index, 1, n))


def _log_sum_exp(o: Entry, n: Expr) -> Expr:
    return LOG(_sum(EXP(o(K)), n, K))


LOSSES = {
    loss.name: loss
    for loss in (
        Loss("half-squared-error", lambda o, y, n: _sum((o(J) - y(J)) ** 2, n) / 2),
        Loss("squared-error", lambda o, y, n: _sum((o(J) - y(J)) ** 2, n)),
        Loss("mean-squared-error", lambda o, y, n: _sum((o(J) - y(J)) ** 2, n) / n),
        Loss(
            "binary-cross-entropy",
            lambda o, y, n: -_sum(y(J) * LOG(o(J)) + (1 - y(J)) * LOG(1 - o(J)), n),
            outputs="0 < o < 1",
            source="Bishop (2006), equation 5.21",
        ),
        Loss(
            "binary-cross-entropy-logits",
            lambda o, y, n: _sum(SOFTPLUS(o(J)) - y(J) * o(J), n),
            source="Bishop (2006), equation 5.21, with o = sigmoid(logit)",
        ),
        Loss(
            "cross-entropy",
            lambda o, y, n: -_sum(y(J) * LOG(o(J)), n),
            outputs="o > 0",
            source="Bishop (2006), equation 5.24",
        ),
        Loss(
            "cross-entropy-logits",
            lambda o, y, n: _sum(y(J) * (_log_sum_exp(o, n) - o(J)), n),
            source="Bishop (2006), equation 5.24, with o = softmax(logits)",
        ),
        Loss(
            "hinge",
            lambda o, y, n: _sum(RELU(1 - y(J) * o(J)), n),
            targets=SIGNS,
            source="Vapnik (1995)",
        ),
        Loss(
            "huber",
            lambda o, y, n: _sum(HUBER(o(J) - y(J)), n),
            parameters=(DELTA,),
            source="Huber (1964), equation 2.1",
        ),
        Loss(
            "generic",
            lambda o, y, n: Functional.of("C", (o(J), y(J)), (J, sp.S(1), n)),
            source="an unspecified function of all outputs and targets",
        ),
    )
}

HALF = Rational(1, 2)


def lookup(name: str) -> Loss:
    """The loss called `name`."""
    if name not in LOSSES:
        raise unknown("loss", name, list(LOSSES))
    return LOSSES[name]
