"""What is read keeps the names, sizes and letters of its author; what is left open is said."""

import pytest

import symbp
from symbp.errors import ReadingError


@pytest.mark.parametrize(
    "text, words, expected",
    [
        (r"h_t = \tanh(W h_{t-1} + x_t); C = \|h_T\|^2", {}, "n_x T h W x C h_0"),
        (r"z^l = W^l a^{l-1}; a^l = \tanh(z^l); J = \|a^L - y\|^2", {}, "n L z W a J y x"),
        (r"z^l = W^l a^{l-1}; a^l = \tanh(z^l); L = \|a^L - x\|^2", {}, "n L z W a C x a_0"),
        (r"i_t = \tanh(W_i x_t); C = \|i_T\|^2", {}, "n_i n_x T i W_i x C"),
        (r"\mu = \frac{1}{N} \sum_{i=1}^N x_i; L = \mu^2", {}, "N mu x L"),
        (r"z = W x; C = \|z - y\|^2", {"shapes": "W n x d"}, "n d z W x C y"),
        (r"C_i = (w x_i - y_i)^2", {"indices": "i sample"}, "m C w x y J"),
    ],
)
def test_families_and_sizes_are_called_as_their_author_calls_them(text, words, expected):
    assert " ".join(v.name for v in symbp.read_system(text, **words).variables) == expected


def test_indices_have_the_letters_of_their_author():
    read = symbp.read_system(
        r"z_{uv} = \sum_i \sum_j w_{ij} x_{u+i-1,v+j-1}; h_t = \tanh(h_{t-1});"
        r"C = h_T \sum_u \sum_v z_{uv}"
    )
    assert [str(e).split("   ")[0] for e in read.equations[:2]] == [
        "h[0] = h_0",
        "z[u, v] = Sum(w[i, j]*x[i + u - 1, j + v - 1], (j, 1, d_w), (i, 1, n_w))",
    ]
    assert [s.symbol.name for s in read["w"].slots] == ["i", "j"]


def test_sums_have_the_letters_of_their_author():
    read = symbp.read_system(r"p_k = \frac{e^{z_k}}{\sum_s e^{z_s}}; C = \sum_t \sum_k p_k x_t")
    assert [str(e.rhs) for e in read.equations] == [
        "exp(z[k])/Sum(exp(z[s]), (s, 1, n_p))",
        "Sum(p[k]*x[t], (k, 1, n_p), (t, 1, T))",
    ]


@pytest.mark.parametrize(
    "text, message",
    [
        (
            r"C = \frac{1}{n} \|x - y\|^2",
            r"n counts nothing: write the sum up to it, as in \sum_{i=1}^n, or say what has n "
            "entries (shapes: x n)",
        ),
        (
            r"C = -\log \frac{\exp(u_o)}{\sum_{w=1}^V \exp(u_w)}",
            "u_o stands beside u with an index: is o the index of one unit (indices: o fixed) or "
            "a part of the name (names: u_o)?",
        ),
        (
            "A = \\mathrm{softmax}(S); C = \\|A\\|^2",
            "equation A = \\mathrm{softmax}(S): softmax of a matrix: of each row? (layout: rows)",
        ),
    ],
)
def test_what_equations_leave_open_is_said(text, message):
    with pytest.raises(ReadingError) as error:
        symbp.read_system(text)
    assert str(error.value) == message


def test_one_entry_says_nothing_of_the_number_of_entries():
    read = symbp.read_system(
        r"p_i = \frac{e^{z_i}}{\sum_k e^{z_k}}; C = -\log p_c", indices="c fixed"
    )
    assert [str(e) for e in read.equations] == [
        "p[i] = exp(z[i])/Sum(exp(z[k]), (k, 1, n_p))   for 1 ≤ i ≤ n_p",
        "C = -log(p[c])",
    ]


def test_a_network_of_ones_own_is_written_in_its_own_letters():
    net = symbp.Network(symbp.read_system(r"h_t = \tanh(W h_{t-1} + x_t); C = \|h_T\|^2"))
    post = net.post(form="short")
    assert r"h_{t} = \tanh(" in post
    assert "W h_{t - 1}" in post
    assert "h_{0" not in post.split("## The gradients")[0], "h_0 = h_0 says nothing"
    assert r"\frac{\partial \mathcal{L}}{\partial W}" in post
    assert net.post("standard", form="short") == post
    assert symbp.mlp().post() == symbp.mlp().post("pinard")
