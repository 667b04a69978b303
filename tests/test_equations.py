r"""The network of a post that declares none: its own forward equations, near each formula."""

from __future__ import annotations

import pytest

from symbp.documents.own.definitions import search
from symbp.documents.own.equations import Networks
from tests.claims_by_hand import only, shown, shown_statuses

FORWARD = r"""
Forward: $z^l = W^l a^{l-1} + b^l$, $a^l = \sigma(z^l)$ and

$$C = \frac{1}{2} \|a^L - y\|^2$$

"""
CLAIMS = r"""
$$\delta^L = (a^L - y) \odot \sigma'(z^L)$$
$$\delta^l = ((W^{l+1})^T \delta^{l+1}) \odot \sigma'(z^l)$$
$$\frac{\partial C}{\partial W^l} = \delta^l (a^{l-1})^T$$
$$\frac{\partial C}{\partial b^l} = \delta^l$$
"""
DEFINITION = r"We define $\delta^l = \frac{\partial C}{\partial z^l}$."


def test_the_equations_of_a_post_are_its_network():
    assert shown_statuses(FORWARD + DEFINITION + CLAIMS) == ["proved"] * 5


def test_wrong_formulas_are_refuted_by_the_post_s_own_equations():
    text = FORWARD + DEFINITION + CLAIMS.replace("'", "").replace("(a^{l-1})^T", "a^{l-1}")
    assert shown_statuses(text) == ["proved", "refuted", "refuted", "refuted", "proved"]


def test_the_equations_may_stand_behind_the_formulas():
    assert shown_statuses(CLAIMS + FORWARD + DEFINITION) == ["proved"] * 5


def test_a_chinese_post():
    text = r"""
# 反向传播

前向传播：$z^l=W^l a^{l-1}+b^l$，$a^l=\sigma(z^l)$，其中 $\sigma(z)=\frac{1}{1+e^{-z}}$。

损失函数为：

$$J = \frac{1}{2}\|a^L-y\|_2^2$$

定义误差 $\delta^l=\frac{\partial J}{\partial z^l}$，则有

$$\delta^L=(a^L-y)\odot\sigma'(z^L)，$$

$$\begin{aligned}\delta^l &= \left(\frac{\partial z^{l+1}}{\partial z^l}\right)^T\delta^{l+1} \\
&= (W^{l+1})^T\delta^{l+1}\odot a^l \odot (1 - a^l)\end{aligned}$$

$$\frac{\partial J}{\partial W^l}=\delta^l(a^{l-1})^T；\quad
\frac{\partial J}{\partial b^l}=\delta^l。$$

错误的公式：$\frac{\partial J}{\partial W^l}=a^{l-1}(\delta^l)^T$，
以及 $\delta^L=(y-a^L)\odot\sigma'(z^L)$。
"""
    assert shown_statuses(text) == ["proved"] * 6 + ["refuted"] * 2


@pytest.mark.parametrize(
    "post, expected",
    [
        # one network after the other
        (
            r"""
Linear: $z = w x + b$, $L = \frac{1}{2} (z - y)^2$: $\frac{\partial L}{\partial w} = (z - y) x$.

Now layers: $z^l = W^l a^{l-1} + b^l$, $a^l = \sigma(z^l)$, $L = \frac{1}{2} \|a^L - y\|^2$:
$\frac{\partial L}{\partial W^l} = \frac{\partial L}{\partial z^l} (a^{l-1})^T$,
$\frac{\partial L}{\partial W^l} = \frac{\partial L}{\partial z^l} (a^l)^T$.
""",
            ["proved", "proved", "refuted"],
        ),
        # a cost that changes: what holds with the other one may be meant for that
        (
            r"""
$z = w x$ and $a = \sigma(z)$. First $C = \frac{1}{2} (a - y)^2$:
$\frac{\partial C}{\partial w} = (a - y) \sigma'(z) x$, $\frac{\partial C}{\partial w} = (a - y) x$.

Now $C = -(y \log a + (1 - y) \log (1 - a))$ with $\sigma(z) = \frac{1}{1 + e^{-z}}$:
$\frac{\partial C}{\partial w} = (a - y) x$, $\frac{\partial C}{\partial w} = (a - y) \sigma'(z) x$.
""",
            ["proved", "undecided", "proved", "undecided"],
        ),
        # a cost that is named and never given: only what holds for every cost is proved
        (
            r"""
$z^l = W^l a^{l-1} + b^l$, $a^l = \sigma(z^l)$, $\delta^l = \frac{\partial C}{\partial z^l}$.

$\delta^l = (W^{l+1})^T \delta^{l+1} \odot \sigma'(z^l)$,
$\delta^l = (W^{l+1})^T \delta^{l+1} \odot \sigma(z^l)$,
$\frac{\partial C}{\partial b^l} = \delta^l$.
""",
            ["proved", "proved", "refuted", "proved"],
        ),
        # an activation written out is the sigmoid
        (
            r"""
$z = w x$, $a = \sigma(z)$, $\sigma(z) = \frac{1}{1 + e^{-z}}$, $C = (a - y)^2$.

$\frac{\partial C}{\partial z} = 2 (a - y) a (1 - a)$,
$\frac{\partial C}{\partial z} = 2 (a - y) a$.
""",
            ["proved", "refuted"],
        ),
        # entry by entry
        (
            r"""
$z_j = \sum_k w_{jk} x_k + b_j$ and $C = \frac{1}{2} \sum_j (z_j - y_j)^2$.

$\frac{\partial C}{\partial w_{jk}} = (z_j - y_j) x_k$,
$\frac{\partial C}{\partial w_{jk}} = (z_k - y_k) x_j$,
$\frac{\partial C}{\partial x_k} = \sum_j w_{jk} (z_j - y_j)$.
""",
            ["proved", "refuted", "proved"],
        ),
        # a recurrent network
        (
            r"""
$h_t = \tanh(W x_t + U h_{t-1})$, $o_t = V h_t$, $E = \sum_t \frac{1}{2} \|o_t - y_t\|^2$.

$\frac{\partial E}{\partial V} = \sum_t (o_t - y_t) h_t^T$,
$\frac{\partial E}{\partial h_T} = V^T (o_T - y_T)$,
$\frac{\partial E}{\partial h_T} = 2 V^T (o_T - y_T)$.
""",
            ["proved", "proved", "refuted"],
        ),
    ],
)
def test_posts(post, expected):
    assert shown_statuses(post) == expected


@pytest.mark.parametrize(
    "post, reason",
    [
        (r"$\frac{\partial C}{\partial W^l} = \delta^l (a^{l-1})^T$", "no equations of a network"),
        (
            r"$a^l = \sigma(z^l)$, $C = \|a^L - y\|^2$. $\frac{\partial C}{\partial W^l} = 0$",
            "no equation defines W^l",
        ),
        (
            r"$z = W x$, $C = \|z - y\|^2$. $\frac{\partial C}{\partial q} = 2 q$",
            "no equation defines q",
        ),
        (
            r"$z = W x$, $C = \|z - y\|^2$. $\frac{\partial C}{\partial W} = \gamma x^T$",
            r"no equation defines \gamma",
        ),
    ],
)
def test_what_the_post_does_not_say_is_named(post, reason):
    (found,) = shown(post)
    assert found.verdict.status.value == "unread"
    assert reason in found.verdict.reason


def test_an_incomplete_post_proves_and_refutes_nothing():
    """No equation says what z is, so that the cost does not reach W nor the lower layers."""
    text = r"""
$a^l = \sigma(z^l)$, $C = \frac{1}{2} \|a^L - y\|^2$ and $R = \|W^l\|^2$.

$\frac{\partial C}{\partial a^l} = (W^{l+1})^T \frac{\partial C}{\partial z^{l+1}}$,
$\frac{\partial C}{\partial W^l} = \frac{\partial C}{\partial z^l} (a^{l-1})^T$,
$\frac{\partial C}{\partial z^1} = \frac{\partial C}{\partial a^1} \odot \sigma(z^1)$.
"""
    assert set(shown_statuses(text)) <= {"unread", "undecided"}


def test_definitions_are_told_from_claims_and_updates():
    found = search([
        r"z^l = W^l a^{l-1} + b^l",
        r"\delta^l = \frac{\partial C}{\partial z^l}",
        r"\delta^L = (a^L - y) \odot \sigma'(z^L)",
        r"W^l = W^l - \eta \frac{\partial C}{\partial W^l}",
        "i = j",
        "x = 3",
        r"a = \begin{pmatrix} 1 \\ 2 \end{pmatrix}",
        r"\sigma(z) = \frac{1}{1 + e^{-z}}",
        r"z = \frac{a}{",
    ])  # fmt: skip
    assert [(d.left.base, d.derived) for d in found.definitions] == [
        ("z", False),
        (r"\delta", True),
    ]
    assert [(letter, name) for _, letter, name in found.functions] == [(r"\sigma", "sigmoid")]


def test_the_equation_before_a_formula_counts_else_the_one_behind_it():
    claim = r"\frac{\partial C}{\partial w} = 0"
    networks = Networks([claim, "C = z^2", claim, "C = 3 z", claim, "z = w x"], {})
    members = only(claim).members
    costs = []
    for place in (0, 2, 4):
        (lexicon,) = networks.at(place, members).lexicons
        costs.append(str(lexicon.system.defining("C")[0].rhs))
    assert costs == ["z**2", "z**2", "3*z"]
