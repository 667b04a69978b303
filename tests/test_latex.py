"""What is printed: the formulas of the field, in each notation, accepted by the real engines."""

from itertools import cycle

import pytest
import sympy as sp

from symbp import networks
from symbp.adjoint import gradient
from symbp.errors import UnknownNameError
from symbp.forms.contract import NoMatrixForm
from symbp.forms.matrix import matrix_form
from symbp.judge.equality import Prover
from symbp.latex.lines import WIDEST, equation_of_terms, width
from symbp.latex.matrix import MatrixWriter
from symbp.latex.phrases import PHRASES, say
from symbp.latex.post import write_post
from symbp.latex.weight import number, read_parameter
from symbp.latex.writer import Writer
from symbp.networks import mlp
from symbp.networks.losses import LOSSES
from symbp.notation import NOTATIONS
from symbp.system.model import Model
from tests.latex_engines import Formula, check_latex
from tests.small_systems import EXAMPLES

HIDDEN = (
    "sigma sigmoid tanh relu leaky_relu elu softplus silu gelu gelu_tanh exp square abs".split()
)

TEXTBOOK = {
    "bold": [
        r"\boldsymbol{\delta}^{(l)} = (\textbf{W}^{(l + 1)})^{T} \boldsymbol{\delta}^{(l + 1)}"
        r" \odot \sigma'(\textbf{z}^{(l)})",
        r"\frac{\partial C}{\partial \textbf{W}^{(l)}} = \boldsymbol{\delta}^{(l)}"
        r" (\textbf{a}^{(l - 1)})^{T}",
    ],
    "edge": [
        r"z^{(l)} = (W^{(l)})^{T} h^{(l - 1)} + b^{(l)}",
        r"\frac{\partial L}{\partial W^{(l)}} = h^{(l - 1)}"
        r" \left(\frac{\partial L}{\partial z^{(l)}}\right)^{T}",
    ],
    "ng": [
        r"\delta^{(l)} = (\Theta^{(l)})^{T} \delta^{(l + 1)} .* g'(z^{(l)})",
        r"\frac{\partial J}{\partial \Theta^{(l)}} = \delta^{(l + 1)} (a^{(l)})^{T}",
    ],
    "pinard": [
        r"\delta^{l} = (W^{l + 1})^{T} \delta^{l + 1} \odot \sigma^{'}(z^{l})",
        r"\delta^{L} = (a^{L} - y) \odot \sigma^{'}(z^{L})",
        r"\frac{\partial J}{\partial W^{l}} = \delta^{l} (a^{l - 1})^{T}",
    ],
    "standard": [
        r"\frac{\partial \mathcal{L}}{\partial z^{(l)}} = (W^{(l + 1)})^{T}"
        r" \frac{\partial \mathcal{L}}{\partial z^{(l + 1)}} \odot \sigma'(z^{(l)})",
    ],
    "chain": [
        r"\frac{\partial C}{\partial z^{n}} = w^{n} \frac{\partial C}{\partial z^{n + 1}}"
        r" \odot f'(z^{n})",
        r"\frac{\partial C}{\partial b^{n}} = \frac{\partial C}{\partial z^{n + 1}}",
    ],
}


@pytest.mark.parametrize("name", NOTATIONS)
def test_the_formulas_are_those_of_the_notation(name):
    text = write_post(mlp(), NOTATIONS[name], "en", "short").text
    for formula in TEXTBOOK[name]:
        assert formula in text


@pytest.mark.parametrize("name", NOTATIONS)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_post_in_full_is_golden(name, language, golden):
    network = mlp((2, 2, 1), "sigmoid")
    golden(f"posts/{name}.{language}.md", write_post(network, NOTATIONS[name], language).text)


def test_every_activation_and_loss_is_typeset():
    formulas = []
    for name, notation in NOTATIONS.items():
        for activation in HIDDEN:
            formulas += printed(mlp(None, activation), notation, f"{name} {activation}")
        for loss in LOSSES:
            system = mlp(None, "sigmoid", loss, batch=True, l1="lambda/m", l2="lambda/2m")
            formulas += printed(system, notation, f"{name} {loss}")
    assert len(formulas) > 1000
    assert check_latex(formulas) == []


def test_any_system_of_equations_is_typeset():
    formulas = []
    for (name, example), notation in zip(EXAMPLES.items(), cycle(NOTATIONS.values()), strict=False):
        text = write_post(example().system, notation).text
        for place, formula in enumerate(text.split("$$")[1::2]):
            formulas.append(Formula(f"{name} {notation.name} {place}", formula.strip(), True))
    assert len(formulas) > 200
    assert check_latex(formulas) == []


def printed(system, notation, label):
    full = gradient(system)
    for place, equation in enumerate(full.equations):
        writer = Writer(full, notation, equation.family)
        yield Formula(f"{label} {place}", writer.equation(equation), True)
        try:
            seen = matrix_form(equation, full, notation.layout)
        except NoMatrixForm:
            continue
        yield Formula(f"{label} {place} matrix", MatrixWriter(writer).equation(seen), True)


def test_parentheses_keep_the_meaning():
    system = mlp()
    writer = Writer(system, NOTATIONS["pinard"])
    a, b, w = system["a"][1, 1], system["y"][1], system["w"][1, 1, 1]
    assert writer.write((b - a) * w) == r"w_{11}^{2} (y_{1} - a_{1}^{2})"
    assert writer.write((a - b) / b) == r"\frac{a_{1}^{2} - y_{1}}{y_{1}}"
    assert writer.write(a**2) == r"(a_{1}^{2})^{2}"
    assert writer.write(w * (a / b - b / a)) == (
        r"w_{11}^{2} \left(\frac{a_{1}^{2}}{y_{1}} - \frac{y_{1}}{a_{1}^{2}}\right)"
    )
    k = sp.Symbol("k", integer=True)
    total = sp.Sum(system["y"][k], (k, 1, 2))
    assert writer.write(total * a) == r"\left(\sum_{k=1}^{2} y_{k}\right) a_{1}^{2}"
    assert writer.write(total**2) == (r"\left(\sum_{k=1}^{2} y_{k}\right)^{2}")


@pytest.mark.parametrize("name", NOTATIONS)
def test_roots_and_constants_of_activations_are_written_in_posts(name):
    text = write_post(mlp(None, ["gelu", "identity"]), NOTATIONS[name]).text
    assert r"\sqrt{2}" in text
    assert r"\sqrt{\pi}" in text


def test_an_unspecified_cost_of_one_sample_is_not_the_cost():
    text = write_post(mlp(loss="generic", batch=True), NOTATIONS["pinard"]).text
    assert r"J = \frac{1}{m} \sum_{i=1}^{m} J^{i}(a^{i,L}, y^{i})" in text
    assert r"\frac{1}{m} \frac{\partial J^{i}}{\partial a_{j}^{i,L}}" in text
    assert r"\frac{1}{m} \frac{\partial \sum_{i} J^{i}}{\partial A^{L}}" in text
    assert r"\frac{1}{m} \frac{\partial J}" not in text


def test_subscripts_follow_letters_so_that_markdown_leaves_them_alone():
    for notation in NOTATIONS.values():
        text = write_post(mlp((2, 2, 1), "sigmoid"), notation, "en").text
        for inline in text.split("$$")[::2]:
            for formula in inline.split("$")[1::2]:
                places = [i for i, c in enumerate(formula) if c == "_"]
                assert all(formula[i - 1].isalnum() for i in places), formula


@pytest.mark.parametrize(
    ("name", "entry", "whole"),
    [
        ("W", "W_{jk}", "W"),
        ("W_i", "W_{i,jk}", "W_{i}"),
        ("W_xh", "W_{xh,jk}", "W_{xh}"),
        ("W1", "W_{1,jk}", "W_{1}"),
        ("E_pos", r"E_{\mathrm{pos},jk}", r"E_{\mathrm{pos}}"),
        ("gamma", r"\gamma_{jk}", r"\gamma"),
        ("Lambda", r"\Lambda_{jk}", r"\Lambda"),
        ("x_hat", r"\hat x_{jk}", r"\hat X"),
        ("mu_bar_t", r"\bar \mu_{t,jk}", r"\bar \mu_{t}"),
        ("logits", r"\mathrm{logits}_{jk}", r"\mathrm{logits}"),
        ("V_star", "V_{jk}^{*}", "V^{*}"),
        ("h_prime", "h_{jk}'", "H'"),
    ],
)
def test_names_become_letters_by_one_rule(name, entry, whole):
    m = Model()
    (n,) = m.sizes("n")
    j, k = m.units("j k", n)
    u = m.parameter(name, j, k)
    system = m.system(m.sum(u[j, k] ** 2, j, k), n=2)
    writer = Writer(system, NOTATIONS["standard"])
    assert writer.write(system[name][j, k]) == entry
    assert writer.entries.whole(name, (j, k), (j, k), frozenset()) == whole
    read = read_parameter(writer.write(system[name][1, 2]), system, NOTATIONS["standard"])
    assert read == system[name][1, 2]
    text = write_post(system, NOTATIONS["standard"]).text
    assert check_latex([Formula(name, f.strip(), True) for f in text.split("$$")[1::2]]) == []


def short(name):
    return write_post(networks.lookup(name)(), NOTATIONS["standard"], "en", "short").text


def test_backpropagation_through_time_is_written_as_papers_do():
    text = short("lstm")
    for formula in (
        r"h_{t} = o_{t} \odot \tanh(c_{t}) \qquad 1 \le t \le T",
        r"D{c_{T}} = D{h_{T}} \odot o_{T} \odot (1 - \tanh^{2}(c_{T}))",
        r"D{h_{t}} = h_{t} - y_{t} + U_{i}^{T} D{a_{i,t + 1}} + ",
        r"D{a_{g,t}} = D{c_{t}} \odot i_{t} \odot (1 - g_{t}^{\circ 2}) \qquad 1 \le t \le T",
        r"D{a_{i,tj}} = D{c_{tj}} i_{tj} (1 - i_{tj}) g_{tj}",
        r"\theta \leftarrow \theta - \eta D{\theta} \qquad \theta \in \{W_{i}, U_{i}, b_{i}, ",
    ):
        formula = formula.replace("D{", r"\frac{\partial \mathcal{L}}{\partial ")
        assert formula in text, formula
    assert text.count("The activation is") == 1
    assert text.count("1 \\le t \\le T - 1") == 4 + 2
    assert "h_{0} = 0" not in text  # h_{0j} = 0 says it


def test_what_is_looked_up_stands_first_in_a_condition():
    assert "[c^{(i)} = v]" in short("skip-gram")


def test_batch_normalisation_is_written_in_its_compact_form():
    text = short("batch-norm")
    for formula in (
        r"\hat Z = (Z - \mathbf{1} \mu^{T}) \operatorname{diag}(v + \epsilon)^{-\frac{1}{2}}",
        r"D{z_{j}^{(i)}} = \frac{1}{m \sqrt{v_{j} + \epsilon}} \left(m D{\hat z_{j}^{(i)}} - ",
        r"D{\gamma} = \left(D{A} \odot \hat Z\right)^{T} \mathbf{1}",
    ):
        formula = formula.replace("D{", r"\frac{\partial \mathcal{L}}{\partial ")
        assert formula in text, formula
    assert r"\partial v" not in text


def test_a_complement_is_written_as_in_the_forward_pass():
    text = short("focal")
    assert "(p^{(i)} - 1)" not in text
    assert "(1 - p^{(i)})^{3}" in text


def test_signs_are_explained_once():
    text = write_post(networks.lookup("lstm")(), NOTATIONS["standard"]).text
    assert text.count(r"$\odot$ multiplies entry by entry.") == 1
    assert r"\mathbf{1}" not in text


def test_a_long_term_is_broken_in_its_longest_bracket():
    inner = " + ".join(f"x_{{{i}}}" for i in range(60))
    lines = equation_of_terms("a", [rf"\frac{{1}}{{m}} \left({inner}\right) b"]).splitlines()
    assert lines[1].startswith(r"a &= \frac{1}{m} \Bigl(x_{0} + ")
    assert lines[2].startswith(r"&\quad + ")
    assert lines[-2].endswith(r"x_{59}\Bigr) b")
    assert check_latex([Formula("bracket", "\n".join(lines), True)]) == []


def test_long_equations_are_broken_between_terms():
    terms = [r"\sum_{k=1}^{n} a_{k}", *[rf"- \frac{{x_{{{i}}}}}{{y + z}}" for i in range(30)]]
    latex = equation_of_terms("C", terms, r" \qquad 1 \le t \le T")
    lines = latex.splitlines()
    assert lines[1].startswith(r"C &= \sum")
    assert all(line.startswith(r"&\quad - \frac") for line in lines[2:-1])
    assert all(width(line) <= WIDEST + 20 for line in lines)
    assert latex.count(r"\frac") == 30
    assert latex.endswith("1 \\le t \\le T\n\\end{aligned}")
    assert check_latex([Formula("long", latex, True)]) == []


@pytest.mark.parametrize("name", ["batch-norm", "cbow"])
def test_formulas_of_a_network_of_given_sizes_are_typeset_and_proved(name):
    post = write_post(networks.lookup(name).small(), NOTATIONS["standard"], "zh")
    formulas = [Formula(name, f.strip(), True) for f in post.text.split("$$")[1::2]]
    assert check_latex(formulas) == []
    if name != "cbow":  # the prover has no data to look up
        prover = Prover(post.system)
        for left, right, domain, condition in post.claims:
            assert condition is None
            assert prover.equal(left, right, domain), f"{left} = {right}"


def test_a_matrix_of_samples_keeps_its_letter_where_the_capital_is_taken():
    m = Model()
    n, batch = m.sizes("n", "m")
    j, k = m.units("j k", n)
    (i,) = m.samples("i", batch)
    x, X = m.input("x", i, k), m.parameter("X", j, k)
    (z,) = m.values("z")
    m.let(z[i, j], m.sum(X[j, k] * x[i, k], k))
    text = write_post(m.system(m.sum(z[i, j] ** 2, i, j)), NOTATIONS["standard"]).text
    assert "Z = x X^{T}" in text


def test_phrases_exist_in_both_languages():
    for key, (english, chinese) in PHRASES.items():
        assert english, key
        assert chinese != english, key
    with pytest.raises(UnknownNameError, match="unknown language 'fr'"):
        say("forward", "fr")


@pytest.mark.parametrize(
    ("name", "text", "index"),
    [
        ("pinard", "w^2_{11}", ("w", 1, 1, 1)),
        ("pinard", "w_{12}^{3}", ("w", 2, 1, 2)),
        ("pinard", "b^3_1", ("b", 2, 1)),
        ("ng", r"\Theta_{12}^{(2)}", ("w", 2, 1, 2)),
        ("ng", r"\Theta^{(1)}_{20}", ("b", 1, 2)),
        ("chain", "w_{21}^2", ("w", 2, 1, 2)),
        ("edge", "w_{2,1}^{(2)}", ("w", 2, 1, 2)),
        ("bold", "w_{12}^{(2)}", ("w", 2, 1, 2)),
    ],
)
def test_a_parameter_is_read_as_the_notation_writes_it(name, text, index):
    system = mlp((2, 2, 1))
    family, *numbers = index
    assert read_parameter(text, system, NOTATIONS[name]) == system[family][tuple(numbers)]


@pytest.mark.parametrize("text", ["w", "w_{11}", "v^2_{11}", "w^2_{31}", "w^9_{11}", "", "w^2_{1}"])
def test_what_is_no_parameter_is_refused(text):
    with pytest.raises(UnknownNameError, match="is no parameter of this network"):
        read_parameter(text, mlp((2, 2, 1)), NOTATIONS["pinard"])


def test_every_parameter_is_read_back_from_its_own_text():
    system = mlp((2, 3, 2))
    for notation in NOTATIONS.values():
        writer = Writer(system, notation)
        for entry in (system["w"][2, 1, 3], system["w"][1, 3, 2], system["b"][1, 2]):
            assert read_parameter(writer.write(entry), system, notation) == entry


def test_numbers_are_written_as_people_do():
    assert number(0.0821670407) == "0.0821670407"
    assert number(1.5e-9) == r"1.5 \times 10^{-9}"


def test_a_number_is_taken_off_every_entry_of_a_matrix():
    text = write_post(EXAMPLES["batch statistic"]().system, NOTATIONS["standard"], "en").text
    assert r"h = \frac{1}{\sqrt{1 + d}} (x - c)" in text
    assert "+ (-" not in text
