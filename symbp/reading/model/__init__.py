r"""A System from equations as they are written: z^l = W^l a^{l-1} + b^l, a^l = \sigma(z^l), ...

First the families and their indices are told apart, then their ranks, then the sizes that the
equations make equal; with these the same elaborator that reads claims reads the equations.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from symbp.reading.declared import Declared
from symbp.reading.lexicon import Lexicon
from symbp.reading.model.build import Builder
from symbp.reading.model.quantities import counted_units
from symbp.reading.typed import ShapeError
from symbp.system import System

__all__ = ["counted_units", "read_model", "read_models", "read_system"]


def read_system(text: str, **options: object) -> System:
    r"""The System that equations in LaTeX describe; they are parted by semicolons or lines.

    >>> net = read_system(r"a^0 = x; z^l = W^l a^{l-1} + b^l; a^l = \sigma(z^l); "
    ...                   r"C = \frac{1}{2} \|a^L - y\|^2")
    >>> net.loss
    'C'
    """
    lines = tuple(p.strip() for p in text.replace("\n", ";").split(";") if p.strip())
    return read_model(Declared(equations=lines, **options)).system  # type: ignore[arg-type]


def read_models(given: Declared, evidence: Mapping[str, int] | None = None) -> list[Lexicon]:
    """As `read_model`; two where nothing says if z^l = w^l a^{l-1} is about numbers or arrays."""
    first = Builder(given, evidence or {})
    if not first.quantities.open_ranks:
        lexicon = first.lexicon()
        return [replace(lexicon, in_rows=_in_rows(given, evidence or {}))]
    numbers = Builder(replace(given, shapes={**given.shapes, "all": ("1",)}), {})
    try:
        return [first.lexicon(), numbers.lexicon()]
    except ShapeError:
        return [numbers.lexicon()]


def read_model(given: Declared, evidence: Mapping[str, int] | None = None) -> Lexicon:
    """The System of the equations and the lexicon of its names.

    Raises `DefinitionError` where the equations define no system, `ReadingError` where one of them
    cannot be read; both name the equation. `evidence` says how many unit indices some names have
    elsewhere in the text (`counted_units`).
    """
    return Builder(given, evidence or {}).lexicon()


def _in_rows(given: Declared, evidence: Mapping[str, int]) -> Lexicon | None:
    """The lexicon with vectors as rows; None where the equations or the shapes rule it out."""
    builder = Builder(given, evidence)
    if not builder.quantities.turn_vectors():
        return None
    try:
        return builder.lexicon()
    except ShapeError:
        return None
