"""How an author lays out vectors, samples and weights: which index runs down the rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from symbp.forms.matrix_expr import Axis
from symbp.system.equation import Kind

#: All kinds but the layer, of which each has its own vectors and matrices.
DENSE = frozenset(Kind) - {Kind.LAYER}
FEATURES = frozenset({Kind.UNIT, Kind.CHANNEL})


@dataclass(frozen=True)
class Layout:
    """Which index is the row and which the column.

        Layout()                               z = W a + b       Z = W A + b 1ᵀ    A: n × m
        Layout("row", "rows", "from-to")       z = a W + b       Z = A W + 1 b     A: m × n
        Layout("column", "rows", "to-from")    z = W a + b       Z = A Wᵀ + 1 bᵀ   A: m × n

    A weight has its first unit index as "to" and its second as "from". `axes` are the kinds of
    index that may make rows and columns; which of them do is said in `axis_slots`. Times and
    places are laid out as samples are.
    """

    vectors: Literal["column", "row"] = "column"
    samples: Literal["columns", "rows"] = "columns"
    weights: Literal["to-from", "from-to"] = "to-from"
    axes: frozenset[Kind] = DENSE

    def upright(self, axis: Axis) -> bool:
        """Whether a vector along this one axis stands as a column."""
        if axis.kind in FEATURES:
            return self.vectors == "column"
        return self.samples == "rows"

    def ordered(self, a: Axis, b: Axis, weight: bool = False) -> tuple[Axis, Axis]:
        """(row, column) of a matrix whose slots are a, b in this order."""
        if (a.kind in FEATURES) == (b.kind in FEATURES):
            return (b, a) if weight and self.weights == "from-to" else (a, b)
        feature, sample = (a, b) if a.kind in FEATURES else (b, a)
        return (feature, sample) if self.samples == "columns" else (sample, feature)


COLUMN = Layout()
ROW = Layout("row", "rows", "from-to")
