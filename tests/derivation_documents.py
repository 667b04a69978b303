"""The documents of derivations/: each network of the catalogue in English and Chinese.

The fully connected ones are written in the notations of their authors, as index.toml says; all
others in the notation of their entry. What is derived of a network is derived once.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from symbp import networks, notation
from symbp.derivation import Derivation, derive
from symbp.judge.equality import Prover
from symbp.latex.post import Post, write_post
from symbp.networks.entry import Entry
from symbp.notation import Notation
from symbp.system import System

FOLDER = Path(__file__).parent.parent / "derivations"
Options = tuple[tuple[str, Any], ...]


@dataclass(frozen=True)
class Document:
    """One file: a network, and the language and the notation it is written in."""

    file: str
    """Its place below the folder."""
    network: str
    language: str
    notation_name: str
    about: str
    options: Options = ()
    """What the network is made with."""

    @property
    def entry(self) -> Entry:
        return networks.lookup(self.network)

    @property
    def notation(self) -> Notation:
        return notation.lookup(self.notation_name)

    def post(self) -> Post:
        """What `symbp derive` prints."""
        return _post(self)

    def derivations(self) -> Sequence[Derivation]:
        """Of every adjoint, sizes as symbols."""
        return _derived(self.network, self.options)

    def made(self) -> System:
        """The forward equations."""
        return _made(self.network, self.options)

    def prover(self, condition: str | None = None) -> Prover:
        """A random point of the network and its adjoints, at small sizes."""
        return _prover(self.network, self.options, condition)


def documents() -> list[Document]:
    """All of them, a family's one after the other."""
    return [*_dense(), *(d for e in networks.CATALOG.values() for d in documents_of(e))]


def documents_of(entry: Entry) -> list[Document]:
    """Of a network of the catalogue; the fully connected ones are in index.toml."""
    if entry.family == "dense":
        return []
    files = {"en": f"{entry.family}/{entry.name}.md", "zh": f"{entry.family}/{entry.name}.zh.md"}
    return [
        Document(file, entry.name, language, entry.notation, entry.title["en"])
        for language, file in files.items()
    ]


def _dense() -> list[Document]:
    entries = tomllib.loads((FOLDER / "index.toml").read_text(encoding="utf-8"))["document"]
    return [
        Document(
            f"dense/{e.pop('file')}",
            "mlp",
            e.pop("language"),
            e.pop("notation"),
            e.pop("about"),
            tuple((k, tuple(v) if isinstance(v, list) else v) for k, v in e.items()),
        )
        for e in entries
    ]


def by_family(documents: Sequence[Document]) -> list[Any]:
    """The documents as parameters of a test, those of a family in one process."""
    return [pytest.param(d, id=d.file, marks=of_family(d.entry.family)) for d in documents]


def of_family(family: str) -> Any:
    """The mark of tests that share what is derived of a family."""
    return pytest.mark.xdist_group(f"derivations of {family}")


@cache
def _made(name: str, options: Options) -> System:
    return networks.lookup(name)(**dict(options))


@cache
def _derived(name: str, options: Options) -> Sequence[Derivation]:
    return derive(_made(name, options))


@cache
def _post(document: Document) -> Post:
    derived = document.derivations()
    return write_post(document.made(), document.notation, document.language, derived=derived)


@cache
def _prover(name: str, options: Options, condition: str | None) -> Prover:
    system = _derived(name, options)[0].system
    sizes = networks.lookup(name).sizes if name != "mlp" else _small(system)
    return Prover(system.with_sizes(**sizes), condition)


def _small(system: System) -> dict[str, Any]:
    """Two layers, neighbours of unequal widths, two samples: enough to tell indices apart."""
    if "n" in system.sizes:
        return {}
    if "L" not in system.by_name:
        return {"n": (2, 3, 2, 2)}
    return {"L": 2, "n": (2, 3, 2)} | ({"m": 2} if "m" in system.by_name else {})
