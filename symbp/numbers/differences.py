"""Difference quotients: independent witnesses for the gradient of any plain function.

`f` takes a dict of arrays and returns one number; it may be one's own or other people's code.

    complex_step     Im f(θ + ihe) / h                      Squire & Trapp (1998)
    central          lim (f(θ + he) − f(θ − he)) / 2h       Richardson (1911), Ridders (1982)
    high_precision   the same in mpmath's numbers

Guarantees. An estimate is e ± error, and `compare` judges every entry of a gradient g:

    mismatch     |g − e| > error + rounding·max(|g|, |e|), or g is not finite
    agree        not so, and error ≤ rtol·|e|; a derivative below 1e-150 counts as zero
    kink         the one-sided derivatives differ, so there is nothing to compare with
    unresolved   the error is too wide to tell, or f is not finite; never counted as agreement

The error is measured, not proved: rounding by fourth differences (Moré & Wild, 2011), truncation
by neighbours in Richardson's table. A feature of f narrower than the smallest step (6e-8 of the
parameter, or 10^(−digits/3)) is not seen. If f loses part of an imaginary part behind
`np.asarray`, only one real direction per array tells the complex step.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

import mpmath
import numpy as np
from numpy.typing import ArrayLike, NDArray

Arrays = dict[str, NDArray[Any]]
Function = Callable[[Arrays], Any]
Given = Mapping[str, ArrayLike]
Names = Iterable[str] | None
Floats = NDArray[np.float64]
Kind = Literal["agree", "mismatch", "kink", "unresolved"]

ZERO = 1e-150  #: a derivative below this counts as zero
TINY = 1e-100  #: the imaginary step
EPS = float(np.finfo(np.float64).eps)
RATIO = 4  #: of one step to the next
LADDER = [RATIO**-k for k in range(1, 13)]  #: of `central`, in sizes of the parameter


class RefusedError(ValueError):
    """A function that this method cannot differentiate; the message says what to try."""


@dataclass(frozen=True)
class Estimate:
    """∂f/∂θ = value ± error, in the shape of θ; nan ± inf where f is not finite."""

    value: Floats
    error: Floats
    kink: NDArray[np.bool_]  # there value ± error spans the one-sided derivatives
    method: str


@dataclass(frozen=True)
class Comparison:
    """A gradient against an estimate; `relative` is |g − e| / max(|g|, |e|), and 0 for 0, 0."""

    kinds: NDArray[np.str_]
    relative: Floats
    gradient: Floats
    estimate: Estimate

    @property
    def agrees(self) -> bool:
        """Whether there are entries and every one of them agrees."""
        return self.kinds.size > 0 and self.count("agree") == self.kinds.size

    def count(self, kind: Kind) -> int:
        """How many entries have this verdict."""
        return int((self.kinds == kind).sum())

    def __str__(self) -> str:
        counts = [f"{n} {kind}" for kind in get_args(Kind) if (n := self.count(kind))]
        text = f"{self.estimate.method}: {', '.join(counts) or 'no entries'}"
        for kind in [kind for kind in get_args(Kind)[1:] if self.count(kind)]:
            worst = np.where(self.kinds == kind, self.relative, -1.0).argmax()
            at = tuple(map(int, np.unravel_index(worst, self.kinds.shape)))
            text += f"\n  {kind} at {at}: gradient {self.gradient[at]:.10g}, estimate"
            text += f" {self.estimate.value[at]:.10g} ± {self.estimate.error[at]:.0e}"
        return text


def compare(
    gradient: ArrayLike, estimate: Estimate, *, rtol: float = 1e-7, rounding: float | None = None
) -> Comparison:
    """The verdict on every entry of a gradient, as defined at the top of the file.

    `rounding` is that of the code which computed the gradient, eps^(2/3) of its dtype (4e-11 for
    float64) unless given. Raises ValueError unless both are real and of one shape.

    >>> e = Estimate(np.array([1.0]), np.array([1e-12]), np.array([False]), "complex step")
    >>> [str(compare([g], e).kinds[0]) for g in (1.0, 1.000001, 0.0)]
    ['agree', 'mismatch', 'mismatch']
    """
    given, e, error = np.asarray(gradient), estimate.value, estimate.error
    if given.shape != e.shape or given.dtype.kind not in "biuf":
        shapes = f"gradient {given.dtype}{list(given.shape)} met {e.dtype}{list(e.shape)}"
        raise ValueError(f"{shapes}: expected real numbers of one shape")
    if rounding is None:
        rounding = float(np.finfo(np.result_type(given.dtype, np.float16)).eps) ** (2 / 3)
    g = given.astype(np.float64)
    seen, distance = np.isfinite(error), np.abs(np.where(np.isfinite(g), g, np.inf) - e)
    size = np.nan_to_num(np.maximum(np.abs(g), np.abs(e)))
    outside = seen & ~(distance <= error + rounding * size + ZERO)
    resolved = seen & (error <= np.maximum(rtol * np.abs(e), ZERO))
    cases = [seen & ~np.isfinite(g), estimate.kink, outside, resolved]
    kinds = np.select(cases, ["mismatch", "kink", "mismatch", "agree"], "unresolved")
    relative = distance / np.where(size == 0, 1.0, size)
    return Comparison(kinds, np.where(np.isnan(relative), np.inf, relative), g, estimate)


def central(f: Function, parameters: Given, names: Names = None) -> dict[str, Estimate]:
    """(f(θ + he) − f(θ − he)) / 2h extrapolated to h = 0 in float64, 24 evaluations an entry.

    h runs from a quarter of the parameter's size (or its array's mean, if larger) to 6e-8 of it.
    A kink is where (f(θ + he) − 2f(θ) + f(θ − he)) / h does not vanish with h.
    Raises RefusedError where f is random, not real, or not finite at θ.
    Source: Ridders (1982), Advances in Engineering Software 4(2).

    >>> e = central(lambda p: (p["w"] ** 3).sum(), {"w": [1.0, 2.0]})["w"]
    >>> compare([3.0, 0.0], e).kinds.tolist()
    ['agree', 'mismatch']
    """
    arrays, chosen = _checked(parameters, names)
    lines = _Lines(lambda p: _call(f, p, "float"), arrays, arrays, LADDER, EPS)
    return {name: _estimate(lines.limits(name), "central") for name in chosen}


def high_precision(
    f: Function, parameters: Given, names: Names = None, digits: int = 50
) -> dict[str, Estimate]:
    """`central` in mpmath's numbers, with steps near 10^(−digits/3).

    f gets object arrays whose numbers answer np.exp, np.tanh, … and have erf, erfc; it may call
    mpmath itself. What stays unresolved, as a zero does, is repeated with five times the digits.
    The error includes what the last bit of θ changes, as float64 code cannot do better.
    Raises RefusedError as `central` does, and where f rounds to float.

    >>> e = high_precision(lambda p: np.exp(-p["w"]).sum(), {"w": [100.0]})["w"]
    >>> e.value, bool(e.error[0] < 1e-55)
    (array([-3.72007598e-44]), True)
    """
    arrays, chosen = _checked(parameters, names)
    near, result = _moved(arrays, arrays, EPS), {}
    for name in chosen:
        here, there = (_exact_limits(f, point, name, digits) for point in (arrays, near))
        here[1] += np.where(here[2] > 0, 0.0, 4 * np.abs(here[0] - there[0]))
        result[name] = _estimate(here, f"high precision ({digits} digits)")
    return result


def _exact_limits(f: Function, floats: Arrays, name: str, digits: int) -> Floats:
    rows = np.full((3, *floats[name].shape), np.nan)
    for precision in (digits, 5 * digits):
        weak = ~((rows[1] <= 1e-10 * np.abs(rows[0])) | (rows[2] > 0))
        if weak.any():
            with mpmath.workdps(precision):
                rows = np.where(weak, _mp_lines(f, floats, precision).limits(name, weak), rows)
    return rows


def _mp_lines(f: Function, floats: Arrays, digits: int) -> _Lines:
    """Lines in an mpmath context of its own; its numbers answer ufuncs and refuse float()."""
    context = mpmath.mp.clone()
    context.dps = digits
    for name in "exp expm1 log log1p sqrt sin cos tan sinh cosh tanh erf erfc".split():
        setattr(context.mpf, name, lambda x, name=name: getattr(context, name)(x))
    context.mpf.__float__ = _refuse_float
    exact, ten = np.frompyfunc(context.mpf, 1, 1), context.mpf(10)
    arrays = {name: np.asarray(exact(a), dtype=object) for name, a in floats.items()}
    steps = [ten ** (-digits // 3) / RATIO**k for k in range(3)]
    return _Lines(lambda p: _call(f, p, "mpf"), arrays, floats, steps, ten**-digits)


def _refuse_float(_: Any) -> float:
    raise RefusedError("high precision: f rounds to float; keep its arrays, or use central")


def complex_step(f: Function, parameters: Given, names: Names = None) -> dict[str, Estimate]:
    """Im f(θ + ihe) / h, exact to rounding for an analytic f, 7 evaluations an entry.

    The error is the rounding seen at seven points within 3e-7 of θ; where the derivative jumps
    between them is a kink. f may branch on z.real. Raises RefusedError where f compares complex
    numbers, drops or flips an imaginary part, or is contradicted by a real difference.
    Source: Squire & Trapp (1998), SIAM Review 40(1); Martins, Sturdza & Alonso (2003).

    >>> e = complex_step(lambda p: np.exp(-p["w"]).sum(), {"w": [100.0]})["w"]
    >>> e.value, bool(e.error[0] < 1e-55)
    (array([-3.72007598e-44]), True)
    """
    arrays, chosen = _checked(parameters, names)
    _call(f, {n: _guarded(a.astype(np.complex128)) for n, a in arrays.items()}, "complex")
    points = [_moved(arrays, arrays, t * 1e-7) for t in range(-3, 4)]
    result = {}
    for name in chosen:
        slopes = np.array([_imaginary_parts(f, p, name) / TINY for p in points])
        noise, size = _noise(slopes), np.abs(slopes).max(axis=0)
        error = noise + 8 * EPS * np.abs(slopes[3]) + np.finfo(np.float64).tiny / TINY
        kink = (noise > 1e-5 * size) & (noise > 1e-8 * size.max(initial=0.0))
        result[name] = _estimate(np.array([slopes[3], error, kink]), "complex step")
        _cross_check(f, arrays, name, result[name])
    return result


def _imaginary_parts(f: Function, arrays: Arrays, name: str) -> Floats:
    """Im f(θ + ihe) for every entry of one array."""
    parts = np.full(arrays[name].shape, np.nan)
    for i in range(parts.size):
        moved = {n: a.astype(np.complex128) for n, a in arrays.items()}
        moved[name].flat[i] += 1j * TINY
        parts.flat[i] = _call(f, moved, "complex").imag
    return parts


def _cross_check(f: Function, arrays: Arrays, name: str, estimate: Estimate) -> None:
    """Raise RefusedError unless Σ value·v is the real directional derivative along v."""
    seen = np.isfinite(estimate.error)
    v = np.where(seen, _direction(arrays[name]), 0.0)
    real = central(lambda p: f({**arrays, name: arrays[name] + p["t"] * v}), {"t": 0.0})["t"]
    terms, errors = np.where(seen, [estimate.value, estimate.error], 0.0) * v
    slack = real.error + np.abs(errors).sum() + 1e-6 * np.abs(terms).sum() + ZERO
    if not np.abs(real.value - terms.sum()) <= slack:
        moves = f"{name} moves f by {terms.sum():.6g}, a real step by {real.value:.6g}"
        why = "not analytic (abs, conj, a lost imaginary part) or not finite; use central"
        raise RefusedError(f"complex step: {moves}: f is {why}")


NOT_ANALYTIC = (
    "greater greater_equal less less_equal equal not_equal maximum minimum fmax fmin clip sign"
    " absolute conjugate angle norm vdot"
)


class _Guarded(np.ndarray[Any, Any]):
    """A complex array that raises RefusedError where a function is not analytic."""

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        _refuse(ufunc.__name__, inputs)
        if "out" in options:
            options["out"] = tuple(map(_plain, options["out"]))
        return _guarded(getattr(ufunc, method)(*map(_plain, inputs), **options))

    def __array_function__(self, function: Any, types: Any, args: Any, options: Any) -> Any:
        _refuse(function.__name__, args)
        return _guarded(super().__array_function__(function, types, args, options))

    def __getitem__(self, key: Any) -> Any:
        return _guarded(super().__getitem__(key))


def _refuse(name: str, inputs: Iterable[Any]) -> None:
    if name in NOT_ANALYTIC.split() and any(map(np.iscomplexobj, inputs)):
        why = "compares complex numbers or drops an imaginary part"
        raise RefusedError(f"complex step: np.{name} {why}; branch on z.real, or use central")


def _plain(x: Any) -> Any:
    return x.view(np.ndarray) if isinstance(x, _Guarded) else x


def _guarded(x: Any) -> Any:
    is_complex = isinstance(x, np.ndarray | np.generic) and np.iscomplexobj(x)
    return np.asarray(x).view(_Guarded) if is_complex else x


class _Lines:
    """f along the entries of θ, in float or mpmath numbers: slopes, bends, their limits."""

    def __init__(self, f: Function, arrays: Arrays, floats: Arrays, steps: Any, ulp: Any) -> None:
        self.f, self.arrays, self.steps, self.ulp, self.base = f, arrays, steps, ulp, f(arrays)
        self.scales = {name: _scale(a) for name, a in floats.items()}
        if not (abs(self.base) < np.inf and f(arrays) == self.base):
            raise RefusedError(f"f is {self.base}, then {f(arrays)}: not finite, or random")
        values = [self.value(_moved(arrays, floats, t * steps[-1])) for t in range(9)]
        self.noise = _noise(np.array(values))

    def value(self, arrays: Arrays) -> Any:
        """The number f(θ); nan where f raises outside its domain."""
        try:
            return self.f(arrays)
        except RefusedError:
            raise
        except (ArithmeticError, ValueError):
            return self.base * np.nan

    def limits(self, name: str, which: Any = True) -> Floats:
        """Rows value, error, kink for the entries `which` of one array."""
        shape = self.arrays[name].shape
        with np.errstate(all="ignore"):
            slopes, bends, noise = self.quotients(name, np.broadcast_to(which, shape))
            value, error = _limit(slopes, noise, 2)
            jump, doubt = _limit(bends, 4 * noise, 1)
            finest = len(noise) - 1 - (32 * noise < np.abs(jump))[::-1].argmax(axis=0)
            stays = np.take_along_axis(bends, finest[None], axis=0)[0] / jump
        bent = np.abs(jump) > 16 * doubt
        error = error + np.where(bent, np.abs(jump) / 2, 0.0) + 8 * EPS * np.abs(value)
        return np.array([value, error, bent & (stays > 0.5) & (stays < 2)]).reshape(3, *shape)

    def quotients(self, name: str, which: NDArray[np.bool_]) -> Floats:
        """Slopes, bends (differences of one-sided slopes) and noise/h; a row for every h."""
        rows = np.full((3, len(self.steps), which.size), np.nan)
        for i in np.flatnonzero(which).tolist():
            for k, fraction in enumerate(self.steps):
                h = fraction * self.scales[name].flat[i]
                (right, up), (left, down) = self.end(name, i, h), self.end(name, i, -h)
                rows[0, k, i] = float((up - down) / (right - left))
                rows[1, k, i] = float((up - self.base) / right - (down - self.base) / left)
                rows[2, k, i] = float((self.noise + self.ulp * max(abs(up), abs(down))) / h)
        return rows

    def end(self, name: str, i: int, h: Any) -> tuple[Any, Any]:
        """The step as θ + h rounds it, and f there."""
        moved = self.arrays[name].copy()
        moved.flat[i] += h
        return moved.flat[i] - self.arrays[name].flat[i], self.value({**self.arrays, name: moved})


def _limit(rows: Floats, noise: Floats, power: int) -> tuple[Floats, Floats]:
    """The limit of rows[k] = limit + c h^p + c' h^(p+2) + …, h = RATIO^(−k), and its error.

    Of all entries of Richardson's table, the one that its two neighbours confirm best.
    """
    best, error = np.full(rows.shape[1:], np.nan), np.full(rows.shape[1:], np.inf)
    column = rows
    for j in range(1, min(5, len(rows))):
        coarse, fine = column[:-1], column[1:]
        column = fine + (fine - coarse) / (RATIO ** (power + 2 * j - 2) - 1)
        doubt = np.maximum(np.abs(column - fine), np.abs(column - coarse)) + 2 * noise[j:]
        doubt = np.where(np.isfinite(doubt), doubt, np.inf)
        at = doubt.argmin(axis=0)[None]
        found, least = (np.take_along_axis(a, at, axis=0)[0] for a in (column, doubt))
        best, error = np.where(least < error, found, best), np.minimum(least, error)
    return best, error


def _noise(samples: NDArray[Any]) -> Any:
    """Rounding of a smooth function at equally spaced points: 4 max |Δ⁴f| / √70."""
    with np.errstate(invalid="ignore"):
        return 4 * np.abs(np.diff(samples, n=4, axis=0)).max(axis=0) / 70**0.5


def _scale(array: Floats) -> Floats:
    """max(|θ_i|, mean of |θ|), as a power of 2; 1 for an array of zeros."""
    typical = np.abs(array).sum() / max(array.size, 1)
    size = np.maximum(np.abs(array), typical if typical > ZERO else 1.0)
    return np.exp2(np.round(np.log2(size)))


def _direction(array: Floats) -> Floats:
    """±|θ_i|, or the array's size where θ_i = 0; always with the same signs."""
    signs = np.random.default_rng(1).choice([-1.0, 1.0], array.shape)
    return signs * np.where(np.abs(array) < ZERO, _scale(array), np.abs(array))


def _moved(arrays: Arrays, floats: Arrays, t: Any) -> Arrays:
    """θ + t·v along `_direction`; also for arrays without axes again arrays."""
    return {n: np.asarray(a + t * _direction(floats[n]), a.dtype) for n, a in arrays.items()}


def _estimate(rows: Floats, method: str) -> Estimate:
    """Value, error, kink; nan ± inf where not finite."""
    seen = np.isfinite(rows[0]) & np.isfinite(rows[1])
    value, error = np.where(seen, rows[0], np.nan), np.where(seen, rows[1], np.inf)
    return Estimate(value, error, seen & (rows[2] > 0), method)


def _checked(parameters: Given, names: Names) -> tuple[Arrays, list[str]]:
    """Parameters as float64 arrays, and the names asked for (all of them by default)."""
    arrays = {name: np.asarray(values) for name, values in parameters.items()}
    chosen = list(arrays if names is None else names)
    odd = [n for n in {*arrays, *chosen} if n not in arrays or arrays[n].dtype.kind not in "biuf"]
    if odd or not chosen:
        raise ValueError(f"{odd}: expected real arrays, with names among {list(arrays)}")
    return {name: array.astype(np.float64) for name, array in arrays.items()}, chosen


def _call(f: Function, arrays: Arrays, kind: str) -> Any:
    """The one number that f returns, a float, complex or mpf; f gets copies."""
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("error", np.exceptions.ComplexWarning)
            result = np.asarray(f({name: a.copy() for name, a in arrays.items()}))
    except (TypeError, AttributeError, np.exceptions.ComplexWarning) as error:
        raise RefusedError(f"f fails with {kind} numbers ({error}): try another method") from error
    if result.size != 1:
        raise RefusedError(f"f returned shape {result.shape}: expected one number")
    value = result.item()
    if kind == "mpf" and (hasattr(value, "_mpf_") or hasattr(value, "_mpc_")):
        return mpmath.mpf(value) if hasattr(value, "_mpf_") else mpmath.nan
    if kind != "mpf" and isinstance(value, complex if kind == "complex" else float | int):
        return value
    lost = "" if kind == "float" else ": it drops the step; use central"
    raise RefusedError(f"f returned {type(value).__name__}, expected {kind}{lost}")
