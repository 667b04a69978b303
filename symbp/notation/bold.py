"""Bold upright matrices and vectors, products by juxtaposition and ⊙."""

from symbp.notation.convention import Notation, Style

BOLD = Notation(
    name="bold",
    title={
        "en": "bold matrices and vectors, layer in parentheses",
        "zh": "矩阵与向量用粗体，层号写在圆括号中",
    },
    source="linear-algebra posts that write matrices as bold upright letters",
    styles={
        "w": Style("w", r"\textbf{W}"),
        "b": Style("b", r"\textbf{b}"),
        "z": Style("z", r"\textbf{z}", r"\textbf{Z}"),
        "a": Style("a", r"\textbf{a}", r"\textbf{A}"),
        "x": Style("x", r"\textbf{x}", r"\textbf{X}"),
        "y": Style("y", r"\textbf{y}", r"\textbf{Y}"),
        "C": Style("C"),
    },
    layer_mark="({})",
    delta_whole=r"\boldsymbol{\delta}",
    delta_batch=r"\boldsymbol{\Delta}",
    parameters=r"\textbf{W}, \textbf{b}",
)
