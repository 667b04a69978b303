"""A product under sums as a matrix expression, by reducing a graph.

Vertices are indices, a factor with two axes is an edge, a factor with one axis weighs on its
vertex. A vertex that is summed over goes by the first rule that fits:

    no edge       weights u, v        Σ_k u_k v_k              uᵀv, a scalar
    one edge      weight u            Σ_k A_jk u_k             A u, a weight on j
                  no weight           Σ_k A_jk                 A 1, a weight on j
    two edges     weight u or none    Σ_k A_ik u_k B_kj        A diag(u) B, an edge
    parallel edges                    A_jk B_jk                A ⊙ B, one edge

What is left joins the free indices: diag(u) A diag(v), or u vᵀ where there is no edge.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sympy import Symbol

from symbp.errors import SymbpError
from symbp.forms.matrix_build import (
    ONE,
    column,
    diagonal,
    hadamard,
    matmul,
    orient,
    rank,
    row,
    scale,
    sum_over,
)
from symbp.forms.matrix_expr import Axis, Broadcast, Diag, MatrixExpr, Scalar

#: (row, column) for the axes of a result: one axis, or two in the order of their appearance.
Place = Callable[[Sequence[Axis]], tuple[Axis | None, Axis | None]]


class NoMatrixForm(SymbpError):
    """An equation that cannot be seen as one of vectors and matrices; the message says why."""


class Irreducible(NoMatrixForm):
    """A product that is no chain of matrices; `axes` are the indices that stand in the way."""

    def __init__(self, message: str, axes: Sequence[Symbol] = ()) -> None:
        super().__init__(message)
        self.axes = tuple(axes)


def contract(factors: Sequence[MatrixExpr], summed: Sequence[Axis], place: Place) -> MatrixExpr:
    """Σ_summed of the product of factors; `place` lays out the result."""
    graph = _Graph(place)
    for f in factors:
        graph.add(f)
    rest = list(summed)
    while rest:
        axis = min(rest, key=lambda a: graph.degree(a.symbol))  # the first of the least
        rest.remove(axis)
        graph.eliminate(axis, rest)
    return graph.result()


class _Graph:
    def __init__(self, place: Place) -> None:
        self.place = place
        self.scalars: list[MatrixExpr] = []
        self.axes: dict[Symbol, Axis] = {}
        self.weights: dict[Symbol, list[MatrixExpr]] = {}
        self.edges: dict[frozenset[Symbol], list[MatrixExpr]] = {}

    def add(self, f: MatrixExpr) -> None:
        """One more factor."""
        r, c = f.row, f.col
        for axis in (r, c):
            if axis is not None:
                self.axes.setdefault(axis.symbol, axis)
        if r is not None and c is not None:
            self.edges.setdefault(frozenset((r.symbol, c.symbol)), []).append(f)
        elif r is not None or c is not None:
            axis = r or c
            assert axis is not None
            self.weights.setdefault(axis.symbol, []).append(f)
        else:
            self.scalars.append(f)

    def neighbours(self, v: Symbol) -> list[Symbol]:
        """The indices that share an edge with v."""
        return [next(iter(pair - {v})) for pair in self.edges if v in pair]

    def degree(self, v: Symbol) -> int:
        """The number of indices that share an edge with v."""
        return sum(v in pair for pair in self.edges)

    def eliminate(self, axis: Axis, rest: Sequence[Axis]) -> None:
        """Sum over one index."""
        v = axis.symbol
        near = self.neighbours(v)
        weights = self.weights.pop(v, [])
        if len(near) > 2:
            names = ", ".join(sorted(s.name for s in near))
            raise Irreducible(f"{v} is summed over and joins {names}: no product does", [v])
        if not near:
            self.add(self._inner(axis, weights))
        elif len(near) == 1:
            self._fold(axis, near[0], weights, rest)
        else:
            a = self._edge(near[0], v)
            b = self._edge(v, near[1])
            self.weights[v] = weights
            self.add(matmul(a, *self._scaling(axis), b))

    def _fold(self, axis: Axis, u: Symbol, weights: list[MatrixExpr], rest: Sequence[Axis]) -> None:
        """Σ_v A_uv w_v becomes a weight on u; with no weight at all, Σ_uv A_uv goes at once."""
        if weights:
            a = self._edge(u, axis.symbol)
            self.add(matmul(a, hadamard([column(w) for w in weights])))
        elif u in {r.symbol for r in rest} and not self.weights.get(u) and self.degree(u) == 1:
            found = self.edges.pop(frozenset((u, axis.symbol)))
            whole = hadamard([orient(f, found[0].row, found[0].col) for f in found])
            self.scalars.append(sum_over(whole, row=True, col=True))
        else:
            self.add(sum_over(self._edge(u, axis.symbol), row=False, col=True))

    def _inner(self, axis: Axis, weights: list[MatrixExpr]) -> MatrixExpr:
        if not weights:
            # Already summed together with its only neighbour, or in no factor at all.
            return ONE if axis.symbol in self.axes else Scalar(axis.size)
        if len(weights) == 1:
            only = weights[0]
            return sum_over(only, row=only.row is not None, col=only.col is not None)
        first, *others = sorted(weights, key=rank)
        return matmul(row(first), hadamard([column(w) for w in others]))

    def _edge(self, u: Symbol, v: Symbol) -> MatrixExpr:
        """The edge between u and v, taken out: u its row, v its column."""
        found = self.edges.pop(frozenset((u, v)))
        r, c = found[0].row, found[0].col
        return orient(hadamard([orient(f, r, c) for f in found]), self.axes[u], self.axes[v])

    def result(self) -> MatrixExpr:
        """The product of what is left on the free indices."""
        free = [s for s in self.axes if self.weights.get(s) or self.neighbours(s)]
        if len(free) > 2:
            names = ", ".join(s.name for s in free)
            raise Irreducible(f"a product over the indices {names} has more than two axes")
        if not free:
            return scale(self.scalars, ONE)
        if len(free) == 1:
            return scale(self.scalars, self._vector(free[0]))
        return scale(self.scalars, self._matrix(free[0], free[1]))

    def _vector(self, v: Symbol) -> MatrixExpr:
        r, c = self.place([self.axes[v]])
        return hadamard([orient(w, r, c) for w in self.weights[v]])

    def _matrix(self, u: Symbol, v: Symbol) -> MatrixExpr:
        found = self.edges.get(frozenset((u, v)), [])
        if not found:
            r, c = self.place([self.axes[u], self.axes[v]])
            ends = [self._vector(a.symbol) for a in (r, c) if a is not None]
            return matmul(column(ends[0]), row(ends[1]))
        r, c = found[0].row, found[0].col
        if isinstance(found[0], Diag) and found[0].vector == Broadcast(ONE, r, None):
            found = [self._diagonal(found[0]), *found[1:]]
        edge = hadamard([orient(f, r, c) for f in found])
        return matmul(*self._scaling(r), edge, *self._scaling(c))

    def _scaling(self, axis: Axis | None) -> list[MatrixExpr]:
        """diag(w), for the weights w of an index that stay: it scales rows or columns."""
        weights = self.weights.pop(axis.symbol, []) if axis is not None else []
        return [diagonal(hadamard([column(w) for w in weights]), axis, axis)] if weights else []

    def _diagonal(self, identity: Diag) -> MatrixExpr:
        """The identity with the weights of one of its indices on the diagonal."""
        for axis in (identity.row, identity.col):
            if axis is not None and self.weights.get(axis.symbol):
                weights = self.weights.pop(axis.symbol)
                vector = hadamard([column(w) for w in weights])
                return diagonal(vector, identity.row, identity.col)
        return identity
