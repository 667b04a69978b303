"""One array expression as statements that write to buffers: z + b is np.add(z, b, out=buffer).

    node                statement
    ------------------  --------------------------------------------------------------------
    a @ b               a.dot(b, out=buffer)        w.T @ d for a vector d: d.dot(w, out=buffer)
    np.outer(a, b)      a[:, None].dot(b[None, :], out=buffer)
    a + b, np.exp(a)    np.add(a, b, out=buffer), np.exp(a, out=buffer), buffer += b
    np.sum(a, axis=1)   np.add.reduce(a, axis=1, out=buffer)
    scatter(n, c, a)    buffer[...] = 0, np.add.at(buffer, c, a)
    Σ a², Σ a b         np.vdot(a, a), np.vdot(a, b)

A part of an expression is computed in the buffer of the whole where it has its shape, else in
a scratch buffer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

from symbp.numbers.codegen.nodes import ATOM, COMPARISONS, VIEWS, Axes, Node, leaf, operations, walk
from symbp.numbers.codegen.storage import Storage

INFIX = {"+": "np.add", "-": "np.subtract", "*": "np.multiply", "/": "np.divide", "**": "np.power"}
COMPARED = {">": "np.greater", ">=": "np.greater_equal", "<": "np.less", "<=": "np.less_equal",
            "==": "np.equal", "&": "np.logical_and"}  # fmt: skip
UFUNCS = {f"np.{name}" for name in (
    "exp log tanh sqrt sign abs maximum minimum expm1 logaddexp clip".split())}  # fmt: skip
REDUCTIONS = {"sum": "np.add.reduce", "max": "np.maximum.reduce"}
LONGEST = 32  #: of an operand that is computed where it stands
WHOLE = re.compile(r"\w+(\[[^]:,]+\])?")  #: a buffer, or a row of one: it lies together in memory
SWAPS = ("+", "*")  #: a op b = b op a


def is_index(node: Node, integers: Collection[str]) -> bool:
    """Whether a node computes with arrays of indices only."""
    if node.op == "leaf" or not node.axes:
        return not node.axes or node.detail in integers
    if node.op == "windows":
        return False
    bases = [n.args[0].detail for n in walk(node) if n.op == "take"]
    parts = all(is_index(a, integers) for a in node.args) and all(b in integers for b in bases)
    return parts and node.op not in COMPARISONS


def is_inline(node: Node, integers: Collection[str]) -> bool:
    """Whether a node is best computed where it stands: indices, and gathers by them."""
    if node.op == "call" and node.detail == "np.tri":
        return True
    return node.op in ("take", "argmax") or (bool(node.axes) and is_index(node, integers))


def is_view(node: Node) -> bool:
    """Whether a node is an array, seen in another way."""
    return node.op in VIEWS and (node.op == "leaf" or is_view(node.args[0]))


def _length(a: Node) -> tuple[bool, int]:
    """What is computed in the buffer of the whole: matrix products, then the longest part."""
    return any(n.op == "@" for n in walk(a)), operations(a)


class Statements:
    """The statements written so far; `scratch` gives a free buffer for some axes."""

    def __init__(
        self,
        scratch: Callable[[Axes], str],
        release: Callable[[str], None],
        fresh: Callable[[], str],
        storage: Storage,
    ) -> None:
        self.code: list[str] = []
        self._fresh = fresh
        self._storage = storage
        self._integers = storage.integers
        self._scratch = scratch
        self._release = release
        self._open: set[str] = set()  # scratch buffers that hold a value

    def store(self, node: Node, out: str) -> None:
        """Make the buffer `out` hold the node."""
        held = set(self._open)
        write = {
            "leaf": self._copy, "view": self._copy, "windows": self._copy, "reshape": self._reshape,
            "@": self._matmul, "outer": self._outer, "einsum": self._einsum,
            "sum": self._reduce, "max": self._reduce, "scatter": self._scatter,
        }.get(node.op, self._elementwise)  # fmt: skip
        if not node.axes:
            self.code.append(f"{out} = {self.scalar(node).text}")
        else:
            write(node, out)
        for name in sorted(self._open - held - {out}):
            self._open.remove(name)
            self._release(name)

    def put(self, node: Node, left: str) -> None:
        """left node: what is added to a part of an array, or goes to places that are no view."""
        self.code.append(f"{left} {self.operand(node)}")
        for name in sorted(self._open):
            self._release(name)
        self._open.clear()

    def operand(self, node: Node) -> str:
        """The text of a node as an operand, computed before where it is not a name."""
        if node.op == "leaf":
            return node.text
        if is_inline(node, self._integers):
            return self._short(node.text if node.level == ATOM else f"({node.text})")
        if node.op in ("view", "reshape", "windows"):
            inner = node.args[0]
            name = self._short(self.operand(inner))
            return self._short(
                Node(node.op, (leaf(name, inner.axes),), node.axes, node.detail).text
            )
        if not node.axes:
            return self.scalar(node).text
        name = self._scratch(node.axes)
        self._open.add(name)
        self.store(node, name)
        return name

    def scalar(self, node: Node) -> Node:
        """A node without axes, its arrays computed before."""
        if node.op == "leaf":
            return node
        if node.op == "@":
            a, b = map(self.operand, node.args)
            return leaf(f"{a}.dot({b})")
        if node.op == "sum":
            return leaf(self._total(node.args[0]))
        parts = tuple(
            leaf(self.operand(a), a.axes) if a.axes else self.scalar(a) for a in node.args
        )
        return Node(node.op, parts, (), node.detail)

    def _total(self, a: Node) -> str:
        """Σ over all entries; of a product without computing the product."""
        if a.op == "**" and a.args[1].number == 2:
            x = self.operand(a.args[0])
            return f"np.vdot({x}, {x})"
        if a.op == "*" and all(b.axes == a.axes and b.op != "view" for b in a.args):
            x, y = map(self.operand, a.args)
            return f"np.vdot({x}, {y})"
        whole = "" if len(a.axes) == 1 else ", axis=None"
        return f"np.add.reduce({self.operand(a)}{whole})"

    # -- arrays ------------------------------------------------------------------------------------

    def _copy(self, node: Node, out: str) -> None:
        whole = "[...]" if out.isidentifier() else ""
        self.code.append(f"{out}{whole} = {self.operand(node)}")

    def _reshape(self, node: Node, out: str) -> None:
        """A matrix product is written into a whole array through a view of it."""
        (inner,) = node.args
        if inner.op != "@" or not WHOLE.fullmatch(out):
            self._copy(node, out)
            return
        sizes = [*map(self._storage.length_text, inner.axes[:-1]), "-1"]
        view = self._fresh()
        self.code.append(f"{view} = {out}.reshape({', '.join(sizes)})")
        self.store(inner, view)

    def _matmul(self, node: Node, out: str) -> None:
        a, b = node.args
        if len(b.axes) == 1 and a.op == "view" and a.detail == ".T":
            a, b = b, a.args[0]
        x, y = self.operand(a), self.operand(b)
        if not WHOLE.fullmatch(out) or max(len(a.axes), len(b.axes)) > 2:
            self.code.append(f"np.matmul({x}, {y}, out={out})")
        else:
            self.code.append(f"{x}.dot({y}, out={out})")

    def _outer(self, node: Node, out: str) -> None:
        x, y = map(self.operand, node.args)
        self.code.append(f"{x}[:, None].dot({y}[None, :], out={out})")

    def _reduce(self, node: Node, out: str) -> None:
        x = self.operand(node.args[0])
        self.code.append(f"{REDUCTIONS[node.op]}({x}, {node.detail}, out={out})")

    def _einsum(self, node: Node, out: str) -> None:
        texts = ", ".join(map(self.operand, node.args))
        self.code.append(f'np.einsum("{node.detail}", {texts}, out={out})')

    def _scatter(self, node: Node, out: str) -> None:
        *index, values = node.args
        places = [self._short(i.text) for i in index]
        where = places[0] if len(places) == 1 else f"({', '.join(places)})"
        added = self.operand(values)
        self.code += [f"{out}[...] = 0", f"np.add.at({out}, {where}, {added})"]

    def _elementwise(self, node: Node, out: str) -> None:
        texts = self._arguments(node, out)
        if node.op in INFIX and not node.negative:
            self._infix(node, texts, out)
        elif node.negative:
            self.code.append(f"np.negative({texts[0]}, out={out})")
        elif node.op in COMPARED:
            self.code.append(f"{COMPARED[node.op]}({', '.join(texts)}, out={out})")
        elif node.op == "call" and node.detail in UFUNCS:
            self.code.append(f"{node.detail}({', '.join(texts)}, out={out})")
        else:
            parts = tuple(leaf(t, a.axes) for t, a in zip(texts, node.args, strict=True))
            self.code.append(f"{out}[...] = {Node(node.op, parts, node.axes, node.detail).text}")

    def _arguments(self, node: Node, out: str) -> list[str]:
        """The operands' texts: the longest one of full shape is computed in `out` itself."""
        inside = [
            a for a in node.args
            if a.axes == node.axes and a.op not in ("leaf", "view", *COMPARISONS)
            and not is_inline(a, self._integers)
        ]  # fmt: skip
        first = max(inside, key=_length, default=None)
        if first is not None:
            self.store(first, out)
        return [out if a is first else self._compared(a) for a in node.args]

    def _compared(self, a: Node) -> str:
        """An operand; a condition stays an array of truth values."""
        if a.op not in COMPARISONS:
            return self.operand(a)
        parts = []
        for b in a.args:
            text = self._compared(b)
            bare = b.op in COMPARISONS and not text.isidentifier()
            parts.append(leaf(f"({text})" if bare else text, b.axes))
        return self._short(Node(a.op, tuple(parts), a.axes).text)

    def _short(self, text: str) -> str:
        """An operand, by a name where it is long."""
        if len(text) <= LONGEST:
            return text
        name = self._fresh()
        self.code.append(f"{name} = {text}")
        return name

    def _infix(self, node: Node, texts: list[str], out: str) -> None:
        left, right = texts
        square = node.op == "**" and node.args[1].number == 2
        if node.op == "/" and node.args[0].number == 1:
            self.code.append(f"np.reciprocal({right}, out={out})")
        elif square:
            self.code.append(f"np.multiply({left}, {left}, out={out})")
        elif left == out:
            self.code.append(f"{out} {node.op}= {_bare(right)}")
        elif right == out and node.op in SWAPS:
            self.code.append(f"{out} {node.op}= {_bare(left)}")
        else:
            self.code.append(f"{INFIX[node.op]}({left}, {right}, out={out})")


def _bare(text: str) -> str:
    """(a + b) * c as it is, (a + b) without its parentheses."""
    depth = 0
    for i, c in enumerate(text):
        depth += (c == "(") - (c == ")")
        if depth == 0:
            return text[1:-1] if text[0] == "(" and i == len(text) - 1 else text
    return text


def with_row(code: list[str], target: str, name: str) -> list[str]:
    """The statements with a name for the part of an array that they write to.

    >>> with_row(["np.exp(da[t], out=a[t])", "a[t] += 1"], "a[t]", "row")
    ['row = a[t]', 'np.exp(da[t], out=row)', 'row += 1']
    """
    part = re.compile(rf"(?<!\w){re.escape(target)}")
    return [f"{name} = {target}", *(part.sub(name, line) for line in code)]
