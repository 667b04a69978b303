r"""Whole documents: declarations, places, rows that go on, malformed LaTeX in between."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.claims_by_hand import shown, shown_statuses

DECLARED = r"""<!-- symbp
equations:
    z^l = W^l a^{l-1} + b^l
    a^l = \sigma(z^l)
    C = \frac{1}{2} \|a^L - y\|^2
define: \delta^l = \frac{\partial C}{\partial z^l}
functions: \sigma sigmoid
-->

"""
RIGHT = r"\delta^L = (a^L - y) \odot \sigma'(z^L)"
WRONG = r"\delta^L = (a^L - y) \odot \sigma(z^L)"


def test_a_declared_network():
    text = DECLARED + f"A right one: ${RIGHT}$, a wrong one:\n\n$$\n{WRONG}\n$$\n"
    right, wrong = shown(text)
    assert (right.line, right.column, right.verdict.status.value) == (10, 15, "proved")
    assert (wrong.line, wrong.column, wrong.verdict.status.value) == (13, 1, "refuted")
    assert wrong.verdict.latex == WRONG
    assert wrong.verdict.counterexample is not None
    assert right.verdict.scope == "for every width and depth"


@pytest.mark.parametrize(
    "kind, text",
    [
        ("markdown", DECLARED + f"${RIGHT}$ ${WRONG}$"),
        ("markdown", DECLARED + f"$$ {RIGHT} $$\n\n\\\\( {WRONG} \\\\)"),
        ("markdown", DECLARED + f"| a | b |\n|---|---|\n| ${RIGHT}$ | ${WRONG}$ |"),
        ("markdown", DECLARED + f"> $${RIGHT}$$\n\n- item ${WRONG}$"),
        ("markdown", DECLARED + f"\\begin{{align}} {RIGHT} \\\\ {WRONG} \\end{{align}}"),
        ("markdown", DECLARED + f"```math\n{RIGHT}\n```\n\n$`{WRONG}`$"),
        (
            "tex",
            "\\documentclass{article}\\begin{document}\n"
            + "".join(f"% {x}\n" for x in DECLARED.strip().splitlines()[:-1]).replace("<!-- ", "")
            + f"\n\\[ {RIGHT} \\] and ${WRONG}$\n\\end{{document}}\n",
        ),
    ],
)
def test_formulas_in_every_kind_of_delimiter(kind, text):
    assert [f.verdict.status.value for f in shown(text, kind)] == ["proved", "refuted"]


def test_rows_that_begin_with_a_sign_of_equality_go_on():
    text = DECLARED + (
        "$$\\delta^L = \\frac{\\partial C}{\\partial a^L} \\odot \\sigma'(z^L)$$\n"
        "and so\n"
        "$$= (a^L - y) \\odot \\sigma'(z^L)$$\n"
        "$$= (a^L - y) \\odot \\sigma(z^L)$$\n"
    )
    found = shown(text)
    assert [f.verdict.status.value for f in found] == ["proved", "proved", "refuted"]
    assert [f.line for f in found] == [10, 12, 13]
    assert found[2].verdict.latex == WRONG


def test_each_member_of_an_aligned_chain_has_a_verdict():
    text = DECLARED + (
        "$$\\begin{aligned}\n\\delta^l &= \\frac{\\partial C}{\\partial z^l} \\\\\n"
        "&= W^{l+1} \\delta^{l+1} \\odot \\sigma'(z^l) \\\\\n"
        "&= (W^{l+1})^T \\delta^{l+1} \\odot \\sigma'(z^l)\n\\end{aligned}$$\n"
    )
    assert shown_statuses(text) == ["proved", "refuted", "proved"]


def test_what_only_defines_is_no_claim():
    assert shown(DECLARED + "$z^l = W^l a^{l-1} + b^l$ and $x = 3$ and $q = 2 p$") == []


@pytest.mark.parametrize(
    "relation, verdict",
    [("=", "refuted"), (":=", "refuted"), (r"\equiv", "refuted"), (r"\approx", "undecided"),
     (r"\propto", "undecided"), (r"\to", "undecided")],
)  # fmt: skip
def test_only_equalities_are_refuted(relation, verdict):
    assert shown_statuses(DECLARED + f"${WRONG}$".replace("=", relation)) == [verdict]


# -- declarations ---------------------------------------------------------------------------------


def number(loss: str, case: str = "") -> str:
    """A declaration about one neuron."""
    lines = ["<!-- symbp", "equations:", "    z = w x", f"    C = {loss} (z - y)^2"]
    return "\n".join([*lines, *([f"case: {case}"] if case else []), "-->", ""])


HALF = r"$\frac{\partial C}{\partial w} = (z - y) x$"
FULL = r"$\frac{\partial C}{\partial w} = 2 (z - y) x$"
TRIPLE = r"$\frac{\partial C}{\partial w} = 3 (z - y) x$"


def test_a_declaration_holds_from_its_place_on():
    half, whole = number(r"\frac{1}{2}"), number("")
    text = f"{half}\n{HALF} {FULL}\n\n## Next\n\n{whole}\n{HALF} {FULL}\n"
    assert shown_statuses(text) == ["proved", "refuted", "refuted", "proved"]


def test_cases_stand_beside_each_other():
    half, whole = number(r"\frac{1}{2}", "half"), number("", "full")
    found = shown(f"{half}\n{whole}\n{HALF} {FULL} {TRIPLE}\n")
    assert [f.verdict.status.value for f in found] == ["proved", "proved", "refuted"]
    for f, case in zip(found, ("half", "full"), strict=False):
        assert any(c.endswith(f"for {case}") for c in f.verdict.conventions)


def test_a_library_network_is_declared_by_name():
    text = (
        "<!-- symbp network: mlp; notation: ng; activation: sigmoid; batch: m -->\n"
        "$\\Delta^{(L)} = \\frac{1}{m} (A^{(L)} - Y) .* g'(Z^{(L)})$\n"
        "$\\Delta^{(L)} = (A^{(L)} - Y) .* g'(Z^{(L)})$\n"
    )
    assert shown_statuses(text) == ["proved", "refuted"]


@pytest.mark.parametrize(
    "declaration, message",
    [
        ("<!-- symbp\nequations:\n    z = w x +\n-->", "equation z = w x +: something is missing"),
        ("<!-- symbp network: mlpp -->", "unknown network 'mlpp': did you mean 'mlp'?"),
        ("<!-- symbp network: mlp; loss: huberr -->", "did you mean 'huber'?"),
        ("<!-- symbp losss: C -->", "unknown key 'losss': did you mean 'loss'?"),
        ("<!-- symbp\nequations:\n    a = b\n    b = a\n-->", "a and b need each other"),
        ("<!-- symbp functions: f -->", "functions: 'f'"),
    ],
)
def test_a_wrong_declaration_is_said_and_the_rest_goes_on(declaration, message):
    text = f"{declaration}\n\n{DECLARED}\n${RIGHT}$\n"
    first, second = shown(text)
    assert first.verdict.status.value == "unread"
    assert first.line <= 3
    assert message in first.verdict.reason
    assert second.verdict.status.value == "proved"


def test_without_any_equations_nothing_is_judged():
    (found,) = shown(r"$\frac{\partial C}{\partial W^l} = \delta^l (a^{l-1})^T$")
    assert found.verdict.status.value == "unread"
    assert found.verdict.reason == "no equations of a network were found"


# -- what is malformed ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "latex, reason",
    [
        (r"\delta^L = (a^L - y) \frac{\partial C}{", "1 opening brace { never closed"),
        (r"\delta^L = \frac{a}", "malformed LaTeX"),
        (r"\delta^L = (a^L - y) \odot", "something is missing at the end"),
        (r"\delta^L = \unknown{a^L}", "does not fit here"),
        (r"\delta^L = q^L", "no equation defines q^L"),
        (r"\delta^L = \begin{vmatrix} a \\ b \end{vmatrix}", "determinants are not read"),
        (r"\delta^L = " + "{" * 61 + "a" + "}" * 61, "nested more than"),
    ],
)
def test_a_formula_that_is_not_understood_stops_nothing(latex, reason):
    text = DECLARED + f"${RIGHT}$\n\n${latex}$\n\n${WRONG}$\n"
    found = shown(text)
    assert [f.verdict.status.value for f in found] == ["proved", "unread", "refuted"]
    assert reason in found[1].verdict.reason
    assert found[1].line == 12


def test_macros_of_the_post():
    text = (
        DECLARED
        + r"""
$\newcommand{\pd}[2]{\frac{\partial #1}{\partial #2}}
\def\err{\delta}$

$$\pd{C}{W^l} = \err^l (a^{l-1})^T$$
$$\pd{C}{W^l} = a^{l-1} (\err^l)^T$$
"""
    )
    assert shown_statuses(text) == ["proved", "refuted"]


# -- the same input, the same output --------------------------------------------------------------

POST = (
    DECLARED
    + f"${RIGHT}$ ${WRONG}$\n\n"
    + r"""
$$\frac{\partial C}{\partial W^l} = a^{l-1} (\delta^l)^T$$
$$\frac{\partial C}{\partial w_{jk}^l} = a_j^{l-1} \delta_k^l$$
$$\frac{\partial C}{\partial q} = (W^{l+1})^T \delta^{l+1}$$
$$\delta^L = (a^L - y) \sigma'(z^L)$$
"""
)
PROGRAM = r"""
import sys
from symbp.documents.check import check
from symbp.documents.report.json import write_json
report = check(sys.stdin.read())
sys.stdout.write(write_json(report.findings))
"""


def test_two_processes_with_other_hashes_write_the_same_bytes():
    root = Path(__file__).parents[1]

    def written(seed: str) -> bytes:
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(root)}
        return subprocess.run(
            [sys.executable, "-c", PROGRAM], input=POST.encode(), env=environment, check=True,
            capture_output=True, cwd=root,
        ).stdout  # fmt: skip

    first, second = written("1"), written("4242")
    assert first == second
    verdicts = [f["verdict"] for f in json.loads(first)]
    assert verdicts == ["proved", "refuted", "refuted", "refuted", "unread", "undecided"]


def test_updates_without_any_sign_of_a_derivative_are_claims():
    text = r"""$z = w^T x$ and $C = (z - y)^2$.

$w := w - \eta \, 2 (z - y) x$, $w := w - \eta (z - y) x$, $w := w + 2 \eta (z - y) x$.
"""
    assert shown_statuses(text) == ["proved", "undecided", "refuted"]
