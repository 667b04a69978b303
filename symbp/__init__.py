r"""Derive, check and explain backpropagation symbolically.

    >>> import symbp
    >>> net = symbp.mlp((2, 3, 1), "tanh")
    >>> net.component("w^3_{12}")
    (a[2, 1] - y[1])*tanh'(z[2, 1])*a[1, 2]
    >>> print(symbp.check(r"\delta^L = (a^L - y) \odot \sigma'(z^L)", declaration="network: mlp"))
    <formula>:1:1  proved    \delta^L = (a^L - y) \odot \sigma'(z^L)
    ...

The layers of the package, from the ground up: errors, functions, system, networks, adjoint,
forms, derivation, notation, latex, reading, numbers, judge, documents, verify, network, cli.
"""

from symbp.adjoint import gradient
from symbp.derivation import derive
from symbp.documents.check import check
from symbp.errors import SymbpError
from symbp.judge.equality import equal
from symbp.judge.verdict import Status, Verdict
from symbp.network import Network, mlp, network
from symbp.notation import NOTATIONS, Notation
from symbp.numbers.descent import descend
from symbp.reading.model import read_system
from symbp.reading.pytorch import from_torch
from symbp.system import Equation, Kind, Range, Role, Slot, System, Variable
from symbp.system.model import Model
from symbp.verify import verify

__all__ = [
    "NOTATIONS",
    "Equation",
    "Kind",
    "Model",
    "Network",
    "Notation",
    "Range",
    "Role",
    "Slot",
    "Status",
    "SymbpError",
    "System",
    "Variable",
    "Verdict",
    "check",
    "derive",
    "descend",
    "equal",
    "from_torch",
    "gradient",
    "mlp",
    "network",
    "read_system",
    "verify",
]

__version__ = "0.1.0"
