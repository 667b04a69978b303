"""Conventions of writing networks: one table each, used for writing and for reading."""

from symbp.errors import unknown
from symbp.notation.bold import BOLD
from symbp.notation.chain import CHAIN
from symbp.notation.convention import Notation, Style
from symbp.notation.edge import EDGE
from symbp.notation.ng import NG
from symbp.notation.pinard import PINARD
from symbp.notation.standard import STANDARD

__all__ = ["NOTATIONS", "Notation", "Style", "lookup"]

NOTATIONS = {n.name: n for n in (BOLD, EDGE, NG, PINARD, CHAIN, STANDARD)}


def lookup(name: str) -> Notation:
    """The notation called `name`."""
    if name not in NOTATIONS:
        raise unknown("notation", name, list(NOTATIONS))
    return NOTATIONS[name]
