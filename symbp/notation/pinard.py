"""Liu Jianping (Pinard): layers from 1, W^l leads into layer l, δ^l, ⊙, column vectors."""

from symbp.notation.convention import Notation, Style

PINARD = Notation(
    name="pinard",
    title={
        "en": "Liu Jianping Pinard's posts: W^l into layer l, delta^l, layers from 1",
        "zh": "刘建平 Pinard 博客：W^l 通向第 l 层，误差项 delta^l，层号从 1 开始",
    },
    source="Liu Jianping Pinard, cnblogs 6418668 and 6422831",
    styles={
        "w": Style("w", "W", layer=1),
        "b": Style("b", "b", layer=1),
        "z": Style("z", "z", "Z", layer=1),
        "a": Style("a", "a", "A", layer=1),
        "x": Style("x", "x", "X"),
        "y": Style("y", "y", "Y"),
        "C": Style("J"),
        "n": Style("n", layer=1),
    },
    depth_shift=1,
    sample_mark="{}",
    superscript_separator=",",
    prime="^{'}",
    rate=r"\alpha",
    assign="=",
    parameters="W, b, x, y",
)
