r"""Which product a sign means is decided by shapes alone: a table of signs × shapes."""

from __future__ import annotations

import pytest
from sympy import Integer, Symbol

from symbp.errors import ReadingError
from symbp.reading.products import PLAIN, TRIED, multiply, readings
from symbp.reading.scope import Scope
from symbp.reading.sizes import Exact
from symbp.reading.typed import Chain, ShapeError, Typed
from symbp.system import Range
from symbp.system.equation import index_base

N, M = (Symbol(x, integer=True) for x in "NM")
SIGNS = ["", r"\cdot", r"\times", "@", r"\odot", r"\circ", "*", r"\bullet", ".*", r"\otimes",
         r"\oslash", r"\star", "."]  # fmt: skip


def axis(letter: str, size: Symbol) -> Range:
    return Range(Symbol(f"#{letter}", integer=True), Integer(1), size)


def matrix(name: str, rows: Symbol, columns: Symbol) -> Typed:
    r, c = axis(name + "1", rows), axis(name + "2", columns)
    return Typed(index_base(name)[r.symbol, c.symbol], r, c)


def column(name: str, size: Symbol, loose: bool = False) -> Typed:
    r = axis(name, size)
    return Typed(index_base(name)[r.symbol], r, loose=loose)


def row(name: str, size: Symbol) -> Typed:
    return column(name, size).flipped


def number(name: str) -> Typed:
    return Typed(Symbol(name, real=True))


A, B = matrix("A", N, M), matrix("B", M, N)
C = matrix("C", N, M)
SQUARE, OTHER = matrix("S", N, N), matrix("Q", N, N)
U, V, W = column("u", N), column("v", N), column("w", M)
K = number("k")


def kind(sign: str, a: Typed, b: Typed) -> str:
    """Shape of the product, and whether something is summed; "" where no reading fits."""
    try:
        found = multiply(Scope(Exact()), sign, a, b)
    except ShapeError:
        return ""
    return found.shape() + (", summed" if found.expr.has(type(summed)) else "")


summed = multiply(Scope(Exact()), "", A, B).expr


@pytest.mark.parametrize("sign", ["", r"\cdot", r"\times", "@"])
def test_a_product_that_fits_as_one_of_matrices_is_one(sign):
    assert kind(sign, A, B) == "N × N, summed"
    assert kind(sign, SQUARE, OTHER) == "N × N, summed"
    assert kind(sign, A, W) == "N × 1, summed"
    assert kind(sign, U.flipped, A) == "1 × M, summed"
    assert kind(sign, U.flipped, V) == "a number, summed"
    assert kind(sign, U, W.flipped) == "N × M"


@pytest.mark.parametrize("sign", [r"\odot", r"\circ", r"\bullet", ".*", r"\oslash"])
def test_an_elementwise_sign_never_means_a_product_of_matrices(sign):
    assert kind(sign, A, C) == "N × M"
    assert kind(sign, SQUARE, OTHER) == "N × N"
    assert kind(sign, U, V) == "N × 1"
    assert kind(sign, A, B) == kind(sign, A, W) == kind(sign, U, W) == ""


@pytest.mark.parametrize("sign", ["*", r"\star"])
def test_a_star_is_elementwise_where_that_fits_else_of_matrices(sign):
    assert kind(sign, A, C) == "N × M"
    assert kind(sign, SQUARE, OTHER) == "N × N"
    assert kind(sign, A, B) == "N × N, summed"
    assert kind(sign, A, W) == "N × 1, summed"
    assert kind(sign, U, W) == ""


def test_a_circled_cross_is_the_outer_product():
    assert kind(r"\otimes", U, W) == "N × M"
    assert kind(r"\otimes", U, V) == "N × N"
    assert kind(r"\otimes", U.flipped, W.flipped) == "N × M"
    assert kind(r"\otimes", A, B) == "N × N, summed"


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize("other, shape", [(K, "a number"), (A, "N × M"), (W, "M × 1")])
def test_a_number_scales_whatever_the_sign(sign, other, shape):
    assert kind(sign, K, other) == shape
    assert kind(sign, other, K) == shape


def test_division_divides():
    found = multiply(Scope(Exact()), r"\oslash", U, V)
    assert found.expr == U.expr / V.renamed({V.row.symbol: U.row.symbol}).expr  # type: ignore[union-attr]


@pytest.mark.parametrize("sign", SIGNS)
def test_sizes_that_differ_are_in_the_message(sign):
    with pytest.raises(ShapeError, match="N × 1 met M × M"):
        multiply(Scope(Exact()), sign, U, matrix("R", M, M))


def test_a_dot_between_two_columns_has_two_readings():
    assert [r.shape() for r in readings(Scope(Exact()), r"\cdot", U, V)] == ["N × 1", "a number"]
    assert len(readings(Scope(Exact()), r"\odot", U, V)) == 1
    assert len(readings(Scope(Exact()), r"\cdot", A, W)) == 1


def test_two_columns_side_by_side_are_remembered():
    scope = Scope(Exact())
    multiply(scope, "", U, V)
    assert scope.beside, "a product of matrices they have none"
    for sign, a, b in ((r"\odot", U, V), ("", U, W.flipped), ("", K, U)):
        scope = Scope(Exact())
        multiply(scope, sign, a, b)
        assert not scope.beside


# -- derivatives -----------------------------------------------------------------------------------


def derivative(of: Typed, by: Typed) -> Typed:
    """∂of/∂by as a derivative is read: with what it is of and by."""
    expr = index_base("d")[tuple(a.symbol for a in (*of.axes, *by.axes))]
    chain = Chain(of.expr, of.axes, by.expr, by.axes)
    both = (*of.axes, *by.axes, None, None)
    return Typed(expr, both[0], both[1], chain, loose=len(of.axes) + len(by.axes) == 1)


def test_the_chain_rule_is_read_in_either_order():
    """∂C/∂z has the shape of z, so that ∂C/∂z ∂z/∂a is no product of matrices as it stands."""
    cost = Typed(Symbol("C", real=True))
    z, a = column("z", N), column("a", M)
    outer, inner = derivative(cost, z), derivative(z, a)
    for x, y in ((outer, inner), (inner, outer)):
        found = multiply(Scope(Exact()), "", x, y)
        assert found.shape() == "M × 1"
        assert found.loose


def test_the_layout_of_a_gradient_is_open_until_something_asks_for_it():
    loose = column("g", N, loose=True)
    assert kind("", loose, SQUARE) == "1 × N, summed"
    assert kind("", SQUARE, loose) == "N × 1, summed"
    assert kind("", U, loose) == "N × N"
    assert kind("", loose.flipped, SQUARE) == "1 × N, summed"
    assert kind("", loose.flipped.flipped, SQUARE) == "", "a transpose settles it"


# -- the vector of ones ----------------------------------------------------------------------------

ONES = Typed(Integer(1), ones="column")


def test_the_vector_of_ones_sums_rows_and_columns():
    assert kind("", A, ONES) == "N × 1, summed"
    assert kind("", ONES.flipped, A) == "1 × M, summed"
    assert kind("", ONES.flipped, U) == "a number, summed"
    assert kind("", U.flipped, ONES) == "a number, summed"
    assert kind("", A, multiply(Scope(Exact()), "", K, ONES)) == "N × 1, summed"
    assert multiply(Scope(Exact()), "", K, ONES).expr == K.expr


def test_the_vector_of_ones_repeats_a_vector():
    assert kind("", U, ONES.flipped) == "N × m"
    assert kind("", ONES, U.flipped) == "m × N"


def test_the_vector_of_ones_is_summed_in_products_of_matrices_only():
    for sign in (r"\odot", "*", r"\circ"):
        assert kind(sign, A, ONES) == ""
    with pytest.raises(ReadingError, match="how long this vector 1 of ones is"):
        multiply(Scope(Exact()), "", ONES, ONES.flipped)


def test_every_sign_of_the_table_is_tested():
    assert set(TRIED) <= set(SIGNS)
    assert len(PLAIN) == 4
