"""The documents of derivations/, as index.toml describes them."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from symbp import notation
from symbp.latex.post import Post, write_post
from symbp.networks import mlp

FOLDER = Path(__file__).parent.parent / "derivations"


@dataclass(frozen=True)
class Document:
    file: str
    about: str
    language: str
    notation: str
    options: dict[str, Any]

    def post(self) -> Post:
        return write_post(mlp(**self.options), notation.lookup(self.notation), self.language)


def documents() -> list[Document]:
    entries = tomllib.loads((FOLDER / "index.toml").read_text(encoding="utf-8"))["document"]
    return [
        Document(e.pop("file"), e.pop("about"), e.pop("language"), e.pop("notation"), options=e)
        for e in entries
    ]
