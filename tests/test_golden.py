"""The golden files themselves: a changed text, a missing file and a stale file are all caught."""

import pytest

from tests.conftest import GOLDEN, compare, stale


def test_the_kept_text_passes(tmp_path):
    (tmp_path / "a.md").write_text("σ'\n", encoding="utf-8")
    assert compare(tmp_path / "a.md", "σ'\n") == ""


@pytest.mark.parametrize("text", ["w_jk\n", "", "w_kj", "w_kj\n\n"])
def test_any_other_text_is_shown_as_a_diff(tmp_path, text):
    (tmp_path / "a.md").write_text("w_kj\n", encoding="utf-8")
    assert "pytest --update" in compare(tmp_path / "a.md", text)
    assert (tmp_path / "a.md").read_text(encoding="utf-8") == "w_kj\n"


def test_a_diff_names_the_lines(tmp_path):
    (tmp_path / "a.md").write_text("w_kj\n", encoding="utf-8")
    assert {"-w_kj", "+w_jk"} <= set(compare(tmp_path / "a.md", "w_jk\n").splitlines())


@pytest.mark.parametrize("text", ["new\n", ""])
def test_a_missing_file_fails(tmp_path, text):
    assert compare(tmp_path / "a.md", text)


def test_update_writes_the_text(tmp_path):
    path = tmp_path / "deep" / "a.md"
    assert compare(path, "new\n", update=True) == ""
    assert compare(path, "new\n") == ""


def test_a_stale_file_is_named(tmp_path):
    for name in ("used.md", "deep/used.md", "deep/stale.md"):
        compare(tmp_path / name, "text", update=True)
    assert stale(tmp_path, {"used.md", "deep/used.md"}) == ["deep/stale.md"]


@pytest.mark.last
def test_every_golden_file_is_used(used_golden_files):
    assert stale(GOLDEN, used_golden_files) == [], "no test uses these files: delete them"
