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

from collections.abc import Sequence
from typing import TYPE_CHECKING

from symbp.judge.diagnosis.probe import Probe
from symbp.judge.diagnosis.search import Diagnosis, Proved, Search
from symbp.judge.diagnosis.text import Member
from symbp.judge.diagnosis.work import Work
from symbp.judge.updates import gradient_claim
from symbp.reading.grammar.syntax import Derivative, Differential, Name, Node, Tokens, walk
from symbp.reading.lexicon import Lexicon

if TYPE_CHECKING:
    from symbp.judge.claims import Judge


def diagnose(
    judge: Judge, left: str, wrong: str, proved: Proved, others: Sequence[str] = (),
    conditions: Sequence[Tokens] = (),
) -> Diagnosis | None:  # fmt: skip
    """The first row of the table that has a proved repair; None where none has.

    `others` are the other members of the claim's chain.
    """
    probe = Probe(judge, conditions)
    a, b, *rest = (probe.member(text) for text in (left, wrong, *others))
    if a is None or b is None or not _is_gradient(a, b, judge.lexicon):
        return None
    work = Work(judge.lexicon, a, b, probe.meaning, tuple(m for m in rest if m is not None))
    return Search(probe, work, proved).found() if work.used else None


def _is_gradient(left: Member, right: Member, lexicon: Lexicon) -> bool:
    """Whether a claim says what a derivative is, or updates by one; no others are repaired."""
    short = {a.base for a in lexicon.abbreviations if _derivatives(a.body)}
    if gradient_claim(left.tree, right.tree, lexicon) is not None:
        return True
    names = [n for n in walk(left.tree) if isinstance(n, Name)]
    return _derivatives(left.tree) or any(n.primes > 0 or n.base in short for n in names)


def _derivatives(node: Node) -> bool:
    return any(isinstance(n, Derivative | Differential) for n in walk(node))
