"""The networks of the field: one file per family, its forward equations and nothing else.

    networks.lookup("lstm")()          its System, sizes as symbols
    networks.lookup("lstm")(T=8)       the same with a size

`CATALOG` has them all by name; `mlp` makes any fully connected one.
"""

from symbp.networks.catalog import CATALOG, FAMILIES, lookup
from symbp.networks.entry import Entry
from symbp.networks.mlp import mlp

__all__ = ["CATALOG", "FAMILIES", "Entry", "lookup", "mlp"]
