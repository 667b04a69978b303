"""The letters of the equations themselves, as papers write them: h_t, W_f, a loss in script."""

from symbp.forms.layout import Layout
from symbp.notation.convention import Notation, Style

STANDARD = Notation(
    name="standard",
    title={
        "en": "the letters of the equations; time and place as subscripts, layers in parentheses",
        "zh": "沿用方程中的字母；时间与位置写作下标，层号写在括号内",
    },
    source="the common ground of papers and textbooks; Goodfellow, Bengio & Courville (2016)",
    styles={
        "C": Style(r"\mathcal{L}"),
        "w": Style("w", "W"),
        "x": Style("x", "x", "X"),
        "h": Style("h", "h", "H"),
        "z": Style("z", "z", "Z"),
        "a": Style("a", "a", "A"),
        "y": Style("y", "y", "Y"),
    },
    capitals=True,
    layer_mark="({})",
    sample_mark="({})",
    delta="",
    assign=r"\leftarrow",
    layout=Layout(samples="rows"),
)
