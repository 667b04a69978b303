"""Document, Region and Declaration: what a file holds, before anything is understood of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Macro:
    r"""\newcommand{\name}[arguments][default]{body}."""

    name: str
    arguments: int
    body: str
    default: str | None = None


@dataclass(frozen=True)
class Region:
    """One formula: the LaTeX between its delimiters; line and column count from 1."""

    latex: str
    line: int
    column: int
    display: bool = True


@dataclass(frozen=True)
class Plain:
    """An equation in plain text that may be a formula: dW = dz x^T."""

    text: str
    line: int
    column: int


@dataclass(frozen=True)
class Declaration:
    """What an author declares for the formulas that follow: keys with their lines of text."""

    line: int
    column: int
    entries: Mapping[str, tuple[str, ...]]
    fills: bool = False
    """Whether it opens a block that is filled, and so says what to write first of all."""


@dataclass(frozen=True)
class Problem:
    """A part of a file that could not be read; the rest of it was."""

    line: int
    column: int
    message: str


@dataclass(frozen=True)
class Document:
    """A file's formulas and declarations in the order in which they stand."""

    name: str
    parts: tuple[Region | Plain | Declaration | Problem, ...]
    macros: Mapping[str, Macro] = field(default_factory=dict)
