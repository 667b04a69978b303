"""Claims about networks whose equations are written out here: how they are read and judged."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from symbp.documents.finding import Finding
from symbp.documents.judging import judged
from symbp.documents.read import read_text
from symbp.errors import ReadingError
from symbp.judge.chains import judge
from symbp.judge.claims import Judge
from symbp.judge.outcome import Outcome
from symbp.judge.verdict import Status, Verdict
from symbp.reading.declared import Declared, declared
from symbp.reading.grammar.lexer import tokens
from symbp.reading.grammar.statements import Statement, statements
from symbp.reading.model import read_models
from symbp.reading.typed import ShapeError

#: A fully connected network with one sample, as posts write it; δ^l = ∂C/∂z^l.
MLP = r"""
a^0 = x
z^l = W^l a^{l-1} + b^l
a^l = \sigma(z^l)
C = \frac{1}{2} \|a^L - y\|^2
"""
#: A recurrent network: U is square, so that a missing transpose changes no shape.
RECURRENT = r"""
h_t = \phi(W x_t + U h_{t-1} + b)
o_t = V h_t
E_t = \frac{1}{2} \|o_t - y_t\|^2
E = \sum_{t=1}^{T} E_t
"""


def declaration(equations: str, **entries: str) -> Declared:
    """Equations on lines of their own, and the other keys of a declaration."""
    lines = tuple(line.strip() for line in equations.strip().splitlines() if line.strip())
    given = {k: tuple(v.split("\n")) for k, v in entries.items()}
    return declared({"equations": lines, **given})


@cache
def judges(equations: str, **entries: str) -> tuple[Judge, ...]:
    """The judges of one case: more than one where nothing says what the letters are."""
    return tuple(Judge(x) for x in read_models(declaration(equations, **entries)))


def only(latex: str) -> Statement:
    """The one equation of a formula."""
    (statement,) = (s for s in statements(tokens(latex)) if s.relations)
    return statement


def verdicts(cases: Sequence[Sequence[Judge]], latex: str) -> list[Verdict]:
    """The verdict on every member of a chain after the first."""
    s = only(latex)
    texts = [latex[m[0].start : m[-1].end] for m in s.members]
    return judge(cases, s.members, texts, s.condition)


def verdict(equations: str, latex: str, **entries: str) -> Verdict:
    """The verdict on left = right about the network of some equations."""
    (found,) = verdicts([judges(equations, **entries)], latex)
    return found


def status(equations: str, latex: str, **entries: str) -> str:
    """proved, refuted, undecided or unread."""
    return verdict(equations, latex, **entries).status.value


def outcome(each: Judge, latex: str) -> Outcome:
    """left = right in one judge's words, without the search for a repair."""
    s = only(latex)
    left, right = (each.parse(m) for m in s.members)
    try:
        return each.claim(left, right, s.condition)
    except ShapeError as error:
        return Outcome(Status.REFUTED, str(error))


def quick_status(equations: str, latex: str, **entries: str) -> str:
    """As `status`, without the search for a repair; unread with a `ReadingError`."""
    try:
        found = {outcome(j, latex).status.value for j in judges(equations, **entries)}
    except ReadingError:
        return "unread"
    return found.pop() if len(found) == 1 else "undecided"


def shown(text: str, kind: str = "markdown") -> list[Finding]:
    """What is found in a post."""
    return list(judged(read_text(text, "post.md", kind)))  # type: ignore[arg-type]


def shown_statuses(text: str) -> list[str]:
    """The verdicts of a post in order."""
    return [f.verdict.status.value for f in shown(text)]


def problem(equations: str, latex: str, **entries: str) -> str:
    """Why a formula is unread; "" if it is read."""
    (each,) = judges(equations, **entries)
    try:
        outcome(each, latex)
    except ReadingError as error:
        return str(error)
    return ""
