"""Small systems that the rule has never heard of: one for each thing that an index can do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import sympy as sp
from sympy import Expr, Integer, Sum, Symbol

from symbp.functions import lookup
from symbp.networks import mlp
from symbp.system import Equation, Kind, Range, Role, Slot, System, Variable
from symbp.system.equation import index_base
from symbp.system.maximum import Maximum

i, j, k, l, p, q, s, t, u, v = (Symbol(name, integer=True) for name in "ijklpqstuv")
N, M, T, P, U = (Symbol(name, integer=True) for name in ("N", "M", "T", "P", "U"))
C = Variable("C", role=Role.LOSS)
TANH, SIGMOID, EXP = lookup("tanh"), lookup("sigmoid"), lookup("exp")


@dataclass(frozen=True)
class Example:
    """A system with sizes, and integer data where it gathers."""

    system: System
    data: dict[str, Any] = field(default_factory=dict)


def slot(symbol: Symbol, upper: Expr, kind: Kind = Kind.UNIT, lower: int = 1) -> Slot:
    return Slot(Range(symbol, Integer(lower), sp.sympify(upper)), kind)


def family(name: str, *slots: Slot, role: Role = Role.INTERMEDIATE) -> Variable:
    return Variable(name, slots, role)


def size(name: str, minimum: int = 1) -> Variable:
    return Variable(name, role=Role.SIZE, minimum=minimum)


def over(*slots: Slot) -> tuple[Range, ...]:
    return tuple(x.range for x in slots)


def bases(names: str) -> list[Any]:
    return [index_base(name) for name in names]


def recurrent() -> Example:
    """h_t = tanh(W h_{t-1} + U x_t), one W for all t, a cost at every t."""
    h, w, x, y = bases("hwxy")
    time, unit, other = slot(t, T, Kind.TIME), slot(j, N), slot(k, N)
    state = Slot(Range(t, Integer(0), T), Kind.TIME)
    system = System(
        (
            size("N"),
            size("T"),
            C,
            family("w", unit, other, role=Role.PARAMETER),
            family("x", time, unit, role=Role.INPUT),
            family("y", time, unit, role=Role.TARGET),
            family("h", state, unit),
        ),
        (
            Equation("h", (Integer(0), j), Integer(0) * j, over(unit)),
            Equation(
                "h", (t, j), TANH(Sum(w[j, k] * h[t - 1, k], (k, 1, N)) + x[t, j]), over(time, unit)
            ),
            Equation("C", (), Sum((h[t, j] - y[t, j]) ** 2, (j, 1, N), (t, 1, T))),
        ),
        "C",
        {"N": 2, "T": 3},
    )
    return Example(system)


def convolution(stride: int = 1, dilation: int = 1) -> Example:
    """y_p = Σ_u w_u x_{s(p−1) + d(u−1) + 1}, then a square."""
    w, x, y = bases("wxy")
    place, tap = slot(p, P, Kind.PLACE), slot(u, U, Kind.PLACE)
    n = stride * (P - 1) + dilation * (U - 1) + 1
    system = System(
        (
            size("P"),
            size("U"),
            C,
            family("w", tap, role=Role.PARAMETER),
            family("x", slot(q, n, Kind.PLACE), role=Role.PARAMETER),
            family("y", place),
        ),
        (
            Equation(
                "y",
                (p,),
                Sum(w[u] * x[stride * (p - 1) + dilation * (u - 1) + 1], (u, 1, U)),
                over(place),
            ),
            Equation("C", (), Sum(y[p] ** 3, (p, 1, P))),
        ),
        "C",
        {"P": 4, "U": 3},
    )
    return Example(system)


def softmax() -> Example:
    """a = softmax(z), z a parameter, cross-entropy."""
    a, z, y = bases("azy")
    unit = slot(j, N)
    system = System(
        (
            size("N"),
            C,
            family("z", unit, role=Role.PARAMETER),
            family("y", unit, role=Role.TARGET),
            family("a", unit),
        ),
        (
            Equation("a", (j,), EXP(z[j]) / Sum(EXP(z[k]), (k, 1, N)), over(unit)),
            Equation("C", (), Sum(y[j] * a[j] ** 2, (j, 1, N))),
        ),
        "C",
        {"N": 3},
    )
    return Example(system)


def residual() -> Example:
    """h_l = h_{l−1} + tanh(W_l h_{l−1})."""
    h, w, x = bases("hwx")
    layer, unit, other = slot(l, T, Kind.LAYER), slot(j, N), slot(k, N)
    system = System(
        (
            size("N"),
            size("T"),
            C,
            family("w", layer, unit, other, role=Role.PARAMETER),
            family("x", unit, role=Role.INPUT),
            family("h", slot(l, T, Kind.LAYER, 0), unit),
        ),
        (
            Equation("h", (Integer(0), j), x[j], over(unit)),
            Equation(
                "h",
                (l, j),
                h[l - 1, j] + TANH(Sum(w[l, j, k] * h[l - 1, k], (k, 1, N))),
                over(layer, unit),
            ),
            Equation("C", (), Sum(h[T, j] ** 2, (j, 1, N))),
        ),
        "C",
        {"N": 2, "T": 3},
    )
    return Example(system)


def batch_statistic() -> Example:
    """x̂ = (x − mean)/sqrt(var + 1) over the batch, x a parameter."""
    x, y, h = bases("xyh")
    mean, variance = Symbol("c", real=True), Symbol("d", real=True)
    sample = slot(i, M, Kind.SAMPLE)
    system = System(
        (
            size("M"),
            C,
            family("x", sample, role=Role.PARAMETER),
            family("y", sample, role=Role.TARGET),
            family("c"),
            family("d"),
            family("h", sample),
        ),
        (
            Equation("c", (), Sum(x[i], (i, 1, M)) / M),
            Equation("d", (), Sum((x[i] - mean) ** 2, (i, 1, M)) / M),
            Equation("h", (i,), (x[i] - mean) * (variance + 1) ** (-sp.S.Half), over(sample)),
            Equation("C", (), Sum(y[i] * h[i], (i, 1, M))),
        ),
        "C",
        {"M": 4},
    )
    return Example(system)


def nested_sums() -> Example:
    """C = Σ_i exp(Σ_j x_j Σ_k w_{jk} x_k y_i): a sum in a sum in a function in a sum."""
    w, x, y = bases("wxy")
    system = System(
        (
            size("N"),
            size("M"),
            C,
            family("w", slot(j, N), slot(k, N), role=Role.PARAMETER),
            family("x", slot(j, N), role=Role.PARAMETER),
            family("y", slot(i, M), role=Role.TARGET),
        ),
        (
            Equation(
                "C",
                (),
                Sum(
                    SIGMOID(Sum(x[j] * Sum(w[j, k] * x[k] * y[i], (k, 1, N)), (j, 1, N))), (i, 1, M)
                ),
            ),
        ),
        "C",
        {"N": 2, "M": 2},
    )
    return Example(system)


def causal() -> Example:
    """o_t = Σ_{s ≤ t} w_{t−s+1} x_s x_t: a bound that is another index."""
    w, x, o = bases("wxo")
    time = slot(t, T, Kind.PLACE)
    system = System(
        (
            size("T"),
            C,
            family("w", time, role=Role.PARAMETER),
            family("x", time, role=Role.PARAMETER),
            family("o", time),
        ),
        (
            Equation("o", (t,), Sum(w[t - s + 1] * x[s] * x[t], (s, 1, t)), over(time)),
            Equation("C", (), Sum(o[t] ** 2, (t, 1, T))),
        ),
        "C",
        {"T": 4},
    )
    return Example(system)


def label() -> Example:
    """C = log Σ_j e^z_j − z_c + z_c z_1: one number says which entry."""
    unit = slot(j, M)
    w, z = bases("wz")
    y = family("y", role=Role.TARGET)
    own = z[y.atom]
    system = System(
        (size("M"), C, family("w", unit, role=Role.PARAMETER), y, family("z", unit)),
        (
            Equation("z", (j,), w[j] ** 2, over(unit)),
            Equation("C", (), lookup("log")(Sum(EXP(z[j]), (j, 1, M))) - own + own * z[1]),
        ),
        "C",
        {"M": 3},
    )
    return Example(system, {"y": np.array(2)})


def margins() -> Example:
    """C = Σ_i Σ_{j ≠ y_i} tanh(z_ji − z_{y_i, i}): all but what data name; their index is last."""
    w, y, z = bases("wyz")
    sample, unit = slot(i, N, Kind.SAMPLE), slot(j, M)
    other = 1 - sp.KroneckerDelta(j, y[i])
    system = System(
        (
            size("N"),
            size("M"),
            C,
            family("w", unit, sample, role=Role.PARAMETER),
            family("y", sample, role=Role.TARGET),
            family("z", unit, sample),
        ),
        (
            Equation("z", (j, i), w[j, i] ** 2, over(unit, sample)),
            Equation("C", (), Sum(other * TANH(z[j, i] - z[y[i], i]), (j, 1, M), (i, 1, N))),
        ),
        "C",
        {"N": 2, "M": 3},
    )
    return Example(system, {"y": np.array([3, 1])})


def gather() -> Example:
    """C = Σ_t E[token_t]²: a row is looked up by data."""
    e, token = bases("ec")
    system = System(
        (
            size("T"),
            size("N"),
            size("M"),
            C,
            family("e", slot(v, M), slot(j, N), role=Role.PARAMETER),
            family("c", slot(t, T, Kind.PLACE), role=Role.INPUT),
        ),
        (Equation("C", (), Sum(e[token[t], j] ** 3, (j, 1, N), (t, 1, T))),),
        "C",
        {"T": 4, "N": 2, "M": 3},
    )
    return Example(system, {"c": np.array([1, 3, 3, 2])})


def classes() -> Example:
    """C = −Σ_i log a_{i, c_i}, a = softmax(z), z_ij = w_j x_i: the class asked for is data."""
    a, z, c, w, x = bases("azcwx")
    sample, unit = slot(i, M, Kind.SAMPLE), slot(j, N)
    system = System(
        (
            size("M"),
            size("N"),
            C,
            family("w", unit, role=Role.PARAMETER),
            family("x", sample, role=Role.INPUT),
            family("c", sample, role=Role.TARGET),
            family("z", sample, unit),
            family("a", sample, unit),
        ),
        (
            Equation("z", (i, j), w[j] * x[i], over(sample, unit)),
            Equation("a", (i, j), EXP(z[i, j]) / Sum(EXP(z[i, k]), (k, 1, N)), over(sample, unit)),
            Equation("C", (), -Sum(lookup("log")(a[i, c[i]]), (i, 1, M))),
        ),
        "C",
        {"M": 3, "N": 4},
    )
    return Example(system, {"c": np.array([4, 1, 4])})


def diagonal() -> Example:
    """C = (Σ_j w_jj)² + Σ_j w_{j, N+1−j}: indices that repeat, and one that runs back."""
    w = index_base("w")
    system = System(
        (size("N"), C, family("w", slot(j, N), slot(k, N), role=Role.PARAMETER)),
        (Equation("C", (), Sum(w[j, j], (j, 1, N)) ** 2 + Sum(w[j, N + 1 - j] ** 2, (j, 1, N))),),
        "C",
        {"N": 3},
    )
    return Example(system)


def layers() -> Example:
    """A fully connected network with softmax, a penalty and a batch."""
    return Example(mlp((2, 3, 2), ["tanh", "softmax"], "cross-entropy", batch=2, l2="lambda/2m"))


def generic() -> Example:
    """A fully connected network with an unspecified activation and loss."""
    return Example(mlp((2, 2, 2), "f", "generic"))


def maximum() -> Example:
    """C = Σ_p y_p max_u tanh(w_{2p−2+u}) + max_jk v_jk, by windows, over two indices."""
    w, y, v_ = bases("wyv")
    windows = Maximum.of(TANH(w[2 * p - 2 + u]) + u / 13, Range(u, Integer(1), Integer(2)))
    whole = Maximum.of(v_[j, k] + (j + 2 * k) / 13, *over(slot(j, N), slot(k, N)))
    system = System(
        (
            size("N"),
            size("P"),
            C,
            family("w", slot(q, 2 * P, Kind.PLACE), role=Role.PARAMETER),
            family("v", slot(j, N), slot(k, N), role=Role.PARAMETER),
            family("y", slot(p, P, Kind.PLACE), role=Role.TARGET),
        ),
        (Equation("C", (), Sum(y[p] * windows, (p, 1, P)) + whole**2),),
        "C",
        {"N": 2, "P": 3},
    )
    return Example(system)


EXAMPLES: dict[str, Callable[[], Example]] = {
    "recurrence in time": recurrent,
    "convolution": convolution,
    "convolution, stride 2": lambda: convolution(stride=2),
    "convolution, dilation 2": lambda: convolution(dilation=2),
    "convolution, stride 2, dilation 3": lambda: convolution(stride=2, dilation=3),
    "softmax": softmax,
    "residual": residual,
    "batch statistic": batch_statistic,
    "nested sums": nested_sums,
    "causal sum": causal,
    "gather": gather,
    "label": label,
    "margins": margins,
    "class by data": classes,
    "diagonal": diagonal,
    "maximum": maximum,
    "layers": layers,
    "generic": generic,
}
