"""A library network that a declaration names: network: mlp, notation: pinard, loss: cross-entropy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from symbp import networks, notation
from symbp.errors import ValueRangeError, unknown
from symbp.reading.conventions import lexicon_of
from symbp.reading.lexicon import Lexicon

NETWORKS = {"mlp": networks.mlp}
DEFAULT_NOTATION = "pinard"
YES = {"yes": True, "no": False}


def declared_network(entries: Mapping[str, Iterable[str]]) -> Lexicon:
    """The lexicon of the network and the notation that a declaration names.

    Keys: network, notation, sizes, activation, loss, batch, reduction, bias; as the options of
    `symbp derive`. Raises `SymbpError` for what no table has.
    """
    given = {k: ", ".join(v).strip() for k, v in entries.items()}
    name = given["network"]
    if name not in NETWORKS:
        raise unknown("network", name, list(NETWORKS))
    system = NETWORKS[name](**_options(given))
    chosen = notation.lookup(given.get("notation") or DEFAULT_NOTATION)
    return lexicon_of(system, chosen, given.get("case", ""))


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
    options |= {k: given[k] for k in ("loss", "reduction") if given.get(k)}
    return options


def _number(key: str, text: str) -> int:
    if not text.strip().isdigit() or int(text) < 1:
        raise ValueRangeError(f"{key}: {text.strip()!r} is not a positive integer")
    return int(text)
