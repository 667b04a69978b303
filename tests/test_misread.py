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
    (r"h^l = g^l(W^l h^{l-1}); C = \|h^L\|^2", {}, r"h^l = g(W^l h^{l-1}); C = \|h^L\|^2"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "words", "other"), SAME)
def test_what_is_said_is_read(text, words, other):
    assert str(symbp.read_system(text, **words)) == str(symbp.read_system(other))


def test_functions_are_told_apart_by_what_stands_below_them():
    net = symbp.read_system(r"h = \sigma_h(W x); y = \sigma_{y}(V h); C = \|y\|^2")
    assert [str(e) for e in symbp.gradient(net, ["V"]).equations[-1:]] == [
        "∂C/∂V[j, k] = sigma_y'(Sum(V[j, i]*h[i], (i, 1, n_h)))*h[k]*∂C/∂y[j]   "
        "for 1 ≤ j ≤ n_y, 1 ≤ k ≤ n_h"
    ]
    assert symbp.verify(net).ok  # with functions that stand for those of which nothing is known
    assert r"\sigma_{y}'(" in symbp.Network(net).post(form="short")
