"""The table of likely mistakes: a name, what it says, and what may be right if it is the one.

To add a mistake, add a row, and to `tests/test_diagnosis.py` a formula that it mends. Rows
are tried from the top; the simple and likely ones, and those with few candidates, stand first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from symbp.judge.diagnosis import factors, functions, indices, layout, rotations, signs, totals
from symbp.judge.diagnosis.work import Work


@dataclass(frozen=True)
class Row:
    """A mistake and the texts of members that may be right without it."""

    name: str
    says: str
    candidates: Callable[[Work], Iterator[str]]
    mends_shapes: bool = True
    """Whether it may make parts fit together that did not."""
    of_left: bool = False
    """Whether the candidates are left sides."""


TABLE = (
    Row("sign", "a sign is wrong", signs.signs, mends_shapes=False),
    Row(
        "function for its derivative", "f for f', or f' for f", functions.primes, mends_shapes=False
    ),
    Row("parentheses", "brackets are lost or too many", signs.brackets),
    Row("extra term", "a term does not belong here", factors.extra_terms),
    Row("extra derivative", "the factor f'(z) does not belong here", functions.extra),
    Row("extra factor", "a factor does not belong here", factors.extra),
    Row("argument of derivative", "f' is taken at another quantity", functions.arguments),
    Row("wrong layer", "a quantity of another layer is needed", indices.layers),
    Row("wrong time", "a quantity of another time is needed", indices.times),
    Row("swapped indices", "two indices must change places", indices.swapped),
    Row("transpose", "a transpose is missing or too many", layout.transposes),
    Row("factor", "a constant factor is missing or too many", signs.constants, mends_shapes=False),
    Row("wrong index", "an index is another one, missing or too many", indices.others),
    Row("missing sum", "a sum over an index is missing", totals.missing),
    Row("extra sum", "nothing is summed here", totals.extra),
    Row("power", "a square is missing or too many", signs.powers, mends_shapes=False),
    Row("missing derivative", "a factor f'(z) is missing", functions.missing),
    Row("rotation", "a kernel is turned by 180°, or is not", rotations.rotations),
    Row("order of factors", "the factors stand in the wrong order", layout.orders),
    Row("product kind", "the product is another one", layout.kinds),
    Row("wrong operand", "a quantity stands for another", factors.operands),
    Row("missing factor", "a factor is missing", factors.missing),
    Row("missing term", "a term is missing", factors.missing_terms),
    Row("left side", "it belongs to another left side", totals.left_sides, of_left=True),
)
