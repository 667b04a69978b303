"""How many axes each family has: told by its indices, else by how it is used in the equations.

    Wᵀ, ‖x‖, x ⊙ y, diag(x)     vectors and matrices
    a product with a matrix      a vector on its right
    a sum, a function            one rank on both sides

What stays open is a matrix for a capital letter, and for a small one a vector where the equations
have any matrix or vector, else a number.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from symbp.reading.grammar.marks import marks
from symbp.reading.grammar.syntax import (
    BigSum,
    Bracket,
    Call,
    Dots,
    Fraction,
    Name,
    Node,
    Norm,
    Number,
    Product,
    Root,
    Rows,
    Sum,
    walk,
)
from symbp.reading.model.letters import capital, is_capital, is_weight, small, turned, with_capital

BIASES = {"b", "c", r"\beta", r"\theta", "bias"}
ELEMENTWISE = {r"\odot", r"\circ", "*", r"\bullet", ".*"}


class Ranks:
    """Ranks of families by key; `key_of` finds the family of a name and its written units."""

    def __init__(
        self,
        known: Mapping[str, int],
        key_of: Callable[[Name], tuple[str, int] | None],
        functions: frozenset[str],
        softmaxes: frozenset[str] = frozenset({"softmax"}),
        sliding: Collection[str] = (),
        rows: frozenset[str] = frozenset(),
        counted: Collection[str] = (),
    ) -> None:
        self.ranks: dict[str, int | None] = dict(known)
        self.key_of = key_of
        self.functions = functions
        self.softmaxes = softmaxes
        self.sliding = sliding
        self.changed = False
        self.given_rows = rows
        self.rows: set[str] = set()
        """Families that turn out to be rows: the W of z = W a, where z is a number."""
        self.counted = set(counted)
        """Families of which only the indices that are written tell how many axes they have."""
        self.raised: set[str] = set()
        """Those of them that have one more: the w of w_k^T x, of which w_k is a vector."""
        self.defined: set[str] = set()
        """Families that have an equation."""

    def settle(
        self, equations: Sequence[tuple[Node, Node]], likely: Mapping[str, int]
    ) -> dict[str, int]:
        """The rank of every family; `likely` holds of those that the equations leave open."""
        names = [n for pair in equations for side in pair for n in walk(side)]
        found = [self.key_of(n) for n in names if isinstance(n, Name)]
        keys = [f[0] for f in found if f is not None]
        for key in keys:
            self.ranks.setdefault(key, None)
        lefts = [self.key_of(left) for left, _ in equations if isinstance(left, Name)]
        self.defined = {key[0] for key in lefts if key is not None}
        for n in names:  # w_k^T x: w_k is a vector
            if isinstance(n, Name) and turned(n):
                self._raise(n)
        self._raise_in_norms(equations)
        self._fix(equations)
        for key, rank in likely.items():
            self._set(key, rank)
        self._fix(equations)
        for guess in (self._capitals, self._arrays):
            while guess(keys):
                self._fix(equations)
        return {k: r if r is not None else 0 for k, r in self.ranks.items()}

    def _fix(self, equations: Sequence[tuple[Node, Node]]) -> None:
        """All that the ranks known by now tell."""
        for _ in range(12):
            self.changed = False
            for left, right in equations:
                self._raise_all(left, right)
                if self.rank(left, None) == 0:
                    self._row_before_column(right)
                rank = self.rank(right, None)
                left_rank = self.rank(left, rank)
                if rank is None and left_rank is not None:
                    self.rank(right, left_rank)
            if not self.changed:
                return

    def _raise_all(self, left: Node, right: Node) -> None:
        """What is multiplied with such vectors, added to them or equal to them is one as well."""
        for n in walk(right):
            for a, b in pairwise(n.factors) if isinstance(n, Product) else ():
                if isinstance(a, Name) and turned(a) and self.rank(a, None) == 1:
                    self._raise(b)  # the x_i of w^T x_i
        if not self.raised:
            return
        for n in walk(right):
            if isinstance(n, Product):
                for a, b in pairwise(n.factors):
                    if (turned(a) and self.rank(a, None)) or self._may_be_matrix(a):
                        self._raise(b)
            elif isinstance(n, Sum):
                terms = [t for _, t in n.terms]
                if any(self._is_raised(t) for t in terms):
                    for t in terms:
                        self._raise(t)
        if self.rank(right, None) == 1 and any(self._is_raised(n) for n in walk(right)):
            self._raise(left)

    def _raise_in_norms(self, equations: Sequence[tuple[Node, Node]]) -> None:
        """The z_i of ‖z_i − μ‖ is a vector where z_i = W x_i."""
        mapped = {
            found[0]
            for left, right in equations
            if isinstance(left, Name) and (found := self.key_of(left)) is not None
            for n in walk(right)
            if isinstance(n, Product)
            for a, b in pairwise(n.factors)
            if self._may_be_matrix(a) and isinstance(b, Name) and (self.key_of(b) or ("", 0))[1]
        }
        norms = (
            n for _, right in equations for n in walk(right) if isinstance(n, Norm) and n.double
        )
        for n in (n for norm in norms for n in walk(norm.inner) if isinstance(n, Name)):
            if (self.key_of(n) or ("", 0))[0] in mapped:
                self._raise(n)

    def _raise(self, node: Node) -> None:
        """Let what is written with all its indices be a vector."""
        found = self.key_of(node) if isinstance(node, Name) else None
        if found is not None and found[0] in self.counted and found[1] == self.ranks[found[0]]:
            self.counted.discard(found[0])
            self.raised.add(found[0])
            self.ranks[found[0]] = found[1] + 1
            self.changed = True

    def _may_be_matrix(self, node: Node) -> bool:
        found = self.key_of(node) if isinstance(node, Name) and capital(node) else None
        return found is not None and self.ranks[found[0]] in (None, 2) and not found[1]

    def _is_raised(self, node: Node) -> bool:
        found = self.key_of(node) if isinstance(node, Name) else None
        return found is not None and found[0] in self.raised

    def _row_before_column(self, node: Node) -> None:
        """W a + b is a number: W, of which nothing is known yet, is a row."""
        for term in [t for _, t in node.terms] if isinstance(node, Sum) else [node]:
            factors = term.factors if isinstance(term, Product) else ()
            if len(factors) != 2 or not capital(factors[0]) or self.rank(factors[1], None) != 1:
                continue
            found = self.key_of(factors[0]) if isinstance(factors[0], Name) else None
            if found is not None and found[1] == 0 and self.ranks.get(found[0]) is None:
                self._set(found[0], 1)
                self.rows.add(found[0])

    def _capitals(self, keys: Sequence[str]) -> bool:
        """Whether there is a capital letter left; the first becomes a matrix.

        One without an equation before one that has one: the W_H of H = W_H x.
        """
        for key in sorted(keys, key=lambda key: key in self.defined):
            if self.ranks[key] is None and is_capital(key):
                self.ranks[key] = 2
                return True
        return False

    def _arrays(self, keys: Sequence[str]) -> bool:
        """Whether any letter is left; the first becomes a vector, or a number if all others are."""
        has_arrays = any(r for r in self.ranks.values())
        for key in keys:
            if self.ranks[key] is None:
                self.ranks[key] = 1 if has_arrays else 0
                return True
        return False

    # -- one node --------------------------------------------------------------------------

    def rank(self, node: Node, wanted: int | None) -> int | None:
        """The rank of an expression where it is known; `wanted` is passed down."""
        if isinstance(node, Number):
            return None
        if isinstance(node, Name):
            return self._name(node, wanted)
        if isinstance(node, Bracket):
            if node.sub:
                self.rank(node.inner, 1 if len(node.sub) == 1 else None)
                return 0
            return self.rank(node.inner, wanted)
        if isinstance(node, Sum):
            return self._alike(self._beside_images([t for _, t in node.terms]), wanted)
        if isinstance(node, Product):
            return self._product(node, wanted)
        if isinstance(node, Fraction):
            below = self.rank(node.below, None)
            above = self.rank(node.above, wanted if below == 0 else None)
            return max((r for r in (above, below) if r is not None), default=None)
        if isinstance(node, Call):
            return self._call(node, wanted)
        if isinstance(node, Norm):
            self.rank(node.inner, None)
            terms = node.inner.terms if isinstance(node.inner, Sum) else ()
            for n in (node.inner, *(t for _, t in terms)) if node.double else ():
                self._at_least_vector(n)
            return 0
        if isinstance(node, Root):
            return self.rank(node.inner, wanted)
        if isinstance(node, BigSum):
            return self.rank(node.body, wanted)
        if isinstance(node, Rows):
            return self._rows(node, wanted)
        return None

    def _rows(self, node: Rows, wanted: int | None) -> int | None:
        """The rank of an array: entries and vectors in one row or column are a vector."""
        cells = [c for row in node.cells for c in row if isinstance(c, Node)]
        if node.kind == "cases":
            return self._alike(cells, wanted)
        written = [c for c in cells if not isinstance(c, Dots)]
        ranks = [self.rank(c, None) for c in written]
        if len(node.cells) > 1 and any(len(row) > 1 for row in node.cells):
            return 2
        if len(written) < len(cells):  # an entry for each index
            return max((r for r in ranks if r is not None), default=0) + 1
        for c, r in zip(written, ranks, strict=True):
            if r is None and wanted == 1:
                self.rank(c, 1)
        return 1

    def _beside_images(self, terms: Sequence[Node]) -> list[Node]:
        """Terms without the biases of images, which are numbers if nothing says otherwise."""
        if not any(self._slides(t) for t in terms):
            return list(terms)
        for t in terms:
            if isinstance(t, Name) and t.base in BIASES and self.rank(t, None) is None:
                self.rank(t, 0)
        rest = [t for t in terms if not (isinstance(t, Name) and self.rank(t, None) == 0)]
        return rest or list(terms)

    def _slides(self, node: Node) -> bool:
        """Whether a term is an image over which a kernel slides."""
        signs = (s for n in walk(node) if isinstance(n, Product) for s in n.signs)
        return any(s in self.sliding for s in signs)

    def _at_least_vector(self, node: Node) -> None:
        if isinstance(node, Name) and self.rank(node, None) is None:
            self.rank(node, 2 if is_capital(node.base) else 1)

    def _name(self, node: Name, wanted: int | None) -> int | None:
        found = self.key_of(node)
        if found is None:
            return 0 if not node.base.isalpha() else None
        key, units = found
        rank = self.ranks.get(key)
        turned = any(m.is_transpose for m in marks(node.sup))
        if rank is None and turned and wanted is None and not units:
            self._set(key, 2 if is_capital(node.base) else 1)
        elif rank is None and wanted is not None:
            self._set(key, wanted + units)
        rank = self.ranks.get(key)
        return max(rank - units, 0) if rank is not None else None

    def _set(self, key: str, rank: int) -> None:
        if self.ranks.get(key) is None:
            self.ranks[key] = rank
            self.changed = True

    def _alike(self, nodes: Sequence[Node], wanted: int | None) -> int | None:
        """The one rank of terms; what is open takes the rank of the others."""
        found = [self.rank(n, None) for n in nodes]
        known = [r for r in found if r is not None]
        rank = max(known) if known else wanted
        if rank is not None:
            for n, r in zip(nodes, found, strict=True):
                if r is None:
                    self.rank(n, rank)
        return rank

    def _product(self, node: Product, wanted: int | None) -> int | None:
        """Beside a matrix stands a vector or a matrix; beside ⊙ one rank on both sides."""
        if "" in node.signs and any(s in ELEMENTWISE for s in node.signs):
            return self._tight_first(node, wanted)
        factors = list(node.factors)
        ranks = [self.rank(f, None) for f in factors]
        if any(s in ELEMENTWISE for s in node.signs):
            known = [r for r in ranks if r]
            for f, r in zip(factors, ranks, strict=True):
                if r is None and known:
                    self.rank(f, known[0])
            return max(known) if known else wanted
        for f, other in (*pairwise(factors), *pairwise(factors[::-1])):
            if isinstance(other, Name) and other.base == r"\mathbf{1}":
                self.rank(f, 1)
                if len(factors) == 2 and turned(factors[1]) != turned(factors[0]):
                    return 2 if turned(factors[1]) else 0  # b 1^T, 1^T b
        for place in range(len(factors) - 1):
            a, b = ranks[place], ranks[place + 1]
            if a == 2 and b is None and small(factors[place + 1]):
                ranks[place + 1] = self.rank(factors[place + 1], 1)
            if a == 1 and turned(factors[place]) and b is None:
                ranks[place + 1] = self.rank(factors[place + 1], 1)
            weight = capital(factors[place]) or (wanted == 1 and is_weight(factors[place]))
            if b == 1 and a is None and weight:
                ranks[place] = self.rank(factors[place], 2)
        return self._product_rank(factors, ranks, wanted)

    def _tight_first(self, node: Product, wanted: int | None) -> int | None:
        """s ⊙ W x: what stands without a sign binds first; W ⊙ M x stays open."""
        parts, start = [], 0
        for place, sign in enumerate((*node.signs, r"\odot")):
            if sign in ELEMENTWISE:
                factors, signs = node.factors[start : place + 1], node.signs[start:place]
                whole = replace(node, factors=factors, signs=signs)
                parts.append(whole if signs else factors[0])
                start = place + 1
        found = [self.rank(p, None) for p in parts]
        known = [r for r in found if r]
        rank = max(known) if known else wanted
        for p, r in zip(parts, found, strict=True):
            if r is None and rank is not None and not capital(p):
                self.rank(p, rank)
        return rank

    def _product_rank(
        self, factors: Sequence[Node], ranks: Sequence[int | None], wanted: int | None
    ) -> int | None:
        """The rank of factors beside each other, from those of the first and the last array."""
        if any(r is None for r in ranks):
            unknown = [f for f, r in zip(factors, ranks, strict=True) if r is None]
            names = [f for f in unknown if not isinstance(f, Number | Fraction)]
            if len(names) == 1 and all(not r for r in ranks) and wanted is not None:
                self.rank(names[0], wanted)
            if names:
                return wanted
        known = [(f, r) for f, r in zip(factors, ranks, strict=True) if r]
        if not known:
            return 0
        if len(known) == 1:
            return known[0][1]
        (first, a), (last, b) = known[0], known[-1]
        if a == 1 and self._is_row(first) and b == 1:
            return 0
        if a == 1 and b == 1 and self._is_row(last):
            return 2
        if 1 in (a, b):
            return 1
        return 2

    def _is_row(self, node: Node) -> bool:
        """Whether a vector lies as a row: a^T, and W where it is known to be one."""
        found = self.key_of(node) if isinstance(node, Name) else None
        row = found is not None and found[0] in self.rows | self.given_rows
        return row != turned(node)

    def _call(self, node: Call, wanted: int | None) -> int | None:
        name = node.function.base
        if name == "diag":
            for a in node.arguments:
                self.rank(a, 1)
            return 2
        several = len(node.arguments) > 1 and name != "max"
        if name == "any" or (name in self.functions and several):
            for a in node.arguments:
                self.rank(a, None)
            return 0
        if name == "max" and len(node.arguments) > 1:
            return self._alike(list(node.arguments), wanted)
        if name in self.softmaxes:
            told = next((r for a in node.arguments if (r := self.rank(a, None))), None)
            if wanted is None and (told or all(with_capital(a) for a in node.arguments)):
                return told
            for a in node.arguments:
                self.rank(a, wanted or 1)
            return wanted or 1
        if name in self.functions:
            return self._alike(list(node.arguments), wanted)
        for a in node.arguments:
            self.rank(a, None)
        return self.rank(node.function, wanted)
