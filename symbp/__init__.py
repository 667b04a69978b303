"""Derive, check and explain backpropagation symbolically.

    >>> import symbp
    >>> net = symbp.mlp((2, 3, 1), "tanh")
    >>> net.component("w^3_{12}")
    (a[2, 1] - y[1])*tanh'(z[2, 1])*a[1, 2]

The layers of the package, from the ground up: errors, functions, system, networks, adjoint,
forms, derivation, notation, latex, numbers, judge, verify, network, cli.
"""

from symbp.adjoint import gradient
from symbp.derivation import derive
from symbp.errors import SymbpError
from symbp.judge.equality import equal
from symbp.network import Network, mlp
from symbp.notation import NOTATIONS, Notation
from symbp.numbers.descent import descend
from symbp.system import Equation, Kind, Range, Role, Slot, System, Variable
from symbp.verify import verify

__all__ = [
    "NOTATIONS",
    "Equation",
    "Kind",
    "Network",
    "Notation",
    "Range",
    "Role",
    "Slot",
    "SymbpError",
    "System",
    "Variable",
    "derive",
    "descend",
    "equal",
    "gradient",
    "mlp",
    "verify",
]

__version__ = "0.1.0"
