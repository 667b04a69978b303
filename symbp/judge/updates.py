r"""Update rules as claims about a gradient: W := W − α G says that G = ∂J/∂W.

The step size is the rate that stands in the rule (η, α, ε, ...), or 1 where none does.
"""

from __future__ import annotations

from symbp.reading.lexicon import Lexicon
from symbp.reading.syntax import Derivative, Name, Node, Product, Sum, form, walk


def gradient_claim(left: Node, right: Node, lexicon: Lexicon) -> tuple[Node, Node] | None:
    """(α ∂J/∂W, what is taken from W) of an update rule; None where it is none."""
    if not isinstance(left, Name) or not isinstance(right, Sum):
        return None
    own = [t for t in right.terms if t[0] > 0 and form(t[1]) == form(left)]
    rest = [t for t in right.terms if t not in own]
    cost = next((w.base for w in lexicon.words if w.family == lexicon.loss), None)
    if len(own) != 1 or not rest or cost is None:
        return None
    taken = Sum(right.start, right.end, tuple((-sign, term) for sign, term in rest))
    gradient: Node = Derivative(left.start, left.end, Name(left.start, left.end, cost), left)
    rates = [
        n for _, term in rest for n in walk(term) if isinstance(n, Name) and n.base in lexicon.rates
    ]
    if rates:
        gradient = Product(left.start, left.end, (rates[0], gradient), ("",))
    return gradient, taken
