r"""What equations of a network must not be taken for: refused, with what to say instead.

\tanh(W x + b                a bracket that is never closed
softmx(z), \mathrm{foo}(z)   a function of no known name, no product
s(W x + b)                   a function, or a factor: nothing says which
\sum_k W_{jk} x_k            where nothing else has j, so that jk would be a part of the name
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from difflib import get_close_matches
from itertools import pairwise

from symbp.errors import DefinitionError, ReadingError
from symbp.reading.elaborate import Elaborator
from symbp.reading.grammar.lexer import Token
from symbp.reading.grammar.marks import Mark, marks, text_of_name
from symbp.reading.grammar.parser import FUNCTION_WORDS, unclosed
from symbp.reading.grammar.syntax import BigSum, Bracket, Name, Node, Product, Tokens, walk
from symbp.reading.model.applied import parts
from symbp.reading.model.families import Family
from symbp.system import Role
from symbp.system.equation import family_of

LEAST = 4  #: letters of a word that may be a function's, misspelt


def check_signs(row: Tokens, words: Set[str]) -> None:
    """Refuse an open bracket and letters that look like a function's name."""
    for part in parts(row):
        if unclosed(part):
            raise ReadingError("an opening bracket ( is never closed", part[0].start)
        for word in _words_before_brackets(part):
            near = get_close_matches(word, FUNCTION_WORDS, n=1, cutoff=0.75)
            if near and word not in FUNCTION_WORDS | words:
                raise unknown_function(word, near[0])


def unknown_function(word: str, near: str = "") -> ReadingError:
    """The error for a word with arguments that no table has."""
    found = get_close_matches(word, FUNCTION_WORDS, n=1) if not near else [near]
    hint = f": did you mean {found[0]}?" if found else ""
    return ReadingError(f"the function {word} is unknown{hint} (functions: {word} any)")


def _words_before_brackets(row: Sequence[Token]) -> Iterator[str]:
    """Letters without a space between them that an opening bracket follows."""
    word, end = "", -1
    for t in row:
        if t.text == "(" and t.start == end and len(word) >= LEAST:
            yield word
        if t.kind == "name" and t.text.isalpha():
            word = word + t.text if t.start == end else t.text
        else:
            word = ""
        end = t.end


def _applied(right: Node) -> Iterator[tuple[Name, Bracket]]:
    """Names that brackets follow without a sign, as a function's argument would."""
    for n in walk(right):
        if isinstance(n, Product):
            for (a, b), sign in zip(pairwise(n.factors), n.signs, strict=True):
                round_one = isinstance(b, Bracket) and b.shape == "("
                if sign == "" and isinstance(a, Name) and isinstance(b, Bracket) and round_one:
                    yield a, b


def check_applied(reader: Elaborator, right: Node) -> None:
    """Refuse s(W x), where s has no equation and nothing says whether it is a function."""
    for name, bracket in _applied(right):
        base = name.base
        if base.isalpha() and len(base) > 1 and base not in reader.lexicon.names:
            raise unknown_function(base)
        if reader.scope.entrywise or not reader.lexicon.named(base):
            continue
        found = reader.read(name)
        given = reader.lexicon.system[str(family_of(found.expr))].role is not Role.INTERMEDIATE
        if given and found.is_vector and reader.read(bracket).is_vector:
            shown = text_of_name(name)
            raise ReadingError(
                f"{shown}(...) may be a function (functions: {shown} any) or a factor at every "
                rf"entry ({shown} \odot (...))",
                name.start,
            )


def check_indices(left: Name, right: Node, family: Callable[[Name], Family | None]) -> None:
    """Refuse a name whose marks have an index letter and would yet be parts of the name."""
    bound = {t.text for n in walk(right) if isinstance(n, BigSum) for t in n.below[:1]}
    own = family(left)
    if own is not None:
        bound |= {x for m in _index_marks(left, own) for x in _letters(m)}
    for n in (n for n in (left, *walk(right)) if isinstance(n, Name)):
        f = family(n)
        if f is None:
            continue
        for m in (*marks(n.sub), *marks(n.sup)):
            letters = _letters(m)
            if len(letters) > 1 and m.text in {text for _, text in f.fixed} and bound & {*letters}:
                others = " and ".join(x for x in dict.fromkeys(letters) if x not in bound)
                inner = next(x for x in letters if x in bound)
                raise ReadingError(
                    f"{text_of_name(n)} has the index {inner}, but {others} neither stands on "
                    "the left nor under a sum",
                    n.start,
                )


def check_entries(
    families: Iterable[Family],
    ranks: Mapping[str, int],
    defined: Set[str],
    named: Set[tuple[str, str]],
) -> None:
    """Refuse p_c beside p = softmax(z), where nothing says whether it is an entry of p."""
    found = list(families)
    vectors = {f.base for f in found if not f.fixed and f.key in defined and ranks[f.key] == 1}
    for f in found:
        letters = [text for side, text in f.fixed if side == "_" and (f.base, text) not in named]
        if f.base in vectors and f.key not in defined and len(letters) == len(f.fixed) == 1:
            (c,) = letters
            if len(c) == 1 and c.isalpha():
                raise ReadingError(
                    f"{f.base}_{c} stands beside {f.base}: is {c} the index of one unit "
                    f"(indices: {c} fixed) or a part of the name (names: {f.base}_{c})?"
                )


@contextmanager
def authors_letters() -> Iterator[None]:
    """In messages the index of a sum without one, 3', is k."""
    try:
        yield
    except DefinitionError as error:
        raise DefinitionError(re.sub(r"\b\d+'", "k", str(error))) from error


def _index_marks(n: Name, f: Family) -> Iterator[Mark]:
    fixed = {text for _, text in f.fixed}
    yield from (m for m in (*marks(n.sub), *marks(n.sup)) if m.text not in fixed)


def _letters(m: Mark) -> list[str]:
    """The letters of a mark, those in its own marks too: w and j of w_j."""
    return [t.text for t in _flat(m.tokens) if t.kind == "name"]


def _flat(row: Tokens) -> Iterator[Token]:
    for t in row:
        yield t
        for part in t.parts:
            yield from _flat(part)
