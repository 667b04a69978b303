r"""Networks that slide kernels over images: sizes, values, and gradients as posts write them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from symbp.errors import DefinitionError, ReadingError
from symbp.numbers.domains import Floats
from symbp.numbers.evaluator import Evaluation
from symbp.reading.convolution import Convolution, convolution_of
from symbp.reading.model import read_model, read_models, read_system
from symbp.system import Role, System
from tests.claims_by_hand import declaration, judges, problem, status, verdict

LAYERS = r"""
z^l = a^{l-1} * W^l + b^l
a^l = \sigma(z^l)
J = any(a^L, y)
"""
IMAGES = {
    "define": r"\delta^l = \partial J / \partial z^l",
    "shapes": "a p_l x q_l, W r_l x s_l, b 1",
}
CROSS = {**IMAGES, "functions": "* cross-correlation"}
FLIPPED = {**IMAGES, "functions": "* convolution"}
PADDED = {**IMAGES, "functions": "* cross-correlation padding 1"}
FULL = {**IMAGES, "functions": "* cross-correlation full"}

#: One layer, of one axis.
LINE = r"""
s = x * v
h = g(s)
C = any(h)
"""
SIGNAL = {"functions": "* cross-correlation, g any", "shapes": "x n, v k"}

#: A small image written out, entry by entry.
ENTRIES = r"""
o_{11} = p_{11} k_{11} + p_{12} k_{12} + p_{21} k_{21} + p_{22} k_{22}
o_{12} = p_{12} k_{11} + p_{13} k_{12} + p_{22} k_{21} + p_{23} k_{22}
E = any(o_{11}, o_{12})
"""
SMALL = {
    "define": r"e_{ij} = \partial E / \partial o_{ij}",
    "shapes": "p 2 x 3, k 2 x 2, o 1 x 2",
}


# -- what a sliding kernel is ----------------------------------------------------------------------


def by_hand(x: np.ndarray, w: np.ndarray, pad: int, flipped: bool) -> np.ndarray:
    """The definition, with loops."""
    w = w[::-1, ::-1] if flipped else w
    x = np.pad(x, pad)
    rows, cols = (m - n + 1 for m, n in zip(x.shape, w.shape, strict=True))
    found = np.zeros((rows, cols))
    for i in range(rows):
        for j in range(cols):
            found[i, j] = np.sum(x[i : i + w.shape[0], j : j + w.shape[1]] * w)
    return found


def one_layer(meaning: str, image: tuple[int, int], kernel: tuple[int, int]) -> System:
    shapes = {"x": tuple(map(str, image)), "w": tuple(map(str, kernel))}
    return read_system("z = x * w; C = any(z)", functions={"*": meaning}, shapes=shapes)


def valued(system: System, x: np.ndarray, w: np.ndarray) -> Any:
    """z at some x and w."""
    rest = {v.name: 0.0 for v in system.with_role(Role.HYPERPARAMETER)}
    return Evaluation(system, {"x": x, "w": w, **rest}, Floats())["z"]


@pytest.mark.parametrize("flipped", [False, True])
@pytest.mark.parametrize(("more", "pad"), [("", 0), (" valid", 0), (" padding 1", 1), (" full", 2)])
def test_the_values_are_those_of_the_definition(more: str, pad: int, flipped: bool) -> None:
    rng = np.random.default_rng(3)
    x, w = rng.normal(size=(5, 6)), rng.normal(size=(3, 3))
    name = "convolution" if flipped else "cross-correlation"
    system = one_layer(name + more, (5, 6), (3, 3))
    found = valued(system, x, w)
    assert np.allclose(found, by_hand(x, w, pad, flipped))


def test_the_kernel_may_stand_first() -> None:
    rng = np.random.default_rng(4)
    x, w = rng.normal(size=(4, 5)), rng.normal(size=(2, 3))
    shapes = {"x": ("4", "5"), "w": ("2", "3")}
    system = read_system(
        "z = w * x; C = any(z)", functions={"*": "cross-correlation"}, shapes=shapes
    )
    found = valued(system, x, w)
    assert np.allclose(found, by_hand(x, w, 0, flipped=False))


@pytest.mark.parametrize(
    ("meaning", "expected"),
    [
        ("cross-correlation", Convolution(False)),
        ("convolution full", Convolution(True, None)),
        ("convolution padding 2", Convolution(True, 2)),
        ("sigmoid", None),
    ],
)
def test_meanings_of_signs(meaning: str, expected: Convolution | None) -> None:
    assert convolution_of(meaning) == expected


def test_unknown_meanings_are_refused() -> None:
    with pytest.raises(ReadingError, match="convolution padded"):
        convolution_of("convolution padded")


def test_sizes_shrink_from_layer_to_layer() -> None:
    (each,) = judges(LAYERS, **CROSS)
    rows = each.lexicon.system["z"].slots[1].range.upper
    assert str(rows.expand()) == "L*n_W - L - l*n_W + l + n_z"
    assert each.system.sizes["n_W"] == 2  # small ones: an image has many entries
    assert each.system.sizes["L"] == 3


def test_sizes_that_contradict_each_other_are_an_error() -> None:
    with pytest.raises(DefinitionError, match="do not fit"):
        read_system(
            "z = x * w; C = any(z)", functions={"*": "cross-correlation"},
            shapes={"x": ("4", "4"), "w": ("2", "2"), "z": ("4", "4")},
        )  # fmt: skip


# -- claims ----------------------------------------------------------------------------------------

RIGHT = [
    r"\delta^l = \delta^{l+1} * rot180(W^{l+1}) \odot \sigma'(z^l)",
    r"\delta^{l-1} = \delta^{l} * \mathrm{rot180}(W^{l}) * \sigma'(z^{l-1})",
    r"\delta^l = \left(rot180(W^{l+1}) * \delta^{l+1}\right) \odot \sigma'(z^l)",
    r"\frac{\partial J}{\partial a^l} = \delta^{l+1} * rot180(W^{l+1})",
    r"\frac{\partial J}{\partial W^l} = a^{l-1} * \delta^l",
    r"\frac{\partial J}{\partial b^l} = \sum_{u,v} (\delta^l)_{u,v}",
    r"\frac{\partial J}{\partial b^l} = \sum_u \sum_v \delta^l_{uv}",
    r"\frac{\partial J}{\partial W^l} = \frac{\partial J}{\partial z^l} "
    r"\frac{\partial z^l}{\partial W^l}",
    r"\delta^{l-1} = \delta^l \frac{\partial z^l}{\partial z^{l-1}}",
]
WRONG = [
    (r"\delta^l = \delta^{l+1} * W^{l+1} \odot \sigma'(z^l)", "rotation"),
    (r"\delta^l = -\delta^{l+1} * rot180(W^{l+1}) \odot \sigma'(z^l)", "sign"),
    (r"\delta^l = \delta^{l+1} * rot180(W^{l+1}) \odot \sigma'(z^{l+1})", ""),
    (r"\delta^l = \delta^{l+1} * rot180(W^{l}) \odot \sigma'(z^l)", "wrong layer"),
    (r"\delta^l = \delta^{l+1} * (W^{l+1})^T \odot \sigma'(z^l)", ""),
    (r"\delta^l = \delta^{l+1} * rot180(W^{l+1})", "missing derivative"),
    (r"\delta^l = rot180(\delta^{l+1}) * W^{l+1} \odot \sigma'(z^l)", "rotation"),
    (r"\frac{\partial J}{\partial W^l} = a^{l-1} * rot180(\delta^l)", "rotation"),
    (r"\frac{\partial J}{\partial W^l} = \delta^l * rot180(a^{l-1})", "rotation"),
    (r"\frac{\partial J}{\partial W^l} = a^{l} * \delta^l", "wrong layer"),
    (r"\frac{\partial J}{\partial W^l} = 2 a^{l-1} * \delta^l", "factor"),
    (r"\frac{\partial J}{\partial b^l} = \delta^l", ""),
    (r"\frac{\partial J}{\partial b^l} = \sum_{u,v} (\delta^{l+1})_{u,v}", "wrong layer"),
]


@pytest.mark.parametrize("claim", RIGHT)
def test_right_gradients_of_cross_correlations(claim: str) -> None:
    assert status(LAYERS, claim, **CROSS) == "proved"


@pytest.mark.parametrize(("claim", "mistake"), WRONG)
def test_wrong_gradients_of_cross_correlations(claim: str, mistake: str) -> None:
    found = verdict(LAYERS, claim, **CROSS)
    assert found.status.value == "refuted"
    assert not mistake or found.mistake == mistake


def test_the_smaller_factor_first_is_open() -> None:
    r"""δ * a slides δ over a, or by the letter of the definition turns the result."""
    found = verdict(LAYERS, r"\frac{\partial J}{\partial W^l} = \delta^l * a^{l-1}", **CROSS)
    assert found.status.value == "undecided"
    assert "two readings" in found.reason


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        (r"\delta^l = \delta^{l+1} * rot180(W^{l+1}) \odot \sigma'(z^l)", "proved"),
        (r"\frac{\partial J}{\partial W^l} = rot180(a^{l-1}) * \delta^l", "proved"),
        (r"\frac{\partial J}{\partial W^l} = \delta^l * rot180(a^{l-1})", "proved"),
        (r"\frac{\partial J}{\partial W^l} = a^{l-1} * \delta^l", "refuted"),
        (r"\delta^l = \delta^{l+1} * W^{l+1} \odot \sigma'(z^l)", "refuted"),
    ],
)
def test_kernels_that_are_flipped(claim: str, expected: str) -> None:
    assert status(LAYERS, claim, **FLIPPED) == expected


@pytest.mark.parametrize("given", [PADDED, FULL])
@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        (r"\delta^l = \delta^{l+1} * rot180(W^{l+1}) \odot \sigma'(z^l)", "proved"),
        (r"\delta^l = \delta^{l+1} * W^{l+1} \odot \sigma'(z^l)", "refuted"),
    ],
)
def test_images_that_are_padded(given: dict[str, str], claim: str, expected: str) -> None:
    assert status(LAYERS, claim, **given) == expected


def test_the_gradient_of_a_kernel_over_a_padded_image() -> None:
    right = r"\frac{\partial J}{\partial W^l} = a^{l-1} * \delta^l"
    assert status(LAYERS, right, **PADDED) == "proved"
    assert status(LAYERS, right.replace("a^{l-1}", "a^{l}"), **PADDED) == "refuted"


def test_a_sign_of_unlike_shapes_has_two_meanings_where_none_is_declared() -> None:
    models = read_models(declaration(LAYERS, **IMAGES))
    assert [m.reading for m in models] == ["* as cross-correlation", "* as convolution"]
    both = r"\delta^l = \delta^{l+1} * rot180(W^{l+1}) \odot \sigma'(z^l)"
    assert status(LAYERS, both, **IMAGES) == "proved"
    for one in (r"a^{l-1} * \delta^l", r"rot180(a^{l-1}) * \delta^l"):
        found = verdict(LAYERS, rf"\frac{{\partial J}}{{\partial W^l}} = {one}", **IMAGES)
        assert found.status.value == "undecided"
        assert "* as cross-correlation: " in found.reason
    with pytest.raises(ReadingError, match=r"functions: \* cross-correlation"):
        read_model(declaration(LAYERS, **IMAGES))


def test_a_sign_between_matrices_of_unknown_shapes_is_not_guessed() -> None:
    with pytest.raises(ReadingError, match=r"a \* W may be a matrix product"):
        read_models(declaration(LAYERS, define=IMAGES["define"]))


def test_another_sign_leaves_the_star_as_it_is() -> None:
    equations = LAYERS.replace("* W", r"\star W")
    given = {**IMAGES, "functions": r"\star cross-correlation"}
    back = r"\left(\delta^{l+1} \star rot180(W^{l+1})\right)"
    assert status(equations, rf"\delta^l = {back} * \sigma'(z^l)", **given) == "proved"
    assert status(equations, rf"\delta^l = {back} * \sigma(z^l)", **given) == "refuted"
    assert status(equations, rf"\delta^l = {back} \star \sigma'(z^l)", **given) == "proved"


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        (r"\frac{\partial C}{\partial v} = x * \frac{\partial C}{\partial s}", "proved"),
        (r"\frac{\partial C}{\partial x} = \frac{\partial C}{\partial s} * rot180(v)", "proved"),
        (r"\frac{\partial C}{\partial x} = \frac{\partial C}{\partial s} * flip(v)", "proved"),
        (r"\frac{\partial C}{\partial v_j} = \sum_i \frac{\partial C}{\partial s_i} x_{i+j-1}",
         "proved"),
        (r"\frac{\partial C}{\partial v_j} = \sum_i \frac{\partial C}{\partial s_i} x_{i+j}",
         "unread"),
        (r"\frac{\partial C}{\partial x} = \frac{\partial C}{\partial s} * v", "refuted"),
        (r"\frac{\partial C}{\partial v} = x * flip(\frac{\partial C}{\partial s})", "refuted"),
    ],
)  # fmt: skip
def test_one_axis(claim: str, expected: str) -> None:
    assert status(LINE, claim, **SIGNAL) == expected


# -- entry by entry --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        (r"\frac{\partial E}{\partial p_{12}} = e_{11} k_{12} + e_{12} k_{11}", "proved"),
        (r"\nabla p_{13} = e_{12} k_{12}", "proved"),
        (r"\frac{\partial E}{\partial k_{21}} = e_{11} p_{21} + e_{12} p_{22}", "proved"),
        (r"\frac{\partial E}{\partial k_{21}} = e_{11} p_{21} + e_{12} p_{23}", "refuted"),
        (r"\frac{\partial E}{\partial k_{22}} = e_{11} p_{21} + e_{12} p_{22}", "refuted"),
        (r"\nabla p_{13} = e_{12} k_{11}", "refuted"),
        (r"\nabla p_{13} = -e_{12} k_{12}", "refuted"),
        (r"\nabla p_{13} = e_{12} k_{12} + e_{11} k_{12}", "refuted"),
    ],
)
def test_entries_of_small_images(claim: str, expected: str) -> None:
    assert status(ENTRIES, claim, **SMALL) == expected


def test_an_entry_beyond_the_declared_shape_is_an_error() -> None:
    with pytest.raises(DefinitionError, match="index 3"):
        read_model(declaration(ENTRIES, **{**SMALL, "shapes": "p 2 x 2, k 2 x 2, o 1 x 2"}))


def test_an_undeclared_function_of_images_is_unread() -> None:
    claim = r"\frac{\partial J}{\partial W^l} = conv(a^{l-1}, \delta^l)"
    assert "conv is unknown" in problem(LAYERS, claim, **CROSS)
    given = {**CROSS, "functions": "* cross-correlation, conv cross-correlation"}
    assert status(LAYERS, claim, **given) == "proved"
    turned = r"\frac{\partial J}{\partial W^l} = conv(a^{l-1}, rot180(\delta^l))"
    assert status(LAYERS, turned, **given) == "refuted"


def test_both_readings_are_told():
    network = "z = W * a\nC = \\|z\\|^2"
    given = {"functions": "* cross-correlation", "shapes": "a 4 x 4, W 2 x 2"}
    found = verdict(network, r"\frac{\partial C}{\partial W} = 2 a * z", **given)
    assert found.status.value == "undecided"
    assert "slides over the other one: proved" in found.reason
    assert "turned by 180°: refuted" in found.reason
