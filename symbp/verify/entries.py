"""The verdict for every entry of a block, from a candidate and a witness's slopes.

Guarantees. g is accepted against e ± error where |g − e| ≤ error + rounding·max(|g|, |e|) +
64·spread: `rounding` is eps^(2/3) of the candidate's floats (4e-11 for float64), `spread` how far
the rounding of single operations moves this entry, measured (see `numbers.rounding`). So an entry
that is small because it is small must agree in ten digits, and one that is small because large
terms cancel in it must agree as far as their rounding allows.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from symbp.numbers.entrywise import Slopes
from symbp.numbers.rounding import UNIT
from symbp.verify.report import Finding, Verdict

Floats = NDArray[np.float64]
SHARP = 1e-7  #: an error below this part of the value tells
SPREADS = 64.0
ZERO = 1e-250  #: a difference below this is none


def kinds(g: Floats, slopes: Slopes, rounding: float, spread: Floats) -> NDArray[np.str_]:
    """agree, mismatch, kink or unresolved, entry by entry.

    >>> e = Slopes(np.array([1.0, 1.0]), np.array([1e-15, 0.1]), np.array([False, False]))
    >>> print(*kinds(np.array([1.1, 1.01]), e, 1e-11, np.zeros(2)))
    mismatch unresolved
    """
    e = slopes.value
    with np.errstate(invalid="ignore"):
        size = np.maximum(np.abs(g), np.abs(e))
        within = np.abs(g - e) <= slopes.error + rounding * size + SPREADS * spread + ZERO
        sharp = slopes.error <= np.maximum(SHARP * np.abs(e), SPREADS * spread) + ZERO
    seen = np.isfinite(slopes.error) & np.isfinite(e)
    return np.select(
        [seen & ~np.isfinite(g), seen & slopes.kink & within, seen & slopes.kink,
         seen & ~within, seen & sharp],
        ["mismatch", "kink", "unresolved", "mismatch", "agree"],
        default="unresolved",
    )  # fmt: skip


def relative(g: Floats, e: Floats, spread: Floats) -> Floats:
    """|g − e| / max(|g|, |e|, spread/unit): the last is the size of the terms that cancel."""
    with np.errstate(invalid="ignore", divide="ignore"):
        size = np.maximum(np.maximum(np.abs(g), np.abs(e)), spread / UNIT)
        ratio = np.where(size > 0, np.abs(g - e) / size, 0.0)
    return np.nan_to_num(ratio, nan=np.inf)


def finding(
    witness: str, g: Floats, slopes: Slopes, found: NDArray[np.str_], spread: Floats
) -> Finding:
    """The worst verdict of a block, and of its entries the one with the largest error.

    The index counts from 0 within the block.
    """
    order: tuple[Verdict, ...] = ("mismatch", "unresolved", "kink", "agree")
    verdict: Verdict = next((v for v in order if (found == v).any()), "agree")
    off = relative(g, slopes.value, spread)
    off = np.where(found == verdict, off, -1.0)
    if not off.size:
        return Finding(witness, "unresolved")
    at = np.unravel_index(int(off.argmax()), off.shape)
    return Finding(
        witness,
        verdict,
        error=float(off[at]),
        index=tuple(int(i) for i in at),
        candidate=float(g[at]),
        expected=float(slopes.value[at]),
        count=int((found == verdict).sum()),
    )
