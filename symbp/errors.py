"""The kinds of error, and how an inner message gains its place on the way out.

Inner code raises short: what met what, what was expected, what to try. Whoever knows the
place (an equation, a file, an option) adds it once, with `at`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches


class SymbpError(ValueError):
    """Any mistake in what symbp was given: one clear line, never a fault of symbp itself."""


class DefinitionError(SymbpError):
    """A system of equations that does not define a network."""


class SizeError(SymbpError):
    """Sizes or shapes that do not fit."""


class UnknownNameError(SymbpError):
    """A name that no table and no declaration has."""


class ValueRangeError(SymbpError):
    """A number outside the domain of a function or a loss."""


class ReadingError(SymbpError):
    """Text that cannot be read as a formula; `place` is an offset in it."""

    def __init__(self, message: str, place: int = 0) -> None:
        super().__init__(message)
        self.place = place


@contextmanager
def at(place: object) -> Iterator[None]:
    """Put `place` before the message of any `SymbpError` raised inside.

    >>> with at("equation 2"):
    ...     raise SizeError("3 met 4")
    Traceback (most recent call last):
    ...
    symbp.errors.SizeError: equation 2: 3 met 4
    """
    try:
        yield
    except SymbpError as error:
        raise type(error)(f"{place}: {error}") from error


def unknown(kind: str, name: str, known: list[str], lists: str = "") -> UnknownNameError:
    """The error for a name that is not in `known`, with the nearest name that is.

    `lists` is the command that lists a long `known`.

    >>> str(unknown("loss", "huberr", ["hinge", "huber"]))
    "unknown loss 'huberr': did you mean 'huber'? (known: hinge, huber)"
    """
    near = get_close_matches(name, known, n=1)
    hint = f": did you mean {near[0]!r}?" if near else ""
    rest = f"`{lists}` lists them" if lists else f"known: {', '.join(known)}"
    return UnknownNameError(f"unknown {kind} {name!r}{hint} ({rest})")
