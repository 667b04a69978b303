"""The command `fill`: put generated derivations into the blocks of documents."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from symbp.documents.fill import Filled, fill

Paths = Annotated[
    list[Path], typer.Argument(metavar="PATHS", help="Files (.md, .ipynb, .tex) and folders.")
]
Check = Annotated[bool, typer.Option("--check", help="Write nothing; status 1 if one is stale.")]


def fill_command(paths: Paths, check: Check = False) -> None:
    """Fill the blocks of documents with derivations: <!-- symbp fill: network: mlp -->."""
    filled = fill(paths, check=check)
    for each in filled:
        for line, column in each.changed:
            where = f"{each.path.as_posix()}:{line}:{column}"
            typer.echo(f"{where}: {'stale' if check else 'filled'}")
    typer.echo(_summary(filled, check))
    errors = [error for each in filled for error in each.errors]
    for error in errors:
        typer.echo(f"symbp: {error}", err=True)
    if errors:
        raise typer.Exit(2)
    if check and any(each.changed for each in filled):
        raise typer.Exit(1)


def _summary(filled: list[Filled], check: bool) -> str:
    read = [each for each in filled if not each.errors]
    changed = sum(len(each.changed) for each in read)
    kept = sum(each.blocks for each in read) - changed
    files = len(filled) - len(read)
    word = "stale" if check else "filled"
    text = f"{changed} {word}, {kept} up to date"
    return text + (f"; {files} file{'s' * (files > 1)} not filled" if files else "")
