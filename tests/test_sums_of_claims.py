r"""Index letters that stand on one side only: implied sums, steps, and sums that are lost."""

import pytest

from symbp.documents.judging import judged
from symbp.documents.read import read_text
from symbp.reading.grammar.lexer import tokens
from symbp.reading.grammar.parser import Vocabulary, parse
from symbp.reading.grammar.syntax import BigSum, Call, Fraction, Product, walk
from symbp.reading.implied import with_sums
from tests.claims_by_hand import judges as judges_of
from tests.claims_by_hand import status, verdict, verdicts

SOFTMAX = r"""
p_i = \frac{e^{u_i}}{\sum_k e^{u_k}}
E = -\sum_i r_i \log p_i
"""
EINSTEIN = {
    "summation": "implied",
    "functions": r"\delta kronecker",
    "assume": r"\sum_i r_i = 1",
    "shapes": "r n",
}
LAYERS = r"""
q_i = \sum_j A_{ij} x_j
h_i = \tanh(q_i)
v_k = \sum_i B_{ki} h_i
E = \frac{1}{2} \sum_k (v_k - r_k)^2
"""


def by(u: str, right: str, of: str = "E") -> str:
    return rf"\frac{{\partial {of}}}{{\partial {u}}} = {right}"


# -- where sums are written ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("latex", "letters", "before"),
    [
        (r"r_i \frac{1}{p_i} q_{ik}", "i", [Product]),
        (r"\frac{e^{u_k}}{e^{u_m}}", "m", [Call]),
        (r"\frac{e^{u_m}}{e^{u_m} + c}", "m", [Fraction]),
        (r"\exp(w_{ij} x_j)", "j", [Product]),
        (r"\exp(w_{ij} x_j)", "i", [Call]),
        (r"\log(\exp(u_m))", "m", [Call]),
        (r"a_i b_i - a_i c", "i", [Product, None]),
        (r"\sum_i a_i b_i", "i", [Product]),
    ],
)
def test_where_an_implied_sum_has_its_place(latex, letters, before):
    read = parse(tokens(latex), Vocabulary())
    found = [n.body for n in walk(with_sums(read, letters)) if isinstance(n, BigSum)]
    assert len(found) == len(before)
    for body, kind in zip(found, before, strict=True):
        assert kind is None or isinstance(body, kind)


# -- implied sums ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        (r"-r_i \frac{1}{p_i} \frac{\partial p_i}{\partial u_k}",
         r"r_i \frac{1}{p_i} \frac{\partial p_i}{\partial u_k}"),
        (r"-r_i \frac{1}{p_i} \frac{\partial}{\partial u_k} \frac{e^{u_i}}{e^{u_m}}",
         r"-r_i \frac{1}{p_k} \frac{\partial}{\partial u_k} \frac{e^{u_i}}{e^{u_m}}"),
        (r"-r_i \left[ \frac{e^{u_i} \delta_{ik}}{e^{u_m}} - "
         r"\frac{e^{u_i}}{(e^{u_m})^2} e^{u_q} \delta_{qk} \right] \frac{1}{p_i}",
         r"-r_i \left[ \frac{e^{u_i} \delta_{ik}}{e^{u_m}} - "
         r"\frac{e^{u_i}}{e^{u_m}} e^{u_q} \delta_{qk} \right] \frac{1}{p_i}"),
        (r"-r_i (\delta_{ik} - p_q \delta_{qk})", r"-r_i (\delta_{ik} + p_q \delta_{qk})"),
        (r"-r_k + r_i p_k", r"-r_k + r_i p_i"),
        (r"p_k - r_i \delta_{ik}", r"p_i - r_k"),
        (r"p_k - r_k", r"p_k - r_i"),
    ],
)  # fmt: skip
def test_what_the_left_side_lacks_is_summed(right, wrong):
    assert status(SOFTMAX, by("u_k", right), **EINSTEIN) == "proved"
    assert status(SOFTMAX, by("u_k", wrong), **EINSTEIN) == "refuted"


def test_a_sum_over_a_letter_that_stands_once_is_said():
    found = verdict(SOFTMAX, by("u_k", r"r_i p_k - r_k"), **EINSTEIN)
    assert "holds with a sum over i, as sums are implied" in found.conventions


def test_a_sum_that_may_be_meant_before_a_whole_term_is_open():
    r"""Σ_m 1/u_m and 1/Σ_m u_m are different: with only the first it is not proved."""
    equations = "z = c x\nE = z \\sum_m \\frac{1}{u_m}"
    given = {"summation": "implied", "shapes": "u n, x 1, c 1"}
    found = verdict(equations, by("z", r"\frac{1}{u_m}"), **given)
    assert found.status.value == "undecided"
    assert found.reason == "it holds only with the sum over m before the whole of its term"
    assert status(equations, by("z", r"\frac{2}{u_m}"), **given) == "refuted"


@pytest.mark.parametrize(
    ("u", "right", "wrongs"),
    [
        ("x_j", r"(v_k - r_k) B_{ki} (1 - h_i^2) A_{ij}",
         (r"(v_k - r_k) B_{ik} (1 - h_i^2) A_{ij}", r"(v_k - r_k) B_{ki} (1 - h_i) A_{ij}",
          r"(r_k - v_k) B_{ki} (1 - h_i^2) A_{ij}", r"(v_k - r_k) B_{ki} (1 - h_j^2) A_{ij}")),
        ("A_{ij}", r"(v_k - r_k) B_{kl} \delta_{li} (1 - h_i^2) x_j",
         (r"(v_k - r_k) B_{kl} \delta_{lj} (1 - h_i^2) x_j",
          r"(v_k - r_k) B_{kl} \delta_{li} (1 - h_i^2) x_i")),
        ("B_{ki}", r"\delta_{ka} (v_a - r_a) h_i", (r"\delta_{ka} (v_a - r_a) h_a",)),
    ],
)  # fmt: skip
def test_kronecker_deltas_among_implied_sums(u, right, wrongs):
    given = {"summation": "implied", "functions": r"\delta kronecker",
             "indices": "i j k l a unit"}  # fmt: skip
    assert status(LAYERS, by(u, right), **given) == "proved"
    for wrong in wrongs:
        assert status(LAYERS, by(u, wrong), **given) == "refuted"


def test_a_fixed_letter_is_never_summed():
    equations = r"s = \sum_j U_{j} V_{jc}" "\n" r"E = \exp(s)"
    given = {"summation": "implied", "indices": "c fixed"}
    right = r"\exp(U_k V_{kc}) \frac{\partial}{\partial V_{ic}} (U_m V_{mc})"
    assert status(equations, by("V_{ic}", right), **given) == "proved"
    assert status(equations, by("V_{ic}", "2 " + right), **given) == "refuted"


def test_without_the_convention_a_lost_sum_is_a_mistake():
    found = verdict(LAYERS, by("h_i", r"(v_k - r_k) B_{ki}"))
    assert (found.status.value, found.mistake) == ("refuted", "missing sum")


def test_the_only_summation_that_is_known_is_implied():
    text = "<!-- symbp\nequations:\n    E = u^2\nsummation: einstein\n-->\n\n$1$\n"
    [found] = judged(read_text(text, "post.md", "markdown"))
    assert "unknown summation 'einstein'" in found.verdict.reason


def test_one_name_may_stand_for_one_of_two_families():
    equations = r"""
    t = x W^{(1)}
    v = \tanh(t) W^{(2)}
    E = \frac{1}{2} \sum_k v_k^2
    """
    given = {"define": "W = W^{(2)}", "indices": "t unit",
             "shapes": "x row a, t row b, v row c"}  # fmt: skip
    assert status(equations, by("t", r"v W^T \odot (1 - \tanh(t)^2)"), **given) == "proved"
    assert status(equations, by("x", r"v W^T"), **given) == "refuted"


# -- steps -----------------------------------------------------------------------------------------

STEPS = r"""
h_t = \tanh(w h_{t-1} + u x_t)
E = \frac{1}{2} \sum_{t=1}^{T} (h_t - y_t)^2
"""


def steps(latex: str) -> tuple[str, str]:
    found = verdict(STEPS, latex, shapes="all 1", indices="i time")
    return found.status.value, found.reason


def test_a_letter_of_steps_that_one_side_lacks():
    body = r"\frac{\partial E}{\partial h_t} (1 - h_t^2) x_t"
    assert steps(by("u", r"\sum_{t=1}^T " + body))[0] == "proved"
    status_, reason = steps(by("u", body))
    assert status_ == "undecided"
    assert reason.endswith("it holds with a sum over t, and none stands there")
    status_, reason = steps(by("u", r"\sum_{t=i}^T " + body))
    assert status_ == "undecided"
    assert reason == "the index i stands on one side only: it holds at i = 1 only"
    for wrong in ("-" + body, body.replace("x_t", "x_{t-1}"), body.replace("^2", "")):
        assert steps(by("u", wrong))[0] == "refuted"
        assert steps(by("u", r"\sum_{t=i}^T " + wrong))[0] == "refuted"


def test_a_sum_that_another_member_has_is_lost():
    body = r"\frac{\partial E}{\partial h_t} (1 - h_t^2) x_t"
    chain = by("u", rf"\sum_{{t=1}}^T {body} = {body}")
    found = verdicts([judges_of(STEPS, shapes="all 1")], chain)
    assert [v.status.value for v in found] == ["proved", "refuted"]


# -- products without a sign -----------------------------------------------------------------------

GATES = r"""
f = \sigma(z)
c = f \odot p + q \odot r
E = \frac{1}{2} \|c - y\|^2
"""


def test_what_a_missing_sign_means_may_be_declared():
    given = {"functions": r"\sigma sigmoid"}
    partial = r"\frac{\partial E}{\partial c}"
    for right, wrong in (
        ("(c - y) r", "(c - y) p"),
        (f"{partial} r", f"{partial} p"),
        (f"r {partial}", f"p {partial}"),
    ):
        assert status(GATES, by("q", right), **given) == "undecided"
        assert status(GATES, by("q", right), products="elementwise", **given) == "proved"
        for other in (wrong, f"-{right}"):
            assert status(GATES, by("q", other), products="elementwise", **given) == "refuted"


def test_what_a_missing_sign_means_is_told_by_the_equations():
    """Two columns side by side in an equation have no other meaning than entry by entry."""
    equations = GATES.replace(r"\odot ", "")
    given = {"functions": r"\sigma sigmoid", "shapes": "z n, p n, q n, r n"}
    assert status(equations, by("q", r"(c - y) r"), **given) == "proved"
    assert status(equations, by("z", r"(c - y) p f (1 - f)"), **given) == "proved"
    assert status(equations, by("q", r"(c - y) p"), **given) == "refuted"
    assert status(equations, by("z", r"(c - y) p f (1 + f)"), **given) == "refuted"


def test_matrices_side_by_side_that_are_no_product_are_open():
    equations = r"""
    z^{(i)} = W^T x^{(i)}
    a^{(i)} = \sigma(z^{(i)})
    E = \frac{1}{2} \sum_{i=1}^m \|a^{(i)} - y^{(i)}\|^2
    """
    given = {"batch": "X = x, Z = z, A = a, Y = y", "layout": "rows", "functions": r"\sigma any"}
    found = verdict(equations, by("Z", r"(A - Y) \sigma'(Z)"), **given)
    assert found.status.value == "undecided"
    assert found.reason.startswith("two matrices side by side have no matrix product")
    assert status(equations, by("Z", r"(A - Y) \odot \sigma'(Z)"), **given) == "proved"
    declared = {**given, "products": "elementwise"}
    assert status(equations, by("Z", r"(A - Y) \sigma'(Z)"), **declared) == "proved"
    assert status(equations, by("Z", r"(A + Y) \sigma'(Z)"), **declared) == "refuted"


def test_a_letter_of_a_function_may_be_defined_as_its_value():
    given = {"functions": r"\sigma sigmoid", "define": r"\sigma = \sigma(z)"}
    equations = "z = w^T x\nE = \\frac{1}{2} (\\sigma(z) - y)^2"
    right = r"(\sigma - y) \frac{\partial \sigma}{\partial z} x"
    assert status(equations, by("w", right), **given) == "proved"
    assert status(equations, by("w", right.replace("-", "+")), **given) == "refuted"
