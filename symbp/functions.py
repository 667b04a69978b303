"""The table of elementwise functions: the only place where a derivative is written by hand.

A row states a function f of one variable x by elementary means (`value`), and its derivative
(`derivative`) in x and, where that is the usual form, in f itself: σ' = σ(1 − σ). In an
expression a row's function is an opaque node f(x); its derivatives are the nodes f'(x), f''(x).
A row with neither value nor derivative is an unspecified function: its derivative stays f'.

Where f has a kink, `derivative` is the value the field uses there (relu'(0) = 0), and `kinks`
says where finite differences must not be believed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import sympy as sp
from sympy import Expr, Rational, S, Symbol
from sympy.core.function import ArgumentIndexError

from symbp.errors import unknown

X = Symbol("x", real=True)  #: the variable of every row
F = Symbol("f", real=True)  #: f(x) itself, in `derivative`
ALPHA = Symbol("alpha", real=True)
DELTA = Symbol("delta", real=True)


@dataclass(frozen=True)
class Row:
    """One elementwise function f(x; parameters)."""

    name: str
    value: Expr | None
    """f(x) by +, ×, powers, exp, log and the elementary rows; None: nothing simpler is known."""
    derivative: Expr | None
    """f'(x), in x and f; None: unspecified."""
    latex: str
    numpy: str = ""
    """NumPy text of f with {x} and {parameter}, stable for large |x|."""
    numpy_derivative: str = ""
    """NumPy text of f' with {x}, {f} = f(x) and {parameter}."""
    parameters: tuple[tuple[Symbol, Expr], ...] = ()
    """Parameters and their default values."""
    closed: bool = False
    """Whether the derivative is written out at once (exp' = exp) and not named f'."""
    kinks: tuple[Expr, ...] = ()
    """The x where f is not differentiable."""
    source: str = "definition"

    def __call__(self, x: Expr, *parameters: Expr) -> Expr:
        """f(x), an opaque node; parameters that are left out take their own symbols."""
        if self is IDENTITY:
            return x
        given = parameters or tuple(symbol for symbol, _ in self.parameters)
        result: Expr = node_class(self, 0)(x, *given)
        return result

    @property
    def specified(self) -> bool:
        """Whether f is a known function (σ, f and g on their own are not)."""
        return self.derivative is not None


class Elementwise(sp.Function):
    """A node f(x), f'(x), ...: the row `row` of the table, differentiated `order` times."""

    row: Row
    order: int

    def fdiff(self, argindex: int = 1) -> Expr:
        """∂f⁽ⁿ⁾/∂x = f⁽ⁿ⁺¹⁾, so that SymPy's own `diff` knows the table."""
        if argindex != 1:
            raise ArgumentIndexError(self, argindex)
        return derivative_of(self)


@cache
def node_class(row: Row, order: int) -> Any:
    """The class of the nodes f⁽ᵒʳᵈᵉʳ⁾(x) of a row."""
    members = {"row": row, "order": order, "nargs": 1 + len(row.parameters), "is_real": True}
    return type(row.name + "'" * order, (Elementwise,), members)


def derivative_of(node: Expr) -> Expr:
    """∂node/∂(its first argument): the next prime, or the plain form for exp and log.

    >>> derivative_of(TABLE["sigmoid"](X))
    sigmoid'(x)
    >>> derivative_of(sp.log(X))
    1/x
    >>> derivative_of(derivative_of(TABLE["relu"](X)))
    0
    """
    if isinstance(node, sp.exp):
        return node
    if isinstance(node, sp.log):
        return 1 / node.args[0]
    if not isinstance(node, Elementwise):
        raise unknown("function", str(node.func), ["exp", "log", *TABLE])
    row, x = node.row, node.args[0]
    if row.derivative is not None and (row.closed or row.derivative == 0):
        return in_rows(row.derivative.xreplace({X: x, F: node}))
    if node.order and _vanishes(row, node.order + 1):
        return S.Zero
    result: Expr = node_class(row, node.order + 1)(*node.args)
    return result


@cache
def _vanishes(row: Row, order: int) -> bool:
    """Whether f⁽ᵒʳᵈᵉʳ⁾ = 0 is plain from f' alone: relu'' = 0, for relu' is a step."""
    slope = row.derivative
    return slope is not None and not slope.has(F) and sp.diff(slope, X, order - 1) == 0


def in_rows(e: Expr) -> Expr:
    """A formula of the table with SymPy's exp and log as nodes of their rows."""
    written: Expr = e.replace(sp.exp, TABLE["exp"]).replace(sp.log, TABLE["log"])
    return written


def unspecified(name: str, latex: str) -> Row:
    """A function of which nothing is known but its name; its derivative stays f'."""
    return Row(name=name, value=None, derivative=None, latex=latex)


HALF = Rational(1, 2)
IDENTITY = Row(name="identity", value=X, derivative=S.One, latex=r"\operatorname{id}", numpy="{x}")
STEP = Row(
    name="step",
    value=None,
    derivative=S.Zero,
    latex=r"\operatorname{step}",
    closed=True,
    numpy="({x} > 0)",
    kinks=(S.Zero,),
    source="the indicator of x > 0, and 0 at x = 0",
)
SIGN = Row(
    name="sign",
    value=None,
    derivative=S.Zero,
    latex=r"\operatorname{sgn}",
    closed=True,
    numpy="np.sign({x})",
    kinks=(S.Zero,),
)
ERF = Row(
    name="erf",
    value=None,
    derivative=2 / sp.sqrt(sp.pi) * sp.exp(-(X**2)),
    latex=r"\operatorname{erf}",
    closed=True,
    numpy="erf({x})",
    source="DLMF 7.2.1",
)
LOGISTIC = 1 / (1 + sp.exp(-X))
ABOVE = STEP(X)
BEYOND = STEP(SIGN(X) * X - DELTA)  #: the indicator of |x| > δ
GELU_INNER = sp.sqrt(2 / sp.pi) * (X + Rational(44715, 1000000) * X**3)
GELU_TANH = 1 - 2 / (sp.exp(2 * GELU_INNER) + 1)
GELU_TANH_TEXT = "np.tanh(np.sqrt(2 / np.pi) * ({x} + 0.044715 * {x} * {x} * {x}))"

ROWS = (
    IDENTITY,
    STEP,
    SIGN,
    ERF,
    Row(
        name="sigmoid",
        value=LOGISTIC,
        derivative=F * (1 - F),
        latex=r"\sigma",
        numpy="1 / (1 + np.exp(-{x}))",
        numpy_derivative="{f} * (1 - {f})",
        source="Rumelhart, Hinton & Williams (1986)",
    ),
    Row(
        name="tanh",
        value=(sp.exp(X) - sp.exp(-X)) / (sp.exp(X) + sp.exp(-X)),
        derivative=1 - F**2,
        latex=r"\tanh",
        numpy="np.tanh({x})",
        numpy_derivative="1 - {f} * {f}",
        source="DLMF 4.28.2, 4.34.3",
    ),
    Row(
        name="relu",
        value=X * ABOVE,
        derivative=ABOVE,
        latex=r"\operatorname{ReLU}",
        numpy="np.maximum({x}, 0)",
        numpy_derivative="({x} > 0)",
        kinks=(S.Zero,),
        source="Nair & Hinton (2010)",
    ),
    Row(
        name="leaky_relu",
        value=X * ABOVE + ALPHA * X * (1 - ABOVE),
        derivative=ABOVE + ALPHA * (1 - ABOVE),
        latex=r"\operatorname{LeakyReLU}",
        numpy="np.where({x} > 0, {x}, {alpha} * {x})",
        numpy_derivative="np.where({x} > 0, 1, {alpha})",
        parameters=((ALPHA, Rational(1, 100)),),
        kinks=(S.Zero,),
        source="Maas, Hannun & Ng (2013)",
    ),
    Row(
        name="elu",
        value=X * ABOVE + ALPHA * (sp.exp(X) - 1) * (1 - ABOVE),
        derivative=ABOVE + ALPHA * sp.exp(X) * (1 - ABOVE),
        latex=r"\operatorname{ELU}",
        numpy="np.where({x} > 0, {x}, {alpha} * np.expm1(np.minimum({x}, 0)))",
        numpy_derivative="np.where({x} > 0, 1, {alpha} * np.exp(np.minimum({x}, 0)))",
        parameters=((ALPHA, S.One),),
        kinks=(S.Zero,),
        source="Clevert, Unterthiner & Hochreiter (2015)",
    ),
    Row(
        name="softplus",
        value=sp.log(1 + sp.exp(X)),
        derivative=LOGISTIC,
        latex=r"\operatorname{softplus}",
        numpy="np.logaddexp(0, {x})",
        numpy_derivative="1 / (1 + np.exp(-{x}))",
        source="Dugas et al. (2000)",
    ),
    Row(
        name="silu",
        value=X * LOGISTIC,
        derivative=LOGISTIC + F * (1 - LOGISTIC),
        latex=r"\operatorname{SiLU}",
        numpy="{x} / (1 + np.exp(-{x}))",
        numpy_derivative="{f} + (1 - {f}) / (1 + np.exp(-{x}))",
        source="Elfwing, Uchibe & Doya (2017)",
    ),
    Row(
        name="gelu",
        value=X * (1 + ERF(X / sp.sqrt(2))) / 2,
        derivative=(1 + ERF(X / sp.sqrt(2))) / 2 + X * sp.exp(-(X**2) / 2) / sp.sqrt(2 * sp.pi),
        latex=r"\operatorname{GELU}",
        numpy="0.5 * {x} * (1 + erf({x} / np.sqrt(2)))",
        numpy_derivative="0.5 * (1 + erf({x} / np.sqrt(2)))"
        " + 1 / np.sqrt(2 * np.pi) * {x} * np.exp(-0.5 * {x} * {x})",
        source="Hendrycks & Gimpel (2016)",
    ),
    Row(
        name="gelu_tanh",
        value=X * (1 + GELU_TANH) / 2,
        derivative=(1 + GELU_TANH) / 2
        + X * (1 - GELU_TANH**2) / 2 * sp.sqrt(2 / sp.pi) * (1 + Rational(134145, 1000000) * X**2),
        latex=r"\operatorname{GELU}_{\tanh}",
        numpy=f"0.5 * {{x}} * (1 + {GELU_TANH_TEXT})",
        numpy_derivative=f"0.5 * (1 + {GELU_TANH_TEXT}) + 0.5 * {{x}} * (1 - {GELU_TANH_TEXT}**2)"
        " * np.sqrt(2 / np.pi) * (1 + 0.134145 * {x} * {x})",
        source="Hendrycks & Gimpel (2016), section 2",
    ),
    Row(
        name="exp",
        value=sp.exp(X),
        derivative=F,
        latex=r"\exp",
        closed=True,
        numpy="np.exp({x})",
        numpy_derivative="{f}",
    ),
    Row(
        name="log",
        value=sp.log(X),
        derivative=1 / X,
        latex=r"\log",
        closed=True,
        numpy="np.log({x})",
        numpy_derivative="1 / {x}",
    ),
    Row(
        name="sqrt",
        value=sp.sqrt(X),
        derivative=1 / (2 * F),
        latex=r"\operatorname{sqrt}",
        closed=True,
        numpy="np.sqrt({x})",
        numpy_derivative="0.5 / {f}",
    ),
    Row(
        name="abs",
        value=SIGN(X) * X,
        derivative=SIGN(X),
        latex=r"\operatorname{abs}",
        closed=True,
        numpy="np.abs({x})",
        numpy_derivative="np.sign({x})",
        kinks=(S.Zero,),
    ),
    Row(
        name="square",
        value=X**2,
        derivative=2 * X,
        latex=r"\operatorname{sq}",
        closed=True,
        numpy="{x} * {x}",
        numpy_derivative="2 * {x}",
    ),
    Row(
        name="huber",
        value=(1 - BEYOND) * X**2 / 2 + BEYOND * DELTA * (SIGN(X) * X - DELTA / 2),
        derivative=(1 - BEYOND) * X + BEYOND * DELTA * SIGN(X),
        latex=r"h_{\delta}",
        numpy="np.where(np.abs({x}) > {delta}, {delta} * (np.abs({x}) - {delta} / 2),"
        " {x} * {x} / 2)",
        numpy_derivative="np.clip({x}, -{delta}, {delta})",
        parameters=((DELTA, S.One),),
        source="Huber (1964), equation 2.1",
    ),
    unspecified("sigma", r"\sigma"),
    unspecified("f", "f"),
    unspecified("g", "g"),
)
TABLE: dict[str, Row] = {row.name: row for row in ROWS}


def lookup(name: str) -> Row:
    """The row called `name`; `leaky-relu` and `leaky_relu` are one name."""
    row = TABLE.get(name.replace("-", "_"))
    if row is None:
        raise unknown("function", name, sorted(TABLE))
    return row
