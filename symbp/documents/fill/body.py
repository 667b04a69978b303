r"""What stands in a block: a post, or a part of one, as Markdown or as LaTeX."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from symbp import networks, notation
from symbp.derivation import derive
from symbp.documents.networks import declared_system
from symbp.errors import SymbpError, ValueRangeError, unknown
from symbp.latex.phrases import LANGUAGES, say
from symbp.latex.post import Post, write_post
from symbp.latex.weight import one_weight, read_parameter

Entries = Mapping[str, Sequence[str]]

FORMS = ("full", "short")
#: The parts of a post by the phrases of their headings.
PARTS = {
    "forward": "forward",
    "backward": "backward",
    "gradients": "results",
    "results": "results",
    "weights": "every weight",
    "update": "update",
}
#: Level of a heading → its command in LaTeX; deeper ones as the last.
COMMANDS = ("section", "subsection", "subsubsection", "paragraph")
_HEADING = re.compile(r"(#+) (.*)", re.S)
_SPECIAL = {c: "\\" + c for c in "&%#_{}"} | {
    "\\": r"\textbackslash{}",
    "^": r"\^{}",
    "~": r"\~{}",
}


def body(entries: Entries, *, tex: bool = False) -> str:
    r"""The text that the options of a block ask for.

    Raises `SymbpError` for an option that no table has, and for a part that the post has not.

    >>> print(body({"network": ["mlp"], "part": ["update"], "headings": ["3"]}))
    ### Gradient descent
    <BLANKLINE>
    With step size $\alpha$, repeated until the cost no longer falls:
    <BLANKLINE>
    $$
    W^{l} = W^{l} - \alpha \frac{\partial J}{\partial W^{l}}
    $$
    <BLANKLINE>
    $$
    b^{l} = b^{l} - \alpha \frac{\partial J}{\partial b^{l}}
    $$
    """
    given = {key: ", ".join(values).strip() for key, values in entries.items()}
    if not given.get("network"):
        raise SymbpError("a block names its network: symbp fill: network: mlp")
    blocks = _headed(_blocks(entries, given), given.get("headings", ""))
    return "\n\n".join(map(in_latex, blocks) if tex else blocks)


def _blocks(entries: Entries, given: Mapping[str, str]) -> list[str]:
    chosen = notation.lookup(given.get("notation") or networks.lookup(given["network"]).notation)
    language = _one_of("language", given.get("lang") or "en", LANGUAGES)
    form = _one_of("form", given.get("form") or "full", FORMS)
    part = _one_of("part", given.get("part") or "post", ("post", *PARTS))
    system = declared_system(entries)
    if given.get("wrt"):
        if "part" in given or "form" in given:
            raise ValueRangeError("wrt: one parameter has neither part nor form")
        if not given.get("sizes"):
            raise ValueRangeError("wrt needs numbers for the layers: give sizes: 2,2,1")
        post = Post(derive(system)[0].system, chosen, language)
        one_weight(post, read_parameter(given["wrt"], post.system, chosen))
        return post.blocks
    blocks = write_post(system, chosen, language, form).blocks
    return blocks if part == "post" else _part(blocks, part, language)


def _part(blocks: Sequence[str], part: str, language: str) -> list[str]:
    """The section of a post under one of its headings, with the heading."""
    starts = [n for n, block in enumerate(blocks) if block.startswith("## ")]
    for start, end in zip(starts, [*starts[1:], len(blocks)], strict=True):
        if blocks[start] == "## " + say(PARTS[part], language):
            return list(blocks[start:end])
    why = {"backward": "form: full has it", "weights": "a small network with sizes has it"}
    raise ValueRangeError(f"part: this post has no {part} ({why.get(part, 'it is empty')})")


def _one_of(what: str, given: str, known: Sequence[str]) -> str:
    if given not in known:
        raise unknown(what, given, list(known))
    return given


def _headed(blocks: Sequence[str], highest: str) -> list[str]:
    """The headings moved so that the highest of them has a level; "none" leaves them out."""
    if highest == "none":
        return [block for block in blocks if not _HEADING.match(block)]
    if not highest:
        return list(blocks)
    if highest not in ("1", "2", "3", "4", "5", "6"):
        raise ValueRangeError(f"headings: {highest!r} is neither a level from 1 to 6 nor none")
    found = [_HEADING.match(block) for block in blocks]
    by = int(highest) - min((len(m[1]) for m in found if m), default=0)
    return [
        "#" * min(len(m[1]) + by, 6) + f" {m[2]}" if m else block
        for m, block in zip(found, blocks, strict=True)
    ]


def in_latex(block: str) -> str:
    r"""A paragraph, a formula or a heading of Markdown in LaTeX.

    >>> print(in_latex("## Layers with w_ij"), in_latex("$$\na = b\n$$"))
    \subsection*{Layers with w\_ij} \[
    a = b
    \]
    """
    if block.startswith("$$\n"):
        return f"\\[\n{block[3:-2]}\\]"
    if heading := _HEADING.match(block):
        command = COMMANDS[min(len(heading[1]), len(COMMANDS)) - 1]
        return rf"\{command}*{{{in_latex(heading[2])}}}"
    pieces = block.split("$")
    words = ["".join(_SPECIAL.get(c, c) for c in piece) for piece in pieces[::2]]
    pieces[::2] = words
    return "$".join(pieces)
