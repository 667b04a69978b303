r"""Products over an index and powers: \prod_{j=k+1}^{t} M_j, W^{T-i}.

factors                       read as
----------------------------  -----------------------------------------------------------------
derivatives that are a chain  the chain rule: \prod ∂h_j/∂h_{j-1} = ∂h_t/∂h_k, whatever the order
matrices                      a matrix product, in the order in which the shapes fit; where both
                              do, two readings
vectors, and what else        entry by entry
numbers                       a product of numbers
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import sympy as sp
from sympy import Expr, Symbol

from symbp.errors import ReadingError
from symbp.reading.grammar.lexer import Token
from symbp.reading.grammar.marks import Mark, index_expression, text_of_name
from symbp.reading.grammar.syntax import BigSum, Name, Node, Product, Tokens, walk
from symbp.reading.products import laid_out, multiply
from symbp.reading.ranges import LAST
from symbp.reading.typed import Chain, ShapeError, Typed
from symbp.system import Kind, Range
from symbp.system.equation import family_of
from symbp.system.indices import substitute
from symbp.system.ordered import Ordered

if TYPE_CHECKING:
    from symbp.reading.elaborate import Elaborator

WALKED = (Kind.LAYER, Kind.TIME)


# -- ∏ over an index ---------------------------------------------------------------------------


def joined(
    reader: Elaborator, body: Typed, run: Range, place: tuple[int, int], step: int = 0,
    least: int = 0,
) -> Typed:  # fmt: skip
    """The product of a factor over `run`; a `step` of 0 leaves the order to shapes."""
    chained = _chained(body, run.symbol)
    if chained:
        return _of_chain(reader, body, run, chained, least)
    if len(body.axes) < 2 and not body.cube:
        return entrywise(reader, body, run, least)
    if body.cube:
        raise ReadingError("a product over derivatives with more than two indices")
    steps = [s for s in (-1, 1) if _fits(reader, body, run.symbol, s) and s != -step]
    if not steps:
        return entrywise(reader, body, run, least)
    if len(steps) > 1:
        reader.scope.open[place] = 2
    chosen = steps[reader.scope.choices.get(place, 0) % len(steps)]
    assert body.row is not None
    assert body.col is not None
    return _matrices(reader, body, (body.row, body.col), run, chosen, least)


def entrywise(reader: Elaborator, body: Typed, run: Range, least: int = 0) -> Typed:
    """The product entry by entry, in which no order matters."""
    _refuse_growing(reader, body, run)
    return replace(body, expr=Ordered.of(body.expr, run, 1, least), chain=None)


def _matrices(
    reader: Elaborator, body: Typed, axes: tuple[Range, Range], run: Range, step: int, least: int
) -> Typed:
    """The matrix product, with rows of its first factor and columns of its last."""
    first, last = (run.lower, run.upper)[::step]
    row, col = (
        _copied(reader, r, {run.symbol: end}) for r, end in zip(axes, (first, last), strict=True)
    )
    expr = Ordered.of(body.expr, run, step, least, axes, (row.symbol, col.symbol))
    return Typed(expr, row, col)


def _copied(reader: Elaborator, r: Range, at: Mapping[Expr, Expr]) -> Range:
    """An axis under a new name, as long as it is at one value of the index."""
    return Range(reader.copied(r.symbol), substitute(r.lower, at), substitute(r.upper, at))


def _fits(reader: Elaborator, body: Typed, k: Symbol, step: int) -> bool:
    """Whether the columns of a factor are the rows of the one on its right, at k + step."""
    assert body.row is not None
    assert body.col is not None
    return _same(reader, body.col.upper, substitute(body.row.upper, {k: k + step}))


def _same(reader: Elaborator, a: Expr, b: Expr) -> bool:
    """Whether two sizes are one, with no layer fixed to make them so."""
    scope = reader.scope
    return scope.unifier.equal(scope.settled(a), scope.settled(b))


def _refuse_growing(reader: Elaborator, body: Typed, run: Range) -> None:
    """Raises `ShapeError` where factors that meet entry by entry are not all as long."""
    k = run.symbol
    for r in body.axes:
        if not _same(reader, r.upper, substitute(r.upper, {k: k + 1})):
            shape = body.shape(reader.scope.size_text)
            raise ShapeError(f"{shape} in a product over {k.name.lstrip('#')}: the shapes differ")


def _chained(body: Typed, k: Symbol) -> int:
    """−1 or 1 where the factor on the right is at k ∓ 1 by the chain rule; 0 where none is."""
    chain = body.chain
    if chain is None or len(chain.of_axes) != len(chain.by_axes):
        return 0
    if len(chain.of_axes) > 1 or family_of(chain.by) is None:
        return 0
    places = {a.symbol: b.symbol for a, b in zip(chain.of_axes, chain.by_axes, strict=True)}
    of = substitute(chain.of, places)
    for step in (-1, 1):
        if substitute(of, {k: k + step}) == chain.by:
            return step
    return 0


def is_chain(body: Typed, k: Symbol) -> bool:
    """Whether factors at k and k + 1 meet by the chain rule."""
    return _chained(body, k) != 0


def _of_chain(reader: Elaborator, body: Typed, run: Range, step: int, least: int) -> Typed:
    """∏ ∂h_j/∂h_{j-1} as the derivative of the last h by the first."""
    chain = body.chain
    assert chain is not None
    first, last = ({run.symbol: end} for end in (run.lower, run.upper)[::step])
    if not chain.of_axes:
        return Typed(Ordered.of(body.expr, run, step, least))
    (row,), (col,) = chain.of_axes, chain.by_axes
    rows, cols = _copied(reader, row, first), _copied(reader, col, last)
    expr = Ordered.of(body.expr, run, step, least, (row, col), (rows.symbol, cols.symbol))
    of = substitute(chain.of, {**first, row.symbol: rows.symbol})
    by = substitute(chain.by, {**last, col.symbol: cols.symbol})
    return laid_out(expr, Chain(of, (rows,), by, (cols,)))


# -- how far ∏ reaches -------------------------------------------------------------------------


def parted(node: Node, letter: str) -> tuple[Node, list[tuple[str, Node]]]:
    """The factors up to the last that has the letter, and those behind it with their signs."""
    if not isinstance(node, Product):
        return node, []
    has = [any(letter in _letters(n) for n in walk(f)) for f in node.factors]
    count = max((i + 1 for i, h in enumerate(has) if h), default=len(has))
    if count == len(has):
        return node, []
    kept, signs = node.factors[:count], node.signs[: count - 1]
    head = Product(node.start, kept[-1].end, kept, signs) if count > 1 else kept[0]
    return head, list(zip(node.signs[count - 1 :], node.factors[count:], strict=True))


def _letters(node: Node) -> set[str]:
    """All that stands in the scripts of a node, and its own letter."""
    below = node.below if isinstance(node, BigSum) else ()
    scripts = (*getattr(node, "sub", ()), *getattr(node, "sup", ()), below)
    found = {t for script in scripts for t in _texts(script)}
    return found | {getattr(node, "base", "")}


def _texts(tokens: Sequence[Token]) -> set[str]:
    inner = (_texts(part) for t in tokens for part in t.parts)
    return {t.text for t in tokens}.union(*inner)


def behind(reader: Elaborator, found: Typed, rest: Sequence[tuple[str, Node]]) -> Typed:
    """A product and the factors behind it that have no part in it."""
    for sign, node in rest:
        found = multiply(reader.scope, sign, found, reader.read(node))
    return found


# -- bounds on both sides ----------------------------------------------------------------------


def between(node: BigSum) -> BigSum:
    r"""\prod_{t \ge j > k} as \prod_{j=k+1}^{t}; what is no such chain stays as it is."""
    signs = [i for i, t in enumerate(node.below) if t.text in ("<", ">", r"\le", r"\ge")]
    if len(signs) != 2 or node.above:
        return node
    a, b = signs
    left, letter, right = node.below[:a], node.below[a + 1 : b], node.below[b + 1 :]
    texts = [node.below[i].text for i in signs]
    if len(letter) != 1 or not left or not right:
        return node
    if all(t in (">", r"\ge") for t in texts):
        left, right, texts = right, left, texts[::-1]
    elif not all(t in ("<", r"\le") for t in texts):
        return node
    at = letter[0].start
    low = (*left, _sign("+", at), _one(at)) if texts[0] in "<>" else left
    high = (*right, _sign("-", at), _one(at)) if texts[1] in "<>" else right
    return replace(node, below=(*letter, _sign("=", at), *low), above=high)


def _sign(text: str, at: int) -> Token:
    return Token("sign", text, at, at)


def _one(at: int) -> Token:
    return Token("number", "1", at, at)


def counts_walked(reader: Elaborator, text: str, symbol: Symbol, bounds: Tokens) -> None:
    """Note that a letter counts layers or steps, where its bounds or the author say so.

    What stands in its body may be a power, which by itself says nothing.
    """
    scope = reader.scope
    plain = bounds if all(t.text not in ("_", "^") for t in bounds) else ()  # n_l is a size
    letters = [scope.bound.get(t.text) or scope.free.get(t.text) for t in plain]
    kinds = [reader.lexicon.indices.get(text), *(scope.kinds.get(x) for x in letters if x)]
    found = {k for k in kinds if k in WALKED}
    for kind in found if len(found) == 1 else ():
        scope.kinds.setdefault(symbol, kind)


# -- powers ------------------------------------------------------------------------------------


def counted(reader: Elaborator, tokens: Tokens) -> Expr | None:
    """t, T − i, i − j as a number of layers or steps; None where it is not one for certain."""
    lexicon, scope = reader.lexicon, reader.scope

    def lookup(text: str) -> Expr | None:
        known = scope.bound.get(text) or scope.free.get(text)
        if known is not None:
            return known if scope.kinds.get(known) in WALKED else None
        kind = lexicon.indices.get(text)
        if kind in WALKED:
            return reader.names.lookup(text, kind)
        return lexicon.sizes.get(text)

    try:
        found = index_expression(tokens, lookup)
    except ReadingError:
        return None
    letters = {x for x in found.free_symbols if scope.kinds.get(x) in WALKED}
    return found if found.free_symbols - letters <= set(LAST.values()) else None


def raised_name(reader: Elaborator, node: Name, entry: Typed, above: Sequence[Mark]) -> Typed:
    """The entry with the marks above its name that are no indices: transposes and powers.

    W^t is a power, or W at t: where it does not hold it may be the latter.
    """
    doubt = _doubt(reader, node, above)
    try:
        found = reader.raised(entry, above)
    except ShapeError as error:
        if doubt:
            raise ReadingError(doubt, node.start) from error
        raise
    reader.scope.unsure = doubt or reader.scope.unsure
    return found


def _doubt(reader: Elaborator, node: Name, above: Sequence[Mark]) -> str:
    r"""Why a mark may be no power. Raises `ReadingError` for what is none: W^l, a defined c^t."""
    shorts = [s for s in reader.lexicon.abbreviations if s.base == node.base]
    text, doubt = text_of_name(node), ""
    for mark in above:
        found = counted(reader, mark.tokens) if not mark.is_transpose else None
        if any(("^", mark.text) in s.fixed for s in shorts):
            raise ReadingError(f"{text} is defined with its marks", node.start)
        letters = found.free_symbols if found is not None else set()
        kinds = {reader.scope.kinds.get(x) for x in letters}
        if Kind.LAYER in kinds:
            raise ReadingError(f"{text}: {node.base} has no layers by the equations", node.start)
        if len(letters) == 1 and Kind.TIME in kinds:
            doubt = f"{text} may be a power of {node.base}, or {node.base} at a step"
    return doubt


def power(reader: Elaborator, x: Typed, exponent: Expr) -> Typed:
    """x · x ⋯ x, as often as the exponent says: of a square matrix the matrix product.

    Another matrix to a number is taken entry by entry: 1 − A² of a batch A.
    """
    run = Range(reader.scope.fresh("power"), sp.S.One, exponent)
    if len(x.axes) < 2:
        return replace(x, expr=Ordered.of(x.expr, run), chain=None)
    assert x.row is not None
    assert x.col is not None
    if not reader.scope.same(x.row.upper, x.col.upper):
        if exponent.is_Integer:
            return replace(x, expr=x.expr**exponent, chain=None)
        raise ShapeError(f"a power of {x.shape(reader.scope.size_text)}")
    return _matrices(reader, replace(x, chain=None), (x.row, x.col), run, 1, 0)
