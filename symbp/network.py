"""A network with its views: gradient, LaTeX, post, NumPy, components, verification.

net = symbp.mlp((2, 2, 1), "sigmoid")
net = symbp.network("lstm", T=3)    by name, from the catalogue
net.gradient()            ∂C/∂w, ∂C/∂b as equations; shows itself as formulas in Jupyter
net.latex("pinard")       the same as LaTeX text
net.numpy()               Python source of the gradient
net.verify()              a table: every weight against independent witnesses
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sympy import Expr

from symbp import adjoint, networks, notation
from symbp.adjoint import adjoint_name
from symbp.derivation import derive
from symbp.forms.component import Components
from symbp.latex.post import Post, write_post
from symbp.latex.weight import one_weight, read_parameter
from symbp.latex.writer import Writer
from symbp.networks.mlp import settings_of
from symbp.notation import Notation
from symbp.numbers.codegen import compile_numpy, numpy_source
from symbp.numbers.evaluator import Evaluation
from symbp.system import System
from symbp.system.equation import family_of, index_of
from symbp.verify import Report, verify

DEFAULT_NOTATION = "pinard"
OWN_NOTATION = "standard"


@dataclass(frozen=True)
class Network:
    """A System and what a person asks of it."""

    system: System

    def gradient(self, wrt: Sequence[str] | None = None) -> Network:
        """∂C/∂w for every parameter (or every family of `wrt`): again a network of equations."""
        return Network(adjoint.gradient(self.system, wrt))

    def notation(self, name: str | None = None) -> Notation:
        """The notation called `name`: pinard for an mlp, else standard, where none is asked for."""
        usual = DEFAULT_NOTATION if settings_of(self.system) is not None else OWN_NOTATION
        return notation.lookup(name or usual)

    def latex(self, notation_name: str | None = None) -> str:
        """All equations in index form, one `aligned` block."""
        chosen = self.notation(notation_name)
        lines = []
        for equation in self.system.equations:
            writer = Writer(self.system, chosen, equation.family)
            left, right = writer.write(equation.lhs), writer.write(equation.rhs)
            where = writer.domain(equation.lhs, equation.domain)
            if left != right:
                lines.append(f"{left} &= {right}" + (rf" && {where}" if where else ""))
        body = " \\\\\n".join(lines)
        return f"\\begin{{aligned}}\n{body}\n\\end{{aligned}}"

    def post(
        self, notation_name: str | None = None, language: str = "en", form: str = "full"
    ) -> str:
        """The derivation as a Markdown post: "full" with every step, or "short"."""
        return write_post(self.system, self.notation(notation_name), language, form).text

    def weight(
        self,
        parameter: str,
        values: Mapping[str, Any] | None = None,
        notation_name: str | None = None,
        language: str = "en",
    ) -> str:
        """The derivative by one parameter, path by path; with `values` also in numbers."""
        chosen = self.notation(notation_name)
        system = derive(self.system)[0].system
        entry = read_parameter(parameter, system, chosen)
        post = Post(system, chosen, language)
        one_weight(post, entry, value_of(system, values) if values is not None else None)
        return post.text

    def component(self, parameter: str, notation_name: str | None = None) -> Expr:
        """∂C/∂(one parameter) as a SymPy expression in the values of the network."""
        system = adjoint.gradient(self.system)
        entry = read_parameter(parameter, system, self.notation(notation_name))
        name = adjoint_name(system.loss, str(family_of(entry)))
        return Components(system)[name, tuple(int(i) for i in index_of(entry))]

    def numpy(self) -> str:
        """Readable NumPy source of the cost and its gradient."""
        return numpy_source(self.system)

    def compile(self) -> Callable[..., Any]:
        """The gradient as a Python function on NumPy arrays."""
        return compile_numpy(self.system)

    def verify(self, **options: Any) -> Report:
        """Every weight's derivative against witnesses that share no code with the rule."""
        return verify(self.system, **options)

    def __str__(self) -> str:
        return str(self.system)

    def _repr_latex_(self) -> str:
        return f"$$\n{self.latex()}\n$$"


def value_of(system: System, values: Mapping[str, Any]) -> Callable[[Expr], float]:
    """The number that an expression has at some inputs, targets and parameters."""
    evaluation = Evaluation(system, values)
    return lambda e: float(evaluation.evaluate(e).buffer)


def slope_of_cost(system: System, values: Mapping[str, Any], entry: Expr) -> float:
    """(C(w + h) − C(w − h)) / 2h at one parameter, h = 10⁻⁵: a second opinion for a reader."""
    name = str(family_of(entry))
    starts = (slot.range.lower for slot in system[name].slots)
    layer, *place = (int(i - start) for i, start in zip(index_of(entry), starts, strict=True))

    def cost(step: float) -> float:
        blocks = [np.array(block, dtype=float) for block in values[name]]
        blocks[layer][tuple(place)] += step
        return float(Evaluation(system, {**values, name: blocks})[system.loss])

    return (cost(1e-5) - cost(-1e-5)) / 2e-5


def mlp(*args: Any, **options: Any) -> Network:
    """A fully connected network: `symbp.networks.mlp`, with its views."""
    return Network(networks.mlp(*args, **options))


def network(name: str, **options: Any) -> Network:
    """A network of the catalogue with its views; options and sizes as `symbp networks NAME` says.

    >>> net = network("elman", d=1, n=1, T=2)
    >>> [str(w) for w in net.component("b_1").free_symbols if str(w).startswith("U[")]
    ['U[1, 1]']
    """
    return Network(networks.lookup(name)(**options))
