"""The checker on posts by many authors, against labels that were set by hand.

Run: python tests/benchmarks/bench_corpus.py DIR [--verbose] [--only 001,002] [--no-mutants]

DIR, or the environment variable SYMBP_CORPUS, holds what is measured against and is no part of
the project:

    docs/NNN.md      posts
    formulas.jsonl   formulas of the posts: id, doc, latex, expected (correct, wrong, ambiguous)
    mutants.jsonl    single mistakes in correct ones: id, orig, doc, latex, mutation

`corpus/NNN.txt` beside this script tells in our words what a post leaves unsaid: declarations,
each under a line `@ k`, that go before the k-th line of the post.
"""

from __future__ import annotations

import argparse
import json
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from symbp.documents.check import check
from symbp.documents.finding import Finding
from symbp.judge.verdict import Status, Verdict

DECLARATIONS = Path(__file__).parent / "corpus"

#: The names of our diagnosis that name a mutation of mutants.jsonl.
NAMES: Mapping[str, frozenset[str]] = {
    mutation: frozenset(names.split(", "))
    for mutation, names in {
        "sign": "sign",
        "constant-factor": "factor, missing factor, wrong operand, missing term, power",
        "missing-factor": "missing factor",
        "extra-factor": "extra factor, factor, extra derivative",
        "missing-derivative-factor": "missing derivative, missing factor",
        "sigma'-vs-sigma": "missing derivative, function for its derivative",
        "wrong-argument": "argument of derivative, wrong operand",
        "transpose": "transpose",
        "order": "order of factors, transpose, product kind",
        "operator": "product kind",
        "layer-index": "wrong layer, wrong operand",
        "time-index": "wrong time, sign",
        "index-swap": "swapped indices, wrong index, wrong operand",
        "missing-sum": "missing sum",
        "chain-error": "wrong operand, parentheses, factor",
    }.items()
}

Checker = Callable[[Path], Any]
"""A path → a report with `findings`."""


@dataclass(frozen=True)
class Outcome:
    """What was found of one formula, which may hold several claims."""

    status: Status
    reason: str = ""
    repair: str = ""
    mistakes: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Post:
    """The text that is checked, with the line of the original in place of each of its lines."""

    text: str
    lines: tuple[int, ...]
    """0 for a line of a declaration."""


# -- posts and their declarations --------------------------------------------------------------


def declarations(text: str) -> list[tuple[int, str]]:
    r"""The line before which each declaration stands, and the declaration.

    >>> declarations("@ 1\nloss: C\n\n@ 7\nloss: J\n")
    [(1, 'loss: C'), (7, 'loss: J')]
    """
    parts = re.split(r"^@ (\d+)[ \t]*\n", text, flags=re.M)
    if parts[0].strip():
        raise ValueError(f"a declaration begins with a line '@ k', not with {parts[0][:40]!r}")
    return [(int(k), body.strip("\n")) for k, body in zip(parts[1::2], parts[2::2], strict=True)]


def post_with(text: str, blocks: Sequence[tuple[int, str]]) -> Post:
    r"""The post with its declarations as comments.

    >>> post_with("a\nb", [(2, "loss: C")])
    Post(text='a\n\n<!-- symbp\nloss: C\n-->\n\nb', lines=(1, 0, 0, 0, 0, 0, 2))
    """
    found: list[str] = []
    places: list[int] = []
    for number, line in enumerate(text.split("\n"), 1):
        for k, body in blocks:
            if k == number:
                comment = ["", "<!-- symbp", *body.split("\n"), "-->", ""]
                found += comment
                places += [0] * len(comment)
        found.append(line)
        places.append(number)
    return Post("\n".join(found), tuple(places))


# -- places -------------------------------------------------------------------------------------


def span(text: str, latex: str) -> tuple[int, int]:
    r"""Where the formula stands for the first time, whatever its white space; (−1, −1): nowhere.

    >>> span("so $$ a\n= b $$", "a =b")
    (6, 11)
    """
    offsets = [i for i, c in enumerate(text) if not c.isspace()]
    wanted = "".join(latex.split())
    start = "".join(text.split()).find(wanted)
    if start < 0 or not wanted:
        return -1, -1
    return offsets[start], offsets[start + len(wanted) - 1] + 1


def offset_of(text: str, line: int, column: int) -> int:
    """The offset of a place; line and column count from 1."""
    start = 0
    for _ in range(line - 1):
        start = text.find("\n", start) + 1
    return start + column - 1


Placed = list[tuple[int, Finding]]
"""Findings, each with its offset in the original text."""


def findings_of(text: str, post: Post, checker: Checker) -> tuple[Placed, list[str]]:
    """The findings of the post, and what was not understood of its declarations."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "post.md"
        path.write_text(post.text, encoding="utf-8")
        findings: Iterable[Finding] = checker(path).findings
    found: Placed = []
    complaints: list[str] = []
    for finding in findings:
        if line := post.lines[finding.line - 1]:
            found.append((offset_of(text, line, finding.column), finding))
        elif finding.verdict.status is not Status.PROVED:
            wrong = post.text.split("\n")[finding.line - 1].strip()
            complaints.append(f"{finding.verdict.reason}: {wrong}")
    return found, complaints


def outcome(text: str, latex: str, found: Placed) -> Outcome:
    """What was found of the formula: of several claims, the worst decides."""
    start, end = span(text, latex)
    verdicts = [f.verdict for offset, f in found if start <= offset < end]
    if not verdicts:
        verdicts = [f.verdict for offset, f in found if _overlaps(text, offset, f, start, end)]
    for status in (Status.REFUTED, Status.UNDECIDED, Status.UNREAD, Status.PROVED):
        these = [v for v in verdicts if v.status == status]
        if these:
            repair = next((v.repair for v in these if v.repair), "")
            mistakes = frozenset(v.mistake for v in these if v.mistake)
            reason = these[0].scope if status is Status.PROVED else these[0].reason
            return Outcome(status, reason, repair, mistakes)
    return Outcome(Status.UNREAD, "no finding" if start >= 0 else "not in the post")


def _overlaps(text: str, offset: int, finding: Finding, start: int, end: int) -> bool:
    """Whether a finding that begins before the formula reaches into it, or shares its address."""
    if offset < start and not re.search(r"[\s$]", text[offset:start]):
        return True
    first, last = span(text[offset:], finding.verdict.latex)
    return first == 0 and offset < end and offset + last > start


# -- measuring ----------------------------------------------------------------------------------


def rows(path: Path) -> list[dict[str, Any]]:
    """The objects of a file of JSON lines."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


class Corpus:
    """The posts, their formulas and their mutants."""

    def __init__(self, folder: Path, checker: Checker, only: Sequence[str] = ()) -> None:
        def wanted(row: Mapping[str, Any]) -> bool:
            return not only or row["doc"] in only

        self.folder, self.checker = folder, checker
        self.complaints: list[str] = []
        self.formulas = [row for row in rows(folder / "formulas.jsonl") if wanted(row)]
        self.mutants = [row for row in rows(folder / "mutants.jsonl") if wanted(row)]

    def text(self, doc: str) -> str:
        path = self.folder / "docs" / f"{doc}.md"
        return path.read_text(encoding="utf-8").replace("\r\n", "\n")

    def blocks(self, doc: str) -> list[tuple[int, str]]:
        path = DECLARATIONS / f"{doc}.txt"
        return declarations(path.read_text(encoding="utf-8")) if path.exists() else []

    def measure(self, declared: bool) -> dict[str, Outcome]:
        """Formula → outcome, with or without our declarations."""
        found: dict[str, Outcome] = {}
        for doc in dict.fromkeys(row["doc"] for row in self.formulas):
            text = self.text(doc)
            post = post_with(text, self.blocks(doc) if declared else [])
            findings, complaints = findings_of(text, post, self.checker)
            self.complaints += [f"{doc}.txt: {complaint}" for complaint in complaints]
            for row in self.formulas:
                if row["doc"] == doc:
                    found[row["id"]] = outcome(text, row["latex"], findings)
        return found

    def measure_mutants(self) -> dict[str, Outcome]:
        """Mutant → outcome, each in place of the formula that it mutates."""
        originals = {row["id"]: row["latex"] for row in self.formulas}
        found: dict[str, Outcome] = {}
        for row in self.mutants:
            text = self.text(row["doc"])
            start, end = span(text, originals[row["orig"]])
            if start < 0:
                found[row["id"]] = Outcome(Status.UNREAD, "its original is not in the post")
                continue
            latex = row["latex"].strip()
            mutated = text[:start] + latex + text[end:]
            post = post_with(mutated, self._moved(row["doc"], text, mutated, start))
            findings, _ = findings_of(mutated, post, self.checker)
            here = [(offset - start, f) for offset, f in findings]
            found[row["id"]] = outcome(latex, latex, here)
        return found

    def _moved(self, doc: str, text: str, mutated: str, start: int) -> list[tuple[int, str]]:
        """The declarations, where a mutant of more or fewer lines moves those after it."""
        change = mutated.count("\n") - text.count("\n")
        line = text.count("\n", 0, start) + 1
        return [(k + change if k > line else k, body) for k, body in self.blocks(doc)]


# -- the table ----------------------------------------------------------------------------------


def share(part: int, whole: int) -> str:
    """`7 of 8   87.5 %`"""
    return f"{part} of {whole}" + (f" {100 * part / whole:6.1f} %" if whole else "")


def figures(rows: Sequence[Mapping[str, Any]], found: Mapping[str, Outcome]) -> dict[str, str]:
    """What is counted of the formulas, by name."""
    by_label: dict[str, list[str]] = {"correct": [], "wrong": [], "ambiguous": []}
    for row in rows:
        by_label[row["expected"]].append(row["id"])
    labelled = by_label["correct"] + by_label["wrong"]
    decided = [i for i in labelled if found[i].status in (Status.PROVED, Status.REFUTED)]
    wrong_proved = [i for i in by_label["wrong"] if found[i].status is Status.PROVED]
    right_refuted = [i for i in by_label["correct"] if found[i].status is Status.REFUTED]
    refuted = [row["id"] for row in rows if found[row["id"]].status is Status.REFUTED]
    agreed = len(decided) - len(wrong_proved) - len(right_refuted)
    return {
        "read": share(sum(o.status is not Status.UNREAD for o in found.values()), len(rows)),
        "proved or refuted, of those labelled": share(len(decided), len(labelled)),
        "as the label says, of these": share(agreed, len(decided)),
        "wrong ones proved": " ".join(wrong_proved) or "none",
        "right ones refuted": " ".join(right_refuted) or "none",
        "with a repair, of those refuted": share(
            sum(bool(found[i].repair) for i in refuted), len(refuted)
        ),
    }


def mutant_figures(
    rows: Sequence[Mapping[str, Any]], found: Mapping[str, Outcome]
) -> dict[str, str]:
    """What is counted of the mutants, by name."""
    proved = [row["id"] for row in rows if found[row["id"]].status is Status.PROVED]
    refuted = [row for row in rows if found[row["id"]].status is Status.REFUTED]
    named = [row for row in refuted if found[row["id"]].mistakes & NAMES[row["mutation"]]]
    return {
        "mutants proved": " ".join(proved) or "none",
        "mutants refuted": share(len(refuted), len(rows)),
        "mutations named": share(len(named), len(rows)),
    }


def list_each(
    rows: Sequence[Mapping[str, Any]], found: Mapping[str, Outcome], label: str
) -> Iterable[str]:
    """A line for each formula: id, post, label, verdict, reason."""
    for row in rows:
        it = found[row["id"]]
        marks = [f"[{', '.join(sorted(it.mistakes))}]"] if it.mistakes else []
        marks += [f"→ {it.repair}"] if it.repair else []
        words = " ".join([it.reason, *marks])
        yield f"{row['id']} {row['doc']} {row[label]:<10} {it.status:<10} {words}".rstrip()


def report(corpus: Corpus, mutants: bool = True, verbose: bool = False) -> Iterable[str]:
    """The table, line by line."""
    declared, alone = corpus.measure(declared=True), corpus.measure(declared=False)
    yield from corpus.complaints
    if verbose:
        yield from list_each(corpus.formulas, declared, "expected")
    left, right = figures(corpus.formulas, declared), figures(corpus.formulas, alone)
    yield f"{'':<38}{'with declarations':<28}without"
    for name, value in left.items():
        if value.startswith(("f0", "none")):
            yield f"{name:<38}{value}   (without: {right[name]})"
        else:
            yield f"{name:<38}{value:<28}{right[name]}"
    if mutants:
        found = corpus.measure_mutants()
        if verbose:
            yield from list_each(corpus.mutants, found, "mutation")
        for name, value in mutant_figures(corpus.mutants, found).items():
            yield f"{name:<38}{value}"


# -- doors --------------------------------------------------------------------------------------


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="The checker against labels set by hand.")
    parser.add_argument("folder", nargs="?", default=os.environ.get("SYMBP_CORPUS", ""))
    parser.add_argument("--only", default="", help="posts, as 001,002")
    parser.add_argument("--verbose", action="store_true", help="a line for each formula")
    parser.add_argument("--no-mutants", action="store_true")
    options = parser.parse_args(arguments)
    if not options.folder or not (Path(options.folder) / "formulas.jsonl").exists():
        print("no corpus: name its folder, or set SYMBP_CORPUS to it")
        return
    only = [doc for doc in options.only.split(",") if doc]
    corpus = Corpus(Path(options.folder), check, only)
    for line in report(corpus, not options.no_mutants, options.verbose):
        print(line, flush=True)


def gullible(path: Path) -> Any:
    """A checker for which a = … is right and c = … wrong, and that knows no functions."""
    known = {"a": Verdict(Status.PROVED, ""), "c": Verdict(Status.REFUTED, "", "", "", "d", "sign")}
    found: list[Finding] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
        for match in re.finditer(r"\b[ac] = -?[bd]", line):
            found.append(Finding("", number, match.start() + 1, known[line[match.start()]]))
        if line.startswith("functions:"):
            found.append(Finding("", number, 1, Verdict(Status.UNREAD, "", reason="unknown key")))
    return argparse.Namespace(findings=found)


def test_a_planted_fault_is_counted(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "001.md").write_text("$$\na = b\n$$\n\nso $c = d$\n")
    formulas = [
        {"doc": "001", "expected": "wrong", "id": "f001", "latex": "a=b"},
        {"doc": "001", "expected": "correct", "id": "f002", "latex": "c = d"},
    ]
    (tmp_path / "formulas.jsonl").write_text("\n".join(map(json.dumps, formulas)))
    mutant = {"doc": "001", "id": "m001", "orig": "f002", "mutation": "sign", "latex": "c = -d"}
    (tmp_path / "mutants.jsonl").write_text(json.dumps(mutant))
    table = list(report(Corpus(tmp_path, gullible), verbose=True))
    assert [line.split()[-1] for line in table if "wrong ones" in line] == ["f001)"]
    assert [line.split()[-1] for line in table if "right ones" in line] == ["f002)"]
    assert "f002 001 correct    refuted     [sign] → d" in table
    assert "mutations named                       1 of 1  100.0 %" in table
    assert "001.txt: unknown key: functions: \\sigma sigmoid" in table


def test_corpus() -> None:
    print()
    main([])


if __name__ == "__main__":
    main()
