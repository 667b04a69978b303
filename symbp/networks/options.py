"""The options of a network as words: from a command line or a declaration in a document.

sizes: 784,30,10      the layers of an mlp          sizes: T=8,n=3    sizes by name
bias: yes,yes,no      a yes or no for each layer    batch: m          a sample index, m samples
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from symbp.errors import ValueRangeError, unknown
from symbp.networks.entry import Entry
from symbp.system import System

YES = {"yes": True, "no": False}


def from_words(entry: Entry, given: Mapping[str, str], mark: str = "") -> System:
    """The network with options in words; `mark` stands before an option's name in messages.

    >>> from symbp.networks import lookup
    >>> from_words(lookup("mlp"), {"sizes": "2, 3, 1"}).sizes
    {'n': (2, 3, 1), 'L': 2}
    """
    known = inspect.signature(entry.build).parameters
    options: dict[str, Any] = {}
    for name, text in given.items():
        words = [w.strip() for w in text.split(",")]
        if name == "sizes" and "=" in text:
            options |= dict(named_size(mark, word) for word in words)
        elif name in known:
            options[name] = _value(mark + name, words, known[name].default)
        else:
            raise unknown(f"option of {entry.name}:", mark + name, [mark + k for k in known])
    return entry(**options)


def named_size(mark: str, word: str) -> tuple[str, int]:
    """A size by its name: T=8."""
    name, equals, number = word.partition("=")
    if not equals:
        raise ValueRangeError(f"{mark}sizes: {word!r} is not of the form NAME=NUMBER")
    return name.strip(), integer(f"{mark}sizes", number)


def _value(option: str, words: list[str], default: object) -> Any:
    """One value, or a list where there are several: of the kind that the default has."""
    if option.endswith("batch") and words == ["m"]:
        return True
    if option.endswith("sizes"):
        return [integer(option, w) for w in words]
    if isinstance(default, bool) and not option.endswith("batch"):
        values: list[Any] = [_yes(option, w) for w in words]
    elif isinstance(default, int):
        least = 1 if isinstance(default, bool) else min(default, 1)
        values = [integer(option, w, least) for w in words]
    else:
        values = words
    return values[0] if len(values) == 1 else values


def _yes(option: str, word: str) -> bool:
    if word not in YES:
        raise ValueRangeError(f"{option}: {word!r} is neither yes nor no")
    return YES[word]


def integer(option: str, text: str, least: int = 1) -> int:
    """A positive integer, or with `least` 0 one that may be 0."""
    word = text.strip()
    number = int(word) if word.isascii() and word.isdigit() else -1
    if number < least:
        kind = "a positive integer" if least else "an integer of at least 0"
        raise ValueRangeError(f"{option}: {word!r} is not {kind}")
    return number
