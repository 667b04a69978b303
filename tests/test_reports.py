"""Reports: the same findings as text, JSON, annotations, SARIF and a page; documents are data."""

import html
import io
import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import jsonschema  # type: ignore[import-untyped]
import pytest
from rich.console import Console

from symbp.documents.finding import Finding
from symbp.documents.report import html as page
from symbp.documents.report import typeset as typesetting
from symbp.documents.report.entry import Unreadable, details, plain, summary
from symbp.documents.report.github import write_github
from symbp.documents.report.html import fragment, write_html
from symbp.documents.report.json import schema, write_json
from symbp.documents.report.place import claim_span, right_side
from symbp.documents.report.sarif import write_sarif
from symbp.documents.report.text import LIMIT, show_text, write_text
from symbp.errors import SymbpError
from symbp.judge.verdict import Counterexample, Status, Verdict
from tests.made_findings import (
    ALL,
    EVIL,
    FINDINGS,
    FORGOTTEN,
    LONG,
    PROVED,
    REFUTED,
    UNDECIDED,
    UNREAD,
    post,
)

ERRORS = [Unreadable("bad.ipynb", "not a notebook: Expecting value", 1, 1)]

HOSTILE = Finding(
    f"a,b:{EVIL}.md",
    1,
    1,
    Verdict(
        Status.REFUTED,
        rf"x = \text{{{EVIL}}}",
        scope=EVIL,
        reason=EVIL,
        repair=EVIL,
        mistake=EVIL,
        conventions=(EVIL,),
        counterexample=Counterexample(((EVIL, EVIL),), EVIL, EVIL, EVIL),
        readings=(EVIL,),
    ),
)


# -- text ---------------------------------------------------------------------------------------


def terminal(findings, errors=(), width=100, **options):
    """What a terminal of that width shows."""
    file = io.StringIO()
    console = Console(file=file, width=width, force_terminal=True, color_system="standard")
    show_text(console, findings, errors, **options)
    return file.getvalue()


def without_colour(text):
    return re.sub(r"\x1b\[[\d;]*m", "", text)


def test_the_text_report(golden):
    golden("reports/report.txt", write_text(FINDINGS, ERRORS))


def test_the_report_on_a_terminal(golden):
    lines = without_colour(terminal(FINDINGS, ERRORS)).splitlines()
    golden("reports/terminal.txt", "".join(f"{line.rstrip()}\n" for line in lines))


def test_a_terminal_shows_the_latex_of_a_repair_to_copy_it():
    shown = without_colour(terminal(FINDINGS))
    assert "right: δˡ (aˡ⁻¹)ᵀ " in shown
    assert f" {REFUTED.repair} " in shown


def test_a_terminal_has_colours():
    assert "\x1b[1;31m  refuted" in terminal(FINDINGS)
    assert "\x1b[32m2 proved" in terminal(FINDINGS)


@pytest.mark.parametrize("width", [30, 60, 200])
def test_no_line_is_wider_than_the_terminal(width):
    lines = without_colour(terminal(FINDINGS, width=width)).splitlines()
    assert all(len(line) <= width for line in lines)


def test_brackets_are_no_markup():
    finding = Finding("a.md", 1, 1, Verdict(Status.REFUTED, "W^{[l]} = [/red]", reason="[bold]x"))
    shown = without_colour(terminal([finding]))
    assert "[/red]" in shown
    assert "[bold]x" in shown


def test_a_long_formula_is_cut_unless_all_is_wanted():
    finding = [Finding("a.md", 1, 1, LONG)]
    first = write_text(finding).splitlines()[0]
    assert first.endswith("…")
    assert len(first) <= len("a.md:1:1  undecided ") + LIMIT
    assert write_text(finding, full=True).splitlines()[0].endswith(LONG.latex)
    assert "s" in without_colour(terminal(finding, full=True)).splitlines()[-3]


def test_quiet_leaves_out_what_is_proved_and_still_counts_it():
    text = write_text(FINDINGS, quiet=True)
    assert "proved   " not in text
    assert text.splitlines()[-1] == "2 proved, 3 refuted, 1 undecided, 1 unread"


def test_a_report_of_nothing_says_so():
    assert write_text([]) == "nothing was checked: no claim was found\n"


def test_a_problem_without_a_formula_stands_in_the_first_line():
    finding = Finding("a.md", 3, 1, Verdict(Status.UNREAD, "", reason="this $$ is never closed"))
    first = "a.md:3:1  unread    this $$ is never closed"
    assert write_text([finding]).splitlines()[0] == first
    assert without_colour(terminal([finding])).splitlines()[0].rstrip() == first


def test_everything_in_a_verdict_is_said():
    example = Counterexample((("1st", "2nd"),), "3rd", "4th", "5th")
    verdict = Verdict(Status.UNDECIDED, "0th", "6th", "7th", "8th", "9th", ("10th", "11th"),
                      example, ("12th", "13th"))  # fmt: skip
    said = "\n".join(map(plain, details(verdict)))
    assert set(re.findall(r"\d+(?:st|nd|rd|th)\b", said)) == {
        *"1st 2nd 3rd".split(), *(f"{n}th" for n in range(4, 14))
    }  # fmt: skip


@pytest.mark.parametrize("write", [write_text, terminal])
def test_no_control_character_reaches_the_terminal(write):
    text = without_colour(write([HOSTILE]))
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)
    assert "␛" in text


def test_the_summary_counts_files_not_read():
    assert summary(FINDINGS, ERRORS * 2).endswith("1 unread; 2 files not read")


# -- JSON ---------------------------------------------------------------------------------------


def test_the_json_report(golden):
    golden("reports/report.json", write_json(FINDINGS))


def test_json_fits_its_schema():
    made = json.loads(schema())
    jsonschema.Draft202012Validator.check_schema(made)
    for findings in ([], FINDINGS, [HOSTILE]):
        jsonschema.validate(json.loads(write_json(findings)), made)


@pytest.mark.parametrize(
    "change",
    [{"line": 0}, {"verdict": "skipped"}, {"more": 1}, {"counterexample": {}}, {"readings": "x"}],
)
def test_the_schema_refuses_another_form(change):
    [found] = json.loads(write_json(FINDINGS[:1]))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate([{**found, **change}], json.loads(schema()))


@pytest.mark.parametrize("field", json.loads(schema())["$defs"]["finding"]["required"])
def test_the_schema_misses_every_field(field):
    [found] = json.loads(write_json(FINDINGS[:1]))
    del found[field]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate([found], json.loads(schema()))


# -- GitHub -------------------------------------------------------------------------------------


def test_annotations(golden):
    golden("reports/annotations.txt", write_github(FINDINGS, ERRORS))


def test_nothing_leaves_its_annotation():
    errors = [Unreadable(HOSTILE.file, EVIL, 1, 1)]
    lines = write_github([HOSTILE], errors).splitlines()
    assert len(lines) == 2
    for line in lines:
        assert re.fullmatch(r"::error file=[^,:]+,line=1,col=1,title=(refuted|not read)::.*", line)


# -- SARIF --------------------------------------------------------------------------------------


def sarif(findings, errors=(), read=lambda file: None):
    return json.loads(write_sarif(findings, errors, read))["runs"][0]


def test_the_sarif_report(golden):
    text = write_sarif(FINDINGS, ERRORS, lambda file: None)
    golden("reports/report.sarif", re.sub(r'("version": )"\d[^"]*"(?=,\s*"rules")', r'\1"…"', text))


def test_each_result_has_a_rule_and_a_level():
    run = sarif(FINDINGS)
    rules = run["tool"]["driver"]["rules"]
    assert [r["id"] for r in rules[:4]] == list(Status)
    assert [r["id"] for r in rules[4:]] == ["missing σ'", "transposed"]
    assert [r["level"] for r in run["results"]] == ["error"] * 2 + ["warning", "error", "note"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]


def test_a_file_not_read_is_told():
    invocation = sarif([], ERRORS)["invocations"][0]
    assert invocation["executionSuccessful"] is False
    [note] = invocation["toolExecutionNotifications"]
    assert note["locations"][0]["physicalLocation"]["artifactLocation"] == {"uri": "bad.ipynb"}


def test_a_file_name_is_an_uri():
    [result] = sarif([replace(FINDINGS[1], file="a b/ü#1.md")])["results"]
    place = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert place == "a%20b/%C3%BC%231.md"


def fix(verdict, text, line=1, column=3, file="a.md"):
    """The text after the fix; None if there is none."""
    [result] = sarif([Finding(file, line, column, verdict)], read=lambda file: text)["results"]
    if "fixes" not in result:
        return None
    [change] = result["fixes"][0]["artifactChanges"]
    [replacement] = change["replacements"]
    region = replacement["deletedRegion"]
    lines = text.splitlines(keepends=True)
    start = sum(map(len, lines[: region["startLine"] - 1])) + region["startColumn"] - 1
    end = sum(map(len, lines[: region["endLine"] - 1])) + region["endColumn"] - 1
    return text[:start] + replacement["insertedContent"]["text"] + text[end:]


def test_a_repair_that_can_be_placed_is_a_fix():
    right = rf"\frac{{\partial J}}{{\partial W^l}} = {REFUTED.repair}"
    assert fix(REFUTED, post(REFUTED)) == f"$${right}$$\n"
    claim = replace(REFUTED, latex="dW =\n  a dz\n", repair="dz a")
    assert fix(claim, "x\n$$dW =\n  a dz\n$$", 2) == "x\n$$dW =\n  dz a\n$$"


@pytest.mark.parametrize(
    ("latex", "text", "options"),
    [
        ("a = b", None, {}),
        ("a = b", "$$a  = b$$", {}),
        ("a = b", "$$a = b$$", {"line": 2}),
        ("a = b", "$$a = b$$", {"column": 4}),
        ("a = b", "$$a = b$$", {"column": 400}),
        ("a = b", "$$a = b$$", {"file": "a.ipynb"}),
        ("a = b = c", "$$a = b = c$$", {}),
        ("{a = b}", "$${a = b}$$", {}),
        ("a = b.", "$$a = b.$$", {}),
        (r"a = b \tag{1}", r"$$a = b \tag{1}$$", {}),
        ("a = b % c", "$$a = b % c$$", {}),
        (r"a &= b", r"$$a &= b$$", {}),
        ("a =", "$$a =$$", {}),
    ],
)
def test_a_repair_that_cannot_be_placed_is_in_the_message_only(latex, text, options):
    verdict = replace(REFUTED, latex=latex)
    # The column after & is the right side all the same; only a sign inside it stops a fix.
    expected = "$$a &= \\delta^l (a^{l-1})^T$$" if "&" in latex else None
    assert fix(verdict, text, **options) == expected
    [result] = sarif([Finding("a.md", 1, 1, verdict)])["results"]
    assert f"right: {REFUTED.repair}" in result["message"]["text"]


def test_a_claim_that_stands_in_the_file_has_an_end():
    finding = Finding("a.md", 1, 3, REFUTED)
    span = claim_span(finding, post(REFUTED))
    assert span is not None
    assert (span.end_line, span.end_column) == (1, 3 + len(REFUTED.latex))
    side = right_side(finding, post(REFUTED))
    assert side is not None
    assert (side.column, side.end_column) == (3 + REFUTED.latex.index("a^"), span.end_column)


# -- HTML ---------------------------------------------------------------------------------------


class Elements(HTMLParser):
    """The elements of a page with their attributes, and its text."""

    VOID = ("meta", "input", "img", "br", "link")

    def __init__(self, text):
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()
        assert self.open == [], "an element is not closed"

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] != "style":
            self.text += data


def test_the_page(golden):
    text = write_html(FINDINGS, ERRORS)
    golden("reports/report.html", text.replace(page.css(), "…\n"))


def test_the_page_asks_for_nothing():
    text = write_html(FINDINGS, ERRORS)
    names = {name for _, attributes in Elements(text).found for name in attributes}
    assert not names & {"src", "srcset", "data", "action"}
    assert not re.search(r"https?:|url\(|@import|<script|<link", text)
    assert "default-src 'none'" in text


def test_every_formula_of_the_page_is_typeset():
    found = [tag for tag, _ in Elements(write_html(FINDINGS)).found]
    assert found.count("math") == sum(
        1
        + bool(v.repair)
        + len(v.readings)
        + len(v.counterexample.values if v.counterexample else ())
        for v in ALL
    )


@pytest.mark.parametrize("write", [write_html, fragment])
def test_nothing_leaves_its_place_in_the_page(write):
    errors = [Unreadable(EVIL, EVIL)]
    harmful = Elements(write([HOSTILE], errors))
    usual = Elements(write([replace(HOSTILE, file="a.md", verdict=REFUTED)], errors))
    assert "alert(1)" in harmful.text
    tags = {tag for tag, _ in harmful.found} - typesetting.ELEMENTS
    assert tags <= {tag for tag, _ in usual.found} | {"code", *"table caption tr th td".split()}
    assert not any(name.startswith("on") for _, names in harmful.found for name in names)


def test_a_link_leads_to_its_finding():
    found = Elements(write_html([HOSTILE, *FINDINGS, FINDINGS[-1]])).found
    ids = [names["id"] for tag, names in found if tag == "article"]
    links = [names["href"] for tag, names in found if tag == "a"]
    assert links == [f"#{name}" for name in ids]
    assert len(set(ids)) == len(ids)
    assert not any(re.search(r"\s", str(name)) for name in ids)


def test_every_verdict_has_its_filter():
    found = Elements(write_html(FINDINGS)).found
    boxes = {names["id"] for tag, names in found if tag == "input"}
    assert boxes == {f"show-{status}" for status in Status}
    for status in Status:
        assert f"#show-{status}:not(:checked)) article.{status}" in page.css()


def test_without_its_package_the_page_says_what_to_install(monkeypatch):
    monkeypatch.setattr(typesetting, "math_core", None)
    with pytest.raises(SymbpError, match=r"pip install 'symbp\[html\]'"):
        write_html(FINDINGS)
    assert html.escape(PROVED.latex) in fragment(FINDINGS)


def test_control_characters_are_no_part_of_the_page():
    for write in (write_html, fragment):
        text = write([HOSTILE], [Unreadable(EVIL, EVIL)])
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", text.replace("\r", ""))


def test_the_findings_hold_every_kind():
    assert {f.verdict.status for f in FINDINGS} == set(Status)
    assert UNDECIDED.readings
    assert FORGOTTEN.counterexample
    assert UNREAD.reason
