r"""Update rules as claims about a gradient: W := W − α G says that G = ∂J/∂W.

The step size is the rate that stands in the rule (η, α, ε, ...), else a number or a constant in
front of what is taken from W, else 1. W := (1 − α λ) W − α G is read so as well.

A log-likelihood is maximised: there W := W + α G is a step as well, though ∂J/∂W is not −G.
"""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp
from sympy import Expr

from symbp.functions import Elementwise
from symbp.reading.abbreviations import SAMPLES
from symbp.reading.grammar.syntax import (
    Derivative,
    Differential,
    Fraction,
    Name,
    Node,
    Number,
    Product,
    Sum,
    form,
    walk,
)
from symbp.reading.lexicon import Lexicon
from symbp.system import System
from symbp.system.equation import family_of

UPHILL = "it is a step uphill: right where this is maximised, wrong where it is minimised"
LENGTH = (
    "it is a step along the gradient with a constant factor, which may be part of the step size"
)
TWO = Number(0, 0, "2")


def gradient_claim(left: Node, right: Node, lexicon: Lexicon) -> tuple[Node, Node] | None:
    """(α ∂J/∂W, what is taken from W) of an update rule; None where it is none."""
    if not isinstance(left, Name) or not isinstance(right, Sum):
        return None
    own = [t for t in right.terms if t[0] > 0 and form(t[1]) == form(left)]
    rest = [t for t in right.terms if t not in own]
    cost = next((w.base for w in lexicon.words if w.family == lexicon.loss), None)
    rates = [
        n for _, term in rest for n in walk(term) if isinstance(n, Name) and n.base in lexicon.rates
    ]
    shrunk = not own and bool(rates) and any(form(n) == form(left) for n in walk(right))
    if not (len(own) == 1 or shrunk) or not rest or cost is None:
        return None
    terms = tuple((-sign, term) for sign, term in rest)
    taken = Sum(right.start, right.end, ((1, left), *terms) if shrunk else terms)
    gradient: Node = Derivative(left.start, left.end, Name(left.start, left.end, cost), left)
    rate = rates[0] if rates else _step(rest[0][1], lexicon) if len(rest) == 1 else None
    if rate is not None:
        gradient = Product(left.start, left.end, (rate, gradient), ("",))
    return gradient, taken


def _step(term: Node, lexicon: Lexicon) -> Node | None:
    """A number or a constant in front of a product: the 0.1 of 0.1 ∂C/∂W."""
    first = term.factors[0] if isinstance(term, Product) else None
    parts = (first.above, first.below) if isinstance(first, Fraction) else (first,)
    numbers = all(isinstance(p, Number) for p in parts)
    constant = isinstance(first, Name) and first.base in lexicon.constants
    return first if numbers or constant else None


def by_open_bias(left: Node, right: Node, lexicon: Lexicon) -> str:
    """Why a derivative by a bias is left open, or its update; "" where it is not."""
    inner = [n.by for side in (left, right) for n in walk(side)
             if isinstance(n, Derivative | Differential)]  # fmt: skip
    inner += [left] if gradient_claim(left, right, lexicon) is not None else []
    for n in inner:
        if isinstance(n, Name) and n.base in lexicon.open_biases:
            return (
                f"nothing says whether {n.base} is as large as the matrix that it is added to, or "
                "one column or row of it for all samples: "
                f"`shapes: {n.base} n x m`, or equations about one sample with `batch`, would"
            )
    return ""


def other_steps(
    gradient: Node, taken: Node, lexicon: Lexicon, likelihood: bool
) -> Iterator[tuple[Node, Node, str]]:
    """(gradient, taken, what it means if they are equal): an update that is right in a way.

    Nothing says how long a step is: a 2 or a 1/m of the gradient may be part of the step size.
    """
    start, end = taken.start, taken.end
    if likelihood:
        yield gradient, Sum(start, end, ((-1, taken),)), UPHILL
    samples = [k for k, size in lexicon.sizes.items() if size == SAMPLES]
    letters = [Name(start, end, letter) for letter in samples]
    for factors in [[n] for n in letters] + [[TWO]] + [[TWO, n] for n in letters]:
        signs = ("",) * len(factors)
        yield gradient, Product(start, end, (*factors, taken), signs), LENGTH
        yield Product(start, end, (*factors, gradient), signs), taken, LENGTH


def may_be_maximised(system: System, loss: str) -> bool:
    r"""Whether the loss is a sum of logarithms with no minus: \sum_i y_i \log p_i."""
    return _signs_of_logs(system, loss, 1, set()) == {1}


def _signs_of_logs(system: System, family: str, sign: int, seen: set[str]) -> set[int]:
    """The signs with which logarithms stand in a family and in what it is a sum of."""
    if family in seen or family not in system.by_name:
        return set()
    found: set[int] = set()
    for equation in system.defining(family):
        found |= _signs_in(system, equation.rhs, sign, {*seen, family})
    return found


def _signs_in(system: System, e: Expr, sign: int, seen: set[str]) -> set[int]:
    if isinstance(e, sp.Sum):
        return _signs_in(system, e.function, sign, seen)
    if isinstance(e, Elementwise):
        return {sign} if e.row.name == "log" and not isinstance(e.args[0], sp.Sum) else set()
    if isinstance(e, sp.Add | sp.Mul):
        number = e.as_coeff_Mul()[0] if isinstance(e, sp.Mul) else sp.S.One
        own = -sign if number.is_negative else sign
        return set().union(*(_signs_in(system, a, own, seen) for a in e.args))
    family = family_of(e)
    return _signs_of_logs(system, str(family), sign, seen) if family is not None else set()
