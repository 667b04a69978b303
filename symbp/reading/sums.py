"""Sums over an index: Σ_k, Σ_{j≠i}, Σ_{t=1}^T, and Σ_x over all samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from sympy import Expr, Indexed, KroneckerDelta, Symbol, expand

from symbp.errors import ReadingError
from symbp.reading.dots import COL, LETTER, ROW, linked
from symbp.reading.grammar.marks import Mark, index_expression, marks, text_of
from symbp.reading.grammar.syntax import BigSum, Name, Run, Tokens, walk
from symbp.reading.ordered import (
    behind,
    between,
    counts_walked,
    entrywise,
    is_chain,
    joined,
    parted,
)
from symbp.reading.typed import ShapeError, Typed, summed
from symbp.system import Kind, Range
from symbp.system.equation import index_base
from symbp.system.indices import substitute

if TYPE_CHECKING:
    from symbp.reading.elaborate import Elaborator


#: Stands for the layer in the sizes that bounds with the index of a layer are.
PLACE = Symbol("#layer", integer=True)


def big_sum(reader: Elaborator, node: BigSum) -> Typed:
    """Σ over letters: each runs over the slots that it is used in, or between its bounds."""
    node = between(node)
    if any(t.text == r"\ldots" for t in node.below):
        node = linked(node, reader.lexicon.sizes)
        if not node.below:
            return reader.read(node.body)
    if node.product:
        return big_product(reader, node)
    scope = reader.scope
    letters, lower, excluded, is_sample = _letters_below(reader, node.below)
    if is_sample:
        return _over_samples(reader, node)
    if not letters:
        raise ReadingError("a sum without an index", node.start)
    pairs = [(t, scope.fresh(t)) for t in letters]
    for text, symbol in pairs:
        counts_walked(reader, text, symbol, (*lower, *node.above))
    before = scope.sample
    if len(pairs) == 1 and _counts_samples(reader, node, letters[0]):
        scope.sample = pairs[0][1]
        scope.kinds[scope.sample] = Kind.SAMPLE
    with scope.summing(pairs):
        body = reader.read(node.body)
        scope.sample = before
        e = body.expr
        for text, symbol in reversed(pairs):
            if text_of(lower) == "0" and scope.kinds.get(symbol) not in (Kind.LAYER, Kind.TIME):
                e = _from_zero(e, symbol)
            r = _range(reader, node, text, symbol, lower, excluded.get(text, ()))
            for other in excluded.get(text, ()):
                e = e * (1 - KroneckerDelta(symbol, other))
            e = summed(e, r)
            if text not in excluded:
                scope.ranges.pop(symbol, None)
    return replace(body, expr=e, chain=None)


def _from_zero(e: Expr, symbol: Symbol) -> Expr:
    """Σ_{k=0} w_k x_{i+k} with entries counted from 1: Σ_{k=1} w_k x_{i+k−1}."""
    moved = {
        n: n.base[tuple(i if i == symbol else i.xreplace({symbol: symbol - 1}) for i in n.indices)]
        for n in e.atoms(Indexed)
        if symbol in n.free_symbols
    }
    return e.xreplace(moved)


def big_product(reader: Elaborator, node: BigSum) -> Typed:
    """∏ over a letter, of all that stands behind it up to the last factor that has the letter.

    Where factors without the letter follow, these may belong to it or not: two readings, unless
    what has the letter is a chain of derivatives.
    """
    scope = reader.scope
    letters, lower, excluded, is_sample = _letters_below(reader, node.below)
    if is_sample or excluded or len(letters) != 1:
        raise ReadingError("a product over more than one index between bounds", node.start)
    (text,) = letters
    symbol = scope.fresh(text)
    counts_walked(reader, text, symbol, (*lower, *node.above))
    head, rest = parted(node.body, text)
    with scope.summing([(text, symbol)]):
        body = reader.read(head)
        place = node.start, -2
        if rest and not is_chain(body, symbol) and not body.is_scalar:
            scope.open[place] = 2
            if not scope.choices.get(place, 0):
                body, rest = reader.read(node.body), []
        run = _range(reader, node, text, symbol, lower, ())
        scope.ranges.pop(symbol, None)
        found = joined(reader, body, run, (node.start, -1))
    return behind(reader, found, rest)


def run(reader: Elaborator, node: Run) -> Typed:
    """∏ of what dots leave out, in the order in which it is written."""
    scope = reader.scope
    symbol = scope.fresh()
    if node.doubtful:
        scope.unsure = "what … leaves out may be more than one expression whose index goes on"
    low, high = (node.first, node.last)[:: node.step]
    row, col = scope.fresh(), scope.fresh()
    with scope.summing([(LETTER, symbol), (ROW, row), (COL, col)]):
        body = reader.read(node.body)
        if node.ends:
            axes = [scope.ranges.pop(s, None) for s in (row, col)]
            body = replace(body, row=axes[0], col=axes[1], chain=None)
        below = BigSum(node.start, node.end, (), high, node.body, product=True)
        found = _range(reader, below, LETTER, symbol, low, ())
        scope.ranges.pop(symbol, None)
        if node.elementwise:
            return entrywise(reader, body, found, least=1)
        whole = joined(reader, body, found, (node.start, -1), node.step, least=1)
    return reader.entry(whole, [Mark(end) for end in node.ends]) if node.ends else whole


def _counts_samples(reader: Elaborator, node: BigSum, letter: str) -> bool:
    """Whether a letter of a sum counts samples: by its kind, or since it stands so above a name."""
    known = reader.lexicon.indices.get(letter)
    if known is not None:
        return known is Kind.SAMPLE
    return any(
        isinstance(n, Name)
        and reader.lexicon.marks_samples(n.base)
        and any(m.text == letter for m in marks(n.sup))
        for n in walk(node.body)
    )


def _letters_below(
    reader: Elaborator, below: Tokens
) -> tuple[list[str], Tokens, dict[str, list[Expr]], bool]:
    """(letters, tokens of the lower bound, what a letter is not, whether all samples are meant)."""
    tokens = [t for t in below if t.kind != "text"]
    texts = [t.text for t in tokens]
    excluded: dict[str, list[Expr]] = {}
    for sign in (r"\neq", r"\not"):
        if sign in texts:
            at = texts.index(sign)
            right = tokens[at + 1 :]
            if right and right[0].text == "=":
                right = right[1:]
            other = index_expression(right, lambda t: reader.names.lookup(t, Kind.UNIT))
            excluded[texts[0]] = [other]
            return [texts[0]], (), excluded, False
    for sign in (r"\in", "="):
        if sign in texts:
            at = texts.index(sign)
            names = [t for t in texts[:at] if t != ","]
            return names, tuple(tokens[at + 1 :]) if sign == "=" else (), excluded, False
    names = [t for t in texts if t not in (",", r"\ldots")]
    return names, (), excluded, _stands_for_samples(reader, names)


def _stands_for_samples(reader: Elaborator, names: Sequence[str]) -> bool:
    """Whether Σ_x is over all samples: x is the letter for them, or a quantity that each has."""
    if names == [reader.lexicon.samples]:
        return True
    if len(names) != 1 or reader.lexicon.indices.get(names[0]) is Kind.UNIT:
        return False
    families = [reader.lexicon.system[w.family] for w in reader.lexicon.named(names[0])]
    return any(slot.kind is Kind.SAMPLE for v in families for slot in v.slots)


def _over_samples(reader: Elaborator, node: BigSum) -> Typed:
    """Σ_x: over all samples, which the names inside do not mark."""
    scope = reader.scope
    symbol = scope.fresh("x")
    scope.kinds[symbol] = Kind.SAMPLE
    before, scope.sample = scope.sample, symbol
    try:
        with scope.summing([(t.text, symbol) for t in node.below if t.kind == "name"]):
            body = reader.read(node.body)
    finally:
        scope.sample = before
    r = scope.ranges.pop(symbol, None)
    if r is None:
        raise ReadingError(f"nothing depends on {text_of(node.below)}", node.start)
    return replace(body, expr=summed(body.expr, r), chain=None)


def _range(
    reader: Elaborator,
    node: BigSum,
    text: str,
    symbol: Symbol,
    lower: Tokens,
    excluded: Sequence[Expr],
) -> Range:
    """The range of a letter of a sum."""
    kind = reader.scope.kinds.get(symbol)
    if kind in (Kind.LAYER, Kind.TIME):
        return _walked(reader, node, text, symbol, lower, kind)
    known = reader.scope.ranges.get(symbol)
    if known is None:
        others = [reader.scope.ranges[o] for o in excluded if o in reader.scope.ranges]
        known = Range(symbol, others[0].lower, others[0].upper) if others else None
    if known is None:
        raise ReadingError(f"nothing in the sum has the index {text}", node.start)
    first = text_of(lower)
    if first not in ("", "0", "1") or (node.above and node.above[0].kind == "number"):
        lo = index_expression(lower, lambda t: reader.names.lookup(t, Kind.UNIT))
        sizes = reader.lexicon.sizes
        hi = index_expression(
            node.above, lambda t: sizes.get(t) or reader.names.lookup(t, Kind.UNIT)
        )
        return Range(symbol, lo, hi)
    compare_end(reader, node.above, f"the sum over {text}", known.upper)
    return Range(symbol, known.lower, known.upper)


def compare_end(reader: Elaborator, above: Tokens, what: str, upper: Expr) -> None:
    """Raise `ShapeError` where the lexicon says that a bound is another size."""
    said = _said(reader, above)
    if said is not None and not reader.scope.same(upper, said):
        write = reader.scope.size_text
        raise ShapeError(f"{what} runs to {write(said)}, not to {write(upper)}")
    _compare_bound(reader, above, what, upper)


def _compare_bound(reader: Elaborator, above: Tokens, what: str, upper: Expr) -> None:
    """Note a bound and its size; doubt one that is another size in the post's own equations."""
    if not above:
        return
    scope = reader.scope
    name, layer = _bound(reader, above)
    if layer is None:
        scope.bounds.append((name, upper))
    elif isinstance(upper, Indexed):
        (index,) = upper.indices
        scope.bounds.append((name, upper.base[expand(PLACE + index - layer)]))
    meant = reader.lexicon.bounds.get(name)
    if meant is None:
        return
    meant = meant if layer is None else substitute(meant, {PLACE: layer})
    if not scope.unifier.equal(scope.settled(meant), scope.settled(upper)):
        write = scope.size_text
        scope.doubt = (
            f"{what} goes over all {write(upper)}, and its bound is {write(meant)} by the equations"
        )


def _bound(reader: Elaborator, above: Tokens) -> tuple[str, Expr | None]:
    """(N, None), or (n_, l - 1) for a bound n_{l-1} with the index of a layer."""
    if len(above) == 3 and above[1].text in ("_", "^"):
        inner = above[2].parts[0] if above[2].kind == "group" else above[2:]
        if all(_counts_layers(reader, t.text) for t in inner if t.kind == "name"):
            layer = index_expression(inner, lambda t: reader.names.lookup(t, Kind.LAYER))
            return above[0].text + above[1].text, layer
    return text_of(above), None


def _counts_layers(reader: Elaborator, letter: str) -> bool:
    known = reader.scope.bound.get(letter) or reader.scope.free.get(letter)
    if known is not None:
        return reader.scope.kinds.get(known) is Kind.LAYER
    return reader.lexicon.indices.get(letter) is Kind.LAYER or letter in reader.lexicon.sizes


def _said(reader: Elaborator, above: Tokens) -> Expr | None:
    """The size above a sum, n_{l+1} or m, where the lexicon says what sizes are called."""
    if not reader.lexicon.counted or not above:
        return None
    letter, offset = reader.scope.width
    if above[0].text == letter and len(above) == 3 and above[1].text == "_":
        inner = above[2].parts[0] if above[2].kind == "group" else above[2:]
        layer = index_expression(inner, lambda t: reader.names.lookup(t, Kind.LAYER))
        return index_base("n")[layer - offset]
    return reader.lexicon.sizes.get(text_of(above))


def _walked(
    reader: Elaborator, node: BigSum, text: str, symbol: Symbol, lower: Tokens, kind: Kind
) -> Range:
    """The range of a letter that counts layers or steps: between bounds, or over all there are."""

    def bound(tokens: Tokens) -> Expr:
        return index_expression(tokens, lambda t: reader.names.lookup(t, kind))

    slots = [s for v in reader.lexicon.system.variables for s in v.slots]
    size = next((s.range for s in slots if s.kind is kind), None)
    if not lower and not node.above and size is not None:
        first = reader.lexicon.first_step if kind is Kind.TIME else size.lower
        return Range(symbol, first, size.upper)
    if not lower or not node.above:
        raise ReadingError(f"the sum over {text} has no bounds", node.start)
    return Range(symbol, bound(lower), bound(node.above))
