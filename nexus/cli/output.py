"""Where a command's result goes."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

import typer

from catalog.errors import InputError
from nexus.cli.commands import silence


def write(text: str, output: Path | None = None) -> None:
    """Writes `text` to the file `output`, whole or not at all, or to standard output.

    Raises:
        InputError: if it cannot be written.
    """
    if output is None:
        _print(text)
        return
    try:
        _write_whole(text, output)
    except OSError as error:
        raise _unwritable(output, error) from error
    typer.echo(f"Wrote {output} ({len(text.encode()) / 1024:.0f} KiB).", err=True)


def require_room(output: Path) -> None:
    """Checks that `output` can be written, before minutes are spent on its content.

    Raises:
        InputError: if its folder is missing or closed, or it is a folder itself.
    """
    try:
        if output.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if not output.exists():
            _beside(output).touch()
            _beside(output).unlink()
    except OSError as error:
        raise _unwritable(output, error) from error


def _unwritable(output: Path, error: OSError) -> InputError:
    return InputError(
        f"Cannot write '{output}' ({error.strerror}); name a file in a folder that exists and "
        "that you may write to."
    )


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


def _print(text: str) -> None:
    try:
        typer.echo(text, nl=False)
    except BrokenPipeError:
        # Whoever read the output has seen enough, as `head` does; typer ends quietly.
        raise
    except OSError as error:
        silence(sys.stdout)
        raise InputError(
            f"Cannot write the output ({error.strerror}); make room for it."
        ) from error
