"""The findings as SARIF 2.1.0 (OASIS, 2020), which code scanning and editors show.

The four verdicts are rules, and so is each mistake that was diagnosed. A claim that is proved is no
result. The repair is a fix where it can be put exactly in its place, and is in the message always.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from importlib.metadata import version
from typing import Any
from urllib.parse import quote

from symbp.documents.finding import Finding
from symbp.documents.report.entry import Unreadable, details, one_line, plain
from symbp.documents.report.place import Source, Span, claim_span, right_side, source
from symbp.judge.verdict import Status

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
LEVELS = {Status.REFUTED: "error", Status.UNDECIDED: "warning", Status.UNREAD: "note"}
ABOUT = {
    Status.PROVED: "The two sides are equal.",
    Status.REFUTED: "The two sides differ.",
    Status.UNDECIDED: "Two readings are open, or neither a proof nor a counterexample was found.",
    Status.UNREAD: "The claim was not understood; the message names what is missing.",
}


def write_sarif(
    findings: Sequence[Finding], errors: Sequence[Unreadable] = (), read: Source = source
) -> str:
    """One run with a result for every claim that is not proved."""
    read = cache(read)
    rules = _rules(findings)
    places = {rule["id"]: number for number, rule in enumerate(rules)}
    driver = {"name": "symbp", "version": version("symbp"), "rules": rules}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "invocations": [_invocation(errors)],
        "results": [_result(f, places, read) for f in findings if f.verdict.status in LEVELS],
    }
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, ensure_ascii=False, indent=2) + "\n"


def rule_of(finding: Finding) -> str:
    """The mistake, if there is a diagnosis; else the verdict."""
    return one_line(finding.verdict.mistake) or finding.verdict.status.value


def _rules(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    rules = [
        _rule(status.value, text, LEVELS.get(status, "none")) for status, text in ABOUT.items()
    ]
    mistakes = sorted({rule_of(f) for f in findings if f.verdict.mistake} - set(Status))
    return rules + [_rule(name, f"Mistake: {name}.", "error") for name in mistakes]


def _rule(name: str, text: str, level: str) -> dict[str, Any]:
    return {
        "id": name,
        "shortDescription": {"text": text},
        "defaultConfiguration": {"level": level},
    }


def _result(finding: Finding, rules: dict[str, int], read: Source) -> dict[str, Any]:
    verdict = finding.verdict
    text = read(finding.file)
    span = claim_span(finding, text)
    region = _region(span) if span else _start(finding.line, finding.column)
    snippet = {"snippet": {"text": verdict.latex}} if verdict.latex else {}
    message = "\n".join(filter(None, [one_line(verdict.latex), *map(plain, details(verdict))]))
    result: dict[str, Any] = {
        "ruleId": rule_of(finding),
        "ruleIndex": rules[rule_of(finding)],
        "level": LEVELS[verdict.status],
        "message": {"text": message},
        "locations": [_location(finding.file, {**region, **snippet})],
    }
    if verdict.repair and (side := right_side(finding, text)):
        result["fixes"] = [_fix(finding, side)]
    return result


def _fix(finding: Finding, side: Span) -> dict[str, Any]:
    repair = finding.verdict.repair
    change = {
        "artifactLocation": _artifact(finding.file),
        "replacements": [{"deletedRegion": _region(side), "insertedContent": {"text": repair}}],
    }
    return {"description": {"text": f"right: {one_line(repair)}"}, "artifactChanges": [change]}


def _invocation(errors: Sequence[Unreadable]) -> dict[str, Any]:
    """Whether all files were read, and which were not."""
    notes = [
        {
            "level": "error",
            "message": {"text": one_line(e.message)},
            "locations": [_location(e.file, _start(e.line, e.column) if e.line else {})],
        }
        for e in errors
    ]
    found: dict[str, Any] = {"executionSuccessful": not errors}
    return {**found, "toolExecutionNotifications": notes} if notes else found


def _location(file: str, region: dict[str, Any]) -> dict[str, Any]:
    place = {"artifactLocation": _artifact(file)}
    return {"physicalLocation": {**place, "region": region} if region else place}


def _artifact(file: str) -> dict[str, str]:
    return {"uri": quote(file.replace("\\", "/"))}


def _start(line: int, column: int) -> dict[str, Any]:
    return {"startLine": line, "startColumn": column}


def _region(span: Span) -> dict[str, Any]:
    return {
        "startLine": span.line,
        "startColumn": span.column,
        "endLine": span.end_line,
        "endColumn": span.end_column,
    }
