"""The pages say what symbp says today: commands are run, generated parts are generated again.

A part between `<!-- generated: name -->` and `<!-- end -->` is compared with what `PARTS[name]`
writes; `pytest --update` writes it anew. In a block marked `console` every `$ symbp` command is
run: what follows is its output, `...` is any text, `$ cat file` shows a file that later commands
read, and `$ echo $?` the status of the command before.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from doctest import ELLIPSIS, OutputChecker
from functools import partial
from pathlib import Path

import pytest
import sympy as sp

from symbp import NOTATIONS, Notation, System
from symbp.cli import main
from symbp.demo import VALUES
from symbp.derivation import derive
from symbp.functions import DELTA, GELU_INNER, ROWS, SIGN, STEP, Elementwise, X
from symbp.latex.post import Post
from symbp.latex.weight import one_weight, read_parameter
from symbp.latex.writer import Writer
from symbp.network import value_of
from symbp.networks import mlp
from symbp.networks.losses import LOSSES
from symbp.numbers.codegen import numpy_source
from symbp.theorems import index as theorem_links
from symbp.theorems import theorems
from tests.cookbook import equations, index, table
from tests.derivation_documents import FOLDER
from tests.latex_engines import check_latex, formulas_of

ROOT = Path(__file__).parents[1]
PAGES = [
    ROOT / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
    ROOT / "CONTRIBUTING.md",
    FOLDER / "README.md",
]


# -- generated parts ----------------------------------------------------------------------------


def math(latex: str) -> str:
    return f"${latex}$" if latex else "–"


def letters() -> str:
    """What each notation calls the quantities of layer 1 and the rest of a network."""
    one, many = (derive(mlp(batch=b))[0].system for b in (False, True))
    chosen = NOTATIONS.values()
    rows = [
        [label, *(math(", ".join(letter(n, system, *x.split()) for x in names)) for n in chosen)]
        for label, system, names in [
            ("weight of layer 1", one, ["w 1"]),
            ("bias of layer 1", one, ["b 1"]),
            ("pre-activation of layer 1", one, ["z 1"]),
            ("activation of layer 1", one, ["a 1"]),
            ("... all units", one, ["a 1 unit"]),
            ("... of sample i", many, ["a 1"]),
            ("... all units, all samples", many, ["a 1 unit sample"]),
            ("output", one, ["a L unit"]),
            ("input, target", one, ["x - unit", "y - unit"]),
            ("loss", one, ["C"]),
            ("error of a unit, ∂C/∂z", one, ["∂C/∂z 1"]),
            ("units of layer 1, of the last", one, ["n 1", "n L"]),
        ]
    ]  # fmt: skip
    primes = [Writer(one, n).applied("sigma", "", 1, "z")[0] for n in chosen]
    rows.append(["derivative of the activation", *map(math, primes)])
    for label, name in [("elementwise product", "hadamard"), ("learning rate", "rate")]:
        rows.append([label, *(math(getattr(n, name)) for n in chosen)])
    return table(["", *(f"`{name}`" for name in NOTATIONS)], rows)


def letter(notation: Notation, system: System, name: str, layer: str = "-", *whole: str) -> str:
    """A family in a notation: at a layer, with the indices of the kinds in `whole` left out."""
    variable = system[name]
    index = list(variable.own_index)
    if layer != "-":
        index[0] = system["a"].slots[0].range.upper if layer == "L" else sp.S.One
    left_out = [s.symbol for s in variable.slots if s.kind in whole]
    return Writer(system, notation).entries.whole(name, index, left_out, frozenset())


def same_weight() -> str:
    """One weight written in each notation, and one text read in each."""
    system = mlp((2, 2, 2, 2))
    entry = system["w"][2, 1, 2]
    rows = []
    for n in NOTATIONS.values():
        text = f"{n.styles['w'].entry}^2_{{12}}"
        written = Writer(system, n).write(entry)
        assert read_parameter(written, system, n) == entry
        read = read_parameter(text, system, n)
        rows.append([f"`{n.name}`", math(written), math(text), f"`{read}`"])
    return table(["notation", f"`{entry}` is written", "the text", "is read as"], rows)


def functions() -> str:
    rows = []
    for row in ROWS:
        kinks = math(", ".join(map(str, row.kinks)))
        slope = math(cases(row.derivative)) if row.derivative is not None else "unspecified"
        value = math(cases(row.value)) if row.value is not None else "–"
        rows.append([f"`{row.name}`", value, slope, kinks])
    return table(["name", "$f(x)$", "$f'(x)$, in $x$ and $f$", "kink at"], rows)


def cases(e: sp.Expr) -> str:
    """A formula of the table as people write it: steps as cases, sign(x) x as |x|."""
    u = sp.Symbol("u")
    e = e.xreplace({1 / (sp.exp(2 * GELU_INNER) + 1): (1 - sp.tanh(u)) / 2})
    e = e.replace(lambda n: n.is_Rational and n.q > 1000, lambda n: sp.Float(n, 6))
    steps = sorted((n for n in e.atoms(Elementwise) if n.row is STEP), key=str)
    if not steps:
        text = sp.latex(e.subs(SIGN(X) * X, sp.Symbol("u_x")))
        return str(text).replace("u_{x}", r"\lvert x \rvert")
    above, below = (cases(e.xreplace({steps[0]: sp.Integer(n)})) for n in (1, 0))
    condition = r"\lvert x \rvert > \delta" if DELTA in steps[0].free_symbols else "x > 0"
    lines = rf"{above} & {condition} \\ {below} & \text{{else}}"
    return rf"\begin{{cases}} {lines} \end{{cases}}"


def losses() -> str:
    rows = []
    for name, row in LOSSES.items():
        system = mlp((2, 2), loss=name)
        cost = Writer(system, NOTATIONS["bold"]).write(system.equations[-1].rhs)
        cost = cost.replace("n_{L}", "n").replace(r"\textbf{a}^{(L)}", r"\textbf{o}")
        cost = re.sub(r"a_\{(.)\}\^\{\(L\)\}", r"o_{\1}", cost)
        rows.append([f"`{name}`", math(cost), row.outputs.replace("always", "any")])
    return table(["name", "cost of one sample with outputs $o$", "outputs"], rows)


def weight_in_numbers() -> str:
    """The post about one weight without its heading."""
    system = derive(mlp((2, 2, 2), "sigmoid"))[0].system
    post = Post(system, NOTATIONS["pinard"], "en")
    entry = read_parameter("w^3_{11}", system, NOTATIONS["pinard"])
    one_weight(post, entry, value_of(system, VALUES))
    return "\n\n".join(post.blocks[1:])


def code(system: System) -> str:
    return f"```py\n{numpy_source(system)}```"


BOLD = NOTATIONS["bold"]
PARTS: dict[str, Callable[[], str]] = {
    "letters": letters,
    "same weight": same_weight,
    **{f"notation {name}": partial(equations, mlp(), n) for name, n in NOTATIONS.items()},
    "functions": functions,
    "losses": losses,
    "one weight": weight_in_numbers,
    "general": lambda: equations(mlp(), BOLD),
    "softmax": lambda: equations(mlp(None, ["sigma", "softmax"], "cross-entropy"), BOLD, "zw", 3),
    "batch": lambda: equations(mlp(None, "sigmoid", batch=True, l2="lambda/2"), BOLD, first=3),
    "code": lambda: code(mlp((2, 3, 1), "tanh")),
    "theorems": lambda: theorem_links(theorems(), "en", "theorems/"),
    "code of any depth": lambda: code(mlp(None, ["relu", "softmax"], "cross-entropy", batch=True)),
    "networks": index,
}


PART = re.compile(r"(<!-- generated: (.+?) -->\n)((?:(?!<!--).)*)(<!-- end -->)", re.S)


def regenerated(text: str, parts: dict[str, Callable[[], str]]) -> str:
    return PART.sub(lambda m: f"{m[1]}\n{parts[m[2]]()}\n\n{m[4]}", text)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_generated_parts_are_what_is_generated_today(page, request):
    text = page.read_text(encoding="utf-8")
    today = regenerated(text, PARTS)
    if request.config.getoption("--update"):
        page.write_text(today, encoding="utf-8", newline="\n")
    assert page.read_text(encoding="utf-8") == today, "run pytest --update and look at the diff"


def test_every_part_stands_in_a_page():
    text = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    assert {m[2] for m in PART.finditer(text)} == set(PARTS)
    assert text.count("<!-- generated:") == text.count("<!-- end -->") == len(PARTS)


def test_a_changed_part_is_caught():
    text = "<!-- generated: x -->\n\nold\n\n<!-- end -->"
    assert regenerated(text, {"x": lambda: "old"}) == text
    assert regenerated(text, {"x": lambda: "new"}) != text


def test_the_engines_accept_every_formula():
    formulas = [f for page in PAGES for f in formulas_of(page.name, page.read_text("utf-8"))]
    assert len(formulas) > 100
    assert check_latex(formulas) == []


# -- commands -----------------------------------------------------------------------------------

FENCE = re.compile(r"^```console\n(.*?)^```", re.M | re.S)
#: Commands that are not run here; nothing is said of their output.
ELSEWHERE = ("make", "pip", ".venv/bin/pytest", ".venv/bin/pre-commit", ".venv/bin/npm")
ROUNDING = re.compile(r"\b(agree|kink) \d+e[-+]\d+")


@dataclass(frozen=True)
class Command:
    line: int
    text: str
    output: str


def commands(page: str) -> Iterator[Command]:
    for block in FENCE.finditer(page):
        first = page.count("\n", 0, block.start()) + 2
        parts = re.split(r"^\$ ", block[1].replace("\\\n", " "), flags=re.M)
        assert parts[0] == "", f"line {first}: a console block begins with a command"
        for part in parts[1:]:
            text, _, output = part.partition("\n")
            yield Command(first, text, output)


def faults(page: str, folder: Path, capsys) -> Iterator[str]:
    """What the commands of a page print that the page does not say."""
    status = 0
    for command in commands(page):
        name, *arguments = shlex.split(command.text, comments=True)
        if name in ELSEWHERE:
            continue
        if name == "cat":
            (folder / arguments[0]).write_text(command.output, encoding="utf-8")
            continue
        if name == "echo":
            got = f"{status}\n"
        elif name == "symbp":
            with pytest.raises(SystemExit) as stop:
                main(arguments)
            status = int(stop.value.code or 0)
            printed = capsys.readouterr()
            got = printed.out + printed.err
        else:
            yield f"line {command.line}: nobody runs {name}"
            continue
        if not agree(command.output, got):
            yield f"line {command.line}: $ {command.text}\n{got}"


def agree(wanted: str, got: str) -> bool:
    """Equal but for rounding errors, spaces at line ends, and what `...` stands for."""
    a, b = (
        re.sub(r"[ \t]+", " ", ROUNDING.sub(r"\1 rounding", text)).replace(" \n", "\n")
        for text in (wanted, got)
    )
    return OutputChecker().check_output(a, b, ELLIPSIS)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_commands_print_what_the_page_says(page, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert list(faults(page.read_text(encoding="utf-8"), tmp_path, capsys)) == []


@pytest.mark.parametrize(
    ("text", "caught"),
    [
        ("$ symbp notations\n...\n", False),
        ("$ symbp notations\nbold\n", True),
        ("$ symbp derive lstn\nsymbp: unknown network 'lstn'...\n$ echo $?\n2\n", False),
        ("$ symbp derive lstn\n...\n$ echo $?\n1\n", True),
        ("$ curl example.com\n", True),
        ("$ make demo\n", False),
    ],
)
def test_a_wrong_output_is_caught(text, caught, tmp_path, capsys):
    page = f"```console\n{text}```\n"
    assert bool(list(faults(page, tmp_path, capsys))) == caught


# -- the pages as a whole -------------------------------------------------------------------------


def test_the_glossary_gives_every_term_in_both_languages():
    text = (ROOT / "docs/glossary.md").read_text(encoding="utf-8")
    blocks = re.findall(r":::\{glossary\}\n(.*?)^:::", text, re.M | re.S)
    entries = [[line for line in e.splitlines() if line[:1].strip()]
               for block in blocks for e in block.split("\n\n")]  # fmt: skip
    assert len(entries) > 30
    for terms in entries:
        languages = {bool(re.search("[\u4e00-\u9fff]", t)) for t in terms}
        assert languages == {True, False}, terms


def test_the_api_page_has_every_module_of_the_package():
    text = (ROOT / "docs/api.md").read_text(encoding="utf-8")
    found = (p for p in (ROOT / "symbp").iterdir() if p.name[0] != "_" and p.name != "py.typed")
    modules = {p.name.removesuffix(".py") for p in found} - {"demo"}
    listed = {m.split(".")[1] for m in re.findall(r"automodule:: (symbp\.\S+)", text)}
    assert listed >= modules
