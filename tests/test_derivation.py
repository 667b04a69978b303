"""Derivations: every step replays, every step is proved, and no planted fault is."""

from dataclasses import replace

import pytest
import sympy as sp

from symbp.derivation import RULES, Derivation, derive, simplified
from symbp.derivation.context import Context, Partial
from symbp.derivation.paths import edges_from, paths, product_of
from symbp.errors import DefinitionError, SizeError
from symbp.judge.equality import Prover
from symbp.networks import mlp
from symbp.numbers.evaluator import Evaluation
from symbp.numbers.sampling import sample
from symbp.verify import verify
from tests.small_systems import EXAMPLES

NETWORKS = {
    "general": lambda: mlp(),
    "softmax": lambda: mlp(None, ["sigma", "softmax"], "cross-entropy"),
    "logits": lambda: mlp((2, 2), "identity", "cross-entropy-logits"),
    "batch": lambda: mlp((2, 2, 2), "sigmoid", "binary-cross-entropy", batch=2, l2="lambda/2m"),
    "mixed": lambda: mlp((2, 2, 1, 2), ["relu", "tanh", "elu"], "huber", l1="lambda"),
    "unspecified": lambda: mlp((2, 2, 2), "f", "generic", bias=[True, False]),
}


@pytest.fixture(scope="module", params=NETWORKS)
def derivations(request):
    return derive(NETWORKS[request.param]())


@pytest.mark.parametrize("name", EXAMPLES)
def test_any_system_of_equations_has_proved_derivations(name):
    for d in derive(EXAMPLES[name]().system):
        d.replay()
        condition = None
        for step in d.steps:
            condition = condition or step.condition
            prover = Prover(d.system, condition)
            assert prover.equal(d.target, step.after, d.domain), step.rule
        assert not prover.equal(d.target, 2 * d.result + 1, d.domain)


def test_every_derivation_replays(derivations):
    for d in derivations:
        d.replay()


def test_a_changed_step_does_not_replay(derivations):
    d = derivations[-1]
    for place, step in enumerate(d.steps):
        changed = (*d.steps[:place], replace(step, after=-step.after), *d.steps[place + 1 :])
        with pytest.raises(DefinitionError, match=r"begins with|does not become"):
            replace(d, steps=changed).replay()


def test_every_step_is_proved_and_planted_faults_are_not(derivations):
    provers: dict[str | None, Prover] = {}
    for d in derivations:
        condition = None
        for step in d.steps:
            condition = condition or step.condition
            prover = provers.setdefault(condition, Prover(d.system, condition))
            assert prover.equal(d.target, step.after, d.domain), step.rule
        for fault in faults(d):
            assert not prover.equal(d.target, fault, d.domain), fault


def faults(d: Derivation):
    """The result with a sign, a factor, and a part of 10^-6 wrong."""
    return [-d.result, 2 * d.result, d.result * (1 + sp.Rational(1, 10**6)), d.result + 1]


def test_the_condition_of_a_step_is_needed():
    (d,) = [d for d in derive(NETWORKS["softmax"]()) if "unit total" in {s.rule for s in d.steps}]
    assert not Prover(d.system).equal(d.target, d.result, d.domain)
    assert Prover(d.system, d.steps[-1].condition).equal(d.target, d.result, d.domain)


def test_the_textbook_results():
    results = {str(d.target): str(d.result) for d in derive(mlp())}
    assert results["∂C/∂z[L, j]"] == "(a[L, j] - y[j])*sigma'(z[L, j])"
    assert (
        results["∂C/∂z[l, j]"]
        == "sigma'(z[l, j])*Sum(w[l + 1, k, j]*∂C/∂z[l + 1, k], (k, 1, n[l + 1]))"
    )
    assert results["∂C/∂w[l, j, k]"] == "a[l - 1, k]*∂C/∂z[l, j]"
    assert results["∂C/∂b[l, j]"] == "∂C/∂z[l, j]"


@pytest.mark.parametrize(
    ("activation", "loss"),
    [("sigmoid", "binary-cross-entropy"), ("softmax", "cross-entropy")],
)
def test_matching_losses_leave_the_difference(activation, loss):
    last = [activation] if activation == "softmax" else activation
    found = [d for d in derive(mlp((2, 3), last, loss)) if str(d.target).startswith("∂C/∂z")]
    assert str(found[0].result).replace("[1,", "[L,") == "a[L, j] - y[j]"


@pytest.mark.parametrize("name", [*NETWORKS, *EXAMPLES])
def test_the_results_together_are_the_gradient(name):
    system = NETWORKS[name]() if name in NETWORKS else EXAMPLES[name]().system
    assert verify(system, candidate=simplified(derive(system)), witnesses=["exact"]).ok


def test_every_rule_is_used_by_some_derivation():
    used = {s.rule for make in NETWORKS.values() for d in derive(make()) for s in d.steps}
    assert used == set(RULES)


def test_the_products_along_the_paths_add_up_to_the_gradient():
    system = derive(mlp((2, 3, 2), ["tanh", "softmax"], "cross-entropy"))[0].system
    evaluation = Evaluation(system, sample(system))
    entry = system["w"][1, 2, 1]
    found = paths(system, entry)
    assert len(found) == 4
    total = sum(float(evaluation.evaluate(product_of(p)).buffer) for p in found)
    assert total == pytest.approx(evaluation["∂C/∂w"][1][1, 0], rel=1e-12)


def test_too_many_paths_are_refused():
    system = derive(mlp((2, 9, 9, 9)))[0].system
    with pytest.raises(SizeError, match="more than 64 paths"):
        paths(system, system["w"][1, 1, 1])


def test_an_edge_names_the_activation():
    system = derive(mlp((1, 1), "sigmoid"))[0].system
    (edge,) = edges_from(Context(system, (), sized=True), system["z"][1, 1])
    assert str(edge.plain) == "sigmoid'(z[1, 1])"
    assert str(edge.slope) == "(1 - a[1, 1])*a[1, 1]"


def test_no_case_is_guessed():
    system = mlp()
    layer = sp.Symbol("l", integer=True)
    with pytest.raises(DefinitionError, match="no one equation defines"):
        RULES["definition"](Context(system, ()), Partial(system["a"][layer, 1], system["z"][1, 1]))
