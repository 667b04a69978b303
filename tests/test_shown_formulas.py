"""Formulas for people: Unicode at a terminal, MathML in a page; none of them stops a report."""

import html

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from symbp.documents.report import typeset as typesetting
from symbp.documents.report.typeset import harmless, prepared, small, typeset
from symbp.documents.report.unicode import as_unicode
from tests.made_findings import ALL, EVIL, PROVED, REFUTED

# -- formulas in Unicode ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        (REFUTED.latex, "∂J/∂Wˡ = aˡ⁻¹ (δˡ)ᵀ"),
        (PROVED.latex, "δˡ = ((Wˡ⁺¹)ᵀ δˡ⁺¹) ⊙ σ'(zˡ)"),
        (r"w_{jk}^l w^l_{jk}", "wⱼₖˡ wˡⱼₖ"),
        (r"dW^{[l]} = \frac1m dZ^{[l]} A^{[l-1]T}", "dW^[l] = 1/m dZ^[l] A^([l - 1]T)"),
        (r"\frac{1}{1+e^{-z}}", "1/(1 + e⁻ᶻ)"),
        (r"\frac{a+b}{c}x", "(a + b)/c x"),
        (r"\sum_{k=1}^{n} w_{k}", "∑ₖ₌₁ⁿ wₖ"),
        (r"\sum_{u,v}\delta_{u,v}", "∑_(u,v) δ_(u,v)"),
        (r"-x - y = (-z)", "-x - y = (-z)"),
        (r"\nabla_{\boldsymbol{w}} J", "∇_w J"),
        (r"\mathbf{W}^\top \hat{y}", "Wᵀŷ"),
        (r"f^{\prime}(z) = f^{'}(z)", "f'(z) = f'(z)"),
        (r"\sqrt{x+y} \sqrt x", "√(x + y) √x"),
        (r"a = b \text{ if } c \tag{1}\label{eq}", "a = b if c"),
        (r"\begin{pmatrix} a & b \\ c & d \end{pmatrix}", "[a b; c d]"),
        (r"\begin{aligned} a &= b \\ &= c \end{aligned}", "a = b = c"),
        ("误差 = \\delta", "误差 = δ"),
        ("", ""),
    ],
)
def test_latex_as_unicode(latex, text):
    assert as_unicode(latex) == text


@pytest.mark.parametrize(
    "latex", ["{" * 400, r"\frac{a}{", "a" * 5000, r"\left(" * 99, "}", r"\begin{x}", "$", "^", "_"]
)
def test_what_cannot_be_shown_stays_or_is_shown_in_part(latex):
    assert isinstance(as_unicode(latex), str)


# -- formulas as MathML -------------------------------------------------------------------------


@pytest.mark.parametrize("verdict", ALL)
def test_formulas_are_typeset(verdict):
    assert typeset(verdict.latex).startswith("<math ")


@pytest.mark.parametrize(
    "latex",
    [
        r"a &= b \tag{1}\label{eq:a} \\ &= c \nonumber",
        r"\begin{align} a &= b \\ &= c \end{align}",
        r"\begin{cases} 1 & x > 0 \\ 0 & \text{else} \end{cases}",
        r"\tanh(x) < 1",
        r"\part C",
        "误差 = x",
    ],
)
def test_habits_are_typeset(latex):
    assert typeset(latex).startswith("<math ")


@pytest.mark.parametrize(
    "latex",
    [
        r"\unknown",
        r"\frac{a}{",
        r"\href{javascript:alert(1)}{x}",
        r"\def\x{\x}\x",
        "{" * 100_000,
        "{" * 100 + "}" * 100,
        r"\left(" * 100,
        "x" * 3000,
    ],
)
def test_what_is_not_typeset_is_shown_as_it_is(latex):
    assert typeset(latex) == f"<code>{html.escape(latex)}</code>"


def test_a_formula_in_a_formula_s_text_is_text():
    mathml = typeset(rf"\text{{{EVIL}}}")
    assert harmless(mathml) or mathml.startswith("<code>")
    assert "<img" not in mathml


@pytest.mark.parametrize(
    "mathml",
    [
        "<math><script>alert(1)</script></math>",
        "<math><mi onclick='x'>x</mi></math>",
        "<math><mi style='background:url(x)'>x</mi></math>",
        "<math><maction href='javascript:x'/></math>",
        "<math><mi>x</math>",
        "<math></math><b></b>",
        "<!DOCTYPE x [<!ENTITY y 'z'>]><math>&y;</math>",
        "<svg></svg>",
        "",
    ],
)
def test_mathml_that_is_not_in_the_tables_is_not_trusted(mathml, monkeypatch):
    assert not harmless(mathml)
    monkeypatch.setattr(typesetting, "_translated", lambda latex: mathml)
    assert typeset("<x>") == "<code>&lt;x&gt;</code>"


PIECES = r"""\frac \sqrt \hat \left( \right) \begin{aligned} \end{aligned} \begin{array}{cc} \end
\begin { } [ ] ( ) ^ _ ' & \\ a b = + - , * $ % # ~ < > \text{ \mathbf \operatorname \partial \sigma
\sum \prime \tag{ \color{red} \verb|x| \input{x} \href \footnote{ \newcommand \def \( \[ \char
误""".split()


@given(st.lists(st.sampled_from(PIECES), max_size=20), st.sampled_from(["", " "]), st.just(1))
@example(["("], "", 400)
@example([r"\langle"], " ", 200)
@example(["{"], "", 1999)
@example([r"\sqrt"], "", 390)
@example(["^"], "", 1999)
@example([r"\frac"], "", 390)
def test_no_formula_stops_a_report(pieces, between, times):
    latex = between.join(pieces * times)
    assert isinstance(as_unicode(latex), str)
    shown = typeset(latex)
    assert harmless(shown) or shown == f"<code>{html.escape(latex)}</code>"


def test_rows_and_columns_get_an_environment():
    assert prepared(r"a = \begin{pmatrix} 1 & 2 \\ 3 \end{pmatrix}").startswith("a =")
    assert prepared(r"a \\ b").startswith(r"\begin{aligned}")
    assert prepared(r"a \& b") == r"a \& b"


def test_depth_counts_groups_environments_and_brackets():
    assert small("{" * 40 + "}" * 40)
    assert small("{}" * 500)
    assert not small("{" * 41)
    assert not small(r"\begin{x}\left(" * 21)
