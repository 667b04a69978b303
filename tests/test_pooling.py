r"""Images that are pooled, and images of several channels, as posts write them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from symbp.errors import ReadingError
from symbp.numbers.domains import Floats
from symbp.numbers.evaluator import Evaluation
from symbp.reading.model import read_system
from symbp.reading.pooling import Pooling, pooling_of
from symbp.system import Role
from tests.claims_by_hand import declaration, judges, problem, status, verdict

POOLED = r"""
z_k^l = pool(a_k^{l-1})
a_k^l = \sigma(z_k^l)
J = \sum_k any(a_k^L)
"""
CHANNELS = r"""
z_j^l = \sum_i a_i^{l-1} * W_{ij}^l + b_j^l
a_j^l = \sigma(z_j^l)
J = \sum_j any(a_j^L)
"""
MAPS = {
    "define": r"\delta_j^l = \partial J / \partial z_j^l",
    "shapes": "a_k p x q, z_k p x q, W_{ij} r x s",
    "functions": "* cross-correlation",
}


def pooled_by(kind: str) -> dict[str, str]:
    return {
        "define": r"\delta_k^l = \partial J / \partial z_k^l",
        "shapes": "a_k p x q, z_k p x q",
        "functions": f"pool {kind}, upsample adjoint pool",
    }


@pytest.mark.parametrize("kind", ["mean", "max"])
def test_the_values_are_those_of_the_definition(kind: str) -> None:
    x = np.random.default_rng(5).normal(size=(4, 6))
    system = read_system(
        "z = pool(x); C = any(z)", functions={"pool": f"{kind} 2 x 3"}, shapes={"x": ("4", "6")}
    )
    given: dict[str, Any] = {v.name: 0.0 for v in system.with_role(Role.HYPERPARAMETER)}
    found = Evaluation(system, {"x": x, **given}, Floats())["z"]
    windows = x.reshape(2, 2, 2, 3).transpose(0, 2, 1, 3).reshape(2, 2, 6)
    assert np.allclose(found, windows.mean(-1) if kind == "mean" else windows.max(-1))


@pytest.mark.parametrize(
    ("meaning", "expected"),
    [
        ("mean 2 x 2", Pooling("mean", (2, 2))),
        ("max 3", Pooling("max", (3,))),
        ("adjoint pool", Pooling("adjoint", of="pool")),
        ("sigmoid", None),
    ],
)
def test_meanings_of_names(meaning: str, expected: Pooling | None) -> None:
    assert pooling_of(meaning) == expected


@pytest.mark.parametrize("meaning", ["mean", "max 2 x", "max 0 x 2", "adjoint", "max 5 x 5"])
def test_unknown_meanings_are_refused(meaning: str) -> None:
    with pytest.raises(ReadingError, match="functions: "):
        pooling_of(meaning)


def test_an_adjoint_needs_its_pooling() -> None:
    with pytest.raises(ReadingError, match="the adjoint of pool, which is not"):
        judges(POOLED.replace("pool", r"\sigma"), functions="upsample adjoint pool")


@pytest.mark.parametrize("kind", ["mean 2 x 2", "max 2 x 2"])
@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        (r"\delta_k^{l-1} = upsample(\delta_k^l) \odot \sigma'(z_k^{l-1})", "proved"),
        (r"\frac{\partial J}{\partial a_k^l} = \mathrm{upsample}(\delta_k^{l+1})", "proved"),
        (r"\delta_k^{l-1} = upsample(\delta_k^l)", "refuted"),
        (r"\delta_k^{l-1} = upsample(\delta_k^l) \odot \sigma(z_k^{l-1})", "refuted"),
        (r"\delta_k^{l-1} = 4 upsample(\delta_k^l) \odot \sigma'(z_k^{l-1})", "refuted"),
        (r"\delta_k^{l-1} = -upsample(\delta_k^l) \odot \sigma'(z_k^{l-1})", "refuted"),
        (r"\delta_k^l = upsample(\delta_k^l) \odot \sigma'(z_k^l)", "refuted"),
    ],
)
def test_gradients_of_pooled_images(kind: str, claim: str, expected: str) -> None:
    assert status(POOLED, claim, **pooled_by(kind)) == expected


def test_an_adjoint_that_is_not_declared_is_unread() -> None:
    claim = r"\frac{\partial J}{\partial a_k^l} = upsample(\delta_k^{l+1})"
    given = {**pooled_by("mean 2 x 2"), "functions": "pool mean 2 x 2"}
    assert "upsample is unknown" in problem(POOLED, claim, **given)


def test_the_adjoint_of_a_maximum_must_know_its_image() -> None:
    claim = r"\frac{\partial J}{\partial a_k^l} = upsample(z_k^{l+1})"
    assert "does not say" in problem(POOLED, claim, **pooled_by("max 2 x 2"))


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        (r"\delta_i^l = \sum_j \delta_j^{l+1} * rot_{180}(W_{ij}^{l+1}) \odot \sigma'(z_i^l)",
         "proved"),
        (r"\delta_i^l = \left(\sum_j \delta_j^{l+1} * \text{rot180}(W_{ij}^{l+1})\right)"
         r" \odot \sigma'(z_i^l)", "proved"),
        (r"\frac{\partial J}{\partial W_{ij}^l} = a_i^{l-1} * \delta_j^l", "proved"),
        (r"\frac{\partial J}{\partial b_j^l} = \sum_{u,v} (\delta_j^l)_{u,v}", "proved"),
        (r"\delta_i^l = \sum_j \delta_j^{l+1} * W_{ij}^{l+1} \odot \sigma'(z_i^l)", "refuted"),
        (r"\delta_i^l = \sum_j \delta_j^{l+1} * rot180(W_{ji}^{l+1}) \odot \sigma'(z_i^l)",
         "refuted"),
        (r"\frac{\partial J}{\partial W_{ij}^l} = a_j^{l-1} * \delta_i^l", "refuted"),
        (r"\frac{\partial J}{\partial b_j^l} = \sum_{u,v} (\delta_j^{l+1})_{u,v}", "refuted"),
        (r"\delta_i^l = \sum_j \delta_j^{l+1} * rot_{90}(W_{ij}^{l+1}) \odot \sigma'(z_i^l)",
         "unread"),
    ],
)  # fmt: skip
def test_images_of_several_channels(claim: str, expected: str) -> None:
    assert status(CHANNELS, claim, **MAPS) == expected


SHARED = {"define": r"\delta^l = \partial J / \partial z^l", "functions": "* cross-correlation"}


def test_a_bias_of_images_is_one_number() -> None:
    equations = (
        CHANNELS.replace("_j", "").replace("_i", "").replace("_{ij}", "").replace(r"\sum", "")
    )
    given = {**SHARED, "shapes": "a p x q, W r x s"}
    claim = r"\frac{\partial J}{\partial b^l} = \sum_{u,v} (\delta^l)_{u,v}"
    assert status(equations, claim, **given) == "proved"
    assert status(equations, claim.replace(r"\sum_{u,v}", "2"), **given) == "refuted"


ENTRIES = r"""
o_{11} = p_{11} k_{11} + p_{21} k_{21}
o_{12} = p_{12} k_{11} + p_{22} k_{21}
o_{21} = p_{21} k_{11} + p_{31} k_{21}
o_{22} = p_{22} k_{11} + p_{32} k_{21}
E = any(o_{11}, o_{12}, o_{21}, o_{22})
"""
SMALL = {
    "define": "\n".join((
        r"\mathrm{vjp_k}(\frac{\partial E}{\partial o}, p) = \frac{\partial E}{\partial k}",
        r"\mathrm{vjp_p}(\frac{\partial E}{\partial o}, k) = \frac{\partial E}{\partial p}",
    )),
    "shapes": "p 3 x 2, k 2 x 1, o 2 x 2",
    "functions": "conv cross-correlation",
}  # fmt: skip
ROWS = [
    " & ".join(rf"\frac{{\partial E}}{{\partial o_{{{i}{j}}}}}" for j in (1, 2)) for i in (1, 2)
]
UP = rf"\begin{{bmatrix}} {ROWS[0]} \\ {ROWS[1]} \end{{bmatrix}}"
PADDED = rf"\begin{{bmatrix}} 0 & 0 \\ {ROWS[0]} \\ {ROWS[1]} \\ 0 & 0 \end{{bmatrix}}"


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        (rf"\mathrm{{vjp_k}}(\frac{{\partial E}}{{\partial o}}, p) = \mathrm{{conv}}(p, {UP})",
         "proved"),
        (rf"\mathrm{{vjp_p}}(\frac{{\partial E}}{{\partial o}}, k) = conv({PADDED}, rot180(k))",
         "proved"),
        (rf"\mathrm{{vjp_p}}(\frac{{\partial E}}{{\partial o}}, k) = conv({PADDED}, k)", "refuted"),
        (rf"\mathrm{{vjp_p}}(\frac{{\partial E}}{{\partial o}}, k) = conv(p, {UP})", "refuted"),
        (rf"\mathrm{{vjp_k}}(2 \frac{{\partial E}}{{\partial o}}, p) = conv(p, {UP})", "unread"),
        (rf"\mathrm{{vjp_k}}(\frac{{\partial E}}{{\partial o}}, k) = conv(p, {UP})", "unread"),
    ],
)  # fmt: skip
def test_arrays_written_out_slide_as_well(claim: str, expected: str) -> None:
    assert status(ENTRIES, claim, **SMALL) == expected


def test_a_wrong_maximum_has_a_counterexample_without_ties() -> None:
    claim = r"\frac{\partial J}{\partial a_k^l} = 2 upsample(\delta_k^{l+1})"
    assert verdict(POOLED, claim, **pooled_by("max 2 x 2")).counterexample is not None


def test_shapes_of_maps_leave_other_names_alone() -> None:
    (each,) = judges(CHANNELS, **MAPS)
    assert len(each.lexicon.system["a"].slots) == 4  # layer, channel, two places
    assert len(each.lexicon.system["b"].slots) == 2
    assert declaration(CHANNELS, **MAPS).shapes["a_k"] == ("p", "q")


def test_a_pooling_may_stand_in_a_claim() -> None:
    left = r"\frac{\partial J}{\partial a_k^L}"
    more = f"{left} = {left} + pool(a_k^{{L-1}}) - z_k^L"
    assert status(POOLED, more, **pooled_by("mean 2 x 2")) == "proved"
    assert status(POOLED, more.replace("- z", "- 2 z"), **pooled_by("mean 2 x 2")) == "refuted"


@pytest.mark.parametrize("kind", ["mean 2 x 2", "max 2 x 2"])
def test_the_scope_names_the_sizes_of_images(kind: str) -> None:
    claim = r"\delta_k^{l-1} = upsample(\delta_k^l) \odot \sigma'(z_k^{l-1})"
    assert "n_z = 1" in verdict(POOLED, claim, **pooled_by(kind)).scope
