"""Networks with wide layers: proved for every width, refuted at the declared sizes too."""

from __future__ import annotations

import time

import pytest

from symbp.documents.check import check_formula
from symbp.judge.verdict import Verdict
from symbp.judge.wide import narrow
from symbp.networks import mlp

WIDE = "network: mlp\nsizes: 784,30,10\nactivation: sigmoid\nnotation: pinard"
W = r"\frac{\partial J}{\partial W^l}"


def verdict(latex: str, declaration: str = WIDE) -> Verdict:
    (found,) = check_formula(latex, declaration=declaration).findings
    return found.verdict


@pytest.mark.parametrize("latex", [
    rf"{W} = \delta^l (a^{{l-1}})^T",
    r"\delta^L = (a^L - y) \odot a^L \odot (1 - a^L)",
    r"\frac{\partial J}{\partial W^l_{jk}} = \delta^l_j a^{l-1}_k",
])  # fmt: skip
def test_a_right_formula_is_proved_for_every_width(latex: str) -> None:
    found = verdict(latex)
    assert (found.status.value, found.scope) == ("proved", "for every width and depth")


@pytest.mark.parametrize("latex", [
    rf"{W} = -\delta^l (a^{{l-1}})^T",
    rf"{W} = \frac{{1}}{{784}} \delta^l (a^{{l-1}})^T",
    r"\delta^L = (a^L - y) \odot a^L",
    r"\frac{\partial J}{\partial b^l} = 10 \delta^l",
])  # fmt: skip
def test_a_wrong_formula_is_refuted_at_sizes_that_are_said(latex: str) -> None:
    found = verdict(latex)
    assert found.status.value == "refuted"
    assert "shown at sizes" in found.reason
    assert "n = (5, 4, 3)" in found.reason


@pytest.mark.parametrize("latex, expected", [
    (r"\sum_j \frac{\partial a^L_j}{\partial a^L_j} = 10", "at the declared ones no difference"),
    (r"\sum_j \frac{\partial z^L_j}{\partial b^L_j} \delta^L_i = 10 \delta^L_i",
     "at the declared ones no difference"),
    (r"\sum_j \frac{\partial z^L_j}{\partial b^L_j} \delta^L_i = 3 \delta^L_i",
     "for the declared ones no proof"),
])  # fmt: skip
def test_what_holds_at_one_width_only_is_neither_proved_nor_refuted(
    latex: str, expected: str
) -> None:
    """Ten outputs are declared, three are tried."""
    found = verdict(latex)
    assert (found.status.value, expected in found.reason) == ("undecided", True)


def test_what_holds_at_no_width_is_refuted() -> None:
    latex = r"\sum_j \frac{\partial a^L_j}{\partial a^L_j} = 11"
    assert verdict(latex).status.value == "refuted"


def test_a_network_that_is_too_wide_to_be_tried() -> None:
    huge = WIDE.replace("784", "60000")
    assert verdict(rf"{W} = \delta^l (a^{{l-1}})^T", huge).status.value == "proved"
    found = verdict(rf"{W} = 2 \delta^l (a^{{l-1}})^T", huge)
    assert (found.status.value, "too wide" in found.reason) == ("undecided", True)


def test_it_takes_no_longer_than_small_layers() -> None:
    start = time.process_time()
    assert verdict(rf"{W} = \delta^l (a^{{l-1}})^T").status.value == "proved"
    assert verdict(rf"{W} = 2 \delta^l (a^{{l-1}})^T").status.value == "refuted"
    assert time.process_time() - start < 10


def test_equal_sizes_stay_equal() -> None:
    wide, small = mlp((784, 30, 30, 10)), mlp((3, 24, 1))
    assert narrow(wide).sizes == {"L": 3, "n": (5, 4, 4, 3)}
    assert narrow(small) is small
