"""What the commands share: an output file is written whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from symbp.errors import UnknownNameError, ValueRangeError

Output = Annotated[Path | None, typer.Option("-o", "--output", help="Write to this file.")]


def one_of(what: str, given: str, known: Sequence[str]) -> None:
    """Raise unless `given` is one of `known`."""
    if given not in known:
        raise UnknownNameError(f"unknown {what} {given!r} (known: {', '.join(known)})")


def emit(text: str, output: Path | None) -> None:
    """Print, or replace a file in one step, so that a failure leaves it as it was."""
    if output is None:
        typer.echo(text, nl=False)
        return
    written = output.with_name(f".{output.name}.{os.getpid()}")
    try:
        written.write_text(text, encoding="utf-8")
        written.replace(output)
    except OSError as error:
        with suppress(OSError):
            written.unlink()
        raise ValueRangeError(f"{output}: {error.strerror}") from error
