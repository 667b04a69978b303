"""Which row of the table of functions a definition states: σ(z) = 1/(1 + e^{-z}) is the sigmoid."""

from __future__ import annotations

import sympy as sp
from sympy import Expr, Symbol

from symbp.errors import SymbpError
from symbp.functions import TABLE, X
from symbp.reading.elaborate import Elaborator
from symbp.reading.grammar.syntax import Call, Name, Node
from symbp.reading.lexicon import Lexicon, Word
from symbp.reading.scope import Scope
from symbp.reading.sizes import Exact
from symbp.system import Equation, Role, System, Variable

CANDIDATES = ("sigmoid", "tanh", "relu", "softplus", "identity")
PLACES = (-2.25, -0.5, 0.375, 1.75)


def recognised(left: Call, right: Node) -> str | None:
    """The name of the row whose values the right side has; None where there is none."""
    if len(left.arguments) != 1 or not isinstance(left.arguments[0], Name):
        return None
    base = left.arguments[0].base
    x = Variable(base, role=Role.INPUT)
    loss = Variable("·", role=Role.LOSS)
    system = System((x, loss), (Equation("·", (), x.atom),), "·")
    lexicon = Lexicon(system, (Word(base, base),), loss="·")
    try:
        found = Elaborator(lexicon, Scope(Exact())).read(right)
    except SymbpError:
        return None
    for name in CANDIDATES:
        row = TABLE[name]
        assert row.value is not None
        if all(_close(found.expr, x.atom, row.value, place) for place in PLACES):
            return name
    return None


def _close(e: Expr, x: Symbol, known: Expr, place: float) -> bool:
    """Whether both have one value at a place, to 25 digits: what a reader would call the same."""
    a, b = (_plain(f).subs(s, sp.Rational(place)).evalf(30) for f, s in ((e, x), (known, X)))
    if not (a.is_Float or a.is_Rational) or not (b.is_Float or b.is_Rational):
        return False
    return bool(abs(a - b) < 1e-25 * (1 + abs(b)))


def _plain(e: Expr) -> Expr:
    """The nodes exp, step, ... of the table as SymPy's own functions."""
    known = {
        "exp": sp.exp,
        "log": sp.log,
        "step": lambda x: sp.Heaviside(x, 0),
        "sign": sp.sign,
        "tanh": sp.tanh,
        "sqrt": sp.sqrt,
        "abs": sp.Abs,
    }
    for name, plain in known.items():
        e = e.replace(TABLE[name](X).func, plain)
    for name in ("sigmoid", "relu", "softplus"):
        value = TABLE[name].value
        assert value is not None
        e = e.replace(TABLE[name](X).func, lambda x, v=value: _plain(v).subs(X, x))
    return e
