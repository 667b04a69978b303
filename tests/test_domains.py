"""What values data have: declared in a Model or in LaTeX, drawn, checked, printed."""

import numpy as np
import pytest

import symbp
from symbp import read_system
from symbp.errors import ReadingError, ValueRangeError
from symbp.networks import lookup
from symbp.numbers.data import drawn, outside
from symbp.numbers.sampling import sample, with_small_sizes
from symbp.system import domains
from symbp.system.domains import (
    BITS,
    COUNTS,
    DISTRIBUTION,
    ONE_HOT,
    POSITIVE,
    SIGNS,
    UNIT_INTERVAL,
    domain_of,
)
from symbp.verify import verify
from tests.claims_by_hand import status

ALL = (SIGNS, BITS, COUNTS, POSITIVE, UNIT_INTERVAL, ONE_HOT, DISTRIBUTION)
ODD = {
    SIGNS: 0,
    BITS: -1,
    COUNTS: 0.5,
    POSITIVE: -0.1,
    UNIT_INTERVAL: 1.5,
    ONE_HOT: 2,
    DISTRIBUTION: -1,
}


def test_every_domain_is_tried():
    named = [d for d in vars(domains).values() if isinstance(d, domains.Domain)]
    assert set(named) == set(ALL) == set(ODD)


@pytest.mark.parametrize("domain", ALL, ids=str)
def test_what_is_drawn_is_inside_and_what_is_odd_is_not(domain):
    values = drawn(domain, np.random.default_rng(0), (40, 3))
    assert not outside(domain, values).any()
    assert len(np.unique(values)) > 1
    assert outside(domain, ODD[domain]).all()


def test_one_class_of_a_sample_is_meant():
    values = drawn(ONE_HOT, np.random.default_rng(0), (40, 3))
    assert np.all(values.sum(axis=1) == 1)
    assert np.all(np.isin(values, (0, 1)))


@pytest.mark.parametrize(
    ("name", "domain"),
    [("svm", SIGNS), ("perceptron", SIGNS), ("logistic", BITS), ("poisson", COUNTS),
     ("softmax-regression", ONE_HOT)],
)  # fmt: skip
def test_targets_of_linear_models_are_what_they_have(name, domain):
    system = with_small_sizes(lookup(name)()).with_sizes(m=40)
    values = sample(system, seed=1)["y"]
    assert not outside(domain, values).any()
    assert len(np.unique(values)) > 1
    wrong = values.copy()
    wrong.flat[3] = ODD[domain]
    given = {"lambda": 0.1} if "lambda" in system.by_name else {}
    with pytest.raises(ValueRangeError, match=r"y\[.*\] = .*, needed: one of"):
        verify(system, values={**sample(system, seed=1), **given, "y": wrong})


def test_targets_of_the_hinge_loss_are_signs():
    assert symbp.mlp((2, 3), "identity", "hinge").system["y"].within is SIGNS
    assert symbp.mlp((2, 3), "identity").system["y"].within is None


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        (r"\{-1, +1\}", SIGNS),
        (r"\{1,-1\}", SIGNS),
        (r"\{\pm 1\}", SIGNS),
        (r"\left\{0,\, 1\right\}", BITS),
        (r"\{0, 1, 2, \dots\}", COUNTS),
        (r"\mathbb{N}", COUNTS),
        (r"\mathbb{R}_+", POSITIVE),
        ("(0, 1)", UNIT_INTERVAL),
        (r"\{2, 3, 5\}", domains.among(2, 3, 5)),
        (r"\mathcal{Y}", None),
    ],
)
def test_domains_as_authors_write_them(text, domain):
    assert domain_of(text) == domain


HINGE = r"z = w^T x + b; C = \max(0, 1 - y z); "


@pytest.mark.parametrize("name", ["y", "y_i", r"y^{(i)}", "y_{i}"])
def test_a_line_of_a_network_says_what_its_data_are(name):
    system = read_system(HINGE + name + r" \in \{-1, 1\}")
    assert system["y"].within == SIGNS
    assert abs(sample(with_small_sizes(system))["y"]) == 1
    assert verify(system).ok


def test_what_is_no_data_or_no_known_set_is_refused():
    with pytest.raises(ReadingError, match=r"z \\in .*: z is defined by an equation, no data"):
        read_system(HINGE + r"z \in \{-1, 1\}")
    with pytest.raises(ReadingError, match=r"\\mathcal\{Y\} is no set of values that is known"):
        read_system(HINGE + r"y \in \mathcal{Y}")


def test_a_claim_is_refuted_at_targets_that_there_are():
    square = "z = w^T x\nC = y^2 z\ny " + r"\in \{-1, 1\}"
    by_w = r"\frac{\partial C}{\partial w} = "
    assert status(square, by_w + "y^2 x") == "proved"
    assert status(square, by_w + "-x") == "refuted"
    assert status(square, by_w + "x") != "refuted"  # as y² = 1
    assert status(square.rpartition("\n")[0], by_w + "x") == "refuted"


def test_a_post_says_the_values_of_the_data():
    assert r"y^{(i)} \in \{-1, 1\}" in lookup_post("svm")
    assert r"\sum_{j=1}^{K} y_{j}^{(i)} = 1" in lookup_post("softmax-regression")


def lookup_post(name):
    return symbp.network(name).post(form="short")
