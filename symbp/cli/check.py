"""The command `check`: judge the claims of documents, and write a report."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from symbp.cli.output import Output, emit, one_of
from symbp.documents import check as documents
from symbp.documents.report.github import write_github
from symbp.documents.report.html import write_html
from symbp.documents.report.json import schema, write_json
from symbp.documents.report.sarif import write_sarif
from symbp.documents.report.text import show_text, shown, write_text
from symbp.errors import SymbpError

FORMATS = ("text", "json", "github", "sarif", "html", "schema")

Paths = Annotated[
    list[Path] | None,
    typer.Argument(metavar="PATHS", help="Files (.md, .ipynb, .tex) and folders."),
]
Formula = Annotated[str | None, typer.Option(help="Check this LaTeX in place of files.")]
Network = Annotated[str | None, typer.Option(help="Declare the network: mlp.")]
Loss = Annotated[str | None, typer.Option(help="Declare the loss: half-squared-error, ...")]
Activation = Annotated[str | None, typer.Option(help="Declare the activation: sigmoid, ...")]
NotationName = Annotated[
    str | None, typer.Option("--notation", help="Declare the notation: bold, edge, ng, ...")
]
Declare = Annotated[
    list[str] | None, typer.Option(help="Declare anything else: 'layout: row'. May be repeated.")
]
Format = Annotated[str, typer.Option("--format", help=f"{', '.join(FORMATS)} (that of json).")]
Strict = Annotated[bool, typer.Option("--strict", help="Fail on undecided and unread as well.")]
Jobs = Annotated[int, typer.Option("-j", "--jobs", min=1, help="Processes for many files.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Leave out what is proved.")]
Full = Annotated[bool, typer.Option("--full", help="Never cut a formula.")]


def check_command(
    paths: Paths = None,
    formula: Formula = None,
    network: Network = None,
    loss: Loss = None,
    activation: Activation = None,
    notation: NotationName = None,
    declare: Declare = None,
    format: Format = "text",
    output: Output = None,
    strict: Strict = False,
    jobs: Jobs = 1,
    quiet: Quiet = False,
    full: Full = False,
) -> None:
    """Judge every gradient formula of documents; status 1 if one is refuted."""
    one_of("format", format, FORMATS)
    if format == "schema":
        emit(schema(), output)
        return
    named = {"network": network, "loss": loss, "activation": activation, "notation": notation}
    given = [f"{key}: {value}" for key, value in named.items() if value is not None]
    report = _report(paths or [], formula, "\n".join([*given, *(declare or [])]), jobs)
    for error in report.errors:
        typer.echo(f"symbp: {error}", err=True)
    if format == "text" and output is None and sys.stdout.isatty():
        show_text(Console(), report.findings, report.errors, quiet=quiet, full=full)
    else:
        emit(_writers(report, quiet, full)[format](), output)
    if status := report.exit_status(strict):
        raise typer.Exit(status)


def _report(
    paths: list[Path], formula: str | None, declaration: str, jobs: int
) -> documents.Report:
    if (formula is None) == (not paths):
        raise SymbpError("give files or folders to check, or one --formula, such as: symbp check .")
    if formula is not None:
        return documents.check_formula(formula, declaration=declaration)
    with _progress() as progress:
        return documents.check(paths, declaration=declaration, processes=jobs, progress=progress)


def _writers(report: documents.Report, quiet: bool, full: bool) -> dict[str, Callable[[], str]]:
    findings, errors = report.findings, report.errors
    return {
        "text": lambda: write_text(findings, errors, quiet=quiet, full=full),
        "json": lambda: write_json(shown(findings, quiet=quiet)),
        "github": lambda: write_github(findings, errors),
        "sarif": lambda: write_sarif(findings, errors),
        "html": lambda: write_html(findings, errors),
    }


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None] | None]:
    """A bar on a terminal, from the second file on; it goes when all is done."""
    console = Console(stderr=True)
    if not sys.stderr.isatty():
        yield None
        return
    with Progress(console=console, transient=True) as bar:
        task = bar.add_task("checking", visible=False)
        yield lambda done, total: bar.update(task, completed=done, total=total, visible=total > 1)
