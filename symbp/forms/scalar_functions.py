"""The table of functions in plain real arithmetic, for code on one number at a time.

    step(x)      1 if x > 0 else 0                     relu(x)     x if x > 0 else 0
    sigmoid(x)   1/(1 + e^−x) if x > −700 else e^x     softplus(x) x + log1p(e^−x) if x > 0 else ...

No branch overflows where the function itself does not. A function that is not listed is its
row's `value`; a step function in it becomes two branches, of which one is computed.
"""

from __future__ import annotations

from functools import cache

import sympy as sp
from sympy import Expr, Symbol
from sympy.codegen.cfunctions import expm1, log1p

from symbp.adjoint.partials import prime_formula
from symbp.errors import UnknownNameError
from symbp.functions import (
    ALPHA,
    GELU_INNER,
    LOGISTIC,
    SIGN,
    STEP,
    TABLE,
    Elementwise,
    F,
    X,
)

LEAST = -700  #: exp(−x) is a float down to here
SIGMOID = sp.Piecewise((1 / (1 + sp.exp(-X)), X > LEAST), (sp.exp(X), True))
STABLE: dict[str, Expr] = {
    "step": sp.Piecewise((1, X > 0), (0, True)),
    "sign": sp.Piecewise((1, X > 0), (-1, X < 0), (0, True)),
    "erf": sp.erf(X),
    "sigmoid": SIGMOID,
    "tanh": sp.tanh(X),
    "elu": sp.Piecewise((X, X > 0), (ALPHA * expm1(X), True)),
    "softplus": sp.Piecewise((X + log1p(sp.exp(-X)), X > 0), (log1p(sp.exp(X)), True)),
}


S_X = sp.Dummy("s")  #: sigmoid(x), in what follows
T_X = sp.Dummy("t")  #: tanh of the inner polynomial of gelu_tanh
PARTS = {S_X: SIGMOID, T_X: sp.tanh(GELU_INNER)}
Parts = tuple[tuple[Symbol, Expr], ...]


@cache
def scalar_code(name: str, order: int) -> tuple[Parts, Expr]:
    """f⁽ᵒʳᵈᵉʳ⁾ in X (and F = f(X) for a derivative): parts to compute first, and the value.

    >>> scalar_code("relu", 0)
    ((), Piecewise((x, x > 0), (0, True)))
    """
    row = TABLE[name]
    if not row.specified:
        raise UnknownNameError(f"{name} is unspecified: choose a function for it to get numbers")
    if order > 0:
        value = _plain(prime_formula(name, order))
    elif name in STABLE or row.value is None:
        value = STABLE[name]
    else:
        value = _plain(row.value)
    parts = tuple((symbol, part) for symbol, part in PARTS.items() if value.has(symbol))
    if value.has(sp.Piecewise):
        return parts, value  # what stands in a branch must not be computed outside of it
    shared, (value,) = sp.cse([value], symbols=sp.numbered_symbols("t", sp.Dummy))
    return (*parts, *shared), value


@cache
def stable_prime(name: str, order: int) -> Expr:
    """f⁽ᵒʳᵈᵉʳ⁾ in X and F = f(X), such that no exponential in it overflows.

    >>> stable_prime("softplus", 2)
    (1 - sigmoid(x))*sigmoid(x)
    >>> stable_prime("elu", 2)
    alpha*(1 - step(x))*exp(x*(1 - step(x)))
    """
    e = _by_parts(name, order)
    if not e.has(S_X, T_X):
        e = prime_formula(name, order)
    e = e.xreplace({S_X: TABLE["sigmoid"](X), T_X: TABLE["tanh"](GELU_INNER)})
    above = STEP(X)
    if not e.xreplace({above: sp.S.One}).has(sp.exp(X)):  # where x > 0 it plays no part
        e = e.xreplace({sp.exp(X): sp.exp(X * (1 - above))})
    return e


@cache
def _by_parts(name: str, order: int) -> Expr:
    """f⁽ᵒʳᵈᵉʳ⁾ in X, F, s = σ(x) and t = tanh u: s' = s (1 − s), t' = (1 − t²) u'."""
    first = _without_overflow(prime_formula(name, 1))
    if order == 1:
        return first
    e = _by_parts(name, order - 1)
    slopes = {F: first, S_X: S_X * (1 - S_X), T_X: (1 - T_X**2) * sp.diff(GELU_INNER, X)}
    inner = (sp.diff(e, symbol) * slope for symbol, slope in slopes.items())
    total: Expr = sp.Add(sp.diff(e, X), *inner)
    return total


def _without_overflow(e: Expr) -> Expr:
    """A formula of the table by σ(x) and tanh, where it has them as quotients of exponentials."""
    plain = {TABLE["exp"]: sp.exp, TABLE["log"]: sp.log}
    e = e.xreplace({n: plain[n.row](*n.args) for n in e.atoms(Elementwise) if n.row in plain})
    e = e.xreplace({LOGISTIC: S_X, 1 / (sp.exp(2 * GELU_INNER) + 1): (1 - T_X) / 2})
    if e.has(sp.exp(-X)):
        e = sp.factor(e.xreplace({sp.exp(-X): (1 - S_X) / S_X}))
    if e.has(sp.exp(2 * GELU_INNER)):
        e = sp.factor(e.xreplace({sp.exp(2 * GELU_INNER): (1 + T_X) / (1 - T_X)}))
    return e


def _plain(e: Expr) -> Expr:
    """A formula of the table without exponentials that overflow, step or sign."""
    e = _without_overflow(e)
    nodes = sorted(e.atoms(Elementwise), key=str)
    for node in nodes:
        if node.row is STEP:
            above = _plain(e.xreplace({node: sp.S.One}))
            below = _plain(e.xreplace({node: sp.S.Zero}))
            return sp.Piecewise((above, _plain(node.args[0]) > 0), (below, True))
    for node in nodes:
        if node.row is SIGN:
            e = e.subs(node * node.args[0], sp.Abs(node.args[0]))
    return e.xreplace({n: STABLE[n.row.name].xreplace({X: n.args[0]}) for n in nodes})
