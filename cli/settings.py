"""`nexus settings`: the page of all settings, for who changes them."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.commands import UserError
from cli.output import write
from cli.session import session

HIDDEN = True

PAGE = "docs/settings.md"


def command(
    context: typer.Context,
    write_: Annotated[bool, typer.Option("--write", help="Write the page.")] = False,
) -> None:
    """Check that docs/settings.md is current, or write it."""
    from stacks.settings_page import settings_page

    current = session(context)
    current.require_project()
    path = current.project / PAGE
    if write_:
        write(settings_page(), path)
    elif not path.is_file() or path.read_text(encoding="utf-8") != settings_page():
        raise UserError(f"{path} is not current; run 'nexus settings --write'.")
