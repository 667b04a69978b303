"""What the lines of a program have in common.

    aliases   a0 = x                           x in place of a0
    reused    a1 = f(z1), then f(z1) again     a1
    shared    a part that stands twice         a name for it: e2 = np.exp(z2 - np.max(z2))
    fitted    a line that is too long          a name for a part of it

Nodes are the same where their texts are.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

from symbp.numbers.codegen.names import Names
from symbp.numbers.codegen.nodes import Node, leaf, operations, replaced, walk
from symbp.numbers.codegen.program import For, Item, Line, New

NAME = re.compile(r"[^\W\d]\w*")
COSTLY = {"call", "@", "outer", "einsum", "sum", "max", "argmax", "take", "total", "windows",
          "scatter"}  # fmt: skip


#: Letters for values of a function.
WISHES = {"np.exp": "e", "np.abs": "u", "np.tri": "inside", "np.where": "kept"}


def lines_of(items: Sequence[Item]) -> Iterator[Line]:
    """Every line, inside loops too."""
    for item in items:
        if isinstance(item, Line):
            yield item
        elif isinstance(item, For):
            yield from item.body


def mapped(items: Sequence[Item], change: Callable[[Node], Node]) -> list[Item]:
    """The program with every right side changed."""

    def line(x: Line) -> Line:
        return replace(x, node=change(x.node))

    return [
        line(x)
        if isinstance(x, Line)
        else replace(x, body=tuple(map(line, x.body)))
        if isinstance(x, For)
        else x
        for x in items
    ]


def used_names(items: Sequence[Item]) -> Counter[str]:
    """How often each name stands on a right side, or in the index of a left side."""
    found: Counter[str] = Counter()
    for item in items:
        if isinstance(item, For):
            found.update(NAME.findall(item.header))
        elif isinstance(item, New):
            found.update(name for n in item.shape for name in NAME.findall(n.text))
    for line in lines_of(items):
        found.update(NAME.findall(line.node.text))
        if not line.whole:
            found.update(NAME.findall(line.target.text)[1:])
    return found


def without_aliases(items: Sequence[Item], keep: Collection[str]) -> list[Item]:
    """The program without lines that give a second name to an array."""
    at: dict[str, Node] = {}
    inside = {
        name
        for line in lines_of(items)
        for n in (line.target, *walk(line.node))
        if n.op == "leaf" and not n.detail.isidentifier()
        for name in NAME.findall(n.detail)
    }
    kept: list[Item] = []
    for item in items:
        if isinstance(item, Line) and item.whole and item.node.detail.isidentifier():
            name = item.target.text
            if item.node.op == "leaf" and name not in keep and name not in inside:
                at[name] = replaced(item.node, at)
                continue
        kept.append(item)
    return mapped(kept, lambda node: replaced(node, at)) if at else kept


def reused(items: Sequence[Item]) -> list[Item]:
    """The program with what an earlier line defines written by that line's name."""
    known: dict[str, Node] = {}
    result: list[Item] = []
    for item in items:
        (new,) = mapped([item], lambda node: replaced(node, known))
        result.append(new)
        if isinstance(new, Line) and new.whole and (operations(new.node) or new.node.args):
            known.setdefault(new.node.text, new.target)
    return result


def shared(
    items: Sequence[Item], names: Names, worth: Callable[[Node, Sequence[Line]], bool]
) -> list[Item]:
    """The program with a name for each part that stands several times and is worth it."""
    result = list(items)
    while (found := _repeated(result, worth)) is not None:
        result = _named(result, found, names)
    return [
        replace(
            x, body=tuple(line for line in shared(x.body, names, worth) if isinstance(line, Line))
        )
        if isinstance(x, For)
        else x
        for x in result
    ]


def _repeated(items: Sequence[Item], worth: Callable[[Node, Sequence[Line]], bool]) -> Node | None:
    """The largest part that stands in the lines (outside of loops) more than once."""
    places: dict[str, list[Line]] = {}
    parts: dict[str, Node] = {}
    for item in items:
        if isinstance(item, Line):
            for node in walk(item.node):
                if node.op not in ("leaf", "view"):
                    parts[node.text] = node
                    places.setdefault(node.text, []).append(item)
    several = [parts[t] for t, found in places.items() if len(found) > 1 and worth(parts[t], found)]
    return max(several, key=operations, default=None)


def _named(items: Sequence[Item], part: Node, names: Names) -> list[Item]:
    """The program with a line of its own for a part, before the first that has it."""
    place = next(
        i
        for i, x in enumerate(items)
        if isinstance(x, Line) and part.text in map(_text, walk(x.node))
    )
    first = items[place]
    assert isinstance(first, Line)
    name = leaf(names.later(wish_for(part), first.target.text), part.axes)
    at = {part.text: name}
    rest = mapped(items[place:], lambda node: replaced(node, at))
    return [*items[:place], Line(name, part, True, first.family), *rest]


def _text(node: Node) -> str:
    return node.text


def wish_for(part: Node) -> str:
    """A letter for a part: e for an exponential, r for a residual, s for a sum."""
    if part.op == "call":
        return WISHES.get(part.detail, "t")
    return {"-": "r", "sum": "s", "max": "top"}.get(part.op, "t")


def worth_a_name(part: Node, lines: Sequence[Line]) -> bool:
    """For people: what costs more than a few additions, or stands twice in one line."""
    if not part.axes and not any(n.detail.isidentifier() for n in walk(part) if n.op == "leaf"):
        return False  # a constant
    costly = any(n.op in COSTLY or is_copy(n) for n in walk(part))
    return costly or (bool(part.axes) and len({id(x) for x in lines}) < len(lines))


def lifted(items: Sequence[Item], names: Names) -> list[Item]:
    """The program with what is the same at every step of a loop computed before it."""
    result: list[Item] = []
    for item in items:
        if isinstance(item, For):
            written = {NAME.findall(x.target.text)[0] for x in item.body}
            inside = written | set(NAME.findall(item.header))
            while (found := _still(item, inside)) is not None:
                family, part = found
                name = leaf(names.later(wish_for(part), family), part.axes)
                result.append(Line(name, part, True, family))
                (new,) = mapped([item], partial(replaced, mapping={part.text: name}))
                assert isinstance(new, For)
                item = new
        result.append(item)
    return result


def _still(loop: For, inside: Collection[str]) -> tuple[str, Node] | None:
    """The first part of a loop's lines that takes computing and reads nothing that changes."""
    for line in loop.body:
        for node in walk(line.node):
            used = set(NAME.findall(node.text))
            if node.axes and used.isdisjoint(inside) and (operations(node) or node.op == "reshape"):
                return line.family, node
    return None


def is_copy(part: Node) -> bool:
    """Whether a reshaped array must be copied: its axes do not lie in memory as they are read."""
    return part.op == "reshape" and part.args[0].op == "view" and "None" not in part.args[0].detail


def fitted(items: Sequence[Item], names: Names, width: int) -> list[Item]:
    """The program with parts of long lines on lines of their own."""
    result: list[Item] = []
    for item in items:
        if isinstance(item, For):
            body = fitted(item.body, names, width - 4)
            result.append(replace(item, body=tuple(x for x in body if isinstance(x, Line))))
            continue
        work, done = [item], []
        while work:
            last = work.pop(0)
            part = _middle(last.node) if isinstance(last, Line) and _length(last) > width else None
            if part is None or not isinstance(last, Line):
                done.append(last)
                continue
            name = leaf(names.later(wish_for(part), last.target.text), part.axes)
            rest = replace(last, node=replaced(last.node, {part.text: name}))
            work = [Line(name, part, True, last.family), rest, *work]
        result += done
    return result


def _length(line: Line) -> int:
    return len(f"{line.target.text} = {line.node.text}")


def christened(items: Sequence[Item], names: Names) -> list[Item]:
    """The program with names for its parts, numbered as they appear."""
    at: dict[str, Node] = {}
    result: list[Item] = []
    for item in items:
        lines = [item] if isinstance(item, Line) else item.body if isinstance(item, For) else []
        for line in lines:
            if line.target.text in names.waiting:
                at[line.target.text] = leaf(
                    names.fresh(*names.waiting[line.target.text]), line.target.axes
                )
        (new,) = mapped([item], lambda node: replaced(node, at))
        if isinstance(new, Line):
            new = replace(new, target=replaced(new.target, at))
        elif isinstance(new, For):
            new = replace(
                new, body=tuple(replace(x, target=replaced(x.target, at)) for x in new.body)
            )
        result.append(new)
    return result


def _middle(node: Node) -> Node | None:
    """The part that is nearest to half of the text."""
    parts = [n for n in walk(node) if n is not node and n.op not in ("leaf", "view")]
    half = len(node.text) / 2
    return min(parts, key=lambda n: abs(len(n.text) - half), default=None)


def substituted(items: Sequence[Item], at: Mapping[str, Node]) -> list[Item]:
    """The program with the nodes of some texts replaced."""
    return mapped(items, lambda node: replaced(node, at))
