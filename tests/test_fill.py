"""`symbp fill`: blocks are filled, all else stays as it is, and what is filled in is proved."""

from __future__ import annotations

import json
import re
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import Any

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symbp.documents import fill as filling
from symbp.documents.check import check
from symbp.documents.fill import fill, fill_file, fill_text
from symbp.documents.fill.blocks import Block, blocks
from symbp.documents.fill.body import PARTS, body
from symbp.judge.verdict import Status
from symbp.latex.post import write_post
from symbp.networks import mlp
from symbp.notation import NOTATIONS
from tests.latex_engines import Formula, check_latex

OPEN = "<!-- symbp fill: network: mlp; part: update -->"
END = "<!-- symbp end -->"
UPDATE = body({"network": ["mlp"], "part": ["update"]})


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(filling, "body", kept_body)
    return tmp_path


KEPT: dict[str, str] = {}


def kept_body(entries: dict[str, Any], *, tex: bool = False) -> str:
    """What a block says: the same for the same entries, so it is written once."""
    key = repr((entries, tex))
    if key not in KEPT:
        KEPT[key] = body(entries, tex=tex)
    return KEPT[key]


@pytest.fixture
def run(symbp):
    """(status, standard output, standard error) of `symbp fill ...`."""
    return partial(symbp, "fill")


def write(name: str, text: str) -> Path:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
    return path


def refilled(text: str, kind: str = "markdown") -> str:
    new, _, _, problems = fill_text(text, kind)  # type: ignore[arg-type]
    assert problems == []
    return new


# -- what is filled in ----------------------------------------------------------------------------


def test_a_block_is_replaced_and_then_stays(run):
    path = write("post.md", f"# Mine\n\n{OPEN}\nold\n{END}\nafter")
    assert run(path) == (0, "post.md:3:1: filled\n1 filled, 0 up to date\n", "")
    assert path.read_text("utf-8") == f"# Mine\n\n{OPEN}\n\n{UPDATE}\n\n{END}\nafter"
    assert run(path) == (0, "0 filled, 1 up to date\n", "")


def test_a_stale_block_fails_the_check_and_nothing_is_written(run):
    path = write("post.md", f"{OPEN}\n{END}\n")
    before = path.read_bytes()
    assert run("--check", path) == (1, "post.md:1:1: stale\n1 stale, 0 up to date\n", "")
    assert path.read_bytes() == before
    run(path)
    assert run("--check", path) == (0, "0 stale, 1 up to date\n", "")
    path.write_text(path.read_text("utf-8").replace(" - ", " + "), "utf-8")
    assert run("--check", path)[0] == 1


@pytest.mark.parametrize("form", ["full", "short"])
def test_the_whole_post_is_that_of_write_post(form):
    found = body({"network": ["mlp"], "lang": ["zh"], "form": [form], "notation": ["ng"]})
    assert found + "\n" == write_post(mlp(), NOTATIONS["ng"], "zh", form).text


def test_the_parts_make_up_the_post():
    options = {"network": ["mlp"], "sizes": ["2, 2, 1"]}
    whole = body(options)
    parts = [body({**options, "part": [part]}) for part in PARTS if part != "results"]
    assert "\n\n".join([whole[: whole.index("## ")].rstrip(), *parts]) == whole
    assert body({**options, "part": ["results"]}) == body({**options, "part": ["gradients"]})


def test_one_parameter():
    found = body({"network": ["mlp"], "sizes": ["2, 2, 1"], "wrt": ["w^2_{11}"], "headings": ["4"]})
    assert found.startswith("#### One parameter: $w_{11}^{2}$")


@pytest.mark.parametrize(
    ("wanted", "levels"), [("", "1223332"), ("2", "2334443"), ("6", "6666666"), ("none", "")]
)
def test_headings_are_moved(wanted, levels):
    text = body({"network": ["mlp"], "headings": [wanted], "form": ["full"]})
    found = "".join(str(len(m)) for m in re.findall("^#+", text, re.M))
    assert found[: len(levels)] == levels
    assert bool(found) == bool(levels)


# -- what stays -----------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("bom", ["", "\ufeff"])
def test_line_ends_and_the_mark_of_utf8_stay(end, bom):
    around = f"a{end}b\u2028c{end}{end}", f"{end}d \t{end}no end"
    path = write("post.md", bom + around[0] + OPEN + end + "x" + end + END + around[1])
    filled = fill_file(path)
    body_lines = ["", *UPDATE.split("\n"), ""]
    text = bom + around[0] + OPEN + end + "".join(line + end for line in body_lines)
    assert filled.data.decode() == text + END + around[1]


def test_mode_and_link_of_a_file_stay():
    path = write("post.md", f"{OPEN}\n{END}\n")
    path.chmod(0o640)
    Path("link.md").symlink_to(path)
    fill(["link.md"])
    assert Path("link.md").is_symlink()
    assert path.stat().st_mode & 0o777 == 0o640
    assert "alpha" in path.read_text("utf-8")


def test_a_file_that_cannot_be_replaced_stays(run, monkeypatch):
    path = write("post.md", f"{OPEN}\n{END}\n")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    status, _, error = run(path)
    assert status == 2
    assert error.endswith("post.md: No space left on device\n")
    assert path.read_text("utf-8") == f"{OPEN}\n{END}\n"
    assert [*Path.cwd().iterdir()] == [path.resolve()]


LINES = st.sampled_from(
    ["text", "", "$$", "a = b", "- item", "> quoted", "# heading", "    code", "<div>", "</div>",
     "| a | b |", "<!-- a note -->", "*", "[x]: y", "<b>", "é \u4e2d", "\ttab", "1) one"]
)  # fmt: skip


@settings(max_examples=40)
@given(before=st.lists(LINES, max_size=6), inside=st.lists(LINES), after=st.lists(LINES))
def test_text_around_a_block_stays(before, inside, after):
    head = "\n".join([*before, "", OPEN, ""])
    tail = "\n".join([END, *after])
    text = head + "".join(line + "\n" for line in inside) + tail
    new = refilled(text)
    assert new == f"{head}\n{UPDATE}\n\n{tail}"
    assert refilled(new) == new


# -- where blocks are -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        f"```\n{OPEN}\n{END}\n```",
        f"    {OPEN}\n    {END}",
        f"`{OPEN}` and `{END}`",
        f"<pre>\n{OPEN}\n{END}\n</pre>",
        "<!-- symbp filled -->\n<!-- symbp ending -->\n<!-- a note: symbp fill: x -->",
    ],
)
def test_no_block_is_in_code(text):
    assert blocks(text, "markdown") == []


def test_a_block_in_a_quotation_and_in_a_list():
    text = f"> {OPEN}\n> {END}\n\n1. {OPEN}\n   old\n   {END}\n"
    new = refilled(text)
    assert "\n> $$\n>\n> <!--" in new
    assert "\n   $$\n\n   <!--" in new
    assert refilled(new) == new
    assert check(new + "\n").counts[Status.PROVED] == 4


def test_options_on_several_lines_and_text_behind_the_comments():
    text = f"<!-- symbp fill:\nnetwork: mlp\n\npart: update\n--> kept\nold\n{END} kept\n"
    [block] = blocks(text, "markdown")
    assert isinstance(block, Block)
    assert block.entries == {"network": ("mlp",), "part": ("update",)}
    assert refilled(text).count("kept") == 2


# -- mistakes -------------------------------------------------------------------------------------

MISTAKES = {
    f"a\n\n{OPEN}\nb\n": "3:1: this block is never closed: no symbp end follows",
    f"{OPEN}\n\n{OPEN}\n{END}\n": "3:1: a block inside the block of line 1, which no symbp end "
    "closes before",
    f"a\n\n> {END}\n": "3:3: symbp end, where no block is open (symbp fill: opens one)",
    f"{OPEN} {END}\n": "1:49: the comments of a block stand on lines of their own",
    f"text {OPEN}\n{END}\n": "1:6: the comments of a block stand on lines of their own",
    f"<p> {OPEN}\n{END}\n": "1:5: the comments of a block stand on lines of their own",
    "<!-- symbp fill: network: mlp\n": "1:1: this comment is never closed: no --> follows",
    f"<!-- symbp fill mlp -->\n{END}": "1:1: expected symbp fill: key: value; key: value, with a "
    "colon after fill",
    f"<!-- symbp fill: -->\n{END}": "1:1: an empty declaration: expected lines ...",
    f"<!-- symbp fill: network: mlp; nottion: ng -->\n{END}": "1:32: unknown key 'nottion': did "
    "you mean 'notation'? (known: ...)",
    f"<!-- symbp fill: network: mlp; notation: pinart -->\n{END}": "1:1: unknown "
    "notation 'pinart': "
    "did you mean 'pinard'? (known: bold, edge, ng, pinard, chain, standard)",
    f"<!-- symbp fill: notation: ng -->\n{END}": "1:1: a block names its network: symbp fill: "
    "network: mlp",
    f"<!-- symbp fill: network: ltsm -->\n{END}": "1:1: unknown network 'ltsm': did you mean "
    "'lstm'? (`symbp networks` lists them)",
    f"<!-- symbp fill: network: mlp; sizes: 2,x -->\n{END}": "1:1: sizes: 'x' is not a positive "
    "integer",
    f"<!-- symbp fill: network: mlp; lang: de -->\n{END}": "1:1: unknown language 'de' (known: "
    "en, zh)",
    f"<!-- symbp fill: network: mlp; part: all -->\n{END}": "1:1: unknown part 'all' (known: ...)",
    f"<!-- symbp fill: network: mlp; part: backward; form: short -->\n{END}": "1:1: part: this "
    "post has no backward (form: full has it)",
    f"<!-- symbp fill: network: mlp; part: weights -->\n{END}": "1:1: part: this post has no "
    "weights (a small network with sizes has it)",
    f"<!-- symbp fill: network: mlp; headings: 0 -->\n{END}": "1:1: headings: '0' is neither a "
    "level from 1 to 6 nor none",
    f"<!-- symbp fill: network: mlp; wrt: w^2_{{11}} -->\n{END}": "1:1: wrt needs numbers for the "
    "layers: give sizes: 2,2,1",
    f"<!-- symbp fill: network: mlp; wrt: w; part: update -->\n{END}": "1:1: wrt: one parameter "
    "has neither part nor form",
}


@pytest.mark.parametrize(("text", "message"), MISTAKES.items())
@pytest.mark.parametrize("option", [(), ("--check",)])
def test_a_mistake_is_one_line_and_the_file_stays(text, message, option, run):
    good = f"{OPEN}\n{END}\n\n"
    path = write("post.md", text)
    status, _, error = run(path, *option)
    assert status == 2
    assert path.read_text("utf-8") == text
    pattern = re.escape(f"symbp: post.md:{message}\n").replace(r"\.\.\.", "[^\n]*")
    assert re.fullmatch(pattern, error)
    write("post.md", good + text)  # nor is what is right in the same file filled in
    assert run(path, *option)[0] == 2
    assert path.read_text("utf-8") == good + text


def test_one_wrong_file_keeps_no_other_from_being_filled(run):
    write("posts/a.md", f"{OPEN}\n")
    write("posts/b.md", f"{OPEN}\n{END}\n")
    write("posts/c.md", "no block")
    write("posts/d.md", "").write_bytes(b"\xff")
    status, out, error = run("posts")
    assert (status, out) == (
        2,
        "posts/b.md:1:1: filled\n1 filled, 0 up to date; 2 files not filled\n",
    )
    assert error.splitlines() == [
        "symbp: posts/a.md:1:1: this block is never closed: no symbp end follows",
        "symbp: posts/d.md: not UTF-8: byte 0xff at offset 0",
    ]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("none.md", "none.md: no block to fill; one is opened by <!-- symbp fill: network: mlp "
         "--> and closed by <!-- symbp end -->"),
        ("missing.md", "missing.md: No such file or directory"),
        ("x.rst", "x.rst: unknown ending '.rst' (known: ..."),
        ("bad.ipynb", "bad.ipynb:1:1: not a notebook: ..."),
    ],
)  # fmt: skip
def test_nothing_to_fill_is_no_success(name, message, run):
    if name != "missing.md":
        write(name, "text")
    status, _, error = run("--check", name)
    start = message.removesuffix("...")
    assert status == 2
    assert error.startswith(f"symbp: {start}")
    assert error.count("\n") == 1


# -- notebooks ------------------------------------------------------------------------------------


def notebook(*sources: object) -> str:
    cells = [{"cell_type": "markdown", "id": f"m{n}", "metadata": {"x": [1,  2]}, "source": s}
             for n, s in enumerate(sources)]  # fmt: skip
    code = {
        "cell_type": "code", "execution_count": 1, "id": "c", "metadata": {},
        "outputs": [{"output_type": "stream", "name": "stdout", "text": [f"{OPEN}\n", END]}],
        "source": ["# ", OPEN, "\n", "# ", END],
    }  # fmt: skip
    book = {"nbformat_minor": 5, "cells": [code, *cells], "nbformat": 4, "metadata": {"b": 1}}
    return json.dumps(book, indent=3, ensure_ascii=False)


@pytest.mark.parametrize(
    "source", [["# é\n", "\n", f"{OPEN}\n", "old\n", f"{END}\n", "after"],
               f"# é\n\n{OPEN}\nold\n{END}\nafter"]
)  # fmt: skip
def test_of_a_notebook_only_the_block_changes(source, run):
    text = notebook("no block", source)
    path = write("notes.ipynb", text)
    status, out, _ = run(path)
    assert status == 0
    assert re.match(r"notes\.ipynb:\d+:\d+: filled\n1 filled", out)
    new = path.read_text("utf-8")
    book = nbformat.reads(new, as_version=nbformat.NO_CONVERT)
    nbformat.validate(book)
    assert book.cells[2].source == f"# é\n\n{OPEN}\n\n{UPDATE}\n\n{END}\nafter"
    outside = text.split("old")
    assert new.startswith(outside[0].rstrip(' "\n'))
    assert new.endswith(outside[1].lstrip('\\n",'))
    assert run(path)[1] == "0 filled, 1 up to date\n"
    where = json.loads(text)
    where["cells"][2]["source"] = json.loads(new)["cells"][2]["source"]
    assert json.loads(new) == where


def test_a_place_in_a_notebook_is_that_in_its_file(run):
    text = notebook(["a\n", f"  {OPEN}"])
    write("notes.ipynb", text)
    line = 1 + text[: text.index(f"  {OPEN}")].count("\n")
    column = text.splitlines()[line - 1].index(OPEN) + 1
    assert run("notes.ipynb")[2].startswith(f"symbp: notes.ipynb:{line}:{column}: this block is")


# -- TeX ------------------------------------------------------------------------------------------


def test_a_block_in_tex():
    text = (
        "\\begin{document}\n% symbp fill:\n% network: mlp\n% notation: ng\n% form: short\nold\n"
        "  % symbp end\n\\begin{verbatim}\n% symbp fill: x\n\\end{verbatim}\n\\end{document}\n"
    )
    new = refilled(text, "tex")
    assert refilled(new, "tex") == new
    assert "\\section*{Backpropagation for a fully connected network}\n" in new
    assert "$" not in re.sub(r"\$[^$\n]+\$", "", new)
    assert "old" not in new
    assert new.endswith(text[text.index("  % symbp end") :])
    formulas = re.findall(r"\\\[\n(.*?)\n\\\]", new, re.S)
    assert len(formulas) > 10
    assert check_latex([Formula(f, f) for f in formulas]) == []
    path = write("paper.tex", new)
    assert check(path).counts[Status.PROVED] == 10
    assert check(path).exit_status(strict=True) == 0


def test_words_in_tex_are_escaped():
    text = "% symbp fill: network: mlp; notation: chain; lang: zh\n% symbp end\n"
    assert r"w\^{}n 从第 n 层到第 n + 1 层" in refilled(text, "tex")


# -- what is filled in is proved ------------------------------------------------------------------

NETWORKS = [
    "sizes: 2,2,1; activation: sigmoid; lang: zh",
    "activation: sigmoid; batch: m; l2: lambda/2m",
    "sizes: 2,3,2; activation: sigmoid,softmax; loss: cross-entropy",
]


@pytest.mark.parametrize(
    ("notation", "network"), list(zip(NOTATIONS, cycle(NETWORKS), strict=False))
)
def test_what_is_filled_in_is_proved(notation, network):
    opening = f"<!-- symbp fill: network: mlp; {network}; notation: {notation}; form: short -->"
    report = check(refilled(f"{opening}\n{END}\n"))
    assert report.counts[Status.PROVED] > 8
    assert report.exit_status(strict=True) == 0, str(report)


@pytest.mark.parametrize(("right", "wrong"), [
    (r"(a^{L} - y) \odot \sigma^{'}(z^{L})", r"(y - a^{L}) \odot \sigma^{'}(z^{L})"),
    (r"\delta^{l} (a^{l - 1})^{T}", r"\delta^{l} (a^{l})^{T}"),
])  # fmt: skip
def test_a_wrong_formula_in_a_filled_post_is_refuted_and_stale(right, wrong, run):
    path = write("post.md", refilled(f"<!-- symbp fill: network: mlp; part: gradients -->\n{END}"))
    text = path.read_text("utf-8")
    assert right in text
    path.write_text(text.replace(right, wrong), "utf-8")
    assert check(path).counts[Status.REFUTED] == 1
    assert run("--check", path)[0] == 1


def test_blocks_are_found_again_in_what_was_filled_in(monkeypatch):
    monkeypatch.setattr(filling, "body", lambda entries, tex=False: f"x\n\n{OPEN}")
    assert refilled(f"{OPEN}\n{END}\n").count(OPEN) == 2  # the planted fault: it nests
    assert fill_text(refilled(f"{OPEN}\n{END}\n"), "markdown")[3] != []
