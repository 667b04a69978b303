r"""Check documents: find their claims, judge each, report.

    check("post.md")                                    a file
    check(["posts", "notes.ipynb"], processes=4)        folders and files
    check(r"\delta^l = \sigma'(z^l)", declaration="network: mlp")

What is wrong with one file or formula is said at its place, and the rest is checked all the same.
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from symbp.documents.declaration import parse
from symbp.documents.finding import Finding
from symbp.documents.judging import judged
from symbp.documents.read import ENDINGS, read_document, read_text
from symbp.documents.region import Declaration, Document, Problem, Region
from symbp.documents.report.entry import Unreadable, counts
from symbp.documents.report.html import fragment
from symbp.documents.report.text import write_text
from symbp.errors import SymbpError, at
from symbp.judge.verdict import Status

#: What is looked for in a folder.
SUFFIXES = (".md", ".markdown", ".ipynb", ".tex")
#: Folders of other people's files; hidden ones are passed over as well.
FOREIGN = ("node_modules", "venv", "__pycache__")
#: The file of what came from no file.
TEXT, FORMULA = "<text>", "<formula>"
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Report:
    """The findings in the order of the files and of their places, and the files not read."""

    findings: tuple[Finding, ...] = ()
    errors: tuple[Unreadable, ...] = ()

    @property
    def counts(self) -> dict[Status, int]:
        """How many claims have each verdict."""
        return counts(self.findings)

    def exit_status(self, strict: bool = False) -> int:
        """0 nothing refuted, 1 something refuted, 2 a file not read.

        `strict` also gives 1 for what is undecided or unread.
        """
        found = self.counts
        bad = found[Status.REFUTED]
        if strict:
            bad += found[Status.UNDECIDED] + found[Status.UNREAD]
        return 1 if bad else 2 if self.errors else 0

    def __str__(self) -> str:
        text = write_text(self.findings, self.errors)
        return "".join([*(f"{error}\n" for error in self.errors), text]).rstrip("\n")

    def _repr_html_(self) -> str:
        return fragment(self.findings, self.errors)


def check(
    source: str | Path | Sequence[str | Path],
    *,
    declaration: str | None = None,
    processes: int = 1,
    progress: Progress | None = None,
) -> Report:
    r"""The verdict on every claim of files, folders or a text.

    A string is a path if there is such a file, and a text if it has several lines or LaTeX in it; a
    text without `$` is one formula. `declaration` stands before each document, in the form of the
    declarations in documents: "network: mlp\nloss: cross-entropy". `progress` is called with the
    number of files done and of all. Raises `SymbpError` for a wrong declaration and where there is
    no file to check.

    >>> print(check("Nothing is claimed here.\n"))
    nothing was checked: no claim was found
    """
    given = declared(declaration or "")
    if isinstance(source, str) and is_text(source):
        document = document_of(source)
        return _report([check_document(lambda: document, document.name, given)])
    names = [source] if isinstance(source, str | Path) else source
    paths = list(dict.fromkeys(path for name in names for path in files(Path(name))))
    return _report(_each(partial(check_file, given=given), paths, processes, progress))


def check_formula(latex: str, *, declaration: str | None = None) -> Report:
    """The verdict on one formula, of which only the declaration says what its letters are."""
    given = declared(declaration or "")
    return _report([check_document(partial(formula, latex), FORMULA, given)])


def is_text(source: str) -> bool:
    r"""Whether a string is a text rather than a path.

    >>> is_text("\\delta = a - y"), is_text("posts/post.md")
    (True, False)
    """
    if "\n" in source:
        return True
    looks = "\\" in source or "$" in source or "=" in source
    return looks and Path(source).suffix not in ENDINGS and not os.path.lexists(source)


def document_of(text: str) -> Document:
    r"""A text as a document: TeX, Markdown, or one formula.

    >>> document_of("a = b").parts
    (Region(latex='a = b', line=1, column=1, display=True),)
    """
    if r"\begin{document}" in text or r"\documentclass" in text:
        return read_text(text, TEXT, "tex")
    if "\n" in text or "$" in text or r"\(" in text or r"\[" in text:
        return read_text(text, TEXT, "markdown")
    return formula(text)


def formula(latex: str) -> Document:
    """A document that is one formula."""
    return Document(FORMULA, (Region(latex, 1, 1),))


def declared(text: str) -> tuple[Declaration, ...]:
    """The declaration that a text in the declarations' form is. Raises `SymbpError`.

    >>> declared("loss: hinge; batch: m")[0].entries
    {'loss': ('hinge',), 'batch': ('m',)}
    """
    if not text.strip():
        return ()
    text = text.strip()
    lines = [(0, ""), *enumerate(text.splitlines(), 1)] if "\n" in text else [(0, text)]
    parts = parse(lines, 0, lambda _: (1, 1))
    for problem in parts:
        if isinstance(problem, Problem):
            raise SymbpError(f"declaration: {problem.message}")
    return tuple(part for part in parts if isinstance(part, Declaration))


def files(path: Path) -> Iterator[Path]:
    """The file itself, or the documents of a folder, sorted. Raises `SymbpError` if it has none."""
    if not path.is_dir():
        yield path
        return
    found = sorted(_inside(path))
    if not found:
        with at(path):
            raise SymbpError(f"no document in this folder (looked for {', '.join(SUFFIXES)})")
    yield from found


def _inside(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder):
        folders[:] = [n for n in folders if not n.startswith(".") and n not in FOREIGN]
        for name in names:
            if name.lower().endswith(SUFFIXES) and not name.startswith("."):
                yield Path(place, name)


Checked = tuple[list[Finding], list[Unreadable]]


def check_file(path: Path, given: tuple[Declaration, ...] = ()) -> Checked:
    """The findings of one file, or why there are none."""
    name = path.as_posix().encode("utf-8", "replace").decode()
    return check_document(partial(read_document, path), name, given)


def check_document(
    read: Callable[[], Document], name: str, given: tuple[Declaration, ...] = ()
) -> Checked:
    """The findings of the document that `read` returns; an error if nothing in it could be read."""
    findings: list[Finding] = []
    try:
        document = read()
        problems = [part for part in document.parts if isinstance(part, Problem)]
        if problems and not any(isinstance(part, Region) for part in document.parts):
            return [], [Unreadable(name, p.message, p.line, p.column) for p in problems]
        for finding in judged(replace(document, name=name, parts=(*given, *document.parts))):
            findings.append(finding)  # one by one: what was found before an error stays
        errors = []
    except SymbpError as error:
        errors = [Unreadable(name, str(error).removeprefix(f"{name}: "))]
    except Exception as error:  # one document must not keep the others from being checked
        errors = [Unreadable(name, fault(error))]
    return sorted(findings, key=lambda f: (f.line, f.column)), errors


def fault(error: Exception) -> str:
    """What to report of an error that is symbp's own: its kind, and where it was raised."""
    *_, last = traceback.extract_tb(error.__traceback__)
    where = f"{Path(last.filename).name}:{last.lineno}"
    return f"a fault of symbp itself, please report it: {type(error).__name__} in {where}: {error}"


def _each(
    task: Callable[[Path], Checked], paths: list[Path], processes: int, progress: Progress | None
) -> Iterator[Checked]:
    """The task on each path, in the order of the paths, however many processes there are."""
    if processes == 1 or len(paths) == 1:
        yield from _counted(map(task, paths), len(paths), progress)
        return
    workers = min(processes, len(paths))
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield from _counted(pool.map(task, paths), len(paths), progress)


def _counted(
    results: Iterator[Checked], total: int, progress: Progress | None
) -> Iterator[Checked]:
    for done, result in enumerate(results, 1):
        if progress is not None:
            progress(done, total)
        yield result


def _report(results: Iterator[Checked] | list[Checked]) -> Report:
    pairs = list(results)
    findings = tuple(finding for found, _ in pairs for finding in found)
    return Report(findings, tuple(error for _, errors in pairs for error in errors))
