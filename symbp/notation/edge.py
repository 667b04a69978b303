"""Weights on edges: w_{ij} leads from unit i to unit j; the target is y', the prediction ŷ."""

from symbp.forms.layout import Layout
from symbp.notation.convention import Notation, Style

EDGE = Notation(
    name="edge",
    title={
        "en": "weights on edges from i to j, target y', loss L",
        "zh": "边上的权重 w_ij 从 i 到 j，目标值 y'，损失 L",
    },
    source="graph-minded posts; a prime marks the target, so f' is written ∂f/∂z",
    styles={
        "w": Style("w", "W"),
        "b": Style("b", "b"),
        "z": Style("z", "z", "Z"),
        "a": Style("h", "h", "H", first="x", last=r"\hat y"),
        "x": Style("x", "x", "X"),
        "y": Style("y'", "y'", "Y'"),
        "C": Style("L"),
    },
    layer_mark="({})",
    depth="N",
    weights="from-to",
    prime="leibniz",
    activation="f",
    delta="",
    rate=r"\eta",
    assign=r"\leftarrow",
    parameters="W, b",
    layout=Layout("column", "columns", "from-to"),
    remarks={
        "en": "y' is the target, not a derivative; w_{ij} leads from unit i to unit j.",
        "zh": "y' 是目标值，不是导数；w_{ij} 从第 i 个单元指向第 j 个单元。",
    },
)
