"""Every network of the catalogue once more, by hand in JAX: a witness with equations of its own.

A function takes the values of inputs, targets, constants and parameters by name, and returns the
cost. Where JAX has the layer (convolution, pooling, softmax, log-sum-exp), it is used.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import jax

from symbp.networks import catalog

jax.config.update("jax_enable_x64", True)

Values = dict[str, Any]
Cost = Callable[[Values], Any]
#: A file here for each one of symbp.networks; imported now, when 64 bits are set.
MODULES = [import_module(m.__name__.replace("symbp.networks", __name__)) for m in catalog.MODULES]
COSTS: dict[str, Cost] = {name: cost for m in MODULES for name, cost in m.COSTS.items()}

#: Compiling fast is worth more than running fast here.
QUICKLY = {
    "xla_backend_optimization_level": 0,
    "xla_cpu_parallel_codegen_split_count": 1,
    "xla_cpu_use_fusion_emitters": False,
    "xla_llvm_disable_expensive_passes": True,
}


def derivatives(cost: Cost, at: Values, along: Values) -> tuple[Any, Values, Values]:
    """The cost, its gradient, and the product of its Hessian with a direction."""

    def both(p: Values, v: Values) -> Any:
        return jax.jvp(jax.value_and_grad(cost), (p,), (v,))

    (value, slopes), (_, product) = jax.jit(both, compiler_options=QUICKLY)(at, along)
    return value, slopes, product
