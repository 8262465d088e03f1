"""`nexus schema` and `nexus settings`: files made of the code, for who changes that."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import typer

from catalog.errors import InputError
from nexus.cli.output import write
from nexus.cli.session import Session, session

Write = Annotated[bool, typer.Option("--write", help="Write the files that are not current.")]


def schema(context: typer.Context, write_: Write = False) -> None:
    """Check that the JSON Schemas in catalog/schema are current, or write them."""
    from catalog.files import schema_files

    current = session(context)
    current.require_project()
    if not _written("schema", current, schema_files(), write_):
        write("The JSON Schemas are current.\n")


def settings(context: typer.Context, write_: Write = False) -> None:
    """Check that docs/settings.md and docs/environments.md are current, or write them."""
    from stacks.pages import environments_page, settings_page

    current = session(context)
    environments = environments_page(current.catalog())
    pages = {"docs/settings.md": settings_page(), "docs/environments.md": environments}
    _written("settings", current, pages, write_)


def _written(command: str, current: Session, files: Mapping[str, str], write_: bool) -> bool:
    """Whether any of the files, by name, was not current and has been written.

    Raises:
        InputError: one is not current and is not to be written.
    """
    paths = {current.project / name: text for name, text in files.items()}
    stale = {
        path: text
        for path, text in paths.items()
        if not path.is_file() or path.read_text(encoding="utf-8") != text
    }
    if stale and not write_:
        names = ", ".join(map(str, stale))
        raise InputError(f"Not current: {names}; run 'nexus {command} --write'.")
    for path, text in stale.items():
        path.parent.mkdir(exist_ok=True)
        write(text, path)
    return bool(stale)
