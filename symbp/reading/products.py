"""Products: which one a sign means is decided by the shapes.

sign                  tried in this order
--------------------  ------------------------------------------------------------------
juxtaposition · × @   a number times x, the chain rule, matrix product, entry by entry
⊙ ∘ • .*              a number times x, entry by entry, the chain rule
*                     a number times x, entry by entry, matrix product, the chain rule
⊗                     a number times x, outer product
⊘                     as ⊙, by 1/x
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from sympy import Expr, Indexed, S, Symbol

from symbp.errors import ReadingError
from symbp.reading.scope import Scope
from symbp.reading.typed import Chain, ShapeError, Total, Typed, summed
from symbp.system import Kind, Range
from symbp.system.equation import family_of

Combine = Callable[[Scope, Typed, Typed], "Typed | None"]


def multiply(scope: Scope, sign: str, a: Typed, b: Typed) -> Typed:
    """a (sign) b. Raises `ShapeError` with both shapes where no reading fits."""
    if sign == r"\oslash":
        sign, b = r"\odot", replace(b, expr=1 / b.expr, chain=None)
    if a.ones or b.ones:
        return with_ones(scope, sign, a, b)
    known = scope.entrywise and sign == "" and as_they_lie(a, b)
    for combine in ENTRYWISE if known else TRIED.get(sign, PLAIN):
        found = combine(scope, a, b)
        if found is not None:
            if sign == "" and combine is elementwise:
                _note_beside(scope, a, b)
            return found
    raise ShapeError(f"{scope.met(a, b)} in a product: the shapes do not fit")


def _note_beside(scope: Scope, a: Typed, b: Typed) -> None:
    """Remember that a sign is missing, unless none is needed to know what is meant."""
    if not (scope.entrywise or scope.beside or a.loose or b.loose or _related(a, b)):
        scope.beside = "columns" if a.is_vector else "matrices"


def as_they_lie(a: Typed, b: Typed) -> bool:
    """Whether two vectors are both columns or both rows, or may be."""
    one_way = (a.row is None) == (b.row is None)
    return a.is_vector and b.is_vector and (one_way or a.loose or b.loose)


def _related(a: Typed, b: Typed) -> bool:
    """Whether two vectors are made of one quantity: a (1 − a); not so σ'(z) and ∂C/∂z."""
    plain = (x.expr.xreplace(dict.fromkeys(x.expr.atoms(Total), S.One)) for x in (a, b))
    first, second = ({n.base for n in e.atoms(Indexed)} for e in plain)
    return bool(first & second)


def with_ones(scope: Scope, sign: str, a: Typed, b: Typed) -> Typed:
    """A 1 and 1ᵀA sum over columns and rows; b 1ᵀ and 1 b repeat a vector for every sample."""
    vector, other = (a, b) if b.ones else (b, a)
    if vector.is_scalar and not vector.ones:
        return replace(other, expr=a.expr * b.expr)
    if sign not in TIGHT:
        raise ShapeError(f"{vector.shape(scope.size_text)} met the vector 1 of ones at {sign}")
    if b.ones == "column" and a.col is not None:
        return Typed(summed(a.expr * b.expr, a.col), a.row)
    if a.ones == "row" and b.row is not None:
        return Typed(summed(a.expr * b.expr, b.row), None, b.col)
    of_samples = vector.is_vector and scope.kinds.get(vector.axes[0].symbol) is Kind.SAMPLE
    if of_samples or vector.ones:
        raise ReadingError("nothing says how long this vector 1 of ones is")
    if scope.spreads and Kind.SAMPLE not in scope.kinds.values():
        scope.unsure = "nothing says how long this vector 1 of ones is"
        raise ShapeError(scope.unsure)
    along = Range(scope.fresh(), S.One, Symbol("m", integer=True))
    scope.kinds[along.symbol] = Kind.SAMPLE
    if other.ones == "row" and vector.row is not None and vector.col is None:
        return Typed(a.expr * b.expr, vector.row, along)
    if other.ones == "column" and vector.col is not None and vector.row is None:
        return Typed(a.expr * b.expr, along, vector.col)
    raise ShapeError(f"{vector.shape(scope.size_text)} met the vector 1 of ones")


def readings(scope: Scope, sign: str, a: Typed, b: Typed) -> list[Typed]:
    """All readings of a product that differ: w · x of two vectors may be Σ or entry by entry."""
    if scope.loosely and sign in UNSIGNED and as_they_lie(a, b):
        return _all_readings(scope, sign, a, b)
    found = [multiply(scope, sign, a, b)]
    if sign != r"\cdot" or not (a.is_vector and b.is_vector) or a.ones or b.ones:
        return found
    if not found[0].axes or (a.chain and b.chain) or chain_rule(scope, a, b) is not None:
        return found
    ways = (inner, elementwise) if len(found[0].axes) == 2 else (inner,)
    return found + [x for x in (way(scope, a, b) for way in ways) if x is not None]


def _all_readings(scope: Scope, sign: str, a: Typed, b: Typed) -> list[Typed]:
    """Two vectors side by side as an inner product, entry by entry, and as they lie."""
    dot = None if a.chain or b.chain else inner(scope, a, b)
    found = [x for x in (dot, elementwise(scope, a, b)) if x is not None]
    try:
        plain = multiply(scope, sign, a, b)
    except ShapeError:
        plain = None
        if not found:
            raise
    scope.loosened = scope.loosened or found != [plain]
    return [*found, *([plain] if plain is not None and plain not in found else [])]


def aligned(scope: Scope, a: Typed, b: Typed) -> Typed | None:
    """b with its axes named as those of a, where both have one layout; else None."""
    if (a.row is None) != (b.row is None) or (a.col is None) != (b.col is None):
        return None
    mapping: dict[Symbol, Symbol] = {}
    before = dict(scope.conditions)
    for x, y in ((a.row, b.row), (a.col, b.col)):
        if x is not None and y is not None:
            if not scope.same(x.upper, y.upper):
                scope.conditions = before
                return None
            mapping[y.symbol] = x.symbol
    return b.renamed(mapping)


def turned(v: Typed) -> Typed:
    """A vector whose layout is open, laid out the other way."""
    return replace(v, row=v.col, col=v.row)


def fitting(scope: Scope, a: Typed, b: Typed) -> Typed | None:
    """As `aligned`; a vector of open layout is turned where that helps."""
    found = aligned(scope, a, b)
    loosely = scope.loosely and "said" not in (a.firm, b.firm)
    if found is None and b.is_vector and (b.loose or loosely):
        found = aligned(scope, a, turned(b))
        if found is not None and not b.loose:
            scope.take("a row as a column")
    return found


def scale(scope: Scope, a: Typed, b: Typed) -> Typed | None:
    """A number times anything."""
    if (a.is_scalar and a.chain is None) or (a.is_scalar and not b.is_scalar):
        return replace(b, expr=a.expr * b.expr, constant=a.constant and b.constant)
    if b.is_scalar:
        return replace(a, expr=a.expr * b.expr, constant=a.constant and b.constant)
    return None


def elementwise(scope: Scope, a: Typed, b: Typed) -> Typed | None:
    """a ⊙ b of one shape."""
    if a.cube or b.cube:
        return None
    other = fitting(scope, a, b)
    if other is None and a.is_vector and a.loose:
        turned_a = turned(a)
        other = aligned(scope, turned_a, b)
        a = turned_a if other is not None else a
    if other is None:
        return _spread(scope, a, b) or _spread(scope, b, a) if scope.loosely else None
    return Typed(a.expr * other.expr, a.row, a.col, loose=a.loose and b.loose)


def _spread(scope: Scope, matrix: Typed, vector: Typed) -> Typed | None:
    """A matrix times a vector that is repeated along its rows or columns, as arrays are."""
    if len(matrix.axes) != 2 or not vector.is_vector:
        return None
    (own,) = vector.axes
    along = (matrix.row, matrix.col) if vector.row is not None else (matrix.col, matrix.row)
    for axis in along:
        if axis is not None and scope.same(own.upper, axis.upper):
            scope.take("a vector repeated along a matrix")
            moved = vector.renamed({own.symbol: axis.symbol})
            return Typed(matrix.expr * moved.expr, matrix.row, matrix.col)
    return None


def matrix_product(scope: Scope, a: Typed, b: Typed) -> Typed | None:
    """Σ_k a[j, k] b[k, i]; a column times a row is the outer product."""
    if a.cube or b.cube:
        return None
    for x in (a, turned(a)) if a.is_vector and a.loose else (a,):
        for y in (b, turned(b)) if b.is_vector and b.loose else (b,):
            found = _contracted(scope, x, y)
            if found is not None:
                return found
    return None


def _contracted(scope: Scope, a: Typed, b: Typed) -> Typed | None:
    """The product of a and b as they lie."""
    if (a.col is None) != (b.row is None):
        return None
    loose = a.loose and b.loose
    if a.col is None or b.row is None:
        if a.row is None or b.col is None:
            return None
        return Typed(a.expr * b.expr, a.row, b.col)
    if not scope.same(a.col.upper, b.row.upper):
        return None
    other = b.renamed({b.row.symbol: a.col.symbol})
    return Typed(summed(a.expr * other.expr, a.col), a.row, other.col, loose=loose)


def inner(scope: Scope, a: Typed, b: Typed) -> Typed | None:
    """Σ_j a[j] b[j] of two vectors."""
    if not (a.is_vector and b.is_vector):
        return None
    (x,), (y,) = a.axes, b.axes
    if not scope.same(x.upper, y.upper):
        return None
    return Typed(summed(a.expr * b.renamed({y.symbol: x.symbol}).expr, x))


def outer(scope: Scope, a: Typed, b: Typed) -> Typed | None:
    """a ⊗ b of two vectors: rows of a, columns of b."""
    if not (a.is_vector and b.is_vector):
        return None
    return Typed(a.expr * b.expr, a.axes[0], b.axes[0])


def chain_rule(scope: Scope, a: Typed, b: Typed) -> Typed | None:
    """∂f/∂u ∂u/∂v summed over u, in either order; ∂f/∂u may be written as a vector δ."""
    if a.chain and b.chain:
        if _adjacent(a.chain, b.chain):
            return _joined(a, b)
        if _adjacent(b.chain, a.chain):
            return _joined(b, a)
    for vector, other in ((a, b), (b, a)):
        if vector.axes and vector.chain is None and other.chain and other.chain.of_axes:
            found = _through(scope, vector, other)
            if found is not None:
                return found
    return None


def _adjacent(left: Chain, right: Chain) -> bool:
    """Whether the one is taken by what the other is of, as a whole."""
    if not left.by_axes or len(left.by_axes) != len(right.of_axes):
        return False
    places = dict(zip((r.symbol for r in right.of_axes), left.by_axes, strict=True))
    other = right.of.xreplace({s: r.symbol for s, r in places.items()})
    return family_of(left.by) is not None and left.by == other


def _joined(left: Typed, right: Typed) -> Typed:
    """∂f/∂v = Σ_u ∂f/∂u ∂u/∂v."""
    assert left.chain
    assert right.chain
    pairs = zip(right.chain.of_axes, left.chain.by_axes, strict=True)
    moved = right.renamed({r.symbol: q.symbol for r, q in pairs})
    assert moved.chain
    expr = summed(left.expr * moved.expr, *left.chain.by_axes)
    chain = Chain(left.chain.of, left.chain.of_axes, moved.chain.by, moved.chain.by_axes)
    return laid_out(expr, chain)


def _through(scope: Scope, vector: Typed, other: Typed) -> Typed | None:
    """Σ_u v[u] ∂u/∂x: the vector, or the image, stands for ∂f/∂u."""
    assert other.chain
    if vector.cube or len(vector.axes) != len(other.chain.of_axes):
        return None
    if len(vector.axes) == 2 and not other.cube:  # a product of two matrices
        return None
    pairs = list(zip(vector.axes, other.chain.of_axes, strict=True))
    if not all(scope.same(mine.upper, own.upper) for mine, own in pairs):
        return None
    moved = vector.renamed({mine.symbol: own.symbol for mine, own in pairs})
    expr = summed(moved.expr * other.expr, *other.chain.of_axes)
    by: Expr = other.chain.by
    found = laid_out(expr, Chain(by, (), by, other.chain.by_axes))
    return replace(found, chain=None) if not found.cube else found


def laid_out(expr: Expr, chain: Chain) -> Typed:
    """A derivative as a vector or matrix: of a number like what it is taken by, else of × by."""
    axes = (*chain.of_axes, *chain.by_axes)
    if len(axes) > 2:
        return Typed(expr, chain=chain, cube=True)
    row, col = (*axes, None, None)[:2]
    return Typed(expr, row, col, chain, loose=len(axes) == 1)


#: What juxtaposition tries, and every sign that is not in the next table.
PLAIN: Sequence[Combine] = (scale, chain_rule, matrix_product, elementwise)
ENTRYWISE: Sequence[Combine] = (chain_rule, elementwise, matrix_product)
TRIED: dict[str, Sequence[Combine]] = {
    r"\odot": (scale, elementwise, chain_rule),
    r"\circ": (scale, elementwise, chain_rule),
    r"\bullet": (scale, elementwise, chain_rule),
    ".*": (scale, elementwise, chain_rule),
    "*": (scale, elementwise, matrix_product, chain_rule),
    r"\star": (scale, elementwise, matrix_product, chain_rule),
    r"\otimes": (scale, outer, matrix_product),
}
#: Signs at which an inner product is often meant, though no transpose is written.
UNSIGNED = {"", "*", r"\star"}
#: Signs that bind before ⊙ where both ways fit.
TIGHT = {"", r"\cdot", r"\times", "@", "."}
