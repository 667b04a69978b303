r"""A System from equations as they are written: z^l = W^l a^{l-1} + b^l, a^l = \sigma(z^l), ...

First the families and their indices are told apart, then their ranks, then the sizes that the
equations make equal; with these the same elaborator that reads claims reads the equations.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from contextlib import suppress
from dataclasses import replace

from symbp.errors import DefinitionError, ReadingError
from symbp.reading.declared import Declared, declared
from symbp.reading.lexicon import Lexicon
from symbp.reading.model.build import Builder
from symbp.reading.model.letters import check_names, counted_units, equation_lines
from symbp.reading.model.misread import check_entries
from symbp.reading.model.quantities import NUMBERS
from symbp.reading.model.ranks import BIASES
from symbp.reading.model.tidy import tidy
from symbp.reading.model.words import written_letters
from symbp.reading.typed import ShapeError
from symbp.system import Kind, System

__all__ = ["counted_units", "read_model", "read_models", "read_system", "system_of"]


def read_system(text: str, **options: object) -> System:
    r"""The System that equations in LaTeX describe; they are parted by semicolons or lines.

    They may stand in an environment such as aligned.
    `options` are the words of a declaration: functions=r"\sigma sigmoid", shapes="X n x d". It has
    the sizes and constants that its equations need; \lambda, \epsilon and the letters of
    `constants` are hyperparameters, which no gradient is taken by.

    >>> net = read_system(r"a^0 = x; z^l = W^l a^{l-1} + b^l; a^l = \sigma(z^l); "
    ...                   r"C = \frac{1}{2} \|a^L - y\|^2")
    >>> net.loss
    'C'
    >>> [v.name for v in net.variables]
    ['n', 'L', 'a', 'x', 'z', 'W', 'b', 'C', 'y']
    """
    lines = tuple(equation_lines(text))
    words = {k: [v] for k, v in options.items() if isinstance(v, str)}
    rest = {k: v for k, v in options.items() if k not in words}
    return system_of(replace(declared(words), equations=lines, **rest))  # type: ignore[arg-type]


def system_of(given: Declared) -> System:
    """The System that a declaration's equations describe, with plain names."""
    builder = Builder(given, {}, data=True)
    check_names(builder.quantities.families.values(), builder.source.named_marks())
    q = builder.quantities
    defined = {str(q.key(e.left, q.families)) for e in builder.source.equations}
    check_entries(q.families.values(), q.ranks, defined, builder.source.named_marks())
    constants = {*given.constants, *NUMBERS, *builder.source.rooted}
    sizes = {x for shape in given.shapes.values() for x in shape}
    lexicon = builder.lexicon()
    name, total, _ = lexicon.loss.partition("·total")
    if total and any(s.kind is not Kind.SAMPLE for s in lexicon.system[name].slots):
        raise DefinitionError(
            f"no equation defines a loss: {name} has several values; say how they become one "
            rf"number, as in C = \frac{{1}}{{2}} \|{name} - y\|^2"
        )
    for b in sorted(lexicon.open_biases & BIASES):
        raise ReadingError(
            rf"{b} is added to a matrix: is it one column for all (write {b} \mathbf{{1}}^T), "
            f"or a matrix of its own (shapes: {b} n x m)?"
        )
    return tidy(lexicon, constants, sizes, written_letters(builder.quantities))


def read_models(given: Declared, evidence: Mapping[str, int] | None = None) -> list[Lexicon]:
    """As `read_model`; two where z^l = w^l a^{l-1} may be about numbers or arrays.

    Two as well where * stands between arrays of unlike shapes: a kernel may slide turned or not.
    """
    first = Builder(given, evidence or {})
    if first.quantities.open_signs:
        return [_with_signs(given, first.quantities.open_signs, k, evidence) for k in CONVOLUTIONS]
    if not first.quantities.open_ranks:
        lexicon = first.lexicon()
        return [replace(lexicon, unsaid=tuple(_unsaid(given, evidence or {})))]
    numbers = Builder(replace(given, shapes={**given.shapes, "all": ("1",)}), {})
    try:
        return [first.lexicon(), numbers.lexicon()]
    except ShapeError:
        return [numbers.lexicon()]


#: What a sign that slides a kernel over an image may mean.
CONVOLUTIONS = ("cross-correlation", "convolution")


def _with_signs(
    given: Declared, signs: Set[str], kind: str, evidence: Mapping[str, int] | None
) -> Lexicon:
    """The lexicon where some signs are convolutions of one kind."""
    more = dict.fromkeys(sorted(signs), kind)
    lexicon = read_model(replace(given, functions={**given.functions, **more}), evidence)
    return replace(lexicon, reading=f"{' and '.join(more)} as {kind}")


def read_model(given: Declared, evidence: Mapping[str, int] | None = None) -> Lexicon:
    """The System of the equations and the lexicon of its names.

    Raises `DefinitionError` where the equations define no system, `ReadingError` where one of them
    cannot be read; both name the equation. `evidence` says how many unit indices some names have
    elsewhere in the text (`counted_units`).
    """
    return Builder(given, evidence or {}).lexicon()


VECTORS = (
    "it holds where vectors are rows, and nothing says whether they are; "
    "`shapes: x row n` or `shapes: x n` in a declaration does"
)
SAMPLES = (
    "it holds where each sample is a row, and nothing says whether it is; "
    "`layout: rows` or `layout: columns` in a declaration does"
)


def _unsaid(given: Declared, evidence: Mapping[str, int]) -> Iterator[tuple[str, Lexicon]]:
    """The layouts that neither the equations nor the declaration rule out."""
    builder = Builder(given, evidence)
    with suppress(ShapeError):
        if builder.quantities.turn_vectors():
            yield VECTORS, builder.lexicon()
    with suppress(ShapeError):
        if given.batch and not given.layout:
            yield SAMPLES, Builder(replace(given, layout="rows"), evidence).lexicon()
