"""Convolutions as papers print them, against the index form and against NumPy's own."""

from functools import cache

import numpy as np
import pytest
import sympy as sp

from symbp import networks
from symbp.derivation import derive
from symbp.forms import NoMatrixForm
from symbp.forms.convolution import Convolved, convolution_form, convolves
from symbp.judge.equality import equal
from symbp.latex.convolution import ImageWriter
from symbp.latex.post import write_post
from symbp.notation.standard import STANDARD
from symbp.numbers.evaluator import Evaluation
from symbp.numbers.sampling import sample
from symbp.system.equation import family_of
from symbp.system.instantiate import with_functions

NAMES = [e.name for e in networks.CATALOG.values() if e.family == "convolution"]
WITHOUT = {"strided-conv1d", "dilated-conv1d", "transposed-conv1d"}


@cache
def seen(name):
    """Every equation of a network and of its derivations that has such a form, by its left side."""
    derivations = derive(networks.lookup(name)())
    system = derivations[0].system
    found = {}
    for equation in (*networks.lookup(name)().equations, *(d.equation for d in derivations)):
        try:
            found[str(equation.lhs)] = equation, convolution_form(equation, system)
        except NoMatrixForm:
            continue
    return system, found


def latex(name, left):
    system, found = seen(name)
    _, form = found[left]
    return ImageWriter(system, STANDARD, str(family_of(form.lhs)), form.places).form(form)


@pytest.mark.parametrize("name", NAMES)
def test_every_form_is_the_equation(name):
    system, found = seen(name)
    for equation, form in found.values():
        assert equal(system, equation.rhs, form.written_out(), equation.domain), equation


@pytest.mark.parametrize("name", NAMES)
def test_networks_with_a_stride_or_a_dilation_stay_in_index_form(name):
    assert convolves(networks.lookup(name)()) == (name not in WITHOUT)


TEXTS = {
    "z_1[e, p, q]": r"z_{1,e} = \sum_{d=1}^{D} x_{d} * W_{1,ed} + b_{1,e}",
    "∂C/∂W_2[f, e, u, v]": r"\frac{\partial \mathcal{L}}{\partial W_{2,fe}} = "
    r"a_{1,e} * \frac{\partial \mathcal{L}}{\partial z_{2,f}}",
    "∂C/∂a_1[e, p, q]": r"\frac{\partial \mathcal{L}}{\partial a_{1,e}} = \sum_{f=1}^{F} "
    r"\frac{\partial \mathcal{L}}{\partial z_{2,f}} *_{\mathrm{full}} "
    r"\operatorname{rot180}(W_{2,fe})",
    "∂C/∂z_1[e, p, q]": r"\frac{\partial \mathcal{L}}{\partial z_{1,e}} = "
    r"\left(\sum_{f=1}^{F} \frac{\partial \mathcal{L}}{\partial z_{2,f}} *_{\mathrm{full}} "
    r"\operatorname{rot180}(W_{2,fe})\right) \odot \sigma'(z_{1,e})",
}


@pytest.mark.parametrize("left", TEXTS)
def test_the_text_is_that_of_papers(left):
    assert latex("conv2d", left) == TEXTS[left]


def test_the_signs_mean_what_numpy_computes():
    system = with_functions(seen("conv1d")[0], {"sigma": "tanh"})
    system = system.with_sizes(**networks.lookup("conv1d").sizes)
    values = sample(with_functions(networks.lookup("conv1d").small(), {"sigma": "tanh"}), 3)
    at = Evaluation(system, values)
    W, d = values["W_2"], at["∂C/∂z_2"]
    full = np.stack([sum(np.convolve(d[f], W[f, e]) for f in range(len(d))) for e in range(2)])
    np.testing.assert_allclose(at["∂C/∂a_1"], full)
    a = at["a_1"]
    valid = [[np.correlate(a[e], d[f], "valid") for e in range(2)] for f in range(len(d))]
    np.testing.assert_allclose(at["∂C/∂W_2"], valid)


def spoilt():
    """Forms that are wrong: what is slid over what, how far, or which channel."""
    system, found = seen("conv2d")
    equation, form = found["∂C/∂a_1[e, p, q]"]
    right = form.written_out()
    (node,) = form.rhs.atoms(Convolved)
    p, q = form.places
    kernel = node.args[1]
    turned_back = kernel.xreplace({p: q, q: p})
    return system, equation, {
        "the kernel transposed": right_with(
            form, node, Convolved(node.args[0], turned_back, node.args[2])
        ),
        "twice": 2 * right,
        "one more": right + 1,
    }  # fmt: skip


def right_with(form, node, other):
    return type(form)(
        form.lhs, form.rhs.xreplace({node: other}), form.places, form.system
    ).written_out()


@pytest.mark.parametrize("name", ["the kernel transposed", "twice", "one more"])
def test_a_planted_fault_is_refuted(name):
    system, equation, wrong = spoilt()
    assert not equal(system, equation.rhs, wrong[name], equation.domain)


def test_a_kernel_that_is_not_turned_is_refuted():
    system, found = seen("conv1d")
    equation, form = found["∂C/∂a_1[e, p]"]
    (node,) = form.rhs.atoms(Convolved)
    (p,) = form.places
    image, kernel, _ = node.args
    u, K, N = (sp.Symbol(s, integer=True) for s in ("u", "K", "N_2"))
    limits = (u, sp.Max(1, K + 1 - p), sp.Min(K, N + K - p))
    body = image.xreplace({p: p + u - K}) * kernel.xreplace({p: u})
    f = equation.rhs.atoms(sp.Sum).pop().limits[-1]
    wrong = sp.Sum(body, limits, f)
    assert not equal(system, equation.rhs, wrong, equation.domain)
    turned = sp.Sum(image.xreplace({p: p + u - K}) * kernel.xreplace({p: K + 1 - u}), limits, f)
    assert equal(system, equation.rhs, turned, equation.domain)


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", 'A "full" convolution first puts zeros around'),
        ("zh", "“full” 卷积先在第一个数组四周补零"),
    ],
)
def test_a_post_says_once_what_its_signs_mean(language, sentence):
    text = write_post(networks.lookup("conv2d")(), STANDARD, language).text
    assert text.count(sentence) == 1
    assert text.count(r"*_{\mathrm{full}}") > 1


def test_a_sum_inside_a_sum_is_turned_round_where_its_index_fixes_the_outer_one():
    found = {str(d.target): str(d.result) for d in derive(networks.lookup("transposed-conv1d")())}
    expected = "Sum(a_1[e, p]*∂C/∂z_2[f, 2*p + u - 2], (p, 1, N_1))"
    assert found["∂C/∂W_2[f, e, u]"] == expected
