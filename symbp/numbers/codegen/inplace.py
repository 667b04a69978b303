"""The program without new arrays: every value is written to a buffer that is there already.

    z1 = w1 @ x + b1[:, None]         # a1 = 1 / (1 + np.exp(-(w1 @ x + b1[:, None])))
    a1 = 1 / (1 + np.exp(-z1))        w1.dot(x, out=a1)
                                      a1 += b1[:, None]
                                      np.negative(a1, out=a1)
                                      np.exp(a1, out=a1)
                                      a1 += 1
                                      np.reciprocal(a1, out=a1)

A value that is used once is computed in the buffer of what uses it; a part that stands twice
has a buffer of its own; the rest goes to scratch buffers, which are used again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from symbp.errors import SizeError
from symbp.numbers.codegen.header import Header, names_in, returning, unpacking
from symbp.numbers.codegen.nodes import COMPARISONS, Axes, Node, replaced, walk
from symbp.numbers.codegen.program import For, Item, Line, New, Program
from symbp.numbers.codegen.sharing import (
    christened,
    fitted,
    lifted,
    reused,
    shared,
    used_names,
    without_aliases,
)
from symbp.numbers.codegen.statements import (
    INFIX,
    UFUNCS,
    Statements,
    is_index,
    is_inline,
    is_view,
    with_row,
)

WIDTH = 96
ENTRYWISE = tuple(f"{name}(" for name in (*INFIX.values(), *UFUNCS, "np.negative"))


def inplace_source(program: Program, name: str) -> str:
    """A module with the function and with one that makes its buffers."""
    outputs = {program.storage.name(*p) for places in program.outputs.values() for p in places}
    names = program.storage.names
    items = reused(lifted(without_aliases(program.items, outputs), names))
    items = shared(_inserted(items, outputs), names, _worth_a_buffer)
    items = [y for x in items for y in (fitted([x], names, 72) if _is_scalar(x) else [x])]
    return _Module(program, christened(items, program.storage.names), outputs).source(name)


def _is_scalar(item: Item) -> bool:
    return isinstance(item, Line) and not item.target.axes


def _worth_a_buffer(part: Node, lines: Sequence[Line]) -> bool:
    return part.op == "call" or (bool(part.axes) and part.op not in COMPARISONS)


def _inserted(items: Sequence[Item], keep: Collection[str]) -> list[Item]:
    """The program with each value that one line uses once computed in that line."""
    count = used_names(items)
    result = list(items)
    for item in items:
        if not isinstance(item, Line) or not item.whole or not item.target.axes:
            continue
        name = item.target.text
        users = [
            i for i, x in enumerate(result) if isinstance(x, Line) and x.whole and _reads(x, name)
        ]
        if name in keep or count[name] != 1 or len(users) != 1:
            continue
        own = next(i for i, x in enumerate(result) if isinstance(x, Line) and x.target.text == name)
        value, user = result[own], result[users[0]]
        if isinstance(value, Line) and isinstance(user, Line) and _reads(user, name, whole=True):
            node = replaced(user.node, {name: value.node})
            result[users[0]] = Line(user.target, node, True, user.family)
            del result[own]
    return result


def _reads(line: Line, name: str, whole: bool = False) -> bool:
    """Whether a line reads a value, and not through windows or a gather if `whole`."""
    found = [n for n in walk(line.node) if n.op == "leaf" and n.detail == name]
    return bool(found) and (not whole or all(n.axes for n in found))


class _Module:
    """The source: the buffers that it needs are known when the statements are written."""

    def __init__(self, program: Program, items: Sequence[Item], outputs: Collection[str]) -> None:
        self.program = program
        self.storage = program.storage
        self.header = Header(program)
        self.outputs = outputs
        self.same = self._same(items)
        self.items = [x for x in items if not self._is_repeated(x)]
        self.shapes: dict[str, str] = {}  # the buffers, by name
        self.free: dict[str, list[str]] = {}  # scratch buffers that hold nothing, by shape
        self.views: dict[str, set[str]] = {}  # names for parts of arrays, and these arrays
        self.taken: dict[str, str] = {}  # values in the buffer of another one, and that one

    def _same(self, items: Sequence[Item]) -> dict[str, str]:
        """Values that an output repeats, and that output: dz2 lives in db2."""
        found: dict[str, str] = {}
        lines = [x for x in items if isinstance(x, Line) and x.whole and x.target.axes]
        own = {x.target.text for x in lines} - set(self.outputs)
        for x in lines:
            if x.target.text in self.outputs and x.node.op == "leaf" and x.node.text in own:
                found.setdefault(x.node.text, x.target.text)
        return found

    def _is_repeated(self, item: Item) -> bool:
        return isinstance(item, Line) and self.same.get(item.node.text) == item.target.text

    def source(self, name: str) -> str:
        """Both functions."""
        body: list[str] = []
        for i, item in enumerate(self.items):
            code = list(self._written(item))
            if isinstance(item, Line):
                later = set(used_names(self.items[i + 1 :]))
                seen = {n for view in later & self.views.keys() for n in self.views[view]}
                self._take_over(item, code, later | seen)
            body += code
        gradients = list(self._gradients())
        names = ", ".join(name for name, _ in gradients)
        read = names_in([line.split("#")[0] for line in body])
        more = [f"out: where to write {names}, shaped as the parameters"] * bool(gradients)
        more += ["work: the buffers, from workspace()"] * bool(self.shapes)
        extra = [*["out=None"] * bool(gradients), *["work=None"] * bool(self.shapes)]
        opening = [*self.header.opening(read), *self._buffers(gradients)]
        loss = self.storage.name(self.program.system.loss)
        results = [loss, *(name for name, _ in gradients)]
        function = self.header.function(
            name,
            [*self.header.parameters(), *extra],
            self.header.docstring(["", *more]),
            [*opening, "", *body, "", *returning(results)],
        )
        return self.header.module([*self._workspace(), function])

    # -- the function ----------------------------------------------------------------------------

    def _gradients(self) -> Iterator[tuple[str, list[str]]]:
        """(dw, [dw1, dw2]) for every gradient."""
        for family, places in self.program.outputs.items():
            if family != self.program.system.loss:
                names = [self.storage.name(*p) for p in places]
                single = not self.storage.unrolled[family]
                yield names[0] if single else self.storage.names(("all of", family), family), names

    def _buffers(self, gradients: Sequence[tuple[str, list[str]]]) -> Iterator[str]:
        """out and work, made where they are not given, and the names of what is in them."""
        loss = self.program.system.loss
        likes = [self._like(family) for family in self.program.outputs if family != loss]
        if likes:
            yield "if out is None:"
            yield f"    out = {', '.join(likes)}" if len(likes) > 1 else f"    out = ({likes[0]},)"
            yield from unpacking([n for n, _ in gradients], "out")
        for name, parts in gradients:
            if parts != [name]:
                yield from unpacking(parts, name)
        if self.shapes:
            yield "if work is None:"
            yield f"    work = workspace({', '.join(self._arguments())})"
            yield from unpacking(list(self.shapes), "work")
        for name, output in self.same.items():
            yield f"{name} = {output}  # one array: they are equal"
        for name, former in self.taken.items():
            yield f"{name} = {former}  # one array: {former} is used up by then"

    def _like(self, family: str) -> str:
        of = self.program.system[family].adjoint_of
        assert of is not None
        parameter = self.program.parameters[of[1]]
        if self.storage.unrolled[family]:
            return f"[np.empty_like(v) for v in {parameter}]"
        return f"np.empty_like({parameter})"

    def _written(self, item: Item) -> Iterator[str]:
        if isinstance(item, New):
            if item.is_list:
                raise SizeError("buffers need a number of layers: give one with with_sizes")
            if item.name not in self.outputs:
                self.shapes[item.name] = self._shape_text([n.text for n in item.shape])
            if item.zeros:
                yield f"{item.name}[...] = 0"
        elif isinstance(item, For):
            yield item.header
            for line in item.body:
                yield from (f"    {code}" for code in self._line(line))
        else:
            yield from self._line(item)

    def _line(self, line: Line) -> Iterator[str]:
        name = line.target.text
        fresh = line.whole and bool(line.target.axes) and name not in self.outputs
        if fresh and line.node.op != "leaf" and is_view(line.node):
            found = names_in([line.node.text])
            self.views[name] = found.union(*(self.views.get(n, ()) for n in found))
            yield f"{name} = {line.node.text}"
            return
        if fresh and is_inline(line.node, self.storage.integers):
            if is_index(line.node, self.storage.integers):
                self.storage.integers.add(name)
            yield f"{name} = {line.node.text}"
            return
        if fresh and name not in self.same:
            self.shapes[name] = self._shape(line.target.axes)
        statements = Statements(self._scratch, self._release, self._name, self.storage)
        scalar = not line.target.axes and name in self.outputs and not self._is_loss(name)
        if line.added or line.target.op == "take":
            statements.put(line.node, f"{name} {'+' * line.added}=")
        else:
            statements.store(line.node, f"{name}[...]" if scalar else name)
        comment = f"# {name} = {line.node.text}"
        if len(statements.code) > 1 and len(comment) <= WIDTH:
            yield comment
        several = len(statements.code) > 1 and not name.isidentifier() and not scalar
        several = several and line.target.op != "take"
        code = statements.code
        yield from with_row(code, name, self._name()) if several else code

    def _is_loss(self, name: str) -> bool:
        return name == self.storage.name(self.program.system.loss)

    # -- buffers -----------------------------------------------------------------------------------

    def _shape(self, axes: Axes) -> str:
        if any(map(self.storage.changes, axes)):
            raise SizeError("no buffers for lengths that change in a loop: leave out inplace=True")
        return self._shape_text([self.storage.length_text(a) for a in axes])

    @staticmethod
    def _shape_text(lengths: Sequence[str]) -> str:
        return lengths[0] if len(lengths) == 1 else f"({', '.join(lengths)})"

    def _scratch(self, axes: Axes) -> str:
        shape = self._shape(axes)
        if self.free.get(shape):
            return self.free[shape].pop()
        name = self.storage.names.fresh("t")
        self.shapes[name] = shape
        return name

    def _name(self) -> str:
        return self.storage.names.fresh("t")

    def _take_over(self, line: Line, code: Sequence[str], later: Collection[str]) -> None:
        """Put a value in the buffer of one that ends in the statement where it begins."""
        name, shape = line.target.text, self.shapes.get(line.target.text)
        writes = [i for i, text in enumerate(code) if f"out={name})" in text]
        if shape is None or not line.whole or not writes:
            return
        start, after = code[writes[0]], names_in(code[writes[0] + 1 :])
        if not start.startswith(ENTRYWISE):
            return
        for former in sorted(names_in([start]) - {name, *after, *later, *self.taken.values()}):
            if self.shapes.get(former) == shape and f"{former}[" not in start:
                self.taken[name] = former
                del self.shapes[name]
                return

    def _release(self, name: str) -> None:
        self.free.setdefault(self.shapes[name], []).append(name)

    def _arguments(self) -> list[str]:
        """The parameters that the sizes of the buffers are read from."""
        lines = self._workspace_lines()
        names = names_in(lines)
        return [p for p in self.program.parameters.values() if p in names]

    def _workspace_lines(self) -> list[str]:
        texts = list(self.shapes.values())
        sizes = self.header.sizes(names_in(texts))
        return [*self.header.unpacked(names_in(sizes)), *sizes]

    def _workspace(self) -> list[list[str]]:
        """The function that makes the buffers."""
        if not self.shapes:
            return []
        doc = ['"""The buffers of the function below; make them once and pass them on."""']
        made = [f"    np.empty({shape}),  # {name}" for name, shape in self.shapes.items()]
        body = [*doc, *self._workspace_lines(), "return [", *made, "]"]
        head = f"def workspace({', '.join(self._arguments())}):"
        return [[head, *(f"    {line}" for line in body)]]
