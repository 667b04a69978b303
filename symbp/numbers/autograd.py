"""PyTorch as a number domain: the forward pass in its functions, the gradient by its autograd.

Guarantees. f comes from PyTorch's own functions where PyTorch has f (its derivatives are then
PyTorch's), else from the table's value; the table's derivatives are never used. At a kink the
derivative is PyTorch's choice. PyTorch is imported when it is asked for, and never otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import reduce
from typing import Any

import numpy as np
from sympy import Expr

from symbp.functions import Row
from symbp.numbers.domains import Arrays, Axes, Buffer, Floats
from symbp.numbers.entrywise import Blocks, blocks_of
from symbp.numbers.evaluator import Evaluation
from symbp.system import System


class Torch(Arrays):
    """float64 tensors of PyTorch."""

    def __init__(self) -> None:
        import torch

        self.torch: Any = torch
        own = torch.nn.functional
        self._functions: dict[str, Callable[..., Any]] = {
            "sigmoid": torch.sigmoid,
            "tanh": torch.tanh,
            "relu": own.relu,
            "leaky_relu": own.leaky_relu,
            "elu": own.elu,
            "softplus": lambda x: torch.logaddexp(x, torch.zeros_like(x)),
            "silu": own.silu,
            "gelu": own.gelu,
            "gelu_tanh": lambda x: own.gelu(x, approximate="tanh"),
            "exp": torch.exp,
            "log": torch.log,
            "sqrt": torch.sqrt,
            "abs": torch.abs,
            "square": torch.square,
            "erf": torch.erf,
            "sign": torch.sign,
            "step": lambda x: (x > 0).to(x.dtype),
        }

    def array(self, values: Any) -> Buffer:
        """A tensor as it is, or numbers as a tensor."""
        if isinstance(values, self.torch.Tensor):
            return values
        return self.torch.as_tensor(np.asarray(values, np.float64))

    def number(self, value: Expr) -> Buffer:
        """A constant."""
        return self.torch.tensor(float(value), dtype=self.torch.float64)

    def arrange(self, buffer: Buffer, axes: Axes, target: Axes) -> Buffer:
        """Permuted and with new axes of length 1."""
        moved = buffer.permute([axes.index(a) for a in target if a in axes])
        shape = iter(moved.shape)
        return moved.reshape([next(shape) if a in axes else 1 for a in target])

    def take(self, buffer: Buffer, index: tuple[Any, ...]) -> Buffer:
        """Fancy indexing."""
        return buffer[tuple(self.torch.as_tensor(np.asarray(i)) for i in index)]

    def stack(self, buffers: Sequence[Buffer]) -> Buffer:
        """Along a new first axis."""
        return self.torch.stack(list(buffers))

    def power(self, a: Buffer, exponent: Expr) -> Buffer:
        """a**exponent."""
        return a ** (int(exponent) if exponent.is_Integer else float(exponent))

    def contract(self, factors: Sequence[tuple[Buffer, Axes]], out: Axes) -> Buffer:
        """Products, then sums."""
        axes = tuple(dict.fromkeys((*out, *(a for _, ax in factors for a in ax))))
        product = reduce(self.multiply, (self.arrange(b, a, axes) for b, a in factors))
        summed = tuple(range(len(out), len(axes)))
        return product.sum(dim=summed) if summed else product

    def greatest(self, x: Buffer, axes: int) -> Buffer:
        """By the values, with no derivative."""
        return self.array(Floats().greatest(x.detach().numpy(), axes))

    def elementary(self, name: str, x: Buffer) -> Buffer:
        """By PyTorch."""
        return self._functions[name](x)

    def apply(self, row: Row, order: int, x: Buffer, parameters: Sequence[Buffer]) -> Buffer:
        """By PyTorch where it has f, else by the table's value."""
        if order == 0 and row.name in self._functions:
            return self._functions[row.name](x, *(float(p) for p in parameters))
        return super().apply(row, order, x, parameters)


def torch_gradient(
    system: System, values: Mapping[str, Any], names: Iterable[str]
) -> dict[str, Blocks]:
    """∂C/∂θ for some families, by family and key. Raises ImportError without PyTorch."""
    domain = Torch()
    leaves = {
        name: {
            key: domain.array(block).clone().requires_grad_()
            for key, block in blocks_of(system, name, values[name]).items()
        }
        for name in names
    }
    given = {n: by_key.get((), by_key) for n, by_key in leaves.items()}
    Evaluation(system, {**values, **given}, domain)[system.loss].backward()
    return {
        name: {
            key: (np.zeros(leaf.shape) if leaf.grad is None else leaf.grad.numpy())
            for key, leaf in by_key.items()
        }
        for name, by_key in leaves.items()
    }
