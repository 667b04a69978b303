"""Ways of typing formulas that are none of LaTeX's: read as they are meant, or not at all."""

from __future__ import annotations

import pytest

from tests.claims_by_hand import MLP, problem, shown_statuses, status, verdict

DELTA = {"define": r"\delta^l = \partial C / \partial z^l", "functions": r"\sigma sigmoid"}
#: One neuron: σ(z) of a number.
NEURON = r"""
z = w^T x
p = \sigma(z)
C = \frac{1}{2} (p - y)^2
"""
SIGMOID = {"functions": r"\sigma sigmoid"}
SOFTMAX = r"""
p_i = \frac{e^{z_i}}{\sum_k e^{z_k}}
C = -\sum_i y_i \log p_i
"""
HINGE = r"""
s_j = w_j^T x
C = \sum_{j \neq c} \max(0, s_j - s_c + 1)
"""
FIXED = {"indices": "c fixed", "shapes": "w K x d, x d"}


@pytest.mark.parametrize(
    ("latex", "expected"),
    [
        (r"\delta^l = W^{l+1 T} \delta^{l+1} \odot \sigma'(z^l)", "proved"),
        (r"\delta^l = W^{l+1, T} \delta^{l+1} \odot \sigma'(z^l)", "proved"),
        (r"\delta^l = W^{lT} \delta^{l+1} \odot \sigma'(z^l)", "refuted"),
        (r"\delta^l = W^{l+1}.T \delta^{l+1} \odot \sigma'(z^l)", "proved"),
        (r"\delta^l = W^{l+1}.T \delta^{l+1} \odot \sigma(z^l)", "refuted"),
        (r"\delta^l = W[l+1].T @ \delta[l+1] * \sigma[l]^{'}(z[l])", "proved"),
        (r"\delta^l = W[l].T @ \delta[l+1] * \sigma[l]^{'}(z[l])", "refuted"),
        (r"\delta^l = (W^{l+1})^T \delta^{l+1} \odot \sigma^{\prime l}(z^l)", "proved"),
        (r"\delta^l = (W^{l+1})^T \delta^{l+1} \odot \sigma^{[l]'}(z^{l+1})", "refuted"),
        (r"dW^l = \delta^l (a^{l-1}).T", "proved"),
        (r"dW^l = \delta^l a^{l-1}.T", "proved"),
        (r"dW^l = \delta^l a^l.T", "refuted"),
        (r"\frac{\partial C}{\partial W_j k^l} = \delta_j^l a_k^{l-1}", "proved"),
        (r"\frac{\partial C}{\partial W_j k^l} = \delta_k^l a_j^{l-1}", "refuted"),
        (r"\frac{\partial C}{\partial W{jk}^l} = \delta_j^l a_k^{l-1}", "proved"),
        (r"\frac{\partial C}{\partial W{kj}^l} = \delta_j^l a_k^{l-1}", "refuted"),
        (r"\frac{\partial a_i^l}{\partial z_j^l} = 1_{i=j} a_i^l (1 - a_i^l)", "proved"),
        (r"\frac{\partial a_i^l}{\partial z_j^l} = 1_{i=j} a_i^l (1 + a_i^l)", "refuted"),
        (r"\frac{\partial a_i^l}{\partial z_j^l} = \mathbf 1\{i=j\} a_i^l (1-a_i^l)", "proved"),
        (r"\frac{\partial a_i^l}{\partial z_j^l} = \mathbf 1\{i \neq j\} a_i^l", "refuted"),
        (r"\frac{\partial a_i^l}{\partial z_j^l} = \mathbf{1}_{i=j} a_i^l (1-a_i^l)", "proved"),
        (r"\frac{\partial a_i^l}{\partial z_j^l} = I(i = j) a_i^l (1-a_i^l)", "proved"),
        (r"\frac{\partial a_i^l}{\partial z_j^l} = \mathbf{1}_{i \in S} a_i^l", "unread"),
    ],
)  # fmt: skip
def test_ways_of_typing(latex: str, expected: str) -> None:
    assert status(MLP, latex, **DELTA) == expected


def test_a_mark_is_no_power() -> None:
    assert problem(MLP, r"\frac{\partial C}{\partial y} = y^{[2]}") == "the mark [2] is no power"
    assert status(MLP, r"\frac{\partial C}{\partial y} = y^{(1)} - a^L") == "unread"


@pytest.mark.parametrize(
    ("latex", "expected"),
    [
        (r"\sigma'(z) = (\frac{1}{1 + e^{-z}})'", "proved"),
        (r"\sigma'(z) = \left[\frac{1}{1 + e^{-z}}\right]^\prime", "proved"),
        (r"\sigma'(z) = (\frac{1}{1 + e^{z}})'", "refuted"),
        (r"p (1 - p) = (\sigma(z))'", "proved"),
        (r"p (1 + p) = (\sigma(z))'", "refuted"),
        (r"\sigma'(z) = (p (1 - p))'", "unread"),  # by z or by p?
        (r"\sigma'(z) = (\sigma(z) y)'", "unread"),  # by z or by y?
        (r"\sigma'(z) = (w^T x)'", "unread"),
        (r"\sigma'(z) = (z)'", "unread"),  # a transpose?
    ],
)
def test_a_prime_behind_brackets(latex: str, expected: str) -> None:
    assert status(NEURON, latex, **SIGMOID) == expected


def test_the_prime_of_a_vector_may_be_a_transpose() -> None:
    latex = r"\frac{\partial C}{\partial W^l} = \delta^l (\sigma(z^{l-1}))'"
    assert status(MLP, latex, **DELTA) == "unread"


@pytest.mark.parametrize(
    ("latex", "expected"),
    [
        (r"\text{for } i = j: \frac{\partial p_i}{\partial z_j} = p_i (1 - p_i)", ["proved"]),
        (r"\text{for } i = j: \frac{\partial p_i}{\partial z_j} = p_i (1 + p_i)", ["refuted"]),
        (r"if\ i \neq j, \frac{\partial p_i}{\partial z_j} = -p_i p_j", ["proved"]),
        (r"if\ i \neq j, \frac{\partial p_i}{\partial z_j} = p_i p_j", ["refuted"]),
        (r"i = j: \frac{\partial p_i}{\partial z_j} = -p_i p_j", ["refuted"]),
        (r"\frac{\partial p_i}{\partial z_j} = p_i (1 - p_i) (if\ i = j)", ["proved"]),
        (r"\frac{\partial p_i}{\partial z_j} = p_i (1 - p_i)", ["undecided"]),
        (
            r"\frac{\partial p_i}{\partial z_j} = p_i (1 - p_i) (if\ i = j) \\ or \\"
            r" = -p_i p_j (if\ i \neq j)",
            ["proved", "proved"],
        ),
        (
            r"\frac{\partial p_i}{\partial z_j} = p_i (1 - p_i) (if\ i = j) \\ or \\"
            r" = p_i p_j (if\ i \neq j)",
            ["proved", "refuted"],
        ),
        (
            r"\frac{\partial p_i}{\partial z_j} = p_i (1 - p_i) => i = j \qquad or \qquad"
            r" = -p_i p_j => i \neq j",
            ["proved", "proved"],
        ),
        (
            r"\frac{\partial p_i}{\partial z_j} = p_i (1 - p_i) => i = j \qquad or \qquad"
            r" = -p_i p_i => i \neq j",
            ["proved", "refuted"],
        ),
        (r"\frac{\partial p_i}{\partial z_j} = 1, \quad i = j, \quad i \neq j", ["unread"]),
        (  # the condition is of the last member alone
            r"\frac{\partial p_i}{\partial z_j} = p_i (1 - p_i) = p_i (1 - p_j) (if\ i = j)",
            ["undecided", "proved"],
        ),
        (
            r"\begin{aligned} \text{for } i = j: &\frac{\partial p_i}{\partial z_j} "
            r"= p_i (1 - p_i) \\ \text{for } i \neq j: &\frac{\partial p_i}{\partial z_j} "
            r"= -p_i p_j \end{aligned}",
            ["proved", "proved"],
        ),
        (
            r"\begin{aligned} \text{for } i \neq j: &\frac{\partial p_i}{\partial z_j} "
            r"= p_i (1 - p_i) \\ \text{for } i = j: &\frac{\partial p_i}{\partial z_j} "
            r"= -p_i p_j \end{aligned}",
            ["refuted", "refuted"],
        ),
    ],
)  # fmt: skip
def test_conditions_before_and_in_brackets(latex: str, expected: list[str]) -> None:
    equations = "\n  ".join(SOFTMAX.strip().splitlines())
    assert (
        shown_statuses(f"<!-- symbp\nequations:\n  {equations}\n-->\n\n$$ {latex} $$") == expected
    )


@pytest.mark.parametrize(
    ("latex", "expected"),
    [
        (r"\frac{\partial C}{\partial w_j} = 1(s_j - s_c + 1 > 0) x, \quad j \neq c", "proved"),
        (r"\frac{\partial C}{\partial w_j} = 1(s_j - s_c + 1 < 0) x, \quad j \neq c", "refuted"),
        (r"\frac{\partial C}{\partial w_j} = 1(s_j - s_c + 1 > 0) x", "undecided"),
        (r"\frac{\partial C}{\partial s_j} = -\sum_{k \neq c} 1(s_k > s_c - 1), j = c", "proved"),
        (r"\frac{\partial C}{\partial s_j} = \sum_{k \neq c} 1(s_k > s_c - 1), j = c", "refuted"),
    ],
)  # fmt: skip
def test_conditions_on_the_fixed_unit(latex: str, expected: str) -> None:
    assert status(HINGE, latex, **FIXED) == expected


def test_a_word_ends_a_formula_whose_bracket_stays_open() -> None:
    net = "\n  ".join(MLP.strip().splitlines())
    keys = f"define: {DELTA['define']}\nfunctions: {DELTA['functions']}"
    declared = f"<!-- symbp\nequations:\n  {net}\n{keys}\n-->"
    for sign, expected in (("-", "proved"), ("+", "refuted")):
        latex = rf"\delta^l = ((W^{{l+1}})^T \delta^{{l+1}}) .* (a^l .* (1 {sign} a^l)"
        behind = r" \hspace{4mm} for \hspace{4mm} l = L-1, ..., 2"
        assert shown_statuses(f"{declared}\n\n$$ {latex}{behind} $$") == [expected]


NEURONS = r"""
z_1 = w_{11} x_1 + w_{21} x_2 + b_1
z_2 = w_{12} x_1 + w_{22} x_2 + b_2
f_1 = f(z_1)
f_2 = f(z_2)
p = f_1 + f_2
L = (y - p)^2
"""
NUMBERS = {"functions": "f any", "names": "f_1, f_2", "shapes": "all 1"}
#: The factors of the path through neuron 1 and of that through neuron 2.
ONE = r"\frac{\partial f_1}{\partial z_1} \frac{\partial z_1}{\partial w_{11}}"
TWO = r"\frac{\partial f_2}{\partial z_2} \frac{\partial z_2}{\partial w_{11}}"


@pytest.mark.parametrize(
    ("right", "expected"),
    [
        (rf"-2 (y - p) ({ONE} + {TWO})", "proved"),
        (rf"2 (y - p) ({ONE} + {TWO})", "refuted"),
        (rf"-2 (y - p) {ONE}", "proved"),
        (rf"-2 (y - p) {TWO}", "refuted"),
    ],
)
def test_a_term_that_is_zero(right: str, expected: str) -> None:
    found = verdict(NEURONS, rf"\frac{{\partial L}}{{\partial w_{{11}}}} = {right}", **NUMBERS)
    assert found.status.value == expected
    if right.endswith(TWO):
        assert found.reason.endswith("by the equations given z_2 does not depend on w_11")


def test_a_left_side_that_is_zero_stays_unread() -> None:
    for right in ("0", "x_1"):
        latex = rf"\frac{{\partial z_2}}{{\partial w_{{11}}}} = {right}"
        assert status(NEURONS, latex, **NUMBERS) == "unread"


@pytest.mark.parametrize("name", ["L'", "L'(y, W, b)"])
def test_a_derivative_by_name_with_arguments(name: str) -> None:
    entries = {**NUMBERS, "define": rf"{name} = \partial L / \partial p"}
    assert status(NEURONS, r"L'(y, W, b) = -2 (y - p)", **entries) == "proved"
    assert status(NEURONS, r"L'(y, W, b) = 2 (y - p)", **entries) == "refuted"
    assert status(NEURONS, r"L'(y, W, b) = 2 (y - p)", **NUMBERS) == "unread"
