"""The catalogue: every network by name, in the order in which a course would take them."""

from __future__ import annotations

from symbp.errors import unknown
from symbp.networks import (
    attention,
    convolution,
    dense,
    embeddings,
    generative,
    linear,
    normalisation,
    objectives,
    recurrent,
    representation,
)
from symbp.networks.entry import Entry

#: Headings by language.
FAMILIES = {
    "dense": {"en": "Fully connected networks", "zh": "全连接网络"},
    "linear": {"en": "Linear models", "zh": "线性模型"},
    "recurrent": {"en": "Recurrent networks", "zh": "循环神经网络"},
    "convolution": {"en": "Convolutional networks", "zh": "卷积神经网络"},
    "normalisation": {"en": "Normalisation and dropout", "zh": "归一化与随机失活"},
    "attention": {"en": "Attention and transformers", "zh": "注意力与 Transformer"},
    "representation": {"en": "Embeddings and representations", "zh": "嵌入与表示学习"},
    "generative": {"en": "Generative and structured models", "zh": "生成模型与结构化模型"},
    "losses": {"en": "Losses", "zh": "损失函数"},
}
#: In the order of a course.
MODULES = (
    dense,
    linear,
    recurrent,
    convolution,
    normalisation,
    attention,
    embeddings,
    representation,
    generative,
    objectives,
)
CATALOG: dict[str, Entry] = {entry.name: entry for module in MODULES for entry in module.ENTRIES}


def lookup(name: str) -> Entry:
    """The network called `name`; `many-to-one` and `many_to_one` are one name."""
    key = name.replace("_", "-")
    if key not in CATALOG:
        raise unknown("network", name, list(CATALOG), "symbp networks")
    return CATALOG[key]
