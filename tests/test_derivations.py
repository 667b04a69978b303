"""The documents of derivations/: as generated, every equation proved, every formula typeset."""

import shlex

import pytest
import sympy as sp
from sympy import Rational

from symbp.adjoint import gradient
from symbp.derivation import simplified
from symbp.errors import SizeError
from symbp.forms.component import components
from symbp.forms.index import looks_up_data
from symbp.judge.equality import Prover
from tests.cookbook import command_of, page, page_file
from tests.derivation_documents import FOLDER, by_family, documents, of_family
from tests.latex_engines import check_latex, formulas_of

DOCUMENTS = documents()
#: One of the documents of each network: a derivation speaks no language.
NETWORKS = list({(d.network, d.options): d for d in reversed(DOCUMENTS)}.values())[::-1]
FAMILIES = {d.entry.family: d for d in reversed(NETWORKS)}
#: Of these the command is tried as well: all that have options, and one that has none.
COMMANDS = [d for d in DOCUMENTS if d.network in ("mlp", "elman")]
PAGES = [pytest.param(family, id=family, marks=of_family(family)) for family in FAMILIES]


@pytest.mark.parametrize("document", by_family(DOCUMENTS))
def test_the_document_is_what_is_derived_today(document, request):
    compare(document.file, document.post().text, request)


@pytest.mark.parametrize("family", PAGES)
def test_the_page_of_a_family_is_what_is_derived_today(family, request):
    compare(page_file(family), page(family), request)


@pytest.mark.parametrize("document", by_family(COMMANDS))
def test_the_command_of_a_document_prints_it(document, symbp):
    status, printed, _ = symbp(*shlex.split(command_of(document))[1:])
    assert status == 0
    assert printed == document.post().text


def compare(file, text, request):
    path = FOLDER / file
    if request.config.getoption("--update"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    assert path.read_text(encoding="utf-8") == text, "run pytest --update and look at the diff"


@pytest.mark.parametrize("document", by_family(NETWORKS))
def test_every_equation_of_the_document_is_proved(document):
    claims = document.post().claims
    for left, right, domain, condition in claims:
        assert document.prover(condition).equal(left, right, domain), f"{left} = {right}"
    for d in document.derivations():
        assert any(d.target == left for left, *_ in claims), f"nothing is said of {d.target}"


@pytest.mark.parametrize("document", by_family(list(FAMILIES.values())))
def test_a_planted_fault_in_a_document_is_refuted(document):
    prover = document.prover()
    for left, right, domain, _ in document.post().claims:
        faults = [right + Rational(1, 10**6)]
        if right != 0:
            faults += [-right, right * (1 + Rational(1, 10**6))]
        assert [f for f in faults if prover.equal(left, f, domain)] == []


@pytest.mark.parametrize("document", by_family([d for d in NETWORKS if d.network != "mlp"]))
def test_every_weight_on_its_own_is_proved(document):
    system = document.entry.small()
    full = simplified(document.derivations()).with_sizes(**document.entry.sizes)
    if looks_up_data(system):
        with pytest.raises(SizeError):
            components(full)
        return
    found = components(full)
    prover = Prover(gradient(system))
    for (family, index), value in found.items():
        left = full[family][tuple(map(sp.Integer, index))]
        assert prover.equal(left, value), f"{left} = {value}"
    family, index = next(iter(found))
    wrong = found[family, index] + Rational(1, 10**6)
    assert not prover.equal(full[family][index], wrong)


@pytest.mark.parametrize("family", PAGES)
def test_the_engines_accept_every_formula(family):
    texts = {d.file: d.post().text for d in DOCUMENTS if d.entry.family == family}
    texts[page_file(family)] = page(family)
    found = {f.latex: f for name, text in texts.items() for f in formulas_of(name, text)}
    assert len(found) > 20
    assert check_latex(found.values()) == []


def test_every_file_is_a_document_or_a_page():
    wanted = {d.file for d in DOCUMENTS} | {page_file(family) for family in FAMILIES}
    found = {p.relative_to(FOLDER).as_posix() for p in FOLDER.glob("*/*.md")}
    assert {f for f in found if not f.startswith("theorems/")} == wanted
