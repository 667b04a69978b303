r"""Every mistake of the table planted in right formulas: refuted, named, repaired with proof."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import pytest

from symbp.judge.chains import judge
from symbp.judge.claims import Judge
from symbp.judge.diagnosis import diagnose
from symbp.judge.diagnosis.probe import Probe
from symbp.judge.diagnosis.table import TABLE
from symbp.judge.verdict import Status, Verdict
from symbp.reading.declared import declared
from symbp.reading.grammar.lexer import tokens
from symbp.reading.grammar.statements import statements
from symbp.reading.model import read_models
from tests.latex_engines import Formula, check_latex

NETWORKS = {
    "layers": {
        "equations": [
            "a^1 = x", "z^l = W^l a^{l-1} + b^l", r"a^l = \sigma(z^l)",
            r"J = \frac{1}{2} \|a^L - y\|^2",
        ],
        "define": [r"\delta^l = \partial J / \partial z^l"],
    },
    "batch": {
        "equations": [
            "z^{v,l} = W^l a^{v,l-1} + b^l", r"a^{v,l} = \sigma(z^{v,l})",
            r"C^v = \frac{1}{2} \|a^{v,L} - y^v\|^2", r"C = \frac{1}{m} \sum_{v=1}^m C^v",
        ],
        "define": [r"\delta^{v,l} = \partial C^v / \partial z^{v,l}"],
        "indices": ["v sample"],
        "batch": [r"Z = z, A = a, \Delta = \delta, Y = y"],
        "layout": ["rows"],
    },
    "entropy": {
        "equations": [
            r"z = w^T x + b", r"a = \sigma(z)",
            r"J = -(y \log a + (1 - y) \log(1 - a))",
        ],
        "functions": [r"\sigma sigmoid"],
        "shapes": ["y 1"],
    },
    "softmax": {
        "equations": ["z = W x + b", "a = softmax(z)", r"J = -\sum_j y_j \log a_j"],
    },
    "recurrent": {
        "equations": [
            r"h^{(t)} = \tanh(U x^{(t)} + W h^{(t-1)} + b)", "o^{(t)} = V h^{(t)} + c",
            r"\hat y^{(t)} = softmax(o^{(t)})",
            r"L^{(t)} = -\sum_j y_j^{(t)} \log \hat y_j^{(t)}",
            r"L = \sum_{t=1}^\tau L^{(t)}",
        ],
        "define": [r"\delta^{(t)} = \partial L / \partial h^{(t)}"],
        "size": [r"T = \tau"],
    },
    "images": {
        "equations": ["z^l = a^{l-1} * W^l", r"a^l = \sigma(z^l)", "J = any(a^L)"],
        "define": [r"\delta^l = \partial J / \partial z^l"],
        "shapes": ["a p x q, W r x s"], "functions": ["* cross-correlation"],
    },
    "numbers": {"equations": ["p = (u + v) q", "J = any(p)"], "shapes": ["all 1"]},
}  # fmt: skip


@dataclass(frozen=True)
class Planted:
    """A wrong formula, the mistake in it and what is right."""

    network: str
    left: str
    wrong: str
    mistake: str
    repair: str

    def __str__(self) -> str:
        return f"{self.mistake}: {self.left} = {self.wrong}"


def planted(network: str, left: str, *rows: tuple[str, str, str]) -> list[Planted]:
    return [Planted(network, left, wrong, mistake, repair) for wrong, mistake, repair in rows]


RECURSION = r"(W^{l+1})^T\delta^{l+1}\odot\sigma'(z^l)"
ENTRIES = r"\sum_k w^{l+1}_{kj}\delta^{l+1}_k\sigma'(z^l_j)"
PLANTED = [
    *planted(
        "layers", r"\delta^l",
        (r"-(W^{l+1})^T\delta^{l+1}\odot\sigma'(z^l)", "sign", RECURSION),
        (r"(W^{l+1})^T\delta^{l+1}\odot\sigma(z^l)", "function for its derivative", RECURSION),
        (r"(W^{l+1})^T\delta^{l+1}\odot\sigma'(a^l)", "argument of derivative", RECURSION),
        (r"(W^l)^T\delta^{l+1}\odot\sigma'(z^l)", "wrong layer", RECURSION),
        (r"W^{l+1}\delta^{l+1}\odot\sigma'(z^l)", "transpose", RECURSION),
        (r"(W^{l+1})^T\delta^{l+1}", "missing derivative",
         r"(W^{l+1})^T\delta^{l+1} \odot \sigma'(z^l)"),
        (r"(W^{l+1})^T\odot\sigma'(z^l)", "missing factor",
         r"(W^{l+1})^T \delta^{l+1}\odot\sigma'(z^l)"),
        (r"(W^{l+1})^T\delta^{l+1}\odot a^l\odot\sigma'(z^l)", "extra factor", RECURSION),
        (r"(W^{l+1})^T\delta^{l+1}\odot\sigma'(z^l) + b^l", "extra term", RECURSION),
        (r"(W^{l+1})^T z^{l+1}\odot\sigma'(z^l)", "wrong operand",
         r"(W^{l+1})^T \delta^{l+1}\odot\sigma'(z^l)"),
        (r"\delta^{l+1}(W^{l+1})^T\odot\sigma'(z^l)", "order of factors", RECURSION),
    ),
    *planted(
        "layers", r"\delta^l_j",
        (r"\sum_k w^{l+1}_{jk}\delta^{l+1}_k\sigma'(z^l_j)", "swapped indices", ENTRIES),
        (r"w^{l+1}_{kj}\delta^{l+1}_k\sigma'(z^l_j)", "missing sum", ENTRIES),
        (r"\sum_k w^{l+1}_{kj}\delta^{l+1}_k\sigma'(z^{l+1}_j)", "wrong layer", ENTRIES),
    ),
    *planted(
        "layers", r"\delta^L",
        (r"(y - a^L)\odot\sigma'(z^L)", "sign", r"(a^L - y)\odot\sigma'(z^L)"),
        (r"2(a^L - y)\odot\sigma'(z^L)", "factor", r"(a^L - y)\odot\sigma'(z^L)"),
        (r"a^L\odot\sigma'(z^L)", "missing term", r"(a^L - y)\odot\sigma'(z^L)"),
    ),
    *planted(
        "layers", r"\frac{\partial J}{\partial W^l}",
        (r"a^{l-1} (\delta^l)^T", "transpose", r"\delta^l (a^{l-1})^T"),
        (r"\delta^l", "missing factor", r"\delta^l (a^{l-1})^T"),
        (r"\delta^L (a^{L-1})^T", "left side",
         r"\frac{\partial J}{\partial W^L} = \delta^L (a^{L-1})^T"),
    ),
    *planted(
        "layers", r"\frac{\partial J}{\partial w^l_{jk}}",
        (r"\delta^l_j a^{l-1}_j", "wrong index", r"\delta^l_j a^{l-1}_k"),
        (r"\sum_j \delta^l_j a^{l-1}_k", "extra sum", r"\delta^l_j a^{l-1}_k"),
    ),
    *planted(
        "layers", r"\frac{\partial z^{l+1}}{\partial z^l}",
        (r"W^{l+1}\sigma'(z^l)", "product kind", r"W^{l+1}\mathrm{diag}(\sigma'(z^l))"),
    ),
    *planted(
        "images", r"\frac{\partial J}{\partial W^l}",
        (r"a^{l-1} * rot180(\delta^l)", "rotation", r"a^{l-1} * \delta^l"),
        (r"\delta^l * rot180(a^{l-1})", "rotation", r"a^{l-1} * \delta^l"),
    ),
    *planted(
        "layers", "W^l",
        (r"W^l + \eta \delta^l (a^{l-1})^T", "sign", r"W^l - \eta \delta^l (a^{l-1})^T"),
        (r"W^l - \eta a^{l-1} (\delta^l)^T", "transpose", r"W^l - \eta \delta^l (a^{l-1})^T"),
    ),
    *planted(
        "batch", r"\frac{\partial C}{\partial W^l}",
        (r"(\Delta^l)^T A^{l-1}", "factor", r"\frac{1}{m} (\Delta^l)^T A^{l-1}"),
        (r"\frac{1}{m} \Delta^l A^{l-1}", "transpose", r"\frac{1}{m} (\Delta^l)^T A^{l-1}"),
    ),
    *planted(
        "entropy", r"\frac{\partial J}{\partial w}",
        (r"(a - y) \sigma'(z) x", "extra derivative", "(a - y) x"),
        ("(a + y) x", "sign", "(a - y) x"),
    ),
    *planted(
        "softmax", r"\frac{\partial J}{\partial z_j}",
        ("y_j - a_j", "sign", "a_j - y_j"),
        ("a_k - y_j", "wrong index", "a_j - y_j"),
    ),
    *planted(
        "recurrent", r"\frac{\partial L}{\partial W}",
        (r"\sum_{t=1}^\tau diag(1-(h^{(t)})^2)\delta^{(t)}(h^{(t)})^T", "wrong time",
         r"\sum_{t=1}^\tau diag(1-(h^{(t)})^2)\delta^{(t)}(h^{(t-1)})^T"),
        (r"\sum_{t=1}^\tau diag(1-h^{(t)})\delta^{(t)}(h^{(t-1)})^T", "power",
         r"\sum_{t=1}^\tau diag(1-(h^{(t)})^2)\delta^{(t)}(h^{(t-1)})^T"),
    ),
    *planted(
        "numbers", r"\frac{\partial J}{\partial q}",
        (r"u + v \frac{\partial J}{\partial p}", "parentheses",
         r"(u + v) \frac{\partial J}{\partial p}"),
    ),
]  # fmt: skip


@cache
def judges(network: str, copy: int = 0) -> tuple[Judge, ...]:
    """The judges of a network; those of another copy share nothing with them."""
    del copy
    return tuple(Judge(x) for x in read_models(declared(NETWORKS[network]), {}))


def verdict(network: str, *members: str, copy: int = 0) -> Verdict:
    """The verdict on the last member of a chain."""
    (statement,) = statements(tokens(" = ".join(members)))
    return judge([judges(network, copy)], statement.members, members)[-1]


@pytest.mark.parametrize("p", PLANTED, ids=str)
def test_a_planted_mistake_is_named_and_mended(p: Planted) -> None:
    found = verdict(p.network, p.left, p.wrong)
    assert (found.status, found.mistake, found.repair) == (Status.REFUTED, p.mistake, p.repair)
    claim = p.repair.split(" = ") if p.mistake == "left side" else [p.left, p.repair]
    assert verdict(p.network, *claim, copy=1).status is Status.PROVED


def test_repairs_render() -> None:
    formulas = [Formula(str(p), p.repair) for p in PLANTED]
    assert check_latex(formulas) == []


def test_every_row_of_the_table_mends_something() -> None:
    assert {p.mistake for p in PLANTED} == {row.name for row in TABLE}
    assert len({row.name for row in TABLE}) == len(TABLE)
    assert all(row.says for row in TABLE)


@pytest.mark.parametrize(
    ("network", "left", "wrong", "repair"),
    [
        ("layers", r"\delta^l", r"\mathbf{W}^{l+1} \delta^{l+1} * \sigma'(z^l)",
         r"(\mathbf{W}^{l+1})^T \delta^{l+1} * \sigma'(z^l)"),
        ("layers", r"\delta^l", r"{W^{l+1}} \left(\delta^{l+1}\right) * \sigma'(z^l)",
         r"{W^{l+1}}^T \left(\delta^{l+1}\right) * \sigma'(z^l)"),
        ("layers", r"\delta^l", r"\left((W^{l+1})^\top\delta^{l+1}\right)",
         r"\left((W^{l+1})^\top\delta^{l+1}\right) \odot \sigma'(z^l)"),
        ("layers", r"\frac{\partial J}{\partial W^l}", r"a^{l-1} (\delta^l)^{\top}",
         r"\delta^l (a^{l-1})^\top"),
        ("layers", r"\delta^L", r"\left( y-a^L \right) \circ \sigma'(z^L)",
         r"\left( a^L - y \right) \circ \sigma'(z^L)"),
        ("batch", r"\frac{\partial C}{\partial b^l}", r"\frac{1}{m} \delta^{v,l}",
         r"\sum_{v=1}^m \frac{1}{m} \delta^{v,l}"),
    ],
)  # fmt: skip
def test_a_repair_keeps_its_author_s_hand(network: str, left: str, wrong: str, repair: str) -> None:
    assert verdict(network, left, wrong).repair == repair


def test_a_sum_is_written_as_in_the_chain() -> None:
    left, head = r"\frac{\partial C}{\partial b^l}", r"\sum\limits_{v=1}^{m}"
    middle = rf"{head} \frac{{\partial C}}{{\partial z^{{v,l}}}}"
    assert verdict("batch", left, middle).status is Status.PROVED
    found = verdict("batch", left, middle, r"\frac{1}{m} \delta^{v,l}")
    assert found.repair == rf"{head} \frac{{1}}{{m}} \delta^{{v,l}}"


def test_what_is_right_has_no_repair() -> None:
    found = verdict("layers", r"\delta^l", RECURSION)
    assert (found.status, found.repair, found.mistake) == (Status.PROVED, "", "")


def test_no_repair_is_shown_that_the_judge_does_not_prove() -> None:
    (j,) = judges("layers")
    asked = []

    def never(left: Sequence[object], right: Sequence[object]) -> bool:
        asked.append(right)
        return False

    assert diagnose(j, r"\delta^l", r"W^{l+1}\delta^{l+1}\odot\sigma'(z^l)", never) is None
    assert asked


def test_a_probe_that_believes_everything_deceives_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Probe, "agrees", lambda self, sides: True)
    found = verdict("layers", r"\delta^L", r"(y - a^L)\odot\sigma'(z^L)")
    assert found.repair == r"(a^L - y)\odot\sigma'(z^L)"


@pytest.mark.parametrize(
    ("left", "wrong"),
    [
        ("a^l", "z^l"),  # not about a derivative
        (r"\frac{\partial J}{\partial b^l}", "0"),  # no name that could be another
        (r"\delta^l", r"x \delta^l"),  # only the left side itself would be right
    ],
)
def test_no_repair_that_says_nothing(left: str, wrong: str) -> None:
    assert verdict("layers", left, wrong).repair == ""


def test_the_search_ends() -> None:
    terms = " + ".join([r"(W^{l+1})^T\delta^{l+1}\odot a^l"] * 20)
    assert verdict("layers", r"\delta^l", terms).repair == ""
