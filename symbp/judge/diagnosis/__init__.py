r"""The diagnosis: why a refuted formula is wrong, and a right one in its author's notation.

    wrong    \frac{\partial J}{\partial W^l} = a^{l-1} (\delta^l)^T
    mistake  transpose
    repair   \delta^l (a^{l-1})^T

Guarantees.
    A repair that is shown has been read from its own text and proved by the judge that refuted
    the claim, as any claim of a document is. A mistake is only named with a proved repair. What
    the rows of the table suggest may be nonsense; nothing of it is believed.
    That no repair is shown says nothing.
    The same claim has the same repair: rows and candidates are tried in a fixed order, up to a
    fixed number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from symbp.errors import SymbpError
from symbp.judge.diagnosis import factors, functions, indices, layout, signs, totals
from symbp.judge.diagnosis.probe import Probe
from symbp.judge.diagnosis.text import Member
from symbp.judge.diagnosis.work import Work
from symbp.judge.updates import gradient_claim
from symbp.reading.lexicon import Lexicon
from symbp.reading.syntax import Derivative, Differential, Name, Node, Tokens, form, walk

if TYPE_CHECKING:
    from symbp.judge.claims import Judge

#: Characters of candidates that are read, and candidates of one row, at most.
MOST_READ = 24_000
MOST_OF_A_ROW = 60

Proved = Callable[[Tokens, Tokens], bool]
"""Whether the judge proves left = right."""


@dataclass(frozen=True)
class Row:
    """A mistake: its name, what it says, and what may be right if it is the one."""

    name: str
    says: str
    candidates: Callable[[Work], Iterator[str]]
    of_left: bool = False
    """Whether the candidates are left sides."""


TABLE = (
    Row("sign", "a sign is wrong", signs.signs),
    Row("function for its derivative", "f stands for f', or f' for f", functions.primes),
    Row("argument of derivative", "f' is taken at another quantity", functions.arguments),
    Row("wrong layer", "a quantity of another layer is needed", indices.layers),
    Row("wrong time", "a quantity of another time is needed", indices.times),
    Row("transpose", "a transpose is missing or too many", layout.transposes),
    Row("swapped indices", "two indices must change places", indices.swapped),
    Row("wrong index", "an index is another one, missing or too many", indices.others),
    Row("factor", "a constant factor is missing or too many", signs.constants),
    Row("missing sum", "a sum over an index is missing", totals.missing),
    Row("extra sum", "nothing is summed here", totals.extra),
    Row("extra derivative", "the factor f'(z) does not belong here", functions.extra),
    Row("extra factor", "a factor does not belong here", factors.extra),
    Row("extra term", "a term does not belong here", factors.extra_terms),
    Row("parentheses", "brackets are lost or too many", signs.brackets),
    Row("power", "a square is missing or too many", signs.powers),
    Row("wrong operand", "a quantity stands for another", factors.operands),
    Row("missing derivative", "a factor f'(z) is missing", functions.missing),
    Row("product kind", "the product is another one", layout.kinds),
    Row("order of factors", "the factors stand in the wrong order", layout.orders),
    Row("missing factor", "a factor is missing", factors.missing),
    Row("missing term", "a term is missing", factors.missing_terms),
    Row("left side", "the right side belongs to another left side", totals.left_sides, True),
)  # fmt: skip


@dataclass(frozen=True)
class Diagnosis:
    """The mistake, and the member (or, for a wrong left side, the equation) that is proved."""

    mistake: str
    repair: str


def diagnose(
    judge: Judge, left: str, wrong: str, proved: Proved, others: Sequence[str] = (),
    conditions: Sequence[Tokens] = (),
) -> Diagnosis | None:  # fmt: skip
    """The first row of the table that has a proved repair; None where none has."""
    probe = Probe(judge, conditions)
    a, b, *rest = (probe.member(text) for text in (left, wrong, *others))
    if a is None or b is None or not _is_gradient(a, b, judge.lexicon):
        return None
    work = Work(judge.lexicon, a, b, probe.tags, tuple(m for m in rest if m is not None))
    if not work.used:
        return None
    return _Search(probe, work, proved).found()


def _is_gradient(left: Member, right: Member, lexicon: Lexicon) -> bool:
    """Whether a claim says what a derivative is, or updates by one; no others are repaired."""
    short = {a.base for a in lexicon.abbreviations if _derivatives(a.body)}
    if gradient_claim(left.tree, right.tree, lexicon) is not None:
        return True
    names = [n for n in walk(left.tree) if isinstance(n, Name)]
    return _derivatives(left.tree) or any(n.primes > 0 or n.base in short for n in names)


def _derivatives(node: Node) -> bool:
    return any(isinstance(n, Derivative | Differential) for n in walk(node))


class _Search:
    """Goes through the table until a candidate is proved."""

    def __init__(self, probe: Probe, work: Work, proved: Proved) -> None:
        self.probe, self.work, self.proved = probe, work, proved
        self.seen: set[object] = {_squeezed(work.wrong.text)}
        self.read = 0
        self.bounded = self._is_bounded()

    def found(self) -> Diagnosis | None:
        """The first proved repair."""
        for row in TABLE:
            for text in islice(self._new(row), MOST_OF_A_ROW):
                if self._is_proved(row, text):
                    repair = f"{text} = {self.work.wrong.text}" if row.of_left else text
                    return Diagnosis(row.name, repair)
        return None

    def _new(self, row: Row) -> Iterator[str]:
        """The candidates of a row that no row before had, while there is time."""
        for text in row.candidates(self.work):
            key = _squeezed(text) + "=" * row.of_left
            if key not in self.seen and self.read < MOST_READ:
                self.seen.add(key)
                self.read += len(text)
                yield text

    def _is_proved(self, row: Row, text: str) -> bool:
        candidate = self.probe.member(text)
        if candidate is None:
            return False
        a, b = self.work.left, self.work.wrong
        a, b = (candidate, b) if row.of_left else (a, candidate)
        if self._is_empty(a.tree, b.tree):
            return False
        return self._plausible(a.tree, b.tree) and self.proved(a.tokens, b.tokens)

    def _is_empty(self, left: Node, right: Node) -> bool:
        """Whether a candidate gives the left side by itself."""
        claim = gradient_claim(left, right, self.work.lexicon)
        left, right = claim or (left, right)
        own = form(left)
        by_itself = any(
            isinstance(n, Derivative) and form(n.of) == form(n.by) for n in walk(right)
        )  # fmt: skip
        return by_itself or any(form(n) == own for n in walk(right))

    def _plausible(self, left: Node, right: Node) -> bool:
        """Whether both sides agree at one point; no more than once for one meaning."""
        try:
            scope, sides = self.probe.sides(left, right)
            key = (sides.left, sides.right, sides.axes)
            if key in self.seen or (scope.conditions and not self.bounded):
                return False
            self.seen.add(key)
            return self.probe.agrees(sides)
        except SymbpError:
            return False

    def _is_bounded(self) -> bool:
        """Whether the claim itself makes sense at some layers only: l = L."""
        try:
            scope, _ = self.probe.sides(self.work.left.tree, self.work.wrong.tree)
        except SymbpError:
            return False
        return bool(scope.conditions)


def _squeezed(text: str) -> str:
    return "".join(text.split())
