"""Difference quotients: independent witnesses for the gradient of any plain function.

`f` takes a dict of arrays and returns one number. Nothing else is asked of it, so that it may be
one's own network or other people's code.

    complex_step     Im f(θ + ihe) / h                      Squire & Trapp (1998)
    central          lim (f(θ + he) − f(θ − he)) / 2h       Ridders (1982), Richardson (1911)
    high_precision   the same with mpmath numbers           error 10^(−2·digits/3)

Guarantees. Every entry comes with an error bound, and `compare` answers in one of four ways:

    agree        the bound is below rtol·|entry| and the gradient lies within the bound
    mismatch     the gradient lies outside the bound, and outside its own rounding
    kink         one-sided derivatives differ here, so there is no derivative to compare with
    unresolved   the bound is too wide to tell; never counted as agreement

A bound is a measurement, not a proof. Rounding is measured (fourth differences, Moré & Wild
2011), truncation is the change between the last two columns of Richardson's table. A feature of
f narrower than the smallest step (4·10^-8 of the parameter's size; 10^(−digits/3)) is not seen.
The complex step has no truncation error, but it believes f: of a part that drops or flips the
imaginary part behind `np.asarray` it sees only what one real direction per array gives away.
An entry of size below 1e-150 counts as zero.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import mpmath
import numpy as np
from numpy.typing import ArrayLike, NDArray

Arrays = dict[str, NDArray[Any]]
Function = Callable[[Arrays], Any]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Kind = Literal["agree", "mismatch", "kink", "unresolved"]

ZERO = 1e-150  #: sizes below this count as zero
EPS = float(np.finfo(np.float64).eps)
RATIO = 4  #: of neighbouring steps
LADDER = tuple(RATIO**-k for k in range(1, 13))
COLUMNS = 5  #: of Richardson's table


class RefusedError(ValueError):
    """A function that this method cannot differentiate; the message says what to try."""


@dataclass(frozen=True)
class Estimate:
    """∂f/∂θ entry by entry, value ± error, all of the shape of θ.

    Not finite: value nan, error inf. Kink: the mean of the one-sided derivatives ± half their
    distance.
    """

    value: Floats
    error: Floats
    kink: Bools
    method: str


@dataclass(frozen=True)
class Comparison:
    """A gradient against an estimate, entry by entry."""

    kinds: NDArray[np.str_]
    relative: Floats
    """|g − e| / max(|g|, |e|); 0 where both are 0."""
    gradient: Floats
    estimate: Estimate

    @property
    def agrees(self) -> bool:
        """Whether there are entries and every one of them agrees."""
        return self.kinds.size > 0 and self.count("agree") == self.kinds.size

    def count(self, kind: Kind) -> int:
        """How many entries have this verdict."""
        return int((self.kinds == kind).sum())

    def worst(self, kind: Kind = "mismatch") -> tuple[int, ...] | None:
        """The index of the largest relative error among the entries of this verdict."""
        if not self.count(kind):
            return None
        flat = int(np.where(self.kinds == kind, self.relative, -1.0).argmax())
        return tuple(int(i) for i in np.unravel_index(flat, self.kinds.shape))

    def __str__(self) -> str:
        kinds: tuple[Kind, ...] = ("agree", "mismatch", "kink", "unresolved")
        counts = ", ".join(f"{self.count(k)} {k}" for k in kinds if self.count(k))
        text = f"{self.estimate.method}: {counts or 'no entries'}"
        for kind in kinds[1:]:
            if (at := self.worst(kind)) is not None:
                e = self.estimate
                text += f"\n  {kind} at {at}: {self.gradient[at]:.17g}"
                text += f" met {e.value[at]:.17g} ± {e.error[at]:.1e}"
        return text


def compare(
    gradient: ArrayLike,
    estimate: Estimate,
    *,
    rtol: float = 1e-7,
    atol: float = ZERO,
    rounding: float | None = None,
) -> Comparison:
    """The verdict for every entry of a gradient g against e ± error.

    mismatch     |g − e| > error + rounding·max(|g|, |e|) + atol, or g is not finite
    agree        otherwise, where error ≤ max(rtol·|e|, atol)
    unresolved   otherwise, and wherever f was not finite
    kink         wherever the estimate says so

    `rounding` is the gradient code's own, eps^(2/3) of its dtype (4e-11 for float64) unless
    given. Raises ValueError for shapes that differ.

    >>> e = Estimate(np.array([1.0]), np.array([1e-12]), np.array([False]), "complex step")
    >>> [str(compare(np.array([g]), e).kinds[0]) for g in (1.0, 1.000001, 0.0)]
    ['agree', 'mismatch', 'mismatch']
    """
    given = np.asarray(gradient)
    if given.shape != estimate.value.shape:
        raise ValueError(f"gradient of shape {given.shape} met shape {estimate.value.shape}")
    if given.dtype.kind not in "biuf":
        raise ValueError(f"gradient of dtype {given.dtype}: expected real numbers")
    if rounding is None:
        rounding = float(np.finfo(np.result_type(given.dtype, np.float16)).eps) ** (2 / 3)
    g, e = given.astype(np.float64), estimate.value
    with np.errstate(invalid="ignore", divide="ignore"):
        distance = np.abs(g - e)
        size = np.maximum(np.abs(g), np.abs(e))
        relative = np.nan_to_num(np.where(size > 0, distance / size, 0.0), nan=np.inf)
        outside = ~(distance <= estimate.error + rounding * size + atol)
    resolved = estimate.error <= np.maximum(rtol * np.abs(e), atol)
    seen = np.isfinite(estimate.error)
    kinds = np.select(
        [seen & ~np.isfinite(g), estimate.kink, seen & outside, seen & resolved],
        ["mismatch", "kink", "mismatch", "agree"],
        default="unresolved",
    )
    return Comparison(kinds, relative, g, estimate)


def compare_all(
    gradients: Mapping[str, ArrayLike], estimates: Mapping[str, Estimate], **options: Any
) -> dict[str, Comparison]:
    """`compare` for every name. Raises ValueError unless both sides have the same names."""
    if set(gradients) != set(estimates):
        odd = sorted(set(gradients) ^ set(estimates))
        raise ValueError(f"on one side only: {', '.join(odd)}")
    return {name: compare(gradients[name], e, **options) for name, e in estimates.items()}


def along(
    f: Function, parameters: Mapping[str, ArrayLike], direction: Mapping[str, Any]
) -> Function:
    """The function t ↦ f(θ + t·v), for a directional derivative by any method.

    A step is measured against 1, so v should be about as large as θ; arrays without a direction
    stay where they are.

    >>> f = along(lambda p: (p["w"] ** 2).sum(), {"w": [1.0, 2.0]}, {"w": [1.0, 1.0]})
    >>> float(complex_step(f, {"t": 0.0})["t"].value)
    6.0
    """
    arrays, _ = _float_arrays(parameters, direction)
    v = {name: np.asarray(entries, dtype=np.float64) for name, entries in direction.items()}

    def moved(p: Arrays) -> Any:
        return f({n: a + p["t"] * v[n] if n in v else a for n, a in arrays.items()})

    return moved


def central(
    f: Function, parameters: Mapping[str, ArrayLike], names: Iterable[str] | None = None
) -> dict[str, Estimate]:
    """(f(θ + he) − f(θ − he)) / 2h extrapolated to h = 0, for every entry, in float64.

    h runs from a quarter of the parameter's size (its own, or that of its array if larger) down
    to 6e-8 of it: 24 evaluations for an entry. Kinks are found where (f(θ + he) − 2f(θ) +
    f(θ − he)) / h does not vanish with h. Raises RefusedError where f is random, not finite at
    θ, or not real. Source: Ridders (1982), Advances in Engineering Software 4(2).

    >>> print(compare([3.0, 0.0], central(lambda p: (p["w"] ** 3).sum(), {"w": [1.0, 2.0]})["w"]))
    central: 1 agree, 1 mismatch
      mismatch at (1,): 0 met 12 ± 3.6e-13
    """
    arrays, chosen = _float_arrays(parameters, names)
    lines = _Lines(lambda p: _real(f, p), arrays, arrays, LADDER, 1e-7, EPS)
    return {name: lines.estimate(name, "central") for name in chosen}


def high_precision(
    f: Function,
    parameters: Mapping[str, ArrayLike],
    names: Iterable[str] | None = None,
    digits: int = 50,
) -> dict[str, Estimate]:
    """`central` with mpmath numbers of so many digits, and steps near 10^(−digits/3).

    f gets object arrays whose numbers know NumPy's elementary functions (np.exp, np.tanh, ...)
    and erf, erfc; it may call mpmath itself. Entries that stay unresolved, as zeros do, are
    repeated with five times the digits. Raises RefusedError where f rounds to float or does not
    take objects, and as `central` does.

    >>> e = high_precision(lambda p: np.exp(-p["w"]).sum(), {"w": [100.0]})["w"]
    >>> e.value, bool(e.error[0] < 1e-70)
    (array([-3.72007598e-44]), True)
    """
    floats, chosen = _float_arrays(parameters, names)
    result: dict[str, Estimate] = {}
    for name in chosen:
        method = f"high precision ({digits} digits)"
        rough = _with_digits(f, floats, name, digits, method, np.ones(floats[name].shape, bool))
        weak = ~(rough.error <= 1e-10 * np.abs(rough.value)) & ~rough.kink
        fine = _with_digits(f, floats, name, 5 * digits, method, weak) if weak.any() else rough
        result[name] = Estimate(
            np.where(weak, fine.value, rough.value),
            np.where(weak, fine.error, rough.error),
            np.where(weak, fine.kink, rough.kink),
            method,
        )
    return result


def _with_digits(
    f: Function, floats: Arrays, name: str, digits: int, method: str, which: Bools
) -> Estimate:
    context = _context(digits)
    step, ulp = context.mpf(10) ** (-digits // 3), context.mpf(10) ** -digits
    ladder = tuple(step / RATIO**k for k in range(3))
    exact = np.frompyfunc(context.mpf, 1, 1)
    arrays = {n: np.asarray(exact(a), dtype=object) for n, a in floats.items()}
    with mpmath.workdps(digits):
        lines = _Lines(lambda p: _precise(f, p), arrays, floats, ladder, step, ulp)
        return lines.estimate(name, method, which)


def _context(digits: int) -> Any:
    """An mpmath context of its own, whose numbers answer NumPy's ufuncs and refuse float()."""
    context = mpmath.mp.clone()
    context.dps = digits
    plain = "exp log log10 sqrt sin cos tan sinh cosh tanh expm1 log1p erf erfc"
    names = {n: n for n in plain.split()} | {f"arc{n}": f"a{n}" for n in ("sin", "cos", "tan")}
    for ufunc, name in names.items():
        setattr(context.mpf, ufunc, lambda x, function=getattr(context, name): function(x))
    context.mpf.__float__ = _refuse_float
    return context


def _refuse_float(_: Any) -> float:
    raise RefusedError("high precision: f rounds to float; use central, or keep object arrays")


def complex_step(
    f: Function,
    parameters: Mapping[str, ArrayLike],
    names: Iterable[str] | None = None,
    step: float = 1e-100,
) -> dict[str, Estimate]:
    """Im f(θ + ihe) / h, exact to rounding for analytic f: 7 evaluations for an entry.

    The error is the rounding measured over seven points within 3e-7 of θ; a derivative that
    jumps between them is a kink. Raises RefusedError where f compares complex numbers, drops or
    flips the imaginary part, or where real differences in one random direction per array
    contradict the result. A function may branch on `z.real`.
    Source: Squire & Trapp (1998), SIAM Review 40(1); Martins, Sturdza & Alonso (2003).

    >>> e = complex_step(lambda p: np.exp(-p["w"]).sum(), {"w": [100.0]})["w"]
    >>> e.value, bool(e.error[0] < 1e-55)
    (array([-3.72007598e-44]), True)
    """
    if not 1e-150 <= step <= 1e-10:
        raise ValueError(f"step {step}: expected 1e-150 ≤ step ≤ 1e-10")
    arrays, chosen = _float_arrays(parameters, names)
    _Lines(lambda p: _real(f, p), arrays, arrays, LADDER, 1e-7, EPS)  # f is real and repeatable
    shifted = [_shifted(arrays, arrays, t * 1e-7) for t in range(-3, 4)]
    result = {}
    for name in chosen:
        slopes = np.array([_imaginary_parts(f, p, name, step) / step for p in shifted])
        value, noise, size = slopes[3], _noise(slopes), np.abs(slopes).max(axis=0)
        error = noise + 8 * EPS * np.abs(value) + np.finfo(np.float64).tiny / step
        jumps = (noise > 1e-5 * size) & (noise > 1e-8 * size.max(initial=0.0))
        seen = np.isfinite(error)
        value, error = np.where(seen, value, np.nan), np.where(seen, error, np.inf)
        result[name] = Estimate(value, error, jumps & seen, "complex step")
        _cross_check(f, arrays, name, result[name])
    return result


def _imaginary_parts(f: Function, arrays: Arrays, name: str, step: float) -> Floats:
    """Im f(θ + ihe) for every entry of one array."""
    parts = np.full(arrays[name].shape, np.nan)
    for i in range(parts.size):
        moved = {n: a.astype(np.complex128) for n, a in arrays.items()}
        moved[name].reshape(-1)[i] += 1j * step
        parts.reshape(-1)[i] = _complex(f, moved).imag
    return parts


def _cross_check(f: Function, arrays: Arrays, name: str, estimate: Estimate) -> None:
    """Raise RefusedError where Σ value·v is not the real directional derivative along v."""
    v = np.where(np.isfinite(estimate.error), _direction(arrays[name]), 0.0)
    real = central(along(f, arrays, {name: v}), {"t": 0.0})["t"]
    terms = np.where(v == 0, 0.0, estimate.value * v)
    slack = np.where(v == 0, 0.0, estimate.error * np.abs(v)).sum() + 1e-6 * np.abs(terms).sum()
    if not np.abs(real.value - terms.sum()) <= real.error + slack:
        raise RefusedError(
            f"complex step: {name} moves f by {terms.sum():.6g} along a direction, real"
            f" differences say {real.value:.6g} ± {real.error:.1g}: f is not analytic (abs, conj,"
            " real, a lost imaginary part); use central or high_precision"
        )


NOT_ANALYTIC = {
    **dict.fromkeys("absolute conjugate sign angle norm vdot".split(), "drops an imaginary part"),
    **dict.fromkeys(
        "greater greater_equal less less_equal equal not_equal maximum minimum fmax fmin clip"
        " sort argsort argmax argmin".split(),
        "compares complex numbers",
    ),
}


class _Guarded(np.ndarray[Any, Any]):
    """A complex array that raises RefusedError where a function is not analytic."""

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        _refuse(ufunc, inputs)
        if "out" in options:
            options["out"] = tuple(map(_plain, options["out"]))
        return _guarded(getattr(ufunc, method)(*map(_plain, inputs), **options))

    def __array_function__(self, function: Any, types: Any, args: Any, options: Any) -> Any:
        _refuse(function, args)
        return _guarded(super().__array_function__(function, types, args, options))

    def __getitem__(self, key: Any) -> Any:
        return _guarded(super().__getitem__(key))


def _refuse(function: Any, arguments: Iterable[Any]) -> None:
    reason = NOT_ANALYTIC.get(function.__name__)
    if reason and any(np.iscomplexobj(x) for x in arguments):
        raise RefusedError(
            f"complex step: np.{function.__name__} {reason}; branch on z.real, or use central"
        )


def _plain(x: Any) -> Any:
    return x.view(np.ndarray) if isinstance(x, _Guarded) else x


def _guarded(x: Any) -> Any:
    is_complex = isinstance(x, np.ndarray | np.generic) and np.iscomplexobj(x)
    return np.asarray(x).view(_Guarded) if is_complex else x


class _Lines:
    """Quotients of f along the entries of θ, for float or mpmath numbers."""

    def __init__(
        self,
        evaluate: Callable[[Arrays], Any],
        arrays: Arrays,
        floats: Arrays,
        ladder: tuple[Any, ...],
        spacing: Any,
        ulp: Any,
    ) -> None:
        self.evaluate, self.arrays, self.ladder = evaluate, arrays, ladder
        self.scales = {name: _scale(a) for name, a in floats.items()}
        self.base = evaluate(arrays)
        if not abs(_float(self.base)) < np.inf:
            raise RefusedError(f"f is {_float(self.base)} at the parameters themselves")
        if evaluate(arrays) != self.base:
            raise RefusedError("f gives two values at one point: fix its random numbers")
        points = [self.value(_shifted(arrays, floats, t * spacing)) for t in range(9)]
        self.noise = _noise(np.array(points)) + ulp * abs(self.base)

    def value(self, arrays: Arrays) -> Any:
        """The number f(θ); nan where f raises outside its domain."""
        try:
            return self.evaluate(arrays)
        except RefusedError:
            raise
        except (ArithmeticError, ValueError):
            return self.base * np.nan

    def estimate(self, name: str, method: str, which: Bools | None = None) -> Estimate:
        """Limits of the slopes and of the differences between one-sided slopes."""
        with np.errstate(all="ignore"):
            slopes, bends, noise = self.quotients(name, which)
            value, error = _limit(slopes, noise, 2)
            jump, doubt = _limit(bends, 4 * noise, 1)
            suspect = np.abs(jump) > 16 * doubt
            fine = len(noise) - 1 - (32 * noise < np.abs(jump))[::-1].argmax(axis=0)
            last = np.take_along_axis(bends, fine[None], axis=0)[0] / jump
        kink = suspect & (last > 0.5) & (last < 2)
        error = error + np.where(suspect, np.abs(jump) / 2, 0.0) + 8 * EPS * np.abs(value)
        seen, shape = np.isfinite(error), self.arrays[name].shape
        rows = np.where(seen, value, np.nan), np.where(seen, error, np.inf), kink & seen
        return Estimate(*(row.reshape(shape) for row in rows), method)

    def quotients(self, name: str, which: Bools | None) -> tuple[Floats, Floats, Floats]:
        """Slopes, bends and noise/h, of shape (steps, entries)."""
        flat, scale = self.arrays[name].reshape(-1), self.scales[name].reshape(-1)
        rows = np.full((3, len(self.ladder), flat.size), np.nan)
        for i in range(flat.size) if which is None else np.flatnonzero(which):
            for k, relative in enumerate(self.ladder):
                h = relative * scale[i]
                (right, up), (left, down) = self.end(name, i, h), self.end(name, i, -h)
                rows[0, k, i] = _float((up - down) / (right - left))
                rows[1, k, i] = _float((up - self.base) / right - (down - self.base) / left)
                rows[2, k, i] = _float(self.noise / h)
        return rows[0], rows[1], rows[2]

    def end(self, name: str, i: int, h: Any) -> tuple[Any, Any]:
        """The step as rounded, and f there."""
        moved = self.arrays | {name: self.arrays[name].copy()}
        moved[name].reshape(-1)[i] += h
        return moved[name].reshape(-1)[i] - self.arrays[name].reshape(-1)[i], self.value(moved)


def _limit(rows: Floats, noise: Floats, power: int) -> tuple[Floats, Floats]:
    """lim rows[k] = limit + c h^p + c' h^(p+2) + …, h = RATIO^(−k), and its error.

    Of all entries of Richardson's table, the one that its two neighbours confirm best.
    """
    best, error = np.full(rows.shape[1:], np.nan), np.full(rows.shape[1:], np.inf)
    column = rows
    for j in range(1, min(COLUMNS, len(rows))):
        coarse, fine = column[:-1], column[1:]
        column = fine + (fine - coarse) / (RATIO ** (power + 2 * j - 2) - 1)
        doubt = np.maximum(np.abs(column - fine), np.abs(column - coarse)) + 2 * noise[j:]
        doubt = np.where(np.isfinite(doubt), doubt, np.inf)
        at = doubt.argmin(axis=0)[None]
        found, least = (np.take_along_axis(a, at, axis=0)[0] for a in (column, doubt))
        best, error = np.where(least < error, found, best), np.minimum(least, error)
    return best, error


def _noise(samples: NDArray[Any]) -> Any:
    """Rounding of a smooth function at equally spaced points: 4 max |Δ⁴f| / √70.

    Source: Moré & Wild (2011), Estimating computational noise, SIAM J. Sci. Comput. 33(3).
    """
    return 4 * np.abs(np.diff(samples, n=4, axis=0)).max(axis=0) / 70**0.5


def _scale(array: Floats) -> Floats:
    """max(|θ_i|, root mean square of θ), a power of 2; 1 for an array of zeros."""
    typical = np.sqrt(np.mean(array**2)) if array.any() else 1.0
    return np.exp2(np.round(np.log2(np.maximum(np.abs(array), typical))))


def _direction(array: Floats) -> Floats:
    """±|θ_i|, with the size of the array where θ_i = 0; always the same signs."""
    signs = np.random.default_rng(1).choice([-1.0, 1.0], array.shape)
    return signs * np.where(array == 0, _scale(array), np.abs(array))


def _shifted(arrays: Arrays, floats: Arrays, t: Any) -> Arrays:
    """θ + t·v along `_direction`."""
    return {name: a + t * _direction(floats[name]) for name, a in arrays.items()}


def _float_arrays(
    parameters: Mapping[str, ArrayLike], names: Iterable[str] | None
) -> tuple[Arrays, list[str]]:
    """Parameters as float64 arrays, and the names asked for (all of them by default)."""
    arrays = {name: np.asarray(values) for name, values in parameters.items()}
    for name, array in arrays.items():
        if array.dtype.kind not in "biuf":
            raise ValueError(f"{name} has dtype {array.dtype}: expected real numbers")
    chosen = list(arrays if names is None else names)
    missing = [name for name in chosen if name not in arrays]
    if missing or not chosen:
        raise ValueError(f"no parameter {missing}: expected some of {sorted(arrays)}")
    return {name: array.astype(np.float64) for name, array in arrays.items()}, chosen


def _call(f: Function, arrays: Arrays) -> Any:
    """The one number that f returns; f gets copies."""
    with np.errstate(all="ignore"):
        result = np.asarray(f({name: a.copy() for name, a in arrays.items()}))
    if result.size != 1:
        raise RefusedError(f"f returned shape {result.shape}: expected one number")
    return result.reshape(-1)[0]


def _real(f: Function, arrays: Arrays) -> float:
    value = _call(f, arrays)
    if not isinstance(value, float | int | np.floating | np.integer):
        raise RefusedError(f"f returned {type(value).__name__}: expected a real number")
    return float(value)


def _precise(f: Function, arrays: Arrays) -> Any:
    try:
        value = _call(f, arrays)
    except TypeError as error:
        raise RefusedError(f"high precision: f does not take objects ({error})") from error
    if hasattr(value, "_mpc_"):
        return mpmath.nan
    if not hasattr(value, "_mpf_"):
        raise RefusedError(f"high precision: f returned {type(value).__name__}, not mpmath's mpf")
    return value


def _complex(f: Function, arrays: Arrays) -> complex:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", np.exceptions.ComplexWarning)
            value = _call(f, {name: _guarded(a) for name, a in arrays.items()})
    except (TypeError, np.exceptions.ComplexWarning) as error:
        raise RefusedError(
            f"complex step: f does not pass complex numbers on ({error}); use central"
        ) from error
    if not np.iscomplexobj(value):
        raise RefusedError("complex step: f returned a real number: it drops the imaginary part")
    return complex(value)


def _float(x: Any) -> float:
    """A float of a float or of mpmath's number."""
    return x if isinstance(x, float) else float(mpmath.mpf(x))
