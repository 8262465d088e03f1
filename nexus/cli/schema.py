"""`nexus schema`: JSON Schemas of the catalog's files, for who changes their shape."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from catalog.errors import InputError
from nexus.cli.output import write
from nexus.cli.session import session

HIDDEN = True


def command(
    context: typer.Context,
    write_: Annotated[
        bool, typer.Option("--write", help="Write the files that are not current.")
    ] = False,
) -> None:
    """Check that the JSON Schemas in catalog/schema are current, or write them."""
    from catalog.files import schema_files

    current = session(context)
    current.require_project()
    stale = {
        current.project / name: text
        for name, text in schema_files().items()
        if not _holds(current.project / name, text)
    }
    if stale and not write_:
        names = ", ".join(str(path) for path in stale)
        raise InputError(f"Not current: {names}; run 'nexus schema --write'.")
    for path, text in stale.items():
        path.parent.mkdir(exist_ok=True)
        write(text, path)
    if not stale:
        typer.echo("The JSON Schemas are current.")


def _holds(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text
