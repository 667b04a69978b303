r"""What a post without a declaration leaves open: what is taken for granted, and what never is."""

from __future__ import annotations

import pytest

from tests.claims_by_hand import shown, shown_statuses

LAYERS = r"""
$z^l = W^l a^{l-1} + b^l$ and $a^l = \sigma(z^l)$. Let $\delta^l = \frac{\partial C}{\partial z^l}$.

"""


@pytest.mark.parametrize(
    "post, expected",
    [
        # a chain says what z is
        (
            r"""
$a^l = \sigma(z^l) = \sigma(W^l a^{l-1} + b^l)$, $C = \frac{1}{2} \|a^L - y\|^2$.

$\frac{\partial C}{\partial z^L} = (a^L - y) \odot \sigma'(z^L)$,
$\frac{\partial C}{\partial z^L} = (y - a^L) \odot \sigma'(z^L)$,
$\frac{\partial C}{\partial W^l} = \frac{\partial C}{\partial z^l} (a^{l-1})^T$,
$\frac{\partial C}{\partial W^l} = \frac{\partial C}{\partial z^l} (a^l)^T$.
""",
            ["proved", "refuted", "proved", "refuted"],
        ),
        # an equation that is not understood stands beside one that is
        (
            LAYERS
            + r"""
$C = \frac{1}{2} \|a^L - y\|^2$, and $C = \sum_{\rm all} \langle what \rangle$.

$\delta^L = (a^L - y) \odot \sigma'(z^L)$, $\delta^L = a^L \odot \sigma'(z^L)$.
""",
            ["proved", "proved", "undecided"],
        ),
        # a loss of which only the arguments are known
        (
            r"""
$z = W x$, $h = \phi(z)$, $o = V h$, $L = l(o, y)$ and $s = \frac{\lambda}{2} (\|W\|^2 + \|V\|^2)$,
$J = L + s$.

$\frac{\partial J}{\partial V} = \frac{\partial L}{\partial o} h^T + \lambda V$,
$\frac{\partial J}{\partial V} = \frac{\partial L}{\partial o} h^T + 2 \lambda V$,
$\frac{\partial J}{\partial h} = V^T \frac{\partial L}{\partial o}$,
$\frac{\partial J}{\partial h} = V \frac{\partial L}{\partial o}$.
""",
            ["proved", "refuted", "proved", "refuted"],
        ),
        # samples as subscripts under a mean
        (
            r"""
$h(x) = \theta^T x$ and $L = \frac{1}{2N} \sum_{i=1}^N (h(x_i) - y_i)^2$.

$\frac{\partial L}{\partial \theta} = \frac{1}{N} \sum_{i=1}^N (h(x_i) - y_i) x_i$,
$\frac{\partial L}{\partial \theta} = \frac{2}{N} \sum_{i=1}^N (h(x_i) - y_i) x_i$.
""",
            ["proved", "refuted"],
        ),
        # a quantity of one sample makes those it comes from quantities of that sample
        (
            r"""
$z = w^T x + b$, $a = \sigma(z)$, $\sigma(u) = \frac{1}{1 + e^{-u}}$,
$J = -\frac{1}{m} \sum_{i=1}^m (y^{(i)} \log a^{(i)} + (1 - y^{(i)}) \log (1 - a^{(i)}))$.

$\frac{\partial J}{\partial w} = \frac{1}{m} \sum_{i=1}^m (a^{(i)} - y^{(i)}) x^{(i)}$,
$\frac{\partial J}{\partial b} = \frac{1}{m} \sum_{i=1}^m (y^{(i)} - a^{(i)})$.
""",
            ["proved", "refuted"],
        ),
        # words
        (
            r"""
$net = w^T x$, $out = \tanh(net)$, $Loss = \frac{1}{2} (out - y)^2$.

$\frac{\partial Loss}{\partial net} = (out - y) (1 - out^2)$,
$\frac{\partial Loss}{\partial net} = (out - y) (1 + out^2)$.
""",
            ["proved", "refuted"],
        ),
        # layers one by one
        (
            r"""
$z^{[1]} = W^{[1]} x + b^{[1]}$, $a^{[1]} = \tanh(z^{[1]})$, $z^{[2]} = W^{[2]} a^{[1]} + b^{[2]}$,
$C = \frac{1}{2} \|z^{[2]} - y\|^2$.

$\frac{\partial C}{\partial W^{[2]}} = (z^{[2]} - y) a^{[1]T}$,
$\frac{\partial C}{\partial a^{[1]}} = W^{[2]T} (z^{[2]} - y)$,
$\frac{\partial C}{\partial a^{[1]}} = W^{[2]} (z^{[2]} - y)$.
""",
            ["proved", "proved", "refuted"],
        ),
        # single neurons beside layers: each with its own kind
        (
            r"""
$z = w x + b$, $a = \sigma(z)$, $C = \frac{1}{2} (a - y)^2$.

Later $z^l = W^l a^{l-1} + b^l$, $a^l = \sigma(z^l)$, $C = \frac{1}{2} \|a^L - y\|^2$:
$\frac{\partial C}{\partial w} = (a - y) \sigma'(z) x$,
$\frac{\partial C}{\partial z^L} = (a^L - y) \odot \sigma'(z^L)$,
$\frac{\partial C}{\partial z^L} = a^L - y$.
""",
            ["proved", "proved", "refuted"],
        ),
    ],
)
def test_what_a_post_says_in_its_own_way(post, expected):
    assert shown_statuses(post) == expected


@pytest.mark.parametrize(
    "post, expected",
    [
        # y = a = σ(z) says what a is
        (
            r"""
$z = w^T x + b$, $\hat{y} = a = \sigma(z)$, $\sigma(u) = \frac{1}{1 + e^{-u}}$,
$L(a, y) = -(y \log a + (1 - y) \log (1 - a))$.

$\frac{dL}{dz} = a - y$, $\frac{dL}{dz} = y - a$, $\frac{dL}{dw} = (a - y) x$.
""",
            ["proved", "refuted", "proved"],
        ),
        # the definition with the letter that is missing stands elsewhere
        (
            r"""
$p = h_\theta(x)$, $\sigma(u) = \frac{1}{1 + e^{-u}}$.

$\frac{\partial p}{\partial \theta_j} = p (1 - p) x_j$,
$\frac{\partial p}{\partial \theta_j} = p (1 + p) x_j$.

This follows from $p = \sigma(\theta^T x)$.
""",
            ["proved", "unread"],
        ),
        # the cost of a step
        (
            r"""
$h_t = U x_t + W s_{t-1}$, $s_t = \tanh(h_t)$, $o_t = V s_t$.

$\frac{\partial E_t}{\partial V} = \frac{\partial E_t}{\partial o_t} s_t^T$,
$\frac{\partial E_t}{\partial s_t} = V^T \frac{\partial E_t}{\partial o_t}$,
$\frac{\partial E_t}{\partial s_t} = V \frac{\partial E_t}{\partial o_t}$.
""",
            ["proved", "proved", "refuted"],
        ),
    ],
)
def test_definitions_in_other_places(post, expected):
    assert shown_statuses(post) == expected


def test_the_declaration_that_is_missing_is_named():
    text = r"$\delta^{(l)} = ((\Theta^{(l)})^T \delta^{(l+1)}) .* g'(z^{(l)})$"
    (found,) = shown(text)
    assert found.verdict.status.value == "unread"
    assert "declare <!-- symbp network: mlp; notation: ng -->" in found.verdict.reason


def test_what_an_error_is_may_be_assumed_and_is_said():
    text = r"""
$z^l = W^l a^{l-1} + b^l$, $a^l = \sigma(z^l)$, $C = \frac{1}{2} \|a^L - y\|^2$.

$\delta^L = (a^L - y) \odot \sigma'(z^L)$, $\delta^L = (a^L - y) \odot \sigma(z^L)$.
"""
    right, wrong = (f.verdict for f in shown(text))
    assert right.status.value == "proved"
    assert any(r"\frac{\partial C}{\partial z^{l}} is assumed" in c for c in right.conventions)
    assert wrong.status.value == "undecided"
    assert "is assumed" in wrong.reason


def test_an_activation_that_is_left_open_may_be_a_known_one_which_is_said():
    text = LAYERS + r"$\frac{\partial a^l_j}{\partial z^l_j} = a^l_j (1 - a^l_j)$"
    *_, found = shown(text)
    assert r"holds for \sigma the sigmoid" in found.verdict.conventions


def test_what_holds_with_another_loss_of_the_text_is_not_refuted():
    text = (
        LAYERS
        + r"""
$C = \frac{1}{2} \|a^L - y\|^2$. $\sigma(u) = \frac{1}{1 + e^{-u}}$.

Some take $C = -\sum_k (y_k \log a^L_k + (1 - y_k) \log (1 - a^L_k))$.

$\delta^L = (a^L - y) \odot \sigma'(z^L)$, $\delta^L = a^L - y$, $\delta^L = a^L + y$.
"""
    )
    assert shown_statuses(text)[1:] == ["undecided", "proved", "refuted"]


def test_what_holds_for_the_numbers_of_the_text_is_not_refuted():
    text = r"""
$z = w x$, $a = \sigma(z)$, $C = \frac{1}{2} (a - y)^2$. Take $x = 1$ and $y = 0$:

$\frac{\partial C}{\partial w} = a \sigma'(z)$,
$\frac{\partial C}{\partial w} = (a + y) \sigma'(z) x$.
"""
    assert shown_statuses(text) == ["undecided", "refuted"]
