"""A library network that a declaration names: network: mlp; notation: pinard; loss: hinge."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from symbp import networks, notation
from symbp.errors import ValueRangeError, unknown
from symbp.reading.conventions import lexicon_of
from symbp.reading.lexicon import Lexicon
from symbp.system import System

NETWORKS = {"mlp": networks.mlp}
DEFAULT_NOTATION = "pinard"
YES = {"yes": True, "no": False}
#: What is said of a library network, in words of its own: sizes: 784,30,10.
KEYS = "network notation sizes activation loss batch reduction bias l1 l2".split()


def declared_network(entries: Mapping[str, Iterable[str]]) -> Lexicon:
    """The lexicon of the network and the notation that a declaration names.

    Raises `SymbpError` for what no table has.
    """
    notation_name, case = (", ".join(entries.get(k, ())).strip() for k in ("notation", "case"))
    chosen = notation.lookup(notation_name or DEFAULT_NOTATION)
    return lexicon_of(declared_system(entries), chosen, case)


def declared_system(entries: Mapping[str, Iterable[str]]) -> System:
    """The network that a declaration names, by `KEYS` as the options of `symbp derive`.

    >>> declared_system({"network": ["mlp"], "sizes": ["2, 3, 1"]}).sizes
    {'n': (2, 3, 1), 'L': 2}
    """
    given = {k: ", ".join(v).strip() for k, v in entries.items()}
    name = given["network"]
    if name not in NETWORKS:
        raise unknown("network", name, list(NETWORKS))
    return NETWORKS[name](**_options(given))


def _options(given: Mapping[str, str]) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if given.get("sizes"):
        options["sizes"] = [_number("sizes", part) for part in given["sizes"].split(",")]
    if given.get("activation"):
        names = [a.strip() for a in given["activation"].split(",")]
        options["activation"] = names[0] if len(names) == 1 else names
    if given.get("batch"):
        batch = given["batch"]
        options["batch"] = True if batch == "m" else _number("batch", batch)
    if given.get("bias"):
        words = [w.strip() for w in given["bias"].split(",")]
        if not set(words) <= set(YES):
            raise ValueRangeError(f"bias: {given['bias']!r} is neither yes nor no")
        options["bias"] = YES[words[0]] if len(words) == 1 else [YES[w] for w in words]
    options |= {k: given[k] for k in ("loss", "reduction", "l1", "l2") if given.get(k)}
    return options


def _number(key: str, text: str) -> int:
    if not text.strip().isdigit() or int(text) < 1:
        raise ValueRangeError(f"{key}: {text.strip()!r} is not a positive integer")
    return int(text)
