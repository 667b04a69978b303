"""Formulas, declarations and problems are found where they stand, in files of every kind."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
import pytest
from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin
from pylatexenc.latexwalker import LatexMathNode, LatexWalker

from symbp.documents import read_document, read_text
from symbp.documents.formats.links import HOSTS, latex_in
from symbp.documents.formats.spans import SHARED
from symbp.documents.formats.tex import RULES as TEX_RULES
from symbp.documents.formats.text import CHARACTERS
from symbp.documents.read import BYTES, ENDINGS, Kind
from symbp.documents.region import Document, Problem, Region
from symbp.errors import SymbpError

MARKDOWN = {
    "inline": ("so $a = b$ and $ c $, too", ["a = b", "c"]),
    "display": ("$$\na = b\n$$", ["a = b"]),
    "display in prose": ("the loss $$C$$ of $$y - a$$ is", ["C", "y - a"]),
    "list items": ("- $$a$$\n- so $b$\n\n  $$\n  c\n  $$", ["a", "b", "c"]),
    "table cells": ("| $a$ | b |\n|---|---|\n| $|x|$ | $$c$$ |", ["a", "|x|", "c"]),
    "glued displays": ("$$a$$$$b$$", ["a", "b"]),
    "glued inlines": ("$a$$b$ and $c$$$d$$", ["a", "b", "c", "d"]),
    "doubled dollars": ("$$$$a = b$$\n\nthus $$$$c = d$$$$\n\n$$e$$", ["a = b", "c = d", "e"]),
    "brackets": (r"\(a\) and \[b^2\] and \\(c\\) and \\[d_1\\]", ["a", "b^2", "c", "d_1"]),
    "escaped brackets": (r"see \[1\], \[-1, 1\] and \(Back Propagation\)", []),
    "environment": (
        "\\begin{align}\na &= b \\\\\nc &= d\n\\end{align}",
        ["\\begin{align}\na &= b \\\\\nc &= d\n\\end{align}"],
    ),
    "equation": (r"\begin{equation*} a = b \end{equation*}", ["a = b"]),
    "math fence": ("```math\na = b\n```\n\n> ```math\n> c\n> ```", ["a = b", "c"]),
    "empty fence": ("```math\n```", []),
    "MyST fence": ("```{math}\n:label: one\na = b\n```", ["a = b"]),
    "roles": ("{math}`a` and :math:`b`", ["a", "b"]),
    "GitLab": ("$`a_1`$ and $b$", ["a_1", "b"]),
    "Hugo": ("{{< katex >}}a{{< /katex >}} {{% math %}}b{{% /math %}}", ["a", "b"]),
    "scripts": ('<script type="math/tex; mode=display">a = b</script>', ["a = b"]),
    "block quote": ("> $$\n> a\n> = b\n> $$\n> and $x > 0$", ["a\n= b", "x > 0"]),
    "blank line in a display": ("$$\na =\n\nb\n$$", ["a =\n\nb"]),
    "across lines": ("so $a\n= b$ holds", ["a\n= b"]),
    "words with dollars": (r"$$a \text{ if $b^{[1]}$} c$$", [r"a \text{ if $b^{[1]}$} c"]),
    "inline words with dollars": (
        r"$a \text{ if $b^{[1]}$}$, $c$",
        [r"a \text{ if $b^{[1]}$}", "c"],
    ),
    "indented display": ("text\n\n    $$\n    a = b\n    $$\n", ["a = b"]),
    "escaped dollar": (r"\$5 and $a$ and $b \$ c$", ["a", r"b \$ c"]),
    "Chinese": ("损失函数$C$对$w$的偏导数：$$\\partial C$$。", ["C", "w", r"\partial C"]),
    "Chinese in a formula": ("$P(好瓜=是|色泽=青绿)$", ["P(好瓜=是|色泽=青绿)"]),
    "code": ("`$a$` and ``$b` $`` and $c$\n\n```\n$d$\n```\n\n    $e$\n", ["c"]),
    "a lonely backtick": ("it`s $a$", ["a"]),
    "tags of code": ("<pre>\n$a$\n</pre>\n\n<code>$b$</code> $c$", ["c"]),
    "comments": ("<!-- $a$ -->\n\n$b$", ["b"]),
    "front matter": ("---\ntitle: $a$\n---\n\n$b$", ["b"]),
    "a rule is no front matter": ("---\n\nThen $a$.\n\n---\n\n$b$", ["a", "b"]),
    "money": ("between $5 and $6, or US$ 7", []),
    "shell": ("set $HOME and $PATH first", []),
    "words between dollars": ("$two words$ and $a = b$", ["a = b"]),
    "a stray dollar": ("costs 5$ more; $a = b$ and $c = d$", ["a = b", "c = d"]),
    "another paragraph": ("a $ here\n\nand $a$", ["a"]),
    "unbalanced braces": (r"$\frac{a}{b$ and $c$", [r"\frac{a}{b", "c"]),
    "macros only": (r"$\newcommand{\vec}[1]{\mathbf{#1}}$ and $\vec{a}$", [r"\vec{a}"]),
    "escaped underscores": (r"$\Theta\_{ij} + w\_1$ of $n\_in$", [r"\Theta_{ij} + w_1", r"n\_in"]),
    "escaped characters": (r"$w^{\[l\]} \* f\'(z)$", [r"w^{[l]} * f'(z)"]),
    "doubled row breaks": (r"$$a \\\\ b$$", [r"a \\ b"]),
    "escaped braces": (r"$\\{a\\} = \{b\}$", [r"\{a\} = \{b\}"]),
    "entities": ("$a &lt; b &amp; c$", ["a < b & c"]),
    "TeX comments": ("$$\na % why\n= b\n$$", ["a \n= b"]),
    "zhihu": ("![x](https://www.zhihu.com/equation?tex=a%5E2+%2B+b)", ["a^2 + b"]),
    "codecogs": (
        r"[![](i.png)](http://www.codecogs.com/eqnedit.php?latex=\frac{a}{(b)}&space;&plus;1)",
        [r"\frac{a}{(b)} +1"],
    ),
    "codecogs in HTML": (
        '<img src="https://latex.codecogs.com/gif.latex?\\inline&space;a_1" title="a_1" /> $b$',
        ["a_1", "b"],
    ),
    "an image in a link": (
        "[![](https://latex.codecogs.com/svg.image?a=b)]"
        "(https://www.codecogs.com/eqnedit.php?latex=a=b) "
        '<a href="https://www.codecogs.com/eqnedit.php?latex=c=d" target="_blank">'
        '<img src="https://latex.codecogs.com/gif.latex?c=d"></a>',
        ["a=b", "c=d"],
    ),
    "GitHub's images": (
        "![](https://render.githubusercontent.com/render/math?math=a%20%3D%20b&mode=inline)",
        ["a = b"],
    ),
    "addresses": ("[a](https://b.c/$d$) and https://b.c/?x=$y $z$", ["z"]),
}

TEX = {
    "dollars": (r"so $a$ and $$b$$", ["a", "b"]),
    "brackets": (r"so \(1\) and \[a\]", ["1", "a"]),
    "environments": (
        r"\begin{equation}a\end{equation}\begin{gather*}b\end{gather*}",
        ["a", r"\begin{gather*}b\end{gather*}"],
    ),
    "split": (
        "\\begin{equation}\n\\begin{split}a\\end{split}\n\\end{equation}",
        [r"\begin{split}a\end{split}"],
    ),
    "comments": ("$a$ % $b$\n5\\% of $c$", ["a", "c"]),
    "comments in a display": ("\\[\n% first\na % second\n= b\n\\]", ["a \n= b"]),
    "verbatim": ("\\begin{verbatim}$a$\\end{verbatim}\\verb|$b$| $c$", ["c"]),
    "preamble": ("\\title{$a$}\\begin{document}$b$\\end{document}$c$", ["b"]),
    "row breaks in text": (r"one \\[2pt] two $a$ \\(b\\)", ["a"]),
    "escapes": (r"\$5 and $a\_b$", [r"a\_b"]),
    "a formula across a section": ("$a \\section{One} b$ and $c$", ["c"]),
    "definitions": (r"\newcommand{\loss}{$C$} so $\loss$", [r"\loss"]),
    "row break and environment": (r"a \\\begin{align}b\end{align}", [r"\begin{align}b\end{align}"]),
}


def regions(document: Document) -> list[Region]:
    return [part for part in document.parts if isinstance(part, Region)]


def problems(document: Document) -> list[tuple[int, int, str]]:
    found = [part for part in document.parts if isinstance(part, Problem)]
    return [(part.line, part.column, part.message) for part in found]


def formulas(text: str, kind: Kind) -> list[str]:
    return [region.latex for region in regions(read_text(text, "x", kind))]


@pytest.mark.parametrize(("text", "latex"), MARKDOWN.values(), ids=MARKDOWN)
def test_formulas_in_markdown(text, latex):
    assert formulas(text, "markdown") == latex


@pytest.mark.parametrize(("text", "latex"), TEX.values(), ids=TEX)
def test_formulas_in_tex(text, latex):
    assert formulas(text, "tex") == latex


@pytest.mark.parametrize("host", HOSTS, ids=lambda host: host.start.pattern)
def test_every_host_of_images_is_known(host):
    address = (
        "https://"
        + {
            0: "latex.codecogs.com/png.latex?a=b",
            1: "www.zhihu.com/equation?tex=a%3Db",
            2: "render.githubusercontent.com/render/math?mode=display&math=a%3Db",
            3: "chart.googleapis.com/chart?cht=tx&chl=a%3Db&chs=40",
            4: "i.upmath.me/svg/a%3Db",
        }[HOSTS.index(host)]
    )
    assert host.start.search(address)
    assert (latex_in(address) or "")[0] == "a=b"


def test_display_or_inline():
    shown = regions(read_text("$a$ $$b$$ \\(c\\) \\[d_1\\] $`e`$", "x", "markdown"))
    assert [region.display for region in shown] == [False, True, False, True, False]


def test_lines_and_columns_of_the_first_character():
    text = "中文$a$\n> $$\n> b\n> $$\n\n\\begin{align}c\\end{align}\n"
    places = [(region.line, region.column) for region in regions(read_text(text, "x", "markdown"))]
    assert places == [(1, 4), (3, 3), (6, 1)]


@pytest.mark.parametrize(("ending", "kind"), ENDINGS.items())
def test_files_are_read_by_their_ending(tmp_path, ending, kind):
    cells = [{"cell_type": "markdown", "source": ["so $a$"]}]
    path = tmp_path / f"post{ending.upper()}"
    path.write_text(json.dumps({"cells": cells}) if kind == "notebook" else "so $a$")
    document = read_document(path)
    assert document.name == path.as_posix()
    assert [region.latex for region in regions(document)] == ["a"]


def test_line_ends_and_a_byte_order_mark_change_nothing(tmp_path):
    path = tmp_path / "post.md"
    path.write_bytes("\ufeff$a$\r\n\r\n$$\r\nb\r\n$$\r".encode())
    found = [(region.latex, region.line, region.column) for region in regions(read_document(path))]
    assert found == [("a", 1, 2), ("b", 4, 1)]


def test_a_notebook_tells_the_line_in_its_file(tmp_path):
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [
        nbformat.v4.new_code_cell("x = '$a$'"),
        nbformat.v4.new_markdown_cell('An "ü" and 🎲:\n\n$$\n\\frac{a}{b}\n$$\n'),
        nbformat.v4.new_markdown_cell("One line with $\\sigma'$."),
    ]
    path = tmp_path / "notes.ipynb"
    nbformat.write(notebook, path)
    assert_places(path, [r"\frac{a}{b}", r"\sigma'"])
    packed = tmp_path / "packed.ipynb"
    cells = [dict(cell, source=cell.source) for cell in notebook.cells]
    packed.write_text(json.dumps({"cells": cells}))  # sources in one string, all of it in one line
    assert_places(packed, [r"\frac{a}{b}", r"\sigma'"])
    old = tmp_path / "old.ipynb"
    nbformat.write(notebook, old, version=3)
    assert_places(old, [r"\frac{a}{b}", r"\sigma'"])


def assert_places(path: Path, latex: list[str]) -> None:
    lines = path.read_text(encoding="utf-8").split("\n")
    found = regions(read_document(path))
    assert [region.latex for region in found] == latex
    for region in found:
        written = json.dumps(region.latex)[1:-1]
        assert lines[region.line - 1][region.column - 1 :].startswith(written)


def test_macros_come_from_everywhere_but_code(tmp_path):
    text = r"$\newcommand{\a}{x}$ <script>MathJax = {tex: {macros: {RR: '\\mathbb{R}'}}}</script>"
    assert set(read_text(text, "x", "markdown").macros) == {r"\a", r"\RR"}
    assert not read_text("```\n\\newcommand{\\a}{x}\n```", "x", "markdown").macros
    tex = "\\def\\a{x}\n% \\def\\b{y}\n\\begin{document}\\end{document}"
    assert set(read_text(tex, "x", "tex").macros) == {r"\a"}
    cells = [{"cell_type": "markdown", "source": r"$\let\a\b$"}]
    assert set(read_text(json.dumps({"cells": cells}), "x", "notebook").macros) == {r"\a"}


UNCLOSED = {
    "no other": ("a $$ b = c", (1, 3, "this $$ is never closed: no other $$ follows")),
    "blank line": (
        "$$ a\n\nThen $$b = c$$",
        (1, 1, "this $$ is never closed: a blank line comes before the next $$"),
    ),
    "heading": (
        "$$\na = b\n# Next\n$$\nc = d\n$$",
        (1, 1, "this $$ is never closed: a heading comes before the next $$"),
    ),
    "table row": (
        "| a | $$x |\n|---|---|\n| $$b = c$$ | d |",
        (1, 7, "this $$ is never closed: the end of a table row comes before the next $$"),
    ),
    "code": (
        "$$\na\n```\nx\n```\n$$\nc = d\n$$",
        (1, 1, "this $$ is never closed: code comes before the next $$"),
    ),
    "prose": (
        "$$ 从这里开始是正文而不是公式。$$c = d$$",
        (1, 1, "this $$ is never closed: prose comes before the next $$"),
    ),
    "single": (
        "$$a = b$ and $$c = d$$",
        (1, 1, "this $$ is never closed: a single $ comes before the next $$"),
    ),
    "environment": (
        "\\begin{align} a = b\n\n$$c = d$$",
        (1, 1, r"this \begin{align} is never closed: no \end{align} follows"),
    ),
    "environment around a heading": (
        "\\begin{align} a\n\n# Next\n\n$c = d$\n\n\\end{align}",
        (1, 1, r"this \begin{align} is never closed: a heading comes before its \end{align}"),
    ),
}


@pytest.mark.parametrize(("text", "problem"), UNCLOSED.values(), ids=UNCLOSED)
def test_what_is_never_closed_is_reported_and_the_rest_is_read(text, problem):
    document = read_text(text, "x", "markdown")
    assert problems(document) == [problem]
    follows = problem[2].endswith("follows") and "align" not in problem[2]
    assert not follows or not regions(document)
    assert follows or regions(document)[-1].latex in ("b = c", "c = d")


def test_a_pair_with_words_between_is_no_formula_and_no_problem():
    document = read_text("$$\na line of plain words\n$$\n\n$$a = b$$", "x", "markdown")
    assert [region.latex for region in regions(document)] == ["a = b"]
    assert not problems(document)


def test_a_bracket_that_is_never_closed_in_tex():
    document = read_text("\\[ a\n\n\\section{B} \\[ b \\]", "x", "tex")
    reason = r"this \[ is never closed: another \[ comes before the next \]"
    assert problems(document) == [(1, 1, reason)]
    assert [region.latex for region in regions(document)] == ["b"]


LONG = "a formula of 20001 characters: at most 20000 are read; split it"
DEEP = "a formula nested 101 levels deep: at most 100 are read"
LARGE = {
    "long": ("$" + "a" * 20_001 + "$", LONG),
    "long in a link": ("![](https://www.zhihu.com/equation?tex=" + "a" * 20_001 + ")", LONG),
    "deep": ("$" + "{" * 101 + "}" * 101 + "$", DEEP),
}


@pytest.mark.parametrize(("text", "message"), LARGE.values(), ids=LARGE)
def test_a_formula_too_large_is_a_problem_of_its_own(text, message):
    document = read_text(f"First $a$.\n\n{text}\n\nLast $b$.", "x", "markdown")
    assert [region.latex for region in regions(document)] == ["a", "b"]
    ((line, _, found),) = problems(document)
    assert (line, found) == (3, message)


def test_a_binary_file(tmp_path):
    path = tmp_path / "post.md"
    path.write_bytes(b"$a$ \0 $b$")
    message = "a binary file, with a NUL byte at offset 4; expected text in UTF-8"
    assert problems(read_document(path)) == [(1, 1, message)]


def test_bytes_that_are_not_utf_8(tmp_path):
    path = tmp_path / "post.md"
    path.write_bytes("$a$\nü ".encode() + b"\xff $b$")
    message = "not UTF-8: byte 0xff at offset 7; the rest is read with \ufffd for what is not"
    document = read_document(path)
    assert problems(document) == [(2, 3, message)]
    assert [region.latex for region in regions(document)] == ["a", "b"]


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(SymbpError, match=r"no\.md: No such file"):
        read_document(tmp_path / "no.md")
    (tmp_path / "folder.md").mkdir()
    with pytest.raises(SymbpError, match=r"folder\.md: not a file"):
        read_document(tmp_path / "folder.md")
    with pytest.raises(SymbpError, match=r"unknown ending '\.docx'"):
        read_document(tmp_path / "post.docx")


def test_a_large_file_is_refused_unread(tmp_path):
    path = tmp_path / "post.md"
    with path.open("wb") as file:
        file.truncate(50_000_000)
    with pytest.raises(SymbpError, match=r"post\.md: 50\.0 MB; at most 20 MB are read: split it"):
        read_document(path)
    with pytest.raises(SymbpError, match=r"x: 4000001 characters; at most 4000000 are read"):
        read_text("a" * (CHARACTERS + 1), "x", "markdown")
    with pytest.raises(SymbpError, match=r"x: 20000001 characters; at most 20000000 are read"):
        read_text(" " * (BYTES + 1), "x", "notebook")
    cells = [{"cell_type": "markdown", "source": source} for source in ("a" * 4_000_001, "$b$")]
    first, second = read_text(json.dumps({"cells": cells}), "x", "notebook").parts
    assert isinstance(first, Problem)
    assert first.message == "cell 1: 4000001 characters; at most 4000000 are read: split it"
    assert isinstance(second, Region)


NO_NOTEBOOK = {
    '{"cells": [,]}': (1, 12, "not a notebook: Expecting value"),
    '{"cells": [\n{"cell_type": }]}': (2, 15, "not a notebook: Expecting value"),
    "[]": (1, 1, 'not a notebook: no list of cells; expected {"cells": [...], ...}'),
    '{"cells": 5}': (1, 1, 'not a notebook: no list of cells; expected {"cells": [...], ...}'),
    '{"cells": [5]}': (1, 1, "cell 1 has no cell_type, such as 'markdown'"),
    '{"cells": [{"cell_type": "markdown", "source": [5]}]}': (
        1,
        1,
        "cell 1: its source is neither text nor a list of lines",
    ),
    "[" * 100_000: (1, 1, "not a notebook: its JSON is nested too deep"),
}


@pytest.mark.parametrize(("text", "problem"), NO_NOTEBOOK.items(), ids=range(len(NO_NOTEBOOK)))
def test_what_is_no_notebook(text, problem):
    assert problems(read_text(text, "x", "notebook")) == [problem]


SIMPLE = ("inline", "list items", "across lines", "display", "Chinese", "code", "block quote")


@pytest.mark.parametrize("name", SIMPLE)
def test_markdown_its_dollar_math_finds_the_same_in_simple_texts(name):
    text, ours = MARKDOWN[name]
    tokens = MarkdownIt("commonmark").use(dollarmath_plugin, double_inline=True).parse(text)
    flat = [part for token in tokens for part in (token, *(token.children or []))]
    assert ours == [part.content.strip() for part in flat if part.type.startswith("math")]


def test_pylatexenc_finds_the_same_in_simple_texts():
    for name in ("dollars", "brackets", "comments"):
        text = TEX[name][0]
        nodes = LatexWalker(text).get_latex_nodes()[0]
        theirs = [
            node.latex_verbatim().strip("$").removeprefix(r"\[").removesuffix(r"\]")
            for node in nodes
            if isinstance(node, LatexMathNode)
        ]
        ours = formulas(text, "tex")
        assert ours == [latex.removeprefix(r"\(").removesuffix(r"\)") for latex in theirs]


@pytest.mark.parametrize("rule", [*TEX_RULES, *SHARED], ids=lambda rule: rule.name)
def test_every_rule_says_what_it_reads(rule):
    assert rule.read.__doc__
