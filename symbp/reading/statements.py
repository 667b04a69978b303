r"""A formula as statements: chains of members joined by =, one after the other.

    \begin{aligned} \delta^l &= A \\ &= B \end{aligned}      one statement: δ^l, A, B
    dz = a - y, \quad db = dz                                two statements

Rows, commas and words part statements; a row that begins with = goes on with the one before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from symbp.reading.lexer import Token
from symbp.reading.signs import CLOSING, RELATIONS
from symbp.reading.syntax import Tokens

EQUALITIES = {"=", ":=", r"\equiv"}
COMPARED = {r"\neq", r"\in", r"\le", r"\ge", "<", ">"}
OPENING = {*CLOSING} - {"<"}
CLOSED = {*CLOSING.values()} - {">"}
REASONS = {r"\therefore", r"\because"}
#: Signs between statements.
SEPARATORS = {",", ";", ":", r"\Rightarrow", *REASONS}
#: Beside them a wide space is only a space.
JOINTS = {"+", "-", "*", r"\odot", r"\cdot", r"\times", r"\circ", *RELATIONS}
INDEX_LETTERS = {*"c i j k l m n p q r s t".split(), r"\ell", r"\tau"}


@dataclass(frozen=True)
class Statement:
    """Members and the relations between them; `continues` says that the first member is missing.

    `condition` holds what follows in words: for l = 2, ..., L.
    """

    members: tuple[Tokens, ...]
    relations: tuple[str, ...]
    continues: bool = False
    condition: tuple[Tokens, ...] = ()


def statements(tokens: Sequence[Token]) -> list[Statement]:
    """The statements of a formula in order."""
    found: list[Statement] = []
    for piece in (piece for row in _rows(tokens) for piece in _pieces(row)):
        statement = _statement(piece)
        if statement is None:
            continue
        if found and _is_condition(statement):
            condition = (*found[-1].condition, tuple(piece))
            found[-1] = replace(found[-1], condition=condition)
        elif found and statement.continues and found[-1].relations:
            found[-1] = _continued(found[-1], statement)
        else:
            found.append(statement)
    return found


def _rows(tokens: Sequence[Token]) -> list[list[Token]]:
    """The rows of a formula without the signs that align them."""
    rows: list[list[Token]] = [[]]
    for t in tokens:
        if t.kind == "row-end":
            rows.append([])
        elif not (t.kind == "sign" and t.text == "&"):
            rows[-1].append(t)
    return [_untagged(r) for r in rows if r]


def _untagged(row: list[Token]) -> list[Token]:
    """The row without a number typed at its end: (BP1), (30)."""
    while row and _is_space(row[-1]):
        row = row[:-1]
    opening = max((i for i, t in enumerate(row) if t.text == "("), default=0)
    if not opening or row[-1].text != ")" or not _is_space(row[opening - 1]):
        return row
    inner = row[opening + 1 : -1]
    is_tag = len(inner) < 8 and all(t.kind in ("name", "number", "word") for t in inner)
    return row[:opening] if is_tag else row


def _pieces(row: Sequence[Token]) -> list[list[Token]]:
    """Parts of a row between commas, words and arrows outside of brackets."""
    pieces: list[list[Token]] = [[]]
    depth = 0
    for place, t in enumerate(row):
        depth += (t.text in OPENING) - (t.text in CLOSED)
        if depth <= 0 and _parts(row, place):
            depth = 0
            pieces.append([])
        elif t.kind != "text":
            pieces[-1].append(t)
    return [p for p in pieces if p]


def _parts(row: Sequence[Token], place: int) -> bool:
    """Whether a statement ends at this token."""
    t = row[place]
    if t.kind == "text":
        return not _joins_factors(row, place)
    if t.kind == "sign" and t.text == ".":  # of a sentence
        return place + 1 == len(row) or row[place + 1].kind == "text"
    return t.kind == "sign" and t.text in SEPARATORS


def _joins_factors(row: Sequence[Token], place: int) -> bool:
    r"""A \quad inside a product or before an operator parts nothing."""
    if not _is_space(row[place]):
        return False
    rest = row[place + 1 :]
    after = next((t for t in rest if not _is_space(t)), None)
    if after is None or place == 0:
        return True
    return after.text in JOINTS or row[place - 1].text in JOINTS or not _has_equality(rest)


def _is_space(t: Token) -> bool:
    return t.kind == "text" and not t.text


def _has_equality(tokens: Sequence[Token]) -> bool:
    return any(out and (t.text in EQUALITIES or t.text in COMPARED) for t, out in _outside(tokens))


def _outside(tokens: Sequence[Token]) -> Iterator[tuple[Token, bool]]:
    """Each token, and whether it stands outside of brackets."""
    depth = 0
    for t in tokens:
        depth += (t.text in OPENING) - (t.text in CLOSED)
        yield t, depth <= 0


def _statement(piece: Sequence[Token]) -> Statement | None:
    """The members between relations; empty ones at the end are none."""
    members: list[list[Token]] = [[]]
    relations: list[str] = []
    for t, outside in _outside(piece):
        if t.text == r"\in" and outside and relations:
            break  # A = B ∈ ℝ: what kind of thing it is
        if t.kind == "sign" and t.text in RELATIONS and outside:
            relations.append(t.text)
            members.append([])
        elif t.kind != "sign" or t.text not in REASONS:
            members[-1].append(t)
    trimmed = [_trimmed(m) for m in members]
    while trimmed and not trimmed[-1]:
        trimmed.pop()
    if not trimmed:
        return None
    first, *others = trimmed
    if not first:
        return Statement(tuple(others), tuple(relations[: len(others)]), continues=True)
    kept = [(m, r) for m, r in zip(others, relations, strict=False) if m]
    return Statement((first, *(m for m, _ in kept)), tuple(r for _, r in kept))


def _trimmed(member: Sequence[Token]) -> Tokens:
    """Without punctuation at the end."""
    while member and member[-1].text in (".", ",", ";", ":"):
        member = member[:-1]
    return tuple(member)


def _continued(before: Statement, more: Statement) -> Statement:
    """The statement with the members that a row beginning with = adds."""
    return Statement(
        (*before.members, *more.members),
        (*before.relations, *more.relations),
        before.continues,
        (*before.condition, *more.condition),
    )


def _is_condition(statement: Statement) -> bool:
    r"""i = j, l = L - 1, ..., 2, j \neq 0: what an index is, not what a quantity is."""
    if statement.continues:
        return False
    first = statement.members[0]
    names = [t.text for t in first if t.kind == "name"]
    if not names or names[0] not in INDEX_LETTERS:
        return False
    alone = len(first) == 1 and bool(statement.relations)
    return alone or any(t.text in COMPARED for t in first)
