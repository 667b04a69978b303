"""A gradient against its witnesses: right ones are confirmed, wrong ones are not."""

import time
from dataclasses import replace

import numpy as np
import pytest
import sympy as sp
from sympy import Integer, Sum

from symbp.adjoint import gradient
from symbp.adjoint.hessian import hessian_vector
from symbp.errors import DefinitionError, SizeError, SymbpError, UnknownNameError, ValueRangeError
from symbp.functions import TABLE
from symbp.networks import mlp
from symbp.networks.losses import LOSSES
from symbp.numbers.sampling import sample
from symbp.system import Equation, Kind, Role, System
from symbp.verify import Finding, Report, Row, verify
from tests.gradient_faults import ALWAYS, adjoints, altered, first_term_only, without_prime
from tests.small_systems import EXAMPLES, C, M, bases, family, i, size, slot

KNOWN = [name for name, row in TABLE.items() if row.specified]
ENTRYWISE = ["complex step", "central", "reference", "rule"]


def verdicts(report):
    return {f.verdict for row in report.rows for f in row.findings}


# -- right gradients ---


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_is_verified(name):
    report = verify(EXAMPLES[name]().system, values=None)
    assert report.ok
    assert verdicts(report) == {"proved", "agree"}


@pytest.mark.parametrize("activation", [*KNOWN, "softmax", "sigma", "f", "g"])
def test_every_activation_is_verified(activation):
    hidden = activation if activation != "softmax" else "tanh"
    report = verify(mlp((3, 4, 2), [hidden, activation], "squared-error", batch=2))
    assert report.ok, str(report)
    assert verdicts(report) == {"proved", "agree"}
    assert {"exact", "complex step"} <= set(report.witnesses)


@pytest.mark.parametrize("loss", LOSSES)
def test_every_loss_is_verified(loss):
    output = {"0 < o < 1": "sigmoid", "o > 0": "softmax"}.get(LOSSES[loss].outputs, "identity")
    network = mlp((3, 4, 2), ["tanh", output], loss, batch=2, l1="lambda", l2="lambda/2m")
    report = verify(network, witnesses=["exact", *ENTRYWISE[: 2 if loss == "generic" else 3]])
    assert report.ok, str(report)
    assert verdicts(report) == {"proved", "agree"}


def test_sizes_and_functions_that_are_open_are_chosen_and_told():
    report = verify(mlp())
    assert report.ok
    assert report.notes == (
        "sizes chosen: L = 3, n = (3, 4, 2, 5)",
        "floats with sigmoid for sigma; exact with any function",
        "random values, seed 0",
    )
    assert [row.name for row in report.rows] == ["w[1]", "w[2]", "w[3]", "b[1]", "b[2]", "b[3]"]


@pytest.mark.parametrize("name", ["sigma", "f", "g"])
def test_a_function_stands_for_an_open_one_inside_the_domain_of_the_loss(name):
    for loss in ("binary-cross-entropy", "cross-entropy"):
        assert verify(mlp((2, 3, 4), name, loss, batch=3)).ok


def test_inputs_may_be_differentiated_by_too():
    report = verify(mlp((3, 2), "tanh", batch=2), wrt=["x", "w"])
    assert report.ok
    assert [row.name for row in report.rows] == ["x", "w[1]"]
    assert report.rows[0].by("reference").verdict == "agree"


def test_a_hyperparameter_may_be_differentiated_by():
    report = verify(mlp((2, 2), "tanh", l2="lambda"), wrt=["lambda"])
    assert report.ok
    assert report.rows[0].entries == 1


def test_a_hessian_is_verified_as_a_gradient():
    second = hessian_vector(mlp((2, 2, 1), "sigmoid"))
    report = verify(second, wrt=["w", "b"])
    assert report.ok
    assert report.witnesses == ["exact", "complex step"]


def test_all_witnesses_are_heard_where_they_can_speak():
    relu = verify(mlp((2, 3, 2), ["relu", "softmax"], "cross-entropy"))
    assert relu.witnesses[:4] == ["exact", "complex step", "central", "reference"]
    assert "reference" not in verify(EXAMPLES["residual"]().system).witnesses
    assert "central" not in verify(mlp((2, 2), "tanh")).witnesses


def test_networks_with_log_of_relu_are_proved_where_they_exist():
    report = verify(mlp((2, 3, 3), ["tanh", "relu"], "cross-entropy", batch=2))
    assert report.ok
    assert verdicts(report) == {"proved", "agree"}


# -- vanishing, cancelling and saturated gradients ---


def test_vanishing_gradients_are_green_and_zeros_in_their_place_are_red():
    """Ordinary finite differences of C see nothing of the first layer here."""
    network = mlp([3] * 9, "sigmoid", "half-squared-error")
    values = sample(network)
    assert verify(network, values=values).ok

    def zeros_first(values):
        found = backprop(values, network)
        return {**found, "w": [np.zeros((3, 3)), *found["w"][1:]]}

    report = verify(network, values=values, candidate=zeros_first)
    assert not report.ok
    for witness in ("complex step", "reference", "rule"):
        assert report.rows[0].by(witness).verdict == "mismatch"
        assert report.rows[0].by(witness).error == pytest.approx(1, rel=0.1)
        assert all(row.by(witness).verdict == "agree" for row in report.rows[1:])


def centred():
    """C = Σ_i y_i ((x_i + b) − mean(x + b))²: independent of b, but not in floats."""
    x, y = bases("xy")
    b, c = sp.Symbol("b", real=True), sp.Symbol("c", real=True)
    sample_slot = slot(i, M, Kind.SAMPLE)
    return System(
        (size("M"), C, family("x", sample_slot, role=Role.INPUT), family("c"),
         family("y", sample_slot, role=Role.TARGET), family("b", role=Role.PARAMETER)),
        (Equation("c", (), Sum(x[i] + b, (i, 1, M)) / M),
         Equation("C", (), Sum(y[i] * (x[i] + b - c) ** 2, (i, 1, M)))),
        "C", {"M": 7},
    )  # fmt: skip


def test_a_gradient_that_is_zero_by_cancellation_is_green_at_any_rounding():
    system = centred()
    for seed in range(5):
        report = verify(system, seed=seed)
        assert report.ok, str(report)
        assert report.rows[0].by("complex step").error < 1e-11
    report = verify(system, candidate=lambda values: {"b": np.float64(1e-9)})
    assert report.rows[0].by("complex step").verdict == "mismatch"


@pytest.mark.parametrize("z", [10.0, 30.0, 36.0, 40.0])
def test_a_saturated_sigmoid_is_green_though_its_float_derivative_cancels(z):
    network = mlp((1, 1), "sigmoid", "squared-error", bias=False)
    values = {"x": [1.0], "y": [0.5], "w": [[[z]]]}
    assert verify(network, values=values).ok
    wrong = verify(network, values=values, candidate=lambda v: {"w": [np.array([[1e-5]])]})
    assert not wrong.ok


def test_a_gradient_at_a_kink_is_between_the_one_sided_derivatives():
    network = mlp((1, 2), "relu", "squared-error", bias=False)
    values = {"x": [1.0], "y": [-1.0, 1.0], "w": [[[0.0], [2.0]]]}
    report = verify(network, values=values)
    assert report.ok
    assert report.rows[0].by("complex step").verdict == "kink"
    assert "kink at w[1, 1, 1]: candidate 0" in str(report)
    outside = verify(network, values=values, candidate=lambda v: {"w": [np.array([[3.0], [2.0]])]})
    assert not outside.ok


# -- wrong gradient Systems ---


@pytest.mark.parametrize("fault", ALWAYS)
def test_a_fault_in_any_adjoint_is_refuted_and_seen_in_floats(fault):
    network = mlp((2, 2), ["softmax"], "cross-entropy", batch=2)
    right = gradient(network)
    for name in adjoints(right):
        wrong = altered(right, name, ALWAYS[fault])
        report = verify(network, candidate=wrong, witnesses=["exact", "complex step"])
        assert not report.ok, name
        assert {"refuted", "mismatch"} <= verdicts(report), name


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("∂C/∂z", without_prime),
        ("∂C/∂w", first_term_only),
        ("∂C/∂b", lambda e: e * sp.Symbol("m", integer=True)),
        ("∂C/∂a", lambda e: e * sp.Symbol("m", integer=True)),
    ],
    ids=["missing σ'", "one sample only", "lost 1/m", "lost 1/m in δ"],
)
def test_the_usual_mistakes_are_refuted(name, change):
    network = mlp((2, 3, 2), "sigmoid", batch=3)
    wrong = altered(gradient(network), name, change)
    report = verify(network, candidate=wrong)
    assert not report.ok
    assert {"refuted", "mismatch"} <= verdicts(report)


@pytest.mark.parametrize("batch", [False, 3])
def test_every_row_has_its_own_exact_verdict(batch):
    network = mlp((2, 3, 2, 2), "sigma", batch=batch)
    only_second = sp.KroneckerDelta(sp.Symbol("l", integer=True), 2)
    wrong = altered(gradient(network), "∂C/∂w", lambda e: e * (1 + only_second))
    report = verify(network, candidate=wrong)
    exact = {row.name: row.by("exact").verdict for row in report.rows}
    assert exact.pop("w[2]") == "refuted"
    assert set(exact.values()) == {"proved"}


def test_a_fault_that_an_unspecified_function_hides_from_floats_is_refuted():
    """sigmoid' = sigmoid (1 − sigmoid) holds for the stand-in, not for every function."""
    network = mlp((2, 3, 2), "sigma")
    sigma = TABLE["sigma"]

    def written(e):
        return e.replace(lambda n: getattr(n, "order", 0) == 1,
                         lambda n: sigma(*n.args) * (1 - sigma(*n.args)))  # fmt: skip

    report = verify(network, candidate=altered(gradient(network), "∂C/∂z", written))
    assert all(row.by("complex step").verdict == "agree" for row in report.rows)
    assert any(row.by("exact").verdict == "refuted" for row in report.rows)
    assert not report.ok


def test_a_system_that_brings_its_adjoints_is_its_own_candidate():
    network = mlp((2, 2), "tanh")
    assert verify(gradient(network)).ok
    assert not verify(altered(gradient(network), "∂C/∂w", ALWAYS["sign"])).ok


# -- code ---


def backprop(values, network, fault=""):
    """Backpropagation of a sigmoid network with half the squared error, by hand, with faults."""
    x, y, weights, biases = (values[n] for n in ("x", "y", "w", "b"))
    batch = x.ndim == 2
    x, y = (v if batch else v[:, None] for v in (x, y))
    count = x.shape[1]
    outputs = [x]
    for w, b in zip(weights, biases, strict=True):
        outputs.append(1 / (1 + np.exp(-(w @ outputs[-1] + b[:, None]))))
    upstream = (outputs[-1] - y) / (count if batch and fault != "lost 1/m" else 1)
    gradients: dict[str, list[np.ndarray]] = {"w": [], "b": []}
    for l in range(len(weights), 0, -1):
        slope = 1 if fault == "missing σ'" else outputs[l] * (1 - outputs[l])
        delta = upstream * slope
        before = outputs[l if fault == "wrong layer" else l - 1]
        gradients["w"].insert(0, delta @ before.T)
        gradients["b"].insert(0, delta.sum(axis=1))
        w = weights[l - 1]
        upstream = (w if fault == "transposed weight" else w.T) @ delta
    if fault == "sign":
        gradients["w"][0] = -gradients["w"][0]
    if fault == "factor 2":
        gradients["b"][0] = 2 * gradients["b"][0]
    if fault == "swapped indices":
        gradients["w"][1] = gradients["w"][1].T
    if fault == "one entry by 1e-6":
        gradients["w"][1][2, 0] *= 1 + 1e-6
    return gradients


FAULTS = ["sign", "factor 2", "lost 1/m", "missing σ'", "transposed weight", "wrong layer",
          "swapped indices", "one entry by 1e-6"]  # fmt: skip
SQUARE = mlp((3, 3, 3), "sigmoid", batch=4)


def test_code_is_verified_like_a_system():
    report = verify(SQUARE, candidate=lambda values: backprop(values, SQUARE))
    assert report.ok
    assert [w for w in report.witnesses if w != "torch"] == ["complex step", "reference", "rule"]


@pytest.mark.parametrize("fault", FAULTS)
def test_every_mistake_in_code_is_seen_by_every_witness(fault):
    report = verify(
        SQUARE, candidate=lambda values: backprop(values, SQUARE, fault), witnesses=ENTRYWISE
    )
    assert not report.ok
    for witness in ENTRYWISE:
        assert any(row.by(witness).verdict == "mismatch" for row in report.rows), witness


def test_the_place_of_a_wrong_entry_is_told():
    wrong = "one entry by 1e-6"
    report = verify(SQUARE, candidate=lambda values: backprop(values, SQUARE, wrong))
    finding = report.rows[1].by("complex step")
    assert finding.index == (2, 3, 1)
    assert finding.count == 1
    assert finding.error == pytest.approx(1e-6, rel=0.1)
    assert "mismatch at w[2, 3, 1]: candidate" in str(report)


def test_code_in_single_precision_is_judged_by_its_own_rounding():
    def single(values):
        found = backprop(values, SQUARE)
        return {n: [g.astype(np.float32) for g in blocks] for n, blocks in found.items()}

    assert verify(SQUARE, candidate=single).ok
    wrong = verify(SQUARE, candidate=lambda v: {n: [g * np.float32(1.001) for g in blocks]
                                                for n, blocks in single(v).items()})  # fmt: skip
    assert not wrong.ok


def test_a_gradient_that_is_not_finite_is_a_mismatch():
    def broken(values):
        found = backprop(values, SQUARE)
        found["b"][1][0] = np.nan
        return found

    report = verify(SQUARE, candidate=broken)
    finding = next(row for row in report.rows if row.name == "b[2]").by("complex step")
    assert (finding.verdict, finding.index) == ("mismatch", (2, 1))


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda g: {"w": g["w"]}, SizeError, "the candidate's ∂C/∂b: missing"),
        (lambda g: {**g, "v": 1}, UnknownNameError, "unknown family in the candidate's gradient"),
        (lambda g: {**g, "b": g["b"][:1]}, SizeError, r"∂C/∂b: 1 arrays met 2 \(b\[l, j\]"),
        (lambda g: {**g, "b": [g["b"][0][:1], *g["b"][1:]]}, SizeError,
         r"∂C/∂b: shape \(1,\) at 1 met \(3,\) \(b\[l, j\]"),
        (lambda g: {**g, "b": [b.astype(object) for b in g["b"]]}, SizeError,
         "dtype object at 1: real numbers expected"),
    ],
)  # fmt: skip
def test_code_that_returns_something_else_is_told_what_was_expected(change, error, message):
    with pytest.raises(error, match=message):
        verify(SQUARE, candidate=lambda values: change(backprop(values, SQUARE)))


# -- witnesses ---


def test_witnesses_that_cannot_speak_say_why():
    with pytest.raises(UnknownNameError, match="unknown witness 'refrence': did you mean 'ref"):
        verify(SQUARE, witnesses=["refrence"])
    with pytest.raises(SymbpError, match="code in floats cannot be proved"):
        verify(SQUARE, candidate=lambda v: backprop(v, SQUARE), witnesses=["exact"])
    with pytest.raises(SymbpError, match=r"reference: only for networks that mlp\(\) made"):
        verify(EXAMPLES["residual"]().system, witnesses=["reference"])
    with pytest.raises(SymbpError, match="reference: it has no erf"):
        verify(mlp((2, 2), "erf"), witnesses=["reference"])


def test_a_network_that_was_changed_has_no_reference():
    changed = replace(SQUARE, equations=(*SQUARE.equations[:-1], Equation("C", (), Integer(2) * 0
                      + SQUARE.equations[-1].rhs * 2)))  # fmt: skip
    report = verify(changed)
    assert report.ok
    assert "reference" not in report.witnesses


def test_torch_agrees_where_it_is_installed():
    pytest.importorskip("torch")
    for name in EXAMPLES:
        report = verify(EXAMPLES[name]().system, witnesses=["torch"])
        assert report.ok, name


def test_nothing_is_confirmed_by_silence():
    found = Finding("complex step", "unresolved", count=1)
    assert not Row("w", (1,), 1, (found,)).ok
    assert not Row("w", (1,), 1, ()).ok
    assert not Report(()).ok
    agreed = Finding("complex step", "agree")
    assert Row("w", (1,), 1, (found, agreed)).ok
    assert not Row("w", (1,), 1, (agreed, Finding("exact", "refuted"))).ok


# -- values ---

NETWORK = mlp((2, 2), "identity", "binary-cross-entropy")
GIVEN = {"x": [1.0, 0.5], "y": [0.0, 1.0], "w": [[[0.2, 0.2], [0.1, 0.1]]], "b": [[0.1, 0.1]]}


def test_values_may_be_lists():
    assert verify(NETWORK, values=GIVEN).ok


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"b": [[1.1, 0.1]]}, ValueRangeError,
         r"binary-cross-entropy: the output a\[1, 1\] = 1.4, needed: 0 < o < 1"),
        ({"w": [[[0.2, 0.2], [0, 0]]], "b": [[0.1, 0]]}, ValueRangeError,
         r"the output a\[1, 2\] = 0, needed: 0 < o < 1"),
        ({"x": [np.nan, 1.0]}, ValueRangeError, "x: a value is not a finite number"),
        ({"w": [[[np.inf, 1.0], [0.0, 0.0]]]}, ValueRangeError, "w at 1: a value is not a finite"),
        ({"x": [1.0]}, SizeError, r"x: shape \(1,\) met \(2,\) \(x\[j\], 1 ≤ j ≤ n\[0\]\)"),
        ({"x": None}, SizeError, r"no value for x\[j\], 1 ≤ j ≤ n\[0\]"),
        ({"W": 1.0}, UnknownNameError, "unknown family 'W'"),
    ],
)  # fmt: skip
def test_values_that_cannot_be_used_are_refused_in_one_line(change, error, message):
    values = {n: v for n, v in {**GIVEN, **change}.items() if v is not None}
    with pytest.raises(error, match=message) as caught:
        verify(NETWORK, values=values)
    assert "\n" not in str(caught.value)


def test_a_logarithm_of_a_hidden_layer_names_its_equation():
    network = mlp((1, 1, 1), ["log", "identity"], bias=False)
    values = {"x": [1.0], "y": [1.0], "w": [[[-2.0]], [[1.0]]]}
    with pytest.raises(ValueRangeError, match=r"a\[l, j\]: log met -2, needed: a positive number"):
        verify(network, values=values)


def test_logits_that_overflow_are_refused():
    network = mlp((1, 2), ["softmax"], "cross-entropy", bias=False)
    values = {"x": [1.0], "y": [1.0, 0.0], "w": [[[800.0], [0.0]]]}
    with pytest.raises(ValueRangeError, match=r"cross-entropy: the output a\[1, 1\] = nan"):
        verify(network, values=values)


def test_what_is_not_given_cannot_be_moved():
    with pytest.raises(DefinitionError, match="z is intermediate: only what is given can be moved"):
        verify(NETWORK, wrt=["z"])
    with pytest.raises(DefinitionError, match="c is used as an index"):
        verify(EXAMPLES["gather"]().system, wrt=["c"])
    with pytest.raises(DefinitionError, match="no family 'v'"):
        verify(NETWORK, wrt=["v"])


def test_a_candidate_without_an_adjoint_is_told_which():
    with pytest.raises(DefinitionError, match="the candidate defines no ∂C/∂b"):
        verify(NETWORK, candidate=gradient(NETWORK, ["w"]))


def test_data_used_as_an_index_may_be_given():
    system = EXAMPLES["gather"]().system
    values = {"e": np.ones((3, 2)), "c": np.array([1, 1, 2, 2])}
    assert verify(system, values=values).ok


# -- text and time ---


def test_the_report_is_a_plain_table():
    network = mlp((2, 2), "tanh")
    wrong = altered(gradient(network), "∂C/∂w", ALWAYS["sign"])
    lines = str(verify(network, candidate=wrong, witnesses=["exact", "rule"])).splitlines()
    assert lines[0] == "      entries  exact    rule"
    assert lines[1] == "w[1]  4        refuted  4 mismatch 2e+00"
    assert lines[2] == "b[1]  2        proved   agree 0e+00"
    assert lines[3].startswith("mismatch at w[1, ")
    assert lines[-2:] == ["random values, seed 0", "NOT VERIFIED"]


def test_every_weight_of_a_large_network_is_verified_in_half_a_second():
    """0.3 s on one idle core; the bound leaves room for a busy machine."""
    network = mlp((784, 30, 10), ["sigmoid", "softmax"], "cross-entropy")
    seconds = []
    for _ in range(3):
        start = time.process_time()
        report = verify(network)
        seconds.append(time.process_time() - start)
    assert report.ok
    assert sum(row.entries for row in report.rows) == 23860
    assert min(seconds) < 1.5
