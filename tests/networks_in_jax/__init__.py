"""Every network of the catalogue once more, by hand in JAX: a witness with equations of its own.

A function takes the values of inputs, targets, constants and parameters by name, and returns the
cost. Where JAX has the layer (convolution, pooling, softmax, log-sum-exp), it is used.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib import import_module
from typing import Any

import jax

from symbp.networks import catalog

#: Compiling fast is worth more than running fast here.
os.environ["XLA_FLAGS"] = "--xla_backend_optimization_level=0"
jax.config.update("jax_enable_x64", True)

Cost = Callable[[dict[str, Any]], Any]
#: A file here for each one of symbp.networks; imported now, when 64 bits are set.
MODULES = [import_module(m.__name__.replace("symbp.networks", __name__)) for m in catalog.MODULES]
COSTS: dict[str, Cost] = {name: cost for m in MODULES for name, cost in m.COSTS.items()}
