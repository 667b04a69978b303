"""The search: candidates of the table in turn, until one is proved.

Each candidate is read from its own text. Almost all fall at a first look; what passes is judged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from symbp.errors import SymbpError
from symbp.judge.diagnosis.layout import signed
from symbp.judge.diagnosis.probe import Probe
from symbp.judge.diagnosis.table import TABLE, Row
from symbp.judge.diagnosis.text import Member, flat, tidier
from symbp.judge.diagnosis.work import Work
from symbp.judge.updates import gradient_claim
from symbp.reading.grammar.syntax import Derivative, Node, Tokens, form, walk

#: Signs of candidates that are read at most.
MOST_READ = 15_000
#: Candidates of each row that are tried on a first, and on a second way through the table.
MOST_OF_A_ROW = (25, 75)

Proved = Callable[[Tokens, Tokens], bool]
"""Whether the judge proves left = right."""


@dataclass(frozen=True)
class Diagnosis:
    """The mistake, and the member (or, for a wrong left side, the equation) that is proved."""

    mistake: str
    repair: str


class Search:
    """Goes through the table for one refuted claim."""

    def __init__(self, probe: Probe, work: Work, proved: Proved) -> None:
        self.probe, self.work, self.proved = probe, work, proved
        self.seen: set[object] = {_squeezed(work.wrong.text)}
        self.read = 0
        self.length = sum(1 for _ in flat(work.wrong.tokens))
        self.fits, self.bounded = self._as_written()

    def _as_written(self) -> tuple[bool, bool]:
        """Whether the shapes of the claim fit, and whether only at some layers: l = L."""
        try:
            scope, _ = self.probe.sides(self.work.left.tree, self.work.wrong.tree)
        except SymbpError:
            return False, False
        return True, bool(scope.conditions)

    def found(self) -> Diagnosis | None:
        """The first proved repair."""
        rows = [(row, self._new(row)) for row in TABLE if self.fits or row.mends_shapes]
        for most in MOST_OF_A_ROW:
            for row, candidates in rows:
                for text in islice(candidates, most):
                    repair = self._repair(row, text)
                    if repair:
                        return Diagnosis(row.name, repair)
        return None

    def _new(self, row: Row) -> Iterator[str]:
        """The candidates of a row that no row before had, while there is time."""
        for text in row.candidates(self.work):
            key = _squeezed(text) + "=" * row.of_left
            if key not in self.seen and self.read < MOST_READ:
                self.seen.add(key)
                self.read += self.length
                yield text

    def _repair(self, row: Row, text: str) -> str:
        """The candidate as it is shown, if it is proved; else "".

        Columns side by side have no product: where that is all, the author's sign goes between.
        """
        candidate = self.probe.member(text)
        if candidate is None:
            return ""
        left, right = self._sides(row, candidate)
        passed, beside = self._plausible(left.tree, right.tree)
        if not passed:
            return ""
        for spelled in signed(self.work, candidate) if beside else [text]:
            again = self.probe.member(spelled)
            left, right = self._sides(row, again) if again else (left, right)
            if again and self.proved(left.tokens, right.tokens):
                return f"{spelled} = {right.text}" if row.of_left else self._tidied(again)
        return ""

    def _tidied(self, m: Member) -> str:
        """A proved member without what says nothing; each time it is proved again."""
        for text in tidier(m, self.work.wrong.text):
            less = self.probe.member(text)
            if less is not None and self.proved(self.work.left.tokens, less.tokens):
                return self._tidied(less)
        return m.text

    def _sides(self, row: Row, candidate: Member) -> tuple[Member, Member]:
        if row.of_left:
            return candidate, self.work.wrong
        return self.work.left, candidate

    def _plausible(self, left: Node, right: Node) -> tuple[bool, bool]:
        """Whether both sides agree at one point, and whether columns stand side by side.

        No more than once for one meaning.
        """
        if self._is_empty(left, right):
            return False, False
        try:
            scope, sides = self.probe.sides(left, right)
            key = (sides.left, sides.right, sides.axes)
            if key in self.seen or (scope.conditions and not self.bounded):
                return False, False
            self.seen.add(key)
            return self.probe.agrees(sides), bool(scope.beside)
        except (SymbpError, ArithmeticError, LookupError):  # nonsense such as 1 / (1 - m) at m = 1
            return False, False

    def _is_empty(self, left: Node, right: Node) -> bool:
        """Whether a candidate gives the left side by itself."""
        claim = gradient_claim(left, right, self.work.lexicon)
        left, right = claim or (left, right)
        own = form(left)
        by_itself = any(
            isinstance(n, Derivative) and form(n.of) == form(n.by) for n in walk(right)
        )  # fmt: skip
        return by_itself or any(type(n) is type(left) and form(n) == own for n in walk(right))


def _squeezed(text: str) -> str:
    return "".join(text.split())
