"""Theorems: their pages are as generated, every claim is proved and every spoilt one refuted."""

from dataclasses import replace
from functools import cache

import pytest
from sympy import Rational

from symbp.judge.equality import Prover
from symbp.theorems import Claim, file_name, page, theorems, unproved
from symbp.theorems.sizes import at_all_sizes
from tests.derivation_documents import FOLDER
from tests.latex_engines import check_latex, formulas_of

BY_NAME = {t.name: t for t in theorems()}
THEOREMS = [pytest.param(t, id=name) for name, t in BY_NAME.items()]
LANGUAGES = ("en", "zh")
#: In one process, so that a page is written once.
pytestmark = pytest.mark.xdist_group("theorems")


@cache
def written(name, language):
    return page(BY_NAME[name], language)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("theorem", THEOREMS)
def test_the_page_is_what_is_derived_today(theorem, language, request):
    path = FOLDER / "theorems" / file_name(theorem, language)
    text = written(theorem.name, language)
    if request.config.getoption("--update"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    assert path.read_text(encoding="utf-8") == text, "run pytest --update and look at the diff"


@pytest.mark.parametrize("theorem", THEOREMS)
def test_every_claim_is_proved(theorem):
    for part in theorem.parts:
        assert unproved(part) == []
        assert list(part.all_claims())


@pytest.mark.parametrize("theorem", THEOREMS)
def test_every_spoilt_claim_is_refuted(theorem):
    for part in theorem.parts:
        wrong = [w for claim in part.claims for w in spoilt(claim)]
        found = unproved(replace(part, claims=tuple(wrong), derived=()))
        assert found == wrong


def spoilt(claim):
    """The claim with a sign, a factor, a term or its whole sense changed."""
    left, right = claim.left, claim.right
    if claim.differ:
        return [replace(claim, differ=False), replace(claim, right=left)]
    terms = [right + 1, right + Rational(1, 10**6)]
    wrong = terms if right == 0 else [-right, right * (1 + Rational(1, 10**6)), *terms]
    return [*(replace(claim, right=w) for w in wrong), replace(claim, differ=True)]


def test_a_derivation_spoilt_by_a_sign_is_refuted():
    part = next(t for t in theorems() if t.name == "outputs").parts[0]
    steps = [c for c in part.all_claims() if c not in part.claims]
    wrong = tuple(Claim(c.left, -c.right, c.domain, c.condition) for c in steps)
    assert len(steps) > 5
    assert unproved(replace(part, claims=wrong, derived=())) == list(wrong)


def test_the_engines_accept_every_formula():
    found = [
        formula
        for t in theorems()
        for language in LANGUAGES
        for formula in formulas_of(file_name(t, language), written(t.name, language))
    ]
    assert len(found) > 50
    assert check_latex(found) == []


def test_every_file_is_a_page():
    wanted = {file_name(t, language) for t in theorems() for language in LANGUAGES}
    assert {p.name for p in (FOLDER / "theorems").glob("*")} == wanted


@pytest.mark.parametrize("theorem", THEOREMS)
def test_results_hold_at_all_sizes_and_spoilt_ones_do_not(theorem):
    for part in theorem.parts:
        found = list(at_all_sizes(part))
        equations = [c for c in part.claims if not c.differ]
        missing = [c for c in equations if c not in found]
        assert len(missing) <= (theorem.name == "batch-normalisation")  # roots of v + ε
        wrong = tuple(spoilt(claim)[0] for claim in equations)
        assert list(at_all_sizes(replace(part, claims=wrong, derived=()))) == []


def test_what_holds_at_the_sizes_judged_alone_holds_not_at_all_sizes():
    part = next(t for t in theorems() if t.name == "batch-normalisation").parts[1]
    (size, *_) = Prover(part.system).system.sizes.values()
    claim = part.claims[0]
    only_here = Claim(claim.left, part.system["m"].atom - size)
    assert unproved(replace(part, claims=(only_here,))) == []
    assert list(at_all_sizes(replace(part, claims=(only_here,)))) == []
