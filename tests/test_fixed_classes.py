r"""The true class as an index: s_y, W_{y_i}, indicators, and conditions in brackets."""

import pytest

from tests.claims_by_hand import status

SOFTMAX = r"""
s_j = \sum_k W_{jk} x_k
E = -s_y + \log \sum_j e^{s_j}
"""
MARGIN = r"""
s_j = w_j^T x_i
E_i = \sum_{j \neq y_i} \max(0, s_j - s_{y_i} + 1)
"""
OF_SAMPLE = {"names": "x_i, y_i, E_i", "indices": "y_i fixed", "shapes": "w K x d, x_i d"}


def by(u: str, right: str, of: str = "E") -> str:
    return rf"\frac{{\partial {of}}}{{\partial {u}}} = {right}"


P = r"\frac{e^{s_i}}{\sum_j e^{s_j}}"


@pytest.mark.parametrize(
    ("u", "right", "wrong"),
    [
        ("s_y", P.replace("s_i", "s_y") + " - 1", P.replace("s_i", "s_y") + " + 1"),
        ("s_i", rf"{P} - 1\{{i = y\}}", rf"{P} - 1\{{i \neq y\}}"),
        ("s_i", rf"{P} - \mathbb{{1}}_{{i = y}}", rf"{P} + \mathbb{{1}}_{{i = y}}"),
        ("s_i", rf"{P} - \delta_{{iy}}", rf"{P} - \delta_{{iy}} s_i"),
        ("W_y", rf"({P.replace('s_i', 's_y')} - 1) x", rf"({P.replace('s_i', 's_y')}) x"),
        ("W_i", rf"{P} x \quad (i \neq y)", rf"{P} x \quad (i = y)"),
        ("W_i", rf"({P} - 1) x \quad (i = y)", rf"({P} - 1) x \quad (i \neq y)"),
        ("W_{ik}", rf"{P} x_k, \quad i \neq y", rf"{P} x_i, \quad i \neq y"),
    ],
)
def test_the_true_class(u, right, wrong):
    given = {"indices": "y fixed"}
    given |= {"functions": r"\delta kronecker"} if r"\delta" in right else {}
    assert status(SOFTMAX, by(u, right), **given) == "proved"
    assert status(SOFTMAX, by(u, wrong), **given) == "refuted"


@pytest.mark.parametrize(
    ("u", "right", "wrong"),
    [
        ("w_{y_i}", r"-\left( \sum_{j \neq y_i} 1(s_j - s_{y_i} + 1 > 0) \right) x_i",
         r"-\left( \sum_j 1(s_j - s_{y_i} + 1 > 0) \right) x_i"),
        ("w_j", r"1(w_j^T x_i - w_{y_i}^T x_i + 1 > 0) x_i \quad (j \neq y_i)",
         r"1(w_j^T x_i - w_{y_i}^T x_i + 1 > 0) w_j \quad (j \neq y_i)"),
        ("s_{y_i}", r"-\sum_{j \neq y_i} 1\{s_j - s_{y_i} + 1 > 0\}",
         r"\sum_{j \neq y_i} 1\{s_j - s_{y_i} + 1 > 0\}"),
    ],
)  # fmt: skip
def test_the_true_class_of_a_sample(u, right, wrong):
    assert status(MARGIN, by(u, right, "E_i"), **OF_SAMPLE) == "proved"
    assert status(MARGIN, by(u, wrong, "E_i"), **OF_SAMPLE) == "refuted"


def test_what_holds_for_the_other_classes_only_is_open():
    right = r"1(w_j^T x_i - w_{y_i}^T x_i + 1 > 0) x_i"
    assert status(MARGIN, by("w_j", right, "E_i"), **OF_SAMPLE) == "undecided"
    declared = {**OF_SAMPLE, "where": r"j \neq y_i"}
    assert status(MARGIN, by("w_j", right, "E_i"), **declared) == "proved"
    assert status(MARGIN, by("w_j", "2 " + right, "E_i"), **declared) == "refuted"
