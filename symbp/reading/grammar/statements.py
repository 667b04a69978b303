r"""A formula as statements: chains of members joined by =, one after the other.

    \begin{aligned} \delta^l &= A \\ &= B \end{aligned}      one statement: δ^l, A, B
    dz = a - y, \quad db = dz                                two statements

Rows, commas and words part statements; a row that begins with = or + goes on with the one before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from symbp.reading.grammar.lexer import Token
from symbp.reading.grammar.signs import CLOSING, JOINING, RELATIONS
from symbp.reading.grammar.syntax import Tokens

EQUALITIES = {"=", ":=", r"\equiv"}
COMPARED = {r"\neq", r"\in", r"\le", r"\ge", "<", ">"}
OPENING = {*CLOSING} - {"<"}
CLOSED = {*CLOSING.values()} - {">"}
#: Words before another case of what stands before.
OTHERWISE = {"or", "otherwise", "else", "或", "或者", "否则"}
REASONS = {r"\therefore", r"\because"}
#: Signs between statements.
SEPARATORS = {",", ";", ":", r"\Rightarrow", *REASONS}
#: Beside them a wide space is only a space.
JOINTS = {"+", "-", "*", r"\odot", r"\cdot", r"\times", r"\circ", *RELATIONS}
#: Between rows: the second goes on with the first.
OPERATORS = {"+", "-", r"\odot", r"\cdot", r"\times"}
SIZES = {*"K L M N T".split()}
INDEX_LETTERS = {*"c i j k l m n p q r s t".split(), r"\ell", r"\tau"}


@dataclass(frozen=True)
class Statement:
    """Members and the relations between them; `continues` says that the first member is missing.

    `condition` holds what stands with it in words: for l = 2, ..., L.
    """

    members: tuple[Tokens, ...]
    relations: tuple[str, ...]
    continues: bool = False
    condition: tuple[Tokens, ...] = ()
    ends: bool = False
    """Whether the condition is of the last member alone: A = B (if i = j)."""


@dataclass(frozen=True)
class _Piece:
    """Tokens between commas and words; `sign` is what ends them, `word` what precedes."""

    tokens: Tokens
    sign: str = ""
    word: str = ""
    inside: bool = False
    """Whether the piece is a condition in brackets: (if i = j)."""


def statements(tokens: Sequence[Token]) -> list[Statement]:
    r"""The statements of a formula in order.

    >>> from symbp.reading.grammar.lexer import tokens
    >>> found = statements(tokens(r"a = b, \quad \text{for } i = j"))
    >>> len(found), len(found[0].condition)
    (1, 1)
    """
    found: list[Statement] = []
    before: list[Tokens] = []
    for row in _rows(tokens):
        pieces = _pieces(row)
        read = [s for piece in pieces if (s := _statement(piece.tokens)) is not None]
        leads = _leading(pieces, read) if len(read) == len(pieces) else 0
        said = bool(leads) and bool(pieces[0].word or pieces[leads - 1].sign == ":")
        if said or (leads and not found and all(_of_indices(s) for s in read[:leads])):
            before = [piece.tokens for piece in pieces[:leads]]
            pieces, read = pieces[leads:], read[leads:]
        here = [s for s in read if s.relations and not s.continues and not _is_condition(s)]
        for piece in pieces:
            _add(found, piece, tuple(before))
        before = [] if here else before
    return found


def _leading(pieces: Sequence[_Piece], read: Sequence[Statement]) -> int:
    """How many conditions stand before the first equation of a row: i = j: A = B."""
    leads = 0
    while leads < len(read) and _is_condition(read[leads]) and not pieces[leads].inside:
        leads += 1
    begins = leads < len(read) and read[leads].relations and not read[leads].continues
    alone = leads == len(read) and bool(leads) and pieces[leads - 1].sign == ":"
    return leads if begins or alone else 0


def _of_indices(statement: Statement) -> bool:
    """Whether nothing but indices, numbers and sizes stands in it: i = j, and not c = f x."""
    tokens = [t for m in statement.members for t in m]
    letters = INDEX_LETTERS | SIZES
    return all(t.kind in ("number", "sign") or t.text in letters for t in tokens)


def _add(found: list[Statement], piece: _Piece, before: tuple[Tokens, ...]) -> None:
    """One more statement, more members of the last one, or a condition of it."""
    statement = _statement(piece.tokens)
    if statement is None:
        return
    if found and _is_condition(statement):
        if piece.inside and found[-1].relations:
            found[-1:] = _ended(found[-1], piece.tokens)
        else:
            found[-1] = replace(found[-1], condition=(*found[-1].condition, piece.tokens))
    elif found and statement.continues and found[-1].relations:
        last = found.pop()
        other = last.ends or (bool(last.condition) and piece.word in OTHERWISE)
        found += [last, _again(last, statement)] if other else [_continued(last, statement)]
    else:
        found.append(replace(statement, condition=before))


def _ended(last: Statement, condition: Tokens) -> list[Statement]:
    """A = B = C (if i = j) as A = B, and A = C under the condition."""
    own = replace(
        last,
        members=last.members[-1:] if last.continues else (last.members[0], last.members[-1]),
        relations=last.relations[-1:],
        condition=(*last.condition, condition),
        ends=True,
    )
    rest = replace(last, members=last.members[:-1], relations=last.relations[:-1])
    return [rest, own] if rest.relations else [own]


def _again(last: Statement, more: Statement) -> Statement:
    """or = D (if i ≠ j): once more the first member, under a condition of its own."""
    if last.continues:
        return more
    return replace(more, members=(last.members[0], *more.members), continues=False)


def _rows(tokens: Sequence[Token]) -> list[list[Token]]:
    """The rows of a formula without the signs that align them."""
    rows: list[list[Token]] = [[]]
    for t in tokens:
        if t.kind == "row-end":
            rows.append([])
        elif not (t.kind == "sign" and t.text == "&"):
            rows[-1].append(t)
    joined: list[list[Token]] = []
    for row in (_untagged(r) for r in rows if r):
        if joined and _goes_on(joined[-1], row):
            joined[-1] += row
        else:
            joined.append(row)
    return joined


def _goes_on(before: Sequence[Token], row: Sequence[Token]) -> bool:
    r"""Whether a row is the rest of a sum or product: a = b \\ {} + c, and a = b + \\ c."""
    marks = [t for t in row if not _is_space(t)]
    last = next((t for t in reversed(before) if not _is_space(t)), None)
    if not marks or last is None or not _has_equality(before):
        return False
    begins = marks[0].text in OPERATORS and not _has_equality(row)
    return begins or last.text in OPERATORS


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


def _pieces(row: Sequence[Token]) -> list[_Piece]:
    """Parts of a row between commas, words and arrows outside of brackets."""
    found: list[_Piece] = []
    run: list[Token] = []
    depth, word, skipped = 0, "", 0
    for place, t in enumerate(row):
        if place < skipped:
            continue
        inside = _condition_in_brackets(row, place)
        if inside:
            found += [_Piece(tuple(run), "", word), _Piece(inside, inside=True)]
            run, word = [], ""
            skipped = next(i for i in range(place, len(row)) if row[i].text == ")") + 1
            continue
        depth += (t.text in OPENING) - (t.text in CLOSED)
        if (depth <= 0 or _never_closed(row, place)) and _parts(row, place):
            depth = 0
            found.append(_Piece(tuple(run), t.text if t.kind == "sign" else "", word))
            run, word = [], t.text or word if t.kind == "text" else ""
        elif t.kind != "text":
            run.append(t)
    found.append(_Piece(tuple(run), "", word))
    return [p for p in found if p.tokens]


def _condition_in_brackets(row: Sequence[Token], place: int) -> Tokens:
    r"""The condition of (if i = j) and of \quad (i \neq j), where such brackets begin."""
    t, first = row[place], row[place + 1] if place + 1 < len(row) else None
    if t.text != "(" or first is None:
        return ()
    close = next((i for i in range(place, len(row)) if row[i].text == ")"), 0)
    worded = first.kind == "text" and bool(first.text)
    if not worded and not _stands_apart(row, place, close):
        return ()
    inner = tuple(x for x in row[place + 1 : close] if x.kind != "text")
    statement = _statement(inner) if inner else None
    return inner if statement is not None and _is_condition(statement) else ()


def _stands_apart(row: Sequence[Token], place: int, close: int) -> bool:
    r"""Whether brackets stand behind a space at the end of a row; 1 (i = j) is an indicator."""
    spaced = place > 1 and _is_space(row[place - 1])
    indicator = spaced and "1" in row[place - 2].text
    return spaced and not indicator and all(t.text in ("", ".", ",", ";") for t in row[close + 1 :])


def _never_closed(row: Sequence[Token], place: int) -> bool:
    """Whether a word stands behind a bracket that nothing closes after it."""
    t = row[place]
    closes = any(x.text in CLOSED for x in row[place:])
    return t.kind == "text" and t.text.lower() in JOINING and not closes


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
