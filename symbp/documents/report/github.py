"""Annotations for GitHub Actions: `::error file=post.md,line=57,col=1,title=refuted::why`.

Proved claims have none. The form: GitHub, "Workflow commands for GitHub Actions".
"""

from __future__ import annotations

from collections.abc import Sequence

from symbp.documents.finding import Finding
from symbp.documents.report.entry import Unreadable, details, one_line, plain
from symbp.judge.verdict import Status

LEVELS = {Status.REFUTED: "error", Status.UNDECIDED: "warning", Status.UNREAD: "notice"}
IN_MESSAGE = {"%": "%25", "\r": "%0D", "\n": "%0A"}
IN_PROPERTY = {**IN_MESSAGE, ":": "%3A", ",": "%2C"}


def write_github(findings: Sequence[Finding], errors: Sequence[Unreadable] = ()) -> str:
    """One line for every claim that is not proved and every file that was not read."""
    lines = [annotation(f) for f in findings if f.verdict.status in LEVELS]
    for e in errors:
        at = {"line": e.line, "col": e.column} if e.line else {}
        lines.append(_command("error", e.message, file=e.file, **at, title="not read"))
    return "".join(f"{line}\n" for line in lines)


def annotation(finding: Finding) -> str:
    r"""The annotation of one claim.

    >>> from symbp.judge.verdict import Verdict
    >>> verdict = Verdict(Status.REFUTED, "a = 50% b", reason="the sides differ")
    >>> annotation(Finding("a,b.md", 3, 1, verdict))
    '::error file=a%2Cb.md,line=3,col=1,title=refuted::a = 50%25 b%0Athe sides differ'
    """
    verdict = finding.verdict
    message = "\n".join([one_line(verdict.latex), *map(plain, details(verdict))])
    return _command(
        LEVELS[verdict.status],
        message.lstrip("\n"),
        file=finding.file,
        line=finding.line,
        col=finding.column,
        title=verdict.status.value,
    )


def _command(name: str, message: str, **properties: str | int) -> str:
    given = ",".join(f"{k}={_escaped(str(v), IN_PROPERTY)}" for k, v in properties.items())
    return f"::{name} {given}::{_escaped(message, IN_MESSAGE)}"


def _escaped(text: str, table: dict[str, str]) -> str:
    return text.translate({ord(sign): code for sign, code in table.items()})
