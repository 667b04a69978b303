"""`pytest --symbp`: claims as tests, and nothing at all without the option."""

import subprocess
import sys
from pathlib import Path

import pytest

from symbp.documents import check as checking
from symbp.documents.finding import Finding
from symbp.documents.region import Declaration, Document
from symbp.pytest_plugin import names
from tests.made_findings import PROVED, REFUTED, UNDECIDED, UNREAD, made, post

pytest_plugins = ["pytester"]


@pytest.fixture
def documents(pytester, monkeypatch):
    """Write a post with the claims, and run pytest on the folder."""
    monkeypatch.setattr(checking, "judged", made)

    def run(*verdicts, options=("--symbp",), text=None):
        path = pytester.path / "posts" / "post.md"
        path.parent.mkdir(exist_ok=True)
        path.write_text(post(*verdicts) if text is None else text, encoding="utf-8")
        return pytester.runpytest_inprocess("-p", "no:cacheprovider", "-ra", *options, "posts")

    return run


def test_each_claim_is_a_test(documents):
    result = documents(PROVED, REFUTED, UNDECIDED, UNREAD, options=("--symbp", "-v"))
    result.assert_outcomes(passed=1, failed=1, skipped=2)
    result.stdout.fnmatch_lines(
        [
            "posts/post.md::L1 PASSED*",
            "posts/post.md::L3 FAILED*",
            "posts/post.md::L5 SKIPPED*",
            "posts/post.md::L7 SKIPPED*",
        ]
    )


def test_a_failure_is_the_entry_of_the_report(documents):
    result = documents(PROVED, REFUTED)
    result.stdout.fnmatch_lines(
        [
            "*_ post.md L3 _*",
            "posts/post.md:3:3  refuted   *frac*",
            "*the sides differ: at n_l=3*",
            "*right: *delta^l (a^{l-1})^T*transposed*",
        ]
    )
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line("*pytest_plugin*")


def test_what_is_skipped_has_its_place_and_reason(documents):
    result = documents(UNREAD)
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["SKIPPED*posts/post.md: line 1, unread: no equation defines z^l"])


def test_strict_fails_what_is_not_proved(documents):
    result = documents(PROVED, UNDECIDED, UNREAD, options=("--symbp", "--symbp-strict"))
    result.assert_outcomes(passed=1, failed=2)
    result.stdout.fnmatch_lines(["*unread *", "*no equation defines z^l"])


def test_two_claims_on_a_line_have_two_names(documents):
    text = f"${PROVED.latex}$ and ${REFUTED.latex}$\n"
    result = documents(text=text, options=("--symbp", "-v"))
    column = text.index("\\frac") + 1
    result.stdout.fnmatch_lines(["*post.md::L1 PASSED*", f"*post.md::L1:{column} FAILED*"])


def test_claims_at_one_place_have_names_of_their_own():
    at = [(4, 1), (4, 1), (4, 1), (4, 9), (5, 1), (5, 1)]
    findings = [Finding("a.md", *place, PROVED) for place in at]
    assert names(findings) == ["L4", "L4:1", "L4:1#2", "L4:9", "L5", "L5:1"]


def test_one_claim_can_be_named(documents, pytester):
    documents(PROVED, REFUTED)
    result = pytester.runpytest_inprocess("--symbp", "posts/post.md::L3")
    result.assert_outcomes(failed=1)


def test_a_file_that_cannot_be_read_fails(documents, pytester):
    (pytester.path / "bad.ipynb").write_text("{", encoding="utf-8")
    documents(PROVED)
    result = pytester.runpytest_inprocess("--symbp", "posts", "bad.ipynb")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["bad.ipynb:1:2: not a notebook*", "FAILED bad.ipynb::read*"])


def test_a_declaration_is_given(documents, monkeypatch):
    seen: list[Document] = []

    def keep(document):
        seen.append(document)
        return iter(())

    monkeypatch.setattr(checking, "judged", keep)
    documents(PROVED, options=("--symbp", "--symbp-declare", "network: mlp"))
    assert seen[0].parts[0] == Declaration(1, 1, {"network": ("mlp",)})


def test_a_wrong_declaration_stops_the_run(documents):
    result = documents(PROVED, options=("--symbp", "--symbp-declare", "los: x"))
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--symbp-declare: declaration: unknown key 'los'*"])


def test_documents_are_left_alone_without_the_option(documents):
    result = documents(REFUTED, options=())
    assert result.ret == pytest.ExitCode.NO_TESTS_COLLECTED


def test_without_the_option_nothing_is_loaded(tmp_path):
    """Neither symbp nor SymPy: every run of pytest in every project would pay for it."""
    (tmp_path / "test_x.py").write_text("def test(): pass\n", encoding="utf-8")
    script = (
        "import sys, pytest; status = pytest.main(['-q', *sys.argv[1:]]); "
        "print([n for n in ('pytest_symbp', 'symbp', 'sympy', 'rich') if n in sys.modules], status)"
    )
    command = [sys.executable, "-c", script, "-p", "no:cacheprovider", str(tmp_path)]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert result.stdout.splitlines()[-1] == "['pytest_symbp'] 0"


def test_the_plugin_can_be_blocked(documents):
    result = documents(REFUTED, options=("-p", "no:symbp"))
    assert result.ret == pytest.ExitCode.NO_TESTS_COLLECTED


def test_a_failing_claim_is_seen_among_the_tests_of_a_project(documents, pytester):
    pytester.makepyfile(test_x="def test(): pass")
    documents(REFUTED)
    result = pytester.runpytest_inprocess("--symbp")
    result.assert_outcomes(passed=1, failed=1)
    assert Path(pytester.path / "posts/post.md").exists()
