"""The documents of derivations/: as generated, every equation proved, every formula typeset."""

import pytest
from sympy import Rational

from symbp.judge.equality import Prover
from tests.derivation_documents import FOLDER, documents
from tests.latex_engines import Formula, check_latex

DOCUMENTS = documents()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda d: d.file)
def test_the_document_is_what_is_derived_today(document, request):
    path = FOLDER / document.file
    text = document.post().text
    if request.config.getoption("--update"):
        path.write_text(text, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text, "run pytest --update and look at the diff"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda d: d.file)
def test_every_equation_of_the_document_is_proved(document):
    post = document.post()
    provers: dict[str | None, Prover] = {}
    for left, right, domain, condition in post.claims:
        prover = provers.setdefault(condition, Prover(small(post.system), condition))
        assert prover.equal(left, right, domain), f"{left} = {right}"
    assert len(post.claims) > 10


def small(system):
    """Two layers, neighbours of unequal widths, two samples: enough to tell indices apart."""
    if "n" in system.sizes:
        return system
    if "L" not in system.by_name:
        return system.with_sizes(n=(2, 3, 2, 2))
    batch = {"m": 2} if "m" in system.by_name else {}
    return system.with_sizes(L=2, n=(2, 3, 2), **batch)


def test_a_planted_fault_in_a_document_is_refuted():
    post = DOCUMENTS[0].post()
    prover = Prover(small(post.system))
    for left, right, domain, _ in post.claims:
        assert not prover.equal(left, -right, domain)
        assert not prover.equal(left, right * (1 + Rational(1, 10**6)), domain)


def test_the_engines_accept_every_formula():
    formulas = []
    for document in DOCUMENTS:
        text = document.post().text
        for place, part in enumerate(text.split("$$")):
            if place % 2:
                formulas.append(Formula(f"{document.file} {place}", part.strip(), True))
            else:
                inline = part.split("$")[1::2]
                formulas += [Formula(f"{document.file} {place}", f, False) for f in inline]
    assert len(formulas) > 300
    assert check_latex(formulas) == []


def test_the_index_lists_every_document():
    assert {d.file for d in DOCUMENTS} == {
        p.name for p in FOLDER.glob("*.md") if p.name != "README.md"
    }
