"""The program as a person would write it: one line for each equation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from symbp.numbers.codegen.header import Header, returning
from symbp.numbers.codegen.program import For, Item, Line, New, Program
from symbp.numbers.codegen.sharing import (
    christened,
    fitted,
    lifted,
    reused,
    shared,
    used_names,
    without_aliases,
    worth_a_name,
)
from symbp.system import Role

WIDTH = 92  #: of a line without its indentation


def plain_source(program: Program, name: str) -> str:
    """A module with one function that allocates what it computes."""
    outputs = {program.storage.name(*p) for places in program.outputs.values() for p in places}
    names = program.storage.names
    items = without_aliases(program.items, outputs)
    items = fitted(shared(reused(lifted(items, names)), names, worth_a_name), names, WIDTH)
    items = christened(items, names)
    header = Header(program)
    opening = header.opening(used_names(items))
    last, results = items[-1], header.results()
    if isinstance(last, Line) and last.whole and [last.target.text] == results:
        items, results = items[:-1], [last.node.text]
    body = [*opening, *_body(program, items), *returning(results)]
    return header.module([header.function(name, header.parameters(), header.docstring(), body)])


def _body(program: Program, items: Sequence[Item]) -> Iterator[str]:
    backward = False
    for i, item in enumerate(items):
        adjoint = _is_adjoint(program, items[i:])
        if i == 0 and any(_is_adjoint(program, [x]) for x in items):
            yield from ("", "# forward")
        if adjoint and not backward:
            backward = True
            yield from ("", "# backward")
        yield from _written(item)
    if backward:
        yield ""


def _is_adjoint(program: Program, items: Sequence[Item]) -> bool:
    """Whether the first item belongs to the backward pass; an array belongs to what fills it."""
    for item in items:
        if isinstance(item, Line):
            return program.system[item.family].role is Role.ADJOINT
        if isinstance(item, For):
            return program.system[item.body[0].family].role is Role.ADJOINT
    return False


def _written(item: Item) -> Iterator[str]:
    if isinstance(item, Line):
        yield _statement(item)
    elif isinstance(item, New):
        yield f"{item.name} = {new_text(item)}"
    else:
        yield item.header
        for line in item.body:
            yield f"    {_statement(line)}"


def _statement(line: Line) -> str:
    return f"{line.target.text} {'+' * line.added}= {line.node.text}"


def new_text(item: New) -> str:
    """An empty array, or a list of a length."""
    if item.is_list:
        length = item.shape[0]
        return f"[None] * {length.text if length.level == 6 else f'({length.text})'}"
    texts = ", ".join(n.text for n in item.shape)
    shape = texts if len(item.shape) == 1 else f"({texts})"
    return f"np.{'zeros' if item.zeros else 'empty'}({shape})"
