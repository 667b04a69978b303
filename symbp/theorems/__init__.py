"""Gradients as theorems: statements about backpropagation, derived and proved.

>>> [t.name for t in theorems()]
['linear-layers', 'equal-weights', 'depth', 'outputs', 'batch-normalisation']
"""

from __future__ import annotations

from functools import lru_cache

from symbp.theorems import batch_normalisation, depth, equal_weights, linear_layers, outputs
from symbp.theorems.page import file_name, index, page
from symbp.theorems.theorem import Claim, Part, Theorem, unproved

__all__ = ["Claim", "Part", "Theorem", "file_name", "index", "page", "theorems", "unproved"]


@lru_cache(maxsize=1)
def theorems() -> tuple[Theorem, ...]:
    """All theorems."""
    modules = (linear_layers, equal_weights, depth, outputs, batch_normalisation)
    return tuple(module.theorem() for module in modules)
