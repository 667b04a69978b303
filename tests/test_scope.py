"""Scopes: what is said to hold for every width and depth does, and what does not is never said to.

Equality at the sizes judged is one thing, at all sizes another: each trap below is true at some
small sizes and false at others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st
from sympy import Expr, KroneckerDelta, Rational, Sum

from symbp.functions import TABLE
from symbp.judge.claims import Judge
from symbp.judge.compare import Sides, agree
from symbp.judge.points import Points
from symbp.judge.scope import Scopes
from symbp.reading.typed import Total
from symbp.system import Equation, Kind, Range, Role, Slot, System, Variable
from tests.claims_by_hand import MLP, RECURRENT, judges, outcome

n, m = sp.symbols("n m", integer=True)
i, j, k, p, q = sp.symbols("i j k p q", integer=True)


def slot(letter: sp.Symbol, size: Expr) -> Slot:
    return Slot(Range(letter, sp.S.One, size), Kind.UNIT)


X = Variable("x", (slot(i, n),), Role.INPUT)
Y = Variable("y", (slot(i, n),), Role.TARGET)
U = Variable("u", (slot(i, m),), Role.INPUT)
W = Variable("w", (slot(i, m), slot(j, n)), Role.PARAMETER)
Z = Variable("z", (slot(i, m),), Role.INTERMEDIATE)
C = Variable("C", (), Role.LOSS)
SIZES = tuple(Variable(s.name, (), Role.SIZE) for s in (n, m))
sigma, tanh, exp = (TABLE[name] for name in ("sigma", "tanh", "exp"))


def over(body: Expr, *letters: sp.Symbol, size: Expr = n) -> Expr:
    for s in letters:
        body = Sum(body, (s, 1, size))
    return body


z = Equation("z", (i,), over(W[i, j] * X[j], j), (Range(i, sp.S.One, m),))
loss = Equation("C", (), over((sigma(Z[i]) - U[i]) ** 2, i, size=m) / 2)
NET = System((*SIZES, X, Y, U, W, Z, C), (z, loss), "C")
SMALL = NET.with_sizes(n=3, m=2)
RANGES = {i: Range(i, sp.S.One, n), p: Range(p, sp.S.One, m), q: Range(q, sp.S.One, n)}


def sides(left: Expr, right: Expr) -> Sides:
    free = left.free_symbols | right.free_symbols
    return Sides(left, right, tuple(r for s, r in RANGES.items() if s in free))


def everywhere(left: Expr, right: Expr, totals: bool = False) -> bool:
    return Scopes(NET, SMALL).everywhere(sides(left, right), totals)


def holds_at(left: Expr, right: Expr, **sizes: int) -> bool:
    """Whether both sides agree in a prime field at some sizes, by brute force."""
    at = Points(NET.with_sizes(**sizes))
    try:
        return at.decide(lambda values: agree(sides(left, right), values, [{}]))
    except ZeroDivisionError:
        return True  # one side has no meaning there


S = {power: over(X[j] ** power, j) for power in range(1, 5)}
MEAN = over(X[j], j) / n
#: left = right at n = 3 or n = 2, and not at all sizes.
TRAPS: Mapping[str, tuple[Expr, Expr]] = {
    "e_4 = 0 for three units": (
        S[1] ** 4 - 6 * S[1] ** 2 * S[2] + 3 * S[2] ** 2 + 8 * S[1] * S[3] - 6 * S[4], sp.S.Zero),
    "e_3 = 0 for two units": (S[1] ** 3 - 3 * S[1] * S[2] + 2 * S[3], sp.S.Zero),
    "Cauchy for one unit": (S[1] ** 2, S[2]),
    "a number for a size": (MEAN, over(X[j], j) / 3),
    "a number for a sum of ones": (over(X[i] ** 0 + 0 * X[j], j), sp.S(3)),
    "n - 1 for 2": (over(over(X[j], j), k) - over(X[j], j), 2 * over(X[j], j)),
    "a size for another number": (over(X[j], j) * (n - 1), 2 * over(X[j], j)),
    "units but one": (over((1 - KroneckerDelta(i, j)) * X[i], j), 2 * X[i]),
    "all pairs, of which there are 6": (
        over((1 - KroneckerDelta(j, k)) * X[i], j, k), 6 * X[i]),
    "the size of the other layer": (over(X[j], j) / n, over(X[j], j) / (m + 1)),
    "exponentials that cancel": (
        over(exp(X[i] - X[j]) * exp(X[j]), j), 3 * exp(X[i])),
    "fractions that cancel": (over(X[j] / X[j] + 0 * X[i], j), sp.S(3)),
    "a sum under a function": (sigma(over(X[i], j)), sigma(3 * X[i])),
    "a sum in a denominator": (1 / over(X[i], j), 1 / (3 * X[i])),
    "e_4 under a function": (
        sigma(S[1] ** 4 - 6 * S[1] ** 2 * S[2] + 3 * S[2] ** 2 + 8 * S[1] * S[3] - 6 * S[4]),
        sigma(sp.S.Zero * X[i])),
    "a function of a unit and of all": (sigma(X[i]) * n, 3 * sigma(X[i])),
    "a cubic that has the sizes 1, 2 and 3 as roots": (
        (n - 1) * (n - 2) * (n - 3) * X[i], sp.S.Zero),
    "a determinant of three rows, as a sum": (
        over((X[j] - X[k]) * (X[k] - X[p]) * (X[p] - X[j]) * X[j] * Y[k], j, k, p)
        - over((X[j] - X[k]) * (X[k] - X[p]) * (X[p] - X[j]) * X[j] * Y[k], p, j, k)
        + (n - 3) * X[i], sp.S.Zero),
    "a derivative with a number for the size": (
        over(Total(over(X[k], k), X[j], sp.S.Zero), j), sp.S(3)),
    "softmax that is uniform for equal outputs": (
        exp(X[i]) / over(exp(X[i]), j), Rational(1, 3) + 0 * X[i]),
}  # fmt: skip


@pytest.mark.parametrize("name", TRAPS)
def test_what_holds_at_some_sizes_only_is_not_said_of_all(name: str) -> None:
    left, right = TRAPS[name]
    found = [holds_at(left, right, n=size, m=2) for size in (1, 2, 3, 4, 5)]
    assert len(set(found)) == 2, "this traps nothing"
    assert not everywhere(left, right)


def test_sums_under_a_root() -> None:
    assert not everywhere(sp.sqrt(over(X[i] + Y[i], j)), sp.sqrt(3 * (X[i] + Y[i])))
    assert everywhere(sp.sqrt(over(X[i] + Y[j], j)), sp.sqrt(n * X[i] + over(Y[k], k)))


TRUE: Mapping[str, tuple[Expr, Expr]] = {
    "a sum of sums": (over(X[j] * Y[k], j, k), over(X[k], k) * over(Y[j], j)),
    "a sum of ones": (over(X[i] ** 0 + 0 * X[j], j), n),
    "a square": (over(X[j], j) ** 2, over(X[j] * X[k], j, k)),
    "a collapsed delta": (over(KroneckerDelta(i, j) * X[j], j), X[i]),
    "units but one": (over((1 - KroneckerDelta(i, j)) * X[j], j), over(X[j], j) - X[i]),
    "pairs": (over((1 - KroneckerDelta(j, k)) * X[i], j, k), n * (n - 1) * X[i]),
    "the deviations add up to zero": (over(X[k] - over(X[j], j) / n, k), sp.S.Zero),
    "variance": (over((X[k] - over(X[j], j) / n) ** 2, k),
                 over(X[k] ** 2, k) - over(X[k], k) ** 2 / n),
    "probabilities add up to one": (
        over(exp(X[k]) / over(exp(X[j]), j), k), sp.S.One),
    "exponentials that cancel": (over(exp(X[i] - X[j]) * exp(X[j]), j), n * exp(X[i])),
    "a root squared": (sp.sqrt(over(X[j] ** 2, j)) ** 2, over(X[j] ** 2, j)),
    "a norm's denominator": (
        over(X[j] ** 2, j) / sp.sqrt(over(X[k] ** 2, k)), sp.sqrt(over(X[k] ** 2, k))),
    "letters under a function": (
        sigma(over(W[p, j] * X[j], j)), sigma(over(X[k] * W[p, k], k))),
    "tanh'": (tanh(X[i]).diff(X[i]), 1 - tanh(X[i]) ** 2),
    "a derivative of a sum": (Total(over(X[k] ** 2, k), X[q], sp.S.Zero), 2 * X[q]),
    "a gradient": (
        Total(C.atom, W[p, q], sp.S.Zero), (sigma(Z[p]) - U[p]) * sigma(Z[p]).diff(Z[p]) * X[q]),
    "a gradient through a sum": (
        Total(C.atom, X[q], sp.S.Zero), over(W[k, q] * Total(C.atom, Z[k], sp.S.Zero), k, size=m)),
}  # fmt: skip


@pytest.mark.parametrize("name", TRUE)
def test_what_holds_at_all_sizes_is_proved_for_all(name: str) -> None:
    left, right = TRUE[name]
    assert all(holds_at(left, right, n=a, m=b) for a, b in ((1, 1), (2, 3), (4, 2), (5, 1)))
    assert everywhere(left, right)


@pytest.mark.parametrize("name", TRUE)
@pytest.mark.parametrize("wrong", [
    lambda e: -e, lambda e: 2 * e, lambda e: e + X[i] / 10**6, lambda e: e * n / 3,
    lambda e: e + (n - 3) * X[i], lambda e: e + (n - m - 1) * X[i],
])  # fmt: skip
def test_a_planted_difference_is_never_proved(name: str, wrong: Callable[[Expr], Expr]) -> None:
    left, right = TRUE[name]
    if right != 0:
        assert not everywhere(left, wrong(right))


# -- formulas at random -------------------------------------------------------------------------


@st.composite
def bodies(draw: st.DrawFn, letters: tuple[sp.Symbol, ...], depth: int) -> Expr:
    """A formula in entries x_i, y_i with sums, functions, deltas, fractions and sizes."""
    kinds = "x y number" if not depth else "x sum sum sum + * * delta size function fraction"
    kind = draw(st.sampled_from(kinds.split()))
    a = draw(st.sampled_from(letters))
    if kind in "xy":
        return (X if kind == "x" else Y)[a]
    if kind == "number":
        return sp.S(draw(st.integers(1, 3)))
    if kind == "size":
        return draw(st.sampled_from([n, 1 / n, n - 1]))
    if kind == "sum":
        new = draw(st.sampled_from([s for s in (j, k, q) if s not in letters] or [p]))
        return over(draw(bodies((*letters, new), depth - 1)), new)
    inner = draw(bodies(letters, depth - 1))
    if kind == "function":
        return draw(st.sampled_from([sigma, exp]))(inner)
    if kind == "fraction":
        return 1 / (X[a] + inner)
    other = draw(bodies(letters, depth - 1))
    if kind == "delta":
        return KroneckerDelta(a, draw(st.sampled_from(letters))) * inner
    return inner + other if kind == "+" else inner * other


def rewritten(e: Expr, choices: Callable[[int], int]) -> Expr:
    """A formula changed at random into one that is equal at all, at some or at no sizes."""
    if isinstance(e, Sum):
        body, (letter, low, high) = e.function, e.limits[0]
        inner = rewritten(body, choices)
        if letter not in body.free_symbols:
            return inner * (sp.S(choices(3) + 1) if choices(2) else n)
        what = choices(6)
        if what == 0 and isinstance(inner, sp.Add):
            return sp.Add(*(Sum(t, (letter, low, high)) for t in inner.args))
        if what == 1:
            return n * inner.xreplace({letter: i})
        if what == 2:
            new = sp.Symbol("r", integer=True)
            return Sum(inner.xreplace({letter: new}), (new, low, high))
        return Sum(inner, (letter, low, high))
    if e == n and choices(2):
        return sp.S(choices(3) + 1)
    if isinstance(e, sp.Pow) and e.base == n and choices(2):
        return Rational(1, choices(3) + 1)
    if not e.args or isinstance(e, sp.Indexed | KroneckerDelta):
        return e
    changed = e.func(*(rewritten(a, choices) for a in e.args))
    return sp.expand(changed) if choices(3) == 0 else changed


@given(bodies((i,), 4), st.data())
def test_whatever_is_proved_for_all_sizes_holds_at_all(left: Expr, data: st.DataObject) -> None:
    right = rewritten(left, lambda count: data.draw(st.integers(0, count - 1)))
    if everywhere(left, right):
        for size in (1, 2, 3, 4, 5):
            assert holds_at(left, right, n=size, m=2), (left, right, size)


# -- claims of documents -----------------------------------------------------------------------

DELTA = {"define": r"\delta^l = \partial C / \partial z^l"}
SIGMOID = {**DELTA, "functions": r"\sigma sigmoid"}
SOFTMAX = r"""
p_i = \frac{e^{z_i}}{\sum_k e^{z_k}}
C = -\sum_i y_i \log p_i
"""
BATCH = r"""
z^{(i)} = W^T x^{(i)}
C = \frac{1}{m} \sum_{i=1}^m \frac{1}{2} \|z^{(i)} - y^{(i)}\|^2
"""
WIDTH, DEPTH = "for every width", "for every width and depth"
STEPS, SAMPLES = "for every width and number of steps", "for every width and number of samples"


def scope(equations: str, latex: str, **entries: str) -> str:
    """The scope of a claim, which must be proved."""
    (each,) = judges(equations, **entries)
    found = outcome(each, latex)
    assert found.status.value == "proved"
    return each.scope_text(found)


@pytest.mark.parametrize("equations, entries, latex, expected", [
    (MLP, DELTA, r"\delta^l = (W^{l+1})^T \delta^{l+1} \odot \sigma'(z^l)", DEPTH),
    (MLP, DELTA, r"\delta^L = (a^L - y) \odot \sigma'(z^L)", DEPTH),
    (MLP, DELTA, r"\frac{\partial C}{\partial W^l} = \delta^l (a^{l-1})^T", DEPTH),
    (MLP, DELTA, r"\frac{\partial C}{\partial b^l} = \delta^l", DEPTH),
    (MLP, DELTA, r"\delta^{L-1} = (W^L)^T \delta^L \odot \sigma'(z^{L-1})", DEPTH),
    (MLP, DELTA, r"W^l := W^l - \eta \delta^l (a^{l-1})^T", DEPTH),
    (MLP, SIGMOID, r"\delta^L = (a^L - y) \odot a^L \odot (1 - a^L)", DEPTH),
    (MLP, SIGMOID, r"\delta^l = (W^{l+1})^T \delta^{l+1} \odot a^l \odot (1 - a^l)", DEPTH),
    (RECURRENT, {}, r"\frac{\partial E}{\partial V} = \sum_{t=1}^T (o_t - y_t) h_t^T", STEPS),
    (RECURRENT, {}, r"\frac{\partial E}{\partial W} = "
     r"\sum_{t=1}^T \frac{\partial E_t}{\partial W}", STEPS),
    (RECURRENT, {}, r"\frac{\partial h_t}{\partial h_{t-1}} = "
     r"diag(\phi'(W x_t + U h_{t-1} + b)) U", STEPS),
    (SOFTMAX, {}, r"\frac{\partial C}{\partial z_i} = p_i - y_i", WIDTH),
    (SOFTMAX, {"functions": r"\delta kronecker"},
     r"\frac{\partial p_i}{\partial z_j} = p_i (\delta_{ij} - p_j)", WIDTH),
    (SOFTMAX, {"where": r"i \neq j"}, r"\frac{\partial p_i}{\partial z_j} = -p_i p_j", WIDTH),
    (BATCH, {"indices": "i sample"}, r"\frac{\partial C}{\partial W} = "
     r"\frac{1}{m} \sum_{i=1}^m x^{(i)} (z^{(i)} - y^{(i)})^T", SAMPLES),
])  # fmt: skip
def test_the_scope_of_usual_claims(
    equations: str, entries: Mapping[str, str], latex: str, expected: str
) -> None:
    assert scope(equations, latex, **entries) == expected


@pytest.mark.parametrize("equations, entries, latex, expected", [
    (MLP, {**DELTA, "size": "L = 2"}, r"\delta^2 = (a^2 - y) \odot \sigma'(z^2)",
     "for every width, at depth 2"),
    (MLP, {**DELTA, "size": "L = 3"}, r"\frac{\partial C}{\partial b^1} = \sigma'(z^1) \odot "
     r"(W^2)^T (\sigma'(z^2) \odot (W^3)^T \delta^3)", DEPTH),
    (RECURRENT, {"size": "T = 3"}, r"\frac{\partial E}{\partial V} = (o_1 - y_1) h_1^T + "
     r"(o_2 - y_2) h_2^T + (o_3 - y_3) h_3^T", "for every width, at T = 3"),
])  # fmt: skip
def test_what_holds_at_one_depth_says_so(
    equations: str, entries: Mapping[str, str], latex: str, expected: str
) -> None:
    assert scope(equations, latex, **entries) == expected


def test_the_same_claim_has_the_same_scope() -> None:
    (first,), (second,) = judges(MLP, **DELTA), judges.__wrapped__(MLP, **DELTA)
    latex = r"\delta^l = (W^{l+1})^T \delta^{l+1} \odot \sigma'(z^l)"
    assert isinstance(first, Judge)
    texts = {each.scope_text(outcome(each, latex)) for each in (first, second)}
    assert texts == {DEPTH}


def test_what_is_refuted_has_no_scope() -> None:
    (each,) = judges(MLP, **DELTA)
    assert each.scope_text(outcome(each, r"\delta^L = a^L - y")) == ""
