r"""A formula as statements: chains of members joined by =, one after the other.

    \begin{aligned} \delta^l &= A \\ &= B \end{aligned}      one statement with the members δ^l, A, B
    dz = a - y, \quad db = dz                                two statements

Rows, commas and words part statements; a row that begins with = goes on with the one before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from symbp.reading.lexer import Token
from symbp.reading.signs import CLOSING, RELATIONS
from symbp.reading.syntax import Tokens

EQUALITIES = {"=", ":=", r"\equiv"}
OPENING = {*CLOSING} - {"<"}
CLOSED = {*CLOSING.values()} - {">"}


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
    for row in _rows(tokens):
        for piece in _pieces(row):
            statement = _statement(piece)
            if statement is None:
                continue
            if _is_condition(statement) and found:
                last = found[-1]
                found[-1] = Statement(
                    last.members, last.relations, last.continues, (*last.condition, tuple(piece))
                )
            elif statement.continues and found and found[-1].relations:
                found[-1] = _continued(found[-1], statement)
            else:
                found.append(statement)
    return found


def _rows(tokens: Sequence[Token]) -> list[list[Token]]:
    rows: list[list[Token]] = [[]]
    for t in tokens:
        if t.kind == "row-end":
            rows.append([])
        elif not (t.kind == "sign" and t.text == "&"):
            rows[-1].append(t)
    return [_untagged(r) for r in rows if r]


def _untagged(row: list[Token]) -> list[Token]:
    """The row without a number typed at its end: (BP1), (30)."""
    while row and row[-1].kind == "text" and not row[-1].text:
        row = row[:-1]
    if row and row[-1].text == ")":
        opening = max((i for i, t in enumerate(row) if t.text == "("), default=0)
        inner = row[opening + 1 : -1]
        apart = row[opening - 1].kind == "text" and not row[opening - 1].text if opening else False
        if apart and len(inner) < 8 and all(t.kind in ("name", "number", "word") for t in inner):
            return row[:opening]
    return row


def _pieces(row: Sequence[Token]) -> list[list[Token]]:
    """Parts of a row between commas, words and arrows outside of brackets."""
    pieces: list[list[Token]] = [[]]
    depth = 0
    for place, t in enumerate(row):
        depth += (t.text in OPENING) - (t.text in CLOSED)
        is_sign = t.kind == "sign"
        ends = (
            (is_sign and t.text in (",", ";", r"\Rightarrow", r"\therefore", r"\because", ":"))
            or (t.kind == "text" and not _joins_factors(row, place))
            or (is_sign and t.text == "." and place == len(row) - 1)
            or (is_sign and t.text == "." and _ends_sentence(row, place))
        )
        if ends and depth <= 0:
            depth = 0
            pieces.append([])
        elif t.kind != "text":
            pieces[-1].append(t)
    return [p for p in pieces if p]


def _joins_factors(row: Sequence[Token], place: int) -> bool:
    r"""A \quad inside a product or before an operator parts nothing."""
    t = row[place]
    if t.text:
        return False
    after = next((x for x in row[place + 1 :] if not (x.kind == "text" and not x.text)), None)
    before = row[place - 1] if place else None
    if after is None or before is None:
        return True
    signs = {"+", "-", "*", r"\odot", r"\cdot", r"\times", r"\circ", *RELATIONS}
    return after.text in signs or before.text in signs or not _has_equality(row[place + 1 :])


COMPARED = (r"\neq", r"\in", r"\le", r"\ge", "<", ">")


def _has_equality(tokens: Sequence[Token]) -> bool:
    depth = 0
    for t in tokens:
        depth += (t.text in OPENING) - (t.text in CLOSED)
        if depth <= 0 and (t.text in EQUALITIES or t.text in COMPARED):
            return True
    return False


def _ends_sentence(row: Sequence[Token], place: int) -> bool:
    return place + 1 < len(row) and row[place + 1].kind in ("text", "row-end")


def _statement(piece: Sequence[Token]) -> Statement | None:
    members: list[list[Token]] = [[]]
    relations: list[str] = []
    depth = 0
    for t in piece:
        depth += (t.text in OPENING) - (t.text in CLOSED)
        if t.text == r"\in" and depth <= 0 and relations:
            break  # A = B ∈ ℝ: what kind of thing it is
        if t.kind == "sign" and t.text in RELATIONS and depth <= 0:
            relations.append(t.text)
            members.append([])
        elif t.kind == "sign" and t.text in (r"\therefore", r"\because"):
            continue
        else:
            members[-1].append(t)
    members = [_trimmed(m) for m in members]
    while members and not members[-1]:
        members.pop()
        if relations:
            relations.pop()
    if not members or not any(members):
        return None
    continues = not members[0] and bool(relations)
    if continues:
        members, relations = members[1:], [*relations]
        return Statement(tuple(map(tuple, members)), tuple(relations), True)
    kept = [(m, r) for m, r in zip(members[1:], relations, strict=False) if m]
    return Statement((tuple(members[0]), *(tuple(m) for m, _ in kept)), tuple(r for _, r in kept))


def _trimmed(member: list[Token]) -> list[Token]:
    """Without punctuation and a number in brackets at the end: (BP1), (30)."""
    while member and member[-1].text in (".", ",", ";", ":"):
        member = member[:-1]
    return member


def _continued(before: Statement, more: Statement) -> Statement:
    return Statement(
        (*before.members, *more.members), (*before.relations, *more.relations),
        before.continues, (*before.condition, *more.condition),
    )  # fmt: skip


def _is_condition(statement: Statement) -> bool:
    """i = j, l = L - 1, ..., 2, j \neq 0: what an index is, not what a quantity is."""
    if not statement.members or statement.continues:
        return False
    first = statement.members[0]
    short = len(first) == 1 and first[0].kind == "name" and first[0].text in INDEX_LETTERS
    compared = any(t.text in COMPARED for t in first)
    names = [t.text for t in first if t.kind == "name"]
    of_index = bool(names) and any(n in INDEX_LETTERS for n in names[:1])
    return (short and bool(statement.relations)) or (compared and of_index)


INDEX_LETTERS = {"i", "j", "k", "l", "t", "m", "n", "p", "q", "s", r"\ell", r"\tau", "c", "r"}
