"""The two guarantees: equal formulas are never refuted, unequal ones never proved.

Formulas of every notation are rewritten at random into equal ones and into wrong ones by one
fault. Which of the two they are is decided by numbers (formula_trees.py), not by the judge.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cache
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symbp import networks
from symbp.judge.claims import Judge
from symbp.judge.verdict import Status
from symbp.latex.post import write_post
from symbp.notation import NOTATIONS
from symbp.reading.conventions import lexicon_of
from tests.claims_by_hand import outcome
from tests.formula_rewriting import FAULTS, equal_rules, rewritings
from tests.formula_trees import Network, Tree, equal, network
from tests.formula_writing import Formula, Hand, Spelling, formulas


@dataclass(frozen=True)
class Case:
    """A network in a notation."""

    notation: str
    activation: str = "sigmoid"
    loss: str = "half-squared-error"
    batch: bool = False

    @property
    def flipped(self) -> bool:
        return NOTATIONS[self.notation].weights == "from-to"

    @property
    def numbers(self) -> Network:
        return _numbers(self.activation, self.loss, self.batch, self.flipped)

    @property
    def judge(self) -> Judge:
        return _judge(self)

    @property
    def formulas(self) -> list[Formula]:
        return formulas(self.loss, self.batch, self.flipped)

    def written(self, f: Formula, right: Tree, spelling: Spelling | None = None) -> str:
        hand = Hand(NOTATIONS[self.notation], self.activation, self.batch, f.left, spelling)
        return hand.claim(f.left, right)


@cache
def _numbers(activation: str, loss: str, batch: bool, flipped: bool) -> Network:
    return network(activation, loss, batch, flipped)


@cache
def _judge(case: Case) -> Judge:
    system = networks.mlp(activation=case.activation, loss=case.loss, batch=case.batch)
    return Judge(lexicon_of(system, NOTATIONS[case.notation]))


#: The notations in which samples are columns, as in the formulas written by hand.
COLUMNS = [name for name, n in NOTATIONS.items() if n.layout.samples == "columns"]
CASES = [Case(n, batch=batch) for n in COLUMNS for batch in (False, True)]
CASES += [Case("pinard", "tanh", batch=True), Case("edge", "tanh"),
          Case("ng", "sigmoid", "binary-cross-entropy", True)]  # fmt: skip

spellings = st.builds(
    Spelling,
    elementwise=st.sampled_from([r"\odot", r"\circ", "*", ".*", r"\bullet"]),
    times=st.sampled_from(["", r"\cdot", r"\times", "*", r"\,"]),
    transpose=st.sampled_from(["T", r"\top", r"\mathrm{T}", r"\mathsf T", r"\intercal"]),
    operator=st.sampled_from([
        r"\frac{\partial %s}{\partial %s}", r"\dfrac{\partial %s}{\partial {%s}}",
        r"\partial %s / \partial %s", r"{\partial %s}/{\partial %s}", r"\frac{d %s}{d %s}",
        r"\frac{\mathrm{d} %s}{\mathrm{d} %s}",
    ]),
    tight=st.booleans(),
)  # fmt: skip


def title(case: Case) -> str:
    batch = "batch" if case.batch else "one"
    return f"{case.notation}-{case.activation}-{case.loss}-{batch}"


@pytest.mark.parametrize("case", CASES, ids=title)
def test_the_formulas_are_right_and_those_of_the_library(case):
    system = networks.mlp(activation=case.activation, loss=case.loss, batch=case.batch)
    post = write_post(system, NOTATIONS[case.notation], "en", "full").text
    plain = post.translate(str.maketrans("", "", " {}()")).replace(r"\left", "")
    found = 0
    for f in case.formulas:
        assert equal(case.numbers, f.left, f.right), f.title
        written = case.written(f, f.right)
        short = written.translate(str.maketrans("", "", " {}()")).replace(r"\left", "")
        found += short.replace(r"\right", "") in plain.replace(r"\right", "")
        assert outcome(case.judge, written).status is Status.PROVED, written
    assert found >= 4, "the formulas are written as the library writes them"


@settings(max_examples=400, derandomize=True, deadline=None)
@given(
    st.sampled_from(CASES), st.integers(0, 9), st.lists(st.integers(0, 10**6), max_size=6),
    spellings,
)  # fmt: skip
def test_equal_formulas_are_proved(case, number, choices, spelling):
    f = case.formulas[number]
    rules = list(equal_rules(case.activation).values())
    right = f.right
    for choice in choices:
        options = rewritings(right, rules[choice % len(rules)])
        right = options[choice % len(options)] if options else right
    assert equal(case.numbers, f.left, right), right
    written = case.written(f, right, spelling)
    found = outcome(case.judge, written)
    assert found.status is Status.PROVED, (written, found)


@pytest.mark.parametrize("rule", equal_rules("sigmoid"))
def test_each_rewriting_alone_is_proved_in_every_notation(rule):
    proved: Counter[str] = Counter()
    for case in CASES:
        change = equal_rules(case.activation)[rule]
        options = [(f, right) for f in case.formulas for right in rewritings(f.right, change)]
        for f, right in Random(case.notation).sample(options, min(2, len(options))):
            assert equal(case.numbers, f.left, right), right
            written = case.written(f, right)
            assert outcome(case.judge, written).status is Status.PROVED, written
            proved[case.notation] += written != case.written(f, f.right)
    needs_delta = {"error spelt out": {"bold", "ng", "pinard"}}
    for notation in needs_delta.get(rule, COLUMNS):
        assert proved[notation] >= 2, f"{rule} was not exercised in {notation}"


@pytest.mark.parametrize("kind", FAULTS)
def test_each_fault_is_refuted_in_every_notation(kind):
    refuted: Counter[str] = Counter()
    for case in CASES:
        options = [(f, r) for f in case.formulas for r in rewritings(f.right, FAULTS[kind])]
        for f, right in Random(case.notation).sample(options, min(4, len(options))):
            written = case.written(f, right)
            verdict = equal(case.numbers, f.left, right)
            found = outcome(case.judge, written)
            if verdict is None:
                assert found.status is not Status.PROVED, written
            elif not verdict:
                assert found.status is Status.REFUTED, (written, found.reason)
                refuted[case.notation] += 1
    few = {"mean lost": 1, "transpose lost": 1}
    for notation in COLUMNS:
        assert refuted[notation] >= few.get(kind, 3), f"{kind} was not exercised in {notation}"


@settings(max_examples=120, derandomize=True, deadline=None)
@given(
    st.sampled_from(CASES), st.integers(0, 9), st.lists(st.integers(0, 10**6), max_size=3),
    st.integers(0, 10**6), spellings,
)  # fmt: skip
def test_a_fault_in_a_rewritten_formula_is_refuted(case, number, choices, fault, spelling):
    f = case.formulas[number]
    rules = list(equal_rules(case.activation).values())
    right = f.right
    for choice in choices:
        options = rewritings(right, rules[choice % len(rules)])
        right = options[choice % len(options)] if options else right
    wrong = rewritings(right, list(FAULTS.values())[fault % len(FAULTS)])
    if not wrong:
        return
    wrong = wrong[fault % len(wrong)]
    verdict = equal(case.numbers, f.left, wrong)
    found = outcome(case.judge, case.written(f, wrong, spelling))
    if verdict:
        assert found.status is not Status.REFUTED, case.written(f, wrong, spelling)
    elif verdict is None:
        assert found.status is not Status.PROVED
    else:
        assert found.status is Status.REFUTED, (case.written(f, wrong, spelling), found)


@pytest.mark.parametrize("notation", COLUMNS)
def test_a_sum_that_runs_to_another_size_is_refuted(notation):
    case = Case(notation)
    f = next(f for f in case.formulas if f.title == "activations entry")
    n = NOTATIONS[notation]
    letter = n.styles["n"].entry if "n" in n.styles else "n"
    written = case.written(f, f.right)
    for shift, expected in (("+ 1", Status.PROVED), ("", Status.REFUTED), ("- 1", Status.REFUTED)):
        above = rf"\sum_{{k=1}}^{{{letter}_{{{n.layer_letter} {shift}}}}}"
        assert outcome(case.judge, written.replace(r"\sum_{k}", above)).status is expected
    samples = Case(notation, batch=True)
    f = next(f for f in samples.formulas if f.title == "biases entry")
    for above, expected in (("m", Status.PROVED), (f"{letter}_{n.depth}", Status.REFUTED)):
        written = samples.written(f, f.right).replace(r"\sum_{i}", rf"\sum_{{i=1}}^{{{above}}}")
        assert outcome(samples.judge, written).status is expected
