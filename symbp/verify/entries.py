"""The verdict for every entry of a block, from a candidate and a witness's slopes.

Guarantees. g is accepted against e ± error where |g − e| ≤ error + rounding·max(|g|, |e|) +
64·spread: `rounding` is eps^(2/3) of the candidate's floats (4e-11 for float64), `spread` how far
the rounding of single operations moves this entry, measured (see `numbers.rounding`). So an entry
that is small because it is small must agree in ten digits, and one that is small because large
terms cancel in it must agree as far as their rounding allows.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from symbp.numbers.entrywise import Slopes
from symbp.verify.report import Finding, Verdict

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
SHARP = 1e-7  #: an error below this part of the value tells
SPREADS = 64.0
ZERO = 1e-250  #: a difference below this is none


@dataclass(frozen=True)
class Comparison:
    """A candidate's block g against a witness's e ± error.

    >>> e = Slopes(np.array([1.0, 1.0]), np.array([1e-15, 0.1]), np.array([False, False]))
    >>> print(*Comparison(np.array([1.1, 1.01]), e, 1e-11, np.zeros(2)).kinds)
    mismatch unresolved
    """

    g: Floats
    slopes: Slopes
    rounding: float
    spread: Floats

    @cached_property
    def kinds(self) -> NDArray[np.str_]:
        """agree, mismatch, kink or unresolved, entry by entry."""
        e, error, kink = self.slopes.value, self.slopes.error, self.slopes.kink
        slack = SPREADS * self.spread
        with np.errstate(invalid="ignore"):
            size = np.maximum(np.abs(self.g), np.abs(e))
            within = np.abs(self.g - e) <= error + self.rounding * size + slack + ZERO
            sharp = error <= np.maximum(SHARP * np.abs(e), slack) + ZERO
        seen = np.isfinite(error) & np.isfinite(e)
        return np.select(
            [seen & ~np.isfinite(self.g), seen & kink & within, seen & kink, seen & ~within,
             seen & sharp],
            ["mismatch", "kink", "unresolved", "mismatch", "agree"],
            default="unresolved",
        )  # fmt: skip

    @cached_property
    def off(self) -> Floats:
        """|g − e| / (max(|g|, |e|) + 64·spread/rounding): what is compared with `rounding`."""
        e = self.slopes.value
        with np.errstate(invalid="ignore", divide="ignore"):
            size = np.maximum(np.abs(self.g), np.abs(e)) + SPREADS * self.spread / self.rounding
            ratio = np.where(size > 0, np.abs(self.g - e) / size, 0.0)
        return np.nan_to_num(ratio, nan=np.inf)

    @property
    def doubtful(self) -> Mask:
        """The entries that do not agree."""
        return np.asarray(self.kinds != "agree")

    def worst(self, among: Mask, count: int) -> Mask:
        """Of some entries the `count` with the largest error."""
        off = np.where(among, self.off, -1.0).reshape(-1)
        chosen = np.zeros(off.size, bool)
        chosen[np.argsort(-off)[:count]] = True
        return chosen.reshape(among.shape) & among

    def with_slopes(self, other: Slopes, chosen: Mask) -> Comparison:
        """The chosen entries against other slopes."""
        return replace(self, slopes=merged(self.slopes, other, chosen))

    def finding(self, witness: str) -> Finding:
        """The worst verdict, and of its entries the one with the largest error, from 0."""
        order: tuple[Verdict, ...] = ("mismatch", "unresolved", "kink", "agree")
        verdict: Verdict = next((v for v in order if (self.kinds == v).any()), "unresolved")
        mine = np.asarray(self.kinds == verdict)
        if not mine.any():
            return Finding(witness, verdict)
        at = np.unravel_index(int(np.where(mine, self.off, -1.0).argmax()), mine.shape)
        return Finding(
            witness,
            verdict,
            error=float(self.off[at]),
            index=tuple(int(i) for i in at),
            candidate=float(self.g[at]),
            expected=float(self.slopes.value[at]),
            count=int(mine.sum()),
        )


def merged(old: Slopes, new: Slopes, chosen: Mask) -> Slopes:
    """`old`, but the chosen entries from `new`."""
    parts = ((new.value, old.value), (new.error, old.error), (new.kink, old.kink))
    return Slopes(*(np.where(chosen, a, b) for a, b in parts))
