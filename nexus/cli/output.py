"""Where a command's result goes, and the options that say so."""

from __future__ import annotations

import errno
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from catalog.errors import InputError

FORMAT = typer.Option("--format", "-f", help="Format.")
"""Of every command that writes in more than one."""

Output = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write to a file.")
]
"""Of every command that writes; standard output if it is left out."""


def say(text: str) -> None:
    """Tells whoever waits; standard output is for the result."""
    typer.echo(text, err=True)


def write(text: str, output: Path | None = None) -> None:
    """Writes `text` to the file `output`, whole or not at all, or to standard output.

    Raises:
        InputError: if the file cannot be written.
    """
    if output is None:
        typer.echo(text, nl=False)
        return
    with _file_named(output):
        _write_whole(text, output)
    say(f"Wrote {output} ({len(text.encode()) / 1024:.0f} KiB).")


def require_room(output: Path | None) -> None:
    """Checks that `output` can be written, before minutes are spent on its content.

    Raises:
        InputError: if its folder is missing or closed, or it is a folder itself.
    """
    if output is None:
        return
    with _file_named(output):
        if output.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if not output.exists():
            _beside(output).touch()
            _beside(output).unlink()


@contextmanager
def _file_named(output: Path) -> Generator[None]:
    """Says which file it is that cannot be written."""
    try:
        yield
    except OSError as error:
        raise InputError(
            f"Cannot write '{output}' ({error.strerror}); name a file in a folder that exists and "
            "that you may write to."
        ) from error


def _write_whole(text: str, output: Path) -> None:
    if output.is_symlink() or (output.exists() and not output.is_file()):
        # A device or pipe is written to; in the place of a link, what it leads to.
        output.write_text(text, encoding="utf-8")
        return
    unfinished = _beside(output)
    try:
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(output)
    finally:
        unfinished.unlink(missing_ok=True)


def _beside(output: Path) -> Path:
    """A name in the same folder, that no other run of this command has."""
    return output.with_name(f".{output.name}.{os.getpid()}.part")
