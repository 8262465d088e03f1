"""`nexus settings`: the pages of settings and environments, for who changes them."""

from __future__ import annotations

from typing import Annotated

import typer

from catalog.errors import InputError
from nexus.cli.output import write
from nexus.cli.session import session

HIDDEN = True

PAGE = "docs/settings.md"
ENVIRONMENTS_PAGE = "docs/environments.md"


def command(
    context: typer.Context,
    write_: Annotated[bool, typer.Option("--write", help="Write the pages.")] = False,
) -> None:
    """Check that docs/settings.md and docs/environments.md are current, or write them."""
    from stacks.pages import environments_page, settings_page

    current = session(context)
    current.require_project()
    pages = {PAGE: settings_page(), ENVIRONMENTS_PAGE: environments_page(current.catalog())}
    for name, text in pages.items():
        path = current.project / name
        if write_:
            write(text, path)
        elif not path.is_file() or path.read_text(encoding="utf-8") != text:
            raise InputError(f"{path} is not current; run 'nexus settings --write'.")
