"""The command `symbp`: a thin door to derive, verify, code, check and fill.

Exit status: 0 all is well, 1 a check failed, 2 the command could not run. An output file is
written whole or not at all.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

import typer

from symbp.cli.check import check_command
from symbp.cli.derive import (
    code,
    demo_command,
    derive,
    networks_command,
    notations,
    verify_command,
)
from symbp.cli.fill import fill_command
from symbp.errors import SymbpError

COMMANDS: dict[str, Callable[..., None]] = {
    "derive": derive,
    "verify": verify_command,
    "code": code,
    "check": check_command,
    "fill": fill_command,
    "networks": networks_command,
    "notations": notations,
    "demo": demo_command,
}

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Derive, check and explain backpropagation.",
    pretty_exceptions_enable=False,
)
for _name, _command in COMMANDS.items():
    app.command(_name)(_command)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command; a mistake in what was given is one line and status 2."""
    try:
        app(args=None if arguments is None else list(arguments), prog_name="symbp")
    except SymbpError as error:
        print(f"symbp: {error}", file=sys.stderr)
        raise SystemExit(2) from None
