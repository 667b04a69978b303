"""Difference quotients are approximations: never refuted, whatever sign stands between."""

from __future__ import annotations

import pytest

from tests.claims_by_hand import problem, quick_status

NETWORK = r"""
a = \sigma(w x + b)
J = \frac{1}{2} (a - y)^2
"""
W = r"\frac{\partial J}{\partial w}"


@pytest.mark.parametrize("sign", ["=", r"\approx"])
@pytest.mark.parametrize(
    "right",
    [
        r"\frac{J(w + \epsilon) - J(w - \epsilon)}{2 \epsilon}",
        r"\frac{J(w + \epsilon, b) - J(w, b)}{\epsilon}",
        r"\frac{J(w) - J(w - \epsilon)}{\epsilon}",
        r"(J(w + \epsilon) - J(w - \epsilon)) / (2 \epsilon)",
        r"\frac{1}{2} \frac{J(w + \epsilon) - J(w - \epsilon)}{\epsilon}",
    ],
)
def test_no_equality(right, sign):
    claim = f"{W} {sign} {right}"
    assert quick_status(NETWORK, claim, shapes="all 1", constants=r"\epsilon") == "unread"
    text = problem(NETWORK, claim, shapes="all 1", constants=r"\epsilon")
    assert "near a derivative" in text


@pytest.mark.parametrize(
    ("right", "expected"),
    [
        (r"\frac{a (a - y) - a^2 (a - y)}{1} x", "proved"),
        (r"\frac{a (1 - a) x (a + c) - a (1 - a) x (y + c)}{1}", "proved"),
        (r"\frac{a (1 - a) x (a + c) + a (1 - a) x (y + c)}{1}", "refuted"),
        (r"\frac{x (a + c) - x (y + c)}{c}", "refuted"),
    ],
)
def test_other_fractions_are_claims(right, expected):
    entries = {"shapes": "all 1", "functions": r"\sigma sigmoid", "constants": "c"}
    assert quick_status(NETWORK, f"{W} = {right}", **entries) == expected
