r"""What dots stand for: A_1 A_2 … A_n as a product over an index, x_1 + … + x_n as a sum.

The terms before and after the dots must be one block of factors, or one term, whose indices go on
by one step from block to block. Of all lengths of a block the one that explains most of what is
written is taken, and every term that it explains has been checked against it:

    \Sigma'(z^l) (W^{l+1})^T … \Sigma'(z^{L-1}) (W^L)^T \Sigma'(z^L) δ
    = \prod_{k=l}^{L-1} [ \Sigma'(z^k) (W^{k+1})^T ] \Sigma'(z^L) δ,  in this order

Where nothing fits the formula is unread. Nothing is guessed of which way an index goes: a second
term on either side says it, or that the one end is a number, L or T, or that derivatives are a
chain.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import sympy as sp
from sympy import Expr, Symbol

from symbp.errors import ReadingError
from symbp.reading.blocks import (
    UNCLEAR,
    Pattern,
    Term,
    first_index,
    found,
    found_terms,
    instances,
    refuse_strays,
    term,
    with_indices,
)
from symbp.reading.grammar.lexer import Token
from symbp.reading.grammar.syntax import (
    BigSum,
    Derivative,
    Dots,
    Node,
    Product,
    Run,
    Sum,
    Tokens,
    walk,
)

#: The letter of the index that the dots leave out.
LETTER = "…"
#: The letters of the row and the column of what it is an entry of.
ROW, COL = "…row", "…col"


def product(node: Product, sizes: Iterable[str], letters: Collection[str] = ()) -> Node:
    """A product with its dots spelled out; `sizes` are letters that no index exceeds.

    `letters` are indices of a sum around it, of which some are left out by dots as well.
    """
    at = _place(node.factors, node.start)
    factors, signs = list(node.factors), list(node.signs)
    before, after = ([term(f) for f in part] for part in (factors[:at], factors[at + 1 :]))
    links = _links(before, after, letters) if letters else None
    if links is not None:
        before, after = links.before, links.after
    pattern = found(before, after)
    refuse_strays(pattern, before, after)
    run, rest = _run(_directed(pattern, sizes, node), node)
    start, end = at - len(pattern.before), at + 1 + len(pattern.after)
    inner = _inner_signs(pattern, signs, at)
    run = replace(run, elementwise=_elementwise(inner, node), doubtful=_doubtful(pattern, before))
    if links is not None:
        run = replace(run, ends=links.ends(pattern), doubtful=False)
    whole = [*factors[:start], run, *rest, *factors[end:]]
    beside = [*signs[:start], *("" for _ in rest), *signs[end - 1 :]]
    if len(whole) == 1:
        return run
    return Product(node.start, node.end, tuple(whole), tuple(beside))


def _doubtful(p: Pattern, before: Sequence[Term]) -> bool:
    """Whether a factor before the pattern has its index, and so may be left out as well.

    A chain of derivatives has no other factors.
    """
    if p.length == 1 and _chain_step(p.before[0].node):
        return False
    letters = first_index(p).free_symbols
    return any(v.free_symbols & letters for t in before[: -len(p.before)] for v in t.values)


def linked(node: BigSum, sizes: Iterable[str]) -> BigSum:
    r"""\sum_{m n … q} over a chain of entries: its letters are those of a product of matrices.

    What is left of the sum are the letters that stand outside of the chain and at its ends.
    """
    names = [t for t in node.below if t.kind == "name"]
    given = _texts(node.body)
    if not isinstance(node.body, Product) or not all(t.text in given for t in names):
        raise ReadingError(UNCLEAR, node.start)
    body = product(node.body, sizes, {t.text for t in names})
    left = _texts(body)
    return replace(node, below=tuple(t for t in names if t.text in left), body=body)


def _texts(node: Node) -> set[str]:
    """All letters in the scripts of a node, and at the ends of its runs."""
    ends = (t for n in walk(node) if isinstance(n, Run) for end in n.ends for t in end)
    return {t.text for t in (*_tokens(node), *ends)}


@dataclass(frozen=True)
class Links:
    """Terms that are entries of matrices, with one letter for all rows and one for all columns."""

    before: list[Term]
    after: list[Term]
    rows: tuple[Tokens, ...]
    """The rows of the terms before the dots, as written."""
    cols: tuple[Tokens, ...]
    """The columns of the terms behind them."""

    def ends(self, p: Pattern) -> tuple[Tokens, ...]:
        """The row of the first term of a pattern and the column of the last."""
        return self.rows[len(self.before) - len(p.before)], self.cols[len(p.after) - 1]


def _links(before: Sequence[Term], after: Sequence[Term], letters: Collection[str]) -> Links | None:
    """The terms as entries, where each has the column of the one before it as its row."""
    b, g = before[-1], after[0]
    if b.shape != g.shape:
        return None
    names = {Symbol(x) for x in letters}
    own = [h for h, pair in enumerate(zip(b.values, g.values, strict=True)) if names & {*pair}]
    groups = {(b.values[h], g.values[h]) for h in own}
    earlier = {v for t in before[:-1][-1:] for v in t.values}
    cols = {pair for pair in groups if pair[0] in names and pair[0] not in earlier}
    rows = groups - cols
    if len(rows) != 1 or len(cols) != 1 or not {next(iter(rows))[1], next(iter(cols))[0]} <= names:
        return None
    col = next(iter(cols))
    at = {h: (b.values[h], g.values[h]) == col for h in own}
    sides = [[_entry(t, at) if t.shape == b.shape else None for t in part]
             for part in (before, after)]  # fmt: skip
    for part in sides:
        for x, y in pairwise(part):
            if x is not None and y is not None and x[2] != y[1]:
                raise ReadingError(UNCLEAR)
    near, far = ([e[0] if e else t for e, t in zip(part, terms, strict=True)]
                 for part, terms in zip(sides, (before, after), strict=True))  # fmt: skip
    rows_before = tuple(e[1] if e else () for e in sides[0])
    return Links(near, far, rows_before, tuple(e[2] if e else () for e in sides[1]))


def _entry(t: Term, at: Mapping[int, bool]) -> tuple[Term, Tokens, Tokens]:
    """A term with its row and column by their common letters, and these as written."""
    written: dict[bool, Tokens] = {}
    places = iter(range(len(t.values)))

    def common(tokens: Tokens) -> Tokens:
        place = next(places)
        if place not in at:
            return tokens
        is_col = at[place]
        bare = tuple(replace(x, start=0, end=0) for x in tokens)
        if written.setdefault(is_col, bare) != bare:
            raise ReadingError(UNCLEAR)
        return (replace(_letter(tokens[0].start), text=COL if is_col else ROW),)

    changed = term(with_indices(t.node, common))
    return changed, written[False], written[True]


def sum_of(node: Sum, sizes: Iterable[str]) -> Node:
    """A sum with its dots spelled out."""
    at = _place([t for _, t in node.terms], node.start)
    sign = node.terms[at + 1][0] if at + 1 < len(node.terms) else 1
    groups = node.terms[:at][::-1], node.terms[at + 1 :]
    alike = [[term(t) for _, t in _while(g, sign)] for g in groups]
    before, after = alike[0][::-1], alike[1]
    pattern = found_terms(before, after)
    refuse_strays(pattern, before, after)
    run, _ = _run(_directed(pattern, sizes, node), node)
    low, high = (run.first, run.last)[:: run.step]
    below = (_letter(node.start), Token("sign", "=", node.start, node.start), *low)
    total = BigSum(node.start, node.end, below, high, run.body)
    start, end = at - len(pattern.before), at + 1 + len(pattern.after)
    terms = (*node.terms[:start], (sign, total), *node.terms[end:])
    return Sum(node.start, node.end, terms)


def _while(terms: Sequence[tuple[int, Node]], sign: int) -> list[tuple[int, Node]]:
    """The first terms, as long as they have one sign."""
    return [t for n, t in enumerate(terms) if all(s == sign for s, _ in terms[: n + 1])]


def _place(parts: Sequence[Node], start: int) -> int:
    places = [n for n, p in enumerate(parts) if isinstance(p, Dots)]
    if len(places) != 1 or places[0] in (0, len(parts) - 1):
        raise ReadingError("… leaves something out, and nothing beside it shows what", start)
    return places[0]


def _inner_signs(p: Pattern, signs: Sequence[str], at: int) -> set[str]:
    """The signs between the terms of the pattern; if there are none, those beside the dots."""
    first, last = at - len(p.before), at + len(p.after)
    inner = {*signs[first : at - 1], *signs[at + 1 : last]}
    return inner or {signs[at - 1], signs[at]}


def _elementwise(signs: set[str], node: Node) -> bool:
    """Whether all factors meet entry by entry; ⊙ beside other products has no one reading."""
    if signs & {r"\odot", r"\circ"} == signs and signs:
        return True
    if signs <= {"", r"\cdot", r"\times", "."}:
        return False
    raise ReadingError("… beside factors with different signs between them", node.start)


def _directed(p: Pattern, sizes: Iterable[str], node: Node) -> Pattern:
    """The pattern with the way in which its index goes."""
    if p.step:
        return p
    letters = p.rise.free_symbols
    counted = {s for s in letters if s.name in set(sizes)} or letters
    signs = {int(sp.sign(p.rise.coeff(s))) for s in counted}
    if len(counted) == 1 and (len(letters) == 1 or counted != letters):
        (step,) = signs
        return replace(p, step=step)
    if not letters:
        return replace(p, step=1 if p.rise > 0 else -1)
    step = _chain_step(p.before[0].node)
    if p.length == 1 and step:
        return replace(p, step=step)
    raise ReadingError("nothing says which way the index goes that … leaves out", node.start)


def _chain_step(node: Node) -> int:
    """How the index goes in a chain of ∂f_t/∂f_{t-1}: what is below stands above in the next."""
    if not isinstance(node, Derivative) or node.of is None:
        return 0
    of, by = term(node.of), term(node.by)
    steps = {sp.expand(b - a) for a, b in zip(of.values, by.values, strict=False)} - {sp.S.Zero}
    if of.shape != by.shape or len(steps) != 1:
        return 0
    (step,) = steps
    return int(step) if step in (1, -1) else 0


def _run(p: Pattern, node: Node) -> tuple[Run, list[Node]]:
    """The blocks from the first to the last whole one, and the factors of the last begun."""
    letters = {t.text: t for x in (*p.before, *p.after) for t in _tokens(x.node)}
    start = first_index(p)
    turn, place = divmod(p.phase + len(p.after) - 1, p.length)
    whole = turn if place == p.length - 1 else turn - 1
    end = sp.expand(start + p.step * whole + p.rise)
    parts = [_at(p, i, Symbol(LETTER), letters) for i in range(p.length)]
    signs = tuple("" for _ in parts[1:])
    body = parts[0] if len(parts) == 1 else Product(node.start, node.end, tuple(parts), signs)
    begun = [] if whole == turn else list(range(place + 1))
    rest = [_at(p, i, sp.expand(end + p.step), letters) for i in begun]
    first, last = (_spelled(e, letters, node.start) for e in (start, end))
    return Run(node.start, node.end, first, last, body, p.step), rest


def _tokens(node: Node) -> list[Token]:
    """All letters in the scripts of a node."""
    found: list[Token] = []

    def kept(tokens: Tokens) -> Tokens:
        for t in tokens:
            found.extend(t.parts[0] if t.kind == "group" else (t,))
        return tokens

    with_indices(node, kept)
    return found


def _at(p: Pattern, i: int, k: Expr, letters: dict[str, Token]) -> Node:
    """The factor at one place of the block with index k."""
    t, offset = instances(p, i)[0]
    own = first_index(p) + offset
    indices = iter(zip(t.values, p.slopes[i], strict=True))

    def moved(tokens: Tokens) -> Tokens:
        value, slope = next(indices)
        if not slope:
            return tokens
        return _spelled(sp.expand(value + slope * (k - own)), letters, tokens[0].start)

    return with_indices(t.node, moved)


def _spelled(e: Expr, letters: dict[str, Token], start: int) -> Tokens:
    """An index expression as tokens: k + 1, L − 1."""
    result: list[Token] = []
    terms = sorted(
        e.as_coefficients_dict().items(), key=lambda pair: (bool(pair[1] < 0), str(pair[0]))
    )
    for atom, count in terms or [(sp.S.One, 0)]:
        if atom == 1:
            parts = [Token("number", str(abs(int(count))), start, start)]
        elif atom.name == LETTER:
            parts = [_letter(start)]
        elif atom.name in letters:
            parts = [letters[atom.name]] * abs(int(count))
        else:
            raise ReadingError(UNCLEAR, start)
        for part in parts:
            if result or count < 0:
                result.append(Token("sign", "-" if count < 0 else "+", start, start))
            result.append(part)
    return tuple(result)


def _letter(start: int) -> Token:
    return Token("name", LETTER, start, start)
