"""Convolutions as papers print them, against the index form and against NumPy's own."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import sympy as sp
from sympy.core.symbol import Str

from symbp import networks
from symbp.derivation import derive
from symbp.forms import NoMatrixForm
from symbp.forms.convolution import (
    ArrayNode,
    Arrays,
    ConvolutionForm,
    Convolved,
    Moved,
    convolution_form,
    convolves,
    moved,
)
from symbp.judge.equality import Prover
from symbp.latex.convolution import ImageWriter
from symbp.notation.standard import STANDARD
from symbp.numbers.evaluator import Evaluation
from symbp.numbers.sampling import sample
from symbp.system import Equation, Kind
from symbp.system.equation import family_of
from symbp.system.instantiate import with_functions
from tests.derivation_documents import FOLDER
from tests.latex_engines import Formula, check_latex
from tests.sliding_systems import BESIDE, SLIDING, padded

NAMES = [e.name for e in networks.CATALOG.values() if e.family == "convolution"]


def forms_of(network):
    """The system of a network with its adjoints, and its equations with such a form, by left."""
    derivations = derive(network)
    system = derivations[0].system
    found: dict[str, tuple[Equation, ConvolutionForm]] = {}
    for equation in (*network.equations, *(d.equation for d in derivations)):
        try:
            form = convolution_form(equation, system)
            found.setdefault(str(equation.lhs), (equation, form))
        except NoMatrixForm:
            continue
    return system, found


def network_of(name):
    """A network of the catalogue, or of the table."""
    return (SLIDING[name][0] if name in SLIDING else networks.lookup(name))()


@cache
def seen(name):
    return forms_of(network_of(name))


def latex(system, equation, form):
    return ImageWriter(system, STANDARD, equation.family, form.places).form(form)


def proved(prover, form):
    return prover.equal(form.left_written_out(), form.written_out(), form.domain)


@pytest.mark.parametrize("name", NAMES)
def test_every_convolution_is_seen(name):
    network = networks.lookup(name)()
    _, found = seen(name)
    assert convolves(network)
    placed = {str(d.target) for d in derive(network) if "[" in str(d.target)}
    unseen = {left.split("[")[0] for left in placed - set(found)}
    vectors = {"∂C/∂b_1", "∂C/∂b_2", "∂C/∂b_3", "∂C/∂z_3", "∂C/∂a_3"}
    heads = {"∂C/∂h_1", "∂C/∂z_2", "∂C/∂W_2"} if name.startswith("global") else set()
    assert unseen <= vectors | heads


@pytest.mark.parametrize("name", SLIDING)
def test_every_form_is_the_equation_where_sizes_divide_and_where_not(name):
    system, found = seen(name)
    for given in SLIDING[name][1]:
        prover = Prover(system.with_sizes(**given))
        for equation, form in found.values():
            assert proved(prover, form), (equation, given)


@pytest.mark.parametrize("name", SLIDING)
def test_every_equation_of_places_is_seen(name):
    system, found = seen(name)
    for d in derive(network_of(name)):
        if any(s.kind is Kind.PLACE for s in system[str(family_of(d.target))].slots):
            assert str(d.target) in found


@pytest.mark.parametrize("name", BESIDE)
def test_what_is_nearly_a_convolution_stays_in_index_form(name):
    network = BESIDE[name]()
    (z,) = network.defining("z")
    with pytest.raises(NoMatrixForm):
        convolution_form(z, network)


def test_zeros_around_an_array_are_said_with_it():
    network = network_of("padded alike")
    inside, *edges = network.defining("h")
    assert str(convolution_form(inside, network).rhs) == "Moved(a[i], pad, (2,))"
    for edge in edges:
        with pytest.raises(NoMatrixForm, match="is a number"):
            convolution_form(edge, network)
    with_ones = padded(2, 2, edge=1)
    inside, *_ = with_ones.defining("h")
    form = convolution_form(inside, with_ones)
    assert (str(form.lhs), str(form.rhs)) == ("Moved(h[i], crop, (2,))", "a[i]")


TEXTS = {
    ("conv2d", "z_1[e, p, q]"): r"z_{1,e} = \sum_{d=1}^{D} x_{d} * W_{1,ed} + b_{1,e}",
    ("conv2d", "∂C/∂W_2[f, e, u, v]"): r"\frac{\partial \mathcal{L}}{\partial W_{2,fe}} = "
    r"a_{1,e} * \frac{\partial \mathcal{L}}{\partial z_{2,f}}",
    ("conv2d", "∂C/∂a_1[e, p, q]"): r"\frac{\partial \mathcal{L}}{\partial a_{1,e}} = "
    r"\sum_{f=1}^{F} \frac{\partial \mathcal{L}}{\partial z_{2,f}} *_{\mathrm{full}} "
    r"\operatorname{rot180}(W_{2,fe})",
    ("conv2d", "∂C/∂z_1[e, p, q]"): r"\frac{\partial \mathcal{L}}{\partial z_{1,e}} = "
    r"\left(\sum_{f=1}^{F} \frac{\partial \mathcal{L}}{\partial z_{2,f}} *_{\mathrm{full}} "
    r"\operatorname{rot180}(W_{2,fe})\right) \odot \sigma'(z_{1,e})",
    ("strided-conv1d", "z_1[e, p]"): r"z_{1,e} = \sum_{d=1}^{D} x_{d} *_{2} W_{1,ed} + b_{1,e}",
    ("strided-conv1d", "∂C/∂W_1[e, d, u]"): r"\frac{\partial \mathcal{L}}{\partial W_{1,ed}} = "
    r"\left(x_{d} * \operatorname{dilate}_{2}\left("
    r"\frac{\partial \mathcal{L}}{\partial z_{1,e}}\right)\right)_{1:K}",
    ("strided-conv1d", "∂C/∂a_1[e, p]"): r"\frac{\partial \mathcal{L}}{\partial a_{1,e}} = "
    r"\left(\sum_{f=1}^{F} \operatorname{dilate}_{2}\left("
    r"\frac{\partial \mathcal{L}}{\partial z_{2,f}}\right) *_{\mathrm{full}} "
    r"\operatorname{rot180}(W_{2,fe})\right)_{1:N_{1}}",
    ("dilated-conv1d", "z_1[e, p]"): r"z_{1,e} = \sum_{d=1}^{D} "
    r"x_{d} * \operatorname{dilate}_{2}(W_{1,ed}) + b_{1,e}",
    ("dilated-conv1d", "∂C/∂W_1[e, d, u]"): r"\frac{\partial \mathcal{L}}{\partial W_{1,ed}} = "
    r"x_{d} *_{2} \frac{\partial \mathcal{L}}{\partial z_{1,e}}",
    ("dilated-conv1d", "∂C/∂a_1[e, p]"): r"\frac{\partial \mathcal{L}}{\partial a_{1,e}} = "
    r"\sum_{f=1}^{F} \frac{\partial \mathcal{L}}{\partial z_{2,f}} *_{\mathrm{full}} "
    r"\operatorname{rot180}(\operatorname{dilate}_{2}(W_{2,fe}))",
    ("transposed-conv1d", "z_2[f, r]"): r"z_{2,f} = \left(\sum_{e=1}^{E} "
    r"\operatorname{dilate}_{2}(a_{1,e}) *_{\mathrm{full}} \operatorname{rot180}(W_{2,fe})"
    r"\right)_{1:N} + b_{2,f}",
    ("transposed-conv1d", "∂C/∂a_1[e, p]"): r"\frac{\partial \mathcal{L}}{\partial a_{1,e}} = "
    r"\sum_{f=1}^{F} \frac{\partial \mathcal{L}}{\partial z_{2,f}} *_{2} W_{2,fe}",
    ("padded-conv2d", "h_0[d, i, j]"): r"h_{0,d} = \operatorname{pad}_{1}(x_{d})",
    ("padded-conv2d", "∂C/∂h_1[e, m, n]"): r"\operatorname{crop}_{1}\left("
    r"\frac{\partial \mathcal{L}}{\partial h_{1,e}}\right) = \operatorname{crop}_{1}\left("
    r"\sum_{f=1}^{F} \frac{\partial \mathcal{L}}{\partial z_{2,f}} *_{\mathrm{full}} "
    r"\operatorname{rot180}(W_{2,fe})\right)",
    ("average-pooling", "h_1[e, r, s]"): r"h_{1,e} = \operatorname{avgpool}_{2 \times 2}(a_{1,e})",
    ("average-pooling", "∂C/∂a_1[e, p, q]"): r"\frac{\partial \mathcal{L}}{\partial a_{1,e}} = "
    r"\frac{1}{4} \operatorname{upsample}_{2 \times 2}\left("
    r"\frac{\partial \mathcal{L}}{\partial h_{1,e}}\right)",
    ("max-pooling", "∂C/∂a_1[e, p, q]"): r"\frac{\partial \mathcal{L}}{\partial a_{1,e}} = "
    r"\left[a_{1,e} = \operatorname{upsample}_{2 \times 2}("
    r"\operatorname{maxpool}_{2 \times 2}(a_{1,e}))\right] \odot "
    r"\operatorname{upsample}_{2 \times 2}\left("
    r"\frac{\partial \mathcal{L}}{\partial h_{1,e}}\right)",
    ("turned", "z[q]"): r"z = a * \operatorname{rot180}(W)",
    ("padded by bounds", "z[q]"): r"z = \operatorname{pad}_{1}(a) * W",
    ("padded by bounds", "∂C/∂a[p]"): r"\frac{\partial \mathcal{L}}{\partial a} = "
    r"\operatorname{crop}_{1}\left(\frac{\partial \mathcal{L}}{\partial z} *_{\mathrm{full}} "
    r"\operatorname{rot180}(W)\right)",
    ("padded in front", "h[i]"): r"h = (a)_{-1:N}",
    ("mean of windows that overlap", "h[r]"): r"h = \frac{1}{3} a *_{2} \mathbf{1}_{3}",
    ("mean of windows side by side", "∂C/∂a[p]"): r"\frac{\partial \mathcal{L}}{\partial a} = "
    r"\frac{1}{2} ((\operatorname{upsample}_{2}(h))_{1:M} "
    r"- (\operatorname{upsample}_{2}(y))_{1:M})",
    ("a stride for each axis", "z[e, p, q]"): r"z_{e} = a *_{2 \times 1} W_{e}",
    ("all of it for each axis", "∂C/∂W[e, u, v]"): r"\frac{\partial \mathcal{L}}"
    r"{\partial W_{e}} = a *_{3 \times 2} \operatorname{dilate}_{2 \times 1}\left("
    r"\frac{\partial \mathcal{L}}{\partial z_{e}}\right)",
}


@pytest.mark.parametrize(("name", "left"), TEXTS)
def test_the_text_is_that_of_papers(name, left):
    system, found = seen(name)
    assert latex(system, *found[left]) == TEXTS[name, left]


def test_the_engines_accept_every_form():
    systems = (seen(name) for name in SLIDING)
    texts = {latex(system, *form) for system, found in systems for form in found.values()}
    assert len(texts) > 60
    assert check_latex(Formula(text, text) for text in texts) == []


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


def test_a_stride_puts_zeros_between_the_errors_as_numpy_computes():
    system = with_functions(seen("strided-conv1d")[0], {"sigma": "tanh"})
    sizes = networks.lookup("strided-conv1d").sizes
    system = system.with_sizes(**sizes)
    network = with_functions(networks.lookup("strided-conv1d").small(), {"sigma": "tanh"})
    values = sample(network, 5)
    at = Evaluation(system, values)
    d, x = at["∂C/∂z_1"], values["x"]
    spread = np.zeros((len(d), 2 * d.shape[1] - 1))
    spread[:, ::2] = d
    slid = np.array([[np.correlate(row, s, "valid") for row in x] for s in spread])
    assert slid.shape[-1] == 4  # the stride does not divide, and one place is cut off: K is 3
    np.testing.assert_allclose(at["∂C/∂W_1"], slid[..., :3])


def wrong_nodes(form, node):
    """What could stand by mistake for a node: an array of the same size."""
    n = Arrays(form.system, form.places).lengths(node)
    one = [1] * len(n)
    yield "moved by one place", moved(node, "part", [2] * len(n), [k + 1 for k in n])
    if isinstance(node, Convolved) and set(node.strides) != {1}:
        yield "no stride", node.func(*node.args[:3], sp.Tuple(*one))
    if not isinstance(node, Moved):
        return
    array, *rest = node.args
    if node.name == "rot180":
        yield "not turned", array
    if node.name == "dilate":
        closer = moved(array, "dilate", [max(s - 1, 1) for s in node.numbers[0]])
        yield "a zero fewer", moved(closer, "part", one, n)
    if node.name == "upsample":
        yield (
            "zeros for repeated entries",
            moved(moved(array, "dilate", *node.numbers), "part", one, n),
        )
    if node.name in ("avgpool", "maxpool"):
        yield (
            "mean for maximum",
            Moved(array, Str({"a": "maxpool", "m": "avgpool"}[node.name[0]]), *rest[1:]),
        )
    if node.name == "greatest":
        yield "every entry is the greatest", sp.S.One


def faults(form):
    """Forms that are wrong in one sign."""
    yield "twice", 2 * form.rhs
    nodes = {x for x in sp.preorder_traversal(form.rhs) if isinstance(x, ArrayNode)}
    for node in sorted(nodes, key=str):
        for what, other in wrong_nodes(form, node):
            yield f"{what}: {node}", form.rhs.xreplace({node: other})


#: Networks that have all signs between them; the forms of all are proved with the documents.
SPOILT = ("conv2d", "transposed-conv1d", "average-pooling", "max-pooling", "global-max-pooling")


def sizes_of(name):
    return SLIDING[name][1][-1] if name in SLIDING else networks.lookup(name).sizes


@pytest.mark.parametrize("name", [*SPOILT, *SLIDING])
def test_a_planted_fault_is_refuted(name):
    system, found = seen(name)
    prover, tried = Prover(system.with_sizes(**sizes_of(name))), 0
    for _, form in found.values():
        if not form.rhs.has(ArrayNode):
            continue
        for what, wrong in faults(form):
            assert not proved(prover, replace(form, rhs=wrong)), f"{form.lhs}: {what}"
            tried += 1
    assert tried >= 4


def test_a_form_of_another_entry_is_refuted():
    system, found = seen("conv2d")
    _, form = found["∂C/∂a_1[e, p, q]"]
    prover = Prover(system.with_sizes(**networks.lookup("conv2d").sizes))
    (node,) = form.rhs.atoms(Convolved)
    p, q = form.places
    turned = node.args[1].xreplace({p: q, q: p})
    wrong = Convolved(node.args[0], turned, *node.args[2:])
    assert not proved(prover, replace(form, rhs=form.rhs.xreplace({node: wrong})))


#: What is written of a sign, and what is said of it in both languages.
SIGNS = {
    r" *_{2} ": (r"In $*_{s}$ the", r"$*_{s}$ 表示"),
    r"*_{\mathrm{full}}": ('A "full" convolution', "“full” 卷积先"),
    r"\operatorname{rot180}": (r"$\operatorname{rot180}$", r"$\operatorname{rot180}$"),
    r"\operatorname{dilate}": (r"$\operatorname{dilate}_{s}$",) * 2,
    r"\operatorname{pad}": (r"$\operatorname{pad}_{P}$",) * 2,
    r"\operatorname{crop}": (r"$\operatorname{crop}_{P}$",) * 2,
    r"_{1:": (r"$(\cdot)_{a:b}$",) * 2,
    r"\operatorname{avgpool}": (r"$\operatorname{avgpool}$",) * 2,
    r"\operatorname{maxpool}": (r"$\operatorname{maxpool}$",) * 2,
    r"\operatorname{upsample}": (r"$\operatorname{upsample}$",) * 2,
}


@pytest.mark.parametrize("name", NAMES)
def test_every_sign_is_said_once_in_both_languages(name):
    for at, ending in enumerate((".md", ".zh.md")):
        text = (FOLDER / "convolution" / (name + ending)).read_text(encoding="utf-8")
        parts = text.split("$$")
        for sign, said in SIGNS.items():
            written = [i for i, formula in enumerate(parts) if i % 2 and sign in formula]
            assert "".join(parts[::2]).count(said[at]) == bool(written), sign
            assert not written or said[at] in parts[written[0] + 1], sign


def test_a_sum_inside_a_sum_is_turned_round_where_its_index_fixes_the_outer_one():
    found = {str(d.target): str(d.result) for d in derive(networks.lookup("transposed-conv1d")())}
    expected = "Sum(a_1[e, p]*∂C/∂z_2[f, 2*p + u - 2], (p, 1, N_1))"
    assert found["∂C/∂W_2[f, e, u]"] == expected
