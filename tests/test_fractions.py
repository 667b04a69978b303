"""Rational expressions in the shortest of their usual forms."""

import pytest
import sympy as sp
from sympy import Rational, S, sqrt

from symbp.derivation.fractions import shortest

a, b, c, d, m, v = sp.symbols("a b c d m v")

CASES = [
    (a / m - b / m, (a - b) / m),
    ((1 - b) / (1 - a) - b / a, (b - a) / (a**2 - a)),
    ((a * b * c + c * a) / a, b * c + c),
    ((a**2 - b**2) / (a + b) ** 2, (a - b) / (a + b)),
    ((a - a * b) / (1 - b), a),
    (a * (b - c) - a * b + a * c, S.Zero),
    (a / 2 + Rational(1, 2), a / 2 + Rational(1, 2)),
    (a * m**b / m**b + m**-b, a + m**-b),
    (1 - a**2, 1 - a**2),
    (a / sqrt(v + 1) - b / (m * (v + 1) ** Rational(3, 2)), None),
    (sqrt(2) * a / sp.pi + b, None),
]


@pytest.mark.parametrize(("e", "expected"), CASES)
def test_the_shortest_form(e, expected):
    assert shortest(e, lambda form: form) == (e if expected is None else expected)


@pytest.mark.parametrize("e", [e for e, _ in CASES])
def test_every_form_is_equal(e):
    forms: list[sp.Expr] = []

    def kept(form: sp.Expr) -> sp.Expr:
        forms.append(form)
        return form

    shortest(e, kept)
    numbers = map(Rational, ("2/3", "5/7", "3", "7/5", "4", "8"))
    point = dict(zip((a, b, c, d, m, v), numbers, strict=True))
    assert len(forms) >= 2  # e itself is left out where what it divides by cancels
    assert len({sp.nsimplify(form.xreplace(point)).simplify() for form in forms}) == 1
