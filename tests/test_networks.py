"""Every network of the catalogue, at its small sizes, against witnesses that share nothing with it.

The rule's gradient is proved in a prime field and compared with complex steps; the generated
NumPy, and the product of the Hessian with a direction, with JAX's differentiation of the same
network written by hand.
"""

import importlib
import pkgutil
from functools import cache

import numpy as np
import pytest

from symbp import networks
from symbp.adjoint import adjoint_name
from symbp.adjoint.hessian import direction_name, hessian_vector
from symbp.errors import UnknownNameError
from symbp.numbers.codegen import compile_numpy
from symbp.numbers.evaluator import Evaluation
from symbp.numbers.gathers import from_zero
from symbp.numbers.sampling import sample
from symbp.system import Role
from symbp.system.instantiate import unspecified_functions, with_functions
from symbp.verify import verify

jax = pytest.importorskip("jax")
from tests.networks_in_jax import COSTS, derivatives  # noqa: E402  needs JAX

#: What JAX finds for a network is compared by two tests, in one process.
NAMES = [
    pytest.param(name, marks=pytest.mark.xdist_group(f"network {name}"))
    for name in networks.CATALOG
]
TOLERANCE = 1e-9


@cache
def system_of(name):
    """The network at its small sizes, tanh for an unspecified activation."""
    system = networks.lookup(name).small()
    return with_functions(system, dict.fromkeys(unspecified_functions(system), "tanh"))


@cache
def values_of(name):
    system = system_of(name)
    constants = system.with_role(Role.HYPERPARAMETER)
    defaults = {v.name: float(v.value) for v in constants if v.value is not None}
    return defaults | sample(system, seed=7)


def split(name):
    """(parameters, the rest)"""
    learnt = {v.name for v in system_of(name).with_role(Role.PARAMETER)}
    values = jax.tree.map(np.asarray, values_of(name))
    return {k: v for k, v in values.items() if k in learnt}, {
        k: v for k, v in values.items() if k not in learnt
    }


def cost_of(name):
    _, rest = split(name)
    return lambda parameters: COSTS[name]({**rest, **parameters})


@cache
def direction_of(name):
    parameters, _ = split(name)
    rng = np.random.default_rng(3)
    return jax.tree.map(lambda p: rng.normal(size=p.shape), parameters)


@cache
def by_jax(name):
    """The cost, its gradient, and the product of its Hessian with a direction."""
    return derivatives(cost_of(name), split(name)[0], direction_of(name))


def assert_close(found, expected):
    found, expected = jax.tree.leaves(found), jax.tree.leaves(expected)
    assert len(found) == len(expected)
    scale = max(float(np.max(np.abs(e), initial=0)) for e in expected)
    for a, b in zip(found, expected, strict=True):
        assert np.shape(a) == np.shape(b)
        np.testing.assert_allclose(a, b, rtol=TOLERANCE, atol=TOLERANCE * scale)


def test_every_module_of_networks_is_in_the_catalogue():
    modules = [
        importlib.import_module(f"symbp.networks.{m.name}")
        for m in pkgutil.iter_modules(networks.__path__)
    ]
    entries = [e for m in modules for e in getattr(m, "ENTRIES", ())]
    assert [e.name for e in entries if e not in networks.CATALOG.values()] == []
    assert {e.family for e in entries} <= set(networks.FAMILIES)
    assert set(COSTS) == set(networks.CATALOG)


@pytest.mark.parametrize("name", NAMES)
def test_the_gradient_is_proved_and_agrees_with_complex_steps(name):
    report = verify(networks.lookup(name).small())
    assert report.ok, str(report)
    heard = {f.witness for row in report.rows for f in row.findings}
    assert "exact" in heard
    assert heard & {"complex step", "central"}
    proved = [f.verdict for row in report.rows for f in row.findings if f.witness == "exact"]
    assert set(proved) == {"proved"}


@pytest.mark.parametrize("name", NAMES)
def test_the_numpy_code_agrees_with_jax(name):
    cost, slopes, _ = by_jax(name)
    gradient = compile_numpy(system_of(name))
    values = from_zero(system_of(name), values_of(name))
    found, *blocks = gradient(**{k: values[k] for k in gradient.families})
    assert float(found) == pytest.approx(float(cost), rel=TOLERANCE)
    wanted = [v.name for v in system_of(name).with_role(Role.PARAMETER)]
    assert_close(dict(zip(wanted, blocks, strict=True)), slopes)


@pytest.mark.parametrize("name", NAMES)
def test_the_hessian_times_a_direction_agrees_with_jax(name):
    direction, (_, _, expected) = direction_of(name), by_jax(name)
    second = hessian_vector(system_of(name))
    given = values_of(name) | {direction_name(k): v for k, v in direction.items()}
    evaluation = Evaluation(second, {k: given[k] for k in given if k in second.by_name})
    found = {
        k: by_key(evaluation[adjoint_name(second.loss, k)])
        for k in direction
        if adjoint_name(second.loss, k) in second.by_name
    }
    for k in direction:
        if k not in found:
            assert_close(np.zeros_like(expected[k]), expected[k])
    assert_close(found, {k: expected[k] for k in found})


def by_key(found):
    return [found[k] for k in sorted(found)] if isinstance(found, dict) else found


def test_a_planted_fault_in_a_network_is_seen():
    _, slopes, _ = by_jax("elman")
    wrong = jax.tree.map(lambda g: g * (1 + 1e-6), slopes)
    with pytest.raises(AssertionError):
        assert_close(wrong, slopes)


def test_an_unknown_network_or_option_is_refused():
    with pytest.raises(UnknownNameError, match="unknown network 'ltsm': did you mean 'lstm'"):
        networks.lookup("ltsm")
    with pytest.raises(UnknownNameError, match=r"unknown option or size of elman 'q' \(known: d"):
        networks.lookup("elman")(q=3)


def test_a_mask_of_minus_infinity_keeps_later_positions_unseen():
    values = values_of("language-model")
    length = len(values["w"])
    mask = np.where(np.tri(length) > 0, 0.0, -np.inf)
    gradient = compile_numpy(system_of("language-model"))
    own = from_zero(system_of("language-model"), values)
    given = {k: own[k] for k in gradient.families} | {"M": mask}
    parameters, rest = split("language-model")
    masked = {**rest, "M": mask}
    cost, slopes, _ = derivatives(
        lambda p: COSTS["language-model"]({**masked, **p}), parameters, parameters
    )
    found, *blocks = gradient(**given)
    assert float(found) == pytest.approx(float(cost), rel=TOLERANCE)
    wanted = [v.name for v in system_of("language-model").with_role(Role.PARAMETER)]
    assert_close(dict(zip(wanted, blocks, strict=True)), slopes)
