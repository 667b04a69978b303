"""Every network of the catalogue once more, by hand in JAX: a witness with equations of its own.

A function takes the values of inputs, targets, constants and parameters by name, and returns the
cost. Where JAX has the layer (convolution, pooling, softmax, log-sum-exp), it is used.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import jax

#: Compiling fast is worth more than running fast here.
os.environ["XLA_FLAGS"] = "--xla_backend_optimization_level=0"
jax.config.update("jax_enable_x64", True)

from tests.networks_in_jax import (  # noqa: E402  64 bits
    attention,
    convolution,
    dense,
    embeddings,
    generative,
    linear,
    normalisation,
    objectives,
    recurrent,
    representation,
)

Cost = Callable[[dict[str, Any]], Any]
MODULES = (
    dense,
    linear,
    recurrent,
    convolution,
    normalisation,
    attention,
    embeddings,
    representation,
    generative,
    objectives,
)
COSTS: dict[str, Cost] = {name: cost for m in MODULES for name, cost in m.COSTS.items()}
