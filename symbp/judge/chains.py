"""Verdicts of chains A = B = C: every case and reading judged, refuted members diagnosed."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from symbp.errors import DefinitionError, ReadingError, SizeError
from symbp.judge.claims import Judge
from symbp.judge.diagnosis import diagnose
from symbp.judge.meant import meant
from symbp.judge.outcome import Outcome
from symbp.judge.updates import gradient_claim
from symbp.judge.verdict import Status, Verdict
from symbp.reading.grammar.parser import unclosed
from symbp.reading.grammar.syntax import Bracket, Derivative, Differential, Name, Node, Tokens, walk
from symbp.reading.lexicon import Lexicon
from symbp.reading.reach import letters_of_sums
from symbp.reading.typed import ShapeError


def speaks_of_derivatives(nodes: Sequence[Node], lexicon: Lexicon) -> bool:
    """Whether a statement claims something of derivatives, and does not only define quantities."""
    short = {a.base for a in lexicon.abbreviations}
    families = {w.base for w in lexicon.words}
    if len(nodes) > 1 and gradient_claim(nodes[0], nodes[1], lexicon) is not None:
        return True
    for node in nodes:
        for n in walk(node):
            if isinstance(n, Derivative | Differential):
                return True
            if isinstance(n, Name) and n.base in short:
                return True
            if isinstance(n, Bracket) and n.primes:
                return True
            if isinstance(n, Name) and n.primes and n.base + "'" * n.primes not in families:
                return True
    return False


#: The lexicons of one case: more than one where a text leaves open what its letters are.
Case = Sequence[Judge]


def judge(
    cases: Sequence[Case], members: Sequence[Tokens], latex: Sequence[str],
    conditions: Sequence[Tokens] = (), no_network: str = "no equations are given",
    *, diagnosing: bool = True,
) -> list[Verdict]:  # fmt: skip
    """A verdict for each member after the first: first = member; `latex` are their texts.

    A claim holds if it does in one of the cases that know all its names, whatever is left open
    there.
    """
    verdicts = []
    for place in range(1, len(members)):
        text = f"{latex[0]} = {latex[place]}"
        others = [m for n, m in enumerate(members) if n not in (0, place)]
        found = _verdict(cases, members[0], members[place], text, conditions, others=others)
        if found is not None and found.status is Status.REFUTED:
            found = _meant(cases, found, members[0], members[place], conditions)
        if diagnosing and found is not None and found.status is Status.REFUTED:
            found = _diagnosed(cases, found, latex, place, conditions)
        verdicts.append(found or Verdict(Status.UNREAD, text, reason=no_network))
    return verdicts


def _verdict(
    cases: Sequence[Case], left: Tokens, right: Tokens, text: str, conditions: Sequence[Tokens],
    scoped: bool = True,
    others: Sequence[Tokens] = (),
) -> Verdict | None:  # fmt: skip
    found: list[tuple[Judge, Outcome]] = []
    unread: list[tuple[int, str]] = []
    for case in cases:
        outcomes: list[tuple[Judge, Outcome]] = []
        for each in case:
            try:
                outcomes.append((each, _outcome(each, left, right, conditions, others)))
            except (ReadingError, DefinitionError, SizeError) as error:
                unread.append((getattr(error, "place", 0), str(error)))
        if outcomes:
            found.append(_agreed(outcomes))
    if not found:
        reason = max(unread, key=lambda pair: pair[0])[1] if unread else ""
        return Verdict(Status.UNREAD, text, reason=reason) if unread else None
    order = [Status.PROVED, Status.UNDECIDED, Status.REFUTED]
    each, best = min(found, key=lambda pair: order.index(pair[1].status))
    notes = list(best.conventions)
    if len(cases) > 1 and each.lexicon.case:
        notes.append(f"holds for {each.lexicon.case}")
    if unclosed(left) or unclosed(right):
        notes.append("a bracket ( that is never closed ends with the formula")
    products = best.products if text else ()
    spelled = [x for place in products for x in readings(text, right[0].start, *place)]
    return Verdict(
        best.status, text, each.scope_text(best) if scoped else "", best.reason,
        conventions=tuple(notes),
        counterexample=best.counterexample, readings=tuple(spelled),
    )  # fmt: skip


def _meant(
    cases: Sequence[Case], refuted: Verdict, left: Tokens, right: Tokens,
    conditions: Sequence[Tokens],
) -> Verdict:  # fmt: skip
    """The verdict, undecided where the claim holds in a reading that nothing rules out."""
    for each in (j for case in cases for j in case):
        with suppress(ReadingError, DefinitionError, SizeError):
            found = meant(each, each.parse(left), each.parse(right), conditions)
            if found is not None:
                return Verdict(Status.UNDECIDED, refuted.latex, reason=found[0])
    return refuted


def readings(text: str, right: int, start: int, end: int, after: int) -> list[str]:
    r"""a = w \cdot x entry by entry and as an inner product; places are those of the document.

    >>> readings(r"a = w \cdot x", 10, 10, 11, 18)
    ['a = w \\odot x', 'a = w^T x']
    """
    shift = text.rindex(" = ") + len(" = ") - right
    if start < right:
        return []
    first, rest = text[start + shift : end + shift], text[after + shift :]
    bare = len(first) == 1 or (first[0], first[-1], first.count("(")) == ("(", ")", 1)
    before, turned = text[: start + shift], first + "^T" if bare else f"({first})^T"
    return [rf"{before}{first} \odot {rest}", f"{before}{turned} {rest}"]


def _diagnosed(
    cases: Sequence[Case], verdict: Verdict, latex: Sequence[str], place: int,
    conditions: Sequence[Tokens],
) -> Verdict:  # fmt: skip
    """A refuted verdict with the repair that is proved, if one is found."""

    def proved(left: Tokens, right: Tokens) -> bool:
        found = _verdict(cases, left, right, "", conditions, scoped=False)
        return found is not None and found.status is Status.PROVED

    others = [text for n, text in enumerate(latex) if n not in (0, place)]
    for each in (j for case in cases for j in case):
        found = diagnose(each, latex[0], latex[place], proved, others, conditions)
        if found is not None:
            return replace(verdict, repair=found.repair, mistake=found.mistake)
    return verdict


def _outcome(
    each: Judge, left: Tokens, right: Tokens, conditions: Sequence[Tokens],
    others: Sequence[Tokens],
) -> Outcome:  # fmt: skip
    summed = frozenset(t for m in (left, *others) for t in letters_of_sums(m))
    try:
        return each.claim(each.parse(left), each.parse(right), conditions, summed)
    except ShapeError as error:
        return Outcome(Status.REFUTED, str(error))


def _agreed(outcomes: Sequence[tuple[Judge, Outcome]]) -> tuple[Judge, Outcome]:
    """What all readings of a case say; undecided where they differ."""
    if len({o.status for _, o in outcomes}) == 1:
        return outcomes[0]
    words = {True: "as vectors and matrices", False: "as numbers"}
    said = "; ".join(
        f"{j.lexicon.reading or words[j is outcomes[0][0]]}: {o.status}" for j, o in outcomes
    )
    what = "signs" if outcomes[0][0].lexicon.reading else "letters"
    return outcomes[0][0], Outcome(Status.UNDECIDED, f"nothing says what the {what} are ({said})")
