r"""What has more than one meaning, or none: never proved on a guess, and the reason is named."""

import pytest

from symbp.judge.chains import judge
from symbp.judge.claims import Judge
from symbp.judge.verdict import Status
from symbp.networks import mlp
from symbp.notation import NOTATIONS
from symbp.reading.conventions import lexicon_of
from tests.claims_by_hand import MLP, only, problem, shown, shown_statuses, status, verdict

GIVEN = {
    "functions": r"\sigma sigmoid",
    "define": r"\delta^l = \frac{\partial C}{\partial z^l}" "\n" r"D^l = diag(\sigma'(z^l))",
}


@pytest.mark.parametrize(
    "right",
    [
        r"\sigma'(z^l) (W^{l+1})^T \delta^{l+1}",
        r"\sigma'(z^l) ((W^{l+1})^T \delta^{l+1})",
        r"((W^{l+1})^T \delta^{l+1}) \sigma'(z^l)",
    ],
)
def test_two_columns_side_by_side_are_no_product(right):
    found = verdict(MLP, rf"\delta^l = {right}", **GIVEN)
    assert found.status is Status.UNDECIDED
    assert found.reason.startswith("two columns side by side")


@pytest.mark.parametrize(
    "right",
    [
        r"D^l (W^{l+1})^T \delta^{l+1}",
        r"D^l \cdot (W^{l+1})^T \delta^{l+1}",
        r"(D^l) (W^{l+1})^\top (\delta^{l+1})",
        r"\sigma'(z^l) \odot (W^{l+1})^T \delta^{l+1}",
    ],
)
def test_a_bracket_behind_a_defined_matrix_is_a_factor(right):
    assert verdict(MLP, rf"\delta^l = {right}", **GIVEN).status is Status.PROVED


def test_a_factor_in_brackets_is_not_forgotten():
    found = verdict(MLP, r"\frac{\partial a^l}{\partial z^l} = D^l (W^l)", **GIVEN)
    assert found.status is Status.REFUTED


def test_the_transposed_gradient_holds_in_numerator_layout():
    for right, notes in (
        (r"a^{l-1} (\delta^l)^T", ("holds as written in numerator layout",)),
        (r"2 a^{l-1} (\delta^l)^T", ()),
    ):
        found = verdict(MLP, rf"\frac{{\partial C}}{{\partial W^l}} = {right}", **GIVEN)
        assert found.status is Status.REFUTED
        assert found.reason == "the left is n_l × n_{l-1}, the right n_{l-1} × n_l"
        assert found.conventions == notes


def test_what_cannot_be_said_is_asked_for():
    left = r"\frac{\partial C}{\partial b^l} ="
    assert problem(MLP, rf"{left} \delta^l + \frac{{1}}{{0}}", **GIVEN) == "a division by 0"
    assert problem(MLP, r"C'(y, W) = 2 (a^L - y)", **GIVEN).startswith(
        "C' is a derivative by which of its 2 arguments?"
    )


@pytest.mark.parametrize(
    ("name", "latex", "reason"),
    [
        (
            "pinard",
            r"\frac{\partial J}{\partial W^l} = \delta^l a^{l-1}",
            "n_l × 1 met n_{l-1} × 1",
        ),
        (
            "ng",
            r"\frac{\partial J}{\partial \Theta^{(l)}} = \delta^{(l+1)} a^{(l)}",
            "s_{l+1} × 1 met s_l × 1",
        ),
    ],
)
def test_shapes_are_named_by_the_letters_of_the_notation(name, latex, reason):
    each = Judge(lexicon_of(mlp(activation="sigmoid"), NOTATIONS[name]))
    s = only(latex)
    (found,) = judge([[each]], s.members, [latex[m[0].start : m[-1].end] for m in s.members])
    assert found.status is Status.REFUTED
    assert found.reason.startswith(reason)


def test_a_root_of_a_square_is_the_absolute_value():
    found = verdict("c = \\frac12 (w - y)^2", r"\frac{\partial c}{\partial w} = \sqrt{(w - y)^2}")
    assert found.status is Status.REFUTED


def test_a_network_that_nobody_declared_refutes_only_with_a_repair():
    post = (
        r"$z^l = W^l a^{l-1} + b^l$, $a^l = \sigma(z^l)$, $C = \frac{1}{2} \|a^L - y\|^2$, "
        r"$\frac{\partial C}{\partial z^L} = $"
    )
    right = r"(a^L - y) \odot \sigma'(z^L)"
    for claim, expected in (
        (right, "proved"),
        (right.replace("'", ""), "refuted"),
        (r"a^L \odot a^L \odot b^L \odot z^L", "undecided"),
    ):
        assert shown_statuses(post.replace("= $", f"= {claim}$"))[-1] == expected


SUMS = r"""
a^0 = x
z_j^l = \sum_{k=1}^{n_{l-1}} w_{jk}^l a_k^{l-1} + b_j^l
a_j^l = \sigma(z_j^l)
C = \frac{1}{2} \sum_{j=1}^{n_L} (a_j^L - y_j)^2
"""


@pytest.mark.parametrize(
    ("layer", "bound", "expected"),
    [
        ("l", "n_{l+1}", Status.PROVED),
        ("l", "N", Status.PROVED),  # the equations do not say what N is
        ("l", "n_{l-1}", Status.UNDECIDED),
        ("l", "n_l", Status.UNDECIDED),
        ("L-1", "n_L", Status.PROVED),
        ("L-1", "n_{L-1}", Status.UNDECIDED),
    ],
)
def test_a_sum_to_another_size_than_the_equations_have_is_not_proved(layer, bound, expected):
    above = {"l": "l+1", "L-1": "L"}[layer]
    claim = (
        rf"\frac{{\partial C}}{{\partial z_j^{{{layer}}}}} = "
        rf"\sum_{{k=1}}^{{{bound}}} w_{{kj}}^{{{above}}} "
        rf"\frac{{\partial C}}{{\partial z_k^{{{above}}}}} \sigma'(z_j^{{{layer}}})"
    )
    found = verdict(SUMS, claim, functions=r"\sigma sigmoid")
    assert found.status is expected
    if expected is Status.UNDECIDED:
        assert found.reason.startswith("the sum over k goes over all n_")


def test_sizes_named_by_the_equations_without_layers():
    equations = r"""
    z_j = \sum_{k=1}^{D} w_{jk} x_k
    C = \frac{1}{2} \sum_{j=1}^{K} (z_j - y_j)^2
    """
    for bound, expected in (("K", Status.PROVED), ("D", Status.UNDECIDED)):
        claim = (
            rf"\frac{{\partial C}}{{\partial x_k}} = \sum_{{j=1}}^{{{bound}}} (z_j - y_j) w_{{jk}}"
        )
        assert verdict(equations, claim).status is expected


def test_both_readings_of_a_product_are_shown():
    found = verdict(MLP, r"\delta^L = (a^L - y) \cdot a^L \odot (1 - a^L)", **GIVEN)
    assert found.status is Status.UNDECIDED
    assert found.readings == (
        r"\delta^L = (a^L - y) \odot a^L \odot (1 - a^L)",
        r"\delta^L = (a^L - y)^T a^L \odot (1 - a^L)",
    )
    first, second = (verdict(MLP, reading, **GIVEN).status for reading in found.readings)
    assert (first, second) == (Status.PROVED, Status.REFUTED)


def test_what_is_assumed_of_the_targets_need_not_be_said():
    network = "<!-- symbp network: mlp; activation: sigmoid, softmax; loss: cross-entropy"
    network += "; notation: pinard"
    claim = r"$\delta^L = a^L - y$"
    for assumed, notes in (("", 1), (r"; assume: \sum_j y_j = 1", 0)):
        (found,) = shown(f"{network}{assumed} -->\n{claim}")
        assert found.verdict.status is Status.PROVED
        assert len(found.verdict.conventions) == notes
    (wrong, _) = shown(f"{network}; assume: y > 0 -->\n{claim}")
    assert wrong.verdict.reason.startswith("declaration: assume: 'y > 0' is not known")


def test_a_formula_to_be_skipped_is_not_judged():
    claim = r"$\frac{\partial C}{\partial q} = 1$"
    post = f"{claim}\n\n<!-- symbp: skip -->\n\n{claim}\n\n{claim}\n"
    assert [f.line for f in shown(post)] == [1, 7]


BATCH_AT_ONCE = "Z = W X + b\nA = \\tanh(Z)\nC = \\frac{1}{2} \\|A - Y\\|_F^2"


@pytest.mark.parametrize(
    "latex, more, expected",
    [
        (r"\frac{\partial C}{\partial b} = \frac{\partial C}{\partial Z}", "", "undecided"),
        (
            r"\frac{\partial C}{\partial b} = \frac{\partial C}{\partial Z} \mathbf{1}",
            "",
            "undecided",
        ),
        (r"b := b - \eta \frac{\partial C}{\partial Z}", "", "undecided"),
        (r"\frac{\partial C}{\partial W} = \frac{\partial C}{\partial Z} X^T", "", "proved"),
        (r"\frac{\partial C}{\partial b} = \frac{\partial C}{\partial Z}", ", b n x m", "proved"),
        (r"\frac{\partial C}{\partial b} = -\frac{\partial C}{\partial Z}", ", b n x m", "refuted"),
    ],
)
def test_a_bias_of_all_samples_at_once_may_be_one_column(latex, more, expected):
    """Whoever writes Z = W X + b mostly means one b for all columns of X."""
    assert status(BATCH_AT_ONCE, latex, shapes="X d x m" + more) == expected
