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
from symbp.system import Role, System

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
        if name == "sizes" and ("=" in text or name not in known):
            options |= _named_sizes(entry, mark, text)
        elif name in known:
            options[name] = _value(mark + name, text, known[name])
        else:
            raise unknown(f"option of {entry.name}", name, list(known))
    return entry(**options)


def _named_sizes(entry: Entry, mark: str, text: str) -> dict[str, int]:
    """Sizes by their names: T=8,n=3."""
    found: dict[str, int] = {}
    for word in text.split(","):
        if "=" not in word:
            names = [v.name for v in entry().with_role(Role.SIZE) if v.value is None]
            raise ValueRangeError(
                f"{mark}sizes: {word.strip()!r} is not of the form NAME=NUMBER "
                f"(sizes of {entry.name}: {', '.join(names)})"
            )
        name, number = named_size(mark, word)
        if name in found:
            raise ValueRangeError(f"{mark}sizes: {name} is given twice")
        found[name] = number
    return found


def named_size(mark: str, word: str) -> tuple[str, int]:
    """A size by its name: T=8."""
    name, equals, number = word.partition("=")
    if not equals:
        raise ValueRangeError(f"{mark}sizes: {word!r} is not of the form NAME=NUMBER")
    return name.strip(), integer(f"{mark}sizes", number)


def _value(option: str, text: str, parameter: inspect.Parameter) -> Any:
    """One value, or a list where there are several: of the kind that the default has."""
    words, default = [w.strip() for w in text.split(",")], parameter.default
    if len(words) > 1 and "Sequence" not in str(parameter.annotation):
        raise ValueRangeError(f"{option}: {text!r} is {len(words)} values, where one is needed")
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
