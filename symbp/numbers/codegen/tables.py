"""The table's NumPy texts as array expressions: 1 / (1 + np.exp(-{x})) with a node for x."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from sympy import Symbol

from symbp.functions import F, X
from symbp.numbers.codegen.nodes import Axes, Node, call, elementwise, leaf, negative

OPERATORS: dict[type[ast.AST], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**",
    ast.Gt: ">", ast.GtE: ">=", ast.Lt: "<", ast.LtE: "<=",
}  # fmt: skip


def parsed(text: str, at: Mapping[Symbol, Node], order: Axes = ()) -> Node:
    """A row's text with nodes in place of {x}, {f} and the parameters.

    >>> from symbp.numbers.codegen.nodes import leaf
    >>> parsed("1 / (1 + np.exp(-{x}))", {X: leaf("z1")}).text
    '1 / (1 + np.exp(-z1))'
    """
    names = {"x": X, "f": F, **{s.name: s for s in at}}
    names |= {"x": X, "f": F}
    source = text.format(**{name: f"_{name}" for name in names})
    known = {f"_{name}": at[s] for name, s in names.items() if s in at}
    return _node(ast.parse(source, mode="eval").body, known, order)


def _node(tree: ast.AST, known: Mapping[str, Node], order: Axes) -> Node:
    if isinstance(tree, ast.Name):
        return known[tree.id]
    if isinstance(tree, (ast.Constant, ast.Attribute)):
        return leaf(ast.unparse(tree))
    if isinstance(tree, ast.UnaryOp):
        return negative(_node(tree.operand, known, order))
    if isinstance(tree, ast.BinOp):
        sides = [_node(t, known, order) for t in (tree.left, tree.right)]
        return elementwise(OPERATORS[type(tree.op)], sides, order)
    if isinstance(tree, ast.Compare):
        sides = [_node(t, known, order) for t in (tree.left, *tree.comparators)]
        return elementwise(OPERATORS[type(tree.ops[0])], sides, order)
    if isinstance(tree, ast.Call):
        args = [_node(t, known, order) for t in tree.args]
        return call(ast.unparse(tree.func), *args, order=order)
    raise TypeError(f"the table holds {ast.unparse(tree)}")
