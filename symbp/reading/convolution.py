r"""Convolutions: a kernel w that slides over an image x, of one axis or of two.

meaning             (x * w)_i for an image padded with p zeros on each side
------------------  --------------------------------------------------------
cross-correlation   Σ_u x_{i+u-1-p} w_u
convolution         Σ_u x_{i-u+r-p} w_u         the kernel (of size r) is flipped

The result has the size of x less that of w plus 1 + 2p: "valid" for p = 0, "full" for p = r - 1.
In equations of a network the padding is what is declared. In claims the sizes decide: there a `*`
may be valid or full, or, of two arrays of one shape, entry by entry.

Which factor is the kernel: what is the kernel in the network's equations, W for example, on
whichever side it stands. Of two other factors it is the one on the side where those equations have
the kernel. A kernel that is larger than its image fits nowhere: then the smaller factor may be
meant to slide, or both to change places and the result to be turned, which are two readings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import sympy as sp
from sympy import Expr, S

from symbp.errors import ReadingError
from symbp.reading.products import elementwise
from symbp.reading.scope import Scope
from symbp.reading.typed import ShapeError, Total, Typed, summed
from symbp.system import Range
from symbp.system.equation import family_of, walk
from symbp.system.indices import AtLeast, substitute

#: Letters of kernels and of images, for equations where both are given.
KERNELS = {"w", "k", "f", r"\theta", r"\omega"}
IMAGES = {"x", "i", "a", "h"}


@dataclass(frozen=True)
class Convolution:
    """What a sign such as * means."""

    flipped: bool
    """Whether the kernel is turned before it slides."""
    padding: int | None = 0
    """Zeros on each side in the network's equations; None for as many as fit ("full")."""

    @property
    def name(self) -> str:
        """The meaning as it is declared."""
        return "convolution" if self.flipped else "cross-correlation"


def convolution_of(meaning: str) -> Convolution | None:
    """The meaning that a declaration names: cross-correlation, convolution full, ... padding 1.

    >>> convolution_of("cross-correlation padding 1")
    Convolution(flipped=False, padding=1)
    """
    name, *more = meaning.split()
    if name not in ("cross-correlation", "convolution"):
        return None
    flipped = name == "convolution"
    if more in ([], ["valid"]):
        return Convolution(flipped)
    if more == ["full"]:
        return Convolution(flipped, None)
    if len(more) == 2 and more[0] == "padding" and more[1].isdigit():
        return Convolution(flipped, int(more[1]))
    raise ReadingError(f"functions: {meaning!r} (say: {name}, {name} full, {name} padding 1)")


@dataclass(frozen=True)
class Reading:
    """One meaning of a product in words, and the sizes that must be positive for it."""

    name: str
    value: Typed
    positive: tuple[Expr, ...] = ()


def fits(a: Typed, b: Typed) -> bool:
    """Whether a sign between two factors can be a convolution: arrays with as many axes."""
    return not (a.cube or b.cube or a.ones or b.ones) and len(a.axes) == len(b.axes) > 0


def chosen(
    scope: Scope, how: Convolution, a: Typed, b: Typed, key: tuple[int, int],
    given: Sequence[str], kernels: Mapping[str, bool],
) -> Typed:  # fmt: skip
    """a * b in an equation; in a claim the reading that is chosen at a place of its text."""
    if scope.defining:
        return defining(scope, how, a, b, given)
    found = list(readings(scope, how, a, b, kernels))
    scope.open[key] = len(found)
    reading = found[scope.choices.get(key, 0) % len(found)]
    scope.positive += reading.positive
    scope.meanings[key] = reading.name
    return reading.value


def defining(scope: Scope, how: Convolution, a: Typed, b: Typed, given: Sequence[str]) -> Typed:
    """a * b in an equation of the network; `given` are the families without an equation."""
    first = _is_kernel_first(a, b, given)
    image, kernel = (b, a) if first else (a, b)
    scope.kernels += [(name, first) for name in _names(kernel)]
    pads = [r.upper - 1 if how.padding is None else sp.Integer(how.padding) for r in kernel.axes]
    return slid(scope, how, image, kernel, pads)


def readings(
    scope: Scope, how: Convolution, a: Typed, b: Typed, kernels: Mapping[str, bool]
) -> Iterator[Reading]:
    """All that a * b may mean in a claim; `kernels` are those of the equations, with their side."""
    same = elementwise(scope, a, b)
    if same is not None:
        yield Reading("entry by entry", same)
    of_a, of_b = (bool(_names(x) & kernels.keys()) for x in (a, b))
    first = of_a if of_a != of_b else bool(kernels) and all(kernels.values())
    image, kernel = (b, a) if first else (a, b)
    padded: list[list[Expr]] = []
    for pads in _paddings(how, kernel):
        if pads not in padded:
            padded.append(pads)
            which = "second" if not first else "first"
            named = f"the {which} factor slides over the other one{_padding_in_words(kernel, pads)}"
            yield _checked(scope, how, image, kernel, pads, named)
    if of_a == of_b:
        which = "first" if not first else "second"
        named = f"the {which} factor slides over the other one"
        swapped = _checked(scope, how, kernel, image, [S.Zero] * len(image.axes), named)
        yield swapped
        if not how.flipped:
            turned = f"{named}, and the result is turned by 180°"
            yield Reading(turned, rotated(swapped.value), swapped.positive)


def _paddings(how: Convolution, kernel: Typed) -> Iterator[list[Expr]]:
    """Valid, full, the padding of the equations, and what leads back from that."""
    full = [r.upper - 1 for r in kernel.axes]
    yield [S.Zero] * len(full)
    yield full
    if how.padding:
        yield [sp.Integer(how.padding)] * len(full)
        yield [f - how.padding for f in full]


def _padding_in_words(kernel: Typed, pads: Sequence[Expr]) -> str:
    if all(p == 0 for p in pads):
        return ""
    if all(p == r.upper - 1 for p, r in zip(pads, kernel.axes, strict=True)):
        return ", which is padded to all places"
    return f", which is padded by {', '.join(str(p) for p in dict.fromkeys(pads))}"


def _checked(
    scope: Scope, how: Convolution, image: Typed, kernel: Typed, pads: Sequence[Expr], name: str
) -> Reading:
    value = slid(scope, how, image, kernel, pads)
    return Reading(name, value, (*(r.upper for r in value.axes), *(p + 1 for p in pads)))


def slid(
    scope: Scope, how: Convolution, image: Typed, kernel: Typed, pads: Sequence[Expr]
) -> Typed:
    """The kernel at all its places on the image, padded with zeros."""
    places: list[Range] = []
    windows: list[Range] = []
    at: dict[Expr, Expr] = {}
    inside: Expr = S.One
    for x, w, pad in zip(image.axes, kernel.axes, pads, strict=True):
        i, u = scope.fresh(), scope.fresh()
        for s in (i, u):
            if x.symbol in scope.kinds:
                scope.kinds[s] = scope.kinds[x.symbol]
        place = w.upper + 1 - u if how.flipped else u  # on the image below the kernel's u
        at |= {x.symbol: i + place - 1 - pad, w.symbol: u}
        lower, upper = S.One, w.upper
        if pad != 0 and scope.defining:
            before, beyond = 2 + pad - i, x.upper + 1 + pad - i  # place runs between these
            if how.flipped:
                before, beyond = w.upper + 1 - beyond, w.upper + 1 - before
            lower, upper = sp.Max(lower, before), sp.Min(upper, beyond)
        elif pad != 0:  # the same, and faster to make
            inside *= AtLeast(at[x.symbol] - 1) * AtLeast(x.upper - at[x.symbol])
        places.append(Range(i, S.One, scope.unifier.windows(x.upper, w.upper, 1, pad)))
        windows.append(Range(u, lower, upper))
    body = inside * substitute(image.expr, at) * substitute(kernel.expr, at)
    row, col = _laid_out(image, places)
    return Typed(summed(body, *windows), row, col)


def _laid_out(image: Typed, places: Sequence[Range]) -> tuple[Range | None, Range | None]:
    """Rows and columns as the image has them."""
    rest = list(places)
    return (
        rest.pop(0) if image.row is not None else None,
        rest.pop(0) if image.col is not None else None,
    )


def rotated(x: Typed) -> Typed:
    """x turned by 180°: every axis runs the other way."""
    if x.cube or not x.axes:
        raise ShapeError(f"{x.shape()} cannot be turned by 180°")
    at = {r.symbol: r.upper + 1 - r.symbol for r in x.axes}
    return Typed(substitute(x.expr, at), x.row, x.col, loose=x.loose)


def _is_kernel_first(a: Typed, b: Typed, given: Sequence[str]) -> bool:
    """Whether the first factor slides: what has no equation; of two of these by their letters."""
    free = [bool(_names(x) & set(given)) for x in (a, b)]
    if free[0] != free[1]:
        return free[0]
    kernels, images = (
        [any(_letter(n) in letters for n in _names(x)) for x in (a, b)]
        for letters in (KERNELS, IMAGES)
    )
    if kernels[0] != kernels[1]:
        return kernels[0]
    return images[1] and not images[0]


def _letter(family: str) -> str:
    return re.split(r"[_^·]", family)[0].lower()


def _names(x: Typed) -> set[str]:
    """The families in an expression, outside of its derivatives."""
    plain = x.expr.xreplace(dict.fromkeys(x.expr.atoms(Total), S.One))
    return {str(n) for node, _ in walk(plain) if (n := family_of(node)) is not None}
