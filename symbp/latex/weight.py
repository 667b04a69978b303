"""One parameter: the paths from it to the cost, every factor, and every product in numbers."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import sympy as sp
from sympy import Expr, Integer

from symbp.adjoint import adjoint_name
from symbp.derivation.paths import Edge, Path, paths, product_of
from symbp.errors import UnknownNameError
from symbp.latex.post import Post
from symbp.latex.writer import Writer
from symbp.notation import Notation, Style
from symbp.system import Kind, Role, System, Variable
from symbp.system.equation import family_of, index_of

Value = Callable[[Expr], float]


def one_weight(post: Post, entry: Expr, value: Value | None = None) -> None:
    """Write ∂C/∂entry as a sum over paths; with `value`, each factor and product in numbers."""
    system = post.system
    writer = Writer(system, post.notation)
    name = writer.write(entry)
    post.heading("one weight", entry=name)
    found = paths(system, entry)
    post.say("one path" if len(found) == 1 else "paths", entry=name, count=len(found))
    adjoint = system[adjoint_name(system.loss, str(family_of(entry)))]
    left = writer.write(adjoint[index_of(entry)])
    total = sp.Add(*(product_of(path) for path in found))
    post.claims.append((adjoint[index_of(entry)], total, (), None))
    post.formula(_aligned(left, [_along(writer, path) for path in found]))
    post.say("factors")
    for edge in dict.fromkeys(e for path in found for e in reversed(path)):
        post.formula(_factor(writer, edge, value))
    post.say("together")
    post.formula(_aligned(left, [writer.write(product_of(path)) for path in found]))
    if value is not None:
        post.say("in numbers")
        products = [_product(path, value) for path in found]
        total = sum(value(product_of(path)) for path in found)
        post.formula(_aligned(left, products, number(total)))


def number(x: float, digits: int = 10) -> str:
    r"""A number to some digits: 0.0821670407, 1.5 \times 10^{-9}."""
    text = f"{x:.{digits}g}"
    if "e" in text:
        mantissa, power = text.split("e")
        return rf"{mantissa} \times 10^{{{int(power)}}}"
    return text


def _aligned(left: str, terms: Sequence[str], total: str | None = None) -> str:
    """left = the sum of the terms, one on each line; then = total."""
    if len(terms) == 1 and total is None:
        return f"{left} = {terms[0]}"
    lines = [f"{left} &= {terms[0]}", *(rf"&\quad + {t}" for t in terms[1:])]
    lines += [f"&= {total}"] if total is not None else []
    body = " \\\\\n".join(lines)
    return f"\\begin{{aligned}}\n{body}\n\\end{{aligned}}"


def _along(writer: Writer, path: Path) -> str:
    """The derivatives along a path, from the cost back to the entry."""
    return " ".join(writer.write(edge.partial) for edge in reversed(path))


def _factor(writer: Writer, edge: Edge, value: Value | None) -> str:
    parts = [writer.write(edge.partial), writer.write(edge.plain)]
    slope = writer.write(edge.slope)
    parts += [slope] if slope != parts[-1] else []
    parts += [number(value(edge.slope))] if value is not None else []
    return " = ".join(dict.fromkeys(parts))


def _product(path: Path, value: Value) -> str:
    factors = [number(value(edge.slope)) for edge in reversed(path)]
    return r" \cdot ".join(f"({f})" if f.startswith("-") else f for f in factors)


_MARK = r"[_^](?:\{(?:[^{}]|\{[^{}]*\})*\}|.)"
_ENTRY = re.compile(
    rf"(?P<letter>(?:\\[A-Za-z]+|[{{}}A-Za-z])+?)(?P<marks>(?:{_MARK})*)(?P<prime>'*)$"
)


def read_parameter(text: str, system: System, notation: Notation) -> Expr:
    r"""The parameter that a text such as w^2_{11}, W_{i,12} or \Theta_{10}^{(1)} names.

    Layers and the order of the two units are those of the notation. Raises `UnknownNameError`
    where no parameter is written so.
    """
    match = _ENTRY.match(re.sub(r"\s", "", text))
    marks = {mark[0]: mark[1:] for mark in re.findall(_MARK, match["marks"])} if match else {}
    below = _inside(marks.get("_", ""))
    above = _inside(marks.get("^", "")).strip("()[]")
    writer = Writer(system, notation)
    for variable in system.with_role(Role.PARAMETER):
        style = writer.entries.style(variable.name)
        letters = [re.sub(r"\s", "", name) for name in (style.entry, style.whole)]
        if match and match["letter"] + match["prime"] in letters:
            index = _index(variable, style, above, below, notation)
            if index is not None and _in_range(variable, index, system):
                return variable[tuple(map(Integer, index))]
    known = ", ".join(writer.write(v[v.own_index]) for v in system.with_role(Role.PARAMETER))
    raise UnknownNameError(
        f"{text!r} is no parameter of this network in the notation {notation.name} "
        f"(parameters: {known}, with numbers in range)"
    )


def _inside(mark: str) -> str:
    return mark[1:-1] if mark.startswith("{") else mark


def _index(
    variable: Variable, style: Style, above: str, below: str, notation: Notation
) -> list[int] | None:
    """The index that the marks of an entry say, in the order of the slots."""
    label = re.sub(r"\s", "", style.label)
    above = above.removeprefix(style.mark)
    if label and not f"{below},".startswith(f"{label},"):
        return None
    rest = below[len(label) + 1 :] if label else below
    given = rest.split(",") if "," in rest else list(rest)
    if style.subscript and (not given or given.pop() != style.subscript):
        return None
    layers = [s for s in variable.slots if s.kind is Kind.LAYER]
    if len(given) != len(variable.slots) - len(layers) or not all(u.isdigit() for u in given):
        return None
    if above.isdigit() != bool(layers) or len(layers) > 1:
        return None
    numbers = [int(u) for u in given]
    if len(numbers) == 2 and notation.weights == "from-to":
        numbers.reverse()
    rest_of = iter(numbers)
    return [int(above) - style.layer if s.kind is Kind.LAYER else next(rest_of)
            for s in variable.slots]  # fmt: skip


def _in_range(variable: Variable, index: Sequence[int], system: System) -> bool:
    values = system.size_values()
    at: dict[Expr, Expr] = {}
    for slot, i in zip(variable.slots, index, strict=True):
        r = slot.range.substitute(at)
        low, high = (b.xreplace(values).xreplace(values) for b in (r.lower, r.upper))
        if not (low <= i <= high):
            return False
        at[slot.symbol] = Integer(i)
    return True
