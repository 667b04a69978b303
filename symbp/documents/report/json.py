"""The findings as JSON, in the form of `schema.json` beside this file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from symbp.documents.finding import Finding
from symbp.judge.verdict import Counterexample


def write_json(findings: Sequence[Finding]) -> str:
    """A list with an object for every finding."""
    return json.dumps([as_object(f) for f in findings], ensure_ascii=False, indent=2) + "\n"


def as_object(finding: Finding) -> dict[str, Any]:
    """One finding; a field that says nothing is "", [] or null, never absent."""
    verdict = finding.verdict
    return {
        "file": finding.file,
        "line": finding.line,
        "column": finding.column,
        "latex": verdict.latex,
        "verdict": verdict.status.value,
        "scope": verdict.scope,
        "reason": verdict.reason,
        "repair": verdict.repair,
        "mistake": verdict.mistake,
        "conventions": list(verdict.conventions),
        "counterexample": _counterexample(verdict.counterexample),
        "readings": list(verdict.readings),
    }


def _counterexample(example: Counterexample | None) -> dict[str, Any] | None:
    if example is None:
        return None
    return {
        "values": dict(example.values),
        "left": example.left,
        "right": example.right,
        "where": example.where,
    }


def schema() -> str:
    """The JSON Schema of `write_json`."""
    return files(__package__).joinpath("schema.json").read_text(encoding="utf-8")
