r"""Update rules as claims about a gradient: W := W − α G says that G = ∂J/∂W.

The step size is the rate that stands in the rule (η, α, ε, ...), else a number or a constant in
front of what is taken from W, else 1. W := (1 − α λ) W − α G is read so as well.
"""

from __future__ import annotations

from symbp.reading.lexicon import Lexicon
from symbp.reading.syntax import (
    Derivative,
    Fraction,
    Name,
    Node,
    Number,
    Product,
    Sum,
    form,
    walk,
)


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
