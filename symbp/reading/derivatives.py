"""Derivatives as written: ∂f/∂u, and du and ∇u for what the loss is differentiated by."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sympy import Expr

from symbp.errors import ReadingError
from symbp.reading.products import laid_out
from symbp.reading.syntax import Derivative, Differential, form
from symbp.reading.typed import Chain, Total, Typed
from symbp.system import Kind
from symbp.system.equation import family_of

if TYPE_CHECKING:
    from symbp.reading.elaborate import Elaborator


def derivative(reader: Elaborator, node: Derivative) -> Typed:
    """∂f/∂u."""
    if node.of is None:
        raise ReadingError("a derivative of nothing: what stands behind ∂/∂ is missing")
    named = reader.lexicon.derivatives.get((form(node.of), form(node.by)))
    if named is not None:
        return reader.read(named)
    of, by = reader.read(node.of), reader.read(node.by)
    return _differentiated(reader, of, by, node.by.start)


def differential(reader: Elaborator, node: Differential) -> Typed:
    """du and ∇u: the derivative of the loss by u, or what they are defined as."""
    named = reader.lexicon.derivatives.get(("d", form(node.by)))
    if named is not None and form(named) != form(node):
        return reader.read(named)
    by = reader.read(node.by)
    found = _differentiated(reader, _loss_for(reader, by), by, node.by.start)
    return replace(found, loose=False)


def _differentiated(reader: Elaborator, of: Typed, by: Typed, place: int) -> Typed:
    """The derivative with the axes of f, then those of u."""
    family = family_of(by.expr)
    if family is None or family not in reader.lexicon.system.by_name:
        raise ReadingError("a derivative by what is no quantity of the network", place)
    if not reader.lexicon.depends(of.expr, str(family)):
        f, u = _shown(of.expr), _shown(by.expr)
        raise ReadingError(f"by the equations given {f} does not depend on {u}", place)
    clash = {a.symbol for a in of.axes} & {a.symbol for a in by.axes}
    by = by.renamed({s: reader.copied(s) for s in clash})
    if of.cube:
        raise ReadingError("a derivative of a derivative by a matrix", place)
    chain = Chain(of.expr, of.axes, by.expr, by.axes)
    result = laid_out(Total(of.expr, by.expr), chain)
    if not of.axes and len(by.axes) == 1 and by.row is None:
        result = replace(result, row=None, col=by.col)
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
    return str(e).replace("#", "")
