"""Notation: how one author writes a network. One table, for writing and for reading.

The equations of a System number layers from 0 (the input) to L, index weights by (layer, to,
from), and know nothing of letters. A Notation says what becomes of that on paper.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from symbp.forms.layout import Layout


@dataclass(frozen=True)
class Style:
    """How one family is written.

    `entry` is one number of it (w in w_{jk}), `whole` the vector or matrix of all, `batch` the
    matrix whose other axis is the sample. `layer` is added to the layer of the equations.
    `first` and `last` name the family at the input and at the last layer (x, ŷ).
    """

    entry: str
    whole: str = ""
    batch: str = ""
    layer: int = 0
    first: str = ""
    last: str = ""
    subscript: str = ""
    """A fixed further subscript: the 0 of Θ_{j0}."""
    label: str = ""
    """A subscript before the indices: the i of W_{i,jk}."""
    mark: str = ""
    """A superscript before the layer: the * of V^*."""

    def symbol(self, whole: bool, batch: bool) -> str:
        """The letter for an entry, a vector or matrix, or a batch."""
        if batch:
            return self.batch or self.whole or self.entry
        return (self.whole or self.entry) if whole else self.entry


@dataclass(frozen=True)
class Notation:
    """One convention of writing networks and gradients."""

    name: str
    title: Mapping[str, str]
    """What it is, by language."""
    source: str
    styles: Mapping[str, Style]
    layer_mark: str = "{}"
    """The layer as a superscript: "{}", "({})" or "[{}]"."""
    layer_letter: str = "l"
    depth: str = "L"
    """The number of the last layer."""
    depth_shift: int = 0
    """The number of the last layer less the number of layers with weights."""
    sample_mark: str = "({})"
    sample_first: bool = True
    """Whether the sample stands before the layer where both are superscripts."""
    superscript_separator: str = ""
    capitals: bool = False
    """Whether a matrix has the capital of a letter that is small, and a vector the small one."""
    weights: Literal["to-from", "from-to"] = "to-from"
    transpose: str = "T"
    hadamard: str = r"\odot"
    prime: str = "'"
    """After the name of a function: its derivative. "leibniz" writes ∂f/∂z."""
    activation: str = r"\sigma"
    """The activation, where it is the sigmoid or not specified."""
    delta: str = r"\delta"
    """∂C/∂z as an entry; "" where the author has no name for it."""
    delta_whole: str = ""
    delta_batch: str = r"\Delta"
    rate: str = r"\eta"
    assign: str = ":="
    parameters: str = "W, b"
    """The arguments of the loss."""
    layout: Layout = field(default_factory=Layout)
    remarks: Mapping[str, str] = field(default_factory=dict)
    """What a reader must know, by language."""
