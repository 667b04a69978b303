"""What stands in an expression: the same as SymPy says, and the same sums as SymPy makes."""

import pytest
import sympy as sp

from symbp.adjoint import gradient
from symbp.networks import lookup
from symbp.system.contents import entries_in, free_symbols, has, names_in, node, rebuilt

i, j, k, n = sp.symbols("i j k n", integer=True)
w, x = sp.IndexedBase("w"), sp.IndexedBase("x")


def parts():
    """Every part of the equations of some gradients."""
    for name in ("lstm", "softmax-regression", "conv1d"):
        for equation in gradient(lookup(name)()).equations:
            yield from sp.preorder_traversal(equation.rhs)


def test_symbols_entries_and_kinds_are_those_of_sympy():
    found = [e for e in parts() if isinstance(e, sp.Expr)]
    assert len(found) > 500
    for e in found:
        assert free_symbols(e) == e.free_symbols
        assert entries_in(e) == e.atoms(sp.Indexed)
        assert has(e, sp.Sum) == e.has(sp.Sum)
        assert has(e, (sp.Pow, sp.log)) == e.has(sp.Pow, sp.log)


def test_a_bound_index_is_not_free_but_has_a_name():
    total = sp.Sum(w[j, k] * x[k], (k, 1, n))
    assert k not in free_symbols(total)
    assert names_in(total) == {"w", "x", "j", "k", "n"}


@pytest.mark.parametrize(
    ("body", "limits"),
    [
        (x[k] ** 2, [(k, 1, n)]),
        (w[j, k], [(k, 1, n), (j, 1, k)]),
        (sp.Sum(w[j, k], (k, 1, j)), [(j, 1, n)]),
        (sp.S.Zero, [(k, 1, n)]),
        (x[j], [(k, 1, 0)]),
    ],
)
def test_a_sum_is_the_one_of_sympy(body, limits):
    expected, made = sp.Sum(body, *limits), node(sp.Sum, body, *(sp.Tuple(*t) for t in limits))
    assert made == expected
    assert made.args == expected.args
    assert hash(made) == hash(expected)
    assert made.is_commutative == expected.is_commutative
    assert made.doit() == expected.doit()


def test_a_node_with_its_own_arguments_is_itself():
    e = w[j, k] * x[k] + 1
    assert rebuilt(e, e.args) is e
    assert rebuilt(x[k], (x, j)) == x[j]
    assert rebuilt(e, (sp.S.One, x[k])) == 1 + x[k]
