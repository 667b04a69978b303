"""Andrew Ng's course on machine learning: Θ^{(l)} maps layer l to layer l + 1."""

from symbp.notation.convention import Notation, Style

NG = Notation(
    name="ng",
    title={
        "en": "Andrew Ng's machine learning course: Theta, layers from 1, bias unit 0",
        "zh": "吴恩达机器学习课程：Theta，层号从 1 开始，偏置单元下标为 0",
    },
    source="Andrew Ng, Machine Learning (Coursera), week 5",
    styles={
        "w": Style(r"\Theta", r"\Theta"),
        "b": Style(r"\Theta", r"\Theta", subscript="0"),
        "z": Style("z", "z", "Z", layer=1),
        "a": Style("a", "a", "A", layer=1),
        "x": Style("x", "x", "X"),
        "y": Style("y", "y", "Y"),
        "C": Style("J"),
        "n": Style("s", layer=1),
    },
    layer_mark="({})",
    depth_shift=1,
    hadamard=".*",
    activation="g",
    rate=r"\alpha",
    parameters=r"\Theta",
    remarks={
        "en": r"The column j = 0 of $\Theta^{(l)}$ multiplies the bias unit $a_0^{(l)} = 1$; "
        r"it is written apart as $\Theta_0^{(l)}$, and $\Theta^{(l)}$ is the rest.",
        "zh": r"$\Theta^{(l)}$ 的第 0 列与偏置单元 $a_0^{(l)} = 1$ 相乘；"
        r"这里单独写作 $\Theta_0^{(l)}$，$\Theta^{(l)}$ 指其余各列。",
    },
)
