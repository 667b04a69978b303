"""Read a file or a text into its formulas, declarations and problems."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Literal

from symbp.documents.formats import markdown, notebook, tex
from symbp.documents.formats.formula import Part
from symbp.documents.formats.text import CHARACTERS, plain
from symbp.documents.region import Document, Macro, Problem
from symbp.errors import SymbpError, unknown

Kind = Literal["markdown", "tex", "notebook"]

#: A larger file is refused.
BYTES = 20_000_000

ENDINGS: dict[str, Kind] = {
    ".md": "markdown",
    ".markdown": "markdown",
    ".mkd": "markdown",
    ".mdown": "markdown",
    ".mdx": "markdown",
    ".qmd": "markdown",
    ".rmd": "markdown",
    ".txt": "markdown",
    ".tex": "tex",
    ".ipynb": "notebook",
}


def read_document(path: Path) -> Document:
    """The formulas and declarations of a file; its ending says of what kind it is.

    Raises `SymbpError` if the file cannot be read or is too large. What is wrong inside the file
    becomes a `Problem` among the parts, and the rest is read.
    """
    if (kind := ENDINGS.get(path.suffix.lower())) is None:
        raise unknown("ending", path.suffix, sorted(ENDINGS))
    try:
        if path.exists() and not path.is_file():
            raise SymbpError(f"{path}: not a file")
        with path.open("rb") as file:
            data = file.read(BYTES + 1)
            size = path.stat().st_size
    except OSError as error:
        raise SymbpError(f"{path}: {error.strerror or error}") from error
    if len(data) > BYTES:
        raise SymbpError(
            f"{path}: {size / 1e6:.1f} MB; at most {BYTES / 1e6:.0f} MB are read: split it"
        )
    if (offset := data.find(b"\0")) >= 0:
        what = f"a binary file, with a NUL byte at offset {offset}; expected text in UTF-8"
        return Document(path.as_posix(), (Problem(1, 1, what),))
    text, problems = _decoded(data)
    document = read_text(text, path.as_posix(), kind)
    return replace(document, parts=(*problems, *document.parts))


def _decoded(data: bytes) -> tuple[str, list[Problem]]:
    try:
        return data.decode("utf-8-sig"), []
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8-sig", "replace")
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        what = (
            f"not UTF-8: byte 0x{data[error.start]:02x} at offset {error.start}; "
            "the rest is read with \ufffd for what is not"
        )
        return data.decode("utf-8-sig", "replace"), [Problem(line, column, what)]


def read_text(text: str, name: str, kind: Kind) -> Document:
    r"""The formulas and declarations of a text of the given kind.

    >>> read_text("$$\na = b\n$$", "post.md", "markdown").parts
    (Region(latex='a = b', line=2, column=1, display=True),)
    """
    if len(text) > (most := BYTES if kind == "notebook" else CHARACTERS):
        raise SymbpError(f"{name}: {len(text)} characters; at most {most} are read: split it")
    text = plain(text.replace("\r\n", "\n").replace("\r", "\n"))
    found, known = _READERS[kind](text)
    return Document(name, tuple(found), known)


_READERS: dict[Kind, Callable[[str], tuple[list[Part], dict[str, Macro]]]] = {
    "markdown": markdown.read,
    "tex": tex.read,
    "notebook": notebook.read,
}
