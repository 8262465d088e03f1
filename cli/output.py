"""Where a command's result goes."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import typer

from cli.commands import UserError


def write(text: str, output: Path | None = None) -> None:
    """Writes `text` to the file `output`, or to standard output.

    Raises:
        UserError: if it cannot be written.
    """
    if output is None:
        _print(text)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError(
            f"Cannot write '{output}' ({error.strerror}); name a file in a folder that exists and "
            "that you may write to."
        ) from error
    typer.echo(f"Wrote {output} ({len(text.encode()) / 1024:.0f} KiB).", err=True)


def _print(text: str) -> None:
    try:
        typer.echo(text, nl=False)
    except BrokenPipeError:
        # Whoever read the output has seen enough, as `head` does; typer ends quietly.
        raise
    except OSError as error:
        # What is left in the buffer goes nowhere: the interpreter would fail on it again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise UserError(f"Cannot write the output ({error.strerror}); make room for it.") from error
