"""Gradients as theorems: statements about backpropagation, derived and proved.

>>> [t.name for t in theorems()]
['outputs', 'batch-normalisation']
"""

from __future__ import annotations

from functools import lru_cache

from symbp.theorems import batch_normalisation, outputs
from symbp.theorems.page import file_name, index, page
from symbp.theorems.theorem import Claim, Part, Theorem, unproved

__all__ = ["Claim", "Part", "Theorem", "file_name", "index", "page", "theorems", "unproved"]


@lru_cache(maxsize=1)
def theorems() -> tuple[Theorem, ...]:
    """All theorems."""
    return outputs.theorem(), batch_normalisation.theorem()
