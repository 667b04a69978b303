r"""Claims of plain algebra: d/dx of what is written out, without any network.

    \frac{d}{dx} \arctan x = \frac{1}{1 + x^2}

Guarantees. A claim is proved where the difference of its sides is zero as a quotient of
polynomials in its letters, their powers and the exponentials of such (sin, cosh and their kin are
sums of exponentials): SymPy's exact arithmetic of polynomials, no simplifier. It then holds at all
real numbers at which both sides are defined. A claim is refuted by a rational point at which
Arb's balls hold the sides apart. All else is undecided.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from random import Random
from typing import Any

import sympy as sp
from flint import arb, ctx, fmpq

from symbp.errors import ValueRangeError
from symbp.judge.counterexample import apart
from symbp.judge.verdict import Counterexample, Status, Verdict
from symbp.numbers.balls import differ

#: More operations than these are not expanded.
MOST_OPERATIONS = 400
PRECISION = 128
TRIES = 24

BALLS: dict[str, Callable[[arb], arb]] = {
    f: (lambda x, f=f: getattr(x, f)())
    for f in "exp log sin cos tan sinh cosh tanh asin acos atan asinh acosh atanh".split()
} | {"Abs": abs, "gamma": lambda x: x.gamma(), "sign": lambda x: _sign(x)}
CONSTANTS: dict[Any, Callable[[], arb]] = {sp.pi: arb.pi, sp.E: arb.const_e}


def algebra_verdict(left: Any, right: Any, latex: str) -> Verdict:
    """What is found of left = right, which hold no letters but independent real numbers.

    >>> from sympy import Derivative, Symbol
    >>> x = Symbol("x", real=True)
    >>> algebra_verdict(Derivative(x**2, x), 3 * x, "").counterexample.left
    '2.75'
    """
    sides = [_entries(side) for side in (left, right)]
    if sides[0] is None or sides[1] is None or sides[0][0] != sides[1][0]:
        return Verdict(Status.UNDECIDED, latex, reason="one side is a matrix of another shape")
    pairs = list(zip(sides[0][1], sides[1][1], strict=True))
    if all(_is_zero(a - b) for a, b in pairs):
        return Verdict(Status.PROVED, latex, scope="as an identity of real numbers")
    for a, b in pairs:
        found = _point(a, b)
        if found is not None:
            repair = _repair(latex, left, right)
            return Verdict(
                Status.REFUTED, latex, reason="the sides differ", repair=repair,
                counterexample=found,
            )  # fmt: skip
    return Verdict(Status.UNDECIDED, latex, reason="neither proved nor refuted, as plain algebra")


def _entries(side: Any) -> tuple[tuple[int, ...], list[Any]] | None:
    """The shape, and the entries with their derivatives carried out; None if it has no value."""
    try:
        side = side.doit()
    except (ValueError, TypeError, sp.ShapeError):
        return None
    if isinstance(side, sp.MatrixBase | sp.MatrixExpr):
        matrix = sp.Matrix(side)
        return matrix.shape, [e.doit() for e in matrix]
    return (), [side]


def _is_zero(e: Any) -> bool:
    """Whether e is zero by the laws of fields, powers and exp."""
    if e == 0:
        return True
    if e.count_ops() > MOST_OPERATIONS or e.has(sp.nan, sp.zoo, sp.oo):
        return False
    e = e.replace(sp.sign, lambda x: sp.Abs(x) / x)
    numerator = sp.fraction(sp.together(e.rewrite(sp.exp)))[0]
    return bool(sp.expand(numerator) == 0)


def _point(a: Any, b: Any) -> Counterexample | None:
    """The first rational point of some, large and small, at which balls are apart."""
    letters = sorted(a.free_symbols | b.free_symbols, key=str)
    for seed in range(TRIES):
        draw = Random(f"{seed}|{len(letters)}")
        least = 1 if seed % 2 else -16
        point = {s: Fraction(draw.choice([n for n in range(least, 17) if n]), 8) for s in letters}
        with ctx.workprec(PRECISION):
            try:
                x, y = (_ball(e, point) for e in (a, b))
            except (ValueRangeError, ZeroDivisionError):
                continue
            if differ(x, y):
                shown = tuple((sp.latex(s), str(v)) for s, v in point.items())
                return Counterexample(shown, *apart(x, y))
    return None


def _ball(e: Any, point: dict[Any, Fraction]) -> arb:
    """The value of e at a point. Raises `ValueRangeError` for what has no ball."""
    if e in point:
        return arb(fmpq(point[e].numerator, point[e].denominator))
    if e in CONSTANTS:
        return CONSTANTS[e]()
    if e.is_Rational or e.is_Float:
        exact = sp.Rational(str(e)) if e.is_Float else e
        return arb(fmpq(int(exact.p), int(exact.q)))
    if e.is_Add or e.is_Mul:
        total = arb(0 if e.is_Add else 1)
        for x in e.args:
            total = total + _ball(x, point) if e.is_Add else total * _ball(x, point)
        return total
    if e.is_Pow:
        return _power(e, point)
    name = type(e).__name__
    if name in BALLS and len(e.args) == 1:
        return BALLS[name](_ball(e.args[0], point))
    raise ValueRangeError(f"{e} has no ball")


def _power(e: Any, point: dict[Any, Fraction]) -> arb:
    base = _ball(e.base, point)
    if e.exp.is_Integer:
        if e.exp < 0 and base.contains(0):
            raise ZeroDivisionError(f"{e.base} may be zero")
        return base ** int(e.exp)
    if base.contains(0) or base < 0:
        raise ValueRangeError(f"{e.base} is not surely positive")
    return base ** _ball(e.exp, point)


def _sign(x: arb) -> arb:
    if x.contains(0):
        raise ValueRangeError("the sign of a number near 0")
    return x.sgn()


def _repair(latex: str, left: Any, right: Any) -> str:
    """The right side that is meant, where the left is a derivative."""
    if not left.has(sp.Derivative) or right.has(sp.Derivative):
        return ""
    return str(sp.latex(left.doit(), ln_notation=r"\ln" in latex))
