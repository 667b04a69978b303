"""The fully connected network in the catalogue; `mlp` has its equations."""

from symbp.networks.entry import Entry
from symbp.networks.mlp import mlp

ENTRIES = (
    Entry(
        "mlp",
        "dense",
        {"en": "a fully connected network", "zh": "全连接网络"},
        mlp,
        sizes={"L": 2, "n": (3, 4, 2)},
        notation="pinard",
        source="Rumelhart, Hinton & Williams (1986)",
    ),
)
