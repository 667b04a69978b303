"""Equations of a network are refused where they would be taken for something else."""

import pytest

import symbp
from symbp.errors import SymbpError

REFUSED = [
    (r"h = \tanh(W x + b; C = \|h\|^2",
     r"equation h = \tanh(W x + b: an opening bracket ( is never closed"),
    (r"h = \frac{(W x}{2}; C = \|h\|^2",
     r"equation h = \frac{(W x}{2}: an opening bracket ( is never closed"),
    ("h = tahn(W x); C = 1^T h",
     "equation h = tahn(W x): the function tahn is unknown: did you mean tanh? "
     "(functions: tahn any)"),
    ("h = softmx(W x); C = 1^T h",
     "equation h = softmx(W x): the function softmx is unknown: did you mean softmax? "
     "(functions: softmx any)"),
    (r"h = \tahn(W x); C = 1^T h",
     r"equation h = \tahn(W x): '\tahn' does not fit here: did you mean \tanh?"),
    (r"h = \mathrm{foo}(W x); C = 1^T h",
     r"equation h = \mathrm{foo}(W x): the function foo is unknown (functions: foo any)"),
    (r"h = \psi(W x + b); C = \|h\|^2",
     r"equation h = \psi(W x + b): \psi(...) may be a function (functions: \psi any) or a factor "
     r"at every entry (\psi \odot (...))"),
    (r"h_j = W_{jk} x_k; C = \sum_j h_j^2",
     "equation h_j = W_{jk} x_k: W_{jk} has the index j, but k neither stands on the left nor "
     "under a sum"),
    (r"h_j = \sum_k W_{jk} x_k; C = h_j^2",
     r"equation h_j = \sum_k W_{jk} x_k: W_{jk} has the index k, but j neither stands on the left "
     "nor under a sum"),
    (r"h = W^T x; u_j = {v'}_{w_j}^T h; C = \sum_j u_j^2",
     r"equation u_j = {v'}_{w_j}^T h: v'_{w_j}^T has the index j, but w neither stands on the left "
     "nor under a sum"),
    ("h = W x + b; C = h",
     "equation h = W x + b: a column met a number in a sum: the shapes differ"),
    ("h = W x + b",
     r"no equation defines a loss: h has several values; say how they become one number, as in "
     r"C = \frac{1}{2} \|h - y\|^2"),
    (r"C = (1 - p)^{\gamma} p",
     r"equation C = (1 - p)^{\gamma} p: no equation defines \gamma (constants: \gamma says that it "
     "is a given number)"),
    (r"Z = W X + b; C = \|Z - Y\|_F^2",
     r"b is added to a matrix: is it one column for all (write b \mathbf{1}^T), or a matrix of its "
     "own (shapes: b n x m)?"),
    (r"h_t = W h_{t-1} + U h_{t+1} + x_t; C = \|h_T\|^2",
     "h needs itself, and no index runs one way through all of it: h[t, j] needs h[t + 1, k], "
     "h[t, j] needs h[t - 1, k]"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), REFUSED)
def test_what_would_be_misread_is_refused(text, message):
    with pytest.raises(SymbpError) as error:
        symbp.read_system(text)
    assert str(error.value) == message


SAME = [
    (r"h = tahn(W x); C = \|h\|^2", {"functions": "tahn tanh"}, r"h = \tanh(W x); C = \|h\|^2"),
    (r"h = \psi(W x); C = \|h\|^2", {"functions": r"\psi tanh"}, r"h = \tanh(W x); C = \|h\|^2"),
    (r"h = s \odot (W x); C = \|h\|^2", {}, r"h = (W x) \odot s; C = \|h\|^2"),
    (r"h = s \odot W x + b; C = \|h\|^2", {}, r"h = s \odot (W x) + b; C = \|h\|^2"),
    (r"h = \sigma_h(W x); y = \sigma_y(V h); C = \|y\|^2",
     {"functions": r"\sigma_h tanh, \sigma_y relu"},
     r"h = \tanh(W x); y = \mathrm{ReLU}(V h); C = \|y\|^2"),
    (r"h = W^T x; u_j = {v'_j}^T h; C = \sum_j u_j^2", {},
     r"h = W^T x; u_j = v'^T_j h; C = \sum_j u_j^2"),
    (r"y_i = \sum_{k=0}^{K-1} w_k x_{i+k}; C = \sum_i y_i^2", {},
     r"y_i = \sum_k w_k x_{i+k-1}; C = \sum_i y_i^2"),
    (r"y_i = \frac{g_i}{s} (x_i - v^T u); s = u^T v; C = \sum_i y_i^2", {},
     r"y_i = g_i \frac{1}{s} (x_i - v^T u); s = u^T v; C = \sum_i y_i^2"),
    (r"h^l = g^l(W^l h^{l-1}); C = \|h^L\|^2", {}, r"h^l = g(W^l h^{l-1}); C = \|h^L\|^2"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "words", "other"), SAME)
def test_what_is_said_is_read(text, words, other):
    assert str(symbp.read_system(text, **words)) == str(symbp.read_system(other))


def test_samples_that_a_matrix_is_applied_to_are_vectors():
    net = symbp.read_system(
        r"z_i = W x_i; v = \frac{1}{m} \sum_{i=1}^m z_i; C = \sum_i \|z_i - v\|^2"
    )
    assert len(net["W"].slots) == len(net["z"].slots) == 2


def test_capitals_without_an_equation_are_the_matrices():
    net = symbp.read_system(
        r"T = \sigma(W_T x + b_T); H = \tanh(W_H x + b_H); "
        r"y = T \odot H + (1 - T) \odot x; C = \|y\|^2"
    )
    ranks = {v.name: len(v.slots) for v in net.variables}
    assert [ranks[n] for n in ("W_T", "W_H", "T·", "H", "y", "x") if n in ranks] == [2, 2, 1, 1, 1]


def test_a_column_for_every_sample_is_told_by_a_row_of_ones():
    columns = symbp.read_system(r"Z = W X + b \mathbf{1}^T; C = \|Z - Y\|_F^2")
    rows = symbp.read_system(r"Z = X W + \mathbf{1} b^T; C = \|Z - Y\|_F^2")
    assert len(columns["b"].slots) == len(rows["b"].slots) == 1
    assert symbp.verify(columns).ok
    assert symbp.verify(rows).ok


def test_indices_with_a_factor_steps_called_tau_and_entries_called_if():
    strided = symbp.read_system(r"z_i = \sum_{k=1}^K w_k x_{2i+k-2}; C = \sum_i z_i^2")
    assert str(strided.equations[0].rhs) == "Sum(w[k]*x[2*i + k - 2], (k, 1, K))"
    assert symbp.verify(strided).ok
    last = symbp.read_system(r"h^{(t)} = \tanh(W h^{(t-1)}); C = \|h^{(\tau)}\|^2")
    assert str(last.equations[-1].rhs) == "Sum(h[T, k]**2, (k, 1, n_h))"
    assert len(symbp.read_system(r"C = \sum_i \sum_f v_{if} x_i")["v"].slots) == 2
    policy = symbp.read_system(r"\pi = softmax(W s); C = -\sum_a u_a \log \pi_a")
    assert symbp.verify(policy).ok


def test_functions_are_told_apart_by_what_stands_below_them():
    net = symbp.read_system(r"h = \sigma_h(W x); y = \sigma_{y}(V h); C = \|y\|^2")
    assert [str(e) for e in symbp.gradient(net, ["V"]).equations[-1:]] == [
        "∂C/∂V[j, k] = sigma_y'(Sum(V[j, i]*h[i], (i, 1, n_h)))*h[k]*∂C/∂y[j]   "
        "for 1 ≤ j ≤ n_y, 1 ≤ k ≤ n_h"
    ]
    assert symbp.verify(net).ok  # with functions that stand for those of which nothing is known
    assert r"\sigma_{y}'(" in symbp.Network(net).post(form="short")
