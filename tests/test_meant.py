r"""A right formula in which a sign, a transpose or a layout is left unsaid is never refuted."""

import pytest

from tests.claims_by_hand import verdict

LOGISTIC = r"""
z = w^T x + b
a = \sigma(z)
C = -y \log a - (1 - y) \log(1 - a)
"""
LAYER = r"""
z = W x + b
a = \sigma(z)
C = \frac{1}{2} \|a - y\|^2
"""
ENTRIES = r"""
z_j = \sum_i w_{ij} x_i + b_j
a_j = \sigma(z_j)
C = \frac{1}{2} \sum_j (a_j - y_j)^2
"""
CLASSES = r"""
f_j = W_j^T x
C = -\log \frac{e^{f_c}}{\sum_k e^{f_k}}
"""
RIDGE = r"""
z = W x + b
C = \frac{1}{2} \|z - y\|^2 + \frac{c}{2} \|W\|^2
"""
SIGMOID = r"\sigma sigmoid"


def found(equations: str, latex: str, **given: str) -> tuple[str, str]:
    """(status, reason) of a claim."""
    it = verdict(equations, latex, functions=SIGMOID, **given)
    return it.status.value, it.reason


def gradient(by: str, right: str, of: str = "C") -> str:
    return rf"\frac{{\partial {of}}}{{\partial {by}}} = {right}"


@pytest.mark.parametrize("product", ["w x", "x w", "w * x"])
def test_an_inner_product_may_be_written_without_its_transpose(product):
    status, reason = found(LOGISTIC, gradient("w", rf"(\sigma({product} + b) - y) x"))
    assert status == "undecided"
    assert reason == "as it is written it does not hold; it does with an inner product"
    for wrong in (
        rf"(y - \sigma({product} + b)) x",
        rf"(\sigma({product}) - y) x",
        rf"(\sigma({product} + b) - y) w",
        rf"2 (\sigma({product} + b) - y) x",
    ):
        assert found(LOGISTIC, gradient("w", wrong))[0] == "refuted"


def test_an_inner_product_inside_of_a_function_of_classes():
    given = {"indices": "c fixed", "shapes": "W K x d, x d"}
    one = r"1\{j = c\}"
    right = rf"\frac{{e^{{W_j x}}}}{{\sum_k e^{{W_k x}}}} x - {one} x"
    assert found(CLASSES, gradient("W_j", right), **given)[0] == "undecided"
    for old, new in (("- 1", "+ 1"), ("e^{W_j x}", "e^{W_c x}"), ("} x -", "} -")):
        assert found(CLASSES, gradient("W_j", right.replace(old, new)), **given)[0] == "refuted"


@pytest.mark.parametrize(
    "right",
    [
        r"\frac{\partial C}{\partial a} \sigma'(z)",
        r"\sigma'(z) \frac{\partial C}{\partial a}",
        r"\frac{\partial C}{\partial a} a (1 - a)",
    ],
)
def test_a_product_entry_by_entry_may_be_written_without_its_sign(right):
    status, reason = found(LAYER, gradient("z", right))
    assert status == "undecided"
    assert reason == "as it is written it does not hold; it does with a product entry by entry"
    assert found(LAYER, gradient("z", "-" + right))[0] == "refuted"
    assert found(LAYER, gradient("z", right + r" \odot a"))[0] == "refuted"
    assert found(LAYER, gradient("W", right + " x^T"))[0] == "undecided"
    assert found(LAYER, gradient("W", right + " b^T"))[0] == "refuted"


@pytest.mark.parametrize(
    ("by", "right", "wrong"),
    [
        ("w", r"x^T \delta", r"\delta^T x"),
        ("x", r"\delta w^T", r"\delta w"),
        ("w", r"x^T ((a - y) \odot \sigma'(z))", r"x^T ((y - a) \odot \sigma'(z))"),
        ("x", r"((a - y) \odot a \odot (1 - a)) w^T", r"((a - y) \odot a) w^T"),
    ],
)
def test_vectors_may_be_rows_where_the_equations_are_of_entries(by, right, wrong):
    define = r"\delta_j = \frac{\partial C}{\partial z_j}"
    status, reason = found(ENTRIES, gradient(by, right), define=define)
    assert status == "undecided"
    assert reason.startswith("it holds where vectors are rows")
    assert found(ENTRIES, gradient(by, wrong), define=define)[0] == "refuted"
    declared = {"define": define, "shapes": "x row n, z row k, b row k, a row k, y row k"}
    assert found(ENTRIES, gradient(by, right), **declared)[0] == "proved"
    assert found(ENTRIES, gradient(by, right), define=define, shapes="x n")[0] == "refuted"


def test_vectors_are_columns_where_an_equation_says_so():
    define = r"\delta = \frac{\partial C}{\partial z}"
    for by, right in (("W", r"\delta^T x"), ("x", r"\delta W")):
        assert found(LAYER, gradient(by, right), define=define)[0] == "refuted"


def test_a_row_of_a_matrix_may_lie_as_its_place_needs():
    given = {"rows": "W", "constants": "c"}
    for right in (r"(z_j - y_j) x^T + c W_j", r"(W_j x + b_j - y_j) x^T + c W_j"):
        assert found(RIDGE, gradient("W_j", right), **given)[0] == "undecided"
        wrong = right.replace("+ c W", "- c W")
        assert found(RIDGE, gradient("W_j", wrong), **given)[0] == "refuted"
    colon = r"(W_{j:} x + b_j - y_j) x^T + c W_{j:}"
    assert found(RIDGE, gradient("W_{j:}", colon), constants="c")[0] == "proved"
    wrong = colon.replace("- y", "+ y")
    assert found(RIDGE, gradient("W_{j:}", wrong), constants="c")[0] == "refuted"


@pytest.mark.parametrize(
    ("of", "by", "right", "wrong"),
    [
        ("a", "z", r"\sigma'(z)", r"\sigma(z)"),
        ("a", "z", "a (1 - a)", "a (1 + a)"),
        ("z", "b", "1", "2"),
        ("z", "W", "x", "2 x"),
        ("z", "W", "x^T", "b^T"),
    ],
)
def test_a_derivative_may_be_written_by_its_entries_that_are_not_zero(of, by, right, wrong):
    status, reason = found(LAYER, gradient(by, right, of))
    assert status == "undecided"
    assert reason.startswith("it holds for the entries of the derivative that belong together")
    assert found(LAYER, gradient(by, wrong, of))[0] == "refuted"


def test_on_whichever_side_the_derivative_stands():
    turned = r"{} = \frac{{\partial \sigma(z)}}{{\partial z}}"
    assert found(LAYER, turned.format(r"\sigma'(z)"))[0] == "undecided"
    assert found(LAYER, turned.format(r"\sigma(z)"))[0] == "refuted"


def test_a_jacobian_may_be_laid_out_the_other_way():
    status, reason = found(LAYER, gradient("x", "W^T", "z"))
    assert status == "undecided"
    assert reason.startswith("it holds in denominator layout")
    assert found(LAYER, gradient("x", "W", "z"))[0] == "proved"
    assert found(LAYER, gradient("x", "-W^T", "z"))[0] == "refuted"
    assert found(LAYER, gradient("W", "x (a - y)^T", "C"))[0] == "refuted"


def test_a_transpose_that_makes_another_matrix_is_still_missed():
    for by, wrong in (
        ("x", r"W \frac{\partial C}{\partial z}"),
        ("W", r"\frac{\partial C}{\partial z} x"),
        ("W", r"x (\frac{\partial C}{\partial z})^T"),
    ):
        assert found(LAYER, gradient(by, wrong))[0] == "refuted"


SAMPLES = r"""
z^{(i)} = w^T x^{(i)} + b
a^{(i)} = \sigma(z^{(i)})
C = -\sum_{i=1}^m (y^{(i)} \log a^{(i)} + (1 - y^{(i)}) \log(1 - a^{(i)}))
"""


def test_samples_may_be_rows_where_nothing_says_that_they_are_columns():
    given = {"batch": "X = x, A = a, Y = y"}
    assert found(SAMPLES, gradient("w", "X (A - Y)^T"), **given)[0] == "proved"
    status, reason = found(SAMPLES, gradient("w", "X^T (A - Y)"), **given)
    assert status == "undecided"
    assert reason.startswith("it holds where each sample is a row")
    assert found(SAMPLES, gradient("w", "X^T (A + Y)"), **given)[0] == "refuted"
    status, reason = found(SAMPLES, gradient("w", "X (A - Y)"), **given)
    assert status == "undecided"
    assert reason.endswith("it does with all samples as rows or as columns")
    columns, rows = ({**given, "layout": x} for x in ("columns", "rows"))
    assert found(SAMPLES, gradient("w", "X^T (A - Y)"), **columns)[0] == "refuted"
    assert found(SAMPLES, gradient("w", "X^T (A - Y)"), **rows)[0] == "proved"
    assert found(SAMPLES, gradient("w", "X (A - Y)^T"), **rows)[0] == "refuted"


@pytest.mark.parametrize(
    ("of", "by", "right", "wrong"),
    [
        ("C", "z", r"(a - y)^T \odot \sigma'(z)", r"(a - y)^T \odot \sigma(z)"),
        ("C", "b", r"((a - y) \odot a)^T \odot (1 - a)", r"((a - y) \odot a)^T \odot (1 + a)"),
        ("a", "x", r"W \odot \sigma'(z)", r"W \odot \sigma(z)"),
        ("a", "x", r"W^T \odot \sigma'(z)^T", r"-W^T \odot \sigma'(z)^T"),
    ],
)
def test_a_row_as_a_column_and_a_vector_along_a_matrix(of, by, right, wrong):
    status, reason = found(LAYER, gradient(by, right, of))
    assert status == "undecided"
    assert "a row as a column" in reason or "a vector repeated along a matrix" in reason
    assert found(LAYER, gradient(by, wrong, of))[0] == "refuted"
