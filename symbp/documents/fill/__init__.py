r"""Fill the blocks of documents with generated derivations.

    <!-- symbp fill: network: mlp; sizes: 2,2,1; notation: pinard; part: gradients -->
    ... replaced on every run ...
    <!-- symbp end -->

Options are those of `symbp derive`, and

    part      post (the whole), forward, backward, gradients, weights or update
    headings  the level of the highest heading, or none

What stands outside of blocks stays as it is, byte by byte. The comment that opens a block is a
declaration as well: `symbp check` judges what follows by the network that it names.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from symbp.documents.check import files
from symbp.documents.fill.blocks import Block, blocks
from symbp.documents.fill.body import body
from symbp.documents.fill.notebook import Cell, cells, joined
from symbp.documents.read import BYTES, ENDINGS, Kind
from symbp.documents.region import Problem
from symbp.errors import SymbpError, unknown

BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Filled:
    """A file with its blocks filled in; with errors it is as it was."""

    path: Path
    data: bytes = b""
    blocks: int = 0
    changed: tuple[tuple[int, int], ...] = ()
    """Line and column of the blocks that were stale."""
    errors: tuple[str, ...] = ()


def fill(paths: Iterable[str | Path], *, check: bool = False) -> list[Filled]:
    """Fill the blocks of files and folders; with `check` nothing is written.

    Each file is replaced in one step. One with an error stays as it was, and the others are
    filled. Raises `SymbpError` where no file has any block.
    """
    named = list(dict.fromkeys(file for path in paths for file in files(Path(path))))
    filled = [fill_file(path) for path in named]
    if not any(f.blocks or f.errors for f in filled):
        shown = ", ".join(str(path) for path in named[:3]) + ", ..." * (len(named) > 3)
        raise SymbpError(
            f"{shown}: no block to fill; one is opened by <!-- symbp fill: network: mlp --> and "
            "closed by <!-- symbp end -->"
        )
    for each in filled:
        if each.changed and not check:
            _replace(each.path, each.data)
    return filled


def fill_file(path: Path) -> Filled:
    """What the file is with its blocks filled in; nothing is written."""
    name = path.as_posix()
    try:
        if (kind := ENDINGS.get(path.suffix.lower())) is None:
            raise unknown("ending", path.suffix, sorted(ENDINGS))
        data = _read(path)
    except SymbpError as error:
        return Filled(path, errors=(f"{name}: {error}",))
    mark = BOM if data.startswith(BOM) else b""
    text, count, changed, problems = fill_text(data.removeprefix(BOM).decode(), kind)
    if problems:
        errors = tuple(f"{name}:{p.line}:{p.column}: {p.message}" for p in problems)
        return Filled(path, data, count, errors=errors)
    return Filled(path, mark + text.encode(), count, tuple(changed))


def _read(path: Path) -> bytes:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SymbpError(error.strerror or str(error)) from error
    if len(data) > BYTES:
        raise SymbpError(f"{len(data) / 1e6:.1f} MB; at most {BYTES / 1e6:.0f} MB are read")
    try:
        data.decode()
    except UnicodeDecodeError as error:
        raise SymbpError(
            f"not UTF-8: byte 0x{data[error.start]:02x} at offset {error.start}"
        ) from error
    return data


Place = tuple[int, int]


def fill_text(text: str, kind: Kind) -> tuple[str, int, list[Place], list[Problem]]:
    r"""The text filled in, the number of its blocks, where stale ones were, and its problems.

    >>> post = "<!-- symbp fill: network: mlp; part: update -->\n\n<!-- symbp end -->"
    >>> text, *rest = fill_text(post, "markdown")
    >>> rest, text.count("$$")
    ([1, [(1, 1)], []], 4)
    >>> fill_text(text, "markdown") == (text, 1, [], [])
    True
    """
    if kind != "notebook":
        return _filled(text, blocks(text, kind), lambda b: body(b.entries, tex=kind == "tex"))
    try:
        found = cells(text)
    except SymbpError as error:
        return text, 0, [], [Problem(1, 1, str(error))]
    return _notebook(text, found)


def _filled(
    text: str, found: Sequence[Block | Problem], write: Callable[[Block], str]
) -> tuple[str, int, list[Place], list[Problem]]:
    pieces, done = [], 0
    changed: list[Place] = []
    problems = [part for part in found if isinstance(part, Problem)]
    own = [part for part in found if isinstance(part, Block)]
    for block in own:
        try:
            new = _lines(write(block), block.margin, _line_end(text, block.start))
        except SymbpError as error:
            problems.append(Problem(block.line, block.column, str(error)))
            continue
        if new != text[block.start : block.end]:
            changed.append((block.line, block.column))
        pieces += [text[done : block.start], new]
        done = block.end
    problems.sort(key=lambda p: (p.line, p.column))
    return "".join([*pieces, text[done:]]), len(own), changed, problems


def _lines(new: str, margin: str, end: str) -> str:
    """An empty line, the new text, an empty line; each line with its margin."""
    return "".join((margin + line).rstrip() + end for line in ["", *new.split("\n"), ""])


def _line_end(text: str, start: int) -> str:
    """The line end before an offset."""
    return "\r\n" if text[:start].endswith("\r\n") else text[start - 1]


def _notebook(text: str, found: list[Cell]) -> tuple[str, int, list[Place], list[Problem]]:
    pieces, done, count = [], 0, 0
    changed: list[Place] = []
    problems: list[Problem] = []
    for cell in found:
        new, number, stale, wrong = _filled(
            cell.text, blocks(cell.text, "markdown", cell.place), lambda b: body(b.entries)
        )
        count, changed, problems = count + number, changed + stale, problems + wrong
        if stale:
            pieces += [text[done : cell.start], joined(text, cell, new)]
            done = cell.end
    return "".join([*pieces, text[done:]]), count, changed, problems


def _replace(path: Path, data: bytes) -> None:
    """Put `data` in place of a file in one step, with the file's own mode."""
    path = path.resolve()
    written = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        written.write_bytes(data)
        shutil.copymode(path, written)
        written.replace(path)
    except OSError as error:
        with suppress(OSError):
            written.unlink()
        raise SymbpError(f"{path}: {error.strerror or error}") from error
