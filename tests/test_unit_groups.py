"""Letters of units that say the layer: i, j and k for three layers of one network."""

from __future__ import annotations

import pytest

from tests.claims_by_hand import status

LAYERS = r"""
net_j^l = \sum_i w_{ji}^l a_i^{l-1}
a_j^l = \sigma(net_j^l)
E = \frac{1}{2} \sum_j (t_j - a_j^L)^2
"""
GROUPS = {
    "define": r"\delta_j^l = -\partial E / \partial net_j^l",
    "functions": r"\sigma sigmoid",
    "names": "net, Downstream",
    "indices": "t unit, i unit l-1, j unit l, k unit l+1",
}


@pytest.mark.parametrize(
    ("latex", "expected"),
    [
        (r"\delta_j = a_j (1 - a_j) \sum_{k \in Downstream(j)} \delta_k w_{kj}", "proved"),
        (r"\delta_j = a_j (1 - a_j) \sum_k \delta_k w_{kj}", "proved"),
        (r"\delta_j = a_j (1 - a_j) \sum_k \delta_k w_{jk}", "refuted"),  # index
        (r"\delta_j = a_j (1 + a_j) \sum_k \delta_k w_{kj}", "refuted"),  # sign
        (r"\delta_j = a_j \sum_k \delta_k w_{kj}", "refuted"),  # factor
        (r"\delta_j = a_j (1 - a_j) \sum_i \delta_i w_{ij}", "refuted"),  # layer
        (r"\frac{\partial E}{\partial w_{ji}} = -\delta_j a_i", "proved"),
        (r"\frac{\partial E}{\partial w_{ji}} = -\delta_i a_j", "refuted"),
        (r"\frac{\partial net_k}{\partial a_j} = w_{kj}", "proved"),
        (r"\frac{\partial net_k}{\partial a_j} = w_{jk}", "refuted"),
        (
            r"\frac{\partial E}{\partial net_j} = \sum_{k \in Downstream(j)} "
            r"\frac{\partial E}{\partial net_k} \frac{\partial net_k}{\partial net_j}",
            "proved",
        ),
    ],
)
def test_the_letter_of_a_unit_says_its_layer(latex: str, expected: str) -> None:
    assert status(LAYERS, latex, **GROUPS) == expected


def test_nothing_is_said_of_letters_without_a_layer() -> None:
    bare = {**GROUPS, "indices": "t unit"}
    assert status(LAYERS, r"\delta_j = a_j (1 - a_j) \sum_k \delta_k w_{kj}", **bare) == "unread"


@pytest.mark.parametrize(
    ("latex", "expected"),
    [
        (r"\frac{\partial C}{\partial s} = \sum_k mean_k", "proved"),
        (r"\frac{\partial C}{\partial s} = -\sum_k mean_k", "refuted"),
    ],
)
def test_a_declared_name_is_no_function(latex: str, expected: str) -> None:
    equations = "mean_k = v_k x\nC = s \\sum_k mean_k"
    assert status(equations, latex, names="mean") == expected
