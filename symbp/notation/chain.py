"""One superscript for the layer; w^n leads from layer n to layer n + 1; no name for ∂C/∂z."""

from symbp.forms.layout import Layout
from symbp.notation.convention import Notation, Style

CHAIN = Notation(
    name="chain",
    title={
        "en": "one superscript: w^n from layer n to n + 1, output o, chain rule without delta",
        "zh": "单一上标：w^n 从第 n 层到第 n + 1 层，输出 o，链式法则，不用 delta",
    },
    source="towardsdatascience.com 2b8631c0683d, Backpropagation super simplified",
    styles={
        "w": Style("w"),
        "b": Style("b"),
        "z": Style("z", layer=1),
        "a": Style("a", layer=1, last="o"),
        "x": Style("x"),
        "y": Style("y"),
        "C": Style("C"),
        "n": Style("d", layer=1),
    },
    layer_letter="n",
    depth="N",
    depth_shift=1,
    sample_mark="({})",
    sample_first=False,
    weights="from-to",
    activation="f",
    delta="",
    rate=r"\epsilon",
    parameters="o, y",
    layout=Layout("column", "columns", "from-to"),
)
