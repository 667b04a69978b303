"""Nothing in a file makes the reader fail, hang, or point outside the file."""

from __future__ import annotations

import json
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from symbp.documents import read_document, read_text
from symbp.documents.formats.macros import LENGTH, expand
from symbp.documents.read import Kind
from symbp.documents.region import Declaration, Document, Plain, Problem, Region
from symbp.errors import SymbpError

#: What delimiters, code, quotes, tables, comments, macros and JSON are made of.
PIECES = r"""
$ $$ $$$$ $` `$ ` `` ``` ```math ~~~ \( \) \[ \] \\( \\) \\[ \\] \$ \\ \ \begin{align} \end{align}
\begin{equation} \end{equation} \begin{document} \end{document} \begin{verbatim} \end{verbatim}
\begin{cases} \end{cases} \verb| | { } ^ _ = & % # \text{ \frac \newcommand{\a} \def\a \a \let
[1] #1 <!-- --> symbp symbp: fill skip network: equations: ; < > <code> </code> <pre> <script>
</script> ![]( ]( ) http://a.b/ https://www.zhihu.com/equation?tex= %5C &space; &amp; {{<katex>}}
{{</katex>}}
--- +++ ''' title: - 1. > |---|---| # \section{ 中文 。 é 𝔸 " ' macros: a b2 {math}` :math:` \ud83c
""".split()
SPACES = [" ", "\n", "\n\n", "\t", "    ", "\n    ", "\n> ", "\n| ", "\r\n", "\x0b", "\x00", "\x01"]
KINDS: list[Kind] = ["markdown", "tex", "notebook"]

pieces = st.sampled_from([*PIECES, *SPACES, *SPACES, *SPACES])
texts = (st.lists(pieces, max_size=8) | st.lists(pieces, min_size=20, max_size=60)).map("".join)


def places_are_in_range(document: Document, text: str) -> None:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for part in document.parts:
        assert 1 <= part.line <= len(lines)
        assert 1 <= part.column <= len(lines[part.line - 1]) + 1


def expanded(latex: str, document: Document) -> str:
    """The formula without macros, or what is wrong with them."""
    try:
        return expand(latex, document.macros)
    except SymbpError as error:
        return str(error)


@settings(max_examples=300)
@given(texts, st.sampled_from(["markdown", "tex"]))
@example("$$\n> \n> $$", "markdown")
def test_any_text_is_read(text, kind):
    document = read_text(text, "x", kind)
    places_are_in_range(document, text)
    for part in document.parts:
        if isinstance(part, Region):
            assert part.latex
            assert not set("\0\1") & set(part.latex)
            assert len(expanded(part.latex, document)) < 2 * LENGTH
        else:
            assert isinstance(part, Declaration | Plain) or part.message


@settings(max_examples=100)
@given(texts, st.booleans(), st.booleans())
def test_any_notebook_is_read(text, ascii_only, in_lines):
    source = text.splitlines(keepends=True) if in_lines else text
    cells = [{"cell_type": "markdown", "source": source}] * 2
    written = json.dumps({"cells": cells}, ensure_ascii=ascii_only, indent=1)
    places_are_in_range(read_text(written, "x", "notebook"), written)


@settings(max_examples=100)
@given(texts | st.recursive(
    st.none() | st.integers() | st.sampled_from(["cells", "markdown", "$a$"]),
    lambda inner: st.lists(inner) | st.dictionaries(
        st.sampled_from(["cells", "cell_type", "source", "worksheets"]), inner),
).map(json.dumps))  # fmt: skip
def test_any_json_is_read(text):
    places_are_in_range(read_text(text, "x", "notebook"), text)


@settings(max_examples=100)
@given(st.binary(), st.sampled_from([".md", ".tex", ".ipynb"]))
def test_any_bytes_are_read(data, ending):
    with TemporaryDirectory() as folder:
        path = Path(folder, f"x{ending}")
        path.write_bytes(data)
        assert all(part.line >= 1 and part.column >= 1 for part in read_document(path).parts)


formula = st.text("abcxyz=+^1 ", min_size=1).map(lambda latex: f"a_1{latex}={{z}}")
INDENTS = ["", "- ", "> ", "1. "]
HUGO = "{{{{< katex >}}}}{}{{{{< /katex >}}}}"
WRAPS = {
    "markdown": ["${}$", "$$ {} $$", r"\( {} \)", "$`{}`$", HUGO],
    "tex": ["${}$", "$${}$$", r"\({}\)", r"\[ {} \]", "\\begin{{equation}}\n{}\\end{{equation}}"],
}


@settings(max_examples=200)
@given(st.data(), st.sampled_from(["markdown", "tex"]))
def test_the_formula_stands_at_its_line_and_column(data, kind):
    latex = data.draw(st.lists(formula, min_size=1, max_size=5))
    wraps = data.draw(st.lists(st.sampled_from(WRAPS[kind]), min_size=5, max_size=5))
    starts = data.draw(st.lists(st.sampled_from(INDENTS), min_size=5, max_size=5))
    pieces = [wrap.format(one) for wrap, one in zip(wraps, latex, strict=False)]
    text = "\n\n".join(f"{start}So {one} ." for start, one in zip(starts, pieces, strict=False))
    found = read_text(text, "x", kind).parts
    assert [part.latex for part in found if isinstance(part, Region)] == [x.strip() for x in latex]
    for part in found:
        assert isinstance(part, Region)
        assert text.split("\n")[part.line - 1][part.column - 1 :].startswith(part.latex)


NASTY = {
    "nested quotes": ">" * 40 + "\n",
    "nested lists": "- - - - - a\n",
    "rows": "| a | b |\n",
    "tables": "a|b\n-|-\nc|d\n\n",
    "unclosed words": r"$\text{a ",
    "unclosed links": "](http://a",
    "definitions": r"\newcommand{\a}{",
    "definitions around": r"\def\a{" * 10_000 + "}" * 10_000,
    "spaces": " ",
    "let and spaces": "\\let\\a" + " " * 50_000,
    "macros and spaces": "macros: {" + " " * 50_000,
    "tags": "<pre ",
    "backslashes": "\\\\\\",
    "ever longer runs": "".join("`" * n + " " for n in range(400)),
    "formulas in a line": "$a$ ",
    "displays in a line": "$$a$$ ",
    "links in a line": "[a](https://www.zhihu.com/equation?tex=a) ",
    "deep JSON": '{"cells": [',
}


def takes_no_time(piece: str, size: int) -> None:
    text = (piece * (size // len(piece) + 1))[:size]
    for kind in KINDS:
        start = time.process_time()
        places_are_in_range(read_text(text, "x", kind), text)
        assert time.process_time() - start < 10  # what takes a second look takes minutes


@pytest.mark.parametrize("piece", PIECES)
def test_one_piece_over_and_over_takes_no_time(piece):
    takes_no_time(piece, 30_000)
    takes_no_time(f"{piece}\n\n", 30_000)


@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY)
def test_what_invites_a_second_look_takes_no_time(text):
    takes_no_time(text, 100_000)


def test_a_notebook_of_one_large_cell_takes_no_time():
    cells = [{"cell_type": "markdown", "source": '$\\\\frac{a}{b}$ \\\\ "ü"\n' * 4_000}]
    start = time.process_time()
    assert len(read_text(json.dumps({"cells": cells}), "x", "notebook").parts) == 4_000
    assert time.process_time() - start < 10  # what takes a second look takes minutes


def test_a_post_takes_less_than_the_blink_of_an_eye():
    text = "".join(
        f"## Part {n}\n\nThe loss $C_{n}$ of $y - a$:\n\n$$\nz^l = W^l a^{{l-1}} + b^l\n$$\n\n"
        for n in range(100)
    )
    start = time.process_time()
    assert len(read_text(text, "x", "markdown").parts) == 300
    assert time.process_time() - start < 0.2


def test_a_problem_is_found_in_a_fuzzed_text():
    """The fuzz tests would see a part out of range: this one is."""
    with pytest.raises(AssertionError):
        places_are_in_range(Document("x", (Problem(1, 4, "beyond"),)), "ab")
