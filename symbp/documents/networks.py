"""A library network that a declaration names: network: mlp; notation: pinard; loss: hinge."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from symbp import networks, notation
from symbp.errors import SymbpError
from symbp.networks.options import from_words
from symbp.reading.conventions import lexicon_of
from symbp.reading.lexicon import Lexicon
from symbp.system import System

#: The networks whose formulas are read in the letters of a notation: whatever symbp writes of them
#: is read and proved (tests/test_posts_read_back.py).
READ = frozenset({"mlp"})
#: What is said of a library network, in words of its own: sizes: 784,30,10.
OPTIONS = "sizes activation loss batch reduction bias l1 l2".split()
KEYS = ["network", "notation", *OPTIONS]


def is_read_by_name(entries: Mapping[str, Iterable[str]]) -> bool:
    """Whether formulas of the network that is named are read in the letters of a notation."""
    return networks.lookup(", ".join(entries["network"]).strip()).name in READ


def declared_network(entries: Mapping[str, Iterable[str]]) -> Lexicon:
    """The lexicon of the network and the notation that a declaration names.

    Raises `SymbpError` for what no table has.
    """
    given = {k: ", ".join(v).strip() for k, v in entries.items()}
    entry = networks.lookup(given["network"])
    if not is_read_by_name(entries):
        raise SymbpError(
            f"formulas of {entry.name} are not read by its name: declare its equations, as "
            f"`equations: ...` (by name: {', '.join(sorted(READ))})"
        )
    chosen = notation.lookup(given.get("notation") or entry.notation)
    return lexicon_of(declared_system(entries), chosen, given.get("case", ""))


def declared_system(entries: Mapping[str, Iterable[str]]) -> System:
    """The network that a declaration names, by `KEYS` as the options of `symbp derive`.

    >>> declared_system({"network": ["mlp"], "sizes": ["2, 3, 1"]}).sizes
    {'n': (2, 3, 1), 'L': 2}
    """
    given = {k: ", ".join(v).strip() for k, v in entries.items()}
    entry = networks.lookup(given["network"])
    return from_words(entry, {k: given[k] for k in OPTIONS if given.get(k)})
