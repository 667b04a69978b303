"""`pytest --symbp posts/`: every claim of a document is a test. PYTEST_DONT_REWRITE

    posts/post.md::L57      the claim on line 57
    posts/post.md::L57:30   the next claim on that line; then L57:30#2, ...

A claim that is proved passes; one that is refuted fails, with the entry of the report. What is
undecided or unread is skipped with its reason, and fails with `--symbp-strict`. A file
that cannot be read fails as `post.md::read`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain, count
from pathlib import Path
from typing import Any

import pytest

from symbp.documents.check import SUFFIXES, check_file, declared
from symbp.documents.finding import Finding
from symbp.documents.report.entry import details, plain
from symbp.documents.report.text import entry
from symbp.errors import SymbpError
from symbp.judge.verdict import Status


class Failure(Exception):
    """Its text is shown as it is."""


class DocumentFile(pytest.File):
    """A document with its claims."""

    def collect(self) -> Iterator[pytest.Item]:
        """An item for every claim, and one if the file could not be read."""
        findings, errors = check_file(self.path, declared(_declaration(self.config)))
        for found, name in zip(findings, names(findings), strict=True):
            here = replace(found, file=self.nodeid)
            yield ReportItem.from_parent(self, name=name, line=found.line, **self._result(here))
        if errors:
            text = "\n".join(str(replace(error, file=self.nodeid)) for error in errors)
            yield ReportItem.from_parent(self, name="read", line=1, failure=text)

    def _result(self, finding: Finding) -> dict[str, str]:
        """Why the item fails or is skipped; nothing where the claim is proved."""
        status = finding.verdict.status
        if status is Status.PROVED:
            return {}
        if status is Status.REFUTED or self.config.getoption("--symbp-strict"):
            return {"failure": entry(finding)}
        why = next(map(plain, details(finding.verdict)), "")
        return {"skip": f"line {finding.line}, {status}: {why}"}


def names(findings: Sequence[Finding]) -> list[str]:
    """L57; the next on that line L57:30; the next at that place L57:30#2."""
    taken: dict[str, None] = {}
    for found in findings:
        line, place = f"L{found.line}", f"L{found.line}:{found.column}"
        more = (f"{place}#{number}" for number in count(2))
        taken[next(name for name in chain((line, place), more) if name not in taken)] = None
    return list(taken)


class ReportItem(pytest.Item):
    """One claim: passes, fails with `failure`, or is skipped because of `skip`."""

    def __init__(self, *, line: int, failure: str = "", skip: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.line, self.failure = line, failure
        if skip:
            self.add_marker(pytest.mark.skip(reason=skip))

    def runtest(self) -> None:
        """Fail if there is something to say."""
        if self.failure:
            raise Failure(self.failure)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The entry of the report, without a traceback."""
        if isinstance(excinfo.value, Failure):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """The place of the claim, and its name."""
        return self.path, self.line - 1, f"{self.path.name} {self.name}"


def pytest_configure(config: pytest.Config) -> None:
    """Refuse a wrong declaration before anything is collected."""
    try:
        declared(_declaration(config))
    except SymbpError as error:
        raise pytest.UsageError(f"--symbp-declare: {error}") from error


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> DocumentFile | None:
    """Documents of the kinds that `symbp check` looks for."""
    if file_path.suffix.lower() not in SUFFIXES:
        return None
    return DocumentFile.from_parent(parent, path=file_path)


def _declaration(config: pytest.Config) -> str:
    return "\n".join(config.getoption("--symbp-declare"))
