"""What symbp does, shown in half a minute: derive, one weight in numbers, verify, a fault, code."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from symbp import networks
from symbp.adjoint import gradient
from symbp.derivation import derive
from symbp.functions import Elementwise
from symbp.latex.post import Post
from symbp.latex.weight import one_weight, read_parameter
from symbp.network import value_of
from symbp.notation import NOTATIONS, Notation
from symbp.numbers.codegen import numpy_source
from symbp.system import System
from symbp.verify import verify

#: The example that many posts compute by hand.
VALUES = {
    "x": [0.05, 0.10],
    "y": [0.01, 0.99],
    "w": [[[0.15, 0.20], [0.25, 0.30]], [[0.40, 0.45], [0.50, 0.55]]],
    "b": [[0.35, 0.35], [0.60, 0.60]],
}


def demo() -> Iterator[str]:
    """The lines of the demonstration."""
    yield from _section("1. The gradient of any fully connected network, in five notations")
    for notation in NOTATIONS.values():
        yield f"{notation.name:8} {notation.title['en']}"
        yield from (f"         {line}" for line in summary(notation))
    yield from _section("2. One weight, every product in numbers (2-2-2, sigmoid)")
    yield _one_weight()
    yield from _section("3. Every weight of 784-30-10, against independent witnesses")
    digits = networks.mlp((784, 30, 10), ["sigmoid", "softmax"], "cross-entropy")
    yield str(verify(digits))
    yield from _section("4. The same with the derivative of the hidden activation forgotten")
    yield str(verify(digits, candidate=without_primes(gradient(digits))))
    yield from _section("5. The gradient of 2-2-1 as NumPy")
    yield numpy_source(networks.mlp((2, 2, 1), "sigmoid"))
    yield "Derivations in full, as posts: the folder derivations, or `symbp derive --help`."


def summary(notation: Notation) -> list[str]:
    """The forward pass and the gradients of a general network, as matrices."""
    derivations = derive(networks.mlp())
    system = derivations[0].system
    post = Post(system, notation, "en")
    lines = [(e.lhs, e.rhs, e.domain) for e in system.equations[1:3]]
    lines += [
        (d.target, d.result, d.domain) for d in derivations if not str(d.target).startswith("∂C/∂a")
    ]
    return [str(post.matrix(*line)) for line in lines]


def without_primes(system: System) -> System:
    """A gradient with every f' replaced by 1: a planted fault."""
    equations = tuple(
        replace(e, rhs=e.rhs.replace(lambda n: isinstance(n, Elementwise) and n.order > 0, _one))
        for e in system.equations
    )
    return replace(system, equations=equations)


def _one(_: object) -> int:
    return 1


def _one_weight() -> str:
    system = derive(networks.mlp((2, 2, 2), "sigmoid"))[0].system
    post = Post(system, NOTATIONS["pinard"], "en")
    one_weight(
        post, read_parameter("w^3_{11}", system, NOTATIONS["pinard"]), value_of(system, VALUES)
    )
    return "\n".join(line for line in post.text.splitlines() if line not in ("", "$$"))


def _section(title: str) -> Iterator[str]:
    yield ""
    yield title
    yield "-" * len(title)
