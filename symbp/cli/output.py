"""What the commands share: an output file is written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
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
    try:
        handle, name = tempfile.mkstemp(dir=output.parent, prefix=f".{output.name}.")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(name).replace(output)
    except OSError as error:
        raise ValueRangeError(f"{output}: {error.strerror}") from error
