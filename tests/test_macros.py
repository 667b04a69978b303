"""Macros are collected in every form and expanded within bounds."""

from __future__ import annotations

import pytest

from symbp.documents.formats.macros import DEPTH, LENGTH, collect, definitions, expand
from symbp.documents.region import Macro
from symbp.errors import ReadingError

FORMS = {
    r"\newcommand{\a}{x}": Macro(r"\a", 0, "x"),
    r"\newcommand\a{x}": Macro(r"\a", 0, "x"),
    r"\newcommand*{\a}[2]{#1_{#2}}": Macro(r"\a", 2, "#1_{#2}"),
    r"\newcommand{\a}[2][y]{#1_{#2}}": Macro(r"\a", 2, "#1_{#2}", "y"),
    r"\renewcommand{\a} [1] { \vec{#1} }": Macro(r"\a", 1, r"\vec{#1}"),
    r"\providecommand{\a}{x}": Macro(r"\a", 0, "x"),
    r"\def\a{x}": Macro(r"\a", 0, "x"),
    r"\def\a#1#2{#1{#2}}": Macro(r"\a", 2, "#1{#2}"),
    r"\gdef\a{x\}}": Macro(r"\a", 0, r"x\}"),
    r"\let\a\b": Macro(r"\a", 0, r"\b"),
    r"\let\a = b": Macro(r"\a", 0, "b"),
    r"\DeclareMathOperator{\a}{diag}": Macro(r"\a", 0, r"\operatorname{diag}"),
    r"\DeclareMathOperator*{\a}{max}": Macro(r"\a", 0, r"\operatorname*{max}"),
    r"""Macros: {a: "\\mathbb{R}"}""": Macro(r"\a", 0, r"\mathbb{R}"),
    r"""macros: {b: 'y', a: ['\\vec{#1}', 1]}""": Macro(r"\a", 1, r"\vec{#1}"),
    r"""macros: {"\\a": "\\frac{#1}{#2}"}""": Macro(r"\a", 2, r"\frac{#1}{#2}"),
}

NO_MACRO = [
    r"\newcommand",
    r"\newcommand{a}{x}",
    r"\newcommand{\a}{x",
    r"\newcommand{\a}[n]{x}",
    r"\def\a(#1){x}",
    r"\define\a{x}",
    r"\letter\a",
    r"macros: {a: 5}",
]


@pytest.mark.parametrize(("text", "macro"), FORMS.items(), ids=FORMS)
def test_every_form_of_definition(text, macro):
    assert collect(f"before {text} after")[macro.name] == macro


@pytest.mark.parametrize("text", NO_MACRO)
def test_what_is_no_definition(text):
    assert collect(text) == {}


def test_the_last_definition_counts():
    assert collect(r"\def\a{x} \renewcommand{\a}{y}")[r"\a"].body == "y"


def test_a_definition_inside_a_definition_is_part_of_its_body():
    assert [macro.name for _, _, macro in definitions(r"\def\a{\def\b{x}} \def\c{y}")] == [
        r"\a",
        r"\c",
    ]


EXPANDED = [
    (r"\newcommand{\R}{\mathbb{R}}", r"x \in \R^n", r"x \in \mathbb{R}^n"),
    (r"\newcommand{\v}[1]{\mathbf{#1}}", r"\v{w}^T \v x", r"\mathbf{w}^T \mathbf{x}"),
    (r"\newcommand{\v}[1]{\mathbf#1}", r"\v w \v{\delta}", r"\mathbf w \mathbf\delta"),
    (r"\newcommand{\v}[1]{\mathbf{#1}}", r"\v{\v{a}_{\v b}}", r"\mathbf{\mathbf{a}_{\mathbf{b}}}"),
    (r"\newcommand{\d}[2][C]{\frac{\partial #1}{\partial #2}}", r"\d w = \d[L]{w}",
     r"\frac{\partial C}{\partial w} = \frac{\partial L}{\partial w}"),
    (r"\def\b{\beta}\def\a{\b c}", r"\a\a", r"\beta c\beta c"),
    (r"\def\b{\beta}", r"\b x\b_x", r"\beta x\beta_x"),
    (r"\def\T{\top}", r"W^\T W^{\T}x_\T", r"W^{\top} W^{\top}x_{\top}"),
    (r"\def\s{\sigma}", r"\s(z), \sum \s'", r"\sigma(z), \sum \sigma'"),
    (r"\def\v#1{\vec{#1}}\def\w#1{\v{#1}'}", r"\w{\v a}", r"\vec{\vec{a}}'"),
    (r"\let\eps\varepsilon", r"\eps x", r"\varepsilon x"),
    (r"\def\a{x}", r"\def\b{y}\a \alpha \\ \{", r"x \alpha \\ \{"),
]  # fmt: skip


@pytest.mark.parametrize(("macros", "latex", "meaning"), EXPANDED)
def test_expansion(macros, latex, meaning):
    assert expand(latex, collect(macros)) == meaning


def test_without_macros_only_definitions_go():
    assert expand(r"\def\a{x}\a + \b", {}) == r"\a + \b"


FAULTS = [
    (r"\def\a{\a}", r"\a", r"the macro \a is defined by itself"),
    (r"\def\a{x \b}\def\b{\a}", r"\b", r"the macro \b is defined by itself (\b → \a → \b)"),
    (r"\def\a#1{x}", r"\a", r"the macro \a takes one argument: found 0"),
    (r"\def\a#1#2{x}", r"{\a y}", r"the macro \a takes 2 arguments: found 1"),
    (r"\def\a#1{x}", r"\a{x", r"the macro \a takes one argument: found 0"),
    ("".join(rf"\def\{a}{{\{b}\{b}}}" for a, b in zip("abcdefghijklmnopqr", "bcdefghijklmnopqrs",
     strict=True)) + r"\def\s{x}", r"\a", rf"grows to more than {LENGTH} characters"),
    (r"\def\a#1{#1#1}", r"\a{" * 20 + "x" + "}" * 20, rf"grows to more than {LENGTH} characters"),
    (r"\def\a#1{x}", r"\a{" * 200 + "}" * 200, f"macros are nested more than {DEPTH} deep"),
]  # fmt: skip


@pytest.mark.parametrize(("macros", "latex", "message"), FAULTS)
def test_what_cannot_be_expanded_is_said(macros, latex, message):
    with pytest.raises(ReadingError) as caught:
        expand(latex, collect(macros))
    assert message in str(caught.value)


def test_a_recursive_macro_harms_only_the_formulas_that_use_it():
    assert expand(r"\b", collect(r"\def\a{\a}\def\b{x}")) == "x"
