"""The findings as one HTML page that needs no network: formulas are MathML, filters are CSS.

A document is data. All that comes from one is escaped, formulas pass through the tables of
`typeset`, and the page forbids itself scripts and every request (Content-Security-Policy).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from html import escape
from importlib.resources import files
from itertools import groupby
from urllib.parse import quote

from symbp.documents.finding import Finding
from symbp.documents.report.entry import Unreadable, counts, holds, one_line, summary
from symbp.documents.report.typeset import can_typeset, typeset
from symbp.errors import SymbpError
from symbp.judge.verdict import Counterexample, Verdict

POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def write_html(findings: Sequence[Finding], errors: Sequence[Unreadable] = ()) -> str:
    """The page. Raises `SymbpError` where the package that translates formulas is missing."""
    if not can_typeset():
        raise SymbpError("an HTML report needs math-core: pip install 'symbp[html]'")
    heading = text(summary(findings, errors))
    lines = [
        "<!doctype html>",
        '<html lang="en">',
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>symbp check: {heading}</title>",
        f"<style>\n{css()}</style>",
        '<body class="symbp">',
        "<h1>symbp check</h1>",
        *_filters(findings),
        *_body(findings, errors),
        f"<footer>{heading}. Made by symbp.</footer>",
        "</body>",
        "</html>",
    ]
    return "".join(f"{line}\n" for line in lines)


def fragment(findings: Sequence[Finding], errors: Sequence[Unreadable] = ()) -> str:
    """The same for a notebook's cell, without filters."""
    head = [f"<style>\n{css()}</style>", f"<p>{text(summary(findings, errors))}</p>"]
    return "\n".join(['<div class="symbp">', *head, *_body(findings, errors), "</div>"])


def css() -> str:
    """The style of the page."""
    return files(__package__).joinpath("page.css").read_text(encoding="utf-8")


def text(words: str) -> str:
    """Words from anywhere, as HTML.

    >>> text("</script> & 'x'")
    '&lt;/script&gt; &amp; &#x27;x&#x27;'
    """
    return escape(one_line(words))


def anchor(finding: Finding) -> str:
    """The place as an id and as the end of a link."""
    return quote(f"{finding.file}:{finding.line}:{finding.column}", safe="/:")


def anchors(findings: Sequence[Finding]) -> list[str]:
    """An anchor for each; the second at a place ends in -2."""
    seen: Counter[str] = Counter()
    found = []
    for name in map(anchor, findings):
        seen[name] += 1
        found.append(name if seen[name] == 1 else f"{name}-{seen[name]}")
    return found


def _filters(findings: Sequence[Finding]) -> Iterator[str]:
    yield '<fieldset class="filters"><legend>Show</legend>'
    for status, number in counts(findings).items():
        box = f'<input type="checkbox" id="show-{status}" checked>'
        yield f'<label class="{status}">{box}<span><b>{number}</b> {status}</span></label>'
    yield "</fieldset>"


def _body(findings: Sequence[Finding], errors: Sequence[Unreadable]) -> Iterator[str]:
    if errors:
        yield '<ul class="errors">'
        yield from (f"<li>{text(str(error))}</li>" for error in errors)
        yield "</ul>"
    for file, found in groupby(findings, key=lambda f: f.file):
        of_file = list(found)
        numbers = ", ".join(f"{n} {status}" for status, n in counts(of_file).items() if n)
        yield f"<section>\n<h2>{text(file)}<small>{numbers}</small></h2>"
        for finding, name in zip(of_file, anchors(of_file), strict=True):
            yield from _article(finding, name)
        yield "</section>"


def _article(finding: Finding, name: str) -> Iterator[str]:
    verdict = finding.verdict
    mistake = f' <span class="mistake">{text(verdict.mistake)}</span>' if verdict.mistake else ""
    yield f'<article class="{verdict.status}" id="{name}">'
    yield (
        f'<header><a class="place" href="#{name}">{finding.line}:{finding.column}</a>'
        f' <span class="status">{verdict.status}</span>{mistake}</header>'
    )
    if verdict.latex:
        yield _formula(verdict.latex)
    yield from (f"<p>{text(words)}</p>" for words in (verdict.reason, verdict.scope) if words)
    if verdict.counterexample is not None:
        yield from _table(verdict.counterexample)
    yield from _right(verdict)
    for number, reading in enumerate(verdict.readings, 1):
        label = f'<span class="note">reading {number}</span>'
        yield f'<div class="right">{label}{_formula(reading)}</div>'
    yield from _source(verdict)
    yield "</article>"


def _formula(latex: str) -> str:
    return f'<div class="formula">{typeset(latex)}</div>'


def _right(verdict: Verdict) -> Iterator[str]:
    if verdict.repair:
        after = f'<span class="note">{text(holds(verdict))}</span>' if verdict.conventions else ""
        yield f'<div class="right"><b>right</b>{_formula(verdict.repair)}{after}</div>'
    elif verdict.conventions:
        yield f'<p class="note">{text(holds(verdict))}</p>'


def _table(example: Counterexample) -> Iterator[str]:
    where = f", {example.where}" if example.where else ""
    yield f"<table><caption>{text(f'a point where they differ{where}')}</caption>"
    for name, value in example.values:
        yield f'<tr><th><div class="cell">{typeset(name)}</div></th><td>{text(value)}</td></tr>'
    for side, value in (("left side", example.left), ("right side", example.right)):
        yield f'<tr class="sides"><th>{side}</th><td>{text(value)}</td></tr>'
    yield "</table>"


def _source(verdict: Verdict) -> Iterator[str]:
    """What to copy."""
    lines = [verdict.latex] if verdict.latex else []
    lines += [f"right: {verdict.repair}"] if verdict.repair else []
    if lines:
        code = "\n".join(f"<p><code>{text(line)}</code></p>" for line in lines)
        yield f"<details><summary>LaTeX</summary>{code}</details>"
