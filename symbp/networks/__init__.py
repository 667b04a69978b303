"""The networks of the field: one file per family, its forward equations and nothing else.

    networks.lstm()                    its System, sizes as symbols
    networks.lookup("lstm")(T=8)       the same by name, with a size

`CATALOG` lists them all.
"""

from symbp.networks.catalog import CATALOG, FAMILIES, lookup
from symbp.networks.entry import Entry
from symbp.networks.mlp import mlp
from symbp.networks.recurrent import elman, lstm

__all__ = ["CATALOG", "FAMILIES", "Entry", "elman", "lookup", "lstm", "mlp"]
