"""Functions, norms, sums over an index and conditions: f(x), ‖x‖², Σ_k, 1{x > 0}."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from hashlib import blake2b
from typing import TYPE_CHECKING

import sympy as sp
from sympy import Expr, KroneckerDelta, S, Symbol

from symbp.errors import ReadingError
from symbp.functions import TABLE, Row, derivative_of, unspecified
from symbp.reading.marks import index_expression, marks, text_of
from symbp.reading.products import chain_rule, inner, matrix_product, multiply
from symbp.reading.syntax import (
    BigSum,
    Call,
    Keyword,
    Name,
    Node,
    Norm,
    Rows,
    Tokens,
    form,
    replaced,
    walk,
)
from symbp.reading.typed import ShapeError, Typed, summed
from symbp.system import Kind, Range
from symbp.system.indices import substitute

if TYPE_CHECKING:
    from symbp.reading.elaborate import Elaborator

#: Names of rows of the table as they are written.
WRITTEN = {"ln": "log", "sgn": "sign", "ReLU": "relu", "Relu": "relu", "swish": "silu", "lrelu":
           "leaky_relu", "LeakyReLU": "leaky_relu", "ELU": "elu", "GELU": "gelu", "SiLU": "silu"}  # fmt: skip


def call(reader: Elaborator, node: Call) -> Typed:
    """A function of the table, of the author's, of NumPy, or a quantity with its arguments."""
    name = node.function.base
    arguments = [a for a in node.arguments if not isinstance(a, Keyword)]
    for own in reader.lexicon.operators:
        same = own.base == name and own.primes == node.function.primes
        if same and len(own.arguments) == len(arguments):
            body = own.body
            for old, new in zip(own.arguments, arguments, strict=True):
                body = replaced(body, form(old), new)
            return reader.read(body)
    if name in reader.lexicon.softmaxes or name == "softmax":
        return softmax(reader, _one(reader, node, arguments))
    row = function_row(reader, name)
    if row is not None and not row.specified and len(arguments) > 1:
        return _of_several(reader, row, arguments, node)
    if row is not None:
        return _powered(reader, node, applied(row, node.function.primes, _one(
            reader, node, arguments)))  # fmt: skip
    special = _SPECIAL.get(name)
    if special is not None:
        return special(reader, node, arguments)
    if reader.lexicon.named(name) or name in reader.lexicon.called:
        return _quantity(reader, node)
    raise ReadingError(f"the function {name} is unknown", node.start)


def _one(reader: Elaborator, node: Call, arguments: Sequence[Node]) -> Typed:
    if len(arguments) != 1:
        raise ReadingError(
            f"{node.function.base} of {len(arguments)} arguments: one is needed", node.start
        )
    return reader.read(arguments[0])


def function_row(reader: Elaborator, name: str) -> Row | None:
    """The row of the table that a name means."""
    if name in reader.lexicon.functions:
        return reader.lexicon.functions[name]
    return TABLE.get(WRITTEN.get(name, name)) if len(name) > 1 else None


def applied(row: Row, order: int, x: Typed) -> Typed:
    """f⁽ᵒʳᵈᵉʳ⁾ entry by entry."""
    e = row(x.expr)
    for _ in range(order):
        e = derivative_of(e) if e != x.expr else S.One
    return replace(x, expr=e, chain=None, constant=False)


def _powered(reader: Elaborator, node: Call, x: Typed) -> Typed:
    """tanh²(x); a layer on the function, g^{[1]}, says nothing new."""
    for mark in marks(node.function.sup):
        number = mark.text.isdigit() and not mark.bracket
        if number and node.function.base in TABLE:
            x = replace(x, expr=x.expr ** int(mark.text))
    return x


def softmax(reader: Elaborator, x: Typed) -> Typed:
    """exp(x_j) / Σ_k exp(x_k); of a batch for each sample."""
    axes = [a for a in x.axes if reader.scope.kinds.get(a.symbol) is not Kind.SAMPLE]
    if x.is_scalar:  # ψ(v_a) is entry a of ψ(v)
        axes = [r for s, r in reader.scope.ranges.items() if s in x.expr.free_symbols
                and reader.scope.kinds.get(s) is Kind.UNIT]  # fmt: skip
    if len(axes) != 1:
        raise ShapeError(f"softmax of {x.shape()}")
    exp = TABLE["exp"]
    other = reader.copied(axes[0].symbol)
    total = summed(exp(substitute(x.expr, {axes[0].symbol: other})),
                   Range(other, axes[0].lower, axes[0].upper))  # fmt: skip
    return replace(x, expr=exp(x.expr) / total, chain=None)


def _quantity(reader: Elaborator, node: Call) -> Typed:
    """J(W, b; x, y), h_θ(x^{(i)}): the arguments only say what it depends on, and of which sample."""
    sample = _sample_of(reader, node.arguments)
    before = reader.scope.sample
    if sample is not None:
        reader.scope.sample = sample
    bare = not node.function.sub and not node.function.sup
    try:
        if sample is not None and bare:
            own = reader.names.of_sample(node.function, sample)
            if own is not None:
                return own
        return reader.read(node.function)
    finally:
        reader.scope.sample = before if sample is not None else reader.scope.sample


def _sample_of(reader: Elaborator, arguments: Sequence[Node]) -> Symbol | None:
    for argument in arguments:
        for n in walk(argument):
            if isinstance(n, Name) and any(
                p.kind is Kind.SAMPLE for w in reader.lexicon.named(n.base) for p in w.places
            ):
                try:
                    found = reader.read(n)
                except ReadingError:
                    continue
                for s in sorted(found.expr.free_symbols, key=str):
                    if isinstance(s, Symbol) and reader.scope.kinds.get(s) is Kind.SAMPLE:
                        return s
    return None


def _of_several(
    reader: Elaborator, row: Row, arguments: Sequence[Node], node: Call
) -> Typed:
    """An unspecified number f(x, y): F(Σ f_1(x_j) + Σ f_2(y_j))."""
    parts = [reader.read(a) for a in arguments]
    inside = sp.Add(*(
        summed(unspecified(f"{row.name}·{n}", "f")(p.expr), *p.axes) for n, p in enumerate(parts)
    ))  # fmt: skip
    return Typed(row(inside))


def _any(reader: Elaborator, node: Call, arguments: Sequence[Node]) -> Typed:
    """An unspecified number that depends on all entries of the arguments: F(Σ_j f_1(x_j) + ...).

    F, f_1, ... are unspecified functions, so its gradient is any numbers g_j; of second derivatives
    this is not general, and none are read.
    """
    parts = []
    name = blake2b(repr(form(node)).encode(), digest_size=6).hexdigest()
    for number, argument in enumerate(arguments):
        x = reader.read(argument)
        inside = unspecified(f"any·{name}·{number}", "f")
        parts.append(summed(inside(x.expr), *x.axes))
    return Typed(unspecified(f"any·{name}", "F")(sp.Add(*parts)))


def _diag(reader: Elaborator, node: Call, arguments: Sequence[Node]) -> Typed:
    """The matrix with a vector on its diagonal."""
    v = _one(reader, node, arguments)
    if not v.is_vector:
        raise ShapeError(f"diag of {v.shape()}")
    (axis,) = v.axes
    other = reader.copied(axis.symbol)
    column = Range(other, axis.lower, axis.upper)
    return Typed(v.expr * KroneckerDelta(axis.symbol, other), axis, column)


def _total(reader: Elaborator, node: Call, arguments: Sequence[Node]) -> Typed:
    """np.sum(x, axis=1): the sum along the columns; of all entries where no axis is said."""
    x = _one(reader, node, arguments)
    along = next(
        (a.value for a in node.arguments if isinstance(a, Keyword) and a.name == "axis"), None
    )
    ends = {"0": (x.row,), "1": (x.col,), "-1": (x.col,), None: (x.row, x.col)}
    if along not in ends:
        raise ReadingError(f"axis={along}", node.start)
    summed_over = [r for r in ends[along] if r is not None]
    e = summed(x.expr, *summed_over)
    if node.function.base in ("mean", "batch"):
        for r in summed_over:
            e = e / r.upper
    row = x.row if x.row not in summed_over else None
    return Typed(e, row, x.col if x.col not in summed_over else None)


def _maximum(reader: Elaborator, node: Call, arguments: Sequence[Node]) -> Typed:
    """max(0, x) = relu(x)."""
    parts = [reader.read(a) for a in arguments]
    rest = [p for p in parts if p.expr != 0]
    if len(parts) == 2 and len(rest) == 1:
        return applied(TABLE["relu"], 0, rest[0])
    raise ReadingError("max of other things than 0 and x is not read yet", node.start)


def _generic_product(reader: Elaborator, node: Call, arguments: Sequence[Node]) -> Typed:
    """prod(∂z/∂y, ∂y/∂x): the chain rule, with whatever transposes it needs."""
    a, b = (reader.read(x) for x in arguments)
    if a.is_scalar or b.is_scalar:
        return multiply(reader.scope, "", a, b)
    for x, y in ((a, b), (b, a)):
        found = chain_rule(reader.scope, x, y)
        if found is not None:
            return found
    for x, y in ((a, b), (b, a), (b.flipped, a), (a, b.flipped), (a.flipped, b), (b, a.flipped)):
        found = matrix_product(reader.scope, x, y)
        if found is not None:
            return found
    raise ShapeError(f"prod of {a.shape()} and {b.shape()}")


def _transpose(reader: Elaborator, node: Call, arguments: Sequence[Node]) -> Typed:
    return _one(reader, node, arguments).flipped


def _trace(reader: Elaborator, node: Call, arguments: Sequence[Node]) -> Typed:
    x = _one(reader, node, arguments)
    if x.row is None or x.col is None or not reader.scope.same(x.row.upper, x.col.upper):
        raise ShapeError(f"the trace of {x.shape()}")
    return Typed(summed(substitute(x.expr, {x.col.symbol: x.row.symbol}), x.row))


Special = Callable[["Elaborator", Call, Sequence[Node]], Typed]
_SPECIAL: dict[str, Special] = {
    "any": _any,
    "diag": _diag,
    "sum": _total,
    "mean": _total,
    "max": _maximum,
    "prod": _generic_product,
    "transpose": _transpose,
    "tr": _trace,
    "Tr": _trace,
    "trace": _trace,
}


def norm(reader: Elaborator, node: Norm) -> Typed:
    """‖x‖² is the sum of squares, ‖x‖₁ of absolute values; ‖x‖ without a square is its root."""
    x = reader.read(node.inner)
    below = "".join(m.text for m in marks(node.sub))
    above = marks(node.sup)
    absolute = TABLE["abs"]
    if not node.double and x.is_scalar and not below:
        return reader.raised(Typed(absolute(x.expr)), above)
    if below in ("1", r"\ell_1", "l_1"):
        return reader.raised(Typed(summed(absolute(x.expr), *x.axes)), above)
    if below not in ("", "2", "F"):
        raise ReadingError(f"the norm {below} is unknown", node.start)
    square = Typed(summed(x.expr**2, *x.axes))
    if above and above[0].text == "2":
        return reader.raised(square, above[1:])
    return reader.raised(Typed(sp.sqrt(square.expr)), above)


# -- sums over an index ------------------------------------------------------------------------


def big_sum(reader: Elaborator, node: BigSum) -> Typed:
    """Σ over letters: each runs over the slots that it is used in, or between its bounds."""
    scope = reader.scope
    letters, lower, excluded, is_sample = _letters_below(reader, node.below)
    if is_sample:
        return _over_samples(reader, node)
    if not letters:
        raise ReadingError("a sum without an index", node.start)
    pairs = [(t, scope.fresh(t)) for t in letters]
    before = scope.sample
    if len(pairs) == 1 and _counts_samples(reader, node, letters[0]):
        scope.sample = pairs[0][1]
        scope.kinds[scope.sample] = Kind.SAMPLE
    with scope.summing(pairs):
        body = reader.read(node.body)
        scope.sample = before
        e = body.expr
        for text, symbol in reversed(pairs):
            r = _range(reader, node, text, symbol, lower, excluded.get(text, ()))
            for other in excluded.get(text, ()):
                e = e * (1 - KroneckerDelta(symbol, other))
            e = summed(e, r)
            if text not in excluded:
                scope.ranges.pop(symbol, None)
    return replace(body, expr=e, chain=None)


def _counts_samples(reader: Elaborator, node: BigSum, letter: str) -> bool:
    """Whether a letter of a sum counts samples: by its kind, or since it stands so above a name."""
    known = reader.lexicon.indices.get(letter)
    if known is not None:
        return known is Kind.SAMPLE
    return any(
        isinstance(n, Name) and any(p.kind is Kind.SAMPLE for w in reader.lexicon.named(n.base)
                                    for p in w.places)
        and any(m.text == letter for m in marks(n.sup))
        for n in walk(node.body)
    )  # fmt: skip


def _letters_below(
    reader: Elaborator, below: Tokens
) -> tuple[list[str], Tokens, dict[str, list[Expr]], bool]:
    """(letters, tokens of the lower bound, what a letter is not, whether it is a set of samples)."""
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
    is_sample = names == [reader.lexicon.samples] or (
        len(names) == 1 and bool(reader.lexicon.named(names[0]))
        and reader.lexicon.indices.get(names[0]) is not Kind.UNIT
        and any(s.kind is Kind.SAMPLE for w in reader.lexicon.named(names[0])
                for s in reader.lexicon.system[w.family].slots)
    )  # fmt: skip
    return names, (), excluded, is_sample


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
    reader: Elaborator, node: BigSum, text: str, symbol: Symbol, lower: Tokens,
    excluded: Sequence[Expr] = (),
) -> Range:  # fmt: skip
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
        hi = index_expression(node.above, lambda t: reader.names.lookup(t, Kind.UNIT))
        return Range(symbol, lo, hi)
    return Range(symbol, known.lower, known.upper)


def _walked(
    reader: Elaborator, node: BigSum, text: str, symbol: Symbol, lower: Tokens, kind: Kind
) -> Range:
    def bound(tokens: Tokens) -> Expr:
        return index_expression(tokens, lambda t: reader.names.lookup(t, kind))

    size = next((slot.range for v in reader.lexicon.system.variables for slot in v.slots
                 if slot.kind is kind), None)  # fmt: skip
    if not lower and not node.above and size is not None:
        first = reader.lexicon.first_step if kind is Kind.TIME else size.lower
        return Range(symbol, first, size.upper)
    if not lower or not node.above:
        raise ReadingError(f"the sum over {text} has no bounds", node.start)
    return Range(symbol, bound(lower), bound(node.above))


# -- conditions --------------------------------------------------------------------------------


def condition(reader: Elaborator, tokens: Tokens) -> Expr:
    """1 where a condition holds, else 0: i = j, i ≠ j, x > 0."""
    texts = [t.text for t in tokens]
    for sign in (r"\neq", "="):
        if sign in texts:
            at = texts.index(sign)
            left, right = ([t for t in part if t.kind != "text"] for part in
                           (tokens[:at], tokens[at + 1 :]))  # fmt: skip
            a, b = (index_expression(p, reader.names.any_index)
                    for p in (left, right))  # fmt: skip
            same = KroneckerDelta(a, b)
            return same if sign == "=" else 1 - same
    found = compared(reader, tokens)
    if found is not None and not found.is_scalar:
        raise ReadingError("a condition on vectors")
    if found is not None:
        return found.expr
    raise ReadingError(f"the condition {text_of(tokens)!r} is not read")


def compared(reader: Elaborator, tokens: Tokens) -> Typed | None:
    """1 where x > y, entry by entry; None where this is no comparison of values."""
    texts = [t.text for t in tokens]
    for sign, order in ((">", 1), ("<", -1), (r"\ge", 1), (r"\le", -1)):
        if sign in texts:
            at = texts.index(sign)
            a, b = (reader.read(reader.parse([t for t in p if t.kind != "text"]))
                    for p in (tokens[:at], tokens[at + 1 :]))  # fmt: skip
            x = reader.plus(a, replace(b, expr=-b.expr))
            return replace(x, expr=TABLE["step"](order * x.expr), chain=None, constant=False)
    return None


def cases(reader: Elaborator, node: Rows) -> Typed:
    """Cases on indices or signs as a sum of indicators."""
    if node.kind != "cases":
        raise ReadingError("a matrix written out entry by entry is not read yet", node.start)
    values: list[Typed] = []
    conditions: list[Expr] = []
    for row in node.cells:
        cell, rest = row[0], row[1:]
        if isinstance(cell, Rows) and cell.kind == "case":
            (inner_value, inner_condition), = (cell.cells[0],)
            cell, rest = inner_value, (inner_condition, *rest)
        if not isinstance(cell, Node):
            raise ReadingError("an empty case", node.start)
        values.append(reader.read(cell))
        tokens = [t for part in rest for t in (part if isinstance(part, tuple) else ())]
        stated = [t for t in tokens if t.kind != "text" or any(c in t.text for c in "=<>")]
        conditions.append(
            condition(reader, tuple(stated)) if stated else 1 - sp.Add(*conditions)
        )
    if not all(v.is_scalar for v in values):
        raise ReadingError("cases of vectors", node.start)
    return Typed(sp.Add(*(v.expr * c for v, c in zip(values, conditions, strict=True))))


__all__ = ["big_sum", "call", "cases", "condition", "inner", "norm", "softmax"]
