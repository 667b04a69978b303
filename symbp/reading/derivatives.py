"""Derivatives as written: ∂f/∂u, and du and ∇u for what the loss is differentiated by."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sympy import Expr, Sum

from symbp.errors import ReadingError
from symbp.functions import Elementwise, derivative_of
from symbp.reading.grammar.marks import text_of_name
from symbp.reading.grammar.syntax import Bracket, Call, Derivative, Differential, Name, form
from symbp.reading.grammar.syntax import walk as tree
from symbp.reading.products import laid_out
from symbp.reading.typed import Chain, Total, Typed
from symbp.system import Kind, Role
from symbp.system.equation import family_of, walk

if TYPE_CHECKING:
    from symbp.reading.elaborate import Elaborator


def derivative(reader: Elaborator, node: Derivative) -> Typed:
    """∂f/∂u."""
    if node.of is None:
        raise ReadingError("a derivative of nothing: what stands behind ∂/∂ is missing")
    named = reader.lexicon.derivatives.get((form(node.of), form(node.by)))
    if named is not None:
        return reader.read(named)
    of_function = _of_function(reader, node)
    if of_function is not None:
        return of_function
    of, by = reader.read(node.of), reader.read(node.by)
    return _differentiated(reader, of, by, node.by.start)


def _of_function(reader: Elaborator, node: Derivative) -> Typed | None:
    """∂σ/∂z as σ'(z), entry by entry, where the equations take σ of z and σ is no quantity."""
    f, lexicon = node.of, reader.lexicon
    if not isinstance(f, Name) or f.base not in lexicon.functions or lexicon.named(f.base):
        return None
    by, row = reader.read(node.by), lexicon.functions[f.base]
    if by.is_vector:
        u = _shown(by.expr)
        raise ReadingError(f"∂{f.base}/∂{u} may be {f.base}'({u}) or a matrix of it", node.start)
    family = family_of(by.expr)
    for e in getattr(lexicon.system, "equations", ()):
        for n, _ in walk(e.rhs):
            if isinstance(n, Elementwise) and n.row == row and family_of(n.args[0]) == family:
                return replace(by, expr=derivative_of(row(by.expr)), chain=None)
    raise ReadingError(f"by the equations given nothing is {f.base} of {_shown(by.expr)}", f.start)


def differential(reader: Elaborator, node: Differential) -> Typed:
    """du and ∇u: the derivative of the loss by u, or what they are defined as."""
    named = reader.lexicon.derivatives.get(("d", form(node.by)))
    if named is not None and form(named) != form(node):
        return reader.read(named)
    if isinstance(node.by, Call) and node.nabla:
        return _gradient_of(reader, node.by)
    by = reader.read(node.by)
    loss = _loss_for(reader, by)
    if node.nabla and by.expr == loss.expr:
        return _of_the_loss(reader, loss, node)
    return replace(_differentiated(reader, loss, by, node.by.start), loose=False)


def _gradient_of(reader: Elaborator, node: Call) -> Typed:
    """∇f(u): the gradient of a number f by u."""
    name = text_of_name(node.function)
    if len(node.arguments) != 1:
        raise ReadingError(
            f"the gradient by which of the {len(node.arguments)} arguments? write \\nabla_u {name}",
            node.start,
        )
    of, by = reader.read(node.function), reader.read(node.arguments[0])
    if not of.is_scalar:
        raise ReadingError(f"\\nabla {name} is the gradient of what is no number", node.start)
    return replace(_differentiated(reader, of, by, node.arguments[0].start), loose=False)


def _of_the_loss(reader: Elaborator, loss: Typed, node: Differential) -> Typed:
    """∇C: the gradient by the one parameter there is."""
    lexicon = reader.lexicon
    parameters = {v.name for v in lexicon.system.with_role(Role.PARAMETER)}
    word = next((w for w in lexicon.words if w.family in parameters and not w.fixed), None)
    if len(parameters) != 1 or word is None:
        raise ReadingError("the gradient of the loss by what? write \\nabla_u", node.start)
    by = reader.read(Name(node.by.start, node.by.end, word.base))
    return replace(_differentiated(reader, loss, by, node.by.start), loose=False)


def _differentiated(reader: Elaborator, of: Typed, by: Typed, place: int) -> Typed:
    """The derivative with the axes of f, then those of u."""
    family = family_of(by.expr)
    if family is None or family not in reader.lexicon.system.by_name:
        raise ReadingError("a derivative by what is no quantity of the network", place)
    if not reader.lexicon.depends(of.expr, str(family)) and not reader.scope.zeros:
        f, u = _shown(of.expr), _shown(by.expr)
        raise ReadingError(f"by the equations given {f} does not depend on {u}", place)
    clash = {a.symbol for a in of.axes} & {a.symbol for a in by.axes}
    by = by.renamed({s: reader.copied(s) for s in clash})
    if of.cube:
        raise ReadingError("a derivative of a derivative by a matrix", place)
    chain = Chain(of.expr, of.axes, by.expr, by.axes)
    result = laid_out(Total(of.expr, by.expr), chain)
    if not of.axes and len(by.axes) == 1 and by.row is None:
        result = replace(result, row=None, col=by.col, firm=by.firm)
    return result


def _loss_for(reader: Elaborator, by: Typed) -> Typed:
    """The loss that dW and ∇W speak of; for what belongs to one sample, that sample's own."""
    lexicon, kinds = reader.lexicon, reader.scope.kinds
    samples = [s for s in by.expr.free_symbols if kinds.get(s) is Kind.SAMPLE]
    if samples and lexicon.sample_loss:
        return Typed(lexicon.system[lexicon.sample_loss][samples[0]])
    if not lexicon.loss:
        raise ReadingError("no loss is known")
    return Typed(lexicon.system[lexicon.loss].atom)


def _shown(e: Expr) -> str:
    return str(e).replace("#", "").replace("·", "")


def primed(reader: Elaborator, inner: Typed, node: Bracket) -> Typed:
    """(x)': the derivative, entry by entry, by the one quantity that stands in the brackets.

    Raises `ReadingError` where several do, where that one is itself a function of another, and
    where the prime may as well be a transpose.
    """
    known = reader.lexicon.system.by_name
    written = {n for n, _ in walk(inner.expr) if str(family_of(n)) in known}
    entries = sorted((e for e in written if not _is_constant(reader, e)), key=str)
    if len(entries) != 1 or node.primes > 1 or inner.cube or inner.expr.has(Sum, Total):
        by = " or ".join(_shown(e) for e in entries) or "nothing"
        raise ReadingError(f"a prime behind brackets is a derivative by what? ({by})", node.end)
    (entry,) = entries
    source = _function_of(reader, str(family_of(entry)))
    if source:
        by = f"{_shown(entry)} or {source}"
        raise ReadingError(f"a prime behind brackets is a derivative by what? ({by})", node.end)
    calls = {n.function.base for n in tree(node.inner) if isinstance(n, Call)}
    if inner.expr.diff(entry).is_number or (inner.axes and calls != {"exp"}):
        raise ReadingError("a prime behind brackets may be a transpose or a derivative", node.end)
    return replace(inner, expr=Total(inner.expr, entry), chain=None, constant=False)


def _is_constant(reader: Elaborator, e: Expr) -> bool:
    role = reader.lexicon.system[str(family_of(e))].role
    return role in (Role.HYPERPARAMETER, Role.SIZE)


def _function_of(reader: Elaborator, family: str) -> str:
    """The one quantity of which a family is a function: z for a = σ(z); "" if there is none."""
    for e in getattr(reader.lexicon.system, "equations", ()):
        if e.family == family:
            used = {str(family_of(n)) for n, _ in walk(e.rhs) if family_of(n) is not None}
            return used.pop() if len(used) == 1 else ""
    return ""
