"""Exact rational values of scalar expressions, with every function a random oracle."""

from __future__ import annotations

import random
from collections.abc import Mapping
from fractions import Fraction
from functools import cache
from typing import Any

from sympy import Expr, Indexed

from symbp.functions import Elementwise
from symbp.system.maximum import Greatest, IsGreatest


@cache
def oracle(*key: Any) -> Fraction:
    """A random rational for a name at exact arguments: the same whenever it is asked."""
    chance = random.Random(repr(key))
    return Fraction(chance.randint(1, 99), chance.randint(1, 99))


def exact(e: Expr, known: Mapping[Expr, Fraction] | None = None) -> Fraction:
    """The value of a scalar expression at a random rational point.

    Entries and functions are oracles, so that two expressions agree only if they apply the
    same functions to equal arguments; powers are of integers, or oracles as well.
    """
    values: dict[Expr, Fraction] = dict(known or {})

    def value(node: Expr) -> Fraction:
        if node not in values:
            values[node] = compute(node)
        return values[node]

    def compute(node: Expr) -> Fraction:
        if node.is_Rational:
            return Fraction(int(node.p), int(node.q))
        if isinstance(node, Indexed) or node.is_Symbol:
            return oracle(str(node))
        if node.is_Add:
            return sum((value(a) for a in node.args), Fraction(0))
        if node.is_Mul:
            result = Fraction(1)
            for a in node.args:
                result *= value(a)
            return result
        if node.is_Pow and node.exp.is_Integer:
            return value(node.base) ** int(node.exp)
        if node.is_Pow:  # x^(p/2) = (√x)^p
            return oracle("root", value(node.base)) ** int(2 * node.exp)
        if isinstance(node, Greatest):
            return max(value(a) for a in node.args)
        if isinstance(node, IsGreatest):
            place, *numbers = (value(a) for a in node.args)
            return Fraction(numbers.index(max(numbers)) + 1 == place)
        assert isinstance(node, Elementwise), node
        return oracle(type(node).__name__, *(value(a) for a in node.args))

    return value(e)
