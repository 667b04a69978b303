r"""What a refuted claim may mean all the same: then it is undecided, for nothing is guessed.

what the author may have left unsaid        example
------------------------------------------  ------------------------------------------------
an inner product without its transpose      \sigma(w x) x, of columns w and x
a product entry by entry without ⊙          \partial C/\partial a \sigma'(z)
the layout of a row W_j of a matrix         (z_j - y_j) x^T + c W_j
the matrix that a vector is the diagonal of \partial a/\partial z = \sigma'(z)
vectors as rows, where no equation says     x^T \delta, of z_j = \sum_i w_{ij} x_i
whether samples are rows or columns         X^T (A - Y), of z^{(i)} = w^T x^{(i)}
a row as a column                           u^T W ⊙ v
a vector repeated along a matrix            W ⊙ v

Guarantees.
    A claim that holds in one of these readings is not refuted. None of them makes it proved.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from sympy import KroneckerDelta

from symbp.errors import ReadingError
from symbp.judge.compare import Sides, laid_over
from symbp.judge.verdict import Status
from symbp.reading.grammar.syntax import Node, Tokens
from symbp.reading.scope import Scope
from symbp.reading.typed import ShapeError, Typed

if TYPE_CHECKING:
    from symbp.judge.claims import Judge
    from symbp.judge.outcome import Outcome

LOOSELY = "as it is written it does not hold; it does with {}"
DIAGONAL = (
    "it holds for the entries of the derivative that belong together; all others are 0, "
    "and the shapes differ"
)


def meant(
    judge: Judge, left: Node, right: Node, conditions: Sequence[Tokens] = ()
) -> tuple[str, Outcome] | None:
    """(what is left unsaid, the outcome with it) of a claim that is not right as it is written."""
    for reading in READINGS:
        found = reading(judge, left, right, conditions)
        if found is not None:
            return found
    return None


def _loosely(
    judge: Judge, left: Node, right: Node, conditions: Sequence[Tokens]
) -> tuple[str, Outcome] | None:
    for scope, found in judge.each_reading(left, right, conditions, loosely=True):
        if not isinstance(found, ReadingError) and found.holds:
            return LOOSELY.format(" and ".join(scope.taken)), found
    return None


def _laid_out_otherwise(
    judge: Judge, left: Node, right: Node, conditions: Sequence[Tokens]
) -> tuple[str, Outcome] | None:
    for text, other in judge.unsaid:
        for _, found in other.each_reading(left, right, conditions):
            if not isinstance(found, ReadingError) and found.status is Status.PROVED:
                return text, found
    return None


def _diagonal(
    judge: Judge, left: Node, right: Node, conditions: Sequence[Tokens]
) -> tuple[str, Outcome] | None:
    try:
        scope, (a, b) = judge.typed([left, right])
    except ShapeError:
        return None
    for jacobian, other in ((a, b), (b, a)):
        for whole in _spread(scope, jacobian, other):
            sides = laid_over(scope, jacobian, whole)
            if isinstance(sides, Sides):
                found = judge.judged(sides)
                if found.status is Status.PROVED:
                    return DIAGONAL, found
    return None


def _spread(scope: Scope, a: Typed, b: Typed) -> Iterator[Typed]:
    r"""∂a_i/∂z_j = δ_{ij} b_j, ∂z_i/∂W_{jk} = δ_{ij} b_k for a right side b with an axis less."""
    if a.chain is None or len(a.chain.of_axes) != 1 or b.cube or len(b.axes) > 1:
        return
    (of,) = a.chain.of_axes
    for place, axis in enumerate(a.chain.by_axes):
        rest = [r for n, r in enumerate(a.chain.by_axes) if n != place]
        own = b.axes or (axis,)  # of ∂a/∂z = σ'(z): b_j; of ∂z/∂b = 1 a number
        targets = rest or [axis]
        fits = scope.same(of.upper, axis.upper) and len(targets) == 1
        if fits and scope.same(own[0].upper, targets[0].upper):
            moved = b.renamed({r.symbol: t.symbol for r, t in zip(b.axes, targets, strict=False)})
            expr = KroneckerDelta(of.symbol, axis.symbol) * moved.expr
            yield replace(a, expr=expr)


Reading = Callable[["Judge", Node, Node, Sequence[Tokens]], "tuple[str, Outcome] | None"]
READINGS: tuple[Reading, ...] = (_loosely, _laid_out_otherwise, _diagonal)
