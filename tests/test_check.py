"""`symbp check`: which documents are checked, what is said of them, and the exit status.

The verdicts are those of `made_findings`, in place of the judge's, but for the tests of many
processes.
"""

import json
import os
import re
import sys
from functools import partial
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import pytest
from pre_commit.clientlib import load_manifest  # type: ignore[import-untyped]

from symbp.documents import check as checking
from symbp.documents.check import Report, check, check_formula, declared, files, is_text
from symbp.documents.finding import Finding
from symbp.documents.judging import judged
from symbp.documents.region import Declaration, Document, Region
from symbp.documents.report import typeset as typesetting
from symbp.documents.report.entry import Unreadable
from symbp.documents.report.json import schema
from symbp.errors import SymbpError
from symbp.judge.verdict import Status
from tests.made_findings import ALL, LONG, PROVED, REFUTED, UNDECIDED, UNREAD, made, post

ROOT = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """Work in an empty folder, with the made verdicts."""
    monkeypatch.setattr(checking, "judged", made)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(symbp):
    """(status, standard output, standard error) of `symbp check ...`."""
    return partial(symbp, "check")


def keep(seen, document):
    """In place of the judge: keep the document."""
    seen.append(document)
    return iter(())


def write(name, *verdicts):
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(post(*verdicts), encoding="utf-8")
    return path


# -- in Python ----------------------------------------------------------------------------------


def test_the_findings_of_a_file():
    report = check(write("post.md", PROVED, REFUTED))
    assert [(f.file, f.line, f.column) for f in report.findings] == [
        ("post.md", 1, 3), ("post.md", 3, 3)
    ]  # fmt: skip
    assert report.counts == {
        Status.PROVED: 1, Status.REFUTED: 1, Status.UNDECIDED: 0, Status.UNREAD: 0
    }  # fmt: skip
    assert str(report).splitlines()[-1] == "1 proved, 1 refuted, 0 undecided, 0 unread"
    assert "<math" in report._repr_html_()


def test_a_folder_is_walked_in_order():
    kept = ["b/a.tex", "b/z.markdown", "b.md", "c.ipynb", "C.MD"]
    passed = [".git/a.md", "node_modules/a.md", ".venv/a.md", "d/.e/f.md", "a.rst", ".h.md"]
    for name in [*passed, *kept]:
        write(name)
    assert list(files(Path())) == sorted(map(Path, kept))


def test_files_keep_the_order_in_which_they_are_given_and_come_once():
    write("a/1.md", PROVED)
    write("a/2.md", PROVED)
    report = check(["a/2.md", "a", Path("a/1.md")])
    assert [f.file for f in report.findings] == ["a/2.md", "a/1.md"]


def test_a_text_is_checked():
    [finding] = check(f"Hence\n$${REFUTED.latex}$$\n").findings
    assert (finding.file, finding.line, finding.column) == ("<text>", 2, 3)
    tex = f"\\documentclass{{article}}\\begin{{document}}\n\\[{REFUTED.latex}\\]\n\\end{{document}}"
    assert len(check(tex).findings) == 1


@pytest.mark.parametrize("call", [check, check_formula])
def test_a_formula_is_checked(call):
    [finding] = call(REFUTED.latex).findings
    assert finding == Finding("<formula>", 1, 1, REFUTED)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("post.md", False),
        ("no/such/file", False),
        ("there=.md", False),
        ("a = b", True),
        (r"\delta", True),
        ("a\nb", True),
        ("$a$", True),
    ],
)
def test_a_path_is_told_from_a_text(source, text):
    assert is_text(source) == text


def test_a_file_whose_name_looks_like_a_formula_is_a_file():
    write("a=b", PROVED)
    assert not is_text("a=b")


def test_a_declaration_stands_before_the_document(monkeypatch):
    seen: list[Document] = []
    monkeypatch.setattr(checking, "judged", partial(keep, seen))
    text = "network: mlp\nequations:\n  z = W x\n  a = f(z)"
    check(write("post.md", PROVED), declaration=text)
    check(PROVED.latex, declaration=text)
    for document in seen:
        first, second = document.parts
        assert first == Declaration(
            1, 1, {"network": ("mlp",), "equations": ("z = W x", "a = f(z)")}
        )
        assert isinstance(second, Region)


def test_a_wrong_declaration_is_an_error():
    with pytest.raises(SymbpError, match="declaration: unknown key 'los': did you mean 'loss'"):
        declared("los: hinge")
    assert declared("") == declared("\n ") == ()


# -- what cannot be read ------------------------------------------------------------------------


def test_a_bad_file_does_not_keep_the_others_from_being_checked():
    Path("bad.ipynb").write_text("{", encoding="utf-8")
    Path("binary.md").write_bytes(b"$$\0$$")
    write("post.md", PROVED)
    report = check(["bad.ipynb", "binary.md", "nowhere.md", "post.md"])
    assert [f.file for f in report.findings] == ["post.md"]
    notebook, binary, nowhere = map(str, report.errors)
    assert notebook.startswith("bad.ipynb:1:2: not a notebook")
    assert binary.startswith("binary.md:1:1: a binary file")
    assert nowhere == "nowhere.md: No such file or directory"
    assert nowhere in str(report)


def test_a_part_that_cannot_be_read_is_an_unread_finding():
    Path("post.md").write_text(f"$${PROVED.latex}$$\n\n$$\na = b\n\n# Next\n", encoding="utf-8")
    found, unread = check("post.md").findings
    assert found.verdict is PROVED
    assert unread.verdict.status is Status.UNREAD
    assert unread.line == 3
    assert "never closed" in unread.verdict.reason


def test_what_was_found_before_an_error_stays(monkeypatch):
    def fails(document):
        yield from made(document)
        raise SymbpError(f"{document.name}: no such loss")

    monkeypatch.setattr(checking, "judged", fails)
    report = check(write("post.md", REFUTED))
    assert len(report.findings) == 1
    assert report.errors == (Unreadable("post.md", "no such loss"),)


def test_a_fault_of_symbp_itself_costs_one_file(monkeypatch, run):
    def fails(document):
        yield from made(document)
        assert document.name != "a.md", "planted\nfault"

    monkeypatch.setattr(checking, "judged", fails)
    status, out, err = run(write("a.md", PROVED), write("b.md", PROVED))
    assert (status, out.count("proved   ")) == (2, 2)
    assert err.startswith("symbp: a.md: a fault of symbp itself, please report it: AssertionError")
    assert "in test_check.py:" in err
    assert err.count("\n") == 1


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere file names are text")
def test_a_file_name_that_is_not_text_can_be_printed(here):
    name = os.fsdecode(b"p\xffst.md")
    Path(name).write_text(post(REFUTED), encoding="utf-8")
    str(check(".")).encode()


def test_a_folder_without_documents_is_an_error(here):
    write("posts/a.rst")
    with pytest.raises(SymbpError, match=r"posts: no document in this folder \(looked for .md"):
        check("posts")


# -- exit status --------------------------------------------------------------------------------

ERROR = Unreadable("a.md", "no")


@pytest.mark.parametrize(
    ("verdicts", "errors", "status", "strict"),
    [
        ([], [], 0, 0),
        ([PROVED], [], 0, 0),
        ([PROVED, UNREAD], [], 0, 1),
        ([UNDECIDED], [], 0, 1),
        ([REFUTED, PROVED], [], 1, 1),
        ([PROVED], [ERROR], 2, 2),
        ([UNREAD], [ERROR], 2, 1),
        ([REFUTED], [ERROR], 1, 1),
        ([], [ERROR], 2, 2),
    ],
)
def test_the_exit_status(verdicts, errors, status, strict):
    findings = tuple(Finding("a.md", 1, 1, v) for v in verdicts)
    report = Report(findings, tuple(errors))
    assert report.exit_status() == status
    assert report.exit_status(strict=True) == strict


def test_the_command_has_the_status_of_its_report(run):
    write("proved.md", PROVED)
    write("unread.md", UNREAD)
    write("refuted.md", REFUTED)
    assert run("proved.md")[0] == 0
    assert run("unread.md")[0] == 0
    assert run("unread.md", "--strict")[0] == 1
    assert run("proved.md", "refuted.md")[0] == 1
    assert run("proved.md", "nowhere.md")[0] == 2


# -- the command --------------------------------------------------------------------------------


def test_the_command_prints_the_report(run):
    write("post.md", PROVED, REFUTED)
    status, out, err = run("post.md")
    assert (status, err) == (1, "")
    assert out.splitlines()[2:] == [
        f"post.md:3:3  refuted   {REFUTED.latex}",
        "             the sides differ: at n_l=3, n_{l-1}=2 the left is 3×2, the right 2×3",
        "             right: \\delta^l (a^{l-1})^T      (transposed; holds in numerator layout)",
        "1 proved, 1 refuted, 0 undecided, 0 unread",
    ]


def test_quiet_and_full(run):
    write("post.md", LONG, REFUTED)
    assert "…" in run("post.md")[1]
    assert LONG.latex in run("post.md", "--full")[1]
    assert "w_{1}" not in run("post.md", "--quiet")[1]
    assert len(json.loads(run("post.md", "--quiet", "--format", "json")[1])) == 1


@pytest.mark.parametrize(
    ("name", "begins"),
    [("github", "::error file=post.md,line=1"), ("sarif", "{"), ("html", "<!doctype html>")],
)
def test_every_format_is_written(run, name, begins):
    write("post.md", REFUTED)
    status, out, err = run("post.md", "--format", name)
    assert (status, err) == (1, "")
    assert out.startswith(begins)


def test_json_is_what_the_schema_says(run):
    write("post.md", *ALL)
    _, out, _ = run("post.md", "--format", "json")
    found = json.loads(out)
    jsonschema.validate(found, json.loads(run("--format", "schema")[1]))
    assert [f["verdict"] for f in found][:2] == ["proved", "refuted"]
    assert json.loads(schema()) == json.loads(run("--format", "schema")[1])


def test_the_repair_is_placed_by_sarif(run):
    write("post.md", REFUTED)
    [result] = json.loads(run("post.md", "--format", "sarif")[1])["runs"][0]["results"]
    assert result["fixes"]


def test_a_formula_on_the_command_line(run, monkeypatch):
    status, out, _ = run("--formula", REFUTED.latex)
    assert status == 1
    assert out.startswith("<formula>:1:1  refuted")
    seen: list[Document] = []
    monkeypatch.setattr(checking, "judged", partial(keep, seen))
    run("--formula", "a = b", "--network", "mlp", "--loss", "hinge", "--activation", "relu",
        "--notation", "ng", "--declare", "layout: row", "--declare", "batch: m")  # fmt: skip
    assert seen[0].parts[0] == Declaration(1, 1, {
        "network": ("mlp",), "loss": ("hinge",), "activation": ("relu",), "notation": ("ng",),
        "layout": ("row",), "batch": ("m",),
    })  # fmt: skip


def test_the_report_goes_to_a_file_whole_or_not_at_all(run, here, monkeypatch):
    write("post.md", REFUTED)
    _, printed, _ = run("post.md", "--format", "json")
    status, out, _ = run("post.md", "--format", "json", "-o", "report.json")
    assert (status, out) == (1, "")
    assert Path("report.json").read_text(encoding="utf-8") == printed
    assert Path("report.json").stat().st_mode == Path("post.md").stat().st_mode
    monkeypatch.setattr(typesetting, "math_core", None)
    status, out, err = run("post.md", "--format", "html", "-o", "report.json")
    assert (status, out) == (2, "")
    assert "pip install 'symbp[html]'" in err
    assert Path("report.json").read_text(encoding="utf-8") == printed
    assert sorted(p.name for p in here.iterdir()) == ["post.md", "report.json"]


BAD = {
    "nothing": ([], "give files or folders to check, or one --formula"),
    "both": (["a.md", "--formula", "a = b"], "give files or folders to check, or one --formula"),
    "format": (["a.md", "--format", "xml"], "unknown format 'xml' (known: text, json, "),
    "declaration": (["a.md", "--declare", "los: x"], "did you mean 'loss'"),
    "folder": (["."], "no document in this folder"),
    "jobs": (["a.md", "-j", "0"], "Invalid value for"),
    "output": (["--formula", "a = b", "-o", "no/such/file"], "No such file or directory"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_option_is_one_clear_line(run, case):
    arguments, message = BAD[case]
    status, out, err = run(*arguments)
    assert (status, out) == (2, "")
    assert message in err
    assert case == "jobs" or err.count("\n") == 1


def test_every_file_that_is_not_read_is_one_line(run):
    Path("bad.ipynb").write_text("{", encoding="utf-8")
    status, out, err = run("bad.ipynb", "nowhere.md", "--format", "json")
    assert (status, out) == (2, "[]\n")
    assert [line[:18] for line in err.splitlines()] == ["symbp: bad.ipynb:1", "symbp: nowhere.md:"]


def test_a_terminal_gets_unicode(run, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    write("post.md", REFUTED)
    assert "∂J/∂Wˡ = aˡ⁻¹ (δˡ)ᵀ" in run("post.md")[1]


def test_a_terminal_gets_a_progress_bar(run, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    for name in "ab":
        write(f"{name}.md", PROVED)
    status, out, _ = run("a.md", "b.md")
    assert status == 0
    assert out.count("proved   ") == 2


# -- many processes -----------------------------------------------------------------------------


def test_many_processes_give_the_same_report(monkeypatch):
    monkeypatch.setattr(checking, "judged", judged)  # what other processes have
    for name in "cab":
        write(f"{name}.md", UNREAD, REFUTED)
    Path("bad.ipynb").write_text("{", encoding="utf-8")
    told = []
    names = ["c.md", "bad.ipynb", "a.md", "nowhere.md", "b.md"]
    many = check(names, processes=2, progress=lambda done, total: told.append(done))
    assert many == check(names)
    assert len(many.errors) == 2
    assert told == [1, 2, 3, 4, 5]


# -- pre-commit ---------------------------------------------------------------------------------


def test_the_hook_is_one_that_pre_commit_accepts():
    [hook] = load_manifest(ROOT / ".pre-commit-hooks.yaml")
    assert (hook["id"], hook["entry"], hook["language"]) == ("symbp-check", "symbp check", "python")
    for name in ("a.md", "b/a.markdown", "a.ipynb", "a.tex"):
        assert re.search(hook["files"], name)
    assert not re.search(hook["files"], "a.mdx")
