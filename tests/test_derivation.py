"""Derivations: every step replays, every step is proved, and no planted fault is."""

from dataclasses import replace

import pytest
import sympy as sp

from symbp import networks
from symbp.derivation import RULES, Derivation, derive, kept, simplified
from symbp.derivation.context import Context, Partial
from symbp.derivation.named import name_quotients
from symbp.derivation.paths import edges_from, paths, product_of
from symbp.errors import DefinitionError, SizeError
from symbp.functions import lookup
from symbp.judge.equality import Prover
from symbp.networks import mlp
from symbp.numbers.evaluator import Evaluation
from symbp.numbers.sampling import sample
from symbp.system.model import Model
from symbp.verify import verify
from tests.small_systems import EXAMPLES


def batch_norm():
    """x̂ = (x − μ) / √(v + ε) over the samples, x = w u, o = γ x̂ + β."""
    m = Model()
    d, batch = m.sizes("d", "m")
    (j,), (i,) = m.units("j", d), m.samples("i", batch)
    u, y, w = m.input("u", i, j), m.target("y", i, j), m.parameter("w", j)
    gamma, beta = m.parameter("gamma", j), m.parameter("beta", j)
    epsilon = m.hyperparameter("epsilon", 1e-5)
    x, mu, v, x_hat, o = m.values("x", "mu", "v", "x_hat", "o")
    m.let(x[i, j], w[j] * u[i, j])
    m.let(mu[j], m.sum(x[i, j], i) / batch)
    m.let(v[j], m.sum((x[i, j] - mu[j]) ** 2, i) / batch)
    m.let(x_hat[i, j], (x[i, j] - mu[j]) / sp.sqrt(v[j] + epsilon))
    m.let(o[i, j], gamma[j] * x_hat[i, j] + beta[j])
    return m.system(m.sum((o[i, j] - y[i, j]) ** 2, i, j) / 2)


def attention():
    """One head: A = softmax(Q Kᵀ / √d), O = A V, for Q = X W_Q and so on."""
    m = Model()
    n, d = m.sizes("n", "d")
    (t, s, r), (j, k) = m.places("t s r", n), m.units("j k", d)
    x, y = m.input("x", t, k), m.target("y", t, j)
    Q, K, V, S, A, O = m.values("Q", "K", "V", "S", "A", "O")
    for name, family in (("Q", Q), ("K", K), ("V", V)):
        w = m.parameter(f"W_{name}", j, k)
        m.let(family[t, j], m.sum(w[j, k] * x[t, k], k))
    exp = lookup("exp")
    m.let(S[t, s], m.sum(Q[t, j] * K[s, j], j) / sp.sqrt(d))
    m.let(A[t, s], exp(S[t, s]) / m.sum(exp(S[t, r]), r))
    m.let(O[t, j], m.sum(A[t, s] * V[s, j], s))
    return m.system(m.sum((O[t, j] - y[t, j]) ** 2, t, j) / 2)


NETWORKS = {
    "general": lambda: mlp(),
    "softmax": lambda: mlp(None, ["sigma", "softmax"], "cross-entropy"),
    "logits": lambda: mlp((2, 2), "identity", "cross-entropy-logits"),
    "batch": lambda: mlp((2, 2, 2), "sigmoid", "binary-cross-entropy", batch=2, l2="lambda/2m"),
    "mixed": lambda: mlp((2, 2, 1, 2), ["relu", "tanh", "elu"], "huber", l1="lambda"),
    "unspecified": lambda: mlp((2, 2, 2), "f", "generic", bias=[True, False]),
    "batch norm": lambda: batch_norm().with_sizes(d=1, m=3),
    "attention": lambda: attention().with_sizes(n=2, d=4),
    "lstm": lambda: networks.lookup("lstm")(d=2, n=3, T=3),
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
    found = results(mlp())
    assert found["∂C/∂z[L, j]"] == "(a[L, j] - y[j])*sigma'(z[L, j])"
    assert (
        found["∂C/∂z[l, j]"]
        == "sigma'(z[l, j])*Sum(w[l + 1, k, j]*∂C/∂z[l + 1, k], (k, 1, n[l + 1]))"
    )
    assert found["∂C/∂w[l, j, k]"] == "a[l - 1, k]*∂C/∂z[l, j]"
    assert found["∂C/∂b[l, j]"] == "∂C/∂z[l, j]"


def results(system):
    return {str(d.target): str(d.result) for d in derive(system)}


def test_values_are_written_by_their_names_whatever_their_definition():
    m = Model()
    n, T = m.sizes("n", "T")
    (j, k), (t,) = m.units("j k", n), m.times("t", T)
    W, b, y = m.parameter("W", j, k), m.parameter("b", j), m.target("y", j)
    h, r = m.values("h", "r")
    m.let(h[0, j], 0)
    m.let(h[t, j], lookup("sigmoid")(m.sum(W[j, k] * h[t - 1, k], k) + b[j]))
    m.let(r[j], sp.sqrt(h[T, j] + 1))
    found = results(m.system(m.sum(r[j] * y[j], j)))
    assert found["∂C/∂b[j]"] == "Sum((1 - h[t, j])*h[t, j]*∂C/∂h[t, j], (t, 1, T))"
    assert found["∂C/∂h[T, j]"] == "y[j]/(2*r[j])"


def test_the_recursions_through_time_are_kept():
    derivations = derive(networks.lookup("lstm")())
    order = [str(d.target) for d in derivations]
    assert order[:4] == ["∂C/∂h[T, j]", "∂C/∂c[T, j]", "∂C/∂h[t, j]", "∂C/∂c[t, j]"]
    assert {"∂C/∂h", "∂C/∂c", "∂C/∂W_i"} <= kept(derivations)
    assert "∂C/∂a" not in kept(derive(mlp()))


def test_normalised_values_are_written_by_their_names():
    found = results(batch_norm())
    assert found["∂C/∂gamma[j]"] == "Sum(x_hat[i, j]*∂C/∂o[i, j], (i, 1, m))"
    assert found["∂C/∂mu[j]"] == "-Sum(∂C/∂x_hat[i, j], (i, 1, m))/sqrt(epsilon + v[j])"
    derivations = derive(batch_norm())
    assert [str(d.target) for d in derivations][:4] == [
        "∂C/∂o[i, j]",
        "∂C/∂x_hat[i, j]",
        "∂C/∂v[j]",
        "∂C/∂mu[j]",
    ]
    assert found["∂C/∂x[i, j]"] == (
        "(m*∂C/∂x_hat[i, j] - x_hat[i, j]*Sum(x_hat[p, j]*∂C/∂x_hat[p, j], (p, 1, m))"
        " - Sum(∂C/∂x_hat[p, j], (p, 1, m)))/(m*sqrt(epsilon + v[j]))"
    )
    assert "∂C/∂x_hat" in kept(derivations)
    assert not {"∂C/∂v", "∂C/∂mu"} & kept(derivations)


def test_the_adjoint_of_a_softmax_is_that_of_papers():
    found = results(attention())
    assert found["∂C/∂S[t, s]"] == ("(∂C/∂A[t, s] - Sum(A[t, r]*∂C/∂A[t, r], (r, 1, n)))*A[t, s]")


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
    systems = [*(make() for make in NETWORKS.values()), EXAMPLES["class by data"]().system]
    used = {s.rule for system in systems for d in derive(system) for s in d.steps}
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


@pytest.mark.parametrize("name", ["softmax-regression", "many-to-many", "kl-divergence"])
def test_targets_add_up_to_one_wherever_the_sample_or_the_time_stands(name):
    found = [d for d in derive(networks.lookup(name).small()) if d.steps[-1].condition]
    (d,) = found
    assert str(d.target).startswith("∂C/∂z")
    assert not d.result.has(sp.Sum)
    assert Prover(d.system, d.steps[-1].condition).equal(d.target, d.result, d.domain)
    assert not Prover(d.system).equal(d.target, d.result, d.domain)


def test_a_sum_of_targets_over_samples_is_not_one():
    m = Model()
    n, K = m.sizes("n", "K")
    (i,), (j,) = m.samples("i", n), m.units("j", K)
    w, y = m.parameter("w", j), m.target("y", i, j)
    (d,) = derive(m.system(m.sum(w[j] * y[i, j], i, j)))
    assert d.result == sp.Sum(y[i, j], (i, 1, n))
    assert all(s.condition is None for s in d.steps)


def test_a_difference_has_the_name_of_its_quotient_with_either_sign():
    """x − μ = x̂ √(v + ε) and μ − x = −x̂ √(v + ε), but x + μ has no name."""
    system = networks.lookup("batch-norm")()
    z, mu, v, named = (system[n] for n in ("z", "mu", "v", "z_hat"))
    i, j = z.own_index
    root = sp.sqrt(v[j] + system["epsilon"].atom)
    context = Context(system, tuple(slot.range for slot in z.slots))
    difference = z[i, j] - mu[j]
    assert name_quotients(context, difference) == named[i, j] * root
    assert name_quotients(context, -difference) == -named[i, j] * root
    assert name_quotients(context, z[i, j] + mu[j]) == z[i, j] + mu[j]
