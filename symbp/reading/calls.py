"""Functions, quantities with arguments, and norms: f(x), J(W, b), ‖x‖²."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from hashlib import blake2b
from typing import TYPE_CHECKING

import sympy as sp
from sympy import Expr, S, Symbol

from symbp.errors import ReadingError
from symbp.functions import TABLE, Row, derivative_of, unspecified
from symbp.reading import images
from symbp.reading.arrays import diagonal_matrix
from symbp.reading.grammar.marks import marks, scripts_of, text_of_name
from symbp.reading.grammar.syntax import Call, Keyword, Name, Node, Norm, Rows, form, replaced, walk
from symbp.reading.products import chain_rule, matrix_product, multiply
from symbp.reading.typed import ShapeError, Typed, summed
from symbp.system import Kind, Range
from symbp.system.indices import substitute

if TYPE_CHECKING:
    from symbp.reading.elaborate import Elaborator

#: Names of rows of the table as they are written.
WRITTEN = {
    "ln": "log",
    "sgn": "sign",
    "ReLU": "relu",
    "Relu": "relu",
    "swish": "silu",
    "SiLU": "silu",
    "lrelu": "leaky_relu",
    "LeakyReLU": "leaky_relu",
    "ELU": "elu",
    "GELU": "gelu",
}


def call(reader: Elaborator, node: Call) -> Typed:
    """A function of the table, of the author's, of NumPy, or a quantity with its arguments."""
    name = node.function.base
    arguments = [a for a in node.arguments if not isinstance(a, Keyword)]
    body = _own_body(reader, node, arguments)
    if body is not None:
        return reader.read(body)
    if name in reader.lexicon.softmaxes or name == "softmax":
        return softmax(reader, _one(reader, node, arguments))
    image = images.declared(reader, node, arguments)
    if image is not None:
        return image
    row = _marked_row(reader, node.function) or function_row(reader, name)
    if row is not None and not row.specified and len(arguments) > 1:
        return _of_several(reader, row, arguments)
    if row is not None:
        x = _one(reader, node, arguments)
        return _powered(node, applied(row, node.function.primes, x))
    special = _SPECIAL.get(name)
    if special is not None:
        return special(reader, node, arguments)
    primed = name + "'" * node.function.primes
    if node.function.primes and any(a.base == primed for a in reader.lexicon.abbreviations):
        return reader.read(node.function)  # a derivative by name: L'(W, b)
    if node.function.primes and len(arguments) > 1 and name + "'" not in reader.lexicon.called:
        raise ReadingError(
            f"{text_of_name(node.function)} is a derivative by which of its {len(arguments)} "
            f"arguments? write \\partial {name} / \\partial ...",
            node.start,
        )
    if reader.lexicon.named(name) or name in reader.lexicon.called:
        return _quantity(reader, node)
    raise ReadingError(f"the function {name} is unknown", node.start)


def _own_body(reader: Elaborator, node: Call, arguments: Sequence[Node]) -> Node | None:
    """The author's definition of an operator with these arguments in it."""
    name, primes = node.function.base, node.function.primes
    for own in reader.lexicon.operators:
        fits = (own.base, own.primes, len(own.arguments)) == (name, primes, len(arguments))
        said = scripts_of(node.function)
        if not fits or (own.marks and said and own.marks != said):
            continue
        places = [Name(n.start, n.end, f"·{k}") for k, n in enumerate(own.arguments)]
        body = own.body
        for old, place in zip(own.arguments, places, strict=True):
            body = replaced(body, form(old), place)
        known, rest = {form(n) for n in walk(own.body)}, _letters(body)
        for old, new in zip(own.arguments, arguments, strict=True):
            if not (form(old) in known or _is_free(reader, old, new, rest)):
                raise ReadingError(f"{name} is defined for other arguments only", node.start)
        for place, new in zip(places, arguments, strict=True):
            body = replaced(body, form(place), new)
        return body
    return None


def _is_free(reader: Elaborator, old: Node, new: Node, letters: set[str]) -> bool:
    """Whether a body that does not show the argument `old` is the same with `new`.

    So it is for j in f(j) = c where no quantity is called j, and for W_t where W_3 stands and the
    body has no other t; L(W, b) is of these W and b alone.
    """
    if form(old) == form(new):
        return True
    if not isinstance(old, Name):
        return False
    if not old.sub and not old.sup:
        return not reader.lexicon.named(old.base)
    if not isinstance(new, Name) or (new.base, new.primes) != (old.base, old.primes):
        return False
    pairs = [(marks(a), marks(b)) for a, b in ((old.sub, new.sub), (old.sup, new.sup))]
    if any(len(a) != len(b) for a, b in pairs):
        return False
    other = {t.text for a, b in pairs for x, y in zip(a, b, strict=True) if x.text != y.text
             for t in x.tokens if t.kind == "name"}  # fmt: skip
    return bool(other) and not other & letters


def _letters(body: Node) -> set[str]:
    """The letters of all marks."""
    names = [n for n in walk(body) if isinstance(n, Name)]
    return {t.text for n in names for m in marks((*n.sub, *n.sup)) for t in m.tokens}


def _one(reader: Elaborator, node: Call, arguments: Sequence[Node]) -> Typed:
    if len(arguments) != 1:
        raise ReadingError(
            f"{node.function.base} of {len(arguments)} arguments: one is needed", node.start
        )
    return reader.read(arguments[0])


def _marked_row(reader: Elaborator, function: Name) -> Row | None:
    """The row of a function that what stands below it tells from others: σ_g."""
    below = ",".join(m.text for m in marks(function.sub))
    return reader.lexicon.functions.get(f"{function.base}_{below}")


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


def _powered(node: Call, x: Typed) -> Typed:
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
        axes = [
            r
            for s, r in reader.scope.ranges.items()
            if s in x.expr.free_symbols and reader.scope.kinds.get(s) is Kind.UNIT
        ]
    if len(axes) == 2 and reader.lexicon.rows:
        axes = axes[1:]
    if len(axes) != 1:
        hint = ": of each row? (layout: rows)" if len(axes) == 2 else ""
        raise ShapeError(f"softmax of {x.shape(reader.scope.size_text)}{hint}")
    exp = TABLE["exp"]
    (axis,) = axes
    other = Range(reader.copied(axis.symbol), axis.lower, axis.upper)
    total = summed(exp(substitute(x.expr, {axis.symbol: other.symbol})), other)
    return replace(x, expr=exp(x.expr) / total, chain=None)


def _quantity(reader: Elaborator, node: Call) -> Typed:
    """J(W, b; x, y), h_θ(x^{(i)}): the arguments only say of what it is, and of which sample."""
    sample = _sample_of(reader, node.arguments)
    if sample is None:
        found = reader.read(node.function)
        if found.row is None or found.col is None:
            return found
        (argument,) = node.arguments if len(node.arguments) == 1 else (None,)
        if argument is None:
            raise ReadingError(f"a matrix {text_of_name(node.function)} with arguments", node.start)
        return multiply(reader.scope, "", found, reader.read(argument))  # D (W): a factor
    before, reader.scope.sample = reader.scope.sample, sample
    try:
        bare = not node.function.sub and not node.function.sup
        own = reader.names.of_sample(node.function, sample) if bare else None
        return own if own is not None else reader.read(node.function)
    finally:
        reader.scope.sample = before


def _sample_of(reader: Elaborator, arguments: Sequence[Node]) -> Symbol | None:
    """The index of the sample that the arguments speak of."""
    for n in (n for argument in arguments for n in walk(argument)):
        if not (isinstance(n, Name) and reader.lexicon.marks_samples(n.base)):
            continue
        try:
            found = reader.read(n)
        except ReadingError:
            continue
        for s in sorted(found.expr.free_symbols, key=str):
            if isinstance(s, Symbol) and reader.scope.kinds.get(s) is Kind.SAMPLE:
                return s
    return None


def _of_several(reader: Elaborator, row: Row, arguments: Sequence[Node]) -> Typed:
    """An unspecified number f(x, y), whose name is that of its row."""
    return Typed(row(_all_entries(reader, row.name, arguments)))


def _any(reader: Elaborator, node: Call, arguments: Sequence[Node]) -> Typed:
    """An unspecified number that depends on all entries of the arguments.

    Of second derivatives this is not general, and none are read.
    """
    name = f"any·{blake2b(repr(form(node)).encode(), digest_size=6).hexdigest()}"
    return Typed(unspecified(name, "F")(_all_entries(reader, name, arguments)))


def _all_entries(reader: Elaborator, name: str, arguments: Sequence[Node]) -> Expr:
    """Σ_j f_0(x_j) + Σ_k f_1(y_k) + ...: of any function of it the gradients are any numbers."""
    parts = [reader.read(a) for a in arguments]
    samples = reader.names.unmarked_samples()
    ranges = [(*samples, *p.axes) if samples and p.expr.has(samples[0].symbol) else p.axes
              for p in parts]  # fmt: skip
    return sp.Add(
        *(
            summed(unspecified(f"{name}·{n}", "f")(p.expr), *r)
            for n, (p, r) in enumerate(zip(parts, ranges, strict=True))
        )
    )


def _diag(reader: Elaborator, node: Call, arguments: Sequence[Node]) -> Typed:
    """The matrix with a vector on its diagonal; diag(a_1, …, a_n) with these entries."""
    if len(arguments) > 1:
        return diagonal_matrix(reader, _listed(reader, node, arguments))
    return diagonal_matrix(reader, _one(reader, node, arguments))


def _listed(reader: Elaborator, node: Call, arguments: Sequence[Node]) -> Typed:
    """The arguments as one vector."""
    return reader.read(Rows(node.start, node.end, "list", (tuple(arguments),)))


def _total(reader: Elaborator, node: Call, arguments: Sequence[Node]) -> Typed:
    """np.sum(x, axis=1): the sum along the columns; of all entries where no axis is said."""
    x = _one(reader, node, arguments)
    keywords = {a.name: a.value for a in node.arguments if isinstance(a, Keyword)}
    along = keywords.get("axis")
    if along is None and len(x.axes) == 2 and not (keywords or reader.scope.defining):
        raise ReadingError(
            f"{node.function.base} of a matrix: of all entries or of rows?", node.start
        )
    ends = {"0": (x.row,), "1": (x.col,), "-1": (x.col,), None: (x.row, x.col)}
    if along not in ends:
        raise ReadingError(f"axis={along}", node.start)
    summed_over = [r for r in ends[along] if r is not None]
    e = summed(x.expr, *summed_over)
    if node.function.base == "mean":
        e = e / sp.Mul(*(r.upper for r in summed_over))
    row, col = (r if r not in summed_over else None for r in (x.row, x.col))
    return Typed(e, row, col)


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
    raise ShapeError(f"prod of {reader.scope.met(a, b, ' and ')}")


def _numpy_product(reader: Elaborator, node: Call, arguments: Sequence[Node]) -> Typed:
    """np.dot(a, b), np.multiply(a, b), np.outer(a, b): what each does with columns and rows."""
    if len(arguments) != 2:
        raise ReadingError(f"{node.function.base} needs two arguments", node.start)
    a, b = (reader.read(x) for x in arguments)
    name, scope = node.function.base, reader.scope
    if name == "multiply" or a.is_scalar or b.is_scalar:
        return multiply(scope, r"\odot", a, b)
    if name == "outer" and a.is_vector and b.is_vector:
        a, b = (a if a.row else a.flipped), (b if b.col else b.flipped)
    found = matrix_product(scope, a, b) if name != "outer" or a.is_vector else None
    if found is None:
        raise ShapeError(f"{name} of {scope.met(a, b, ' and ')}")
    return found


def _transpose(reader: Elaborator, node: Call, arguments: Sequence[Node]) -> Typed:
    """transpose(x) = xᵀ."""
    return _one(reader, node, arguments).flipped


def _trace(reader: Elaborator, node: Call, arguments: Sequence[Node]) -> Typed:
    """tr(x) = Σ_j x_jj."""
    x = _one(reader, node, arguments)
    if x.row is None or x.col is None or not reader.scope.same(x.row.upper, x.col.upper):
        raise ShapeError(f"the trace of {x.shape(reader.scope.size_text)}")
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
    "dot": _numpy_product,
    "matmul": _numpy_product,
    "multiply": _numpy_product,
    "outer": _numpy_product,
    "tr": _trace,
    "Tr": _trace,
    "trace": _trace,
    **images.KNOWN,
}


def norm(reader: Elaborator, node: Norm) -> Typed:
    """‖x‖² is the sum of squares, ‖x‖₁ of absolute values; ‖x‖ without a square is its root."""
    x = reader.read(node.inner)
    below = "".join(m.text for m in marks(node.sub))
    above = marks(node.sup)
    absolute = TABLE["abs"]
    if not node.double and isinstance(node.inner, Rows):
        raise ReadingError("determinants are not read", node.start)
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
