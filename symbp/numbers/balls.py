"""Real balls [mid ± radius]: numbers with a proved bound of their error, by Arb.

Guarantees. A ball holds the exact value of what was evaluated at the numbers given, whatever was
rounded on the way; a float given is the binary fraction that it is. So what `differ`s is
different, and what is equal never `differ`s. What is different may fail to `differ`: the balls
still overlap (more precision may part them), or nothing is known (1/0 and log 0 are a ball of all
numbers, which is apart from none). A step or a sign is taken only where the ball is clear of 0,
a maximum only where one ball is clear above the others: at a kink, or too near to one,
`UndecidedSign` is raised.

Of an unspecified function σ nothing can be computed, and a claim about every σ is refuted by any
one of them. The one taken here is analytic, neither even nor odd, bounded by a line, with no
derivative that vanishes; p, q, r are small numbers that depend on the name:

    σ(x) = x/p + sin(x)/q + cos(2x)/r

Source: Johansson (2017), "Arb: efficient arbitrary-precision midpoint-radius interval arithmetic".
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal
from hashlib import blake2b
from numbers import Rational
from typing import Any

import numpy as np
import sympy as sp
from flint import arb, ctx, fmpq
from sympy import Expr

from symbp.errors import ValueRangeError
from symbp.functions import Row
from symbp.numbers.domains import Axes, Buffer, Objects, one_hot

LARGEST = 2**16  #: binary exponent up to which a number is written out as a fraction


class UndecidedSign(ValueRangeError):
    """A sign or a step was asked for where the ball holds 0."""


def differ(a: arb, b: arb) -> bool:
    """Whether two balls are certainly apart.

    >>> differ(arb(1) / 3, arb("0.3333")), differ(arb(1) / 3, 1 - arb(2) / 3)
    (True, False)
    """
    return bool(a.is_finite() and b.is_finite() and not a.overlaps(b))


def decimal(ball: arb, digits: int = 6) -> str:
    """At most so many digits, rounded half to even: those on which all numbers in the ball agree.

    An exact number ends with its last digit that is not 0. A ball too wide for one right digit is
    written as Arb does: [middle +/- radius].

    >>> decimal(arb(2).sqrt(), 6), decimal(arb(1) / 4, 6), decimal(arb(10) ** 20 / 3, 3)
    ('1.41421', '0.25', '3.33e+19')
    >>> decimal(arb(2, 0.01), 6), decimal(arb(0, 1e-30), 6)
    ('2.0', '[+/- 1.01e-30]')
    """
    if ball.is_finite() and abs(int(ball.mid().man_exp()[1])) < LARGEST:
        middle, radius = ball.mid().fmpq(), ball.rad().fmpq()
        for count in range(digits, 0, -1):
            low, high = (_rounded(x, count) for x in (middle - radius, middle + radius))
            if low == high:
                exact = not radius and fmpq(*low.as_integer_ratio()) == middle
                return _written(low.normalize() if exact else low, count)
    return str(ball.str(digits))


def _rounded(x: fmpq, digits: int) -> Decimal:
    context = Context(prec=digits, Emax=MAX_EMAX, Emin=MIN_EMIN)
    return context.divide(Decimal(int(x.p)), Decimal(int(x.q)))


def _written(x: Decimal, digits: int) -> str:
    """Plain where that shows no digit beyond those known, else with an exponent."""
    return f"{x:f}" if -6 < x.adjusted() < digits else f"{x:e}"


# -- single numbers -------------------------------------------------------------------------------


def _sign(x: arb) -> arb:
    if x.contains(0):
        raise UndecidedSign(f"a step or a sign met {x.str(5)}: at a kink, or too near to tell")
    return x.sgn()


def _place_of_greatest(row: Any) -> int:
    for place, x in enumerate(row):
        others = (y for i, y in enumerate(row) if i != place)
        if all(bool(x > y) for y in others):
            return place
    raise UndecidedSign("a maximum of numbers of which two are equal, or too near to tell")


ELEMENTARY: dict[str, Callable[[arb], arb]] = {
    "exp": lambda x: x.exp(),
    "log": lambda x: x.log(),
    "erf": lambda x: x.erf(),
    "sign": _sign,
    "step": lambda x: (1 + _sign(x)) / 2,
}
NAMED: dict[Expr, Callable[[], arb]] = {sp.pi: arb.pi, sp.E: arb.const_e}


def _ball(value: Any) -> arb:
    """Any exact number as a ball, at the precision in force."""
    if isinstance(value, Expr):
        return _constant(value)
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, (arb, fmpq, int, float)):
        return arb(value)
    if isinstance(value, Rational):
        return arb(fmpq(int(value.numerator), int(value.denominator)))
    raise TypeError(f"{value!r} is not an exact number")


def _constant(e: Expr) -> arb:
    """A SymPy constant: 2/3, π, √2, exp(1/2) and what is made of such by +, × and powers."""
    if e.is_Rational or e.is_Float:
        exact = sp.Rational(e)
        return arb(fmpq(int(exact.p), int(exact.q)))
    if e in NAMED:
        return NAMED[e]()
    args = [_constant(a) for a in e.args]
    if args and isinstance(e, sp.Add):
        return sum(args[1:], args[0])
    if args and isinstance(e, sp.Mul):
        return math.prod(args[1:], start=args[0])
    if isinstance(e, sp.Pow):
        return args[0] ** args[1]
    name = type(e).__name__
    if len(args) == 1 and name in ELEMENTARY:
        return ELEMENTARY[name](args[0])
    raise ValueRangeError(f"{e} is no constant made of rationals, pi, E, roots, exp and log")


# -- the domain -----------------------------------------------------------------------------------


class Balls(Objects):
    """Object arrays of `flint.arb`; `precision` in bits.

    >>> balls = Balls()
    >>> x = balls.array(sp.Rational(1, 3))
    >>> decimal(balls.elementary("exp", x)[()], 20)
    '1.3956124250860895286'
    """

    def __init__(self, precision: int = 128) -> None:
        super().__init__(_ball, ELEMENTARY)
        self.precision = precision

    def array(self, values: Any) -> Buffer:
        """Exact numbers, SymPy constants, or balls as they are."""
        with ctx.workprec(self.precision):
            return super().array(values)

    def add(self, a: Buffer, b: Buffer) -> Buffer:
        """a + b."""
        with ctx.workprec(self.precision):
            return super().add(a, b)

    def multiply(self, a: Buffer, b: Buffer) -> Buffer:
        """a · b."""
        with ctx.workprec(self.precision):
            return super().multiply(a, b)

    def power(self, a: Buffer, exponent: Expr) -> Buffer:
        """aᶜ: products for integers; Arb takes square roots for halves."""
        with ctx.workprec(self.precision):
            if exponent.is_Integer:
                taken = np.frompyfunc(lambda x: _whole_power(x, int(exponent)), 1, 1)
                return np.asarray(taken(a), dtype=object)
            return super().power(a, exponent)

    def contract(self, factors: Sequence[tuple[Buffer, Axes]], out: Axes) -> Buffer:
        """Products, then sums; an empty sum is the ball 0."""
        with ctx.workprec(self.precision):
            return self.array(super().contract(factors, out))

    def greatest(self, x: Buffer, axes: int) -> Buffer:
        """Where one ball is clear above all others. Raises `UndecidedSign` where none is."""
        return self.array(one_hot(x, axes, _place_of_greatest))

    def elementary(self, name: str, x: Buffer) -> Buffer:
        """exp, log, erf; step and sign where they are decided."""
        with ctx.workprec(self.precision):
            return super().elementary(name, x)

    def apply(self, row: Row, order: int, x: Buffer, parameters: Sequence[Buffer]) -> Buffer:
        """By the row's `value`; an unspecified function by its stand-in."""
        if row.specified:
            return super().apply(row, order, x, parameters)
        with ctx.workprec(self.precision):
            taken = np.frompyfunc(lambda entry: _stand_in(row.name, order, entry), 1, 1)
            return np.asarray(taken(x), dtype=object)


def _whole_power(x: arb, n: int) -> arb:
    """xⁿ. Arb's own power of a ball around 0 is nan (python-flint 0.9).

    >>> _whole_power(arb(0, 0.5), 2).contains(arb(0.2))
    True
    """
    if n < 0:
        return 1 / _whole_power(x, -n)
    half = _whole_power(x, n // 2) if n > 1 else arb(1)
    return half * half * x if n % 2 else half * half


# -- unspecified functions ------------------------------------------------------------------------


def _denominators(name: str) -> tuple[int, int, int]:
    """p, q, r for a name."""
    a, b, c = blake2b(name.encode(), digest_size=3).digest()
    return 2 + a % 7, 2 + b % 11, 3 + c % 13


def _stand_in(name: str, order: int, x: arb) -> arb:
    """σ⁽ⁿ⁾(x): sin⁽ⁿ⁾ and cos⁽ⁿ⁾ go round sin, cos, −sin, −cos."""
    p, q, r = _denominators(name)
    line = (x / p, arb(1) / p, arb(0))[min(order, 2)]
    sine, cosine = x.sin_cos()
    sine2, cosine2 = (2 * x).sin_cos()
    first = (sine, cosine, -sine, -cosine)[order % 4]
    second = (cosine2, -sine2, -cosine2, sine2)[order % 4]
    return line + first / q + 2**order * second / r


def stand_in_text(row: Row) -> str:
    r"""LaTeX of f(x) for the function f that was taken for an unspecified one.

    >>> from symbp.functions import TABLE
    >>> print(stand_in_text(TABLE["f"]))
    \frac{x}{6} + \frac{\sin x}{12} + \frac{\cos 2x}{6}
    """
    p, q, r = _denominators(row.name)
    return rf"\frac{{x}}{{{p}}} + \frac{{\sin x}}{{{q}}} + \frac{{\cos 2x}}{{{r}}}"
