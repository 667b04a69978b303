"""What makes a set of equations a system: names, ranges, one definition each, one direction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

import sympy as sp
from sympy import Expr, Symbol

from symbp.errors import DefinitionError, at
from symbp.system.contents import data_in, names_in
from symbp.system.equation import Equation, Kind, Role, Variable, family_of, index_of, walk
from symbp.system.facts import Facts
from symbp.system.indices import Range, substitute
from symbp.system.regions import box_of, cells

Variables = Mapping[str, Variable]


def check(variables: Variables, equations: Sequence[Equation], loss: str, facts: Facts) -> None:
    """Raise a `DefinitionError` for the first thing that is wrong with the equations."""
    for equation in equations:
        used = _used(equation, variables)
        if not _is_sound(equation, used, facts):
            with at(f"equation for {equation.lhs}"):
                _check_names(equation, variables)
                _check_ranges(equation, variables, facts)
    _check_defined_once(variables, equations, facts)
    if variables.get(loss) is None or variables[loss].slots:
        raise DefinitionError(f"the loss {loss!r} must be a declared family without indices")
    order_families(variables, equations)


def _used(equation: Equation, variables: Variables) -> tuple[Variable, ...]:
    """The families whose names stand in an equation."""
    names = {equation.family, *names_in(equation.rhs)}
    for r in equation.domain:
        names |= {*names_in(r.lower), *names_in(r.upper)}
    return tuple(variables[n] for n in sorted(names) if n in variables)


@lru_cache(maxsize=1 << 12)
def _is_sound(equation: Equation, used: tuple[Variable, ...], facts: Facts) -> bool:
    """Whether nothing is wrong with an equation; remembered for the next system that has it."""
    variables = {v.name: v for v in used}
    try:
        _check_names(equation, variables)
        _check_ranges(equation, variables, facts)
    except DefinitionError:
        return False
    return True


def _check_names(equation: Equation, variables: Variables) -> None:
    if equation.family not in variables:
        raise DefinitionError(f"{equation.family} is not declared")
    bound_left = {r.symbol for r in equation.domain}
    for node, ranges in walk(equation.rhs):
        bound = bound_left | {r.symbol for r in ranges}
        clash = bound_left & {r.symbol for r in ranges}
        if clash:
            raise DefinitionError(f"index {clash.pop()} is summed over and free on the left")
        name = family_of(node)
        if name is None or node in bound:
            continue
        if name not in variables:
            raise DefinitionError(_undefined(node, name, variables))
        if len(index_of(node)) != len(variables[name].slots):
            raise DefinitionError(f"{node} met the declaration {variables[name].signature}")


def _undefined(node: Expr, name: str, variables: Variables) -> str:
    """What is said of a name that nothing declares."""
    known = ", ".join(sorted(variables))
    if isinstance(node, Symbol) and node.is_integer:
        return f"index {name} is neither declared nor bound by a sum (declared: {known})"
    near = get_close_matches(name, variables, n=1)
    hint = f": did you mean {near[0]}?" if near else ""
    return f"{name} is neither declared nor defined by an equation{hint} (declared: {known})"


def _check_ranges(equation: Equation, variables: Variables, facts: Facts) -> None:
    """Every affine index stays in its slot's range wherever the equation is used."""
    for place, r in enumerate(equation.domain):
        for node, _ in (*walk(r.lower), *walk(r.upper)):
            if family_of(node) in variables:
                _check_entry(node, variables, facts, equation.domain[:place])
    _check_entry(equation.lhs, variables, facts, equation.domain)
    for node, ranges in walk(equation.rhs):
        if family_of(node) in variables:
            _check_entry(node, variables, facts, (*equation.domain, *ranges))


def _check_entry(entry: Expr, variables: Variables, sizes: Facts, ranges: Sequence[Range]) -> None:
    facts = sizes.given(ranges)
    variable = variables[str(family_of(entry))]
    if len(variable.slots) != len(index_of(entry)):
        raise DefinitionError(f"{entry} met the declaration {variable.signature}")
    mapping: dict[Expr, Expr] = {}
    for slot, index in zip(variable.slots, index_of(entry), strict=True):
        whole = slot.range.substitute(mapping)
        mapping[slot.symbol] = index
        if any(_looks_up(node, variables) for node in data_in(index)):
            continue  # a gather: its values are data, and checked when there are any
        if not (facts.le(whole.lower, index) and facts.le(index, whole.upper)):
            raise DefinitionError(
                _outside(entry, index, slot.symbol, whole, ranges, facts, variables)
            )


def _looks_up(data: Expr, variables: Variables) -> bool:
    """Whether an entry or a number in an index is data: c[i], or a label y that is given."""
    variable = variables.get(str(family_of(data)))
    if variable is None or variable.role is Role.SIZE:
        return False
    return bool(variable.slots) or variable.role in (Role.INPUT, Role.TARGET)


def _outside(
    entry: Expr, index: Expr, symbol: Symbol, whole: Range, ranges: Sequence[Range], facts: Facts,
    variables: Variables,
) -> str:  # fmt: skip
    """What is said of an index that may leave its slot's range."""
    variable = variables[str(family_of(entry))]
    own = [r for r in ranges if r.symbol in index.free_symbols]
    where = f", {', '.join(str(r) for r in own)}," if own else ""
    text = (
        f"index {index} of {entry}{where} is not known to stay in "
        f"{whole.lower} ≤ {symbol} ≤ {whole.upper}"
    )
    first = substitute(index, {r.symbol: r.lower for r in own})
    last = substitute(index, {r.symbol: r.upper for r in own})
    end = last if facts.le(whole.lower, first) else first
    named = variables.get(str(family_of(index)))
    if named is not None and named.role is not Role.SIZE:
        return (
            f"{text}: {named.name} is {named.role}, and only inputs and targets are used as an "
            "index"
        )
    if variable.role is Role.INTERMEDIATE and len(own) == 1:
        return f"{text}: no equation says what {variable.name} is at {symbol} = {end}"
    return text


def _check_defined_once(variables: Variables, equations: Sequence[Equation], facts: Facts) -> None:
    for variable in variables.values():
        own = [e for e in equations if e.family == variable.name]
        if variable.role.given:
            if own:
                raise DefinitionError(f"{variable.name} is {variable.role} and has an equation too")
            continue
        if not own:
            raise DefinitionError(f"no equation defines {variable.name}")
        if variable.role is Role.ADJOINT:
            continue  # the rule leaves out what nobody asked for
        boxes = [box_of(variable, e, facts) for e in own]
        for cell in cells(variable, boxes, facts):
            where = _where(variable, cell.box)
            if not cell.members:
                raise DefinitionError(f"no equation defines {variable.name}{where}")
            if len(cell.members) > 1:
                by = " and ".join(_head(own[i]) for i in cell.members[:2])
                raise DefinitionError(f"{variable.name} is defined twice{where}: by {by}")


def _head(equation: Equation) -> str:
    """The left side of an equation with its range: h[t] for 1 ≤ t ≤ T."""
    domain = ", ".join(str(r) for r in equation.domain)
    return f"{equation.lhs} for {domain}" if domain else str(equation.lhs)


def _where(variable: Variable, box: Sequence[tuple[Expr, Expr] | None]) -> str:
    parts = [
        f"{slot.symbol} = {i[0]}" if i[0] == i[1] else f"{i[0]} ≤ {slot.symbol} ≤ {i[1]}"
        for slot, i in zip(variable.slots, box, strict=True)
        if i is not None
    ]
    return f" for {', '.join(parts)}" if parts else ""


def order_families(variables: Variables, equations: Sequence[Equation]) -> list[list[str]]:
    """Groups of families that are defined together, each after what it needs.

    A group of several families (or of one that uses itself) is a recurrence; it must run one
    way along a layer, time or place index, else no order of evaluation exists.
    """
    edges = [
        (e.family, name, e.lhs, node)
        for e in equations
        for node, _ in walk(e.rhs)
        if (name := family_of(node)) in variables and not variables[str(name)].role.given
    ]
    groups = components([v for v in variables if not variables[v].role.given], edges)
    for group in groups:
        inner = [e for e in edges if e[0] in group and e[1] in group]
        _check_one_way(group, inner, variables, list(Kind))
    return groups


Edge = tuple[str, "str | None", Expr, Expr]


def components(names: Sequence[str], edges: Sequence[tuple[Any, ...]]) -> list[list[str]]:
    """Strongly connected components, dependencies first (Tarjan 1972).

    An edge begins with (user, used). Where several orders are possible, `names` decides.
    """
    needs: dict[str, list[str]] = {n: [] for n in names}
    for user, used, *_ in edges:
        needs[user].append(str(used))
    number: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    result: list[list[str]] = []

    def visit(v: str) -> None:
        number[v] = low[v] = len(number)
        stack.append(v)
        for w in needs[v]:
            if w not in number:
                visit(w)
                low[v] = min(low[v], low[w])
            elif w in stack:
                low[v] = min(low[v], number[w])
        if low[v] == number[v]:
            cut = stack.index(v)
            result.append(stack[cut:])
            del stack[cut:]

    for n in names:
        if n not in number:
            visit(n)
    return result


def _check_one_way(
    group: list[str], edges: Sequence[Edge], variables: Variables, kinds: list[Kind]
) -> None:
    """Some kind of index moves one way on every edge; what stands still is checked again."""
    if not edges:
        return
    for kind in kinds:
        shifts = [_shift(e, variables, kind) for e in edges]
        if all(s is not None for s in shifts) and any(s != 0 for s in shifts):
            signs = {s for s in shifts if s}
            if len(signs) == 1:
                still = [e for e, s in zip(edges, shifts, strict=True) if s == 0]
                for part in components(group, still):
                    inner = [e for e in still if e[0] in part and e[1] in part]
                    _check_one_way(part, inner, variables, [k for k in kinds if k is not kind])
                return
    cycle = ", ".join(sorted({f"{lhs} needs {used}" for _, _, lhs, used in edges}))
    who = f"{' and '.join(group)} need each other" if len(group) > 1 else f"{group[0]} needs itself"
    raise DefinitionError(f"{who}, and no index runs one way through all of it: {cycle}")


def _shift(edge: Edge, variables: Variables, kind: Kind) -> int | None:
    """The sign of (used index − defined index) along a kind; None where it is not constant."""
    user, used, lhs, entry = edge
    a = _index_along(variables[user], lhs, kind)
    b = _index_along(variables[str(used)], entry, kind)
    if a is None or b is None:
        return None
    difference = sp.expand(b - a)
    return int(sp.sign(difference)) if difference.is_Integer else None


def _index_along(variable: Variable, entry: Expr, kind: Kind) -> Expr | None:
    found = [i for s, i in zip(variable.slots, index_of(entry), strict=True) if s.kind is kind]
    return found[0] if len(found) == 1 else None
