"""The LaTeX engines accept what is right and catch planted faults."""

import json

import pytest

from tests.latex_engines import ENGINES, Formula, check_latex

GOOD = [
    r"\delta^L_j = \frac{\partial C}{\partial a^L_j} \sigma'(z^L_j)",
    r"\delta^l = \left( (W^{l+1})^{\top} \delta^{l+1} \right) \odot \sigma'(z^l)",
    r"\begin{aligned} dZ^{[2]} &= A^{[2]} - Y \\ db &= \tfrac{1}{m} \sum_i dZ^{(i)} \end{aligned}",
    r"\begin{pmatrix} w_{11} & w_{12} \\ w_{21} & w_{22} \end{pmatrix}",
    r"\begin{cases} z & \text{若 } z > 0 \\ 0 & \text{otherwise} \end{cases}",
    r"\operatorname{diag}(\boldsymbol{a}) - \mathbf{a a}^{\top} \in \mathbb{R}^{n \times n}",
]
BAD = {
    "undefined macro": (r"\delt^l", {"KaTeX", "MathJax"}),
    "undefined environment": (r"\begin{equations} a \end{equations}", {"KaTeX", "MathJax"}),
    "double superscript": ("a^b^c", {"KaTeX", "MathJax"}),
    "double subscript": ("w_j_k", {"KaTeX", "MathJax"}),
    "open brace": (r"\frac{a}{b", {"KaTeX", "MathJax"}),
    "stray brace": ("a}", {"KaTeX", "MathJax"}),
    r"\left without \right": (r"\left( a", {"KaTeX", "MathJax"}),
    "stray &": ("a & b", {"KaTeX", "MathJax"}),
    "Chinese in math": ("w_权重", {"KaTeX"}),
    "comment at the end": ("a % b", {"KaTeX"}),
    "no metrics": ("\u2e18", {"KaTeX"}),
    "only in KaTeX": (r"\bm{W}", {"MathJax"}),
    "only in MathJax": (r"\eqref{BP1}", {"KaTeX"}),
}


@pytest.mark.parametrize("display", [True, False])
def test_good_formulas_pass(display):
    assert check_latex([Formula(latex, latex, display) for latex in GOOD]) == []


def test_each_planted_fault_is_caught_by_its_engines():
    formulas = [Formula(name, latex) for name, (latex, _) in BAD.items()]
    caught: dict[str, set[str]] = {name: set() for name in BAD}
    for failure in check_latex(formulas):
        caught[failure.id].add(failure.engine)
        assert failure.message
    assert caught == {name: engines for name, (_, engines) in BAD.items()}


def test_a_fault_does_not_hide_or_spoil_its_neighbours():
    failures = check_latex([Formula("a", "x"), Formula("b", r"\no"), Formula("c", r"\sum_j x_j")])
    assert {failure.id for failure in failures} == {"b"}


def test_display_reaches_the_engines():
    assert check_latex([Formula("tag", r"x \tag{1}", display=True)]) == []
    assert check_latex([Formula("tag", r"x \tag{1}", display=False)])


def test_checking_nothing_is_an_error():
    with pytest.raises(ValueError, match="check nothing"):
        check_latex([])


def test_versions_are_pinned_and_no_address_is_locked():
    wanted = json.loads((ENGINES / "package.json").read_text(encoding="utf-8"))["dependencies"]
    lock = json.loads((ENGINES / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    for name, version in wanted.items():
        assert lock[f"node_modules/{name}"]["version"] == version
    assert not any("resolved" in package for package in lock.values())
