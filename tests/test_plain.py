"""Gradient formulas in plain text: found where they stand, and nothing else."""

from __future__ import annotations

import pytest

from symbp.documents.plain import as_latex
from symbp.documents.read import read_text
from symbp.documents.region import Plain
from tests.claims_by_hand import shown

BATCH = r"""<!-- symbp
equations:
  z^{[1](i)} = W^{[1]} x^{(i)} + b^{[1]}
  a^{[1](i)} = \tanh(z^{[1](i)})
  z^{[2](i)} = W^{[2]} a^{[1](i)} + b^{[2]}
  a^{[2](i)} = \sigma(z^{[2](i)})
  L^{(i)} = -\sum_k (y_k^{(i)} \log a_k^{[2](i)} + (1 - y_k^{(i)}) \log(1 - a_k^{[2](i)}))
  J = \frac{1}{m} \sum_{i=1}^m L^{(i)}
define:
  dz^{[l](i)} = \partial L^{(i)} / \partial z^{[l](i)}
functions: \sigma sigmoid
batch: X = x, Z = z, A = a, Y = y, dZ = dz
layout: columns
size: L = 2
loss: J
-->

"""
VECTORS = r"""<!-- symbp
equations:
  z^l = W^l a^{l-1} + b^l
  a^l = \sigma(z^l)
  C = \frac12 \|a^L - y\|^2
define:
  \delta^l = \partial C / \partial z^l
-->

"""
ROWS = r"""<!-- symbp
equations:
  z_i^n = W_i^T x_{i-1}^n + b_i
  x_i^n = act(z_i^n)
  out^n = x_L^n
  l = \frac{1}{N} \sum_n \sum_k (out_k^n - goal_k^n)^2
functions: act any
names: out, goal
indices: i layer, n sample
batch: z = z, x = x, out = out, goal = goal
constants: N
layout: rows
shapes: x p, z p, b p, l 1
loss: l
-->

"""


def plain(text: str) -> list[str]:
    """The formulas in plain text that a post has."""
    parts = read_text(text, "post.md", "markdown").parts
    return [part.text for part in parts if isinstance(part, Plain)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Here `dW = dz * x` holds.", ["dW = dz * x"]),
        ("dW = dz * x", ["dW = dz * x"]),
        ("- dW = dz * x.", ["dW = dz * x"]),
        ("2. dl/dW_i = x_i.T @ dl/dz_i # why", ["dl/dW_i = x_i.T @ dl/dz_i"]),
        ("```\ndW = dz * x\ndb = dz\n```", ["dW = dz * x", "db = dz"]),
        ("So:\n\n    4. ∂C/∂b = δ\n", ["∂C/∂b = δ"]),
        ("```python\ndW = dz * x\n```", []),
        ("```\ndef f(x):\n    dW = dz * x\n```", []),
        ("```\ndW = dz * x\nW -= 0.1 * dW\n```", []),
        ("```\nfor k in x:\n  dW = dz * x\n```", []),
        ("In prose dW = dz * x stands inside.", []),
        ("$$\ndW = dz * x\n$$", []),
        ("<!--\ndW = dz * x\n-->", []),
        ("<pre>\ndW = dz * x\n</pre>", []),
        ("# dW = dz * x", []),
        ("dim = x", []),
        ("dt = 0.1", []),
        ("`dz == x`", []),
        ("z = W x", []),
    ],
)
def test_what_is_found(text: str, found: list[str]) -> None:
    assert plain(text) == found


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("dW2 = np.dot(dZ2, A1.T)", "dW^{[2]} = np.dot(dZ^{[2]}, A^{[1]}.T)"),
        ("delta_l = sigmoid_prime(z_l)", r"\delta_{l} = sigmoid'(z_{l})"),
        ("δ^(l+1) = a**2", "δ^{(l+1)} = a^{2}"),
        ("∂C/∂Wˡⱼₖ = δˡⱼ", "∂C/∂W^{l}_{jk} = δ^{l}_{j}"),
        ("dW = sum_i x_i", r"dW = \sum_i x_{i}"),
        ("dW = reduce_sum(x, axis=0)", "dW = sum(x, axis=0)"),
        ("δ^l = W^l+1 δ^l", ""),  # where does the script end?
    ],
)
def test_as_latex(text: str, latex: str) -> None:
    assert as_latex(text, True) == latex


@pytest.mark.parametrize(
    ("declared", "text", "expected"),
    [
        (BATCH, "dZ2 = A2 - Y", "proved"),
        (BATCH, "dZ2 = Y - A2", "refuted"),
        (BATCH, "dW2 = np.dot(dZ2, A1.T) / m", "proved"),
        (BATCH, "dW2 = np.dot(dZ2, A1.T)", "refuted"),
        (BATCH, "dW2 = np.dot(dZ2.T, A1) / m", "refuted"),
        (BATCH, "dW2 = np.dot(dZ2, A1.T) / m + W2", "refuted"),
        (BATCH, "db2 = np.sum(dZ2, axis=1, keepdims=True) / m", "proved"),
        (BATCH, "db2 = np.sum(dZ2, axis=0, keepdims=True) / m", "refuted"),
        (BATCH, "db2 = np.mean(dZ2, axis=1)", "proved"),
        (BATCH, "dZ1 = np.dot(W2.T, dZ2) * (1 - A1**2)", "proved"),
        (BATCH, "dZ1 = np.dot(W2.T, dZ2) * (1 - A1)", "refuted"),
        (BATCH, "dZ1 = np.multiply(W2.T @ dZ2, 1 - A1**2)", "proved"),
        (BATCH, "dW[1] = (1/m) dZ[1] X^T", "proved"),
        (BATCH, "dW[1] = (1/m) dZ[2] X^T", "refuted"),
        (VECTORS, "δ^l = (W^(l+1))^T δ^(l+1) ⊙ σ'(z^l)", "proved"),
        (VECTORS, "δ^l = (W^(l+1))^T δ^(l+1) ⊙ σ(z^l)", "refuted"),
        (VECTORS, "delta^l = (W^[l+1])^T delta^[l+1] .* sigma_prime(z^[l])", "proved"),
        (VECTORS, "∂C/∂Wˡⱼₖ = δˡⱼ a⁽ˡ⁻¹⁾ₖ", "proved"),
        (VECTORS, "∂C/∂Wˡⱼₖ = δˡₖ a⁽ˡ⁻¹⁾ₖ", "refuted"),
        (VECTORS, "∂C/∂W^l = np.outer(δ^l, a^(l-1))", "proved"),
        (VECTORS, "∂C/∂W^l = np.outer(a^(l-1), δ^l)", "refuted"),
        (ROWS, "10. dl/dW_i = x_{i-1}.T @ dl/dz_i  # to make the shapes match", "proved"),
        (ROWS, "dl/dW_i = x_{i-1} @ dl/dz_i", "refuted"),
        (ROWS, "dl/db_i = sum(dl/dz_i, axis=0)", "proved"),
        (ROWS, "dl/db_i = mean(dl/dz_i, axis=0)", "refuted"),
        (ROWS, "dl/dz_{i-1} = (dl/dz_i @ W_i.T) * dact/dz_{i-1}", "proved"),
        (ROWS, "dl/dz_{i-1} = (dl/dz_i @ W_i.T) * dact/dz_i", "refuted"),
        (ROWS, "dz_i/dW_i = x_{i-1}", "undecided"),  # three indices and two
    ],
)
def test_verdicts(declared: str, text: str, expected: str) -> None:
    for post in (f"`{text}`", f"\n    {text}\n"):
        (finding,) = shown(declared + post)
        assert finding.verdict.status.value == expected
        assert finding.column > 1


@pytest.mark.parametrize(
    "text",
    [
        "dW2 = np.dot(dQ2, A1.T) / m",  # a name that nothing defines
        "dW2 = some words of prose",
        "dW2 = dropped / m",
        "dA = the error",
    ],
)
def test_what_is_not_read_is_no_finding(text: str) -> None:
    assert shown(f"{BATCH}`{text}`\n\n{text}\n") == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("dw = (a - y) * a * (1 - a) * x", ["proved"]),
        ("dw = (y - a) * a * (1 - a) * x", ["refuted"]),
        ("dw = (a - y) * a * (1 - a) * q", []),
        ("dropout = a", []),
    ],
)
def test_where_the_network_is_that_of_the_document(text: str, expected: list[str]) -> None:
    network = (
        r"$z = w^T x$, $a = \sigma(z)$, $\sigma(u) = \frac{1}{1 + e^{-u}}$, "
        r"$C = \frac{1}{2} (a - y)^2$"
    )
    found = shown(f"{network}\n\nSo `{text}`.")
    assert [f.verdict.status.value for f in found] == expected


def test_without_any_network_nothing_is_said() -> None:
    assert shown("So `dw = (a - y) * x`, and `dy/dx = 2 * x`.") == []


def test_a_derivative_of_a_function_by_a_vector_stays_open() -> None:
    latex = r"\delta^L = (a^L - y) \odot \frac{\partial \sigma}{\partial z^L}"
    (finding,) = shown(f"{VECTORS}${latex}$")
    assert finding.verdict.reason.endswith("or a matrix of it")
