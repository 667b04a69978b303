"""An index formula as an array expression.

    Σ_k w[2, j, k] a[1, k, i] + b[2, j]      w2 @ a1 + b2[:, None]
    f'(z[1, j]) with a[1, j] = f(z[1, j])    a1 * (1 - a1)
    Σ_{s ≤ t} x[s]                           np.sum(x * (s <= t[:, None]), axis=1)

Sums are contractions of arrays, an index that is not plain is a slice or a gather, a bound that
depends on another axis is a mask. `stable.py` keeps exponentials from overflowing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import sympy as sp
from sympy import Expr, Indexed, S, Symbol

from symbp.errors import UnknownNameError
from symbp.forms.arithmetic import common_number
from symbp.forms.scalar_functions import stable_prime
from symbp.functions import TABLE, Elementwise, F, Row, X
from symbp.numbers.codegen.contraction import contract, product, rank, scaled
from symbp.numbers.codegen.masks import (
    NOTHING,
    Mask,
    guarded,
    less,
    mask_of,
    masks,
    open_conditions,
    padded,
    tamed,
    vanishes,
    zeroed,
)
from symbp.numbers.codegen.maxima import chosen, greatest_along, maximum
from symbp.numbers.codegen.moving import square
from symbp.numbers.codegen.nodes import (
    LEVELS,
    ONE,
    Axes,
    Node,
    call,
    elementwise,
    leaf,
    negative,
    numeric,
)
from symbp.numbers.codegen.scatter import opened, scattered, split
from symbp.numbers.codegen.scope import Scope
from symbp.numbers.codegen.stable import Shift, is_exp, log_shift, quotient_shift
from symbp.numbers.codegen.storage import Storage
from symbp.numbers.codegen.tables import parsed
from symbp.numbers.codegen.taps import few_places, written_out
from symbp.system import Range, Role, Variable
from symbp.system.contents import data_in
from symbp.system.equation import family_of
from symbp.system.functional import Functional
from symbp.system.indices import AtLeast, ranges_of, substitute
from symbp.system.maximum import Chosen, Maximum

Named = Callable[[Expr, Scope], Expr]


@dataclass(frozen=True)
class Parts:
    """±p/q · Π above / Π below, the numbers apart."""

    coefficient: sp.Rational
    above: list[Node]
    below: list[Node]


class Formula:
    """Turns index expressions into nodes; `named` writes f(z[...]) as the family that is it."""

    def __init__(self, storage: Storage, named: Named = lambda e, scope: e) -> None:
        self.storage = storage
        self.named = named

    def node(self, e: Expr, scope: Scope) -> Node:
        """The array expression of e, with axes among those of the scope."""
        if isinstance(e, sp.Add):
            return self._add(e, scope)
        if isinstance(e, (sp.Mul, sp.Pow)):
            return self._quotient(e, scope)
        if isinstance(e, sp.Sum):
            return self._sum(e, scope)
        if isinstance(e, (Elementwise, sp.exp, sp.log)):
            return self._apply(e, scope)
        if isinstance(e, (sp.KroneckerDelta, AtLeast)):
            return self._condition(e, scope)
        if isinstance(e, Maximum):
            return maximum(self, e, scope)
        if isinstance(e, Chosen):
            return chosen(self, e, scope)
        if isinstance(e, Functional):
            raise UnknownNameError(f"the loss {e.name} is unspecified: choose one to get code")
        if e in (sp.pi, sp.E):
            return leaf({sp.pi: "np.pi", sp.E: "np.e"}[e])
        if e.is_Rational and not e.is_Integer:
            return elementwise("/", [leaf(str(e.p)), leaf(str(e.q))])
        name = family_of(e)
        variable = self.storage.system.by_name.get(str(name))
        if name is not None and variable is not None and variable.role is not Role.SIZE:
            return self._entry(e, variable, scope)
        return self.storage.integer(e, scope)

    def _entry(self, e: Expr, variable: Variable, scope: Scope) -> Node:
        """An entry; of a given array whose range moves only the part that counts.

        Data that are an index count from 0 in their array, so as numbers they are more.
        """
        node = self.storage.entry(e, scope)
        first = self.storage.first(e) if variable.role.given else S.Zero
        node = node if first == 0 else elementwise("+", [node, leaf(str(first))])
        if not variable.role.given or not self.storage.moves(variable.name):
            return node
        found = open_conditions(self.storage.conditions(e), node.axes, scope, self.storage)
        return zeroed(node, found, scope, self.storage)

    # -- sums of terms and products ----------------------------------------------------------

    def _add(self, e: Expr, scope: Scope) -> Node:
        """Products first, what is subtracted last."""
        number, rest = common_number(e)
        if number != 1:
            return self._assembled(
                Parts(number, [], []), [self.node(rest, scope)], self._order(scope)
            )
        terms = [t for a in e.args for t in _terms(self.node(a, scope))]
        terms.sort(key=lambda n: (n.negative, n.number is not None, rank(n)))
        if (terms[-1].negative and not terms[0].negative) or terms[0].number is not None:
            terms.sort(key=lambda n: n.negative)
        first, *rest = map(numeric, terms)
        for n in rest:
            op, other = ("-", negative(n)) if n.level == LEVELS["negative"] else ("+", n)
            first = elementwise(op, [first, other], self._order(scope))
        return first

    def _quotient(self, e: Expr, scope: Scope) -> Node:
        found = quotient_shift(e)
        if found is not None:
            scope = self._shifted(found, scope)
        order = self._order(scope)
        parts = self._parts(e, scope)
        arrays = [n for n in parts.above if n.axes]
        scalars = [n for n in parts.above if not n.axes]
        return self._assembled(replace(parts, above=scalars), arrays, order)

    def _parts(self, e: Expr, scope: Scope) -> Parts:
        coefficient, above, below = S.One, [], []
        for f in sp.Mul.make_args(e):
            if f.is_Rational:
                coefficient *= f
            elif f.is_Pow and f.exp.could_extract_minus_sign():
                base = self._power(f.base, -f.exp, scope)
                below.append(guarded(base, ONE, scope, self.storage) if f.exp.is_Integer else base)
            elif f.is_Pow:
                above.append(self._power(f.base, f.exp, scope))
            else:
                above.append(self.node(f, scope))
        return Parts(sp.Rational(coefficient), above, below)

    def _power(self, base: Expr, exponent: Expr, scope: Scope) -> Node:
        b = self.node(base, scope)
        if exponent == 1:
            return b
        if not (exponent.is_Integer and exponent > 0):
            b = guarded(b, ONE, scope, self.storage)
        if exponent == S.Half:
            return call("np.sqrt", b)
        if exponent.is_Rational and not exponent.is_Integer:
            return elementwise("**", [b, leaf(str(float(exponent)))])
        if exponent == 3 and b.axes:  # NumPy's power takes a hundred times as long
            return elementwise("*", [elementwise("**", [b, leaf("2")]), b])
        return elementwise("**", [b, self.node(exponent, scope)])

    def _assembled(self, parts: Parts, arrays: list[Node], order: Axes) -> Node:
        """coefficient · scalars · arrays, such that scalars meet before they meet an array."""
        c = parts.coefficient
        below = [n for n in parts.below if n.axes]
        over = [n for n in parts.below if not n.axes]
        above = sorted(parts.above, key=rank)
        above = [leaf(str(abs(c.p)))] * (abs(c.p) != 1) + above
        over = [leaf(str(c.q))] * (c.q != 1) + over
        body = product(arrays, order) if arrays else None
        if below:
            top, above = (body, above) if body else (product(above or [ONE], order), [])
            body = elementwise("/", [top, product(below, order)], order)
        if body is None:
            result = product(above or [ONE], ())
            result = elementwise("/", [result, product(over, ())]) if over else result
        elif above:
            factor = product(above, ())
            factor = elementwise("/", [factor, product(over, ())]) if over else factor
            result = scaled(factor, body, order)
        else:
            result = elementwise("/", [body, product(over, ())], order) if over else body
        return negative(numeric(result)) if c < 0 else result

    # -- sums over an index ------------------------------------------------------------------

    def _sum(self, e: sp.Sum, scope: Scope) -> Node:
        ranges = list(ranges_of(e))
        body, ranges = opened(e.function, ranges)
        if isinstance(body, sp.Add) and self._splits(body, ranges):
            limits = [(r.symbol, r.lower, r.upper) for r in reversed(ranges)]
            return self._add(
                sp.Add(*(sp.Sum(t, *limits) for t in body.args), evaluate=False), scope
            )
        return self._contracted(body, ranges, scope)

    def _splits(self, body: Expr, ranges: Sequence[Range]) -> bool:
        """Whether the terms together have more axes than any of their entries."""
        symbols = {r.symbol for r in ranges}
        widest = [a.free_symbols & symbols for a in body.atoms(Indexed)]
        return symbols & body.free_symbols not in widest

    def _contracted(self, body: Expr, ranges: Sequence[Range], scope: Scope) -> Node:
        found: list[Mask] = []
        at: dict[Expr, Expr] = {}
        taps = few_places(body, ranges)
        if taps:
            return self.node(written_out(body, ranges, taps), scope)
        outside = [r for r in ranges if self._is_listed(body, r.symbol)]
        if outside:
            return self._total(body, ranges, outside[0], scope)
        own: list[Symbol] = []
        meant: list[Range] = []
        for r in ranges:
            r = Range(r.symbol, substitute(r.lower, at), substitute(r.upper, at))
            hull = square(r, scope.axes, self.storage.facts)
            axis = self.storage.axis(
                hull, {*scope.axes, *scope.loops, *body.free_symbols - {r.symbol}}
            )
            at[r.symbol] = axis
            own.append(axis)
            scope = scope.within(replace(hull, symbol=axis))
            own_range = replace(r, symbol=axis)
            meant += [own_range] * (r != hull)
            found += masks(own_range, replace(hull, symbol=axis), self.storage.facts)
        body = substitute(body, at)
        scope, found = padded(body, found, scope, self.storage)
        scope = scope.only((c for m in found for c in m.conditions), *meant)
        found = [m for m in found if not self._vanishes(body, m, scope)]
        targets, body = split(body, own, scope, self.storage)
        shift = quotient_shift(body)
        inner = self._shifted(shift, scope) if shift is not None else scope
        taken = {a for t in targets for a in t.places.axes}
        first = sorted(inner.axes, key=lambda a: a not in taken)  # as np.add.at has them
        inner = replace(inner, axes={a: inner.axes[a] for a in first})
        order = self._order(inner)
        parts = self._parts(body, inner)
        below = [n for n in parts.below if n.axes]
        factors = [
            n for n in (*parts.above, *(mask_of(m, scope, self.storage) for m in found)) if n.axes
        ]
        if below:
            top = product(factors, order) if factors else ONE
            factors = [elementwise("/", [top, product(below, order)], order)]
        rest = Parts(parts.coefficient, [n for n in parts.above if not n.axes],
                     [n for n in parts.below if not n.axes])  # fmt: skip
        inside = [k for k in own if k not in taken]
        counted = [self.storage.integer(self.storage.length(scope.axes[k]), Scope())
                   for k in inside if not any(k in f.axes for f in factors)]  # fmt: skip
        result = [contract(factors, inside, order, self.storage)] if factors else []
        if targets:
            result = [scattered(targets, result[0] if result else None, own, scope, self.storage)]
        scalars = [*rest.above, *counted, *(n for n in result if not n.axes)]
        return self._assembled(replace(rest, above=scalars), [n for n in result if n.axes], order)

    def _vanishes(self, body: Expr, m: Mask, scope: Scope) -> bool:
        """Whether the body is 0 by itself where a mask is false."""
        return all(vanishes(body, c, scope, self.storage) for c in m.conditions)

    def _is_listed(self, body: Expr, k: Symbol) -> bool:
        """Whether an entry is looked up in a list of arrays by the index."""
        storage = self.storage
        return any(
            k in a.indices[i].free_symbols
            for a in body.atoms(Indexed)
            for i in storage.listed.get(str(family_of(a)), ())
        )

    def _total(self, body: Expr, ranges: Sequence[Range], r: Range, scope: Scope) -> Node:
        """Σ over a list of arrays: sum(... for l in range(...))."""
        rest = [(q.symbol, q.lower, q.upper) for q in reversed(ranges) if q is not r]
        inner = scope.looping(r)
        variable = self.storage.integer(r.symbol, inner).text
        node = self.node(sp.Sum(body, *rest) if rest else body, inner)
        first, last = (self.storage.integer(b, scope).text for b in (r.lower, r.upper + 1))
        return Node("total", (node,), node.axes, f"{variable} in range({first}, {last})")

    # -- functions and conditions ----------------------------------------------------------------

    def _apply(self, e: Expr, scope: Scope) -> Node:
        found = log_shift(e)
        if found is not None:
            return self._shifted_log(e, *found, scope)
        row, order = (e.row, e.order) if isinstance(e, Elementwise) else (_plain_row(e), 0)
        if is_exp(e):
            for shift, top in scope.shifts:
                if shift.matches(e.args[0], scope.axes):
                    return call(
                        "np.exp", less(self.node(e.args[0], scope), top, scope, self.storage)
                    )
            return call(
                "np.exp", guarded(self.node(e.args[0], scope), NOTHING, scope, self.storage)
            )
        return self._table(row, order, e, scope)

    def _shifted_log(self, e: Expr, shift: Shift, degree: sp.Rational, scope: Scope) -> Node:
        """log X = degree · M + log(X with its exponentials shifted by M)."""
        top = self._maximum(shift, scope)
        inner = replace(scope, shifts=(*scope.shifts, (shift, top)))
        value = guarded(self.node(e.args[0], inner), ONE, scope, self.storage)
        log = call("np.log", value)
        arrays, scalars = ([top], []) if top.axes else ([], [top])
        first = self._assembled(Parts(degree, scalars, []), arrays, ())
        return elementwise("+", [first, log])

    def _table(self, row: Row, order: int, e: Expr, scope: Scope) -> Node:
        """A row of the table: its NumPy text, or the formula of its derivative."""
        if not row.specified:
            raise UnknownNameError(f"{row.name} is unspecified: choose a function to get code")
        parameters = zip((p for p, _ in row.parameters), e.args[1:], strict=True)
        at = {p: self.node(value, scope) for p, value in parameters}
        text = row.numpy if order == 0 else row.numpy_derivative if order == 1 else ""
        formula = S.Zero if text else stable_prime(row.name, order)
        if "{x}" in text or formula.has(X):
            at[X] = tamed(e, self.node(e.args[0], scope), scope, self.storage)
        if order and ("{f}" in text or formula.has(F)):
            at[F] = self.node(self.named(row(*e.args), scope), scope)
        if text:
            return parsed(text, at, self._order(scope))
        symbols = {s: Symbol(f"_{i}") for i, s in enumerate(at)}
        known = {symbols[s].name: n for s, n in at.items()}
        return _Given(self.storage, known).node(formula.xreplace(symbols), scope)

    def _condition(self, e: Expr, scope: Scope) -> Node:
        """[a = b] or [a ≥ 0]."""
        op, sides = (
            ("==", e.args) if isinstance(e, sp.KroneckerDelta) else (">=", (e.args[0], S.Zero))
        )
        sides = sorted(sides, key=lambda side: bool(side.is_number))  # y == 0, not 0 == y
        firsts = [self.storage.first(a) for a in data_in(e) if self.storage.is_data(a)]
        shift = firsts[0] if firsts else S.Zero
        nodes = [self.storage.integer(side - shift, scope) for side in sides]
        return elementwise(op, nodes, self._order(scope))

    # -- exponentials ------------------------------------------------------------------------------

    def _shifted(self, shift: Shift, scope: Scope) -> Scope:
        if any(s.same(shift) for s, _ in scope.shifts):
            return scope
        return replace(scope, shifts=(*scope.shifts, (shift, self._maximum(shift, scope))))

    def _maximum(self, shift: Shift, scope: Scope) -> Node:
        """max over the summed index of the exponent."""
        return greatest_along(self, shift.exponent, [shift.range], scope)

    def _order(self, scope: Scope) -> Axes:
        return tuple(scope.axes)


class _Given(Formula):
    """Formulas in which some names stand for nodes."""

    def __init__(self, storage: Storage, known: dict[str, Node]) -> None:
        super().__init__(storage)
        self.known = known

    def node(self, e: Expr, scope: Scope) -> Node:
        """As for any formula."""
        name = family_of(e)
        return self.known[name] if name in self.known else super().node(e, scope)


def _terms(a: Node) -> list[Node]:
    """The terms of a sum, or of −(a sum)."""
    if a.negative and a.args[0].op in ("+", "-") and not a.args[0].negative:
        return [negative(t) for t in _terms(a.args[0])]
    if a.op == "+":
        return [t for b in a.args for t in _terms(b)]
    if a.op == "-" and not a.negative:
        return [*_terms(a.args[0]), *map(negative, _terms(a.args[1]))]
    return [a]


def _plain_row(e: Expr) -> Row:
    return TABLE["exp" if isinstance(e, sp.exp) else "log"]
