r"""A refuted verdict shows a point: put into the network by hand it gives the values shown."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from symbp.judge.verdict import Counterexample, Status
from tests.claims_by_hand import MLP, RECURRENT, verdict

DELTA = r"\delta^l = \frac{\partial C}{\partial z^l}"
Point = dict[str, Any]


def point(shown: Counterexample) -> Point:
    """The values of a point as arrays; the fractions are exact eighths, thirds and the like."""
    return {name: array(text) for name, text in shown.values}


def array(text: str) -> Any:
    """[3/8, -1] as an array."""
    plain = re.sub(r"(-?\d+)(?:/(\d+))?", lambda m: str(int(m[1]) / int(m[2] or 1)), text)
    return np.array(parsed(plain))


def parsed(text: str) -> Any:
    """Nested lists of numbers, read without evaluation."""
    if not text.startswith("["):
        return float(text)
    parts, depth, start = [], 0, 1
    for i, c in enumerate(text):
        depth += (c == "[") - (c == "]")
        if (c == "," and depth == 1) or (c == "]" and depth == 0):
            parts.append(parsed(text[start:i].strip()))
            start = i + 1
    return parts


def refuted(equations: str, latex: str, **entries: str) -> Counterexample:
    """The counterexample of a claim that must be refuted by values."""
    found = verdict(equations, latex, **entries)
    assert found.status is Status.REFUTED, found
    assert found.counterexample is not None
    return found.counterexample


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def first_difference(left: Any, right: Any) -> tuple[float, float]:
    """The first entry in which two arrays differ."""
    for x, y in zip(np.ravel(left), np.ravel(right), strict=True):
        if abs(x - y) > 1e-9:
            return float(x), float(y)
    raise AssertionError("no difference")


def agrees(shown: Counterexample, left: Any, right: Any) -> bool:
    """Whether the two values shown are those computed, to the digits shown."""
    x, y = first_difference(left, right)
    return x == pytest.approx(float(shown.left), rel=2e-5) and y == pytest.approx(
        float(shown.right), rel=2e-5
    )


LINEAR = "z = W x + b\nC = \\frac{1}{2} \\|z - y\\|^2"


def error(p: Point) -> Any:
    return p["W"] @ p["x"] + p["b"] - p["y"]


LINEAR_CLAIMS: list[tuple[str, Callable[[Point], Any], Callable[[Point], Any]]] = [
    (
        r"\frac{\partial C}{\partial W} = (z + y) x^T",
        lambda p: np.outer(error(p), p["x"]),
        lambda p: np.outer(error(p) + 2 * p["y"], p["x"]),
    ),
    (
        r"\frac{\partial C}{\partial b_j} = 2 (z_j - y_j)",
        error,
        lambda p: 2 * error(p),
    ),
    (
        r"\frac{\partial C}{\partial x} = -W^T (z - y)",
        lambda p: p["W"].T @ error(p),
        lambda p: -p["W"].T @ error(p),
    ),
    (
        r"\frac{\partial C}{\partial y} = z - y",
        lambda p: -error(p),
        error,
    ),
    (
        r"\frac{\partial C}{\partial z} = (z - y) \odot z",
        error,
        lambda p: error(p) * (p["W"] @ p["x"] + p["b"]),
    ),
]


@pytest.mark.parametrize("latex, left, right", LINEAR_CLAIMS)
def test_a_linear_layer(latex, left, right):
    shown = refuted(LINEAR, latex)
    p = point(shown)
    assert agrees(shown, left(p), right(p))


@pytest.mark.parametrize(
    "right, factor",
    [
        (r"(a^L - y) \odot \sigma(z^L)", lambda a: a),
        (r"(a^L - y)", lambda a: 1),
        (r"(y - a^L) \odot \sigma'(z^L)", lambda a: -a * (1 - a)),
        (r"(a^L - y) \odot \sigma'(a^L)", lambda a: sigmoid(a) * (1 - sigmoid(a))),
        (r"\frac{1}{2} (a^L - y) \odot \sigma'(z^L)", lambda a: a * (1 - a) / 2),
    ],
)
def test_the_last_layer_of_a_network(right, factor):
    shown = refuted(MLP, rf"\delta^L = {right}", define=DELTA, functions=r"\sigma sigmoid")
    p = point(shown)
    a = p["x"]
    for layer in (1, 2, 3):
        a = sigmoid(p[f"W^{{{layer}}}"] @ a + p[f"b^{{{layer}}}"])
    e = a - p["y"]
    assert agrees(shown, e * a * (1 - a), e * factor(a))


def test_a_layer_of_a_network_is_named():
    latex = r"\frac{\partial C}{\partial w_{jk}^l} = \delta_j^l a_k^{l-1} + \delta_j^l"
    shown = refuted(MLP, latex, define=DELTA, functions=r"\sigma sigmoid")
    at = dict(part.split(" = ") for part in shown.where.split(", "))
    assert set(at) == {"l", "j", "k"}
    p = point(shown)
    a, layers = [p["x"]], (1, 2, 3)
    for layer in layers:
        a.append(sigmoid(p[f"W^{{{layer}}}"] @ a[-1] + p[f"b^{{{layer}}}"]))
    delta = {3: (a[3] - p["y"]) * a[3] * (1 - a[3])}
    for layer in (2, 1):
        back = p[f"W^{{{layer + 1}}}"].T @ delta[layer + 1]
        delta[layer] = back * a[layer] * (1 - a[layer])
    layer, j, k = (int(at[x]) for x in "ljk")
    d = delta[layer][j - 1]
    assert float(shown.left) == pytest.approx(d * a[layer - 1][k - 1], rel=2e-5)
    assert float(shown.right) == pytest.approx(d * a[layer - 1][k - 1] + d, rel=2e-5)


def through_time(p: Point) -> tuple[list[Any], list[Any], list[Any]]:
    """(h_t, errors o_t − y_t, ∂E/∂h_t) of the recurrent network, by hand; t from 0."""
    h, errors = [p["h_{0}"]], [np.zeros(len(p["V"]))]
    steps = p["x"].shape[0]
    for t in range(steps):
        h.append(np.tanh(p["W"] @ p["x"][t] + p["U"] @ h[-1] + p["b"]))
        errors.append(p["V"] @ h[-1] - p["y"][t])
    slopes = [np.zeros_like(h[0]) for _ in range(steps + 2)]
    for t in range(steps, 0, -1):
        slopes[t] = p["V"].T @ errors[t]
        if t < steps:
            slopes[t] = slopes[t] + p["U"].T @ (slopes[t + 1] * (1 - h[t + 1] ** 2))
    return h, errors, slopes


def test_a_missing_transpose_of_a_square_matrix():
    """U and its transpose have one shape: only values can tell."""
    back = r"(\frac{\partial E}{\partial h_{t+1}} \odot (1 - h_{t+1}^2))"
    latex = rf"\frac{{\partial E}}{{\partial h_t}} = V^T (o_t - y_t) + U {back}"
    shown = refuted(RECURRENT, latex, functions=r"\phi tanh")
    p = point(shown)
    h, errors, slopes = through_time(p)
    t = int(shown.where.removeprefix("t = "))
    wrong = p["V"].T @ errors[t] + p["U"] @ (slopes[t + 1] * (1 - h[t + 1] ** 2))
    assert agrees(shown, slopes[t], wrong)


def test_a_sum_over_time_with_a_wrong_step():
    latex = r"\frac{\partial E}{\partial V} = \sum_t (o_t - y_t) h_{t-1}^T"
    shown = refuted(RECURRENT, latex, functions=r"\phi tanh")
    p = point(shown)
    h, errors, _ = through_time(p)
    steps = range(1, len(h))
    right = sum(np.outer(errors[t], h[t]) for t in steps)
    assert agrees(shown, right, sum(np.outer(errors[t], h[t - 1]) for t in steps))


def test_the_values_are_certainly_different():
    """What is shown is enclosed by balls: a difference of rounding is none."""
    shown = refuted(LINEAR, r"\frac{\partial C}{\partial b} = (z - y) (1 + \frac{1}{10^6})")
    assert shown.left != shown.right
    p = point(shown)
    x, y = first_difference(error(p), error(p) * (1 + 1e-6))
    assert float(shown.left) / float(shown.right) == pytest.approx(x / y, abs=3e-7)
